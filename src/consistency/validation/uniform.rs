//! Are numbers uniform?

/// Largest distance of the distribution of `values` from the uniform one on [0, 1], and the probability of at least that much:
/// `2 Σ (-1)^(k-1) exp(-2 k² λ²)` with `λ = (√n + 0.12 + 0.11/√n) D` (Stephens, *J. R. Stat. Soc. B* **32**, 115 (1970)).
pub(super) fn kolmogorov(values: &mut [f64]) -> (f64, f64) {
    /// Terms of the series; at the smallest λ asked for it has long converged.
    const TERMS: i32 = 100;
    /// Below this λ the probability is 1 to six digits, and the series converges slowly.
    const SURELY: f64 = 0.3;
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = (values.iter().enumerate())
        .map(|(i, v)| (v - i as f64 / n).max((i + 1) as f64 / n - v))
        .fold(0.0, f64::max);
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    if lambda < SURELY {
        return (distance, 1.0);
    }
    let sum: f64 = (1..=TERMS)
        .map(|k| {
            let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
            sign * (-2.0 * (f64::from(k) * lambda).powi(2)).exp()
        })
        .sum();
    (distance, (2.0 * sum).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.kstest of the same values against the uniform law gives these numbers (the exact law and Stephens' formula differ
    /// by less than 0.01 here).
    #[test]
    fn the_distance_from_uniform_and_its_probability() {
        let mut even: Vec<f64> = (0..50).map(|i| (f64::from(i) + 0.5) / 50.0).collect();
        let (d, p) = kolmogorov(&mut even);
        assert!((d - 0.01).abs() < 1e-12 && p > 0.999);
        let mut squeezed: Vec<f64> = even.iter().map(|v| v * v).collect();
        let (d, p) = kolmogorov(&mut squeezed);
        assert!((d - 0.255).abs() < 0.01, "{d}");
        assert!((p - 0.0022).abs() < 0.002, "{p}");
    }
}
