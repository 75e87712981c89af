//! A symmetric matrix stored so that a product reads as little of it as can be.

use crate::potentials::hessian::{Block, Hessian};
use rayon::prelude::*;

/// Rows of one task: large against the cost of a task, small enough for their vectors to stay in cache, and far fewer than
/// the structures this is for have.
pub(super) const CHUNK: usize = 2048;

/// The rows of a matrix in chunks; of the two blocks between two atoms of one chunk only that of the earlier is stored.
#[derive(Debug, Clone)]
pub(super) struct Half {
    pub(super) chunks: Vec<Chunk>,
}

/// Some rows of a [`Half`].
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    /// Index of its first row.
    pub(super) first: usize,
    /// For each row, where its blocks within the chunk end among all blocks, and where the others.
    ends: Vec<[usize; 2]>,
    columns: Vec<u32>,
    blocks: Vec<Block>,
}

impl Half {
    /// The matrix of the same atoms in another order: atom k of the result is `order[k]` of `matrix`.
    pub(super) fn of(matrix: &Hessian, order: &[usize]) -> Self {
        let mut place = vec![0; order.len()];
        for (k, &i) in order.iter().enumerate() {
            place[i] = k as u32;
        }
        let chunk = |(c, atoms): (usize, &[usize])| Chunk::of(matrix, c * CHUNK, atoms, &place);
        Self {
            chunks: order.chunks(CHUNK).enumerate().map(chunk).collect(),
        }
    }

    /// The product with one vector (x, y, z of each atom).
    pub(super) fn times(&self, vector: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let parts = self.chunks.par_iter().map(|chunk| chunk.times(vector));
        parts.collect::<Vec<_>>().concat()
    }
}

impl Chunk {
    fn of(matrix: &Hessian, first: usize, atoms: &[usize], place: &[u32]) -> Self {
        let mut chunk = Self {
            first,
            ..Self::default()
        };
        let here = first as u32..(first + atoms.len()) as u32;
        for (k, &i) in (here.start..).zip(atoms) {
            let mut row: Vec<_> = matrix.row(i).map(|(j, block)| (place[j], block)).collect();
            row.retain(|(j, _)| *j >= k || !here.contains(j));
            row.sort_unstable_by_key(|(j, _)| (!here.contains(j), *j));
            let inside = row.partition_point(|(j, _)| here.contains(j));
            let start = chunk.columns.len();
            chunk.ends.push([start + inside, start + row.len()]);
            chunk.columns.extend(row.iter().map(|(j, _)| j));
            chunk.blocks.extend(row.iter().map(|(_, block)| **block));
        }
        chunk
    }

    fn times(&self, vector: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let mut sums = vec![[0.0; 3]; self.ends.len()];
        for k in 0..sums.len() {
            let [inside, outside] = self.row(k);
            let own = vector[self.first + k];
            for (j, block) in inside {
                for (a, b) in (0..9).map(|n| (n / 3, n % 3)) {
                    sums[k][a] += block[a][b] * vector[j][b];
                    if j != self.first + k {
                        sums[j - self.first][b] += block[a][b] * own[a];
                    }
                }
            }
            for (j, block) in outside {
                for (a, b) in (0..9).map(|n| (n / 3, n % 3)) {
                    sums[k][a] += block[a][b] * vector[j][b];
                }
            }
        }
        sums
    }

    /// The blocks `(j, block)` of the `k`-th row: those with itself and later atoms of the chunk, and those with atoms
    /// of other chunks.
    #[inline]
    pub(super) fn row(&self, k: usize) -> [impl Iterator<Item = (usize, &Block)>; 2] {
        let start = if k == 0 { 0 } else { self.ends[k - 1][1] };
        let [inside, end] = self.ends[k];
        [start..inside, inside..end].map(|range| {
            let columns = self.columns[range.clone()].iter();
            columns.map(|&j| j as usize).zip(&self.blocks[range])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::neighbours::NeighbourList;
    use crate::potentials::Potential;
    use crate::potentials::toy::{Toy, crystal};

    /// 4000 atoms, two chunks, in an order that mixes near and far.
    #[test]
    fn its_product_is_that_of_the_whole() {
        let (toy, structure) = (Toy { cutoff: 1.3 }, crystal(1.5, 10));
        let list = NeighbourList::new(&structure, toy.cutoff).unwrap();
        let whole = toy.hessian(&structure, &list).unwrap();
        let order: Vec<usize> = (0..4000).map(|k| k * 77 % 4000).collect();
        let half = Half::of(&whole, &order);
        let stored: usize = half.chunks.iter().map(|c| c.blocks.len()).sum();
        assert!((4000..whole.blocks()).contains(&stored));
        let vector: Vec<[f64; 3]> = (0..4000)
            .map(|i| [f64::from(i).sin(), 1.0, f64::from(i % 7)])
            .collect();
        let mixed: Vec<_> = order.iter().map(|&i| vector[i]).collect();
        let (expected, found) = (whole.times(&vector), half.times(&mixed));
        for (k, &i) in order.iter().enumerate() {
            for a in 0..3 {
                assert!((found[k][a] - expected[i][a]).abs() < 1e-9);
            }
        }
    }
}
