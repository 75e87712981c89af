//! Forces, virial and Hessian of all potentials against differences of energies and forces.

#[path = "support/cells.rs"]
mod cells;

use cells::{Case, assert_close, cases, evaluate, mapped, neighbours, squeezed};
use glassbridge::atoms::structure::Structure;

/// Step of the differences, Å: the rounding of 1e2 eV (1e-14 eV) over it and its square times a fifth derivative are
/// both below 1e-9.
const STEP: f64 = 1e-4;
/// Relative to the largest value, or absolute below 1: five-point differences with [`STEP`] err by 1e-9 to 1e-8,
/// more where the cosine of the window is steep.
const DIFFERENCE: f64 = 1e-6;
/// The same for potentials from tables, whose second derivatives have steps.
const TABLE: f64 = 1e-4;

fn tolerance(name: &str) -> f64 {
    if name.starts_with("eam:") {
        TABLE
    } else {
        DIFFERENCE
    }
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
    mapped(structure, |v| {
        let mut out = v;
        out[a] += 0.5 * by * v[b];
        out[b] += 0.5 * by * v[a];
        out
    })
}

fn forces_and_virial_are_derivatives(case: &Case) {
    let Case {
        name,
        potential,
        structure,
    } = case;
    let here = evaluate(&**potential, structure);
    for (k, force) in here.forces.as_flattened().iter().enumerate() {
        let energy = |by| evaluate(&**potential, &moved(structure, k, by)).energy;
        assert_close(
            &format!("{name}: force {k}"),
            *force,
            -slope(energy, STEP),
            here.max_force(),
            tolerance(name),
        );
    }
    let largest = here.virial.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    let components = [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]];
    for (component, virial) in components.into_iter().zip(here.virial) {
        let energy = |by| evaluate(&**potential, &strained(structure, component, by)).energy;
        let what = format!("{name}: virial {component:?}");
        let difference = -slope(energy, STEP);
        assert_close(&what, virial, difference, largest, tolerance(name));
    }
}

fn hessian_is_the_derivative_of_forces(case: &Case) {
    let Case {
        name,
        potential,
        structure,
    } = case;
    let analytic = potential
        .hessian(structure, &neighbours(&**potential, structure))
        .unwrap()
        .to_dense(3);
    let size = analytic.nrows();
    let forces = |k: usize, by: f64| evaluate(&**potential, &moved(structure, k, by)).forces;
    for k in 0..size {
        let at = [-2.0, -1.0, 1.0, 2.0].map(|n| forces(k, n * STEP));
        for l in 0..size {
            let f = |n: usize| at[n].as_flattened()[l];
            let difference = -(f(0) - 8.0 * f(1) + 8.0 * f(2) - f(3)) / (12.0 * STEP);
            let what = format!("{name}: Hessian {k} {l}");
            let scale = analytic.norm_max();
            assert_close(&what, analytic[(k, l)], difference, scale, tolerance(name));
        }
    }
}

#[test]
fn derivatives_of_displaced_crystals() {
    for case in cases() {
        let (heights, cutoff) = (case.structure.cell.heights(), case.potential.cutoff());
        let narrow = heights.iter().all(|&h| h < 2.0 * cutoff);
        assert!(narrow, "{}: {heights:?}", case.name);
        forces_and_virial_are_derivatives(&case);
        hessian_is_the_derivative_of_forces(&case);
    }
}

#[test]
fn derivatives_with_pairs_in_the_window() {
    for case in squeezed() {
        let list = neighbours(&*case.potential, &case.structure);
        let pairs = case.potential.window_pairs(&case.structure, &list);
        assert!(!pairs.is_empty(), "{} has no pair in the window", case.name);
        forces_and_virial_are_derivatives(&case);
        hessian_is_the_derivative_of_forces(&case);
    }
}
