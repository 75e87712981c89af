//! Leave-one-out errors of a whole path.
//!
//! `R(λ) = Y_⊥ + U diag(λ/(s²+λ)) U^T Y` costs one product a λ if written so. The filters of all λ are combinations of the
//! few of a [`Skeleton`], so the products are formed for those, a block of samples at a time, and combined. The closer together
//! singular values are, the fewer filters carry the others: they are cut into groups where that saves work.

use super::RidgePath;
use crate::operator::fit::skeleton::Skeleton;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Samples worked on at a time: their products stay in the cache.
const BLOCK: usize = 32;
/// λ combined at a time.
const TOGETHER: usize = 8;
/// The samples are cut into this many parts whatever the number of threads, so that sums do not depend on it.
const PARTS: usize = 16;

/// `λ/(s²+λ)` for each singular value and λ, each column scaled to a largest value of one.
#[derive(Debug)]
pub(super) struct Filters {
    /// k x L.
    pub values: Mat<f64>,
    /// What the columns were divided by (L).
    pub scale: Vec<f64>,
}

impl Filters {
    pub fn new(singular: &[f64], lambdas: &[f64]) -> Self {
        let smallest = singular.last().map_or(0.0, |s| s * s);
        Self {
            values: Mat::from_fn(singular.len(), lambdas.len(), |k, l| {
                (smallest + lambdas[l]) / (singular[k] * singular[k] + lambdas[l])
            }),
            scale: lambdas.iter().map(|l| l / (smallest + l)).collect(),
        }
    }
}

/// Neighbouring singular values and the filters that carry all others on them.
struct Group {
    first: usize,
    /// k' x R.
    filters: Mat<f64>,
    /// R x L.
    combine: Mat<f64>,
}

impl Group {
    fn new(all: MatRef<'_, f64>, first: usize, count: usize) -> Self {
        let rows = all.subrows(first, count);
        let skeleton = Skeleton::of(rows);
        Self {
            first,
            filters: Mat::from_fn(count, skeleton.chosen.len(), |k, r| {
                rows[(k, skeleton.chosen[r])]
            }),
            combine: skeleton.combine,
        }
    }

    /// Multiplications for each sample and output: products, then combinations.
    fn cost(&self) -> usize {
        self.filters.ncols() * (self.filters.nrows() + self.combine.ncols())
    }

    /// This group, or its halves, or theirs: whatever costs least.
    fn halved(self, all: MatRef<'_, f64>, into: &mut Vec<Self>) {
        let half = self.filters.nrows() / 2;
        if half > 0 {
            let left = Self::new(all, self.first, half);
            let right = Self::new(all, self.first + half, self.filters.nrows() - half);
            if left.cost() + right.cost() < self.cost() {
                left.halved(all, into);
                right.halved(all, into);
                return;
            }
        }
        into.push(self);
    }
}

/// What the blocks of samples share.
struct Table<'a> {
    path: &'a RidgePath,
    /// `1/(1-h)²` (n x L).
    inverse: Mat<f64>,
    groups: Vec<Group>,
    /// The combinations of all groups below each other, with the scale of the filters.
    combine: Mat<f64>,
}

impl RidgePath {
    /// Mean squared leave-one-out error of each output at each λ (q x L), over samples by their weight.
    pub fn leave_one_out_table(&self, lambdas: &[f64]) -> Mat<f64> {
        let table = Table::new(self, lambdas);
        let n = self.samples();
        let part = n.div_ceil(PARTS);
        let sums: Vec<Vec<f64>> = (0..n.div_ceil(part))
            .into_par_iter()
            .map(|k| table.squares(k * part, ((k + 1) * part).min(n)))
            .collect();
        // Residuals carry √w: their squares over the sum of the weights are the mean.
        let total: f64 = self.root_weight.iter().map(|w| w * w).sum();
        let q = self.data.y.ncols();
        Mat::from_fn(q, lambdas.len(), |j, l| {
            sums.iter().map(|sum| sum[l * q + j]).sum::<f64>() / total
        })
    }
}

impl<'a> Table<'a> {
    fn new(path: &'a RidgePath, lambdas: &[f64]) -> Self {
        let filters = Filters::new(&path.s, lambdas);
        let mut inverse = path.free_leverage(&filters);
        for l in 0..lambdas.len() {
            inverse.col_mut(l).iter_mut().for_each(|d| *d = d.powi(-2));
        }
        let mut groups = Vec::new();
        let values = filters.values.as_ref();
        Group::new(values, 0, path.s.len()).halved(values, &mut groups);
        let few = groups.iter().map(|g| g.filters.ncols()).sum();
        let mut combine = Mat::zeros(few, lambdas.len());
        let mut row = 0;
        for group in &groups {
            let count = group.combine.nrows();
            combine.subrows_mut(row, count).copy_from(&group.combine);
            row += count;
        }
        for (l, scale) in filters.scale.iter().enumerate() {
            combine.col_mut(l).iter_mut().for_each(|c| *c *= scale);
        }
        Self {
            path,
            inverse,
            groups,
            combine,
        }
    }

    /// Sums of squared leave-one-out errors (q x L, column after column) over the samples from `first` to before `end`.
    fn squares(&self, first: usize, end: usize) -> Vec<f64> {
        let (q, few) = (self.path.uty.ncols(), self.combine.nrows());
        let mut sums = vec![0.0; q * self.combine.ncols()];
        let mut fits = vec![0.0; q * BLOCK * few];
        let mut inside = vec![0.0; q * BLOCK * TOGETHER];
        for start in (first..end).step_by(BLOCK) {
            let rows = BLOCK.min(end - start);
            let fits = &mut fits[..q * rows * few];
            self.fits(start, rows, fits);
            let outside = self.path.outside(start, rows);
            for l in (0..self.combine.ncols()).step_by(TOGETHER) {
                let count = TOGETHER.min(self.combine.ncols() - l);
                let inside = &mut inside[..q * rows * count];
                matmul(
                    MatMut::from_column_major_slice_mut(inside, q * rows, count),
                    Accum::Replace,
                    MatRef::from_column_major_slice(fits, q * rows, few),
                    self.combine.subcols(l, count),
                    1.0,
                    Par::Seq,
                );
                for (c, inside) in inside.chunks(q * rows).enumerate() {
                    let sum = &mut sums[(l + c) * q..][..q];
                    for (i, inside) in inside.chunks(q).enumerate() {
                        let outside = &outside[i * q..][..q];
                        add_squares(sum, inside, outside, self.inverse[(start + i, l + c)]);
                    }
                }
            }
        }
        sums
    }

    /// `(U diag(f) U^T Y)^T` of some samples (q x rows), one filter after the other.
    fn fits(&self, start: usize, rows: usize, mut fits: &mut [f64]) {
        let (ut, uty) = (&self.path.ut, &self.path.uty);
        for Group { first, filters, .. } in &self.groups {
            let left = Mat::from_fn(filters.nrows(), rows * filters.ncols(), |k, c| {
                ut[(first + k, start + c % rows)] * filters[(k, c / rows)]
            });
            let (here, rest) = fits.split_at_mut(uty.ncols() * left.ncols());
            matmul(
                MatMut::from_column_major_slice_mut(here, uty.ncols(), left.ncols()),
                Accum::Replace,
                uty.subrows(*first, filters.nrows()).transpose(),
                &left,
                1.0,
                Par::Seq,
            );
            fits = rest;
        }
    }
}

/// `sum += weight (inside + outside)²`.
fn add_squares(sum: &mut [f64], inside: &[f64], outside: &[f64], weight: f64) {
    for ((sum, inside), outside) in sum.iter_mut().zip(inside).zip(outside) {
        *sum += weight * (inside + outside).powi(2);
    }
}
