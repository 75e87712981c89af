//! What may not change any potential: where the origin is, how the axes point, which atom is called the first, how much of the
//! crystal is called the cell.

#[path = "support/cells.rs"]
mod cells;

use cells::{Case, assert_close, cases, evaluate, mapped, neighbours};
use glassbridge::atoms::lattice::supercell;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::Evaluation;

/// Relative: the same sums of hundreds of terms in another order.
const ROUNDING: f64 = 1e-11;
/// Relative: LAMMPS' `SiC_1989.tersoff` has A = 1597.31114 eV for (Si, C, C) and 1597.311 eV for (C, Si, Si), 9e-8 apart,
/// and the parity of the atom numbers chooses, as in LAMMPS; the repulsion is a few times the energy.
const SIC_PARITY: f64 = 1e-6;

/// How much the numbering of the atoms may change.
fn order_tolerance(name: &str) -> f64 {
    if name == "tersoff:sic-1989" {
        SIC_PARITY
    } else {
        ROUNDING
    }
}

/// Energies and forces are alike, force `i` of `there` being that of `origin(i)`.
fn assert_same(
    name: &str,
    here: &Evaluation,
    there: &Evaluation,
    copies: f64,
    origin: impl Fn(usize) -> usize,
    tolerance: f64,
) {
    let energy = copies * here.energy;
    assert_close(name, there.energy, energy, energy.abs(), tolerance);
    for (i, force) in there.forces.iter().enumerate() {
        for (a, b) in here.forces[origin(i)].into_iter().zip(force) {
            let what = format!("{name}: force {i}");
            assert_close(&what, *b, a, here.max_force(), tolerance);
        }
    }
}

#[test]
fn turning_everything_turns_the_forces() {
    let (sin, cos) = 0.7_f64.sin_cos();
    let turn = |[x, y, z]: [f64; 3]| {
        let [x, y] = [cos * x - sin * y, sin * x + cos * y];
        [x, cos * y - sin * z, sin * y + cos * z]
    };
    for Case {
        name,
        potential,
        structure,
    } in cases()
    {
        let mut here = evaluate(&*potential, &structure);
        let there = evaluate(&*potential, &mapped(&structure, turn));
        here.forces = here.forces.into_iter().map(turn).collect();
        assert_same(name, &here, &there, 1.0, |i| i, ROUNDING);
    }
}

#[test]
fn moving_everything_costs_nothing() {
    for Case {
        name,
        potential,
        structure,
    } in cases()
    {
        let here = evaluate(&*potential, &structure);
        let mut shifted = structure.clone();
        for r in &mut shifted.positions {
            *r = [r[0] + 1.3, r[1] - 9.7, r[2] + 4.1];
        }
        let there = evaluate(&*potential, &shifted);
        assert_same(name, &here, &there, 1.0, |i| i, ROUNDING);
        for axis in 0..3 {
            let total: f64 = here.forces.iter().map(|f| f[axis]).sum();
            let what = format!("{name}: sum of forces");
            assert_close(&what, total, 0.0, here.max_force(), ROUNDING);
        }
    }
}

#[test]
fn the_order_of_the_atoms_does_not_matter() {
    for Case {
        name,
        potential,
        structure,
    } in cases()
    {
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
        assert_same(
            name,
            &here,
            &there,
            1.0,
            |i| order[i],
            order_tolerance(name),
        );
    }
}

#[test]
fn twice_the_cell_is_twice_the_energy() {
    for Case {
        name,
        potential,
        structure,
    } in cases()
    {
        let here = evaluate(&*potential, &structure);
        for repeats in [[2, 1, 1], [1, 1, 2]] {
            let there = evaluate(&*potential, &supercell(&structure, repeats).unwrap());
            let origin = |i| i % structure.len();
            assert_same(name, &here, &there, 2.0, origin, order_tolerance(name));
        }
    }
}

#[test]
fn the_hessian_is_symmetric_and_moving_everything_bends_nothing() {
    for Case {
        name,
        potential,
        structure,
    } in cases()
    {
        let list = neighbours(&*potential, &structure);
        let dense = potential.hessian(&structure, &list).unwrap().to_dense(3);
        let (size, scale) = (dense.nrows(), dense.norm_max());
        for k in 0..size {
            for l in 0..k {
                let what = format!("{name}: {k} {l}");
                assert_close(&what, dense[(k, l)], dense[(l, k)], scale, ROUNDING);
            }
            for axis in 0..3 {
                let row: f64 = (axis..size).step_by(3).map(|l| dense[(k, l)]).sum();
                assert_close(&format!("{name}: row {k}"), row, 0.0, scale, ROUNDING);
            }
        }
    }
}
