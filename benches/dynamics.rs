//! Time of one minimisation of 1000 atoms of `ZrCuAl` from chance, and of one step of Langevin dynamics, one thread.
//!
//! `cargo bench --no-default-features --bench dynamics`; LAMMPS on the same atoms: `python3 benches/peers/minimise.py`. The table
//! comes from `../shared/potentials`; without it only silicon moves.

#![allow(clippy::print_stderr, reason = "a bench says what it skips")]
#![allow(missing_docs, reason = "criterion's macro writes a function")]

mod clock;

use clock::on_processor;
use criterion::{Criterion, criterion_group, criterion_main};
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::lattice::{diamond, supercell};
use glassbridge::atoms::structure::Structure;
use glassbridge::dynamics::minimise::{AT_REST, MOST_STEPS, minimise};
use glassbridge::dynamics::run::{Ensemble, Run};
use glassbridge::potentials;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::hint::black_box;

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/potentials/ZrCuAl2011.eam.alloy"
);
/// Starts that are minimised before the bench, to tell how many come to rest.
const STARTS: u64 = 10;

/// Uniform numbers below 1 that the peers' script makes too: D. E. Knuth's linear congruence modulo 2⁶⁴.
struct Congruence(u64);

impl Congruence {
    fn next(&mut self) -> f64 {
        self.0 = (self.0)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// 1000 atoms of Zr46 Cu46 Al8, 17 Å³ each, anywhere within 1 Å of the points of a simple cube.
fn alloy(start: u64) -> Structure {
    let edge = 17_000_f64.cbrt();
    let mut chance = Congruence(start);
    let (mut positions, mut species) = (Vec::new(), Vec::new());
    for i in 0..1000 {
        let point = [i % 10, i / 10 % 10, i / 100].map(|k| f64::from(k) * edge / 10.0);
        positions.push(point.map(|x| x + 2.0 * chance.next() - 1.0));
        let which = chance.next();
        species.push(usize::from(which > 0.46) + usize::from(which > 0.92));
    }
    let cell = Cell::orthorhombic([edge; 3]).unwrap();
    let names = ["Zr", "Cu", "Al"].map(String::from).to_vec();
    Structure::new(
        cell,
        names,
        vec![91.224, 63.546, 26.982],
        species,
        positions,
    )
    .unwrap()
}

fn minimisation(c: &mut Criterion) {
    if !std::path::Path::new(TABLE).exists() {
        eprintln!("skipped: {TABLE} is not here");
        return;
    }
    let potential = potentials::parse(&format!("eam:file={TABLE}")).unwrap();
    for start in 0..STARTS {
        let mut end = None;
        let time = on_processor(1, || {
            end = Some(minimise(potential.as_ref(), &alloy(start), AT_REST, MOST_STEPS).unwrap());
        });
        let end = end.unwrap();
        eprintln!(
            "start {start}: {:.2} s, {} evaluations, largest force {:.1e} eV/Å, {:.6} eV an atom",
            time.as_secs_f64(),
            end.evaluations,
            end.max_force,
            end.energy / 1000.0
        );
    }
    let structure = alloy(0);
    c.bench_function("minimise/zrcual-1000", |b| {
        b.iter(|| {
            minimise(
                potential.as_ref(),
                black_box(&structure),
                AT_REST,
                MOST_STEPS,
            )
        });
    });
}

fn steps(c: &mut Criterion) {
    let silicon = supercell(&diamond(5.431, "Si", 28.085).unwrap(), [5; 3]).unwrap();
    let potential = potentials::parse("tersoff:si-1988").unwrap();
    let random = &mut ChaCha12Rng::seed_from_u64(1);
    let kelvin = 1500.0;
    for (name, ensemble) in [
        ("nve", Ensemble::Nve),
        ("nvt", Ensemble::Nvt { kelvin }),
        (
            "npt",
            Ensemble::Npt {
                kelvin,
                pressure: 0.0,
            },
        ),
    ] {
        let mut run = Run::new(potential.as_ref(), &silicon, kelvin, random).unwrap();
        c.bench_function(&format!("step/{name}-si-1000"), |b| {
            b.iter(|| run.step(1.0, ensemble, random).unwrap());
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = minimisation, steps
}
criterion_main!(benches);
