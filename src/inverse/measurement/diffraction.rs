//! What a diffractometer did to a PDF.

use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::grid::Grid;
use crate::instrument::{Window, resolution};
use faer::Mat;

/// What is known of a diffraction measurement besides its curve.
#[derive(Debug, Clone, Copy, Default)]
pub struct Diffraction<'a> {
    /// Q in 1/Å at which the Fourier transform ended.
    pub q_max: Option<f64>,
    /// The window it used.
    pub window: Window,
    /// Standard deviation, Å, by which the peaks are wider than the training glasses': thermal motion they lack.
    pub width: Option<f64>,
    /// Q resolution of the diffractometer, 1/Å: it damps `g - 1` by `exp(-(Q_damp r)²/2)` (the `Qdamp` of programs that fit PDFs).
    pub q_damp: Option<f64>,
    /// Chemical formula, for scattering lengths; that of the operator if not given.
    pub composition: Option<&'a Composition>,
}

impl Diffraction<'_> {
    /// The further width, checked.
    pub(in crate::inverse) fn width(&self) -> Result<Option<f64>> {
        /// Thermal widths are below 0.3 Å in any solid.
        const WIDEST: f64 = 1.0;
        match self.width {
            Some(width) if !(0.0..=WIDEST).contains(&width) => {
                Err(Error::new(format!("a width of {width} Å is not thermal"))
                    .cure("give the standard deviation in Å, such as 0.05"))
            }
            other => Ok(other),
        }
    }

    /// What is left of `g - 1` at each r.
    pub(in crate::inverse) fn damping(&self, r: &[f64]) -> Result<Vec<f64>> {
        /// No diffractometer for PDFs is coarser, 1/Å: it would see nothing beyond 6 Å.
        const COARSEST: f64 = 0.5;
        let q_damp = self.q_damp.unwrap_or(0.0);
        if !(0.0..=COARSEST).contains(&q_damp) {
            return Err(
                Error::new(format!("--q-damp {q_damp} is not a resolution in Q"))
                    .cure("give the standard deviation in 1/Å, such as 0.04"),
            );
        }
        Ok(r.iter()
            .map(|r| (-0.5 * (q_damp * r).powi(2)).exp())
            .collect())
    }

    /// What the end of the transform and the width of the peaks do to curves on `grid` (bins x bins). The rows of the former are
    /// scaled to keep a constant, so that it can act on `(ρ/ρ̄) g` as it does on `g - 1`.
    pub(super) fn smoothing(&self, grid: &Grid, findings: &mut Vec<Finding>) -> Result<Mat<f64>> {
        let smoothing = match self.width()? {
            Some(width) => resolution::averaging(grid, width),
            None => Mat::identity(grid.len(), grid.len()),
        };
        let Some(q_max) = self.q_max else {
            findings.push(Finding::new(
                "q-range-unknown",
                "The end of the Fourier transform behind the PDF is not known; no broadening by it is assumed.",
                "Give --q-max and --window.",
            ));
            return Ok(smoothing);
        };
        if !(q_max.is_finite() && q_max > 0.0) {
            return Err(Error::new(format!("--q-max {q_max} is not a wavevector"))
                .cure("give it in 1/Å, such as 25"));
        }
        let ended = resolution::termination(grid, q_max, self.window);
        let sums: Vec<f64> = (0..grid.len()).map(|i| ended.row(i).sum()).collect();
        let ended = Mat::from_fn(grid.len(), grid.len(), |i, j| ended[(i, j)] / sums[i]);
        Ok(smoothing * ended)
    }
}
