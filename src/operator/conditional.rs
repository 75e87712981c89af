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

/// Training data seen through an instrument, ready to be conditioned on.
#[derive(Debug)]
pub struct Conditional {
    mean: Vec<f64>,
    n: f64,
    /// Cholesky factor of `S`.
    lower: Mat<f64>,
    u: Mat<f64>,
    s: Vec<f64>,
    v: Mat<f64>,
}

impl Conditional {
    /// `data` (n x m): training rows, not centred; `noise` (m x m): the covariance `S`.
    pub fn new(data: MatRef<'_, f64>, noise: MatRef<'_, f64>) -> Result<Self> {
        let lower = cholesky(noise)?;
        let mean = rows::mean(data);
        let mut white = rows::centred(data, &mean).transpose().to_owned();
        lower.solve_lower_triangular_in_place(&mut white);
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

    /// Mean of the training data.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// `L⁻¹ (z - z̄)` for each row of `data` (N x m), as columns (m x N).
    pub fn whiten(&self, data: MatRef<'_, f64>) -> Mat<f64> {
        let mut white = rows::centred(data, &self.mean).transpose().to_owned();
        self.lower.solve_lower_triangular_in_place(&mut white);
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

    /// Leverage `sum_k (vₖ·z̃)²/(s²+n)` of each whitened column: how far the data pull along known directions.
    pub fn leverage(&self, white: MatRef<'_, f64>) -> Vec<f64> {
        let t = self.v.transpose() * white;
        (0..t.ncols())
            .map(|j| {
                (0..t.nrows())
                    .map(|k| t[(k, j)].powi(2) / (self.s[k] * self.s[k] + self.n))
                    .sum()
            })
            .collect()
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
        self.lower
            .transpose()
            .solve_upper_triangular_in_place(&mut out);
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
        self.lower
            .transpose()
            .solve_upper_triangular_in_place(&mut kt);
        kt.transpose().to_owned()
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

    #[test]
    fn a_zero_error_is_named() {
        let z = data(5, 2);
        let noise = Mat::<f64>::zeros(2, 2);
        let e = Conditional::new(z.as_ref(), noise.as_ref()).unwrap_err();
        assert!(e.to_string().contains("positive"), "{e}");
    }
}
