//! How far first-order perturbation theory carries from the crystal towards the glass, section II of arXiv:2602.05313:
//! `cargo run --release --example perturbation -- [POTENTIAL] [FOLDER]`.
//!
//! Atoms of a crystal are displaced at random by ever more, at fixed cell and without a minimisation; u is the standard deviation of
//! each Cartesian displacement over the distance of neighbours. Without a POTENTIAL, argon (`lj:argon`) and silicon (`sw:si`) are shown.
//! For each u, beside the exact eigenvalues ω² of the dynamical matrix D(u):
//!
//! - to first order in the matrix: the shifts by `ΔD = D(u) − D(0)`, itself exact, within each group of equal modes;
//! - to first order in the displacements: the same of `u dD/du` at the crystal;
//! - Weyl's inequality, largest shift ≤ ‖ΔD‖₂, and two norms that random matrices with such entries would have;
//! - the part of the change of g(r) and of the density of states that is linear in u, and that of second order.
//!
//! Errors are rms(predicted − exact) / rms(exact − crystal), so 1 is no better than to say that nothing changes; a range is the
//! largest u up to which an error stays below 10 %.
//!
//! What to expect: equal modes split in proportion to u, as perturbation theory says, but only while ‖ΔD‖ is small beside the gaps
//! between different modes, which close as the cell grows. And a curve that is a mean over all atoms has no linear term at
//! all in a crystal like these: it would be a vector on each site that the symmetry of the site leaves alone, and cubic or
//! tetrahedral sites have none. g(r) and the density of states both begin with u², which is why one can still be linear in the other.

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

use faer::Mat;
use glassbridge::atoms::disorder::random;
use glassbridge::atoms::lattice::{diamond, face_centred_cubic, supercell};
use glassbridge::atoms::neighbours::{NeighbourList, nearest_distance};
use glassbridge::atoms::structure::Structure;
use glassbridge::dynamics::minimise::{AT_REST, Load, MOST_STEPS, Strain, relax};
use glassbridge::elements::element;
use glassbridge::error::{Error, Result};
use glassbridge::grid::Grid;
use glassbridge::observables::rdf::{Weighting, partial_rdf};
use glassbridge::observables::thermal_width::{PairWidths, Statistics};
use glassbridge::observables::vdos::vdos;
use glassbridge::potentials::{self, Potential};
use glassbridge::report::{
    self, Arrangement, Axis, Figure, Layer, Panel, Role, Size, overview::collected,
};
use glassbridge::units::{SQRT_EV_PER_A2_AMU_IN_THZ, THZ_IN_MEV};
use glassbridge::vibrations::modes::{Modes, ZERO_THZ};
use glassbridge::vibrations::perturbation::{
    Unperturbed, eigenvalues, norm, random_norm, random_norm_of_rows,
};
use rand_distr::{Distribution, StandardNormal};
use std::path::{Path, PathBuf};

/// What is shown when nobody asks for another.
const SHOWN: [&str; 2] = ["lj:argon", "sw:si"];
/// u, in neighbour distances.
const DISPLACEMENTS: [f64; 10] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 2e-2, 5e-2, 0.1];
/// Directions of displacement, over which all is averaged.
const DIRECTIONS: u64 = 2;
/// u of the difference that gives the slopes at the crystal: its square is lost beside 1, rounding is 1e-10 of it.
const SMALL: f64 = 1e-5;
/// The same for the second difference, whose rounding is the square root of that.
const LESS_SMALL: f64 = 3e-4;
/// Share of the change that first order may miss.
const LINEAR: f64 = 0.1;
/// K, of the thermal widths in g(r).
const KELVIN: f64 = 30.0;
/// Standard deviation of the broadening of the density of states, as a part of the highest energy.
const BROADENING: f64 = 0.02;
/// Å, end of g(r).
const R_MAX: f64 = 9.0;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let asked = arguments.next();
    let folder = arguments.next().map_or_else(
        || std::env::temp_dir().join("glassbridge-perturbation"),
        PathBuf::from,
    );
    let shown = asked.map_or(SHOWN.map(String::from).to_vec(), |one| vec![one]);
    let mut figures = Vec::new();
    for name in &shown {
        let crystal = Crystal::new(name)?;
        let rows = crystal.rows()?;
        let told = told(&crystal, &rows);
        println!("{name}: {told}\n{}\n", printed(&rows));
        let id = format!("perturbation-{}", crystal.at_rest.species[0].to_lowercase());
        write(&folder.join(format!("{id}-table.csv")), &table(&rows))?;
        figures.push(figure(&id, &crystal, &rows, &told)?);
    }
    report::write_figures(&collected("perturbation", figures), &folder)?;
    println!("written to {}", folder.display());
    Ok(())
}

/// A crystal at rest with all that is known of it.
struct Crystal {
    name: String,
    potential: Box<dyn Potential>,
    at_rest: Structure,
    /// Å, between neighbours.
    bond: f64,
    levels: Unperturbed,
    matrix: Mat<f64>,
    widths: PairWidths,
    r: Grid,
    energy: Grid,
}

/// What is found at one u: shifts and norms in eV/Å²/amu, errors as parts of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    U,
    Shift,
    Farthest,
    Norm,
    Random,
    RandomRows,
    Imaginary,
    Matrix,
    Displacements,
    VdosMatrix,
    VdosSlope,
    VdosSquare,
    GSlope,
    GSquare,
}

/// Their names, in order.
const NAMES: [&str; 14] = [
    "u / neighbour distance",
    "rms shift of an eigenvalue (eV/Å²/amu)",
    "largest shift (eV/Å²/amu)",
    "‖ΔD‖₂ (eV/Å²/amu)",
    "2σ√n, entries alike (eV/Å²/amu)",
    "twice the largest row norm, entries unlike (eV/Å²/amu)",
    "part of the modes with ω² < 0",
    "error of the eigenvalues, first order in the matrix",
    "error of the eigenvalues, first order in the displacements",
    "error of the density of states from the former",
    "error of the density of states, linear in u",
    "error of the density of states, of second order in u",
    "error of g(r), linear in u",
    "error of g(r), of second order in u",
];

/// By the number of the column.
type Row = [f64; NAMES.len()];

impl Crystal {
    /// The crystal that a potential is for, relaxed at no pressure.
    fn new(name: &str) -> Result<Self> {
        let potential = potentials::parse(name)?;
        let at_rest = at_rest(name, &*potential)?;
        let bond = nearest_distance(&at_rest)?;
        let matrix = dynamical(&*potential, &at_rest)?;
        let list = NeighbourList::new(&at_rest, potential.cutoff())?;
        let modes = Modes::of(&potential.hessian(&at_rest, &list)?, &at_rest, true)?;
        let highest = modes.frequencies_thz.last().copied().unwrap_or(1.0) * THZ_IN_MEV;
        let masses = at_rest.atom_masses();
        Ok(Self {
            name: name.to_owned(),
            bond,
            levels: Unperturbed::new(matrix.as_ref())?,
            matrix,
            widths: PairWidths::new(&modes, &masses, KELVIN, Statistics::Quantum)?,
            r: Grid::new(0.0, R_MAX, 300)?,
            // Displaced atoms collide: room for modes above those of the crystal.
            energy: Grid::new(0.0, 2.0 * highest, 300)?,
            potential,
            at_rest,
        })
    }

    /// All displacements, each the mean over the directions.
    fn rows(&self) -> Result<Vec<Row>> {
        let mut rows = vec![[0.0; NAMES.len()]; DISPLACEMENTS.len()];
        for direction in 0..DIRECTIONS {
            let way = Way::new(self, direction)?;
            for (sum, &u) in rows.iter_mut().zip(&DISPLACEMENTS) {
                for (column, x) in way.found(u)? {
                    sum[column as usize] += x / DIRECTIONS as f64;
                }
            }
        }
        Ok(rows)
    }

    /// The crystal with its atoms displaced along `way` (unit normal numbers) by `u`.
    fn displaced(&self, way: &[[f64; 3]], u: f64) -> Structure {
        let mut moved = self.at_rest.clone();
        for (place, step) in moved.positions.iter_mut().zip(way) {
            for (x, s) in place.iter_mut().zip(step) {
                *x += s * u * self.bond;
            }
        }
        moved
    }

    fn g(&self, structure: &Structure) -> Result<Vec<f64>> {
        let partial = partial_rdf(structure, &self.r, Some(&self.widths))?;
        partial.total(structure, Weighting::Number)
    }

    /// The density of states of eigenvalues ω², broadened.
    fn vdos(&self, eigenvalues: &[f64]) -> Result<Vec<f64>> {
        let modes = Modes {
            frequencies_thz: eigenvalues.iter().copied().map(frequency).collect(),
            vectors: None,
        };
        let sigma = 0.5 * BROADENING * self.energy.end();
        Ok(vdos(&modes, &self.at_rest, &self.energy, sigma)?.total)
    }
}

/// A curve at the crystal, its slope per u and its second-order term per u² along a direction.
struct Series {
    start: Vec<f64>,
    slope: Vec<f64>,
    square: Vec<f64>,
}

impl Series {
    /// By differences of `curve` at small u on both sides.
    fn new(curve: impl Fn(f64) -> Result<Vec<f64>>) -> Result<Self> {
        let start = curve(0.0)?;
        let [a, b] = [curve(SMALL)?, curve(-SMALL)?];
        let [c, d] = [curve(LESS_SMALL)?, curve(-LESS_SMALL)?];
        let bend = |i: usize| 0.5 * (c[i] + d[i] - 2.0 * start[i]) / LESS_SMALL.powi(2);
        Ok(Self {
            slope: (0..a.len())
                .map(|i| (a[i] - b[i]) / (2.0 * SMALL))
                .collect(),
            square: (0..a.len()).map(bend).collect(),
            start,
        })
    }

    /// What the linear and the second-order term miss of the change.
    fn missed(&self, u: f64, exact: &[f64]) -> [f64; 2] {
        [(&self.slope, u), (&self.square, u * u)]
            .map(|(term, u)| missed(&self.start, &forward(&self.start, term, u), exact))
    }
}

/// A direction of displacement, with what is known of it at the crystal.
struct Way<'a> {
    crystal: &'a Crystal,
    steps: Vec<[f64; 3]>,
    /// Shift of each eigenvalue per u.
    shifts: Vec<f64>,
    vdos: Series,
    g: Series,
}

impl<'a> Way<'a> {
    fn new(crystal: &'a Crystal, direction: u64) -> Result<Self> {
        let mut random = random(1, direction);
        let mut step = || std::array::from_fn(|_| StandardNormal.sample(&mut random));
        let steps: Vec<[f64; 3]> = (0..crystal.at_rest.len()).map(|_| step()).collect();
        let matrix = |u: f64| dynamical(&*crystal.potential, &crystal.displaced(&steps, u));
        let slope = matrix(SMALL)? - matrix(-SMALL)?;
        let shifts = crystal.levels.shifts(slope.as_ref())?;
        Ok(Self {
            crystal,
            shifts: shifts.iter().map(|s| s / (2.0 * SMALL)).collect(),
            vdos: Series::new(|u| crystal.vdos(&eigenvalues(matrix(u)?.as_ref())?))?,
            g: Series::new(|u| crystal.g(&crystal.displaced(&steps, u)))?,
            steps,
        })
    }

    fn found(&self, u: f64) -> Result<[(Column, f64); NAMES.len()]> {
        let crystal = self.crystal;
        let moved = crystal.displaced(&self.steps, u);
        let matrix = dynamical(&*crystal.potential, &moved)?;
        let change = &matrix - &crystal.matrix;
        let (start, exact) = (crystal.levels.values(), eigenvalues(matrix.as_ref())?);
        let by_matrix = crystal.levels.first_order(change.as_ref())?;
        let mut by_displacements = forward(start, &self.shifts, u);
        by_displacements.sort_by(f64::total_cmp);
        let y = crystal.vdos(&exact)?;
        let [vdos_slope, vdos_square] = self.vdos.missed(u, &y);
        let [g_slope, g_square] = self.g.missed(u, &crystal.g(&moved)?);
        let shifts = start.iter().zip(&exact).map(|(a, b)| (a - b).abs());
        let unstable = exact.iter().filter(|v| frequency(**v) <= -ZERO_THZ).count();
        let y_by_matrix = crystal.vdos(&by_matrix)?;
        Ok([
            (Column::U, u),
            (Column::Shift, rms(start, &exact)),
            (Column::Farthest, shifts.fold(0.0, f64::max)),
            (Column::Norm, norm(change.as_ref())?),
            (Column::Random, random_norm(change.as_ref())),
            (Column::RandomRows, random_norm_of_rows(change.as_ref())),
            (Column::Imaginary, unstable as f64 / exact.len() as f64),
            (Column::Matrix, missed(start, &by_matrix, &exact)),
            (
                Column::Displacements,
                missed(start, &by_displacements, &exact),
            ),
            (
                Column::VdosMatrix,
                missed(&self.vdos.start, &y_by_matrix, &y),
            ),
            (Column::VdosSlope, vdos_slope),
            (Column::VdosSquare, vdos_square),
            (Column::GSlope, g_slope),
            (Column::GSquare, g_square),
        ])
    }
}

/// THz of an eigenvalue ω² (eV/Å²/amu), negative if it is.
fn frequency(eigenvalue: f64) -> f64 {
    eigenvalue.signum() * eigenvalue.abs().sqrt() * SQRT_EV_PER_A2_AMU_IN_THZ
}

/// The crystal of a potential with some 200 to 300 atoms, its cube at no pressure.
fn at_rest(name: &str, potential: &dyn Potential) -> Result<Structure> {
    type Made = fn(f64) -> Result<Structure>;
    let known: [(&str, usize, f64, Made); 5] = [
        ("lj:argon", 4, 5.26, |a| {
            face_centred_cubic(a, "Ar", element("Ar")?.mass)
        }),
        ("sw:si", 3, 5.431, |a| diamond(a, "Si", element("Si")?.mass)),
        ("tersoff:si", 3, 5.432, |a| {
            diamond(a, "Si", element("Si")?.mass)
        }),
        ("tersoff:c", 3, 3.567, |a| {
            diamond(a, "C", element("C")?.mass)
        }),
        ("eam:zhou-2004", 4, 3.615, |a| {
            face_centred_cubic(a, "Cu", element("Cu")?.mass)
        }),
    ];
    let Some(&(_, repeat, a, made)) = known.iter().find(|(stem, ..)| name.starts_with(stem)) else {
        let stems: Vec<_> = known.iter().map(|k| k.0).collect();
        return Err(
            Error::new(format!("this example knows no crystal of '{name}'")).cure(format!(
                "use a potential that begins with {}",
                stems.join(", ")
            )),
        );
    };
    let load = Load {
        pressure: 0.0,
        strain: Strain::Isotropic,
    };
    // Built anew at the edge found, so that no rounding of the search breaks the symmetry of the crystal.
    let found = relax(potential, &made(a)?, load, AT_REST, MOST_STEPS)?;
    let edge = found.structure.cell.vectors()[0][0];
    supercell(&made(edge)?, [repeat; 3])
}

/// The dynamical matrix D (eV/Å²/amu), 3N x 3N.
fn dynamical(potential: &dyn Potential, structure: &Structure) -> Result<Mat<f64>> {
    let list = NeighbourList::new(structure, potential.cutoff())?;
    let hessian = potential.hessian(structure, &list)?;
    Ok(hessian
        .into_mass_weighted(&structure.atom_masses())
        .to_dense(3))
}

fn forward(start: &[f64], slope: &[f64], u: f64) -> Vec<f64> {
    start.iter().zip(slope).map(|(x, s)| x + u * s).collect()
}

fn rms(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    (squares.sum::<f64>() / a.len() as f64).sqrt()
}

/// The part of the change that a prediction misses.
fn missed(start: &[f64], predicted: &[f64], exact: &[f64]) -> f64 {
    rms(predicted, exact) / rms(start, exact)
}

/// The u at which an error first comes to `LINEAR`, between two rows on a straight line of logarithms.
fn range(rows: &[Row], column: Column, bond: f64) -> String {
    let [u, error] = [Column::U, column].map(|c| move |row: &Row| row[c as usize]);
    let end = match rows.iter().position(|row| error(row) >= LINEAR) {
        None => return format!("beyond {}", u(&rows[rows.len() - 1])),
        Some(0) => return format!("none above {}", u(&rows[0])),
        Some(i) => {
            let [(ua, a), (ub, b)] = [i - 1, i].map(|k| (u(&rows[k]).ln(), error(&rows[k]).ln()));
            (ua + (LINEAR.ln() - a) / (b - a) * (ub - ua)).exp()
        }
    };
    format!("{end:.1e} ({:.1e} Å)", end * bond)
}

/// What there is to say of a crystal, in a few lines.
fn told(crystal: &Crystal, rows: &[Row]) -> String {
    let values = crystal.levels.values();
    let sizes = crystal.levels.multiplicities();
    let is_kept = |row: &Row| row[Column::Farthest as usize] <= row[Column::Norm as usize];
    let ranges: Vec<String> = (Column::Matrix as usize..NAMES.len())
        .zip(ERRORS)
        .map(|(k, column)| format!("{}: {}", NAMES[k], range(rows, column, crystal.bond)))
        .collect();
    format!(
        "{} atoms, neighbours at {:.3} Å; {} different eigenvalues up to {:.3} eV/Å²/amu, on average {:.1e} apart, the nearest {:.1e}, each up to {} times. \
         Weyl's inequality {}.\nDisplacement at which each comes to {LINEAR}:\n  {}",
        crystal.at_rest.len(),
        crystal.bond,
        sizes.len(),
        values[values.len() - 1],
        values[values.len() - 1] / sizes.len() as f64,
        nearest(values, &sizes),
        sizes.iter().max().unwrap_or(&0),
        if rows.iter().all(is_kept) {
            "holds"
        } else {
            "fails"
        },
        ranges.join("\n  "),
    )
}

/// The smallest distance of two different eigenvalues.
fn nearest(values: &[f64], sizes: &[usize]) -> f64 {
    let first = sizes.iter().scan(0, |end, size| {
        *end += size;
        values.get(*end)
    });
    let firsts: Vec<f64> = std::iter::once(&values[0]).chain(first).copied().collect();
    let gaps = firsts.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.fold(f64::INFINITY, f64::min)
}

/// The columns that are errors.
const ERRORS: [Column; 7] = [
    Column::Matrix,
    Column::Displacements,
    Column::VdosMatrix,
    Column::VdosSlope,
    Column::VdosSquare,
    Column::GSlope,
    Column::GSquare,
];

/// The table for a screen: numbered columns, their names above.
fn printed(rows: &[Row]) -> String {
    let numbers = 1..=NAMES.len();
    let named = numbers
        .clone()
        .zip(NAMES)
        .map(|(k, name)| format!("[{k}] {name}\n"));
    let head = numbers.map(|k| format!("{:>9}", format!("[{k}]")));
    let line = |row: &Row| row.map(|x| format!("{x:>9.1e}")).concat();
    let lines: Vec<String> = rows.iter().map(line).collect();
    let [named, head] = [named.collect::<Vec<_>>(), head.collect()].map(|words| words.concat());
    format!("{named}{head}\n{}", lines.join("\n"))
}

/// The table for a program.
fn table(rows: &[Row]) -> String {
    let quoted = NAMES.map(|name| format!("\"{name}\"")).join(",");
    let line = |row: &Row| row.map(|x| x.to_string()).join(",");
    let lines: Vec<String> = rows.iter().map(line).collect();
    format!("{quoted}\n{}\n", lines.join("\n"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|e| Error::io(path, "write this file", &e))
}

fn figure(id: &str, crystal: &Crystal, rows: &[Row], told: &str) -> Result<Figure> {
    let x: Vec<f64> = rows.iter().map(|r| r[Column::U as usize].log10()).collect();
    let ends = [x[0], x[x.len() - 1]];
    let line = |label: &str, column: Column, role| {
        let y: Vec<f64> = rows.iter().map(|r| r[column as usize].log10()).collect();
        Layer::line(label, &x, &y, role)
    };
    let errors = vec![
        Layer::line("10 %", &ends, &[LINEAR.log10(); 2], Role::Measured),
        line("ω², by the matrix", Column::Matrix, Role::Inferred),
        line(
            "ω², by the displacements",
            Column::Displacements,
            Role::Predicted,
        ),
        line("VDOS and g(r), linear", Column::VdosSlope, Role::Prior),
        line("VDOS, second order", Column::VdosSquare, Role::Difference),
        line("g(r), second order", Column::GSquare, Role::Reference),
    ];
    let sizes = vec![
        line("twice the largest row", Column::RandomRows, Role::Reference),
        line("2σ√n", Column::Random, Role::Prior),
        line("‖ΔD‖₂", Column::Norm, Role::Measured),
        line("largest shift", Column::Farthest, Role::Predicted),
        line("rms shift", Column::Shift, Role::Inferred),
    ];
    let along = || {
        Axis::over(
            "log₁₀ (displacement / neighbour distance)",
            ends[0],
            ends[1],
        )
    };
    let panels = vec![
        Panel::new(along(), Axis::new("log₁₀ (missed / change)"), errors),
        Panel::new(along(), Axis::new("log₁₀ (Δω² / (eV Å⁻² amu⁻¹))"), sizes),
    ];
    let caption = format!(
        "First-order perturbation theory from the crystal of {}. {told}",
        crystal.name
    );
    Figure::new(id, caption, Arrangement::Stacked, Size::page(150.0), panels)
}
