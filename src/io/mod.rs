//! Readers and writers, one file a format.

mod columns;
pub mod curve_text;
mod dialect;
pub mod extxyz;
pub mod files;
pub mod npy;
pub mod npz;
mod repairs;
pub mod samples;
pub mod wide_table;
