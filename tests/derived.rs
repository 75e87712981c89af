//! The 95 % intervals of the numbers taken from an inferred g(r), on glasses that the operator does not know.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

#[path = "support/sets.rs"]
mod sets;

use glassbridge::inverse::{DERIVED_NAMES, Inverter, Measurement};
use glassbridge::operator::{Operator, Settings, TrainingSet};
use statrs::distribution::{Binomial, DiscreteCDF};
use std::f64::consts::PI;

const NOISE: f64 = 0.03;
/// A first peak is higher than this part of the highest, as the library documents.
const PEAK: f64 = 0.3;

/// Peak position, height and width, neighbours within `cutoff`, and density of glass `i`, taken from its own g(r).
fn truth(set: &TrainingSet, i: usize, cutoff: f64) -> [f64; 5] {
    let (r, p) = (set.r, set.r.len());
    let g: Vec<f64> = (0..p).map(|j| set.g[(i, j)]).collect();
    let top = g.iter().copied().fold(0.0, f64::max);
    let k = (1..p - 1)
        .find(|&k| g[k] > PEAK * top && g[k] >= g[k - 1] && g[k] > g[k + 1])
        .unwrap();
    let curvature = g[k - 1] - 2.0 * g[k] + g[k + 1];
    let slope = 0.5 * (g[k + 1] - g[k - 1]);
    let height = g[k] - 0.5 * slope * slope / curvature;
    let crossing = |from: usize, to: usize| {
        let t = (g[from] - 0.5 * height) / (g[from] - g[to]);
        r.centre(from) + t * (r.centre(to) - r.centre(from))
    };
    let left = (0..k).rev().find(|&j| g[j] < 0.5 * height).unwrap();
    let right = (k..p).find(|&j| g[j] < 0.5 * height).unwrap();
    let density = set.density.as_ref().unwrap()[i];
    let shell = |j: usize| {
        let r = r.centre(j);
        let around = if set.dimensions == 2 {
            2.0 * PI * r
        } else {
            4.0 * PI * r * r
        };
        around * g[j] * set.r.step() * density
    };
    let inside = (0..p).filter(|&j| r.centre(j) < cutoff + 0.5 * r.step());
    [
        r.centre(k) - slope / curvature * r.step(),
        height,
        crossing(right - 1, right) - crossing(left + 1, left),
        inside.map(shell).sum(),
        density,
    ]
}

/// How many of the held-out glasses there are, and of how many each number lies in its interval.
fn covered(material: &str, seed: u64) -> Option<(usize, [usize; 5])> {
    let set = sets::load(material)?;
    let (train, test) = sets::split(&set, seed);
    let operator = Operator::train(&train, &Settings::default()).unwrap();
    let noisy = sets::Disturbance {
        noise: NOISE,
        ..Default::default()
    };
    let (raw, _) = sets::measure(&test, noisy, 50 + seed);
    let measured = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
    let inverter = Inverter::new(&operator, &measured.channel).unwrap();
    let cutoff = inverter.coordination_cutoff().unwrap();
    let mut inside = [0; 5];
    for (i, found) in inverter.invert(measured.data.as_ref()).iter().enumerate() {
        for (k, truth) in truth(&test, i, cutoff).into_iter().enumerate() {
            let number = found.derived.iter().find(|d| d.name == DERIVED_NAMES[k]);
            inside[k] += usize::from(number.is_some_and(|d| d.low <= truth && truth <= d.high));
        }
    }
    println!("{material}, split {seed}: of {} {inside:?}", test.g.nrows());
    Some((test.g.nrows(), inside))
}

/// Largest k with P(at most k of n) below `level` when each is inside with probability 0.95.
fn unlikely(n: usize, level: f64) -> usize {
    let inside = Binomial::new(0.95, n as u64).unwrap();
    (0..n)
        .take_while(|k| inside.cdf(*k as u64) < level)
        .last()
        .unwrap_or(0)
}

/// Five numbers and a calibration on three times as many glasses as are tried: what chance alone does once in ten thousand is no chance.
#[test]
fn intervals_of_derived_numbers_hold() {
    let Some((n, inside)) = covered("sic", 0) else {
        return;
    };
    let least = unlikely(n, 1e-4);
    for (name, inside) in DERIVED_NAMES.iter().zip(inside) {
        assert!(
            inside > least,
            "{name}: {inside} of {n}, more than {least} expected"
        );
    }
}

#[test]
fn the_bar_is_that_of_the_binomial_law() {
    // scipy.stats.binom.ppf(1e-4, 37, 0.95) = 29: P(at most 28) < 1e-4 <= P(at most 29).
    assert_eq!(unlikely(37, 1e-4), 28);
}
