//! What the two Tersoff sets of carbon say of graphene.

#![allow(clippy::print_stdout, reason = "a test tells its numbers")]

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::{self, Potential};
use glassbridge::vibrations::modes::Modes;

/// cm⁻¹ in 1 THz.
const PER_CM: f64 = 33.356_409_52;

/// Two atoms in a rhombus of edge `a` (Å), repeating in x and y.
fn sheet(a: f64) -> Structure {
    let half = 0.5 * a;
    let high = half * 3.0_f64.sqrt();
    let cell = Cell::new(
        [[a, 0.0, 0.0], [half, high, 0.0], [0.0, 0.0, 3.0]],
        [true, true, false],
    )
    .unwrap();
    let second = cell.cartesian([1.0 / 3.0, 1.0 / 3.0, 0.0]);
    let carbon = vec!["C".to_owned()];
    Structure::new(
        cell,
        carbon,
        vec![12.011],
        vec![0; 2],
        vec![[0.0; 3], second],
    )
    .unwrap()
}

fn list(potential: &dyn Potential, structure: &Structure) -> NeighbourList {
    NeighbourList::new(structure, potential.cutoff()).unwrap()
}

/// The lattice constant (Å) at which nothing pulls in the plane, the energy an atom (eV) and the frequency of E2g (cm⁻¹).
fn measure(name: &str) -> [f64; 3] {
    let potential = potentials::parse(name).unwrap();
    let evaluate = |a: f64| {
        let structure = sheet(a);
        potential
            .evaluate(&structure, &list(&*potential, &structure))
            .unwrap()
    };
    let (mut low, mut high) = (2.4, 2.65);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if evaluate(middle).virial[0] > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let structure = sheet(low);
    let hessian = potential
        .hessian(&structure, &list(&*potential, &structure))
        .unwrap();
    let modes = Modes::of(&hessian, &structure, false).unwrap();
    let [.., below, highest] = modes.frequencies_thz[..] else {
        panic!("six modes")
    };
    assert!(
        (below - highest).abs() < 1e-6,
        "E2g is twofold: {below} {highest}"
    );
    [low, evaluate(low).energy / 2.0, PER_CM * highest]
}

#[test]
fn lattice_constant_energy_and_optical_mode() {
    /// Å, eV and cm⁻¹: phonopy's displacements of 1e-3 Å shift the mode by 0.01 cm⁻¹; the rest is the digits given.
    const TOLERANCES: [f64; 3] = [1e-5, 1e-5, 0.05];
    // 1989: phonopy and LAMMPS (`../shared/oracles/phonons`). 2010: the paper's aim is 2.492 Å; its highest mode lies above the
    // measured 1580 cm⁻¹, since the fit was for the acoustic ones. Energy and mode are as first measured here, with a Hessian that
    // agrees with LAMMPS (`tests/lammps_fixtures.rs`).
    for (name, known) in [
        ("tersoff:c-1989", [2.529_678, -7.395_519, 2_473.56]),
        ("tersoff:c-2010", [2.492_049, -7.977_702, 1_688.88]),
    ] {
        let found = measure(name);
        println!("{name}: {found:?} (A, eV an atom, cm^-1)");
        for ((found, known), tolerance) in found.iter().zip(known).zip(TOLERANCES) {
            assert!((found - known).abs() < tolerance, "{name}: {found} {known}");
        }
    }
}
