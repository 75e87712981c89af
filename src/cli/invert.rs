//! `glassbridge invert`.

mod joint;

use self::joint::joint;
use super::Outcome;
use super::instrument_options::SpectrumArgs;
use super::load::{self, Loaded};
use super::read_options::PaperName;
use super::series::{self, ScanArgs};
use crate::consistency::{Domain, DomainMap};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::pseudo_inverse::{Filter, Penalty, PseudoInverse, PseudoInversion, Rule};
use crate::inverse::{
    Channel, Choice, Constraints, Instruments, Inversion, Inverter, Measurement, NuisanceFit, Raw,
    Ready, Resolution, Seen, Spectroscopy, undeclared,
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

/// One input file, inverted.
pub(super) struct Done {
    pub(super) loaded: Loaded,
    pub(super) measurement: Measurement,
    pub(super) inversions: Vec<Inversion>,
    pub(super) domains: Vec<Domain>,
    pub(super) resolution: Arc<Resolution>,
    /// What a pseudo-inverse has to say of itself, one a spectrum.
    pub(super) pseudo: Vec<PseudoInversion>,
    /// r up to which neighbours are counted.
    pub(super) cutoff: Option<f64>,
    /// Degrees of freedom of each spectrum alone, if several were inverted jointly.
    pub(super) alone: Vec<f64>,
    /// Operators and spectra that were inverted along, and their hashes.
    pub(super) along: Vec<(String, String)>,
    /// What the inversion itself has to say.
    pub(super) findings: Vec<Finding>,
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

/// Reads a file and brings it to the operator.
pub(super) fn measured(
    operator: &Operator,
    path: &Path,
    how: &SpectrumArgs,
    spectroscopy: &Spectroscopy<'_>,
) -> Result<(Loaded, Measurement)> {
    let loaded = load::curves(path, &how.read, operator.meta.quantity)?;
    let loaded = how.raman.applied(loaded, operator.meta.quantity)?;
    let measurement = Measurement::spectra_with(operator, &loaded.raw, spectroscopy)?;
    Ok((loaded, measurement))
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

pub(super) fn findings(done: &Done) -> Vec<Finding> {
    [
        done.loaded.findings.clone(),
        done.measurement.findings.clone(),
        done.findings.clone(),
    ]
    .concat()
}

fn invert(
    operator: &Operator,
    ready: &Ready<'_>,
    loaded: Loaded,
    measurement: Measurement,
    how: &How,
    constraints: &Constraints,
) -> Result<Done> {
    if how.estimator != Estimator::Gaussian && !constraints.is_empty() {
        return Err(Error::new("constraints need the default estimator")
            .because("a pseudo-inverse knows no posterior to stay close to")
            .cure("leave --estimator out, or the constraints"));
    }
    let mut done = finish(operator, ready, loaded, measurement, constraints)?;
    if how.estimator != Estimator::Gaussian {
        let (g, pseudo) = other_estimates(operator, &done, &ready.inverter, how)?;
        for (inversion, g) in done.inversions.iter_mut().zip(g) {
            for (j, value) in g.iter().enumerate() {
                let shift = value - inversion.g[j];
                inversion.low[j] += shift;
                inversion.high[j] += shift;
            }
            inversion.g = g;
            // They belong to the default estimator.
            inversion.derived.clear();
        }
        done.pseudo = pseudo;
        done.findings.push(Finding::new(
            "band-of-the-default",
            "The band around this estimator's g(r) is that of the default estimator, moved: it was not calibrated for it and does not hold its noise amplification.",
            "Use --estimator gaussian for a band that holds.",
        ));
    }
    Ok(done)
}

/// Inverts and ranks.
pub(super) fn finish(
    operator: &Operator,
    ready: &Ready<'_>,
    loaded: Loaded,
    measurement: Measurement,
    constraints: &Constraints,
) -> Result<Done> {
    let inversions = ready
        .inverter
        .invert_constrained(&measurement, constraints)?;
    let held: Vec<f64> = inversions.iter().flat_map(|i| i.active.clone()).collect();
    let mut findings: Vec<Finding> = ready.resolution.finding().into_iter().collect();
    if !held.is_empty() {
        let ends = (held.iter().copied()).fold((f64::INFINITY, 0.0), |e: (f64, f64), r| {
            (e.0.min(r), e.1.max(r))
        });
        findings.push(Finding::new(
            "constraint-active",
            format!(
                "g >= 0 held the estimate back at {} points from {:.2} to {:.2} Å in {} spectra.",
                held.len(),
                ends.0,
                ends.1,
                inversions.len()
            ),
            "Where a constraint decides, the data do not: see `active` in the summary.",
        ));
    }
    let left_out = ready.inverter.seen.left_out_distances()?;
    let densities = ready.inverter.left_out_densities();
    Ok(Done {
        domains: (inversions.iter())
            .map(|i| Domain::ranked(i.distance, left_out, i.relative_density.zip(densities)))
            .collect(),
        cutoff: operator
            .relative_density
            .as_ref()
            .and(ready.inverter.coordination_cutoff()),
        resolution: Arc::clone(&ready.resolution),
        loaded,
        measurement,
        inversions,
        pseudo: Vec::new(),
        alone: Vec::new(),
        along: Vec::new(),
        findings,
    })
}

/// g of the estimators that are offered for comparison, one row a spectrum.
fn other_estimates(
    operator: &Operator,
    done: &Done,
    inverter: &Inverter<'_>,
    how: &How,
) -> Result<(Vec<Vec<f64>>, Vec<PseudoInversion>)> {
    let divided = |x: Vec<f64>, inversion: &Inversion| -> Vec<f64> {
        let density = inversion.relative_density.unwrap_or(1.0);
        x.into_iter().map(|x| x / density).collect()
    };
    let measurement = &done.measurement;
    let seen = &inverter.seen;
    let rows = 0..measurement.data.nrows();
    if how.estimator == Estimator::Backward {
        let each = rows.zip(&done.inversions).map(|(i, inversion)| {
            let one = measurement.one(i);
            let x = backward(operator, &one.channel, one.data.as_ref())?.remove(0);
            Ok(divided(x, inversion))
        });
        return Ok((each.collect::<Result<_>>()?, Vec::new()));
    }
    let pseudo = if measurement.nuisances.is_empty() {
        pseudo_inverse(operator, &measurement.channel, seen, how)?
            .invert_all(measurement.data.as_ref())?
    } else {
        // Each through its own channel.
        rows.map(|i| {
            let one = measurement.one(i);
            let z = crate::operator::rows::row(one.data.as_ref(), 0);
            pseudo_inverse(operator, &one.channel, seen, how)?.invert(&z)
        })
        .collect::<Result<_>>()?
    };
    let g = (pseudo.iter().zip(&done.inversions))
        .map(|(p, inversion)| divided(p.x.clone(), inversion))
        .collect();
    Ok((g, pseudo))
}

fn pseudo_inverse(
    operator: &Operator,
    channel: &Channel,
    seen: &Seen,
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
    PseudoInverse::new(operator, channel, seen, filter, penalty, rule)
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

/// Averaging kernels and shares, once for the spectra of one instrument (`_2` and so on: of another), and which each spectrum has
/// (`instrument`, from 1).
fn write_kernels(operator: &Operator, all: &[Done], out: &Path) -> Result<()> {
    let axis = operator.meta.r.centres();
    let mut each: Vec<&Arc<Resolution>> = Vec::new();
    let mut instrument: Vec<f64> = Vec::new();
    for done in all {
        let known = each.iter().position(|r| Arc::ptr_eq(r, &done.resolution));
        let at = known.unwrap_or(each.len());
        if at == each.len() {
            each.push(&done.resolution);
        }
        instrument.extend(done.inversions.iter().map(|_| (at + 1) as f64));
    }
    let row = |v: &[f64]| Mat::from_fn(1, v.len(), |_, j| v[j]);
    let mut kernels = Bundle::default();
    (kernels.arrays).insert("instrument".into(), row(&instrument));
    for (k, r) in each.into_iter().enumerate() {
        let suffix = if k == 0 {
            String::new()
        } else {
            format!("_{}", k + 1)
        };
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
            let mut row = json!({
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
                "nuisances": done.measurement.nuisances.get(k).map(nuisances),
                "derived": inversion.derived,
                "active": inversion.active,
                "pseudo_inverse": done.pseudo.get(k).map(pseudo),
            });
            flatten(&mut row, done, k);
            out.push(row);
        }
    }
    out
}

/// Values, errors and correlations of what was fitted along.
fn nuisances(fit: &NuisanceFit) -> Value {
    let n = fit.parameters.len();
    let row = |i: usize| {
        (0..n)
            .map(|j| fit.correlations[(i, j)])
            .collect::<Vec<f64>>()
    };
    json!({
        "parameters": fit.parameters,
        "correlations": (0..n).map(row).collect::<Vec<_>>(),
        "log_evidence_gain": fit.log_evidence_gain,
    })
}

/// What a pseudo-inverse says of itself.
fn pseudo(found: &PseudoInversion) -> Value {
    json!({
        "lambda": found.lambda,
        "degrees_of_freedom": found.degrees_of_freedom,
        "noise_amplification": found.noise_amplification,
        "amplification_over_prior": found.amplification_over_prior,
        "curve": found.curve,
        "picard": found.picard,
    })
}

/// Adds what fits into cells of a table: the derived numbers, the nuisances, how many constraints held.
fn flatten(row: &mut Value, done: &Done, k: usize) {
    let inversion = &done.inversions[k];
    for number in &inversion.derived {
        row[number.name] = json!(number.value);
        row[format!("{}_low", number.name)] = json!(number.low);
        row[format!("{}_high", number.name)] = json!(number.high);
    }
    if let Some(cutoff) = done.cutoff {
        row["coordination_cutoff"] = json!(cutoff);
    }
    for found in done
        .measurement
        .nuisances
        .get(k)
        .iter()
        .flat_map(|n| &n.parameters)
    {
        row[format!("nuisance_{}", found.name)] = json!(found.value);
        row[format!("nuisance_{}_error", found.name)] = json!(found.error);
    }
    row["active_constraints"] = json!(inversion.active.len());
    if !done.alone.is_empty() {
        row["degrees_of_freedom_alone"] = json!(done.alone);
    }
    if let Some(found) = done.pseudo.get(k) {
        row["lambda"] = json!(found.lambda);
        row["noise_amplification"] = json!(found.noise_amplification);
    }
}

/// The columns of the table: what every spectrum has, then what some have, all of it a number or a word.
fn columns(rows: &[Value]) -> Vec<String> {
    const FIRST: [&str; 12] = [
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
    let mut columns: Vec<String> = FIRST.iter().map(|c| (*c).to_owned()).collect();
    for (key, value) in rows.iter().filter_map(Value::as_object).flatten() {
        let nested = value.is_array() || value.is_object() || value.is_null();
        if !nested && !columns.contains(key) {
            columns.push(key.clone());
        }
    }
    columns
}

fn summary_table(operator: &Operator, all: &[&Done]) -> Result<String> {
    let rows = summaries(operator, all.iter().copied());
    let columns = columns(&rows);
    let failed =
        |e: &dyn std::fmt::Display| Error::new("cannot write the summary").because(e.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&columns).map_err(|e| failed(&e))?;
    for row in &rows {
        let cell = |c: &str| match &row[c] {
            Value::String(s) => s.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
            other => other.to_string(),
        };
        out.write_record(columns.iter().map(|c| cell(c)))
            .map_err(|e| failed(&e))?;
    }
    let bytes = out.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
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
