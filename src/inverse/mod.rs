//! From a measured curve to what it implies, with an uncertainty that holds.
//!
//! A [`Channel`] says how an instrument sees a quantity (points, linear map, noise, nuisances); the operator's training
//! samples are carried to it ([`Seen`]), so that the measured data are never resampled. [`Inverter`] conditions the joint
//! distribution of the operator on a measured spectrum; [`pseudo_inverse`] holds the classical estimators on `W` for
//! comparison. Bands are calibrated on training glasses that were left out.

pub mod channel;
mod choice;
mod constrained;
mod derived;
mod evidence;
mod instruments;
mod inverter;
mod joint;
pub mod measurement;
pub mod noise;
mod nuisance;
mod predictor;
pub mod pseudo_inverse;
pub mod quadratic;
mod resolution;
mod seen;
mod spectra;
mod structure_factor;

pub use channel::Channel;
pub use choice::Choice;
pub use constrained::Constraints;
pub use derived::{Derived, NAMES as DERIVED_NAMES};
pub use instruments::{Instruments, Ready};
pub use inverter::{Inversion, Inverter};
pub use joint::Stacked;
pub use measurement::{Diffraction, Measurement, Raw};
pub use nuisance::{Fitted, Nuisance, NuisanceFit};
pub use predictor::{Implied, Prediction, Predictor, by_map};
pub use resolution::Resolution;
pub use seen::{DRAWS, Seen};
pub use spectra::{Spectroscopy, undeclared};
