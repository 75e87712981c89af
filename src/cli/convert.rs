//! `glassbridge convert`.

use super::Outcome;
use super::load;
use super::raman::{self, RamanArgs};
use super::read_options::{ReadArgs, SampleArgs};
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::conventions::{
    convert_real, convert_reciprocal, pdf_from_structure_factor, structure_factor_from_pdf,
};
use crate::instrument::coupling::uncouple;
use crate::instrument::locus::Locus;
use crate::instrument::one_phonon;
use crate::instrument::raman::{Reduction, reduce, rereduce, unreduce};
use crate::io::curve_writer::Columns;
use crate::io::files;
use crate::units::Unit;
use clap::ValueEnum;
use serde_json::json;
use std::f64::consts::PI;
use std::path::PathBuf;

/// Where a transform to real space ends if nobody says, Å.
const R_MAX: f64 = 20.0;
/// Its step, Å, at most; a transform up to 25/Å holds nothing finer than 0.13.
const R_STEP: f64 = 0.02;
/// Where a transform to reciprocal space ends at most if nobody says, 1/Å, and its step.
const Q_MAX: f64 = 25.0;
const Q_STEP: f64 = 0.02;

/// A measured curve as another quantity: g(r), G(r), S(Q) and their kin, Raman reductions, units.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge convert sample.sq --to reduced-pdf --q-max 22 --window lorch --out sample.gr\n  \
    glassbridge convert T_r --to pair-distribution --density 0.0662 --composition SiO2 --out g.csv\n  \
    glassbridge convert raman.txt --quantity raman --x-unit cm-1 --to raman-reduced --temperature 295 --laser 532 --out reduced.csv\n  \
    glassbridge convert vdos.dat --to vdos --unit thz --out vdos-thz.csv")]
pub(super) struct Args {
    /// The curve.
    file: PathBuf,
    /// What it shall be.
    #[arg(long, value_name = "QUANTITY")]
    to: Quantity,
    /// Unit of x in the result; that used inside (meV, Å, 1/Å) if not given.
    #[arg(long, value_name = "U")]
    unit: Option<Unit>,
    /// The file to write: columns x, y and, if they are known, errors.
    #[arg(long)]
    out: PathBuf,
    /// End of r after a transform from Q, Å (20 is assumed).
    #[arg(long)]
    r_max: Option<f64>,
    /// What was scattered.
    #[arg(long, value_enum, default_value = "neutron")]
    radiation: Radiation,
    /// How the Raman spectrum is to be reduced: long, galeener, hehlen, susceptibility.
    #[arg(long, value_name = "NAME", default_value = "galeener")]
    reduction: Reduction,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    sample: SampleArgs,
    #[command(flatten)]
    raman: RamanArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Radiation {
    /// Functions with <b>² have the scattering lengths of Sears 1992.
    Neutron,
    /// Data are taken as normalised by <f(Q)>².
    Xray,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let reading = args.read.read(&args.file)?;
    let mut findings = reading.findings.clone();
    let from = reading.curve.quantity();
    let converted = convert(args, &reading.curve, &mut findings).map_err(|e| e.at(&args.file))?;
    let unit = args.unit.unwrap_or(args.to.axis());
    let text = columns(&converted, unit, args, from, &findings)?.to_text();
    files::replace_text(&args.out, &text)?;
    if args.json {
        let told = json!({
            "from": from,
            "to": args.to,
            "unit": unit.to_string(),
            "points": converted.len(),
            "errors": converted.sigma().is_some(),
            "out": args.out,
            "findings": findings,
        });
        say!("{told}");
    } else {
        load::tell(&findings);
        say!(
            "{from} to {}: {} points in {}",
            args.to,
            converted.len(),
            args.out.display()
        );
    }
    Ok(Outcome::Done)
}

/// Which space a quantity of total scattering is a function of.
fn space(quantity: Quantity) -> Option<Unit> {
    Some(quantity.axis()).filter(|u| matches!(u, Unit::Angstrom | Unit::InverseAngstrom))
}

fn convert(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) -> Result<Curve> {
    use Quantity::{Ins, NeutronGdos, Raman, RamanReduced, Vdos};
    let (from, to) = (curve.quantity(), args.to);
    match (from, to) {
        _ if from == to && from != RamanReduced => Ok(curve.clone()),
        _ if space(from).is_some() && space(to).is_some() => total_scattering(args, curve, findings),
        (Raman, RamanReduced) => reduce(curve, args.reduction, &args.raman.excitation(findings)),
        (RamanReduced, RamanReduced) => match args.raman.reduced_by {
            Some(by) if by != args.reduction => {
                rereduce(curve, by, args.reduction, &args.raman.excitation(findings))
            }
            _ => Ok(curve.clone()),
        },
        (RamanReduced, Raman) => {
            let by = args.raman.reduced_by.unwrap_or(args.reduction);
            unreduce(curve, by, &args.raman.excitation(findings))
        }
        (Raman | RamanReduced, Vdos) => density_of_states(args, curve, findings),
        (Ins, NeutronGdos) => one_phonon_density(args, curve, findings),
        _ => Err(Error::new(format!("{from} cannot become {to}"))
            .because("no formula leads from one to the other without knowing the sample's structure")
            .cure("convert among g(r), G(r), R(r), T(r), S(Q) and F(Q), between Raman reductions, Raman to vdos with --coupling, ins to neutron-gdos, or only the unit (--unit)")),
    }
}

fn total_scattering(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) -> Result<Curve> {
    let (from, to) = (curve.quantity(), args.to);
    if args.sample.pdf_width.or(args.sample.q_damp).is_some() {
        return Err(Error::new("convert neither widens nor damps a curve")
            .because(
                "--pdf-width and --q-damp say what an operator's curves lack beside a measured one",
            )
            .cure("leave them out here, and give them to check or predict"));
    }
    neutrons_only(args.radiation, from)?;
    neutrons_only(args.radiation, to)?;
    let (density, composition) = (args.sample.density, args.sample.composition.as_ref());
    match (space(from), space(to)) {
        (Some(Unit::Angstrom), Some(Unit::Angstrom)) => {
            convert_real(curve, to, density, composition)
        }
        (Some(Unit::Angstrom), _) => {
            let q = q_axis(args, curve, findings);
            let reduced = structure_factor_from_pdf(curve, &q, density, composition)?;
            convert_reciprocal(&reduced, to, composition)
        }
        (_, Some(Unit::Angstrom)) => {
            let r = r_axis(args, findings)?;
            let diffraction = args.sample.diffraction();
            q_range(args, curve, findings);
            let g = pdf_from_structure_factor(
                curve,
                &r,
                diffraction.window,
                diffraction.q_max,
                composition,
            )?;
            convert_real(&g, to, density, composition)
        }
        _ => convert_reciprocal(curve, to, composition),
    }
}

/// Functions that hold <b>² are those of neutrons.
fn neutrons_only(radiation: Radiation, quantity: Quantity) -> Result<()> {
    let lengths = matches!(
        quantity,
        Quantity::KeenTotal | Quantity::TotalCorrelation | Quantity::KeenF
    );
    if radiation == Radiation::Neutron || !lengths {
        return Ok(());
    }
    Err(Error::new(format!(
        "{quantity} is defined with neutron scattering lengths"
    ))
    .because("X-ray data are normalised by the square of the mean form factor, which depends on Q")
    .cure("use S(Q), Q(S-1), g(r), G(r) or R(r), which need neither"))
}

fn r_axis(args: &Args, findings: &mut Vec<Finding>) -> Result<Vec<f64>> {
    let r_max = args.r_max.unwrap_or(R_MAX);
    if !(r_max.is_finite() && (R_STEP..=1e4).contains(&r_max)) {
        return Err(Error::new(format!(
            "--r-max {r_max} is not a distance in Å"
        )));
    }
    if args.r_max.is_none() {
        findings.push(Finding::new(
            "r-range-assumed",
            format!("The transform ends at r = {R_MAX} Å, in steps of {R_STEP} Å."),
            "Give --r-max.",
        ));
    }
    let steps = (r_max / R_STEP).round() as usize;
    Ok((1..=steps).map(|i| i as f64 * R_STEP).collect())
}

fn q_range(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) {
    let (first, last) = (curve.x()[0], curve.x()[curve.len() - 1]);
    if args.sample.q_max.is_none() {
        findings.push(Finding::new(
            "q-range-assumed",
            format!("The transform goes over all measured Q, {first:.3} to {last:.3} 1/Å; nothing is added below the first."),
            "Give --q-max, and --window lorch to damp ripples.",
        ));
    }
}

fn q_axis(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) -> Vec<f64> {
    let step = (curve.x()[curve.len() - 1] - curve.x()[0]) / (curve.len() - 1) as f64;
    let q_max = args.sample.q_max.unwrap_or_else(|| {
        let assumed = Q_MAX.min(PI / step);
        findings.push(Finding::new(
            "q-range-assumed",
            format!("The transform ends at Q = {assumed:.3} 1/Å; the measured r, up to {:.2} Å, resolve {:.3} 1/Å.", curve.x()[curve.len() - 1], PI / curve.x()[curve.len() - 1]),
            "Give --q-max.",
        ));
        assumed
    });
    let steps = (q_max.clamp(Q_STEP, 1e3) / Q_STEP).round() as usize;
    (1..=steps).map(|i| i as f64 * Q_STEP).collect()
}

fn density_of_states(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) -> Result<Curve> {
    let Some(path) = &args.raman.coupling else {
        return Err(Error::new("a Raman spectrum is no density of states")
            .because("it is the density of states times a coupling C(E) that differs from glass to glass")
            .cure("give --coupling C.csv, such as the raman-coupling.csv that `simulate --observables raman-reduced` writes, if you accept it for this sample"));
    };
    let reduced = args.raman.reduced(curve, findings)?;
    let (density, told) = uncouple(&reduced, &raman::coupling(path)?)?;
    findings.extend(told);
    Ok(density)
}

/// `G(E) ∝ E S(E)/[n + 1]` with area 1: one phonon, at a Q and with Debye-Waller factors that do not change along the curve.
fn one_phonon_density(args: &Args, curve: &Curve, findings: &mut Vec<Finding>) -> Result<Curve> {
    let temperature = args.raman.temperature.ok_or_else(|| {
        Error::new("the temperature of the sample is needed")
            .because("the Bose factor turns an intensity into a density of states")
            .cure("give --temperature in K")
    })?;
    findings.push(Finding::new(
        "constant-q-assumed",
        "The intensity is taken as one-phonon scattering at one Q with the same Debye-Waller factor at all energies: G(E) = E S(E)/(n + 1), area 1.",
        "Take multiphonon scattering and background off first; divide by the Q² exp(-2W) of the instrument if it changes.",
    ));
    // At one Q its factor cancels in the normalisation.
    one_phonon::density_of_states(curve, &Locus::FixedQ(1.0), temperature, 0.0)
}

fn columns(
    curve: &Curve,
    unit: Unit,
    args: &Args,
    from: Quantity,
    findings: &[Finding],
) -> Result<Columns> {
    let factor = curve
        .quantity()
        .axis()
        .factor_to(unit)
        .map_err(|e| e.cure("choose another --unit"))?;
    let jacobian = if curve.quantity().is_density() {
        1.0 / factor
    } else {
        1.0
    };
    let times = |v: &[f64], f: f64| v.iter().map(|x| x * f).collect::<Vec<_>>();
    let mut notes = vec![
        ("quantity".to_owned(), args.to.name().to_owned()),
        ("unit".to_owned(), unit.to_string()),
        (
            "made by".to_owned(),
            format!("glassbridge convert, from {from}"),
        ),
    ];
    if args.to == Quantity::RamanReduced {
        notes.push(("reduction".to_owned(), args.reduction.name().to_owned()));
    }
    notes.extend(
        findings
            .iter()
            .map(|f| ("note".to_owned(), f.message.clone())),
    );
    let mut columns = vec![
        ("x".to_owned(), times(curve.x(), factor)),
        ("y".to_owned(), times(curve.y(), jacobian)),
    ];
    columns.extend(
        curve
            .sigma()
            .map(|s| ("sigma".to_owned(), times(s, jacobian))),
    );
    Ok(Columns { notes, columns })
}
