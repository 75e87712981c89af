//! The pair distribution function of each pair of species.

use super::broaden::{REACH, deposit};
use super::thermal_width::PairWidths;
use crate::atoms::cell::norm;
use crate::atoms::neighbours::each_pair;
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};
use crate::grid::Grid;
use std::f64::consts::PI;

/// Å. A pair spread wider than this swings on a mode too soft to be harmonic; a Gaussian of its harmonic variance would
/// reach down to r = 0, where no atom can be.
const WIDEST: f64 = 0.3;

/// `g_ab(r)` for each pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialRdf {
    /// Indices a ≤ b into the species of the structure: (0,0), (0,1), ..., (1,1), ...
    pub pairs: Vec<(usize, usize)>,
    /// For each pair its mean over each bin; 1 for an ideal gas.
    pub g: Vec<Vec<f64>>,
}

/// How the pairs add up to one curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// Every pair of atoms counts once: `w_ab = (2 − δ_ab) c_a c_b`.
    Number,
    /// As neutrons see it (Faber and Ziman): `w_ab = (2 − δ_ab) c_a c_b b_a b_b / ⟨b⟩²`.
    Neutron,
}

/// The partial pair distribution functions of a structure on `grid` (Å), through all periodic images.
///
/// `g_ab = count · measure / (pairs · shell)`, with `N_a` `N_b` pairs, `N_a` (`N_a` − 1) of equal species (a lone atom, which
/// has only its images, counts as one pair), and the shell of a bin: 4π/3 (r₂³ − r₁³), in a sheet π (r₂² − r₁²), along
/// a chain 2 (r₂ − r₁). Without `widths` each pair goes into its bin; with them each is a Gaussian of its own
/// variance, integrated exactly over each bin, and at least a tenth of a bin wide.
pub fn partial_rdf(
    structure: &Structure,
    grid: &Grid,
    widths: Option<&PairWidths>,
) -> Result<PartialRdf> {
    let counts = pair_counts(structure, grid, widths)?;
    let mut atoms = vec![0.0; structure.species.len()];
    for &s in &structure.species_of {
        atoms[s] += 1.0;
    }
    let pairs = species_pairs(structure.species.len());
    let normalised = |(&(a, b), counts): (&(usize, usize), Vec<f64>)| -> Vec<f64> {
        let number: f64 = if a == b {
            atoms[a] * (atoms[a] - 1.0)
        } else {
            atoms[a] * atoms[b]
        };
        let density = number.max(1.0) / structure.cell.measure();
        let mean = |(i, n): (usize, f64)| n / (density * shell(structure, grid, i));
        counts.into_iter().enumerate().map(mean).collect()
    };
    let g = pairs.iter().zip(counts).map(normalised).collect();
    Ok(PartialRdf { pairs, g })
}

/// For each pair of species the number of ordered pairs (i of a, j of b, every image, not itself) in each bin.
///
/// The pairs are in the order of [`PartialRdf::pairs`]; with `widths` the numbers are fractions.
pub fn pair_counts(
    structure: &Structure,
    grid: &Grid,
    widths: Option<&PairWidths>,
) -> Result<Vec<Vec<f64>>> {
    if grid.start() < 0.0 {
        return Err(Error::new("a distance axis cannot begin below zero"));
    }
    if let Some(atoms) = widths.map(PairWidths::atoms)
        && atoms != structure.len()
    {
        return Err(Error::new(format!(
            "thermal widths of {atoms} atoms for a structure of {}",
            structure.len()
        )));
    }
    let tail = widths.map_or(0.0, |w| REACH * w.widest().min(WIDEST));
    let kinds = structure.species.len();
    let mut counts = vec![vec![0.0; grid.len()]; species_pairs(kinds).len()];
    each_pair(structure, grid.end() + tail, |i, j, vector| {
        let (a, b) = (structure.species_of[i], structure.species_of[j]);
        let ways = if a == b { 2.0 } else { 1.0 };
        let bins = &mut counts[pair_index(a.min(b), a.max(b), kinds)];
        let distance = norm(vector);
        if let Some(widths) = widths {
            let sigma = widths.variance(i, j, vector).sqrt().min(WIDEST);
            deposit(grid, distance, sigma, ways, bins);
        } else if let Some(bin) = grid.bin(distance) {
            bins[bin] += ways;
        }
    })?;
    Ok(counts)
}

impl PartialRdf {
    /// `g(r) = Σ w_ab g_ab(r)` of the structure these partials come from; the weights sum to 1.
    pub fn total(&self, structure: &Structure, weighting: Weighting) -> Result<Vec<f64>> {
        let weights = self.weights(structure, weighting)?;
        let bins = self.g.first().map_or(0, Vec::len);
        let mut total = vec![0.0; bins];
        for (w, g) in weights.iter().zip(&self.g) {
            for (t, x) in total.iter_mut().zip(g) {
                *t += w * x;
            }
        }
        Ok(total)
    }

    /// The weight of each pair, in the order of `pairs`.
    pub fn weights(&self, structure: &Structure, weighting: Weighting) -> Result<Vec<f64>> {
        let mut share = structure.concentrations();
        if self.pairs != species_pairs(share.len()) {
            return Err(Error::new("these pairs are not those of this structure"));
        }
        if weighting == Weighting::Neutron {
            for (c, symbol) in share.iter_mut().zip(&structure.species) {
                *c *= element(symbol)?.b_coh;
            }
        }
        let sum: f64 = share.iter().sum();
        let size: f64 = share.iter().map(|x| x.abs()).sum();
        if sum.abs() <= NULL_SCATTERING * size {
            return Err(
                Error::new("the scattering lengths of this composition cancel")
                    .because("⟨b⟩ is zero, and the weights are divided by its square"),
            );
        }
        let weight = |&(a, b): &(usize, usize)| {
            let ways = if a == b { 1.0 } else { 2.0 };
            ways * share[a] * share[b] / (sum * sum)
        };
        Ok(self.pairs.iter().map(weight).collect())
    }
}

/// |⟨b⟩| below this fraction of ⟨|b|⟩ is zero: tables give b to about four digits.
const NULL_SCATTERING: f64 = 1e-4;

fn species_pairs(kinds: usize) -> Vec<(usize, usize)> {
    (0..kinds)
        .flat_map(|a| (a..kinds).map(move |b| (a, b)))
        .collect()
}

/// Place of (a, b), a ≤ b, in [`species_pairs`].
fn pair_index(a: usize, b: usize, kinds: usize) -> usize {
    a * (2 * kinds + 1 - a) / 2 + b - a
}

/// Volume (Å³) of bin `i`; in a sheet its area, along a chain its length.
fn shell(structure: &Structure, grid: &Grid, i: usize) -> f64 {
    let (r1, r2) = (grid.edge(i), grid.edge(i + 1));
    match structure.cell.dimensions() {
        1 => 2.0 * (r2 - r1),
        2 => PI * (r2 * r2 - r1 * r1),
        _ => 4.0 / 3.0 * PI * (r2.powi(3) - r1.powi(3)),
    }
}
