//! The wavevectors that fit into a periodic cell, in shells of |Q|.

use crate::atoms::cell::{Cell, cross, dot, norm, sub};
use crate::error::{Error, Result};
use std::f64::consts::TAU;

/// Points of the lattice that are looked at; more are a cell far too large for the Q asked for.
const MOST_POINTS: f64 = 5e7;

/// Wavevectors of about one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Shell {
    /// Mean |Q|, 1/Å.
    pub q: f64,
    /// The vectors, 1/Å; of Q and -Q, which scatter alike, one.
    pub vectors: Vec<[f64; 3]>,
}

/// The wavevectors `Q = 2π (h b₁ + k b₂ + l b₃)` of a cell with `low <= |Q| <= high` (1/Å), shortest first, of Q and -Q one.
/// Along directions that do not repeat Q is zero: of a sheet they lie in its plane.
///
/// Errors: a range that is none; more vectors than can be counted.
pub fn vectors(cell: &Cell, low: f64, high: f64) -> Result<Vec<[f64; 3]>> {
    if !(low >= 0.0 && high >= low && high.is_finite()) {
        return Err(Error::new(format!(
            "there are no wavevectors from {low} to {high} 1/Å"
        )));
    }
    let rows = basis(cell);
    let most = bounds(cell, high);
    let points: f64 = most.iter().map(|n| f64::from(2 * n + 1)).product();
    if points > MOST_POINTS {
        return Err(Error::new(format!(
            "up to {high} 1/Å this cell has {points:.1e} wavevectors to look at"
        ))
        .cure("ask for smaller Q"));
    }
    let mut found = Vec::new();
    for h in 0..=most[0] {
        for k in -most[1]..=most[1] {
            for l in -most[2]..=most[2] {
                if !is_first_of_pair([h, k, l]) {
                    continue;
                }
                let q = std::array::from_fn(|a| {
                    f64::from(h) * rows[0][a]
                        + f64::from(k) * rows[1][a]
                        + f64::from(l) * rows[2][a]
                });
                if (low..=high).contains(&norm(q)) {
                    found.push(q);
                }
            }
        }
    }
    found.sort_by(|a, b| norm(*a).total_cmp(&norm(*b)));
    Ok(found)
}

/// The smallest |Q| that fits into the cell, 2π/L.
pub fn least(cell: &Cell) -> f64 {
    let rows = basis(cell);
    let repeating = rows.into_iter().filter(|b| norm(*b) > 0.0);
    repeating.map(norm).fold(f64::INFINITY, f64::min)
}

/// `count` shells from [`least`] to `q_max` that touch, each with at most `most` vectors, spread evenly over those it has; shells
/// without any are left out.
pub fn shells(cell: &Cell, q_max: f64, count: usize, most: usize) -> Result<Vec<Shell>> {
    let least = least(cell);
    if !(q_max > least && q_max.is_finite()) || count == 0 || most == 0 {
        return Err(Error::new(format!(
            "{count} shells of {most} wavevectors up to {q_max} 1/Å are not possible"
        ))
        .because(format!(
            "the smallest |Q| that fits into the cell is {least:.4} 1/Å"
        )));
    }
    // A hair below, so that rounding does not lose the first.
    let (start, step) = (
        0.999_999 * least,
        (q_max - 0.999_999 * least) / count as f64,
    );
    let mut parts = vec![Vec::new(); count];
    for q in vectors(cell, start, q_max)? {
        let at = ((norm(q) - start) / step) as usize;
        parts[at.min(count - 1)].push(q);
    }
    let of = |vectors: Vec<[f64; 3]>| {
        let vectors = spread(vectors, most);
        let sum: f64 = vectors.iter().map(|q| norm(*q)).sum();
        Shell {
            q: sum / vectors.len() as f64,
            vectors,
        }
    };
    let filled = parts.into_iter().filter(|p| !p.is_empty());
    Ok(filled.map(of).collect())
}

/// The wavevectors within `half_width` of `q`, at most `most`, spread evenly.
///
/// Errors: there is none, with the nearest that the cell has.
pub fn shell(cell: &Cell, q: f64, half_width: f64, most: usize) -> Result<Shell> {
    let all = vectors(cell, (q - half_width).max(1e-9), q + half_width)?;
    if all.is_empty() {
        return Err(Error::new(format!(
            "no wavevector of the cell is within {half_width} of Q = {q} 1/Å"
        ))
        .because(format!(
            "the smallest that fits is 2π/L = {:.4} 1/Å",
            least(cell)
        ))
        .cure("take a larger Q or a wider shell"));
    }
    let vectors = spread(all, most.max(1));
    let sum: f64 = vectors.iter().map(|q| norm(*q)).sum();
    Ok(Shell {
        q: sum / vectors.len() as f64,
        vectors,
    })
}

/// At most so many, at equal distances in the list, so that all lengths are there; the same each time.
fn spread(vectors: Vec<[f64; 3]>, most: usize) -> Vec<[f64; 3]> {
    let count = vectors.len();
    if count <= most {
        return vectors;
    }
    (0..most)
        .map(|k| vectors[(2 * k + 1) * count / (2 * most)])
        .collect()
}

/// `2π b` of each direction that repeats; zero along the others. Those of a sheet lie in its plane.
fn basis(cell: &Cell) -> [[f64; 3]; 3] {
    let edges = cell.vectors();
    let repeats = cell.periodic();
    // Directions that do not repeat are replaced by ones at right angles to those that do.
    let mut used = *edges;
    let repeating: Vec<usize> = (0..3).filter(|&k| repeats[k]).collect();
    match repeating[..] {
        [k, l] => used[3 - k - l] = cross(edges[k], edges[l]),
        [k] => {
            let a = edges[k];
            let along = |v: [f64; 3]| {
                let part = dot(v, a) / dot(a, a);
                sub(v, a.map(|x| part * x))
            };
            for l in (0..3).filter(|l| *l != k) {
                used[l] = along(edges[l]);
            }
        }
        _ => {}
    }
    let [a, b, c] = used;
    let volume = dot(a, cross(b, c));
    let mut rows = [cross(b, c), cross(c, a), cross(a, b)].map(|n| n.map(|x| TAU * x / volume));
    for k in 0..3 {
        if !repeats[k] {
            rows[k] = [0.0; 3];
        }
    }
    rows
}

/// The largest index along each direction: `Q·a = 2πh`.
fn bounds(cell: &Cell, high: f64) -> [i32; 3] {
    let repeats = cell.periodic();
    std::array::from_fn(|k| {
        if repeats[k] {
            (high * norm(cell.vectors()[k]) / TAU + 1e-9).min(1e9) as i32
        } else {
            0
        }
    })
}

/// Whether the first index that is not zero is positive.
fn is_first_of_pair(indices: [i32; 3]) -> bool {
    indices.into_iter().find(|n| *n != 0).is_some_and(|n| n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cube_has_the_shells_of_the_simple_cubic_lattice() {
        let cell = Cell::orthorhombic([10.0; 3]).unwrap();
        let q = TAU / 10.0;
        assert!((least(&cell) - q).abs() < 1e-12);
        // Half of 6, 12, 8, 6, 24 vectors of squared length 1, 2, 3, 4, 5.
        for (n, half) in [(1.0_f64, 3), (2.0, 6), (3.0, 4), (4.0, 3), (5.0, 12)] {
            let shell = shell(&cell, n.sqrt() * q, 1e-9, 100).unwrap();
            assert_eq!(shell.vectors.len(), half, "{n}");
        }
        let all = vectors(&cell, 0.5 * q, 5.0 * q).unwrap();
        // 4/3 π 5³ less the origin, in pairs: 257 of 514 points within 5.
        assert_eq!(all.len(), 257);
    }

    #[test]
    fn wavevectors_of_a_skew_cell_fit_into_it() {
        let edges = [[6.0, 0.3, 0.2], [1.0, 5.0, -0.1], [1.0, -2.0, 7.0]];
        let cell = Cell::new(edges, [true; 3]).unwrap();
        for q in vectors(&cell, 0.0, 3.0).unwrap() {
            for a in edges {
                let turns = dot(q, a) / TAU;
                assert!((turns - turns.round()).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn those_of_a_sheet_lie_in_its_plane() {
        let edges = [[2.46, 0.0, 0.0], [1.0, 4.26, 0.0], [0.5, 0.0, 20.0]];
        let cell = Cell::new(edges, [true, true, false]).unwrap();
        let all = vectors(&cell, 0.1, 6.0).unwrap();
        assert!(!all.is_empty() && all.iter().all(|q| q[2] == 0.0));
        assert!((dot(all[0], edges[1]) / TAU).fract().abs() < 1e-9);
    }

    #[test]
    fn shells_hold_no_more_than_asked_for() {
        let cell = Cell::orthorhombic([12.0, 13.0, 14.0]).unwrap();
        let found = shells(&cell, 4.0, 20, 9).unwrap();
        assert!(found.iter().all(|s| (1..=9).contains(&s.vectors.len())));
        assert!(found.windows(2).all(|w| w[0].q < w[1].q));
        assert!(shell(&cell, 0.2, 0.01, 9).is_err() && shells(&cell, 0.1, 5, 5).is_err());
    }
}
