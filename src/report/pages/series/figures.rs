//! The figures of a series.

use super::{Frame, Sorted, Trend};
use crate::error::Result;
use crate::report::pages::figures::{g_name, spectrum_name};
use crate::report::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};

/// So many frames are still told apart as lines; more become a map.
const MOST_LINES: usize = 12;
/// Height of a line's largest excursion in a waterfall, in spacings of the frames.
const OVERLAP: f64 = 1.6;
/// Most panels of trends, so that each keeps a height that can be read.
const MOST_TRENDS: usize = 7;

/// The curves of one kind: where they are known and their values, one row a frame.
struct Curves {
    x: Vec<f64>,
    /// Position on the scan axis, and values.
    rows: Vec<(f64, Vec<f64>)>,
}

impl Curves {
    /// The measured spectra that share the points of most frames.
    fn spectra(series: &Sorted<'_>) -> Self {
        let same = |f: &Frame| series.frames.iter().filter(|g| g.x == f.x).count();
        // Usually the first frame settles it.
        let first = series.frames[0];
        let x = if 2 * same(first) >= series.frames.len() {
            &first.x
        } else {
            let most = series.frames.iter().max_by_key(|f| same(f));
            &most.unwrap_or(&first).x
        };
        let kept = series.frames.iter().zip(&series.at);
        let kept = kept.filter(|(f, _)| f.x == *x);
        Self {
            x: x.clone(),
            rows: kept.map(|(f, &at)| (at, f.z.clone())).collect(),
        }
    }

    fn structures(series: &Sorted<'_>) -> Self {
        let each = series.frames.iter().zip(&series.at);
        Self {
            x: series.view.operator.meta.r.centres(),
            rows: each.map(|(f, &at)| (at, f.inversion.g.clone())).collect(),
        }
    }

    /// Each row less the mean of all.
    fn less_their_mean(mut self) -> Self {
        let n = self.rows.len() as f64;
        for j in 0..self.x.len() {
            let mean = self.rows.iter().map(|(_, y)| y[j]).sum::<f64>() / n;
            self.rows.iter_mut().for_each(|(_, y)| y[j] -= mean);
        }
        self
    }

    /// One row a frame, as a map.
    fn map(self, label: &str) -> Vec<Layer> {
        vec![Layer::Map {
            label: label.into(),
            y: self.rows.iter().map(|(at, _)| *at).collect(),
            values: self.rows.into_iter().flat_map(|(_, y)| y).collect(),
            x: self.x,
        }]
    }

    /// Lines that stand on their place of the scan axis, all on one scale.
    fn lines(self, role: Role) -> Vec<Layer> {
        let spacing = match self.rows.as_slice() {
            [(first, _), .., (last, _)] => (last - first) / (self.rows.len() - 1) as f64,
            _ => 1.0,
        };
        let largest = |y: &Vec<f64>| y.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let top = self.rows.iter().map(|(_, y)| largest(y));
        let scale = OVERLAP * spacing / top.fold(f64::MIN_POSITIVE, f64::max);
        // The uppermost first, so that each stands before the one behind it.
        let each = self.rows.iter().rev().map(|(at, y)| {
            let lifted: Vec<f64> = y.iter().map(|v| at + scale * v).collect();
            Layer::line("", &self.x, &lifted, role)
        });
        each.collect()
    }
}

/// All spectra beside all g(r): lines one above the other for a few, maps for many.
pub(super) fn waterfall(series: &Sorted<'_>) -> Result<Figure> {
    let (spectra, structures) = (Curves::spectra(series), Curves::structures(series));
    let operator = series.view.operator;
    let (y, g) = (
        format!("{} (1/meV)", spectrum_name(operator)),
        g_name(operator),
    );
    let left_out = series.frames.len() - spectra.rows.len();
    let (spectra, structures, how) = if series.frames.len() <= MOST_LINES {
        (
            spectra.lines(Role::Measured),
            structures.lines(Role::Inferred),
            "Each curve stands on its place of the vertical axis; within a panel all heights are on one scale.",
        )
    } else {
        (
            spectra.map(&y),
            structures.map(g),
            "One row a frame; where there are more rows than can be seen, neighbours are averaged.",
        )
    };
    let mut caption =
        format!("The measured spectra (a) and the g(r) that each of them implies (b). {how}");
    if left_out > 0 {
        let told =
            format!(" {left_out} spectra were measured at other points and are not drawn in (a).");
        caption.push_str(&told);
    }
    Figure::new(
        "series",
        caption,
        Arrangement::Beside,
        Size::page(105.0),
        vec![
            Panel::new(
                Axis::new("energy (meV)"),
                Axis::new(series.axis.clone()),
                spectra,
            )
            .titled("spectra"),
            Panel::new(
                Axis::new("r (Å)"),
                Axis::new(series.axis.clone()),
                structures,
            )
            .titled("g(r)"),
        ],
    )
}

/// What of them changes along the series.
pub(super) fn change(series: &Sorted<'_>) -> Result<Figure> {
    let panel = |x: &str, curves: Curves, title: &str| {
        let layers = curves.less_their_mean().map("difference");
        Panel::new(Axis::new(x), Axis::new(series.axis.clone()), layers).titled(title)
    };
    Figure::new(
        "series-change",
        "The same less the mean of the series: what changes along it, in the spectra (a) and in g(r) (b).",
        Arrangement::Beside,
        Size::page(80.0),
        vec![
            panel(
                "energy (meV)",
                Curves::spectra(series),
                "spectra, less their mean",
            ),
            panel("r (Å)", Curves::structures(series), "g(r), less its mean"),
        ],
    )
}

/// The numbers of the frames against what was varied; frames outside the domain are shaded.
pub(super) fn trends(series: &Sorted<'_>) -> Result<Figure> {
    let shades = outside(series);
    let mut panels = vec![domain(series)];
    panels.extend(
        series
            .trends
            .iter()
            .take(MOST_TRENDS - 1)
            .map(|t| trend(series, t)),
    );
    for panel in &mut panels {
        panel.x = Axis::new(series.axis.clone());
        panel.layers.splice(0..0, shades.iter().cloned());
    }
    let height = 22.0 + 32.0 * panels.len() as f64;
    let bars = if series.trends.iter().any(|t| t.interval.is_some()) {
        " Bars are 95 % intervals."
    } else {
        ""
    };
    Figure::new(
        "series-trends",
        format!(
            "(a) The share of left-out training glasses whose spectra lie at least as far out as each frame's, within (T²) and outside (Q) the directions in which glasses differ: near zero, a frame is outside the domain. Below: what was inferred of each frame.{bars} Shaded: frames outside the domain, whose values must not be trusted."
        ),
        Arrangement::Stacked,
        Size::page(height.min(Size::MOST_MM)),
        panels,
    )
}

fn domain(series: &Sorted<'_>) -> Panel {
    let points = |label: &str, share: fn(&Frame) -> f64, role: Role| Layer::Points {
        label: label.into(),
        x: series.at.clone(),
        y: series.frames.iter().map(|f| 100.0 * share(f)).collect(),
        sigma: None,
        role,
    };
    Panel::new(
        Axis::new(""),
        Axis::over("farther out (%)", -4.0, 104.0),
        vec![
            points("T²", |f| f.domain.t2_share, Role::Prior),
            points("Q", |f| f.domain.q_share, Role::Reference),
        ],
    )
}

fn trend(series: &Sorted<'_>, trend: &Trend) -> Panel {
    let mut layers = Vec::new();
    if let Some(ends) = &trend.interval {
        layers.push(Layer::Band {
            label: "95 % interval".into(),
            x: series.at.clone(),
            low: ends.iter().map(|e| e.0).collect(),
            high: ends.iter().map(|e| e.1).collect(),
            role: Role::Inferred,
        });
    }
    layers.push(Layer::Points {
        label: String::new(),
        x: series.at.clone(),
        y: trend.values.clone(),
        sigma: None,
        role: Role::Inferred,
    });
    Panel::new(Axis::new(""), Axis::new(""), layers).titled(trend.label.clone())
}

/// A shade over each run of frames outside the domain, half way to its neighbours.
fn outside(series: &Sorted<'_>) -> Vec<Layer> {
    let at = &series.at;
    let last = at.len() - 1;
    let between = |k: usize| 0.5 * (at[k] + at[k + 1]);
    let runs = series.runs().into_iter().filter(|run| !run.0);
    runs.map(|(_, from, to)| Layer::Shade {
        label: "outside the domain".into(),
        from: if from == 0 { at[0] } else { between(from - 1) },
        to: if to == last { at[last] } else { between(to) },
    })
    .collect()
}
