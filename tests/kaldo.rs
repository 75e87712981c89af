//! Allen-Feldman diffusivities and conductivities against kALDo (`../shared/oracles/kaldo`, see the README there).

mod support;

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::structure::Structure;
use glassbridge::observables::thermal::{Broadening, Kernel, RAD_PER_PS_IN_MEV, Transport};
use glassbridge::potentials::hessian::Hessian;
use glassbridge::vibrations::modes::Modes;

/// kALDo works in single precision in places: its own numbers are reproduced by plain numpy to 6e-6 mm²/s.
const DIFFUSIVITY: f64 = 1e-5;
/// And to 1e-6 in the conductivity.
const CONDUCTIVITY: f64 = 2e-5;

fn amorphous_silicon(oracle: &support::Arrays) -> (Structure, Hessian) {
    let triples =
        |v: &[f64]| -> Vec<[f64; 3]> { v.chunks(3).map(|c| [c[0], c[1], c[2]]).collect() };
    let (cell, positions) = (
        triples(oracle.get("cell")),
        triples(oracle.get("positions")),
    );
    let (n, h) = (positions.len(), oracle.get("second_order_eV_A2"));
    let cell = Cell::new([cell[0], cell[1], cell[2]], [true; 3]).unwrap();
    let mass = oracle.get("masses")[0];
    let structure =
        Structure::new(cell, vec!["Si".into()], vec![mass], vec![0; n], positions).unwrap();
    let block = |i: usize, j: usize| -> [[f64; 3]; 3] {
        std::array::from_fn(|a| {
            std::array::from_fn(|b| {
                let at = |r: usize, c: usize| h[r * 3 * n + c];
                0.5 * (at(3 * i + a, 3 * j + b) + at(3 * j + b, 3 * i + a))
            })
        })
    };
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let hessian = Hessian::from_triplets(n, pairs.map(|(i, j)| (i, j, block(i, j))));
    (structure, hessian)
}

#[test]
fn diffusivities_and_conductivities_are_those_of_kaldo() {
    let Some(oracle) = support::oracle_of("kaldo", "kaldo_aSi216_AF") else {
        return;
    };
    let (structure, hessian) = amorphous_silicon(&oracle);
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    // Its bandwidth of 0.025 rad/ps makes a Lorentzian of full width 4 x 0.025.
    let broadening = Broadening {
        kernel: Kernel::Lorentzian,
        half_width: 2.0 * 0.025 * RAD_PER_PS_IN_MEV,
    };
    let transport = Transport::new(&structure, &hessian, &modes, broadening, None).unwrap();
    let expected = &oracle.get("diffusivity")[3..];
    assert_eq!(transport.energies.len(), expected.len());
    let off = (0..expected.len()).map(|s| (transport.mean_diffusivity(s) - expected[s]).abs());
    let worst = off.fold(0.0, f64::max);
    println!("largest difference of a diffusivity: {worst:.2e} mm²/s");
    assert!(worst < DIFFUSIVITY, "{worst}");
    for (temperature, kappa, of_modes) in
        [(50.0, 0.097_717, 0.097_716), (300.0, 0.524_849, 0.524_801)]
    {
        let (pairs, modes) = (
            transport.conductivity_of_pairs(temperature),
            transport.conductivity(temperature),
        );
        println!(
            "{temperature} K: {pairs:.6} by pairs, {modes:.6} by modes, {:?}",
            transport.conductivity_by_axis(temperature)
        );
        assert!((pairs - kappa).abs() < CONDUCTIVITY, "{pairs}");
        assert!((modes - of_modes).abs() < CONDUCTIVITY, "{modes}");
    }
    assert!(
        transport.finding().is_some(),
        "0.05 rad/ps is less than the levels' distance"
    );
}
