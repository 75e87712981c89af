//! What the user says about a measured file that the file does not.

use crate::curve::{Curve, Quantity};
use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::instrument::Window;
use crate::instrument::conventions::{convert_real, pdf_from_structure_factor};
use crate::io::curve_text::{ReadOptions, Reading, read_curve};
use crate::units::Unit;
use std::path::Path;

/// How a curve is read.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ReadArgs {
    /// What the file shows, e.g. vdos, raman, pair-distribution, total-correlation
    #[arg(long)]
    pub(super) quantity: Option<Quantity>,
    /// Unit of x in the file: meV, thz, cm-1, rad/ps, angstrom, nm, 1/angstrom, 1/nm
    #[arg(long)]
    pub(super) x_unit: Option<Unit>,
    /// Columns of x, y and perhaps the standard error, counted from 1
    #[arg(long, value_delimiter = ',', value_name = "X,Y[,SIGMA]")]
    pub(super) columns: Option<Vec<usize>>,
}

impl ReadArgs {
    /// Reads a curve as it stands in the file.
    pub(super) fn read(&self, path: &Path) -> Result<Reading> {
        read_curve(
            path,
            &ReadOptions {
                quantity: self.quantity,
                unit: self.x_unit,
                columns: self.columns.clone(),
            },
        )
    }
}

/// What is known of the sample and of the transform behind a pair distribution function.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SampleArgs {
    /// Q (1/Å) at which the Fourier transform behind the pair distribution ended
    #[arg(long)]
    pub(super) q_max: Option<f64>,
    /// Number density in atoms/Å^3, e.g. 0.0662 for silica glass
    #[arg(long)]
    pub(super) density: Option<f64>,
    /// Composition of the sample as a chemical formula
    #[arg(long, value_name = "FORMULA")]
    pub(super) composition: Option<Composition>,
}

#[allow(dead_code, reason = "the verbs that compare with an operator use it")]
impl SampleArgs {
    /// The curve as another real-space function; a structure factor is transformed at the distances `r` without a window.
    pub(super) fn real_space(&self, curve: &Curve, to: Quantity, r: &[f64]) -> Result<Curve> {
        if self.q_max.is_some_and(|q| q.is_nan() || q <= 0.0) {
            return Err(Error::new("--q-max must be a positive number"));
        }
        let composition = self.composition.as_ref();
        let real = match curve.quantity().axis() {
            Unit::InverseAngstrom => {
                pdf_from_structure_factor(curve, r, Window::None, self.q_max, composition)?
            }
            _ => curve.clone(),
        };
        convert_real(&real, to, self.density, composition)
    }
}
