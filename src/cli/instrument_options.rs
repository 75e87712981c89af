//! What the user says about the spectrometer, and about the glass besides its spectrum.

use super::raman::RamanArgs;
use super::read_options::ReadArgs;
use crate::error::{Error, Result};
use crate::inverse::{Constraints, Nuisance, Spectroscopy};
use crate::io::{files, npy};
use clap::ValueEnum;
use faer::Mat;
use std::path::{Path, PathBuf};

/// A covariance of 5000 points as text.
const LARGEST: u64 = 1 << 30;

/// How spectra to be inverted are read, and all that is known of them besides.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SpectrumArgs {
    /// White noise relative to the rms of the spectrum, where the file has no errors (else it is estimated).
    #[arg(long)]
    noise: Option<f64>,
    /// What to fit along with the spectrum.
    #[arg(long, value_delimiter = ',', value_enum)]
    nuisance: Vec<NuisanceName>,
    #[command(flatten)]
    instrument: InstrumentArgs,
    #[command(flatten)]
    glass: ConstraintArgs,
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) raman: RamanArgs,
}

/// The same, checked and read.
pub(super) struct Known {
    level: Option<f64>,
    nuisances: Vec<Nuisance>,
    resolution: Vec<f64>,
    covariance: Option<Mat<f64>>,
    pub(super) constraints: Constraints,
}

impl SpectrumArgs {
    /// Checks and reads what they name.
    pub(super) fn known(&self) -> Result<Known> {
        Ok(Known {
            level: noise_level(self.noise)?,
            nuisances: self.nuisance.iter().map(|n| (*n).into()).collect(),
            resolution: self.instrument.resolution.clone(),
            covariance: self.instrument.covariance()?,
            constraints: self.glass.constraints()?,
        })
    }
}

impl Known {
    /// For the inversion.
    pub(super) fn spectroscopy(&self) -> Spectroscopy<'_> {
        Spectroscopy {
            level: self.level,
            nuisances: &self.nuisances,
            resolution: &self.resolution,
            covariance: self.covariance.as_ref().map(Mat::as_ref),
        }
    }
}

/// Nuisances on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum NuisanceName {
    /// Unknown factor.
    Scale,
    /// Constant and linear background.
    Background,
    /// Stretch and offset of the energy axis.
    Shift,
    /// Extra Gaussian broadening.
    Width,
}

impl From<NuisanceName> for Nuisance {
    fn from(name: NuisanceName) -> Self {
        match name {
            NuisanceName::Scale => Self::Scale,
            NuisanceName::Background => Self::Background,
            NuisanceName::Shift => Self::Shift,
            NuisanceName::Width => Self::Width,
        }
    }
}

/// Checks a relative noise level from the command line.
pub(super) fn noise_level(noise: Option<f64>) -> Result<Option<f64>> {
    match noise {
        Some(level) if !(level.is_finite() && (0.0..10.0).contains(&level)) => {
            Err(Error::new(format!("--noise {level} is not a noise level"))
                .cure("give the noise relative to the rms of the spectrum, such as 0.03"))
        }
        other => Ok(other),
    }
}

/// How the instrument sees.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct InstrumentArgs {
    /// Full width at half maximum of the instrument in meV, or coefficients of a polynomial in E (meV): c0,c1,...
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "FWHM",
        allow_negative_numbers = true
    )]
    pub(super) resolution: Vec<f64>,
    /// Covariance of the measured points, a square .npy or .csv in ascending order of x
    #[arg(long, value_name = "FILE")]
    covariance: Option<PathBuf>,
}

impl InstrumentArgs {
    /// The covariance, read.
    pub(super) fn covariance(&self) -> Result<Option<Mat<f64>>> {
        self.covariance.as_deref().map(square).transpose()
    }
}

/// A matrix from `.npy`, or from text with commas or blanks.
fn square(path: &Path) -> Result<Mat<f64>> {
    let bytes = files::read(path, LARGEST)?;
    let matrix = if path.extension().is_some_and(|e| e == "npy") {
        npy::read_matrix(&bytes).map_err(|e| e.at(path))?
    } else {
        text(&bytes, path)?
    };
    if matrix.nrows() != matrix.ncols() {
        return Err(Error::new("the covariance is not square")
            .at(path)
            .because(format!("it is {} x {}", matrix.nrows(), matrix.ncols()))
            .cure("give one row and one column a measured point"));
    }
    Ok(matrix)
}

fn text(bytes: &[u8], path: &Path) -> Result<Mat<f64>> {
    let text = String::from_utf8_lossy(bytes);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let cells = line.split([',', ';', ' ', '\t']).filter(|c| !c.is_empty());
        let row = cells.map(|c| {
            c.parse::<f64>().map_err(|_| {
                Error::new(format!("'{c}' is not a number"))
                    .at(path)
                    .line(number)
            })
        });
        rows.push(row.collect::<Result<_>>()?);
        let (first, last) = (rows[0].len(), rows[rows.len() - 1].len());
        if first != last {
            return Err(Error::new("a row of the covariance has another length")
                .at(path)
                .line(number)
                .because(format!("{last} values, the first row has {first}")));
        }
    }
    let width = rows.first().map_or(0, Vec::len);
    Ok(Mat::from_fn(rows.len(), width, |i, j| rows[i][j]))
}

/// What is known of the glass.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ConstraintArgs {
    /// g(r) is nowhere negative (a quadratic programme)
    #[arg(long)]
    non_negative: bool,
    /// g(r) is zero below this r in Å
    #[arg(long, value_name = "R")]
    core: Option<f64>,
    /// The number density is known, atoms/Å^3 (Å^2 of a monolayer)
    #[arg(long, value_name = "DENSITY")]
    known_density: Option<f64>,
    /// So many neighbours lie within R Å, such as 4:2.0
    #[arg(long, value_name = "N:R")]
    coordination: Option<String>,
}

impl ConstraintArgs {
    /// The same for the inversion.
    pub(super) fn constraints(&self) -> Result<Constraints> {
        let pair = |text: &String| {
            (text.split_once(':'))
                .and_then(|(n, r)| Some((n.trim().parse().ok()?, r.trim().parse().ok()?)))
                .ok_or_else(|| {
                    Error::new(format!("--coordination {text} is not N:R"))
                        .cure("give neighbours and a distance in Å, such as 4:2.0")
                })
        };
        Ok(Constraints {
            non_negative: self.non_negative,
            core: self.core,
            density: self.known_density,
            coordination: self.coordination.as_ref().map(pair).transpose()?,
        })
    }
}
