//! The spectrum that a measured PDF implies, against the measured one.
//!
//! The residual `r = z - H ŷ(d)` of a true pair has three parts: the noise of the spectrum (whitened to 1), the error of
//! the linear map (a few strong directions `U`, known from left-out glasses, and an isotropic rest; both larger where
//! neighbouring glasses are predicted badly), and what the noise of the PDF does to ŷ, which the same left-out
//! predictions contain. The statistic is
//!
//! ```text
//! χ² = sum_k (u_k·r̃)² / (s w_k + 1) + |r̃ - U Uᵀ r̃|² / (s w_rest + 1)
//! ```
//!
//! with s the local factor. Its law is not χ²: the p-value is its rank among left-out true pairs, each judged with the
//! directions of folds that do not contain it (cross-conformal; Vovk, *Ann. Math. Artif. Intell.* **74**, 9 (2015)).

use super::{Domain, Power, power};
use crate::error::{Error, Result};
use crate::inverse::{Channel, Inverter, Seen};
use crate::operator::conditional::cholesky;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// Strong directions of the map's error. Between 6 and 12 the false alarms of the development sets stay at their level
/// and the power at its best; more directions cannot be learned from some 200 glasses.
const DIRECTIONS: usize = 8;

/// Covariance of the map's error in whitened data: strong directions and an isotropic rest.
#[derive(Debug)]
pub(super) struct ErrorModel {
    directions: Mat<f64>,
    variances: Vec<f64>,
    rest: f64,
}

impl ErrorModel {
    /// From whitened left-out residuals (rows), each divided by the root of its local factor.
    fn learn(residuals: &Mat<f64>, local: &[f64], which: &[usize]) -> Result<Self> {
        let scaled = Mat::from_fn(which.len(), residuals.ncols(), |k, j| {
            residuals[(which[k], j)] / local[which[k]].sqrt()
        });
        let svd = scaled
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let variances: Vec<f64> = svd
            .S()
            .column_vector()
            .iter()
            .map(|s| s * s / which.len() as f64)
            .collect();
        let k = DIRECTIONS.min(variances.len());
        let free = residuals.ncols().saturating_sub(k).max(1) as f64;
        Ok(Self {
            directions: svd.V().subcols(0, k).to_owned(),
            rest: variances[k..].iter().sum::<f64>() / free,
            variances: variances[..k].to_vec(),
        })
    }

    /// The statistic of one whitened residual.
    pub(super) fn statistic(&self, residual: &[f64], local: f64) -> f64 {
        let total: f64 = residual.iter().map(|r| r * r).sum();
        let (mut sum, mut inside) = (0.0, 0.0);
        for (k, variance) in self.variances.iter().enumerate() {
            let c: f64 = residual
                .iter()
                .enumerate()
                .map(|(j, r)| self.directions[(j, k)] * r)
                .sum();
            inside += c * c;
            sum += c * c / (local * variance + 1.0);
        }
        sum + (total - inside).max(0.0) / (local * self.rest + 1.0)
    }
}

/// An operator carried to a spectrometer and to a diffractometer, ready to judge pairs.
#[derive(Debug)]
pub struct Judge<'a> {
    pub(super) operator: &'a Operator,
    /// The spectrum's side: inversion and domain.
    pub inverter: Inverter<'a>,
    pdf: Seen,
    spectrum_map: Mat<f64>,
    sigma: Vec<f64>,
    pub(super) lower: Mat<f64>,
    pub(super) model: ErrorModel,
    /// Statistics of the left-out true pairs, ascending.
    pub(super) true_pairs: Vec<f64>,
    /// Left-out predictions on the operator's grid, n x q, and their local factors.
    pub(super) left_out: Mat<f64>,
    pub(super) local: Vec<f64>,
    spectrum_distances: Vec<(f64, f64)>,
    pdf_distances: Vec<(f64, f64)>,
    point_variance: Vec<f64>,
    /// What pairs like these could have told.
    pub power: Power,
}

/// Everything found out about one pair.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The spectrum that the PDF implies, at the measured points.
    pub predicted: Vec<f64>,
    /// Standard deviation of measured minus predicted for a true pair.
    pub spread: Vec<f64>,
    /// The statistic.
    pub chi2: f64,
    /// Share of left-out true pairs that disagree at least as much.
    pub p_value: f64,
    /// Where the spectrum stands.
    pub spectrum: Domain,
    /// Where the PDF stands.
    pub pdf: Domain,
    /// The descriptor, as far as the measured PDF determines it, on the operator's grid.
    pub descriptor: Vec<f64>,
}

impl<'a> Judge<'a> {
    /// Carries the operator to both channels and calibrates the statistic on left-out true pairs.
    pub fn new(operator: &'a Operator, spectrum: &Channel, pdf: &Channel) -> Result<Self> {
        let meta = &operator.meta;
        let inverter = Inverter::new(operator, spectrum)?;
        // Another stream of noise than the spectrum's.
        let seen = Seen::new(
            operator.x.as_ref(),
            pdf,
            meta.lambda_forward,
            &meta.folds,
            meta.seed.wrapping_add(1),
        )?;
        let lower = cholesky(spectrum.covariance().as_ref())?;
        let left_out = left_out_predictions(operator, &seen);
        let n = operator.samples();
        let errors = Mat::from_fn(n, meta.energy.len(), |i, j| {
            operator.y[(i, j)] - left_out[(i, j)]
        });
        let errors = spectrum.see(errors.as_ref());
        let point_variance = (0..errors.ncols())
            .map(|j| errors.col(j).squared_norm_l2() / n as f64)
            .collect();
        let white = whiten(&lower, errors.as_ref());
        let local: Vec<f64> = (0..n)
            .map(|i| {
                operator.local_variance(&rows::row(operator.x.as_ref(), i), Some(meta.groups[i]))
            })
            .collect();
        let noise = &inverter.seen.noisy.subrows(0, n).to_owned() - &inverter.seen.data;
        let white_noise = whiten(&lower, noise.as_ref());
        let mut true_pairs = Vec::with_capacity(n);
        for fold in &seen.folds {
            let model = ErrorModel::learn(&white, &local, &fold.train)?;
            for &i in &fold.test {
                let r: Vec<f64> = (0..white.ncols())
                    .map(|j| white[(i, j)] + white_noise[(i, j)])
                    .collect();
                true_pairs.push(model.statistic(&r, local[i]));
            }
        }
        true_pairs.sort_by(f64::total_cmp);
        let all: Vec<usize> = (0..n).collect();
        let mut judge = Self {
            model: ErrorModel::learn(&white, &local, &all)?,
            spectrum_distances: inverter.seen.left_out_distances(),
            pdf_distances: seen.left_out_distances(),
            spectrum_map: spectrum.map.clone(),
            sigma: spectrum
                .covariance()
                .diagonal()
                .column_vector()
                .iter()
                .map(|v| v.sqrt())
                .collect(),
            operator,
            inverter,
            pdf: seen,
            lower,
            true_pairs,
            left_out,
            local,
            point_variance,
            power: Power::default(),
        };
        judge.power = power::measure(&judge);
        Ok(judge)
    }

    /// Rank of a statistic among the left-out true pairs; never below 1/(n+1).
    pub fn p_value(&self, statistic: f64) -> f64 {
        let n = self.true_pairs.len();
        let below = self.true_pairs.partition_point(|t| *t < statistic);
        (1 + n - below) as f64 / (n + 1) as f64
    }

    /// Where a spectrum with these distances stands among the training glasses.
    pub fn spectrum_domain(&self, distance: (f64, f64)) -> Domain {
        Domain::rank(distance, &self.spectrum_distances)
    }

    /// Spectra on the operator's grid (rows) at the measured points, without noise.
    pub(super) fn see(&self, spectra: MatRef<'_, f64>) -> Mat<f64> {
        spectra * self.spectrum_map.transpose()
    }

    /// Whitened residual of spectra (rows, at the measured points) against spectra on the operator's grid.
    pub(super) fn residuals(
        &self,
        measured: MatRef<'_, f64>,
        implied: MatRef<'_, f64>,
    ) -> Mat<f64> {
        whiten(&self.lower, (measured - self.see(implied)).as_ref())
    }

    /// Judges one pair: z at the spectrum's points, d (as descriptor) at the PDF's.
    pub fn compare(&self, z: &[f64], d: &[f64]) -> Comparison {
        let z = Mat::from_fn(1, z.len(), |_, j| z[j]);
        let d = Mat::from_fn(1, d.len(), |_, j| d[j]);
        let conditional = &self.pdf.conditional;
        let white = conditional.whiten(d.as_ref());
        let weights = conditional.weights(white.as_ref());
        let spectrum = estimate(self.operator.y.as_ref(), &weights);
        let descriptor = rows::row(estimate(self.operator.x.as_ref(), &weights).as_ref(), 0);
        let local = self.operator.local_variance(&descriptor, None);
        let residual = self.residuals(z.as_ref(), spectrum.as_ref());
        let chi2 = self
            .model
            .statistic(&rows::row(residual.as_ref(), 0), local);
        let own = &self.inverter.seen.conditional;
        let spectrum_distance = own.distances(own.whiten(z.as_ref()).as_ref())[0];
        Comparison {
            predicted: rows::row(self.see(spectrum.as_ref()).as_ref(), 0),
            spread: self
                .point_variance
                .iter()
                .zip(&self.sigma)
                .map(|(v, s)| (local * v + s * s).sqrt())
                .collect(),
            chi2,
            p_value: self.p_value(chi2),
            spectrum: self.spectrum_domain(spectrum_distance),
            pdf: Domain::rank(
                conditional.distances(white.as_ref())[0],
                &self.pdf_distances,
            ),
            descriptor,
        }
    }
}

/// Mean plus weighted centred training rows: one row a column of `weights`.
fn estimate(training: MatRef<'_, f64>, weights: &Mat<f64>) -> Mat<f64> {
    let mean = rows::mean(training);
    let moved = weights.transpose() * rows::centred(training, &mean);
    Mat::from_fn(moved.nrows(), moved.ncols(), |i, j| mean[j] + moved[(i, j)])
}

/// Spectra (n x q) of the training glasses, each from its noisy PDF by the fold that does not know it.
fn left_out_predictions(operator: &Operator, pdf: &Seen) -> Mat<f64> {
    let mut out = Mat::zeros(operator.samples(), operator.y.ncols());
    for fold in &pdf.folds {
        let data = rows::select(pdf.noisy.as_ref(), &fold.test);
        let white = fold.conditional.whiten(data.as_ref());
        let weights = fold.conditional.weights(white.as_ref());
        let predicted = estimate(
            rows::select(operator.y.as_ref(), &fold.train).as_ref(),
            &weights,
        );
        for (k, &i) in fold.test.iter().enumerate() {
            out.row_mut(i).copy_from(predicted.row(k));
        }
    }
    out
}

/// `L⁻¹ r` for each row.
fn whiten(lower: &Mat<f64>, rows: MatRef<'_, f64>) -> Mat<f64> {
    let mut white = rows.transpose().to_owned();
    lower.solve_lower_triangular_in_place(&mut white);
    white.transpose().to_owned()
}
