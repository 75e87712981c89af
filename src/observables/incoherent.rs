//! Inelastic neutron scattering in the incoherent approximation: every atom scatters for itself.
//!
//! `S(Q,E) = Σ_a c_a σ_a/4π exp(-2W_a) Σ_n (2W_a)ⁿ/n! T_n(E)`, barn/(sr meV) per atom: the double differential cross section
//! without its factor k'/k. `2W_a = Q² ⟨u_x²⟩_a`, the mean square displacement of the species along one direction (isotropic).
//! `T_1` is the one-phonon spectrum of area 1, `2W T_1 = (ħ²Q²/2M) g_a(|E|)/|E| f`, f being n + 1 for E > 0 and n for E < 0, and
//! `T_n` is `T_1` folded with `T_{n-1}` (G. L. Squires, *Introduction to the Theory of Thermal Neutron Scattering*,
//! Cambridge 1978, chapter 3). The elastic line (n = 0) is left out. σ is the bound total cross section.

use super::comb::Comb;
use super::thermal_width::Statistics;
use super::vdos::Vdos;
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::line_shape::LineShape;
use crate::instrument::locus::Locus;
use crate::units::{HBAR_SQUARED_MEV_AMU_A2, THZ_IN_MEV};
use crate::vibrations::modes::{Modes, ZERO_THZ};
use std::f64::consts::PI;

/// More phonons than this at a time are a liquid's business.
pub const MOST_ORDERS: usize = 20;
/// Modes this many times further out than the axis are false ones; they do not come back by giving energy up.
const FAR: f64 = 2.0;

/// Temperature and the statistics of the modes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thermal {
    /// K.
    pub kelvin: f64,
    /// Bose's, or classical in reduced units.
    pub statistics: Statistics,
}

/// Atoms that vibrate and scatter alike.
#[derive(Debug, Clone, PartialEq)]
struct Scatterer {
    /// `c_a σ_a / 4π`, barn/sr.
    strength: f64,
    /// amu.
    mass: f64,
    /// Share of its motion at each energy; sums to 1.
    shares: Vec<f64>,
}

/// The incoherent scattering of a structure at a temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoherent {
    /// meV, ascending, above zero.
    energies: Vec<f64>,
    scatterers: Vec<Scatterer>,
    thermal: Thermal,
}

/// Bound total cross section of each species, barn. Species of reduced units have none.
pub fn cross_sections(structure: &Structure) -> Result<Vec<f64>> {
    let of = |symbol: &String| Ok(element(symbol)?.sigma_total());
    structure.species.iter().map(of).collect()
}

impl Incoherent {
    /// From all modes with their vectors, the atoms of each species taken together; `cross_sections` in barn, one a species.
    ///
    /// Translations and imaginary modes are left out, and what is left of each species' motion is counted as all of it.
    pub fn of_modes(
        modes: &Modes,
        structure: &Structure,
        thermal: Thermal,
        cross_sections: &[f64],
    ) -> Result<Self> {
        let groups = &structure.species_of;
        Self::of_groups(modes, structure, thermal, cross_sections, groups)
    }

    /// The same with every atom by itself: its own displacement in the Debye-Waller factor.
    pub fn of_atoms(
        modes: &Modes,
        structure: &Structure,
        thermal: Thermal,
        cross_sections: &[f64],
    ) -> Result<Self> {
        let groups: Vec<usize> = (0..structure.len()).collect();
        Self::of_groups(modes, structure, thermal, cross_sections, &groups)
    }

    fn of_groups(
        modes: &Modes,
        structure: &Structure,
        thermal: Thermal,
        cross_sections: &[f64],
        groups: &[usize],
    ) -> Result<Self> {
        let Some(vectors) = &modes.vectors else {
            return Err(Error::new(
                "inelastic scattering needs the eigenvectors of the modes",
            ));
        };
        let kept: Vec<usize> = (0..modes.frequencies_thz.len())
            .filter(|&s| modes.frequencies_thz[s] >= ZERO_THZ)
            .collect();
        let count = groups.iter().max().map_or(0, |g| g + 1);
        let mut shares = vec![vec![0.0; kept.len()]; count];
        for (k, &s) in kept.iter().enumerate() {
            for (row, e) in vectors.col(s).iter().enumerate() {
                shares[groups[row / 3]][k] += e * e;
            }
        }
        let energies = kept
            .iter()
            .map(|&s| modes.frequencies_thz[s] * THZ_IN_MEV)
            .collect();
        let mut first = vec![0; count];
        let mut members = vec![0.0; count];
        for (i, &g) in groups.iter().enumerate() {
            first[g] = i;
            members[g] += 1.0;
        }
        let scatterers = shares.into_iter().enumerate().map(|(g, shares)| {
            let kind = structure.species_of[first[g]];
            Scatterer {
                strength: members[g] / structure.len() as f64 * cross_sections[kind] / (4.0 * PI),
                mass: structure.masses[kind],
                shares,
            }
        });
        Self::checked(energies, scatterers.collect(), thermal)
    }

    /// From densities of states, for structures too large for their modes: each bin stands for one mode.
    pub fn of_density(
        vdos: &Vdos,
        structure: &Structure,
        thermal: Thermal,
        cross_sections: &[f64],
    ) -> Result<Self> {
        let concentrations = structure.concentrations();
        let scatterers = (vdos.partial.iter().enumerate()).map(|(a, density)| Scatterer {
            strength: concentrations[a] * cross_sections[a] / (4.0 * PI),
            mass: structure.masses[a],
            shares: density.clone(),
        });
        Self::checked(vdos.grid.centres(), scatterers.collect(), thermal)
    }

    fn checked(
        energies: Vec<f64>,
        mut scatterers: Vec<Scatterer>,
        thermal: Thermal,
    ) -> Result<Self> {
        if !(thermal.kelvin.is_finite() && thermal.kelvin >= 0.0) {
            return Err(Error::new(format!(
                "a temperature of {} K is not possible",
                thermal.kelvin
            )));
        }
        for scatterer in &mut scatterers {
            let sum: f64 = scatterer.shares.iter().sum();
            if !(sum.is_finite() && sum > 0.0) {
                return Err(Error::new("there is no vibration")
                    .because("every mode is a translation or imaginary, or some atom is in none"));
            }
            scatterer.shares.iter_mut().for_each(|w| *w /= sum);
        }
        if !scatterers.iter().any(|s| s.strength > 0.0) {
            return Err(Error::new("no element of this structure scatters neutrons"));
        }
        Ok(Self {
            energies,
            scatterers,
            thermal,
        })
    }

    /// Energies of the modes, meV.
    pub fn energies(&self) -> &[f64] {
        &self.energies
    }

    /// `⟨u_x²⟩` of each species (or atom) in Å².
    pub fn mean_squares(&self) -> Vec<f64> {
        let Thermal { kelvin, statistics } = self.thermal;
        let of = |s: &Scatterer| {
            let terms = self.energies.iter().zip(&s.shares);
            let sum: f64 = terms
                .map(|(e, w)| w * statistics.mean_square(*e, kelvin))
                .sum();
            sum / s.mass
        };
        self.scatterers.iter().map(of).collect()
    }

    /// For each species (or atom) and each mode the area, barn/sr per atom, of the line in which one phonon is made, and of that
    /// in which it is destroyed, at one Q² (Å⁻²).
    pub fn lines(&self, q_squared: f64) -> Vec<Vec<(f64, f64)>> {
        let widths = self.mean_squares();
        let of = |(s, u2): (&Scatterer, f64)| {
            let factor = s.strength * (-q_squared * u2).exp() * q_squared;
            let line = |(made, destroyed): (f64, f64)| (factor * made, factor * destroyed);
            self.per_q_squared(s).into_iter().map(line).collect()
        };
        self.scatterers.iter().zip(widths).map(of).collect()
    }

    /// `2W T_1 / Q²` of each mode, Å²: its two lines.
    fn per_q_squared(&self, s: &Scatterer) -> Vec<(f64, f64)> {
        let Thermal { kelvin, statistics } = self.thermal;
        let line = |(energy, share): (&f64, &f64)| {
            let (made, destroyed) = statistics.factors(*energy, kelvin);
            let area = HBAR_SQUARED_MEV_AMU_A2 / (2.0 * s.mass) * share / energy;
            (area * made, area * destroyed)
        };
        self.energies.iter().zip(&s.shares).map(line).collect()
    }

    /// S(Q,E) along a locus, the mean over each bin of `grid` (meV, loss positive), in barn/(sr meV) per atom, with one to
    /// `orders` phonons; each line in the shape of the resolution.
    ///
    /// Errors: a locus or a shape that cannot be, no or too many phonons.
    pub fn spectrum(
        &self,
        locus: &Locus,
        grid: &Grid,
        orders: usize,
        shape: &LineShape,
    ) -> Result<Vec<f64>> {
        locus.check()?;
        shape.check()?;
        if orders == 0 || orders > MOST_ORDERS {
            return Err(Error::new(format!(
                "{orders} phonons are not between 1 and {MOST_ORDERS}"
            )));
        }
        let reach = grid.end().abs().max(grid.start().abs());
        let mut sum = Comb::between(-FAR * reach, FAR * reach, grid);
        let squares: Vec<_> = (0..sum.weights.len())
            .map(|k| locus.squares(sum.energy(k)))
            .collect();
        for (s, u2) in self.scatterers.iter().zip(self.mean_squares()) {
            let one = self.one_phonon(s, grid, FAR * reach);
            let mut many = one.clone();
            for n in 1..=orders {
                add_order(&mut sum, &squares, &many, s.strength, u2, n);
                if n < orders {
                    many = many.folded(&one);
                }
            }
        }
        Ok(sum.shown(grid, shape))
    }

    /// `2W T_1 / Q²` as a comb.
    fn one_phonon(&self, s: &Scatterer, grid: &Grid, reach: f64) -> Comb {
        let top = self.energies.last().copied().unwrap_or(0.0).min(reach) + grid.step();
        let mut comb = Comb::between(-top, top, grid);
        for (energy, (made, destroyed)) in self.energies.iter().zip(self.per_q_squared(s)) {
            comb.add(*energy, made);
            comb.add(-energy, destroyed);
        }
        comb
    }

    /// S(Q,E) on a map: a spectrum for each Q (1/Å), as [`spectrum`](Self::spectrum).
    pub fn map(
        &self,
        qs: &[f64],
        grid: &Grid,
        orders: usize,
        shape: &LineShape,
    ) -> Result<Vec<Vec<f64>>> {
        let of = |q: &f64| self.spectrum(&Locus::FixedQ(*q), grid, orders, shape);
        qs.iter().map(of).collect()
    }
}

/// Adds `strength exp(-Q²u²) Q²ⁿ/n!` times the n-phonon comb, Q² being that of each energy.
fn add_order(
    sum: &mut Comb,
    squares: &[Vec<(f64, f64)>],
    comb: &Comb,
    strength: f64,
    u2: f64,
    n: usize,
) {
    let power = i32::try_from(n).unwrap_or(i32::MAX);
    let factorial: f64 = (1..=n).map(|k| k as f64).product();
    for (k, w) in comb.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        let at = k.checked_add_signed(comb.first - sum.first);
        let Some((at, of_q)) = at.and_then(|at| Some((at, squares.get(at)?))) else {
            continue;
        };
        let factor: f64 = of_q
            .iter()
            .map(|(q2, weight)| weight * (-q2 * u2).exp() * q2.powi(power))
            .sum();
        sum.weights[at] += strength / factorial * factor * w;
    }
}

#[cfg(test)]
mod tests;
