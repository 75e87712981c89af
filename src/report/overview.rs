//! Figures of what a file holds: a measured curve, a dataset, an operator.

mod dataset;
mod operator;
mod structure;

pub use dataset::dataset;
pub use operator::{operator, singular_values};
pub use structure::{sheet, slab};

use super::{Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size};
use crate::curve::{Curve, Quantity};
use crate::error::Result;
use crate::io::wide_table::WideTable;
use crate::operator::rows;
use crate::units::Unit;
use faer::MatRef;

/// The figures as a report, for [`write_figures`](super::write_figures).
pub fn collected(title: &str, figures: Vec<Figure>) -> Report {
    Report {
        title: title.into(),
        sections: vec![Section {
            heading: title.into(),
            blocks: figures.into_iter().map(Block::Figure).collect(),
        }],
        ..Report::default()
    }
}

/// A measured curve with the given maxima (x, y) marked.
pub fn curve(curve: &Curve, peaks: &[(f64, f64)]) -> Result<Figure> {
    let (x, y): (Vec<f64>, Vec<f64>) = peaks.iter().copied().unzip();
    let mut layers = Vec::new();
    if let Some(sigma) = curve.sigma() {
        let edge = |sign: f64| -> Vec<f64> {
            let each = curve.y().iter().zip(sigma);
            each.map(|(y, s)| y + sign * s).collect()
        };
        layers.push(Layer::Band {
            label: "± one standard error".into(),
            x: curve.x().to_vec(),
            low: edge(-1.0),
            high: edge(1.0),
            role: Role::Measured,
        });
    }
    layers.push(Layer::line("as read", curve.x(), curve.y(), Role::Measured));
    layers.push(Layer::Points {
        label: format!("{} maxima", peaks.len()),
        x,
        y,
        sigma: None,
        role: Role::Reference,
    });
    let quantity = curve.quantity();
    Figure::new(
        "curve",
        "The curve as it was read, with its most prominent maxima.",
        Arrangement::Stacked,
        Size::page(80.0),
        vec![Panel::new(
            Axis::new(quantity.axis_label()),
            Axis::new(quantity.name()),
            layers,
        )],
    )
}

fn axis_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Angstrom => "r",
        Unit::InverseAngstrom => "Q",
        Unit::Kelvin => "temperature",
        _ => "energy",
    }
}

/// The rows of a wide table: their mean and the range of the middle 90 %.
pub fn table(table: &WideTable) -> Result<Figure> {
    let (low, high) = middle(table.rows.as_ref());
    let unit = table.unit.map_or_else(String::new, |u| format!(" ({u})"));
    let x = table.quantity.map_or("x", |q| axis_name(q.axis()));
    let mean = rows::mean(table.rows.as_ref());
    let band = Layer::Band {
        label: "middle 90 %".into(),
        x: table.axis.clone(),
        low,
        high,
        role: Role::Prior,
    };
    Figure::new(
        "table",
        "Mean of the curves of the table, and the range of the middle 90 % of them at each point.",
        Arrangement::Stacked,
        Size::page(80.0),
        vec![Panel::new(
            Axis::new(format!("{x}{unit}")),
            Axis::new(table.quantity.map_or("y", Quantity::name)),
            vec![
                band,
                Layer::line(
                    &format!("mean of {}", table.samples.len()),
                    &table.axis,
                    &mean,
                    Role::Prior,
                ),
            ],
        )],
    )
}

/// The 5 % and 95 % quantiles of each column.
fn middle(m: MatRef<'_, f64>) -> (Vec<f64>, Vec<f64>) {
    let last = m.nrows() - 1;
    (0..m.ncols())
        .map(|j| {
            let mut column: Vec<f64> = m.col(j).iter().copied().collect();
            column.sort_by(f64::total_cmp);
            let at = |share: f64| column[(share * last as f64).round() as usize];
            (at(0.05), at(0.95))
        })
        .unzip()
}
