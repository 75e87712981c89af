//! Facts and figures of datasets and operators.

use super::Seen;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::grid::Grid;
use crate::operator::Operator;
use crate::report::overview;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Columns of `samples.csv` whose ranges are told.
const COLUMNS: [&str; 5] = [
    "displacement",
    "vacancy_fraction",
    "atoms",
    "number_density",
    "energy_per_atom_ev",
];

pub(super) fn dataset(folder: &Path, draw: bool) -> Result<Seen> {
    let data = Dataset::open(folder)?;
    let m = &data.manifest;
    // Each array is read once, so that a damaged one is found here and not in training.
    for name in m.quantities.keys() {
        data.matrix(name)?;
    }
    let usable = data.usable()?;
    let count = |column: &str, is_bad: fn(f64) -> bool| -> Result<usize> {
        Ok(data
            .column(column)?
            .into_iter()
            .filter(|v| is_bad(*v))
            .count())
    };
    let mut ranges = serde_json::Map::new();
    for column in COLUMNS {
        let values = data.column(column)?;
        let ends = [f64::min as fn(f64, f64) -> f64, f64::max]
            .map(|choose| values.iter().copied().fold(values[0], choose));
        ranges.insert(column.into(), json!(ends));
    }
    let facts = json!({
        "kind": "dataset",
        "file": folder,
        "material": m.species,
        "concentrations": m.concentrations,
        "potential": m.recipe.potential,
        "recipe": m.recipe,
        "samples": m.recipe.samples,
        "usable": usable.len(),
        "usable_rule": m.usable_rule,
        "samples_with": {
            "no_convergence": count("converged", |v| v == 0.0)?,
            "pairs_in_a_cutoff_window": count("window_pairs", |v| v > 0.0)?,
            "imaginary_modes": count("imaginary_modes", |v| v > 0.0)?,
            "loose_modes": count("loose_modes", |v| v > 0.0)?,
            "false_modes": count("false_modes", |v| v > 0.0)?,
        },
        "ranges": ranges,
        "quantities": m.quantities.keys().collect::<Vec<_>>(),
        "r": grid(m.r.grid, "angstrom"),
        "energy": grid(m.energy.grid, "mev"),
        "program": m.program,
        "findings": [],
    });
    let figures = if draw {
        overview::dataset(&data)?
    } else {
        Vec::new()
    };
    Ok(Seen { facts, figures })
}

pub(super) fn operator(path: &Path, draw: bool) -> Result<Seen> {
    let operator = Operator::load(path)?;
    let m = &operator.meta;
    let singular = overview::singular_values(&operator)?;
    let facts = json!({
        "kind": "operator",
        "file": path,
        "quantity": m.quantity,
        "spectrum_unit": m.spectrum_unit,
        "descriptor": m.descriptor,
        "features": m.reads(),
        "forward": m.forward,
        "weighting": m.weighting,
        "dimensions": m.dimensions,
        "composition": m.composition,
        "samples": operator.samples(),
        "groups": m.groups.iter().collect::<BTreeSet<_>>().len(),
        "mean_density": m.mean_density,
        "r": grid(m.r, "angstrom"),
        "energy": grid(m.energy, "mev"),
        "lambda_forward": m.lambda_forward,
        "lambda_backward": m.lambda_backward,
        "degrees_of_freedom": m.degrees_of_freedom,
        "scores": m.scores,
        "singular_values": singular,
        "seed": m.seed,
        "sources": m.sources,
        "notes": m.notes,
        "program": m.program,
        "findings": [],
    });
    let figures = if draw {
        overview::operator(&operator)?
    } else {
        Vec::new()
    };
    Ok(Seen { facts, figures })
}

fn grid(grid: Grid, unit: &str) -> Value {
    json!({"range": [grid.start(), grid.end()], "bins": grid.len(), "unit": unit})
}
