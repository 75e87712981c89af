//! What every estimator starts from: checked rows, their weighted means taken off.

use super::LinearMap;
use crate::error::{Error, Result};
use crate::operator::rows;
use faer::{Mat, MatRef};

/// Inputs and outputs about their means, row i times √wᵢ.
#[derive(Debug)]
pub(super) struct Centred {
    /// n x p.
    pub x: Mat<f64>,
    /// n x q.
    pub y: Mat<f64>,
    pub x_mean: Vec<f64>,
    pub y_mean: Vec<f64>,
}

impl Centred {
    /// All samples alike.
    pub fn new(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<Self> {
        check(inputs, outputs)?;
        let (x_mean, y_mean) = (rows::mean(inputs), rows::mean(outputs));
        Ok(Self {
            x: rows::centred(inputs, &x_mean),
            y: rows::centred(outputs, &y_mean),
            x_mean,
            y_mean,
        })
    }

    /// Each sample with its weight (n, positive).
    pub fn weighted(
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        weights: &[f64],
    ) -> Result<Self> {
        check(inputs, outputs)?;
        check_weights("samples", weights, inputs.nrows())?;
        let (x_mean, y_mean) = (
            weighted_mean(inputs, weights),
            weighted_mean(outputs, weights),
        );
        let root: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
        let scaled = |m: MatRef<'_, f64>, mean: &[f64]| {
            Mat::from_fn(m.nrows(), m.ncols(), |i, j| root[i] * (m[(i, j)] - mean[j]))
        };
        Ok(Self {
            x: scaled(inputs, &x_mean),
            y: scaled(outputs, &y_mean),
            x_mean,
            y_mean,
        })
    }

    /// The map with these coefficients (q x p).
    pub fn map(&self, matrix: Mat<f64>) -> LinearMap {
        LinearMap::through(matrix, &self.x_mean, &self.y_mean)
    }
}

/// Refuses weights that are not one positive number for each of `count` things.
pub(super) fn check_weights(what: &str, weights: &[f64], count: usize) -> Result<()> {
    if weights.len() == count && weights.iter().all(|w| w.is_finite() && *w > 0.0) {
        return Ok(());
    }
    Err(Error::new(format!("the weights do not fit the {what}"))
        .because(format!("{count} positive numbers are needed, one for each"))
        .cure("leave out what should not count"))
}

/// Refuses tables that do not fit together, or say nothing.
pub(super) fn check(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<()> {
    if inputs.nrows() != outputs.nrows() {
        return Err(Error::new(format!(
            "{} inputs but {} outputs to fit",
            inputs.nrows(),
            outputs.nrows()
        )));
    }
    if inputs.nrows() < 2 {
        return Err(Error::new("one sample cannot train a map")
            .cure("give at least two samples, better a hundred"));
    }
    if inputs.ncols() == 0 || outputs.ncols() == 0 {
        return Err(
            Error::new("nothing to fit").because("the inputs or the outputs have no columns")
        );
    }
    if !inputs.is_all_finite() || !outputs.is_all_finite() {
        return Err(Error::new("a value to fit is not a finite number")
            .cure("remove the samples that hold it"));
    }
    Ok(())
}

fn weighted_mean(rows: MatRef<'_, f64>, weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    (0..rows.ncols())
        .map(|j| {
            let sum: f64 = rows.col(j).iter().zip(weights).map(|(v, w)| v * w).sum();
            sum / total
        })
        .collect()
}
