//! Hessian to modes.

pub mod modes;
