//! What the paper expects to be linear in the pair distribution function: table I of arXiv:2602.05313, for machines.
//! An expectation: what was measured here is in `docs/paper.md` and `docs/observables.md`.

use serde::Serialize;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The observable.
    pub observable: &'static str,
    /// Whether the paper expects it to be a linear functional of g(r).
    pub linear: bool,
    /// When, or why not.
    pub because: &'static str,
    /// The names of its quantities here; none where it is refused or not there yet.
    pub quantities: &'static [&'static str],
}

/// The table.
pub const TABLE: [Row; 6] = [
    Row {
        observable: "phonon density of states",
        linear: true,
        because: "eigenvalues are linear in displacements to first order of perturbation theory",
        quantities: &["vdos", "neutron-gdos"],
    },
    Row {
        observable: "inelastic neutron scattering",
        linear: true,
        because: "one-phonon scattering",
        quantities: &["ins"],
    },
    Row {
        observable: "inelastic X-ray scattering",
        linear: true,
        because: "one-phonon scattering",
        quantities: &["ixs"],
    },
    Row {
        observable: "Raman scattering",
        linear: true,
        because: "only away from resonance and for weak disorder",
        quantities: &["raman", "raman-reduced"],
    },
    Row {
        observable: "thermal conductivity",
        linear: true,
        because: "only the part that phonons carry",
        quantities: &["kappa"],
    },
    Row {
        observable: "infrared absorption",
        linear: false,
        because: "it needs charges and their flow, which g(r) does not hold",
        quantities: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Quantity;

    /// Every name is that of a quantity, and what is not linear is refused with its reason.
    #[test]
    fn the_table_is_what_quantities_do() {
        for row in TABLE {
            for name in row.quantities {
                assert!(row.linear && name.parse::<Quantity>().is_ok(), "{name}");
            }
        }
        let e = "infrared".parse::<Quantity>().unwrap_err().to_string();
        assert!(e.contains("table I"), "{e}");
    }
}
