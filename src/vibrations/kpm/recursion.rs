//! Chebyshev vectors `r_n = T_n((D - c) / h) r_0` of eight start vectors at once, and their scalar products.

use super::window::Window;
use crate::potentials::hessian::Hessian;
use faer::traits::pulp::Arch;
use rayon::prelude::*;

/// Vectors carried side by side: what one 512-bit register holds, so that each block of the matrix is read once for all.
pub(super) const LANES: usize = 8;

/// One atom's x, y and z parts of all lanes.
pub(super) type Row = [[f64; LANES]; 3];

/// Rows a task: large against the cost of a task, small against the structures this is for. The sums over tasks are taken
/// in their order, so that the number of threads does not change a bit of the result.
const CHUNK: usize = 1024;

/// For each species and lane `⟨new|P_a|new⟩` and `⟨new|P_a|now⟩`, `P_a` being the projector on the atoms of species a.
type Products = Vec<[[f64; LANES]; 2]>;
const SQUARE: usize = 0;
const CROSS: usize = 1;

/// A matrix D, and the window in which its Chebyshev polynomials are taken.
pub(super) struct Recursion<'a> {
    pub(super) matrix: &'a Hessian,
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

    /// `old ← f x now - g old`, x = (D - c) / h, with the products of its result.
    fn step(&self, f: f64, g: f64, now: &[Row], old: &mut [Row]) -> Products {
        let f = f / self.window.half_width;
        let arch = Arch::new();
        let parts: Vec<Products> = (old.par_chunks_mut(CHUNK).enumerate())
            .map(|(k, rows)| arch.dispatch(|| self.rows(k * CHUNK, f, g, now, rows)))
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

    /// Inlined, to be compiled for the instructions that the dispatch found.
    #[inline(always)]
    fn rows(&self, first: usize, f: f64, g: f64, now: &[Row], old: &mut [Row]) -> Products {
        let mut sums = vec![[[0.0; LANES]; 2]; self.kinds];
        for (i, old) in (first..).zip(old) {
            let mut sum = [[0.0; LANES]; 3];
            for (j, block) in self.matrix.row(i) {
                let x = &now[j];
                for a in 0..3 {
                    for b in 0..3 {
                        for l in 0..LANES {
                            sum[a][l] += block[a][b] * x[b][l];
                        }
                    }
                }
            }
            let own = &now[i];
            let [square, cross] = &mut sums[self.species_of[i]];
            for a in 0..3 {
                for l in 0..LANES {
                    let new = f * (sum[a][l] - self.window.centre * own[a][l]) - g * old[a][l];
                    old[a][l] = new;
                    square[l] += new * new;
                    cross[l] += new * own[a][l];
                }
            }
        }
        sums
    }
}

fn add(sum: &mut [f64; LANES], part: &[f64; LANES]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}
