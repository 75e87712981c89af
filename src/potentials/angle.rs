//! The geometry of one angle: how a function of two lengths and a cosine bends as the atoms at their ends move.
//!
//! With u and v the vectors from the centre to two atoms, r and s their lengths and c = û·v̂,
//!
//! ```text
//! p = ∂c/∂u = (v̂ - c û)/r,   q = ∂c/∂v = (û - c v̂)/s
//! ∂²c/∂u∂u = (3c ûû - ûv̂ - v̂û - c 1)/r²,   ∂²c/∂u∂v = (1 - ûû - v̂v̂ + c ûv̂)/(r s)
//! ```

use super::hessian::Block;

/// A vector, Å, or a gradient, eV/Å.
pub(super) type Vector = [f64; 3];

/// `scale · a b`.
#[inline]
pub(super) fn outer(scale: f64, a: Vector, b: Vector) -> Block {
    a.map(|x| b.map(|y| scale * x * y))
}

/// Adds a block to a sum.
#[inline]
pub(super) fn add_to(sum: &mut Block, term: &Block) {
    for (a, b) in sum.as_flattened_mut().iter_mut().zip(term.as_flattened()) {
        *a += b;
    }
}

/// `scale · (1 - êê)`.
#[inline]
pub(super) fn across(scale: f64, e: Vector) -> Block {
    let mut out = outer(-scale, e, e);
    for (a, row) in out.iter_mut().enumerate() {
        row[a] += scale;
    }
    out
}

/// Adds `scale · (a b + b a)`.
#[inline]
fn add_both(sum: &mut Block, scale: f64, a: Vector, b: Vector) {
    for k in 0..3 {
        for l in 0..3 {
            sum[k][l] += scale * (a[k] * b[l] + b[k] * a[l]);
        }
    }
}

/// The derivatives of some F(r, s, c).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Partials {
    pub(super) r: f64,
    pub(super) s: f64,
    pub(super) c: f64,
    pub(super) rr: f64,
    pub(super) rs: f64,
    pub(super) ss: f64,
    pub(super) rc: f64,
    pub(super) sc: f64,
    pub(super) cc: f64,
}

impl Partials {
    /// Those of a multiple.
    #[inline]
    pub(super) fn scaled(self, by: f64) -> Self {
        Self {
            r: by * self.r,
            s: by * self.s,
            c: by * self.c,
            rr: by * self.rr,
            rs: by * self.rs,
            ss: by * self.ss,
            rc: by * self.rc,
            sc: by * self.sc,
            cc: by * self.cc,
        }
    }
}

/// One angle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Angle {
    /// û and v̂.
    pub(super) u: Vector,
    pub(super) v: Vector,
    /// Their lengths.
    r: f64,
    s: f64,
    /// The cosine.
    pub(super) c: f64,
    /// ∂c/∂u and ∂c/∂v.
    pub(super) p: Vector,
    pub(super) q: Vector,
}

impl Angle {
    /// Between two unit vectors, which are multiplied by these lengths.
    #[inline]
    pub(super) fn new([u, v]: [Vector; 2], [r, s]: [f64; 2]) -> Self {
        let c = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
        let (per_r, per_s) = (1.0 / r, 1.0 / s);
        Self {
            p: std::array::from_fn(|a| (v[a] - c * u[a]) * per_r),
            q: std::array::from_fn(|a| (u[a] - c * v[a]) * per_s),
            u,
            v,
            r,
            s,
            c,
        }
    }

    /// ∂F/∂u and ∂F/∂v.
    #[inline]
    pub(super) fn gradients(&self, f: &Partials) -> [Vector; 2] {
        let along = |by: f64, unit: Vector, turn: Vector| {
            std::array::from_fn(|a| by * unit[a] + f.c * turn[a])
        };
        [along(f.r, self.u, self.p), along(f.s, self.v, self.q)]
    }

    /// ∂²F/∂u∂u, ∂²F/∂u∂v and ∂²F/∂v∂v.
    pub(super) fn curvatures(&self, f: &Partials) -> [Block; 3] {
        let same = |[ee, ec, e_slope]: [f64; 3], e: Vector, o: Vector, turn: Vector, l: f64| {
            let k = f.c / (l * l);
            let mut out = outer(ee - e_slope / l + 3.0 * self.c * k, e, e);
            add_to(&mut out, &outer(f.cc, turn, turn));
            add_both(&mut out, ec, e, turn);
            add_both(&mut out, -k, e, o);
            for (a, row) in out.iter_mut().enumerate() {
                row[a] += e_slope / l - self.c * k;
            }
            out
        };
        [
            same([f.rr, f.rc, f.r], self.u, self.v, self.p, self.r),
            self.mixed(f),
            same([f.ss, f.sc, f.s], self.v, self.u, self.q, self.s),
        ]
    }

    fn mixed(&self, f: &Partials) -> Block {
        let k = f.c / (self.r * self.s);
        let mut out = outer(f.rs + self.c * k, self.u, self.v);
        for (scale, a, b) in [
            (f.rc, self.u, self.q),
            (f.sc, self.p, self.v),
            (f.cc, self.p, self.q),
            (-k, self.u, self.u),
            (-k, self.v, self.v),
        ] {
            add_to(&mut out, &outer(scale, a, b));
        }
        for (a, row) in out.iter_mut().enumerate() {
            row[a] += k;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::cell::norm;

    /// F = r² s + r c s² + c³.
    fn partials(r: f64, s: f64, c: f64) -> Partials {
        Partials {
            r: 2.0 * r * s + c * s * s,
            s: r * r + 2.0 * r * c * s,
            c: r * s * s + 3.0 * c * c,
            rr: 2.0 * s,
            rs: 2.0 * r + 2.0 * c * s,
            ss: 2.0 * r * c,
            rc: s * s,
            sc: 2.0 * r * s,
            cc: 6.0 * c,
        }
    }

    fn angle([u, v]: [Vector; 2]) -> (Angle, Partials) {
        let (r, s) = (norm(u), norm(v));
        let angle = Angle::new([u.map(|x| x / r), v.map(|x| x / s)], [r, s]);
        (angle, partials(r, s, angle.c))
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        /// Central differences with this step err by 1e-10.
        const STEP: f64 = 1e-5;
        const TOLERANCE: f64 = 1e-8;
        let here = [[0.4, 1.1, -0.3], [-0.8, 0.5, 0.9]];
        let (at, f) = angle(here);
        let [uu, uv, vv] = at.curvatures(&f);
        for (end, axis) in (0..6).map(|k| (k / 3, k % 3)) {
            let moved = |by: f64| {
                let mut there = here;
                there[end][axis] += by;
                let (angle, f) = angle(there);
                let value = angle.r.powi(2) * angle.s
                    + angle.r * angle.c * angle.s.powi(2)
                    + angle.c.powi(3);
                (value, angle.gradients(&f))
            };
            let (low, high) = (moved(-STEP), moved(STEP));
            let slope = (high.0 - low.0) / (2.0 * STEP);
            assert!((slope - at.gradients(&f)[end][axis]).abs() < TOLERANCE);
            for other in 0..3 {
                let bend = |e: usize| (high.1[e][other] - low.1[e][other]) / (2.0 * STEP);
                let blocks = if end == 0 {
                    [uu[axis][other], uv[axis][other]]
                } else {
                    [uv[other][axis], vv[axis][other]]
                };
                assert!(
                    (bend(0) - blocks[0]).abs() < TOLERANCE,
                    "{end} {axis} {other}"
                );
                assert!(
                    (bend(1) - blocks[1]).abs() < TOLERANCE,
                    "{end} {axis} {other}"
                );
            }
        }
    }
}
