//! The operator put to the test on glasses whose g(r) and spectrum are both known.
//!
//! Noise of a stated level is put on each spectrum; then the same code that serves a measured one inverts it and judges the
//! pair. A claim is true if it holds here: the 95 % band covers 95 % in every region of r, pulls have mean 0 and standard
//! deviation 1, p-values of true pairs are uniform, the estimate implies the spectrum it came from, wrong pairs are noticed.

mod broadening;
mod trial;
mod uniform;

use super::power::Curves;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::operator::{Operator, rows};
use faer::Mat;
use serde::Serialize;
use std::ops::Range;
use trial::Trial;

/// Regions of r in which coverage and pulls are told.
const REGIONS: usize = 8;
/// Bins where the training glasses spread less than this fraction of their largest spread are known before any measurement: no
/// band is tested there.
const KNOWN: f64 = 1e-3;

/// Glasses to be tried, on the operator's grids.
#[derive(Debug, Clone)]
pub struct Known {
    /// g(r), N x p.
    pub g: Mat<f64>,
    /// Number density of each, where known.
    pub density: Option<Vec<f64>>,
    /// Spectra, N x q, per meV.
    pub spectra: Mat<f64>,
}

/// How the glasses are tried.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// White noise put on each spectrum, relative to the rms of all.
    pub noise: f64,
    /// Seed of the noise.
    pub seed: u64,
}

/// Errors of g inferred from spectra.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// 1 − SSE/SSE(training mean).
    pub skill: f64,
    /// Median over glasses of |g − ĝ| / |g|.
    pub relative_error: f64,
}

/// What was found in one region of r.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Region {
    /// From r, Å.
    pub from: f64,
    /// To r, Å.
    pub to: f64,
    /// Share of the truth inside the 95 % band.
    pub coverage95: f64,
    /// Mean of the pulls.
    pub pull_mean: f64,
    /// Their standard deviation.
    pub pull_sd: f64,
    /// Mean half-width of the band.
    pub half_width: f64,
}

/// Whether the estimate implies the spectrum it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Refolding {
    /// Median over glasses of Σ((z − H W ĝ)/σ)²/m: 1 where all that is left is the noise, more where the map's error is seen.
    pub chi2_per_point: f64,
    /// Median over glasses of |z − H W ĝ| / |z|.
    pub relative_residual: f64,
}

/// The p-values of true pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruePairs {
    /// One a glass, ascending.
    pub p_values: Vec<f64>,
    /// Share called inconsistent at 5 %: false alarms.
    pub false_alarms: f64,
    /// Share with a curve called outside the domain: false alarms too.
    pub outside: f64,
    /// Share of either: not called consistent.
    pub disowned: f64,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// Which glasses were tried, in words.
    pub protocol: String,
    /// Glasses tried.
    pub samples: usize,
    /// White noise put on each spectrum, relative to the rms.
    pub noise: f64,
    /// g from spectra without noise.
    pub closure: Accuracy,
    /// g from spectra with noise.
    #[serde(flatten)]
    pub noisy: Accuracy,
    /// R² of the spectra implied by the PDFs.
    pub forward_r2: f64,
    /// Share of the truth inside the 95 % band of g.
    pub coverage95: f64,
    /// Mean over bins and glasses of the pull (g − ĝ) / (half-width of the band / 1.96).
    pub pull_mean: f64,
    /// Its standard deviation.
    pub pull_sd: f64,
    /// The same by regions of r.
    pub regions: Vec<Region>,
    /// ĝ carried forward.
    pub refolding: Refolding,
    /// p-values of true pairs.
    pub true_pairs: TruePairs,
    /// Largest distance of the distribution of the p-values from the uniform one (Kolmogorov and Smirnov).
    pub p_value_ks: f64,
    /// Probability of a distance at least as large if they are uniform.
    pub p_value_ks_probability: f64,
    /// Shares of wrong pairs that were noticed.
    pub power: Curves,
    /// What was assumed.
    pub findings: Vec<Finding>,
}

impl Validation {
    /// Tries an operator on glasses it was not trained on.
    ///
    /// Errors: fewer than two glasses, or curves that do not fit the operator.
    pub fn of(operator: &Operator, known: &Known, settings: Settings) -> Result<Self> {
        if known.g.nrows() < 2 {
            return Err(Error::new("one glass tells no coverage and no power")
                .cure("give at least twenty glasses that were not trained on"));
        }
        let trial = Trial::run(operator, known, settings)?;
        let protocol = format!("{} glasses that were not trained on", known.g.nrows());
        let mut found = summary(operator, vec![trial], protocol, settings);
        if let Some(finding) =
            broadening::needed(operator, known, settings, found.true_pairs.disowned)?
        {
            found.findings.push(finding);
        }
        Ok(found)
    }

    /// Tries each tenth of an operator's own training glasses with the operator that the others give ([`Operator::part`]).
    pub fn by_folds(operator: &Operator, settings: Settings) -> Result<Self> {
        let folds = operator.random_folds();
        let count = folds.iter().max().map_or(0, |m| m + 1);
        let trials = (0..count)
            .map(|fold| {
                let (test, train): (Vec<usize>, Vec<usize>) =
                    (0..folds.len()).partition(|&i| folds[i] == fold);
                let seed = settings.seed.wrapping_add(fold as u64);
                Trial::run(
                    &operator.part(&train)?,
                    &training_glasses(operator, &test),
                    Settings { seed, ..settings },
                )
            })
            .collect::<Result<Vec<_>>>()?;
        let protocol = format!(
            "the {} training glasses themselves, each of {count} random parts by the operator of the others",
            operator.samples()
        );
        Ok(summary(operator, trials, protocol, settings))
    }
}

/// Training glasses as glasses to be tried.
fn training_glasses(operator: &Operator, which: &[usize]) -> Known {
    let g: Vec<Vec<f64>> = which.iter().map(|&i| operator.training_g(i)).collect();
    let density = (operator.relative_density.as_ref())
        .zip(operator.meta.mean_density)
        .map(|(relative, mean)| which.iter().map(|&i| relative[i] * mean).collect());
    Known {
        g: Mat::from_fn(g.len(), operator.x.ncols(), |i, j| g[i][j]),
        density,
        spectra: rows::select(operator.y.as_ref(), which),
    }
}

fn summary(
    operator: &Operator,
    trials: Vec<Trial>,
    protocol: String,
    settings: Settings,
) -> Validation {
    let mut trials = trials.into_iter();
    let mut all = trials.next().expect("an operator has at least one fold");
    trials.for_each(|t| all.add(t));
    let regions = regions(operator);
    let bins: Vec<usize> = regions.iter().flat_map(Clone::clone).collect();
    let whole = all.tally(&bins);
    let (ks, probability) = uniform::kolmogorov(&mut all.p_values);
    Validation {
        protocol,
        samples: all.p_values.len(),
        noise: settings.noise,
        closure: all.closure.accuracy(),
        noisy: all.noisy.accuracy(),
        forward_r2: 1.0 - all.forward_error / all.forward_total,
        coverage95: whole.0,
        pull_mean: whole.1,
        pull_sd: whole.2,
        regions: regions
            .iter()
            .map(|bins| {
                let bins: Vec<usize> = bins.clone().collect();
                let (coverage95, pull_mean, pull_sd) = all.tally(&bins);
                Region {
                    from: operator.meta.r.edge(bins[0]),
                    to: operator.meta.r.edge(bins[bins.len() - 1] + 1),
                    coverage95,
                    pull_mean,
                    pull_sd,
                    half_width: all.half_width(&bins),
                }
            })
            .collect(),
        refolding: Refolding {
            chi2_per_point: median(&mut all.refolded_chi2),
            relative_residual: median(&mut all.refolded_residual),
        },
        true_pairs: TruePairs {
            false_alarms: share(&all.p_values, |p| *p <= super::power::LEVEL),
            outside: share(&all.inside, |inside| !inside),
            disowned: all.disowned(),
            p_values: all.p_values,
        },
        p_value_ks: ks,
        p_value_ks_probability: probability,
        power: all.power,
        findings: all.findings,
    }
}

fn share<T>(values: &[T], is: impl Fn(&T) -> bool) -> f64 {
    values.iter().filter(|v| is(v)).count() as f64 / values.len().max(1) as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Equal ranges of bins from the first in which the training glasses differ to the last.
fn regions(operator: &Operator) -> Vec<Range<usize>> {
    let mean = rows::mean(operator.x.as_ref());
    let centred = rows::centred(operator.x.as_ref(), &mean);
    let spread: Vec<f64> = (0..mean.len()).map(|j| centred.col(j).norm_l2()).collect();
    let floor = KNOWN * spread.iter().copied().fold(0.0, f64::max);
    let varies = |j: &usize| spread[*j] > floor;
    let first = (0..mean.len()).find(varies).unwrap_or(0);
    let bins = mean.len() - first;
    let count = REGIONS.min(bins);
    let edge = |k: usize| first + k * bins / count;
    (0..count).map(|k| edge(k)..edge(k + 1)).collect()
}
