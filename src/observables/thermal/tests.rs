use super::propagons::Propagons;
use super::*;
use crate::atoms::cell::Cell;
use crate::atoms::lattice::{diamond, supercell};
use crate::atoms::neighbours::NeighbourList;

/// Springs along and, weaker, across the bonds of a disordered diamond of 64 atoms.
fn glass() -> (Structure, Hessian, Modes) {
    let mut structure = supercell(&diamond(5.43, "Si", 28.085).unwrap(), [2; 3]).unwrap();
    for (i, position) in structure.positions.iter_mut().enumerate() {
        for (k, x) in position.iter_mut().enumerate() {
            *x += 0.15 * ((7 * i + 3 * k) as f64).sin();
        }
    }
    let list = NeighbourList::new(&structure, 2.9).unwrap();
    let pairs = (0..structure.len()).flat_map(|i| list.of(&structure, i).map(move |m| (i, m)));
    let blocks: Vec<_> = pairs
        .flat_map(|(i, m)| {
            let u = m.vector.map(|x| x / m.distance);
            let k = |sign: f64| -> [[f64; 3]; 3] {
                std::array::from_fn(|a| {
                    std::array::from_fn(|b| {
                        sign * (8.0 * u[a] * u[b] + if a == b { 1.0 } else { 0.0 })
                    })
                })
            };
            [(i, i, k(1.0)), (i, m.index as usize, k(-1.0))]
        })
        .collect();
    let hessian = Hessian::from_triplets(structure.len(), blocks);
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    (structure, hessian, modes)
}

const WIDTH: Broadening = Broadening {
    kernel: Kernel::Lorentzian,
    half_width: 1.0,
};

/// The definition, with a dense matrix V and nothing saved: rounding of 1e-10 of the largest diffusivity.
#[test]
fn diffusivities_are_those_of_the_definition() {
    let (structure, hessian, modes) = glass();
    let transport = Transport::new(&structure, &hessian, &modes, WIDTH, None).unwrap();
    let unit = (TAU * crate::units::SQRT_EV_PER_A2_AMU_IN_THZ).powi(2);
    let d = hessian.mass_weighted(&structure.atom_masses()).to_dense(3) * faer::Scale(unit);
    let e = modes.vectors.as_ref().unwrap();
    let n = d.nrows();
    let mut expected = vec![0.0; n];
    for axis in 0..3 {
        let v = Mat::from_fn(n, n, |i, j| {
            let (p, q) = (structure.positions[i / 3], structure.positions[j / 3]);
            structure.cell.nearest(std::array::from_fn(|k| p[k] - q[k]))[axis] * d[(i, j)]
        });
        let s = e.transpose() * &v * e;
        for m in 3..n {
            for k in 3..n {
                let (wm, wk) = (
                    TAU * modes.frequencies_thz[m],
                    TAU * modes.frequencies_thz[k],
                );
                let h = 1.0 / RAD_PER_PS_IN_MEV;
                let delta = h / PI / ((wm - wk).powi(2) + h * h);
                expected[m] += s[(m, k)].powi(2) * PI / 3.0 * delta / (4.0 * wm * wk) * 0.01;
            }
        }
    }
    let largest = expected.iter().copied().fold(0.0, f64::max);
    assert!(largest > 0.1, "{largest}");
    for s in 0..n - 3 {
        let off = (transport.mean_diffusivity(s) - expected[s + 3]).abs();
        assert!(off < 1e-10 * largest, "{s} {off}");
    }
}

#[test]
fn hot_modes_carry_boltzmann_each_and_cold_ones_nothing() {
    let (structure, hessian, modes) = glass();
    let transport = Transport::new(&structure, &hessian, &modes, WIDTH, None).unwrap();
    let sum: f64 = (0..transport.energies.len())
        .map(|s| transport.mean_diffusivity(s))
        .sum();
    let hot = BOLTZMANN_J_PER_K * sum * 1e-6 / (transport.volume() * 1e-30);
    // C/k_B = 1 − x²/12 with x < 70 meV/kT.
    assert!((transport.conductivity(1e5) / hot - 1.0).abs() < 1e-5);
    assert!((transport.conductivity_of_pairs(1e5) / hot - 1.0).abs() < 1e-5);
    assert!(transport.conductivity(0.0).abs() < f64::MIN_POSITIVE);
    let by_axis = transport.conductivity_by_axis(300.0);
    let mean = by_axis.iter().sum::<f64>() / 3.0;
    assert!((mean / transport.conductivity(300.0) - 1.0).abs() < 1e-12);
}

/// A half width is not a full width: δ(0) is 1/πh for a Lorentzian and √(ln 2/π)/h for a Gaussian; both have area 1.
#[test]
fn a_half_width_is_half_and_the_area_is_one() {
    for kernel in [Kernel::Lorentzian, Kernel::Gaussian] {
        let b = Broadening {
            kernel,
            half_width: 0.5,
        };
        let h = 0.5 / RAD_PER_PS_IN_MEV;
        assert!((b.at(h) / b.at(0.0) - 0.5).abs() < 1e-12);
        let (reach, steps) = (4000.0 * h, 800_000);
        let step = 2.0 * reach / f64::from(steps);
        let area: f64 = (0..steps)
            .map(|k| b.at((f64::from(k) + 0.5) * step - reach) * step)
            .sum();
        // A Lorentzian has 2h/π reach outside.
        assert!((area - 1.0).abs() < 2e-4, "{area}");
    }
    let (structure, hessian, modes) = glass();
    let kappa = |half_width: f64| {
        let width = Broadening {
            half_width,
            ..WIDTH
        };
        Transport::new(&structure, &hessian, &modes, width, None)
            .unwrap()
            .conductivity(300.0)
    };
    assert!(
        (kappa(0.2) / kappa(0.4) - 1.0).abs() > 1e-3,
        "the width must matter"
    );
}

#[test]
fn propagons_have_their_classical_limit() {
    let p = Propagons {
        velocity: 5000.0,
        cutoff: 3.0,
        diffusivity: 1.3,
    };
    let omega = 3.0 / RAD_PER_PS_IN_MEV * 1e12;
    let classical =
        3.0 * BOLTZMANN_J_PER_K * 1.3e-6 * omega.powi(3) / (2.0 * PI * PI * 5000.0f64.powi(3));
    assert!((p.conductivity(1e5) / classical - 1.0).abs() < 1e-6);
    assert!(p.conductivity(5.0) < 0.5 * classical);
    let (structure, hessian, modes) = glass();
    let transport = Transport::new(&structure, &hessian, &modes, WIDTH, None).unwrap();
    let joined = Propagons::joined_to(&transport, 5000.0).unwrap();
    assert!((joined.cutoff - transport.energies[0]).abs() < 1e-12);
    assert!(joined.conductivity(300.0) > 0.0 && joined.label().contains("propagons"));
}

#[test]
fn a_sheet_needs_a_thickness_and_levels_a_width() {
    let (mut structure, hessian, modes) = glass();
    let thin = Broadening {
        half_width: 1e-3,
        ..WIDTH
    };
    let transport = Transport::new(&structure, &hessian, &modes, thin, None).unwrap();
    assert!(transport.finding().is_some() && transport.label().contains("half width"));
    structure.cell = Cell::new(*structure.cell.vectors(), [true, true, false]).unwrap();
    let e = Transport::new(&structure, &hessian, &modes, WIDTH, None)
        .unwrap_err()
        .to_string();
    assert!(e.contains("thickness"), "{e}");
    let kappa = |t: f64| {
        Transport::new(&structure, &hessian, &modes, WIDTH, Some(t))
            .unwrap()
            .conductivity(300.0)
    };
    assert!((kappa(2.0) / kappa(4.0) - 2.0).abs() < 1e-12);
}
