//! The crystal that a sample starts from.

use super::recipe::{Crystal, Lattice};
use crate::atoms::structure::Structure;
use crate::atoms::{alloy, lattice};
use crate::elements::element;
use crate::error::{Error, Result};
use rand::Rng;

/// The crystal of a recipe, with its first species on every place that a [`mixed`] one fills at random; `reduced` species
/// have mass 1.
pub(super) fn crystal(how: &Crystal, reduced: bool) -> Result<Structure> {
    let masses = masses(how, reduced)?;
    let names: Vec<&str> = how.species.iter().map(String::as_str).collect();
    let a = how.constant;
    if how.compositions.is_empty() != (names.len() == 1 || is_compound(how.lattice)) {
        return Err(Error::new(format!(
            "the places of the crystal of {} are not told apart from their fractions",
            names.join(", ")
        ))
        .cure("give compositions for several species on fcc, bcc, diamond, graphene or triangular places, and for nothing else"));
    }
    let unit = match (how.lattice, names.as_slice(), masses.as_slice()) {
        (Lattice::BetaCristobalite, ["Si", "O"], &[si, o]) => {
            lattice::beta_cristobalite(a, [si, o])
        }
        (Lattice::Zincblende, &[x, y], &[mx, my]) => lattice::zincblende(a, [x, y], [mx, my]),
        (Lattice::Diamond, &[x, ..], &[m, ..]) => lattice::diamond(a, x, m),
        (Lattice::Fcc, &[x, ..], &[m, ..]) => lattice::face_centred_cubic(a, x, m),
        (Lattice::Bcc, &[x, ..], &[m, ..]) => lattice::body_centred_cubic(a, x, m),
        (Lattice::Triangular, &[x, ..], &[m, ..]) => lattice::triangular(a, x, m),
        (Lattice::Graphene, &["C"], &[m]) => lattice::graphene(a, m),
        (kind, ..) => Err(
            Error::new(format!("there is no {kind:?} of {}", names.join(" and ")))
                .cure("beta-cristobalite is of Si and O, graphene of C, zincblende of two species"),
        ),
    }?;
    lattice::supercell(&unit, how.repeat)
}

fn is_compound(lattice: Lattice) -> bool {
    matches!(lattice, Lattice::BetaCristobalite | Lattice::Zincblende)
}

/// The crystal with the species of its `turn`-th composition at random on its places; a compound as it is.
pub(super) fn mixed(
    crystal: &Structure,
    how: &Crystal,
    reduced: bool,
    turn: usize,
    random: &mut impl Rng,
) -> Result<Structure> {
    let Some(fractions) = how.compositions.get(turn % how.compositions.len().max(1)) else {
        return Ok(crystal.clone());
    };
    let masses = masses(how, reduced)?;
    let species: Vec<_> = (how.species.iter().zip(masses).zip(fractions))
        .map(|((symbol, mass), fraction)| (symbol.as_str(), mass, *fraction))
        .collect();
    alloy::occupied(crystal, &species, random)
}

/// amu; every species of reduced units has mass 1.
fn masses(how: &Crystal, reduced: bool) -> Result<Vec<f64>> {
    let mass = |s: &String| {
        if reduced {
            Ok(1.0)
        } else {
            Ok(element(s)?.mass)
        }
    };
    how.species.iter().map(mass).collect()
}
