//! Arrays of a dataset read a block of rows at a time: sets larger than memory.

use super::store::{Dataset, changed};
use crate::error::{Error, Result};
use crate::io::npy::Rows;
use faer::{Mat, Scale};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

/// Rows read at a time: a few MB, and several times the columns, so that a factorisation of a block is not mostly overhead.
const ROWS: usize = 2048;

/// The weighted sum of some arrays (partial functions, or one alone), block after block.
///
/// Ends with an error if a file is not what it was when it was made.
#[derive(Debug)]
pub struct Blocks {
    arrays: Vec<Array>,
    over: bool,
}

#[derive(Debug)]
struct Array {
    rows: Rows<Hashing>,
    weight: f64,
    path: PathBuf,
    checksum: String,
}

/// A reader that knows the hash of what it has read.
#[derive(Debug)]
struct Hashing {
    file: BufReader<File>,
    hash: blake3::Hasher,
}

impl Read for Hashing {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(into)?;
        self.hash.update(&into[..count]);
        Ok(count)
    }
}

impl Dataset {
    /// The sum of weight times array over the named arrays of equal columns, all samples.
    ///
    /// Errors: an array is missing, or its file is not one of the dataset's shape.
    pub fn blocks(&self, arrays: &[(String, f64)]) -> Result<Blocks> {
        let open = |(name, weight): &(String, f64)| {
            let (quantity, path) = self.file(name)?;
            let bins = self.axis(name)?.grid.len();
            let file = File::open(&path).map_err(|e| Error::io(&path, "read the file", &e))?;
            let reader = Hashing {
                file: BufReader::new(file),
                hash: blake3::Hasher::new(),
            };
            let rows = Rows::new(reader, bins).map_err(|e| e.at(&path))?;
            if rows.shape() != (self.names().len() as u64, bins) {
                return Err(Error::new("an array does not fit the dataset").at(&path));
            }
            Ok(Array {
                rows,
                weight: *weight,
                path,
                checksum: quantity.checksum.clone(),
            })
        };
        Ok(Blocks {
            arrays: arrays.iter().map(open).collect::<Result<_>>()?,
            over: false,
        })
    }

    /// The named samples (in ascending order) of such a sum, without reading any array whole.
    pub fn rows(&self, arrays: &[(String, f64)], which: &[usize]) -> Result<Mat<f64>> {
        let mut wanted = which.iter().copied().enumerate().peekable();
        let mut picked = None;
        let mut first = 0;
        for block in self.blocks(arrays)? {
            let block = block?;
            let into = picked.get_or_insert_with(|| Mat::zeros(which.len(), block.ncols()));
            let next = first + block.nrows();
            while let Some((k, i)) = wanted.next_if(|(_, i)| *i < next) {
                into.row_mut(k).copy_from(block.row(i - first));
            }
            first = next;
        }
        Ok(picked.unwrap_or_else(|| Mat::zeros(which.len(), 0)))
    }
}

impl Blocks {
    /// The next block; none after the last, when every file has proved to be whole.
    fn read(&mut self) -> Result<Option<Mat<f64>>> {
        let mut sum: Option<Mat<f64>> = None;
        for array in &mut self.arrays {
            let block = array.rows.next(ROWS).map_err(|e| e.at(&array.path))?;
            let Some(block) = block else {
                let hash = array.rows.reader().hash.finalize().to_hex();
                if hash.as_str() != array.checksum {
                    return Err(changed(&array.path));
                }
                continue;
            };
            let part = block * Scale(array.weight);
            sum = Some(match sum {
                None => part,
                Some(sum) => sum + part,
            });
        }
        Ok(sum)
    }
}

impl Iterator for Blocks {
    type Item = Result<Mat<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let block = self.read().transpose();
        self.over = !matches!(block, Some(Ok(_)));
        block
    }
}
