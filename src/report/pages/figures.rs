//! The figures of an inversion and of a check.

use super::{CheckView, InversionView};
use crate::consistency::DomainMap;
use crate::consistency::verdict::Range;
use crate::error::Result;
use crate::inverse::Choice;
use crate::operator::{Operator, Weighting, rows};
use crate::report::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};

/// Directions drawn at most.
const DIRECTIONS: usize = 40;
/// Distances below it are drawn there: their logarithm says nothing.
const SMALLEST_DISTANCE: f64 = 1e-3;

fn shades(ranges: &[Range], half_step: f64) -> impl Iterator<Item = Layer> + '_ {
    ranges.iter().map(move |r| Layer::Shade {
        label: "differ".into(),
        from: r.from - half_step,
        to: r.to + half_step,
    })
}

/// Spectrum beside PDF; with a pair also the other measurement in each.
pub(super) fn overlays(view: &InversionView<'_>, pair: Option<&CheckView<'_>>) -> Result<Figure> {
    let caption = if pair.is_some() {
        "The spectrum as measured and as the measured PDF implies it (a); the PDF as measured and as the measured spectrum implies it (b). Shaded: where they differ by more than true pairs of the training glasses do."
    } else {
        "The measured spectrum with what the result implies for it (a), and the inferred PDF with its calibrated 95 % band (b)."
    };
    Figure::new(
        "overlay",
        caption,
        Arrangement::Beside,
        Size::page(75.0),
        vec![
            Panel::new(
                Axis::new(view.operator.meta.quantity.axis_label()),
                Axis::new(format!(
                    "{} ({})",
                    spectrum_name(view.operator),
                    view.operator.meta.quantity.value_unit()
                )),
                spectrum_layers(view, pair),
            ),
            Panel::new(
                Axis::new("r (Å)"),
                Axis::new(g_name(view.operator)),
                pdf_layers(view, pair),
            ),
        ],
    )
}

fn spectrum_layers(view: &InversionView<'_>, pair: Option<&CheckView<'_>>) -> Vec<Layer> {
    let channel = &view.measurement.channel;
    let z = rows::row(view.measurement.data.as_ref(), view.row);
    let mut spectrum = Vec::new();
    if let Some(pair) = pair {
        let c = pair.comparison;
        spectrum.extend(shades(
            &pair.verdict.energy,
            0.5 * (channel.x[1] - channel.x[0]),
        ));
        spectrum.push(Layer::Band {
            label: "95 % of true pairs".into(),
            x: channel.x.clone(),
            low: c
                .predicted
                .iter()
                .zip(&c.spread)
                .map(|(p, s)| p - 1.96 * s)
                .collect(),
            high: c
                .predicted
                .iter()
                .zip(&c.spread)
                .map(|(p, s)| p + 1.96 * s)
                .collect(),
            role: Role::Predicted,
        });
        spectrum.push(Layer::line(
            "predicted from the PDF",
            &channel.x,
            &c.predicted,
            Role::Predicted,
        ));
    } else {
        spectrum.push(Layer::line(
            "implied by the result",
            &channel.x,
            &view.inversion.refolded,
            Role::Inferred,
        ));
    }
    spectrum.push(Layer::Points {
        label: "measured".into(),
        x: channel.x.clone(),
        sigma: channel.sigma_known.then(|| channel.sigma.clone()),
        y: z,
        role: Role::Measured,
    });
    spectrum
}

fn pdf_layers(view: &InversionView<'_>, pair: Option<&CheckView<'_>>) -> Vec<Layer> {
    let r = view.operator.meta.r.centres();
    let mut pdf = Vec::new();
    if let Some(pair) = pair {
        pdf.extend(shades(pair.r, 0.5 * view.operator.meta.r.step()));
    }
    pdf.push(Layer::Band {
        label: "95 % band".into(),
        x: r.clone(),
        low: view.inversion.low.clone(),
        high: view.inversion.high.clone(),
        role: Role::Inferred,
    });
    pdf.push(Layer::line(
        "inferred from the spectrum",
        &r,
        &view.inversion.g,
        Role::Inferred,
    ));
    if let Some(pair) = pair {
        pdf.push(measured_pdf(view, pair));
    } else {
        let mean: Vec<f64> = rows::mean(view.operator.x.as_ref());
        pdf.push(Layer::line(
            "mean of the training glasses",
            &r,
            &mean,
            Role::Prior,
        ));
    }
    pdf
}

/// The measured PDF; of a structure factor, the g(r) that it implies among the training glasses.
fn measured_pdf(view: &InversionView<'_>, pair: &CheckView<'_>) -> Layer {
    let density = view.inversion.relative_density.unwrap_or(1.0);
    let over = |x: Vec<f64>| -> Vec<f64> { x.iter().map(|x| x / density).collect() };
    if pair.pdf.is_in_q() {
        let r = view.operator.meta.r.centres();
        let implied = over(pair.comparison.descriptor.clone());
        return Layer::line("implied by the measured S(Q)", &r, &implied, Role::Measured);
    }
    let row = view.row.min(pair.pdf.data.nrows() - 1);
    let measured = over(rows::row(pair.pdf.data.as_ref(), row));
    Layer::line("measured", &pair.pdf.channel.x, &measured, Role::Measured)
}

pub(super) fn spectrum_name(operator: &Operator) -> &'static str {
    match operator.meta.quantity {
        crate::curve::Quantity::NeutronGdos => "neutron-weighted DOS",
        crate::curve::Quantity::Vdos => "density of states",
        crate::curve::Quantity::Kappa => "thermal conductivity",
        _ => "spectrum",
    }
}

pub(super) fn g_name(operator: &Operator) -> &'static str {
    match operator.meta.weighting {
        Weighting::Number => "g(r)",
        Weighting::Neutron => "g(r), neutron-weighted",
        Weighting::XRay => "g(r), X-ray-weighted",
    }
}

/// Measured minus predicted, on either side.
pub(super) fn residuals(view: &CheckView<'_>) -> Result<Figure> {
    let inversion = &view.inversion;
    let channel = &inversion.measurement.channel;
    let z = rows::row(inversion.measurement.data.as_ref(), inversion.row);
    let c = view.comparison;
    let deviation: Vec<f64> = z
        .iter()
        .zip(&c.predicted)
        .zip(&c.spread)
        .map(|((z, p), s)| (z - p) / s)
        .collect();
    let density = inversion.inversion.relative_density.unwrap_or(1.0);
    let i = inversion.inversion;
    let in_r: Vec<f64> = (0..i.g.len())
        .map(|j| c.descriptor[j] / density - i.g[j])
        .collect();
    let r = inversion.operator.meta.r.centres();
    Figure::new(
        "residuals",
        "Measured minus predicted spectrum in standard deviations of a true pair (a), and measured minus inferred PDF with the 95 % band of the inference (b).",
        Arrangement::Beside,
        Size::page(62.0),
        vec![
            Panel::new(
                Axis::new(inversion.operator.meta.quantity.axis_label()),
                Axis::new("deviation (σ)"),
                vec![Layer::Points {
                    label: String::new(),
                    x: channel.x.clone(),
                    y: deviation,
                    sigma: None,
                    role: Role::Difference,
                }],
            ),
            Panel::new(
                Axis::new("r (Å)"),
                Axis::new("difference in g(r)"),
                vec![
                    Layer::Band {
                        label: "95 % band".into(),
                        x: r.clone(),
                        low: i.low.iter().zip(&i.g).map(|(l, g)| l - g).collect(),
                        high: i.high.iter().zip(&i.g).map(|(h, g)| h - g).collect(),
                        role: Role::Inferred,
                    },
                    Layer::Line {
                        label: "measured − inferred".into(),
                        x: r,
                        y: in_r,
                        role: Role::Difference,
                    },
                ],
            ),
        ],
    )
}

/// Where a curve sits among the training glasses.
pub(super) fn domain(id: &str, what: &str, map: &DomainMap) -> Result<Figure> {
    let points = |label: &str, pairs: &[(f64, f64)], role: Role| {
        let (x, y) = pairs.iter().copied().unzip();
        Layer::Points {
            label: label.into(),
            x,
            y,
            sigma: None,
            role,
        }
    };
    let log = |(t2, q): (f64, f64)| {
        let log = |v: f64| v.max(SMALLEST_DISTANCE).log10();
        (log(t2), log(q))
    };
    let left_out: Vec<(f64, f64)> = map.left_out.iter().map(|&d| log(d)).collect();
    let (here, limits) = (log(map.distance), log(map.limits));
    let (first, second) = ends(map.glasses.iter().chain([&map.here]));
    let (t2, q) = ends(left_out.iter().chain([&here, &limits]));
    // One marker is easily lost among hundreds: a cross through the whole panel is not.
    let cross = |(x, y): (f64, f64), across: (f64, f64), up: (f64, f64)| {
        [
            Layer::line("", &[x; 2], &[up.0, up.1], Role::Measured),
            Layer::line("", &[across.0, across.1], &[y; 2], Role::Measured),
        ]
    };
    let [down, along] = cross(map.here, first, second);
    let [down_too, along_too] = cross(here, t2, q);
    let limit = |x: [f64; 2], y: [f64; 2]| Layer::line("limit", &x, &y, Role::Predicted);
    Figure::new(
        id,
        format!(
            "This {what} among those of the training glasses: along the two directions in which these differ most (a), and by its distance within (T²) and outside (Q) all such directions, beside left-out training glasses with noise (b). Beyond either limit lie 0.5 % of them: there the operator does not judge."
        ),
        Arrangement::Beside,
        Size::page(70.0),
        vec![
            Panel::new(
                Axis::over("first direction (standard deviations)", first.0, first.1),
                Axis::over("second direction", second.0, second.1),
                vec![
                    points("training glasses", &map.glasses, Role::Prior),
                    down,
                    along,
                    points(&format!("this {what}"), &[map.here], Role::Predicted),
                ],
            ),
            Panel::new(
                Axis::over("log₁₀ T²", t2.0, t2.1),
                Axis::over("log₁₀ Q", q.0, q.1),
                vec![
                    points("left-out glasses", &left_out, Role::Prior),
                    limit([limits.0; 2], [q.0, q.1]),
                    limit([t2.0, t2.1], [limits.1; 2]),
                    down_too,
                    along_too,
                    points(&format!("this {what}"), &[here], Role::Predicted),
                ],
            ),
        ],
    )
}

/// Ranges of x and y that show all points, with room around.
fn ends<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> ((f64, f64), (f64, f64)) {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let wider = |e: (f64, f64), v: f64| (e.0.min(v), e.1.max(v));
    let (x, y) = points.fold((none, none), |(x, y), p| (wider(x, p.0), wider(y, p.1)));
    let roomy = |(low, high): (f64, f64)| {
        let room = (0.06 * (high - low)).max(1e-3);
        (low - room, high + room)
    };
    (roomy(x), roomy(y))
}

/// The curve behind λ, and what each direction owes to the data.
pub(super) fn choice(choice: &Choice) -> Result<Figure> {
    let log = |v: f64| v.max(f64::MIN_POSITIVE).log10();
    let (lambda, error): (Vec<f64>, Vec<f64>) =
        choice.curve.iter().map(|&(l, e)| (log(l), e)).unzip();
    let chosen = log(choice.lambda);
    let filter: Vec<f64> = choice.filter.iter().take(DIRECTIONS).copied().collect();
    let number: Vec<f64> = (1..=filter.len()).map(|k| k as f64).collect();
    Figure::new(
        "lambda-curve",
        "(a) Error of g(r) from clean spectra of training glasses that were left out one at a time, relative to answering their mean (1), against λ, and the λ that is used. (b) The share of each direction of the spectrum, the strongest first, that these data decide; the prior decides the rest.",
        Arrangement::Beside,
        Size::page(62.0),
        vec![
            Panel::new(
                Axis::new("log₁₀ λ"),
                Axis::new("leave-one-out error"),
                vec![
                    Layer::line("all λ", &lambda, &error, Role::Inferred),
                    Layer::Points {
                        label: "used".into(),
                        x: vec![chosen],
                        y: vec![choice.error],
                        sigma: None,
                        role: Role::Predicted,
                    },
                ],
            ),
            Panel::new(
                Axis::over("direction", 0.0, filter.len() as f64 + 1.0),
                Axis::over("share decided by the data", 0.0, 1.05),
                vec![Layer::Bars {
                    label: String::new(),
                    x: number,
                    y: filter,
                    role: Role::Inferred,
                }],
            ),
        ],
    )
}
