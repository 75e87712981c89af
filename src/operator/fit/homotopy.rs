//! The exact minimiser of `½ wᵀ(G + ρI)w - cᵀw + α|w|₁`, found by following it.
//!
//! Any `w` is the minimiser for *some* linear term: that of which its gradient satisfies the optimality conditions,
//! `c + δ - (G + ρI)w = ν` with `ν = α sign(w)` on the support and `|ν| ≤ α` off it. Let the term go from `c + δ` back to `c`,
//! `c + tδ` with t from 1 to 0. The minimiser moves on a straight line until a coefficient reaches zero (it leaves the
//! support) or a multiplier reaches α (it joins), so that a finite number of steps of O(p m), m the size of the support, ends at the
//! minimiser itself. From `w = 0` this is the homotopy of Osborne, Presnell and Turlach (IMA J. Numer. Anal. 20, 389 (2000))
//! and of least angle regression; from a neighbour on the path of penalties it is a warm start that costs only the changes of the
//! support (the parametric active-set method of Best (1996) and of qpOASES). The condition of `G`, which slows coordinate
//! descent to a standstill, has no part in the number of steps. Every multiplier is looked at in every step: there is nothing to screen.

use super::support::Support;
use crate::error::{Error, Result};
use faer::MatRef;

/// The optimality conditions hold to this fraction of α: rounding of `c - G w` where α is 1e-6 of `c`.
const OPTIMAL: f64 = 1e-9;
/// Each round takes the rounding of the one before for its δ; more than a few mean that nothing is gained.
const ROUNDS: usize = 20;
/// Steps without progress, exchanges at one t, after which a round begins anew.
const STALLED: usize = 50;
/// Longest way, in steps a coefficient.
const STEPS: usize = 100;
/// Equal columns would join at the same time: their multipliers are told apart by this fraction of α, on the way, not at its end.
const JITTER: f64 = 1e-6;

/// One problem for many linear terms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quadratic<'a> {
    /// `G`, p x p.
    pub gram: MatRef<'a, f64>,
    /// ρ, positive.
    pub ridge: f64,
    /// α, positive.
    pub lasso: f64,
}

/// The working memory of one thread.
#[derive(Debug, Default)]
pub(super) struct Follower {
    support: Support,
    /// Sign of each coefficient of the support, by position.
    signs: Vec<f64>,
    /// ν, and dν/dt.
    multiplier: Vec<f64>,
    drift: Vec<f64>,
    /// δ.
    change: Vec<f64>,
    /// dw/dt by position.
    velocity: Vec<f64>,
}

/// What happens at the end of a straight piece.
enum Event {
    Leaves(usize),
    Joins(usize),
    Nothing,
}

impl Follower {
    /// Takes `w`, whatever it is, to the minimiser for the linear term `c`; returns the number of steps.
    pub fn solve(&mut self, problem: Quadratic<'_>, c: &[f64], w: &mut [f64]) -> Result<usize> {
        self.take_support(problem, w);
        let (mut steps, mut before) = (0, f64::INFINITY);
        for round in 0..ROUNDS {
            let off = self.start(problem, c, w, round);
            if off <= OPTIMAL * problem.lasso || (round > 2 && off > 0.5 * before) {
                return Ok(steps);
            }
            before = off;
            steps += self.follow(problem, w)?;
        }
        Ok(steps)
    }

    fn take_support(&mut self, problem: Quadratic<'_>, w: &[f64]) {
        self.support.clear(w.len());
        self.signs.clear();
        for (i, value) in w.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            self.support.push(problem.gram, problem.ridge, i);
            self.signs.push(value.signum());
        }
    }

    /// Sets ν and δ for `w`; returns how far `w` is from optimal, max|δ| without the jitter.
    fn start(&mut self, problem: Quadratic<'_>, c: &[f64], w: &[f64], round: usize) -> f64 {
        let on: Vec<f64> = self.support.indices.iter().map(|&i| w[i]).collect();
        let mut gradient = c.to_vec();
        self.support.subtract_product(&on, &mut gradient);
        for (&i, value) in self.support.indices.iter().zip(&on) {
            gradient[i] -= problem.ridge * value;
        }
        self.multiplier.clone_from(&gradient);
        for &i in &self.support.indices {
            self.multiplier[i] = 0.0;
        }
        let largest = self.multiplier.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let shrink = (problem.lasso / largest).min(1.0);
        let mut off = (largest - problem.lasso).max(0.0);
        for (i, v) in self.multiplier.iter_mut().enumerate() {
            // Fractions of the golden ratio: no two alike.
            let fraction = ((i + round) as f64 * 0.618_033_988_749_895).fract();
            *v *= shrink * (1.0 - JITTER * fraction);
        }
        for (&i, sign) in self.support.indices.iter().zip(&self.signs) {
            self.multiplier[i] = problem.lasso * sign;
            off = off.max((self.multiplier[i] - gradient[i]).abs());
        }
        self.change = gradient;
        for (change, v) in self.change.iter_mut().zip(&self.multiplier) {
            *change = v - *change;
        }
        off
    }

    /// From t = 1 to t = 0.
    fn follow(&mut self, problem: Quadratic<'_>, w: &mut [f64]) -> Result<usize> {
        let (mut t, mut stalled) = (1.0, 0);
        for step in 0..STEPS * w.len() + STEPS {
            self.aim();
            let (length, event) = self.next(problem, w, t);
            self.advance(w, length);
            t -= length;
            stalled = if length > 0.0 { 0 } else { stalled + 1 };
            match event {
                Event::Leaves(position) => self.leave(w, position),
                Event::Joins(index) => self.join(problem, index),
                Event::Nothing => return Ok(step),
            }
            if stalled > STALLED {
                return Ok(step);
            }
        }
        Err(Error::new("the elastic net did not reach its minimum")
            .because("its support kept changing: the inputs depend on each other to rounding")
            .cure("give a larger --beta, or fewer bins"))
    }

    /// dw/dt and dν/dt for the present support.
    fn aim(&mut self) {
        let p = self.change.len();
        self.velocity.clear();
        self.velocity
            .extend(self.support.indices.iter().map(|&i| self.change[i]));
        self.support.solve(p, &mut self.velocity);
        self.drift.clone_from(&self.change);
        self.support
            .subtract_product(&self.velocity, &mut self.drift);
        // On the support ν stays at ±α.
        for &i in &self.support.indices {
            self.drift[i] = 0.0;
        }
    }

    /// How far t can fall, at most to zero, and what happens there.
    fn next(&self, problem: Quadratic<'_>, w: &[f64], t: f64) -> (f64, Event) {
        let (mut length, mut event) = (t, Event::Nothing);
        for (position, &i) in self.support.indices.iter().enumerate() {
            let toward_zero = self.velocity[position] * self.signs[position];
            if toward_zero > 0.0 {
                let reach = (w[i] * self.signs[position] / toward_zero).max(0.0);
                if reach < length {
                    (length, event) = (reach, Event::Leaves(position));
                }
            }
        }
        for (i, (v, drift)) in self.multiplier.iter().zip(&self.drift).enumerate() {
            if *drift != 0.0 {
                let reach = ((problem.lasso + v * drift.signum()) / drift.abs()).max(0.0);
                if reach < length {
                    (length, event) = (reach, Event::Joins(i));
                }
            }
        }
        (length, event)
    }

    fn advance(&mut self, w: &mut [f64], length: f64) {
        for (&i, v) in self.support.indices.iter().zip(&self.velocity) {
            w[i] -= length * v;
        }
        for (v, drift) in self.multiplier.iter_mut().zip(&self.drift) {
            *v -= length * drift;
        }
    }

    fn join(&mut self, problem: Quadratic<'_>, index: usize) {
        let sign = self.multiplier[index].signum();
        self.multiplier[index] = problem.lasso * sign;
        self.signs.push(sign);
        self.support.push(problem.gram, problem.ridge, index);
    }

    fn leave(&mut self, w: &mut [f64], position: usize) {
        w[self.support.indices[position]] = 0.0;
        self.support.remove(w.len(), position);
        self.signs.remove(position);
    }
}
