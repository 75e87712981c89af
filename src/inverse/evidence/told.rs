//! What a search found: values with errors and correlations, and the channel that they make.

use super::super::Channel;
use super::super::nuisance::{BACKGROUND, Fitted, LOG_SCALE, NuisanceFit, OFFSET, STRETCH, WIDTH};
use super::peak::Peak;
use super::{At, Free, Search};
use crate::error::Result;
use faer::Mat;

/// Step of the derivatives of a spectrum, in prior standard deviations.
const STEP: f64 = 1e-2;

impl Search<'_> {
    /// Values, errors and correlations of θ and β.
    pub(super) fn report(&self, peak: &Peak, at: &At) -> (Vec<Fitted>, Mat<f64>) {
        let Peak { t, spread, slopes } = peak;
        let covariance = spread * spread.transpose();
        let (n, more) = (t.len(), slopes.nrows());
        let k = at.mean.len() - more;
        // Covariance of β given θ: the last block of the inverse precision.
        let mut unit = Mat::from_fn(k + more, more, |i, j| f64::from(i == k + j));
        at.lower.solve_lower_triangular_in_place(&mut unit);
        let given = unit.transpose() * &unit;
        let carried = slopes * &covariance;
        let all = Mat::from_fn(n + more, n + more, |i, j| match (i < n, j < n) {
            (true, true) => covariance[(i, j)],
            (true, false) => carried[(j - n, i)],
            (false, true) => carried[(i - n, j)],
            (false, false) => {
                let through: f64 = (0..n)
                    .map(|c| carried[(i - n, c)] * slopes[(j - n, c)])
                    .sum();
                given[(i - n, j - n)] + through
            }
        });
        let theta = self.theta(t);
        let range = self.model.grid.end() - self.model.grid.start();
        let mut parameters: Vec<Fitted> = (self.free.iter().enumerate())
            .map(|(i, free)| {
                let sd = all[(i, i)].max(0.0).sqrt();
                let (value, error) = match free {
                    Free::Scale => (theta.scale, theta.scale * LOG_SCALE * sd),
                    Free::Stretch => (theta.stretch, STRETCH * sd),
                    Free::Offset => (theta.offset, OFFSET * range * sd),
                    Free::Width => (theta.width, theta.width * WIDTH.1 * sd),
                };
                let (name, unit) = free.name();
                Fitted {
                    name,
                    unit,
                    value,
                    error,
                }
            })
            .collect();
        for (b, name) in ["background", "slope"].into_iter().take(more).enumerate() {
            parameters.push(Fitted {
                name,
                unit: "",
                value: BACKGROUND * at.mean[k + b],
                error: BACKGROUND * all[(n + b, n + b)].max(0.0).sqrt(),
            });
        }
        let sd = |i: usize| all[(i, i)].max(f64::MIN_POSITIVE).sqrt();
        let correlations = Mat::from_fn(n + more, n + more, |i, j| all[(i, j)] / sd(i) / sd(j));
        (parameters, correlations)
    }

    /// The channel at `t`, for the spectrum divided by its factor.
    pub(super) fn channel(&self, t: &[f64], at: &At, spread: &Mat<f64>) -> Result<Channel> {
        let k = self.model.columns.ncols() - 1;
        let implied = Mat::from_fn(self.model.columns.nrows(), 1, |i, _| {
            let moved: f64 = (0..k)
                .map(|j| self.model.columns[(i, j + 1)] * at.mean[j])
                .sum();
            self.model.columns[(i, 0)] + moved
        });
        self.channel_around(t, &implied, spread)
    }

    /// The same around a given spectrum (q x 1, resolution included). What is left of the uncertainty of θ, as `spread` times
    /// its transpose, becomes linear nuisances: derivatives of the spectrum. (With the prior's width in place of the posterior's the
    /// linear problem would move θ away from where the evidence, which knows more, has put it.)
    fn channel_around(&self, t: &[f64], spectrum: &Mat<f64>, spread: &Mat<f64>) -> Result<Channel> {
        let theta = self.theta(t);
        let divided = |v: f64| v / theta.scale;
        let sigma = self.sigma.iter().map(|s| divided(*s)).collect();
        let rms = (self.z.iter().map(|v| v * v).sum::<f64>() / self.z.len() as f64).sqrt();
        let mut channel = Channel::new(
            self.x.to_vec(),
            self.model.map(self.x, &theta),
            sigma,
            true,
            divided(rms),
        )?;
        if let Some(b) = &self.background {
            for j in 0..b.ncols() {
                channel.add_nuisance(&b.col(j).iter().map(|v| divided(*v)).collect::<Vec<_>>());
            }
        }
        let slope = |i: usize| -> Vec<f64> {
            let at = |step: f64| {
                let mut t = t.to_vec();
                t[i] += step;
                let theta = self.theta(&t);
                (
                    theta.scale,
                    self.model.carry(self.x, &theta, spectrum.as_ref()),
                )
            };
            let ((a, up), (b, down)) = (at(STEP), at(-STEP));
            (0..self.x.len())
                .map(|j| divided(a * up[(j, 0)] - b * down[(j, 0)]) / (2.0 * STEP))
                .collect()
        };
        let slopes: Vec<Vec<f64>> = (0..t.len()).map(slope).collect();
        for k in 0..t.len() {
            let column: Vec<f64> = (0..self.x.len())
                .map(|j| (0..t.len()).map(|i| slopes[i][j] * spread[(i, k)]).sum())
                .collect();
            channel.add_nuisance(&column);
        }
        Ok(channel)
    }

    /// The channel of a typical fit (its parameters as found) for glasses around the training mean.
    pub(in crate::inverse) fn typical(&self, fit: &NuisanceFit) -> Result<Channel> {
        let range = self.model.grid.end() - self.model.grid.start();
        let t: Vec<f64> = (self.free.iter())
            .map(|free| {
                let value = fit.get(free.name().0).map_or(0.0, |f| f.value);
                match free {
                    Free::Scale => (value / self.start.scale).ln() / LOG_SCALE,
                    Free::Stretch => value / STRETCH,
                    Free::Offset => value / (OFFSET * range),
                    Free::Width => (value / self.start.width).ln() / WIDTH.1,
                }
            })
            .collect();
        self.channel_around(
            &t,
            &self.model.columns.subcols(0, 1).to_owned(),
            &fit.spread,
        )
    }
}
