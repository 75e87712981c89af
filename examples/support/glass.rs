//! The glasses of an example: a dataset folder, or a small set made on the spot.

use glassbridge::curve::Quantity;
use glassbridge::dataset::generate::Shard;
use glassbridge::dataset::observable::Observable;
use glassbridge::dataset::{Dataset, Recipe, generate};
use glassbridge::error::Result;
use glassbridge::operator::{TrainingSet, Weighting, rows};
use std::path::PathBuf;

/// A small set with these observables, for whoever brings none.
pub fn made(observables: &[Observable]) -> Result<PathBuf> {
    let mut recipe = Recipe::load("lj2d")?;
    recipe.samples = 24;
    recipe.record.observables = observables.to_vec();
    let names: Vec<&str> = observables.iter().map(|o| o.name()).collect();
    let folder = std::env::temp_dir().join(format!("glassbridge-lj2d-{}", names.join("-")));
    let shard = Shard { index: 0, of: 1 };
    generate::generate(&recipe, &folder, shard, &|_| {})?;
    Ok(folder)
}

/// g(r), pairs counted by number, and spectra of this quantity of the usable samples.
pub fn training_set(data: &Dataset, quantity: Quantity) -> Result<TrainingSet> {
    let usable = data.usable()?;
    let pick = |name: &str| Ok(rows::select(data.matrix(name)?.as_ref(), &usable));
    let density = data.column("number_density")?;
    Ok(TrainingSet {
        g: pick("rdf")?,
        spectra: pick(quantity.name())?,
        density: Some(usable.iter().map(|&i| density[i]).collect()),
        added: Vec::new(),
        r: data.manifest.r.grid,
        energy: data.axis(quantity.name())?.grid,
        quantity,
        spectrum_unit: quantity.axis(),
        weighting: Weighting::Number,
        dimensions: data.manifest.dimensions,
        composition: None,
        sources: Vec::new(),
        notes: Vec::new(),
    })
}
