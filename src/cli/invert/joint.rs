//! Several spectra of one sample inverted at once.

use super::super::load::{self, Loaded};
use super::super::read_options::ReadArgs;
use super::estimators::Estimator;
use super::{Args, Done, finish};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::{Constraints, Inverter, Measurement, Ready, Spectroscopy, Stacked};
use crate::operator::Operator;

/// Which spectra count for less beside the others than alone.
fn told(parts: &[(&Operator, &Measurement)], factors: &[f64]) -> String {
    let less: Vec<String> = (parts.iter().zip(factors))
        .filter(|(_, factor)| **factor > 1.0)
        .map(|((o, _), factor)| format!("{} {factor:.0}", o.meta.quantity))
        .collect();
    if less.is_empty() {
        return String::new();
    }
    format!(
        " So that left-out glasses are found best, the model error (λ) is taken larger than alone, by the factor: {}.",
        less.join(", ")
    )
}

/// The spectrum and those given by `--with` as one measurement.
pub(super) fn joint(
    operator: &Operator,
    loaded: Loaded,
    measurement: Measurement,
    args: &Args,
    spectroscopy: &Spectroscopy<'_>,
    constraints: &Constraints,
) -> Result<Done> {
    if args.how.estimator != Estimator::Gaussian {
        return Err(Error::new("a joint inversion needs the default estimator")
            .cure("leave --estimator out"));
    }
    let (mut others, mut along, mut assumed) = (Vec::new(), Vec::new(), Vec::new());
    for pair in &args.with {
        let (op, spectrum) = load::operator_and_spectrum(pair)?;
        let other = Operator::load(op)?;
        let second = load::curves(spectrum, &ReadArgs::default(), other.meta.quantity)?;
        if second.table && loaded.table && second.names != loaded.names {
            return Err(
                Error::new("the tables to invert jointly name other samples")
                    .at(spectrum)
                    .cure("give tables with the same samples in the same order"),
            );
        }
        let how = Spectroscopy {
            resolution: &[],
            covariance: None,
            ..*spectroscopy
        };
        let measured = Measurement::spectra_with(&other, &second.raw, &how)?;
        along.extend([load::source(op)?, second.source]);
        assumed.extend(second.findings);
        others.push((other, measured));
    }
    let mut parts = vec![(operator, &measurement)];
    parts.extend(others.iter().map(|(o, m)| (o, m)));
    let mut alone = Vec::new();
    for (o, m) in &parts {
        alone.push(
            Inverter::new(o, &m.channel)?
                .resolution()?
                .degrees_of_freedom,
        );
    }
    let stacked = Stacked::new(&parts)?;
    let inverter = Inverter::joint(operator, &stacked)?;
    let ready = Ready::new(inverter, &stacked.measurement.channel)?;
    let mut done = finish(
        operator,
        &ready,
        loaded,
        stacked.measurement.clone(),
        constraints,
    )?;
    let own = measurement.channel.x.len();
    for inversion in &mut done.inversions {
        inversion.refolded.truncate(own);
    }
    done.findings.push(Finding::new(
        "joint",
        format!(
            "{} spectra inverted jointly: {:.1} directions decided, {} by each alone.{}",
            parts.len(),
            done.resolution.degrees_of_freedom,
            alone
                .iter()
                .map(|d| format!("{d:.1}"))
                .collect::<Vec<_>>()
                .join(", "),
            told(&parts, &stacked.factors)
        ),
        "See --help for what each spectrum needs.",
    ));
    // The measurement that is shown is the first; what was assumed of the others stays told.
    done.findings.extend(assumed);
    done.findings
        .extend(others.iter().flat_map(|(_, m)| m.findings.clone()));
    done.measurement = measurement;
    done.alone = alone;
    done.along = along;
    Ok(done)
}
