//! The classical pseudo-inverses of `W`: truncated SVD and Tikhonov, with the classical rules for the penalty.
//!
//! In whitened data `z̃ = L⁻¹ (z - map·(W x̄ + b))` and deviations `d = x - x̄` from the training mean,
//!
//! ```text
//! min over d of  |z̃ - Ã P d|² + λ |P d|²,   Ã = L⁻¹ map W P⁻¹
//! ```
//!
//! with P the identity, the first or the second difference (zero before the first bin, where g vanishes). One SVD of Ã
//! serves the whole λ path. These estimators amplify the model error of `W` as well as the noise, and both are far
//! larger than the default of this program tolerates: they are here to be compared with
//! (Hansen, *Rank-Deficient and Discrete Ill-Posed Problems*, SIAM 1998, chapters 4 and 7).

use super::{Channel, Seen};
use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// λ values of a sweep, as multiples of the largest squared singular value: 1e-14 to 1e2, five a decade.
const SWEEP: std::ops::RangeInclusive<i32> = -70..=10;

/// Points of the L-curve that move by less than this part from one λ to the next say nothing of a corner.
const SHORTEST_STEP: f64 = 0.02;
/// Squared singular values below this part of the largest are rounding.
const SMALLEST: f64 = 1e-14;

/// What is kept small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Penalty {
    /// |x - x̄|².
    Identity,
    /// Its first difference.
    FirstDifference,
    /// Its second difference.
    SecondDifference,
}

/// How small singular values are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Kept or dropped.
    TruncatedSvd,
    /// Damped by s²/(s²+λ).
    Tikhonov,
}

/// How the penalty is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Generalised cross-validation: |residual|² / (m - degrees of freedom)².
    Gcv,
    /// The corner of the L-curve: largest curvature of log |residual| against log |penalty term|.
    LCurve,
    /// The largest λ whose residual is as small as the noise.
    Discrepancy,
    /// Marginal likelihood of the data.
    Evidence,
    /// Smallest error over the training glasses with this noise.
    HeldOut,
    /// A given λ.
    Fixed(f64),
}

/// A pseudo-inverse of `W` on one channel.
#[derive(Debug)]
pub struct PseudoInverse {
    filter: Filter,
    rule: Rule,
    x_mean: Vec<f64>,
    /// Cholesky factor of the noise covariance and the data that x̄ implies.
    lower: Mat<f64>,
    z_mean: Vec<f64>,
    u: Mat<f64>,
    s: Vec<f64>,
    /// `P⁻¹ V`, p x k.
    back: Mat<f64>,
    lambdas: Vec<f64>,
    held_out: Vec<f64>,
    /// rms deviation of the training descriptors from their mean.
    prior: f64,
}

/// What a pseudo-inverse made of one spectrum.
#[derive(Debug, Clone)]
pub struct PseudoInversion {
    /// The descriptor x.
    pub x: Vec<f64>,
    /// The chosen penalty.
    pub lambda: f64,
    /// The whole sweep: λ and the score that the rule minimised.
    pub curve: Vec<(f64, f64)>,
    /// Degrees of freedom at the chosen λ.
    pub degrees_of_freedom: f64,
    /// rms error of x that noise alone causes.
    pub noise_amplification: f64,
    /// The same relative to the rms deviation of the training glasses from their mean: above 1, answering the mean is better,
    /// whatever the error of W adds.
    pub amplification_over_prior: f64,
    /// Picard data: singular value and |coefficient| of the whitened data (noise is 1).
    pub picard: Vec<(f64, f64)>,
}

impl PseudoInverse {
    /// Decomposes `W` as seen through `channel`. `seen` (the training spectra there) serves [`Rule::HeldOut`].
    pub fn new(
        operator: &Operator,
        channel: &Channel,
        seen: &Seen,
        filter: Filter,
        penalty: Penalty,
        rule: Rule,
    ) -> Result<Self> {
        if !operator.meta.features.are_pairs() {
            return Err(
                Error::new("this operator's W has no pseudo-inverse in g(r)")
                    .because(format!("it reads {}", operator.meta.reads()))
                    .cure("use --estimator gaussian, or train with --descriptor rho-rdf"),
            );
        }
        if (filter, rule) == (Filter::TruncatedSvd, Rule::Evidence) {
            return Err(Error::new("truncated SVD has no evidence")
                .because("it is not the most probable answer under any Gaussian prior")
                .cure(
                    "use --choose gcv, l-curve, discrepancy or held-out, or --estimator tikhonov",
                ));
        }
        if let Rule::Fixed(lambda) = rule
            && !(lambda.is_finite() && lambda >= 0.0)
        {
            return Err(Error::new(format!("--lambda {lambda} is not a penalty"))
                .cure("give zero or a positive number"));
        }
        let x_mean = rows::mean(operator.x.as_ref());
        let deviations = rows::centred(operator.x.as_ref(), &x_mean);
        let prior = (deviations.squared_norm_l2()
            / (deviations.nrows() * deviations.ncols()) as f64)
            .sqrt();
        let at_mean = operator.forward(Mat::from_fn(1, x_mean.len(), |_, j| x_mean[j]).as_ref());
        let lower = cholesky(channel.covariance().as_ref())?;
        let mut white = &channel.map * &operator.w;
        lower.solve_lower_triangular_in_place(&mut white);
        // Ã = white P⁻¹ and later P⁻¹ V: integration in place of differencing.
        integrate_columns_from_the_right(&mut white, order(penalty));
        let svd = white
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let s: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let mut back = svd.V().to_owned();
        integrate_rows(&mut back, order(penalty));
        let top = s[0] * s[0];
        let mut it = Self {
            filter,
            rule,
            z_mean: rows::row(channel.see(at_mean.as_ref()).as_ref(), 0),
            x_mean,
            lower,
            u: svd.U().to_owned(),
            lambdas: match filter {
                Filter::Tikhonov => SWEEP
                    .map(|k| top * 10f64.powf(f64::from(k) / 5.0))
                    .collect(),
                // One λ a number of directions kept, the most first.
                Filter::TruncatedSvd => (s.iter().rev().map(|s| s * s))
                    .filter(|l| *l > top * SMALLEST)
                    .collect(),
            },
            prior,
            s,
            back,
            held_out: Vec::new(),
        };
        if rule == Rule::HeldOut {
            it.held_out = it.held_out_errors(operator, seen);
        }
        Ok(it)
    }

    fn filters(&self, lambda: f64) -> Vec<f64> {
        let factor = |s: f64| match self.filter {
            Filter::Tikhonov => s * s / (s * s + lambda),
            Filter::TruncatedSvd => f64::from(u8::from(s * s >= lambda)),
        };
        self.s.iter().map(|&s| factor(s)).collect()
    }

    fn whiten(&self, z: MatRef<'_, f64>) -> Mat<f64> {
        let mut white = rows::centred(z, &self.z_mean).transpose().to_owned();
        self.lower.solve_lower_triangular_in_place(&mut white);
        white
    }

    /// Deviations d (p x N) from coefficients (k x N) at one λ.
    fn deviation(&self, coefficients: &Mat<f64>, lambda: f64) -> Mat<f64> {
        let f = self.filters(lambda);
        let damped = Mat::from_fn(self.s.len(), coefficients.ncols(), |k, j| {
            if f[k] > 0.0 {
                f[k] / self.s[k] * coefficients[(k, j)]
            } else {
                0.0
            }
        });
        &self.back * damped
    }

    /// Mean squared error of x over noisy copies of the training glasses, for each λ.
    fn held_out_errors(&self, operator: &Operator, seen: &Seen) -> Vec<f64> {
        let n = operator.samples();
        let noisy = seen.noisy(1);
        let coefficients = self.u.transpose() * self.whiten(noisy);
        let truth = rows::centred(operator.x.as_ref(), &self.x_mean)
            .transpose()
            .to_owned();
        self.lambdas
            .iter()
            .map(|&l| (self.deviation(&coefficients, l) - &truth).squared_norm_l2() / n as f64)
            .collect()
    }

    /// Inverts one spectrum (m values at the channel's points).
    pub fn invert(&self, z: &[f64]) -> Result<PseudoInversion> {
        let data = Mat::from_fn(1, z.len(), |_, j| z[j]);
        let white = self.whiten(data.as_ref());
        let c = self.u.transpose() * &white;
        let coefficients: Vec<f64> = c.col(0).iter().copied().collect();
        let outside = (white.squared_norm_l2() - c.squared_norm_l2()).max(0.0);
        let sweep = Sweep {
            inverse: self,
            c: &coefficients,
            outside,
            m: z.len() as f64,
        };
        let scores = sweep.scores();
        let lambda = self.choose(&scores)?;
        let f = self.filters(lambda);
        let amplification: f64 = (0..self.back.nrows())
            .map(|i| {
                (0..f.len())
                    .map(|k| {
                        if f[k] > 0.0 {
                            (self.back[(i, k)] * f[k] / self.s[k]).powi(2)
                        } else {
                            0.0
                        }
                    })
                    .sum::<f64>()
            })
            .sum();
        let d = self.deviation(&c, lambda);
        Ok(PseudoInversion {
            x: self
                .x_mean
                .iter()
                .enumerate()
                .map(|(i, m)| m + d[(i, 0)])
                .collect(),
            lambda,
            curve: self.lambdas.iter().copied().zip(scores).collect(),
            degrees_of_freedom: f.iter().sum(),
            noise_amplification: (amplification / self.back.nrows() as f64).sqrt(),
            amplification_over_prior: (amplification / self.back.nrows() as f64).sqrt()
                / self.prior.max(f64::MIN_POSITIVE),
            picard: self
                .s
                .iter()
                .zip(&coefficients)
                .map(|(s, c)| (*s, c.abs()))
                .collect(),
        })
    }

    fn choose(&self, scores: &[f64]) -> Result<f64> {
        if let Rule::Fixed(lambda) = self.rule {
            return Ok(lambda);
        }
        let best = (0..scores.len())
            .filter(|&i| scores[i].is_finite())
            .min_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        match (best, self.rule) {
            // The end points have no curvature; a largest one beside them, or none at all, is no corner.
            (Some(i), Rule::LCurve) if i <= 1 || i + 2 >= scores.len() || scores[i] >= 0.0 => {
                Err(no_corner())
            }
            (Some(i), _) => Ok(self.lambdas[i]),
            (None, Rule::Discrepancy) => Err(Error::new(
                "no penalty brings the residual down to the noise",
            )
            .because("the errors are smaller than what W can explain of this spectrum")
            .cure("use --choose gcv or evidence, or the default estimator")),
            (None, _) => Err(no_corner()),
        }
    }
}

fn no_corner() -> Error {
    Error::new("the L-curve has no corner")
        .because("its largest curvature lies at the edge of the sweep")
        .cure("use --choose gcv, evidence or held-out, or the default estimator")
}

/// The terms of every rule along the λ sweep of one spectrum.
struct Sweep<'a> {
    inverse: &'a PseudoInverse,
    c: &'a [f64],
    outside: f64,
    m: f64,
}

impl Sweep<'_> {
    /// (|residual|², |penalty term|², degrees of freedom).
    fn terms(&self, lambda: f64) -> (f64, f64, f64) {
        let f = self.inverse.filters(lambda);
        let (mut residual, mut size, mut freedom) = (self.outside, 0.0, 0.0);
        for (k, f) in f.iter().enumerate() {
            residual += ((1.0 - f) * self.c[k]).powi(2);
            if *f > 0.0 {
                size += (f * self.c[k] / self.inverse.s[k]).powi(2);
            }
            freedom += f;
        }
        (residual, size, freedom)
    }

    /// One number a λ; the smallest is chosen.
    fn scores(&self) -> Vec<f64> {
        let it = self.inverse;
        let along = |score: &dyn Fn(f64) -> f64| it.lambdas.iter().map(|&l| score(l)).collect();
        match it.rule {
            Rule::HeldOut => it.held_out.clone(),
            Rule::Fixed(_) | Rule::Gcv => along(&|l| {
                let (residual, _, freedom) = self.terms(l);
                residual / (self.m - freedom).powi(2)
            }),
            Rule::Discrepancy => along(&|l| {
                // Of all λ whose residual is within the noise the largest has the smallest score.
                if self.terms(l).0 <= self.m {
                    -l
                } else {
                    f64::NAN
                }
            }),
            Rule::Evidence => along(&|l| {
                let fit: f64 =
                    it.s.iter()
                        .zip(self.c)
                        .map(|(s, c)| (1.0 + s * s / l).ln() + c * c * l / (s * s + l))
                        .sum();
                0.5 * (fit + self.outside)
            }),
            Rule::LCurve => self.negative_curvature(),
        }
    }

    /// Minus the curvature of (log |residual|, log |penalty|) over log λ, so that the corner is the minimum; the end
    /// points have none.
    fn negative_curvature(&self) -> Vec<f64> {
        let points: Vec<(f64, f64)> = self
            .inverse
            .lambdas
            .iter()
            .map(|&l| {
                let (residual, size, _) = self.terms(l);
                (0.5 * residual.ln(), 0.5 * size.ln())
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

fn order(penalty: Penalty) -> usize {
    match penalty {
        Penalty::Identity => 0,
        Penalty::FirstDifference => 1,
        Penalty::SecondDifference => 2,
    }
}

/// `M P⁻¹`, P the difference with a zero before the first element: column j becomes the sum of columns j and up.
fn integrate_columns_from_the_right(m: &mut Mat<f64>, times: usize) {
    for _ in 0..times {
        for j in (0..m.ncols().saturating_sub(1)).rev() {
            for i in 0..m.nrows() {
                m[(i, j)] += m[(i, j + 1)];
            }
        }
    }
}

/// `P⁻¹ M`: row i becomes the sum of rows up to i.
fn integrate_rows(m: &mut Mat<f64>, times: usize) {
    for _ in 0..times {
        for i in 1..m.nrows() {
            for j in 0..m.ncols() {
                m[(i, j)] += m[(i - 1, j)];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Integration undoes differencing, on either side.
    #[test]
    fn integration_is_the_inverse_of_the_difference() {
        let p = 7;
        let difference = Mat::from_fn(p, p, |i, j| match (i, j) {
            _ if i == j => 1.0,
            _ if i == j + 1 => -1.0,
            _ => 0.0,
        });
        for times in [1, 2] {
            let mut power = Mat::<f64>::identity(p, p);
            for _ in 0..times {
                power = &power * &difference;
            }
            let mut left = power.clone();
            integrate_rows(&mut left, times);
            let mut right = power;
            integrate_columns_from_the_right(&mut right, times);
            for m in [left, right] {
                assert!((m - Mat::<f64>::identity(p, p)).norm_max() < 1e-12);
            }
        }
    }
}
