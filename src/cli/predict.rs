//! `glassbridge predict`.

use super::load::{self, Loaded};
use super::read_options::{ReadArgs, SampleArgs};
use super::{Outcome, training_data};
use crate::curve::Quantity;
use crate::dataset::store::is_dataset;
use crate::error::{Error, Result};
use crate::inverse::{Implied, Measurement, Predictor, by_map};
use crate::io::files;
use crate::io::wide_table::WideTable;
use crate::operator::Operator;
use crate::operator::features::{Block, Described};
use faer::Mat;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The spectrum that a pair distribution function implies.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge predict sio2.npz T_r --out spectrum.dat\n  \
    glassbridge predict op.npz rdf.csv --samples samples.csv --out vdos.csv")]
pub(super) struct Args {
    /// The operator file.
    operator: PathBuf,
    /// Curves, wide tables of them, or dataset folders.
    #[arg(required = true)]
    pdfs: Vec<PathBuf>,
    /// Table of samples with a `number_density` column.
    #[arg(long)]
    samples: Option<PathBuf>,
    /// The file to write: a wide table for a wide table, else a curve with its standard deviation.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    sample: SampleArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let operator = Operator::load(&args.operator)?;
    let (mut names, mut predictions, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let mut table = args.pdfs.len() > 1;
    for path in &args.pdfs {
        if is_dataset(path) {
            let (samples, spectra) = of_dataset(&operator, path)?;
            table = true;
            names.extend(samples);
            predictions.extend(spectra);
            continue;
        }
        let loaded = load::curves(path, &args.read, Quantity::PairDistribution)?;
        let measurement =
            pdf_measurement(&operator, &loaded, args.samples.as_deref(), &args.sample)?;
        let predictor = Predictor::new(&operator, &measurement.channel)?;
        predictions.extend(if operator.forward_is_joint() {
            let predicted = predictor.predict(measurement.data.as_ref());
            predicted.into_iter().map(Implied::from).collect()
        } else {
            predictor.predict_by_map(measurement.data.as_ref())?
        });
        table |= loaded.table;
        names.extend(loaded.names);
        findings.extend(loaded.findings);
        findings.extend(measurement.findings);
    }
    if table {
        write_tables(&operator, &names, &predictions, &args.out)?;
    } else {
        write_curve(&operator, &predictions[0], &args.out)?;
    }
    if args.json {
        let summary = serde_json::json!({
            "samples": names,
            "quantity": operator.meta.quantity,
            "unit": operator.meta.spectrum_unit,
            "estimator": operator.meta.forward.estimator,
            "features": operator.meta.reads(),
            "out": args.out,
            "findings": findings,
        });
        say!("{summary}");
    } else {
        load::tell(&findings);
        say!(
            "{} written to {}",
            operator.meta.quantity,
            args.out.display()
        );
    }
    Ok(Outcome::Done)
}

/// A loaded PDF as the operator wants it; the density comes from a samples table or the command line.
pub(super) fn pdf_measurement(
    operator: &Operator,
    pdf: &Loaded,
    samples: Option<&Path>,
    sample: &SampleArgs,
) -> Result<Measurement> {
    let density = match (samples, sample.density) {
        (Some(path), _) => Some(load::densities(path, &pdf.names)?),
        (None, Some(density)) => Some(vec![density; pdf.names.len()]),
        (None, None) => None,
    };
    Measurement::pdfs(
        operator,
        &pdf.raw,
        density.as_deref(),
        &sample.diffraction(),
    )
}

/// The usable samples of a dataset and their spectra by the forward map, which may read anything that a dataset holds.
fn of_dataset(operator: &Operator, folder: &Path) -> Result<(Vec<String>, Vec<Implied>)> {
    let meta = &operator.meta;
    let blocks: Vec<Block> = meta.features.list().iter().map(|f| f.block).collect();
    let (names, set) =
        training_data::named_samples(folder, meta.quantity, meta.weighting, &blocks)?;
    if set.r != meta.r {
        return Err(
            Error::new("the dataset has another r grid than the operator")
                .at(folder)
                .because(format!("{:?} against {:?}", set.r, meta.r))
                .cure("simulate it with the same [record]"),
        );
    }
    let relative: Option<Vec<f64>> = (meta.mean_density.zip(set.density.as_ref()))
        .map(|(mean, density)| density.iter().map(|d| d / mean).collect());
    let x = Mat::from_fn(set.g.nrows(), set.g.ncols(), |i, j| {
        set.g[(i, j)] * relative.as_ref().map_or(1.0, |d| d[i])
    });
    let described = Described {
        x: x.as_ref(),
        relative_density: relative.as_deref(),
        added: &set.added,
    };
    Ok((names, by_map(operator, described)?))
}

/// The E axis and the factor of a density in the unit of the training spectra.
fn axis(operator: &Operator) -> Result<(Vec<f64>, f64)> {
    let meta = &operator.meta;
    let factor = meta.quantity.axis().factor_to(meta.spectrum_unit)?;
    Ok((
        meta.energy.centres().iter().map(|e| e * factor).collect(),
        1.0 / factor,
    ))
}

fn write_tables(
    operator: &Operator,
    names: &[String],
    predictions: &[Implied],
    out: &Path,
) -> Result<()> {
    let (axis, density) = axis(operator)?;
    let table = |value: &dyn Fn(&Implied) -> &[f64], what: &str| WideTable {
        samples: names.to_vec(),
        rows: Mat::from_fn(names.len(), axis.len(), |i, j| {
            density * value(&predictions[i])[j]
        }),
        axis: axis.clone(),
        quantity: Some(operator.meta.quantity),
        unit: Some(operator.meta.spectrum_unit),
        notes: vec![("made by".into(), format!("glassbridge predict, {what}"))],
    };
    table(&|p| &p.spectrum, "mean").write(out)?;
    table(&|p| &p.sigma, "standard deviation").write(&beside(out, "_sigma")?)
}

fn beside(path: &Path, suffix: &str) -> Result<PathBuf> {
    let stem = path
        .file_stem()
        .ok_or_else(|| Error::new("the output has no file name").at(path))?;
    let mut name = stem.to_os_string();
    name.push(suffix);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    Ok(path.with_file_name(name))
}

fn write_curve(operator: &Operator, prediction: &Implied, out: &Path) -> Result<()> {
    let (axis, density) = axis(operator)?;
    let unit = operator.meta.spectrum_unit;
    let mut text = format!(
        "# quantity: {}\n# unit: {unit}\n# columns: x, y, sigma\n",
        operator.meta.quantity
    );
    for (j, x) in axis.iter().enumerate() {
        let (y, sigma) = (
            density * prediction.spectrum[j],
            density * prediction.sigma[j],
        );
        writeln!(text, "{x:.8} {y:.8e} {sigma:.4e}").map_err(|e| Error::new(e.to_string()))?;
    }
    files::replace_text(out, &text)
}
