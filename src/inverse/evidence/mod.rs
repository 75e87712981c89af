//! The marginal likelihood of one spectrum as a function of what the instrument did to it.
//!
//! With θ = (factor a, stretch s, offset o, extra width w) and the training glasses `y = ȳ + F α`, `α ~ N(0, I)`,
//!
//! ```text
//! z = a M(θ) (ȳ + F α) + B β + noise,      β ~ N(0, I),
//! M(θ) = sampling at (x - o)/(1 + s), times the Gaussian of width w, times the resolution; all over 1 + s.
//! ```
//!
//! α and β are integrated out (linear and Gaussian; α a mixture of several [kinds]); the rest is a function of at most four
//! numbers, each with a wide Gaussian prior, searched by Newton's method from the best of some widths and stretches. Errors are those of
//! Laplace's approximation: the curvature at the maximum, carried on to β.

mod kinds;
mod model;
mod peak;
mod told;

use super::nuisance::{LOG_SCALE, Nuisance, NuisanceFit, OFFSET, STRETCH, WIDTH, background};
use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use faer::{Mat, Side};
pub(super) use model::Model;
use model::Theta;
use peak::Value;
use std::f64::consts::PI;

/// Widths, in bins, among which the search starts.
const STARTS: [f64; 6] = [0.3, 1.0, 2.5, 5.0, 10.0, 20.0];
/// Stretches among which it starts, in prior standard deviations.
const STRETCHES: [f64; 3] = [-1.0, 0.0, 1.0];
/// A direction in which the training spectra vary by less than this part of the errors' variance is hidden by them.
const HIDDEN: f64 = 1e-3;
/// The directions of a covariance of the errors and the variance along each.
pub(super) struct Correlation {
    directions: Mat<f64>,
    variances: Vec<f64>,
}

impl Correlation {
    /// `covariance` (m x m): symmetric, positive definite.
    pub(super) fn new(covariance: &Mat<f64>) -> Result<Self> {
        let eigen = covariance
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::new("the covariance of the data has no eigenvectors"))?;
        Ok(Self {
            directions: eigen.U().to_owned(),
            variances: eigen.S().column_vector().iter().copied().collect(),
        })
    }
}

/// One spectrum, and which of θ are free: `t` in units of the prior's standard deviation around its mean.
pub(super) struct Search<'a> {
    model: &'a Model,
    x: &'a [f64],
    z: &'a [f64],
    sigma: &'a [f64],
    /// Noise variances: of the points, or along the directions in which the errors are independent.
    variance: Vec<f64>,
    /// These directions (m x m), where errors are correlated.
    turn: Option<&'a Mat<f64>>,
    background: Option<Mat<f64>>,
    free: Vec<Free>,
    start: Theta,
    /// Leading directions of the training spectra that are worked in.
    directions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Free {
    Scale,
    Stretch,
    Offset,
    Width,
}

impl Free {
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Scale => ("scale", ""),
            Self::Stretch => ("stretch", ""),
            Self::Offset => ("offset", "meV"),
            Self::Width => ("width", "meV"),
        }
    }
}

/// The integrals at one θ.
struct At {
    /// Minus log evidence and log prior.
    cost: f64,
    /// Posterior means of (α, β).
    mean: Vec<f64>,
    /// Cholesky factor of the precision of (α, β) within the most probable kind, α in units of that kind's root.
    lower: Mat<f64>,
    /// Leading directions that the errors do not hide.
    visible: usize,
}

/// One kind's part in them.
struct Part {
    log_evidence: f64,
    mean: Mat<f64>,
    lower: Mat<f64>,
}

impl<'a> Search<'a> {
    /// `sigma`: noise of each point; `correlation`: of the errors, and the square of their unit. A factor that is not free is 1.
    pub(super) fn new(
        model: &'a Model,
        x: &'a [f64],
        z: &'a [f64],
        sigma: &'a [f64],
        correlation: Option<(&'a Correlation, f64)>,
        declared: &[Nuisance],
    ) -> Self {
        let has = |n| declared.contains(&n);
        let mut free = Vec::new();
        if has(Nuisance::Scale) {
            free.push(Free::Scale);
        }
        if has(Nuisance::Shift) {
            free.extend([Free::Stretch, Free::Offset]);
        }
        if has(Nuisance::Width) {
            free.push(Free::Width);
        }
        let rms = (z.iter().map(|v| v * v).sum::<f64>() / z.len() as f64).sqrt();
        let mut it = Self {
            model,
            x,
            z,
            sigma,
            variance: match correlation {
                Some((c, unit)) => c.variances.iter().map(|v| unit * v).collect(),
                None => sigma.iter().map(|s| s * s).collect(),
            },
            turn: correlation.map(|(c, _)| &c.directions),
            background: has(Nuisance::Background).then(|| background(x, rms)),
            free,
            start: Theta::NONE,
            directions: model.columns.ncols() - 1,
        };
        if has(Nuisance::Scale) {
            it.start.scale = it.least_squares_factor();
        }
        if has(Nuisance::Width) {
            it.start.width = WIDTH.0 * model.grid.step();
        }
        it
    }

    /// Factor of ȳ that fits best beside a constant and a slope (if a background is free).
    fn least_squares_factor(&self) -> f64 {
        let mean = self
            .model
            .carry(self.x, &self.start, self.model.columns.subcols(0, 1));
        let others = self.background.as_ref().map_or(0, Mat::ncols);
        let a = Mat::from_fn(self.x.len(), 1 + others, |i, j| match &self.background {
            Some(b) if j > 0 => b[(i, j - 1)],
            _ => mean[(i, 0)],
        });
        let z = Mat::from_fn(self.z.len(), 1, |i, _| self.z[i]);
        let (gram, right) = (a.transpose() * &a, a.transpose() * z);
        let factor = cholesky(gram.as_ref()).map_or(1.0, |lower| {
            let mut c = right;
            lower.solve_lower_triangular_in_place(&mut c);
            lower.transpose().solve_upper_triangular_in_place(&mut c);
            c[(0, 0)]
        });
        if factor.is_finite() && factor > 0.0 {
            factor
        } else {
            1.0
        }
    }

    fn theta(&self, t: &[f64]) -> Theta {
        let mut at = self.start;
        let range = self.model.grid.end() - self.model.grid.start();
        for (free, t) in self.free.iter().zip(t) {
            match free {
                Free::Scale => at.scale *= (LOG_SCALE * t).exp(),
                Free::Stretch => at.stretch = (STRETCH * t).max(-0.5),
                Free::Offset => at.offset = OFFSET * range * t,
                Free::Width => at.width *= (WIDTH.1 * t).exp().min(1e3),
            }
        }
        at
    }

    /// In the directions in which the errors are independent.
    fn turned(&self, columns: Mat<f64>) -> Mat<f64> {
        match self.turn {
            Some(turn) => turn.transpose() * columns,
            None => columns,
        }
    }

    /// Integrates α and β out at `t`.
    fn at(&self, t: &[f64]) -> Result<At> {
        let theta = self.theta(t);
        let model = self.model;
        let (m, k) = (self.x.len(), self.directions);
        let more = self.background.as_ref().map_or(0, Mat::ncols);
        // z, ȳ, F and B side by side.
        let mut all = Mat::zeros(m, 2 + k + more);
        all.subcols_mut(0, 1)
            .copy_from(Mat::from_fn(m, 1, |i, _| self.z[i]));
        let seen = model.carry(self.x, &theta, model.columns.subcols(0, 1 + k));
        all.subcols_mut(1, 1 + k)
            .copy_from(seen * faer::Scale(theta.scale));
        if let Some(b) = &self.background {
            all.subcols_mut(2 + k, more).copy_from(b);
        }
        let mut all = self.turned(all);
        // What the directions leave out is white on the grid: a broadening averages it.
        let kept = 1.0 / (1.0 + 2.0 * PI.sqrt() * theta.width / model.grid.step());
        let white = theta.scale * theta.scale * model.rest * kept;
        let weight: Vec<f64> = (self.variance.iter())
            .map(|v| 1.0 / (v + white).sqrt())
            .collect();
        for j in 0..all.ncols() {
            (all.col_as_slice_mut(j).iter_mut().zip(&weight)).for_each(|(v, w)| *v *= w);
        }
        let rest = Mat::from_fn(m, 1, |i, _| all[(i, 0)] - all[(i, 1)]);
        let design = all.subcols(2, k + more);
        let gram = design.transpose() * design;
        let right = design.transpose() * &rest;
        let parts = (model.kinds.iter())
            .map(|kind| part(kind, k, &gram, &right))
            .collect::<Result<Vec<_>>>()?;
        let best = (parts.iter())
            .max_by(|a, b| a.log_evidence.total_cmp(&b.log_evidence))
            .ok_or_else(|| Error::new("the operator has no training samples"))?;
        let share = |p: &Part| (p.log_evidence - best.log_evidence).exp();
        let total: f64 = parts.iter().map(share).sum();
        let logs: f64 = weight.iter().map(|w| w.ln()).sum();
        let prior: f64 = t.iter().map(|t| 0.5 * t * t).sum();
        let cost = 0.5 * rest.squared_norm_l2() - best.log_evidence - total.ln() - logs + prior;
        if !cost.is_finite() {
            return Err(Error::new("the evidence of the spectrum is not a number")
                .because("the spectrum is many orders of magnitude off what the operator knows")
                .cure("check its unit, or declare --nuisance scale"));
        }
        Ok(At {
            cost,
            visible: (0..k)
                .rfind(|&j| gram[(j, j)] > HIDDEN)
                .map_or(0, |j| j + 1),
            mean: (0..k + more)
                .map(|i| {
                    parts
                        .iter()
                        .map(|p| share(p) / total * p.mean[(i, 0)])
                        .sum()
                })
                .collect(),
            lower: best.lower.clone(),
        })
    }

    /// Minus the log evidence with every nuisance at its start.
    fn without(&self) -> Result<f64> {
        let still = Self {
            background: None,
            free: Vec::new(),
            variance: self.variance.clone(),
            start: Theta::NONE,
            ..*self
        };
        Ok(still.at(&[])?.cost)
    }

    /// The best of several widths and stretches, of those that are free.
    fn first(&self) -> Result<Vec<f64>> {
        let place = |free| self.free.iter().position(|f| *f == free);
        let with = |starts: &[Vec<f64>], at: Option<usize>, values: &[f64]| -> Vec<Vec<f64>> {
            let Some(at) = at else {
                return starts.to_vec();
            };
            let set = |t: &Vec<f64>, value: f64| {
                let mut t = t.clone();
                t[at] = value;
                t
            };
            (starts.iter())
                .flat_map(|t| values.iter().map(move |v| set(t, *v)))
                .collect()
        };
        let widths = STARTS.map(|bins| (bins / WIDTH.0).ln() / WIDTH.1);
        let starts = with(&[vec![0.0; self.free.len()]], place(Free::Width), &widths);
        let mut best = (f64::INFINITY, Vec::new());
        for t in with(&starts, place(Free::Stretch), &STRETCHES) {
            let cost = self.at(&t)?.cost;
            if cost < best.0 {
                best = (cost, t);
            }
        }
        Ok(best.1)
    }

    /// The most probable nuisances.
    pub(super) fn run(&self) -> Result<NuisanceFit> {
        let more = self.background.as_ref().map_or(0, Mat::ncols);
        let start = self.first()?;
        let visible = Self {
            directions: self.at(&start)?.visible,
            background: self.background.clone(),
            variance: self.variance.clone(),
            free: self.free.clone(),
            ..*self
        };
        let value = |t: &[f64]| {
            let at = visible.at(t)?;
            Ok(Value {
                cost: at.cost,
                mean: at.mean[at.mean.len() - more..].to_vec(),
            })
        };
        let peak = peak::descend(&value, start)?;
        let at = self.at(&peak.t)?;
        let (parameters, correlations) = self.report(&peak, &at);
        Ok(NuisanceFit {
            parameters,
            correlations,
            log_evidence_gain: self.without()? - at.cost,
            channel: self.channel(&peak.t, &at, &peak.spread)?,
            spread: peak.spread,
        })
    }
}

/// Integrates (α, β) out for one kind, k directions of α: `½ |rest|²` less the log evidence is what both have in common.
fn part(kind: &kinds::Kind, k: usize, gram: &Mat<f64>, right: &Mat<f64>) -> Result<Part> {
    let all = gram.ncols();
    // The root of the leading directions' covariance is the leading part of the root.
    let mut root = Mat::<f64>::identity(all, all);
    root.submatrix_mut(0, 0, k, k)
        .copy_from(kind.root.submatrix(0, 0, k, k));
    let centre = Mat::from_fn(all, 1, |i, _| if i < k { kind.mean[i] } else { 0.0 });
    let pulled = gram * &centre;
    let left = right - &pulled;
    let mut precision = root.transpose() * (gram * &root);
    (0..all).for_each(|i| precision[(i, i)] += 1.0);
    let lower = cholesky(precision.as_ref())?;
    let mut mean = root.transpose() * &left;
    lower.solve_lower_triangular_in_place(&mut mean);
    let explained = mean.squared_norm_l2();
    lower.transpose().solve_upper_triangular_in_place(&mut mean);
    let along = |v: &Mat<f64>| -> f64 { (0..k).map(|i| centre[(i, 0)] * v[(i, 0)]).sum() };
    let logs: f64 = (0..all).map(|i| lower[(i, i)].ln()).sum();
    Ok(Part {
        log_evidence: kind.log_share + along(right) - 0.5 * along(&pulled) + 0.5 * explained - logs,
        mean: &centre + &root * mean,
        lower,
    })
}
