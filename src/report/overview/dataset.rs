//! Samples of a dataset one by one, and all of them together.

use super::{line, middle};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::operator::rows;
use crate::report::{Arrangement, Axis, Figure, Layer, Panel, Role, Size};
use faer::Mat;

/// Samples drawn one by one, from the least to the most disordered.
const SHOWN: usize = 7;
/// Height of the tallest drawn curve in units of the distance between two base lines.
const OVERLAP: f64 = 1.1;

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
