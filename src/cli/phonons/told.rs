//! What is said of a structure, to machines and to people.

use super::found::{Found, Vibrations};
use crate::finding::Finding;
use crate::units::{SQRT_EV_PER_A2_AMU_IN_THZ, THZ_IN_MEV};
use crate::vibrations::kpm::Moments;
use serde_json::{Value, json};

/// Names of the units of energy, force and frequency, and THz in the last.
struct Names {
    energy: &'static str,
    force: &'static str,
    frequency: &'static str,
    thz: f64,
}

/// Reduced ω is √λ where ν in THz is 15.6 √λ.
fn names(found: &Found) -> Names {
    if found.reduced {
        Names {
            energy: "epsilon",
            force: "epsilon/sigma",
            frequency: "sqrt(epsilon/m)/sigma",
            thz: 1.0 / SQRT_EV_PER_A2_AMU_IN_THZ,
        }
    } else {
        Names {
            energy: "eV",
            force: "eV/Å",
            frequency: "THz",
            thz: 1.0,
        }
    }
}

/// Numbers of modes that are imaginary and zero.
fn counts(found: &Found) -> (usize, usize) {
    match &found.vibrations {
        Vibrations::Modes { modes, .. } => (modes.imaginary_modes(), modes.zero_modes()),
        Vibrations::Moments(moments) => (moments.imaginary(), found.structure.dimensions()),
    }
}

/// Adds the doubts about what was found.
pub(super) fn doubt(found: &mut Found) {
    let units = names(found);
    let mut doubts = Vec::new();
    let repeating = found.structure.cell.dimensions();
    if repeating < 3 && !found.structure.flat {
        doubts.push(Finding::new(
            "pressure-of-a-box",
            format!("the cell repeats in {repeating} directions: the pressure takes the volume of Lattice."),
            "Compare it only with programs that do the same.",
        ));
    }
    let (imaginary, _) = counts(found);
    if imaginary > 0 {
        doubts.push(Finding::new(
            "imaginary-modes",
            format!(
                "{imaginary} mode(s) imaginary (largest force {:.1e} {}): the structure is not at a minimum.",
                found.evaluation.max_force(),
                units.force
            ),
            "Give --relax; if they stay, the structure is unstable in this potential.",
        ));
    }
    if found.window_pairs > 0 {
        doubts.push(Finding::new(
            "pairs-in-window",
            format!("{} pair(s) of atoms are where the potential switches bonds off: modes there are those of the switch.", found.window_pairs),
            "Trust the highest frequencies only without such pairs.",
        ));
    }
    if let Vibrations::Moments(moments) = &found.vibrations {
        doubts.push(by_moments(found, moments, &units));
    }
    found.findings.extend(doubts);
}

fn by_moments(found: &Found, moments: &Moments, units: &Names) -> Finding {
    let scale = units.thz / THZ_IN_MEV;
    let highest = moments.highest();
    Finding::new(
        "kernel-polynomial-method",
        format!(
            "{} atoms are too many for a list of modes: {} moments of {} random vectors give the density of states up to \
             {:.4} {unit}, resolved to {:.4} {unit} (standard deviation) in the middle and {:.4} {unit} at zero, with a \
             statistical error of {:.1} %.",
            found.structure.len(),
            moments.len(),
            moments.vectors(),
            highest * scale,
            moments.resolution(0.5 * highest) * scale,
            moments.resolution(0.0) * scale,
            100.0 * found.relative_error().unwrap_or(f64::NAN),
            unit = units.frequency,
        ),
        "Give --observables vdos --out DIR for the density itself.",
    )
}

/// One object with all numbers.
pub(super) fn summary(found: &Found) -> Value {
    let energy = found.evaluation.energy;
    let (pressure, pressure_unit) = found.pressure();
    let (imaginary, zero) = counts(found);
    let mut summary = json!({
        "atoms": found.structure.len(),
        "dimensions": found.structure.dimensions(),
        "energy": energy,
        "energy_per_atom": energy / found.structure.len() as f64,
        "energy_unit": names(found).energy,
        "max_force": found.evaluation.max_force(),
        "pressure": pressure,
        "pressure_unit": pressure_unit,
        "imaginary_modes": imaginary,
        "zero_modes": zero,
        "window_pairs": found.window_pairs,
        "findings": found.findings,
    });
    for (key, value) in of_vibrations(found) {
        summary[key] = value;
    }
    summary
}

/// The keys that depend on how the vibrations were found.
fn of_vibrations(found: &Found) -> Vec<(&'static str, Value)> {
    let unit = names(found);
    match &found.vibrations {
        Vibrations::Modes { modes, .. } => {
            let told: Vec<f64> = modes.frequencies_thz.iter().map(|f| f * unit.thz).collect();
            let key = if found.reduced {
                "frequencies_reduced"
            } else {
                "frequencies_thz"
            };
            vec![("method", json!("dense")), (key, json!(told))]
        }
        Vibrations::Moments(moments) => {
            let scale = unit.thz / THZ_IN_MEV;
            let highest = moments.highest();
            vec![
                ("method", json!("kpm")),
                ("moments", json!(moments.len())),
                ("random_vectors", json!(moments.vectors())),
                ("frequency_unit", json!(unit.frequency)),
                ("highest_frequency", json!(highest * scale)),
                (
                    "lowest_imaginary_frequency",
                    json!(moments.lowest_imaginary().map(|f| f * unit.thz)),
                ),
                (
                    "resolution_middle",
                    json!(moments.resolution(0.5 * highest) * scale),
                ),
                ("resolution_zero", json!(moments.resolution(0.0) * scale)),
                ("vdos_relative_error", json!(found.relative_error())),
            ]
        }
    }
}

/// A few lines.
pub(super) fn words(found: &Found) -> String {
    let (energy, unit) = (found.evaluation.energy, names(found));
    let (pressure, pressure_unit) = found.pressure();
    let (imaginary, zero) = counts(found);
    let modes = match &found.vibrations {
        Vibrations::Modes { modes, .. } => {
            let told = |f: Option<&f64>| f.map_or(f64::NAN, |f| f * unit.thz);
            let all = &modes.frequencies_thz;
            let (low, high) = (told(all.first()), told(all.last()));
            format!("{} from {low:.4} to {high:.4}", all.len())
        }
        Vibrations::Moments(moments) => {
            let high = moments.highest() * unit.thz / THZ_IN_MEV;
            format!("{} up to {high:.4}", moments.modes() + zero)
        }
    };
    format!(
        "energy        {energy:.6} {}, {:.6} {0} an atom\n\
         largest force {:.3e} {}\n\
         pressure      {pressure:.6} {pressure_unit}\n\
         modes         {modes} {}, {imaginary} imaginary, {zero} zero\n",
        unit.energy,
        energy / found.structure.len() as f64,
        found.evaluation.max_force(),
        unit.force,
        unit.frequency,
    )
}
