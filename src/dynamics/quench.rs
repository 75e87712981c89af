//! Melting and quenching: molecular dynamics at a temperature that changes.

use super::run::{Ensemble, Run};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::potentials::Potential;
use rand::Rng;

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
    /// Pressure that melt and glass are under, as in [`Ensemble::Npt`]; at fixed cell if none.
    pub pressure: Option<f64>,
}

impl Schedule {
    fn steps(&self) -> Result<(usize, usize)> {
        let times = [
            self.melt_fs,
            self.quench_fs,
            self.melt_kelvin,
            self.end_kelvin,
        ];
        let possible = self.step_fs > 0.0
            && times.iter().all(|t| t.is_finite() && *t >= 0.0)
            && self.pressure.is_none_or(f64::is_finite);
        let total = (self.melt_fs + self.quench_fs) / self.step_fs;
        if !possible || total.is_nan() || total > 1e9 {
            return Err(Error::new("this melt and quench is not possible")
                .because("times and temperatures must not be negative, the pressure a number, and at most a thousand million steps fit"));
        }
        let steps = |t: f64| (t / self.step_fs).round() as usize;
        Ok((steps(self.melt_fs), steps(self.quench_fs)))
    }

    /// What is kept constant at a step.
    fn ensemble(&self, step: usize, melt: usize, quench: usize) -> Ensemble {
        let cooled = (step.saturating_sub(melt)) as f64 / quench.max(1) as f64;
        let kelvin = self.melt_kelvin + (self.end_kelvin - self.melt_kelvin) * cooled.min(1.0);
        match self.pressure {
            None => Ensemble::Nvt { kelvin },
            Some(pressure) => Ensemble::Npt { kelvin, pressure },
        }
    }
}

/// Runs the schedule from a structure at rest with fresh velocities; returns where the atoms end, in the cell that they
/// then have.
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
        let ensemble = schedule.ensemble(step, melt, quench);
        run.step(schedule.step_fs, ensemble, random)?;
    }
    let mut end = run.structure().clone();
    for p in &mut end.positions {
        *p = end.cell.wrap(*p);
    }
    Ok(end)
}
