//! The marginal likelihood of one spectrum as a function of what the instrument did to it.
//!
//! With θ = (factor a, stretch s, offset o, extra width w) and the training glasses `y = ȳ + F α`, `α ~ N(0, I)`,
//!
//! ```text
//! z = a M(θ) (ȳ + F α) + B β + noise,      β ~ N(0, I),
//! M(θ) = sampling at (x - o)/(1 + s), times the Gaussian of width w, times the resolution; all over 1 + s.
//! ```
//!
//! α and β are integrated out (linear and Gaussian); the rest is a function of at most four numbers, each with a wide
//! Gaussian prior, searched by Nelder and Mead's simplex (argmin) from the best of several widths and finished with a Newton
//! step. Errors are those of Laplace's approximation: the curvature at the maximum, carried on to β.

use super::Channel;
use super::nuisance::{
    BACKGROUND, Fitted, LOG_SCALE, Nuisance, NuisanceFit, OFFSET, STRETCH, WIDTH, background,
};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::resolution;
use crate::operator::conditional::cholesky;
use crate::operator::{Operator, rows};
use argmin::core::{CostFunction, Executor};
use argmin::solver::neldermead::NelderMead;
use faer::{Mat, MatRef};
use std::f64::consts::PI;

/// Directions of the training spectra that the search works in; the rest counts as white.
const DIRECTIONS: usize = 50;
/// Widths, in bins, among which the search starts.
const STARTS: [f64; 6] = [0.3, 1.0, 2.5, 5.0, 10.0, 20.0];
/// The simplex ends when its log evidences differ by less than this: far less than anything an error bar shows.
const FLAT: f64 = 1e-3;
/// Most evaluations of the simplex.
const MOST_STEPS: u64 = 200;
/// Step of the differences at the maximum, in prior standard deviations.
const STEP: f64 = 1e-2;

/// Training spectra in few directions, carried through the instrument's resolution.
#[derive(Debug)]
pub(super) struct Model {
    grid: Grid,
    /// ȳ, then the columns of F: q x (1 + k).
    columns: Mat<f64>,
    /// Variance a bin that the directions leave out.
    rest: f64,
    resolution: Option<Mat<f64>>,
}

impl Model {
    /// `resolution` (q x q) acts on the operator's grid.
    pub(super) fn new(operator: &Operator, resolution: Option<Mat<f64>>) -> Result<Self> {
        let y = operator.y.as_ref();
        let mean = rows::mean(y);
        let root = (y.nrows() as f64).sqrt();
        let svd = rows::centred(y, &mean)
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let s: Vec<f64> = svd.S().column_vector().iter().map(|s| s / root).collect();
        let k = DIRECTIONS.min(s.len());
        let columns = Mat::from_fn(y.ncols(), k + 1, |i, j| {
            if j == 0 {
                mean[i]
            } else {
                svd.V()[(i, j - 1)] * s[j - 1]
            }
        });
        let lost: f64 = s[k..].iter().map(|s| s * s).sum();
        Ok(Self {
            grid: operator.meta.energy,
            columns: match &resolution {
                Some(r) => r * columns,
                None => columns,
            },
            rest: lost / y.ncols() as f64 + operator.meta.lambda_backward / y.nrows() as f64,
            resolution,
        })
    }

    /// `M(θ)` without the resolution applied to given columns on the grid, at the points.
    fn carry(&self, x: &[f64], at: &Theta, columns: MatRef<'_, f64>) -> Mat<f64> {
        let broad = if at.width > 0.0 {
            resolution::gaussian(&self.grid, at.width) * columns
        } else {
            columns.to_owned()
        };
        let stretch = 1.0 + at.stretch;
        let places: Vec<(usize, f64)> = (x.iter())
            .map(|x| place(&self.grid, (x - at.offset) / stretch))
            .collect();
        Mat::from_fn(x.len(), columns.ncols(), |i, j| {
            let (k, t) = places[i];
            ((1.0 - t) * broad[(k, j)] + t * broad[(k + 1, j)]) / stretch
        })
    }

    /// The whole map (m x q), the factor left out.
    fn map(&self, x: &[f64], at: &Theta) -> Mat<f64> {
        let q = self.grid.len();
        let map = self.carry(x, at, Mat::<f64>::identity(q, q).as_ref());
        match &self.resolution {
            Some(resolution) => map * resolution,
            None => map,
        }
    }
}

/// Lower bin and weight of the upper one; beyond the ends the last value stands.
fn place(grid: &Grid, e: f64) -> (usize, f64) {
    let last = (grid.len() - 1) as f64;
    let from_first = ((e - grid.start()) / grid.step() - 0.5).clamp(0.0, last);
    let k = (from_first as usize).min(grid.len() - 2);
    (k, from_first - k as f64)
}

/// What an instrument did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theta {
    scale: f64,
    stretch: f64,
    offset: f64,
    width: f64,
}

/// One spectrum, and which of θ are free: `t` in units of the prior's standard deviation around its mean.
pub(super) struct Search<'a> {
    model: &'a Model,
    x: &'a [f64],
    z: &'a [f64],
    /// Noise variances.
    variance: Vec<f64>,
    background: Option<Mat<f64>>,
    free: Vec<Free>,
    start: Theta,
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
    /// Cholesky factor of their precision.
    lower: Mat<f64>,
}

impl<'a> Search<'a> {
    /// `sigma`: noise of each point. A factor that is not free is 1.
    pub(super) fn new(
        model: &'a Model,
        x: &'a [f64],
        z: &'a [f64],
        sigma: &[f64],
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
            variance: sigma.iter().map(|s| s * s).collect(),
            background: has(Nuisance::Background).then(|| background(x, rms)),
            free,
            start: Theta {
                scale: 1.0,
                stretch: 0.0,
                offset: 0.0,
                width: 0.0,
            },
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

    /// Integrates α and β out at `t`.
    fn at(&self, t: &[f64]) -> Result<At> {
        let theta = self.theta(t);
        let seen = self
            .model
            .carry(self.x, &theta, self.model.columns.as_ref());
        let (m, k) = (self.x.len(), seen.ncols() - 1);
        let more = self.background.as_ref().map_or(0, Mat::ncols);
        // What the directions leave out is white on the grid: a broadening averages it.
        let kept = 1.0 / (1.0 + 2.0 * PI.sqrt() * theta.width / self.model.grid.step());
        let white = theta.scale * theta.scale * self.model.rest * kept;
        let weight: Vec<f64> = self
            .variance
            .iter()
            .map(|v| 1.0 / (v + white).sqrt())
            .collect();
        let design = Mat::from_fn(m, k + more, |i, j| {
            weight[i]
                * match &self.background {
                    Some(b) if j >= k => b[(i, j - k)],
                    _ => theta.scale * seen[(i, j + 1)],
                }
        });
        let rest = Mat::from_fn(m, 1, |i, _| {
            weight[i] * (self.z[i] - theta.scale * seen[(i, 0)])
        });
        let mut precision = design.transpose() * &design;
        for i in 0..k + more {
            precision[(i, i)] += 1.0;
        }
        let lower = cholesky(precision.as_ref())?;
        let mut mean = design.transpose() * &rest;
        lower.solve_lower_triangular_in_place(&mut mean);
        let explained = mean.squared_norm_l2();
        lower.transpose().solve_upper_triangular_in_place(&mut mean);
        let logs: f64 = (0..k + more).map(|i| lower[(i, i)].ln()).sum::<f64>()
            - weight.iter().map(|w| w.ln()).sum::<f64>();
        let prior: f64 = t.iter().map(|t| 0.5 * t * t).sum();
        let cost = 0.5 * (rest.squared_norm_l2() - explained) + logs + prior;
        if !cost.is_finite() {
            return Err(Error::new("the evidence of the spectrum is not a number")
                .because("the spectrum is many orders of magnitude off what the operator knows")
                .cure("check its unit, or declare --nuisance scale"));
        }
        Ok(At {
            cost,
            mean: mean.col(0).iter().copied().collect(),
            lower,
        })
    }

    /// Minus the log evidence with every nuisance at its start.
    fn without(&self) -> Result<f64> {
        let still = Self {
            background: None,
            free: Vec::new(),
            variance: self.variance.clone(),
            start: Theta {
                scale: 1.0,
                stretch: 0.0,
                offset: 0.0,
                width: 0.0,
            },
            ..*self
        };
        Ok(still.at(&[])?.cost)
    }

    /// The best of several widths (of none, if the width is fixed).
    fn first(&self) -> Result<Vec<f64>> {
        let mut t = vec![0.0; self.free.len()];
        let Some(width) = self.free.iter().position(|f| *f == Free::Width) else {
            return Ok(t);
        };
        let mut best = (f64::INFINITY, 0.0);
        for bins in STARTS {
            t[width] = (bins / WIDTH.0).ln() / WIDTH.1;
            let cost = self.at(&t)?.cost;
            if cost < best.0 {
                best = (cost, t[width]);
            }
        }
        t[width] = best.1;
        Ok(t)
    }

    /// The most probable nuisances.
    pub(super) fn run(&self) -> Result<NuisanceFit> {
        let mut t = self.first()?;
        if !t.is_empty() {
            t = self.simplex(t)?;
        }
        let (hessian, gradient, slopes) = self.curvature(&t)?;
        let covariance = inverse(&hessian);
        if let Some(covariance) = &covariance {
            t = self.newton(t, covariance, &gradient)?;
        }
        let n = t.len();
        let covariance = covariance.unwrap_or_else(|| Mat::identity(n, n));
        let at = self.at(&t)?;
        // A root of the posterior covariance of θ.
        let spread = cholesky(covariance.as_ref())?;
        let (parameters, correlations) = self.report(&t, &at, &covariance, &slopes);
        Ok(NuisanceFit {
            parameters,
            correlations,
            log_evidence_gain: self.without()? - at.cost,
            channel: self.channel(&t, &at, &spread)?,
            spread,
        })
    }

    fn simplex(&self, start: Vec<f64>) -> Result<Vec<f64>> {
        let mut corners = vec![start.clone()];
        for (i, free) in self.free.iter().enumerate() {
            let mut corner = start.clone();
            // A fifth of the prior's width for the axis, a tenth in the logarithm of factor and width.
            corner[i] += match free {
                Free::Scale => 0.1 / LOG_SCALE,
                Free::Width => 0.2 / WIDTH.1,
                Free::Stretch | Free::Offset => 0.2,
            };
            corners.push(corner);
        }
        let failed = |e: argmin::core::Error| {
            (e.downcast_ref::<Error>().cloned()).unwrap_or_else(|| {
                Error::new("the search for the nuisances failed").because(e.to_string())
            })
        };
        let solver = NelderMead::new(corners)
            .with_sd_tolerance(FLAT)
            .map_err(failed)?;
        let found = Executor::new(self, solver)
            .configure(|state| state.max_iters(MOST_STEPS))
            .timer(false)
            .run()
            .map_err(failed)?;
        Ok(found.state.best_param.unwrap_or(start))
    }

    /// Hessian and gradient of the cost, and the slopes of the background's mean (2 x n), by central differences.
    #[allow(
        clippy::type_complexity,
        reason = "three derivatives of one function, used once"
    )]
    fn curvature(&self, t: &[f64]) -> Result<(Mat<f64>, Vec<f64>, Mat<f64>)> {
        let n = t.len();
        let moved = |steps: &[(usize, f64)]| -> Result<At> {
            let mut t = t.to_vec();
            for (i, s) in steps {
                t[*i] += s * STEP;
            }
            self.at(&t)
        };
        let here = moved(&[])?.cost;
        let more = self.background.as_ref().map_or(0, Mat::ncols);
        let (mut hessian, mut gradient) = (Mat::zeros(n, n), vec![0.0; n]);
        let mut slopes = Mat::zeros(more, n);
        for i in 0..n {
            let (up, down) = (moved(&[(i, 1.0)])?, moved(&[(i, -1.0)])?);
            gradient[i] = (up.cost - down.cost) / (2.0 * STEP);
            hessian[(i, i)] = (up.cost - 2.0 * here + down.cost) / (STEP * STEP);
            for b in 0..more {
                let at = up.mean.len() - more + b;
                slopes[(b, i)] = (up.mean[at] - down.mean[at]) / (2.0 * STEP);
            }
            for j in 0..i {
                let both = |a: f64, b: f64| Ok::<f64, Error>(moved(&[(i, a), (j, b)])?.cost);
                let mixed =
                    both(1.0, 1.0)? - both(1.0, -1.0)? - both(-1.0, 1.0)? + both(-1.0, -1.0)?;
                hessian[(i, j)] = mixed / (4.0 * STEP * STEP);
                hessian[(j, i)] = hessian[(i, j)];
            }
        }
        Ok((hessian, gradient, slopes))
    }

    /// One Newton step, if it gains.
    fn newton(&self, t: Vec<f64>, covariance: &Mat<f64>, gradient: &[f64]) -> Result<Vec<f64>> {
        let next: Vec<f64> = (0..t.len())
            .map(|i| {
                let step: f64 = (0..t.len()).map(|j| covariance[(i, j)] * gradient[j]).sum();
                t[i] - step
            })
            .collect();
        let better = self.at(&next).is_ok_and(|at| at.cost.is_finite())
            && self.at(&next)?.cost < self.at(&t)?.cost;
        Ok(if better { next } else { t })
    }

    /// Values, errors and correlations of θ and β.
    fn report(
        &self,
        t: &[f64],
        at: &At,
        covariance: &Mat<f64>,
        slopes: &Mat<f64>,
    ) -> (Vec<Fitted>, Mat<f64>) {
        let (n, more) = (t.len(), slopes.nrows());
        let k = at.mean.len() - more;
        // Covariance of β given θ: the last block of the inverse precision.
        let mut unit = Mat::from_fn(k + more, more, |i, j| f64::from(i == k + j));
        at.lower.solve_lower_triangular_in_place(&mut unit);
        let given = unit.transpose() * &unit;
        let carried = slopes * covariance;
        let all = Mat::from_fn(n + more, n + more, |i, j| match (i < n, j < n) {
            (true, true) => covariance[(i, j)],
            (true, false) => carried[(j - n, i)],
            (false, true) => carried[(i - n, j)],
            (false, false) => {
                let through: f64 = (0..n)
                    .map(|c| carried[(i - n, c)] * slopes[(j - n, c)])
                    .sum();
                given[(i - n, j - n)] + through
            }
        });
        let theta = self.theta(t);
        let range = self.model.grid.end() - self.model.grid.start();
        let mut parameters: Vec<Fitted> = (self.free.iter().enumerate())
            .map(|(i, free)| {
                let sd = all[(i, i)].max(0.0).sqrt();
                let (value, error) = match free {
                    Free::Scale => (theta.scale, theta.scale * LOG_SCALE * sd),
                    Free::Stretch => (theta.stretch, STRETCH * sd),
                    Free::Offset => (theta.offset, OFFSET * range * sd),
                    Free::Width => (theta.width, theta.width * WIDTH.1 * sd),
                };
                let (name, unit) = free.name();
                Fitted {
                    name,
                    unit,
                    value,
                    error,
                }
            })
            .collect();
        for (b, name) in ["background", "slope"].into_iter().take(more).enumerate() {
            parameters.push(Fitted {
                name,
                unit: "",
                value: BACKGROUND * at.mean[k + b],
                error: BACKGROUND * all[(n + b, n + b)].max(0.0).sqrt(),
            });
        }
        let sd = |i: usize| all[(i, i)].max(f64::MIN_POSITIVE).sqrt();
        let correlations = Mat::from_fn(n + more, n + more, |i, j| all[(i, j)] / sd(i) / sd(j));
        (parameters, correlations)
    }

    /// The channel at `t`, for the spectrum divided by its factor.
    fn channel(&self, t: &[f64], at: &At, spread: &Mat<f64>) -> Result<Channel> {
        let k = self.model.columns.ncols() - 1;
        let implied = Mat::from_fn(self.model.columns.nrows(), 1, |i, _| {
            let moved: f64 = (0..k)
                .map(|j| self.model.columns[(i, j + 1)] * at.mean[j])
                .sum();
            self.model.columns[(i, 0)] + moved
        });
        self.channel_around(t, &implied, spread)
    }

    /// The same around a given spectrum (q x 1, resolution included). What is left of the uncertainty of θ, as `spread` times
    /// its transpose, becomes linear nuisances: derivatives of the spectrum. (With the prior's width in place of the posterior's the
    /// linear problem would move θ away from where the evidence, which knows more, has put it.)
    fn channel_around(&self, t: &[f64], spectrum: &Mat<f64>, spread: &Mat<f64>) -> Result<Channel> {
        let theta = self.theta(t);
        let divided = |v: f64| v / theta.scale;
        let sigma = self.variance.iter().map(|v| divided(v.sqrt())).collect();
        let rms = (self.z.iter().map(|v| v * v).sum::<f64>() / self.z.len() as f64).sqrt();
        let mut channel = Channel::new(
            self.x.to_vec(),
            self.model.map(self.x, &theta),
            sigma,
            true,
            divided(rms),
        )?;
        if let Some(b) = &self.background {
            for j in 0..b.ncols() {
                channel.add_nuisance(&b.col(j).iter().map(|v| divided(*v)).collect::<Vec<_>>());
            }
        }
        let slope = |i: usize| -> Vec<f64> {
            let at = |step: f64| {
                let mut t = t.to_vec();
                t[i] += step;
                let theta = self.theta(&t);
                (
                    theta.scale,
                    self.model.carry(self.x, &theta, spectrum.as_ref()),
                )
            };
            let ((a, up), (b, down)) = (at(STEP), at(-STEP));
            (0..self.x.len())
                .map(|j| divided(a * up[(j, 0)] - b * down[(j, 0)]) / (2.0 * STEP))
                .collect()
        };
        let slopes: Vec<Vec<f64>> = (0..t.len()).map(slope).collect();
        for k in 0..t.len() {
            let column: Vec<f64> = (0..self.x.len())
                .map(|j| (0..t.len()).map(|i| slopes[i][j] * spread[(i, k)]).sum())
                .collect();
            channel.add_nuisance(&column);
        }
        Ok(channel)
    }

    /// The channel of a typical fit (its parameters as found) for glasses around the training mean.
    pub(super) fn typical(&self, fit: &NuisanceFit) -> Result<Channel> {
        let range = self.model.grid.end() - self.model.grid.start();
        let t: Vec<f64> = (self.free.iter())
            .map(|free| {
                let value = fit.get(free.name().0).map_or(0.0, |f| f.value);
                match free {
                    Free::Scale => (value / self.start.scale).ln() / LOG_SCALE,
                    Free::Stretch => value / STRETCH,
                    Free::Offset => value / (OFFSET * range),
                    Free::Width => (value / self.start.width).ln() / WIDTH.1,
                }
            })
            .collect();
        self.channel_around(
            &t,
            &self.model.columns.subcols(0, 1).to_owned(),
            &fit.spread,
        )
    }
}

impl CostFunction for &Search<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, t: &Vec<f64>) -> std::result::Result<f64, argmin::core::Error> {
        Ok(self.at(t)?.cost)
    }
}

/// Inverse of a positive definite matrix, if it is one.
fn inverse(m: &Mat<f64>) -> Option<Mat<f64>> {
    let n = m.nrows();
    let lower = cholesky(m.as_ref()).ok()?;
    let mut out = Mat::<f64>::identity(n, n);
    lower.solve_lower_triangular_in_place(&mut out);
    lower.transpose().solve_upper_triangular_in_place(&mut out);
    Some(out)
}
