//! Thermal conductivity of a glass from its harmonic modes: P. B. Allen and J. L. Feldman, *Phys. Rev. B* **48**, 12581 (1993).
//!
//! Modes carry heat by their overlap with others of nearly the same frequency:
//! `κ(T) = 1/V Σ_s C_s(T) D_s`, `D_s = (π/d) Σ_t Σ_a |S^a_st|² δ(ω_s − ω_t) / (4 ω_s ω_t)`, with `S^a = Eᵀ V^a E`,
//! `V^a_ij = (r_i − r_j)^a D_ij`, the dynamical matrix D, its eigenvectors E and the d directions that repeat. `r_i − r_j` goes to the nearest
//! image, as in every program that knows the Hessian summed over images; a cell must be wider than twice the range of the forces.
//!
//! A finite cell has no two modes of one frequency, so δ must be broader than the distance of the levels, and κ depends on how broad:
//! κ means nothing without the [label](Transport::label). Waves longer than the cell are not in it; see [`propagons`].

mod overlap;
pub mod propagons;

use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::potentials::hessian::Hessian;
use crate::units::{BOLTZMANN_MEV_PER_K, THZ_IN_MEV};
use crate::vibrations::modes::{Modes, ZERO_THZ};
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::f64::consts::{LN_2, PI, TAU};

/// 1 rad/ps in meV: ħ.
pub const RAD_PER_PS_IN_MEV: f64 = THZ_IN_MEV / TAU;
/// Boltzmann constant in J/K.
const BOLTZMANN_J_PER_K: f64 = 1.380_649e-23;
/// 1 Å²/ps in mm²/s.
const A2_PER_PS_IN_MM2_PER_S: f64 = 0.01;
/// 1 J/K mm²/s / Å³ in W/m/K.
const IN_W_PER_M_K: f64 = 1e24;

/// The shape that stands for δ(ω).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kernel {
    /// `(h/π)/(ω² + h²)`, h the half width at half maximum.
    #[default]
    Lorentzian,
    /// A Gaussian of the same half width at half maximum, `h = √(2 ln 2) σ`.
    Gaussian,
}

/// How δ is broadened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broadening {
    /// Shape.
    pub kernel: Kernel,
    /// **Half** width at half maximum, meV. Programs differ: `kALDo`'s `diffusivity_bandwidth` is half of this, in rad/ps.
    pub half_width: f64,
}

impl Broadening {
    /// δ(ω) in ps, ω in rad/ps.
    fn at(self, omega: f64) -> f64 {
        let h = self.half_width / RAD_PER_PS_IN_MEV;
        match self.kernel {
            Kernel::Lorentzian => h / (PI * (omega * omega + h * h)),
            Kernel::Gaussian => {
                let sigma = h / (2.0 * LN_2).sqrt();
                (-0.5 * (omega / sigma).powi(2)).exp() / (sigma * TAU.sqrt())
            }
        }
    }
}

/// How far each mode of a structure carries heat.
#[derive(Debug, Clone)]
pub struct Transport {
    /// Energies `ħω_s` of the modes that vibrate, meV, ascending.
    pub energies: Vec<f64>,
    /// `D_s` along x, y and z, mm²/s; the mean over the directions that repeat is the diffusivity.
    pub diffusivity: Vec<[f64; 3]>,
    /// What the pair s > t adds to both `D_s` and `D_t`, mean over directions, mm²/s.
    pairs: Mat<f64>,
    /// Directions over which means are taken.
    directions: usize,
    /// Å³.
    volume: f64,
    atoms: usize,
    broadening: Broadening,
}

impl Transport {
    /// The mode diffusivities of a structure. A sheet (two directions repeat) has a volume only with a `thickness` in Å, and carries heat in
    /// its plane, x and y. Modes of zero and of imaginary frequency are left out.
    ///
    /// Errors: modes without eigenvectors or of another structure; fewer than two modes; no thickness; a width that is not positive.
    pub fn new(
        structure: &Structure,
        hessian: &Hessian,
        modes: &Modes,
        broadening: Broadening,
        thickness: Option<f64>,
    ) -> Result<Self> {
        let (volume, directions) = extent(structure, thickness)?;
        if !(broadening.half_width.is_finite() && broadening.half_width > 0.0) {
            return Err(Error::new(format!(
                "a half width of {} meV is not possible",
                broadening.half_width
            ))
            .cure("give half_width in meV, more than the mean distance of the levels"));
        }
        let vectors = modes.vectors.as_ref().ok_or_else(|| {
            Error::new("the thermal conductivity needs the eigenvectors of the modes")
        })?;
        if vectors.nrows() != 3 * structure.len() || hessian.atoms() != structure.len() {
            return Err(Error::new(
                "modes, Hessian and structure do not belong together",
            ));
        }
        let kept: Vec<usize> = (0..modes.frequencies_thz.len())
            .filter(|&s| modes.frequencies_thz[s] >= ZERO_THZ)
            .collect();
        if kept.len() < 2 {
            return Err(Error::new(
                "fewer than two modes vibrate: nothing carries heat",
            ));
        }
        let omega: Vec<f64> = kept
            .iter()
            .map(|&s| TAU * modes.frequencies_thz[s])
            .collect();
        let kept_vectors = Mat::from_fn(vectors.nrows(), kept.len(), |i, s| vectors[(i, kept[s])]);
        let carried = overlap::Carried::new(structure, hessian);
        let mut transport = Self {
            energies: omega.iter().map(|w| w * RAD_PER_PS_IN_MEV).collect(),
            diffusivity: vec![[0.0; 3]; kept.len()],
            pairs: Mat::zeros(kept.len(), kept.len()),
            directions,
            volume,
            atoms: structure.len(),
            broadening,
        };
        for axis in 0..directions {
            let s = carried.overlap(&kept_vectors, axis);
            transport.add(&omega, &s, axis);
        }
        Ok(transport)
    }

    fn add(&mut self, omega: &[f64], overlap: &Mat<f64>, axis: usize) {
        let n = omega.len();
        for t in 0..n {
            let column = overlap.col(t);
            for s in t + 1..n {
                let kernel =
                    PI * self.broadening.at(omega[s] - omega[t]) / (4.0 * omega[s] * omega[t]);
                let both = column[s] * column[s] * kernel * A2_PER_PS_IN_MM2_PER_S;
                self.diffusivity[s][axis] += both;
                self.diffusivity[t][axis] += both;
                self.pairs[(s, t)] += both / self.directions as f64;
            }
        }
    }

    /// Diffusivity of a mode, mm²/s: the mean over the directions that repeat.
    pub fn mean_diffusivity(&self, mode: usize) -> f64 {
        self.diffusivity[mode][..self.directions]
            .iter()
            .sum::<f64>()
            / self.directions as f64
    }

    /// κ in W/m/K at a temperature in K: `1/V Σ C_s D_s`. Zero at T = 0.
    pub fn conductivity(&self, temperature: f64) -> f64 {
        let term =
            |s: usize| heat_capacity(self.energies[s], temperature) * self.mean_diffusivity(s);
        (0..self.energies.len()).map(term).sum::<f64>() * IN_W_PER_M_K / self.volume
    }

    /// κ along x, y and z, W/m/K; zero where nothing repeats.
    pub fn conductivity_by_axis(&self, temperature: f64) -> [f64; 3] {
        let term = |s: usize, a: usize| {
            heat_capacity(self.energies[s], temperature) * self.diffusivity[s][a]
        };
        std::array::from_fn(|a| {
            (0..self.energies.len()).map(|s| term(s, a)).sum::<f64>() * IN_W_PER_M_K / self.volume
        })
    }

    /// κ in W/m/K with the heat capacity of each pair of modes, `C_st = (ħω_s ω_t/T)(n_t − n_s)/(ω_s − ω_t)`, in place of that of each
    /// mode: the quasi-harmonic Green-Kubo form without lifetimes (L. Isaeva, G. Barbalinardo, D. Donadio and S. Baroni, *Nat. Commun.*
    /// **10**, 3853 (2019)). It differs from [`conductivity`](Self::conductivity) by the broadening over kT.
    pub fn conductivity_of_pairs(&self, temperature: f64) -> f64 {
        let n = self.energies.len();
        let bose: Vec<f64> = self
            .energies
            .iter()
            .map(|e| occupation(*e, temperature))
            .collect();
        let mut sum = 0.0;
        for t in 0..n {
            for s in t + 1..n {
                let (es, et) = (self.energies[s], self.energies[t]);
                let c = if es - et > 1e-9 * es {
                    let slope = (bose[t] - bose[s]) / (es - et);
                    es * et * slope / (temperature * BOLTZMANN_MEV_PER_K) * BOLTZMANN_J_PER_K
                } else {
                    heat_capacity(es, temperature)
                };
                sum += 2.0 * c * self.pairs[(s, t)];
            }
        }
        sum * IN_W_PER_M_K / self.volume
    }

    /// Mean distance of the levels, meV.
    pub fn level_spacing(&self) -> f64 {
        let last = self.energies.len() - 1;
        (self.energies[last] - self.energies[0]) / last as f64
    }

    /// What κ depends on besides the structure; belongs beside every value.
    pub fn label(&self) -> String {
        let h = self.broadening.half_width;
        let kernel = match self.broadening.kernel {
            Kernel::Lorentzian => "Lorentzian",
            Kernel::Gaussian => "Gaussian",
        };
        format!(
            "Allen-Feldman, N = {}, {kernel} of half width at half maximum {h:.4} meV (full {:.4} meV; half {:.4} rad/ps), mean level spacing {:.4} meV, no propagons",
            self.atoms,
            2.0 * h,
            h / RAD_PER_PS_IN_MEV,
            self.level_spacing()
        )
    }

    /// A doubt, if the broadening is narrower than the distance of the levels.
    pub fn finding(&self) -> Option<Finding> {
        let (h, spacing) = (self.broadening.half_width, self.level_spacing());
        (h < spacing).then(|| {
            Finding::new(
                "narrower-than-levels",
                format!("The half width {h:.4} meV is less than the mean distance of the levels, {spacing:.4} meV: the conductivity depends on chance coincidences of modes."),
                format!("Use a larger cell, or a half width of a few times {spacing:.3} meV."),
            )
        })
    }

    /// Volume, Å³.
    pub fn volume(&self) -> f64 {
        self.volume
    }
}

/// Volume in Å³ and the number of directions in which heat flows.
fn extent(structure: &Structure, thickness: Option<f64>) -> Result<(f64, usize)> {
    match (structure.cell.dimensions(), thickness) {
        (3, _) => Ok((structure.cell.volume(), 3)),
        (2, Some(t)) if t.is_finite() && t > 0.0 => Ok((structure.cell.measure() * t, 2)),
        (2, Some(t)) => Err(Error::new(format!("a sheet {t} Å thick is not possible"))),
        (2, None) => Err(
            Error::new("the thermal conductivity of a sheet needs its thickness")
                .because("a conductivity is per cross section, and a sheet has none of its own")
                .cure("state one, such as 3.35 Å for graphene: thickness = 3.35 in [record.kappa]"),
        ),
        _ => Err(
            Error::new("no heat flows through a cluster or a chain here")
                .cure("give a structure that repeats in two or three directions"),
        ),
    }
}

/// `k_B x² eˣ/(eˣ − 1)²`, x = ħω/kT, in J/K.
pub(super) fn heat_capacity(energy: f64, temperature: f64) -> f64 {
    let x = energy / (BOLTZMANN_MEV_PER_K * temperature);
    // Half the hyperbolic form: x²/(4 sinh²(x/2)), which neither overflows nor cancels.
    if x > 700.0 || !x.is_finite() {
        return 0.0;
    }
    let half = (0.5 * x).sinh();
    BOLTZMANN_J_PER_K * (0.5 * x / half).powi(2)
}

fn occupation(energy: f64, temperature: f64) -> f64 {
    1.0 / (energy / (BOLTZMANN_MEV_PER_K * temperature)).exp_m1()
}

#[cfg(test)]
mod tests;
