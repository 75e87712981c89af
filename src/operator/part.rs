//! The operator that a part of the training samples would have given.

use super::features::Features;
use super::fit::ridge::RidgePath;
use super::forward::{Estimator, Forward};
use super::{Constants, Operator, groups, rows};
use crate::error::Result;
use faer::{Mat, MatRef};

/// Folds of [`Operator::random_folds`].
const FOLDS: usize = 10;

impl Operator {
    /// The operator that the samples `which` alone would have given, to be tried on the others.
    ///
    /// Ridge penalties are kept (one number each, chosen by leave-one-out over all samples), so that a part costs two
    /// decompositions instead of a training. The forward map is ridge on x whatever the whole had: check and inversion stand
    /// on nothing else.
    pub fn part(&self, which: &[usize]) -> Result<Self> {
        let pick = |m: &Mat<f64>| rows::select(m.as_ref(), which);
        let (x, y) = (pick(&self.x), pick(&self.y));
        let forward = RidgePath::new(x.as_ref(), y.as_ref())?.fit(self.meta.lambda_forward);
        let backward = RidgePath::new(y.as_ref(), x.as_ref())?.fit(self.meta.lambda_backward);
        let mut meta = self.meta.clone();
        meta.features = Features::pairs(x.ncols());
        meta.forward = Forward {
            estimator: Estimator::Ridge,
            lambda: Some(meta.lambda_forward),
            ..meta.forward
        };
        meta.groups = which.iter().map(|&i| self.meta.groups[i]).collect();
        meta.folds = consecutive(which.iter().map(|&i| self.meta.folds[i]));
        Ok(Self {
            meta,
            w: forward.matrix,
            b: forward.offset,
            reference: None,
            v: backward.matrix,
            c: backward.offset,
            x,
            y,
            relative_density: (self.relative_density.as_ref())
                .map(|d| which.iter().map(|&i| d[i]).collect()),
            residuals: pick(&self.residuals),
            constants: Constants::default(),
        })
    }

    /// Spectra (N x q, per meV) of descriptors (N x p) by ridge regression with the penalty of the joint distribution, whatever fitted
    /// the operator's own forward map.
    pub fn joint_forward(&self, x: MatRef<'_, f64>) -> Result<Mat<f64>> {
        if self.forward_is_joint() {
            return Ok(self.forward(x));
        }
        let path = RidgePath::new(self.x.as_ref(), self.y.as_ref())?;
        Ok(path.fit(self.meta.lambda_forward).predict(x))
    }

    /// A fold for each training sample, near-duplicates treated as any two samples: what is left out then stands to the rest as a new
    /// glass of the same kind stands to the whole set, which is what a conformal band or p-value is about.
    pub fn random_folds(&self) -> Vec<usize> {
        let alone: Vec<usize> = (0..self.samples()).collect();
        groups::folds(&alone, FOLDS, self.meta.seed)
    }
}

/// Labels 0, 1, 2 ... in the order of the old ones.
fn consecutive(labels: impl Iterator<Item = usize> + Clone) -> Vec<usize> {
    let mut known: Vec<usize> = labels.clone().collect();
    known.sort_unstable();
    known.dedup();
    labels.map(|l| known.partition_point(|k| *k < l)).collect()
}
