//! One atom and its neighbours within reach, and what the energy of this centre does to them.

use super::Evaluation;
use super::angle::{Angle, Vector, add_to};
use super::hessian::Block;
use super::pairs::Nearby;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;

/// A neighbour of the centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) atom: usize,
    pub(super) species: usize,
    /// From the centre to it, Å.
    vector: Vector,
    /// The same with length 1.
    pub(super) unit: Vector,
    /// Å.
    pub(super) length: f64,
}

/// The neighbours of one atom; used again for the next.
#[derive(Debug, Default)]
pub(super) struct Shell {
    nearby: Nearby,
    pub(super) members: Vec<Member>,
    /// Of the energy of the centre, with respect to the vector to each member.
    gradients: Vec<Vector>,
}

impl Shell {
    /// Gathers the neighbours of atom `i` closer than `reach` that are `wanted`, by species and distance, and forgets gradients.
    #[inline]
    pub(super) fn gather(
        &mut self,
        structure: &Structure,
        neighbours: &NeighbourList,
        i: usize,
        reach: f64,
        wanted: impl Fn(usize, f64) -> bool,
    ) {
        self.members.clear();
        let links = neighbours.links(i);
        for near in self
            .nearby
            .of(structure, neighbours, i, links, reach * reach)
        {
            let (atom, length) = (near.index as usize, near.squared.sqrt());
            let species = structure.species_of[atom];
            if wanted(species, length) {
                let inverse = 1.0 / length;
                self.members.push(Member {
                    atom,
                    species,
                    vector: near.vector,
                    unit: near.vector.map(|x| x * inverse),
                    length,
                });
            }
        }
        self.gradients.clear();
        self.gradients.resize(self.members.len(), [0.0; 3]);
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The angle between two members.
    #[inline]
    pub(super) fn angle(&self, j: usize, k: usize) -> Angle {
        let (a, b) = (&self.members[j], &self.members[k]);
        Angle::new([a.unit, b.unit], [a.length, b.length])
    }

    /// Adds to the gradient with respect to the vector to a member.
    #[inline]
    pub(super) fn pull(&mut self, member: usize, gradient: Vector) {
        for (sum, g) in self.gradients[member].iter_mut().zip(gradient) {
            *sum += g;
        }
    }

    /// Hands forces and virial over, when all is known of centre `i`.
    #[inline]
    pub(super) fn give(&self, i: usize, to: &mut Evaluation) {
        let mut own = [0.0; 3];
        for (member, g) in self.members.iter().zip(&self.gradients) {
            let (v, force) = (member.vector, &mut to.forces[member.atom]);
            for a in 0..3 {
                force[a] -= g[a];
                own[a] += g[a];
                to.virial[a] -= v[a] * g[a];
            }
            // The sum over a shell is symmetric, its parts are not.
            for (w, (a, b)) in [(3, (0, 1)), (4, (0, 2)), (5, (1, 2))] {
                to.virial[w] -= 0.5 * (v[a] * g[b] + v[b] * g[a]);
            }
        }
        for (sum, force) in to.forces[i].iter_mut().zip(own) {
            *sum += force;
        }
    }
}

/// Second derivatives of the energy of one centre with respect to the vectors to the members of its shell. Each pair of members
/// is kept once. The rows of the centre itself follow: moving the whole shell with it costs nothing.
#[derive(Debug, Default)]
pub(super) struct Bends {
    size: usize,
    /// `blocks[a * size + b]` for a <= b.
    blocks: Vec<Block>,
    /// Those of the whole structure, (i, j, block).
    found: Vec<(usize, usize, Block)>,
}

impl Bends {
    /// Makes room for a shell of this size.
    pub(super) fn clear(&mut self, size: usize) {
        self.size = size;
        self.blocks.clear();
        self.blocks.resize(size * size, [[0.0; 3]; 3]);
    }

    /// Adds `∂²E/∂v_a ∂v_b`; if a and b differ, it stands for its transpose too.
    #[inline]
    pub(super) fn add(&mut self, a: usize, b: usize, block: &Block) {
        if a <= b {
            add_to(&mut self.blocks[a * self.size + b], block);
        } else {
            add_to(&mut self.blocks[b * self.size + a], &transposed(block));
        }
    }

    /// Files what was added under the atoms of the shell of centre `i`.
    pub(super) fn file(&mut self, i: usize, shell: &Shell) {
        let mut own = [[0.0; 3]; 3];
        for a in 0..self.size {
            let atom_a = shell.members[a].atom;
            let mut row = [[0.0; 3]; 3];
            for b in 0..self.size {
                let block = if a <= b {
                    self.blocks[a * self.size + b]
                } else {
                    transposed(&self.blocks[b * self.size + a])
                };
                if block != [[0.0; 3]; 3] {
                    add_to(&mut row, &block);
                    self.found.push((atom_a, shell.members[b].atom, block));
                }
            }
            add_to(&mut own, &row);
            let row = row.map(|r| r.map(|x| -x));
            self.found.push((atom_a, i, row));
            self.found.push((i, atom_a, transposed(&row)));
        }
        self.found.push((i, i, own));
    }

    /// All blocks of the structure.
    pub(super) fn finish(self) -> Vec<(usize, usize, Block)> {
        self.found
    }
}

fn transposed(m: &Block) -> Block {
    std::array::from_fn(|a| std::array::from_fn(|b| m[b][a]))
}
