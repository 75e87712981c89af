//! A sheet to draw on: the only file that knows plotters.
//!
//! Coordinates are pixels of [`PX_PER_MM`] to the millimetre, from the upper left corner: plotters rounds to whole
//! pixels, and at this scale a pixel is a hair.

use super::palette::Colour;
use crate::error::{Error, Result};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBAColor, TextStyle};
use std::sync::Once;

/// Pixels of the drawing to a millimetre of print.
pub(super) const PX_PER_MM: f64 = 20.0;
/// The embedded font: `DejaVu Sans`, reduced to Latin, Greek, Cyrillic, mathematics, arrows, super- and subscripts.
pub(super) const FONT: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
/// Its family name, as the file has it.
pub(super) const FONT_FAMILY: &str = "DejaVu Sans";
/// plotters divides the size of a font by this on its way to SVG.
const PLOTTERS_FONT_SCALE: f64 = 1.24;
/// plotters takes its size of a font for ascent + descent, which is 1.164 em in `DejaVu Sans`; 2 % are kept for the widths of
/// Verdana, which stands in where a browser lacks `DejaVu Sans`.
const PLOTTERS_WIDTH_SCALE: f64 = 1.02 * 1.164 / PLOTTERS_FONT_SCALE;
/// Text size in points of the finished print.
const TEXT_PT: f64 = 7.5;
const MM_PER_PT: f64 = 25.4 / 72.0;

/// Where a text's position lies in it, left to right.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Centre,
    Right,
}

/// How a line is drawn: colour, width in millimetres, dash and gap in millimetres.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub colour: Colour,
    pub width: f64,
    pub dash: Option<(f64, f64)>,
}

/// A point in pixels.
pub(super) type Point = (f64, f64);

/// Millimetres in pixels.
pub(super) fn mm(length: f64) -> f64 {
    length * PX_PER_MM
}

/// A drawing that ends as SVG text.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws with `draw` on a white sheet of `width` by `height` millimetres; returns the SVG.
pub(super) fn svg(
    width: f64,
    height: f64,
    draw: impl FnOnce(&Canvas) -> Result<()>,
) -> Result<String> {
    register_font();
    let (w, h) = (mm(width).round() as u32, mm(height).round() as u32);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (w, h)).into_drawing_area();
        area.fill(&WHITE).map_err(|e| failed(&e))?;
        let canvas = Canvas { area };
        draw(&canvas)?;
        canvas.area.present().map_err(|e| failed(&e))?;
    }
    let size = format!("width=\"{w}\" height=\"{h}\"");
    let print = format!("width=\"{width}mm\" height=\"{height}mm\" stroke-linejoin=\"round\"");
    let fallback = format!("font-family=\"{FONT_FAMILY}, Verdana, sans-serif\"");
    Ok(text
        .replacen(&size, &print, 1)
        .replace(&format!("font-family=\"{FONT_FAMILY}\""), &fallback))
}

fn register_font() {
    static ONCE: Once = Once::new();
    // A refusal shows at the first text, as an error of plotters.
    ONCE.call_once(|| {
        let _ = plotters::style::register_font(FONT_FAMILY, FontStyle::Normal, FONT);
    });
}

fn failed(why: &impl std::fmt::Display) -> Error {
    Error::new("cannot draw a figure").because(why.to_string())
}

fn whole((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

fn rgba(colour: Colour) -> RGBAColor {
    let (r, g, b) = colour.rgb;
    RGBAColor(r, g, b, colour.alpha)
}

fn font() -> FontDesc<'static> {
    let size = mm(TEXT_PT * MM_PER_PT) * PLOTTERS_FONT_SCALE;
    FontDesc::new(FontFamily::Name(FONT_FAMILY), size, FontStyle::Normal)
}

/// Whether XML 1.0 (section 2.2) and a single line can hold the character.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// Height of a line of text, pixels.
pub(super) fn text_height() -> f64 {
    mm(TEXT_PT * MM_PER_PT)
}

impl Canvas<'_> {
    /// A polyline.
    pub fn line(&self, points: &[Point], stroke: Stroke) -> Result<()> {
        let mut pixels: Vec<_> = points.iter().copied().map(whole).collect();
        pixels.dedup();
        if pixels.len() < 2 {
            return Ok(());
        }
        let width = mm(stroke.width).round().max(1.0) as u32;
        let style = rgba(stroke.colour).stroke_width(width);
        match stroke.dash {
            None => self.area.draw(&PathElement::new(pixels, style)),
            Some((on, off)) => {
                let (on, off) = (mm(on) as i32, mm(off) as i32);
                self.area
                    .draw(&DashedPathElement::new(pixels, on, off, style))
            }
        }
        .map_err(|e| failed(&e))
    }

    /// A filled polygon.
    pub fn fill(&self, points: &[Point], colour: Colour) -> Result<()> {
        let pixels: Vec<_> = points.iter().copied().map(whole).collect();
        self.area
            .draw(&Polygon::new(pixels, rgba(colour).filled()))
            .map_err(|e| failed(&e))
    }

    /// A filled rectangle between two corners.
    pub fn rectangle(&self, a: Point, b: Point, colour: Colour) -> Result<()> {
        self.area
            .draw(&Rectangle::new([whole(a), whole(b)], rgba(colour).filled()))
            .map_err(|e| failed(&e))
    }

    /// A line of text, centred on `at` vertically.
    pub fn text(&self, text: &str, at: Point, side: Side, colour: Colour) -> Result<()> {
        self.write(text, at, side, font(), colour)
    }

    /// A line of text that reads upwards, centred on `at`.
    pub fn text_upwards(&self, text: &str, at: Point, colour: Colour) -> Result<()> {
        let font = font().transform(FontTransform::Rotate270);
        self.write(text, at, Side::Centre, font, colour)
    }

    fn write(
        &self,
        text: &str,
        at: Point,
        side: Side,
        font: FontDesc<'_>,
        colour: Colour,
    ) -> Result<()> {
        let h = match side {
            Side::Left => HPos::Left,
            Side::Centre => HPos::Center,
            Side::Right => HPos::Right,
        };
        let colour = rgba(colour);
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(h, VPos::Center));
        self.area
            .draw(&Text::new(text.to_owned(), whole(at), style))
            .map_err(|e| failed(&e))
    }
}

/// Width of a line of text, pixels.
pub(super) fn width_of(text: &str) -> Result<f64> {
    let (width, _) = font().box_size(text).map_err(|e| failed(&e))?;
    Ok(f64::from(width) * PLOTTERS_WIDTH_SCALE)
}

/// `text` on one line and no wider than `limit` pixels: control characters become blanks, and what is too long ends in "…".
pub(super) fn fitted(text: &str, limit: f64) -> Result<String> {
    let clean: String = text
        .chars()
        .map(|c| if is_printable(c) { c } else { ' ' })
        .collect();
    if clean.len() < 4096 && width_of(&clean)? <= limit {
        return Ok(clean);
    }
    let mut kept = String::new();
    for c in clean.chars() {
        kept.push(c);
        if width_of(&format!("{kept}…"))? > limit {
            kept.pop();
            break;
        }
    }
    Ok(kept.trim_end().to_owned() + "…")
}
