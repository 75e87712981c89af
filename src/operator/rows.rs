//! Small helpers for matrices whose rows are samples.

use faer::{Mat, MatRef};

/// Mean over the rows.
pub fn mean(rows: MatRef<'_, f64>) -> Vec<f64> {
    let n = rows.nrows() as f64;
    (0..rows.ncols())
        .map(|j| (0..rows.nrows()).map(|i| rows[(i, j)]).sum::<f64>() / n)
        .collect()
}

/// The rows with `mean` taken off each.
pub fn centred(rows: MatRef<'_, f64>, mean: &[f64]) -> Mat<f64> {
    Mat::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - mean[j])
}

/// The named rows, in that order.
pub fn select(rows: MatRef<'_, f64>, which: &[usize]) -> Mat<f64> {
    Mat::from_fn(which.len(), rows.ncols(), |i, j| rows[(which[i], j)])
}

/// One row as a vector.
pub fn row(rows: MatRef<'_, f64>, i: usize) -> Vec<f64> {
    (0..rows.ncols()).map(|j| rows[(i, j)]).collect()
}

/// Sum of the squares of all elements.
pub fn sum_of_squares(m: MatRef<'_, f64>) -> f64 {
    m.squared_norm_l2()
}
