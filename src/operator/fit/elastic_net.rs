//! Elastic net of many outputs (arXiv:2602.05313, eq. 8): whole paths, exact, certified by the duality gap.
//!
//! The objective of each output j, for n rows and an intercept that is not penalised, is
//!
//! ```text
//! min over w, b of  1/(2n) sum_i (y_ij - w·x_i - b)² + lasso |w|_1 + ridge/2 |w|²
//! ```
//!
//! and the outputs are independent. In other words (see [`Penalty`]):
//!
//! | name | objective | lasso | ridge |
//! |---|---|---|---|
//! | scikit-learn `ElasticNet(alpha, l1_ratio)` | as above | `alpha l1_ratio` | `alpha (1 - l1_ratio)` |
//! | the paper's α and β | `1/(nq) \|Y - XW - b\|² + α \|W\|_1 + β \|W\|²` | `q α / 2` | `q β` |
//! | sums, not means | `\|Y - XW - b\|² + a1 \|W\|_1 + a2 \|W\|²` | `a1 / (2n)` | `a2 / n` |
//! | ridge with λ | `\|Y - XW - b\|² + λ \|W\|²` | 0 | `λ / n` |
//!
//! Work is done on `G = XᵀX/n` and `XᵀY/n`, formed once, so that the samples cost nothing afterwards; the minimum itself is found in
//! a finite number of steps (`homotopy.rs`), each output by itself, in parallel. `G` halves the digits of the inputs, which the ridge part
//! covers where it is above 1e-12 of the largest variance. The gap is computed from the data, not from `G`.

use super::LinearMap;
use super::centred::Centred;
use super::homotopy::{Follower, Quadratic};
use super::ridge::RidgePath;
use crate::error::{Error, Result};
use faer::{Mat, MatRef};
use rayon::prelude::*;

/// A pure lasso may have many minimisers; it gets this fraction of the mean variance for its ridge, which picks one of them.
const FLOOR: f64 = 1e-12;
/// `G` has the square of this many numbers.
const MOST_INPUTS: usize = 20_000;

/// The two penalties of the objective in the [head](self).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalty {
    /// Factor of `|w|_1`.
    pub lasso: f64,
    /// Factor of `|w|²/2`.
    pub ridge: f64,
}

impl Penalty {
    /// scikit-learn's `alpha` and `l1_ratio`.
    pub fn scikit_learn(alpha: f64, l1_ratio: f64) -> Self {
        Self {
            lasso: alpha * l1_ratio,
            ridge: alpha * (1.0 - l1_ratio),
        }
    }

    /// The paper's α and β, its loss averaged over samples and `outputs` channels.
    pub fn paper(alpha: f64, beta: f64, outputs: usize) -> Self {
        Self {
            lasso: 0.5 * outputs as f64 * alpha,
            ridge: outputs as f64 * beta,
        }
    }

    /// α and β of the paper for these penalties.
    pub fn to_paper(self, outputs: usize) -> (f64, f64) {
        (
            2.0 * self.lasso / outputs as f64,
            self.ridge / outputs as f64,
        )
    }

    fn check(self) -> Result<()> {
        let usable = |v: f64| v.is_finite() && v >= 0.0;
        if usable(self.lasso) && usable(self.ridge) && self.lasso + self.ridge > 0.0 {
            return Ok(());
        }
        Err(Error::new(format!(
            "{} and {} are not the penalties of an elastic net",
            self.lasso, self.ridge
        ))
        .cure("give two numbers, none negative and not both zero"))
    }
}

/// One fit, with the proof of how good it is.
#[derive(Debug, Clone)]
pub struct ElasticNetFit {
    /// The map.
    pub map: LinearMap,
    /// The objective of each output (q).
    pub objectives: Vec<f64>,
    /// Each output's objective is above its minimum by at most this much (q).
    pub gaps: Vec<f64>,
    /// Changes of the support on the way here, all outputs together.
    pub steps: usize,
}

impl ElasticNetFit {
    /// The largest gap relative to its objective; an output fitted exactly counts as zero.
    pub fn relative_gap(&self) -> f64 {
        self.gaps
            .iter()
            .zip(&self.objectives)
            .filter(|(_, objective)| **objective > 0.0)
            .map(|(gap, objective)| gap / objective)
            .fold(0.0, f64::max)
    }

    /// Mean number of coefficients that are not zero, over the outputs.
    pub fn support_size(&self) -> f64 {
        let m = &self.map.matrix;
        let count: usize = (0..m.ncols())
            .map(|k| m.col(k).iter().filter(|v| **v != 0.0).count())
            .sum();
        count as f64 / m.nrows() as f64
    }
}

/// What every penalty shares: the centred data and their products.
#[derive(Debug)]
pub struct ElasticNet {
    data: Centred,
    /// `XᵀX/n`, p x p, and `XᵀY/n`, p x q.
    gram: Mat<f64>,
    correlation: Mat<f64>,
}

impl ElasticNet {
    /// `inputs` n x p, `outputs` n x q.
    pub fn new(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<Self> {
        let data = Centred::new(inputs, outputs)?;
        if inputs.ncols() > MOST_INPUTS {
            return Err(Error::new(format!(
                "{} inputs are too many for an elastic net",
                inputs.ncols()
            ))
            .because(format!(
                "it keeps the products of all pairs of at most {MOST_INPUTS}"
            ))
            .cure("give fewer bins, or use --estimator ridge"));
        }
        let scale = faer::Scale(1.0 / inputs.nrows() as f64);
        Ok(Self {
            gram: scale * (data.x.transpose() * &data.x),
            correlation: scale * (data.x.transpose() * &data.y),
            data,
        })
    }

    /// The smallest lasso penalty at which every coefficient is zero, `max |XᵀY|/n`.
    pub fn largest_lasso(&self) -> f64 {
        self.correlation.norm_max()
    }

    /// The fit at one penalty.
    pub fn fit(&self, penalty: Penalty) -> Result<ElasticNetFit> {
        let mut fits = self.path(&[penalty])?;
        fits.pop()
            .ok_or_else(|| Error::new("a path of one penalty has one fit"))
    }

    /// The fits at all `penalties`, each output starting from where it was at the one before: give them in descending order.
    pub fn path(&self, penalties: &[Penalty]) -> Result<Vec<ElasticNetFit>> {
        for penalty in penalties {
            penalty.check()?;
        }
        let outputs: Vec<Vec<(Vec<f64>, usize)>> = (0..self.correlation.ncols())
            .into_par_iter()
            .map_init(Follower::default, |follower, j| {
                self.output(follower, j, penalties)
            })
            .collect::<Result<_>>()?;
        penalties
            .iter()
            .enumerate()
            .map(|(k, &penalty)| {
                if penalty.lasso == 0.0 {
                    return self.ridge(penalty);
                }
                let matrix =
                    Mat::from_fn(outputs.len(), self.gram.nrows(), |j, i| outputs[j][k].0[i]);
                let steps = outputs.iter().map(|o| o[k].1).sum();
                Ok(self.certified(matrix, penalty, steps))
            })
            .collect()
    }

    /// Coefficients and steps of one output at each penalty.
    fn output(
        &self,
        follower: &mut Follower,
        j: usize,
        penalties: &[Penalty],
    ) -> Result<Vec<(Vec<f64>, usize)>> {
        let p = self.gram.nrows();
        let mean = self.gram.diagonal().column_vector().sum() / p as f64;
        let c: Vec<f64> = self.correlation.col(j).iter().copied().collect();
        let mut w = vec![0.0; p];
        penalties
            .iter()
            .map(|penalty| {
                if penalty.lasso == 0.0 {
                    return Ok((Vec::new(), 0));
                }
                let problem = Quadratic {
                    gram: self.gram.as_ref(),
                    ridge: penalty.ridge.max(FLOOR * mean).max(f64::MIN_POSITIVE),
                    lasso: penalty.lasso,
                };
                let steps = follower.solve(problem, &c, &mut w)?;
                Ok((w.clone(), steps))
            })
            .collect()
    }

    fn ridge(&self, penalty: Penalty) -> Result<ElasticNetFit> {
        let path = RidgePath::new(self.data.x.as_ref(), self.data.y.as_ref())?;
        let matrix = path.fit(penalty.ridge * self.data.x.nrows() as f64).matrix;
        Ok(self.certified(matrix, penalty, 0))
    }

    /// The map with its objectives and gaps, from the data.
    ///
    /// With `g = Xᵀr/n` the residuals `r/n` are a point of the dual (Fenchel's), and the gap is a sum of terms none of which
    /// is negative: `sum_k lasso |w_k| + ridge w_k²/2 + max(|g_k| - lasso, 0)²/(2 ridge) - w_k g_k`. Without a ridge
    /// part the residuals are scaled until no `|g_k|` exceeds the lasso penalty.
    fn certified(&self, matrix: Mat<f64>, penalty: Penalty, steps: usize) -> ElasticNetFit {
        let n = self.data.x.nrows() as f64;
        let residual = &self.data.y - &self.data.x * matrix.transpose();
        let gradient = faer::Scale(1.0 / n) * (self.data.x.transpose() * &residual);
        let (objectives, gaps) = (0..matrix.nrows())
            .map(|j| {
                let w: Vec<f64> = matrix.row(j).iter().copied().collect();
                let g: Vec<f64> = gradient.col(j).iter().copied().collect();
                let loss = 0.5 * residual.col(j).squared_norm_l2() / n;
                let fit = residual.col(j).transpose() * self.data.y.col(j) / n;
                let objective = loss + penalty.of(&w);
                let mut gap = penalty.scaled_gap(&w, &g, loss, fit);
                if penalty.ridge > 0.0 {
                    gap = gap.min(penalty.fenchel_gap(&w, &g));
                }
                (objective, gap)
            })
            .unzip();
        ElasticNetFit {
            map: self.data.map(matrix),
            objectives,
            gaps,
            steps,
        }
    }
}

impl Penalty {
    fn of(self, w: &[f64]) -> f64 {
        w.iter()
            .map(|v| self.lasso * v.abs() + 0.5 * self.ridge * v * v)
            .sum()
    }

    fn fenchel_gap(self, w: &[f64], g: &[f64]) -> f64 {
        let conjugate: f64 = g
            .iter()
            .map(|g| 0.5 * (g.abs() - self.lasso).max(0.0).powi(2) / self.ridge)
            .sum();
        let product: f64 = w.iter().zip(g).map(|(w, g)| w * g).sum();
        (self.of(w) + conjugate - product).max(0.0)
    }

    /// `loss` is `|r|²/2n`, `fit` is `r·y/n`; the ridge part as rows added to the data (Zou and Hastie, 2005).
    fn scaled_gap(self, w: &[f64], g: &[f64], loss: f64, fit: f64) -> f64 {
        let pairs = || w.iter().zip(g);
        let steepest = pairs()
            .map(|(w, g)| (g - self.ridge * w).abs())
            .fold(0.0, f64::max);
        let s = if steepest > self.lasso {
            self.lasso / steepest
        } else {
            1.0
        };
        let square: f64 = w.iter().map(|w| w * w).sum();
        let dual = s * fit - s * s * (loss + 0.5 * self.ridge * square);
        (loss + self.of(w) - dual).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::rows;

    fn data(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
        let wave = |i: usize, j: usize| ((i * 7 + j * 13 + i * j) as f64 * 0.37).sin();
        let x = Mat::from_fn(n, p, wave);
        let w = Mat::from_fn(p, q, |i, j| if i % 5 == j { 1.0 } else { 0.0 });
        let y = &x * w + Mat::from_fn(n, q, |i, j| 0.1 * wave(j, i + 9));
        (x, y)
    }

    /// Rounding of the gradient, relative to the penalty.
    const OPTIMAL: f64 = 1e-8;
    /// What a duality gap must certify, relative to the objective; at the smallest penalties it rounds to 2e-8.
    const CERTIFIED: f64 = 1e-6;

    /// The distance of the gradient to the subdifferential, the largest over all coefficients.
    fn distance(x: &Mat<f64>, y: &Mat<f64>, fit: &ElasticNetFit, penalty: Penalty) -> f64 {
        let residual = y - fit.map.predict(x.as_ref());
        let n = x.nrows() as f64;
        let mut worst = rows::mean(residual.as_ref())
            .iter()
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        let gradient = x.transpose() * residual;
        for j in 0..y.ncols() {
            for k in 0..x.ncols() {
                let w = fit.map.matrix[(j, k)];
                let pull = gradient[(k, j)] / n - penalty.ridge * w;
                let d = if w == 0.0 {
                    (pull.abs() - penalty.lasso).max(0.0)
                } else {
                    (pull - penalty.lasso * w.signum()).abs()
                };
                worst = worst.max(d);
            }
        }
        worst
    }

    #[test]
    fn every_fit_of_a_path_is_optimal() {
        for (n, p) in [(60, 20), (15, 40), (2, 3)] {
            let (x, y) = data(n, p, 3);
            let net = ElasticNet::new(x.as_ref(), y.as_ref()).unwrap();
            let largest = net.largest_lasso();
            for l1_ratio in [0.1, 0.5, 0.9, 1.0] {
                let penalties: Vec<Penalty> = (0..12)
                    .map(|k| Penalty::scikit_learn(largest / l1_ratio * 0.3f64.powi(k), l1_ratio))
                    .collect();
                let fits = net.path(&penalties).unwrap();
                assert!(fits[0].map.matrix.norm_max() < f64::MIN_POSITIVE);
                for (fit, penalty) in fits.iter().zip(&penalties) {
                    let d = distance(&x, &y, fit, *penalty);
                    // A gradient is a sum of products that rounds to this part of the largest there was.
                    let rounding = 1e-12 * penalties[0].lasso;
                    assert!(
                        d < OPTIMAL * penalty.lasso + rounding,
                        "{n} {p} {penalty:?} {d:e}"
                    );
                    assert!(fit.relative_gap() < CERTIFIED, "{:e}", fit.relative_gap());
                }
                // The way does not matter.
                let alone = net.fit(penalties[7]).unwrap();
                let difference = &alone.map.matrix - &fits[7].map.matrix;
                assert!(difference.norm_max() < 1e-8 * alone.map.matrix.norm_max().max(1e-3));
            }
        }
    }

    #[test]
    fn without_a_lasso_it_is_ridge() {
        let (x, y) = data(30, 8, 2);
        let penalty = Penalty::paper(0.0, 0.01, 2);
        let net = ElasticNet::new(x.as_ref(), y.as_ref()).unwrap();
        let fit = net.fit(penalty).unwrap();
        let ridge = RidgePath::new(x.as_ref(), y.as_ref())
            .unwrap()
            .fit(0.01 * 60.0);
        assert!((&fit.map.matrix - &ridge.matrix).norm_max() < 1e-12);
        assert!(fit.relative_gap() < 1e-12);
        // A lasso that hardly is one is nearly the same.
        let near = net
            .fit(Penalty {
                lasso: 1e-9,
                ..penalty
            })
            .unwrap();
        assert!((near.map.matrix - ridge.matrix).norm_max() < 1e-6);
    }

    /// One coefficient has a closed form: the soft threshold.
    #[test]
    fn one_input_is_a_soft_threshold() {
        let x = Mat::from_fn(4, 1, |i, _| [1.0, -1.0, 1.0, -1.0][i]);
        let y = Mat::from_fn(4, 2, |i, j| [5.0, 1.0, 5.0, 1.0][i] * [1.0, -0.1][j]);
        let net = ElasticNet::new(x.as_ref(), y.as_ref()).unwrap();
        let fit = net
            .fit(Penalty {
                lasso: 0.5,
                ridge: 0.25,
            })
            .unwrap();
        assert!((fit.map.matrix[(0, 0)] - 1.5 / 1.25).abs() < 1e-14);
        assert!(fit.map.matrix[(1, 0)].abs() < f64::MIN_POSITIVE);
        assert!((fit.map.offset[0] - 3.0).abs() < 1e-14);
    }

    #[test]
    fn penalties_in_other_words() {
        let p = Penalty::scikit_learn(0.2, 0.25);
        assert_eq!((p.lasso, p.ridge), (0.05, 0.2 * 0.75));
        let (alpha, beta) = p.to_paper(7);
        let back = Penalty::paper(alpha, beta, 7);
        assert!((back.lasso - p.lasso).abs() < 1e-16 && (back.ridge - p.ridge).abs() < 1e-16);
        let (x, y) = data(10, 3, 1);
        let net = ElasticNet::new(x.as_ref(), y.as_ref()).unwrap();
        for (lasso, ridge) in [
            (-1.0, 1.0),
            (0.0, 0.0),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
        ] {
            let e = net.fit(Penalty { lasso, ridge }).unwrap_err().to_string();
            assert!(e.contains("penalties"), "{e}");
        }
    }
}
