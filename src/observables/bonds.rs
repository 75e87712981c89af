//! Which atoms are bonded: those closer than a distance that belongs to their two species.

use super::broaden::deposit;
use super::rdf::{PartialRdf, partial_rdf};
use crate::atoms::neighbours::{NeighbourList, nearest_distance};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;

/// How far first shells are looked for, in mean nearest distances: silica's Si-Si shell ends at 2.3 of them.
const FAR: f64 = 4.0;
/// Bins to a nearest distance, and the standard deviation (nearest distances) by which g(r) is smoothed: narrower than a
/// first shell at rest (0.05), wide enough to join the noise of a few hundred atoms.
const FINE: (f64, f64) = (50.0, 0.04);
/// A first peak has at least this part of the height of the highest; less is noise, or a few stray pairs.
const HEIGHT: f64 = 0.3;
/// Of its height a peak must lose this part to be one.
const FALL: f64 = 0.25;
/// A minimum is passed when g has risen again by this part of the fall from the peak to it.
const RISE: f64 = 0.15;
/// Atoms are bonded if their shell is no further than this times the mean nearest shell of the two species: second
/// shells are at 1.41 (rock salt), 1.63 (tetrahedra), 1.73 (sheets), bonds of unlike atoms differ by up to 1.25 (Si-Si in `SiC`).
const NEAR: f64 = 1.35;

/// The first shell of a pair of species.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shell {
    /// Indices a ≤ b into the species of the structure.
    pub pair: (usize, usize),
    /// Where the first peak of the partial g(r) is, Å.
    pub peak: f64,
    /// Where its first minimum after that is, Å; the middle, if g is zero over a range.
    pub minimum: f64,
    /// Whether these atoms are bonded to each other, rather than held apart by what both are bonded to (O-O in silica).
    pub bonded: bool,
}

/// The distance in Å within which two atoms are bonded, for each pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutoffs {
    kinds: usize,
    /// `kinds` rows of `kinds`; 0 where no bonds are.
    reach: Vec<f64>,
    shells: Vec<Shell>,
}

impl Cutoffs {
    /// The first minima of the partial g(r), for those pairs of species that are bonded: whose first peak is within 1.35
    /// times the mean nearest peak of the two species. [`shells`](Self::shells) tells what was found.
    ///
    /// g(r) is smoothed by 4 % of the mean nearest distance. Errors: some atom has no neighbour; no pair has a shell.
    pub fn found(structure: &Structure) -> Result<Self> {
        let kinds = structure.species.len();
        let mut found = Self::none(kinds);
        found.shells = first_shells(structure)?;
        for shell in found.shells.clone() {
            if shell.bonded {
                found.set(shell.pair, shell.minimum);
            }
        }
        if found.longest() > 0.0 {
            return Ok(found);
        }
        Err(Error::new("no bonds are found in g(r)")
            .because("no partial g(r) has a peak with a minimum behind it")
            .cure("give the distance within which atoms are bonded"))
    }

    /// Cutoffs (Å) for the named pairs of species, in either order; all other pairs are not bonded.
    ///
    /// Errors: a species the structure lacks, a cutoff that is not positive.
    pub fn given(structure: &Structure, pairs: &[(&str, &str, f64)]) -> Result<Self> {
        let mut given = Self::none(structure.species.len());
        let species = |symbol: &str| {
            let of = &structure.species;
            of.iter().position(|s| s == symbol).ok_or_else(|| {
                Error::new(format!("bonds are asked of {symbol}, which is not there"))
                    .because(format!("the species are {}", of.join(", ")))
            })
        };
        for &(a, b, reach) in pairs {
            if !(reach.is_finite() && reach > 0.0) {
                return Err(Error::new(format!("{a}-{b} bonds of up to {reach} Å")));
            }
            given.set((species(a)?, species(b)?), reach);
        }
        Ok(given)
    }

    fn none(kinds: usize) -> Self {
        Self {
            kinds,
            reach: vec![0.0; kinds * kinds],
            shells: Vec::new(),
        }
    }

    fn set(&mut self, (a, b): (usize, usize), reach: f64) {
        self.reach[a * self.kinds + b] = reach;
        self.reach[b * self.kinds + a] = reach;
    }

    /// The cutoff of two species in Å, 0 if they are not bonded.
    pub fn between(&self, a: usize, b: usize) -> f64 {
        self.reach[a * self.kinds + b]
    }

    /// What was found in g(r) for each pair of species that has a first shell; empty if the cutoffs were given.
    pub fn shells(&self) -> &[Shell] {
        &self.shells
    }

    fn longest(&self) -> f64 {
        self.reach.iter().copied().fold(0.0, f64::max)
    }
}

/// A bond as one of its atoms has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bond {
    /// The other atom.
    pub index: u32,
    /// Whole cell edges from where the other atom is given to where it is bonded.
    pub turns: [i32; 3],
    /// From this atom to the other, Å.
    pub vector: [f64; 3],
}

/// All bonds of a structure, through its periodic images.
///
/// ```
/// use glassbridge::atoms::lattice::{BETA_CRISTOBALITE_EDGE, beta_cristobalite};
/// use glassbridge::observables::bonds::{Bonds, Cutoffs};
/// let silica = beta_cristobalite(BETA_CRISTOBALITE_EDGE, [28.085, 15.999])?;
/// let cutoffs = Cutoffs::found(&silica)?;
/// assert_eq!((cutoffs.between(0, 0), cutoffs.between(1, 1)), (0.0, 0.0)); // Si-O bonds only
/// assert_eq!(Bonds::new(&silica, &cutoffs)?.of(0).len(), 4);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bonds {
    starts: Vec<usize>,
    bonds: Vec<Bond>,
}

impl Bonds {
    /// The pairs of atoms closer than the cutoff of their species.
    ///
    /// Errors: the cutoffs are of another structure, or none is above zero.
    pub fn new(structure: &Structure, cutoffs: &Cutoffs) -> Result<Self> {
        if cutoffs.kinds != structure.species.len() {
            return Err(Error::new("these bond lengths are not of this structure"));
        }
        let list = NeighbourList::new(structure, cutoffs.longest())?;
        let mut starts = vec![0];
        let mut bonds = Vec::new();
        for i in 0..structure.len() {
            for (near, &link) in list.of(structure, i).zip(list.links(i)) {
                let kinds = [i, near.index as usize].map(|k| structure.species_of[k]);
                if near.distance < cutoffs.between(kinds[0], kinds[1]) {
                    bonds.push(Bond {
                        index: near.index,
                        turns: list.turns(link),
                        vector: near.vector,
                    });
                }
            }
            starts.push(bonds.len());
        }
        Ok(Self { starts, bonds })
    }

    /// The bonds of atom `i`.
    pub fn of(&self, i: usize) -> &[Bond] {
        &self.bonds[self.starts[i]..self.starts[i + 1]]
    }

    /// Number of atoms.
    pub fn atoms(&self) -> usize {
        self.starts.len() - 1
    }

    /// Each bond once, with the atom it starts from.
    pub fn once(&self) -> impl Iterator<Item = (usize, &Bond)> {
        let of = |i| self.of(i).iter().map(move |bond| (i, bond));
        (0..self.atoms())
            .flat_map(of)
            .filter(|(i, bond)| (*i, [0; 3]) < (bond.index as usize, bond.turns))
    }
}

/// The first shell of each pair of species that has one.
fn first_shells(structure: &Structure) -> Result<Vec<Shell>> {
    let nearest = nearest_distance(structure)?;
    let grid = Grid::new(0.0, FAR * nearest, (FAR * FINE.0) as usize)?;
    let PartialRdf { pairs, g } = partial_rdf(structure, &grid, None)?;
    let smooth = |g: &Vec<f64>| {
        let mut smooth = vec![0.0; g.len()];
        for (i, &height) in g.iter().enumerate().filter(|(_, g)| **g > 0.0) {
            deposit(&grid, grid.centre(i), FINE.1 * nearest, height, &mut smooth);
        }
        smooth
    };
    let seen = |(&pair, g): (&(usize, usize), &Vec<f64>)| {
        let (peak, minimum) = first_shell(&smooth(g))?;
        Some(Shell {
            pair,
            peak: grid.centre(peak),
            minimum: grid.start() + (minimum + 0.5) * grid.step(),
            bonded: false,
        })
    };
    let mut shells: Vec<Shell> = pairs.iter().zip(&g).filter_map(seen).collect();
    let mut nearest = vec![f64::INFINITY; structure.species.len()];
    for shell in &shells {
        for kind in [shell.pair.0, shell.pair.1] {
            nearest[kind] = nearest[kind].min(shell.peak);
        }
    }
    for shell in &mut shells {
        let mean = 0.5 * (nearest[shell.pair.0] + nearest[shell.pair.1]);
        shell.bonded = shell.peak <= NEAR * mean;
    }
    Ok(shells)
}

/// The place of the first peak and of the first minimum behind it, in bins; `None` if there is no such thing.
fn first_shell(g: &[f64]) -> Option<(usize, f64)> {
    let highest = g.iter().copied().fold(0.0, f64::max);
    let mut peak = 0;
    for i in 0..g.len() {
        if g[i] > g[peak] {
            peak = i;
        } else if g[peak] >= HEIGHT * highest && g[i] < (1.0 - FALL) * g[peak] {
            break;
        }
    }
    let (mut low, mut last) = (peak, peak);
    for i in peak..g.len() {
        if g[i] < g[low] {
            (low, last) = (i, i);
        } else if g[i] <= g[low] {
            last = i;
        } else if g[i] - g[low] > RISE * (g[peak] - g[low]) {
            break;
        }
    }
    (g[low] < (1.0 - FALL) * g[peak]).then_some((peak, 0.5 * (low + last) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::disorder::{Disorder, Taken, disordered};
    use crate::atoms::lattice::{beta_cristobalite, diamond, graphene, supercell, zincblende};

    fn shaken(crystal: &Structure, repeats: [usize; 3]) -> Structure {
        let how = Disorder {
            amplitude: 0.04,
            share: 1.0,
            removed: 0.0,
            taken: Taken::Atoms,
        };
        disordered(&supercell(crystal, repeats).unwrap(), how, 5, 0).unwrap()
    }

    fn counts(structure: &Structure) -> Vec<usize> {
        let bonds = Bonds::new(structure, &Cutoffs::found(structure).unwrap()).unwrap();
        let mut counts: Vec<_> = (0..structure.len()).map(|i| bonds.of(i).len()).collect();
        assert_eq!(bonds.once().count(), counts.iter().sum::<usize>() / 2);
        counts.dedup();
        counts
    }

    #[test]
    fn bonds_of_crystals_at_rest_and_shaken() {
        for (crystal, repeats, bonds) in [
            (diamond(5.43, "Si", 28.085).unwrap(), [3; 3], 4),
            (
                zincblende(4.36, ["Si", "C"], [28.085, 12.011]).unwrap(),
                [3; 3],
                4,
            ),
            (graphene(1.42, 12.011).unwrap(), [6, 4, 1], 3),
        ] {
            assert_eq!(counts(&crystal), [bonds]);
            assert_eq!(counts(&shaken(&crystal, repeats)), [bonds]);
        }
    }

    #[test]
    fn silica_has_bonds_between_unlike_atoms_only() {
        let crystal = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let silica = shaken(&crystal, [2; 3]);
        let cutoffs = Cutoffs::found(&silica).unwrap();
        let expected = [(3.10, false), (1.55, true), (2.53, false)];
        for (shell, (peak, bonded)) in cutoffs.shells().iter().zip(expected) {
            assert!((shell.peak - peak).abs() < 0.1, "{shell:?}");
            assert_eq!(shell.bonded, bonded, "{shell:?}");
            let is_cutoff = cutoffs.between(shell.pair.1, shell.pair.0) > 0.0;
            assert_eq!(is_cutoff, bonded);
        }
    }

    #[test]
    fn noise_on_either_side_of_a_peak_is_passed_over() {
        let bumps = [
            0.0, 0.1, 0.0, 1.0, 3.0, 2.9, 3.1, 1.0, 0.5, 0.6, 0.4, 0.5, 1.2,
        ];
        assert_eq!(first_shell(&bumps), Some((6, 10.0)));
        let gap = [0.0, 2.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(first_shell(&gap), Some((1, 3.0)));
        assert_eq!(first_shell(&[0.0; 5]), None);
        assert_eq!(first_shell(&[0.0, 1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn cutoffs_that_cannot_be_are_refused() {
        let crystal = diamond(5.43, "Si", 28.085).unwrap();
        assert!(Cutoffs::given(&crystal, &[("Si", "O", 2.0)]).is_err());
        assert!(Cutoffs::given(&crystal, &[("Si", "Si", f64::NAN)]).is_err());
        let none = Cutoffs::given(&crystal, &[]).unwrap();
        assert!(Bonds::new(&crystal, &none).is_err());
    }
}
