//! What an instrument does to a spectrum besides noise, and how much of it was found.

use super::Channel;
use faer::Mat;
use serde::Serialize;

/// Prior standard deviation of a constant or linear background, relative to the rms of the spectrum.
pub(super) const BACKGROUND: f64 = 0.2;
/// Prior standard deviation of the logarithm of an unknown factor around a least-squares start.
pub(super) const LOG_SCALE: f64 = 0.5;
/// Prior standard deviation of a stretch of the energy axis: spectrometers are calibrated to a per cent or better.
pub(super) const STRETCH: f64 = 0.01;
/// Prior standard deviation of an offset of the energy axis, relative to its range: the elastic line fixes zero to a fraction of its width.
pub(super) const OFFSET: f64 = 0.002;
/// Prior median of an extra Gaussian width, in bins of the operator's grid, and the standard deviation of its logarithm:
/// two thirds of the prior lie between one and ten bins.
pub(super) const WIDTH: (f64, f64) = (3.0, 1.2);

/// A disturbance that is fitted along with the spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nuisance {
    /// Unknown factor.
    Scale,
    /// Constant and linear background.
    Background,
    /// Stretch and offset of the energy axis.
    Shift,
    /// Extra Gaussian broadening.
    Width,
}

impl Nuisance {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scale, Self::Background, Self::Shift, Self::Width];

    /// Whether these need a search: a background alone is linear, and a factor alone is fixed by the area.
    #[must_use]
    pub fn need_search(declared: &[Self]) -> bool {
        let has = |n| declared.contains(&n);
        has(Self::Shift) || has(Self::Width) || (has(Self::Scale) && has(Self::Background))
    }
}

/// One number that a fit found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fitted {
    /// `scale`, `stretch`, `offset`, `width`, `background` or `slope`.
    pub name: &'static str,
    /// `meV`, or empty for a ratio.
    pub unit: &'static str,
    /// The most probable value. The measured spectrum is `scale` times the one of area as trained; the measured axis is
    /// `(1 + stretch) E + offset`; `width` is a standard deviation; background at mid-range and its rise over half the
    /// range are relative to the rms of the spectrum.
    pub value: f64,
    /// Its standard deviation (Laplace approximation: curvature of the evidence).
    pub error: f64,
}

/// The nuisances of one spectrum, and the channel with them in it.
#[derive(Debug, Clone)]
pub struct NuisanceFit {
    /// What was found.
    pub parameters: Vec<Fitted>,
    /// Correlations of the parameters, in their order.
    pub correlations: Mat<f64>,
    /// Natural logarithm of the evidence over that without any nuisance.
    pub log_evidence_gain: f64,
    /// The operator's way to this spectrum: nuisances at their most probable values in the map, their uncertainty as
    /// linear nuisances.
    pub channel: Channel,
    /// A root of the posterior covariance of the searched parameters, in units of their priors.
    pub(super) spread: Mat<f64>,
}

impl NuisanceFit {
    /// One parameter by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fitted> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// `scale 1.10(2), width 5.1(3) meV`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let each: Vec<String> = (self.parameters.iter())
            .map(|p| {
                let unit = if p.unit.is_empty() { "" } else { " " };
                format!("{} {:.3} ± {:.3}{unit}{}", p.name, p.value, p.error, p.unit)
            })
            .collect();
        each.join(", ")
    }
}

/// The background columns at points `x`, scaled to their prior standard deviation for a spectrum of this rms.
pub(super) fn background(x: &[f64], rms: f64) -> Mat<f64> {
    let (low, high) = (x[0], x[x.len() - 1]);
    Mat::from_fn(x.len(), 2, |i, j| {
        let shape = if j == 0 {
            1.0
        } else {
            2.0 * (x[i] - low) / (high - low) - 1.0
        };
        BACKGROUND * rms * shape
    })
}
