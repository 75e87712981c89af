//! What the forward map takes in: g(r) itself, or other descriptors of the structure, alone or together.
//!
//! The joint distribution of g and the spectrum, on which inversion and check stand, is always that of
//! [`Descriptor`]. The forward map `y = W f + b` may read more than g: the *features* `f` are blocks of columns
//! side by side, each scaled to the total variance of the first, so that one penalty treats them alike.

use super::{Descriptor, rows};
use crate::error::{Error, Result};
use faer::{Mat, MatRef};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One descriptor of a structure: a block of columns of the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// The joint distribution's own `x(r)`: g or (ρ/ρ̄) g.
    Pairs,
    /// `x(r)²`, bin by bin: still linear in its weights, no longer in g.
    Squares,
    /// The partial functions, `c_a c_b (2 - δ_ab) g_ab` with the mean composition of the set, times (ρ/ρ̄) where x has it.
    Partials,
    /// The bond-angle distribution.
    Adf,
    /// The shares of atoms with 0, 1, 2 … bonded neighbours, species after species.
    Coordination,
    /// Rings of each size per atom.
    Rings,
    /// Betti curves: components, loops and voids of the atoms at each distance, per atom.
    Homology,
}

impl Block {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Pairs,
        Self::Squares,
        Self::Partials,
        Self::Adf,
        Self::Coordination,
        Self::Rings,
        Self::Homology,
    ];

    /// Whether it follows from x alone.
    pub fn of_pairs(self) -> bool {
        matches!(self, Self::Pairs | Self::Squares)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pairs => "rdf",
            Self::Squares => "squares",
            Self::Partials => "partials",
            Self::Adf => "adf",
            Self::Coordination => "coordination",
            Self::Rings => "rings",
            Self::Homology => "homology",
        })
    }
}

/// Rows of the blocks that do not follow from x, as they come.
pub type Added = Vec<(Block, Mat<f64>)>;

/// One block as an operator has it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Which.
    pub block: Block,
    /// Its columns.
    pub columns: usize,
    /// What its numbers are multiplied by.
    pub scale: f64,
}

/// The blocks of an operator's forward map, in the order of the columns of `W`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Features(Vec<Feature>);

/// One set of structures, described.
#[derive(Debug, Clone, Copy)]
pub struct Described<'a> {
    /// The joint distribution's x, a row a structure.
    pub x: MatRef<'a, f64>,
    /// ρ/ρ̄ of each where x has it.
    pub relative_density: Option<&'a [f64]>,
    /// The blocks that do not follow from x.
    pub added: &'a [(Block, Mat<f64>)],
}

impl Features {
    /// x alone, p columns: what operators have unless told otherwise.
    pub fn pairs(columns: usize) -> Self {
        Self(vec![Feature {
            block: Block::Pairs,
            columns,
            scale: 1.0,
        }])
    }

    /// The scales that give every block the total variance of the first over these structures; a block that does not vary keeps 1.
    pub(super) fn new(blocks: &[Block], described: Described<'_>) -> Result<Self> {
        if blocks.is_empty() || blocks == [Block::Pairs] {
            return Ok(Self::pairs(described.x.ncols()));
        }
        if (1..blocks.len()).any(|k| blocks[..k].contains(&blocks[k])) {
            return Err(Error::new("a descriptor is named twice").cure("name each once"));
        }
        let mut first = None;
        let feature = |&block: &Block| {
            let m = described.block(block)?;
            let mean = rows::mean(m.as_ref());
            let spread = rows::sum_of_squares(rows::centred(m.as_ref(), &mean).as_ref()).sqrt();
            let wanted = *first.get_or_insert(spread);
            let scale = wanted / spread;
            Ok(Feature {
                block,
                columns: m.ncols(),
                scale: if scale.is_finite() && scale > 0.0 {
                    scale
                } else {
                    1.0
                },
            })
        };
        blocks.iter().map(feature).collect::<Result<_>>().map(Self)
    }

    /// The blocks.
    pub fn list(&self) -> &[Feature] {
        &self.0
    }

    /// Whether the forward map reads x alone.
    pub fn are_pairs(&self) -> bool {
        self.0.len() == 1 && self.0[0].block == Block::Pairs
    }

    /// Whether they follow from x.
    pub fn of_pairs(&self) -> bool {
        self.0.iter().all(|f| f.block.of_pairs())
    }

    /// The first column of the block that is x itself.
    pub fn first_of_pairs(&self) -> Option<usize> {
        let at = self.0.iter().position(|f| f.block == Block::Pairs)?;
        Some(self.0[..at].iter().map(|f| f.columns).sum())
    }

    /// The names of the blocks joined by `+`, x by that of what it is.
    pub(super) fn named(&self, descriptor: Descriptor) -> String {
        let name = |feature: &Feature| match feature.block {
            Block::Pairs => descriptor.to_string(),
            block => block.to_string(),
        };
        self.0.iter().map(name).collect::<Vec<_>>().join("+")
    }

    /// Columns of `W`.
    pub fn columns(&self) -> usize {
        // What a file says may be any number.
        (self.0.iter()).fold(0, |sum, f| usize::saturating_add(sum, f.columns))
    }

    /// Whether the blocks that follow from an x of p columns have as many.
    pub(super) fn fit(&self, p: usize) -> bool {
        (self.0.iter()).all(|f| !f.block.of_pairs() || f.columns == p)
    }

    /// The rows that `W` acts on (n x columns).
    ///
    /// Errors: a block is missing, or has not as many columns as in training.
    pub fn matrix(&self, described: Described<'_>) -> Result<Mat<f64>> {
        let mut out = Mat::zeros(described.x.nrows(), self.columns());
        let mut first = 0;
        for feature in &self.0 {
            let block = described.block(feature.block)?;
            if (block.nrows(), block.ncols()) != (out.nrows(), feature.columns) {
                return Err(
                    Error::new(format!("the descriptor {} does not fit", feature.block))
                        .because(format!(
                            "{} x {} numbers where {} x {} are expected",
                            block.nrows(),
                            block.ncols(),
                            out.nrows(),
                            feature.columns
                        ))
                        .cure("take it from a dataset with the same species and grids"),
                );
            }
            let mut columns = out.subcols_mut(first, feature.columns);
            columns.copy_from(&block * faer::Scale(feature.scale));
            first += feature.columns;
        }
        Ok(out)
    }
}

impl<'a> Described<'a> {
    /// By x alone.
    pub fn pairs(x: MatRef<'a, f64>) -> Self {
        Self {
            x,
            relative_density: None,
            added: &[],
        }
    }

    fn block(&self, block: Block) -> Result<Mat<f64>> {
        match block {
            Block::Pairs => return Ok(self.x.to_owned()),
            Block::Squares => {
                return Ok(Mat::from_fn(self.x.nrows(), self.x.ncols(), |i, j| {
                    self.x[(i, j)].powi(2)
                }));
            }
            _ => {}
        }
        let found = self.added.iter().find(|(b, _)| *b == block);
        let (_, m) = found.ok_or_else(|| {
            Error::new(format!("the descriptor {block} is not at hand"))
                .because("it does not follow from g(r)")
                .cure("give a dataset folder, which holds it")
        })?;
        Ok(match (block, self.relative_density) {
            (Block::Partials, Some(density)) => {
                Mat::from_fn(m.nrows(), m.ncols(), |i, j| density[i] * m[(i, j)])
            }
            _ => m.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described<'a>(x: &'a Mat<f64>, added: &'a [(Block, Mat<f64>)]) -> Described<'a> {
        Described {
            x: x.as_ref(),
            relative_density: None,
            added,
        }
    }

    fn spread(m: MatRef<'_, f64>) -> f64 {
        rows::sum_of_squares(rows::centred(m, &rows::mean(m)).as_ref())
    }

    #[test]
    fn blocks_stand_side_by_side_with_equal_variance() {
        let x = Mat::from_fn(6, 3, |i, j| ((i * 5 + j * 3) as f64).sin());
        let added = [(Block::Adf, Mat::from_fn(6, 2, |i, j| (40 * i + j) as f64))];
        let blocks = [Block::Pairs, Block::Squares, Block::Adf];
        let features = Features::new(&blocks, described(&x, &added)).unwrap();
        assert_eq!(features.named(Descriptor::RhoRdf), "rho-rdf+squares+adf");
        let m = features.matrix(described(&x, &added)).unwrap();
        assert_eq!((m.nrows(), m.ncols()), (6, 8));
        let of_x = spread(x.as_ref());
        for (first, columns) in [(0, 3), (3, 3), (6, 2)] {
            let ratio = spread(m.subcols(first, columns)) / of_x;
            assert!((ratio - 1.0).abs() < 1e-12, "{ratio}");
        }
        assert_eq!(m.subcols(0, 3), x);
    }

    #[test]
    fn what_is_missing_or_misshapen_is_named() {
        let x = Mat::from_fn(4, 3, |i, j| (i + j) as f64);
        let none = described(&x, &[]);
        let e = Features::new(&[Block::Adf], none).unwrap_err().to_string();
        assert!(e.contains("adf is not at hand"), "{e}");
        let e = Features::new(&[Block::Pairs, Block::Pairs], none).unwrap_err();
        assert!(e.to_string().contains("twice"));
        let e = Features::pairs(2).matrix(none).unwrap_err().to_string();
        assert!(e.contains("does not fit"), "{e}");
    }
}
