//! All that is found of a structure before anything is written.

use super::Args;
use super::curves::{Needs, need};
use super::input::{refuse_overlap, refuse_thin_box};
use super::scattering::Conditions;
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::dynamics::minimise::{AT_REST, Load, MOST_STEPS, Minimised, Strain, minimise, relax};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::grid::Grid;
use crate::observables::vdos::{Vdos, vdos, vdos_of_moments};
use crate::potentials::hessian::Hessian;
use crate::potentials::{Evaluation, Potential};
use crate::units::THZ_IN_MEV;
use crate::vibrations::kpm::{Moments, Prepared, Settings};
use crate::vibrations::modes::Modes;

/// One matrix of this many atoms takes 7 GB, and the eigenvalue solver needs a few.
const MOST_ATOMS: usize = 10_000;
/// 1 eV/Å³ in bar (CODATA 2018).
const EV_PER_A3_IN_BAR: f64 = 1.602_176_634e6;
/// Bins of a density of states.
const BINS: usize = 500;
/// Broadening of the modes of a small structure, as a fraction of the highest frequency.
const BROADENING: f64 = 0.01;

/// What is known of the vibrations.
pub(super) enum Vibrations {
    /// All of them.
    Modes { modes: Modes, hessian: Hessian },
    /// Of a structure too large for that.
    Moments(Moments),
}

/// A density of states with its statistical error, if it has one, and how it was broadened.
pub(super) struct Density {
    pub(super) vdos: Vdos,
    pub(super) error: Option<Vec<f64>>,
    pub(super) broadening: String,
    /// Its standard deviation, meV; 0 where moments did it.
    pub(super) sigma: f64,
}

/// What a thermal conductivity depends on besides the structure.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Heat {
    /// Thickness of a sheet in Å, for kappa
    #[arg(long, value_name = "A")]
    pub(super) thickness: Option<f64>,
    /// Half width at half maximum of the delta function of kappa, meV; five mean distances of the levels if not given
    #[arg(long, value_name = "MEV")]
    pub(super) half_width: Option<f64>,
    /// Velocity of sound in m/s: also estimate what waves longer than the cell add to kappa (kappa.propagons)
    #[arg(long, value_name = "V")]
    pub(super) sound: Option<f64>,
}

/// All that is found before anything is written.
pub(super) struct Found {
    pub(super) structure: Structure,
    pub(super) reduced: bool,
    pub(super) evaluation: Evaluation,
    pub(super) window_pairs: usize,
    pub(super) vibrations: Vibrations,
    pub(super) density: Option<Density>,
    pub(super) heat: Heat,
    /// Of a structure too large for its modes, if its scattering is asked for.
    pub(super) prepared: Option<Prepared>,
    pub(super) conditions: Conditions,
    pub(super) findings: Vec<Finding>,
}

pub(super) fn find(
    potential: &dyn Potential,
    structure: Structure,
    reduced: bool,
    args: &Args,
) -> Result<Found> {
    refuse_too_large(&structure, args)?;
    refuse_thin_box(potential, &structure)?;
    refuse_overlap(potential, &structure)?;
    let mut findings = Vec::new();
    let structure = at_rest(potential, structure, reduced, args, &mut findings)?;
    let neighbours = NeighbourList::new(&structure, potential.cutoff())?;
    let evaluation = potential.evaluate(&structure, &neighbours)?;
    let window_pairs = potential.window_pairs(&structure, &neighbours).len();
    let hessian = potential.hessian(&structure, &neighbours)?;
    drop(neighbours);
    let wants_density = need(Needs::Density, &args.observables);
    let wants_vectors = need(Needs::Vectors, &args.observables);
    let vectors =
        args.modes.is_some() || wants_vectors || wants_density && structure.species.len() > 1;
    let mut prepared = None;
    let vibrations = if structure.len() > MOST_ATOMS {
        let matrix = prepared.insert(Prepared::of(hessian, &structure)?);
        Vibrations::Moments(Moments::of_prepared(matrix, Settings::default())?)
    } else {
        let modes = Modes::of(&hessian, &structure, vectors)?;
        Vibrations::Modes { modes, hessian }
    };
    let density = match &vibrations {
        Vibrations::Modes { modes, .. } if wants_density => Some(of_modes(modes, &structure)?),
        Vibrations::Modes { .. } => None,
        Vibrations::Moments(moments) => Some(of_moments(moments, &structure)?),
    };
    let mut found = Found {
        structure,
        reduced,
        evaluation,
        window_pairs,
        vibrations,
        density,
        heat: args.heat,
        prepared: prepared.filter(|_| wants_vectors),
        conditions: args.conditions.clone(),
        findings,
    };
    super::told::doubt(&mut found);
    Ok(found)
}

fn refuse_too_large(structure: &Structure, args: &Args) -> Result<()> {
    let asked = args.hessian.as_ref().or(args.modes.as_ref());
    match asked {
        Some(path) if structure.len() > MOST_ATOMS => Err(Error::new(format!(
            "{} atoms are too many for {}",
            structure.len(),
            path.display()
        ))
        .because(format!(
            "the limit is {MOST_ATOMS}, for the memory that the full matrix takes"
        ))
        .cure("leave --hessian and --modes out; --observables vdos needs neither")),
        _ => Ok(()),
    }
}

/// The structure relaxed as asked.
fn at_rest(
    potential: &dyn Potential,
    structure: Structure,
    reduced: bool,
    args: &Args,
    findings: &mut Vec<Finding>,
) -> Result<Structure> {
    let end: Minimised = match args.pressure {
        Some(pressure) => {
            let load = load(&structure, pressure, reduced)?;
            relax(potential, &structure, load, AT_REST, MOST_STEPS)?
        }
        None if args.relax => minimise(potential, &structure, AT_REST, MOST_STEPS)?,
        None => return Ok(structure),
    };
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
    Ok(end.structure)
}

/// The load of a pressure in the unit it is told in.
fn load(structure: &Structure, pressure: f64, reduced: bool) -> Result<Load> {
    if !pressure.is_finite() {
        return Err(Error::new(format!(
            "a pressure of {pressure} is not possible"
        )));
    }
    let solid = structure.cell.dimensions() == 3;
    let unit = if solid && !reduced {
        EV_PER_A3_IN_BAR
    } else {
        1.0
    };
    Ok(Load {
        pressure: pressure / unit,
        strain: Strain::Isotropic,
    })
}

/// The energy axis of a spectrum and its broadening, meV.
pub(super) fn axis(modes: &Modes) -> Result<(Grid, f64)> {
    let highest = modes.frequencies_thz.last().copied().unwrap_or(0.0) * THZ_IN_MEV;
    if highest <= 0.0 {
        return Err(Error::new("there is no vibration"));
    }
    let sigma = BROADENING * highest;
    Ok((Grid::new(0.0, highest + 5.0 * sigma, BINS)?, sigma))
}

fn of_modes(modes: &Modes, structure: &Structure) -> Result<Density> {
    let (grid, sigma) = axis(modes)?;
    Ok(Density {
        vdos: vdos(modes, structure, &grid, sigma)?,
        error: None,
        broadening: format!("Gaussian, sigma {sigma:.4} meV"),
        sigma,
    })
}

fn of_moments(moments: &Moments, structure: &Structure) -> Result<Density> {
    let highest = moments.highest();
    let grid = Grid::new(0.0, highest.max(f64::MIN_POSITIVE), BINS)?;
    let (vdos, error) = vdos_of_moments(moments, structure, &grid)?;
    let [low, middle] = [0.0, 0.5].map(|f| moments.resolution(f * highest));
    Ok(Density {
        vdos,
        error: Some(error),
        broadening: format!(
            "Jackson kernel, {} moments, sigma {middle:.4} meV at {:.4} meV, {low:.4} meV at 0",
            moments.len(),
            0.5 * highest
        ),
        sigma: 0.0,
    })
}

impl Found {
    /// Pressure and its unit: of a solid from the trace of its virial, of flat matter from its two directions.
    pub(super) fn pressure(&self) -> (f64, &'static str) {
        let (virial, cell) = (&self.evaluation.virial, &self.structure.cell);
        if self.structure.flat {
            let pressure = (virial[0] + virial[1]) / (2.0 * cell.measure());
            return (
                pressure,
                if self.reduced {
                    "epsilon/sigma^2"
                } else {
                    "eV/A^2"
                },
            );
        }
        let pressure = self.evaluation.pressure(cell.volume());
        if self.reduced {
            (pressure, "epsilon/sigma^3")
        } else {
            (pressure * EV_PER_A3_IN_BAR, "bar")
        }
    }

    /// Root mean square of the density's statistical error, as a fraction of that of the density.
    pub(super) fn relative_error(&self) -> Option<f64> {
        let density = self.density.as_ref()?;
        let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
        let error = density.error.as_ref()?;
        Some((square(error) / square(&density.vdos.total)).sqrt())
    }
}
