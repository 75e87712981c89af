//! Figures of what a file holds: a measured curve, a dataset, an operator.

use super::{Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size};
use crate::curve::{Curve, Quantity};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::io::wide_table::WideTable;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};

/// Samples drawn one by one, from the least to the most disordered.
const SHOWN: usize = 7;
/// Height of the tallest drawn curve in units of the distance between two base lines.
const OVERLAP: f64 = 1.1;
/// Singular values below this part of the largest carry nothing and are not drawn.
const SMALLEST: f64 = 1e-10;
/// Cells a side of a drawn map, at most: each is the mean of the bins it covers, and sets the colour scale.
const CELLS: usize = 60;
/// Bins whose standard deviation is below this part of the largest do not vary; a correlation there is rounding.
const STILL: f64 = 1e-3;

/// The figures as a report, for [`write_figures`](super::write_figures).
pub fn collected(title: &str, figures: Vec<Figure>) -> Report {
    Report {
        title: title.into(),
        sections: vec![Section {
            heading: title.into(),
            blocks: figures.into_iter().map(Block::Figure).collect(),
        }],
        ..Report::default()
    }
}

/// A measured curve with the given maxima (x, y) marked.
pub fn curve(curve: &Curve, peaks: &[(f64, f64)]) -> Result<Figure> {
    let (x, y): (Vec<f64>, Vec<f64>) = peaks.iter().copied().unzip();
    let mut layers = Vec::new();
    if let Some(sigma) = curve.sigma() {
        let edge = |sign: f64| -> Vec<f64> {
            let each = curve.y().iter().zip(sigma);
            each.map(|(y, s)| y + sign * s).collect()
        };
        layers.push(Layer::Band {
            label: "± one standard error".into(),
            x: curve.x().to_vec(),
            low: edge(-1.0),
            high: edge(1.0),
            role: Role::Measured,
        });
    }
    layers.push(line("as read", curve.x(), curve.y(), Role::Measured));
    layers.push(Layer::Points {
        label: format!("{} maxima", peaks.len()),
        x,
        y,
        sigma: None,
        role: Role::Reference,
    });
    let quantity = curve.quantity();
    Figure::new(
        "curve",
        "The curve as it was read, with its most prominent maxima.",
        Arrangement::Stacked,
        Size::page(80.0),
        vec![Panel::new(
            Axis::new(format!(
                "{} ({})",
                axis_name(quantity.axis()),
                quantity.axis()
            )),
            Axis::new(quantity.name()),
            layers,
        )],
    )
}

fn axis_name(unit: crate::units::Unit) -> &'static str {
    use crate::units::Unit;
    match unit {
        Unit::Angstrom => "r",
        Unit::InverseAngstrom => "Q",
        _ => "energy",
    }
}

fn line(label: &str, x: &[f64], y: &[f64], role: Role) -> Layer {
    Layer::Line {
        label: label.into(),
        x: x.to_vec(),
        y: y.to_vec(),
        role,
    }
}

/// The rows of a wide table: their mean and the range of the middle 90 %.
pub fn table(table: &WideTable) -> Result<Figure> {
    let (low, high) = middle(table.rows.as_ref());
    let unit = table.unit.map_or_else(String::new, |u| format!(" ({u})"));
    let x = table.quantity.map_or("x", |q| axis_name(q.axis()));
    let mean = rows::mean(table.rows.as_ref());
    let band = Layer::Band {
        label: "middle 90 %".into(),
        x: table.axis.clone(),
        low,
        high,
        role: Role::Prior,
    };
    Figure::new(
        "table",
        "Mean of the curves of the table, and the range of the middle 90 % of them at each point.",
        Arrangement::Stacked,
        Size::page(80.0),
        vec![Panel::new(
            Axis::new(format!("{x}{unit}")),
            Axis::new(table.quantity.map_or("y", Quantity::name)),
            vec![
                band,
                line(
                    &format!("mean of {}", table.samples.len()),
                    &table.axis,
                    &mean,
                    Role::Prior,
                ),
            ],
        )],
    )
}

/// Usable samples of a dataset from crystal to glass, and the mean and spread of all usable ones: g(r) and one spectrum.
///
/// Errors: an array is missing or damaged; no sample is usable.
pub fn dataset(data: &Dataset) -> Result<Vec<Figure>> {
    let spectrum = ["neutron-gdos", "vdos"]
        .into_iter()
        .find(|name| data.manifest.quantities.contains_key(*name))
        .ok_or_else(|| Error::new("the dataset has no spectrum to draw"))?;
    let usable = data.usable()?;
    if usable.is_empty() {
        return Err(Error::new("no sample of the dataset is usable")
            .because(format!("the rule is: {}", data.manifest.usable_rule))
            .cure("see the columns of samples.csv; change the recipe"));
    }
    let pick =
        |name: &str| -> Result<Mat<f64>> { Ok(rows::select(data.matrix(name)?.as_ref(), &usable)) };
    let (g, y) = (pick("rdf")?, pick(spectrum)?);
    let amplitude: Vec<f64> = {
        let column = data.column("displacement")?;
        usable.iter().map(|&i| column[i]).collect()
    };
    let share = data.column("displaced_share")?;
    let whole: Vec<usize> = (0..usable.len())
        .filter(|&k| share[usable[k]] >= 1.0)
        .collect();
    let shown = ladder(&amplitude, &whole);
    let (r, energy) = (data.manifest.r.grid, data.manifest.energy.grid);
    Ok(vec![
        samples(&shown, &amplitude, [(&g, r), (&y, energy)], spectrum)?,
        spread([(&g, r), (&y, energy)], spectrum)?,
    ])
}

/// At most [`SHOWN`] of the candidates, their amplitudes as evenly spread as they can be; ascending.
fn ladder(amplitude: &[f64], candidates: &[usize]) -> Vec<usize> {
    let all: Vec<usize> = (0..amplitude.len()).collect();
    let candidates = if candidates.len() < 2 {
        &all
    } else {
        candidates
    };
    let mut sorted = candidates.to_vec();
    sorted.sort_by(|&a, &b| amplitude[a].total_cmp(&amplitude[b]));
    let (low, high) = (amplitude[sorted[0]], amplitude[sorted[sorted.len() - 1]]);
    let mut shown: Vec<usize> = (0..SHOWN)
        .filter_map(|k| {
            let want = low + (high - low) * k as f64 / (SHOWN - 1) as f64;
            let off = |i: usize| (amplitude[i] - want).abs();
            sorted
                .iter()
                .copied()
                .min_by(|&a, &b| off(a).total_cmp(&off(b)))
        })
        .collect();
    shown.dedup();
    shown
}

/// Each curve stands on the amplitude of its sample; `r (g − 1)`, lest the first peak dwarf all others.
fn samples(
    shown: &[usize],
    amplitude: &[f64],
    sides: [(&Mat<f64>, Grid); 2],
    spectrum: &str,
) -> Result<Figure> {
    let ((g, r), (y, energy)) = (sides[0], sides[1]);
    let reduced = Mat::from_fn(g.nrows(), g.ncols(), |i, j| r.centre(j) * (g[(i, j)] - 1.0));
    let panel = |m: &Mat<f64>, grid: Grid, x: &str, title: &str| {
        Panel::new(
            Axis::over(x, grid.start(), grid.end()),
            Axis::new("displacement (bond lengths)"),
            raised(shown, amplitude, m, grid),
        )
        .titled(title)
    };
    Figure::new(
        "samples",
        "Samples in the order of their disorder. Each curve stands on the amplitude of the random displacement of its \
         sample, in units of the nearest-neighbour distance (vacancies and the size of the cell differ as well); heights \
         share one scale within a panel.",
        Arrangement::Beside,
        Size::page(95.0),
        vec![
            panel(&reduced, r, "r (Å)", "r [g(r) − 1]"),
            panel(y, energy, "energy (meV)", spectrum),
        ],
    )
}

/// The shown rows, each lifted to its amplitude, on one scale that keeps neighbours apart.
fn raised(shown: &[usize], amplitude: &[f64], m: &Mat<f64>, grid: Grid) -> Vec<Layer> {
    let levels = amplitude[shown[shown.len() - 1]] - amplitude[shown[0]];
    let between = if levels > 0.0 {
        levels / (shown.len() - 1) as f64
    } else {
        1.0
    };
    let tallest = shown
        .iter()
        .flat_map(|&i| rows::row(m.as_ref(), i))
        .fold(f64::MIN_POSITIVE, f64::max);
    let scale = OVERLAP * between / tallest;
    let lifted = |i: usize| -> Vec<f64> {
        let row = rows::row(m.as_ref(), i);
        row.iter().map(|v| amplitude[i] + scale * v).collect()
    };
    // What was recorded of simulated samples: a thin solid line, as for any record.
    shown
        .iter()
        .map(|&i| line("", &grid.centres(), &lifted(i), Role::Measured))
        .collect()
}

/// Mean over the usable samples, and the range that holds the middle 90 % of them at each point.
fn spread(sides: [(&Mat<f64>, Grid); 2], spectrum: &str) -> Result<Figure> {
    let panel = |(m, grid): (&Mat<f64>, Grid), x: &str, y: &str| {
        let (low, high) = middle(m.as_ref());
        let centres = grid.centres();
        let mean = rows::mean(m.as_ref());
        let band = Layer::Band {
            label: "middle 90 %".into(),
            x: centres.clone(),
            low,
            high,
            role: Role::Prior,
        };
        Panel::new(
            Axis::over(x, grid.start(), grid.end()),
            Axis::new(y),
            vec![band, line("mean", &centres, &mean, Role::Prior)],
        )
    };
    Figure::new(
        "spread",
        "Mean of the usable samples, and the range of the middle 90 % of them at each point: what an operator trained on \
         them holds possible before it sees a measurement.",
        Arrangement::Beside,
        Size::page(70.0),
        vec![
            panel(sides[0], "r (Å)", "g(r)"),
            panel(sides[1], "energy (meV)", &format!("{spectrum} (1/meV)")),
        ],
    )
}

/// The 5 % and 95 % quantiles of each column.
fn middle(m: MatRef<'_, f64>) -> (Vec<f64>, Vec<f64>) {
    let last = m.nrows() - 1;
    (0..m.ncols())
        .map(|j| {
            let mut column: Vec<f64> = m.col(j).iter().copied().collect();
            column.sort_by(f64::total_cmp);
            let at = |share: f64| column[(share * last as f64).round() as usize];
            (at(0.05), at(0.95))
        })
        .unzip()
}

/// Singular values of the forward map W, descending.
pub fn singular_values(operator: &Operator) -> Result<Vec<f64>> {
    operator.w.singular_values().map_err(|e| {
        Error::new("the weights have no singular value decomposition").because(format!("{e:?}"))
    })
}

/// The forward map of an operator, its singular values, and its error on samples it was not fitted to.
pub fn operator(operator: &Operator) -> Result<Vec<Figure>> {
    Ok(vec![
        weights(operator)?,
        singular(&singular_values(operator)?)?,
        left_out(operator)?,
    ])
}

fn weights(operator: &Operator) -> Result<Figure> {
    let (r, energy) = (operator.meta.r, operator.meta.energy);
    // Per Å, so that the map does not depend on the bins: y(E) = ∫ w(E, r) x(r) dr + b(E).
    let w = &operator.w * faer::Scale(1.0 / r.step());
    let panel = |m: &Mat<f64>, label: &str, title: &str| {
        Panel::new(
            Axis::new("r (Å)"),
            Axis::new("energy (meV)"),
            vec![map(m, r, energy, label)],
        )
        .titled(title)
    };
    Figure::new(
        "weights",
        "Left, the forward map: the spectrum at each energy is the integral over r of this weight times the descriptor, plus \
         an offset. Right, the correlation of descriptor and spectrum among the training samples, from which it was \
         learned. Each cell is the mean of the bins it covers.",
        Arrangement::Beside,
        Size::page(85.0),
        vec![
            panel(&w, "w (1/(meV Å))", "weight"),
            panel(&correlation(operator), "coefficient", "correlation"),
        ],
    )
}

/// A map of at most [`CELLS`] cells a side.
fn map(m: &Mat<f64>, r: Grid, energy: Grid, label: &str) -> Layer {
    let (rows, columns) = (cells(m.nrows()), cells(m.ncols()));
    let centre = |grid: Grid, (from, to): (usize, usize)| 0.5 * (grid.edge(from) + grid.edge(to));
    let mean = |(i, h): (usize, usize), (j, k): (usize, usize)| {
        m.submatrix(i, j, h - i, k - j).sum() / ((h - i) * (k - j)) as f64
    };
    Layer::Map {
        label: label.into(),
        x: columns.iter().map(|&c| centre(r, c)).collect(),
        y: rows.iter().map(|&c| centre(energy, c)).collect(),
        values: rows
            .iter()
            .flat_map(|&i| columns.iter().map(move |&j| mean(i, j)))
            .collect(),
    }
}

/// Begins and ends of cells of equal width; the last may be narrower.
fn cells(bins: usize) -> Vec<(usize, usize)> {
    let width = bins.div_ceil(CELLS).max(1);
    (0..bins)
        .step_by(width)
        .map(|i| (i, (i + width).min(bins)))
        .collect()
}

/// Pearson's coefficient between the spectrum at E (rows) and the descriptor at r (columns); 0 where one does not vary.
fn correlation(operator: &Operator) -> Mat<f64> {
    let unit = |m: &Mat<f64>| {
        let centred = rows::centred(m.as_ref(), &rows::mean(m.as_ref()));
        let norms: Vec<f64> = (0..m.ncols()).map(|j| centred.col(j).norm_l2()).collect();
        let floor = STILL * norms.iter().copied().fold(0.0, f64::max);
        Mat::from_fn(m.nrows(), m.ncols(), |i, j| {
            if norms[j] > floor {
                centred[(i, j)] / norms[j]
            } else {
                0.0
            }
        })
    };
    unit(&operator.y).transpose() * unit(&operator.x)
}

fn singular(values: &[f64]) -> Result<Figure> {
    let largest = values.first().copied().unwrap_or(0.0);
    let (x, y): (Vec<f64>, Vec<f64>) = values
        .iter()
        .enumerate()
        .filter(|(_, s)| **s > SMALLEST * largest)
        .map(|(k, s)| ((k + 1) as f64, (s / largest).log10()))
        .unzip();
    Figure::new(
        "singular-values",
        "Singular values of the forward map relative to the largest. Structure along directions far down this curve hardly \
         changes the spectrum, and no spectrum tells it.",
        Arrangement::Stacked,
        Size::page(75.0),
        vec![Panel::new(
            Axis::over("number", 0.0, x.len() as f64 + 1.0),
            Axis::new("log₁₀ of singular value / largest"),
            vec![Layer::Points {
                label: String::new(),
                x,
                y,
                sigma: None,
                role: Role::Predicted,
            }],
        )],
    )
}

fn left_out(operator: &Operator) -> Result<Figure> {
    let energy = operator.meta.energy.centres();
    let rms = |m: MatRef<'_, f64>| -> Vec<f64> {
        let n = m.nrows() as f64;
        (0..m.ncols())
            .map(|j| (m.col(j).squared_norm_l2() / n).sqrt())
            .collect()
    };
    let mean = rows::mean(operator.y.as_ref());
    let spread = rms(rows::centred(operator.y.as_ref(), &mean).as_ref());
    let residual = rms(operator.residuals.as_ref());
    let range = |label: &str| {
        Axis::over(
            label,
            operator.meta.energy.start(),
            operator.meta.energy.end(),
        )
    };
    let name = operator.meta.quantity.name();
    Figure::new(
        "left-out",
        "Top: the mean spectrum of the training samples. Bottom: standard deviation of the training spectra, and what is \
         left of it when each spectrum is predicted by a map that was not fitted to it.",
        Arrangement::Stacked,
        Size::page(105.0),
        vec![
            Panel::new(
                range("energy (meV)"),
                Axis::new(format!("{name} (1/meV)")),
                vec![line("mean", &energy, &mean, Role::Prior)],
            ),
            Panel::new(
                range("energy (meV)"),
                Axis::new("deviation (1/meV)"),
                vec![
                    line("spread of the spectra", &energy, &spread, Role::Prior),
                    line("left-out residual", &energy, &residual, Role::Predicted),
                ],
            ),
        ],
    )
}
