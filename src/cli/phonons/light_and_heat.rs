//! Raman spectra and thermal conductivity of one structure as curves.

use super::curves::{Curves, bonds, notes};
use super::found::{Found, Heat, Vibrations};
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::raman::Excitation;
use crate::io::curve_writer::Columns;
use crate::observables::raman::bond::Model;
use crate::observables::raman::{Activity, Polarisation, activities, reduced, stokes};
use crate::observables::thermal::propagons::Propagons;
use crate::observables::thermal::{Broadening, Kernel, Transport};
use crate::potentials::hessian::Hessian;
use crate::vibrations::modes::Modes;

/// Temperatures of κ(T), K.
const TEMPERATURES: (f64, f64, usize) = (10.0, 610.0, 30);
/// Half width of the delta function in mean distances of the levels, if nobody says.
const SPACINGS: f64 = 5.0;

fn modes(found: &Found) -> Result<(&Modes, &Hessian)> {
    match &found.vibrations {
        Vibrations::Modes { modes, hessian } => Ok((modes, hessian)),
        Vibrations::Moments(_) => Err(Error::new(
            "the structure is too large for its eigenvectors",
        )
        .because("light and heat need them, and their cost grows with the cube of the atoms")
        .cure("leave raman and kappa out, or give a smaller structure")),
    }
}

/// The scattering of each mode, the energy axis and broadening of the density of states, and notes.
#[allow(
    clippy::type_complexity,
    reason = "four parts of one thing, used twice"
)]
fn scattering(
    found: &Found,
    quantity: Quantity,
) -> Result<(Vec<Activity>, Grid, f64, Vec<(String, String)>)> {
    let (modes, _) = modes(found)?;
    let (bonds, told) = bonds(found)?;
    let model = Model::default();
    let all = activities(&found.structure, &bonds, modes, model)?;
    let (grid, sigma) = super::found::axis(modes)?;
    let mut notes = notes(quantity.name(), "meV");
    notes.extend(told);
    notes.push(("density".into(), "per meV, area 1".into()));
    notes.push((
        "broadening".into(),
        format!("Gaussian, sigma {sigma:.4} meV"),
    ));
    notes.push(("bond polarizabilities".into(), model.name().into()));
    Ok((all, grid, sigma, notes))
}

fn spectrum(grid: &Grid, y: Vec<f64>, notes: &[(String, String)], seen: &str) -> Columns {
    let mut notes = notes.to_vec();
    notes.push(("polarisation".into(), seen.into()));
    Columns {
        notes,
        columns: vec![("E".into(), grid.centres()), ("intensity".into(), y)],
    }
}

/// `raman-reduced`, and its parts parallel and across.
pub(super) fn raman_reduced(found: &Found) -> Result<Curves> {
    let (all, grid, sigma, notes) = scattering(found, Quantity::RamanReduced)?;
    let of = |(name, seen, how): (&str, &str, Polarisation)| {
        let y = reduced(&all, how, &grid, sigma)?;
        Ok((name.to_owned(), spectrum(&grid, y, &notes, seen)))
    };
    [
        ("raman-reduced", "VV and VH", Polarisation::Both),
        ("raman-reduced.vv", "VV", Polarisation::Vv),
        ("raman-reduced.vh", "VH", Polarisation::Vh),
    ]
    .into_iter()
    .map(of)
    .collect()
}

/// `raman`: Stokes, at the usual laser and room temperature.
pub(super) fn raman(found: &Found) -> Result<Curves> {
    let (all, grid, sigma, mut notes) = scattering(found, Quantity::Raman)?;
    let excitation = Excitation::default();
    notes.push((
        "excitation".into(),
        format!(
            "{} nm, {} K, power detected, (E_L - E)^4",
            excitation.laser_nm, excitation.temperature
        ),
    ));
    let y = stokes(&all, Polarisation::Both, &excitation, &grid, sigma)?;
    Ok(vec![(
        "raman".into(),
        spectrum(&grid, y, &notes, "VV and VH"),
    )])
}

/// `kappa`, and beside it `kappa.propagons` if the velocity of sound is given.
pub(super) fn kappa(found: &Found) -> Result<Curves> {
    if found.reduced {
        return Err(
            Error::new("reduced units have no thermal conductivity here")
                .because(
                    "heat capacities need the size of a quantum, which reduced units leave open",
                )
                .cure("leave kappa out"),
        );
    }
    let (modes, hessian) = modes(found)?;
    let Heat {
        thickness,
        half_width,
        sound,
    } = found.heat;
    let half_width = half_width.unwrap_or_else(|| SPACINGS * spacing(modes));
    let broadening = Broadening {
        kernel: Kernel::Lorentzian,
        half_width,
    };
    let transport = Transport::new(&found.structure, hessian, modes, broadening, thickness)?;
    let (low, high, bins) = TEMPERATURES;
    let temperatures = Grid::new(low, high, bins)?.centres();
    let curve = |label: String, value: &dyn Fn(f64) -> f64| {
        let mut notes = notes(Quantity::Kappa.name(), "K");
        notes.push(("y".into(), "W/m/K".into()));
        notes.push(("method".into(), label));
        notes.extend(transport.finding().map(|f| ("doubt".into(), f.message)));
        Columns {
            notes,
            columns: vec![
                ("T".into(), temperatures.clone()),
                (
                    "kappa".into(),
                    temperatures.iter().map(|&t| value(t)).collect(),
                ),
            ],
        }
    };
    let mut curves = vec![(
        "kappa".to_owned(),
        curve(transport.label(), &|t| transport.conductivity(t)),
    )];
    if let Some(velocity) = sound {
        let propagons = Propagons::joined_to(&transport, velocity)?;
        let label = format!("{}, to be added to kappa", propagons.label());
        curves.push((
            "kappa.propagons".to_owned(),
            curve(label, &|t| propagons.conductivity(t)),
        ));
    }
    Ok(curves)
}

/// Mean distance of the levels, meV.
fn spacing(modes: &Modes) -> f64 {
    let highest = modes.frequencies_thz.last().copied().unwrap_or(0.0);
    highest * crate::units::THZ_IN_MEV / modes.frequencies_thz.len() as f64
}
