//! Crystals to start from. Masses are arguments, in amu, in the order of the species.

use super::cell::{Cell, add};
use super::structure::Structure;
use crate::error::{Error, Result};

/// Lattice constant in Å of the ideal C9 structure of β-cristobalite (Wyckoff, Crystal Structures vol. 1, 1963):
/// Si-O-Si straight, Si-O = √3/8 a = 1.550 Å.
pub const BETA_CRISTOBALITE_EDGE: f64 = 7.16;

/// Corners and face centres.
const FACE_CENTRED: [[f64; 3]; 4] = [
    [0.0, 0.0, 0.0],
    [0.0, 0.5, 0.5],
    [0.5, 0.0, 0.5],
    [0.5, 0.5, 0.0],
];
/// The second atom of diamond, and the middles of its four bonds.
const SECOND: [f64; 3] = [0.25, 0.25, 0.25];
const BOND_MIDDLES: [[f64; 3]; 4] = [
    [0.125, 0.125, 0.125],
    [0.125, 0.375, 0.375],
    [0.375, 0.125, 0.375],
    [0.375, 0.375, 0.125],
];

/// Ideal β-cristobalite silica (C9, Fd-3m), 8 formula units in a cube of edge `a` (Å): Si as in diamond, O in the
/// middle of every bond. `masses` are those of Si and O.
///
/// ```
/// use glassbridge::atoms::lattice::{BETA_CRISTOBALITE_EDGE, beta_cristobalite};
/// let silica = beta_cristobalite(BETA_CRISTOBALITE_EDGE, [28.085, 15.999])?;
/// assert_eq!(silica.len(), 24);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn beta_cristobalite(a: f64, masses: [f64; 2]) -> Result<Structure> {
    let silicon = face_centred(&[[0.0; 3], SECOND]);
    let oxygen = face_centred(&BOND_MIDDLES);
    cubic(a, &[("Si", masses[0], silicon), ("O", masses[1], oxygen)])
}

/// Diamond structure of `symbol`: 8 atoms in a cube of edge `a` (Å); bonds are √3/4 a.
pub fn diamond(a: f64, symbol: &str, mass: f64) -> Result<Structure> {
    cubic(a, &[(symbol, mass, face_centred(&[[0.0; 3], SECOND]))])
}

/// Zincblende structure of two species: 8 atoms in a cube of edge `a` (Å); bonds are √3/4 a.
pub fn zincblende(a: f64, symbols: [&str; 2], masses: [f64; 2]) -> Result<Structure> {
    cubic(
        a,
        &[
            (symbols[0], masses[0], face_centred(&[[0.0; 3]])),
            (symbols[1], masses[1], face_centred(&[SECOND])),
        ],
    )
}

/// Face-centred cubic crystal of `symbol`: 4 atoms in a cube of edge `a` (Å); nearest neighbours at a/√2.
pub fn face_centred_cubic(a: f64, symbol: &str, mass: f64) -> Result<Structure> {
    cubic(a, &[(symbol, mass, face_centred(&[[0.0; 3]]))])
}

/// Body-centred cubic crystal of `symbol`: 2 atoms in a cube of edge `a` (Å); nearest neighbours at √3/2 a.
pub fn body_centred_cubic(a: f64, symbol: &str, mass: f64) -> Result<Structure> {
    cubic(a, &[(symbol, mass, vec![[0.0; 3], [0.5; 3]])])
}

/// Triangular lattice of two-dimensional matter: 2 atoms in a rectangle of a times √3 a, nearest neighbours at `a` (Å).
pub fn triangular(a: f64, symbol: &str, mass: f64) -> Result<Structure> {
    let edges = [[a, 0.0, 0.0], [0.0, 3.0_f64.sqrt() * a, 0.0], [0.0, 0.0, a]];
    let cell = Cell::new(edges, [true, true, false])?;
    let positions = [[0.0; 3], [0.5, 0.5, 0.0]]
        .map(|f| cell.cartesian(f))
        .to_vec();
    Structure::new(
        cell,
        vec![symbol.to_owned()],
        vec![mass],
        vec![0; 2],
        positions,
    )?
    .flattened()
}

/// A sheet of graphene, repeating in x and y only: 4 atoms in a rectangle of √3 times 3 `bond` lengths (Å).
pub fn graphene(bond: f64, mass: f64) -> Result<Structure> {
    // The third edge only makes the cell a box; nothing is counted along it.
    let edges = [
        [3.0_f64.sqrt() * bond, 0.0, 0.0],
        [0.0, 3.0 * bond, 0.0],
        [0.0, 0.0, bond],
    ];
    let cell = Cell::new(edges, [true, true, false])?;
    let rows = [(0.0, 0.0), (0.5, 1.0 / 6.0), (0.5, 0.5), (0.0, 2.0 / 3.0)];
    let positions = rows.map(|(u, v)| cell.cartesian([u, v, 0.0])).to_vec();
    Structure::new(
        cell,
        vec!["C".to_owned()],
        vec![mass],
        vec![0; 4],
        positions,
    )
}

/// `repeats` copies of a structure along its three edges, image by image.
pub fn supercell(unit: &Structure, repeats: [usize; 3]) -> Result<Structure> {
    let periodic = unit.cell.periodic();
    for k in 0..3 {
        if repeats[k] == 0 || (repeats[k] > 1 && !periodic[k]) {
            return Err(
                Error::new(format!("a supercell of {repeats:?} copies is not possible"))
                    .because(format!("the structure repeats along {periodic:?}"))
                    .cure("use whole numbers from 1, and 1 along an edge that does not repeat"),
            );
        }
    }
    let edges = *unit.cell.vectors();
    let grown = [0, 1, 2].map(|k: usize| edges[k].map(|x| x * repeats[k] as f64));
    let mut positions = Vec::new();
    for a in 0..repeats[0] {
        for b in 0..repeats[1] {
            for c in 0..repeats[2] {
                let shift = unit.cell.cartesian([a as f64, b as f64, c as f64]);
                positions.extend(unit.positions.iter().map(|&p| add(p, shift)));
            }
        }
    }
    let copies = positions.len() / unit.len();
    let grown = Structure::new(
        Cell::new(grown, periodic)?,
        unit.species.clone(),
        unit.masses.clone(),
        unit.species_of.repeat(copies),
        positions,
    )?;
    Ok(Structure {
        flat: unit.flat,
        ..grown
    })
}

/// Every position shifted to each face centre.
fn face_centred(basis: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let shifted = |&b: &[f64; 3]| FACE_CENTRED.map(|f| add(f, b));
    basis.iter().flat_map(shifted).collect()
}

/// A cube of edge `a` with the given species: symbol, mass, fractional coordinates.
fn cubic(a: f64, species: &[(&str, f64, Vec<[f64; 3]>)]) -> Result<Structure> {
    let cell = Cell::orthorhombic([a; 3])?;
    let (mut species_of, mut positions) = (Vec::new(), Vec::new());
    for (k, (_, _, places)) in species.iter().enumerate() {
        species_of.extend(std::iter::repeat_n(k, places.len()));
        positions.extend(places.iter().map(|&p| cell.cartesian(p)));
    }
    let symbols = species.iter().map(|(symbol, ..)| (*symbol).to_owned());
    let masses = species.iter().map(|(_, mass, _)| *mass).collect();
    Structure::new(cell, symbols.collect(), masses, species_of, positions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::neighbours::NeighbourList;

    /// The number of neighbours of each atom within `reach`, all at `distance`.
    fn shell(structure: &Structure, distance: f64) -> Vec<usize> {
        let list = NeighbourList::new(structure, distance * 1.01).unwrap();
        let count = |i: usize| {
            let near: Vec<_> = list.of(structure, i).collect();
            assert!(near.iter().all(|n| (n.distance - distance).abs() < 1e-12));
            near.len()
        };
        (0..structure.len()).map(count).collect()
    }

    #[test]
    fn silicon_has_four_oxygens_and_oxygen_two_silicons() {
        let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let expected: Vec<_> = silica.species_of.iter().map(|&s| [4, 2][s]).collect();
        assert_eq!(shell(&silica, 7.16 * 3.0_f64.sqrt() / 8.0), expected);
        assert_eq!(silica.concentrations(), [1.0 / 3.0, 2.0 / 3.0]);
    }

    #[test]
    fn diamond_zincblende_and_graphene_are_coordinated_as_they_should() {
        let bond = 3.567 * 3.0_f64.sqrt() / 4.0;
        assert_eq!(shell(&diamond(3.567, "C", 12.011).unwrap(), bond), [4; 8]);
        let carbide = zincblende(3.567, ["Si", "C"], [28.085, 12.011]).unwrap();
        assert_eq!(shell(&carbide, bond), [4; 8]);
        let list = NeighbourList::new(&carbide, bond * 1.01).unwrap();
        let unlike = |i: usize| {
            list.of(&carbide, i)
                .all(|n| carbide.symbol(n.index as usize) != carbide.symbol(i))
        };
        assert!((0..8).all(unlike));
        let sheet = graphene(1.42, 12.011).unwrap();
        assert_eq!(shell(&sheet, 1.42), [3; 4]);
        assert!(
            (sheet.number_density() - 4.0 / (3.0 * 3.0_f64.sqrt() * 1.42 * 1.42)).abs() < 1e-12
        );
    }

    #[test]
    fn metals_and_discs_have_their_first_shells() {
        let fcc = face_centred_cubic(3.6, "Cu", 63.5).unwrap();
        assert_eq!(shell(&fcc, 3.6 / 2.0_f64.sqrt()), [12; 4]);
        let bcc = body_centred_cubic(3.2, "W", 183.8).unwrap();
        assert_eq!(shell(&bcc, 3.2 * 3.0_f64.sqrt() / 2.0), [8; 2]);
        let discs = triangular(1.1, "A", 1.0).unwrap();
        assert_eq!(shell(&discs, 1.1), [6; 2]);
        assert!(discs.flat);
    }

    #[test]
    fn a_supercell_is_the_same_crystal() {
        let unit = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let big = supercell(&unit, [2, 1, 3]).unwrap();
        assert_eq!(big.len(), 6 * unit.len());
        assert!((big.number_density() - unit.number_density()).abs() < 1e-15);
        let (small, large) = (
            NeighbourList::new(&unit, 5.0).unwrap(),
            NeighbourList::new(&big, 5.0).unwrap(),
        );
        assert_eq!(large.len(), 6 * small.len());
        for i in 0..big.len() {
            let sum = |list: &NeighbourList, of: &Structure, i: usize| -> f64 {
                list.of(of, i).map(|n| n.distance).sum()
            };
            let (one, same) = (sum(&large, &big, i), sum(&small, &unit, i % unit.len()));
            assert!((one - same).abs() < 1e-9);
        }
    }

    #[test]
    fn impossible_supercells_are_refused() {
        let sheet = graphene(1.42, 12.011).unwrap();
        assert!(supercell(&sheet, [2, 2, 2]).is_err());
        assert!(supercell(&sheet, [2, 0, 1]).is_err());
    }
}
