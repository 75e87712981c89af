//! Physical constants (CODATA 2018) and the units of axes, in one table.
//!
//! Inside the program every energy axis is in meV, every length in Å and every wavevector in 1/Å.
//! Files and screens may use the other units of [`Unit`]. An *axis* converts with a plain factor, a
//! *density* on that axis with the inverse factor (its Jacobian), so that the area under it stays.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// 1 THz in meV: the Planck constant in meV/THz.
pub const THZ_IN_MEV: f64 = 4.135_667_696_923_859;
/// 1 THz in cm⁻¹.
pub const THZ_IN_INVERSE_CM: f64 = 33.356_409_519_815_2;
/// Boltzmann constant in meV/K.
pub const BOLTZMANN_MEV_PER_K: f64 = 0.086_173_332_621_451_78;
/// ν in THz of a mode whose eigenvalue of M^-1/2 H M^-1/2 is 1 eV/Å²/amu.
pub const SQRT_EV_PER_A2_AMU_IN_THZ: f64 = 15.633_304_239_856_19;
/// 1 eV/Å³ in `GPa`.
pub const EV_PER_A3_IN_GPA: f64 = 160.217_663_4;
/// 1 eV/Å² in N/m.
pub const EV_PER_A2_IN_N_PER_M: f64 = 16.021_766_34;
/// ħ² in meV amu Å² (so that ħ²/(amu·meV) is an area in Å²).
pub const HBAR_SQUARED_MEV_AMU_A2: f64 = 4.180_159_285_619_251;

/// The unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Energy transfer E = hν in millielectronvolt; the unit used inside.
    Mev,
    /// Ordinary frequency ν = ω/2π in terahertz.
    Thz,
    /// Wavenumber in cm⁻¹.
    InverseCm,
    /// Angular frequency ω in rad/ps.
    RadPerPs,
    /// Length in Å; the unit used inside.
    Angstrom,
    /// Length in nm.
    Nanometre,
    /// Wavevector in Å⁻¹; the unit used inside.
    InverseAngstrom,
    /// Wavevector in nm⁻¹.
    InverseNanometre,
    /// Temperature in kelvin.
    Kelvin,
}

impl Unit {
    /// Every unit, in the order they are listed to the user.
    pub const ALL: [Self; 9] = [
        Self::Mev,
        Self::Thz,
        Self::InverseCm,
        Self::RadPerPs,
        Self::Angstrom,
        Self::Nanometre,
        Self::InverseAngstrom,
        Self::InverseNanometre,
        Self::Kelvin,
    ];

    /// The unit used inside the program for the same kind of axis.
    #[must_use]
    pub fn inside(self) -> Self {
        match self {
            Self::Mev | Self::Thz | Self::InverseCm | Self::RadPerPs => Self::Mev,
            Self::Angstrom | Self::Nanometre => Self::Angstrom,
            Self::InverseAngstrom | Self::InverseNanometre => Self::InverseAngstrom,
            Self::Kelvin => Self::Kelvin,
        }
    }

    /// Size of this unit in the [inside](Self::inside) unit.
    fn size(self) -> f64 {
        match self {
            Self::Mev | Self::Angstrom | Self::InverseAngstrom | Self::Kelvin => 1.0,
            Self::Thz => THZ_IN_MEV,
            Self::InverseCm => THZ_IN_MEV / THZ_IN_INVERSE_CM,
            Self::RadPerPs => THZ_IN_MEV / std::f64::consts::TAU,
            Self::Nanometre => 10.0,
            Self::InverseNanometre => 0.1,
        }
    }

    /// The number by which an axis value in `self` is multiplied to be in `to`; a density is divided by it.
    ///
    /// ```
    /// use glassbridge::units::Unit;
    /// assert!((Unit::Thz.factor_to(Unit::InverseCm)? - 33.35640952).abs() < 1e-8);
    /// assert!(Unit::Thz.factor_to(Unit::Angstrom).is_err());
    /// # Ok::<(), glassbridge::error::Error>(())
    /// ```
    pub fn factor_to(self, to: Self) -> Result<f64> {
        if self.inside() == to.inside() {
            Ok(self.size() / to.size())
        } else {
            Err(Error::new(format!("{self} cannot be converted to {to}"))
                .because("the two measure different things")
                .cure("choose a unit of the same kind"))
        }
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mev => "meV",
            Self::Thz => "THz",
            Self::InverseCm => "cm^-1",
            Self::RadPerPs => "rad/ps",
            Self::Angstrom => "Å",
            Self::Nanometre => "nm",
            Self::InverseAngstrom => "1/Å",
            Self::InverseNanometre => "1/nm",
            Self::Kelvin => "K",
        })
    }
}

impl std::str::FromStr for Unit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim().to_lowercase().as_str() {
            "mev" => Ok(Self::Mev),
            "thz" => Ok(Self::Thz),
            "cm-1" | "cm^-1" | "1/cm" | "inverse-cm" | "wavenumber" => Ok(Self::InverseCm),
            "rad/ps" | "rad-per-ps" => Ok(Self::RadPerPs),
            "a" | "å" | "ang" | "angstrom" | "angstroms" => Ok(Self::Angstrom),
            "nm" | "nanometre" | "nanometer" => Ok(Self::Nanometre),
            "1/a" | "1/å" | "a^-1" | "å^-1" | "a-1" | "1/angstrom" | "inverse-angstrom" => {
                Ok(Self::InverseAngstrom)
            }
            "1/nm" | "nm^-1" | "nm-1" | "inverse-nanometre" => Ok(Self::InverseNanometre),
            "k" | "kelvin" => Ok(Self::Kelvin),
            _ => Err(Error::new(format!("unknown unit '{text}'"))
                .cure("use one of meV, thz, cm-1, rad/ps, angstrom, nm, 1/angstrom, 1/nm, K")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_back_from_its_own_name() {
        for unit in Unit::ALL {
            assert_eq!(unit.to_string().parse::<Unit>(), Ok(unit));
        }
    }

    /// h in eV s, c in cm/s, amu in kg, e in C: the constants above follow from these exact or measured ones.
    #[test]
    fn constants_follow_from_codata_2018() {
        let (h, c, amu, e) = (
            6.626_070_15e-34_f64,
            2.997_924_58e10,
            1.660_539_066_60e-27,
            1.602_176_634e-19,
        );
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        close(THZ_IN_MEV, h / e * 1e15);
        close(THZ_IN_INVERSE_CM, 1e12 / c);
        close(
            SQRT_EV_PER_A2_AMU_IN_THZ,
            (e / 1e-20 / amu).sqrt() / std::f64::consts::TAU * 1e-12,
        );
        let hbar = h / std::f64::consts::TAU;
        close(
            HBAR_SQUARED_MEV_AMU_A2,
            hbar * hbar / (e * 1e-3 * amu * 1e-20),
        );
    }
}
