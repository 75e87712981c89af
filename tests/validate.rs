//! `glassbridge validate` as a user calls it, on a small made-up glass.

#[path = "support/tiny.rs"]
mod tiny;

use glassbridge::io::wide_table::WideTable;
use glassbridge::operator::{Operator, Settings, TrainingSet};
use glassbridge::units::Unit;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the two tables of a set.
fn tables(set: &TrainingSet, folder: &Path, name: &str) -> [PathBuf; 2] {
    let table = |ending: &str, axis: Vec<f64>, rows, quantity, unit| {
        let path = folder.join(format!("{name}.{ending}.csv"));
        let table = WideTable {
            samples: (0..set.g.nrows()).map(|i| format!("s{i}")).collect(),
            axis,
            rows,
            quantity: Some(quantity),
            unit: Some(unit),
            notes: Vec::new(),
        };
        table.write(&path).unwrap();
        path
    };
    let pdf = glassbridge::curve::Quantity::PairDistribution;
    [
        table("g", set.r.centres(), set.g.clone(), pdf, Unit::Angstrom),
        table(
            "y",
            set.energy.centres(),
            set.spectra.clone(),
            set.quantity,
            Unit::Mev,
        ),
    ]
}

fn validate(operator: &Path, [g, y]: &[PathBuf; 2], more: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = tiny::glassbridge();
    command.arg("validate").arg(operator);
    command.arg("--structure").arg(g).arg("--spectra").arg(y);
    command.args(more).assert()
}

fn object(assert: &assert_cmd::assert::Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// 40 unseen glasses of the made-up kind, whose map is exactly linear and whose prior is Gaussian: every claim must hold. The bounds are three
/// standard deviations of 40 glasses (of which some 4 directions are independent) wide.
#[test]
fn claims_hold_on_unseen_glasses() {
    let folder = tempfile::tempdir().unwrap();
    let (_, operator) = tiny::operator(folder.path());
    let files = tables(&tiny::set(40, 2), folder.path(), "new");
    let report = folder.path().join("report.html");
    let figures = folder.path().join("figures");
    let assert = validate(
        &operator,
        &files,
        &[
            "--noise",
            "0.01",
            "--json",
            "--report",
            report.to_str().unwrap(),
            "--figures",
            figures.to_str().unwrap(),
        ],
    )
    .code(0);
    let said = object(&assert);
    let number = |key: &str| {
        said[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {said}"))
    };
    assert!(number("skill") > 0.9);
    assert!(said["closure"]["skill"].as_f64().unwrap() > number("skill"));
    assert!((0.85..=1.0).contains(&number("coverage95")), "{said}");
    assert!(number("pull_mean").abs() < 0.3, "{said}");
    assert!((0.7..1.3).contains(&number("pull_sd")), "{said}");
    assert!(number("p_value_ks") < 0.3, "{said}");
    assert!(number("p_value_ks_probability") > 0.001, "{said}");
    assert!(said["true_pairs"]["false_alarms"].as_f64().unwrap() < 0.15);
    // What is left after refolding is the noise.
    let refolded = said["refolding"]["chi2_per_point"].as_f64().unwrap();
    assert!((0.5..2.0).contains(&refolded), "{refolded}");
    // A stretch of a tenth is noticed more often than one of a five-hundredth.
    let energy = said["power"]["energy_scale"].as_array().unwrap();
    let share = |p: &Value| p["noticed"].as_f64().unwrap() / p["tried"].as_f64().unwrap();
    assert!(
        share(&energy[energy.len() - 1]) > share(&energy[0]) + 0.3,
        "{energy:?}"
    );
    assert_eq!(said["regions"].as_array().unwrap().len(), 8);
    assert!(fs::read_to_string(&report).unwrap().contains("claims hold"));
    for name in ["coverage", "p-values", "power"] {
        assert!(figures.join(format!("{name}.png")).is_file(), "{name}");
    }
    let words = validate(&operator, &files, &[]).code(0);
    let text = String::from_utf8_lossy(&words.get_output().stdout).into_owned();
    assert!(text.contains("truth inside the 95 % band"), "{text}");
    assert!(text.contains("not trained on"), "{text}");
}

/// The operator's own training files are known by their hashes, and each glass is tried by an operator that has not seen it: without noise
/// an operator that had would invert it exactly.
#[test]
fn own_training_files_are_tried_by_folds() {
    let folder = tempfile::tempdir().unwrap();
    let set = tiny::set(40, 1);
    let files = tables(&set, folder.path(), "own");
    let out = folder.path().join("op.npz");
    let mut train = tiny::glassbridge();
    train
        .args(["train", "--quantity", "vdos", "--structure"])
        .arg(&files[0]);
    train.arg("--spectra").arg(&files[1]).arg("--out").arg(&out);
    train.assert().code(0);
    let said = object(&validate(&out, &files, &["--json"]).code(0));
    let protocol = said["protocol"].as_str().unwrap();
    assert!(
        protocol.contains("training glasses themselves"),
        "{protocol}"
    );
    assert_eq!(said["samples"], 40);
    // A copy with other bytes is other glasses.
    let text = fs::read_to_string(&files[0]).unwrap();
    fs::write(&files[0], format!("# note: a copy\n{text}")).unwrap();
    let said = object(&validate(&out, &files, &["--json"]).code(0));
    assert!(
        said["protocol"]
            .as_str()
            .unwrap()
            .contains("not trained on")
    );
}

#[test]
fn an_operator_that_is_wrong_fails() {
    let folder = tempfile::tempdir().unwrap();
    // Trained on spectra that belong to other structures.
    let mut wrong = tiny::set(40, 1);
    let n = wrong.spectra.nrows();
    let moved = faer::Mat::from_fn(n, wrong.spectra.ncols(), |i, j| {
        wrong.spectra[((i + 7) % n, j)]
    });
    wrong.spectra = moved;
    let operator = Operator::train(&wrong, &Settings::default()).unwrap();
    let path = folder.path().join("wrong.npz");
    operator.save(&path).unwrap();
    let files = tables(&tiny::set(40, 2), folder.path(), "new");
    let said = object(&validate(&path, &files, &["--json"]).code(0));
    assert!(said["skill"].as_f64().unwrap() < 0.5, "{said}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, operator) = tiny::operator(folder.path());
    let mut set = tiny::set(12, 2);
    set.r = glassbridge::grid::Grid::new(1.0, 6.0, set.r.len()).unwrap();
    let files = tables(&set, folder.path(), "long");
    let assert = validate(&operator, &files, &[]).code(1);
    let text = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(
        text.contains("another r grid") && text.contains("help:"),
        "{text}"
    );
    let files = tables(&tiny::set(12, 2), folder.path(), "fine");
    validate(&operator, &files, &["--noise", "2"]).code(1);
    let one = tables(&tiny::set(1, 2), folder.path(), "one");
    validate(&operator, &one, &[]).code(1);
}
