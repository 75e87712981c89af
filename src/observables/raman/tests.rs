use super::bond::BondPolarizability;
use super::*;
use crate::atoms::cell::Cell;
use crate::observables::bonds::Cutoffs;

/// A tensor's invariants survive a rotation to rounding; the numbers are of order 10.
const ROUNDING: f64 = 1e-11;

fn molecule(positions: Vec<[f64; 3]>) -> (Structure, Bonds) {
    let cell = Cell::orthorhombic([30.0; 3]).unwrap();
    let n = positions.len();
    let structure =
        Structure::new(cell, vec!["Si".into()], vec![28.085], vec![0; n], positions).unwrap();
    let cutoffs = Cutoffs::given(&structure, &[("Si", "Si", 2.7)]).unwrap();
    let bonds = Bonds::new(&structure, &cutoffs).unwrap();
    (structure, bonds)
}

/// Every coordinate as a mode of its own: the derivatives themselves, over the root of the mass.
fn coordinates(atoms: usize) -> Modes {
    Modes {
        frequencies_thz: vec![1.0; 3 * atoms],
        vectors: Some(Mat::identity(3 * atoms, 3 * atoms)),
    }
}

fn cluster() -> Vec<[f64; 3]> {
    vec![
        [10.0, 10.0, 10.0],
        [12.2, 10.4, 9.8],
        [12.9, 12.6, 10.1],
        [10.3, 8.9, 12.0],
    ]
}

fn total_polarizability(bonds: &Bonds) -> Tensor {
    let mut sum = [[0.0; 3]; 3];
    for (_, bond) in bonds.once() {
        let length = bond.vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let one = Model::LippincottStutman
            .bond(["Si", "Si"], length)
            .unwrap()
            .tensor(bond.vector);
        for a in 0..3 {
            for b in 0..3 {
                sum[a][b] += one[a][b];
            }
        }
    }
    sum
}

#[test]
fn tensors_are_differences_of_the_whole_polarizability() {
    let (structure, bonds) = molecule(cluster());
    let tensors = tensors(&structure, &bonds, &coordinates(4), Model::default()).unwrap();
    let h = 1e-4;
    for (row, tensor) in tensors.iter().enumerate() {
        let moved = |sign: f64| {
            let mut positions = cluster();
            positions[row / 3][row % 3] += sign * h;
            let (_, bonds) = molecule(positions);
            total_polarizability(&bonds)
        };
        let (more, less) = (moved(1.0), moved(-1.0));
        for a in 0..3 {
            for b in 0..3 {
                let difference = (more[a][b] - less[a][b]) / (2.0 * h) / 28.085f64.sqrt();
                // h² times a third derivative of order 10.
                assert!((difference - tensor[a][b]).abs() < 1e-6, "{row} {a}{b}");
            }
        }
    }
}

#[test]
fn a_translation_scatters_nothing() {
    let (structure, bonds) = molecule(cluster());
    let mut modes = coordinates(4);
    modes.vectors = Some(Mat::from_fn(12, 1, |i, _| {
        f64::from(u8::from(i % 3 == 1)) / 2.0
    }));
    modes.frequencies_thz = vec![1.0];
    let activity = activities(&structure, &bonds, &modes, Model::default()).unwrap()[0];
    assert!(
        activity.a2 < ROUNDING && activity.g2 < ROUNDING,
        "{activity:?}"
    );
}

#[test]
fn invariants_do_not_know_the_orientation() {
    let (c, s) = (0.6, 0.8);
    let turned = |p: [f64; 3]| {
        let [x, y, z] = p.map(|v| v - 10.0);
        let [x, y] = [c * x - s * y, s * x + c * y];
        [x + 15.0, (c * y - s * z) + 15.0, (s * y + c * z) + 15.0]
    };
    // The stretch of atom 1 along a fixed direction of the cluster, turned with it.
    let stretch = [0.3, -0.5, 0.7];
    let turned_stretch = {
        let (zero, at) = (turned([10.0; 3]), turned(stretch.map(|v| v + 10.0)));
        std::array::from_fn::<f64, 3, _>(|k| at[k] - zero[k])
    };
    let activity = |positions: Vec<[f64; 3]>, stretch: [f64; 3]| {
        let (structure, bonds) = molecule(positions);
        let modes = Modes {
            frequencies_thz: vec![1.0],
            vectors: Some(Mat::from_fn(12, 1, |i, _| {
                if i / 3 == 1 { stretch[i % 3] } else { 0.0 }
            })),
        };
        activities(&structure, &bonds, &modes, Model::default()).unwrap()[0]
    };
    let one = activity(cluster(), stretch);
    let two = activity(cluster().into_iter().map(turned).collect(), turned_stretch);
    assert!((one.a2 - two.a2).abs() < ROUNDING && (one.g2 - two.g2).abs() < ROUNDING);
    assert!(one.g2 > 1e-3 && one.a2 > 1e-3, "{one:?}");
}

/// One bond that stretches: `a = (α_L' + 2α_T')/3` and `γ = α_L' − α_T'`, over the root of the reduced mass.
#[test]
fn the_stretch_of_a_single_bond_is_known() {
    let (structure, bonds) = molecule(vec![[10.0; 3], [10.0, 10.0, 12.4]]);
    let half = 0.5f64.sqrt();
    let modes = Modes {
        frequencies_thz: vec![2.0],
        vectors: Some(Mat::from_fn(6, 1, |i, _| match i {
            2 => -half,
            5 => half,
            _ => 0.0,
        })),
    };
    let one = activities(&structure, &bonds, &modes, Model::default()).unwrap()[0];
    let BondPolarizability {
        along_slope,
        across_slope,
        ..
    } = Model::default().bond(["Si", "Si"], 2.4).unwrap();
    let mass = 28.085 / 2.0;
    assert!(
        (one.a2 / (((along_slope + 2.0 * across_slope) / 3.0).powi(2) / mass) - 1.0).abs()
            < ROUNDING
    );
    assert!((one.g2 / ((along_slope - across_slope).powi(2) / mass) - 1.0).abs() < ROUNDING);
    // Without a change across, g2/a2 = 9 and VH/VV = 27/81: depolarisation 1/3.
    assert!((one.g2 / one.a2 - 9.0).abs() < 1e-9);
    let ratio = one.weight(Polarisation::Vh) / one.weight(Polarisation::Vv);
    assert!((ratio - 1.0 / 3.0).abs() < 1e-12);
    let both = one.weight(Polarisation::Vv) + one.weight(Polarisation::Vh);
    assert!((both / one.weight(Polarisation::Both) - 1.0).abs() < 1e-12);
}

#[test]
fn spectra_have_area_one_and_two_lines_have_their_stokes_ratio() {
    let grid = Grid::new(0.0, 100.0, 1000).unwrap();
    let lines = [(20.05, 1.0), (60.05, 3.0)].map(|(energy, a2)| Activity {
        energy,
        a2,
        g2: 0.0,
    });
    let excitation = Excitation::default();
    let reduced = reduced(&lines, Polarisation::Vv, &grid, 0.0).unwrap();
    let stokes = stokes(&lines, Polarisation::Vv, &excitation, &grid, 0.0).unwrap();
    for y in [&reduced, &stokes] {
        assert!((y.iter().sum::<f64>() * grid.step() - 1.0).abs() < 1e-12);
    }
    assert!((reduced[600] / reduced[200] - 3.0).abs() < 1e-9);
    let factor = |e: f64| excitation.stokes_factor(e);
    let expected = 3.0 * factor(60.05) / factor(20.05);
    assert!((stokes[600] / stokes[200] - expected).abs() < 1e-9);
}

#[test]
fn metals_and_reduced_units_are_refused_with_the_reason() {
    let cell = Cell::orthorhombic([10.0; 3]).unwrap();
    for symbol in ["Cu", "Ar", "A"] {
        let metal = Structure::new(
            cell.clone(),
            vec![symbol.into()],
            vec![63.5],
            vec![0, 0],
            vec![[0.0; 3], [0.0, 0.0, 2.5]],
        )
        .unwrap();
        let cutoffs = Cutoffs::given(&metal, &[(symbol, symbol, 3.0)]).unwrap();
        let bonds = Bonds::new(&metal, &cutoffs).unwrap();
        let e = tensors(&metal, &bonds, &coordinates(2), Model::default())
            .unwrap_err()
            .to_string();
        assert!(e.contains("covalent networks"), "{e}");
    }
}
