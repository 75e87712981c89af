//! A figure as SVG: places the panels, then draws frames, layers and legends.

use super::axes::{Frame, Range};
use super::canvas::{self, Canvas, Point, Side, Stroke, fitted, mm, text_height, width_of};
use super::layers;
use super::map;
use super::model::{Arrangement, Figure, Layer, Panel};
use super::palette::{self, ATTENTION, FAINT, INK};
use super::ruler;
use crate::error::Result;

/// Room at the right of a frame: half of the last tick label, mm.
const RIGHT: f64 = 4.0;
/// Room at the left of a frame while the tick labels are not known yet, mm.
const LEFT_AT_FIRST: f64 = 19.0;
/// Length of a sample of line in the legend and its distance from its text, mm.
const SWATCH: (f64, f64) = (6.4, 1.2);
/// Distance between two entries of a legend, mm.
const BETWEEN: f64 = 4.5;

/// The SVG of a figure: drawn at its size in print, words as text in `DejaVu Sans`.
///
/// The same figure gives the same bytes.
pub fn svg(figure: &Figure) -> Result<String> {
    let size = figure.size();
    canvas::svg(size.width_mm, size.height_mm, |canvas| {
        let cells = match figure.arrangement() {
            Arrangement::Stacked => stacked(figure)?,
            Arrangement::Beside => in_rows(figure, figure.panels().len())?,
            Arrangement::Rows(columns) => in_rows(figure, columns)?,
        };
        cells.iter().try_for_each(|cell| cell.draw(canvas))
    })
}

/// A panel with its place on the sheet.
struct Cell<'a> {
    panel: &'a Panel,
    frame: Frame,
    legend: Vec<Vec<Entry<'a>>>,
    /// Whether the x axis is labelled here.
    is_named: bool,
}

/// An entry of a legend: what stands before the words, the words, and their width.
struct Entry<'a> {
    layer: Option<&'a Layer>,
    words: String,
    width: f64,
}

fn below() -> f64 {
    3.2 * text_height()
}

fn above(rows: usize) -> f64 {
    (0.9 + 1.4 * rows as f64) * text_height()
}

fn right(panel: &Panel) -> f64 {
    let has_map = panel.layers.iter().any(|l| matches!(l, Layer::Map { .. }));
    mm(if has_map { map::BAR_ROOM } else { RIGHT })
}

/// The letter of panel `i` of `count`.
fn letter(i: usize, count: usize) -> Option<char> {
    (count > 1).then(|| char::from(b'a' + (i % 26) as u8))
}

fn stacked(figure: &Figure) -> Result<Vec<Cell<'_>>> {
    let panels = figure.panels();
    let last = panels.len() - 1;
    let x = panels[last]
        .x
        .range
        .map_or_else(|| x_range(panels), |(low, high)| Range::new(low, high));
    let (width, height) = (mm(figure.size().width_mm), mm(figure.size().height_mm));
    let right = width - panels.iter().map(right).fold(0.0, f64::max);
    let legends = legends(panels, right - mm(LEFT_AT_FIRST))?;
    let heads: f64 = legends.iter().map(|l| above(l.len())).sum();
    let total: f64 = panels.iter().map(|p| p.weight).sum();
    // However full the legends are, a frame keeps some height.
    let free = (height - heads - below()).max(0.3 * height);
    let mut top = 0.0;
    let mut cells = Vec::new();
    for (i, (panel, legend)) in panels.iter().zip(legends).enumerate() {
        top += above(legend.len());
        let bottom = top + free * panel.weight / total;
        let frame = Frame {
            left: mm(LEFT_AT_FIRST),
            right,
            top,
            bottom,
            x,
            y: y_range(panel, x),
        };
        top = bottom;
        cells.push(Cell {
            panel,
            frame,
            legend,
            is_named: i == last,
        });
    }
    let left = lefts(&cells)?.into_iter().fold(0.0, f64::max);
    for cell in &mut cells {
        cell.frame.left = left;
        cell.settle();
    }
    Ok(cells)
}

/// Rows of `columns` panels, equally high; legends of a row are equally high, so that its frames begin on one line.
fn in_rows(figure: &Figure, columns: usize) -> Result<Vec<Cell<'_>>> {
    let panels = figure.panels();
    let width = mm(figure.size().width_mm) / columns as f64;
    let height = mm(figure.size().height_mm) / panels.len().div_ceil(columns) as f64;
    let widest = panels.iter().map(right).fold(0.0, f64::max);
    let mut legends = legends(panels, width - widest - mm(LEFT_AT_FIRST))?.into_iter();
    let mut cells = Vec::new();
    for (row, panels) in panels.chunks(columns).enumerate() {
        let (head, foot) = (row as f64 * height, (row + 1) as f64 * height - below());
        let legends: Vec<_> = legends.by_ref().take(columns).collect();
        let lines = legends.iter().map(Vec::len).max().unwrap_or(0);
        for (i, (panel, legend)) in panels.iter().zip(legends).enumerate() {
            let x = panel.x.range.map_or_else(
                || x_range(std::slice::from_ref(panel)),
                |(low, high)| Range::new(low, high),
            );
            let frame = Frame {
                left: i as f64 * width + mm(LEFT_AT_FIRST),
                right: (i + 1) as f64 * width - right(panel),
                top: (head + above(lines)).min(head + 0.6 * (foot - head)),
                bottom: foot,
                x,
                y: y_range(panel, x),
            };
            cells.push(Cell {
                panel,
                frame,
                legend,
                is_named: true,
            });
        }
    }
    let lefts = lefts(&cells)?;
    for (i, (cell, left)) in cells.iter_mut().zip(lefts).enumerate() {
        cell.frame.left = (i % columns) as f64 * width + left;
        cell.settle();
    }
    Ok(cells)
}

/// Room each panel needs for what stands at the left of its frame, pixels.
fn lefts(cells: &[Cell]) -> Result<Vec<f64>> {
    let room = |c: &Cell| match c.panel.ruler {
        Some(_) => Ok(mm(RIGHT)),
        None => Ok(c.frame.y_label_width()? + mm(1.0) + 1.8 * text_height()),
    };
    cells.iter().map(room).collect()
}

fn x_range(panels: &[Panel]) -> Range {
    let layers = panels.iter().flat_map(|p| &p.layers);
    Range::of(layers.flat_map(layers::x_extent))
}

fn y_range(panel: &Panel, x: Range) -> Range {
    if let Some((low, high)) = panel.y.range {
        return Range::new(low, high);
    }
    let data = Range::of(panel.layers.iter().flat_map(|l| layers::y_extent(l, x)));
    let is_map = panel.layers.iter().any(|l| matches!(l, Layer::Map { .. }));
    if is_map || panel.ruler.is_some() {
        data
    } else {
        data.roomy()
    }
}

/// The legend of each panel, in rows no wider than `width` pixels: letter and title, then each named layer once.
fn legends(panels: &[Panel], width: f64) -> Result<Vec<Vec<Vec<Entry<'_>>>>> {
    let mut all = Vec::new();
    for (i, panel) in panels.iter().enumerate() {
        let letter = letter(i, panels.len()).map(|c| format!("({c})"));
        let title = [letter, panel.title.clone()].into_iter().flatten();
        let title = title.collect::<Vec<_>>().join(" ");
        let mut entries = Vec::new();
        if !title.is_empty() {
            entries.push(entry(None, &title, width)?);
        }
        let mut seen: Vec<&str> = Vec::new();
        for layer in &panel.layers {
            let label = label(layer);
            if !label.is_empty() && !seen.contains(&label) {
                seen.push(label);
                entries.push(entry(Some(layer), label, width)?);
            }
        }
        all.push(rows(entries, width));
    }
    Ok(all)
}

fn entry<'a>(layer: Option<&'a Layer>, words: &str, width: f64) -> Result<Entry<'a>> {
    let swatch = layer.map_or(0.0, |_| mm(SWATCH.0 + SWATCH.1));
    let words = fitted(words, width - swatch)?;
    let width = swatch + width_of(&words)?;
    Ok(Entry {
        layer,
        words,
        width,
    })
}

fn rows(entries: Vec<Entry>, width: f64) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut used = f64::INFINITY;
    for entry in entries {
        if used + mm(BETWEEN) + entry.width > width {
            rows.push(Vec::new());
            used = -mm(BETWEEN);
        }
        used += mm(BETWEEN) + entry.width;
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
}

/// The name of a layer in the legend; a map is named at its colour bar.
fn label(layer: &Layer) -> &str {
    match layer {
        Layer::Line { label, .. }
        | Layer::Points { label, .. }
        | Layer::Band { label, .. }
        | Layer::Shade { label, .. }
        | Layer::Bars { label, .. }
        | Layer::Polygons { label, .. }
        | Layer::Segments { label, .. } => label,
        Layer::Map { .. } => "",
    }
}

impl Cell<'_> {
    /// Gives a picture one scale, now that its frame is known.
    fn settle(&mut self) {
        if self.panel.ruler.is_some() {
            self.frame = self.frame.on_one_scale();
        }
    }

    fn draw(&self, canvas: &Canvas) -> Result<()> {
        let (frame, panel) = (&self.frame, self.panel);
        let is_map = panel.layers.iter().any(|l| matches!(l, Layer::Map { .. }));
        if !is_map && panel.ruler.is_none() && frame.y.low < 0.0 && frame.y.high > 0.0 {
            let zero = Stroke {
                colour: FAINT,
                width: 0.15,
                dash: None,
            };
            let row = frame.row(0.0);
            canvas.line(&[(frame.left, row), (frame.right, row)], zero)?;
        }
        for layer in &panel.layers {
            layers::draw(canvas, frame, layer)?;
        }
        if let Some((label, values, width)) = panel.layers.iter().find_map(|l| match l {
            Layer::Map {
                label, values, x, ..
            } => Some((label, values, x.len())),
            _ => None,
        }) {
            map::bar(canvas, frame, (values, width), label)?;
        }
        match &panel.ruler {
            Some(unit) => ruler::draw(canvas, frame, unit)?,
            None => frame.draw(canvas, &panel.x, &panel.y, self.is_named)?,
        }
        self.draw_legend(canvas)?;
        if panel.layers.iter().all(|l| layers::x_extent(l).is_empty()) {
            let centre = (
                0.5 * (frame.left + frame.right),
                0.5 * (frame.top + frame.bottom),
            );
            canvas.text("no data", centre, Side::Centre, INK)?;
        }
        Ok(())
    }

    fn draw_legend(&self, canvas: &Canvas) -> Result<()> {
        let mut row = self.frame.top - above(self.legend.len()) + 1.15 * text_height();
        for entries in &self.legend {
            let mut column = self.frame.left;
            for entry in entries {
                let mut words = column;
                if let Some(layer) = entry.layer {
                    swatch(canvas, (column, row), layer)?;
                    words += mm(SWATCH.0 + SWATCH.1);
                }
                canvas.text(&entry.words, (words, row), Side::Left, INK)?;
                column += entry.width + mm(BETWEEN);
            }
            row += 1.4 * text_height();
        }
        Ok(())
    }
}

/// A sample of a layer, its left end at `at`.
fn swatch(canvas: &Canvas, at: Point, layer: &Layer) -> Result<()> {
    let end = (at.0 + mm(SWATCH.0), at.1);
    let centre = (at.0 + 0.5 * mm(SWATCH.0), at.1);
    let half = 0.35 * text_height();
    let block = |colour| canvas.rectangle((at.0, at.1 - half), (end.0, at.1 + half), colour);
    match layer {
        Layer::Line { role, .. } => canvas.line(&[at, end], palette::stroke(*role)),
        Layer::Points { role, .. } => layers::marker(canvas, centre, mm(0.65), *role),
        Layer::Band { role, .. } => block(palette::band(*role)),
        Layer::Bars { role, .. } => block(palette::colour(*role)),
        Layer::Shade { .. } => {
            block(ATTENTION.with_alpha(0.22))?;
            let top = at.1 - half;
            canvas.rectangle((at.0, top), (end.0, top + mm(0.6)), ATTENTION)
        }
        Layer::Map { .. } => Ok(()),
        Layer::Polygons { class, .. } => {
            let corners = [-half, half].map(|dy| (at.0, at.1 + dy));
            let [a, b] = corners;
            let outline = [a, (end.0, a.1), (end.0, b.1), b, a];
            block(palette::class(*class))?;
            canvas.line(&outline, layers::OUTLINE)
        }
        Layer::Segments { .. } => canvas.line(&[at, end], layers::SEGMENT),
    }
}
