//! The observables that a recipe may ask for besides what is always recorded.

use crate::curve::Quantity;
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize};

/// An observable that costs time, so that it is made only when it is asked for. Its name is that of its array and of its
/// [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observable {
    /// Inelastic neutron scattering, incoherent approximation, along the locus of `[record.ins]`.
    Ins,
    /// Inelastic X-ray scattering at one wavevector, that of `[record.ixs]`.
    Ixs,
    /// Raman scattering, Stokes, as `[record.raman]` says; covalent networks.
    Raman,
    /// The same without temperature and laser.
    RamanReduced,
    /// Thermal conductivity over temperature, as `[record.kappa]` says.
    Kappa,
}

/// What is in every dataset (`neutron-gdos` unless the species are those of reduced units).
const ALWAYS: [&str; 5] = ["vdos", "neutron-gdos", "rdf", "adf", "rings"];

impl Observable {
    /// All of them, in the order they are listed to the user.
    pub const ALL: [Self; 5] = [
        Self::Ins,
        Self::Ixs,
        Self::Raman,
        Self::RamanReduced,
        Self::Kappa,
    ];

    /// What it is as a curve.
    pub fn quantity(self) -> Quantity {
        match self {
            Self::Ins => Quantity::Ins,
            Self::Ixs => Quantity::Ixs,
            Self::Raman => Quantity::Raman,
            Self::RamanReduced => Quantity::RamanReduced,
            Self::Kappa => Quantity::Kappa,
        }
    }

    /// Its name on the command line, in recipes and as an array.
    pub fn name(self) -> &'static str {
        self.quantity().name()
    }
}

/// The observables of these names, each once, in the order of [`Observable::ALL`]; names of what is always recorded are
/// accepted and left out.
///
/// Errors: an unknown name; `infrared`, with the reason.
pub fn named(names: &[String]) -> Result<Vec<Observable>> {
    let mut chosen = Vec::new();
    for name in names {
        let name = name.trim();
        let found = Observable::ALL.into_iter().find(|o| o.name() == name);
        match found {
            Some(observable) => chosen.push(observable),
            None if ALWAYS.contains(&name) => {}
            None => return Err(unknown(name)),
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

fn unknown(name: &str) -> Error {
    // Infrared is refused with its own reason.
    if let Err(error) = name.parse::<Quantity>()
        && !error.to_string().starts_with("unknown quantity")
    {
        return error;
    }
    let optional: Vec<_> = Observable::ALL.iter().map(|o| o.name()).collect();
    Error::new(format!("there is no observable '{name}' to record")).cure(format!(
        "use some of {}; {} are always recorded",
        optional.join(", "),
        ALWAYS.join(", ")
    ))
}

/// Reads the list of a recipe.
pub(super) fn from_list<'de, D: Deserializer<'de>>(
    input: D,
) -> std::result::Result<Vec<Observable>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    named(&names).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Vec<Observable>> {
        named(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_observable_is_called_as_its_quantity_and_its_settings() {
        for o in Observable::ALL {
            assert_eq!(of(&[o.name(), "vdos", o.name()]).unwrap(), [o]);
            let written = serde_json::to_string(&o).unwrap();
            assert_eq!(written, format!("\"{}\"", o.name()));
        }
    }

    #[test]
    fn infrared_and_unknown_names_are_refused() {
        let e = of(&["ins", "infrared"]).unwrap_err().to_string();
        assert!(e.contains("linear functional"), "{e}");
        let e = of(&["inz"]).unwrap_err().to_string();
        assert!(e.contains("inz") && e.contains("use some of ins"), "{e}");
        // A quantity, but none that is recorded.
        assert!(of(&["keen-f"]).is_err());
    }
}
