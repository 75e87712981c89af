//! Covariances of data as Cholesky factors.

use super::scaled_rows;
use crate::error::{Error, Result};
use faer::{Mat, MatRef, Side};

/// A Cholesky factor, which for independent errors is a list.
#[derive(Debug)]
pub enum Factor {
    /// Standard errors.
    Diagonal(Vec<f64>),
    /// Lower triangular.
    Full(Mat<f64>),
}

impl Factor {
    /// Of a covariance.
    ///
    /// Errors: it is not positive definite.
    pub fn new(covariance: MatRef<'_, f64>) -> Result<Self> {
        let m = covariance.nrows();
        let independent =
            (0..m).all(|j| (0..m).all(|i| i == j || covariance[(i, j)].abs() <= f64::MIN_POSITIVE));
        if independent && (0..m).all(|i| covariance[(i, i)] > 0.0) {
            return Ok(Self::Diagonal(
                (0..m).map(|i| covariance[(i, i)].sqrt()).collect(),
            ));
        }
        cholesky(covariance).map(Self::Full)
    }

    /// `L⁻¹ M` in place.
    pub fn solve(&self, m: &mut Mat<f64>) {
        match self {
            Self::Diagonal(d) => divide_rows(m, d),
            Self::Full(lower) => lower.solve_lower_triangular_in_place(m),
        }
    }

    /// `L M`.
    pub(super) fn times(&self, m: &Mat<f64>) -> Mat<f64> {
        match self {
            Self::Diagonal(d) => scaled_rows(m, |i| d[i]),
            Self::Full(lower) => lower * m,
        }
    }

    /// `L⁻ᵀ M` in place.
    pub(super) fn solve_transposed(&self, m: &mut Mat<f64>) {
        match self {
            Self::Diagonal(d) => divide_rows(m, d),
            Self::Full(lower) => lower.transpose().solve_upper_triangular_in_place(m),
        }
    }
}

fn divide_rows(m: &mut Mat<f64>, by: &[f64]) {
    for j in 0..m.ncols() {
        m.col_mut(j).iter_mut().zip(by).for_each(|(v, d)| *v /= d);
    }
}

/// Lower Cholesky factor of a covariance, or the reason why it is none.
pub fn cholesky(covariance: MatRef<'_, f64>) -> Result<Mat<f64>> {
    Ok(covariance
        .llt(Side::Lower)
        .map_err(|_| {
            Error::new("the noise covariance is not positive definite")
                .because("an error of a point is zero, or a correlation is larger than one")
                .cure("give every point a positive error, or leave the errors out")
        })?
        .L()
        .to_owned())
}
