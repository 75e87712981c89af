use super::*;
use crate::atoms::cell::{Cell, norm, sub};
use crate::atoms::disorder::random;
use crate::atoms::lattice::{beta_cristobalite, diamond, graphene, supercell};
use crate::atoms::stone_wales::with_turned_bonds;
use crate::observables::bonds::Cutoffs;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn sizes(structure: &Structure, pair: (&str, &str, f64), largest: usize) -> Vec<(usize, usize)> {
    let cutoffs = Cutoffs::given(structure, &[pair]).unwrap();
    let bonds = Bonds::new(structure, &cutoffs).unwrap();
    let rings = primitive_rings(structure, &bonds, largest).unwrap();
    for ring in &rings {
        let n = ring.atoms.len();
        for k in 0..n {
            let step = norm(sub(ring.positions[k], ring.positions[(k + 1) % n]));
            assert!(step < pair.2, "a ring is not closed by bonds");
        }
    }
    let counts = ring_sizes(&rings).into_iter().enumerate();
    counts.filter(|(_, n)| *n > 0).collect()
}

fn carbon(points: &[[f64; 3]], edges: [f64; 3], periodic: [bool; 3]) -> Structure {
    let [a, b, c] = edges;
    let cell = Cell::new([[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]], periodic).unwrap();
    let of = vec![0; points.len()];
    Structure::new(cell, vec!["C".into()], vec![12.0], of, points.to_vec()).unwrap()
}

const CC: (&str, &str, f64) = ("C", "C", 1.85);

#[test]
fn graphene_has_hexagons_however_small_the_cell() {
    let unit = graphene(1.42, 12.011).unwrap();
    for repeats in [[1, 1, 1], [2, 1, 1], [6, 4, 1]] {
        let sheet = supercell(&unit, repeats).unwrap();
        assert_eq!(sizes(&sheet, CC, 12), [(6, sheet.len() / 2)]);
    }
}

#[test]
fn a_turned_bond_makes_two_fives_and_two_sevens() {
    let sheet = supercell(&graphene(1.42, 12.011).unwrap(), [6, 4, 1]).unwrap();
    let turned = with_turned_bonds(&sheet, 1.0 / 144.0, &mut random(1, 0)).unwrap();
    assert_eq!(sizes(&turned, CC, 8), [(5, 2), (6, 44), (7, 2)]);
}

#[test]
fn diamond_has_two_six_rings_to_an_atom() {
    let unit = diamond(3.57, "C", 12.011).unwrap();
    for repeats in [[1; 3], [2, 1, 1], [3; 3]] {
        let crystal = supercell(&unit, repeats).unwrap();
        assert_eq!(sizes(&crystal, CC, 7), [(6, 2 * crystal.len())]);
    }
}

#[test]
fn cristobalite_has_rings_of_six_silicons() {
    let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
    assert_eq!(sizes(&silica, ("Si", "O", 2.0), 14), [(12, 16)]);
}

#[test]
fn a_cube_has_its_faces_and_four_hexagons() {
    let corners: Vec<_> = (0..8)
        .map(|k| [k & 1, k >> 1 & 1, k >> 2].map(f64::from))
        .collect();
    let cube = carbon(&corners, [9.0; 3], [false; 3]);
    assert_eq!(sizes(&cube, ("C", "C", 1.2), 8), [(4, 6), (6, 4)]);
}

#[test]
fn what_winds_around_the_cell_is_no_ring() {
    let chain: Vec<_> = (0..5).map(|k| [f64::from(k), 0.0, 0.0]).collect();
    let chain = carbon(&chain, [5.0, 9.0, 9.0], [true; 3]);
    assert_eq!(sizes(&chain, ("C", "C", 1.2), 12), []);
    let square = carbon(&[[0.0; 3]], [1.0, 1.0, 9.0], [true; 3]);
    assert_eq!(sizes(&square, ("C", "C", 1.2), 8), [(4, 1)]);
}

#[test]
fn a_metal_and_a_mistake_are_refused() {
    let corners = [[0.0; 3], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
    let metal = carbon(&corners, [1.0; 3], [true; 3]);
    let cutoffs = Cutoffs::given(&metal, &[("C", "C", 0.8)]).unwrap();
    let bonds = Bonds::new(&metal, &cutoffs).unwrap();
    let told = primitive_rings(&metal, &bonds, 20).unwrap_err().to_string();
    assert!(told.contains("12.0 bonds"), "{told}");
    assert!(primitive_rings(&metal, &bonds, 2).is_err());
}

/// All closed paths of a small graph, by walking every one; primitive if no two of its atoms are nearer than along it.
fn walked(joined: &[Vec<bool>], largest: usize) -> Vec<(usize, usize)> {
    let n = joined.len();
    let mut far = vec![vec![99; n]; n];
    for i in 0..n {
        for j in 0..n {
            far[i][j] = if i == j {
                0
            } else if joined[i][j] {
                1
            } else {
                99
            };
        }
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                far[i][j] = far[i][j].min(far[i][k] + far[k][j]);
            }
        }
    }
    let mut sizes = BTreeMap::new();
    let mut open: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
    while let Some(path) = open.pop() {
        let (first, last, size) = (path[0], path[path.len() - 1], path.len());
        // Each ring is met in both directions.
        if size > 2 && joined[last][first] && path[1] < last {
            let along = |i: usize, j: usize| (j - i).min(size - (j - i));
            let primitive = (0..size).all(|j| (0..j).all(|i| far[path[i]][path[j]] == along(i, j)));
            *sizes.entry(size).or_insert(0) += usize::from(primitive);
        }
        for next in first + 1..n {
            if size < largest && joined[last][next] && !path.contains(&next) {
                open.push(path.iter().copied().chain([next]).collect());
            }
        }
    }
    sizes.into_iter().filter(|(_, n)| *n > 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rings_of_a_cluster_are_those_found_by_walking(
        points in proptest::collection::vec(proptest::array::uniform3(0.0..3.0_f64), 3..14),
    ) {
        let near = |a, b| (1e-9..1.4).contains(&norm(sub(a, b)));
        let joined: Vec<Vec<bool>> = points
            .iter()
            .map(|&a| points.iter().map(|&b| near(a, b)).collect())
            .collect();
        let cluster = carbon(&points, [9.0; 3], [false; 3]);
        prop_assert_eq!(sizes(&cluster, ("C", "C", 1.4), 9), walked(&joined, 9));
    }

    #[test]
    fn a_doubled_cell_has_twice_the_rings(
        points in proptest::collection::vec(proptest::array::uniform3(0.0..2.6_f64), 2..12), axis in 0_usize..3,
    ) {
        let one = carbon(&points, [2.6; 3], [true; 3]);
        let mut repeats = [1; 3];
        repeats[axis] = 2;
        let two = supercell(&one, repeats).unwrap();
        let doubled: Vec<_> = (sizes(&one, ("C", "C", 1.0), 8).into_iter())
            .map(|(size, n)| (size, 2 * n))
            .collect();
        prop_assert_eq!(sizes(&two, ("C", "C", 1.0), 8), doubled);
    }
}
