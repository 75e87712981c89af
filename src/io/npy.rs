//! The `.npy` of `numpy`: float64 arrays of one or two dimensions.

use crate::error::{Error, Result};
use faer::{Mat, MatRef};
use npyz::{NpyFile, Order, WriterBuilder};
use std::io::{Read, Write};

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
    let file = NpyFile::new(bytes).map_err(|e| bad(e.to_string()))?;
    let (rows, columns) = match *file.shape() {
        [m] => (1, m),
        [n, m] => (n, m),
        ref other => return Err(bad(format!("it has {} dimensions", other.len()))),
    };
    let wanted = rows.checked_mul(columns).and_then(|n| n.checked_mul(8));
    if wanted.is_none_or(|w| w > bytes.len() as u64) {
        return Err(bad(format!(
            "its header promises {rows} x {columns} numbers, but the file is shorter"
        )));
    }
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
}
