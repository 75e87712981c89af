//! Disorder put into a crystal by the numbers of a seed: displaced atoms and missing formula units.

use super::cell::{add, dot};
use super::neighbours::{Link, NeighbourList, nearest_distance};
use super::structure::Structure;
use crate::error::{Error, Result};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

/// Atoms up to this times the nearest distance count as bonded to the centre of a formula unit: well below the
/// second shell of any of our lattices (1.63 times the bond in a tetrahedron, 1.73 in a sheet).
const SHELL: f64 = 1.3;

/// How a crystal is disordered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disorder {
    /// Standard deviation of each Cartesian displacement, as a fraction of the nearest-neighbour distance.
    pub amplitude: f64,
    /// Displace only the atoms in a sphere around a random point that holds this share of all atoms (and so, in a
    /// crystal, of the volume); 1 displaces all.
    pub share: f64,
    /// Fraction taken out before that, of what [`taken`](Self::taken) says.
    pub removed: f64,
    /// What is taken out.
    pub taken: Taken,
}

/// What a vacancy lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    /// Single atoms, whatever their species.
    Atoms,
    /// Whole formula units of atoms bonded to each other, so that the composition (and the charge) stays.
    Units,
}

/// The random numbers of sample `index` of a run with `seed`: independent of how many samples there are, and of
/// the order in which they are made.
pub fn random(seed: u64, index: u64) -> ChaCha12Rng {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    random.set_stream(index);
    random
}

/// The crystal with atoms or formula units removed and atoms displaced; the same for the same `(seed, index)`.
///
/// ```
/// use glassbridge::atoms::{disorder::{Disorder, Taken, disordered}, lattice::diamond};
/// let crystal = diamond(3.567, "C", 12.011)?;
/// let how = Disorder { amplitude: 0.1, share: 1.0, removed: 0.25, taken: Taken::Atoms };
/// let glassy = disordered(&crystal, how, 7, 0)?;
/// assert_eq!(glassy.len(), 6);
/// assert_eq!(glassy, disordered(&crystal, how, 7, 0)?);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn disordered(crystal: &Structure, how: Disorder, seed: u64, index: u64) -> Result<Structure> {
    check(how)?;
    let mut random = random(seed, index);
    let bond = nearest_distance(crystal)?;
    let mut structure = match how.taken {
        Taken::Atoms => without_atoms(crystal, how.removed, &mut random)?,
        Taken::Units => without_units(crystal, how.removed, &mut random)?,
    };
    let normal = Normal::new(0.0, how.amplitude * bond)
        .map_err(|e| Error::new(format!("cannot displace the atoms: {e}")))?;
    let mut chosen = sphere(&structure, how.share, &mut random);
    chosen.sort_unstable();
    for i in chosen {
        let mut step = std::array::from_fn(|_| normal.sample(&mut random));
        if structure.flat {
            step[2] = 0.0;
        }
        structure.positions[i] = add(structure.positions[i], step);
    }
    Ok(structure)
}

fn check(how: Disorder) -> Result<()> {
    let fraction = |x: f64| (0.0..=1.0).contains(&x);
    if !(how.amplitude.is_finite() && how.amplitude >= 0.0) {
        return Err(Error::new(format!(
            "a displacement of {} neighbour distances is not possible",
            how.amplitude
        ))
        .cure("give a number from 0, e.g. 0.1"));
    }
    if !(fraction(how.share) && fraction(how.removed) && how.removed < 1.0) {
        return Err(Error::new(format!(
            "a share of {} and a removed fraction of {} are not possible",
            how.share, how.removed
        ))
        .cure("give fractions from 0 to 1, and leave some atoms"));
    }
    Ok(())
}

/// The `share` of the atoms nearest to a random point of the cell, counting periodic images.
fn sphere(structure: &Structure, share: f64, random: &mut ChaCha12Rng) -> Vec<usize> {
    let centre: [f64; 3] = std::array::from_fn(|_| random.random::<f64>());
    let mut order: Vec<_> = (0..structure.len())
        .map(|i| (distance_squared(structure, i, centre), i))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.truncate((share * structure.len() as f64).round() as usize);
    order.into_iter().map(|(_, i)| i).collect()
}

/// Squared distance in Å² of atom `i` from the nearest image of a point given in fractional coordinates.
fn distance_squared(structure: &Structure, i: usize, centre: [f64; 3]) -> f64 {
    let cell = &structure.cell;
    let place = cell.fractional(structure.positions[i]);
    let mut apart: [f64; 3] = std::array::from_fn(|k| place[k] - centre[k]);
    let mut turns = [&[0.0][..]; 3];
    for k in (0..3).filter(|&k| cell.periodic()[k]) {
        apart[k] -= apart[k].round();
        turns[k] = &[-1.0, 0.0, 1.0];
    }
    let mut nearest = f64::INFINITY;
    for a in turns[0] {
        for b in turns[1] {
            for c in turns[2] {
                let vector = cell.cartesian(add(apart, [*a, *b, *c]));
                nearest = nearest.min(dot(vector, vector));
            }
        }
    }
    nearest
}

/// The structure with a fraction of its atoms taken out.
fn without_atoms(
    structure: &Structure,
    fraction: f64,
    random: &mut ChaCha12Rng,
) -> Result<Structure> {
    let mut order: Vec<usize> = (0..structure.len()).collect();
    order.shuffle(random);
    let mut gone = vec![false; structure.len()];
    let wanted = (fraction * structure.len() as f64).round() as usize;
    order.iter().take(wanted).for_each(|&i| gone[i] = true);
    keep(structure, &gone)
}

/// The structure with a fraction of its formula units taken out.
///
/// A unit is an atom of the rarest species with randomly chosen atoms bonded to it, in the numbers of the formula;
/// for silica a Si with two of its four O. No atom belongs to two units.
fn without_units(
    structure: &Structure,
    fraction: f64,
    random: &mut ChaCha12Rng,
) -> Result<Structure> {
    let (centre, others) = formula(structure)?;
    let mut centres: Vec<_> = (0..structure.len())
        .filter(|&i| structure.species_of[i] == centre)
        .collect();
    let wanted = (fraction * centres.len() as f64).round() as usize;
    if wanted == 0 {
        return Ok(structure.clone());
    }
    let list = NeighbourList::new(structure, SHELL * nearest_distance(structure)?)?;
    centres.shuffle(random);
    let mut gone = vec![false; structure.len()];
    let mut units = 0;
    for i in centres {
        if units == wanted {
            break;
        }
        if let Some(bonded) = free_bonded(structure, list.links(i), &others, &gone, random) {
            bonded.into_iter().chain([i]).for_each(|j| gone[j] = true);
            units += 1;
        }
    }
    if units < wanted || gone.iter().all(|&g| g) {
        return Err(Error::new(format!("cannot remove {wanted} formula units"))
            .because(format!(
                "only {units} could be taken out without leaving a centre too few bonded atoms"
            ))
            .cure("remove fewer"));
    }
    keep(structure, &gone)
}

/// For each species of the rest of the unit, as many free atoms bonded to the centre as the formula has.
fn free_bonded(
    structure: &Structure,
    bonded: &[Link],
    others: &[(usize, usize)],
    gone: &[bool],
    random: &mut ChaCha12Rng,
) -> Option<Vec<usize>> {
    let mut unit = Vec::new();
    for &(species, count) in others {
        let mut free: Vec<_> = (bonded.iter().map(|n| n.index as usize))
            .filter(|&j| structure.species_of[j] == species && !gone[j])
            .collect();
        // In a very small cell one atom is bonded through two of its images.
        free.dedup();
        free.shuffle(random);
        unit.extend(free.get(..count)?);
    }
    Some(unit)
}

/// The species of which a formula unit has one atom, and the numbers of the others in the unit.
fn formula(structure: &Structure) -> Result<(usize, Vec<(usize, usize)>)> {
    let mut counts = vec![0_usize; structure.species.len()];
    structure.species_of.iter().for_each(|&s| counts[s] += 1);
    let present = || (0..counts.len()).filter(|&s| counts[s] > 0);
    let centre = present().min_by_key(|&s| counts[s]).unwrap_or(0);
    if present().any(|s| !counts[s].is_multiple_of(counts[centre])) {
        return Err(
            Error::new("the structure has no formula unit with a single centre")
                .because(format!(
                    "it holds {counts:?} atoms of {:?}",
                    structure.species
                ))
                .cure("start from a stoichiometric crystal such as SiO2, or remove nothing"),
        );
    }
    let others = present().filter(|&s| s != centre);
    Ok((
        centre,
        others.map(|s| (s, counts[s] / counts[centre])).collect(),
    ))
}

fn keep(structure: &Structure, gone: &[bool]) -> Result<Structure> {
    let kept: Vec<_> = (0..structure.len()).filter(|&i| !gone[i]).collect();
    let left = Structure::new(
        structure.cell.clone(),
        structure.species.clone(),
        structure.masses.clone(),
        kept.iter().map(|&i| structure.species_of[i]).collect(),
        kept.iter().map(|&i| structure.positions[i]).collect(),
    )?;
    Ok(Structure {
        flat: structure.flat,
        ..left
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::sub;
    use crate::atoms::lattice::{beta_cristobalite, supercell};

    fn silica() -> Structure {
        supercell(&beta_cristobalite(7.16, [28.085, 15.999]).unwrap(), [2; 3]).unwrap()
    }

    fn with(amplitude: f64, share: f64, removed: f64) -> Disorder {
        Disorder {
            amplitude,
            share,
            removed,
            taken: Taken::Units,
        }
    }

    fn moved(a: &Structure, b: &Structure) -> Vec<[f64; 3]> {
        a.positions
            .iter()
            .zip(&b.positions)
            .map(|(&a, &b)| sub(b, a))
            .collect()
    }

    #[test]
    fn displacements_have_the_stated_spread() {
        let crystal = silica();
        let mut squares = Vec::new();
        for index in 0..20 {
            let glassy = disordered(&crystal, with(0.1, 1.0, 0.0), 1, index).unwrap();
            squares.extend(
                moved(&crystal, &glassy)
                    .into_iter()
                    .flatten()
                    .map(|x| x * x),
            );
        }
        let n = squares.len() as f64;
        let spread = (squares.iter().sum::<f64>() / n).sqrt();
        let expected = 0.1 * 7.16 * 3.0_f64.sqrt() / 8.0;
        // The relative standard error of a standard deviation is 1/sqrt(2n); four of them.
        assert!(
            (spread / expected - 1.0).abs() < 4.0 / (2.0 * n).sqrt(),
            "{spread} {expected}"
        );
    }

    #[test]
    fn samples_differ_by_seed_and_index_and_repeat() {
        let (crystal, how) = (silica(), with(0.1, 0.5, 0.1));
        let make = |seed, index| disordered(&crystal, how, seed, index).unwrap();
        assert_eq!(make(3, 4), make(3, 4));
        assert_ne!(make(3, 4), make(3, 5));
        assert_ne!(make(3, 4), make(4, 4));
    }

    #[test]
    fn a_sphere_moves_its_share_and_nothing_outside() {
        let crystal = silica();
        let share = 0.3;
        let glassy = disordered(&crystal, with(0.05, share, 0.0), 2, 9).unwrap();
        let steps = moved(&crystal, &glassy);
        let inside: Vec<_> = (0..crystal.len())
            .filter(|&i| dot(steps[i], steps[i]) > 0.0)
            .collect();
        assert_eq!(inside.len(), (share * 192.0_f64).round() as usize);
        // A sphere of that share of the volume: the farthest pair inside is no farther apart than its diameter.
        let diameter = 2.0 * (share * crystal.cell.volume() * 0.75 / std::f64::consts::PI).cbrt();
        for &i in &inside {
            for &j in &inside {
                let centre = crystal.cell.fractional(crystal.positions[j]);
                assert!(distance_squared(&crystal, i, centre).sqrt() < diameter * 1.1);
            }
        }
    }

    #[test]
    fn whole_units_of_silica_go() {
        let crystal = silica();
        for index in 0..10 {
            let rest = disordered(&crystal, with(0.0, 1.0, 0.25), 5, index).unwrap();
            assert_eq!(rest.len(), 192 * 3 / 4);
            assert_eq!(rest.concentrations(), crystal.concentrations());
            assert!(rest.positions.iter().all(|p| crystal.positions.contains(p)));
        }
    }

    #[test]
    fn impossible_disorder_is_refused() {
        let crystal = silica();
        for how in [
            with(-0.1, 1.0, 0.0),
            with(f64::NAN, 1.0, 0.0),
            with(0.1, 1.5, 0.0),
            with(0.1, 1.0, 1.0),
            with(0.1, 1.0, 0.99),
        ] {
            assert!(disordered(&crystal, how, 0, 0).is_err(), "{how:?}");
        }
    }
}
