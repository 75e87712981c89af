//! Molecular dynamics at a temperature that may change: melting and quenching.
//!
//! Langevin dynamics in the BAOAB splitting (B. Leimkuhler and C. Matthews, *J. Chem. Phys.* **138**, 174102 (2013)):
//! half kick, half drift, exact Ornstein-Uhlenbeck step of the velocities, half drift, half kick. It samples the canonical
//! distribution, and with no friction it is velocity Verlet.

use super::landscape::{Landscape, coordinates};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::Potential;
use crate::units::BOLTZMANN_MEV_PER_K;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// 1 eV/(Å amu) in Å/fs².
const ACCELERATION: f64 = 9.648_533_212e-3;
/// Friction, 1/fs: the velocities forget within 100 fs, a few vibrations.
const FRICTION: f64 = 0.01;

/// Melt at a temperature, then cool evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Temperature of the melt, K.
    pub melt_kelvin: f64,
    /// Time at it, fs.
    pub melt_fs: f64,
    /// Temperature at the end, K.
    pub end_kelvin: f64,
    /// Time of the cooling, fs.
    pub quench_fs: f64,
    /// Time step, fs.
    pub step_fs: f64,
}

impl Schedule {
    fn steps(&self) -> Result<(usize, usize)> {
        let times = [
            self.melt_fs,
            self.quench_fs,
            self.melt_kelvin,
            self.end_kelvin,
        ];
        let possible = self.step_fs > 0.0 && times.iter().all(|t| t.is_finite() && *t >= 0.0);
        let total = (self.melt_fs + self.quench_fs) / self.step_fs;
        if !possible || total.is_nan() || total > 1e9 {
            return Err(Error::new("this melt and quench is not possible")
                .because("times and temperatures must not be negative, and at most a thousand million steps fit"));
        }
        let steps = |t: f64| (t / self.step_fs).round() as usize;
        Ok((steps(self.melt_fs), steps(self.quench_fs)))
    }

    /// Temperature at a step.
    fn kelvin(&self, step: usize, melt: usize, quench: usize) -> f64 {
        let cooled = (step.saturating_sub(melt)) as f64 / quench.max(1) as f64;
        self.melt_kelvin + (self.end_kelvin - self.melt_kelvin) * cooled.min(1.0)
    }
}

/// Runs the schedule from a structure at rest with fresh velocities; returns where the atoms end.
///
/// Errors: an impossible schedule; the potential fails, or the atoms fly apart (a time step too long).
pub fn melt_and_quench(
    potential: &dyn Potential,
    structure: &Structure,
    schedule: &Schedule,
    random: &mut impl Rng,
) -> Result<Structure> {
    let (melt, quench) = schedule.steps()?;
    let mut run = Run::new(potential, structure, schedule.melt_kelvin, random)?;
    for step in 0..melt + quench {
        run.step(
            schedule.step_fs,
            FRICTION,
            schedule.kelvin(step, melt, quench),
            random,
        )?;
    }
    let mut end = structure.clone();
    end.positions = run
        .positions
        .iter()
        .map(|p| structure.cell.wrap(*p))
        .collect();
    Ok(end)
}

struct Run<'a> {
    landscape: Landscape<'a>,
    dimensions: usize,
    masses: Vec<f64>,
    positions: Vec<[f64; 3]>,
    velocities: Vec<[f64; 3]>,
    forces: Vec<[f64; 3]>,
    energy: f64,
}

/// Standard deviation of a velocity component at a temperature, Å/fs.
fn thermal(kelvin: f64, mass: f64) -> f64 {
    (BOLTZMANN_MEV_PER_K * 1e-3 * kelvin / mass * ACCELERATION).sqrt()
}

/// A normal number for each of the first `dimensions` coordinates.
fn normals(dimensions: usize, random: &mut impl Rng) -> [f64; 3] {
    std::array::from_fn(|a| {
        if a < dimensions {
            StandardNormal.sample(random)
        } else {
            0.0
        }
    })
}

impl<'a> Run<'a> {
    fn new(
        potential: &'a dyn Potential,
        structure: &Structure,
        kelvin: f64,
        random: &mut impl Rng,
    ) -> Result<Self> {
        let landscape = Landscape::new(potential, structure.clone());
        let start = landscape.at(&coordinates(&structure.positions))?;
        let masses = structure.atom_masses();
        let velocities = masses
            .iter()
            .map(|m| normals(structure.dimensions(), random).map(|x| thermal(kelvin, *m) * x))
            .collect();
        Ok(Self {
            positions: structure.positions.clone(),
            forces: start.forces,
            energy: start.energy,
            landscape,
            dimensions: structure.dimensions(),
            masses,
            velocities,
        })
    }

    fn kick(&mut self, dt: f64) {
        for ((v, f), m) in self
            .velocities
            .iter_mut()
            .zip(&self.forces)
            .zip(&self.masses)
        {
            for a in 0..3 {
                v[a] += dt * ACCELERATION * f[a] / m;
            }
        }
    }

    fn drift(&mut self, dt: f64) {
        for (p, v) in self.positions.iter_mut().zip(&self.velocities) {
            for a in 0..3 {
                p[a] += dt * v[a];
            }
        }
    }

    fn step(&mut self, dt: f64, friction: f64, kelvin: f64, random: &mut impl Rng) -> Result<()> {
        self.kick(dt / 2.0);
        self.drift(dt / 2.0);
        let keep = (-friction * dt).exp();
        let fresh = (1.0 - keep * keep).sqrt();
        for (v, m) in self.velocities.iter_mut().zip(&self.masses) {
            let noise = normals(self.dimensions, random);
            for a in 0..3 {
                v[a] = keep * v[a] + fresh * thermal(kelvin, *m) * noise[a];
            }
        }
        self.drift(dt / 2.0);
        let now = self.landscape.at(&coordinates(&self.positions))?;
        if !now.energy.is_finite() {
            return Err(
                Error::new("the atoms flew apart during the melt").cure("use a shorter time step")
            );
        }
        self.forces = now.forces;
        self.energy = now.energy;
        self.kick(dt / 2.0);
        Ok(())
    }

    /// Kinetic energy, eV.
    #[cfg(test)]
    fn kinetic(&self) -> f64 {
        let each = self.velocities.iter().zip(&self.masses);
        each.map(|(v, m)| 0.5 * m * v.iter().map(|x| x * x).sum::<f64>() / ACCELERATION)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::lattice::{diamond, supercell};
    use crate::potentials;
    use rand::SeedableRng;

    fn silicon() -> Structure {
        supercell(&diamond(5.432, "Si", 28.085).unwrap(), [2, 2, 2]).unwrap()
    }

    /// eV for 64 atoms over 200 fs: velocity Verlet at 1 fs keeps a shadow energy; what shows is its (ωdt)²/24 ripple.
    const RIPPLE: f64 = 0.02;

    #[test]
    fn without_friction_the_energy_is_kept() {
        let potential = potentials::parse("tersoff:si-1988").unwrap();
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut run = Run::new(potential.as_ref(), &silicon(), 600.0, &mut random).unwrap();
        let start = run.energy + run.kinetic();
        for _ in 0..200 {
            run.step(1.0, 0.0, 0.0, &mut random).unwrap();
        }
        assert!((run.energy + run.kinetic() - start).abs() < RIPPLE);
    }

    /// The mean kinetic energy of 192 degrees of freedom over 1,000 fs (some ten memory times) scatters by about 3 %.
    const SCATTER: f64 = 0.1;

    #[test]
    fn the_thermostat_holds_its_temperature() {
        let potential = potentials::parse("tersoff:si-1988").unwrap();
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let mut run = Run::new(potential.as_ref(), &silicon(), 300.0, &mut random).unwrap();
        let mut mean = 0.0;
        for step in 0..1500 {
            run.step(1.0, FRICTION, 900.0, &mut random).unwrap();
            if step >= 500 {
                mean += run.kinetic() / 1000.0;
            }
        }
        let expected = 1.5 * 64.0 * BOLTZMANN_MEV_PER_K * 1e-3 * 900.0;
        assert!((mean / expected - 1.0).abs() < SCATTER, "{mean} {expected}");
    }
}
