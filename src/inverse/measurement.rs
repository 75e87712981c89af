//! Measured curves brought to the operator's descriptor and normalisation, with the channel they were taken through.

mod conversion;
mod diffraction;

pub use self::diffraction::Diffraction;

use self::conversion::Conversion;
use super::{Channel, NuisanceFit, noise, structure_factor};
use crate::curve::Quantity;
use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::grid::Grid;
use crate::instrument::resolution;
use crate::operator::{Operator, Weighting, rows};
use crate::units::Unit;
use faer::{Mat, MatRef};

/// Below this fraction of the largest mean descriptor no training glass has pairs.
const CORE: f64 = 1e-3;

/// A point this part of a bin off its centre is at it.
const AT_CENTRE: f64 = 1e-3;

/// What bins cannot say of the curves in them at points between their centres, as a standard error of each point; none if all points are
/// centres, so that curve and bins are of one kind.
///
/// With δ² the second difference of neighbouring bins (rms over `curves`, rows on `grid`), linear interpolation at the share t of a bin misses
/// `t (1 - t) δ²/2`, and the mean of a bin differs from the value at its centre by `δ²/24`.
fn between_bins(grid: &Grid, curves: MatRef<'_, f64>, x: &[f64]) -> Option<Vec<f64>> {
    let place = |x: f64| (x - grid.start()) / grid.step() - 0.5;
    let at_centre = |x: &f64| (place(*x) - place(*x).round()).abs() < AT_CENTRE;
    // Two bins have no second difference.
    if grid.len() < 3 || x.iter().all(at_centre) {
        return None;
    }
    let (n, last) = (curves.nrows() as f64, grid.len() - 1);
    let curvature = |j: usize| -> f64 {
        let j = j.clamp(1, last - 1);
        let squares = (0..curves.nrows())
            .map(|i| (curves[(i, j - 1)] - 2.0 * curves[(i, j)] + curves[(i, j + 1)]).powi(2));
        (squares.sum::<f64>() / n).sqrt()
    };
    let curvatures: Vec<f64> = (0..=last).map(curvature).collect();
    let error = |x: &f64| {
        let from_first = place(*x).clamp(0.0, last as f64);
        let j = (from_first as usize).min(last - 1);
        let t = from_first - j as f64;
        curvatures[j].max(curvatures[j + 1]) * (0.5 * t * (1.0 - t) + 1.0 / 24.0)
    };
    Some(x.iter().map(error).collect())
}

/// Data of one instrument: N curves at the same points.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// How they were taken.
    pub channel: Channel,
    /// One row a curve, in the operator's normalisation.
    pub data: Mat<f64>,
    /// Factor by which each curve was multiplied to get there (the mean of it for a PDF).
    pub scale: Vec<f64>,
    /// What was assumed.
    pub findings: Vec<Finding>,
    /// The nuisances of each curve, if they had to be searched for: then each has a channel of its own, and `channel` is
    /// that of a typical one.
    pub nuisances: Vec<NuisanceFit>,
}

/// Curves at common points as they came: x in inside units, one row a curve, errors if known.
#[derive(Debug, Clone)]
pub struct Raw {
    /// Points, ascending.
    pub x: Vec<f64>,
    /// N x m.
    pub y: Mat<f64>,
    /// Errors of the points, the same for every curve.
    pub sigma: Option<Vec<f64>>,
    /// What they are.
    pub quantity: Quantity,
}

impl Raw {
    /// Only the points from `low` to `high`.
    pub(super) fn restricted(&self, low: f64, high: f64) -> Result<Self> {
        let keep: Vec<usize> = (0..self.x.len())
            .filter(|&j| (low..=high).contains(&self.x[j]))
            .collect();
        // A conductivity may be known at one temperature.
        let least = if self.quantity == Quantity::Kappa {
            1
        } else {
            3
        };
        if keep.len() < least {
            return Err(Error::new("the curve does not overlap the operator's range")
                .because(format!(
                    "{} of its points, from {:.4} to {:.4}, lie between {low:.4} and {high:.4} {}",
                    keep.len(),
                    self.x.first().unwrap_or(&f64::NAN),
                    self.x.last().unwrap_or(&f64::NAN),
                    self.quantity.axis()
                ))
                .cure("check the unit of x (--x-unit), or use an operator made for this range"));
        }
        Ok(Self {
            x: keep.iter().map(|&j| self.x[j]).collect(),
            y: Mat::from_fn(self.y.nrows(), keep.len(), |i, j| self.y[(i, keep[j])]),
            sigma: self
                .sigma
                .as_ref()
                .map(|s| keep.iter().map(|&j| s[j]).collect()),
            quantity: self.quantity,
        })
    }
}

pub(super) fn rms(m: MatRef<'_, f64>) -> f64 {
    (rows::sum_of_squares(m) / (m.nrows() * m.ncols()) as f64).sqrt()
}

impl Measurement {
    /// Whether the points are Q of a structure factor, not r or energies.
    pub fn is_in_q(&self) -> bool {
        self.findings
            .iter()
            .any(|f| f.code == structure_factor::IN_Q)
    }

    /// Pair distribution functions for an operator, in any real-space convention, or structure factors in any reciprocal one (which
    /// are not transformed but conditioned on as they are; see `structure_factor.rs`). `density` (per Å³) has one value a curve;
    /// where it is missing the training mean is assumed, its spread becomes a nuisance, and a finding says so.
    pub fn pdfs(
        operator: &Operator,
        raw: &Raw,
        density: Option<&[f64]>,
        diffraction: &Diffraction<'_>,
    ) -> Result<Self> {
        if raw.quantity.axis() == Unit::InverseAngstrom {
            return structure_factor::measurement(operator, raw, density, diffraction);
        }
        let meta = &operator.meta;
        let mut findings: Vec<Finding> =
            weights_differ(operator, raw.quantity).into_iter().collect();
        let mean_x = rows::mean(operator.x.as_ref());
        let top = mean_x.iter().copied().fold(0.0, f64::max);
        // Below the hard core a measured curve shows its truncation ripples, the training glasses exactly nothing.
        let onset = mean_x.iter().position(|m| *m > CORE * top).unwrap_or(0);
        let inside = raw.restricted(meta.r.edge(onset), meta.r.end())?;
        let conversion = Conversion::new(
            operator,
            raw.quantity,
            density.is_some(),
            diffraction.composition,
        )?;
        if conversion.density_missing {
            findings.push(Finding::new(
                "density-assumed",
                format!(
                    "The density of the sample is not known; the training mean, {:.4} per Å^{}, is assumed and its spread added to the errors.",
                    meta.mean_density.unwrap_or(f64::NAN),
                    meta.dimensions
                ),
                "Give --density, or --samples with a number_density column.",
            ));
        }
        let relative = |i: usize| match (density, meta.mean_density) {
            (Some(density), Some(mean)) => density[i] / mean,
            _ => 1.0,
        };
        // What damps g - 1 leaves the constant in g alone: its part is moved to the data, and the map damps the rest.
        let damping = diffraction.damping(&inside.x)?;
        let data = Mat::from_fn(inside.y.nrows(), inside.x.len(), |i, j| {
            let (factor, offset) = conversion.at(inside.x[j], density.map(|d| d[i]));
            factor * inside.y[(i, j)] + offset - (1.0 - damping[j]) * relative(i)
        });
        let smoothing = diffraction.smoothing(&meta.r, &mut findings)?;
        let on_grid = operator.x.as_ref() * smoothing.transpose();
        let mut sampling = resolution::sampling(&meta.r, &inside.x)?;
        for column in sampling.col_iter_mut() {
            (column.iter_mut().zip(&damping)).for_each(|(s, damping)| *s *= damping);
        }
        let seen = &on_grid * sampling.transpose();
        let (sigma, known) = if let Some(sigma) = &inside.sigma {
            let factor = |x: f64| conversion.at(x, density.map(|d| d[0])).0;
            (
                sigma
                    .iter()
                    .zip(&inside.x)
                    .map(|(s, &x)| s * factor(x).abs())
                    .collect(),
                true,
            )
        } else {
            let sigma = estimated(seen.as_ref(), data.as_ref(), "PDF", &mut findings);
            (vec![sigma; inside.x.len()], false)
        };
        let sigma: Vec<f64> = match between_bins(&meta.r, on_grid.as_ref(), &inside.x) {
            Some(more) => {
                let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
                findings.push(Finding::new(
                    "bins-between",
                    format!(
                        "The points of the PDF are not the bins of the operator; what interpolation may miss, {:.2} % of the rms on average, was added to its errors.",
                        100.0 * mean(&more) / rms(data.as_ref())
                    ),
                    "An operator with narrower bins ([record] r_bins of the recipe) loses less.",
                ));
                sigma.iter().zip(more).map(|(s, m)| s.hypot(m)).collect()
            }
            None => sigma,
        };
        let scale = vec![1.0; data.nrows()];
        let map = sampling * smoothing;
        let mut channel = Channel::new(inside.x, map, sigma, known, rms(data.as_ref()))?;
        if density.is_none() {
            let spread = (operator.relative_density.as_deref()).map_or(0.0, standard_deviation);
            let of_density: Vec<f64> = if conversion.density_missing {
                rows::mean(seen.as_ref())
            } else {
                // The curve is per density, but not the constant that was moved.
                damping.iter().map(|damping| 1.0 - damping).collect()
            };
            if of_density.iter().any(|v| *v > 0.0) {
                channel.add_nuisance(&of_density.iter().map(|v| v * spread).collect::<Vec<_>>());
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

    /// One curve alone, with the channel that is its own.
    #[must_use]
    pub fn one(&self, row: usize) -> Self {
        Self {
            channel: (self.nuisances.get(row))
                .map_or(&self.channel, |n| &n.channel)
                .clone(),
            data: self.data.subrows(row, 1).to_owned(),
            scale: vec![self.scale[row]],
            findings: self.findings.clone(),
            nuisances: self.nuisances.get(row).cloned().into_iter().collect(),
        }
    }
}

/// Says so where a function that only neutrons have meets an operator whose g is not weighted by scattering lengths.
fn weights_differ(operator: &Operator, quantity: Quantity) -> Option<Finding> {
    let neutron = matches!(
        quantity,
        Quantity::TotalCorrelation | Quantity::KeenTotal | Quantity::KeenF
    );
    let own: Composition = operator.meta.composition.as_deref()?.parse().ok()?;
    let by = match operator.meta.weighting {
        Weighting::Number => "their numbers",
        Weighting::XRay => "their electrons",
        Weighting::Neutron => return None,
    };
    (neutron && own.species.len() > 1).then(|| {
        Finding::new(
            "weights-differ",
            format!("The {quantity} weights pairs of atoms by neutron scattering lengths, the operator's g(r) by {by}."),
            "Expect it to look outside the domain; train the operator with --weighting neutron.",
        )
    })
}

/// Median noise estimate over the curves, with the finding that says so.
pub(super) fn estimated(
    seen: MatRef<'_, f64>,
    data: MatRef<'_, f64>,
    what: &str,
    findings: &mut Vec<Finding>,
) -> f64 {
    let mut each = noise::estimate(seen, data);
    each.sort_by(f64::total_cmp);
    let sigma = each[each.len() / 2];
    findings.push(Finding::new(
        "errors-unknown",
        format!("The {what} has no errors; white noise of {:.2} % of its rms was estimated from its point-to-point scatter.", 100.0 * sigma / rms(data)),
        "Give a third column with errors, or --noise.",
    ));
    sigma
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of a parabola miss what the formula says, at every place.
    #[test]
    fn bins_of_a_parabola_miss_what_is_said_between_their_centres() {
        let grid = Grid::new(0.0, 4.0, 8).unwrap();
        let mean = |j: usize| {
            let (a, b) = (grid.edge(j), grid.edge(j + 1));
            (b.powi(3) - a.powi(3)) / (3.0 * (b - a))
        };
        let bins = Mat::from_fn(1, 8, |_, j| mean(j));
        let x: Vec<f64> = (0..30).map(|i| 0.3 + 0.11 * f64::from(i)).collect();
        let read = &bins * resolution::sampling(&grid, &x).unwrap().transpose();
        let errors = between_bins(&grid, bins.as_ref(), &x).unwrap();
        for (j, (x, error)) in x.iter().zip(&errors).enumerate() {
            assert!((read[(0, j)] - x * x - error).abs() < 1e-12, "{x}");
        }
        assert!(between_bins(&grid, bins.as_ref(), &grid.centres()).is_none());
    }
}
