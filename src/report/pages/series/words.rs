//! The sentences and tables of a series.

use super::{Frame, Sorted, Trend};
use crate::error::Result;
use crate::finding::Finding;
use crate::report::Table;

/// So many frames have a row each in the table of verdicts; more are told in runs.
const MOST_ROWS: usize = 40;
/// So many input files are named; the summary has them all.
const MOST_SOURCES: usize = 12;

pub(super) fn label(frames: usize, outside: usize) -> String {
    match outside {
        0 => "inside the domain".into(),
        all if all == frames => "outside the domain".into(),
        _ => "partly outside the domain".into(),
    }
}

pub(super) fn sentence(series: &Sorted<'_>, outside: usize) -> String {
    let all = series.frames.len();
    if outside == 0 {
        return format!(
            "{} like those of the training glasses; the inferred PDFs and their bands can be used.",
            if all == 1 {
                "The spectrum looks".into()
            } else {
                format!("All {all} spectra look")
            }
        );
    }
    let runs = series.runs();
    let mut ranges: Vec<String> = (runs.iter().filter(|run| !run.0))
        .map(|&(_, from, to)| range(series, from, to))
        .collect();
    if ranges.len() > 4 {
        let more = ranges.len() - 3;
        ranges.truncate(3);
        ranges.push(format!("{more} more ranges"));
    }
    format!(
        "{outside} of {all} spectra do not look like those of the training glasses ({}: {}): the operator cannot judge them, and what was inferred from them must not be trusted.",
        series.axis,
        ranges.join("; ")
    )
}

fn range(series: &Sorted<'_>, from: usize, to: usize) -> String {
    if from == to {
        short(series.at[from])
    } else {
        format!("{} to {}", short(series.at[from]), short(series.at[to]))
    }
}

/// Six significant digits at most.
fn short(v: f64) -> String {
    let size = if v == 0.0 {
        0
    } else {
        v.abs().log10().floor() as i32
    };
    if (-4..9).contains(&size) {
        let decimals = (5 - size).clamp(0, 9) as usize;
        let text = format!("{v:.decimals$}");
        if !text.contains('.') {
            return text;
        }
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{v:.5e}")
}

pub(super) fn numbers(series: &Sorted<'_>, outside: usize) -> Vec<(String, String)> {
    let all = series.frames.len();
    let last = all - 1;
    let mut numbers = vec![
        (
            "Spectra".into(),
            format!("{all}, {} inside the domain", all - outside),
        ),
        (
            series.axis.clone(),
            format!("{} to {}", short(series.at[0]), short(series.at[last])),
        ),
        (
            "Directions decided by the data".into(),
            spread(series.frames.iter().map(|f| f.degrees_of_freedom), 1),
        ),
    ];
    // One value outside the domain would stretch a range, so only the trusted ones are told.
    for trend in &series.trends {
        let each = series.frames.iter().zip(&trend.values);
        let trusted = each.filter(|(f, _)| f.domain.inside).map(|(_, v)| *v);
        let digits = decimals(trend);
        numbers.push((trend.label.clone(), spread(trusted, digits)));
    }
    numbers
}

/// Decimals that tell the values of a trend apart.
fn decimals(trend: &Trend) -> usize {
    let (low, high) = ends(trend.values.iter().copied());
    let width = (high - low).max(1e-3 * high.abs()).max(1e-9);
    (2.0 - width.log10().floor()).clamp(0.0, 8.0) as usize
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        (a.min(v), b.max(v))
    })
}

/// "a to b", or the one value, or that there is none.
fn spread(values: impl Iterator<Item = f64>, digits: usize) -> String {
    let (low, high) = ends(values);
    if low > high {
        return "of no frame inside the domain".into();
    }
    let (low, high) = (format!("{low:.digits$}"), format!("{high:.digits$}"));
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

/// A row a frame, or a row a run of frames of one verdict.
pub(super) fn verdicts(series: &Sorted<'_>) -> Result<Table> {
    if series.frames.len() <= MOST_ROWS {
        return each(series);
    }
    let runs = series.runs();
    let mut rows: Vec<Vec<String>> = runs
        .iter()
        .take(MOST_ROWS)
        .map(|&(inside, from, to)| {
            let names = (&series.frames[from].name, &series.frames[to].name);
            vec![
                range(series, from, to),
                if from == to {
                    names.0.clone()
                } else {
                    format!("{} … {}", names.0, names.1)
                },
                (to - from + 1).to_string(),
                verdict(inside).into(),
            ]
        })
        .collect();
    if runs.len() > MOST_ROWS {
        let more = format!("{} more ranges", runs.len() - MOST_ROWS);
        rows.push(vec!["…".into(), more, String::new(), String::new()]);
    }
    Table::new(
        "Verdicts in runs of neighbouring frames; summary.csv has a row a frame.",
        [&series.axis, "frames", "number", "verdict"]
            .map(String::from)
            .to_vec(),
        rows,
    )
}

fn verdict(inside: bool) -> &'static str {
    if inside {
        "inside the domain"
    } else {
        "outside the domain"
    }
}

fn each(series: &Sorted<'_>) -> Result<Table> {
    let shown: Vec<&Trend> = series.trends.iter().take(3).collect();
    let mut header: Vec<String> = [&series.axis, "frame", "verdict", "T², Q: farther out"]
        .map(String::from)
        .to_vec();
    header.extend(shown.iter().map(|t| t.label.clone()));
    let row = |(k, frame): (usize, &&Frame)| {
        let share = |s: f64| format!("{:.1} %", 100.0 * s);
        let d = &frame.domain;
        let mut cells = vec![
            short(series.at[k]),
            frame.name.clone(),
            verdict(d.inside).into(),
            format!("{}, {}", share(d.t2_share), share(d.q_share)),
        ];
        cells.extend(
            shown
                .iter()
                .map(|t| format!("{:.*}", decimals(t), t.values[k])),
        );
        cells
    };
    let rows = series.frames.iter().enumerate().map(row).collect();
    Table::new(
        "Each frame with its verdict; summary.csv has the same and more.",
        header,
        rows,
    )
}

/// Each kind of finding once, with how often it came.
pub(super) fn once(findings: &[Finding]) -> Vec<Finding> {
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        match kept.iter_mut().find(|(f, _)| f.code == finding.code) {
            Some((_, count)) => *count += 1,
            None => kept.push((finding.clone(), 1)),
        }
    }
    let told = |(mut finding, count): (Finding, usize)| {
        if count > 1 {
            finding.message = format!("{} (and so for {} more frames)", finding.message, count - 1);
        }
        finding
    };
    kept.into_iter().map(told).collect()
}

/// The first sources, and how many more there are.
pub(super) fn few(sources: &[(String, String)]) -> Vec<(String, String)> {
    let mut kept: Vec<_> = sources.iter().take(MOST_SOURCES).cloned().collect();
    if sources.len() > MOST_SOURCES {
        let rest = &sources[MOST_SOURCES..];
        let hashes: String = rest.iter().map(|(_, hash)| hash.as_str()).collect();
        let all = blake3::hash(hashes.as_bytes()).to_hex().to_string();
        kept.push((
            format!(
                "{} more files; the hash is that of their hashes",
                rest.len()
            ),
            all,
        ));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_size() {
        for (v, text) in [
            (0.0, "0"),
            (300.0, "300"),
            (1.623_456_78, "1.62346"),
            (-0.5, "-0.5"),
            (123_456_789.0, "123456789"),
            (1e12, "1.00000e12"),
        ] {
            assert_eq!(short(v), text);
        }
    }

    #[test]
    fn one_finding_of_a_kind_is_told() {
        let finding = |code: &str| Finding::new(code, "message", "advice");
        let told = once(&[finding("a"), finding("b"), finding("a"), finding("a")]);
        assert_eq!(told.len(), 2);
        assert!(told[0].message.contains("2 more"), "{}", told[0].message);
        assert_eq!(told[1].message, "message");
    }

    #[test]
    fn many_sources_become_one_hash_that_depends_on_each() {
        let mut sources: Vec<(String, String)> = (0..40)
            .map(|i| (format!("f{i}"), format!("{i:064}")))
            .collect();
        let before = few(&sources);
        assert_eq!(before.len(), MOST_SOURCES + 1);
        sources[39].1 = "another".into();
        assert_ne!(few(&sources)[MOST_SOURCES], before[MOST_SOURCES]);
    }
}
