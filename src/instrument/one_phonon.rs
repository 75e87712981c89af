//! From the intensity of a neutron spectrometer to the density of states behind it.

use super::locus::Locus;
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::units::BOLTZMANN_MEV_PER_K;

/// The neutron-weighted density of states of area 1 of one-phonon scattering S(Q,E) along a locus at a temperature (K):
/// `G(E) ∝ E S / ⟨Q² exp(-Q²u²)⟩ (n + 1)`, the mean over the wavevectors that the locus has at E taken before the division.
///
/// `mean_square` is `⟨u_x²⟩` in Å², one for all atoms; 0 leaves the Debye-Waller factor out. Points at E ≤ 0 and those that no neutron
/// reaches are left out, and nothing is done about the elastic line, multiphonons or the resolution: what is left of them near E = 0 is
/// multiplied by E.
///
/// Errors: not an INS curve, a temperature below zero, no points left, an area that is not positive.
pub fn density_of_states(
    curve: &Curve,
    locus: &Locus,
    kelvin: f64,
    mean_square: f64,
) -> Result<Curve> {
    if curve.quantity() != Quantity::Ins {
        return Err(Error::new(format!(
            "{} is no neutron intensity",
            curve.quantity()
        )));
    }
    let possible = |x: f64| x.is_finite() && x >= 0.0;
    if !possible(kelvin) || !possible(mean_square) {
        return Err(Error::new(format!(
            "{kelvin} K and a mean square displacement of {mean_square} Å^2 are not possible"
        )));
    }
    locus.check()?;
    let thermal = BOLTZMANN_MEV_PER_K * kelvin;
    // n + 1 = 1 / (1 - exp(-E/kT)).
    let factor = |e: f64| {
        let strength: f64 = (locus.squares(e).iter())
            .map(|(q2, w)| w * q2 * (-q2 * mean_square).exp())
            .sum();
        let bose = if thermal > 0.0 {
            -(-e / thermal).exp_m1()
        } else {
            1.0
        };
        e * bose / strength
    };
    let keep: Vec<(usize, f64)> = (0..curve.len())
        .filter(|&i| curve.x()[i] > 0.0)
        .map(|i| (i, factor(curve.x()[i])))
        .filter(|(_, f)| f.is_finite())
        .collect();
    let times = |y: &[f64]| keep.iter().map(|(i, f)| f * y[*i]).collect::<Vec<_>>();
    let found = Curve::new(
        keep.iter().map(|(i, _)| curve.x()[*i]).collect(),
        times(curve.y()),
        curve.sigma().map(times),
        Quantity::NeutronGdos,
    )?;
    let area = found.area();
    if !(area.is_finite() && area > 0.0) {
        return Err(Error::new("the density of states has no area")
            .because(format!("it is {area}"))
            .cure("subtract the background first"));
    }
    Ok(found.scaled(1.0 / area))
}
