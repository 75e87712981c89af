//! Descriptors that are found from the structures at rest when they are asked for, a row of numbers a structure.

use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::grid::Grid;
use crate::observables::bonds::{Bonds, Cutoffs};
use crate::observables::coordination::Coordination;
use crate::observables::homology::Barcodes;

/// Numbers of neighbours told apart: 0 to 15, more than in any close packing, and all above.
const COORDINATIONS: usize = 17;
/// How far persistent homology looks, in mean distances of atoms `ρ^(-1/d)`: past the first shell of every packing (1.12 in
/// fcc) and the second of a network, and 0.9 of what a cell of 216 atoms allows.
const REACH: f64 = 1.8;
/// Bins of a Betti curve; a bin is 0.05 of the mean distance, as wide as a peak of g(r) at low temperature.
const BETTI_BINS: usize = 36;

/// For each species the share of its atoms with 0, 1, … bonded neighbours, the last number standing for all above; zeros
/// where g(r) has no shells, so that nothing is bonded.
pub fn coordination(structure: &Structure) -> Vec<f64> {
    let mut shares = vec![0.0; structure.species.len() * COORDINATIONS];
    let bonds = Cutoffs::found(structure).and_then(|c| Bonds::new(structure, &c));
    let Ok(bonds) = bonds else { return shares };
    let found = Coordination::new(structure, &bonds);
    for (a, counts) in found.total.iter().enumerate() {
        let atoms: usize = counts.iter().sum();
        for (n, &count) in counts.iter().enumerate() {
            let column = a * COORDINATIONS + n.min(COORDINATIONS - 1);
            shares[column] += count as f64 / atoms.max(1) as f64;
        }
    }
    shares
}

/// The Betti curves per atom of components, loops and, in space, voids, side by side; r from 0 to 1.8 mean distances
/// `ρ^(-1/d)` of this structure's atoms, so that the curves tell the shape and leave the scale to g(r).
///
/// Errors: a cell too small for that reach (fewer than some 160 atoms in a cube).
pub fn homology(structure: &Structure) -> Result<Vec<f64>> {
    let dimensions = structure.cell.dimensions();
    let spacing = structure.number_density().powf(-1.0 / dimensions as f64);
    let grid = Grid::new(0.0, REACH * spacing, BETTI_BINS)?;
    let bars = Barcodes::new(structure, grid.end(), dimensions - 1)?;
    let mut curves = Vec::with_capacity(dimensions * BETTI_BINS);
    for dimension in 0..dimensions {
        curves.extend(bars.betti_curve(dimension, &grid)?);
    }
    Ok(curves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::lattice::{diamond, supercell};

    fn silicon(repeat: usize, constant: f64) -> Structure {
        supercell(&diamond(constant, "Si", 28.085).unwrap(), [repeat; 3]).unwrap()
    }

    #[test]
    fn all_atoms_of_diamond_have_four_neighbours() {
        let mut four = vec![0.0; COORDINATIONS];
        four[4] = 1.0;
        assert_eq!(coordination(&silicon(3, 5.431)), four);
    }

    /// The bond of diamond is √3/2 = 0.866 of the mean distance, the second shell √2 of it.
    #[test]
    fn homology_of_diamond_does_not_know_the_scale() {
        let (curves, scaled) = (
            homology(&silicon(3, 5.431)).unwrap(),
            homology(&silicon(3, 7.0)).unwrap(),
        );
        assert_eq!(curves.len(), 3 * BETTI_BINS);
        // All apart; in one piece; loops between the two shells.
        let atoms = 216.0;
        for (bin, expected) in [
            (0, 1.0),
            (18, 1.0 / atoms),
            (BETTI_BINS + 20, 217.0 / atoms),
        ] {
            assert!((curves[bin] - expected).abs() < 1e-9, "{bin}");
        }
        for (a, b) in curves.iter().zip(&scaled) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn a_small_cell_is_refused() {
        let e = homology(&silicon(1, 5.431)).unwrap_err().to_string();
        assert!(e.contains("too long for this cell"), "{e}");
    }
}
