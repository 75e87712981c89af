//! Many vectors as combinations of a few of them (interpolative decomposition).

use faer::{Mat, MatRef};

/// What a vector may differ from its combination by, relative to the largest vector: rounding, for vectors known to 1e-16.
const TOLERANCE: f64 = 1e-12;

/// `columns ≈ columns[chosen] · combine`.
#[derive(Debug)]
pub(super) struct Skeleton {
    /// Which columns carry the others, R of them.
    pub chosen: Vec<usize>,
    /// R x L.
    pub combine: Mat<f64>,
}

impl Skeleton {
    /// Of L columns, by QR with column pivoting.
    ///
    /// Filters `1/(s² + λ)` that differ in λ only are nearly dependent: 100 of them over eight decades need 40 (in the test below).
    pub fn of(columns: MatRef<'_, f64>) -> Self {
        let qr = columns.col_piv_qr();
        let r = qr.thin_R();
        let order = qr.P().arrays().0;
        let first = if r.nrows() > 0 { r[(0, 0)].abs() } else { 0.0 };
        let rank = (0..r.nrows())
            .take_while(|&k| r[(k, k)].abs() > TOLERANCE * first)
            .count();
        let mut combine = Mat::zeros(rank, columns.ncols());
        for (k, &column) in order.iter().enumerate() {
            for i in 0..rank.min(k + 1) {
                combine[(i, column)] = r[(i, k)];
            }
        }
        let lead = r.submatrix(0, 0, rank, rank);
        faer::linalg::triangular_solve::solve_upper_triangular_in_place(
            lead,
            combine.as_mut(),
            faer::Par::Seq,
        );
        Self {
            chosen: order[..rank].to_vec(),
            combine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_filters_is_spanned_by_few() {
        let filters = Mat::from_fn(300, 100, |k, l| {
            let s2 = 10f64.powf(-(k as f64) / 60.0);
            let lambda = 10f64.powf(-8.0 + 0.08 * l as f64);
            (s2.min(1e-5) + lambda) / (s2 + lambda)
        });
        let skeleton = Skeleton::of(filters.as_ref());
        let few = skeleton.chosen.len();
        assert!((5..50).contains(&few), "{few}");
        let lead = Mat::from_fn(300, few, |k, r| filters[(k, skeleton.chosen[r])]);
        let difference = lead * &skeleton.combine - &filters;
        assert!(difference.norm_max() < 1e-10 * filters.norm_max());
    }

    #[test]
    fn equal_and_empty_columns() {
        let same = Skeleton::of(Mat::from_fn(4, 3, |i, _| i as f64).as_ref());
        assert_eq!(same.chosen.len(), 1);
        assert!((0..3).all(|l| (same.combine[(0, l)] - 1.0).abs() < 1e-14));
        assert!(Skeleton::of(Mat::zeros(0, 3).as_ref()).chosen.is_empty());
        assert!(Skeleton::of(Mat::zeros(4, 3).as_ref()).chosen.is_empty());
    }
}
