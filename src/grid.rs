//! A uniform axis of bins.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Largest departure of a bin centre from its place on a uniform axis, as a fraction of the bin width.
/// Wide tables print twelve digits, histogram programs often six: 1e-3 of a bin accepts both and no real stretch.
const UNIFORMITY: f64 = 1e-3;

/// `len` bins of width `step`; bin i covers `[start + i·step, start + (i+1)·step)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    start: f64,
    step: f64,
    len: usize,
}

impl Grid {
    /// Bins between two edges.
    ///
    /// ```
    /// use glassbridge::grid::Grid;
    /// let grid = Grid::new(0.0, 10.0, 500)?;
    /// assert_eq!(grid.centre(0), 0.01);
    /// assert_eq!(grid.bin(9.999), Some(499));
    /// # Ok::<(), glassbridge::error::Error>(())
    /// ```
    pub fn new(start: f64, end: f64, len: usize) -> Result<Self> {
        if !(start.is_finite() && end.is_finite() && end > start) || len < 2 {
            return Err(Error::new(format!(
                "a grid of {len} bins from {start} to {end} is not possible"
            ))
            .because("a grid needs two finite edges in ascending order and at least two bins"));
        }
        Ok(Self {
            start,
            step: (end - start) / len as f64,
            len,
        })
    }

    /// The grid whose bin centres are `centres`; refused if they are not equally spaced.
    pub fn from_centres(centres: &[f64]) -> Result<Self> {
        let (&[first, ..], &[.., last]) = (centres, centres) else {
            return Err(Error::new("a grid needs at least two values"));
        };
        if centres.len() < 2 {
            return Err(Error::new("a grid needs at least two values"));
        }
        let step = (last - first) / (centres.len() - 1) as f64;
        let grid = Self::new(first - step / 2.0, last + step / 2.0, centres.len())?;
        for (i, &x) in centres.iter().enumerate() {
            let off = (x - grid.centre(i)).abs();
            if off.is_nan() || off > UNIFORMITY * step {
                return Err(Error::new("the grid values are not equally spaced")
                    .because(format!(
                        "value {} is {x}, an even grid of step {step} has {}",
                        i + 1,
                        grid.centre(i)
                    ))
                    .cure("interpolate the training curves to an even grid (measured curves may have any grid)"));
            }
        }
        Ok(grid)
    }

    /// Number of bins.
    #[allow(clippy::len_without_is_empty, reason = "a grid has at least two bins")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bin width.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Lower edge of the first bin.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Upper edge of the last bin.
    pub fn end(&self) -> f64 {
        self.edge(self.len)
    }

    /// Lower edge of bin `i`.
    pub fn edge(&self, i: usize) -> f64 {
        self.start + i as f64 * self.step
    }

    /// Centre of bin `i`.
    pub fn centre(&self, i: usize) -> f64 {
        self.start + (i as f64 + 0.5) * self.step
    }

    /// All bin centres.
    pub fn centres(&self) -> Vec<f64> {
        (0..self.len).map(|i| self.centre(i)).collect()
    }

    /// The bin that holds `x`, if any.
    pub fn bin(&self, x: f64) -> Option<usize> {
        // Not below zero, so that the cast rounds down.
        let i = (x - self.start) / self.step;
        (i >= 0.0 && i < self.len as f64).then_some(i as usize)
    }

    /// The same grid with its axis multiplied by a positive factor (a change of unit).
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            start: self.start * factor,
            step: self.step * factor,
            len: self.len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_round_trip() {
        let grid = Grid::new(0.0, 2.6, 240).unwrap();
        let back = Grid::from_centres(&grid.centres()).unwrap();
        assert!((back.start() - grid.start()).abs() < 1e-12);
        assert!((back.step() - grid.step()).abs() < 1e-12);
    }

    #[test]
    fn uneven_values_are_refused() {
        for bad in [vec![1.0], vec![], vec![0.0, 1.0, 3.0], vec![0.0, f64::NAN]] {
            assert!(Grid::from_centres(&bad).is_err(), "{bad:?}");
        }
    }
}
