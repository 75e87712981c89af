//! What several spectra of one glass say together of its g(r), beside each alone:
//! `cargo run --release --example observables -- DATASET [QUANTITY...]`.
//!
//! DATASET is a folder made by `glassbridge simulate --observables ...`; without one, 24 samples of `lj2d` with `ins` and `ixs` are made.
//! Prints a table: skill of g(r) (0: the mean of the training set, 1: perfect) and median relative error from spectra with 3 % white noise, on the folds
//! of `train`, near-duplicates never split. g(r) counts pairs by number, so that all spectra are of one g(r).

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

#[path = "support/glass.rs"]
mod glass;

use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::dataset::observable::Observable;
use glassbridge::dataset::{Dataset, Recipe};
use glassbridge::error::Result;
use glassbridge::inverse::{Inverter, Measurement, Raw, Stacked};
use glassbridge::operator::scores::NOISE_LEVEL;
use glassbridge::operator::{Operator, Settings, TrainingSet, rows};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::path::PathBuf;

const SEED: u64 = 1;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let made = || glass::made(&[Observable::Ins, Observable::Ixs]);
    let folder = (arguments.next()).map_or_else(made, |folder| Ok(PathBuf::from(folder)))?;
    let asked: Vec<Quantity> = arguments.map(|q| q.parse()).collect::<Result<_>>()?;
    let data = Dataset::open(&folder)?;
    let quantities = if asked.is_empty() {
        recorded(&data.manifest.recipe)
    } else {
        asked
    };
    let sets = (quantities.iter())
        .map(|q| glass::training_set(&data, *q))
        .collect::<Result<Vec<_>>>()?;
    let choices = choices(sets.len());
    let mut tallies: Vec<Tally> = choices.iter().map(|_| Tally::default()).collect();
    // Those of `train`, so that scores can be compared.
    let folds = Operator::train(&sets[0], &Settings::default())?.meta.folds;
    for fold in 0..=folds.iter().copied().max().unwrap_or(0) {
        let parts = |held: bool| -> Vec<TrainingSet> {
            let which: Vec<usize> = (0..folds.len())
                .filter(|&i| (folds[i] == fold) == held)
                .collect();
            sets.iter().map(|set| set.subset(&which)).collect()
        };
        let (known, unseen) = (parts(false), parts(true));
        let operators = (known.iter())
            .map(|set| Operator::train(set, &Settings::default()))
            .collect::<Result<Vec<_>>>()?;
        let measured = (operators.iter().zip(&unseen))
            .map(|(operator, set)| measure(operator, set, SEED + fold as u64))
            .collect::<Result<Vec<_>>>()?;
        for (choice, tally) in choices.iter().zip(&mut tallies) {
            let parts: Vec<(&Operator, &Measurement)> = choice
                .iter()
                .map(|&k| (&operators[k], &measured[k]))
                .collect();
            let stacked = Stacked::new(&parts)?;
            let inverter = Inverter::joint(parts[0].0, &stacked)?;
            let found = inverter.invert_measured(&stacked.measurement)?;
            let mean = rows::mean(known[0].g.as_ref());
            for (i, found) in found.iter().enumerate() {
                tally.add(&found.g, &rows::row(unseen[0].g.as_ref(), i), &mean);
            }
        }
    }
    println!("| spectra | skill | relative error |\n|---|---|---|");
    for (choice, tally) in choices.iter().zip(tallies) {
        let names: Vec<&str> = choice.iter().map(|&k| quantities[k].name()).collect();
        let (skill, error) = tally.scores();
        println!("| {} | {skill:.3} | {error:.3} |", names.join(" + "));
    }
    Ok(())
}

/// The spectra of a dataset that a spectrometer measures, one of each kind.
fn recorded(recipe: &Recipe) -> Vec<Quantity> {
    let told = |o: &&Observable| !matches!(o, Observable::Kappa | Observable::Raman);
    let mut found = vec![Quantity::Vdos];
    found.extend(
        recipe
            .record
            .observables
            .iter()
            .filter(told)
            .map(|o| o.quantity()),
    );
    found
}

/// Each alone, each pair, and all together.
fn choices(count: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = (0..count).map(|k| vec![k]).collect();
    for a in 0..count {
        out.extend((a + 1..count).map(|b| vec![a, b]));
    }
    if count > 2 {
        out.push((0..count).collect());
    }
    out
}

/// The spectra with noise, as the operator takes them.
fn measure(operator: &Operator, set: &TrainingSet, seed: u64) -> Result<Measurement> {
    let y = &set.spectra;
    let rms = (rows::sum_of_squares(y.as_ref()) / (y.nrows() * y.ncols()) as f64).sqrt();
    // Each quantity its own noise.
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ ((set.quantity as u64) << 32));
    let noisy = Mat::from_fn(y.nrows(), y.ncols(), |i, j| {
        let draw: f64 = StandardNormal.sample(&mut rng);
        y[(i, j)] + NOISE_LEVEL * rms * draw
    });
    let raw = Raw {
        x: set.energy.centres(),
        y: noisy,
        sigma: Some(vec![NOISE_LEVEL * rms; y.ncols()]),
        quantity: set.quantity,
    };
    Measurement::spectra(operator, &raw, None, &[])
}

#[derive(Debug, Default)]
struct Tally {
    error: f64,
    total: f64,
    relative: Vec<f64>,
}

impl Tally {
    fn add(&mut self, found: &[f64], truth: &[f64], mean: &[f64]) {
        let apart = |a: &[f64]| -> f64 { a.iter().zip(truth).map(|(a, t)| (a - t).powi(2)).sum() };
        let size: f64 = truth.iter().map(|t| t * t).sum();
        self.error += apart(found);
        self.total += apart(mean);
        self.relative.push((apart(found) / size).sqrt());
    }

    fn scores(mut self) -> (f64, f64) {
        self.relative.sort_by(f64::total_cmp);
        (
            1.0 - self.error / self.total,
            self.relative[self.relative.len() / 2],
        )
    }
}
