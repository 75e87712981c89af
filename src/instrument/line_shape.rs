//! The shape in which an instrument shows a sharp line.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use statrs::function::erf::erf;
use std::f64::consts::{LN_2, PI, SQRT_2};

/// A line of area 1 at zero energy. A Gaussian alone is named by its standard deviation, a pseudo-Voigt by its full width at
/// half maximum, as the facilities name them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineShape {
    /// A Gaussian.
    Gaussian {
        /// Standard deviation, meV.
        sigma: f64,
    },
    /// `η L + (1 - η) G`, a Lorentzian and a Gaussian of the same full width at half maximum.
    PseudoVoigt {
        /// Full width at half maximum, meV.
        fwhm: f64,
        /// η, the share of the Lorentzian.
        eta: f64,
    },
}

impl LineShape {
    /// Refuses a width that is not positive, or a share outside 0 to 1.
    pub fn check(&self) -> Result<()> {
        let (width, eta) = match *self {
            Self::Gaussian { sigma } => (sigma, 0.0),
            Self::PseudoVoigt { fwhm, eta } => (fwhm, eta),
        };
        if width.is_finite() && width > 0.0 && (0.0..=1.0).contains(&eta) {
            return Ok(());
        }
        Err(Error::new(format!("{self:?} is no line shape"))
            .because("its width is positive, its Lorentzian share between 0 and 1"))
    }

    /// Full width at half maximum, meV: `2 √(2 ln 2) σ` of a Gaussian.
    pub fn fwhm(&self) -> f64 {
        match *self {
            Self::Gaussian { sigma } => sigma * sigma_in_fwhm(),
            Self::PseudoVoigt { fwhm, .. } => fwhm,
        }
    }

    /// The part of its area below `x` (meV).
    pub fn below(&self, x: f64) -> f64 {
        let gaussian = |sigma: f64| 0.5 * (1.0 + erf(x / (SQRT_2 * sigma)));
        match *self {
            Self::Gaussian { sigma } => gaussian(sigma),
            Self::PseudoVoigt { fwhm, eta } => {
                let lorentzian = 0.5 + (2.0 * x / fwhm).atan() / PI;
                eta * lorentzian + (1.0 - eta) * gaussian(fwhm / sigma_in_fwhm())
            }
        }
    }

    /// Its height at `x`, 1/meV.
    pub fn at(&self, x: f64) -> f64 {
        let gaussian =
            |sigma: f64| (-0.5 * (x / sigma).powi(2)).exp() / (sigma * (2.0 * PI).sqrt());
        match *self {
            Self::Gaussian { sigma } => gaussian(sigma),
            Self::PseudoVoigt { fwhm, eta } => {
                let half = 0.5 * fwhm;
                let lorentzian = half / PI / (x * x + half * half);
                eta * lorentzian + (1.0 - eta) * gaussian(fwhm / sigma_in_fwhm())
            }
        }
    }
}

/// FWHM of a Gaussian of standard deviation 1: 2.3548.
fn sigma_in_fwhm() -> f64 {
    2.0 * (2.0 * LN_2).sqrt()
}

impl std::fmt::Display for LineShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gaussian { sigma } => write!(f, "Gaussian, sigma {sigma} meV"),
            Self::PseudoVoigt { fwhm, eta } => {
                write!(f, "pseudo-Voigt, FWHM {fwhm} meV, Lorentzian share {eta}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [LineShape; 3] = [
        LineShape::Gaussian { sigma: 0.7 },
        LineShape::PseudoVoigt {
            fwhm: 1.5,
            eta: 0.0,
        },
        LineShape::PseudoVoigt {
            fwhm: 1.5,
            eta: 0.6,
        },
    ];

    #[test]
    fn half_of_the_height_is_at_half_of_the_width() {
        for shape in SHAPES {
            let half = shape.at(0.5 * shape.fwhm());
            assert!((half / shape.at(0.0) - 0.5).abs() < 1e-12, "{shape}");
        }
    }

    #[test]
    fn the_height_is_the_slope_of_the_area() {
        for shape in SHAPES {
            for x in [-3.0, -0.4, 0.0, 0.9] {
                let slope = (shape.below(x + 1e-5) - shape.below(x - 1e-5)) / 2e-5;
                assert!((slope - shape.at(x)).abs() < 1e-8, "{shape} at {x}");
            }
            assert!((shape.below(1e9) - 1.0).abs() < 1e-8 && shape.below(-1e9).abs() < 1e-8);
        }
    }

    /// A width told as FWHM and taken for σ would be 2.35 times too wide.
    #[test]
    fn a_full_width_is_no_standard_deviation() {
        let shape = LineShape::PseudoVoigt {
            fwhm: 2.354_820_045,
            eta: 0.0,
        };
        let same = LineShape::Gaussian { sigma: 1.0 };
        assert!((shape.at(0.3) - same.at(0.3)).abs() < 1e-9);
        assert!((same.fwhm() - 2.354_820_045).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_width_is_refused() {
        let bad = LineShape::PseudoVoigt {
            fwhm: 1.0,
            eta: 1.5,
        };
        assert!(bad.check().is_err() && LineShape::Gaussian { sigma: 0.0 }.check().is_err());
    }
}
