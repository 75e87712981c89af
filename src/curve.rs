//! A measured or computed curve: x, y, perhaps errors, and what it is.

use crate::error::{Error, Result};
use crate::units::Unit;
use serde::{Deserialize, Serialize};

/// What a curve shows. An operator trained on one quantity refuses another by name.
///
/// The real- and reciprocal-space names follow Keen, *J. Appl. Cryst.* **34**, 172 (2001) and Peterson et al.,
/// *J. Appl. Cryst.* **54**, 317 (2021); see `docs/conventions.md` for each definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// g(r): 0 at low r, 1 at large r.
    PairDistribution,
    /// G(r) = 4πρ₀r (g − 1).
    ReducedPdf,
    /// R(r) = 4πρ₀r² g.
    RadialDistribution,
    /// Keen's `G_K(r)` = ⟨b⟩² (g − 1).
    KeenTotal,
    /// T(r) = 4πρ₀r ⟨b⟩² g, barn/Å² per atom.
    TotalCorrelation,
    /// S(Q), 1 at large Q.
    StructureFactor,
    /// Q (S − 1), the F(Q) of `PDFgetX3`.
    ReducedStructureFactor,
    /// Keen's F(Q) = ⟨b⟩² (S − 1), the i(Q) of Gudrun, barn/sr per atom.
    KeenF,
    /// Vibrational density of states; its area is 1.
    Vdos,
    /// Neutron-weighted density of states; its area is 1.
    NeutronGdos,
    /// Inelastic neutron intensity S(E).
    Ins,
    /// Inelastic X-ray intensity S(E).
    Ixs,
    /// Raman intensity as measured.
    Raman,
    /// Raman intensity divided by Bose and laser-frequency factors.
    RamanReduced,
    /// Coupling C(E) of light to vibrations, reduced Raman intensity over density of states; no density itself.
    RamanCoupling,
    /// Thermal conductivity in W/m/K over temperature.
    Kappa,
}

impl Quantity {
    /// Every quantity, in the order they are listed to the user.
    pub const ALL: [Self; 16] = [
        Self::PairDistribution,
        Self::ReducedPdf,
        Self::RadialDistribution,
        Self::KeenTotal,
        Self::TotalCorrelation,
        Self::StructureFactor,
        Self::ReducedStructureFactor,
        Self::KeenF,
        Self::Vdos,
        Self::NeutronGdos,
        Self::Ins,
        Self::Ixs,
        Self::Raman,
        Self::RamanReduced,
        Self::RamanCoupling,
        Self::Kappa,
    ];

    /// The unit of its x axis inside the program.
    pub fn axis(self) -> Unit {
        match self {
            Self::PairDistribution
            | Self::ReducedPdf
            | Self::RadialDistribution
            | Self::KeenTotal
            | Self::TotalCorrelation => Unit::Angstrom,
            Self::StructureFactor | Self::ReducedStructureFactor | Self::KeenF => {
                Unit::InverseAngstrom
            }
            Self::Kappa => Unit::Kelvin,
            _ => Unit::Mev,
        }
    }

    /// Whether y is a density on its axis, so that a change of unit carries a Jacobian and only its shape is compared.
    pub fn is_density(self) -> bool {
        self.axis() == Unit::Mev && self != Self::RamanCoupling
    }

    /// Whether an operator can be trained on it: what the vibrations of a glass show, not its structure.
    pub fn is_target(self) -> bool {
        self.is_density() || self == Self::Kappa
    }

    /// The name of its axis, for figures: `energy (meV)`.
    pub fn axis_label(self) -> String {
        let name = match self.axis() {
            Unit::Kelvin => "temperature",
            Unit::Angstrom => "r",
            Unit::InverseAngstrom => "Q",
            _ => "energy",
        };
        format!("{name} ({})", self.axis())
    }

    /// The unit of y, of a [target](Self::is_target).
    pub fn value_unit(self) -> &'static str {
        match self {
            Self::Kappa => "W/m/K",
            _ if self.is_density() => "1/meV",
            _ => "",
        }
    }

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::PairDistribution => "pair-distribution",
            Self::ReducedPdf => "reduced-pdf",
            Self::RadialDistribution => "radial-distribution",
            Self::KeenTotal => "keen-total",
            Self::TotalCorrelation => "total-correlation",
            Self::StructureFactor => "structure-factor",
            Self::ReducedStructureFactor => "reduced-structure-factor",
            Self::KeenF => "keen-f",
            Self::Vdos => "vdos",
            Self::NeutronGdos => "neutron-gdos",
            Self::Ins => "ins",
            Self::Ixs => "ixs",
            Self::Raman => "raman",
            Self::RamanReduced => "raman-reduced",
            Self::RamanCoupling => "raman-coupling",
            Self::Kappa => "kappa",
        }
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Quantity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim().to_lowercase();
        let alias = match name.as_str() {
            "g(r)" | "g" | "rdf" | "pdf" => Some(Self::PairDistribution),
            "infrared" | "ir" => {
                return Err(Error::new("infrared spectra are not supported")
                    .because(
                        "infrared absorption is not a linear functional of the pair distribution \
                         function: it needs charges and their flow (arXiv:2602.05313, table I)",
                    )
                    .cure("use an INS, IXS or Raman spectrum of the same sample"));
            }
            _ => None,
        };
        alias
            .or_else(|| Self::ALL.into_iter().find(|q| q.name() == name))
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|q| q.name()).collect();
                Error::new(format!("unknown quantity '{text}'"))
                    .cure(format!("use one of {}", names.join(", ")))
            })
    }
}

/// x strictly ascending, y, perhaps the standard error of y, and what they are.
///
/// A missing error is `None`, never 0 and never 1. x is in the [inside](Unit::inside) unit of its quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    x: Vec<f64>,
    y: Vec<f64>,
    sigma: Option<Vec<f64>>,
    quantity: Quantity,
}

impl Curve {
    /// Checks and takes the columns; `x` must already be in the inside unit of `quantity`.
    ///
    /// Errors: unequal lengths, fewer than two points, a number that is not finite, x that does not ascend,
    /// a standard error that is not positive.
    pub fn new(
        x: Vec<f64>,
        y: Vec<f64>,
        sigma: Option<Vec<f64>>,
        quantity: Quantity,
    ) -> Result<Self> {
        let fail = |what: String| Err(Error::new(what));
        if x.len() != y.len() || sigma.as_ref().is_some_and(|s| s.len() != x.len()) {
            return fail(format!("x has {} values, y has {}", x.len(), y.len()));
        }
        if x.len() < 2 {
            return fail(format!(
                "a curve needs two points, this one has {}",
                x.len()
            ));
        }
        if let Some(i) = (0..x.len()).find(|&i| !(x[i].is_finite() && y[i].is_finite())) {
            return fail(format!("point {} is ({}, {})", i + 1, x[i], y[i]));
        }
        if let Some(i) = x.windows(2).position(|w| w[0] >= w[1]) {
            return fail(format!(
                "x does not ascend: {} is followed by {}",
                x[i],
                x[i + 1]
            ));
        }
        if let Some(s) = sigma
            .iter()
            .flatten()
            .find(|s| !(s.is_finite() && **s > 0.0))
        {
            return Err(Error::new(format!("a standard error is {s}"))
                .because("errors must be positive; an unknown error is a missing one, not 0")
                .cure("leave the error column out, or remove the points without an error"));
        }
        Ok(Self {
            x,
            y,
            sigma,
            quantity,
        })
    }

    /// Axis values, ascending.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// Ordinates.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Standard errors of y, if known.
    pub fn sigma(&self) -> Option<&[f64]> {
        self.sigma.as_deref()
    }

    /// What it is.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Number of points.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a curve has at least two points"
    )]
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Area under the curve by the trapezoid rule.
    pub fn area(&self) -> f64 {
        (1..self.len())
            .map(|i| 0.5 * (self.x[i] - self.x[i - 1]) * (self.y[i] + self.y[i - 1]))
            .sum()
    }

    /// y and its errors multiplied by a positive factor.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        self.y.iter_mut().for_each(|v| *v *= factor);
        self.sigma.iter_mut().flatten().for_each(|v| *v *= factor);
        self
    }

    /// The points with `low <= x <= high`; refused if fewer than two are left.
    pub fn restricted(&self, low: f64, high: f64) -> Result<Self> {
        let keep: Vec<usize> = (0..self.len())
            .filter(|&i| (low..=high).contains(&self.x[i]))
            .collect();
        let take = |v: &[f64]| keep.iter().map(|&i| v[i]).collect::<Vec<_>>();
        Self::new(
            take(&self.x),
            take(&self.y),
            self.sigma.as_deref().map(take),
            self.quantity,
        )
        .map_err(|e| {
            e.because(format!(
                "only {} of its points lie between {low} and {high} {}",
                keep.len(),
                self.quantity.axis()
            ))
            .cure("check the unit of x (--x-unit)")
        })
    }

    /// Linear interpolation at `x`; `None` outside the measured range.
    pub fn at(&self, x: f64) -> Option<f64> {
        if !(self.x[0]..=self.x[self.len() - 1]).contains(&x) {
            return None;
        }
        let i = self.x.partition_point(|&v| v < x).max(1);
        let t = (x - self.x[i - 1]) / (self.x[i] - self.x[i - 1]);
        Some(self.y[i - 1] + t * (self.y[i] - self.y[i - 1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_reads_back_from_its_name() {
        for q in Quantity::ALL {
            assert_eq!(q.name().parse::<Quantity>(), Ok(q));
        }
    }

    #[test]
    fn infrared_is_refused_with_the_reason() {
        let e = "infrared".parse::<Quantity>().unwrap_err().to_string();
        assert!(e.contains("linear functional"), "{e}");
    }

    #[test]
    fn targets_are_what_a_glass_shows() {
        let targets: Vec<_> = Quantity::ALL
            .into_iter()
            .filter(|q| q.is_target())
            .collect();
        assert_eq!(targets.len(), 7);
        assert!(targets.contains(&Quantity::Kappa) && !Quantity::Kappa.is_density());
        assert!(!Quantity::RamanCoupling.is_target());
        assert_eq!(Quantity::Kappa.axis_label(), "temperature (K)");
    }

    #[test]
    fn bad_columns_are_refused() {
        let q = Quantity::Vdos;
        let new = |x: &[f64], y: &[f64], s: Option<&[f64]>| {
            Curve::new(x.into(), y.into(), s.map(Into::into), q)
        };
        assert!(new(&[0.0, 1.0], &[1.0], None).is_err());
        assert!(new(&[0.0], &[1.0], None).is_err());
        assert!(new(&[0.0, 0.0], &[1.0, 1.0], None).is_err());
        assert!(new(&[0.0, f64::NAN], &[1.0, 1.0], None).is_err());
        assert!(new(&[0.0, 1.0], &[1.0, 1.0], Some(&[0.0, 1.0])).is_err());
    }

    #[test]
    fn interpolation_and_area() {
        let c = Curve::new(
            vec![0.0, 1.0, 3.0],
            vec![0.0, 2.0, 0.0],
            None,
            Quantity::Vdos,
        )
        .unwrap();
        assert_eq!(c.at(0.5), Some(1.0));
        assert_eq!(c.at(3.5), None);
        assert!((c.area() - 3.0).abs() < 1e-15);
    }
}
