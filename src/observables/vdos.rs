//! The vibrational density of states, of all atoms and of each species.

use super::broaden::deposit;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::THZ_IN_MEV;
use crate::vibrations::kpm::Moments;
use crate::vibrations::modes::{Modes, ZERO_THZ};
use faer::MatRef;

/// Densities of states per meV on a grid in meV.
///
/// Before anything is lost beyond the grid the area of each is 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Vdos {
    /// The energies, meV.
    pub grid: Grid,
    /// `Σ c_a g_a`; 1/meV.
    pub total: Vec<f64>,
    /// `g_a` of each species, per atom of it; 1/meV. Empty if there are several species and no eigenvectors.
    pub partial: Vec<Vec<f64>>,
    /// The part of the area of `total` that is not on the grid.
    pub lost: f64,
    /// Number of imaginary modes, which are left out.
    pub imaginary: usize,
}

/// The density of states of the modes of a structure, each a Gaussian of standard deviation `sigma` (meV).
///
/// Each Gaussian is integrated exactly over each bin, and its tail below E = 0 is folded back, so that the area stays.
/// Modes below [`ZERO_THZ`] (translations) and imaginary ones are left out. `g_a` counts a mode by the square of its
/// eigenvector on the atoms of species a, normalised over the modes kept. Without eigenvectors `total` counts each
/// mode once; the two differ by the share of the translations, about 1/N, if the masses do.
pub fn vdos(modes: &Modes, structure: &Structure, grid: &Grid, sigma: f64) -> Result<Vdos> {
    if grid.start() < 0.0 {
        return Err(below_zero());
    }
    if !(sigma.is_finite() && sigma >= 0.0) {
        return Err(Error::new(format!(
            "a broadening of {sigma} meV is not possible"
        )));
    }
    let frequencies = &modes.frequencies_thz;
    let kept: Vec<usize> = (0..frequencies.len())
        .filter(|&s| frequencies[s] >= ZERO_THZ)
        .collect();
    if kept.is_empty() {
        return Err(no_vibration());
    }
    let density = |weights: &[f64]| {
        let sum: f64 = weights.iter().sum();
        let mut bins = vec![0.0; grid.len()];
        for (&s, w) in kept.iter().zip(weights) {
            let energy = frequencies[s] * THZ_IN_MEV;
            let area = w / (sum * grid.step());
            deposit(grid, energy, sigma, area, &mut bins);
            deposit(grid, -energy, sigma, area, &mut bins);
        }
        bins
    };
    let shares = shares(modes, structure, &kept)?;
    let partial: Vec<Vec<f64>> = shares.iter().map(|w| density(w)).collect();
    let total = if partial.is_empty() {
        density(&vec![1.0; kept.len()])
    } else {
        weighted(&partial, &structure.concentrations())
    };
    Ok(Vdos {
        grid: *grid,
        lost: 1.0 - total.iter().sum::<f64>() * grid.step(),
        total,
        partial,
        imaginary: modes.imaginary_modes(),
    })
}

/// The density of states from Chebyshev moments, for structures too large for their modes: as [`vdos`], but broadened by the
/// [resolution](Moments::resolution) of the moments; with the standard error of `total`, 1/meV.
pub fn vdos_of_moments(
    moments: &Moments,
    structure: &Structure,
    grid: &Grid,
) -> Result<(Vdos, Vec<f64>)> {
    if grid.start() < 0.0 {
        return Err(below_zero());
    }
    if moments.highest() <= 0.0 {
        return Err(no_vibration());
    }
    let per_mev = |share: &[f64]| -> Vec<f64> { share.iter().map(|x| x / grid.step()).collect() };
    let partial = moments.shares(grid);
    let mean = moments.mixed_shares(&[structure.concentrations()], grid);
    let vdos = Vdos {
        grid: *grid,
        lost: 1.0 - mean[0].mean.iter().sum::<f64>(),
        total: per_mev(&mean[0].mean),
        partial: partial.iter().map(|share| per_mev(&share.mean)).collect(),
        imaginary: moments.imaginary(),
    };
    Ok((vdos, per_mev(&mean[0].error)))
}

fn below_zero() -> Error {
    Error::new("the energy axis of a density of states cannot begin below zero")
}

fn no_vibration() -> Error {
    Error::new("there is no vibration").because("every mode is a translation or imaginary")
}

/// For each species the share it has in each of the modes `kept`; nothing if that is not known.
fn shares(modes: &Modes, structure: &Structure, kept: &[usize]) -> Result<Vec<Vec<f64>>> {
    if modes.frequencies_thz.len() != structure.dimensions() * structure.len() {
        return Err(Error::new(format!(
            "{} modes for a structure of {} atoms",
            modes.frequencies_thz.len(),
            structure.len()
        )));
    }
    let vectors = modes.vectors.as_ref().map(faer::mat::generic::Mat::as_ref);
    match (structure.species.len(), vectors) {
        (1, _) => Ok(vec![vec![1.0; kept.len()]]),
        (_, None) => Ok(Vec::new()),
        (kinds, Some(vectors)) => {
            let mut shares = vec![vec![0.0; kept.len()]; kinds];
            for (k, &s) in kept.iter().enumerate() {
                add_shares(vectors, s, structure, |a, x| shares[a][k] += x);
            }
            if let Some(a) = shares.iter().position(|w| w.iter().sum::<f64>() <= 0.0) {
                let symbol = &structure.species[a];
                return Err(Error::new(format!("no atom of {symbol} vibrates")));
            }
            Ok(shares)
        }
    }
}

fn add_shares(
    vectors: MatRef<'_, f64>,
    s: usize,
    structure: &Structure,
    mut add: impl FnMut(usize, f64),
) {
    for (row, e) in vectors.col(s).iter().enumerate() {
        add(structure.species_of[row / 3], e * e);
    }
}

/// `Σ_a w_a y_a`.
pub(super) fn weighted(curves: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; curves.first().map_or(0, Vec::len)];
    for (curve, w) in curves.iter().zip(weights) {
        for (s, y) in sum.iter_mut().zip(curve) {
            *s += w * y;
        }
    }
    sum
}
