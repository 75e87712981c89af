//! What the command line says about a Raman spectrum, and how a measured one is brought to what an operator takes.

use super::load::Loaded;
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::coupling::uncouple;
use crate::instrument::raman::{Detector, Excitation, Reduction, reduce, rereduce};
use crate::inverse::Raw;
use crate::io::curve_text::ReadOptions;
use crate::io::curve_text::read_curve;
use faer::Mat;
use std::path::{Path, PathBuf};

/// Laser, temperature and reduction of a Raman spectrum.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct RamanArgs {
    /// Temperature of the sample in K, for the Bose factor (300 is assumed)
    #[arg(long, value_name = "T")]
    pub(super) temperature: Option<f64>,
    /// Wavelength of the laser in nm (532 is assumed)
    #[arg(long, value_name = "NM")]
    pub(super) laser: Option<f64>,
    /// The detector counts photons, as a CCD does, rather than measuring power
    #[arg(long)]
    pub(super) photons: bool,
    /// How a reduced Raman spectrum was reduced: long, galeener, hehlen, susceptibility (a Raman gain)
    #[arg(long, value_name = "NAME")]
    pub(super) reduced_by: Option<Reduction>,
    /// Coupling C(E) by which a Raman spectrum is divided to become a density of states
    #[arg(long, value_name = "C.csv")]
    pub(super) coupling: Option<PathBuf>,
}

impl RamanArgs {
    /// Laser and temperature, and what was assumed of them.
    pub(super) fn excitation(&self, findings: &mut Vec<Finding>) -> Excitation {
        let assumed = Excitation::default();
        let known = Excitation {
            laser_nm: self.laser.unwrap_or(assumed.laser_nm),
            temperature: self.temperature.unwrap_or(assumed.temperature),
            detector: if self.photons {
                Detector::Photons
            } else {
                Detector::Power
            },
        };
        if self.laser.is_none() || self.temperature.is_none() {
            findings.push(Finding::new(
                "excitation-assumed",
                format!(
                    "A laser of {} nm and a sample at {} K are assumed.",
                    known.laser_nm, known.temperature
                ),
                "Give --laser and --temperature.",
            ));
        }
        known
    }

    /// A Raman spectrum in any form as C(E) g(E), that of Galeener and Sen.
    pub(super) fn reduced(&self, curve: &Curve, findings: &mut Vec<Finding>) -> Result<Curve> {
        let to = Reduction::Galeener;
        match (curve.quantity(), self.reduced_by) {
            (Quantity::RamanReduced, None | Some(Reduction::Galeener)) => Ok(curve.clone()),
            (Quantity::RamanReduced, Some(from)) => {
                rereduce(curve, from, to, &self.excitation(findings))
            }
            _ => reduce(curve, to, &self.excitation(findings)),
        }
    }

    /// What was loaded, brought to the quantity of an operator as far as the command line says how.
    ///
    /// A Raman spectrum is reduced for an operator of reduced ones; it becomes a density of states only with --coupling.
    pub(super) fn applied(&self, loaded: Loaded, wanted: Quantity) -> Result<Loaded> {
        let found = loaded.raw.quantity;
        let raman = matches!(found, Quantity::Raman | Quantity::RamanReduced);
        let reduces = wanted == Quantity::RamanReduced
            && (found == Quantity::Raman || self.reduced_by.is_some());
        let uncouples = wanted == Quantity::Vdos && self.coupling.is_some();
        if let (Some(path), false) = (&self.coupling, raman && wanted == Quantity::Vdos) {
            return Err(Error::new("--coupling has nothing to divide").at(path).because(format!(
                "it makes a density of states of a Raman spectrum; the curve is {found}, the operator was trained on {wanted}"
            )));
        }
        if !raman || !(reduces || uncouples) {
            return Ok(loaded);
        }
        let coupling = self.coupling.as_deref().map(coupling).transpose()?;
        let mut findings = Vec::new();
        let mut curves = Vec::new();
        for i in 0..loaded.raw.y.nrows() {
            findings.clear();
            let y = (0..loaded.raw.x.len())
                .map(|j| loaded.raw.y[(i, j)])
                .collect();
            let curve = Curve::new(loaded.raw.x.clone(), y, loaded.raw.sigma.clone(), found)?;
            let mut curve = self.reduced(&curve, &mut findings)?;
            if let Some(coupling) = &coupling {
                let (divided, told) = uncouple(&curve, coupling)?;
                findings.extend(told);
                curve = divided;
            }
            curves.push(curve);
        }
        let first = &curves[0];
        Ok(Loaded {
            raw: Raw {
                x: first.x().to_vec(),
                y: Mat::from_fn(curves.len(), first.len(), |i, j| curves[i].y()[j]),
                sigma: first.sigma().map(<[f64]>::to_vec),
                quantity: first.quantity(),
            },
            findings: [loaded.findings, findings].concat(),
            ..loaded
        })
    }
}

/// Reads a coupling curve.
pub(super) fn coupling(path: &Path) -> Result<Curve> {
    let options = ReadOptions {
        otherwise: Some(Quantity::RamanCoupling),
        ..ReadOptions::default()
    };
    Ok(read_curve(path, &options)?.curve)
}
