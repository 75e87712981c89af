//! The grid search over the penalties α and β of arXiv:2602.05313 (eq. 8), drawn:
//! `cargo run --release --example paper_grid_search -- [DATASET] [FOLDER]`.
//!
//! DATASET is a folder made by `glassbridge simulate`; without one, 24 samples of `lj2d` are made. Every cell of the map is the score of
//! an elastic net on samples left out, near-duplicates never split.

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

#[path = "support/glass.rs"]
mod glass;

use glassbridge::curve::Quantity;
use glassbridge::dataset::Dataset;
use glassbridge::error::Result;
use glassbridge::operator::fit::elastic_net::{ElasticNet, Penalty};
use glassbridge::operator::{TrainingSet, groups, rows};
use glassbridge::report::overview::collected;
use glassbridge::report::{self, Arrangement, Axis, Figure, Layer, Panel, Role, Size};
use std::path::PathBuf;

/// Folds of the cross-validation.
const FOLDS: usize = 5;
/// log₁₀ of the least and the largest penalty and of a step: of α relative to the one that leaves no weight, of β to the variance of
/// g(r), all bins together.
const ALPHA: (f64, f64, f64) = (-3.0, 0.0, 0.5);
const BETA: (f64, f64, f64) = (-6.0, 0.0, 1.0);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let folder = arguments.next().map_or_else(|| glass::made(&[]), Ok)?;
    let out = (arguments.next()).unwrap_or_else(|| std::env::temp_dir().join("glassbridge-paper"));
    let set = glass::training_set(&Dataset::open(&folder)?, Quantity::Vdos)?;
    let search = Search::run(&set)?;
    let (alpha, beta, r2, kept) = search.best();
    println!(
        "best: alpha = 1e{alpha:.1}, beta = 1e{beta:.1}: R2 {r2:.4}, {:.0} % of the weights kept",
        100.0 * kept
    );
    report::write_figures(&collected("Grid search", vec![search.figure()?]), &out)?;
    println!("written to {}", out.display());
    Ok(())
}

/// Scores over the grid, β after β.
struct Search {
    /// log₁₀ of the paper's penalties.
    alphas: Vec<f64>,
    betas: Vec<f64>,
    r2: Vec<f64>,
    /// Share of weights that are not zero.
    kept: Vec<f64>,
}

fn steps((from, to, step): (f64, f64, f64)) -> Vec<f64> {
    let count = ((to - from) / step).round() as i32;
    (0..=count).map(|k| from + f64::from(k) * step).collect()
}

impl Search {
    fn run(set: &TrainingSet) -> Result<Self> {
        let (x, y) = (&set.g, &set.spectra);
        let folds = groups::folds(&groups::groups(x.as_ref()), FOLDS, 0);
        let q = y.ncols();
        let largest = ElasticNet::new(x.as_ref(), y.as_ref())?.largest_lasso();
        let centred = rows::centred(x.as_ref(), &rows::mean(x.as_ref()));
        let variance = rows::sum_of_squares(centred.as_ref()) / x.nrows() as f64;
        let penalty = |alpha: f64, beta: f64| Penalty {
            lasso: largest * 10f64.powf(alpha),
            ridge: variance * 10f64.powf(beta),
        };
        let (alphas, betas) = (steps(ALPHA), steps(BETA));
        let cells = alphas.len() * betas.len();
        let (mut errors, mut kept, mut total) = (vec![0.0; cells], vec![0.0; cells], 0.0);
        for fold in 0..FOLDS {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..folds.len()).partition(|&i| folds[i] == fold);
            if test.is_empty() {
                continue;
            }
            let pick = |which: &[usize]| {
                (
                    rows::select(x.as_ref(), which),
                    rows::select(y.as_ref(), which),
                )
            };
            let ((x, y), (asked, truth)) = (pick(&train), pick(&test));
            let net = ElasticNet::new(x.as_ref(), y.as_ref())?;
            let mean = rows::mean(y.as_ref());
            total += rows::sum_of_squares(rows::centred(truth.as_ref(), &mean).as_ref());
            for (b, &beta) in betas.iter().enumerate() {
                // A path goes from many zeros to few.
                let path: Vec<Penalty> = alphas
                    .iter()
                    .rev()
                    .map(|&alpha| penalty(alpha, beta))
                    .collect();
                for (a, fit) in net.path(&path)?.into_iter().enumerate() {
                    let cell = b * alphas.len() + alphas.len() - 1 - a;
                    let off = &truth - fit.map.predict(asked.as_ref());
                    errors[cell] += rows::sum_of_squares(off.as_ref());
                    kept[cell] += fit.support_size() / x.ncols() as f64 / FOLDS as f64;
                }
            }
        }
        let paper = |log: f64| penalty(log, log).to_paper(q);
        Ok(Self {
            alphas: alphas.iter().map(|&a| paper(a).0.log10()).collect(),
            betas: betas.iter().map(|&b| paper(b).1.log10()).collect(),
            r2: errors.iter().map(|e| 1.0 - e / total).collect(),
            kept,
        })
    }

    /// log₁₀ α, log₁₀ β, R² and share of weights of the best cell.
    fn best(&self) -> (f64, f64, f64, f64) {
        let cell = (0..self.r2.len())
            .max_by(|&a, &b| self.r2[a].total_cmp(&self.r2[b]))
            .unwrap_or(0);
        let n = self.alphas.len();
        (
            self.alphas[cell % n],
            self.betas[cell / n],
            self.r2[cell],
            self.kept[cell],
        )
    }

    fn figure(&self) -> Result<Figure> {
        let best = self.best();
        let panel = |label: &str, title: &str, values: &[f64]| {
            let map = Layer::Map {
                label: label.into(),
                x: self.alphas.clone(),
                y: self.betas.clone(),
                values: values.to_vec(),
            };
            let mark = Layer::Points {
                label: String::new(),
                x: vec![best.0],
                y: vec![best.1],
                sigma: None,
                role: Role::Reference,
            };
            Panel::new(Axis::new("log₁₀ α"), Axis::new("log₁₀ β"), vec![map, mark]).titled(title)
        };
        let lost: Vec<f64> = self
            .r2
            .iter()
            .map(|r2| (1.0 - r2).max(1e-6).log10())
            .collect();
        Figure::new(
            "grid-search",
            "The elastic net over the penalties of the paper's equation 8: left, the share of the variance of spectra left out that the map does \
             not explain; right, the share of the weights it keeps. The point marks the best cell.",
            Arrangement::Beside,
            Size::page(75.0),
            vec![
                panel("log₁₀ (1 − R²)", "not explained", &lost),
                panel("share", "weights kept", &self.kept),
            ],
        )
    }
}
