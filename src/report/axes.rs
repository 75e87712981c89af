//! Ranges, ticks and the frame of a panel.

use super::canvas::{Canvas, Point, Side, Stroke, fitted, mm, text_height, width_of};
use super::model::Axis;
use super::palette::INK;
use crate::error::Result;

/// Thin lines of frame and ticks, mm.
const HAIR: f64 = 0.18;
/// Fewer labels than this do not tell a scale.
const FEWEST_TICKS: usize = 3;
/// Length of a tick, mm.
const TICK: f64 = 1.2;
/// Ranges narrower than this part of their ends cannot carry different tick labels.
const LEAST_RELATIVE_WIDTH: f64 = 1e-9;
/// Ranges narrower than this are drawn as if all values were equal (below it, steps underflow).
const LEAST_WIDTH: f64 = 1e-200;

/// Two ends of an axis, never equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
}

impl Range {
    /// From `low` to `high`, widened when they are too close to label.
    pub fn new(low: f64, high: f64) -> Self {
        let size = low.abs().max(high.abs());
        if high - low > (size * LEAST_RELATIVE_WIDTH).max(LEAST_WIDTH) {
            return Self { low, high };
        }
        let half = if size > LEAST_WIDTH { 0.5 * size } else { 0.5 };
        let middle = 0.5 * low + 0.5 * high;
        Self {
            low: middle - half,
            high: middle + half,
        }
    }

    /// The range of all values; 0 to 1 if there is none.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        if low > high {
            Self::new(0.0, 1.0)
        } else {
            Self::new(low, high)
        }
    }

    /// Room above and below the data; a range that nearly begins at zero begins there.
    pub fn roomy(self) -> Self {
        let room = 0.06 * (self.high - self.low);
        let from_zero = self.low >= 0.0 && self.low < 0.3 * self.high;
        Self {
            low: if from_zero { 0.0 } else { self.low - room },
            high: self.high + room,
        }
    }

    /// Where `v` lies, 0 at `low` and 1 at `high`.
    pub fn share(self, v: f64) -> f64 {
        (v - self.low) / (self.high - self.low)
    }
}

/// Labelled ticks of an axis: positions, labels, and the power of ten taken out of the labels (0 if none).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    pub at: Vec<f64>,
    pub labels: Vec<String>,
    pub power: i32,
}

/// About `most` ticks at multiples of 1, 2 or 5 times a power of ten, but three at least.
pub(super) fn ticks(range: Range, most: usize) -> Ticks {
    let least = (most..most + 4)
        .map(|n| ticks_with(range, n))
        .find(|t| t.at.len() >= FEWEST_TICKS);
    least.unwrap_or_else(|| ticks_with(range, most + 4))
}

fn ticks_with(range: Range, most: usize) -> Ticks {
    let step = nice_step((range.high - range.low) / most.max(1) as f64);
    let slack = 1e-6 * step;
    let first = ((range.low - slack) / step).ceil();
    let count = (((range.high + slack) / step).floor() - first).clamp(0.0, 100.0) as usize;
    // An integer times the step, never a running sum: 0 stays 0.
    let at: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
    let largest = at.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let magnitude = if largest > 0.0 {
        largest.log10().floor() as i32
    } else {
        0
    };
    let power = if (-3..5).contains(&magnitude) {
        0
    } else {
        magnitude
    };
    let scale = 10_f64.powi(power);
    let decimals = (-((step / scale).log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let labels = at.iter().map(|v| number(v / scale, decimals)).collect();
    Ticks { at, labels, power }
}

/// The least 1, 2 or 5 times a power of ten that is not below `least`.
pub(super) fn nice_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|t| t * decade >= least * (1.0 - 1e-9))
        .unwrap_or(10.0);
    times * decade
}

/// A number with a real minus sign, and no sign on zero.
fn number(v: f64, decimals: usize) -> String {
    let text = format!("{v:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// "×10⁻⁵"
pub(super) fn power_of_ten(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => char::from_u32('⁰' as u32 + (c as u32 - '0' as u32)).unwrap_or(c),
    };
    format!(
        "×10{}",
        power.to_string().chars().map(digit).collect::<String>()
    )
}

/// The frame of a panel in pixels, and the ranges it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub x: Range,
    pub y: Range,
}

impl Frame {
    /// Pixels of a point of the data.
    pub fn place(&self, x: f64, y: f64) -> Point {
        (self.column(x), self.row(y))
    }

    /// Pixel column of x.
    pub fn column(&self, x: f64) -> f64 {
        self.left + self.x.share(x) * (self.right - self.left)
    }

    /// Pixel row of y.
    pub fn row(&self, y: f64) -> f64 {
        self.bottom - self.y.share(y) * (self.bottom - self.top)
    }

    /// The same place for wider ranges: those on which a unit of x is as long as a unit of y.
    pub fn on_one_scale(self) -> Self {
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        let unit = (self.x.high - self.x.low) / width;
        let unit = unit.max((self.y.high - self.y.low) / height);
        let over = |range: Range, length: f64| {
            let (middle, half) = (0.5 * (range.low + range.high), 0.5 * unit * length);
            Range::new(middle - half, middle + half)
        };
        Self {
            x: over(self.x, width),
            y: over(self.y, height),
            ..self
        }
    }

    /// Ticks that leave room between the labels along x.
    pub fn x_ticks(&self) -> Ticks {
        ticks(
            self.x,
            (((self.right - self.left) / mm(14.0)) as usize).clamp(2, 10),
        )
    }

    /// Ticks that leave room between the labels along y.
    pub fn y_ticks(&self) -> Ticks {
        ticks(
            self.y,
            (((self.bottom - self.top) / mm(7.0)) as usize).clamp(2, 8),
        )
    }

    /// Draws frame, ticks (inwards, on all sides) and labels; `name_x` says whether the x axis is labelled here.
    pub fn draw(&self, canvas: &Canvas, x: &Axis, y: &Axis, name_x: bool) -> Result<()> {
        let hair = Stroke {
            colour: INK,
            width: HAIR,
            dash: None,
        };
        let (l, r, t, b) = (self.left, self.right, self.top, self.bottom);
        canvas.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], hair)?;
        let tick = mm(TICK);
        for &v in &self.x_ticks().at {
            let c = self.column(v);
            canvas.line(&[(c, b), (c, b - tick)], hair)?;
            canvas.line(&[(c, t), (c, t + tick)], hair)?;
        }
        for &v in &self.y_ticks().at {
            let w = self.row(v);
            canvas.line(&[(l, w), (l + tick, w)], hair)?;
            canvas.line(&[(r, w), (r - tick, w)], hair)?;
        }
        self.label_y(canvas, y)?;
        if name_x {
            self.label_x(canvas, x)
        } else {
            Ok(())
        }
    }

    fn label_x(&self, canvas: &Canvas, axis: &Axis) -> Result<()> {
        let ticks = self.x_ticks();
        let row = self.bottom + 0.95 * text_height();
        for (&v, label) in ticks.at.iter().zip(&ticks.labels) {
            canvas.text(label, (self.column(v), row), Side::Centre, INK)?;
        }
        let row = row + 1.45 * text_height();
        if ticks.power != 0 {
            let end = (self.right, row);
            canvas.text(&power_of_ten(ticks.power), end, Side::Right, INK)?;
        }
        let label = fitted(&axis.label, 0.75 * (self.right - self.left))?;
        let middle = 0.5 * (self.left + self.right);
        canvas.text(&label, (middle, row), Side::Centre, INK)
    }

    fn label_y(&self, canvas: &Canvas, axis: &Axis) -> Result<()> {
        let ticks = self.y_ticks();
        let edge = self.left - mm(1.0);
        for (&v, label) in ticks.at.iter().zip(&ticks.labels) {
            canvas.text(label, (edge, self.row(v)), Side::Right, INK)?;
        }
        if ticks.power != 0 {
            let corner = (edge, self.top - 0.9 * text_height());
            canvas.text(&power_of_ten(ticks.power), corner, Side::Right, INK)?;
        }
        let label = fitted(&axis.label, self.bottom - self.top + text_height())?;
        let column = edge - self.y_label_width()? - 0.95 * text_height();
        let middle = 0.5 * (self.top + self.bottom);
        canvas.text_upwards(&label, (column, middle), INK)
    }

    /// Width of the widest label along y, pixels.
    pub fn y_label_width(&self) -> Result<f64> {
        let mut widest = 0.0_f64;
        for label in &self.y_ticks().labels {
            widest = widest.max(width_of(label)?);
        }
        Ok(widest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scale_widens_one_range_around_its_middle() {
        let frame = Frame {
            left: 10.0,
            right: 110.0,
            top: 0.0,
            bottom: 50.0,
            x: Range::new(0.0, 4.0),
            y: Range::new(1.0, 5.0),
        };
        let even = frame.on_one_scale();
        assert_eq!(even.y, frame.y);
        assert_eq!(even.x, Range::new(-2.0, 6.0));
    }

    fn labels(low: f64, high: f64) -> Vec<String> {
        ticks(Range::new(low, high), 5).labels
    }

    #[test]
    fn ticks_are_round_and_zero_has_no_sign() {
        assert_eq!(labels(-0.25, 0.31), ["−0.2", "0.0", "0.2"]);
        assert_eq!(labels(0.0, 200.0), ["0", "50", "100", "150", "200"]);
    }

    #[test]
    fn large_and_small_ticks_share_a_power_of_ten() {
        let t = ticks(Range::new(0.0, 3.0e7), 4);
        assert_eq!((t.power, t.labels.last().unwrap().as_str()), (7, "3"));
        assert_eq!(power_of_ten(-12), "×10⁻¹²");
        assert_eq!(ticks(Range::new(0.0, 4e-5), 4).power, -5);
    }

    #[test]
    fn no_range_makes_ticks_run_away() {
        for (low, high) in [
            (0.0, 0.0),
            (1.0, 1.0 + f64::EPSILON),
            (-1e100, 1e100),
            (0.0, 1e-300),
            (1e99, 1e99 + 1e84),
            (-5.0, -5.0),
        ] {
            let t = ticks(Range::new(low, high), 6);
            assert!((2..=14).contains(&t.at.len()), "{low} {high}: {t:?}");
            let mut unique = t.labels.clone();
            unique.dedup();
            assert_eq!(unique.len(), t.labels.len(), "{low} {high}: {t:?}");
        }
    }
}
