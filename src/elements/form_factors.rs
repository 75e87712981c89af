//! Atomic form factors of free neutral atoms for X-rays.
//!
//! `f(s) = c + Σ_k a_k exp(-b_k s²)`, s = Q/4π, for s up to 6 Å⁻¹: D. Waasmaier and A. Kirfel, *Acta Cryst.* A **51**, 416
//! (1995). The table is made by `fixtures/elements/make_form_factors.py`. Anomalous dispersion is not in it: f holds away
//! from absorption edges.

use crate::error::{Error, Result};
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Gaussians of one atom.
const TERMS: usize = 5;
/// Where the parametrisation ends, Q in 1/Å.
pub const LARGEST_Q: f64 = 24.0 * PI;

/// The form factor of an element, in electrons.
#[derive(Debug, Clone, PartialEq)]
pub struct FormFactor {
    symbol: String,
    c: f64,
    a: [f64; TERMS],
    b: [f64; TERMS],
}

static TABLE: LazyLock<Vec<FormFactor>> = LazyLock::new(|| {
    include_str!("form_factors.csv")
        .lines()
        .skip(1)
        .filter_map(row)
        .collect()
});

/// One line of the built-in table; a unit test holds that none is lost.
fn row(line: &str) -> Option<FormFactor> {
    let (symbol, rest) = line.split_once(',')?;
    let numbers: Vec<f64> = rest.split(',').filter_map(|n| n.parse().ok()).collect();
    let [c, parts @ ..] = &numbers[..] else {
        return None;
    };
    Some(FormFactor {
        symbol: symbol.to_owned(),
        c: *c,
        a: parts.get(..TERMS)?.try_into().ok()?,
        b: parts.get(TERMS..)?.try_into().ok()?,
    })
}

impl FormFactor {
    /// Of an element, or of the element of an isotope (`"Si"`, `"D"`, `"62Ni"`).
    pub fn of(symbol: &str) -> Result<&'static Self> {
        let z = super::element(symbol)?.z;
        let natural = super::all().find(|e| e.z == z).map(|e| e.symbol.as_str());
        TABLE
            .iter()
            .find(|f| natural == Some(f.symbol.as_str()))
            .ok_or_else(|| Error::new(format!("there is no X-ray form factor of '{symbol}'")))
    }

    /// f at Q (1/Å).
    ///
    /// ```
    /// use glassbridge::elements::form_factors::FormFactor;
    /// assert!((FormFactor::of("Si")?.at(0.0) - 14.0).abs() < 0.002);
    /// # Ok::<(), glassbridge::error::Error>(())
    /// ```
    pub fn at(&self, q: f64) -> f64 {
        let square = (q / (4.0 * PI)).powi(2);
        let terms = self.a.iter().zip(&self.b);
        self.c + terms.map(|(a, b)| a * (-b * square).exp()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_has_one_that_counts_its_electrons() {
        /// The fit misses the number of electrons by up to 0.038 (Os).
        const FIT: f64 = 0.04;
        for element in crate::elements::all() {
            let f = FormFactor::of(&element.symbol).unwrap();
            assert!(
                (f.at(0.0) - f64::from(element.z)).abs() < FIT,
                "{}",
                element.symbol
            );
        }
    }

    /// `xraydb.f0` 4.5.8 at s = 0.1, 0.25, 0.5, 1, 2.
    #[test]
    fn values_are_those_of_xraydb() {
        let expected = [
            (
                "Si",
                [12.133_421, 8.859_503, 6.239_623, 2.700_327, 1.261_264],
            ),
            ("O", [7.245_234, 4.808_135, 2.337_907, 1.377_02, 0.673_263]),
            (
                "Zr",
                [36.362_596, 29.168_808, 20.895_085, 11.857_73, 5.545_978],
            ),
        ];
        for (symbol, values) in expected {
            let f = FormFactor::of(symbol).unwrap();
            for (s, value) in [0.1, 0.25, 0.5, 1.0, 2.0].into_iter().zip(values) {
                assert!((f.at(4.0 * PI * s) - value).abs() < 1e-6, "{symbol} {s}");
            }
        }
    }

    #[test]
    fn isotopes_scatter_x_rays_as_their_element() {
        assert_eq!(FormFactor::of("D"), FormFactor::of("H"));
        assert_eq!(FormFactor::of("62Ni"), FormFactor::of("Ni"));
    }
}
