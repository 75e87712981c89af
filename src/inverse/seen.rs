//! The training samples as an instrument would have seen them, whole and with each fold left out.

use super::Channel;
use crate::error::Result;
use crate::operator::conditional::{Conditional, Judged, LeftOut, Scores, Target};
use crate::operator::directions::Directions;
use faer::{Mat, MatRef};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::sync::OnceLock;

/// Noisy copies of each left-out sample: enough that the noise, not only the glass, is averaged over.
pub const DRAWS: usize = 4;

/// Training samples carried to a [`Channel`].
#[derive(Debug)]
pub struct Seen {
    /// All samples.
    pub conditional: Conditional,
    /// Each fold left out.
    folds: Vec<LeftOut>,
    /// Noiseless data, n x m.
    pub data: Mat<f64>,
    /// [`DRAWS`] noisy copies of the data: copy d of sample i is column `d·n + i`.
    noisy: Mat<f64>,
    noisy_scores: Scores,
    noisy_distances: OnceLock<Vec<(f64, f64)>>,
}

/// What the folds say of copies of the samples that they do not know.
#[derive(Debug)]
pub struct ByFold(Vec<(Vec<usize>, Judged)>);

impl Seen {
    /// Carries `samples` (n x q on the operator's grid, with their directions) to `channel`. `lambda` is the ridge penalty of the
    /// direction, the model error that stays when there is no noise; `folds` says to which fold each sample belongs.
    ///
    /// Costs one m³ Cholesky factorisation (of correlated errors only), one k³ eigenvalue problem, and for each fold a k³ Cholesky
    /// factorisation, k the directions that the data can decide at all.
    pub fn new(
        samples: MatRef<'_, f64>,
        directions: &Directions,
        channel: &Channel,
        lambda: f64,
        folds: &[usize],
        seed: u64,
    ) -> Result<Self> {
        let conditional = Self::whole(directions, channel, lambda)?;
        let count = folds.iter().max().map_or(0, |m| m + 1);
        let of = |fold: usize| (0..folds.len()).filter(|&i| folds[i] == fold).collect();
        let folds = (0..count)
            .into_par_iter()
            .map(|fold| LeftOut::new(&conditional, of(fold)))
            .collect::<Result<Vec<_>>>()?;
        let data = channel.see(samples);
        let noisy = noisy_copies(&data, channel, seed);
        let white = conditional.whiten(noisy.transpose());
        Ok(Self {
            noisy_scores: conditional.scores(white.as_ref()),
            noisy_distances: OnceLock::new(),
            conditional,
            folds,
            noisy,
            data,
        })
    }

    /// The samples of each fold.
    pub fn tests(&self) -> Vec<&[usize]> {
        self.folds.iter().map(|fold| fold.test.as_slice()).collect()
    }

    /// The conditional of all samples, given by their directions, through a channel.
    pub(super) fn whole(
        directions: &Directions,
        channel: &Channel,
        lambda: f64,
    ) -> Result<Conditional> {
        let share = lambda / directions.u.nrows() as f64;
        let s = channel.covariance() + channel.overlap() * faer::Scale(share);
        Conditional::through(directions, lambda, |rows| channel.see(rows), s.as_ref())
    }

    /// The first `draws` noisy copies of all samples (`draws·n` x m).
    pub fn noisy(&self, draws: usize) -> MatRef<'_, f64> {
        self.noisy.subcols(0, draws * self.data.nrows()).transpose()
    }

    /// The noise of all copies ([`DRAWS`]`·n` x m).
    pub fn noise(&self) -> Mat<f64> {
        let n = self.data.nrows();
        Mat::from_fn(DRAWS * n, self.data.ncols(), |c, j| {
            self.noisy[(j, c)] - self.data[(c % n, j)]
        })
    }

    /// Where data (N x m) stand along the directions of the samples.
    pub fn scores(&self, data: MatRef<'_, f64>) -> Scores {
        self.conditional
            .scores(self.conditional.whiten(data).as_ref())
    }

    /// Where all noisy copies stand.
    pub fn noisy_scores(&self) -> &Scores {
        &self.noisy_scores
    }

    /// Each fold with the columns of `scores` that are copies of its samples: column `d·n + i` is a copy of sample i.
    fn by_fold(&self, scores: &Scores) -> Vec<(&LeftOut, Vec<usize>)> {
        let n = self.data.nrows();
        let columns = |fold: &LeftOut| -> Vec<usize> {
            (0..scores.len() / n)
                .flat_map(|d| fold.test.iter().map(move |i| d * n + i))
                .collect()
        };
        (self.folds.iter())
            .map(|fold| (fold, columns(fold)))
            .collect()
    }

    /// Judges copies of the samples, changed at will (column `d·n + i` of `scores` stands for sample i), by the folds that do not
    /// know them.
    pub fn left_out(&self, scores: &Scores) -> ByFold {
        ByFold(
            (self.by_fold(scores).into_par_iter())
                .map(|(fold, columns)| {
                    let judged = fold.judge(scores, &columns);
                    (columns, judged)
                })
                .collect(),
        )
    }

    /// A property as the folds infer it, one column a copy (p x N).
    pub fn left_out_estimates(&self, judged: &ByFold, target: &Target) -> Mat<f64> {
        let each: Vec<Mat<f64>> = (self.folds.par_iter().zip(&judged.0))
            .map(|(fold, (_, judged))| fold.estimates(target, &judged.coefficients))
            .collect();
        let count = judged.0.iter().map(|(columns, _)| columns.len()).sum();
        let mut out = Mat::zeros(target.mean().len(), count);
        for ((columns, _), part) in judged.0.iter().zip(&each) {
            for (k, &column) in columns.iter().enumerate() {
                out.col_mut(column).copy_from(part.col(k));
            }
        }
        out
    }

    /// (T², Q) of copies of the samples, as [`left_out`](Self::left_out) takes them.
    ///
    /// Errors: a decomposition does not converge.
    pub fn left_out_distances_of(&self, scores: &Scores) -> Result<Vec<(f64, f64)>> {
        let each = (self.by_fold(scores).into_par_iter())
            .map(|(fold, columns)| Ok((fold.distances(scores, &columns)?, columns)))
            .collect::<Result<Vec<_>>>()?;
        let mut out = vec![(0.0, 0.0); scores.len()];
        for (distances, columns) in each {
            for (column, distance) in columns.into_iter().zip(distances) {
                out[column] = distance;
            }
        }
        Ok(out)
    }

    /// (T², Q) of every noisy copy, seen by the fold that does not know it.
    ///
    /// Errors: a decomposition does not converge.
    pub fn left_out_distances(&self) -> Result<&[(f64, f64)]> {
        if let Some(known) = self.noisy_distances.get() {
            return Ok(known);
        }
        let found = self.left_out_distances_of(&self.noisy_scores)?;
        Ok(self.noisy_distances.get_or_init(|| found))
    }
}

impl ByFold {
    /// Leverage of each copy.
    pub fn leverage(&self) -> Vec<f64> {
        let count = self.0.iter().map(|(columns, _)| columns.len()).sum();
        let mut out = vec![0.0; count];
        for (columns, judged) in &self.0 {
            for (&column, leverage) in columns.iter().zip(&judged.leverage) {
                out[column] = *leverage;
            }
        }
        out
    }
}

fn noisy_copies(data: &Mat<f64>, channel: &Channel, seed: u64) -> Mat<f64> {
    let (n, m) = (data.nrows(), data.ncols());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let lower = channel.noise_factor();
    let clean = data.transpose().to_owned();
    let mut out = Mat::from_fn(m, DRAWS * n, |j, row| clean[(j, row % n)]);
    for row in 0..DRAWS * n {
        let noise = channel.draw(lower.as_ref(), &mut rng);
        (out.col_mut(row).iter_mut().zip(noise)).for_each(|(v, noise)| *v += noise);
    }
    out
}
