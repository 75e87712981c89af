//! Several spectra of one sample as one measurement: INS and Raman and IXS of the same glass.
//!
//! The operators were trained on the same structures, so their spectra are further columns of the same joint distribution. Data,
//! maps, errors and nuisances are put side by side; each part keeps the model error of its own operator.

use super::{Channel, Measurement, NuisanceFit};
use crate::error::{Error, Result};
use crate::operator::Operator;
use faer::{Mat, MatRef};

/// Structures that differ by less than this part of their size are the same: files keep twelve digits.
const SAME: f64 = 1e-9;

/// Measurements side by side.
#[derive(Debug)]
pub struct Stacked {
    /// Training spectra of all parts, n x (q₁ + q₂ + ...), each divided by the root of its ridge penalty.
    pub(super) samples: Mat<f64>,
    /// The measurements as one; `x` of its channel runs through the parts one after the other.
    pub measurement: Measurement,
}

impl Stacked {
    /// Puts measurements of the same samples (equal numbers of curves, in the same order) side by side.
    ///
    /// Errors: operators that were not trained on the same structures; different numbers of curves.
    pub fn new(parts: &[(&Operator, &Measurement)]) -> Result<Self> {
        let Some(((first, measured), others)) = parts.split_first() else {
            return Err(Error::new("there is nothing to invert jointly"));
        };
        for (operator, other) in others {
            same_structures(first, operator)?;
            if other.data.nrows() != measured.data.nrows() {
                return Err(Error::new("the spectra to invert jointly differ in number")
                    .because(format!(
                        "{} and {}",
                        measured.data.nrows(),
                        other.data.nrows()
                    ))
                    .cure("give one of each kind for every sample, in the same order"));
            }
        }
        let root = |o: &Operator| o.meta.lambda_backward.max(f64::MIN_POSITIVE).sqrt();
        let samples: Vec<Mat<f64>> = (parts.iter())
            .map(|(o, _)| &o.y * faer::Scale(1.0 / root(o)))
            .collect();
        let scaled = |channel: &Channel, operator: &Operator| Channel {
            map: &channel.map * faer::Scale(root(operator)),
            ..channel.clone()
        };
        let typical: Vec<Channel> = (parts.iter()).map(|(o, m)| scaled(&m.channel, o)).collect();
        let searched = parts.iter().any(|(_, m)| !m.nuisances.is_empty());
        let rows = if searched { measured.data.nrows() } else { 0 };
        let nuisances = (0..rows)
            .map(|row| {
                let own: Vec<Channel> = (parts.iter())
                    .map(|(o, m)| {
                        let channel = m.nuisances.get(row).map_or(&m.channel, |n| &n.channel);
                        scaled(channel, o)
                    })
                    .collect();
                let fits: Vec<&NuisanceFit> = parts
                    .iter()
                    .filter_map(|(_, m)| m.nuisances.get(row))
                    .collect();
                beside(&fits, side_by_side(&own))
            })
            .collect();
        Ok(Self {
            samples: columns(&samples.iter().map(Mat::as_ref).collect::<Vec<_>>()),
            measurement: Measurement {
                channel: side_by_side(&typical),
                data: columns(
                    &parts
                        .iter()
                        .map(|(_, m)| m.data.as_ref())
                        .collect::<Vec<_>>(),
                ),
                scale: measured.scale.clone(),
                findings: parts.iter().flat_map(|(_, m)| m.findings.clone()).collect(),
                nuisances,
            },
        })
    }
}

fn same_structures(a: &Operator, b: &Operator) -> Result<()> {
    let same = a.meta.r == b.meta.r
        && a.samples() == b.samples()
        && (&a.x - &b.x).norm_max() <= SAME * a.x.norm_max();
    if same {
        return Ok(());
    }
    Err(
        Error::new("the operators were not trained on the same structures")
            .because(
                "a joint inversion needs one g(r), weighted alike, and every spectrum of the same training glasses",
            )
            .cure("train all on one dataset, each with its own --quantity and with one --weighting"),
    )
}

/// Matrices of equal height side by side.
fn columns(parts: &[MatRef<'_, f64>]) -> Mat<f64> {
    let width = parts.iter().map(MatRef::ncols).sum();
    let mut out = Mat::zeros(parts[0].nrows(), width);
    let mut at = 0;
    for part in parts {
        out.subcols_mut(at, part.ncols()).copy_from(part);
        at += part.ncols();
    }
    out
}

/// Matrices down the diagonal.
fn diagonal(parts: &[MatRef<'_, f64>]) -> Mat<f64> {
    let (rows, width) = (
        parts.iter().map(MatRef::nrows).sum(),
        parts.iter().map(MatRef::ncols).sum(),
    );
    let mut out = Mat::zeros(rows, width);
    let (mut row, mut column) = (0, 0);
    for part in parts {
        out.submatrix_mut(row, column, part.nrows(), part.ncols())
            .copy_from(part);
        row += part.nrows();
        column += part.ncols();
    }
    out
}

fn side_by_side(parts: &[Channel]) -> Channel {
    let all = |of: fn(&Channel) -> &[f64]| parts.iter().flat_map(|p| of(p).to_vec()).collect();
    let matrices =
        |of: fn(&Channel) -> MatRef<'_, f64>| diagonal(&parts.iter().map(of).collect::<Vec<_>>());
    let noises: Vec<Mat<f64>> = parts.iter().map(Channel::noise).collect();
    Channel {
        x: all(|c| &c.x),
        map: matrices(|c| c.map.as_ref()),
        sigma: all(|c| &c.sigma),
        sigma_known: parts.iter().all(|p| p.sigma_known),
        rms: parts.iter().map(|p| p.rms).fold(0.0, f64::max),
        nuisances: matrices(|c| c.nuisances.as_ref()),
        correlated: (parts.iter().any(|p| p.correlated.is_some()))
            .then(|| diagonal(&noises.iter().map(Mat::as_ref).collect::<Vec<_>>())),
    }
}

/// The nuisances of all parts of one sample.
fn beside(fits: &[&NuisanceFit], channel: Channel) -> NuisanceFit {
    let correlations: Vec<MatRef<'_, f64>> = fits.iter().map(|f| f.correlations.as_ref()).collect();
    NuisanceFit {
        parameters: fits.iter().flat_map(|f| f.parameters.clone()).collect(),
        correlations: diagonal(&correlations),
        log_evidence_gain: fits.iter().map(|f| f.log_evidence_gain).sum(),
        channel,
        spread: diagonal(&fits.iter().map(|f| f.spread.as_ref()).collect::<Vec<_>>()),
    }
}
