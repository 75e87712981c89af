//! The functions of one distance and an angle that a Tersoff potential is made of, with two derivatives each.

use super::parameters::Entry;
use crate::potentials::jet::Jet;
use std::f64::consts::PI;

/// Exponents beyond this are cut, as in LAMMPS: e^69.0776 = 1e30.
const LARGEST_EXPONENT: f64 = 69.0776;

/// An entry with all that can be worked out before the first distance is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    entry: Entry,
    /// R - D and R + D.
    begin: f64,
    pub(super) cutoff: f64,
    /// π/2D.
    wave: f64,
    /// d², γ(1 + c²/d²) and γc².
    d2: f64,
    top: f64,
    depth: f64,
    /// λ₃ or λ₃³, as m says.
    lambda: f64,
    cubic: bool,
    /// From where on LAMMPS takes the limits of b for very large and very small βζ, in descending order.
    limits: [f64; 4],
}

impl Terms {
    pub(super) fn new(entry: &Entry) -> Self {
        let e = *entry;
        let (c2, d2) = (e.c * e.c, e.d * e.d);
        let cubic = e.is_cubic();
        let limit = |small: f64| (2.0 * e.n * small).powf(-1.0 / e.n);
        let [huge, large] = [limit(1e-16), limit(1e-8)];
        Self {
            entry: e,
            begin: e.r - e.d_window,
            cutoff: e.cutoff(),
            wave: PI / (2.0 * e.d_window),
            d2,
            top: e.gamma * (1.0 + c2 / d2),
            depth: e.gamma * c2,
            lambda: if cubic { e.lambda3.powi(3) } else { e.lambda3 },
            cubic,
            limits: [huge, large, 1.0 / large, 1.0 / huge],
        }
    }

    /// Whether a distance lies where the bond is switched off.
    pub(super) fn in_window(&self, r: f64) -> bool {
        (r - self.entry.r).abs() <= self.entry.d_window
    }

    /// `f_C(r)`: 1 below R - D, 0 above R + D, `½ - ½ sin(π(r - R)/2D)` between.
    #[inline]
    pub(super) fn switch(&self, r: f64) -> Jet {
        if r >= self.cutoff {
            return Jet::ZERO;
        }
        if r <= self.begin {
            return Jet::ONE;
        }
        let k = self.wave;
        let (sin, cos) = (k * (r - self.entry.r)).sin_cos();
        Jet {
            f: 0.5 * (1.0 - sin),
            d: -0.5 * k * cos,
            dd: 0.5 * k * k * sin,
        }
    }

    /// `A e^{-λ₁ r}`.
    #[inline]
    pub(super) fn repulsion(&self, r: f64) -> Jet {
        Jet::decay(self.entry.a, self.entry.lambda1, r)
    }

    /// `-B e^{-λ₂ r}`.
    #[inline]
    pub(super) fn attraction(&self, r: f64) -> Jet {
        Jet::decay(-self.entry.b, self.entry.lambda2, r)
    }

    /// `g(cos θ) = γ (1 + c²/d² - c²/(d² + (cos θ - h)²))`.
    #[inline]
    pub(super) fn angular(&self, cos: f64) -> Jet {
        let x = cos - self.entry.h;
        let q = 1.0 / (self.d2 + x * x);
        let well = self.depth * q;
        let slope = 2.0 * well * q;
        Jet {
            f: self.top - well,
            d: slope * x,
            dd: slope * (1.0 - 4.0 * x * x * q),
        }
    }

    /// `exp((λ₃ x)^m)` of the difference x of two bond lengths.
    #[inline]
    pub(super) fn length_factor(&self, x: f64) -> Jet {
        let l = self.lambda;
        if l == 0.0 {
            return Jet::ONE;
        }
        let (exponent, d, dd) = if self.cubic {
            (l * x * x * x, 3.0 * l * x * x, 6.0 * l * x)
        } else {
            (l * x, l, 0.0)
        };
        if exponent > LARGEST_EXPONENT {
            return Jet {
                f: 1e30,
                d: 0.0,
                dd: 0.0,
            };
        }
        if exponent < -LARGEST_EXPONENT {
            return Jet::ZERO;
        }
        let f = exponent.exp();
        Jet {
            f,
            d: f * d,
            dd: f * (d * d + dd),
        }
    }

    /// `b(ζ) = (1 + (βζ)ⁿ)^(-1/2n)`, with the limits that LAMMPS takes for very large and very small ζ.
    #[inline]
    pub(super) fn bond_order(&self, zeta: f64) -> Jet {
        let (n, beta) = (self.entry.n, self.entry.beta);
        let t = beta * zeta;
        let [huge, large, small, tiny] = self.limits;
        if t <= tiny {
            return Jet::ONE;
        }
        if t > huge {
            return Jet::inverse_power(beta.powf(-0.5), 0.5, zeta);
        }
        let (per_zeta, power) = (1.0 / zeta, (n * t.ln()).exp());
        if t > large {
            let (root, rest, k) = (t.powf(-0.5), 1.0 / power, 1.0 + 1.0 / (2.0 * n));
            return Jet {
                f: (1.0 - rest / (2.0 * n)) * root,
                d: -0.5 * per_zeta * root * (1.0 - k * rest),
                dd: per_zeta * per_zeta * root * (0.75 - 0.5 * k * (1.5 + n) * rest),
            };
        }
        if t < small {
            let d = -0.5 * power * per_zeta;
            return Jet {
                f: 1.0 - power / (2.0 * n),
                d,
                dd: (n - 1.0) * d * per_zeta,
            };
        }
        let part = power / (1.0 + power);
        let f = (power.ln_1p() / (-2.0 * n)).exp();
        let d = -0.5 * f * part * per_zeta;
        Jet {
            f,
            d,
            dd: d * per_zeta * (n - 1.0 - (n + 0.5) * part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::potentials::jet::check;
    use crate::potentials::tersoff::parameters::Set;

    #[test]
    fn derivatives_are_those_of_the_values() {
        for set in ["c-1989", "si-1988", "sic-2005", "sio2-2007"] {
            let e = *Set::built_in(set).unwrap().entry(0, 0, 0).unwrap();
            let linear = Entry {
                m: 1.0,
                lambda3: 1.1,
                ..e
            };
            let (t, linear) = (Terms::new(&e), Terms::new(&linear));
            for r in [1.7, e.r - 0.5 * e.d_window, e.r + 0.3 * e.d_window] {
                check("switch", &|x| t.switch(x), r);
                check("repulsion", &|x| t.repulsion(x), r);
                check("attraction", &|x| t.attraction(x), r);
            }
            for c in [-0.9, -0.3, 0.5] {
                check("angular", &|x| t.angular(x), c);
                check("length, m as given", &|x| t.length_factor(x), c);
                check("length, m 1", &|x| linear.length_factor(x), c);
            }
            for zeta in [0.5, 2.0, 10.0] {
                check("bond order", &|x| t.bond_order(x), zeta);
            }
        }
    }

    #[test]
    fn the_limits_of_the_bond_order_join() {
        /// The series that LAMMPS takes beyond its limits err by about 1e-16 or the square of 1e-8 there.
        const JUMP: f64 = 1e-14;
        for set in ["c-1989", "si-1988", "sic-2005"] {
            let e = *Set::built_in(set).unwrap().entry(0, 0, 0).unwrap();
            let t = Terms::new(&e);
            for limit in t.limits {
                let zeta = limit / e.beta;
                let [below, above] = [1.0 - 1e-9, 1.0 + 1e-9].map(|x| t.bond_order(x * zeta));
                let between = above.f - below.f - 2e-9 * zeta * below.d;
                assert!(
                    between.abs() < JUMP * below.f,
                    "{set} at {limit}: {between}"
                );
                let near = |x: f64| t.bond_order(x * zeta).stretched(1.0 / zeta);
                check("below the limit", &near, 0.9);
                check("above the limit", &near, 1.1);
            }
        }
    }
}
