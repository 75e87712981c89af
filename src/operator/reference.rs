//! Forward maps that are not linear: references that tell what a linear map leaves, never the basis of an inversion.

use super::file::{row_matrix, vector};
use super::fit::LinearMap;
#[cfg(feature = "cnn")]
use super::fit::cnn::Network;
use super::fit::kernel_ridge::KernelRidge;
use crate::error::{Error, Result};
use crate::io::npz::Bundle;
use faer::{Mat, MatRef};
#[cfg(feature = "cnn")]
use std::collections::BTreeMap;

/// A fitted function that is no matrix.
#[derive(Debug, Clone, PartialEq)]
pub enum Reference {
    /// Kernel ridge regression.
    Kernel(KernelRidge),
    /// A convolutional network.
    #[cfg(feature = "cnn")]
    Network(Network),
}

/// Before the name of each array of a network.
const NETWORK: &str = "network_";

impl Reference {
    /// Spectra (N x q) of features (N rows).
    ///
    /// Errors: a network cannot be computed.
    pub fn predict(&self, features: MatRef<'_, f64>) -> Result<Mat<f64>> {
        match self {
            Self::Kernel(kernel) => Ok(kernel.predict(features)),
            #[cfg(feature = "cnn")]
            Self::Network(network) => network.predict(features),
        }
    }

    /// Puts its arrays beside those of the operator.
    pub(super) fn store(&self, bundle: &mut Bundle) {
        let mut put = |name: &str, m: Mat<f64>| bundle.arrays.insert(name.to_owned(), m);
        match self {
            Self::Kernel(k) => {
                put("kernel_rows", k.rows.clone());
                put("kernel_weights", k.weights.clone());
                put("kernel_offset", row_matrix(&k.offset));
                put("kernel_settings", row_matrix(&[k.gamma, k.penalty]));
            }
            #[cfg(feature = "cnn")]
            Self::Network(network) => {
                for (name, m) in network.arrays() {
                    put(&format!("{NETWORK}{name}"), m);
                }
            }
        }
    }

    /// What [`store`](Self::store) put there, if anything.
    pub(super) fn load(bundle: &mut Bundle) -> Result<Option<Self>> {
        let of_network = |name: &String| name.starts_with(NETWORK);
        if bundle.arrays.keys().any(of_network) {
            return Self::network(bundle).map(Some);
        }
        if !bundle.arrays.contains_key("kernel_rows") {
            return Ok(None);
        }
        let settings = vector(bundle.take("kernel_settings")?.as_ref());
        let [gamma, penalty] = settings[..] else {
            return Err(Error::new("the operator's kernel has no width and penalty"));
        };
        Ok(Some(Self::Kernel(KernelRidge {
            rows: bundle.take("kernel_rows")?,
            weights: bundle.take("kernel_weights")?,
            offset: vector(bundle.take("kernel_offset")?.as_ref()),
            gamma,
            penalty,
        })))
    }

    #[cfg(feature = "cnn")]
    fn network(bundle: &mut Bundle) -> Result<Self> {
        let arrays = std::mem::take(&mut bundle.arrays);
        let (network, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (arrays.into_iter()).partition(|(name, _)| name.starts_with(NETWORK));
        bundle.arrays = rest;
        let bare = |name: String| name[NETWORK.len()..].to_owned();
        let arrays = network.into_iter().map(|(name, m)| (bare(name), m));
        Network::from_arrays(arrays.collect()).map(Self::Network)
    }

    #[cfg(not(feature = "cnn"))]
    fn network(_: &mut Bundle) -> Result<Self> {
        Err(
            Error::new("the operator's forward map is a convolutional network")
                .because("this program was built without networks")
                .cure("build it with --features cnn, or train with --estimator ridge"),
        )
    }

    /// Whether its arrays take `features` columns to `outputs`.
    pub(super) fn fits(&self, features: usize, outputs: usize) -> bool {
        match self {
            Self::Kernel(k) => {
                k.rows.ncols() == features
                    && k.rows.nrows() == k.weights.nrows()
                    && (k.weights.ncols(), k.offset.len()) == (outputs, outputs)
            }
            #[cfg(feature = "cnn")]
            Self::Network(network) => network.columns() == (features, outputs),
        }
    }
}

/// What an estimator made of the samples.
#[derive(Debug, Clone)]
pub(super) enum ForwardMap {
    Linear(LinearMap),
    Not(Reference),
}

impl ForwardMap {
    /// Outputs (N x q) of `inputs` (N rows).
    pub(super) fn predict(&self, inputs: MatRef<'_, f64>) -> Result<Mat<f64>> {
        match self {
            Self::Linear(map) => Ok(map.predict(inputs)),
            Self::Not(reference) => reference.predict(inputs),
        }
    }
}
