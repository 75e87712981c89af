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

use super::{Curves, Domain, power};
use crate::error::{Error, Result};
use crate::inverse::{Channel, Inverter, Predictor, Seen};
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
    /// The spectrum's side: inversion and its domain.
    pub inverter: Inverter<'a>,
    /// The PDF's side: prediction and its domain.
    pub predictor: Predictor<'a>,
    map: Mat<f64>,
    pub(super) pdf_map: Mat<f64>,
    pub(super) lower: Mat<f64>,
    pub(super) model: ErrorModel,
    /// Statistics of the left-out true pairs, ascending.
    true_pairs: Vec<f64>,
    /// Local factor of each training glass.
    pub(super) local: Vec<f64>,
    spectrum_distances: Vec<(f64, f64)>,
    /// Relative densities inferred from left-out spectra, where the operator knows densities.
    spectrum_densities: Option<Vec<f64>>,
    pub(super) pdf_distances: Vec<(f64, f64)>,
    /// Relative densities that left-out PDFs imply, where the operator knows densities.
    pub(super) pdf_densities: Option<Vec<f64>>,
    /// Variance of noise and nuisances, and of the map's error, at each measured point.
    noise_variance: Vec<f64>,
    error_variance: Vec<f64>,
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
        let inverter = Inverter::new(operator, spectrum)?;
        let predictor = Predictor::new(operator, pdf)?;
        let n = operator.samples();
        let covariance = spectrum.covariance();
        let lower = cholesky(covariance.as_ref())?;
        let errors = spectrum.see((&operator.y - &predictor.left_out).as_ref());
        let white = whiten(&lower, errors.as_ref());
        let local: Vec<f64> = (0..n)
            .map(|i| predictor.local(&rows::row(operator.x.as_ref(), i), Some(i)))
            .collect();
        let noise = inverter.seen.noisy.subrows(0, n) - &inverter.seen.data;
        let noisy = &white + whiten(&lower, noise.as_ref());
        let mut true_pairs = Vec::with_capacity(n);
        for fold in &predictor.seen.folds {
            let model = ErrorModel::learn(&white, &local, &fold.train)?;
            for &i in &fold.test {
                true_pairs.push(model.statistic(&rows::row(noisy.as_ref(), i), local[i]));
            }
        }
        true_pairs.sort_by(f64::total_cmp);
        let all: Vec<usize> = (0..n).collect();
        Ok(Self {
            model: ErrorModel::learn(&white, &local, &all)?,
            spectrum_distances: inverter.seen.left_out_distances(),
            spectrum_densities: left_out_densities(operator, &inverter.seen),
            pdf_distances: predictor.seen.left_out_distances(),
            pdf_densities: left_out_densities(operator, &predictor.seen),
            noise_variance: covariance
                .diagonal()
                .column_vector()
                .iter()
                .copied()
                .collect(),
            error_variance: (0..errors.ncols())
                .map(|j| errors.col(j).squared_norm_l2() / n as f64)
                .collect(),
            map: spectrum.map.clone(),
            pdf_map: pdf.map.clone(),
            operator,
            inverter,
            predictor,
            lower,
            true_pairs,
            local,
        })
    }

    /// What pairs like these could have told, measured on left-out training glasses; see [`power`].
    ///
    /// Errors: a decomposition does not converge.
    pub fn curves(&self) -> Result<Curves> {
        power::of_training(self)
    }

    /// Rank of a statistic among the left-out true pairs; never below 1/(n+1).
    pub fn p_value(&self, statistic: f64) -> f64 {
        let n = self.true_pairs.len();
        let below = self.true_pairs.partition_point(|t| *t < statistic);
        (1 + n - below) as f64 / (n + 1) as f64
    }

    /// Where a spectrum with these distances and this inferred relative density stands among the training glasses.
    pub(super) fn spectrum_domain(&self, distance: (f64, f64), density: Option<f64>) -> Domain {
        ranked(
            Domain::rank(distance, &self.spectrum_distances),
            density,
            self.spectrum_densities.as_deref(),
        )
    }

    /// Where a PDF with these distances and this relative density stands among the training glasses.
    pub(super) fn pdf_domain(&self, distance: (f64, f64), density: Option<f64>) -> Domain {
        ranked(
            Domain::rank(distance, &self.pdf_distances),
            density,
            self.pdf_densities.as_deref(),
        )
    }

    /// Relative densities inferred from spectra (N x m), where the operator knows densities.
    pub(super) fn densities(&self, z: MatRef<'_, f64>) -> Option<Vec<f64>> {
        (self.operator.relative_density.as_ref()).map(|d| self.inverter.seen.infer(z, d))
    }

    /// Spectra on the operator's grid (rows) at the measured points, without noise.
    pub(super) fn see(&self, spectra: MatRef<'_, f64>) -> Mat<f64> {
        spectra * self.map.transpose()
    }

    /// The statistic of a spectrum (at the measured points) against one on the operator's grid.
    pub(super) fn statistic(
        &self,
        measured: MatRef<'_, f64>,
        implied: MatRef<'_, f64>,
        local: f64,
    ) -> f64 {
        let white = whiten(&self.lower, (measured - self.see(implied)).as_ref());
        self.model.statistic(&rows::row(white.as_ref(), 0), local)
    }

    /// Judges one pair: z at the spectrum's points, d (as descriptor) at the PDF's.
    pub fn compare(&self, z: MatRef<'_, f64>, d: MatRef<'_, f64>) -> Comparison {
        let prediction = self.predictor.predict(d).remove(0);
        let implied = Mat::from_fn(1, prediction.spectrum.len(), |_, j| prediction.spectrum[j]);
        let chi2 = self.statistic(z, implied.as_ref(), prediction.local);
        let own = &self.inverter.seen.conditional;
        let spectrum_distance = own.distances(own.whiten(z).as_ref())[0];
        let variances = self.error_variance.iter().zip(&self.noise_variance);
        Comparison {
            predicted: rows::row(self.see(implied.as_ref()).as_ref(), 0),
            spread: variances
                .map(|(e, n)| (prediction.local * e + n).sqrt())
                .collect(),
            p_value: self.p_value(chi2),
            chi2,
            spectrum: self.spectrum_domain(spectrum_distance, self.densities(z).map(|d| d[0])),
            pdf: self.pdf_domain(prediction.distance, prediction.relative_density),
            descriptor: prediction.descriptor,
        }
    }
}

/// A domain with the density ranked too, where it is known.
fn ranked(domain: Domain, density: Option<f64>, left_out: Option<&[f64]>) -> Domain {
    match density.zip(left_out) {
        Some((density, left_out)) => domain.with_density(density, left_out),
        None => domain,
    }
}

/// Relative densities implied by the noisy copies of left-out data.
fn left_out_densities(operator: &Operator, seen: &Seen) -> Option<Vec<f64>> {
    let n = operator.samples();
    let of = |d: &Vec<f64>| {
        let draws = (0..seen.noisy.nrows() / n).map(|k| seen.noisy.subrows(k * n, n));
        draws
            .flat_map(|copies| seen.infer_left_out_of(copies, d))
            .collect()
    };
    operator.relative_density.as_ref().map(of)
}

/// `L⁻¹ r` for each row.
pub(super) fn whiten(lower: &Mat<f64>, rows: MatRef<'_, f64>) -> Mat<f64> {
    let mut white = rows.transpose().to_owned();
    lower.solve_lower_triangular_in_place(&mut white);
    white.transpose().to_owned()
}
