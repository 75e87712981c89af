//! Spectra whose nuisances are searched for.

use super::super::channel::usable_covariance;
use super::super::evidence::{Correlation, Model, Search};
use super::super::measurement::{estimated, rms};
use super::super::{Measurement, Nuisance, NuisanceFit, Raw};
use super::{Spectroscopy, scales};
use crate::error::Result;
use crate::finding::Finding;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};
use rayon::prelude::*;

/// Spectra at the points they keep, before their nuisances are known.
pub(super) struct Prepared<'a> {
    pub(super) inside: &'a Raw,
    pub(super) seen: MatRef<'a, f64>,
    pub(super) covariance: Option<Mat<f64>>,
    pub(super) how: &'a Spectroscopy<'a>,
}

impl Prepared<'_> {
    /// Finds the nuisances of each spectrum by itself.
    pub(super) fn search(
        &self,
        operator: &Operator,
        resolution: Option<Mat<f64>>,
        mut findings: Vec<Finding>,
    ) -> Result<Measurement> {
        let (inside, how) = (self.inside, self.how);
        let declared = how.nuisances.contains(&Nuisance::Scale);
        // An area that is far off without the scale being declared is brought right first, as without nuisances.
        let before = if declared {
            vec![1.0; inside.y.nrows()]
        } else {
            scales(inside, self.seen, how.nuisances, &mut findings)
        };
        let z = Mat::from_fn(inside.y.nrows(), inside.x.len(), |i, j| {
            before[i] * inside.y[(i, j)]
        });
        let sigma = self.sigma(&z, &before, &mut findings);
        let model = Model::new(operator, resolution)?;
        let each: Vec<Vec<f64>> = (0..z.nrows()).map(|i| rows::row(z.as_ref(), i)).collect();
        let correlation = (self.covariance.as_ref())
            .map(|c| {
                Correlation::new(&usable_covariance(
                    c,
                    inside.x.len(),
                    rms(inside.y.as_ref()),
                )?)
            })
            .transpose()?;
        let searches: Vec<Search<'_>> = (each.iter().zip(&sigma).zip(&before))
            .map(|((z, sigma), before)| {
                let correlation = correlation.as_ref().map(|c| (c, before * before));
                Search::new(&model, &inside.x, z, sigma, correlation, how.nuisances)
            })
            .collect();
        let mut fits: Vec<NuisanceFit> = (searches.par_iter())
            .map(Search::run)
            .collect::<Result<_>>()?;
        let known = how.level.is_some() || inside.sigma.is_some() || self.covariance.is_some();
        let typical = searches[median(&fits)].typical(&fits[median(&fits)])?;
        let found: Vec<f64> = (fits.iter())
            .map(|f| f.get("scale").map_or(1.0, |s| s.value))
            .collect();
        let mut channel = typical;
        channel.sigma_known = known;
        for (i, fit) in fits.iter_mut().enumerate() {
            fit.channel.sigma_known = known;
            if let Some(covariance) = &self.covariance {
                let factor = (before[i] / found[i]).powi(2);
                fit.channel.correlate(&(covariance * faer::Scale(factor)))?;
            }
        }
        if let Some(covariance) = &self.covariance {
            let factor = (before[0] / found[median(&fits)]).powi(2);
            channel.correlate(&(covariance * faer::Scale(factor)))?;
        }
        findings.push(Finding::new(
            "nuisances-fitted",
            if let [one] = fits.as_slice() {
                format!("Fitted along with the spectrum: {}.", one.sentence())
            } else {
                format!(
                    "Fitted along with each of {} spectra; the typical one: {}.",
                    fits.len(),
                    fits[median(&fits)].sentence()
                )
            },
            "Compare with what you know of the instrument.",
        ));
        Ok(Measurement {
            data: Mat::from_fn(z.nrows(), z.ncols(), |i, j| z[(i, j)] / found[i]),
            scale: before.iter().zip(&found).map(|(b, f)| b / f).collect(),
            channel,
            findings,
            nuisances: fits,
        })
    }

    /// Errors of each spectrum.
    fn sigma(&self, z: &Mat<f64>, before: &[f64], findings: &mut Vec<Finding>) -> Vec<Vec<f64>> {
        let (n, m) = (z.nrows(), z.ncols());
        let inside = self.inside;
        if let Some(level) = self.how.level {
            return (0..n)
                .map(|i| vec![level * rms(z.subrows(i, 1)); m])
                .collect();
        }
        if let Some(sigma) = &inside.sigma {
            return (before.iter())
                .map(|b| sigma.iter().map(|s| s * b).collect())
                .collect();
        }
        if let Some(covariance) = &self.covariance {
            return (before.iter())
                .map(|b| {
                    (0..m)
                        .map(|j| b * covariance[(j, j)].max(0.0).sqrt())
                        .collect()
                })
                .collect();
        }
        let sigma = estimated(self.seen, z.as_ref(), "spectrum", findings);
        vec![vec![sigma; m]; n]
    }
}

/// The fit in the middle of all by its first parameter.
fn median(fits: &[NuisanceFit]) -> usize {
    let key = |i: usize| fits[i].parameters.last().map_or(0.0, |p| p.value);
    let first = |i: usize| fits[i].get("width").map_or(key(i), |p| p.value);
    let mut order: Vec<usize> = (0..fits.len()).collect();
    order.sort_by(|&a, &b| first(a).total_cmp(&first(b)));
    order[order.len() / 2]
}
