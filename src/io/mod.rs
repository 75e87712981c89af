//! Readers and writers, one file a format.

pub mod extxyz;
pub mod files;
pub mod npy;
pub mod npz;
