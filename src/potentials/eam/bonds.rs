//! The pairs of a structure, with all that the tables say of each, looked up once.

use super::Eam;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::potentials::pairs::{Nearby, overlap};

/// A pair i-j. The derivatives are divided by the distance, as a force wants them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bond {
    /// `r_j - r_i`, Å.
    pub(super) vector: [f64; 3],
    /// φ'/r.
    pub(super) pair: f64,
    /// That of the density at i.
    pub(super) here: f64,
    /// That of the density at j.
    pub(super) there: f64,
    /// j.
    pub(super) index: u32,
}

/// Every pair once, by its first atom.
#[derive(Debug)]
pub(super) struct Bonds {
    all: Vec<Bond>,
    starts: Vec<usize>,
    /// Density at each atom.
    pub(super) densities: Vec<f64>,
    /// Sum of the pair energies, eV.
    pub(super) energy: f64,
}

impl Bonds {
    /// Looks up every pair; refuses two atoms nearer than the tables go.
    pub(super) fn find(
        eam: &Eam,
        kinds: &[usize],
        structure: &Structure,
        neighbours: &NeighbourList,
    ) -> Result<Self> {
        let look_up = if eam.species.len() == 1 {
            Self::look_up::<true>
        } else {
            Self::look_up::<false>
        };
        look_up(eam, kinds, structure, neighbours)
    }

    /// `PURE`: of one element, whose atoms send each other the same.
    fn look_up<const PURE: bool>(
        eam: &Eam,
        kinds: &[usize],
        structure: &Structure,
        neighbours: &NeighbourList,
    ) -> Result<Self> {
        let atoms = structure.len();
        let mut found = Self {
            all: Vec::with_capacity(neighbours.len() / 2),
            starts: Vec::with_capacity(atoms + 1),
            densities: vec![0.0; atoms],
            energy: 0.0,
        };
        let (mut nearby, side) = (Nearby::default(), eam.species.len());
        found.starts.push(0);
        for i in 0..atoms {
            let row = &eam.interactions[kinds[i] * side..][..side];
            let (mut energy, mut density) = (0.0, 0.0);
            let links = neighbours.half(i);
            for near in nearby.of(structure, neighbours, i, links, eam.cutoff * eam.cutoff) {
                let j = near.index as usize;
                let table = &row[if PURE { 0 } else { kinds[j] }];
                let distance = near.squared.sqrt();
                if table.is_before(distance) {
                    return Err(overlap(structure, neighbours));
                }
                let inverse = 1.0 / distance;
                let [[z, z1], [here, here1], [there, there1]] = if PURE {
                    let [pair, density] = table.at(distance);
                    [pair, density, density]
                } else {
                    table.at(distance)
                };
                let phi = z * inverse;
                energy += phi;
                density += here;
                found.densities[j] += there;
                found.all.push(Bond {
                    vector: near.vector,
                    pair: (z1 - phi) * inverse * inverse,
                    here: here1 * inverse,
                    there: there1 * inverse,
                    index: near.index,
                });
            }
            found.energy += energy;
            found.densities[i] += density;
            found.starts.push(found.all.len());
        }
        Ok(found)
    }

    /// The pairs whose first atom is `i`.
    pub(super) fn of(&self, i: usize) -> &[Bond] {
        &self.all[self.starts[i]..self.starts[i + 1]]
    }
}
