//! Vibrations: moments of the kernel polynomial method, and dense modes. Peers: `benches/peers/kpm.py`, `benches/peers/eigvalsh.py`.
#![allow(missing_docs, reason = "criterion's macros")]

mod clock;

use clock::on_processor;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glassbridge::atoms::lattice::{diamond, face_centred_cubic, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::observables::bonds::{Bonds, Cutoffs};
use glassbridge::observables::raman::activities;
use glassbridge::observables::raman::bond::Model;
use glassbridge::observables::thermal::{Broadening, Kernel, Transport};
use glassbridge::potentials::hessian::Hessian;
use glassbridge::vibrations::kpm::{Moments, Settings};
use glassbridge::vibrations::modes::Modes;

/// Springs of stiffness 1 between atoms closer than `reach`.
fn springs(structure: &Structure, reach: f64) -> Hessian {
    let list = NeighbourList::new(structure, reach).unwrap();
    let pairs = (0..structure.len()).flat_map(|i| list.of(structure, i).map(move |m| (i, m)));
    let blocks = pairs.flat_map(|(i, m)| {
        let k = |sign: f64| {
            std::array::from_fn(|a| {
                std::array::from_fn(|b| sign * m.vector[a] * m.vector[b] / m.distance.powi(2))
            })
        };
        [(i, i, k(1.0)), (i, m.index as usize, k(-1.0))]
    });
    Hessian::from_triplets(structure.len(), blocks)
}

fn moments(c: &mut Criterion) {
    let mut group = c.benchmark_group("kpm 32000 atoms, 512 moments x 8 vectors, one thread");
    group.sample_size(10);
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let unit = face_centred_cubic(2.0_f64.sqrt(), "Ar", 1.0).unwrap();
    let mut structure = supercell(&unit, [20; 3]).unwrap();
    // Off their places, as in a glass: no block has a zero.
    for (i, position) in structure.positions.iter_mut().enumerate() {
        for (k, x) in position.iter_mut().enumerate() {
            *x += 0.02 * ((7 * i + 3 * k) as f64).sin();
        }
    }
    for (neighbours, reach) in [(12, 1.2), (54, 2.1)] {
        let hessian = springs(&structure, reach);
        group.bench_function(BenchmarkId::new("neighbours", neighbours), |b| {
            let settings = Settings::default();
            let work = || drop(Moments::of(hessian.clone(), &structure, settings));
            b.iter_custom(|n| one.install(|| on_processor(n, work)));
        });
    }
}

fn modes(c: &mut Criterion) {
    faer::set_global_parallelism(faer::Par::Seq);
    let mut group = c.benchmark_group("modes of 1000 atoms (3000), one thread");
    group.sample_size(10);
    let unit = diamond(1.0, "C", 1.0).unwrap();
    let structure = supercell(&unit, [5; 3]).unwrap();
    let hessian = springs(&structure, 0.8);
    for (what, vectors) in [("values only", false), ("with vectors", true)] {
        group.bench_function(what, |b| {
            let work = || drop(Modes::of(&hessian, &structure, vectors));
            b.iter_custom(|n| on_processor(n, work));
        });
    }
}

/// Silicon off its places, with springs to first and second neighbours and the modes they make.
fn glass(cells: usize) -> (Structure, Hessian, Modes) {
    let unit = diamond(5.43, "Si", 28.085).unwrap();
    let mut structure = supercell(&unit, [cells; 3]).unwrap();
    for (i, position) in structure.positions.iter_mut().enumerate() {
        for (k, x) in position.iter_mut().enumerate() {
            *x += 0.1 * ((7 * i + 3 * k) as f64).sin();
        }
    }
    let hessian = springs(&structure, 4.2);
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    (structure, hessian, modes)
}

/// The product of the eigenvectors with the heat current is all the work: beside it a plain product of that size.
fn heat(c: &mut Criterion) {
    faer::set_global_parallelism(faer::Par::Seq);
    let mut group = c.benchmark_group("Allen-Feldman after the modes, one thread");
    group.sample_size(10);
    let width = Broadening {
        kernel: Kernel::Lorentzian,
        half_width: 1.0,
    };
    for cells in [3, 5] {
        let (structure, hessian, modes) = glass(cells);
        group.bench_function(BenchmarkId::new("atoms", structure.len()), |b| {
            let work = || drop(Transport::new(&structure, &hessian, &modes, width, None));
            b.iter_custom(|n| on_processor(n, work));
        });
    }
    let (_, _, modes) = glass(5);
    let e = modes.vectors.unwrap();
    group.bench_function("a dense product of 3000 x 3000", |b| {
        b.iter_custom(|n| on_processor(n, || drop(e.transpose() * &e)));
    });
}

fn light(c: &mut Criterion) {
    faer::set_global_parallelism(faer::Par::Seq);
    let mut group = c.benchmark_group("Raman after the modes, one thread");
    for cells in [3, 5] {
        let (structure, _, modes) = glass(cells);
        let cutoffs = Cutoffs::given(&structure, &[("Si", "Si", 2.9)]).unwrap();
        let bonds = Bonds::new(&structure, &cutoffs).unwrap();
        group.bench_function(BenchmarkId::new("atoms", structure.len()), |b| {
            let work = || drop(activities(&structure, &bonds, &modes, Model::default()));
            b.iter_custom(|n| on_processor(n, work));
        });
    }
}

criterion_group!(benches, moments, modes, heat, light);
criterion_main!(benches);
