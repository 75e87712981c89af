//! The minimum of a smooth function of few numbers, each in units of its prior, with the curvature there.

use crate::error::{Error, Result};
use faer::{Mat, Side};

/// Step of the differences: a fraction of what the data leave of a prior.
const STEP: f64 = 0.02;
/// The search ends when a Newton step would gain less than this: far less than anything an error bar shows.
const FLAT: f64 = 1e-3;
/// Most Newton steps.
const MOST_STEPS: usize = 15;
/// A Newton step moves no number by more than this.
const FARTHEST: f64 = 1.0;
/// A step that does not gain is halved so many times.
const HALVINGS: i32 = 6;
/// Least curvature: what the prior alone has. The data cannot make a number less certain than that.
const PRIOR: f64 = 1.0;

/// A value, and the means of what was integrated out there.
pub(super) struct Value {
    pub(super) cost: f64,
    pub(super) mean: Vec<f64>,
}

/// A minimum.
pub(super) struct Peak {
    pub(super) t: Vec<f64>,
    /// A root of the covariance, n x n: the inverse curvature.
    pub(super) spread: Mat<f64>,
    /// Derivatives of the means by t (means x n).
    pub(super) slopes: Mat<f64>,
}

/// Gradient, directions of the curvature and the curvature along each, none below the prior's.
struct Shape {
    cost: f64,
    gradient: Vec<f64>,
    directions: Mat<f64>,
    curvature: Vec<f64>,
    slopes: Mat<f64>,
}

/// Newton's method from `t`, damped where it does not gain.
pub(super) fn descend(f: &dyn Fn(&[f64]) -> Result<Value>, mut t: Vec<f64>) -> Result<Peak> {
    let n = t.len();
    let mut shape = Shape::new(f, &t)?;
    for _ in 0..MOST_STEPS {
        let step = shape.step();
        let gain = -0.5 * (0..n).map(|i| step[i] * shape.gradient[i]).sum::<f64>();
        if gain < FLAT {
            break;
        }
        let largest = step.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
        let cut = (FARTHEST / largest).min(1.0);
        let moved = |halvings: i32| -> Vec<f64> {
            let by = cut * 0.5f64.powi(halvings);
            t.iter().zip(&step).map(|(t, s)| t + by * s).collect()
        };
        let better = |t: &Vec<f64>| f(t).is_ok_and(|v| v.cost < shape.cost);
        let Some(next) = (0..=HALVINGS).map(moved).find(better) else {
            break;
        };
        t = next;
        shape = Shape::new(f, &t)?;
    }
    Ok(Peak {
        t,
        spread: Mat::from_fn(n, n, |i, k| {
            shape.directions[(i, k)] / shape.curvature[k].sqrt()
        }),
        slopes: shape.slopes,
    })
}

impl Shape {
    /// By central differences: 1 + n + n² values.
    fn new(f: &dyn Fn(&[f64]) -> Result<Value>, t: &[f64]) -> Result<Self> {
        let n = t.len();
        let at = |steps: &[(usize, f64)]| {
            let mut t = t.to_vec();
            for (i, s) in steps {
                t[*i] += s * STEP;
            }
            f(&t)
        };
        let here = at(&[])?;
        let up = (0..n)
            .map(|i| at(&[(i, 1.0)]))
            .collect::<Result<Vec<_>>>()?;
        let down = (0..n)
            .map(|i| at(&[(i, -1.0)]))
            .collect::<Result<Vec<_>>>()?;
        let mut hessian = Mat::zeros(n, n);
        for i in 0..n {
            let both = up[i].cost + down[i].cost;
            hessian[(i, i)] = (both - 2.0 * here.cost) / (STEP * STEP);
            for j in 0..i {
                let more = at(&[(i, 1.0), (j, 1.0)])?.cost + at(&[(i, -1.0), (j, -1.0)])?.cost;
                let mixed = more - both - up[j].cost - down[j].cost + 2.0 * here.cost;
                hessian[(i, j)] = mixed / (2.0 * STEP * STEP);
                hessian[(j, i)] = hessian[(i, j)];
            }
        }
        let eigen = hessian
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::new("the search for the nuisances failed"))?;
        let slope = |v: (&f64, &f64)| (v.0 - v.1) / (2.0 * STEP);
        Ok(Self {
            cost: here.cost,
            gradient: (0..n)
                .map(|i| slope((&up[i].cost, &down[i].cost)))
                .collect(),
            directions: eigen.U().to_owned(),
            curvature: (eigen.S().column_vector().iter())
                .map(|c| c.abs().max(PRIOR))
                .collect(),
            slopes: Mat::from_fn(here.mean.len(), n, |b, i| {
                slope((&up[i].mean[b], &down[i].mean[b]))
            }),
        })
    }

    fn step(&self) -> Vec<f64> {
        let n = self.gradient.len();
        let along: Vec<f64> = (0..n)
            .map(|k| {
                let g: f64 = (0..n)
                    .map(|i| self.directions[(i, k)] * self.gradient[i])
                    .sum();
                g / self.curvature[k]
            })
            .collect();
        (0..n)
            .map(|i| {
                -(0..n)
                    .map(|k| self.directions[(i, k)] * along[k])
                    .sum::<f64>()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bent valley, whose minimum and curvature are known.
    #[test]
    fn a_bent_valley_has_its_minimum_where_it_is() {
        let f = |t: &[f64]| {
            let (a, b) = (t[0] - 0.5, t[1] - t[0] * t[0]);
            Ok(Value {
                cost: 2.0 * a * a + 20.0 * b * b,
                mean: vec![3.0 * t[0] - t[1]],
            })
        };
        let found = descend(&f, vec![-1.0, 0.0]).unwrap();
        assert!((found.t[0] - 0.5).abs() < 0.03 && (found.t[1] - 0.25).abs() < 0.03);
        let covariance = &found.spread * found.spread.transpose();
        // The Hessian at (1/2, 1/4) is [[44, -40], [-40, 40]], its inverse [[1/4, 1/4], [1/4, 11/40]].
        assert!((covariance[(0, 0)] - 0.25).abs() < 0.02, "{covariance:?}");
        assert!((covariance[(1, 1)] - 0.275).abs() < 0.02, "{covariance:?}");
        assert!((found.slopes[(0, 0)] - 3.0).abs() < 1e-6);
    }
}
