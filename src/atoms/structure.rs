//! Which atoms are where.

use super::cell::Cell;
use crate::error::{Error, Result};

/// Å. Atoms this near to one height lie in one plane; files write fewer digits.
const ONE_PLANE: f64 = 1e-6;

/// Atoms in a cell.
///
/// The fields are public and [`Structure::new`] checks them; code that moves atoms writes `positions` only.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    /// The box.
    pub cell: Cell,
    /// Chemical symbols, each once.
    pub species: Vec<String>,
    /// Mass of each species in amu.
    pub masses: Vec<f64>,
    /// For each atom, its index into `species`.
    pub species_of: Vec<usize>,
    /// For each atom, its position in Å; it need not lie inside the cell.
    pub positions: Vec<[f64; 3]>,
    /// Whether this is matter of two dimensions, whose atoms have no third coordinate to move along (z). A sheet that may
    /// buckle is not flat.
    pub flat: bool,
}

impl Structure {
    /// A structure whose parts fit together: one mass per species, one species per atom, everything finite.
    pub fn new(
        cell: Cell,
        species: Vec<String>,
        masses: Vec<f64>,
        species_of: Vec<usize>,
        positions: Vec<[f64; 3]>,
    ) -> Result<Self> {
        check_species(&species, &masses)?;
        if positions.is_empty() || species_of.len() != positions.len() {
            return Err(Error::new(format!(
                "{} positions and {} species do not make a structure",
                positions.len(),
                species_of.len()
            ))
            .because("every atom needs both, and there must be one atom at least"));
        }
        if let Some(i) = species_of.iter().position(|&s| s >= species.len()) {
            return Err(Error::new(format!(
                "atom {} has species {} of only {}",
                i + 1,
                species_of[i] + 1,
                species.len()
            )));
        }
        if let Some(i) = (positions.iter()).position(|p| !p.iter().all(|x| x.is_finite())) {
            return Err(Error::new(format!(
                "atom {} is at {:?}, which is nowhere",
                i + 1,
                positions[i]
            )));
        }
        Ok(Self {
            cell,
            species,
            masses,
            species_of,
            positions,
            flat: false,
        })
    }

    /// The same atoms as matter of two dimensions: they stay in the plane z = const.
    ///
    /// Refused unless the cell repeats in x and y only, with edges in the plane, and all atoms have one z.
    pub fn flattened(self) -> Result<Self> {
        let [a, b, c] = *self.cell.vectors();
        let in_plane = a[2] == 0.0 && b[2] == 0.0 && c[0] == 0.0 && c[1] == 0.0;
        let height = self.positions[0][2];
        let off = self.positions.iter().map(|p| (p[2] - height).abs());
        let worst = off.fold(0.0, f64::max);
        if worst > ONE_PLANE || !in_plane {
            return Err(Error::new("the structure is not flat")
                .because(format!(
                    "its atoms lie up to {worst:.3} Å off one plane z = const, or its cell is not one plane's"
                ))
                .cure("give a structure in the xy plane with a third edge along z, or treat it as three-dimensional"));
        }
        let positions = self
            .positions
            .iter()
            .map(|&[x, y, _]| [x, y, height])
            .collect();
        Ok(Self {
            cell: Cell::new([a, b, c], [true, true, false])?,
            positions,
            flat: true,
            ..self
        })
    }

    /// Number of coordinates along which an atom can move: 2 if [flat](Self::flat), else 3.
    pub fn dimensions(&self) -> usize {
        if self.flat { 2 } else { 3 }
    }

    /// The structure with all lengths, cell and positions, multiplied by a factor.
    pub fn scaled(&self, factor: f64) -> Result<Self> {
        let times = |v: [f64; 3]| v.map(|x| factor * x);
        Ok(Self {
            cell: Cell::new(self.cell.vectors().map(times), self.cell.periodic())?,
            positions: self.positions.iter().copied().map(times).collect(),
            ..self.clone()
        })
    }

    /// The number of atoms.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a structure has at least one atom"
    )]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Atoms per [measure](Cell::measure) of the cell: Å⁻³ for a solid, Å⁻² for a sheet.
    pub fn number_density(&self) -> f64 {
        self.len() as f64 / self.cell.measure()
    }

    /// The fraction of atoms of each species.
    pub fn concentrations(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.species.len()];
        for &s in &self.species_of {
            counts[s] += 1.0;
        }
        counts.into_iter().map(|n| n / self.len() as f64).collect()
    }

    /// Atoms of each species, e.g. `Si64O128`.
    pub fn formula(&self) -> String {
        let count = |s: usize| self.species_of.iter().filter(|&&t| t == s).count();
        let parts = self.species.iter().enumerate();
        parts.fold(String::new(), |sum, (s, symbol)| {
            format!("{sum}{symbol}{}", count(s))
        })
    }

    /// Mass of atom `i` in amu.
    pub fn mass(&self, i: usize) -> f64 {
        self.masses[self.species_of[i]]
    }

    /// Mass of every atom in amu.
    pub fn atom_masses(&self) -> Vec<f64> {
        (0..self.len()).map(|i| self.mass(i)).collect()
    }

    /// Chemical symbol of atom `i`.
    pub fn symbol(&self, i: usize) -> &str {
        &self.species[self.species_of[i]]
    }
}

fn check_species(species: &[String], masses: &[f64]) -> Result<()> {
    if species.is_empty() || species.len() != masses.len() {
        return Err(Error::new(format!(
            "{} species cannot have {} masses",
            species.len(),
            masses.len()
        )));
    }
    for (i, (symbol, &mass)) in species.iter().zip(masses).enumerate() {
        if species[..i].contains(symbol) {
            return Err(Error::new(format!("species {symbol} is listed twice")));
        }
        if !(mass.is_finite() && mass > 0.0) {
            return Err(
                Error::new(format!("species {symbol} has a mass of {mass} amu"))
                    .cure("give a positive mass"),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(species: &[&str], masses: &[f64], of: &[usize], x: &[f64]) -> Result<Structure> {
        Structure::new(
            Cell::orthorhombic([2.0; 3])?,
            species.iter().map(|&s| s.to_owned()).collect(),
            masses.to_vec(),
            of.to_vec(),
            x.iter().map(|&x| [x, 0.0, 0.0]).collect(),
        )
    }

    #[test]
    fn a_structure_counts_its_atoms() {
        let s = build(&["Si", "O"], &[28.0, 16.0], &[0, 1, 1], &[0.0, 0.5, 1.0]).unwrap();
        assert_eq!(s.concentrations(), [1.0 / 3.0, 2.0 / 3.0]);
        assert!((s.number_density() - 0.375).abs() < 1e-15);
        assert_eq!((s.mass(2), s.symbol(0)), (16.0, "Si"));
        assert_eq!(s.formula(), "Si1O2");
    }

    #[test]
    fn only_a_flat_sheet_is_flat() {
        let mut sheet = build(&["A"], &[1.0], &[0, 0], &[0.0, 1.0]).unwrap();
        let flat = sheet.clone().flattened().unwrap();
        assert_eq!((flat.dimensions(), flat.cell.dimensions()), (2, 2));
        sheet.positions[1][2] = 0.1;
        assert!(sheet.flattened().is_err());
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert!(build(&["Si"], &[28.0], &[0, 0], &[0.0]).is_err());
        assert!(build(&["Si"], &[28.0], &[1], &[0.0]).is_err());
        assert!(build(&["Si"], &[-28.0], &[0], &[0.0]).is_err());
        assert!(build(&["Si", "Si"], &[28.0, 28.0], &[0], &[0.0]).is_err());
        assert!(build(&["Si"], &[28.0], &[0], &[f64::NAN]).is_err());
        assert!(build(&["Si"], &[28.0], &[], &[]).is_err());
    }
}
