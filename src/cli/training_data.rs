//! What operators are trained on: wide tables, or a dataset folder.

use super::load::{axis_factor, densities, per_inside_unit, source};
use crate::atoms::structure::Structure;
use crate::curve::Quantity;
use crate::dataset::recipe::Record;
use crate::dataset::store::{stack, weighted};
use crate::dataset::{Dataset, descriptors};
use crate::elements::{Composition, element};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::weights::neutron_weights;
use crate::io::wide_table::WideTable;
use crate::operator::features::{Added, Block};
use crate::operator::{TrainingSet, Weighting, rows};
use crate::units::Unit;
use faer::Mat;
use rayon::prelude::*;
use std::path::Path;

/// A training set from two wide tables and perhaps a samples table.
pub(super) fn from_tables(
    structure: &Path,
    spectra: &Path,
    samples: Option<&Path>,
    quantity: Quantity,
) -> Result<TrainingSet> {
    let (g, y) = (WideTable::read(structure)?, WideTable::read(spectra)?);
    if let Some(found) = y.quantity.filter(|q| *q != quantity) {
        return Err(
            Error::new(format!("the spectra are {found}, not {quantity}"))
                .at(spectra)
                .cure(format!("use --quantity {found}")),
        );
    }
    if g.samples != y.samples {
        return Err(Error::new(
            "structure and spectra do not list the same samples in the same order",
        )
        .at(spectra)
        .because(format!(
            "{} has {} samples, {} has {}",
            structure.display(),
            g.samples.len(),
            spectra.display(),
            y.samples.len()
        ))
        .cure("write both tables from the same list of samples"));
    }
    let energy_factor = axis_factor(&y, quantity, None, spectra)?;
    let length_factor = axis_factor(&g, Quantity::PairDistribution, None, structure)?;
    let mut sources = Vec::new();
    for path in [Some(structure), Some(spectra), samples]
        .into_iter()
        .flatten()
    {
        sources.push(source(path)?);
    }
    let dimensions = match g
        .notes
        .iter()
        .find(|(k, _)| k == "dimensions")
        .map(|(_, v)| v.as_str())
    {
        Some("2") => 2,
        _ => 3,
    };
    let label = |which: &str, notes: &[(String, String)]| -> Vec<(String, String)> {
        notes
            .iter()
            .map(|(k, v)| (format!("{which} {k}"), v.clone()))
            .collect()
    };
    Ok(TrainingSet {
        r: Grid::from_centres(&g.axis)
            .map_err(|e| e.at(structure))?
            .scaled(length_factor),
        energy: Grid::from_centres(&y.axis)
            .map_err(|e| e.at(spectra))?
            .scaled(energy_factor),
        added: Vec::new(),
        density: samples
            .map(|path| densities(path, &g.samples))
            .transpose()?,
        spectra: per_inside_unit(&y.rows, quantity, energy_factor),
        notes: [label("structure", &g.notes), label("spectra", &y.notes)].concat(),
        spectrum_unit: y.unit.unwrap_or(Unit::Mev),
        g: g.rows,
        quantity,
        weighting: Weighting::Number,
        dimensions,
        composition: None,
        sources,
    })
}

/// A training set from a dataset folder: the samples its rule calls usable. A neutron spectrum of elements is paired with the
/// neutron-weighted g(r), any other with the number-weighted one.
pub(super) fn from_dataset(
    folder: &Path,
    quantity: Quantity,
    blocks: &[Block],
) -> Result<TrainingSet> {
    let data = Dataset::open(folder)?;
    from_opened(folder, &data, quantity, blocks)
}

/// The same with the name of each sample.
pub(super) fn named_samples(
    folder: &Path,
    quantity: Quantity,
    blocks: &[Block],
) -> Result<(Vec<String>, TrainingSet)> {
    let data = Dataset::open(folder)?;
    let names = data.names();
    let usable = data.usable()?;
    let set = from_opened(folder, &data, quantity, blocks)?;
    Ok((usable.iter().map(|&i| names[i].to_owned()).collect(), set))
}

fn from_opened(
    folder: &Path,
    data: &Dataset,
    quantity: Quantity,
    blocks: &[Block],
) -> Result<TrainingSet> {
    let m = &data.manifest;
    let amounts: Vec<(&str, f64)> = (m.species.iter().map(String::as_str))
        .zip(m.concentrations.iter().copied())
        .collect();
    // The species of reduced units are no elements.
    let real = amounts.iter().all(|(symbol, _)| element(symbol).is_ok());
    let composition = real.then(|| Composition::new(&amounts)).transpose()?;
    let neutrons = match quantity {
        Quantity::NeutronGdos => true,
        // In reduced units every species scatters alike.
        Quantity::Ins => real,
        _ => false,
    };
    let weighting = if neutrons {
        Weighting::Neutron
    } else {
        Weighting::Number
    };
    let g = match (weighting, &composition) {
        (Weighting::Number, _) => data.matrix("rdf")?,
        (Weighting::Neutron, None) => {
            return Err(Error::new("species of reduced units scatter no neutrons")
                .at(folder)
                .cure("use --quantity vdos"));
        }
        (Weighting::Neutron, Some(composition)) => {
            let name = |a: usize, b: usize| format!("rdf.{}-{}", m.species[a], m.species[b]);
            let parts: Vec<(Mat<f64>, f64)> = neutron_weights(composition)?
                .into_iter()
                .map(|(a, b, w)| Ok((data.matrix(&name(a, b))?, w)))
                .collect::<Result<_>>()?;
            weighted(
                &parts
                    .iter()
                    .map(|(p, w)| (p.as_ref(), *w))
                    .collect::<Vec<_>>(),
            )
        }
    };
    let usable = data.usable()?;
    let density = data.column("number_density")?;
    Ok(TrainingSet {
        g: rows::select(g.as_ref(), &usable),
        added: added(data, blocks, &usable)?,
        spectra: rows::select(data.matrix(quantity.name())?.as_ref(), &usable),
        density: Some(usable.iter().map(|&i| density[i]).collect()),
        r: m.r.grid,
        energy: m.energy.grid,
        quantity,
        spectrum_unit: Unit::Mev,
        weighting,
        dimensions: m.dimensions,
        composition: composition.map(|c| c.to_string()),
        sources: vec![source(&folder.join("manifest.json"))?],
        notes: vec![
            ("potential".into(), m.recipe.potential.clone()),
            ("recipe".into(), m.recipe.name.clone()),
            (
                "samples used".into(),
                format!("{} of {}: {}", usable.len(), density.len(), m.usable_rule),
            ),
            (
                "broadening".into(),
                format!("Gaussian, sigma {} meV", m.recipe.record.broadening),
            ),
            (
                "thermal width of g(r)".into(),
                format!("{} K", m.recipe.record.temperature),
            ),
        ]
        .into_iter()
        .chain(conditions(&m.recipe.record, quantity))
        .collect(),
    })
}

/// What the spectrum was recorded with, beside the broadening.
fn conditions(record: &Record, quantity: Quantity) -> Option<(String, String)> {
    let told = match quantity {
        Quantity::Ins => serde_json::to_string(&record.ins),
        Quantity::Ixs => serde_json::to_string(&record.ixs),
        _ => return None,
    };
    Some((format!("settings of {quantity}"), told.ok()?))
}

/// The blocks that do not follow from g(r), of the named samples.
fn added(data: &Dataset, blocks: &[Block], samples: &[usize]) -> Result<Added> {
    let wanted = blocks.iter().filter(|b| !b.of_pairs());
    let rows_of = |block: &Block| -> Result<Mat<f64>> {
        Ok(match block {
            Block::Adf => rows::select(data.matrix("adf")?.as_ref(), samples),
            Block::Rings => rows::select(data.matrix("rings")?.as_ref(), samples),
            Block::Partials => rows::select(partials(data)?.as_ref(), samples),
            Block::Homology => found(data, samples, descriptors::homology)?,
            _ => found(data, samples, |s| Ok(descriptors::coordination(s)))?,
        })
    };
    wanted.map(|block| Ok((*block, rows_of(block)?))).collect()
}

/// `c_a c_b (2 - δ_ab) g_ab` of all pairs of species, side by side.
fn partials(data: &Dataset) -> Result<Mat<f64>> {
    let (names, c) = (&data.manifest.species, &data.manifest.concentrations);
    let mut parts = Vec::new();
    for a in 0..names.len() {
        for b in a..names.len() {
            let weight = c[a] * c[b] * if a == b { 1.0 } else { 2.0 };
            let g = data.matrix(&format!("rdf.{}-{}", names[a], names[b]))?;
            parts.push(g * faer::Scale(weight));
        }
    }
    let bins = parts[0].ncols();
    Ok(Mat::from_fn(
        parts[0].nrows(),
        bins * parts.len(),
        |i, j| parts[j / bins][(i, j % bins)],
    ))
}

/// A descriptor that is found from the structures at rest.
fn found(
    data: &Dataset,
    samples: &[usize],
    descriptor: impl Fn(&Structure) -> Result<Vec<f64>> + Sync,
) -> Result<Mat<f64>> {
    let structures = data.structures()?;
    let rows: Vec<Vec<f64>> = (samples.par_iter())
        .map(|&i| descriptor(&structures[i]))
        .collect::<Result<_>>()?;
    Ok(stack(&rows))
}
