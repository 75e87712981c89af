//! What a pair of measurements could have told: how often a wrong pair would have been rejected.

use super::predictive::Judge;
use faer::Mat;
use serde::Serialize;

/// The level at which a pair is called inconsistent.
pub const LEVEL: f64 = 0.05;
/// A difference counts as revealed if this share of such pairs is rejected.
const REVEALED: f64 = 0.8;
/// Spectra that differ by more than this, |y - y'| / |y|, are a real mismatch.
const MISMATCH: f64 = 0.1;
/// Relative stretches of the energy axis that are tried.
const STRETCHES: [f64; 7] = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1];
/// Other glasses each glass is paired with.
const MATES: usize = 7;

/// Shares of deliberately wrong pairs that this pair of instruments rejects at [`LEVEL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Power {
    /// Spectrum of another training glass whose spectrum differs by more than 10 %.
    pub mismatch: f64,
    /// Spectrum of the training glass with the most similar spectrum.
    pub nearest: f64,
    /// Smallest relative stretch of the energy axis that is rejected in four of five pairs; absent if none up to 10 % is.
    pub energy_scale: Option<f64>,
}

/// Measures the power of a judge on its left-out training glasses.
pub(super) fn measure(judge: &Judge<'_>) -> Power {
    let n = judge.operator.samples();
    let rejects = |pairs: &[(usize, usize)], stretch: f64| -> f64 {
        if pairs.is_empty() {
            return 0.0;
        }
        let spectra = stretched(judge, stretch);
        let rejected = pairs
            .iter()
            .filter(|(i, j)| rejected(judge, &spectra, *i, *j))
            .count();
        rejected as f64 / pairs.len() as f64
    };
    let own: Vec<(usize, usize)> = (0..n).map(|i| (i, i)).collect();
    let norm = |i: usize| judge.operator.y.row(i).norm_l2();
    let apart = |i: usize, j: usize| {
        (judge.operator.y.row(i) - judge.operator.y.row(j)).norm_l2() / norm(i)
    };
    let mates: Vec<(usize, usize)> = (0..n)
        .flat_map(|i| (1..=MATES).map(move |k| (i, (i + k * n / (MATES + 1)) % n)))
        .filter(|&(i, j)| i != j && apart(i, j) > MISMATCH)
        .collect();
    let groups = &judge.operator.meta.groups;
    let nearest: Vec<(usize, usize)> = (0..n)
        .filter_map(|i| {
            (0..n)
                .filter(|&j| groups[j] != groups[i])
                .min_by(|&a, &b| apart(i, a).total_cmp(&apart(i, b)))
                .map(|j| (i, j))
        })
        .collect();
    Power {
        mismatch: rejects(&mates, 0.0),
        nearest: rejects(&nearest, 0.0),
        energy_scale: STRETCHES
            .into_iter()
            .find(|&s| rejects(&own, s) >= REVEALED),
    }
}

/// Noisy spectra of all training glasses with the energy axis stretched by `1 + by`, at the measured points.
fn stretched(judge: &Judge<'_>, by: f64) -> Mat<f64> {
    let seen = &judge.inverter.seen;
    let n = judge.operator.samples();
    let noise = seen.noisy.subrows(0, n) - &seen.data;
    let grid = judge.operator.meta.energy;
    let at = |i: usize, j: usize| -> f64 {
        // y'(E) = y(E/(1+s))/(1+s), linear between bin centres.
        let place = ((grid.centre(j) / (1.0 + by) - grid.start()) / grid.step() - 0.5).max(0.0);
        let k = (place as usize).min(grid.len() - 2);
        let t = place - k as f64;
        ((1.0 - t) * judge.operator.y[(i, k)] + t * judge.operator.y[(i, k + 1)]) / (1.0 + by)
    };
    let spectra = Mat::from_fn(n, grid.len(), at);
    judge.see(spectra.as_ref()) + noise
}

/// Whether the spectrum of glass j is rejected as the partner of the PDF of glass i.
fn rejected(judge: &Judge<'_>, spectra: &Mat<f64>, i: usize, j: usize) -> bool {
    let implied = judge.predictor.left_out.subrows(i, 1);
    let statistic = judge.statistic(spectra.subrows(j, 1), implied, judge.local[i]);
    judge.p_value(statistic) <= LEVEL
}
