//! What was fitted along with a spectrum, and what a pseudo-inverse says of itself.

use crate::error::Result;
use crate::inverse::pseudo_inverse::PseudoInversion;
use crate::inverse::{Derived, NuisanceFit};
use crate::report::{Arrangement, Axis, Block, Figure, Layer, Panel, Role, Section, Size, Table};

/// Name and unit of each derived number for the reader.
const WORDS: [(&str, &str); 5] = [
    ("first_peak_position", "First peak of the inferred g(r)"),
    ("first_peak_height", "Its height"),
    ("first_peak_width", "Its full width at half height"),
    ("coordination_number", "Coordination number"),
    ("number_density", "Inferred number density"),
];

/// What a derived number is called in a report.
pub(super) fn words(name: &str) -> &str {
    let found = WORDS.iter().find(|(known, _)| *known == name);
    found.map_or(name, |(_, words)| words)
}

/// A number with its 95 % interval, rounded where the interval begins to matter.
pub(super) fn derived(number: &Derived) -> (String, String) {
    let digits = decimals(number.high - number.low);
    let unit = if number.unit.is_empty() { "" } else { " " };
    (
        words(number.name).into(),
        format!(
            "{:.digits$}{unit}{}, 95 % interval {:.digits$} to {:.digits$}",
            number.value, number.unit, number.low, number.high
        ),
    )
}

/// Decimals that give a number of this uncertainty two significant digits of it.
fn decimals(width: f64) -> usize {
    if width > 0.0 && width.is_finite() {
        (1.0 - width.log10().floor()).clamp(0.0, 8.0) as usize
    } else {
        4
    }
}

/// The nuisances with errors and correlations; none if nothing was fitted along.
pub(super) fn nuisances(fit: &NuisanceFit) -> Result<Option<Section>> {
    let found = &fit.parameters;
    if found.is_empty() {
        return Ok(None);
    }
    let mut header: Vec<String> = ["fitted along", "value", "standard error"]
        .map(String::from)
        .to_vec();
    header.extend(found.iter().map(|p| format!("with {}", p.name)));
    let row = |i: usize| {
        let p = &found[i];
        let digits = decimals(p.error);
        let mut cells = vec![
            if p.unit.is_empty() {
                p.name.to_owned()
            } else {
                format!("{} ({})", p.name, p.unit)
            },
            format!("{:.digits$}", p.value),
            format!("{:.digits$}", p.error),
        ];
        cells.extend((0..found.len()).map(|j| format!("{:+.2}", fit.correlations[(i, j)])));
        cells
    };
    let table = Table::new(
        "What was fitted along with the spectrum, and the correlations. The measured spectrum is scale times the one of area as trained; its axis is (1 + stretch) E + offset; width is a standard deviation; background and slope are relative to the rms.",
        header,
        (0..found.len()).map(row).collect(),
    )?;
    let gain = format!(
        "With these the log evidence, the natural logarithm of the probability of the measured spectrum, is {:.1} above that without. Their uncertainty is part of the band of g(r).",
        fit.log_evidence_gain
    );
    Ok(Some(Section {
        heading: "What was fitted along".into(),
        blocks: vec![Block::Text(gain), Block::Table(table)],
    }))
}

/// The sweep of λ and the Picard plot of a pseudo-inverse, with its noise amplification.
pub(super) fn pseudo_inverse(of: &PseudoInversion) -> Result<Section> {
    let log = |v: f64| v.max(SMALLEST).log10();
    let (lambda, score): (Vec<f64>, Vec<f64>) = of
        .curve
        .iter()
        .filter(|(l, s)| *l > 0.0 && s.is_finite())
        .map(|&(l, s)| (log(l), s))
        .unzip();
    let number: Vec<f64> = (1..=of.picard.len()).map(|k| k as f64).collect();
    let (singular, coefficient): (Vec<f64>, Vec<f64>) =
        of.picard.iter().map(|&(s, c)| (log(s), log(c))).unzip();
    let figure = Figure::new(
        "pseudo-inverse",
        "(a) The score that the rule makes smallest, against λ. (b) Picard plot: singular values of W as this instrument sees it, whitened by the noise, and the coefficients of the data. Where coefficients have fallen to the noise (0) while singular values go on falling, the pseudo-inverse amplifies noise.",
        Arrangement::Beside,
        Size::page(65.0),
        vec![
            Panel::new(
                Axis::new("log₁₀ λ"),
                Axis::new("score"),
                vec![Layer::line("", &lambda, &score, Role::Inferred)],
            ),
            Panel::new(
                Axis::new("direction"),
                Axis::new("log₁₀"),
                vec![
                    Layer::line("singular value", &number, &singular, Role::Prior),
                    Layer::Points {
                        label: "coefficient of the data".into(),
                        x: number.clone(),
                        y: coefficient,
                        sigma: None,
                        role: Role::Measured,
                    },
                ],
            ),
        ],
    )?;
    let text = format!(
        "λ = {:.3e}, {:.1} degrees of freedom. Noise alone causes an rms error of {:.3e} in the descriptor, {:.2} times the spread of the training glasses about their mean{}.",
        of.lambda,
        of.degrees_of_freedom,
        of.noise_amplification,
        of.amplification_over_prior,
        if of.amplification_over_prior > 1.0 {
            ": answering their mean would be better"
        } else {
            ""
        }
    );
    Ok(Section {
        heading: "The pseudo-inverse".into(),
        blocks: vec![Block::Text(text), Block::Figure(figure)],
    })
}

/// Values below it are drawn there.
const SMALLEST: f64 = 1e-12;
