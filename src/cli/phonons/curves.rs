//! The observables of a structure as curves. A new one is a function and a line in the table.

use super::found::{Density, Found};
use super::light_and_heat::{kappa, raman, raman_reduced};
use super::scattering;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::io::curve_writer::Columns;
use crate::observables::angles::BondAngles;
use crate::observables::bonds::{Bonds, Cutoffs};
use crate::observables::coordination::Coordination;
use crate::observables::neutron::neutron_gdos;
use crate::observables::rdf::{Weighting, partial_rdf};
use crate::observables::rings::{primitive_rings, ring_sizes};
use crate::observables::thermal_width::PairWidths;
use crate::units::{SQRT_EV_PER_A2_AMU_IN_THZ, THZ_IN_MEV};

/// Files without `.csv`, and what they hold.
pub(super) type Curves = Vec<(String, Columns)>;
type Make = fn(&Found) -> Result<Curves>;

/// What an observable is made of besides the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// The density of states.
    Density,
    /// The eigenvectors of the modes.
    Vectors,
    /// Both.
    Both,
}

/// Name, what it needs, and the function.
pub(super) const OBSERVABLES: [(&str, Needs, Make); 13] = [
    ("vdos", Needs::Density, vdos),
    ("neutron-gdos", Needs::Density, gdos),
    ("ins", Needs::Both, scattering::ins),
    ("ixs", Needs::Both, scattering::ixs),
    ("raman", Needs::Vectors, raman),
    ("raman-reduced", Needs::Vectors, raman_reduced),
    ("kappa", Needs::Vectors, kappa),
    (
        "structure-factor",
        Needs::Vectors,
        scattering::structure_factor,
    ),
    ("rdf", Needs::Nothing, rdf),
    ("rdf-thermal", Needs::Vectors, rdf_thermal),
    ("angles", Needs::Nothing, angles),
    ("coordination", Needs::Nothing, coordination),
    ("rings", Needs::Nothing, rings),
];

/// Å; in reduced units half as many σ, which are some 2 to 4 Å.
const R_MAX: f64 = 10.0;
const R_BINS: usize = 500;
const ANGLE_BINS: usize = 180;
/// Atoms of the largest ring counted.
const LARGEST_RING: usize = 12;

/// Whether any of the named needs that.
pub(super) fn need(what: Needs, names: &[String]) -> bool {
    chosen(names).any(|(_, needs, _)| *needs == what || *needs == Needs::Both)
}

/// The curves of the named observables.
pub(super) fn curves(names: &[String], found: &Found) -> Result<Curves> {
    let made = chosen(names).map(|(_, _, make)| make(found));
    Ok(made.collect::<Result<Vec<_>>>()?.concat())
}

fn chosen(names: &[String]) -> impl Iterator<Item = &'static (&'static str, Needs, Make)> {
    OBSERVABLES
        .iter()
        .filter(|o| names.iter().any(|n| n == o.0))
}

fn vdos(found: &Found) -> Result<Curves> {
    let density = density(found)?;
    let error = density.error.as_deref();
    let total = spectrum(found, density, Quantity::Vdos, &density.vdos.total, error);
    let mut curves = vec![("vdos".to_owned(), total)];
    if found.structure.species.len() > 1 {
        for (species, partial) in found.structure.species.iter().zip(&density.vdos.partial) {
            let columns = spectrum(found, density, Quantity::Vdos, partial, None);
            curves.push((format!("vdos.{species}"), columns));
        }
    }
    Ok(curves)
}

fn gdos(found: &Found) -> Result<Curves> {
    if found.reduced {
        return Err(Error::new("reduced units have no neutron-gdos")
            .because("their species are no elements")
            .cure("leave neutron-gdos out"));
    }
    let density = density(found)?;
    let weighted = neutron_gdos(&density.vdos, &found.structure)?;
    let columns = spectrum(found, density, Quantity::NeutronGdos, &weighted, None);
    Ok(vec![("neutron-gdos".to_owned(), columns)])
}

pub(super) fn density(found: &Found) -> Result<&Density> {
    (found.density.as_ref()).ok_or_else(|| Error::new("there is no density of states"))
}

fn spectrum(
    found: &Found,
    density: &Density,
    quantity: Quantity,
    y: &[f64],
    error: Option<&[f64]>,
) -> Columns {
    let vdos = &density.vdos;
    let mut notes = notes(quantity.name(), "meV");
    notes.push((
        "density".into(),
        format!("per meV, area 1; {:.2e} of it beyond the axis", vdos.lost),
    ));
    notes.push(("broadening".into(), density.broadening.clone()));
    notes.push((
        "imaginary modes".into(),
        format!("{}, left out", vdos.imaginary),
    ));
    if found.reduced {
        let scale = THZ_IN_MEV * SQRT_EV_PER_A2_AMU_IN_THZ;
        notes.push((
            "reduced units".into(),
            format!("as if epsilon = 1 eV, sigma = 1 A, m = 1 amu; E = {scale} omega"),
        ));
    }
    let mut columns = vec![
        ("E".into(), vdos.grid.centres()),
        ("density".into(), y.to_vec()),
    ];
    if let Some(error) = error {
        columns.push(("sigma".into(), error.to_vec()));
    }
    Columns { notes, columns }
}

pub(super) fn notes(quantity: &str, unit: &str) -> Vec<(String, String)> {
    [
        ("quantity", quantity),
        ("unit", unit),
        ("made by", "glassbridge phonons"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

fn rdf(found: &Found) -> Result<Curves> {
    pairs(found, "rdf", None)
}

/// As diffraction would see it, and as training sets have it.
fn rdf_thermal(found: &Found) -> Result<Curves> {
    pairs(found, "rdf-thermal", Some(&scattering::widths(found)?))
}

/// g(r), total by numbers of atoms (and, with thermal widths, by neutrons), and of each pair of species.
fn pairs(found: &Found, name: &str, widths: Option<&PairWidths>) -> Result<Curves> {
    let structure = &found.structure;
    let several = structure.species.len() > 1;
    let end = if found.reduced { R_MAX / 2.0 } else { R_MAX };
    let grid = Grid::new(0.0, end, R_BINS)?;
    let partial = partial_rdf(structure, &grid, widths)?;
    let curve = |g: Vec<f64>, weights: &str| {
        let mut notes = notes(Quantity::PairDistribution.name(), "angstrom");
        notes.push(("weights".into(), weights.to_owned()));
        if widths.is_some() {
            notes.push(scattering::temperature(found));
        }
        if found.reduced {
            notes.push(("reduced units".into(), "1 angstrom is sigma".into()));
        }
        Columns {
            notes,
            columns: vec![("r".into(), grid.centres()), ("g(r)".into(), g)],
        }
    };
    let total = partial.total(structure, Weighting::Number)?;
    let mut curves = vec![(name.to_owned(), curve(total, "numbers of atoms"))];
    if several && widths.is_some() && !found.reduced {
        let seen = partial.total(structure, Weighting::Neutron)?;
        curves.push((
            format!("{name}.neutron"),
            curve(seen, "neutron scattering lengths"),
        ));
    }
    if several {
        for (&(a, b), g) in partial.pairs.iter().zip(partial.g) {
            let name = format!("{name}.{}-{}", structure.species[a], structure.species[b]);
            curves.push((name, curve(g, "none")));
        }
    }
    Ok(curves)
}

pub(super) fn bonds(found: &Found) -> Result<(Bonds, Vec<(String, String)>)> {
    let (structure, species) = (&found.structure, &found.structure.species);
    let cutoffs = Cutoffs::found(structure)?;
    let bonded = cutoffs.shells().iter().filter(|s| s.bonded);
    let told: Vec<_> = bonded
        .map(|s| {
            format!(
                "{}-{} {:.3}",
                species[s.pair.0], species[s.pair.1], s.minimum
            )
        })
        .collect();
    let note = (
        "bonds up to".to_owned(),
        format!("{} (first minima of g)", told.join(", ")),
    );
    Ok((Bonds::new(structure, &cutoffs)?, vec![note]))
}

fn angles(found: &Found) -> Result<Curves> {
    let species = &found.structure.species;
    let (bonds, mut notes) = bonds(found)?;
    let grid = Grid::new(0.0, 180.0, ANGLE_BINS)?;
    let angles = BondAngles::new(&found.structure, &bonds, &grid)?;
    notes.push(("density".into(), "per degree, area 1".into()));
    let mut columns = vec![
        ("degrees".into(), grid.centres()),
        ("all".into(), angles.total),
    ];
    if species.len() > 1 {
        for ([a, b, c], density) in angles.triplets.into_iter().zip(angles.density) {
            columns.push((
                format!("{}-{}-{}", species[a], species[b], species[c]),
                density,
            ));
        }
    }
    Ok(vec![("angles".into(), Columns { notes, columns })])
}

fn coordination(found: &Found) -> Result<Curves> {
    let species = &found.structure.species;
    let (bonds, mut notes) = bonds(found)?;
    let counted = Coordination::new(&found.structure, &bonds);
    notes.push((
        "counts".into(),
        "atoms of the first species with n neighbours (of the second)".into(),
    ));
    let mut columns: Vec<(String, &[usize])> = Vec::new();
    for (a, name) in species.iter().enumerate() {
        columns.push((name.clone(), &counted.total[a]));
        if species.len() > 1 {
            let pairs = species.iter().zip(&counted.histogram[a]);
            columns.extend(pairs.map(|(other, n)| (format!("{name}-{other}"), &n[..])));
        }
    }
    Ok(vec![("coordination".into(), counts("n", notes, &columns))])
}

fn rings(found: &Found) -> Result<Curves> {
    let (bonds, mut notes) = bonds(found)?;
    let sizes = ring_sizes(&primitive_rings(&found.structure, &bonds, LARGEST_RING)?);
    notes.push((
        "counts".into(),
        format!("primitive rings of n atoms, up to {LARGEST_RING}"),
    ));
    Ok(vec![(
        "rings".into(),
        counts("n", notes, &[("rings".into(), &sizes)]),
    )])
}

/// Histograms over whole numbers from 0, as long as the longest.
fn counts(axis: &str, notes: Vec<(String, String)>, histograms: &[(String, &[usize])]) -> Columns {
    let length = histograms.iter().map(|(_, h)| h.len()).max().unwrap_or(0);
    let column = |h: &[usize]| {
        (0..length)
            .map(|n| h.get(n).copied().unwrap_or(0) as f64)
            .collect()
    };
    let axis = (axis.to_owned(), (0..length).map(|n| n as f64).collect());
    let values = histograms.iter().map(|(name, h)| (name.clone(), column(h)));
    Columns {
        notes,
        columns: std::iter::once(axis).chain(values).collect(),
    }
}
