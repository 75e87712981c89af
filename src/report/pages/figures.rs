//! The figures of an inversion and of a check.

use super::{CheckView, InversionView};
use crate::consistency::verdict::Range;
use crate::error::Result;
use crate::operator::{Operator, Weighting, rows};
use crate::report::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};

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
                Axis::new("energy (meV)"),
                Axis::new(format!("{} (1/meV)", spectrum_name(view.operator))),
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

fn spectrum_name(operator: &Operator) -> &'static str {
    match operator.meta.quantity {
        crate::curve::Quantity::NeutronGdos => "neutron-weighted DOS",
        crate::curve::Quantity::Vdos => "density of states",
        _ => "spectrum",
    }
}

pub(super) fn g_name(operator: &Operator) -> &'static str {
    match operator.meta.weighting {
        Weighting::Number => "g(r)",
        Weighting::Neutron => "g(r), neutron-weighted",
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
                Axis::new("energy (meV)"),
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

/// The share of the data at each r, and the averaging kernels.
pub(super) fn origin(view: &InversionView<'_>) -> Result<Figure> {
    let r = view.operator.meta.r.centres();
    let res = view.resolution;
    let kernels = &res.kernels;
    let values: Vec<f64> = (0..r.len())
        .flat_map(|i| (0..r.len()).map(move |j| kernels[(i, j)]))
        .collect();
    Figure::new(
        "origin",
        "(a) The share of what was unknown before (the spread of the training glasses) that the spectrum decides, at each r; the rest is prior. (b) Averaging kernels in units of the training glasses' spread; row r shows which true values enter the estimate at r (a perfect instrument has a narrow diagonal).",
        Arrangement::Beside,
        Size::page(70.0),
        vec![
            Panel::new(
                Axis::new("r (Å)"),
                Axis::over("share decided by the data", 0.0, 1.05),
                vec![Layer::Line {
                    label: String::new(),
                    x: r.clone(),
                    y: res.data_share.clone(),
                    role: Role::Inferred,
                }],
            ),
            Panel::new(
                Axis::new("true r′ (Å)"),
                Axis::new("estimate at r (Å)"),
                vec![Layer::Map {
                    label: "averaging kernel".into(),
                    x: r.clone(),
                    y: r.clone(),
                    values,
                }],
            ),
        ],
    )
}
