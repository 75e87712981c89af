//! Every pair of atoms within reach, met once and not kept: memory stays small however far the reach.

use super::bins::{Bins, Fineness};
use super::structure::Structure;
use crate::error::Result;
use rayon::prelude::*;

/// Shares of the work of [`fold_pairs`]: enough for any machine, and fixed, so that sums do not depend on the machine.
const SHARES: usize = 64;

/// Calls `see(i, j, vector)` once for each pair of atoms closer than `reach` (Å), all images counted, an atom and its own
/// image too; which of the two is `i` is not said, and `vector` points from `i` to `j`.
pub fn each_pair(
    structure: &Structure,
    reach: f64,
    mut see: impl FnMut(usize, usize, [f64; 3]),
) -> Result<()> {
    let bins = Bins::new(structure, reach, Fineness::Stream)?;
    (0..bins.len()).for_each(|home| bins.meet(home, &mut see));
    Ok(())
}

/// As [`each_pair`], on all cores: each share of the pairs is told to its own `T` made by `start`.
///
/// The shares come in an order that never changes, so that what is added up from them is the same on any machine.
///
/// ```
/// use glassbridge::atoms::{lattice::diamond, pairs::fold_pairs};
/// let crystal = diamond(3.567, "C", 12.011)?;
/// let bonds = fold_pairs(&crystal, 1.6, || 0, |sum, _, _, _| *sum += 1)?;
/// assert_eq!(bonds.iter().sum::<usize>(), 16);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn fold_pairs<T: Send>(
    structure: &Structure,
    reach: f64,
    start: impl Fn() -> T + Sync,
    see: impl Fn(&mut T, usize, usize, [f64; 3]) + Sync,
) -> Result<Vec<T>> {
    let bins = Bins::new(structure, reach, Fineness::Stream)?;
    let share = |k: usize| {
        let mut told = start();
        for home in bins.len() * k / SHARES..bins.len() * (k + 1) / SHARES {
            bins.meet(home, |i, j, vector| see(&mut told, i, j, vector));
        }
        told
    };
    Ok((0..SHARES).into_par_iter().map(share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::{Cell, norm};
    use crate::atoms::neighbours::NeighbourList;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pairs_are_those_of_the_neighbour_list(
            edges in proptest::array::uniform3(1.5..12.0_f64),
            lean in proptest::array::uniform3(-1.0..1.0_f64),
            periodic in proptest::array::uniform3(any::<bool>()),
            fractional in proptest::collection::vec(proptest::array::uniform3(-1.5..1.5_f64), 1..60),
            reach in 0.5..4.0_f64,
        ) {
            let [a, b, c] = edges;
            let [p, q, r] = lean;
            let cell = Cell::new([[a, p, 0.0], [0.0, b, q], [r, 0.0, c]], periodic).unwrap();
            let positions: Vec<_> = fractional.iter().map(|&f| cell.cartesian(f)).collect();
            let of = vec![0; positions.len()];
            let gas = Structure::new(cell, vec!["C".into()], vec![12.0], of, positions).unwrap();
            let list = NeighbourList::new(&gas, reach).unwrap();
            let mut stored: Vec<_> = (0..gas.len())
                .flat_map(|i| list.of(&gas, i).map(move |n| (i, n.index as usize, n.distance)))
                .collect();
            // From both sides, as the list has them.
            let mut streamed = Vec::new();
            each_pair(&gas, reach, |i, j, vector| {
                streamed.extend([(i, j, norm(vector)), (j, i, norm(vector))]);
            })
            .unwrap();
            let order = |x: &(usize, usize, f64), y: &(usize, usize, f64)| {
                (x.0, x.1).cmp(&(y.0, y.1)).then(x.2.total_cmp(&y.2))
            };
            stored.sort_by(order);
            streamed.sort_by(order);
            prop_assert_eq!(stored.len(), streamed.len());
            for (x, y) in stored.iter().zip(&streamed) {
                prop_assert!((x.0, x.1) == (y.0, y.1) && (x.2 - y.2).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_vector_points_from_the_first_to_the_second() {
        let cell = Cell::orthorhombic([9.0, 10.0, 11.0]).unwrap();
        let positions = vec![[0.5, 9.5, 4.0], [8.5, 0.5, -6.0]];
        let pair =
            Structure::new(cell, vec!["C".into()], vec![12.0], vec![0, 0], positions).unwrap();
        let mut seen = 0;
        each_pair(&pair, 3.0, |i, _, vector| {
            let towards = if i == 0 { 1.0 } else { -1.0 };
            let expected = [-1.0, 1.0, 1.0].map(|x| towards * x);
            assert!((0..3).all(|k| (vector[k] - expected[k]).abs() < 1e-12));
            seen += 1;
        })
        .unwrap();
        assert_eq!(seen, 1);
    }
}
