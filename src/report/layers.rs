//! Draws the layers of a panel inside its frame.

use super::axes::{Frame, Range};
use super::canvas::{Canvas, Point, Stroke, mm};
use super::map;
use super::model::{Layer, Role};
use super::palette::{self, ATTENTION, Colour, INK, PAPER};
use crate::error::Result;

/// Opacity of a shaded range; its bar along the upper edge is solid, and seen in grey.
const SHADE: f64 = 0.22;
/// Thickness of that bar, mm.
const SHADE_BAR: f64 = 1.0;
/// Radius of a marker, mm, for few points and for many.
const MARKER: (f64, f64) = (0.65, 0.4);
/// So many points of one layer are many.
const MANY_POINTS: usize = 80;

/// Outlines of polygons, and segments.
pub(super) const OUTLINE: Stroke = Stroke {
    colour: INK,
    width: 0.12,
    dash: None,
};
pub(super) const SEGMENT: Stroke = Stroke {
    colour: INK,
    width: 0.3,
    dash: None,
};

/// Draws one layer.
pub(super) fn draw(canvas: &Canvas, frame: &Frame, layer: &Layer) -> Result<()> {
    match layer {
        Layer::Line { x, y, role, .. } => line(canvas, frame, x, y, palette::stroke(*role)),
        Layer::Points {
            x, y, sigma, role, ..
        } => points(canvas, frame, (x, y), sigma.as_deref(), *role),
        Layer::Band {
            x, low, high, role, ..
        } => band(canvas, frame, x, (low, high), *role),
        Layer::Shade { from, to, .. } => shade(
            canvas,
            frame,
            Range {
                low: *from,
                high: *to,
            },
        ),
        Layer::Bars { x, y, role, .. } => bars(canvas, frame, x, y, *role),
        Layer::Map { x, y, values, .. } => map::draw(canvas, frame, x, y, values),
        Layer::Polygons {
            outlines, class, ..
        } => outlines
            .iter()
            .try_for_each(|corners| polygon(canvas, frame, corners, palette::class(*class))),
        Layer::Segments { ends, .. } => ends
            .iter()
            .filter_map(|ends| placed(frame, ends))
            .try_for_each(|path| canvas.line(&path, SEGMENT)),
    }
}

/// All x a layer needs to show.
pub(super) fn x_extent(layer: &Layer) -> Vec<f64> {
    match layer {
        Layer::Line { x, .. } | Layer::Points { x, .. } | Layer::Band { x, .. } => x.clone(),
        Layer::Bars { x, .. } | Layer::Map { x, .. } => edges(x),
        Layer::Shade { .. } => Vec::new(),
        Layer::Polygons { .. } | Layer::Segments { .. } => corners(layer, 0),
    }
}

/// All y a layer needs to show where x is in `range`.
pub(super) fn y_extent(layer: &Layer, range: Range) -> Vec<f64> {
    let seen = |x: &[f64], columns: &[&dyn Fn(usize) -> f64]| -> Vec<f64> {
        (0..x.len())
            .filter(|&i| (range.low..=range.high).contains(&x[i]))
            .flat_map(|i| columns.iter().map(move |column| column(i)))
            .collect()
    };
    match layer {
        Layer::Line { x, y, .. } => seen(x, &[&|i| y[i]]),
        Layer::Points { x, y, sigma, .. } => {
            let bar = |i: usize| sigma.as_ref().map_or(0.0, |s| s[i]);
            seen(x, &[&|i| y[i] - bar(i), &|i| y[i] + bar(i)])
        }
        Layer::Band { x, low, high, .. } => seen(x, &[&|i| low[i], &|i| high[i]]),
        Layer::Bars { x, y, .. } => seen(x, &[&|i| y[i], &|_| 0.0]),
        Layer::Map { y, .. } => edges(y),
        Layer::Shade { .. } => Vec::new(),
        Layer::Polygons { .. } | Layer::Segments { .. } => corners(layer, 1),
    }
}

/// One coordinate of every corner of a layer of shapes.
fn corners(layer: &Layer, axis: usize) -> Vec<f64> {
    match layer {
        Layer::Polygons { outlines, .. } => outlines.iter().flatten().map(|p| p[axis]).collect(),
        Layer::Segments { ends, .. } => ends.iter().flatten().map(|p| p[axis]).collect(),
        _ => Vec::new(),
    }
}

/// Edges of cells with these ascending centres: one more than centres.
pub(super) fn edges(centres: &[f64]) -> Vec<f64> {
    let n = centres.len();
    match n {
        0 => Vec::new(),
        1 => vec![centres[0] - 0.5, centres[0] + 0.5],
        _ => {
            let mut edges = vec![1.5 * centres[0] - 0.5 * centres[1]];
            edges.extend(centres.windows(2).map(|w| 0.5 * (w[0] + w[1])));
            edges.push(1.5 * centres[n - 1] - 0.5 * centres[n - 2]);
            edges
        }
    }
}

fn line(canvas: &Canvas, frame: &Frame, x: &[f64], y: &[f64], stroke: Stroke) -> Result<()> {
    let path: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.place(x, y)).collect();
    for run in clipped(&path, frame) {
        canvas.line(&run, stroke)?;
    }
    Ok(())
}

/// The parts of a polyline inside the frame.
fn clipped(path: &[Point], frame: &Frame) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for w in path.windows(2) {
        let Some((a, b)) = inside(w[0], w[1], frame) else {
            continue;
        };
        match runs.last_mut() {
            Some(run) if run.last() == Some(&a) => run.push(b),
            _ => runs.push(vec![a, b]),
        }
    }
    runs
}

/// The part of a segment inside the frame, by Liang and Barsky, *ACM Trans. Graph.* **3**, 1 (1984).
fn inside(a: Point, b: Point, frame: &Frame) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (slope, room) in [
        (-dx, a.0 - frame.left),
        (dx, frame.right - a.0),
        (-dy, a.1 - frame.top),
        (dy, frame.bottom - a.1),
    ] {
        if slope < 0.0 {
            from = from.max(room / slope);
        } else if slope > 0.0 {
            to = to.min(room / slope);
        } else if room < 0.0 {
            return None;
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    let end = if to < 1.0 { at(to) } else { b };
    (from <= to).then(|| (if from > 0.0 { at(from) } else { a }, end))
}

fn points(
    canvas: &Canvas,
    frame: &Frame,
    (x, y): (&[f64], &[f64]),
    sigma: Option<&[f64]>,
    role: Role,
) -> Result<()> {
    let bar = Stroke {
        width: 0.18,
        dash: None,
        ..palette::stroke(role)
    };
    let radius = if x.len() > MANY_POINTS {
        MARKER.1
    } else {
        MARKER.0
    };
    for i in 0..x.len() {
        if !(frame.x.low..=frame.x.high).contains(&x[i]) {
            continue;
        }
        if let Some(s) = sigma {
            line(canvas, frame, &[x[i]; 2], &[y[i] - s[i], y[i] + s[i]], bar)?;
        }
        if (frame.y.low..=frame.y.high).contains(&y[i]) {
            marker(canvas, frame.place(x[i], y[i]), mm(radius), role)?;
        }
    }
    Ok(())
}

/// A marker of a role around `centre`.
pub(super) fn marker(canvas: &Canvas, centre: Point, radius: f64, role: Role) -> Result<()> {
    let (corners, turn, filled) = palette::marker(role);
    let outline: Vec<Point> = (0..=corners)
        .map(|i| {
            let angle = std::f64::consts::TAU * (turn + i as f64 / corners as f64);
            (
                centre.0 + radius * angle.sin(),
                centre.1 - radius * angle.cos(),
            )
        })
        .collect();
    let colour = palette::colour(role);
    canvas.fill(&outline, if filled { colour } else { PAPER })?;
    let rim = Stroke {
        colour,
        width: 0.2,
        dash: None,
    };
    canvas.line(&outline, rim)
}

fn band(
    canvas: &Canvas,
    frame: &Frame,
    x: &[f64],
    (low, high): (&[f64], &[f64]),
    role: Role,
) -> Result<()> {
    let edge = |y: &[f64]| -> Vec<Point> {
        let path: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.place(x, y)).collect();
        within_columns(&path, frame)
            .into_iter()
            .map(|(c, r)| (c, r.clamp(frame.top, frame.bottom)))
            .collect()
    };
    let mut outline = edge(low);
    outline.extend(edge(high).into_iter().rev());
    if outline.len() < 3 {
        return Ok(());
    }
    canvas.fill(&outline, palette::band(role))
}

/// A path cut at the left and the right of the frame, its new ends interpolated.
fn within_columns(path: &[Point], frame: &Frame) -> Vec<Point> {
    let cut = |a: Point, b: Point, c: f64| (c, a.1 + (b.1 - a.1) * (c - a.0) / (b.0 - a.0));
    let is_inside = |p: Point| (frame.left..=frame.right).contains(&p.0);
    let mut kept = Vec::new();
    for (i, &p) in path.iter().enumerate() {
        if i > 0 {
            let q = path[i - 1];
            for c in [frame.left, frame.right] {
                if (q.0 - c) * (p.0 - c) < 0.0 {
                    kept.push(cut(q, p, c));
                }
            }
        }
        if is_inside(p) {
            kept.push(p);
        }
    }
    kept
}

fn shade(canvas: &Canvas, frame: &Frame, range: Range) -> Result<()> {
    let column = |x: f64| frame.column(x).clamp(frame.left, frame.right);
    let (a, b) = (column(range.low), column(range.high));
    let away = range.high < frame.x.low || range.low > frame.x.high;
    if away {
        return Ok(());
    }
    // Even a single grid point must show.
    let b = b.max(a + mm(0.4));
    let bar = frame.top + mm(SHADE_BAR);
    canvas.rectangle(
        (a, frame.top),
        (b, frame.bottom),
        ATTENTION.with_alpha(SHADE),
    )?;
    canvas.rectangle((a, frame.top), (b, bar), ATTENTION)
}

fn bars(canvas: &Canvas, frame: &Frame, x: &[f64], y: &[f64], role: Role) -> Result<()> {
    let edges = edges(x);
    let column = |v: f64| frame.column(v).clamp(frame.left, frame.right);
    let row = |v: f64| frame.row(v).clamp(frame.top, frame.bottom);
    for i in 0..x.len() {
        let (l, r) = (column(edges[i]), column(edges[i + 1]));
        let gap = (0.1 * (r - l)).min(mm(0.5));
        let (a, b) = (row(y[i].max(0.0)), row(y[i].min(0.0)));
        if r > l {
            canvas.rectangle((l + gap, a), (r - gap, b), palette::colour(role))?;
        }
    }
    Ok(())
}

/// A shape in pixels, if all of it is inside the frame.
fn placed(frame: &Frame, corners: &[[f64; 2]]) -> Option<Vec<Point>> {
    let path: Vec<Point> = corners.iter().map(|&[x, y]| frame.place(x, y)).collect();
    // Half a pixel, for what lies on the frame.
    let inside = |p: &Point| {
        (frame.left - 0.5..=frame.right + 0.5).contains(&p.0)
            && (frame.top - 0.5..=frame.bottom + 0.5).contains(&p.1)
    };
    path.iter().all(inside).then_some(path)
}

fn polygon(canvas: &Canvas, frame: &Frame, corners: &[[f64; 2]], colour: Colour) -> Result<()> {
    let Some(mut path) = placed(frame, corners).filter(|path| path.len() > 2) else {
        return Ok(());
    };
    canvas.fill(&path, colour)?;
    path.push(path[0]);
    canvas.line(&path, OUTLINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame {
            left: 0.0,
            right: 100.0,
            top: 0.0,
            bottom: 100.0,
            x: Range::new(0.0, 1.0),
            y: Range::new(0.0, 1.0),
        }
    }

    #[test]
    fn a_line_is_cut_at_the_frame() {
        let path = [
            (-50.0, 50.0),
            (50.0, 50.0),
            (50.0, -50.0),
            (60.0, -50.0),
            (60.0, 50.0),
        ];
        let runs = clipped(&path, &frame());
        assert_eq!(
            runs,
            vec![
                vec![(0.0, 50.0), (50.0, 50.0), (50.0, 0.0)],
                vec![(60.0, 0.0), (60.0, 50.0)]
            ]
        );
    }

    #[test]
    fn a_band_is_cut_at_the_sides_with_interpolated_ends() {
        let path = [(-50.0, 0.0), (50.0, 100.0), (150.0, 0.0)];
        assert_eq!(
            within_columns(&path, &frame()),
            vec![(0.0, 50.0), (50.0, 100.0), (100.0, 50.0)]
        );
    }

    #[test]
    fn cells_meet_halfway() {
        assert_eq!(edges(&[1.0, 2.0, 4.0]), vec![0.5, 1.5, 3.0, 5.0]);
    }
}
