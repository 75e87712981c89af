//! Observables against what must hold for any structure: the ideal gas, copies of a cell, conserved areas.

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::disorder::random;
use glassbridge::atoms::lattice::{beta_cristobalite, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::grid::Grid;
use glassbridge::observables::rdf::{Weighting, pair_counts, partial_rdf};
use glassbridge::observables::thermal_width::{PairWidths, Statistics};
use glassbridge::observables::vdos::vdos;
use glassbridge::potentials;
use glassbridge::vibrations::modes::Modes;
use rand::RngExt;

fn gas(seed: u64, periodic: [bool; 3]) -> Structure {
    let mut random = random(seed, 0);
    let edge = if periodic[2] { 20.0 } else { 40.0 };
    let at = |random: &mut rand_chacha::ChaCha12Rng| {
        let z = if periodic[2] {
            edge * random.random::<f64>()
        } else {
            0.0
        };
        [
            edge * random.random::<f64>(),
            edge * random.random::<f64>(),
            z,
        ]
    };
    let positions: Vec<[f64; 3]> = (0..150).map(|_| at(&mut random)).collect();
    let vectors = [[edge, 0.0, 0.0], [0.0, edge, 0.0], [0.0, 0.0, edge]];
    let species_of = (0..150).map(|i| i % 2).collect();
    Structure::new(
        Cell::new(vectors, periodic).unwrap(),
        vec!["Si".into(), "O".into()],
        vec![28.0, 16.0],
        species_of,
        positions,
    )
    .unwrap()
}

/// 40 gases of 150 atoms put some 10,000 pairs into the outer half of the range: 1 % scatter, and five times that.
const SCATTER: f64 = 0.05;

#[test]
fn an_ideal_gas_has_g_of_one_in_two_and_three_dimensions() {
    for periodic in [[true; 3], [true, true, false]] {
        let grid = Grid::new(0.0, 9.0, 6).unwrap();
        let mut mean = [0.0; 6];
        for seed in 0..40 {
            let structure = gas(seed, periodic);
            let g = partial_rdf(&structure, &grid, None)
                .unwrap()
                .total(&structure, Weighting::Number)
                .unwrap();
            for (m, g) in mean.iter_mut().zip(g) {
                *m += g / 40.0;
            }
        }
        for m in &mean[3..] {
            assert!((m - 1.0).abs() < SCATTER, "{periodic:?} {mean:?}");
        }
    }
}

/// The range is longer than half the cell: every image must be counted.
#[test]
fn two_copies_of_a_cell_have_twice_the_pairs() {
    let one = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
    let two = supercell(&one, [2, 1, 1]).unwrap();
    let grid = Grid::new(0.0, 8.0, 100).unwrap();
    let (a, b) = (
        pair_counts(&one, &grid, None).unwrap(),
        pair_counts(&two, &grid, None).unwrap(),
    );
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert!((2.0 * a - b).abs() < 1e-9);
    }
}

/// A relaxed silica crystal with its modes.
fn crystal() -> (Structure, Modes) {
    let potential = potentials::parse("tersoff:sio2-2007").unwrap();
    let start = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
    let rest =
        glassbridge::dynamics::minimise::minimise(potential.as_ref(), &start, 1e-6, 5000).unwrap();
    let neighbours = NeighbourList::new(&rest.structure, potential.cutoff()).unwrap();
    let hessian = potential.hessian(&rest.structure, &neighbours).unwrap();
    let modes = Modes::of(&hessian, &rest.structure, true).unwrap();
    (rest.structure, modes)
}

#[test]
fn broadening_keeps_the_area_and_partials_make_the_total() {
    let (structure, modes) = crystal();
    // A grid far beyond the highest mode, a broadening far wider than the lowest mode's energy: folded back, nothing is lost.
    let grid = Grid::new(0.0, 400.0, 200).unwrap();
    let density = vdos(&modes, &structure, &grid, 12.0).unwrap();
    assert!(density.lost.abs() < 1e-6, "{}", density.lost);
    let c = structure.concentrations();
    for k in 0..grid.len() {
        let sum: f64 = density.partial.iter().zip(&c).map(|(p, c)| c * p[k]).sum();
        assert!((density.total[k] - sum).abs() < 1e-12);
    }
    for partial in &density.partial {
        assert!((partial.iter().sum::<f64>() * grid.step() - 1.0).abs() < 1e-6);
    }
}

/// Thermal motion moves pairs along r, it makes none: within the first shell of silica all 4 Si-O pairs of every Si stay.
#[test]
fn thermal_widths_keep_the_number_of_pairs() {
    let (structure, modes) = crystal();
    let grid = Grid::new(0.0, 2.2, 110).unwrap();
    for kelvin in [0.0, 300.0] {
        let widths = PairWidths::new(
            &modes,
            &structure.atom_masses(),
            kelvin,
            Statistics::Quantum,
        )
        .unwrap();
        let counts = pair_counts(&structure, &grid, Some(&widths)).unwrap();
        let bonds: f64 = counts[1].iter().sum();
        assert!((bonds - 32.0).abs() < 0.05, "{kelvin} K: {bonds}");
    }
}
