//! What follows from the training samples alone: worked out where it is first needed, then kept.

use super::directions::Directions;
use super::fit::ridge::RidgePath;
use super::{Operator, rows};
use crate::error::{Error, Result};
use faer::{Mat, Side};
use std::sync::{Arc, OnceLock};

/// Singular values of the prior (in units of its spread at each r) below this fraction of its largest are left out of
/// averaging kernels: such directions hardly occur among the training glasses.
const PRIOR_RANK: f64 = 1e-2;
/// Bins where the training glasses spread less than this fraction of their largest spread count as known.
pub const KNOWN: f64 = 1e-3;

/// Kept results. They do not depend on the penalties; an operator with other samples starts with its own.
#[derive(Debug, Clone, Default)]
pub struct Constants {
    spectra: OnceLock<Arc<Directions>>,
    descriptors: OnceLock<Arc<Directions>>,
    prior: OnceLock<Arc<Prior>>,
    neighbours: OnceLock<Arc<Vec<Vec<usize>>>>,
    choice: OnceLock<Arc<Vec<(f64, f64)>>>,
}

/// The training descriptors about their mean in units of their spread at each r: `(x - x̄)/s = P diag(d) Qᵀ`, the directions that
/// hardly occur left out.
#[derive(Debug)]
pub struct Prior {
    /// On the r axis, p x k.
    pub p: Mat<f64>,
    /// Singular values, k.
    pub d: Vec<f64>,
    /// On the samples, n x k.
    pub q: Mat<f64>,
}

fn once<T>(cell: &OnceLock<Arc<T>>, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
    if let Some(known) = cell.get() {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(make()?);
    Ok(Arc::clone(cell.get_or_init(|| made)))
}

impl Operator {
    /// The directions in which the training spectra differ.
    pub fn spectrum_directions(&self) -> Result<Arc<Directions>> {
        once(&self.constants.spectra, || Directions::new(self.y.as_ref()))
    }

    /// The directions in which the training descriptors differ.
    pub fn descriptor_directions(&self) -> Result<Arc<Directions>> {
        once(&self.constants.descriptors, || {
            Directions::new(self.x.as_ref())
        })
    }

    /// What the training descriptors say of g(r) before any data.
    pub fn prior(&self) -> Result<Arc<Prior>> {
        once(&self.constants.prior, || {
            let x = rows::centred(self.x.as_ref(), &rows::mean(self.x.as_ref()));
            let spread: Vec<f64> = (0..x.ncols()).map(|j| x.col(j).norm_l2()).collect();
            let floor = KNOWN * spread.iter().copied().fold(0.0, f64::max);
            let scaled = Mat::from_fn(x.nrows(), x.ncols(), |i, j| {
                if spread[j] > floor {
                    x[(i, j)] / spread[j]
                } else {
                    0.0
                }
            });
            // Their squares serve: rounding is far below the directions that are kept.
            let eigen = (&scaled * scaled.transpose())
                .self_adjoint_eigen(Side::Lower)
                .map_err(|_| Error::new("the eigenvalue decomposition did not converge"))?;
            // Ascending.
            let d: Vec<f64> = (eigen.S().column_vector().iter().rev())
                .map(|square| square.max(0.0).sqrt())
                .collect();
            let k = d.iter().take_while(|&&s| s > PRIOR_RANK * d[0]).count();
            let q = Mat::from_fn(d.len(), k, |i, j| eigen.U()[(i, d.len() - 1 - j)]);
            let mut p = scaled.transpose() * &q;
            for (j, d) in d[..k].iter().enumerate() {
                p.col_mut(j).iter_mut().for_each(|v| *v /= d);
            }
            Ok(Prior {
                p,
                q,
                d: d[..k].to_vec(),
            })
        })
    }

    /// The training structures most like each training structure, itself left out.
    pub(crate) fn neighbours(&self) -> Result<Arc<Vec<Vec<usize>>>> {
        once(&self.constants.neighbours, || {
            Ok(self.nearest(self.x.as_ref(), true))
        })
    }

    /// λ and the leave-one-out error of g(r) from clean spectra, relative to answering the training mean (1), along the path on
    /// which training chose.
    pub fn backward_path(&self) -> Result<Arc<Vec<(f64, f64)>>> {
        once(&self.constants.choice, || {
            let (x, y) = (self.x.as_ref(), self.y.as_ref());
            let path = RidgePath::new(y, x)?;
            let lambdas = path.default_lambdas();
            let spread = rows::centred(x, &rows::mean(x)).squared_norm_l2();
            let variance = (spread / (x.nrows() * x.ncols()) as f64).max(f64::MIN_POSITIVE);
            let errors = path.leave_one_out_errors(&lambdas);
            Ok((lambdas.into_iter().zip(errors))
                .map(|(lambda, error)| (lambda, (error / variance).sqrt()))
                .filter(|(_, error)| error.is_finite())
                .collect())
        })
    }
}
