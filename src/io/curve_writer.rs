//! Curves as columns separated by commas under a head of `# key: value` lines, which [`curve_text`](super::curve_text) reads.

use std::fmt::Write as _;

/// Numbers in columns with what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Lines `# key: value` above the numbers, in this order; `quantity` and `unit` are understood when read.
    pub notes: Vec<(String, String)>,
    /// Name and numbers of each column, all of one length.
    pub columns: Vec<(String, Vec<f64>)>,
}

impl Columns {
    /// The file's text; numbers are written so that they read back as they are.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let names: Vec<_> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let note = ("columns".to_owned(), names.join(", "));
        for (key, value) in self.notes.iter().chain([&note]) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {key}: {value}");
        }
        for i in 0..self.columns.first().map_or(0, |(_, c)| c.len()) {
            let row: Vec<_> = self
                .columns
                .iter()
                .map(|(_, c)| format!("{:?}", c[i]))
                .collect();
            let _ = writeln!(text, "{}", row.join(","));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::curve_text::{ReadOptions, parse};
    use std::path::Path;

    #[test]
    fn what_is_written_reads_back() {
        let columns = [
            ("E", vec![0.1, 0.2, 0.3]),
            ("g", vec![1.0 / 3.0, 2e-9, 1e3]),
            ("sigma", vec![0.1, 0.02, 0.3]),
        ];
        let written = Columns {
            notes: vec![
                ("quantity".into(), "vdos".into()),
                ("unit".into(), "meV".into()),
            ],
            columns: columns.clone().map(|(name, c)| (name.into(), c)).into(),
        };
        let read = parse(
            written.to_text().as_bytes(),
            Path::new("a.csv"),
            &ReadOptions::default(),
        );
        let curve = read.unwrap().curve;
        assert_eq!(
            (curve.x(), curve.y()),
            (&columns[0].1[..], &columns[1].1[..])
        );
        assert_eq!(curve.sigma(), Some(&columns[2].1[..]));
    }
}
