//! What is chosen, and what is refused.

use super::*;

fn samples() -> (Mat<f64>, Mat<f64>, Vec<usize>) {
    let noise = |i: usize, j: usize| ((i * i * 7 + j * 13 + i * j * j) as f64 * 0.37).sin();
    let x = Mat::from_fn(60, 8, noise);
    // Two patterns of the inputs drive the outputs.
    let w = Mat::from_fn(8, 5, |i, j| {
        f64::from(i32::from(i == 1)) * (j as f64 - 1.5) + f64::from(i32::from(i == 6))
    });
    let y = &x * w + Mat::from_fn(60, 5, |i, j| 0.3 * noise(j + 11, i + 5));
    (x, y, (0..60).map(|i| i / 2).collect())
}

fn request(estimator: Estimator) -> Request {
    Request {
        estimator,
        ..Request::default()
    }
}

fn linear(fitted: Result<Fitted>) -> (LinearMap, Forward, f64) {
    match fitted.unwrap() {
        (ForwardMap::Linear(map), forward, freedom) => (map, forward, freedom),
        (ForwardMap::Not(_), forward, _) => panic!("{forward} is not linear"),
    }
}

#[test]
fn what_is_not_given_is_chosen() {
    let (x, y, groups) = samples();
    let samples = Samples {
        x: &x,
        y: &y,
        groups: &groups,
        seed: 3,
    };
    let (_, ridge, _) = request(Estimator::Ridge).fit(samples).unwrap();
    assert!(ridge.lambda.unwrap() > 0.0 && ridge.components.is_none());

    let (map, reduced, freedom) = linear(request(Estimator::ReducedRank).fit(samples));
    assert_eq!((reduced.components, freedom), (Some(2), 2.0));
    let singular = map.matrix.singular_values().unwrap();
    assert!(singular[1] > 0.1 && singular[2] < 1e-12);

    let (map, net, freedom) = linear(request(Estimator::ElasticNet).fit(samples));
    assert!(net.relative_gap.unwrap() < 1e-9 && net.alpha.unwrap() > 0.0);
    assert!(freedom < 7.0, "{freedom} of 8 inputs, 2 of which matter");
    // Given back, the choice is the same map.
    let again = Request {
        penalties: net.alpha.zip(net.beta),
        ..request(Estimator::ElasticNet)
    };
    let (same, _, _) = linear(again.fit(samples));
    assert!((same.matrix - &map.matrix).norm_max() < 1e-9);

    let (kernel, chosen, freedom) = request(Estimator::KernelRidge).fit(samples).unwrap();
    assert!(matches!(kernel, ForwardMap::Not(_)) && chosen.width.unwrap() > 0.0);
    assert!((0.0..60.0).contains(&freedom));

    let (_, pls, _) = request(Estimator::Pls).fit(samples).unwrap();
    assert!((1..=8).contains(&pls.components.unwrap()));
}

#[test]
fn what_an_estimator_does_not_have_is_named() {
    let given = Request {
        lambda: Some(1.0),
        penalties: Some((1.0, 1.0)),
        components: Some(1),
        estimator: Estimator::Ridge,
    };
    for (estimator, word) in [
        (Estimator::Ridge, "alpha"),
        (Estimator::ElasticNet, "lambda"),
        (Estimator::Pls, "lambda"),
        (Estimator::ReducedRank, "alpha"),
    ] {
        let e = Request { estimator, ..given }
            .check()
            .unwrap_err()
            .to_string();
        assert!(
            e.contains(&estimator.to_string()) && e.contains(word),
            "{e}"
        );
    }
    let (x, y, groups) = samples();
    let samples = Samples {
        x: &x,
        y: &y,
        groups: &groups,
        seed: 3,
    };
    for (estimator, components) in [
        (Estimator::Pls, 9),
        (Estimator::ReducedRank, 6),
        (Estimator::Pls, 0),
    ] {
        let request = Request {
            components: Some(components),
            ..request(estimator)
        };
        let e = request.fit(samples).unwrap_err().to_string();
        assert!(e.contains("cannot be had"), "{e}");
    }
    for lambda in [0.0, -1.0, f64::NAN] {
        let request = Request {
            lambda: Some(lambda),
            ..Request::default()
        };
        assert!(request.check().unwrap_err().to_string().contains("penalty"));
    }
}
