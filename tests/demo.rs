//! The demonstration, and what its operator is worth on silica glasses that were kept from it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

use assert_cmd::Command;
use faer::Mat;
use glassbridge::inverse::{Inverter, Measurement, Raw};
use glassbridge::operator::{Operator, Settings, TrainingSet, Weighting, groups, rows};
use predicates::prelude::*;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use std::path::PathBuf;

const NOISE: f64 = 0.03;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo")).join(name)
}

fn glassbridge() -> Command {
    Command::cargo_bin("glassbridge").unwrap()
}

#[test]
fn the_demonstration_agrees_and_writes_its_report() {
    let folder = tempfile::tempdir().unwrap();
    glassbridge()
        .args(["demo", "--out"])
        .arg(folder.path())
        .assert()
        .success()
        .stdout(predicate::str::contains("consistent"));
    let mut wanted = vec![
        "report.html",
        "figures/overlay.png",
        "figures/overlay.svg",
        "figures/overlay.csv",
    ];
    if cfg!(feature = "pdf") {
        wanted.push("report.pdf");
    }
    for name in wanted {
        assert!(
            folder.path().join(name).metadata().unwrap().len() > 1000,
            "{name}"
        );
    }
}

/// The same T(r) with every distance 2 % longer is not the partner of the spectrum.
#[test]
fn a_stretched_pdf_is_not_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixture("pdf.dat")).unwrap();
    let stretched: String = text
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            match words.next().map(str::parse::<f64>) {
                Some(Ok(r)) => format!("{} {}\n", 1.02 * r, words.collect::<Vec<_>>().join(" ")),
                _ => format!("{line}\n"),
            }
        })
        .collect();
    let path = folder.path().join("stretched.dat");
    std::fs::write(&path, stretched).unwrap();
    glassbridge()
        .arg("check")
        .arg(fixture("silica.npz"))
        .arg("--spectrum")
        .arg(fixture("spectrum.dat"))
        .arg("--pdf")
        .arg(&path)
        .assert()
        .code(3);
}

/// A quarter of the demonstration's glasses is held out, four times over: the inversion of their spectra with 3 % noise beats
/// the training mean clearly, and the 95 % band holds about as often as it says. 200 glasses leave about ±0.02 on the coverage.
#[test]
fn held_out_silica_is_inverted_with_an_honest_band() {
    let all = Operator::load(&fixture("silica.npz")).unwrap();
    let density = all.relative_density.clone().unwrap();
    let alone: Vec<usize> = (0..all.samples()).collect();
    let folds = groups::folds(&alone, 4, 3);
    let (mut error, mut total, mut covered, mut count) = (0.0, 0.0, 0.0, 0.0);
    for fold in 0..4 {
        let (test, train): (Vec<usize>, Vec<usize>) =
            alone.iter().partition(|&&i| folds[i] == fold);
        let g = |which: &[usize]| -> Mat<f64> {
            let each: Vec<Vec<f64>> = which.iter().map(|&i| all.training_g(i)).collect();
            Mat::from_fn(which.len(), each[0].len(), |i, j| each[i][j])
        };
        let set = TrainingSet {
            g: g(&train),
            spectra: rows::select(all.y.as_ref(), &train),
            added: Vec::new(),
            density: Some(train.iter().map(|&i| density[i]).collect()),
            r: all.meta.r,
            energy: all.meta.energy,
            quantity: all.meta.quantity,
            spectrum_unit: all.meta.spectrum_unit,
            weighting: Weighting::Neutron,
            dimensions: 3,
            composition: Some("SiO2".into()),
            sources: Vec::new(),
            notes: Vec::new(),
        };
        let operator = Operator::train(&set, &Settings::default()).unwrap();
        let clean = rows::select(all.y.as_ref(), &test);
        let rms = (clean.squared_norm_l2() / (clean.nrows() * clean.ncols()) as f64).sqrt();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(fold as u64);
        let noise = Mat::from_fn(clean.nrows(), clean.ncols(), |_, _| {
            let xi: f64 = StandardNormal.sample(&mut rng);
            NOISE * rms * xi
        });
        let raw = Raw {
            x: all.meta.energy.centres(),
            y: clean + noise,
            sigma: None,
            quantity: all.meta.quantity,
        };
        let measured = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
        let inverter = Inverter::new(&operator, &measured.channel).unwrap();
        let (mean, truth) = (rows::mean(set.g.as_ref()), g(&test));
        for (i, found) in inverter.invert(measured.data.as_ref()).iter().enumerate() {
            for j in (0..mean.len()).filter(|&j| set.g.col(j).norm_max() > 1e-3) {
                let t = truth[(i, j)];
                error += (found.g[j] - t).powi(2);
                total += (mean[j] - t).powi(2);
                count += 1.0;
                covered += f64::from(u8::from(found.low[j] <= t && t <= found.high[j]));
            }
        }
    }
    let (skill, coverage) = (1.0 - error / total, covered / count);
    println!("silica: skill {skill:.3}, coverage {coverage:.3}");
    assert!(skill > 0.9, "skill {skill}");
    assert!((0.93..=0.97).contains(&coverage), "coverage {coverage}");
}
