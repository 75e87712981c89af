//! What neutrons see of the vibrations.

use super::vdos::Vdos;
use crate::elements::element;
use crate::error::Result;

/// The neutron-weighted density of states
///
/// ```text
/// G(E) = Σ_a c_a (σ_a/M_a) g_a(E) / Σ_a c_a σ_a/M_a
/// ```
///
/// in the incoherent approximation, σ_a the total bound scattering cross section of natural a (Sears 1992), M_a its mass. The
/// Debye-Waller factors `e^{-2W_a}` are set to 1: a measured density of states is corrected for them. Area 1, per meV.
pub fn gdos(vdos: &Vdos, species: &[String], concentrations: &[f64]) -> Result<Vec<f64>> {
    let weights: Vec<f64> = species
        .iter()
        .zip(concentrations)
        .map(|(s, c)| element(s).map(|e| c * e.sigma_total() / e.mass))
        .collect::<Result<_>>()?;
    let sum: f64 = weights.iter().sum();
    Ok((0..vdos.total.len())
        .map(|k| {
            vdos.partial
                .iter()
                .zip(&weights)
                .map(|(p, w)| p[k] * w / sum)
                .sum()
        })
        .collect())
}
