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
use super::pairs::finite;
use super::parse::unknown;
use super::shell::Bends;
use super::triplets::Matched;
use super::{Evaluation, Potential};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use bond::{Bond, Centre};
use parameters::{Entry, Set};
use std::path::Path;
use terms::Terms;

/// What can stand after `tersoff:`.
pub(super) const FORMS: &[&str] = &[
    "tersoff:c-1989",
    "tersoff:c-2010",
    "tersoff:sic-1989",
    "tersoff:sic-2005",
    "tersoff:si-1988",
    "tersoff:sio2-2007",
    "tersoff:file=PATH",
];

/// A Tersoff potential with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Tersoff {
    set: Set,
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

    fn matched(&self, structure: &Structure) -> Result<Matched<Terms>> {
        self.set.matched(structure, Terms::new)
    }

    /// Visits every atom with its shell and a bond to find its bonds with.
    fn each_centre(
        &self,
        structure: &Structure,
        neighbours: &NeighbourList,
        mut visit: impl FnMut(&Matched<Terms>, &mut Centre, &mut Bond),
    ) -> Result<()> {
        let matched = self.matched(structure)?;
        // The farthest atom that a bond of these species can feel.
        let reach = matched.iter().map(|t| t.cutoff).fold(0.0, f64::max);
        let (mut centre, mut bond) = (Centre::default(), Bond::default());
        for i in 0..structure.len() {
            (centre.shell).gather(structure, neighbours, i, reach, |_, _| true);
            centre.look(i, structure.species_of[i], &matched);
            visit(&matched, &mut centre, &mut bond);
        }
        Ok(())
    }
}

impl Potential for Tersoff {
    fn cutoff(&self) -> f64 {
        self.set.entries().map(Entry::cutoff).fold(0.0, f64::max)
    }

    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let mut out = Evaluation::zero(structure.len());
        self.each_centre(structure, neighbours, |matched, centre, bond| {
            for j in 0..centre.shell.len() {
                if bond.find(matched, centre, j) {
                    out.energy += bond.energy();
                    bond.pull(&mut centre.shell);
                }
            }
            centre.shell.give(centre.i, &mut out);
        })?;
        finite(out, structure, neighbours)
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        let mut bends = Bends::default();
        self.each_centre(structure, neighbours, |matched, centre, bond| {
            bends.clear(centre.shell.len());
            for j in 0..centre.shell.len() {
                if bond.find(matched, centre, j) {
                    bond.bend(&centre.shell, &mut bends);
                }
            }
            bends.file(centre.i, &centre.shell);
        })?;
        Ok(Hessian::from_triplets(structure.len(), bends.finish()))
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
                if i <= j && matched.pair(a, b).in_window(n.distance) {
                    out.push((i, j, n.distance));
                }
            }
        }
        out
    }
}
