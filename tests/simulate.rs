//! `simulate`: a dataset is the same bytes however it was made, and nothing foreign or damaged passes for one.

use assert_cmd::Command;
use glassbridge::dataset::{Dataset, Recipe, recipe};
use glassbridge::io::wide_table::WideTable;
use glassbridge::operator::{Operator, rows};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Silica in one cell of 24 atoms, coarse grids.
const TINY: &str = "base = \"sio2\"\nsamples = 6\n\n[crystal]\nrepeat = [1, 1, 1]\n\n[record]\nr_bins = 40\ne_bins = 30\nobservables = [\"ins\"]\n";
const SAMPLES: usize = 6;
/// Arrays of a dataset of two species: g(r) with three partials, two total and two partial spectra, the neutron density, bond angles and rings, and the neutron
/// spectrum that was asked for.
const ARRAYS: usize = 11;
/// Relative error of a mean square of numbers written with six digits or more.
const WRITTEN: f64 = 1e-4;

/// The command that simulates `recipe` into `out`.
fn simulate(recipe: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("glassbridge").unwrap();
    command.arg("simulate").arg(recipe).arg("--out").arg(out);
    command.args(more);
    command
}

fn recipe(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("tiny.toml");
    fs::write(&path, text).unwrap();
    path
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The two folders hold the same files with the same bytes.
fn same(a: &Path, b: &Path) {
    let (a, b) = (files(a), files(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(bytes == &b[name], "{} differs", name.display());
    }
}

fn refused(mut command: Command, words: &[&str]) {
    let assert = command.assert().code(1);
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    for word in words {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
    assert!(said.contains("help:"), "{said}");
}

#[test]
fn the_dataset_opens_and_is_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), TINY);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    simulate(&recipe, &one, &["--jobs", "1"]).assert().code(0);
    simulate(&recipe, &two, &["--jobs", "2"]).assert().code(0);
    same(&one, &two);

    let data = Dataset::open(&one).unwrap();
    assert_eq!(data.manifest.quantities.len(), ARRAYS);
    assert_eq!(data.column("displacement").unwrap().len(), SAMPLES);
    assert!(data.column("max_force").unwrap().iter().all(|f| *f <= 1e-5));
    for name in data.manifest.quantities.keys() {
        let m = data.matrix(name).unwrap();
        assert_eq!(m.nrows(), SAMPLES, "{name}");
        assert!(m.norm_l2() > 0.0, "{name}");
    }
    let atoms = data.column("atoms").unwrap();
    for (structure, atoms) in data.structures().unwrap().iter().zip(&atoms) {
        assert!((structure.len() as f64 - atoms).abs() < 0.5);
    }
    // Densities of states have area 1, less the modes that lie beyond the axis; a mode near its end may be half on it.
    let beyond = data.column("false_modes").unwrap();
    let (vdos, step) = (
        data.matrix("vdos").unwrap(),
        data.manifest.energy.grid.step(),
    );
    for i in 0..SAMPLES {
        let area = vdos.row(i).iter().sum::<f64>() * step;
        assert!((area + beyond[i] - 1.0).abs() < 0.02, "sample {i}: {area}");
    }
    // A spectrum that is asked for has area 1 whatever lies beyond the axis.
    let ins = data.matrix("ins").unwrap();
    for i in 0..SAMPLES {
        assert!((ins.row(i).iter().sum::<f64>() * step - 1.0).abs() < 1e-12);
    }
    assert_eq!(data.axis("ins").unwrap(), data.manifest.energy);
    // Rows that are read one by one are those of the whole array, and so are weighted sums of arrays.
    let some = [1, 4, 5];
    let picked = data.rows(&[("vdos".into(), 1.0)], &some).unwrap();
    assert_eq!(picked, rows::select(vdos.as_ref(), &some));
    let sum = [("vdos.Si".into(), 0.25), ("vdos.O".into(), 2.0)];
    let picked = data.rows(&sum, &some).unwrap();
    let part = |name: &str| rows::select(data.matrix(name).unwrap().as_ref(), &some);
    let expected = part("vdos.Si") * faer::Scale(0.25) + part("vdos.O") * faer::Scale(2.0);
    assert!((picked - expected).norm_max() < 1e-15);
    let before = files(&one);
    simulate(&recipe, &one, &[]).assert().code(0);
    assert!(files(&one) == before, "a complete dataset was touched");
}

#[test]
fn shards_make_the_same_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), TINY);
    let (whole, shards) = (folder.path().join("whole"), folder.path().join("shards"));
    simulate(&recipe, &whole, &[]).assert().code(0);
    let first = simulate(&recipe, &shards, &["--shard", "0/2", "--json"])
        .assert()
        .code(0);
    let said: serde_json::Value = serde_json::from_slice(&first.get_output().stdout).unwrap();
    assert_eq!(said["missing"], SAMPLES / 2);
    let error = Dataset::open(&shards).unwrap_err().to_string();
    assert!(error.contains("not a complete dataset"), "{error}");
    simulate(&recipe, &shards, &["--shard", "1/2"])
        .assert()
        .code(0);
    same(&whole, &shards);
}

#[test]
fn a_killed_run_goes_on_to_the_same_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), TINY);
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let many = ["--samples", "20", "--jobs", "1"];
    simulate(&recipe, &whole, &many).assert().code(0);

    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("glassbridge"))
        .arg("simulate")
        .arg(&recipe)
        .arg("--out")
        .arg(&killed)
        .args(many)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while parts(&killed) == 0 {
        assert!(Instant::now() < deadline, "no sample in 30 s");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Dataset::open(&killed).is_err(), "killed too late to tell");
    assert!(parts(&killed) < 20);

    simulate(&recipe, &killed, &many).assert().code(0);
    same(&whole, &killed);
}

/// Finished samples of an unfinished dataset.
fn parts(dataset: &Path) -> usize {
    let finished = |e: &fs::DirEntry| e.path().extension().is_some_and(|e| e == "npz");
    fs::read_dir(dataset.join("parts")).map_or(0, |all| all.flatten().filter(finished).count())
}

#[test]
fn another_recipe_in_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), TINY);
    let (done, half) = (folder.path().join("done"), folder.path().join("half"));
    simulate(&recipe, &done, &[]).assert().code(0);
    simulate(&recipe, &half, &["--shard", "0/2"])
        .assert()
        .code(0);
    for out in [&done, &half] {
        let before = files(out);
        let words = ["already holds another dataset", "choose another --out"];
        refused(simulate(&recipe, out, &["--seed", "7"]), &words);
        refused(simulate(&recipe, out, &["--observables", "vdos"]), &words);
        assert!(files(out) == before, "{} was touched", out.display());
    }
}

#[test]
fn an_observable_that_is_none_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (recipe(folder.path(), TINY), folder.path().join("set"));
    let with = |names| simulate(&recipe, &out, &["--observables", names]);
    refused(with("ins,infrared"), &["linear functional", "table I"]);
    refused(with("inz"), &["inz", "always recorded"]);
    assert!(!out.exists());
}

#[test]
fn a_damaged_dataset_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    simulate(
        &recipe(folder.path(), TINY),
        &out,
        &["--samples", "9", "--seed", "3"],
    )
    .assert()
    .code(0);
    let operator = folder.path().join("op.npz");
    let train = || {
        let mut command = Command::cargo_bin("glassbridge").unwrap();
        command.arg("train").arg(&out).args(["--quantity", "vdos"]);
        command.arg("--out").arg(&operator);
        command
    };
    let array = out.join("vdos.npy");
    let good = fs::read(&array).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() - 5] ^= 1;
    for bad in [&flipped[..], &good[..good.len() - 8], b""] {
        fs::write(&array, bad).unwrap();
        refused(train(), &["vdos.npy"]);
        assert!(!operator.exists());
    }
    fs::remove_file(&array).unwrap();
    refused(train(), &["vdos.npy"]);
    fs::write(&array, good).unwrap();

    let table = out.join("samples.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen("0,3,", "0,4,", 1)).unwrap();
    refused(train(), &["samples.csv", "changed"]);
    fs::write(&table, text).unwrap();

    train().assert().code(0);
    fs::write(out.join("manifest.json"), "{\"schema\": 1").unwrap();
    refused(train(), &["manifest.json"]);
    fs::remove_file(out.join("manifest.json")).unwrap();
    refused(train(), &["not a complete dataset"]);
}

#[test]
fn bad_recipes_name_the_fault_and_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let cases = [
        ("base = \"sio2\"\nsampels = 4\n", "sampels"),
        ("base = \"sio2\"\n[record]\nbins = 4\n", "bins"),
        ("base = \"si02\"\n", "si02"),
        ("name = \"bare\"\n", "missing field"),
        ("base = \"sio2\"\nsamples = \n", "tiny.toml"),
        ("base = \"sio2\"\nsamples = 0\n", "samples"),
        ("base = \"sio2\"\n[crystal]\nrepeat = [0, 1, 1]\n", "repeat"),
        (
            "base = \"sio2\"\n[record]\nbroadening = nan\n",
            "broadening",
        ),
        ("base = \"sio2\"\n[record]\ne_bins = 0\n", "0 bins"),
        (
            "base = \"sio2\"\npotential = \"tersoff:nosuch\"\n",
            "nosuch",
        ),
        ("base = \"sio2\"\n[crystal]\nlattice = \"hex\"\n", "hex"),
    ];
    for (text, word) in cases {
        let assert = simulate(&recipe(folder.path(), text), &out, &[])
            .assert()
            .code(1);
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains(word), "'{word}' is not in: {said}");
        assert!(!out.exists(), "{text} left something behind");
    }
    let words = ["no built-in recipe 'nosuch'", "sio2"];
    refused(simulate(Path::new("nosuch"), &out, &[]), &words);
    refused(
        simulate(Path::new("absent.toml"), &out, &[]),
        &["absent.toml"],
    );
    assert!(!out.exists());
}

#[test]
fn recipes_are_listed_and_printed() {
    let glassbridge = || Command::cargo_bin("glassbridge").unwrap();
    let list = glassbridge().args(["simulate", "--list"]).assert().code(0);
    let names = String::from_utf8(list.get_output().stdout.clone()).unwrap();
    assert!(names.lines().any(|n| n == "sio2"), "{names}");
    for name in names.lines() {
        let print = glassbridge()
            .args(["simulate", "--print", name])
            .assert()
            .code(0);
        let text = String::from_utf8(print.get_output().stdout.clone()).unwrap();
        let recipe = glassbridge::dataset::Recipe::parse(&text).unwrap();
        assert_eq!(recipe.name, name);
    }
    glassbridge()
        .args(["simulate", "--print", "nosuch"])
        .assert()
        .code(1);
    glassbridge().arg("simulate").assert().code(2);
    glassbridge()
        .args(["simulate", "sio2", "--out", "x", "--shard", "2/2"])
        .assert()
        .code(2);
}

/// Small boxes and a melt of a few steps: whether every built-in recipe runs through all its parts.
#[test]
fn every_recipe_makes_a_small_set() {
    let folder = tempfile::tempdir().unwrap();
    let cells = |name: &str| match name {
        "amc" | "amc-displaced" => "[3, 2, 1]",
        "lj2d" | "ka2d" => "[5, 3, 1]",
        "sio2" | "sio2-vashishta" => "[1, 1, 1]",
        "asi" | "asi-sw" | "sic" => "[2, 2, 2]",
        _ => "[3, 3, 3]",
    };
    for name in recipe::names() {
        let built_in = Recipe::load(name).unwrap();
        let step = built_in.melt.step_fs;
        let text = format!(
            "base = \"{name}\"\nsamples = 2\n[crystal]\nrepeat = {}\n[melt]\nshare = 1.0\nmelt_fs = [{step}, {step}]\n\
             quench_fs = [{step}, {step}]\n[disorder]\nturned_bonds = [0.0, 0.0]\n[minimisation]\nmax_force = 1e-3\n\
             [record]\nr_bins = 30\ne_bins = 30\nobservables = [\"ins\", \"ixs\"]\n",
            cells(name)
        );
        let out = folder.path().join(name);
        simulate(&self::recipe(folder.path(), &text), &out, &[])
            .assert()
            .code(0);
        let data = Dataset::open(&out).unwrap();
        for quantity in data.manifest.quantities.keys() {
            let m = data.matrix(quantity).unwrap();
            assert!(m.norm_l2().is_finite(), "{name}: {quantity}");
        }
        for spectrum in ["ins", "ixs"] {
            assert!(
                data.matrix(spectrum).unwrap().norm_l2() > 0.0,
                "{name}: {spectrum}"
            );
        }
        assert!(data.matrix("rdf").unwrap().norm_l2() > 0.0, "{name}");
        assert_eq!(data.structures().unwrap().len(), 2);
    }
}

/// An operator that reads what only a dataset holds is trained on one and predicts another, a row for each usable sample.
#[test]
fn a_map_of_more_than_pairs_predicts_a_dataset_and_no_pdf() {
    let folder = tempfile::tempdir().unwrap();
    let text = "base = \"ka2d\"\nsamples = 12\n[melt]\nshare = 0.0\n";
    let set = folder.path().join("set");
    simulate(&recipe(folder.path(), text), &set, &[])
        .assert()
        .code(0);
    let glassbridge = || Command::cargo_bin("glassbridge").unwrap();
    let (operator, spectra) = (folder.path().join("op.npz"), folder.path().join("y.csv"));
    glassbridge()
        .arg("train")
        .arg(&set)
        .args([
            "--quantity",
            "vdos",
            "--descriptor",
            "partials+coordination",
        ])
        .arg("--out")
        .arg(&operator)
        .assert()
        .code(0);
    let predict = |what: &Path| {
        let mut command = glassbridge();
        command.arg("predict").arg(&operator).arg(what);
        command.arg("--out").arg(&spectra);
        command
    };
    predict(&set).assert().code(0);
    let data = Dataset::open(&set).unwrap();
    let usable = data.usable().unwrap();
    let found = WideTable::read(&spectra).unwrap().rows;
    assert_eq!(found.nrows(), usable.len());
    // Its own samples: off by what training said.
    let truth = rows::select(data.matrix("vdos").unwrap().as_ref(), &usable);
    let off = (&found - &truth).squared_norm_l2() / (truth.nrows() * truth.ncols()) as f64;
    let told = Operator::load(&operator).unwrap().meta.scores.train_mse;
    assert!((off / told - 1.0).abs() < WRITTEN, "{off:e} and {told:e}");

    let pdf = folder.path().join("pdf.dat");
    fs::write(
        &pdf,
        "# quantity: pair-distribution\n0.5 0\n1.0 2\n1.5 1\n2.0 1\n3.0 1\n",
    )
    .unwrap();
    refused(predict(&pdf), &["partials+coordination", "dataset folder"]);
}

/// From `simulate` to `check` with one command each: operators of intensities invert and judge intensities, and refuse others.
#[test]
fn neutron_and_x_ray_intensities_go_from_simulate_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let text = "base = \"lj2d\"\nsamples = 14\n[melt]\nshare = 0.0\n[crystal]\nrepeat = [6, 4, 1]\n\
                [record]\nr_bins = 60\ne_bins = 50\nobservables = [\"ixs\", \"ins\"]\n";
    let set = folder.path().join("set");
    simulate(&recipe(folder.path(), text), &set, &[])
        .assert()
        .code(0);
    let data = Dataset::open(&set).unwrap();
    let usable = data.usable().unwrap();
    let table = |name: &str, quantity: &str, unit: &str| {
        let grid = data.axis(name).unwrap().grid;
        let mut text = format!("# quantity: {quantity}\n# unit: {unit}\nsample");
        for x in grid.centres() {
            write!(text, ",{x}").unwrap();
        }
        let rows = data.matrix(name).unwrap();
        for &i in &usable[..2] {
            write!(text, "\n{i}").unwrap();
            for y in rows.row(i).iter() {
                write!(text, ",{y:e}").unwrap();
            }
        }
        let path = folder.path().join(format!("{name}.csv"));
        fs::write(&path, text + "\n").unwrap();
        path
    };
    let g = table("rdf", "pair-distribution", "angstrom");
    let glassbridge = || Command::cargo_bin("glassbridge").unwrap();
    for quantity in ["ins", "ixs"] {
        let operator = folder.path().join(format!("{quantity}.npz"));
        let mut train = glassbridge();
        train.arg("train").arg(&set).args(["--quantity", quantity]);
        train.arg("--out").arg(&operator).assert().code(0);
        let y = table(quantity, quantity, "mev");
        let out = folder.path().join(quantity);
        let mut invert = glassbridge();
        invert.arg("invert").arg(&operator).arg(&y);
        invert.args(["--noise", "0.03", "--out"]).arg(&out);
        let code = invert.assert().get_output().status.code();
        assert!(matches!(code, Some(0 | 3)), "{quantity}: {code:?}");
        let found = WideTable::read(&out.join("g.csv")).unwrap();
        assert_eq!((found.rows.nrows(), found.rows.ncols()), (2, 60));
        let mut check = glassbridge();
        check.arg("check").arg(&operator).arg("--spectrum").arg(&y);
        check
            .arg("--pdf")
            .arg(&g)
            .args(["--noise", "0.03", "--json"]);
        check.arg("--samples").arg(set.join("samples.csv"));
        let said = check.assert().get_output().stdout.clone();
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        assert_eq!(said["pairs"].as_array().map(Vec::len), Some(2), "{said}");
    }
    let mut other = glassbridge();
    other.arg("invert").arg(folder.path().join("ins.npz"));
    other.arg(folder.path().join("ixs.csv")).arg("--out");
    other.arg(folder.path().join("none"));
    refused(other, &["trained on ins, the curve is ixs"]);
}
