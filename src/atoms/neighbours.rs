//! Who is within reach of whom, through every periodic image.

use super::cell::{Cell, add, dot, norm, sub};
use super::structure::Structure;
use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::collections::HashMap;

/// Most pairs one list looks at. A glass of a million atoms needs some 3e8; a file whose cell is in metres
/// would otherwise search for ever.
const MOST_VISITS: f64 = 1e9;

/// How many atoms of a bin are looked at in one go; a power of two.
const AT_ONCE: usize = 32;

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
        let bins = Bins::new(structure, reach)?;
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

/// Calls `see(i, j, vector)` once for each pair of atoms closer than `reach` (Å), all images counted, an atom and its own
/// image too; nothing is kept, so memory stays small however far the reach.
pub fn each_pair(
    structure: &Structure,
    reach: f64,
    mut see: impl FnMut(usize, usize, [f64; 3]),
) -> Result<()> {
    let bins = Bins::new(structure, reach)?;
    for i in 0..structure.len() {
        bins.visit(i, |j, image, vector| {
            if is_first(i, j, image) {
                see(i, j as usize, vector);
            }
        });
    }
    Ok(())
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

/// Atoms sorted into a grid of bins that tiles the cell. A bin at least the reach wide sees its 26 neighbours;
/// in a cell smaller than that there is one bin, which sees its own images.
struct Bins<'a> {
    cell: &'a Cell,
    reach: f64,
    counts: [i32; 3],
    /// How many bins away a neighbour can be.
    away: [i32; 3],
    /// Along each edge, the bin inside the cell and the image of each bin from `-away` on: a division each, made once.
    wraps: [Vec<(i32, i32)>; 3],
    /// Where the atoms of each bin begin among `members`.
    starts: Vec<usize>,
    /// The atoms, bin by bin.
    members: Vec<Member>,
    /// For each atom its bin and its place among `members`.
    places: Vec<([i32; 3], usize)>,
}

/// An atom as its bin knows it.
#[derive(Clone, Copy, Default)]
struct Member {
    index: u32,
    /// The whole edges that bring it into the cell.
    turns: [i32; 3],
    /// Its position inside the cell, Å.
    position: [f64; 3],
}

impl<'a> Bins<'a> {
    fn new(structure: &'a Structure, reach: f64) -> Result<Self> {
        if !(reach.is_finite() && reach > 0.0) {
            return Err(Error::new(format!(
                "a neighbour list with a reach of {reach} Å is not possible"
            )));
        }
        if u32::try_from(structure.len()).is_err() {
            return Err(Error::new("more atoms than a neighbour list can number"));
        }
        let (counts, away) = layout(structure, reach)?;
        let cell = &structure.cell;
        let mut bins = Self {
            cell,
            reach,
            counts,
            away,
            wraps: [0, 1, 2].map(|k| {
                let n = counts[k];
                let bins = -away[k]..n + away[k];
                bins.map(|at| (at.rem_euclid(n), at.div_euclid(n)))
                    .collect()
            }),
            starts: vec![0; counts.iter().map(|&n| n as usize).product::<usize>() + 1],
            members: vec![Member::default(); structure.len()],
            places: Vec::with_capacity(structure.len()),
        };
        bins.sort(structure)?;
        Ok(bins)
    }

    /// Sorts the atoms into the bins by counting.
    fn sort(&mut self, structure: &Structure) -> Result<()> {
        let mut all_turns = Vec::with_capacity(structure.len());
        for &position in &structure.positions {
            let (bin, turns) = self.place(position)?;
            let bin_number = self.flat(bin);
            self.starts[bin_number + 1] += 1;
            self.places.push((bin, 0));
            all_turns.push(turns);
        }
        for k in 1..self.starts.len() {
            self.starts[k] += self.starts[k - 1];
        }
        let mut next = self.starts.clone();
        for (j, turns) in all_turns.into_iter().enumerate() {
            let bin_number = self.flat(self.places[j].0);
            let slot = &mut next[bin_number];
            let shift = self.cell.cartesian(turns.map(f64::from));
            self.places[j].1 = *slot;
            self.members[*slot] = Member {
                index: j as u32,
                turns,
                position: add(structure.positions[j], shift),
            };
            *slot += 1;
        }
        Ok(())
    }

    fn flat(&self, [a, b, c]: [i32; 3]) -> usize {
        ((a * self.counts[1] + b) * self.counts[2] + c) as usize
    }

    fn place(&self, position: [f64; 3]) -> Result<([i32; 3], [i32; 3])> {
        let fractional = self.cell.fractional(position);
        let (mut bin, mut turns) = ([0; 3], [0; 3]);
        for k in (0..3).filter(|&k| self.cell.periodic()[k]) {
            let whole = fractional[k].floor();
            if whole.is_nan() || whole.abs() > f64::from(i32::MAX / 4) {
                return Err(Error::new(format!(
                    "an atom at {position:?} Å is absurdly far from its cell"
                )));
            }
            turns[k] = -(whole as i32);
            let inside = (fractional[k] - whole) * f64::from(self.counts[k]);
            bin[k] = (inside as i32).min(self.counts[k] - 1);
        }
        Ok((bin, turns))
    }

    /// Calls `see(j, image, vector)` for every atom image within reach of atom `i`; `image` is relative to the positions
    /// as they are given, inside the cell or not.
    fn visit(&self, i: usize, mut see: impl FnMut(u32, [i32; 3], [f64; 3])) {
        let ([a, b, c], own) = self.places[i];
        let [ra, rb, rc] = self.away;
        let me = self.members[own];
        let squared = self.reach * self.reach;
        for x in a - ra..=a + ra {
            for y in b - rb..=b + rb {
                for z in c - rc..=c + rc {
                    let (members, image) = self.bin_at([x, y, z]);
                    let shift = self.cell.cartesian(image.map(f64::from));
                    let from = sub(shift, me.position);
                    for some in members.chunks(AT_ONCE) {
                        let (near, count) = near(some, from, squared);
                        for other in near[..count].iter().map(|&k| some[usize::from(k)]) {
                            let image =
                                [0, 1, 2].map(|k: usize| image[k] + other.turns[k] - me.turns[k]);
                            if other.index != me.index || image != [0; 3] {
                                see(other.index, image, add(other.position, from));
                            }
                        }
                    }
                }
            }
        }
    }

    /// The atoms of a bin that may lie outside the cell, and the image cell it lies in.
    #[inline]
    fn bin_at(&self, at: [i32; 3]) -> (&[Member], [i32; 3]) {
        let wrapped = [0, 1, 2].map(|k: usize| self.wraps[k][(at[k] + self.away[k]) as usize]);
        let bin = self.flat(wrapped.map(|(bin, _)| bin));
        let members = &self.members[self.starts[bin]..self.starts[bin + 1]];
        (members, wrapped.map(|(_, image)| image))
    }
}

/// Which of at most [`AT_ONCE`] members lie, seen from `-from`, within the root of `squared`, and how many. No branch depends
/// on a distance, which no processor could guess.
#[inline]
fn near(members: &[Member], from: [f64; 3], squared: f64) -> ([u8; AT_ONCE], usize) {
    let (mut near, mut count) = ([0; AT_ONCE], 0);
    for (k, other) in members.iter().enumerate() {
        let vector = add(other.position, from);
        near[count % AT_ONCE] = k as u8;
        count += usize::from(dot(vector, vector) < squared);
    }
    (near, count)
}

/// Bins along each edge, and how many bins away a neighbour can be.
fn layout(structure: &Structure, reach: f64) -> Result<([i32; 3], [i32; 3])> {
    let heights = structure.cell.heights();
    let periodic = structure.cell.periodic();
    // More bins than atoms along an edge would only cost memory.
    let repeating = structure.cell.dimensions().max(1) as f64;
    let most = (structure.len() as f64).powf(1.0 / repeating).ceil();
    let (mut counts, mut away) = ([1; 3], [0; 3]);
    let mut visits = (structure.len() as f64).powi(2);
    for k in (0..3).filter(|&k| periodic[k]) {
        let bins = (heights[k] / reach).floor().clamp(1.0, most);
        let far = (reach * bins / heights[k]).floor() + 1.0;
        visits *= (2.0 * far + 1.0) / bins;
        (counts[k], away[k]) = (bins as i32, far as i32);
    }
    if visits > MOST_VISITS {
        return Err(Error::new(format!(
            "too many pairs of atoms for a neighbour list with a reach of {reach} Å"
        ))
        .because(format!(
            "there are {} atoms in a cell whose opposite faces are {heights:?} Å apart",
            structure.len()
        ))
        .cure("check that the cell and the positions are in Å"));
    }
    Ok((counts, away))
}

#[cfg(test)]
mod tests {
    use super::*;
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
