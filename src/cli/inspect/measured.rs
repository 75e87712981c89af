//! Facts and figures of measured curves and wide tables.

use super::Seen;
use crate::cli::peaks::peaks;
use crate::curve::Quantity;
use crate::error::Result;
use crate::grid::Grid;
use crate::io::curve_text::Reading;
use crate::io::wide_table::WideTable;
use crate::report::overview;
use crate::units::Unit;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn curve(reading: &Reading, draw: bool) -> Result<Seen> {
    let curve = &reading.curve;
    let (x, unit) = (curve.x(), curve.quantity().axis());
    let found = peaks(curve);
    let listed: Vec<Value> = found.iter().map(|(x, y)| json!({"x": x, "y": y})).collect();
    let facts = json!({
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
        "peaks": listed,
        "blake3": reading.hash,
        "findings": reading.findings,
    });
    let figures = if draw {
        vec![overview::curve(curve, &found)?]
    } else {
        Vec::new()
    };
    Ok(Seen { facts, figures })
}

pub(super) fn table(path: &Path, draw: bool) -> Result<Seen> {
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
    let facts = json!({
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
    });
    let figures = if draw {
        vec![overview::table(&table)?]
    } else {
        Vec::new()
    };
    Ok(Seen { facts, figures })
}
