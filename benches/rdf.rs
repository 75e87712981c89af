//! Time of all partial g(r) of 100,000 atoms to 10 Å in 500 bins, and of 10,000, on one thread and on all.
//!
//! `cargo bench --no-default-features --bench rdf`; other programs on the same numbers: `python3 benches/peers/rdf.py`.

#![allow(missing_docs, reason = "criterion's macro writes a function")]

use criterion::{Criterion, criterion_group, criterion_main};
use glassbridge::atoms::{cell::Cell, structure::Structure};
use glassbridge::grid::Grid;
use glassbridge::observables::rdf::partial_rdf;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Atoms per Å³: between silica (0.066) and silicon carbide (0.096). `benches/peers/rdf.py` has the same.
const DENSITY: f64 = 0.08;

/// Atoms of two species at random: the pairs within reach are as many as in a glass of this density.
fn gas(atoms: usize) -> Structure {
    let edge = (atoms as f64 / DENSITY).cbrt();
    let mut random = ChaCha12Rng::seed_from_u64(1);
    let mut place = || std::array::from_fn(|_| edge * random.random::<f64>());
    let positions = (0..atoms).map(|_| place()).collect();
    let species_of = (0..atoms).map(|i| i % 2).collect();
    let species = vec!["Si".to_owned(), "C".to_owned()];
    let cell = Cell::orthorhombic([edge; 3]).expect("a cube");
    Structure::new(cell, species, vec![28.085, 12.011], species_of, positions).expect("a gas")
}

fn rdf(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rdf");
    group.sample_size(10);
    let grid = Grid::new(0.0, 10.0, 500).expect("a grid");
    for atoms in [10_000, 100_000] {
        let gas = gas(atoms);
        for (name, threads) in [("one thread", 1), ("all", 0)] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads");
            group.bench_function(format!("{atoms} atoms, {name}"), |bench| {
                pool.install(|| bench.iter(|| partial_rdf(&gas, &grid, None)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, rdf);
criterion_main!(benches);
