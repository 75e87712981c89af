//! The scale of a picture: a bar of a round length below it.

use super::axes::{Frame, nice_step};
use super::canvas::{Canvas, Side, Stroke, fitted, mm, text_height};
use super::palette::INK;
use crate::error::Result;

/// Shortest bar, as a part of the width of the frame; it is at most two and a half times as long.
const SHORTEST: f64 = 0.1;
/// Thickness of the bar, mm.
const THICK: f64 = 0.7;

/// Draws the bar at the left below the frame, its length in `unit` beside it.
pub(super) fn draw(canvas: &Canvas, frame: &Frame, unit: &str) -> Result<()> {
    let shown = frame.x.high - frame.x.low;
    let length = nice_step(SHORTEST * shown);
    let row = frame.bottom + 1.2 * text_height();
    let end = frame.left + length / shown * (frame.right - frame.left);
    let bar = Stroke {
        colour: INK,
        width: THICK,
        dash: None,
    };
    canvas.line(&[(frame.left, row), (end, row)], bar)?;
    let words = fitted(&format!("{length} {unit}"), frame.right - end - mm(1.5))?;
    canvas.text(&words, (end + mm(1.5), row), Side::Left, INK)
}
