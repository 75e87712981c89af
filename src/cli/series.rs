//! Many spectra as a series: what was varied, and the report of all.

use super::invert::{Done, findings};
use crate::error::{Error, Result};
use crate::io::samples::Samples;
use crate::operator::{Operator, rows};
use crate::report::Report;
use crate::report::pages::series::{Frame, SeriesView, series_report, usual_trends};
use std::path::PathBuf;

/// What was varied from spectrum to spectrum.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ScanArgs {
    /// What was varied: a column of --samples, or `name` for the last number in the name of each spectrum; else their order
    #[arg(long, value_name = "COLUMN")]
    pub(super) scan: Option<String>,
    /// Table of the spectra (first column: their names) that holds the --scan column
    #[arg(long, requires = "scan")]
    pub(super) samples: Option<PathBuf>,
}

impl ScanArgs {
    /// The value of what was varied for each name; the order if nothing is said.
    pub(super) fn values(&self, names: &[String]) -> Result<Vec<f64>> {
        match (&self.scan, &self.samples) {
            (None, _) => Ok((1..=names.len()).map(|k| k as f64).collect()),
            (Some(column), Some(path)) => {
                let samples = Samples::read(path)?;
                let values = samples.column(column)?;
                let ids = samples.ids();
                let of = |name: &String| {
                    // A table may name the sample, the files its ending as well.
                    let stem = name
                        .rsplit_once('.')
                        .map_or(name.as_str(), |(stem, _)| stem);
                    let at = ids.iter().position(|id| id == name || *id == stem);
                    at.map(|i| values[i]).ok_or_else(|| {
                        Error::new(format!("spectrum '{name}' is not in the table"))
                            .at(path)
                            .cure("give it a row, named in the first column")
                    })
                };
                names.iter().map(of).collect()
            }
            (Some(word), None) if word == "name" => names.iter().map(|n| number(n)).collect(),
            (Some(column), None) => Err(Error::new(format!(
                "there is no table with a column '{column}'"
            ))
            .because("--scan names a column of --samples")
            .cure("give --samples TABLE.csv, or --scan name to take the last number of each name")),
        }
    }

    /// Its name on the axis of a figure, if something was varied.
    pub(super) fn label(&self) -> Option<&str> {
        match (&self.scan, &self.samples) {
            (Some(_), None) => Some("number in the name"),
            (scan, _) => scan.as_deref(),
        }
    }
}

/// The last number in a name without its ending: `run7_T-300.5K.dat` gives 300.5; a sign counts only after a blank, `=` or `_`.
fn number(name: &str) -> Result<f64> {
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.chars().any(char::is_alphabetic) => stem,
        _ => name,
    };
    let digits = |c: char| c.is_ascii_digit();
    let none = || {
        Error::new(format!("there is no number in the name '{name}'"))
            .because("--scan name takes the last number of each name")
            .cure("rename the spectrum, or give --samples with a column for --scan")
    };
    let end = stem.rfind(digits).ok_or_else(none)? + 1;
    let mut begin = stem[..end]
        .rfind(|c: char| !(digits(c) || c == '.'))
        .map_or(0, |at| {
            at + stem[at..].chars().next().map_or(1, char::len_utf8)
        });
    let before = &stem[..begin];
    if before == "-" || ["=-", "_-", " -"].iter().any(|sign| before.ends_with(sign)) {
        begin -= 1;
    }
    stem[begin..end]
        .trim_start_matches('.')
        .parse()
        .map_err(|_| none())
}

/// The report of all that was inverted.
pub(super) fn report(
    operator: &Operator,
    source: (String, String),
    all: &[&Done],
    scan: &ScanArgs,
) -> Result<Report> {
    let names: Vec<String> = all.iter().flat_map(|d| d.loaded.names.clone()).collect();
    let values = scan.values(&names)?;
    let frames: Vec<Frame> = (all.iter().flat_map(|done| frames_of(done)))
        .zip(values)
        .map(|(frame, at)| Frame { at, ..frame })
        .collect();
    let mut sources = vec![source];
    for done in all {
        sources.push(done.loaded.source.clone());
        sources.extend(done.along.clone());
    }
    let name = match all {
        [one] => format!("{}: {} spectra", one.loaded.source.0, names.len()),
        _ => format!(
            "{} … {}: {} spectra",
            names[0],
            names[names.len() - 1],
            names.len()
        ),
    };
    series_report(&SeriesView {
        operator,
        name: &name,
        scan: scan.label(),
        trends: usual_trends(&frames),
        frames,
        findings: all.iter().flat_map(|done| findings(done)).collect(),
        sources,
    })
}

fn frames_of(done: &Done) -> impl Iterator<Item = Frame> + '_ {
    (0..done.inversions.len()).map(|k| Frame {
        name: done.loaded.names[k].clone(),
        at: 0.0,
        x: done.measurement.channel.x.clone(),
        z: rows::row(done.measurement.data.as_ref(), k),
        inversion: done.inversions[k].clone(),
        domain: done.domains[k],
        degrees_of_freedom: done.resolution.degrees_of_freedom,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_a_name() {
        for (name, value) in [
            ("run7_T300.5K.dat", 300.5),
            ("T=-12.csv", -12.0),
            ("-3", -3.0),
            ("a-300.dat", 300.0),
            ("frame_0012", 12.0),
            ("Ä5é", 5.0),
            ("1.5", 1.5),
        ] {
            let found = number(name).unwrap_or(f64::NAN);
            assert!((found - value).abs() < 1e-12, "{name}: {found}");
        }
        assert!(number("spectrum.dat").is_err());
        assert!(number("v1..25.txt").is_err());
        assert!(number("").is_err());
    }
}
