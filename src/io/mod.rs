//! Readers and writers, one file a format.

pub mod cif;
mod columns;
pub mod curve_text;
pub mod curve_writer;
mod dialect;
pub mod extxyz;
pub mod files;
mod lammps_box;
pub mod lammps_data;
pub mod lammps_dump;
mod named_atoms;
pub mod npy;
pub mod npz;
pub mod poscar;
mod repairs;
pub mod samples;
pub mod structure_file;
pub mod wide_table;
mod words;
