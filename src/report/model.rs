//! What a report says, as plain data. Its JSON is the report's JSON.
//!
//! Text is plain Unicode everywhere (`Å⁻¹`, `χ²`): no markup is read in it, so a user's file name cannot become any.
//! Only tables and figures can be wrong in themselves (ragged, not finite); they are checked when built.

use crate::error::{Error, Result};
use crate::finding::Finding;
use serde::Serialize;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// What was done, e.g. "Does the spectrum agree with the PDF?".
    pub title: String,
    /// The sample, in the user's words or by its file names.
    pub sample: String,
    /// The answer, if the work ends in one.
    pub verdict: Option<Verdict>,
    /// The numbers a referee asks for: what, and its value with unit and error.
    pub numbers: Vec<(String, String)>,
    /// The body, in reading order.
    pub sections: Vec<Section>,
    /// What the reader must know about the result.
    pub findings: Vec<Finding>,
    /// The complete settings, name and value.
    pub settings: Vec<(String, String)>,
    /// Program version, input files and their hashes, seeds.
    pub provenance: Vec<(String, String)>,
    /// A paragraph ready for the methods section of a paper; blank lines part paragraphs.
    pub methods: String,
    /// The paper it is printed on.
    pub paper: Paper,
}

/// Paper sizes; the text is 170 mm wide on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// US Letter, 8.5 by 11 inches.
    Letter,
}

/// The answer in its box on page one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name, e.g. "consistent".
    pub label: String,
    /// The same in one sentence, with the decisive number.
    pub sentence: String,
    /// The colour of the box.
    pub tone: Tone,
}

/// How an answer reads at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// The two agree.
    Agree,
    /// The two disagree.
    Disagree,
    /// No answer can be given (outside the domain, undecided).
    Cannot,
    /// A result without a judgement.
    Neutral,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Text, figures and tables in reading order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Paragraphs, parted by blank lines.
    Text(String),
    /// A figure with its caption.
    Figure(Figure),
    /// A table with its caption.
    Table(Table),
}

/// A table of ready-made cells; every row is as long as the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    caption: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table; refused if it has no column or a row differs in length from the header.
    pub fn new(
        caption: impl Into<String>,
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    ) -> Result<Self> {
        if header.is_empty() {
            return Err(Error::new("a table of the report has no column"));
        }
        if let Some(i) = rows.iter().position(|row| row.len() != header.len()) {
            let (cells, columns) = (rows[i].len(), header.len());
            return Err(Error::new(format!(
                "row {} of a table has {cells} cells, its header {columns}",
                i + 1
            )));
        }
        Ok(Self {
            caption: caption.into(),
            header,
            rows,
        })
    }

    /// What the table shows.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// Column names, with units.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells, row by row.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

/// Panels under one caption, drawn at `size` in print.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    id: String,
    caption: String,
    arrangement: Arrangement,
    size: Size,
    panels: Vec<Panel>,
}

impl Figure {
    /// The same under another `id`, with words put before its caption.
    pub fn introduced(self, id: &str, opening: &str) -> Result<Self> {
        let caption = format!("{opening} {}", self.caption);
        Self::new(id, caption, self.arrangement, self.size, self.panels)
    }

    /// A figure; `id` is the stem of its files.
    ///
    /// Errors: an `id` that is not letters, digits, `-` and `_`; no panel; a layer with columns of unequal length, a number
    /// that is not finite or above 1e100, a negative error, a band upside down; an axis range that is empty; a size no page can hold.
    pub fn new(
        id: &str,
        caption: impl Into<String>,
        arrangement: Arrangement,
        size: Size,
        panels: Vec<Panel>,
    ) -> Result<Self> {
        let fail = |what: String| Err(Error::new(format!("figure '{id}' {what}")));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || !id.chars().all(plain) {
            return fail("cannot be a file name: use letters, digits, '-' and '_'".into());
        }
        if panels.is_empty() {
            return fail("has no panel".into());
        }
        if !(Size::LEAST_MM..=Size::MOST_MM).contains(&size.width_mm)
            || !(Size::LEAST_MM..=Size::MOST_MM).contains(&size.height_mm)
        {
            return fail(format!("is {} by {} mm", size.width_mm, size.height_mm));
        }
        for (i, panel) in panels.iter().enumerate() {
            if let Err(why) = panel.check() {
                return fail(format!("panel {}: {why}", i + 1));
            }
        }
        Ok(Self {
            id: id.to_owned(),
            caption: caption.into(),
            arrangement,
            size,
            panels,
        })
    }

    /// Stem of the figure's files.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The message of the figure, then how to read it.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// How the panels stand to each other.
    pub fn arrangement(&self) -> Arrangement {
        self.arrangement
    }

    /// Size in print.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The panels, from the top or from the left.
    pub fn panels(&self) -> &[Panel] {
        &self.panels
    }
}

/// How panels stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// One above the other on one x axis, which is that of the last panel; heights follow [`Panel::weight`].
    Stacked,
    /// One beside the other, each with its own axes.
    Beside,
    /// In rows of so many, each with its own axes; rows are equally high.
    Rows(usize),
}

/// Width and height of a figure in print, mm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Size {
    /// Width, mm.
    pub width_mm: f64,
    /// Height, mm.
    pub height_mm: f64,
}

impl Size {
    /// Smallest side, mm: below it the axis labels meet.
    pub const LEAST_MM: f64 = 40.0;
    /// Largest side, mm: the height of A4 less its margins.
    pub const MOST_MM: f64 = 250.0;

    /// The width of the text on the page and the given height, mm.
    pub fn page(height_mm: f64) -> Self {
        Self {
            width_mm: 170.0,
            height_mm,
        }
    }
}

/// One pair of axes and what is drawn on it, the first layer lowest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Panel {
    /// A few words inside the frame, if any.
    pub title: Option<String>,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Share of the height in a stacked figure, relative to the other panels.
    pub weight: f64,
    /// What is drawn.
    pub layers: Vec<Layer>,
    /// The unit of both axes, if this is a picture in space: drawn on one scale, with a bar of so many units in place of
    /// ticks and labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruler: Option<String>,
}

impl Panel {
    /// A panel of weight 1 without title.
    pub fn new(x: Axis, y: Axis, layers: Vec<Layer>) -> Self {
        Self {
            title: None,
            x,
            y,
            weight: 1.0,
            layers,
            ruler: None,
        }
    }

    /// A picture in space: x to the right and y upwards on one scale, told by a bar in this unit.
    pub fn picture(unit: impl Into<String>, layers: Vec<Layer>) -> Self {
        Self {
            ruler: Some(unit.into()),
            ..Self::new(Axis::new("x"), Axis::new("y"), layers)
        }
    }

    /// With a few words inside the frame.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// With another share of the height.
    #[must_use]
    pub fn weighing(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    fn check(&self) -> std::result::Result<(), String> {
        if !(self.weight.is_finite() && self.weight > 0.0) {
            return Err(format!("its weight is {}", self.weight));
        }
        for axis in [&self.x, &self.y] {
            if let Some((low, high)) = axis.range
                && !(is_drawable(low) && is_drawable(high) && low < high)
            {
                return Err(format!("axis '{}' runs from {low} to {high}", axis.label));
            }
        }
        self.layers.iter().try_for_each(Layer::check)
    }
}

/// An axis: its label with the unit, and its range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    /// Quantity and unit, e.g. `r (Å)`.
    pub label: String,
    /// Ends of the axis; `None` takes them from the data.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// An axis that fits its data.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            range: None,
        }
    }

    /// An axis from `low` to `high`.
    pub fn over(label: impl Into<String>, low: f64, high: f64) -> Self {
        Self {
            label: label.into(),
            range: Some((low, high)),
        }
    }
}

/// What is drawn on a panel. An empty `label` keeps a layer out of the legend.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Layer {
    /// A curve.
    Line {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates.
        y: Vec<f64>,
        /// What it is, hence its colour and dash.
        role: Role,
    },
    /// Points, with error bars of one standard error if known.
    Points {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Ordinates.
        y: Vec<f64>,
        /// Standard errors of y.
        sigma: Option<Vec<f64>>,
        /// What it is, hence its colour and marker.
        role: Role,
    },
    /// The region between two curves, e.g. a 95 % band.
    Band {
        /// Name in the legend.
        label: String,
        /// Abscissae.
        x: Vec<f64>,
        /// Lower edge.
        low: Vec<f64>,
        /// Upper edge.
        high: Vec<f64>,
        /// What it belongs to, hence its colour.
        role: Role,
    },
    /// A range of x marked over the whole height, e.g. where two curves disagree.
    Shade {
        /// Name in the legend; the same name is listed once.
        label: String,
        /// Begin of the range.
        from: f64,
        /// End of the range.
        to: f64,
    },
    /// Bars from zero, centred on x.
    Bars {
        /// Name in the legend.
        label: String,
        /// Centres, ascending.
        x: Vec<f64>,
        /// Heights.
        y: Vec<f64>,
        /// What they are, hence their colour.
        role: Role,
    },
    /// A heat map with its colour bar.
    Map {
        /// Quantity and unit of the colour bar.
        label: String,
        /// Column centres, ascending.
        x: Vec<f64>,
        /// Row centres, ascending.
        y: Vec<f64>,
        /// `y.len()` rows of `x.len()` values, one row after the other.
        values: Vec<f64>,
    },
    /// Filled polygons with thin outlines; those that leave the frame are not drawn.
    Polygons {
        /// Name in the legend.
        label: String,
        /// The corners of each, x and y.
        outlines: Vec<Vec<[f64; 2]>>,
        /// Their number in the palette of classes: 0 to 5 are told apart in colour and in grey, then it begins anew.
        class: usize,
    },
    /// Straight lines, each from one point to another; those that leave the frame are not drawn.
    Segments {
        /// Name in the legend.
        label: String,
        /// Both ends of each, x and y.
        ends: Vec<[[f64; 2]; 2]>,
    },
}

/// What a layer is. The palette gives each role one colour, dash and marker, the same in every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Measured by an instrument.
    Measured,
    /// Computed forwards, from structure to spectrum.
    Predicted,
    /// Computed backwards, from spectrum to structure.
    Inferred,
    /// Known before the measurement: the training glasses.
    Prior,
    /// Known otherwise: the truth of a simulation, a published value.
    Reference,
    /// One minus another.
    Difference,
}

impl Layer {
    /// A curve; an empty label keeps it out of the legend.
    pub fn line(label: &str, x: &[f64], y: &[f64], role: Role) -> Self {
        Self::Line {
            label: label.into(),
            x: x.to_vec(),
            y: y.to_vec(),
            role,
        }
    }

    fn check(&self) -> std::result::Result<(), String> {
        match self {
            Self::Line { label, x, y, .. } => columns(label, &[x, y]),
            Self::Bars { label, x, y, .. } => {
                columns(label, &[x, y])?;
                ascending(label, x)
            }
            Self::Points {
                label, x, y, sigma, ..
            } => {
                columns(label, &[x, y])?;
                let Some(sigma) = sigma else { return Ok(()) };
                columns(label, &[x, sigma])?;
                match sigma.iter().find(|s| **s < 0.0) {
                    Some(s) => Err(format!("'{label}' has the standard error {s}")),
                    None => Ok(()),
                }
            }
            Self::Band {
                label,
                x,
                low,
                high,
                ..
            } => {
                columns(label, &[x, low, high])?;
                match (0..x.len()).find(|&i| low[i] > high[i]) {
                    Some(i) => Err(format!("band '{label}' is upside down at x = {}", x[i])),
                    None => Ok(()),
                }
            }
            Self::Shade { label, from, to } if !(is_drawable(*from) && is_drawable(*to)) => {
                Err(format!("'{label}' runs from {from} to {to}"))
            }
            Self::Shade { label, from, to } if from > to => {
                Err(format!("'{label}' runs from {from} back to {to}"))
            }
            Self::Shade { .. } => Ok(()),
            Self::Map {
                label,
                x,
                y,
                values,
            } => map(label, x, y, values),
            Self::Polygons {
                label, outlines, ..
            } => columns(label, &[outlines.concat().as_flattened()]),
            Self::Segments { label, ends } => columns(label, &[ends.as_flattened().as_flattened()]),
        }
    }
}

/// Numbers beyond this are refused: differences and ratios of smaller ones stay finite.
const LARGEST: f64 = 1e100;

/// False for NaN as well.
fn is_drawable(v: f64) -> bool {
    v.abs() <= LARGEST
}

fn columns(label: &str, columns: &[&[f64]]) -> std::result::Result<(), String> {
    let lengths: Vec<_> = columns.iter().map(|c| c.len()).collect();
    if lengths.iter().any(|&n| n != lengths[0]) {
        return Err(format!("columns of '{label}' have lengths {lengths:?}"));
    }
    match columns
        .iter()
        .flat_map(|c| c.iter())
        .find(|v| !is_drawable(**v))
    {
        Some(v) => Err(format!("'{label}' holds the value {v:e}")),
        None => Ok(()),
    }
}

fn ascending(label: &str, x: &[f64]) -> std::result::Result<(), String> {
    match x.windows(2).find(|w| w[0] >= w[1]) {
        Some(w) => Err(format!("'{label}': {} is followed by {}", w[0], w[1])),
        None => Ok(()),
    }
}

fn map(label: &str, x: &[f64], y: &[f64], values: &[f64]) -> std::result::Result<(), String> {
    for column in [x, y, values] {
        columns(label, &[column])?;
    }
    ascending(label, x)?;
    ascending(label, y)?;
    if values.len() == x.len() * y.len() {
        return Ok(());
    }
    let (n, p, q) = (values.len(), y.len(), x.len());
    Err(format!("map '{label}' has {n} values for {p} rows of {q}"))
}
