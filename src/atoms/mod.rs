//! Atoms in a periodic cell: structure, neighbours, lattices, alloys, disorder.

pub mod alloy;
mod bins;
pub mod cell;
pub mod disorder;
pub mod lattice;
pub mod neighbours;
pub mod pairs;
pub mod stone_wales;
pub mod structure;
