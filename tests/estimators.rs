//! `train --estimator`, and what degenerate samples do to each estimator.

#[path = "support/tiny.rs"]
#[allow(dead_code, reason = "not every helper is needed here")]
mod tiny;

use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::dataset::store::{Axis, Manifest};
use glassbridge::dataset::{Dataset, Recipe};
use glassbridge::inverse::{Diffraction, Measurement, Predictor, Raw};
use glassbridge::operator::features::{Block, Described};
use glassbridge::operator::fit::LinearMap;
use glassbridge::operator::fit::elastic_net::{ElasticNet, Penalty};
use glassbridge::operator::fit::pls::{PlsPath, Scaling};
use glassbridge::operator::fit::reduced_rank::ReducedRank;
use glassbridge::operator::fit::ridge::{RidgePath, Weights};
use glassbridge::operator::forward::{Estimator, Request};
use glassbridge::operator::{Operator, Settings, TrainingSet, rows};
use glassbridge::units::Unit;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Every estimator with settings mild enough for any data.
fn fit_all(
    x: &Mat<f64>,
    y: &Mat<f64>,
) -> Vec<(&'static str, glassbridge::error::Result<LinearMap>)> {
    let (x, y) = (x.as_ref(), y.as_ref());
    let penalty = Penalty {
        lasso: 1e-3,
        ridge: 1e-3,
    };
    vec![
        (
            "ridge",
            RidgePath::new(x, y).and_then(|p| Ok(p.fit(p.best_lambda(&p.default_lambdas())?))),
        ),
        (
            "elastic net",
            ElasticNet::new(x, y).and_then(|n| Ok(n.fit(penalty)?.map)),
        ),
        (
            "pls",
            PlsPath::new(x, y, 1, Scaling::Unit).map(|p| p.fit(1)),
        ),
        (
            "reduced rank",
            RidgePath::new(x, y).and_then(|p| Ok(ReducedRank::new(&p, 1e-3)?.fit(1))),
        ),
    ]
}

fn wave(i: usize, j: usize) -> f64 {
    ((i * i * 7 + j * 13 + i * j * j) as f64 * 0.37).sin()
}

/// Inputs that fit, and the largest residual that a map of rank one may leave of `y = 3 x₀ + 1`.
#[test]
fn degenerate_inputs_that_can_be_fitted() {
    let base = |n: usize, p: usize| Mat::from_fn(n, p, wave);
    let cases: [(&str, Mat<f64>); 5] = [
        (
            "integers",
            Mat::from_fn(30, 3, |i, j| ((i * (j + 2)) % 7) as f64),
        ),
        ("equal columns", Mat::from_fn(30, 4, |i, j| wave(i, j / 2))),
        (
            "a constant column",
            Mat::from_fn(30, 3, |i, j| if j == 1 { 5.0 } else { wave(i, j) }),
        ),
        ("repeated rows", Mat::from_fn(30, 3, |i, j| wave(i / 3, j))),
        ("fewer samples than inputs", base(6, 20)),
    ];
    for (what, x) in &cases {
        let y = Mat::from_fn(x.nrows(), 2, |i, _| 3.0 * x[(i, 0)] + 1.0);
        let mean = y.col(0).sum() / y.nrows() as f64;
        let spread = y.col(0).iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        for (name, map) in fit_all(x, &y) {
            let map = map.unwrap_or_else(|e| panic!("{name} on {what}: {e}"));
            assert!(map.matrix.is_all_finite(), "{name} on {what}");
            let error = (&y - map.predict(x.as_ref())).col(0).squared_norm_l2();
            // One component of PLS need not find the direction; all others must.
            let share = if name == "pls" { 1.0 } else { 0.02 };
            assert!(
                error < share * spread,
                "{name} on {what}: {error} of {spread}"
            );
        }
    }
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let (x, y) = (Mat::from_fn(8, 3, wave), Mat::from_fn(8, 2, wave));
    let mut holed = x.clone();
    holed[(2, 1)] = f64::NAN;
    let cases = [
        (
            x.subrows(0, 1).to_owned(),
            y.subrows(0, 1).to_owned(),
            "one sample",
        ),
        (
            x.subrows(0, 5).to_owned(),
            y.clone(),
            "5 inputs but 8 outputs",
        ),
        (holed, y.clone(), "finite"),
        (Mat::zeros(8, 0), y.clone(), "nothing to fit"),
        (x.clone(), Mat::zeros(8, 0), "nothing to fit"),
    ];
    for (x, y, word) in &cases {
        for (name, map) in fit_all(x, y) {
            let e = map.unwrap_err().to_string();
            assert!(e.contains(word), "{name}: {e}");
        }
    }
    let constant = Mat::from_fn(8, 3, |_, j| j as f64);
    for (name, map) in fit_all(&constant, &y) {
        let map = map.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(map.matrix.norm_max() < f64::MIN_POSITIVE, "{name}");
    }
}

/// A weight of two is the sample twice over; the weight of a channel moves the common λ only.
#[test]
fn weights_of_ridge() {
    let (x, y) = (
        Mat::from_fn(12, 4, wave),
        Mat::from_fn(12, 2, |i, j| wave(i + 2, j + 5)),
    );
    let twice: Vec<f64> = (0..12).map(|i| if i < 4 { 2.0 } else { 1.0 }).collect();
    let weights = Weights {
        samples: Some(&twice),
        channels: None,
    };
    let weighted = RidgePath::weighted(x.as_ref(), y.as_ref(), weights)
        .unwrap()
        .fit(0.2);
    let rows = |m: &Mat<f64>| Mat::from_fn(16, m.ncols(), |i, j| m[(i % 12, j)]);
    let repeated = RidgePath::new(rows(&x).as_ref(), rows(&y).as_ref())
        .unwrap()
        .fit(0.2);
    assert!((weighted.matrix - repeated.matrix).norm_max() < 1e-12);
    for (a, b) in weighted.offset.iter().zip(&repeated.offset) {
        assert!((a - b).abs() < 1e-12);
    }
    let lambdas: Vec<f64> = (0..20)
        .map(|k| 10f64.powf(f64::from(k) / 4.0 - 3.0))
        .collect();
    let first = Weights {
        samples: None,
        channels: Some(&[1.0, 1e-12]),
    };
    let path = RidgePath::weighted(x.as_ref(), y.as_ref(), first).unwrap();
    assert_eq!(
        path.best_lambda(&lambdas).unwrap().to_bits(),
        path.best_lambdas(&lambdas).unwrap()[0].to_bits()
    );
    for wrong in [&[1.0][..], &[1.0, 0.0], &[1.0, f64::NAN]] {
        let weights = Weights {
            samples: None,
            channels: Some(wrong),
        };
        let e = RidgePath::weighted(x.as_ref(), y.as_ref(), weights).unwrap_err();
        assert!(e.to_string().contains("channels"), "{e}");
    }
}

#[test]
fn every_estimator_trains_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let set = tiny::set(40, 1);
    for estimator in [
        Estimator::Ridge,
        Estimator::ElasticNet,
        Estimator::Pls,
        Estimator::ReducedRank,
        Estimator::KernelRidge,
    ] {
        let settings = Settings {
            forward: Request {
                estimator,
                ..Request::default()
            },
            ..Settings::default()
        };
        let operator = Operator::train(&set, &settings).unwrap();
        let forward = &operator.meta.forward;
        assert_eq!(forward.estimator, estimator);
        assert!(operator.meta.scores.held_out_r2 > 0.98, "{estimator}");
        assert!(
            forward.relative_gap.is_none_or(|gap| gap < 1e-6),
            "{forward:?}"
        );
        let path = folder.path().join(format!("{estimator}.npz"));
        operator.save(&path).unwrap();
        let back = Operator::load(&path).unwrap();
        assert_eq!((&back.meta, &back.w), (&operator.meta, &operator.w));
        assert_eq!(back.reference, operator.reference);
        assert_eq!(
            operator.reference.is_some(),
            estimator == Estimator::KernelRidge
        );
    }
}

/// What a PDF on the operator's grid implies is what the operator's own map says, linear or not, of g or of more.
#[test]
fn prediction_is_by_the_operator_s_own_map() {
    let mut set = tiny::set(40, 1);
    // Not linear in g, so that the maps differ.
    set.spectra = Mat::from_fn(40, set.energy.len(), |i, j| {
        100.0 * set.spectra[(i, j)].powi(2)
    });
    for (estimator, blocks) in [
        (Estimator::KernelRidge, vec![]),
        (Estimator::Ridge, vec![Block::Pairs, Block::Squares]),
        (Estimator::ElasticNet, vec![Block::Squares]),
    ] {
        let forward = Request {
            estimator,
            ..Request::default()
        };
        let settings = Settings {
            forward,
            blocks,
            ..Settings::default()
        };
        let operator = Operator::train(&set, &settings).unwrap();
        assert!(!operator.forward_is_joint());
        let raw = Raw {
            x: set.r.centres(),
            y: set.g.clone(),
            sigma: Some(vec![1e-9; set.r.len()]),
            quantity: Quantity::PairDistribution,
        };
        let measured = Measurement::pdfs(&operator, &raw, None, &Diffraction::default()).unwrap();
        let predictor = Predictor::new(&operator, &measured.channel).unwrap();
        let found = predictor.predict_by_map(measured.data.as_ref()).unwrap();
        let joint = predictor.predict(measured.data.as_ref());
        let own = operator.predict(Described::pairs(set.g.as_ref())).unwrap();
        let off = |spectrum: &[f64], i: usize| {
            let each = spectrum.iter().enumerate();
            each.map(|(j, y)| (y - own[(i, j)]).abs())
                .fold(0.0, f64::max)
                / own.norm_max()
        };
        let (mut ours, mut others) = (0.0_f64, 0.0_f64);
        for i in 0..found.len() {
            ours = ours.max(off(&found[i].spectrum, i));
            others = others.max(off(&joint[i].spectrum, i));
        }
        assert!(ours < 1e-6, "{estimator}: {ours:e}");
        assert!(
            others > 1e-3,
            "{estimator}: the joint distribution says the same"
        );
    }
}

/// The maps of a stream of all samples are those of ridge on all; what the operator keeps is the part.
#[test]
fn streamed_maps_know_all_samples_and_the_operator_keeps_a_part() {
    /// Two roads to the same number, relative; λ is of the order of 1e-6 of the variance.
    const ROUNDING: f64 = 1e-7;
    let (part, whole) = (tiny::set(40, 1), tiny::set(400, 2));
    let operator = Operator::train(&part, &Settings::default()).unwrap();
    let blocks = || {
        let at = |first: usize| {
            let count = 64.min(400 - first);
            let pick = |m: &Mat<f64>| m.subrows(first, count).to_owned();
            Ok((pick(&whole.g), pick(&whole.spectra)))
        };
        Ok((0..400).step_by(64).map(at))
    };
    let refitted = operator.clone().refitted(blocks).unwrap();
    let lambda = refitted.meta.forward.lambda.unwrap();
    let path = RidgePath::new(whole.g.as_ref(), whole.spectra.as_ref()).unwrap();
    let expected = path.fit(lambda);
    let size = expected.matrix.norm_max();
    assert!((&refitted.w - &expected.matrix).norm_max() < ROUNDING * size);
    let streamed = refitted.meta.streamed.unwrap();
    assert_eq!((streamed.samples, refitted.samples()), (400, 40));
    let loo = path.leave_one_out(lambda).squared_norm_l2();
    let mean = rows::mean(whole.spectra.as_ref());
    let total = rows::centred(whole.spectra.as_ref(), &mean).squared_norm_l2();
    assert!((streamed.forward_r2 - (1.0 - loo / total)).abs() < ROUNDING);
    assert!(operator.forward_is_joint() && !refitted.forward_is_joint());
    // No λ of the whole path is better than what was chosen.
    let errors = path.leave_one_out_errors(&path.default_lambdas());
    let best = errors.into_iter().fold(f64::INFINITY, f64::min);
    let chosen = path.leave_one_out_errors(&[lambda])[0];
    assert!(chosen <= 1.01 * best, "{chosen:e} {best:e}");
}

/// A set of more samples than an operator keeps trains by the same command; the file says what is of all and what of a part.
#[test]
fn a_large_dataset_is_thinned_for_the_operator_and_streamed_for_its_maps() {
    const SAMPLES: usize = 2100;
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("set");
    let set = tiny::set(SAMPLES, 3);
    write_dataset(&set, &dataset);
    let out = folder.path().join("op.npz");
    let assert = tiny::glassbridge()
        .arg("train")
        .arg(&dataset)
        .args(["--quantity", "vdos", "--json", "--out"])
        .arg(&out)
        .assert()
        .code(0);
    let told: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(told["streamed"]["samples"], SAMPLES);
    assert_eq!(told["samples"], 2000);
    // The spectra follow exactly from g(r).
    assert!(told["streamed"]["forward_r2"].as_f64().unwrap() > 0.999_999);
    let operator = Operator::load(&out).unwrap();
    let off = operator.forward(set.g.as_ref()) - &set.spectra;
    assert!(off.norm_max() < 1e-4 * set.spectra.norm_max());
    // A changed array is noticed although it is never read whole.
    let array = dataset.join("vdos.npy");
    let mut bytes = std::fs::read(&array).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    std::fs::write(&array, bytes).unwrap();
    tiny::glassbridge()
        .arg("train")
        .arg(&dataset)
        .args(["--quantity", "vdos", "--out"])
        .arg(&out)
        .assert()
        .code(1)
        .stderr(predicates::str::contains("vdos.npy"));
}

/// A dataset folder with the g(r) and spectra of a set, on grids from zero.
fn write_dataset(set: &TrainingSet, folder: &Path) {
    let mut recipe = Recipe::load("lj3d").unwrap();
    (recipe.record.r_max, recipe.record.r_bins) = (5.0, set.r.len());
    (recipe.record.e_max, recipe.record.e_bins) = (100.0, set.energy.len());
    let axis = |grid, unit| Axis {
        grid,
        unit: Some(unit),
    };
    let manifest = Manifest {
        schema: 0,
        program: String::new(),
        dimensions: 3,
        r: axis(recipe.record.r().unwrap(), Unit::Angstrom),
        energy: axis(recipe.record.energy().unwrap(), Unit::Mev),
        species: vec!["Ar".into()],
        concentrations: vec![1.0],
        quantities: BTreeMap::new(),
        samples_checksum: String::new(),
        structures_checksum: String::new(),
        usable_rule: "all".into(),
        recipe,
    };
    let mut table = "sample,usable,atoms,number_density\n".to_owned();
    for i in 0..set.g.nrows() {
        writeln!(table, "{i},1,256,0.02").unwrap();
    }
    let arrays = BTreeMap::from([
        ("rdf".to_owned(), set.g.clone()),
        ("vdos".to_owned(), set.spectra.clone()),
    ]);
    Dataset::write(folder, manifest, &table, "", &arrays).unwrap();
}

/// A map that reads angles cannot say anything of a bare PDF.
#[test]
fn what_a_pdf_does_not_hold_is_named() {
    let mut set = tiny::set(40, 1);
    set.added = vec![(Block::Adf, Mat::from_fn(40, 3, wave))];
    let settings = Settings {
        blocks: vec![Block::Pairs, Block::Adf],
        ..Settings::default()
    };
    let operator = Operator::train(&set, &settings).unwrap();
    assert_eq!(operator.w.ncols(), set.r.len() + 3);
    let e = operator
        .predict(Described::pairs(set.g.as_ref()))
        .unwrap_err();
    assert!(e.to_string().contains("adf is not at hand"), "{e}");
}

#[test]
fn settings_of_another_estimator_are_refused() {
    // A build with the network goes on to look for the dataset.
    let network = if cfg!(feature = "cnn") {
        (1, "nowhere")
    } else {
        (2, "without the network")
    };
    for (words, code, said) in [
        (&["--estimator", "cnn"][..], network.0, network.1),
        (&["--estimator", "forest"], 2, "elastic-net"),
        (&["--estimator", "elastic-net", "--alpha", "1"], 2, "--beta"),
    ] {
        let assert = tiny::glassbridge()
            .args(["train", "nowhere", "--quantity", "vdos", "--out", "x.npz"])
            .args(words)
            .assert()
            .code(code);
        let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(stderr.contains(said), "{words:?}: {stderr}");
    }
}
