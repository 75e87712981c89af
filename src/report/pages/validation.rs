//! The pages of a validation: whether an operator's claims hold on known glasses.

use super::{percent, provenance, section, settings};
use crate::consistency::Validation;
use crate::consistency::power::{LEVEL, Point};
use crate::error::Result;
use crate::operator::Operator;
use crate::report::{
    Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Size, Table, Tone, Verdict,
};

/// Coverage of a 95 % band within these is as promised (the bar of the design).
const COVERAGE: (f64, f64) = (0.90, 0.98);
/// More false alarms than this at 5 % are too many.
const ALARMS: f64 = 0.08;

/// Asymptotic 5 % point of √n D, the Kolmogorov-Smirnov distance.
const FIVE_PERCENT: f64 = 1.358;

/// A validation and what it was made with.
#[derive(Debug)]
pub struct ValidationView<'a> {
    /// The operator.
    pub operator: &'a Operator,
    /// Its name.
    pub name: &'a str,
    /// What was found.
    pub validation: &'a Validation,
    /// Files and hashes.
    pub sources: &'a [(String, String)],
}

/// The report of a validation.
pub fn validation_report(view: &ValidationView<'_>) -> Result<Report> {
    let v = view.validation;
    Ok(Report {
        title: "Do the operator's claims hold?".into(),
        sample: view.name.into(),
        verdict: Some(verdict(v)),
        numbers: validation_numbers(v),
        sections: vec![
            section(
                "Is the 95 % band a 95 % band?",
                vec![Block::Figure(bands(v)?), Block::Table(regions(v)?)],
            ),
            section(
                "Are p-values of true pairs uniform?",
                vec![Block::Figure(uniformity(v)?)],
            ),
            section("Are wrong pairs noticed?", power(v)?),
        ],
        findings: v.findings.clone(),
        settings: settings(view.operator),
        provenance: provenance(view.sources),
        methods: methods(v),
        ..Report::default()
    })
}

/// The numbers of a validation, in words.
pub fn validation_numbers(v: &Validation) -> Vec<(String, String)> {
    let noise = percent(v.noise);
    vec![
        ("glasses tried".into(), v.samples.to_string()),
        (
            "closure: g from spectra without noise".into(),
            format!(
                "skill {:.4}, median relative error {:.4}",
                v.closure.skill, v.closure.relative_error
            ),
        ),
        (
            format!("g from spectra with {noise} noise"),
            format!(
                "skill {:.4}, median relative error {:.4}",
                v.noisy.skill, v.noisy.relative_error
            ),
        ),
        ("truth inside the 95 % band".into(), percent(v.coverage95)),
        (
            "pulls".into(),
            format!(
                "mean {:+.2}, standard deviation {:.2}",
                v.pull_mean, v.pull_sd
            ),
        ),
        (
            "result carried forward against the data".into(),
            format!(
                "χ² per point {:.2}, {} of the spectrum",
                v.refolding.chi2_per_point,
                percent(v.refolding.relative_residual)
            ),
        ),
        (
            "spectra from PDFs".into(),
            format!("R² {:.3}", v.forward_r2),
        ),
        (
            format!("true pairs called inconsistent at {}", percent(LEVEL)),
            percent(v.true_pairs.false_alarms),
        ),
        (
            "true pairs called outside the domain, or either".into(),
            format!(
                "{}, {}",
                percent(v.true_pairs.outside),
                percent(v.true_pairs.disowned)
            ),
        ),
        (
            "p-values against uniform (Kolmogorov-Smirnov)".into(),
            format!("D {:.3}, P {:.2}", v.p_value_ks, v.p_value_ks_probability),
        ),
        (
            "clearly wrong pairs noticed".into(),
            percent(v.power.mismatch.share()),
        ),
        (
            "nearest other glass noticed".into(),
            percent(v.power.nearest.share()),
        ),
    ]
}

fn verdict(v: &Validation) -> Verdict {
    let covers = (COVERAGE.0..=COVERAGE.1).contains(&v.coverage95);
    let alarms = v.true_pairs.false_alarms <= ALARMS;
    let said = |fine: bool, what: &str, number: f64| {
        format!(
            "{what} {} ({})",
            if fine { "holds" } else { "does not hold" },
            percent(number)
        )
    };
    let sentence = format!(
        "On {}: {}; {}.",
        v.protocol,
        said(covers, "the 95 % band", v.coverage95),
        said(
            alarms,
            "the rate of false alarms at 5 %",
            v.true_pairs.false_alarms
        )
    );
    let (label, tone) = if covers && alarms {
        ("claims hold", Tone::Agree)
    } else {
        ("claims do not hold", Tone::Disagree)
    };
    Verdict {
        label: label.into(),
        sentence,
        tone,
    }
}

fn bands(v: &Validation) -> Result<Figure> {
    let r: Vec<f64> = v.regions.iter().map(|r| 0.5 * (r.from + r.to)).collect();
    let ends = [v.regions[0].from, v.regions[v.regions.len() - 1].to];
    let of = |value: fn(&crate::consistency::validation::Region) -> f64| -> Vec<f64> {
        v.regions.iter().map(value).collect()
    };
    let points = |label: &str, y: Vec<f64>, role: Role| Layer::Points {
        label: label.into(),
        x: r.clone(),
        y,
        sigma: None,
        role,
    };
    let lowest = v.regions.iter().map(|r| r.coverage95).fold(0.85, f64::min);
    Figure::new(
        "coverage",
        "(a) Share of the true g(r) inside the 95 % band, by regions of r; shaded band: 90 to 98 %. (b) Pulls, true minus inferred in \
         units of the band's half-width / 1.96: their mean should be 0 and their standard deviation 1.",
        Arrangement::Beside,
        Size::page(62.0),
        vec![
            Panel::new(
                Axis::new("r (Å)"),
                Axis::over("share inside the band", lowest - 0.02, 1.0),
                vec![
                    Layer::Band {
                        label: "90 to 98 %".into(),
                        x: ends.to_vec(),
                        low: vec![COVERAGE.0; 2],
                        high: vec![COVERAGE.1; 2],
                        role: Role::Prior,
                    },
                    Layer::line("95 %", &ends, &[0.95; 2], Role::Reference),
                    points("found", of(|r| r.coverage95), Role::Inferred),
                ],
            ),
            Panel::new(
                Axis::new("r (Å)"),
                Axis::new("pull"),
                vec![
                    Layer::line("as it should be", &ends, &[0.0; 2], Role::Reference),
                    Layer::line("", &ends, &[1.0; 2], Role::Reference),
                    points("mean", of(|r| r.pull_mean), Role::Difference),
                    points("standard deviation", of(|r| r.pull_sd), Role::Inferred),
                ],
            ),
        ],
    )
}

fn regions(v: &Validation) -> Result<Table> {
    let header = [
        "r (Å)",
        "inside",
        "mean pull",
        "sd of pulls",
        "half-width of g",
    ];
    let rows = (v.regions.iter())
        .map(|r| {
            vec![
                format!("{:.2} to {:.2}", r.from, r.to),
                percent(r.coverage95),
                format!("{:+.2}", r.pull_mean),
                format!("{:.2}", r.pull_sd),
                format!("{:.4}", r.half_width),
            ]
        })
        .collect();
    Table::new(
        "The band by regions of r.",
        header.map(String::from).to_vec(),
        rows,
    )
}

fn uniformity(v: &Validation) -> Result<Figure> {
    let p = &v.true_pairs.p_values;
    let n = p.len() as f64;
    let (mut x, mut y) = (vec![0.0], vec![0.0]);
    for (i, p) in p.iter().enumerate() {
        x.extend([*p, *p]);
        y.extend([i as f64 / n, (i + 1) as f64 / n]);
    }
    x.push(1.0);
    y.push(1.0);
    let wide = FIVE_PERCENT / n.sqrt();
    let at: Vec<f64> = (0..=50).map(|k| f64::from(k) / 50.0).collect();
    Figure::new(
        "p-values",
        "Share of true pairs with a p-value up to the abscissa. Uniform p-values follow the diagonal; 95 % of uniform samples stay \
         within the grey band all along.",
        Arrangement::Beside,
        Size::page(75.0),
        vec![Panel::new(
            Axis::over("p-value", 0.0, 1.0),
            Axis::over("share of true pairs", 0.0, 1.0),
            vec![
                Layer::Band {
                    label: "95 % of uniform samples".into(),
                    low: at.iter().map(|t| (t - wide).max(0.0)).collect(),
                    high: at.iter().map(|t| (t + wide).min(1.0)).collect(),
                    x: at,
                    role: Role::Prior,
                },
                Layer::line("uniform", &[0.0, 1.0], &[0.0, 1.0], Role::Reference),
                Layer::line("found", &x, &y, Role::Inferred),
            ],
        )],
    )
}

fn power(v: &Validation) -> Result<Vec<Block>> {
    let kinds: [(&str, &str, &[Point]); 3] = [
        (
            "E axis stretched (%)",
            "energy axis stretched",
            &v.power.energy_scale,
        ),
        ("r axis stretched (%)", "r axis stretched", &v.power.r_scale),
        (
            "disorder differs (%)",
            "partner of other disorder",
            &v.power.disorder,
        ),
    ];
    let panel = |(label, _, points): &(&str, &str, &[Point])| {
        let tried: Vec<&Point> = points.iter().filter(|p| p.tried > 0).collect();
        let x: Vec<f64> = tried.iter().map(|p| 100.0 * p.size).collect();
        let y: Vec<f64> = tried.iter().map(|p| p.share()).collect();
        let end = x.iter().copied().fold(1e-3, f64::max);
        Panel::new(
            Axis::over(*label, 0.0, 1.05 * end),
            Axis::over("share noticed", 0.0, 1.05),
            vec![
                Layer::line("", &[0.0, end], &[0.8; 2], Role::Reference),
                Layer::line("", &x, &y, Role::Predicted),
                Layer::Points {
                    label: String::new(),
                    x,
                    y,
                    sigma: None,
                    role: Role::Predicted,
                },
            ],
        )
    };
    let figure = Figure::new(
        "power",
        "Share of wrong pairs that were noticed (called inconsistent, or outside the domain) against how wrong they are. Green line: \
         four in five. (c) is in units of the range of the training glasses.",
        Arrangement::Beside,
        Size::page(62.0),
        kinds.iter().map(panel).collect(),
    )?;
    let mut rows = vec![
        row(
            "spectrum of another glass, more than 10 % off",
            &v.power.mismatch,
        ),
        row("spectrum of the most similar glass", &v.power.nearest),
    ];
    for (_, what, points) in kinds {
        for point in points.iter().filter(|p| p.tried > 0) {
            let size = (1e4 * point.size).round() / 100.0;
            rows.push(row(&format!("{what}, {size} %"), point));
        }
    }
    let header = ["wrong pair", "tried", "noticed"]
        .map(String::from)
        .to_vec();
    Ok(vec![
        Block::Figure(figure),
        Block::Table(Table::new("Wrong pairs.", header, rows)?),
    ])
}

fn row(what: &str, point: &Point) -> Vec<String> {
    vec![what.into(), point.tried.to_string(), percent(point.share())]
}

fn methods(v: &Validation) -> String {
    format!(
        "The operator was tried on {}. White noise of {} of the rms was put on the spectra; each was inverted and judged with its own PDF by the code that serves measured curves. Coverage and pulls count the bins from the first in which training glasses differ. p-values were compared with the uniform law by the Kolmogorov-Smirnov distance, its probability after Stephens, J. R. Stat. Soc. B 32, 115 (1970). Wrong pairs: the spectrum of another glass, or an axis stretched by interpolation; a pair is noticed if it is called inconsistent at 5 % or a curve outside the domain.",
        v.protocol,
        percent(v.noise)
    )
}
