//! The Stillinger-Weber potential, any number of species, with all conventions of LAMMPS' `pair_style sw`.
//!
//! ```text
//! E = Σ_{i<j} φ(r_ij) + Σ_i Σ_{j<k} ε λ (cos θ_jik - cos θ₀)² e(r_ij) e(r_ik)
//! φ(r) = ε A [B (σ/r)^p - (σ/r)^q] exp(σ/(r - a σ)),   e(r) = exp(γ σ/(r - a σ)),   both 0 from r = a σ on
//! ```
//!
//! Pair terms and e are those of the entry (i, j, j), ε λ and cos θ₀ that of (i, j, k). F. H. Stillinger and T. A. Weber,
//! Phys. Rev. B 31, 5262 (1985). Built in: `sw:si`, the silicon of that paper.

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

    fn is_pair_of(&self, o: &Self) -> bool {
        let numbers = |e: &Self| {
            [
                e.repulsion,
                e.attraction,
                e.sigma,
                e.p,
                e.q,
                e.end,
                e.cutoff,
            ]
        };
        numbers(self) == numbers(o)
    }

    fn is_angle_of(&self, o: &Self) -> bool {
        [self.strength, self.cosine] == [o.strength, o.cosine]
    }
}
