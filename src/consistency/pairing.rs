//! Many spectra against many PDFs: each side is prepared once, then any two can be paired.

use super::power::LEVEL;
use super::predictive::{Judge, whiten};
use crate::operator::rows;
use faer::{Mat, MatRef};

/// Spectra ready to be paired.
#[derive(Debug)]
pub(super) struct Spectra {
    white: Mat<f64>,
    inside: Vec<bool>,
}

/// PDFs ready to be paired.
#[derive(Debug)]
pub(super) struct Pdfs {
    /// The spectra they imply, whitened at the measured points.
    white: Mat<f64>,
    local: Vec<f64>,
    inside: Vec<bool>,
}

impl Pdfs {
    /// Whether PDF i is inside the domain.
    pub(super) fn inside(&self, i: usize) -> bool {
        self.inside[i]
    }
}

impl Spectra {
    /// Whether spectrum j is inside the domain.
    pub(super) fn inside(&self, j: usize) -> bool {
        self.inside[j]
    }
}

impl Judge<'_> {
    /// Prepares measured spectra (N x m).
    pub(super) fn spectra(&self, z: MatRef<'_, f64>) -> Spectra {
        let own = &self.inverter.seen.conditional;
        let distances = own.distances(own.whiten(z).as_ref());
        self.spectra_at(z, &distances, self.densities(z).as_deref())
    }

    /// Prepares spectra of the training glasses themselves, changed at will; row i is judged by the fold that does not know glass i.
    pub(super) fn left_out_spectra(&self, z: MatRef<'_, f64>) -> Spectra {
        let seen = &self.inverter.seen;
        let density =
            (self.operator.relative_density.as_ref()).map(|known| seen.infer_left_out_of(z, known));
        self.spectra_at(z, &seen.left_out_distances_of(z), density.as_deref())
    }

    fn spectra_at(
        &self,
        z: MatRef<'_, f64>,
        distances: &[(f64, f64)],
        density: Option<&[f64]>,
    ) -> Spectra {
        let inside =
            |(i, d): (usize, &(f64, f64))| self.spectrum_domain(*d, density.map(|d| d[i])).inside;
        Spectra {
            white: whiten(&self.lower, z),
            inside: distances.iter().enumerate().map(inside).collect(),
        }
    }

    /// Prepares measured PDFs (N x m', as descriptors).
    pub(super) fn pdfs(&self, d: MatRef<'_, f64>) -> Pdfs {
        let predictions = self.predictor.predict(d);
        let implied = Mat::from_fn(predictions.len(), self.operator.y.ncols(), |i, j| {
            predictions[i].spectrum[j]
        });
        Pdfs {
            white: whiten(&self.lower, self.see(implied.as_ref()).as_ref()),
            local: predictions.iter().map(|p| p.local).collect(),
            inside: predictions
                .iter()
                .map(|p| self.pdf_domain(p.distance, p.relative_density).inside)
                .collect(),
        }
    }

    /// Prepares PDFs of the training glasses themselves, changed at will; row i is judged by the fold that does not know glass i.
    pub(super) fn left_out_pdfs(&self, d: MatRef<'_, f64>) -> Pdfs {
        let implied = self.predictor.predict_left_out(d);
        let seen = &self.predictor.seen;
        let distances = seen.left_out_distances_of(d);
        let density =
            (self.operator.relative_density.as_ref()).map(|known| seen.infer_left_out_of(d, known));
        let density = |i: usize| density.as_ref().map(|d| d[i]);
        Pdfs {
            white: whiten(&self.lower, self.see(implied.as_ref()).as_ref()),
            local: self.local.clone(),
            inside: (distances.iter().enumerate())
                .map(|(i, d)| self.pdf_domain(*d, density(i)).inside)
                .collect(),
        }
    }

    /// p-value of PDF i and spectrum j.
    pub(super) fn pair(&self, pdfs: &Pdfs, i: usize, spectra: &Spectra, j: usize) -> f64 {
        let residual: Vec<f64> = (rows::row(spectra.white.as_ref(), j).iter())
            .zip(rows::row(pdfs.white.as_ref(), i))
            .map(|(z, y)| z - y)
            .collect();
        self.p_value(self.model.statistic(&residual, pdfs.local[i]))
    }

    /// Whether PDF i and spectrum j would not be called consistent: outside the domain, or a p-value of at most [`LEVEL`].
    pub(super) fn notices(&self, pdfs: &Pdfs, i: usize, spectra: &Spectra, j: usize) -> bool {
        !(spectra.inside[j] && pdfs.inside[i]) || self.pair(pdfs, i, spectra, j) <= LEVEL
    }
}
