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

mod sweep;

use self::sweep::Sweep;
use super::{Channel, Seen};
use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// λ values of a sweep, as multiples of the largest squared singular value: 1e-14 to 1e2, five a decade.
const SWEEP: std::ops::RangeInclusive<i32> = -70..=10;

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
    /// `P⁻¹ V`, p x k, and the squared length of each column.
    back: Mat<f64>,
    stretch: Vec<f64>,
    lambdas: Vec<f64>,
    /// Filter factors, a column each λ (k x L).
    factors: Mat<f64>,
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
            stretch: back.col_iter().map(|c| c.squared_norm_l2()).collect(),
            back,
            factors: Mat::zeros(0, 0),
            held_out: Vec::new(),
        };
        let each: Vec<Vec<f64>> = it.lambdas.iter().map(|&l| it.filters(l)).collect();
        it.factors = Mat::from_fn(it.s.len(), each.len(), |k, l| each[l][k]);
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

    /// Deviations d (p x N) from coefficients (k x N), each with its own filter factors.
    fn deviations(&self, coefficients: &Mat<f64>, filters: &[Vec<f64>]) -> Mat<f64> {
        &self.back
            * Mat::from_fn(self.s.len(), coefficients.ncols(), |k, j| {
                ratio(filters[j][k], self.s[k]) * coefficients[(k, j)]
            })
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
            .map(|&l| {
                let filters = vec![self.filters(l); n];
                let found = self.deviations(&coefficients, &filters);
                (found - &truth).squared_norm_l2() / n as f64
            })
            .collect()
    }

    /// Inverts one spectrum (m values at the channel's points).
    pub fn invert(&self, z: &[f64]) -> Result<PseudoInversion> {
        let data = Mat::from_fn(1, z.len(), |_, j| z[j]);
        Ok(self.invert_all(data.as_ref())?.remove(0))
    }

    /// Inverts spectra given as rows (N x m) at the channel's points, each with its own choice of λ.
    ///
    /// Errors: no λ suits one of them.
    pub fn invert_all(&self, spectra: MatRef<'_, f64>) -> Result<Vec<PseudoInversion>> {
        let white = self.whiten(spectra);
        let c = self.u.transpose() * &white;
        let sweep = Sweep::new(self, &white, &c);
        let scores: Vec<Vec<f64>> = (0..c.ncols()).map(|j| sweep.scores(j)).collect();
        let chosen = (scores.iter())
            .map(|s| self.choose(s))
            .collect::<Result<Vec<f64>>>()?;
        let filters: Vec<Vec<f64>> = chosen.iter().map(|&l| self.filters(l)).collect();
        let deviations = self.deviations(&c, &filters);
        let one = |(j, scores): (usize, Vec<f64>)| {
            let amplified: f64 = (self.stretch.iter().zip(&self.s).zip(&filters[j]))
                .map(|((b, s), f)| b * ratio(*f, *s).powi(2))
                .sum();
            let amplification = (amplified / self.back.nrows() as f64).sqrt();
            PseudoInversion {
                x: (self.x_mean.iter().zip(deviations.col_as_slice(j)))
                    .map(|(mean, d)| mean + d)
                    .collect(),
                lambda: chosen[j],
                curve: self.lambdas.iter().copied().zip(scores).collect(),
                degrees_of_freedom: filters[j].iter().sum(),
                noise_amplification: amplification,
                amplification_over_prior: amplification / self.prior.max(f64::MIN_POSITIVE),
                picard: (self.s.iter().zip(c.col_as_slice(j)))
                    .map(|(s, c)| (*s, c.abs()))
                    .collect(),
            }
        };
        Ok(scores.into_iter().enumerate().map(one).collect())
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

/// `f/s`; none of a direction that is dropped.
fn ratio(f: f64, s: f64) -> f64 {
    if f > 0.0 { f / s } else { 0.0 }
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
