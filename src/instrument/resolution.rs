//! Sampling, resolution and finite `Q_max` as matrices that act on a curve on a [`Grid`].

use super::Window;
use crate::error::{Error, Result};
use crate::grid::Grid;
use faer::Mat;
use statrs::function::erf::erf;
use std::f64::consts::{FRAC_1_PI, PI, SQRT_2};

/// A grid whose lower edge is closer to zero than this part of a bin begins at zero (axes in files are rounded).
const STARTS_AT_ZERO: f64 = 1e-3;
/// A value this part of a bin outside the grid is on its edge (rounding, a change of unit).
const ON_THE_EDGE: f64 = 1e-9;
/// Largest phase x·dQ of a Simpson step over Q: its error is phase⁴/180, about 1e-5 of the kernel.
const SIMPSON_PHASE: f64 = 0.2;

/// The matrix (points x bins) that reads a curve on `grid` at the values `x`: linear between bin centres, constant within
/// the outer half of the first and last bin. A value outside the grid is refused.
pub fn sampling(grid: &Grid, x: &[f64]) -> Result<Mat<f64>> {
    let mut matrix = Mat::zeros(x.len(), grid.len());
    for (i, &value) in x.iter().enumerate() {
        let place = (value - grid.start()) / grid.step();
        let inside = -ON_THE_EDGE..=grid.len() as f64 + ON_THE_EDGE;
        if !inside.contains(&place) {
            return Err(
                Error::new(format!("the point x = {value} lies outside the grid"))
                    .because(format!(
                        "the grid covers {} to {}",
                        grid.start(),
                        grid.end()
                    ))
                    .cure("restrict the curve to the range of the grid"),
            );
        }
        let from_first = (place - 0.5).clamp(0.0, (grid.len() - 1) as f64);
        let j = (from_first as usize).min(grid.len() - 2);
        let t = from_first - j as f64;
        matrix[(i, j)] = 1.0 - t;
        matrix[(i, j + 1)] = t;
    }
    Ok(matrix)
}

/// The matrix (bins x bins) that broadens a density with a Gaussian of standard deviation `sigma` (units of the grid, not FWHM).
///
/// Every column sums to 1, so the area stays: what falls below E = 0 is folded back if the grid begins at 0, and what falls
/// beyond another end is spread over the rest of its column. A `sigma` that is not positive broadens nothing.
pub fn gaussian(grid: &Grid, sigma: f64) -> Mat<f64> {
    let n = grid.len();
    if sigma.is_nan() || sigma <= 0.0 {
        return Mat::identity(n, n);
    }
    let reflects = grid.start().abs() < STARTS_AT_ZERO * grid.step();
    // The Gaussian's integral up to (d - 1/2) bins away: a table of differences serves all, the mirror image too.
    let cumulative = |bins: f64| 0.5 * (1.0 + erf(bins * grid.step() / (SQRT_2 * sigma)));
    let table: Vec<f64> = (0..=2 * n).map(|d| cumulative(d as f64 - 0.5)).collect();
    let share = |d: usize| table[d + 1] - table[d];
    let shares: Vec<f64> = (0..2 * n).map(share).collect();
    let both: Vec<f64> = (shares[1..n].iter().rev().chain(&shares[..n]))
        .copied()
        .collect();
    let mut matrix = Mat::zeros(n, n);
    for j in 0..n {
        // Sums of shares are differences of the table.
        let mut kept = table[j + 1] - table[0] + table[n - j] - table[1];
        let mut mirrored: &[f64] = &[];
        if reflects {
            kept += table[j + n + 1] - table[j + 1];
            mirrored = &shares[j + 1..j + 1 + n];
        }
        let direct = &both[n - 1 - j..2 * n - 1 - j];
        let column = matrix.col_as_slice_mut(j);
        (column.iter_mut().zip(direct)).for_each(|(to, direct)| *to = direct / kept);
        (column.iter_mut().zip(mirrored)).for_each(|(to, mirrored)| *to += mirrored / kept);
    }
    matrix
}

/// The matrix of [`gaussian`] with every row made to sum to 1: it averages a function that is no density, and what is constant stays so to
/// the ends of the grid.
pub fn averaging(grid: &Grid, sigma: f64) -> Mat<f64> {
    let matrix = gaussian(grid, sigma);
    let sums: Vec<f64> = (0..grid.len()).map(|i| matrix.row(i).sum()).collect();
    Mat::from_fn(grid.len(), grid.len(), |i, j| matrix[(i, j)] / sums[i])
}

/// The same with a standard deviation that depends on the energy it starts from: `sigma` at the centre of each bin.
pub fn gaussian_along(grid: &Grid, sigma: impl Fn(f64) -> f64) -> Mat<f64> {
    let n = grid.len();
    let reflects = grid.start().abs() < STARTS_AT_ZERO * grid.step();
    let mut matrix = Mat::identity(n, n);
    for j in 0..n {
        let (centre, sigma) = (grid.centre(j), sigma(grid.centre(j)));
        if sigma.is_nan() || sigma <= 0.0 {
            continue;
        }
        let below = |x: f64| 0.5 * (1.0 + erf(x / (SQRT_2 * sigma)));
        let share = |i: usize, at: f64| below(grid.edge(i + 1) - at) - below(grid.edge(i) - at);
        let column: Vec<f64> = (0..n)
            .map(|i| share(i, centre) + if reflects { share(i, -centre) } else { 0.0 })
            .collect();
        let kept: f64 = column.iter().sum();
        (0..n).for_each(|i| matrix[(i, j)] = column[i] / kept);
    }
    matrix
}

/// The matrix (bins x bins) that does to h = g − 1 what a measurement up to `q_max` and a window do.
///
/// r h'(r) = (1/π) ∫ r' h(r') [k(r − r') − k(r + r')] dr', k(x) = ∫₀^Qmax M(Q) cos(Qx) dQ: the sine transform to Q and back.
/// h is taken as 0 beyond the grid. A grid holds nothing above π/step, so a larger `q_max` without a window is the identity.
/// The grid must begin at r ≥ 0.
pub fn termination(grid: &Grid, q_max: f64, window: Window) -> Mat<f64> {
    let (n, step) = (grid.len(), grid.step());
    let kernel = |x: f64| cosine_integral(x, q_max, q_max.min(PI / step), window, 2.0 * grid.end());
    // The kernel depends on r − r' and r + r' only: 3n values serve n² elements.
    let differences: Vec<f64> = (0..n).map(|d| kernel(d as f64 * step)).collect();
    let sums: Vec<f64> = (0..2 * n)
        .map(|s| kernel(2.0 * grid.start() + (s + 1) as f64 * step))
        .collect();
    Mat::from_fn(n, n, |i, j| {
        let kernel = differences[i.abs_diff(j)] - sums[i + j];
        FRAC_1_PI * step * grid.centre(j) / grid.centre(i) * kernel
    })
}

/// ∫₀^limit M(Q) cos(Qx) dQ; `x_max` sets the one step of the quadrature used for all x.
fn cosine_integral(x: f64, q_max: f64, limit: f64, window: Window, x_max: f64) -> f64 {
    if window == Window::None {
        let phase = limit * x;
        return if phase.abs() < 1e-8 {
            limit
        } else {
            phase.sin() / x
        };
    }
    let intervals = 2 * (limit * x_max / SIMPSON_PHASE / 2.0).ceil().max(32.0) as usize;
    let dq = limit / intervals as f64;
    let value = |k: usize| {
        let q = k as f64 * dq;
        window.at(q, q_max) * (q * x).cos()
    };
    let inner: f64 = (1..intervals)
        .map(|k| value(k) * if k % 2 == 1 { 4.0 } else { 2.0 })
        .sum();
    dq / 3.0 * (value(0) + inner + value(intervals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_is_linear_and_refuses_the_outside() {
        let grid = Grid::new(0.0, 10.0, 10).unwrap();
        let m = sampling(&grid, &[0.0, 0.5, 1.25, 10.0]).unwrap();
        let line: Vec<f64> = grid.centres();
        let read = |i: usize| (0..10).map(|j| m[(i, j)] * line[j]).sum::<f64>();
        for (i, want) in [0.5, 0.5, 1.25, 9.5].into_iter().enumerate() {
            assert!((read(i) - want).abs() < 1e-15, "{i}");
        }
        for bad in [-0.01, 10.01, f64::NAN] {
            assert!(sampling(&grid, &[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn broadening_keeps_the_area_and_has_the_width_it_says() {
        for start in [0.0, 5.0] {
            let grid = Grid::new(start, start + 40.0, 400).unwrap();
            let m = gaussian(&grid, 2.0);
            for j in 0..400 {
                let sum: f64 = (0..400).map(|i| m[(i, j)]).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{j}");
            }
            let variance: f64 = (0..400)
                .map(|i| m[(i, 200)] * (grid.centre(i) - grid.centre(200)).powi(2))
                .sum();
            // A bin of width d adds d²/12 to the variance.
            assert!((variance - 4.0 - 0.01 / 12.0).abs() < 1e-6, "{variance}");
        }
    }

    /// Where the width does not depend on the energy both ways agree.
    #[test]
    fn a_width_along_the_axis_that_is_constant_is_the_constant_one() {
        let grid = Grid::new(0.0, 40.0, 80).unwrap();
        let one = gaussian(&grid, 1.3);
        assert!((&one - gaussian_along(&grid, |_| 1.3)).norm_max() < 1e-12);
        let rising = gaussian_along(&grid, |e| 0.05 * e);
        assert!(rising[(10, 10)] > rising[(60, 60)]);
    }

    #[test]
    fn a_flat_density_stays_flat_at_zero() {
        let grid = Grid::new(0.0, 40.0, 400).unwrap();
        let m = gaussian(&grid, 1.0);
        let first: f64 = (0..400).map(|j| m[(0, j)]).sum();
        assert!((first - 1.0).abs() < 1e-4, "{first}");
    }

    #[test]
    fn all_q_is_the_identity() {
        let grid = Grid::new(0.0, 5.0, 50).unwrap();
        let m = termination(&grid, 1e6, Window::None);
        for (i, j) in (0..50).flat_map(|i| (0..50).map(move |j| (i, j))) {
            let want = f64::from(i == j);
            assert!((m[(i, j)] - want).abs() < 1e-9, "{i} {j} {}", m[(i, j)]);
        }
    }

    /// The Gaussian r h = exp(-r²...) shell, transformed to Q and back by direct sums, against the matrix.
    #[test]
    fn the_kernel_is_the_double_sine_transform() {
        let grid = Grid::new(0.0, 12.0, 600).unwrap();
        let h: Vec<f64> = grid
            .centres()
            .iter()
            .map(|r| (-(r - 3.0f64).powi(2) / 0.02).exp())
            .collect();
        for window in [Window::None, Window::Lorch] {
            let m = termination(&grid, 15.0, window);
            let (dq, steps) = (0.005, 3000);
            for i in [100usize, 150, 160, 300] {
                let r = grid.centre(i);
                let direct: f64 = (0..steps)
                    .map(|k| {
                        let q = (f64::from(k) + 0.5) * dq;
                        let f: f64 = (0..600)
                            .map(|j| grid.centre(j) * h[j] * (q * grid.centre(j)).sin() * 0.02)
                            .sum();
                        2.0 / PI * window.at(q, 15.0) * f * (q * r).sin() * dq / r
                    })
                    .sum();
                let by_matrix: f64 = (0..600).map(|j| m[(i, j)] * h[j]).sum();
                assert!(
                    (direct - by_matrix).abs() < 1e-4,
                    "{window:?} {r}: {direct} {by_matrix}"
                );
            }
        }
    }
}
