//! Raman spectra of networks of bonds, by the bond-polarizability model.
//!
//! The Raman tensor of mode s is `R_s = Σ_bonds Σ_c dα/dR_c (e_jc/√m_j − e_ic/√m_i)`, from bond i to j. Of it and its mean over all
//! orientations of the sample stay two invariants, `a = Tr R/3` and
//! `γ² = ½[(R_xx − R_yy)² + (R_yy − R_zz)² + (R_zz − R_xx)²] + 3(R_xy² + R_yz² + R_zx²)`:
//! light polarised as the incoming (VV) has the weight 45a² + 4γ², across it (VH) 3γ² (D. A. Long, *The Raman Effect*, Wiley 2002, ch. 5).
//! Non-resonant, first order, harmonic; what modes of the size of the cell and optics add is left out.

pub mod bond;

use super::bonds::Bonds;
use super::broaden::deposit;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::raman::Excitation;
use crate::units::THZ_IN_MEV;
use crate::vibrations::modes::{Modes, ZERO_THZ};
use bond::{Model, Tensor, is_network};
use faer::Mat;
use serde::{Deserialize, Serialize};

/// The six different components of a symmetric tensor.
const COMPONENTS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0)];

/// Which polarisation of the scattered light is detected; the incoming is polarised, the sample oriented at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarisation {
    /// As the incoming: weight 45a² + 4γ².
    Vv,
    /// Across the incoming: weight 3γ².
    Vh,
    /// Both, without an analyser: weight 45a² + 7γ².
    #[default]
    Both,
}

/// The two invariants of a mode's Raman tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// Energy of the mode, meV.
    pub energy: f64,
    /// a², Å⁴/amu.
    pub a2: f64,
    /// γ², Å⁴/amu.
    pub g2: f64,
}

impl Activity {
    /// The invariants of a tensor.
    pub fn of(tensor: &Tensor, energy: f64) -> Self {
        let [[xx, xy, _], [_, yy, yz], [zx, _, zz]] = *tensor;
        let square = |x: f64| x * x;
        let diagonal = square(xx - yy) + square(yy - zz) + square(zz - xx);
        Self {
            energy,
            a2: square((xx + yy + zz) / 3.0),
            g2: 0.5 * diagonal + 3.0 * (square(xy) + square(yz) + square(zx)),
        }
    }

    /// What a detector behind this analyser sees of the mode, before temperature and laser: Å⁴/amu.
    pub fn weight(&self, polarisation: Polarisation) -> f64 {
        match polarisation {
            Polarisation::Vv => 45.0 * self.a2 + 4.0 * self.g2,
            Polarisation::Vh => 3.0 * self.g2,
            Polarisation::Both => 45.0 * self.a2 + 7.0 * self.g2,
        }
    }
}

/// The Raman tensors `R_s` (Å²/√amu) of all modes, those of zero or imaginary frequency too.
///
/// Errors: the structure is no covalent network, the modes have no eigenvectors or are of another structure, a bond is unknown to the model.
pub fn tensors(
    structure: &Structure,
    bonds: &Bonds,
    modes: &Modes,
    model: Model,
) -> Result<Vec<Tensor>> {
    is_network(&structure.species)?;
    let vectors = modes
        .vectors
        .as_ref()
        .ok_or_else(|| Error::new("a Raman spectrum needs the eigenvectors of the modes"))?;
    if vectors.nrows() != 3 * structure.len() || bonds.atoms() != structure.len() {
        return Err(Error::new("the modes or bonds are not of this structure"));
    }
    let tensors = derivatives(structure, bonds, model)? * vectors;
    Ok((0..vectors.ncols())
        .map(|s| {
            let mut tensor = [[0.0; 3]; 3];
            for (k, (a, b)) in COMPONENTS.into_iter().enumerate() {
                tensor[a][b] = tensors[(k, s)];
                tensor[b][a] = tensors[(k, s)];
            }
            tensor
        })
        .collect())
}

/// dα/dr of each coordinate over the root of its mass: 6 components by 3N, Å²/√amu. Rows sum to zero with weights √m.
fn derivatives(structure: &Structure, bonds: &Bonds, model: Model) -> Result<Mat<f64>> {
    let mut all = Mat::zeros(COMPONENTS.len(), 3 * structure.len());
    for (i, bond) in bonds.once() {
        let j = bond.index as usize;
        let length = bond.vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let polarizability = model.bond([structure.symbol(i), structure.symbol(j)], length)?;
        let change = polarizability.derivative(bond.vector);
        for (atom, sign) in [(i, -1.0), (j, 1.0)] {
            let scale = sign / structure.mass(atom).sqrt();
            for (c, change) in change.iter().enumerate() {
                for (k, (a, b)) in COMPONENTS.into_iter().enumerate() {
                    all[(k, 3 * atom + c)] += scale * change[a][b];
                }
            }
        }
    }
    Ok(all)
}

/// The activities of the modes that vibrate.
pub fn activities(
    structure: &Structure,
    bonds: &Bonds,
    modes: &Modes,
    model: Model,
) -> Result<Vec<Activity>> {
    let tensors = tensors(structure, bonds, modes, model)?;
    let of = |(nu, tensor): (&f64, &Tensor)| Activity::of(tensor, nu * THZ_IN_MEV);
    let kept = modes.frequencies_thz.iter().zip(&tensors);
    Ok(kept.filter(|(nu, _)| **nu >= ZERO_THZ).map(of).collect())
}

/// `I_red(E) = Σ_s w_s δ(E − E_s)`, per meV and with area 1 on the grid: what a measured Stokes spectrum is after its
/// temperature and laser factors are divided out, and the `C(E) g(E)` of Shuker and Gammon.
///
/// Each line is a Gaussian of standard deviation `sigma` (meV), its tail below E = 0 folded back.
/// Errors: nothing scatters on the grid.
pub fn reduced(
    activities: &[Activity],
    polarisation: Polarisation,
    grid: &Grid,
    sigma: f64,
) -> Result<Vec<f64>> {
    lines(activities, grid, sigma, |mode| mode.weight(polarisation))
}

/// Stokes intensity `Σ_s w_s [n(E_s) + 1]/E_s · (laser factor) δ(E − E_s)`, per meV and with area 1 on the grid; the factors are
/// taken at the energy of the mode, then it is broadened as in [`reduced`].
///
/// Errors: as [`reduced`]; a mode has more energy than the laser.
pub fn stokes(
    activities: &[Activity],
    polarisation: Polarisation,
    excitation: &Excitation,
    grid: &Grid,
    sigma: f64,
) -> Result<Vec<f64>> {
    excitation.check(grid.end())?;
    lines(activities, grid, sigma, |mode| {
        // Beyond the grid are only the false modes of pairs caught in a cutoff window.
        let seen = mode.energy <= grid.end();
        let factor = || excitation.stokes_factor(mode.energy);
        if seen {
            mode.weight(polarisation) * factor()
        } else {
            0.0
        }
    })
}

fn lines(
    activities: &[Activity],
    grid: &Grid,
    sigma: f64,
    weight: impl Fn(&Activity) -> f64,
) -> Result<Vec<f64>> {
    if !(sigma.is_finite() && sigma >= 0.0) || grid.start() < 0.0 {
        return Err(Error::new(format!(
            "a Raman spectrum from {} meV, broadened by {sigma} meV, is not possible",
            grid.start()
        )));
    }
    let mut bins = vec![0.0; grid.len()];
    for mode in activities {
        deposit(grid, mode.energy, sigma, weight(mode), &mut bins);
        deposit(grid, -mode.energy, sigma, weight(mode), &mut bins);
    }
    let area = bins.iter().sum::<f64>() * grid.step();
    if area <= 0.0 {
        return Err(Error::new("no mode on the energy grid scatters light"));
    }
    for y in &mut bins {
        *y /= area;
    }
    Ok(bins)
}

#[cfg(test)]
mod tests;
