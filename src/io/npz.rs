//! The `.npz` of `numpy`: named arrays and one text, `meta.json`, in a zip file with reproducible bytes.

use super::npy;
use crate::error::{Error, Result};
use faer::Mat;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Name of the text member.
const META: &str = "meta.json";
/// All members together may unpack to this, 1 GiB: a zip bomb of 3 MB can hold many of them.
const LARGEST: u64 = 1 << 30;

/// Named matrices and a text.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    /// The content of `meta.json`, if there is one.
    pub meta: Option<String>,
    /// Arrays by name, without the `.npy`.
    pub arrays: BTreeMap<String, Mat<f64>>,
}

impl Bundle {
    /// Takes a matrix out, or says which one is missing.
    pub fn take(&mut self, name: &str) -> Result<Mat<f64>> {
        self.arrays
            .remove(name)
            .ok_or_else(|| Error::new(format!("the file has no array '{name}'")))
    }

    /// The zip file. The same bundle gives the same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let failed =
            |e: &dyn std::fmt::Display| Error::new("cannot pack the arrays").because(e.to_string());
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default());
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        if let Some(meta) = &self.meta {
            zip.start_file(META, options).map_err(|e| failed(&e))?;
            zip.write_all(meta.as_bytes()).map_err(|e| failed(&e))?;
        }
        for (name, matrix) in &self.arrays {
            zip.start_file(format!("{name}.npy"), options)
                .map_err(|e| failed(&e))?;
            let mut bytes = Vec::new();
            npy::write_matrix(&mut bytes, matrix.as_ref())?;
            zip.write_all(&bytes).map_err(|e| failed(&e))?;
        }
        Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
    }

    /// Unpacks a zip file, refusing what is truncated, foreign or unpacks to more than 1 GiB.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::unpack(bytes, LARGEST)
    }

    fn unpack(bytes: &[u8], limit: u64) -> Result<Self> {
        let bad = |why: String| {
            Error::new("this is not a readable .npz file")
                .because(why)
                .cure("the file may be truncated or of another program: copy or make it again")
        };
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| bad(e.to_string()))?;
        let mut bundle = Self::default();
        let mut left = limit;
        for i in 0..zip.len() {
            let member = zip.by_index(i).map_err(|e| bad(e.to_string()))?;
            let name = member.name().map_err(|e| bad(e.to_string()))?.into_owned();
            let mut content = Vec::new();
            let size = member
                .take(left + 1)
                .read_to_end(&mut content)
                .map_err(|e| bad(format!("{name}: {e}")))?;
            left = left.checked_sub(size as u64).ok_or_else(|| {
                bad(format!(
                    "its members unpack to more than {limit} bytes, the limit"
                ))
            })?;
            if name == META {
                bundle.meta =
                    Some(String::from_utf8(content).map_err(|e| bad(format!("{META}: {e}")))?);
            } else if let Some(name) = name.strip_suffix(".npy") {
                bundle
                    .arrays
                    .insert(name.to_owned(), npy::read_matrix(&content)?);
            }
        }
        Ok(bundle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Bundle {
        Bundle {
            meta: Some("{}".into()),
            arrays: [(
                "W".to_owned(),
                Mat::from_fn(5, 7, |i, j| (i * j) as f64 / 3.0),
            )]
            .into(),
        }
    }

    #[test]
    fn round_trip_and_reproducible() {
        let bytes = bundle().to_bytes().unwrap();
        assert_eq!(bytes, bundle().to_bytes().unwrap());
        let mut back = Bundle::from_bytes(&bytes).unwrap();
        assert_eq!(back.take("W").unwrap(), bundle().arrays["W"]);
        assert!(back.take("W").is_err());
    }

    /// 400 kB of zeros in each of five members: a few kB packed.
    #[test]
    fn what_unpacks_beyond_the_limit_is_refused() {
        let zeros = |i: i32| (format!("a{i}"), Mat::zeros(50, 1000));
        let bomb = Bundle {
            meta: None,
            arrays: (0..5).map(zeros).collect(),
        };
        let bytes = bomb.to_bytes().unwrap();
        assert!(bytes.len() < 20_000);
        assert!(Bundle::unpack(&bytes, 2_100_000).is_ok());
        let e = Bundle::unpack(&bytes, 1_900_000).unwrap_err().to_string();
        assert!(e.contains("1900000"), "{e}");
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = bundle().to_bytes().unwrap();
        for end in 0..bytes.len() {
            assert!(Bundle::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
    }
}
