//! Maxima of a curve that stand out of it.

use crate::curve::Curve;

/// A maximum is a peak if it rises above its higher neighbouring valley by this part of the whole range of y.
const PROMINENCE: f64 = 0.03;
/// Most peaks told.
const MOST: usize = 12;

/// Position and height of the (at most 12) most prominent maxima, by ascending x.
pub(super) fn peaks(curve: &Curve) -> Vec<(f64, f64)> {
    let y = curve.y();
    let left = valleys(y.iter().copied());
    let mut right = valleys(y.iter().rev().copied());
    right.reverse();
    let range =
        y.iter().fold(f64::MIN, |m, &v| m.max(v)) - y.iter().fold(f64::MAX, |m, &v| m.min(v));
    let mut found: Vec<(f64, usize)> = (1..y.len() - 1)
        .filter(|&i| y[i] > y[i - 1] && y[i] >= y[i + 1])
        .map(|i| (y[i] - left[i].max(right[i]), i))
        .filter(|peak| peak.0 > PROMINENCE * range)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(MOST);
    found.sort_by_key(|peak| peak.1);
    found.iter().map(|&(_, i)| (curve.x()[i], y[i])).collect()
}

/// For every value the lowest one since the last higher value (one pass with a stack of descending heights).
fn valleys(y: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut higher: Vec<(f64, f64)> = Vec::new();
    y.map(|height| {
        let mut low = height;
        while let Some(&(before, valley)) = higher.last().filter(|h| h.0 <= height) {
            low = low.min(valley).min(before);
            higher.pop();
        }
        higher.push((height, low));
        low
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Quantity;

    #[test]
    fn hills_not_ripples() {
        let y = vec![0.0, 5.0, 1.0, 1.1, 1.0, 3.0, 3.0, 0.5, 0.6, 0.0];
        let x = (0..y.len()).map(|i| i as f64).collect();
        let curve = Curve::new(x, y, None, Quantity::Vdos).unwrap();
        assert_eq!(peaks(&curve), [(1.0, 5.0), (5.0, 3.0)]);
    }
}
