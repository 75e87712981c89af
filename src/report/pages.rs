//! The pages of an inversion and of a check: results in, report model out.

mod figures;
mod fitted;
pub mod series;
mod validation;

pub use validation::{ValidationView, validation_numbers, validation_report};

use super::{Block, Report, Section, Tone, Verdict as Box};
use crate::consistency::predictive::Comparison;
use crate::consistency::verdict::Range;
use crate::consistency::{Answer, Domain, DomainMap, Power, Verdict};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::pseudo_inverse::PseudoInversion;
use crate::inverse::{Choice, Inversion, Measurement, Resolution};
use crate::operator::forward::ChosenBy;
use crate::operator::{Operator, rows, scores};
use std::path::Path;

/// An inversion and what it was made with.
#[derive(Debug)]
pub struct InversionView<'a> {
    /// The operator.
    pub operator: &'a Operator,
    /// Name of the sample.
    pub name: &'a str,
    /// The measured spectrum in the operator's normalisation.
    pub measurement: &'a Measurement,
    /// Which row of it.
    pub row: usize,
    /// The result.
    pub inversion: &'a Inversion,
    /// Where the spectrum stands among the training glasses.
    pub domain: Domain,
    /// The same for the eye.
    pub map: DomainMap,
    /// What the data decided.
    pub resolution: &'a Resolution,
    /// How λ was chosen.
    pub choice: Choice,
    /// What the pseudo-inverse says of itself, if one was asked for.
    pub pseudo: Option<&'a PseudoInversion>,
    /// What was assumed.
    pub findings: Vec<Finding>,
    /// Files and hashes.
    pub sources: Vec<(String, String)>,
}

/// A judged pair and what it was judged with.
#[derive(Debug)]
pub struct CheckView<'a> {
    /// The spectrum's side.
    pub inversion: InversionView<'a>,
    /// The measured PDF as descriptor.
    pub pdf: &'a Measurement,
    /// Where the PDF sits among the training glasses.
    pub pdf_map: DomainMap,
    /// The comparison.
    pub comparison: &'a Comparison,
    /// The answer.
    pub verdict: &'a Verdict,
    /// What could have been told.
    pub power: &'a Power,
    /// Where measured and inferred PDF differ.
    pub r: &'a [Range],
}

/// Writes a report; the ending of `path` says as what.
pub fn write(report: &Report, path: &Path) -> Result<()> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("pdf") => super::write_pdf(report, path),
        Some("html" | "htm") => super::write_html(report, path),
        Some("json") => super::write_json(report, path),
        _ => Err(Error::new("unknown kind of report")
            .at(path)
            .cure("name a file that ends in .pdf, .html or .json")),
    }
}

/// The report of one inverted spectrum.
pub fn inversion_report(view: &InversionView<'_>) -> Result<Report> {
    let inside = view.domain.inside;
    let sentence = if inside {
        "The spectrum looks like those of the training glasses; the inferred PDF and its band can be used."
    } else {
        "The spectrum does not look like those of the training glasses: the operator cannot judge this sample, and the inferred PDF must not be trusted."
    };
    let mut sections = vec![
        section(
            "Measurement and result",
            vec![Block::Figure(figures::overlays(view, None)?)],
        ),
        origin(view)?,
    ];
    sections.extend(added(view)?);
    sections.push(section(
        "Among the training glasses",
        vec![Block::Figure(figures::domain(
            "domain-spectrum",
            "spectrum",
            &view.map,
        )?)],
    ));
    Ok(Report {
        title: "Pair distribution function from a vibrational spectrum".into(),
        sample: view.name.into(),
        verdict: Some(Box {
            label: if inside {
                "inside the domain".into()
            } else {
                "outside the domain".into()
            },
            sentence: sentence.into(),
            tone: if inside { Tone::Neutral } else { Tone::Cannot },
        }),
        numbers: inversion_numbers(view),
        sections,
        findings: view.findings.clone(),
        settings: settings(view.operator),
        provenance: provenance(&view.sources),
        methods: methods(view.operator, false),
        ..Report::default()
    })
}

/// The report of a judged pair.
pub fn check_report(view: &CheckView<'_>) -> Result<Report> {
    let inversion = &view.inversion;
    let mut numbers = vec![
        ("p-value".into(), format!("{:.3}", view.comparison.p_value)),
        (
            "χ² statistic (calibrated, not a χ² law)".into(),
            format!("{:.1}", view.comparison.chi2),
        ),
        (
            "Power against a clearly wrong partner".into(),
            percent(view.power.mismatch),
        ),
        (
            "Smallest differences it would reveal in four of five pairs: energy scale, r scale, disorder".into(),
            view.power.smallest().join(", "),
        ),
        (
            "PDF: training glasses at least as far out (T², Q)".into(),
            shares(view.comparison.pdf),
        ),
    ];
    numbers.extend(inversion_numbers(inversion));
    let mut sections = vec![
        section(
            "The two measurements",
            vec![Block::Figure(figures::overlays(inversion, Some(view))?)],
        ),
        section(
            "Where they differ",
            vec![
                Block::Text(differences(view)),
                Block::Figure(figures::residuals(view)?),
            ],
        ),
        origin(inversion)?,
    ];
    sections.extend(added(inversion)?);
    sections.push(section(
        "Among the training glasses",
        vec![
            Block::Figure(figures::domain(
                "domain-spectrum",
                "spectrum",
                &inversion.map,
            )?),
            Block::Figure(figures::domain("domain-pdf", "PDF", &view.pdf_map)?),
        ],
    ));
    Ok(Report {
        title: "Spectrum against pair distribution function".into(),
        sample: inversion.name.into(),
        verdict: Some(Box {
            label: view.verdict.answer.name().replace('-', " "),
            sentence: view.verdict.sentence.clone(),
            tone: match view.verdict.answer {
                Answer::Consistent => Tone::Agree,
                Answer::Inconsistent => Tone::Disagree,
                Answer::OutsideDomain => Tone::Cannot,
                Answer::Undecided => Tone::Neutral,
            },
        }),
        numbers,
        sections,
        findings: inversion.findings.clone(),
        settings: settings(inversion.operator),
        provenance: provenance(&inversion.sources),
        methods: methods(inversion.operator, true),
        ..Report::default()
    })
}

fn section(heading: &str, blocks: Vec<Block>) -> Section {
    Section {
        heading: heading.into(),
        blocks,
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn shares(domain: Domain) -> String {
    format!("{}, {}", percent(domain.t2_share), percent(domain.q_share))
}

fn inversion_numbers(view: &InversionView<'_>) -> Vec<(String, String)> {
    let meta = &view.operator.meta;
    let channel = &view.measurement.channel;
    let mut numbers = vec![
        (
            "Spectrum: training glasses at least as far out (T², Q)".into(),
            shares(view.domain),
        ),
        (
            "Directions decided by the data".into(),
            format!(
                "{:.1} of {}, {:.0} bits",
                view.resolution.degrees_of_freedom,
                meta.r.len(),
                view.resolution.bits
            ),
        ),
    ];
    numbers.extend(view.inversion.derived.iter().map(fitted::derived));
    let rms = (rows::sum_of_squares(view.measurement.data.subrows(view.row, 1))
        / channel.x.len() as f64)
        .sqrt();
    let how = if channel.sigma_known {
        "given"
    } else {
        "estimated"
    };
    let mean_sigma = channel.sigma.iter().sum::<f64>() / channel.sigma.len() as f64;
    numbers.push((
        "Noise of the spectrum".into(),
        format!("{} of its rms, {how}", percent(mean_sigma / rms)),
    ));
    numbers
}

/// What was fitted along with the spectrum, and the pseudo-inverse, where there is something to tell.
fn added(view: &InversionView<'_>) -> Result<Vec<Section>> {
    let fit = view.measurement.nuisances.get(view.row);
    let nuisances = fit.map(fitted::nuisances).transpose()?.flatten();
    let pseudo = view.pseudo.map(fitted::pseudo_inverse).transpose()?;
    Ok(nuisances.into_iter().chain(pseudo).collect())
}

fn differences(view: &CheckView<'_>) -> String {
    let list = |ranges: &[Range], unit: &str, digits: usize| -> String {
        let each: Vec<String> = ranges
            .iter()
            .map(|r| format!("{} {unit} ({:+.1} σ)", r.ends(digits), r.deviation))
            .collect();
        if each.is_empty() {
            "nowhere".into()
        } else {
            each.join("; ")
        }
    };
    format!(
        "Spectrum, measured minus predicted, beyond three standard deviations: {}.\n\nPDF, measured minus inferred, beyond one and a half times the 95 % band: {}.",
        list(&view.verdict.energy, &axis_unit(view.inversion.operator), 1),
        list(view.r, "Å", 2)
    )
}

/// What came from the data and what from the prior.
fn origin(view: &InversionView<'_>) -> Result<Section> {
    let res = view.resolution;
    let text = format!(
        "The spectrum decides {:.1} directions of {} ({:.0} bits). Everything else in the result is what the training glasses have in common.",
        res.degrees_of_freedom,
        view.operator.meta.r.len(),
        res.bits
    );
    Ok(section(
        "What the data said and what the prior said",
        vec![
            Block::Text(text),
            Block::Figure(super::origin::figure(
                "origin",
                "",
                view.operator.meta.r,
                view.resolution,
            )?),
            Block::Figure(figures::choice(&view.choice)?),
        ],
    ))
}

/// The unit of the spectrum's axis: meV, or K of a conductivity.
fn axis_unit(operator: &Operator) -> String {
    operator.meta.quantity.axis().to_string()
}

fn settings(operator: &Operator) -> Vec<(String, String)> {
    let m = &operator.meta;
    let mut out = vec![
        ("spectrum".into(), m.quantity.to_string()),
        ("structure".into(), figures::g_name(operator).to_owned()),
        (
            "training glasses".into(),
            format!(
                "{}, {} with a near-duplicate",
                operator.samples(),
                m.scores.duplicates
            ),
        ),
        (
            format!("grid of the {}", m.quantity),
            format!(
                "{:.2} to {:.2} {}, {} bins",
                m.energy.start(),
                m.energy.end(),
                axis_unit(operator),
                m.energy.len()
            ),
        ),
        (
            "r grid".into(),
            format!(
                "{:.2} to {:.2} Å, {} bins",
                m.r.start(),
                m.r.end(),
                m.r.len()
            ),
        ),
        ("forward map W".into(), forward_map(operator)),
        (
            "penalty of the spectrum given the PDF".into(),
            format!("{:.3e} ({})", m.lambda_forward, joint_choice(operator)),
        ),
        (
            "penalty of the PDF given the spectrum".into(),
            format!("{:.3e} ({})", m.lambda_backward, ChosenBy::LeaveOneOut),
        ),
        (
            "forward R², not seen".into(),
            format!("{:.3}", m.scores.held_out_r2),
        ),
        (
            format!(
                "inverse skill at {:.0} % noise, not seen",
                100.0 * scores::NOISE_LEVEL
            ),
            format!("{:.3}", m.scores.backward_skill),
        ),
        ("judged by".into(), m.scores.protocol.clone()),
    ];
    out.extend(m.notes.iter().cloned());
    out
}

fn provenance(sources: &[(String, String)]) -> Vec<(String, String)> {
    let mut out = vec![(
        "program".into(),
        format!("glassbridge {}", env!("CARGO_PKG_VERSION")),
    )];
    out.extend(sources.iter().map(|(path, hash)| {
        (
            path.clone(),
            format!("blake3 {}", hash.get(..16).unwrap_or(hash)),
        )
    }));
    out
}

fn methods(operator: &Operator, pair: bool) -> String {
    let m = &operator.meta;
    let mut text = format!(
        "The pair distribution function was inferred by conditioning the joint Gaussian distribution of structure and spectrum, learned from {} simulated glasses, on the measured spectrum; its model-error term (ridge penalty) was chosen by exact leave-one-out, and the measured data were not resampled: the training spectra were carried to the measured points. The 95 % band is conformal: its width at each r is the 95 % quantile of the errors on noisy copies of training glasses that were left out (ten random folds).",
        operator.samples()
    );
    if pair {
        text.push_str(" The spectrum implied by the measured PDF was compared with the measured one in a statistic that weights the noise and the map's error learned from left-out glasses; the p-value is its rank among left-out true pairs. Each curve was first ranked among left-out training curves by its distance within (T²) and outside (Q) the directions in which these differ; a curve farther out than 99.5 % of them is outside the domain.");
    }
    if m.composition.is_some() {
        text.push_str(" Scattering lengths are those of Sears, Neutron News 3(3), 26 (1992).");
    }
    text.push_str(" The linear map is that of Wang, Cheng and Chen, arXiv:2602.05313 (2026).");
    text
}

/// What fitted `W`, and from what; the judgement of a pair never uses another map than the joint distribution's.
fn forward_map(operator: &Operator) -> String {
    let m = &operator.meta;
    let joint = if operator.forward_is_joint() {
        ""
    } else {
        "; the check and the inversion use the joint distribution of g(r) and the spectrum, not this map"
    };
    format!("{} of {}{joint}", m.forward, m.reads())
}

fn joint_choice(operator: &Operator) -> ChosenBy {
    if operator.forward_is_joint() {
        operator.meta.forward.chosen_by
    } else {
        ChosenBy::LeaveOneOut
    }
}
