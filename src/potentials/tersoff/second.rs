//! Second derivatives of one bond, in closed form.
//!
//! The energy of bond i-j is a function of u = `r_ij` and all `v_k` = `r_ik`. With `ζ_u`, `ζ_k` the gradients of ζ and F the part of ζ that
//! neighbour k brings,
//!
//! ```text
//! V_uu = ½ [ (φ_R'' + b φ_A'') ûû + (φ_R' + b φ_A') (1 - ûû)/r + φ_A' b' (û ζ_u + ζ_u û) + φ_A b'' ζ_u ζ_u + φ_A b' Σ F_uu ]
//! V_uk = ½ [ φ_A' b' û ζ_k + φ_A b'' ζ_u ζ_k + φ_A b' F_uv ]
//! V_kl = ½ [ φ_A b'' ζ_k ζ_l + δ_kl φ_A b' F_vv ]
//! ```
//!
//! Every block between two of these vectors is then given to the atoms at their ends, so that moving the whole structure
//! costs nothing, to the last bit but rounding.

use super::bond::{Bond, Influence, Shell};
use crate::potentials::hessian::Block;

type Vector = [f64; 3];

fn outer(scale: f64, a: Vector, b: Vector) -> Block {
    a.map(|x| b.map(|y| scale * x * y))
}

fn add_to(sum: &mut Block, term: Block) {
    for a in 0..3 {
        for b in 0..3 {
            sum[a][b] += term[a][b];
        }
    }
}

/// `scale · (1 - êê)`.
fn across(scale: f64, e: Vector) -> Block {
    let mut out = outer(-scale, e, e);
    for (a, row) in out.iter_mut().enumerate() {
        row[a] += scale;
    }
    out
}

fn transposed(m: &Block) -> Block {
    std::array::from_fn(|a| std::array::from_fn(|b| m[b][a]))
}

/// Geometry of one angle: unit vectors, lengths, gradients of the cosine.
struct Angle {
    u: Vector,
    v: Vector,
    r: f64,
    s: f64,
    c: f64,
    /// ∂c/∂u and ∂c/∂v.
    p: Vector,
    q: Vector,
}

impl Angle {
    fn new(shell: &Shell, j: usize, f: &Influence) -> Self {
        let (u, v, r, s, c) = (
            shell.units[j],
            shell.units[f.k],
            shell.lengths[j],
            shell.lengths[f.k],
            f.cos,
        );
        Self {
            p: std::array::from_fn(|a| (v[a] - c * u[a]) / r),
            q: std::array::from_fn(|a| (u[a] - c * v[a]) / s),
            u,
            v,
            r,
            s,
            c,
        }
    }

    /// ∂²c/∂e∂e of one of the two unit vectors e of length l; o is the other.
    fn cos_same(&self, e: Vector, o: Vector, l: f64) -> Block {
        let k = 1.0 / (l * l);
        let mut out = outer(3.0 * self.c * k, e, e);
        add_to(&mut out, outer(-k, e, o));
        add_to(&mut out, outer(-k, o, e));
        for (a, row) in out.iter_mut().enumerate() {
            row[a] -= self.c * k;
        }
        out
    }

    /// ∂²c/∂u∂v.
    fn cos_mixed(&self) -> Block {
        let k = 1.0 / (self.r * self.s);
        let mut out = across(k, self.u);
        add_to(&mut out, outer(-k, self.v, self.v));
        add_to(&mut out, outer(self.c * k, self.u, self.v));
        out
    }
}

/// `F_uu`, `F_uv` and `F_vv` of one influence.
fn curvature(f: &Influence, g: &Angle) -> (Block, Block, Block) {
    let (w, h, e) = (f.switch, f.angular, f.length);
    let rr = w.f * h.f * e.dd;
    let rs = h.f * (w.d * e.d - w.f * e.dd);
    let ss = h.f * (w.dd * e.f - 2.0 * w.d * e.d + w.f * e.dd);
    let rc = w.f * h.d * e.d;
    let sc = h.d * (w.d * e.f - w.f * e.d);
    let cc = w.f * h.dd * e.f;
    let by_c = f.by_c();

    let mut uu = outer(rr, g.u, g.u);
    add_to(&mut uu, across(f.by_r() / g.r, g.u));
    add_to(&mut uu, outer(rc, g.u, g.p));
    add_to(&mut uu, outer(rc, g.p, g.u));
    add_to(&mut uu, outer(cc, g.p, g.p));
    add_to(
        &mut uu,
        g.cos_same(g.u, g.v, g.r).map(|row| row.map(|x| by_c * x)),
    );

    let mut uv = outer(rs, g.u, g.v);
    add_to(&mut uv, outer(rc, g.u, g.q));
    add_to(&mut uv, outer(sc, g.p, g.v));
    add_to(&mut uv, outer(cc, g.p, g.q));
    add_to(&mut uv, g.cos_mixed().map(|row| row.map(|x| by_c * x)));

    let mut vv = outer(ss, g.v, g.v);
    add_to(&mut vv, across(f.by_s() / g.s, g.v));
    add_to(&mut vv, outer(sc, g.v, g.q));
    add_to(&mut vv, outer(sc, g.q, g.v));
    add_to(&mut vv, outer(cc, g.q, g.q));
    add_to(
        &mut vv,
        g.cos_same(g.v, g.u, g.s).map(|row| row.map(|x| by_c * x)),
    );
    (uu, uv, vv)
}

/// Blocks between atoms, collected for one centre.
struct Scatter<'a> {
    i: usize,
    blocks: &'a mut Vec<(usize, usize, Block)>,
}

impl Scatter<'_> {
    /// A block between the vectors from i to a and from i to b; if they differ, also its transpose.
    fn give(&mut self, a: usize, b: usize, block: Block, same: bool) {
        let minus = block.map(|row| row.map(|x| -x));
        self.blocks.push((a, b, block));
        self.blocks.push((a, self.i, minus));
        self.blocks.push((self.i, b, minus));
        self.blocks.push((self.i, self.i, block));
        if !same {
            self.give(b, a, transposed(&block), true);
        }
    }
}

impl Bond {
    /// Adds all blocks of this bond of atom i.
    pub(super) fn curve(&self, i: usize, shell: &Shell, blocks: &mut Vec<(usize, usize, Block)>) {
        let (repulsion, attraction, order) = self.jets();
        let j = self.j;
        let (u, r, atom_j) = (shell.units[j], shell.lengths[j], shell.atoms[j]);
        let mut scatter = Scatter { i, blocks };

        let angles: Vec<Angle> = self
            .influences
            .iter()
            .map(|f| Angle::new(shell, j, f))
            .collect();
        let mut zeta_u = [0.0; 3];
        let mut zeta_v = Vec::with_capacity(angles.len());
        for (f, g) in self.influences.iter().zip(&angles) {
            for a in 0..3 {
                zeta_u[a] += f.by_r() * g.u[a] + f.by_c() * g.p[a];
            }
            zeta_v.push(std::array::from_fn::<f64, 3, _>(|a| {
                f.by_s() * g.v[a] + f.by_c() * g.q[a]
            }));
        }
        let (stretch, order_slope, order_curve) = (
            0.5 * attraction.d * order.d,
            0.5 * attraction.f * order.d,
            0.5 * attraction.f * order.dd,
        );
        let mut uu = outer(0.5 * (repulsion.dd + order.f * attraction.dd), u, u);
        add_to(
            &mut uu,
            across(0.5 * (repulsion.d + order.f * attraction.d) / r, u),
        );
        add_to(&mut uu, outer(stretch, u, zeta_u));
        add_to(&mut uu, outer(stretch, zeta_u, u));
        add_to(&mut uu, outer(order_curve, zeta_u, zeta_u));
        for (n, (f, g)) in self.influences.iter().zip(&angles).enumerate() {
            let atom_k = shell.atoms[f.k];
            let (f_uu, f_uv, f_vv) = curvature(f, g);
            let scaled = |m: Block| m.map(|row| row.map(|x| order_slope * x));
            add_to(&mut uu, scaled(f_uu));
            let mut uv = scaled(f_uv);
            add_to(&mut uv, outer(stretch, u, zeta_v[n]));
            add_to(&mut uv, outer(order_curve, zeta_u, zeta_v[n]));
            scatter.give(atom_j, atom_k, uv, false);
            let mut vv = scaled(f_vv);
            add_to(&mut vv, outer(order_curve, zeta_v[n], zeta_v[n]));
            scatter.give(atom_k, atom_k, vv, true);
            for (m, other) in self.influences.iter().enumerate().skip(n + 1) {
                let block = outer(order_curve, zeta_v[n], zeta_v[m]);
                scatter.give(atom_k, shell.atoms[other.k], block, false);
            }
        }
        scatter.give(atom_j, atom_j, uu, true);
    }
}
