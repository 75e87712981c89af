//! How far each atom swings, and the Debye-Waller factor.

use super::incoherent::Thermal;
use crate::atoms::cell::dot;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::units::THZ_IN_MEV;
use crate::vibrations::modes::{Modes, ZERO_THZ};

/// `C_ii = ⟨u_i u_iᵀ⟩` of each atom, Å².
///
/// `C_ii = Σ_s ħ/(2ω_s) coth(ħω_s/2kT) e_is e_isᵀ / m_i`, translations and imaginary modes left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Displacements(Vec<[[f64; 3]; 3]>);

impl Displacements {
    /// From the modes of a structure.
    ///
    /// Errors: no eigenvectors, modes of another structure, an impossible temperature.
    pub fn new(modes: &Modes, structure: &Structure, thermal: Thermal) -> Result<Self> {
        let Thermal { kelvin, statistics } = thermal;
        let Some(vectors) = &modes.vectors else {
            return Err(Error::new(
                "Debye-Waller factors need the eigenvectors of the modes",
            ));
        };
        if vectors.nrows() != 3 * structure.len() {
            return Err(Error::new("these are the modes of another structure"));
        }
        if !(kelvin.is_finite() && kelvin >= 0.0) {
            return Err(Error::new(format!(
                "a temperature of {kelvin} K is not possible"
            )));
        }
        let mut blocks = vec![[[0.0; 3]; 3]; structure.len()];
        for (s, thz) in modes.frequencies_thz.iter().enumerate() {
            if *thz < ZERO_THZ {
                continue;
            }
            let square = statistics.mean_square(thz * THZ_IN_MEV, kelvin);
            let column = vectors.col(s);
            for (i, block) in blocks.iter_mut().enumerate() {
                let e: [f64; 3] = std::array::from_fn(|a| column[3 * i + a]);
                for (a, b) in (0..9).map(|n| (n / 3, n % 3)) {
                    block[a][b] += square * e[a] * e[b];
                }
            }
        }
        for (i, block) in blocks.iter_mut().enumerate() {
            let mass = structure.mass(i);
            block.as_flattened_mut().iter_mut().for_each(|c| *c /= mass);
        }
        Ok(Self(blocks))
    }

    /// All atoms of a species alike and in all directions: from `⟨u_x²⟩` of each species, Å².
    pub fn isotropic(structure: &Structure, mean_squares: &[f64]) -> Self {
        let block = |kind: &usize| {
            let u = mean_squares[*kind];
            [[u, 0.0, 0.0], [0.0, u, 0.0], [0.0, 0.0, u]]
        };
        Self(structure.species_of.iter().map(block).collect())
    }

    /// `⟨u_i u_iᵀ⟩` of atom i, Å².
    pub fn block(&self, i: usize) -> &[[f64; 3]; 3] {
        &self.0[i]
    }

    /// W of atom i, `½ Qᵀ C_ii Q`: its amplitude is multiplied by exp(-W), its intensity by exp(-2W).
    pub fn w(&self, i: usize, q: [f64; 3]) -> f64 {
        0.5 * dot(self.0[i].map(|row| dot(row, q)), q)
    }
}
