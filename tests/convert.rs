//! `glassbridge convert`, and Raman curves at the door of an operator of densities of states.

#[path = "support/tiny.rs"]
mod tiny;

use glassbridge::curve::{Curve, Quantity};
use glassbridge::instrument::raman::{Excitation, Reduction};
use glassbridge::io::curve_text::{ReadOptions, read_curve};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files hold numbers that read back as they are; the rest is rounding of a few operations.
const ROUNDING: f64 = 1e-12;
/// A shell whose Gaussian transform is known reaches 1e-9 at the ends; the steps of the axes add 1e-3 (as in the unit test).
const TRANSFORM: f64 = 2e-3;

fn file(folder: &Path, name: &str, head: &str, rows: &[(f64, f64)]) -> PathBuf {
    let mut text = head.to_owned();
    for (x, y) in rows {
        writeln!(text, "{x:?} {y:?} {:?}", 0.01 * y.abs() + 1e-6).unwrap();
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn convert(from: &Path, to: &Path, words: &[&str]) -> Value {
    let mut command = tiny::glassbridge();
    command
        .arg("convert")
        .arg(from)
        .args(words)
        .arg("--out")
        .arg(to)
        .arg("--json");
    let out = command.assert().success().get_output().stdout.clone();
    serde_json::from_slice(&out).unwrap()
}

fn refused(from: &Path, words: &[&str]) -> String {
    let mut command = tiny::glassbridge();
    command
        .arg("convert")
        .arg(from)
        .args(words)
        .args(["--out", "/dev/null/x"]);
    let out = command.assert().code(1).get_output().stderr.clone();
    String::from_utf8(out).unwrap()
}

fn read(path: &Path) -> Curve {
    read_curve(path, &ReadOptions::default()).unwrap().curve
}

#[test]
fn real_space_functions_go_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<(f64, f64)> = (1..200)
        .map(|i| f64::from(i) * 0.05)
        .map(|r| (r, 1.0 + (3.0 * r).sin() / r))
        .collect();
    let g = file(
        folder.path(),
        "g.dat",
        "# quantity: pair-distribution\n# r (nm)\n",
        &rows,
    );
    let there = folder.path().join("t.csv");
    let said = convert(
        &g,
        &there,
        &[
            "--to",
            "total-correlation",
            "--density",
            "0.0662",
            "--composition",
            "SiO2",
            "--x-unit",
            "angstrom",
        ],
    );
    assert_eq!(
        (said["to"].as_str(), said["points"].as_u64()),
        (Some("total-correlation"), Some(199))
    );
    let back = folder.path().join("back.csv");
    convert(
        &there,
        &back,
        &[
            "--to",
            "pair-distribution",
            "--density",
            "0.0662",
            "--composition",
            "SiO2",
        ],
    );
    let curve = read(&back);
    assert_eq!(curve.quantity(), Quantity::PairDistribution);
    for (i, (r, y)) in rows.iter().enumerate() {
        assert!((curve.x()[i] - r).abs() < ROUNDING && (curve.y()[i] - y).abs() < ROUNDING);
    }
    // What is missing is asked for; X-rays have no scattering length.
    assert!(refused(&g, &["--to", "reduced-pdf", "--x-unit", "angstrom"]).contains("--density"));
    let e = refused(
        &there,
        &[
            "--to",
            "pair-distribution",
            "--density",
            "0.07",
            "--composition",
            "SiO2",
            "--radiation",
            "xray",
        ],
    );
    assert!(e.contains("form factor"), "{e}");
}

#[test]
fn between_the_spaces_a_shell_stays_a_shell_and_assumptions_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (a, s) = (2.0, 0.2);
    let shell = |r: f64| (-(r - a).powi(2) / (2.0 * s * s)).exp();
    let rows: Vec<(f64, f64)> = (1..400)
        .map(|i| f64::from(i) * 0.01)
        .map(|r| (r, shell(r)))
        .collect();
    let gr = file(
        folder.path(),
        "shell.dat",
        "# quantity: reduced-pdf\n",
        &rows,
    );
    let fq = folder.path().join("fq.csv");
    let said = convert(&gr, &fq, &["--to", "reduced-structure-factor"]);
    let codes = said["findings"].to_string();
    assert!(codes.contains("q-range-assumed"), "{codes}");
    let back = folder.path().join("back.csv");
    let said = convert(&fq, &back, &["--to", "reduced-pdf", "--r-max", "3.9"]);
    assert!(said["findings"].to_string().contains("q-range-assumed"));
    let curve = read(&back);
    for (r, y) in curve.x().iter().zip(curve.y()) {
        assert!((y - shell(*r)).abs() < TRANSFORM, "{r} {y}");
    }
    // A window broadens: the peak is lower.
    let damped = folder.path().join("damped.csv");
    convert(
        &fq,
        &damped,
        &[
            "--to",
            "reduced-pdf",
            "--r-max",
            "3.9",
            "--q-max",
            "12",
            "--window",
            "lorch",
        ],
    );
    let top = |c: &Curve| c.y().iter().copied().fold(0.0, f64::max);
    assert!(top(&read(&damped)) < 0.97 * top(&curve));
}

#[test]
fn units_carry_their_jacobian() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<(f64, f64)> = (1..100)
        .map(|i| (f64::from(i), 0.01 + f64::from(i) * 1e-4))
        .collect();
    let vdos = file(
        folder.path(),
        "v.dat",
        "# quantity: vdos\n# unit: meV\n",
        &rows,
    );
    let thz = folder.path().join("thz.csv");
    let said = convert(&vdos, &thz, &["--to", "vdos", "--unit", "thz"]);
    assert_eq!(said["unit"], "THz");
    let text = std::fs::read_to_string(&thz).unwrap();
    let first: Vec<f64> = text
        .lines()
        .find(|l| !l.starts_with('#'))
        .unwrap()
        .split(',')
        .map(|v| v.parse().unwrap())
        .collect();
    assert!((first[0] - 1.0 / 4.135_667_696_923_859).abs() < ROUNDING);
    // Read back it is the same density per meV.
    let curve = read(&thz);
    assert!((curve.y()[40] - rows[40].1).abs() < ROUNDING);
    assert!(refused(&vdos, &["--to", "vdos", "--unit", "nm"]).contains("different things"));
    assert!(refused(&vdos, &["--to", "raman-reduced"]).contains("cannot become"));
}

fn raman_rows() -> Vec<(f64, f64)> {
    (1..150)
        .map(|i| f64::from(i) * 8.0)
        .map(|nu| (nu, 2.0 + (nu / 90.0).sin()))
        .collect()
}

#[test]
fn reductions_by_name_are_undone_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let raman = file(
        folder.path(),
        "raman.dat",
        "# quantity: raman\n# unit: cm-1\n",
        &raman_rows(),
    );
    for name in ["long", "galeener", "hehlen", "susceptibility"] {
        let (there, back) = (
            folder.path().join("there.csv"),
            folder.path().join("back.csv"),
        );
        let said = convert(
            &raman,
            &there,
            &[
                "--to",
                "raman-reduced",
                "--reduction",
                name,
                "--temperature",
                "77",
                "--laser",
                "488",
            ],
        );
        assert!(!said["findings"].to_string().contains("excitation-assumed"));
        assert!(
            std::fs::read_to_string(&there)
                .unwrap()
                .contains(&format!("# reduction: {name}"))
        );
        let said = convert(
            &there,
            &back,
            &[
                "--to",
                "raman",
                "--reduced-by",
                name,
                "--temperature",
                "77",
                "--laser",
                "488",
                "--unit",
                "cm-1",
            ],
        );
        assert_eq!(said["errors"], true);
        let (first, second) = (read(&raman), read(&back));
        for i in 0..first.len() {
            assert!(
                (second.y()[i] / first.y()[i] - 1.0).abs() < 1e-11,
                "{name} {i}"
            );
        }
    }
    // From one to another: hehlen to galeener is a fourth power of the scattered light.
    let (one, two) = (folder.path().join("one.csv"), folder.path().join("two.csv"));
    let said = convert(
        &raman,
        &one,
        &["--to", "raman-reduced", "--reduction", "hehlen"],
    );
    assert!(said["findings"].to_string().contains("excitation-assumed"));
    convert(
        &one,
        &two,
        &[
            "--to",
            "raman-reduced",
            "--reduced-by",
            "hehlen",
            "--reduction",
            "galeener",
        ],
    );
    // The reader leaves out a point whose error is less than a thousandth of the others': the first, where E² is small.
    let (e, raw, two) = (Excitation::default(), read(&raman), read(&two));
    assert_eq!(two.len(), raw.len() - 1);
    for i in 0..two.len() {
        let expected = raw.y()[i + 1] * Reduction::Galeener.factor(&e, raw.x()[i + 1]);
        assert!((two.y()[i] / expected - 1.0).abs() < 1e-11);
    }
}

/// One phonon at one Q: S ∝ (n + 1) g/E gives g back.
#[test]
fn an_inelastic_intensity_becomes_a_density_with_its_temperature() {
    let folder = tempfile::tempdir().unwrap();
    let g = |e: f64| (e / 15.0).powi(2) * (-e / 15.0).exp();
    let n1 = |e: f64| 1.0 / (1.0 - (-e / (0.086_173_332_621_451_78 * 300.0)).exp());
    let rows: Vec<(f64, f64)> = (-40..160)
        .map(f64::from)
        .filter(|e| *e != 0.0)
        .map(|e| (e, 5.0 * n1(e.abs()) * g(e.abs()) / e.abs()))
        .collect();
    let ins = file(
        folder.path(),
        "ins.dat",
        "# quantity: ins\n# unit: meV\n",
        &rows,
    );
    assert!(refused(&ins, &["--to", "neutron-gdos"]).contains("--temperature"));
    let out = folder.path().join("gdos.csv");
    let said = convert(
        &ins,
        &out,
        &["--to", "neutron-gdos", "--temperature", "300"],
    );
    assert!(said["findings"].to_string().contains("constant-q-assumed"));
    let curve = read(&out);
    assert!(curve.x()[0] > 0.0 && (curve.area() - 1.0).abs() < 1e-9);
    let ratio = curve.y()[10] / curve.y()[60];
    let expected = g(curve.x()[10]) / g(curve.x()[60]);
    assert!((ratio / expected - 1.0).abs() < 1e-9);
}

/// The one way by which an operator of densities of states takes a Raman curve: a coupling that the user supplies.
#[test]
fn a_raman_curve_needs_a_coupling_to_be_inverted_by_an_operator_of_densities() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let set = tiny::set(3, 7);
    let coupling = |e: f64| 0.3 + e / 40.0;
    let grid = operator.meta.energy.centres();
    let rows: Vec<(f64, f64)> = grid
        .iter()
        .enumerate()
        .map(|(j, &e)| (e, 11.0 * coupling(e) * set.spectra[(0, j)]))
        .collect();
    let raman = file(
        folder.path(),
        "raman.dat",
        "# quantity: raman-reduced\n# unit: meV\n",
        &rows,
    );
    let c_rows: Vec<(f64, f64)> = grid.iter().map(|&e| (e, coupling(e))).collect();
    let c = file(
        folder.path(),
        "c.dat",
        "# quantity: raman-coupling\n# unit: meV\n",
        &c_rows,
    );
    let out = folder.path().join("out");
    let run = |words: &[&str]| {
        let mut command = tiny::glassbridge();
        command
            .arg("invert")
            .arg(&path)
            .arg(&raman)
            .arg("--out")
            .arg(&out)
            .args(["--noise", "0.01", "--json"])
            .args(words);
        command.assert()
    };
    let e = String::from_utf8(run(&[]).code(1).get_output().stderr.clone()).unwrap();
    assert!(
        e.contains("coupling C(E)") && e.contains("--coupling"),
        "{e}"
    );
    let words = ["--coupling", c.to_str().unwrap()];
    let stdout = run(&words).success().get_output().stdout.clone();
    let said: Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(said["spectra"][0]["verdict"], "inside-domain");
    assert!(said["findings"].to_string().contains("coupling-assumed"));
    let g = glassbridge::io::wide_table::WideTable::read(&out.join("g.csv")).unwrap();
    let off = |f: &dyn Fn(usize) -> f64| {
        (0..g.axis.len())
            .map(|j| (f(j) - set.g[(0, j)]).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let mean: Vec<f64> = (0..g.axis.len())
        .map(|j| operator.x.col(j).iter().sum::<f64>() / 40.0)
        .collect();
    let (ours, prior) = (off(&|j| g.rows[(0, j)]), off(&|j| mean[j]));
    assert!(ours < 0.2 * prior, "{ours} {prior}");
    // A density of states has nothing to be divided by.
    let (_, y) = tiny::curves(&set, 1, folder.path(), "one");
    let mut command = tiny::glassbridge();
    command
        .arg("invert")
        .arg(&path)
        .arg(&y)
        .arg("--out")
        .arg(&out)
        .args(words);
    command.assert().code(1);
}
