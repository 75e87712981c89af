//! Interatomic potentials: energy, forces, virial and analytic sparse Hessian.
