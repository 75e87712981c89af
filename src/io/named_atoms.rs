//! From atoms as a file lists them to a structure.

use super::extxyz::Frame;
use crate::atoms::cell::Cell;
use crate::atoms::structure::Structure;
use crate::elements;
use crate::error::{Error, Result};

/// A mass this near that of an element names it, amu: files round to two digits, neighbours in the table are 0.1 apart at
/// least where it matters (Co and Ni 0.24).
const SAME_MASS: f64 = 0.1;

/// What a file does not say and the user may.
pub struct Told<'a> {
    /// Names of the types of LAMMPS, or of the groups of an old POSCAR, in their order.
    pub species: &'a [String],
    /// The mass in amu of a species, where the file has none.
    pub mass_of: &'a dyn Fn(&str) -> Result<f64>,
}

/// Atoms with a name each.
pub(super) struct NamedAtoms {
    pub(super) cell: Cell,
    pub(super) names: Vec<String>,
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) forces: Option<Vec<[f64; 3]>>,
    /// Masses that the file gives, by name.
    pub(super) masses: Vec<(String, f64)>,
}

impl NamedAtoms {
    /// The structure, its species in the order in which they first occur.
    pub(super) fn frame(self, told: &Told) -> Result<Frame> {
        let (mut species, mut species_of) = (Vec::<String>::new(), Vec::new());
        for name in self.names {
            let known = species.iter().position(|s| *s == name);
            species_of.push(known.unwrap_or(species.len()));
            if known.is_none() {
                species.push(name);
            }
        }
        let mass = |name: &String| {
            let given = self.masses.iter().find(|(n, _)| n == name);
            given.map_or_else(|| (told.mass_of)(name), |(_, m)| Ok(*m))
        };
        let masses = species.iter().map(mass).collect::<Result<_>>()?;
        Ok(Frame {
            structure: Structure::new(self.cell, species, masses, species_of, self.positions)?,
            energy: None,
            forces: self.forces,
        })
    }
}

/// The element of a mass, if one is near enough.
pub(super) fn element_of_mass(mass: f64) -> Option<&'static str> {
    elements::all()
        .map(|e| ((e.mass - mass).abs(), e.symbol.as_str()))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(off, _)| *off < SAME_MASS)
        .map(|(_, symbol)| symbol)
}

/// The name of a LAMMPS type, from 1, as the user told it.
pub(super) fn told_name(told: &Told, kind: usize) -> Result<String> {
    let name = kind.checked_sub(1).and_then(|k| told.species.get(k));
    name.cloned().ok_or_else(|| {
        Error::new(format!("atom type {kind} has no name"))
            .because("the file numbers its species and does not name them")
            .cure("say which they are, in the order of their numbers: --species Si,O")
    })
}
