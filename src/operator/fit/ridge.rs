//! Ridge regression of many outputs: the whole path and exact leave-one-out from one decomposition.
//!
//! The objective, for rows `x_i`, `y_i` with weights `w_i` and an intercept `b` that is not penalised, is
//!
//! ```text
//! min over B, b of  sum_i w_i |y_i - B^T x_i - b|^2 + lambda |B|_F^2
//! ```
//!
//! which is scikit-learn's `Ridge(alpha = lambda)`; the paper's β (arXiv:2602.05313, eq. 8, loss averaged over n samples
//! and q channels) is `lambda / (n q)`. The penalty may differ from output to output. Weights of channels count where one λ
//! is chosen for all of them: the map of a channel at a given λ does not depend on its weight.
//!
//! The centred inputs are decomposed once, `X = U S V^T`, by QR and the SVD of the small triangle (of `X^T` where there are
//! fewer samples than inputs), never through `X^T X`: singular values are known to 1e-16 of the largest one instead of 1e-8,
//! at a cost, measured, below that of a single fit of the path. At every λ the residuals are then
//! `R = Y_⊥ + U diag(λ/(s²+λ)) U^T Y`. As functions of λ these filters are nearly dependent, so that the products of a few λ
//! combine to all of them: a path of 100 costs what 10 to 25 fits cost.

mod errors;

use super::LinearMap;
use super::centred::{Centred, check_weights};
use crate::error::{Error, Result};
use errors::Filters;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Singular values below this fraction of the largest one are rounding noise of a rank-deficient matrix.
pub(super) const RANK_TOLERANCE: f64 = 1e-13;
/// A leverage this close to one is one: the sample alone decides a direction.
const LEVERAGE_ROUNDING: f64 = 1e-14;
/// The default path: λ from 1e-12 to 1 times the total variance |X|², five a decade.
const PATH_DECADES: i32 = 12;
const PATH_PER_DECADE: i32 = 5;

/// How much samples and channels count; all alike where nothing is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weights<'a> {
    /// One positive number a sample, such as `1/σ²`.
    pub samples: Option<&'a [f64]>,
    /// One positive number a channel; counts in the choice of a common λ.
    pub channels: Option<&'a [f64]>,
}

/// Everything a ridge path needs: the thin SVD of the centred inputs and the outputs in its basis.
#[derive(Debug)]
pub struct RidgePath {
    data: Centred,
    /// √wᵢ.
    root_weight: Vec<f64>,
    channel_weight: Option<Vec<f64>>,
    /// `U^T` (k x n), singular values (k), right vectors (p x k).
    ut: Mat<f64>,
    s: Vec<f64>,
    v: Mat<f64>,
    /// `U^T Y` (k x q).
    uty: Mat<f64>,
    /// `1 - h` that remains at λ = 0 (n).
    free: Vec<f64>,
}

impl RidgePath {
    /// Decomposes the centred inputs (n x p) once; `outputs` is n x q.
    ///
    /// Constant columns and repeated rows are harmless: directions without variance get no weight.
    pub fn new(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<Self> {
        Self::weighted(inputs, outputs, Weights::default())
    }

    /// The same with [`Weights`].
    pub fn weighted(
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        weights: Weights<'_>,
    ) -> Result<Self> {
        let n = inputs.nrows();
        let data = match weights.samples {
            None => Centred::new(inputs, outputs)?,
            Some(w) => Centred::weighted(inputs, outputs, w)?,
        };
        if let Some(w) = weights.channels {
            check_weights("channels", w, outputs.ncols())?;
        }
        let svd = data
            .x
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let all: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let floor = RANK_TOLERANCE * all.first().copied().unwrap_or(0.0);
        // One direction is lost to the means, whatever rounding says.
        let k = all.iter().take(n - 1).take_while(|&&s| s > floor).count();
        let ut = svd.U().subcols(0, k).transpose().to_owned();
        let total: f64 = weights.samples.map_or(n as f64, |w| w.iter().sum());
        let weight = |i: usize| weights.samples.map_or(1.0, |w| w[i]);
        let free = (0..n)
            .map(|i| {
                let rest = 1.0 - weight(i) / total - ut.col(i).squared_norm_l2();
                if k == n - 1 || rest < LEVERAGE_ROUNDING {
                    0.0
                } else {
                    rest
                }
            })
            .collect();
        Ok(Self {
            uty: &ut * &data.y,
            v: svd.V().subcols(0, k).to_owned(),
            s: all[..k].to_vec(),
            root_weight: (0..n).map(|i| weight(i).sqrt()).collect(),
            channel_weight: weights.channels.map(<[f64]>::to_vec),
            ut,
            data,
            free,
        })
    }

    /// The default λ values, ascending: a logarithmic path relative to |X|².
    pub fn default_lambdas(&self) -> Vec<f64> {
        default_path(&self.s)
    }

    /// Effective number of directions that inform the map, `sum s²/(s²+λ)`.
    pub fn degrees_of_freedom(&self, lambda: f64) -> f64 {
        self.s.iter().map(|s| s * s / (s * s + lambda)).sum()
    }

    /// Singular values of the centred inputs, descending.
    pub fn singular_values(&self) -> &[f64] {
        &self.s
    }

    /// Leave-one-out residuals (n x q): row i is `y_i` minus the prediction of the fit without sample i.
    ///
    /// Exact, from `r_i / (1 - h_ii)` with the intercept's share in the leverage `h_ii`
    /// (Hastie, Tibshirani and Friedman, *Elements of Statistical Learning*, eq. 7.64).
    pub fn leave_one_out(&self, lambda: f64) -> Mat<f64> {
        let filters = Filters::new(&self.s, &[lambda]);
        let free = self.free_leverage(&filters);
        let filtered = Mat::from_fn(self.uty.nrows(), self.uty.ncols(), |k, j| {
            filters.values[(k, 0)] * self.uty[(k, j)]
        });
        let (n, q) = (self.samples(), self.uty.ncols());
        let mut residual = self.outside(0, n);
        matmul(
            MatMut::from_column_major_slice_mut(&mut residual, q, n),
            Accum::Add,
            filtered.transpose(),
            &self.ut,
            filters.scale[0],
            Par::Seq,
        );
        Mat::from_fn(n, q, |i, j| {
            residual[i * q + j] / (free[(i, 0)] * self.root_weight[i])
        })
    }

    /// Mean squared leave-one-out error of each λ, over samples and outputs by their weights.
    pub fn leave_one_out_errors(&self, lambdas: &[f64]) -> Vec<f64> {
        let table = self.leave_one_out_table(lambdas);
        let weight = |j: usize| self.channel_weight.as_ref().map_or(1.0, |w| w[j]);
        let total: f64 = (0..table.nrows()).map(weight).sum();
        (0..lambdas.len())
            .map(|l| {
                (0..table.nrows())
                    .map(|j| weight(j) * table[(j, l)])
                    .sum::<f64>()
                    / total
            })
            .collect()
    }

    /// The λ of the smallest leave-one-out error; the first one of equals.
    pub fn best_lambda(&self, lambdas: &[f64]) -> Result<f64> {
        smallest(
            lambdas
                .iter()
                .copied()
                .zip(self.leave_one_out_errors(lambdas)),
        )
    }

    /// The best λ of each output by itself (q).
    pub fn best_lambdas(&self, lambdas: &[f64]) -> Result<Vec<f64>> {
        let table = self.leave_one_out_table(lambdas);
        (0..table.nrows())
            .map(|j| smallest(lambdas.iter().copied().zip(table.row(j).iter().copied())))
            .collect()
    }

    /// The map at one λ.
    pub fn fit(&self, lambda: f64) -> LinearMap {
        self.fit_each(&vec![lambda; self.data.y.ncols()])
    }

    /// The map with a λ for each output (q).
    pub fn fit_each(&self, lambdas: &[f64]) -> LinearMap {
        let scaled = Mat::from_fn(self.uty.nrows(), lambdas.len(), |k, j| {
            let s = self.s[k];
            self.uty[(k, j)] * s / (s * s + lambdas[j])
        });
        self.data.map(scaled.transpose() * self.v.transpose())
    }

    /// Mean of the outputs (q).
    pub(super) fn output_mean(&self) -> &[f64] {
        &self.data.y_mean
    }

    /// `diag(s/√(s²+λ)) U^T Y` (k x q): its products are those of the fitted values with the rows that the penalty adds.
    pub(super) fn fitted_patterns(&self, lambda: f64) -> Mat<f64> {
        Mat::from_fn(self.uty.nrows(), self.uty.ncols(), |k, j| {
            let s = self.s[k];
            self.uty[(k, j)] * s / (s * s + lambda).sqrt()
        })
    }

    fn samples(&self) -> usize {
        self.data.x.nrows()
    }

    /// `1 - h` of each sample at each λ (n x L), without cancellation: what is free at λ = 0 and what the filters free.
    fn free_leverage(&self, filters: &Filters) -> Mat<f64> {
        let squared = Mat::from_fn(self.samples(), self.s.len(), |i, k| self.ut[(k, i)].powi(2));
        let mut free = squared * &filters.values;
        for l in 0..free.ncols() {
            for i in 0..free.nrows() {
                free[(i, l)] = self.free[i] + filters.scale[l] * free[(i, l)];
            }
        }
        free
    }

    /// The outputs (q x count, sample after sample) of the samples from `first` on, less all that the inputs can say of them.
    fn outside(&self, first: usize, count: usize) -> Vec<f64> {
        let q = self.uty.ncols();
        let mut rest: Vec<f64> = (first..first + count)
            .flat_map(|i| self.data.y.row(i).iter().copied())
            .collect();
        matmul(
            MatMut::from_column_major_slice_mut(&mut rest, q, count),
            Accum::Add,
            self.uty.transpose(),
            self.ut.subcols(first, count),
            -1.0,
            Par::Seq,
        );
        for i in 0..count {
            // Where nothing is free the residual is rounding, and would be divided by nothing.
            if self.free[first + i] == 0.0 {
                rest[i * q..][..q].fill(0.0);
            }
        }
        rest
    }
}

/// The default path for inputs of these singular values.
pub(super) fn default_path(singular: &[f64]) -> Vec<f64> {
    let total: f64 = singular.iter().map(|s| s * s).sum();
    // All inputs equal: any positive λ gives the constant map.
    let total = if total > 0.0 { total } else { 1.0 };
    (-PATH_DECADES * PATH_PER_DECADE..=0)
        .map(|k| total * 10f64.powf(f64::from(k) / f64::from(PATH_PER_DECADE)))
        .collect()
}

/// The λ of the smallest finite error, of pairs of both; the first one of equals.
pub(super) fn smallest(scores: impl IntoIterator<Item = (f64, f64)>) -> Result<f64> {
    scores
        .into_iter()
        .filter(|(_, e)| e.is_finite())
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(l, _)| l)
        .ok_or_else(|| {
            Error::new("no ridge parameter has a finite leave-one-out error")
                .because("the samples are too few, or all the same")
                .cure("give more, and more different, samples")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::rows;

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
