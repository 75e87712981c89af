//! The default inversion: Gaussian conditioning, with bands calibrated on glasses that were left out.

use super::constrained::{Prior, Solver};
use super::derived::{COUNT, Derived, Shape};
use super::joint::Stacked;
use super::{Channel, Constraints, Measurement, Resolution, Seen};
use crate::error::Result;
use crate::operator::conditional::Conditional;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Share of the truth that a band is to hold.
pub const COVERAGE: f64 = 0.95;
/// Half-width below which a band is rounding: bins where every training glass has the same g (the hard core).
const SMALLEST_BAND: f64 = 1e-9;

/// An operator carried to one instrument, ready for any number of its spectra.
#[derive(Debug)]
pub struct Inverter<'a> {
    operator: &'a Operator,
    /// The training spectra, n x q, and the ridge penalty that goes with them.
    samples: Cow<'a, Mat<f64>>,
    lambda: f64,
    /// The training spectra as this instrument sees them.
    pub seen: Seen,
    /// Descriptor and relative density, centred, n x (p+1), and their means.
    target: Mat<f64>,
    target_mean: Vec<f64>,
    /// Band half-width at r for a spectrum of unit spread.
    quantile: Vec<f64>,
    /// The same for the derived numbers.
    number_quantile: [Option<f64>; COUNT],
    shape: Shape,
    typical_leverage: f64,
    /// Those of the channel, m x k.
    nuisances: Mat<f64>,
    /// For constraints, once there are any.
    prior: OnceLock<Result<Prior>>,
}

/// What one spectrum implies.
#[derive(Debug, Clone)]
pub struct Inversion {
    /// g(r) on the operator's grid.
    pub g: Vec<f64>,
    /// Lower end of the calibrated 95 % band.
    pub low: Vec<f64>,
    /// Upper end of the calibrated 95 % band.
    pub high: Vec<f64>,
    /// ρ/ρ̄, where the operator knows densities.
    pub relative_density: Option<f64>,
    /// The spectrum that the estimate and the fitted nuisances imply, at the measured points (the refolding).
    pub refolded: Vec<f64>,
    /// Distance within the known directions, and outside them.
    pub distance: (f64, f64),
    /// Numbers taken from g, with calibrated 95 % intervals.
    pub derived: Vec<Derived>,
    /// r of the bins where a constraint g ≥ 0 held the estimate back.
    pub active: Vec<f64>,
}

impl<'a> Inverter<'a> {
    /// Carries the operator to `channel` and calibrates the bands there.
    pub fn new(operator: &'a Operator, channel: &Channel) -> Result<Self> {
        let lambda = operator.meta.lambda_backward;
        Self::carried(operator, Cow::Borrowed(&operator.y), lambda, channel)
    }

    /// Several spectra of one sample at once: `stacked` holds the training spectra side by side.
    pub fn joint(operator: &'a Operator, stacked: &Stacked) -> Result<Self> {
        let samples = Cow::Owned(stacked.samples.clone());
        Self::carried(operator, samples, 1.0, &stacked.measurement.channel)
    }

    fn carried(
        operator: &'a Operator,
        samples: Cow<'a, Mat<f64>>,
        lambda: f64,
        channel: &Channel,
    ) -> Result<Self> {
        let meta = &operator.meta;
        let seen = Seen::new(
            samples.as_ref().as_ref(),
            channel,
            lambda,
            &operator.random_folds(),
            meta.seed,
        )?;
        let (n, p) = (operator.samples(), operator.x.ncols());
        let density = |i: usize| operator.relative_density.as_ref().map_or(1.0, |d| d[i]);
        let raw = Mat::from_fn(n, p + 1, |i, j| {
            if j < p {
                operator.x[(i, j)]
            } else {
                density(i)
            }
        });
        let target_mean = rows::mean(raw.as_ref());
        let mut inverter = Self {
            operator,
            samples,
            lambda,
            seen,
            target: rows::centred(raw.as_ref(), &target_mean),
            target_mean,
            quantile: vec![0.0; p],
            number_quantile: [None; COUNT],
            shape: Shape::new(operator),
            typical_leverage: 0.0,
            nuisances: channel.nuisances.clone(),
            prior: OnceLock::new(),
        };
        inverter.calibrate(&raw);
        Ok(inverter)
    }

    /// Split-conformal quantiles per bin: |error| of left-out noisy copies over their spread.
    fn calibrate(&mut self, raw: &Mat<f64>) {
        let p = self.quantile.len();
        let mut leverages = Vec::new();
        let mut errors: Vec<Vec<f64>> = Vec::new();
        let mut number_errors: Vec<[Option<f64>; COUNT]> = Vec::new();
        for fold in &self.seen.folds {
            let part = rows::select(raw.as_ref(), &fold.train);
            let mean = rows::mean(part.as_ref());
            let (data, sample) = self.seen.left_out(fold);
            let white = fold.conditional.whiten(data.as_ref());
            let weights = fold.conditional.weights(white.as_ref());
            let estimate = rows::centred(part.as_ref(), &mean).transpose() * weights;
            leverages.extend(fold.conditional.leverage(white.as_ref()));
            for (column, &i) in sample.iter().enumerate() {
                let truth = self.operator.training_g(i);
                let density = mean[p] + estimate[(p, column)];
                let g: Vec<f64> = (0..p)
                    .map(|j| (mean[j] + estimate[(j, column)]) / density)
                    .collect();
                errors.push(g.iter().zip(&truth).map(|(g, t)| (g - t).abs()).collect());
                let known = self.operator.relative_density.as_ref();
                let found = self.shape.numbers(&g, known.map(|_| density));
                let true_numbers = self.shape.numbers(&truth, known.map(|d| d[i]));
                number_errors.push(std::array::from_fn(|k| {
                    found[k].zip(true_numbers[k]).map(|(a, b)| (a - b).abs())
                }));
            }
        }
        let mut sorted = leverages.clone();
        sorted.sort_by(f64::total_cmp);
        self.typical_leverage = sorted[sorted.len() / 2];
        let spread: Vec<f64> = leverages.iter().map(|&h| self.spread(h)).collect();
        for j in 0..p {
            let mut scaled: Vec<f64> = errors.iter().zip(&spread).map(|(e, s)| e[j] / s).collect();
            self.quantile[j] = conformal_quantile(&mut scaled, self.operator.samples());
        }
        self.number_quantile = std::array::from_fn(|k| {
            let mut scaled: Vec<f64> = (number_errors.iter().zip(&spread))
                .filter_map(|(e, s)| e[k].map(|e| e / s))
                .collect();
            (!scaled.is_empty()).then(|| conformal_quantile(&mut scaled, self.operator.samples()))
        });
    }

    /// How much wider than at zero leverage an error is expected to be.
    fn spread(&self, leverage: f64) -> f64 {
        (self.typical_leverage + leverage)
            .max(f64::MIN_POSITIVE)
            .sqrt()
    }

    /// Inverts spectra given as rows (N x m) at the channel's points.
    pub fn invert(&self, spectra: MatRef<'_, f64>) -> Vec<Inversion> {
        let estimate = Estimate::new(&self.seen.conditional, spectra);
        self.told(
            &self.seen.conditional,
            &self.seen.data,
            &self.nuisances,
            &estimate,
        )
    }

    /// Inverts measured spectra, each through its own channel if its nuisances were searched for. Their bands are calibrated at
    /// the typical channel, the one given to [`new`](Self::new).
    pub fn invert_measured(&self, measured: &Measurement) -> Result<Vec<Inversion>> {
        self.invert_constrained(measured, &Constraints::default())
    }

    /// The same under constraints. The band is that of the unconstrained estimate, without what is negative if g ≥ 0.
    ///
    /// Errors: constraints that make no sense for this operator, or contradict each other.
    pub fn invert_constrained(
        &self,
        measured: &Measurement,
        constraints: &Constraints,
    ) -> Result<Vec<Inversion>> {
        if measured.nuisances.is_empty() {
            let seen = &self.seen;
            return self.one_channel(
                &seen.conditional,
                &seen.data,
                &self.nuisances,
                measured.data.as_ref(),
                constraints,
            );
        }
        (measured.nuisances.par_iter().enumerate())
            .map(|(row, found)| {
                let channel = &found.channel;
                let samples = self.samples.as_ref().as_ref();
                let (conditional, data) = Seen::whole(samples, channel, self.lambda)?;
                let spectrum = measured.data.subrows(row, 1);
                let nuisances = &channel.nuisances;
                let mut one =
                    self.one_channel(&conditional, &data, nuisances, spectrum, constraints)?;
                Ok(one.remove(0))
            })
            .collect()
    }

    fn one_channel(
        &self,
        conditional: &Conditional,
        data: &Mat<f64>,
        nuisances: &Mat<f64>,
        spectra: MatRef<'_, f64>,
        constraints: &Constraints,
    ) -> Result<Vec<Inversion>> {
        let mut estimate = Estimate::new(conditional, spectra);
        if constraints.is_empty() {
            return Ok(self.told(conditional, data, nuisances, &estimate));
        }
        let prior = self.prior.get_or_init(|| Prior::new(&self.target));
        let prior = prior.as_ref().map_err(Clone::clone)?;
        let solver = Solver::new(self.operator, conditional, prior, constraints)?;
        let free = self.told(conditional, data, nuisances, &estimate);
        let moved = self.target.transpose() * &estimate.weights;
        let steps = (0..spectra.nrows())
            .into_par_iter()
            .map(|k| {
                let t: Vec<f64> = (self.target_mean.iter().enumerate())
                    .map(|(i, m)| m + moved[(i, k)])
                    .collect();
                solver.step(&t)
            })
            .collect::<Result<Vec<_>>>()?;
        for (k, step) in steps.iter().enumerate() {
            for (i, by) in step.iter().flat_map(|s| s.weights.iter().enumerate()) {
                estimate.weights[(i, k)] += by;
            }
        }
        let mut all = self.told(conditional, data, nuisances, &estimate);
        for ((inversion, free), step) in all.iter_mut().zip(&free).zip(steps) {
            inversion.confine(free, constraints, &self.operator.meta.r.centres());
            inversion.active = step.map_or_else(Vec::new, |s| s.active);
        }
        Ok(all)
    }

    /// What weights of the training samples say.
    fn told(
        &self,
        conditional: &Conditional,
        data: &Mat<f64>,
        nuisances: &Mat<f64>,
        from: &Estimate,
    ) -> Vec<Inversion> {
        let estimate = self.target.transpose() * &from.weights;
        let data_mean = conditional.mean();
        let disturbance =
            nuisances * (nuisances.transpose() * conditional.precision_times(from.white.as_ref()));
        let refolded =
            rows::centred(data.as_ref(), data_mean).transpose() * &from.weights + disturbance;
        let p = self.quantile.len();
        (0..from.weights.ncols())
            .map(|k| {
                let density = self.target_mean[p] + estimate[(p, k)];
                let g: Vec<f64> = (0..p)
                    .map(|j| (self.target_mean[j] + estimate[(j, k)]) / density)
                    .collect();
                let spread = self.spread(from.leverage[k]);
                let half: Vec<f64> = (self.quantile.iter())
                    .map(|q| (q * spread).max(SMALLEST_BAND))
                    .collect();
                let numbers = self.number_quantile.map(|q| q.map(|q| q * spread));
                let relative_density = self.operator.relative_density.as_ref().map(|_| density);
                Inversion {
                    low: g.iter().zip(&half).map(|(g, h)| g - h).collect(),
                    high: g.iter().zip(&half).map(|(g, h)| g + h).collect(),
                    derived: self.shape.derived(&g, relative_density, &numbers),
                    g,
                    relative_density,
                    refolded: (data_mean.iter().enumerate())
                        .map(|(i, m)| m + refolded[(i, k)])
                        .collect(),
                    distance: from.distance[k],
                    active: Vec::new(),
                }
            })
            .collect()
    }

    /// r up to which the coordination number counts, Å.
    pub fn coordination_cutoff(&self) -> Option<f64> {
        self.shape.cutoff()
    }

    /// What the data decide and what the prior decides, for every spectrum of this channel.
    pub fn resolution(&self) -> Result<Resolution> {
        Resolution::new(self.operator, &self.seen.conditional)
    }
}

/// Weights of the training samples for some spectra, and where these stand.
struct Estimate {
    white: Mat<f64>,
    weights: Mat<f64>,
    leverage: Vec<f64>,
    distance: Vec<(f64, f64)>,
}

impl Estimate {
    fn new(conditional: &Conditional, spectra: MatRef<'_, f64>) -> Self {
        let white = conditional.whiten(spectra);
        Self {
            weights: conditional.weights(white.as_ref()),
            leverage: conditional.leverage(white.as_ref()),
            distance: conditional.distances(white.as_ref()),
            white,
        }
    }
}

impl Inversion {
    /// Takes the band of the unconstrained estimate, without what the constraints exclude.
    fn confine(&mut self, free: &Self, constraints: &Constraints, r: &[f64]) {
        for (j, r) in r.iter().enumerate() {
            let (mut low, mut high) = (free.low[j].min(self.g[j]), free.high[j].max(self.g[j]));
            if constraints.non_negative {
                // What is left below zero is the solver's tolerance.
                self.g[j] = self.g[j].max(0.0);
                (low, high) = (low.max(0.0), high.max(0.0));
            }
            if constraints.core.is_some_and(|core| *r < core) {
                self.g[j] = 0.0;
                (low, high) = (0.0, 0.0);
            }
            (self.low[j], self.high[j]) = (low, high);
        }
    }
}

/// The ⌈(n+1)·95 %⌉/n quantile, the finite-sample correction counted in independent samples.
fn conformal_quantile(values: &mut [f64], samples: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let level = (COVERAGE * (1.0 + 1.0 / samples as f64)).min(1.0);
    let index = ((level * values.len() as f64).ceil() as usize).clamp(1, values.len());
    values[index - 1]
}
