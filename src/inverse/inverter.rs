//! The default inversion: Gaussian conditioning, with bands calibrated on glasses that were left out.

mod estimate;

use self::estimate::{Estimate, Here};
use super::constrained::{Prior, Solver};
use super::derived::{COUNT, Derived, Shape};
use super::joint::Stacked;
use super::{Channel, Constraints, Measurement, Resolution, Seen};
use crate::error::Result;
use crate::operator::Operator;
use crate::operator::conditional::{Scores, Target};
use crate::operator::directions::Directions;
use faer::{Mat, MatRef};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Share of the truth that a band is to hold.
pub const COVERAGE: f64 = 0.95;
/// Half-width below which a band is rounding: bins where every training glass has the same g (the hard core).
const SMALLEST_BAND: f64 = 1e-9;

/// An operator carried to one instrument, ready for any number of its spectra.
#[derive(Debug)]
pub struct Inverter<'a> {
    operator: &'a Operator,
    /// Those of the training spectra, and the ridge penalty that goes with them.
    directions: Arc<Directions>,
    lambda: f64,
    /// The training spectra as this instrument sees them.
    pub seen: Seen,
    /// Descriptor and relative density (n x (p+1)), to be inferred.
    target: Target,
    /// Band half-width at r for a spectrum of unit spread.
    quantile: Vec<f64>,
    /// The same for the derived numbers.
    number_quantile: [Option<f64>; COUNT],
    shape: Shape,
    typical_leverage: f64,
    /// ρ/ρ̄ as inferred from each noisy copy of a left-out spectrum, where the operator knows densities.
    left_out_densities: Option<Vec<f64>>,
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
        let directions = operator.spectrum_directions()?;
        let lambda = operator.meta.lambda_backward;
        Self::carried(operator, operator.y.as_ref(), directions, lambda, channel)
    }

    /// Several spectra of one sample at once: `stacked` holds the training spectra side by side.
    pub fn joint(operator: &'a Operator, stacked: &Stacked) -> Result<Self> {
        let samples = stacked.samples.as_ref();
        let directions = Arc::new(Directions::new(samples)?);
        let channel = &stacked.measurement.channel;
        Self::carried(operator, samples, directions, 1.0, channel)
    }

    fn carried(
        operator: &'a Operator,
        samples: MatRef<'_, f64>,
        directions: Arc<Directions>,
        lambda: f64,
        channel: &Channel,
    ) -> Result<Self> {
        let seen = Seen::new(
            samples,
            &directions,
            channel,
            lambda,
            &operator.random_folds(),
            operator.meta.seed,
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
        let mut inverter = Self {
            operator,
            directions,
            lambda,
            target: seen.conditional.target(raw.as_ref()),
            seen,
            quantile: vec![0.0; p],
            number_quantile: [None; COUNT],
            shape: Shape::new(operator),
            typical_leverage: 0.0,
            left_out_densities: None,
            nuisances: channel.nuisances.clone(),
            prior: OnceLock::new(),
        };
        inverter.calibrate(&raw);
        Ok(inverter)
    }

    /// Split-conformal quantiles per bin: |error| of left-out noisy copies over their spread. `raw` is the target.
    fn calibrate(&mut self, raw: &Mat<f64>) {
        let (n, p) = (self.operator.samples(), self.quantile.len());
        let judged = self.seen.left_out(self.seen.noisy_scores());
        let leverages = judged.leverage();
        let mut sorted = leverages.clone();
        sorted.sort_by(f64::total_cmp);
        self.typical_leverage = sorted[sorted.len() / 2];
        let spread: Vec<f64> = leverages.iter().map(|&h| self.spread(h)).collect();
        let estimate = self.seen.left_out_estimates(&judged, &self.target);
        let copies = estimate.ncols();
        let density: Vec<f64> = (0..copies).map(|c| estimate[(p, c)]).collect();
        self.quantile = (0..p)
            .into_par_iter()
            .map(|j| {
                let truth: Vec<f64> = (0..n).map(|i| raw[(i, j)] / raw[(i, p)]).collect();
                let mut scaled: Vec<f64> = (0..copies)
                    .map(|c| (estimate[(j, c)] / density[c] - truth[c % n]).abs() / spread[c])
                    .collect();
                conformal_quantile(&mut scaled, n)
            })
            .collect();
        self.calibrate_numbers(raw, &estimate, &spread);
        self.left_out_densities = self.operator.relative_density.as_ref().and(Some(density));
    }

    /// The same for the derived numbers.
    fn calibrate_numbers(&mut self, raw: &Mat<f64>, estimate: &Mat<f64>, spread: &[f64]) {
        let (n, p) = (self.operator.samples(), self.quantile.len());
        let known = self.operator.relative_density.is_some();
        let numbers = |x: &[f64]| {
            let g: Vec<f64> = x[..p].iter().map(|v| v / x[p]).collect();
            self.shape.numbers(&g, known.then_some(x[p]))
        };
        let truth = raw.transpose().to_owned();
        let truth: Vec<_> = (0..n).map(|i| numbers(truth.col_as_slice(i))).collect();
        let found: Vec<_> = (0..estimate.ncols())
            .into_par_iter()
            .map(|c| numbers(estimate.col_as_slice(c)))
            .collect();
        self.number_quantile = std::array::from_fn(|k| {
            let error = |c: usize| Some((found[c][k]? - truth[c % n][k]?).abs() / spread[c]);
            let mut scaled: Vec<f64> = (0..found.len()).filter_map(error).collect();
            (!scaled.is_empty()).then(|| conformal_quantile(&mut scaled, n))
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
        let here = Here {
            conditional: &self.seen.conditional,
            target: &self.target,
            nuisances: &self.nuisances,
        };
        self.told(&here, &here.estimate(spectra))
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
            let here = Here {
                conditional: &self.seen.conditional,
                target: &self.target,
                nuisances: &self.nuisances,
            };
            return self.one_channel(&here, measured.data.as_ref(), constraints);
        }
        (measured.nuisances.par_iter().enumerate())
            .map(|(row, found)| {
                let channel = &found.channel;
                let conditional = Seen::whole(&self.directions, channel, self.lambda)?;
                let here = Here {
                    target: &self.target.along(&conditional),
                    conditional: &conditional,
                    nuisances: &channel.nuisances,
                };
                let spectrum = measured.data.subrows(row, 1);
                Ok(self.one_channel(&here, spectrum, constraints)?.remove(0))
            })
            .collect()
    }

    fn one_channel(
        &self,
        here: &Here<'_>,
        spectra: MatRef<'_, f64>,
        constraints: &Constraints,
    ) -> Result<Vec<Inversion>> {
        let mut estimate = here.estimate(spectra);
        let free = self.told(here, &estimate);
        if constraints.is_empty() {
            return Ok(free);
        }
        let target = here.target;
        let prior = self.prior.get_or_init(|| Prior::new(self.target.centred()));
        let prior = prior.as_ref().map_err(Clone::clone)?;
        let solver = Solver::new(self.operator, here.conditional, prior, constraints)?;
        let steps = (0..spectra.nrows())
            .into_par_iter()
            .map(|k| solver.step(&self.descriptor(&estimate, k)))
            .collect::<Result<Vec<_>>>()?;
        let mut weights = Mat::zeros(self.operator.samples(), spectra.nrows());
        for (k, step) in steps.iter().enumerate() {
            for (i, by) in step.iter().flat_map(|s| s.weights.iter().enumerate()) {
                weights[(i, k)] = *by;
            }
        }
        estimate.moved += target.centred().transpose() * &weights;
        estimate.further = Some(here.conditional.sample_vectors().transpose() * &weights);
        let mut all = self.told(here, &estimate);
        for ((inversion, free), step) in all.iter_mut().zip(&free).zip(steps) {
            inversion.confine(free, constraints, &self.operator.meta.r.centres());
            inversion.active = step.map_or_else(Vec::new, |s| s.active);
        }
        Ok(all)
    }

    /// Descriptor and relative density of spectrum k.
    fn descriptor(&self, estimate: &Estimate, k: usize) -> Vec<f64> {
        (self.target.mean().iter())
            .zip(estimate.moved.col_as_slice(k))
            .map(|(mean, moved)| mean + moved)
            .collect()
    }

    /// What estimates say.
    fn told(&self, here: &Here<'_>, from: &Estimate) -> Vec<Inversion> {
        let refolded = here.refolded(from);
        let p = self.quantile.len();
        let one = |k: usize| {
            let x = self.descriptor(from, k);
            let density = x[p];
            let g: Vec<f64> = x[..p].iter().map(|x| x / density).collect();
            let spread = self.spread(from.leverage[k]);
            let half = |j: usize| (self.quantile[j] * spread).max(SMALLEST_BAND);
            let numbers = self.number_quantile.map(|q| q.map(|q| q * spread));
            let relative_density = self.operator.relative_density.as_ref().map(|_| density);
            Inversion {
                low: (0..p).map(|j| g[j] - half(j)).collect(),
                high: (0..p).map(|j| g[j] + half(j)).collect(),
                derived: self.shape.derived(&g, relative_density, &numbers),
                g,
                relative_density,
                refolded: (here.conditional.mean().iter())
                    .zip(refolded.col_as_slice(k))
                    .map(|(mean, moved)| mean + moved)
                    .collect(),
                distance: from.distance[k],
                active: Vec::new(),
            }
        };
        (0..from.leverage.len()).into_par_iter().map(one).collect()
    }

    /// ρ/ρ̄ as inferred from changed copies of the training spectra (column i of `scores` stands for glass i) by the folds that do not
    /// know them, where the operator knows densities.
    pub fn left_out_densities_of(&self, scores: &Scores) -> Option<Vec<f64>> {
        let known = self.operator.relative_density.as_ref()?;
        let column = Mat::from_fn(known.len(), 1, |i, _| known[i]);
        let target = self.seen.conditional.target(column.as_ref());
        let found = self
            .seen
            .left_out_estimates(&self.seen.left_out(scores), &target);
        Some(found.row(0).iter().copied().collect())
    }

    /// ρ/ρ̄ as inferred from the noisy copies of left-out spectra, where the operator knows densities.
    pub fn left_out_densities(&self) -> Option<&[f64]> {
        self.left_out_densities.as_deref()
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
    let level = (COVERAGE * (1.0 + 1.0 / samples as f64)).min(1.0);
    let index = ((level * values.len() as f64).ceil() as usize).clamp(1, values.len());
    *values.select_nth_unstable_by(index - 1, f64::total_cmp).1
}
