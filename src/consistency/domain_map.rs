//! Where a curve sits among the training glasses, for the eye.

use super::domain::OUTSIDE_BELOW;
use crate::error::Result;
use crate::inverse::Seen;
use faer::MatRef;

/// A curve among the training glasses: along the two directions in which these differ most, and in T² and Q.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainMap {
    /// Each training glass along the first and second direction, in standard deviations of the training set.
    pub glasses: Vec<(f64, f64)>,
    /// The curve there.
    pub here: (f64, f64),
    /// T² and Q of the left-out noisy training curves.
    pub left_out: Vec<(f64, f64)>,
    /// T² and Q of the curve.
    pub distance: (f64, f64),
    /// T² and Q beyond which a curve is outside.
    pub limits: (f64, f64),
}

impl DomainMap {
    /// Of one curve (1 x m, at the points of the channel that `seen` was carried to).
    ///
    /// Errors: a decomposition does not converge.
    pub fn new(seen: &Seen, curve: MatRef<'_, f64>) -> Result<Self> {
        let conditional = &seen.conditional;
        let along = seen.scores(curve);
        let scores = conditional.standard_scores(&along);
        let glasses = conditional.training_scores();
        // A training set may differ in one direction only.
        let second = |row: &dyn Fn(usize) -> f64, k: usize| if k > 1 { row(1) } else { 0.0 };
        let left_out = seen.left_out_distances()?;
        Ok(Self {
            glasses: (0..glasses.nrows())
                .map(|i| {
                    let at = |k: usize| glasses[(i, k)];
                    (at(0), second(&at, glasses.ncols()))
                })
                .collect(),
            here: (scores[(0, 0)], second(&|k| scores[(k, 0)], scores.nrows())),
            distance: conditional.distances(&along)[0],
            limits: (
                limit(left_out.iter().map(|d| d.0)),
                limit(left_out.iter().map(|d| d.1)),
            ),
            left_out: left_out.to_vec(),
        })
    }
}

/// The value that a share of [`OUTSIDE_BELOW`] reaches.
fn limit(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let beyond = (OUTSIDE_BELOW * sorted.len() as f64).ceil().max(1.0) as usize;
    let at = sorted.len().saturating_sub(beyond);
    sorted.get(at).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::Domain;

    #[test]
    fn the_limit_is_where_the_verdict_changes() {
        let left_out: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i), 1.0)).collect();
        let edge = limit(left_out.iter().map(|d| d.0));
        assert!(Domain::rank((edge, 1.0), &left_out).inside);
        assert!(!Domain::rank((edge + 1e-9, 1.0), &left_out).inside);
    }
}
