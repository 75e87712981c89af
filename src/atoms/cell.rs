//! The box the atoms live in.

use crate::error::{Error, Result};

/// Smallest |det| of the cell relative to the product of its edge lengths: below it (edges within about
/// a millionth of a radian of one plane) fractional coordinates lose more digits than forces can spare.
const FLATNESS: f64 = 1e-6;

/// Three edge vectors, each of which may or may not repeat. Either handedness is fine.
///
/// ```
/// use glassbridge::atoms::cell::Cell;
/// let graphene = Cell::new(
///     [[2.46, 0.0, 0.0], [0.0, 4.26, 0.0], [0.0, 0.0, 20.0]],
///     [true, true, false],
/// )?;
/// assert_eq!(graphene.dimensions(), 2);
/// assert!((graphene.measure() - 2.46 * 4.26).abs() < 1e-12); // an area, in Å²
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    vectors: [[f64; 3]; 3],
    periodic: [bool; 3],
    /// Row k dotted with a position is its k-th fractional coordinate (1/Å).
    reciprocal: [[f64; 3]; 3],
    volume: f64,
}

impl Cell {
    /// A cell with edges `vectors` (rows, Å); refused if they are not finite or (nearly) in one plane.
    ///
    /// A direction that does not repeat still needs an edge vector: it sets the coordinates along it.
    pub fn new(vectors: [[f64; 3]; 3], periodic: [bool; 3]) -> Result<Self> {
        let [a, b, c] = vectors;
        let normals = [cross(b, c), cross(c, a), cross(a, b)];
        let signed = dot(a, normals[0]);
        let edges = norm(a) * norm(b) * norm(c);
        if !(edges.is_finite() && signed.is_finite() && signed.abs() > FLATNESS * edges) {
            return Err(Error::new("the cell has no volume")
                .because(format!(
                    "its edges are {a:?}, {b:?} and {c:?} Å, which span {signed} Å^3"
                ))
                .cure("give three finite edge vectors that do not lie in one plane"));
        }
        Ok(Self {
            vectors,
            periodic,
            reciprocal: normals.map(|n| n.map(|x| x / signed)),
            volume: signed.abs(),
        })
    }

    /// A rectangular cell with these edge lengths (Å), repeating in all directions.
    pub fn orthorhombic(edges: [f64; 3]) -> Result<Self> {
        let [a, b, c] = edges;
        Self::new([[a, 0.0, 0.0], [0.0, b, 0.0], [0.0, 0.0, c]], [true; 3])
    }

    /// The edge vectors as rows, Å.
    pub fn vectors(&self) -> &[[f64; 3]; 3] {
        &self.vectors
    }

    /// Which directions repeat.
    pub fn periodic(&self) -> [bool; 3] {
        self.periodic
    }

    /// Volume of the box in Å³, whichever directions repeat.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// The number of directions that repeat.
    pub fn dimensions(&self) -> usize {
        self.periodic.iter().filter(|&&p| p).count()
    }

    /// What a number density is counted in: volume (Å³) if three directions or none repeat, else the area (Å²)
    /// or length (Å) spanned by those that do.
    pub fn measure(&self) -> f64 {
        let spanned: Vec<_> = (0..3).filter(|&k| self.periodic[k]).collect();
        match spanned[..] {
            [k] => norm(self.vectors[k]),
            [k, l] => norm(cross(self.vectors[k], self.vectors[l])),
            _ => self.volume,
        }
    }

    /// Fractional coordinates of a position in Å.
    pub fn fractional(&self, position: [f64; 3]) -> [f64; 3] {
        self.reciprocal.map(|row| dot(row, position))
    }

    /// Position in Å of fractional coordinates.
    pub fn cartesian(&self, fractional: [f64; 3]) -> [f64; 3] {
        let [a, b, c] = self.vectors;
        let [u, v, w] = fractional;
        std::array::from_fn(|k| u * a[k] + v * b[k] + w * c[k])
    }

    /// The shortest of the periodic images of a vector between two atoms, for cells that are not very skew: among those next to the cell.
    pub fn nearest(&self, vector: [f64; 3]) -> [f64; 3] {
        let folded = self.fractional(vector);
        let home: [f64; 3] = std::array::from_fn(|k| {
            folded[k]
                - if self.periodic[k] {
                    folded[k].round()
                } else {
                    0.0
                }
        });
        let turns = |k: usize| if self.periodic[k] { -1..=1 } else { 0..=0 };
        let mut best = self.cartesian(home);
        for (a, b, c) in
            turns(0).flat_map(|a| turns(1).flat_map(move |b| turns(2).map(move |c| (a, b, c))))
        {
            let turned = [a, b, c].map(f64::from);
            let image = self.cartesian(std::array::from_fn(|k| home[k] + turned[k]));
            if dot(image, image) < dot(best, best) - 1e-12 {
                best = image;
            }
        }
        best
    }

    /// The image of `position` inside the cell; directions that do not repeat are left alone.
    pub fn wrap(&self, position: [f64; 3]) -> [f64; 3] {
        let fractional = self.fractional(position);
        let mut turns = [0.0; 3];
        for k in 0..3 {
            if self.periodic[k] {
                turns[k] = -fractional[k].floor();
            }
        }
        add(position, self.cartesian(turns))
    }

    /// Distances in Å between opposite faces.
    pub fn heights(&self) -> [f64; 3] {
        self.reciprocal.map(|row| 1.0 / norm(row))
    }
}

/// a · b.
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// |a|.
pub(crate) fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

/// a × b.
pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// a + b.
pub(crate) fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] + b[k])
}

/// a - b.
pub(crate) fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn skew() -> Cell {
        // Left-handed on purpose.
        Cell::new(
            [[0.3, 6.0, 0.2], [5.0, 0.4, -0.1], [1.0, -2.0, 7.0]],
            [true; 3],
        )
        .unwrap()
    }

    #[test]
    fn flat_and_infinite_cells_are_refused() {
        let flat = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1e-9]];
        assert!(Cell::new(flat, [true; 3]).is_err());
        assert!(Cell::orthorhombic([1.0, f64::NAN, 1.0]).is_err());
        assert!(Cell::orthorhombic([1.0, f64::INFINITY, 1.0]).is_err());
        assert!(Cell::orthorhombic([1.0, 0.0, 1.0]).is_err());
    }

    #[test]
    fn heights_and_volume_of_a_skew_cell() {
        let cell = skew();
        let [a, b, _] = *cell.vectors();
        assert!((cell.heights()[2] * norm(cross(a, b)) - cell.volume()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn wrapping_moves_by_whole_edges_into_the_cell(p in proptest::array::uniform3(-50.0..50.0_f64)) {
            let cell = skew();
            let wrapped = cell.wrap(p);
            for f in cell.fractional(wrapped) {
                prop_assert!((-1e-12..1.0 + 1e-12).contains(&f));
            }
            for f in cell.fractional(sub(p, wrapped)) {
                prop_assert!((f - f.round()).abs() < 1e-12);
            }
            for (x, y) in cell.cartesian(cell.fractional(p)).into_iter().zip(p) {
                prop_assert!((x - y).abs() < 1e-11);
            }
        }
    }
}
