//! Hessian to modes.

pub mod kpm;
pub mod modes;
pub mod perturbation;
