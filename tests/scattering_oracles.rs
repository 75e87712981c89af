//! Inelastic scattering of a Zr-Cu-Al glass against Euphonic 2.1.1, abinslib 0.3.0 and numpy
//! (`../shared/oracles/scripts/make_scatter.py`).

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use faer::{Mat, Side};
use glassbridge::atoms::structure::Structure;
use glassbridge::grid::Grid;
use glassbridge::instrument::Window;
use glassbridge::observables::coherent::{Coherent, Probe};
use glassbridge::observables::displacements::Displacements;
use glassbridge::observables::incoherent::{Incoherent, Thermal};
use glassbridge::observables::structure_factor::partial_structure_factor;
use glassbridge::observables::thermal_width::Statistics::Quantum;
use glassbridge::vibrations::modes::Modes;
use std::f64::consts::PI;
use support::{Arrays, oracle, oracle_of, structure};

/// The same formula in double precision, constants of CODATA 2018 on both sides.
const EUPHONIC: f64 = 1e-8;
/// ν in THz of an eigenvalue of 1 eV/Å²/amu as the oracle has it; ours, 15.633304, follows from CODATA 2018.
const ORACLE_THZ: f64 = 15.633_302_300_230_191;
/// abinslib's curves are stored in single precision.
const SINGLE: f64 = 2e-5;
/// Simpson's rule and the quadrature of scipy.
const QUADRATURE: f64 = 1e-7;

/// The glass with its modes, or nothing if the oracles are not here.
fn glass() -> Option<(Structure, Modes, Arrays)> {
    let lammps = oracle("eamZrCuAl_glass256_relaxed")?;
    let expected = oracle_of("scattering", "scattering_ZrCuAl256")?;
    let glass = structure(&lammps, &["Zr", "Cu", "Al"]);
    let hessian = lammps.get("hessian");
    let size = 3 * glass.len();
    let masses = glass.atom_masses();
    let dynamical = Mat::from_fn(size, size, |i, j| {
        hessian[i * size + j] / (masses[i / 3] * masses[j / 3]).sqrt()
    });
    let eigen = dynamical.self_adjoint_eigen(Side::Lower).unwrap();
    let thz = |x: &f64| x.signum() * x.abs().sqrt() * ORACLE_THZ;
    let modes = Modes {
        frequencies_thz: eigen.S().column_vector().iter().map(thz).collect(),
        vectors: Some(eigen.U().to_owned()),
    };
    Some((glass, modes, expected))
}

const ROOM: Thermal = Thermal {
    kelvin: 300.0,
    statistics: Quantum,
};

fn triples(values: &[f64]) -> Vec<[f64; 3]> {
    values.chunks(3).map(|c| [c[0], c[1], c[2]]).collect()
}

#[test]
fn debye_waller_tensors_are_euphonics() {
    let Some((glass, modes, expected)) = glass() else {
        return;
    };
    let found = Displacements::new(&modes, &glass, ROOM).unwrap();
    let largest = expected
        .get("debye_waller_W_A2_T300")
        .iter()
        .fold(0.0_f64, |m, x| m.max(x.abs()));
    // Euphonic's tensor is that of W itself, half of the mean square displacement.
    for (k, want) in expected.get("debye_waller_W_A2_T300").iter().enumerate() {
        let (i, a, b) = (k / 9, k % 9 / 3, k % 3);
        let off = (0.5 * found.block(i)[a][b] - want).abs();
        assert!(off < EUPHONIC * largest, "{i} {a} {b}: {off}");
    }
}

#[test]
fn coherent_structure_factors_are_euphonics() {
    let Some((glass, modes, expected)) = glass() else {
        return;
    };
    let qs = triples(expected.get("sf_Q_invA"));
    let all = modes.frequencies_thz.len();
    for (name, rigid) in [("sf_mbarn_T300", false), ("sf_mbarn_noDW", true)] {
        let scattering = Coherent::new(&modes, &glass, Probe::Neutrons, ROOM).unwrap();
        let scattering = if rigid {
            scattering.rigid()
        } else {
            scattering
        };
        // barn to mbarn.
        let lines = scattering.lines(&qs) * faer::Scale(1e3);
        let want = expected.get(name);
        let first = all - scattering.energies().len();
        let (mut worst, mut off_sum) = (0.0_f64, 0.0_f64);
        for k in 0..qs.len() {
            let row = &want[k * all + first..(k + 1) * all];
            let largest = row.iter().copied().fold(0.0, f64::max);
            let (mut sum, mut sum_wanted) = (0.0, 0.0);
            for (s, w) in row.iter().enumerate() {
                worst = worst.max((lines[(s, k)] - w).abs() / largest);
                sum += lines[(s, k)];
                sum_wanted += w;
            }
            off_sum = off_sum.max((sum / sum_wanted - 1.0).abs());
        }
        eprintln!("{name}: worst mode {worst:.1e} of the largest, worst sum {off_sum:.1e}");
        assert!(
            worst < EUPHONIC && off_sum < EUPHONIC,
            "{name}: {worst} {off_sum}"
        );
    }
}

/// abinslib bins sharp lines (edges every 0.5 meV): so does this.
#[test]
fn incoherent_scattering_is_abinslibs() {
    let Some((glass, modes, expected)) = glass() else {
        return;
    };
    let edges = expected.get("pdos_bins_meV");
    let step = edges[1] - edges[0];
    // Per atom, no cross section: σ = 4π.
    let sigma = [4.0 * PI; 3];
    for kelvin in [20.0, 300.0] {
        let thermal = Thermal {
            kelvin,
            statistics: Quantum,
        };
        let scattering = Incoherent::of_atoms(&modes, &glass, thermal, &sigma).unwrap();
        let first = modes.frequencies_thz.len() - scattering.energies().len();
        let u2 = scattering.mean_squares();
        for q_squared in [4.0, 25.0] {
            let name = format!("ab_S_sumspecies_T{kelvin}_q2_{q_squared}");
            let want = expected.get(&name);
            let bins = edges.len() - 1;
            let mut found = vec![vec![0.0; bins]; 3];
            for (i, lines) in scattering.lines(q_squared).iter().enumerate() {
                // Every atom counts as one, not as 1/N; the translations are no part of an atom's motion there.
                let part = kept_share(&modes, i, first) * glass.len() as f64;
                // The same in the Debye-Waller factor.
                let damping = (q_squared * u2[i] * (1.0 - kept_share(&modes, i, first))).exp();
                for (line, energy) in lines.iter().zip(scattering.energies()) {
                    let bin = ((energy - edges[0]) / step) as usize;
                    // abinslib leaves out modes below 10 cm^-1.
                    if bin < bins && *energy > 10.0 / 8.065_543_94 {
                        found[glass.species_of[i]][bin] += part * damping * line.0 / step;
                    }
                }
            }
            let largest = want.iter().copied().fold(0.0, f64::max);
            for (a, row) in found.iter().enumerate() {
                for (bin, value) in row.iter().enumerate() {
                    let off = (value - want[a * bins + bin]).abs();
                    assert!(
                        off < SINGLE * largest,
                        "{name} species {a} bin {bin}: {value} {}",
                        want[a * bins + bin]
                    );
                }
            }
        }
    }
}

/// The part of an atom's motion that is in the modes kept; the rest are translations.
fn kept_share(modes: &Modes, atom: usize, first: usize) -> f64 {
    let vectors = modes.vectors.as_ref().unwrap();
    let rows = 3 * atom..3 * atom + 3;
    let square = |s: usize| rows.clone().map(|r| vectors[(r, s)].powi(2)).sum::<f64>();
    (first..vectors.ncols()).map(square).sum::<f64>() / 3.0
}

#[test]
fn the_static_structure_factor_is_the_sum_over_pairs_of_numpy() {
    let Some((glass, _, expected)) = glass() else {
        return;
    };
    let q = expected.get("SQ_Q");
    let grid = Grid::from_centres(q).unwrap();
    let r_max = expected.get("rc")[0];
    let found = partial_structure_factor(&glass, &grid, r_max, Window::Lorch, None).unwrap();
    let total = found.total(&glass, Probe::Alike).unwrap();
    for (k, want) in expected.get("SQ").iter().enumerate() {
        let off = (total[k] - want).abs();
        assert!(off < QUADRATURE, "Q = {}: {} {want}", q[k], total[k]);
    }
}
