//! What several verbs load: curves or wide tables, densities.

use super::read_options::ReadArgs;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::Raw;
use crate::io::curve_text::{ReadOptions, read_curve};
use crate::io::files;
use crate::io::samples::Samples;
use crate::io::wide_table::{WideTable, is_wide_table};
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

/// Operator and spectrum of `--with OP.npz=SPECTRUM`.
pub(super) fn operator_and_spectrum(with: &str) -> Result<(&Path, &Path)> {
    let (operator, spectrum) = with.split_once('=').ok_or_else(|| {
        Error::new(format!("'{with}' is not OP.npz=SPECTRUM"))
            .cure("name the operator and its spectrum, such as raman.npz=raman.dat")
    })?;
    Ok((Path::new(operator), Path::new(spectrum)))
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

/// Writes what a unit and a quantity need to be in inside units.
pub(super) fn axis_factor(
    table: &WideTable,
    quantity: Quantity,
    unit: Option<Unit>,
    path: &Path,
) -> Result<f64> {
    let from = unit.or(table.unit).unwrap_or(quantity.axis());
    from.factor_to(quantity.axis()).map_err(|e| e.at(path))
}

pub(super) fn per_inside_unit(rows: &Mat<f64>, quantity: Quantity, factor: f64) -> Mat<f64> {
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

/// Says doubts on standard error, what is true of many files once.
pub(super) fn tell(findings: &[Finding]) {
    let mut told: Vec<(&Finding, usize)> = Vec::new();
    for finding in findings {
        match told.iter_mut().find(|(known, _)| *known == finding) {
            Some((_, times)) => *times += 1,
            None => told.push((finding, 1)),
        }
    }
    for (finding, times) in told {
        let times = match times {
            1 => String::new(),
            n => format!(" ({n} times)"),
        };
        eprintln!("note: {} {}{times}", finding.message, finding.advice);
    }
}
