//! One sample: from its crystal through disorder, melt and quench to rest, and what is recorded there.

use super::observe;
use super::recipe::{Lattice, Minimisation, Recipe};
use super::sobol;
use super::start;
use crate::atoms::disorder::{self, Taken, disordered};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::stone_wales::with_turned_bonds;
use crate::atoms::structure::Structure;
use crate::dynamics::minimise::{Load, Minimised, Strain, minimise, relax};
use crate::dynamics::quench::{Schedule, melt_and_quench};
use crate::error::Result;
use crate::io::extxyz::{self, Frame};
use crate::potentials::Potential;
use crate::units::{EV_PER_A2_IN_N_PER_M, EV_PER_A3_IN_GPA, THZ_IN_MEV};
use crate::vibrations::modes::Modes;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rule by which samples are left out of training, as told in the manifest.
pub(super) const USABLE_RULE: &str = "converged, no imaginary mode, no loose atom, and at most 3 % of the modes above the energy grid (false modes of pairs caught in a cutoff window)";
/// That share of modes.
const MOST_FALSE_MODES: f64 = 0.03;
/// How far the atoms of a sheet are put off its plane at most, Å: far less than the 0.5 Å by which such sheets buckle.
const BUCKLE: f64 = 0.05;
/// A structure is brought this close to rest before it is melted, eV/Å, so that no overlap of displaced atoms drives it.
const ROUGHLY_AT_REST: f64 = 0.5;

/// What `samples.csv` says of one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name: the index.
    pub sample: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Atoms of each species, e.g. `Cu118Zr118Al20`.
    pub formula: String,
    /// Standard deviation of the displacements over the nearest-neighbour distance.
    pub displacement: f64,
    /// Share of the atoms that were displaced.
    pub displaced_share: f64,
    /// Fraction of atoms or formula units asked to be taken out.
    pub vacancy_fraction: f64,
    /// Fraction of bonds turned by 90°.
    pub turned_bonds: f64,
    /// Linear scale of the cell.
    pub scale: f64,
    /// Temperature of its melt, K; 0 if it was not melted.
    pub melt_kelvin: f64,
    /// Time in which it was cooled, fs; 0 if it was not melted.
    pub quench_fs: f64,
    /// Atoms left.
    pub atoms: usize,
    /// Atoms per Å³, in a sheet per Å².
    pub number_density: f64,
    /// eV per atom at rest.
    pub energy_per_atom_ev: f64,
    /// Mean number of bonds of an atom, to the first minimum of g(r); 0 if there is none.
    pub coordination: f64,
    /// Largest force on an atom, eV/Å.
    pub max_force: f64,
    /// Iterations of the minimiser.
    pub iterations: usize,
    /// 1 if at rest.
    pub converged: u8,
    /// Pairs inside a cutoff window.
    pub window_pairs: usize,
    /// Unstable modes.
    pub imaginary_modes: usize,
    /// Modes of no frequency beyond the translations of the whole: atoms that nothing holds.
    pub loose_modes: usize,
    /// Share of the modes above the energy grid: false modes, where the grid holds all real ones.
    pub false_modes: f64,
    /// Highest frequency, THz.
    pub max_frequency_thz: f64,
    /// 1 if training may use it.
    pub usable: u8,
}

/// A finished sample.
pub(super) struct Sample {
    pub(super) row: Row,
    /// It as a frame of extended XYZ.
    pub(super) structure: String,
    pub(super) blocks: BTreeMap<String, Vec<f64>>,
}

/// The settings drawn for one sample.
struct Drawn {
    how: disorder::Disorder,
    scale: f64,
    turned_bonds: f64,
    melted: Option<Schedule>,
}

fn within([low, high]: [f64; 2], u: f64) -> f64 {
    low + u * (high - low)
}

impl Drawn {
    fn of(recipe: &Recipe, index: usize) -> Self {
        let (d, melt) = (&recipe.disorder, &recipe.melt);
        let u = sobol::point(recipe.seed, index);
        let how = disorder::Disorder {
            amplitude: within(d.displacement, u[0]),
            removed: within(d.vacancies, u[1]),
            share: if u[2] < d.partly { u[3] } else { 1.0 },
            taken: d.taken,
        };
        let melted = (u[5] < melt.share).then(|| Schedule {
            melt_kelvin: within(melt.kelvin, u[6]),
            melt_fs: within(melt.melt_fs, u[7]),
            end_kelvin: melt.end_kelvin,
            quench_fs: within(melt.quench_fs.map(f64::ln), u[8]).exp(),
            step_fs: melt.step_fs,
            pressure: pressure(recipe),
        });
        Self {
            how,
            scale: within(d.scale, u[4]),
            turned_bonds: within(d.turned_bonds, u[9]),
            melted,
        }
    }
}

/// Makes sample `index`, whose start is `crystal`.
pub(super) fn make(
    recipe: &Recipe,
    crystal: &Structure,
    potential: &dyn Potential,
    index: usize,
) -> Result<Sample> {
    let drawn = Drawn::of(recipe, index);
    let start = glass(recipe, crystal, potential, &drawn, index)?;
    let at_rest = rest(recipe, potential, &start)?;
    let structure = &at_rest.structure;
    let neighbours = NeighbourList::new(structure, potential.cutoff())?;
    let hessian = potential.hessian(structure, &neighbours)?;
    let modes = Modes::of(&hessian, structure, true)?;
    let window_pairs = potential.window_pairs(structure, &neighbours).len();
    let bonds = observe::bonds(structure);
    let frame = Frame {
        structure: structure.clone(),
        energy: Some(at_rest.energy),
        forces: None,
    };
    Ok(Sample {
        blocks: observe::curves(
            &recipe.record,
            structure,
            bonds.as_ref(),
            (&hessian, &modes),
            potential.reduced(),
        )?,
        structure: extxyz::write(&[frame]),
        row: Row {
            window_pairs,
            coordination: bonds.map_or(0.0, |b| {
                2.0 * b.once().count() as f64 / structure.len() as f64
            }),
            ..row(recipe, index, &drawn, &at_rest, &modes)
        },
    })
}

/// The target pressure in eV/Å³ (eV/Å² for a sheet).
fn pressure(recipe: &Recipe) -> Option<f64> {
    let sheet = matches!(
        recipe.crystal.lattice,
        Lattice::Graphene | Lattice::Triangular
    );
    let unit = if sheet {
        EV_PER_A2_IN_N_PER_M
    } else {
        EV_PER_A3_IN_GPA
    };
    recipe.minimisation.pressure.map(|p| p / unit)
}

/// The nearest minimum, at fixed cell or at the pressure.
fn rest(recipe: &Recipe, potential: &dyn Potential, start: &Structure) -> Result<Minimised> {
    let Minimisation {
        max_force,
        max_iterations,
        ..
    } = recipe.minimisation;
    match pressure(recipe) {
        None => minimise(potential, start, max_force, max_iterations),
        Some(pressure) => {
            let strain = Strain::Isotropic;
            relax(
                potential,
                start,
                Load { pressure, strain },
                max_force,
                max_iterations,
            )
        }
    }
}

/// The disordered structure, not yet at rest.
fn glass(
    recipe: &Recipe,
    crystal: &Structure,
    potential: &dyn Potential,
    drawn: &Drawn,
    index: usize,
) -> Result<Structure> {
    let stream = index as u64;
    // Each purpose has numbers of its own, so that a sample is the same whatever else a recipe asks for.
    let random = |purpose: u64| disorder::random(recipe.seed.wrapping_add(purpose), stream);
    let kinds = &recipe.crystal;
    let mixed = start::mixed(crystal, kinds, potential.reduced(), index, &mut random(2))?;
    let mut whole = mixed.scaled(drawn.scale)?;
    if drawn.turned_bonds > 0.0 {
        whole = with_turned_bonds(&whole, drawn.turned_bonds, &mut random(3))?;
    }
    let later = drawn.melted.is_some() && recipe.melt.vacancies_after;
    let how = disorder::Disorder {
        removed: if later { 0.0 } else { drawn.how.removed },
        ..drawn.how
    };
    let displaced = disordered(&whole, how, recipe.seed, stream)?;
    let Some(schedule) = &drawn.melted else {
        return Ok(displaced);
    };
    let steps = recipe.minimisation.max_iterations;
    let rough = minimise(potential, &displaced, ROUGHLY_AT_REST, steps)?;
    let quenched = if recipe.melt.in_plane {
        let sheet = melt_and_quench(
            potential,
            &pressed(rough.structure)?,
            schedule,
            &mut random(1),
        )?;
        buckled(sheet, &mut random(5))
    } else {
        melt_and_quench(potential, &rough.structure, schedule, &mut random(1))?
    };
    if !later {
        return Ok(quenched);
    }
    let vacancies = disorder::Disorder {
        amplitude: 0.0,
        share: 1.0,
        removed: drawn.how.removed,
        taken: Taken::Atoms,
    };
    disordered(&quenched, vacancies, recipe.seed.wrapping_add(4), stream)
}

/// The sheet with all atoms in the plane of the first.
fn pressed(mut sheet: Structure) -> Result<Structure> {
    let height = sheet.positions[0][2];
    sheet.positions.iter_mut().for_each(|p| p[2] = height);
    sheet.flattened()
}

/// The flat sheet with its atoms free to leave the plane, and off it by a little: exactly in it, no force would tell them.
fn buckled(mut sheet: Structure, random: &mut impl Rng) -> Structure {
    sheet.flat = false;
    for p in &mut sheet.positions {
        p[2] += BUCKLE * (2.0 * random.random::<f64>() - 1.0);
    }
    sheet
}

fn row(recipe: &Recipe, index: usize, drawn: &Drawn, at_rest: &Minimised, modes: &Modes) -> Row {
    let structure = &at_rest.structure;
    let imaginary_modes = modes.imaginary_modes();
    let highest = recipe.record.e_max / THZ_IN_MEV;
    let above = (modes.frequencies_thz.iter())
        .filter(|nu| **nu > highest)
        .count();
    let false_modes = above as f64 / modes.frequencies_thz.len() as f64;
    let loose_modes = modes.zero_modes().saturating_sub(structure.dimensions());
    let sound = imaginary_modes == 0 && loose_modes == 0 && false_modes <= MOST_FALSE_MODES;
    Row {
        sample: index,
        seed: recipe.seed,
        formula: structure.formula(),
        displacement: drawn.how.amplitude,
        displaced_share: drawn.how.share,
        vacancy_fraction: drawn.how.removed,
        turned_bonds: drawn.turned_bonds,
        scale: drawn.scale,
        melt_kelvin: drawn.melted.map_or(0.0, |m| m.melt_kelvin),
        quench_fs: drawn.melted.map_or(0.0, |m| m.quench_fs),
        atoms: structure.len(),
        number_density: structure.number_density(),
        energy_per_atom_ev: at_rest.energy / structure.len() as f64,
        max_force: at_rest.max_force,
        iterations: at_rest.iterations,
        converged: u8::from(at_rest.converged),
        coordination: 0.0,
        window_pairs: 0,
        imaginary_modes,
        loose_modes,
        false_modes,
        max_frequency_thz: modes.frequencies_thz.last().copied().unwrap_or(0.0),
        usable: u8::from(at_rest.converged && sound),
    }
}
