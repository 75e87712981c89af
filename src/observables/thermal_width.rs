//! How far the harmonic modes carry each atom at a temperature, and how that blurs the distance of a pair.

use crate::atoms::cell::{dot, norm};
use crate::error::{Error, Result};
use crate::units::{BOLTZMANN_MEV_PER_K, HBAR_SQUARED_MEV_AMU_A2, THZ_IN_MEV};
use crate::vibrations::modes::{Modes, ZERO_THZ};
use faer::Mat;

/// The displacement covariance `C_ij = ⟨u_i u_jᵀ⟩` (Å²) of a structure in its harmonic modes.
///
/// `C = Σ_s ħ/(2ω_s) coth(ħω_s/2kT) e_s e_sᵀ / √(m mᵀ)`. Modes with ν below [`ZERO_THZ`] (translations) and imaginary
/// ones are left out: they have no harmonic width.
#[derive(Debug, Clone)]
pub struct PairWidths {
    covariance: Mat<f64>,
    left_out: usize,
}

impl PairWidths {
    /// From the modes of a structure, the mass of each atom (amu) and a temperature (K).
    pub fn new(modes: &Modes, masses: &[f64], kelvin: f64, statistics: Statistics) -> Result<Self> {
        let Some(vectors) = &modes.vectors else {
            return Err(Error::new(
                "thermal widths need the eigenvectors of the modes",
            ));
        };
        let size = 3 * masses.len();
        if vectors.nrows() != size || vectors.ncols() != modes.frequencies_thz.len() {
            return Err(Error::new(format!(
                "{} masses for {} modes of {} coordinates",
                masses.len(),
                vectors.ncols(),
                vectors.nrows()
            )));
        }
        if !(kelvin.is_finite() && kelvin >= 0.0) {
            return Err(Error::new(format!(
                "a temperature of {kelvin} K is not possible"
            )));
        }
        let kept: Vec<(usize, f64)> = (modes.frequencies_thz.iter().enumerate())
            .filter(|&(_, &f)| f >= ZERO_THZ)
            .map(|(s, &f)| (s, statistics.mean_square(f * THZ_IN_MEV, kelvin).sqrt()))
            .collect();
        // Column s is the root-mean-square displacement in mode s, so C is one product.
        let spread = Mat::from_fn(size, kept.len(), |row, k| {
            let (s, amplitude) = kept[k];
            vectors[(row, s)] * amplitude / masses[row / 3].sqrt()
        });
        Ok(Self {
            covariance: &spread * spread.transpose(),
            left_out: modes.frequencies_thz.len() - kept.len(),
        })
    }

    /// The number of modes left out: translations and imaginary ones.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Number of atoms.
    pub fn atoms(&self) -> usize {
        self.covariance.nrows() / 3
    }

    /// `⟨u_i u_jᵀ⟩` in Å².
    pub fn block(&self, i: usize, j: usize) -> [[f64; 3]; 3] {
        let at = |x, y| self.covariance[(3 * i + x, 3 * j + y)];
        std::array::from_fn(|x| std::array::from_fn(|y| at(x, y)))
    }

    /// Variance (Å²) of the distance between atom i and the image of j that lies at `vector` from it:
    /// `r̂ᵀ (C_ii + C_jj − C_ij − C_ji) r̂`.
    ///
    /// The modes are those of the cell, so all images of an atom move together: an atom and its own image keep their
    /// distance, and the variance is zero.
    pub fn variance(&self, i: usize, j: usize, vector: [f64; 3]) -> f64 {
        let length = norm(vector);
        let along = |a, b| {
            let rows = self.block(a, b).map(|row| dot(row, vector));
            dot(rows, vector) / (length * length)
        };
        // Rounding may leave a tiny negative number where the two move as one.
        (along(i, i) + along(j, j) - 2.0 * along(i, j)).max(0.0)
    }

    /// No pair is wider than this standard deviation (Å): twice the largest displacement in any direction.
    pub fn widest(&self) -> f64 {
        let norm_of = |i| -> f64 { self.block(i, i).as_flattened().iter().map(|x| x * x).sum() };
        let largest = (0..self.atoms()).map(norm_of).fold(0.0, f64::max);
        2.0 * largest.sqrt().sqrt()
    }
}

/// How far a mode swings at a temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistics {
    /// Bose's; 0 K leaves the zero-point motion.
    Quantum,
    /// The classical limit, for reduced units, which have no ħ; at 0 K all is still.
    Classical,
}

impl Statistics {
    /// ⟨q²⟩ of a mode of energy E (meV) in amu Å²: `ħ²/(2E) coth(E/2kT)`, classically `ħ² kT/E²` = kT/ω².
    pub fn mean_square(self, energy: f64, kelvin: f64) -> f64 {
        let thermal = BOLTZMANN_MEV_PER_K * kelvin;
        let share = match self {
            Self::Classical => 2.0 * thermal / energy,
            Self::Quantum if thermal > 0.0 => 1.0 / (energy / (2.0 * thermal)).tanh(),
            Self::Quantum => 1.0,
        };
        HBAR_SQUARED_MEV_AMU_A2 / (2.0 * energy) * share
    }

    /// The factor of a line in which the sample takes up an energy E > 0 (meV), `n + 1`, and of that in which it gives it up,
    /// `n`, with `n = 1/(exp(E/kT) - 1)`; classically both are kT/E.
    pub fn factors(self, energy: f64, kelvin: f64) -> (f64, f64) {
        let thermal = BOLTZMANN_MEV_PER_K * kelvin;
        match self {
            Self::Classical => (thermal / energy, thermal / energy),
            Self::Quantum if thermal > 0.0 => {
                let n = 1.0 / (energy / thermal).exp_m1();
                (n + 1.0, n)
            }
            Self::Quantum => (1.0, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Statistics::{Classical, Quantum};
    use super::*;

    #[test]
    fn hot_modes_are_classical() {
        // coth x − 1/x = x/3 + ...; here x = E/2kT = 0.0058.
        let [quantum, classical] = [Quantum, Classical].map(|s| s.mean_square(1.0, 1000.0));
        assert!((quantum / classical - 1.0 - 0.0058_f64.powi(2) / 3.0).abs() < 1e-7);
        assert!(Classical.mean_square(1.0, 0.0).abs() < f64::MIN_POSITIVE);
    }

    const MASSES: [f64; 2] = [28.085, 15.999];
    const THZ: f64 = 20.0;

    /// Two atoms on a spring along x: one mode, e ∝ (√m2, −√m1); the other five are free.
    fn diatomic() -> Modes {
        let [a, b] = MASSES.map(|m| (m / MASSES.iter().sum::<f64>()).sqrt());
        let mut vectors = Mat::identity(6, 6);
        (vectors[(0, 0)], vectors[(3, 0)]) = (a, b);
        // Columns 0 and 3: translation and stretch along x.
        (vectors[(0, 3)], vectors[(3, 3)]) = (b, -a);
        let order = [0, 1, 2, 4, 5, 3];
        Modes {
            frequencies_thz: vec![-1e-6, 0.0, 1e-6, 1e-6, 2e-6, THZ],
            vectors: Some(Mat::from_fn(6, 6, |r, c| vectors[(r, order[c])])),
        }
    }

    #[test]
    fn diatomic_has_the_width_of_its_reduced_mass() {
        let reduced = MASSES[0] * MASSES[1] / (MASSES[0] + MASSES[1]);
        for kelvin in [0.0, 30.0, 300.0, 3000.0] {
            let widths = PairWidths::new(&diatomic(), &MASSES, kelvin, Quantum).unwrap();
            let expected = Quantum.mean_square(THZ * THZ_IN_MEV, kelvin) / reduced;
            let got = widths.variance(0, 1, [1.6, 0.0, 0.0]);
            assert!((got / expected - 1.0).abs() < 1e-12, "{kelvin} K");
            assert!(widths.variance(0, 1, [0.0, 1.6, 0.0]) < 1e-15);
            assert!(widths.variance(1, 1, [3.0, 1.0, 0.0]) < 1e-15);
            assert!(widths.widest() >= got.sqrt());
            assert_eq!(widths.left_out(), 5);
        }
    }

    /// kT/(mω²) at high temperature, in SI; ħ/(2mω) at 0 K.
    #[test]
    fn limits_in_si_units() {
        let omega = std::f64::consts::TAU * 1e12; // 1 THz
        let (k, hbar, amu) = (1.380_649e-23, 1.054_571_817e-34, 1.660_539_066_60e-27);
        let classical = k * 1e5 / (amu * omega * omega) * 1e20;
        assert!((Quantum.mean_square(THZ_IN_MEV, 1e5) / classical - 1.0).abs() < 1e-6);
        let zero_point = hbar / (2.0 * amu * omega) * 1e20;
        assert!((Quantum.mean_square(THZ_IN_MEV, 0.0) / zero_point - 1.0).abs() < 1e-8);
    }

    /// `Σ_i` `m_i` `C_ii` = `Σ_s` ⟨`q_s²`⟩, and the centre of mass stays: `Σ_j` `m_j` `C_ij` = 0.
    #[test]
    fn sum_rules() {
        let widths = PairWidths::new(&diatomic(), &MASSES, 300.0, Quantum).unwrap();
        let trace = |i: usize| (0..3).map(|x| widths.block(i, i)[x][x]).sum::<f64>();
        let total = MASSES[0] * trace(0) + MASSES[1] * trace(1);
        assert!((total / Quantum.mean_square(THZ * THZ_IN_MEV, 300.0) - 1.0).abs() < 1e-12);
        let drift = MASSES[0] * widths.block(0, 0)[0][0] + MASSES[1] * widths.block(0, 1)[0][0];
        assert!(drift.abs() < 1e-15);
    }

    #[test]
    fn modes_that_do_not_fit_are_refused() {
        let mut modes = diatomic();
        assert!(PairWidths::new(&modes, &MASSES[..1], 300.0, Quantum).is_err());
        assert!(PairWidths::new(&modes, &MASSES, f64::NAN, Quantum).is_err());
        assert!(PairWidths::new(&modes, &MASSES, -1.0, Quantum).is_err());
        modes.vectors = None;
        assert!(PairWidths::new(&modes, &MASSES, 300.0, Quantum).is_err());
    }
}
