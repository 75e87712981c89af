//! `glassbridge phonons` as a user meets it.

use assert_cmd::Command;
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
