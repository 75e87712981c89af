//! Many curves at once: a CSV table whose header is the grid, one row a sample.

use super::files;
use crate::curve::Quantity;
use crate::error::{Error, Result};
use crate::units::Unit;
use csv::{ReaderBuilder, StringRecord, Trim};
use faer::Mat;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Largest file taken: 2 GiB of text is some hundred million numbers, which is a dataset, not a table.
const LARGEST: u64 = 2 << 30;
/// Most numbers taken, 1 GiB of them.
const MOST_NUMBERS: usize = 128 << 20;
/// Longest line looked at to tell what a file is.
const LONGEST_LINE: u64 = 1 << 20;
/// Decimals of the axis in exponent form: twelve significant digits, so that 0.1 + 0.2 prints as 0.3.
const AXIS_DECIMALS: usize = 11;

/// Curves on one grid: row i of `rows` belongs to `samples[i]`, column j to `axis[j]`.
#[derive(Debug, Clone, PartialEq)]
pub struct WideTable {
    /// Names of the samples, in the order of the file.
    pub samples: Vec<String>,
    /// Grid values (ascending), in `unit`.
    pub axis: Vec<f64>,
    /// The values, samples x grid.
    pub rows: Mat<f64>,
    /// What the rows show, from `# quantity: ...`.
    pub quantity: Option<Quantity>,
    /// Unit of the axis, from `# unit: ...`.
    pub unit: Option<Unit>,
    /// Every `# key: value` line, in order.
    pub notes: Vec<(String, String)>,
}

/// Whether the first line that is neither blank nor a comment begins with `sample,`.
pub fn is_wide_table(path: &Path) -> Result<bool> {
    let failed = |e: std::io::Error| Error::io(path, "read the file", &e);
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(false);
    }
    let mut lines = BufReader::new(File::open(path).map_err(failed)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut lines, LONGEST_LINE);
        if limited.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(false);
        }
        let text = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line);
        let text = text.trim_ascii();
        if !text.is_empty() && text[0] != b'#' {
            return Ok(text.starts_with(b"sample,"));
        }
    }
}

impl WideTable {
    /// Reads a table.
    ///
    /// Errors, with line and column: no header, a header value that is not a number or does not ascend, a row
    /// of another length, a cell that is not a finite number, a sample named twice, no rows.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = files::read(path, LARGEST)?;
        files::refuse_long_lines(&bytes).map_err(|e| e.at(path))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            Error::new("the table is not UTF-8 text")
                .at(path)
                .because(e.utf8_error().to_string())
                .cure("save it as CSV in UTF-8")
        })?;
        Self::parse(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(|e| e.at(path))
    }

    /// Reads a table from text; see [`WideTable::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let notes = notes(text)?;
        let mut reader = ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| unreadable(&e))?.clone();
        let axis = axis(&header)?;
        let mut samples = Vec::new();
        let mut values = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| unreadable(&e))?;
            let line = line_of(&record);
            samples.push(record.get(0).unwrap_or_default().to_owned());
            row(&record, axis.len(), &mut values).map_err(|e| e.line(line))?;
            if values.len() > MOST_NUMBERS {
                return Err(
                    Error::new(format!("the table has more than {MOST_NUMBERS} numbers"))
                        .line(line)
                        .cure("split it into several tables, or make a dataset folder of it"),
                );
            }
        }
        if samples.is_empty() {
            return Err(Error::new("the table has no rows").cure("one row a sample is needed"));
        }
        refuse_twins(&samples)?;
        Ok(Self {
            rows: Mat::from_fn(samples.len(), axis.len(), |i, j| values[i * axis.len() + j]),
            quantity: note(&notes, "quantity").map(str::parse).transpose()?,
            unit: note(&notes, "unit").map(str::parse).transpose()?,
            samples,
            axis,
            notes,
        })
    }

    /// Writes the table: notes first, the axis at twelve significant digits, every value so that it reads back bit for bit.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::replace_text(path, &self.to_text())
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "# {key}: {value}"); // writing to a String cannot fail
        };
        // The fields are the truth: a note that says otherwise is replaced.
        let quantity = note(&self.notes, "quantity").and_then(|v| v.parse().ok());
        let unit = note(&self.notes, "unit").and_then(|v| v.parse().ok());
        if let Some(q) = self.quantity.filter(|_| quantity != self.quantity) {
            line("quantity", q.name());
        }
        if let Some(u) = self.unit.filter(|_| unit != self.unit) {
            line("unit", &u.to_string());
        }
        for (key, value) in &self.notes {
            let stale = match key.to_lowercase().as_str() {
                "quantity" => quantity != self.quantity,
                "unit" => unit != self.unit,
                _ => false,
            };
            if !stale {
                line(key, value);
            }
        }
        text.push_str("sample");
        for x in &self.axis {
            let _ = write!(text, ",{}", rounded(*x));
        }
        for (i, sample) in self.samples.iter().enumerate() {
            text.push('\n');
            text.push_str(&quoted(sample));
            for j in 0..self.axis.len() {
                let _ = write!(text, ",{}", shortest(self.rows[(i, j)]));
            }
        }
        text.push('\n');
        text
    }
}

/// The value of the first note with this key.
pub(crate) fn note<'a>(notes: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = notes.iter().find(|(k, _)| k.eq_ignore_ascii_case(key));
    found.map(|(_, value)| value.as_str())
}

/// All `# key: value` lines; a quantity or unit that cannot be understood is told with its line.
fn notes(text: &str) -> Result<Vec<(String, String)>> {
    let mut notes = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix('#') else {
            continue;
        };
        let Some((key, value)) = comment.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let wrong = match key.to_lowercase().as_str() {
            "quantity" => value.parse::<Quantity>().err(),
            "unit" => value.parse::<Unit>().err(),
            _ => None,
        };
        if let Some(e) = wrong {
            return Err(e.line(i as u64 + 1));
        }
        notes.push((key.to_owned(), value.to_owned()));
    }
    Ok(notes)
}

fn axis(header: &StringRecord) -> Result<Vec<f64>> {
    let line = line_of(header);
    if header.get(0) != Some("sample") {
        return Err(Error::new("the first column is not 'sample'")
            .line(line)
            .column(1)
            .cure("write 'sample' there and one grid value over every other column"));
    }
    let mut axis: Vec<f64> = Vec::with_capacity(header.len());
    for j in 1..header.len() {
        let x = number(header, j).map_err(|e| e.line(line))?;
        if let Some(&before) = axis.last().filter(|&&before| before >= x) {
            return Err(Error::new("the grid values do not ascend")
                .line(line)
                .column(column_of(header, j))
                .because(format!("{before} is followed by {x}"))
                .cure("sort the columns and keep one of each grid value"));
        }
        axis.push(x);
    }
    if axis.is_empty() {
        return Err(Error::new("the table has no grid values").line(line));
    }
    Ok(axis)
}

fn row(record: &StringRecord, columns: usize, values: &mut Vec<f64>) -> Result<()> {
    if record.len() != columns + 1 {
        return Err(
            Error::new(format!("the row has {} values", record.len().max(1) - 1))
                .column(column_of(record, record.len().min(columns + 1)))
                .because(format!("the header has {columns} grid values"))
                .cure("give every row one value for each grid value"),
        );
    }
    for j in 1..record.len() {
        values.push(number(record, j)?);
    }
    Ok(())
}

fn number(record: &StringRecord, j: usize) -> Result<f64> {
    let cell = record.get(j).unwrap_or_default();
    match cell.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err(Error::new(format!("'{cell}' is not a finite number"))
            .column(column_of(record, j))
            .cure("remove the sample, or put the number there")),
    }
}

/// Character at which field `j` begins, counted from 1 (blanks around a field are not counted).
fn column_of(record: &StringRecord, j: usize) -> u64 {
    let before = record.iter().take(j);
    before.map(|f| f.chars().count() as u64 + 1).sum::<u64>() + 1
}

fn line_of(record: &StringRecord) -> u64 {
    record.position().map_or(1, csv::Position::line)
}

fn refuse_twins(samples: &[String]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match samples.iter().find(|s| !seen.insert(s.as_str())) {
        Some(twin) => Err(Error::new(format!("the sample '{twin}' is there twice"))
            .cure("give every row its own name in the first column")),
        None => Ok(()),
    }
}

fn unreadable(e: &csv::Error) -> Error {
    let error = Error::new("the table is not readable as CSV").because(e.to_string());
    match e.position() {
        Some(p) => error.line(p.line()),
        None => error,
    }
}

/// `x` at twelve significant digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.AXIS_DECIMALS$e}").parse().unwrap_or(x)
}

/// The shortest text that reads back as `x`, without the hundred zeros of a tiny number.
pub(crate) fn shortest(x: f64) -> String {
    let (plain, exponent) = (format!("{x}"), format!("{x:e}"));
    if exponent.len() < plain.len() {
        exponent
    } else {
        plain
    }
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) || name.starts_with('#') {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> WideTable {
        WideTable::parse(
            "# quantity: vdos\n# unit: thz\n# broadening: 0.03 THz\nsample,0.1,0.2,0.30000000000000004\na,1,2e-300,3\n\"b,c\",0.1,-0,7\n",
        )
        .unwrap()
    }

    #[test]
    fn a_table_round_trips() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        table().write(&path).unwrap();
        assert!(is_wide_table(&path).unwrap());
        let back = WideTable::read(&path).unwrap();
        assert_eq!(back.rows, table().rows);
        assert_eq!(back.axis, [0.1, 0.2, 0.3]);
        assert_eq!(back.samples, ["a", "b,c"]);
        assert_eq!(back.notes, table().notes);
        assert_eq!(
            (back.quantity, back.unit),
            (Some(Quantity::Vdos), Some(Unit::Thz))
        );
    }

    #[test]
    fn faults_are_told_with_line_and_column() {
        for (text, place) in [
            ("sample,1,2\na,1\n", "input:2"),
            ("sample,1,2\na,1,2\nb,1,x7\n", "input:3:5"),
            ("# note\nsample,1,2\na,1,NaN\n", "input:3:5"),
            ("sample,1,1\na,1,2\n", "input:1:10"),
            ("sample,2,1\na,1,2\n", "input:1:10"),
            ("x,1,2\na,1,2\n", "input:1:1"),
            ("# unit: furlong\nsample,1,2\na,1,2\n", "input:1"),
            ("sample,1,2\n", "no rows"),
            ("sample\na\n", "no grid values"),
            ("sample,1,2\na,1,2\na,1,2\n", "twice"),
            ("", "sample"),
        ] {
            let e = WideTable::parse(text).unwrap_err().to_string();
            assert!(e.contains(place), "{text:?}: {e}");
        }
    }
}
