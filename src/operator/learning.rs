//! The learning curve: how the scores grow with the number of samples, and so whether more would help.

use super::scores::{Split, Tally};
use crate::error::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Shares of the training part of each fold that are tried; the whole part gives the scores themselves.
const SHARES: [f64; 3] = [0.125, 0.25, 0.5];
/// Scores with fewer samples to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearningPoint {
    /// Samples learned from, the mean over the folds.
    pub samples: usize,
    /// 1 − SSE/SSE(training mean) of the spectra, not seen.
    pub held_out_r2: f64,
    /// The same of g from a spectrum with noise.
    pub backward_skill: f64,
}

/// The scores of maps fitted to random parts of the training part of each fold, on the whole test part.
///
/// `whole` holds all samples, `folds` the fold of each.
pub(super) fn curve(whole: &Split<'_>, folds: &[usize], seed: u64) -> Result<Vec<LearningPoint>> {
    let count = folds.iter().max().map_or(0, |m| m + 1);
    let fewest = whole.forward.fewest();
    let mut points = Vec::new();
    for share in SHARES {
        let (mut tally, mut samples, mut smallest) = (Tally::default(), 0, usize::MAX);
        for fold in 0..count {
            let part = |held: bool| -> Vec<usize> {
                (0..folds.len())
                    .filter(|&i| (folds[i] == fold) == held)
                    .collect()
            };
            let (mut train, test) = (part(false), part(true));
            train.shuffle(&mut ChaCha8Rng::seed_from_u64(
                seed.wrapping_add(fold as u64),
            ));
            train.truncate((share * train.len() as f64).round() as usize);
            smallest = smallest.min(train.len());
            if smallest < fewest {
                break;
            }
            samples += train.len();
            let split = Split {
                train: &train,
                test: &test,
                ..*whole
            };
            split.judge(seed.wrapping_add(fold as u64), &mut tally)?;
        }
        if smallest >= fewest {
            let scores = tally.scores(String::new(), 0.0, 0);
            points.push(LearningPoint {
                samples: samples / count.max(1),
                held_out_r2: scores.held_out_r2,
                backward_skill: scores.backward_skill,
            });
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::forward::Request;
    use faer::Mat;

    #[test]
    fn scores_grow_with_samples_and_small_sets_have_no_curve() {
        // Twelve directions with as many weights: hardly learned from 11 samples, fully from 45.
        let x = Mat::from_fn(100, 12, |i, j| {
            ((i * 37 + j * 101 + i * i * j) as f64).sin()
        });
        let y = Mat::from_fn(100, 3, |i, k| {
            (0..12)
                .map(|j| x[(i, j)] * ((j + 7 * k) as f64).cos())
                .sum()
        });
        let folds: Vec<usize> = (0..100).map(|i| i % 10).collect();
        let points = of(100, &x, &y, &folds);
        let samples: Vec<usize> = points.iter().map(|p| p.samples).collect();
        assert_eq!(samples, [11, 23, 45]);
        assert!(points[0].held_out_r2 < points[2].held_out_r2);
        assert!(points[2].held_out_r2 > 0.99);
        assert_eq!(of(20, &x, &y, &folds).len(), 1);
    }

    /// The curve of the first n samples, each a group of its own.
    fn of(n: usize, x: &Mat<f64>, y: &Mat<f64>, folds: &[usize]) -> Vec<LearningPoint> {
        let groups: Vec<usize> = (0..n).collect();
        let whole = Split {
            x: x.as_ref().subrows(0, n),
            features: x.as_ref().subrows(0, n),
            y: y.as_ref().subrows(0, n),
            density: None,
            groups: &groups,
            forward: &Request::default(),
            train: &[],
            test: &[],
        };
        curve(&whole, &folds[..n], 1).unwrap()
    }
}
