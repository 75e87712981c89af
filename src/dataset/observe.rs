//! What is recorded of a structure at rest.

use super::observable::Observable;
use super::recipe::Record;
use super::{kappa, raman};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::line_shape::LineShape;
use crate::instrument::locus::Geometry;
use crate::observables::angles::BondAngles;
use crate::observables::bonds::{Bonds, Cutoffs};
use crate::observables::coherent::{Coherent, Probe, Widths};
use crate::observables::incoherent::{self, Incoherent, Thermal};
use crate::observables::rdf::{self, Weighting};
use crate::observables::rings::{primitive_rings, ring_sizes};
use crate::observables::thermal_width::{PairWidths, Statistics};
use crate::observables::{neutron, reciprocal, vdos};
use crate::potentials::hessian::Hessian;
use crate::vibrations::modes::Modes;
use std::collections::BTreeMap;

/// Curves by the name of their array.
type Blocks = BTreeMap<String, Vec<f64>>;

/// All curves of a structure with its modes; the species of `reduced` units are no elements and have no ħ.
pub(super) fn curves(
    record: &Record,
    structure: &Structure,
    bonds: Option<&Bonds>,
    (hessian, modes): (&Hessian, &Modes),
    reduced: bool,
) -> Result<Blocks> {
    let mut blocks = Blocks::new();
    pairs(record, structure, modes, reduced, &mut blocks)?;
    spectra(record, structure, modes, reduced, &mut blocks)?;
    network(record, structure, bonds, &mut blocks)?;
    let light = |bonds| raman::activities(&record.raman, structure, bonds, modes);
    for observable in &record.observables {
        let curve = match observable {
            Observable::Ins => ins(record, structure, modes, reduced)?,
            Observable::Ixs => ixs(record, structure, modes, reduced)?,
            Observable::Raman => raman::stokes(record, &light(bonds)?)?,
            Observable::RamanReduced => raman::reduced(record, &light(bonds)?)?,
            Observable::Kappa => kappa::conductivity(record, structure, hessian, modes)?,
        };
        blocks.insert(observable.name().into(), curve);
    }
    Ok(blocks)
}

/// The bonds of a structure, by the first shells of its g(r); none if it has no shells.
pub(super) fn bonds(structure: &Structure) -> Option<Bonds> {
    let cutoffs = Cutoffs::found(structure).ok()?;
    Bonds::new(structure, &cutoffs).ok()
}

/// g(r) with the thermal widths of the modes.
fn pairs(
    record: &Record,
    structure: &Structure,
    modes: &Modes,
    reduced: bool,
    blocks: &mut Blocks,
) -> Result<()> {
    let statistics = if reduced {
        Statistics::Classical
    } else {
        Statistics::Quantum
    };
    let masses = structure.atom_masses();
    let widths = PairWidths::new(modes, &masses, record.temperature, statistics)?;
    let partial = rdf::partial_rdf(structure, &record.r()?, Some(&widths))?;
    blocks.insert("rdf".into(), partial.total(structure, Weighting::Number)?);
    for ((a, b), g) in partial.pairs.into_iter().zip(partial.g) {
        let name = format!("rdf.{}-{}", structure.species[a], structure.species[b]);
        blocks.insert(name, g);
    }
    Ok(())
}

/// Densities of states, and as neutrons weight them.
fn spectra(
    record: &Record,
    structure: &Structure,
    modes: &Modes,
    reduced: bool,
    blocks: &mut Blocks,
) -> Result<()> {
    let density = vdos::vdos(modes, structure, &record.energy()?, record.broadening)?;
    if !reduced {
        let weighted = neutron::neutron_gdos(&density, structure)?;
        blocks.insert("neutron-gdos".into(), weighted);
    }
    for (species, values) in structure.species.iter().zip(density.partial) {
        blocks.insert(format!("vdos.{species}"), values);
    }
    blocks.insert("vdos".into(), density.total);
    Ok(())
}

/// The neutron spectrum along the locus of the recipe, its area 1; in reduced units every species scatters alike.
fn ins(record: &Record, structure: &Structure, modes: &Modes, reduced: bool) -> Result<Vec<f64>> {
    let grid = record.energy()?;
    if reduced && record.ins.geometry != Geometry::FixedQ {
        return Err(Error::new("reduced units have no neutrons")
            .because("the wavevectors of a spectrometer follow from the neutron's mass")
            .cure("set geometry = \"fixed-q\" and q (1/sigma) in [record.ins]"));
    }
    let (statistics, cross_sections) = if reduced {
        (Statistics::Classical, vec![1.0; structure.species.len()])
    } else {
        (Statistics::Quantum, incoherent::cross_sections(structure)?)
    };
    let thermal = Thermal {
        kelvin: record.ins.temperature,
        statistics,
    };
    let shape = LineShape::Gaussian {
        sigma: record.broadening,
    };
    let scattering = Incoherent::of_modes(modes, structure, thermal, &cross_sections)?;
    let curve = scattering.spectrum(&record.ins.locus()?, &grid, record.ins.phonons, &shape)?;
    of_area_one(curve, &grid, "ins")
}

/// The X-ray spectrum at the wavevector of the recipe, its area 1; in reduced units every species scatters alike.
fn ixs(record: &Record, structure: &Structure, modes: &Modes, reduced: bool) -> Result<Vec<f64>> {
    let (grid, how) = (record.energy()?, &record.ixs);
    let (statistics, probe) = if reduced {
        (Statistics::Classical, Probe::Alike)
    } else {
        (Statistics::Quantum, Probe::XRays)
    };
    let thermal = Thermal {
        kelvin: how.temperature,
        statistics,
    };
    let widths = Widths {
        broadening: record.broadening,
        resolution: how.resolution(),
    };
    let shell = reciprocal::shell(&structure.cell, how.q, how.half_width, how.vectors)?;
    let scattering = Coherent::new(modes, structure, probe, thermal)?;
    of_area_one(scattering.spectrum(&shell, &grid, &widths)?, &grid, "ixs")
}

/// A measured intensity has no absolute scale to learn.
fn of_area_one(mut curve: Vec<f64>, grid: &Grid, name: &str) -> Result<Vec<f64>> {
    let area = curve.iter().sum::<f64>() * grid.step();
    if !(area.is_finite() && area > 0.0) {
        return Err(
            Error::new(format!("{name} has no intensity on the energy axis")).cure(format!(
                "look at the numbers of [record.{name}] and at e_max"
            )),
        );
    }
    for y in &mut curve {
        *y /= area;
    }
    Ok(curve)
}

/// Bond angles and, of networks, rings per atom; zeros where there are no bonds.
fn network(
    record: &Record,
    structure: &Structure,
    bonds: Option<&Bonds>,
    blocks: &mut Blocks,
) -> Result<()> {
    let angles = Record::angles()?;
    let density = match bonds {
        Some(bonds) => BondAngles::new(structure, bonds, &angles)?.total,
        None => vec![0.0; angles.len()],
    };
    blocks.insert("adf".into(), density);
    if let Some(sizes) = record.ring_sizes()? {
        let counts = match bonds {
            Some(bonds) => ring_sizes(&primitive_rings(structure, bonds, record.rings)?),
            None => Vec::new(),
        };
        let per_atom = |n: f64| {
            let count = counts.get(n as usize).copied().unwrap_or(0);
            count as f64 / structure.len() as f64
        };
        let values = sizes.centres().into_iter().map(per_atom).collect();
        blocks.insert("rings".into(), values);
    }
    Ok(())
}
