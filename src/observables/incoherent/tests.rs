use super::*;
use crate::atoms::cell::Cell;
use crate::curve::{Curve, Quantity};
use crate::instrument::one_phonon::density_of_states;
use crate::observables::thermal_width::Statistics::Quantum;
use crate::units::BOLTZMANN_MEV_PER_K;
use faer::Mat;

const MASS: f64 = 12.0;
const ENERGY: f64 = 20.0;
const NARROW: LineShape = LineShape::Gaussian { sigma: 0.3 };

/// One atom on three equal springs, σ = 4π barn: strength 1 barn/sr.
fn einstein(kelvin: f64) -> Incoherent {
    let structure = Structure::new(
        Cell::orthorhombic([3.0; 3]).unwrap(),
        vec!["A".into()],
        vec![MASS],
        vec![0],
        vec![[0.0; 3]],
    );
    let modes = Modes {
        frequencies_thz: vec![ENERGY / THZ_IN_MEV; 3],
        vectors: Some(Mat::identity(3, 3)),
    };
    let thermal = Thermal {
        kelvin,
        statistics: Quantum,
    };
    Incoherent::of_modes(&modes, &structure.unwrap(), thermal, &[4.0 * PI]).unwrap()
}

fn area(grid: &Grid, curve: &[f64], low: f64, high: f64) -> f64 {
    let inside = (0..grid.len()).filter(|&i| (low..high).contains(&grid.centre(i)));
    inside.map(|i| curve[i]).sum::<f64>() * grid.step()
}

/// `I_n(z)` by its series.
fn bessel(n: i32, z: f64) -> f64 {
    let factorial = |k: i32| (1..=k).map(f64::from).product::<f64>();
    let term = |k: i32| (0.5 * z).powi(2 * k + n) / (factorial(k) * factorial(k + n));
    (0..40).map(term).sum()
}

/// `exp(-2W) exp(nE₀/2kT) I_n(z)`, 2W = x coth(E₀/2kT), z = x / sinh(E₀/2kT), x = ħ²Q²/2ME₀ (Squires, section 3.6).
#[test]
fn the_einstein_solid_has_the_peaks_of_its_bessel_functions() {
    let (kelvin, q) = (200.0, 6.0);
    let grid = Grid::new(-130.0, 130.0, 1300).unwrap();
    let curve = einstein(kelvin)
        .spectrum(&Locus::FixedQ(q), &grid, 12, &NARROW)
        .unwrap();
    let x = HBAR_SQUARED_MEV_AMU_A2 * q * q / (2.0 * MASS * ENERGY);
    let half = ENERGY / (2.0 * BOLTZMANN_MEV_PER_K * kelvin);
    for n in -4_i32..=6 {
        let middle = f64::from(n) * ENERGY;
        let mut expected =
            (-x / half.tanh() + f64::from(n) * half).exp() * bessel(n.abs(), x / half.sinh());
        if n == 0 {
            // The zero-phonon line is not inelastic; phonons made and destroyed come back to it.
            expected -= (-x / half.tanh()).exp();
        }
        let seen = area(&grid, &curve, middle - 5.0, middle + 5.0);
        assert!(
            (seen / expected - 1.0).abs() < 1e-6,
            "{n}: {seen} {expected}"
        );
    }
}

#[test]
fn the_first_moment_is_the_recoil_at_any_temperature() {
    let grid = Grid::new(-240.0, 400.0, 1280).unwrap();
    for (kelvin, q) in [(0.0, 3.0), (100.0, 5.0), (300.0, 7.0)] {
        let curve = einstein(kelvin)
            .spectrum(&Locus::FixedQ(q), &grid, MOST_ORDERS, &NARROW)
            .unwrap();
        let moment: f64 = (0..grid.len())
            .map(|i| grid.centre(i) * curve[i] * grid.step())
            .sum();
        let recoil = HBAR_SQUARED_MEV_AMU_A2 * q * q / (2.0 * MASS);
        assert!((moment / recoil - 1.0).abs() < 1e-6, "{moment} {recoil}");
    }
}

#[test]
fn gain_and_loss_are_in_detailed_balance() {
    let solid = einstein(150.0);
    let grid = Grid::new(-70.0, 70.0, 700).unwrap();
    let curve = solid
        .spectrum(&Locus::FixedQ(4.0), &grid, 8, &NARROW)
        .unwrap();
    for n in [1.0, 2.0, 3.0] {
        let at = |sign: f64| {
            let middle = sign * n * ENERGY;
            area(&grid, &curve, middle - 3.0, middle + 3.0)
        };
        let expected = (-n * ENERGY / (BOLTZMANN_MEV_PER_K * 150.0)).exp();
        assert!((at(-1.0) / at(1.0) / expected - 1.0).abs() < 1e-6, "{n}");
    }
    let (made, destroyed) = solid.lines(4.0)[0][0];
    let expected = (-ENERGY / (BOLTZMANN_MEV_PER_K * 150.0)).exp();
    assert!((destroyed / made / expected - 1.0).abs() < 1e-12);
}

#[test]
fn along_a_locus_each_energy_has_its_own_wavevector() {
    let locus = Locus::Indirect {
        last: 3.5,
        banks: [45.0, 135.0],
    };
    let solid = einstein(10.0);
    let grid = Grid::new(0.0, 60.0, 600).unwrap();
    let curve = solid.spectrum(&locus, &grid, 1, &NARROW).unwrap();
    let expected: f64 = (locus.squares(ENERGY).iter())
        .map(|(q2, w)| w * solid.lines(*q2)[0].iter().map(|l| l.0).sum::<f64>())
        .sum();
    let seen = area(&grid, &curve, 15.0, 25.0);
    // The line sits between teeth whose Q differs a little.
    assert!((seen / expected - 1.0).abs() < 1e-4, "{seen} {expected}");
    // A neutron of 15 meV cannot make a phonon of 20.
    let slow = Locus::Direct {
        incident: 15.0,
        angles: [5.0, 130.0],
    };
    let curve = solid.spectrum(&slow, &grid, 1, &NARROW).unwrap();
    assert!(area(&grid, &curve, 0.0, 60.0) < 1e-9);
}

/// A density of states seen along a locus and taken back is itself; with the wrong temperature it is not.
#[test]
fn the_density_of_states_comes_back_from_its_spectrum() {
    let grid = Grid::new(0.0, 60.0, 300).unwrap();
    let centres = grid.centres();
    let hump = |e: f64| e * e * (-((e - 25.0) / 12.0).powi(2)).exp();
    let area: f64 = centres.iter().map(|e| hump(*e)).sum::<f64>() * grid.step();
    let density: Vec<f64> = centres.iter().map(|e| hump(*e) / area).collect();
    let vdos = Vdos {
        grid,
        total: density.clone(),
        partial: vec![density.clone()],
        lost: 0.0,
        imaginary: 0,
    };
    let structure = Structure::new(
        Cell::orthorhombic([3.0; 3]).unwrap(),
        vec!["A".into()],
        vec![MASS],
        vec![0],
        vec![[0.0; 3]],
    )
    .unwrap();
    let thermal = Thermal {
        kelvin: 150.0,
        statistics: Quantum,
    };
    let solid = Incoherent::of_density(&vdos, &structure, thermal, &[1.0]).unwrap();
    let locus = Locus::Direct {
        incident: 90.0,
        angles: [10.0, 120.0],
    };
    let shape = LineShape::Gaussian { sigma: 0.05 };
    let seen = solid.spectrum(&locus, &grid, 1, &shape).unwrap();
    let curve = Curve::new(centres, seen, None, Quantity::Ins).unwrap();
    let back = |kelvin: f64| {
        let u2 = solid.mean_squares()[0];
        let found = density_of_states(&curve, &locus, kelvin, u2).unwrap();
        let off = found.y().iter().zip(&density).map(|(a, b)| (a - b).abs());
        off.fold(0.0, f64::max) / density.iter().copied().fold(0.0, f64::max)
    };
    // Bins and teeth are 0.2 and 0.05 meV, the hump is 12 wide.
    assert!(back(150.0) < 2e-3, "{}", back(150.0));
    assert!(back(300.0) > 0.02);
}

#[test]
fn what_cannot_be_is_refused() {
    let grid = Grid::new(0.0, 60.0, 60).unwrap();
    let solid = einstein(10.0);
    for orders in [0, MOST_ORDERS + 1] {
        assert!(
            solid
                .spectrum(&Locus::FixedQ(2.0), &grid, orders, &NARROW)
                .is_err()
        );
    }
    assert!(
        solid
            .spectrum(&Locus::FixedQ(-2.0), &grid, 1, &NARROW)
            .is_err()
    );
}
