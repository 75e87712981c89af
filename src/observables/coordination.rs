//! How many neighbours atoms have.

use super::bonds::Bonds;
use crate::atoms::structure::Structure;

/// The numbers of bonded neighbours, counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordination {
    /// `mean[a][b]`: mean number of neighbours of species b of an atom of species a; 0 if there is no such atom.
    pub mean: Vec<Vec<f64>>,
    /// `histogram[a][b][n]`: number of atoms of species a with n neighbours of species b.
    pub histogram: Vec<Vec<Vec<usize>>>,
    /// `total[a][n]`: number of atoms of species a with n neighbours of any species.
    pub total: Vec<Vec<usize>>,
}

impl Coordination {
    /// Of the bonds of a structure. A sum over `n` of any histogram is the number of atoms of the species.
    pub fn new(structure: &Structure, bonds: &Bonds) -> Self {
        let kinds = structure.species.len();
        let mut histogram = vec![vec![Vec::new(); kinds]; kinds];
        let mut total = vec![Vec::new(); kinds];
        for (i, &a) in structure.species_of.iter().enumerate() {
            let mut near = vec![0; kinds];
            for bond in bonds.of(i) {
                near[structure.species_of[bond.index as usize]] += 1;
            }
            for (b, &n) in near.iter().enumerate() {
                count(&mut histogram[a][b], n);
            }
            count(&mut total[a], near.iter().sum());
        }
        let mean = (histogram.iter())
            .map(|row| row.iter().map(|h| mean(h)).collect())
            .collect();
        Self {
            mean,
            histogram,
            total,
        }
    }
}

fn count(histogram: &mut Vec<usize>, n: usize) {
    if histogram.len() <= n {
        histogram.resize(n + 1, 0);
    }
    histogram[n] += 1;
}

fn mean(histogram: &[usize]) -> f64 {
    let atoms: usize = histogram.iter().sum();
    let sum: usize = histogram.iter().enumerate().map(|(n, k)| n * k).sum();
    sum as f64 / atoms.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::lattice::beta_cristobalite;
    use crate::observables::bonds::Cutoffs;

    #[test]
    fn silica_is_four_and_two() {
        let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let bonds = Bonds::new(&silica, &Cutoffs::found(&silica).unwrap()).unwrap();
        let found = Coordination::new(&silica, &bonds);
        assert_eq!(found.mean, [[0.0, 4.0], [2.0, 0.0]]);
        assert_eq!(found.histogram[0][1], [0, 0, 0, 0, 8]);
        assert_eq!(found.histogram[1][1], [16]);
        assert_eq!(found.total, [vec![0, 0, 0, 0, 8], vec![0, 0, 16]]);
    }

    #[test]
    fn a_missing_atom_is_missed_by_its_neighbours() {
        let mut silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        // The first oxygen.
        silica.positions.remove(8);
        silica.species_of.remove(8);
        let cutoffs = Cutoffs::given(&silica, &[("O", "Si", 2.0), ("O", "O", 2.6)]).unwrap();
        let found = Coordination::new(&silica, &Bonds::new(&silica, &cutoffs).unwrap());
        assert_eq!(found.histogram[0][1], [0, 0, 0, 2, 6]);
        assert!((found.mean[0][1] - 3.75).abs() < 1e-15);
        // Six oxygens at one of its two silicon's tetrahedra each, less the missing one.
        assert_eq!(found.histogram[1][1], [0, 0, 0, 0, 0, 6, 9]);
    }
}
