//! Bad files end with exit code 1 and a message that names the place and the cure.

use assert_cmd::Command;
use std::fs;

fn refused(content: &[u8], extra: &[&str], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.dat");
    fs::write(&path, content).unwrap();
    refused_file(path.to_str().unwrap(), extra, words);
}

fn refused_file(path: &str, extra: &[&str], words: &[&str]) {
    let assert = Command::cargo_bin("glassbridge")
        .unwrap()
        .arg("inspect")
        .arg(path)
        .args(extra)
        .assert()
        .code(1);
    let output = assert.get_output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.stdout.is_empty(), "{said}");
    for word in words {
        assert!(said.contains(word), "'{word}' is not in: {said}");
    }
    assert!(said.contains("help:"), "{said}");
}

#[test]
fn bad_curves() {
    let vdos: &[&str] = &["--quantity", "vdos"];
    let cases: [(&[u8], &[&str], &[&str]); 16] = [
        (b"", vdos, &["empty"]),
        (b"  \n\n", vdos, &["empty"]),
        (
            b"1 2\n2 3\n3 x4\n",
            vdos,
            &["'x4' is not a number", "bad.dat:3:3"],
        ),
        (
            b"1 oops\n2 3\n3 4\n",
            vdos,
            &["'oops' is not a number", "bad.dat:1:3"],
        ),
        (
            b"1 2\n2 nan\n3 4\n",
            vdos,
            &["'nan' is not a finite number", "bad.dat:2:3"],
        ),
        (
            b"1 2\n2 1e999\n3 4\n",
            vdos,
            &["not a finite number", "bad.dat:2:3"],
        ),
        (b"1\n2\n3\n", vdos, &["one column", "bad.dat:1"]),
        (b"1 2\n", vdos, &["one point"]),
        (
            b"1 2\n2 3\n#### start data\n",
            vdos,
            &["no numbers below", "bad.dat:3"],
        ),
        (b"hello\nworld\n", vdos, &["no columns of numbers"]),
        (
            b"1 2\n2 3 4\n",
            vdos,
            &["the row has 3 columns", "bad.dat:2"],
        ),
        (b"\x00\x01\x02", vdos, &["binary"]),
        (b"\xff\xfe1\x00", vdos, &["UTF-16"]),
        (
            b"1 2\n2 3\n",
            &[],
            &[
                "does not say what it shows",
                "--quantity",
                "pair-distribution",
            ],
        ),
        (
            b"1 2\n2 3\n",
            &["--quantity", "vdos", "--x-unit", "angstrom"],
            &["cannot be in"],
        ),
        (
            b"1 2\n2 3\n",
            &["--quantity", "vdos", "--columns", "1,3"],
            &["the file has 2 columns"],
        ),
    ];
    for (content, extra, words) in cases {
        refused(content, extra, words);
    }
}

/// The same refusals do not hit a good file: exit code 0 and one JSON object.
#[test]
fn a_good_curve_is_one_json_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.dat");
    fs::write(&path, "# quantity: vdos\n# unit: thz\n1 0\n2 1\n3 0\n").unwrap();
    let output = Command::cargo_bin("glassbridge")
        .unwrap()
        .arg("inspect")
        .arg(&path)
        .arg("--json")
        .assert()
        .success();
    let seen: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(
        (&seen["quantity"], &seen["points"]),
        (&"vdos".into(), &3.into())
    );
    assert_eq!(seen["peaks"].as_array().unwrap().len(), 1);
    assert!((seen["area"].as_f64().unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn bad_tables() {
    let cases: [(&[u8], &[&str]); 5] = [
        (b"sample,1,2\na,1\n", &["bad.dat:2"]),
        (
            b"sample,1,2\na,1,x\n",
            &["'x' is not a finite number", "bad.dat:2:5"],
        ),
        (b"sample,2,1\na,1,2\n", &["do not ascend"]),
        (b"sample,1,2\na,1,2\na,1,2\n", &["twice"]),
        (
            b"# quantity: infrared\nsample,1,2\na,1,2\n",
            &["linear functional"],
        ),
    ];
    for (content, words) in cases {
        refused(content, &[], words);
    }
}

#[test]
fn a_missing_file_and_a_folder() {
    refused_file(
        "/nowhere/at/all.dat",
        &["--quantity", "vdos"],
        &["/nowhere/at/all.dat", "spelling"],
    );
    let folder = tempfile::tempdir().unwrap();
    refused_file(
        folder.path().to_str().unwrap(),
        &["--quantity", "vdos"],
        &["not a complete dataset", "manifest.json"],
    );
}

/// A file of a terabyte (sparse: it takes no disk) is refused by its size, not by running out of memory.
#[test]
fn a_huge_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.dat");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    refused_file(
        path.to_str().unwrap(),
        &["--quantity", "vdos"],
        &["too large", "1099511627776"],
    );
}

/// One endless line of numbers: cut into cells it would take some ten times its size.
#[test]
fn an_endless_line() {
    let line = "1 ".repeat(9 << 20);
    refused(
        line.as_bytes(),
        &["--quantity", "vdos"],
        &["a line is too long", "bad.dat:1", "18874368"],
    );
    let table = format!("sample,{}\n", "1,".repeat(9 << 20));
    refused(table.as_bytes(), &[], &["a line is too long", "bad.dat:1"]);
}
