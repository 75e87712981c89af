//! The sparse weights of the linear map and its offset, as in figure 3 of arXiv:2602.05313:
//! `cargo run --release --example paper_figure_3 -- [DATASET] [FOLDER]`.
//!
//! DATASET is a folder made by `glassbridge simulate`; without one, 24 samples of `lj2d` are made. The left panel shows
//! the weights of the elastic net; dashed lines mark where the mean g(r) and the mean spectrum have their peaks. The right panel
//! shows the offset with the penalty and (nearly) without.

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

#[path = "support/glass.rs"]
mod glass;

use glassbridge::curve::Quantity;
use glassbridge::dataset::Dataset;
use glassbridge::error::Result;
use glassbridge::operator::fit::ridge::RidgePath;
use glassbridge::operator::forward::Request;
use glassbridge::operator::{Estimator, Operator, Settings, rows};
use glassbridge::report::{
    self, Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size,
};
use std::path::PathBuf;

/// A ridge penalty that keeps the rounding out and nothing else, relative to the largest variance.
const NEARLY_NONE: f64 = 1e-12;
/// A peak of a mean curve is at least this part of its largest value.
const PEAK: f64 = 0.5;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = match arguments.next() {
        Some(folder) => PathBuf::from(folder),
        None => glass::made(&[])?,
    };
    let out = arguments.next().map_or_else(
        || std::env::temp_dir().join("glassbridge-paper"),
        PathBuf::from,
    );
    let set = glass::training_set(&Dataset::open(&folder)?, Quantity::Vdos)?;
    let request = Request {
        estimator: Estimator::ElasticNet,
        ..Request::default()
    };
    let settings = Settings {
        forward: request,
        ..Settings::default()
    };
    let operator = Operator::train(&set, &settings)?;
    let nonzero = operator
        .w
        .col_iter()
        .map(|c| c.iter().filter(|w| **w != 0.0).count());
    let kept = nonzero.sum::<usize>() as f64 / (operator.w.nrows() * operator.w.ncols()) as f64;
    println!(
        "{}: {:.1} % of the weights are not zero, R2 of samples not seen {:.3}",
        operator.meta.forward,
        100.0 * kept,
        operator.meta.scores.held_out_r2
    );
    let drawn = Report {
        sections: vec![Section {
            heading: "Figure 3".into(),
            blocks: vec![Block::Figure(figure(&operator)?)],
        }],
        ..Report::default()
    };
    report::write_figures(&drawn, &out)?;
    println!("written to {}", out.display());
    Ok(())
}

fn figure(operator: &Operator) -> Result<Figure> {
    let (r, energy) = (operator.meta.r.centres(), operator.meta.energy.centres());
    let (g, y) = (
        rows::mean(operator.x.as_ref()),
        rows::mean(operator.y.as_ref()),
    );
    let step = operator.meta.r.step();
    let weights =
        (0..energy.len()).flat_map(|i| (0..r.len()).map(move |j| operator.w[(i, j)] / step));
    let dashed = |x: [f64; 2], y: [f64; 2]| Layer::line("", &x, &y, Role::Prior);
    let (reach, top) = (r[r.len() - 1], energy[energy.len() - 1]);
    let mut layers = vec![Layer::Map {
        label: "w (1/(meV Å))".into(),
        x: r.clone(),
        y: energy.clone(),
        values: weights.collect(),
    }];
    layers.extend((peaks(&r, &g).into_iter()).map(|x| dashed([x, x], [energy[0], top])));
    layers.extend((peaks(&energy, &y).into_iter()).map(|e| dashed([r[0], reach], [e, e])));
    let map = Panel::new(Axis::new("r (Å)"), Axis::new("energy (meV)"), layers)
        .titled("weights of the elastic net");
    let path = RidgePath::new(operator.x.as_ref(), operator.y.as_ref())?;
    let largest = path.default_lambdas().into_iter().fold(0.0, f64::max);
    let free = path.fit(NEARLY_NONE * largest);
    let offsets = Panel::new(
        Axis::new("energy (meV)"),
        Axis::new("offset (1/meV)"),
        vec![
            Layer::line("nearly no penalty", &energy, &free.offset, Role::Reference),
            Layer::line("elastic net", &energy, &operator.b, Role::Predicted),
            Layer::line("mean spectrum", &energy, &y, Role::Measured),
        ],
    )
    .titled("offset b(E)");
    Figure::new(
        "figure-3",
        "Left, the weights that the elastic net keeps; the lines are at the peaks of the mean g(r) and of the mean spectrum. \
         Right, the offset with the penalty and nearly without, and the mean spectrum.",
        Arrangement::Beside,
        Size::page(80.0),
        vec![map, offsets],
    )
}

/// Where a curve has maxima worth a line.
fn peaks(x: &[f64], y: &[f64]) -> Vec<f64> {
    let top = y.iter().copied().fold(0.0, f64::max);
    (1..y.len() - 1)
        .filter(|&j| y[j] > y[j - 1] && y[j] >= y[j + 1] && y[j] > PEAK * top)
        .map(|j| x[j])
        .collect()
}
