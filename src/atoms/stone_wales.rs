//! Stone-Wales defects: bonds of a sheet turned by a right angle.

use super::cell::{add, norm, sub};
use super::neighbours::{NeighbourList, nearest_distance};
use super::structure::Structure;
use crate::error::{Error, Result};
use rand::Rng;
use rand::seq::SliceRandom;

/// Neighbours up to this times the nearest distance are bonded: well below the second shell of a sheet, at √3.
const BOND: f64 = 1.3;

/// The sheet with a fraction of its bonds turned by 90° about their middles, in the plane; no atom is in two of them.
///
/// At rest each turned bond has made two five-fold and two seven-fold rings of four hexagons
/// (A. J. Stone and D. J. Wales, *Chem. Phys. Lett.* **128**, 501 (1986)). Errors: the structure is not a sheet that repeats
/// along two edges in the xy plane; more bonds are asked for than fit.
///
/// ```
/// use glassbridge::atoms::{disorder::random, lattice::{graphene, supercell}, stone_wales::with_turned_bonds};
/// let sheet = supercell(&graphene(1.42, 12.011)?, [4, 3, 1])?;
/// let turned = with_turned_bonds(&sheet, 0.02, &mut random(1, 0))?; // 1 of 72 bonds
/// let moved = (0..48).filter(|&i| turned.positions[i] != sheet.positions[i]).count();
/// assert_eq!(moved, 2);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn with_turned_bonds(
    sheet: &Structure,
    fraction: f64,
    random: &mut impl Rng,
) -> Result<Structure> {
    let [a, b, _] = *sheet.cell.vectors();
    if sheet.cell.periodic() != [true, true, false] || a[2] != 0.0 || b[2] != 0.0 {
        return Err(Error::new("bonds can be turned in a sheet only")
            .because("the structure does not repeat along two edges in the xy plane alone")
            .cure("start from graphene, or set the range of rotations to [0, 0]"));
    }
    let mut bonds = bonds(sheet)?;
    let wanted = (fraction * bonds.len() as f64).round() as usize;
    bonds.shuffle(random);
    let (mut turned, mut used, mut count) = (sheet.clone(), vec![false; sheet.len()], 0);
    for (i, j, vector) in bonds {
        if count == wanted {
            break;
        }
        if i == j || used[i] || used[j] {
            continue;
        }
        (used[i], used[j]) = (true, true);
        turn(&mut turned, i, j, vector);
        count += 1;
    }
    if count < wanted {
        return Err(Error::new(format!("cannot turn {wanted} bonds"))
            .because(format!("only {count} fit without two of them at one atom"))
            .cure("turn a smaller fraction"));
    }
    Ok(turned)
}

/// Every bond once: its atoms and the vector from the first to the second.
fn bonds(sheet: &Structure) -> Result<Vec<(usize, usize, [f64; 3])>> {
    let reach = BOND * nearest_distance(sheet)?;
    let list = NeighbourList::new(sheet, reach)?;
    let of = |i: usize| {
        let half = list.half(i).iter();
        half.map(|&link| {
            (
                i,
                link.index as usize,
                list.vector(&sheet.positions, i, link),
            )
        })
        .filter(|(.., vector)| norm(*vector) < reach)
        .collect::<Vec<_>>()
    };
    Ok((0..sheet.len()).flat_map(of).collect())
}

/// Turns the bond in the plane; its middle and its length stay.
fn turn(sheet: &mut Structure, i: usize, j: usize, [x, y, z]: [f64; 3]) {
    let half = [x / 2.0, y / 2.0, z / 2.0];
    let across = [-y / 2.0, x / 2.0, z / 2.0];
    let (out, back) = (sub(half, across), sub(across, half));
    sheet.positions[i] = add(sheet.positions[i], out);
    sheet.positions[j] = add(sheet.positions[j], back);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::disorder;
    use crate::atoms::lattice::{diamond, graphene, supercell};

    #[test]
    fn turned_bonds_keep_middle_and_length() {
        let sheet = supercell(&graphene(1.42, 12.011).unwrap(), [6, 4, 1]).unwrap();
        let before = bonds(&sheet).unwrap();
        assert_eq!(before.len(), 3 * sheet.len() / 2);
        let turned = with_turned_bonds(&sheet, 0.1, &mut disorder::random(3, 0)).unwrap();
        let moved = |i: usize| norm(sub(turned.positions[i], sheet.positions[i])) > 0.1;
        let pairs: Vec<_> = before
            .iter()
            .filter(|(i, j, _)| moved(*i) && moved(*j))
            .collect();
        assert!(pairs.len() >= before.len() / 10);
        let count = (0..sheet.len()).filter(|&i| moved(i)).count();
        assert_eq!(count, 2 * ((0.1 * before.len() as f64).round() as usize));
    }

    #[test]
    fn only_sheets_and_only_so_many() {
        let solid = diamond(3.57, "C", 12.011).unwrap();
        assert!(with_turned_bonds(&solid, 0.1, &mut disorder::random(1, 0)).is_err());
        let sheet = supercell(&graphene(1.42, 12.011).unwrap(), [3, 2, 1]).unwrap();
        assert!(with_turned_bonds(&sheet, 0.9, &mut disorder::random(1, 0)).is_err());
    }
}
