//! Many spectra against many PDFs: each side is prepared once, then any two can be paired.

use super::power::LEVEL;
use super::predictive::Judge;
use crate::error::Result;
use faer::{Mat, MatRef};

/// Whitened curves at the measured points, one a column.
#[derive(Debug)]
struct Whitened {
    white: Mat<f64>,
    /// Along the strong directions of the map's error.
    along: Mat<f64>,
}

/// Spectra ready to be paired.
#[derive(Debug)]
pub(super) struct Spectra {
    measured: Whitened,
    inside: Vec<bool>,
}

/// PDFs ready to be paired.
#[derive(Debug)]
pub(super) struct Pdfs {
    /// The spectra they imply.
    implied: Whitened,
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
    fn whitened(&self, curves: MatRef<'_, f64>) -> Whitened {
        let white = self.whiten(curves);
        Whitened {
            along: self.model.along(&white),
            white,
        }
    }

    /// Prepares measured spectra (N x m).
    pub(super) fn spectra(&self, z: MatRef<'_, f64>) -> Spectra {
        let domain = |distance, density| self.spectrum_domain(distance, density).inside;
        Spectra {
            inside: (self.inverter.invert(z).iter())
                .map(|i| domain(i.distance, i.relative_density))
                .collect(),
            measured: self.whitened(z),
        }
    }

    /// Prepares spectra of the training glasses themselves, changed at will; row i is judged by the fold that does not know glass i.
    pub(super) fn left_out_spectra(&self, z: MatRef<'_, f64>) -> Result<Spectra> {
        let scores = self.inverter.seen.scores(z);
        let distances = self.inverter.seen.left_out_distances_of(&scores)?;
        let density = self.inverter.left_out_densities_of(&scores);
        let density = |i: usize| density.as_ref().map(|d| d[i]);
        Ok(Spectra {
            inside: (distances.iter().enumerate())
                .map(|(i, d)| self.spectrum_domain(*d, density(i)).inside)
                .collect(),
            measured: self.whitened(z),
        })
    }

    /// Prepares measured PDFs (N x m', as descriptors).
    pub(super) fn pdfs(&self, d: MatRef<'_, f64>) -> Pdfs {
        let predictions = self.predictor.predict(d);
        let implied = Mat::from_fn(predictions.len(), self.operator.y.ncols(), |i, j| {
            predictions[i].spectrum[j]
        });
        Pdfs {
            implied: self.whitened(self.see(implied.as_ref()).as_ref()),
            local: predictions.iter().map(|p| p.local).collect(),
            inside: predictions
                .iter()
                .map(|p| self.pdf_domain(p.distance, p.relative_density).inside)
                .collect(),
        }
    }

    /// Prepares PDFs of the training glasses themselves, changed at will; row i is judged by the fold that does not know glass i.
    pub(super) fn left_out_pdfs(&self, d: MatRef<'_, f64>) -> Result<Pdfs> {
        let seen = &self.predictor.seen;
        let scores = seen.scores(d);
        let distances = seen.left_out_distances_of(&scores)?;
        let (implied, density) = self.predictor.predict_left_out(&scores);
        let density = |i: usize| density.as_ref().map(|d| d[i]);
        Ok(Pdfs {
            implied: self.whitened(self.see(implied.as_ref()).as_ref()),
            local: self.local.clone(),
            inside: (distances.iter().enumerate())
                .map(|(i, d)| self.pdf_domain(*d, density(i)).inside)
                .collect(),
        })
    }

    /// p-value of PDF i and spectrum j.
    pub(super) fn pair(&self, pdfs: &Pdfs, i: usize, spectra: &Spectra, j: usize) -> f64 {
        fn apart<'m>(
            a: &'m Mat<f64>,
            j: usize,
            b: &'m Mat<f64>,
            i: usize,
        ) -> impl Iterator<Item = f64> + 'm {
            (a.col_as_slice(j).iter())
                .zip(b.col_as_slice(i))
                .map(|(a, b)| a - b)
        }
        let (z, y) = (&spectra.measured, &pdfs.implied);
        let size = apart(&z.white, j, &y.white, i).map(|d| d * d).sum();
        let strong = apart(&z.along, j, &y.along, i);
        self.p_value(self.model.statistic(size, strong, pdfs.local[i]))
    }

    /// Whether PDF i and spectrum j would not be called consistent: outside the domain, or a p-value of at most [`LEVEL`].
    pub(super) fn notices(&self, pdfs: &Pdfs, i: usize, spectra: &Spectra, j: usize) -> bool {
        !(spectra.inside[j] && pdfs.inside[i]) || self.pair(pdfs, i, spectra, j) <= LEVEL
    }
}
