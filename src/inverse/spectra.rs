//! Measured spectra brought to an operator: the instrument in the map, its unknowns as nuisances.

mod broadening;
mod search;

use self::broadening::resolution_map;
use self::search::Prepared;
use super::measurement::{estimated, rms};
use super::nuisance::background;
use super::{Channel, Measurement, Nuisance, Raw};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::resolution;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// An area further from the expected one than this is a matter of units, not of noise...
const AREA_TOLERANCE: f64 = 0.05;
/// ... unless the areas of the training spectra themselves differ: then it may be off by so many of their standard deviations.
const AREA_DEVIATIONS: f64 = 4.0;
/// Prior standard deviation of what stays of an unknown scale after normalising the area.
const SCALE_LEFT: f64 = 0.1;
/// Nuisances that raise the log evidence of a spectrum by less than this are not worth a word: each costs about two or
/// three by itself.
const WORTH_A_WORD: f64 = 20.0;

/// What is known of a spectrometer and of the errors of its data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spectroscopy<'a> {
    /// White noise relative to the rms of each spectrum; without it, and without errors in the data, it is estimated.
    pub level: Option<f64>,
    /// What to fit along.
    pub nuisances: &'a [Nuisance],
    /// Full width at half maximum of the instrument as a polynomial of E, `c₀ + c₁ E + ...` in meV; empty if not known.
    /// The training spectra's own broadening is taken off in quadrature.
    pub resolution: &'a [f64],
    /// Covariance of the measured points (all of them, in the units of the data) if their errors are correlated.
    pub covariance: Option<MatRef<'a, f64>>,
}

impl Measurement {
    /// Spectra for an operator. `level` is white noise relative to their rms; without it, and without errors in the data,
    /// the noise is estimated and a finding says so.
    pub fn spectra(
        operator: &Operator,
        raw: &Raw,
        level: Option<f64>,
        nuisances: &[Nuisance],
    ) -> Result<Self> {
        let how = Spectroscopy {
            level,
            nuisances,
            ..Spectroscopy::default()
        };
        Self::spectra_with(operator, raw, &how)
    }

    /// The same with everything that can be known of the instrument.
    pub fn spectra_with(operator: &Operator, raw: &Raw, how: &Spectroscopy<'_>) -> Result<Self> {
        operator.accepts(raw.quantity)?;
        let grid = operator.meta.energy;
        let inside = raw.restricted(grid.start(), grid.end())?;
        let mut findings = Vec::new();
        if inside.x.len() < raw.x.len() {
            findings.push(range_cut(operator, raw, &inside));
        }
        let covariance = (how.covariance)
            .map(|c| kept_covariance(raw, &inside, c))
            .transpose()?;
        let resolution = resolution_map(operator, how.resolution, &mut findings)?;
        let sampling = resolution::sampling(&grid, &inside.x)?;
        let map = match &resolution {
            Some(resolution) => sampling * resolution,
            None => sampling,
        };
        let seen = operator.y.as_ref() * map.transpose();
        let mean = rows::mean(seen.as_ref());
        if Nuisance::need_search(how.nuisances) {
            let prepared = Prepared {
                inside: &inside,
                seen: seen.as_ref(),
                covariance,
                how,
            };
            return prepared.search(operator, resolution, findings);
        }
        let scale = scales(&inside, seen.as_ref(), how.nuisances, &mut findings);
        let data = Mat::from_fn(inside.y.nrows(), inside.x.len(), |i, j| {
            scale[i] * inside.y[(i, j)]
        });
        let size = rms(data.as_ref());
        let (sigma, known) = match (how.level, &inside.sigma) {
            (Some(level), _) => (vec![level * size; inside.x.len()], true),
            (None, Some(sigma)) => (sigma.iter().map(|s| s * scale[0]).collect(), true),
            (None, None) if covariance.is_some() => (vec![0.0; inside.x.len()], true),
            (None, None) if inside.x.len() < 3 => return Err(too_few_to_estimate()),
            (None, None) => {
                let sigma = estimated(seen.as_ref(), data.as_ref(), "spectrum", &mut findings);
                (vec![sigma; inside.x.len()], false)
            }
        };
        let mut channel = Channel::new(inside.x, map, sigma, known, size)?;
        if let Some(covariance) = covariance {
            channel.correlate(&(covariance * faer::Scale(scale[0] * scale[0])))?;
        }
        if scale.iter().any(|s| (s - 1.0).abs() > 0.0) {
            channel.add_nuisance(&mean.iter().map(|m| SCALE_LEFT * m).collect::<Vec<_>>());
        }
        if how.nuisances.contains(&Nuisance::Background) {
            let columns = background(
                &channel.x,
                rms(Mat::from_fn(1, mean.len(), |_, j| mean[j]).as_ref()),
            );
            for column in columns.col_iter() {
                channel.add_nuisance(&column.iter().copied().collect::<Vec<_>>());
            }
        }
        Ok(Self {
            channel,
            data,
            scale,
            findings,
            nuisances: Vec::new(),
        })
    }
}

/// Whether undeclared nuisances explain a spectrum better, by far, than none: said where a spectrum is outside the domain.
/// `raw` holds one or more spectra; the first is looked at.
pub fn undeclared(operator: &Operator, raw: &Raw, how: &Spectroscopy<'_>) -> Option<Finding> {
    let first = Raw {
        y: raw.y.subrows(0, 1).to_owned(),
        ..raw.clone()
    };
    let with = Spectroscopy {
        nuisances: &Nuisance::ALL,
        ..*how
    };
    let fit = Measurement::spectra_with(operator, &first, &with)
        .ok()?
        .nuisances
        .pop()?;
    (fit.log_evidence_gain > WORTH_A_WORD).then(|| {
        Finding::new(
            "nuisances-undeclared",
            format!(
                "The spectrum is far better explained (log evidence up by {:.0}) with: {}.",
                fit.log_evidence_gain,
                fit.sentence()
            ),
            "If the instrument may have done this, give --nuisance scale,background,shift,width (or those that apply).",
        )
    })
}

fn range_cut(operator: &Operator, raw: &Raw, inside: &Raw) -> Finding {
    let grid = operator.meta.energy;
    Finding::new(
        "range-cut",
        format!(
            "{} of {} points lie outside the operator's range, {:.1} to {:.1} {}.",
            raw.x.len() - inside.x.len(),
            raw.x.len(),
            grid.start(),
            grid.end(),
            raw.quantity.axis()
        ),
        "Train an operator on a wider range to use them.",
    )
}

/// Rows and columns of the points that are kept.
fn kept_covariance(raw: &Raw, inside: &Raw, full: MatRef<'_, f64>) -> Result<Mat<f64>> {
    let m = raw.x.len();
    if (full.nrows(), full.ncols()) != (m, m) {
        return Err(Error::new("the covariance does not fit the spectrum")
            .because(format!(
                "it is {} x {}, the spectrum has {m} points",
                full.nrows(),
                full.ncols()
            ))
            .cure("give one row and one column a measured point, in the order of x"));
    }
    let first = raw.x.partition_point(|x| *x < inside.x[0]);
    let kept = inside.x.len();
    Ok(full.submatrix(first, first, kept, kept).to_owned())
}

fn too_few_to_estimate() -> Error {
    Error::new("the error of the spectrum is not known")
        .because("it cannot be estimated from fewer than three points")
        .cure("give --noise relative to the value, such as 0.05, or a column of errors")
}

/// Factors that bring each spectrum to the mean area of the training spectra (`seen`) between the same points. An area that is right
/// within the tolerance is left alone, unless the scale was declared unknown: where the areas of the glasses differ, they are information.
fn scales(
    raw: &Raw,
    seen: MatRef<'_, f64>,
    nuisances: &[Nuisance],
    findings: &mut Vec<Finding>,
) -> Vec<f64> {
    let area = |value: &dyn Fn(usize) -> f64| -> f64 {
        (1..raw.x.len())
            .map(|j| 0.5 * (raw.x[j] - raw.x[j - 1]) * (value(j - 1) + value(j)))
            .sum()
    };
    let declared = nuisances.contains(&Nuisance::Scale);
    if !raw.quantity.is_density() && !declared {
        // A conductivity is measured on an absolute scale.
        return vec![1.0; raw.y.nrows()];
    }
    let n = seen.nrows() as f64;
    let areas: Vec<f64> = (0..seen.nrows()).map(|i| area(&|j| seen[(i, j)])).collect();
    let expected = areas.iter().sum::<f64>() / n;
    let variance = areas
        .iter()
        .map(|a| (a / expected - 1.0).powi(2))
        .sum::<f64>()
        / n;
    let tolerance = AREA_TOLERANCE.max(AREA_DEVIATIONS * variance.sqrt());
    let mut largest: f64 = 1.0;
    let factors: Vec<f64> = (0..raw.y.nrows())
        .map(|i| {
            let factor = expected / area(&|j| raw.y[(i, j)]);
            let usable = factor.is_finite() && factor > 0.0;
            if !usable || (!declared && (1.0 / factor - 1.0).abs() <= tolerance) {
                return 1.0;
            }
            if (factor.ln()).abs() > largest.ln().abs() {
                largest = factor;
            }
            factor
        })
        .collect();
    if (largest - 1.0).abs() > 0.0 {
        findings.push(Finding::new(
            "area-normalised",
            format!("The spectrum was multiplied by {largest:.4e} so that its area is that of the training spectra; {:.0} % of it is left free.", 100.0 * SCALE_LEFT),
            "If it is in absolute units, check the unit of x and the quantity.",
        ));
    }
    factors
}
