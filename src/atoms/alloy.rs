//! Several species at random on the places of a crystal.

use super::structure::Structure;
use crate::error::{Error, Result};
use rand::Rng;
use rand::seq::SliceRandom;

/// The structure with its places occupied at random by species `(symbol, mass in amu, fraction)`.
///
/// The fractions are scaled to sum to 1; the numbers of atoms are as near to them as whole numbers can be (largest
/// remainders), so that only the arrangement is random.
///
/// ```
/// use glassbridge::atoms::{alloy::occupied, disorder::random, lattice::{face_centred_cubic, supercell}};
/// let crystal = supercell(&face_centred_cubic(4.0, "Cu", 63.546)?, [2, 2, 2])?;
/// let alloy = occupied(&crystal, &[("Cu", 63.546, 0.5), ("Zr", 91.224, 0.5)], &mut random(1, 0))?;
/// assert_eq!(alloy.concentrations(), [0.5, 0.5]);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn occupied(
    structure: &Structure,
    species: &[(&str, f64, f64)],
    random: &mut impl Rng,
) -> Result<Structure> {
    let fractions: Vec<f64> = species.iter().map(|s| s.2).collect();
    let counts = counts(structure.len(), &fractions)?;
    let mut species_of: Vec<usize> = (counts.iter().enumerate())
        .flat_map(|(s, &n)| std::iter::repeat_n(s, n))
        .collect();
    species_of.shuffle(random);
    let alloy = Structure::new(
        structure.cell.clone(),
        species.iter().map(|s| s.0.to_owned()).collect(),
        species.iter().map(|s| s.1).collect(),
        species_of,
        structure.positions.clone(),
    )?;
    Ok(Structure {
        flat: structure.flat,
        ..alloy
    })
}

/// Whole numbers in the proportions of `fractions` that sum to `total`.
fn counts(total: usize, fractions: &[f64]) -> Result<Vec<usize>> {
    let sum: f64 = fractions.iter().sum();
    let possible = fractions.iter().all(|f| f.is_finite() && *f >= 0.0) && sum > 0.0;
    if !possible {
        return Err(Error::new(format!("{fractions:?} is not a composition"))
            .cure("give a fraction from 0 for each species, not all of them 0"));
    }
    let exact: Vec<f64> = fractions.iter().map(|f| f / sum * total as f64).collect();
    let mut counts: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by(|&a, &b| {
        exact[b]
            .fract()
            .total_cmp(&exact[a].fract())
            .then(a.cmp(&b))
    });
    let missing = total - counts.iter().sum::<usize>();
    order.iter().take(missing).for_each(|&s| counts[s] += 1);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_nearest_whole_ones() {
        assert_eq!(counts(256, &[0.46, 0.46, 0.08]).unwrap(), [118, 118, 20]);
        assert_eq!(counts(3, &[1.0, 1.0]).unwrap(), [2, 1]);
        assert_eq!(counts(5, &[0.0, 2.0]).unwrap(), [0, 5]);
        assert!(counts(5, &[0.0, 0.0]).is_err());
        assert!(counts(5, &[f64::NAN, 1.0]).is_err());
    }
}
