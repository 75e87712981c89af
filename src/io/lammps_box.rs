//! LAMMPS' box: edges a along x, b in the xy plane, c anywhere above it.

use crate::atoms::cell::{Cell, dot, norm};
use crate::error::Result;

/// Lengths and tilts of a box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tilted {
    pub(super) lengths: [f64; 3],
    /// xy, xz, yz.
    pub(super) tilts: [f64; 3],
}

impl Tilted {
    /// The edges as rows, Å.
    pub(super) fn edges(self) -> [[f64; 3]; 3] {
        let ([lx, ly, lz], [xy, xz, yz]) = (self.lengths, self.tilts);
        [[lx, 0.0, 0.0], [xy, ly, 0.0], [xz, yz, lz]]
    }

    pub(super) fn cell(self, periodic: [bool; 3]) -> Result<Cell> {
        Cell::new(self.edges(), periodic)
    }

    /// The box of any cell, turned into LAMMPS' directions; a left-handed cell comes out as its mirror image, of the same
    /// distances and angles.
    pub(super) fn of(cell: &Cell) -> Self {
        let [a, b, c] = *cell.vectors();
        let lx = norm(a);
        let xy = dot(a, b) / lx;
        let ly = (dot(b, b) - xy * xy).sqrt();
        let xz = dot(a, c) / lx;
        let yz = (dot(b, c) - xy * xz) / ly;
        let lz = (dot(c, c) - xz * xz - yz * yz).sqrt();
        Self {
            lengths: [lx, ly, lz],
            tilts: [xy, xz, yz],
        }
    }

    /// How far the bounding box of a dump reaches beyond the box, below and above, along x and y.
    pub(super) fn overhang(tilts: [f64; 3]) -> [[f64; 2]; 2] {
        let [xy, xz, yz] = tilts;
        let x = [0.0, xy, xz, xy + xz];
        let below = x.into_iter().fold(0.0, f64::min);
        let above = x.into_iter().fold(0.0, f64::max);
        [[below, above], [yz.min(0.0), yz.max(0.0)]]
    }
}
