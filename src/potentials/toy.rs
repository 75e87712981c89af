//! A Lennard-Jones solid for the tests of what stands on a potential.

use super::hessian::{Block, Hessian};
use super::{Evaluation, Potential};
use crate::atoms::cell::{Cell, dot};
use crate::atoms::neighbours::{Neighbour, NeighbourList};
use crate::atoms::structure::Structure;
use crate::error::Result;

/// `φ(r) = r^-12 - 2 r^-6` eV (minimum at 1 Å), with force and energy shifted to zero at the cutoff.
#[derive(Debug)]
pub(crate) struct Toy {
    pub(crate) cutoff: f64,
}

impl Toy {
    /// φ, φ', φ'' without the shift.
    fn bare(r: f64) -> [f64; 3] {
        let s = r.powi(-6);
        [
            s * s - 2.0 * s,
            12.0 * (s - s * s) / r,
            (156.0 * s * s - 84.0 * s) / (r * r),
        ]
    }

    fn pair(&self, r: f64) -> [f64; 3] {
        let ([e, d, dd], [e0, d0, _]) = (Self::bare(r), Self::bare(self.cutoff));
        [e - e0 - (r - self.cutoff) * d0, d - d0, dd]
    }

    fn pairs<'a>(
        &self,
        structure: &'a Structure,
        list: &'a NeighbourList,
    ) -> impl Iterator<Item = (usize, Neighbour)> + 'a {
        let cutoff = self.cutoff;
        (0..list.atoms())
            .flat_map(move |i| list.of(structure, i).map(move |m| (i, m)))
            .filter(move |(_, m)| m.distance < cutoff)
    }
}

impl Potential for Toy {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn evaluate(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Evaluation> {
        let (mut energy, mut forces, mut virial) = (0.0, vec![[0.0; 3]; structure.len()], [0.0; 6]);
        for (i, m) in self.pairs(structure, neighbours) {
            let [e, d, _] = self.pair(m.distance);
            energy += e / 2.0;
            let v = m.vector;
            for a in 0..3 {
                forces[i][a] += d * v[a] / m.distance;
            }
            for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
                .into_iter()
                .enumerate()
            {
                virial[k] -= d * v[a] * v[b] / m.distance / 2.0;
            }
        }
        Ok(Evaluation {
            energy,
            forces,
            virial,
        })
    }

    fn hessian(&self, structure: &Structure, neighbours: &NeighbourList) -> Result<Hessian> {
        let blocks = self.pairs(structure, neighbours).flat_map(|(i, m)| {
            let [_, d, dd] = self.pair(m.distance);
            let (along, across) = (dd, d / m.distance);
            let u = m.vector.map(|x| x / m.distance);
            let k: Block = std::array::from_fn(|a| {
                std::array::from_fn(|b| {
                    (along - across) * u[a] * u[b] + if a == b { across } else { 0.0 }
                })
            });
            [
                (i, i, k),
                (i, m.index as usize, k.map(|row| row.map(|x| -x))),
            ]
        });
        Ok(Hessian::from_triplets(structure.len(), blocks))
    }
}

/// A face-centred cubic crystal of `n`³ cubes of edge `a` (Å); two species of mass 1 and 4 amu alternate.
pub(crate) fn crystal(a: f64, n: usize) -> Structure {
    let cube = [[0.0; 3], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
    let unit = Structure::new(
        Cell::orthorhombic([a; 3]).unwrap(),
        vec!["A".into(), "B".into()],
        vec![1.0, 4.0],
        vec![0, 1, 0, 1],
        cube.map(|p| p.map(|x| x * a)).to_vec(),
    )
    .unwrap();
    crate::atoms::lattice::supercell(&unit, [n; 3]).unwrap()
}

#[test]
fn its_derivatives_are_those_of_its_energy() {
    let toy = Toy { cutoff: 2.3 };
    let mut structure = crystal(1.55, 2);
    for (i, p) in structure.positions.iter_mut().enumerate() {
        p[i % 3] += 0.05 * (i as f64).sin();
    }
    let at = |s: &Structure| {
        toy.evaluate(s, &NeighbourList::new(s, 2.3).unwrap())
            .unwrap()
    };
    let list = NeighbourList::new(&structure, 2.3).unwrap();
    let (here, hessian) = (
        at(&structure),
        toy.hessian(&structure, &list).unwrap().to_dense(3),
    );
    let h = 1e-5;
    let (mut left, mut right) = (structure.clone(), structure.clone());
    left.positions[3][1] -= h;
    right.positions[3][1] += h;
    let (left, right) = (at(&left), at(&right));
    let slope = (right.energy - left.energy) / (2.0 * h);
    assert!(
        (slope + here.forces[3][1]).abs() < 1e-6,
        "{slope} {:?}",
        here.forces[3]
    );
    for j in 0..structure.len() {
        for b in 0..3 {
            let bend = -(right.forces[j][b] - left.forces[j][b]) / (2.0 * h);
            assert!((bend - hessian[(3 * j + b, 10)]).abs() < 1e-4);
        }
    }
    assert!(dot(here.forces[3], here.forces[3]) > 1e-4);
}
