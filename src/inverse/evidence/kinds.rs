//! The training glasses as several kinds: crystals, crystals with defects, glasses.
//!
//! A set of glasses is seldom one Gaussian: many samples relax back to nearly the same crystal, the others lie along a curve of rising
//! disorder. Under one Gaussian a stretch of the axis imitates a glass that is none; under a mixture, each kind with its own mean and
//! covariance, the evidence knows that no glass looks like that.

use crate::error::{Error, Result};
use crate::operator::conditional::cholesky;
use faer::{Mat, MatRef};

/// Most kinds.
const MOST: usize = 4;
/// A kind has at least so many samples on average.
const SAMPLES: usize = 30;
/// A kind's covariance counts that of all samples as so many further samples.
const PRIOR_SAMPLES: f64 = 10.0;
/// Rounds of the clustering; it has long settled by then.
const ROUNDS: usize = 50;

/// One kind: `α ~ N(mean, root rootᵀ)` in the standardised scores of the training samples.
#[derive(Debug)]
pub(super) struct Kind {
    /// Natural logarithm of its share of the samples.
    pub(super) log_share: f64,
    pub(super) mean: Vec<f64>,
    pub(super) root: Mat<f64>,
}

/// The kinds in standardised scores (n x k), of standard deviations `size` in the spectra.
pub(super) fn kinds(scores: MatRef<'_, f64>, size: &[f64]) -> Result<Vec<Kind>> {
    let n = scores.nrows();
    let label = clusters(scores, size, (n / SAMPLES).clamp(1, MOST));
    let count = label.iter().max().map_or(0, |m| m + 1);
    (0..count)
        .map(|kind| (0..n).filter(|&i| label[i] == kind).collect::<Vec<_>>())
        .filter(|members| !members.is_empty())
        .map(|members| of(scores, &members))
        .collect()
}

fn of(scores: MatRef<'_, f64>, members: &[usize]) -> Result<Kind> {
    let (n, k) = (members.len() as f64, scores.ncols());
    let mean: Vec<f64> = (0..k)
        .map(|j| members.iter().map(|&i| scores[(i, j)]).sum::<f64>() / n)
        .collect();
    let own = Mat::from_fn(members.len(), k, |i, j| scores[(members[i], j)] - mean[j]);
    let mut covariance = own.transpose() * &own * faer::Scale(1.0 / (n + PRIOR_SAMPLES));
    // Over all samples the scores have unit covariance.
    (0..k).for_each(|j| covariance[(j, j)] += PRIOR_SAMPLES / (n + PRIOR_SAMPLES));
    Ok(Kind {
        log_share: (n / scores.nrows() as f64).ln(),
        mean,
        root: cholesky(covariance.as_ref())
            .map_err(|_| Error::new("the training spectra hold values that are not finite"))?,
    })
}

/// k-means of the spectra, begun with equal parts along their strongest direction: the same samples always give the same kinds.
fn clusters(scores: MatRef<'_, f64>, size: &[f64], count: usize) -> Vec<usize> {
    let (n, k) = (scores.nrows(), scores.ncols());
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| scores[(a, 0)].total_cmp(&scores[(b, 0)]));
    let mut label = vec![0; n];
    for (place, &i) in order.iter().enumerate() {
        label[i] = place * count / n;
    }
    for _ in 0..ROUNDS {
        let mut centres = Mat::<f64>::zeros(count, k);
        let mut members = vec![0.0; count];
        for (i, &l) in label.iter().enumerate() {
            members[l] += 1.0;
            (0..k).for_each(|j| centres[(l, j)] += scores[(i, j)]);
        }
        let distance = |i: usize, l: usize| -> f64 {
            let away = |j: usize| size[j] * (scores[(i, j)] - centres[(l, j)] / members[l]);
            (0..k).map(|j| away(j).powi(2)).sum()
        };
        let nearest = |i: usize| {
            (0..count)
                .filter(|&l| members[l] > 0.0)
                .min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)))
                .unwrap_or(0)
        };
        let next: Vec<usize> = (0..n).map(nearest).collect();
        if next == label {
            break;
        }
        label = next;
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two heaps of 40 far apart, and a direction that does not tell them apart.
    #[test]
    fn two_heaps_are_two_kinds() {
        let heap = |i: usize| if i < 40 { -1.0 } else { 1.0 };
        let spread = |i: usize| ((i * 7) as f64).sin();
        let scores = Mat::from_fn(80, 2, |i, j| {
            if j == 0 {
                heap(i) + 0.05 * spread(i)
            } else {
                spread(i)
            }
        });
        let found = kinds(scores.as_ref(), &[1.0, 0.1]).unwrap();
        assert_eq!(found.len(), 2);
        for (kind, centre) in found.iter().zip([-1.0, 1.0]) {
            assert!((kind.mean[0] - centre).abs() < 0.05, "{kind:?}");
            assert!((kind.log_share - 0.5f64.ln()).abs() < 1e-12);
            // 40 samples of almost no spread and ten of unit spread.
            assert!((kind.root[(0, 0)] - 0.2f64.sqrt()).abs() < 0.01, "{kind:?}");
        }
    }
}
