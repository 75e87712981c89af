//! How far two atoms move against each other at a temperature, from the harmonic modes.
//!
//! ```text
//! C = Σ_s ħ/(2 ω_s) coth(ħω_s / 2kT) e_s e_sᵀ / √(m m'),   σ_ij² = r̂ᵀ (C_ii + C_jj - C_ij - C_ji) r̂
//! ```
//!
//! Zero and imaginary modes are left out. (Egami and Billinge, *Underneath the Bragg Peaks*, 2nd ed., section 3.3.)

use crate::units::{BOLTZMANN_MEV_PER_K, HBAR_SQUARED_MEV_AMU_A2, THZ_IN_MEV};
use crate::vibrations::modes::{Modes, ZERO_THZ};
use faer::{Mat, MatRef};

/// Displacement covariance of all atoms, Å².
#[derive(Debug, Clone)]
pub struct PairWidths {
    covariance: Mat<f64>,
}

impl PairWidths {
    /// From modes with vectors (`None` without) and the mass of each atom in amu, at a temperature in K.
    pub fn new(modes: &Modes, masses: &[f64], temperature: f64) -> Option<Self> {
        let vectors = modes.vectors.as_ref()?;
        let real: Vec<usize> = (0..modes.frequencies_thz.len())
            .filter(|&s| modes.frequencies_thz[s] > ZERO_THZ)
            .collect();
        let amplitude: Vec<f64> = real
            .iter()
            .map(|&s| {
                mean_square_mass_weighted(modes.frequencies_thz[s] * THZ_IN_MEV, temperature).sqrt()
            })
            .collect();
        let scaled = Mat::from_fn(vectors.nrows(), real.len(), |i, k| {
            vectors[(i, real[k])] * amplitude[k] / masses[i / 3].sqrt()
        });
        Some(Self {
            covariance: &scaled * scaled.transpose(),
        })
    }

    /// Variance in Å² of the distance between atoms i and j along the unit vector `along`. An atom and its own image move
    /// together: the width is zero.
    pub fn variance(&self, i: usize, j: usize, along: [f64; 3]) -> f64 {
        let block =
            |a: usize, b: usize| quadratic(self.covariance.submatrix(3 * a, 3 * b, 3, 3), along);
        (block(i, i) + block(j, j) - block(i, j) - block(j, i)).max(0.0)
    }
}

/// ⟨q²⟩ of a mass-weighted normal coordinate, `ħ²/(2E) coth(E/2kT)`, in amu Å².
fn mean_square_mass_weighted(energy_mev: f64, temperature: f64) -> f64 {
    let coth = if temperature > 0.0 {
        1.0 / (energy_mev / (2.0 * BOLTZMANN_MEV_PER_K * temperature)).tanh()
    } else {
        1.0
    };
    HBAR_SQUARED_MEV_AMU_A2 / (2.0 * energy_mev) * coth
}

fn quadratic(m: MatRef<'_, f64>, v: [f64; 3]) -> f64 {
    (0..3)
        .map(|a| (0..3).map(|b| v[a] * m[(a, b)] * v[b]).sum::<f64>())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A diatomic along x: one mode, e = (√(μ/m₁), -√(μ/m₂)), so that the bond length has variance ħ/(2μω) coth.
    #[test]
    fn a_diatomic_has_its_closed_form() {
        let (m1, m2, nu) = (28.0, 16.0, 30.0);
        let reduced: f64 = m1 * m2 / (m1 + m2);
        let mut vectors = Mat::zeros(6, 1);
        vectors[(0, 0)] = (reduced / m1).sqrt();
        vectors[(3, 0)] = -(reduced / m2).sqrt();
        let modes = Modes {
            frequencies_thz: vec![nu],
            vectors: Some(vectors),
        };
        for t in [0.0, 300.0, 3000.0] {
            let widths = PairWidths::new(&modes, &[m1, m2], t).unwrap();
            let energy = nu * THZ_IN_MEV;
            let occupation = if t > 0.0 {
                1.0 / ((energy / (BOLTZMANN_MEV_PER_K * t)).exp() - 1.0)
            } else {
                0.0
            };
            let exact =
                HBAR_SQUARED_MEV_AMU_A2 / (2.0 * reduced * energy) * (2.0 * occupation + 1.0);
            assert!((widths.variance(0, 1, [1.0, 0.0, 0.0]) / exact - 1.0).abs() < 1e-12);
            assert!(widths.variance(0, 1, [0.0, 1.0, 0.0]) < 1e-15);
            assert!(widths.variance(0, 0, [1.0, 0.0, 0.0]) < 1e-15);
        }
    }
}
