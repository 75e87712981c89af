//! What one number, the amount of disorder, already explains of the spectra: the bar a map of g(r) must clear.

use super::rows;
use crate::error::{Error, Result};
use faer::linalg::solvers::SolveLstsq;
use faer::{Mat, MatRef};

/// Powers of the disorder that each channel of the spectrum follows.
const POWERS: usize = 4;

/// A cubic in the amount of disorder for each channel: `y_j = Σ_k a_jk tᵏ`, where t is the first principal component of the
/// training descriptors, scaled to unit variance.
///
/// A set that spans crystal to glass is nearly a curve, so this explains 50 to 75 % of the variance of the spectra without
/// looking at any detail of g(r).
#[derive(Debug)]
pub struct OneParameter {
    mean: Vec<f64>,
    direction: Mat<f64>,
    scale: f64,
    /// POWERS x q.
    coefficients: Mat<f64>,
}

impl OneParameter {
    /// Fits `outputs` (n x q) on `inputs` (n x p) by least squares.
    pub fn fit(inputs: MatRef<'_, f64>, outputs: MatRef<'_, f64>) -> Result<Self> {
        let mean = rows::mean(inputs);
        let centred = rows::centred(inputs, &mean);
        let svd = centred
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        let spread = svd
            .S()
            .column_vector()
            .iter()
            .next()
            .copied()
            .unwrap_or(0.0);
        let mut model = Self {
            mean,
            direction: svd.V().subcols(0, 1).to_owned(),
            // Equal inputs have no disorder to scale.
            scale: (spread / (inputs.nrows() as f64).sqrt()).max(f64::MIN_POSITIVE),
            coefficients: Mat::zeros(0, 0),
        };
        model.coefficients = model.powers(inputs).col_piv_qr().solve_lstsq(outputs);
        Ok(model)
    }

    /// The spectra (N x q) of descriptors (N x p).
    pub fn predict(&self, inputs: MatRef<'_, f64>) -> Mat<f64> {
        self.powers(inputs) * &self.coefficients
    }

    /// The amount of disorder t of each of the `inputs` (N x p), in standard deviations from the training mean; its sign has no meaning.
    pub fn amounts(&self, inputs: MatRef<'_, f64>) -> Vec<f64> {
        let t = rows::centred(inputs, &self.mean) * &self.direction;
        t.col(0).iter().map(|t| t / self.scale).collect()
    }

    fn powers(&self, inputs: MatRef<'_, f64>) -> Mat<f64> {
        let t = self.amounts(inputs);
        Mat::from_fn(t.len(), POWERS, |i, k| {
            std::iter::repeat_n(t[i], k).product()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_of_the_main_direction_is_found_exactly() {
        let t = |i: usize| ((i * 7 % 20) as f64 - 9.5) / 5.0;
        let x = Mat::from_fn(20, 3, |i, j| t(i) * [1.0, -2.0, 0.5][j] + 3.0);
        let y = Mat::from_fn(20, 2, |i, j| {
            let t = t(i);
            [1.0 + t * t * t, 2.0 * t - t * t][j]
        });
        let model = OneParameter::fit(x.as_ref(), y.as_ref()).unwrap();
        let error = model.predict(x.as_ref()) - &y;
        assert!(error.norm_max() < 1e-12, "{}", error.norm_max());
    }
}
