//! The functions of total scattering and the ways between them (Keen 2001; Peterson et al. 2021; three dimensions).
//!
//! Every function is `y = s (g − o)` in real space, `y = s (S − o)` in reciprocal space, with a factor s(x) and an offset o;
//! a conversion takes one apart and puts the other together. Values and errors are converted alike.

use super::{Window, weights};
use crate::curve::{Curve, Quantity};
use crate::elements::Composition;
use crate::error::{Error, Result};
use std::f64::consts::PI;

/// 100 fm² are one barn.
const FM2_IN_BARN: f64 = 0.01;

/// A real-space function as another one.
///
/// `density` is the number density ρ₀ in 1/Å³, needed by G(r), R(r) and T(r); `composition` gives ⟨b⟩², needed by
/// Keen's `G_K(r)` and T(r). Points at r ≤ 0, where factors vanish, are left out.
pub fn convert_real(
    curve: &Curve,
    to: Quantity,
    density: Option<f64>,
    composition: Option<&Composition>,
) -> Result<Curve> {
    rebuild(curve, to, |q| real(q, density, composition))
}

/// A reciprocal-space function as another one; `composition` gives ⟨b⟩², needed by Keen's F(Q). Points at Q ≤ 0 are left out.
pub fn convert_reciprocal(
    curve: &Curve,
    to: Quantity,
    composition: Option<&Composition>,
) -> Result<Curve> {
    rebuild(curve, to, |q| reciprocal(q, composition))
}

/// S(Q), Q(S − 1) or F(Q) to G(r) at the given r: G(r) = (2/π) ∫ Q(S − 1) M(Q) sin(Qr) dQ up to `q_max` (all measured Q if
/// `None`), the window taken at the measured points. Nothing is added below the first point; errors are taken as independent.
pub fn pdf_from_structure_factor(
    curve: &Curve,
    r: &[f64],
    window: Window,
    q_max: Option<f64>,
    composition: Option<&Composition>,
) -> Result<Curve> {
    let reduced = convert_reciprocal(curve, Quantity::ReducedStructureFactor, composition)?;
    let reduced = match q_max {
        Some(limit) => reduced.restricted(0.0, limit)?,
        None => reduced,
    };
    let limit = q_max.unwrap_or(reduced.x()[reduced.len() - 1]);
    sine_transform(
        &reduced,
        r,
        2.0 / PI,
        |q| window.at(q, limit),
        Quantity::ReducedPdf,
    )
}

/// G(r) or any other real-space function to Q(S − 1) at the given Q: Q(S − 1) = ∫ G(r) sin(Qr) dr over the measured r.
pub fn structure_factor_from_pdf(
    curve: &Curve,
    q: &[f64],
    density: Option<f64>,
    composition: Option<&Composition>,
) -> Result<Curve> {
    let reduced = convert_real(curve, Quantity::ReducedPdf, density, composition)?;
    sine_transform(&reduced, q, 1.0, |_| 1.0, Quantity::ReducedStructureFactor)
}

/// `factor` ∫ y(x) m(x) sin(x t) dx at every t by the trapezoid rule on the points of the curve.
fn sine_transform(
    curve: &Curve,
    at: &[f64],
    factor: f64,
    m: impl Fn(f64) -> f64,
    quantity: Quantity,
) -> Result<Curve> {
    let (x, y) = (curve.x(), curve.y());
    let last = x.len() - 1;
    let weight: Vec<f64> = (0..=last)
        .map(|k| factor * 0.5 * (x[(k + 1).min(last)] - x[k.saturating_sub(1)]) * m(x[k]))
        .collect();
    let value = |t: f64| -> f64 {
        (0..=last)
            .map(|k| weight[k] * y[k] * (x[k] * t).sin())
            .sum()
    };
    let error = |sigma: &[f64], t: f64| -> f64 {
        let part = |k: usize| (weight[k] * sigma[k] * (x[k] * t).sin()).powi(2);
        (0..=last).map(part).sum::<f64>().sqrt()
    };
    let at: Vec<f64> = at.iter().copied().filter(|&t| t > 0.0).collect();
    let values = at.iter().map(|&t| value(t)).collect();
    let sigma = curve
        .sigma()
        .map(|s| at.iter().map(|&t| error(s, t)).collect());
    Curve::new(at, values, sigma, quantity)
}

/// The factor at x, and the offset.
type Shape = (Box<dyn Fn(f64) -> f64>, f64);

fn rebuild(
    curve: &Curve,
    to: Quantity,
    shape: impl Fn(Quantity) -> Result<Shape>,
) -> Result<Curve> {
    let from = curve.quantity();
    if from == to {
        return Ok(curve.clone());
    }
    let ((take, less), (give, more)) = (shape(from)?, shape(to)?);
    let keep: Vec<usize> = (0..curve.len()).filter(|&i| curve.x()[i] > 0.0).collect();
    let factor = |i: usize| give(curve.x()[i]) / take(curve.x()[i]);
    let value = |&i: &usize| give(curve.x()[i]) * (curve.y()[i] / take(curve.x()[i]) + less - more);
    Curve::new(
        keep.iter().map(|&i| curve.x()[i]).collect(),
        keep.iter().map(value).collect(),
        curve
            .sigma()
            .map(|s| keep.iter().map(|&i| s[i] * factor(i)).collect()),
        to,
    )
}

fn real(
    quantity: Quantity,
    density: Option<f64>,
    composition: Option<&Composition>,
) -> Result<Shape> {
    Ok(match quantity {
        Quantity::PairDistribution => (Box::new(|_| 1.0), 0.0),
        Quantity::ReducedPdf => {
            let rho = density_of(quantity, density)?;
            (Box::new(move |r| 4.0 * PI * rho * r), 1.0)
        }
        Quantity::RadialDistribution => {
            let rho = density_of(quantity, density)?;
            (Box::new(move |r| 4.0 * PI * rho * r * r), 0.0)
        }
        Quantity::KeenTotal => {
            let b2 = mean_b_squared(quantity, composition)?;
            (Box::new(move |_| b2), 1.0)
        }
        Quantity::TotalCorrelation => {
            let (rho, b2) = (
                density_of(quantity, density)?,
                mean_b_squared(quantity, composition)?,
            );
            (Box::new(move |r| 4.0 * PI * rho * r * b2), 0.0)
        }
        _ => return Err(foreign(quantity, "real-space")),
    })
}

fn reciprocal(quantity: Quantity, composition: Option<&Composition>) -> Result<Shape> {
    Ok(match quantity {
        Quantity::StructureFactor => (Box::new(|_| 1.0), 0.0),
        Quantity::ReducedStructureFactor => (Box::new(|q| q), 1.0),
        Quantity::KeenF => {
            let b2 = mean_b_squared(quantity, composition)?;
            (Box::new(move |_| b2), 1.0)
        }
        _ => return Err(foreign(quantity, "reciprocal-space")),
    })
}

fn foreign(quantity: Quantity, space: &str) -> Error {
    Error::new(format!(
        "{quantity} is not a {space} function of total scattering"
    ))
    .cure("convert within one space, or use the sine transform between the two")
}

fn density_of(quantity: Quantity, density: Option<f64>) -> Result<f64> {
    match density {
        Some(rho) if rho.is_finite() && rho > 0.0 => Ok(rho),
        Some(rho) => Err(Error::new(format!("the number density is {rho}"))
            .cure("give atoms per cubic angstrom, e.g. --density 0.0662 for silica glass")),
        None => Err(Error::new(format!("{quantity} needs the number density"))
            .because("its definition contains 4 pi rho0")
            .cure("give --density in atoms per cubic angstrom, e.g. 0.0662 for silica glass")),
    }
}

/// ⟨b⟩² in barn.
fn mean_b_squared(quantity: Quantity, composition: Option<&Composition>) -> Result<f64> {
    let composition = composition.ok_or_else(|| {
        Error::new(format!("{quantity} needs the composition"))
            .because("its definition contains <b>^2, the square of the mean scattering length")
            .cure("give --composition, e.g. SiO2")
    })?;
    Ok(weights::mean_b_of_a_scatterer(composition)?.powi(2) * FM2_IN_BARN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Quantity::*;

    fn silica() -> Composition {
        "SiO2".parse().unwrap()
    }

    fn curve(quantity: Quantity) -> Curve {
        let x: Vec<f64> = (1..200).map(|i| f64::from(i) * 0.05).collect();
        let y = x.iter().map(|x| 1.0 + (3.0 * x).sin() / x).collect();
        let sigma = x.iter().map(|x| 0.01 * x).collect();
        Curve::new(x, y, Some(sigma), quantity).unwrap()
    }

    fn same(a: &Curve, b: &Curve) {
        for i in 0..a.len() {
            assert!((a.y()[i] - b.y()[i]).abs() < 1e-12);
            assert!((a.sigma().unwrap()[i] / b.sigma().unwrap()[i] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn there_and_back_through_every_function() {
        let c = silica();
        for to in [ReducedPdf, RadialDistribution, KeenTotal, TotalCorrelation] {
            let g = curve(PairDistribution);
            let there = convert_real(&g, to, Some(0.0662), Some(&c)).unwrap();
            assert_eq!(there.quantity(), to);
            same(
                &convert_real(&there, PairDistribution, Some(0.0662), Some(&c)).unwrap(),
                &g,
            );
        }
        for to in [ReducedStructureFactor, KeenF] {
            let s = curve(StructureFactor);
            let there = convert_reciprocal(&s, to, Some(&c)).unwrap();
            same(
                &convert_reciprocal(&there, StructureFactor, Some(&c)).unwrap(),
                &s,
            );
        }
    }

    /// Where g = 0 and g = 1 every function has the value its definition says (rho0 = 0.0662, <b>² = 0.2758 barn).
    #[test]
    fn limits_are_those_of_the_table() {
        let c = silica();
        let g = Curve::new(vec![1.0, 2.0], vec![0.0, 1.0], None, PairDistribution).unwrap();
        let four_pi_rho = 4.0 * PI * 0.0662;
        for (to, low, high) in [
            (ReducedPdf, -four_pi_rho, 0.0),
            (RadialDistribution, 0.0, 4.0 * four_pi_rho),
            (KeenTotal, -0.2758, 0.0),
            (TotalCorrelation, 0.0, 2.0 * four_pi_rho * 0.2758),
        ] {
            let y = convert_real(&g, to, Some(0.0662), Some(&c)).unwrap();
            assert!(
                (y.y()[0] - low).abs() < 1e-4 && (y.y()[1] - high).abs() < 1e-4,
                "{to} {:?}",
                y.y()
            );
        }
    }

    #[test]
    fn what_is_missing_is_asked_for() {
        let g = curve(PairDistribution);
        let e = convert_real(&g, TotalCorrelation, None, Some(&silica())).unwrap_err();
        assert!(e.to_string().contains("--density"), "{e}");
        let e = convert_real(&g, TotalCorrelation, Some(0.07), None).unwrap_err();
        assert!(e.to_string().contains("--composition"), "{e}");
        assert!(convert_real(&g, ReducedPdf, Some(-1.0), None).is_err());
        assert!(convert_real(&g, StructureFactor, None, None).is_err());
        assert!(convert_reciprocal(&g, StructureFactor, None).is_err());
    }

    /// A shell exp(-(r-a)²/2s²) in G has Q(S-1) = √(2π) s sin(Qa) exp(-s²Q²/2), exactly.
    #[test]
    fn the_sine_transform_of_a_shell() {
        let (a, s) = (2.0, 0.2f64);
        let r: Vec<f64> = (1..400).map(|i| f64::from(i) * 0.01).collect();
        let shell = |r: f64| (-(r - a).powi(2) / (2.0 * s * s)).exp();
        let g = Curve::new(
            r.clone(),
            r.iter().map(|&r| shell(r)).collect(),
            None,
            ReducedPdf,
        )
        .unwrap();
        let q: Vec<f64> = (1..1500).map(|i| f64::from(i) * 0.02).collect();
        let f = structure_factor_from_pdf(&g, &q, None, None).unwrap();
        for (i, &q) in q.iter().enumerate() {
            let exact = (2.0 * PI).sqrt() * s * (q * a).sin() * (-0.5 * s * s * q * q).exp();
            assert!((f.y()[i] - exact).abs() < 1e-9, "{q}");
        }
        let back = pdf_from_structure_factor(&f, &r, Window::None, None, None).unwrap();
        for (i, &r) in r.iter().enumerate() {
            assert!(
                (back.y()[i] - shell(r)).abs() < 1e-3,
                "{r} {} {}",
                back.y()[i],
                shell(r)
            );
        }
    }
}
