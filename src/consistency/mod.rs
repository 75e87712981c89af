//! Do a spectrum and a pair distribution function belong to the same glass?
//!
//! First each curve alone: is it the kind of glass the operator was trained on ([`domain`])? Then the pair: the spectrum
//! that the measured PDF implies is compared with the measured one ([`predictive`]), in units of what left-out training
//! glasses do. [`verdict`] says the answer, [`power`] what the pair could have told at all; [`validation`] puts all of it to the test on known
//! glasses.

pub mod domain;
mod domain_map;
mod pairing;
pub mod power;
pub mod predictive;
pub mod validation;
pub mod verdict;
pub mod width;

pub use domain::Domain;
pub use domain_map::DomainMap;
pub use power::{Curves, Power};
pub use predictive::Judge;
pub use validation::Validation;
pub use verdict::{Answer, Verdict};
