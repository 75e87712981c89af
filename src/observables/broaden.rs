//! One Gaussian on a histogram, with its area kept.

use crate::grid::Grid;
use statrs::function::erf::erf;
use std::f64::consts::SQRT_2;

/// Narrowest Gaussian, as a fraction of the bin width. One narrower would lie within one bin anyway, unless it sits
/// on an edge; and a width of zero (a rigid pair) has no error function.
pub(super) const LEAST_WIDTH: f64 = 0.1;

/// How many standard deviations of a Gaussian are deposited; 2e-9 of its area is further out.
pub(super) const REACH: f64 = 6.0;

/// Adds to each bin the exact integral of a Gaussian of area `area`, centred at `centre`, over that bin.
///
/// The part beyond either end of the grid is not deposited.
pub(super) fn deposit(grid: &Grid, centre: f64, sigma: f64, area: f64, bins: &mut [f64]) {
    let sigma = sigma.max(LEAST_WIDTH * grid.step());
    let place = |x: f64| ((x - grid.start()) / grid.step()).clamp(0.0, grid.len() as f64);
    let first = place(centre - REACH * sigma).floor() as usize;
    let last = place(centre + REACH * sigma).ceil() as usize;
    let below = |x: f64| 0.5 * erf((x - centre) / (SQRT_2 * sigma));
    let mut left = below(grid.edge(first));
    for i in first..last {
        let right = below(grid.edge(i + 1));
        bins[i] += area * (right - left);
        left = right;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_and_moments_survive() {
        let grid = Grid::new(0.0, 10.0, 1000).unwrap();
        for sigma in [0.0, 0.004, 0.1, 0.7] {
            let mut bins = vec![0.0; grid.len()];
            deposit(&grid, 5.003, sigma, 3.0, &mut bins);
            let moment = |n: i32| -> f64 {
                let term = |(i, w): (usize, &f64)| w / 3.0 * (grid.centre(i) - 5.003).powi(n);
                bins.iter().enumerate().map(term).sum()
            };
            assert!((moment(0) - 1.0).abs() < 3e-9, "{sigma}");
            // Within a bin the place is lost, hence half a bin; Sheppard's 1/12 bin² adds to the variance.
            assert!(moment(1).abs() < 0.005, "{sigma}");
            assert!((moment(2) - sigma * sigma).abs() < 1e-4, "{sigma}");
        }
    }

    #[test]
    fn half_of_a_gaussian_on_the_edge_is_outside() {
        let grid = Grid::new(0.0, 10.0, 1000).unwrap();
        for centre in [0.0, 10.0] {
            let mut bins = vec![0.0; grid.len()];
            deposit(&grid, centre, 0.3, 1.0, &mut bins);
            assert!((bins.iter().sum::<f64>() - 0.5).abs() < 2e-9);
        }
        let mut bins = vec![0.0; grid.len()];
        deposit(&grid, 20.0, 0.3, 1.0, &mut bins);
        deposit(&grid, -20.0, 0.3, 1.0, &mut bins);
        assert!(bins.iter().all(|&b| b == 0.0));
    }
}
