//! From a recipe to a dataset: in parallel over samples, and never from the start again after a kill.
//!
//! Each finished sample is one file in the folder `parts`; when all are there they are put together and `parts` goes.
//! A sample depends on the recipe and its index alone and runs on one thread, so the bytes are the same whatever the
//! number of threads, shards or interruptions.

use super::axes;
use super::observable::Observable;
use super::parts::{Parts, occupied};
use super::raman;
use super::recipe::Recipe;
use super::sample::{self, Row, USABLE_RULE};
use super::start;
use super::store::{self, Dataset, Manifest};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::io::files;
use crate::potentials;
use faer::Mat;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Which part of the samples this run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// This one, from 0.
    pub index: usize,
    /// Of so many.
    pub of: usize,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The dataset is complete.
    Complete,
    /// So many samples are still missing (other shards make them).
    Missing(usize),
}

/// Makes what is missing of a dataset in `folder`, calling `tick` after each finished sample; puts it together when all
/// samples are there.
///
/// Errors: the folder holds another recipe, or something else; the recipe cannot be built; the disk.
pub fn generate(
    recipe: &Recipe,
    folder: &Path,
    shard: Shard,
    tick: &(dyn Fn(&Row) + Sync),
) -> Result<Progress> {
    if store::is_dataset(folder) {
        let there = Dataset::open(folder)?;
        if there.manifest.recipe == *recipe {
            // A kill between the last file and the cleaning up leaves the parts.
            Parts::of(folder).remove()?;
            return Ok(Progress::Complete);
        }
        return Err(occupied(folder));
    }
    let potential = potentials::parse_for(&recipe.potential, &recipe.crystal.species)?;
    let crystal = start::crystal(&recipe.crystal, potential.reduced())?;
    let parts = Parts::open(folder, recipe)?;
    (0..recipe.samples)
        .into_par_iter()
        .filter(|i| i % shard.of == shard.index && !parts.has(*i))
        .try_for_each(|i| {
            let sample = sample::make(recipe, &crystal, potential.as_ref(), i).map_err(|e| {
                Error::new(format!("sample {i} cannot be made")).because(e.to_string())
            })?;
            parts.save(&sample)?;
            tick(&sample.row);
            Ok(())
        })?;
    let missing = (0..recipe.samples).filter(|i| !parts.has(*i)).count();
    if missing > 0 {
        return Ok(Progress::Missing(missing));
    }
    assemble(recipe, &crystal, folder, &parts)?;
    parts.remove()?;
    Ok(Progress::Complete)
}

fn assemble(recipe: &Recipe, crystal: &Structure, folder: &Path, parts: &Parts) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut arrays: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    let mut structures = String::new();
    let mut usable = Vec::new();
    let failed = |why: String| {
        Error::new("cannot put the dataset together")
            .at(folder)
            .because(why)
    };
    for i in 0..recipe.samples {
        let sample = parts.load(i)?;
        table
            .serialize(&sample.row)
            .map_err(|e| failed(e.to_string()))?;
        structures.push_str(&sample.structure);
        usable.push(sample.row.usable != 0);
        for (name, row) in sample.blocks {
            arrays.entry(name).or_default().push(row);
        }
    }
    let coupling = coupling(recipe, &usable, &arrays)?;
    let arrays: BTreeMap<String, Mat<f64>> = arrays
        .into_iter()
        .map(|(name, rows)| (name, store::stack(&rows)))
        .collect();
    let table = table.into_inner().map_err(|e| failed(e.to_string()))?;
    let table = String::from_utf8(table).map_err(|e| failed(e.to_string()))?;
    if let Some(text) = coupling {
        files::replace_text(&folder.join(raman::COUPLING), &text)?;
    }
    Dataset::write(
        folder,
        manifest(recipe, crystal)?,
        &table,
        &structures,
        &arrays,
    )
}

/// The coupling of light to vibrations in the usable samples, if reduced Raman spectra are recorded.
fn coupling(
    recipe: &Recipe,
    usable: &[bool],
    arrays: &BTreeMap<String, Vec<Vec<f64>>>,
) -> Result<Option<String>> {
    let name = Observable::RamanReduced.name();
    let (Some(reduced), Some(density)) = (arrays.get(name), arrays.get("vdos")) else {
        return Ok(None);
    };
    let of_usable = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let kept = rows.iter().zip(usable).filter(|(_, u)| **u);
        kept.map(|(row, _)| row.clone()).collect()
    };
    let (reduced, density) = (of_usable(reduced), of_usable(density));
    if reduced.is_empty() {
        return Ok(None);
    }
    raman::coupling_of(&recipe.record, &reduced, &density).map(Some)
}

/// All of the description that does not depend on the files.
fn manifest(recipe: &Recipe, crystal: &Structure) -> Result<Manifest> {
    let compositions = &recipe.crystal.compositions;
    Ok(Manifest {
        schema: 0,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: recipe.clone(),
        dimensions: crystal.cell.dimensions(),
        r: axes::axis("r", &recipe.record)?,
        energy: axes::axis("energy", &recipe.record)?,
        species: recipe.crystal.species.clone(),
        concentrations: if compositions.is_empty() {
            crystal.concentrations()
        } else {
            mean_fractions(compositions)
        },
        quantities: BTreeMap::new(),
        samples_checksum: String::new(),
        structures_checksum: String::new(),
        usable_rule: USABLE_RULE.to_owned(),
    })
}

/// The mean of the compositions, each scaled to sum to 1.
fn mean_fractions(compositions: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; compositions[0].len()];
    for fractions in compositions {
        let sum: f64 = fractions.iter().sum();
        for (m, f) in mean.iter_mut().zip(fractions) {
            *m += f / sum / compositions.len() as f64;
        }
    }
    mean
}
