//! Partial least squares of many outputs (PLS2), all numbers of components from one run.
//!
//! Component by component: the direction `w` of the inputs whose score covaries most with the outputs (the first left singular vector of
//! `C = XᵀY`), its score `t = X r`, and what the score explains taken off both. The result is that of NIPALS run to convergence
//! (scikit-learn's `PLSRegression`), not of SIMPLS, which differs for several outputs. The work follows Dayal and `MacGregor`'s kernel
//! algorithm (J. Chemom. 11, 85 (1997)): only `C` is deflated, `C - (t·t) p qᵀ`, so that a component costs one product with
//! `XᵀX` and one small singular vector instead of two passes over the samples for each of NIPALS' iterations.

use super::LinearMap;
use super::centred::Centred;
use crate::error::{Error, Result};
use faer::{Col, Mat, MatRef, Side};

/// What is left of `XᵀY` below this fraction of it is rounding: no further components.
const EXHAUSTED: f64 = 1e-13;

/// Whether columns are divided by their standard deviations first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Only centred (`scale=False`): right where all inputs have one unit, as bins of g(r) do.
    None,
    /// Standard deviations with n - 1, those of constant columns taken as 1 (`scale=True`).
    Unit,
}

/// Partial least squares with any number of components up to the one asked for.
#[derive(Debug)]
pub struct PlsPath {
    x_mean: Vec<f64>,
    y_mean: Vec<f64>,
    x_scale: Vec<f64>,
    y_scale: Vec<f64>,
    /// `R` (p x K): scores are `X R`.
    rotations: Mat<f64>,
    /// `Q` (q x K): outputs are `T Qᵀ`.
    loadings: Mat<f64>,
}

impl PlsPath {
    /// At most `components` of them; fewer where the outputs are exhausted.
    pub fn new(
        inputs: MatRef<'_, f64>,
        outputs: MatRef<'_, f64>,
        components: usize,
        scaling: Scaling,
    ) -> Result<Self> {
        let mut data = Centred::new(inputs, outputs)?;
        let most = inputs.ncols().min(inputs.nrows() - 1);
        if components == 0 || components > most {
            return Err(Error::new(format!("{components} components cannot be had"))
                .because(format!(
                    "{} samples of {} bins have between 1 and {most}",
                    inputs.nrows(),
                    inputs.ncols()
                ))
                .cure("give fewer components, or leave them to cross-validation"));
        }
        let (x_scale, y_scale) = (scale(&mut data.x, scaling), scale(&mut data.y, scaling));
        let (rotations, loadings) = extract(&data.x, &data.y, components)?;
        Ok(Self {
            x_mean: data.x_mean,
            y_mean: data.y_mean,
            x_scale,
            y_scale,
            rotations,
            loadings,
        })
    }

    /// How many components there are.
    pub fn components(&self) -> usize {
        self.rotations.ncols()
    }

    /// The map of the first `components`, at most all of them.
    pub fn fit(&self, components: usize) -> LinearMap {
        let k = components.min(self.components());
        let mut matrix = self.loadings.subcols(0, k) * self.rotations.subcols(0, k).transpose();
        for (i, x_scale) in self.x_scale.iter().enumerate() {
            for (j, y_scale) in self.y_scale.iter().enumerate() {
                matrix[(j, i)] *= y_scale / x_scale;
            }
        }
        LinearMap::through(matrix, &self.x_mean, &self.y_mean)
    }
}

/// Divides each column by its scale and returns the scales.
fn scale(m: &mut Mat<f64>, scaling: Scaling) -> Vec<f64> {
    let freedom = (m.nrows() - 1) as f64;
    (0..m.ncols())
        .map(|j| {
            let deviation = (m.col(j).squared_norm_l2() / freedom).sqrt();
            let scale = match scaling {
                Scaling::Unit if deviation > 0.0 => deviation,
                _ => 1.0,
            };
            m.col_mut(j).iter_mut().for_each(|v| *v /= scale);
            scale
        })
        .collect()
}

/// `R` and `Q` of up to `components`.
fn extract(x: &Mat<f64>, y: &Mat<f64>, components: usize) -> Result<(Mat<f64>, Mat<f64>)> {
    let (p, q) = (x.ncols(), y.ncols());
    let mut c = x.transpose() * y;
    let floor = EXHAUSTED * c.norm_l2();
    let mut rotations = Mat::zeros(p, components);
    let mut x_loadings = Mat::zeros(p, components);
    let mut loadings = Mat::zeros(q, components);
    for k in 0..components {
        if c.norm_l2() <= floor {
            return Ok((
                rotations.subcols(0, k).to_owned(),
                loadings.subcols(0, k).to_owned(),
            ));
        }
        let w = first_left_vector(&c)?;
        // r = w - sum_j (p_j·w) r_j: the score of the inputs as they were, without deflating them.
        let r = &w - rotations.subcols(0, k) * (x_loadings.subcols(0, k).transpose() * &w);
        let t = x * &r;
        let tt = t.squared_norm_l2();
        let x_loading = faer::Scale(1.0 / tt) * (x.transpose() * &t);
        let loading = faer::Scale(1.0 / tt) * (c.transpose() * &r);
        c -= faer::Scale(tt) * (&x_loading * loading.transpose());
        rotations.col_mut(k).copy_from(&r);
        x_loadings.col_mut(k).copy_from(&x_loading);
        loadings.col_mut(k).copy_from(&loading);
    }
    Ok((rotations, loadings))
}

/// The first left singular vector, by the eigenvectors of the smaller product.
fn first_left_vector(c: &Mat<f64>) -> Result<Col<f64>> {
    let failed = |_| Error::new("the eigenvalue decomposition did not converge");
    let wide = c.nrows() <= c.ncols();
    let product = if wide {
        c * c.transpose()
    } else {
        c.transpose() * c
    };
    let eigen = product.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    let last = eigen.U().col(product.ncols() - 1).to_owned();
    let vector = if wide { last } else { c * last };
    Ok(faer::Scale(1.0 / vector.norm_l2()) * vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::fit::ridge::RidgePath;

    fn data(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
        let noise = |i: usize, j: usize| ((i * i * 7 + j * 13 + i * j * j) as f64 * 0.37).sin();
        (
            Mat::from_fn(n, p, noise),
            Mat::from_fn(n, q, |i, j| noise(i + 3, j) + 0.5 * noise(i, j)),
        )
    }

    /// NIPALS as written in the textbooks: both blocks deflated, the weight by power iteration.
    fn nipals(x: &Mat<f64>, y: &Mat<f64>, components: usize) -> Mat<f64> {
        let mut data = Centred::new(x.as_ref(), y.as_ref()).unwrap();
        let (centred, mut fitted) = (data.y.clone(), Mat::zeros(y.nrows(), y.ncols()));
        for _ in 0..components {
            let mut u = data.y.col(0).to_owned();
            let mut t = u.clone();
            for _ in 0..20_000 {
                let w = data.x.transpose() * &u;
                t = &data.x * (faer::Scale(1.0 / w.norm_l2()) * w);
                let c = data.y.transpose() * &t;
                u = &data.y * (faer::Scale(1.0 / c.squared_norm_l2()) * c);
            }
            let unit = faer::Scale(1.0 / t.norm_l2()) * t;
            let (a, b) = (unit.transpose() * &data.x, unit.transpose() * &data.y);
            data.x -= &unit * a;
            data.y -= &unit * &b;
            fitted += &unit * b;
        }
        assert!((&centred - &fitted - &data.y).norm_max() < 1e-10);
        fitted
    }

    #[test]
    fn the_fit_is_that_of_nipals() {
        let (x, y) = data(25, 7, 4);
        let path = PlsPath::new(x.as_ref(), y.as_ref(), 5, Scaling::None).unwrap();
        for k in [1, 2, 3, 5] {
            let fitted = path.fit(k).predict(x.as_ref());
            let expected = nipals(&x, &y, k);
            let mean = crate::operator::rows::mean(y.as_ref());
            let fitted = crate::operator::rows::centred(fitted.as_ref(), &mean);
            assert!((fitted - expected).norm_max() < 1e-8, "{k}");
        }
    }

    #[test]
    fn all_components_are_least_squares() {
        let (x, y) = data(25, 7, 4);
        let least = RidgePath::new(x.as_ref(), y.as_ref()).unwrap().fit(0.0);
        for scaling in [Scaling::None, Scaling::Unit] {
            let path = PlsPath::new(x.as_ref(), y.as_ref(), 7, scaling).unwrap();
            assert!((path.fit(7).matrix - &least.matrix).norm_max() < 1e-9);
        }
    }

    #[test]
    fn exhausted_outputs_end_the_path() {
        let (x, _) = data(25, 7, 1);
        let y = Mat::from_fn(25, 3, |i, j| x[(i, 2)] * (j + 1) as f64);
        let path = PlsPath::new(x.as_ref(), y.as_ref(), 7, Scaling::None).unwrap();
        assert!(path.components() <= 7);
        let map = path.fit(7);
        assert!((map.predict(x.as_ref()) - &y).norm_max() < 1e-9);
        let constant = Mat::from_fn(25, 2, |_, j| j as f64);
        let path = PlsPath::new(x.as_ref(), constant.as_ref(), 3, Scaling::Unit).unwrap();
        assert_eq!(path.components(), 0);
        assert_eq!(path.fit(3).offset, [0.0, 1.0]);
    }
}
