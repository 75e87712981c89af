//! Evenly spread settings for the samples of a set: a Sobol sequence.

use crate::atoms::disorder::random;
use rand::RngExt;

/// Number of settings that can be drawn for one sample.
pub(super) const DIMENSIONS: usize = 13;
const BITS: usize = 32;
/// 2 to that power.
const RANGE: f64 = 4_294_967_296.0;

/// Primitive polynomials (degree, inner coefficients) and first direction numbers of the dimensions after the first:
/// S. Joe and F. Y. Kuo, *SIAM J. Sci. Comput.* **30**, 2635 (2008), table "new-joe-kuo-6".
const DIRECTIONS: [(usize, u32, &[u32]); DIMENSIONS - 1] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
];

/// Point `index` of the sequence, in [0, 1) along each dimension, shifted bit by bit by the seed: any first n points fill
/// the ranges about as evenly as n points can, whatever n will be in the end.
pub(super) fn point(seed: u64, index: usize) -> [f64; DIMENSIONS] {
    // A stream of its own: those of the samples are their indices.
    let mut shift = random(seed, u64::MAX);
    std::array::from_fn(|k| {
        let bits = coordinate(k, index as u32) ^ shift.random::<u32>();
        f64::from(bits) / RANGE
    })
}

/// Coordinate k of a point, as a binary fraction of 2³², in the order of the Gray code.
fn coordinate(k: usize, index: u32) -> u32 {
    let gray = index ^ (index >> 1);
    let numbers = direction_numbers(k);
    (0..BITS)
        .filter(|&bit| gray >> bit & 1 == 1)
        .fold(0, |x, bit| x ^ numbers[bit])
}

fn direction_numbers(k: usize) -> [u32; BITS] {
    let mut v = [0_u32; BITS];
    if k == 0 {
        return std::array::from_fn(|i| 1 << (BITS - 1 - i));
    }
    let (degree, coefficients, first) = DIRECTIONS[k - 1];
    for i in 0..BITS {
        v[i] = if i < degree {
            first[i] << (BITS - 1 - i)
        } else {
            let mut next = v[i - degree] ^ (v[i - degree] >> degree);
            for j in 1..degree {
                if coefficients >> (degree - 1 - j) & 1 == 1 {
                    next ^= v[i - j];
                }
            }
            next
        };
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_those_of_scipy() {
        // scipy 1.x: qmc.Sobol(13, scramble=False).random(64)[[1, 5, 37]] in 64ths.
        let expected: [(u32, [u32; DIMENSIONS]); 3] = [
            (1, [32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32]),
            (5, [56, 56, 8, 24, 56, 40, 56, 24, 24, 8, 24, 56, 56]),
            (37, [59, 41, 37, 59, 49, 19, 11, 51, 39, 11, 1, 5, 37]),
        ];
        for (index, point) in expected {
            for (k, p) in point.into_iter().enumerate() {
                assert_eq!(coordinate(k, index), p << (BITS - 6), "{index} {k}");
            }
        }
    }

    #[test]
    fn every_dimension_of_a_set_is_stratified() {
        for k in 0..DIMENSIONS {
            let mut strata = [0; 16];
            for index in 0..256 {
                strata[(16.0 * point(7, index)[k]) as usize] += 1;
            }
            assert_eq!(strata, [16; 16]);
        }
        assert!((point(7, 0)[0] - point(8, 0)[0]).abs() > 1e-6);
    }
}
