//! The Stillinger-Weber potential, any number of species, with all conventions of LAMMPS' `pair_style sw`.
//!
//! ```text
//! E = Σ_{i<j} φ(r_ij) + Σ_i Σ_{j<k} ε λ (cos θ_jik - cos θ₀)² e(r_ij) e(r_ik)
//! φ(r) = ε A [B (σ/r)^p - (σ/r)^q] exp(σ/(r - a σ)),   e(r) = exp(γ σ/(r - a σ)),   both 0 from r = a σ on
//! ```
//!
//! Pair terms and e are those of the entry (i, j, j), ε λ and cos θ₀ that of (i, j, k). F. H. Stillinger and T. A. Weber,
//! Phys. Rev. B 31, 5262 (1985). Built in: `sw:si`, the silicon of that paper, whose highest phonon is at 17.8 THz (measured: 15.5).

use super::Potential;
use super::jet::Jet;
use super::three_body::{self, ThreeBody};
use super::triplets;
use crate::error::Result;

/// What can stand after `sw:`.
pub(super) const FORMS: &[&str] = &["sw:si", "sw:file=PATH"];

const BUILT_IN: &[(&str, &str)] = &[("si", include_str!("sets/si.sw"))];

/// The largest `tol`, as in LAMMPS.
const LARGEST_TOLERANCE: f64 = 0.01;

/// The potential of what stands after `sw:`.
pub(super) fn named(which: &str) -> Result<impl Potential + use<>> {
    ThreeBody::<Entry>::named("sw", which, BUILT_IN, FORMS)
}

/// One entry of a file. Energies in eV, lengths in Å.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    /// `ε A B` and `ε A`.
    repulsion: f64,
    attraction: f64,
    sigma: f64,
    p: f64,
    q: f64,
    /// `a σ`.
    end: f64,
    /// `a σ`, or where the file's tol has the potential cut before.
    cutoff: f64,
    /// `γ σ`.
    fade: f64,
    /// `ε λ`.
    strength: f64,
    cosine: f64,
}

impl triplets::Entry for Entry {
    const STYLE: &'static str = "sw";
    const NUMBERS: usize = 11;

    fn new(numbers: &[f64]) -> std::result::Result<Self, String> {
        let [
            epsilon,
            sigma,
            a,
            lambda,
            gamma,
            cosine,
            big_a,
            big_b,
            p,
            q,
            tol,
        ] = *numbers
        else {
            return Err(format!("there are {} numbers", numbers.len()));
        };
        let all = [epsilon, sigma, a, lambda, gamma, big_a, big_b, p, q, tol];
        if all.iter().any(|x| *x < 0.0) {
            return Err("none but cos(theta0) may be negative".into());
        }
        let end = a * sigma;
        let cutoff = if tol > 0.0 {
            end + gamma.min(1.0) * sigma / tol.min(LARGEST_TOLERANCE).ln()
        } else {
            end
        };
        Ok(Self {
            repulsion: epsilon * big_a * big_b,
            attraction: epsilon * big_a,
            sigma,
            p,
            q,
            end,
            cutoff: cutoff.max(0.0),
            fade: gamma * sigma,
            strength: epsilon * lambda,
            cosine,
        })
    }
}

impl three_body::Terms for Entry {
    fn pair_cutoff(&self) -> f64 {
        self.cutoff
    }

    #[inline]
    fn pair(&self, r: f64) -> Jet {
        let x = r / self.sigma;
        let up = Jet::inverse_power(self.repulsion, self.p, x);
        let down = Jet::inverse_power(-self.attraction, self.q, x);
        let powers = up.plus(down).stretched(self.sigma);
        powers.times(Jet::fading(self.sigma, self.end, r))
    }

    fn angle_cutoff(&self) -> f64 {
        self.cutoff
    }

    #[inline]
    fn fading(&self, r: f64) -> Jet {
        Jet::fading(self.fade, self.end, r)
    }

    fn is_free(&self) -> bool {
        self.strength == 0.0
    }

    #[inline]
    fn angular(&self, cos: f64) -> Jet {
        let x = cos - self.cosine;
        Jet {
            f: self.strength * x * x,
            d: 2.0 * self.strength * x,
            dd: 2.0 * self.strength,
        }
    }

    fn of_pair(&self) -> impl PartialEq {
        let powers = [self.repulsion, self.attraction, self.sigma, self.p, self.q];
        (powers, [self.end, self.cutoff])
    }

    fn of_angle(&self) -> impl PartialEq {
        [self.strength, self.cosine]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::potentials::jet::check;
    use crate::potentials::three_body::Terms;
    use crate::potentials::triplets::{Entry as _, Table};

    const NUMBERS: [f64; 11] = [2.1, 2.05, 1.8, 21.0, 1.2, -0.3, 7.05, 0.602, 4.5, 1.0, 0.0];

    #[test]
    fn derivatives_are_those_of_the_values() {
        let e = Entry::new(&NUMBERS).unwrap();
        for r in [1.9, 2.4, 3.3] {
            check("pair", &|r| e.pair(r), r);
            check("fading", &|r| e.fading(r), r);
        }
        check("angular", &|c| e.angular(c), 0.4);
    }

    #[test]
    fn a_tolerance_cuts_where_the_exponential_has_fallen_to_it() {
        let cut = |gamma: f64, tol: f64| {
            let mut numbers = NUMBERS;
            (numbers[4], numbers[10]) = (gamma, tol);
            let e = Entry::new(&numbers).unwrap();
            let rate = gamma.min(1.0) * 2.05;
            Jet::fading(rate, e.end, e.cutoff).f
        };
        for (gamma, tol) in [(1.2, 0.003), (0.9, 0.001)] {
            assert!((cut(gamma, tol) / tol - 1.0).abs() < 1e-12);
        }
        assert!((cut(1.2, 0.5) / LARGEST_TOLERANCE - 1.0).abs() < 1e-12);
    }

    #[test]
    fn entries_that_contradict_each_other_are_named() {
        let file = include_str!("../../fixtures/lammps/made_up.sw");
        let read = |text: &str| ThreeBody::<Entry>::new(Table::parse(text)?);
        assert!(read(file).is_ok());
        for (from, to, told) in [
            (
                "B A A   1.8 2.15",
                "B A A   1.8 2.16",
                "A B B and B A A differ about one pair",
            ),
            (
                "A B A   1.9 2.00 1.8 17",
                "A B A   1.9 2.00 1.8 18",
                "A A B and A B A differ about one angle",
            ),
            ("A A A   2.1", "A A A   -2.1", "negative"),
            ("A A A   2.1", "A A A   2.1x", ":3:9"),
        ] {
            assert!(file.contains(from), "{from}");
            let error = read(&file.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
