//! Readers and writers, one file a format.

mod columns;
pub mod curve_text;
pub mod curve_writer;
mod dialect;
pub mod extxyz;
pub mod files;
pub mod npy;
pub mod npz;
mod repairs;
pub mod samples;
pub mod wide_table;
