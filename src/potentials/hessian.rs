//! The matrix of second derivatives, as 3x3 blocks between atoms that feel each other.

use faer::Mat;

/// A 3x3 block of second derivatives, eV/Å² (or eV/Å²/amu once mass weighted); rows belong to the first atom.
pub type Block = [[f64; 3]; 3];

/// A symmetric matrix of 3x3 blocks, row by row; all that is not stored is zero.
///
/// ```
/// use glassbridge::potentials::hessian::Hessian;
/// let k = [[2.0, 0.0, 0.0], [0.0; 3], [0.0; 3]];
/// let spring = Hessian::from_triplets(1, [(0, 0, k), (0, 0, k)]);
/// assert_eq!(spring.to_dense(3)[(0, 0)], 4.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hessian {
    starts: Vec<usize>,
    columns: Vec<u32>,
    blocks: Vec<Block>,
}

impl Hessian {
    /// Collects blocks `(i, j, d²E/dr_i dr_j)`, in any order; those of the same pair are summed. Both (i, j) and
    /// (j, i) must be given.
    ///
    /// # Panics
    /// If a block is outside the matrix.
    pub fn from_triplets(
        atoms: usize,
        blocks: impl IntoIterator<Item = (usize, usize, Block)>,
    ) -> Self {
        let mut triplets: Vec<_> = blocks.into_iter().collect();
        // Stable, so that sums are taken in the order given and repeat to the last bit.
        triplets.sort_by_key(|&(i, j, _)| (i, j));
        let mut hessian = Self {
            starts: vec![0; atoms + 1],
            columns: Vec::new(),
            blocks: Vec::new(),
        };
        let mut last = None;
        for (i, j, block) in triplets {
            assert!(i < atoms && j < atoms, "block {i}, {j} of {atoms} atoms");
            if last == Some((i, j)) {
                let sum = hessian.blocks.last_mut().expect("one was pushed");
                *sum = map2(sum, &block, |a, b| a + b);
            } else {
                hessian.columns.push(j as u32);
                hessian.blocks.push(block);
                hessian.starts[i + 1] += 1;
                last = Some((i, j));
            }
        }
        for i in 0..atoms {
            hessian.starts[i + 1] += hessian.starts[i];
        }
        hessian
    }

    /// Number of atoms N; the matrix is 3N x 3N.
    pub fn atoms(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of stored blocks.
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The blocks `(j, block)` of row `i`, by ascending j.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, &Block)> {
        let row = self.starts[i]..self.starts[i + 1];
        let columns = self.columns[row.clone()].iter().map(|&j| j as usize);
        columns.zip(&self.blocks[row])
    }

    /// The full matrix in the first `d` coordinates of each atom, 3 or, [in a plane](crate::atoms::structure::Structure::flat),
    /// 2; row d i + a, column d j + b is `d²E / dr_ia dr_jb`.
    ///
    /// # Panics
    /// If an atom has no such coordinates.
    pub fn to_dense(&self, d: usize) -> Mat<f64> {
        let mut dense = Mat::zeros(d * self.atoms(), d * self.atoms());
        for i in 0..self.atoms() {
            for (j, block) in self.row(i) {
                for a in 0..d {
                    for b in 0..d {
                        dense[(d * i + a, d * j + b)] = block[a][b];
                    }
                }
            }
        }
        dense
    }

    /// `M^-1/2 H M^-1/2` for the mass of each atom in amu; its eigenvalues are ω² in eV/Å²/amu.
    #[must_use]
    pub fn mass_weighted(&self, masses: &[f64]) -> Self {
        self.clone().into_mass_weighted(masses)
    }

    /// The same without a second matrix in memory.
    #[must_use]
    pub fn into_mass_weighted(mut self, masses: &[f64]) -> Self {
        for i in 0..self.atoms() {
            for k in self.starts[i]..self.starts[i + 1] {
                let scale = 1.0 / (masses[i] * masses[self.columns[k] as usize]).sqrt();
                self.blocks[k] = self.blocks[k].map(|row| row.map(|x| x * scale));
            }
        }
        self
    }

    /// The matrix of the same atoms in another order: atom k of the result is `order[k]` here.
    ///
    /// # Panics
    /// If `order` does not name every atom once.
    #[must_use]
    pub fn reordered(&self, order: &[usize]) -> Self {
        let mut place = vec![u32::MAX; self.atoms()];
        for (k, &i) in order.iter().enumerate() {
            place[i] = k as u32;
        }
        assert!(order.len() == place.len() && !place.contains(&u32::MAX));
        let mut sorted = Self {
            starts: vec![0],
            columns: Vec::with_capacity(self.columns.len()),
            blocks: Vec::with_capacity(self.blocks.len()),
        };
        for &i in order {
            let mut row: Vec<_> = self.row(i).map(|(j, block)| (place[j], block)).collect();
            row.sort_unstable_by_key(|&(j, _)| j);
            sorted.columns.extend(row.iter().map(|&(j, _)| j));
            sorted.blocks.extend(row.iter().map(|&(_, block)| *block));
            sorted.starts.push(sorted.columns.len());
        }
        sorted
    }

    /// The product with a vector of 3N numbers (x, y, z of each atom).
    pub fn times(&self, vector: &[[f64; 3]]) -> Vec<[f64; 3]> {
        let row_times = |i: usize| {
            let mut sum = [0.0; 3];
            for (j, block) in self.row(i) {
                for a in 0..3 {
                    for b in 0..3 {
                        sum[a] += block[a][b] * vector[j][b];
                    }
                }
            }
            sum
        };
        (0..self.atoms()).map(row_times).collect()
    }
}

fn map2(a: &Block, b: &Block, f: impl Fn(f64, f64) -> f64) -> Block {
    std::array::from_fn(|k| std::array::from_fn(|l| f(a[k][l], b[k][l])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(scale: f64) -> Block {
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]].map(|row| row.map(|x| x * scale))
    }

    fn example() -> Hessian {
        Hessian::from_triplets(
            3,
            [
                (2, 0, block(1.0)),
                (0, 2, block(2.0)),
                (2, 0, block(0.5)),
                (1, 1, block(3.0)),
            ],
        )
    }

    #[test]
    fn repeated_blocks_are_summed_in_their_place() {
        let hessian = example();
        assert_eq!((hessian.atoms(), hessian.blocks()), (3, 3));
        let row: Vec<_> = hessian.row(2).collect();
        assert_eq!(row, [(0, &block(1.5))]);
        let dense = hessian.to_dense(3);
        assert_eq!(
            (dense[(6, 1)], dense[(1, 6)], dense[(0, 0)]),
            (3.0, 8.0, 0.0)
        );
    }

    #[test]
    fn mass_weighting_divides_by_both_roots() {
        let weighted = example().mass_weighted(&[4.0, 1.0, 9.0]).to_dense(3);
        let plain = example().to_dense(3);
        assert!((weighted[(6, 1)] - plain[(6, 1)] / 6.0).abs() < 1e-15);
        assert!((weighted[(3, 5)] - plain[(3, 5)]).abs() < 1e-15);
    }

    #[test]
    fn the_product_is_that_of_the_dense_matrix() {
        let vector = [[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [2.0, 2.0, -1.0]];
        let column = Mat::from_fn(9, 1, |i, _| vector[i / 3][i % 3]);
        let dense = example().to_dense(3) * column;
        for (i, x) in example().times(&vector).into_iter().flatten().enumerate() {
            assert!((x - dense[(i, 0)]).abs() < 1e-14);
        }
    }
}
