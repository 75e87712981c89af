//! Sharp lines on an energy axis, on which they can be folded with each other and with a resolution.

use super::broaden::REACH;
use crate::grid::Grid;
use crate::instrument::line_shape::LineShape;

/// Teeth in a bin of the axis that lines are shown on: finer than any resolution that such bins can show.
const TEETH: f64 = 4.0;

/// Weights at the multiples of a step, from the `first` one on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comb {
    pub(super) step: f64,
    pub(super) first: isize,
    pub(super) weights: Vec<f64>,
}

impl Comb {
    /// Without weight, between two energies; its teeth are [`TEETH`] to a bin of `grid`.
    pub(super) fn between(low: f64, high: f64, grid: &Grid) -> Self {
        let step = grid.step() / TEETH;
        let first = (low / step).floor() as isize;
        let count = (high / step).ceil() as isize + 1 - first;
        Self {
            step,
            first,
            weights: vec![0.0; count.max(1) as usize],
        }
    }

    /// The energy of tooth k.
    pub(super) fn energy(&self, k: usize) -> f64 {
        self.step * (self.first as f64 + k as f64)
    }

    /// The teeth around an energy and the share of each, which keep its mean: the first moment is exact. None if it is beyond
    /// the ends.
    pub(super) fn place(&self, energy: f64) -> Option<(usize, f64)> {
        let x = energy / self.step - self.first as f64;
        let k = x.floor();
        (k >= 0.0 && k + 1.0 < self.weights.len() as f64).then_some((k as usize, x - k))
    }

    /// Adds a line.
    pub(super) fn add(&mut self, energy: f64, weight: f64) {
        if let Some((k, t)) = self.place(energy) {
            self.weights[k] += (1.0 - t) * weight;
            self.weights[k + 1] += t * weight;
        }
    }

    /// The folding of two combs of one step.
    pub(super) fn folded(&self, other: &Self) -> Self {
        let mut weights = vec![0.0; self.weights.len() + other.weights.len() - 1];
        for (i, a) in self.weights.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            let out = &mut weights[i..i + other.weights.len()];
            for (w, b) in out.iter_mut().zip(&other.weights) {
                *w += a * b;
            }
        }
        Self {
            step: self.step,
            first: self.first + other.first,
            weights,
        }
    }

    /// The same with every line a Gaussian of this standard deviation (meV); none if it is not positive.
    pub(super) fn blurred(self, sigma: f64) -> Self {
        if sigma.is_nan() || sigma <= 0.0 {
            return self;
        }
        let reach = (REACH * sigma / self.step).ceil() as isize;
        let shape = LineShape::Gaussian { sigma };
        let share = |k: isize| {
            let x = k as f64 * self.step;
            shape.below(x + 0.5 * self.step) - shape.below(x - 0.5 * self.step)
        };
        let kernel = Self {
            step: self.step,
            first: -reach,
            weights: (-reach..=reach).map(share).collect(),
        };
        self.folded(&kernel)
    }

    /// The mean over each bin of `grid` (of the step it was made for) when each line has this shape; per meV.
    pub(super) fn shown(&self, grid: &Grid, shape: &LineShape) -> Vec<f64> {
        let edges = Edges::new(self, grid, shape);
        let mut bins = vec![0.0; grid.len()];
        for (k, w) in self.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            for (bin, share) in bins.iter_mut().zip(edges.shares(k)) {
                *bin += w * share;
            }
        }
        bins.iter().map(|b| b / grid.step()).collect()
    }
}

/// The area of a line below each edge of a grid depends on the distance of edge and tooth alone: few values serve all.
struct Edges {
    /// For each distance of edge and tooth, in teeth from the least on, the area below the next edge less that below this; those of
    /// one remainder by the teeth of a bin side by side, as the bins of one tooth have them.
    shares: Vec<Vec<f64>>,
    /// Teeth between the least distance and that of the first edge from the first tooth.
    lead: usize,
}

impl Edges {
    fn new(comb: &Comb, grid: &Grid, shape: &LineShape) -> Self {
        let teeth = TEETH as usize;
        let lead = comb.weights.len() - 1;
        let from = grid.start() - comb.energy(0);
        let below = |d: usize| shape.below(from + comb.step * (d as f64 - lead as f64));
        let area: Vec<f64> = (0..=lead + teeth * grid.len()).map(below).collect();
        let of_remainder = |r: usize| {
            let distances = (r..area.len() - teeth).step_by(teeth);
            distances.map(|d| area[d + teeth] - area[d]).collect()
        };
        Self {
            shares: (0..teeth).map(of_remainder).collect(),
            lead,
        }
    }

    /// The part of a line at tooth k that lies in each bin.
    fn shares(&self, k: usize) -> &[f64] {
        let (from, teeth) = (self.lead - k, self.shares.len());
        &self.shares[from % teeth][from / teeth..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_mean_and_width_of_a_line_are_kept() {
        let grid = Grid::new(-20.0, 30.0, 500).unwrap();
        let shape = LineShape::Gaussian { sigma: 0.8 };
        let mut comb = Comb::between(-10.0, 10.0, &grid);
        comb.add(3.017, 2.0);
        let bins = comb.shown(&grid, &shape);
        let moment = |n: i32| -> f64 {
            let term = |(i, y): (usize, &f64)| y * (grid.centre(i) - 3.017).powi(n) * grid.step();
            bins.iter().enumerate().map(term).sum::<f64>() / 2.0
        };
        assert!((moment(0) - 1.0).abs() < 1e-12 && moment(1).abs() < 1e-12);
        // The two teeth add t (1 - t) step², the bins a twelfth of theirs squared.
        assert!((moment(2) - 0.64).abs() < 2e-3, "{}", moment(2));
    }

    #[test]
    fn two_widths_add_in_squares() {
        let grid = Grid::new(-20.0, 20.0, 400).unwrap();
        let mut comb = Comb::between(-1.0, 1.0, &grid);
        comb.add(0.0, 1.0);
        let shape = LineShape::Gaussian { sigma: 0.8 };
        let bins = comb.blurred(0.6).shown(&grid, &shape);
        let variance: f64 = (0..grid.len())
            .map(|i| bins[i] * grid.centre(i).powi(2) * grid.step())
            .sum();
        // Bins of 0.1 and teeth of 0.025 add their squares over 12.
        assert!(
            (variance - 1.0 - (0.01 + 0.000_625) / 12.0).abs() < 1e-6,
            "{variance}"
        );
    }

    #[test]
    fn folding_adds_energies_and_multiplies_areas() {
        let grid = Grid::new(0.0, 10.0, 100).unwrap();
        let (mut a, mut b) = (
            Comb::between(-4.0, 4.0, &grid),
            Comb::between(-1.0, 2.0, &grid),
        );
        a.add(2.5, 3.0);
        b.add(-0.5, 2.0);
        let both = a.folded(&b);
        let (k, w) = (both.weights.iter().enumerate())
            .find(|(_, w)| **w > 0.0)
            .unwrap();
        assert!((both.energy(k) - 2.0).abs() < 1e-12 && (w - 6.0).abs() < 1e-12);
    }
}
