//! Parameters of Tersoff potentials: the LAMMPS file format and the built-in sets.

use crate::error::{Error, Result};
use crate::potentials::words::words;

/// One entry "element 1, element 2, element 3": centre, bonded atom, influencing atom.
///
/// Names as in the LAMMPS documentation of `pair_style tersoff`; energies in eV, lengths in Å.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Exponent of the distance factor, 1 or 3.
    pub m: f64,
    /// Prefactor of the angular function.
    pub gamma: f64,
    /// Inverse length of the distance factor, 1/Å.
    pub lambda3: f64,
    /// Strength of the angular dependence.
    pub c: f64,
    /// Sharpness of the angular dependence.
    pub d: f64,
    /// Favoured cosine.
    pub h: f64,
    /// Exponent of the bond order.
    pub n: f64,
    /// Scale of the bond order.
    pub beta: f64,
    /// Decay of the attraction, 1/Å.
    pub lambda2: f64,
    /// Attraction, eV.
    pub b: f64,
    /// Middle of the cutoff window, Å.
    pub r: f64,
    /// Half width of the cutoff window, Å.
    pub d_window: f64,
    /// Decay of the repulsion, 1/Å.
    pub lambda1: f64,
    /// Repulsion, eV.
    pub a: f64,
}

/// Numbers of one entry in a file, after the three names.
const NUMBERS: usize = 14;
/// Files of parameters are pages, not megabytes.
const LARGEST_FILE: u64 = 1 << 24;

impl Entry {
    /// From the numbers in the order of a LAMMPS file.
    const fn new(v: [f64; NUMBERS]) -> Self {
        let [
            m,
            gamma,
            lambda3,
            c,
            d,
            h,
            n,
            beta,
            lambda2,
            b,
            r,
            d_window,
            lambda1,
            a,
        ] = v;
        Self {
            m,
            gamma,
            lambda3,
            c,
            d,
            h,
            n,
            beta,
            lambda2,
            b,
            r,
            d_window,
            lambda1,
            a,
        }
    }

    /// The entry of three-body influence only: the pair terms of another.
    const fn without_pair(mut self, r: f64, d_window: f64) -> Self {
        self.n = 0.0;
        self.beta = 0.0;
        self.lambda2 = 0.0;
        self.b = 0.0;
        self.lambda1 = 0.0;
        self.a = 0.0;
        self.r = r;
        self.d_window = d_window;
        self
    }

    /// The same centre with the pair terms of another bond.
    const fn with_pair(mut self, pair: [f64; 6]) -> Self {
        let [lambda2, b, r, d_window, lambda1, a] = pair;
        self.lambda2 = lambda2;
        self.b = b;
        self.r = r;
        self.d_window = d_window;
        self.lambda1 = lambda1;
        self.a = a;
        self
    }

    /// Whether m is 3; the only other choice is 1.
    pub fn is_cubic(&self) -> bool {
        (self.m - 3.0).abs() < 1e-12
    }

    fn check(&self) -> std::result::Result<(), String> {
        let all = [
            self.gamma,
            self.lambda3,
            self.c,
            self.d,
            self.h,
            self.n,
            self.beta,
            self.lambda2,
            self.b,
            self.r,
            self.d_window,
            self.lambda1,
            self.a,
        ];
        if all.iter().any(|v| !v.is_finite()) {
            return Err("a parameter is not a finite number".into());
        }
        if !self.is_cubic() && (self.m - 1.0).abs() > 0.0 {
            return Err(format!("m is {}, it must be 1 or 3", self.m));
        }
        if self.d == 0.0
            || self.d_window < 0.0
            || self.r <= self.d_window
            || self.n < 0.0
            || self.beta < 0.0
        {
            return Err("d = 0, D < 0, R <= D, n < 0 or beta < 0".into());
        }
        if self.beta > 0.0 && self.n == 0.0 {
            return Err("n is 0 while beta is not".into());
        }
        Ok(())
    }
}

/// Species and their entries; `entries[(i·s + j)·s + k]` of s species.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Chemical symbols.
    pub species: Vec<String>,
    /// One entry a triplet; `None` where a file has none.
    pub entries: Vec<Option<Entry>>,
}

impl Set {
    /// The entry of centre i, bonded atom j and influencing atom k.
    pub fn entry(&self, i: usize, j: usize, k: usize) -> Option<&Entry> {
        let s = self.species.len();
        self.entries[(i * s + j) * s + k].as_ref()
    }

    fn of(species: &[&str], entries: &[Entry]) -> Self {
        Self {
            species: species.iter().map(|s| (*s).to_owned()).collect(),
            entries: entries.iter().copied().map(Some).collect(),
        }
    }

    /// A built-in set by its name after `tersoff:`, or `None`.
    ///
    /// - `c-1989`: J. Tersoff, Phys. Rev. Lett. 61, 2879 (1988), with the numbers of Phys. Rev. B 39, 5566 (1989).
    /// - `sic-1989`: Phys. Rev. B 39, 5566 (1989), erratum 41, 3248 (1990); R and D of Si-C rounded as in LAMMPS' `SiC_1989.tersoff`.
    /// - `si-1988`: J. Tersoff, Phys. Rev. B 37, 6991 (1988), "T2" (`Si.tersoff`).
    /// - `sio2-2007`: S. Munetoh et al., Comput. Mater. Sci. 39, 334 (2007).
    pub fn built_in(name: &str) -> Option<Self> {
        const C: Entry = Entry::new([
            3.0, 1.0, 0.0, 38049.0, 4.3484, -0.57058, 0.72751, 1.5724e-7, 2.2119, 346.74, 1.95,
            0.15, 3.4879, 1393.6,
        ]);
        const SI_1989: Entry = Entry::new([
            3.0, 1.0, 0.0, 100_390.0, 16.217, -0.59825, 0.78734, 1.1e-6, 1.7322, 471.18, 2.85,
            0.15, 2.4799, 1830.8,
        ]);
        const SI_1988: Entry = Entry::new([
            3.0, 1.0, 1.3258, 4.8381, 2.0417, 0.0, 22.956, 0.33675, 1.3258, 95.373, 3.0, 0.2,
            3.2394, 3264.7,
        ]);
        match name {
            "c-1989" => Some(Self::of(&["C"], &[C])),
            "si-1988" => Some(Self::of(&["Si"], &[SI_1988])),
            "sic-1989" => Some(silicon_carbide(SI_1989, C)),
            "sio2-2007" => Some(silica()),
            _ => None,
        }
    }

    /// Reads a file in LAMMPS' format: entries of 17 words over any number of lines, `#` begins a comment.
    pub fn read(path: &std::path::Path) -> Result<Self> {
        let bytes = crate::io::files::read(path, LARGEST_FILE)?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| e.at(path))
    }

    /// Parses the text of such a file.
    pub fn parse(text: &str) -> Result<Self> {
        let words = words(text);
        let mut found: Vec<([&str; 3], Entry)> = Vec::new();
        for chunk in words.chunks(3 + NUMBERS) {
            if chunk.len() < 3 + NUMBERS {
                return Err(chunk[0].place(
                    Error::new("the last entry is not complete")
                        .because(format!(
                            "an entry has 3 names and {NUMBERS} numbers, this one has {} words",
                            chunk.len()
                        ))
                        .cure("check that the file was copied whole"),
                ));
            }
            let mut numbers = [0.0; NUMBERS];
            for (number, word) in numbers.iter_mut().zip(&chunk[3..]) {
                *number = word.number()?;
            }
            let entry = Entry::new(numbers);
            entry.check().map_err(|why| {
                chunk[0].place(Error::new("these Tersoff parameters are not possible").because(why))
            })?;
            found.push(([chunk[0].text, chunk[1].text, chunk[2].text], entry));
        }
        Self::collect(&found)
    }

    fn collect(found: &[([&str; 3], Entry)]) -> Result<Self> {
        let mut species: Vec<String> = Vec::new();
        for name in found.iter().flat_map(|(names, _)| names) {
            if !species.iter().any(|s| s == name) {
                species.push((*name).to_owned());
            }
        }
        // A real file has a handful; the table grows with the cube.
        if species.is_empty() || species.len() > 32 {
            return Err(Error::new(format!(
                "{} species are not a Tersoff potential",
                species.len()
            ))
            .because("the file holds no entries, or is of another kind")
            .cure("give a file in the format of LAMMPS' pair_style tersoff"));
        }
        let s = species.len();
        let mut entries = vec![None; s * s * s];
        let index = |name: &str| species.iter().position(|n| n == name).unwrap_or(0);
        for (names, entry) in found {
            let at = (index(names[0]) * s + index(names[1])) * s + index(names[2]);
            if entries[at].replace(*entry).is_some() {
                return Err(Error::new(format!(
                    "the entry {} stands twice in the file",
                    names.join(" ")
                )));
            }
        }
        Ok(Self { species, entries })
    }
}

fn silicon_carbide(si: Entry, c: Entry) -> Set {
    // Mixed pair terms by the paper's rules, with its chi = 0.9776 in B; last digits as in LAMMPS' file.
    let pair = |a: f64| [1.97205, 395.145, 2.35726, 0.1527, 2.9839, a];
    let (r, window) = (2.35726, 0.152_71);
    let (si_with_c, c_with_si) = (
        si.with_pair(pair(1_597.311_14)),
        c.with_pair(pair(1_597.311)),
    );
    Set::of(
        &["Si", "C"],
        &[
            si,                          // Si Si Si
            si.without_pair(r, window),  // Si Si C
            si.without_pair(2.85, 0.15), // Si C  Si
            si_with_c,                   // Si C  C
            c_with_si,                   // C  Si Si
            c.without_pair(1.95, 0.15),  // C  Si C
            c.without_pair(r, window),   // C  C  Si
            c,                           // C  C  C
        ],
    )
}

fn silica() -> Set {
    const SI: Entry = Entry::new([
        3.0, 1.0, 0.0, 100_390.0, 16.217, -0.59825, 0.78734, 1.1e-6, 1.73222, 471.18, 2.65, 0.15,
        2.4799, 1830.8,
    ]);
    const O: Entry = Entry::new([
        3.0, 1.0, 0.0, 64692.1, 4.11127, -0.845_922, 1.04968, 1.1632e-7, 2.35692, 218.787, 1.85,
        0.15, 4.17108, 1882.55,
    ]);
    const PAIR: [f64; 6] = [2.04456, 378.690, 2.215, 0.155, 3.32549, 1856.495];
    Set::of(
        &["Si", "O"],
        &[
            SI,                            // Si Si Si
            SI.without_pair(2.215, 0.155), // Si Si O
            SI.without_pair(2.65, 0.15),   // Si O  Si
            SI.with_pair(PAIR),            // Si O  O
            O.with_pair(PAIR),             // O  Si Si
            O.without_pair(1.85, 0.15),    // O  Si O
            O.without_pair(2.215, 0.155),  // O  O  Si
            O,                             // O  O  O
        ],
    )
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a test says that it was skipped")]
mod tests {
    use super::*;

    /// The built-in tables against the files they were taken from, where these are at hand.
    #[test]
    fn built_in_sets_are_those_of_the_files() {
        for (name, file) in [
            ("sic-1989", "SiC_1989"),
            ("si-1988", "Si"),
            ("sio2-2007", "SiO"),
        ] {
            let path = format!(
                "{}/../shared/potentials/{file}.tersoff",
                env!("CARGO_MANIFEST_DIR")
            );
            if !std::path::Path::new(&path).exists() {
                eprintln!("skipped: {path} is not here");
                continue;
            }
            let (ours, theirs) = (
                Set::built_in(name).unwrap(),
                Set::read(path.as_ref()).unwrap(),
            );
            for (i, a) in ours.species.iter().enumerate() {
                for (j, b) in ours.species.iter().enumerate() {
                    for (k, c) in ours.species.iter().enumerate() {
                        let at = |s: &str| theirs.species.iter().position(|n| n == s).unwrap();
                        let (mine, given) = (
                            ours.entry(i, j, k).unwrap(),
                            theirs.entry(at(a), at(b), at(c)).unwrap(),
                        );
                        if j == k {
                            assert_eq!(mine, given, "{name} {a} {b} {c}");
                        } else {
                            let three = |e: &Entry| {
                                (e.m, e.gamma, e.lambda3, e.c, e.d, e.h, e.r, e.d_window)
                            };
                            assert_eq!(three(mine), three(given), "{name} {a} {b} {c}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn errors_name_line_and_column() {
        let good = "C C C 3 1 0 38049 4.3484 -0.57 0.7 1e-7\n 2.2 346 1.95 0.15 3.4 1393 # all\n";
        assert_eq!(Set::parse(good).unwrap().species, ["C"]);
        let bad = Set::parse(&good.replace("346", "x46"))
            .unwrap_err()
            .to_string();
        assert!(bad.contains(":2:6"), "{bad}");
        assert!(Set::parse("C C C 3 1").is_err());
        assert!(Set::parse("").is_err());
        assert!(Set::parse(&good.replace("C C C 3", "C C C 2")).is_err());
        assert!(Set::parse(&format!("{good}{good}")).is_err());
    }
}
