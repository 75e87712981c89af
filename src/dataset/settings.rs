//! What the observables of a recipe need to be told: the sub-tables of `[record]`.

use crate::elements::form_factors::LARGEST_Q;
use crate::error::{Error, Result};
use crate::instrument::line_shape::LineShape;
use crate::instrument::locus::{Geometry, Locus};
use crate::observables::incoherent::MOST_ORDERS;
use serde::{Deserialize, Serialize};

/// Wavevectors of one spectrum: their product with the modes grows with them.
const MOST_VECTORS: usize = 10_000;

/// `[record.ins]`: a spectrometer and the temperature of its sample. The resolution is the broadening of the other spectra.
///
/// The default is an indirect spectrometer such as VISION with a cold sample: along its locus Q² grows with E as the
/// scattering falls, so that the spectrum looks like the density of states and hardly depends on soft modes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ins {
    /// Its kind; the numbers of other kinds play no part.
    pub geometry: Geometry,
    /// Q of `fixed-q`, 1/Å.
    pub q: f64,
    /// Incident energy of `direct`, meV.
    pub incident: f64,
    /// Final energy of `indirect`, meV.
    pub last: f64,
    /// Scattering angles 2θ in degrees: the ends of the range of `direct`, the two banks of `indirect`.
    pub angles: [f64; 2],
    /// Temperature of the sample, K.
    pub temperature: f64,
    /// Largest number of phonons at a time.
    pub phonons: usize,
}

impl Default for Ins {
    fn default() -> Self {
        Self {
            geometry: Geometry::Indirect,
            q: 5.0,
            incident: 200.0,
            last: 3.5,
            angles: [45.0, 135.0],
            temperature: 10.0,
            phonons: 1,
        }
    }
}

impl Ins {
    /// Refuses what cannot be measured or computed.
    pub(super) fn check(&self) -> Result<()> {
        self.locus()?;
        let sensible = self.temperature.is_finite()
            && self.temperature >= 0.0
            && (1..=MOST_ORDERS).contains(&self.phonons);
        if sensible {
            return Ok(());
        }
        Err(Error::new("[record.ins] cannot be").because(format!(
            "the temperature is not negative and the phonons are 1 to {MOST_ORDERS}"
        )))
    }

    /// The locus of the spectrometer.
    ///
    /// Errors: numbers that no spectrometer has.
    pub fn locus(&self) -> Result<Locus> {
        let locus = match self.geometry {
            Geometry::FixedQ => Locus::FixedQ(self.q),
            Geometry::Direct => Locus::Direct {
                incident: self.incident,
                angles: self.angles,
            },
            Geometry::Indirect => Locus::Indirect {
                last: self.last,
                banks: self.angles,
            },
        };
        locus.check()?;
        Ok(locus)
    }
}

/// `[record.ixs]`: X-rays at one wavevector, the mean over a shell of the cell's own.
///
/// The default is a large Q: there the spectrum has all modes in it and is smooth in the structure, while near the first peak of
/// S(Q) it follows few of them. The resolution is like that of ID28 or BL35XU (3 meV; 1.5 meV with higher reflections), on top of the
/// broadening of the other spectra, which stands for the modes that a small cell has not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ixs {
    /// |Q| in the middle of the shell, 1/Å.
    pub q: f64,
    /// Half of its width, 1/Å.
    pub half_width: f64,
    /// Wavevectors in it that are used, at most.
    pub vectors: usize,
    /// Temperature of the sample, K.
    pub temperature: f64,
    /// Full width at half maximum of the resolution, a pseudo-Voigt, meV.
    pub fwhm: f64,
    /// Share of the Lorentzian in it.
    pub eta: f64,
}

impl Default for Ixs {
    fn default() -> Self {
        Self {
            q: 6.0,
            half_width: 0.3,
            vectors: 60,
            temperature: 300.0,
            fwhm: 3.0,
            eta: 0.5,
        }
    }
}

impl Ixs {
    /// Refuses what cannot be measured or computed.
    pub(super) fn check(&self) -> Result<()> {
        self.resolution().check()?;
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let sensible = positive(self.q)
            && self.q < LARGEST_Q
            && positive(self.half_width)
            && (1..=MOST_VECTORS).contains(&self.vectors)
            && self.temperature.is_finite()
            && self.temperature >= 0.0;
        if sensible {
            return Ok(());
        }
        Err(Error::new("[record.ixs] cannot be").because(format!(
            "q and half_width are positive, q below {LARGEST_Q:.0}, the temperature not negative and the vectors 1 to {MOST_VECTORS}"
        )))
    }

    /// The resolution.
    pub fn resolution(&self) -> LineShape {
        LineShape::PseudoVoigt {
            fwhm: self.fwhm,
            eta: self.eta,
        }
    }
}
