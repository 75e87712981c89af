//! The angles between the bonds of an atom.

use super::bonds::Bonds;
use crate::atoms::cell::{dot, norm};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;

/// How often each bond angle occurs.
///
/// These are densities in 1/degree of the angles themselves, `Σ P(θ) Δθ = 1`: sin θ is *not* divided out, so directions
/// at random give `P = sin θ / 2` per radian.
#[derive(Debug, Clone, PartialEq)]
pub struct BondAngles {
    /// Species a, b, c with b in the middle and a ≤ c, as indices into those of the structure; each combination once.
    pub triplets: Vec<[usize; 3]>,
    /// For each triplet its number of angles.
    pub counts: Vec<usize>,
    /// For each triplet its density over the bins, with an integral of 1; zero if there is no such angle.
    pub density: Vec<Vec<f64>>,
    /// The density of all angles, with an integral of 1; zero if there are none.
    pub total: Vec<f64>,
}

impl BondAngles {
    /// The angles between every two bonds of every atom, on `grid` (degrees), which must span 0 to 180.
    pub fn new(structure: &Structure, bonds: &Bonds, grid: &Grid) -> Result<Self> {
        if grid.start() != 0.0 || (grid.end() - 180.0).abs() > 1e-9 {
            return Err(Error::new(format!(
                "an axis of angles from {} to {} degrees",
                grid.start(),
                grid.end()
            ))
            .cure("let it run from 0 to 180"));
        }
        let kinds = structure.species.len();
        let triplets = triplets(kinds);
        let mut place = vec![0; kinds * kinds * kinds];
        for (t, &[a, b, c]) in triplets.iter().enumerate() {
            place[(a * kinds + b) * kinds + c] = t;
            place[(c * kinds + b) * kinds + a] = t;
        }
        let mut histograms = vec![vec![0_usize; grid.len()]; triplets.len()];
        for (i, &b) in structure.species_of.iter().enumerate() {
            let bonds = bonds.of(i);
            for (k, one) in bonds.iter().enumerate() {
                for other in &bonds[..k] {
                    let [a, c] = [one, other].map(|x| structure.species_of[x.index as usize]);
                    let angle = degrees(one.vector, other.vector);
                    // 180 degrees is the end of the last bin.
                    let bin = grid.bin(angle).unwrap_or(grid.len() - 1);
                    histograms[place[(a * kinds + b) * kinds + c]][bin] += 1;
                }
            }
        }
        let sum = |bin| histograms.iter().map(|h| h[bin]).sum();
        let all: Vec<usize> = (0..grid.len()).map(sum).collect();
        Ok(Self {
            counts: histograms.iter().map(|h| h.iter().sum()).collect(),
            density: histograms.iter().map(|h| density(h, grid)).collect(),
            total: density(&all, grid),
            triplets,
        })
    }
}

fn triplets(kinds: usize) -> Vec<[usize; 3]> {
    let of = |b| (0..kinds).flat_map(move |a| (a..kinds).map(move |c| [a, b, c]));
    (0..kinds).flat_map(of).collect()
}

fn degrees(a: [f64; 3], b: [f64; 3]) -> f64 {
    // Rounding may carry the cosine of a straight angle beyond 1.
    let cosine = dot(a, b) / (norm(a) * norm(b));
    cosine.clamp(-1.0, 1.0).acos().to_degrees()
}

fn density(histogram: &[usize], grid: &Grid) -> Vec<f64> {
    let sum = histogram.iter().sum::<usize>().max(1) as f64;
    let per_degree = |&n: &usize| n as f64 / (sum * grid.step());
    histogram.iter().map(per_degree).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::Cell;
    use crate::atoms::disorder::random;
    use crate::atoms::lattice::{beta_cristobalite, diamond};
    use crate::observables::bonds::Cutoffs;
    use proptest::prelude::*;
    use rand::RngExt;

    fn half_degrees() -> Grid {
        Grid::new(0.0, 180.0, 360).unwrap()
    }

    fn gas(seed: u64, atoms: usize) -> Structure {
        let mut random = random(seed, 0);
        let mut place = || std::array::from_fn(|_| 9.0 * random.random::<f64>());
        let positions = (0..atoms).map(|_| place()).collect();
        let species_of = (0..atoms).map(|i| i % 2).collect();
        let species = vec!["Si".into(), "C".into()];
        let cell = Cell::orthorhombic([9.0; 3]).unwrap();
        Structure::new(cell, species, vec![28.0, 12.0], species_of, positions).unwrap()
    }

    fn angles(structure: &Structure, reach: f64, grid: &Grid) -> BondAngles {
        let pairs = [("Si", "C", reach), ("C", "C", reach)];
        let bonds = Bonds::new(structure, &Cutoffs::given(structure, &pairs).unwrap()).unwrap();
        BondAngles::new(structure, &bonds, grid).unwrap()
    }

    #[test]
    fn the_tetrahedral_angle_and_the_straight_one() {
        let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let bonds = Bonds::new(&silica, &Cutoffs::found(&silica).unwrap()).unwrap();
        let found = BondAngles::new(&silica, &bonds, &half_degrees()).unwrap();
        let of = |t: [usize; 3]| found.triplets.iter().position(|x| *x == t).unwrap();
        let (tetrahedral, straight) = (of([1, 0, 1]), of([0, 1, 0]));
        assert_eq!(found.counts[tetrahedral], 6 * 8);
        assert_eq!(found.counts[straight], 16);
        assert_eq!(found.counts.iter().sum::<usize>(), 64);
        // 109.47 degrees lies in the bin from 109 to 109.5.
        assert!((found.density[tetrahedral][218] - 2.0).abs() < 1e-12);
        assert!((found.density[straight][359] - 2.0).abs() < 1e-12);
        assert!((found.total[218] - 2.0 * 0.75).abs() < 1e-12);
    }

    #[test]
    fn directions_at_random_follow_the_sine() {
        let gas = gas(3, 800);
        let grid = Grid::new(0.0, 180.0, 18).unwrap();
        let found = angles(&gas, 2.0, &grid);
        let all: usize = found.counts.iter().sum();
        for (k, p) in found.total.iter().enumerate() {
            let [from, to] = [grid.edge(k), grid.edge(k + 1)].map(f64::to_radians);
            let share = 0.5 * (from.cos() - to.cos());
            // Angles that share a bond are not independent: twice the noise of as many that are.
            let noise = (share / all as f64).sqrt();
            assert!((p * grid.step() - share).abs() < 2.0 * 4.5 * noise, "{k}");
        }
    }

    #[test]
    fn an_axis_that_leaves_angles_out_is_refused() {
        let crystal = diamond(3.57, "C", 12.011).unwrap();
        let bonds = Bonds::new(&crystal, &Cutoffs::found(&crystal).unwrap()).unwrap();
        for grid in [Grid::new(0.0, 170.0, 17), Grid::new(10.0, 180.0, 17)] {
            assert!(BondAngles::new(&crystal, &bonds, &grid.unwrap()).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn turned_and_moved_structures_have_the_same_angles(
            seed in 0_u64..1000, shift in proptest::array::uniform3(-20.0..20.0_f64), turn in 0.0..6.3_f64,
        ) {
            let before = gas(seed, 60);
            let (c, s) = (turn.cos(), turn.sin());
            let turned = |[x, y, z]: [f64; 3]| [c * x - s * y, s * x + c * y, z];
            let mut after = before.clone();
            after.cell = Cell::new(before.cell.vectors().map(turned), [true; 3]).unwrap();
            for p in &mut after.positions {
                *p = turned(std::array::from_fn(|k| p[k] + shift[k]));
            }
            let grid = Grid::new(0.0, 180.0, 4).unwrap();
            let [one, two] = [&before, &after].map(|x| angles(x, 2.0, &grid));
            prop_assert_eq!(&one.counts, &two.counts);
            for (a, b) in one.total.iter().zip(&two.total) {
                // One angle may cross an edge of a bin by rounding.
                prop_assert!((a - b).abs() * 45.0 * one.counts.iter().sum::<usize>() as f64 <= 1.01);
            }
        }
    }
}
