//! Reduced-rank regression with a ridge: few patterns of the inputs drive few patterns of the outputs.
//!
//! ```text
//! min over B of rank at most k, and b, of  sum_i |y_i - B^T x_i - b|^2 + lambda |B|_F^2
//! ```
//!
//! Closed form (Izenman, J. Multivar. Anal. 5, 248 (1975); with the ridge as rows added to the data, Mukherjee and Zhu, Stat. Anal.
//! Data Min. 4, 612 (2011)): the ridge solution projected on the first k right singular vectors of its fitted values, which are those
//! of `diag(s/√(s²+λ)) U^T Y`.

use super::LinearMap;
use super::ridge::RidgePath;
use crate::error::{Error, Result};
use faer::Mat;

/// Maps of every rank at one λ.
#[derive(Debug)]
pub struct ReducedRank {
    ridge: LinearMap,
    y_mean: Vec<f64>,
    /// Patterns of the outputs (q x m), and how much of the fitted values each carries.
    patterns: Mat<f64>,
    strengths: Vec<f64>,
}

impl ReducedRank {
    /// From a decomposed ridge path, at `lambda`.
    pub fn new(path: &RidgePath, lambda: f64) -> Result<Self> {
        let svd = path
            .fitted_patterns(lambda)
            .thin_svd()
            .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
        Ok(Self {
            ridge: path.fit(lambda),
            y_mean: path.output_mean().to_vec(),
            patterns: svd.V().to_owned(),
            strengths: svd.S().column_vector().iter().copied().collect(),
        })
    }

    /// Singular values of the fitted values (with the penalty's rows), descending.
    pub fn strengths(&self) -> &[f64] {
        &self.strengths
    }

    /// The map of this rank, or of the largest there is.
    pub fn fit(&self, rank: usize) -> LinearMap {
        let v = self.patterns.subcols(0, rank.min(self.strengths.len()));
        // W = V Vᵀ W_ridge, and the offset turns with it about the mean: b = ȳ + V Vᵀ (b_ridge - ȳ).
        let matrix = v * (v.transpose() * &self.ridge.matrix);
        let shift = Mat::from_fn(self.y_mean.len(), 1, |j, _| {
            self.ridge.offset[j] - self.y_mean[j]
        });
        let turned = v * (v.transpose() * shift);
        let offset = (0..self.y_mean.len())
            .map(|j| self.y_mean[j] + turned[(j, 0)])
            .collect();
        LinearMap { matrix, offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
        let noise = |i: usize, j: usize| ((i * i * 7 + j * 13 + i * j * j) as f64 * 0.37).sin();
        (
            Mat::from_fn(n, p, noise),
            Mat::from_fn(n, q, |i, j| noise(i + 3, j) + 0.5 * noise(i, j)),
        )
    }

    fn objective(x: &Mat<f64>, y: &Mat<f64>, map: &LinearMap, lambda: f64) -> f64 {
        (y - map.predict(x.as_ref())).squared_norm_l2() + lambda * map.matrix.squared_norm_l2()
    }

    #[test]
    fn full_rank_is_ridge() {
        let (x, y) = data(20, 6, 4);
        let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
        let (full, ridge) = (ReducedRank::new(&path, 0.3).unwrap().fit(4), path.fit(0.3));
        assert!((full.matrix - ridge.matrix).norm_max() < 1e-12);
        for (a, b) in full.offset.iter().zip(&ridge.offset) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    /// Alternating least squares from many starts, each optimal given the other factor, never ends below the closed form,
    /// and from one of them comes back to it.
    #[test]
    fn no_map_of_its_rank_is_better() {
        let (x, y) = data(20, 6, 4);
        let (lambda, rank) = (0.3, 2);
        let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
        let reduced = ReducedRank::new(&path, lambda).unwrap();
        let best = objective(&x, &y, &reduced.fit(rank), lambda);
        let mut nearest = f64::INFINITY;
        for start in 0..10 {
            let mut v = Mat::from_fn(4, rank, |i, j| ((i + 3 * j + 5 * start) as f64).sin());
            let mut map = reduced.fit(rank);
            for _ in 0..200 {
                // For orthonormal V the best map W = V A has A = Vᵀ W_ridge; for that A, the best V is by Procrustes.
                let unit = v.qr().compute_thin_Q();
                let inner = RidgePath::new(x.as_ref(), (&y * &unit).as_ref())
                    .unwrap()
                    .fit(lambda)
                    .matrix;
                map.matrix = &unit * &inner;
                let means = |m: &Mat<f64>| crate::operator::rows::mean(m.as_ref());
                map = LinearMap::through(map.matrix, &means(&x), &means(&y));
                let centred = crate::operator::rows::centred(y.as_ref(), &means(&y));
                let svd = (centred.transpose() * (&x * inner.transpose()))
                    .thin_svd()
                    .unwrap();
                v = svd.U() * svd.V().transpose();
            }
            let here = objective(&x, &y, &map, lambda);
            assert!(here > best - 1e-10, "{here} {best}");
            nearest = nearest.min(here);
        }
        assert!((nearest / best - 1.0).abs() < 1e-6, "{nearest} {best}");
    }

    #[test]
    fn strengths_are_what_each_rank_gains() {
        let (x, y) = data(20, 6, 4);
        let path = RidgePath::new(x.as_ref(), y.as_ref()).unwrap();
        let reduced = ReducedRank::new(&path, 0.3).unwrap();
        for rank in 1..=4 {
            let gain = objective(&x, &y, &reduced.fit(rank - 1), 0.3)
                - objective(&x, &y, &reduced.fit(rank), 0.3);
            assert!((gain - reduced.strengths()[rank - 1].powi(2)).abs() < 1e-10);
        }
    }
}
