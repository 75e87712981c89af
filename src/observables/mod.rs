//! What an experiment would see of a structure and its modes.

mod broaden;
pub mod neutron;
pub mod rdf;
pub mod thermal_width;
pub mod vdos;
