//! Is a curve broader than the training glasses' by a constant width?
//!
//! A sharper or hotter training set, an undeclared resolution, a Fourier transform that ended earlier: each makes a measured curve look
//! like the training curves under a further Gaussian, and each is rejected as surely as a wrong material. So where a curve is
//! rejected its distance from the training glasses is tried again with these broadened; if it falls by much, the width is the
//! reason, and a [`Finding`] says so.

use super::predictive::Comparison;
use crate::error::Result;
use crate::finding::Finding;
use crate::grid::Grid;
use crate::instrument::resolution::averaging;
use crate::inverse::Channel;
use crate::operator::Operator;
use crate::operator::conditional::Conditional;
use crate::operator::directions::Directions;
use faer::{Mat, MatRef};

/// Standard deviations that are tried, in bins of the grid.
const WIDTHS: [f64; 8] = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0];
/// The width is the reason if it takes the squared distance below this part of what it was.
const EXPLAINS: f64 = 0.3;

/// A further width that brings a curve nearest to the training glasses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Width {
    /// Standard deviation in the unit of the grid.
    pub sigma: f64,
    /// Squared distance with it over that without.
    pub ratio: f64,
}

/// The width that explains most of the distance of a curve `z` (1 x m) from the samples with these `directions` (on `grid`) seen
/// through `channel`, if one does. `lambda` is the ridge penalty of the direction.
///
/// Errors: a covariance that is not positive definite.
pub fn unmatched(
    directions: &Directions,
    grid: &Grid,
    channel: &Channel,
    lambda: f64,
    z: MatRef<'_, f64>,
) -> Result<Option<Width>> {
    let distance = |map: &Mat<f64>| -> Result<f64> {
        let mut s = channel.covariance();
        s += map * map.transpose() * faer::Scale(lambda / directions.u.nrows() as f64);
        let see = |rows: MatRef<'_, f64>| rows * map.transpose();
        let conditional = Conditional::through(directions, lambda, see, s.as_ref())?;
        let scores = conditional.scores(conditional.whiten(z).as_ref());
        let (t2, q) = conditional.distances(&scores)[0];
        Ok(t2 + q)
    };
    let before = distance(&channel.map)?;
    let mut best: Option<Width> = None;
    for bins in WIDTHS {
        let sigma = bins * grid.step();
        let ratio = distance(&(&channel.map * averaging(grid, sigma)))? / before;
        if ratio < best.map_or(EXPLAINS, |b| b.ratio) {
            best = Some(Width { sigma, ratio });
        }
    }
    Ok(best)
}

impl Width {
    /// What to say of a spectrum.
    pub fn of_spectrum(&self) -> Finding {
        Finding::new(
            "spectrum-too-broad",
            format!(
                "The spectrum looks like those of the training glasses under a further Gaussian of about {:.2} meV (standard deviation): its squared distance from them falls to {:.0} % with it.",
                self.sigma,
                100.0 * self.ratio
            ),
            "Train on spectra broadened as the measured one is ([record] broadening of the recipe).",
        )
    }

    /// What to say of a PDF.
    pub fn of_pdf(&self) -> Finding {
        Finding::new(
            "pdf-too-broad",
            format!(
                "The PDF looks like those of the training glasses under a further Gaussian of about {:.3} Å (standard deviation): its squared distance from them falls to {:.0} % with it.",
                self.sigma,
                100.0 * self.ratio
            ),
            "Give --q-max and --window of its Fourier transform, or --pdf-width; a hotter sample needs the temperature in the recipe's [record].",
        )
    }
}

/// What to tell of a judged pair (z, d): for each curve outside the domain, the width that would bring it in, if there is one.
pub fn findings(
    operator: &Operator,
    (spectrum, pdf): (&Channel, &Channel),
    (z, d): (MatRef<'_, f64>, MatRef<'_, f64>),
    comparison: &Comparison,
) -> Vec<Finding> {
    let meta = &operator.meta;
    let mut findings = Vec::new();
    if !comparison.spectrum.inside {
        let found = operator
            .spectrum_directions()
            .and_then(|d| unmatched(&d, &meta.energy, spectrum, meta.lambda_backward, z));
        findings.extend(found.ok().flatten().map(|w| w.of_spectrum()));
    }
    if !comparison.pdf.inside {
        let found = operator
            .descriptor_directions()
            .and_then(|own| unmatched(&own, &meta.r, pdf, meta.lambda_forward, d));
        findings.extend(found.ok().flatten().map(|w| w.of_pdf()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadened_glass_is_told_its_width_and_an_honest_one_is_not() {
        let grid = Grid::new(0.0, 10.0, 200).unwrap();
        let bump = |r: f64, at: f64| (-(r - at).powi(2) / 0.02).exp();
        let samples = Mat::from_fn(30, 200, |i, j| {
            let (r, t) = (grid.centre(j), (i as f64 * 1.7).sin());
            (1.0 + 0.3 * t) * bump(r, 2.0 + 0.05 * t) + (1.0 - 0.2 * t) * bump(r, 5.0)
        });
        let map = Mat::identity(200, 200);
        let channel = Channel::new(grid.centres(), map, vec![0.01; 200], true, 0.2).unwrap();
        let wide = samples.subrows(3, 1) * averaging(&grid, 0.1).transpose();
        let directions = Directions::new(samples.as_ref()).unwrap();
        let found = |z: MatRef<'_, f64>| unmatched(&directions, &grid, &channel, 1e-4, z).unwrap();
        let width = found(wide.as_ref()).unwrap();
        assert!((width.sigma - 0.1).abs() < 1e-9, "{width:?}");
        assert_eq!(found(samples.subrows(3, 1)), None);
    }
}
