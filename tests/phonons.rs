//! `glassbridge phonons` as a user meets it.

use assert_cmd::Command;
use glassbridge::atoms::lattice::{diamond, supercell, triangular};
use glassbridge::atoms::structure::Structure;
use glassbridge::curve::{Curve, Quantity};
use glassbridge::io::curve_text::{ReadOptions, read_curve};
use glassbridge::io::extxyz;
use serde_json::Value;
use std::fs;
use std::path::Path;

const FIXTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/fixtures/lammps/silicon_8.extxyz"
);
const SILICON: &str = "tersoff:si-1988";

/// A relaxed structure: the command stops at forces of 1e-6 eV/Å.
const AT_REST: f64 = 1e-6;

fn phonons(folder: &Path, file: &str, potential: &str, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("glassbridge").unwrap();
    command
        .current_dir(folder)
        .args(["phonons", file, "--potential", potential]);
    command.args(more);
    command
}

fn json(folder: &Path, more: &[&str]) -> Value {
    let mut command = phonons(folder, FIXTURE, SILICON, &["--json"]);
    let output = command
        .args(more)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&output).unwrap()
}

fn number(json: &Value, key: &str) -> f64 {
    json[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key}: {}", json[key]))
}

#[test]
fn json_holds_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let perturbed = json(folder.path(), &[]);
    assert!(number(&perturbed, "max_force") > 0.1);
    assert!(
        (number(&perturbed, "energy_per_atom") * 8.0 / number(&perturbed, "energy") - 1.0).abs()
            < 1e-14
    );
    assert_eq!(perturbed["pressure_unit"], "bar");
    assert!(number(&perturbed, "pressure").is_finite());
    assert_eq!(perturbed["window_pairs"], 0);

    let relaxed = json(folder.path(), &["--relax"]);
    assert!(number(&relaxed, "max_force") <= AT_REST);
    assert!(number(&relaxed, "energy") < number(&perturbed, "energy"));
    assert_eq!(
        (
            number(&relaxed, "zero_modes"),
            number(&relaxed, "imaginary_modes")
        ),
        (3.0, 0.0)
    );
    let frequencies: Vec<f64> = serde_json::from_value(relaxed["frequencies_thz"].clone()).unwrap();
    assert_eq!(frequencies.len(), 24);
    assert!(frequencies.is_sorted());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was asked to be written"
    );
}

#[test]
fn pressure_is_the_derivative_of_the_energy() {
    // -dE/dV over the isotropic strain of the fixture; the difference's own error is its square, 1e-8.
    const STRAIN: f64 = 1e-4;
    const PRESSURE: f64 = 1e-4;
    let folder = tempfile::tempdir().unwrap();
    let strained = |factor: f64| {
        let text = fs::read_to_string(FIXTURE).unwrap();
        let frames = glassbridge::io::extxyz::read(&text, |_| Ok(28.085)).unwrap();
        let mut frame = frames[0].clone();
        frame.structure = frame.structure.scaled(factor).unwrap();
        let path = folder.path().join(format!("{factor}.extxyz"));
        fs::write(&path, glassbridge::io::extxyz::write(&[frame.clone()])).unwrap();
        let mut command = phonons(folder.path(), path.to_str().unwrap(), SILICON, &["--json"]);
        let output = command.assert().success().get_output().stdout.clone();
        let told: Value = serde_json::from_slice(&output).unwrap();
        (number(&told, "energy"), frame.structure.cell.volume())
    };
    let ((low, small), (high, large)) = (strained(1.0 - STRAIN), strained(1.0 + STRAIN));
    let expected = (low - high) / (large - small) * 1.602_176_634e6;
    let told = number(&json(folder.path(), &[]), "pressure");
    assert!(
        (told - expected).abs() < PRESSURE * expected.abs(),
        "{told} against {expected}"
    );
}

#[test]
fn files_hold_hessian_forces_and_modes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let told = json(
        folder.path(),
        &[
            "--hessian",
            "new/H.npy",
            "--forces",
            "F.extxyz",
            "--modes",
            "M.npz",
        ],
    );

    let hessian = glassbridge::io::npy::read_matrix(&fs::read(at("new/H.npy")).unwrap()).unwrap();
    assert_eq!((hessian.nrows(), hessian.ncols()), (24, 24));
    let asymmetry = (&hessian - hessian.transpose()).norm_max();
    assert!(asymmetry < 1e-12 * hessian.norm_max(), "{asymmetry}");

    let text = fs::read_to_string(at("F.extxyz")).unwrap();
    let frames = glassbridge::io::extxyz::read(&text, |_| Ok(28.085)).unwrap();
    assert_eq!(frames[0].energy, Some(number(&told, "energy")));
    assert_eq!(frames[0].forces.as_ref().unwrap().len(), 8);

    let bytes = fs::read(at("M.npz")).unwrap();
    let mut modes = glassbridge::io::npz::Bundle::from_bytes(&bytes).unwrap();
    let (frequencies, vectors) = (
        modes.take("frequencies_thz").unwrap(),
        modes.take("vectors").unwrap(),
    );
    assert_eq!(
        (frequencies.nrows(), vectors.nrows(), vectors.ncols()),
        (24, 24, 24)
    );
    // The same matrix by the same solver, once for the values alone: they agree to its rounding.
    let values = told["frequencies_thz"].as_array().unwrap();
    assert!((frequencies[(23, 0)] - values[23].as_f64().unwrap()).abs() < 1e-9);
}

#[test]
fn words_for_people_name_doubts() {
    let folder = tempfile::tempdir().unwrap();
    let output = phonons(folder.path(), FIXTURE, SILICON, &[])
        .assert()
        .success()
        .get_output()
        .clone();
    let said = String::from_utf8(output.stdout).unwrap();
    for word in ["energy", "largest force", "bar", "THz", "imaginary"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    // A pair 3.1 Å apart is between R - D = 2.8 Å and R + D = 3.2 Å of silicon, past the middle, where the curve bends down.
    let dimer = "2\nLattice=\"20 0 0 0 20 0 0 0 20\"\nSi 0 0 0\nSi 3.1 0 0\n";
    fs::write(folder.path().join("dimer.extxyz"), dimer).unwrap();
    let output = phonons(folder.path(), "dimer.extxyz", SILICON, &[])
        .assert()
        .success()
        .get_output()
        .clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("1 pair(s) of atoms") && said.contains("imaginary"),
        "{said}"
    );
}

/// Fails with exit code 1, says these words and a cure, and leaves the folder as it was.
fn refused(content: Option<&str>, potential: &str, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(content) = content {
        fs::write(folder.path().join("bad.extxyz"), content).unwrap();
    }
    let more = [
        "--json",
        "--hessian",
        "H.npy",
        "--forces",
        "F.extxyz",
        "--modes",
        "M.npz",
    ];
    let output = phonons(folder.path(), "bad.extxyz", potential, &more)
        .assert()
        .code(1)
        .get_output()
        .clone();
    let said = String::from_utf8(output.stderr).unwrap();
    for word in words.iter().chain(&["help:"]) {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
    assert!(output.stdout.is_empty());
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        left,
        usize::from(content.is_some()),
        "something was written"
    );
}

#[test]
fn bad_input_is_refused_and_nothing_written() {
    let good = fs::read_to_string(FIXTURE).unwrap();
    refused(
        Some(&good),
        "tersoff:unobtainium",
        &["tersoff:unobtainium", "tersoff:si-1988"],
    );
    refused(
        Some(&good),
        "tersoff:file=absent.tersoff",
        &["absent.tersoff"],
    );
    refused(
        Some(&good),
        "tersoff:c-1989",
        &["knows no Si", "bad.extxyz"],
    );
    refused(
        Some(&good.replace("Si ", "Xx ")),
        SILICON,
        &["'Xx'", "bad.extxyz:2"],
    );
    refused(None, SILICON, &["bad.extxyz", "spelling"]);
    refused(Some(""), SILICON, &["empty", "bad.extxyz"]);
    let lines: Vec<_> = good.lines().collect();
    refused(
        Some(&lines[..7].join("\n")),
        SILICON,
        &["cannot have 8 atoms", "bad.extxyz:1"],
    );
    let overlapping = "2\nLattice=\"9 0 0 0 9 0 0 0 9\"\nSi 0 0 0\nSi 9 0 0.01\n";
    refused(
        Some(overlapping),
        SILICON,
        &["atoms 1 and 2 overlap", "0.010 Å"],
    );
}

fn summary(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap()
}

fn write(folder: &Path, name: &str, structure: &Structure) {
    let frame = extxyz::Frame {
        structure: structure.clone(),
        energy: None,
        forces: None,
    };
    fs::write(folder.join(name), extxyz::write(&[frame])).unwrap();
}

fn curve(path: &Path) -> Curve {
    read_curve(path, &ReadOptions::default()).unwrap().curve
}

/// The integral of `f(x) y(x)` of a histogram.
fn mean(curve: &Curve, f: fn(f64) -> f64) -> f64 {
    let step = curve.x()[1] - curve.x()[0];
    let terms = curve.x().iter().zip(curve.y());
    terms.map(|(&x, y)| f(x) * y).sum::<f64>() * step
}

const LENNARD_JONES: &str = "lj:epsilon=1,sigma=1,cutoff=2.5,shift=energy,units=reduced";

#[test]
fn flat_matter_in_reduced_units() {
    let folder = tempfile::tempdir().unwrap();
    let crystal = supercell(&triangular(1.11, "X", 1.0).unwrap(), [4, 3, 1]).unwrap();
    write(folder.path(), "flat.extxyz", &crystal);
    let more = [
        "--dimensions",
        "2",
        "--json",
        "--pressure",
        "0",
        "--hessian",
        "H.npy",
        "--modes",
        "M.npz",
    ];
    let output = phonons(folder.path(), "flat.extxyz", LENNARD_JONES, &more)
        .assert()
        .success()
        .get_output()
        .clone();
    let told = summary(&output.stdout);
    let frequencies: Vec<f64> =
        serde_json::from_value(told["frequencies_reduced"].clone()).unwrap();
    assert_eq!((frequencies.len(), frequencies.is_sorted()), (48, true));
    assert_eq!(
        (&told["zero_modes"], &told["imaginary_modes"]),
        (&2.into(), &0.into())
    );
    assert_eq!(
        (&told["energy_unit"], &told["pressure_unit"]),
        (&"epsilon".into(), &"epsilon/sigma^2".into())
    );
    assert!(told.get("frequencies_thz").is_none());
    assert!(number(&told, "pressure").abs() < 1e-5);
    // Masses are 1: the sum of ω² is the trace of the Hessian.
    let bytes = fs::read(folder.path().join("H.npy")).unwrap();
    let hessian = glassbridge::io::npy::read_matrix(&bytes).unwrap();
    let squares: f64 = frequencies.iter().map(|w| w * w).sum();
    let trace: f64 = (0..48).map(|k| hessian[(k, k)]).sum();
    assert!((squares / trace - 1.0).abs() < 1e-12, "{squares} {trace}");
    let mut modes =
        glassbridge::io::npz::Bundle::from_bytes(&fs::read(folder.path().join("M.npz")).unwrap())
            .unwrap();
    assert!((modes.take("frequencies_reduced").unwrap()[(47, 0)] - frequencies[47]).abs() < 1e-9);

    let solid = phonons(folder.path(), "flat.extxyz", LENNARD_JONES, &[])
        .assert()
        .success()
        .get_output()
        .clone();
    assert!(String::from_utf8(solid.stdout).unwrap().contains("epsilon"));
}

#[test]
fn curves_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let names = "vdos,neutron-gdos,ins,ixs,structure-factor,rdf,angles,coordination,rings";
    json(
        folder.path(),
        &[
            "--relax",
            "--observables",
            names,
            "--spectrometer",
            "fixed-q=3",
            "--out",
            "curves",
        ],
    );
    let at = |name: &str| folder.path().join("curves").join(name);
    for name in ["vdos.csv", "neutron-gdos.csv"] {
        let spectrum = curve(&at(name));
        assert!((mean(&spectrum, |_| 1.0) - 1.0).abs() < 1e-6, "{name}");
        assert_eq!(spectrum.quantity().name(), name.trim_end_matches(".csv"));
    }
    // One species, no pair closer than the bond of 2.35 Å.
    let rdf = curve(&at("rdf.csv"));
    assert_eq!(rdf.quantity(), Quantity::PairDistribution);
    assert!(rdf.at(2.2) == Some(0.0) && rdf.y().iter().any(|&g| g > 10.0));
    let table = |name: &str| -> Vec<Vec<f64>> {
        let text = fs::read_to_string(at(name)).unwrap();
        let rows = text.lines().filter(|l| !l.starts_with('#'));
        rows.map(|l| l.split(',').map(|x| x.parse().unwrap()).collect())
            .collect()
    };
    assert_eq!(table("coordination.csv")[4], [4.0, 8.0]);
    assert_eq!(table("rings.csv")[6], [6.0, 16.0]);
    let angle = table("angles.csv")
        .into_iter()
        .max_by(|a, b| a[1].total_cmp(&b[1]))
        .unwrap()[0];
    assert!((angle - 109.47).abs() < 1.0);
    // At 300 K, where silicon has a mode: gain and loss in detailed balance, but for the broadening of 1 %.
    let ins = curve(&at("ins.csv"));
    let loss = (0..ins.len())
        .filter(|&i| ins.x()[i] > 5.0)
        .max_by(|&i, &j| ins.y()[i].total_cmp(&ins.y()[j]))
        .unwrap();
    let energy = ins.x()[loss];
    let balance =
        ins.at(-energy).unwrap() / ins.y()[loss] * (energy / (0.086_173_333 * 300.0)).exp();
    assert!((balance - 1.0).abs() < 0.05, "{balance}");
    let names = fs::read_dir(at("")).unwrap().flatten();
    let names: Vec<String> = names
        .map(|f| f.file_name().into_string().unwrap())
        .collect();
    let shells: Vec<&String> = names.iter().filter(|n| n.starts_with("ixs.")).collect();
    assert!(shells.len() > 3, "{names:?}");
    for shell in &shells {
        let ixs = curve(&at(shell));
        let ratio = ixs.at(-energy).unwrap() / ixs.at(energy).unwrap();
        assert!(ratio > 0.0 && ratio < 1.0, "{shell}: {ratio}");
    }
    let s = curve(&at("structure-factor.csv"));
    // Reflections, the first of silicon at 2.0 1/Å.
    let first = (0..s.len()).find(|&i| s.y()[i] > 2.0).unwrap();
    assert!((s.x()[first] - 2.0).abs() < 0.2, "{}", s.x()[first]);
    // Two structure factors, the oscillators that fit ixs, and one file of each of the others.
    assert_eq!(names.len(), shells.len() + 10);
}

/// 10,648 atoms of silicon, beyond the full matrix, and 216.
#[test]
fn a_large_structure_goes_through_its_moments() {
    let folder = tempfile::tempdir().unwrap();
    let unit = diamond(5.432, "Si", 28.085).unwrap();
    write(
        folder.path(),
        "large.extxyz",
        &supercell(&unit, [11; 3]).unwrap(),
    );
    write(
        folder.path(),
        "small.extxyz",
        &supercell(&unit, [3; 3]).unwrap(),
    );
    let solved = |file: &str, out: &str| {
        let more = ["--json", "--observables", "vdos", "--out", out];
        let output = phonons(folder.path(), file, SILICON, &more)
            .assert()
            .success()
            .get_output()
            .clone();
        (
            summary(&output.stdout),
            curve(&folder.path().join(out).join("vdos.csv")),
        )
    };
    let ((large, by_moments), (small, dense)) =
        (solved("large.extxyz", "l"), solved("small.extxyz", "s"));
    assert_eq!(
        (&large["method"], &small["method"]),
        (&"kpm".into(), &"dense".into())
    );
    assert!(large.get("frequencies_thz").is_none() && small.get("moments").is_none());
    let codes: Vec<_> = large["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].clone())
        .collect();
    assert_eq!(codes, ["kernel-polynomial-method"]);
    assert_eq!(
        (&large["imaginary_modes"], &large["zero_modes"]),
        (&0.into(), &3.into())
    );
    let top = small["frequencies_thz"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_f64()
        .unwrap();
    let highest = number(&large, "highest_frequency");
    assert!((1.0..1.03).contains(&(highest / top)), "{highest} {top}");
    assert!(number(&large, "resolution_middle") < 0.005 * top);
    let error = number(&large, "vdos_relative_error");
    assert!(error > 0.0 && error < 0.1);
    assert!(by_moments.sigma().is_some());
    let area = mean(&by_moments, |_| 1.0);
    // A reader leaves out points whose error is next to nothing, where next to no modes are.
    assert!((area - 1.0).abs() < 1e-5, "{area}");
    // The mean of ω² is a trace of nearest blocks, the same in both but for their translations, 1/216 of the modes.
    let [a, b] = [&by_moments, &dense].map(|c| mean(c, |x| x * x));
    assert!((a / b - 1.0).abs() < 0.01, "{a} {b}");
}

#[test]
fn boxes_and_files_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = |file: &str, potential: &str, more: &[&str]| {
        let output = phonons(folder.path(), file, potential, more)
            .assert()
            .code(1)
            .get_output()
            .clone();
        String::from_utf8(output.stderr).unwrap()
    };
    let plane =
        "4\nLattice=\"2.2 0 0 0 2.2 0 0 0 1\"\nX 0 0 0\nX 1.1 0 0\nX 0 1.1 0\nX 1.1 1.1 0\n";
    fs::write(folder.path().join("plane.extxyz"), plane).unwrap();
    let thin = said("plane.extxyz", LENNARD_JONES, &[]);
    assert!(
        thin.contains("too thin for a sheet") && thin.contains("--dimensions 2"),
        "{thin}"
    );
    fs::write(
        folder.path().join("bent.extxyz"),
        plane.replace("X 1.1 1.1 0", "X 1.1 1.1 0.2"),
    )
    .unwrap();
    let bent = said("bent.extxyz", LENNARD_JONES, &["--dimensions", "2"]);
    assert!(
        bent.contains("not flat") && bent.contains("bent.extxyz"),
        "{bent}"
    );
    let unit = diamond(5.432, "Si", 28.085).unwrap();
    write(
        folder.path(),
        "large.extxyz",
        &supercell(&unit, [11; 3]).unwrap(),
    );
    let large = said("large.extxyz", SILICON, &["--hessian", "H.npy"]);
    assert!(
        large.contains("10648 atoms are too many for H.npy"),
        "{large}"
    );
    let weighted = said(
        "plane.extxyz",
        LENNARD_JONES,
        &[
            "--dimensions",
            "2",
            "--observables",
            "neutron-gdos",
            "--out",
            "c",
        ],
    );
    assert!(weighted.contains("reduced units"), "{weighted}");
    assert!(!folder.path().join("c").exists());
}

#[test]
fn help_ends_with_an_example() {
    let output = Command::cargo_bin("glassbridge")
        .unwrap()
        .args(["phonons", "--help"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let said = String::from_utf8(output).unwrap();
    let last = said
        .trim_end()
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned();
    assert!(last.contains("glassbridge phonons"), "{last}");
}
