//! Molecular dynamics, one step at a time, in three ensembles.
//!
//! | ensemble | integrator | samples |
//! |---|---|---|
//! | [`Nve`](Ensemble::Nve) | velocity Verlet | constant energy, which it keeps to an error that falls as dt² |
//! | [`Nvt`](Ensemble::Nvt) | Langevin dynamics in the BAOAB splitting | `exp(-E/kT)` |
//! | [`Npt`](Ensemble::Npt) | BAOAB with stochastic cell rescaling | `exp(-(E + P M)/kT) M^N`, M the cell's measure |
//!
//! BAOAB is half kick, half drift, exact Ornstein-Uhlenbeck step of the velocities, half drift, half kick; with no friction
//! it is velocity Verlet. It was chosen because, of the splittings, its positions are the nearest to the canonical ones at
//! long steps (B. Leimkuhler and C. Matthews, *J. Chem. Phys.* **138**, 174102 (2013)), and because a random force needs no
//! chaos to be ergodic: a harmonic solid is thermostatted too.
//!
//! Stochastic cell rescaling (M. Bernetti and G. Bussi, *J. Chem. Phys.* **153**, 114107 (2020)) is first order in time, so
//! that a volume far off comes to rest without ringing, and unlike Berendsen's barostat it has the right fluctuations.
//! With λ = √M its noise does not depend on the volume:
//!
//! ```text
//! dλ = (β λ / 2τ) (P_now - P + kT / 2M) dt + √(kT β / 2τ) dW
//! ```
//!
//! where only β/τ matters: β is the compressibility of the structure when it is first pressed, τ a number of steps. Positions along
//! the directions that repeat grow with the cell and velocities shrink, so that a sheet is pressed in its plane only.
//!
//! All N atoms' momenta, that of the centre of mass included, are degrees of freedom: d N of them, 2 N if the structure
//! is flat.

use super::evaluator::Evaluator;
use super::load::{Span, symmetric};
use crate::atoms::cell::dot;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::{Evaluation, Potential};
use crate::units::BOLTZMANN_MEV_PER_K;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// 1 eV/(Å amu) in Å/fs².
const ACCELERATION: f64 = 9.648_533_212e-3;
/// Boltzmann's constant, eV/K.
const BOLTZMANN: f64 = BOLTZMANN_MEV_PER_K * 1e-3;
/// Friction for each time step: the velocities forget within a hundred steps, a few vibrations of whatever the step suits.
const FRICTION: f64 = 0.01;
/// Part of its way to the volume of its pressure that a solid goes in each time step: a few hundred steps are many
/// vibrations, and a small part of a quench.
const COMPLIANCE: f64 = 1.0 / 200.0;
/// Relative change of the measure by which the compressibility is found.
const SQUEEZE: f64 = 1e-4;

/// What a run keeps constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ensemble {
    /// Number of atoms, volume, energy.
    Nve,
    /// Number of atoms, volume, temperature.
    Nvt {
        /// Temperature, K.
        kelvin: f64,
    },
    /// Number of atoms, pressure, temperature; the cell keeps its shape.
    Npt {
        /// Temperature, K.
        kelvin: f64,
        /// Pressure in the directions in which the cell repeats, eV for each unit of its
        /// [measure](crate::atoms::cell::Cell::measure): eV/Å³ for a solid, eV/Å² for a sheet.
        pressure: f64,
    },
}

/// Atoms on their way.
pub struct Run<'a> {
    evaluator: Evaluator<'a>,
    structure: Structure,
    masses: Vec<f64>,
    velocities: Vec<[f64; 3]>,
    now: Evaluation,
    /// β of the barostat, once it has been used.
    compressibility: Option<f64>,
}

/// `√(kT/m)` for m = 1 amu, Å/fs.
fn thermal(kelvin: f64) -> f64 {
    (BOLTZMANN * kelvin * ACCELERATION).sqrt()
}

/// A normal number for each of the first `dimensions` coordinates.
fn normals(dimensions: usize, random: &mut impl Rng) -> [f64; 3] {
    let mut numbers = [0.0; 3];
    for x in &mut numbers[..dimensions] {
        *x = StandardNormal.sample(random);
    }
    numbers
}

impl<'a> Run<'a> {
    /// A structure with fresh velocities of a temperature (K).
    ///
    /// Errors: the potential fails.
    pub fn new(
        potential: &'a dyn Potential,
        structure: &Structure,
        kelvin: f64,
        random: &mut impl Rng,
    ) -> Result<Self> {
        let mut evaluator = Evaluator::new(potential);
        let now = evaluator.evaluate(structure)?;
        let masses = structure.atom_masses();
        let dimensions = structure.dimensions();
        let velocity = |m: &f64| normals(dimensions, random).map(|x| thermal(kelvin / m) * x);
        Ok(Self {
            velocities: masses.iter().map(velocity).collect(),
            structure: structure.clone(),
            evaluator,
            masses,
            now,
            compressibility: None,
        })
    }

    /// Where the atoms are, unwrapped, and their cell.
    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// The velocity of each atom, Å/fs.
    pub fn velocities(&self) -> &[[f64; 3]] {
        &self.velocities
    }

    /// Potential energy, eV.
    pub fn potential_energy(&self) -> f64 {
        self.now.energy
    }

    /// Kinetic energy `½ Σ m v²`, eV.
    pub fn kinetic_energy(&self) -> f64 {
        let each = self.velocities.iter().zip(&self.masses);
        each.map(|(v, m)| 0.5 * m * dot(*v, *v) / ACCELERATION)
            .sum()
    }

    /// Temperature `2 K / (d N k)` at this moment, K; d is 2 for a flat structure, else 3.
    pub fn kelvin(&self) -> f64 {
        let freedom = self.structure.dimensions() * self.structure.len();
        2.0 * self.kinetic_energy() / (freedom as f64 * BOLTZMANN)
    }

    /// Pressure at this moment, `(Σ m v_Π² + tr(Π W)) / (d M)`, with Π onto the d directions in which the cell repeats and
    /// M its measure; eV for each unit of M.
    ///
    /// Errors: the cell does not repeat.
    pub fn pressure(&self) -> Result<f64> {
        Ok(self.pressure_along(&Span::of(&self.structure.cell)?))
    }

    fn pressure_along(&self, span: &Span) -> f64 {
        let each = self.velocities.iter().zip(&self.masses);
        let twice_kinetic: f64 = each
            .map(|(v, m)| m * dot(*v, span.part(*v)) / ACCELERATION)
            .sum();
        let virial = span.mean(&symmetric(self.now.virial));
        (twice_kinetic / span.dimensions + virial) / self.structure.cell.measure()
    }

    /// One step of `dt` fs.
    ///
    /// Errors: the potential fails; the atoms or the cell fly apart.
    pub fn step(&mut self, dt: f64, ensemble: Ensemble, random: &mut impl Rng) -> Result<()> {
        self.kick(dt / 2.0);
        self.drift(dt / 2.0);
        match ensemble {
            Ensemble::Nve => {}
            Ensemble::Nvt { kelvin } => self.thermalise(kelvin, random),
            Ensemble::Npt { kelvin, pressure } => {
                self.thermalise(kelvin, random);
                self.rescale(kelvin, pressure, random)?;
            }
        }
        self.drift(dt / 2.0);
        self.now = self.evaluator.evaluate(&self.structure)?;
        if !self.now.energy.is_finite() {
            return Err(Error::new("the atoms flew apart").cure("use a shorter time step"));
        }
        self.kick(dt / 2.0);
        Ok(())
    }

    fn kick(&mut self, dt: f64) {
        let each = self.velocities.iter_mut().zip(&self.now.forces);
        for ((v, f), m) in each.zip(&self.masses) {
            for a in 0..3 {
                v[a] += dt * ACCELERATION * f[a] / m;
            }
        }
    }

    fn drift(&mut self, dt: f64) {
        for (p, v) in self.structure.positions.iter_mut().zip(&self.velocities) {
            for a in 0..3 {
                p[a] += dt * v[a];
            }
        }
    }

    /// The Ornstein-Uhlenbeck step.
    fn thermalise(&mut self, kelvin: f64, random: &mut impl Rng) {
        let keep = (-FRICTION).exp();
        let fresh = (1.0 - keep * keep).sqrt() * thermal(kelvin);
        for (v, m) in self.velocities.iter_mut().zip(&self.masses) {
            let noise = normals(self.structure.dimensions(), random);
            for a in 0..3 {
                v[a] = keep * v[a] + fresh / m.sqrt() * noise[a];
            }
        }
    }

    /// The barostat's step.
    fn rescale(&mut self, kelvin: f64, pressure: f64, random: &mut impl Rng) -> Result<()> {
        let span = Span::of(&self.structure.cell)?;
        let rate = self.compressibility(&span, kelvin)? * COMPLIANCE;
        let (measure, heat) = (self.structure.cell.measure(), BOLTZMANN * kelvin);
        let excess = self.pressure_along(&span) - pressure + heat / (2.0 * measure);
        let noise: f64 = StandardNormal.sample(random);
        let growth = rate / 2.0 * excess + (heat * rate / 2.0 / measure).sqrt() * noise;
        // Of λ, so of √M: squared for M, and the d-th root of that for a length.
        let stretch = (1.0 + growth).powf(2.0 / span.dimensions);
        if !(0.5..2.0).contains(&stretch) {
            return Err(Error::new("the cell flew apart").cure("use a shorter time step"));
        }
        self.structure.cell = span.stretched(&self.structure.cell, stretch)?;
        for p in &mut self.structure.positions {
            *p = span.stretch(*p, stretch);
        }
        for v in &mut self.velocities {
            *v = span.stretch(*v, 1.0 / stretch);
        }
        Ok(())
    }

    /// `1/(|M dP/dM| + N kT/M)`, of the structure squeezed evenly, when it is first asked for; any number would do for
    /// the barostat, this one makes it about as fast as it says.
    fn compressibility(&mut self, span: &Span, kelvin: f64) -> Result<f64> {
        if let Some(known) = self.compressibility {
            return Ok(known);
        }
        let mut virial = |growth: f64| -> Result<f64> {
            let factor = (1.0 + growth).powf(1.0 / span.dimensions);
            let mut structure = self.structure.clone();
            structure.cell = span.stretched(&structure.cell, factor)?;
            for p in &mut structure.positions {
                *p = span.stretch(*p, factor);
            }
            let found = self.evaluator.evaluate(&structure)?;
            Ok(span.mean(&symmetric(found.virial)) / structure.cell.measure())
        };
        let modulus = (virial(-SQUEEZE)? - virial(SQUEEZE)?) / (2.0 * SQUEEZE);
        let gas = self.structure.len() as f64 * BOLTZMANN * kelvin / self.structure.cell.measure();
        let found = 1.0 / (modulus.abs() + gas);
        if !(found.is_finite() && found > 0.0) {
            return Err(Error::new("the barostat finds no compressibility")
                .because("cold atoms that do not feel each other bear no pressure"));
        }
        self.compressibility = Some(found);
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
