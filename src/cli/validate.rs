//! `glassbridge validate`.

use super::read_options::PaperName;
use super::{Outcome, load, training_data};
use crate::consistency::Validation;
use crate::consistency::validation::{Known, Settings};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::operator::{Operator, TrainingSet, scores};
use crate::report::{self, pages};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Put an operator to the test on glasses whose structure and spectrum are both known.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge validate sio2.npz other-sio2-set --report validation.pdf\n  \
    glassbridge validate op.npz --structure rdf.csv --spectra vdos.csv --samples samples.csv --json\n\n\
    Given the files that the operator was trained on (told by their hashes), each of ten random parts of the glasses is tried\n\
    with the operator that the others give.")]
pub(super) struct Args {
    /// The operator file.
    operator: PathBuf,
    /// A dataset folder made by `glassbridge simulate`.
    #[arg(required_unless_present = "structure", conflicts_with = "structure")]
    dataset: Option<PathBuf>,
    /// Wide table of pair distribution functions.
    #[arg(long, requires = "spectra")]
    structure: Option<PathBuf>,
    /// Wide table of spectra.
    #[arg(long, requires = "structure")]
    spectra: Option<PathBuf>,
    /// Table of samples with a `number_density` column.
    #[arg(long, requires = "structure")]
    samples: Option<PathBuf>,
    /// White noise put on the spectra, relative to their rms.
    #[arg(long, default_value_t = scores::NOISE_LEVEL)]
    noise: f64,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a report (.pdf, .html or .json; may be given more than once).
    #[arg(long)]
    report: Vec<PathBuf>,
    /// Paper of the report.
    #[arg(long, value_enum, default_value = "a4")]
    paper: PaperName,
    /// Write the report's figures (PNG, SVG, CSV) into this folder.
    #[arg(long)]
    figures: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    if !(args.noise.is_finite() && (0.0..1.0).contains(&args.noise)) {
        return Err(
            Error::new(format!("a noise of {} makes no sense", args.noise))
                .cure("give it relative to the rms of the spectrum, such as 0.03"),
        );
    }
    let operator = Operator::load(&args.operator)?;
    let (set, place) = known(args, &operator)?;
    fits(&operator, &set, &place)?;
    let settings = Settings {
        noise: args.noise,
        seed: args.seed,
    };
    let validation = if is_own(&operator, &set) {
        Validation::by_folds(&operator, settings)?
    } else {
        let known = Known {
            g: set.g,
            density: set.density,
            spectra: set.spectra,
        };
        Validation::of(&operator, &known, settings)?
    };
    write(args, &operator, &validation, set.sources)?;
    if args.json {
        say!("{}", json!(validation));
    } else {
        load::tell(&validation.findings);
        put!("{}", words(&validation));
    }
    Ok(Outcome::Done)
}

/// The glasses to be tried, and where they came from.
fn known(args: &Args, operator: &Operator) -> Result<(TrainingSet, PathBuf)> {
    let quantity = operator.meta.quantity;
    match (&args.dataset, &args.structure, &args.spectra) {
        (Some(folder), ..) => Ok((
            training_data::from_dataset(folder, quantity, Some(operator.meta.weighting), &[])?.0,
            folder.clone(),
        )),
        (None, Some(structure), Some(spectra)) => {
            let samples = args.samples.as_deref();
            let set = training_data::from_tables(structure, spectra, samples, quantity)?;
            Ok((set, structure.clone()))
        }
        _ => Err(Error::new("nothing to validate on")
            .cure("give a dataset folder, or --structure and --spectra")),
    }
}

/// Refuses glasses on other grids.
fn fits(operator: &Operator, set: &TrainingSet, place: &Path) -> Result<()> {
    let meta = &operator.meta;
    let refuse = |axis: &str, a: Grid, b: Grid| {
        let ends = |g: Grid| format!("{} bins from {:.4} to {:.4}", g.len(), g.start(), g.end());
        Err(Error::new(format!(
            "the glasses have another {axis} grid than the operator"
        ))
        .at(place)
        .because(format!("{} against {}", ends(b), ends(a)))
        .cure("simulate them with the same [record]"))
    };
    if !same(meta.r, set.r) {
        return refuse("r", meta.r, set.r);
    }
    if !same(meta.energy, set.energy) {
        return refuse("E", meta.energy, set.energy);
    }
    Ok(())
}

/// Whether two grids are the same but for the digits of a file.
fn same(a: Grid, b: Grid) -> bool {
    /// Part of a bin by which edges may differ.
    const DIGITS: f64 = 1e-3;
    let near = |x: f64, y: f64| (x - y).abs() < DIGITS * a.step();
    a.len() == b.len() && near(a.start(), b.start()) && near(a.end(), b.end())
}

/// Whether these are the operator's own training files, by their hashes.
fn is_own(operator: &Operator, set: &TrainingSet) -> bool {
    let known = |hash: &String| operator.meta.sources.iter().any(|(_, own)| own == hash);
    set.g.nrows() == operator.samples() && set.sources.iter().all(|(_, hash)| known(hash))
}

fn write(
    args: &Args,
    operator: &Operator,
    validation: &Validation,
    mut sources: Vec<(String, String)>,
) -> Result<()> {
    if args.report.is_empty() && args.figures.is_none() {
        return Ok(());
    }
    sources.insert(0, load::source(&args.operator)?);
    let name = args.operator.file_name().unwrap_or_default();
    let mut report = pages::validation_report(&pages::ValidationView {
        operator,
        name: &name.to_string_lossy(),
        validation,
        sources: &sources,
    })?;
    report.paper = args.paper.into();
    for path in &args.report {
        pages::write(&report, path)?;
    }
    if let Some(folder) = &args.figures {
        report::write_figures(&report, folder)?;
    }
    Ok(())
}

fn words(v: &Validation) -> String {
    pages::validation_numbers(v)
        .into_iter()
        .map(|(what, value)| format!("{what}: {value}\n"))
        .chain([format!("tried on {}\n", v.protocol)])
        .collect()
}
