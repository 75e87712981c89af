//! The glasses of an example: a dataset folder, or a small set made on the spot.

use glassbridge::curve::Quantity;
use glassbridge::dataset::generate::Shard;
use glassbridge::dataset::{Dataset, Recipe, generate};
use glassbridge::error::Result;
use glassbridge::operator::{TrainingSet, Weighting, rows};
use glassbridge::units::Unit;
use std::path::PathBuf;

/// A small set, for whoever brings none.
pub fn made() -> Result<PathBuf> {
    let mut recipe = Recipe::load("lj2d")?;
    recipe.samples = 24;
    let folder = std::env::temp_dir().join("glassbridge-paper-set");
    let shard = Shard { index: 0, of: 1 };
    generate::generate(&recipe, &folder, shard, &|_| {})?;
    Ok(folder)
}

/// g(r) and density of states of the usable samples.
pub fn training_set(data: &Dataset) -> Result<TrainingSet> {
    let usable = data.usable()?;
    let pick = |name: &str| Ok(rows::select(data.matrix(name)?.as_ref(), &usable));
    let density = data.column("number_density")?;
    Ok(TrainingSet {
        g: pick("rdf")?,
        spectra: pick("vdos")?,
        density: Some(usable.iter().map(|&i| density[i]).collect()),
        added: Vec::new(),
        r: data.manifest.r.grid,
        energy: data.manifest.energy.grid,
        quantity: Quantity::Vdos,
        spectrum_unit: Unit::Mev,
        weighting: Weighting::Number,
        dimensions: data.manifest.dimensions,
        composition: None,
        sources: Vec::new(),
        notes: Vec::new(),
    })
}
