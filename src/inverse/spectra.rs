//! Measured spectra brought to an operator: the instrument in the map, its unknowns as nuisances.

use super::channel::usable_covariance;
use super::evidence::{Correlation, Model, Search};
use super::measurement::{estimated, rms};
use super::nuisance::background;
use super::{Channel, Measurement, Nuisance, NuisanceFit, Raw};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::resolution;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};
use rayon::prelude::*;

/// An area further from the expected one than this is a matter of units, not of noise...
const AREA_TOLERANCE: f64 = 0.05;
/// ... unless the areas of the training spectra themselves differ: then it may be off by so many of their standard deviations.
const AREA_DEVIATIONS: f64 = 4.0;
/// Prior standard deviation of what stays of an unknown scale after normalising the area.
const SCALE_LEFT: f64 = 0.1;
/// Full width at half maximum of a Gaussian in standard deviations, 2 √(2 ln 2).
const FWHM: f64 = 2.354_820_045_030_949_3;
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

/// Spectra at the points they keep, before their nuisances are known.
struct Prepared<'a> {
    inside: &'a Raw,
    seen: MatRef<'a, f64>,
    covariance: Option<Mat<f64>>,
    how: &'a Spectroscopy<'a>,
}

impl Prepared<'_> {
    /// Finds the nuisances of each spectrum by itself.
    fn search(
        &self,
        operator: &Operator,
        resolution: Option<Mat<f64>>,
        mut findings: Vec<Finding>,
    ) -> Result<Measurement> {
        let (inside, how) = (self.inside, self.how);
        let declared = how.nuisances.contains(&Nuisance::Scale);
        // An area that is far off without the scale being declared is brought right first, as without nuisances.
        let before = if declared {
            vec![1.0; inside.y.nrows()]
        } else {
            scales(inside, self.seen, how.nuisances, &mut findings)
        };
        let z = Mat::from_fn(inside.y.nrows(), inside.x.len(), |i, j| {
            before[i] * inside.y[(i, j)]
        });
        let sigma = self.sigma(&z, &before, &mut findings);
        let model = Model::new(operator, resolution)?;
        let each: Vec<Vec<f64>> = (0..z.nrows()).map(|i| rows::row(z.as_ref(), i)).collect();
        let correlation = (self.covariance.as_ref())
            .map(|c| {
                Correlation::new(&usable_covariance(
                    c,
                    inside.x.len(),
                    rms(inside.y.as_ref()),
                )?)
            })
            .transpose()?;
        let searches: Vec<Search<'_>> = (each.iter().zip(&sigma).zip(&before))
            .map(|((z, sigma), before)| {
                let correlation = correlation.as_ref().map(|c| (c, before * before));
                Search::new(&model, &inside.x, z, sigma, correlation, how.nuisances)
            })
            .collect();
        let mut fits: Vec<NuisanceFit> = (searches.par_iter())
            .map(Search::run)
            .collect::<Result<_>>()?;
        let known = how.level.is_some() || inside.sigma.is_some() || self.covariance.is_some();
        let typical = searches[median(&fits)].typical(&fits[median(&fits)])?;
        let found: Vec<f64> = (fits.iter())
            .map(|f| f.get("scale").map_or(1.0, |s| s.value))
            .collect();
        let mut channel = typical;
        channel.sigma_known = known;
        for (i, fit) in fits.iter_mut().enumerate() {
            fit.channel.sigma_known = known;
            if let Some(covariance) = &self.covariance {
                let factor = (before[i] / found[i]).powi(2);
                fit.channel.correlate(&(covariance * faer::Scale(factor)))?;
            }
        }
        if let Some(covariance) = &self.covariance {
            let factor = (before[0] / found[median(&fits)]).powi(2);
            channel.correlate(&(covariance * faer::Scale(factor)))?;
        }
        findings.push(Finding::new(
            "nuisances-fitted",
            if let [one] = fits.as_slice() {
                format!("Fitted along with the spectrum: {}.", one.sentence())
            } else {
                format!(
                    "Fitted along with each of {} spectra; the typical one: {}.",
                    fits.len(),
                    fits[median(&fits)].sentence()
                )
            },
            "Compare with what you know of the instrument.",
        ));
        Ok(Measurement {
            data: Mat::from_fn(z.nrows(), z.ncols(), |i, j| z[(i, j)] / found[i]),
            scale: before.iter().zip(&found).map(|(b, f)| b / f).collect(),
            channel,
            findings,
            nuisances: fits,
        })
    }

    /// Errors of each spectrum.
    fn sigma(&self, z: &Mat<f64>, before: &[f64], findings: &mut Vec<Finding>) -> Vec<Vec<f64>> {
        let (n, m) = (z.nrows(), z.ncols());
        let inside = self.inside;
        if let Some(level) = self.how.level {
            return (0..n)
                .map(|i| vec![level * rms(z.subrows(i, 1)); m])
                .collect();
        }
        if let Some(sigma) = &inside.sigma {
            return (before.iter())
                .map(|b| sigma.iter().map(|s| s * b).collect())
                .collect();
        }
        if let Some(covariance) = &self.covariance {
            return (before.iter())
                .map(|b| {
                    (0..m)
                        .map(|j| b * covariance[(j, j)].max(0.0).sqrt())
                        .collect()
                })
                .collect();
        }
        let sigma = estimated(self.seen, z.as_ref(), "spectrum", findings);
        vec![vec![sigma; m]; n]
    }
}

/// The fit in the middle of all by its first parameter.
fn median(fits: &[NuisanceFit]) -> usize {
    let key = |i: usize| fits[i].parameters.last().map_or(0.0, |p| p.value);
    let first = |i: usize| fits[i].get("width").map_or(key(i), |p| p.value);
    let mut order: Vec<usize> = (0..fits.len()).collect();
    order.sort_by(|&a, &b| first(a).total_cmp(&first(b)));
    order[order.len() / 2]
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

/// What the instrument adds to the broadening of the training spectra (q x q); none if nothing is known of it.
fn resolution_map(
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
pub(super) fn own_broadening(operator: &Operator) -> Option<f64> {
    let note = (operator.meta.notes.iter()).find(|(key, _)| key == "broadening")?;
    let mut words = (note.1.split([' ', ',', '='])).filter(|w| !w.is_empty());
    words.find(|w| w.eq_ignore_ascii_case("sigma"))?;
    let value: f64 = words.next()?.parse().ok()?;
    let unit: crate::units::Unit = words.next()?.parse().ok()?;
    Some(value * unit.factor_to(crate::units::Unit::Mev).ok()?)
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
