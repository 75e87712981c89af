//! Interatomic potentials: energy, forces, virial and analytic sparse Hessian.

pub mod eam;
pub mod hessian;
pub mod lennard_jones;
mod pairs;
mod parse;
pub mod tersoff;
mod words;

pub use parse::{parse, parse_for};
#[cfg(test)]
pub(crate) mod toy;

use crate::atoms::cell::norm;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use hessian::Hessian;

/// A rule that gives the energy of a structure and its derivatives.
///
/// The neighbour list passed in reaches at least as far as [`cutoff`](Self::cutoff); farther pairs must be ignored. A
/// potential may be told of a structure that lies in a plane ([`Structure::flat`]): its forces must then lie in it too, as
/// those of any potential of distances and angles do.
pub trait Potential: Send + Sync + std::fmt::Debug {
    /// Distance in Å beyond which two atoms do not feel each other directly.
    fn cutoff(&self) -> f64;

    /// Energy, forces and virial.
    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation>;

    /// Second derivatives of the energy with respect to the positions, eV/Å².
    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian>;

    /// Whether energies, lengths and masses are those of reduced units (ε, σ, m): the numbers are then worked with as if
    /// they were eV, Å and amu, and a face tells them in their own units.
    fn reduced(&self) -> bool {
        false
    }

    /// Pairs `(i, j, distance)` that sit where the potential switches a bond off, so that their derivatives are
    /// those of the switch and not of a bond; empty for a potential without such a window.
    fn window_pairs(
        &self,
        _structure: &Structure,
        _neighbours: &NeighbourList,
    ) -> Vec<(usize, usize, f64)> {
        Vec::new()
    }
}

/// What a potential says about one structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Total energy in eV.
    pub energy: f64,
    /// Force on each atom in eV/Å.
    pub forces: Vec<[f64; 3]>,
    /// `W_ab = Σ r_a f_b` in eV, as xx, yy, zz, xy, xz, yz; positive when compressed.
    pub virial: [f64; 6],
}

impl Evaluation {
    /// Nothing felt yet.
    fn zero(atoms: usize) -> Self {
        Self {
            energy: 0.0,
            forces: vec![[0.0; 3]; atoms],
            virial: [0.0; 6],
        }
    }

    /// Largest norm of a force on an atom, eV/Å; not a number if any force is not.
    pub fn max_force(&self) -> f64 {
        let norms = self.forces.iter().map(|&f| norm(f));
        norms.fold(0.0, |largest, f| {
            if f > largest || f.is_nan() {
                f
            } else {
                largest
            }
        })
    }

    /// Pressure at rest, `trace(W) / 3V`, in eV/Å³.
    pub fn pressure(&self, volume: f64) -> f64 {
        (self.virial[0] + self.virial[1] + self.virial[2]) / (3.0 * volume)
    }
}
