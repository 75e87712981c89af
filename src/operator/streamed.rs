//! Both maps from more samples than an operator keeps.
//!
//! An operator carries its training samples: they are the prior, and bands and p-values are calibrated on them. A few thousand
//! do that as well as millions would, at a cost that grows with their square. The maps `W` and `V` still gain from every
//! sample, so they are fitted again to all, read block by block ([`fit::stream`](super::fit::stream)).

use super::fit::LinearMap;
use super::fit::stream::{Stream, StreamedPath};
use super::{ChosenBy, Operator};
use crate::error::{Error, Result};
use faer::Mat;
use serde::{Deserialize, Serialize};

/// λ tried by leave-one-out on the second reading, as multiples of that of the generalised cross-validation, which the
/// first reading gives: three a decade, a decade to each side.
const AROUND: [f64; 7] = [0.1, 0.215, 0.464, 1.0, 2.15, 4.64, 10.0];

/// How the maps were fitted to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Streamed {
    /// Samples read.
    pub samples: usize,
    /// 1 - SSE/SSE(mean) of the forward map by exact leave-one-out over all of them; near-duplicates are not kept apart.
    pub forward_r2: f64,
    /// The same of the backward map, from spectra without noise.
    pub backward_r2: f64,
}

/// Descriptors and spectra (m x p, m x q) of some samples.
pub type Pairs = (Mat<f64>, Mat<f64>);

impl Operator {
    /// The same operator with its maps fitted to all samples that `blocks` gives; it is called twice, and must give the same
    /// blocks both times. The samples kept, and all that is calibrated on them, stay as they are.
    ///
    /// Errors: the forward map is not ridge on x alone; blocks that do not fit the operator's grids; a failing block.
    pub fn refitted<I>(mut self, blocks: impl Fn() -> Result<I>) -> Result<Self>
    where
        I: Iterator<Item = Result<Pairs>>,
    {
        if !self.forward_is_joint() {
            return Err(
                Error::new("only ridge on g(r) alone is fitted block by block")
                    .because(format!(
                        "asked for was {} of {}",
                        self.meta.forward,
                        self.meta.reads()
                    ))
                    .cure("leave --estimator and --descriptor away, or train on fewer samples"),
            );
        }
        let (p, q) = (self.x.ncols(), self.y.ncols());
        let (mut forward, mut backward) = (Stream::new(p, q), Stream::new(q, p));
        for block in blocks()? {
            let (x, y) = block?;
            forward.add(x.as_ref(), y.as_ref())?;
            backward.add(y.as_ref(), x.as_ref())?;
        }
        let (forward, backward) = (forward.path()?, backward.path()?);
        let given = self.meta.forward.lambda;
        let given = given.filter(|_| self.meta.forward.chosen_by == ChosenBy::User);
        let mut w = Choice::new(&forward, given)?;
        let mut v = Choice::new(&backward, None)?;
        for block in blocks()? {
            let (x, y) = block?;
            w.add(&x, &y);
            v.add(&y, &x);
        }
        let (map, lambda, forward_r2) = w.best();
        (self.w, self.b) = (map.matrix, map.offset);
        self.meta.forward.lambda = Some(lambda);
        self.meta.degrees_of_freedom = forward.degrees_of_freedom(lambda);
        let (map, _, backward_r2) = v.best();
        (self.v, self.c) = (map.matrix, map.offset);
        self.meta.streamed = Some(Streamed {
            samples: forward.samples(),
            forward_r2,
            backward_r2,
        });
        Ok(self)
    }
}

/// The leave-one-out errors of a few λ, gathered block by block.
struct Choice<'a> {
    path: &'a StreamedPath,
    lambdas: Vec<f64>,
    errors: Vec<f64>,
}

impl<'a> Choice<'a> {
    fn new(path: &'a StreamedPath, given: Option<f64>) -> Result<Self> {
        let lambdas = if let Some(lambda) = given {
            vec![lambda]
        } else {
            let middle = path.generalised_choice()?;
            AROUND.iter().map(|f| f * middle).collect()
        };
        Ok(Self {
            path,
            errors: vec![0.0; lambdas.len()],
            lambdas,
        })
    }

    fn add(&mut self, inputs: &Mat<f64>, outputs: &Mat<f64>) {
        let more = self
            .path
            .leave_one_out(inputs.as_ref(), outputs.as_ref(), &self.lambdas);
        self.errors.iter_mut().zip(more).for_each(|(e, m)| *e += m);
    }

    /// The map of the smallest error, its λ, and its R².
    fn best(&self) -> (LinearMap, f64, f64) {
        let errors = self.errors.iter().zip(&self.lambdas);
        let (error, lambda) = errors
            .min_by(|a, b| a.0.total_cmp(b.0))
            .map_or((0.0, 0.0), |(e, l)| (*e, *l));
        let r2 = 1.0 - error / self.path.total().max(f64::MIN_POSITIVE);
        (self.path.fit(lambda), lambda, r2)
    }
}
