//! Ridge regression of many outputs: the whole path and exact leave-one-out from one decomposition.
//!
//! The objective, for rows `x_i`, `y_i` and an intercept `b` that is not penalised, is
//!
//! ```text
//! min over B, b of  sum_i |y_i - B^T x_i - b|^2 + lambda |B|_F^2
//! ```
//!
//! which is scikit-learn's `Ridge(alpha = lambda)`; the paper's β (arXiv:2602.05313, eq. 8, loss averaged
//! over n samples and q channels) is `lambda / (n q)`.

use crate::error::{Error, Result};
use crate::operator::rows;
use faer::{Mat, MatRef};

/// Singular values below this fraction of the largest one are rounding noise of a rank-deficient matrix.
const RANK_TOLERANCE: f64 = 1e-13;
/// The default path: λ from 1e-12 to 1 times the total variance |X|², five a decade.
const PATH_DECADES: i32 = 12;
const PATH_PER_DECADE: i32 = 5;

/// Everything a ridge path needs: the thin SVD of the centred inputs and the outputs in its basis.
#[derive(Debug)]
pub struct RidgePath {
    x_mean: Vec<f64>,
    y_mean: Vec<f64>,
    y: Mat<f64>,
    /// Left vectors (n x k), singular values (k), right vectors (p x k).
    u: Mat<f64>,
    s: Vec<f64>,
    v: Mat<f64>,
    /// `U^T Y` (k x q).
    uty: Mat<f64>,
}

impl RidgePath {
    /// Decomposes the centred inputs (n x p) once; `outputs` is n x q.
    ///
    /// Constant columns and repeated rows are harmless: directions without variance get no weight.
    pub fn new(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<Self> {
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
        let (x_mean, y_mean) = (rows::mean(inputs), rows::mean(outputs));
        let x = rows::centred(inputs, &x_mean);
        let y = rows::centred(outputs, &y_mean);
        let svd = x
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let all: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let floor = RANK_TOLERANCE * all.first().copied().unwrap_or(0.0);
        let k = all.iter().take_while(|&&s| s > floor).count();
        let u = svd.U().subcols(0, k).to_owned();
        Ok(Self {
            uty: u.transpose() * &y,
            v: svd.V().subcols(0, k).to_owned(),
            s: all[..k].to_vec(),
            x_mean,
            y_mean,
            y,
            u,
        })
    }

    /// The default λ values, ascending: a logarithmic path relative to |X|².
    pub fn default_lambdas(&self) -> Vec<f64> {
        let total: f64 = self.s.iter().map(|s| s * s).sum();
        // All inputs equal: any positive λ gives the constant map.
        let total = if total > 0.0 { total } else { 1.0 };
        (-PATH_DECADES * PATH_PER_DECADE..=0)
            .map(|k| total * 10f64.powf(f64::from(k) / f64::from(PATH_PER_DECADE)))
            .collect()
    }

    /// Effective number of directions that inform the map, `sum s²/(s²+λ)`.
    pub fn degrees_of_freedom(&self, lambda: f64) -> f64 {
        self.filter(lambda).iter().sum()
    }

    /// Singular values of the centred inputs, descending.
    pub fn singular_values(&self) -> &[f64] {
        &self.s
    }

    fn filter(&self, lambda: f64) -> Vec<f64> {
        self.s.iter().map(|s| s * s / (s * s + lambda)).collect()
    }

    /// Leave-one-out residuals (n x q): row i is `y_i` minus the prediction of the fit without sample i.
    ///
    /// Exact, from `r_i / (1 - h_ii)` with the intercept's share 1/n in the leverage `h_ii`
    /// (Hastie, Tibshirani and Friedman, *Elements of Statistical Learning*, eq. 7.64).
    pub fn leave_one_out(&self, lambda: f64) -> Mat<f64> {
        let filter = self.filter(lambda);
        let n = self.y.nrows();
        let scaled = Mat::from_fn(self.uty.nrows(), self.uty.ncols(), |k, j| {
            filter[k] * self.uty[(k, j)]
        });
        let fitted = &self.u * &scaled;
        let denominator: Vec<f64> = (0..n)
            .map(|i| {
                let h: f64 = filter
                    .iter()
                    .enumerate()
                    .map(|(k, f)| f * self.u[(i, k)].powi(2))
                    .sum();
                1.0 - h - 1.0 / n as f64
            })
            .collect();
        Mat::from_fn(n, self.y.ncols(), |i, j| {
            (self.y[(i, j)] - fitted[(i, j)]) / denominator[i]
        })
    }

    /// Mean squared leave-one-out error of each λ, over samples and outputs.
    pub fn leave_one_out_errors(&self, lambdas: &[f64]) -> Vec<f64> {
        let count = (self.y.nrows() * self.y.ncols()) as f64;
        lambdas
            .iter()
            .map(|&l| rows::sum_of_squares(self.leave_one_out(l).as_ref()) / count)
            .collect()
    }

    /// The λ of the smallest leave-one-out error; the first one of equals.
    pub fn best_lambda(&self, lambdas: &[f64]) -> Result<f64> {
        let errors = self.leave_one_out_errors(lambdas);
        lambdas
            .iter()
            .zip(&errors)
            .filter(|(_, e)| e.is_finite())
            .min_by(|a, b| a.1.total_cmp(b.1))
            .map(|(l, _)| *l)
            .ok_or_else(|| {
                Error::new("no ridge parameter has a finite leave-one-out error")
                    .because("the samples are too few, or all the same")
                    .cure("give more, and more different, samples")
            })
    }

    /// The map at one λ.
    pub fn fit(&self, lambda: f64) -> Ridge {
        let scaled = Mat::from_fn(self.uty.nrows(), self.uty.ncols(), |k, j| {
            let s = self.s[k];
            self.uty[(k, j)] * s / (s * s + lambda)
        });
        let matrix = scaled.transpose() * self.v.transpose();
        let offset = (0..self.y_mean.len())
            .map(|j| {
                let at_mean: f64 = self
                    .x_mean
                    .iter()
                    .enumerate()
                    .map(|(k, m)| matrix[(j, k)] * m)
                    .sum();
                self.y_mean[j] - at_mean
            })
            .collect();
        Ridge {
            matrix,
            offset,
            lambda,
        }
    }
}

/// A fitted linear map `y = matrix · x + offset`.
#[derive(Debug, Clone)]
pub struct Ridge {
    /// q x p.
    pub matrix: Mat<f64>,
    /// q.
    pub offset: Vec<f64>,
    /// The penalty it was fitted with.
    pub lambda: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
        let wave = |i: usize, j: usize| ((i * 7 + j * 13 + i * j) as f64 * 0.37).sin();
        (
            Mat::from_fn(n, p, wave),
            Mat::from_fn(n, q, |i, j| wave(i, j + 3) + 0.1 * wave(j, i)),
        )
    }

    /// Rounding of two different roads to the same number.
    const ROUNDING: f64 = 1e-10;

    #[test]
    fn leave_one_out_equals_refitting() {
        for (n, p) in [(12, 5), (8, 20)] {
            let (x, y) = data(n, p, 3);
            let lambda = 0.3;
            let loo = RidgePath::new(x.as_ref(), y.as_ref())
                .unwrap()
                .leave_one_out(lambda);
            for left_out in 0..n {
                let rest: Vec<usize> = (0..n).filter(|&i| i != left_out).collect();
                let map = RidgePath::new(
                    rows::select(x.as_ref(), &rest).as_ref(),
                    rows::select(y.as_ref(), &rest).as_ref(),
                )
                .unwrap()
                .fit(lambda);
                for j in 0..3 {
                    let predicted: f64 = map.offset[j]
                        + (0..p)
                            .map(|k| map.matrix[(j, k)] * x[(left_out, k)])
                            .sum::<f64>();
                    assert!((y[(left_out, j)] - predicted - loo[(left_out, j)]).abs() < ROUNDING);
                }
            }
        }
    }

    /// At the optimum the gradient `-2 X^T (Y - X B - b) + 2 lambda B` is zero.
    #[test]
    fn the_gradient_vanishes_at_the_fit() {
        let (x, y) = data(15, 6, 2);
        let lambda = 0.05;
        let map = RidgePath::new(x.as_ref(), y.as_ref()).unwrap().fit(lambda);
        let residual = Mat::from_fn(15, 2, |i, j| {
            y[(i, j)] - map.offset[j] - (0..6).map(|k| map.matrix[(j, k)] * x[(i, k)]).sum::<f64>()
        });
        for j in 0..2 {
            assert!(residual.col(j).sum().abs() < ROUNDING);
            for k in 0..6 {
                let pull: f64 = (0..15).map(|i| x[(i, k)] * residual[(i, j)]).sum();
                assert!((pull - lambda * map.matrix[(j, k)]).abs() < ROUNDING);
            }
        }
    }

    #[test]
    fn degenerate_inputs_give_the_mean_or_a_named_error() {
        let x = Mat::<f64>::from_fn(4, 3, |_, _| 2.0);
        let y = Mat::from_fn(4, 1, |i, _| i as f64);
        let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
        let map = path.fit(path.best_lambda(&path.default_lambdas()).unwrap());
        assert!((map.offset[0] - 1.5).abs() < ROUNDING);
        assert!(RidgePath::new(x.subrows(0, 1), y.subrows(0, 1)).is_err());
    }
}
