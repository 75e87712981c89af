//! Gaussian conditioning on noisy data, with the training samples as the joint distribution.
//!
//! Let the rows of `Z` (n x m) be the centred training data *as the instrument would have seen them* and
//! `S` (m x m) the covariance of everything that is not in the training set: noise, nuisances, and the model
//! error. The training samples say `z = z̄ + Zᵀ a / √n` with `a ~ N(0, I)`, any other property of the same samples
//! is `t = t̄ + Tᵀ a / √n`, and so
//!
//! ```text
//! E[t | z] = t̄ + Tᵀ w,    w = U diag(s / (s² + n)) Vᵀ L⁻¹ (z - z̄),
//! S = L Lᵀ,   L⁻¹ Zᵀ = V diag(s) Uᵀ.
//! ```
//!
//! The n *weights* `w` serve every target at once (a pair distribution function, a density, a spectrum), which is
//! why they, and not a gain matrix, are what this type returns. With `S = (λ/n) I` this is ridge regression with
//! penalty λ, in either direction.

use crate::error::{Error, Result};
use crate::operator::rows;
use faer::{Mat, MatRef, Side};
use std::sync::Arc;

/// Directions whose share decided by the data is below this are left out of a [part](Conditional::part).
const NEGLIGIBLE: f64 = 1e-6;
/// Squared singular values below this part of the largest are rounding.
const ROUNDING: f64 = 1e-13;

/// Training data seen through an instrument, ready to be conditioned on.
#[derive(Debug)]
pub struct Conditional {
    mean: Vec<f64>,
    n: f64,
    /// Cholesky factor of `S`; the parts of a whole share it.
    lower: Arc<Factor>,
    u: Mat<f64>,
    s: Vec<f64>,
    v: Mat<f64>,
}

impl Conditional {
    /// `data` (n x m): training rows, not centred; `noise` (m x m): the covariance `S`.
    pub fn new(data: MatRef<'_, f64>, noise: MatRef<'_, f64>) -> Result<Self> {
        let lower = Arc::new(Factor::new(noise)?);
        let mean = rows::mean(data);
        let mut white = rows::centred(data, &mean).transpose().to_owned();
        lower.solve(&mut white);
        let svd = white
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        Ok(Self {
            mean,
            n: data.nrows() as f64,
            s: svd.S().column_vector().iter().copied().collect(),
            // white = V s Uᵀ: its left vectors live on the data axis.
            v: svd.U().to_owned(),
            u: svd.V().to_owned(),
            lower,
        })
    }

    /// The conditional of some of the rows of `data`, the ones this was made of, with the same `S`.
    ///
    /// The rows lie in the directions found already, so that a k x k eigenvalue problem takes the place of another decomposition,
    /// k the number of directions whose filter is not negligible.
    pub fn part(&self, data: MatRef<'_, f64>, which: &[usize]) -> Result<Self> {
        let k = (self.s.iter())
            .take_while(|s| **s * **s > NEGLIGIBLE * self.n)
            .count();
        let along = Mat::from_fn(which.len(), k, |i, j| self.u[(which[i], j)] * self.s[j]);
        let along = rows::centred(along.as_ref(), &rows::mean(along.as_ref()));
        let gram = along.transpose() * &along;
        let eigen = gram
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::new("the eigenvalue decomposition did not converge"))?;
        let squares: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        // Ascending; those that are rounding carry no direction on the samples.
        let least = squares.last().copied().unwrap_or(0.0) * ROUNDING;
        let kept: Vec<usize> = (0..k).rev().filter(|&j| squares[j] > least).collect();
        let turn = Mat::from_fn(k, kept.len(), |i, j| eigen.U()[(i, kept[j])]);
        let s: Vec<f64> = kept.iter().map(|&j| squares[j].sqrt()).collect();
        let mut u = along * &turn;
        for (j, s) in s.iter().enumerate() {
            u.col_mut(j).iter_mut().for_each(|v| *v /= s);
        }
        Ok(Self {
            mean: rows::mean(rows::select(data, which).as_ref()),
            n: which.len() as f64,
            lower: Arc::clone(&self.lower),
            v: self.v.subcols(0, k) * turn,
            u,
            s,
        })
    }

    /// Mean of the training data.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// `L⁻¹ (z - z̄)` for each row of `data` (N x m), as columns (m x N).
    pub fn whiten(&self, data: MatRef<'_, f64>) -> Mat<f64> {
        let mut white = rows::centred(data, &self.mean).transpose().to_owned();
        self.lower.solve(&mut white);
        white
    }

    /// Weights of the training samples (n x N) for whitened data (m x N).
    pub fn weights(&self, white: MatRef<'_, f64>) -> Mat<f64> {
        let mut t = self.v.transpose() * white;
        for j in 0..t.ncols() {
            for (k, s) in self.s.iter().enumerate() {
                t[(k, j)] *= s / (s * s + self.n);
            }
        }
        &self.u * &t
    }

    /// `f_k = s²/(s²+n)`: the share of each direction that the data decide; the prior decides the rest.
    pub fn filter(&self) -> Vec<f64> {
        self.s.iter().map(|s| s * s / (s * s + self.n)).collect()
    }

    /// Left vectors on the samples (n x k); with [`filter`](Self::filter) they give every covariance.
    pub fn sample_vectors(&self) -> MatRef<'_, f64> {
        self.u.as_ref()
    }

    /// Leverage of each whitened column: the squared norm of its [weights](Self::weights), `sum_k (vₖ·z̃)² s²/(s²+n)²`. It says how far
    /// the data pull, and what a direction cannot tell does not count: so a [part](Self::part), which leaves such directions out, has the
    /// leverages of the whole.
    pub fn leverage(&self, white: MatRef<'_, f64>) -> Vec<f64> {
        let t = self.v.transpose() * white;
        let weight = |s: f64| (s / (s * s + self.n)).powi(2);
        (0..t.ncols())
            .map(|j| {
                (0..t.nrows())
                    .map(|k| t[(k, j)].powi(2) * weight(self.s[k]))
                    .sum()
            })
            .collect()
    }

    /// Scores of each whitened column along the directions of the training data, the strongest first, in standard deviations of
    /// the training samples (k x N).
    pub fn standard_scores(&self, white: MatRef<'_, f64>) -> Mat<f64> {
        let mut t = self.v.transpose() * white;
        for j in 0..t.ncols() {
            for (k, s) in self.s.iter().enumerate() {
                t[(k, j)] *= self.n.sqrt() / s.max(f64::MIN_POSITIVE);
            }
        }
        t
    }

    /// The same of the training samples themselves (n x k).
    pub fn training_scores(&self) -> Mat<f64> {
        &self.u * faer::Scale(self.n.sqrt())
    }

    /// Number of directions in which the training data vary more than the noise, `s² > n`.
    pub fn known_directions(&self) -> usize {
        self.s.iter().filter(|s| **s * **s > self.n).count()
    }

    /// Hotelling-like T² within the [known directions](Self::known_directions) and the squared residual Q outside them,
    /// for each whitened column.
    pub fn distances(&self, white: MatRef<'_, f64>) -> Vec<(f64, f64)> {
        let k = self.known_directions();
        let t = self.v.subcols(0, k).transpose() * white;
        (0..white.ncols())
            .map(|j| {
                let (mut t2, mut inside) = (0.0, 0.0);
                for i in 0..k {
                    let c = t[(i, j)].powi(2);
                    inside += c;
                    t2 += c * self.n / (self.s[i] * self.s[i] + self.n);
                }
                (t2, (white.col(j).squared_norm_l2() - inside).max(0.0))
            })
            .collect()
    }

    /// `C⁻¹ (z - z̄)` (m x N) for whitened data, C the covariance of the data: what noise and nuisances are estimated with.
    pub fn precision_times(&self, white: MatRef<'_, f64>) -> Mat<f64> {
        let mut t = self.v.transpose() * white;
        for j in 0..t.ncols() {
            for (k, s) in self.s.iter().enumerate() {
                t[(k, j)] *= s * s / (s * s + self.n);
            }
        }
        let mut out = white - &self.v * &t;
        self.lower.solve_transposed(&mut out);
        out
    }

    /// The gain `K` (k x m) of a centred target (n x k): the estimate moves by `K · (z - z̄)`.
    pub fn gain(&self, target: MatRef<'_, f64>) -> Mat<f64> {
        // K = Tᵀ U diag(s/(s²+n)) Vᵀ L⁻¹, by solving Lᵀ Kᵀ = V diag(..) Uᵀ T.
        let mut ut = self.u.transpose() * target;
        for (k, s) in self.s.iter().enumerate() {
            for j in 0..ut.ncols() {
                ut[(k, j)] *= s / (s * s + self.n);
            }
        }
        let mut kt = &self.v * &ut;
        self.lower.solve_transposed(&mut kt);
        kt.transpose().to_owned()
    }
}

/// A Cholesky factor, which for independent errors is a list.
#[derive(Debug)]
enum Factor {
    Diagonal(Vec<f64>),
    Full(Mat<f64>),
}

impl Factor {
    fn new(covariance: MatRef<'_, f64>) -> Result<Self> {
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
    fn solve(&self, m: &mut Mat<f64>) {
        match self {
            Self::Diagonal(d) => divide_rows(m, d),
            Self::Full(lower) => lower.solve_lower_triangular_in_place(m),
        }
    }

    /// `L⁻ᵀ M` in place.
    fn solve_transposed(&self, m: &mut Mat<f64>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::fit::ridge::RidgePath;

    fn data(n: usize, p: usize) -> Mat<f64> {
        Mat::from_fn(n, p, |i, j| ((i * 7 + j * 13 + i * j) as f64 * 0.37).sin())
    }

    #[test]
    fn white_noise_conditioning_is_ridge_regression() {
        let (n, m, k, lambda) = (20, 6, 4, 0.7);
        let z = data(n, m);
        let t = data(n, m + k).subcols(m, k).to_owned();
        let noise = Mat::from_fn(m, m, |i, j| if i == j { lambda / n as f64 } else { 0.0 });
        let conditional = Conditional::new(z.as_ref(), noise.as_ref()).unwrap();
        let centred = rows::centred(t.as_ref(), &rows::mean(t.as_ref()));
        let gain = conditional.gain(centred.as_ref());
        let ridge = RidgePath::new(z.as_ref(), t.as_ref()).unwrap().fit(lambda);
        for i in 0..k {
            for j in 0..m {
                assert!((gain[(i, j)] - ridge.matrix[(i, j)]).abs() < 1e-10);
            }
        }
        // The weights are the same map, told per sample.
        let white = conditional.whiten(z.as_ref());
        let by_weights = centred.transpose() * conditional.weights(white.as_ref());
        let by_gain = &gain * rows::centred(z.as_ref(), conditional.mean()).transpose();
        assert!((by_weights - by_gain).norm_max() < 1e-10);
    }

    /// A part is the conditional of its rows alone.
    #[test]
    fn a_part_is_what_its_rows_alone_give() {
        let (n, m) = (24, 6);
        let z = data(n, m);
        let correlated = Mat::from_fn(m, m, |i, j| 0.3 * 0.5f64.powf(i.abs_diff(j) as f64));
        let independent = Mat::from_fn(m, m, |i, j| if i == j { 0.1 + i as f64 } else { 0.0 });
        for noise in [correlated, independent] {
            let whole = Conditional::new(z.as_ref(), noise.as_ref()).unwrap();
            let which: Vec<usize> = (0..n).filter(|i| i % 3 > 0).collect();
            let part = whole.part(z.as_ref(), &which).unwrap();
            let rows = rows::select(z.as_ref(), &which);
            let alone = Conditional::new(rows.as_ref(), noise.as_ref()).unwrap();
            let said = |c: &Conditional| {
                let white = c.whiten(z.as_ref());
                (
                    c.weights(white.as_ref()),
                    c.leverage(white.as_ref()),
                    c.distances(white.as_ref()),
                )
            };
            let ((a, h, d), (b, k, e)) = (said(&part), said(&alone));
            assert!((a - b).norm_max() < 1e-9);
            for i in 0..n {
                assert!(
                    (h[i] - k[i]).abs() < 1e-9
                        && (d[i].0 - e[i].0).abs() < 1e-8
                        && (d[i].1 - e[i].1).abs() < 1e-8
                );
            }
        }
    }

    #[test]
    fn the_scores_of_a_training_row_are_those_of_the_sample() {
        let z = data(12, 5);
        let noise = Mat::from_fn(5, 5, |i, j| if i == j { 0.3 } else { 0.0 });
        let conditional = Conditional::new(z.as_ref(), noise.as_ref()).unwrap();
        let scores = conditional.standard_scores(conditional.whiten(z.as_ref()).as_ref());
        let own = conditional.training_scores();
        for i in 0..12 {
            assert!((scores[(0, i)] - own[(i, 0)]).abs() < 1e-9);
            assert!((scores[(1, i)] - own[(i, 1)]).abs() < 1e-9);
        }
    }

    #[test]
    fn a_zero_error_is_named() {
        let z = data(5, 2);
        let noise = Mat::<f64>::zeros(2, 2);
        let e = Conditional::new(z.as_ref(), noise.as_ref()).unwrap_err();
        assert!(e.to_string().contains("positive"), "{e}");
    }
}
