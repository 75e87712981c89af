//! Readers and writers, one file a format.

pub mod curve_text;
mod dialect;
pub mod files;
pub mod npy;
pub mod npz;
pub mod samples;
pub mod wide_table;
