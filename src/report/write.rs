//! Writes reports to files; each appears whole or not at all.

use super::model::{Block, Report};
use super::{csv, figure, html, png};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Writes the report as PDF, for the paper it names.
///
/// Errors: the folder cannot be written; the program was built without the feature `pdf`.
pub fn write_pdf(report: &Report, path: &Path) -> Result<()> {
    put(path, &pdf(report).map_err(|e| e.at(path))?)
}

/// The report as PDF.
///
/// Errors: the program was built without the feature `pdf`.
#[cfg(feature = "pdf")]
pub fn pdf(report: &Report) -> Result<Vec<u8>> {
    Ok(super::pdf::pdf(report)?.0)
}

/// Refuses: this program was built without the feature `pdf`.
#[cfg(not(feature = "pdf"))]
pub fn pdf(_: &Report) -> Result<Vec<u8>> {
    Err(Error::new("cannot write a report as PDF")
        .because("this program was built without the feature 'pdf'")
        .cure("build it with default features, or name a report that ends in .html"))
}

/// Writes the report as one self-contained HTML file.
pub fn write_html(report: &Report, path: &Path) -> Result<()> {
    put(path, html::html(report)?.as_bytes())
}

/// Writes the report's model as JSON.
pub fn write_json(report: &Report, path: &Path) -> Result<()> {
    put(path, &json(report)?)
}

/// The report's model as JSON.
pub fn json(report: &Report) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(report)
        .map_err(|e| Error::new("cannot write a report as JSON").because(e.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes each figure of the report into `folder`: `ID.svg`, `ID.png` (300 dpi) and its numbers as `ID.csv`.
///
/// Returns the files in this order. Errors: two figures of one name; the folder cannot be written.
pub fn write_figures(report: &Report, folder: &Path) -> Result<Vec<PathBuf>> {
    let blocks = report.sections.iter().flat_map(|s| &s.blocks);
    let figures: Vec<_> = blocks
        .filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
        .collect();
    let ids: Vec<_> = figures.iter().map(|f| f.id()).collect();
    if let Some(i) = (1..ids.len()).find(|&i| ids[..i].contains(&ids[i])) {
        let id = ids[i];
        return Err(Error::new(format!(
            "two figures of the report are called '{id}'"
        )));
    }
    let mut written = Vec::new();
    for figure in figures {
        let id = figure.id();
        let svg = figure::svg(figure)?;
        for (ending, bytes) in [
            ("svg", svg.as_bytes()),
            ("png", &png::png(&svg)?),
            ("csv", &csv::csv(figure)?),
        ] {
            let path = folder.join(format!("{id}.{ending}"));
            put(&path, bytes)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Writes a temporary neighbour, then renames it; makes the folder if it is missing.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, "make this folder", &e))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .map_err(|e| {
            // The first failure is the one to tell.
            let _ = std::fs::remove_file(&part);
            Error::io(path, "write this file", &e)
        })
}
