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
    let bad = |why: String| {
        Error::new("this is not a float64 .npy array")
            .because(why)
            .cure("write it with numpy.save(path, array.astype('float64'))")
    };
    let shape = stated_shape(bytes).ok_or_else(|| bad("its header is not numpy's".into()))?;
    let (rows, columns) = match shape[..] {
        [m] => (1, m),
        [n, m] => (n, m),
        _ => return Err(bad(format!("it has {} dimensions", shape.len()))),
    };
    let wanted = rows.checked_mul(columns).and_then(|n| n.checked_mul(8));
    let unvouched = wanted == Some(0) && rows.max(columns) > LARGEST_EMPTY;
    if unvouched || wanted.is_none_or(|w| w > bytes.len() as u64) {
        return Err(bad(format!(
            "its header promises {rows} x {columns} numbers, but the file is shorter"
        )));
    }
    if rows < PADDED_ROWS && columns > MOST_SHORT_COLUMNS {
        return Err(bad(format!(
            "it has {columns} columns in {rows} rows, the limit is {MOST_SHORT_COLUMNS}"
        )));
    }
    let file = NpyFile::new(bytes).map_err(|e| bad(e.to_string()))?;
    let order = file.order();
    let values: Vec<f64> = file
        .data::<f64>()
        .map_err(|e| bad(e.to_string()))?
        .collect::<std::io::Result<_>>()
        .map_err(|e| bad(e.to_string()))?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
