//! Readers and writers, one file a format.

pub mod files;
pub mod npy;
pub mod npz;
pub mod samples;
pub mod wide_table;
