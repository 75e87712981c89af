//! The training samples as an instrument would have seen them, whole and with each fold left out.

use super::Channel;
use crate::error::Result;
use crate::operator::conditional::Conditional;
use crate::operator::rows;
use faer::{Mat, MatRef};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Noisy copies of each left-out sample: enough that the noise, not only the glass, is averaged over.
pub const DRAWS: usize = 4;

/// One fold: the conditional of the samples outside it, and which are outside and inside.
#[derive(Debug)]
pub struct Fold {
    /// Conditional of the training part.
    pub conditional: Conditional,
    /// Samples it is made of.
    pub train: Vec<usize>,
    /// Samples it has not seen.
    pub test: Vec<usize>,
}

/// Training samples carried to a [`Channel`].
#[derive(Debug)]
pub struct Seen {
    /// All samples.
    pub conditional: Conditional,
    /// Each fold left out.
    pub folds: Vec<Fold>,
    /// Noiseless data, n x m.
    pub data: Mat<f64>,
    /// [`DRAWS`] noisy copies of the data: copy d of sample i is row `d·n + i`.
    pub noisy: Mat<f64>,
}

impl Seen {
    /// Carries `samples` (n x q on the operator's grid) to `channel`. `lambda` is the ridge penalty of the direction, the
    /// model error that stays when there is no noise; `folds` says to which fold each sample belongs.
    ///
    /// Costs one m³ Cholesky factorisation, one singular value decomposition of n x m, and for each fold a k³ eigenvalue problem, k the
    /// directions that the data can decide at all.
    pub fn new(
        samples: MatRef<'_, f64>,
        channel: &Channel,
        lambda: f64,
        folds: &[usize],
        seed: u64,
    ) -> Result<Self> {
        let data = channel.see(samples);
        let n = data.nrows();
        let all: Vec<usize> = (0..n).collect();
        let whole = conditional(&data, channel, lambda)?;
        let count = folds.iter().max().map_or(0, |m| m + 1);
        let folds = (0..count)
            .into_par_iter()
            .map(|fold| {
                let (test, train): (Vec<usize>, Vec<usize>) =
                    all.iter().partition(|&&i| folds[i] == fold);
                Ok(Fold {
                    conditional: whole.part(data.as_ref(), &train)?,
                    train,
                    test,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            conditional: whole,
            folds,
            noisy: noisy_copies(&data, channel, seed),
            data,
        })
    }

    /// All samples through another channel: their conditional and their noiseless data.
    pub(super) fn whole(
        samples: MatRef<'_, f64>,
        channel: &Channel,
        lambda: f64,
    ) -> Result<(Conditional, Mat<f64>)> {
        let data = channel.see(samples);
        Ok((conditional(&data, channel, lambda)?, data))
    }

    /// The noisy copies of the samples of one fold (`DRAWS·|test|` x m), and the sample of each row.
    pub fn left_out(&self, fold: &Fold) -> (Mat<f64>, Vec<usize>) {
        let n = self.data.nrows();
        let which: Vec<usize> = (0..DRAWS)
            .flat_map(|d| fold.test.iter().map(move |&i| d * n + i))
            .collect();
        let sample = which.iter().map(|r| r % n).collect();
        (rows::select(self.noisy.as_ref(), &which), sample)
    }

    /// (T², Q) of changed copies of the training data: row i of `data` (n x m) stands for training glass i and is seen by the fold
    /// that does not know it.
    pub fn left_out_distances_of(&self, data: MatRef<'_, f64>) -> Vec<(f64, f64)> {
        let mut out = vec![(0.0, 0.0); data.nrows()];
        for fold in &self.folds {
            let part = rows::select(data, &fold.test);
            let white = fold.conditional.whiten(part.as_ref());
            let found = fold.conditional.distances(white.as_ref());
            for (&i, distance) in fold.test.iter().zip(found) {
                out[i] = distance;
            }
        }
        out
    }

    /// A property of the glasses (one value a training sample) inferred from data (N x m).
    pub fn infer(&self, data: MatRef<'_, f64>, property: &[f64]) -> Vec<f64> {
        inferred(&self.conditional, data, property)
    }

    /// The same of changed copies of the training data, as [`left_out_distances_of`](Self::left_out_distances_of).
    pub fn infer_left_out_of(&self, data: MatRef<'_, f64>, property: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; data.nrows()];
        for fold in &self.folds {
            let part = rows::select(data, &fold.test);
            let known: Vec<f64> = fold.train.iter().map(|&i| property[i]).collect();
            let found = inferred(&fold.conditional, part.as_ref(), &known);
            for (&i, value) in fold.test.iter().zip(found) {
                out[i] = value;
            }
        }
        out
    }

    /// (T², Q) of every left-out noisy copy, seen by the fold that does not know it.
    pub fn left_out_distances(&self) -> Vec<(f64, f64)> {
        self.folds
            .iter()
            .flat_map(|fold| {
                let (data, _) = self.left_out(fold);
                fold.conditional
                    .distances(fold.conditional.whiten(data.as_ref()).as_ref())
            })
            .collect()
    }
}

/// `E[t | z]` for a property t of the samples of a conditional.
fn inferred(conditional: &Conditional, data: MatRef<'_, f64>, property: &[f64]) -> Vec<f64> {
    let mean = property.iter().sum::<f64>() / property.len() as f64;
    let weights = conditional.weights(conditional.whiten(data).as_ref());
    (0..weights.ncols())
        .map(|k| {
            let moved = |(i, t): (usize, &f64)| weights[(i, k)] * (t - mean);
            mean + property.iter().enumerate().map(moved).sum::<f64>()
        })
        .collect()
}

/// The conditional of all samples.
fn conditional(data: &Mat<f64>, channel: &Channel, lambda: f64) -> Result<Conditional> {
    let share = lambda / data.nrows() as f64;
    let s = channel.covariance() + channel.overlap() * faer::Scale(share);
    Conditional::new(data.as_ref(), s.as_ref())
}

fn noisy_copies(data: &Mat<f64>, channel: &Channel, seed: u64) -> Mat<f64> {
    let (n, m) = (data.nrows(), data.ncols());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let lower = channel.noise_factor();
    let mut out = Mat::zeros(DRAWS * n, m);
    for row in 0..DRAWS * n {
        let noise = channel.draw(lower.as_ref(), &mut rng);
        for (j, noise) in noise.into_iter().enumerate() {
            out[(row, j)] = data[(row % n, j)] + noise;
        }
    }
    out
}
