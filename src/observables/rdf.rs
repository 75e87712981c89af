//! Pair distribution functions, partial and total.
//!
//! ```text
//! g_ab(r) = V n_ab(r) / (N_a N_b v(r)),   v = 4π/3 (r₂³ - r₁³), or π (r₂² - r₁²) in two dimensions
//! ```
//!
//! with n_ab the ordered pairs in a shell, all periodic images counted, and `N_a (N_a - 1)` in place of `N_a²` for equal
//! species, so that an ideal gas has g = 1 for any number of atoms.

use super::gaussian_between;
use super::thermal_width::PairWidths;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use faer::Mat;
use std::f64::consts::PI;

/// A pair is never drawn narrower than this fraction of a bin: below it the bin integrals are those of a spike.
const NARROWEST: f64 = 0.1;
/// A Gaussian is followed to this many standard deviations; 1e-9 of it lies beyond.
const TAIL: f64 = 6.0;
/// Pairs from beyond the grid whose tail reaches into it are counted up to this width, Å.
const WIDEST: f64 = 0.35;

/// Partial pair distribution functions.
#[derive(Debug, Clone)]
pub struct PartialRdf {
    /// Species numbers a ≤ b.
    pub pairs: Vec<(usize, usize)>,
    /// One row a pair, one column a bin.
    pub g: Mat<f64>,
}

/// Ordered pairs per bin for every a ≤ b (i of species a, j of species b), spread by their thermal widths if given.
pub fn pair_counts(
    structure: &Structure,
    grid: &Grid,
    widths: Option<&PairWidths>,
) -> Result<PartialRdf> {
    if grid.start() < 0.0 {
        return Err(Error::new("an r grid cannot begin below zero"));
    }
    let species = structure.species.len();
    let pairs: Vec<(usize, usize)> = (0..species)
        .flat_map(|a| (a..species).map(move |b| (a, b)))
        .collect();
    let reach = grid.end() + if widths.is_some() { TAIL * WIDEST } else { 0.0 };
    let neighbours = NeighbourList::new(structure, reach)?;
    let mut counts = Mat::zeros(pairs.len(), grid.len());
    for i in 0..structure.len() {
        let a = structure.species_of[i];
        for n in neighbours.of(i) {
            let b = structure.species_of[n.index as usize];
            let Some(row) = pairs.iter().position(|p| *p == (a, b)) else {
                continue;
            };
            match widths {
                None => {
                    if let Some(k) = grid.bin(n.distance) {
                        counts[(row, k)] += 1.0;
                    }
                }
                Some(widths) => {
                    let along = n.vector.map(|x| x / n.distance);
                    let variance = widths.variance(i, n.index as usize, along);
                    let sigma = variance.sqrt().clamp(NARROWEST * grid.step(), WIDEST);
                    spread(&mut counts, row, grid, n.distance, sigma);
                }
            }
        }
    }
    Ok(PartialRdf { pairs, g: counts })
}

fn spread(counts: &mut Mat<f64>, row: usize, grid: &Grid, centre: f64, sigma: f64) {
    let place = |x: f64| ((x - grid.start()) / grid.step()).floor().max(0.0) as usize;
    if centre - TAIL * sigma >= grid.end() {
        return;
    }
    let last = place(centre + TAIL * sigma).min(grid.len() - 1);
    for k in place(centre - TAIL * sigma)..=last {
        counts[(row, k)] += gaussian_between(grid.edge(k), grid.edge(k + 1), centre, sigma);
    }
}

/// Partial pair distribution functions; at a temperature if `widths` are given.
pub fn partial(
    structure: &Structure,
    grid: &Grid,
    widths: Option<&PairWidths>,
) -> Result<PartialRdf> {
    let mut out = pair_counts(structure, grid, widths)?;
    let mut atoms = vec![0.0; structure.species.len()];
    for &s in &structure.species_of {
        atoms[s] += 1.0;
    }
    let measure = structure.cell.measure();
    let flat = structure.cell.dimensions() == 2;
    for (row, &(a, b)) in out.pairs.iter().enumerate() {
        let ordered = if a == b {
            atoms[a] * (atoms[a] - 1.0)
        } else {
            atoms[a] * atoms[b]
        };
        for k in 0..grid.len() {
            let (low, high) = (grid.edge(k), grid.edge(k + 1));
            let shell = if flat {
                PI * (high * high - low * low)
            } else {
                4.0 / 3.0 * PI * (high.powi(3) - low.powi(3))
            };
            out.g[(row, k)] = if ordered > 0.0 {
                measure * out.g[(row, k)] / (ordered * shell)
            } else {
                0.0
            };
        }
    }
    Ok(out)
}

impl PartialRdf {
    /// The number-weighted total, `Σ_ab c_a c_b g_ab`.
    pub fn total(&self, concentrations: &[f64]) -> Vec<f64> {
        (0..self.g.ncols())
            .map(|k| {
                let term = |(row, &(a, b)): (usize, &(usize, usize))| {
                    let both = if a == b { 1.0 } else { 2.0 };
                    both * concentrations[a] * concentrations[b] * self.g[(row, k)]
                };
                self.pairs.iter().enumerate().map(term).sum()
            })
            .collect()
    }
}
