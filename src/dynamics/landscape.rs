//! Energy, or enthalpy, and its gradient as functions of all coordinates, the way an optimiser wants them.

use super::evaluator::Evaluator;
use super::load::{Load, Matrix, Span, inverse, symmetric, times};
use crate::atoms::cell::Cell;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::{Evaluation, Potential};
use argmin::core::{CostFunction, Error as ArgminError, Gradient};
use std::cell::RefCell;
use std::rc::Rc;

/// Å of displacement per unit of an optimiser's coordinate: `1/√k` of a stiff bond (k = 50 eV/Å²). It makes the first,
/// steepest-descent step about as long as the way to the minimum.
pub(super) const SCALE: f64 = 0.141;

/// A cell that has grown or shrunk by this part of itself in one direction is no longer the solid it was.
const LARGEST_STRAIN: f64 = 0.6;

/// A potential over the coordinates of one structure, under a load or at fixed cell; remembers the last point, which
/// the optimiser asks for twice.
///
/// The coordinates are u and, under a load, a symmetric strain e: atoms are at `r = (1 + e) u` and the edges of the
/// cell are those of the start times `1 + e`. With the enthalpy `H = E + P M`, M the cell's measure,
///
/// ```text
/// -∂H/∂u = (1 + e) f,      ∂H/∂e = (P M Π - W) (1 + e)⁻¹,
/// ```
///
/// of the latter the part in which the cell may strain (Π projects onto the directions that repeat, W is the virial).
pub(super) struct Landscape<'a> {
    start: &'a Structure,
    load: Option<Loaded>,
    now: RefCell<Now<'a>>,
}

/// A load on a cell that can bear it.
struct Loaded {
    load: Load,
    span: Span,
    /// Strain per unit of an optimiser's coordinate: as stiff as the coordinates of the N atoms it moves.
    scale: f64,
}

struct Now<'a> {
    structure: Structure,
    evaluator: Evaluator<'a>,
    place: Option<Rc<Place>>,
    /// Why there is none; an optimiser takes a failure for the end of its search and goes on.
    failure: Option<Error>,
}

/// What the optimiser, and who watches it, are told of one point.
pub(super) struct Place {
    pub(super) coordinates: Vec<f64>,
    pub(super) gradient: Vec<f64>,
    /// eV, without what the load adds.
    pub(super) energy: f64,
    /// `E + P M`, eV.
    pub(super) enthalpy: f64,
    /// Largest force on an atom, eV/Å.
    pub(super) max_force: f64,
    /// Largest component of the stress that the load does not hold, eV for each unit of the measure.
    pub(super) max_stress: f64,
    /// The larger of `max_force` and that stress on the face of one atom, eV/Å.
    pub(super) unrest: f64,
}

impl Loaded {
    fn new(load: Load, start: &Structure) -> Result<Self> {
        if !load.pressure.is_finite() {
            return Err(Error::new(format!(
                "a pressure of {} is not possible",
                load.pressure
            )));
        }
        let span = Span::of(&start.cell)?;
        let atoms = start.len() as f64;
        let spacing = (start.cell.measure() / atoms).powf(1.0 / span.dimensions);
        let scale = SCALE / (spacing * atoms.sqrt());
        Ok(Self { load, span, scale })
    }

    /// Energy per strain that pulls at the cell, `P M Π - W` as far as the cell may follow it.
    fn pull(&self, cell: &Cell, virial: [f64; 6]) -> Matrix {
        let held = self.span.uniform(self.load.pressure * cell.measure());
        let w = symmetric(virial);
        let excess = [0, 1, 2].map(|a| [0, 1, 2].map(|b| held[a][b] - w[a][b]));
        self.span.allowed(&excess, self.load.strain)
    }
}

impl<'a> Landscape<'a> {
    pub(super) fn new(
        potential: &'a dyn Potential,
        start: &'a Structure,
        load: Option<Load>,
    ) -> Result<Self> {
        Ok(Self {
            start,
            load: load.map(|l| Loaded::new(l, start)).transpose()?,
            now: RefCell::new(Now {
                structure: start.clone(),
                evaluator: Evaluator::new(potential),
                place: None,
                failure: None,
            }),
        })
    }

    /// The optimiser's coordinates of the start.
    pub(super) fn origin(&self) -> Vec<f64> {
        let atoms = self.start.positions.iter().flatten().map(|x| x / SCALE);
        let strain = if self.load.is_some() { 9 } else { 0 };
        atoms.chain(std::iter::repeat_n(0.0, strain)).collect()
    }

    pub(super) fn atoms(&self) -> usize {
        self.start.len()
    }

    /// How often the potential has been asked.
    pub(super) fn evaluations(&self) -> usize {
        self.now.borrow().evaluator.evaluations()
    }

    /// The structure at the given optimiser's coordinates.
    pub(super) fn structure(&self, coordinates: &[f64]) -> Result<Structure> {
        let mut structure = self.start.clone();
        self.move_to(coordinates, &mut structure)?;
        Ok(structure)
    }

    /// Energy and gradient at the given optimiser's coordinates.
    pub(super) fn at(&self, coordinates: &[f64]) -> Result<Rc<Place>> {
        let now = &mut *self.now.borrow_mut();
        if let Some(place) = &now.place
            && place.coordinates == coordinates
        {
            return Ok(place.clone());
        }
        let place = self.look(coordinates, now).map(Rc::new);
        now.failure = place.as_ref().err().cloned();
        now.place = place.as_ref().ok().cloned();
        place
    }

    /// Why the last point could not be told, if it could not.
    pub(super) fn failure(&self) -> Option<Error> {
        self.now.borrow().failure.clone()
    }

    fn look(&self, coordinates: &[f64], now: &mut Now) -> Result<Place> {
        let deformation = self.move_to(coordinates, &mut now.structure)?;
        let evaluation = now.evaluator.evaluate(&now.structure)?;
        Ok(self.place(coordinates, &deformation, &now.structure.cell, &evaluation))
    }

    /// Writes cell and positions into a structure of these atoms; returns `1 + e`.
    fn move_to(&self, coordinates: &[f64], structure: &mut Structure) -> Result<Matrix> {
        let (triples, _) = coordinates.as_chunks::<3>();
        let (atoms, strain) = triples.split_at(self.start.len());
        let mut deformation = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let Some(loaded) = &self.load else {
            for (p, q) in structure.positions.iter_mut().zip(atoms) {
                *p = q.map(|x| x * SCALE);
            }
            return Ok(deformation);
        };
        for (row, e) in deformation.iter_mut().zip(strain) {
            if !e.iter().all(|x| x.abs() * loaded.scale < LARGEST_STRAIN) {
                return Err(runs_away(loaded.load.pressure));
            }
            for (x, e) in row.iter_mut().zip(e) {
                *x += e * loaded.scale;
            }
        }
        let edges = self.start.cell.vectors().map(|v| times(&deformation, v));
        structure.cell = Cell::new(edges, self.start.cell.periodic())?;
        for (p, q) in structure.positions.iter_mut().zip(atoms) {
            *p = times(&deformation, q.map(|x| x * SCALE));
        }
        Ok(deformation)
    }

    fn place(
        &self,
        coordinates: &[f64],
        deformation: &Matrix,
        cell: &Cell,
        evaluation: &Evaluation,
    ) -> Place {
        let mut place = Place {
            coordinates: coordinates.to_vec(),
            gradient: Vec::with_capacity(coordinates.len()),
            energy: evaluation.energy,
            enthalpy: evaluation.energy,
            max_force: evaluation.max_force(),
            max_stress: 0.0,
            unrest: evaluation.max_force(),
        };
        for force in &evaluation.forces {
            let u = times(deformation, *force);
            place.gradient.extend(u.map(|f| -f * SCALE));
        }
        if let Some(loaded) = &self.load {
            let pull = loaded.pull(cell, evaluation.virial);
            // Its own transpose, as the deformation is.
            let back = inverse(deformation);
            let along = pull.map(|row| times(&back, row));
            let along = loaded.span.allowed(&along, loaded.load.strain);
            let strain = along.as_flattened().iter().map(|g| g * loaded.scale);
            place.gradient.extend(strain);
            place.enthalpy += loaded.load.pressure * cell.measure();
            let largest = pull
                .as_flattened()
                .iter()
                .fold(0.0_f64, |a, g| a.max(g.abs()));
            place.max_stress = largest / cell.measure();
            // The face of one atom: V/N to the power (d - 1)/d.
            let room = cell.measure() / self.start.len() as f64;
            let face = room.powf(1.0 - 1.0 / loaded.span.dimensions);
            place.unrest = place.unrest.max(place.max_stress * face);
        }
        place
    }
}

/// Farthest that a step in the optimiser's coordinates moves one of so many atoms along an axis, or two neighbours apart
/// by the strain, Å.
pub(super) fn farthest(step: &[f64], atoms: usize) -> f64 {
    let (of_atoms, of_cell) = step.split_at(3 * atoms);
    let largest = |part: &[f64]| part.iter().fold(0.0_f64, |a, x| a.max(x.abs())) * SCALE;
    largest(of_atoms).max(largest(of_cell) / (atoms as f64).sqrt())
}

fn runs_away(pressure: f64) -> Error {
    Error::new("the cell grows or shrinks without end")
        .because(format!(
            "at a pressure of {pressure} it has changed by more than {} % in one direction",
            100.0 * LARGEST_STRAIN
        ))
        .cure("start nearer to the density it has at this pressure, or choose another pressure")
}

impl CostFunction for &Landscape<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, coordinates: &Vec<f64>) -> std::result::Result<f64, ArgminError> {
        Ok(self.at(coordinates)?.enthalpy)
    }
}

impl Gradient for &Landscape<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, coordinates: &Vec<f64>) -> std::result::Result<Vec<f64>, ArgminError> {
        Ok(self.at(coordinates)?.gradient.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::disorder::random;
    use crate::dynamics::load::Strain;
    use crate::potentials::toy::{Toy, crystal};
    use rand::RngExt;

    /// Central differences of 1e-5 of a coordinate leave this part of the largest slope.
    const DIFFERENCES: f64 = 1e-7;

    /// The toy's crystal, skewed, its atoms off their places.
    fn skewed(periodic: [bool; 3]) -> Structure {
        let mut structure = crystal(1.5, 2);
        let edges = [[3.0, 0.2, 0.1], [-0.1, 3.1, 0.2], [0.3, 0.0, 2.9]];
        let cell = Cell::new(edges, periodic).unwrap();
        for (i, p) in structure.positions.iter_mut().enumerate() {
            *p = cell.cartesian(structure.cell.fractional(*p));
            p[i % 3] += 0.04 * (i as f64).sin();
        }
        structure.cell = cell;
        structure
    }

    /// Along any direction that the coordinates may go, the enthalpy falls as the gradient says.
    #[test]
    fn the_gradient_is_that_of_the_enthalpy() {
        let toy = Toy { cutoff: 1.8 };
        for (periodic, strain) in [
            ([true; 3], Strain::Full),
            ([true; 3], Strain::Isotropic),
            ([true, false, true], Strain::Full),
            ([true, true, false], Strain::Isotropic),
            ([false, true, false], Strain::Full),
        ] {
            let start = skewed(periodic);
            let load = Load {
                pressure: 0.7,
                strain,
            };
            let landscape = Landscape::new(&toy, &start, Some(load)).unwrap();
            let span = Span::of(&start.cell).unwrap();
            let numbers = &mut random(3, 0);
            let mut draw = || numbers.random_range(-1.0..1.0);
            let mut somewhere = || {
                let mut step: Vec<f64> = (0..3 * start.len()).map(|_| 0.1 * draw()).collect();
                let any: Matrix = std::array::from_fn(|_| std::array::from_fn(|_| draw()));
                step.extend(span.allowed(&any, strain).as_flattened());
                step
            };
            let sum = |a: &[f64], b: &[f64], h: f64| -> Vec<f64> {
                a.iter().zip(b).map(|(a, b)| a + h * b).collect()
            };
            let here = sum(&landscape.origin(), &somewhere(), 1.0);
            let gradient = landscape.at(&here).unwrap().gradient.clone();
            for _ in 0..3 {
                let step = somewhere();
                let h = 1e-5;
                let enthalpy = |h| landscape.at(&sum(&here, &step, h)).unwrap().enthalpy;
                let slope = (enthalpy(h) - enthalpy(-h)) / (2.0 * h);
                let told: f64 = gradient.iter().zip(&step).map(|(g, s)| g * s).sum();
                assert!(
                    (slope - told).abs() < DIFFERENCES * (1.0 + slope.abs()),
                    "{slope} {told}"
                );
            }
        }
    }

    #[test]
    fn a_cell_at_a_pressure_bears_its_stress() {
        let toy = Toy { cutoff: 1.8 };
        let start = crystal(1.45, 2);
        let list = crate::atoms::neighbours::NeighbourList::new(&start, 1.8).unwrap();
        let found = toy.evaluate(&start, &list).unwrap();
        let at = |pressure| {
            let strain = Strain::Full;
            let landscape = Landscape::new(&toy, &start, Some(Load { pressure, strain })).unwrap();
            landscape.at(&landscape.origin()).unwrap()
        };
        let pressure = found.pressure(start.cell.volume());
        assert!(at(pressure).max_stress < 1e-12);
        assert!((at(pressure + 0.1).max_stress - 0.1).abs() < 1e-12);
        // The face of one of 4 atoms in a cube of 1.45 Å.
        let face = (1.45_f64.powi(3) / 4.0).powf(2.0 / 3.0);
        assert!((at(pressure + 0.1).unrest - 0.1 * face).abs() < 1e-9);
    }
}
