//! Which wavevectors a neutron spectrometer sees at each energy transfer.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// `ħ²/2m` of the neutron, meV Å² (CODATA 2018).
pub const NEUTRON_MEV_A2: f64 = 2.072_124_855;
/// Angles at which a range of detectors is sampled, in the middles of equal parts.
const ANGLES: usize = 16;

/// The kind of a spectrometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geometry {
    /// One wavevector at all energies.
    FixedQ,
    /// One incident energy, detectors over a range of angles: MARI, ARCS, IN4.
    Direct,
    /// One final energy, detectors in two banks, forward and back: TOSCA, VISION.
    Indirect,
}

/// The `(Q, E)` that a spectrometer sees.
///
/// `ħ²Q²/2m = E_i + E_f - 2 √(E_i E_f) cos 2θ`, `E = E_i - E_f` positive where the neutron loses energy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Locus {
    /// Q in 1/Å, the same at all energies.
    FixedQ(f64),
    /// The incident energy in meV, and the scattering angles 2θ in degrees between which detectors count alike by solid angle.
    Direct {
        /// `E_i`, meV.
        incident: f64,
        /// Least and largest 2θ.
        angles: [f64; 2],
    },
    /// The final energy in meV, and the scattering angles 2θ in degrees of two banks that count alike.
    Indirect {
        /// `E_f`, meV.
        last: f64,
        /// 2θ of the two.
        banks: [f64; 2],
    },
}

impl Locus {
    /// Refuses what no instrument can be.
    pub fn check(&self) -> Result<()> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let angle = |a: &f64| (0.0..=180.0).contains(a);
        let good = match self {
            Self::FixedQ(q) => positive(*q),
            Self::Direct { incident, angles } => {
                positive(*incident) && angles.iter().all(angle) && angles[0] < angles[1]
            }
            Self::Indirect { last, banks } => positive(*last) && banks.iter().all(angle),
        };
        if good {
            return Ok(());
        }
        Err(Error::new(format!("{self:?} is no spectrometer"))
            .because("Q and energies are positive, scattering angles between 0 and 180 degrees, a range ascends"))
    }

    /// `(Q² in 1/Å², weight)` at an energy transfer in meV, the weights summing to 1; nothing where no neutron has that energy left.
    ///
    /// ```
    /// use glassbridge::instrument::locus::Locus;
    /// // Elastic scattering of 100 meV at 90°: Q² = 2 E_i / 2.072 meV Å².
    /// let locus = Locus::Indirect { last: 100.0, banks: [90.0, 90.0] };
    /// assert!((locus.squares(0.0)[0].0 - 96.52).abs() < 0.01);
    /// ```
    pub fn squares(&self, energy: f64) -> Vec<(f64, f64)> {
        match *self {
            Self::FixedQ(q) => vec![(q * q, 1.0)],
            Self::Direct { incident, angles } => {
                let [low, high] = angles;
                let step = (high - low) / ANGLES as f64;
                let middles = (0..ANGLES).map(|k| low + (k as f64 + 0.5) * step);
                let weighted: Vec<(f64, f64)> = middles
                    .map(|a| (a, (a * PI / 180.0).sin().max(f64::MIN_POSITIVE)))
                    .collect();
                at_angles(incident, incident - energy, &weighted)
            }
            Self::Indirect { last, banks } => {
                at_angles(last + energy, last, &banks.map(|a| (a, 1.0)))
            }
        }
    }
}

/// Q² at each angle, of neutrons that come with one energy and leave with another.
fn at_angles(incident: f64, last: f64, angles: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if incident <= 0.0 || last <= 0.0 {
        return Vec::new();
    }
    let sum: f64 = angles.iter().map(|(_, w)| w).sum();
    let square = |angle: f64| {
        let cosine = (angle * PI / 180.0).cos();
        (incident + last - 2.0 * (incident * last).sqrt() * cosine).max(0.0) / NEUTRON_MEV_A2
    };
    angles.iter().map(|(a, w)| (square(*a), w / sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::HBAR_SQUARED_MEV_AMU_A2;

    /// Neutron mass in amu (CODATA 2018).
    const NEUTRON_AMU: f64 = 1.008_664_915_95;

    #[test]
    fn the_constant_is_that_of_the_neutron() {
        let expected = HBAR_SQUARED_MEV_AMU_A2 / (2.0 * NEUTRON_AMU);
        assert!((NEUTRON_MEV_A2 / expected - 1.0).abs() < 1e-8, "{expected}");
    }

    #[test]
    fn forward_scattering_transfers_the_difference_of_the_momenta() {
        let locus = Locus::Indirect {
            last: 4.0,
            banks: [0.0, 180.0],
        };
        let [(forward, _), (back, _)] = locus.squares(32.0)[..] else {
            panic!()
        };
        // k = √(E / 2.072): 6 and 2 in units of 1/√2.072.
        assert!((forward * NEUTRON_MEV_A2 - 16.0).abs() < 1e-12);
        assert!((back * NEUTRON_MEV_A2 - 64.0).abs() < 1e-12);
    }

    #[test]
    fn a_neutron_cannot_lose_more_than_it_has() {
        let locus = Locus::Direct {
            incident: 60.0,
            angles: [3.0, 135.0],
        };
        assert!(locus.squares(60.0).is_empty());
        let weights: f64 = locus.squares(-300.0).iter().map(|(_, w)| w).sum();
        assert!((weights - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_spectrometer_is_refused() {
        for bad in [
            Locus::FixedQ(0.0),
            Locus::FixedQ(f64::NAN),
            Locus::Direct {
                incident: 60.0,
                angles: [100.0, 20.0],
            },
            Locus::Indirect {
                last: -1.0,
                banks: [45.0, 135.0],
            },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
