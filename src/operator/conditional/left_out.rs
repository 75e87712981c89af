//! What all samples but some say of those: a change of low rank to what all say.
//!
//! Along the directions of the whole the samples stand at `S u_i`. Those that stay have the mean `S ū` and, about it,
//!
//! ```text
//! C = S² - G Gᵀ,    G = S Hᵀ,    H = the rows of U that leave, and √n ū,
//! ```
//!
//! n the number that stays, and by Woodbury's identity, with `D = S² + n` and `P = D⁻¹ G`,
//!
//! ```text
//! (C + n)⁻¹ = D⁻¹ + P (I - Gᵀ P)⁻¹ Pᵀ.
//! ```

use super::{Conditional, Scores, Target, cholesky, eigen, scaled_rows};
use crate::error::Result;
use crate::operator::rows;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use std::sync::OnceLock;

/// A [`Conditional`] without some of its samples.
#[derive(Debug)]
pub struct LeftOut {
    /// The samples that are left out.
    pub test: Vec<usize>,
    n: f64,
    /// Rows of U that leave (t x k).
    leaving: Mat<f64>,
    /// ū, k.
    mean: Vec<f64>,
    /// S, k.
    s: Vec<f64>,
    /// G and P, k x (t + 1).
    change: Mat<f64>,
    pull: Mat<f64>,
    /// Cholesky factor of `I - Gᵀ P`.
    lower: Mat<f64>,
    /// Eigenvectors of C with eigenvalues above n (k x l), and these.
    known: OnceLock<(Mat<f64>, Vec<f64>)>,
}

/// What the samples that stay say of some data.
#[derive(Debug)]
pub struct Judged {
    /// See [`Conditional::leverage`].
    pub leverage: Vec<f64>,
    /// See [`Conditional::coefficients`]: of the samples that stay, `w = (u - ū) a`.
    pub coefficients: Mat<f64>,
}

impl LeftOut {
    /// `whole` without the samples `test`.
    ///
    /// Errors: a decomposition fails.
    pub fn new(whole: &Conditional, test: Vec<usize>) -> Result<Self> {
        let k = whole.s.len();
        let leaving = rows::select(whole.u.as_ref(), &test);
        let n = whole.n - test.len() as f64;
        // The columns of U sum to zero.
        let mean: Vec<f64> = (0..k)
            .map(|j| -leaving.col(j).iter().sum::<f64>() / n)
            .collect();
        let (s, t) = (whole.s.clone(), test.len());
        let change = Mat::from_fn(k, t + 1, |j, i| {
            let h = if i < t {
                leaving[(i, j)]
            } else {
                n.sqrt() * mean[j]
            };
            s[j] * h
        });
        let pull = scaled_rows(&change, |j| 1.0 / (s[j] * s[j] + n));
        let mut rest = Mat::<f64>::identity(t + 1, t + 1);
        matmul(
            &mut rest,
            Accum::Add,
            change.transpose(),
            &pull,
            -1.0,
            Par::Seq,
        );
        Ok(Self {
            lower: cholesky(rest.as_ref())?,
            known: OnceLock::new(),
            s,
            test,
            n,
            leaving,
            mean,
            change,
            pull,
        })
    }

    /// Scores of the whole for the columns `which`, about the mean of the samples that stay.
    fn about_mean(&self, scores: &Scores, which: &[usize]) -> Mat<f64> {
        let shift: Vec<f64> = (self.s.iter().zip(&self.mean))
            .map(|(s, m)| s * m)
            .collect();
        Mat::from_fn(shift.len(), which.len(), |k, c| {
            scores.along[(k, which[c])] - shift[k]
        })
    }

    /// Leverage and coefficients of the columns `which` of data whose scores along the whole are given.
    pub fn judge(&self, scores: &Scores, which: &[usize]) -> Judged {
        let t = self.about_mean(scores, which);
        let mut pulled = Mat::zeros(self.lower.nrows(), which.len());
        let (pull, seq) = (self.pull.as_ref(), Par::Seq);
        matmul(&mut pulled, Accum::Replace, pull.transpose(), &t, 1.0, seq);
        self.lower.solve_lower_triangular_in_place(&mut pulled);
        self.lower
            .transpose()
            .solve_upper_triangular_in_place(&mut pulled);
        let mut solved = scaled_rows(&t, |k| 1.0 / (self.s[k] * self.s[k] + self.n));
        matmul(&mut solved, Accum::Add, pull, &pulled, 1.0, seq);
        let coefficients = scaled_rows(&solved, |k| self.s[k]);
        // |w|² = |a|² - |H a|², and H a = Gᵀ (C + n)⁻¹ t.
        let mut gone = pulled;
        let change = self.change.transpose();
        matmul(&mut gone, Accum::Replace, change, &solved, 1.0, seq);
        let leverage = (coefficients.col_iter().zip(gone.col_iter()))
            .map(|(a, gone)| (a.squared_norm_l2() - gone.squared_norm_l2()).max(0.0))
            .collect();
        Judged {
            leverage,
            coefficients,
        }
    }

    /// What they say of a property (p x N).
    pub fn estimates(&self, target: &Target, coefficients: &Mat<f64>) -> Mat<f64> {
        let (p, t) = (target.mean.len(), self.test.len());
        // The mean of those that stay, from the mean of all.
        let shift: Vec<f64> = (0..p)
            .map(|j| {
                let column = target.centred.col(j);
                -self.test.iter().map(|&i| column[i]).sum::<f64>() / self.n
            })
            .collect();
        let mut estimate = Mat::from_fn(p, coefficients.ncols(), |j, _| target.mean[j] + shift[j]);
        let mut add = |left: faer::MatRef<'_, f64>, right: faer::MatRef<'_, f64>, by: f64| {
            matmul(&mut estimate, Accum::Add, left, right, by, Par::Seq);
        };
        add(target.along.as_ref(), coefficients.as_ref(), 1.0);
        // What the leaving samples, and the shift of the mean, had in that product.
        let h = Mat::from_fn(t + 1, self.mean.len(), |i, k| {
            if i < t {
                self.leaving[(i, k)]
            } else {
                self.n * self.mean[k]
            }
        });
        let mut share = Mat::zeros(t + 1, coefficients.ncols());
        matmul(&mut share, Accum::Replace, &h, coefficients, 1.0, Par::Seq);
        let of = Mat::from_fn(p, t + 1, |j, i| {
            if i < t {
                target.centred[(self.test[i], j)]
            } else {
                shift[j]
            }
        });
        add(of.as_ref(), share.as_ref(), -1.0);
        estimate
    }

    /// See [`Conditional::distances`], of the columns `which`.
    ///
    /// Errors: a decomposition does not converge.
    pub fn distances(&self, scores: &Scores, which: &[usize]) -> Result<Vec<(f64, f64)>> {
        let (vectors, squares) = self.known()?;
        let t = self.about_mean(scores, which);
        let mut inside = Mat::zeros(squares.len(), which.len());
        matmul(
            &mut inside,
            Accum::Replace,
            vectors.transpose(),
            &t,
            1.0,
            Par::Seq,
        );
        Ok((which.iter().enumerate())
            .map(|(c, &column)| {
                let (mut t2, mut known) = (0.0, 0.0);
                for (x, square) in inside.col_as_slice(c).iter().zip(squares) {
                    known += x * x;
                    t2 += x * x * self.n / (square + self.n);
                }
                let along = |t: faer::ColRef<'_, f64>| t.squared_norm_l2();
                let size = scores.size[column] - along(scores.along.col(column)) + along(t.col(c));
                (t2, (size - known).max(0.0))
            })
            .collect())
    }

    fn known(&self) -> Result<&(Mat<f64>, Vec<f64>)> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let k = self.s.len();
        let mut spread = Mat::from_fn(k, k, |i, j| if i == j { self.s[i].powi(2) } else { 0.0 });
        let change = self.change.as_ref();
        matmul(
            &mut spread,
            Accum::Add,
            change,
            change.transpose(),
            -1.0,
            Par::Seq,
        );
        let eigen = eigen(&spread)?;
        let squares: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        let first = squares.partition_point(|s| *s <= self.n);
        let vectors = eigen.U().subcols(first, squares.len() - first).to_owned();
        Ok(self
            .known
            .get_or_init(|| (vectors, squares[first..].to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left is the conditional of its rows alone.
    #[test]
    fn what_is_left_says_what_its_rows_alone_say() {
        let (n, m) = (24, 6);
        let wave = |i: usize, j: usize| ((i * 7 + j * 13 + i * j) as f64 * 0.37).sin();
        let (z, property) = (
            Mat::from_fn(n, m, wave),
            Mat::from_fn(n, 3, |i, j| wave(i, j + 9)),
        );
        let correlated = Mat::from_fn(m, m, |i, j| 0.3 * 0.5f64.powf(i.abs_diff(j) as f64));
        let independent = Mat::from_fn(m, m, |i, j| if i == j { 0.1 + i as f64 } else { 0.0 });
        let (test, stay): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| i % 3 == 0);
        let every: Vec<usize> = (0..n).collect();
        for noise in [correlated, independent] {
            let whole = Conditional::new(z.as_ref(), noise.as_ref()).unwrap();
            let left = LeftOut::new(&whole, test.clone()).unwrap();
            let scores = whole.scores(whole.whiten(z.as_ref()).as_ref());
            let judged = left.judge(&scores, &every);
            let estimates = left.estimates(&whole.target(property.as_ref()), &judged.coefficients);
            let distances = left.distances(&scores, &every).unwrap();

            let own = rows::select(z.as_ref(), &stay);
            let alone = Conditional::new(own.as_ref(), noise.as_ref()).unwrap();
            let target = alone.target(rows::select(property.as_ref(), &stay).as_ref());
            let scores = alone.scores(alone.whiten(z.as_ref()).as_ref());
            let moved = target.moved(&alone.coefficients(&scores));
            let (leverage, expected) = (alone.leverage(&scores), alone.distances(&scores));
            for i in 0..n {
                for j in 0..3 {
                    let direct = target.mean()[j] + moved[(j, i)];
                    assert!((estimates[(j, i)] - direct).abs() < 1e-9);
                }
                assert!((judged.leverage[i] - leverage[i]).abs() < 1e-9);
                assert!((distances[i].0 - expected[i].0).abs() < 1e-8);
                assert!((distances[i].1 - expected[i].1).abs() < 1e-8);
            }
        }
    }
}
