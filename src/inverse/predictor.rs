//! The forward direction: from a measured PDF to the spectrum it implies.

use super::{Channel, Seen};
use crate::error::{Error, Result};
use crate::operator::conditional::{Scores, Target};
use crate::operator::features::Described;
use crate::operator::{Operator, local_variance_of, rows};
use faer::{Mat, MatRef};

/// Data with less noise than this part of their rms stand for the descriptor as they are; of noisier ones the joint
/// distribution makes the best.
const CLEAN: f64 = 0.01;
/// A point is on the grid if interpolation takes less than this from its neighbours: files have six digits or more.
const ON_THE_GRID: f64 = 1e-3;

/// An operator carried to one diffractometer, ready for any number of its PDFs.
#[derive(Debug)]
pub struct Predictor<'a> {
    operator: &'a Operator,
    /// The training descriptors as this instrument sees them.
    pub seen: Seen,
    /// Spectrum of each training glass as predicted from its noisy PDF by the fold that does not know it (n x q).
    pub left_out: Mat<f64>,
    /// The training spectra, the descriptors and, where the operator knows them, the densities, to be inferred.
    spectra: Target,
    descriptors: Target,
    densities: Option<Target>,
    /// Squared left-out error of each training glass.
    energies: Vec<f64>,
    /// Mean square of the left-out errors at each E.
    variance: Vec<f64>,
    /// For each point of the channel the bin of the operator's grid that it is, where it is one and has no noise to speak of.
    bins: Vec<Option<usize>>,
}

/// The spectrum that one PDF implies.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// On the operator's E grid, per meV.
    pub spectrum: Vec<f64>,
    /// Its standard deviation: what left-out glasses like this one were wrong by.
    pub sigma: Vec<f64>,
    /// The descriptor as far as the measured PDF determines it, on the operator's r grid.
    pub descriptor: Vec<f64>,
    /// Error variance near this structure relative to the mean over the training set.
    pub local: f64,
    /// Distance within the known directions, and outside them.
    pub distance: (f64, f64),
    /// ρ/ρ̄ that the PDF implies, where the operator knows densities.
    pub relative_density: Option<f64>,
}

/// A spectrum and its standard deviation, on the operator's E grid, per meV.
#[derive(Debug, Clone)]
pub struct Implied {
    /// See [`Prediction::spectrum`].
    pub spectrum: Vec<f64>,
    /// See [`Prediction::sigma`].
    pub sigma: Vec<f64>,
}

impl From<Prediction> for Implied {
    fn from(prediction: Prediction) -> Self {
        Self {
            spectrum: prediction.spectrum,
            sigma: prediction.sigma,
        }
    }
}

impl<'a> Predictor<'a> {
    /// Carries the operator to `channel`.
    pub fn new(operator: &'a Operator, channel: &Channel) -> Result<Self> {
        let meta = &operator.meta;
        // Another stream of noise than the spectrum's.
        let seed = meta.seed.wrapping_add(1);
        let seen = Seen::new(
            operator.x.as_ref(),
            &*operator.descriptor_directions()?,
            channel,
            meta.lambda_forward,
            &operator.random_folds(),
            seed,
        )?;
        let spectra = seen.conditional.target(operator.y.as_ref());
        let n = operator.samples();
        let judged = seen.left_out(&seen.noisy_scores().first(n));
        let left_out = seen
            .left_out_estimates(&judged, &spectra)
            .transpose()
            .to_owned();
        let errors = &operator.y - &left_out;
        let variance = (errors.col_iter())
            .map(|e| e.squared_norm_l2() / n as f64)
            .collect();
        let energies = (errors.row_iter()).map(|e| e.squared_norm_l2()).collect();
        Ok(Self {
            bins: bins(channel),
            descriptors: seen.conditional.target(operator.x.as_ref()),
            densities: (operator.relative_density.as_deref())
                .map(|d| seen.conditional.target(column(d).as_ref())),
            operator,
            seen,
            left_out,
            spectra,
            energies,
            variance,
        })
    }

    /// Predicts for descriptors given as rows (N x m) at the channel's points.
    pub fn predict(&self, pdfs: MatRef<'_, f64>) -> Vec<Prediction> {
        let conditional = &self.seen.conditional;
        let scores = self.seen.scores(pdfs);
        let coefficients = conditional.coefficients(&scores);
        let estimate = |target: &Target| {
            let mut moved = target.moved(&coefficients);
            for k in 0..moved.ncols() {
                (moved.col_mut(k).iter_mut().zip(target.mean())).for_each(|(m, mean)| *m += mean);
            }
            moved
        };
        let spectra = estimate(&self.spectra);
        let descriptors = estimate(&self.descriptors);
        let densities = self.densities.as_ref().map(estimate);
        let near = self.operator.nearest(descriptors.transpose(), false);
        let distances = conditional.distances(&scores);
        (near.iter().enumerate())
            .map(|(k, near)| {
                let local = local_variance_of(&self.energies, near);
                Prediction {
                    spectrum: spectra.col_as_slice(k).to_vec(),
                    sigma: self.variance.iter().map(|v| (local * v).sqrt()).collect(),
                    descriptor: descriptors.col_as_slice(k).to_vec(),
                    local,
                    distance: distances[k],
                    relative_density: densities.as_ref().map(|d| d[(0, k)]),
                }
            })
            .collect()
    }
}

impl Predictor<'_> {
    /// Error variance near each training structure relative to its mean over the training set, by the left-out errors of this channel
    /// on the others.
    pub fn local_variances(&self) -> Result<Vec<f64>> {
        let neighbours = self.operator.neighbours()?;
        Ok((neighbours.iter())
            .map(|near| local_variance_of(&self.energies, near))
            .collect())
    }

    /// Spectra (N x q) of changed copies of the training PDFs, and their relative densities where the operator knows them: column i of
    /// `scores` stands for training glass i and is judged by the fold that does not know it.
    pub fn predict_left_out(&self, scores: &Scores) -> (Mat<f64>, Option<Vec<f64>>) {
        let judged = self.seen.left_out(scores);
        let estimates = |target: &Target| self.seen.left_out_estimates(&judged, target);
        let densities = self.densities.as_ref().map(estimates);
        (
            estimates(&self.spectra).transpose().to_owned(),
            densities.map(|d| d.row(0).iter().copied().collect()),
        )
    }

    /// ρ/ρ̄ as inferred from the noisy copies of left-out PDFs, where the operator knows densities.
    pub fn left_out_densities(&self) -> Option<Vec<f64>> {
        let target = self.densities.as_ref()?;
        let judged = self.seen.left_out(self.seen.noisy_scores());
        let found = self.seen.left_out_estimates(&judged, target);
        Some(found.row(0).iter().copied().collect())
    }

    /// The same by the operator's own forward map, whatever its estimator, from the descriptor: measured where the data are
    /// clean and on its grid, else inferred.
    ///
    /// Errors: the map reads more than g(r).
    pub fn predict_by_map(&self, pdfs: MatRef<'_, f64>) -> Result<Vec<Implied>> {
        let operator = self.operator;
        if !operator.meta.features.of_pairs() {
            return Err(Error::new("a PDF does not hold what this operator reads")
                .because(format!(
                    "its forward map was trained on {}",
                    operator.meta.reads()
                ))
                .cure("predict a dataset folder, or train with --descriptor rho-rdf"));
        }
        let joint = self.predict(pdfs);
        let mut x = Mat::from_fn(joint.len(), operator.x.ncols(), |k, j| {
            joint[k].descriptor[j]
        });
        for (point, bin) in self.bins.iter().enumerate() {
            if let Some(bin) = *bin {
                x.col_mut(bin).copy_from(pdfs.col(point));
            }
        }
        by_map(operator, Described::pairs(x.as_ref()))
    }
}

/// The spectra of structures by the operator's forward map, with the errors that it made around there on samples left out.
///
/// Errors: the map reads a descriptor that is not given.
pub fn by_map(operator: &Operator, described: Described<'_>) -> Result<Vec<Implied>> {
    let spectra = operator.predict(described)?;
    let variance: Vec<f64> = (operator.residuals.col_iter())
        .map(|r| r.squared_norm_l2() / operator.samples() as f64)
        .collect();
    let implied = |(k, local): (usize, f64)| Implied {
        spectrum: rows::row(spectra.as_ref(), k),
        sigma: variance.iter().map(|v| (local * v).sqrt()).collect(),
    };
    let local = operator.local_variances(described.x);
    Ok(local.into_iter().enumerate().map(implied).collect())
}

/// See [`Predictor::bins`].
fn bins(channel: &Channel) -> Vec<Option<usize>> {
    let clean = |point: usize| channel.sigma[point] < CLEAN * channel.rms;
    let unit = |point: usize| {
        let row = channel.map.row(point);
        let bin = row.iter().position(|v| *v > 0.5)?;
        let others = row.iter().map(|v| v.abs()).sum::<f64>() - row[bin];
        ((row[bin] - 1.0).abs() + others < ON_THE_GRID).then_some(bin)
    };
    (0..channel.x.len())
        .map(|point| unit(point).filter(|_| clean(point)))
        .collect()
}

fn column(values: &[f64]) -> Mat<f64> {
    Mat::from_fn(values.len(), 1, |i, _| values[i])
}
