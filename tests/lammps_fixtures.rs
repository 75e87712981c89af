//! Potentials against LAMMPS at small perturbed crystals; see `fixtures/lammps/README.md`.

#![allow(clippy::print_stderr, reason = "a test says that it was skipped")]

use faer::Mat;
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::io::npz::Bundle;
use glassbridge::potentials;
use std::path::Path;

/// Relative: the same formula, summed in another order.
const ENERGY: f64 = 1e-9;
/// eV/Å: the parameters are the same decimal numbers, only the sums differ.
const FORCE: f64 = 1e-8;
/// Relative to the largest: LAMMPS' factor from bar has 8 digits.
const VIRIAL: f64 = 1e-7;
/// Relative to the largest element: the reference is a five-point difference.
const HESSIAN: f64 = 1e-6;
/// The same for tables, whose second derivatives jump at their points.
const HESSIAN_OF_TABLES: f64 = 1e-3;

#[test]
fn potentials_are_those_of_lammps() {
    const MADE_UP: &str = concat!(
        "sw:file=",
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/lammps/made_up.sw"
    );
    const TABLES: &str = concat!(
        "eam:file=",
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/lammps/made_up.eam.fs"
    );
    // Its file comes with LAMMPS and is not kept here.
    const SIC: &str = concat!(
        "vashishta:file=",
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/potentials/SiC.vashishta"
    );
    for (name, potential, species) in [
        ("sio2_24", "tersoff:sio2-2007", &["Si", "O"][..]),
        ("sio2_48", "tersoff:sio2-2007", &["Si", "O"]),
        ("c2010_32", "tersoff:c-2010", &["C"]),
        ("sic2005_32", "tersoff:sic-2005", &["Si", "C"]),
        ("vashishta_sio2_24", "vashishta:sio2-1990", &["Si", "O"]),
        ("vashishta_sic_32", SIC, &["Si", "C"]),
        ("sw_made_up_32", MADE_UP, &["A", "B"]),
        ("fs_made_up_32", TABLES, &["A", "B"]),
    ] {
        if let Some((_, file)) = potential.split_once("file=")
            && !Path::new(file).exists()
        {
            eprintln!("skipped: {file} is not here");
            continue;
        }
        compare(name, potential, species);
    }
}

fn compare(name: &str, potential: &str, species: &[&str]) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/lammps");
    let bytes = std::fs::read(format!("{folder}/{name}.npz")).unwrap();
    let mut arrays = Bundle::from_bytes(&bytes).unwrap();
    let mut take = |array: &str| arrays.take(array).unwrap();
    let structure = structure(
        &take("edges"),
        &take("species"),
        &take("positions"),
        species,
    );
    let potential = potentials::parse(potential).unwrap();
    let list = NeighbourList::new(&structure, potential.cutoff()).unwrap();
    let ours = potential.evaluate(&structure, &list).unwrap();
    let energy = take("energy")[(0, 0)];
    let off = ours.energy / energy - 1.0;
    assert!(off.abs() < ENERGY, "{name}: energy {off:e}");
    let forces = Mat::from_fn(structure.len(), 3, |i, a| ours.forces[i][a]);
    let off = (forces - take("forces")).norm_max();
    assert!(off < FORCE, "{name}: forces {off:e}");
    let virial = take("virial");
    let off = Mat::from_fn(1, 6, |_, k| ours.virial[k]) - &virial;
    let off = off.norm_max() / virial.norm_max();
    assert!(off < VIRIAL, "{name}: virial {off:e}");
    let hessian = potential.hessian(&structure, &list).unwrap().to_dense(3);
    let reference = take("hessian");
    let off = (&hessian - &reference).norm_max() / reference.norm_max();
    let tolerance = if name.starts_with("fs") {
        HESSIAN_OF_TABLES
    } else {
        HESSIAN
    };
    assert!(off < tolerance, "{name}: Hessian {off:e}");
}

fn structure(
    edges: &Mat<f64>,
    species: &Mat<f64>,
    positions: &Mat<f64>,
    names: &[&str],
) -> Structure {
    let of = |i: usize| species[(0, i)] as usize;
    let row = |i: usize| std::array::from_fn(|a| positions[(i, a)]);
    Structure::new(
        Cell::orthorhombic(std::array::from_fn(|a| edges[(0, a)])).unwrap(),
        names.iter().map(|&name| name.to_owned()).collect(),
        vec![1.0; names.len()],
        (0..positions.nrows()).map(of).collect(),
        (0..positions.nrows()).map(row).collect(),
    )
    .unwrap()
}
