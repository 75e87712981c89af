//! From the convention of a PDF to the descriptor.

use crate::curve::Quantity;
use crate::elements::Composition;
use crate::error::{Error, Result};
use crate::operator::{Descriptor, Operator};
use crate::units::Unit;
use std::f64::consts::PI;

/// The affine map from a real-space convention to the descriptor at one r.
pub(super) struct Conversion {
    quantity: Quantity,
    descriptor: Descriptor,
    /// ρ̄ of the operator, per Å³.
    mean_density: Option<f64>,
    /// ⟨b⟩² in barn.
    b_squared: f64,
    pub(super) density_missing: bool,
}

impl Conversion {
    pub(super) fn new(
        operator: &Operator,
        quantity: Quantity,
        density_given: bool,
        composition: Option<&Composition>,
    ) -> Result<Self> {
        let meta = &operator.meta;
        if quantity.axis() != Unit::Angstrom {
            return Err(Error::new(format!("the PDF file holds {quantity}, not a function of r"))
                .cure("give a g(r), G(r), T(r) or R(r); `glassbridge inspect` shows how the file was read"));
        }
        let per_density = !matches!(quantity, Quantity::PairDistribution | Quantity::KeenTotal);
        if meta.dimensions == 2 && per_density {
            return Err(Error::new(format!(
                "{quantity} is a three-dimensional function, the operator is two-dimensional"
            ))
            .cure("give g(r)"));
        }
        let density_free = matches!(
            quantity,
            Quantity::TotalCorrelation | Quantity::RadialDistribution
        );
        let by_density = meta.descriptor == Descriptor::RhoRdf;
        if !by_density && per_density && !density_given {
            return Err(Error::new(format!(
                "{quantity} needs the number density to become g(r)"
            ))
            .cure("give --density"));
        }
        let needs_b = matches!(quantity, Quantity::TotalCorrelation | Quantity::KeenTotal);
        let own: Option<Composition> = meta.composition.as_deref().map(str::parse).transpose()?;
        let b_squared = match (needs_b, composition.or(own.as_ref())) {
            (false, _) => 1.0,
            (true, Some(c)) => c.mean_b()?.powi(2) / 100.0,
            (true, None) => {
                return Err(
                    Error::new(format!("{quantity} needs the composition to become g(r)"))
                        .because("it is scaled by the mean scattering length")
                        .cure("give --composition, such as SiO2"),
                );
            }
        };
        Ok(Self {
            quantity,
            descriptor: meta.descriptor,
            mean_density: meta.mean_density,
            b_squared,
            density_missing: by_density && !density_free && !density_given,
        })
    }

    /// `(factor, offset)` of `x = factor · value + offset`.
    pub(super) fn at(&self, r: f64, density: Option<f64>) -> (f64, f64) {
        // ρ/ρ̄ of the sample and the density that turns 4πρr(g - 1) and its kin into x.
        let (relative, unit) = match (self.descriptor, self.mean_density) {
            (Descriptor::RhoRdf, Some(mean)) => (density.map_or(1.0, |d| d / mean), mean),
            _ => (1.0, density.unwrap_or(1.0)),
        };
        let shell = 4.0 * PI * unit * r;
        match self.quantity {
            Quantity::ReducedPdf => (1.0 / shell, relative),
            Quantity::RadialDistribution => (1.0 / (shell * r), 0.0),
            Quantity::TotalCorrelation => (1.0 / (shell * self.b_squared), 0.0),
            Quantity::KeenTotal => (relative / self.b_squared, relative),
            _ => (relative, 0.0),
        }
    }
}
