//! Faber-Ziman neutron weights of the partial pair distribution functions.

use crate::elements::Composition;
use crate::error::{Error, Result};

/// Below this |⟨b⟩| / √⟨b²⟩ a sample is a null scatterer: its weights exceed 1/0.1² = 100 and amplify every error so much.
const NULL_SCATTERER: f64 = 0.1;

/// `(a, b, w_ab)` for a ≤ b (positions in `composition.species`): `w_ab = (2 − δ_ab) cₐ c_b bₐ b_b / ⟨b⟩²`, Σ w = 1.
///
/// A null scatterer, whose ⟨b⟩ is nearly zero, is refused with its numbers.
pub fn neutron_weights(composition: &Composition) -> Result<Vec<(usize, usize, f64)>> {
    let elements = composition.elements()?;
    let mean = mean_b_of_a_scatterer(composition)?;
    let part = |a: usize| composition.concentrations[a] * elements[a].b_coh / mean;
    Ok(of_parts(&(0..elements.len()).map(part).collect::<Vec<_>>()))
}

/// The same for X-rays, with the number of electrons `Z = f(0)` in place of b: `w_ab = (2 − δ_ab) cₐ c_b Zₐ Z_b / ⟨Z⟩²`.
///
/// The weights of a measured PDF are those of f(Q)/⟨f(Q)⟩, averaged over the Q of its transform, and differ from these by the more the less
/// alike the elements are: their mean up to Q = 20 1/Å by 0.03 in `SiO2` and `Cu46Zr46Al8`, by 0.05 in `SiC`.
pub fn xray_weights(composition: &Composition) -> Result<Vec<(usize, usize, f64)>> {
    let elements = composition.elements()?;
    let electrons: Vec<f64> = (composition.concentrations.iter().zip(&elements))
        .map(|(c, e)| c * f64::from(e.z))
        .collect();
    let mean: f64 = electrons.iter().sum();
    let parts: Vec<f64> = electrons.into_iter().map(|e| e / mean).collect();
    Ok(of_parts(&parts))
}

/// `(2 − δ_ab) pₐ p_b` of all pairs.
fn of_parts(parts: &[f64]) -> Vec<(usize, usize, f64)> {
    let pairs = (0..parts.len()).flat_map(|a| (a..parts.len()).map(move |b| (a, b)));
    pairs
        .map(|(a, b)| (a, b, if a == b { 1.0 } else { 2.0 } * parts[a] * parts[b]))
        .collect()
}

/// ⟨b⟩ in fm, refused where normalising by it makes no sense.
pub(super) fn mean_b_of_a_scatterer(composition: &Composition) -> Result<f64> {
    let mean = composition.mean_b()?;
    let root_mean_square = 10.0 * composition.mean_of_b_squared()?.sqrt();
    if mean.abs() < NULL_SCATTERER * root_mean_square {
        return Err(Error::new("functions normalised by <b>^2 do not exist for this sample")
            .because(format!(
                "<b> = {mean:.4} fm is nearly zero beside sqrt(<b^2>) = {root_mean_square:.4} fm (a null scatterer)"
            ))
            .cure("use X-ray data, or functions that are not normalised"));
    }
    Ok(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silica() {
        let weights = neutron_weights(&"SiO2".parse().unwrap()).unwrap();
        let sum: f64 = weights.iter().map(|w| w.2).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        // b_Si = 4.1491, b_O = 5.803: (4.1491, 2 x 5.803) / 15.7551 = 0.26335, 0.73665.
        let want = [(0, 0, 0.069_353), (0, 1, 0.387_992), (1, 1, 0.542_655)];
        for (w, v) in weights.iter().zip(want) {
            assert_eq!((w.0, w.1), (v.0, v.1));
            assert!((w.2 - v.2).abs() < 5e-5, "{w:?}");
        }
    }

    /// How far the weights at Q = 0 are from their mean over the Q of a measurement.
    #[test]
    fn xrays_weigh_by_electrons() {
        use crate::elements::form_factors::FormFactor;
        const STEPS: u32 = 200;
        for (formula, most) in [("SiO2", 0.035), ("Cu46Zr46Al8", 0.03), ("SiC", 0.05)] {
            let composition: Composition = formula.parse().unwrap();
            let weights = xray_weights(&composition).unwrap();
            assert!((weights.iter().map(|w| w.2).sum::<f64>() - 1.0).abs() < 1e-12);
            let factors: Vec<&FormFactor> = (composition.species.iter())
                .map(|s| FormFactor::of(s).unwrap())
                .collect();
            let mut mean = vec![0.0; weights.len()];
            for k in 0..STEPS {
                let q = 20.0 * (f64::from(k) + 0.5) / f64::from(STEPS);
                let f: Vec<f64> = (composition.concentrations.iter().zip(&factors))
                    .map(|(c, f)| c * f.at(q))
                    .collect();
                let sum: f64 = f.iter().sum();
                let parts: Vec<f64> = f.into_iter().map(|f| f / sum).collect();
                let here = of_parts(&parts);
                for (m, w) in mean.iter_mut().zip(here) {
                    *m += w.2 / f64::from(STEPS);
                }
            }
            let off = (weights.iter().zip(&mean)).map(|(w, m)| (w.2 - m).abs());
            assert!(off.fold(0.0, f64::max) < most, "{formula}: {mean:?}");
        }
    }

    #[test]
    fn a_null_scatterer_is_refused_with_its_numbers() {
        let e = neutron_weights(&"Ti67.6Zr32.4".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(e.contains("fm") && e.contains("null scatterer"), "{e}");
    }
}
