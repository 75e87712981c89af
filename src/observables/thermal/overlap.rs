//! `S^a = Eᵀ V^a E`: a sparse product, and then one dense product that takes nearly all the time.

use crate::atoms::structure::Structure;
use crate::potentials::hessian::{Block, Hessian};
use crate::units::SQRT_EV_PER_A2_AMU_IN_THZ;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, get_global_parallelism};
use std::f64::consts::TAU;

/// Eigenvectors that are multiplied side by side.
const LANES: usize = 8;

/// A block of D in (rad/ps)², and the vector from the nearest image of the second atom to the first, Å.
struct Link {
    other: usize,
    block: Block,
    vector: [f64; 3],
}

/// The heat current between atoms, the same for all three directions but for the vectors.
pub(super) struct Carried {
    links: Vec<Vec<Link>>,
}

impl Carried {
    pub(super) fn new(structure: &Structure, hessian: &Hessian) -> Self {
        let dynamical = hessian.mass_weighted(&structure.atom_masses());
        let unit = (TAU * SQRT_EV_PER_A2_AMU_IN_THZ).powi(2);
        let positions = &structure.positions;
        let of = |i: usize| -> Vec<Link> {
            let links = dynamical.row(i).filter(|(j, _)| *j != i);
            links
                .map(|(other, block)| Link {
                    other,
                    block: block.map(|row| row.map(|x| unit * x)),
                    vector: structure.cell.nearest(std::array::from_fn(|k| {
                        positions[i][k] - positions[other][k]
                    })),
                })
                .collect()
        };
        Self {
            links: (0..structure.len()).map(of).collect(),
        }
    }

    /// The lower triangle of `S` along one axis, Å (rad/ps)²; S is antisymmetric, the rest is left zero.
    pub(super) fn overlap(&self, vectors: &Mat<f64>, axis: usize) -> Mat<f64> {
        let carried = self.times(vectors, axis);
        let n = vectors.ncols();
        let mut s = Mat::zeros(n, n);
        matmul(
            s.as_mut(),
            BlockStructure::StrictTriangularLower,
            Accum::Replace,
            vectors.transpose(),
            BlockStructure::Rectangular,
            carried.as_ref(),
            BlockStructure::Rectangular,
            1.0,
            get_global_parallelism(),
        );
        s
    }

    /// `V^a E`, eight columns at a time.
    fn times(&self, vectors: &Mat<f64>, axis: usize) -> Mat<f64> {
        let (rows, n) = (vectors.nrows(), vectors.ncols());
        let mut product = Mat::zeros(rows, n);
        let mut lanes = vec![[0.0; LANES]; rows];
        for first in (0..n).step_by(LANES) {
            let width = LANES.min(n - first);
            for l in 0..width {
                for (lane, e) in lanes.iter_mut().zip(vectors.col(first + l).iter()) {
                    lane[l] = *e;
                }
            }
            for (i, links) in self.links.iter().enumerate() {
                let sum = row(links, &lanes, axis);
                for l in 0..width {
                    for (a, sum) in sum.iter().enumerate() {
                        product[(3 * i + a, first + l)] = sum[l];
                    }
                }
            }
        }
        product
    }
}

fn row(links: &[Link], lanes: &[[f64; LANES]], axis: usize) -> [[f64; LANES]; 3] {
    let mut sum = [[0.0; LANES]; 3];
    for link in links {
        let along = link.vector[axis];
        for (sum, block) in sum.iter_mut().zip(&link.block) {
            for (b, d) in block.iter().enumerate() {
                let factor = along * d;
                let e = &lanes[3 * link.other + b];
                for l in 0..LANES {
                    sum[l] += factor * e[l];
                }
            }
        }
    }
    sum
}
