//! The directions in which samples differ: one singular value decomposition, whatever instrument is to come.

use super::rows;
use crate::error::{Error, Result};
use faer::{Mat, MatRef};

/// Singular values below this part of the largest are rounding.
const ROUNDING: f64 = 1e-13;

/// Rows about their mean, `row_i = mean + sum_k u_ik patterns_k`, the strongest direction first.
#[derive(Debug)]
pub struct Directions {
    /// Mean row, q.
    pub mean: Vec<f64>,
    /// Where each sample stands along each direction (n x r); the columns are orthonormal and sum to zero.
    pub u: Mat<f64>,
    /// Singular values, descending.
    pub s: Vec<f64>,
    /// The directions, each as long as its singular value (r x q).
    pub patterns: Mat<f64>,
}

impl Directions {
    /// Of the rows of a matrix (n x q).
    pub fn new(rows: MatRef<'_, f64>) -> Result<Self> {
        let mean = rows::mean(rows);
        let svd = rows::centred(rows, &mean)
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let all: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        // One direction is lost to the mean, whatever rounding says; of equal rows one is kept, of no length.
        let most = (rows.nrows() - 1).clamp(1, all.len());
        let r = (all[..most].iter())
            .take_while(|s| **s > ROUNDING * all[0])
            .count()
            .max(1);
        Ok(Self {
            mean,
            u: svd.U().subcols(0, r).to_owned(),
            patterns: Mat::from_fn(r, rows.ncols(), |k, j| all[k] * svd.V()[(j, k)]),
            s: all[..r].to_vec(),
        })
    }

    /// The number of directions whose squared singular value is above a floor; at least one.
    pub(super) fn above(&self, floor: f64) -> usize {
        self.s.partition_point(|s| s * s > floor).max(1)
    }
}
