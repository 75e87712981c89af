//! The Lennard-Jones potential of one species or a mixture.
//!
//! ```text
//! E = Σ_pairs φ(r),   φ(r) = 4ε [(σ/r)¹² - (σ/r)⁶] - c₀ - c₁ r   for r < r_c,   else 0
//! ```
//!
//! with c₀ and c₁ as the [`Shift`] says. J. E. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931).

mod named;

pub(super) use named::FORMS;

use super::hessian::{Hessian, Rows};
use super::pairs::{Felt, Nearby, curvature, finite, places};
use super::{Evaluation, Potential};
use crate::atoms::neighbours::NeighbourList;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};

/// What is done about the step of the potential at its cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Nothing: the energy jumps (LAMMPS `lj/cut`).
    None,
    /// `c₀ = φ(r_c)`: the energy is continuous, the force jumps (`pair_modify shift yes`).
    Energy,
    /// `c₁ = φ'(r_c)`, `c₀ = φ(r_c) - c₁ r_c`: energy and force are continuous (`lj/smooth/linear`).
    Force,
}

/// The parameters of one pair of species, in eV and Å or in reduced units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Depth of the well.
    pub epsilon: f64,
    /// Distance at which repulsion and attraction cancel.
    pub sigma: f64,
    /// Distance from which the pair does not interact.
    pub cutoff: f64,
}

/// The same, as the sums want it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Well {
    /// `4εσ¹²`.
    repulsion: f64,
    /// `4εσ⁶`.
    attraction: f64,
    constant: f64,
    linear: f64,
    cutoff: f64,
    cutoff_squared: f64,
}

impl Well {
    fn new(pair: Pair, shift: Shift) -> Result<Self> {
        let Pair {
            epsilon,
            sigma,
            cutoff,
        } = pair;
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let power = sigma.powi(6);
        let mut well = Self {
            repulsion: 4.0 * epsilon * power * power,
            attraction: 4.0 * epsilon * power,
            constant: 0.0,
            linear: 0.0,
            cutoff,
            cutoff_squared: cutoff * cutoff,
        };
        if ![epsilon, sigma, cutoff, well.repulsion, well.cutoff_squared]
            .into_iter()
            .all(positive)
        {
            return Err(Error::new(format!(
                "a Lennard-Jones pair of epsilon {epsilon}, sigma {sigma} and cutoff {cutoff} is not possible"
            ))
            .cure("give positive numbers"));
        }
        let [value, slope_over_r] = well.at::<false>(cutoff * cutoff);
        if shift == Shift::Force {
            well.linear = slope_over_r * cutoff;
        }
        if shift != Shift::None {
            well.constant = value - well.linear * cutoff;
        }
        Ok(well)
    }

    /// φ and φ'/r at a distance given by its square; `LINEAR` is false if c₁ is zero, which saves the root.
    #[inline]
    fn at<const LINEAR: bool>(&self, squared: f64) -> [f64; 2] {
        let inverse = 1.0 / squared;
        let sixth = inverse * inverse * inverse;
        let (up, down) = (self.repulsion * sixth * sixth, self.attraction * sixth);
        let value = up - down - self.constant;
        let slope_over_r = (6.0 * down - 12.0 * up) * inverse;
        if LINEAR {
            let tilt = self.linear * squared.sqrt();
            [value - tilt, slope_over_r - tilt * inverse]
        } else {
            [value, slope_over_r]
        }
    }

    /// φ''.
    fn bend(&self, squared: f64) -> f64 {
        let sixth = squared.powi(-3);
        (156.0 * self.repulsion * sixth - 42.0 * self.attraction) * sixth / squared
    }
}

/// A Lennard-Jones potential with its parameters.
///
/// ```
/// use glassbridge::potentials::Potential;
/// use glassbridge::potentials::lennard_jones::{LennardJones, Pair, Shift};
/// let pair = Pair { epsilon: 1.0, sigma: 1.0, cutoff: 2.5 };
/// let simple = LennardJones::one(pair, Shift::Force, true)?;
/// assert_eq!(simple.cutoff(), 2.5);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LennardJones {
    /// Empty if the one well is that of every species.
    species: Vec<String>,
    /// `wells[a * s + b]` of s species.
    wells: Vec<Well>,
    shift: Shift,
    reduced: bool,
}

impl LennardJones {
    /// One pair of parameters for all atoms, whatever their species.
    pub fn one(pair: Pair, shift: Shift, reduced: bool) -> Result<Self> {
        Ok(Self {
            species: Vec::new(),
            wells: vec![Well::new(pair, shift)?],
            shift,
            reduced,
        })
    }

    /// A mixture; `pair(a, b)` tells the parameters of two species by their places, in either order.
    pub fn mixture(
        species: &[&str],
        pair: impl Fn(usize, usize) -> Pair,
        shift: Shift,
        reduced: bool,
    ) -> Result<Self> {
        let s = species.len();
        let all = (0..s * s).map(|k| pair((k / s).min(k % s), (k / s).max(k % s)));
        Ok(Self {
            species: species.iter().map(|&name| name.to_owned()).collect(),
            wells: all.map(|p| Well::new(p, shift)).collect::<Result<_>>()?,
            shift,
            reduced,
        })
    }

    /// For each atom, the row of `wells` that is its species'.
    fn kinds(&self, structure: &Structure) -> Result<Vec<usize>> {
        if self.species.is_empty() {
            return Ok(vec![0; structure.len()]);
        }
        let places = places(&self.species, structure)?;
        Ok(structure.species_of.iter().map(|&s| places[s]).collect())
    }

    /// The sums over pairs. `MIXED`: there are several wells; `LINEAR`: they have a linear term.
    fn sum<const MIXED: bool, const LINEAR: bool>(
        &self,
        structure: &Structure,
        neighbours: &NeighbourList,
    ) -> Result<Evaluation> {
        let kinds = self.kinds(structure)?;
        let side = self.species.len().max(1);
        let mut out = Evaluation::zero(structure.len());
        let mut nearby = Nearby::default();
        let reach = self.cutoff().powi(2);
        for i in 0..structure.len() {
            let wells = &self.wells[kinds[i] * side..][..side];
            let (mut felt, mut energy) = (Felt::default(), 0.0);
            for near in nearby.of(structure, neighbours, i, neighbours.half(i), reach) {
                let j = near.index as usize;
                let well = if MIXED { &wells[kinds[j]] } else { &wells[0] };
                if MIXED && near.squared >= well.cutoff_squared {
                    continue;
                }
                let [value, slope_over_r] = well.at::<LINEAR>(near.squared);
                energy += value;
                felt.push(-slope_over_r, near.vector, &mut out.forces[j]);
            }
            out.energy += energy;
            felt.give(i, &mut out);
        }
        Ok(out)
    }
}

impl Potential for LennardJones {
    fn cutoff(&self) -> f64 {
        self.wells.iter().map(|w| w.cutoff).fold(0.0, f64::max)
    }

    /// Errors: a species that the mixture lacks; two atoms in one place.
    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let sum = match (self.wells.len() > 1, self.shift == Shift::Force) {
            (false, false) => Self::sum::<false, false>,
            (false, true) => Self::sum::<false, true>,
            (true, false) => Self::sum::<true, false>,
            (true, true) => Self::sum::<true, true>,
        };
        finite(sum(self, structure, neighbours)?, structure, neighbours)
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        let kinds = self.kinds(structure)?;
        let side = self.species.len().max(1);
        let mut rows = Rows::new(structure.len());
        let mut nearby = Nearby::default();
        let reach = self.cutoff().powi(2);
        for i in 0..structure.len() {
            let near = nearby.of(structure, neighbours, i, neighbours.links(i), reach);
            let columns = near.iter().map(|n| n.index as usize);
            let mut row = rows.next(columns.chain([i]));
            for n in near {
                let well = &self.wells[kinds[i] * side + kinds[n.index as usize]];
                if n.squared < well.cutoff_squared {
                    let [_, slope_over_r] = well.at::<true>(n.squared);
                    let bend = well.bend(n.squared);
                    row.spring(
                        n.index as usize,
                        i,
                        &curvature(n.vector, n.squared, slope_over_r, bend),
                    );
                }
            }
        }
        Ok(rows.finish())
    }

    fn reduced(&self) -> bool {
        self.reduced
    }
}
