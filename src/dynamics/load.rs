//! A pressure on a cell, and how the cell may give way to it.

use crate::atoms::cell::{Cell, cross, dot, norm};
use crate::error::{Error, Result};

/// Three rows.
pub(super) type Matrix = [[f64; 3]; 3];

const UNIT: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// What a cell may do under a pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strain {
    /// Grow and shrink, and keep its shape: only the mean of the stress comes to the target.
    Isotropic,
    /// Change its shape too: every component of the stress comes to the target.
    Full,
}

/// A pressure outside the cell; only the directions in which the cell repeats feel it and give way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Force per face, for each unit of the cell's [measure](Cell::measure): eV/Å³ for a solid (1 eV/Å³ is 1,602,177 bar),
    /// eV/Å² for a sheet; positive when it compresses.
    pub pressure: f64,
    /// How the cell gives way.
    pub strain: Strain,
}

/// The directions in which a cell repeats: all of space, a plane or a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Projects a vector onto them.
    projection: Matrix,
    /// How many they are.
    pub(super) dimensions: f64,
}

impl Span {
    /// Refused if the cell does not repeat, for then it has no pressure.
    pub(super) fn of(cell: &Cell) -> Result<Self> {
        let repeating: Vec<_> = (0..3).filter(|&k| cell.periodic()[k]).collect();
        let edge = |k: usize| cell.vectors()[k];
        let projection = match repeating[..] {
            [_, _, _] => UNIT,
            [k, l] => {
                let along = outer(cross(edge(k), edge(l)));
                [0, 1, 2].map(|a| [0, 1, 2].map(|b| UNIT[a][b] - along[a][b]))
            }
            [k] => outer(edge(k)),
            _ => {
                return Err(Error::new("the cell has no pressure")
                    .because("it repeats in no direction")
                    .cure("keep it fixed, or give a structure with a periodic cell"));
            }
        };
        Ok(Self {
            projection,
            dimensions: repeating.len() as f64,
        })
    }

    /// The part of a vector along the span.
    pub(super) fn part(&self, vector: [f64; 3]) -> [f64; 3] {
        times(&self.projection, vector)
    }

    /// The mean of a matrix' diagonal along the span, `tr(Π G) / d`.
    pub(super) fn mean(&self, g: &Matrix) -> f64 {
        (0..3).map(|a| dot(self.projection[a], g[a])).sum::<f64>() / self.dimensions
    }

    /// A multiple of the projection.
    pub(super) fn uniform(&self, factor: f64) -> Matrix {
        self.projection.map(|row| row.map(|x| factor * x))
    }

    /// The symmetric part of a matrix in which a cell may strain.
    pub(super) fn allowed(&self, g: &Matrix, strain: Strain) -> Matrix {
        match strain {
            Strain::Isotropic => self.uniform(self.mean(g)),
            Strain::Full => {
                let across = transposed(g);
                let both = (self.projection).map(|row| self.part(times(&across, row)));
                [0, 1, 2].map(|a| [0, 1, 2].map(|b| f64::midpoint(both[a][b], both[b][a])))
            }
        }
    }

    /// The cell with each edge's part along the span longer by a factor.
    pub(super) fn stretched(&self, cell: &Cell, factor: f64) -> Result<Cell> {
        Cell::new(
            cell.vectors().map(|v| self.stretch(v, factor)),
            cell.periodic(),
        )
    }

    /// The vector, its part along the span longer by a factor.
    pub(super) fn stretch(&self, vector: [f64; 3], factor: f64) -> [f64; 3] {
        let part = self.part(vector);
        [0, 1, 2].map(|a| vector[a] + (factor - 1.0) * part[a])
    }
}

/// The projection onto one vector.
fn outer(along: [f64; 3]) -> Matrix {
    let unit = along.map(|x| x / norm(along));
    unit.map(|x| unit.map(|y| x * y))
}

pub(super) fn times(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    m.map(|row| dot(row, v))
}

pub(super) fn transposed(m: &Matrix) -> Matrix {
    [0, 1, 2].map(|a| m.map(|row| row[a]))
}

/// The inverse; the caller sees to it that there is one.
pub(super) fn inverse(m: &Matrix) -> Matrix {
    let [a, b, c] = *m;
    let columns = [cross(b, c), cross(c, a), cross(a, b)];
    let determinant = dot(a, columns[0]);
    transposed(&columns.map(|column| column.map(|x| x / determinant)))
}

/// A virial, as [`crate::potentials::Evaluation`] holds it, as a matrix.
pub(super) fn symmetric([xx, yy, zz, xy, xz, yz]: [f64; 6]) -> Matrix {
    [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUNDING: f64 = 1e-13;
    const EDGES: Matrix = [[3.0, 0.2, 0.1], [-0.4, 2.0, 0.3], [0.5, 0.1, 4.0]];

    #[test]
    fn a_sheet_keeps_what_is_across_it() {
        let sheet = Cell::new(EDGES, [true, true, false]).unwrap();
        let span = Span::of(&sheet).unwrap();
        let across = cross(EDGES[0], EDGES[1]);
        assert!(norm(span.part(across)) < ROUNDING);
        let grown = span.stretched(&sheet, 1.1).unwrap();
        assert!((grown.measure() - 1.21 * sheet.measure()).abs() < ROUNDING * 10.0);
        let height = |c: &Cell| dot(c.vectors()[2], across);
        assert!((height(&grown) - height(&sheet)).abs() < ROUNDING * 100.0);
        for strain in [Strain::Full, Strain::Isotropic] {
            let e = span.allowed(&EDGES, strain);
            assert!(norm(times(&e, across)) < 1e-12);
            assert!((span.mean(&e) - span.mean(&EDGES)).abs() < ROUNDING);
        }
    }

    #[test]
    fn inverse_and_clusters() {
        let back = inverse(&EDGES);
        let v = [0.3, -1.0, 2.0];
        let again = times(&EDGES, times(&back, v));
        assert!((0..3).all(|a| (again[a] - v[a]).abs() < ROUNDING));
        assert!(Span::of(&Cell::new(EDGES, [false; 3]).unwrap()).is_err());
        let wire = Span::of(&Cell::new(EDGES, [false, true, false]).unwrap()).unwrap();
        assert!(norm(wire.part(EDGES[1])) - norm(EDGES[1]) < ROUNDING);
        assert!(norm(wire.part(cross(EDGES[1], v))) < ROUNDING);
    }
}
