//! The Tersoff potential against its own differences, its symmetries, and LAMMPS (`fixtures/lammps`).

use faer::Mat;
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::lattice::{beta_cristobalite, diamond, supercell, zincblende};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::io::npz::Bundle;
use glassbridge::potentials::{self, Evaluation, Potential};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Step of the differences, Å: the rounding of 1e2 eV (1e-14 eV) over it and its square times a fifth derivative are
/// both below 1e-9.
const STEP: f64 = 1e-4;
/// Relative to the largest value, or absolute below 1: five-point differences with [`STEP`] err by 1e-9 to 1e-8,
/// more where the cosine of the window is steep.
const DIFFERENCE: f64 = 1e-6;
/// Relative: the same sums of hundreds of terms in another order.
const ROUNDING: f64 = 1e-11;
/// Relative: LAMMPS' `SiC_1989.tersoff` has A = 1597.31114 eV for (Si, C, C) and 1597.311 eV for (C, Si, Si), 9e-8 apart,
/// and the parity of the atom numbers chooses, as in LAMMPS; the repulsion is a few times the energy.
const SIC_PARITY: f64 = 1e-6;

/// The potentials with small cells around their equilibrium, every atom displaced; all are narrower than twice the cutoff.
fn cells() -> Vec<(&'static str, Structure)> {
    let cells = vec![
        ("tersoff:c-1989", diamond(3.57, "C", 12.011).unwrap()),
        (
            "tersoff:sic-1989",
            zincblende(4.32, ["Si", "C"], [28.085, 12.011]).unwrap(),
        ),
        ("tersoff:si-1988", diamond(5.43, "Si", 28.085).unwrap()),
        ("tersoff:sio2-2007", primitive_cristobalite()),
    ];
    cells
        .into_iter()
        .map(|(name, cell)| (name, displaced(cell, 0.1, 7)))
        .collect()
}

/// The same, squeezed until second neighbours are in the window.
fn squeezed() -> Vec<(&'static str, Structure)> {
    let silicon = diamond(5.43, "Si", 28.085).unwrap().scaled(0.80).unwrap();
    let silica = beta_cristobalite(7.16, [28.085, 15.999])
        .unwrap()
        .scaled(0.88)
        .unwrap();
    let carbide = zincblende(4.32, ["Si", "C"], [28.085, 12.011]).unwrap();
    vec![
        (
            "tersoff:c-1989",
            displaced(
                diamond(3.57, "C", 12.011).unwrap().scaled(0.80).unwrap(),
                0.05,
                3,
            ),
        ),
        (
            "tersoff:sic-1989",
            displaced(carbide.scaled(0.95).unwrap(), 0.05, 3),
        ),
        ("tersoff:si-1988", displaced(silicon, 0.05, 3)),
        ("tersoff:sio2-2007", displaced(silica, 0.05, 3)),
    ]
}

/// The 6 atoms of the primitive cell of β-cristobalite, whose faces are 4.1 Å apart.
fn primitive_cristobalite() -> Structure {
    const HALF: f64 = 3.58;
    const EIGHTH: f64 = 0.895;
    let cell = Cell::new(
        [[0.0, HALF, HALF], [HALF, 0.0, HALF], [HALF, HALF, 0.0]],
        [true; 3],
    )
    .unwrap();
    let eighths: [[f64; 3]; 6] = [
        [0.0; 3],
        [2.0; 3],
        [1.0; 3],
        [1.0, 3.0, 3.0],
        [3.0, 1.0, 3.0],
        [3.0, 3.0, 1.0],
    ];
    let positions = eighths.map(|r| r.map(|x| x * EIGHTH)).to_vec();
    let species = vec!["Si".to_owned(), "O".to_owned()];
    Structure::new(
        cell,
        species,
        vec![28.085, 15.999],
        vec![0, 0, 1, 1, 1, 1],
        positions,
    )
    .unwrap()
}

fn displaced(mut structure: Structure, amplitude: f64, seed: u64) -> Structure {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    for x in structure.positions.as_flattened_mut() {
        *x += random.random_range(-amplitude..amplitude);
    }
    structure
}

fn neighbours(potential: &dyn Potential, structure: &Structure) -> NeighbourList {
    NeighbourList::new(structure, potential.cutoff()).unwrap()
}

fn evaluate(potential: &dyn Potential, structure: &Structure) -> Evaluation {
    potential
        .evaluate(structure, &neighbours(potential, structure))
        .unwrap()
}

/// f'(0) by five points.
fn slope(f: impl Fn(f64) -> f64, step: f64) -> f64 {
    (f(-2.0 * step) - 8.0 * f(-step) + 8.0 * f(step) - f(2.0 * step)) / (12.0 * step)
}

fn moved(structure: &Structure, coordinate: usize, by: f64) -> Structure {
    let mut moved = structure.clone();
    moved.positions.as_flattened_mut()[coordinate] += by;
    moved
}

/// Cell and atoms deformed by the symmetric strain of component `ab`.
fn strained(structure: &Structure, [a, b]: [usize; 2], by: f64) -> Structure {
    let deform = |v: [f64; 3]| {
        let mut out = v;
        out[a] += 0.5 * by * v[b];
        out[b] += 0.5 * by * v[a];
        out
    };
    Structure {
        cell: Cell::new(
            structure.cell.vectors().map(deform),
            structure.cell.periodic(),
        )
        .unwrap(),
        positions: structure.positions.iter().map(|&r| deform(r)).collect(),
        ..structure.clone()
    }
}

fn assert_close(what: &str, a: f64, b: f64, scale: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * scale.max(1.0),
        "{what}: {a} against {b}"
    );
}

fn forces_and_virial_are_derivatives(name: &str, structure: &Structure) {
    let potential = potentials::parse(name).unwrap();
    let here = evaluate(&*potential, structure);
    for (k, force) in here.forces.as_flattened().iter().enumerate() {
        let energy = |by| evaluate(&*potential, &moved(structure, k, by)).energy;
        assert_close(
            &format!("{name}: force {k}"),
            *force,
            -slope(energy, STEP),
            here.max_force(),
            DIFFERENCE,
        );
    }
    let largest = here.virial.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    let components = [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]];
    for (component, virial) in components.into_iter().zip(here.virial) {
        let energy = |by| evaluate(&*potential, &strained(structure, component, by)).energy;
        let what = format!("{name}: virial {component:?}");
        assert_close(&what, virial, -slope(energy, STEP), largest, DIFFERENCE);
    }
}

fn hessian_is_the_derivative_of_forces(name: &str, structure: &Structure) {
    let potential = potentials::parse(name).unwrap();
    let analytic = potential
        .hessian(structure, &neighbours(&*potential, structure))
        .unwrap()
        .to_dense(3);
    let size = analytic.nrows();
    let forces = |k: usize, by: f64| evaluate(&*potential, &moved(structure, k, by)).forces;
    for k in 0..size {
        let at = [-2.0, -1.0, 1.0, 2.0].map(|n| forces(k, n * STEP));
        for l in 0..size {
            let f = |n: usize| at[n].as_flattened()[l];
            let difference = -(f(0) - 8.0 * f(1) + 8.0 * f(2) - f(3)) / (12.0 * STEP);
            let what = format!("{name}: Hessian {k} {l}");
            assert_close(
                &what,
                analytic[(k, l)],
                difference,
                analytic.norm_max(),
                DIFFERENCE,
            );
        }
    }
}

#[test]
fn derivatives_of_displaced_crystals() {
    for (name, structure) in cells() {
        let cutoff = potentials::parse(name).unwrap().cutoff();
        let heights = structure.cell.heights();
        assert!(
            heights.iter().all(|&h| h < 2.0 * cutoff),
            "{name}: {heights:?}"
        );
        forces_and_virial_are_derivatives(name, &structure);
        hessian_is_the_derivative_of_forces(name, &structure);
    }
}

#[test]
fn derivatives_with_pairs_in_the_window() {
    for (name, structure) in squeezed() {
        let potential = potentials::parse(name).unwrap();
        let pairs = potential.window_pairs(&structure, &neighbours(&*potential, &structure));
        assert!(!pairs.is_empty(), "{name} has no pair in the window");
        forces_and_virial_are_derivatives(name, &structure);
        hessian_is_the_derivative_of_forces(name, &structure);
    }
}

#[test]
fn moving_and_turning_everything_costs_nothing() {
    let (sin, cos) = 0.7_f64.sin_cos();
    let turn = |[x, y, z]: [f64; 3]| {
        let [x, y] = [cos * x - sin * y, sin * x + cos * y];
        [x, cos * y - sin * z, sin * y + cos * z]
    };
    for (name, structure) in cells() {
        let potential = potentials::parse(name).unwrap();
        let here = evaluate(&*potential, &structure);
        let turned = Structure {
            cell: Cell::new(
                structure.cell.vectors().map(turn),
                structure.cell.periodic(),
            )
            .unwrap(),
            positions: structure.positions.iter().map(|&r| turn(r)).collect(),
            ..structure.clone()
        };
        let there = evaluate(&*potential, &turned);
        assert_close(name, there.energy, here.energy, here.energy.abs(), ROUNDING);
        for (i, &force) in here.forces.iter().enumerate() {
            for (a, b) in turn(force).into_iter().zip(there.forces[i]) {
                assert_close(
                    &format!("{name}: force {i}"),
                    b,
                    a,
                    here.max_force(),
                    ROUNDING,
                );
            }
        }
        let mut shifted = structure.clone();
        for r in &mut shifted.positions {
            *r = [r[0] + 1.3, r[1] - 9.7, r[2] + 4.1];
        }
        let there = evaluate(&*potential, &shifted);
        assert_close(name, there.energy, here.energy, here.energy.abs(), ROUNDING);
        for axis in 0..3 {
            let total: f64 = here.forces.iter().map(|f| f[axis]).sum();
            assert_close(
                &format!("{name}: sum of forces"),
                total,
                0.0,
                here.max_force(),
                ROUNDING,
            );
        }
    }
}

#[test]
fn the_order_of_the_atoms_does_not_matter() {
    for (name, structure) in cells() {
        let tolerance = order_tolerance(name);
        let potential = potentials::parse(name).unwrap();
        let here = evaluate(&*potential, &structure);
        // Atoms turned round and every third moved to the end: parities change too.
        let mut order: Vec<usize> = (0..structure.len()).rev().collect();
        order.sort_by_key(|i| i % 3 == 0);
        let permuted = Structure {
            species_of: order.iter().map(|&i| structure.species_of[i]).collect(),
            positions: order.iter().map(|&i| structure.positions[i]).collect(),
            ..structure.clone()
        };
        let there = evaluate(&*potential, &permuted);
        assert_close(
            name,
            there.energy,
            here.energy,
            here.energy.abs(),
            tolerance,
        );
        for (new, &old) in order.iter().enumerate() {
            for (a, b) in here.forces[old].into_iter().zip(there.forces[new]) {
                assert_close(
                    &format!("{name}: force {old}"),
                    b,
                    a,
                    here.max_force(),
                    tolerance,
                );
            }
        }
    }
}

#[test]
fn twice_the_cell_is_twice_the_energy() {
    for (name, structure) in cells() {
        let potential = potentials::parse(name).unwrap();
        let here = evaluate(&*potential, &structure);
        for repeats in [[2, 1, 1], [1, 1, 2]] {
            let there = evaluate(&*potential, &supercell(&structure, repeats).unwrap());
            assert_close(
                name,
                there.energy,
                2.0 * here.energy,
                here.energy.abs(),
                order_tolerance(name),
            );
        }
    }
}

/// How much the numbering of the atoms may change.
fn order_tolerance(name: &str) -> f64 {
    if name == "tersoff:sic-1989" {
        SIC_PARITY
    } else {
        ROUNDING
    }
}

/// Silica against LAMMPS; see `fixtures/lammps/README.md`.
fn agrees_with_lammps(bytes: &[u8]) {
    /// Relative: the same formula, summed in another order.
    const ENERGY: f64 = 1e-9;
    /// eV/Å: the parameters are the same decimal numbers, only the sums differ.
    const FORCE: f64 = 1e-8;
    /// Relative to the largest: LAMMPS' factor from bar has 8 digits.
    const VIRIAL: f64 = 1e-7;
    /// Relative to the largest element: the reference is a five-point difference.
    const HESSIAN: f64 = 1e-6;
    let mut arrays = Bundle::from_bytes(bytes).unwrap();
    let mut take = |name: &str| arrays.take(name).unwrap();
    let structure = silica(&take("edges"), &take("species"), &take("positions"));
    let potential = potentials::parse("tersoff:sio2-2007").unwrap();
    let ours = evaluate(&*potential, &structure);
    let energy = take("energy")[(0, 0)];
    assert_close("energy", ours.energy, energy, energy.abs(), ENERGY);
    let forces = take("forces");
    for (i, force) in ours.forces.iter().enumerate() {
        for (a, f) in force.iter().enumerate() {
            assert_close(&format!("force {i}"), *f, forces[(i, a)], 1.0, FORCE);
        }
    }
    let virial = take("virial");
    for (a, w) in ours.virial.iter().enumerate() {
        assert_close("virial", *w, virial[(0, a)], virial.norm_max(), VIRIAL);
    }
    let hessian = potential
        .hessian(&structure, &neighbours(&*potential, &structure))
        .unwrap()
        .to_dense(3);
    let reference = take("hessian");
    let off = (&hessian - &reference).norm_max() / reference.norm_max();
    assert!(off < HESSIAN, "{off}");
}

fn silica(edges: &Mat<f64>, species: &Mat<f64>, positions: &Mat<f64>) -> Structure {
    let species_of = (0..species.ncols())
        .map(|i| species[(0, i)] as usize)
        .collect();
    let row = |i: usize| std::array::from_fn(|a| positions[(i, a)]);
    Structure::new(
        Cell::orthorhombic(std::array::from_fn(|a| edges[(0, a)])).unwrap(),
        vec!["Si".to_owned(), "O".to_owned()],
        vec![28.085, 15.999],
        species_of,
        (0..positions.nrows()).map(row).collect(),
    )
    .unwrap()
}

#[test]
fn silica_is_that_of_lammps() {
    agrees_with_lammps(include_bytes!("../fixtures/lammps/sio2_24.npz"));
    agrees_with_lammps(include_bytes!("../fixtures/lammps/sio2_48.npz"));
}
