use super::*;
use crate::operator::fit::ridge::RidgePath;

/// Rounding of two different roads to the same number, with penalties of 1e-3 and more.
const ROUNDING: f64 = 1e-9;

fn wave(i: usize, j: usize) -> f64 {
    ((i * i * 7 + j * 13 + i * j * j) as f64 * 0.37).sin()
}

/// A smooth bend of two of the inputs.
fn bend(x: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(x.nrows(), 3, |i, j| {
        x[(i, 0)].powi(2) + (x[(i, 1)] * (j + 1) as f64).sin() + 2.0
    })
}

#[test]
fn leave_one_out_equals_refitting() {
    for (n, p) in [(12, 3), (8, 20)] {
        let x = Mat::from_fn(n, p, wave);
        let y = bend(&x);
        let (gamma, penalty) = (0.1, 1e-3);
        let data = Centred::new(x.as_ref(), y.as_ref()).unwrap();
        let distances = squared_distances(data.x.as_ref(), data.x.as_ref());
        let path = Path::new(&distances, gamma, data.y.as_ref()).unwrap();
        let residuals = path.leave_one_out(penalty);
        for left_out in 0..n {
            let rest: Vec<usize> = (0..n).filter(|&i| i != left_out).collect();
            let (a, b) = (
                rows::select(x.as_ref(), &rest),
                rows::select(y.as_ref(), &rest),
            );
            let mean = rows::mean(b.as_ref());
            let fit = KernelRidge::solve(a.as_ref(), b.as_ref(), gamma, penalty, &mean).unwrap();
            let predicted = fit.predict(x.subrows(left_out, 1));
            for j in 0..3 {
                let expected = y[(left_out, j)] - predicted[(0, j)];
                assert!((expected - residuals[(left_out, j)]).abs() < ROUNDING);
            }
        }
    }
}

#[test]
fn the_choice_is_the_smallest_and_given_back_the_same() {
    let x = Mat::from_fn(40, 3, wave);
    let y = bend(&x);
    let chosen = KernelRidge::fit(x.as_ref(), y.as_ref(), Settings::default()).unwrap();
    let given = Settings {
        width: Some(chosen.width()),
        penalty: Some(chosen.penalty),
    };
    let again = KernelRidge::fit(x.as_ref(), y.as_ref(), given).unwrap();
    let difference = again.predict(x.as_ref()) - chosen.predict(x.as_ref());
    assert!(difference.norm_max() < ROUNDING);
    let freedom = chosen.degrees_of_freedom().unwrap();
    assert!(freedom > 3.0 && freedom < 40.0, "{freedom}");

    let new = Mat::from_fn(30, 3, |i, j| 0.9 * wave(i + 50, j + 1));
    let error = rows::sum_of_squares((chosen.predict(new.as_ref()) - bend(&new)).as_ref());
    let ridge = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
    let line = ridge.fit(ridge.best_lambda(&ridge.default_lambdas()).unwrap());
    let linear = rows::sum_of_squares((line.predict(new.as_ref()) - bend(&new)).as_ref());
    assert!(error < 0.2 * linear, "{error} {linear}");
}

/// Of equal errors the smooth fit wins, and far from every sample the answer is the mean.
#[test]
fn degenerate_inputs_give_the_mean() {
    let settings = Settings::default();
    let constant = Mat::<f64>::from_fn(5, 3, |_, _| 2.0);
    let y = Mat::from_fn(5, 2, |i, j| (i * (j + 1)) as f64);
    let fit = KernelRidge::fit(constant.as_ref(), y.as_ref(), settings).unwrap();
    let at = fit.predict(constant.subrows(0, 1));
    assert!((at[(0, 0)] - 2.0).abs() < ROUNDING && (at[(0, 1)] - 4.0).abs() < ROUNDING);

    let x = Mat::from_fn(20, 3, wave);
    let fit = KernelRidge::fit(x.as_ref(), bend(&x).as_ref(), settings).unwrap();
    let far = fit.predict(Mat::from_fn(1, 3, |_, _| 1e6).as_ref());
    assert!((far[(0, 1)] - fit.offset[1]).abs() < ROUNDING);
}

#[test]
fn awkward_rows_are_fitted() {
    let cases: [(&str, Mat<f64>); 4] = [
        ("repeated rows", Mat::from_fn(30, 3, |i, j| wave(i / 3, j))),
        (
            "a constant column",
            Mat::from_fn(30, 3, |i, j| if j == 1 { 5.0 } else { wave(i, j) }),
        ),
        ("fewer samples than inputs", Mat::from_fn(6, 20, wave)),
        ("two samples", Mat::from_fn(2, 3, wave)),
    ];
    for (what, x) in &cases {
        let y = Mat::from_fn(x.nrows(), 2, |i, _| 3.0 * x[(i, 0)] + 1.0);
        let fit = KernelRidge::fit(x.as_ref(), y.as_ref(), Settings::default())
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        let out = fit.predict(x.as_ref());
        assert!(out.is_all_finite(), "{what}");
        let spread = rows::sum_of_squares(rows::centred(y.as_ref(), &fit.offset).as_ref());
        assert!(rows::sum_of_squares((&y - out).as_ref()) < spread, "{what}");
    }
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let (x, y) = (Mat::from_fn(8, 3, wave), Mat::from_fn(8, 2, wave));
    let fit = |x: MatRef<'_, f64>, y: MatRef<'_, f64>, width, penalty| {
        KernelRidge::fit(x, y, Settings { width, penalty })
            .unwrap_err()
            .to_string()
    };
    let (a, b) = (x.as_ref(), y.as_ref());
    assert!(fit(x.subrows(0, 1), y.subrows(0, 1), None, None).contains("one sample"));
    assert!(fit(x.subrows(0, 5), b, None, None).contains("5 inputs but 8 outputs"));
    assert!(fit(a, b, Some(0.0), None).contains("width"));
    assert!(fit(a, b, None, Some(f64::NAN)).contains("penalty"));
    let e = KernelRidge::solve(a, b, 1.0, 1.0, &[0.0]).unwrap_err();
    assert!(e.to_string().contains("1 offsets for 2 outputs"));
}
