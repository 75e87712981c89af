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
//! The weights serve every target at once (a pair distribution function, a density, a spectrum), which is why they, and
//! not a gain matrix, are what this type returns: as *coefficients* `a`, `w = U a`, one a direction. With `S = (λ/n) I` this is
//! ridge regression with penalty λ, in either direction.
//!
//! Directions of which the data decide less than a millionth are left out. What [`Directions`] of the samples know is used for
//! every instrument, so that an instrument costs an eigenvalue problem of as many rows as there are directions; what is left when
//! some samples are taken away is a change of low rank ([`LeftOut`]).

mod factor;
mod left_out;

pub use factor::{Factor, cholesky};
pub use left_out::{Judged, LeftOut};

use super::directions::Directions;
use crate::error::{Error, Result};
use crate::operator::rows;
use faer::{Mat, MatRef, Side};

/// Directions whose share decided by the data is below this are left out.
const NEGLIGIBLE: f64 = 1e-6;
/// Squared singular values below this part of the largest are rounding.
const ROUNDING: f64 = 1e-13;

/// Training data seen through an instrument, ready to be conditioned on.
#[derive(Debug)]
pub struct Conditional {
    mean: Vec<f64>,
    n: f64,
    lower: Factor,
    u: Mat<f64>,
    s: Vec<f64>,
    v: Mat<f64>,
}

/// Whitened data along the directions of a [`Conditional`].
#[derive(Debug, Clone)]
pub struct Scores {
    /// `Vᵀ z̃`, k x N.
    along: Mat<f64>,
    /// `|z̃|²`, N.
    size: Vec<f64>,
}

/// A property of the training samples, to be inferred.
#[derive(Debug)]
pub struct Target {
    mean: Vec<f64>,
    /// About their mean, n x p.
    centred: Mat<f64>,
    /// `Tᵀ U`, p x k.
    along: Mat<f64>,
}

impl Conditional {
    /// `data` (n x m): training rows, not centred; `noise` (m x m): the covariance `S`.
    pub fn new(data: MatRef<'_, f64>, noise: MatRef<'_, f64>) -> Result<Self> {
        let directions = Directions::new(data)?;
        Self::through(&directions, 0.0, |rows| rows.to_owned(), noise)
    }

    /// Samples as an instrument would have seen them: `see` carries rows on their axis to rows of data (m), linearly, and `noise`
    /// (m x m), the covariance `S`, is at least `λ/n` times the product of that map with its transpose. So directions with
    /// `s² < 1e-6 λ` are negligible whatever the instrument.
    pub fn through(
        directions: &Directions,
        lambda: f64,
        see: impl Fn(MatRef<'_, f64>) -> Mat<f64>,
        noise: MatRef<'_, f64>,
    ) -> Result<Self> {
        let n = directions.u.nrows() as f64;
        let r = directions.above(NEGLIGIBLE * lambda);
        let lower = Factor::new(noise)?;
        let mut white = see(directions.patterns.subrows(0, r))
            .transpose()
            .to_owned();
        lower.solve(&mut white);
        let eigen = eigen(&(white.transpose() * &white))?;
        let squares: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        // Ascending; the strongest is always kept.
        let least = (ROUNDING * squares[r - 1]).max(NEGLIGIBLE * n);
        let kept: Vec<usize> = (0..r)
            .rev()
            .filter(|&j| j == r - 1 || squares[j] > least)
            .collect();
        let turn = Mat::from_fn(r, kept.len(), |i, j| eigen.U()[(i, kept[j])]);
        let s: Vec<f64> = kept.iter().map(|&j| squares[j].max(0.0).sqrt()).collect();
        let mut v = white * &turn;
        for (j, s) in s.iter().enumerate() {
            let s = s.max(f64::MIN_POSITIVE);
            v.col_mut(j).iter_mut().for_each(|v| *v /= s);
        }
        let q = directions.mean.len();
        let mean = Mat::from_fn(1, q, |_, j| directions.mean[j]);
        Ok(Self {
            mean: rows::row(see(mean.as_ref()).as_ref(), 0),
            n,
            lower,
            u: directions.u.subcols(0, r) * turn,
            s,
            v,
        })
    }

    /// Mean of the training data.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// `L⁻¹ (z - z̄)` for each row of `data` (N x m), as columns (m x N).
    pub fn whiten(&self, data: MatRef<'_, f64>) -> Mat<f64> {
        let data = data.transpose();
        let mut white = Mat::from_fn(data.nrows(), data.ncols(), |i, j| {
            data[(i, j)] - self.mean[i]
        });
        self.lower.solve(&mut white);
        white
    }

    /// Where whitened data (m x N) stand along the directions.
    pub fn scores(&self, white: MatRef<'_, f64>) -> Scores {
        Scores {
            along: self.v.transpose() * white,
            size: white.col_iter().map(|c| c.squared_norm_l2()).collect(),
        }
    }

    /// The weights of the training samples as coefficients (k x N), `w = U a`.
    pub fn coefficients(&self, scores: &Scores) -> Mat<f64> {
        scaled_rows(&scores.along, |k| {
            self.s[k] / (self.s[k] * self.s[k] + self.n)
        })
    }

    /// A property of the training samples (rows, n x p) to be inferred from data.
    pub fn target(&self, property: MatRef<'_, f64>) -> Target {
        let mean = rows::mean(property);
        let centred = rows::centred(property, &mean);
        Target {
            along: centred.transpose() * &self.u,
            mean,
            centred,
        }
    }

    /// `f_k = s²/(s²+n)`: the share of each direction that the data decide; the prior decides the rest.
    pub fn filter(&self) -> Vec<f64> {
        self.s.iter().map(|s| s * s / (s * s + self.n)).collect()
    }

    /// Left vectors on the samples (n x k); with [`filter`](Self::filter) they give every covariance.
    pub fn sample_vectors(&self) -> MatRef<'_, f64> {
        self.u.as_ref()
    }

    /// Leverage of each whitened column: the squared norm of its weights, `sum_k (vₖ·z̃)² s²/(s²+n)²`. It says how far
    /// the data pull, and what a direction cannot tell does not count: so a part, which leaves such directions out, has the
    /// leverages of the whole.
    pub fn leverage(&self, scores: &Scores) -> Vec<f64> {
        let of = |t: &[f64]| {
            (t.iter().zip(&self.s))
                .map(|(t, s)| (t * s / (s * s + self.n)).powi(2))
                .sum()
        };
        (0..scores.size.len())
            .map(|j| of(scores.along.col_as_slice(j)))
            .collect()
    }

    /// Scores along the directions of the training data, the strongest first, in standard deviations of the training samples
    /// (k x N).
    pub fn standard_scores(&self, scores: &Scores) -> Mat<f64> {
        scaled_rows(&scores.along, |k| {
            self.n.sqrt() / self.s[k].max(f64::MIN_POSITIVE)
        })
    }

    /// The same of the training samples themselves (n x k).
    pub fn training_scores(&self) -> Mat<f64> {
        &self.u * faer::Scale(self.n.sqrt())
    }

    /// Number of directions in which the training data vary more than the noise, `s² > n`.
    pub fn known_directions(&self) -> usize {
        self.s.iter().filter(|s| **s * **s > self.n).count()
    }

    /// Hotelling-like T² within the [known directions](Self::known_directions) and the squared residual Q outside them, of each
    /// column.
    pub fn distances(&self, scores: &Scores) -> Vec<(f64, f64)> {
        let k = self.known_directions();
        (scores.size.iter().enumerate())
            .map(|(j, size)| {
                let (mut t2, mut inside) = (0.0, 0.0);
                for (t, s) in scores.along.col_as_slice(j)[..k].iter().zip(&self.s) {
                    inside += t * t;
                    t2 += t * t * self.n / (s * s + self.n);
                }
                (t2, (size - inside).max(0.0))
            })
            .collect()
    }

    /// What the training samples with these coefficients (k x N) look like, whitened, about the mean (m x N).
    pub fn implied(&self, coefficients: &Mat<f64>) -> Mat<f64> {
        &self.v * scaled_rows(coefficients, |k| self.s[k])
    }

    /// The same as data: what refolding adds to the mean.
    pub fn unwhitened(&self, white: &Mat<f64>) -> Mat<f64> {
        self.lower.times(white)
    }

    /// `C⁻¹ (z - z̄)` (m x N), C the covariance of the data, for whitened data and what their coefficients [imply](Self::implied):
    /// what noise and nuisances are estimated with.
    pub fn precision_times(&self, white: &Mat<f64>, implied: &Mat<f64>) -> Mat<f64> {
        let mut out = white - implied;
        self.lower.solve_transposed(&mut out);
        out
    }

    /// The gain `K` (k x m) of a centred target (n x k): the estimate moves by `K · (z - z̄)`.
    pub fn gain(&self, target: MatRef<'_, f64>) -> Mat<f64> {
        // K = Tᵀ U diag(s/(s²+n)) Vᵀ L⁻¹, by solving Lᵀ Kᵀ = V diag(..) Uᵀ T.
        let ut = self.u.transpose() * target;
        let mut kt = &self.v * scaled_rows(&ut, |k| self.s[k] / (self.s[k] * self.s[k] + self.n));
        self.lower.solve_transposed(&mut kt);
        kt.transpose().to_owned()
    }
}

impl Scores {
    /// Number of columns.
    pub fn len(&self) -> usize {
        self.size.len()
    }

    /// The first `count` columns.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self {
            along: self.along.subcols(0, count).to_owned(),
            size: self.size[..count].to_vec(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.size.is_empty()
    }
}

impl Target {
    /// What coefficients (k x N) say of it (p x N), about its mean.
    pub fn moved(&self, coefficients: &Mat<f64>) -> Mat<f64> {
        &self.along * coefficients
    }

    /// The same property for another conditional of the same samples.
    #[must_use]
    pub fn along(&self, conditional: &Conditional) -> Self {
        Self {
            mean: self.mean.clone(),
            along: self.centred.transpose() * &conditional.u,
            centred: self.centred.clone(),
        }
    }

    /// Its mean over the training samples.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The property of the training samples about its mean (n x p).
    pub fn centred(&self) -> &Mat<f64> {
        &self.centred
    }
}

fn scaled_rows(m: &Mat<f64>, by: impl Fn(usize) -> f64) -> Mat<f64> {
    let by: Vec<f64> = (0..m.nrows()).map(by).collect();
    Mat::from_fn(m.nrows(), m.ncols(), |i, j| by[i] * m[(i, j)])
}

fn eigen(m: &Mat<f64>) -> Result<faer::linalg::solvers::SelfAdjointEigen<f64>> {
    m.self_adjoint_eigen(Side::Lower)
        .map_err(|_| Error::new("the eigenvalue decomposition did not converge"))
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
        let target = conditional.target(t.as_ref());
        let by_weights =
            target.moved(&conditional.coefficients(&conditional.scores(white.as_ref())));
        let by_gain = &gain * rows::centred(z.as_ref(), conditional.mean()).transpose();
        assert!((by_weights - by_gain).norm_max() < 1e-10);
    }

    #[test]
    fn the_scores_of_a_training_row_are_those_of_the_sample() {
        let z = data(12, 5);
        let noise = Mat::from_fn(5, 5, |i, j| if i == j { 0.3 } else { 0.0 });
        let conditional = Conditional::new(z.as_ref(), noise.as_ref()).unwrap();
        let scores = {
            let white = conditional.whiten(z.as_ref());
            conditional.standard_scores(&conditional.scores(white.as_ref()))
        };
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
