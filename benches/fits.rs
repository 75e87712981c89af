//! Time of the estimators on 2000 samples of 500 bins and 300 channels (ridge also on 20,000 of 1000 and 400), on one thread and
//! on all.
//!
//! `cargo bench --no-default-features --bench fits`; scikit-learn and numpy on the same numbers: `python3 benches/peers/fits.py`.

#![allow(missing_docs, reason = "criterion's macro writes a function")]

#[path = "fits/data.rs"]
mod data;

use criterion::{Criterion, criterion_group, criterion_main};
use glassbridge::operator::fit::elastic_net::{ElasticNet, Penalty};
use glassbridge::operator::fit::pls::{PlsPath, Scaling};
use glassbridge::operator::fit::ridge::RidgePath;

/// One thread and all of them.
const THREADS: [(&str, usize); 2] = [("one thread", 1), ("all", 0)];

/// Times `work` on one thread and on all; faer asks rayon how many there are.
fn timed(criterion: &mut Criterion, name: &str, work: impl Fn() + Send + Sync) {
    let mut group = criterion.benchmark_group("fits");
    group.sample_size(10);
    for (label, threads) in THREADS {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("threads");
        faer::set_global_parallelism(if threads == 1 {
            faer::Par::Seq
        } else {
            faer::Par::rayon(0)
        });
        group.bench_function(format!("{name}, {label}"), |bench| {
            pool.install(|| bench.iter(&work));
        });
    }
    group.finish();
}

fn ridge(criterion: &mut Criterion) {
    let lambdas: Vec<f64> = (0..100)
        .map(|k| 10f64.powf(8.0 * f64::from(k) / 99.0 - 4.0))
        .collect();
    for (n, p, q) in [(2000, 500, 300), (20_000, 1000, 400)] {
        let (x, y) = data::smooth(n, p, q);
        timed(
            criterion,
            &format!("ridge of 100 penalties, {n} x {p} x {q}"),
            || {
                let path = RidgePath::new(x.as_ref(), y.as_ref()).expect("a path");
                path.fit(path.best_lambda(&lambdas).expect("a penalty"));
            },
        );
    }
}

fn elastic_net(criterion: &mut Criterion) {
    let (x, y) = data::smooth(2000, 500, 300);
    for alpha in [1e-3, 1e-5] {
        timed(criterion, &format!("elastic net, alpha {alpha:e}"), || {
            let net = ElasticNet::new(x.as_ref(), y.as_ref()).expect("a net");
            let fit = net.fit(Penalty::scikit_learn(alpha, 0.5)).expect("a fit");
            assert!(fit.relative_gap() < 1e-6);
        });
    }
}

fn pls(criterion: &mut Criterion) {
    let (x, y) = data::smooth(2000, 500, 300);
    timed(criterion, "pls of 30 components", || {
        PlsPath::new(x.as_ref(), y.as_ref(), 30, Scaling::None)
            .expect("a path")
            .fit(30);
    });
}

criterion_group!(benches, ridge, elastic_net, pls);
criterion_main!(benches);
