//! The noise of a spectrum whose errors nobody wrote down.

use crate::operator::rows;
use faer::{Mat, MatRef};

/// Share of the training variance that counts as "what these glasses do"; the scatter of the rest is noise.
const EXPLAINED: f64 = 0.9999;
/// Median of |N(0,1)|.
const MEDIAN_OF_ABSOLUTE_NORMAL: f64 = 0.674_489_750_196_082;
/// Norm of the second-difference stencil (1, -2, 1).
const STENCIL_NORM: f64 = 2.449_489_742_783_178;

/// White-noise level of each spectrum (rows of `spectra`, N x m), from its point-to-point scatter.
///
/// What the training glasses (`seen`, n x m, as the instrument sees them) can explain is taken off first; of the rest
/// the median absolute second difference is used. A smooth misfit is therefore *not* counted as noise: it stays visible
/// to the domain test.
pub fn estimate(seen: MatRef<'_, f64>, spectra: MatRef<'_, f64>) -> Vec<f64> {
    let mean = rows::mean(seen);
    let basis = leading_directions(&rows::centred(seen, &mean));
    let z = rows::centred(spectra, &mean);
    let rest = &z - &(&z * &basis) * basis.transpose();
    let m = z.ncols() as f64;
    let lost = (m / (m - basis.ncols() as f64).max(1.0)).sqrt();
    (0..z.nrows())
        .map(|i| {
            let mut second: Vec<f64> = (1..z.ncols().saturating_sub(1))
                .map(|j| (rest[(i, j - 1)] - 2.0 * rest[(i, j)] + rest[(i, j + 1)]).abs())
                .collect();
            second.sort_by(f64::total_cmp);
            let median = second.get(second.len() / 2).copied().unwrap_or(0.0);
            median / MEDIAN_OF_ABSOLUTE_NORMAL / STENCIL_NORM * lost
        })
        .collect()
}

/// Principal directions (m x k) that hold [`EXPLAINED`] of the variance, at most half of the points.
fn leading_directions(centred: &Mat<f64>) -> Mat<f64> {
    let Ok(svd) = centred.thin_svd() else {
        return Mat::zeros(centred.ncols(), 0);
    };
    let s: Vec<f64> = svd.S().column_vector().iter().map(|s| s * s).collect();
    let total: f64 = s.iter().sum();
    let mut sum = 0.0;
    let enough = s
        .iter()
        .take_while(|v| {
            let more = sum < EXPLAINED * total;
            sum += **v;
            more
        })
        .count();
    svd.V()
        .subcols(0, enough.min(centred.ncols() / 2))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    /// The median of some 200 second differences scatters by about 10 %; twice that.
    const SCATTER: f64 = 0.2;

    #[test]
    fn white_noise_is_found_and_a_smooth_misfit_is_not_taken_for_noise() {
        let m = 240;
        let shape = |k: usize, j: usize| (-((j as f64 - 20.0 * k as f64) / 12.0).powi(2)).exp();
        let seen = Mat::from_fn(30, m, |i, j| {
            (0..8)
                .map(|k| ((i * k) as f64).sin() * shape(k, j))
                .sum::<f64>()
        });
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let sigma = 0.05;
        let spectra = Mat::from_fn(1, m, |_, j| {
            let xi: f64 = StandardNormal.sample(&mut rng);
            seen[(4, j)] + 2.0 * shape(9, j) + sigma * xi
        });
        let found = estimate(seen.as_ref(), spectra.as_ref())[0];
        assert!((found / sigma - 1.0).abs() < SCATTER, "{found}");
    }
}
