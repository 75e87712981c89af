//! Heat transport: against `kALDo` (`../shared/oracles/kaldo`, see the README there), and conductivities as what an operator is trained on.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "tests tell their numbers and what they skip, and share helpers of which each uses some"
)]

mod support;
#[path = "support/tiny.rs"]
mod tiny;

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::structure::Structure;
use glassbridge::curve::Quantity;
use glassbridge::dataset::Dataset;
use glassbridge::io::wide_table::WideTable;
use glassbridge::observables::thermal::{Broadening, Kernel, RAD_PER_PS_IN_MEV, Transport};
use glassbridge::potentials::hessian::Hessian;
use glassbridge::units::Unit;
use glassbridge::vibrations::modes::Modes;
use std::fmt::Write as _;

/// `kALDo` works in single precision in places: its own numbers are reproduced by plain numpy to 6e-6 mm²/s.
const DIFFUSIVITY: f64 = 1e-5;
/// And to 1e-6 in the conductivity.
const CONDUCTIVITY: f64 = 2e-5;

fn amorphous_silicon(oracle: &support::Arrays) -> (Structure, Hessian) {
    let triples =
        |v: &[f64]| -> Vec<[f64; 3]> { v.chunks(3).map(|c| [c[0], c[1], c[2]]).collect() };
    let (cell, positions) = (
        triples(oracle.get("cell")),
        triples(oracle.get("positions")),
    );
    let (n, h) = (positions.len(), oracle.get("second_order_eV_A2"));
    let cell = Cell::new([cell[0], cell[1], cell[2]], [true; 3]).unwrap();
    let mass = oracle.get("masses")[0];
    let structure =
        Structure::new(cell, vec!["Si".into()], vec![mass], vec![0; n], positions).unwrap();
    let block = |i: usize, j: usize| -> [[f64; 3]; 3] {
        std::array::from_fn(|a| {
            std::array::from_fn(|b| {
                let at = |r: usize, c: usize| h[r * 3 * n + c];
                0.5 * (at(3 * i + a, 3 * j + b) + at(3 * j + b, 3 * i + a))
            })
        })
    };
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let hessian = Hessian::from_triplets(n, pairs.map(|(i, j)| (i, j, block(i, j))));
    (structure, hessian)
}

#[test]
fn diffusivities_and_conductivities_are_those_of_kaldo() {
    let Some(oracle) = support::oracle_of("kaldo", "kaldo_aSi216_AF") else {
        return;
    };
    let (structure, hessian) = amorphous_silicon(&oracle);
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    // Its bandwidth of 0.025 rad/ps makes a Lorentzian of full width 4 x 0.025.
    let broadening = Broadening {
        kernel: Kernel::Lorentzian,
        half_width: 2.0 * 0.025 * RAD_PER_PS_IN_MEV,
    };
    let transport = Transport::new(&structure, &hessian, &modes, broadening, None).unwrap();
    let expected = &oracle.get("diffusivity")[3..];
    assert_eq!(transport.energies.len(), expected.len());
    let off = (0..expected.len()).map(|s| (transport.mean_diffusivity(s) - expected[s]).abs());
    let worst = off.fold(0.0, f64::max);
    println!("largest difference of a diffusivity: {worst:.2e} mm²/s");
    assert!(worst < DIFFUSIVITY, "{worst}");
    for (temperature, kappa, of_modes) in
        [(50.0, 0.097_717, 0.097_716), (300.0, 0.524_849, 0.524_801)]
    {
        let (pairs, modes) = (
            transport.conductivity_of_pairs(temperature),
            transport.conductivity(temperature),
        );
        println!(
            "{temperature} K: {pairs:.6} by pairs, {modes:.6} by modes, {:?}",
            transport.conductivity_by_axis(temperature)
        );
        assert!((pairs - kappa).abs() < CONDUCTIVITY, "{pairs}");
        assert!((modes - of_modes).abs() < CONDUCTIVITY, "{modes}");
    }
    assert!(
        transport.finding().is_some(),
        "0.05 rad/ps is less than the levels' distance"
    );
}

/// Conductivities that follow linearly from g: 6 temperatures, or one.
fn tables(folder: &std::path::Path, temperatures: &[f64]) -> [std::path::PathBuf; 2] {
    let set = tiny::set(40, 1);
    let write = |name: &str, axis: Vec<f64>, rows: faer::Mat<f64>, quantity: Quantity| {
        let path = folder.join(name);
        let table = WideTable {
            samples: (0..40).map(|i| format!("s{i}")).collect(),
            axis,
            rows,
            quantity: Some(quantity),
            unit: Some(quantity.axis()),
            notes: Vec::new(),
        };
        table.write(&path).unwrap();
        path
    };
    let kappa = faer::Mat::from_fn(40, temperatures.len(), |i, j| {
        let hot = temperatures[j] / (temperatures[j] + 150.0);
        // Spectra move by 6e-4 per standard deviation: conductivities by a tenth.
        let moves = |e: usize| 160.0 * (set.spectra[(i, e)] - 0.01);
        hot * (1.0 + moves(4) + 0.5 * hot * moves(12))
    });
    [
        write(
            "g.csv",
            set.r.centres(),
            set.g.clone(),
            Quantity::PairDistribution,
        ),
        write("kappa.csv", temperatures.to_vec(), kappa, Quantity::Kappa),
    ]
}

fn run(words: &[&dyn AsRef<std::ffi::OsStr>], code: i32) -> serde_json::Value {
    let mut command = tiny::glassbridge();
    for word in words {
        command.arg(word);
    }
    let out = command
        .arg("--json")
        .assert()
        .code(code)
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_conductivity_curve_is_trained_on_predicted_inverted_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let temperatures: Vec<f64> = (1..=12).map(|k| 50.0 * f64::from(k)).collect();
    let [g, kappa] = tables(folder.path(), &temperatures);
    let op = folder.path().join("op.npz");
    let said = run(
        &[
            &"train",
            &"--structure",
            &g,
            &"--spectra",
            &kappa,
            &"--quantity",
            &"kappa",
            &"--out",
            &op,
        ],
        0,
    );
    assert!(said["held_out"]["r2"].as_f64().unwrap() > 0.95, "{said}");
    assert!(
        said["normalisation"].as_str().unwrap().contains("W/m/K"),
        "{said}"
    );
    let out = folder.path().join("predicted.csv");
    run(&[&"predict", &op, &g, &"--out", &out], 0);
    let (predicted, truth) = (
        WideTable::read(&out).unwrap(),
        WideTable::read(&kappa).unwrap(),
    );
    assert_eq!(
        (predicted.quantity, predicted.axis.len()),
        (Some(Quantity::Kappa), 12)
    );
    // Absolute: no area is put to 1 anywhere.
    let off = (&predicted.rows - &truth.rows).norm_l2() / truth.rows.norm_l2();
    assert!(off < 0.02, "{off}");
    // A measured curve, in kelvin, at its own temperatures.
    let curve = folder.path().join("measured.dat");
    let mut text = String::new();
    for (j, t) in temperatures.iter().enumerate().skip(1) {
        let y = truth.rows[(5, j)];
        writeln!(text, "{} {y} {}", t + 3.0, 0.02 * y).unwrap();
    }
    std::fs::write(&curve, format!("# quantity: kappa\n# unit: K\n{text}")).unwrap();
    let result = folder.path().join("result");
    let said = run(&[&"invert", &op, &curve, &"--out", &result], 0);
    assert!(
        !said["findings"].to_string().contains("area-normalised"),
        "{said}"
    );
    assert!(said["spectra"][0]["degrees_of_freedom"].as_f64().unwrap() > 0.5);
    let sample = tiny::curves(&tiny::set(40, 1), 5, folder.path(), "own").0;
    let said = run(
        &[&"check", &op, &"--spectrum", &curve, &"--pdf", &sample],
        0,
    );
    assert!(said["p_value"].as_f64().unwrap() > 0.05, "{said}");
    // A spectrum is not a conductivity.
    let (_, y) = tiny::curves(&tiny::set(40, 1), 5, folder.path(), "other");
    let mut command = tiny::glassbridge();
    command
        .arg("invert")
        .arg(&op)
        .arg(&y)
        .arg("--out")
        .arg(&result);
    let e = command.assert().code(1).get_output().stderr.clone();
    assert!(String::from_utf8(e).unwrap().contains("trained on kappa"));
}

#[test]
fn a_conductivity_at_one_temperature_is_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let [g, kappa] = tables(folder.path(), &[300.0]);
    let op = folder.path().join("op.npz");
    let said = run(
        &[
            &"train",
            &"--structure",
            &g,
            &"--spectra",
            &kappa,
            &"--quantity",
            &"kappa",
            &"--out",
            &op,
        ],
        0,
    );
    assert!(said["held_out"]["r2"].as_f64().unwrap() > 0.95, "{said}");
    let out = folder.path().join("predicted.csv");
    run(&[&"predict", &op, &g, &"--out", &out], 0);
    let (predicted, truth) = (
        WideTable::read(&out).unwrap(),
        WideTable::read(&kappa).unwrap(),
    );
    assert!((predicted.rows[(3, 0)] / truth.rows[(3, 0)] - 1.0).abs() < 0.02);
    // One number decides at most one direction, and without an error nothing.
    let table = folder.path().join("one.csv");
    std::fs::write(&table, "# quantity: kappa\n# unit: K\nsample,300\na,0.67\n").unwrap();
    let result = folder.path().join("result");
    let mut command = tiny::glassbridge();
    command
        .arg("invert")
        .arg(&op)
        .arg(&table)
        .arg("--out")
        .arg(&result);
    let e = command.assert().code(1).get_output().stderr.clone();
    assert!(String::from_utf8(e).unwrap().contains("--noise"));
    let said = run(
        &[
            &"invert", &op, &table, &"--out", &result, &"--noise", &"0.02",
        ],
        0,
    );
    let freedom = said["spectra"][0]["degrees_of_freedom"].as_f64().unwrap();
    assert!(freedom > 0.0 && freedom < 1.0 + 1e-9, "{freedom}");
}

/// Silica in one cell of 24 atoms, coarse grids.
const TINY: &str = "base = \"sio2\"\nsamples = 9\nseed = 3\n\n[crystal]\nrepeat = [1, 1, 1]\n\n[record]\nr_bins = 40\ne_bins = 30\nobservables = [\"ins\", \"raman\", \"raman-reduced\", \"kappa\"]\n\n[record.kappa]\nbins = 6\n";

#[test]
fn light_and_heat_are_recorded_and_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, out) = (folder.path().join("tiny.toml"), folder.path().join("set"));
    std::fs::write(&recipe, TINY).unwrap();
    run(&[&"simulate", &recipe, &"--out", &out], 0);
    let data = Dataset::open(&out).unwrap();
    let step = data.axis("raman").unwrap().grid.step();
    for name in ["raman", "raman-reduced"] {
        let rows = data.matrix(name).unwrap();
        for i in 0..9 {
            let area: f64 = rows.row(i).iter().sum::<f64>() * step;
            assert!((area - 1.0).abs() < 1e-9, "{name} {i} {area}");
        }
    }
    let kappa = data.matrix("kappa").unwrap();
    assert_eq!((kappa.nrows(), kappa.ncols()), (9, 6));
    assert_eq!(data.axis("kappa").unwrap().unit, Some(Unit::Kelvin));
    // A solid carries more heat the hotter it is, in this model, and silica some 1 W/m/K.
    assert!((0..9).all(|i| kappa[(i, 5)] > kappa[(i, 0)] && kappa[(i, 5)] < 10.0));

    // The stored coupling is the ratio of the means of the usable samples.
    let usable = data.usable().unwrap();
    let mean = |name: &str, j: usize| -> f64 {
        let rows = data.matrix(name).unwrap();
        usable.iter().map(|&i| rows[(i, j)]).sum::<f64>() / usable.len() as f64
    };
    let options = glassbridge::io::curve_text::ReadOptions::default();
    let coupling =
        glassbridge::io::curve_text::read_curve(&out.join("raman-coupling.csv"), &options)
            .unwrap()
            .curve;
    assert_eq!(coupling.quantity(), Quantity::RamanCoupling);
    let energies = data.axis("raman").unwrap().grid;
    let j = energies.bin(coupling.x()[coupling.len() / 2]).unwrap();
    let expected = mean("raman-reduced", j) / mean("vdos", j);
    assert!((coupling.y()[coupling.len() / 2] / expected - 1.0).abs() < 1e-9);

    let op = folder.path().join("op.npz");
    let train = |words: &[&dyn AsRef<std::ffi::OsStr>], code: i32| {
        let mut command = tiny::glassbridge();
        command.arg("train").arg(&out);
        for word in words {
            command.arg(word);
        }
        command
            .arg("--out")
            .arg(&op)
            .arg("--json")
            .assert()
            .code(code)
    };
    for quantity in ["raman", "raman-reduced", "kappa"] {
        train(&[&"--quantity", &quantity], 0);
        assert_eq!(
            glassbridge::operator::Operator::load(&op)
                .unwrap()
                .meta
                .quantity
                .name(),
            quantity
        );
    }
    train(&[&"--quantity", &"kappa", &"--at", &"300"], 0);
    assert_eq!(
        glassbridge::operator::Operator::load(&op)
            .unwrap()
            .meta
            .energy
            .len(),
        2
    );
    train(&[&"--quantity", &"raman", &"--at", &"300"], 1);
    train(&[&"--quantity", &"kappa", &"--at", &"3000"], 1);
    neutrons_and_light_together(folder.path(), &out);
    phonons_see_the_pairs_of_the_set(folder.path(), &out, &data);
}

/// `phonons --observables rdf-thermal` of a structure of the set counts the pairs that the set records.
fn phonons_see_the_pairs_of_the_set(
    folder: &std::path::Path,
    set: &std::path::Path,
    data: &Dataset,
) {
    let curves = folder.join("curves");
    let mut command = tiny::glassbridge();
    command.arg("phonons").arg(set.join("structures.extxyz"));
    command.args([
        "--frame",
        "3",
        "--observables",
        "rdf-thermal",
        "--potential",
    ]);
    command.arg(&data.manifest.recipe.potential);
    command
        .arg("--temperature")
        .arg(data.manifest.recipe.record.temperature.to_string());
    command.arg("--out").arg(&curves).assert().code(0);
    let options = glassbridge::io::curve_text::ReadOptions::default();
    let read = |name: &str| {
        let path = curves.join(name);
        glassbridge::io::curve_text::read_curve(&path, &options)
            .unwrap()
            .curve
    };
    assert!(read("rdf-thermal.neutron.csv").len() > 100);
    let found = read("rdf-thermal.csv");
    let fine = glassbridge::grid::Grid::from_centres(found.x()).unwrap();
    let (coarse, rows) = (data.manifest.r.grid, data.matrix("rdf").unwrap());
    // Pairs up to r, in units of those of an ideal gas up to 1 Å.
    let pairs = |grid: glassbridge::grid::Grid, g: &[f64], r: f64| -> f64 {
        (g.iter().enumerate())
            .take_while(|(i, _)| grid.edge(i + 1) < r + 1e-9)
            .map(|(i, g)| g * (grid.edge(i + 1).powi(3) - grid.edge(i).powi(3)))
            .sum()
    };
    let recorded: Vec<f64> = rows.row(2).iter().copied().collect();
    // A pair narrower than a tenth of a bin is made that wide, so that edges among many pairs are left out.
    for r in [2.0, 3.0, 5.0] {
        let (ours, theirs) = (pairs(fine, found.y(), r), pairs(coarse, &recorded, r));
        assert!((ours / theirs - 1.0).abs() < 1e-6, "{r} Å: {ours} {theirs}");
    }
}

/// INS and Raman of one glass: only operators of one g(r), weighted alike, are joined.
fn neutrons_and_light_together(folder: &std::path::Path, set: &std::path::Path) {
    let data = Dataset::open(set).unwrap();
    let measured = |quantity: &str| {
        let (energies, rows) = (
            data.axis(quantity).unwrap().grid,
            data.matrix(quantity).unwrap(),
        );
        let lines: Vec<String> = (energies.centres().iter().zip(rows.row(2).iter()))
            .map(|(e, y)| format!("{e} {y}"))
            .collect();
        let path = folder.join(format!("{quantity}.dat"));
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    };
    let trained = |quantity: &str, more: &[&str]| {
        let path = folder.join(format!("{quantity}.npz"));
        let mut command = tiny::glassbridge();
        command.arg("train").arg(set).args(["--quantity", quantity]);
        command.args(more).arg("--out").arg(&path).assert().code(0);
        path
    };
    let (ins, light) = (measured("ins"), measured("raman-reduced"));
    let joined = |op: &std::path::Path, other: &std::path::Path| {
        let mut command = tiny::glassbridge();
        command.arg("invert").arg(op).arg(&ins).arg("--with");
        command.arg(format!("{}={}", other.display(), light.display()));
        command
            .args(["--noise", "0.03", "--json", "--out"])
            .arg(folder.join("joint"));
        command
    };
    let neutron = trained("ins", &[]);
    let refused = joined(&neutron, &trained("raman-reduced", &[]))
        .assert()
        .code(1);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("--weighting"), "{said}");
    let other = trained("raman-reduced", &["--weighting", "neutron"]);
    // Eight glasses make a narrow domain.
    let done =
        (joined(&neutron, &other).assert()).code(predicates::prelude::predicate::in_iter([0, 3]));
    let said: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    let freedom = said["spectra"][0]["degrees_of_freedom"].as_f64().unwrap();
    let of = |path: &std::path::Path| glassbridge::operator::Operator::load(path).unwrap();
    assert_eq!(of(&neutron).x, of(&other).x);
    // X-rays see electrons.
    let xrays = of(&trained("raman", &["--weighting", "xray"]));
    let species = &data.manifest.species;
    let electrons = |i: usize| f64::from(glassbridge::elements::element(&species[i]).unwrap().z);
    let sum: f64 = (0..2)
        .map(|i| data.manifest.concentrations[i] * electrons(i))
        .sum();
    let part = |i: usize| data.manifest.concentrations[i] * electrons(i) / sum;
    let row = |a: usize, b: usize| {
        data.matrix(&format!("rdf.{}-{}", species[a], species[b]))
            .unwrap()
    };
    let (own, mixed, others) = (row(0, 0), row(0, 1), row(1, 1));
    let first = data.usable().unwrap()[0];
    for (j, g) in xrays.training_g(0).into_iter().enumerate() {
        let expected = part(0).powi(2) * own[(first, j)]
            + 2.0 * part(0) * part(1) * mixed[(first, j)]
            + part(1).powi(2) * others[(first, j)];
        assert!(
            (g - expected).abs() < 1e-9 * (1.0 + expected),
            "{g} {expected}"
        );
    }
    assert!(freedom > 1.0, "{said}");
    let assumed = "raman-reduced is assumed";
    assert!(said["findings"].to_string().contains(assumed), "{said}");

    // Both beside one PDF: the smaller p-value counts twice.
    let (r, g) = (data.manifest.r.grid, data.matrix("rdf").unwrap());
    let lines: Vec<String> = (r.centres().iter().zip(g.row(2).iter()))
        .map(|(r, g)| format!("{r} {g}"))
        .collect();
    let pdf = folder.join("pdf.dat");
    std::fs::write(&pdf, lines.join("\n")).unwrap();
    let mut command = tiny::glassbridge();
    command
        .arg("check")
        .arg(&neutron)
        .arg("--spectrum")
        .arg(&ins);
    command
        .arg("--with")
        .arg(format!("{}={}", other.display(), light.display()));
    command
        .arg("--pdf")
        .arg(&pdf)
        .args(["--noise", "0.03", "--json"]);
    let done = (command.assert()).code(predicates::prelude::predicate::in_iter([0, 3]));
    let said: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    assert!(said["findings"].to_string().contains(assumed), "{said}");
    let joint = &said["joint"];
    let p = |value: &serde_json::Value| value["p_value"].as_f64().unwrap();
    let each = joint["spectra"].as_array().unwrap();
    assert_eq!(each[0]["quantity"], "ins");
    assert_eq!(each[1]["quantity"], "raman-reduced");
    assert!(
        (p(joint) - (2.0 * p(&each[0]).min(p(&each[1]))).min(1.0)).abs() < 1e-12,
        "{said}"
    );
}

#[test]
fn what_has_no_light_or_heat_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    for (recipe, observable, reason) in [
        ("cualzr", "raman", "covalent networks"),
        ("lj3d", "raman-reduced", "covalent networks"),
        ("lj3d", "kappa", "size of a quantum"),
    ] {
        let mut command = tiny::glassbridge();
        command
            .args(["simulate", recipe, "--observables", observable, "--out"])
            .arg(&out);
        let said = command.assert().code(1).get_output().stderr.clone();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(reason), "{said}");
        assert!(!out.exists());
    }
}

/// In a perfect diamond one mode scatters light, that of the two sublattices against each other, without a trace: VH/VV = 3/4.
#[test]
fn a_crystal_scatters_light_at_its_zone_centre_and_has_a_label_on_its_heat() {
    use glassbridge::atoms::lattice::{diamond, supercell};
    use glassbridge::io::curve_text::{ReadOptions, read_curve};
    let folder = tempfile::tempdir().unwrap();
    let structure = supercell(&diamond(5.431, "Si", 28.085).unwrap(), [2; 3]).unwrap();
    let frame = glassbridge::io::extxyz::Frame {
        structure,
        energy: None,
        forces: None,
    };
    let (file, out) = (folder.path().join("si.extxyz"), folder.path().join("out"));
    std::fs::write(&file, glassbridge::io::extxyz::write(&[frame])).unwrap();
    let said = run(
        &[
            &"phonons",
            &file,
            &"--potential",
            &"sw:si",
            &"--observables",
            &"raman,raman-reduced,kappa",
            &"--sound",
            &"6000",
            &"--half-width",
            &"0.7",
            &"--out",
            &out,
        ],
        0,
    );
    let highest = said["frequencies_thz"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_f64()
        .unwrap()
        * 4.135_667_697;
    let read = |name: &str| read_curve(&out.join(name), &ReadOptions::default()).unwrap();
    for name in [
        "raman.csv",
        "raman-reduced.csv",
        "raman-reduced.vv.csv",
        "raman-reduced.vh.csv",
    ] {
        let curve = read(name).curve;
        let top = (0..curve.len())
            .max_by(|&a, &b| curve.y()[a].total_cmp(&curve.y()[b]))
            .unwrap();
        // The line is a hundredth of the highest energy wide, the bins a fifth of that.
        assert!(
            (curve.x()[top] - highest).abs() < 0.01 * highest,
            "{name} {}",
            curve.x()[top]
        );
        assert!((curve.area() - 1.0).abs() < 1e-2);
        // Nothing else: ten widths away there is no intensity.
        let rest: f64 = (0..curve.len())
            .filter(|&j| (curve.x()[j] - highest).abs() > 0.1 * highest)
            .map(|j| curve.y()[j])
            .sum();
        assert!(rest < 1e-9 * curve.y()[top], "{name} {rest}");
    }
    let kappa = read("kappa.csv");
    assert_eq!(kappa.curve.quantity(), Quantity::Kappa);
    let text = std::fs::read_to_string(out.join("kappa.csv")).unwrap();
    for word in [
        "N = 64",
        "half width at half maximum 0.7000 meV",
        "no propagons",
    ] {
        assert!(text.contains(word), "{text}");
    }
    let propagons = read("kappa.propagons.csv").curve;
    assert!(propagons.y().iter().all(|y| *y > 0.0));
    assert!(
        std::fs::read_to_string(out.join("kappa.propagons.csv"))
            .unwrap()
            .contains("to be added")
    );
}
