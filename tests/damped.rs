//! A PDF damped by the resolution in Q of its diffractometer.

use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::inverse::{Diffraction, Measurement, Predictor, Raw};
use glassbridge::operator::Operator;
use std::f64::consts::PI;
use std::path::Path;

const Q_DAMP: f64 = 0.06;
const NOISE: f64 = 1e-3;
/// Of the spectrum's size: what the noise, which the damped curve has more of beside its signal, moves. Ignored, the damping costs
/// 0.8 %.
const ALIKE: f64 = 1e-4;
const IGNORED: f64 = 4e-3;

fn silica() -> Operator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/silica.npz");
    Operator::load(&path).unwrap()
}

/// The spectrum that a glass's curve implies.
fn spectrum(
    operator: &Operator,
    raw: &Raw,
    density: Option<&[f64]>,
    q_damp: Option<f64>,
) -> Vec<f64> {
    let diffraction = Diffraction {
        q_damp,
        ..Diffraction::default()
    };
    let m = Measurement::pdfs(operator, raw, density, &diffraction).unwrap();
    let predictor = Predictor::new(operator, &m.channel).unwrap();
    predictor.predict(m.data.as_ref()).remove(0).spectrum
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    let size = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    size(&mut a.iter().zip(b).map(|(a, b)| a - b)) / size(&mut a.iter().copied())
}

/// g(r), G(r), R(r) and S(Q) of one glass, damped, imply with the damping declared what they imply undamped.
#[test]
fn a_declared_damping_is_undone_in_every_convention() {
    let operator = silica();
    let glass = 40;
    let mean = operator.meta.mean_density.unwrap();
    let density = mean * operator.relative_density.as_ref().unwrap()[glass];
    let (g, r) = (operator.training_g(glass), operator.meta.r.centres());
    for quantity in [
        Quantity::PairDistribution,
        Quantity::ReducedPdf,
        Quantity::RadialDistribution,
        Quantity::StructureFactor,
    ] {
        let in_q = quantity == Quantity::StructureFactor;
        let q: Vec<f64> = (10..500).map(|k| 0.05 * f64::from(k)).collect();
        let x = if in_q { &q } else { &r };
        let curve = |q_damp: f64| {
            let excess = |j: usize| (g[j] - 1.0) * (-0.5 * (q_damp * r[j]).powi(2)).exp();
            let value = |j: usize| {
                if in_q {
                    let at = |b: usize| r[b] * excess(b) * (q[j] * r[b]).sin();
                    let sum: f64 = (0..r.len()).map(at).sum();
                    return 1.0 + 4.0 * PI * density / q[j] * sum * operator.meta.r.step();
                }
                let shell = 4.0 * PI * density * r[j];
                let excess = excess(j);
                match quantity {
                    Quantity::PairDistribution => 1.0 + excess,
                    Quantity::ReducedPdf => shell * excess,
                    _ => shell * r[j] * (1.0 + excess),
                }
            };
            Raw {
                x: x.clone(),
                y: Mat::from_fn(1, x.len(), |_, j| value(j)),
                sigma: Some(vec![NOISE; x.len()]),
                quantity,
            }
        };
        let known = Some(&[density][..]);
        let whole = spectrum(&operator, &curve(0.0), known, None);
        let declared = spectrum(&operator, &curve(Q_DAMP), known, Some(Q_DAMP));
        let ignored = spectrum(&operator, &curve(Q_DAMP), known, None);
        assert!(apart(&whole, &declared) < ALIKE, "{quantity}");
        assert!(apart(&whole, &ignored) > IGNORED, "{quantity}");
    }
}

/// Without its density R(r) still says most: the constant that the damping leaves alone is then known to the spread of the densities.
#[test]
fn an_unknown_density_widens_and_a_senseless_damping_is_refused() {
    let operator = silica();
    let r = operator.meta.r.centres();
    let raw = |quantity| Raw {
        x: r.clone(),
        y: Mat::from_fn(1, r.len(), |_, j| operator.x[(3, j)]),
        sigma: Some(vec![NOISE; r.len()]),
        quantity,
    };
    let measure = |quantity, q_damp| {
        let diffraction = Diffraction {
            q_damp: Some(q_damp),
            ..Diffraction::default()
        };
        Measurement::pdfs(&operator, &raw(quantity), None, &diffraction)
    };
    let nuisances = |q_damp| {
        let m = measure(Quantity::RadialDistribution, q_damp).unwrap();
        m.channel.nuisances.ncols()
    };
    assert_eq!((nuisances(0.0), nuisances(Q_DAMP)), (0, 1));
    for senseless in [-0.1, 3.0, f64::NAN] {
        let error = measure(Quantity::PairDistribution, senseless).unwrap_err();
        assert!(error.to_string().contains("--q-damp"), "{error}");
    }
}
