//! Figures 2 and 4 of arXiv:2602.05313 with our own glasses, each on one sheet:
//! `cargo run --release --features cnn --example paper_sheets -- FOLDER DATASET...`.
//!
//! A DATASET is a folder made by `glassbridge simulate`; without one, 24 samples of `lj2d` are made. For each: three samples from
//! crystal to glass with structure, g(r) and density of states (figure 2), and on one sheet for all of them a sample of middling
//! disorder and the test errors of both maps (figure 4). Every prediction is by a map that was not fitted to the sample. Without the feature `cnn`,
//! kernel ridge stands in for the network.

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

#[path = "support/glass.rs"]
mod glass;

use faer::Mat;
use glassbridge::atoms::structure::Structure;
use glassbridge::curve::Quantity;
use glassbridge::dataset::Dataset;
use glassbridge::error::{Error, Result};
use glassbridge::observables::bonds::{Bonds, Cutoffs};
use glassbridge::observables::rings::primitive_rings;
use glassbridge::operator::forward::Request;
use glassbridge::operator::{Estimator, Operator, Settings, rows};
use glassbridge::report::overview::{collected, sheet, slab};
use glassbridge::report::{self, Arrangement, Axis, Figure, Layer, Panel, Role, Size};
use std::path::{Path, PathBuf};

/// The map that is not linear, and what it is called on the sheet.
const OTHER: (Estimator, &str) = if cfg!(feature = "cnn") {
    (Estimator::Cnn, "network")
} else {
    (Estimator::KernelRidge, "kernel ridge")
};
/// Height of a row of panels, mm.
const ROW: f64 = 58.0;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let out = (arguments.next()).unwrap_or_else(|| std::env::temp_dir().join("glassbridge-paper"));
    let mut folders: Vec<PathBuf> = arguments.collect();
    if folders.is_empty() {
        folders.push(glass::made(&[])?);
    }
    let materials = (folders.iter())
        .map(|folder| Material::learned(folder))
        .collect::<Result<Vec<_>>>()?;
    let mut figures = (materials.iter())
        .map(Material::crystal_to_glass)
        .collect::<Result<Vec<_>>>()?;
    figures.push(all_materials(&materials)?);
    report::write_figures(&collected("The paper's figures", figures), &out)?;
    println!("written to {}", out.display());
    Ok(())
}

/// A dataset, and how both maps did on it.
struct Material {
    name: String,
    data: Dataset,
    usable: Vec<usize>,
    linear: Operator,
    /// Predictions for samples left out (n x q), linear and not.
    predicted: [Mat<f64>; 2],
    /// Energy above the lowest, meV per atom.
    excess: Vec<f64>,
    structures: Vec<Structure>,
}

impl Material {
    fn learned(folder: &Path) -> Result<Self> {
        let data = Dataset::open(folder)?;
        let set = glass::training_set(&data, Quantity::Vdos)?;
        let train = |estimator| {
            let forward = Request {
                estimator,
                ..Request::default()
            };
            let settings = Settings {
                forward,
                ..Settings::default()
            };
            Operator::train(&set, &settings)
        };
        let (linear, other) = (train(Estimator::Ridge)?, train(OTHER.0)?);
        let usable = data.usable()?;
        let energies = data.column("energy_per_atom_ev")?;
        let lowest = usable
            .iter()
            .map(|&i| energies[i])
            .fold(f64::INFINITY, f64::min);
        let name = data.manifest.recipe.name.clone();
        for (operator, what) in [(&linear, "ridge"), (&other, OTHER.1)] {
            let scores = &operator.meta.scores;
            println!(
                "{name}, {what}: test mse {:.2e}, training {:.2e} per meV², R2 {:.3}",
                scores.held_out_mse, scores.train_mse, scores.held_out_r2
            );
        }
        Ok(Self {
            predicted: [&linear, &other].map(|o| &o.y - &o.residuals),
            excess: (usable.iter())
                .map(|&i| 1e3 * (energies[i] - lowest))
                .collect(),
            structures: data.structures()?,
            linear,
            usable,
            data,
            name,
        })
    }

    /// The usable sample whose energy lies this share of the way from the lowest to the highest.
    fn at(&self, share: f64) -> Result<usize> {
        let top = self.excess.iter().copied().fold(0.0, f64::max);
        let off = |i: usize| (self.excess[i] - share * top).abs();
        (0..self.usable.len())
            .min_by(|&a, &b| off(a).total_cmp(&off(b)))
            .ok_or_else(|| Error::new("no sample of the dataset is usable"))
    }

    /// Structure, g(r) and density of states of one sample.
    fn row(&self, i: usize) -> Result<[Panel; 3]> {
        let (r, energy) = (self.data.manifest.r.grid, self.data.manifest.energy.grid);
        let mut structure = self.picture(i)?;
        structure.title = Some(format!("{}, {:.2} eV", self.name, self.excess[i] / 1e3));
        let g = Panel::new(
            Axis::over("r (Å)", r.start(), r.end()),
            Axis::new("g(r)"),
            vec![Layer::line(
                "",
                &r.centres(),
                &self.linear.training_g(i),
                Role::Measured,
            )],
        );
        let line = |label: &str, m: &Mat<f64>, role| {
            Layer::line(label, &energy.centres(), &rows::row(m.as_ref(), i), role)
        };
        let spectrum = Panel::new(
            Axis::over("energy (meV)", energy.start(), energy.end()),
            Axis::new("DOS (1/meV)"),
            vec![
                line("simulated", &self.linear.y, Role::Measured),
                line("linear", &self.predicted[0], Role::Predicted),
                line(OTHER.1, &self.predicted[1], Role::Reference),
            ],
        );
        Ok([structure, g, spectrum])
    }

    fn picture(&self, i: usize) -> Result<Panel> {
        let structure = &self.structures[self.usable[i]];
        let bonds = Bonds::new(structure, &Cutoffs::found(structure)?)?;
        let figure = if structure.cell.dimensions() == 3 {
            slab(structure, &bonds)?
        } else {
            let largest = self.data.manifest.recipe.record.rings;
            let rings = if largest > 0 {
                primitive_rings(structure, &bonds, largest)?
            } else {
                Vec::new()
            };
            sheet(structure, &bonds, &rings)?
        };
        let mut panel = figure.panels()[0].clone();
        // Rings are told by their colours beside the sheet of `inspect`; here there is no room for their names.
        for layer in &mut panel.layers {
            if let Layer::Segments { label, .. } | Layer::Polygons { label, .. } = layer {
                label.clear();
            }
        }
        Ok(panel)
    }

    /// Figure 2.
    fn crystal_to_glass(&self) -> Result<Figure> {
        let mut panels = Vec::new();
        for share in [0.0, 0.4, 1.0] {
            panels.extend(self.row(self.at(share)?)?);
        }
        Figure::new(
            &format!("figure-2-{}", self.name),
            "From crystal to glass: structure, pair distribution function, and density of states with what a linear map and \
             one that is not linear predict from g(r), neither fitted to this sample. The number is the energy per atom at rest above that of \
             the lowest sample.",
            Arrangement::Rows(3),
            Size::page(3.0 * ROW),
            panels,
        )
    }

    /// Test errors of both maps, a point a sample.
    fn errors(&self) -> Panel {
        let mse = |m: &Mat<f64>| -> Vec<f64> {
            let off = m - &self.linear.y;
            let q = off.ncols() as f64;
            (0..off.nrows())
                .map(|i| {
                    (off.row(i).squared_norm_l2() / q)
                        .max(f64::MIN_POSITIVE)
                        .log10()
                })
                .collect()
        };
        let (x, y) = (mse(&self.predicted[0]), mse(&self.predicted[1]));
        let all = || x.iter().chain(&y).copied();
        let ends = [
            all().fold(f64::INFINITY, f64::min),
            all().fold(f64::NEG_INFINITY, f64::max),
        ];
        let equal = Layer::line("equal", &ends, &ends, Role::Prior);
        let points = Layer::Points {
            label: String::new(),
            x,
            y,
            sigma: None,
            role: Role::Predicted,
        };
        Panel::new(
            Axis::new("log₁₀ mse, linear"),
            Axis::new("log₁₀ mse, other"),
            vec![equal, points],
        )
    }
}

/// Figure 4.
fn all_materials(materials: &[Material]) -> Result<Figure> {
    let mut panels = Vec::new();
    for material in materials {
        panels.extend(material.row(material.at(0.5)?)?);
        panels.push(material.errors());
    }
    let height = (ROW * materials.len() as f64).min(Size::MOST_MM);
    let size = Size {
        width_mm: 220.0,
        height_mm: height,
    };
    Figure::new(
        "figure-4",
        "Glass after glass: a sample of middling disorder with structure, pair distribution function and density of states, and the \
         mean squared error (1/meV²) of every sample by the linear map against that by the one that is not linear, each by a map not \
         fitted to it.",
        Arrangement::Rows(4),
        size,
        panels,
    )
}
