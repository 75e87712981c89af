//! One bond i-j with all the neighbours k that influence it: its energy and its pulls.

use super::terms::Terms;
use crate::potentials::angle::{Angle, Partials, Vector};
use crate::potentials::jet::Jet;
use crate::potentials::shell::{Member, Shell};
use crate::potentials::triplets::Matched;
use std::cmp::Ordering;

/// The neighbours of one atom and how far each is switched on. Reused from atom to atom.
#[derive(Debug, Default)]
pub(super) struct Centre {
    pub(super) i: usize,
    pub(super) species: usize,
    pub(super) shell: Shell,
    /// `f_C(r_ik)` for each species of j, then for each k; mostly it depends on k only, but a file may have it otherwise.
    switches: Vec<Jet>,
}

impl Centre {
    /// Looks at the shell that was gathered around atom `i`.
    #[inline]
    pub(super) fn look(&mut self, i: usize, species: usize, matched: &Matched<Terms>) {
        (self.i, self.species) = (i, species);
        self.switches.clear();
        for j in 0..matched.species() {
            let switch = |k: &Member| matched.entry(species, j, k.species).switch(k.length);
            self.switches.extend(self.shell.members.iter().map(switch));
        }
    }
}

/// The part of ζ that neighbour k brings, F(r, s, c) of the two lengths and the cosine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Influence {
    /// Place in the shell.
    pub(super) k: usize,
    pub(super) angle: Angle,
    switch: Jet,
    angular: Jet,
    length: Jet,
    /// ∂F/∂u and ∂F/∂v.
    pub(super) gradients: [Vector; 2],
}

impl Influence {
    #[inline]
    fn new(k: usize, angle: Angle, switch: Jet, angular: Jet, length: Jet) -> Self {
        let mut influence = Self {
            k,
            angle,
            switch,
            angular,
            length,
            gradients: [[0.0; 3]; 2],
        };
        influence.gradients = angle.gradients(&influence.partials());
        influence
    }

    fn value(&self) -> f64 {
        self.switch.f * self.angular.f * self.length.f
    }

    /// `F = f_C(s) g(c) e(r - s)`.
    #[inline]
    pub(super) fn partials(&self) -> Partials {
        let (w, h, e) = (self.switch, self.angular, self.length);
        Partials {
            r: w.f * h.f * e.d,
            s: h.f * (w.d * e.f - w.f * e.d),
            c: w.f * h.d * e.f,
            rr: w.f * h.f * e.dd,
            rs: h.f * (w.d * e.d - w.f * e.dd),
            ss: h.f * (w.dd * e.f - 2.0 * w.d * e.d + w.f * e.dd),
            rc: w.f * h.d * e.d,
            sc: h.d * (w.d * e.f - w.f * e.d),
            cc: w.f * h.dd * e.f,
        }
    }
}

/// A bond: pair terms, bond order, and the influences on it. Reused from bond to bond.
#[derive(Debug, Default)]
pub(super) struct Bond {
    /// Place in the shell.
    pub(super) j: usize,
    pub(super) repulsion: Jet,
    pub(super) attraction: Jet,
    pub(super) order: Jet,
    pub(super) influences: Vec<Influence>,
}

impl Bond {
    /// Looks at member j of the shell; `false` if it is out of reach.
    #[inline]
    pub(super) fn find(&mut self, matched: &Matched<Terms>, centre: &Centre, j: usize) -> bool {
        let (shell, member) = (&centre.shell, centre.shell.members[j]);
        let (r, bonded) = (member.length, member.species);
        let pair = matched.pair(centre.species, bonded);
        self.influences.clear();
        if r >= pair.cutoff {
            return false;
        }
        let switches = &centre.switches[bonded * shell.len()..][..shell.len()];
        let mut zeta = 0.0;
        for (k, other) in shell.members.iter().enumerate() {
            let entry = matched.entry(centre.species, bonded, other.species);
            if k == j || other.length >= entry.cutoff {
                continue;
            }
            let angle = shell.angle(j, k);
            let (angular, length) = (
                entry.angular(angle.c),
                entry.length_factor(r - other.length),
            );
            let influence = Influence::new(k, angle, switches[k], angular, length);
            zeta += influence.value();
            self.influences.push(influence);
        }
        self.j = j;
        let switch = switches[j];
        self.repulsion = if repels(centre.i, &member) {
            pair.repulsion(r).times(switch).scaled(2.0)
        } else {
            Jet::ZERO
        };
        self.attraction = pair.attraction(r).times(switch);
        self.order = pair.bond_order(zeta);
        true
    }

    pub(super) fn energy(&self) -> f64 {
        0.5 * (self.repulsion.f + self.order.f * self.attraction.f)
    }

    /// Adds the gradients of its energy.
    #[inline]
    pub(super) fn pull(&self, shell: &mut Shell) {
        let weight = 0.5 * self.attraction.f * self.order.d;
        let along = 0.5 * (self.repulsion.d + self.order.f * self.attraction.d);
        let mut on_j = shell.members[self.j].unit.map(|x| along * x);
        for f in &self.influences {
            let [on_u, on_v] = f.gradients.map(|g| g.map(|x| weight * x));
            shell.pull(f.k, on_v);
            for (sum, g) in on_j.iter_mut().zip(on_u) {
                *sum += g;
            }
        }
        shell.pull(self.j, on_j);
    }
}

/// Whether the repulsion of a pair is counted here or on its way back. LAMMPS counts it once, by the parity of the atom
/// numbers, with the entry (i, j, j) of the atom where it does; some files (`SiC` 1989) differ in the last digits of (j, i, i).
fn repels(i: usize, member: &Member) -> bool {
    let (j, [x, y, z]) = (member.atom, member.unit);
    let odd = (i + j) % 2 == 1;
    match i.cmp(&j) {
        Ordering::Greater => odd,
        Ordering::Less => !odd,
        Ordering::Equal => z > 0.0 || (z == 0.0 && (y > 0.0 || (y == 0.0 && x >= 0.0))),
    }
}
