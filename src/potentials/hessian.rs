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
    /// Collects blocks `(i, j, d²E/dr_i dr_j)`, in any order; those of the same pair are summed in the order given. Both
    /// (i, j) and (j, i) must be given.
    ///
    /// # Panics
    /// If a block is outside the matrix.
    pub fn from_triplets(
        atoms: usize,
        blocks: impl IntoIterator<Item = (usize, usize, Block)>,
    ) -> Self {
        let triplets: Vec<_> = blocks.into_iter().collect();
        let mut starts = vec![0; atoms + 1];
        for &(i, j, _) in &triplets {
            assert!(i < atoms && j < atoms, "block {i}, {j} of {atoms} atoms");
            starts[i + 1] += 1;
        }
        for i in 0..atoms {
            starts[i + 1] += starts[i];
        }
        let (mut order, mut next) = (vec![0; triplets.len()], starts.clone());
        for (k, &(i, ..)) in triplets.iter().enumerate() {
            order[next[i]] = k;
            next[i] += 1;
        }
        let mut rows = Rows::new(atoms);
        for i in 0..atoms {
            let mine = &order[starts[i]..starts[i + 1]];
            let mut row = rows.next(mine.iter().map(|&k| triplets[k].1));
            for &k in mine {
                row.add(triplets[k].1, &triplets[k].2);
            }
        }
        rows.finish()
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

/// A matrix in the making, row by row.
#[derive(Debug)]
pub(super) struct Rows {
    hessian: Hessian,
    /// For each column, 1 + the place of the block it had last.
    places: Vec<usize>,
}

/// The row that is being made.
pub(super) struct Row<'a> {
    places: &'a [usize],
    blocks: &'a mut [Block],
}

impl Rows {
    pub(super) fn new(atoms: usize) -> Self {
        let mut starts = Vec::with_capacity(atoms + 1);
        starts.push(0);
        Self {
            hessian: Hessian {
                starts,
                columns: Vec::new(),
                blocks: Vec::new(),
            },
            places: vec![0; atoms],
        }
    }

    /// The next row, zero in the columns that it may use; they come in any order, more than once if need be.
    pub(super) fn next(&mut self, columns: impl IntoIterator<Item = usize>) -> Row<'_> {
        let hessian = &mut self.hessian;
        let first = hessian.columns.len();
        for j in columns {
            if self.places[j] <= first {
                self.places[j] = first + 1;
                hessian.columns.push(j as u32);
            }
        }
        hessian.columns[first..].sort_unstable();
        for (place, &j) in (first + 1..).zip(&hessian.columns[first..]) {
            self.places[j as usize] = place;
        }
        hessian.blocks.resize(hessian.columns.len(), [[0.0; 3]; 3]);
        hessian.starts.push(hessian.columns.len());
        Row {
            places: &self.places,
            blocks: &mut hessian.blocks,
        }
    }

    pub(super) fn finish(self) -> Hessian {
        self.hessian
    }
}

impl Row<'_> {
    /// The block of a column of this row.
    #[inline]
    pub(super) fn at(&mut self, j: usize) -> &mut Block {
        &mut self.blocks[self.places[j] - 1]
    }

    /// Adds to the block of column `j`.
    #[inline]
    pub(super) fn add(&mut self, j: usize, block: &Block) {
        for (sum, term) in self
            .at(j)
            .as_flattened_mut()
            .iter_mut()
            .zip(block.as_flattened())
        {
            *sum += term;
        }
    }

    /// Adds the row's half of a spring of stiffness `block` between its atom `i` and atom `j`.
    #[inline]
    pub(super) fn spring(&mut self, j: usize, i: usize, block: &Block) {
        self.add(i, block);
        self.add(j, &block.map(|row| row.map(|x| -x)));
    }
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
