//! Is a curve of the kind that the operator was trained on?

use serde::Serialize;

/// A curve is outside if fewer than this share of left-out training glasses lie as far out.
pub const OUTSIDE_BELOW: f64 = 0.005;
/// A density is outside if it lies beyond those of the left-out training glasses by more than this part of their range. Of glasses drawn
/// as these were, one in sixty is the new extreme of a hundred and twenty; hardly one is so by a tenth of the range.
const MARGIN: f64 = 0.1;

/// Where a curve stands among the training glasses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Domain {
    /// Distance within the directions in which training glasses differ by more than the noise (Hotelling's T²).
    pub t2: f64,
    /// Squared distance outside those directions, in units of the noise (the squared prediction error, SPE).
    pub q: f64,
    /// Share of left-out training glasses with at least this T².
    pub t2_share: f64,
    /// Share of left-out training glasses with at least this Q.
    pub q_share: f64,
    /// Twice the share of left-out training glasses with at least this density, or at most this, whichever is less; where the
    /// operator knows densities.
    pub density_share: Option<f64>,
    /// Whether the density lies within the range of the left-out training glasses or little beyond; true where it is not known.
    pub density_inside: bool,
    /// Whether the shares of T² and Q are at least [`OUTSIDE_BELOW`] and the density is inside.
    pub inside: bool,
}

impl Domain {
    /// Ranks `(T², Q)` of a curve among those of left-out noisy training curves. Ranks, not the F and χ² laws: the laws
    /// hold for Gaussian glasses, and these are not.
    pub fn rank(distance: (f64, f64), left_out: &[(f64, f64)]) -> Self {
        let share = |is_as_far: &dyn Fn(&(f64, f64)) -> bool| {
            left_out.iter().filter(|d| is_as_far(d)).count() as f64 / left_out.len().max(1) as f64
        };
        let t2_share = share(&|d| d.0 >= distance.0);
        let q_share = share(&|d| d.1 >= distance.1);
        Self {
            t2: distance.0,
            q: distance.1,
            t2_share,
            q_share,
            density_share: None,
            density_inside: true,
            inside: t2_share >= OUTSIDE_BELOW && q_share >= OUTSIDE_BELOW,
        }
    }

    /// Ranks a curve by its `(T², Q)` and, where it is known with those of the left-out curves, by its relative density.
    pub fn ranked(
        distance: (f64, f64),
        left_out: &[(f64, f64)],
        density: Option<(f64, &[f64])>,
    ) -> Self {
        let domain = Self::rank(distance, left_out);
        match density {
            Some((density, left_out)) => domain.with_density(density, left_out),
            None => domain,
        }
    }

    /// With the density also ranked. It is one direction of many in T², where a density well outside the range of the training glasses
    /// hardly shows; and it is what the curve tells best.
    #[must_use]
    pub fn with_density(self, density: f64, left_out: &[f64]) -> Self {
        let share = |is_beyond: &dyn Fn(f64) -> bool| {
            left_out.iter().filter(|d| is_beyond(**d)).count() as f64 / left_out.len().max(1) as f64
        };
        let share = 2.0 * share(&|d| d >= density).min(share(&|d| d <= density));
        let low = left_out.iter().copied().fold(f64::INFINITY, f64::min);
        let high = left_out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let margin = MARGIN * (high - low);
        let density_inside = (low - margin..=high + margin).contains(&density);
        Self {
            density_share: Some(share.min(1.0)),
            density_inside,
            inside: self.inside && density_inside,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farthest_curve_is_outside_and_a_middling_one_is_not() {
        let left_out: Vec<(f64, f64)> = (0..1000)
            .map(|i| (f64::from(i), f64::from(i) / 10.0))
            .collect();
        assert!(Domain::rank((500.0, 50.0), &left_out).inside);
        assert!(!Domain::rank((500.0, 101.0), &left_out).inside);
        assert!(!Domain::rank((1001.0, 50.0), &left_out).inside);
        let densities: Vec<f64> = (0..1000).map(|i| 1.0 + 1e-4 * f64::from(i)).collect();
        let middling = Domain::rank((500.0, 50.0), &left_out);
        for (density, inside) in [(1.05, true), (1.105, true), (1.12, false), (0.98, false)] {
            assert_eq!(middling.with_density(density, &densities).inside, inside);
        }
        assert!(
            !Domain::rank((500.0, 101.0), &left_out)
                .with_density(1.05, &densities)
                .inside
        );
    }
}
