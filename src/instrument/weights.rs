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
    let pairs = (0..elements.len()).flat_map(|a| (a..elements.len()).map(move |b| (a, b)));
    Ok(pairs
        .map(|(a, b)| (a, b, if a == b { 1.0 } else { 2.0 } * part(a) * part(b)))
        .collect())
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

    #[test]
    fn a_null_scatterer_is_refused_with_its_numbers() {
        let e = neutron_weights(&"Ti67.6Zr32.4".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(e.contains("fm") && e.contains("null scatterer"), "{e}");
    }
}
