//! Whether what the program says about its uncertainty is true on the glasses of `../shared/datasets` that it was not trained on.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

#[path = "support/development.rs"]
mod sets;

use glassbridge::consistency::validation::{Known, Settings};
use glassbridge::consistency::{Answer, Judge, Power, Validation, Verdict};
use glassbridge::curve::Quantity;
use glassbridge::inverse::{Diffraction, Measurement, Raw};
use glassbridge::operator::{Operator, Settings as Training, TrainingSet, rows};

/// Noise of the spectra, relative to their rms, at which the bars of science.md (section 8) are set.
const NOISE: f64 = 0.03;
/// Random splits of each set, a quarter held out of each; a split costs half a minute of processor time.
const SPLITS: u64 = 1;
/// "Must" bars of science.md, section 8. Eighty held-out glasses scatter by 0.024 around a rate of 0.05, so that the rate of one set may
/// exceed its bar by two of these; the mean over the sets may not. Coverage of one split scatters by 0.015, since the errors of one glass
/// go together in all its bins.
const ALARMS: f64 = 0.08;
const SCATTER: f64 = 0.05;
const COVERAGE: (f64, f64) = (0.90, 0.98);
const COVERAGE_SCATTER: f64 = 0.015;
const POWER: f64 = 0.88;
/// The mean of some 230 uniform p-values is off one half by 0.02 (that the calibration has 120 to 180 glasses counts too). True pairs may
/// look a little better than that: the operator of all glasses knows a tenth more than those of the folds that calibrate it.
const MIDDLE: (f64, f64) = (0.45, 0.57);

#[test]
fn claims_hold_on_held_out_glasses() {
    let (mut alarms, mut coverage, mut p_values) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "set      skill  coverage  pull sd  KS P   alarms outside  power  nearest  E scale, r scale, disorder"
    );
    for material in sets::NAMES {
        let Some(set) = sets::load(material) else {
            return;
        };
        for seed in 0..SPLITS {
            let v = held_out(&set, seed);
            println!(
                "{material:<8} {:.3}  {:.3}     {:.2}     {:.3}  {:.3}  {:.3}    {:.3}  {:.3}    {}",
                v.noisy.skill,
                v.coverage95,
                v.pull_sd,
                v.p_value_ks_probability,
                v.true_pairs.false_alarms,
                v.true_pairs.outside,
                v.power.mismatch.share(),
                v.power.nearest.share(),
                Power::from(&v.power).smallest().join(", ")
            );
            alarms.push(v.true_pairs.false_alarms);
            coverage.push(v.coverage95);
            assert!(
                (COVERAGE.0 - COVERAGE_SCATTER..=COVERAGE.1 + COVERAGE_SCATTER)
                    .contains(&v.coverage95),
                "{material}: coverage {}",
                v.coverage95
            );
            assert!(v.true_pairs.false_alarms <= ALARMS + SCATTER, "{material}");
            assert!(v.true_pairs.outside <= ALARMS + SCATTER, "{material}");
            p_values.extend(v.true_pairs.p_values);
            assert!(v.power.mismatch.share() >= POWER, "{material}");
        }
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let middle = mean(&p_values);
    println!("mean p-value of {} true pairs: {middle:.3}", p_values.len());
    assert!((MIDDLE.0..MIDDLE.1).contains(&middle), "{middle}");
    let (alarms, coverage) = (mean(&alarms), mean(&coverage));
    println!("mean of all: false alarms {alarms:.3}, coverage {coverage:.3}");
    assert!(alarms <= ALARMS, "{alarms}");
    assert!((COVERAGE.0..=COVERAGE.1).contains(&coverage), "{coverage}");
}

fn held_out(set: &TrainingSet, seed: u64) -> Validation {
    let (train, test) = sets::split(set, seed);
    let operator = Operator::train(&train, &Training::default()).unwrap();
    let known = Known {
        g: test.g,
        density: test.density,
        spectra: test.spectra,
    };
    let settings = Settings {
        noise: NOISE,
        seed: seed + 20,
    };
    Validation::of(&operator, &known, settings).unwrap()
}

/// Pairs of every other material that an operator is shown.
const SHOWN: usize = 20;
/// Other materials that each operator is shown: the next in the list (docs/validation.md has the whole table).
const OTHERS: usize = 2;
/// Share of them that must not be called consistent.
const NOTICED: f64 = 0.95;

/// The operator of one material must not take the pairs of another for its own: outside the domain, inconsistent, or refused because the
/// curves do not even overlap.
#[test]
fn other_materials_are_noticed() {
    let sets: Option<Vec<TrainingSet>> = sets::NAMES.iter().map(|m| sets::load(m)).collect();
    let Some(sets) = sets else { return };
    for (k, own) in sets.iter().enumerate() {
        let operator = Operator::train(own, &Training::default()).unwrap();
        for j in (k + 1..=k + OTHERS).map(|j| j % sets.len()) {
            let share = noticed(&operator, &sets[j]);
            let (by, of) = (sets::NAMES[k], sets::NAMES[j]);
            println!("{of} is noticed by the operator of {by} in {share:.2} of pairs");
            assert!(share >= NOTICED, "{of} by {by}: {share}");
        }
    }
}

fn noticed(operator: &Operator, set: &TrainingSet) -> f64 {
    let which: Vec<usize> = (0..SHOWN).map(|k| k * set.g.nrows() / SHOWN).collect();
    let density: Option<Vec<f64>> =
        (set.density.as_ref()).map(|d| which.iter().map(|&i| d[i]).collect());
    let raw = |x: Vec<f64>, y: &faer::Mat<f64>, quantity| Raw {
        x,
        y: rows::select(y.as_ref(), &which),
        sigma: None,
        quantity,
    };
    let spectra = raw(set.energy.centres(), &set.spectra, Quantity::Vdos);
    let pdfs = raw(set.r.centres(), &set.g, Quantity::PairDistribution);
    let spectrum = Measurement::spectra(operator, &spectra, Some(NOISE), &[]);
    let pdf = Measurement::pdfs(operator, &pdfs, density.as_deref(), &Diffraction::default());
    let (Ok(spectrum), Ok(pdf)) = (spectrum, pdf) else {
        return 1.0;
    };
    let judge = Judge::new(operator, &spectrum.channel, &pdf.channel).unwrap();
    let caught = (0..SHOWN).filter(|&i| {
        let z = spectrum.data.subrows(i, 1);
        let comparison = judge.compare(z, pdf.data.subrows(i, 1));
        let verdict = Verdict::of(
            &comparison,
            &Power::default(),
            &spectrum.channel.x,
            &rows::row(z, 0),
        );
        matches!(verdict.answer, Answer::OutsideDomain | Answer::Inconsistent)
    });
    caught.count() as f64 / SHOWN as f64
}
