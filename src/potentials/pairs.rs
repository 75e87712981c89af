//! Sums over pairs of atoms: which are within reach, what they add to forces and virial, and to the Hessian.

use super::Evaluation;
use super::hessian::Block;
use crate::atoms::cell::dot;
use crate::atoms::neighbours::{Link, NeighbourList};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};

/// A neighbour j of some atom i, before any root is taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Near {
    /// `r_j - r_i`, Å.
    pub(super) vector: [f64; 3],
    /// Its square, Å².
    pub(super) squared: f64,
    /// j.
    pub(super) index: u32,
}

/// Room for the neighbours of one atom, used again for the next.
#[derive(Debug, Default)]
pub(super) struct Nearby(Vec<Near>);

impl Nearby {
    /// Those of the `links` of atom `i` that are nearer than the root of `squared`. No branch depends on a distance: about
    /// a third of the pairs of a list with a skin are beyond the cutoff, in an order that no processor can guess.
    #[inline]
    pub(super) fn of(
        &mut self,
        structure: &Structure,
        neighbours: &NeighbourList,
        i: usize,
        links: &[Link],
        squared: f64,
    ) -> &[Near] {
        if self.0.len() < links.len() {
            self.0.resize(links.len(), Near::default());
        }
        let mut count = 0;
        for &link in links {
            let vector = neighbours.vector(&structure.positions, i, link);
            let near = Near {
                vector,
                squared: dot(vector, vector),
                index: link.index,
            };
            self.0[count] = near;
            count += usize::from(near.squared < squared);
        }
        &self.0[..count]
    }
}

/// What atom i feels of its pairs, kept at hand until all are summed.
#[derive(Debug, Default)]
pub(super) struct Felt {
    force: [f64; 3],
    virial: [f64; 6],
}

impl Felt {
    /// A pair whose energy has the derivative φ' pushes with `push = -φ'/r` times its vector.
    #[inline]
    pub(super) fn push(&mut self, push: f64, vector: [f64; 3], other: &mut [f64; 3]) {
        let [x, y, z] = vector;
        let [fx, fy, fz] = vector.map(|c| push * c);
        for (k, f) in [fx, fy, fz].into_iter().enumerate() {
            other[k] += f;
            self.force[k] -= f;
        }
        for (k, w) in [x * fx, y * fy, z * fz, x * fy, x * fz, y * fz]
            .into_iter()
            .enumerate()
        {
            self.virial[k] += w;
        }
    }

    /// Hands it over, when the pairs of atom `i` are done.
    #[inline]
    pub(super) fn give(self, i: usize, to: &mut Evaluation) {
        for k in 0..3 {
            to.forces[i][k] += self.force[k];
        }
        for k in 0..6 {
            to.virial[k] += self.virial[k];
        }
    }
}

/// `d²φ(|r|)/dr dr = (φ'' - φ'/r) r̂r̂ + φ'/r 1` of the vector r.
pub(super) fn curvature(vector: [f64; 3], squared: f64, slope_over_r: f64, bend: f64) -> Block {
    let along = (bend - slope_over_r) / squared;
    let mut block = vector.map(|a| vector.map(|b| along * a * b));
    for (k, row) in block.iter_mut().enumerate() {
        row[k] += slope_over_r;
    }
    block
}

/// The place of each of the structure's species among those that a potential knows.
pub(super) fn places(known: &[String], structure: &Structure) -> Result<Vec<usize>> {
    let place = |name: &String| {
        known.iter().position(|k| k == name).ok_or_else(|| {
            Error::new(format!("the potential knows no {name}"))
                .because(format!("it has parameters for {}", known.join(", ")))
                .cure(
                    "choose a potential for these species, or rename the species of the structure",
                )
        })
    };
    structure.species.iter().map(place).collect()
}

/// The evaluation, unless two atoms are so near that it has no value.
pub(super) fn finite(
    evaluation: Evaluation,
    structure: &Structure,
    neighbours: &NeighbourList,
) -> Result<Evaluation> {
    let numbers = evaluation.virial.iter().all(|w| w.is_finite());
    if numbers && evaluation.energy.is_finite() {
        return Ok(evaluation);
    }
    Err(overlap(structure, neighbours))
}

/// Names the nearest two atoms.
pub(super) fn overlap(structure: &Structure, neighbours: &NeighbourList) -> Error {
    let pairs = (0..structure.len()).flat_map(|i| {
        let mine = neighbours.of(structure, i);
        mine.map(move |n| (i, n.index, n.distance))
    });
    let nearest = pairs.min_by(|a, b| a.2.total_cmp(&b.2));
    let (i, j, distance) = nearest.unwrap_or((0, 0, f64::NAN));
    Error::new(format!("atoms {} and {} overlap", i + 1, j + 1))
        .because(format!(
            "they are {distance:.2e} apart, counting periodic images, where the potential has no value"
        ))
        .cure("remove one of them, or check the cell and the units of length")
}
