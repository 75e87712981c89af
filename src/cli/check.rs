//! `glassbridge check`.

mod pair;
mod sides;
mod together;

use self::pair::{Pair, judged, object};
use self::sides::{Sides, Source, load_sides};
use self::together::{Joint, Part};
use super::instrument_options::{InstrumentArgs, NuisanceName};
use super::raman::RamanArgs;
use super::read_options::{PaperName, ReadArgs, SampleArgs};
use super::{Outcome, load};
use crate::consistency::{Answer, DomainMap, Judge, Power};
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::inverse::Choice;
use crate::operator::Operator;
use crate::report::pages;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Whether a spectrum and a pair distribution function belong to the same glass.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge check sio2.npz --spectrum vdos.dat --pdf T_r --composition SiO2 --report check.pdf\n  \
    glassbridge check ins.npz --spectrum ins.dat --with raman.npz=raman.dat --pdf T_r --composition SiO2\n\n\
    Exit code 0: consistent or undecided; 3: inconsistent, or outside the operator's domain.")]
pub(super) struct Args {
    /// The operator file.
    pub(super) operator: PathBuf,
    /// The spectrum: a curve, or a wide table.
    #[arg(long)]
    pub(super) spectrum: PathBuf,
    /// The PDF: a curve, or a wide table paired with the spectra by sample.
    #[arg(long)]
    pub(super) pdf: PathBuf,
    /// Another spectrum of the same sample with its own operator: each is judged beside the PDF, and all together. --noise and
    /// --nuisance hold for all.
    #[arg(long, value_name = "OP.npz=SPECTRUM")]
    pub(super) with: Vec<String>,
    /// Table of samples with a `number_density` column.
    #[arg(long)]
    pub(super) samples: Option<PathBuf>,
    /// White noise of the spectrum relative to its rms, where the file has no errors (else it is estimated).
    #[arg(long)]
    pub(super) noise: Option<f64>,
    /// What to fit along with the spectrum.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub(super) nuisance: Vec<NuisanceName>,
    /// Write a report (.pdf, .html or .json; may be given more than once); of a table, for the pair that disagrees most.
    #[arg(long)]
    pub(super) report: Vec<PathBuf>,
    /// Paper of the report.
    #[arg(long, value_enum, default_value = "a4")]
    pub(super) paper: PaperName,
    /// Write the report's figures (PNG, SVG, CSV) into this folder.
    #[arg(long)]
    pub(super) figures: Option<PathBuf>,
    /// What the PDF is, where its file does not say (--quantity says it of the spectrum).
    #[arg(long)]
    pub(super) pdf_quantity: Option<Quantity>,
    #[command(flatten)]
    pub(super) instrument: InstrumentArgs,
    #[command(flatten)]
    pub(super) read: ReadArgs,
    #[command(flatten)]
    pub(super) sample: SampleArgs,
    #[command(flatten)]
    pub(super) raman: RamanArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let operator = Operator::load(&args.operator)?;
    let mut sides = load_sides(&operator, &Source::of(args), args)?;
    let judge = Judge::new(&operator, &sides.spectrum.channel, &sides.pdf.channel)?;
    let power = Power::from(&judge.curves()?);
    let mut pairs = judged(&operator, &judge, &power, &sides)?;
    join(&operator, &mut sides, &mut pairs, args)?;
    if !args.report.is_empty() || args.figures.is_some() {
        let worst = (0..pairs.len())
            .min_by(|&a, &b| {
                pairs[a]
                    .comparison
                    .p_value
                    .total_cmp(&pairs[b].comparison.p_value)
            })
            .unwrap_or(0);
        write_report(
            &operator,
            &judge,
            &power,
            &sides,
            &pairs[worst],
            worst,
            args,
        )?;
    }
    tell(&power, &sides, &pairs, args.json);
    let agrees = |p: &Pair| match p.answer() {
        Answer::Consistent => true,
        Answer::Undecided => !sides.table,
        _ => false,
    };
    Ok(if pairs.iter().all(agrees) {
        Outcome::Done
    } else {
        Outcome::Disagrees
    })
}

/// Judges the spectra of `--with` beside the same PDF, and each sample by all of its spectra.
fn join(operator: &Operator, sides: &mut Sides, pairs: &mut [Pair], args: &Args) -> Result<()> {
    if args.with.is_empty() {
        return Ok(());
    }
    let part = |quantity: Quantity, pair: &Pair| Part {
        quantity,
        answer: pair.verdict.answer,
        p_value: pair.comparison.p_value,
    };
    let mut parts: Vec<Vec<Part>> = (pairs.iter())
        .map(|pair| vec![part(operator.meta.quantity, pair)])
        .collect();
    for with in &args.with {
        let (path, spectrum) = load::operator_and_spectrum(with)?;
        let other = Operator::load(path)?;
        let own = load_sides(&other, &Source::other(path, spectrum), args)?;
        if own.table != sides.table || own.table && own.names != sides.names {
            return Err(Error::new("the spectra to judge together are not of the same samples")
                .at(spectrum)
                .cure("give curves of one sample, or tables with the same samples in the same order"));
        }
        let judge = Judge::new(&other, &own.spectrum.channel, &own.pdf.channel)?;
        let power = Power::from(&judge.curves()?);
        for (parts, pair) in parts.iter_mut().zip(judged(&other, &judge, &power, &own)?) {
            parts.push(part(other.meta.quantity, &pair));
        }
        // What was assumed of it and where it came from; of the PDF both are told already.
        for finding in own.findings {
            if !sides.findings.contains(&finding) {
                sides.findings.push(finding);
            }
        }
        for source in own.sources {
            if !sides.sources.contains(&source) {
                sides.sources.push(source);
            }
        }
    }
    for (pair, parts) in pairs.iter_mut().zip(parts) {
        let joint = Joint::of(parts);
        pair.findings.push(joint.finding());
        pair.joint = Some(joint);
    }
    Ok(())
}

fn write_report(
    operator: &Operator,
    judge: &Judge<'_>,
    power: &Power,
    sides: &Sides,
    pair: &Pair,
    row: usize,
    args: &Args,
) -> Result<()> {
    let resolution = judge.inverter.resolution()?;
    let mut report = pages::check_report(&pages::CheckView {
        inversion: pages::InversionView {
            operator,
            name: &pair.name,
            measurement: &sides.spectrum,
            row,
            inversion: &pair.inversion,
            domain: pair.comparison.spectrum,
            map: DomainMap::new(&judge.inverter.seen, sides.spectrum.data.subrows(row, 1))?,
            resolution: &resolution,
            choice: Choice::new(operator, &judge.inverter.seen)?,
            pseudo: None,
            findings: [sides.findings.as_slice(), &pair.findings].concat(),
            sources: sides.sources.clone(),
        },
        pdf: &sides.pdf,
        pdf_map: DomainMap::new(&judge.predictor.seen, sides.pdf.data.subrows(row, 1))?,
        comparison: &pair.comparison,
        verdict: &pair.verdict,
        power,
        r: &pair.r,
    })?;
    report.paper = args.paper.into();
    for path in &args.report {
        pages::write(&report, path)?;
    }
    if let Some(folder) = &args.figures {
        crate::report::write_figures(&report, folder)?;
    }
    Ok(())
}

fn tell(power: &Power, sides: &Sides, pairs: &[Pair], as_json: bool) {
    if as_json {
        let objects: Vec<Value> = pairs
            .iter()
            .map(|p| object(power, p, &sides.findings))
            .collect();
        match objects.as_slice() {
            [one] if !sides.table => say!("{one}"),
            many => say!("{}", json!({ "pairs": many })),
        }
        return;
    }
    load::tell(&sides.findings);
    let axis = sides.axis;
    for pair in pairs {
        let c = &pair.comparison;
        say!(
            "{}: {}  p = {:.3}",
            pair.name,
            pair.verdict.answer.name(),
            c.p_value
        );
        load::tell(&pair.findings);
        if !sides.table {
            say!("{}", pair.verdict.sentence);
            for range in &pair.verdict.energy {
                say!(
                    "  spectrum differs at {} {axis}, by {:+.1} standard deviations",
                    range.ends(1),
                    range.deviation
                );
            }
            for range in &pair.r {
                say!("  PDF differs at {} Å", range.ends(2));
            }
        }
    }
}
