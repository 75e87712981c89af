//! LAMMPS' data files: `read_data` and `write_data`.

use super::extxyz::Frame;
use super::lammps_box::Tilted;
use super::named_atoms::{NamedAtoms, Told, element_of_mass, told_name};
use super::words::{Words, shortened};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use crate::finding::Finding;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Words between the id and the position of an atom, and which of them is the type, for each style.
const STYLES: [(&str, usize, usize); 6] = [
    ("atomic", 1, 0),
    ("charge", 2, 0),
    ("bond", 2, 1),
    ("angle", 2, 1),
    ("molecular", 2, 1),
    ("full", 3, 1),
];

/// Reads the structure; its cell is taken to repeat in all directions, which the file does not say.
///
/// Types are named by their labels, by what the user [told](Told::species), by the comments behind `Masses`, or by their
/// masses (with a finding). Velocities, bonds and coefficients are passed over.
pub fn read(text: &str, told: &Told) -> Result<(Frame, Vec<Finding>)> {
    let lines: Vec<&str> = text.lines().collect();
    let sections = Sections::of(&lines);
    let tilted = sections.tilted(&lines)?;
    let atoms = sections.atoms(&lines)?;
    let kinds: Vec<usize> = atoms.iter().map(|a| a.kind).collect();
    let (types, findings) = sections.types(&lines, told, &kinds)?;
    let named = NamedAtoms {
        cell: tilted.cell([true; 3])?,
        names: kinds.iter().map(|k| types[k].0.clone()).collect(),
        positions: atoms.iter().map(|a| a.position).collect(),
        forces: None,
        masses: types
            .into_values()
            .filter_map(|(name, mass)| Some((name, mass?)))
            .collect(),
    };
    Ok((named.frame(told)?, findings))
}

/// Where the header ends and each section lies.
struct Sections<'a> {
    header: usize,
    /// Title without its comment, the comment, first line, line after the last.
    named: Vec<(&'a str, &'a str, usize, usize)>,
}

/// One line of the section `Atoms`.
struct Atom {
    id: usize,
    kind: usize,
    position: [f64; 3],
}

fn uncommented(line: &str) -> (&str, &str) {
    let (before, after) = line.split_once('#').unwrap_or((line, ""));
    (before.trim(), after.trim())
}

impl<'a> Sections<'a> {
    fn of(lines: &[&'a str]) -> Self {
        // The first line is a title, whatever it says.
        let starts: Vec<usize> = (1..lines.len())
            .filter(|&k| lines[k].starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect();
        let end = |n: usize| starts.get(n + 1).copied().unwrap_or(lines.len());
        let section = |(n, &k): (usize, &usize)| {
            let (title, comment) = uncommented(lines[k]);
            (title, comment, k + 1, end(n))
        };
        Self {
            header: starts.first().copied().unwrap_or(lines.len()),
            named: starts.iter().enumerate().map(section).collect(),
        }
    }

    fn find(&self, title: &str) -> Option<&(&'a str, &'a str, usize, usize)> {
        self.named.iter().find(|(t, ..)| *t == title)
    }

    /// The lines with words of a section, without comments.
    fn body<'b>(
        lines: &'b [&'a str],
        from: usize,
        to: usize,
    ) -> impl Iterator<Item = (usize, &'a str, &'a str)> + 'b {
        (from..to).filter_map(|k| {
            let (words, comment) = uncommented(lines[k]);
            (!words.is_empty()).then_some((k, words, comment))
        })
    }

    fn tilted(&self, lines: &[&'a str]) -> Result<Tilted> {
        let (mut lengths, mut tilts) = ([None; 3], [0.0; 3]);
        for (k, text, _) in Self::body(lines, 1, self.header) {
            let words = Words::of(text, k);
            let ends = |low: &str, high: &str| words.all().get(2..) == Some(&[low, high]);
            for (a, (low, high)) in [("xlo", "xhi"), ("ylo", "yhi"), ("zlo", "zhi")]
                .into_iter()
                .enumerate()
            {
                if ends(low, high) {
                    lengths[a] = Some(words.number(1)? - words.number(0)?);
                }
            }
            if words.all().get(3..) == Some(&["xy", "xz", "yz"]) {
                tilts = words.vector(0)?;
            }
            if words.all().last() == Some(&"avec") {
                return Err(words
                    .error("a general triclinic box is not read")
                    .cure("write it with LAMMPS' own directions (write_data ... nogeneral)"));
            }
        }
        let [Some(x), Some(y), Some(z)] = lengths else {
            return Err(Error::new("the data file has no box")
                .cure("its header needs xlo xhi, ylo yhi and zlo zhi"));
        };
        Ok(Tilted {
            lengths: [x, y, z],
            tilts,
        })
    }

    /// The atoms by ascending id.
    fn atoms(&self, lines: &[&'a str]) -> Result<Vec<Atom>> {
        let &(_, style, from, to) = self.find("Atoms").ok_or_else(|| {
            Error::new("the data file has no atoms").cure("it needs a section Atoms")
        })?;
        let mut atoms = Vec::new();
        for (k, text, _) in Self::body(lines, from, to) {
            let words = Words::of(text, k);
            let (between, kind) = columns(style, &words)?;
            atoms.push(Atom {
                id: words.count(0)?,
                kind: words
                    .count(1 + kind)
                    .or_else(|e| self.labelled(lines, words.text(1 + kind)?).ok_or(e))?,
                position: words.vector(1 + between)?,
            });
        }
        let promised = Self::body(lines, 1, self.header).find_map(|(k, text, _)| {
            let words = Words::of(text, k);
            (words.all().get(1..) == Some(&["atoms"])).then(|| words.count(0))
        });
        if let Some(promised) = promised.transpose()?
            && promised != atoms.len()
        {
            return Err(Error::new(format!(
                "the data file promises {promised} atoms and has {}",
                atoms.len()
            ))
            .line(from as u64)
            .cure("complete the section Atoms, or correct the header"));
        }
        atoms.sort_by_key(|a| a.id);
        if let Some(twice) = atoms.windows(2).find(|w| w[0].id == w[1].id) {
            return Err(
                Error::new(format!("two atoms have the id {}", twice[0].id)).line(from as u64)
            );
        }
        Ok(atoms)
    }

    /// The number of a type label.
    fn labelled(&self, lines: &[&'a str], label: &str) -> Option<usize> {
        let &(_, _, from, to) = self.find("Atom Type Labels")?;
        Self::body(lines, from, to).find_map(|(k, text, _)| {
            let words = Words::of(text, k);
            (words.all().get(1) == Some(&label))
                .then(|| words.count(0).ok())
                .flatten()
        })
    }

    /// Name and, where the file has it, mass of each type that occurs.
    #[allow(
        clippy::type_complexity,
        reason = "a table and what there is to say of it, used once"
    )]
    fn types(
        &self,
        lines: &[&'a str],
        told: &Told,
        kinds: &[usize],
    ) -> Result<(BTreeMap<usize, (String, Option<f64>)>, Vec<Finding>)> {
        let mut masses = BTreeMap::new();
        if let Some(&(_, _, from, to)) = self.find("Masses") {
            for (k, text, comment) in Self::body(lines, from, to) {
                let words = Words::of(text, k);
                let kind = words
                    .count(0)
                    .or_else(|e| self.labelled(lines, words.text(0)?).ok_or(e))?;
                masses.insert(kind, (words.number(1)?, comment));
            }
        }
        let mut labels = BTreeMap::new();
        if let Some(&(_, _, from, to)) = self.find("Atom Type Labels") {
            for (k, text, _) in Self::body(lines, from, to) {
                let words = Words::of(text, k);
                labels.insert(words.count(0)?, words.text(1)?);
            }
        }
        let (mut types, mut findings) = (BTreeMap::new(), Vec::new());
        for &kind in kinds {
            if types.contains_key(&kind) {
                continue;
            }
            let (mass, comment) = masses
                .get(&kind)
                .map_or((None, ""), |(m, c)| (Some(*m), *c));
            let is_name =
                |c: &&str| !c.is_empty() && c.len() <= 12 && !c.contains(char::is_whitespace);
            let guess = || mass.and_then(element_of_mass);
            let name = if told.species.is_empty() {
                let written = labels.get(&kind).copied().or(Some(comment).filter(is_name));
                match (written, guess()) {
                    (Some(name), _) => name.to_owned(),
                    (None, Some(symbol)) => {
                        findings.push(Finding::new(
                            "species-from-mass",
                            format!("atom type {kind} is taken for {symbol}, by its mass."),
                            "Give --species if it is something else.",
                        ));
                        symbol.to_owned()
                    }
                    (None, None) => told_name(told, kind)?,
                }
            } else {
                told_name(told, kind)?
            };
            types.insert(kind, (name, mass));
        }
        Ok((types, findings))
    }
}

/// Words between id and position, and which of them is the type: by the style behind `Atoms #`, else by the number of words
/// where that leaves one possibility.
fn columns(style: &str, words: &Words) -> Result<(usize, usize)> {
    if let Some((_, between, kind)) = STYLES.iter().find(|(name, ..)| *name == style) {
        return Ok((*between, *kind));
    }
    // Three image flags may follow.
    match (style, words.len()) {
        ("", 5 | 8) => Ok((1, 0)),
        ("", 7 | 10) => Ok((3, 1)),
        _ => Err(words
            .error(format!("the style of the atoms, '{}', is not known", shortened(style)))
            .cure("write it behind the title, as in 'Atoms # atomic': atomic, charge, bond, angle, molecular or full")),
    }
}

/// Writes a structure in style `atomic` with labelled types, its cell turned into LAMMPS' directions.
pub fn write(structure: &Structure) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_to(&mut text, structure);
    text
}

fn write_to(text: &mut String, structure: &Structure) -> std::fmt::Result {
    let tilted = Tilted::of(&structure.cell);
    let edges = tilted.edges();
    writeln!(text, "{} by glassbridge\n", structure.formula())?;
    writeln!(
        text,
        "{} atoms\n{} atom types\n",
        structure.len(),
        structure.species.len()
    )?;
    for (axis, length) in ["x", "y", "z"].into_iter().zip(tilted.lengths) {
        writeln!(text, "0 {length} {axis}lo {axis}hi")?;
    }
    let [xy, xz, yz] = tilted.tilts;
    if tilted.tilts.iter().any(|t| *t != 0.0) {
        writeln!(text, "{xy} {xz} {yz} xy xz yz")?;
    }
    writeln!(text, "\nAtom Type Labels\n")?;
    for (s, symbol) in structure.species.iter().enumerate() {
        writeln!(text, "{} {symbol}", s + 1)?;
    }
    writeln!(text, "\nMasses\n")?;
    for (s, mass) in structure.masses.iter().enumerate() {
        writeln!(text, "{} {mass} # {}", s + 1, structure.species[s])?;
    }
    writeln!(text, "\nAtoms # atomic\n")?;
    for (i, p) in structure.positions.iter().enumerate() {
        let f = structure.cell.fractional(*p);
        let along = |a: usize| (0..3).map(|k| f[k] * edges[k][a]).sum::<f64>();
        let kind = structure.species_of[i] + 1;
        writeln!(
            text,
            "{} {kind} {} {} {}",
            i + 1,
            along(0),
            along(1),
            along(2)
        )?;
    }
    Ok(())
}
