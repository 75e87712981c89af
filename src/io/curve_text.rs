//! Curves in columns of text, as the programs and facilities of the field write them.

use super::columns::{Table, find_layout, refuse_unreadable};
use super::dialect::Head;
use super::files;
use super::repairs::{Point, errors, ordered};
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::units::Unit;
use std::path::{Path, PathBuf};

/// Largest file taken: 512 MiB.
const LARGEST: u64 = 512 << 20;
/// No vibration is faster than that of H2, 4401 cm⁻¹ (Huber and Herzberg 1979), here in meV and rounded up.
const FASTEST_VIBRATION: f64 = 550.0;

/// What the user says about a file; what is `None` is taken from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What the curve shows.
    pub quantity: Option<Quantity>,
    /// What it is taken to be, with a finding, where neither its head nor `quantity` says.
    pub otherwise: Option<Quantity>,
    /// Unit of x in the file.
    pub unit: Option<Unit>,
    /// Columns of x, y and perhaps the standard error, counted from 1.
    pub columns: Option<Vec<usize>>,
}

/// A curve and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The curve, x in the inside unit of its quantity, densities with their Jacobian.
    pub curve: Curve,
    /// What was assumed or repaired.
    pub findings: Vec<Finding>,
    /// The file.
    pub source: PathBuf,
    /// BLAKE3 of the file, hexadecimal.
    pub hash: String,
    /// Program or layout recognised.
    pub dialect: String,
    /// `Q_max` of a Fourier transform, in 1/Å, if the file tells it.
    pub q_max: Option<f64>,
    /// `key: value` and `key = value` lines of the head.
    pub notes: Vec<(String, String)>,
}

/// Reads a curve.
///
/// Errors tell file, line and column: text among the numbers, a number that is not finite, rows of different length, fewer
/// than two columns, an empty or binary file, one beyond the limits, a quantity or unit that nobody named.
pub fn read_curve(path: &Path, options: &ReadOptions) -> Result<Reading> {
    let bytes = files::read(path, LARGEST)?;
    parse(&bytes, path, options).map_err(|e| e.at(path))
}

/// Reads a curve from bytes; `source` serves its extension and the record. See [`read_curve`].
pub fn parse(bytes: &[u8], source: &Path, options: &ReadOptions) -> Result<Reading> {
    refuse_unreadable(bytes)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let layout = find_layout(text)?;
    let extension = source
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase());
    let table = Table::read(text, layout, extension.as_deref().unwrap_or_default())?;
    let mut findings = Vec::new();
    let chosen = table.choose(options, &mut findings)?;
    if let Some(line) = table.footer {
        findings.push(Finding::new(
            "text-after-numbers",
            format!("The text from line {line} on, below the numbers, was not read."),
            "Check that the curve is complete.",
        ));
    }
    let points = table.points(&chosen, &mut findings)?;
    let quantity = quantity(&table.head, options, &mut findings)?;
    let factor = unit(&table.head, quantity, options, &mut findings)?.factor_to(quantity.axis())?;
    let points = errors(points, &mut findings);
    let points = ordered(points, &mut findings);
    improbable(&points, factor, quantity, &mut findings);
    if points.len() < 2 {
        return Err(Error::new("the file has one point")
            .because("a curve needs two")
            .cure("check that the file is complete and that its numbers stand in columns"));
    }
    let jacobian = if quantity.is_density() { factor } else { 1.0 };
    let sigma: Option<Vec<f64>> = points
        .iter()
        .map(|p| p.sigma.map(|s| s / jacobian))
        .collect();
    let curve = Curve::new(
        points.iter().map(|p| p.x * factor).collect(),
        points.iter().map(|p| p.y / jacobian).collect(),
        sigma,
        quantity,
    )?;
    let layout = layout.describe();
    Ok(Reading {
        curve,
        findings,
        source: source.to_path_buf(),
        hash: blake3::hash(bytes).to_hex().to_string(),
        dialect: table
            .head
            .program
            .map_or(layout.clone(), |p| format!("{p}, {layout}")),
        q_max: table.head.q_max,
        notes: table.head.notes,
    })
}

/// Tells of one-phonon spectra that go on where nothing vibrates: their unit is probably another.
fn improbable(points: &[Point], factor: f64, quantity: Quantity, findings: &mut Vec<Finding>) {
    use Quantity::{NeutronGdos, Raman, RamanReduced, Vdos};
    let end = points.last().map_or(0.0, |p| p.x * factor);
    let one_phonon = matches!(quantity, Vdos | NeutronGdos | Raman | RamanReduced);
    if one_phonon && end > FASTEST_VIBRATION {
        findings.push(Finding::new(
            "axis-improbable",
            format!("x ends at {end:.0} meV, but no vibration lies above {FASTEST_VIBRATION} meV."),
            "Check the unit of x: spectra in wavenumbers need --x-unit cm-1.",
        ));
    }
}

fn quantity(head: &Head, options: &ReadOptions, findings: &mut Vec<Finding>) -> Result<Quantity> {
    match (options.quantity, head.quantity) {
        (Some(said), Some(read)) if said != read => {
            findings.push(Finding::new(
                "quantity-overruled",
                format!("The file looks like {read}; it is taken as {said}, as asked."),
                "Leave --quantity out to follow the file.",
            ));
            Ok(said)
        }
        (Some(said), _) => Ok(said),
        (None, Some(read)) => {
            findings.push(Finding::new(
                "quantity-recognised",
                format!("The head of the file says that this is {read}."),
                "Give --quantity if it is something else.",
            ));
            Ok(read)
        }
        (None, None) if let Some(assumed) = options.otherwise => {
            findings.push(Finding::new(
                "quantity-assumed",
                format!("The file does not say what it shows; {assumed} is assumed."),
                "Say what it is with --quantity (of a PDF: --pdf-quantity) if it is something else.",
            ));
            Ok(assumed)
        }
        (None, None) => {
            let names: Vec<_> = Quantity::ALL.iter().map(|q| q.name()).collect();
            Err(Error::new("the file does not say what it shows")
                .because("nothing in its head names the quantity")
                .cure(format!("give --quantity with one of {}", names.join(", "))))
        }
    }
}

fn unit(
    head: &Head,
    quantity: Quantity,
    options: &ReadOptions,
    findings: &mut Vec<Finding>,
) -> Result<Unit> {
    let fits = |u: &Unit| u.inside() == quantity.axis();
    match options.unit.or(head.unit.filter(fits)) {
        Some(unit) if fits(&unit) => Ok(unit),
        Some(unit) => Err(Error::new(format!("x of a {quantity} cannot be in {unit}"))
            .because(format!(
                "its axis is measured in {} or a unit of the same kind",
                quantity.axis()
            ))
            .cure("correct --x-unit or --quantity")),
        None => {
            let axis = quantity.axis();
            if axis == Unit::Mev {
                findings.push(Finding::new(
                    "unit-assumed",
                    "The file does not name the unit of its energy axis; meV is assumed.",
                    "Give --x-unit thz, cm-1 or rad/ps if it is another.",
                ));
            }
            Ok(axis)
        }
    }
}
