//! The forward map by the estimator of the user's choice, its penalty given or chosen.
//!
//! Ridge penalties are chosen by exact leave-one-out. What has no such closed form (the lasso penalty, a number of components, a rank)
//! is chosen by cross-validation within the samples at hand, near-duplicates never split; an outer split that judges the result
//! never sees the choice being made.

use super::fit::LinearMap;
use super::fit::elastic_net::{ElasticNet, Penalty};
use super::fit::kernel_ridge::{self, KernelRidge};
use super::fit::pls::{PlsPath, Scaling};
use super::fit::reduced_rank::ReducedRank;
use super::fit::ridge::RidgePath;
use super::reference::{ForwardMap, Reference};
use super::{groups, rows};
use crate::error::{Error, Result};
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Folds of the choice within one training set.
const FOLDS: usize = 3;
/// Fewest samples of a point of the learning curve, and of a network, which holds some back to know when to stop.
const FEWEST: usize = 8;
pub(super) const FEWEST_OF_A_NETWORK: usize = 16;
/// More components, or a higher rank, than this were never worth their noise on the development sets.
const MOST_COMPONENTS: usize = 40;
/// Lasso penalties tried: four a decade, from the one that leaves nothing down to this many decades below.
const LASSO_DECADES: i32 = 4;
const LASSO_PER_DECADE: i32 = 4;

/// How the forward map is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// [`super::fit::ridge`].
    #[default]
    Ridge,
    /// [`super::fit::elastic_net`].
    ElasticNet,
    /// [`super::fit::pls`], columns not scaled.
    Pls,
    /// [`super::fit::reduced_rank`].
    ReducedRank,
    /// [`super::fit::kernel_ridge`]: not linear, a reference.
    KernelRidge,
    /// A convolutional network, where the program was built with one: not linear, a reference.
    Cnn,
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ridge => "ridge",
            Self::ElasticNet => "elastic-net",
            Self::Pls => "pls",
            Self::ReducedRank => "reduced-rank",
            Self::KernelRidge => "kernel-ridge",
            Self::Cnn => "cnn",
        })
    }
}

/// What the user fixes; the rest is chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request {
    /// Which estimator.
    pub estimator: Estimator,
    /// The penalty of [`Estimator::Ridge`], [`Estimator::ReducedRank`] and [`Estimator::KernelRidge`].
    pub lambda: Option<f64>,
    /// The paper's α and β ([`Penalty::paper`]) of [`Estimator::ElasticNet`].
    pub penalties: Option<(f64, f64)>,
    /// The components of [`Estimator::Pls`], the rank of [`Estimator::ReducedRank`].
    pub components: Option<usize>,
}

/// Who set the penalties of the forward map, or its number of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChosenBy {
    /// The user.
    User,
    /// Exact leave-one-out over the training samples.
    #[default]
    LeaveOneOut,
    /// Cross-validation within the training samples.
    CrossValidation,
    /// A part of the training samples held back, which told when to stop.
    HeldBack,
}

impl fmt::Display for ChosenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "given",
            Self::LeaveOneOut => "by leave-one-out",
            Self::CrossValidation => "by cross-validation",
            Self::HeldBack => "stopped by samples held back",
        })
    }
}

/// What the forward map was fitted with; stored with the operator.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// Which estimator.
    pub estimator: Estimator,
    /// Who chose what follows.
    pub chosen_by: ChosenBy,
    /// Ridge penalty, where there is one.
    pub lambda: Option<f64>,
    /// Width of the kernel, in units of the median squared distance of two samples.
    pub width: Option<f64>,
    /// The paper's α and β, where the estimator is the elastic net.
    pub alpha: Option<f64>,
    /// See `alpha`.
    pub beta: Option<f64>,
    /// Components, or rank.
    pub components: Option<usize>,
    /// Duality gap of the elastic net relative to its objective, the largest of all channels.
    pub relative_gap: Option<f64>,
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.estimator)?;
        let named = [
            ("λ", self.lambda),
            ("α", self.alpha),
            ("β", self.beta),
            ("width", self.width),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                write!(f, ", {name} = {value:.3e}")?;
            }
        }
        if let Some(components) = self.components {
            write!(f, ", {components} components")?;
        }
        write!(f, " ({})", self.chosen_by)
    }
}

/// The samples of one fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples<'a> {
    pub x: &'a Mat<f64>,
    pub y: &'a Mat<f64>,
    /// Group of near-duplicates of each.
    pub groups: &'a [usize],
    pub seed: u64,
}

/// A fitted map with its settings and its degrees of freedom: those of ridge, the mean number of coefficients that are not zero, the
/// components, the rank; of a network, which can meet every sample, their number.
pub(super) type Fitted = (ForwardMap, Forward, f64);

impl Request {
    /// Samples without which there is no map, or none worth a point of a learning curve.
    pub(super) fn fewest(&self) -> usize {
        if self.estimator == Estimator::Cnn {
            FEWEST_OF_A_NETWORK
        } else {
            FEWEST
        }
    }

    /// Refuses settings that the estimator does not have, and numbers that are none.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(lambda) = self.lambda
            && !(lambda > 0.0 && lambda.is_finite())
        {
            return Err(Error::new(format!("lambda = {lambda} is not a penalty"))
                .cure("give a positive number, or leave it out: leave-one-out then chooses"));
        }
        let foreign = |name: &str, whose: &str| {
            Err(
                Error::new(format!("{} has no {name}", self.estimator)).cure(format!(
                    "leave it out, or use --estimator {whose}: `glassbridge train --help` lists them"
                )),
            )
        };
        match self.estimator {
            Estimator::Pls | Estimator::ElasticNet | Estimator::Cnn if self.lambda.is_some() => {
                foreign("lambda", "ridge")
            }
            estimator if estimator != Estimator::ElasticNet && self.penalties.is_some() => {
                foreign("alpha and beta", "elastic-net")
            }
            estimator
                if !matches!(estimator, Estimator::Pls | Estimator::ReducedRank)
                    && self.components.is_some() =>
            {
                foreign("components or rank", "pls")
            }
            _ => Ok(()),
        }
    }

    /// The map on these samples.
    pub(super) fn fit(&self, samples: Samples<'_>) -> Result<Fitted> {
        match self.estimator {
            Estimator::Ridge => self.ridge(samples),
            Estimator::ElasticNet => self.elastic_net(samples),
            Estimator::Pls => self.pls(samples),
            Estimator::ReducedRank => self.reduced_rank(samples),
            Estimator::KernelRidge => self.kernel_ridge(samples),
            Estimator::Cnn => self.network(samples),
        }
    }

    fn with_estimator(&self) -> Forward {
        let given = match self.estimator {
            Estimator::Ridge | Estimator::KernelRidge => self.lambda.is_some(),
            Estimator::ElasticNet => self.penalties.is_some(),
            Estimator::Pls | Estimator::ReducedRank => self.components.is_some(),
            Estimator::Cnn => false,
        };
        Forward {
            estimator: self.estimator,
            chosen_by: match self.estimator {
                _ if given => ChosenBy::User,
                Estimator::Ridge | Estimator::KernelRidge => ChosenBy::LeaveOneOut,
                Estimator::Cnn => ChosenBy::HeldBack,
                _ => ChosenBy::CrossValidation,
            },
            ..Forward::default()
        }
    }

    fn lambda(&self, path: &RidgePath) -> Result<f64> {
        self.lambda
            .map_or_else(|| path.best_lambda(&path.default_lambdas()), Ok)
    }

    fn ridge(&self, samples: Samples<'_>) -> Result<Fitted> {
        let path = RidgePath::new(samples.x.as_ref(), samples.y.as_ref())?;
        let lambda = self.lambda(&path)?;
        let forward = Forward {
            lambda: Some(lambda),
            ..self.with_estimator()
        };
        let map = ForwardMap::Linear(path.fit(lambda));
        Ok((map, forward, path.degrees_of_freedom(lambda)))
    }

    fn elastic_net(&self, samples: Samples<'_>) -> Result<Fitted> {
        let outputs = samples.y.ncols();
        let net = ElasticNet::new(samples.x.as_ref(), samples.y.as_ref())?;
        let penalty = match self.penalties {
            Some((alpha, beta)) => Penalty::paper(alpha, beta, outputs),
            None => chosen_penalty(samples, net.largest_lasso())?,
        };
        let fit = net.fit(penalty)?;
        let (alpha, beta) = penalty.to_paper(outputs);
        let forward = Forward {
            alpha: Some(alpha),
            beta: Some(beta),
            relative_gap: Some(fit.relative_gap()),
            ..self.with_estimator()
        };
        let support = fit.support_size();
        Ok((ForwardMap::Linear(fit.map), forward, support))
    }

    fn pls(&self, samples: Samples<'_>) -> Result<Fitted> {
        let path = |x: &Mat<f64>, y: &Mat<f64>, most: usize| {
            let most = most.min(x.ncols()).min(x.nrows() - 1);
            PlsPath::new(x.as_ref(), y.as_ref(), most, Scaling::None)
        };
        let components = match self.components {
            Some(components) => components,
            None => {
                1 + samples.best(MOST_COMPONENTS, |x, y| {
                    let path = path(x, y, MOST_COMPONENTS)?;
                    Ok((1..=MOST_COMPONENTS).map(|k| path.fit(k)).collect())
                })?
            }
        };
        let (x, y) = (samples.x.as_ref(), samples.y.as_ref());
        let map = PlsPath::new(x, y, components, Scaling::None)?.fit(components);
        let forward = Forward {
            components: Some(components),
            ..self.with_estimator()
        };
        Ok((ForwardMap::Linear(map), forward, components as f64))
    }

    fn reduced_rank(&self, samples: Samples<'_>) -> Result<Fitted> {
        let maps = |x: &Mat<f64>, y: &Mat<f64>| {
            let path = RidgePath::new(x.as_ref(), y.as_ref())?;
            let lambda = self.lambda(&path)?;
            Ok::<_, Error>((ReducedRank::new(&path, lambda)?, lambda))
        };
        let (reduced, lambda) = maps(samples.x, samples.y)?;
        let most = reduced.strengths().len();
        if let Some(rank) = self.components
            && (rank == 0 || rank > most)
        {
            return Err(Error::new(format!("a map of rank {rank} cannot be had"))
                .because(format!("these samples have ranks between 1 and {most}"))
                .cure("give a lower rank, or leave it to cross-validation"));
        }
        let rank = if let Some(rank) = self.components {
            rank
        } else {
            let most = MOST_COMPONENTS.min(most).max(1);
            1 + samples.best(most, |x, y| {
                let (reduced, _) = maps(x, y)?;
                Ok((1..=most).map(|k| reduced.fit(k)).collect())
            })?
        };
        let forward = Forward {
            lambda: Some(lambda),
            components: Some(rank),
            ..self.with_estimator()
        };
        Ok((ForwardMap::Linear(reduced.fit(rank)), forward, rank as f64))
    }

    #[cfg(feature = "cnn")]
    fn network(&self, samples: Samples<'_>) -> Result<Fitted> {
        let (x, y) = (samples.x.as_ref(), samples.y.as_ref());
        let network = super::fit::cnn::Network::fit(x, y, samples.seed)?;
        let freedom = samples.x.nrows() as f64;
        let map = ForwardMap::Not(Reference::Network(network));
        Ok((map, self.with_estimator(), freedom))
    }

    #[cfg(not(feature = "cnn"))]
    #[allow(clippy::unused_self, reason = "as the others")]
    fn network(&self, _: Samples<'_>) -> Result<Fitted> {
        Err(Error::new("this program was built without networks")
            .cure("build it with --features cnn, or use --estimator kernel-ridge"))
    }

    fn kernel_ridge(&self, samples: Samples<'_>) -> Result<Fitted> {
        let settings = kernel_ridge::Settings {
            width: None,
            penalty: self.lambda,
        };
        let kernel = KernelRidge::fit(samples.x.as_ref(), samples.y.as_ref(), settings)?;
        let forward = Forward {
            lambda: Some(kernel.penalty),
            width: Some(kernel.width()),
            ..self.with_estimator()
        };
        let freedom = kernel.degrees_of_freedom()?;
        Ok((ForwardMap::Not(Reference::Kernel(kernel)), forward, freedom))
    }
}

/// The ridge part that leave-one-out chooses without a lasso, and the lasso part that cross-validation chooses with it.
fn chosen_penalty(samples: Samples<'_>, largest: f64) -> Result<Penalty> {
    let path = RidgePath::new(samples.x.as_ref(), samples.y.as_ref())?;
    let ridge = path.best_lambda(&path.default_lambdas())? / samples.x.nrows() as f64;
    let penalties: Vec<Penalty> = (0..=LASSO_DECADES * LASSO_PER_DECADE)
        .map(|k| Penalty {
            lasso: largest * 10f64.powf(-f64::from(k) / f64::from(LASSO_PER_DECADE)),
            ridge,
        })
        .collect();
    let best = samples.best(penalties.len(), |x, y| {
        let fits = ElasticNet::new(x.as_ref(), y.as_ref())?.path(&penalties)?;
        Ok(fits.into_iter().map(|f| f.map).collect())
    })?;
    Ok(penalties[best])
}

impl Samples<'_> {
    /// Which of `count` maps, made from a part of the samples, errs least on the rest; the first one of equals.
    fn best(
        &self,
        count: usize,
        maps: impl Fn(&Mat<f64>, &Mat<f64>) -> Result<Vec<LinearMap>>,
    ) -> Result<usize> {
        let folds = groups::folds(self.groups, FOLDS, self.seed);
        let mut errors = vec![0.0; count];
        for fold in 0..FOLDS {
            let part = |held: bool| -> Vec<usize> {
                (0..folds.len())
                    .filter(|&i| (folds[i] == fold) == held)
                    .collect()
            };
            let (train, test) = (part(false), part(true));
            if test.is_empty() || train.len() < 2 {
                continue;
            }
            let pick = |m: &Mat<f64>, which: &[usize]| rows::select(m.as_ref(), which);
            let maps = maps(&pick(self.x, &train), &pick(self.y, &train))?;
            let (x, y) = (pick(self.x, &test), pick(self.y, &test));
            for (error, map) in errors.iter_mut().zip(&maps) {
                *error += rows::sum_of_squares((&y - map.predict(x.as_ref())).as_ref());
            }
        }
        (0..count)
            .min_by(|&a, &b| errors[a].total_cmp(&errors[b]))
            .ok_or_else(|| Error::new("there is nothing to choose from"))
    }
}

#[cfg(test)]
mod tests;
