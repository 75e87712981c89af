//! Embedded-atom tables from setfl files, LAMMPS' `eam/alloy` and `eam/fs`.
//!
//! ```text
//! three lines of comment
//! number of elements, their symbols
//! number of densities, step, number of distances, step (Å), cutoff (Å)
//! for each element a:   atomic number, mass, whatever else; F_a(ρ) in eV;
//!                       ρ_a(r) (alloy), or ρ_a(r) at an atom of each element b in turn (fs)
//! for each pair b ≤ a:  r φ_ab(r) in eV Å
//! ```
//!
//! `#` begins a comment anywhere; tables may be broken into lines in any way.

use super::Tables;
use super::spline::FEWEST_KNOTS;
use crate::error::{Error, Result};
use crate::potentials::words::{Word, words};
use std::path::Path;

/// The largest setfl file in public collections has some 10 MB.
const LARGEST_FILE: u64 = 1 << 26;
/// Lines of comment at the top.
const COMMENTS: u64 = 3;
/// The most elements in one public file are 16; the tables grow with the square.
const MOST_SPECIES: usize = 32;

/// How the densities are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One function an element.
    Alloy,
    /// One function for each ordered pair of elements (Finnis and Sinclair).
    Fs,
}

impl Tables {
    /// Reads a file of either kind: first as its name says (`.fs` or not), then as the other.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = crate::io::files::read(path, LARGEST_FILE)?;
        let text = String::from_utf8_lossy(&bytes);
        let named_fs = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("fs"));
        let kinds = if named_fs {
            [Kind::Fs, Kind::Alloy]
        } else {
            [Kind::Alloy, Kind::Fs]
        };
        Self::parse(&text, kinds[0])
            .or_else(|error| Self::parse(&text, kinds[1]).map_err(|_| error))
            .map_err(|e| e.at(path))
    }

    /// Parses the text of a file.
    pub fn parse(text: &str, kind: Kind) -> Result<Self> {
        let mut words = words(text);
        words.retain(|w| w.line > COMMENTS);
        let mut rest = Rest { words: &words };
        let species = species(rest.line("the number of elements and their symbols", 2)?)?;
        let axes = rest.line("the numbers and steps of the tables and the cutoff", 5)?;
        let (densities, distances) = (count(axes[0])?, count(axes[2])?);
        let mut tables = Self {
            density_step: positive(axes[1])?,
            distance_step: positive(axes[3])?,
            cutoff: positive(axes[4])?,
            species,
            embedding: Vec::new(),
            density: Vec::new(),
            pair: Vec::new(),
        };
        if tables.cutoff > tables.distance_step * distances as f64 * (1.0 + 1e-9) {
            return Err(axes[4].place(
                Error::new("the tables end before the cutoff")
                    .because(format!(
                        "{distances} distances in steps of {} Å do not reach {} Å",
                        tables.distance_step, tables.cutoff
                    ))
                    .cure("check this line against the original file"),
            ));
        }
        let s = tables.species.len();
        for _ in 0..s {
            element(rest.line("an element's atomic number and mass", 2)?)?;
            tables.embedding.push(rest.table(densities)?);
            match kind {
                Kind::Alloy => {
                    let density = rest.table(distances)?;
                    tables.density.extend(vec![density; s]);
                }
                Kind::Fs => {
                    for _ in 0..s {
                        tables.density.push(rest.table(distances)?);
                    }
                }
            }
        }
        for _ in 0..s * (s + 1) / 2 {
            tables.pair.push(rest.table(distances)?);
        }
        rest.end()?;
        Ok(tables)
    }
}

/// The words that have not been read.
struct Rest<'a> {
    words: &'a [Word<'a>],
}

impl<'a> Rest<'a> {
    /// The rest of the line that comes next, which must have `least` words.
    fn line(&mut self, what: &str, least: usize) -> Result<&'a [Word<'a>]> {
        let first = self.words.first().ok_or_else(|| ended(what))?;
        let length = self.words.iter().take_while(|w| w.line == first.line);
        let (line, rest) = self.words.split_at(length.count());
        if line.len() < least {
            return Err(first.place(
                Error::new(format!("this line should hold {what}"))
                    .because(format!("it has {} words of {least}", line.len()))
                    .cure("check that the file is setfl and was copied whole"),
            ));
        }
        self.words = rest;
        Ok(line)
    }

    fn table(&mut self, length: usize) -> Result<Vec<f64>> {
        let Some((table, rest)) = self.words.split_at_checked(length) else {
            return Err(ended(&format!("{length} numbers of a table")));
        };
        self.words = rest;
        table.iter().map(Word::number).collect()
    }

    fn end(&self) -> Result<()> {
        self.words.first().map_or(Ok(()), |word| {
            Err(word.place(
                Error::new("the file goes on after its last table")
                    .cure("check the numbers of elements and of points at its top"),
            ))
        })
    }
}

fn ended(what: &str) -> Error {
    Error::new("the file ends too early")
        .because(format!("{what} should follow"))
        .cure("check that the file was copied whole, and the numbers at its top")
}

fn species(line: &[Word<'_>]) -> Result<Vec<String>> {
    let names: Vec<String> = line[1..].iter().map(|w| w.text.to_owned()).collect();
    let number = line[0].text.parse::<usize>();
    let twice = (1..names.len()).any(|k| names[..k].contains(&names[k]));
    if number != Ok(names.len()) || names.len() > MOST_SPECIES || twice {
        return Err(line[0].place(
            Error::new("this line should hold the number of elements and their symbols")
                .because(format!(
                    "'{}' is followed by {} words",
                    line[0].short(),
                    names.len()
                ))
                .cure("check that the file is setfl, with three lines of comment at its top"),
        ));
    }
    Ok(names)
}

fn element(line: &[Word<'_>]) -> Result<()> {
    if line[0].text.parse::<u32>().is_err() {
        return Err(line[0].place(
            Error::new(format!("'{}' is not an atomic number", line[0].short()))
                .because("the tables of the next element should begin here")
                .cure("check the numbers of points at the top of the file"),
        ));
    }
    positive(line[1]).map(|_| ())
}

fn count(word: Word<'_>) -> Result<usize> {
    let number = word.text.parse().ok().filter(|&n| n >= FEWEST_KNOTS);
    number.ok_or_else(|| {
        word.place(
            Error::new(format!("'{}' is not a number of points", word.short()))
                .because(format!("a table has {FEWEST_KNOTS} at least")),
        )
    })
}

fn positive(word: Word<'_>) -> Result<f64> {
    let number = word.number()?;
    if number > 0.0 {
        return Ok(number);
    }
    Err(word.place(Error::new(format!("{number} should be positive"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: usize = 6;

    /// A file of one element, whose lines can be spoilt.
    fn text() -> String {
        let table = ["0 1 2", "3 4 5 # broken anywhere"].join("\n");
        format!(
            "a\nb\nc\n1 Cu\n{POINTS} 0.5 {POINTS} 1.0 5.0\n29 63.5 3.6 fcc\n{}",
            [table.as_str(); 3].join("\n")
        )
    }

    #[test]
    fn a_small_file_is_read() {
        let tables = Tables::parse(&text(), Kind::Alloy).unwrap();
        assert_eq!(tables.embedding, [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]);
        assert_eq!(
            (tables.cutoff, tables.species),
            (5.0, vec!["Cu".to_owned()])
        );
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        for (from, to, said, line) in [
            ("1 Cu", "2 Cu", "the number of elements", 4),
            ("1 Cu", "2 Cu Cu", "the number of elements", 4),
            ("6 0.5 6", "6 -0.5 6", "should be positive", 5),
            (
                "6 0.5 6",
                "999999999999999999999 0.5 6",
                "is not a number of points",
                5,
            ),
            ("1.0 5.0", "1.0 50.0", "the tables end before the cutoff", 5),
            ("29 63.5", "x 63.5", "is not an atomic number", 6),
            ("0 1 2", "0 one 2", "'one' is not a number", 7),
            ("0 1 2", "0 nan 2", "nan", 7),
        ] {
            let spoilt = text().replacen(from, to, 1);
            let error = Tables::parse(&spoilt, Kind::Alloy)
                .expect_err(to)
                .to_string();
            assert!(error.contains(said), "{error}");
            assert!(error.contains(&line.to_string()), "{error}");
        }
        let whole = text();
        let short = &whole[..whole.rfind("0 1 2").unwrap()];
        let error = Tables::parse(short, Kind::Alloy).unwrap_err().to_string();
        assert!(error.contains("ends too early"), "{error}");
        let long = whole + "\n6";
        let error = Tables::parse(&long, Kind::Alloy).unwrap_err().to_string();
        assert!(error.contains("goes on after"), "{error}");
    }
}
