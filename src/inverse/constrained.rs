//! The most probable glass that meets constraints: a quadratic programme around the unconstrained estimate.
//!
//! Around the unconstrained estimate t̂ of descriptor and relative density the posterior is `t = t̂ + B δ`, B the training glasses'
//! principal directions and δ Gaussian with covariance `P = I - G f Gᵀ` (f the filter of the data, G the overlap of their
//! directions with those of B). The constrained estimate minimises `δᵀ P⁻¹ δ`, so what the data decided moves least.

use super::quadratic::Programme;
use crate::error::{Error, Result};
use crate::operator::Operator;
use crate::operator::conditional::{Conditional, cholesky};
use faer::Mat;
use std::f64::consts::PI;

/// Directions of the prior weaker than this part of the strongest are left out.
const PRIOR_RANK: f64 = 1e-4;
/// Bins where no training glass moves by more than this part of the largest spread are not constrained: the answer is known there.
const KNOWN: f64 = 1e-6;
/// A value above minus this, relative to the highest peak, counts as not negative: the solver's own tolerance.
const ZERO: f64 = 1e-9;

/// What is known of the glass besides its spectrum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Constraints {
    /// g(r) ≥ 0 everywhere.
    pub non_negative: bool,
    /// g(r) = 0 below this r, Å.
    pub core: Option<f64>,
    /// Number density, 1/Å^d.
    pub density: Option<f64>,
    /// So many neighbours within an r in Å.
    pub coordination: Option<(f64, f64)>,
}

/// Principal directions of descriptor and relative density of the training glasses.
#[derive(Debug)]
pub(super) struct Prior {
    /// (p+1) x k, in standard deviations.
    basis: Mat<f64>,
    /// Their left vectors on the samples, n x k.
    samples: Mat<f64>,
}

impl Prior {
    /// `target` (n x (p+1)), centred.
    pub(super) fn new(target: &Mat<f64>) -> Result<Self> {
        let root = (target.nrows() as f64).sqrt();
        let svd = target
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let d: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let k = d.iter().take_while(|s| **s > PRIOR_RANK * d[0]).count();
        Ok(Self {
            basis: Mat::from_fn(target.ncols(), k, |i, j| svd.V()[(i, j)] * d[j] / root),
            samples: svd.U().subcols(0, k).to_owned(),
        })
    }
}

/// Constraints on one operator and channel, ready for its spectra.
#[derive(Debug)]
pub(super) struct Solver<'a> {
    prior: &'a Prior,
    precision: Mat<f64>,
    /// Rows over (x, ρ/ρ̄) and what they must give.
    equal: (Mat<f64>, Vec<f64>),
    /// Bins where g ≥ 0 is asked for, and their r.
    bins: Vec<(usize, f64)>,
}

/// A step from the unconstrained to the constrained estimate.
pub(super) struct Step {
    /// What to add to the weights of the training samples (n).
    pub(super) weights: Vec<f64>,
    /// r of the bins where g ≥ 0 holds the estimate back.
    pub(super) active: Vec<f64>,
}

impl Constraints {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self, operator: &Operator) -> Result<()> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        let (r, known) = (operator.meta.r, operator.relative_density.is_some());
        if self.core.is_some_and(|c| !(positive(c) && c < r.end())) {
            return Err(Error::new("the core radius is not within the r grid")
                .cure(format!("give a value in Å up to {:.2}", r.end())));
        }
        if let Some((n, end)) = self.coordination
            && !(positive(n) && positive(end) && end <= r.end())
        {
            return Err(
                Error::new(format!("{n} neighbours within {end} Å cannot be asked for")).cure(
                    format!("give N:R with R up to {:.2} Å, such as 4:2.0", r.end()),
                ),
            );
        }
        if self.density.is_some_and(|d| !positive(d)) {
            return Err(
                Error::new("the density is not a positive number").cure("give it in atoms/Å³")
            );
        }
        if (self.density.is_some() || self.coordination.is_some()) && !known {
            return Err(Error::new("this operator knows no densities")
                .because("it was trained on g(r) without a number_density column, so a density or a coordination number is no constraint on it")
                .cure("train it with --samples, or leave the constraint out"));
        }
        Ok(())
    }
}

impl<'a> Solver<'a> {
    pub(super) fn new(
        operator: &Operator,
        conditional: &Conditional,
        prior: &'a Prior,
        constraints: &Constraints,
    ) -> Result<Self> {
        constraints.check(operator)?;
        let Prior { basis, samples } = prior;
        let k = basis.ncols();
        let overlap = samples.transpose() * conditional.sample_vectors();
        let filter = conditional.filter();
        let damped = Mat::from_fn(k, filter.len(), |i, j| overlap[(i, j)] * filter[j]);
        let covariance = Mat::<f64>::identity(k, k) - damped * overlap.transpose();
        let lower = cholesky(covariance.as_ref())?;
        let mut precision = Mat::<f64>::identity(k, k);
        lower.solve_lower_triangular_in_place(&mut precision);
        lower
            .transpose()
            .solve_upper_triangular_in_place(&mut precision);
        Ok(Self {
            equal: equalities(operator, basis, constraints),
            bins: moving(operator, basis, constraints),
            prior,
            precision,
        })
    }

    /// From the unconstrained (x, ρ/ρ̄), p + 1 values. No step where it meets all constraints already.
    pub(super) fn step(&self, free: &[f64]) -> Result<Option<Step>> {
        let top = free.iter().copied().fold(0.0, f64::max);
        let fine = self.bins.iter().all(|(i, _)| free[*i] >= -ZERO * top);
        if fine && self.equal.1.is_empty() {
            return Ok(None);
        }
        let Prior { basis, samples } = self.prior;
        let k = basis.ncols();
        let at_least = Mat::from_fn(self.bins.len(), k, |i, j| basis[(self.bins[i].0, j)]);
        let below: Vec<f64> = self.bins.iter().map(|(i, _)| -free[*i]).collect();
        let equal = &self.equal.0 * basis;
        let missing: Vec<f64> = (0..self.equal.1.len())
            .map(|e| {
                let now: f64 = (0..free.len())
                    .map(|i| self.equal.0[(e, i)] * free[i])
                    .sum();
                self.equal.1[e] - now
            })
            .collect();
        let found = Programme {
            quadratic: self.precision.as_ref(),
            linear: &vec![0.0; k],
            equal: (equal.as_ref(), &missing),
            at_least: (at_least.as_ref(), &below),
        }
        .solve()?;
        let root = (samples.nrows() as f64).sqrt();
        let delta = Mat::from_fn(k, 1, |i, _| found.x[i] / root);
        let moved = samples * delta;
        Ok(Some(Step {
            weights: moved.col(0).iter().copied().collect(),
            active: found.active.iter().map(|&i| self.bins[i].1).collect(),
        }))
    }
}

/// Bins where g ≥ 0 has to be asked for.
fn moving(operator: &Operator, basis: &Mat<f64>, constraints: &Constraints) -> Vec<(usize, f64)> {
    if !constraints.non_negative {
        return Vec::new();
    }
    (known_beyond(basis).into_iter())
        .map(|i| (i, operator.meta.r.centre(i)))
        .collect()
}

/// Bins of x in which the training glasses differ.
fn known_beyond(basis: &Mat<f64>) -> Vec<usize> {
    let spread: Vec<f64> = (0..basis.nrows() - 1)
        .map(|i| basis.row(i).norm_l2())
        .collect();
    let largest = spread.iter().copied().fold(0.0, f64::max);
    (0..spread.len())
        .filter(|&i| spread[i] > KNOWN * largest)
        .collect()
}

/// Rows over (x, ρ/ρ̄) and right sides of the equalities.
fn equalities(
    operator: &Operator,
    basis: &Mat<f64>,
    constraints: &Constraints,
) -> (Mat<f64>, Vec<f64>) {
    let (meta, p) = (&operator.meta, operator.x.ncols());
    let (mut rows, mut right): (Vec<Vec<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
    let unit = |at: usize| (0..=p).map(|i| f64::from(i == at)).collect::<Vec<f64>>();
    if let Some(core) = constraints.core {
        for bin in known_beyond(basis) {
            if meta.r.centre(bin) < core {
                rows.push(unit(bin));
                right.push(0.0);
            }
        }
    }
    if let (Some(density), Some(mean)) = (constraints.density, meta.mean_density) {
        rows.push(unit(p));
        right.push(density / mean);
    }
    if let (Some((neighbours, end)), Some(mean)) = (constraints.coordination, meta.mean_density) {
        // ρ g = ρ̄ x: the integral is linear in x.
        let weight = |i: usize| {
            let r = meta.r.centre(i.min(p - 1));
            let around = if meta.dimensions == 2 {
                2.0 * PI * r
            } else {
                4.0 * PI * r * r
            };
            if i < p && r <= end {
                around * meta.r.step() * mean
            } else {
                0.0
            }
        };
        rows.push((0..=p).map(weight).collect());
        right.push(neighbours);
    }
    (Mat::from_fn(rows.len(), p + 1, |i, j| rows[i][j]), right)
}
