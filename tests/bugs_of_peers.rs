//! Mistakes that respected tools shipped, in statistics and in pair distribution functions, each named and kept out.
//! (Those of inversion and of the choice of lambda have a file of their own.)

use faer::Mat;
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::structure::Structure;
use glassbridge::curve::{Curve, Quantity};
use glassbridge::grid::Grid;
use glassbridge::instrument::conventions::pdf_from_structure_factor;
use glassbridge::instrument::{Window, resolution};
use glassbridge::inverse::{Channel, Seen};
use glassbridge::observables::rdf::{Weighting, partial_rdf};
use glassbridge::operator::directions::Directions;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use std::f64::consts::PI;

fn normal(rows: usize, columns: usize, seed: u64) -> Mat<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Mat::from_fn(rows, columns, |_, _| StandardNormal.sample(&mut rng))
}

/// **Hotelling's T² of a new sample with the degrees of freedom of an old one.** Of n Gaussian samples in p directions, a new one has
/// T² = p (n-1)(n+1) / (n (n-p)) F(p, n-p), far beyond χ²(p) or the T² of the samples themselves when n is small. Ours is ranked among samples
/// left out, which must reproduce that law without knowing it.
#[test]
fn hotelling_t2_of_a_new_sample_has_its_own_law() {
    const N: usize = 30;
    const P: usize = 8;
    /// 60 sets of 30 left-out samples: their 95 % quantile scatters by some 4 %; and 3 % for folds of 27 and 1/n for 1/(n-1).
    const TOLERANCE: f64 = 0.15;
    let channel = Channel::new(
        (0..P).map(|j| j as f64).collect(),
        Mat::identity(P, P),
        vec![1e-3; P],
        true,
        1.0,
    )
    .unwrap();
    let folds: Vec<usize> = (0..N).map(|i| i % 10).collect();
    let mut t2: Vec<f64> = (0..60)
        .flat_map(|seed| {
            let samples = normal(N, P, seed);
            let directions = Directions::new(samples.as_ref()).unwrap();
            let samples = samples.as_ref();
            let seen = Seen::new(samples, &directions, &channel, 0.0, &folds, seed).unwrap();
            seen.left_out_distances().unwrap().to_vec()
        })
        .map(|d| d.0)
        .collect();
    t2.sort_by(f64::total_cmp);
    let found = t2[(0.95 * t2.len() as f64) as usize];
    let (n, p) = (27.0, P as f64);
    let f = FisherSnedecor::new(p, n - p).unwrap().inverse_cdf(0.95);
    let law = p * (n - 1.0) * (n + 1.0) / (n * (n - p)) * f;
    assert!(
        (found / law - 1.0).abs() < TOLERANCE,
        "{found} against {law}"
    );
    // The tempting laws are far away: F(p, n) without the factor, and χ²(8), whose 95 % point is 15.5.
    assert!(law > 1.5 * 15.5);
}

/// **Lorch's window at the edges of the bins.** The window belongs to the Q at which S was measured. With coarse steps the value half a
/// step off differs visibly.
#[test]
fn lorch_is_taken_at_the_measured_points() {
    let (step, r) = (0.5, 1.7);
    let q: Vec<f64> = (1..=20).map(|k| step * f64::from(k)).collect();
    let s: Vec<f64> = q.iter().map(|q| 1.0 + (-0.1 * q).exp()).collect();
    let curve = Curve::new(q.clone(), s.clone(), None, Quantity::StructureFactor).unwrap();
    let found =
        pdf_from_structure_factor(&curve, &[r, 2.0 * r], Window::Lorch, None, None).unwrap();
    let by = |offset: f64| -> f64 {
        let last = q.len() - 1;
        (0..=last)
            .map(|k| {
                let width = 0.5 * (q[(k + 1).min(last)] - q[k.saturating_sub(1)]);
                let phase = PI * (q[k] + offset) / q[last];
                let window = if phase.abs() < 1e-12 {
                    1.0
                } else {
                    phase.sin() / phase
                };
                2.0 / PI * width * q[k] * (s[k] - 1.0) * window * (q[k] * r).sin()
            })
            .sum()
    };
    assert!((found.y()[0] - by(0.0)).abs() < 1e-12);
    assert!((by(0.0) - by(-0.5 * step)).abs() > 1e-3);
}

/// **Errors of a PDF without the square root.** Equal errors s of independent points give an error proportional to s, not to s².
#[test]
fn errors_of_a_pdf_scale_with_the_errors_of_the_data() {
    let q: Vec<f64> = (1..=200).map(|k| 0.1 * f64::from(k)).collect();
    let error = |s: f64| {
        let curve = Curve::new(
            q.clone(),
            vec![1.0; q.len()],
            Some(vec![s; q.len()]),
            Quantity::StructureFactor,
        )
        .unwrap();
        let g = pdf_from_structure_factor(&curve, &[2.0, 3.0], Window::None, None, None).unwrap();
        g.sigma().unwrap()[0]
    };
    assert!((error(0.02) / error(0.01) - 2.0).abs() < 1e-12);
    // ∫ (2/π)² Q² s² sin² dQ dQ' with dQ' the step: (2/π) s √(step Q³/6) for Q up to 20, to the oscillating part.
    let expected = 2.0 / PI * 0.01 * (0.1_f64 * 20.0_f64.powi(3) / 6.0).sqrt();
    assert!((error(0.01) / expected - 1.0).abs() < 0.05);
}

/// **g(r) that does not tend to 1 for few atoms.** Eight atoms have N - 1 = 7 partners each: normalised by N they give 7/8.
#[test]
fn g_of_eight_atoms_tends_to_one() {
    /// 3000 gases put some 50,000 pairs into the last bin: 0.5 % scatter, four times that.
    const SCATTER: f64 = 0.02;
    let edge = 10.0;
    let grid = Grid::new(0.0, 5.0, 5).unwrap();
    let gases = 3000;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut mean = 0.0;
    for _ in 0..gases {
        let positions = (0..8)
            .map(|_| [(); 3].map(|()| edge * rng.random::<f64>()))
            .collect();
        let gas = Structure::new(
            Cell::orthorhombic([edge; 3]).unwrap(),
            vec!["Ar".into()],
            vec![39.948],
            vec![0; 8],
            positions,
        )
        .unwrap();
        let g = partial_rdf(&gas, &grid, None).unwrap();
        mean += g.total(&gas, Weighting::Number).unwrap()[4] / f64::from(gases);
    }
    assert!((mean - 1.0).abs() < SCATTER, "{mean}");
}

/// **A full width at half maximum taken for a standard deviation.** `gaussian` is told σ; its FWHM is 2.3548 σ.
#[test]
fn the_broadening_is_a_standard_deviation() {
    let grid = Grid::new(0.0, 100.0, 2000).unwrap();
    let sigma = 4.0;
    let matrix = resolution::gaussian(&grid, sigma);
    let peak: Vec<f64> = (0..2000).map(|i| matrix[(i, 1000)]).collect();
    let half = 0.5 * peak[1000];
    let above = peak.iter().filter(|v| **v >= half).count() as f64 * grid.step();
    assert!(
        (above - 2.354_82 * sigma).abs() < 2.0 * grid.step(),
        "{above}"
    );
}

/// **Partial functions that do not sum to the total.** With weights `(2 - δ) c_a c_b` the partials of a mixture make the number-weighted
/// g(r) of the atoms taken as one kind.
#[test]
fn partials_sum_to_the_total() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let positions: Vec<[f64; 3]> = (0..300)
        .map(|_| [(); 3].map(|()| 15.0 * rng.random::<f64>()))
        .collect();
    let structure = |species: Vec<&str>, of: Vec<usize>| {
        Structure::new(
            Cell::orthorhombic([15.0; 3]).unwrap(),
            species.iter().map(|s| (*s).to_owned()).collect(),
            vec![1.0; species.len()],
            of,
            positions.clone(),
        )
        .unwrap()
    };
    let mixed = structure(
        vec!["Si", "O"],
        (0..300).map(|i| usize::from(i % 3 != 0)).collect(),
    );
    let one = structure(vec!["Si"], vec![0; 300]);
    let grid = Grid::new(0.0, 7.0, 70).unwrap();
    let total = |s: &Structure| {
        let partials = partial_rdf(s, &grid, None).unwrap();
        partials.total(s, Weighting::Number).unwrap()
    };
    // N_a (N_a - 1) pairs of equal kind stand for c_a² N²: 1/N_a apart, and no more.
    for (a, b) in total(&mixed).into_iter().zip(total(&one)) {
        assert!((a - b).abs() <= 0.011 * b.max(0.1), "{a} {b}");
    }
}
