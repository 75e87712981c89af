//! To the nearest minimum: of the energy at fixed cell, of the enthalpy at a pressure.

use super::landscape::{Landscape, Place};
use super::line_search::BoundedSearch;
pub use super::load::{Load, Strain};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::Potential;
use argmin::core::{IterState, Problem, Solver, State};
use argmin::solver::quasinewton::LBFGS;
use std::rc::Rc;

/// Largest force on an atom at which a structure counts as being at rest, eV/Å: against a bond of 10 eV/Å² it is
/// 1e-7 Å off its place.
pub const AT_REST: f64 = 1e-6;
/// Steps after which a minimisation gives up; a strongly disordered Lennard-Jones solid of a hundred atoms was measured
/// to need 200 to 520.
pub const MOST_STEPS: usize = 10_000;

/// Steps without a gain after which a minimisation has stalled: the minimum is then where two smooth pieces of the energy
/// meet at an angle (a pair of atoms at a cutoff that a table does not end in), and no point near it is at rest.
const PATIENCE: usize = 500;
/// Steps L-BFGS remembers: 5 to 20 is Nocedal's range, and the vectors of 10 cost nothing beside one evaluation.
const MEMORY: usize = 10;

/// Gains below these fractions of the energy are taken on trust of the forces. The first is the rounding of the sum over the
/// atoms; the others are for tables that end before their functions do (those of Zhou 2004 among them), whose energy jumps
/// whenever a pair crosses the cutoff, so that no search along it can end. They are tried in turn.
const RESOLUTIONS: [f64; 4] = [1e-12, 1e-9, 1e-7, 1e-6];

type Coordinates = Vec<f64>;
type Lbfgs = LBFGS<BoundedSearch, Coordinates, Coordinates, f64>;
type Descent = IterState<Coordinates, Coordinates, (), (), (), f64>;

/// The end of a minimisation.
#[derive(Debug, Clone)]
pub struct Minimised {
    /// The structure with the smallest largest force found.
    pub structure: Structure,
    /// Its energy in eV.
    pub energy: f64,
    /// Its largest norm of a force on an atom, eV/Å.
    pub max_force: f64,
    /// The largest component of its stress that the load does not hold, in the units of [`Load::pressure`]; 0 at fixed
    /// cell.
    pub max_stress: f64,
    /// Steps taken.
    pub iterations: usize,
    /// How often the potential was evaluated.
    pub evaluations: usize,
    /// Whether `max_force` is no larger than asked, and `max_stress` times the face of one atom, `(M/N)^((d-1)/d)`, too.
    pub converged: bool,
}

/// Moves the atoms, at fixed cell, until no force is larger than `max_force` (eV/Å, e.g. [`AT_REST`]) or `most_steps`
/// are taken; not converging is told in the result and is not an error.
///
/// L-BFGS (Nocedal and Wright, Numerical Optimization, alg. 7.4) with a bounded Moré-Thuente line search; when a
/// search fails, it forgets the curvature and goes on with steepest descent from the best point.
pub fn minimise(
    potential: &dyn Potential,
    structure: &Structure,
    max_force: f64,
    most_steps: usize,
) -> Result<Minimised> {
    let landscape = Landscape::new(potential, structure, None)?;
    lowest(&landscape, max_force, most_steps)
}

/// Moves the atoms and strains the cell, without turning it, to the nearest minimum of the enthalpy `E + P M` (M the
/// cell's [measure](crate::atoms::cell::Cell::measure)), as [`minimise`] does that of the energy.
///
/// Errors: also if the cell repeats in no direction, or gives way without end.
///
/// ```
/// use glassbridge::atoms::lattice::diamond;
/// use glassbridge::dynamics::minimise::{AT_REST, Load, MOST_STEPS, Strain, relax};
/// let potential = glassbridge::potentials::parse("tersoff:si-1988")?;
/// let load = Load { pressure: 0.0, strain: Strain::Isotropic };
/// let silicon = diamond(5.3, "Si", 28.085)?;
/// let found = relax(potential.as_ref(), &silicon, load, AT_REST, MOST_STEPS)?;
/// assert!(found.converged);
/// // LAMMPS finds a pressure of 3e-5 bar at this edge.
/// assert!((found.structure.cell.vectors()[0][0] - 5.431_230_75).abs() < 1e-6);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn relax(
    potential: &dyn Potential,
    structure: &Structure,
    load: Load,
    max_force: f64,
    most_steps: usize,
) -> Result<Minimised> {
    let landscape = Landscape::new(potential, structure, Some(load))?;
    lowest(&landscape, max_force, most_steps)
}

fn lowest(landscape: &Landscape, most_unrest: f64, most_steps: usize) -> Result<Minimised> {
    let mut best = landscape.at(&landscape.origin())?;
    if !(best.enthalpy.is_finite() && best.unrest.is_finite()) {
        return Err(Error::new("the energy of the structure is not a number")
            .because("two atoms may sit on top of each other"));
    }
    let (mut steps, goal) = (0, (most_unrest, most_steps));
    best = settle(landscape, best, goal, &mut steps)?;
    let converged = best.unrest <= most_unrest;
    if let Some(failure) = landscape.failure().filter(|_| !converged) {
        return Err(failure);
    }
    Ok(Minimised {
        structure: landscape.structure(&best.coordinates)?,
        energy: best.energy,
        max_force: best.max_force,
        max_stress: best.max_stress,
        iterations: steps,
        evaluations: landscape.evaluations(),
        converged,
    })
}

/// Runs of L-BFGS, each from where the last one ended, as long as they gain something; then those that trust the energy less.
fn settle(
    landscape: &Landscape,
    start: Rc<Place>,
    goal: (f64, usize),
    steps: &mut usize,
) -> Result<Rc<Place>> {
    let mut best = start;
    let mut resolutions = RESOLUTIONS.into_iter();
    let mut resolution = resolutions.next();
    while let Some(resolved) = resolution
        && best.unrest > goal.0
        && *steps < goal.1
    {
        let reached = descend(landscape, best.clone(), resolved, goal, steps)?;
        let gained = reached.gains_on(&best);
        if reached.beats(&best, resolved) {
            best = reached;
        }
        if !gained {
            resolution = resolutions.next();
        }
    }
    Ok(best)
}

/// One run of L-BFGS, from its start to convergence or to a line search that fails; the best point on its way.
fn descend(
    landscape: &Landscape,
    start: Rc<Place>,
    resolution: f64,
    (most_unrest, most_steps): (f64, usize),
    steps: &mut usize,
) -> Result<Rc<Place>> {
    let search = BoundedSearch::new(landscape.atoms(), resolution).map_err(|e| internal(&e))?;
    let mut solver: Lbfgs = LBFGS::new(search, MEMORY);
    let mut problem = Problem::new(landscape);
    let state = Descent::new().param(start.coordinates.clone());
    let (mut state, _) = solver.init(&mut problem, state).map_err(|e| internal(&e))?;
    let mut best = start;
    let (mut mark, mut marked) = (best.clone(), *steps);
    while best.unrest > most_unrest && *steps < most_steps && *steps - marked < PATIENCE {
        (state, _) = solver
            .next_iter(&mut problem, state)
            .map_err(|e| internal(&e))?;
        let Some(reached) = state.get_param().filter(|_| !state.terminated()) else {
            break;
        };
        let reached = landscape.at(reached)?;
        state.increment_iter();
        *steps += 1;
        if reached.beats(&best, resolution) {
            best = reached;
        }
        if best.gains_on(&mark) {
            (mark, marked) = (best.clone(), *steps);
        }
    }
    Ok(best)
}

/// A failure of the potential on the way, or of the optimiser.
fn internal(error: &argmin::core::Error) -> Error {
    (error.downcast_ref::<Error>().cloned())
        .unwrap_or_else(|| Error::new("the minimisation broke off").because(error.to_string()))
}

impl Place {
    /// What the energy of so many atoms does not tell apart, eV.
    fn rounding(&self) -> f64 {
        RESOLUTIONS[0] * self.enthalpy.abs()
    }

    /// Whether it is worth going on from here, having been there.
    fn gains_on(&self, other: &Self) -> bool {
        self.enthalpy < other.enthalpy - other.rounding() || self.unrest < other.unrest / 2.0
    }

    /// Lower, or as low as the energy can tell and nearer to rest.
    fn beats(&self, other: &Self, resolution: f64) -> bool {
        let rounding = resolution * other.enthalpy.abs();
        let (mine, its) = (self.enthalpy, other.enthalpy);
        mine < its - rounding || (mine <= its + rounding && self.unrest < other.unrest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::{Cell, norm};
    use crate::atoms::disorder::{Disorder, Taken, disordered};
    use crate::atoms::lattice;
    use crate::atoms::neighbours::NeighbourList;
    use crate::potentials::Evaluation;
    use crate::potentials::toy::{Toy, crystal};

    const TOY: Toy = Toy { cutoff: 2.3 };

    fn shaken(amplitude: f64, removed: f64, index: u64) -> Structure {
        let how = Disorder {
            amplitude,
            share: 1.0,
            removed,
            taken: Taken::Atoms,
        };
        disordered(&crystal(1.5, 3), how, 11, index).unwrap()
    }

    fn evaluate(structure: &Structure) -> Evaluation {
        let list = NeighbourList::new(structure, TOY.cutoff).unwrap();
        TOY.evaluate(structure, &list).unwrap()
    }

    #[test]
    fn a_shaken_crystal_comes_back_to_the_crystal() {
        let rest = evaluate(&crystal(1.5, 3));
        let found = minimise(&TOY, &shaken(0.05, 0.0, 0), AT_REST, MOST_STEPS).unwrap();
        assert!(
            found.converged && found.max_force <= AT_REST,
            "{}",
            found.max_force
        );
        assert!((found.energy - rest.energy).abs() < 1e-9);
        // Measured: 23 steps, 24 evaluations.
        assert!(
            found.iterations < 60 && found.evaluations < 90,
            "{} {}",
            found.iterations,
            found.evaluations
        );
    }

    #[test]
    fn defects_and_strong_disorder_come_to_rest_lower_than_they_began() {
        for index in 0..6 {
            let start = shaken(0.25, 0.05, index);
            let found = minimise(&TOY, &start, AT_REST, MOST_STEPS).unwrap();
            // Measured: 223 to 519 steps, 2 to 5 % more evaluations.
            assert!(found.evaluations < 1500, "{index}: {}", found.evaluations);
            assert!(found.converged, "{index}: {:e}", found.max_force);
            assert!(found.energy < evaluate(&start).energy);
            // What is told is what a fresh neighbour list says.
            let fresh = evaluate(&found.structure);
            assert!((fresh.energy - found.energy).abs() < 1e-9);
            assert!((fresh.max_force() - found.max_force).abs() < 1e-9);
        }
    }

    #[test]
    fn giving_up_is_told_and_not_an_error() {
        let start = shaken(0.1, 0.0, 0);
        let found = minimise(&TOY, &start, AT_REST, 2).unwrap();
        assert!(!found.converged && found.iterations == 2);
        assert!(found.energy < evaluate(&start).energy);
        let at_once = minimise(&TOY, &crystal(1.5, 3), AT_REST, MOST_STEPS).unwrap();
        assert!(at_once.converged && at_once.iterations == 0);
    }

    #[test]
    fn atoms_on_top_of_each_other_are_refused() {
        let mut broken = crystal(1.55, 2);
        broken.positions[1] = broken.positions[0];
        assert!(minimise(&TOY, &broken, AT_REST, 10).is_err());
    }

    const TIGHT: f64 = 1e-8;

    fn load(pressure: f64, strain: Strain) -> Load {
        Load { pressure, strain }
    }

    /// The enthalpy's minimum over the edge of a perfect crystal, by bisection of its pressure.
    fn edge_at(pressure: f64) -> f64 {
        let (mut low, mut high) = (1.2, 1.5);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let solid = crystal(middle, 3);
            if evaluate(&solid).pressure(solid.cell.volume()) > pressure {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    #[test]
    fn a_crystal_finds_the_edge_of_its_pressure() {
        for pressure in [0.0, 8.0, -2.0] {
            for strain in [Strain::Isotropic, Strain::Full] {
                let mut start = crystal(1.45, 3);
                start.positions[5][1] += 0.1;
                let found = relax(&TOY, &start, load(pressure, strain), TIGHT, 500).unwrap();
                assert!(found.converged && found.max_stress < 1e-7, "{found:?}");
                let [a, b, c] = *found.structure.cell.vectors();
                for edge in [a[0], b[1], c[2]] {
                    assert!(
                        (edge / 3.0 - edge_at(pressure)).abs() < 1e-7,
                        "{pressure} {edge}"
                    );
                }
                assert!(a[1].abs() + b[2].abs() + c[0].abs() < 1e-6);
                let fresh = evaluate(&found.structure);
                let p = fresh.pressure(found.structure.cell.volume());
                assert!((p - pressure).abs() < 1e-6, "{p}");
            }
        }
    }

    #[test]
    fn a_bent_cell_straightens_only_if_it_may() {
        let mut start = crystal(1.4, 3);
        let bent = [[4.2, 0.1, 0.0], [0.0, 4.0, 0.0], [0.2, 0.0, 4.3]];
        let cell = Cell::new(bent, [true; 3]).unwrap();
        for p in &mut start.positions {
            *p = cell.cartesian(start.cell.fractional(*p));
        }
        start.cell = cell;
        let edges = |s: &Structure| s.cell.vectors().map(norm);
        let found = relax(&TOY, &start, load(0.0, Strain::Full), TIGHT, 500).unwrap();
        let [a, b, c] = edges(&found.structure);
        assert!(
            found.converged && (a - b).abs() < 1e-6 && (a - c).abs() < 1e-6,
            "{a} {b} {c}"
        );
        let kept = relax(&TOY, &start, load(0.0, Strain::Isotropic), TIGHT, 500).unwrap();
        let [a, b, _] = edges(&kept.structure);
        assert!(kept.converged && (a / b - edges(&start)[0] / 4.0).abs() < 1e-9);
        let excess = evaluate(&kept.structure).pressure(kept.structure.cell.volume());
        assert!(excess.abs() < 1e-7, "{excess}");
    }

    /// Graphene of Tersoff 1989: the bond of 1.4605105 Å at which LAMMPS finds no stress in it, and only its plane gives way.
    #[test]
    fn a_sheet_gives_way_in_its_plane() {
        let potential = crate::potentials::parse("tersoff:c-1989").unwrap();
        let sheet =
            lattice::supercell(&lattice::graphene(1.42, 12.011).unwrap(), [3, 2, 1]).unwrap();
        let found = relax(
            potential.as_ref(),
            &sheet,
            load(0.0, Strain::Full),
            TIGHT,
            500,
        )
        .unwrap();
        let grown = (found.structure.cell.measure() / sheet.cell.measure()).sqrt();
        assert!(
            found.converged && (1.42 * grown - 1.460_510_545).abs() < 1e-8,
            "{}",
            1.42 * grown
        );
        let [before, after] = [&sheet, &found.structure].map(|s| s.cell.vectors()[2][2]);
        assert!((before - after).abs() < 1e-12);
    }

    #[test]
    fn a_cell_that_cannot_bear_its_pressure_is_told() {
        let torn = relax(
            &TOY,
            &crystal(1.4, 3),
            load(-20.0, Strain::Isotropic),
            TIGHT,
            500,
        );
        assert!(torn.unwrap_err().to_string().contains("without end"));
        let mut cluster = crystal(1.4, 2);
        cluster.cell = Cell::new(*cluster.cell.vectors(), [false; 3]).unwrap();
        assert!(relax(&TOY, &cluster, load(0.0, Strain::Full), TIGHT, 9).is_err());
        let unheard = load(f64::NAN, Strain::Full);
        assert!(relax(&TOY, &crystal(1.4, 2), unheard, TIGHT, 9).is_err());
    }
}
