//! Potentials against LAMMPS: energy, forces, virial, Hessian and frequencies of `../shared/oracles/lammps`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

mod support;

use glassbridge::atoms::lattice::{face_centred_cubic, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::hessian::Hessian;
use glassbridge::potentials::{self, Potential};
use glassbridge::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use glassbridge::vibrations::modes::Modes;
use support::{Arrays, oracle, shared_potential, structure};

/// The oracles print all digits of double precision; sums of some hundred terms round to this.
const ENERGY: f64 = 1e-9;
/// eV/Å.
const FORCE: f64 = 1e-8;
/// Relative to the largest component.
const VIRIAL: f64 = 1e-7;
/// Relative to the largest element: the oracle is a five-point difference of forces.
const HESSIAN: f64 = 1e-6;
/// THz.
const FREQUENCY: f64 = 1e-5;

/// Relative to the largest element: the cubics of a table have second derivatives that jump at every knot, where the steps of
/// the oracle's differences cross; measured 2e-5 (1001 points) and 5e-9 (10,001 points).
const TABLE_HESSIAN: f64 = 1e-4;
/// THz, for the same reason; measured 4e-5.
const TABLE_FREQUENCY: f64 = 1e-4;

/// What is compared, and how closely.
struct Case<'a> {
    name: &'a str,
    potential: Box<dyn Potential>,
    species: &'a [&'a str],
    hessian: f64,
    frequency: f64,
}

fn compare(name: &str, potential: &str, species: &[&str]) {
    let potential = potentials::parse(potential).unwrap();
    compare_closely(&Case {
        name,
        potential,
        species,
        hessian: HESSIAN,
        frequency: FREQUENCY,
    });
}

fn compare_closely(case: &Case) {
    let (name, potential) = (case.name, &case.potential);
    let Some(arrays) = oracle(name) else { return };
    let mut structure = structure(&arrays, case.species);
    if arrays.get("dim")[0] < 3.0 {
        structure = structure.flattened().unwrap();
    }
    let neighbours = NeighbourList::new(&structure, potential.cutoff()).unwrap();
    let ours = potential.evaluate(&structure, &neighbours).unwrap();
    let energy = arrays.get("energy")[0];
    let forces = ours.forces.iter().flatten().zip(arrays.get("forces"));
    let worst_force = forces.fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
    let (worst_virial, virial) = farthest(&ours.virial, arrays.get("virial_xx_yy_zz_xy_xz_yz"));
    let hessian = potential.hessian(&structure, &neighbours).unwrap();
    let dense = hessian.to_dense(structure.dimensions());
    let row_by_row: Vec<f64> = (0..dense.nrows())
        .flat_map(|i| dense.row(i).iter().copied().collect::<Vec<_>>())
        .collect();
    let (worst_hessian, top) = farthest(&row_by_row, arrays.get("hessian"));
    let off = worst_frequency(&hessian, &structure, potential.reduced(), &arrays);
    println!(
        "{name}: energy {:.0e}, forces {worst_force:.0e}, virial {:.0e}, Hessian {:.0e} of its largest element, frequencies {off:.0e}",
        (ours.energy / energy - 1.0).abs(),
        worst_virial / virial,
        worst_hessian / top
    );
    assert!(
        (ours.energy / energy - 1.0).abs() < ENERGY,
        "{name}: {}",
        ours.energy
    );
    assert!(worst_force < FORCE, "{name}: forces off by {worst_force}");
    assert!(
        worst_virial < VIRIAL * virial,
        "{name}: virial {:?}",
        ours.virial
    );
    assert!(
        worst_hessian < case.hessian * top,
        "{name}: Hessian off by {worst_hessian} of {top}"
    );
    assert!(off < case.frequency, "{name}: frequencies off by {off} THz");
}

/// The largest difference, and the largest number.
fn farthest(ours: &[f64], theirs: &[f64]) -> (f64, f64) {
    assert_eq!(ours.len(), theirs.len());
    let off = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    let size = theirs.iter().map(|b| b.abs());
    (off.fold(0.0, f64::max), size.fold(0.0, f64::max))
}

/// In THz, or in reduced units. Translations are square roots of rounding errors and are left out.
fn worst_frequency(
    hessian: &Hessian,
    structure: &Structure,
    reduced: bool,
    arrays: &Arrays,
) -> f64 {
    let modes = Modes::of(hessian, structure, false).unwrap();
    let unit = if reduced {
        SQRT_EV_PER_A2_AMU_IN_THZ
    } else {
        1.0
    };
    let pairs = modes.frequencies_thz.iter().zip(arrays.get("eigenfreq"));
    let vibrations = pairs
        .map(|(a, b)| (a / unit, *b))
        .filter(|(a, b)| a.abs() > 0.01 || b.abs() > 0.01);
    vibrations.fold(0.0f64, |m, (a, b)| m.max((a - b).abs()))
}

#[test]
fn tersoff_carbon() {
    compare("tersoffC_graphene32_pert", "tersoff:c-1989", &["C"]);
    compare("tersoffC_graphene32_relaxed", "tersoff:c-1989", &["C"]);
    compare("tersoffC_amonolayer_relaxed", "tersoff:c-1989", &["C"]);
}

#[test]
fn tersoff_silicon_and_silicon_carbide() {
    compare("tersoffSi_64_pert", "tersoff:si-1988", &["Si"]);
    compare("tersoffSiC_64_pert", "tersoff:sic-1989", &["Si", "C"]);
}

/// One species, whatever it is called.
const SIMPLE: &str = "lj:epsilon=1,sigma=1,cutoff=2.5,units=reduced,shift=";

#[test]
fn lennard_jones_in_two_and_three_dimensions() {
    let (energy, force) = (format!("{SIMPLE}energy"), format!("{SIMPLE}force"));
    for name in ["lj2d_cut25_shift", "lj3d_cut25_shift"] {
        compare(&format!("{name}_pert"), &energy, &["X"]);
        compare(&format!("{name}_relaxed"), &energy, &["X"]);
    }
    compare("lj2d_smoothlinear_relaxed", &force, &["X"]);
}

/// An oracle of a table; its frequencies are as good as the second derivatives.
fn compare_tables(name: &str, file: &str, species: &[&str]) {
    let Some(path) = shared_potential(file) else {
        return;
    };
    compare_closely(&Case {
        name,
        potential: potentials::parse(&format!("eam:file={}", path.display())).unwrap(),
        species,
        hessian: TABLE_HESSIAN,
        frequency: TABLE_FREQUENCY,
    });
}

#[test]
fn embedded_atoms() {
    for name in ["eamCu_mishin_108_pert", "eamCu_mishin_108_relaxed"] {
        compare_tables(name, "Cu_mishin1.eam.alloy", &["Cu"]);
    }
    for name in ["eamZrCuAl_108_relaxed", "eamZrCuAl_glass256_relaxed"] {
        compare_tables(name, "ZrCuAl2011.eam.alloy", &["Zr", "Cu", "Al"]);
    }
}

#[test]
fn stillinger_weber_silicon() {
    compare("swSi_64_pert", "sw:si", &["Si"]);
    compare("swSi_64_relaxed", "sw:si", &["Si"]);
}

/// Relative: both tabulate the same formulas at the same points; the file has 17 digits.
const SAME_TABLES: f64 = 1e-11;

/// Zhou's formulas, tabulated by us, against tables that another program made of them.
#[test]
fn zhou_s_tables() {
    for (file, species) in [
        ("Cu_Zhou2004.eam.alloy", &["Cu"][..]),
        ("CuAlZr_Zhou2004.eam.alloy", &["Cu", "Al", "Zr"]),
        (
            "CoNiFeCuAlTi_Zhou2004.eam.alloy",
            &["Co", "Ni", "Fe", "Cu", "Al", "Ti"],
        ),
    ] {
        let Some(path) = shared_potential(file) else {
            return;
        };
        let names: Vec<String> = species.iter().map(|&s| s.to_owned()).collect();
        let read = potentials::parse(&format!("eam:file={}", path.display())).unwrap();
        let made = potentials::parse_for("eam:zhou-2004", &names).unwrap();
        assert!((read.cutoff() / made.cutoff() - 1.0).abs() < SAME_TABLES);
        let crystal = supercell(&face_centred_cubic(3.9, "Cu", 1.0).unwrap(), [3; 3]).unwrap();
        let shaken = crystal.positions.iter().enumerate().map(|(i, r)| {
            std::array::from_fn(|a| r[a] + 0.3 * (1.7 * i as f64 + 2.1 * a as f64).sin())
        });
        let alloy = Structure::new(
            crystal.cell,
            names.clone(),
            vec![1.0; names.len()],
            (0..crystal.positions.len())
                .map(|i| i % names.len())
                .collect(),
            shaken.collect(),
        )
        .unwrap();
        let list = NeighbourList::new(&alloy, read.cutoff()).unwrap();
        let (read, made) = (
            read.evaluate(&alloy, &list).unwrap(),
            made.evaluate(&alloy, &list).unwrap(),
        );
        let off = read.energy / made.energy - 1.0;
        assert!(off.abs() < SAME_TABLES, "{file}: energy {off:e}");
        let forces = read.forces.as_flattened().iter();
        let off = forces.zip(made.forces.as_flattened());
        let off = off.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < FORCE, "{file}: forces {off:e}");
    }
}
