//! What is recorded of light: `[record.raman]`, the arrays `raman` and `raman-reduced`, and the coupling C(E) of the whole set.

use super::recipe::Record;
use crate::atoms::structure::Structure;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::coupling;
use crate::instrument::raman::{Detector, Excitation};
use crate::io::curve_writer::Columns;
use crate::observables::bonds::Bonds;
use crate::observables::raman::bond::{Model, is_network};
use crate::observables::raman::{self, Activity, Polarisation};
use crate::vibrations::modes::Modes;
use serde::{Deserialize, Serialize};

/// The file in the folder of a dataset that holds C(E).
pub const COUPLING: &str = "raman-coupling.csv";

/// `[record.raman]`: what scatters, and laser, sample and detector of the unreduced spectrum. The broadening is that of the other spectra.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Raman {
    /// Polarizability of the bonds.
    pub model: Model,
    /// Which polarisation is detected.
    pub polarisation: Polarisation,
    /// Wavelength of the laser, nm.
    pub laser_nm: f64,
    /// Temperature of the sample, K.
    pub temperature: f64,
    /// What the detector measures.
    pub detector: Detector,
}

impl Default for Raman {
    /// Both polarisations; a laser of 532 nm, 300 K, power.
    fn default() -> Self {
        let Excitation {
            laser_nm,
            temperature,
            detector,
        } = Excitation::default();
        Self {
            model: Model::default(),
            polarisation: Polarisation::default(),
            laser_nm,
            temperature,
            detector,
        }
    }
}

impl Raman {
    fn excitation(&self) -> Excitation {
        Excitation {
            laser_nm: self.laser_nm,
            temperature: self.temperature,
            detector: self.detector,
        }
    }

    /// If it is asked for: refuses what no spectrometer does, and what the model cannot say.
    pub(super) fn check(&self, asked: bool, species: &[String], energy: &Grid) -> Result<()> {
        if !asked {
            return Ok(());
        }
        is_network(species)?;
        self.excitation().check(energy.end())
    }
}

/// The activities of the modes of a structure at rest.
pub(super) fn activities(
    settings: &Raman,
    structure: &Structure,
    bonds: Option<&Bonds>,
    modes: &Modes,
) -> Result<Vec<Activity>> {
    let bonds = bonds.ok_or_else(|| {
        Error::new("no bonds are found, so that nothing scatters light")
            .because("no partial g(r) has a first shell")
    })?;
    raman::activities(structure, bonds, modes, settings.model)
}

/// `raman-reduced`: C(E) g(E), area 1.
pub(super) fn reduced(record: &Record, activities: &[Activity]) -> Result<Vec<f64>> {
    raman::reduced(
        activities,
        record.raman.polarisation,
        &record.energy()?,
        record.broadening,
    )
}

/// `raman`: the Stokes spectrum, area 1.
pub(super) fn stokes(record: &Record, activities: &[Activity]) -> Result<Vec<f64>> {
    let Raman { polarisation, .. } = record.raman;
    let grid = record.energy()?;
    raman::stokes(
        activities,
        polarisation,
        &record.raman.excitation(),
        &grid,
        record.broadening,
    )
}

/// The text of [`COUPLING`]: mean and spread of `raman-reduced` over `vdos` of the usable samples.
pub(super) fn coupling_of(
    record: &Record,
    reduced: &[Vec<f64>],
    density: &[Vec<f64>],
) -> Result<String> {
    let (mean, spread) = coupling::of_glasses(reduced, density);
    let energy = record.energy()?;
    let known: Vec<usize> = (0..mean.len()).filter(|&j| mean[j] > 0.0).collect();
    let take = |v: &[f64]| known.iter().map(|&j| v[j]).collect::<Vec<_>>();
    // A single glass, or one that never changes, has no spread; an error of zero is none.
    let spreads = take(&spread);
    let mut columns = vec![
        ("E".to_owned(), take(&energy.centres())),
        ("C".to_owned(), take(&mean)),
    ];
    if spreads.iter().all(|s| *s > 0.0) {
        columns.push(("sigma".to_owned(), spreads));
    }
    let note = |key: &str, value: String| (key.to_owned(), value);
    let notes = vec![
        note("quantity", Quantity::RamanCoupling.name().into()),
        note("unit", "meV".into()),
        note("made by", "glassbridge simulate".into()),
        note(
            "what",
            format!(
                "C(E) = raman-reduced over vdos, both of area 1: ratio of the means of {} samples, standard deviation between them",
                reduced.len()
            ),
        ),
        note(
            "model",
            format!(
                "{}, {:?}",
                record.raman.model.name(),
                record.raman.polarisation
            )
            .to_lowercase(),
        ),
    ];
    Ok(Columns { notes, columns }.to_text())
}
