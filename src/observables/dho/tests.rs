use super::*;
use crate::curve::Quantity;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

const ID28: LineShape = LineShape::PseudoVoigt {
    fwhm: 1.5,
    eta: 0.4,
};
const KELVIN: f64 = 300.0;

/// The integrand of [`cumulative`].
fn line(e: f64, energy: f64, width: f64) -> f64 {
    let d = (e * e - energy * energy).powi(2) + width * width * e * e;
    width * energy * energy / (PI * d)
}

#[test]
fn the_area_of_the_oscillator_is_its_integral() {
    for (energy, width) in [
        (10.0, 2.0),
        (3.0, 5.9),
        (3.0, 6.1),
        (2.0, 15.0),
        (5.0, 1e-3),
    ] {
        assert!((cumulative(1e7, energy, width) - 1.0).abs() < 1e-6);
        for e in [-12.0, -3.1, 0.0, 0.4, 9.0] {
            let slope =
                (cumulative(e + 1e-4, energy, width) - cumulative(e - 1e-4, energy, width)) / 2e-4;
            let expected = line(e, energy, width);
            assert!(
                (slope - expected).abs() < 1e-5 * (1.0 + expected),
                "{energy} {width} {e}"
            );
        }
    }
}

/// y of given A₀, A, B, Ω, Γ by a fine sum that shares nothing with the model but R and the formula.
fn spectrum(x: &[f64], [central, area, background, energy, width]: [f64; 5]) -> Vec<f64> {
    let step = 0.002;
    let inner: Vec<(f64, f64)> = (-40_000..40_000)
        .map(|k| {
            let e = (f64::from(k) + 0.5) * step;
            let kt = BOLTZMANN_MEV_PER_K * KELVIN;
            (
                e,
                line(e, energy, width) * e / kt / (1.0 - (-e / kt).exp()) * step,
            )
        })
        .collect();
    let of = |x: &f64| {
        let folded: f64 = inner.iter().map(|(e, d)| d * ID28.at(x - e)).sum();
        central * ID28.at(*x) + area * folded + background
    };
    x.iter().map(of).collect()
}

const TRUTH: [f64; 5] = [40.0, 25.0, 0.2, 9.0, 3.0];

fn values(dho: &Dho) -> [Fitted; 5] {
    [dho.central, dho.area, dho.background, dho.energy, dho.width]
}

#[test]
fn an_exact_spectrum_gives_its_numbers_back() {
    let x: Vec<f64> = (-60..=60).map(|k| 0.5 * f64::from(k)).collect();
    let y = spectrum(&x, TRUTH);
    let curve = Curve::new(x, y, None, Quantity::Ixs).unwrap();
    let found = fit(&curve, &ID28, KELVIN).unwrap();
    for (fitted, truth) in values(&found).into_iter().zip(TRUTH) {
        // The integral goes on beyond the data by a margin only.
        assert!(
            (fitted.value / truth - 1.0).abs() < 5e-3,
            "{fitted:?} {truth}"
        );
    }
}

#[test]
fn the_errors_are_those_of_the_noise() {
    let x: Vec<f64> = (-60..=60).map(|k| 0.5 * f64::from(k)).collect();
    let exact = spectrum(&x, TRUTH);
    let sigma: Vec<f64> = exact.iter().map(|y| 0.1 * y.sqrt()).collect();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let mut pulls = Vec::new();
    for _ in 0..20 {
        let noisy: Vec<f64> = (exact.iter().zip(&sigma))
            .map(|(y, s)| {
                let z: f64 = StandardNormal.sample(&mut random);
                y + s * z
            })
            .collect();
        let curve = Curve::new(x.clone(), noisy, Some(sigma.clone()), Quantity::Ixs).unwrap();
        let found = fit(&curve, &ID28, KELVIN).unwrap();
        assert!((found.reduced_chi2 - 1.0).abs() < 0.5, "{found:?}");
        let [.., energy, width] = values(&found);
        pulls.push((energy.value - TRUTH[3]) / energy.error);
        pulls.push((width.value - TRUTH[4]) / width.error);
    }
    let mean_square = pulls.iter().map(|p| p * p).sum::<f64>() / pulls.len() as f64;
    // χ² of 40 over 40: its standard deviation is 0.22.
    assert!((0.5..1.7).contains(&mean_square), "{mean_square}");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let curve = |y: Vec<f64>| {
        let x = (0..y.len()).map(|k| k as f64).collect();
        Curve::new(x, y, None, Quantity::Ixs).unwrap()
    };
    assert!(fit(&curve(vec![1.0; 4]), &ID28, KELVIN).is_err());
    assert!(fit(&curve(vec![0.0; 40]), &ID28, KELVIN).is_err());
    let y = (0..40).map(|k| f64::from(k).sin().abs()).collect();
    assert!(fit(&curve(y), &ID28, 0.0).is_err());
}
