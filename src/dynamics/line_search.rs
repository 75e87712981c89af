//! The step along a search direction: Moré and Thuente's, with what atoms need added.

use super::landscape::farthest;
use argmin::core::{
    ArgminError, CostFunction, Error, Gradient, IterState, KV, LineSearch, Problem, Solver, State,
    TerminationReason,
};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin_math::{ArgminDot, ArgminScaledAdd};

/// Farthest any coordinate of an atom may go in the first try of one search, Å: a fraction of a bond, so that the
/// atoms settle into the minimum they are near and never jump through each other.
const LONGEST_STEP: f64 = 0.15;
/// A search may lengthen its first try by this factor.
const LENGTHENING: f64 = 2.0;
/// Most tries of one search; measured, nearly all end at the first.
const MOST_TRIES: u64 = 20;
type Vector = Vec<f64>;
type SearchState = IterState<Vector, Vector, (), (), (), f64>;

/// Moré-Thuente with a bounded step; where the energy no longer resolves the gain, the quasi-Newton step as it is.
#[derive(Clone)]
pub(super) struct BoundedSearch {
    atoms: usize,
    /// A predicted gain below this fraction of the energy is not asked of the energy.
    resolution: f64,
    inner: MoreThuenteLineSearch<Vector, Vector, f64>,
    direction: Vector,
    /// The end of the step to take without a search.
    unsearched: Option<Vector>,
}

impl BoundedSearch {
    pub(super) fn new(atoms: usize, resolution: f64) -> Result<Self, Error> {
        let inner = MoreThuenteLineSearch::new().with_bounds(f64::EPSILON.sqrt(), LENGTHENING)?;
        Ok(Self {
            atoms,
            resolution,
            inner,
            direction: Vec::new(),
            unsearched: None,
        })
    }
}

impl LineSearch<Vector, f64> for BoundedSearch {
    fn search_direction(&mut self, mut direction: Vector) {
        let longest = farthest(&direction, self.atoms);
        if longest > LONGEST_STEP {
            for x in &mut direction {
                *x *= LONGEST_STEP / longest;
            }
        }
        self.inner.search_direction(direction.clone());
        self.direction = direction;
    }

    fn initial_step_length(&mut self, length: f64) -> Result<(), Error> {
        self.inner.initial_step_length(length)
    }
}

impl<O> Solver<O, SearchState> for BoundedSearch
where
    O: CostFunction<Param = Vector, Output = f64> + Gradient<Param = Vector, Gradient = Vector>,
{
    fn name(&self) -> &'static str {
        "bounded Moré-Thuente"
    }

    fn init(
        &mut self,
        problem: &mut Problem<O>,
        state: SearchState,
    ) -> Result<(SearchState, Option<KV>), Error> {
        let (Some(start), Some(gradient)) = (state.get_param(), state.get_gradient()) else {
            return Err(refuse("the search was not given a start"));
        };
        let slope: f64 = gradient.dot(&self.direction);
        // Negated, so that a slope that is not a number is refused too.
        if !(slope < 0.0 && slope.is_finite()) {
            return Err(refuse("the direction does not go down"));
        }
        let resolved = -slope > self.resolution * state.get_cost().abs();
        self.unsearched = (!resolved).then(|| start.scaled_add(&1.0, &self.direction));
        self.inner.init(problem, state)
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<O>,
        state: SearchState,
    ) -> Result<(SearchState, Option<KV>), Error> {
        if let Some(end) = self.unsearched.take() {
            let (cost, gradient) = (problem.cost(&end)?, problem.gradient(&end)?);
            let state = state.param(end).cost(cost).gradient(gradient);
            return Ok((
                state.terminate_with(TerminationReason::SolverConverged),
                None,
            ));
        }
        if state.get_iter() >= MOST_TRIES {
            return Err(refuse("the search does not end"));
        }
        self.inner.next_iter(problem, state)
    }
}

fn refuse(why: &str) -> Error {
    ArgminError::ConditionViolated {
        text: why.to_owned(),
    }
    .into()
}
