//! Closed forms, invariances, and the bars of GUDHI and Ripser.

use super::*;
use crate::atoms::cell::Cell;
use crate::atoms::disorder::{Disorder, Taken, disordered, random};
use crate::atoms::lattice::{face_centred_cubic, supercell, triangular};
use proptest::prelude::*;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::Deserialize;
use std::f64::consts::{PI, SQRT_2};

/// Distances are sums of a few roundings of coordinates of ten.
const ROUNDED: f64 = 1e-12;

fn atoms(cell: Cell, positions: Vec<[f64; 3]>) -> Structure {
    let of = vec![0; positions.len()];
    Structure::new(cell, vec!["A".into()], vec![1.0], of, positions).unwrap()
}

/// In a box that does not repeat.
fn open(positions: &[[f64; 3]]) -> Structure {
    let edges = [[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
    atoms(Cell::new(edges, [false; 3]).unwrap(), positions.to_vec())
}

/// A regular polygon of side 1.
fn polygon(n: usize) -> Structure {
    let radius = 0.5 / (PI / n as f64).sin();
    let corner = |i: usize| {
        let (sin, cos) = (2.0 * PI * i as f64 / n as f64).sin_cos();
        [radius * cos, radius * sin, 0.0]
    };
    open(&(0..n).map(corner).collect::<Vec<_>>())
}

fn simple_cubic(n: usize) -> Structure {
    let unit = atoms(Cell::orthorhombic([1.0; 3]).unwrap(), vec![[0.0; 3]]);
    supercell(&unit, [n; 3]).unwrap()
}

fn gas(atoms_in: usize, edge: f64, seed: u64) -> Structure {
    let mut random = random(seed, 0);
    let mut place = || std::array::from_fn(|_| edge * random.random::<f64>());
    let positions = (0..atoms_in).map(|_| place()).collect();
    atoms(Cell::orthorhombic([edge; 3]).unwrap(), positions)
}

fn betti(bars: &Barcodes, r: f64) -> [usize; 3] {
    [0, 1, 2].map(|k| bars.betti(k, r))
}

fn assert_bars(found: &[Bar], expected: &[(f64, f64)], tolerance: f64) {
    let same = |a: f64, b: f64| (a.is_infinite() && b.is_infinite()) || (a - b).abs() < tolerance;
    let all = found.iter().zip(expected);
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (bar, (birth, death)) in all {
        assert!(
            same(bar.birth, *birth) && same(bar.death, *death),
            "{bar:?}"
        );
    }
}

/// Adamaszek and Adams, *Pacific J. Math.* 290, 1 (2017): n places on a circle, each joined with k on either side, are a circle
/// up to homotopy while k/n < 1/3.
#[test]
fn a_polygon_has_one_loop_until_a_third_of_the_way_round() {
    for n in 4..=12 {
        let bars = Barcodes::new(&polygon(n), 5.0, 1).unwrap();
        let chord = |steps: usize| (PI * steps as f64 / n as f64).sin() / (PI / n as f64).sin();
        assert_bars(bars.bars(1), &[(1.0, chord(n.div_ceil(3)))], ROUNDED);
    }
    let square = Barcodes::new(&polygon(4), 5.0, 2).unwrap();
    assert_bars(square.bars(1), &[(1.0, SQRT_2)], ROUNDED);
    let triangle = Barcodes::new(&polygon(3), 5.0, 2).unwrap();
    assert!(triangle.bars(1).is_empty());
    // With all but its three diameters a hexagon is an octahedron.
    let hexagon = Barcodes::new(&polygon(6), 5.0, 2).unwrap();
    assert_bars(hexagon.bars(1), &[(1.0, 3.0_f64.sqrt())], ROUNDED);
    assert_bars(hexagon.bars(2), &[(3.0_f64.sqrt(), 2.0)], ROUNDED);
}

#[test]
fn a_simple_cubic_crystal_is_a_net_then_a_torus() {
    let (crystal, n) = (simple_cubic(5), 125);
    let bars = Barcodes::new(&crystal, 1.6, 2).unwrap();
    assert_eq!(betti(&bars, 0.99), [n, 0, 0]);
    // One piece of 3N edges has 3N - N + 1 loops.
    assert_eq!(betti(&bars, 1.01), [1, 2 * n + 1, 0]);
    // With its face diagonals a cube is the boundary of the 4-dimensional cross-polytope, a 3-sphere: it holds no void.
    assert_eq!(betti(&bars, 1.5), [1, 3, 3]);
    assert!(bars.bars(1).iter().all(|b| (b.birth - 1.0).abs() < ROUNDED));
}

#[test]
fn a_triangular_crystal_is_a_torus() {
    let crystal = supercell(&triangular(1.0, "A", 1.0).unwrap(), [6, 3, 1]).unwrap();
    let bars = Barcodes::new(&crystal, 1.6, 2).unwrap();
    assert_eq!(betti(&bars, 1.01), [1, 2, 1]);
    assert_eq!(bars.bars(1).len(), 2);
}

#[test]
fn face_centred_cubic_has_an_octahedral_void_an_atom() {
    let (a, crystal) = (1.0, face_centred_cubic(1.0, "A", 1.0).unwrap());
    let crystal = supercell(&crystal, [4; 3]).unwrap();
    let bars = Barcodes::new(&crystal, 1.2, 2).unwrap();
    // The torus less N octahedra, whose sum is the boundary of the rest.
    let octahedra = crystal.len() - 1;
    assert_eq!(betti(&bars, 0.9), [1, 3, 3 + octahedra]);
    assert_eq!(betti(&bars, 1.1), [1, 3, 3]);
    let voids = bars.bars(2).iter().filter(|b| b.death.is_finite());
    for void in voids {
        assert!((void.birth - a / SQRT_2).abs() < ROUNDED && (void.death - a).abs() < ROUNDED);
    }
    assert_eq!(bars.bars(2).len(), 3 + octahedra);
}

#[test]
fn two_clusters_join_where_they_are_nearest() {
    let pair = |x: f64| [[x, 0.0, 0.0], [x + 1.0, 0.0, 0.0]];
    let clusters = open(&[pair(0.0), pair(4.0)].concat());
    let bars = Barcodes::new(&clusters, 5.0, 0).unwrap();
    let alive = (0.0, f64::INFINITY);
    assert_bars(
        bars.bars(0),
        &[(0.0, 1.0), (0.0, 1.0), (0.0, 3.0), alive],
        ROUNDED,
    );
    let short = Barcodes::new(&clusters, 2.0, 0).unwrap();
    assert_bars(
        short.bars(0),
        &[(0.0, 1.0), (0.0, 1.0), alive, alive],
        ROUNDED,
    );
}

#[test]
fn the_alternating_sum_is_that_of_the_simplices() {
    let gas = gas(150, 12.0, 5);
    let reach = 2.2;
    let bars = Barcodes::new(&gas, reach, 2).unwrap();
    let levels = rips::levels(&gas, reach, 6).unwrap();
    assert!(levels[6].len() == 0);
    // All simplices there are; so few of more than four atoms enclose nothing.
    let alternating = |counts: &[usize]| -> f64 {
        let signs = [1.0, -1.0].into_iter().cycle();
        counts
            .iter()
            .zip(signs)
            .map(|(&n, sign)| sign * n as f64)
            .sum()
    };
    for r in [0.8, 1.4, 1.8, 2.15] {
        let within = |level: &Level| level.diameters.iter().filter(|d| **d <= r).count();
        let simplices: Vec<usize> = levels.iter().map(within).collect();
        let difference = alternating(&betti(&bars, r)) - alternating(&simplices);
        assert!(simplices[1] > 0 && difference.abs() < 0.5);
    }
}

#[test]
fn the_order_of_the_atoms_does_not_matter() {
    let crystal = supercell(&face_centred_cubic(1.6, "A", 1.0).unwrap(), [3; 3]).unwrap();
    let how = Disorder {
        amplitude: 0.15,
        share: 1.0,
        removed: 0.1,
        taken: Taken::Atoms,
    };
    let glass = disordered(&crystal, how, 1, 0).unwrap();
    let mut shuffled = glass.clone();
    shuffled.positions.shuffle(&mut random(2, 0));
    let [a, b] = [glass, shuffled].map(|s| Barcodes::new(&s, 1.6, 2).unwrap());
    for k in 0..3 {
        let expected: Vec<_> = b.bars(k).iter().map(|b| (b.birth, b.death)).collect();
        assert_bars(a.bars(k), &expected, ROUNDED);
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    edges: Option<[f64; 3]>,
    positions: Vec<[f64; 3]>,
    reach: f64,
    bars: Vec<Vec<(f64, Option<f64>)>>,
}

/// `fixtures/homology`: GUDHI 3.13.0, checked there against Ripser 0.6.15.
#[test]
fn bars_are_those_of_gudhi() {
    let text = include_str!("../../../fixtures/homology/random.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    for case in cases {
        let structure = match case.edges {
            Some(edges) => atoms(Cell::orthorhombic(edges).unwrap(), case.positions),
            None => open(&case.positions),
        };
        let bars = Barcodes::new(&structure, case.reach, 2).unwrap();
        for (k, expected) in case.bars.iter().enumerate() {
            let all = |&(b, d): &(f64, Option<f64>)| (b, d.unwrap_or(f64::INFINITY));
            let expected: Vec<_> = expected.iter().map(all).collect();
            assert_bars(bars.bars(k), &expected, ROUNDED);
        }
        assert!(bars.bars(1).len() > 5, "{}", case.name);
    }
}

#[test]
fn a_curve_holds_the_life_of_its_classes() {
    let bars = Barcodes::new(&polygon(4), 2.0, 1).unwrap();
    let grid = Grid::new(0.0, 2.0, 16).unwrap();
    let curve = bars.betti_curve(1, &grid).unwrap();
    let life: f64 = curve.iter().sum::<f64>() * grid.step() * 4.0;
    assert!((life - (SQRT_2 - 1.0)).abs() < ROUNDED);
    assert!((curve[8] - 0.25).abs() < ROUNDED && curve[7] == 0.0 && curve[12] == 0.0);
    // A component that never dies counts in every bin.
    let components = bars.betti_curve(0, &grid).unwrap();
    assert!((components[0] - 1.0).abs() < ROUNDED && (components[15] - 0.25).abs() < ROUNDED);
}

#[test]
fn odd_structures_are_no_trouble() {
    let one = Barcodes::new(&open(&[[0.0; 3]]), 3.0, 2).unwrap();
    assert_eq!(betti(&one, 1.0), [1, 0, 0]);
    let coincident = Barcodes::new(&open(&[[0.0; 3]; 5]), 3.0, 2).unwrap();
    assert_eq!(betti(&coincident, 0.0), [1, 0, 0]);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let crystal = simple_cubic(3);
    let told = |reach, highest| {
        let bars = Barcodes::new(&crystal, reach, highest);
        bars.unwrap_err().to_string()
    };
    assert!(told(1.1, 1).contains("the shortest way around it is 3.000 Å"));
    assert!(told(1e9, 1).contains("too long"));
    assert!(told(0.5, 3).contains("dimension 3"));
    assert!(told(f64::NAN, 1).contains("not possible") && told(-1.0, 1).contains("not possible"));
    // All edges are 3 Å or more, the short diagonal is 1 Å.
    let slanting = Cell::new(
        [[3.0, 0.0, 0.0], [3.0, 1.0, 0.0], [0.0, 0.0, 9.0]],
        [true; 3],
    );
    let slanting = atoms(slanting.unwrap(), vec![[0.0; 3]]);
    let told = Barcodes::new(&slanting, 0.4, 1).unwrap_err().to_string();
    assert!(told.contains("around it is 1.000 Å"), "{told}");
    let bars = Barcodes::new(&crystal, 1.0, 1).unwrap();
    assert!(
        bars.betti_curve(2, &Grid::new(0.0, 1.0, 4).unwrap())
            .is_err()
    );
    assert!(
        bars.betti_curve(1, &Grid::new(0.0, 1.1, 4).unwrap())
            .is_err()
    );
    assert!(
        bars.betti_curve(1, &Grid::new(-0.1, 1.0, 4).unwrap())
            .is_err()
    );
    let crowd = gas(3000, 9.0, 1);
    assert!(
        Barcodes::new(&crowd, 2.9, 2)
            .unwrap_err()
            .to_string()
            .contains("too many")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn components_are_those_of_a_walk(seed in any::<u64>(), r in 0.3..1.9_f64) {
        let gas = gas(60, 6.0, seed);
        let bars = Barcodes::new(&gas, 2.0, 0).unwrap();
        let list = NeighbourList::new(&gas, r).unwrap();
        let mut seen = vec![false; gas.len()];
        let mut pieces = 0;
        for start in 0..gas.len() {
            let mut todo = vec![start];
            pieces += usize::from(!seen[start]);
            while let Some(i) = todo.pop() {
                if !std::mem::replace(&mut seen[i], true) {
                    todo.extend(list.links(i).iter().map(|l| l.index as usize));
                }
            }
        }
        prop_assert_eq!(bars.betti(0, r), pieces);
    }
}
