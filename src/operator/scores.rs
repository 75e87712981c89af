//! How well an operator does on glasses it has not seen.

use crate::error::Result;
use crate::operator::dependence::Variation;
use crate::operator::fit::ridge::RidgePath;
use crate::operator::forward::{Request, Samples};
use crate::operator::headroom::Headroom;
use crate::operator::learning::LearningPoint;
use crate::operator::one_parameter::OneParameter;
use crate::operator::rows;
use crate::units::THZ_IN_MEV;
use faer::{Mat, MatRef};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The noise level at which the backward direction is judged, relative to the rms of the spectra.
pub const NOISE_LEVEL: f64 = 0.03;

/// Scores of both directions. Every mean squared error is per (1/meV)² for spectra whose area is 1 in meV.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Where the held-out numbers come from, in words.
    pub protocol: String,
    /// Mean squared error of the forward map on its own training samples.
    pub train_mse: f64,
    /// The same on samples it has not seen.
    pub held_out_mse: f64,
    /// 1 - SSE/SSE(training mean), over all samples and channels, not seen.
    pub held_out_r2: f64,
    /// The same for a [cubic in the amount of disorder](crate::operator::one_parameter): what is known without g(r).
    pub one_parameter_r2: f64,
    /// Median over samples of |g - ĝ| / |g| from a spectrum with [`NOISE_LEVEL`] noise, not seen.
    pub backward_relative_error: f64,
    /// 1 - SSE/SSE(training mean) of g from a spectrum with that noise, not seen.
    pub backward_skill: f64,
    /// Samples that have a near-duplicate in the set.
    pub duplicates: usize,
    /// The same scores with fewer samples to learn from.
    pub learning: Vec<LearningPoint>,
    /// What bins, reach and broadening do to the forward score.
    pub dependence: Vec<Variation>,
    /// What a map that is not linear in g would gain.
    pub headroom: Option<Headroom>,
}

impl Scores {
    /// The factor that turns a mean squared error per (1/meV)² into one per (1/THz)².
    pub const PER_THZ: f64 = THZ_IN_MEV * THZ_IN_MEV;
}

/// Sums of squares of one split, forward and backward.
#[derive(Debug, Default)]
pub(super) struct Tally {
    forward_error: f64,
    forward_total: f64,
    one_parameter_error: f64,
    channels: usize,
    backward_error: f64,
    backward_total: f64,
    relative: Vec<f64>,
}

/// One split of the samples: fit on `train`, look at `test`.
#[derive(Debug)]
pub(super) struct Split<'a> {
    pub x: MatRef<'a, f64>,
    /// What the forward map reads.
    pub features: MatRef<'a, f64>,
    pub y: MatRef<'a, f64>,
    pub density: Option<&'a [f64]>,
    /// Group of near-duplicates of each sample.
    pub groups: &'a [usize],
    pub forward: &'a Request,
    pub train: &'a [usize],
    pub test: &'a [usize],
}

impl Split<'_> {
    /// Fits both directions on the training part, adds the errors on the test part to `tally`, and returns the forward
    /// residuals of the test part.
    pub(super) fn judge(&self, seed: u64, tally: &mut Tally) -> Result<Mat<f64>> {
        let x = rows::select(self.x, self.train);
        let y = rows::select(self.y, self.train);
        let (tx, ty) = (
            rows::select(self.x, self.test),
            rows::select(self.y, self.test),
        );
        let groups: Vec<usize> = self.train.iter().map(|&i| self.groups[i]).collect();
        let pick = |which: &[usize]| rows::select(self.features, which);
        let (known, asked) = (pick(self.train), pick(self.test));
        let samples = Samples {
            x: &known,
            y: &y,
            groups: &groups,
            seed,
        };
        let (map, _, _) = self.forward.fit(samples)?;
        let residuals = &ty - map.predict(asked.as_ref())?;
        let trivial = OneParameter::fit(x.as_ref(), y.as_ref())?.predict(tx.as_ref()) - &ty;
        tally.one_parameter_error += rows::sum_of_squares(trivial.as_ref());
        let y_mean = rows::mean(y.as_ref());
        tally.channels += ty.nrows() * ty.ncols();
        tally.forward_error += rows::sum_of_squares(residuals.as_ref());
        tally.forward_total += rows::sum_of_squares(rows::centred(ty.as_ref(), &y_mean).as_ref());

        let estimate = self.backward(&x, &y, &ty, seed)?;
        let pick = |which: &[usize]| -> Vec<f64> {
            which
                .iter()
                .map(|&i| self.density.map_or(1.0, |d| d[i]))
                .collect()
        };
        let truth = divided(&tx, &pick(self.test));
        let mean = rows::mean(divided(&x, &pick(self.train)).as_ref());
        tally.backward_total += rows::sum_of_squares(rows::centred(truth.as_ref(), &mean).as_ref());
        for i in 0..truth.nrows() {
            let error = (truth.row(i) - estimate.row(i)).squared_norm_l2();
            tally.backward_error += error;
            tally
                .relative
                .push((error / truth.row(i).squared_norm_l2()).sqrt());
        }
        Ok(residuals)
    }

    /// g of the test samples from their spectra with [`NOISE_LEVEL`] noise.
    fn backward(&self, x: &Mat<f64>, y: &Mat<f64>, test: &Mat<f64>, seed: u64) -> Result<Mat<f64>> {
        let n = y.nrows();
        let rms = (rows::sum_of_squares(y.as_ref()) / (n * y.ncols()) as f64).sqrt();
        let sigma = NOISE_LEVEL * rms;
        let mut target = Mat::from_fn(n, x.ncols() + 1, |i, j| {
            if j < x.ncols() { x[(i, j)] } else { 1.0 }
        });
        if let Some(density) = self.density {
            for (i, &s) in self.train.iter().enumerate() {
                target[(i, x.ncols())] = density[s];
            }
        }
        let path = RidgePath::new(y.as_ref(), target.as_ref())?;
        let lambda =
            RidgePath::new(y.as_ref(), x.as_ref())?.best_lambda(&path.default_lambdas())?;
        let map = path.fit(lambda + n as f64 * sigma * sigma);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let noisy = Mat::from_fn(test.nrows(), test.ncols(), |i, j| {
            let xi: f64 = StandardNormal.sample(&mut rng);
            test[(i, j)] + sigma * xi
        });
        let out = &noisy * map.matrix.transpose();
        let p = x.ncols();
        Ok(Mat::from_fn(test.nrows(), p, |i, j| {
            (out[(i, j)] + map.offset[j]) / (out[(i, p)] + map.offset[p])
        }))
    }
}

fn divided(x: &Mat<f64>, by: &[f64]) -> Mat<f64> {
    Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] / by[i])
}

impl Tally {
    /// The scores of all splits together.
    pub(super) fn scores(mut self, protocol: String, train_mse: f64, duplicates: usize) -> Scores {
        self.relative.sort_by(f64::total_cmp);
        let ratio = |error: f64, total: f64| {
            if total > 0.0 {
                1.0 - error / total
            } else {
                0.0
            }
        };
        Scores {
            protocol,
            train_mse,
            held_out_mse: self.forward_error / self.channels.max(1) as f64,
            held_out_r2: ratio(self.forward_error, self.forward_total),
            one_parameter_r2: ratio(self.one_parameter_error, self.forward_total),
            backward_relative_error: self
                .relative
                .get(self.relative.len() / 2)
                .copied()
                .unwrap_or(0.0),
            backward_skill: ratio(self.backward_error, self.backward_total),
            duplicates,
            learning: Vec::new(),
            dependence: Vec::new(),
            headroom: None,
        }
    }
}
