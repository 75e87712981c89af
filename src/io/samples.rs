//! `samples.csv`: what is known of each sample, one row a sample, one named column a property.

use super::files;
use crate::error::{Error, Result};
use csv::{Position, ReaderBuilder, StringRecord, Trim};
use std::path::Path;

/// Largest file taken; a row has some hundred bytes, so this is millions of samples.
const LARGEST: u64 = 1 << 30;

/// Named columns of text; numbers are read when asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    names: Vec<String>,
    /// Each in one piece of memory: there may be millions.
    rows: Vec<StringRecord>,
    source: std::path::PathBuf,
}

impl Samples {
    /// Reads a CSV file with a header whose first column names the sample. `#` begins a comment.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = files::read(path, LARGEST)?;
        let bad = |e: csv::Error| {
            let error = Error::new("the table is not readable as CSV").at(path);
            let error = error.because(e.to_string());
            match e.position() {
                Some(p) => error.line(p.line()),
                None => error,
            }
        };
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut reader = ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(Trim::All)
            .from_reader(bytes);
        let names: Vec<String> = reader
            .headers()
            .map_err(bad)?
            .iter()
            .map(String::from)
            .collect();
        let rows: Vec<StringRecord> = reader.records().collect::<csv::Result<_>>().map_err(bad)?;
        if rows.is_empty() {
            return Err(Error::new("the table of samples has no rows").at(path));
        }
        Ok(Self {
            names,
            rows,
            source: path.to_path_buf(),
        })
    }

    /// Names of the samples: the first column.
    pub fn ids(&self) -> Vec<&str> {
        self.rows.iter().map(|row| &row[0]).collect()
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| n == name)
    }

    /// A column as finite numbers, in the order of the rows.
    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        let j = self.names.iter().position(|n| n == name).ok_or_else(|| {
            Error::new(format!("the table of samples has no column '{name}'"))
                .at(&self.source)
                .because(format!("its columns are {}", self.names.join(", ")))
                .cure("add the column")
        })?;
        let number = |row: &StringRecord| match row[j].parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(x),
            _ => Err(Error::new(format!("'{}' is not a finite number", &row[j]))
                .at(&self.source)
                .line(row.position().map_or(0, Position::line))
                .because(format!("column '{name}' must hold numbers"))
                .cure("put the number there, or remove the sample")),
        };
        self.rows.iter().map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Samples> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Samples::read(file.path())
    }

    #[test]
    fn columns_by_name() {
        let samples =
            read("# made here\nsample,number_density,kind\nx,0.025,fcc\ny,0.026,hcp\n").unwrap();
        assert_eq!(samples.ids(), ["x", "y"]);
        assert_eq!(samples.column("number_density").unwrap(), [0.025, 0.026]);
        assert!(samples.has("kind") && !samples.has("energy"));
        let e = samples.column("kind").unwrap_err().to_string();
        assert!(e.contains("'fcc'") && e.contains(":3"), "{e}");
        assert!(
            samples
                .column("energy")
                .unwrap_err()
                .to_string()
                .contains("number_density")
        );
    }

    #[test]
    fn ragged_and_empty_tables_are_refused() {
        assert!(read("sample,a\nx,1,2\n").is_err());
        assert!(read("sample,a\n").is_err());
        assert!(read("").is_err());
    }
}
