//! The same glasses with broader spectra.
//!
//! A cell of N atoms has 3N modes, at the few wavevectors that fit it. The spectrum of a crystal-like sample is then a comb, and that of a
//! larger cell another one, unless lines are broadened until neighbouring wavevectors merge. How much that takes is learned from glasses
//! of another cell size (`validate` on them), or estimated ([`needed_width`]).

use super::{Operator, TrainingSet};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::instrument::resolution::gaussian;

/// Standard deviation over the highest energy that makes cells of [`REFERENCE_ATOMS`] stand for larger ones: measured on Lennard-Jones argon, where spectra of
/// 256 atoms differ from those of 864 by 31 % when broadened by a third of this, and by 2 % with it.
const SHARE_OF_TOP: f64 = 0.06;
/// See [`SHARE_OF_TOP`].
const REFERENCE_ATOMS: f64 = 256.0;
/// The highest energy is where this share of the mean spectrum lies below.
const TOP: f64 = 0.995;

/// The standard deviation, in the unit of `top`, below which crystal-like cells of `atoms` atoms show single wavevectors. These are 2π/L
/// apart, so that it falls as the third root of the number of atoms (the second in two dimensions).
pub fn needed_width(atoms: f64, top: f64, dimensions: usize) -> f64 {
    SHARE_OF_TOP * top * (REFERENCE_ATOMS / atoms).powf(1.0 / dimensions as f64)
}

impl TrainingSet {
    /// With the spectra broadened by a further Gaussian of standard deviation `sigma`, meV.
    ///
    /// Errors: a width that is not positive, or beyond the grid.
    pub fn broadened(&self, sigma: f64) -> Result<Self> {
        let range = self.energy.end() - self.energy.start();
        if !(sigma > 0.0 && sigma < range) {
            return Err(
                Error::new(format!("spectra cannot be broadened by {sigma} meV"))
                    .because(format!("they cover {range:.1} meV"))
                    .cure("give the standard deviation of a Gaussian in meV"),
            );
        }
        let mut set = self.clone();
        set.spectra = &self.spectra * gaussian(&self.energy, sigma).transpose();
        set.notes.push((
            "further broadening".into(),
            format!("Gaussian, sigma {sigma} meV"),
        ));
        Ok(set)
    }

    /// Whether these spectra are too sharp for cells of so many atoms, where their broadening (standard deviation, meV) is known.
    pub fn too_sharp(&self, atoms: f64, broadening: f64) -> Option<Finding> {
        let needed = needed_width(atoms, self.top(), self.dimensions);
        (broadening < needed).then(|| {
            Finding::new(
                "cells-resolved",
                format!(
                    "Crystal-like samples of {atoms:.0} atoms show single wavevectors unless their spectra are broadened by about {needed:.2} meV (standard deviation); these are by {broadening:.2} meV, and an operator of them may call larger crystal-like cells outside its domain."
                ),
                "Simulate larger cells, train with --broaden, or let `validate` on a set of larger cells tell the width; glasses are not concerned.",
            )
        })
    }

    /// The energy below which nearly all of the mean spectrum lies, meV.
    fn top(&self) -> f64 {
        let sums: Vec<f64> = (0..self.energy.len())
            .map(|j| self.spectra.col(j).iter().sum())
            .collect();
        let total: f64 = sums.iter().sum();
        let mut below = 0.0;
        let last = sums.iter().position(|s| {
            below += s;
            below >= TOP * total
        });
        self.energy.edge(last.unwrap_or(self.energy.len() - 1) + 1)
    }
}

impl Operator {
    /// The operator of the same glasses with their spectra broadened by a further Gaussian of standard deviation `sigma`, meV; its penalties are kept.
    pub fn broadened(&self, sigma: f64) -> Result<Self> {
        let matrix = gaussian(&self.meta.energy, sigma);
        let mut operator = self.clone();
        operator.y = &self.y * matrix.transpose();
        operator.residuals = &self.residuals * matrix.transpose();
        let all: Vec<usize> = (0..self.samples()).collect();
        operator.part(&all)
    }
}
