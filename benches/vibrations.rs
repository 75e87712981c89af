//! Vibrations: moments of the kernel polynomial method, and dense modes. Peers: `benches/peers/kpm.py`, `benches/peers/eigvalsh.py`.
#![allow(missing_docs, reason = "criterion's macros")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use glassbridge::atoms::lattice::{face_centred_cubic, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::hessian::Hessian;
use glassbridge::vibrations::kpm::{Moments, Settings};
use glassbridge::vibrations::modes::Modes;
use std::hint::black_box;

/// A face-centred cubic crystal of `n`³ cubes with edge √2 and springs of stiffness 1 between atoms closer than `reach`:
/// 1.2 for 12 neighbours, 2.1 for 54.
fn springs(n: usize, reach: f64) -> (Structure, Hessian) {
    let unit = face_centred_cubic(2.0_f64.sqrt(), "Ar", 1.0).unwrap();
    let structure = supercell(&unit, [n; 3]).unwrap();
    let list = NeighbourList::new(&structure, reach).unwrap();
    let pairs = (0..structure.len()).flat_map(|i| list.of(&structure, i).map(move |m| (i, m)));
    let blocks = pairs.flat_map(|(i, m)| {
        let k = |sign: f64| {
            std::array::from_fn(|a| {
                std::array::from_fn(|b| sign * m.vector[a] * m.vector[b] / m.distance.powi(2))
            })
        };
        [(i, i, k(1.0)), (i, m.index as usize, k(-1.0))]
    });
    let hessian = Hessian::from_triplets(structure.len(), blocks);
    (structure, hessian)
}

fn moments(c: &mut Criterion) {
    let mut group = c.benchmark_group("kpm 32000 atoms, 512 moments x 8 vectors, one thread");
    group.sample_size(10);
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    for (neighbours, reach) in [(12, 1.2), (54, 2.1)] {
        let (structure, hessian) = springs(20, reach);
        group.bench_function(BenchmarkId::new("neighbours", neighbours), |b| {
            b.iter_batched(
                || hessian.clone(),
                |h| one.install(|| Moments::of(h, &structure, Settings::default()).unwrap()),
                criterion::BatchSize::LargeInput,
            );
        });
    }
}

fn modes(c: &mut Criterion) {
    faer::set_global_parallelism(faer::Par::Seq);
    let mut group = c.benchmark_group("modes of 864 atoms (2592), values only, one thread");
    group.sample_size(10);
    let (structure, hessian) = springs(6, 2.1);
    group.bench_function("faer", |b| {
        b.iter(|| Modes::of(black_box(&hessian), &structure, false).unwrap());
    });
}

criterion_group!(benches, moments, modes);
criterion_main!(benches);
