//! Atoms in a periodic cell: structure, neighbours, lattices, disorder.

pub mod cell;
pub mod neighbours;
pub mod structure;
