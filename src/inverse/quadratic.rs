//! Convex quadratic programmes, with the constraints that hold them told.
//!
//! Once it is known which inequalities hold, the minimum is the solution of a linear system. So a guess of this set is mended until it
//! agrees with its own solution (constraints that are violated come in, those with a negative multiplier go), in the multipliers alone,
//! which are few. Where that does not settle, an interior-point method (clarabel) finds the set. In the end the linear system of the set
//! makes the answer exact.

use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettingsBuilder, DefaultSolver, IPSolver, SolverStatus, SupportedConeT,
};
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};

/// Duality gap and infeasibility at which the solver ends.
const TOLERANCE: f64 = 1e-10;
/// Rounds after which a set of active constraints is not going to settle.
const ROUNDS: usize = 30;
/// What counts as zero of a slack, a multiplier or a residual, relative to the largest number it is the difference of.
const ZERO: f64 = 1e-10;

/// `minimise ½ xᵀ Q x + cᵀ x  subject to  E x = e,  F x ≥ f`.
#[derive(Debug)]
pub struct Programme<'a> {
    /// n x n, symmetric, positive semidefinite.
    pub quadratic: MatRef<'a, f64>,
    /// n.
    pub linear: &'a [f64],
    /// Equalities: rows and right side.
    pub equal: (MatRef<'a, f64>, &'a [f64]),
    /// Inequalities: rows and right side.
    pub at_least: (MatRef<'a, f64>, &'a [f64]),
}

/// Where the minimum is.
#[derive(Debug, Clone)]
pub struct Minimum {
    /// n values.
    pub x: Vec<f64>,
    /// Multipliers of the inequalities, none negative: the gradient `Q x + c` is `Eᵀ μ + Fᵀ λ`.
    pub multipliers: Vec<f64>,
    /// Which inequalities hold the solution back.
    pub active: Vec<usize>,
}

impl Programme<'_> {
    /// Solves it.
    ///
    /// Errors: shapes that do not fit; constraints that contradict each other.
    pub fn solve(&self) -> Result<Minimum> {
        let n = self.linear.len();
        let (e, f) = (self.equal, self.at_least);
        let fits = (self.quadratic.nrows(), self.quadratic.ncols()) == (n, n)
            && (e.0.nrows() == e.1.len() && (e.0.ncols() == n || e.1.is_empty()))
            && (f.0.nrows() == f.1.len() && (f.0.ncols() == n || f.1.is_empty()));
        if !fits {
            return Err(Error::new("the parts of a quadratic programme do not fit"));
        }
        if let Some(found) = self.settled().and_then(|active| self.confirmed(active)) {
            return Ok(found);
        }
        let inside = self.by_interior_points()?;
        Ok(self.confirmed(inside.active.clone()).unwrap_or(inside))
    }

    /// A set of active inequalities that its own solution agrees with, if it is found so: with `Q = L Lᵀ` and `G = C Q⁻¹ Cᵀ` for all
    /// constraints C, the slacks are those of the free minimum plus `G λ`, and λ solves a system as large as the set.
    fn settled(&self) -> Option<Vec<usize>> {
        let (n, e, f) = (self.linear.len(), self.equal.1.len(), self.at_least.1.len());
        let lower = cholesky(self.quadratic).ok()?;
        // Qx = -c, then L⁻¹ Cᵀ.
        let mut half = Mat::zeros(n, 1 + e + f);
        half.subcols_mut(0, 1)
            .copy_from(Mat::from_fn(n, 1, |i, _| -self.linear[i]));
        if e > 0 {
            half.subcols_mut(1, e).copy_from(self.equal.0.transpose());
        }
        if f > 0 {
            half.subcols_mut(1 + e, f)
                .copy_from(self.at_least.0.transpose());
        }
        lower.solve_lower_triangular_in_place(&mut half);
        let gram = half.transpose() * &half;
        let right: Vec<f64> = self
            .equal
            .1
            .iter()
            .chain(self.at_least.1)
            .copied()
            .collect();
        let free: Vec<f64> = (0..e + f).map(|k| gram[(0, 1 + k)] - right[k]).collect();
        let size = |v: &[f64]| v.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let (zero, mut active) = (ZERO * (size(&free) + size(&right)), Vec::new());
        for _ in 0..ROUNDS {
            let held: Vec<usize> = (0..e).chain(active.iter().map(|i| e + i)).collect();
            let part = Mat::from_fn(held.len(), held.len(), |i, j| {
                gram[(1 + held[i], 1 + held[j])]
            });
            let lower = cholesky(part.as_ref()).ok()?;
            let mut multipliers = Mat::from_fn(held.len(), 1, |i, _| -free[held[i]]);
            lower.solve_lower_triangular_in_place(&mut multipliers);
            lower
                .transpose()
                .solve_upper_triangular_in_place(&mut multipliers);
            let slack = |k: usize| {
                let moved = |(i, h): (usize, &usize)| gram[(1 + k, 1 + h)] * multipliers[(i, 0)];
                free[k] + held.iter().enumerate().map(moved).sum::<f64>()
            };
            let stays = |i: &usize| match active.iter().position(|a| a == i) {
                Some(at) => multipliers[(e + at, 0)] >= 0.0,
                None => slack(e + i) < -zero,
            };
            let next: Vec<usize> = (0..f).filter(stays).collect();
            if next == active {
                return Some(active);
            }
            active = next;
        }
        None
    }

    /// The minimum, if these inequalities hold and no other is violated.
    fn confirmed(&self, active: Vec<usize>) -> Option<Minimum> {
        let (rows, right) = self.at_least;
        let (x, held) = self.held_by(&active)?;
        let size = |v: &[f64]| v.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let mut multipliers = vec![0.0; right.len()];
        (active.iter().zip(&held)).for_each(|(i, v)| multipliers[*i] = v.max(0.0));
        let zero = ZERO * (rows.norm_max() * size(&x) + size(right));
        let met = right.is_empty()
            || (rows * Mat::from_fn(x.len(), 1, |i, _| x[i]))
                .col(0)
                .iter()
                .zip(right)
                .all(|(now, least)| now - least >= -zero);
        let pushes = held.iter().all(|v| *v >= -ZERO * size(&held));
        (met && pushes).then_some(Minimum {
            x,
            multipliers,
            active,
        })
    }

    /// The minimum on the equalities and the given inequalities as equalities, and the multipliers of the latter; `None` where they, or
    /// the form itself, do not fix it.
    fn held_by(&self, active: &[usize]) -> Option<(Vec<f64>, Vec<f64>)> {
        let (n, e) = (self.linear.len(), self.equal.1.len());
        let held = e + active.len();
        let row = |i: usize, j: usize| {
            if i < e {
                self.equal.0[(i, j)]
            } else {
                self.at_least.0[(active[i - e], j)]
            }
        };
        let mut system = Mat::zeros(n + held, n + held);
        system.submatrix_mut(0, 0, n, n).copy_from(self.quadratic);
        for (i, j) in (0..held).flat_map(|i| (0..n).map(move |j| (i, j))) {
            system[(n + i, j)] = row(i, j);
            system[(j, n + i)] = row(i, j);
        }
        let right = Mat::from_fn(n + held, 1, |i, _| match i.checked_sub(n) {
            None => -self.linear[i],
            Some(i) if i < e => self.equal.1[i],
            Some(i) => self.at_least.1[active[i - e]],
        });
        // One round of refinement: flat forms lose digits.
        let lu = system.partial_piv_lu();
        let mut found = lu.solve(&right);
        found += lu.solve(&right - &system * &found);
        let off = (&right - &system * &found).norm_max();
        let size = (system.norm_max() * found.norm_max()).max(right.norm_max());
        // The multipliers of the system are those of the gradient with the other sign.
        (found.is_all_finite() && off <= ZERO * size).then(|| {
            (
                (0..n).map(|i| found[(i, 0)]).collect(),
                (n + e..n + held).map(|i| -found[(i, 0)]).collect(),
            )
        })
    }

    fn by_interior_points(&self) -> Result<Minimum> {
        let n = self.linear.len();
        let (e, f) = (self.equal, self.at_least);
        // A x + s = b, s = 0 for the equalities, s ≥ 0 for F x ≥ f as -F x + s = -f.
        let (equalities, all) = (e.1.len(), e.1.len() + f.1.len());
        let a = Mat::from_fn(all, n, |i, j| {
            if i < equalities {
                e.0[(i, j)]
            } else {
                -f.0[(i - equalities, j)]
            }
        });
        let b: Vec<f64> = e.1.iter().copied().chain(f.1.iter().map(|f| -f)).collect();
        let upper = Mat::from_fn(
            n,
            n,
            |i, j| {
                if i <= j { self.quadratic[(i, j)] } else { 0.0 }
            },
        );
        let cones = [
            SupportedConeT::ZeroConeT(equalities),
            SupportedConeT::NonnegativeConeT(f.1.len()),
        ];
        let settings = DefaultSettingsBuilder::default()
            .verbose(false)
            .tol_gap_abs(TOLERANCE)
            .tol_gap_rel(TOLERANCE)
            .tol_feas(TOLERANCE)
            .build()
            .map_err(|e| Error::new("the solver refused its settings").because(e.to_string()))?;
        let (p, a) = (sparse(&upper), sparse(&a));
        let mut solver = DefaultSolver::new(&p, self.linear, &a, &b, &cones, settings)
            .map_err(|e| Error::new("the constraints are not possible").because(e.to_string()))?;
        solver.solve();
        let found = &solver.solution;
        match found.status {
            SolverStatus::Solved | SolverStatus::AlmostSolved => {}
            SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
                return Err(Error::new("no glass meets all constraints at once")
                    .because("within what the training glasses can do they contradict each other")
                    .cure("check the values given, or leave one of them out"));
            }
            other => {
                return Err(Error::new("the constrained inversion did not converge")
                    .because(format!("the solver ended with {other:?}")));
            }
        }
        let multipliers: Vec<f64> = found.z[equalities..].to_vec();
        let slack = &found.s[equalities..];
        let largest = |v: &[f64]| v.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let (most, widest) = (largest(&multipliers), largest(slack));
        // At the end of an interior-point path either the multiplier or the slack of a constraint has vanished.
        let holds = |i: &usize| multipliers[*i] / most > slack[*i] / widest;
        Ok(Minimum {
            x: found.x.clone(),
            active: (0..multipliers.len()).filter(holds).collect(),
            multipliers,
        })
    }
}

/// All elements that are not zero, by columns.
fn sparse(m: &Mat<f64>) -> CscMatrix<f64> {
    let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    for j in 0..m.ncols() {
        for (i, v) in m.col(j).iter().enumerate().filter(|(_, v)| **v != 0.0) {
            rows.push(i);
            values.push(*v);
        }
        starts.push(rows.len());
    }
    CscMatrix::new(m.nrows(), m.ncols(), starts, rows, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nearest point to (2, -1) with x ≥ 0 and x + y = 1 is (1, 0); y ≥ 0 holds it.
    #[test]
    fn a_projection_by_hand() {
        let q = Mat::<f64>::identity(2, 2);
        let ones = Mat::from_fn(1, 2, |_, _| 1.0);
        let programme = Programme {
            quadratic: q.as_ref(),
            linear: &[-2.0, 1.0],
            equal: (ones.as_ref(), &[1.0]),
            at_least: (q.as_ref(), &[0.0, 0.0]),
        };
        let found = programme.solve().unwrap();
        assert!(
            (found.x[0] - 1.0).abs() < 1e-8 && found.x[1].abs() < 1e-8,
            "{found:?}"
        );
        assert_eq!(found.active, [1]);
    }

    #[test]
    fn contradictions_are_named() {
        let q = Mat::<f64>::identity(1, 1);
        let programme = Programme {
            quadratic: q.as_ref(),
            linear: &[0.0],
            equal: (q.as_ref(), &[-1.0]),
            at_least: (q.as_ref(), &[0.0]),
        };
        let e = programme.solve().unwrap_err().to_string();
        assert!(e.contains("contradict"), "{e}");
    }
}
