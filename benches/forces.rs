//! Time of one step of velocity Verlet dynamics, neighbour list included, and of one full Hessian, one thread.
//!
//! `cargo bench --no-default-features --bench forces`; LAMMPS on the same: `python3 benches/peers/forces.py`. Divide by the number
//! of atoms in the name. Tables come from `../shared/potentials`; without them only Lennard-Jones is timed.

#![allow(clippy::print_stderr, reason = "a bench says what it skips")]
#![allow(missing_docs, reason = "criterion's macro writes a function")]

mod clock;

use clock::on_processor;
use criterion::{Criterion, criterion_group, criterion_main};
use glassbridge::atoms::lattice::{diamond, face_centred_cubic, graphene, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::elements::element;
use glassbridge::potentials::{self, Potential};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal};

/// 1 eV/(Å amu) in Å/ps²; 1 in reduced units.
const METAL_ACCELERATION: f64 = 9_648.533_212;
/// eV/K; 1 in reduced units.
const BOLTZMANN: f64 = 8.617_333_262e-5;
/// As `dynamics::landscape` has it, as a part of the cutoff; LAMMPS keeps its own default, which is best for it.
const SKIN: f64 = 0.2;

/// A system with its temperature and time step, in metal or reduced units.
struct System {
    name: &'static str,
    potential: Box<dyn Potential>,
    structure: Structure,
    temperature: f64,
    step: f64,
}

/// Velocity Verlet at constant energy, with a list that is kept while nobody has moved half the skin.
struct Run {
    potential: Box<dyn Potential>,
    structure: Structure,
    velocities: Vec<[f64; 3]>,
    forces: Vec<[f64; 3]>,
    /// Step times force over mass is a change of velocity.
    kicks: Vec<f64>,
    step: f64,
    list: NeighbourList,
    listed_at: Vec<[f64; 3]>,
}

impl Run {
    fn new(system: System, random: &mut ChaCha12Rng) -> Self {
        let System {
            potential,
            structure,
            temperature,
            step,
            ..
        } = system;
        let (acceleration, boltzmann) = if potential.reduced() {
            (1.0, 1.0)
        } else {
            (METAL_ACCELERATION, BOLTZMANN)
        };
        let masses = structure.atom_masses();
        let thermal = |m: &f64| {
            let width = (boltzmann * temperature / m * acceleration).sqrt();
            [0; 3].map(|_| -> f64 {
                width * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, random)
            })
        };
        let velocities = masses.iter().map(thermal).collect();
        let list = NeighbourList::new(&structure, (1.0 + SKIN) * potential.cutoff()).unwrap();
        Self {
            forces: potential.evaluate(&structure, &list).unwrap().forces,
            kicks: masses
                .iter()
                .map(|m| 0.5 * step * acceleration / m)
                .collect(),
            listed_at: structure.positions.clone(),
            velocities,
            potential,
            structure,
            step,
            list,
        }
    }

    fn kick(&mut self) {
        let each = self
            .velocities
            .iter_mut()
            .zip(&self.forces)
            .zip(&self.kicks);
        for ((v, f), kick) in each {
            for a in 0..3 {
                v[a] += kick * f[a];
            }
        }
    }

    fn advance(&mut self) {
        self.kick();
        let mut farthest = 0.0_f64;
        let each = self.structure.positions.iter_mut().zip(&self.velocities);
        for ((r, v), was) in each.zip(&self.listed_at) {
            let mut moved = 0.0;
            for a in 0..3 {
                r[a] += self.step * v[a];
                moved += (r[a] - was[a]).powi(2);
            }
            farthest = farthest.max(moved);
        }
        let cutoff = self.potential.cutoff();
        if farthest.sqrt() > 0.5 * SKIN * cutoff {
            self.list = NeighbourList::new(&self.structure, (1.0 + SKIN) * cutoff).unwrap();
            self.listed_at.clone_from(&self.structure.positions);
        }
        self.forces = self
            .potential
            .evaluate(&self.structure, &self.list)
            .unwrap()
            .forces;
        self.kick();
    }
}

/// Steps before the timing: the crystal melts or warms.
const WARM_UP: usize = 300;

fn crystal(
    edge: f64,
    symbols: &[&str],
    fractions: &[f64],
    cubes: usize,
    random: &mut ChaCha12Rng,
) -> Structure {
    let mass = |s: &&str| element(s).map_or(1.0, |e| e.mass);
    let unit = face_centred_cubic(edge, symbols[0], 1.0).unwrap();
    let grown = supercell(&unit, [cubes; 3]).unwrap();
    let species_of = grown.positions.iter().map(|_| {
        let mut draw: f64 = random.random_range(0.0..1.0);
        fractions
            .iter()
            .position(|f| {
                draw -= f;
                draw < 0.0
            })
            .unwrap_or(0)
    });
    let species_of = species_of.collect();
    let names = symbols.iter().map(|&s| s.to_owned()).collect();
    let masses = symbols.iter().map(mass).collect();
    Structure::new(grown.cell, names, masses, species_of, grown.positions).unwrap()
}

fn table(file: &str) -> Option<Box<dyn Potential>> {
    let path = format!("{}/../shared/potentials/{file}", env!("CARGO_MANIFEST_DIR"));
    if !std::path::Path::new(&path).exists() {
        eprintln!("left out: {path} is not here");
        return None;
    }
    Some(potentials::parse(&format!("eam:file={path}")).unwrap())
}

fn systems(random: &mut ChaCha12Rng) -> Vec<System> {
    let reduced = "lj:epsilon=1,sigma=1,cutoff=2.5,shift=energy,units=reduced";
    let edge = (4.0_f64 / 0.8442).cbrt();
    let mut all = vec![
        System {
            name: "lj 4000 atoms",
            potential: potentials::parse(reduced).unwrap(),
            structure: crystal(edge, &["A"], &[1.0], 10, random),
            temperature: 1.44,
            step: 0.005,
        },
        System {
            name: "kob-andersen 4000 atoms",
            potential: potentials::parse("lj:kob-andersen").unwrap(),
            structure: crystal((4.0_f64 / 1.2).cbrt(), &["A", "B"], &[0.8, 0.2], 10, random),
            temperature: 1.44,
            step: 0.003,
        },
    ];
    let sheet = graphene(1.46, 12.011).unwrap();
    let cube = diamond(3.566, "C", 12.011).unwrap();
    for (name, unit, repeats) in [
        ("tersoff graphene 2048 atoms", sheet, [32, 16, 1]),
        ("tersoff diamond 2048 atoms", cube, [8, 8, 4]),
    ] {
        all.push(System {
            name,
            potential: potentials::parse("tersoff:c-1989").unwrap(),
            structure: supercell(&unit, repeats).unwrap(),
            temperature: 1000.0,
            step: 0.001,
        });
    }
    if let Some(potential) = table("Cu_mishin1.eam.alloy") {
        all.push(System {
            name: "eam Cu 4000 atoms",
            potential,
            structure: crystal(3.615, &["Cu"], &[1.0], 10, random),
            temperature: 1600.0,
            step: 0.005,
        });
    }
    if let Some(potential) = table("ZrCuAl2011.eam.alloy") {
        all.push(System {
            name: "eam ZrCuAl 4000 atoms",
            potential,
            structure: crystal(4.06, &["Zr", "Cu", "Al"], &[0.4, 0.45, 0.15], 10, random),
            temperature: 2000.0,
            step: 0.002,
        });
    }
    all
}

fn steps(criterion: &mut Criterion) {
    let mut random = ChaCha12Rng::seed_from_u64(1);
    for system in systems(&mut random) {
        let name = system.name;
        let mut run = Run::new(system, &mut random);
        for _ in 0..WARM_UP {
            run.advance();
        }
        criterion.bench_function(&format!("step, {name}"), |bencher| {
            bencher.iter_custom(|n| on_processor(n, || run.advance()));
        });
    }
}

fn hessians(criterion: &mut Criterion) {
    let mut random = ChaCha12Rng::seed_from_u64(2);
    let mass = |symbol| element(symbol).unwrap().mass;
    let copper = face_centred_cubic(3.615, "Cu", mass("Cu")).unwrap();
    let carbon = diamond(3.566, "C", mass("C")).unwrap();
    let silicon = diamond(5.431, "Si", mass("Si")).unwrap();
    let named = |name| Some(potentials::parse(name).unwrap());
    for (name, potential, unit, repeats) in [
        ("eam Cu", table("Cu_mishin1.eam.alloy"), &copper, [5, 5, 10]),
        ("lj", named("lj:argon"), &copper, [5, 5, 10]),
        ("tersoff C", named("tersoff:c-1989"), &carbon, [5, 5, 5]),
        ("sw Si", named("sw:si"), &silicon, [5, 5, 5]),
    ] {
        let Some(potential) = potential else { continue };
        let mut structure = supercell(unit, repeats).unwrap();
        for x in structure.positions.as_flattened_mut() {
            *x += random.random_range(-0.05..0.05);
        }
        let list = NeighbourList::new(&structure, potential.cutoff()).unwrap();
        criterion.bench_function(&format!("Hessian, {name} 1000 atoms"), |bencher| {
            let work = || drop(potential.hessian(&structure, &list).unwrap());
            bencher.iter_custom(|n| on_processor(n, work));
        });
    }
}

criterion_group!(forces, steps, hessians);
criterion_main!(forces);
