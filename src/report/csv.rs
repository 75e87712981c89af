//! The numbers of a figure as CSV, a row a point.

use super::model::{Figure, Layer};
use crate::error::{Error, Result};

const HEADER: [&str; 9] = [
    "panel", "kind", "label", "x", "y", "sigma", "low", "high", "value",
];

/// All numbers of a figure: columns `panel` (from 1), `kind`, `label`, `x`, `y`, `sigma`, `low`, `high`, `value`.
///
/// Cells that a kind does not have are empty. A shaded range is one row with its ends in `low` and `high`. Corners of
/// polygons and ends of segments have the number (from 1) of theirs in `value`.
pub(super) fn csv(figure: &Figure) -> Result<Vec<u8>> {
    let mut table = Table(::csv::Writer::from_writer(Vec::new()));
    let failed = |why: String| Error::new("cannot write the numbers of a figure").because(why);
    table
        .0
        .write_record(HEADER)
        .map_err(|e| failed(e.to_string()))?;
    for (i, panel) in figure.panels().iter().enumerate() {
        for layer in &panel.layers {
            table
                .layer(i + 1, layer)
                .map_err(|e| failed(e.to_string()))?;
        }
    }
    table.0.into_inner().map_err(|e| failed(e.to_string()))
}

struct Table(::csv::Writer<Vec<u8>>);

impl Table {
    fn layer(&mut self, panel: usize, layer: &Layer) -> ::csv::Result<()> {
        match layer {
            Layer::Line { label, x, y, .. } => self.points(panel, ("line", label), x, |i| {
                [Some(y[i]), None, None, None]
            }),
            Layer::Bars { label, x, y, .. } => self.points(panel, ("bars", label), x, |i| {
                [Some(y[i]), None, None, None]
            }),
            Layer::Points {
                label, x, y, sigma, ..
            } => self.points(panel, ("points", label), x, |i| {
                [Some(y[i]), sigma.as_ref().map(|s| s[i]), None, None]
            }),
            Layer::Band {
                label,
                x,
                low,
                high,
                ..
            } => self.points(panel, ("band", label), x, |i| {
                [None, None, Some(low[i]), Some(high[i])]
            }),
            Layer::Shade { label, from, to } => {
                let cells = [None, None, None, Some(*from), Some(*to), None];
                self.row(panel, ("shade", label), cells)
            }
            Layer::Map {
                label,
                x,
                y,
                values,
            } => (0..values.len()).try_for_each(|k| {
                let (i, j) = (k % x.len(), k / x.len());
                let cells = [Some(x[i]), Some(y[j]), None, None, None, Some(values[k])];
                self.row(panel, ("map", label), cells)
            }),
            Layer::Polygons {
                label, outlines, ..
            } => self.corners(
                panel,
                ("polygons", label),
                outlines.iter().map(Vec::as_slice),
            ),
            Layer::Segments { label, ends } => {
                let ends = ends.iter().map(<[_; 2]>::as_slice);
                self.corners(panel, ("segments", label), ends)
            }
        }
    }

    fn corners<'a>(
        &mut self,
        panel: usize,
        name: (&str, &str),
        mut shapes: impl Iterator<Item = &'a [[f64; 2]]>,
    ) -> ::csv::Result<()> {
        let mut number = 0.0;
        shapes.try_for_each(|corners| {
            number += 1.0;
            corners.iter().try_for_each(|&[x, y]| {
                let cells = [Some(x), Some(y), None, None, None, Some(number)];
                self.row(panel, name, cells)
            })
        })
    }

    fn points(
        &mut self,
        panel: usize,
        name: (&str, &str),
        x: &[f64],
        at: impl Fn(usize) -> [Option<f64>; 4],
    ) -> ::csv::Result<()> {
        (0..x.len()).try_for_each(|i| {
            let [y, sigma, low, high] = at(i);
            self.row(panel, name, [Some(x[i]), y, sigma, low, high, None])
        })
    }

    fn row(
        &mut self,
        panel: usize,
        (kind, label): (&str, &str),
        cells: [Option<f64>; 6],
    ) -> ::csv::Result<()> {
        let mut record = vec![panel.to_string(), kind.to_owned(), label.to_owned()];
        record.extend(cells.map(|v| v.map_or_else(String::new, |v| format!("{v:?}"))));
        self.0.write_record(&record)
    }
}
