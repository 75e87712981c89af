//! Potentials against LAMMPS: energy, forces, virial, Hessian and frequencies of `../shared/oracles/lammps`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

mod support;

use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::potentials;
use glassbridge::vibrations::modes::Modes;
use support::{oracle, structure};

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

fn compare(name: &str, potential: &str, species: &[&str]) {
    let Some(arrays) = oracle(name) else { return };
    let structure = structure(&arrays, species);
    let potential = potentials::parse(potential).unwrap();
    let neighbours = NeighbourList::new(&structure, potential.cutoff()).unwrap();
    let ours = potential.evaluate(&structure, &neighbours).unwrap();
    let energy = arrays.get("energy")[0];
    assert!(
        (ours.energy / energy - 1.0).abs() < ENERGY,
        "{name}: {} against {energy}",
        ours.energy
    );
    for (i, (a, b)) in ours
        .forces
        .iter()
        .flatten()
        .zip(arrays.get("forces"))
        .enumerate()
    {
        assert!((a - b).abs() < FORCE, "{name}: force {i}: {a} against {b}");
    }
    let virial = arrays.get("virial_xx_yy_zz_xy_xz_yz");
    let largest = virial.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    for (a, b) in ours.virial.iter().zip(virial) {
        assert!(
            (a - b).abs() < VIRIAL * largest,
            "{name}: virial {a} against {b}"
        );
    }
    let hessian = potential.hessian(&structure, &neighbours).unwrap();
    let dense = hessian.to_dense(3);
    let (theirs, n) = (arrays.get("hessian"), dense.nrows());
    let (mut worst, mut top) = (0.0f64, 0.0f64);
    for i in 0..n {
        for j in 0..n {
            worst = worst.max((dense[(i, j)] - theirs[i * n + j]).abs());
            top = top.max(theirs[i * n + j].abs());
        }
    }
    assert!(
        worst < HESSIAN * top,
        "{name}: Hessian off by {worst} of {top}"
    );
    let modes = Modes::of(&hessian, &structure, false).unwrap();
    let mut off = 0.0f64;
    for (a, b) in modes.frequencies_thz.iter().zip(arrays.get("eigenfreq")) {
        // Translations are square roots of rounding errors.
        if a.abs() > 0.01 || b.abs() > 0.01 {
            off = off.max((a - b).abs());
        }
    }
    println!(
        "{name}: Hessian {:.1e} of its largest element, frequencies {off:.1e} THz",
        worst / top
    );
    assert!(off < FREQUENCY, "{name}: frequencies off by {off} THz");
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
