//! What the data say and what the prior says.

use super::{Channel, Seen, measurement};
use crate::error::Result;
use crate::finding::Finding;
use crate::grid::Grid;
use crate::operator::conditional::Conditional;
use crate::operator::{KNOWN, Operator, rows};
use faer::Mat;

/// Below this share of the prior variance removed the data say nothing.
pub const SILENT: f64 = 0.1;
/// A range of fewer bins than this is not worth a word.
const SHORTEST_SILENCE: usize = 3;

/// Resolution analysis of a channel, the same for all its spectra.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// `sum f_k`: directions that the data decide; the rest is prior.
    pub degrees_of_freedom: f64,
    /// `-½ sum log₂(1 - f_k)`: information gained over the prior.
    pub bits: f64,
    /// Per r bin, the share of the prior variance that the data removed (0: all prior, 1: all data).
    pub data_share: Vec<f64>,
    /// Standard deviation of the descriptor from the noise, per r bin.
    pub noise_sd: Vec<f64>,
    /// Standard deviation of the descriptor that stays from the prior, per r bin.
    pub prior_sd: Vec<f64>,
    /// Averaging kernels `A` (p x p), everything in units of the prior's spread `s` at its r: without noise the estimate is
    /// `x̄ + s A ((x - x̄)/s)`.
    pub kernels: Mat<f64>,
    /// Ranges of r (Å) where the glasses differ and the data remove less than `SILENT` of the prior variance.
    pub silent: Vec<(f64, f64)>,
}

impl Resolution {
    pub(super) fn new(operator: &Operator, conditional: &Conditional) -> Result<Self> {
        let filter = conditional.filter();
        let mean = rows::mean(operator.x.as_ref());
        let x = rows::centred(operator.x.as_ref(), &mean);
        let (n, p) = (x.nrows() as f64, x.ncols());
        let along = conditional.sample_vectors().transpose() * &x;
        let (mut share, mut noise, mut prior) = (vec![0.0; p], vec![0.0; p], vec![0.0; p]);
        let largest = (0..p).map(|j| x.col(j).norm_l2()).fold(0.0, f64::max);
        let known = KNOWN * largest;
        for j in 0..p {
            let total = x.col(j).squared_norm_l2();
            let (mut decided, mut from_noise) = (0.0, 0.0);
            for (f, c) in filter.iter().zip(along.col_as_slice(j)) {
                let c = c * c;
                decided += f * c;
                from_noise += f * (1.0 - f) * c;
            }
            // Where all training glasses agree there was nothing to decide.
            share[j] = if total > known * known {
                (decided / total).clamp(0.0, 1.0)
            } else {
                0.0
            };
            noise[j] = (from_noise / n).sqrt();
            prior[j] = ((total - decided - from_noise).max(0.0) / n).sqrt();
        }
        Ok(Self {
            degrees_of_freedom: filter.iter().sum(),
            // 1 - f is never zero: f = s²/(s²+n).
            bits: -0.5
                * filter
                    .iter()
                    .map(|f| (1.0 - f).max(f64::MIN_POSITIVE).log2())
                    .sum::<f64>(),
            silent: silent(&operator.meta.r, &share, |j| x.col(j).norm_l2() > known),
            data_share: share,
            noise_sd: noise,
            prior_sd: prior,
            kernels: kernels(operator, conditional, &filter)?,
        })
    }
}

impl Resolution {
    /// That of an ideal instrument: a point in every bin of the operator's grid, no width of its own, and white noise of `level`
    /// times the rms of the training spectra.
    pub fn ideal(operator: &Operator, level: f64) -> Result<Self> {
        let samples = operator.y.as_ref();
        let (q, rms) = (samples.ncols(), measurement::rms(samples));
        let points = operator.meta.energy.centres();
        let map = Mat::identity(q, q);
        let channel = Channel::new(points, map, vec![level * rms; q], true, rms)?;
        let directions = operator.spectrum_directions()?;
        let conditional = Seen::whole(&directions, &channel, operator.meta.lambda_backward)?;
        Self::new(operator, &conditional)
    }

    /// "This spectrum says nothing about r in ...", if there are such ranges.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        let each: Vec<String> = (self.silent.iter())
            .map(|(a, b)| format!("[{a:.2}, {b:.2}]"))
            .collect();
        (!each.is_empty()).then(|| {
            Finding::new(
                "data-silent",
                format!(
                    "This spectrum says nothing about g at r in {} Å: less than {:.0} % of what the training glasses differ by there.",
                    each.join(", "),
                    100.0 * SILENT
                ),
                "Take g there as an average of the training glasses; less noise or a second spectrum may decide more.",
            )
        })
    }
}

fn silent(grid: &Grid, share: &[f64], differ: impl Fn(usize) -> bool) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    let mut start = None;
    for j in 0..=share.len() {
        let quiet = j < share.len() && differ(j) && share[j] < SILENT;
        match (quiet, start) {
            (true, None) => start = Some(j),
            (false, Some(from)) => {
                if j - from >= SHORTEST_SILENCE {
                    out.push((grid.edge(from), grid.edge(j)));
                }
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// `A = Xᵀ U f Uᵀ (Xᵀ)⁺` of scaled descriptors, the pseudo-inverse taken on the directions that occur in the training set.
fn kernels(operator: &Operator, conditional: &Conditional, filter: &[f64]) -> Result<Mat<f64>> {
    let prior = operator.prior()?;
    let (d, k) = (&prior.d, prior.d.len());
    let projected = prior.q.transpose() * conditional.sample_vectors();
    let weighted = Mat::from_fn(k, filter.len(), |i, j| projected[(i, j)] * filter[j]);
    let core = weighted * projected.transpose();
    let scaled = Mat::from_fn(k, k, |i, j| d[i] * core[(i, j)] / d[j]);
    Ok(&prior.p * scaled * prior.p.transpose())
}
