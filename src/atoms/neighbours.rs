//! Who is within reach of whom, through every periodic image.

use super::cell::{add, norm, sub};
use super::structure::Structure;
use crate::error::{Error, Result};

/// Most pairs one list looks at. A glass of a million atoms needs some 3e8; a file whose cell is in metres
/// would otherwise search for ever.
const MOST_VISITS: f64 = 1e9;

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

/// Every neighbour of every atom: a full list (each pair from both sides), with all periodic images.
///
/// The neighbours of an atom are in order of (index, image), so sums over them are reproducible.
#[derive(Debug, Clone)]
pub struct NeighbourList {
    starts: Vec<usize>,
    neighbours: Vec<Neighbour>,
    /// Whole cell edges to add to `r_j`, one for each neighbour.
    images: Vec<[i32; 3]>,
}

impl NeighbourList {
    /// All neighbours closer than `cutoff` (Å).
    pub fn new(structure: &Structure, cutoff: f64) -> Result<Self> {
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(Error::new(format!(
                "a neighbour list with a reach of {cutoff} Å is not possible"
            )));
        }
        if u32::try_from(structure.len()).is_err() {
            return Err(Error::new("more atoms than a neighbour list can number"));
        }
        let bins = Bins::new(structure, cutoff)?;
        let mut list = Self::empty(structure.len());
        let mut found = Vec::new();
        for i in 0..structure.len() {
            bins.visit(i, |j, image| {
                let neighbour = neighbour(structure, i, j, image);
                if neighbour.distance < cutoff && !(j as usize == i && image == [0; 3]) {
                    found.push((neighbour, image));
                }
            });
            found.sort_unstable_by_key(|(n, image)| (n.index, *image));
            list.close_row(found.drain(..));
        }
        Ok(list)
    }

    /// The neighbours closer than `cutoff` among those of this list, after the atoms moved to where `structure`
    /// has them (same atoms, same cell).
    ///
    /// It equals a new list as long as this one was made with `cutoff + skin` and no atom has moved by more than
    /// skin/2 since.
    #[must_use]
    pub fn narrowed(&self, structure: &Structure, cutoff: f64) -> Self {
        let mut list = Self::empty(structure.len());
        for i in 0..structure.len() {
            let row = self.starts[i]..self.starts[i + 1];
            let moved = row.map(|k| {
                let image = self.images[k];
                let moved = neighbour(structure, i, self.neighbours[k].index, image);
                (moved, image)
            });
            list.close_row(moved.filter(|(n, _)| n.distance < cutoff));
        }
        list
    }

    /// The neighbours of atom `i`.
    pub fn of(&self, i: usize) -> &[Neighbour] {
        &self.neighbours[self.starts[i]..self.starts[i + 1]]
    }

    /// Total number of neighbours, i.e. twice the number of bonds.
    pub fn pairs(&self) -> usize {
        self.neighbours.len()
    }

    /// Number of atoms.
    pub fn atoms(&self) -> usize {
        self.starts.len() - 1
    }

    fn empty(atoms: usize) -> Self {
        let mut starts = Vec::with_capacity(atoms + 1);
        starts.push(0);
        Self {
            starts,
            neighbours: Vec::new(),
            images: Vec::new(),
        }
    }

    fn close_row(&mut self, row: impl Iterator<Item = (Neighbour, [i32; 3])>) {
        for (neighbour, image) in row {
            self.neighbours.push(neighbour);
            self.images.push(image);
        }
        self.starts.push(self.neighbours.len());
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
            list.of(i)
                .iter()
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

fn neighbour(structure: &Structure, i: usize, index: u32, image: [i32; 3]) -> Neighbour {
    let shift = structure.cell.cartesian(image.map(f64::from));
    let j = structure.positions[index as usize];
    let vector = add(sub(j, structure.positions[i]), shift);
    Neighbour {
        index,
        vector,
        distance: norm(vector),
    }
}

/// Atoms sorted into a grid of bins that tiles the cell. A bin at least `cutoff` wide sees its 26 neighbours;
/// in a cell smaller than `cutoff` there is one bin, which sees its own images.
struct Bins {
    counts: [i32; 3],
    reach: [i32; 3],
    members: Vec<Vec<u32>>,
    /// For each atom its bin.
    bin_of: Vec<[i32; 3]>,
    /// For each atom the whole edges that bring it into the cell.
    turns: Vec<[i32; 3]>,
}

impl Bins {
    fn new(structure: &Structure, cutoff: f64) -> Result<Self> {
        let (counts, reach) = Self::layout(structure, cutoff)?;
        let [_, nb, nc] = counts;
        let size = counts.iter().map(|&n| n as usize).product();
        let mut bins = Self {
            counts,
            reach,
            members: vec![Vec::new(); size],
            bin_of: Vec::with_capacity(structure.len()),
            turns: Vec::with_capacity(structure.len()),
        };
        for (j, &position) in structure.positions.iter().enumerate() {
            let (bin, turns) = bins.place(structure, position)?;
            bins.members[((bin[0] * nb + bin[1]) * nc + bin[2]) as usize].push(j as u32);
            bins.bin_of.push(bin);
            bins.turns.push(turns);
        }
        Ok(bins)
    }

    /// Bins along each edge, and how many bins away a neighbour can be.
    fn layout(structure: &Structure, cutoff: f64) -> Result<([i32; 3], [i32; 3])> {
        let heights = structure.cell.heights();
        let periodic = structure.cell.periodic();
        // More bins than atoms along an edge would only cost memory.
        let most = (structure.len() as f64).cbrt().ceil();
        let (mut counts, mut reach) = ([1; 3], [0; 3]);
        let mut visits = (structure.len() as f64).powi(2);
        for k in (0..3).filter(|&k| periodic[k]) {
            let bins = (heights[k] / cutoff).floor().clamp(1.0, most);
            let away = (cutoff * bins / heights[k]).floor() + 1.0;
            visits *= (2.0 * away + 1.0) / bins;
            (counts[k], reach[k]) = (bins as i32, away as i32);
        }
        if visits > MOST_VISITS {
            return Err(Error::new(format!(
                "too many pairs of atoms for a neighbour list with a reach of {cutoff} Å"
            ))
            .because(format!(
                "there are {} atoms in a cell whose opposite faces are {heights:?} Å apart",
                structure.len()
            ))
            .cure("check that the cell and the positions are in Å"));
        }
        Ok((counts, reach))
    }

    fn place(&self, structure: &Structure, position: [f64; 3]) -> Result<([i32; 3], [i32; 3])> {
        let fractional = structure.cell.fractional(position);
        let (mut bin, mut turns) = ([0; 3], [0; 3]);
        for k in (0..3).filter(|&k| structure.cell.periodic()[k]) {
            let whole = fractional[k].floor();
            if whole.abs() > f64::from(i32::MAX / 4) {
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

    /// Calls `see(j, image)` for every atom image in the bins around atom `i`; `image` is relative to the positions
    /// as they are given, inside the cell or not.
    fn visit(&self, i: usize, mut see: impl FnMut(u32, [i32; 3])) {
        let [a, b, c] = self.bin_of[i];
        let [ra, rb, rc] = self.reach;
        for x in a - ra..=a + ra {
            for y in b - rb..=b + rb {
                for z in c - rc..=c + rc {
                    let (members, cell) = self.bin_at([x, y, z]);
                    for &j in members {
                        let turns = self.turns[j as usize];
                        let image = |k: usize| cell[k] + turns[k] - self.turns[i][k];
                        see(j, [image(0), image(1), image(2)]);
                    }
                }
            }
        }
    }

    /// The atoms of a bin that may lie outside the cell, and the image cell it lies in.
    fn bin_at(&self, at: [i32; 3]) -> (&[u32], [i32; 3]) {
        let [_, nb, nc] = self.counts;
        let inside = |k: usize| at[k].rem_euclid(self.counts[k]);
        let bin = ((inside(0) * nb + inside(1)) * nc + inside(2)) as usize;
        let cell = [0, 1, 2].map(|k: usize| at[k].div_euclid(self.counts[k]));
        (&self.members[bin], cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::Cell;
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
                            let found = neighbour(structure, i, j as u32, [a, b, c]).distance;
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

    fn sorted(list: &NeighbourList, i: usize) -> Vec<f64> {
        let mut distances: Vec<_> = list.of(i).iter().map(|n| n.distance).collect();
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
                let found = sorted(&list, i);
                prop_assert_eq!(found.len(), expected.len());
                for (a, b) in found.iter().zip(expected) {
                    prop_assert!((a - b).abs() < 1e-12);
                }
            }
        }

        #[test]
        fn every_pair_is_there_from_both_sides(
            edges in edges(),
            fractional in proptest::collection::vec(proptest::array::uniform3(0.0..1.0_f64), 1..30),
        ) {
            let list = NeighbourList::new(&gas(edges, [true; 3], &fractional), 2.5).unwrap();
            for i in 0..list.atoms() {
                for n in list.of(i) {
                    let back = list.of(n.index as usize).iter().any(|m| {
                        m.index as usize == i && norm(add(m.vector, n.vector)) < 1e-12
                    });
                    prop_assert!(back);
                }
            }
        }

        #[test]
        fn a_narrowed_list_follows_the_atoms(
            fractional in proptest::collection::vec(proptest::array::uniform3(0.0..1.0_f64), 2..40),
            step in proptest::array::uniform3(-0.1..0.1_f64),
        ) {
            let cube = [[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]];
            let mut structure = gas(cube, [true; 3], &fractional);
            let wide = NeighbourList::new(&structure, 3.0).unwrap();
            structure.positions[0] = add(structure.positions[0], step);
            let (narrow, fresh) = (wide.narrowed(&structure, 2.6), NeighbourList::new(&structure, 2.6).unwrap());
            for i in 0..structure.len() {
                let (found, expected) = (sorted(&narrow, i), sorted(&fresh, i));
                prop_assert_eq!(found.len(), expected.len());
                prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn one_atom_in_a_small_cube_sees_its_own_images() {
        let cube = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let list = NeighbourList::new(&gas(cube, [true; 3], &[[0.5; 3]]), 1.5).unwrap();
        assert_eq!(list.of(0).len(), 6 + 12);
    }

    #[test]
    fn a_cell_in_metres_is_refused_rather_than_searched() {
        let tiny = [[1e-10, 0.0, 0.0], [0.0, 1e-10, 0.0], [0.0, 0.0, 1e-10]];
        let told = NeighbourList::new(&gas(tiny, [true; 3], &[[0.0; 3]]), 3.0).unwrap_err();
        assert!(told.to_string().contains("in Å"));
    }
}
