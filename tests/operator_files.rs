//! Operators on disk: what was saved comes back bit for bit, and whatever is not an operator is refused with the reason.

#[path = "support/tiny.rs"]
mod tiny;

use glassbridge::io::npz::Bundle;
use glassbridge::operator::Operator;
use std::fs;
use std::path::Path;

/// Every verb that takes an operator, given this file for one, ends with exit code 1, says `words`, and writes nothing.
fn refused(folder: &Path, operator: &Path, words: &[&str]) {
    let (g, y) = tiny::curves(&tiny::set(1, 9), 0, folder, "one");
    let out = folder.join("out");
    let verbs: [(&str, Vec<&Path>); 4] = [
        ("inspect", vec![]),
        ("invert", vec![&y, Path::new("--out"), &out]),
        ("predict", vec![&g, Path::new("--out"), &out]),
        (
            "check",
            vec![
                Path::new("--spectrum"),
                &y,
                Path::new("--pdf"),
                &g,
                Path::new("--figures"),
                &out,
            ],
        ),
    ];
    for (verb, rest) in verbs {
        let assert = tiny::glassbridge()
            .arg(verb)
            .arg(operator)
            .args(rest)
            .assert()
            .code(1);
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        for word in words {
            assert!(said.contains(word), "{verb}: '{word}' is not in: {said}");
        }
        assert!(said.contains("help:"), "{verb}: {said}");
        assert!(assert.get_output().stdout.is_empty(), "{verb}");
        assert!(!out.exists(), "{verb} left something behind");
    }
}

#[test]
fn what_was_saved_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let back = Operator::load(&path).unwrap();
    assert_eq!(back.meta, operator.meta);
    assert_eq!((&back.w, &back.v), (&operator.w, &operator.v));
    assert_eq!((&back.b, &back.c), (&operator.b, &operator.c));
    assert_eq!((&back.x, &back.y), (&operator.x, &operator.y));
    assert_eq!(back.residuals, operator.residuals);
    let again = folder.path().join("again.npz");
    back.save(&again).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn truncated_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = tiny::operator(folder.path());
    let bytes = fs::read(&path).unwrap();
    let short = folder.path().join("short.npz");
    let n = bytes.len();
    for end in (0..n).step_by(n / 60).chain([1, n - 1]) {
        fs::write(&short, &bytes[..end]).unwrap();
        let error = Operator::load(&short).unwrap_err().to_string();
        assert!(error.contains("short.npz"), "{end}: {error}");
    }
    for end in [0, n / 2, n - 1] {
        fs::write(&short, &bytes[..end]).unwrap();
        refused(folder.path(), &short, &["short.npz"]);
    }
}

#[test]
fn a_flipped_byte_never_changes_an_operator_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, path) = tiny::operator(folder.path());
    let bytes = fs::read(&path).unwrap();
    let flipped = folder.path().join("flipped.npz");
    let mut caught = 0;
    let places: Vec<usize> = (0..bytes.len()).step_by(bytes.len() / 80).collect();
    for &i in &places {
        let mut damaged = bytes.clone();
        damaged[i] ^= 0x10;
        fs::write(&flipped, &damaged).unwrap();
        // A byte of padding or of a date may change nothing; then the operator is the same.
        match Operator::load(&flipped) {
            Err(_) => caught += 1,
            Ok(back) => {
                assert_eq!((&back.w, &back.v), (&operator.w, &operator.v), "byte {i}");
                assert_eq!(back.meta, operator.meta, "byte {i}");
            }
        }
    }
    assert!(
        caught > places.len() * 3 / 4,
        "{caught} of {}",
        places.len()
    );
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 0x10;
    fs::write(&flipped, &damaged).unwrap();
    refused(folder.path(), &flipped, &["flipped.npz"]);
}

/// The operator's file with its members changed.
fn changed(folder: &Path, change: impl FnOnce(&mut Bundle)) -> std::path::PathBuf {
    let (_, path) = tiny::operator(folder);
    let mut bundle = Bundle::from_bytes(&fs::read(path).unwrap()).unwrap();
    change(&mut bundle);
    let path = folder.join("changed.npz");
    fs::write(&path, bundle.to_bytes().unwrap()).unwrap();
    path
}

#[test]
fn a_changed_number_fails_the_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path(), |b| {
        b.arrays.get_mut("W").unwrap()[(3, 4)] += 1e-9;
    });
    refused(folder.path(), &path, &["damaged", "checksum"]);
}

#[test]
fn a_missing_array_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path(), |b| {
        b.arrays.remove("V");
    });
    refused(folder.path(), &path, &["changed.npz"]);
}

#[test]
fn another_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path(), |b| {
        let meta = b.meta.take().unwrap();
        assert!(meta.contains("\"version\": 3"));
        b.meta = Some(meta.replacen("\"version\": 3", "\"version\": 99", 1));
    });
    refused(
        folder.path(),
        &path,
        &["another version", "99", "train it again"],
    );
}

#[test]
fn foreign_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = changed(folder.path(), |b| b.meta = None);
    refused(folder.path(), &foreign, &["not an operator", "meta.json"]);
    let other = changed(folder.path(), |b| {
        b.meta = Some("{\"format\": \"something\"}".into());
    });
    refused(
        folder.path(),
        &other,
        &["not an operator", "another program"],
    );
    let text = folder.path().join("text.npz");
    fs::write(&text, "1 2\n3 4\n").unwrap();
    refused(folder.path(), &text, &["text.npz"]);
    refused(
        folder.path(),
        &folder.path().join("absent.npz"),
        &["absent.npz"],
    );
}

#[test]
fn a_raman_curve_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (_, path) = tiny::operator(folder.path());
    let (g, y) = tiny::curves(&tiny::set(1, 9), 0, folder.path(), "one");
    let out = folder.path().join("out");
    let invert = tiny::glassbridge()
        .args(["invert".as_ref(), path.as_os_str(), y.as_os_str()])
        .args(["--quantity", "raman", "--out"])
        .arg(&out)
        .assert()
        .code(1);
    let check = tiny::glassbridge()
        .args(["check".as_ref(), path.as_os_str()])
        .args(["--quantity", "raman", "--spectrum"])
        .arg(&y)
        .arg("--pdf")
        .arg(&g)
        .assert()
        .code(1);
    for assert in [invert, check] {
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        for word in ["trained on vdos", "raman", "coupling", "help:"] {
            assert!(said.contains(word), "'{word}' is not in: {said}");
        }
    }
    assert!(!out.exists());
}
