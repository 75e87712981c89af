//! What a spectrometer or a diffractometer would see of a structure.

use super::curves::{Curves, density, notes};
use super::found::{Density, Found, Vibrations};
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::Window;
use crate::instrument::line_shape::LineShape;
use crate::instrument::locus::Locus;
use crate::io::curve_writer::Columns;
use crate::observables::coherent::large::map_of_large;
use crate::observables::coherent::{Coherent, Probe, Widths};
use crate::observables::dho;
use crate::observables::displacements::Displacements;
use crate::observables::incoherent::{self, Incoherent, MOST_ORDERS, Thermal};
use crate::observables::reciprocal::{Shell, shells};
use crate::observables::structure_factor::partial_structure_factor;
use crate::observables::thermal_width::{PairWidths, Statistics};
use crate::vibrations::modes::Modes;

/// Shells of |Q| of a map, and wavevectors in each at most.
const SHELLS: usize = 12;
const VECTORS: usize = 24;
/// The same of a structure too large for its modes: it is its own average, and each wavevector costs as much as the density of
/// states.
const FEW_VECTORS: usize = 2;
/// Chebyshev moments of a map of a structure too large for its modes.
const MOMENTS: usize = 512;
/// Share of the Lorentzian in the resolution of X-ray spectrometers.
const ETA: f64 = 0.5;
/// S(Q) from here to here, 1/Å; pairs up to this distance, Å.
const STATIC: (f64, f64, usize) = (0.4, 20.4, 1000);
const R_MAX: f64 = 20.0;

/// The conditions of the measurement.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Conditions {
    /// Temperature of the sample for ins, ixs, structure-factor and rdf-thermal, K; a structure in reduced units is classical.
    #[arg(long, value_name = "K", default_value_t = 300.0)]
    temperature: f64,
    /// The neutron spectrometer of ins: fixed-q=Q (1/A), direct=EI,LOW,HIGH or indirect=EF,FORWARD,BACK (meV, degrees).
    #[arg(long, value_name = "SPEC", default_value = "indirect=3.5,45,135", value_parser = locus)]
    spectrometer: Locus,
    /// Largest number of phonons at a time in ins.
    #[arg(long, value_name = "N", default_value_t = 1)]
    multiphonon: usize,
    /// Full width at half maximum of the resolution of ixs (pseudo-Voigt), meV.
    #[arg(long, value_name = "FWHM", default_value_t = 3.0)]
    resolution: f64,
    /// Largest |Q| of ixs, 1/A.
    #[arg(long, value_name = "Q", default_value_t = 5.0)]
    q_max: f64,
}

fn locus(text: &str) -> std::result::Result<Locus, String> {
    let bad = || "use fixed-q=5, direct=200,5,130 or indirect=3.5,45,135".to_owned();
    let (kind, numbers) = text.split_once('=').ok_or_else(bad)?;
    let numbers: Vec<f64> = (numbers.split(','))
        .map(|n| n.trim().parse().map_err(|_| bad()))
        .collect::<std::result::Result<_, _>>()?;
    let locus = match (kind, &numbers[..]) {
        ("fixed-q", &[q]) => Locus::FixedQ(q),
        ("direct", &[incident, low, high]) => Locus::Direct {
            incident,
            angles: [low, high],
        },
        ("indirect", &[last, forward, back]) => Locus::Indirect {
            last,
            banks: [forward, back],
        },
        _ => return Err(bad()),
    };
    locus.check().map_err(|e| e.to_string())?;
    Ok(locus)
}

impl Conditions {
    fn thermal(&self, found: &Found) -> Thermal {
        Thermal {
            kelvin: self.temperature,
            statistics: if found.reduced {
                Statistics::Classical
            } else {
                Statistics::Quantum
            },
        }
    }
}

/// The modes with their vectors, or the reason why there are none.
fn modes(found: &Found) -> Result<&Modes> {
    match &found.vibrations {
        Vibrations::Modes { modes, .. } => Ok(modes),
        Vibrations::Moments(_) => Err(Error::new("this structure is too large for its modes")
            .cure("ask for ins, ixs, vdos or neutron-gdos, which do without")),
    }
}

/// Scattering of every atom for itself, barn; alike in reduced units.
fn incoherent(found: &Found) -> Result<Incoherent> {
    let structure = &found.structure;
    let sigma = if found.reduced {
        vec![1.0; structure.species.len()]
    } else {
        incoherent::cross_sections(structure)?
    };
    let thermal = found.conditions.thermal(found);
    match &found.vibrations {
        Vibrations::Modes { modes, .. } => Incoherent::of_modes(modes, structure, thermal, &sigma),
        Vibrations::Moments(_) => {
            Incoherent::of_density(&density(found)?.vdos, structure, thermal, &sigma)
        }
    }
}

/// An axis over both signs of the energy.
fn both_signs(density: &Density) -> Result<Grid> {
    let grid = &density.vdos.grid;
    Grid::new(-grid.end(), grid.end(), 2 * grid.len())
}

pub(super) fn ins(found: &Found) -> Result<Curves> {
    let (conditions, density) = (&found.conditions, density(found)?);
    if found.reduced && !matches!(conditions.spectrometer, Locus::FixedQ(_)) {
        return Err(Error::new("reduced units have no neutrons")
            .because("the wavevectors of a spectrometer follow from the neutron's mass")
            .cure("give --spectrometer fixed-q=Q, Q in 1/sigma"));
    }
    let grid = both_signs(density)?;
    let shape = LineShape::Gaussian {
        sigma: density.sigma,
    };
    let curve = incoherent(found)?.spectrum(
        &conditions.spectrometer,
        &grid,
        conditions.multiphonon.clamp(1, MOST_ORDERS),
        &shape,
    )?;
    let mut notes = notes(Quantity::Ins.name(), "meV");
    notes.push(("y".into(), "S(Q,E) in the incoherent approximation, barn/(sr meV) per atom, without k'/k; loss positive, elastic line left out".into()));
    notes.push((
        "spectrometer".into(),
        format!("{:?}", conditions.spectrometer),
    ));
    notes.push((
        "phonons at a time".into(),
        format!("1 to {}", conditions.multiphonon),
    ));
    notes.push((
        "temperature".into(),
        format!("{} K", conditions.temperature),
    ));
    notes.push(("broadening".into(), shape.to_string()));
    let columns = vec![("E".into(), grid.centres()), ("S(Q,E)".into(), curve)];
    Ok(vec![("ins".into(), Columns { notes, columns })])
}

pub(super) fn ixs(found: &Found) -> Result<Curves> {
    let (conditions, density) = (&found.conditions, density(found)?);
    let grid = both_signs(density)?;
    let vectors = if found.prepared.is_some() {
        FEW_VECTORS
    } else {
        VECTORS
    };
    let shells = shells(&found.structure.cell, conditions.q_max, SHELLS, vectors)?;
    let widths = Widths {
        broadening: density.sigma,
        resolution: LineShape::PseudoVoigt {
            fwhm: conditions.resolution,
            eta: ETA,
        },
    };
    let spectra = map(found, &shells, &grid, &widths)?;
    let fits = oscillators(&shells, &spectra, &grid, &widths, conditions)?;
    let mut curves = vec![("ixs-dho".to_owned(), fits)];
    for (shell, spectrum) in shells.iter().zip(spectra) {
        let mut notes = notes(Quantity::Ixs.name(), "meV");
        for (key, value) in [
            ("y", "coherent one-phonon S(Q,E), electrons^2/meV per atom; loss positive, elastic line left out".to_owned()),
            ("Q", format!("{:.4} 1/A, mean over {} wavevectors of the cell", shell.q, shell.vectors.len())),
            ("temperature", format!("{} K", conditions.temperature)),
            ("resolution", widths.resolution.to_string()),
            ("broadening of the modes before it", density.broadening.clone()),
        ] {
            notes.push((key.to_owned(), value));
        }
        let columns = vec![("E".into(), grid.centres()), ("S(Q,E)".into(), spectrum)];
        curves.push((format!("ixs.{:.3}", shell.q), Columns { notes, columns }));
    }
    Ok(curves)
}

fn map(found: &Found, shells: &[Shell], grid: &Grid, widths: &Widths) -> Result<Vec<Vec<f64>>> {
    let structure = &found.structure;
    let probe = if found.reduced {
        Probe::Alike
    } else {
        Probe::XRays
    };
    let thermal = found.conditions.thermal(found);
    let Some(prepared) = &found.prepared else {
        let scattering = Coherent::new(modes(found)?, structure, probe, thermal)?;
        return scattering.map(shells, grid, widths);
    };
    let squares = incoherent(found)?.mean_squares();
    let displacements = Displacements::isotropic(structure, &squares);
    let large = map_of_large(
        prepared,
        structure,
        probe,
        thermal,
        &displacements,
        shells,
        MOMENTS,
    )?;
    large.spectra(grid, widths)
}

/// Damped oscillators fitted to the spectra; where none fits there is no row.
fn oscillators(
    shells: &[Shell],
    spectra: &[Vec<f64>],
    grid: &Grid,
    widths: &Widths,
    conditions: &Conditions,
) -> Result<Columns> {
    let names = [
        "Q",
        "energy",
        "energy_error",
        "width",
        "width_error",
        "area",
        "central",
    ];
    let mut columns = names.map(|name| (name.to_owned(), Vec::new()));
    for (shell, spectrum) in shells.iter().zip(spectra) {
        let curve = Curve::new(grid.centres(), spectrum.clone(), None, Quantity::Ixs)?;
        let Ok(dho) = dho::fit(&curve, &widths.resolution, conditions.temperature) else {
            continue;
        };
        let row = [
            shell.q,
            dho.energy.value,
            dho.energy.error,
            dho.width.value,
            dho.width.error,
            dho.area.value,
            dho.central.value,
        ];
        for ((_, column), value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let mut notes = notes("damped-harmonic-oscillator", "1/angstrom");
    notes.push(("y".into(), "energy and full width in meV of one damped oscillator and a central line seen with the resolution of ixs; errors from the scatter about the fit".into()));
    Ok(Columns {
        notes,
        columns: columns.to_vec(),
    })
}

/// How far each pair of atoms swings at the temperature of the sample.
pub(super) fn widths(found: &Found) -> Result<PairWidths> {
    let thermal = found.conditions.thermal(found);
    let masses = found.structure.atom_masses();
    PairWidths::new(modes(found)?, &masses, thermal.kelvin, thermal.statistics)
}

/// The note of curves with these widths.
pub(super) fn temperature(found: &Found) -> (String, String) {
    let kelvin = found.conditions.temperature;
    let told = format!("{kelvin} K, by the thermal width of each pair");
    ("temperature".into(), told)
}

pub(super) fn structure_factor(found: &Found) -> Result<Curves> {
    let structure = &found.structure;
    let scale = if found.reduced { 2.0 } else { 1.0 };
    let (low, high, bins) = STATIC;
    let grid = Grid::new(scale * low, scale * high, bins)?;
    let widths = widths(found)?;
    let r_max = R_MAX / scale;
    let partial = partial_structure_factor(structure, &grid, r_max, Window::Lorch, Some(&widths))?;
    let probes = if found.reduced {
        vec![("structure-factor", Probe::Alike)]
    } else {
        vec![
            ("structure-factor", Probe::Neutrons),
            ("structure-factor.x-rays", Probe::XRays),
        ]
    };
    let curve = |(name, probe): (&str, Probe)| {
        let mut notes = notes(Quantity::StructureFactor.name(), "1/angstrom");
        notes.push(("seen by".into(), format!("{probe:?}")));
        notes.push(temperature(found));
        notes.push((
            "pairs".into(),
            format!("up to {r_max} angstrom, through all images, with a Lorch window"),
        ));
        let columns = vec![
            ("Q".to_owned(), grid.centres()),
            ("S(Q)".to_owned(), partial.total(structure, probe)?),
        ];
        Ok((name.to_owned(), Columns { notes, columns }))
    };
    probes.into_iter().map(curve).collect()
}
