//! What a pair of measurements could have told: how often a wrong pair would have been noticed.
//!
//! Glasses that the judge does not know are paired wrongly in a known way and the share that is *noticed* is counted: called
//! inconsistent at [`LEVEL`], or outside the domain. [`Power`] is told with every verdict, measured on left-out training glasses;
//! [`Curves`] hold the shares at every size that was tried.

use super::pairing::{Pdfs, Spectra};
use super::predictive::Judge;
use crate::error::Result;
use crate::grid::Grid;
use crate::operator::one_parameter::OneParameter;
use crate::operator::rows;
use faer::{Mat, MatRef};
use serde::Serialize;

/// The level at which a pair is called inconsistent.
pub const LEVEL: f64 = 0.05;
/// A difference counts as revealed if this share of such pairs is noticed.
const REVEALED: f64 = 0.8;
/// Fewer pairs than this tell no share of four fifths.
const FEWEST_PAIRS: usize = 10;
/// Spectra that differ by more than this, |y - y'| / |y|, are a real mismatch.
const MISMATCH: f64 = 0.1;
/// Relative stretches of the energy axis that are tried.
const ENERGY_STRETCHES: [f64; 7] = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1];
/// Relative stretches of the r axis that are tried.
const R_STRETCHES: [f64; 6] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05];
/// Differences in the amount of disorder that are tried, in units of its range over the glasses.
const DISORDERS: [f64; 7] = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
/// A pair stands for a difference in disorder if its own is off by less than this part of it.
const ABOUT: f64 = 0.25;
/// The range of disorder leaves out this share of the glasses at either end: one odd glass must not set the unit.
const TAIL: f64 = 0.05;
/// Other glasses each glass is paired with.
const MATES: usize = 7;

/// Wrong pairs of one kind and size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// How wrong.
    pub size: f64,
    /// Pairs that were noticed.
    pub noticed: usize,
    /// Pairs that were tried.
    pub tried: usize,
}

impl Point {
    /// Share that was noticed; none of none.
    pub fn share(&self) -> f64 {
        self.noticed as f64 / self.tried.max(1) as f64
    }
}

/// Wrong pairs of every kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// Spectrum of another glass whose spectrum differs by more than 10 %.
    pub mismatch: Point,
    /// Spectrum of the glass with the most similar spectrum (near-duplicates apart).
    pub nearest: Point,
    /// The energy axis of the spectrum stretched, by relative stretch.
    pub energy_scale: Vec<Point>,
    /// The r axis of the PDF stretched, by relative stretch.
    pub r_scale: Vec<Point>,
    /// Spectrum of a glass that is more or less disordered, by the difference in units of the range of the glasses.
    pub disorder: Vec<Point>,
}

impl Curves {
    /// Adds the pairs of other glasses.
    pub(super) fn add(&mut self, other: &Self) {
        let one = |a: &mut Point, b: &Point| {
            a.noticed += b.noticed;
            a.tried += b.tried;
        };
        let all = |a: &mut [Point], b: &[Point]| a.iter_mut().zip(b).for_each(|(a, b)| one(a, b));
        one(&mut self.mismatch, &other.mismatch);
        one(&mut self.nearest, &other.nearest);
        all(&mut self.energy_scale, &other.energy_scale);
        all(&mut self.r_scale, &other.r_scale);
        all(&mut self.disorder, &other.disorder);
    }
}

/// What a pair of instruments would reveal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Power {
    /// Share noticed of spectra of another glass that differ by more than 10 %.
    pub mismatch: f64,
    /// Share noticed of spectra of the glass with the most similar spectrum.
    pub nearest: f64,
    /// Smallest relative stretch of the energy axis that is noticed in four of five pairs; absent if none up to 10 % is.
    pub energy_scale: Option<f64>,
    /// The same of the r axis; absent if none up to 5 % is.
    pub r_scale: Option<f64>,
    /// Smallest difference in the amount of disorder that is noticed in four of five pairs, in units of the range of the training
    /// glasses (0.1: a tenth of the way from the most ordered to the least); absent if none up to a half is.
    pub disorder: Option<f64>,
}

impl From<&Curves> for Power {
    fn from(curves: &Curves) -> Self {
        Self {
            mismatch: curves.mismatch.share(),
            nearest: curves.nearest.share(),
            energy_scale: smallest(&curves.energy_scale),
            r_scale: smallest(&curves.r_scale),
            disorder: smallest(&curves.disorder),
        }
    }
}

impl Power {
    /// The smallest differences revealed in four of five pairs: of the energy scale, of the r scale, of the disorder.
    pub fn smallest(&self) -> [String; 3] {
        let say = |size: Option<f64>, tried: &[f64]| match size {
            Some(size) => format!("{} %", (1e4 * size).round() / 100.0),
            None => format!("more than {} %", 100.0 * tried[tried.len() - 1]),
        };
        [
            say(self.energy_scale, &ENERGY_STRETCHES),
            say(self.r_scale, &R_STRETCHES),
            say(self.disorder, &DISORDERS),
        ]
    }

    /// The same as a sentence.
    pub fn sentence(&self) -> String {
        let [energy, r, disorder] = self.smallest();
        format!(
            "Four times in five it would have been noticed if the energy scale were off by {energy}, the r scale by {r}, or the disorder by {disorder} of the range of the training glasses."
        )
    }
}

/// The smallest size from which on four of five pairs are noticed; sizes that hardly any pair has are passed over.
fn smallest(points: &[Point]) -> Option<f64> {
    let mut found = None;
    for point in points.iter().filter(|p| p.tried >= FEWEST_PAIRS).rev() {
        if point.share() < REVEALED {
            break;
        }
        found = Some(point.size);
    }
    found
}

/// Glasses to be paired wrongly, one a row of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glasses<'a> {
    /// Descriptors on the operator's grid.
    pub x: MatRef<'a, f64>,
    /// Spectra on the operator's grid.
    pub y: MatRef<'a, f64>,
    /// Noise of the spectra at the measured points.
    pub z_noise: MatRef<'a, f64>,
    /// Noise of the PDFs at theirs.
    pub d_noise: MatRef<'a, f64>,
    /// Near-duplicates of each other.
    pub groups: &'a [usize],
    /// Whether they are the training glasses, each to be judged by the fold that does not know it.
    pub left_out: bool,
}

/// Pairs left-out training glasses wrongly.
pub(super) fn of_training(judge: &Judge<'_>) -> Result<Curves> {
    let noise = |seen: &crate::inverse::Seen| seen.noisy(1) - &seen.data;
    let (z, d) = (noise(&judge.inverter.seen), noise(&judge.predictor.seen));
    measure(
        judge,
        Glasses {
            x: judge.operator.x.as_ref(),
            y: judge.operator.y.as_ref(),
            z_noise: z.as_ref(),
            d_noise: d.as_ref(),
            groups: &judge.operator.meta.groups,
            left_out: true,
        },
    )
}

/// Pairs glasses wrongly in every way.
pub(super) fn measure(judge: &Judge<'_>, glasses: Glasses<'_>) -> Result<Curves> {
    let n = glasses.x.nrows();
    let meta = &judge.operator.meta;
    let spectra_of = |by: f64| -> Result<Spectra> {
        let z = judge.see(stretched(glasses.y, meta.energy, by, true).as_ref()) + glasses.z_noise;
        if glasses.left_out {
            judge.left_out_spectra(z.as_ref())
        } else {
            Ok(judge.spectra(z.as_ref()))
        }
    };
    let pdfs_of = |by: f64| -> Result<Pdfs> {
        let x = stretched(glasses.x, meta.r, by, false);
        let d = judge.pdf.see(x.as_ref()) + glasses.d_noise;
        if glasses.left_out {
            judge.left_out_pdfs(d.as_ref())
        } else {
            Ok(judge.pdfs(d.as_ref()))
        }
    };
    let (spectra, pdfs) = (spectra_of(0.0)?, pdfs_of(0.0)?);
    let apart = apart(glasses.y);
    let count = |size: f64, pairs: &[(usize, usize)], pdfs: &Pdfs, spectra: &Spectra| Point {
        size,
        noticed: (pairs.iter())
            .filter(|(i, j)| judge.notices(pdfs, *i, spectra, *j))
            .count(),
        tried: pairs.len(),
    };
    let own: Vec<(usize, usize)> = (0..n).map(|i| (i, i)).collect();
    Ok(Curves {
        mismatch: count(MISMATCH, &mates(&apart), &pdfs, &spectra),
        nearest: count(0.0, &nearest(&apart, glasses.groups), &pdfs, &spectra),
        energy_scale: (ENERGY_STRETCHES.into_iter())
            .map(|by| Ok(count(by, &own, &pdfs, &spectra_of(by)?)))
            .collect::<Result<_>>()?,
        r_scale: (R_STRETCHES.into_iter())
            .map(|by| Ok(count(by, &own, &pdfs_of(by)?, &spectra)))
            .collect::<Result<_>>()?,
        disorder: (disorders(judge, glasses.x)?.into_iter())
            .map(|(by, pairs)| count(by, &pairs, &pdfs, &spectra))
            .collect(),
    })
}

/// `|y_i - y_j| / |y_i|` of all pairs of rows, by products about the mean.
fn apart(y: MatRef<'_, f64>) -> Mat<f64> {
    let about_mean = rows::centred(y, &rows::mean(y));
    let products = &about_mean * about_mean.transpose();
    let size: Vec<f64> = y.row_iter().map(|r| r.norm_l2()).collect();
    Mat::from_fn(size.len(), size.len(), |i, j| {
        let squared = products[(i, i)] + products[(j, j)] - 2.0 * products[(i, j)];
        squared.max(0.0).sqrt() / size[i]
    })
}

/// Each glass with some others whose spectra differ clearly.
fn mates(apart: &Mat<f64>) -> Vec<(usize, usize)> {
    let n = apart.nrows();
    (0..n)
        .flat_map(|i| (1..=MATES).map(move |k| (i, (i + k * n / (MATES + 1)) % n)))
        .filter(|&(i, j)| i != j && apart[(i, j)] > MISMATCH)
        .collect()
}

/// Each glass with the one whose spectrum is most similar.
fn nearest(apart: &Mat<f64>, groups: &[usize]) -> Vec<(usize, usize)> {
    let n = apart.nrows();
    let partner = |i: usize| {
        (0..n)
            .filter(|&j| groups[j] != groups[i])
            .min_by(|&a, &b| apart[(i, a)].total_cmp(&apart[(i, b)]))
    };
    (0..n).filter_map(|i| Some((i, partner(i)?))).collect()
}

/// PDF of the first with spectrum of the second.
type Pairs = Vec<(usize, usize)>;

/// For each of [`DISORDERS`], each glass with those that differ by about so much, up and down.
fn disorders(judge: &Judge<'_>, x: MatRef<'_, f64>) -> Result<Vec<(f64, Pairs)>> {
    let operator = judge.operator;
    let model = OneParameter::fit(operator.x.as_ref(), operator.y.as_ref())?;
    let mut sorted = model.amounts(operator.x.as_ref());
    sorted.sort_by(f64::total_cmp);
    let tail = (TAIL * sorted.len() as f64) as usize;
    let range = sorted[sorted.len() - 1 - tail] - sorted[tail];
    let t = model.amounts(x);
    let partner = |i: usize, wanted: f64| {
        (0..t.len())
            .map(|j| (j, (t[j] - t[i] - wanted).abs()))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(_, off)| *off < ABOUT * wanted.abs())
            .map(|(j, _)| (i, j))
    };
    Ok(DISORDERS
        .into_iter()
        .map(|by| {
            let pairs = (0..t.len())
                .flat_map(|i| [partner(i, by * range), partner(i, -by * range)])
                .flatten()
                .collect();
            (by, pairs)
        })
        .collect())
}

/// Rows on `grid` with its axis stretched by `1 + by`: `y(x/(1+s))`, over `1 + s` if the rows are densities; linear between bin
/// centres.
pub(super) fn stretched(rows: MatRef<'_, f64>, grid: Grid, by: f64, density: bool) -> Mat<f64> {
    let factor = if density { 1.0 / (1.0 + by) } else { 1.0 };
    Mat::from_fn(rows.nrows(), grid.len(), |i, j| {
        let place = ((grid.centre(j) / (1.0 + by) - grid.start()) / grid.step() - 0.5).max(0.0);
        let k = (place as usize).min(grid.len() - 2);
        let t = place - k as f64;
        factor * ((1.0 - t) * rows[(i, k)] + t * rows[(i, k + 1)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_difference_is_the_one_from_which_on_all_are_noticed() {
        let point = |size, noticed, tried| Point {
            size,
            noticed,
            tried,
        };
        let points = [
            point(0.1, 9, 10),
            point(0.2, 7, 10),
            point(0.3, 8, 10),
            point(0.4, 0, 2),
        ];
        assert_eq!(smallest(&points), Some(0.3));
        assert_eq!(smallest(&points[..2]), None);
        assert_eq!(smallest(&[]), None);
    }

    #[test]
    fn a_stretched_density_keeps_its_area_and_moves_its_peak() {
        let grid = Grid::new(0.0, 100.0, 1000).unwrap();
        let peak = Mat::from_fn(1, 1000, |_, j| {
            (-(grid.centre(j) - 50.0f64).powi(2) / 8.0).exp()
        });
        let moved = stretched(peak.as_ref(), grid, 0.1, true);
        let area = |m: &Mat<f64>| -> f64 { m.row(0).iter().sum() };
        assert!((area(&moved) / area(&peak) - 1.0).abs() < 1e-3);
        let top = (0..1000).max_by(|&a, &b| moved[(0, a)].total_cmp(&moved[(0, b)]));
        assert!((grid.centre(top.unwrap()) - 55.0).abs() < 0.2);
    }
}
