//! The trained map between structure and spectrum, in both directions.
//!
//! One joint distribution of (x, y) serves everything. `x` is the *descriptor* of the structure, the pair distribution
//! function times the number density relative to the training mean, `x(r) = (ρ/ρ̄) g(r)` (just `g` where densities are
//! not known), and `y(E)` the spectrum. Forward: `y = W x + b`. Backward: `x = V y + c`, learned directly. Both are ridge
//! regressions ([`fit::ridge`]) whose penalties come from exact leave-one-out; both are conditionals
//! ([`conditional`]) of the same training samples, which is how noise and instruments enter.

pub mod broadened;
pub mod conditional;
mod constants;
pub mod dependence;
pub mod directions;
pub mod features;
mod file;
pub mod fit;
pub mod forward;
pub mod groups;
pub mod headroom;
pub mod learning;
pub mod one_parameter;
mod part;
pub mod reference;
pub mod rows;
pub mod scope;
pub mod scores;
pub mod streamed;
mod training;

pub use constants::{Constants, KNOWN, Prior};
pub use forward::{ChosenBy, Estimator, Forward};
pub use scores::Scores;
pub use training::{Settings, TrainingSet};

use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::Unit;
use faer::{Mat, MatRef};
use features::{Described, Features};
use reference::Reference;
use serde::{Deserialize, Serialize};
use std::fmt;
use streamed::Streamed;

/// Neighbours among the training structures that tell how well the map works around a structure.
const NEIGHBOURS: usize = 8;

/// What stands for the structure in the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Descriptor {
    /// `x = g(r)`.
    Rdf,
    /// `x = (ρ/ρ̄) g(r)`, with ρ̄ the mean number density of the training set.
    RhoRdf,
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rdf => "rdf",
            Self::RhoRdf => "rho-rdf",
        })
    }
}

/// How the partial functions are weighted in g(r).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// `sum_ab c_a c_b g_ab`.
    Number,
    /// `sum_ab c_a c_b b_a b_b g_ab / <b>²` with the scattering lengths of Sears 1992.
    Neutron,
    /// `sum_ab c_a c_b Z_a Z_b g_ab / <Z>²`: the form factors of X-rays at Q = 0.
    #[serde(rename = "xray")]
    XRay,
}

/// Everything about an operator that is not a large array; stored verbatim in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Version of the program that trained it.
    pub program: String,
    /// What `y` is.
    pub quantity: Quantity,
    /// The unit in which the training spectra came and predictions are written; inside it is meV.
    pub spectrum_unit: Unit,
    /// What `x` is.
    pub descriptor: Descriptor,
    /// How partials are weighted in g(r).
    pub weighting: Weighting,
    /// 3, or 2 for a monolayer.
    pub dimensions: usize,
    /// Chemical formula, where known.
    pub composition: Option<String>,
    /// r grid, Å.
    pub r: Grid,
    /// The axis of the spectra: energies in meV, of a conductivity temperatures in K.
    pub energy: Grid,
    /// ρ̄, per Å³ (per Å² in two dimensions).
    pub mean_density: Option<f64>,
    /// What the forward map reads.
    pub features: Features,
    /// What the forward map `W`, `b` was fitted with.
    pub forward: Forward,
    /// Ridge penalty of the spectrum given the descriptor, with which [`conditional`] works whatever fitted `W`.
    pub lambda_forward: f64,
    /// Ridge penalty of the backward map.
    pub lambda_backward: f64,
    /// Degrees of freedom of the forward map.
    pub degrees_of_freedom: f64,
    /// Group of near-duplicates of each training sample.
    pub groups: Vec<usize>,
    /// Cross-validation fold of each training sample.
    pub folds: Vec<usize>,
    /// Seed of the folds.
    pub seed: u64,
    /// How the maps were fitted, where that was to more samples than are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streamed: Option<Streamed>,
    /// How well it does on what it has not seen.
    pub scores: Scores,
    /// Training files and their blake3 hashes.
    pub sources: Vec<(String, String)>,
    /// What the training files said of themselves (material, broadening, normalisation).
    pub notes: Vec<(String, String)>,
}

impl Meta {
    /// What the forward map reads, in the words of `train --descriptor`.
    pub fn reads(&self) -> String {
        self.features.named(self.descriptor)
    }
}

/// The trained object. See the [module](self).
#[derive(Debug, Clone)]
pub struct Operator {
    /// All that is not an array.
    pub meta: Meta,
    /// Forward map, q x the columns of its [features](Meta::features): p of them, which are x, unless asked for others.
    pub w: Mat<f64>,
    /// Forward offset, q.
    pub b: Vec<f64>,
    /// The forward map itself where it is not linear; `W` and `b` are then ridge on the same features.
    pub reference: Option<Reference>,
    /// Backward map, p x q.
    pub v: Mat<f64>,
    /// Backward offset, p.
    pub c: Vec<f64>,
    /// Training descriptors, n x p; centred and divided by √n they are the prior's factor.
    pub x: Mat<f64>,
    /// Training spectra, n x q, per meV.
    pub y: Mat<f64>,
    /// ρ/ρ̄ of each training sample, where known.
    pub relative_density: Option<Vec<f64>>,
    /// Out-of-fold residuals of the forward map, n x q: the factor of its error covariance.
    pub residuals: Mat<f64>,
    /// What follows from the samples alone.
    pub constants: Constants,
}

impl Operator {
    /// Number of training samples.
    pub fn samples(&self) -> usize {
        self.x.nrows()
    }

    /// Spectra (N x q, per meV) of features (N rows).
    pub fn forward(&self, features: MatRef<'_, f64>) -> Mat<f64> {
        let mut y = features * self.w.transpose();
        for j in 0..y.ncols() {
            for i in 0..y.nrows() {
                y[(i, j)] += self.b[j];
            }
        }
        y
    }

    /// Whether the forward map is ridge on x alone, of the samples kept: then it and the joint distribution say the same.
    pub fn forward_is_joint(&self) -> bool {
        self.meta.features.are_pairs()
            && self.meta.forward.estimator == Estimator::Ridge
            && self.meta.streamed.is_none()
    }

    /// Spectra (N x q, per meV) of structures by the forward map.
    ///
    /// Errors: the map reads a descriptor that is not given.
    pub fn predict(&self, described: Described<'_>) -> Result<Mat<f64>> {
        let features = self.meta.features.matrix(described)?;
        match &self.reference {
            Some(reference) => reference.predict(features.as_ref()),
            None => Ok(self.forward(features.as_ref())),
        }
    }

    /// g(r) of a training sample: its descriptor without the density.
    pub fn training_g(&self, sample: usize) -> Vec<f64> {
        let density = self.relative_density.as_ref().map_or(1.0, |d| d[sample]);
        rows::row(self.x.as_ref(), sample)
            .into_iter()
            .map(|x| x / density)
            .collect()
    }

    /// Variance of the forward error near each of some descriptors (N x p), relative to its mean over the training set, by the
    /// out-of-fold residuals of the forward map among the nearest training structures.
    pub fn local_variances(&self, x: MatRef<'_, f64>) -> Vec<f64> {
        let energies: Vec<f64> = (0..self.samples())
            .map(|i| self.residuals.row(i).squared_norm_l2())
            .collect();
        (self.nearest(x, false).iter())
            .map(|near| local_variance_of(&energies, near))
            .collect()
    }

    /// The training structures nearest to each descriptor (N x p). `own`: the descriptors are the training structures themselves, and
    /// none is its own neighbour.
    pub(crate) fn nearest(&self, x: MatRef<'_, f64>, own: bool) -> Vec<Vec<usize>> {
        let mean = rows::mean(self.x.as_ref());
        let training = rows::centred(self.x.as_ref(), &mean);
        let size: Vec<f64> = training.row_iter().map(|r| r.squared_norm_l2()).collect();
        let product = &training * rows::centred(x, &mean).transpose();
        (0..x.nrows())
            .map(|k| {
                let distance = |i: usize| size[i] - 2.0 * product[(i, k)];
                let mut near: Vec<usize> = (0..size.len()).filter(|&i| !own || i != k).collect();
                if near.len() > NEIGHBOURS {
                    let by = |a: &usize, b: &usize| distance(*a).total_cmp(&distance(*b));
                    near.select_nth_unstable_by(NEIGHBOURS - 1, by);
                    near.truncate(NEIGHBOURS);
                }
                near
            })
            .collect()
    }

    /// Refuses a curve of another quantity, by name.
    pub fn accepts(&self, quantity: Quantity) -> Result<()> {
        if quantity == self.meta.quantity {
            return Ok(());
        }
        let trained = self.meta.quantity;
        let error = Error::new(format!(
            "this operator was trained on {trained}, the curve is {quantity}"
        ));
        Err(match quantity {
            Quantity::Raman | Quantity::RamanReduced => error
                .because("a Raman curve is the density of states times a coupling C(E) that differs from glass to glass")
                .cure("train an operator on Raman spectra; or give --coupling C.csv, if you accept that C(E) for this sample"),
            _ => error.cure("train an operator for it, or say what the file is with --quantity"),
        })
    }
}

/// The geometric mean of the squared errors (`energies`, one a training sample) of the samples `near`, relative to the mean of all.
pub(crate) fn local_variance_of(energies: &[f64], near: &[usize]) -> f64 {
    let mean = energies.iter().sum::<f64>() / energies.len() as f64;
    if near.is_empty() || mean <= 0.0 {
        return 1.0;
    }
    let log: f64 = (near.iter())
        .map(|&i| energies[i].max(f64::MIN_POSITIVE).ln())
        .sum();
    (log / near.len() as f64).exp() / mean
}
