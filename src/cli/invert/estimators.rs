//! The estimators that are offered beside the default for comparison.

use super::super::load::Loaded;
use super::{Done, finish};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::pseudo_inverse::{Filter, Penalty, PseudoInverse, PseudoInversion, Rule};
use crate::inverse::{Channel, Constraints, Inversion, Inverter, Measurement, Ready, Seen};
use crate::operator::{Operator, rows};
use clap::ValueEnum;
use faer::MatRef;

/// Which estimator, and how its penalty is chosen.
#[derive(Debug, clap::Args)]
pub(super) struct How {
    /// `gaussian` is the default and the only one with calibrated bands of its own.
    #[arg(long, value_enum, default_value = "gaussian")]
    pub(super) estimator: Estimator,
    /// What a Tikhonov or truncated-SVD pseudo-inverse keeps small.
    #[arg(long, value_enum, default_value = "identity")]
    penalty: PenaltyName,
    /// How a pseudo-inverse chooses its penalty.
    #[arg(long, value_enum, default_value = "gcv")]
    choose: RuleName,
    /// Fixed penalty of a pseudo-inverse, in whitened units.
    #[arg(long)]
    lambda: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Estimator {
    Gaussian,
    Backward,
    Tsvd,
    Tikhonov,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PenaltyName {
    Identity,
    D1,
    D2,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleName {
    Gcv,
    LCurve,
    Discrepancy,
    Evidence,
    HeldOut,
}

/// Inverts with the default estimator and, if another is wanted, puts its estimate into the place of that.
pub(super) fn invert(
    operator: &Operator,
    ready: &Ready<'_>,
    loaded: Loaded,
    measurement: Measurement,
    how: &How,
    constraints: &Constraints,
) -> Result<Done> {
    if how.estimator != Estimator::Gaussian && !constraints.is_empty() {
        return Err(Error::new("constraints need the default estimator")
            .because("a pseudo-inverse knows no posterior to stay close to")
            .cure("leave --estimator out, or the constraints"));
    }
    let mut done = finish(operator, ready, loaded, measurement, constraints)?;
    if how.estimator != Estimator::Gaussian {
        let (g, pseudo) = other_estimates(operator, &done, &ready.inverter, how)?;
        for (inversion, g) in done.inversions.iter_mut().zip(g) {
            for (j, value) in g.iter().enumerate() {
                let shift = value - inversion.g[j];
                inversion.low[j] += shift;
                inversion.high[j] += shift;
            }
            inversion.g = g;
            // They belong to the default estimator.
            inversion.derived.clear();
        }
        done.pseudo = pseudo;
        done.findings.push(Finding::new(
            "band-of-the-default",
            "The band around this estimator's g(r) is that of the default estimator, moved: it was not calibrated for it and does not hold its noise amplification.",
            "Use --estimator gaussian for a band that holds.",
        ));
    }
    Ok(done)
}

/// g of the estimators that are offered for comparison, one row a spectrum.
fn other_estimates(
    operator: &Operator,
    done: &Done,
    inverter: &Inverter<'_>,
    how: &How,
) -> Result<(Vec<Vec<f64>>, Vec<PseudoInversion>)> {
    let divided = |x: Vec<f64>, inversion: &Inversion| -> Vec<f64> {
        let density = inversion.relative_density.unwrap_or(1.0);
        x.into_iter().map(|x| x / density).collect()
    };
    let measurement = &done.measurement;
    let seen = &inverter.seen;
    let rows = 0..measurement.data.nrows();
    if how.estimator == Estimator::Backward {
        let each = rows.zip(&done.inversions).map(|(i, inversion)| {
            let one = measurement.one(i);
            let x = backward(operator, &one.channel, one.data.as_ref())?.remove(0);
            Ok(divided(x, inversion))
        });
        return Ok((each.collect::<Result<_>>()?, Vec::new()));
    }
    let pseudo = if measurement.nuisances.is_empty() {
        pseudo_inverse(operator, &measurement.channel, seen, how)?
            .invert_all(measurement.data.as_ref())?
    } else {
        // Each through its own channel.
        rows.map(|i| {
            let one = measurement.one(i);
            let z = rows::row(one.data.as_ref(), 0);
            pseudo_inverse(operator, &one.channel, seen, how)?.invert(&z)
        })
        .collect::<Result<_>>()?
    };
    let g = (pseudo.iter().zip(&done.inversions))
        .map(|(p, inversion)| divided(p.x.clone(), inversion))
        .collect();
    Ok((g, pseudo))
}

fn pseudo_inverse(
    operator: &Operator,
    channel: &Channel,
    seen: &Seen,
    how: &How,
) -> Result<PseudoInverse> {
    let filter = match how.estimator {
        Estimator::Tsvd => Filter::TruncatedSvd,
        _ => Filter::Tikhonov,
    };
    let penalty = match how.penalty {
        PenaltyName::Identity => Penalty::Identity,
        PenaltyName::D1 => Penalty::FirstDifference,
        PenaltyName::D2 => Penalty::SecondDifference,
    };
    let rule = match (how.lambda, how.choose) {
        (Some(lambda), _) => Rule::Fixed(lambda),
        (None, RuleName::Gcv) => Rule::Gcv,
        (None, RuleName::LCurve) => Rule::LCurve,
        (None, RuleName::Discrepancy) => Rule::Discrepancy,
        (None, RuleName::Evidence) => Rule::Evidence,
        (None, RuleName::HeldOut) => Rule::HeldOut,
    };
    PseudoInverse::new(operator, channel, seen, filter, penalty, rule)
}

/// `V y + c`; the spectrum must lie on the operator's own grid, because V knows no instrument.
fn backward(
    operator: &Operator,
    channel: &Channel,
    data: MatRef<'_, f64>,
) -> Result<Vec<Vec<f64>>> {
    let grid = operator.meta.energy;
    let near = |(x, c): (&f64, f64)| (x - c).abs() < 1e-3 * grid.step();
    if channel.x.len() != grid.len() || !channel.x.iter().zip(grid.centres()).all(near) {
        return Err(Error::new("the backward map cannot take this spectrum")
            .because("it was learned on the operator's own energy grid, and measured data are not resampled here")
            .cure("use --estimator gaussian, which carries the operator to the data"));
    }
    let x = data * operator.v.transpose();
    Ok((0..x.nrows())
        .map(|i| (0..x.ncols()).map(|j| x[(i, j)] + operator.c[j]).collect())
        .collect())
}
