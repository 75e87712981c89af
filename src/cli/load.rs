//! What several verbs load: curves or wide tables, densities, training sets.

use super::read_options::ReadArgs;
use crate::curve::Quantity;
use crate::dataset::Dataset;
use crate::dataset::store::weighted;
use crate::elements::{Composition, element};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::grid::Grid;
use crate::instrument::weights::neutron_weights;
use crate::inverse::Raw;
use crate::io::curve_text::{ReadOptions, read_curve};
use crate::io::files;
use crate::io::samples::Samples;
use crate::io::wide_table::{WideTable, is_wide_table};
use crate::operator::{TrainingSet, Weighting, rows};
use crate::units::Unit;
use faer::Mat;
use std::path::Path;

/// Wide tables larger than this are refused before they are read.
const LARGEST_TABLE: u64 = 4 << 30;

/// One or many measured curves with their names.
pub(super) struct Loaded {
    pub raw: Raw,
    pub names: Vec<String>,
    /// Whether it was a wide table.
    pub table: bool,
    pub findings: Vec<Finding>,
    /// Path and blake3 hash.
    pub source: (String, String),
}

/// Reads a curve or a wide table; `otherwise` is assumed where neither the file nor the user says what it is.
pub(super) fn curves(path: &Path, args: &ReadArgs, otherwise: Quantity) -> Result<Loaded> {
    let source = source(path)?;
    if is_wide_table(path)? {
        let table = WideTable::read(path)?;
        let quantity = args.quantity.or(table.quantity).unwrap_or(otherwise);
        let factor = axis_factor(&table, quantity, args.x_unit, path)?;
        return Ok(Loaded {
            raw: Raw {
                x: table.axis.iter().map(|x| x * factor).collect(),
                y: per_inside_unit(&table.rows, quantity, factor),
                sigma: None,
                quantity,
            },
            names: table.samples,
            table: true,
            findings: Vec::new(),
            source,
        });
    }
    let reading = read_curve(
        path,
        &ReadOptions {
            otherwise: Some(otherwise),
            ..args.options()
        },
    )?;
    let name = path
        .file_name()
        .map_or_else(|| "curve".into(), |n| n.to_string_lossy().into_owned());
    Ok(Loaded {
        raw: Raw {
            x: reading.curve.x().to_vec(),
            y: Mat::from_fn(1, reading.curve.len(), |_, j| reading.curve.y()[j]),
            sigma: reading.curve.sigma().map(<[f64]>::to_vec),
            quantity: reading.curve.quantity(),
        },
        names: vec![name],
        table: false,
        findings: reading.findings,
        source,
    })
}

/// Number densities of the named samples from a samples table.
pub(super) fn densities(path: &Path, names: &[String]) -> Result<Vec<f64>> {
    let samples = Samples::read(path)?;
    let column = samples.column("number_density")?;
    names
        .iter()
        .map(|name| {
            let at = samples
                .ids()
                .iter()
                .position(|id| id == name)
                .ok_or_else(|| {
                    Error::new(format!("sample '{name}' is not in the table"))
                        .at(path)
                        .cure("give the samples.csv that belongs to the curves")
                })?;
            Ok(column[at])
        })
        .collect()
}

/// A training set from two wide tables and perhaps a samples table.
pub(super) fn training_tables(
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

/// Writes what a unit and a quantity need to be in inside units.
fn axis_factor(
    table: &WideTable,
    quantity: Quantity,
    unit: Option<Unit>,
    path: &Path,
) -> Result<f64> {
    let from = unit.or(table.unit).unwrap_or(quantity.axis());
    from.factor_to(quantity.axis()).map_err(|e| e.at(path))
}

fn per_inside_unit(rows: &Mat<f64>, quantity: Quantity, factor: f64) -> Mat<f64> {
    let jacobian = if quantity.is_density() {
        1.0 / factor
    } else {
        1.0
    };
    rows * faer::Scale(jacobian)
}

/// Path and hash of a file that was used.
pub(super) fn source(path: &Path) -> Result<(String, String)> {
    let hash = blake3::hash(&files::read(path, LARGEST_TABLE)?);
    Ok((path.display().to_string(), hash.to_hex().to_string()))
}

/// Says doubts on standard error.
pub(super) fn tell(findings: &[Finding]) {
    for finding in findings {
        eprintln!("note: {} {}", finding.message, finding.advice);
    }
}

/// A training set from a dataset folder: the samples its rule calls usable. A neutron spectrum is paired with the
/// neutron-weighted g(r), any other with the number-weighted one.
pub(super) fn training_dataset(folder: &Path, quantity: Quantity) -> Result<TrainingSet> {
    let data = Dataset::open(folder)?;
    let m = &data.manifest;
    let amounts: Vec<(&str, f64)> = (m.species.iter().map(String::as_str))
        .zip(m.concentrations.iter().copied())
        .collect();
    // The species of reduced units are no elements.
    let real = amounts.iter().all(|(symbol, _)| element(symbol).is_ok());
    let composition = real.then(|| Composition::new(&amounts)).transpose()?;
    let weighting = if quantity == Quantity::NeutronGdos {
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
        ],
    })
}
