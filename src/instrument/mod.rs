//! What stands between sample and data, as linear maps, and the conventions of total scattering.

pub mod conventions;
pub mod coupling;
pub mod line_shape;
pub mod locus;
pub mod one_phonon;
pub mod raman;
pub mod resolution;
pub mod weights;

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// What a structure factor is multiplied with before its sine transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// Nothing: the sharpest peaks, with ripples.
    #[default]
    None,
    /// M(Q) = sin(πQ/Qmax) / (πQ/Qmax) (E. Lorch, *J. Phys. C* **2**, 229 (1969)): ripples damped, peaks widened.
    Lorch,
}

impl Window {
    /// Its value at `q` when the data end at `q_max`.
    pub fn at(self, q: f64, q_max: f64) -> f64 {
        let phase = PI * q / q_max;
        match self {
            Self::Lorch if phase.abs() > 1e-8 => phase.sin() / phase,
            _ => 1.0,
        }
    }
}
