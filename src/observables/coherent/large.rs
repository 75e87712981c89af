//! Coherent scattering by structures too large for their modes: the kernel polynomial method with start vectors |Q>.

use super::{Probe, Widths, shown, start_vectors};
use crate::atoms::structure::Structure;
use crate::error::Result;
use crate::grid::Grid;
use crate::observables::displacements::Displacements;
use crate::observables::incoherent::Thermal;
use crate::observables::reciprocal::Shell;
use crate::units::HBAR_SQUARED_MEV_AMU_A2;
use crate::vibrations::kpm::{Moments, Prepared};

/// S(|Q|,E) of a structure too large for its modes, by the kernel polynomial method: as [`Coherent::map`](super::Coherent::map), but every mode is first
/// blurred by the [resolution](Moments::resolution) of that many moments.
///
/// Each wavevector is two start vectors of the recursion; time and memory grow with the number of atoms. Below a few resolutions from
/// E = 0 the factor 1/E of what is blurred there is not to be trusted.
pub fn map_of_large(
    prepared: &Prepared,
    structure: &Structure,
    probe: Probe,
    thermal: Thermal,
    displacements: &Displacements,
    shells: &[Shell],
    moments: usize,
) -> Result<LargeMap> {
    let amplitudes = probe.amplitudes(structure)?;
    let vectors: Vec<Vec<[f64; 3]>> = (shells.iter().flat_map(|s| &s.vectors))
        .flat_map(|q| start_vectors(structure, &amplitudes, displacements, *q))
        .collect();
    let found = Moments::along(prepared, &vectors, moments)?;
    let inner = Grid::new(0.0, found.highest(), 2 * moments)?;
    let projections = found.projections(&inner);
    let energies = inner.centres();
    let mut first = 0;
    let areas = shells.iter().map(|shell| {
        let count = 2 * shell.vectors.len();
        let some = &projections[first..first + count];
        first += count;
        let of_bin = |k: usize| {
            let square: f64 = some.iter().map(|p| p[k]).sum();
            let atoms = (structure.len() * shell.vectors.len()) as f64;
            HBAR_SQUARED_MEV_AMU_A2 / (2.0 * energies[k] * atoms) * square
        };
        (0..inner.len()).map(of_bin).collect()
    });
    let areas = areas.collect();
    Ok(LargeMap {
        energies,
        areas,
        thermal,
        moments: found,
    })
}

/// What [`map_of_large`] finds.
#[derive(Debug, Clone)]
pub struct LargeMap {
    energies: Vec<f64>,
    /// For each shell the area of the lines in each bin, but for the factors n + 1 and n.
    areas: Vec<Vec<f64>>,
    thermal: Thermal,
    /// The moments, for their resolution.
    pub moments: Moments,
}

impl LargeMap {
    /// `Σ E S` of the lines of a shell between two energies (meV), but for the factor n + 1.
    #[cfg(test)]
    pub(super) fn recoil(&self, shell: usize, low: f64, high: f64) -> f64 {
        let lines = self.energies.iter().zip(&self.areas[shell]);
        let inside = lines.filter(|(e, _)| (low..high).contains(e));
        inside.map(|(e, area)| e * area).sum()
    }

    /// The spectrum of each shell on `grid` (meV, loss positive).
    pub fn spectra(&self, grid: &Grid, widths: &Widths) -> Result<Vec<Vec<f64>>> {
        widths.resolution.check()?;
        let of = |areas: &Vec<f64>| shown(&self.energies, areas, self.thermal, grid, widths);
        Ok(self.areas.iter().map(of).collect())
    }
}
