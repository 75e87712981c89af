use super::*;
use crate::atoms::cell::Cell;
use crate::atoms::disorder::random;
use crate::atoms::neighbours::NeighbourList;
use crate::potentials::hessian::Hessian;
use crate::potentials::toy::{Toy, crystal};

const TOY: Toy = Toy { cutoff: 1.8 };
/// fs; the solid's atoms vibrate in some 25.
const STEP: f64 = 1.0;
/// K; a Lennard-Jones solid melts at 0.7 of the depth of its bond, here near 8000 K.
const WARM: f64 = 1500.0;

/// The toy's crystal, of atoms of 25 and 100 amu.
fn solid(edge: f64, n: usize) -> Structure {
    let mut solid = crystal(edge, n);
    solid.masses = vec![25.0, 100.0];
    solid
}

/// Atoms that do not feel each other.
#[derive(Debug)]
struct Gas;

impl Potential for Gas {
    fn cutoff(&self) -> f64 {
        // So that the list is made seldom.
        30.0
    }
    fn evaluate(&self, structure: &Structure, _: &NeighbourList) -> Result<Evaluation> {
        Ok(Evaluation {
            energy: 0.0,
            forces: vec![[0.0; 3]; structure.len()],
            virial: [0.0; 6],
        })
    }
    fn hessian(&self, structure: &Structure, _: &NeighbourList) -> Result<Hessian> {
        Ok(Hessian::from_triplets(structure.len(), []))
    }
}

fn gas(periodic: [bool; 3], edge: f64) -> Structure {
    let edges = [[edge, 0.0, 0.0], [0.0, edge, 0.0], [0.0, 0.0, edge]];
    let (cell, atoms) = (Cell::new(edges, periodic).unwrap(), vec![0; 5]);
    let places = (0..5).map(|i| [f64::from(i), 0.0, 1.0]).collect();
    Structure::new(cell, vec!["A".into()], vec![4.0], atoms, places).unwrap()
}

/// Mean and its standard error from the means of 20 blocks.
fn mean(values: &[f64]) -> (f64, f64) {
    const BLOCKS: usize = 20;
    let average = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let all = average(values);
    let blocks = values.chunks_exact(values.len() / BLOCKS).map(average);
    let scatter: f64 = blocks.map(|b| (b - all).powi(2)).sum();
    (all, (scatter / (BLOCKS * (BLOCKS - 1)) as f64).sqrt())
}

#[test]
fn verlet_keeps_the_energy_the_better_the_square_of_a_shorter_step() {
    let drift = |dt: f64| {
        let mut run = Run::new(&TOY, &solid(1.4, 3), WARM, &mut random(1, 0)).unwrap();
        let total = |run: &Run| run.potential_energy() + run.kinetic_energy();
        let (start, mut worst) = (total(&run), 0.0_f64);
        for _ in 0..(400.0 / dt) as usize {
            run.step(dt, Ensemble::Nve, &mut random(0, 0)).unwrap();
            worst = worst.max((total(&run) - start).abs());
        }
        worst
    };
    let errors = [1.0, 0.5, 0.25].map(drift);
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1];
        assert!((3.2..4.8).contains(&ratio), "{errors:?}");
    }
    assert!(errors[2] < 0.05, "{errors:?}");
}

/// In a canonical ensemble 2K/kT has the chi-square law of its degrees of freedom.
#[test]
fn the_thermostat_gives_temperature_and_fluctuation() {
    let flat = {
        let edges = [[4.4, 0.0, 0.0], [0.0, 4.4, 0.0], [0.0, 0.0, 9.0]];
        let places = (0..16).map(|i| [1.1 * f64::from(i % 4), 1.1 * f64::from(i / 4), 0.5]);
        let cell = Cell::new(edges, [true, true, false]).unwrap();
        Structure::new(
            cell,
            vec!["A".into()],
            vec![4.0],
            vec![0; 16],
            places.collect(),
        )
        .unwrap()
        .flattened()
        .unwrap()
    };
    for (structure, freedom) in [(solid(1.4, 2), 96.0), (flat, 32.0)] {
        let numbers = &mut random(3, 0);
        let mut run = Run::new(&TOY, &structure, WARM, numbers).unwrap();
        let mut seen = Vec::new();
        for step in 0..40_000 {
            run.step(STEP, Ensemble::Nvt { kelvin: WARM }, numbers)
                .unwrap();
            if step >= 5000 {
                seen.push(run.kelvin() / WARM);
            }
        }
        let (t, error) = mean(&seen);
        // Five standard errors; BAOAB's own error, (ω dt)²/12, is below 1 %.
        assert!(
            error < 0.02 && (t - 1.0).abs() < 5.0 * error + 0.01,
            "{t} {error}"
        );
        let squares: Vec<f64> = seen
            .iter()
            .map(|x| (x - t).powi(2) * freedom / 2.0)
            .collect();
        let (variance, error) = mean(&squares);
        assert!(
            error < 0.1 && (variance - 1.0).abs() < 5.0 * error + 0.02,
            "{variance} {error}"
        );
        let heights = run.structure().positions.iter().map(|p| p[2]);
        assert!(freedom > 32.0 || heights.into_iter().all(|z| (z - 0.5).abs() < 1e-15));
    }
}

/// `∫ M^N exp(-P M/kT) dM` makes the measure of N free atoms a Gamma variable of shape N + 1 and scale kT/P.
#[test]
fn free_atoms_fill_the_room_that_the_gas_law_gives_them() {
    let kelvin = 300.0;
    for (periodic, edge) in [([true; 3], 30.0), ([true, true, false], 30.0)] {
        let start = gas(periodic, edge);
        // The gas law's mean is the cell that it starts in.
        let scale = start.cell.measure() / 6.0;
        let ensemble = Ensemble::Npt {
            kelvin,
            pressure: BOLTZMANN * kelvin / scale,
        };
        let numbers = &mut random(5, 0);
        let mut run = Run::new(&Gas, &start, kelvin, numbers).unwrap();
        let mut seen = Vec::new();
        for _ in 0..200_000 {
            run.step(10.0, ensemble, numbers).unwrap();
            seen.push(run.structure().cell.measure() / scale);
        }
        let (m, error) = mean(&seen);
        assert!(error < 0.15 && (m - 6.0).abs() < 4.0 * error, "{m} {error}");
        let squares: Vec<f64> = seen.iter().map(|x| (x - 6.0).powi(2)).collect();
        let (variance, error) = mean(&squares);
        assert!(
            error < 0.6 && (variance - 6.0).abs() < 4.0 * error,
            "{variance} {error}"
        );
        let grown = (run.structure().cell.vectors()[2][2] - edge).abs();
        assert_eq!(grown > 1e-9, periodic[2]);
    }
}

/// A tenth of the solid's bulk modulus: it is then 8 % denser.
#[test]
fn a_solid_finds_the_volume_of_its_pressure() {
    let (numbers, kelvin, pressure) = (&mut random(7, 0), WARM, 5.0);
    let average = |start: &Structure, ensemble, steps, numbers: &mut _| {
        let mut run = Run::new(&TOY, start, kelvin, numbers).unwrap();
        let (mut pressures, mut volumes) = (Vec::new(), Vec::new());
        for step in 0..steps {
            run.step(STEP, ensemble, numbers).unwrap();
            if step >= steps / 6 {
                pressures.push(run.pressure().unwrap());
                volumes.push(run.structure().cell.volume());
            }
        }
        (mean(&pressures), mean(&volumes).0)
    };
    let pressed = Ensemble::Npt { kelvin, pressure };
    let ((p, error), volume) = average(&solid(1.4, 2), pressed, 24_000, numbers);
    assert!(
        error < 0.2 && (p - pressure).abs() < 4.0 * error,
        "{p} {error}"
    );
    let fixed = solid((volume / 8.0).cbrt(), 2);
    let ((p, also), again) = average(&fixed, Ensemble::Nvt { kelvin }, 6000, numbers);
    assert!((again / volume - 1.0).abs() < 1e-12);
    // What the barostat's run leaves uncertain of the volume is uncertain here of the pressure.
    let error = also.hypot(error);
    assert!(
        error < 0.2 && (p - pressure).abs() < 4.0 * error,
        "{p} {error}"
    );
}

#[test]
fn what_cannot_run_is_told() {
    let numbers = &mut random(9, 0);
    let cluster = gas([false; 3], 20.0);
    let mut run = Run::new(&Gas, &cluster, 300.0, numbers).unwrap();
    let pressed = Ensemble::Npt {
        kelvin: 300.0,
        pressure: 0.0,
    };
    assert!(run.pressure().is_err() && run.step(1.0, pressed, numbers).is_err());
    let mut run = Run::new(&TOY, &crystal(1.55, 2), 1e5, numbers).unwrap();
    let mut steps = (0..1000).map(|_| run.step(20.0, Ensemble::Nve, numbers));
    assert!(steps.any(|s| s.is_err()));
}
