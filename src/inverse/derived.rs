//! The numbers that people take from a g(r), each with an interval that holds.

use crate::grid::Grid;
use crate::operator::{Operator, rows};
use serde::Serialize;
use std::f64::consts::PI;

/// The first maximum higher than this part of the highest is the first peak.
const PEAK: f64 = 0.3;
/// How many numbers there are.
pub(super) const COUNT: usize = 5;
/// Their names.
pub const NAMES: [&str; COUNT] = [
    "first_peak_position",
    "first_peak_height",
    "first_peak_width",
    "coordination_number",
    "number_density",
];

/// One number with its calibrated 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Derived {
    /// One of [`NAMES`].
    pub name: &'static str,
    /// Å, 1/Å^d, or empty for a ratio.
    pub unit: &'static str,
    /// The number of the estimate: the place and height of the first peak by a parabola through its three highest bins, its full
    /// width at half height, the neighbours within the first minimum of the training mean, the density.
    pub value: f64,
    /// Lower end: as for the band, the 95 % quantile of the errors on left-out glasses.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How the numbers of this operator's g(r) are taken.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    r: Grid,
    dimensions: usize,
    mean_density: Option<f64>,
    /// Bin of the first minimum of the training mean behind its first peak.
    shell: Option<usize>,
}

impl Shape {
    pub(super) fn new(operator: &Operator) -> Self {
        let mean = rows::mean(operator.x.as_ref());
        let shell = first_peak(&mean).and_then(|k| {
            (k + 1..mean.len() - 1).find(|&j| mean[j] <= mean[j - 1] && mean[j] < mean[j + 1])
        });
        Self {
            r: operator.meta.r,
            dimensions: operator.meta.dimensions,
            mean_density: operator.meta.mean_density,
            shell,
        }
    }

    /// r up to which neighbours are counted, Å.
    pub(super) fn cutoff(&self) -> Option<f64> {
        self.shell.map(|k| self.r.centre(k))
    }

    fn unit(&self, number: usize) -> &'static str {
        match (number, self.dimensions) {
            (0 | 2, _) => "Å",
            (4, 2) => "1/Å²",
            (4, _) => "1/Å³",
            _ => "",
        }
    }

    /// The numbers of one g(r); those that it does not have are absent.
    pub(super) fn numbers(&self, g: &[f64], relative_density: Option<f64>) -> [Option<f64>; COUNT] {
        let density = self.mean_density.zip(relative_density).map(|(m, r)| m * r);
        let neighbours = density.zip(self.shell).map(|(rho, end)| {
            let shell = |j: usize| {
                let r = self.r.centre(j);
                let around = if self.dimensions == 2 {
                    2.0 * PI * r
                } else {
                    4.0 * PI * r * r
                };
                around * g[j] * self.r.step()
            };
            rho * (0..=end).map(shell).sum::<f64>()
        });
        let Some(k) = first_peak(g) else {
            return [None, None, None, neighbours, density];
        };
        let (a, b, c) = (g[k - 1], g[k], g[k + 1]);
        let t = 0.5 * (a - c) / (a - 2.0 * b + c);
        let height = b - 0.25 * (a - c) * t;
        [
            Some(self.r.centre(k) + t * self.r.step()),
            Some(height),
            self.width(g, k, 0.5 * height),
            neighbours,
            density,
        ]
    }

    /// Distance between the two crossings of `level` around bin k.
    fn width(&self, g: &[f64], k: usize, level: f64) -> Option<f64> {
        let left = (0..k).rev().find(|&j| g[j] < level)?;
        let right = (k + 1..g.len()).find(|&j| g[j] < level)?;
        let between = |below: usize, above: usize| {
            let t = (level - g[below]) / (g[above] - g[below]);
            self.r.centre(below) + t * (self.r.centre(above) - self.r.centre(below))
        };
        Some(between(right, right - 1) - between(left, left + 1))
    }

    /// The numbers with intervals of these half-widths.
    pub(super) fn derived(
        &self,
        g: &[f64],
        relative_density: Option<f64>,
        half: &[Option<f64>; COUNT],
    ) -> Vec<Derived> {
        let numbers = self.numbers(g, relative_density);
        (0..COUNT)
            .filter_map(|i| {
                let (value, half) = numbers[i].zip(half[i])?;
                Some(Derived {
                    name: NAMES[i],
                    unit: self.unit(i),
                    value,
                    low: value - half,
                    high: value + half,
                })
            })
            .collect()
    }
}

/// Bin of the first maximum that counts.
fn first_peak(g: &[f64]) -> Option<usize> {
    let top = g.iter().copied().fold(0.0, f64::max);
    (1..g.len().saturating_sub(1))
        .find(|&k| g[k] > PEAK * top && g[k] >= g[k - 1] && g[k] > g[k + 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn shape(dimensions: usize) -> Shape {
        Shape {
            r: Grid::new(0.0, 10.0, 1000).unwrap(),
            dimensions,
            mean_density: Some(0.05),
            shell: Some(350),
        }
    }

    /// A shell of exactly 6 neighbours as a Gaussian at 2.8 Å, at twice the mean density.
    #[test]
    fn a_gaussian_shell_gives_its_own_numbers() {
        for dimensions in [2, 3] {
            let it = shape(dimensions);
            let (centre, sigma, rho) = (2.8, 0.1, 0.1);
            let g: Vec<f64> = (it.r.centres().iter())
                .map(|r| {
                    let around = if dimensions == 2 {
                        2.0 * PI * r
                    } else {
                        4.0 * PI * r * r
                    };
                    let gauss = (-0.5 * ((r - centre) / sigma).powi(2)).exp();
                    6.0 * gauss / (sigma * (2.0 * PI).sqrt()) / (rho * around)
                })
                .collect();
            let found = it.numbers(&g, Some(2.0)).map(Option::unwrap);
            // 1/r² moves the peak by 2 σ²/r and leaves its width to the same order.
            assert!((found[0] - centre).abs() < 0.01, "{found:?}");
            assert_relative_eq!(found[2], 2.3548 * sigma, max_relative = 0.01);
            assert_relative_eq!(found[3], 6.0, max_relative = 1e-6);
            assert_relative_eq!(found[4], rho, max_relative = 1e-12);
        }
    }

    #[test]
    fn a_flat_curve_has_no_peak() {
        let found = shape(3).numbers(&[1.0; 1000], None);
        assert_eq!(found, [None; COUNT]);
    }
}
