//! How λ was chosen, and what it means for one instrument: for the reader of a report.

use super::Seen;
use crate::error::Result;
use crate::operator::fit::ridge::RidgePath;
use crate::operator::{Operator, rows};

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
    pub filter: Vec<f64>,
}

impl Choice {
    /// Of an operator carried to an instrument. Costs one singular value decomposition of the training spectra.
    pub fn new(operator: &Operator, seen: &Seen) -> Result<Self> {
        let (x, y) = (operator.x.as_ref(), operator.y.as_ref());
        let path = RidgePath::new(y, x)?;
        let lambdas = path.default_lambdas();
        let spread = rows::centred(x, &rows::mean(x)).squared_norm_l2();
        let variance = (spread / (x.nrows() * x.ncols()) as f64).max(f64::MIN_POSITIVE);
        let errors = path.leave_one_out_errors(&lambdas);
        let curve: Vec<(f64, f64)> = lambdas
            .into_iter()
            .zip(errors)
            .map(|(lambda, error)| (lambda, (error / variance).sqrt()))
            .filter(|(_, error)| error.is_finite())
            .collect();
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
