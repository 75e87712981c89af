//! How the score of the forward map depends on what was chosen before any map was fitted: bins, reach, broadening.
//!
//! An error of a spectrum means little by itself: twice the broadening makes it three to eight times smaller, with nothing
//! learned. So every fit is repeated with coarser bins, a shorter reach and broader spectra, by ridge and on the same folds.

use super::fit::ridge::RidgePath;
use super::rows;
use crate::error::Result;
use crate::grid::Grid;
use crate::units::Unit;
use faer::{Mat, MatRef};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Bins of g(r) joined to one.
const JOINED: [usize; 2] = [2, 4];
/// Parts of the reach kept.
const REACHES: [f64; 2] = [0.75, 0.5];
/// Standard deviations of the additional Gaussian, in parts of the energy range: a usual broadening is near 1 %.
const BROADER: [f64; 3] = [0.01, 0.02, 0.04];

/// The score after one change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// What was changed, in words.
    pub what: String,
    /// 1 - SSE/SSE(training mean), not seen.
    pub held_out_r2: f64,
    /// Mean squared error per (1/meV)², not seen.
    pub held_out_mse: f64,
}

/// The data of a study.
#[derive(Debug, Clone, Copy)]
pub(super) struct Study<'a> {
    pub x: MatRef<'a, f64>,
    pub y: MatRef<'a, f64>,
    pub r: Grid,
    pub energy: Grid,
    /// Unit of that axis.
    pub unit: Unit,
    /// Fold of each sample.
    pub folds: &'a [usize],
}

impl Study<'_> {
    /// The scores as things are, and after each change.
    pub(super) fn variations(&self) -> Result<Vec<Variation>> {
        let (x, y) = (self.x.to_owned(), self.y.to_owned());
        let mut all = vec![("as trained".to_owned(), x.clone(), y.clone())];
        for n in JOINED.into_iter().filter(|n| 2 * n <= x.ncols()) {
            let what = format!("bins of g(r) {n} times as wide");
            all.push((what, joined(self.x, n), y.clone()));
        }
        for part in REACHES {
            let bins = (part * x.ncols() as f64).round() as usize;
            let what = format!("g(r) up to {:.1} Å", self.r.edge(bins));
            all.push((what, x.subcols(0, bins).to_owned(), y.clone()));
        }
        for part in BROADER {
            let sigma = part * (self.energy.end() - self.energy.start());
            let what = format!("spectra broadened by another {sigma:.2} {}", self.unit);
            all.push((what, x.clone(), self.broadened(sigma)));
        }
        (all.into_par_iter())
            .map(|(what, x, y)| self.score(what, &x, &y))
            .collect()
    }

    /// Spectra convolved with a Gaussian; what leaves the grid is folded back, so that areas hold.
    fn broadened(&self, sigma: f64) -> Mat<f64> {
        let (bins, step) = (self.energy.len(), self.energy.step());
        let reach = ((5.0 * sigma / step).ceil() as usize).min(bins - 1);
        let weight = |k: usize| (-0.5 * (k as f64 * step / sigma).powi(2)).exp();
        let norm = weight(0) + 2.0 * (1..=reach).map(weight).sum::<f64>();
        let mut kernel = Mat::<f64>::zeros(bins, bins);
        for from in 0..bins {
            for k in 0..=2 * reach {
                let to = from + k;
                let shifted = to.abs_diff(reach);
                // Mirrored at both ends; `reach < bins` needs no second mirror.
                let to = if to < reach { shifted - 1 } else { shifted };
                let to = if to < bins { to } else { 2 * bins - 1 - to };
                kernel[(from, to)] += weight(k.abs_diff(reach)) / norm;
            }
        }
        self.y * kernel
    }

    fn score(&self, what: String, x: &Mat<f64>, y: &Mat<f64>) -> Result<Variation> {
        let (mut error, mut total, mut channels) = (0.0, 0.0, 0);
        for fold in 0..=self.folds.iter().copied().max().unwrap_or(0) {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..x.nrows()).partition(|&i| self.folds[i] == fold);
            let pick = |m: &Mat<f64>, which: &[usize]| rows::select(m.as_ref(), which);
            let (seen, known) = (pick(x, &train), pick(y, &train));
            let path = RidgePath::new(seen.as_ref(), known.as_ref())?;
            let map = path.fit(path.best_lambda(&path.default_lambdas())?);
            let truth = pick(y, &test);
            let off = &truth - map.predict(pick(x, &test).as_ref());
            error += rows::sum_of_squares(off.as_ref());
            let mean = rows::mean(known.as_ref());
            total += rows::sum_of_squares(rows::centred(truth.as_ref(), &mean).as_ref());
            channels += truth.nrows() * truth.ncols();
        }
        Ok(Variation {
            what,
            held_out_r2: if total > 0.0 {
                1.0 - error / total
            } else {
                0.0
            },
            held_out_mse: error / channels.max(1) as f64,
        })
    }
}

/// Means of n columns at a time; a rest at the end is left out.
fn joined(m: MatRef<'_, f64>, n: usize) -> Mat<f64> {
    Mat::from_fn(m.nrows(), m.ncols() / n, |i, j| {
        (0..n).map(|k| m[(i, j * n + k)]).sum::<f64>() / n as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadening_keeps_areas_and_constants() {
        let energy = Grid::new(0.0, 10.0, 40).unwrap();
        let y = Mat::from_fn(3, 40, |i, j| {
            [1.0, f64::from(u8::from(j == 0)), (j * j) as f64][i]
        });
        let study = Study {
            x: y.as_ref(),
            y: y.as_ref(),
            r: energy,
            energy,
            unit: Unit::Mev,
            folds: &[0, 1, 2],
        };
        for sigma in [0.01, 0.6, 5.0] {
            let broad = study.broadened(sigma);
            for i in 0..3 {
                let area = |m: &Mat<f64>| m.row(i).iter().sum::<f64>();
                assert!((area(&broad) / area(&y) - 1.0).abs() < 1e-12);
            }
            assert!(broad.row(0).iter().all(|v| (v - 1.0).abs() < 1e-12));
        }
    }

    #[test]
    fn what_was_thrown_away_lowers_the_score() {
        let x = Mat::from_fn(60, 16, |i, j| ((i * 37 + j * 101 + i * i * j) as f64).sin());
        // The last bin of g moves the whole spectrum; what alternates from channel to channel comes from nowhere.
        let y = Mat::from_fn(60, 20, |i, j| {
            let sign = if j % 2 == 0 { 1.0 } else { -1.0 };
            x[(i, 15)] + 0.3 * sign * ((i * i) as f64).sin()
        });
        let folds: Vec<usize> = (0..60).map(|i| i % 5).collect();
        let grid = |n: usize| Grid::new(0.0, n as f64, n).unwrap();
        let study = Study {
            x: x.as_ref(),
            y: y.as_ref(),
            r: grid(16),
            energy: grid(20),
            unit: Unit::Mev,
            folds: &folds,
        };
        let found = study.variations().unwrap();
        assert_eq!(found.len(), 8);
        let r2: Vec<f64> = found.iter().map(|v| v.held_out_r2).collect();
        assert!((0.8..0.95).contains(&r2[0]), "{r2:?}");
        assert!(r2[1] < 0.8 * r2[0], "bins are joined: {r2:?}");
        assert!(r2[3] < 0.2, "the bin is gone: {r2:?}");
        assert!(
            r2[7] > 0.99,
            "what came from nowhere is smeared out: {r2:?}"
        );
        assert!(found[7].held_out_mse < 0.1 * found[0].held_out_mse);
    }
}
