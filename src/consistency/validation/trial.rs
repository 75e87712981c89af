//! One operator on glasses it does not know: every number before it is summed up.

use super::{Accuracy, Known, Settings};
use crate::consistency::Judge;
use crate::consistency::power::{self, Curves, Glasses};
use crate::curve::Quantity;
use crate::error::Result;
use crate::finding::Finding;
use crate::inverse::{Diffraction, Inversion, Inverter, Measurement, Raw};
use crate::operator::{Operator, groups, rows};
use faer::Mat;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Quantile of the normal law that a 95 % band stands for.
const Z95: f64 = 1.959_963_984_540_054;

/// Squared errors of inferred g.
#[derive(Debug, Default)]
pub(super) struct Errors {
    squared: f64,
    total: f64,
    relative: Vec<f64>,
}

impl Errors {
    fn add(&mut self, truth: &[f64], found: &[f64], mean: &[f64]) {
        let distance =
            |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
        let squared = distance(truth, found);
        self.squared += squared;
        self.total += distance(truth, mean);
        let size: f64 = truth.iter().map(|t| t * t).sum();
        self.relative.push((squared / size).sqrt());
    }

    fn join(&mut self, other: Self) {
        self.squared += other.squared;
        self.total += other.total;
        self.relative.extend(other.relative);
    }

    pub(super) fn accuracy(&mut self) -> Accuracy {
        Accuracy {
            skill: 1.0 - self.squared / self.total,
            relative_error: super::median(&mut self.relative),
        }
    }
}

/// What one operator did on the glasses it was tried on.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) closure: Errors,
    pub(super) noisy: Errors,
    pub(super) forward_error: f64,
    pub(super) forward_total: f64,
    /// Pull and half-width of the band, a row a glass, a column a bin.
    pulls: Vec<Vec<f64>>,
    half: Vec<Vec<f64>>,
    pub(super) refolded_chi2: Vec<f64>,
    pub(super) refolded_residual: Vec<f64>,
    pub(super) p_values: Vec<f64>,
    /// True pairs that were not called consistent.
    noticed: usize,
    /// Whether both curves were called inside the domain.
    pub(super) inside: Vec<bool>,
    pub(super) power: Curves,
    pub(super) findings: Vec<Finding>,
}

impl Trial {
    pub(super) fn run(operator: &Operator, known: &Known, settings: Settings) -> Result<Self> {
        let clean = spectra(operator, known, 0.0, settings.seed)?;
        let measured = spectra(operator, known, settings.noise, settings.seed)?;
        let pdf = pdfs(operator, known)?;
        let judge = Judge::new(operator, &measured.channel, &pdf.channel)?;
        let glasses = Seen::new(operator, known, &measured, &pdf);
        let mut trial = Self {
            closure: Errors::default(),
            noisy: Errors::default(),
            forward_error: 0.0,
            forward_total: 0.0,
            pulls: Vec::new(),
            half: Vec::new(),
            refolded_chi2: Vec::new(),
            refolded_residual: Vec::new(),
            p_values: Vec::new(),
            inside: Vec::new(),
            noticed: 0,
            power: power::measure(&judge, glasses.as_glasses())?,
            findings: measured
                .findings
                .iter()
                .chain(&pdf.findings)
                .filter(|f| f.code != "errors-unknown" && f.code != "q-range-unknown")
                .cloned()
                .collect(),
        };
        let mean = training_mean(operator);
        let exact = Inverter::new(operator, &clean.channel)?.invert(clean.data.as_ref());
        let found = judge.inverter.invert(measured.data.as_ref());
        for i in 0..known.g.nrows() {
            let truth = rows::row(known.g.as_ref(), i);
            trial.closure.add(&truth, &exact[i].g, &mean);
            trial.noisy.add(&truth, &found[i].g, &mean);
            trial.band(&truth, &found[i]);
        }
        trial.refold(operator, &measured, &found)?;
        trial.pairs(&judge, &measured, &pdf);
        trial.forward(operator, &judge, known, &pdf);
        Ok(trial)
    }

    fn band(&mut self, truth: &[f64], found: &Inversion) {
        let half: Vec<f64> = (found.high.iter().zip(&found.low))
            .map(|(h, l)| 0.5 * (h - l))
            .collect();
        let pull = |j: usize| Z95 * (truth[j] - found.g[j]) / half[j];
        self.pulls.push((0..truth.len()).map(pull).collect());
        self.half.push(half);
    }

    /// The estimates carried forward by `W`, against the data.
    fn refold(
        &mut self,
        operator: &Operator,
        measured: &Measurement,
        found: &[Inversion],
    ) -> Result<()> {
        let x = Mat::from_fn(found.len(), operator.x.ncols(), |i, j| {
            found[i].relative_density.unwrap_or(1.0) * found[i].g[j]
        });
        let channel = &measured.channel;
        let off = &measured.data - channel.see(operator.joint_forward(x.as_ref())?.as_ref());
        let m = off.ncols();
        for i in 0..off.nrows() {
            let chi2: f64 = (0..m)
                .map(|j| (off[(i, j)] / channel.sigma[j]).powi(2))
                .sum();
            self.refolded_chi2.push(chi2 / m as f64);
            self.refolded_residual
                .push(off.row(i).norm_l2() / measured.data.row(i).norm_l2());
        }
        Ok(())
    }

    fn pairs(&mut self, judge: &Judge<'_>, measured: &Measurement, pdf: &Measurement) {
        let spectra = judge.spectra(measured.data.as_ref());
        let pdfs = judge.pdfs(pdf.data.as_ref());
        for i in 0..measured.data.nrows() {
            self.p_values.push(judge.pair(&pdfs, i, &spectra, i));
            self.noticed += usize::from(judge.notices(&pdfs, i, &spectra, i));
            self.inside.push(spectra.inside(i) && pdfs.inside(i));
        }
    }

    fn forward(
        &mut self,
        operator: &Operator,
        judge: &Judge<'_>,
        known: &Known,
        pdf: &Measurement,
    ) {
        let mean = rows::mean(operator.y.as_ref());
        let predicted = judge.predictor.predict(pdf.data.as_ref());
        for (i, p) in predicted.iter().enumerate() {
            for (j, m) in mean.iter().enumerate() {
                let truth = known.spectra[(i, j)];
                self.forward_error += (truth - p.spectrum[j]).powi(2);
                self.forward_total += (truth - m).powi(2);
            }
        }
    }

    /// Joins what another operator did on other glasses.
    pub(super) fn add(&mut self, other: Self) {
        self.closure.join(other.closure);
        self.noisy.join(other.noisy);
        self.forward_error += other.forward_error;
        self.forward_total += other.forward_total;
        self.pulls.extend(other.pulls);
        self.half.extend(other.half);
        self.refolded_chi2.extend(other.refolded_chi2);
        self.refolded_residual.extend(other.refolded_residual);
        self.p_values.extend(other.p_values);
        self.inside.extend(other.inside);
        self.noticed += other.noticed;
        self.power.add(&other.power);
        for finding in other.findings {
            if !self.findings.iter().any(|f| f.code == finding.code) {
                self.findings.push(finding);
            }
        }
    }

    /// Share of the true pairs that were not called consistent.
    pub(super) fn disowned(&self) -> f64 {
        self.noticed as f64 / self.inside.len().max(1) as f64
    }

    /// Share inside the band, mean and standard deviation of the pulls, over all glasses and the given bins.
    pub(super) fn tally(&self, bins: &[usize]) -> (f64, f64, f64) {
        let pulls: Vec<f64> = (self.pulls.iter())
            .flat_map(|row| bins.iter().map(|&j| row[j]))
            .collect();
        let n = pulls.len() as f64;
        let mean = pulls.iter().sum::<f64>() / n;
        let variance = pulls.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / n;
        (
            super::share(&pulls, |p| p.abs() <= Z95),
            mean,
            variance.sqrt(),
        )
    }

    /// Mean half-width of the band over all glasses and the given bins.
    pub(super) fn half_width(&self, bins: &[usize]) -> f64 {
        let each = (self.half.iter()).flat_map(|row| bins.iter().map(|&j| row[j]));
        each.sum::<f64>() / (self.half.len() * bins.len()) as f64
    }
}

/// The glasses as their instruments saw them, with the noise that came along.
struct Seen {
    x: Mat<f64>,
    y: Mat<f64>,
    z_noise: Mat<f64>,
    d_noise: Mat<f64>,
    groups: Vec<usize>,
}

impl Seen {
    fn new(operator: &Operator, known: &Known, z: &Measurement, d: &Measurement) -> Self {
        let relative = |i: usize| {
            let density = known.density.as_ref().zip(operator.meta.mean_density);
            density.map_or(1.0, |(density, mean)| density[i] / mean)
        };
        let x = Mat::from_fn(known.g.nrows(), known.g.ncols(), |i, j| {
            relative(i) * known.g[(i, j)]
        });
        let y = Mat::from_fn(known.spectra.nrows(), known.spectra.ncols(), |i, j| {
            z.scale[i] * known.spectra[(i, j)]
        });
        Self {
            z_noise: &z.data - z.channel.see(y.as_ref()),
            d_noise: &d.data - d.channel.see(x.as_ref()),
            groups: groups::groups(x.as_ref()),
            x,
            y,
        }
    }

    fn as_glasses(&self) -> Glasses<'_> {
        Glasses {
            x: self.x.as_ref(),
            y: self.y.as_ref(),
            z_noise: self.z_noise.as_ref(),
            d_noise: self.d_noise.as_ref(),
            groups: &self.groups,
            left_out: false,
        }
    }
}

/// The spectra with noise, as if measured.
fn spectra(operator: &Operator, known: &Known, level: f64, seed: u64) -> Result<Measurement> {
    let raw = raw(
        operator.meta.energy.centres(),
        noisy(&known.spectra, level, seed),
        operator.meta.quantity,
    );
    Measurement::spectra(operator, &raw, Some(level), &[])
}

/// The PDFs, as if measured.
fn pdfs(operator: &Operator, known: &Known) -> Result<Measurement> {
    let exact = raw(
        operator.meta.r.centres(),
        known.g.clone(),
        Quantity::PairDistribution,
    );
    // That they carry no noise is known here, and need not be estimated.
    let exact = Raw {
        sigma: Some(vec![0.0; exact.x.len()]),
        ..exact
    };
    Measurement::pdfs(
        operator,
        &exact,
        known.density.as_deref(),
        &Diffraction::default(),
    )
}

/// Share of the true pairs that an operator would not call consistent.
pub(super) fn disowned(operator: &Operator, known: &Known, settings: Settings) -> Result<f64> {
    let z = spectra(operator, known, settings.noise, settings.seed)?;
    let d = pdfs(operator, known)?;
    let judge = Judge::new(operator, &z.channel, &d.channel)?;
    let (spectra, pdfs) = (judge.spectra(z.data.as_ref()), judge.pdfs(d.data.as_ref()));
    let n = z.data.nrows();
    let noticed = (0..n).filter(|&i| judge.notices(&pdfs, i, &spectra, i));
    Ok(noticed.count() as f64 / n as f64)
}

fn raw(x: Vec<f64>, y: Mat<f64>, quantity: Quantity) -> Raw {
    Raw {
        x,
        y,
        sigma: None,
        quantity,
    }
}

/// White noise of `level` times the rms of all rows.
fn noisy(rows: &Mat<f64>, level: f64, seed: u64) -> Mat<f64> {
    let rms = (rows.squared_norm_l2() / (rows.nrows() * rows.ncols()) as f64).sqrt();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = rows.clone();
    for i in 0..rows.nrows() {
        for j in 0..rows.ncols() {
            let xi: f64 = StandardNormal.sample(&mut rng);
            out[(i, j)] += level * rms * xi;
        }
    }
    out
}

/// Mean g of the training glasses.
fn training_mean(operator: &Operator) -> Vec<f64> {
    let n = operator.samples();
    let mut mean = vec![0.0; operator.x.ncols()];
    for i in 0..n {
        for (m, g) in mean.iter_mut().zip(operator.training_g(i)) {
            *m += g / n as f64;
        }
    }
    mean
}
