//! Kernel ridge regression with a Gaussian kernel: the non-linear reference beside the linear maps.
//!
//! For rows `x_i`, `y_i` and the kernel `k(x, x') = exp(-γ |x - x'|²)` the prediction is
//!
//! ```text
//! f(x) = b + sum_i c_i k(x, x_i),      (K + λ) C = Y - b,      b = ȳ
//! ```
//!
//! scikit-learn's `KernelRidge(kernel="rbf", gamma, alpha = λ)`, fitted to outputs less their means (Saunders, Gammerman and
//! Vovk, ICML 1998). Far from all training rows it answers the mean: it interpolates, and does not go beyond its samples as a
//! linear map does. It is no matrix, so it has no pseudo-inverse: it tells how much a linear map leaves on the table.
//!
//! The width is told as a multiple of the median squared distance `m²` of two training rows, `γ = 1/(width m²)`. One
//! eigendecomposition `K = U S Uᵀ` serves every λ of a width: with `A = U (S + λ)⁻¹ Uᵀ` the residual of sample i under the fit
//! without it is `(A (Y - b))_i / A_ii` (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, eq. 5.12),
//! here with the mean of the others for `b`.

use super::centred::{Centred, check};
use crate::error::{Error, Result};
use crate::operator::rows;
use faer::{Mat, MatRef, Side};

/// Widths tried, 10^(k/2) of the median squared distance for k in this range, the widest first. Narrower ones see no sample
/// but the nearest; the widest one's kernel is a quadratic form, which a wider one only repeats with more rounding.
const WIDTH_HALF_DECADES: std::ops::RangeInclusive<i32> = -1..=6;
/// Penalties tried, two a decade from 1 (half of each sample's own share) down to 1e-10, above the rounding of the
/// eigenvalues of a kernel of 10,000 samples (1e-16 of their largest, at most n).
const PENALTY_HALF_DECADES: i32 = 20;
/// Squared distances below this part of the largest one are those of equal rows: they say nothing of a scale.
const SAME_ROW: f64 = 1e-12;

/// What the user fixes; what is `None` is chosen by leave-one-out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Width, as a multiple of the median squared distance.
    pub width: Option<f64>,
    /// λ, relative to `k(x, x) = 1`.
    pub penalty: Option<f64>,
}

/// The fitted function; its fields are all there is to store.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelRidge {
    /// Training rows, n x p.
    pub rows: Mat<f64>,
    /// `C`, n x q.
    pub weights: Mat<f64>,
    /// `b`, q.
    pub offset: Vec<f64>,
    /// γ, per squared unit of the inputs.
    pub gamma: f64,
    /// λ.
    pub penalty: f64,
}

impl KernelRidge {
    /// The fit to `inputs` (n x p) and `outputs` (n x q) about their mean.
    pub fn fit(
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        settings: Settings,
    ) -> Result<Self> {
        positive("width", settings.width)?;
        positive("penalty", settings.penalty)?;
        let data = Centred::new(inputs, outputs)?;
        let distances = squared_distances(data.x.as_ref(), data.x.as_ref());
        let unit = median(&distances);
        let path = |width: f64| Path::new(&distances, 1.0 / (width * unit), data.y.as_ref());
        let widths = settings.width.map_or_else(default_widths, |w| vec![w]);
        let penalties = settings.penalty.map_or_else(default_penalties, |p| vec![p]);
        let mut best: Option<(f64, Path, f64)> = None;
        for width in widths {
            let path = path(width)?;
            let (error, penalty) = path.best(&penalties);
            if error.is_finite() && best.as_ref().is_none_or(|b| error < b.0) {
                best = Some((error, path, penalty));
            }
        }
        let (_, path, penalty) = best.ok_or_else(|| {
            Error::new("no kernel has a finite leave-one-out error")
                .because("the samples are too few, or their values too large")
        })?;
        Ok(Self {
            rows: inputs.to_owned(),
            weights: path.weights(penalty),
            offset: data.y_mean,
            gamma: path.gamma,
            penalty,
        })
    }

    /// The fit at a given γ, λ and offset (q; all zero for none).
    pub fn solve(
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        gamma: f64,
        penalty: f64,
        offset: &[f64],
    ) -> Result<Self> {
        positive("gamma", Some(gamma))?;
        positive("penalty", Some(penalty))?;
        check(inputs, outputs)?;
        if offset.len() != outputs.ncols() {
            return Err(Error::new(format!(
                "{} offsets for {} outputs",
                offset.len(),
                outputs.ncols()
            )));
        }
        let x = rows::centred(inputs, &rows::mean(inputs));
        let distances = squared_distances(x.as_ref(), x.as_ref());
        let path = Path::new(&distances, gamma, rows::centred(outputs, offset).as_ref())?;
        Ok(Self {
            rows: inputs.to_owned(),
            weights: path.weights(penalty),
            offset: offset.to_vec(),
            gamma,
            penalty,
        })
    }

    /// Outputs (N x q) of `inputs` (N x p).
    pub fn predict(&self, inputs: MatRef<'_, f64>) -> Mat<f64> {
        let mean = rows::mean(self.rows.as_ref());
        let (new, old) = (
            rows::centred(inputs, &mean),
            rows::centred(self.rows.as_ref(), &mean),
        );
        let kernel = gaussian(&squared_distances(new.as_ref(), old.as_ref()), self.gamma);
        let mut outputs = kernel * &self.weights;
        for (j, offset) in self.offset.iter().enumerate() {
            outputs.col_mut(j).iter_mut().for_each(|y| *y += offset);
        }
        outputs
    }

    /// The width that γ is, as a multiple of the median squared distance of the training rows.
    pub fn width(&self) -> f64 {
        let x = rows::centred(self.rows.as_ref(), &rows::mean(self.rows.as_ref()));
        1.0 / (self.gamma * median(&squared_distances(x.as_ref(), x.as_ref())))
    }

    /// Effective number of directions that inform the function, `tr K (K + λ)⁻¹`.
    pub fn degrees_of_freedom(&self) -> Result<f64> {
        let x = rows::centred(self.rows.as_ref(), &rows::mean(self.rows.as_ref()));
        let distances = squared_distances(x.as_ref(), x.as_ref());
        let path = Path::new(&distances, self.gamma, self.weights.as_ref())?;
        Ok(path.values.iter().map(|s| s / (s + self.penalty)).sum())
    }
}

/// The kernel of one width in its eigenvectors, from which every penalty follows.
#[derive(Debug)]
struct Path {
    gamma: f64,
    /// Eigenvalues (n), rounding below zero taken off, and `U` (n x n).
    values: Vec<f64>,
    vectors: Mat<f64>,
    /// The outputs less their offset (n x q), and `Uᵀ` times them.
    y: Mat<f64>,
    uty: Mat<f64>,
}

impl Path {
    fn new(distances: &Mat<f64>, gamma: f64, y: MatRef<'_, f64>) -> Result<Self> {
        let eigen = gaussian(distances, gamma)
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| Error::new("the eigenvalue decomposition did not converge"))?;
        Ok(Self {
            gamma,
            values: eigen
                .S()
                .column_vector()
                .iter()
                .map(|s| s.max(0.0))
                .collect(),
            uty: eigen.U().transpose() * y,
            vectors: eigen.U().to_owned(),
            y: y.to_owned(),
        })
    }

    /// `A Y` (n x q).
    fn weights(&self, penalty: f64) -> Mat<f64> {
        let scaled = Mat::from_fn(self.uty.nrows(), self.uty.ncols(), |k, j| {
            self.uty[(k, j)] / (self.values[k] + penalty)
        });
        &self.vectors * scaled
    }

    /// Leave-one-out residuals (n x q): row i is `y_i` less the prediction of the fit without sample i, its mean included.
    ///
    /// The mean of the others is `ȳ - (y_i - ȳ)/(n - 1)`, which moves the targets of sample i's fit by as much.
    fn leave_one_out(&self, penalty: f64) -> Mat<f64> {
        let n = self.y.nrows();
        let inverse: Vec<f64> = self.values.iter().map(|s| 1.0 / (s + penalty)).collect();
        let sums: Vec<f64> = (0..n)
            .map(|k| self.vectors.col(k).sum() * inverse[k])
            .collect();
        let ones = &self.vectors * faer::ColRef::from_slice(&sums);
        let diagonal: Vec<f64> = (0..n)
            .map(|i| {
                (0..n)
                    .map(|k| self.vectors[(i, k)].powi(2) * inverse[k])
                    .sum()
            })
            .collect();
        let weights = self.weights(penalty);
        Mat::from_fn(n, self.y.ncols(), |i, j| {
            let moved = self.y[(i, j)] / (n - 1) as f64;
            (weights[(i, j)] + moved * ones[i]) / diagonal[i]
        })
    }

    /// The smallest leave-one-out sum of squares and its penalty; the first one of equals.
    fn best(&self, penalties: &[f64]) -> (f64, f64) {
        penalties
            .iter()
            .map(|&p| (rows::sum_of_squares(self.leave_one_out(p).as_ref()), p))
            .fold((f64::INFINITY, f64::NAN), |best, next| {
                if next.0 < best.0 { next } else { best }
            })
    }
}

/// Smooth ones first, which wins among equals.
fn default_widths() -> Vec<f64> {
    WIDTH_HALF_DECADES
        .rev()
        .map(|k| 10f64.powf(f64::from(k) / 2.0))
        .collect()
}

/// Smooth ones first, which wins among equals.
fn default_penalties() -> Vec<f64> {
    (0..=PENALTY_HALF_DECADES)
        .map(|k| 10f64.powf(-f64::from(k) / 2.0))
        .collect()
}

/// `|a_i - b_j|²` of all rows (N x n); centred rows keep the digits that the products would lose.
fn squared_distances(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let norms = |m: MatRef<'_, f64>| -> Vec<f64> {
        (0..m.nrows()).map(|i| m.row(i).squared_norm_l2()).collect()
    };
    let (na, nb) = (norms(a), norms(b));
    let products = a * b.transpose();
    Mat::from_fn(a.nrows(), b.nrows(), |i, j| {
        (na[i] + nb[j] - 2.0 * products[(i, j)]).max(0.0)
    })
}

fn gaussian(distances: &Mat<f64>, gamma: f64) -> Mat<f64> {
    Mat::from_fn(distances.nrows(), distances.ncols(), |i, j| {
        (-gamma * distances[(i, j)]).exp()
    })
}

/// Median squared distance of two different rows; 1 where all are equal, since any width gives the constant map then.
fn median(distances: &Mat<f64>) -> f64 {
    let n = distances.nrows();
    let floor = SAME_ROW * distances.norm_max();
    let mut apart: Vec<f64> = (0..n)
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .map(|pair| distances[pair])
        .filter(|&d| d > floor)
        .collect();
    if apart.is_empty() {
        return 1.0;
    }
    let middle = apart.len() / 2;
    *apart.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn positive(name: &str, value: Option<f64>) -> Result<()> {
    match value {
        Some(v) if !(v > 0.0 && v.is_finite()) => {
            Err(Error::new(format!("{name} = {v} is not a kernel's {name}"))
                .cure("give a positive number, or leave it out: leave-one-out then chooses"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
