//! Estimators against scikit-learn's numbers in `../shared/oracles/ml`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "tests tell their numbers and what they skip, and share helpers of which each uses some"
)]

#[path = "support/mod.rs"]
#[allow(
    dead_code,
    reason = "the structures of the other oracles are not needed"
)]
mod support;

use faer::{Mat, MatRef};
use glassbridge::operator::fit::LinearMap;
use glassbridge::operator::fit::elastic_net::{ElasticNet, Penalty};
use glassbridge::operator::fit::kernel_ridge::KernelRidge;
use glassbridge::operator::fit::pls::{PlsPath, Scaling};
use glassbridge::operator::fit::ridge::RidgePath;
use support::Arrays;

const N: usize = 120;
const P: usize = 40;
const Q: usize = 6;
/// Rows of the wide problem.
const WIDE: usize = 25;
/// What the issue asks of coefficients, relative to the largest.
const COEFFICIENTS: f64 = 1e-8;
/// Theirs are of NIPALS stopped at a squared change of 1e-14, so at 1e-7; ours of an eigenvector. Measured: 6e-8.
const NIPALS: f64 = 3e-7;
/// Two exact roads to the same error; at the smallest λ of the wide problem `1 - h` is 1e-5.
const ERRORS: f64 = 1e-9;

fn oracle() -> Option<Arrays> {
    support::oracle_of("ml", "ml_oracle")
}

fn matrix(oracle: &Arrays, name: &str, rows: usize, columns: usize) -> Mat<f64> {
    let values = oracle.get(name);
    assert_eq!(values.len(), rows * columns, "{name}");
    Mat::from_fn(rows, columns, |i, j| values[i * columns + j])
}

fn data(oracle: &Arrays) -> (Mat<f64>, Mat<f64>) {
    (matrix(oracle, "X", N, P), matrix(oracle, "Y", N, Q))
}

fn close(a: MatRef<'_, f64>, b: MatRef<'_, f64>, tolerance: f64, what: &str) {
    let difference = (a - b).norm_max();
    let scale = b.norm_max();
    assert!(
        difference < tolerance * scale,
        "{what}: {difference:e} of {scale:e}"
    );
}

/// `{name}_coef` (p x q) and, where the oracle's intercept is that of raw inputs, `{name}_icpt`.
fn same_map(oracle: &Arrays, map: &LinearMap, name: &str, intercept: bool) {
    let coefficients = matrix(oracle, &format!("{name}_coef"), P, Q);
    close(
        map.matrix.transpose(),
        coefficients.as_ref(),
        COEFFICIENTS,
        name,
    );
    if intercept {
        let offset = Mat::from_fn(Q, 1, |j, _| map.offset[j]);
        let expected = matrix(oracle, &format!("{name}_icpt"), Q, 1);
        close(offset.as_ref(), expected.as_ref(), COEFFICIENTS, name);
    }
}

#[test]
fn ridge_at_given_penalties() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
    for (lambda, name) in [
        (0.001, "ridge_coef_a0.001"),
        (1.0, "ridge_coef_a1"),
        (10.0, "ridge_coef_a10"),
    ] {
        let expected = matrix(&oracle, name, P, Q);
        let map = path.fit(lambda);
        close(
            map.matrix.transpose(),
            expected.as_ref(),
            COEFFICIENTS,
            name,
        );
        let icpt = matrix(&oracle, &name.replace("coef", "icpt"), Q, 1);
        let offset = Mat::from_fn(Q, 1, |j, _| map.offset[j]);
        close(offset.as_ref(), icpt.as_ref(), COEFFICIENTS, name);
    }
}

#[test]
fn ridge_chooses_what_scikit_learn_chooses() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    let lambdas = oracle.get("alphas").to_vec();
    let column = |v: &[f64]| Mat::from_fn(v.len(), 1, |i, _| v[i]);

    let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
    let errors = path.leave_one_out_errors(&lambdas);
    let expected = oracle.get("ridgecv_loo_mse_per_alpha");
    close(
        column(&errors).as_ref(),
        column(expected).as_ref(),
        ERRORS,
        "errors",
    );
    // Named a sum there, the numbers are means over the samples.
    let table = path.leave_one_out_table(&lambdas);
    let expected = matrix(
        &oracle,
        "ridgecv_sqerr_sum_per_output_alpha",
        Q,
        lambdas.len(),
    );
    close(table.as_ref(), expected.as_ref(), ERRORS, "table");

    let best = path.best_lambda(&lambdas).unwrap();
    assert_eq!(
        best.to_bits(),
        oracle.get("ridgecv_best_alpha")[0].to_bits()
    );
    same_map(&oracle, &path.fit(best), "ridgecv", true);
    let each = path.best_lambdas(&lambdas).unwrap();
    assert_eq!(each, oracle.get("ridgecv_per_target_best_alpha"));
    same_map(&oracle, &path.fit_each(&each), "ridgecv_per_target", false);
}

#[test]
fn ridge_with_more_inputs_than_samples() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    assert_eq!(oracle.get("wide_n"), [WIDE as f64]);
    let lambdas = oracle.get("alphas").to_vec();
    let path = RidgePath::new(x.subrows(0, WIDE), y.subrows(0, WIDE)).unwrap();
    let errors = path.leave_one_out_errors(&lambdas);
    for (error, expected) in errors.iter().zip(oracle.get("wide_ridgecv_loo_mse")) {
        assert!(
            (error / expected - 1.0).abs() < ERRORS,
            "{error} {expected}"
        );
    }
    let best = path.best_lambda(&lambdas).unwrap();
    assert_eq!(best.to_bits(), oracle.get("wide_best_alpha")[0].to_bits());
    same_map(&oracle, &path.fit(best), "wide", true);
}

#[test]
fn elastic_net() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    let net = ElasticNet::new(x.as_ref(), y.as_ref()).unwrap();
    let cases = [(0.05, 0.5), (0.005, 0.9), (1e-5, 0.5)];
    for (alpha, l1_ratio) in cases {
        let name = format!(
            "enet_alpha{}_l1r{l1_ratio}",
            if alpha < 1e-4 {
                "1e-05".into()
            } else {
                alpha.to_string()
            }
        );
        let penalty = Penalty::scikit_learn(alpha, l1_ratio);
        let fit = net.fit(penalty).unwrap();
        same_map(&oracle, &fit.map, &name, true);
        assert!(
            fit.relative_gap() < 1e-10,
            "{name} {:e}",
            fit.relative_gap()
        );
        for (objective, expected) in fit
            .objectives
            .iter()
            .zip(oracle.get(&format!("{name}_objective")))
        {
            // Theirs is above the minimum by their gap, 1e-12.
            assert!(
                (objective - expected).abs() < 2e-12,
                "{name} {objective} {expected}"
            );
        }
        // The same penalties as sums, 1/(2n) and 1/n of which are ours.
        let sums = oracle.get(&format!("{name}_projectform_a1_a2"));
        assert!((sums[0] / (2.0 * N as f64) / penalty.lasso - 1.0).abs() < 1e-12);
        assert!((sums[1] / N as f64 / penalty.ridge - 1.0).abs() < 1e-12);
        let nonzero = matrix(&oracle, &format!("{name}_coef"), P, Q);
        for k in 0..P {
            for j in 0..Q {
                assert_eq!(
                    nonzero[(k, j)] == 0.0,
                    fit.map.matrix[(j, k)] == 0.0,
                    "{name} {k} {j}"
                );
            }
        }
    }
    // Along one path too.
    let penalties = cases.map(|(alpha, l1_ratio)| Penalty::scikit_learn(alpha, l1_ratio));
    let fits = net.path(&penalties).unwrap();
    same_map(&oracle, &fits[2].map, "enet_alpha1e-05_l1r0.5", true);
}

#[test]
fn partial_least_squares() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    for (scaling, suffix) in [(Scaling::None, ""), (Scaling::Unit, "_scaled")] {
        let path = PlsPath::new(x.as_ref(), y.as_ref(), 8, scaling).unwrap();
        for components in [3, 8] {
            let name = format!("pls{components}{suffix}");
            let map = path.fit(components);
            let coefficients = matrix(&oracle, &format!("{name}_coef"), P, Q);
            close(map.matrix.transpose(), coefficients.as_ref(), NIPALS, &name);
            let expected = matrix(&oracle, &format!("{name}_pred"), N, Q);
            close(
                map.predict(x.as_ref()).as_ref(),
                expected.as_ref(),
                NIPALS,
                &name,
            );
        }
    }
}

#[test]
fn kernel_ridge() {
    let Some(oracle) = oracle() else { return };
    let (x, y) = data(&oracle);
    let (gamma, alpha) = (0.02, 0.01);
    let fit = KernelRidge::solve(x.as_ref(), y.as_ref(), gamma, alpha, &[0.0; Q]).unwrap();
    let dual = matrix(&oracle, "krr_dual", N, Q);
    close(fit.weights.as_ref(), dual.as_ref(), COEFFICIENTS, "dual");
    let new = Mat::from_fn(20, P, |i, j| x[(i, j)] + 0.1);
    let expected = matrix(&oracle, "krr_rbf_gamma0.02_alpha0.01_pred", 20, Q);
    let predicted = fit.predict(new.as_ref());
    close(
        predicted.as_ref(),
        expected.as_ref(),
        COEFFICIENTS,
        "prediction",
    );
}
