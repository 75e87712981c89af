//! One small cell for every potential that `potentials::parse` knows. To add a potential, add a line.

use glassbridge::atoms::cell::Cell;
use glassbridge::atoms::lattice::{beta_cristobalite, diamond, face_centred_cubic, zincblende};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::potentials::{self, Evaluation, Potential};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A potential in a cell near its equilibrium.
pub struct Case {
    pub name: &'static str,
    pub potential: Box<dyn Potential>,
    pub structure: Structure,
}

/// Every potential in a small triclinic cell with all atoms displaced.
pub fn cases() -> Vec<Case> {
    let two = |a, symbols: [&str; 2]| zincblende(a, symbols, [28.085, 12.011]).unwrap();
    let carbon = || diamond(3.57, "C", 12.011).unwrap();
    let silicon = || diamond(5.43, "Si", 28.085).unwrap();
    let silica = primitive_cristobalite;
    let made_up = concat!(
        "sw:file=",
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/lammps/made_up.sw"
    );
    let tables = concat!(
        "eam:file=",
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/lammps/made_up.eam.fs"
    );
    [
        ("lj:argon", face_centred_cubic(5.3, "Ar", 39.95).unwrap()),
        ("lj:kob-andersen,shift=force", two(2.2, ["A", "B"])),
        ("eam:zhou-2004", two(5.0, ["Cu", "Zr"])),
        ("tersoff:c-1989", carbon()),
        ("tersoff:c-2010", carbon()),
        ("tersoff:sic-1989", two(4.32, ["Si", "C"])),
        ("tersoff:sic-2005", two(4.36, ["Si", "C"])),
        ("tersoff:si-1988", silicon()),
        ("tersoff:sio2-2007", silica()),
        ("sw:si", silicon()),
        (made_up, two(5.0, ["A", "B"])),
        (tables, two(5.0, ["A", "B"])),
        ("vashishta:sio2-1990", silica()),
    ]
    .map(|(name, crystal)| case(name, &sheared(&crystal), 0.1, 7))
    .into()
}

/// The potentials that switch bonds off, in cells squeezed until second neighbours are in the window.
#[allow(dead_code, reason = "not every test that uses this module needs it")]
pub fn squeezed() -> Vec<Case> {
    let silicon = diamond(5.43, "Si", 28.085).unwrap().scaled(0.80).unwrap();
    let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
    let carbon = diamond(3.57, "C", 12.011).unwrap().scaled(0.80).unwrap();
    let carbide = |by: f64| {
        let crystal = zincblende(4.32, ["Si", "C"], [28.085, 12.011]).unwrap();
        crystal.scaled(by).unwrap()
    };
    [
        ("tersoff:c-1989", carbon.clone()),
        ("tersoff:c-2010", carbon),
        ("tersoff:sic-1989", carbide(0.95)),
        ("tersoff:sic-2005", carbide(0.90)),
        ("tersoff:si-1988", silicon),
        ("tersoff:sio2-2007", silica.scaled(0.88).unwrap()),
    ]
    .map(|(name, crystal)| case(name, &crystal, 0.05, 3))
    .into()
}

fn case(name: &'static str, crystal: &Structure, amplitude: f64, seed: u64) -> Case {
    let mut structure = crystal.clone();
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    for x in structure.positions.as_flattened_mut() {
        *x += random.random_range(-amplitude..amplitude);
    }
    Case {
        name,
        potential: potentials::parse_for(name, &structure.species).unwrap(),
        structure,
    }
}

/// The 6 atoms of the primitive cell of β-cristobalite, whose faces are 4.1 Å apart.
fn primitive_cristobalite() -> Structure {
    const HALF: f64 = 3.58;
    const EIGHTH: f64 = 0.895;
    let cell = Cell::new(
        [[0.0, HALF, HALF], [HALF, 0.0, HALF], [HALF, HALF, 0.0]],
        [true; 3],
    )
    .unwrap();
    let eighths: [[f64; 3]; 6] = [
        [0.0; 3],
        [2.0; 3],
        [1.0; 3],
        [1.0, 3.0, 3.0],
        [3.0, 1.0, 3.0],
        [3.0, 3.0, 1.0],
    ];
    let positions = eighths.map(|r| r.map(|x| x * EIGHTH)).to_vec();
    let species = vec!["Si".to_owned(), "O".to_owned()];
    Structure::new(
        cell,
        species,
        vec![28.085, 15.999],
        vec![0, 0, 1, 1, 1, 1],
        positions,
    )
    .unwrap()
}

/// The crystal with no angle left that is a right one.
fn sheared(crystal: &Structure) -> Structure {
    mapped(crystal, |[x, y, z]| {
        [x + 0.05 * y - 0.02 * z, y + 0.04 * z, z]
    })
}

/// Cell and atoms under a linear map.
pub fn mapped(structure: &Structure, map: impl Fn([f64; 3]) -> [f64; 3]) -> Structure {
    let cell = &structure.cell;
    Structure {
        cell: Cell::new(cell.vectors().map(&map), cell.periodic()).unwrap(),
        positions: structure.positions.iter().map(|&r| map(r)).collect(),
        ..structure.clone()
    }
}

pub fn neighbours(potential: &dyn Potential, structure: &Structure) -> NeighbourList {
    NeighbourList::new(structure, potential.cutoff()).unwrap()
}

pub fn evaluate(potential: &dyn Potential, structure: &Structure) -> Evaluation {
    potential
        .evaluate(structure, &neighbours(potential, structure))
        .unwrap()
}

pub fn assert_close(what: &str, a: f64, b: f64, scale: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * scale.max(1.0),
        "{what}: {a} against {b}"
    );
}
