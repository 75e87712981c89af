//! Checked training data, and the training of an [`Operator`].

use super::dependence::Study;
use super::features::{Added, Block, Described, Features};
use super::fit::ridge::RidgePath;
use super::forward::{Estimator, Request, Samples};
use super::headroom::headroom;
use super::reference::ForwardMap;
use super::scores::{Scores, Split, Tally};
use super::{Constants, Descriptor, Meta, Operator, Weighting, groups, learning, rows};
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::Unit;
use faer::Mat;

/// Fewer samples than this cannot be split into folds that mean anything.
const FEWEST_SAMPLES: usize = 8;
/// Folds of the cross-validation; whole groups of near-duplicates.
const FOLDS: usize = 10;

/// Pairs of g(r) and spectra, checked when built.
#[derive(Debug, Clone)]
pub struct TrainingSet {
    /// g(r), n x p.
    pub g: Mat<f64>,
    /// Spectra, n x q, per meV.
    pub spectra: Mat<f64>,
    /// Number density of each sample, where known.
    pub density: Option<Vec<f64>>,
    /// Descriptors that do not follow from g, for the forward map.
    pub added: Added,
    /// r grid, Å.
    pub r: Grid,
    /// The axis of the spectra: energies in meV, of a conductivity temperatures in K.
    pub energy: Grid,
    /// What the spectra are.
    pub quantity: Quantity,
    /// The unit in which they came.
    pub spectrum_unit: Unit,
    /// How partials are weighted in g.
    pub weighting: Weighting,
    /// 3, or 2 for a monolayer.
    pub dimensions: usize,
    /// Chemical formula, where known.
    pub composition: Option<String>,
    /// Files and their hashes.
    pub sources: Vec<(String, String)>,
    /// What the files say of themselves.
    pub notes: Vec<(String, String)>,
}

/// How to train.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The forward estimator and what is fixed of it; else ridge, its penalty chosen by exact leave-one-out.
    pub forward: Request,
    /// Share of the samples kept out of the fit and used for the scores; else cross-validation by groups.
    pub holdout: Option<f64>,
    /// The descriptor; else `rho-rdf` where densities are known.
    pub descriptor: Option<Descriptor>,
    /// What the forward map reads; nothing named: the descriptor alone.
    pub blocks: Vec<Block>,
    /// Seed of the folds.
    pub seed: u64,
}

impl TrainingSet {
    fn check(&self) -> Result<()> {
        let n = self.g.nrows();
        let fail = |what: String| Err(Error::new(what));
        if self.spectra.nrows() != n {
            return fail(format!(
                "{n} structures but {} spectra",
                self.spectra.nrows()
            ));
        }
        if n < FEWEST_SAMPLES {
            return Err(Error::new(format!("{n} samples are too few to train on"))
                .because(format!("scores and bands need at least {FEWEST_SAMPLES}"))
                .cure("simulate more samples (glassbridge simulate ... --samples 200)"));
        }
        if self.g.ncols() != self.r.len() || self.spectra.ncols() != self.energy.len() {
            return fail("the tables do not fit their grids".to_owned());
        }
        let finite = |m: &Mat<f64>| (0..m.ncols()).all(|j| m.col(j).iter().all(|v| v.is_finite()));
        if !finite(&self.g) || !finite(&self.spectra) {
            return fail("a training value is not a finite number".to_owned());
        }
        if let Some(density) = &self.density
            && (density.len() != n || density.iter().any(|d| !(d.is_finite() && *d > 0.0)))
        {
            return Err(Error::new("the number densities do not fit the samples")
                .because("each sample needs one positive density"));
        }
        Ok(())
    }

    /// The descriptor matrix, ρ/ρ̄ of each sample, and ρ̄.
    #[allow(
        clippy::type_complexity,
        reason = "three parts of one thing, used once"
    )]
    fn describe(
        &self,
        wanted: Option<Descriptor>,
    ) -> Result<(Descriptor, Mat<f64>, Option<(Vec<f64>, f64)>)> {
        let relative = self.density.as_ref().map(|d| {
            let mean = d.iter().sum::<f64>() / d.len() as f64;
            (d.iter().map(|v| v / mean).collect::<Vec<_>>(), mean)
        });
        match (wanted, relative) {
            (Some(Descriptor::RhoRdf), None) => {
                Err(Error::new("the descriptor rho-rdf needs densities")
                    .cure("give --samples with a number_density column, or --descriptor rdf"))
            }
            (None | Some(Descriptor::RhoRdf), Some((relative, mean))) => {
                let x = Mat::from_fn(self.g.nrows(), self.g.ncols(), |i, j| {
                    self.g[(i, j)] * relative[i]
                });
                Ok((Descriptor::RhoRdf, x, Some((relative, mean))))
            }
            (Some(Descriptor::Rdf), _) | (None, None) => {
                Ok((Descriptor::Rdf, self.g.clone(), None))
            }
        }
    }

    /// Some of its samples.
    #[must_use]
    pub fn subset(&self, which: &[usize]) -> Self {
        Self {
            g: rows::select(self.g.as_ref(), which),
            spectra: rows::select(self.spectra.as_ref(), which),
            density: self
                .density
                .as_ref()
                .map(|d| which.iter().map(|&i| d[i]).collect()),
            added: (self.added.iter())
                .map(|(block, m)| (*block, rows::select(m.as_ref(), which)))
                .collect(),
            ..self.clone()
        }
    }
}

impl Operator {
    /// Trains both directions and measures them on samples they have not seen.
    pub fn train(set: &TrainingSet, settings: &Settings) -> Result<Self> {
        set.check()?;
        settings.forward.check()?;
        let Some(share) = settings.holdout else {
            return Self::fit(set, settings);
        };
        if !(0.0..1.0).contains(&share) || share == 0.0 {
            return Err(Error::new(format!("a hold-out of {share} is not a share"))
                .cure("give a number between 0 and 1, such as 0.2"));
        }
        let group = groups::groups(set.g.as_ref());
        let pieces = ((1.0 / share).round() as usize).max(2);
        let folds = groups::folds(&group, pieces, settings.seed);
        // A group larger than the share fills a fold of its own; the fold nearest to the wanted size is held out.
        let size = |fold: usize| folds.iter().filter(|f| **f == fold).count() as f64;
        let wanted = share * folds.len() as f64;
        let held_out = (0..pieces)
            .min_by(|&a, &b| {
                (size(a) - wanted)
                    .abs()
                    .total_cmp(&(size(b) - wanted).abs())
            })
            .unwrap_or(0);
        let part = |held: bool| -> Vec<usize> {
            (0..folds.len())
                .filter(|&i| (folds[i] == held_out) == held)
                .collect()
        };
        let (train, test) = (part(false), part(true));
        let kept = set.subset(&train);
        kept.check()?;
        let mut operator = Self::fit(&kept, settings)?;
        let (_, x, density) = set.describe(settings.descriptor)?;
        let relative = density.as_ref().map(|(d, _)| d.as_slice());
        let features = operator.meta.features.matrix(Described {
            x: x.as_ref(),
            relative_density: relative,
            added: &set.added,
        })?;
        let mut tally = Tally::default();
        Split {
            x: x.as_ref(),
            features: features.as_ref(),
            y: set.spectra.as_ref(),
            density: relative,
            groups: &group,
            forward: &settings.forward,
            train: &train,
            test: &test,
        }
        .judge(settings.seed, &mut tally)?;
        let seen = &operator.meta.scores;
        let protocol = format!(
            "{} of {} samples held out, whole groups",
            test.len(),
            folds.len()
        );
        let mut scores = tally.scores(protocol, seen.train_mse, seen.duplicates);
        scores.learning.clone_from(&seen.learning);
        scores.dependence.clone_from(&seen.dependence);
        scores.headroom = seen.headroom;
        operator.meta.scores = scores;
        Ok(operator)
    }

    fn fit(set: &TrainingSet, settings: &Settings) -> Result<Self> {
        let (descriptor, x, density) = set.describe(settings.descriptor)?;
        let (relative_density, mean_density) = density.unzip();
        let y = set.spectra.clone();
        let n = x.nrows();
        let described = Described {
            x: x.as_ref(),
            relative_density: relative_density.as_deref(),
            added: &set.added,
        };
        let features = Features::new(&settings.blocks, described)?;
        let f = features.matrix(described)?;

        let group = groups::groups(x.as_ref());
        let folds = groups::folds(&group, FOLDS, settings.seed);
        let whole = Split {
            x: x.as_ref(),
            features: f.as_ref(),
            y: y.as_ref(),
            density: relative_density.as_deref(),
            groups: &group,
            forward: &settings.forward,
            train: &[],
            test: &[],
        };
        let (tally, residuals) = cross_validated(&whole, &folds, settings.seed)?;

        let samples = Samples {
            x: &f,
            y: &y,
            groups: &group,
            seed: settings.seed,
        };
        let (map, forward, degrees_of_freedom) = settings.forward.fit(samples)?;
        let train_error = &y - map.predict(f.as_ref())?;
        let train_mse = rows::sum_of_squares(train_error.as_ref()) / (n * y.ncols()) as f64;
        let best = |inputs: &Mat<f64>, outputs: &Mat<f64>| {
            let path = RidgePath::new(inputs.as_ref(), outputs.as_ref())?;
            let lambda = path.best_lambda(&path.default_lambdas())?;
            Ok::<_, Error>((path.fit(lambda), lambda))
        };
        let lambda_forward = match forward.lambda {
            Some(lambda) if features.are_pairs() && forward.estimator == Estimator::Ridge => lambda,
            _ => best(&x, &y)?.1,
        };
        let (backward, lambda_backward) = best(&y, &x)?;
        let (map, reference) = match map {
            ForwardMap::Linear(map) => (map, None),
            ForwardMap::Not(reference) => (best(&f, &y)?.0, Some(reference)),
        };

        let lonely = groups::lonely(&group);
        let count = folds.iter().max().map_or(0, |m| m + 1);
        let protocol = format!("{count}-fold cross-validation, near-duplicates never split");
        let study = Study {
            x: x.as_ref(),
            y: y.as_ref(),
            r: set.r,
            energy: set.energy,
            unit: set.quantity.axis(),
            folds: &folds,
        };
        let scores = Scores {
            learning: learning::curve(&whole, &folds, settings.seed)?,
            dependence: study.variations()?,
            headroom: headroom(&whole, &folds)?,
            ..tally.scores(protocol, train_mse, n - lonely)
        };

        Ok(Self {
            meta: Meta {
                program: env!("CARGO_PKG_VERSION").to_owned(),
                quantity: set.quantity,
                spectrum_unit: set.spectrum_unit,
                descriptor,
                weighting: set.weighting,
                dimensions: set.dimensions,
                composition: set.composition.clone(),
                r: set.r,
                energy: set.energy,
                mean_density,
                features,
                forward,
                lambda_forward,
                lambda_backward,
                degrees_of_freedom,
                groups: group,
                folds,
                seed: settings.seed,
                streamed: None,
                scores,
                sources: set.sources.clone(),
                notes: set.notes.clone(),
            },
            w: map.matrix,
            b: map.offset,
            reference,
            v: backward.matrix,
            c: backward.offset,
            x,
            y,
            relative_density,
            residuals,
            constants: Constants::default(),
        })
    }
}

/// The scores of the samples of each fold by a fit that does not know them, and their forward residuals (n x q).
fn cross_validated(whole: &Split<'_>, folds: &[usize], seed: u64) -> Result<(Tally, Mat<f64>)> {
    let count = folds.iter().max().map_or(0, |m| m + 1);
    if count < 2 {
        return Err(Error::new("all training samples are the same structure")
            .cure("simulate with a wider range of disorder"));
    }
    let mut tally = Tally::default();
    let mut residuals = Mat::zeros(whole.y.nrows(), whole.y.ncols());
    for fold in 0..count {
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..folds.len()).partition(|&i| folds[i] == fold);
        let split = Split {
            train: &train,
            test: &test,
            ..*whole
        };
        let r = split.judge(seed.wrapping_add(fold as u64), &mut tally)?;
        for (k, &i) in test.iter().enumerate() {
            residuals.row_mut(i).copy_from(r.row(k));
        }
    }
    Ok((tally, residuals))
}
