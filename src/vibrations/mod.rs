//! Hessian to modes.
