//! Where the eigenvalues of a dynamical matrix lie.

use super::half::Half;
use crate::error::{Error, Result};
use crate::potentials::hessian::Hessian;
use crate::vibrations::modes::{ZERO_THZ, frequency_thz};
use faer::{Mat, Side};

/// Room beyond both ends, as a fraction of the window: the ends of the spectrum are known by estimate.
const MARGIN: f64 = 1e-3;

/// The interval `centre ± half_width` of ω², eV/Å²/amu, that holds the spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub(super) centre: f64,
    pub(super) half_width: f64,
    /// A negative eigenvalue, or rather an upper bound of one, if one was found.
    pub(super) lowest: Option<f64>,
}

impl Window {
    /// From zero, or from the lowest eigenvalue if some are negative, to the highest, by `steps` steps of Lanczos from a
    /// start vector and never beyond bounds such as those of [`gershgorin`].
    ///
    /// An estimate and its residual enclose one eigenvalue; that none lies outside is near certain but not proven. Whoever
    /// uses the window notices if one does: Chebyshev polynomials grow without bound there.
    pub(super) fn of(
        matrix: &Half,
        [floor, ceiling]: [f64; 2],
        start: Vec<[f64; 3]>,
        steps: usize,
    ) -> Result<Self> {
        let [(low, low_off), (high, high_off)] = lanczos(matrix, start, steps)?;
        let lowest = (frequency_thz(low) <= -ZERO_THZ).then_some(low);
        let low = lowest.map_or(0.0, |low| (low - low_off).max(floor));
        let high = (high + high_off).min(ceiling);
        if !(high > low && (high - low).is_finite()) {
            return Err(Error::new("the modes could not be found")
                .because(format!("ω² is between {low} and {high} eV/Å²/amu"))
                .cure("check the structure and the potential"));
        }
        Ok(Self {
            centre: 0.5 * (low + high),
            half_width: (0.5 + MARGIN) * (high - low),
            lowest,
        })
    }

    /// Place of ω² in the window, -1 to 1; what is outside counts as its ends.
    pub(super) fn place(&self, square: f64) -> f64 {
        ((square - self.centre) / self.half_width).clamp(-1.0, 1.0)
    }

    pub(super) fn high(&self) -> f64 {
        self.centre + self.half_width
    }
}

/// Rigorous bounds: every eigenvalue is within the sum of a row's other elements of its diagonal element.
pub(super) fn gershgorin(matrix: &Hessian) -> [f64; 2] {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for i in 0..matrix.atoms() {
        let (mut centre, mut radius) = ([0.0; 3], [0.0; 3]);
        for (j, block) in matrix.row(i) {
            for a in 0..3 {
                radius[a] += block[a].iter().map(|x| x.abs()).sum::<f64>();
                if i == j {
                    centre[a] = block[a][a];
                    radius[a] -= block[a][a].abs();
                }
            }
        }
        for a in 0..3 {
            low = low.min(centre[a] - radius[a]);
            high = high.max(centre[a] + radius[a]);
        }
    }
    [low, high]
}

/// Lowest and highest Ritz value, each with the norm of its residual.
fn lanczos(matrix: &Half, start: Vec<[f64; 3]>, steps: usize) -> Result<[(f64, f64); 2]> {
    let (mut before, mut now) = (vec![[0.0; 3]; start.len()], start);
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut length = product(&now, &now).sqrt();
    for _ in 0..steps {
        if !(length > 0.0 && length.is_finite()) {
            break;
        }
        now.iter_mut().flatten().for_each(|x| *x /= length);
        let mut next = matrix.times(&now);
        let mean = product(&next, &now);
        let last = beside.last().copied().unwrap_or(0.0);
        for (n, (x, b)) in next
            .iter_mut()
            .flatten()
            .zip(now.iter().flatten().zip(before.iter().flatten()))
        {
            *n -= mean * x + last * b;
        }
        length = product(&next, &next).sqrt();
        diagonal.push(mean);
        beside.push(length);
        (before, now) = (now, next);
    }
    ends(&diagonal, &beside)
}

/// The outermost eigenvalues of the tridiagonal matrix, with their residuals.
fn ends(diagonal: &[f64], beside: &[f64]) -> Result<[(f64, f64); 2]> {
    let size = diagonal.len();
    if size == 0 || diagonal.iter().chain(beside).any(|x| !x.is_finite()) {
        return Err(Error::new("the Hessian holds numbers that are not finite")
            .because("two atoms may sit on top of each other, or a mass is zero"));
    }
    let matrix = Mat::from_fn(size, size, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let failed = |e| Error::new("the modes could not be found").because(format!("{e:?}"));
    let eigen = matrix.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    let end = |s: usize| {
        let residual = (beside[size - 1] * eigen.U()[(size - 1, s)]).abs();
        (eigen.S()[s], residual)
    };
    Ok([end(0), end(size - 1)])
}

fn product(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    (a.iter().flatten())
        .zip(b.iter().flatten())
        .map(|(x, y)| x * y)
        .sum()
}
