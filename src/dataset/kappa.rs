//! What is recorded of heat: `[record.kappa]` and the array `kappa`, κ(T) on an axis of temperatures.

use super::recipe::Record;
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::observables::thermal::{Broadening, Kernel, Transport};
use crate::potentials::hessian::Hessian;
use crate::vibrations::modes::Modes;
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;

/// `[record.kappa]`: the temperatures, and what an Allen-Feldman conductivity depends on besides the structure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kappa {
    /// Temperatures from and to here, K: the outer edges of the bins.
    pub temperatures: [f64; 2],
    /// Bins of temperature.
    pub bins: usize,
    /// What stands for the delta function.
    pub kernel: Kernel,
    /// Its half width at half maximum, meV; that of the broadening of the spectra if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// Thickness of a sheet, Å.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness: Option<f64>,
}

impl Default for Kappa {
    /// 20 to 600 K in steps of 20 K; a Lorentzian.
    fn default() -> Self {
        Self {
            temperatures: [10.0, 610.0],
            bins: 30,
            kernel: Kernel::Lorentzian,
            half_width: None,
            thickness: None,
        }
    }
}

impl Kappa {
    /// The temperatures, K.
    pub(super) fn grid(&self) -> Result<Grid> {
        let [low, high] = self.temperatures;
        Grid::new(low, high, self.bins)
    }

    /// The broadening, for spectra that are Gaussians of standard deviation `sigma`.
    fn broadening(&self, sigma: f64) -> Broadening {
        Broadening {
            kernel: self.kernel,
            half_width: self.half_width.unwrap_or((2.0 * LN_2).sqrt() * sigma),
        }
    }

    /// What κ depends on besides the structure, in words.
    pub(super) fn label(&self, sigma: f64) -> String {
        let Broadening { kernel, half_width } = self.broadening(sigma);
        format!(
            "Allen-Feldman, {kernel:?} of half width at half maximum {half_width:.4} meV, no propagons"
        )
    }

    /// Refuses what cannot be, and, if it is asked for, units without a kelvin.
    pub(super) fn check(&self, asked: bool, species: &[String]) -> Result<()> {
        let sensible = self.temperatures[0] >= 0.0 && (2..=100_000).contains(&self.bins);
        let positive = |x: Option<f64>| x.is_none_or(|x| x.is_finite() && x > 0.0);
        if !(sensible && positive(self.half_width) && positive(self.thickness)) {
            return Err(Error::new("[record.kappa] cannot be").because(
                "temperatures are not negative, there are at least two bins of them, half_width and thickness are positive",
            ));
        }
        self.grid()?;
        if asked && species.iter().any(|s| element(s).is_err()) {
            return Err(Error::new("reduced units have no thermal conductivity here")
                .because("heat capacities need the size of a quantum, which reduced units leave open")
                .cure("use a recipe of real atoms, such as argon for lj3d, or leave kappa out"));
        }
        Ok(())
    }
}

/// κ(T) in W/m/K of a structure at rest.
pub(super) fn conductivity(
    record: &Record,
    structure: &Structure,
    hessian: &Hessian,
    modes: &Modes,
) -> Result<Vec<f64>> {
    let settings = record.kappa;
    let broadening = settings.broadening(record.broadening);
    let transport = Transport::new(structure, hessian, modes, broadening, settings.thickness)?;
    let temperatures = settings.grid()?.centres();
    Ok(temperatures
        .iter()
        .map(|&t| transport.conductivity(t))
        .collect())
}
