//! Second derivatives of the embedded-atom energy.
//!
//! With `a_k = ∂ρ_k/∂r`, a sparse row of one vector an atom,
//!
//! ```text
//! H = Σ_k F''_k a_k a_kᵀ + Σ_pairs [springs of φ + F'_i ρ_ji + F'_j ρ_ij]
//! ```
//!
//! The first sum reaches twice the cutoff. It is the product `AᵀDA`, made row by row (F. G. Gustavson, ACM Trans. Math. Softw.
//! 4, 250 (1978)): row i gathers the rows `a_k` of all atoms k that feel i.

use super::Eam;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::potentials::hessian::{Hessian, Row, Rows};
use crate::potentials::pairs::{Nearby, curvature, overlap};

/// A neighbour j of atom i, or i itself.
#[derive(Debug, Clone, Copy)]
struct Pull {
    /// `∂ρ_i/∂r_j`.
    here: [f64; 3],
    j: u32,
}

/// The gradients of all densities, and what else is needed of the neighbours in a row of the Hessian.
struct Gradients {
    starts: Vec<usize>,
    /// Row by row, the atom itself first.
    pulls: Vec<Pull>,
}

impl Gradients {
    fn of(&self, i: usize) -> &[Pull] {
        &self.pulls[self.starts[i]..self.starts[i + 1]]
    }
}

pub(super) fn hessian(
    eam: &Eam,
    structure: &Structure,
    neighbours: &NeighbourList,
) -> Result<Hessian> {
    let kinds = eam.kinds(structure)?;
    let (gradients, densities) = gradients(eam, &kinds, structure, neighbours)?;
    let each = || kinds.iter().zip(&densities);
    let slopes: Vec<f64> = each().map(|(&k, &rho)| eam.embed(k, rho)[1]).collect();
    let bends: Vec<f64> = each().map(|(&k, &rho)| eam.embed_bend(k, rho)).collect();
    let mut rows = Rows::new(structure.len());
    let mut nearby = Nearby::default();
    for i in 0..structure.len() {
        let reached = (gradients.of(i).iter()).flat_map(|n| gradients.of(n.j as usize));
        let mut row = rows.next(reached.map(|m| m.j as usize));
        let links = neighbours.links(i);
        for near in nearby.of(structure, neighbours, i, links, eam.cutoff * eam.cutoff) {
            let (j, r) = (near.index as usize, near.squared.sqrt());
            let table = &eam.interactions[kinds[i] * eam.species.len() + kinds[j]];
            let ([[z, z1], [_, here], [_, there]], [z2, here2, there2]) =
                (table.at(r), table.bends(r));
            let phi1 = (z1 - z / r) / r;
            let slope = phi1 + slopes[i] * here + slopes[j] * there;
            let bend = (z2 - 2.0 * phi1) / r + slopes[i] * here2 + slopes[j] * there2;
            row.spring(j, i, &curvature(near.vector, near.squared, slope / r, bend));
            // ∂ρ_j/∂r_i
            let there = near.vector.map(|x| -there * bends[j] / r * x);
            gather(&mut row, there, gradients.of(j));
        }
        let own = gradients.of(i);
        gather(&mut row, own[0].here.map(|x| bends[i] * x), own);
    }
    Ok(rows.finish())
}

/// Adds the outer product of a vector and a gradient.
#[inline]
fn gather(row: &mut Row<'_>, vector: [f64; 3], gradient: &[Pull]) {
    for pull in gradient {
        let block = row.at(pull.j as usize);
        for a in 0..3 {
            for b in 0..3 {
                block[a][b] += vector[a] * pull.here[b];
            }
        }
    }
}

/// The gradients of the densities, and these.
fn gradients(
    eam: &Eam,
    kinds: &[usize],
    structure: &Structure,
    neighbours: &NeighbourList,
) -> Result<(Gradients, Vec<f64>)> {
    let mut pulls: Vec<Pull> = Vec::with_capacity(neighbours.len() + structure.len());
    let (mut starts, mut densities) = (vec![0], Vec::with_capacity(structure.len()));
    let mut nearby = Nearby::default();
    for i in 0..structure.len() {
        let first = pulls.len();
        pulls.push(Pull {
            here: [0.0; 3],
            j: i as u32,
        });
        let mut density = 0.0;
        let links = neighbours.links(i);
        for near in nearby.of(structure, neighbours, i, links, eam.cutoff * eam.cutoff) {
            let table =
                &eam.interactions[kinds[i] * eam.species.len() + kinds[near.index as usize]];
            let distance = near.squared.sqrt();
            if table.is_before(distance) {
                return Err(overlap(structure, neighbours));
            }
            let [_, [here, here1], _] = table.at(distance);
            density += here;
            let pull = near.vector.map(|x| here1 / distance * x);
            for a in 0..3 {
                pulls[first].here[a] -= pull[a];
            }
            pulls.push(Pull {
                here: pull,
                j: near.index,
            });
        }
        densities.push(density);
        starts.push(pulls.len());
    }
    Ok((Gradients { starts, pulls }, densities))
}
