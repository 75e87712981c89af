//! The polarizability of a bond and how it changes when its ends move: published models, as data.
//!
//! A bond of length R along u has the polarizability `α_ab = (2α_T + α_L)/3 δ_ab + (α_L − α_T)(u_a u_b − δ_ab/3)`, with `α_L` along and `α_T`
//! across the bond; both depend on R alone. That is a model of networks of localised bonds. Metals, alloys and noble gases have none.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// A 3 x 3 tensor.
pub type Tensor = [[f64; 3]; 3];

/// The compounds for which the bonds below stand, by their elements.
const NETWORKS: [&[&str]; 4] = [&["C"], &["Si"], &["C", "Si"], &["O", "Si"]];

/// Where the polarizability of a bond comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// E. R. Lippincott and J. M. Stutman, *J. Phys. Chem.* **68**, 2926 (1964), without adjustable parameters; used for amorphous silicon by
    /// M. Marinov and N. Zotov, *Phys. Rev. B* **55**, 2938 (1997). `α_L = σ R⁴ / (4⁴ α₁ α₂)^(1/6)` with the atomic polarizabilities α₁, α₂
    /// and `σ = exp(−(x₁ − x₂)²/4)` for unlike atoms of reduced electronegativity x; `α_T = (x₁² α₁ + x₂² α₂)/(x₁² + x₂²)`.
    /// The numbers are those that ASE (`ase.calculators.bond_polarizability`) took from these papers; the papers themselves were not at hand.
    #[default]
    LippincottStutman,
    /// Carbon alone, fitted to density-functional theory: L. Wirtz, M. Lazzeri, F. Mauri and A. Rubio, *Phys. Rev. B* **71**, 241402(R) (2005);
    /// linear in the length from 1.53 Å. Numbers as ASE has them; the paper itself was not at hand.
    #[serde(rename = "wirtz-2005")]
    Wirtz2005,
}

impl Model {
    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::LippincottStutman => "lippincott-stutman",
            Self::Wirtz2005 => "wirtz-2005",
        }
    }

    /// The bond of two elements at a length in Å.
    ///
    /// Errors: the model has no such bond.
    pub fn bond(self, symbols: [&str; 2], length: f64) -> Result<BondPolarizability> {
        match self {
            Self::LippincottStutman => {
                let [one, two] = [atom(symbols[0])?, atom(symbols[1])?];
                Ok(lippincott_stutman(
                    one,
                    two,
                    symbols[0] == symbols[1],
                    length,
                ))
            }
            Self::Wirtz2005 if symbols == ["C", "C"] => Ok(BondPolarizability {
                along: 1.69 + 7.43 * (length - 1.53),
                along_slope: 7.43,
                across: 0.71 + 0.37 * (length - 1.53),
                across_slope: 0.37,
            }),
            Self::Wirtz2005 => Err(Error::new(format!(
                "the bond polarizabilities wirtz-2005 have no {}-{} bond",
                symbols[0], symbols[1]
            ))
            .because("they were fitted to carbon")
            .cure("use model = \"lippincott-stutman\" in [record.raman]")),
        }
    }
}

/// Polarizability (Å³) and reduced electronegativity of an atom, Lippincott and Stutman 1964, tables I and II.
fn atom(symbol: &str) -> Result<[f64; 2]> {
    match symbol {
        "C" => Ok([0.978, 0.846]),
        "O" => Ok([0.592, 1.0]),
        "Si" => Ok([2.988, 0.583]),
        _ => Err(Error::new(format!(
            "no bond polarizability of {symbol} is known here"
        ))),
    }
}

fn lippincott_stutman(
    one: [f64; 2],
    two: [f64; 2],
    alike: bool,
    length: f64,
) -> BondPolarizability {
    let ([a1, x1], [a2, x2]) = (one, two);
    let sigma = if alike {
        1.0
    } else {
        (-(x1 - x2).powi(2) / 4.0).exp()
    };
    let along = sigma * length.powi(4) / (256.0 * a1 * a2).powf(1.0 / 6.0);
    BondPolarizability {
        along,
        along_slope: 4.0 * along / length,
        across: (x1 * x1 * a1 + x2 * x2 * a2) / (x1 * x1 + x2 * x2),
        across_slope: 0.0,
    }
}

/// A bond at its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BondPolarizability {
    /// `α_L`, Å³.
    pub along: f64,
    /// `dα_L/dR`, Å².
    pub along_slope: f64,
    /// `α_T`, Å³.
    pub across: f64,
    /// `dα_T/dR`, Å².
    pub across_slope: f64,
}

impl BondPolarizability {
    /// `α_ab` (Å³) of a bond with this vector.
    pub fn tensor(&self, vector: [f64; 3]) -> Tensor {
        let (u, _) = direction(vector);
        uniaxial(u, self.along, self.across)
    }

    /// `dα_ab/dR_c` (Å²), the index c first, when the far end of the bond moves:
    /// `[(2α_T' + α_L')/3 δ_ab + (α_L' − α_T')(u_a u_b − δ_ab/3)] u_c + (α_L − α_T)/R (δ_ac u_b + δ_bc u_a − 2 u_a u_b u_c)`.
    pub fn derivative(&self, vector: [f64; 3]) -> [Tensor; 3] {
        let (u, length) = direction(vector);
        let stretched = uniaxial(u, self.along_slope, self.across_slope);
        let turned = (self.along - self.across) / length;
        std::array::from_fn(|c| {
            let on = |a: usize| f64::from(u8::from(a == c));
            std::array::from_fn(|a| {
                std::array::from_fn(|b| {
                    let turn = on(a) * u[b] + on(b) * u[a] - 2.0 * u[a] * u[b] * u[c];
                    stretched[a][b] * u[c] + turned * turn
                })
            })
        })
    }
}

fn direction(vector: [f64; 3]) -> ([f64; 3], f64) {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    (vector.map(|x| x / length), length)
}

/// The tensor that is `along` in the direction u and `across` perpendicular to it.
fn uniaxial(u: [f64; 3], along: f64, across: f64) -> Tensor {
    std::array::from_fn(|a| {
        std::array::from_fn(|b| (along - across) * u[a] * u[b] + if a == b { across } else { 0.0 })
    })
}

/// Refuses what is no network of single bonds: the model would give numbers that mean nothing.
pub fn is_network(species: &[String]) -> Result<()> {
    let all = species.join(", ");
    let mut species: Vec<&str> = species.iter().map(String::as_str).collect();
    species.sort_unstable();
    if NETWORKS.contains(&species.as_slice()) {
        return Ok(());
    }
    Err(Error::new(format!(
        "no Raman spectrum of {all} can be computed"))
    .because("the bond-polarizability model holds for covalent networks: light scattering of metals, alloys, noble gases and model particles has other causes")
    .cure("leave raman out of the observables; it is there for Si, C, SiC and SiO2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOND: BondPolarizability = BondPolarizability {
        along: 3.0,
        along_slope: 5.0,
        across: 1.2,
        across_slope: 0.4,
    };

    /// Central differences of step h are off by h² times a third derivative, here about 10 Å⁰: 1e-7.
    #[test]
    fn derivatives_are_differences_of_the_polarizability() {
        let (h, vector) = (1e-4, [1.1, -0.7, 1.4]);
        for (model, symbols) in [
            (Model::LippincottStutman, ["Si", "O"]),
            (Model::LippincottStutman, ["C", "C"]),
            (Model::Wirtz2005, ["C", "C"]),
        ] {
            let at = |v: [f64; 3]| model.bond(symbols, direction(v).1).unwrap();
            let exact = at(vector).derivative(vector);
            for c in 0..3 {
                let moved = |sign: f64| {
                    let mut v = vector;
                    v[c] += sign * h;
                    at(v).tensor(v)
                };
                let (more, less) = (moved(1.0), moved(-1.0));
                for a in 0..3 {
                    for b in 0..3 {
                        let difference = (more[a][b] - less[a][b]) / (2.0 * h);
                        assert!((difference - exact[c][a][b]).abs() < 1e-6, "{a}{b}{c}");
                    }
                }
            }
        }
    }

    #[test]
    fn along_its_axis_a_bond_only_stretches() {
        let d = BOND.derivative([0.0, 0.0, 2.0]);
        for (found, known) in [
            (d[2][2][2], 5.0),
            (d[2][0][0], 0.4),
            (d[2][1][1], 0.4),
            (d[0][0][2], 0.9),
        ] {
            assert!((found - known).abs() < 1e-12, "{found} {known}");
        }
    }

    /// ASE 3.29: `LippincottStuttman()("Si", "C", 1.9)` and `("Si", "Si", 2.35)`; `Linearized()("C", "C", 1.46)`.
    #[test]
    fn numbers_are_those_of_ase() {
        for (model, symbols, length, along, across) in [
            (
                Model::LippincottStutman,
                ["Si", "C"],
                1.9,
                4.251_197_087,
                1.625_189_896,
            ),
            (
                Model::LippincottStutman,
                ["Si", "Si"],
                2.35,
                8.403_068_887,
                2.988,
            ),
            (Model::Wirtz2005, ["C", "C"], 1.46, 1.169_9, 0.684_1),
        ] {
            let bond = model.bond(symbols, length).unwrap();
            assert!(
                (bond.along / along - 1.0).abs() < 1e-7,
                "{symbols:?} {}",
                bond.along
            );
            assert!(
                (bond.across / across - 1.0).abs() < 1e-7,
                "{symbols:?} {}",
                bond.across
            );
        }
        assert!(Model::Wirtz2005.bond(["Si", "C"], 1.9).is_err());
    }
}
