//! The default inversion: Gaussian conditioning, with bands calibrated on glasses that were left out.

use super::{Channel, Resolution, Seen};
use crate::error::Result;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// Share of the truth that a band is to hold.
pub const COVERAGE: f64 = 0.95;
/// Half-width below which a band is rounding: bins where every training glass has the same g (the hard core).
const SMALLEST_BAND: f64 = 1e-9;

/// An operator carried to one instrument, ready for any number of its spectra.
#[derive(Debug)]
pub struct Inverter<'a> {
    operator: &'a Operator,
    /// The training spectra as this instrument sees them.
    pub seen: Seen,
    /// Descriptor and relative density, centred, n x (p+1), and their means.
    target: Mat<f64>,
    target_mean: Vec<f64>,
    /// Band half-width at r for a spectrum of unit spread.
    quantile: Vec<f64>,
    typical_leverage: f64,
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
    /// The spectrum that the estimate implies, at the measured points (the refolding).
    pub refolded: Vec<f64>,
    /// Distance within the known directions, and outside them.
    pub distance: (f64, f64),
}

impl<'a> Inverter<'a> {
    /// Carries the operator to `channel` and calibrates the bands there.
    pub fn new(operator: &'a Operator, channel: &Channel) -> Result<Self> {
        let meta = &operator.meta;
        let seen = Seen::new(
            operator.y.as_ref(),
            channel,
            meta.lambda_backward,
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
            seen,
            target: rows::centred(raw.as_ref(), &target_mean),
            target_mean,
            quantile: vec![0.0; p],
            typical_leverage: 0.0,
        };
        inverter.calibrate(&raw);
        Ok(inverter)
    }

    /// Split-conformal quantiles per bin: |error| of left-out noisy copies over their spread.
    fn calibrate(&mut self, raw: &Mat<f64>) {
        let p = self.quantile.len();
        let mut leverages = Vec::new();
        let mut errors: Vec<Vec<f64>> = Vec::new();
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
                errors.push(
                    (0..p)
                        .map(|j| ((mean[j] + estimate[(j, column)]) / density - truth[j]).abs())
                        .collect(),
                );
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
    }

    /// How much wider than at zero leverage an error is expected to be.
    fn spread(&self, leverage: f64) -> f64 {
        (self.typical_leverage + leverage)
            .max(f64::MIN_POSITIVE)
            .sqrt()
    }

    /// Inverts spectra given as rows (N x m) at the channel's points.
    pub fn invert(&self, spectra: MatRef<'_, f64>) -> Vec<Inversion> {
        let conditional = &self.seen.conditional;
        let white = conditional.whiten(spectra);
        let weights = conditional.weights(white.as_ref());
        let estimate = self.target.transpose() * &weights;
        let data_mean = conditional.mean();
        let refolded = rows::centred(self.seen.data.as_ref(), data_mean).transpose() * &weights;
        let (leverage, distance) = (
            conditional.leverage(white.as_ref()),
            conditional.distances(white.as_ref()),
        );
        let p = self.quantile.len();
        (0..spectra.nrows())
            .map(|k| {
                let density = self.target_mean[p] + estimate[(p, k)];
                let g: Vec<f64> = (0..p)
                    .map(|j| (self.target_mean[j] + estimate[(j, k)]) / density)
                    .collect();
                let half: Vec<f64> = self
                    .quantile
                    .iter()
                    .map(|q| (q * self.spread(leverage[k])).max(SMALLEST_BAND))
                    .collect();
                Inversion {
                    low: g.iter().zip(&half).map(|(g, h)| g - h).collect(),
                    high: g.iter().zip(&half).map(|(g, h)| g + h).collect(),
                    g,
                    relative_density: self.operator.relative_density.as_ref().map(|_| density),
                    refolded: data_mean
                        .iter()
                        .enumerate()
                        .map(|(i, m)| m + refolded[(i, k)])
                        .collect(),
                    distance: distance[k],
                }
            })
            .collect()
    }

    /// What the data decide and what the prior decides, for every spectrum of this channel.
    pub fn resolution(&self) -> Result<Resolution> {
        Resolution::new(self.operator, &self.seen.conditional)
    }
}

/// The ⌈(n+1)·95 %⌉/n quantile, the finite-sample correction counted in independent samples.
fn conformal_quantile(values: &mut [f64], samples: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let level = (COVERAGE * (1.0 + 1.0 / samples as f64)).min(1.0);
    let index = ((level * values.len() as f64).ceil() as usize).clamp(1, values.len());
    values[index - 1]
}
