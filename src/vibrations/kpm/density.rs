//! From moments to the share of modes in each bin of an energy axis.

use super::Moments;
use crate::grid::Grid;
use crate::units::{SQRT_EV_PER_A2_AMU_IN_THZ, THZ_IN_MEV};
use std::f64::consts::PI;

/// The share of the modes in each bin of a grid, with the standard error that random vectors leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Mean over the vectors.
    pub mean: Vec<f64>,
    /// Standard error of the mean, from the scatter over the vectors.
    pub error: Vec<f64>,
}

impl Moments {
    /// For each species, the share of its modes (weighted by the square of their vectors on that species) in each bin of
    /// `grid` (meV); where all bins are, they sum to 1.
    ///
    /// The Chebyshev series with the kernel of Jackson is integrated exactly over each bin in ω²: with cos θ for its ends,
    /// `∫ = Δ[θ + 2 Σ g_n μ_n sin(nθ) / n] / π`. What the finite resolution puts below ω = 0 is folded back, unless there are
    /// imaginary modes: then everything below zero is left out, and the rest normalised.
    pub fn shares(&self, grid: &Grid) -> Vec<Share> {
        let kinds = self.values[0].len();
        let alone = |a: usize| (0..kinds).map(|b| f64::from(u8::from(a == b))).collect();
        self.mixed_shares(&(0..kinds).map(alone).collect::<Vec<Vec<f64>>>(), grid)
    }

    /// The same for sums over the species, one for each row of weights.
    pub fn mixed_shares(&self, mixes: &[Vec<f64>], grid: &Grid) -> Vec<Share> {
        let rows = self.integrals(grid);
        let norms: Vec<f64> = (0..self.values[0].len())
            .map(|a| self.mean_of(|m| m[a][0]) - self.below_zero(a))
            .collect();
        let mixed = |weights: &Vec<f64>| {
            let of_vector = |vector: &Vec<Vec<f64>>| -> Vec<f64> {
                let part = |row: &Vec<f64>| {
                    let terms = weights.iter().zip(&norms).zip(vector);
                    terms.map(|((w, norm), m)| w / norm * dot(row, m)).sum()
                };
                rows.iter().map(part).collect()
            };
            scatter(&self.values.iter().map(of_vector).collect::<Vec<_>>())
        };
        mixes.iter().map(mixed).collect()
    }

    /// For each vector v of [`along`](Self::along) `Σ_s (v·e_s)²` of the modes in each bin of `grid` (meV), seen as
    /// [`shares`](Self::shares) are.
    pub fn projections(&self, grid: &Grid) -> Vec<Vec<f64>> {
        let rows = self.integrals(grid);
        let of_vector = |vector: &Vec<Vec<f64>>| -> Vec<f64> {
            let part = |row: &Vec<f64>| vector.iter().map(|m| dot(row, m)).sum();
            rows.iter().map(part).collect()
        };
        self.values.iter().map(of_vector).collect()
    }

    /// Estimated number of imaginary modes; 0 if [none was seen](Self::lowest_imaginary). Soft modes blurred to below zero are
    /// counted too.
    pub fn imaginary(&self) -> usize {
        let kinds = 0..self.values[0].len();
        let all: f64 = kinds.clone().map(|a| self.mean_of(|m| m[a][0])).sum();
        let below: f64 = kinds.map(|a| self.below_zero(a)).sum();
        (below / all * self.modes as f64).round().max(0.0) as usize
    }

    /// Standard deviation in meV of the Gaussian that a mode at `energy` (meV) is seen as.
    ///
    /// In ω² it is `h π/M √(1 - x²)` (near the ends plus `(4x² - 3)/M` under the root) of a window of half width h; here it
    /// is what that adds to ω: `√(ω² + σ) - ω`.
    pub fn resolution(&self, energy: f64) -> f64 {
        let square = square_of(energy);
        let x = self.window.place(square);
        let count = self.len() as f64;
        let variance = 1.0 - x * x + (4.0 * x * x - 3.0) / count;
        let sigma = self.window.half_width * PI / count * variance.max(0.0).sqrt();
        energy_of(square + sigma) - energy
    }

    /// Mean over the vectors.
    fn mean_of(&self, of_vector: impl Fn(&[Vec<f64>]) -> f64) -> f64 {
        self.values.iter().map(|v| of_vector(v)).sum::<f64>() / self.values.len() as f64
    }

    /// What species `a` has below zero, if that is to be left out.
    fn below_zero(&self, a: usize) -> f64 {
        if self.window.lowest.is_none() {
            return 0.0;
        }
        let row = self.integral(-1.0, self.window.place(0.0));
        self.mean_of(|m| dot(&row, &m[a]))
    }

    /// For each bin the numbers that, multiplied with the moments, give its integral.
    fn integrals(&self, grid: &Grid) -> Vec<Vec<f64>> {
        let bin = |i: usize| {
            let (low, high) = (square_of(grid.edge(i)), square_of(grid.edge(i + 1)));
            let mut row = self.integral(self.window.place(low), self.window.place(high));
            if self.window.lowest.is_none() {
                let folded = self.integral(self.window.place(-high), self.window.place(-low));
                row.iter_mut().zip(folded).for_each(|(r, f)| *r += f);
            }
            row
        };
        (0..grid.len()).map(bin).collect()
    }

    /// The same for one interval of the window.
    fn integral(&self, low: f64, high: f64) -> Vec<f64> {
        let (from, to) = (high.acos(), low.acos());
        let term = |n: usize| {
            let k = n as f64;
            2.0 * jackson(n, self.len()) * ((k * to).sin() - (k * from).sin()) / (k * PI)
        };
        let rest = (1..self.len()).map(term);
        std::iter::once((to - from) / PI).chain(rest).collect()
    }
}

/// Kernel of Jackson for moment n of `count`: the narrowest that keeps a density positive.
fn jackson(n: usize, count: usize) -> f64 {
    let (m, q) = (count as f64 + 1.0, PI / (count as f64 + 1.0));
    let k = n as f64;
    ((m - k) * (q * k).cos() + (q * k).sin() / q.tan()) / m
}

/// ω² in eV/Å²/amu of an energy in meV.
fn square_of(energy: f64) -> f64 {
    (energy / (THZ_IN_MEV * SQRT_EV_PER_A2_AMU_IN_THZ)).powi(2)
}

fn energy_of(square: f64) -> f64 {
    square.sqrt() * THZ_IN_MEV * SQRT_EV_PER_A2_AMU_IN_THZ
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Mean and standard error of the mean of several curves.
fn scatter(curves: &[Vec<f64>]) -> Share {
    let count = curves.len() as f64;
    let mean = |i: usize| curves.iter().map(|c| c[i]).sum::<f64>() / count;
    let mean: Vec<f64> = (0..curves[0].len()).map(mean).collect();
    let error = |(i, m): (usize, &f64)| {
        let squares: f64 = curves.iter().map(|c| (c[i] - m).powi(2)).sum();
        (squares / (count * (count - 1.0))).sqrt()
    };
    let error = mean.iter().enumerate().map(error).collect();
    Share { mean, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::neighbours::NeighbourList;
    use crate::atoms::structure::Structure;
    use crate::potentials::Potential;
    use crate::potentials::toy::{Toy, crystal};
    use crate::vibrations::kpm::Settings;
    use crate::vibrations::modes::Modes;
    use statrs::function::erf::erf;

    const TOY: Toy = Toy { cutoff: 2.3 };
    const SETTINGS: Settings = Settings {
        moments: 128,
        vectors: 64,
        seed: 3,
    };

    /// 256 atoms of two species near their places: no two modes alike.
    fn shaken(a: f64) -> Structure {
        let mut structure = crystal(a, 4);
        for (i, p) in structure.positions.iter_mut().enumerate() {
            for (k, x) in p.iter_mut().enumerate() {
                *x += 0.02 * ((7 * i + 3 * k) as f64).sin();
            }
        }
        structure
    }

    fn solved(structure: &Structure) -> (Moments, Modes) {
        let list = NeighbourList::new(structure, TOY.cutoff).unwrap();
        let hessian = TOY.hessian(structure, &list).unwrap();
        let modes = Modes::of(&hessian, structure, true).unwrap();
        (Moments::of(hessian, structure, SETTINGS).unwrap(), modes)
    }

    /// What each dense mode gives to each species of a bin, blurred in ω² by the resolution that the moments claim.
    fn dense(
        moments: &Moments,
        modes: &Modes,
        structure: &Structure,
        a: usize,
        grid: &Grid,
    ) -> Vec<f64> {
        let vectors = modes.vectors.as_ref().unwrap();
        let (mut bins, mut total) = (vec![0.0; grid.len()], 0.0);
        for (s, thz) in modes.frequencies_thz.iter().enumerate().skip(3) {
            let weight: f64 = (vectors.col(s).iter().enumerate())
                .filter(|(row, _)| structure.species_of[row / 3] == a)
                .map(|(_, e)| e * e)
                .sum();
            let energy = thz * THZ_IN_MEV;
            let square = square_of(energy);
            let sigma = square_of(energy + moments.resolution(energy)) - square;
            let below = |e: f64| 0.5 * erf((square_of(e) - square) / (sigma * 2.0_f64.sqrt()));
            for (i, bin) in bins.iter_mut().enumerate() {
                *bin += weight * (below(grid.edge(i + 1)) - below(grid.edge(i)));
            }
            total += weight;
        }
        bins.iter().map(|x| x / total).collect()
    }

    #[test]
    fn shares_are_those_of_the_modes_within_their_errors() {
        /// What the kernel's not quite Gaussian shape adds, as a fraction of the highest bin.
        const SHAPE: f64 = 0.03;
        let structure = shaken(1.5);
        let (moments, modes) = solved(&structure);
        let grid = Grid::new(0.0, moments.highest(), 25).unwrap();
        assert_eq!((moments.imaginary(), moments.lowest_imaginary()), (0, None));
        for (a, share) in moments.shares(&grid).iter().enumerate() {
            let expected = dense(&moments, &modes, &structure, a, &grid);
            let peak = expected.iter().copied().fold(0.0, f64::max);
            assert!((share.mean.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for i in 0..grid.len() {
                // Four standard errors: one bin in 16,000 by chance.
                let room = 4.0 * share.error[i] + SHAPE * peak;
                let off = (share.mean[i] - expected[i]).abs();
                assert!(
                    off < room,
                    "species {a}, bin {i}: off by {off}, {room} allowed"
                );
                assert!(share.error[i] < 0.05 * peak);
            }
        }
    }

    #[test]
    fn the_error_told_is_the_scatter_between_seeds() {
        let structure = shaken(1.5);
        let list = NeighbourList::new(&structure, TOY.cutoff).unwrap();
        let hessian = TOY.hessian(&structure, &list).unwrap();
        let of_seed = |seed| {
            let settings = Settings {
                seed,
                vectors: 8,
                moments: 64,
            };
            Moments::of(hessian.clone(), &structure, settings).unwrap()
        };
        let runs: Vec<_> = (0..16).map(of_seed).collect();
        let grid = Grid::new(0.0, runs[0].highest(), 10).unwrap();
        let shares: Vec<_> = runs.iter().map(|m| m.shares(&grid).remove(0)).collect();
        let means: Vec<_> = shares.iter().map(|s| s.mean.clone()).collect();
        // The standard error of a mean of sixteen is a quarter of that of one.
        let seen: f64 = scatter(&means).error.iter().map(|e| 16.0 * e * e).sum();
        let told: f64 = shares
            .iter()
            .flat_map(|s| &s.error)
            .map(|e| e * e / 16.0)
            .sum();
        // Some 10 bins x 15 degrees of freedom, not all independent: a factor of two is far outside.
        assert!((0.5..2.0).contains(&(seen / told)), "{seen} {told}");
    }

    #[test]
    fn imaginary_modes_are_seen_and_left_out() {
        let structure = shaken(1.7);
        let (moments, modes) = solved(&structure);
        let lowest = moments.lowest_imaginary().unwrap();
        assert!(
            (lowest / modes.frequencies_thz[0] - 1.0).abs() < 0.02,
            "{lowest}"
        );
        let (counted, exact) = (moments.imaginary() as f64, modes.imaginary_modes() as f64);
        assert!(
            (counted - exact).abs() < 0.1 * exact,
            "{counted} of {exact}"
        );
        let grid = Grid::new(0.0, moments.highest(), 25).unwrap();
        for share in moments.shares(&grid) {
            assert!((share.mean.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_resolution_is_finest_at_the_ends_of_the_window() {
        let (moments, _) = solved(&shaken(1.5));
        let (top, count) = (moments.highest(), moments.len() as f64);
        let middle = 0.5_f64.sqrt() * top;
        // h π / M in ω², so h π / 2Mω in ω; h is half the width.
        let expected = 0.5 * top * top * PI / count / (2.0 * middle);
        assert!((moments.resolution(middle) / expected - 1.0).abs() < 0.02);
        assert!(moments.resolution(0.99 * top) < 0.5 * expected);
    }
}
