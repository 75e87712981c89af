//! Made-up glasses for timing: inputs as smooth as g(r), outputs that follow from few of their bins. `benches/peers/fits.py`
//! makes the same numbers.

use faer::Mat;

/// Directions in which the inputs vary, each weaker than the one before.
const DIRECTIONS: usize = 60;
const DECAY: f64 = 0.93;
/// Bins that an output depends on.
const CAUSES: usize = 20;

/// Uniform numbers in (0, 1), by counting: splitmix64 of `stream 2^32 + k`.
fn uniform(stream: u64, k: u64) -> f64 {
    let mut z = ((stream << 32) + k + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + 0.5f64.powi(54)
}

/// A normal number (Box and Muller).
fn normal(stream: u64, k: u64) -> f64 {
    let (u, v) = (uniform(stream, 2 * k), uniform(stream, 2 * k + 1));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn normals(stream: u64, rows: usize, columns: usize) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| {
        normal(stream, (i * columns + j) as u64)
    })
}

/// `n` samples of `p` inputs and `q` outputs.
pub fn smooth(n: usize, p: usize, q: usize) -> (Mat<f64>, Mat<f64>) {
    let amplitudes = normals(1, n, DIRECTIONS);
    let bumps = Mat::from_fn(DIRECTIONS, p, |k, j| {
        let centre = uniform(2, k as u64);
        let width = 0.005 + 0.045 * uniform(3, k as u64);
        let r = j as f64 / (p - 1) as f64;
        DECAY.powf(k as f64) * (-0.5 * ((r - centre) / width).powi(2)).exp()
    });
    let x = amplitudes * bumps + faer::Scale(0.01) * normals(4, n, p);
    let mut w = Mat::zeros(p, q);
    for j in 0..q {
        for c in 0..CAUSES {
            let k = (j * CAUSES + c) as u64;
            w[((uniform(5, k) * p as f64) as usize, j)] = 0.3 * normal(6, k);
        }
    }
    let y = &x * w + faer::Scale(0.05) * normals(7, n, q);
    (x, y)
}
