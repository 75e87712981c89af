//! Sums over pairs and over angles whose energy is a product:
//!
//! ```text
//! E = Σ_{i<j} φ(r_ij) + Σ_i Σ_{j<k} e(r_ij) e(r_ik) p(cos θ_jik)
//! ```
//!
//! φ and the fading e are those of the entry (i, j, j), p is that of (i, j, k), as in LAMMPS. Stillinger-Weber and Vashishta
//! potentials are of this form; their files hold the functions.

use super::angle::Partials;
use super::hessian::{Hessian, Rows};
use super::jet::Jet;
use super::pairs::{Felt, Nearby, curvature, finite};
use super::parse::unknown;
use super::shell::{Bends, Shell};
use super::triplets::{self, Matched, Table};
use super::{Evaluation, Potential};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use std::path::Path;

/// The functions of one triplet of species.
pub(super) trait Terms: triplets::Entry + Send + Sync + std::fmt::Debug {
    /// Å, from where on [`pair`](Self::pair) is zero.
    fn pair_cutoff(&self) -> f64;
    /// φ(r) below it.
    fn pair(&self, r: f64) -> Jet;
    /// Å, from where on [`fading`](Self::fading) is zero.
    fn angle_cutoff(&self) -> f64;
    /// e(r) below it.
    fn fading(&self, r: f64) -> Jet;
    /// Whether there is no p.
    fn is_free(&self) -> bool;
    /// p(cos θ).
    fn angular(&self, cos: f64) -> Jet;
    /// The numbers that make φ.
    fn of_pair(&self) -> impl PartialEq;
    /// The numbers that make p.
    fn of_angle(&self) -> impl PartialEq;
}

/// A potential of pairs and angles.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ThreeBody<T> {
    table: Table<T>,
}

impl<T: Terms> ThreeBody<T> {
    /// From a table in which the two ends of a pair, and the two arms of an angle, are alike: which is first is chance.
    pub(super) fn new(table: Table<T>) -> Result<Self> {
        let s = table.species().len();
        let triplets = (0..s * s * s).map(|n| [n / (s * s), n / s % s, n % s]);
        for [i, j, k] in triplets {
            check(&table, [i, j, j], [j, i, i], "pair", |a, b| {
                a.of_pair() == b.of_pair()
            })?;
            check(&table, [i, j, k], [i, k, j], "angle", |a, b| {
                a.of_angle() == b.of_angle()
            })?;
        }
        Ok(Self { table })
    }

    /// The potential of what stands after the colon: a built-in set, or `file=PATH`.
    pub(super) fn named(
        family: &str,
        which: &str,
        built_in: &[(&str, &str)],
        forms: &[&str],
    ) -> Result<Self> {
        if let Some(path) = which.strip_prefix("file=") {
            return Self::new(Table::read(Path::new(path))?).map_err(|e| e.at(path));
        }
        let found = built_in.iter().find(|(name, _)| *name == which);
        let (_, text) = found.ok_or_else(|| unknown(&format!("{family}:{which}"), forms))?;
        Self::new(Table::parse(text)?)
    }

    fn matched(&self, structure: &Structure) -> Result<Matched<T>> {
        self.table.matched(structure, T::clone)
    }

    fn pairs(
        matched: &Matched<T>,
        structure: &Structure,
        neighbours: &NeighbourList,
        out: &mut Evaluation,
    ) {
        let reach = farthest(matched.iter(), T::pair_cutoff);
        let mut nearby = Nearby::default();
        for i in 0..structure.len() {
            let mut felt = Felt::default();
            for near in nearby.of(structure, neighbours, i, neighbours.half(i), reach * reach) {
                let (j, r) = (near.index as usize, near.squared.sqrt());
                let pair = matched.pair(structure.species_of[i], structure.species_of[j]);
                if r < pair.pair_cutoff() {
                    let phi = pair.pair(r);
                    out.energy += phi.f;
                    felt.push(-phi.d / r, near.vector, &mut out.forces[j]);
                }
            }
            felt.give(i, out);
        }
    }

    /// Visits every atom with the shell of those that make angles with it, and their e.
    fn each_centre(
        matched: &Matched<T>,
        structure: &Structure,
        neighbours: &NeighbourList,
        mut visit: impl FnMut(usize, &mut Shell, &[Jet]),
    ) {
        let reach = farthest(matched.iter(), T::angle_cutoff);
        let (mut shell, mut fading) = (Shell::default(), Vec::new());
        for i in 0..structure.len() {
            let pair = |species: usize| matched.pair(structure.species_of[i], species);
            shell.gather(structure, neighbours, i, reach, |species, r| {
                r < pair(species).angle_cutoff()
            });
            fading.clear();
            fading.extend(
                shell
                    .members
                    .iter()
                    .map(|m| pair(m.species).fading(m.length)),
            );
            visit(i, &mut shell, &fading);
        }
    }
}

/// Visits the angles of a shell around an atom of some species: `visit(shell, j, k, p)`.
#[inline]
fn each_angle<T: Terms>(
    matched: &Matched<T>,
    species: usize,
    shell: &mut Shell,
    mut visit: impl FnMut(&mut Shell, usize, usize, &T),
) {
    for j in 0..shell.len() {
        for k in j + 1..shell.len() {
            let terms = matched.entry(species, shell.members[j].species, shell.members[k].species);
            if !terms.is_free() {
                visit(shell, j, k, terms);
            }
        }
    }
}

/// Of `e(r) e(s) p(c)`.
#[inline]
fn partials(e: Jet, o: Jet, p: Jet) -> Partials {
    Partials {
        r: e.d * o.f * p.f,
        s: e.f * o.d * p.f,
        c: e.f * o.f * p.d,
        rr: e.dd * o.f * p.f,
        rs: e.d * o.d * p.f,
        ss: e.f * o.dd * p.f,
        rc: e.d * o.f * p.d,
        sc: e.f * o.d * p.d,
        cc: e.f * o.f * p.dd,
    }
}

fn farthest<'a, T: 'a>(all: impl Iterator<Item = &'a T>, cutoff: impl Fn(&T) -> f64) -> f64 {
    all.map(cutoff).fold(0.0, f64::max)
}

/// Refuses two entries that should say the same of something.
fn check<T: Terms>(
    table: &Table<T>,
    a: [usize; 3],
    b: [usize; 3],
    what: &str,
    same: impl Fn(&T, &T) -> bool,
) -> Result<()> {
    let entry = |[i, j, k]: [usize; 3]| table.entry(i, j, k);
    let (Some(first), Some(second)) = (entry(a), entry(b)) else {
        return Ok(());
    };
    if same(first, second) {
        return Ok(());
    }
    let [a, b] = [a, b].map(|t| t.map(|s| table.species()[s].as_str()).join(" "));
    Err(Error::new(format!("the entries {a} and {b} differ about one {what}"))
        .because(format!("which atom of the {what} is called the first is chance, so that its energy would be too"))
        .cure("give both entries the same numbers"))
}

impl<T: Terms> Potential for ThreeBody<T> {
    fn cutoff(&self) -> f64 {
        let pairs = farthest(self.table.entries(), T::pair_cutoff);
        pairs.max(farthest(self.table.entries(), T::angle_cutoff))
    }

    /// Errors: a triplet of species that the table lacks; two atoms in one place.
    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let matched = self.matched(structure)?;
        let mut out = Evaluation::zero(structure.len());
        Self::pairs(&matched, structure, neighbours, &mut out);
        Self::each_centre(&matched, structure, neighbours, |i, shell, fading| {
            each_angle(
                &matched,
                structure.species_of[i],
                shell,
                |shell, j, k, terms| {
                    let angle = shell.angle(j, k);
                    let p = terms.angular(angle.c);
                    out.energy += fading[j].f * fading[k].f * p.f;
                    let [on_j, on_k] = angle.gradients(&partials(fading[j], fading[k], p));
                    shell.pull(j, on_j);
                    shell.pull(k, on_k);
                },
            );
            shell.give(i, &mut out);
        });
        finite(out, structure, neighbours)
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        let matched = self.matched(structure)?;
        let mut bends = Bends::default();
        Self::each_centre(&matched, structure, neighbours, |i, shell, fading| {
            bends.clear(shell.len());
            each_angle(
                &matched,
                structure.species_of[i],
                shell,
                |shell, j, k, terms| {
                    let angle = shell.angle(j, k);
                    let partials = partials(fading[j], fading[k], terms.angular(angle.c));
                    let [uu, uv, vv] = angle.curvatures(&partials);
                    bends.add(j, j, &uu);
                    bends.add(j, k, &uv);
                    bends.add(k, k, &vv);
                },
            );
            bends.file(i, shell);
        });
        let angles = Hessian::from_triplets(structure.len(), bends.finish());
        let reach = farthest(matched.iter(), T::pair_cutoff);
        let (mut rows, mut nearby) = (Rows::new(structure.len()), Nearby::default());
        for i in 0..structure.len() {
            let near = nearby.of(structure, neighbours, i, neighbours.links(i), reach * reach);
            let columns = near.iter().map(|n| n.index as usize);
            let mut row = rows.next(columns.chain(angles.row(i).map(|(j, _)| j)).chain([i]));
            for (j, block) in angles.row(i) {
                row.add(j, block);
            }
            for n in near {
                let (j, r) = (n.index as usize, n.squared.sqrt());
                let pair = matched.pair(structure.species_of[i], structure.species_of[j]);
                if r < pair.pair_cutoff() {
                    let phi = pair.pair(r);
                    row.spring(j, i, &curvature(n.vector, n.squared, phi.d / r, phi.dd));
                }
            }
        }
        Ok(rows.finish())
    }
}
