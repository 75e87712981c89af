//! What an experiment would see of a structure and its modes.

pub mod neutron;
pub mod rdf;
pub mod thermal_width;
pub mod vdos;

use statrs::function::erf::erf;

/// Share of a unit Gaussian of standard deviation `sigma` around `centre` that lies between two edges.
fn gaussian_between(low: f64, high: f64, centre: f64, sigma: f64) -> f64 {
    let at = |x: f64| erf((x - centre) / (sigma * std::f64::consts::SQRT_2));
    0.5 * (at(high) - at(low))
}
