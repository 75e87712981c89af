//! One test for each bug that a respected program shipped in its inversion (`examples-to-follow.md`), named after it.

#[path = "support/tiny.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod tiny;

use faer::Mat;
use glassbridge::instrument::resolution;
use glassbridge::inverse::pseudo_inverse::{Filter, Penalty, PseudoInverse, Rule};
use glassbridge::inverse::{Inverter, Measurement, Raw, Seen, Spectroscopy, Stacked};
use glassbridge::operator::conditional::cholesky;
use glassbridge::operator::{Operator, Settings, TrainingSet, rows};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

const NOISE: f64 = 0.05;
const RULES: [Rule; 5] = [
    Rule::Gcv,
    Rule::LCurve,
    Rule::Discrepancy,
    Rule::Evidence,
    Rule::HeldOut,
];
const PENALTIES: [Penalty; 3] = [
    Penalty::Identity,
    Penalty::FirstDifference,
    Penalty::SecondDifference,
];

/// An operator and the noisy spectrum of a glass it does not know.
struct Case {
    operator: Operator,
    measured: Measurement,
    z: Vec<f64>,
}

fn noisy(set: &TrainingSet, row: usize, noise: f64) -> Raw {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let y = set.spectra.row(row);
    let rms = (y.squared_norm_l2() / y.ncols() as f64).sqrt();
    Raw {
        x: set.energy.centres(),
        y: Mat::from_fn(1, y.ncols(), |_, j| {
            let xi: f64 = StandardNormal.sample(&mut rng);
            y[j] + noise * rms * xi
        }),
        sigma: None,
        quantity: set.quantity,
    }
}

fn case() -> Case {
    let operator = Operator::train(&tiny::set(40, 1), &Settings::default()).unwrap();
    let raw = noisy(&tiny::set(3, 2), 1, NOISE);
    let measured = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
    let z = rows::row(measured.data.as_ref(), 0);
    Case {
        operator,
        measured,
        z,
    }
}

impl Case {
    fn inverse(
        &self,
        filter: Filter,
        penalty: Penalty,
        rule: Rule,
    ) -> glassbridge::error::Result<PseudoInverse> {
        let inverter = Inverter::new(&self.operator, &self.measured.channel).unwrap();
        let seen: &Seen = &inverter.seen;
        PseudoInverse::new(
            &self.operator,
            &self.measured.channel,
            seen,
            filter,
            penalty,
            rule,
        )
    }

    /// The whitened map and data as the head of `pseudo_inverse.rs` defines them.
    fn whitened(&self) -> (Mat<f64>, Mat<f64>) {
        let (op, channel) = (&self.operator, &self.measured.channel);
        let lower = cholesky(channel.covariance().as_ref()).unwrap();
        let mut a = &channel.map * &op.w;
        let mean = rows::mean(op.x.as_ref());
        let at = op.forward(Mat::from_fn(1, mean.len(), |_, j| mean[j]).as_ref());
        let seen = at * channel.map.transpose();
        let mut z = Mat::from_fn(self.z.len(), 1, |i, _| self.z[i] - seen[(0, i)]);
        lower.solve_lower_triangular_in_place(&mut a);
        lower.solve_lower_triangular_in_place(&mut z);
        (a, z)
    }

    /// |residual|² and |d|² of a Tikhonov solution found by the program at a fixed λ.
    fn terms(&self, lambda: f64) -> (f64, f64, Mat<f64>) {
        let it = self
            .inverse(Filter::Tikhonov, Penalty::Identity, Rule::Fixed(lambda))
            .unwrap();
        let x = it.invert(&self.z).unwrap().x;
        let mean = rows::mean(self.operator.x.as_ref());
        let d = Mat::from_fn(x.len(), 1, |i, _| x[i] - mean[i]);
        let (a, z) = self.whitened();
        ((&z - a * &d).squared_norm_l2(), d.squared_norm_l2(), d)
    }
}

/// "lambda divided out twice": the solution meets the normal equations with λ once.
#[test]
fn lambda_enters_once() {
    let case = case();
    let (a, z) = case.whitened();
    for lambda in [1e-3, 1.0, 1e3] {
        let (_, _, d) = case.terms(lambda);
        let gradient = a.transpose() * (&a * &d - &z) + &d * faer::Scale(lambda);
        let size = (a.transpose() * &z).norm_max();
        assert!(gradient.norm_max() < 1e-8 * size, "{lambda}");
    }
}

/// "L-curve corner by minimising curvature": the chosen λ has the largest curvature of the curve made of refitted solutions.
#[test]
fn the_corner_has_the_largest_curvature() {
    let case = case();
    let it = case
        .inverse(Filter::Tikhonov, Penalty::Identity, Rule::LCurve)
        .unwrap();
    let Ok(found) = it.invert(&case.z) else {
        panic!("this spectrum has a corner");
    };
    let points: Vec<(f64, f64)> = (found.curve.iter())
        .map(|(lambda, _)| {
            let (residual, size, _) = case.terms(*lambda);
            (0.5 * residual.ln(), 0.5 * size.ln())
        })
        .collect();
    // Menger: four areas over the product of the sides, positive where the curve turns left.
    let curvature = |i: usize| {
        let (a, b, c) = (points[i - 1], points[i], points[i + 1]);
        let side =
            |p: (f64, f64), q: (f64, f64)| ((p.0 - q.0).powi(2) + (p.1 - q.1).powi(2)).sqrt();
        let cross = (b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0);
        2.0 * cross / (side(a, b) * side(b, c) * side(a, c))
    };
    let chosen = found
        .curve
        .iter()
        .position(|(l, _)| (l / found.lambda - 1.0).abs() < 1e-9)
        .unwrap();
    // Where the curve stands still, curvature is of rounding.
    let moves = |i: &usize| {
        let (a, c) = (points[i - 1], points[i + 1]);
        (c.0 - a.0).abs().max((c.1 - a.1).abs()) > 0.05
    };
    let largest = (2..points.len() - 2)
        .filter(moves)
        .map(curvature)
        .fold(f64::MIN, f64::max);
    assert!(curvature(chosen) > 0.0);
    assert!(
        curvature(chosen) > 0.5 * largest,
        "{} {largest}",
        curvature(chosen)
    );
}

/// "A corner reported at the edge of the sweep": a spectrum without signal has none, and that is said.
#[test]
fn no_corner_is_said() {
    let mut case = case();
    let mean = rows::mean(case.operator.x.as_ref());
    let at = case
        .operator
        .forward(Mat::from_fn(1, mean.len(), |_, j| mean[j]).as_ref());
    case.z = rows::row((at * case.measured.channel.map.transpose()).as_ref(), 0);
    for filter in [Filter::Tikhonov, Filter::TruncatedSvd] {
        let it = case
            .inverse(filter, Penalty::Identity, Rule::LCurve)
            .unwrap();
        let e = it.invert(&case.z).unwrap_err().to_string();
        assert!(e.contains("no corner"), "{e}");
    }
}

/// "GCV that was leave-one-out": the score is |residual|² / (m - tr H)², H the influence matrix taken explicitly.
#[test]
fn gcv_is_gcv() {
    let case = case();
    let it = case
        .inverse(Filter::Tikhonov, Penalty::Identity, Rule::Gcv)
        .unwrap();
    let found = it.invert(&case.z).unwrap();
    let (a, z) = case.whitened();
    let (m, p) = (a.nrows(), a.ncols());
    for (lambda, score) in found.curve.iter().step_by(9).filter(|(l, _)| *l > 1e-6) {
        let gram = a.transpose() * &a + Mat::<f64>::identity(p, p) * faer::Scale(*lambda);
        let lower = cholesky(gram.as_ref()).unwrap();
        let mut half = a.transpose().to_owned();
        lower.solve_lower_triangular_in_place(&mut half);
        let influence = half.transpose() * &half;
        let trace: f64 = (0..m).map(|i| influence[(i, i)]).sum();
        let residual = (&z - &influence * &z).squared_norm_l2();
        let want = residual / (m as f64 - trace).powi(2);
        assert!(
            (score / want - 1.0).abs() < 1e-6,
            "{lambda}: {score} {want}"
        );
    }
}

/// Every estimator with every penalty and every rule gives finite numbers or says why not.
#[test]
fn every_combination_works_or_says_why() {
    let case = case();
    for filter in [Filter::Tikhonov, Filter::TruncatedSvd] {
        for penalty in PENALTIES {
            for rule in RULES {
                let told = case
                    .inverse(filter, penalty, rule)
                    .and_then(|it| it.invert(&case.z));
                match told {
                    Ok(found) => {
                        assert!(
                            found.x.iter().all(|v| v.is_finite()),
                            "{filter:?} {penalty:?} {rule:?}"
                        );
                        assert!(found.lambda > 0.0 && found.degrees_of_freedom > 0.0);
                        assert!(found.amplification_over_prior.is_finite());
                    }
                    Err(e) => assert!(
                        e.to_string().contains("help:"),
                        "{filter:?} {penalty:?} {rule:?}: {e}"
                    ),
                }
            }
        }
    }
    assert!(
        case.inverse(Filter::Tikhonov, Penalty::Identity, Rule::Fixed(-1.0))
            .is_err()
    );
    assert!(
        case.inverse(Filter::Tikhonov, Penalty::Identity, Rule::Fixed(f64::NAN))
            .is_err()
    );
}

/// "FWHM taken for sigma": a resolution of 2.3548 meV is a standard deviation of 1 meV.
#[test]
fn a_resolution_is_a_full_width() {
    let case = case();
    let raw = noisy(&tiny::set(3, 2), 1, NOISE);
    let how = Spectroscopy {
        level: Some(NOISE),
        resolution: &[20.0, 0.0],
        ..Spectroscopy::default()
    };
    let measured = Measurement::spectra_with(&case.operator, &raw, &how).unwrap();
    let want = resolution::gaussian(&case.operator.meta.energy, 20.0 / (8.0 * 2f64.ln()).sqrt());
    assert!((&measured.channel.map - want).norm_max() < 1e-9);
    let negative = Spectroscopy {
        resolution: &[1.0, -1.0],
        ..how
    };
    assert!(Measurement::spectra_with(&case.operator, &raw, &negative).is_err());
}

/// "Errors missing a square root": a diagonal covariance is the squares of the errors.
#[test]
fn a_diagonal_covariance_is_the_squares_of_the_errors() {
    let case = case();
    let mut raw = noisy(&tiny::set(3, 2), 1, NOISE);
    let sigma: Vec<f64> = (0..raw.x.len())
        .map(|j| 1e-4 * (2.0 + (j as f64).sin()))
        .collect();
    let full = Mat::from_fn(sigma.len(), sigma.len(), |i, j| {
        if i == j { sigma[i] * sigma[i] } else { 0.0 }
    });
    let how = Spectroscopy {
        covariance: Some(full.as_ref()),
        ..Spectroscopy::default()
    };
    let by_covariance = Measurement::spectra_with(&case.operator, &raw, &how).unwrap();
    raw.sigma = Some(sigma);
    let by_sigma = Measurement::spectra(&case.operator, &raw, None, &[]).unwrap();
    let g = |m: &Measurement| {
        Inverter::new(&case.operator, &m.channel)
            .unwrap()
            .invert_measured(m)
            .unwrap()
            .remove(0)
            .g
    };
    for (a, b) in g(&by_covariance).iter().zip(g(&by_sigma)) {
        // Directions a thousand times below the noise may be kept by the one and left out by the other.
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    let mut lying = full.clone();
    lying[(0, 1)] = 1.0;
    lying[(1, 0)] = 1.0;
    let how = Spectroscopy {
        covariance: Some(lying.as_ref()),
        ..Spectroscopy::default()
    };
    let e = Measurement::spectra_with(&case.operator, &raw, &how)
        .unwrap_err()
        .to_string();
    assert!(e.contains("positive definite"), "{e}");
}

/// A window that was not measured is left out, and less is known.
#[test]
fn missing_points_are_missing() {
    let case = case();
    let raw = noisy(&tiny::set(3, 2), 1, NOISE);
    let keep: Vec<usize> = (0..raw.x.len()).filter(|j| !(7..12).contains(j)).collect();
    let holed = Raw {
        x: keep.iter().map(|&j| raw.x[j]).collect(),
        y: Mat::from_fn(1, keep.len(), |i, j| raw.y[(i, keep[j])]),
        ..raw
    };
    let freedom = |m: &Measurement| {
        Inverter::new(&case.operator, &m.channel)
            .unwrap()
            .resolution()
            .unwrap()
            .degrees_of_freedom
    };
    let less = Measurement::spectra(&case.operator, &holed, Some(NOISE), &[]).unwrap();
    assert_eq!(less.channel.x.len(), keep.len());
    assert!(freedom(&less) < freedom(&case.measured));
}

/// Two operators that each see half of what the glasses do: together they see all of it.
#[test]
fn spectra_together_decide_more_than_alone() {
    let part = |set: &TrainingSet, from: usize| TrainingSet {
        spectra: set.spectra.subcols(from, 10).to_owned(),
        energy: glassbridge::grid::Grid::from_centres(&set.energy.centres()[from..from + 10])
            .unwrap(),
        ..set.clone()
    };
    let (train, test) = (tiny::set(40, 1), tiny::set(3, 2));
    let made: Vec<(Operator, Measurement)> = [0, 10]
        .into_iter()
        .map(|from| {
            let operator = Operator::train(&part(&train, from), &Settings::default()).unwrap();
            let raw = noisy(&part(&test, from), 1, NOISE);
            let measured = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
            (operator, measured)
        })
        .collect();
    let truth = rows::row(test.g.as_ref(), 1);
    let error = |g: &[f64]| {
        g.iter()
            .zip(&truth)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
    };
    let mut alone = Vec::new();
    for (operator, measured) in &made {
        let inverter = Inverter::new(operator, &measured.channel).unwrap();
        let found = inverter.invert_measured(measured).unwrap().remove(0);
        alone.push((
            inverter.resolution().unwrap().degrees_of_freedom,
            error(&found.g),
        ));
    }
    let stacked = Stacked::new(&[(&made[0].0, &made[0].1), (&made[1].0, &made[1].1)]).unwrap();
    let inverter = Inverter::joint(&made[0].0, &stacked).unwrap();
    let both = inverter.resolution().unwrap().degrees_of_freedom;
    let found = inverter
        .invert_measured(&stacked.measurement)
        .unwrap()
        .remove(0);
    for (freedom, error_alone) in alone {
        assert!(both > freedom + 0.5, "{both} {freedom}");
        assert!(error(&found.g) < error_alone);
    }
    let stranger = Operator::train(&part(&tiny::set(40, 9), 0), &Settings::default()).unwrap();
    let e = Stacked::new(&[(&made[0].0, &made[0].1), (&stranger, &made[1].1)]).unwrap_err();
    assert!(e.to_string().contains("same structures"), "{e}");
}
