//! Energy and its gradient as functions of all coordinates, the way an optimiser wants them.

use crate::atoms::cell::{norm, sub};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::potentials::{Evaluation, Potential};
use argmin::core::{CostFunction, Error as ArgminError, Gradient};
use std::cell::RefCell;

/// Extra reach of the neighbour list that is kept between evaluations, as a part of the cutoff. A new list is made
/// when an atom has moved by half of it.
const SKIN: f64 = 0.2;

/// Å of displacement per unit of an optimiser's coordinate: `1/√k` of a stiff bond (k = 50 eV/Å²). It makes the first,
/// steepest-descent step about as long as the way to the minimum.
pub(super) const SCALE: f64 = 0.141;

/// A potential over the coordinates of one structure; remembers the last point, which the optimiser asks for twice.
pub(super) struct Landscape<'a> {
    potential: &'a dyn Potential,
    now: RefCell<Now>,
}

struct Now {
    structure: Structure,
    /// The list that is kept, and where the atoms were when it was made.
    list: Option<(NeighbourList, Vec<[f64; 3]>)>,
    evaluation: Option<Evaluation>,
    evaluations: usize,
}

impl<'a> Landscape<'a> {
    pub(super) fn new(potential: &'a dyn Potential, structure: Structure) -> Self {
        Self {
            potential,
            now: RefCell::new(Now {
                structure,
                list: None,
                evaluation: None,
                evaluations: 0,
            }),
        }
    }

    /// Energy and forces at the given optimiser's coordinates.
    pub(super) fn at(&self, coordinates: &[f64]) -> Result<Evaluation> {
        let mut now = self.now.borrow_mut();
        let positions = positions(coordinates);
        if now.structure.positions == positions
            && let Some(evaluation) = &now.evaluation
        {
            return Ok(evaluation.clone());
        }
        now.structure.positions = positions;
        now.evaluation = None;
        now.look_around(self.potential.cutoff())?;
        let Now {
            structure, list, ..
        } = &*now;
        let (list, _) = list.as_ref().expect("it was just made");
        let evaluation = self.potential.evaluate(structure, list)?;
        now.evaluation = Some(evaluation.clone());
        now.evaluations += 1;
        Ok(evaluation)
    }

    /// How often the potential has been asked.
    pub(super) fn evaluations(&self) -> usize {
        self.now.borrow().evaluations
    }
}

impl Now {
    /// Sees to a neighbour list that holds for where the atoms are now.
    fn look_around(&mut self, cutoff: f64) -> Result<()> {
        let structure = &self.structure;
        let skin = SKIN * cutoff;
        // Not "moved too far", so that a position that is not a number makes a new list.
        let near = |was: &[[f64; 3]]| {
            let mut steps = was.iter().zip(&structure.positions);
            steps.all(|(&a, &b)| norm(sub(a, b)) < skin / 2.0)
        };
        if !(self.list.as_ref()).is_some_and(|(_, was)| near(was)) {
            let list = NeighbourList::new(structure, cutoff + skin)?;
            self.list = Some((list, structure.positions.clone()));
        }
        Ok(())
    }
}

/// The optimiser's coordinates of some positions.
pub(super) fn coordinates(positions: &[[f64; 3]]) -> Vec<f64> {
    positions.iter().flatten().map(|x| x / SCALE).collect()
}

/// The positions (Å) of an optimiser's coordinates.
pub(super) fn positions(coordinates: &[f64]) -> Vec<[f64; 3]> {
    let (triples, _) = coordinates.as_chunks::<3>();
    triples.iter().map(|q| q.map(|x| x * SCALE)).collect()
}

impl CostFunction for &Landscape<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, coordinates: &Vec<f64>) -> std::result::Result<f64, ArgminError> {
        Ok(self.at(coordinates)?.energy)
    }
}

impl Gradient for &Landscape<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, coordinates: &Vec<f64>) -> std::result::Result<Vec<f64>, ArgminError> {
        let forces = self.at(coordinates)?.forces;
        Ok(forces.into_iter().flatten().map(|f| -f * SCALE).collect())
    }
}
