//! Ridge regression of more samples than memory holds, read block by block.
//!
//! The objective is that of [`ridge`](super::ridge), all samples alike. The rows `(1, xᵢ)` are folded, a block at a time,
//! into the triangle `R` of their QR decomposition and the outputs into `Z = Qᵀ Y`: `(1 + p)(1 + p + q)` numbers, however
//! many samples there are. The first row of both holds the means; what is below is the centred problem, and the singular
//! values of that triangle are those of the centred inputs. The Gram matrix `XᵀX` would be folded in half the time, but
//! squares the singular values: those below 1e-8 of the largest are lost in it, and the penalties that leave-one-out
//! chooses for g(r) lie at 1e-6 to 1e-10 of its square.

use super::LinearMap;
use super::centred::check;
use super::ridge::{RANK_TOLERANCE, default_path, smallest};
use crate::error::{Error, Result};
use faer::linalg::solvers::Qr;
use faer::{Mat, MatRef};

/// What is known of the samples read so far.
#[derive(Debug, Clone)]
pub struct Stream {
    samples: usize,
    /// `R`, at most 1 + p rows.
    triangle: Mat<f64>,
    /// `Qᵀ Y`, as many rows.
    outputs: Mat<f64>,
    /// Sum of the squares of all outputs read.
    size: f64,
}

impl Stream {
    /// Of samples of p inputs and q outputs, none read yet.
    pub fn new(p: usize, q: usize) -> Self {
        Self {
            samples: 0,
            triangle: Mat::zeros(0, p + 1),
            outputs: Mat::zeros(0, q),
            size: 0.0,
        }
    }

    /// Reads a block of samples (m x p, m x q); `2 m (1+p)(1+p+q)` operations if m is a few times p.
    ///
    /// Errors: blocks that do not fit those before, fewer than two rows, a number that is not finite.
    pub fn add(&mut self, inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<()> {
        check(inputs, outputs)?;
        let (p, q) = (self.triangle.ncols() - 1, self.outputs.ncols());
        if (inputs.ncols(), outputs.ncols()) != (p, q) {
            return Err(Error::new(format!(
                "a block of {} inputs and {} outputs in a stream of {p} and {q}",
                inputs.ncols(),
                outputs.ncols()
            )));
        }
        let (old, new) = (self.triangle.nrows(), inputs.nrows());
        let stacked = Mat::from_fn(old + new, p + 1, |i, j| match (i.checked_sub(old), j) {
            (None, _) => self.triangle[(i, j)],
            (Some(_), 0) => 1.0,
            (Some(i), _) => inputs[(i, j - 1)],
        });
        let below = Mat::from_fn(old + new, q, |i, j| match i.checked_sub(old) {
            None => self.outputs[(i, j)],
            Some(i) => outputs[(i, j)],
        });
        let qr = Qr::new(stacked.as_ref());
        self.triangle = qr.thin_R().to_owned();
        self.outputs = qr.compute_thin_Q().transpose() * below;
        self.samples += new;
        self.size += outputs.squared_norm_l2();
        Ok(())
    }

    /// The ridge path of all samples read.
    pub fn path(&self) -> Result<StreamedPath> {
        if self.samples < 2 {
            return Err(Error::new("one sample cannot train a map")
                .cure("give at least two samples, better a hundred"));
        }
        let (rows, p) = (self.triangle.nrows(), self.triangle.ncols() - 1);
        let first = self.triangle[(0, 0)];
        let mean = |m: &Mat<f64>, from: usize| -> Vec<f64> {
            (from..m.ncols()).map(|j| m[(0, j)] / first).collect()
        };
        let (x_mean, y_mean) = (mean(&self.triangle, 1), mean(&self.outputs, 0));
        let svd = (self.triangle.submatrix(1, 1, rows - 1, p).thin_svd())
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let all: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let floor = RANK_TOLERANCE * all.first().copied().unwrap_or(0.0);
        let k = all.iter().take_while(|&&s| s > floor).count();
        let outputs = self.outputs.subrows(1, rows - 1);
        let means = self.outputs.row(0).squared_norm_l2();
        Ok(StreamedPath {
            samples: self.samples,
            total: (self.size - means).max(0.0),
            uty: svd.U().subcols(0, k).transpose() * outputs,
            v: svd.V().subcols(0, k).to_owned(),
            s: all[..k].to_vec(),
            x_mean,
            y_mean,
        })
    }
}

/// The ridge maps of a [`Stream`], one for every λ.
#[derive(Debug, Clone)]
pub struct StreamedPath {
    samples: usize,
    /// Sum of the squares of the centred outputs.
    total: f64,
    s: Vec<f64>,
    /// Right singular vectors, p x k.
    v: Mat<f64>,
    /// `Uᵀ Y`, k x q.
    uty: Mat<f64>,
    x_mean: Vec<f64>,
    y_mean: Vec<f64>,
}

impl StreamedPath {
    /// Number of samples read.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Sum of the squares of the outputs about their means.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The λ of the default path (1e-12 to 1 times |X|²) that generalised cross-validation takes, `|r|²/(n − 1 − dof)²`: it needs
    /// no second reading, and is leave-one-out with the mean leverage in place of each sample's (Golub, Heath and Wahba,
    /// *Technometrics* **21**, 215 (1979)).
    pub fn generalised_choice(&self) -> Result<f64> {
        let patterns: Vec<f64> = (0..self.s.len())
            .map(|k| self.uty.row(k).squared_norm_l2())
            .collect();
        let score = |lambda: f64| {
            let told = self.s.iter().zip(&patterns).map(|(s, c)| {
                let left = lambda / (s * s + lambda);
                (1.0 - left * left) * c
            });
            let free = (self.samples - 1) as f64 - self.degrees_of_freedom(lambda);
            (self.total - told.sum::<f64>()).max(0.0) / (free * free)
        };
        let scores: Vec<(f64, f64)> = (default_path(&self.s).into_iter())
            .map(|lambda| (lambda, score(lambda)))
            .collect();
        smallest(scores)
    }

    /// The map at one λ.
    pub fn fit(&self, lambda: f64) -> LinearMap {
        let scaled = Mat::from_fn(self.s.len(), self.y_mean.len(), |k, j| {
            self.uty[(k, j)] * self.s[k] / (self.s[k].powi(2) + lambda)
        });
        let matrix = scaled.transpose() * self.v.transpose();
        LinearMap::through(matrix, &self.x_mean, &self.y_mean)
    }

    /// `Σ s²/(s²+λ)`.
    pub fn degrees_of_freedom(&self, lambda: f64) -> f64 {
        self.s.iter().map(|s| s * s / (s * s + lambda)).sum()
    }

    /// The sum of squares of the leave-one-out residuals of a block of the samples that were read, at each λ: on a second
    /// reading of all blocks they add up to those of [`RidgePath`](super::ridge::RidgePath).
    ///
    /// `r/(1 − h)` with `h = 1/n + Σ_k (v_k·(x − x̄))²/(s_k² + λ)`. A sample that alone decides a direction (h = 1) makes the sum
    /// infinite at λ = 0 only.
    pub fn leave_one_out(
        &self,
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        lambdas: &[f64],
    ) -> Vec<f64> {
        let scores = crate::operator::rows::centred(inputs, &self.x_mean) * &self.v;
        let sum = |&lambda: &f64| -> f64 {
            let residual = outputs - self.fit(lambda).predict(inputs);
            let leverage = |i: usize| -> f64 {
                let parts = self.s.iter().enumerate();
                parts
                    .map(|(k, s)| scores[(i, k)].powi(2) / (s * s + lambda))
                    .sum::<f64>()
                    + 1.0 / self.samples as f64
            };
            (0..inputs.nrows())
                .map(|i| residual.row(i).squared_norm_l2() / (1.0 - leverage(i)).powi(2))
                .sum()
        };
        lambdas.iter().map(sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ridge::RidgePath;
    use super::*;

    /// Rounding of two roads to the same number, relative; the path is that of a triangle instead of the rows.
    const ROUNDING: f64 = 1e-9;

    fn data(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
        let wave = |i: usize, j: usize| ((i * i * 7 + j * 13 + i * j) as f64 * 0.37).sin();
        (
            Mat::from_fn(n, p, |i, j| 3.0 + wave(i, j)),
            Mat::from_fn(n, q, |i, j| wave(i, j + 3) + wave(j, i)),
        )
    }

    fn streamed(x: &Mat<f64>, y: &Mat<f64>, block: usize) -> StreamedPath {
        let mut stream = Stream::new(x.ncols(), y.ncols());
        for first in (0..x.nrows()).step_by(block) {
            let count = block.min(x.nrows() - first);
            stream
                .add(x.subrows(first, count), y.subrows(first, count))
                .unwrap();
        }
        stream.path().unwrap()
    }

    /// More rows than inputs, fewer, and inputs of which one is constant and two are alike.
    #[test]
    fn blocks_give_the_path_of_all_rows() {
        let (x, y) = data(60, 9, 4);
        let (wide, few) = data(14, 20, 3);
        let alike = Mat::from_fn(60, 9, |i, j| if j == 4 { 1.0 } else { x[(i, j.min(7))] });
        for (x, y) in [(&x, &y), (&wide, &few), (&alike, &y)] {
            let whole = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
            for block in [3, 7, 100] {
                let path = streamed(x, y, block);
                for lambda in [1e-3, 0.4, 30.0] {
                    let (a, b) = (path.fit(lambda), whole.fit(lambda));
                    let size = b.matrix.norm_max();
                    assert!((&a.matrix - &b.matrix).norm_max() < ROUNDING * size);
                    for (a, b) in a.offset.iter().zip(&b.offset) {
                        assert!((a - b).abs() < ROUNDING * (1.0 + b.abs()));
                    }
                    let loo = path.leave_one_out(x.as_ref(), y.as_ref(), &[lambda])[0];
                    let expected = whole.leave_one_out(lambda).squared_norm_l2();
                    assert!((loo / expected - 1.0).abs() < ROUNDING, "{loo} {expected}");
                }
            }
        }
    }

    #[test]
    fn blocks_that_do_not_fit_are_refused() {
        let (x, y) = data(5, 3, 2);
        let mut stream = Stream::new(3, 2);
        assert!(stream.path().is_err());
        assert!(stream.add(x.subcols(0, 2), y.as_ref()).is_err());
        assert!(stream.add(x.as_ref(), y.subrows(0, 4)).is_err());
        assert!(stream.add(x.as_ref(), y.as_ref()).is_ok());
    }
}
