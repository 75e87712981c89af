//! The embedded-atom method, from tables.
//!
//! ```text
//! E = Σ_i F_a(ρ_i) + Σ_pairs φ_ab(r_ij),   ρ_i = Σ_j ρ_ba(r_ij)
//! ```
//!
//! for atoms i and j of elements a and b; `ρ_ba` is what b sends to an a. M. S. Daw and M. I. Baskes, Phys. Rev. B 29, 6443
//! (1984); M. W. Finnis and J. E. Sinclair, Phil. Mag. A 50, 45 (1984). Interpolation as in LAMMPS, which makes
//! energies and forces equal to its own, and beyond the last density F goes on as a straight line.

mod bonds;
mod second;
pub mod setfl;
mod spline;
mod zhou;

use super::hessian::Hessian;
use super::pairs::{Felt, places};
use super::parse::unknown;
use super::{Evaluation, Potential};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use bonds::Bonds;
use spline::Splines;
use std::path::Path;

/// What can stand after `eam:`.
pub(super) const FORMS: &[&str] = &["eam:file=PATH", "eam:zhou-2004"];

/// The functions of an embedded-atom potential at evenly spaced points that begin at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Tables {
    /// Chemical symbols of the s elements.
    pub species: Vec<String>,
    /// Step of the embedding functions, in units of the density.
    pub density_step: f64,
    /// Step of the functions of a distance, Å.
    pub distance_step: f64,
    /// Distance from which atoms do not feel each other, Å.
    pub cutoff: f64,
    /// `F_a(ρ)` in eV, a table an element.
    pub embedding: Vec<Vec<f64>>,
    /// `density[a * s + b]`: what an atom of a sends to one of b.
    pub density: Vec<Vec<f64>>,
    /// `r φ_ab(r)` in eV Å, for b ≤ a: place a (a + 1) / 2 + b.
    pub pair: Vec<Vec<f64>>,
}

/// An embedded-atom potential.
#[derive(Debug, Clone, PartialEq)]
pub struct Eam {
    species: Vec<String>,
    cutoff: f64,
    embedding: Vec<Splines<1>>,
    /// `interactions[a * s + b]` of an atom of a with one of b: r φ, the density at a, the density at b.
    interactions: Vec<Splines<3>>,
}

impl Eam {
    /// From tables.
    pub fn new(tables: &Tables) -> Self {
        let s = tables.species.len();
        let embedding = tables.embedding.iter();
        let interaction = |k: usize| {
            let (a, b) = (k / s, k % s);
            let (low, high) = (a.min(b), a.max(b));
            let pair = &tables.pair[high * (high + 1) / 2 + low];
            let (at_a, at_b) = (&tables.density[b * s + a], &tables.density[a * s + b]);
            Splines::new(tables.distance_step, [pair, at_a, at_b])
        };
        Self {
            species: tables.species.clone(),
            cutoff: tables.cutoff,
            embedding: embedding
                .map(|f| Splines::new(tables.density_step, [f]))
                .collect(),
            interactions: (0..s * s).map(interaction).collect(),
        }
    }

    /// The potential of what stands after `eam:`, for some species if it is made to measure.
    pub(super) fn named(which: &str, species: &[String]) -> Result<Self> {
        if let Some(path) = which.strip_prefix("file=") {
            return Ok(Self::new(&Tables::read(Path::new(path))?));
        }
        match which {
            "zhou-2004" => Ok(Self::new(&Tables::zhou_2004(species)?)),
            _ => Err(unknown(&format!("eam:{which}"), FORMS)),
        }
    }

    /// For each atom, the place of its species among those of the potential.
    fn kinds(&self, structure: &Structure) -> Result<Vec<usize>> {
        let places = places(&self.species, structure)?;
        Ok(structure.species_of.iter().map(|&s| places[s]).collect())
    }

    /// F and F' of an element; beyond the table a straight line.
    fn embed(&self, kind: usize, density: f64) -> [f64; 2] {
        let spline = &self.embedding[kind];
        let [[value, slope]] = spline.at(density);
        let beyond = (density - spline.end()).max(0.0);
        [value + slope * beyond, slope]
    }

    /// F''.
    fn embed_bend(&self, kind: usize, density: f64) -> f64 {
        let spline = &self.embedding[kind];
        if density > spline.end() {
            return 0.0;
        }
        spline.bends(density)[0]
    }
}

impl Potential for Eam {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Errors: a species that the tables lack; two atoms nearer than the second point of a table.
    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let kinds = self.kinds(structure)?;
        let bonds = Bonds::find(self, &kinds, structure, neighbours)?;
        let mut out = Evaluation::zero(structure.len());
        out.energy = bonds.energy;
        let mut slopes = Vec::with_capacity(structure.len());
        for (&kind, &density) in kinds.iter().zip(&bonds.densities) {
            let [value, slope] = self.embed(kind, density);
            out.energy += value;
            slopes.push(slope);
        }
        for i in 0..structure.len() {
            let mut felt = Felt::default();
            for bond in bonds.of(i) {
                let j = bond.index as usize;
                let slope = bond.pair + slopes[i] * bond.here + slopes[j] * bond.there;
                felt.push(-slope, bond.vector, &mut out.forces[j]);
            }
            felt.give(i, &mut out);
        }
        Ok(out)
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        second::hessian(self, structure, neighbours)
    }
}
