//! The verbs as a user calls them: what they print, what they write and how they end, on a small made-up glass.

#![allow(
    clippy::float_cmp,
    reason = "numbers are copied from file to file, not computed"
)]

#[path = "support/tiny.rs"]
mod tiny;

use assert_cmd::Command;
use faer::Mat;
use glassbridge::curve::Quantity;
use glassbridge::grid::Grid;
use glassbridge::io::npz::Bundle;
use glassbridge::io::wide_table::WideTable;
use glassbridge::operator::{Operator, TrainingSet, rows};
use glassbridge::units::Unit;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A command with its words and paths.
fn run(verb: &str, words: &[&dyn AsRef<std::ffi::OsStr>]) -> Command {
    let mut command = tiny::glassbridge();
    command.arg(verb);
    for word in words {
        command.arg(word.as_ref());
    }
    command
}

/// Runs it with `--json`: standard output must be one object and nothing else.
fn object(mut command: Command, code: i32) -> Value {
    let assert = command.arg("--json").assert().code(code);
    let value: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert!(value.is_object(), "{value}");
    value
}

/// The value at a path such as `held_out.mse`; it must be there.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |v, key| {
        v.get(key)
            .unwrap_or_else(|| panic!("'{path}' is not in {value}"))
    })
}

fn number(value: &Value, path: &str) -> f64 {
    at(value, path)
        .as_f64()
        .unwrap_or_else(|| panic!("'{path}' is not a number in {value}"))
}

/// Writes `g.csv` and `y.csv` of a set.
fn tables(set: &TrainingSet, folder: &Path) -> (PathBuf, PathBuf) {
    let write = |name: &str, rows: &Mat<f64>, grid: Grid, quantity, unit| {
        let path = folder.join(name);
        let table = WideTable {
            samples: (0..rows.nrows()).map(|i| format!("s{i}")).collect(),
            axis: grid.centres(),
            rows: rows.clone(),
            quantity: Some(quantity),
            unit: Some(unit),
            notes: Vec::new(),
        };
        table.write(&path).unwrap();
        path
    };
    (
        write(
            "g.csv",
            &set.g,
            set.r,
            Quantity::PairDistribution,
            Unit::Angstrom,
        ),
        write("y.csv", &set.spectra, set.energy, set.quantity, Unit::Mev),
    )
}

#[test]
fn train_says_how_well_it_does_and_writes_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let (g, y) = tables(&tiny::set(40, 1), folder.path());
    let out = folder.path().join("op.npz");
    let words: [&dyn AsRef<std::ffi::OsStr>; 8] = [
        &"--structure",
        &g,
        &"--spectra",
        &y,
        &"--quantity",
        &"vdos",
        &"--out",
        &out,
    ];
    let said = object(run("train", &words), 0);
    assert_eq!(number(&said, "samples"), 40.0);
    assert_eq!(at(&said, "estimator"), "ridge");
    for key in ["lambda", "degrees_of_freedom", "train.mse", "held_out.mse"] {
        assert!(number(&said, key) > 0.0, "{key}");
    }
    assert!(at(&said, "normalisation").as_str().unwrap().contains("meV"));
    // The made-up spectra follow from g linearly: all of it can be learned.
    assert!(number(&said, "held_out.r2") > 0.99, "{said}");
    assert!(number(&said, "backward.held_out.skill") > 0.5, "{said}");
    assert!(number(&said, "backward.held_out.relative_error") < 0.1);
    let operator = Operator::load(&out).unwrap();
    assert_eq!(operator.samples(), 40);
    assert!((operator.meta.lambda_forward - number(&said, "lambda")).abs() < 1e-15);

    let bad = folder.path().join("bad.npz");
    let mut wrong = words;
    wrong[5] = &"neutron-gdos";
    wrong[7] = &bad;
    run("train", &wrong).assert().code(1);
    assert!(!bad.exists());
}

#[test]
fn predict_answers_in_the_form_of_the_question() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let new = tiny::set(5, 2);
    let (g, _) = tables(&new, folder.path());
    let out = folder.path().join("spectra.csv");
    let said = object(run("predict", &[&path, &g, &"--out", &out]), 0);
    assert_eq!(at(&said, "samples").as_array().unwrap().len(), 5);
    let spectra = WideTable::read(&out).unwrap();
    let sigma = WideTable::read(&folder.path().join("spectra_sigma.csv")).unwrap();
    assert_eq!(spectra.samples, ["s0", "s1", "s2", "s3", "s4"]);
    assert_eq!(spectra.quantity, Some(Quantity::Vdos));
    assert_eq!(spectra.axis.len(), operator.meta.energy.len());
    let off = (&spectra.rows - &new.spectra).norm_l2() / new.spectra.norm_l2();
    assert!(off < 0.01, "{off}");
    assert!((0..5).all(|i| sigma.rows.row(i).iter().all(|s| *s > 0.0)));

    let (curve, _) = tiny::curves(&new, 0, folder.path(), "one");
    let out = folder.path().join("spectrum.dat");
    run("predict", &[&path, &curve, &"--out", &out])
        .assert()
        .code(0);
    let text = fs::read_to_string(&out).unwrap();
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split_whitespace().map(|v| v.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), operator.meta.energy.len());
    for (j, row) in rows.iter().enumerate() {
        assert_eq!(row.len(), 3);
        assert!((row[1] - spectra.rows[(0, j)]).abs() < 1e-6 * spectra.rows[(0, j)].abs());
    }
    // The program reads what it wrote, errors and all.
    let seen = object(run("inspect", &[&out]), 0);
    assert_eq!(at(&seen, "quantity"), "vdos");
    assert_eq!(at(&seen, "errors"), true);
}

#[test]
fn invert_writes_estimate_band_summary_and_kernels() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let new = tiny::set(5, 2);
    let (_, y) = tables(&new, folder.path());
    let out = folder.path().join("out");
    run("invert", &[&path, &y, &"--noise", &"0.01", &"--out", &out])
        .assert()
        .code(0);
    let read = |name: &str| WideTable::read(&out.join(name)).unwrap();
    let (g, low, high) = (read("g.csv"), read("g_lower.csv"), read("g_upper.csv"));
    assert_eq!(g.samples.len(), 5);
    assert_eq!(g.axis.len(), operator.meta.r.len());
    for i in 0..5 {
        for j in 0..g.axis.len() {
            assert!(low.rows[(i, j)] < g.rows[(i, j)] && g.rows[(i, j)] < high.rows[(i, j)]);
        }
    }
    let mean = rows::mean(operator.x.as_ref());
    let prior = rows::centred(new.g.as_ref(), &mean).squared_norm_l2();
    let skill = 1.0 - (&g.rows - &new.g).squared_norm_l2() / prior;
    assert!(skill > 0.9, "{skill}");
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 6, "{summary}");
    let mut kernels = Bundle::from_bytes(&fs::read(out.join("kernels.npz")).unwrap()).unwrap();
    let p = operator.meta.r.len();
    let matrix = kernels.take("kernels").unwrap();
    assert_eq!((matrix.nrows(), matrix.ncols()), (p, p));
    for name in ["data_share", "noise_sd", "prior_sd", "r"] {
        assert_eq!(kernels.take(name).unwrap().ncols(), p, "{name}");
    }
    // One table is of one instrument.
    let instrument = kernels.take("instrument").unwrap();
    assert_eq!(instrument, Mat::full(1, 5, 1.0));
}

/// A reader who goes away, as `head` does, is no failure to speak of.
#[test]
fn a_closed_pipe_ends_a_verb_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(folder.path());
    // It has an operator to read before it says a word.
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_glassbridge"))
        .arg("inspect")
        .arg(&op)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(141));
}

#[test]
fn every_estimator_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let new = tiny::set(3, 2);
    let mean = rows::mean(operator.x.as_ref());
    let prior = rows::centred(new.g.as_ref(), &mean).squared_norm_l2();
    let (_, y) = tables(&new, folder.path());
    let out = folder.path().join("out");
    let cases: [&[&str]; 9] = [
        &["--estimator", "gaussian"],
        &["--estimator", "backward"],
        &["--estimator", "tsvd"],
        &["--estimator", "tikhonov"],
        &["--estimator", "tikhonov", "--penalty", "d1"],
        &["--estimator", "tikhonov", "--penalty", "d2"],
        &["--estimator", "tikhonov", "--choose", "discrepancy"],
        &["--estimator", "tikhonov", "--choose", "evidence"],
        &["--estimator", "tikhonov", "--choose", "held-out"],
    ];
    for case in cases {
        let mut command = run("invert", &[&path, &y, &"--noise", &"0.01", &"--out", &out]);
        command.args(case);
        object(command, 0);
        let g = WideTable::read(&out.join("g.csv")).unwrap();
        let skill = 1.0 - (&g.rows - &new.g).squared_norm_l2() / prior;
        // A penalty on roughness fills what W does not see with something smooth, which this g is not.
        let is_smooth = case.contains(&"--penalty");
        assert!(is_smooth || skill > 0.9, "{case:?}: {skill}");
        // Whatever the estimator, its result implies the spectrum to within the noise.
        let refolded = operator.forward(g.rows.as_ref());
        let misfit = (refolded - &new.spectra).norm_l2() / new.spectra.norm_l2();
        assert!(misfit < 0.015, "{case:?}: {misfit}");
    }
    // These spectra carry no noise: their residual falls without an end, and an L-curve has no corner.
    let mut command = run("invert", &[&path, &y, &"--noise", &"0.01", &"--out", &out]);
    command.args(["--estimator", "tikhonov", "--choose", "l-curve"]);
    let said = command.assert().code(1);
    let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
    assert!(said.contains("no corner"), "{said}");
}

fn check(op: &Path, spectrum: &Path, pdf: &Path) -> Command {
    let words: [&dyn AsRef<std::ffi::OsStr>; 7] = [
        &op,
        &"--spectrum",
        &spectrum,
        &"--pdf",
        &pdf,
        &"--noise",
        &"0.01",
    ];
    run("check", &words)
}

#[test]
fn check_of_two_curves() {
    let folder = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(folder.path());
    let new = tiny::set(2, 5);
    let (g, y) = tiny::curves(&new, 0, folder.path(), "a");
    let (other, _) = tiny::curves(&new, 1, folder.path(), "b");
    let said = object(check(&op, &y, &g), 0);
    assert_eq!(at(&said, "verdict"), "consistent", "{said}");
    let p = number(&said, "p_value");
    assert!((0.05..=1.0).contains(&p), "{p}");
    assert!(number(&said, "chi2") >= 0.0);
    for side in ["spectrum", "pdf"] {
        assert!(number(&said, &format!("domain.{side}.t2")) >= 0.0);
        assert!(number(&said, &format!("domain.{side}.q")) >= 0.0);
        assert_eq!(at(&said, &format!("domain.{side}.inside")), true);
    }
    assert!(at(&said, "power").is_object());
    for list in ["findings", "disagreement.energy", "disagreement.r"] {
        assert!(at(&said, list).is_array(), "{list}");
    }

    // The g of another sample: the same command ends with 3 and says where they differ.
    let said = object(check(&op, &y, &other), 3);
    assert_eq!(at(&said, "verdict"), "inconsistent", "{said}");
    assert!(number(&said, "p_value") < p);
    let words = check(&op, &y, &other).assert().code(3);
    let text = String::from_utf8_lossy(&words.get_output().stdout).into_owned();
    assert!(text.contains("inconsistent"), "{text}");
}

#[test]
fn check_of_two_tables_pairs_by_sample() {
    let folder = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(folder.path());
    let new = tiny::set(4, 5);
    let (g, y) = tables(&new, folder.path());
    let said = object(check(&op, &y, &g), 0);
    let pairs = at(&said, "pairs").as_array().unwrap();
    assert_eq!(pairs.len(), 4);
    for pair in pairs {
        assert_eq!(at(pair, "verdict"), "consistent", "{pair}");
        assert!(number(pair, "p_value") > 0.0 && number(pair, "chi2") >= 0.0);
    }
    // Rows in another order are the same pairs; swapped names are not.
    let text = fs::read_to_string(&g).unwrap();
    let (rows, head): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| is_row(l));
    let reversed: Vec<&str> = head.iter().copied().chain(rows.into_iter().rev()).collect();
    let turned = folder.path().join("turned.csv");
    fs::write(&turned, reversed.join("\n")).unwrap();
    assert_eq!(object(check(&op, &y, &turned), 0), said);
    let swapped = text
        .replace("\ns0,", "\nsX,")
        .replace("\ns1,", "\ns0,")
        .replace("\nsX,", "\ns1,");
    fs::write(&turned, swapped).unwrap();
    let said = object(check(&op, &y, &turned), 3);
    let verdicts: Vec<&Value> = (0..4).map(|i| &said["pairs"][i]["verdict"]).collect();
    assert!(verdicts[0] != "consistent" && verdicts[1] != "consistent");
    assert!(verdicts[2] == "consistent" && verdicts[3] == "consistent");
}

/// Whether a line of a table is a sample and not its header.
fn is_row(line: &str) -> bool {
    line.starts_with('s') && !line.starts_with("sample,")
}

#[test]
fn inspect_tells_and_draws_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, op) = tiny::operator(folder.path());
    let figures = folder.path().join("figures");
    let said = object(run("inspect", &[&op, &"--figures", &figures]), 0);
    assert_eq!(at(&said, "kind"), "operator");
    assert_eq!(at(&said, "quantity"), "vdos");
    assert_eq!(number(&said, "samples"), operator.samples() as f64);
    let values = at(&said, "singular_values").as_array().unwrap();
    assert_eq!(values.len(), operator.meta.energy.len());
    // The squares of the singular values add up to those of the weights.
    let sum: f64 = values.iter().map(|s| s.as_f64().unwrap().powi(2)).sum();
    assert!((sum / operator.w.squared_norm_l2() - 1.0).abs() < 1e-12);
    drawn(
        &figures,
        &[
            "weights",
            "singular-values",
            "kernels",
            "left-out",
            "residual-map",
            "learning",
        ],
    );
    let told = run("inspect", &[&op]).assert().code(0);
    let text = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    for word in ["operator", "vdos", "held out r2", "material: made up"] {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

#[test]
fn inspect_tells_and_draws_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = folder.path().join("tiny.toml");
    fs::write(
        &recipe,
        "base = \"sio2\"\nsamples = 5\n[crystal]\nrepeat = [1, 1, 1]\n[record]\nr_bins = 40\ne_bins = 30\n",
    )
    .unwrap();
    let (set, figures) = (folder.path().join("set"), folder.path().join("figures"));
    let made = object(run("simulate", &[&recipe, &"--out", &set]), 0);
    assert_eq!(number(&made, "missing"), 0.0);
    let said = object(run("inspect", &[&set, &"--figures", &figures]), 0);
    assert_eq!(at(&said, "kind"), "dataset");
    assert_eq!(number(&said, "samples"), 5.0);
    assert_eq!(
        5.0 - number(&said, "usable"),
        number(&made, "flagged_in_this_run")
    );
    assert_eq!(
        at(&said, "recipe.crystal.repeat"),
        &serde_json::json!([1, 1, 1])
    );
    for column in ["displacement", "number_density", "energy_per_atom_ev"] {
        let ends = at(&said, &format!("ranges.{column}"));
        assert!(ends[0].as_f64() < ends[1].as_f64(), "{column}: {ends}");
    }
    drawn(
        &figures,
        &[
            "samples",
            "spread",
            "structure-1",
            "structure-2",
            "structure-3",
        ],
    );

    let array = set.join("rdf.npy");
    let mut bytes = fs::read(&array).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&array, bytes).unwrap();
    run("inspect", &[&set]).assert().code(1);
    run("inspect", &[&folder.path()]).assert().code(1);
}

#[test]
fn inspect_draws_a_curve_and_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let set = tiny::set(3, 2);
    let (_, y) = tiny::curves(&set, 0, folder.path(), "one");
    let (table, _) = tables(&set, folder.path());
    let figures = folder.path().join("figures");
    let said = object(run("inspect", &[&y, &"--figures", &figures]), 0);
    assert!(!at(&said, "peaks").as_array().unwrap().is_empty());
    object(run("inspect", &[&table, &"--figures", &figures]), 0);
    drawn(&figures, &["curve", "table"]);
}

/// Exactly these figures are there, each as PNG, SVG and CSV.
fn drawn(folder: &Path, names: &[&str]) {
    for name in names {
        let read = |ending: &str| fs::read(folder.join(format!("{name}.{ending}"))).unwrap();
        assert!(read("png").starts_with(b"\x89PNG"), "{name}");
        assert!(read("csv").starts_with(b"panel,kind,label,x,y"), "{name}");
        assert!(read("svg").starts_with(b"<svg"), "{name}");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3 * names.len());
}

#[test]
fn wrong_usage_ends_with_two_and_bad_input_with_one() {
    for words in [
        &["check", "op.npz"][..],
        &["train"],
        &["invert", "op.npz", "y.csv"],
        &["predict", "op.npz", "g.csv", "--out", "x", "--nosuch"],
        &["inspect"],
        &["nosuch"],
    ] {
        let assert = tiny::glassbridge().args(words).assert().code(2);
        assert!(assert.get_output().stdout.is_empty(), "{words:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let (_, op) = tiny::operator(folder.path());
    let (g, y) = tiny::curves(&tiny::set(1, 2), 0, folder.path(), "one");
    let absent = folder.path().join("absent.dat");
    check(&op, &absent, &g).assert().code(1);
    check(&op, &y, &absent).assert().code(1);
    let out = folder.path().join("out");
    run("invert", &[&op, &y, &"--noise", &"nan", &"--out", &out])
        .assert()
        .code(1);
    assert!(!out.exists());
}

#[test]
fn every_verb_shows_an_example() {
    let help = tiny::glassbridge().arg("--help").assert().code(0);
    let text = String::from_utf8_lossy(&help.get_output().stdout).into_owned();
    let verbs: Vec<&str> = text
        .lines()
        .skip_while(|l| !l.starts_with("Commands:"))
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 8, "{verbs:?}");
    for verb in verbs {
        let assert = tiny::glassbridge().args([verb, "--help"]).assert().code(0);
        let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(text.contains("Example"), "{verb}: {text}");
        assert!(
            text.contains(&format!("glassbridge {verb}")),
            "{verb}: {text}"
        );
    }
}
