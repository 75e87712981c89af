//! The density of states as inelastic neutron scattering weighs it.

use super::vdos::{Vdos, weighted};
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};

/// `G(E) = Σ c_a (σ_a/M_a) g_a(E) / Σ c_a σ_a/M_a` in 1/meV, on the grid of `vdos`; its area is 1.
///
/// σ is the bound total cross section (coherent plus incoherent: the incoherent approximation), M the mass in the
/// structure. The Debye-Waller factors `exp(−2W_a)` are set to 1, that is, the same for every species.
pub fn neutron_gdos(vdos: &Vdos, structure: &Structure) -> Result<Vec<f64>> {
    if vdos.partial.len() != structure.species.len() {
        return Err(Error::new(
            "the neutron weighting needs the density of states of each species",
        )
        .cure("find the modes with their eigenvectors"));
    }
    let mut weights = structure.concentrations();
    for (a, w) in weights.iter_mut().enumerate() {
        *w *= element(&structure.species[a])?.sigma_total() / structure.masses[a];
    }
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return Err(Error::new("no element of this structure scatters neutrons"));
    }
    for w in &mut weights {
        *w /= sum;
    }
    Ok(weighted(&vdos.partial, &weights))
}
