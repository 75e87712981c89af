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

use super::bond::Bond;
use crate::potentials::angle::{across, add_to, outer};
use crate::potentials::shell::{Bends, Shell};

impl Bond {
    /// Adds all blocks of this bond.
    pub(super) fn bend(&self, shell: &Shell, bends: &mut Bends) {
        let (repulsion, attraction, order) = (self.repulsion, self.attraction, self.order);
        let (j, u, r) = (
            self.j,
            shell.members[self.j].unit,
            shell.members[self.j].length,
        );
        let stretch = 0.5 * attraction.d * order.d;
        let slope = 0.5 * attraction.f * order.d;
        let curve = 0.5 * attraction.f * order.dd;

        let mut zeta_u = [0.0; 3];
        for f in &self.influences {
            for (sum, g) in zeta_u.iter_mut().zip(f.gradients[0]) {
                *sum += g;
            }
        }
        let mut uu = outer(0.5 * (repulsion.dd + order.f * attraction.dd), u, u);
        add_to(
            &mut uu,
            &across(0.5 * (repulsion.d + order.f * attraction.d) / r, u),
        );
        add_to(&mut uu, &outer(stretch, u, zeta_u));
        add_to(&mut uu, &outer(stretch, zeta_u, u));
        add_to(&mut uu, &outer(curve, zeta_u, zeta_u));
        bends.add(j, j, &uu);

        // The vector that stands left of ζ_k in V_uk.
        let beside: [f64; 3] = std::array::from_fn(|a| stretch * u[a] + curve * zeta_u[a]);
        for (n, f) in self.influences.iter().enumerate() {
            let [f_uu, mut uv, mut vv] = f.angle.curvatures(&f.partials().scaled(slope));
            let zeta_v = f.gradients[1];
            add_to(&mut uv, &outer(1.0, beside, zeta_v));
            add_to(&mut vv, &outer(curve, zeta_v, zeta_v));
            bends.add(j, j, &f_uu);
            bends.add(j, f.k, &uv);
            bends.add(f.k, f.k, &vv);
            for other in &self.influences[n + 1..] {
                bends.add(f.k, other.k, &outer(curve, zeta_v, other.gradients[1]));
            }
        }
    }
}
