//! The Tersoff potential, any number of species, with all conventions of LAMMPS' `pair_style tersoff`.
//!
//! ```text
//! E = ½ Σ_i Σ_{j≠i} [ f_C(r) A e^{-λ₁ r} - b(ζ) f_C(r) B e^{-λ₂ r} ],   r = r_ij
//! ζ_ij = Σ_{k≠i,j} f_C(r_ik) g(cos θ_ijk) exp((λ₃ (r_ij - r_ik))^m),    b(ζ) = (1 + (βζ)ⁿ)^(-1/2n)
//! ```
//!
//! A, B, λ₁, λ₂, n, β and the cutoff of the bond come from the entry (i, j, j); the cutoff of `r_ik`, γ, c, d, h, λ₃ and m from
//! (i, j, k). J. Tersoff, Phys. Rev. B 39, 5566 (1989).

mod bond;
pub mod parameters;
mod second;
mod terms;

use super::hessian::Hessian;
use super::pairs::places;
use super::parse::unknown;
use super::{Evaluation, Potential};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use bond::{Bond, Shell};
use parameters::{Entry, Set};
use std::path::Path;

/// What can stand after `tersoff:`.
pub(super) const FORMS: &[&str] = &[
    "tersoff:c-1989",
    "tersoff:sic-1989",
    "tersoff:si-1988",
    "tersoff:sio2-2007",
    "tersoff:file=PATH",
];

/// A Tersoff potential with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Tersoff {
    set: Set,
}

/// The entries of the species of one structure, by its own species numbers.
#[derive(Debug)]
pub(super) struct Matched {
    species: usize,
    entries: Vec<Entry>,
}

impl Matched {
    pub(super) fn entry(&self, i: usize, j: usize, k: usize) -> &Entry {
        &self.entries[(i * self.species + j) * self.species + k]
    }

    /// The farthest atom that a bond of these species can feel.
    fn reach(&self) -> f64 {
        self.entries.iter().map(Entry::cutoff).fold(0.0, f64::max)
    }
}

impl Tersoff {
    /// From a set of parameters.
    pub fn new(set: Set) -> Self {
        Self { set }
    }

    /// The potential of what stands after `tersoff:`.
    pub(super) fn named(which: &str) -> Result<Self> {
        let set = match which.strip_prefix("file=") {
            Some(path) => Set::read(Path::new(path))?,
            None => {
                Set::built_in(which).ok_or_else(|| unknown(&format!("tersoff:{which}"), FORMS))?
            }
        };
        Ok(Self::new(set))
    }

    fn matched(&self, structure: &Structure) -> Result<Matched> {
        let places = places(&self.set.species, structure)?;
        let mut entries = Vec::new();
        for &i in &places {
            for &j in &places {
                for &k in &places {
                    let entry = self.set.entry(i, j, k).ok_or_else(|| {
                        let names = [i, j, k].map(|s| self.set.species[s].as_str());
                        Error::new(format!("the potential has no entry {}", names.join(" ")))
                            .cure("complete the parameter file: it needs one entry for every triplet of species")
                    })?;
                    entries.push(*entry);
                }
            }
        }
        Ok(Matched {
            species: places.len(),
            entries,
        })
    }

    /// Visits every bond i-j, once from each end, with the shell of i.
    fn each_bond(
        &self,
        structure: &Structure,
        neighbours: &NeighbourList,
        mut visit: impl FnMut(usize, &Shell, &Bond),
    ) -> Result<()> {
        let matched = self.matched(structure)?;
        let (mut shell, mut bond) = (Shell::default(), Bond::default());
        let reach = matched.reach();
        for i in 0..structure.len() {
            shell.collect(structure, neighbours, i, reach);
            for j in 0..shell.len() {
                if bond.find(&matched, i, structure.species_of[i], &shell, j) {
                    visit(i, &shell, &bond);
                }
            }
        }
        Ok(())
    }
}

impl Potential for Tersoff {
    fn cutoff(&self) -> f64 {
        self.set
            .entries
            .iter()
            .flatten()
            .map(Entry::cutoff)
            .fold(0.0, f64::max)
    }

    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let mut out = Evaluation::zero(structure.len());
        self.each_bond(structure, neighbours, |i, shell, bond| {
            out.energy += bond.energy();
            bond.pull(i, shell, &mut out);
        })?;
        Ok(out)
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        let mut blocks = Vec::new();
        self.each_bond(structure, neighbours, |i, shell, bond| {
            bond.curve(i, shell, &mut blocks);
        })?;
        Ok(Hessian::from_triplets(structure.len(), blocks))
    }

    /// Pairs whose distance lies between R - D and R + D. A glass with such pairs has stiff false modes there.
    fn window_pairs(
        &self,
        structure: &Structure,
        neighbours: &NeighbourList,
    ) -> Vec<(usize, usize, f64)> {
        let Ok(matched) = self.matched(structure) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for i in 0..structure.len() {
            for n in neighbours.of(structure, i) {
                let j = n.index as usize;
                let (a, b) = (structure.species_of[i], structure.species_of[j]);
                if i <= j && matched.entry(a, b, b).in_window(n.distance) {
                    out.push((i, j, n.distance));
                }
            }
        }
        out
    }
}
