//! The pair distribution function of each pair of species.

use super::broaden::{REACH, deposit};
use super::thermal_width::PairWidths;
use crate::atoms::cell::norm;
use crate::atoms::pairs::fold_pairs;
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
    /// As X-rays see it, nearly: `w_ab = (2 − δ_ab) c_a c_b Z_a Z_b / ⟨Z⟩²`. The form factors are taken at Q = 0, as if they
    /// all fell off alike with Q; a measured transform weighs light elements somewhat less.
    XRay,
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
    let (kinds, bins) = (structure.species.len(), grid.len());
    let pairs = species_pairs(kinds);
    // Where the bins of two species begin, whichever comes first.
    let mut begin = vec![0; kinds * kinds];
    for (p, &(a, b)) in pairs.iter().enumerate() {
        (begin[a * kinds + b], begin[b * kinds + a]) = (p * bins, p * bins);
    }
    let kind = &structure.species_of;
    let shares = fold_pairs(
        structure,
        grid.end() + tail,
        || vec![0.0; pairs.len() * bins],
        |counts, i, j, vector| {
            let begin = begin[kind[i] * kinds + kind[j]];
            let distance = norm(vector);
            if let Some(widths) = widths {
                let sigma = widths.variance(i, j, vector).sqrt().min(WIDEST);
                deposit(grid, distance, sigma, 1.0, &mut counts[begin..begin + bins]);
            } else if let Some(bin) = grid.bin(distance) {
                counts[begin + bin] += 1.0;
            }
        },
    )?;
    let mut counts = vec![0.0; pairs.len() * bins];
    for share in shares {
        for (sum, n) in counts.iter_mut().zip(share) {
            *sum += n;
        }
    }
    let ordered = |(&(a, b), counts): (&(usize, usize), &[f64])| {
        let ways = if a == b { 2.0 } else { 1.0 };
        counts.iter().map(|n| ways * n).collect()
    };
    Ok(pairs.iter().zip(counts.chunks(bins)).map(ordered).collect())
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
        for (c, symbol) in share.iter_mut().zip(&structure.species) {
            *c *= match weighting {
                Weighting::Number => 1.0,
                Weighting::Neutron => element(symbol)?.b_coh,
                Weighting::XRay => f64::from(element(symbol)?.z),
            };
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

/// Volume (Å³) of bin `i`; in a sheet its area, along a chain its length.
fn shell(structure: &Structure, grid: &Grid, i: usize) -> f64 {
    let (r1, r2) = (grid.edge(i), grid.edge(i + 1));
    match structure.cell.dimensions() {
        1 => 2.0 * (r2 - r1),
        2 => PI * (r2 * r2 - r1 * r1),
        _ => 4.0 / 3.0 * PI * (r2.powi(3) - r1.powi(3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::lattice::zincblende;
    use crate::atoms::{cell::Cell, disorder::random};
    use rand::RngExt;

    fn gas(atoms: usize, edges: [f64; 3]) -> Structure {
        let mut random = random(11, 0);
        let mut place = |edge: f64| edge * random.random::<f64>();
        let positions = (0..atoms).map(|_| edges.map(&mut place)).collect();
        let species_of = (0..atoms).map(|i| i % 2).collect();
        let species = vec!["Si".into(), "C".into()];
        let cell = Cell::orthorhombic(edges).unwrap();
        Structure::new(cell, species, vec![28.0, 12.0], species_of, positions).unwrap()
    }

    #[test]
    fn an_ideal_gas_has_none_but_its_noise() {
        // The box is smaller than twice the reach: images count.
        let gas = gas(2000, [16.0, 19.0, 22.0]);
        let grid = Grid::new(0.0, 12.0, 24).unwrap();
        let rdf = partial_rdf(&gas, &grid, None).unwrap();
        let counts = pair_counts(&gas, &grid, None).unwrap();
        for ((g, n), (a, b)) in rdf.g.iter().zip(&counts).zip(&rdf.pairs) {
            for (g, n) in g.iter().zip(n).skip(2) {
                // Of equal species each pair is counted from both sides.
                let met = if a == b { n / 2.0 } else { *n };
                assert!((g - 1.0).abs() < 4.5 / met.sqrt(), "{g} of {met} pairs");
            }
        }
    }

    #[test]
    fn x_rays_weigh_by_electrons() {
        let crystal = zincblende(4.36, ["Si", "C"], [28.085, 12.011]).unwrap();
        let grid = Grid::new(0.0, 5.0, 50).unwrap();
        let rdf = partial_rdf(&crystal, &grid, None).unwrap();
        let weights = rdf.weights(&crystal, Weighting::XRay).unwrap();
        for (w, z) in weights
            .iter()
            .zip([14.0 * 14.0, 2.0 * 14.0 * 6.0, 6.0 * 6.0])
        {
            assert!((w - z / 400.0).abs() < 1e-15);
        }
    }

    #[test]
    fn the_same_on_any_number_of_cores() {
        let gas = gas(500, [14.0; 3]);
        let grid = Grid::new(0.0, 6.0, 60).unwrap();
        let on = |cores: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(cores);
            let count = || pair_counts(&gas, &grid, None).unwrap();
            pool.build().unwrap().install(count)
        };
        assert_eq!(on(1), on(3));
    }
}
