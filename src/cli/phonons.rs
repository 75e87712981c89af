//! `glassbridge phonons`.

use super::Outcome;
use super::load;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::dynamics::minimise::{self, AT_REST, MOST_STEPS};
use crate::elements::element;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::io::extxyz::{self, Frame};
use crate::io::npz::Bundle;
use crate::io::{files, npy};
use crate::potentials::hessian::Hessian;
use crate::potentials::{self, Evaluation, Potential};
use crate::vibrations::modes::Modes;
use faer::Mat;
use serde_json::json;
use std::path::{Path, PathBuf};

/// One matrix of this many atoms takes 7 GB, and the eigenvalue solver needs a few.
const MOST_ATOMS: usize = 10_000;
/// 1 eV/Å³ in bar (CODATA 2018).
const EV_PER_A3_IN_BAR: f64 = 1.602_176_634e6;
/// Structures are megabytes of text.
const LARGEST_FILE: u64 = 1 << 30;

/// Energy, forces and harmonic modes of a structure.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge phonons glass.extxyz --potential tersoff:sio2-2007 --relax\n  \
    glassbridge phonons glass.extxyz --potential tersoff:file=SiO.tersoff --hessian H.npy --json")]
pub(super) struct Args {
    /// The structure: the first frame of an extended XYZ file.
    file: PathBuf,
    /// As in tersoff:sio2-2007, lj:kob-andersen or eam:file=PATH; an unknown name lists them all.
    #[arg(long, value_name = "P")]
    potential: String,
    /// Move the atoms to the nearest minimum of the energy first, at fixed cell.
    #[arg(long)]
    relax: bool,
    /// Write the second derivatives (eV/A^2), 3N x 3N, for numpy.
    #[arg(long, value_name = "H.npy")]
    hessian: Option<PathBuf>,
    /// Write the structure with its energy (eV) and forces (eV/A).
    #[arg(long, value_name = "F.extxyz")]
    forces: Option<PathBuf>,
    /// Write `frequencies_thz` and the polarisation `vectors`, a column a mode.
    #[arg(long, value_name = "M.npz")]
    modes: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// All that is found before anything is written.
struct Found {
    structure: Structure,
    evaluation: Evaluation,
    window_pairs: usize,
    hessian: Hessian,
    modes: Modes,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let reduced = potentials::parse(&args.potential)?.reduced();
    let structure = read(&args.file, reduced)?;
    let potential = potentials::parse_for(&args.potential, &structure.species)?;
    let mut findings = Vec::new();
    let found = find(&*potential, structure, args, &mut findings).map_err(|e| e.at(&args.file))?;
    findings.extend(doubts(&found));
    for (path, bytes) in wanted(args, &found)? {
        files::replace(path, |out| {
            out.write_all(&bytes)
                .map_err(|e| Error::io(path, "write the file", &e))
        })?;
    }
    load::tell(&findings);
    if args.json {
        println!("{}", summary(&found, &findings));
    } else {
        print!("{}", words(&found));
    }
    Ok(Outcome::Done)
}

/// The first frame of a file; in reduced units every species has mass 1.
fn read(path: &Path, reduced: bool) -> Result<Structure> {
    let mass = |symbol: &str| {
        if reduced {
            Ok(1.0)
        } else {
            Ok(element(symbol)?.mass)
        }
    };
    let bytes = files::read(path, LARGEST_FILE)?;
    let text = String::from_utf8_lossy(&bytes);
    let frames = extxyz::read(&text, mass).map_err(|e| e.at(path))?;
    let first = frames.into_iter().next();
    let structure = first.map(|frame| frame.structure);
    let structure = structure.ok_or_else(|| Error::new("the file is empty").at(path))?;
    if structure.len() > MOST_ATOMS {
        return Err(
            Error::new(format!("{} atoms are too many", structure.len()))
                .at(path)
                .because(format!(
                    "the limit is {MOST_ATOMS}, for the memory that the full matrix takes"
                ))
                .cure("give a smaller structure"),
        );
    }
    Ok(structure)
}

fn find(
    potential: &dyn Potential,
    mut structure: Structure,
    args: &Args,
    findings: &mut Vec<Finding>,
) -> Result<Found> {
    apart(potential, &structure)?;
    if args.relax {
        let end = minimise::minimise(potential, &structure, AT_REST, MOST_STEPS)?;
        if !end.converged {
            findings.push(Finding::new(
                "not-at-rest",
                format!(
                    "the relaxation stopped after {} steps at {:.1e} eV/Å.",
                    end.iterations, end.max_force
                ),
                "Check the structure, or relax it with another program first.",
            ));
        }
        structure = end.structure;
    }
    let neighbours = NeighbourList::new(&structure, potential.cutoff())?;
    let evaluation = potential.evaluate(&structure, &neighbours)?;
    let hessian = potential.hessian(&structure, &neighbours)?;
    let modes = Modes::of(&hessian, &structure, args.modes.is_some())?;
    Ok(Found {
        window_pairs: potential.window_pairs(&structure, &neighbours).len(),
        structure,
        evaluation,
        hessian,
        modes,
    })
}

/// Refuses a structure with two atoms in one place, where no potential has derivatives.
fn apart(potential: &dyn Potential, structure: &Structure) -> Result<()> {
    /// Å; a tenth of the shortest bond there is, that of H₂.
    const ONE_PLACE: f64 = 0.07;
    let neighbours = NeighbourList::new(structure, potential.cutoff())?;
    for i in 0..structure.len() {
        if let Some(n) = neighbours.of(structure, i).find(|n| n.distance < ONE_PLACE) {
            return Err(
                Error::new(format!("atoms {} and {} overlap", i + 1, n.index + 1))
                    .because(format!(
                        "they are {:.3} Å apart, counting periodic images",
                        n.distance
                    ))
                    .cure("remove one of them, or check Lattice and units: lengths are in Å"),
            );
        }
    }
    Ok(())
}

fn doubts(found: &Found) -> Vec<Finding> {
    let mut doubts = Vec::new();
    let repeating = found.structure.cell.dimensions();
    if repeating < 3 {
        doubts.push(Finding::new(
            "pressure-of-a-box",
            format!("the cell repeats in {repeating} directions: the pressure takes the volume of Lattice."),
            "Compare it only with programs that do the same.",
        ));
    }
    let imaginary = found.modes.imaginary_modes();
    if imaginary > 0 {
        doubts.push(Finding::new(
            "imaginary-modes",
            format!(
                "{imaginary} mode(s) imaginary (largest force {:.1e} eV/Å): the structure is not at a minimum.",
                found.evaluation.max_force()
            ),
            "Give --relax; if they stay, the structure is unstable in this potential.",
        ));
    }
    if found.window_pairs > 0 {
        doubts.push(Finding::new(
            "pairs-in-window",
            format!("{} pair(s) of atoms are where the potential switches bonds off: modes there are those of the switch.", found.window_pairs),
            "Trust the highest frequencies only without such pairs.",
        ));
    }
    doubts
}

/// The files that were asked for, complete before the first is written.
fn wanted<'a>(args: &'a Args, found: &Found) -> Result<Vec<(&'a Path, Vec<u8>)>> {
    let mut files: Vec<(&Path, Vec<u8>)> = Vec::new();
    if let Some(path) = &args.hessian {
        let mut bytes = Vec::new();
        npy::write_matrix(
            &mut bytes,
            found
                .hessian
                .to_dense(found.structure.dimensions())
                .as_ref(),
        )?;
        files.push((path, bytes));
    }
    if let Some(path) = &args.forces {
        let frame = Frame {
            structure: found.structure.clone(),
            energy: Some(found.evaluation.energy),
            forces: Some(found.evaluation.forces.clone()),
        };
        files.push((path, extxyz::write(&[frame]).into_bytes()));
    }
    if let (Some(path), Some(vectors)) = (&args.modes, &found.modes.vectors) {
        let frequencies = &found.modes.frequencies_thz;
        let column = Mat::from_fn(frequencies.len(), 1, |s, _| frequencies[s]);
        let arrays = [
            ("frequencies_thz".to_owned(), column),
            ("vectors".to_owned(), vectors.clone()),
        ];
        let bundle = Bundle {
            meta: None,
            arrays: arrays.into(),
        };
        files.push((path, bundle.to_bytes()?));
    }
    Ok(files)
}

fn pressure_bar(found: &Found) -> f64 {
    found.evaluation.pressure(found.structure.cell.volume()) * EV_PER_A3_IN_BAR
}

fn summary(found: &Found, findings: &[Finding]) -> serde_json::Value {
    let energy = found.evaluation.energy;
    json!({
        "energy": energy,
        "energy_per_atom": energy / found.structure.len() as f64,
        "max_force": found.evaluation.max_force(),
        "pressure": pressure_bar(found),
        "pressure_unit": "bar",
        "frequencies_thz": found.modes.frequencies_thz,
        "imaginary_modes": found.modes.imaginary_modes(),
        "zero_modes": found.modes.zero_modes(),
        "window_pairs": found.window_pairs,
        "findings": findings,
    })
}

fn words(found: &Found) -> String {
    let (energy, frequencies) = (found.evaluation.energy, &found.modes.frequencies_thz);
    let end = |f: Option<&f64>| f.copied().unwrap_or(f64::NAN);
    format!(
        "energy        {energy:.6} eV, {:.6} eV an atom\n\
         largest force {:.3e} eV/Å\n\
         pressure      {:.1} bar\n\
         modes         {} from {:.4} to {:.4} THz, {} imaginary, {} zero\n",
        energy / found.structure.len() as f64,
        found.evaluation.max_force(),
        pressure_bar(found),
        frequencies.len(),
        end(frequencies.first()),
        end(frequencies.last()),
        found.modes.imaginary_modes(),
        found.modes.zero_modes(),
    )
}
