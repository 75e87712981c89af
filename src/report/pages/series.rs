//! The pages of a series: many spectra of one instrument, inverted one by one, along something that was varied.

mod figures;
mod words;

use super::{provenance, settings};
use crate::consistency::Domain;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::inverse::{Derived, Inversion};
use crate::operator::Operator;
use crate::report::{Block, Report, Section, Tone, Verdict};

/// One spectrum of a series and what it implies.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its name: a file or a row of a table.
    pub name: String,
    /// Value of what was varied.
    pub at: f64,
    /// Measured points, meV.
    pub x: Vec<f64>,
    /// The spectrum there, in the operator's normalisation.
    pub z: Vec<f64>,
    /// The result.
    pub inversion: Inversion,
    /// Where the spectrum stands among the training glasses.
    pub domain: Domain,
    /// Directions that the data decide.
    pub degrees_of_freedom: f64,
}

/// A number that each frame of a series has.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// What it is, with its unit.
    pub label: String,
    /// One value a frame.
    pub values: Vec<f64>,
    /// Ends of the 95 % interval of each, where they are known.
    pub interval: Option<Vec<(f64, f64)>>,
}

/// A series and what it was inverted with.
#[derive(Debug)]
pub struct SeriesView<'a> {
    /// The operator.
    pub operator: &'a Operator,
    /// Where the spectra came from.
    pub name: &'a str,
    /// What was varied, with its unit; `None` if the frames are only in an order.
    pub scan: Option<&'a str>,
    /// The frames, in any order.
    pub frames: Vec<Frame>,
    /// Numbers of the frames beside those that the frames carry, in the order of `frames`.
    pub trends: Vec<Trend>,
    /// What was assumed.
    pub findings: Vec<Finding>,
    /// Files and hashes.
    pub sources: Vec<(String, String)>,
}

/// The frames by what was varied, with what is drawn and told of each.
struct Sorted<'a> {
    view: &'a SeriesView<'a>,
    /// Frames by ascending scan value; equal ones stay in their order.
    frames: Vec<&'a Frame>,
    /// Where each stands on the scan axis: its value, or its rank (from 1) where values repeat or are missing.
    at: Vec<f64>,
    /// Name of that axis.
    axis: String,
    /// Numbers of the frames, in this order.
    trends: Vec<Trend>,
}

impl<'a> Sorted<'a> {
    fn new(view: &'a SeriesView<'a>) -> Result<Self> {
        if view.frames.is_empty() {
            return Err(Error::new("a series without a spectrum has no report"));
        }
        let mut order: Vec<usize> = (0..view.frames.len()).collect();
        order.sort_by(|&a, &b| view.frames[a].at.total_cmp(&view.frames[b].at));
        let frames: Vec<&Frame> = order.iter().map(|&i| &view.frames[i]).collect();
        let distinct = frames.windows(2).all(|w| w[0].at < w[1].at);
        let (at, axis) = match (view.scan, distinct) {
            (Some(name), true) => (frames.iter().map(|f| f.at).collect(), name.to_owned()),
            (scan, _) => (
                (1..=frames.len()).map(|k| k as f64).collect(),
                scan.map_or("frame".into(), |name| format!("frame, by {name}")),
            ),
        };
        let trends = view.trends.iter().map(|t| ordered(t, &order)).collect();
        Ok(Self {
            view,
            frames,
            at,
            axis,
            trends,
        })
    }

    /// Runs of neighbouring frames inside the domain (true) or outside: first and last of each.
    fn runs(&self) -> Vec<(bool, usize, usize)> {
        let mut runs: Vec<(bool, usize, usize)> = Vec::new();
        for (k, frame) in self.frames.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.0 == frame.domain.inside => run.2 = k,
                _ => runs.push((frame.domain.inside, k, k)),
            }
        }
        runs
    }
}

/// The derived numbers that every frame has, with their intervals.
pub fn usual_trends(frames: &[Frame]) -> Vec<Trend> {
    let Some(first) = frames.first() else {
        return Vec::new();
    };
    let of = |name: &str| -> Option<Trend> {
        let found = |f: &Frame| f.inversion.derived.iter().find(|d| d.name == name).cloned();
        let all: Vec<Derived> = frames.iter().map(found).collect::<Option<_>>()?;
        let unit = match all[0].unit {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        Some(Trend {
            label: format!("{}{unit}", super::fitted::words(name)),
            values: all.iter().map(|d| d.value).collect(),
            interval: Some(all.iter().map(|d| (d.low, d.high)).collect()),
        })
    };
    let names = first.inversion.derived.iter().map(|d| d.name);
    names.filter_map(of).collect()
}

fn ordered(trend: &Trend, order: &[usize]) -> Trend {
    Trend {
        label: trend.label.clone(),
        values: order.iter().map(|&i| trend.values[i]).collect(),
        interval: (trend.interval.as_ref()).map(|ends| order.iter().map(|&i| ends[i]).collect()),
    }
}

/// The report of a series, legible for five frames and for thousands.
///
/// Errors: no frame; a number that cannot be drawn.
pub fn series_report(view: &SeriesView<'_>) -> Result<Report> {
    let series = Sorted::new(view)?;
    let outside = series.frames.iter().filter(|f| !f.domain.inside).count();
    Ok(Report {
        title: "Pair distribution functions of a series of spectra".into(),
        sample: view.name.into(),
        verdict: Some(Verdict {
            label: words::label(series.frames.len(), outside),
            sentence: words::sentence(&series, outside),
            tone: if outside == 0 {
                Tone::Neutral
            } else {
                Tone::Cannot
            },
        }),
        numbers: words::numbers(&series, outside),
        sections: sections(&series)?,
        findings: words::once(&view.findings),
        settings: settings(view.operator),
        provenance: provenance(&words::few(&view.sources)),
        methods: super::methods(view.operator, false),
        ..Report::default()
    })
}

fn sections(series: &Sorted<'_>) -> Result<Vec<Section>> {
    let section = |heading: &str, blocks: Vec<Block>| Section {
        heading: heading.into(),
        blocks,
    };
    let mut all = vec![section(
        "The spectra and what they imply",
        vec![Block::Figure(figures::waterfall(series)?)],
    )];
    if series.frames.len() > 1 {
        all[0].blocks.push(Block::Figure(figures::change(series)?));
        all.push(section(
            "Trends",
            vec![Block::Figure(figures::trends(series)?)],
        ));
    }
    all.push(section(
        "Verdict of each frame",
        vec![Block::Table(words::verdicts(series)?)],
    ));
    Ok(all)
}
