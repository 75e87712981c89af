//! Heat maps and their colour bar.

use super::axes::{self, Frame, Ticks, power_of_ten};
use super::canvas::{Canvas, Side, Stroke, fitted, mm, text_height, width_of};
use super::layers::edges;
use super::palette::{self, Colour, INK};
use crate::error::Result;
use std::ops::Range;

/// A map is drawn with at most this many cells a side, each the mean of those it covers: finer ones cannot be seen in
/// print and make files of many megabytes. The CSV beside a figure has them all.
const MOST_CELLS: usize = 96;
/// Shades of the colour scale.
const SHADES: f64 = 48.0;
/// Neighbouring cells overlap by this much (pixels), lest hairs of paper show between them.
const OVERLAP: f64 = 2.0;
/// Colour bar: distance from the frame, and width, mm.
const BAR: (f64, f64) = (2.5, 3.0);
/// Room a colour bar with its label needs at the right of the frame, mm.
pub(super) const BAR_ROOM: f64 = 21.0;

/// Negative values smaller than this part of the largest are ripples, not a second side.
const RIPPLE: f64 = 0.05;

/// From values to colours: white at zero and two hues if values go below it, else white to dark.
struct Scale {
    range: axes::Range,
    is_diverging: bool,
}

impl Scale {
    fn of(values: &[f64]) -> Self {
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let is_diverging = values.iter().any(|v| *v < -RIPPLE * largest);
        let range = match (is_diverging, largest > 0.0) {
            (true, _) => axes::Range::new(-largest, largest),
            (false, true) => axes::Range::new(0.0, largest),
            (false, false) => axes::Range::new(0.0, 1.0),
        };
        Self {
            range,
            is_diverging,
        }
    }

    fn colour(&self, v: f64) -> Colour {
        let share = (self.range.share(v) * SHADES).round() / SHADES;
        if self.is_diverging {
            palette::diverging(2.0 * share - 1.0)
        } else {
            palette::sequential(share)
        }
    }
}

/// Draws the cells.
pub(super) fn draw(
    canvas: &Canvas,
    frame: &Frame,
    x: &[f64],
    y: &[f64],
    values: &[f64],
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let cells = Cells::of(values, x.len());
    let scale = Scale::of(&cells.means);
    let (columns, rows) = (edges(x), edges(y));
    for (up, row) in cells.up.iter().zip(cells.means.chunks(cells.along.len())) {
        let colours: Vec<(&Range<usize>, Colour)> = (cells.along.iter())
            .zip(row.iter().map(|&v| scale.colour(v)))
            .collect();
        let row = (frame.row(rows[up.start]), frame.row(rows[up.end]));
        // Neighbours of one colour are one rectangle.
        for run in colours.chunk_by(|a, b| a.1 == b.1) {
            let (begin, end) = (run[0].0.start, run[run.len() - 1].0.end);
            let column = (frame.column(columns[begin]), frame.column(columns[end]));
            cell(canvas, frame, column, row, run[0].1)?;
        }
    }
    Ok(())
}

/// What is drawn: columns and rows that share a cell, and the means, row after row.
struct Cells {
    along: Vec<Range<usize>>,
    up: Vec<Range<usize>>,
    means: Vec<f64>,
}

impl Cells {
    fn of(values: &[f64], width: usize) -> Self {
        let split = |count: usize| -> Vec<Range<usize>> {
            let wide = count.div_ceil(MOST_CELLS).max(1);
            let cell = |from: usize| from..(from + wide).min(count);
            (0..count).step_by(wide).map(cell).collect()
        };
        let (along, up) = (split(width), split(values.len() / width.max(1)));
        let mean = |(i, j): (&Range<usize>, &Range<usize>)| {
            let count = (i.len() * j.len()) as f64;
            let rows = j.clone().map(|j| &values[j * width..][i.clone()]);
            rows.map(|row| row.iter().map(|v| v / count).sum::<f64>())
                .sum()
        };
        let pairs = up.iter().flat_map(|j| along.iter().map(move |i| (i, j)));
        let means = pairs.map(mean).collect();
        Self { along, up, means }
    }
}

fn cell(
    canvas: &Canvas,
    frame: &Frame,
    (left, right): (f64, f64),
    (bottom, top): (f64, f64),
    colour: Colour,
) -> Result<()> {
    let column = |v: f64| v.clamp(frame.left, frame.right);
    let row = |v: f64| v.clamp(frame.top, frame.bottom);
    let (l, r) = (column(left), column(right + OVERLAP));
    let (t, b) = (row(top - OVERLAP), row(bottom));
    if r - l <= 0.0 || b - t <= 0.0 {
        return Ok(());
    }
    canvas.rectangle((l, t), (r, b), colour)
}

/// Draws the colour bar at the right of the frame, for values in rows of `width`.
pub(super) fn bar(
    canvas: &Canvas,
    frame: &Frame,
    (values, width): (&[f64], usize),
    label: &str,
) -> Result<()> {
    // That of the cells: peaks narrower than one would leave everything else pale.
    let scale = Scale::of(&Cells::of(values, width).means);
    let left = frame.right + mm(BAR.0);
    let bar = Frame {
        left,
        right: left + mm(BAR.1),
        y: scale.range,
        ..*frame
    };
    let step = (scale.range.high - scale.range.low) / SHADES;
    for i in 0..SHADES as usize {
        let low = scale.range.low + i as f64 * step;
        let rows = (bar.row(low), bar.row(low + step));
        let colour = scale.colour(low + 0.5 * step);
        cell(canvas, &bar, (bar.left, bar.right - OVERLAP), rows, colour)?;
    }
    let hair = Stroke {
        colour: INK,
        width: 0.18,
        dash: None,
    };
    let (l, r, t, b) = (bar.left, bar.right, bar.top, bar.bottom);
    canvas.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], hair)?;
    bar_labels(canvas, &bar, &bar.y_ticks(), label, hair)
}

fn bar_labels(
    canvas: &Canvas,
    bar: &Frame,
    marks: &Ticks,
    label: &str,
    hair: Stroke,
) -> Result<()> {
    let edge = bar.right + mm(1.0);
    let mut widest = 0.0_f64;
    for (&v, text) in marks.at.iter().zip(&marks.labels) {
        let row = bar.row(v);
        canvas.line(&[(bar.right - mm(0.9), row), (bar.right, row)], hair)?;
        canvas.text(text, (edge, row), Side::Left, INK)?;
        widest = widest.max(width_of(text)?);
    }
    if marks.power != 0 {
        let above = (bar.left, bar.top - 0.9 * text_height());
        canvas.text(&power_of_ten(marks.power), above, Side::Left, INK)?;
    }
    let label = fitted(label, bar.bottom - bar.top + text_height())?;
    let middle = 0.5 * (bar.top + bar.bottom);
    canvas.text_upwards(&label, (edge + widest + 0.9 * text_height(), middle), INK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_white_on_both_scales() {
        for values in [[-1.0, 3.0], [0.0, 3.0]] {
            assert_eq!(Scale::of(&values).colour(0.0), palette::PAPER);
        }
    }

    #[test]
    fn a_block_is_its_mean() {
        let values = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0];
        assert_eq!(Cells::of(&values, 3).means, values);
        let wide: Vec<f64> = (0..4 * MOST_CELLS)
            .map(|i| (i % (2 * MOST_CELLS)) as f64)
            .collect();
        let cells = Cells::of(&wide, 2 * MOST_CELLS);
        assert_eq!((cells.along.len(), cells.up.len()), (MOST_CELLS, 2));
        assert!((cells.means[MOST_CELLS + 1] - 2.5).abs() < 1e-15);
    }
}
