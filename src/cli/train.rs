//! `glassbridge train`.

use super::{Outcome, load, training_data};
use crate::curve::Quantity;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::operator::features::Block;
use crate::operator::forward::Request;
use crate::operator::{
    Descriptor, Estimator, Operator, Scores, Settings, TrainingSet, Weighting, scope,
};
use crate::units::Unit;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Learn the map between structure and spectrum from simulated glasses.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge train sio2-set --quantity neutron-gdos --out sio2.npz\n  \
    glassbridge train sio2-set --quantity raman --weighting neutron --out sio2-raman.npz\n  \
    glassbridge train asi-set --quantity kappa --at 300 --out kappa-300.npz\n  \
    glassbridge train --structure rdf.csv --spectra vdos.csv --samples samples.csv --quantity vdos --out op.npz")]
pub(super) struct Args {
    /// A dataset folder made by `glassbridge simulate`.
    #[arg(required_unless_present_any = ["structure", "scope"], conflicts_with = "structure")]
    dataset: Option<PathBuf>,
    /// Wide table of pair distribution functions.
    #[arg(long, requires = "spectra")]
    structure: Option<PathBuf>,
    /// Wide table of spectra.
    #[arg(long, requires = "structure")]
    spectra: Option<PathBuf>,
    /// Table of samples; its `number_density` column serves the descriptor rho-rdf.
    #[arg(long, requires = "structure")]
    samples: Option<PathBuf>,
    /// What the spectra are.
    #[arg(long, required_unless_present = "scope")]
    quantity: Option<Quantity>,
    /// Of a thermal conductivity only its value at this temperature in K.
    #[arg(long, value_name = "T")]
    at: Option<f64>,
    /// The operator file to write.
    #[arg(long, required_unless_present = "scope")]
    out: Option<PathBuf>,
    /// Print which observables are expected to be linear in g(r), and why, and do nothing.
    #[arg(long)]
    scope: bool,
    /// How the map is fitted.
    #[arg(long, default_value = "ridge", value_parser = estimator)]
    estimator: Estimator,
    /// Ridge penalty (ridge, reduced-rank); chosen by exact leave-one-out if not given.
    #[arg(long)]
    lambda: Option<f64>,
    /// L1 penalty of the elastic net, loss averaged over samples and channels; chosen by cross-validation if not given.
    #[arg(long, requires = "beta", conflicts_with = "lambda")]
    alpha: Option<f64>,
    /// L2 penalty of the elastic net.
    #[arg(long, requires = "alpha")]
    beta: Option<f64>,
    /// Components (pls) or rank (reduced-rank); chosen by cross-validation if not given.
    #[arg(long, visible_alias = "rank")]
    components: Option<usize>,
    /// Keep this share of the samples out of the fit and score on it (else: cross-validation).
    #[arg(long)]
    holdout: Option<f64>,
    /// Broaden the training spectra by a further Gaussian of this standard deviation (meV), e.g. to the resolution of an instrument.
    #[arg(long, value_name = "SIGMA")]
    broaden: Option<f64>,
    /// Seed of the folds.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What the forward map reads, joined by +: rdf or rho-rdf (the default where densities are known), squares, partials,
    /// adf, coordination, rings, homology.
    #[arg(long, value_parser = descriptor)]
    descriptor: Option<Read>,
    /// How the g(r) of a dataset counts pairs of atoms: number, neutron (scattering lengths) or xray (electrons). Unless given,
    /// neutron for neutron-gdos and ins, number for the rest. A joint inversion needs one for all its operators, a check that of the PDF.
    #[arg(long, value_parser = weighting, conflicts_with = "structure")]
    weighting: Option<Weighting>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn weighting(text: &str) -> std::result::Result<Weighting, String> {
    match text {
        "number" => Ok(Weighting::Number),
        "neutron" => Ok(Weighting::Neutron),
        "xray" => Ok(Weighting::XRay),
        _ => Err("use number, neutron or xray".into()),
    }
}

/// What `--descriptor` says.
#[derive(Debug, Clone, Default)]
struct Read {
    descriptor: Option<Descriptor>,
    blocks: Vec<Block>,
}

fn descriptor(text: &str) -> std::result::Result<Read, String> {
    let mut read = Read::default();
    for word in text.split('+') {
        let block = match word {
            "rdf" | "rho-rdf" => {
                read.descriptor = Some(if word == "rdf" {
                    Descriptor::Rdf
                } else {
                    Descriptor::RhoRdf
                });
                Block::Pairs
            }
            _ => Block::ALL
                .into_iter()
                .find(|b| b.to_string() == word)
                .ok_or(
                    "use rdf, rho-rdf, squares, partials, adf, coordination, rings or homology, joined by +",
                )?,
        };
        read.blocks.push(block);
    }
    Ok(read)
}

fn estimator(text: &str) -> std::result::Result<Estimator, String> {
    match text {
        "ridge" => Ok(Estimator::Ridge),
        "elastic-net" => Ok(Estimator::ElasticNet),
        "pls" => Ok(Estimator::Pls),
        "reduced-rank" => Ok(Estimator::ReducedRank),
        "kernel-ridge" => Ok(Estimator::KernelRidge),
        "cnn" if cfg!(feature = "cnn") => Ok(Estimator::Cnn),
        "cnn" => Err("this program was built without the network (cargo build --features cnn); kernel-ridge is another map that is not linear".into()),
        _ => Err("use ridge, elastic-net, pls, reduced-rank or kernel-ridge".into()),
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    if args.scope {
        tell_scope(args.json);
        return Ok(Outcome::Done);
    }
    let (Some(quantity), Some(out)) = (args.quantity, &args.out) else {
        return Err(Error::new("--quantity and --out are needed"));
    };
    if !quantity.is_target() {
        return Err(Error::new(format!("{quantity} is not a spectrum"))
            .cure("use --quantity vdos, neutron-gdos, ins, ixs, raman, raman-reduced or kappa"));
    }
    let Read { descriptor, blocks } = args.descriptor.clone().unwrap_or_default();
    let (mut set, mut whole) = training_set(args, quantity, &blocks)?;
    if let Some(kelvin) = args.at {
        set = training_data::at(set, kelvin)?;
        // One number a sample gains nothing from more than those that are kept.
        whole = None;
    }
    if let Some(sigma) = args.broaden {
        set = set.broadened(sigma)?;
        whole = whole.map(|w| w.broadened(sigma));
    }
    let findings = sharpness(args, &set)?;
    let settings = Settings {
        forward: Request {
            estimator: args.estimator,
            lambda: args.lambda,
            penalties: args.alpha.zip(args.beta),
            components: args.components,
        },
        holdout: args.holdout,
        descriptor,
        blocks,
        seed: args.seed,
    };
    let mut operator = Operator::train(&set, &settings)?;
    if let Some(whole) = whole {
        operator = operator.clone().refitted(|| whole.blocks(&operator))?;
    }
    operator.save(out)?;
    if args.json {
        say!("{}", summary(&operator, &findings));
    } else {
        load::tell(&findings);
        put!("{}", words(&operator));
        say!("written to {}", out.display());
    }
    Ok(Outcome::Done)
}

fn training_set(
    args: &Args,
    quantity: Quantity,
    blocks: &[Block],
) -> Result<(TrainingSet, Option<training_data::Whole>)> {
    match (&args.dataset, &args.structure, &args.spectra) {
        (Some(folder), ..) => training_data::from_dataset(folder, quantity, args.weighting, blocks),
        (None, Some(structure), Some(spectra)) => {
            let samples = args.samples.as_deref();
            let set = training_data::from_tables(structure, spectra, samples, quantity)?;
            Ok((set, None))
        }
        _ => Err(Error::new("nothing to train on")
            .cure("give a dataset folder, or --structure and --spectra")),
    }
}

/// Whether the spectra of a dataset are too sharp for its cells. Tables say nothing of their cells.
fn sharpness(args: &Args, set: &TrainingSet) -> Result<Vec<Finding>> {
    let Some(folder) = args
        .dataset
        .as_ref()
        .filter(|_| set.quantity.axis() == Unit::Mev)
    else {
        return Ok(Vec::new());
    };
    let data = Dataset::open(folder)?;
    let atoms = data.column("atoms")?;
    let mean = atoms.iter().sum::<f64>() / atoms.len() as f64;
    let own = data.manifest.recipe.record.broadening;
    let broadening = own.hypot(args.broaden.unwrap_or(0.0));
    Ok(set.too_sharp(mean, broadening).into_iter().collect())
}

fn tell_scope(json: bool) {
    if json {
        say!("{}", json!(scope::TABLE));
        return;
    }
    for row in scope::TABLE {
        let verdict = if row.linear { "linear" } else { "refused" };
        say!(
            "{:<30} {verdict:<8} {:<28} {}",
            row.observable,
            row.quantities.join(", "),
            row.because
        );
    }
    say!("after arXiv:2602.05313, table I");
}

/// Mean squared errors in the unit of the training file: (1/THz)² where the spectra came per THz.
fn unit_factor(operator: &Operator) -> f64 {
    match operator.meta.spectrum_unit {
        Unit::Thz => Scores::PER_THZ,
        _ => 1.0,
    }
}

fn normalisation(operator: &Operator) -> String {
    let unit = match operator.meta.spectrum_unit {
        Unit::Kelvin => return "none, absolute; mse in (W/m/K)^2".into(),
        Unit::Thz => Unit::Thz,
        _ => Unit::Mev,
    };
    format!("area of the spectrum 1 over {unit}; mse in (1/{unit})^2")
}

fn summary(operator: &Operator, findings: &[Finding]) -> serde_json::Value {
    let (scores, unit) = (&operator.meta.scores, unit_factor(operator));
    let dependence: Vec<_> = (scores.dependence.iter())
        .map(|v| json!({ "what": v.what, "r2": v.held_out_r2, "mse": v.held_out_mse * unit }))
        .collect();
    json!({
        "samples": operator.samples(),
        "estimator": operator.meta.forward.estimator,
        "forward": operator.meta.forward,
        "descriptor": operator.meta.descriptor,
        "features": operator.meta.reads(),
        "streamed": operator.meta.streamed,
        "lambda": operator.meta.lambda_forward,
        "degrees_of_freedom": operator.meta.degrees_of_freedom,
        "train": { "mse": scores.train_mse * unit },
        "held_out": { "mse": scores.held_out_mse * unit, "r2": scores.held_out_r2, "one_parameter_r2": scores.one_parameter_r2, "beyond_linear": scores.headroom, "protocol": scores.protocol },
        "backward": {
            "lambda": operator.meta.lambda_backward,
            "held_out": {
                "relative_error": scores.backward_relative_error,
                "skill": scores.backward_skill,
                "noise_level": crate::operator::scores::NOISE_LEVEL,
            },
        },
        "near_duplicates": scores.duplicates,
        "learning": scores.learning,
        "dependence": dependence,
        "normalisation": normalisation(operator),
        "findings": findings,
    })
}

fn words(operator: &Operator) -> String {
    let (m, scores, unit) = (&operator.meta, &operator.meta.scores, unit_factor(operator));
    let mut out = format!(
        "{} samples, {} of them with a near-duplicate; judged by {}\n\
         forward   {} to {} by {}: R2 {:.3} (amount of disorder alone: {:.3}), mse {:.3e} (training {:.3e}), {}\n",
        operator.samples(),
        scores.duplicates,
        scores.protocol,
        m.reads(),
        m.quantity,
        m.forward,
        scores.held_out_r2,
        scores.one_parameter_r2,
        scores.held_out_mse * unit,
        scores.train_mse * unit,
        normalisation(operator),
    );
    if let Some(all) = m.streamed {
        let _ = writeln!(
            out,
            "maps      of all {} samples, read block by block: R2 by leave-one-out {:.3} forward, {:.3} backward without noise; \
             what else is told is of the {} kept, an even part",
            all.samples,
            all.forward_r2,
            all.backward_r2,
            operator.samples(),
        );
    }
    if let Some(beyond) = scores.headroom {
        let _ = writeln!(
            out,
            "beyond    what is linear in g(r): R2 {:.3} with its squares, {:.3} by kernel ridge",
            beyond.squares_r2, beyond.kernel_r2
        );
    }
    if let Some((first, changed)) = scores.dependence.split_first() {
        let _ = writeln!(out, "choices   ridge: R2 {:.3}, and", first.held_out_r2);
        for v in changed {
            let _ = writeln!(out, "          {:.3} with {}", v.held_out_r2, v.what);
        }
    }
    let _ = writeln!(
        out,
        "backward  {} with {:.0} % noise to PDF: skill {:.3}, median relative error {:.3}",
        m.quantity,
        100.0 * crate::operator::scores::NOISE_LEVEL,
        scores.backward_skill,
        scores.backward_relative_error,
    );
    out
}
