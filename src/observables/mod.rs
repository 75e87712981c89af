//! What an experiment would see of a structure and its modes.

pub mod angles;
pub mod bonds;
mod broaden;
pub mod coordination;
pub mod homology;
pub mod neutron;
pub mod raman;
pub mod rdf;
pub mod rings;
pub mod thermal;
pub mod thermal_width;
pub mod vdos;
