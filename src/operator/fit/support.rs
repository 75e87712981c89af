//! The columns of a Gram matrix on a support that grows and shrinks, with their Cholesky factor kept up to date.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{Accum, MatMut, MatRef, Par};

/// `G + ρ I` restricted to a support of m of its p columns.
#[derive(Debug, Default)]
pub(super) struct Support {
    /// Row and column of `G` at each position.
    pub indices: Vec<usize>,
    /// `G[:, indices]`, p x m, column after column: products with it need no gathering.
    columns: Vec<f64>,
    /// The factor `L` of `(G + ρ I)[indices, indices]`, columns p apart.
    lower: Vec<f64>,
}

impl Support {
    /// Empties the support and makes room for p columns.
    pub fn clear(&mut self, p: usize) {
        self.indices.clear();
        self.columns.clear();
        self.lower.resize(p * p, 0.0);
    }

    /// Adds column `index` at the end, in O(p + m²).
    pub fn push(&mut self, gram: MatRef<'_, f64>, ridge: f64, index: usize) {
        let (p, m) = (gram.nrows(), self.indices.len());
        let mut row: Vec<f64> = self.indices.iter().map(|&i| gram[(i, index)]).collect();
        self.forward(p, &mut row);
        for (j, value) in row.iter().enumerate() {
            self.lower[j * p + m] = *value;
        }
        let rest = gram[(index, index)] + ridge - row.iter().map(|v| v * v).sum::<f64>();
        // The Schur complement cannot be below ρ but by rounding.
        self.lower[m * p + m] = rest.max(ridge).sqrt();
        self.columns.extend(gram.col(index).iter());
        self.indices.push(index);
    }

    /// Takes out the column at `position`, in O(p m + m²): its row leaves the factor, and plane rotations make it triangular
    /// again.
    pub fn remove(&mut self, p: usize, position: usize) {
        let m = self.indices.len();
        self.indices.remove(position);
        self.columns.drain(position * p..(position + 1) * p);
        for j in 0..m {
            self.lower[j * p..j * p + m].copy_within(position + 1.., position);
        }
        for j in position..m - 1 {
            let (left, right) = self.lower[j * p..].split_at_mut(p);
            let (left, right) = (&mut left[j..m - 1], &mut right[j..m - 1]);
            let length = left[0].hypot(right[0]);
            let (cosine, sine) = (left[0] / length, right[0] / length);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (cosine * *a + sine * *b, cosine * *b - sine * *a);
            }
        }
    }

    /// Solves `(G + ρ I) x = b` on the support, in place.
    pub fn solve(&self, p: usize, b: &mut [f64]) {
        self.forward(p, b);
        let m = b.len();
        solve_upper_triangular_in_place(self.factor(p).transpose(), column(b, m), Par::Seq);
    }

    fn forward(&self, p: usize, b: &mut [f64]) {
        let m = b.len();
        solve_lower_triangular_in_place(self.factor(p), column(b, m), Par::Seq);
    }

    fn factor(&self, p: usize) -> MatRef<'_, f64> {
        let m = self.indices.len();
        MatRef::from_column_major_slice_with_stride(&self.lower, m, m, p)
    }

    /// `out -= G[:, indices] x`.
    pub fn subtract_product(&self, x: &[f64], out: &mut [f64]) {
        let (p, m) = (out.len(), x.len());
        matmul(
            column(out, p),
            Accum::Add,
            MatRef::from_column_major_slice(&self.columns, p, m),
            MatRef::from_column_major_slice(x, m, 1),
            -1.0,
            Par::Seq,
        );
    }
}

fn column(values: &mut [f64], length: usize) -> MatMut<'_, f64> {
    MatMut::from_column_major_slice_mut(values, length, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Mat;

    #[test]
    fn the_factor_follows_its_support() {
        let p = 9;
        let root = Mat::from_fn(12, p, |i, j| ((i * 7 + j * 13 + i * j) as f64 * 0.37).sin());
        let gram = root.transpose() * &root;
        let ridge = 0.2;
        let mut support = Support::default();
        support.clear(p);
        for index in [3, 0, 8, 5, 1] {
            support.push(gram.as_ref(), ridge, index);
        }
        for position in [1, 3, 0] {
            support.remove(p, position);
            support.push(gram.as_ref(), ridge, position + 6 - position % 2);
            let b: Vec<f64> = support.indices.iter().map(|&i| i as f64 - 2.5).collect();
            let mut x = b.clone();
            support.solve(p, &mut x);
            let mut rest = vec![0.0; p];
            support.subtract_product(&x, &mut rest);
            for (k, &i) in support.indices.iter().enumerate() {
                assert!((b[k] + rest[i] - ridge * x[k]).abs() < 1e-12);
            }
        }
    }
}
