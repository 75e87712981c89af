//! Rings of a bond network.
//!
//! Counted are primitive rings, also called shortest-path rings: no two atoms of a ring are joined by a path shorter than
//! the way round it (D. S. Franzblau, *Phys. Rev. B* **44**, 4925 (1991)). Of the usual definitions this one counts each ring
//! once whichever atom is looked from, is blind to how the network is cut into cells, and leaves no arbitrary choice; King's
//! rings (the shortest closed path through two bonds of an atom) drop rings that a shorter one happens to pass.
//!
//! Paths are followed in space, not in the cell: an atom and its image are two places, so that a path which winds around
//! the cell does not close.

use super::bonds::Bonds;
use crate::atoms::cell::add;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Sizes beyond this are refused: a search reaches half as many bonds far.
const MOST: usize = 40;
/// Most steps of the search from one atom. Networks need some thousands; a close-packed metal, which is no network, would
/// go on for ever.
const MOST_STEPS: usize = 1_000_000;
/// No such place.
const NONE: u32 = u32::MAX;

/// A closed path in the bond network.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    /// Its atoms in order, the one with the lowest number first.
    pub atoms: Vec<usize>,
    /// Where they are in Å, those next to each other bonded as they stand: images are followed.
    pub positions: Vec<[f64; 3]>,
}

/// The primitive rings of up to `largest` atoms, each once per cell, in an order that depends on the structure alone.
///
/// The time grows in proportion to the number of atoms. Errors: `largest` is not from 3 to 40; there are too many paths for a
/// network (a metal, or cutoffs too long).
///
/// ```
/// use glassbridge::atoms::lattice::diamond;
/// use glassbridge::observables::{bonds::{Bonds, Cutoffs}, rings::{primitive_rings, ring_sizes}};
/// let crystal = diamond(5.43, "Si", 28.085)?;
/// let bonds = Bonds::new(&crystal, &Cutoffs::found(&crystal)?)?;
/// let rings = primitive_rings(&crystal, &bonds, 7)?;
/// assert_eq!(ring_sizes(&rings), [0, 0, 0, 0, 0, 0, 16]); // two to an atom
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn primitive_rings(structure: &Structure, bonds: &Bonds, largest: usize) -> Result<Vec<Ring>> {
    if !(3..=MOST).contains(&largest) {
        return Err(Error::new(format!("rings of up to {largest} atoms"))
            .cure(format!("ask for rings of up to 3 to {MOST} atoms")));
    }
    if bonds.atoms() != structure.len() {
        return Err(Error::new("these bonds are not of this structure"));
    }
    let start = || Search::new(bonds);
    let from = |search: &mut Search, root| search.rings_from(root, largest);
    let found: Result<Vec<_>> = (0..structure.len() as u32)
        .into_par_iter()
        .map_init(start, from)
        .collect();
    let in_space = |places: Vec<Place>| Ring {
        atoms: places.iter().map(|p| p.atom as usize).collect(),
        positions: places.iter().map(|p| p.position(structure)).collect(),
    };
    Ok(found?.into_iter().flatten().map(in_space).collect())
}

/// How many rings of each size there are: entry n counts those of n atoms; as long as the largest ring needs.
pub fn ring_sizes(rings: &[Ring]) -> Vec<usize> {
    let largest = rings.iter().map(|ring| ring.atoms.len()).max();
    let mut sizes = vec![0; largest.map_or(0, |n| n + 1)];
    for ring in rings {
        sizes[ring.atoms.len()] += 1;
    }
    sizes
}

/// An atom or one of its images: atoms of the network as it lies in space. Its order is that of numbers, then images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    atom: u32,
    turns: [i32; 3],
}

impl Place {
    fn position(self, structure: &Structure) -> [f64; 3] {
        let shift = structure.cell.cartesian(self.turns.map(f64::from));
        add(structure.positions[self.atom as usize], shift)
    }
}

fn beyond(place: Place, bonds: &Bonds) -> impl Iterator<Item = Place> {
    let bonds = bonds.of(place.atom as usize).iter();
    bonds.map(move |bond| Place {
        atom: bond.index,
        turns: std::array::from_fn(|k| place.turns[k] + bond.turns[k]),
    })
}

/// All places within some bonds of one, nearest first.
struct Ball<'a> {
    bonds: &'a Bonds,
    /// Each place, its distance in bonds, and the number of another place of the same atom.
    places: Vec<(Place, usize, u32)>,
    /// For each atom the number of one of its places.
    known: Vec<u32>,
}

impl<'a> Ball<'a> {
    fn new(bonds: &'a Bonds) -> Self {
        Self {
            bonds,
            places: Vec::new(),
            known: vec![NONE; bonds.atoms()],
        }
    }

    /// Fills the ball around another centre.
    fn fill(&mut self, centre: Place, radius: usize) {
        for (place, ..) in self.places.drain(..) {
            self.known[place.atom as usize] = NONE;
        }
        self.push(centre, 0);
        let mut next = 0;
        while next < self.places.len() && self.places[next].1 < radius {
            let (place, depth, _) = self.places[next];
            for near in beyond(place, self.bonds) {
                if self.number(near).is_none() {
                    self.push(near, depth + 1);
                }
            }
            next += 1;
        }
    }

    fn push(&mut self, place: Place, depth: usize) {
        let first = &mut self.known[place.atom as usize];
        self.places.push((place, depth, *first));
        *first = self.places.len() as u32 - 1;
    }

    fn number(&self, place: Place) -> Option<usize> {
        let mut number = self.known[place.atom as usize];
        while number != NONE {
            let (there, _, another) = self.places[number as usize];
            if there == place {
                return Some(number as usize);
            }
            number = another;
        }
        None
    }

    /// The distance of a place from the centre, if it is in the ball.
    fn depth(&self, place: Place) -> Option<usize> {
        self.number(place).map(|number| self.places[number].1)
    }
}

/// The search for the rings whose lowest place is one root.
struct Search<'a> {
    bonds: &'a Bonds,
    around_root: Ball<'a>,
    /// Two halves of a path between two places of a ring.
    halves: [Ball<'a>; 2],
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(bonds: &'a Bonds) -> Self {
        let ball = || Ball::new(bonds);
        Self {
            bonds,
            around_root: ball(),
            halves: [ball(), ball()],
            steps: 0,
        }
    }

    /// The rings of which the unshifted `root` is the lowest place. Each has one image of which that holds.
    fn rings_from(&mut self, root: u32, largest: usize) -> Result<Vec<Vec<Place>>> {
        let root = Place {
            atom: root,
            turns: [0; 3],
        };
        self.around_root.fill(root, largest / 2);
        self.steps = 0;
        let mut rings = Vec::new();
        for far in 1..self.around_root.places.len() {
            let (place, depth, _) = self.around_root.places[far];
            if place < root {
                continue;
            }
            let paths = self.paths_to(place, root)?;
            if depth >= 2 {
                self.close_even(root, &paths, &mut rings)?;
            }
            if 2 * depth < largest {
                self.close_odd(root, place, &paths, &mut rings)?;
            }
        }
        Ok(rings)
    }

    /// Rings in which the end of these paths is opposite the root: two of them that do not touch before.
    fn close_even(
        &mut self,
        root: Place,
        paths: &[Vec<Place>],
        rings: &mut Vec<Vec<Place>>,
    ) -> Result<()> {
        for (k, one) in paths.iter().enumerate() {
            for other in &paths[..k] {
                self.count(1)?;
                if is_apart(&one[..one.len() - 1], other) {
                    self.keep(root, one, &other[..other.len() - 1], rings)?;
                }
            }
        }
        Ok(())
    }

    /// Rings in which the bond from `far` to another place as far from the root is opposite the root.
    fn close_odd(
        &mut self,
        root: Place,
        far: Place,
        paths: &[Vec<Place>],
        rings: &mut Vec<Vec<Place>>,
    ) -> Result<()> {
        for near in beyond(far, self.bonds) {
            let level = self.around_root.depth(near) == self.around_root.depth(far);
            if !level || near <= far {
                continue;
            }
            for other in &self.paths_to(near, root)? {
                for one in paths {
                    self.count(1)?;
                    if is_apart(one, other) {
                        self.keep(root, one, other, rings)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// All shortest paths from the root to a place through places above the root, the root left out.
    fn paths_to(&mut self, place: Place, root: Place) -> Result<Vec<Vec<Place>>> {
        let depth = self.around_root.depth(place).unwrap_or(0);
        let mut paths = vec![vec![place]];
        for below in (1..depth).rev() {
            let mut longer = Vec::new();
            for path in paths {
                for near in beyond(path[path.len() - 1], self.bonds) {
                    if near > root && self.around_root.depth(near) == Some(below) {
                        self.count(1)?;
                        longer.push(path.iter().copied().chain([near]).collect());
                    }
                }
            }
            paths = longer;
        }
        for path in &mut paths {
            path.reverse();
        }
        Ok(paths)
    }

    /// Keeps the ring of the root, one path outwards and another back, if it is primitive.
    fn keep(
        &mut self,
        root: Place,
        out: &[Place],
        back: &[Place],
        rings: &mut Vec<Vec<Place>>,
    ) -> Result<()> {
        let back = back.iter().rev();
        let ring: Vec<Place> = [root].iter().chain(out).chain(back).copied().collect();
        // No shorter way between opposite places means none between any two. Those opposite the root are known.
        let (size, half) = (ring.len(), ring.len() / 2);
        let pairs = if size.is_multiple_of(2) { half } else { size };
        for k in 1..pairs {
            let is_nearer = self.is_nearer(ring[k], ring[(k + half) % size], half);
            self.count(self.halves.iter().map(|ball| ball.places.len()).sum())?;
            if is_nearer {
                return Ok(());
            }
        }
        rings.push(ring);
        Ok(())
    }

    /// Whether a path of fewer than `bonds` bonds joins two places: whether two balls around them meet.
    fn is_nearer(&mut self, a: Place, b: Place, bonds: usize) -> bool {
        let [one, two] = &mut self.halves;
        let radius = (bonds - 1) / 2;
        one.fill(a, radius);
        two.fill(b, bonds - 1 - radius);
        two.places
            .iter()
            .any(|&(place, ..)| one.number(place).is_some())
    }

    fn count(&mut self, steps: usize) -> Result<()> {
        self.steps += steps;
        if self.steps <= MOST_STEPS {
            return Ok(());
        }
        let mean = self.bonds.once().count() as f64 * 2.0 / self.bonds.atoms() as f64;
        Err(Error::new("too many paths to count rings")
            .because(format!(
                "atoms have {mean:.1} bonds on average: this is not a network"
            ))
            .cure("give shorter bond lengths or a smaller largest ring"))
    }
}

/// Whether two paths share no place. They are at equal distances from the root, place by place.
fn is_apart(one: &[Place], other: &[Place]) -> bool {
    one.iter().zip(other).all(|(a, b)| a != b)
}

#[cfg(test)]
mod tests;
