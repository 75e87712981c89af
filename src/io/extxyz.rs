//! Extended XYZ, the text format of ASE, OVITO and QUIP: number of atoms, `key=value` line, one line an atom.

use super::words::{Words, number, shortened};
use crate::atoms::cell::Cell;
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use std::fmt::Write as _;

/// What stands in the second line when it does not say.
const PLAIN: &str = "species:S:1:pos:R:3";

/// One structure of a file with what was stored beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The atoms.
    pub structure: Structure,
    /// `energy=`, eV.
    pub energy: Option<f64>,
    /// The `forces` (or `force`) columns, eV/Å.
    pub forces: Option<Vec<[f64; 3]>>,
}

/// Reads every frame of a file. `mass_of` gives the mass in amu of a chemical symbol.
///
/// ```
/// use glassbridge::io::extxyz;
/// let text = "1\nLattice=\"3 0 0 0 3 0 0 0 3\" Properties=species:S:1:pos:R:3\nSi 0 0 0.5\n";
/// let frames = extxyz::read(text, |_| Ok(28.085))?;
/// assert_eq!(frames[0].structure.positions, [[0.0, 0.0, 0.5]]);
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn read(text: &str, mass_of: impl Fn(&str) -> Result<f64>) -> Result<Vec<Frame>> {
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
    let end = lines
        .iter()
        .rposition(|l| !l.trim().is_empty())
        .map_or(0, |i| i + 1);
    let (mut frames, mut first) = (Vec::new(), 0);
    while first < end {
        let count = atoms_promised(lines[first], first, end)?;
        frames.push(read_frame(&lines[..end], first, count, &mass_of)?);
        first += count + 2;
    }
    if frames.is_empty() {
        return Err(Error::new("the file is empty").cure("give an extended XYZ file"));
    }
    Ok(frames)
}

/// The number of atoms in the first line of a frame, checked against the lines that are there.
fn atoms_promised(line: &str, first: usize, end: usize) -> Result<usize> {
    let bad = |what: String| Error::new(what).line(first as u64 + 1);
    let count: usize = line.trim().parse().map_err(|_| {
        bad(format!("'{}' is not a number of atoms", shortened(line)))
            .cure("start every frame with a line that holds the number of its atoms")
    })?;
    let left = end.saturating_sub(first + 2);
    if count == 0 || count > left {
        return Err(bad(format!("the frame cannot have {count} atoms"))
            .because(format!("{left} lines of atoms follow"))
            .cure("correct the number, or complete the file"));
    }
    Ok(count)
}

fn read_frame(
    lines: &[&str],
    first: usize,
    count: usize,
    mass_of: impl Fn(&str) -> Result<f64>,
) -> Result<Frame> {
    let here = |e: Error| e.line(first as u64 + 2);
    let header = Header::read(lines[first + 1]).map_err(here)?;
    let (mut species, mut species_of) = (Vec::<String>::new(), Vec::new());
    let (mut positions, mut forces) = (Vec::new(), Vec::new());
    for k in first + 2..first + 2 + count {
        let words = Words::of(lines[k], k);
        if words.len() < header.width {
            let what = format!("the atom has {} of {} columns", words.len(), header.width);
            return Err(words
                .error(what)
                .cure("complete the line, or correct Properties"));
        }
        let symbol = words.text(header.species)?;
        let known = species.iter().position(|s| s == symbol);
        species_of.push(known.unwrap_or(species.len()));
        if known.is_none() {
            species.push(symbol.to_owned());
        }
        positions.push(words.vector(header.positions)?);
        if let Some(at) = header.forces {
            forces.push(words.vector(at)?);
        }
    }
    let masses = species.iter().map(|s| mass_of(s)).collect::<Result<_>>();
    let structure =
        masses.and_then(|m| Structure::new(header.cell, species, m, species_of, positions));
    Ok(Frame {
        structure: structure.map_err(here)?,
        energy: header.energy,
        forces: header.forces.map(|_| forces),
    })
}

/// The second line: the cell, and which column holds what.
struct Header {
    cell: Cell,
    energy: Option<f64>,
    width: usize,
    species: usize,
    positions: usize,
    forces: Option<usize>,
}

impl Header {
    fn read(line: &str) -> Result<Self> {
        let pairs = key_values(line)?;
        let get = |key: &str| {
            pairs
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(key))
                .map(|(_, v)| *v)
        };
        let lattice = get("Lattice").ok_or_else(|| {
            Error::new("the frame has no cell")
                .cure("add Lattice=\"ax ay az bx by bz cx cy cz\" in Å")
        })?;
        let columns = Columns::read(get("Properties").unwrap_or(PLAIN))?;
        Ok(Self {
            cell: Cell::new(
                edges(lattice)?,
                get("pbc").map_or(Ok([true; 3]), directions)?,
            )?,
            energy: get("energy").map(number).transpose()?,
            width: columns.width,
            species: columns.find("species", 1)?,
            positions: columns.find("pos", 3)?,
            forces: columns
                .find("forces", 3)
                .or_else(|_| columns.find("force", 3))
                .ok(),
        })
    }
}

/// `name:type:width` triples with the column each starts in.
struct Columns<'a> {
    starts: Vec<(&'a str, usize, usize)>,
    width: usize,
}

impl<'a> Columns<'a> {
    fn read(properties: &'a str) -> Result<Self> {
        let bad = || {
            Error::new(format!(
                "Properties={} cannot be understood",
                shortened(properties)
            ))
            .cure(format!("write triples name:type:columns, e.g. {PLAIN}"))
        };
        let parts: Vec<_> = properties.split(':').collect();
        let (mut starts, mut width) = (Vec::new(), 0_usize);
        for triple in parts.chunks(3) {
            let &[name, _, columns] = triple else {
                return Err(bad());
            };
            let columns: usize = columns.parse().map_err(|_| bad())?;
            starts.push((name, width, columns));
            width = width.checked_add(columns).ok_or_else(bad)?;
        }
        Ok(Self { starts, width })
    }

    fn find(&self, name: &str, columns: usize) -> Result<usize> {
        let found = self
            .starts
            .iter()
            .find(|(n, _, c)| *n == name && *c == columns);
        found.map(|&(_, start, _)| start).ok_or_else(|| {
            Error::new(format!("the frame has no {columns} columns '{name}'"))
                .cure(format!("name them in Properties, e.g. {PLAIN}"))
        })
    }
}

/// The `key=value` pairs of a line; values may be quoted, words without `=` are flags and are passed over.
fn key_values(line: &str) -> Result<Vec<(&str, &str)>> {
    let (mut pairs, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after.trim_start();
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = if let Some(quote) = quote {
            value[1..].split_once(quote).ok_or_else(|| {
                Error::new(format!(
                    "the value of {} has no closing quote",
                    shortened(key)
                ))
            })?
        } else {
            value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()))
        };
        pairs.push((key, value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

fn edges(text: &str) -> Result<[[f64; 3]; 3]> {
    let numbers = text
        .split_whitespace()
        .map(number)
        .collect::<Result<Vec<_>>>()?;
    let all: [f64; 9] = numbers.try_into().map_err(|given: Vec<f64>| {
        Error::new(format!("Lattice has {} numbers", given.len()))
            .cure("give the nine of three edges")
    })?;
    Ok([0, 3, 6].map(|k| [all[k], all[k + 1], all[k + 2]]))
}

fn directions(text: &str) -> Result<[bool; 3]> {
    let one =
        |word: &str| match word {
            "T" | "true" | "True" | "1" => Ok(true),
            "F" | "false" | "False" | "0" => Ok(false),
            _ => Err(Error::new(format!("pbc cannot be '{}'", shortened(word)))
                .cure("write pbc=\"T T T\"")),
        };
    let all = text
        .split_whitespace()
        .map(one)
        .collect::<Result<Vec<_>>>()?;
    all.try_into()
        .map_err(|_| Error::new("pbc needs three values").cure("write pbc=\"T T T\""))
}

/// Writes frames; every number with the digits that read back to the same one.
pub fn write(frames: &[Frame]) -> String {
    let mut text = String::new();
    for frame in frames {
        // Writing to a String does not fail.
        let _ = write_frame(&mut text, frame);
    }
    text
}

fn write_frame(text: &mut String, frame: &Frame) -> std::fmt::Result {
    let structure = &frame.structure;
    let lattice: Vec<_> = (structure
        .cell
        .vectors()
        .iter()
        .flatten()
        .map(f64::to_string))
    .collect();
    let pbc = structure.cell.periodic().map(|p| if p { "T" } else { "F" });
    writeln!(text, "{}", structure.len())?;
    write!(text, "Lattice=\"{}\" Properties={PLAIN}", lattice.join(" "))?;
    if frame.forces.is_some() {
        text.push_str(":forces:R:3");
    }
    if let Some(energy) = frame.energy {
        write!(text, " energy={energy}")?;
    }
    writeln!(text, " pbc=\"{}\"", pbc.join(" "))?;
    for (i, [x, y, z]) in structure.positions.iter().enumerate() {
        write!(text, "{} {x} {y} {z}", structure.symbol(i))?;
        if let Some([x, y, z]) = frame.forces.as_ref().and_then(|f| f.get(i)) {
            write!(text, " {x} {y} {z}")?;
        }
        text.push('\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::lattice::{beta_cristobalite, graphene};
    use proptest::prelude::*;

    fn mass_of(symbol: &str) -> Result<f64> {
        match symbol {
            "Si" => Ok(28.085),
            "O" => Ok(15.999),
            "C" => Ok(12.011),
            _ => Err(Error::new(format!("no element '{symbol}'"))),
        }
    }

    const GOOD: &str = "2\nLattice=\"3 0 0 0 3 0 0 0 3\" Properties=species:S:1:pos:R:3:id:I:1:forces:R:3 energy=-1.5 flag pbc='T T F'\nSi 0 0 0 7 1 2 3\n O 1 1 1 8 -1 -2 -3\n\n";

    #[test]
    fn frames_read_back_to_the_last_bit() {
        let silica = beta_cristobalite(7.16, [28.085, 15.999]).unwrap();
        let forces: Vec<_> = (0..24)
            .map(|i| [1.0 / f64::from(i + 3), -1e-17, 2e30])
            .collect();
        let frames = [
            Frame {
                structure: silica,
                energy: Some(-0.1),
                forces: Some(forces),
            },
            Frame {
                structure: graphene(1.42, 12.011).unwrap(),
                energy: None,
                forces: None,
            },
        ];
        assert_eq!(read(&write(&frames), mass_of).unwrap(), frames);
    }

    #[test]
    fn other_columns_flags_and_quotes_are_understood() {
        let frame = &read(GOOD, mass_of).unwrap()[0];
        assert_eq!(
            frame.forces,
            Some(vec![[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
        );
        assert_eq!(
            (frame.energy, frame.structure.cell.dimensions()),
            (Some(-1.5), 2)
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = |from: &str, to: &str| {
            assert!(GOOD.contains(from));
            read(&GOOD.replace(from, to), mass_of)
                .unwrap_err()
                .to_string()
        };
        assert!(told(" O 1 1 1", " O 1 x 1").contains("input:4:6"));
        assert!(told(" O 1 1 1", " O 1 NaN 1").contains("input:4:6"));
        assert!(told("2\nL", "99999999999\nL").contains("input:1"));
        assert!(told("2\nL", "0\nL").contains("input:1"));
        assert!(told("2\nL", "-2\nL").contains("input:1"));
        assert!(told("-1 -2 -3", "-1 -2").contains("input:4"));
        assert!(told("Lattice", "Box").contains("Lattice="));
        assert!(told("3 0 0 0 3", "0 0 0 0 3").contains("input:2"));
        assert!(told("pbc='T T F'", "pbc='T T F").contains("quote"));
        assert!(told("id:I:1", "id:I:18446744073709551615").contains("Properties"));
        assert!(told("Si 0", "Xx 0").contains("no element 'Xx'"));
        assert!(read("", mass_of).is_err());
    }

    proptest! {
        #[test]
        fn damaged_files_are_told_and_never_crash(at in 0..GOOD.len(), with in "\\PC{0,3}", cut in 0..12_usize) {
            let end = (at + cut).min(GOOD.len());
            let damaged = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
            let _ = read(&damaged, mass_of);
        }
    }
}
