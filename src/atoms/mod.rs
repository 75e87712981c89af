//! Atoms in a periodic cell: structure, neighbours, lattices, disorder.

pub mod cell;
pub mod disorder;
pub mod lattice;
pub mod neighbours;
pub mod structure;
