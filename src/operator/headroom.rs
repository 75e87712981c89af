//! What a map that is not linear in g(r) would gain: whether "a linear map suffices" holds for these glasses.

use super::features::{Block, Described, Features};
use super::fit::kernel_ridge::{KernelRidge, Settings};
use super::fit::ridge::RidgePath;
use super::rows;
use super::scores::Split;
use crate::error::Result;
use faer::Mat;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The decompositions of a kernel cost n³ for each of its widths and folds: a minute at this many samples.
const MOST_SAMPLES: usize = 1500;

/// Scores of two maps of the descriptor x that are not linear in it, on the folds of the scores themselves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// 1 - SSE/SSE(training mean) of ridge on x and x² side by side, not seen.
    pub squares_r2: f64,
    /// The same of kernel ridge on x: any smooth function.
    pub kernel_r2: f64,
}

/// None for sets too large for a kernel.
pub(super) fn headroom(whole: &Split<'_>, folds: &[usize]) -> Result<Option<Headroom>> {
    if folds.len() > MOST_SAMPLES {
        return Ok(None);
    }
    let count = folds.iter().max().map_or(0, |m| m + 1);
    let sums = (0..count)
        .into_par_iter()
        .map(|fold| errors(whole, folds, fold))
        .collect::<Result<Vec<_>>>()?;
    let sum = |k: usize| sums.iter().map(|s| s[k]).sum::<f64>();
    let r2 = |k: usize| {
        if sum(2) > 0.0 {
            1.0 - sum(k) / sum(2)
        } else {
            0.0
        }
    };
    Ok(Some(Headroom {
        squares_r2: r2(0),
        kernel_r2: r2(1),
    }))
}

/// Sums of squares on one fold left out: of both maps and about the training mean.
fn errors(whole: &Split<'_>, folds: &[usize], fold: usize) -> Result<[f64; 3]> {
    let (test, train): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&i| folds[i] == fold);
    let pick = |which: &[usize]| (rows::select(whole.x, which), rows::select(whole.y, which));
    let ((x, y), (asked, truth)) = (pick(&train), pick(&test));
    let both = Features::new(
        &[Block::Pairs, Block::Squares],
        Described::pairs(x.as_ref()),
    )?;
    let path = RidgePath::new(
        both.matrix(Described::pairs(x.as_ref()))?.as_ref(),
        y.as_ref(),
    )?;
    let squares = path.fit(path.best_lambda(&path.default_lambdas())?);
    let squares = squares.predict(both.matrix(Described::pairs(asked.as_ref()))?.as_ref());
    let kernel = KernelRidge::fit(x.as_ref(), y.as_ref(), Settings::default())?;
    let kernel = kernel.predict(asked.as_ref());
    let mean = rows::centred(truth.as_ref(), &rows::mean(y.as_ref()));
    let off = |found: &Mat<f64>| rows::sum_of_squares((found - &truth).as_ref());
    Ok([
        off(&squares),
        off(&kernel),
        rows::sum_of_squares(mean.as_ref()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::forward::Request;

    #[test]
    fn a_parabola_is_found_beyond_a_line() {
        let x = Mat::from_fn(60, 2, |i, j| ((i * 37 + j * 101 + i * i) as f64).sin());
        let y = Mat::from_fn(60, 2, |i, j| {
            x[(i, 0)].powi(2) + 0.1 * (j as f64) * x[(i, 1)]
        });
        let (groups, folds): (Vec<usize>, Vec<usize>) = (0..60).map(|i| (i, i % 5)).unzip();
        let whole = Split {
            x: x.as_ref(),
            features: x.as_ref(),
            y: y.as_ref(),
            density: None,
            groups: &groups,
            forward: &Request::default(),
            train: &[],
            test: &[],
        };
        let found = headroom(&whole, &folds).unwrap().unwrap();
        assert!(found.squares_r2 > 0.999, "{found:?}");
        assert!(found.kernel_r2 > 0.99, "{found:?}");
    }
}
