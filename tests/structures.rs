//! Structures in and out: what other programs write reads as the same structure, what is written reads back, and what is
//! broken is told.

use assert_cmd::Command;
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::structure::Structure;
use glassbridge::elements::element;
use glassbridge::io::extxyz::Frame;
use glassbridge::io::structure_file::{Told, read_structures, structures_as_text};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Å and dimensionless: files of other programs hold ten digits and more.
const SAME: f64 = 1e-6;
/// Å: what is written with all digits turns with the cell once, in double precision.
const WRITTEN: f64 = 1e-9;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/structures")).join(name)
}

fn read(path: &Path, species: &[&str]) -> glassbridge::error::Result<Vec<Frame>> {
    let species: Vec<String> = species.iter().map(|&s| s.to_owned()).collect();
    let told = Told {
        species: &species,
        mass_of: &|symbol| Ok(element(symbol)?.mass),
    };
    read_structures(path, &told).map(|(frames, _)| frames)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The same cell up to a turn, the same species at the same places of it.
fn same(a: &Structure, b: &Structure, tolerance: f64) -> Result<(), String> {
    let metric = |cell: &Cell| {
        let v = *cell.vectors();
        [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)].map(|(i, j)| dot(v[i], v[j]))
    };
    for (x, y) in metric(&a.cell).into_iter().zip(metric(&b.cell)) {
        if (x - y).abs() > 100.0 * tolerance {
            return Err(format!("cells differ: {x} {y}"));
        }
    }
    if a.len() != b.len() {
        return Err(format!("{} and {} atoms", a.len(), b.len()));
    }
    let place =
        |s: &Structure, i: usize| (s.symbol(i).to_owned(), s.cell.fractional(s.positions[i]));
    for i in 0..a.len() {
        let (symbol, f) = place(a, i);
        let found = (0..b.len()).any(|j| {
            let (other, g) = place(b, j);
            let off = |k: usize| (f[k] - g[k] - (f[k] - g[k]).round()).abs() < tolerance;
            symbol == other && off(0) && off(1) && off(2)
        });
        if !found {
            return Err(format!("{symbol} at {f:?} is not there"));
        }
    }
    Ok(())
}

#[test]
fn every_format_reads_as_the_same_structure() {
    let reference = read(&fixture("reference.extxyz"), &[]).unwrap();
    for (name, species) in [
        ("ase.cif", &[][..]),
        ("ase.data", &[]),
        ("lammps.data", &[]),
        ("lammps.data", &["Si", "O"]),
        ("ase.poscar", &[]),
        ("ase-cartesian.poscar", &[]),
        ("old.poscar", &["Si", "O"]),
        ("scaled.dump", &["Si", "O"]),
        ("named.dump", &[]),
    ] {
        let frames = read(&fixture(name), species).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(frames.len(), 1, "{name}");
        if let Err(what) = same(&reference[0].structure, &frames[0].structure, SAME) {
            panic!("{name}: {what}");
        }
        // LAMMPS' own masses and ours round alike.
        assert!(
            (frames[0].structure.masses[0] - 28.085).abs() < 1e-3,
            "{name}"
        );
    }
    assert_eq!(
        read(&fixture("named.dump"), &[]).unwrap()[0]
            .forces
            .as_ref()
            .unwrap()
            .len(),
        8
    );
}

#[test]
fn types_named_by_their_masses_are_told() {
    let told = Told {
        species: &[],
        mass_of: &|symbol| Ok(element(symbol)?.mass),
    };
    let (_, findings) = read_structures(&fixture("lammps.data"), &told).unwrap();
    assert_eq!(findings.len(), 2);
    assert!(findings[0].message.contains("by its mass"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_reads_back(
        edges in proptest::array::uniform3(3.0..9.0_f64),
        tilts in proptest::array::uniform6(-1.5..1.5_f64),
        flip in any::<bool>(),
        places in proptest::collection::vec(proptest::array::uniform3(-0.5..1.5_f64), 2..20),
    ) {
        let [a, b, c] = edges;
        let [p, q, r, s, t, u] = tilts;
        let sign = if flip { -1.0 } else { 1.0 };
        let cell = Cell::new([[a, p, q], [r, b, s], [t, u, sign * c]], [true; 3]).unwrap();
        let positions: Vec<_> = places.iter().map(|f| cell.cartesian(*f)).collect();
        let of: Vec<usize> = (0..positions.len()).map(|i| i % 2).collect();
        let names = vec!["Si".to_owned(), "O".to_owned()];
        let structure = Structure::new(cell, names, vec![28.085, 15.999], of, positions).unwrap();
        let frame = Frame { structure, energy: None, forces: None };
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.extxyz", "a.data", "a.dump", "POSCAR", "a.cif"] {
            let path = folder.path().join(name);
            fs::write(&path, structures_as_text(&path, std::slice::from_ref(&frame)).unwrap()).unwrap();
            let back = read(&path, &[]).unwrap();
            prop_assert_eq!(same(&frame.structure, &back[0].structure, WRITTEN), Ok(()), "{}", name);
        }
    }

    /// Nothing that a damaged file holds may crash the reader or keep it busy.
    #[test]
    fn damaged_files_are_read_or_refused(which in 0..8_usize, cut in 0.0..1.0_f64, byte in any::<u8>(), at in 0.0..1.0_f64) {
        let names = ["ase.cif", "ase.data", "lammps.data", "ase.poscar", "old.poscar", "scaled.dump", "named.dump", "reference.extxyz"];
        let mut bytes = fs::read(fixture(names[which])).unwrap();
        let place = (at * bytes.len() as f64) as usize;
        bytes[place] = byte;
        bytes.truncate(((0.3 + cut) * bytes.len() as f64) as usize);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(names[which]);
        fs::write(&path, bytes).unwrap();
        let _ = read(&path, &["Si", "O"]);
    }
}

/// A file with one change, and a word of the error.
fn broken(name: &str, change: impl Fn(String) -> String, told: &str) {
    let text = fs::read_to_string(fixture(name)).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "{name}: nothing was changed");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, changed).unwrap();
    let error = read(&path, &[]).unwrap_err().to_string();
    assert!(error.contains(told), "{name}: '{told}' is not in: {error}");
    assert!(error.contains(name), "{error}");
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    broken(
        "ase.cif",
        |t| t.replace("P 1", "F d -3 m"),
        "symmetry F d -3 m",
    );
    broken(
        "ase.cif",
        |t| t.replace("0.10222320045787939", "here"),
        "'here' is not a number",
    );
    broken(
        "ase.cif",
        |t| t.replace("_cell_length_b", "_cell_lenth_b"),
        "no _cell_length_b",
    );
    broken(
        "ase.data",
        |t| t.replace("8 atoms", "9 atoms"),
        "promises 9 atoms",
    );
    broken("ase.data", |t| t.replace("xlo xhi", "xlo"), "no box");
    broken(
        "ase.data",
        |t| t.replace("# atomic", "# ellipsoid"),
        "'ellipsoid'",
    );
    broken(
        "lammps.data",
        |t| t.replace("28.085", "5.5"),
        "type 1 has no name",
    );
    broken(
        "ase.poscar",
        |t| t.replace("Direct", "Direct\n"),
        "has only 0 words",
    );
    broken("old.poscar", |t| t.replace("3 5", "3 4"), "0 species");
    broken(
        "ase.poscar",
        |t| t.lines().take(10).collect::<Vec<_>>().join("\n"),
        "cannot have",
    );
    broken("scaled.dump", |t| t + " ", "type 1 has no name");
    broken(
        "named.dump",
        |t| t.replace("ATOMS\n8", "ATOMS\n888888888888"),
        "cannot have 888888888888 atoms",
    );
    broken(
        "named.dump",
        |t| t.replace("element x y z", "element x y q"),
        "no positions",
    );
    broken(
        "named.dump",
        |t| t.replace("2 O ", "7 O "),
        "two atoms have the id 7",
    );
}

#[test]
fn phonons_take_every_format() {
    for (name, species) in [
        ("ase.cif", ""),
        ("ase.data", ""),
        ("scaled.dump", "Si,O"),
        ("old.poscar", "Si,O"),
    ] {
        let mut command = Command::cargo_bin("glassbridge").unwrap();
        command.arg("phonons").arg(fixture(name)).args([
            "--potential",
            "tersoff:sio2-2007",
            "--json",
        ]);
        if !species.is_empty() {
            command.args(["--species", species]);
        }
        let output = command.assert().code(0).get_output().stdout.clone();
        let said: serde_json::Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(
            said["frequencies_thz"].as_array().unwrap().len(),
            24,
            "{name}"
        );
    }
}
