//! Atoms in a periodic cell: structure, neighbours, lattices, disorder.
