//! The forward direction: from a measured PDF to the spectrum it implies.

use super::{Channel, Seen};
use crate::error::{Error, Result};
use crate::operator::features::Described;
use crate::operator::{Operator, rows};
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
            channel,
            meta.lambda_forward,
            &operator.random_folds(),
            seed,
        )?;
        let left_out =
            left_out_predictions(operator, &seen, seen.noisy.subrows(0, operator.samples()));
        let n = operator.samples() as f64;
        let errors = &operator.y - &left_out;
        let variance = (errors.col_iter())
            .map(|e| e.squared_norm_l2() / n)
            .collect();
        let energies = (errors.row_iter()).map(|e| e.squared_norm_l2()).collect();
        Ok(Self {
            bins: bins(channel),
            operator,
            seen,
            left_out,
            energies,
            variance,
        })
    }

    /// Predicts for descriptors given as rows (N x m) at the channel's points.
    pub fn predict(&self, pdfs: MatRef<'_, f64>) -> Vec<Prediction> {
        let conditional = &self.seen.conditional;
        let white = conditional.whiten(pdfs);
        let weights = conditional.weights(white.as_ref());
        let spectra = estimate(self.operator.y.as_ref(), &weights);
        let descriptors = estimate(self.operator.x.as_ref(), &weights);
        let distances = conditional.distances(white.as_ref());
        let density = (self.operator.relative_density.as_ref()).map(|d| self.seen.infer(pdfs, d));
        (0..pdfs.nrows())
            .map(|k| {
                let descriptor = rows::row(descriptors.as_ref(), k);
                let local = self.local(&descriptor, None);
                Prediction {
                    spectrum: rows::row(spectra.as_ref(), k),
                    sigma: self.variance.iter().map(|v| (local * v).sqrt()).collect(),
                    descriptor,
                    local,
                    distance: distances[k],
                    relative_density: density.as_ref().map(|d| d[k]),
                }
            })
            .collect()
    }
}

impl Predictor<'_> {
    /// Error variance near a descriptor relative to its mean over the training set, by the left-out errors of this channel. `exclude`
    /// leaves out one training glass.
    pub fn local(&self, descriptor: &[f64], exclude: Option<usize>) -> f64 {
        self.operator
            .local_variance_of(&self.energies, descriptor, exclude)
    }

    /// Spectra (n x q) of changed copies of the training PDFs: row i of `data` (n x m) stands for training glass i and is predicted
    /// by the fold that does not know it.
    pub fn predict_left_out(&self, data: MatRef<'_, f64>) -> Mat<f64> {
        left_out_predictions(self.operator, &self.seen, data)
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
    let implied = |k: usize| {
        let local = operator.local_variance(&rows::row(described.x, k));
        Implied {
            spectrum: rows::row(spectra.as_ref(), k),
            sigma: variance.iter().map(|v| (local * v).sqrt()).collect(),
        }
    };
    Ok((0..spectra.nrows()).map(implied).collect())
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

/// Mean plus weighted centred training rows: one row a column of `weights`.
fn estimate(training: MatRef<'_, f64>, weights: &Mat<f64>) -> Mat<f64> {
    let mean = rows::mean(training);
    let moved = weights.transpose() * rows::centred(training, &mean);
    Mat::from_fn(moved.nrows(), moved.ncols(), |i, j| mean[j] + moved[(i, j)])
}

fn left_out_predictions(operator: &Operator, seen: &Seen, data: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(operator.samples(), operator.y.ncols());
    for fold in &seen.folds {
        let data = rows::select(data, &fold.test);
        let white = fold.conditional.whiten(data.as_ref());
        let weights = fold.conditional.weights(white.as_ref());
        let training = rows::select(operator.y.as_ref(), &fold.train);
        let predicted = estimate(training.as_ref(), &weights);
        for (k, &i) in fold.test.iter().enumerate() {
            out.row_mut(i).copy_from(predicted.row(k));
        }
    }
    out
}
