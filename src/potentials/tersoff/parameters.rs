//! Parameters of Tersoff potentials: the LAMMPS file format and the built-in sets.

use crate::potentials::triplets::{self, Table};

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

impl Entry {
    /// End of the range, Å.
    pub fn cutoff(&self) -> f64 {
        self.r + self.d_window
    }

    /// Whether m is 3; the only other choice is 1.
    pub fn is_cubic(&self) -> bool {
        (self.m - 3.0).abs() < 1e-12
    }

    fn check(self) -> std::result::Result<Self, String> {
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
        Ok(self)
    }
}

impl triplets::Entry for Entry {
    const STYLE: &'static str = "tersoff";
    const NUMBERS: usize = 14;

    fn new(numbers: &[f64]) -> std::result::Result<Self, String> {
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
        ] = *numbers
        else {
            return Err(format!("there are {} numbers", numbers.len()));
        };
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
        .check()
    }
}

/// The entries of all triplets of some species.
pub type Set = Table<Entry>;

impl Set {
    /// A built-in set by its name after `tersoff:`, or `None`.
    ///
    /// - `c-1989`: J. Tersoff, Phys. Rev. Lett. 61, 2879 (1988), with the numbers of Phys. Rev. B 39, 5566 (1989).
    /// - `c-2010`: L. Lindsay and D. A. Broido, Phys. Rev. B 81, 205441 (2010): graphene of 2.492 Å with E2g at 1689 cm⁻¹, where
    ///   `c-1989` has 2.530 Å and 2474 cm⁻¹ (measured: 2.46 Å and about 1580 cm⁻¹).
    /// - `sic-1989`: Phys. Rev. B 39, 5566 (1989), erratum 41, 3248 (1990); R and D of Si-C rounded as in LAMMPS' `SiC_1989.tersoff`.
    /// - `sic-2005`: P. Erhart and K. Albe, Phys. Rev. B 71, 035211 (2005), with "Si-II" for silicon.
    /// - `si-1988`: J. Tersoff, Phys. Rev. B 37, 6991 (1988), "T2" (`Si.tersoff`).
    /// - `sio2-2007`: S. Munetoh et al., Comput. Mater. Sci. 39, 334 (2007).
    pub fn built_in(name: &str) -> Option<Self> {
        let text = match name {
            "c-1989" => include_str!("../sets/c-1989.tersoff"),
            "c-2010" => include_str!("../sets/c-2010.tersoff"),
            "sic-1989" => include_str!("../sets/sic-1989.tersoff"),
            "sic-2005" => include_str!("../sets/sic-2005.tersoff"),
            "si-1988" => include_str!("../sets/si-1988.tersoff"),
            "sio2-2007" => include_str!("../sets/sio2-2007.tersoff"),
            _ => return None,
        };
        Self::parse(text).ok()
    }
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
            ("sic-2005", "SiC_Erhart-Albe"),
            ("c-2010", "BNC"),
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
            for (i, a) in ours.species().iter().enumerate() {
                for (j, b) in ours.species().iter().enumerate() {
                    for (k, c) in ours.species().iter().enumerate() {
                        let at = |s: &str| theirs.species().iter().position(|n| n == s).unwrap();
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
        assert_eq!(Set::parse(good).unwrap().species(), ["C"]);
        let bad = Set::parse(&good.replace("346", "x46"))
            .unwrap_err()
            .to_string();
        assert!(bad.contains(":2:6"), "{bad}");
        assert!(Set::parse("C C C 3 1").is_err());
        assert!(Set::parse("").is_err());
        assert!(Set::parse(&good.replace("C C C 3", "C C C 2")).is_err());
        assert!(Set::parse(&format!("{good}{good}")).is_err());
    }

    /// Table I of Erhart and Albe: D0, r0, S and beta.
    #[test]
    fn erhart_and_albe_follow_from_their_table() {
        /// Relative: half of the last of nine digits.
        const ROUNDED: f64 = 1e-8;
        let set = Set::built_in("sic-2005").unwrap();
        for (i, j, [d0, r0, s, beta]) in [
            (0, 0, [3.24_f64, 2.232, 1.842, 1.4761]),
            (1, 1, [6.00, 1.4276, 2.167, 2.0099]),
            (0, 1, [4.36, 1.79, 1.847, 1.6991]),
            (1, 0, [4.36, 1.79, 1.847, 1.6991]),
        ] {
            let (lambda1, lambda2) = (beta * (2.0 * s).sqrt(), beta * (2.0 / s).sqrt());
            let e = set.entry(i, j, j).unwrap();
            let repulsion = d0 / (s - 1.0) * (lambda1 * r0).exp();
            let attraction = s * d0 / (s - 1.0) * (lambda2 * r0).exp();
            for (a, b) in [
                (e.lambda1, lambda1),
                (e.lambda2, lambda2),
                (e.a, repulsion),
                (e.b, attraction),
            ] {
                assert!((a / b - 1.0).abs() < ROUNDED, "{i} {j}: {a} {b}");
            }
        }
    }
}
