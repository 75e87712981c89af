//! The functions of one and two distances and an angle that a Tersoff potential is made of, with two derivatives each.

use super::parameters::Entry;
use std::f64::consts::PI;

/// A value and its first two derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet {
    /// f.
    pub f: f64,
    /// f'.
    pub d: f64,
    /// f''.
    pub dd: f64,
}

impl Jet {
    const ZERO: Self = Self {
        f: 0.0,
        d: 0.0,
        dd: 0.0,
    };
    const ONE: Self = Self {
        f: 1.0,
        d: 0.0,
        dd: 0.0,
    };

    /// The jet of a multiple.
    pub fn scaled(self, by: f64) -> Self {
        Self {
            f: by * self.f,
            d: by * self.d,
            dd: by * self.dd,
        }
    }

    fn times(self, o: Self) -> Self {
        Self {
            f: self.f * o.f,
            d: self.d * o.f + self.f * o.d,
            dd: self.dd * o.f + 2.0 * self.d * o.d + self.f * o.dd,
        }
    }
}

/// Exponents beyond this are cut, as in LAMMPS: e^69.0776 = 1e30.
const LARGEST_EXPONENT: f64 = 69.0776;

impl Entry {
    /// End of the range, Å.
    pub fn cutoff(&self) -> f64 {
        self.r + self.d_window
    }

    /// Whether a distance lies where the bond is switched off.
    pub fn in_window(&self, r: f64) -> bool {
        (r - self.r).abs() <= self.d_window
    }

    /// `f_C(r)`: 1 below R - D, 0 above R + D, `½ - ½ sin(π(r - R)/2D)` between.
    pub fn switch(&self, r: f64) -> Jet {
        if r < self.r - self.d_window {
            return Jet::ONE;
        }
        if r > self.r + self.d_window {
            return Jet::ZERO;
        }
        let k = PI / (2.0 * self.d_window);
        let (sin, cos) = (k * (r - self.r)).sin_cos();
        Jet {
            f: 0.5 * (1.0 - sin),
            d: -0.5 * k * cos,
            dd: 0.5 * k * k * sin,
        }
    }

    fn decay(amplitude: f64, rate: f64, r: f64) -> Jet {
        let f = amplitude * (-rate * r).exp();
        Jet {
            f,
            d: -rate * f,
            dd: rate * rate * f,
        }
    }

    /// `f_C A e^{-λ₁ r}`.
    pub fn repulsion(&self, r: f64) -> Jet {
        self.switch(r).times(Self::decay(self.a, self.lambda1, r))
    }

    /// `-f_C B e^{-λ₂ r}`.
    pub fn attraction(&self, r: f64) -> Jet {
        self.switch(r).times(Self::decay(-self.b, self.lambda2, r))
    }

    /// `g(cos θ) = γ (1 + c²/d² - c²/(d² + (cos θ - h)²))`.
    pub fn angular(&self, cos: f64) -> Jet {
        let (c2, d2, x) = (self.c * self.c, self.d * self.d, cos - self.h);
        let q = 1.0 / (d2 + x * x);
        Jet {
            f: self.gamma * (1.0 + c2 / d2 - c2 * q),
            d: self.gamma * 2.0 * c2 * x * q * q,
            dd: self.gamma * 2.0 * c2 * q * q * (1.0 - 4.0 * x * x * q),
        }
    }

    /// `exp((λ₃ x)^m)` of the difference x of two bond lengths.
    pub fn length_factor(&self, x: f64) -> Jet {
        if self.lambda3 == 0.0 {
            return Jet::ONE;
        }
        let l = self.lambda3;
        let cubic = self.is_cubic();
        let (exponent, d, dd) = if cubic {
            let l3 = l * l * l;
            (l3 * x * x * x, 3.0 * l3 * x * x, 6.0 * l3 * x)
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
    pub fn bond_order(&self, zeta: f64) -> Jet {
        let (n, beta) = (self.n, self.beta);
        let t = beta * zeta;
        let c1 = (2.0 * n * 1e-16).powf(-1.0 / n);
        let c2 = (2.0 * n * 1e-8).powf(-1.0 / n);
        if t > c1 {
            return Jet {
                f: t.powf(-0.5),
                d: -0.5 * beta * t.powf(-1.5),
                dd: 0.75 * beta * beta * t.powf(-2.5),
            };
        }
        if t > c2 {
            let (small, k) = (t.powf(-n), 1.0 + 1.0 / (2.0 * n));
            return Jet {
                f: (1.0 - small / (2.0 * n)) * t.powf(-0.5),
                d: beta * -0.5 * t.powf(-1.5) * (1.0 - k * small),
                dd: beta * beta * t.powf(-2.5) * (0.75 - 0.5 * k * (1.5 + n) * small),
            };
        }
        if t < 1.0 / c1 {
            return Jet::ONE;
        }
        let power = t.powf(n);
        if t < 1.0 / c2 {
            return Jet {
                f: 1.0 - power / (2.0 * n),
                d: -0.5 * beta * t.powf(n - 1.0),
                dd: -0.5 * beta * beta * (n - 1.0) * t.powf(n - 2.0),
            };
        }
        let f = (1.0 + power).powf(-1.0 / (2.0 * n));
        let d = -0.5 * f * power / ((1.0 + power) * zeta);
        Jet {
            f,
            d,
            dd: d / zeta * (n - 1.0 - (n + 0.5) * power / (1.0 + power)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::potentials::tersoff::parameters::Set;

    /// Central differences with step h leave h²/6 f''' and rounding of about 1e-16 f/h.
    const STEP: f64 = 1e-5;
    const TOLERANCE: f64 = 1e-6;

    fn check(name: &str, jet: &dyn Fn(f64) -> Jet, x: f64) {
        let (low, at, high) = (jet(x - STEP), jet(x), jet(x + STEP));
        let scale = at.f.abs() + at.d.abs() + at.dd.abs();
        assert!(
            ((high.f - low.f) / (2.0 * STEP) - at.d).abs() < TOLERANCE * scale,
            "{name}' at {x}"
        );
        assert!(
            ((high.d - low.d) / (2.0 * STEP) - at.dd).abs() < TOLERANCE * scale,
            "{name}'' at {x}"
        );
    }

    #[test]
    fn derivatives_are_those_of_the_values() {
        for set in ["c-1989", "si-1988", "sio2-2007"] {
            let e = *Set::built_in(set).unwrap().entry(0, 0, 0).unwrap();
            let cubic = Entry {
                m: 1.0,
                lambda3: 1.1,
                ..e
            };
            for r in [1.7, e.r - 0.5 * e.d_window, e.r + 0.3 * e.d_window] {
                check("switch", &|x| e.switch(x), r);
                check("repulsion", &|x| e.repulsion(x), r);
                check("attraction", &|x| e.attraction(x), r);
            }
            for c in [-0.9, -0.3, 0.5] {
                check("angular", &|x| e.angular(x), c);
                check("length, m 3", &|x| e.length_factor(x), c);
                check("length, m 1", &|x| cubic.length_factor(x), c);
            }
            for zeta in [0.5, 2.0, 10.0] {
                check("bond order", &|x| e.bond_order(x), zeta);
            }
        }
    }
}
