//! `glassbridge invert`.

use super::Outcome;
use super::load::{self, Loaded};
use super::raman::RamanArgs;
use super::read_options::{PaperName, ReadArgs};
use super::series::{self, ScanArgs};
use crate::consistency::{Domain, DomainMap};
use crate::error::{Error, Result};
use crate::inverse::pseudo_inverse::{Filter, Penalty, PseudoInverse, Rule};
use crate::inverse::{
    Channel, Choice, Instruments, Inversion, Inverter, Measurement, Nuisance, Resolution,
};
use crate::io::files;
use crate::io::npz::Bundle;
use crate::io::wide_table::WideTable;
use crate::operator::Operator;
use crate::report::{Report, pages};
use crate::units::Unit;
use clap::ValueEnum;
use faer::{Mat, MatRef};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pair distribution function that a spectrum implies, with a calibrated 95 % band.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge invert sio2.npz spectrum.dat --noise 0.03 --out result --report result.pdf\n  \
    glassbridge invert op.npz vdos.csv --noise 0.03 --out result")]
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
    /// White noise relative to the rms of the spectrum, where the file has no errors (else it is estimated).
    #[arg(long)]
    noise: Option<f64>,
    /// What to fit along with the spectrum.
    #[arg(long, value_delimiter = ',', value_enum)]
    nuisance: Vec<NuisanceName>,
    /// Also write a report (.pdf, .html or .json); of many spectra it is that of the series.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Paper of the report.
    #[arg(long, value_enum, default_value = "a4")]
    paper: PaperName,
    #[command(flatten)]
    scan: ScanArgs,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    raman: RamanArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which estimator, and how its penalty is chosen.
#[derive(Debug, clap::Args)]
struct How {
    /// `gaussian` is the default and the only one with calibrated bands of its own.
    #[arg(long, value_enum, default_value = "gaussian")]
    estimator: Estimator,
    /// What a Tikhonov or truncated-SVD pseudo-inverse keeps small.
    #[arg(long, value_enum, default_value = "identity")]
    penalty: PenaltyName,
    /// How a pseudo-inverse chooses its penalty.
    #[arg(long, value_enum, default_value = "gcv")]
    choose: RuleName,
    /// Fixed penalty of a pseudo-inverse, in whitened units.
    #[arg(long)]
    lambda: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Estimator {
    Gaussian,
    Backward,
    Tsvd,
    Tikhonov,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PenaltyName {
    Identity,
    D1,
    D2,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleName {
    Gcv,
    LCurve,
    Discrepancy,
    Evidence,
    HeldOut,
}

/// Nuisances on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum NuisanceName {
    /// Unknown factor.
    Scale,
    /// Constant and linear background.
    Background,
    /// Stretch of the energy axis.
    Shift,
}

impl From<NuisanceName> for Nuisance {
    fn from(name: NuisanceName) -> Self {
        match name {
            NuisanceName::Scale => Self::Scale,
            NuisanceName::Background => Self::Background,
            NuisanceName::Shift => Self::Shift,
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

/// One input file, inverted.
pub(super) struct Done {
    pub(super) loaded: Loaded,
    pub(super) measurement: Measurement,
    pub(super) inversions: Vec<Inversion>,
    pub(super) domains: Vec<Domain>,
    pub(super) resolution: Arc<Resolution>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let operator = Operator::load(&args.operator)?;
    let level = noise_level(args.noise)?;
    let nuisances: Vec<Nuisance> = args.nuisance.iter().map(|n| (*n).into()).collect();
    let mut instruments = Instruments::new(&operator);
    let mut all = Vec::new();
    for path in &args.spectra {
        let loaded = load::curves(path, &args.read, operator.meta.quantity)?;
        let loaded = args.raman.applied(loaded, operator.meta.quantity)?;
        let measurement = Measurement::spectra(&operator, &loaded.raw, level, &nuisances)?;
        let inverted = invert(&operator, &mut instruments, loaded, measurement, &args.how);
        all.push(inverted?);
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
        map: DomainMap::new(&ready.inverter.seen, done.measurement.data.subrows(0, 1)),
        resolution: &done.resolution,
        choice: Choice::new(operator, &ready.inverter.seen)?,
        findings: findings(done),
        sources: vec![source, done.loaded.source.clone()],
    })
}

pub(super) fn findings(done: &Done) -> Vec<crate::finding::Finding> {
    [
        done.loaded.findings.clone(),
        done.measurement.findings.clone(),
    ]
    .concat()
}

fn invert<'a>(
    operator: &'a Operator,
    instruments: &mut Instruments<'a>,
    loaded: Loaded,
    measurement: Measurement,
    how: &How,
) -> Result<Done> {
    let ready = instruments.of(&measurement.channel)?;
    let mut inversions = ready.inverter.invert(measurement.data.as_ref());
    let domains = inversions
        .iter()
        .map(|i| Domain::rank(i.distance, &ready.left_out))
        .collect();
    if how.estimator != Estimator::Gaussian {
        let g = other_estimates(operator, &measurement, &ready.inverter, &inversions, how)?;
        for (inversion, g) in inversions.iter_mut().zip(g) {
            for (j, value) in g.iter().enumerate() {
                let shift = value - inversion.g[j];
                inversion.low[j] += shift;
                inversion.high[j] += shift;
            }
            inversion.g = g;
        }
    }
    Ok(Done {
        resolution: Arc::clone(&ready.resolution),
        loaded,
        measurement,
        inversions,
        domains,
    })
}

/// g of the estimators that are offered for comparison, one row a spectrum.
fn other_estimates(
    operator: &Operator,
    measurement: &Measurement,
    inverter: &Inverter<'_>,
    default: &[Inversion],
    how: &How,
) -> Result<Vec<Vec<f64>>> {
    let data = measurement.data.as_ref();
    let descriptors: Vec<Vec<f64>> = if how.estimator == Estimator::Backward {
        backward(operator, &measurement.channel, data)?
    } else {
        let inverse = pseudo_inverse(operator, &measurement.channel, inverter, how)?;
        let each = (0..data.nrows()).map(|i| inverse.invert(&crate::operator::rows::row(data, i)));
        each.map(|r| r.map(|p| p.x)).collect::<Result<_>>()?
    };
    let divided = |(x, inversion): (Vec<f64>, &Inversion)| -> Vec<f64> {
        let density = inversion.relative_density.unwrap_or(1.0);
        x.into_iter().map(|x| x / density).collect()
    };
    Ok(descriptors.into_iter().zip(default).map(divided).collect())
}

fn pseudo_inverse(
    operator: &Operator,
    channel: &Channel,
    inverter: &Inverter<'_>,
    how: &How,
) -> Result<PseudoInverse> {
    let filter = match how.estimator {
        Estimator::Tsvd => Filter::TruncatedSvd,
        _ => Filter::Tikhonov,
    };
    let penalty = match how.penalty {
        PenaltyName::Identity => Penalty::Identity,
        PenaltyName::D1 => Penalty::FirstDifference,
        PenaltyName::D2 => Penalty::SecondDifference,
    };
    let rule = match (how.lambda, how.choose) {
        (Some(lambda), _) => Rule::Fixed(lambda),
        (None, RuleName::Gcv) => Rule::Gcv,
        (None, RuleName::LCurve) => Rule::LCurve,
        (None, RuleName::Discrepancy) => Rule::Discrepancy,
        (None, RuleName::Evidence) => Rule::Evidence,
        (None, RuleName::HeldOut) => Rule::HeldOut,
    };
    PseudoInverse::new(operator, channel, &inverter.seen, filter, penalty, rule)
}

/// `V y + c`; the spectrum must lie on the operator's own grid, because V knows no instrument.
fn backward(
    operator: &Operator,
    channel: &Channel,
    data: MatRef<'_, f64>,
) -> Result<Vec<Vec<f64>>> {
    let grid = operator.meta.energy;
    let near = |(x, c): (&f64, f64)| (x - c).abs() < 1e-3 * grid.step();
    if channel.x.len() != grid.len() || !channel.x.iter().zip(grid.centres()).all(near) {
        return Err(Error::new("the backward map cannot take this spectrum")
            .because("it was learned on the operator's own energy grid, and measured data are not resampled here")
            .cure("use --estimator gaussian, which carries the operator to the data"));
    }
    let x = data * operator.v.transpose();
    Ok((0..x.nrows())
        .map(|i| (0..x.ncols()).map(|j| x[(i, j)] + operator.c[j]).collect())
        .collect())
}

/// g with its band, and the summary.
pub(super) fn write_tables(operator: &Operator, all: &[&Done], out: &Path) -> Result<()> {
    let names: Vec<String> = all.iter().flat_map(|d| d.loaded.names.clone()).collect();
    let inversions: Vec<&Inversion> = all.iter().flat_map(|d| &d.inversions).collect();
    let axis = operator.meta.r.centres();
    let table = |value: &dyn Fn(&Inversion) -> &[f64], what: &str| WideTable {
        samples: names.clone(),
        axis: axis.clone(),
        rows: Mat::from_fn(names.len(), axis.len(), |i, j| value(inversions[i])[j]),
        quantity: Some(crate::curve::Quantity::PairDistribution),
        unit: Some(Unit::Angstrom),
        notes: vec![("made by".into(), format!("glassbridge invert, {what}"))],
    };
    table(&|i| &i.g, "estimate").write(&out.join("g.csv"))?;
    table(&|i| &i.low, "lower end of the 95 % band").write(&out.join("g_lower.csv"))?;
    table(&|i| &i.high, "upper end of the 95 % band").write(&out.join("g_upper.csv"))?;
    let summary = summary_table(operator, all)?;
    files::replace_text(&out.join("summary.csv"), &summary)
}

/// Averaging kernels and shares, once for neighbouring spectra of one instrument.
fn write_kernels(operator: &Operator, all: &[Done], out: &Path) -> Result<()> {
    let axis = operator.meta.r.centres();
    let mut each: Vec<&Arc<Resolution>> = all.iter().map(|d| &d.resolution).collect();
    each.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let mut kernels = Bundle::default();
    for (k, r) in each.into_iter().enumerate() {
        let suffix = if k == 0 {
            String::new()
        } else {
            format!("_{}", k + 1)
        };
        let row = |v: &[f64]| Mat::from_fn(1, v.len(), |_, j| v[j]);
        for (name, m) in [
            ("kernels", r.kernels.clone()),
            ("data_share", row(&r.data_share)),
            ("noise_sd", row(&r.noise_sd)),
            ("prior_sd", row(&r.prior_sd)),
            ("r", row(&axis)),
        ] {
            kernels.arrays.insert(format!("{name}{suffix}"), m);
        }
    }
    let bytes = kernels.to_bytes()?;
    files::replace(&out.join("kernels.npz"), |file| {
        file.write_all(&bytes)
            .map_err(|e| Error::io(out, "write the kernels", &e))
    })
}

/// One object a spectrum.
pub(super) fn summaries<'d>(
    operator: &Operator,
    all: impl Iterator<Item = &'d Done>,
) -> Vec<Value> {
    let mut out = Vec::new();
    for done in all {
        for (k, (inversion, domain)) in done.inversions.iter().zip(&done.domains).enumerate() {
            let density = operator
                .meta
                .mean_density
                .zip(inversion.relative_density)
                .map(|(m, d)| m * d);
            out.push(json!({
                "sample": done.loaded.names[k],
                "verdict": if domain.inside { "inside-domain" } else { "outside-domain" },
                "t2": domain.t2,
                "q": domain.q,
                "t2_share": domain.t2_share,
                "q_share": domain.q_share,
                "degrees_of_freedom": done.resolution.degrees_of_freedom,
                "bits": done.resolution.bits,
                "number_density": density,
                "scale": done.measurement.scale[k],
                "noise": done.measurement.channel.sigma[0],
                "noise_known": done.measurement.channel.sigma_known,
            }));
        }
    }
    out
}

fn summary_table(operator: &Operator, all: &[&Done]) -> Result<String> {
    const COLUMNS: [&str; 12] = [
        "sample",
        "verdict",
        "t2",
        "q",
        "t2_share",
        "q_share",
        "degrees_of_freedom",
        "bits",
        "number_density",
        "scale",
        "noise",
        "noise_known",
    ];
    let failed =
        |e: &dyn std::fmt::Display| Error::new("cannot write the summary").because(e.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS).map_err(|e| failed(&e))?;
    for row in summaries(operator, all.iter().copied()) {
        let cell = |c: &str| match &row[c] {
            Value::String(s) => s.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        out.write_record(COLUMNS.iter().map(|c| cell(c)))
            .map_err(|e| failed(&e))?;
    }
    let bytes = out.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn tell(operator: &Operator, all: &[Done], args: &Args) {
    let findings: Vec<_> = all.iter().flat_map(findings).collect();
    let rows = summaries(operator, all.iter());
    if args.json {
        println!(
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
    println!(
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
        println!(
            "{outside} outside the operator's domain: it was not trained on such a glass, do not trust the result"
        );
    }
    println!("written to {}", args.out.display());
}
