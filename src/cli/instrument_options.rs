//! What the user says about the spectrometer, and about the glass besides its spectrum.

use crate::error::{Error, Result};
use crate::inverse::Constraints;
use crate::io::{files, npy};
use faer::Mat;
use std::path::{Path, PathBuf};

/// A covariance of 5000 points as text.
const LARGEST: u64 = 1 << 30;

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
