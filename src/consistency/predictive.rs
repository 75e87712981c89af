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
use crate::inverse::{Channel, Inverter, Predictor};
use crate::operator::conditional::Factor;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef, Side};
use rayon::prelude::*;

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
    /// From whitened left-out residuals (m x n), each divided by the root of its local factor, and their products (n x n): of the
    /// columns `which`.
    fn learn(scaled: &Mat<f64>, products: &Mat<f64>, which: &[usize]) -> Result<Self> {
        let (m, n) = (scaled.nrows(), which.len());
        let columns = Mat::from_fn(m, n, |i, j| scaled[(i, which[j])]);
        // The smaller of the two squares has the same eigenvalues.
        let by_products = n <= m;
        let square = if by_products {
            Mat::from_fn(n, n, |i, j| products[(which[i], which[j])])
        } else {
            &columns * columns.transpose()
        };
        let eigen = square
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::new("the eigenvalue decomposition did not converge"))?;
        // Ascending.
        let squares: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        let k = DIRECTIONS.min(squares.len());
        let strongest = Mat::from_fn(squares.len(), k, |i, j| {
            eigen.U()[(i, squares.len() - 1 - j)]
        });
        let directions = if by_products {
            let mut directions = columns * strongest;
            for j in 0..k {
                let length = squares[squares.len() - 1 - j].max(f64::MIN_POSITIVE).sqrt();
                directions.col_mut(j).iter_mut().for_each(|d| *d /= length);
            }
            directions
        } else {
            strongest
        };
        let free = m.saturating_sub(k).max(1) as f64;
        let variance = |square: &f64| square.max(0.0) / n as f64;
        Ok(Self {
            directions,
            rest: squares[..squares.len() - k]
                .iter()
                .map(variance)
                .sum::<f64>()
                / free,
            variances: squares.iter().rev().take(k).map(variance).collect(),
        })
    }

    /// Whitened residuals (m x N) along the strong directions.
    pub(super) fn along(&self, white: &Mat<f64>) -> Mat<f64> {
        self.directions.transpose() * white
    }

    /// The statistic of one whitened residual: its squared size and what it has along the strong directions.
    pub(super) fn statistic(&self, size: f64, along: impl Iterator<Item = f64>, local: f64) -> f64 {
        let (mut sum, mut inside) = (0.0, 0.0);
        for (c, variance) in along.zip(&self.variances) {
            inside += c * c;
            sum += c * c / (local * variance + 1.0);
        }
        sum + (size - inside).max(0.0) / (local * self.rest + 1.0)
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
    /// The spectrometer and the diffractometer.
    spectrum: Channel,
    pub(super) pdf: Channel,
    /// Of the covariance of noise and nuisances of the spectrum.
    lower: Factor,
    pub(super) model: ErrorModel,
    /// Statistics of the left-out true pairs, ascending.
    true_pairs: Vec<f64>,
    /// Local factor of each training glass.
    pub(super) local: Vec<f64>,
    spectrum_distances: Vec<(f64, f64)>,
    pdf_distances: Vec<(f64, f64)>,
    /// Relative densities that left-out PDFs imply, where the operator knows densities.
    pdf_densities: Option<Vec<f64>>,
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
        let lower = Factor::new(covariance.as_ref())?;
        let errors = spectrum.see((&operator.y - &predictor.left_out).as_ref());
        let white = whiten(&lower, errors.as_ref());
        let local = predictor.local_variances()?;
        let noise = whiten(&lower, inverter.seen.noise().as_ref());
        let roots: Vec<f64> = local.iter().map(|l| l.sqrt()).collect();
        let scaled = Mat::from_fn(white.nrows(), n, |i, j| white[(i, j)] / roots[j]);
        let products = scaled.transpose() * &scaled;
        let all: Vec<usize> = (0..n).collect();
        let judged = predictor.seen.tests().into_par_iter().map(|test| {
            let train: Vec<usize> = (0..n).filter(|i| !test.contains(i)).collect();
            let model = ErrorModel::learn(&scaled, &products, &train)?;
            let copies: Vec<usize> = (0..noise.ncols())
                .filter(|c| test.contains(&(c % n)))
                .collect();
            let own = Mat::from_fn(noise.nrows(), copies.len(), |i, j| {
                white[(i, copies[j] % n)] + noise[(i, copies[j])]
            });
            let along = model.along(&own);
            let of = |(j, &c): (usize, &usize)| {
                let strong = along.col_as_slice(j).iter().copied();
                model.statistic(own.col(j).squared_norm_l2(), strong, local[c % n])
            };
            Ok(copies.iter().enumerate().map(of).collect::<Vec<f64>>())
        });
        let mut true_pairs = judged.collect::<Result<Vec<_>>>()?.concat();
        true_pairs.sort_by(f64::total_cmp);
        Ok(Self {
            model: ErrorModel::learn(&scaled, &products, &all)?,
            spectrum_distances: inverter.seen.left_out_distances()?.to_vec(),
            pdf_distances: predictor.seen.left_out_distances()?.to_vec(),
            pdf_densities: predictor.left_out_densities(),
            noise_variance: covariance
                .diagonal()
                .column_vector()
                .iter()
                .copied()
                .collect(),
            error_variance: (0..errors.ncols())
                .map(|j| errors.col(j).squared_norm_l2() / n as f64)
                .collect(),
            spectrum: spectrum.clone(),
            pdf: pdf.clone(),
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

    /// Rank of a statistic among the left-out true pairs, n glasses and several copies of each: one draw of noise is off by a percent, and
    /// all p-values with it. Never below 1/(n+1).
    pub fn p_value(&self, statistic: f64) -> f64 {
        let n = self.operator.samples() as f64;
        let below = self.true_pairs.partition_point(|t| *t < statistic);
        let above = 1.0 - below as f64 / self.true_pairs.len() as f64;
        (1.0 + n * above) / (n + 1.0)
    }

    /// Where a spectrum with these distances and this inferred relative density stands among the training glasses.
    pub(super) fn spectrum_domain(&self, distance: (f64, f64), density: Option<f64>) -> Domain {
        let densities = self.inverter.left_out_densities();
        Domain::ranked(distance, &self.spectrum_distances, density.zip(densities))
    }

    /// Where a PDF with these distances and this relative density stands among the training glasses.
    pub(super) fn pdf_domain(&self, distance: (f64, f64), density: Option<f64>) -> Domain {
        let densities = self.pdf_densities.as_deref();
        Domain::ranked(distance, &self.pdf_distances, density.zip(densities))
    }

    /// Spectra on the operator's grid (rows) at the measured points, without noise.
    pub(super) fn see(&self, spectra: MatRef<'_, f64>) -> Mat<f64> {
        self.spectrum.see(spectra)
    }

    /// Data at the measured points (rows), whitened by noise and nuisances, one a column.
    pub(super) fn whiten(&self, data: MatRef<'_, f64>) -> Mat<f64> {
        whiten(&self.lower, data)
    }

    /// Judges one pair: z at the spectrum's points, d (as descriptor) at the PDF's.
    pub fn compare(&self, z: MatRef<'_, f64>, d: MatRef<'_, f64>) -> Comparison {
        let prediction = self.predictor.predict(d).remove(0);
        let implied = Mat::from_fn(1, prediction.spectrum.len(), |_, j| prediction.spectrum[j]);
        let predicted = self.see(implied.as_ref());
        let residual = self.whiten((z - &predicted).as_ref());
        let strong = self.model.along(&residual);
        let chi2 = self.model.statistic(
            residual.squared_norm_l2(),
            strong.col_as_slice(0).iter().copied(),
            prediction.local,
        );
        let found = self.inverter.invert(z).remove(0);
        let variances = self.error_variance.iter().zip(&self.noise_variance);
        Comparison {
            predicted: rows::row(predicted.as_ref(), 0),
            spread: variances
                .map(|(e, n)| (prediction.local * e + n).sqrt())
                .collect(),
            p_value: self.p_value(chi2),
            chi2,
            spectrum: self.spectrum_domain(found.distance, found.relative_density),
            pdf: self.pdf_domain(prediction.distance, prediction.relative_density),
            descriptor: prediction.descriptor,
        }
    }
}

/// `L⁻¹ r` for each row r, as a column.
fn whiten(lower: &Factor, rows: MatRef<'_, f64>) -> Mat<f64> {
    let mut white = rows.transpose().to_owned();
    lower.solve(&mut white);
    white
}
