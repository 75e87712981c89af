use super::large::map_of_large;
use super::*;
use crate::atoms::cell::Cell;
use crate::atoms::neighbours::NeighbourList;
use crate::observables::reciprocal::{shell, vectors};
use crate::observables::thermal_width::Statistics::Quantum;
use crate::potentials::Potential;
use crate::potentials::hessian::{Block, Hessian};
use crate::potentials::toy::{Toy, crystal};
use crate::units::BOLTZMANN_MEV_PER_K;
use crate::vibrations::kpm::Prepared;
use std::f64::consts::TAU;

const ROOM: Thermal = Thermal {
    kelvin: 300.0,
    statistics: Quantum,
};

/// A chain of `cells` pairs of atoms (masses 2 and 5 amu, springs k to both sides) along x, at distances of 1 Å.
fn chain(cells: usize, k: f64) -> (Structure, Modes) {
    let atoms = 2 * cells;
    let structure = Structure::new(
        Cell::orthorhombic([atoms as f64, 30.0, 30.0]).unwrap(),
        vec!["A".into(), "B".into()],
        vec![2.0, 5.0],
        (0..atoms).map(|i| i % 2).collect(),
        (0..atoms).map(|i| [i as f64, 0.0, 0.0]).collect(),
    )
    .unwrap();
    let x = |value: f64| -> Block { [[value, 0.0, 0.0], [0.0; 3], [0.0; 3]] };
    let springs = (0..atoms).flat_map(|i| {
        let j = (i + 1) % atoms;
        [(i, i, x(k)), (j, j, x(k)), (i, j, x(-k)), (j, i, x(-k))]
    });
    let hessian = Hessian::from_triplets(atoms, springs);
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    (structure, modes)
}

/// Of N cells only the two modes of wave number Q scatter at Q, ω² = k(1/m + 1/M) ± k √((1/m + 1/M)² - 4 sin²(Qa/2)/mM) with a the
/// length of a cell, and their share of the recoil follows from the 2 x 2 problem.
#[test]
fn a_diatomic_chain_scatters_at_the_energies_of_its_two_branches() {
    let (cells, k) = (8, 1.3);
    let (structure, modes) = chain(cells, k);
    let scattering = Coherent::new(&modes, &structure, Probe::Alike, ROOM)
        .unwrap()
        .rigid();
    for h in [1, 3, 9] {
        let q = TAU * f64::from(h) / (2 * cells) as f64;
        let lines = scattering.lines(&[[q, 0.0, 0.0]]);
        let sum = 1.0 / 2.0 + 1.0 / 5.0;
        let root = (sum * sum - 4.0 * q.sin().powi(2) / 10.0).sqrt();
        let energies =
            [sum - root, sum + root].map(|x| (k * x).sqrt() * 15.633_304_239_856_19 * THZ_IN_MEV);
        let (mut seen, mut moment) = ([0.0; 2], 0.0);
        for (s, e) in scattering.energies().iter().enumerate() {
            let line = lines[(s, 0)];
            moment += e * line;
            match energies.iter().position(|x| (x / e - 1.0).abs() < 1e-9) {
                Some(branch) => seen[branch] += line,
                None => assert!(line < 1e-12, "{h}: {line} at {e}"),
            }
        }
        // Σ_s E_s S_s = ħ²Q²/2 Σ 1/M / N: a sum over all modes, whatever the springs.
        let recoil = HBAR_SQUARED_MEV_AMU_A2 * q * q / 2.0 * 0.5 * sum;
        assert!((moment / recoil - 1.0).abs() < 1e-9, "{moment} {recoil}");
        assert!(seen.iter().all(|s| *s > 1e-6 * (seen[0] + seen[1])));
    }
}

/// A distorted crystal of two kinds of atoms at rest.
fn solid() -> (Structure, Modes) {
    let (toy, structure) = (Toy { cutoff: 2.3 }, crystal(1.5, 2));
    let list = NeighbourList::new(&structure, toy.cutoff).unwrap();
    let hessian = toy.hessian(&structure, &list).unwrap();
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    (structure, modes)
}

#[test]
fn the_map_is_the_mean_of_the_lines_of_each_shell() {
    let (structure, modes) = solid();
    let scattering = Coherent::new(&modes, &structure, Probe::Alike, ROOM).unwrap();
    let top = scattering.energies().last().copied().unwrap();
    let grid = Grid::new(-1.2 * top, 1.2 * top, 600).unwrap();
    let widths = Widths {
        broadening: 0.0,
        resolution: LineShape::Gaussian { sigma: 0.01 * top },
    };
    let shells = [3.0, 5.0].map(|q| shell(&structure.cell, q, 0.6, 7).unwrap());
    let map = scattering.map(&shells, &grid, &widths).unwrap();
    for (shell, spectrum) in shells.iter().zip(&map) {
        let lines = scattering.lines(&shell.vectors);
        let count = shell.vectors.len() as f64;
        let (mut loss, mut gain) = (0.0, 0.0);
        for (s, e) in scattering.energies().iter().enumerate() {
            let (made, destroyed) = Quantum.factors(*e, ROOM.kelvin);
            let area = (0..shell.vectors.len()).map(|k| lines[(s, k)]).sum::<f64>() / count;
            loss += area * made;
            gain += area * destroyed;
        }
        let area: f64 = spectrum.iter().sum::<f64>() * grid.step();
        assert!((area / (loss + gain) - 1.0).abs() < 1e-9);
        let e = scattering.energies()[0];
        let (made, destroyed) = Quantum.factors(e, 300.0);
        let balance = (-e / (BOLTZMANN_MEV_PER_K * 300.0)).exp();
        assert!((destroyed / made / balance - 1.0).abs() < 1e-12);
    }
}

/// Far out the phases of different atoms cancel: what is left is every atom by itself, the incoherent approximation.
#[test]
fn at_large_wavevectors_it_is_the_incoherent_sum() {
    let (mut structure, modes) = solid();
    // Where the atoms are plays no part in the modes, but without order no wavevector is special.
    for (i, p) in structure.positions.iter_mut().enumerate() {
        *p = std::array::from_fn(|a| p[a] + 2.0 * ((7 * i + 3 * a) as f64).sin());
    }
    let cold = Thermal {
        kelvin: 0.0,
        statistics: Quantum,
    };
    let coherent = Coherent::new(&modes, &structure, Probe::Alike, cold)
        .unwrap()
        .rigid();
    let all = vectors(&structure.cell, 29.0, 30.0).unwrap();
    let some: Vec<_> = all.iter().step_by(all.len() / 2000 + 1).copied().collect();
    let lines = coherent.lines(&some);
    let mean_square = |s: usize| -> f64 {
        let of = |(k, q): (usize, &[f64; 3])| lines[(s, k)] / dot(*q, *q);
        some.iter().enumerate().map(of).sum::<f64>() / some.len() as f64
    };
    let (mut worst, mut mean) = (0.0_f64, 0.0);
    let count = coherent.energies().len();
    for s in 0..count {
        let alone: f64 = (coherent.vectors.col(s).iter().enumerate())
            .map(|(row, e)| e * e / structure.mass(row / 3))
            .sum();
        let atoms = structure.len() as f64;
        let expected =
            HBAR_SQUARED_MEV_AMU_A2 / (2.0 * coherent.energies()[s]) * alone / (3.0 * atoms);
        let ratio = mean_square(s) / expected;
        worst = worst.max((ratio - 1.0).abs());
        mean += ratio / count as f64;
    }
    // 2,000 wavevectors of exponentially distributed |F|²: 2 % each, and four times that at most.
    assert!(worst < 0.12 && (mean - 1.0).abs() < 0.02, "{worst} {mean}");
}

#[test]
fn reduced_species_scatter_neither_neutrons_nor_x_rays() {
    let (structure, modes) = solid();
    for probe in [Probe::Neutrons, Probe::XRays] {
        assert!(Coherent::new(&modes, &structure, probe, ROOM).is_err());
    }
}

/// The recursion with start vectors |Q> against the modes: the sum over all of them is exact, its halves but for the kernel.
#[test]
fn large_structures_scatter_as_their_modes_do() {
    const KERNEL: f64 = 0.02;
    let (structure, modes) = solid();
    let toy = Toy { cutoff: 2.3 };
    let list = NeighbourList::new(&structure, toy.cutoff).unwrap();
    let prepared = Prepared::of(toy.hessian(&structure, &list).unwrap(), &structure).unwrap();
    let dense = Coherent::new(&modes, &structure, Probe::Alike, ROOM).unwrap();
    let shells = [3.0, 6.0, 8.0].map(|q| shell(&structure.cell, q, 1.0, 5).unwrap());
    let displacements = Displacements::new(&modes, &structure, ROOM).unwrap();
    let large = map_of_large(
        &prepared,
        &structure,
        Probe::Alike,
        ROOM,
        &displacements,
        &shells,
        512,
    )
    .unwrap();
    for (k, shell) in shells.iter().enumerate() {
        let lines = dense.lines(&shell.vectors);
        let count = shell.vectors.len() as f64;
        // E S: what |F|² is, without the 1/E that a kernel blurs.
        let exact = |low: f64, high: f64| -> f64 {
            let inside = |s: &usize| (low..high).contains(&dense.energies()[*s]);
            let of = |s: usize| {
                let sum: f64 = (0..shell.vectors.len()).map(|q| lines[(s, q)]).sum();
                dense.energies()[s] * sum / count
            };
            (0..dense.energies().len()).filter(inside).map(of).sum()
        };
        let seen = |low: f64, high: f64| large.recoil(k, low, high);
        let top = 1.1 * large.moments.highest();
        let whole = exact(0.0, top);
        assert!((seen(0.0, top) / whole - 1.0).abs() < 1e-9);
        // Between two groups of modes of the crystal, where no line is near.
        let middle = gap(dense.energies());
        let off = (seen(0.0, middle) - exact(0.0, middle)).abs();
        assert!(off < KERNEL * whole, "{k}: {off} of {whole}");
    }
}

/// The middle of the widest gap between modes in the inner half of the spectrum.
fn gap(energies: &[f64]) -> f64 {
    let quarter = energies.len() / 4;
    let pairs = energies[quarter..3 * quarter].windows(2);
    let widest = pairs.max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
    widest.map_or(0.0, |w| 0.5 * (w[0] + w[1]))
}
