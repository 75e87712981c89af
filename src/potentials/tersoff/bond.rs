//! One bond i-j with all the neighbours k that influence it: its energy and its pulls.

use super::super::Evaluation;
use super::Matched;
use super::terms::Jet;
use crate::atoms::cell::{dot, sub};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use std::cmp::Ordering;

/// The neighbours of one atom within reach.
#[derive(Debug, Default)]
pub(super) struct Shell {
    pub atoms: Vec<usize>,
    pub species: Vec<usize>,
    pub vectors: Vec<[f64; 3]>,
    pub units: Vec<[f64; 3]>,
    pub lengths: Vec<f64>,
}

impl Shell {
    pub(super) fn collect(
        &mut self,
        structure: &Structure,
        neighbours: &NeighbourList,
        i: usize,
        reach: f64,
    ) {
        self.atoms.clear();
        self.species.clear();
        self.vectors.clear();
        self.units.clear();
        self.lengths.clear();
        for n in neighbours.of(structure, i).filter(|n| n.distance < reach) {
            self.atoms.push(n.index as usize);
            self.species.push(structure.species_of[n.index as usize]);
            self.vectors.push(n.vector);
            self.units.push(n.vector.map(|x| x / n.distance));
            self.lengths.push(n.distance);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.atoms.len()
    }
}

/// The part of ζ that neighbour k brings, F(r, s, c) of the two lengths and the cosine, with its derivatives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Influence {
    /// Place in the shell.
    pub k: usize,
    pub cos: f64,
    pub switch: Jet,
    pub angular: Jet,
    pub length: Jet,
}

impl Influence {
    pub(super) fn value(&self) -> f64 {
        self.switch.f * self.angular.f * self.length.f
    }
    pub(super) fn by_r(&self) -> f64 {
        self.switch.f * self.angular.f * self.length.d
    }
    pub(super) fn by_s(&self) -> f64 {
        self.angular.f * (self.switch.d * self.length.f - self.switch.f * self.length.d)
    }
    pub(super) fn by_c(&self) -> f64 {
        self.switch.f * self.angular.d * self.length.f
    }
}

/// A bond: pair terms, bond order, and the influences on it. Reused from bond to bond.
#[derive(Debug, Default)]
pub(super) struct Bond {
    pub j: usize,
    pub repulsion: Option<Jet>,
    pub attraction: Option<Jet>,
    pub order: Option<Jet>,
    pub influences: Vec<Influence>,
}

impl Bond {
    /// Looks at neighbour j of the shell of atom i, whose species is `centre`; `false` if it is out of reach.
    pub(super) fn find(
        &mut self,
        matched: &Matched,
        i: usize,
        centre: usize,
        shell: &Shell,
        j: usize,
    ) -> bool {
        let bonded = shell.species[j];
        let pair = matched.entry(centre, bonded, bonded);
        let r = shell.lengths[j];
        self.influences.clear();
        if r >= pair.cutoff() {
            return false;
        }
        let mut zeta = 0.0;
        for k in (0..shell.len()).filter(|&k| k != j) {
            let entry = matched.entry(centre, bonded, shell.species[k]);
            let s = shell.lengths[k];
            if s >= entry.cutoff() {
                continue;
            }
            let cos = dot(shell.units[j], shell.units[k]);
            let influence = Influence {
                k,
                cos,
                switch: entry.switch(s),
                angular: entry.angular(cos),
                length: entry.length_factor(r - s),
            };
            zeta += influence.value();
            self.influences.push(influence);
        }
        self.j = j;
        let share = if repels(i, shell.atoms[j], shell.vectors[j]) {
            2.0
        } else {
            0.0
        };
        self.repulsion = Some(pair.repulsion(r).scaled(share));
        self.attraction = Some(pair.attraction(r));
        self.order = Some(pair.bond_order(zeta));
        true
    }

    /// Repulsion, attraction and bond order of the bond found last.
    pub(super) fn jets(&self) -> (Jet, Jet, Jet) {
        const NONE: Jet = Jet {
            f: 0.0,
            d: 0.0,
            dd: 0.0,
        };
        (
            self.repulsion.unwrap_or(NONE),
            self.attraction.unwrap_or(NONE),
            self.order.unwrap_or(NONE),
        )
    }

    pub(super) fn energy(&self) -> f64 {
        let (repulsion, attraction, order) = self.jets();
        0.5 * (repulsion.f + order.f * attraction.f)
    }

    /// Adds forces and virial. With u = `r_ij`, v = `r_ik` and c = û·v̂ the gradients are
    /// ∂c/∂u = (v̂ - c û)/r and ∂c/∂v = (û - c v̂)/s.
    pub(super) fn pull(&self, i: usize, shell: &Shell, out: &mut Evaluation) {
        let (repulsion, attraction, order) = self.jets();
        let j = self.j;
        let (u, r) = (shell.units[j], shell.lengths[j]);
        let weight = 0.5 * attraction.f * order.d;
        let mut along_u = 0.5 * (repulsion.d + order.f * attraction.d);
        let mut on_j = [0.0; 3];
        for f in &self.influences {
            let (v, s) = (shell.units[f.k], shell.lengths[f.k]);
            let (by_s, by_c) = (weight * f.by_s(), weight * f.by_c());
            along_u += weight * f.by_r();
            let on_k: [f64; 3] = std::array::from_fn(|a| {
                on_j[a] += by_c * (v[a] - f.cos * u[a]) / r;
                by_s * v[a] + by_c * (u[a] - f.cos * v[a]) / s
            });
            give(out, i, shell.atoms[f.k], shell.vectors[f.k], on_k);
        }
        let on_j = std::array::from_fn(|a| on_j[a] + along_u * u[a]);
        give(out, i, shell.atoms[j], shell.vectors[j], on_j);
    }
}

/// Whether the repulsion of a pair is counted here or on its way back. LAMMPS counts it once, by the parity of the atom
/// numbers, with the entry (i, j, j) of the atom where it does; some files (`SiC` 1989) differ in the last digits of (j, i, i).
fn repels(i: usize, j: usize, [x, y, z]: [f64; 3]) -> bool {
    let odd = (i + j) % 2 == 1;
    match i.cmp(&j) {
        Ordering::Greater => odd,
        Ordering::Less => !odd,
        Ordering::Equal => z > 0.0 || (z == 0.0 && (y > 0.0 || (y == 0.0 && x >= 0.0))),
    }
}

/// The gradient with respect to the vector from i to an atom, as forces and virial.
fn give(out: &mut Evaluation, i: usize, atom: usize, vector: [f64; 3], gradient: [f64; 3]) {
    out.forces[atom] = sub(out.forces[atom], gradient);
    for a in 0..3 {
        out.forces[i][a] += gradient[a];
        out.virial[a] -= vector[a] * gradient[a];
    }
    for (w, (a, b)) in [(3, (0, 1)), (4, (0, 2)), (5, (1, 2))] {
        // The sum over a bond is symmetric, its parts are not.
        out.virial[w] -= 0.5 * (vector[a] * gradient[b] + vector[b] * gradient[a]);
    }
}
