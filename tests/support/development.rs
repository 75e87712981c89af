//! The five development sets of `../shared/datasets`, and their random splits.

#![allow(clippy::print_stderr, reason = "tests tell what they skip")]

use glassbridge::curve::Quantity;
use glassbridge::grid::Grid;
use glassbridge::io::samples::Samples;
use glassbridge::io::wide_table::WideTable;
use glassbridge::operator::{TrainingSet, Weighting, groups, rows};
use glassbridge::units::{THZ_IN_MEV, Unit};
use std::path::PathBuf;

/// Their names.
#[allow(dead_code, reason = "not every test needs all")]
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

/// A set, if it is here.
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
        dimensions: 3,
        composition: None,
        sources: Vec::new(),
        notes: Vec::new(),
    })
}

/// A random quarter is held out, as in new samples of the same recipe (near-duplicates may stand on both sides).
pub fn split(set: &TrainingSet, seed: u64) -> (TrainingSet, TrainingSet) {
    let alone: Vec<usize> = (0..set.g.nrows()).collect();
    let folds = groups::folds(&alone, 4, seed);
    let part = |held: bool| {
        let which: Vec<usize> = (0..folds.len())
            .filter(|&i| (folds[i] == 0) == held)
            .collect();
        TrainingSet {
            g: rows::select(set.g.as_ref(), &which),
            spectra: rows::select(set.spectra.as_ref(), &which),
            density: set
                .density
                .as_ref()
                .map(|d| which.iter().map(|&i| d[i]).collect()),
            ..set.clone()
        }
    };
    (part(false), part(true))
}
