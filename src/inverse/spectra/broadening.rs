//! The width of the instrument beside that of the training spectra.

use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::resolution;
use crate::operator::Operator;
use faer::Mat;

/// Full width at half maximum of a Gaussian in standard deviations, 2 √(2 ln 2).
const FWHM: f64 = 2.354_820_045_030_949_3;

/// What the instrument adds to the broadening of the training spectra (q x q); none if nothing is known of it.
pub(super) fn resolution_map(
    operator: &Operator,
    fwhm: &[f64],
    findings: &mut Vec<Finding>,
) -> Result<Option<Mat<f64>>> {
    if fwhm.is_empty() {
        return Ok(None);
    }
    let grid = operator.meta.energy;
    let own = own_broadening(operator);
    if own.is_none() {
        findings.push(Finding::new(
            "training-broadening-unknown",
            "The operator does not say how its training spectra were broadened; the whole resolution is added to them.",
            "Note `broadening: Gaussian sigma X meV` in the training table.",
        ));
    }
    let own = own.unwrap_or(0.0);
    let width = |e: f64| fwhm.iter().rev().fold(0.0, |sum, c| sum * e + c);
    let centres = grid.centres();
    if let Some(e) = centres
        .iter()
        .find(|e| !(width(**e).is_finite() && width(**e) >= 0.0))
    {
        return Err(
            Error::new(format!("the resolution at {e:.2} meV is {}", width(*e)))
                .because("a full width at half maximum cannot be negative")
                .cure("give --resolution in meV: one number, or coefficients of a polynomial in E"),
        );
    }
    let narrower = centres.iter().filter(|e| width(**e) < FWHM * own).count();
    if narrower > 0 {
        findings.push(Finding::new(
            "training-broader-than-instrument",
            format!(
                "At {narrower} of {} energies the training spectra are broader (FWHM {:.3} meV) than the instrument.",
                centres.len(),
                FWHM * own
            ),
            "Train with a smaller broadening.",
        ));
    }
    Ok(Some(resolution::gaussian_along(&grid, |e| {
        ((width(e) / FWHM).powi(2) - own * own).max(0.0).sqrt()
    })))
}

/// Standard deviation (meV) of the Gaussian that the training spectra were broadened with, from a note such as
/// `Gaussian, sigma 0.3 meV`.
fn own_broadening(operator: &Operator) -> Option<f64> {
    let note = (operator.meta.notes.iter()).find(|(key, _)| key == "broadening")?;
    let mut words = (note.1.split([' ', ',', '='])).filter(|w| !w.is_empty());
    words.find(|w| w.eq_ignore_ascii_case("sigma"))?;
    let value: f64 = words.next()?.parse().ok()?;
    let unit: crate::units::Unit = words.next()?.parse().ok()?;
    Some(value * unit.factor_to(crate::units::Unit::Mev).ok()?)
}
