//! Tables of parameters with one entry for each triplet of species, in the file format that LAMMPS has for all of them.

use super::pairs::places;
use super::words::{Word, words};
use crate::atoms::structure::Structure;
use crate::error::{Error, Result};
use std::path::Path;

/// Names before the numbers of an entry.
const NAMES: usize = 3;
/// Files of parameters are pages, not megabytes.
const LARGEST_FILE: u64 = 1 << 24;
/// A real file has a handful of species; the table grows with the cube.
const MOST_SPECIES: usize = 32;

/// What a file says of one triplet of species.
pub trait Entry: Sized + Clone {
    /// What LAMMPS calls it: `pair_style STYLE`.
    const STYLE: &'static str;
    /// How many numbers follow the three names.
    const NUMBERS: usize;

    /// From [`NUMBERS`](Self::NUMBERS) finite numbers in the order of the file, or why these are impossible.
    fn new(numbers: &[f64]) -> std::result::Result<Self, String>;
}

/// Species and the entries of their triplets: centre i, bonded atom j, other atom k.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<E> {
    species: Vec<String>,
    /// `entries[(i·s + j)·s + k]` of s species; `None` where a file has none.
    entries: Vec<Option<E>>,
}

impl<E: Entry> Table<E> {
    /// Reads a file in LAMMPS' format: entries of three names and some numbers over any number of lines, `#` begins a comment.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = crate::io::files::read(path, LARGEST_FILE)?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| e.at(path))
    }

    /// Parses the text of such a file.
    pub fn parse(text: &str) -> Result<Self> {
        let words = words(text);
        let chunks = || words.chunks(NAMES + E::NUMBERS);
        let species = species::<E>(chunks())?;
        let s = species.len();
        let mut entries = vec![None; s * s * s];
        for chunk in chunks() {
            let entry = entry::<E>(chunk)?;
            let place = |n: &Word| species.iter().position(|name| name == n.text).unwrap_or(0);
            let at = chunk[..NAMES].iter().fold(0, |at, n| at * s + place(n));
            if entries[at].replace(entry).is_some() {
                let names: Vec<_> = chunk[..NAMES].iter().map(Word::short).collect();
                return Err(chunk[0].place(
                    Error::new(format!("the entry {} stands twice", names.join(" ")))
                        .cure("delete one of them"),
                ));
            }
        }
        Ok(Self { species, entries })
    }

    /// The names of the species, in the order in which they first stand in the file.
    pub fn species(&self) -> &[String] {
        &self.species
    }

    /// The entry of three species by their places; `None` if the file has none.
    pub fn entry(&self, i: usize, j: usize, k: usize) -> Option<&E> {
        let s = self.species.len();
        self.entries[(i * s + j) * s + k].as_ref()
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &E> {
        self.entries.iter().flatten()
    }

    /// The entries by the species numbers of a structure, each made ready for use. Refused if one is missing.
    pub(super) fn matched<T>(
        &self,
        structure: &Structure,
        ready: impl Fn(&E) -> T,
    ) -> Result<Matched<T>> {
        let places = places(&self.species, structure)?;
        let mut entries = Vec::new();
        for &i in &places {
            for &j in &places {
                for &k in &places {
                    let entry = self.entry(i, j, k).ok_or_else(|| self.missing([i, j, k]))?;
                    entries.push(ready(entry));
                }
            }
        }
        Ok(Matched {
            species: places.len(),
            entries,
        })
    }

    fn missing(&self, triplet: [usize; 3]) -> Error {
        let names = triplet.map(|s| self.species[s].as_str()).join(" ");
        Error::new(format!("the potential has no entry {names}")).cure(
            "complete the parameter file: it needs one entry for every triplet of species, in every order",
        )
    }
}

fn species<'a, E: Entry>(chunks: impl Iterator<Item = &'a [Word<'a>]>) -> Result<Vec<String>> {
    let mut species: Vec<String> = Vec::new();
    for name in chunks.flat_map(|chunk| chunk.iter().take(NAMES)) {
        if !species.iter().any(|s| s == name.text) {
            species.push(name.text.to_owned());
        }
        if species.len() > MOST_SPECIES {
            break;
        }
    }
    if species.is_empty() || species.len() > MOST_SPECIES {
        return Err(Error::new("these are no parameters of a potential")
            .because(match species.len() {
                0 => "there are no entries".to_owned(),
                _ => format!("they would be for more than {MOST_SPECIES} species"),
            })
            .cure(format!(
                "give a file in the format of LAMMPS' pair_style {}: entries of {NAMES} names and {} numbers",
                E::STYLE,
                E::NUMBERS
            )));
    }
    Ok(species)
}

fn entry<E: Entry>(chunk: &[Word]) -> Result<E> {
    if chunk.len() < NAMES + E::NUMBERS {
        return Err(chunk[0].place(
            Error::new("the last entry is not complete")
                .because(format!(
                    "an entry of pair_style {} has {NAMES} names and {} numbers, this one has {} words",
                    E::STYLE,
                    E::NUMBERS,
                    chunk.len()
                ))
                .cure("check that the file was copied whole, and that it is of this kind"),
        ));
    }
    let numbers: Vec<f64> = chunk[NAMES..]
        .iter()
        .map(Word::number)
        .collect::<Result<_>>()?;
    E::new(&numbers).map_err(|why| {
        chunk[0].place(
            Error::new("these parameters are not possible")
                .because(why)
                .cure(format!(
                    "check them against the documentation of LAMMPS' pair_style {}",
                    E::STYLE
                )),
        )
    })
}

/// The entries of the species of one structure, by its own species numbers.
#[derive(Debug)]
pub(super) struct Matched<T> {
    species: usize,
    entries: Vec<T>,
}

impl<T> Matched<T> {
    /// How many species the structure has.
    pub(super) fn species(&self) -> usize {
        self.species
    }

    /// The entry of a triplet of species.
    #[inline]
    pub(super) fn entry(&self, i: usize, j: usize, k: usize) -> &T {
        &self.entries[(i * self.species + j) * self.species + k]
    }

    /// The entry (i, j, j), which tells of a pair.
    #[inline]
    pub(super) fn pair(&self, i: usize, j: usize) -> &T {
        self.entry(i, j, j)
    }

    /// All entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A single number.
    #[derive(Debug, Clone, PartialEq)]
    struct One(f64);

    impl Entry for One {
        const STYLE: &'static str = "one";
        const NUMBERS: usize = 1;
        fn new(numbers: &[f64]) -> std::result::Result<Self, String> {
            match numbers[0] {
                x if x < 0.0 => Err("it is negative".into()),
                x => Ok(Self(x)),
            }
        }
    }

    #[test]
    fn entries_are_found_by_their_names() {
        let table = Table::<One>::parse("A B B # of a pair\n 1\nB A\nA 2 A A A 3").unwrap();
        assert_eq!(table.species(), ["A", "B"]);
        assert_eq!(table.entry(0, 1, 1), Some(&One(1.0)));
        assert_eq!(table.entry(1, 0, 0), Some(&One(2.0)));
        assert_eq!(table.entry(1, 1, 1), None);
        assert_eq!(table.entries().count(), 3);
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, told) in [
            ("A A A 1\nB B", ":2:1"),
            (
                "A A A 1\nB B",
                "3 names and 1 numbers, this one has 2 words",
            ),
            ("A A A\n  x", ":2:3"),
            ("A A A -1", "negative"),
            ("A A A 1\n A A A 2", "A A A stands twice"),
            ("A A A 1\n A A A 2", ":2:2"),
            ("# nothing", "no entries"),
        ] {
            let error = Table::<One>::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
        let many: Vec<_> = (0..40).map(|n| format!("A A X{n} 1")).collect();
        let error = Table::<One>::parse(&many.join("\n")).unwrap_err();
        assert!(
            error.to_string().contains("more than 32 species"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_triplet_is_named() {
        let table =
            Table::<One>::parse("A A A 1 A A B 1 A B A 1 A B B 1 B A A 1 B B A 1 B B B 1").unwrap();
        let cell = crate::atoms::cell::Cell::orthorhombic([9.0; 3]).unwrap();
        let species = ["B", "A"].map(str::to_owned).to_vec();
        let two = Structure::new(
            cell,
            species,
            vec![1.0; 2],
            vec![0, 1],
            vec![[0.0; 3], [1.0; 3]],
        )
        .unwrap();
        let error = table.matched(&two, One::clone).unwrap_err().to_string();
        assert!(error.contains("no entry B A B"), "{error}");
    }
}
