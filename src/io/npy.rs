//! The `.npy` of `numpy`: float64 arrays of one or two dimensions.

use crate::error::{Error, Result};
use faer::{Mat, MatRef};
use npyz::{NpyFile, Order, WriterBuilder};
use std::io::{Read, Write};

/// Longest header taken; numpy's own of a float64 array has 128 bytes.
const LONGEST_HEADER: usize = 1024;
/// Largest side of an array without numbers, which no byte of the file vouches for.
const LARGEST_EMPTY: u64 = 1 << 20;
/// Rows to which faer pads a column of float64 (64 bytes): a vector held as one row takes eight times its size.
const PADDED_ROWS: u64 = 8;
/// Most columns of an array of fewer rows than that, so that it takes at most 1 GiB.
const MOST_SHORT_COLUMNS: u64 = (1 << 30) / (8 * PADDED_ROWS);

/// Writes a matrix in C order.
pub fn write_matrix(out: &mut (impl Write + ?Sized), matrix: MatRef<'_, f64>) -> Result<()> {
    let shape = [matrix.nrows() as u64, matrix.ncols() as u64];
    let values = (0..matrix.nrows()).flat_map(|i| (0..matrix.ncols()).map(move |j| matrix[(i, j)]));
    write(out, &shape, values)
}

/// Writes a one-dimensional array.
pub fn write_vector(out: &mut (impl Write + ?Sized), values: &[f64]) -> Result<()> {
    write(out, &[values.len() as u64], values.iter().copied())
}

fn write(
    out: &mut (impl Write + ?Sized),
    shape: &[u64],
    values: impl IntoIterator<Item = f64>,
) -> Result<()> {
    let failed = |e: std::io::Error| Error::new("cannot write an array").because(e.to_string());
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .writer(out)
        .begin_nd()
        .map_err(failed)?;
    writer.extend(values).map_err(failed)?;
    writer.finish().map_err(failed)
}

/// Reads a float64 array from bytes: a matrix, or a vector as a matrix of one row.
///
/// The length stated in the header is compared with the bytes that are there before anything is allocated.
pub fn read_matrix(bytes: &[u8]) -> Result<Mat<f64>> {
    let shape = stated_shape(bytes).ok_or_else(|| bad("its header is not numpy's"))?;
    let (rows, columns) = match shape[..] {
        [m] => (1, m),
        [n, m] => (n, m),
        _ => return Err(bad(&format!("it has {} dimensions", shape.len()))),
    };
    let wanted = rows.checked_mul(columns).and_then(|n| n.checked_mul(8));
    let unvouched = wanted == Some(0) && rows.max(columns) > LARGEST_EMPTY;
    if unvouched || wanted.is_none_or(|w| w > bytes.len() as u64) {
        return Err(bad(&format!(
            "its header promises {rows} x {columns} numbers, but the file is shorter"
        )));
    }
    if rows < PADDED_ROWS && columns > MOST_SHORT_COLUMNS {
        return Err(bad(&format!(
            "it has {columns} columns in {rows} rows, the limit is {MOST_SHORT_COLUMNS}"
        )));
    }
    let file = NpyFile::new(bytes).map_err(|e| bad(&e.to_string()))?;
    let order = file.order();
    let values: Vec<f64> = file
        .data::<f64>()
        .map_err(|e| bad(&e.to_string()))?
        .collect::<std::io::Result<_>>()
        .map_err(|e| bad(&e.to_string()))?;
    let (rows, columns) = (rows as usize, columns as usize);
    Ok(Mat::from_fn(rows, columns, |i, j| match order {
        Order::C => values[i * columns + j],
        Order::Fortran => values[j * rows + i],
    }))
}

/// The shape in the header, read before npyz sees it: npyz multiplies the sides without a check, allocates the length
/// the file states for its header, and parses it by recursion.
fn stated_shape(bytes: &[u8]) -> Option<Vec<u64>> {
    let (version, rest) = bytes.strip_prefix(b"\x93NUMPY")?.split_first_chunk::<2>()?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk()?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let header = rest.get(..length).filter(|h| h.len() <= LONGEST_HEADER)?;
    let header = std::str::from_utf8(header).ok()?;
    // A second key 'shape', open or in escapes, would have the last word in npyz.
    let plain = !header.contains('\\') && header.matches("shape").count() == 1;
    let (_, after) = header.split_once("shape").filter(|_| plain)?;
    let (sides, _) = after.split_once('(')?.1.split_once(')')?;
    let sides = sides.split(',').map(str::trim).filter(|n| !n.is_empty());
    sides.map(|n| n.parse().ok()).collect()
}

/// Reads everything from a reader of at most `limit` bytes, then the array.
pub fn read_matrix_from(reader: impl Read, limit: u64) -> Result<Mat<f64>> {
    let mut bytes = Vec::new();
    reader
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::new("cannot read the array").because(e.to_string()))?;
    read_matrix(&bytes)
}

/// The rows of a float64 matrix in C order, a block at a time: memory for one block, however long the file.
#[derive(Debug)]
pub struct Rows<R> {
    reader: R,
    columns: usize,
    left: u64,
}

impl<R: Read> Rows<R> {
    /// Reads the header.
    ///
    /// Errors: it is not that of a float64 matrix in C order with at most `most` columns.
    pub fn new(mut reader: R, most: usize) -> Result<Self> {
        let header = header(&mut reader)?;
        let shape = stated_shape(&header).ok_or_else(|| bad("its header is not numpy's"))?;
        let &[rows, columns] = shape.as_slice() else {
            return Err(bad(&format!("it has {} dimensions", shape.len())));
        };
        if columns == 0 || columns > most as u64 {
            return Err(bad(&format!("it has {columns} columns, not 1 to {most}")));
        }
        let file = NpyFile::new(header.as_slice()).map_err(|e| bad(&e.to_string()))?;
        if file.order() != Order::C || file.dtype().descr() != "'<f8'" {
            return Err(bad("its numbers are not float64, row after row"));
        }
        Ok(Self {
            reader,
            columns: columns as usize,
            left: rows,
        })
    }

    /// Rows that are left, and columns.
    pub fn shape(&self) -> (u64, usize) {
        (self.left, self.columns)
    }

    /// What it reads from; at its end once all rows are read.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// The next rows, at most `most`; none after the last.
    pub fn next(&mut self, most: usize) -> Result<Option<Mat<f64>>> {
        let count = self.left.min(most as u64) as usize;
        if count == 0 {
            return Ok(None);
        }
        self.left -= count as u64;
        let mut bytes = vec![0; 8 * self.columns];
        let mut block = Mat::zeros(count, self.columns);
        for i in 0..count {
            (self.reader.read_exact(&mut bytes)).map_err(|e| bad(&e.to_string()))?;
            for (j, number) in bytes.as_chunks().0.iter().enumerate() {
                block[(i, j)] = f64::from_le_bytes(*number);
            }
        }
        Ok(Some(block))
    }
}

fn bad(why: &str) -> Error {
    Error::new("this is not a float64 .npy array")
        .because(why)
        .cure("write it with numpy.save(path, array.astype('float64'))")
}

/// The bytes before the numbers.
fn header(reader: &mut impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, to: usize| {
        let from = bytes.len();
        bytes.resize(to, 0);
        (reader.read_exact(&mut bytes[from..])).map_err(|e| bad(&e.to_string()))
    };
    more(&mut bytes, 10)?;
    let length = if bytes[6] == 1 {
        10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))
    } else {
        more(&mut bytes, 12)?;
        12 + u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize
    };
    if length > 12 + LONGEST_HEADER {
        return Err(bad("its header is not numpy's"));
    }
    more(&mut bytes, length)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_blocks_and_a_short_file_is_refused() {
        let m = Mat::from_fn(7, 3, |i, j| (i as f64 + 0.1) / (j as f64 + 0.3));
        let mut bytes = Vec::new();
        write_matrix(&mut bytes, m.as_ref()).unwrap();
        let mut rows = Rows::new(bytes.as_slice(), 3).unwrap();
        for (first, count) in [(0, 3), (3, 3), (6, 1)] {
            let block = rows.next(3).unwrap().unwrap();
            assert_eq!(block, m.subrows(first, count));
        }
        assert!(rows.next(3).unwrap().is_none());
        assert!(Rows::new(bytes.as_slice(), 2).is_err());
        assert!(Rows::new(&bytes[..40], 3).is_err());
        let mut short = Rows::new(&bytes[..bytes.len() - 4], 3).unwrap();
        assert!(short.next(7).is_err());
    }

    #[test]
    fn matrices_come_back_bit_for_bit() {
        let m = Mat::from_fn(3, 4, |i, j| (i as f64 + 0.1) / (j as f64 + 0.3));
        let mut bytes = Vec::new();
        write_matrix(&mut bytes, m.as_ref()).unwrap();
        assert_eq!(read_matrix(&bytes).unwrap(), m);
    }

    #[test]
    fn short_foreign_and_lying_files_are_refused() {
        let mut bytes = Vec::new();
        write_matrix(&mut bytes, Mat::<f64>::zeros(3, 4).as_ref()).unwrap();
        assert!(read_matrix(&bytes[..bytes.len() - 8]).is_err());
        assert!(read_matrix(b"hello").is_err());
        let text = String::from_utf8_lossy(&bytes).replace("(3, 4)", "(99999999, 9)");
        assert!(read_matrix(text.as_bytes()).is_err());
    }

    fn headed(version: u8, length: u32, header: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        let width = if version == 1 { 2 } else { 4 };
        bytes.extend(&length.to_le_bytes()[..width]);
        bytes.extend(header.as_bytes());
        bytes
    }

    /// Sides whose product overflows or is zero, a header of 4 GiB, a deep one, and one with two shapes.
    #[test]
    fn hostile_headers_are_refused() {
        let of_shape = |shape: &str| {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n");
            headed(1, header.len() as u32, &header)
        };
        assert!(read_matrix(&of_shape("(0, 250)")).is_ok());
        let largest = u64::MAX;
        for shape in [
            "(4294967296, 4294967296)".to_owned(),
            format!("(0, {largest})"),
            format!("({largest}, 0)"),
            format!("({largest},)"),
            "(1, 1), 'shape': (0x7fffffffffffffff, 0x7fffffffffffffff)".to_owned(),
            "(1, 1), 'sh\\x61pe': (4294967296, 4294967296)".to_owned(),
            "(-3, 4)".to_owned(),
        ] {
            assert!(read_matrix(&of_shape(&shape)).is_err(), "{shape}");
        }
        assert!(read_matrix(&headed(2, u32::MAX, "{}")).is_err());
        assert!(read_matrix(&headed(1, 60_000, &"(".repeat(60_000))).is_err());
        let deep = format!("{{'shape': (1, 1), 'a': {}", "(".repeat(900));
        assert!(read_matrix(&headed(1, deep.len() as u32, &deep)).is_err());
    }
}
