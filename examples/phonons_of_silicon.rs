//! Binding energy and highest vibration of Tersoff silicon over a few lattice constants: `cargo run --example phonons_of_silicon`.
//!
//! Measured silicon has its lattice constant at 5.43 Å and its highest phonon at 15.5 THz.

use glassbridge::atoms::lattice::{diamond, supercell};
use glassbridge::atoms::neighbours::NeighbourList;
use glassbridge::elements::element;
use glassbridge::error::Result;
use glassbridge::potentials::{self, Potential};
use glassbridge::vibrations::modes::Modes;

#[allow(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<()> {
    let silicon = potentials::parse("tersoff:si-1988")?;
    println!("a / Å   energy / eV an atom   highest mode / THz   imaginary modes");
    for a in [5.33, 5.38, 5.432, 5.48, 5.53] {
        let (energy, modes) = phonons(&*silicon, a)?;
        let highest = modes.frequencies_thz.last().copied().unwrap_or(f64::NAN);
        println!(
            "{a:5.3} {energy:21.5} {highest:20.3} {:17}",
            modes.imaginary_modes()
        );
    }
    Ok(())
}

/// Energy an atom (eV) and modes of a cube of 64 atoms with the lattice constant `a` (Å).
fn phonons(potential: &dyn Potential, a: f64) -> Result<(f64, Modes)> {
    let crystal = supercell(&diamond(a, "Si", element("Si")?.mass)?, [2, 2, 2])?;
    let neighbours = NeighbourList::new(&crystal, potential.cutoff())?;
    let energy = potential.evaluate(&crystal, &neighbours)?.energy / crystal.len() as f64;
    let hessian = potential.hessian(&crystal, &neighbours)?;
    Ok((energy, Modes::of(&hessian, &crystal, false)?))
}
