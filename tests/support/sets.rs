//! The development sets of `../shared/datasets`, split and disturbed as an instrument would.

#![allow(clippy::print_stderr, reason = "tests tell what they skip")]
#![allow(dead_code, reason = "not every test needs all")]

use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::grid::Grid;
use glassbridge::instrument::resolution;
use glassbridge::inverse::Raw;
use glassbridge::io::samples::Samples;
use glassbridge::io::wide_table::WideTable;
use glassbridge::operator::{TrainingSet, Weighting, groups, rows};
use glassbridge::units::{THZ_IN_MEV, Unit};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use std::path::PathBuf;

/// Their names.
pub const NAMES: [&str; 5] = ["lj3d", "lj2d", "graphene", "cualzr", "sic"];

/// The folder of a set, if it is here.
pub fn folder(material: &str) -> Option<PathBuf> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/datasets")).join(material);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// A set, or `None`, told, if it is not here.
pub fn load(material: &str) -> Option<TrainingSet> {
    let folder = folder(material)?;
    let g = WideTable::read(&folder.join("rdf.csv")).unwrap();
    let y = WideTable::read(&folder.join("vdos.csv")).unwrap();
    let density = Samples::read(&folder.join("samples.csv"))
        .unwrap()
        .column("number_density")
        .unwrap();
    Some(TrainingSet {
        g: g.rows,
        spectra: y.rows * faer::Scale(1.0 / THZ_IN_MEV),
        density: Some(density),
        added: Vec::new(),
        r: Grid::from_centres(&g.axis).unwrap(),
        energy: Grid::from_centres(&y.axis).unwrap().scaled(THZ_IN_MEV),
        quantity: Quantity::Vdos,
        spectrum_unit: Unit::Thz,
        weighting: Weighting::Number,
        dimensions: if material == "lj2d" || material == "graphene" {
            2
        } else {
            3
        },
        composition: None,
        sources: Vec::new(),
        notes: y.notes,
    })
}

/// The standard deviation, meV, of the Gaussian that the spectra of a set were broadened with (its README).
pub fn broadening(material: &str) -> f64 {
    THZ_IN_MEV
        * match material {
            "graphene" => 1.0,
            "cualzr" => 0.15,
            "sic" => 0.6,
            _ => 0.03,
        }
}

/// A random quarter is held out, as in new samples of the same recipe; training part first.
pub fn split(set: &TrainingSet, seed: u64) -> (TrainingSet, TrainingSet) {
    let alone: Vec<usize> = (0..set.g.nrows()).collect();
    let folds = groups::folds(&alone, 4, seed);
    let part = |held: bool| {
        let which: Vec<usize> = (0..folds.len())
            .filter(|&i| (folds[i] == 0) == held)
            .collect();
        pick(set, &which)
    };
    (part(false), part(true))
}

/// Some samples.
pub fn pick(set: &TrainingSet, which: &[usize]) -> TrainingSet {
    TrainingSet {
        g: rows::select(set.g.as_ref(), which),
        spectra: rows::select(set.spectra.as_ref(), which),
        density: (set.density.as_ref()).map(|d| which.iter().map(|&i| d[i]).collect()),
        ..set.clone()
    }
}

/// What an instrument does.
#[derive(Clone, Copy, Default)]
pub struct Disturbance {
    /// Factors are drawn from 1 ± this.
    pub scale: f64,
    /// Constant and slope are drawn from ± this times the rms of the spectrum.
    pub background: f64,
    /// Extra standard deviation, meV.
    pub width: f64,
    /// Stretches are drawn from ± this.
    pub stretch: f64,
    /// White noise relative to the rms.
    pub noise: f64,
}

/// The spectra of a set as such an instrument sees them, and the factor and stretch of each.
pub fn measure(set: &TrainingSet, by: Disturbance, seed: u64) -> (Raw, Vec<(f64, f64)>) {
    let grid = set.energy;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let even = Uniform::new_inclusive(-1.0, 1.0).unwrap();
    let broad = resolution::gaussian(&grid, by.width);
    let (n, q) = (set.spectra.nrows(), grid.len());
    let mut y = Mat::zeros(n, q);
    let mut truth = Vec::new();
    for i in 0..n {
        let scale = 1.0 + by.scale * even.sample(&mut rng);
        let stretch = by.stretch * even.sample(&mut rng);
        let points: Vec<f64> = (grid.centres().iter())
            .map(|e| (e / (1.0 + stretch)).min(grid.end()))
            .collect();
        let sampled = resolution::sampling(&grid, &points).unwrap();
        let factor = scale / (1.0 + stretch);
        let clean = sampled * (&broad * set.spectra.row(i).transpose()) * faer::Scale(factor);
        let rms = (clean.squared_norm_l2() / q as f64).sqrt();
        let (flat, slope) = (even.sample(&mut rng), even.sample(&mut rng));
        for j in 0..q {
            let xi: f64 = StandardNormal.sample(&mut rng);
            let u = 2.0 * (j as f64 + 0.5) / q as f64 - 1.0;
            y[(i, j)] = clean[j] + rms * (by.background * (flat + slope * u) + by.noise * xi);
        }
        truth.push((scale, stretch));
    }
    let raw = Raw {
        x: grid.centres(),
        y,
        sigma: None,
        quantity: Quantity::Vdos,
    };
    (raw, truth)
}
