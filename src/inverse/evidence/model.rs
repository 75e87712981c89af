//! The training spectra in few directions, and what an instrument makes of them.

use super::kinds::{Kind, kinds};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::instrument::resolution;
use crate::operator::{Operator, rows};
use faer::{Mat, MatRef};
use rayon::prelude::*;

/// Directions of the training spectra that the search works in; the rest counts as white.
const DIRECTIONS: usize = 50;
/// Parts of the training set that are left out in turn to measure that rest.
const FOLDS: usize = 4;

/// Training spectra in few directions, carried through the instrument's resolution.
#[derive(Debug)]
pub(in crate::inverse) struct Model {
    pub(super) grid: Grid,
    /// ȳ, then the columns of F: q x (1 + k).
    pub(super) columns: Mat<f64>,
    pub(super) kinds: Vec<Kind>,
    /// Variance a bin that the directions miss in spectra they were not made of. (The ridge penalty of the estimate is many times larger;
    /// taken for noise of the spectrum it would pull the factor down, since a smaller spectrum has less of it.)
    pub(super) rest: f64,
    resolution: Option<Mat<f64>>,
}

/// What an instrument did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theta {
    pub(super) scale: f64,
    pub(super) stretch: f64,
    pub(super) offset: f64,
    pub(super) width: f64,
}

impl Theta {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        scale: 1.0,
        stretch: 0.0,
        offset: 0.0,
        width: 0.0,
    };
}

impl Model {
    /// `resolution` (q x q) acts on the operator's grid.
    pub(in crate::inverse) fn new(
        operator: &Operator,
        resolution: Option<Mat<f64>>,
    ) -> Result<Self> {
        let y = operator.y.as_ref();
        let root = (y.nrows() as f64).sqrt();
        let (mean, vectors, scores, s) = directions(y)?;
        let k = s.len();
        let columns = Mat::from_fn(y.ncols(), k + 1, |i, j| match j {
            0 => mean[i],
            _ => vectors[(i, j - 1)] * s[j - 1] / root,
        });
        Ok(Self {
            grid: operator.meta.energy,
            columns: match &resolution {
                Some(r) => r * columns,
                None => columns,
            },
            kinds: kinds((scores * faer::Scale(root)).as_ref(), &s)?,
            rest: missed(y)?,
            resolution,
        })
    }

    /// `M(θ)` without the resolution applied to given columns on the grid, at the points.
    pub(super) fn carry(&self, x: &[f64], at: &Theta, columns: MatRef<'_, f64>) -> Mat<f64> {
        let broad = if at.width > 0.0 {
            resolution::gaussian(&self.grid, at.width) * columns
        } else {
            columns.to_owned()
        };
        let stretch = 1.0 + at.stretch;
        let places: Vec<_> = (x.iter())
            .map(|x| place(&self.grid, (x - at.offset) / stretch))
            .collect();
        let mut out = Mat::<f64>::zeros(x.len(), columns.ncols());
        for j in 0..columns.ncols() {
            let from = broad.col_as_slice(j);
            for (to, (bins, share)) in out.col_as_slice_mut(j).iter_mut().zip(&places) {
                let read: f64 = bins.iter().zip(share).map(|(b, s)| s * from[*b]).sum();
                *to = read / stretch;
            }
        }
        out
    }

    /// The whole map (m x q), the factor left out.
    pub(super) fn map(&self, x: &[f64], at: &Theta) -> Mat<f64> {
        let q = self.grid.len();
        let map = self.carry(x, at, Mat::<f64>::identity(q, q).as_ref());
        match &self.resolution {
            Some(resolution) => map * resolution,
            None => map,
        }
    }
}

/// Mean, directions (q x k), scores (n x k, orthonormal) and singular values of rows.
#[allow(
    clippy::type_complexity,
    reason = "the parts of one decomposition, used twice"
)]
fn directions(y: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>, Mat<f64>, Vec<f64>)> {
    let mean = rows::mean(y);
    let svd = rows::centred(y, &mean)
        .thin_svd()
        .map_err(|_| Error::new("the singular value decomposition did not converge"))?;
    let s: Vec<f64> = svd.S().column_vector().iter().copied().collect();
    let k = DIRECTIONS.min(s.len());
    Ok((
        mean,
        svd.V().subcols(0, k).to_owned(),
        svd.U().subcols(0, k).to_owned(),
        s[..k].to_vec(),
    ))
}

/// See [`Model::rest`]: by cross-validation.
fn missed(y: MatRef<'_, f64>) -> Result<f64> {
    let of = |fold: usize| {
        let (out, kept): (Vec<usize>, Vec<usize>) = (0..y.nrows()).partition(|i| i % FOLDS == fold);
        let (mean, vectors, _, _) = directions(rows::select(y, &kept).as_ref())?;
        let others = rows::centred(rows::select(y, &out).as_ref(), &mean);
        let inside = &others * vectors;
        Ok(others.squared_norm_l2() - inside.squared_norm_l2())
    };
    let sums = (0..FOLDS)
        .into_par_iter()
        .map(of)
        .collect::<Result<Vec<f64>>>()?;
    Ok(sums.iter().sum::<f64>().max(0.0) / (y.nrows() * y.ncols()) as f64)
}

/// Four bins and their shares in the value at `e`, by a cubic: between bins a straight line would smooth, so that the evidence had a
/// cusp where points and bins coincide. Beyond the ends the last value stands.
fn place(grid: &Grid, e: f64) -> ([usize; 4], [f64; 4]) {
    let last = grid.len() - 1;
    let from_first = ((e - grid.start()) / grid.step() - 0.5).clamp(0.0, last as f64);
    let k = (from_first as usize).min(last - 1);
    let t = from_first - k as f64;
    let (a, b, c) = (t + 1.0, t - 1.0, t - 2.0);
    (
        [k.saturating_sub(1), k, k + 1, (k + 2).min(last)],
        [
            -t * b * c / 6.0,
            a * b * c / 2.0,
            -a * t * c / 2.0,
            a * t * b / 6.0,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cubic polynomial is read exactly inside, a constant everywhere.
    #[test]
    fn places_read_a_cubic() {
        let grid = Grid::new(0.0, 10.0, 20).unwrap();
        let cubic = |e: f64| 1.0 - e + 0.3 * e * e - 0.02 * e * e * e;
        for e in [1.3, 4.75, 6.1, 8.2] {
            let (bins, share) = place(&grid, e);
            let read: f64 = (bins.iter().zip(share))
                .map(|(b, s)| s * cubic(grid.centre(*b)))
                .sum();
            assert!((read - cubic(e)).abs() < 1e-12, "{e}");
        }
        for e in [-5.0, 0.1, 9.9, 50.0] {
            let (_, share) = place(&grid, e);
            assert!((share.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{e}");
        }
    }
}
