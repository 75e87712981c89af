//! Vibrational densities of states, partial and total.

use super::gaussian_between;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::THZ_IN_MEV;
use crate::vibrations::modes::{Modes, ZERO_THZ};

/// Densities of states per meV on an energy grid.
///
/// The area of each partial density, and of the total, is 1 over all energies; `above_grid` of it lies beyond the grid. Zero
/// and imaginary modes are left out before normalising. Broadened by a Gaussian, folded back at E = 0, so that broadening
/// keeps the area; bins hold exact integrals.
#[derive(Debug, Clone)]
pub struct Vdos {
    /// One density per species, of one atom of it on average.
    pub partial: Vec<Vec<f64>>,
    /// `Σ_a c_a partial_a`.
    pub total: Vec<f64>,
    /// Share of the total that lies above the grid.
    pub above_grid: f64,
}

/// Densities of states from modes with vectors; `sigma` is the standard deviation of the broadening in meV, the grid is in
/// meV and begins at 0.
pub fn vdos(modes: &Modes, structure: &Structure, grid: &Grid, sigma: f64) -> Result<Vdos> {
    let Some(vectors) = &modes.vectors else {
        return Err(Error::new(
            "partial densities of states need the mode vectors",
        ));
    };
    if grid.start() != 0.0 || !(sigma.is_finite() && sigma > 0.0) {
        return Err(Error::new(
            "a density of states needs a grid from 0 and a positive broadening",
        ));
    }
    let species = structure.species.len();
    let mut partial = vec![vec![0.0; grid.len()]; species];
    let mut weight = vec![0.0; species];
    for (s, nu) in modes
        .frequencies_thz
        .iter()
        .enumerate()
        .filter(|(_, nu)| **nu > ZERO_THZ)
    {
        let mut share = vec![0.0; species];
        for i in 0..vectors.nrows() {
            share[structure.species_of[i / 3]] += vectors[(i, s)].powi(2);
        }
        let energy = nu * THZ_IN_MEV;
        for k in 0..grid.len() {
            let (low, high) = (grid.edge(k), grid.edge(k + 1));
            let line = gaussian_between(low, high, energy, sigma)
                + gaussian_between(-high, -low, energy, sigma);
            for (p, w) in partial.iter_mut().zip(&share) {
                p[k] += w * line;
            }
        }
        for (sum, w) in weight.iter_mut().zip(&share) {
            *sum += w;
        }
    }
    for (p, w) in partial.iter_mut().zip(&weight) {
        p.iter_mut().for_each(|v| {
            *v = if *w > 0.0 {
                *v / (w * grid.step())
            } else {
                0.0
            }
        });
    }
    let concentrations = structure.concentrations();
    let total: Vec<f64> = (0..grid.len())
        .map(|k| {
            partial
                .iter()
                .zip(&concentrations)
                .map(|(p, c)| c * p[k])
                .sum()
        })
        .collect();
    let above_grid = 1.0 - total.iter().sum::<f64>() * grid.step();
    Ok(Vdos {
        partial,
        total,
        above_grid,
    })
}
