//! The sine transform against an independent one (numpy, `../shared/oracles/scripts/make_scatter.py`).

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use glassbridge::curve::{Curve, Quantity};
use glassbridge::instrument::Window;
use glassbridge::instrument::conventions::{pdf_from_structure_factor, structure_factor_from_pdf};
use std::fs::File;
use std::path::PathBuf;

/// Both are the trapezoid rule on the same points: only the order of summation differs.
const ROUNDING: f64 = 1e-10;

/// One-dimensional arrays of the oracle, or a word that it is not here.
fn oracle(names: [&str; 5]) -> Option<[Vec<f64>; 5]> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/oracles/scattering/scattering_ZrCuAl256.npz");
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    };
    let mut zip = zip::ZipArchive::new(file).unwrap();
    Some(names.map(|name| {
        let member = zip.by_name(&format!("{name}.npy")).unwrap();
        npyz::NpyFile::new(member).unwrap().into_vec().unwrap()
    }))
}

#[test]
fn g_of_r_is_numpys_without_window_and_with_lorchs() {
    let Some([q, s, r, none, lorch]) = oracle(["SQ_Q", "SQ", "G_r", "G_none", "G_lorch"]) else {
        return;
    };
    let s = Curve::new(q, s, None, Quantity::StructureFactor).unwrap();
    for (window, want) in [(Window::None, none), (Window::Lorch, lorch)] {
        let g = pdf_from_structure_factor(&s, &r, window, None, None).unwrap();
        assert_eq!(g.x(), r);
        let largest = want.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        assert!(largest > 1.0, "{largest}");
        for (i, want) in want.iter().enumerate() {
            let off = (g.y()[i] - want).abs();
            assert!(off < ROUNDING * largest, "{window:?} r = {}: {off}", r[i]);
        }
    }
}

/// Errors of independent points: the spread of the transform over repeated noise is the propagated one.
#[test]
fn propagated_errors_are_the_spread_of_repeated_measurements() {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    let r: Vec<f64> = (1..=200).map(|i| f64::from(i) * 0.05).collect();
    let sigma: Vec<f64> = r.iter().map(|r| 0.1 + 0.02 * r).collect();
    let zero = Curve::new(
        r.clone(),
        vec![0.0; r.len()],
        Some(sigma.clone()),
        Quantity::ReducedPdf,
    )
    .unwrap();
    let q = [1.0, 2.5, 7.0];
    let told = structure_factor_from_pdf(&zero, &q, None, None).unwrap();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let repeats = 4000;
    let mut squares = [0.0; 3];
    for _ in 0..repeats {
        let noise = sigma.iter().map(|s| {
            let z: f64 = StandardNormal.sample(&mut random);
            s * z
        });
        let g = Curve::new(r.clone(), noise.collect(), None, Quantity::ReducedPdf).unwrap();
        let f = structure_factor_from_pdf(&g, &q, None, None).unwrap();
        for (sum, y) in squares.iter_mut().zip(f.y()) {
            *sum += y * y / f64::from(repeats);
        }
    }
    for (i, square) in squares.iter().enumerate() {
        let ratio = square.sqrt() / told.sigma().unwrap()[i];
        // The spread of 4000 repeats is known to 1/√8000 = 1.1 %: four of those.
        assert!((ratio - 1.0).abs() < 0.045, "{ratio}");
    }
}
