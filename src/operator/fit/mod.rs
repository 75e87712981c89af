//! Estimators of the linear map, one file each.
//!
//! All of them fit `y = W x + b` with an offset `b` that no penalty touches: inputs and outputs are centred first, and
//! `b = ȳ - W x̄`.

mod centred;
#[cfg(feature = "cnn")]
pub mod cnn;
pub mod elastic_net;
mod homotopy;
pub mod kernel_ridge;
pub mod pls;
pub mod reduced_rank;
pub mod ridge;
mod skeleton;
pub mod stream;
mod support;

use faer::{Mat, MatRef};

/// A fitted linear map `y = matrix · x + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearMap {
    /// `W`, q x p.
    pub matrix: Mat<f64>,
    /// `b`, q.
    pub offset: Vec<f64>,
}

impl LinearMap {
    /// The map that takes the mean of the inputs to the mean of the outputs.
    fn through(matrix: Mat<f64>, x_mean: &[f64], y_mean: &[f64]) -> Self {
        let at_mean = &matrix * faer::ColRef::from_slice(x_mean);
        let offset = (0..y_mean.len()).map(|j| y_mean[j] - at_mean[j]).collect();
        Self { matrix, offset }
    }

    /// Outputs (N x q) of `inputs` (N x p).
    pub fn predict(&self, inputs: MatRef<'_, f64>) -> Mat<f64> {
        let mut outputs = inputs * self.matrix.transpose();
        for (j, offset) in self.offset.iter().enumerate() {
            outputs.col_mut(j).iter_mut().for_each(|y| *y += offset);
        }
        outputs
    }
}
