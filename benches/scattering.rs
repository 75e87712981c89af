//! Inelastic scattering of 256 atoms beside the eigen-decomposition that it needs.
#![allow(missing_docs, reason = "criterion's macros")]

mod clock;

use clock::on_processor;
use criterion::{Criterion, criterion_group, criterion_main};
use glassbridge::atoms::lattice::{face_centred_cubic, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::atoms::structure::Structure;
use glassbridge::grid::Grid;
use glassbridge::instrument::Window;
use glassbridge::instrument::line_shape::LineShape;
use glassbridge::instrument::locus::Locus;
use glassbridge::observables::coherent::{Coherent, Probe, Widths};
use glassbridge::observables::incoherent::{Incoherent, Thermal, cross_sections};
use glassbridge::observables::reciprocal::{shell, shells};
use glassbridge::observables::structure_factor::partial_structure_factor;
use glassbridge::observables::thermal_width::{PairWidths, Statistics::Quantum};
use glassbridge::potentials::{self, hessian::Hessian};
use glassbridge::vibrations::modes::Modes;

const COLD: Thermal = Thermal {
    kelvin: 20.0,
    statistics: Quantum,
};

/// Argon off its places, as in a glass, with its Hessian.
fn argon() -> (Structure, Hessian) {
    let unit = face_centred_cubic(5.31, "Ar", 39.95).unwrap();
    let mut structure = supercell(&unit, [4; 3]).unwrap();
    for (i, position) in structure.positions.iter_mut().enumerate() {
        for (k, x) in position.iter_mut().enumerate() {
            *x += 0.1 * ((7 * i + 3 * k) as f64).sin();
        }
    }
    let potential = potentials::parse("lj:argon").unwrap();
    let list = NeighbourList::new(&structure, potential.cutoff()).unwrap();
    let hessian = potential.hessian(&structure, &list).unwrap();
    (structure, hessian)
}

fn scattering(c: &mut Criterion) {
    faer::set_global_parallelism(faer::Par::Seq);
    let mut group = c.benchmark_group("256 atoms, one thread");
    group.sample_size(10);
    let (structure, hessian) = argon();
    group.bench_function("modes with vectors", |b| {
        let work = || drop(Modes::of(&hessian, &structure, true));
        b.iter_custom(|n| on_processor(n, work));
    });
    let modes = Modes::of(&hessian, &structure, true).unwrap();
    let grid = Grid::new(0.0, 12.0, 200).unwrap();
    let widths = Widths {
        broadening: 0.15,
        resolution: LineShape::PseudoVoigt {
            fwhm: 1.5,
            eta: 0.5,
        },
    };
    let map = shells(&structure.cell, 6.0, 50, 12).unwrap();
    assert_eq!(map.len(), 50);
    group.bench_function("S(Q,E), 50 shells of up to 12 Q x 200 energies", |b| {
        let work = || {
            let coherent = Coherent::new(&modes, &structure, Probe::XRays, COLD).unwrap();
            drop(coherent.map(&map, &grid, &widths).unwrap());
        };
        b.iter_custom(|n| on_processor(n, work));
    });
    let one = shell(&structure.cell, 6.0, 0.3, 60).unwrap();
    group.bench_function("ixs of a dataset, 60 Q", |b| {
        let work = || {
            let coherent = Coherent::new(&modes, &structure, Probe::XRays, COLD).unwrap();
            drop(coherent.spectrum(&one, &grid, &widths).unwrap());
        };
        b.iter_custom(|n| on_processor(n, work));
    });
    let sigma = cross_sections(&structure).unwrap();
    let vision = Locus::Indirect {
        last: 3.5,
        banks: [45.0, 135.0],
    };
    let shape = LineShape::Gaussian { sigma: 0.15 };
    for orders in [1, 4] {
        group.bench_function(format!("ins of a dataset, {orders} phonons"), |b| {
            let work = || {
                let incoherent = Incoherent::of_modes(&modes, &structure, COLD, &sigma).unwrap();
                drop(incoherent.spectrum(&vision, &grid, orders, &shape).unwrap());
            };
            b.iter_custom(|n| on_processor(n, work));
        });
    }
    let masses = structure.atom_masses();
    let axis = Grid::new(0.4, 20.4, 1000).unwrap();
    group.bench_function("S(Q) at a temperature, 1000 Q, pairs to 20 A", |b| {
        let work = || {
            let warm = PairWidths::new(&modes, &masses, 20.0, Quantum).unwrap();
            let s = partial_structure_factor(&structure, &axis, 20.0, Window::Lorch, Some(&warm));
            drop(s.unwrap());
        };
        b.iter_custom(|n| on_processor(n, work));
    });
}

criterion_group!(benches, scattering);
criterion_main!(benches);
