//! What is recorded of a structure at rest.

use super::recipe::Record;
use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::observables::angles::BondAngles;
use crate::observables::bonds::{Bonds, Cutoffs};
use crate::observables::rdf::{self, Weighting};
use crate::observables::rings::{primitive_rings, ring_sizes};
use crate::observables::thermal_width::{PairWidths, Statistics};
use crate::observables::{neutron, vdos};
use crate::vibrations::modes::Modes;
use std::collections::BTreeMap;

/// Curves by the name of their array.
type Blocks = BTreeMap<String, Vec<f64>>;

/// All curves of a structure with its modes; the species of `reduced` units are no elements and have no ħ.
pub(super) fn curves(
    record: &Record,
    structure: &Structure,
    bonds: Option<&Bonds>,
    modes: &Modes,
    reduced: bool,
) -> Result<Blocks> {
    let mut blocks = Blocks::new();
    pairs(record, structure, modes, reduced, &mut blocks)?;
    spectra(record, structure, modes, reduced, &mut blocks)?;
    network(record, structure, bonds, &mut blocks)?;
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
