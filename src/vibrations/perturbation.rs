//! Eigenvalues of a matrix that has changed a little, to first order, and how large a change can be.
//!
//! `D(u) = D + ΔD`: for an eigenvalue λ of D with the eigenvectors `E` (one column for each time it occurs) the eigenvalues
//! become `λ + μ` with the eigenvalues μ of `Eᵀ ΔD E`, up to terms of the order of `‖ΔD‖² / gap` (T. Kato, *Perturbation Theory
//! for Linear Operators*, ch. II, §2; section II of arXiv:2602.05313 for modes of a glass). The diagonal `eᵢᵀ ΔD eᵢ` alone is
//! right only if λ occurs once; the modes of a crystal in a supercell occur up to 24 times.

use crate::error::{Error, Result};
use faer::{Mat, MatRef, Side};

/// Eigenvalues nearer to each other than this part of the largest one are the same: rounding is 1e-13 of it for thousands
/// of rows, true gaps of a crystal of some hundred atoms are 1e-4.
const DEGENERATE: f64 = 1e-8;
/// Entries of a symmetric matrix may differ across the diagonal by this part of the largest: sums in another order.
const SYMMETRIC: f64 = 1e-9;

/// A symmetric matrix (n x n) with its eigenvalues in groups of equal ones.
///
/// ```
/// use faer::{Mat, mat};
/// use glassbridge::vibrations::perturbation::Unperturbed;
/// // Two equal levels that are coupled split by ± the coupling; the diagonal of the change is zero.
/// let levels = Unperturbed::new(Mat::identity(2, 2).as_ref())?;
/// let split = levels.first_order(mat![[0.0, 0.1], [0.1, 0.0]].as_ref())?;
/// assert!((split[0] - 0.9).abs() < 1e-14 && (split[1] - 1.1).abs() < 1e-14);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Unperturbed {
    values: Vec<f64>,
    vectors: Mat<f64>,
    groups: Vec<std::ops::Range<usize>>,
}

impl Unperturbed {
    /// Diagonalises a symmetric matrix. Errors: it is not square, symmetric and finite.
    pub fn new(matrix: MatRef<'_, f64>) -> Result<Self> {
        check(matrix)?;
        let eigen = matrix
            .self_adjoint_eigen(Side::Lower)
            .map_err(|e| not_found(&format!("{e:?}")))?;
        let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        Ok(Self {
            groups: groups(&values),
            vectors: eigen.U().to_owned(),
            values,
        })
    }

    /// Its eigenvalues, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How often each different eigenvalue occurs, ascending by eigenvalue.
    pub fn multiplicities(&self) -> Vec<usize> {
        self.groups.iter().map(ExactSizeIterator::len).collect()
    }

    /// The eigenvalues of the matrix plus `change` (symmetric, n x n) to first order in the change, ascending.
    pub fn first_order(&self, change: MatRef<'_, f64>) -> Result<Vec<f64>> {
        let shifts = self.shifts(change)?;
        let mut values: Vec<f64> = self.values.iter().zip(shifts).map(|(v, s)| v + s).collect();
        values.sort_by(f64::total_cmp);
        Ok(values)
    }

    /// The first-order shifts alone, those of equal eigenvalues ascending; they are proportional to the change.
    pub fn shifts(&self, change: MatRef<'_, f64>) -> Result<Vec<f64>> {
        check(change)?;
        if change.nrows() != self.values.len() {
            return Err(Error::new(format!(
                "a change of {} rows for a matrix of {}",
                change.nrows(),
                self.values.len()
            )));
        }
        let turned = change * &self.vectors;
        let mut shifts = Vec::with_capacity(self.values.len());
        for group in &self.groups {
            let (from, size) = (group.start, group.len());
            let block = self.vectors.subcols(from, size).transpose() * turned.subcols(from, size);
            shifts.extend(eigenvalues(block.as_ref())?);
        }
        Ok(shifts)
    }
}

/// Eigenvalues of a symmetric matrix, ascending; of the lower triangle.
pub fn eigenvalues(matrix: MatRef<'_, f64>) -> Result<Vec<f64>> {
    matrix
        .self_adjoint_eigenvalues(Side::Lower)
        .map_err(|e| not_found(&format!("{e:?}")))
}

/// `‖A‖₂` of a symmetric matrix, its largest |eigenvalue|: by Weyl's inequality no eigenvalue, counted from below, moves
/// farther when A is added to a symmetric matrix (R. A. Horn and C. R. Johnson, *Matrix Analysis*, 2nd ed., cor. 4.3.15).
pub fn norm(matrix: MatRef<'_, f64>) -> Result<f64> {
    check(matrix)?;
    let values = eigenvalues(matrix)?;
    Ok(values.into_iter().map(f64::abs).fold(0.0, f64::max))
}

/// What `‖A‖₂` would be if the entries on and above the diagonal were independent and Gaussian with the mean square of
/// those of A: `2σ√n`, `σ² = Σ A_ij² / n²`, exact for large n (Z. Füredi and J. Komlós, *Combinatorica* 1, 233 (1981)).
pub fn random_norm(matrix: MatRef<'_, f64>) -> f64 {
    2.0 * matrix.norm_l2() / (matrix.nrows().max(1) as f64).sqrt()
}

/// The same if each entry has a variance of its own, taken to be its square: `2 maxᵢ √(Σⱼ A_ij²)`, the leading term of
/// A. S. Bandeira and R. van Handel, *Ann. Probab.* 44, 2479 (2016), theorem 1.1. It sees that a matrix of short-ranged
/// forces is sparse and that some atoms have moved more than others.
pub fn random_norm_of_rows(matrix: MatRef<'_, f64>) -> f64 {
    let norms = matrix.row_iter().map(|row| row.norm_l2());
    2.0 * norms.fold(0.0, f64::max)
}

/// Runs of ascending values, each within the tolerance of the one before.
fn groups(values: &[f64]) -> Vec<std::ops::Range<usize>> {
    let largest = values.iter().map(|v| v.abs()).fold(0.0, f64::max);
    let mut groups = Vec::new();
    let mut from = 0;
    for i in 1..=values.len() {
        if i == values.len() || values[i] - values[i - 1] > DEGENERATE * largest {
            groups.push(from..i);
            from = i;
        }
    }
    groups
}

fn check(matrix: MatRef<'_, f64>) -> Result<()> {
    let (rows, columns) = matrix.shape();
    if rows != columns || rows == 0 {
        return Err(Error::new(format!(
            "a matrix of {rows} rows and {columns} columns has no eigenvalues"
        )));
    }
    let largest = matrix.norm_max();
    let is_even =
        |i: usize, j: usize| (matrix[(i, j)] - matrix[(j, i)]).abs() <= SYMMETRIC * largest;
    // The largest entry of faer skips what is not a number; a comparison with it does not.
    if !largest.is_finite() || !(0..rows).all(|j| (0..=j).all(|i| is_even(i, j))) {
        return Err(Error::new(
            "the matrix is not symmetric, or holds numbers that are not finite",
        )
        .because("perturbation theory is that of symmetric matrices"));
    }
    Ok(())
}

fn not_found(why: &str) -> Error {
    Error::new("the eigenvalues could not be found")
        .because(format!("the eigenvalue solver says {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::disorder::random;
    use faer::mat;
    use rand_distr::{Distribution, StandardNormal};

    fn symmetric(n: usize, seed: u64) -> Mat<f64> {
        let mut random = random(seed, 0);
        let a = Mat::from_fn(n, n, |_, _| -> f64 { StandardNormal.sample(&mut random) });
        Mat::from_fn(n, n, |i, j| a[(i.max(j), i.min(j))])
    }

    /// Two levels E₁, E₂ with coupling c: exactly (E₁ + E₂)/2 ± √((E₂ − E₁)²/4 + c²).
    #[test]
    fn two_levels_follow_the_formula() {
        let (e, c) = ([1.0, 3.0], 0.01);
        let matrix = mat![[e[0], 0.0], [0.0, e[1]]];
        let change = mat![[0.2, c], [c, -0.1]];
        let found = Unperturbed::new(matrix.as_ref())
            .unwrap()
            .first_order(change.as_ref());
        for (found, expected) in found.unwrap().iter().zip([1.2, 2.9]) {
            assert!((found - expected).abs() < 1e-14);
        }
        // What is left is of second order, c²/gap.
        let exact = eigenvalues((&matrix + &change).as_ref()).unwrap();
        assert!((exact[1] - 2.9 - c * c / 1.7).abs() < c.powi(4));
    }

    /// Three equal springs on a ring: of ω² = 0, 3k, 3k the pair splits when one spring is stiffer by δ. Its projections on the
    /// mode that the spring feels and on the one it does not are 2δ and 0, whatever vectors the solver chose.
    #[test]
    fn an_equal_pair_splits_as_the_exact_one_does() {
        let (k, delta) = (1.0, 1e-4);
        let ring = mat![[2.0 * k, -k, -k], [-k, 2.0 * k, -k], [-k, -k, 2.0 * k]];
        let change = mat![[delta, -delta, 0.0], [-delta, delta, 0.0], [0.0, 0.0, 0.0]];
        let ring = Unperturbed::new(ring.as_ref()).unwrap();
        assert_eq!(ring.multiplicities(), [1, 2]);
        let found = ring.first_order(change.as_ref()).unwrap();
        for (found, expected) in found.iter().zip([0.0, 3.0 * k, 3.0 * k + 2.0 * delta]) {
            assert!((found - expected).abs() < 1e-13);
        }
        // Turned vectors of the pair have a diagonal of their own, δ and δ: the theory without degeneracy.
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let felt = [half, -half, 0.0];
        let unfelt = [1.0, 1.0, -2.0].map(|x| x / 6.0_f64.sqrt());
        for sign in [1.0, -1.0] {
            let e = Mat::from_fn(3, 1, |i, _| half * (felt[i] + sign * unfelt[i]));
            let naive = (e.transpose() * &change * &e)[(0, 0)];
            assert!((naive - delta).abs() < 1e-18);
        }
    }

    /// A chain of two masses M, m with springs k: ω² = 2k(1/M + 1/m); a stiffer spring moves it by its share, exactly.
    #[test]
    fn a_diatomic_chain_moves_with_its_springs() {
        let (k, masses) = (3.0, [2.0, 5.0]);
        let chain = |k: f64| {
            Mat::from_fn(2, 2, |i, j| {
                let sign = if i == j { 1.0 } else { -1.0 };
                let (a, b): (f64, f64) = (masses[i], masses[j]);
                2.0 * sign * k / (a * b).sqrt()
            })
        };
        let found = Unperturbed::new(chain(k).as_ref()).unwrap();
        let found = found.first_order(chain(0.1).as_ref()).unwrap();
        let expected = 2.0 * (k + 0.1) * (1.0 / masses[0] + 1.0 / masses[1]);
        assert!((found[1] - expected).abs() < 1e-13 && found[0].abs() < 1e-13);
    }

    #[test]
    fn what_is_left_falls_with_the_square_of_the_change() {
        let (matrix, change) = (symmetric(30, 1), symmetric(30, 2));
        let start = Unperturbed::new(matrix.as_ref()).unwrap();
        let left = |size: f64| {
            let change = Mat::from_fn(30, 30, |i, j| size * change[(i, j)]);
            let exact = eigenvalues((&matrix + &change).as_ref()).unwrap();
            let found = start.first_order(change.as_ref()).unwrap();
            let off = exact.iter().zip(found).map(|(a, b)| (a - b).powi(2));
            off.sum::<f64>().sqrt()
        };
        let ratio = left(1e-4) / left(0.5e-4);
        assert!((ratio - 4.0).abs() < 0.05, "{ratio}");
    }

    #[test]
    fn no_eigenvalue_moves_farther_than_the_norm() {
        let (matrix, change) = (symmetric(40, 3), symmetric(40, 4));
        let moved = eigenvalues((&matrix + &change).as_ref()).unwrap();
        let start = eigenvalues(matrix.as_ref()).unwrap();
        let farthest = start
            .iter()
            .zip(moved)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(farthest <= norm(change.as_ref()).unwrap());
    }

    #[test]
    fn a_gaussian_matrix_has_the_norm_that_is_expected() {
        let matrix = symmetric(600, 5);
        let found = norm(matrix.as_ref()).unwrap();
        // Tracy and Widom: the edge is short of 2√n by 1.2 n^(-1/6) and scatters as much, 1 % at n = 600.
        assert!((random_norm(matrix.as_ref()) / found - 1.0).abs() < 0.03);
        assert!((random_norm_of_rows(matrix.as_ref()) / found - 1.0).abs() < 0.15);
        // A matrix of two blocks knows each other's rows not: the first form spreads them over all.
        let sparse = Mat::from_fn(1200, 1200, |i, j| {
            if i < 600 && j < 600 {
                matrix[(i, j)]
            } else {
                0.0
            }
        });
        assert!(random_norm(sparse.as_ref()) < 0.75 * found);
        assert!(random_norm_of_rows(sparse.as_ref()) > 0.95 * found);
    }

    #[test]
    fn what_is_not_symmetric_is_refused() {
        for bad in [
            mat![[0.0, 1.0], [0.0, 0.0]],
            mat![[f64::NAN, 0.0], [0.0, 1.0]],
        ] {
            assert!(Unperturbed::new(bad.as_ref()).is_err() && norm(bad.as_ref()).is_err());
        }
        assert!(Unperturbed::new(Mat::<f64>::zeros(2, 3).as_ref()).is_err());
        let two = Unperturbed::new(Mat::<f64>::identity(2, 2).as_ref()).unwrap();
        assert!(two.shifts(Mat::<f64>::zeros(3, 3).as_ref()).is_err());
    }
}
