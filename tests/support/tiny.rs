//! A small made-up glass for tests of the command line: smooth random g(r), and spectra that follow from them linearly.

use assert_cmd::Command;
use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::grid::Grid;
use glassbridge::operator::{Operator, Settings, TrainingSet, Weighting};
use glassbridge::units::Unit;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Directions in which the samples differ.
const DIRECTIONS: usize = 4;
const R: usize = 24;
const E: usize = 20;

/// The program under test.
pub fn glassbridge() -> Command {
    Command::cargo_bin("glassbridge").unwrap()
}

/// `samples` pairs; the same seed gives the same pairs.
pub fn set(samples: usize, seed: u64) -> TrainingSet {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let z = Mat::from_fn(samples, DIRECTIONS, |_, _| -> f64 {
        StandardNormal.sample(&mut rng)
    });
    let r = Grid::new(1.0, 5.0, R).unwrap();
    let energy = Grid::new(0.0, 100.0, E).unwrap();
    let bump = |x: f64, centre: f64, width: f64| (-0.5 * ((x - centre) / width).powi(2)).exp();
    let g = Mat::from_fn(samples, R, |i, j| {
        let x = r.centre(j);
        let moves: f64 = (0..DIRECTIONS)
            .map(|k| 0.1 * z[(i, k)] * bump(x, 1.6 + 0.8 * k as f64, 0.25))
            .sum();
        1.0 + bump(x, 1.8, 0.3) + moves
    });
    let spectra = Mat::from_fn(samples, E, |i, j| {
        let e = energy.centre(j);
        let moves: f64 = (0..DIRECTIONS)
            .map(|k| 0.06 * z[(i, k)] * bump(e, 20.0 + 20.0 * k as f64, 8.0))
            .sum();
        0.01 * (bump(e, 30.0, 15.0) + bump(e, 70.0, 12.0) + 0.2 + moves)
    });
    TrainingSet {
        g,
        spectra,
        density: None,
        added: Vec::new(),
        r,
        energy,
        quantity: Quantity::Vdos,
        spectrum_unit: Unit::Mev,
        weighting: Weighting::Number,
        dimensions: 3,
        composition: None,
        sources: Vec::new(),
        notes: vec![("material".into(), "made up".into())],
    }
}

/// An operator trained on 40 pairs, and its file `op.npz`.
pub fn operator(folder: &Path) -> (Operator, PathBuf) {
    let operator = Operator::train(&set(40, 1), &Settings::default()).unwrap();
    let path = folder.join("op.npz");
    operator.save(&path).unwrap();
    (operator, path)
}

/// Writes row `i` of a set as two curves, `NAME.g.dat` and `NAME.y.dat`.
#[allow(dead_code, reason = "not every test needs curves")]
pub fn curves(set: &TrainingSet, i: usize, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let write = |ending: &str, rows: &Mat<f64>, grid: Grid, quantity: Quantity| {
        let mut text = format!("# quantity: {quantity}\n# unit: {}\n", quantity.axis());
        for j in 0..grid.len() {
            writeln!(text, "{} {}", grid.centre(j), rows[(i, j)]).unwrap();
        }
        let path = folder.join(format!("{name}.{ending}.dat"));
        std::fs::write(&path, text).unwrap();
        path
    };
    (
        write("g", &set.g, set.r, Quantity::PairDistribution),
        write("y", &set.spectra, set.energy, set.quantity),
    )
}
