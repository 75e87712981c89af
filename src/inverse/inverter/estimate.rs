//! Estimates of one instrument, before anything is said of them.

use crate::operator::conditional::{Conditional, Target};
use faer::{Mat, MatRef};

/// The instrument that some spectra came through.
pub(super) struct Here<'a> {
    pub(super) conditional: &'a Conditional,
    /// Along the directions of the conditional.
    pub(super) target: &'a Target,
    pub(super) nuisances: &'a Mat<f64>,
}

/// Estimates from some spectra, one a column, and where these stand.
pub(super) struct Estimate {
    pub(super) white: Mat<f64>,
    /// What the data alone said of the data, whitened.
    pub(super) implied: Mat<f64>,
    /// What constraints added to the coefficients.
    pub(super) further: Option<Mat<f64>>,
    /// Descriptor and density about their means.
    pub(super) moved: Mat<f64>,
    pub(super) leverage: Vec<f64>,
    pub(super) distance: Vec<(f64, f64)>,
}

impl Here<'_> {
    pub(super) fn estimate(&self, spectra: MatRef<'_, f64>) -> Estimate {
        let conditional = self.conditional;
        let white = conditional.whiten(spectra);
        let scores = conditional.scores(white.as_ref());
        let coefficients = conditional.coefficients(&scores);
        Estimate {
            implied: conditional.implied(&coefficients),
            moved: self.target.moved(&coefficients),
            leverage: conditional.leverage(&scores),
            distance: conditional.distances(&scores),
            further: None,
            white,
        }
    }

    /// The spectra that the estimates and the fitted nuisances imply, about the mean.
    pub(super) fn refolded(&self, from: &Estimate) -> Mat<f64> {
        let conditional = self.conditional;
        let mut refolded = conditional.unwhitened(&from.implied);
        if let Some(further) = &from.further {
            refolded += conditional.unwhitened(&conditional.implied(further));
        }
        if self.nuisances.ncols() == 0 {
            return refolded;
        }
        let precision = conditional.precision_times(&from.white, &from.implied);
        refolded + self.nuisances * (self.nuisances.transpose() * precision)
    }
}
