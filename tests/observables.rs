//! Observables against independent programs: matscipy (pair counts) and euphonic (densities of states).

use faer::{Mat, Side};
use glassbridge::atoms::{cell::Cell, structure::Structure};
use glassbridge::grid::Grid;
use glassbridge::observables::neutron::neutron_gdos;
use glassbridge::observables::rdf::{Weighting, pair_counts, partial_rdf};
use glassbridge::observables::thermal_width::{PairWidths, Statistics};
use glassbridge::observables::vdos::vdos;
use glassbridge::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use glassbridge::vibrations::modes::Modes;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use zip::ZipArchive;

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles");

/// An oracle file, if the folder is there.
struct Oracle(ZipArchive<File>);

impl Oracle {
    #[allow(clippy::print_stderr, reason = "a skipped test must say so")]
    fn open(name: &str) -> Option<Self> {
        let path = PathBuf::from(SHARED).join(name);
        let Ok(file) = File::open(&path) else {
            eprintln!("skipped: {} is missing", path.display());
            return None;
        };
        Some(Self(ZipArchive::new(file).unwrap()))
    }

    fn bytes(&mut self, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut member = self.0.by_name(&format!("{name}.npy")).unwrap();
        member.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn floats(&mut self, name: &str) -> Vec<f64> {
        let bytes = self.bytes(name);
        npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
    }

    fn triples(&mut self, name: &str) -> Vec<[f64; 3]> {
        let flat = self.floats(name);
        flat.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect()
    }

    fn integers(&mut self, name: &str) -> Vec<usize> {
        let bytes = self.bytes(name);
        let values: Vec<i64> = npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap();
        values
            .into_iter()
            .map(|x| usize::try_from(x).unwrap())
            .collect()
    }
}

fn silicon_carbide(oracle: &mut Oracle, name: &str) -> Structure {
    let cell: [[f64; 3]; 3] = oracle.triples(&format!("{name}_cell")).try_into().unwrap();
    Structure::new(
        Cell::new(cell, [true; 3]).unwrap(),
        vec!["Si".to_owned(), "C".to_owned()],
        vec![28.085, 12.011],
        oracle.integers(&format!("{name}_types_0Si_1C")),
        oracle.triples(&format!("{name}_positions")),
    )
    .unwrap()
}

#[test]
fn pair_counts_are_those_of_matscipy() {
    let Some(mut oracle) = Oracle::open("rdf/rdf_SiC1728.npz") else {
        return;
    };
    let grid = Grid::new(0.0, 10.0, 500).unwrap();
    for name in ["ortho", "triclinic"] {
        let structure = silicon_carbide(&mut oracle, name);
        let counts = pair_counts(&structure, &grid, None).unwrap();
        for (pair, counts) in ["SiSi", "SiC", "CC"].iter().zip(&counts) {
            assert_eq!(
                counts,
                &oracle.floats(&format!("{name}_{pair}_counts")),
                "{name} {pair}"
            );
        }
        // Their g divides by N_a², ours by N_a (N_a - 1).
        let rdf = partial_rdf(&structure, &grid, None).unwrap();
        let scale = [864.0 / 863.0, 1.0, 864.0 / 863.0];
        for ((pair, g), scale) in ["SiSi", "SiC", "CC"].iter().zip(&rdf.g).zip(scale) {
            let theirs = oracle.floats(&format!("{name}_{pair}_g"));
            for (a, b) in g.iter().zip(&theirs) {
                assert!((a - b * scale).abs() < 1e-11 * (1.0 + a), "{name} {pair}");
            }
        }
    }
}

#[test]
fn neutron_weights_are_those_of_faber_and_ziman() {
    let Some(mut oracle) = Oracle::open("rdf/rdf_SiC1728.npz") else {
        return;
    };
    let structure = silicon_carbide(&mut oracle, "ortho");
    let grid = Grid::new(0.0, 10.0, 500).unwrap();
    let rdf = partial_rdf(&structure, &grid, None).unwrap();
    let weights = rdf.weights(&structure, Weighting::Neutron).unwrap();
    let theirs = oracle.floats("neutron_FZ_weights_SiSi_SiC_CSi_CC");
    let theirs = [theirs[0], theirs[1] + theirs[2], theirs[3]];
    for (a, b) in weights.iter().zip(theirs) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
    // The whole curve, apart from the N_a - 1 of ours.
    let total = rdf.total(&structure, Weighting::Neutron).unwrap();
    for (a, b) in total.iter().zip(oracle.floats("ortho_g_neutron_FZ")) {
        assert!((a - b).abs() <= 1.2e-3 * b, "{a} {b}");
    }
}

/// Modes of the oracle's glass, from its Hessian with faer alone.
fn glass() -> Option<(Structure, Modes)> {
    let mut oracle = Oracle::open("lammps/eamZrCuAl_glass256_relaxed.npz")?;
    let masses = oracle.floats("masses");
    let kinds = [("Zr", 91.224), ("Cu", 63.546), ("Al", 26.982)];
    let near = |m: f64| kinds.iter().position(|k| (k.1 - m).abs() < 0.1).unwrap();
    let species_of: Vec<usize> = masses.iter().map(|&m| near(m)).collect();
    let cell: [[f64; 3]; 3] = oracle.triples("cell").try_into().unwrap();
    let structure = Structure::new(
        Cell::new(cell, [true; 3]).unwrap(),
        kinds.iter().map(|k| k.0.to_owned()).collect(),
        kinds.iter().map(|k| k.1).collect(),
        species_of,
        oracle.triples("positions"),
    )
    .unwrap();
    let hessian = oracle.floats("hessian");
    let size = 3 * structure.len();
    let dynamical = Mat::from_fn(size, size, |r, c| {
        let both = 0.5 * (hessian[r * size + c] + hessian[c * size + r]);
        both / (masses[r / 3] * masses[c / 3]).sqrt()
    });
    let eigen = dynamical.self_adjoint_eigen(Side::Lower).unwrap();
    let thz = |&w: &f64| w.signum() * w.abs().sqrt() * SQRT_EV_PER_A2_AMU_IN_THZ;
    let modes = Modes {
        frequencies_thz: eigen.S().column_vector().iter().map(thz).collect(),
        vectors: Some(eigen.U().to_owned()),
    };
    Some((structure, modes))
}

/// The largest distance of two cumulative curves, each scaled to end at 1.
fn cumulative_distance(a: &[f64], b: &[f64]) -> f64 {
    let (sum_a, sum_b): (f64, f64) = (a.iter().sum(), b.iter().sum());
    let (mut gap, mut worst) = (0.0, 0.0_f64);
    for (x, y) in a.iter().zip(b) {
        gap += x / sum_a - y / sum_b;
        worst = worst.max(f64::abs(gap));
    }
    worst
}

/// One mode in 765 may fall on the other side of an edge (ours are a tenth of a bin wide); cross sections of the
/// two tables differ by up to 1 %.
const CUMULATIVE: f64 = 4e-3;

#[test]
fn densities_and_thermal_motion_are_those_of_euphonic() {
    let (Some((structure, modes)), Some(mut oracle)) =
        (glass(), Oracle::open("scattering/scattering_ZrCuAl256.npz"))
    else {
        return;
    };
    let grid = Grid::new(0.0, 60.0, 120).unwrap();
    let ours = vdos(&modes, &structure, &grid, 0.0).unwrap();
    assert!(ours.lost.abs() < 1e-8 && ours.imaginary == 0);
    // Each species has area 1; the total is their mean over the atoms.
    for (bin, total) in ours.total.iter().enumerate() {
        let sum: f64 = (structure.concentrations().iter().zip(&ours.partial))
            .map(|(c, partial)| c * partial[bin])
            .sum();
        assert!((sum - total).abs() < 1e-12, "bin {bin}: {sum} {total}");
    }
    for partial in &ours.partial {
        assert!((partial.iter().sum::<f64>() * grid.step() - 1.0).abs() < 1e-8);
    }
    let mut theirs = oracle.floats("dos_total_per_meV");
    theirs[0] = 0.0; // translations
    let distance = cumulative_distance(&ours.total, &theirs);
    assert!(distance < CUMULATIVE, "total {distance}");
    let weighted = oracle.floats("pdos_species_coherent-plus-incoherent");
    let mut neutron = vec![0.0; 120];
    for (a, rows) in weighted.chunks_exact(120).enumerate() {
        let mut rows = rows.to_vec();
        rows[0] = 0.0;
        let distance = cumulative_distance(&ours.partial[a], &rows);
        assert!(distance < 2.0 * CUMULATIVE, "species {a}: {distance}");
        for (n, x) in neutron.iter_mut().zip(&rows) {
            *n += x; // they hold σ_a (mean mass) / M_a already
        }
    }
    let gdos = neutron_gdos(&ours, &structure).unwrap();
    let distance = cumulative_distance(&gdos, &neutron);
    assert!(distance < CUMULATIVE, "neutron {distance}");
    assert!((gdos.iter().sum::<f64>() * grid.step() - 1.0).abs() < 1e-8);

    // Their W is <u u^T> / 2.
    let widths =
        PairWidths::new(&modes, &structure.atom_masses(), 300.0, Statistics::Quantum).unwrap();
    let theirs = oracle.floats("debye_waller_W_A2_T300");
    for i in 0..structure.len() {
        for (a, b) in widths
            .block(i, i)
            .as_flattened()
            .iter()
            .zip(&theirs[9 * i..])
        {
            assert!((a / 2.0 - b).abs() < 1e-5, "atom {i}: {} {b}", a / 2.0);
        }
    }
}
