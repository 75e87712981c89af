//! The operator, the inversion and the verdict on the five development sets of `../shared/datasets`, against the bars
//! that a prototype set (`science.md`, section 8). Nothing is tuned by material; samples are held out by group.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

#[path = "support/development.rs"]
mod sets;

use faer::Mat;
use glassbridge::consistency::{Domain, Judge, Power};
use glassbridge::curve::Quantity;
use glassbridge::inverse::{Diffraction, Inverter, Measurement, Raw};
use glassbridge::operator::{Operator, Settings, TrainingSet, rows};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use sets::{load, split};

/// The sets with the least skill and coverage asked for at 3 % noise (must bars of science.md, section 8; the held-out
/// quarter of a set scatters by about 0.01 around them).
const SETS: [(&str, f64); 5] = [
    ("lj3d", 0.97),
    ("lj2d", 0.97),
    ("graphene", 0.93),
    ("cualzr", 0.96),
    ("sic", 0.965),
];
const NOISE: f64 = 0.03;

fn noisy(set: &TrainingSet, seed: u64) -> Raw {
    let y = &set.spectra;
    let rms = (y.squared_norm_l2() / (y.nrows() * y.ncols()) as f64).sqrt();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let noise = Mat::from_fn(y.nrows(), y.ncols(), |_, _| {
        let xi: f64 = StandardNormal.sample(&mut rng);
        NOISE * rms * xi
    });
    Raw {
        x: set.energy.centres(),
        y: y + noise,
        sigma: None,
        quantity: Quantity::Vdos,
    }
}

#[test]
fn inversion_beats_the_training_mean_and_its_band_holds() {
    for (material, least_skill) in SETS {
        let Some(set) = load(material) else { return };
        let (mut error, mut total, mut covered, mut count) = (0.0, 0.0, 0.0, 0.0);
        for seed in 0..2 {
            let (train, test) = split(&set, seed);
            let operator = Operator::train(&train, &Settings::default()).unwrap();
            let raw = noisy(&test, seed + 10);
            let measurement = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
            let inverter = Inverter::new(&operator, &measurement.channel).unwrap();
            let mean = rows::mean(train.g.as_ref());
            for (i, found) in inverter
                .invert(measurement.data.as_ref())
                .iter()
                .enumerate()
            {
                for j in 0..mean.len() {
                    let truth = test.g[(i, j)];
                    error += (found.g[j] - truth).powi(2);
                    total += (mean[j] - truth).powi(2);
                    if train.g.col(j).norm_max() > 0.0 {
                        count += 1.0;
                        covered +=
                            f64::from(u8::from(found.low[j] <= truth && truth <= found.high[j]));
                    }
                }
            }
        }
        let (skill, coverage) = (1.0 - error / total, covered / count);
        println!("{material}: skill {skill:.4}, coverage {coverage:.3}");
        assert!(skill > least_skill, "{material}: skill {skill}");
        assert!(
            (0.90..=0.99).contains(&coverage),
            "{material}: coverage {coverage}"
        );
    }
}

#[test]
fn true_pairs_pass_and_wrong_pairs_do_not() {
    for (material, _) in SETS {
        let Some(set) = load(material) else { return };
        let (mut alarms, mut pairs, mut caught, mut wrong, mut outside) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for seed in 0..2 {
            let (train, test) = split(&set, seed);
            let operator = Operator::train(&train, &Settings::default()).unwrap();
            let raw = noisy(&test, seed + 20);
            let spectrum = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
            let pdf = Raw {
                x: test.r.centres(),
                y: test.g.clone(),
                sigma: None,
                quantity: Quantity::PairDistribution,
            };
            let pdf = Measurement::pdfs(
                &operator,
                &pdf,
                test.density.as_deref(),
                &Diffraction::default(),
            )
            .unwrap();
            let judge = Judge::new(&operator, &spectrum.channel, &pdf.channel).unwrap();
            let n = test.g.nrows();
            for i in 0..n {
                let d = pdf.data.subrows(i, 1);
                let own = judge.compare(spectrum.data.subrows(i, 1), d);
                pairs += 1.0;
                alarms += f64::from(u8::from(own.p_value <= 0.05));
                outside += f64::from(u8::from(!(own.spectrum.inside && own.pdf.inside)));
                let j = (i + n / 2) % n;
                let apart = (test.spectra.row(i) - test.spectra.row(j)).norm_l2()
                    / test.spectra.row(i).norm_l2();
                if apart > 0.1 {
                    wrong += 1.0;
                    let other = judge.compare(spectrum.data.subrows(j, 1), d);
                    caught += f64::from(u8::from(other.p_value <= 0.05));
                }
            }
            println!("{material}: {:?}", Power::from(&judge.curves().unwrap()));
        }
        println!(
            "{material}: false alarms {:.3}, outside {:.3}, power {:.3}",
            alarms / pairs,
            outside / pairs,
            caught / wrong
        );
        assert!(alarms / pairs <= 0.12, "{material}");
        assert!(outside / pairs <= 0.10, "{material}");
        assert!(caught / wrong >= 0.88, "{material}");
    }
}

/// Spectra of one material are not judged by the operator of another.
#[test]
fn another_material_is_outside_the_domain() {
    let (Some(three), Some(two)) = (load("lj3d"), load("lj2d")) else {
        return;
    };
    let operator = Operator::train(&three, &Settings::default()).unwrap();
    let raw = noisy(&two, 5);
    let measurement = Measurement::spectra(&operator, &raw, Some(NOISE), &[]).unwrap();
    let inverter = Inverter::new(&operator, &measurement.channel).unwrap();
    let left_out = inverter.seen.left_out_distances().unwrap();
    let found = inverter.invert(measurement.data.as_ref());
    let outside = found
        .iter()
        .filter(|i| !Domain::rank(i.distance, left_out).inside)
        .count();
    println!("{outside} of {} outside", found.len());
    assert!(outside as f64 > 0.95 * found.len() as f64);
}
