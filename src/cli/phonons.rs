//! `glassbridge phonons`.

mod curves;
mod found;
mod input;
mod light_and_heat;
mod scattering;
mod told;
mod written;

use super::Outcome;
use super::load;
use crate::error::{Error, Result};
use crate::io::files;
use crate::potentials;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

/// Energy, forces and harmonic modes of a structure.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge phonons glass.extxyz --potential tersoff:sio2-2007 --relax\n  \
    glassbridge phonons glass.extxyz --potential tersoff:sio2-2007 --observables vdos,rdf --out curves\n  \
    glassbridge phonons a-si.extxyz --potential tersoff:si-1988 --relax --observables raman,kappa --sound 6700 --out curves\n  \
    glassbridge phonons glass.extxyz --potential tersoff:sio2-2007 --observables ins,ixs --temperature 300 --out curves\n  \
    glassbridge phonons glass.extxyz --potential tersoff:file=SiO.tersoff --hessian H.npy --json")]
pub(super) struct Args {
    /// The structure: extended XYZ, LAMMPS data or dump, POSCAR, or CIF of symmetry P1.
    file: PathBuf,
    /// Species by the numbers a LAMMPS file gives them, or of an old POSCAR, as in Si,O.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    species: Vec<String>,
    /// Which frame of a file of several, from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    frame: usize,
    /// As in tersoff:sio2-2007, lj:kob-andersen or eam:file=PATH; an unknown name lists them all.
    #[arg(long, value_name = "P")]
    potential: String,
    /// Move the atoms to the nearest minimum of the energy first, at fixed cell.
    #[arg(long)]
    relax: bool,
    /// Relax the cell too, its shape kept, to this pressure: bar, eV/A^2 of a sheet, epsilon/sigma^d in reduced units.
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pressure: Option<f64>,
    /// Take all numbers for reduced units (epsilon, sigma, m), every mass for 1.
    #[arg(long)]
    reduced: bool,
    /// 2: the atoms lie in one plane, xy, and cannot leave it.
    #[arg(long, value_name = "D", default_value = "3", value_parser = clap::value_parser!(u8).range(2..=3))]
    dimensions: u8,
    /// Write these curves into the folder DIR of --out.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "out",
        value_parser = PossibleValuesParser::new(curves::OBSERVABLES.map(|o| o.0)))]
    observables: Vec<String>,
    #[command(flatten)]
    conditions: scattering::Conditions,
    /// Where the curves go.
    #[arg(long, value_name = "DIR", requires = "observables")]
    out: Option<PathBuf>,
    #[command(flatten)]
    heat: found::Heat,
    /// Write the second derivatives (eV/A^2), 3N x 3N (in the plane 2N x 2N), for numpy.
    #[arg(long, value_name = "H.npy")]
    hessian: Option<PathBuf>,
    /// Write the structure as the name says (.extxyz with energy and forces, .dump with forces, .data, .vasp, .cif).
    #[arg(long, value_name = "F.extxyz")]
    forces: Option<PathBuf>,
    /// Write `frequencies_thz` and the polarisation `vectors`, a column a mode.
    #[arg(long, value_name = "M.npz")]
    modes: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let reduced = args.reduced || potentials::parse(&args.potential)?.reduced();
    let (structure, assumed) = input::read(args, reduced)?;
    let potential = potentials::parse_for(&args.potential, &structure.species)?;
    let mut found =
        found::find(&*potential, structure, reduced, args).map_err(|e| e.at(&args.file))?;
    found.findings.extend(assumed);
    for (path, bytes) in written::files(args, &found)? {
        files::replace(&path, |out| {
            out.write_all(&bytes)
                .map_err(|e| Error::io(&path, "write the file", &e))
        })?;
    }
    load::tell(&found.findings);
    if args.json {
        say!("{}", told::summary(&found));
    } else {
        put!("{}", told::words(&found));
    }
    Ok(Outcome::Done)
}
