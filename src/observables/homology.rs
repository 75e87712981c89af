//! Components, loops and voids of the atoms as seen at each distance: persistent homology as a descriptor of structure.
//!
//! At a distance r every set of atoms that are pairwise no farther apart than r is filled: pairs by a line, triples by a
//! triangle, quadruples by a tetrahedron (the Vietoris-Rips complex). As r grows, classes of dimension 0 (components), 1
//! (loops) and 2 (voids) are born and die; each is a bar from birth to death. Coefficients are those of Z/2. Unlike a ring
//! of bonds, a loop needs no bond length; unlike g(r), it knows three and more atoms at a time.
//!
//! H. Edelsbrunner and J. Harer, *Computational Topology* (AMS, 2010), ch. VII; for glasses Y. Hiraoka et al., *PNAS* 113,
//! 7035 (2016), who take atoms as balls that fill the loops (alpha shapes) where this takes distances only.
//!
//! A periodic cell is a torus and has classes of its own that are of no material: once the atoms are connected, d loops
//! around it and d(d − 1)/2 voids never die. At reaches below a third of the cell nothing else of it is seen; longer ones
//! are refused.

mod reduction;
mod rips;

use crate::atoms::cell::norm;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use rips::Level;

/// A triangle of edges up to the reach closes in space, not around the cell, if no way around it is shorter than three.
const EDGES_OF_A_TRIANGLE: f64 = 3.0;
/// Highest dimension of a class: beyond voids there is none in space, and the sets to list grow by the number of
/// neighbours with each.
const HIGHEST: usize = 2;
/// Bars shorter than this part of their end are the rounding of equal distances (1e-16 of a coordinate, tens of Å).
const ROUNDING: f64 = 1e-10;

/// The life of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Distance at which it appears, Å.
    pub birth: f64,
    /// Distance at which it is filled or joined to an older one, Å; infinite if it is alive at the reach.
    pub death: f64,
}

/// The bars of a structure in each dimension.
///
/// ```
/// use glassbridge::atoms::lattice::{diamond, supercell};
/// use glassbridge::observables::homology::Barcodes;
/// let silicon = supercell(&diamond(5.431, "Si", 28.085)?, [3, 3, 3])?;
/// let bars = Barcodes::new(&silicon, 4.0, 1)?;
/// // Between the bond and the second shell: N atoms in one piece, 2N bonds, so N + 1 loops.
/// assert_eq!((bars.betti(0, 3.0), bars.betti(1, 3.0)), (1, 217));
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Barcodes {
    atoms: usize,
    reach: f64,
    bars: Vec<Vec<Bar>>,
}

impl Barcodes {
    /// The bars of dimension 0 to `highest` (at most 2) of the atoms, of whatever species, up to the distance `reach` (Å).
    ///
    /// The time grows in proportion to the atoms and steeply with the neighbours in reach: 256 atoms take some milliseconds
    /// with two shells in reach, some tens of milliseconds with three.
    ///
    /// Errors: a reach that is not positive, or longer than a third of the shortest way around the cell; more than two
    /// million sets of neighbours.
    pub fn new(structure: &Structure, reach: f64, highest: usize) -> Result<Self> {
        check(structure, reach, highest)?;
        let levels = rips::levels(structure, reach, highest + 1)?;
        let mut pairs = reduction::components(structure.len(), &levels[1]);
        let mut bars = vec![lives(&pairs.bars, &levels[0], &levels[1])];
        for k in 1..=highest {
            let (below, above) = (&levels[k], &levels[k + 1]);
            pairs = reduction::pairs(k, below, above, &pairs.ends);
            bars.push(lives(&pairs.bars, below, above));
        }
        Ok(Self {
            atoms: structure.len(),
            reach,
            bars,
        })
    }

    /// The bars of a dimension by ascending birth, then death; none in a dimension that was not asked for.
    pub fn bars(&self, dimension: usize) -> &[Bar] {
        self.bars.get(dimension).map_or(&[], Vec::as_slice)
    }

    /// Betti number: how many classes of a dimension are alive at the distance `r` (Å), `birth ≤ r < death`.
    pub fn betti(&self, dimension: usize, r: f64) -> usize {
        let bars = self.bars(dimension).iter();
        bars.filter(|bar| bar.birth <= r && r < bar.death).count()
    }

    /// The Betti curve per atom, `β_k(r) / N`, as its mean over each bin of `grid` (Å).
    ///
    /// The mean makes it continuous in the positions of the atoms, and short-lived classes count for little: its integral is
    /// the total life of all classes on the grid, per atom. Errors: a dimension that was not asked for; a grid that begins
    /// below zero or ends beyond the reach.
    pub fn betti_curve(&self, dimension: usize, grid: &Grid) -> Result<Vec<f64>> {
        let Some(bars) = self.bars.get(dimension) else {
            return Err(
                Error::new(format!("there are no bars of dimension {dimension}")).because(format!(
                    "they were made up to dimension {}",
                    self.bars.len() - 1
                )),
            );
        };
        // The end of a grid is a product: it may be rounded beyond the reach.
        if grid.start() < 0.0 || grid.end() > self.reach * (1.0 + ROUNDING) {
            return Err(Error::new(format!(
                "the Betti curve cannot be given from {} to {} Å",
                grid.start(),
                grid.end()
            ))
            .because(format!("classes are known from 0 to {} Å", self.reach)));
        }
        let mut curve = vec![0.0; grid.len()];
        for bar in bars {
            spread(bar, grid, &mut curve);
        }
        let scale = 1.0 / (grid.step() * self.atoms as f64);
        Ok(curve.into_iter().map(|length| length * scale).collect())
    }
}

/// Adds to each bin the length (Å) of the bar in it.
fn spread(bar: &Bar, grid: &Grid, lengths: &mut [f64]) {
    let place = |r: f64| ((r - grid.start()) / grid.step()).clamp(0.0, grid.len() as f64);
    let (from, to) = (place(bar.birth), place(bar.death));
    for bin in from.floor() as usize..to.ceil() as usize {
        let part = to.min(bin as f64 + 1.0) - from.max(bin as f64);
        lengths[bin] += part * grid.step();
    }
}

/// Bars of pairs, those of no length left out, in order.
fn lives(pairs: &[(usize, Option<usize>)], below: &Level, above: &Level) -> Vec<Bar> {
    let bar = |&(birth, death): &(usize, Option<usize>)| Bar {
        birth: below.diameters[birth],
        death: death.map_or(f64::INFINITY, |d| above.diameters[d]),
    };
    let mut bars: Vec<Bar> = (pairs.iter().map(bar))
        .filter(|b| b.death - b.birth > ROUNDING * b.death || b.death.is_infinite())
        .collect();
    bars.sort_by(|a, b| (a.birth.total_cmp(&b.birth)).then(a.death.total_cmp(&b.death)));
    bars
}

fn check(structure: &Structure, reach: f64, highest: usize) -> Result<()> {
    if highest > HIGHEST {
        return Err(
            Error::new(format!("there are no classes of dimension {highest}"))
                .cure("ask for 0 (components), 1 (loops) or 2 (voids)"),
        );
    }
    if !(reach.is_finite() && reach > 0.0) {
        return Err(Error::new(format!("a reach of {reach} Å is not possible"))
            .cure("give a positive distance, e.g. one that ends after the second shell"));
    }
    let around = shortest_way_around(structure, EDGES_OF_A_TRIANGLE * reach)?;
    if around < EDGES_OF_A_TRIANGLE * reach {
        return Err(Error::new(format!(
            "a reach of {reach} Å is too long for this cell"
        ))
        .because(format!(
            "the shortest way around it is {around:.3} Å: three atoms within reach of each other may close a triangle \
             around the cell"
        ))
        .cure(format!(
            "take a reach of {:.3} Å or less, or a larger cell",
            around / EDGES_OF_A_TRIANGLE
        )));
    }
    Ok(())
}

/// Å. The distance of an atom from its nearest image; infinite if that is `within` or more.
fn shortest_way_around(structure: &Structure, within: f64) -> Result<f64> {
    let edges = structure.cell.vectors().iter();
    let shortest = (edges.zip(structure.cell.periodic()))
        .filter(|(_, is_periodic)| *is_periodic)
        .map(|(&edge, _)| norm(edge))
        .fold(f64::INFINITY, f64::min);
    // A short edge is told before its images are searched; in a slanting cell a diagonal may be shorter than all edges.
    if shortest < within {
        return Ok(shortest);
    }
    let alone = Structure {
        species_of: vec![0],
        positions: vec![[0.0; 3]],
        ..structure.clone()
    };
    let images = NeighbourList::new(&alone, within)?;
    let distances = images.of(&alone, 0).map(|n| n.distance);
    Ok(distances.fold(f64::INFINITY, f64::min))
}

#[cfg(test)]
mod tests;
