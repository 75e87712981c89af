//! Chebyshev vectors `r_n = T_n((D - c) / h) r_0` of eight start vectors at once, and their scalar products.

use super::half::{CHUNK, Chunk, Half};
use super::window::Window;
use crate::potentials::hessian::Block;
use faer::traits::pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Vectors carried side by side: what one 512-bit register holds, so that each block of the matrix is read once for all.
pub(super) const LANES: usize = 8;

/// One atom's x, y and z parts of all lanes.
pub(super) type Row = [[f64; LANES]; 3];

/// For each species and lane `⟨new|P_a|new⟩` and `⟨new|P_a|now⟩`, `P_a` being the projector on the atoms of species a.
type Products = Vec<[[f64; LANES]; 2]>;
const SQUARE: usize = 0;
const CROSS: usize = 1;

/// A matrix D, and the window in which its Chebyshev polynomials are taken.
pub(super) struct Recursion<'a> {
    pub(super) matrix: &'a Half,
    pub(super) species_of: &'a [usize],
    /// Number of species.
    pub(super) kinds: usize,
    pub(super) window: Window,
}

impl Recursion<'_> {
    /// For each of eight start vectors r, for each species a, the moments `⟨r|P_a T_n|r⟩` (odd n) and `2 ⟨r|T_k P_a T_k|r⟩ -
    /// ⟨r|P_a|r⟩` (n = 2k) for n below `count`, an even number: two for each product with the matrix.
    pub(super) fn moments(&self, start: Vec<Row>, count: usize) -> Vec<Vec<Vec<f64>>> {
        let mut values = vec![vec![Vec::with_capacity(count); self.kinds]; LANES];
        let mut push = |moment: &dyn Fn(usize, usize) -> f64| {
            for (l, of_vector) in values.iter_mut().enumerate() {
                for (a, moments) in of_vector.iter_mut().enumerate() {
                    moments.push(moment(a, l));
                }
            }
        };
        let (mut now, mut old) = (start, vec![[[0.0; LANES]; 3]; self.species_of.len()]);
        let zeroth = self.squares(&now);
        let first = self.step(1.0, 0.0, &now, &mut old);
        std::mem::swap(&mut now, &mut old);
        push(&|a, l| zeroth[a][l]);
        push(&|a, l| first[a][CROSS][l]);
        let mut last = first.clone();
        for _ in 1..count / 2 {
            push(&|a, l| 2.0 * last[a][SQUARE][l] - zeroth[a][l]);
            last = self.step(2.0, 1.0, &now, &mut old);
            std::mem::swap(&mut now, &mut old);
            push(&|a, l| 2.0 * last[a][CROSS][l] - first[a][CROSS][l]);
        }
        values
    }

    /// For each species and lane the square of the part on that species.
    fn squares(&self, rows: &[Row]) -> Vec<[f64; LANES]> {
        let mut sums = vec![[0.0; LANES]; self.kinds];
        for (row, &a) in rows.iter().zip(self.species_of) {
            for lanes in row {
                add(&mut sums[a], &lanes.map(|x| x * x));
            }
        }
        sums
    }

    /// `old ← f x now - g old`, x = (D - c) / h, with the products of its result. The sums over chunks are taken in their
    /// order, so that the number of threads does not change a bit of the result.
    fn step(&self, f: f64, g: f64, now: &[Row], old: &mut [Row]) -> Products {
        let f = f / self.window.half_width;
        let arch = Arch::new();
        let parts: Vec<Products> = (old.par_chunks_mut(CHUNK).zip(&self.matrix.chunks))
            .map_init(Vec::new, |later, (rows, chunk)| {
                arch.dispatch(Rows {
                    recursion: self,
                    chunk,
                    later,
                    f,
                    g,
                    now,
                    old: rows,
                })
            })
            .collect();
        let mut sums = vec![[[0.0; LANES]; 2]; self.kinds];
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                for which in [SQUARE, CROSS] {
                    add(&mut sum[which], &part[which]);
                }
            }
        }
        sums
    }
}

/// Some rows of a step, for whatever registers the processor has.
struct Rows<'a> {
    recursion: &'a Recursion<'a>,
    chunk: &'a Chunk,
    /// What earlier rows of the chunk add to later ones.
    later: &'a mut Vec<Row>,
    f: f64,
    g: f64,
    now: &'a [Row],
    old: &'a mut [Row],
}

impl WithSimd for Rows<'_> {
    type Output = Products;

    #[allow(
        clippy::inline_always,
        reason = "pulp dispatches to code that must be inlined into its own"
    )]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Products {
        match S::F64_LANES {
            8 => self.run::<S, 1>(simd),
            4 => self.run::<S, 2>(simd),
            2 => self.run::<S, 4>(simd),
            _ => self.run::<S, LANES>(simd),
        }
    }
}

impl Rows<'_> {
    /// With the lanes in K registers.
    #[allow(
        clippy::inline_always,
        reason = "pulp dispatches to code that must be inlined into its own"
    )]
    #[inline(always)]
    fn run<S: Simd, const K: usize>(self, simd: S) -> Products {
        let (window, chunk, now) = (self.recursion.window, self.chunk, self.now);
        let mut sums = vec![[[0.0; LANES]; 2]; self.recursion.kinds];
        let later = self.later;
        later.clear();
        later.resize(self.old.len(), [[0.0; LANES]; 3]);
        let (centre, f, g) = (
            simd.splat_f64s(-window.centre),
            simd.splat_f64s(self.f),
            simd.splat_f64s(-self.g),
        );
        for (row, old) in self.old.iter_mut().enumerate() {
            let i = chunk.first + row;
            let own: [[S::f64s; K]; 3] = registers::<S, K>(&now[i]);
            let mut sum: [[S::f64s; K]; 3] = registers::<S, K>(&later[row]);
            let [inside, outside] = chunk.row(row);
            for (j, block) in inside {
                multiply::<S, K>(simd, block, &now[j], &mut sum);
                if j != i {
                    multiply_back::<S, K>(simd, block, &own, &mut later[j - chunk.first]);
                }
            }
            for (j, block) in outside {
                multiply::<S, K>(simd, block, &now[j], &mut sum);
            }
            let [square, cross] = &mut sums[self.recursion.species_of[i]];
            let (square, cross) = (S::as_mut_simd_f64s(square).0, S::as_mut_simd_f64s(cross).0);
            for a in 0..3 {
                let old = S::as_mut_simd_f64s(&mut old[a]).0;
                for k in 0..K {
                    let moved = simd.mul_add_e_f64s(centre, own[a][k], sum[a][k]);
                    let new = simd.mul_add_e_f64s(f, moved, simd.mul_f64s(g, old[k]));
                    old[k] = new;
                    square[k] = simd.mul_add_e_f64s(new, new, square[k]);
                    cross[k] = simd.mul_add_e_f64s(new, own[a][k], cross[k]);
                }
            }
        }
        sums
    }
}

/// All lanes of one atom.
#[allow(clippy::inline_always, reason = "as run")]
#[inline(always)]
fn registers<S: Simd, const K: usize>(row: &Row) -> [[S::f64s; K]; 3] {
    [0, 1, 2].map(|a| std::array::from_fn(|k| S::as_simd_f64s(&row[a]).0[k]))
}

/// `sum += block x`.
#[allow(clippy::inline_always, reason = "as run")]
#[inline(always)]
fn multiply<S: Simd, const K: usize>(simd: S, block: &Block, x: &Row, sum: &mut [[S::f64s; K]; 3]) {
    for b in 0..3 {
        let x = S::as_simd_f64s(&x[b]).0;
        for a in 0..3 {
            let h = simd.splat_f64s(block[a][b]);
            for k in 0..K {
                sum[a][k] = simd.mul_add_e_f64s(h, x[k], sum[a][k]);
            }
        }
    }
}

/// `sum += blockᵀ x`.
#[allow(clippy::inline_always, reason = "as run")]
#[inline(always)]
fn multiply_back<S: Simd, const K: usize>(
    simd: S,
    block: &Block,
    x: &[[S::f64s; K]; 3],
    sum: &mut Row,
) {
    for b in 0..3 {
        let sum = S::as_mut_simd_f64s(&mut sum[b]).0;
        for k in 0..K {
            let mut whole = sum[k];
            for a in 0..3 {
                whole = simd.mul_add_e_f64s(simd.splat_f64s(block[a][b]), x[a][k], whole);
            }
            sum[k] = whole;
        }
    }
}

fn add(sum: &mut [f64; LANES], part: &[f64; LANES]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::neighbours::NeighbourList;
    use crate::potentials::Potential;
    use crate::potentials::toy::{Toy, crystal};
    use crate::vibrations::kpm::window::gershgorin;
    use faer::{Mat, Side};

    /// With every basis vector once the trace has no error: each moment is the sum of `T_n` over all eigenvalues, on each
    /// species weighted by the vectors.
    #[test]
    fn all_basis_vectors_give_the_moments_of_the_eigenvalues() {
        const COUNT: usize = 40;
        let (toy, structure) = (Toy { cutoff: 2.3 }, crystal(1.5, 2));
        let list = NeighbourList::new(&structure, toy.cutoff).unwrap();
        let matrix =
            (toy.hessian(&structure, &list).unwrap()).mass_weighted(&structure.atom_masses());
        let start = (0..32).map(|i| [f64::from(i).sin(), 1.0, 0.3]).collect();
        let half = Half::of(&matrix, &(0..32).collect::<Vec<_>>());
        let window = Window::of(&half, gershgorin(&matrix), start, 60).unwrap();
        let recursion = Recursion {
            matrix: &half,
            species_of: &structure.species_of,
            kinds: 2,
            window,
        };
        let mut sums = vec![vec![0.0; COUNT]; 2];
        for block in 0..96 / LANES {
            let mut rows = vec![[[0.0; LANES]; 3]; 32];
            for l in 0..LANES {
                let k = LANES * block + l;
                rows[k / 3][k % 3][l] = 1.0;
            }
            for of_vector in recursion.moments(rows, COUNT) {
                for (sum, moments) in sums.iter_mut().zip(of_vector) {
                    sum.iter_mut().zip(moments).for_each(|(s, m)| *s += m);
                }
            }
        }
        let eigen = matrix.to_dense(3).self_adjoint_eigen(Side::Lower).unwrap();
        let vectors: &Mat<f64> = &eigen.U().to_owned();
        for (a, sum) in sums.iter().enumerate() {
            for (n, moment) in sum.iter().enumerate() {
                let expected: f64 = (0..96)
                    .map(|s| {
                        let x = window.place(eigen.S()[s]);
                        let share: f64 = (0..96)
                            .filter(|row| structure.species_of[row / 3] == a)
                            .map(|row| vectors[(row, s)].powi(2))
                            .sum();
                        share * (n as f64 * x.acos()).cos()
                    })
                    .sum();
                assert!(
                    (moment - expected).abs() < 1e-10,
                    "{a} {n}: {moment} {expected}"
                );
            }
        }
    }
}
