//! The map of an operator, and its error.

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::inverse::Resolution;
use crate::operator::learning::LearningPoint;
use crate::operator::one_parameter::OneParameter;
use crate::operator::scores::NOISE_LEVEL;
use crate::operator::{Operator, rows};
use crate::report::origin;
use crate::report::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};
use faer::{Mat, MatRef};

/// Singular values below this part of the largest carry nothing and are not drawn.
const SMALLEST: f64 = 1e-10;
/// Cells a side of a drawn map, at most: each is the mean of the bins it covers, and sets the colour scale.
const CELLS: usize = 60;
/// Bins whose standard deviation is below this part of the largest do not vary; a correlation there is rounding.
const STILL: f64 = 1e-3;

/// Singular values of the forward map W, descending.
pub fn singular_values(operator: &Operator) -> Result<Vec<f64>> {
    operator.w.singular_values().map_err(|e| {
        Error::new("the weights have no singular value decomposition").because(format!("{e:?}"))
    })
}

/// The forward map of an operator, its singular values, what a spectrum decides, and the error on samples it was not fitted to.
pub fn operator(operator: &Operator) -> Result<Vec<Figure>> {
    Ok(vec![
        weights(operator)?,
        singular(&singular_values(operator)?)?,
        kernels(operator)?,
        left_out(operator)?,
        residual_map(operator)?,
        learning(operator)?,
    ])
}

/// What a good spectrum would decide.
fn kernels(operator: &Operator) -> Result<Figure> {
    let noise = 100.0 * NOISE_LEVEL;
    let whose = format!("A spectrum on the operator's own grid with {noise:.0} % white noise: ");
    let resolution = Resolution::ideal(operator, NOISE_LEVEL)?;
    origin::figure("kernels", &whose, operator.meta.r, &resolution)
}

fn weights(operator: &Operator) -> Result<Figure> {
    let (r, energy) = (operator.meta.r, operator.meta.energy);
    // Per Å, so that the map does not depend on the bins: y(E) = ∫ w(E, r) x(r) dr + b(E).
    let Some(first) = operator.meta.features.first_of_pairs() else {
        return correlations(operator);
    };
    let w = operator.w.subcols(first, r.len()) * faer::Scale(1.0 / r.step());
    let panel = |m: &Mat<f64>, label: &str, title: &str| {
        Panel::new(
            Axis::new("r (Å)"),
            Axis::new(operator.meta.quantity.axis_label()),
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
            panel(&w, &per_length(operator), "weight"),
            panel(
                &correlation(&operator.y, &operator.x),
                "coefficient",
                "correlation",
            ),
        ],
    )
}

fn per_length(operator: &Operator) -> String {
    match operator.meta.quantity.value_unit() {
        "1/meV" => "w (1/(meV Å))".into(),
        unit => format!("w ({unit}/Å)"),
    }
}

/// The same for a map that does not read g(r) itself: only what g(r) and the spectrum have to do with each other.
fn correlations(operator: &Operator) -> Result<Figure> {
    let (r, energy) = (operator.meta.r, operator.meta.energy);
    Figure::new(
        "weights",
        "The correlation of g(r) and spectrum among the training samples. The forward map reads other descriptors, and its \
         weights have no place on this axis.",
        Arrangement::Beside,
        Size::page(85.0),
        vec![Panel::new(
            Axis::new("r (Å)"),
            Axis::new(operator.meta.quantity.axis_label()),
            vec![map(
                &correlation(&operator.y, &operator.x),
                r,
                energy,
                "coefficient",
            )],
        )],
    )
}

/// Which samples the forward map misses, at which energies, and which energies it misses together.
fn residual_map(operator: &Operator) -> Result<Figure> {
    let samples = operator.samples();
    let disorder = OneParameter::fit(operator.x.as_ref(), operator.y.as_ref())?;
    let amount = disorder.amounts(operator.x.as_ref());
    let mut order: Vec<usize> = (0..samples).collect();
    order.sort_by(|&i, &j| amount[i].total_cmp(&amount[j]));
    let sorted = rows::select(operator.residuals.as_ref(), &order);
    let quantity = operator.meta.quantity;
    let energy = operator.meta.energy;
    let number = Grid::new(0.0, samples as f64, samples)?;
    let unit = quantity.value_unit();
    Figure::new(
        "residual-map",
        "Spectra minus their predictions by maps that were not fitted to them. Left, every sample, in the order of its amount of \
         disorder (the first principal component of the descriptor; which end is the crystal, samples.csv tells). Right, the \
         correlation of these errors between two energies: a broad pattern is a missing direction, a narrow diagonal is noise.",
        Arrangement::Beside,
        Size::page(85.0),
        vec![
            Panel::new(
                Axis::new(quantity.axis_label()),
                Axis::new("sample, by disorder"),
                vec![map(&sorted, energy, number, &format!("residual ({unit})"))],
            )
            .titled("residual"),
            Panel::new(
                Axis::new(quantity.axis_label()),
                Axis::new(quantity.axis_label()),
                vec![map(
                    &correlation(&sorted, &sorted),
                    energy,
                    energy,
                    "coefficient",
                )],
            )
            .titled("correlation"),
        ],
    )
}

/// A map of at most [`CELLS`] cells a side, `along` its columns and `up` its rows.
fn map(m: &Mat<f64>, along: Grid, up: Grid, label: &str) -> Layer {
    let (rows, columns) = (cells(m.nrows()), cells(m.ncols()));
    let centre = |grid: Grid, (from, to): (usize, usize)| 0.5 * (grid.edge(from) + grid.edge(to));
    let mean = |(i, h): (usize, usize), (j, k): (usize, usize)| {
        m.submatrix(i, j, h - i, k - j).sum() / ((h - i) * (k - j)) as f64
    };
    Layer::Map {
        label: label.into(),
        x: columns.iter().map(|&c| centre(along, c)).collect(),
        y: rows.iter().map(|&c| centre(up, c)).collect(),
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

/// Pearson's coefficient between each column of `a` (rows) and of `b` (columns) over the samples; 0 where one does not vary.
fn correlation(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
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
    unit(a).transpose() * unit(b)
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

fn learning(operator: &Operator) -> Result<Figure> {
    let scores = &operator.meta.scores;
    let folds = operator.meta.folds.iter().max().map_or(1, |m| m + 1) as f64;
    let all = operator.samples() as f64 * (1.0 - 1.0 / folds.max(2.0));
    let mut samples: Vec<f64> = scores.learning.iter().map(|p| p.samples as f64).collect();
    samples.push(all);
    let series = |label: &str, of: fn(&LearningPoint) -> f64, last: f64, role: Role| {
        let mut y: Vec<f64> = scores.learning.iter().map(of).collect();
        y.push(last);
        Layer::line(label, &samples, &y, role)
    };
    let level: Vec<f64> = samples.iter().map(|_| scores.one_parameter_r2).collect();
    Figure::new(
        "learning",
        "Scores on samples not learned from, against the number learned from: 1 minus the squared error relative to that of \
         the training mean. A curve still rising at its end asks for more samples. The level of the amount of disorder alone \
         is what a cubic in one number explains of the spectra.",
        Arrangement::Stacked,
        Size::page(80.0),
        vec![Panel::new(
            Axis::over("samples learned from", 0.0, 1.05 * all),
            Axis::new("score on unseen samples"),
            vec![
                series(
                    "PDF to spectrum",
                    |p| p.held_out_r2,
                    scores.held_out_r2,
                    Role::Predicted,
                ),
                series(
                    "spectrum with 3 % noise to PDF",
                    |p| p.backward_skill,
                    scores.backward_skill,
                    Role::Inferred,
                ),
                Layer::line("amount of disorder alone", &samples, &level, Role::Prior),
            ],
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
    let quantity = operator.meta.quantity;
    Figure::new(
        "left-out",
        "Top: the mean spectrum of the training samples. Bottom: standard deviation of the training spectra, and what is \
         left of it when each spectrum is predicted by a map that was not fitted to it.",
        Arrangement::Stacked,
        Size::page(105.0),
        vec![
            Panel::new(
                range(&quantity.axis_label()),
                Axis::new(format!("{quantity} ({})", quantity.value_unit())),
                vec![Layer::line("mean", &energy, &mean, Role::Prior)],
            ),
            Panel::new(
                range(&quantity.axis_label()),
                Axis::new(format!("deviation ({})", quantity.value_unit())),
                vec![
                    Layer::line("spread of the spectra", &energy, &spread, Role::Prior),
                    Layer::line("left-out residual", &energy, &residual, Role::Predicted),
                ],
            ),
        ],
    )
}
