//! Masses and neutron scattering data of the elements and their isotopes, and the composition of a sample.
//!
//! Masses: abridged standard atomic weights and atomic masses (IUPAC CIAAW). Neutrons: V. F. Sears, *Neutron News* **3** (3),
//! 26 (1992), natural isotopic mixture and isotopes. The tables are made by the scripts in `fixtures/elements`.

pub mod form_factors;

use crate::error::{Error, Result};
use std::str::FromStr;
use std::sync::LazyLock;

/// 1 barn in fm².
const BARN_IN_FM2: f64 = 100.0;

/// One element of natural isotopic mixture, or one isotope.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Chemical symbol, of an isotope with its mass number before it (`7Li`).
    pub symbol: String,
    /// Atomic number.
    pub z: u32,
    /// Mass in amu.
    pub mass: f64,
    /// Real part of the bound coherent scattering length in fm.
    pub b_coh: f64,
    /// Bound coherent cross section in barn.
    pub sigma_coh: f64,
    /// Bound incoherent cross section in barn.
    pub sigma_inc: f64,
}

impl Element {
    /// Bound total scattering cross section in barn: coherent plus incoherent.
    pub fn sigma_total(&self) -> f64 {
        self.sigma_coh + self.sigma_inc
    }
}

static TABLE: LazyLock<Vec<Element>> = LazyLock::new(|| rows(include_str!("elements.csv")));
static ISOTOPES: LazyLock<Vec<Element>> =
    LazyLock::new(|| rows(include_str!("elements/isotopes.csv")));

fn rows(table: &str) -> Vec<Element> {
    table.lines().skip(1).filter_map(row).collect()
}

/// One line of a built-in table; a unit test holds that none is lost.
fn row(line: &str) -> Option<Element> {
    let cells: Vec<&str> = line.split(',').collect();
    let number = |i: usize| cells.get(i)?.parse().ok();
    Some(Element {
        symbol: (*cells.first()?).to_owned(),
        z: cells.get(1)?.parse().ok()?,
        mass: number(2)?,
        b_coh: number(3)?,
        sigma_coh: number(4)?,
        sigma_inc: number(5)?,
    })
}

/// All elements of the table, by atomic number.
pub fn all() -> impl Iterator<Item = &'static Element> {
    TABLE.iter()
}

/// The element of this symbol (`"Si"`), or the isotope: `"62Ni"`, `"7Li"`, also `"D"` and `"T"`.
///
/// ```
/// let si = glassbridge::elements::element("Si")?;
/// assert_eq!((si.mass, si.b_coh, si.sigma_total()), (28.085, 4.1491, 2.167));
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn element(symbol: &str) -> Result<&'static Element> {
    let name = match symbol {
        "D" => "2H",
        "T" => "3H",
        _ => symbol,
    };
    let mut known = TABLE.iter().chain(ISOTOPES.iter());
    known.find(|e| e.symbol == name).ok_or_else(|| {
        Error::new(format!("'{symbol}' is not in the table of elements"))
            .because("the table holds the elements with a standard atomic weight, and isotopes, with neutron data (Sears 1992)")
            .cure("write chemical symbols as in Si, O, Zr, isotopes as in D or 62Ni")
    })
}

/// What a sample is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Composition {
    /// Chemical symbols, each once, in the order given.
    pub species: Vec<String>,
    /// Atomic fractions; their sum is 1.
    pub concentrations: Vec<f64>,
}

impl Composition {
    /// From amounts in any proportion, e.g. `[("Si", 1.0), ("O", 2.0)]`; a symbol given twice is summed.
    pub fn new(amounts: &[(&str, f64)]) -> Result<Self> {
        let mut species: Vec<String> = Vec::new();
        let mut sums: Vec<f64> = Vec::new();
        for &(symbol, amount) in amounts {
            element(symbol)?;
            if !(amount.is_finite() && amount > 0.0) {
                return Err(Error::new(format!("the amount of {symbol} is {amount}"))
                    .because("amounts are positive numbers"));
            }
            if let Some(i) = species.iter().position(|s| s == symbol) {
                sums[i] += amount;
            } else {
                species.push(symbol.to_owned());
                sums.push(amount);
            }
        }
        let total: f64 = sums.iter().sum();
        if species.is_empty() || !total.is_finite() {
            return Err(
                Error::new("the composition is empty").cure("write it as SiO2 or Cu46Zr46Al8")
            );
        }
        let concentrations = sums.iter().map(|s| s / total).collect();
        Ok(Self {
            species,
            concentrations,
        })
    }

    /// The elements, in order.
    pub fn elements(&self) -> Result<Vec<&'static Element>> {
        self.species.iter().map(|s| element(s)).collect()
    }

    /// ⟨b⟩ = Σ cₐ bₐ in fm.
    pub fn mean_b(&self) -> Result<f64> {
        self.mean(|e| e.b_coh)
    }

    /// ⟨b⟩² in barn: the square of the mean, the factor of Keen's functions.
    pub fn mean_b_squared(&self) -> Result<f64> {
        Ok(self.mean_b()?.powi(2) / BARN_IN_FM2)
    }

    /// ⟨b²⟩ = Σ cₐ bₐ² in barn: the mean of the square, the self scattering.
    pub fn mean_of_b_squared(&self) -> Result<f64> {
        Ok(self.mean(|e| e.b_coh * e.b_coh)? / BARN_IN_FM2)
    }

    /// Mean mass in amu.
    pub fn mean_mass(&self) -> Result<f64> {
        self.mean(|e| e.mass)
    }

    fn mean(&self, of: impl Fn(&Element) -> f64) -> Result<f64> {
        let elements = self.elements()?;
        Ok(elements
            .iter()
            .zip(&self.concentrations)
            .map(|(e, c)| c * of(e))
            .sum())
    }
}

impl std::fmt::Display for Composition {
    /// `SiO2`; amounts that are no small integers are written as fractions that read back: `Cu0.46Zr0.46Al0.08`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let least = self
            .concentrations
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        let whole = |c: &f64| (c / least - (c / least).round()).abs() < 1e-6;
        let unit = if self.concentrations.iter().all(whole) {
            least
        } else {
            1.0
        };
        for (symbol, c) in self.species.iter().zip(&self.concentrations) {
            let amount = c / unit;
            if symbol.starts_with(|c: char| c.is_ascii_digit()) {
                write!(f, "[{symbol}]")?;
            } else {
                f.write_str(symbol)?;
            }
            if (amount - 1.0).abs() >= 1e-6 {
                write!(f, "{}", (amount * 1e6).round() / 1e6)?;
            }
        }
        Ok(())
    }
}

impl FromStr for Composition {
    type Err = Error;

    /// Reads `SiO2`, `Cu46Zr46Al8`, `Si0.5 O1`, `D2O`, `[62Ni]2Zr`: symbols, an isotope in brackets, each with an optional
    /// amount.
    fn from_str(text: &str) -> Result<Self> {
        let bad = |at: usize, why: &str| {
            Error::new(format!("'{text}' is not a composition"))
                .because(format!("at character {}: {why}", at + 1))
                .cure("write it as SiO2 or Cu46Zr46Al8")
        };
        let mut amounts = Vec::new();
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            let at = text.len() - rest.len();
            let (symbol, tail) = if first == '[' {
                (rest[1..].split_once(']')).ok_or_else(|| bad(at, "the bracket is not closed"))?
            } else if first.is_ascii_uppercase() {
                let end = 1 + rest[1..]
                    .find(|c: char| !c.is_ascii_lowercase())
                    .unwrap_or(rest.len() - 1);
                rest.split_at(end)
            } else {
                return Err(bad(at, "a chemical symbol begins with a capital letter"));
            };
            let digits = tail
                .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                .unwrap_or(tail.len());
            let (amount, tail) = tail.split_at(digits);
            let amount = match amount {
                "" => 1.0,
                number => number
                    .parse()
                    .map_err(|_| bad(at, "the amount is not a number"))?,
            };
            amounts.push((symbol, amount));
            rest = tail.trim_start();
        }
        Self::new(&amounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compositions_read_back_from_their_names() {
        for name in [
            "SiO2",
            "Cu0.46Zr0.46Al0.08",
            "Si",
            "SiC",
            "D2O",
            "[62Ni]2Zr",
        ] {
            assert_eq!(name.parse::<Composition>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn the_whole_table_is_read() {
        let tables = [
            (&*TABLE, include_str!("elements.csv")),
            (&*ISOTOPES, include_str!("elements/isotopes.csv")),
        ];
        for (table, text) in tables {
            assert_eq!(table.len(), text.lines().count() - 1);
        }
        for (symbol, b) in [
            ("Zr", 7.16),
            ("Cu", 7.718),
            ("Al", 3.449),
            ("Si", 4.1491),
            ("O", 5.803),
            ("H", -3.739),
            ("D", 6.671),
            ("7Li", -2.22),
            ("60Ni", 2.8),
            ("62Ni", -8.7),
            ("11B", 6.65),
        ] {
            assert!(
                (element(symbol).unwrap().b_coh - b).abs() < 1e-12,
                "{symbol}"
            );
        }
    }

    /// `σ_coh` = 4π b² for nearly all elements: columns that slipped would show. Not for strong absorbers,
    /// whose `σ_coh` has the imaginary part too; the table rounds to three or four digits (V: 0.0184 of 0.01838).
    #[test]
    fn cross_sections_belong_to_the_lengths() {
        let off = |e: &&Element| {
            let from_b = 4.0 * std::f64::consts::PI * e.b_coh * e.b_coh / BARN_IN_FM2;
            (from_b - e.sigma_coh).abs() > 0.02 * e.sigma_coh + 0.01
        };
        let odd: Vec<&str> = TABLE
            .iter()
            .filter(off)
            .map(|e| e.symbol.as_str())
            .collect();
        assert!(odd.len() < 8, "{odd:?}");
    }

    #[test]
    fn compositions() {
        let silica: Composition = "SiO2".parse().unwrap();
        assert_eq!(silica.species, ["Si", "O"]);
        assert!((silica.mean_b().unwrap() - (4.1491 + 2.0 * 5.803) / 3.0).abs() < 1e-12);
        assert!((silica.mean_b_squared().unwrap() - 0.2758).abs() < 1e-4);
        assert!((silica.concentrations.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let glass: Composition = "Cu46 Zr46 Al8".parse().unwrap();
        assert_eq!(glass.concentrations, [0.46, 0.46, 0.08]);
        for bad in [
            "", "sio2", "Si-O", "Xx2", "Si0", "Si1.2.3", "SiÖ", "Si1e5", "[62Ni", "[63Xx]2", "[]",
        ] {
            assert!(bad.parse::<Composition>().is_err(), "{bad}");
        }
    }
}
