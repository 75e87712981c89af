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
        let rows = self.integrals(grid);
        (0..self.values[0].len())
            .map(|a| {
                let norm = self.mean_of(|m| m[a][0]) - self.below_zero(a);
                let of_vector = |moments: &[f64]| -> Vec<f64> {
                    rows.iter().map(|row| dot(row, moments) / norm).collect()
                };
                scatter(
                    &self
                        .values
                        .iter()
                        .map(|v| of_vector(&v[a]))
                        .collect::<Vec<_>>(),
                )
            })
            .collect()
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
        let term = |n: usize| match n as f64 {
            0.0 => (to - from) / PI,
            k => 2.0 * jackson(n, self.len()) * ((k * to).sin() - (k * from).sin()) / (k * PI),
        };
        (0..self.len()).map(term).collect()
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
