//! `glassbridge inspect`.

use super::Outcome;
use super::peaks::peaks;
use super::read_options::ReadArgs;
use crate::curve::Quantity;
use crate::error::Result;
use crate::grid::Grid;
use crate::io::curve_text::Reading;
use crate::io::wide_table::{WideTable, is_wide_table};
use crate::units::Unit;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Say what a measured file or a wide table holds, what was read and what was assumed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  glassbridge inspect spectrum.dat --quantity vdos --x-unit thz")]
pub(super) struct Args {
    /// Columns of text with a measured curve, or a wide table (CSV)
    file: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let seen = if is_wide_table(&args.file)? {
        table(&args.file)?
    } else {
        curve(&args.read.read(&args.file)?)
    };
    if args.json {
        println!("{seen}");
    } else {
        println!("{}", told(&seen));
    }
    Ok(Outcome::Done)
}

fn curve(reading: &Reading) -> Value {
    let curve = &reading.curve;
    let (x, unit) = (curve.x(), curve.quantity().axis());
    let peaks: Vec<Value> = peaks(curve)
        .iter()
        .map(|(x, y)| json!({"x": x, "y": y}))
        .collect();
    json!({
        "kind": "curve",
        "file": reading.source,
        "dialect": reading.dialect,
        "quantity": curve.quantity().name(),
        "unit": unit.to_string(),
        "points": curve.len(),
        "range": [x[0], x[curve.len() - 1]],
        "errors": curve.sigma().is_some(),
        "area": curve.area(),
        "q_max": reading.q_max,
        "peaks": peaks,
        "blake3": reading.hash,
        "findings": reading.findings,
    })
}

fn table(path: &Path) -> Result<Value> {
    let table = WideTable::read(path)?;
    let n = table.axis.len();
    let step = Grid::from_centres(&table.axis).map(|g| g.step()).ok();
    let width = |j: usize| 0.5 * (table.axis[(j + 1).min(n - 1)] - table.axis[j.saturating_sub(1)]);
    // A uniform axis is one of bin centres: the area is the sum over bins.
    let area = |i: usize| -> f64 {
        (0..n)
            .map(|j| table.rows[(i, j)] * step.unwrap_or_else(|| width(j)))
            .sum()
    };
    let areas: Vec<f64> = (0..table.samples.len()).map(area).collect();
    Ok(json!({
        "kind": "wide-table",
        "file": path,
        "quantity": table.quantity.map(Quantity::name),
        "unit": table.unit.as_ref().map(Unit::to_string),
        "samples": table.samples.len(),
        "points": n,
        "range": [table.axis[0], table.axis[n - 1]],
        "step": step,
        "area_mean": areas.iter().sum::<f64>() / areas.len() as f64,
        "area_least": areas.iter().copied().fold(f64::INFINITY, f64::min),
        "area_largest": areas.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "notes": table.notes,
        "findings": [],
    }))
}

/// The same facts in lines for people.
fn told(seen: &Value) -> String {
    let mut lines = Vec::new();
    for (key, value) in seen.as_object().into_iter().flatten() {
        let value = match (key.as_str(), value) {
            ("findings" | "blake3", _) | (_, Value::Null) => continue,
            ("range", Value::Array(ends)) => {
                ends.iter().map(short).collect::<Vec<_>>().join(" to ")
            }
            ("peaks", Value::Array(peaks)) => peaks
                .iter()
                .map(|p| short(&p["x"]))
                .collect::<Vec<_>>()
                .join(", "),
            ("notes", Value::Array(notes)) => notes.iter().map(pair).collect(),
            (_, value) => short(value),
        };
        lines.push(format!("{:<13}{value}", key.replace('_', " ")));
    }
    for finding in seen["findings"].as_array().into_iter().flatten() {
        let part = |key: &str| finding[key].as_str().unwrap_or_default();
        lines.push(format!("note: {} {}", part("message"), part("advice")));
    }
    lines.join("\n")
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(known) => if *known { "given" } else { "unknown" }.to_owned(),
        number => match number.as_f64() {
            Some(x) if number.is_f64() => format!("{x:.5}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            _ => number.to_string(),
        },
    }
}

fn pair(note: &Value) -> String {
    format!("\n  {}: {}", short(&note[0]), short(&note[1]))
}
