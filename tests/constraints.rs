//! Quadratic programmes against scipy's and their own optimality conditions, and what constraints do to an inversion.

#![allow(clippy::print_stderr, reason = "tests say what they skip")]

#[path = "support/sets.rs"]
mod sets;
#[path = "support/mod.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod support;

use faer::Mat;
use glassbridge::inverse::quadratic::{Minimum, Programme};
use glassbridge::inverse::{Constraints, Inverter, Measurement};
use glassbridge::operator::{Operator, Settings};
use std::f64::consts::PI;

/// Largest violation of the optimality conditions, relative to the size of their terms.
const AGREES: f64 = 1e-9;
/// Largest difference from scipy's active-set solvers, relative to the largest value.
const SAME: f64 = 1e-8;

fn matrix(values: &[f64], rows: usize) -> Mat<f64> {
    let columns = values.len() / rows;
    Mat::from_fn(rows, columns, |i, j| values[i * columns + j])
}

/// `minimise |A x - y|² (+ penalty)` with x between bounds.
fn least_squares(
    a: &Mat<f64>,
    y: &[f64],
    penalty: Option<Mat<f64>>,
    upper: Option<f64>,
) -> Minimum {
    let n = a.ncols();
    let y = Mat::from_fn(y.len(), 1, |i, _| y[i]);
    let mut q = a.transpose() * a;
    if let Some(penalty) = penalty {
        q += penalty;
    }
    let c = a.transpose() * y;
    let c: Vec<f64> = c.col(0).iter().map(|v| -v).collect();
    let rows = if upper.is_some() { 2 * n } else { n };
    let f = Mat::from_fn(rows, n, |i, j| match i {
        _ if i == j => 1.0,
        _ if i == j + n => -1.0,
        _ => 0.0,
    });
    let right: Vec<f64> = (0..rows)
        .map(|i| if i < n { 0.0 } else { -upper.unwrap() })
        .collect();
    let none = Mat::zeros(0, n);
    let found = Programme {
        quadratic: q.as_ref(),
        linear: &c,
        equal: (none.as_ref(), &[]),
        at_least: (f.as_ref(), &right),
    }
    .solve()
    .unwrap();
    kkt(&q, &c, &f, &right, &found);
    found
}

/// Karush, Kuhn and Tucker: stationary, feasible, multipliers not negative, and none where the constraint is slack.
fn kkt(q: &Mat<f64>, c: &[f64], f: &Mat<f64>, right: &[f64], found: &Minimum) {
    let n = c.len();
    let scale = c.iter().map(|v| v.abs()).fold(0.0, f64::max);
    let size = found.x.iter().map(|v| v.abs()).fold(0.0, f64::max);
    for i in 0..n {
        let gradient: f64 = c[i] + (0..n).map(|j| q[(i, j)] * found.x[j]).sum::<f64>();
        let held: f64 = (0..right.len())
            .map(|k| f[(k, i)] * found.multipliers[k])
            .sum();
        assert!(
            (gradient - held).abs() < AGREES * scale,
            "{i}: {gradient} {held}"
        );
    }
    for k in 0..right.len() {
        let slack: f64 = (0..n).map(|j| f[(k, j)] * found.x[j]).sum::<f64>() - right[k];
        assert!(slack > -AGREES * size, "{k}: {slack}");
        assert!(found.multipliers[k] > -AGREES * scale, "{k}");
        assert!(slack * found.multipliers[k] < AGREES * size * scale, "{k}");
    }
}

fn agree(found: &[f64], reference: &[f64], what: &str) {
    let size = reference.iter().map(|v| v.abs()).fold(0.0, f64::max);
    for (i, (a, b)) in found.iter().zip(reference).enumerate() {
        assert!((a - b).abs() < SAME * size, "{what} {i}: {a} {b}");
    }
}

#[test]
fn non_negative_and_bounded_least_squares_of_scipy() {
    let Some(oracle) = support::oracle_of("ml", "ml_oracle") else {
        return;
    };
    let a = matrix(oracle.get("nnls_A"), 50);
    let y = oracle.get("nnls_y");
    let found = least_squares(&a, y, None, None);
    agree(&found.x, oracle.get("nnls_x"), "nnls");
    assert_eq!(
        found.active.len(),
        oracle.get("nnls_x").iter().filter(|v| **v <= 0.0).count()
    );
    let found = least_squares(&a, y, None, Some(1.0));
    agree(&found.x, oracle.get("bvls_0_1_x"), "bvls");
}

/// `|K x - y|² + λ |D² x|²` with x ≥ 0: λ counts once.
#[test]
fn smooth_non_negative_inversions_of_scipy() {
    let Some(oracle) = support::oracle_of("ml", "ml_oracle") else {
        return;
    };
    let k = matrix(oracle.get("tik_K"), 60);
    let n = k.ncols();
    let d = Mat::from_fn(n - 2, n, |i, j| match j.wrapping_sub(i) {
        0 | 2 => 1.0,
        1 => -2.0,
        _ => 0.0,
    });
    for (lambda, name) in [
        (1e-6, "tik_D2_lam1e-06_nnls_x"),
        (1e-4, "tik_D2_lam0.0001_nnls_x"),
    ] {
        let penalty = d.transpose() * &d * faer::Scale(lambda);
        let found = least_squares(&k, oracle.get("tik_y"), Some(penalty), None);
        let (mut far, mut size) = (0.0f64, 0.0f64);
        for (a, b) in found.x.iter().zip(oracle.get(name)) {
            far = far.max((a - b).abs());
            size = size.max(b.abs());
        }
        // Such a problem is flat: what the optimality conditions fix to 1e-6 the solution shows to 1e-3.
        assert!(far < 1e-3 * size, "{name}: {far} of {size}");
    }
}

/// g ≥ 0 costs nothing in accuracy, is met exactly, and says where it held; a known coordination number is met exactly.
#[test]
fn constraints_on_a_noisy_spectrum_are_met() {
    let Some(set) = sets::load("graphene") else {
        return;
    };
    let (train, test) = sets::split(&set, 0);
    let test = sets::pick(&test, &(0..10).collect::<Vec<_>>());
    let operator = Operator::train(&train, &Settings::default()).unwrap();
    let noisy = sets::Disturbance {
        noise: 0.1,
        ..Default::default()
    };
    let (raw, _) = sets::measure(&test, noisy, 4);
    let measured = Measurement::spectra(&operator, &raw, Some(0.1), &[]).unwrap();
    let inverter = Inverter::new(&operator, &measured.channel).unwrap();
    let free = inverter.invert(measured.data.as_ref());
    assert!(
        free.iter().any(|i| i.g.iter().any(|g| *g < -1e-3)),
        "nothing to constrain"
    );
    let (neighbours, within) = (3.0, 1.7);
    let constraints = Constraints {
        non_negative: true,
        coordination: Some((neighbours, within)),
        ..Constraints::default()
    };
    let held = inverter
        .invert_constrained(&measured, &constraints)
        .unwrap();
    let only = Constraints {
        non_negative: true,
        ..Constraints::default()
    };
    let positive = inverter.invert_constrained(&measured, &only).unwrap();
    let grid = operator.meta.r;
    let error = |g: &[f64], i: usize| -> f64 {
        g.iter()
            .enumerate()
            .map(|(j, g)| (g - test.g[(i, j)]).powi(2))
            .sum()
    };
    let (mut before, mut after, mut active) = (0.0, 0.0, 0);
    for i in 0..free.len() {
        before += error(&free[i].g, i);
        after += error(&positive[i].g, i);
        active += positive[i].active.len();
        assert!(
            positive[i]
                .g
                .iter()
                .chain(&positive[i].low)
                .all(|g| *g >= 0.0)
        );
        let density = operator.meta.mean_density.unwrap() * held[i].relative_density.unwrap();
        let count: f64 = (0..grid.len())
            .filter(|&j| grid.centre(j) <= within)
            .map(|j| 2.0 * PI * density * grid.centre(j) * held[i].g[j] * grid.step())
            .sum();
        assert!((count - neighbours).abs() < 1e-4, "{count}");
    }
    assert!(active > 0);
    assert!(after <= 1.001 * before, "{after} {before}");
}

#[test]
fn senseless_constraints_are_refused() {
    let Some(set) = sets::load("sic") else { return };
    let operator = Operator::train(&set, &Settings::default()).unwrap();
    let (raw, _) = sets::measure(&sets::pick(&set, &[0]), sets::Disturbance::default(), 1);
    let measured = Measurement::spectra(&operator, &raw, Some(0.01), &[]).unwrap();
    let inverter = Inverter::new(&operator, &measured.channel).unwrap();
    let refused = |constraints: Constraints| {
        let e = inverter.invert_constrained(&measured, &constraints);
        assert!(e.is_err(), "{constraints:?}");
    };
    let none = Constraints::default();
    refused(Constraints {
        core: Some(-1.0),
        ..none
    });
    refused(Constraints {
        core: Some(f64::NAN),
        ..none
    });
    refused(Constraints {
        coordination: Some((4.0, 1e9)),
        ..none
    });
    refused(Constraints {
        density: Some(0.0),
        ..none
    });
}
