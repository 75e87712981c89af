//! What an experiment would see of a structure and its modes.

pub mod angles;
pub mod bonds;
mod broaden;
pub mod coherent;
mod comb;
pub mod coordination;
pub mod dho;
pub mod displacements;
pub mod homology;
pub mod incoherent;
pub mod neutron;
pub mod raman;
pub mod rdf;
pub mod reciprocal;
pub mod rings;
pub mod structure_factor;
pub mod thermal;
pub mod thermal_width;
pub mod vdos;
