//! What temperature and laser do to a Raman spectrum, and the ways to take it out ("reductions").
//!
//! First-order Stokes scattering of a glass is `I(E) ∝ C(E) g(E) [n(E) + 1]/E (E_L − E)⁴` (R. Shuker and R. W. Gammon, *Phys. Rev. Lett.* **25**,
//! 222 (1970)), with the density of states g, a coupling C, the energy of the laser `E_L` and `n + 1 = 1/(1 − exp(−E/kT))`. A detector that counts
//! photons sees `E_L (E_L − E)³` instead of `(E_L − E)⁴`, which measures power. A reduction divides the known factors out. All energies in meV.

use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::units::{BOLTZMANN_MEV_PER_K, THZ_IN_INVERSE_CM, THZ_IN_MEV};
use serde::{Deserialize, Serialize};

/// 1 nm is 1e7 cm⁻¹.
const NM_IN_INVERSE_CM: f64 = 1e7;

/// How the scattered light is detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detector {
    /// Power: `(E_L − E)⁴`, as the literature on reductions has it.
    #[default]
    Power,
    /// Photons counted: `E_L (E_L − E)³`, as a CCD does.
    Photons,
}

/// Laser and temperature of a Raman measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Excitation {
    /// Wavelength of the laser in vacuum, nm.
    pub laser_nm: f64,
    /// Temperature of the sample, K.
    pub temperature: f64,
    /// What the detector measures.
    pub detector: Detector,
}

impl Default for Excitation {
    /// A green laser at 532 nm and 300 K, power detected.
    fn default() -> Self {
        Self {
            laser_nm: 532.0,
            temperature: 300.0,
            detector: Detector::Power,
        }
    }
}

impl Excitation {
    /// Refuses a laser or a temperature that cannot be, and a spectrum up to `highest` meV that the laser cannot excite.
    pub fn check(&self, highest: f64) -> Result<()> {
        let laser = self.laser_nm.is_finite() && self.laser_nm > 0.0;
        if !(laser && self.temperature.is_finite() && self.temperature >= 0.0) {
            return Err(Error::new(format!(
                "a laser of {} nm and a sample at {} K",
                self.laser_nm, self.temperature
            ))
            .because("a wavelength is positive, a temperature not negative")
            .cure("give the wavelength in nm, such as --laser 532, and --temperature in K"));
        }
        if highest >= self.laser() {
            return Err(Error::new(format!(
                "a shift of {highest:.0} meV is more than the laser's {:.0} meV",
                self.laser()
            ))
            .cure("check the wavelength (nm) and the unit of x (--x-unit)"));
        }
        Ok(())
    }

    /// Energy of a laser photon, meV.
    pub fn laser(&self) -> f64 {
        NM_IN_INVERSE_CM / self.laser_nm * THZ_IN_MEV / THZ_IN_INVERSE_CM
    }

    /// n + 1 at an energy above zero; 1 at T = 0.
    pub fn bose_plus_one(&self, energy: f64) -> f64 {
        -1.0 / (-energy / (BOLTZMANN_MEV_PER_K * self.temperature)).exp_m1()
    }

    /// `(1 − E/E_L)⁴`, or its third power where photons are counted.
    fn laser_factor(&self, energy: f64) -> f64 {
        let power = match self.detector {
            Detector::Power => 4,
            Detector::Photons => 3,
        };
        (1.0 - energy / self.laser()).powi(power)
    }

    /// What multiplies `C g` in a Stokes spectrum: `[n + 1]/E · (1 − E/E_L)⁴`, 1/meV.
    pub fn stokes_factor(&self, energy: f64) -> f64 {
        self.bose_plus_one(energy) / energy * self.laser_factor(energy)
    }
}

/// How a Raman spectrum is reduced: what the intensity is multiplied with. All are meant for Stokes spectra, E > 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// `E [1 − exp(−E/kT)] E_L³/(E_L − E)⁴`: that of Galeener and Sen times `E_L³`, as in B. O. Mysen et al., *Am. Mineral.* **67**, 686 (1982).
    Long,
    /// `E [1 − exp(−E/kT)]/(E_L − E)⁴`: F. L. Galeener and P. N. Sen, *Phys. Rev. B* **17**, 1928 (1978). The result is C(E) g(E).
    #[default]
    Galeener,
    /// `E [1 − exp(−E/kT)]/E_L³`, the laser's factor left in: B. Hehlen, *J. Phys.: Condens. Matter* **22**, 025401 (2010), without its density.
    Hehlen,
    /// `[1 − exp(−E/kT)]/(E_L − E)⁴`: the imaginary part of the susceptibility, C(E) g(E)/E. A Raman gain curve is this.
    Susceptibility,
}

impl Reduction {
    /// Every reduction, in the order they are listed to the user.
    pub const ALL: [Self; 4] = [
        Self::Long,
        Self::Galeener,
        Self::Hehlen,
        Self::Susceptibility,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Galeener => "galeener",
            Self::Hehlen => "hehlen",
            Self::Susceptibility => "susceptibility",
        }
    }

    /// The factor at an energy above zero and below the laser's.
    pub fn factor(self, excitation: &Excitation, energy: f64) -> f64 {
        let laser = excitation.laser();
        let cold = 1.0 / excitation.bose_plus_one(energy);
        let light = laser.powi(4) * excitation.laser_factor(energy);
        match self {
            Self::Long => energy * cold * laser.powi(3) / light,
            Self::Galeener => energy * cold / light,
            Self::Hehlen => energy * cold / laser.powi(3),
            Self::Susceptibility => cold / light,
        }
    }
}

impl std::fmt::Display for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Reduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase();
        Self::ALL
            .into_iter()
            .find(|r| r.name() == name)
            .ok_or_else(|| {
                Error::new(format!("unknown reduction '{text}'"))
                    .cure("use long, galeener, hehlen or susceptibility")
            })
    }
}

/// A Stokes spectrum with its known factors taken out. Points at E ≤ 0 are left out.
///
/// Errors: the curve is no measured Raman spectrum; see [`Excitation::check`].
pub fn reduce(curve: &Curve, how: Reduction, excitation: &Excitation) -> Result<Curve> {
    expect(curve, Quantity::Raman)?;
    scaled(curve, excitation, Quantity::RamanReduced, |e| {
        how.factor(excitation, e)
    })
}

/// A spectrum that was reduced in one way, put back to what was measured.
pub fn unreduce(curve: &Curve, how: Reduction, excitation: &Excitation) -> Result<Curve> {
    expect(curve, Quantity::RamanReduced)?;
    scaled(curve, excitation, Quantity::Raman, |e| {
        1.0 / how.factor(excitation, e)
    })
}

/// A spectrum that was reduced in one way, as if it had been reduced in another.
pub fn rereduce(
    curve: &Curve,
    from: Reduction,
    to: Reduction,
    excitation: &Excitation,
) -> Result<Curve> {
    expect(curve, Quantity::RamanReduced)?;
    scaled(curve, excitation, Quantity::RamanReduced, |e| {
        to.factor(excitation, e) / from.factor(excitation, e)
    })
}

fn expect(curve: &Curve, quantity: Quantity) -> Result<()> {
    let found = curve.quantity();
    if found == quantity {
        return Ok(());
    }
    Err(Error::new(format!("the curve is {found}, not {quantity}"))
        .cure("say what the file is with --quantity"))
}

fn scaled(
    curve: &Curve,
    excitation: &Excitation,
    to: Quantity,
    factor: impl Fn(f64) -> f64,
) -> Result<Curve> {
    excitation.check(curve.x()[curve.len() - 1])?;
    let keep: Vec<usize> = (0..curve.len()).filter(|&i| curve.x()[i] > 0.0).collect();
    let times = |v: &[f64]| {
        keep.iter()
            .map(|&i| v[i] * factor(curve.x()[i]))
            .collect::<Vec<_>>()
    };
    let x = keep.iter().map(|&i| curve.x()[i]).collect();
    Curve::new(x, times(curve.y()), curve.sigma().map(times), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Quantity::{Raman, RamanReduced};

    fn spectrum(quantity: Quantity) -> Curve {
        let x: Vec<f64> = (0..100).map(|i| f64::from(i) * 1.5 + 0.7).collect();
        let y = x.iter().map(|x| 1.0 + (0.1 * x).sin()).collect();
        let sigma = x.iter().map(|x| 0.01 + 0.001 * x).collect();
        Curve::new(x, y, Some(sigma), quantity).unwrap()
    }

    #[test]
    fn forward_then_back_is_the_identity() {
        for detector in [Detector::Power, Detector::Photons] {
            let e = Excitation {
                laser_nm: 514.5,
                temperature: 77.0,
                detector,
            };
            for how in Reduction::ALL {
                let there = reduce(&spectrum(Raman), how, &e).unwrap();
                let back = unreduce(&there, how, &e).unwrap();
                assert_eq!((there.quantity(), back.quantity()), (RamanReduced, Raman));
                for (a, b) in back.y().iter().zip(spectrum(Raman).y()) {
                    assert!((a / b - 1.0).abs() < 1e-13);
                }
                for (a, b) in back
                    .sigma()
                    .unwrap()
                    .iter()
                    .zip(spectrum(Raman).sigma().unwrap())
                {
                    assert!((a / b - 1.0).abs() < 1e-13);
                }
                assert_eq!(how.name().parse::<Reduction>().unwrap(), how);
            }
        }
    }

    /// rampy 0.6.4, `tlcorrection`, at 440 cm⁻¹, 532 nm, 23 °C (its hehlen is also divided by the density):
    /// ratios to the value at 1060 cm⁻¹.
    #[test]
    fn ratios_are_those_of_rampy() {
        let e = Excitation {
            laser_nm: 532.0,
            temperature: 296.15,
            detector: Detector::Power,
        };
        let mev = THZ_IN_MEV / THZ_IN_INVERSE_CM;
        for (how, expected) in [
            (Reduction::Long, RAMPY_LONG),
            (Reduction::Galeener, RAMPY_LONG),
            (Reduction::Hehlen, RAMPY_HEHLEN),
        ] {
            let ratio = how.factor(&e, 440.0 * mev) / how.factor(&e, 1060.0 * mev);
            assert!((ratio / expected - 1.0).abs() < 1e-6, "{how} {ratio}");
        }
    }
    const RAMPY_LONG: f64 = 0.320_987_998_276_06;
    const RAMPY_HEHLEN: f64 = 0.368_277_330_875_47;

    /// They differ by powers of the laser energy, of `1 − E/E_L` and of E alone.
    #[test]
    fn reductions_differ_by_powers() {
        let (e, at) = (Excitation::default(), 55.0);
        let factor = |how: Reduction| how.factor(&e, at) / Reduction::Galeener.factor(&e, at);
        let laser = e.laser();
        assert!((factor(Reduction::Long) / laser.powi(3) - 1.0).abs() < 1e-13);
        assert!(
            (factor(Reduction::Hehlen) / (laser * (1.0 - at / laser).powi(4)) - 1.0).abs() < 1e-13
        );
        assert!((factor(Reduction::Susceptibility) * at - 1.0).abs() < 1e-13);
    }

    /// A laser of 532 nm has 18796.99 cm⁻¹, 2.33053 eV; (n + 1)/n = exp(E/kT) is detailed balance.
    #[test]
    fn laser_and_bose_factors_are_right() {
        let e = Excitation::default();
        assert!((e.laser() - 2330.53).abs() < 0.01);
        let (plus_one, boltzmann) = (
            e.bose_plus_one(30.0),
            (30.0 / (BOLTZMANN_MEV_PER_K * 300.0)).exp(),
        );
        assert!((plus_one / (plus_one - 1.0) / boltzmann - 1.0).abs() < 1e-12);
        let cold = Excitation {
            temperature: 0.0,
            ..e
        };
        assert!((cold.bose_plus_one(30.0) - 1.0).abs() < 1e-15);
        let photons = Excitation {
            detector: Detector::Photons,
            ..e
        };
        let ratio = e.stokes_factor(30.0) / photons.stokes_factor(30.0);
        assert!((ratio - (1.0 - 30.0 / e.laser())).abs() < 1e-13);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let c = spectrum(Raman);
        for e in [
            Excitation {
                laser_nm: 0.0,
                ..Excitation::default()
            },
            Excitation {
                laser_nm: 1e5,
                ..Excitation::default()
            },
            Excitation {
                temperature: -1.0,
                ..Excitation::default()
            },
        ] {
            assert!(reduce(&c, Reduction::Long, &e).is_err());
        }
        assert!(
            reduce(
                &spectrum(RamanReduced),
                Reduction::Long,
                &Excitation::default()
            )
            .is_err()
        );
        assert!(unreduce(&c, Reduction::Long, &Excitation::default()).is_err());
    }
}
