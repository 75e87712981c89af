//! How an instrument sees a quantity: where it measured, through which linear map, with what noise.

use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use faer::{Mat, MatRef};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Noise below this fraction of the rms of the data is below what any map here resolves; it keeps covariances invertible
/// when the data carry no noise at all.
pub const NOISE_FLOOR: f64 = 1e-4;
/// A map with at most so many terms a point is taken term by term.
const FEW: usize = 8;
/// A covariance whose two halves differ by more than this part of its largest element is not symmetric: files keep six digits.
const SYMMETRIC: f64 = 1e-5;

/// Data points and what stands between the quantity on the operator's grid and them:
/// `z = map · y + nuisances · u + noise`, `u ~ N(0, I)`, `noise ~ N(0, diag(sigma²))`.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Where the data were taken, m values in inside units.
    pub x: Vec<f64>,
    /// m x q.
    pub map: Mat<f64>,
    /// Standard errors, m, all positive.
    pub sigma: Vec<f64>,
    /// Whether the errors came with the data or by the user, rather than by estimation.
    pub sigma_known: bool,
    /// rms of the data.
    pub rms: f64,
    /// m x k: one column a linear nuisance, scaled by its prior standard deviation.
    pub nuisances: Mat<f64>,
    /// Covariance of the noise (m x m) where errors of points are correlated; else they are independent, `sigma`.
    pub correlated: Option<Mat<f64>>,
}

impl Channel {
    /// A channel without nuisances; errors are raised to [`NOISE_FLOOR`] times `rms`.
    pub fn new(x: Vec<f64>, map: Mat<f64>, sigma: Vec<f64>, known: bool, rms: f64) -> Result<Self> {
        if x.len() != map.nrows() || x.len() != sigma.len() {
            return Err(Error::new(
                "points, map and errors of a channel differ in length",
            ));
        }
        let floor = NOISE_FLOOR * rms;
        if sigma.iter().any(|s| !s.is_finite() || *s < 0.0) || floor.is_nan() || floor <= 0.0 {
            return Err(
                Error::new("the noise of the data is not known well enough to go on")
                    .because("an error is negative or not finite, or all data are zero")
                    .cure("check the error column, or give --noise"),
            );
        }
        Ok(Self {
            nuisances: Mat::zeros(x.len(), 0),
            correlated: None,
            sigma: sigma.into_iter().map(|s| s.max(floor)).collect(),
            sigma_known: known,
            rms,
            x,
            map,
        })
    }

    /// Adds one nuisance column (already scaled by its prior standard deviation).
    pub fn add_nuisance(&mut self, column: &[f64]) {
        let (m, k) = (self.nuisances.nrows(), self.nuisances.ncols());
        self.nuisances = Mat::from_fn(m, k + 1, |i, j| {
            if j < k {
                self.nuisances[(i, j)]
            } else {
                column[i]
            }
        });
    }

    /// Takes correlated errors: `covariance` (m x m) in the units of the data. `sigma` becomes the root of its diagonal; the
    /// floor is added to the diagonal.
    ///
    /// Errors: another shape, not symmetric, a value that is not finite, or not positive definite.
    pub fn correlate(&mut self, covariance: &Mat<f64>) -> Result<()> {
        let full = usable_covariance(covariance, self.x.len(), self.rms)?;
        self.sigma = (0..full.nrows()).map(|i| full[(i, i)].sqrt()).collect();
        self.sigma_known = true;
        self.correlated = Some(full);
        Ok(())
    }

    /// Covariance of the noise alone (m x m).
    pub(super) fn noise(&self) -> Mat<f64> {
        match &self.correlated {
            Some(full) => full.clone(),
            None => Mat::from_fn(self.x.len(), self.x.len(), |i, j| {
                if i == j {
                    self.sigma[i] * self.sigma[i]
                } else {
                    0.0
                }
            }),
        }
    }

    /// Draws noise and nuisances (m values).
    pub(super) fn draw(&self, lower: Option<&Mat<f64>>, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let (m, k) = (self.x.len(), self.nuisances.ncols());
        let u: Vec<f64> = (0..k).map(|_| StandardNormal.sample(rng)).collect();
        let xi: Vec<f64> = (0..m).map(|_| StandardNormal.sample(rng)).collect();
        (0..m)
            .map(|j| {
                let noise = match lower {
                    Some(lower) => (0..=j).map(|i| lower[(j, i)] * xi[i]).sum(),
                    None => self.sigma[j] * xi[j],
                };
                let nuisance: f64 = (0..k).map(|c| self.nuisances[(j, c)] * u[c]).sum();
                noise + nuisance
            })
            .collect()
    }

    /// Cholesky factor of correlated noise, for [`draw`](Self::draw).
    pub(super) fn noise_factor(&self) -> Option<Mat<f64>> {
        self.correlated
            .as_ref()
            .and_then(|c| cholesky(c.as_ref()).ok())
    }

    /// Rows on the operator's grid (n x q) as this instrument would see them without noise (n x m).
    pub fn see(&self, rows: MatRef<'_, f64>) -> Mat<f64> {
        let Some(few) = self.sparse() else {
            return rows * self.map.transpose();
        };
        let mut out = Mat::zeros(rows.nrows(), few.len());
        for (i, terms) in few.iter().enumerate() {
            for &(j, weight) in terms {
                for (seen, value) in out.col_mut(i).iter_mut().zip(rows.col(j).iter()) {
                    *seen += weight * value;
                }
            }
        }
        out
    }

    /// `map mapᵀ` (m x m): what white noise on the operator's grid looks like here.
    pub(super) fn overlap(&self) -> Mat<f64> {
        let Some(few) = self.sparse() else {
            return &self.map * self.map.transpose();
        };
        let mut by_bin: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.map.ncols()];
        for (i, terms) in few.iter().enumerate() {
            for &(j, weight) in terms {
                by_bin[j].push((i, weight));
            }
        }
        let mut out = Mat::zeros(few.len(), few.len());
        for points in by_bin {
            for &(a, x) in &points {
                for &(b, y) in &points {
                    out[(a, b)] += x * y;
                }
            }
        }
        out
    }

    /// The terms of each row of the map that are not zero, if they are few: sampling has two.
    fn sparse(&self) -> Option<Vec<Vec<(usize, f64)>>> {
        let mut left = FEW * self.x.len();
        let mut out = vec![Vec::new(); self.x.len()];
        for j in 0..self.map.ncols() {
            for (i, weight) in self.map.col(j).iter().enumerate() {
                if *weight != 0.0 {
                    left = left.checked_sub(1)?;
                    out[i].push((j, *weight));
                }
            }
        }
        Some(out)
    }

    /// Covariance of noise and nuisances (m x m).
    pub fn covariance(&self) -> Mat<f64> {
        let s = &self.nuisances * self.nuisances.transpose();
        s + self.noise()
    }
}

/// A covariance of data of this rms (m points) with the floor on its diagonal, or the reason why it is none.
pub(super) fn usable_covariance(covariance: &Mat<f64>, m: usize, rms: f64) -> Result<Mat<f64>> {
    let bad = |why: String| {
        Error::new("the covariance of the data cannot be used")
            .because(why)
            .cure("give a symmetric positive definite matrix with one row a measured point")
    };
    if (covariance.nrows(), covariance.ncols()) != (m, m) {
        return Err(bad(format!(
            "it is {} x {}, the data have {m} points",
            covariance.nrows(),
            covariance.ncols()
        )));
    }
    let largest = covariance.norm_max();
    if !covariance.is_all_finite()
        || (covariance - covariance.transpose()).norm_max() > SYMMETRIC * largest
    {
        return Err(bad(
            "it is not symmetric, or holds a value that is not finite".into(),
        ));
    }
    let floor = (NOISE_FLOOR * rms).powi(2);
    let full = Mat::from_fn(m, m, |i, j| {
        covariance[(i, j)] + if i == j { floor } else { 0.0 }
    });
    cholesky(full.as_ref()).map_err(|_| bad("it is not positive definite".into()))?;
    Ok(full)
}
