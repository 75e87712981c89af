//! The Vashishta potential, any number of species, with all conventions of LAMMPS' `pair_style vashishta`.
//!
//! ```text
//! E = Σ_{i<j} φ(r_ij) + Σ_i Σ_{j<k} B (cos θ_jik - cos θ₀)² / [1 + C (cos θ_jik - cos θ₀)²] e(r_ij) e(r_ik)
//! φ(r) = V(r) - V(r_c) - (r - r_c) V'(r_c)   for r < r_c,   e(r) = exp(γ/(r - r₀))   for r < r₀
//! V(r) = H/r^η + Z_i Z_j e²/r exp(-r/λ₁) - D/r⁴ exp(-r/λ₄) - W/r⁶
//! ```
//!
//! The terms of V are the repulsion of cores, the screened charges, charge and induced dipole, and van der Waals' attraction.
//! φ and e are those of the entry (i, j, j), B, C and cos θ₀ that of (i, j, k). P. Vashishta, R. K. Kalia, J. P. Rino and
//! I. Ebbsjö, Phys. Rev. B 41, 12197 (1990). Built in: `vashishta:sio2-1990`, the silica of that paper, with LAMMPS' numbers.

use super::Potential;
use super::jet::Jet;
use super::three_body::{self, ThreeBody};
use super::triplets;
use crate::error::Result;

/// What can stand after `vashishta:`.
pub(super) const FORMS: &[&str] = &["vashishta:sio2-1990", "vashishta:file=PATH"];

const BUILT_IN: &[(&str, &str)] = &[("sio2-1990", include_str!("sets/sio2-1990.vashishta"))];

/// e²/4πε₀ in eV Å as LAMMPS' metal units have it; CODATA's 14.39964548 differs by 3e-8.
const COULOMB: f64 = 14.399_645;

/// The potential of what stands after `vashishta:`.
pub(super) fn named(which: &str) -> Result<impl Potential + use<>> {
    ThreeBody::<Entry>::named("vashishta", which, BUILT_IN, FORMS)
}

/// One entry of a file. Energies in eV, lengths in Å.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    h: f64,
    eta: f64,
    /// `Z_i Z_j e²`.
    charges: f64,
    /// `1/λ₁`; 0 if λ₁ is.
    screening: f64,
    d: f64,
    /// `1/λ₄`; 0 if λ₄ is.
    dipole_screening: f64,
    w: f64,
    cutoff: f64,
    /// V at the cutoff.
    end: Jet,
    b: f64,
    gamma: f64,
    r0: f64,
    c: f64,
    cosine: f64,
}

impl Entry {
    /// V.
    #[inline]
    fn bare(&self, r: f64) -> Jet {
        let power = Jet::inverse_power;
        let dipole = power(-self.d, 4.0, r).times(Jet::decay(1.0, self.dipole_screening, r));
        power(self.h, self.eta, r)
            .plus(power(self.charges, 1.0, r).times(Jet::decay(1.0, self.screening, r)))
            .plus(dipole)
            .plus(power(-self.w, 6.0, r))
    }
}

impl triplets::Entry for Entry {
    const STYLE: &'static str = "vashishta";
    const NUMBERS: usize = 14;

    fn new(numbers: &[f64]) -> std::result::Result<Self, String> {
        let [
            h,
            eta,
            z_i,
            z_j,
            lambda1,
            d,
            lambda4,
            w,
            cutoff,
            b,
            gamma,
            r0,
            c,
            cosine,
        ] = *numbers
        else {
            return Err(format!("there are {} numbers", numbers.len()));
        };
        let all = [h, eta, lambda1, d, lambda4, w, cutoff, b, gamma, r0, c];
        if all.iter().any(|x| *x < 0.0) {
            return Err("none but the charges and cos(theta0) may be negative".into());
        }
        let inverse = |length: f64| if length == 0.0 { 0.0 } else { 1.0 / length };
        let mut entry = Self {
            h,
            eta,
            charges: z_i * z_j * COULOMB,
            screening: inverse(lambda1),
            d,
            dipole_screening: inverse(lambda4),
            w,
            cutoff,
            end: Jet::ZERO,
            b,
            gamma,
            r0,
            c,
            cosine,
        };
        if cutoff > 0.0 {
            entry.end = entry.bare(cutoff);
        }
        Ok(entry)
    }
}

impl three_body::Terms for Entry {
    fn pair_cutoff(&self) -> f64 {
        self.cutoff
    }

    #[inline]
    fn pair(&self, r: f64) -> Jet {
        self.bare(r).shifted(self.end, r - self.cutoff)
    }

    fn angle_cutoff(&self) -> f64 {
        self.r0
    }

    #[inline]
    fn fading(&self, r: f64) -> Jet {
        Jet::fading(self.gamma, self.r0, r)
    }

    fn is_free(&self) -> bool {
        self.b == 0.0
    }

    #[inline]
    fn angular(&self, cos: f64) -> Jet {
        let x = cos - self.cosine;
        let q = 1.0 / (1.0 + self.c * x * x);
        let slope = 2.0 * self.b * q * q;
        Jet {
            f: self.b * x * x * q,
            d: slope * x,
            dd: slope * (1.0 - 4.0 * self.c * x * x * q),
        }
    }

    fn of_pair(&self) -> impl PartialEq {
        let powers = [self.h, self.eta, self.d, self.w, self.cutoff];
        (
            powers,
            [self.charges, self.screening, self.dipole_screening],
        )
    }

    fn of_angle(&self) -> impl PartialEq {
        [self.b, self.c, self.cosine]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::potentials::jet::check;
    use crate::potentials::three_body::Terms;
    use crate::potentials::triplets::Entry as _;

    const NUMBERS: [f64; 14] = [
        447.0, 9.0, 1.2, -1.2, 5.0, 7.8, 3.0, 61.5, 7.35, 9.0, 1.0, 2.9, 5.0, -0.3,
    ];

    #[test]
    fn derivatives_are_those_of_the_values() {
        let e = Entry::new(&NUMBERS).unwrap();
        for r in [1.8, 2.6, 5.0, 7.2] {
            check("pair", &|r| e.pair(r), r);
        }
        check("fading", &|r| e.fading(r), 2.1);
        check("angular", &|c| e.angular(c), 0.4);
    }

    #[test]
    fn energy_and_force_end_at_the_cutoff() {
        let e = Entry::new(&NUMBERS).unwrap();
        let end = e.pair(e.pair_cutoff());
        assert_eq!((end.f, end.d), (0.0, 0.0));
    }

    #[test]
    fn impossible_numbers_are_refused() {
        let mut numbers = NUMBERS;
        numbers[8] = -1.0;
        assert!(Entry::new(&numbers).unwrap_err().contains("negative"));
    }
}
