//! Coherent one-phonon scattering of neutrons and X-rays by a whole cell.
//!
//! `F_s(Q) = Σ_i f_i(Q) / √M_i exp(-W_i) (Q·e_is) exp(iQ·r_i)` and
//! `S(Q,E) = (1/N) Σ_s (ħ²/2E_s) |F_s|² {[n + 1] δ(E - E_s) + n δ(E + E_s)}` (G. L. Squires, *Introduction to the Theory of Thermal
//! Neutron Scattering*, Cambridge 1978, eq. 3.120). Neutrons: f is the bound coherent scattering length and S is in
//! barn/(sr meV) per atom, without the factor k'/k of the cross section. X-rays: f is the form factor and S in electrons²/meV
//! per atom. Q must be a wavevector of the cell ([`reciprocal`](super::reciprocal)): the modes are those at Γ.
//!
//! Many Q are one product of matrices: a row of f exp(iQr) Q/√M for each Q, times the eigenvectors.

pub mod large;

use super::comb::Comb;
use super::displacements::Displacements;
use super::incoherent::Thermal;
use super::reciprocal::Shell;
use crate::atoms::cell::{dot, norm};
use crate::atoms::structure::Structure;
use crate::elements::element;
use crate::elements::form_factors::FormFactor;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::line_shape::LineShape;
use crate::units::{HBAR_SQUARED_MEV_AMU_A2, THZ_IN_MEV};
use crate::vibrations::modes::{Modes, ZERO_THZ};
use faer::{Mat, MatRef};

/// 1 fm in √barn.
const FM_IN_ROOT_BARN: f64 = 0.1;

/// What is scattered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Neutrons, by the bound coherent scattering lengths.
    Neutrons,
    /// X-rays, by the form factors of neutral atoms.
    XRays,
    /// Something that sees every atom alike, for reduced units; S is then per meV and atom.
    Alike,
}

/// f of each species.
#[derive(Debug, Clone)]
pub(super) enum Amplitude {
    Constant(f64),
    OfQ(&'static FormFactor),
}

impl Probe {
    pub(super) fn amplitudes(self, structure: &Structure) -> Result<Vec<Amplitude>> {
        let of = |symbol: &String| {
            Ok(match self {
                Self::Neutrons => Amplitude::Constant(element(symbol)?.b_coh * FM_IN_ROOT_BARN),
                Self::XRays => Amplitude::OfQ(FormFactor::of(symbol)?),
                Self::Alike => Amplitude::Constant(1.0),
            })
        };
        structure.species.iter().map(of).collect()
    }
}

impl Amplitude {
    pub(super) fn at(&self, q: f64) -> f64 {
        match self {
            Self::Constant(f) => *f,
            Self::OfQ(f) => f.at(q),
        }
    }
}

/// How sharp lines are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Widths {
    /// Standard deviation, meV, of the Gaussian that each mode is made first, since a small cell has few modes; 0 for none.
    pub broadening: f64,
    /// The instrument.
    pub resolution: LineShape,
}

/// The coherent scattering of a structure at a temperature.
#[derive(Debug, Clone)]
pub struct Coherent<'a> {
    structure: &'a Structure,
    amplitudes: Vec<Amplitude>,
    displacements: Displacements,
    thermal: Thermal,
    /// Eigenvectors of the modes kept, a column a mode.
    vectors: MatRef<'a, f64>,
    /// Their energies, meV.
    energies: Vec<f64>,
}

impl<'a> Coherent<'a> {
    /// From all modes with their vectors; translations and imaginary modes are left out.
    pub fn new(
        modes: &'a Modes,
        structure: &'a Structure,
        probe: Probe,
        thermal: Thermal,
    ) -> Result<Self> {
        let displacements = Displacements::new(modes, structure, thermal)?;
        let Some(vectors) = &modes.vectors else {
            return Err(Error::new(
                "inelastic scattering needs the eigenvectors of the modes",
            ));
        };
        // Frequencies ascend, so what is kept is the end of the list.
        let first = modes.frequencies_thz.partition_point(|f| *f < ZERO_THZ);
        let kept = &modes.frequencies_thz[first..];
        if kept.is_empty() {
            return Err(Error::new("there is no vibration")
                .because("every mode is a translation or imaginary"));
        }
        Ok(Self {
            structure,
            amplitudes: probe.amplitudes(structure)?,
            displacements,
            thermal,
            vectors: vectors.as_ref().subcols(first, kept.len()),
            energies: kept.iter().map(|f| f * THZ_IN_MEV).collect(),
        })
    }

    /// The same without Debye-Waller factors.
    #[must_use]
    pub fn rigid(mut self) -> Self {
        let kinds = self.structure.species.len();
        self.displacements = Displacements::isotropic(self.structure, &vec![0.0; kinds]);
        self
    }

    /// Energies of the modes, meV.
    pub fn energies(&self) -> &[f64] {
        &self.energies
    }

    /// `(ħ²/2E_s) |F_s(Q)|² / N`, a row a mode, a column a wavevector: the area of the two lines of a mode but for the factors n + 1
    /// and n.
    pub fn lines(&self, qs: &[[f64; 3]]) -> Mat<f64> {
        let rows = self.rows(qs);
        let f = self.vectors.transpose() * rows;
        let atoms = self.structure.len() as f64;
        Mat::from_fn(self.energies.len(), qs.len(), |s, k| {
            let square = f[(s, 2 * k)].powi(2) + f[(s, 2 * k + 1)].powi(2);
            HBAR_SQUARED_MEV_AMU_A2 / (2.0 * self.energies[s] * atoms) * square
        })
    }

    /// Real and imaginary part of `f exp(-W) exp(iQ·r) Q / √M`, two columns a wavevector, three rows an atom.
    fn rows(&self, qs: &[[f64; 3]]) -> Mat<f64> {
        let mut rows = Mat::zeros(3 * self.structure.len(), 2 * qs.len());
        for (k, &q) in qs.iter().enumerate() {
            let parts = start_vectors(self.structure, &self.amplitudes, &self.displacements, q);
            for (column, part) in parts.iter().enumerate() {
                let flat = part.as_flattened();
                for (x, value) in rows.col_mut(2 * k + column).iter_mut().zip(flat) {
                    *x = *value;
                }
            }
        }
        rows
    }

    /// S(Q,E), the mean over the wavevectors of a shell and over each bin of `grid` (meV, loss positive), every line with
    /// these widths.
    pub fn spectrum(&self, shell: &Shell, grid: &Grid, widths: &Widths) -> Result<Vec<f64>> {
        Ok(self
            .map(std::slice::from_ref(shell), grid, widths)?
            .remove(0))
    }

    /// S(|Q|,E): a spectrum for each shell, as [`spectrum`](Self::spectrum), all by one product of matrices.
    pub fn map(&self, shells: &[Shell], grid: &Grid, widths: &Widths) -> Result<Vec<Vec<f64>>> {
        widths.resolution.check()?;
        let qs: Vec<[f64; 3]> = shells.iter().flat_map(|s| s.vectors.clone()).collect();
        let lines = self.lines(&qs);
        let mut first = 0;
        let mut spectra = Vec::with_capacity(shells.len());
        for shell in shells {
            let count = shell.vectors.len();
            let mut areas = vec![0.0; self.energies.len()];
            for column in lines.subcols(first, count).col_iter() {
                for (area, line) in areas.iter_mut().zip(column.iter()) {
                    *area += line / count as f64;
                }
            }
            spectra.push(shown(&self.energies, &areas, self.thermal, grid, widths));
            first += count;
        }
        Ok(spectra)
    }
}

/// Lines of these areas with their factors n + 1 and n.
fn shown(
    energies: &[f64],
    areas: &[f64],
    thermal: Thermal,
    grid: &Grid,
    widths: &Widths,
) -> Vec<f64> {
    let reach = energies.last().copied().unwrap_or(0.0) + grid.step();
    let mut comb = Comb::between(-reach, reach, grid);
    for (energy, area) in energies.iter().zip(areas) {
        let (made, destroyed) = thermal.statistics.factors(*energy, thermal.kelvin);
        comb.add(*energy, area * made);
        comb.add(-energy, area * destroyed);
    }
    comb.blurred(widths.broadening)
        .shown(grid, &widths.resolution)
}

/// Real and imaginary part of `f exp(-W) exp(iQ·r) Q / √M` of each atom.
fn start_vectors(
    structure: &Structure,
    amplitudes: &[Amplitude],
    displacements: &Displacements,
    q: [f64; 3],
) -> [Vec<[f64; 3]>; 2] {
    let length = norm(q);
    let f: Vec<f64> = amplitudes.iter().map(|a| a.at(length)).collect();
    let part = |(i, r): (usize, &[f64; 3])| {
        let kind = structure.species_of[i];
        let size = f[kind] * (-displacements.w(i, q)).exp() / structure.masses[kind].sqrt();
        let (sine, cosine) = dot(q, *r).sin_cos();
        (q.map(|x| size * cosine * x), q.map(|x| size * sine * x))
    };
    let (real, imaginary) = structure.positions.iter().enumerate().map(part).unzip();
    [real, imaginary]
}

#[cfg(test)]
mod tests;
