//! Who is within reach of whom, through every periodic image.

pub use super::pairs::each_pair;

use super::bins::{Bins, Fineness};
use super::cell::{Cell, norm};
use super::structure::Structure;
use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::collections::HashMap;

/// How often the search for a nearest neighbour doubles its reach, from one interatomic spacing: an atom with
/// nothing within 30 spacings is not part of a solid.
const WIDENINGS: usize = 6;

/// One neighbour of an atom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Index of the neighbouring atom j; it may be the atom itself, seen through an image.
    pub index: u32,
    /// `r_j + image - r_i` in Å.
    pub vector: [f64; 3],
    /// Length of `vector` in Å.
    pub distance: f64,
}

/// Which image of which atom, in eight bytes: what a loop over pairs reads from memory for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Index of the neighbouring atom j.
    pub index: u32,
    image: u32,
}

/// Who is near whom: every pair from both sides, through all periodic images.
///
/// It holds no distances: they are those of the positions at hand, so that one list serves as long as no atom has
/// moved by more than half of what its reach exceeds the cutoff.
///
/// ```
/// use glassbridge::atoms::{lattice::diamond, neighbours::NeighbourList};
/// let crystal = diamond(3.567, "C", 12.011)?;
/// let list = NeighbourList::new(&crystal, 1.6)?;
/// assert_eq!(list.of(&crystal, 0).count(), 4); // every bond of atom 0
/// assert_eq!((0..8).map(|i| list.half(i).len()).sum::<usize>(), 16); // every bond once
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NeighbourList {
    reach: f64,
    starts: Vec<usize>,
    /// Where in each row the pairs begin that are not in an earlier row.
    halves: Vec<usize>,
    links: Vec<Link>,
    images: Images,
}

/// The images that occur, as whole cell edges and in Å.
#[derive(Debug, Clone, Default)]
struct Images {
    turns: Vec<[i32; 3]>,
    shifts: Vec<[f64; 3]>,
    number: HashMap<[i32; 3], u32>,
    last: Option<([i32; 3], u32)>,
}

impl Images {
    fn number(&mut self, turns: [i32; 3], cell: &Cell) -> u32 {
        // Neighbours in one bin mostly share their image.
        if let Some((known, number)) = self.last
            && known == turns
        {
            return number;
        }
        let number = *self.number.entry(turns).or_insert_with(|| {
            self.turns.push(turns);
            self.shifts.push(cell.cartesian(turns.map(f64::from)));
            self.turns.len() as u32 - 1
        });
        self.last = Some((turns, number));
        number
    }
}

impl NeighbourList {
    /// All neighbours closer than `reach` (Å).
    pub fn new(structure: &Structure, reach: f64) -> Result<Self> {
        let bins = Bins::new(structure, reach, Fineness::List)?;
        let mut list = Self {
            reach,
            starts: Vec::with_capacity(structure.len() + 1),
            halves: Vec::with_capacity(structure.len()),
            links: Vec::new(),
            images: Images::default(),
        };
        list.starts.push(0);
        let mut again = Vec::new();
        for i in 0..structure.len() {
            bins.visit(i, |j, image, _| {
                let number = list.images.number(image, &structure.cell);
                let link = Link {
                    index: j,
                    image: number,
                };
                if is_first(i, j, image) {
                    again.push(link);
                } else {
                    list.links.push(link);
                }
            });
            list.halves.push(list.links.len());
            list.links.append(&mut again);
            list.starts.push(list.links.len());
        }
        Ok(list)
    }

    /// The distance in Å within which every neighbour was listed.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// The neighbours of atom `i` where the atoms of `structure` are now, those beyond the [reach](Self::reach)
    /// included that were within it when the list was made.
    pub fn of<'a>(
        &'a self,
        structure: &'a Structure,
        i: usize,
    ) -> impl Iterator<Item = Neighbour> + 'a {
        self.links(i).iter().map(move |link| {
            let vector = self.vector(&structure.positions, i, *link);
            Neighbour {
                index: link.index,
                vector,
                distance: norm(vector),
            }
        })
    }

    /// All neighbours of atom `i`.
    pub fn links(&self, i: usize) -> &[Link] {
        &self.links[self.starts[i]..self.starts[i + 1]]
    }

    /// The neighbours of atom `i` with which it makes a pair that no earlier atom has: over all atoms, each pair once.
    pub fn half(&self, i: usize) -> &[Link] {
        &self.links[self.halves[i]..self.starts[i + 1]]
    }

    /// The whole cell edges that bring a neighbour from where it is given to where it is met.
    #[inline]
    pub fn turns(&self, link: Link) -> [i32; 3] {
        self.images.turns[link.image as usize]
    }

    /// `r_j + image - r_i` in Å.
    #[inline]
    pub fn vector(&self, positions: &[[f64; 3]], i: usize, link: Link) -> [f64; 3] {
        let shift = self.images.shifts[link.image as usize];
        let (a, b) = (positions[i], positions[link.index as usize]);
        [
            b[0] + shift[0] - a[0],
            b[1] + shift[1] - a[1],
            b[2] + shift[2] - a[2],
        ]
    }

    /// Follows a cell that has changed its shape since the list was made; the images stay who they are.
    pub fn follow(&mut self, cell: &Cell) {
        let images = &mut self.images;
        images.last = None;
        for (shift, turns) in images.shifts.iter_mut().zip(&images.turns) {
            *shift = cell.cartesian(turns.map(f64::from));
        }
    }

    /// Total number of neighbours, i.e. twice the number of pairs.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether nobody has a neighbour.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Number of atoms.
    pub fn atoms(&self) -> usize {
        self.starts.len() - 1
    }
}

/// Whether a pair is counted from the side of i.
fn is_first(i: usize, j: u32, image: [i32; 3]) -> bool {
    match (i as u64).cmp(&u64::from(j)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => image > [0; 3],
    }
}

/// Mean distance in Å of an atom from its nearest neighbour.
pub fn nearest_distance(structure: &Structure) -> Result<f64> {
    let dimensions = match structure.cell.dimensions() {
        0 => 3.0,
        repeating => repeating as f64,
    };
    let mut reach = structure.number_density().powf(-1.0 / dimensions);
    for _ in 0..WIDENINGS {
        let list = NeighbourList::new(structure, reach)?;
        let nearest = |i: usize| {
            list.of(structure, i)
                .map(|n| n.distance)
                .fold(f64::INFINITY, f64::min)
        };
        let mean = (0..structure.len()).map(nearest).sum::<f64>() / structure.len() as f64;
        if mean.is_finite() {
            return Ok(mean);
        }
        reach *= 2.0;
    }
    Err(Error::new("some atom has no neighbour")
        .cure("check that the positions and the cell are in Å"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::{add, sub};
    use proptest::prelude::*;

    /// Every pair through every image that could be within reach, with no bins.
    fn brute(structure: &Structure, cutoff: f64) -> Vec<Vec<f64>> {
        let heights = structure.cell.heights();
        let fractional: Vec<_> = (structure.positions.iter())
            .map(|&p| structure.cell.fractional(p))
            .collect();
        let span = |k: usize| {
            let far = fractional.iter().map(|f| f[k].abs()).fold(0.0, f64::max);
            let reach = (cutoff / heights[k] + 2.0 * far).ceil() as i32 + 1;
            if structure.cell.periodic()[k] {
                -reach..=reach
            } else {
                0..=0
            }
        };
        let mut distances = vec![Vec::new(); structure.len()];
        for i in 0..structure.len() {
            for j in 0..structure.len() {
                for a in span(0) {
                    for b in span(1) {
                        for c in span(2) {
                            let shift = structure.cell.cartesian([a, b, c].map(f64::from));
                            let [from, to] = [i, j].map(|k| structure.positions[k]);
                            let found = norm(add(sub(to, from), shift));
                            if found < cutoff && (i != j || [a, b, c] != [0; 3]) {
                                distances[i].push(found);
                            }
                        }
                    }
                }
            }
            distances[i].sort_by(f64::total_cmp);
        }
        distances
    }

    fn sorted(list: &NeighbourList, structure: &Structure, i: usize) -> Vec<f64> {
        let mut distances: Vec<_> = list.of(structure, i).map(|n| n.distance).collect();
        distances.sort_by(f64::total_cmp);
        distances
    }

    fn gas(edges: [[f64; 3]; 3], periodic: [bool; 3], fractional: &[[f64; 3]]) -> Structure {
        let cell = Cell::new(edges, periodic).unwrap();
        let positions: Vec<_> = fractional.iter().map(|&f| cell.cartesian(f)).collect();
        let of = vec![0; positions.len()];
        Structure::new(cell, vec!["C".into()], vec![12.0], of, positions).unwrap()
    }

    fn edges() -> impl Strategy<Value = [[f64; 3]; 3]> {
        let off = || -1.0..1.0_f64;
        let edge = || 1.5..9.0_f64;
        (edge(), edge(), edge(), off(), off(), off())
            .prop_map(|(a, b, c, p, q, r)| [[a, p, 0.0], [0.0, b, q], [r, 0.0, c]])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_list_finds_what_brute_force_finds(
            edges in edges(),
            periodic in proptest::array::uniform3(any::<bool>()),
            fractional in proptest::collection::vec(proptest::array::uniform3(-1.5..1.5_f64), 1..40),
            cutoff in 0.5..4.0_f64,
        ) {
            let structure = gas(edges, periodic, &fractional);
            let list = NeighbourList::new(&structure, cutoff).unwrap();
            for (i, expected) in brute(&structure, cutoff).iter().enumerate() {
                let found = sorted(&list, &structure, i);
                prop_assert_eq!(found.len(), expected.len());
                for (a, b) in found.iter().zip(expected) {
                    prop_assert!((a - b).abs() < 1e-12);
                }
            }
        }

        #[test]
        fn every_pair_is_there_from_both_sides_and_in_one_half(
            edges in edges(),
            fractional in proptest::collection::vec(proptest::array::uniform3(-1.0..2.0_f64), 1..30),
        ) {
            let structure = gas(edges, [true; 3], &fractional);
            let list = NeighbourList::new(&structure, 2.5).unwrap();
            let mut once = 0;
            for i in 0..list.atoms() {
                once += list.half(i).len();
                for n in list.of(&structure, i) {
                    let back = list.of(&structure, n.index as usize).any(|m| {
                        m.index as usize == i && norm(add(m.vector, n.vector)) < 1e-12
                    });
                    prop_assert!(back);
                }
            }
            prop_assert_eq!(2 * once, list.len());
            let mut streamed = 0;
            each_pair(&structure, 2.5, |_, _, _| streamed += 1).unwrap();
            prop_assert_eq!(once, streamed);
        }

        #[test]
        fn a_list_follows_the_atoms_and_the_cell(
            fractional in proptest::collection::vec(proptest::array::uniform3(-1.0..2.0_f64), 2..40),
            step in proptest::array::uniform3(-0.1..0.1_f64),
            stretch in -0.02..0.02_f64,
        ) {
            let cube = [[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]];
            let before = gas(cube, [true; 3], &fractional);
            let mut list = NeighbourList::new(&before, 3.0).unwrap();
            let mut after = before.scaled(1.0 + stretch).unwrap();
            after.positions[0] = add(after.positions[0], step);
            list.follow(&after.cell);
            let fresh = NeighbourList::new(&after, 2.6).unwrap();
            for i in 0..after.len() {
                let expected = sorted(&fresh, &after, i);
                let mut found = sorted(&list, &after, i);
                found.retain(|&d| d < 2.6);
                prop_assert_eq!(found.len(), expected.len());
                prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn one_atom_in_a_small_cube_sees_its_own_images() {
        let cube = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let list = NeighbourList::new(&gas(cube, [true; 3], &[[0.5; 3]]), 1.5).unwrap();
        assert_eq!(list.links(0).len(), 6 + 12);
    }

    #[test]
    fn a_cell_in_metres_is_refused_rather_than_searched() {
        let tiny = [[1e-10, 0.0, 0.0], [0.0, 1e-10, 0.0], [0.0, 0.0, 1e-10]];
        let told = NeighbourList::new(&gas(tiny, [true; 3], &[[0.0; 3]]), 3.0).unwrap_err();
        assert!(told.to_string().contains("in Å"));
    }
}
