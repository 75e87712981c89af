//! `glassbridge invert`.

mod done;
mod estimators;
mod joint;
mod summary;
mod tables;

pub(super) use self::done::{Done, findings, finish, measured};
pub(super) use self::summary::summaries;
pub(super) use self::tables::write_tables;

use self::estimators::{How, invert};
use self::joint::joint;
use self::tables::write_kernels;
use super::instrument_options::SpectrumArgs;
use super::read_options::PaperName;
use super::series::{self, ScanArgs};
use super::{Outcome, load};
use crate::consistency::DomainMap;
use crate::error::Result;
use crate::inverse::{Choice, Instruments, Raw, Spectroscopy, undeclared};
use crate::operator::Operator;
use crate::report::{Report, pages};
use serde_json::json;
use std::path::PathBuf;

/// One spectrum farther out than this share of the training glasses is looked at for undeclared nuisances; of N the farthest, farther out
/// than the N-th part of it.
const SUSPICIOUS: f64 = 0.2;

/// The pair distribution function that a spectrum implies, with a calibrated 95 % band.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge invert sio2.npz spectrum.dat --noise 0.03 --out result --report result.pdf\n  \
    glassbridge invert op.npz vdos.csv --noise 0.03 --out result\n  \
    glassbridge invert op.npz s.dat --nuisance scale,background,shift,width --resolution 2.5 --out result\n  \
    glassbridge invert op.npz s.dat --non-negative --coordination 4:2.0 --out result\n  \
    glassbridge invert vdos.npz ins.dat --with raman.npz=raman.dat --out result")]
pub(super) struct Args {
    /// The operator file.
    operator: PathBuf,
    /// Curves, or wide tables of them.
    #[arg(required = true)]
    spectra: Vec<PathBuf>,
    /// Folder for the tables of g and its band, the summary and the kernels.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    spectrum: SpectrumArgs,
    /// Another spectrum of the same samples with its own operator, trained on the same structures: inverted jointly
    #[arg(long, value_name = "OP.npz=SPECTRUM")]
    with: Vec<String>,
    /// Also write a report (.pdf, .html or .json); of many spectra it is that of the series.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Paper of the report.
    #[arg(long, value_enum, default_value = "a4")]
    paper: PaperName,
    #[command(flatten)]
    scan: ScanArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let operator = Operator::load(&args.operator)?;
    let known = args.spectrum.known()?;
    let spectroscopy = known.spectroscopy();
    let mut instruments = Instruments::new(&operator);
    let mut all = Vec::new();
    for path in &args.spectra {
        let (loaded, measurement) = measured(&operator, path, &args.spectrum, &spectroscopy)?;
        all.push(if args.with.is_empty() {
            let ready = instruments.of(&measurement.channel)?;
            let constraints = &known.constraints;
            invert(
                &operator,
                &ready,
                loaded,
                measurement,
                &args.how,
                constraints,
            )?
        } else {
            let constraints = &known.constraints;
            joint(
                &operator,
                loaded,
                measurement,
                args,
                &spectroscopy,
                constraints,
            )?
        });
    }
    if spectroscopy.nuisances.is_empty() && args.with.is_empty() {
        look_for_undeclared(&operator, &mut all, &spectroscopy);
    }
    let borrowed: Vec<&Done> = all.iter().collect();
    write_tables(&operator, &borrowed, &args.out)?;
    write_kernels(&operator, &all, &args.out)?;
    if let Some(path) = &args.report {
        let report = Report {
            paper: args.paper.into(),
            ..report(&operator, &mut instruments, &all, args)?
        };
        pages::write(&report, path)?;
    }
    let inside = all.iter().flat_map(|d| &d.domains).all(|d| d.inside);
    tell(&operator, &all, args);
    Ok(if inside {
        Outcome::Done
    } else {
        Outcome::Disagrees
    })
}

/// Looks at the spectrum that is farthest outside, if it is farther than one of so many should be: what an instrument did, it did to
/// all of them, and the search takes longer than a hundred inversions.
fn look_for_undeclared(operator: &Operator, all: &mut [Done], spectroscopy: &Spectroscopy<'_>) {
    let each = (all.iter().enumerate())
        .flat_map(|(f, done)| done.domains.iter().enumerate().map(move |(k, d)| (f, k, d)));
    let count = each.clone().count();
    let Some((file, row, domain)) = each.min_by(|a, b| a.2.q_share.total_cmp(&b.2.q_share)) else {
        return;
    };
    if domain.q_share * count as f64 >= SUSPICIOUS {
        return;
    }
    let done = &mut all[file];
    let raw = Raw {
        y: done.loaded.raw.y.subrows(row, 1).to_owned(),
        ..done.loaded.raw.clone()
    };
    if let Some(mut finding) = undeclared(operator, &raw, spectroscopy) {
        if count > 1 {
            finding.message = format!("{}: {}", done.loaded.names[row], finding.message);
        }
        done.findings.push(finding);
    }
}

/// That of the one spectrum, or of the series.
fn report<'a>(
    operator: &'a Operator,
    instruments: &mut Instruments<'a>,
    all: &[Done],
    args: &Args,
) -> Result<Report> {
    let source = load::source(&args.operator)?;
    if all.iter().map(|d| d.inversions.len()).sum::<usize>() > 1 {
        let all: Vec<&Done> = all.iter().collect();
        return series::report(operator, source, &all, &args.scan);
    }
    let done = &all[0];
    let ready = instruments.of(&done.measurement.channel)?;
    pages::inversion_report(&pages::InversionView {
        operator,
        name: &done.loaded.names[0],
        measurement: &done.measurement,
        row: 0,
        inversion: &done.inversions[0],
        domain: done.domains[0],
        map: DomainMap::new(&ready.inverter.seen, done.measurement.data.subrows(0, 1))?,
        resolution: &done.resolution,
        choice: Choice::new(operator, &ready.inverter.seen)?,
        pseudo: done.pseudo.first(),
        findings: findings(done),
        sources: [vec![source, done.loaded.source.clone()], done.along.clone()].concat(),
    })
}

fn tell(operator: &Operator, all: &[Done], args: &Args) {
    let findings: Vec<_> = all.iter().flat_map(findings).collect();
    let rows = summaries(operator, all.iter());
    if args.json {
        say!(
            "{}",
            json!({ "spectra": rows, "findings": findings, "out": args.out })
        );
        return;
    }
    load::tell(&findings);
    let outside = rows
        .iter()
        .filter(|r| r["verdict"] == "outside-domain")
        .count();
    let done = &all[0];
    say!(
        "{} inverted: the data decide {:.1} directions of {} ({:.0} bits), the prior the rest",
        if rows.len() == 1 {
            "1 spectrum".into()
        } else {
            format!("{} spectra", rows.len())
        },
        done.resolution.degrees_of_freedom,
        operator.meta.r.len(),
        done.resolution.bits
    );
    if outside > 0 {
        say!(
            "{outside} outside the operator's domain: it was not trained on such a glass, do not trust the result"
        );
    }
    say!("written to {}", args.out.display());
}
