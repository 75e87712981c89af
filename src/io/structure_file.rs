//! Structures of any format that is known: extended XYZ, LAMMPS data and dump, POSCAR, CIF of symmetry P1.

use super::extxyz::{self, Frame};
pub use super::named_atoms::Told;
use super::words::number;
use super::{cif, files, lammps_data, lammps_dump, poscar};
use crate::error::{Error, Result};
use crate::finding::Finding;
use std::path::Path;

/// Structures are megabytes of text.
const LARGEST_FILE: u64 = 1 << 30;
/// Lines in which a format shows itself.
const HEAD: usize = 60;

/// A format of structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Extended XYZ.
    Extxyz,
    /// LAMMPS' `read_data`.
    LammpsData,
    /// LAMMPS' `dump custom`.
    LammpsDump,
    /// VASP.
    Poscar,
    /// CIF.
    Cif,
}

impl Format {
    /// The format that a text shows, whatever its name.
    fn of_text(text: &str) -> Option<Self> {
        let head: Vec<&str> = text.lines().take(HEAD).map(str::trim).collect();
        let first = head.first().copied().unwrap_or_default();
        let starts = |what: &str| head.iter().any(|l| l.starts_with(what));
        let numbers = |k: usize, n: usize| {
            let words: Vec<_> = head
                .get(k)
                .map_or(Vec::new(), |l| l.split_whitespace().collect());
            words.len() >= n && words[..n].iter().all(|w| number(w).is_ok())
        };
        if first.starts_with("ITEM:") {
            Some(Self::LammpsDump)
        } else if starts("data_") && (starts("_cell") || starts("loop_")) {
            Some(Self::Cif)
        } else if head.iter().any(|l| l.contains("xlo") && l.contains("xhi")) {
            Some(Self::LammpsData)
        } else if first.parse::<usize>().is_ok() && !(numbers(2, 3) && numbers(3, 3)) {
            Some(Self::Extxyz)
        } else if numbers(1, 1) && (2..5).all(|k| numbers(k, 3)) {
            Some(Self::Poscar)
        } else {
            None
        }
    }

    /// The format that a name means.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let end = path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        match end.as_deref() {
            Some("xyz" | "extxyz") => Some(Self::Extxyz),
            Some("data" | "lmp" | "lammps") => Some(Self::LammpsData),
            Some("dump" | "lammpstrj") => Some(Self::LammpsDump),
            Some("vasp" | "poscar") => Some(Self::Poscar),
            Some("cif") => Some(Self::Cif),
            _ if name.starts_with("poscar") || name.starts_with("contcar") => Some(Self::Poscar),
            _ => None,
        }
    }
}

fn unknown(path: &Path) -> Error {
    Error::new("the format of the structure is not known")
        .at(path)
        .cure("extended XYZ, LAMMPS data and dump, POSCAR and CIF (P1) are: .extxyz, .data, .dump, .vasp, .cif")
}

/// Reads every structure of a file, its format found by content first, then by name; with what had to be assumed.
pub fn read_structures(path: &Path, told: &Told) -> Result<(Vec<Frame>, Vec<Finding>)> {
    let bytes = files::read(path, LARGEST_FILE)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Error::new("the file is empty")
            .at(path)
            .cure("give a structure in one of the known formats"));
    }
    let format = Format::of_text(text)
        .or_else(|| Format::of_name(path))
        .ok_or_else(|| unknown(path))?;
    let one = |frame: Result<Frame>| frame.map(|f| (vec![f], Vec::new()));
    let found = match format {
        Format::Extxyz => extxyz::read(text, told.mass_of).map(|frames| (frames, Vec::new())),
        Format::LammpsDump => lammps_dump::read(text, told).map(|frames| (frames, Vec::new())),
        Format::LammpsData => {
            lammps_data::read(text, told).map(|(frame, said)| (vec![frame], said))
        }
        Format::Poscar => one(poscar::read(text, told)),
        Format::Cif => one(cif::read(text, told)),
    };
    found.map_err(|e| e.at(path))
}

/// The text of frames in the format that the name of the file means; formats of one structure take the first.
pub fn structures_as_text(path: &Path, frames: &[Frame]) -> Result<String> {
    let first = frames
        .first()
        .ok_or_else(|| Error::new("there is no structure to write"))?;
    let structure = &first.structure;
    Ok(match Format::of_name(path).ok_or_else(|| unknown(path))? {
        Format::Extxyz => extxyz::write(frames),
        Format::LammpsDump => lammps_dump::write(frames),
        Format::LammpsData => lammps_data::write(structure),
        Format::Poscar => poscar::write(structure),
        Format::Cif => cif::write(structure),
    })
}
