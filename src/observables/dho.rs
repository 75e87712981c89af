//! A damped harmonic oscillator and a central line, fitted to a spectrum at constant Q.
//!
//! `y(E) = A₀ R(E) + A ∫ D(E') R(E - E') dE' + B` with the resolution R and
//! `D(E) = (E/kT) [n(E) + 1] Γ Ω² / π((E² - Ω²)² + Γ²E²)`: an oscillator of energy Ω whose response is damped with the full width Γ
//! (of a sharp line the full width at half maximum), in detailed balance, of area 1 where kT is large; the line shape of the
//! analysis of inelastic X-ray scattering by glasses (B. Fåk and B. Dorner, *Physica B* **234-236**, 1107 (1997)).

use crate::curve::Curve;
use crate::error::{Error, Result};
use crate::instrument::line_shape::LineShape;
use crate::units::BOLTZMANN_MEV_PER_K;
use faer::Mat;
use faer::linalg::solvers::Solve;
use std::f64::consts::PI;

/// Steps of the integral in a full width of the resolution.
const STEPS: f64 = 8.0;
/// Most of them: a resolution far finer than the range of the data is not sampled further.
const MOST_STEPS: f64 = 4000.0;
/// How far beyond the data oscillators reach into them, in full widths of the resolution.
const MARGIN: f64 = 10.0;
/// Energies and widths tried as a start, evenly on a logarithmic axis.
const TRIED: usize = 12;
/// Iterations of Levenberg and Marquardt; some ten are usual.
const MOST_ITERATIONS: usize = 200;
/// A step that changes χ² by less than this fraction is the last.
const CONVERGED: f64 = 1e-10;
/// Fitted numbers: A₀, A, B, ln Ω, ln Γ.
const PARAMETERS: usize = 5;
/// How many of them, the first, enter linearly.
const LINEAR: usize = 3;

/// A number with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// Best value.
    pub value: f64,
    /// Standard error, from the curvature of χ² at its minimum.
    pub error: f64,
}

/// The result of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dho {
    /// Ω, meV.
    pub energy: Fitted,
    /// Γ, meV, without the resolution.
    pub width: Fitted,
    /// A, the area of the oscillator.
    pub area: Fitted,
    /// A₀, the area of the central line.
    pub central: Fitted,
    /// B, the background.
    pub background: Fitted,
    /// χ² over points less parameters; where the errors of the points are unknown it sets their size and is not a test.
    pub reduced_chi2: f64,
}

/// Fits a spectrum (x in meV, both signs if measured) at a temperature in K, seen with this resolution.
///
/// Errors: no more points than parameters, a temperature that is not positive, a spectrum that is zero, no minimum found, or one
/// that is no oscillator within the data.
pub fn fit(curve: &Curve, shape: &LineShape, kelvin: f64) -> Result<Dho> {
    shape.check()?;
    if !(kelvin.is_finite() && kelvin > 0.0) {
        return Err(Error::new(format!(
            "a temperature of {kelvin} K has no detailed balance"
        ))
        .cure("give a positive temperature"));
    }
    if curve.len() <= PARAMETERS || curve.y().iter().all(|y| *y == 0.0) {
        return Err(Error::new(format!(
            "{} points that are not all zero are too few for {PARAMETERS} parameters",
            curve.len()
        )));
    }
    let model = Model::new(curve, shape, kelvin);
    let start = model.start()?;
    let (best, chi2) = model.descend(start)?;
    let found = model.told(&best, chi2)?;
    // A spectrum of two humps is fitted best by an oscillator that is far away, or by none.
    let furthest = curve.x().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let is_seen = found.energy.value < furthest && found.energy.error < found.energy.value;
    if is_seen && found.area.value > 0.0 {
        Ok(found)
    } else {
        Err(failed())
    }
}

type Parameters = [f64; PARAMETERS];

/// Data, and what the model needs to be evaluated at them.
struct Model<'a> {
    curve: &'a Curve,
    shape: &'a LineShape,
    /// kT, meV.
    thermal: f64,
    /// Energies of the integral.
    inner: Vec<f64>,
    step: f64,
    /// R between each point and each of them, times the step.
    resolution: Mat<f64>,
    weights: Vec<f64>,
}

impl<'a> Model<'a> {
    fn new(curve: &'a Curve, shape: &'a LineShape, kelvin: f64) -> Self {
        let x = curve.x();
        let margin = MARGIN * shape.fwhm();
        let (low, high) = (x[0] - margin, x[x.len() - 1] + margin);
        let count = (STEPS * (high - low) / shape.fwhm()).min(MOST_STEPS).ceil();
        let step = (high - low) / count;
        let inner: Vec<f64> = (0..count as usize)
            .map(|k| low + (k as f64 + 0.5) * step)
            .collect();
        let share = |d: f64| shape.below(d + 0.5 * step) - shape.below(d - 0.5 * step);
        let resolution = Mat::from_fn(x.len(), inner.len(), |i, k| share(x[i] - inner[k]));
        let weights = match curve.sigma() {
            Some(sigma) => sigma.iter().map(|s| 1.0 / s).collect(),
            None => vec![1.0; x.len()],
        };
        Self {
            curve,
            shape,
            thermal: BOLTZMANN_MEV_PER_K * kelvin,
            inner,
            step,
            resolution,
            weights,
        }
    }

    /// The mean of D over each step of the integral: `arctan` has the sharp part of it exactly.
    fn oscillator(&self, energy: f64, width: f64) -> Mat<f64> {
        let below = |e: f64| cumulative(e, energy, width);
        Mat::from_fn(self.inner.len(), 1, |k, _| {
            let e = self.inner[k];
            let area = below(e + 0.5 * self.step) - below(e - 0.5 * self.step);
            area / self.step * balance(e / self.thermal)
        })
    }

    /// Weighted columns of the linear parameters: central line, oscillator, background.
    fn columns(&self, energy: f64, width: f64) -> Mat<f64> {
        // `resolution` holds areas of R over a step, so that its product with the mean of D is the integral over it.
        let seen = &self.resolution * self.oscillator(energy, width);
        let x = self.curve.x();
        Mat::from_fn(x.len(), LINEAR, |i, j| {
            self.weights[i]
                * match j {
                    0 => self.shape.at(x[i]),
                    1 => seen[(i, 0)],
                    _ => 1.0,
                }
        })
    }

    fn residuals(&self, p: &Parameters) -> Mat<f64> {
        let columns = self.columns(p[3].exp(), p[4].exp());
        let (y, w) = (self.curve.y(), &self.weights);
        Mat::from_fn(y.len(), 1, |i, _| {
            let model: f64 = (0..LINEAR).map(|j| p[j] * columns[(i, j)]).sum();
            w[i] * y[i] - model
        })
    }

    /// The best of a few pairs of Ω and Γ, the linear parameters by least squares.
    fn start(&self) -> Result<Parameters> {
        let x = self.curve.x();
        let most = x[0].abs().max(x[x.len() - 1].abs());
        let least = (self.shape.fwhm() / 4.0).min(most / 4.0);
        let place = |k: usize| least * (most / least).powf(k as f64 / (TRIED - 1) as f64);
        let mut best: Option<(f64, Parameters)> = None;
        for (energy, width) in (0..TRIED * TRIED).map(|n| (place(n / TRIED), place(n % TRIED))) {
            let Some(linear) = self.linear(energy, width) else {
                continue;
            };
            let p = [linear[0], linear[1], linear[2], energy.ln(), width.ln()];
            let chi2 = square(&self.residuals(&p));
            // An oscillator of negative area is none.
            if p[1] > 0.0 && chi2.is_finite() && best.is_none_or(|(least, _)| chi2 < least) {
                best = Some((chi2, p));
            }
        }
        best.map(|(_, p)| p).ok_or_else(failed)
    }

    fn linear(&self, energy: f64, width: f64) -> Option<[f64; LINEAR]> {
        let columns = self.columns(energy, width);
        let y = Mat::from_fn(columns.nrows(), 1, |i, _| {
            self.weights[i] * self.curve.y()[i]
        });
        let found = solved(
            &(columns.transpose() * &columns),
            &(columns.transpose() * y),
            1e-12,
        )?;
        Some(std::array::from_fn(|j| found[(j, 0)]))
    }

    /// Derivatives of the model: exact for the linear parameters, central differences for the logarithms.
    fn jacobian(&self, p: &Parameters) -> Mat<f64> {
        const SHIFT: f64 = 1e-5;
        let columns = self.columns(p[3].exp(), p[4].exp());
        let by = |n: usize| {
            let [mut low, mut high] = [*p; 2];
            low[n] -= SHIFT;
            high[n] += SHIFT;
            (self.residuals(&low) - self.residuals(&high)) * faer::Scale(0.5 / SHIFT)
        };
        let (energy, width) = (by(3), by(4));
        Mat::from_fn(columns.nrows(), PARAMETERS, |i, j| match j {
            3 => energy[(i, 0)],
            4 => width[(i, 0)],
            _ => columns[(i, j)],
        })
    }

    /// Levenberg and Marquardt.
    fn descend(&self, start: Parameters) -> Result<(Parameters, f64)> {
        let (mut p, mut damping) = (start, 1e-3);
        let mut residuals = self.residuals(&p);
        for _ in 0..MOST_ITERATIONS {
            let jacobian = self.jacobian(&p);
            let normal = jacobian.transpose() * &jacobian;
            let slope = jacobian.transpose() * &residuals;
            let before = square(&residuals);
            let Some((next, after)) = (0..30).find_map(|_| {
                let step = solved(&normal, &slope, damping)?;
                let next: Parameters = std::array::from_fn(|j| p[j] + step[(j, 0)]);
                let after = self.residuals(&next);
                let better = square(&after) <= before;
                damping *= if better { 0.2 } else { 5.0 };
                better.then_some((next, after))
            }) else {
                return Ok((p, before));
            };
            (p, residuals) = (next, after);
            if before - square(&residuals) <= CONVERGED * before {
                return Ok((p, square(&residuals)));
            }
        }
        Err(failed())
    }

    fn told(&self, p: &Parameters, chi2: f64) -> Result<Dho> {
        let jacobian = self.jacobian(p);
        let normal = jacobian.transpose() * &jacobian;
        let inverse =
            solved(&normal, &Mat::identity(PARAMETERS, PARAMETERS), 0.0).ok_or_else(failed)?;
        let reduced_chi2 = chi2 / (self.curve.len() - PARAMETERS) as f64;
        let size = if self.curve.sigma().is_some() {
            1.0
        } else {
            reduced_chi2
        };
        let error = |j: usize| (size * inverse[(j, j)]).sqrt();
        let plain = |j: usize| Fitted {
            value: p[j],
            error: error(j),
        };
        let exponential = |j: usize| Fitted {
            value: p[j].exp(),
            error: p[j].exp() * error(j),
        };
        Ok(Dho {
            energy: exponential(3),
            width: exponential(4),
            area: plain(1),
            central: plain(0),
            background: plain(2),
            reduced_chi2,
        })
    }
}

/// `x/(1 - exp(-x))`, that is `x (n + 1)`.
fn balance(x: f64) -> f64 {
    if x.abs() < 1e-8 {
        1.0 + 0.5 * x
    } else {
        x / -(-x).exp_m1()
    }
}

/// `∫_{-∞}^e ΓΩ²/π((E² - Ω²)² + Γ²E²) dE`. With s² = Ω² - Γ²/4 the integrand is a pair of Lorentzians at ±s of half width Γ/2 and
/// their dispersion; if damping is strong (s² < 0) both sit at zero, with two widths.
fn cumulative(e: f64, energy: f64, width: f64) -> f64 {
    let half = 0.5 * width;
    let square = energy * energy - half * half;
    let tiny = 1e-9 * energy * energy;
    if square > tiny {
        let s = square.sqrt();
        let angles = ((e - s) / half).atan() + ((e + s) / half).atan();
        let ratio = ((e + s).powi(2) + half * half) / ((e - s).powi(2) + half * half);
        0.5 + (angles + 0.5 * half / s * ratio.ln()) / (2.0 * PI)
    } else {
        let d = (-square).max(tiny).sqrt();
        let (slow, fast) = (half - d, half + d);
        let product = slow * fast;
        let part = |rate: f64| (e / rate).atan() / rate;
        0.5 + width * product / (PI * (fast * fast - slow * slow)) * (part(slow) - part(fast))
    }
}

/// The solution of a symmetric system with its diagonal raised by a fraction; none if it is singular.
fn solved(normal: &Mat<f64>, right: &Mat<f64>, damping: f64) -> Option<Mat<f64>> {
    let n = normal.nrows();
    // Scaled to a unit diagonal, so that parameters of any size do.
    let scale: Vec<f64> = (0..n)
        .map(|j| normal[(j, j)].sqrt().max(f64::MIN_POSITIVE))
        .collect();
    let scaled = Mat::from_fn(n, n, |i, j| {
        normal[(i, j)] / (scale[i] * scale[j]) + if i == j { damping } else { 0.0 }
    });
    let right = Mat::from_fn(n, right.ncols(), |i, j| right[(i, j)] / scale[i]);
    let solution = scaled.llt(faer::Side::Lower).ok()?.solve(right);
    let solution = Mat::from_fn(n, solution.ncols(), |i, j| solution[(i, j)] / scale[i]);
    let finite = |c: faer::ColRef<'_, f64>| c.iter().all(|x| x.is_finite());
    let good = solution.col_iter().all(finite);
    good.then_some(solution)
}

fn square(residuals: &Mat<f64>) -> f64 {
    residuals.squared_norm_l2()
}

fn failed() -> Error {
    Error::new("no damped oscillator fits this spectrum")
        .cure("restrict the spectrum to the range of one excitation, and check temperature and resolution")
}

#[cfg(test)]
mod tests;
