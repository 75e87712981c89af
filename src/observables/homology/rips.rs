//! The Vietoris-Rips complex: every set of atoms whose members are pairwise within reach.

use crate::atoms::cell::norm;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};

/// Most simplices of one dimension: 0.2 GB. A close-packed solid of 256 atoms with three shells in reach has 60,000.
const MOST: usize = 2_000_000;

/// The simplices of one dimension k, in the order of their vertices (ascending in each): those that begin with the same
/// simplex of dimension k − 1 stand together, as in a simplex tree (Boissonnat and Maria, *Algorithmica* 70, 406 (2014)).
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Longest edge of each, Å; 0 for an atom.
    pub diameters: Vec<f64>,
    /// The k + 1 faces of each, as numbers of the level below; none for an atom.
    pub facets: Vec<u32>,
    /// The last vertex of each.
    tops: Vec<u32>,
    /// Where in the level above those begin that go on from each; one more entry tells where the last end.
    starts: Vec<usize>,
}

impl Level {
    /// Number of simplices.
    pub fn len(&self) -> usize {
        self.tops.len()
    }

    /// The faces of simplex `s` of this level of dimension `k`.
    pub fn facets(&self, k: usize, s: usize) -> &[u32] {
        match k {
            0 => &[],
            _ => &self.facets[s * (k + 1)..(s + 1) * (k + 1)],
        }
    }

    fn push(&mut self, top: u32, diameter: f64) {
        self.tops.push(top);
        self.diameters.push(diameter);
    }
}

/// For each atom the later atoms within reach and their distances, ascending.
type Later = Vec<Vec<(u32, f64)>>;

/// The levels of dimension 0 to `highest` of the structure at `reach` (Å).
///
/// The neighbour list counts every image; the caller sees to it that no two images of one atom are within three reaches.
pub(super) fn levels(structure: &Structure, reach: f64, highest: usize) -> Result<Vec<Level>> {
    let later = later(structure, reach)?;
    let mut atoms = Level::default();
    let mut edges = Level::default();
    for (i, near) in later.iter().enumerate() {
        atoms.push(i as u32, 0.0);
        atoms.starts.push(edges.len());
        for &(j, distance) in near {
            edges.push(j, distance);
            edges.facets.extend([i as u32, j]);
        }
    }
    atoms.starts.push(edges.len());
    check(edges.len(), 1, reach)?;
    let mut levels = vec![atoms, edges];
    for k in 2..=highest {
        let above = expanded(&mut levels, k, &later, reach)?;
        levels.push(above);
    }
    levels.truncate(highest + 1);
    Ok(levels)
}

fn later(structure: &Structure, reach: f64) -> Result<Later> {
    let list = NeighbourList::new(structure, reach)?;
    let mut later: Later = vec![Vec::new(); structure.len()];
    for i in 0..structure.len() {
        for &link in list.half(i) {
            let distance = norm(list.vector(&structure.positions, i, link));
            later[i].push((link.index, distance));
        }
        later[i].sort_unstable_by_key(|&(j, _)| j);
    }
    Ok(later)
}

/// The simplices of dimension `k`: those of k − 1 joined with each later sibling in reach of their last vertex.
fn expanded(levels: &mut [Level], k: usize, later: &Later, reach: f64) -> Result<Level> {
    let mut above = Level::default();
    let mut starts = Vec::new();
    let (parents, simplices) = (&levels[k - 2], &levels[k - 1]);
    for siblings in parents.starts.windows(2).map(|w| w[0]..w[1]) {
        for s in siblings.clone() {
            starts.push(above.len());
            let mut near = later[simplices.tops[s] as usize].iter().peekable();
            for t in s + 1..siblings.end {
                let top = simplices.tops[t];
                while near.next_if(|&&(j, _)| j < top).is_some() {}
                let Some(&&(_, distance)) = near.peek().filter(|(j, _)| *j == top) else {
                    continue;
                };
                let edges = [simplices.diameters[s], simplices.diameters[t], distance];
                above.push(top, edges.into_iter().fold(0.0, f64::max));
                above.facets.push(s as u32);
                for &q in simplices.facets(k - 1, s) {
                    above.facets.push(child(parents, simplices, q, top));
                }
            }
            check(above.len(), k, reach)?;
        }
    }
    starts.push(above.len());
    levels[k - 1].starts = starts;
    Ok(above)
}

/// The number of the simplex that goes on from simplex `q` of `parents` with the vertex `top`, which is there.
fn child(parents: &Level, simplices: &Level, q: u32, top: u32) -> u32 {
    let (from, to) = (parents.starts[q as usize], parents.starts[q as usize + 1]);
    (from + simplices.tops[from..to].partition_point(|&t| t < top)) as u32
}

fn check(count: usize, k: usize, reach: f64) -> Result<()> {
    if count <= MOST {
        return Ok(());
    }
    Err(Error::new(format!(
        "there are too many neighbours within {reach} Å for persistent homology"
    ))
    .because(format!(
        "sets of {} atoms that are pairwise within reach are more than {MOST}",
        k + 1
    ))
    .cure("take a shorter reach, e.g. one that ends after the second shell"))
}
