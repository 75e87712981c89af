//! Functions of one variable with two derivatives.

/// Exponents up to this are powers by multiplication; published ones are 4 to 12.
const LARGEST_WHOLE: f64 = 64.0;

/// A value and its first two derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Jet {
    /// f.
    pub(super) f: f64,
    /// f'.
    pub(super) d: f64,
    /// f''.
    pub(super) dd: f64,
}

impl Jet {
    pub(super) const ZERO: Self = Self {
        f: 0.0,
        d: 0.0,
        dd: 0.0,
    };
    pub(super) const ONE: Self = Self {
        f: 1.0,
        d: 0.0,
        dd: 0.0,
    };

    /// `a r^-p`.
    #[inline]
    pub(super) fn inverse_power(a: f64, p: f64, r: f64) -> Self {
        let inverse = 1.0 / r;
        let whole = p.fract() == 0.0 && p.abs() <= LARGEST_WHOLE;
        let power = if whole {
            inverse.powi(p as i32)
        } else {
            inverse.powf(p)
        };
        let f = a * power;
        let d = -p * f * inverse;
        Self {
            f,
            d,
            dd: -(p + 1.0) * d * inverse,
        }
    }

    /// `a e^(-k r)`.
    #[inline]
    pub(super) fn decay(a: f64, k: f64, r: f64) -> Self {
        let f = a * (-k * r).exp();
        Self {
            f,
            d: -k * f,
            dd: k * k * f,
        }
    }

    /// `e^(a/(r - c))` for r < c, which with a > 0 and all its derivatives goes to zero at c.
    #[inline]
    pub(super) fn fading(a: f64, c: f64, r: f64) -> Self {
        let w = 1.0 / (r - c);
        let f = (a * w).exp();
        let slope = -a * w * w;
        Self {
            f,
            d: slope * f,
            dd: (slope - 2.0 * w) * slope * f,
        }
    }

    /// The jet of a multiple.
    #[inline]
    pub(super) fn scaled(self, by: f64) -> Self {
        Self {
            f: by * self.f,
            d: by * self.d,
            dd: by * self.dd,
        }
    }

    /// The jet of f(x/a) as a function of x, from that of f.
    #[inline]
    pub(super) fn stretched(self, a: f64) -> Self {
        Self {
            f: self.f,
            d: self.d / a,
            dd: self.dd / (a * a),
        }
    }

    /// The jet of a sum.
    #[inline]
    pub(super) fn plus(self, o: Self) -> Self {
        Self {
            f: self.f + o.f,
            d: self.d + o.d,
            dd: self.dd + o.dd,
        }
    }

    /// The jet of a product.
    #[inline]
    pub(super) fn times(self, o: Self) -> Self {
        Self {
            f: self.f * o.f,
            d: self.d * o.f + self.f * o.d,
            dd: self.dd * o.f + 2.0 * self.d * o.d + self.f * o.dd,
        }
    }

    /// The jet of `f - f(c) - (r - c) f'(c)`, of which `at_c` is the one of f at c.
    #[inline]
    pub(super) fn shifted(self, at_c: Self, r_minus_c: f64) -> Self {
        Self {
            f: self.f - at_c.f - r_minus_c * at_c.d,
            d: self.d - at_c.d,
            dd: self.dd,
        }
    }
}

/// Asserts that the derivatives of a function are those of its values near x.
#[cfg(test)]
pub(super) fn check(name: &str, jet: &dyn Fn(f64) -> Jet, x: f64) {
    /// Central differences with step h leave h²/6 f''' and rounding of about 1e-16 f/h.
    const STEP: f64 = 1e-5;
    const TOLERANCE: f64 = 1e-6;
    let (low, at, high) = (jet(x - STEP), jet(x), jet(x + STEP));
    let scale = TOLERANCE * (at.f.abs() + at.d.abs() + at.dd.abs());
    let slope = |high: f64, low: f64| (high - low) / (2.0 * STEP);
    assert!(
        (slope(high.f, low.f) - at.d).abs() < scale,
        "{name}' at {x}"
    );
    assert!(
        (slope(high.d, low.d) - at.dd).abs() < scale,
        "{name}'' at {x}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_values() {
        let power = |r| Jet::inverse_power(3.0, 7.0, r);
        let decay = |r| Jet::decay(2.0, 0.4, r);
        for r in [0.7, 1.5, 2.4] {
            check("whole power", &power, r);
            check("broken power", &|r| Jet::inverse_power(3.0, 2.5, r), r);
            check("decay", &decay, r);
            check("fading", &|r| Jet::fading(1.2, 2.6, r), r);
            check("product", &|r| power(r).times(decay(r)), r);
            check("sum", &|r| power(r).plus(decay(r).scaled(-2.0)), r);
            check("stretched", &|r| power(r / 1.3).stretched(1.3), r);
            check("shifted", &|r| decay(r).shifted(decay(3.0), r - 3.0), r);
        }
        let end = decay(3.0).shifted(decay(3.0), 0.0);
        assert_eq!((end.f, end.d), (0.0, 0.0));
    }
}
