//! Samples of a dataset one by one, and all of them together.

use super::{middle, sheet, slab};
use crate::atoms::structure::Structure;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::observables::bonds::{Bonds, Cutoffs};
use crate::observables::rings::primitive_rings;
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
    // Of one species the two are the same.
    let first = if data.manifest.species.len() == 1 {
        "vdos"
    } else {
        "neutron-gdos"
    };
    let spectrum = [first, "vdos"]
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
    // What disorder costs is its best single measure: displaced crystals may fall back, melted ones may not.
    let excess: Vec<f64> = {
        let column = data.column("energy_per_atom_ev")?;
        let lowest = usable
            .iter()
            .map(|&i| column[i])
            .fold(f64::INFINITY, f64::min);
        usable.iter().map(|&i| 1e3 * (column[i] - lowest)).collect()
    };
    let shown = ladder(&excess);
    let (r, energy) = (data.manifest.r.grid, data.manifest.energy.grid);
    let mut figures = vec![
        samples(&shown, &excess, [(&g, r), (&y, energy)], spectrum)?,
        spread([(&g, r), (&y, energy)], spectrum)?,
    ];
    let structures = data.structures()?;
    for (k, &i) in shown.iter().enumerate() {
        let figure = pictured(&structures[usable[i]], data.manifest.recipe.record.rings)?;
        let opening = format!(
            "Sample {}, {:.0} meV/atom above the lowest.",
            usable[i], excess[i]
        );
        figures.push(figure.introduced(&format!("structure-{}", k + 1), &opening)?);
    }
    Ok(figures)
}

/// How a structure looks: a sheet with its rings, a solid by a slab.
fn pictured(structure: &Structure, largest_ring: usize) -> Result<Figure> {
    let bonds = Bonds::new(structure, &Cutoffs::found(structure)?)?;
    if structure.cell.dimensions() == 3 {
        return slab(structure, &bonds);
    }
    let rings = if largest_ring > 0 {
        primitive_rings(structure, &bonds, largest_ring)?
    } else {
        Vec::new()
    };
    sheet(structure, &bonds, &rings)
}

/// At most [`SHOWN`] of the samples, their energies as evenly spread as they can be; ascending.
fn ladder(excess: &[f64]) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..excess.len()).collect();
    sorted.sort_by(|&a, &b| excess[a].total_cmp(&excess[b]));
    let (low, high) = (excess[sorted[0]], excess[sorted[sorted.len() - 1]]);
    let mut shown: Vec<usize> = (0..SHOWN)
        .filter_map(|k| {
            let want = low + (high - low) * k as f64 / (SHOWN - 1) as f64;
            let off = |i: usize| (excess[i] - want).abs();
            sorted
                .iter()
                .copied()
                .min_by(|&a, &b| off(a).total_cmp(&off(b)))
        })
        .collect();
    shown.dedup();
    shown
}

/// Each curve stands on the excess energy of its sample; `r (g − 1)`, lest the first peak dwarf all others.
fn samples(
    shown: &[usize],
    excess: &[f64],
    sides: [(&Mat<f64>, Grid); 2],
    spectrum: &str,
) -> Result<Figure> {
    let ((g, r), (y, energy)) = (sides[0], sides[1]);
    let reduced = Mat::from_fn(g.nrows(), g.ncols(), |i, j| r.centre(j) * (g[(i, j)] - 1.0));
    let panel = |m: &Mat<f64>, grid: Grid, x: &str, title: &str| {
        Panel::new(
            Axis::over(x, grid.start(), grid.end()),
            Axis::new("energy above the lowest (meV/atom)"),
            raised(shown, excess, m, grid),
        )
        .titled(title)
    };
    Figure::new(
        "samples",
        "From crystal to glass: each curve stands on the energy per atom of its sample at rest, above that of the lowest \
         sample; heights share one scale within a panel.",
        Arrangement::Beside,
        Size::page(95.0),
        vec![
            panel(&reduced, r, "r (Å)", "r [g(r) − 1]"),
            panel(y, energy, "energy (meV)", spectrum),
        ],
    )
}

/// The shown rows, each lifted to its excess energy, on one scale that keeps neighbours apart.
fn raised(shown: &[usize], excess: &[f64], m: &Mat<f64>, grid: Grid) -> Vec<Layer> {
    let levels = excess[shown[shown.len() - 1]] - excess[shown[0]];
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
        row.iter().map(|v| excess[i] + scale * v).collect()
    };
    // What was recorded of simulated samples: a thin solid as for any record.
    shown
        .iter()
        .map(|&i| Layer::line("", &grid.centres(), &lifted(i), Role::Measured))
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
            vec![band, Layer::line("mean", &centres, &mean, Role::Prior)],
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
