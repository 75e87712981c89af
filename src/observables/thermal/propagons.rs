//! The part of the heat that waves longer than the cell carry, which no finite cell has: an estimate, offered beside κ and never in it.

use super::{IN_W_PER_M_K, RAD_PER_PS_IN_MEV, Transport, heat_capacity};
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// The lowest modes that a cube has: three waves of each polarisation, sine and cosine, the two transverse ones lowest.
const LOWEST: usize = 12;
/// Steps of the integral over frequency; its integrand is smooth.
const STEPS: usize = 400;

/// Sound below the lowest mode of the cell, after J. L. Feldman, M. D. Kluge, P. B. Allen and F. Wooten, *Phys. Rev. B* **48**, 12589 (1993).
///
/// Density of states of Debye, `3ω²/2π²v³` per volume; diffusivity `D(ω) = D₀ (ω₀/ω)²`, that is, damping proportional to ω²; at ω₀, the lowest
/// mode of the cell, it joins the mean diffusivity of the twelve lowest modes. A steeper damping, ω⁴ of Rayleigh, would make the integral diverge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Propagons {
    /// Velocity of sound of Debye, m/s: `3/v³ = 1/v_L³ + 2/v_T³`.
    pub velocity: f64,
    /// ħω₀, meV.
    pub cutoff: f64,
    /// D₀, mm²/s.
    pub diffusivity: f64,
}

impl Propagons {
    /// Joined to the lowest modes of a cell that repeats in three directions.
    ///
    /// Errors: a velocity that is not positive; a sheet, whose bending waves have no velocity.
    pub fn joined_to(transport: &Transport, velocity: f64) -> Result<Self> {
        if transport.directions != 3 {
            return Err(Error::new("no propagon correction for a sheet")
                .because("its lowest waves bend it and have no velocity of sound"));
        }
        if !(velocity.is_finite() && velocity > 0.0) {
            return Err(Error::new(format!(
                "a velocity of sound of {velocity} m/s is not possible"
            )));
        }
        let lowest = LOWEST.min(transport.energies.len());
        let mean = (0..lowest)
            .map(|s| transport.mean_diffusivity(s))
            .sum::<f64>()
            / lowest as f64;
        Ok(Self {
            velocity,
            cutoff: transport.energies[0],
            diffusivity: mean,
        })
    }

    /// What they add to κ, W/m/K, at a temperature in K: `3 D₀ω₀²/2π²v³ ∫₀^ω₀ C(ω) dω`; `3 k_B D₀ω₀³/2π²v³` when hot.
    pub fn conductivity(&self, temperature: f64) -> f64 {
        let step = self.cutoff / STEPS as f64;
        let at = |k: usize| heat_capacity((k as f64 + 0.5) * step, temperature);
        let mean = (0..STEPS).map(at).sum::<f64>() / STEPS as f64;
        // rad/ps, and v in Å/ps.
        let (omega, v) = (self.cutoff / RAD_PER_PS_IN_MEV, 0.01 * self.velocity);
        3.0 * self.diffusivity * omega.powi(3) / (2.0 * PI * PI * v.powi(3)) * mean * IN_W_PER_M_K
    }

    /// What it stands on; belongs beside the number.
    pub fn label(&self) -> String {
        format!(
            "propagons: Debye below {:.3} meV, sound {:.0} m/s, D = {:.4} mm²/s there and growing as 1/ω²",
            self.cutoff, self.velocity, self.diffusivity
        )
    }
}
