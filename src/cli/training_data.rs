//! What operators are trained on: wide tables, or a dataset folder.

use super::load::{axis_factor, densities, per_inside_unit, source};
use crate::atoms::structure::Structure;
use crate::curve::Quantity;
use crate::dataset::recipe::Record;
use crate::dataset::store::stack;
use crate::dataset::{Dataset, descriptors};
use crate::elements::{Composition, element};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::resolution::{gaussian, sampling};
use crate::instrument::weights::{neutron_weights, xray_weights};
use crate::io::wide_table::WideTable;
use crate::operator::features::{Added, Block};
use crate::operator::streamed::Pairs;
use crate::operator::{Descriptor, Operator, TrainingSet, Weighting, rows};
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
    let (energy, values) = if quantity == Quantity::Kappa && y.axis.len() == 1 {
        at_one_temperature(y.axis[0], &y.rows)?
    } else {
        let grid = Grid::from_centres(&y.axis).map_err(|e| e.at(spectra))?;
        (grid.scaled(energy_factor), y.rows)
    };
    Ok(TrainingSet {
        r: Grid::from_centres(&g.axis)
            .map_err(|e| e.at(structure))?
            .scaled(length_factor),
        energy,
        added: Vec::new(),
        density: samples
            .map(|path| densities(path, &g.samples))
            .transpose()?,
        spectra: per_inside_unit(&values, quantity, energy_factor),
        notes: [label("structure", &g.notes), label("spectra", &y.notes)].concat(),
        spectrum_unit: y.unit.unwrap_or(quantity.axis()),
        g: g.rows,
        quantity,
        weighting: Weighting::Number,
        dimensions,
        composition: None,
        sources,
    })
}

/// Conductivities at one temperature (n x 1) as curves that are constant over two kelvin around it, so that a number is a spectrum
/// of two equal bins and everything that holds for spectra holds for it.
fn at_one_temperature(kelvin: f64, values: &Mat<f64>) -> Result<(Grid, Mat<f64>)> {
    let grid = Grid::new(kelvin - 1.0, kelvin + 1.0, 2)?;
    Ok((grid, Mat::from_fn(values.nrows(), 2, |i, _| values[(i, 0)])))
}

/// A training set of conductivities at one temperature (K) of those it was recorded at, or between them.
///
/// Errors: the set is of another quantity; the temperature is outside.
pub(super) fn at(set: TrainingSet, kelvin: f64) -> Result<TrainingSet> {
    if set.quantity != Quantity::Kappa {
        return Err(Error::new(format!("--at {kelvin} K of {}", set.quantity))
            .because("only a thermal conductivity is known temperature by temperature")
            .cure("leave --at out"));
    }
    let sampling = sampling(&set.energy, &[kelvin])?;
    let (energy, spectra) = at_one_temperature(kelvin, &(&set.spectra * sampling.transpose()))?;
    Ok(TrainingSet {
        spectra,
        energy,
        ..set
    })
}

/// More samples than this are thinned evenly to this many in what an operator keeps and is calibrated on, whose cost grows with
/// their square; its maps are then fitted to all, block by block.
const MOST_KEPT: usize = 2000;

/// A training set from a dataset folder: of the samples its rule calls usable all, or an even part; then the whole beside it. A
/// neutron spectrum of elements is paired with the neutron-weighted g(r), any other with the number-weighted one, unless `weighting`
/// says otherwise.
pub(super) fn from_dataset(
    folder: &Path,
    quantity: Quantity,
    weighting: Option<Weighting>,
    blocks: &[Block],
) -> Result<(TrainingSet, Option<Whole>)> {
    let data = Dataset::open(folder)?;
    let usable = data.usable()?;
    let n = usable.len();
    if n <= MOST_KEPT {
        return Ok((
            from_opened(folder, &data, &usable, quantity, weighting, blocks)?,
            None,
        ));
    }
    let kept: Vec<usize> = (0..MOST_KEPT).map(|k| usable[k * n / MOST_KEPT]).collect();
    let set = from_opened(folder, &data, &kept, quantity, weighting, blocks)?;
    let (weighting, composition) = scattering(&data, quantity, weighting)?;
    let whole = Whole {
        pairs: pair_arrays(folder, &data, weighting, composition.as_ref())?,
        spectra: vec![(quantity.name().into(), 1.0)],
        densities: data.column("number_density")?,
        broadening: None,
        usable,
        data,
    };
    Ok((set, Some(whole)))
}

/// All usable samples of a dataset too large to be kept.
pub(super) struct Whole {
    data: Dataset,
    usable: Vec<usize>,
    densities: Vec<f64>,
    pairs: Vec<(String, f64)>,
    spectra: Vec<(String, f64)>,
    /// Further broadening, standard deviation in meV.
    broadening: Option<f64>,
}

impl Whole {
    /// With the spectra broadened by a further Gaussian of this standard deviation, meV.
    pub(super) fn broadened(self, sigma: f64) -> Self {
        Self {
            broadening: Some(sigma),
            ..self
        }
    }

    /// Descriptors and spectra, block by block, as `operator` has them.
    pub(super) fn blocks<'a>(
        &'a self,
        operator: &'a Operator,
    ) -> Result<impl Iterator<Item = Result<Pairs>> + use<'a>> {
        let mean = match operator.meta.descriptor {
            Descriptor::Rdf => None,
            Descriptor::RhoRdf => operator.meta.mean_density,
        };
        let (g, y) = (
            self.data.blocks(&self.pairs)?,
            self.data.blocks(&self.spectra)?,
        );
        let wider = (self.broadening).map(|sigma| gaussian(&operator.meta.energy, sigma));
        let mut first = 0;
        Ok(g.zip(y).map(move |(g, y)| {
            let (g, y) = (g?, y?);
            let next = first + g.nrows();
            let from = self.usable.partition_point(|&i| i < first);
            let to = self.usable.partition_point(|&i| i < next);
            let which: Vec<usize> = self.usable[from..to].iter().map(|i| i - first).collect();
            let mut x = rows::select(g.as_ref(), &which);
            if let Some(mean) = mean {
                for (k, i) in which.iter().enumerate() {
                    let relative = self.densities[first + i] / mean;
                    x.row_mut(k).iter_mut().for_each(|v| *v *= relative);
                }
            }
            first = next;
            let y = rows::select(y.as_ref(), &which);
            Ok((
                x,
                wider
                    .as_ref()
                    .map_or_else(|| y.clone(), |k| &y * k.transpose()),
            ))
        }))
    }
}

/// The same with the name of each sample.
pub(super) fn named_samples(
    folder: &Path,
    quantity: Quantity,
    weighting: Weighting,
    blocks: &[Block],
) -> Result<(Vec<String>, TrainingSet)> {
    let data = Dataset::open(folder)?;
    let names = data.names();
    let usable = data.usable()?;
    let set = from_opened(folder, &data, &usable, quantity, Some(weighting), blocks)?;
    Ok((usable.iter().map(|&i| names[i].to_owned()).collect(), set))
}

/// How g(r) is weighted for a spectrum, and what the samples are made of where their species are elements.
fn scattering(
    data: &Dataset,
    quantity: Quantity,
    asked: Option<Weighting>,
) -> Result<(Weighting, Option<Composition>)> {
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
    let usual = if neutrons {
        Weighting::Neutron
    } else {
        Weighting::Number
    };
    Ok((asked.unwrap_or(usual), composition))
}

/// The arrays whose weighted sum is g(r).
fn pair_arrays(
    folder: &Path,
    data: &Dataset,
    weighting: Weighting,
    composition: Option<&Composition>,
) -> Result<Vec<(String, f64)>> {
    let species = &data.manifest.species;
    match (weighting, composition) {
        (Weighting::Number, _) => Ok(vec![("rdf".into(), 1.0)]),
        (_, None) => Err(Error::new(
            "species of reduced units scatter neither neutrons nor X-rays",
        )
        .at(folder)
        .cure("use --quantity vdos and --weighting number")),
        (_, Some(composition)) => {
            let weights = match weighting {
                Weighting::XRay => xray_weights(composition)?,
                _ => neutron_weights(composition)?,
            };
            Ok((weights.into_iter())
                .map(|(a, b, w)| (format!("rdf.{}-{}", species[a], species[b]), w))
                .collect())
        }
    }
}

fn from_opened(
    folder: &Path,
    data: &Dataset,
    samples: &[usize],
    quantity: Quantity,
    weighting: Option<Weighting>,
    blocks: &[Block],
) -> Result<TrainingSet> {
    let m = &data.manifest;
    let (weighting, composition) = scattering(data, quantity, weighting)?;
    let arrays = pair_arrays(folder, data, weighting, composition.as_ref())?;
    let density = data.column("number_density")?;
    Ok(TrainingSet {
        g: data.rows(&arrays, samples)?,
        added: added(data, blocks, samples)?,
        spectra: data.rows(&[(quantity.name().into(), 1.0)], samples)?,
        density: Some(samples.iter().map(|&i| density[i]).collect()),
        r: m.r.grid,
        energy: data.axis(quantity.name())?.grid,
        quantity,
        spectrum_unit: quantity.axis(),
        weighting,
        dimensions: m.dimensions,
        composition: composition.map(|c| c.to_string()),
        sources: vec![source(&folder.join("manifest.json"))?],
        notes: vec![
            ("potential".into(), m.recipe.potential.clone()),
            ("recipe".into(), m.recipe.name.clone()),
            (
                "samples used".into(),
                format!("{} of {}: {}", samples.len(), density.len(), m.usable_rule),
            ),
            ("broadening".into(), m.recipe.record.broadening_of(quantity)),
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
