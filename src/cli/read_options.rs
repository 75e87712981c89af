//! What the user says about a measured file that the file does not, and about the paper of a report.

use crate::curve::Quantity;
use crate::elements::Composition;
use crate::error::Result;
use crate::instrument::Window;
use crate::inverse::Diffraction;
use crate::io::curve_text::{ReadOptions, Reading, read_curve};
use crate::report::Paper;
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
    /// Column of the standard error, counted from 1, where x and y are the first two
    #[arg(long, value_name = "N", conflicts_with = "columns")]
    pub(super) sigma_column: Option<usize>,
}

impl ReadArgs {
    /// Reads a curve as it stands in the file.
    pub(super) fn read(&self, path: &Path) -> Result<Reading> {
        read_curve(path, &self.options())
    }

    /// The same for the reader.
    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions {
            quantity: self.quantity,
            otherwise: None,
            unit: self.x_unit,
            columns: self
                .columns
                .clone()
                .or_else(|| self.sigma_column.map(|n| vec![1, 2, n])),
        }
    }
}

/// What is known of the sample and of the transform behind a pair distribution function.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SampleArgs {
    /// Q (1/Å) at which the Fourier transform behind the pair distribution ended
    #[arg(long)]
    pub(super) q_max: Option<f64>,
    /// Window of that transform
    #[arg(long, value_enum, default_value = "none")]
    pub(super) window: WindowName,
    /// Standard deviation (Å) by which the peaks of the PDF are wider than those of the training glasses
    #[arg(long, value_name = "SIGMA")]
    pub(super) pdf_width: Option<f64>,
    /// Resolution in Q (1/Å) that damps the PDF by exp(-(QDAMP r)²/2), as fitted to a calibrant
    #[arg(long, value_name = "QDAMP")]
    pub(super) q_damp: Option<f64>,
    /// Number density in atoms/Å^3, e.g. 0.0662 for silica glass
    #[arg(long)]
    pub(super) density: Option<f64>,
    /// Composition of the sample as a chemical formula
    #[arg(long, value_name = "FORMULA")]
    pub(super) composition: Option<Composition>,
}

/// Windows on the command line.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub(super) enum WindowName {
    /// No window.
    #[default]
    None,
    /// sin(x)/x with x = πQ/Qmax.
    Lorch,
}

impl SampleArgs {
    /// The same for the operator.
    pub(super) fn diffraction(&self) -> Diffraction<'_> {
        Diffraction {
            q_max: self.q_max,
            window: match self.window {
                WindowName::None => Window::None,
                WindowName::Lorch => Window::Lorch,
            },
            width: self.pdf_width,
            q_damp: self.q_damp,
            composition: self.composition.as_ref(),
        }
    }
}

/// Paper sizes on the command line.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub(super) enum PaperName {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// US Letter.
    Letter,
}

impl From<PaperName> for Paper {
    fn from(name: PaperName) -> Self {
        match name {
            PaperName::A4 => Self::A4,
            PaperName::Letter => Self::Letter,
        }
    }
}
