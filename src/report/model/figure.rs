//! Figures: panels under one caption, their axes.

use super::layer::{Layer, is_drawable};
use crate::error::{Error, Result};
use serde::Serialize;

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
