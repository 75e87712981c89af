//! VASP's POSCAR and CONTCAR.

use super::extxyz::Frame;
use super::named_atoms::{NamedAtoms, Told};
use super::words::Words;
use crate::atoms::cell::{Cell, cross, dot};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use std::fmt::Write as _;

/// Reads the structure: scaling by one factor, three, or (negative) to a volume; `Direct` or `Cartesian`; selective dynamics and
/// velocities are passed over. A file of VASP 4, without species, needs [`Told::species`].
pub fn read(text: &str, told: &Told) -> Result<Frame> {
    let lines: Vec<&str> = text.lines().collect();
    let line = |at: usize| {
        let text = lines.get(at).copied();
        text.map(|t| Words::of(t, at)).ok_or_else(|| {
            Error::new("the file ends too early")
                .line(lines.len() as u64)
                .cure("complete the POSCAR")
        })
    };
    let edges = [
        line(2)?.vector(0)?,
        line(3)?.vector(0)?,
        line(4)?.vector(0)?,
    ];
    let factors = factors(&line(1)?, edges)?;
    let scaled = |v: [f64; 3]| [0, 1, 2].map(|k: usize| v[k] * factors[k]);
    let cell = Cell::new(edges.map(scaled), [true; 3]).map_err(|e| e.line(3))?;

    let has_names = line(5)?.count(0).is_err();
    let numbers = line(if has_names { 6 } else { 5 })?;
    let counts = (0..numbers.len())
        .map(|k| numbers.count(k))
        .collect::<Result<Vec<_>>>()?;
    let names: Vec<String> = if has_names {
        // VASP 6 may write Si_pv or Si/hash.
        let short = |w: &&str| w.split(['/', '_']).next().unwrap_or(w).to_owned();
        line(5)?.all().iter().map(short).collect()
    } else {
        told.species.to_vec()
    };
    if names.len() != counts.len() {
        return Err(numbers
            .error(format!(
                "{} numbers of atoms for {} species",
                counts.len(),
                names.len()
            ))
            .because("the POSCAR, or --species, names the groups of atoms in their order")
            .cure("add a line of species above the numbers, or give --species Si,O"));
    }
    let mut at = if has_names { 7 } else { 6 };
    let starts = |at: usize, letters: &str| -> Result<bool> {
        let words = line(at)?;
        let first = words.all().first().and_then(|w| w.chars().next());
        Ok(first.is_some_and(|c| letters.contains(c)))
    };
    if starts(at, "Ss")? {
        at += 1;
    }
    let is_cartesian = starts(at, "CcKk")?;
    let total = counts.iter().fold(0_usize, |sum, n| sum.saturating_add(*n));
    let left = lines.len() - (at + 1).min(lines.len());
    if total == 0 || total > left {
        return Err(numbers
            .error(format!("the POSCAR cannot have {total} atoms"))
            .because(format!("{left} lines follow"))
            .cure("complete the file"));
    }
    let mut positions = Vec::new();
    for k in at + 1..=at + total {
        let given = line(k)?.vector(0)?;
        positions.push(if is_cartesian {
            scaled(given)
        } else {
            cell.cartesian(given)
        });
    }
    let named = NamedAtoms {
        cell,
        names: names
            .into_iter()
            .zip(counts)
            .flat_map(|(name, n)| std::iter::repeat_n(name, n))
            .collect(),
        positions,
        forces: None,
        masses: Vec::new(),
    };
    named.frame(told)
}

fn factors(words: &Words, [a, b, c]: [[f64; 3]; 3]) -> Result<[f64; 3]> {
    if words.len() >= 3 {
        return words.vector(0);
    }
    let factor = words.number(0)?;
    if factor >= 0.0 {
        return Ok([factor; 3]);
    }
    let volume = dot(a, cross(b, c)).abs();
    Ok([(-factor / volume).cbrt(); 3])
}

/// Writes a structure in fractional coordinates, its atoms sorted by species.
pub fn write(structure: &Structure) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_to(&mut text, structure);
    text
}

fn write_to(text: &mut String, structure: &Structure) -> std::fmt::Result {
    writeln!(text, "{} by glassbridge\n1.0", structure.formula())?;
    for [x, y, z] in structure.cell.vectors() {
        writeln!(text, "{x} {y} {z}")?;
    }
    let of = |s: usize| (0..structure.len()).filter(move |&i| structure.species_of[i] == s);
    let counts: Vec<String> = (0..structure.species.len())
        .map(|s| of(s).count().to_string())
        .collect();
    writeln!(
        text,
        "{}\n{}\nDirect",
        structure.species.join(" "),
        counts.join(" ")
    )?;
    for i in (0..structure.species.len()).flat_map(of) {
        let [x, y, z] = structure.cell.fractional(structure.positions[i]);
        writeln!(text, "{x} {y} {z}")?;
    }
    Ok(())
}
