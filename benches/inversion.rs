//! Time of inversions and checks on made-up glasses: 300 bins of g, 500 points of the spectrum, 200 samples. Processor time of all
//! threads, which others on the machine lengthen little.
//!
//! `cargo bench --no-default-features --bench inversion`; numpy and scipy: `python3 benches/peers/inversion.py`.

#![allow(missing_docs, reason = "criterion's macro writes a function")]

#[path = "fits/data.rs"]
mod data;

use cpu_time::ProcessTime;
use criterion::{Criterion, criterion_group, criterion_main};
use faer::Mat;
use glassbridge::consistency::Judge;
use glassbridge::curve::Quantity;
use glassbridge::grid::Grid;
use glassbridge::inverse::pseudo_inverse::{Filter, Penalty, PseudoInverse, Rule};
use glassbridge::inverse::{Constraints, Diffraction, Inverter, Measurement, Raw};
use glassbridge::operator::{Constants, Operator, Settings, TrainingSet, Weighting};
use glassbridge::units::Unit;
use std::hint::black_box;
use std::time::Duration;

const SAMPLES: usize = 200;
const BINS: usize = 300;
const POINTS: usize = 500;
const NOISE: f64 = 0.03;
/// Frames of a series, and bootstraps.
const FRAMES: usize = 1000;

/// Processor time of `n` repetitions, all threads together.
fn on_processors<T>(n: u64, mut work: impl FnMut() -> T) -> Duration {
    let start = ProcessTime::now();
    for _ in 0..n {
        black_box(work());
    }
    start.elapsed()
}

fn trained() -> (Operator, Measurement) {
    let (g, spectra) = data::smooth(SAMPLES, BINS, POINTS);
    let operator = Operator::train(
        &TrainingSet {
            g,
            spectra: spectra.clone(),
            density: None,
            added: Vec::new(),
            r: Grid::new(0.0, 10.0, BINS).expect("a grid"),
            energy: Grid::new(0.0, 100.0, POINTS).expect("a grid"),
            quantity: Quantity::Vdos,
            spectrum_unit: Unit::Mev,
            weighting: Weighting::Number,
            dimensions: 3,
            composition: None,
            sources: Vec::new(),
            notes: Vec::new(),
        },
        &Settings::default(),
    )
    .expect("an operator");
    let frames = Mat::from_fn(FRAMES, POINTS, |i, j| {
        spectra[(i % SAMPLES, j)] + 1e-2 * ((i * 31 + j * 17) as f64).sin()
    });
    let raw = Raw {
        x: operator.meta.energy.centres(),
        y: frames,
        sigma: Some(vec![NOISE * spectra.norm_max() / 4.0; POINTS]),
        quantity: Quantity::Vdos,
    };
    let measurement = Measurement::spectra(&operator, &raw, None, &[]).expect("a measurement");
    (operator, measurement)
}

/// g(r) of the first glass, known to a hundredth.
fn pdf(operator: &Operator) -> Measurement {
    let raw = Raw {
        x: operator.meta.r.centres(),
        y: operator.x.subrows(0, 1).to_owned(),
        sigma: Some(vec![1e-2; BINS]),
        quantity: Quantity::PairDistribution,
    };
    Measurement::pdfs(operator, &raw, None, &Diffraction::default()).expect("a measurement")
}

fn inversion(criterion: &mut Criterion) {
    let (operator, measured) = trained();
    let mut group = criterion.benchmark_group("inversion");
    group.sample_size(10);
    let one = measured.data.subrows(0, 1);
    let first = |operator: &Operator| {
        let inverter = Inverter::new(operator, &measured.channel).expect("an inverter");
        black_box((
            inverter.invert(one),
            inverter.resolution().expect("kernels"),
        ));
    };
    group.bench_function("first: covariance, kernels, calibrated band", |bench| {
        bench.iter_custom(|n| {
            on_processors(n, || {
                // As after loading: nothing is known yet of the training samples' directions.
                first(&Operator {
                    constants: Constants::default(),
                    ..operator.clone()
                });
            })
        });
    });
    group.bench_function("the same for a further instrument", |bench| {
        bench.iter_custom(|n| on_processors(n, || first(&operator)));
    });
    let inverter = Inverter::new(&operator, &measured.channel).expect("an inverter");
    group.bench_function(format!("{FRAMES} further frames"), |bench| {
        bench.iter_custom(|n| on_processors(n, || inverter.invert(measured.data.as_ref())));
    });
    let pdf = pdf(&operator);
    group.bench_function("judge of one pair", |bench| {
        bench.iter_custom(|n| {
            on_processors(n, || {
                let judge =
                    Judge::new(&operator, &measured.channel, &pdf.channel).expect("a judge");
                judge.compare(one, pdf.data.as_ref())
            })
        });
    });
    let judge = Judge::new(&operator, &measured.channel, &pdf.channel).expect("a judge");
    group.bench_function("power of that pair", |bench| {
        bench.iter_custom(|n| on_processors(n, || judge.curves().expect("curves")));
    });
    let single = Measurement {
        data: one.to_owned(),
        scale: vec![1.0],
        ..measured.clone()
    };
    let constraints = Constraints {
        non_negative: true,
        ..Constraints::default()
    };
    group.bench_function("one non-negative frame", |bench| {
        bench.iter_custom(|n| {
            on_processors(n, || {
                inverter
                    .invert_constrained(&single, &constraints)
                    .expect("a glass")
            })
        });
    });
    let seen = &inverter.seen;
    let pseudo = PseudoInverse::new(
        &operator,
        &measured.channel,
        seen,
        Filter::Tikhonov,
        Penalty::Identity,
        Rule::Gcv,
    )
    .expect("a pseudo-inverse");
    group.bench_function(format!("{FRAMES} bootstraps re-choosing lambda"), |bench| {
        bench.iter_custom(|n| {
            on_processors(n, || {
                pseudo
                    .invert_all(measured.data.as_ref())
                    .expect("inversions")
            })
        });
    });
    group.finish();
}

criterion_group!(benches, inversion);
criterion_main!(benches);
