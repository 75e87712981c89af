//! How λ was chosen, and what it means for one instrument: for the reader of a report.

use super::Seen;
use crate::error::Result;
use crate::operator::Operator;

/// The whole leave-one-out curve behind λ, not only its minimum, and the share of each direction that the data decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// λ and the leave-one-out error of g(r) from clean spectra, relative to answering the training mean (1).
    pub curve: Vec<(f64, f64)>,
    /// The λ that is used.
    pub lambda: f64,
    /// Its error, by the nearest point of the curve.
    pub error: f64,
    /// Filter factors `f = s²/(s²+n)` of the instrument's directions, the strongest first: 1 is decided by the data, 0 by the prior.
    /// Directions of less than a millionth are left out.
    pub filter: Vec<f64>,
}

impl Choice {
    /// Of an operator carried to an instrument. Costs one singular value decomposition of the training spectra the first time.
    pub fn new(operator: &Operator, seen: &Seen) -> Result<Self> {
        let curve = operator.backward_path()?.to_vec();
        let lambda = operator.meta.lambda_backward;
        let distance = |l: f64| (l.ln() - lambda.max(f64::MIN_POSITIVE).ln()).abs();
        let nearest = curve
            .iter()
            .min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
        Ok(Self {
            error: nearest.map_or(1.0, |point| point.1),
            curve,
            lambda,
            filter: seen.conditional.filter(),
        })
    }
}
