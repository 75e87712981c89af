//! How an instrument sees a quantity: where it measured, through which linear map, with what noise.

use crate::error::{Error, Result};
use faer::{Mat, MatRef};

/// Noise below this fraction of the rms of the data is below what any map here resolves; it keeps covariances invertible
/// when the data carry no noise at all.
pub const NOISE_FLOOR: f64 = 1e-4;

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

    /// Rows on the operator's grid (n x q) as this instrument would see them without noise (n x m).
    pub fn see(&self, rows: MatRef<'_, f64>) -> Mat<f64> {
        rows * self.map.transpose()
    }

    /// Covariance of noise and nuisances (m x m).
    pub fn covariance(&self) -> Mat<f64> {
        let mut s = &self.nuisances * self.nuisances.transpose();
        for (i, sigma) in self.sigma.iter().enumerate() {
            s[(i, i)] += sigma * sigma;
        }
        s
    }
}
