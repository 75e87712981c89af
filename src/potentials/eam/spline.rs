//! Cubic Hermite splines over evenly spaced knots, with the slopes that LAMMPS gives its tables (`PairEAM::interpolate`):
//!
//! ```text
//! f'_m = [f_(m-2) - f_(m+2) + 8 (f_(m+1) - f_(m-1))] / 12 h    inside,
//! central differences at the second and last but one knot, one-sided ones at the ends
//! ```
//!
//! Value and slope are continuous, the second derivative jumps at the knots.

/// Fewest knots that the slopes at the ends and inside can be told apart with.
pub(super) const FEWEST_KNOTS: usize = 5;

/// `K` functions tabulated over one axis that begins at 0. Values and slopes of all lie side by side, so that one distance
/// touches one place in memory.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Splines<const K: usize> {
    per_unit: f64,
    /// For each knot and function, the value and the slope per step.
    knots: Vec<[[f64; 2]; K]>,
}

impl<const K: usize> Splines<K> {
    /// From tables of one length, at least [`FEWEST_KNOTS`], over knots `step` apart.
    pub(super) fn new(step: f64, tables: [&[f64]; K]) -> Self {
        let slopes = tables.map(slopes);
        let knot = |m: usize| std::array::from_fn(|k| [tables[k][m], slopes[k][m]]);
        Self {
            per_unit: 1.0 / step,
            knots: (0..tables[0].len()).map(knot).collect(),
        }
    }

    /// The last knot.
    pub(super) fn end(&self) -> f64 {
        (self.knots.len() - 1) as f64 / self.per_unit
    }

    /// Whether `x` lies before the second knot, where a table of an interaction is nobody's fit.
    #[inline]
    pub(super) fn is_before(&self, x: f64) -> bool {
        x * self.per_unit < 1.0
    }

    /// The two knots around `x`, and how far it lies between them, at most 1.
    #[inline]
    fn between(&self, x: f64) -> (&[[[f64; 2]; K]; 2], f64) {
        let steps = x * self.per_unit;
        let knot = (steps as usize).min(self.knots.len() - 2);
        let pair = self.knots[knot..].first_chunk();
        (
            pair.expect("a knot follows"),
            (steps - knot as f64).min(1.0),
        )
    }

    /// Value and first derivative of the first `N` functions. What depends on the place alone is shared by all.
    #[inline]
    pub(super) fn at<const N: usize>(&self, x: f64) -> [[f64; 2]; N] {
        let ([low, high], t) = self.between(x);
        let s = 1.0 - t;
        let (step, tilts) = (t * t * (1.0 + 2.0 * s), [t * s * s, -t * t * s]);
        let (slope, turns) = (6.0 * t * s, [s * (1.0 - 3.0 * t), t * (3.0 * t - 2.0)]);
        std::array::from_fn(|k| {
            let ([f, d], [f1, d1]) = (low[k], high[k]);
            let value = f + (f1 - f) * step + d * tilts[0] + d1 * tilts[1];
            let derivative = (f1 - f) * slope + d * turns[0] + d1 * turns[1];
            [value, derivative * self.per_unit]
        })
    }

    /// Second derivative of each function.
    pub(super) fn bends(&self, x: f64) -> [f64; K] {
        let ([low, high], t) = self.between(x);
        std::array::from_fn(|k| {
            let ([f, d], [f1, d1]) = (low[k], high[k]);
            let bend = (f1 - f) * (6.0 - 12.0 * t) + d * (6.0 * t - 4.0) + d1 * (6.0 * t - 2.0);
            bend * self.per_unit * self.per_unit
        })
    }
}

/// Slopes per step at the knots.
fn slopes(f: &[f64]) -> Vec<f64> {
    let last = f.len() - 1;
    let slope = |m: usize| {
        if m == 0 {
            f[1] - f[0]
        } else if m == last {
            f[last] - f[last - 1]
        } else if m == 1 || m == last - 1 {
            0.5 * (f[m + 1] - f[m - 1])
        } else {
            ((f[m - 2] - f[m + 2]) + 8.0 * (f[m + 1] - f[m - 1])) / 12.0
        }
    };
    (0..f.len()).map(slope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spline() -> Splines<2> {
        let table = |f: fn(f64) -> f64| (0..40).map(|m| f(0.1 * f64::from(m))).collect::<Vec<_>>();
        Splines::new(0.1, [&table(|x| x * x - x), &table(|x| (-x).exp())])
    }

    /// The slopes are exact for polynomials up to the fourth degree inside, and the cubic through them is the polynomial.
    #[test]
    fn a_parabola_is_itself() {
        let spline = spline();
        for x in [0.23_f64, 1.999, 2.0, 3.6999] {
            let [[f, d], [e, _]] = spline.at::<2>(x);
            assert!((f - (x * x - x)).abs() < 1e-13 && (d - (2.0 * x - 1.0)).abs() < 1e-12);
            assert!((spline.bends(x)[0] - 2.0).abs() < 1e-10);
            assert!((e - (-x).exp()).abs() < 1e-6);
        }
        assert!((spline.end() - 3.9).abs() < 1e-15);
    }

    /// Rounding of the values over the step of the difference.
    #[test]
    fn derivatives_are_those_of_the_value() {
        let (spline, h) = (spline(), 1e-5);
        for x in [0.04, 0.16, 1.733, 3.74, 3.88] {
            let ([_, low], [_, [_, here]], [_, high]) = (
                spline.at::<2>(x - h),
                spline.at::<2>(x),
                spline.at::<2>(x + h),
            );
            assert!(((high[0] - low[0]) / (2.0 * h) - here).abs() < 1e-9);
            assert!(((high[1] - low[1]) / (2.0 * h) - spline.bends(x)[1]).abs() < 1e-8);
        }
    }

    #[test]
    fn beyond_its_end_it_stays_where_it_is() {
        let spline = spline();
        assert_eq!(spline.at::<2>(3.9), spline.at::<2>(77.0));
        assert!(spline.is_before(0.099) && !spline.is_before(0.101));
    }
}
