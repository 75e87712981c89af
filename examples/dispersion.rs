//! What inelastic X-ray scattering sees of amorphous silicon: S(Q,E) and the damped oscillators in it.
//! `cargo run --release --example dispersion -- [FOLDER]`.
//!
//! One sample of the recipe `asi-sw` is melted and quenched. Left, its S(Q,E) at 300 K, each Q with area 1, with the energies of the
//! oscillators that fit it; right, spectra at three Q with their fits.

#![allow(clippy::print_stdout, reason = "an example tells what it found")]

use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::curve::{Curve, Quantity};
use glassbridge::dataset::generate::Shard;
use glassbridge::dataset::{Dataset, Recipe, generate};
use glassbridge::error::Result;
use glassbridge::grid::Grid;
use glassbridge::instrument::line_shape::LineShape;
use glassbridge::observables::coherent::{Coherent, Probe, Widths};
use glassbridge::observables::dho::{self, Dho};
use glassbridge::observables::incoherent::Thermal;
use glassbridge::observables::reciprocal::{Shell, shells};
use glassbridge::observables::thermal_width::Statistics;
use glassbridge::potentials;
use glassbridge::report::{
    self, Arrangement, Axis, Block, Figure, Layer, Panel, Report, Role, Section, Size,
};
use glassbridge::vibrations::modes::Modes;
use std::path::PathBuf;

const KELVIN: f64 = 300.0;
/// The resolution of ID28 with its Si (9 9 9) reflection, and room for the modes that 216 atoms have not.
const WIDTHS: Widths = Widths {
    broadening: 0.7,
    resolution: LineShape::PseudoVoigt {
        fwhm: 3.0,
        eta: 0.5,
    },
};
/// Which of the shells are drawn as spectra.
const DRAWN: [usize; 3] = [0, 2, 5];

fn main() -> Result<()> {
    let out = std::env::args().nth(1).map_or_else(
        || std::env::temp_dir().join("glassbridge-dispersion"),
        PathBuf::from,
    );
    let glass = glass()?;
    let potential = potentials::parse("sw:si")?;
    let list = NeighbourList::new(&glass, potential.cutoff())?;
    let modes = Modes::of(&potential.hessian(&glass, &list)?, &glass, true)?;
    let thermal = Thermal {
        kelvin: KELVIN,
        statistics: Statistics::Quantum,
    };
    let scattering = Coherent::new(&modes, &glass, Probe::XRays, thermal)?;
    let shells = shells(&glass.cell, 4.0, 16, 24)?;
    let grid = Grid::new(-80.0, 80.0, 320)?;
    let spectra = scattering.map(&shells, &grid, &WIDTHS)?;
    let spectra: Vec<Curve> = (spectra.into_iter())
        .map(|y| {
            let area = y.iter().sum::<f64>() * grid.step();
            let y = y.iter().map(|y| y / area).collect();
            Curve::new(grid.centres(), y, None, Quantity::Ixs)
        })
        .collect::<Result<_>>()?;
    // Where S(Q,E) has two humps no single oscillator fits.
    let fits: Vec<Option<Dho>> = (spectra.iter())
        .map(|s| dho::fit(s, &WIDTHS.resolution, KELVIN).ok())
        .collect();
    println!("    Q (1/Å)   energy (meV)   width (meV)");
    for (shell, fit) in shells.iter().zip(&fits) {
        let Some(fit) = fit else {
            println!("{:10.3} none", shell.q);
            continue;
        };
        println!(
            "{:10.3} {:8.2} ± {:4.2} {:8.2} ± {:4.2}",
            shell.q, fit.energy.value, fit.energy.error, fit.width.value, fit.width.error
        );
    }
    let drawn = Report {
        sections: vec![Section {
            heading: "Inelastic X-ray scattering of amorphous silicon".into(),
            blocks: vec![Block::Figure(figure(&shells, &spectra, &fits)?)],
        }],
        ..Report::default()
    };
    report::write_figures(&drawn, &out)?;
    println!("written to {}", out.display());
    Ok(())
}

/// One melted and quenched sample at rest.
fn glass() -> Result<Structure> {
    let mut recipe = Recipe::load("asi-sw")?;
    recipe.samples = 1;
    recipe.melt.share = 1.0;
    let folder = std::env::temp_dir().join("glassbridge-dispersion-set");
    let shard = Shard { index: 0, of: 1 };
    generate::generate(&recipe, &folder, shard, &|_| {})?;
    Ok(Dataset::open(&folder)?.structures()?.remove(0))
}

fn figure(shells: &[Shell], spectra: &[Curve], fits: &[Option<Dho>]) -> Result<Figure> {
    let q: Vec<f64> = shells.iter().map(|s| s.q).collect();
    let energies: Vec<f64> = (spectra[0].x().iter().copied())
        .filter(|e| *e > 0.0)
        .collect();
    let first = spectra[0].len() - energies.len();
    let rows = (0..energies.len()).flat_map(|i| spectra.iter().map(move |s| s.y()[first + i]));
    let map = Layer::Map {
        label: "S(Q,E) / area (1/meV)".into(),
        x: q.clone(),
        y: energies.clone(),
        values: rows.collect(),
    };
    let fitted: Vec<(f64, Dho)> = (q.iter().zip(fits))
        .filter_map(|(q, fit)| Some((*q, (*fit)?)))
        .collect();
    let points = Layer::Points {
        label: String::new(),
        x: fitted.iter().map(|(q, _)| *q).collect(),
        y: fitted.iter().map(|(_, f)| f.energy.value).collect(),
        sigma: None,
        role: Role::Measured,
    };
    let left = Panel::new(
        Axis::new("Q (1/Å)"),
        Axis::over("energy (meV)", 0.0, 80.0),
        vec![map, points],
    );
    let roles = [Role::Predicted, Role::Reference, Role::Inferred];
    let lines = DRAWN.iter().zip(roles).map(|(&k, role)| {
        let label = format!("Q = {:.2} 1/Å", q[k]);
        Layer::line(&label, spectra[k].x(), spectra[k].y(), role)
    });
    let right = Panel::new(
        Axis::over("energy (meV)", -80.0, 80.0),
        Axis::new("S(Q,E) / area (1/meV)"),
        lines.collect(),
    );
    Figure::new(
        "dispersion",
        "Inelastic X-ray scattering of amorphous silicon (216 atoms, Stillinger-Weber) at 300 K, one phonon, seen with 3 meV. Left: every Q with \
         area 1; points are the energies of the damped oscillators that fit. Right: three of the spectra.",
        Arrangement::Beside,
        Size::page(80.0),
        vec![left, right],
    )
}
