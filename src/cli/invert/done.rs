//! One input file: read, brought to the operator, inverted.

use super::super::instrument_options::SpectrumArgs;
use super::super::load::{self, Loaded};
use crate::consistency::Domain;
use crate::error::Result;
use crate::finding::Finding;
use crate::inverse::pseudo_inverse::PseudoInversion;
use crate::inverse::{Constraints, Inversion, Measurement, Ready, Resolution, Spectroscopy};
use crate::operator::Operator;
use std::path::Path;
use std::sync::Arc;

/// One input file, inverted.
pub(in crate::cli) struct Done {
    pub(in crate::cli) loaded: Loaded,
    pub(in crate::cli) measurement: Measurement,
    pub(in crate::cli) inversions: Vec<Inversion>,
    pub(in crate::cli) domains: Vec<Domain>,
    pub(in crate::cli) resolution: Arc<Resolution>,
    /// What a pseudo-inverse has to say of itself, one a spectrum.
    pub(in crate::cli) pseudo: Vec<PseudoInversion>,
    /// r up to which neighbours are counted.
    pub(in crate::cli) cutoff: Option<f64>,
    /// Degrees of freedom of each spectrum alone, if several were inverted jointly.
    pub(in crate::cli) alone: Vec<f64>,
    /// Operators and spectra that were inverted along, and their hashes.
    pub(in crate::cli) along: Vec<(String, String)>,
    /// What the inversion itself has to say.
    pub(in crate::cli) findings: Vec<Finding>,
}

/// Reads a file and brings it to the operator.
pub(in crate::cli) fn measured(
    operator: &Operator,
    path: &Path,
    how: &SpectrumArgs,
    spectroscopy: &Spectroscopy<'_>,
) -> Result<(Loaded, Measurement)> {
    let loaded = load::curves(path, &how.read, operator.meta.quantity)?;
    let loaded = how.raman.applied(loaded, operator.meta.quantity)?;
    let measurement = Measurement::spectra_with(operator, &loaded.raw, spectroscopy)?;
    Ok((loaded, measurement))
}

/// Inverts and ranks.
pub(in crate::cli) fn finish(
    operator: &Operator,
    ready: &Ready<'_>,
    loaded: Loaded,
    measurement: Measurement,
    constraints: &Constraints,
) -> Result<Done> {
    let inversions = ready
        .inverter
        .invert_constrained(&measurement, constraints)?;
    let held: Vec<f64> = inversions.iter().flat_map(|i| i.active.clone()).collect();
    let mut findings: Vec<Finding> = ready.resolution.finding().into_iter().collect();
    if !held.is_empty() {
        let ends = (held.iter().copied()).fold((f64::INFINITY, 0.0), |e: (f64, f64), r| {
            (e.0.min(r), e.1.max(r))
        });
        findings.push(Finding::new(
            "constraint-active",
            format!(
                "g >= 0 held the estimate back at {} points from {:.2} to {:.2} Å in {} spectra.",
                held.len(),
                ends.0,
                ends.1,
                inversions.len()
            ),
            "Where a constraint decides, the data do not: see `active` in the summary.",
        ));
    }
    let left_out = ready.inverter.seen.left_out_distances()?;
    let densities = ready.inverter.left_out_densities();
    Ok(Done {
        domains: (inversions.iter())
            .map(|i| Domain::ranked(i.distance, left_out, i.relative_density.zip(densities)))
            .collect(),
        cutoff: operator
            .relative_density
            .as_ref()
            .and(ready.inverter.coordination_cutoff()),
        resolution: Arc::clone(&ready.resolution),
        loaded,
        measurement,
        inversions,
        pseudo: Vec::new(),
        alone: Vec::new(),
        along: Vec::new(),
        findings,
    })
}

pub(in crate::cli) fn findings(done: &Done) -> Vec<Finding> {
    [
        done.loaded.findings.clone(),
        done.measurement.findings.clone(),
        done.findings.clone(),
    ]
    .concat()
}
