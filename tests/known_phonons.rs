//! Frequencies of perfect crystals at points of their Brillouin zones, against phonopy with forces of LAMMPS
//! (`../shared/oracles/phonons`).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests tell their numbers and what they skip"
)]

use faer::{Mat, Side};
use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::lattice::{diamond, face_centred_cubic, graphene, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::{self, hessian::Hessian};
use glassbridge::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use serde_json::Value;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

/// THz. Their force constants are differences of forces over ±1e-3 Å, which leaves a part of the fourth derivatives: the
/// largest difference measured was 7e-6.
const CLOSE: f64 = 2e-5;
/// THz, of graphene, whose sheet is stiffest: the largest difference measured was 3e-4, at 62 THz.
const CLOSE_IN_GRAPHENE: f64 = 5e-4;
/// Relative, of the means of ν² and ν⁴, for the same reason.
const MEANS: f64 = 2e-5;

struct Case {
    name: &'static str,
    potential: String,
    /// Supercell large enough that all the points are commensurate with it.
    crystal: Structure,
    primitive: Cell,
    close: f64,
}

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared")
}

fn oracle() -> Option<Value> {
    let path = shared().join("oracles/phonons/known_phonons.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    };
    let whole: Value = serde_json::from_str(&text).unwrap();
    Some(whole["results"].clone())
}

fn cubic(a: f64) -> Cell {
    let h = a / 2.0;
    Cell::new([[0.0, h, h], [h, 0.0, h], [h, h, 0.0]], [true; 3]).unwrap()
}

fn cases(known: &Value) -> Vec<Case> {
    let number = |name: &str, key: &str| known[name][key].as_f64().unwrap();
    let bond = number("graphene_Tersoff1989", "bond");
    let a = 3.0_f64.sqrt() * bond;
    let hexagonal = [[a, 0.0, 0.0], [-a / 2.0, 1.5 * bond, 0.0], [0.0, 0.0, 20.0]];
    let [argon, copper, silicon] =
        ["Ar_LJ_fcc", "Cu_mishin_fcc", "Si_SW_diamond"].map(|n| number(n, "a0"));
    let four = |unit| supercell(&unit, [4; 3]).unwrap();
    let table = shared().join("potentials/Cu_mishin1.eam.alloy");
    vec![
        Case {
            name: "graphene_Tersoff1989",
            potential: "tersoff:c-1989".into(),
            crystal: supercell(&graphene(bond, 12.011).unwrap(), [6, 4, 1]).unwrap(),
            primitive: Cell::new(hexagonal, [true, true, false]).unwrap(),
            close: CLOSE_IN_GRAPHENE,
        },
        Case {
            name: "Ar_LJ_fcc",
            potential: "lj:epsilon=0.0103408,sigma=3.405,cutoff=8.5125,shift=energy".into(),
            crystal: four(face_centred_cubic(argon, "Ar", 39.948).unwrap()),
            primitive: cubic(argon),
            close: CLOSE,
        },
        Case {
            name: "Cu_mishin_fcc",
            potential: format!("eam:file={}", table.display()),
            crystal: four(face_centred_cubic(copper, "Cu", 63.546).unwrap()),
            primitive: cubic(copper),
            close: CLOSE,
        },
        Case {
            name: "Si_SW_diamond",
            potential: "sw:si".into(),
            crystal: four(diamond(silicon, "Si", 28.0855).unwrap()),
            primitive: cubic(silicon),
            close: CLOSE,
        },
    ]
}

impl Case {
    fn dynamical(&self) -> Hessian {
        let potential = potentials::parse_for(&self.potential, &self.crystal.species).unwrap();
        let list = NeighbourList::new(&self.crystal, potential.cutoff()).unwrap();
        let hessian = potential.hessian(&self.crystal, &list).unwrap();
        hessian.mass_weighted(&self.crystal.atom_masses())
    }

    /// From atom i to atom j in edges of the primitive cell.
    fn between(&self, i: usize, j: usize) -> [f64; 3] {
        let [a, b] = [i, j].map(|k| self.primitive.fractional(self.crystal.positions[k]));
        [0, 1, 2].map(|k| b[k] - a[k])
    }

    /// One atom of each sublattice: those that whole edges of the primitive cell do not lead to from an earlier one.
    fn basis(&self) -> Vec<usize> {
        let mut basis: Vec<usize> = Vec::new();
        for j in 0..self.crystal.len() {
            if basis.iter().all(|&i| !self.equivalent(i, j)) {
                basis.push(j);
            }
        }
        basis
    }

    fn equivalent(&self, i: usize, j: usize) -> bool {
        self.between(i, j)
            .iter()
            .all(|x| (x - x.round()).abs() < 1e-6)
    }

    /// The eigenvalues of `D_ab(q) = Σ_j D_{a,j} exp(i q · (r_j - r_a))`, j on sublattice b, as frequencies in THz.
    ///
    /// The Hermitian matrix A + iB is solved as the real one [[A, -B], [B, A]], which has each eigenvalue twice.
    fn frequencies(&self, dynamical: &Hessian, q: [f64; 3]) -> Vec<f64> {
        let basis = self.basis();
        let n = 3 * basis.len();
        let mut real = Mat::<f64>::zeros(2 * n, 2 * n);
        for (a, &i) in basis.iter().enumerate() {
            for (j, block) in dynamical.row(i) {
                let b = basis.iter().position(|&k| self.equivalent(k, j)).unwrap();
                let there = self.between(i, j);
                let phase = TAU * (0..3).map(|k| q[k] * there[k]).sum::<f64>();
                for (x, y) in (0..9).map(|k| (k / 3, k % 3)) {
                    let (row, column) = (3 * a + x, 3 * b + y);
                    let [re, im] = [phase.cos(), phase.sin()].map(|f| f * block[x][y]);
                    real[(row, column)] += re;
                    real[(row + n, column + n)] += re;
                    real[(row + n, column)] += im;
                    real[(row, column + n)] -= im;
                }
            }
        }
        let values = real.self_adjoint_eigenvalues(Side::Lower).unwrap();
        let thz = |v: &f64| v.signum() * v.abs().sqrt() * SQRT_EV_PER_A2_AMU_IN_THZ;
        values.iter().step_by(2).map(thz).collect()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn crystals_have_their_known_frequencies() {
    let Some(known) = oracle() else { return };
    for case in cases(&known) {
        let (dynamical, known) = (case.dynamical(), &known[case.name]);
        let points = known["qpoints"].as_object().unwrap();
        assert!(points.len() >= 3);
        for (label, q) in points {
            let found = case.frequencies(&dynamical, numbers(q).try_into().unwrap());
            let expected = numbers(&known["frequencies"][label]);
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(&expected) {
                assert!(
                    (f - e).abs() < case.close,
                    "{} {label}: {f} and {e}",
                    case.name
                );
            }
        }
    }
}

/// The means over the Brillouin zone of ν² and ν⁴ are traces of D and D² over one primitive cell: no sampling is involved as
/// long as the mesh resolves the range of the forces.
#[test]
fn crystals_have_their_known_mean_squares() {
    let Some(known) = oracle() else { return };
    for case in cases(&known) {
        let dynamical = case.dynamical();
        let basis = case.basis();
        let (mut squares, mut fourths) = (0.0, 0.0);
        for &i in &basis {
            for (j, block) in dynamical.row(i) {
                let sum = |f: fn(f64) -> f64| block.iter().flatten().map(|x| f(*x)).sum::<f64>();
                fourths += sum(|x| x * x);
                if i == j {
                    squares += block[0][0] + block[1][1] + block[2][2];
                }
            }
        }
        let modes = 3.0 * basis.len() as f64;
        let scale = SQRT_EV_PER_A2_AMU_IN_THZ;
        for (power, mean) in [
            ("2", squares / modes * scale.powi(2)),
            ("4", fourths / modes * scale.powi(4)),
        ] {
            let expected = known[case.name]["moments_of_g"][power].as_f64().unwrap();
            assert!(
                (mean / expected - 1.0).abs() < MEANS,
                "{} {power}: {mean} and {expected}",
                case.name
            );
        }
    }
}
