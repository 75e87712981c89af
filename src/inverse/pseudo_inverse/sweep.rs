//! The rules by which λ is chosen.

use super::{PseudoInverse, Rule, ratio};
use faer::Mat;

/// Points of the L-curve that move by less than this part from one λ to the next say nothing of a corner.
const SHORTEST_STEP: f64 = 0.02;

/// The terms of every rule along the λ sweep of some spectra: a row a λ, a column a spectrum.
pub(super) struct Sweep<'a> {
    inverse: &'a PseudoInverse,
    m: f64,
    /// |residual|².
    residual: Mat<f64>,
    /// |penalty term|², of the L-curve.
    size: Mat<f64>,
    /// Minus twice the log likelihood but for a constant, of the evidence.
    misfit: Mat<f64>,
    /// Degrees of freedom at each λ.
    freedom: Vec<f64>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(inverse: &'a PseudoInverse, white: &Mat<f64>, c: &Mat<f64>) -> Self {
        let factors = &inverse.factors;
        let squares = Mat::from_fn(c.nrows(), c.ncols(), |k, j| c[(k, j)] * c[(k, j)]);
        let weighed = |weight: &dyn Fn(f64, f64) -> f64| {
            Mat::from_fn(factors.ncols(), factors.nrows(), |l, k| {
                weight(factors[(k, l)], inverse.s[k])
            }) * &squares
        };
        let outside: Vec<f64> = (white.col_iter().zip(squares.col_iter()))
            .map(|(w, c)| (w.squared_norm_l2() - c.sum()).max(0.0))
            .collect();
        let with_outside = |mut terms: Mat<f64>| {
            for (j, outside) in outside.iter().enumerate() {
                terms.col_mut(j).iter_mut().for_each(|t| *t += outside);
            }
            terms
        };
        let none = || Mat::zeros(0, 0);
        Self {
            inverse,
            m: white.nrows() as f64,
            residual: with_outside(weighed(&|f, _| (1.0 - f).powi(2))),
            size: match inverse.rule {
                Rule::LCurve => weighed(&|f, s| ratio(f, s).powi(2)),
                _ => none(),
            },
            misfit: match inverse.rule {
                Rule::Evidence => with_outside(weighed(&|f, _| 1.0 - f)),
                _ => none(),
            },
            freedom: factors.col_iter().map(|f| f.sum()).collect(),
        }
    }

    /// One number a λ for spectrum j; the smallest is chosen.
    pub(super) fn scores(&self, j: usize) -> Vec<f64> {
        let it = self.inverse;
        let along = |score: &dyn Fn(usize) -> f64| (0..it.lambdas.len()).map(score).collect();
        match it.rule {
            Rule::HeldOut => it.held_out.clone(),
            Rule::Fixed(_) | Rule::Gcv => {
                along(&|l| self.residual[(l, j)] / (self.m - self.freedom[l]).powi(2))
            }
            Rule::Discrepancy => along(&|l| {
                // Of all λ whose residual is within the noise the largest has the smallest score.
                if self.residual[(l, j)] <= self.m {
                    -it.lambdas[l]
                } else {
                    f64::NAN
                }
            }),
            Rule::Evidence => along(&|l| {
                let log = |s: &f64| (1.0 + s * s / it.lambdas[l]).ln();
                0.5 * (it.s.iter().map(log).sum::<f64>() + self.misfit[(l, j)])
            }),
            Rule::LCurve => self.negative_curvature(j),
        }
    }

    /// Minus the curvature of (log |residual|, log |penalty|) over log λ, so that the corner is the minimum; the end
    /// points have none.
    fn negative_curvature(&self, j: usize) -> Vec<f64> {
        let points: Vec<(f64, f64)> = (0..self.inverse.lambdas.len())
            .map(|l| {
                (
                    0.5 * self.residual[(l, j)].ln(),
                    0.5 * self.size[(l, j)].ln(),
                )
            })
            .collect();
        let mut scores = vec![f64::NAN; points.len()];
        for i in 1..points.len().saturating_sub(1) {
            let first =
                |of: fn(&(f64, f64)) -> f64| 0.5 * (of(&points[i + 1]) - of(&points[i - 1]));
            let second = |of: fn(&(f64, f64)) -> f64| {
                of(&points[i + 1]) - 2.0 * of(&points[i]) + of(&points[i - 1])
            };
            let (dx, dy, ddx, ddy) = (
                first(|p| p.0),
                first(|p| p.1),
                second(|p| p.0),
                second(|p| p.1),
            );
            // Beyond the singular values the curve stands still, and its curvature is of rounding.
            if dx * dx + dy * dy > SHORTEST_STEP * SHORTEST_STEP {
                scores[i] = -(dx * ddy - dy * ddx) / (dx * dx + dy * dy).powf(1.5);
            }
        }
        scores
    }
}
