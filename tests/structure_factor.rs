//! A structure factor given in place of a PDF: used where it was measured.

use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::inverse::{Diffraction, Measurement, Predictor, Raw};
use glassbridge::operator::Operator;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;
use std::path::Path;

const NOISE: f64 = 0.01;

fn silica() -> Operator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/silica.npz");
    Operator::load(&path).unwrap()
}

/// Noisy S(Q) of some training glasses, g taken as 1 beyond the grid; and their densities.
fn structure_factors(operator: &Operator, which: &[usize]) -> (Raw, Vec<f64>) {
    let (grid, mean) = (operator.meta.r, operator.meta.mean_density.unwrap());
    let relative = operator.relative_density.as_ref().unwrap();
    let q: Vec<f64> = (10..500).map(|k| 0.05 * f64::from(k)).collect();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
    let mut noise = || -> f64 { StandardNormal.sample(&mut rng) };
    let s = Mat::from_fn(which.len(), q.len(), |k, j| {
        let i = which[k];
        let sum: f64 = (0..grid.len())
            .map(|b| {
                let r = grid.centre(b);
                r * (operator.x[(i, b)] - relative[i]) * (q[j] * r).sin() * grid.step()
            })
            .sum();
        1.0 + 4.0 * PI * mean / q[j] * sum + NOISE * noise()
    });
    let raw = Raw {
        sigma: Some(vec![NOISE; q.len()]),
        x: q,
        y: s,
        quantity: Quantity::StructureFactor,
    };
    (raw, which.iter().map(|&i| mean * relative[i]).collect())
}

/// The spectrum that S(Q) implies is that which g(r) of the same glass implies, and both lie near the truth.
#[test]
fn a_structure_factor_implies_the_same_spectrum_as_g() {
    /// Of the spread of the spectra over the glasses; S(Q) with its noise and its unknown tail costs this much beside an exact g.
    const LIKE_G: f64 = 0.35;
    let operator = silica();
    let which = [3, 40, 77, 120];
    let (raw, density) = structure_factors(&operator, &which);
    let diffraction = Diffraction::default();
    let predict = |raw: &Raw| {
        let m = Measurement::pdfs(&operator, raw, Some(&density), &diffraction).unwrap();
        let predictor = Predictor::new(&operator, &m.channel).unwrap();
        predictor.predict(m.data.as_ref())
    };
    let g = Raw {
        x: operator.meta.r.centres(),
        y: Mat::from_fn(4, operator.x.ncols(), |k, j| {
            operator.training_g(which[k])[j]
        }),
        sigma: None,
        quantity: Quantity::PairDistribution,
    };
    let mean: Vec<f64> = (0..operator.y.ncols())
        .map(|j| operator.y.col(j).iter().sum::<f64>() / operator.samples() as f64)
        .collect();
    for (k, (by_s, by_g)) in predict(&raw).iter().zip(predict(&g)).enumerate() {
        let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
        let apart = norm(&mut by_s.spectrum.iter().zip(&by_g.spectrum).map(|(a, b)| a - b));
        let from_mean = norm(&mut by_g.spectrum.iter().zip(&mean).map(|(a, b)| a - b));
        assert!(
            apart < LIKE_G * from_mean,
            "glass {}: {apart} of {from_mean}",
            which[k]
        );
    }
}

/// Q(S - 1) and F(Q) = <b>²(S - 1) of the same glass are the same data.
#[test]
fn the_three_conventions_agree() {
    let operator = silica();
    let (s, density) = structure_factors(&operator, &[5]);
    let data = |raw: &Raw| {
        Measurement::pdfs(&operator, raw, Some(&density), &Diffraction::default())
            .unwrap()
            .data
    };
    let with = |quantity, factor: &dyn Fn(f64) -> f64| Raw {
        y: Mat::from_fn(1, s.x.len(), |_, j| factor(s.x[j]) * (s.y[(0, j)] - 1.0)),
        quantity,
        ..s.clone()
    };
    let silica: glassbridge::elements::Composition = "SiO2".parse().unwrap();
    let b2 = silica.mean_b().unwrap().powi(2) / 100.0;
    let want = data(&s);
    for raw in [
        with(Quantity::ReducedStructureFactor, &|q| q),
        with(Quantity::KeenF, &|_| b2),
    ] {
        assert!((data(&raw) - &want).norm_max() < 1e-12 * want.norm_max().max(1.0));
    }
}

#[test]
fn without_a_density_it_is_refused() {
    let operator = silica();
    let (raw, _) = structure_factors(&operator, &[5]);
    let refused = Measurement::pdfs(&operator, &raw, None, &Diffraction::default()).unwrap_err();
    assert!(refused.to_string().contains("--density"), "{refused}");
}
