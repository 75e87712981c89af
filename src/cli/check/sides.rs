//! The two files of a check, as the operator wants them.

use super::super::instrument_options::{InstrumentArgs, noise_level};
use super::super::load::{self, Loaded};
use super::super::predict::pdf_measurement;
use super::super::raman::RamanArgs;
use super::super::read_options::ReadArgs;
use super::Args;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::{Measurement, Nuisance, Spectroscopy};
use crate::operator::{Operator, rows};
use crate::units::Unit;
use faer::Mat;
use std::path::Path;

/// Both files, as the operator wants them, row by row of the same sample.
pub(super) struct Sides {
    pub(super) names: Vec<String>,
    pub(super) table: bool,
    pub(super) spectrum: Measurement,
    pub(super) pdf: Measurement,
    pub(super) findings: Vec<Finding>,
    pub(super) sources: Vec<(String, String)>,
    /// Unit of the spectrum's axis.
    pub(super) axis: Unit,
}

/// A spectrum, its operator's file, and what is said of how it is to be read.
pub(super) struct Source<'a> {
    operator: &'a Path,
    spectrum: &'a Path,
    read: ReadArgs,
    raman: RamanArgs,
    instrument: InstrumentArgs,
}

impl<'a> Source<'a> {
    pub(super) fn of(args: &'a Args) -> Self {
        Self {
            operator: &args.operator,
            spectrum: &args.spectrum,
            read: args.read.clone(),
            raman: args.raman.clone(),
            instrument: args.instrument.clone(),
        }
    }

    /// One of `--with`: its file says what it is.
    pub(super) fn other(operator: &'a Path, spectrum: &'a Path) -> Self {
        Self {
            operator,
            spectrum,
            read: ReadArgs::default(),
            raman: RamanArgs::default(),
            instrument: InstrumentArgs::default(),
        }
    }
}

/// Reads both files and brings them to the operator.
pub(super) fn load_sides(operator: &Operator, source: &Source<'_>, args: &Args) -> Result<Sides> {
    let spectrum = load::curves(source.spectrum, &source.read, operator.meta.quantity)?;
    let spectrum = source.raman.applied(spectrum, operator.meta.quantity)?;
    let pdf_args = ReadArgs {
        quantity: args.pdf_quantity,
        ..ReadArgs::default()
    };
    let pdf = load::curves(&args.pdf, &pdf_args, Quantity::PairDistribution)?;
    let (spectrum, pdf) = paired(spectrum, pdf, args)?;
    let nuisances: Vec<Nuisance> = args.nuisance.iter().map(|n| (*n).into()).collect();
    let covariance = source.instrument.covariance()?;
    let how = Spectroscopy {
        level: noise_level(args.noise)?,
        nuisances: &nuisances,
        resolution: &source.instrument.resolution,
        covariance: covariance.as_ref().map(Mat::as_ref),
    };
    let s = Measurement::spectra_with(operator, &spectrum.raw, &how)?;
    // One spectrum whose nuisances were searched for has a channel of its own; those of a table share the typical one.
    let s = if s.data.nrows() == 1 { s.one(0) } else { s };
    let d = pdf_measurement(operator, &pdf, args.samples.as_deref(), &args.sample)?;
    Ok(Sides {
        findings: [
            spectrum.findings,
            s.findings.clone(),
            pdf.findings,
            d.findings.clone(),
        ]
        .concat(),
        sources: vec![load::source(source.operator)?, spectrum.source, pdf.source],
        axis: operator.meta.quantity.axis(),
        names: spectrum.names,
        table: spectrum.table && pdf.table,
        spectrum: s,
        pdf: d,
    })
}

/// Puts the PDFs in the order of the spectra; refuses what cannot be paired.
fn paired(spectrum: Loaded, mut pdf: Loaded, args: &Args) -> Result<(Loaded, Loaded)> {
    if !spectrum.table && !pdf.table {
        return Ok((spectrum, pdf));
    }
    if spectrum.table != pdf.table {
        return Err(
            Error::new("one file is a wide table, the other a single curve")
                .at(&args.pdf)
                .cure("give two curves, or two wide tables paired by sample"),
        );
    }
    let order: Vec<usize> = spectrum
        .names
        .iter()
        .map(|name| {
            pdf.names.iter().position(|n| n == name).ok_or_else(|| {
                Error::new(format!("sample '{name}' has a spectrum but no PDF"))
                    .at(&args.pdf)
                    .cure("give tables with the same samples")
            })
        })
        .collect::<Result<_>>()?;
    pdf.raw.y = rows::select(pdf.raw.y.as_ref(), &order);
    pdf.names.clone_from(&spectrum.names);
    Ok((spectrum, pdf))
}
