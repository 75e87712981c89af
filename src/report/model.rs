//! What a report says, as plain data. Its JSON is the report's JSON.
//!
//! Text is plain Unicode everywhere (`Å⁻¹`, `χ²`): no markup is read in it, so a user's file name cannot become any.
//! Only tables and figures can be wrong in themselves (ragged, not finite); they are checked when built.

mod figure;
mod layer;

pub use self::figure::{Arrangement, Axis, Figure, Panel, Size};
pub use self::layer::{Layer, Role};

use crate::error::{Error, Result};
use crate::finding::Finding;
use serde::Serialize;

/// A whole report.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// What was done, e.g. "Does the spectrum agree with the PDF?".
    pub title: String,
    /// The sample, in the user's words or by its file names.
    pub sample: String,
    /// The answer, if the work ends in one.
    pub verdict: Option<Verdict>,
    /// The numbers a referee asks for: what, and its value with unit and error.
    pub numbers: Vec<(String, String)>,
    /// The body, in reading order.
    pub sections: Vec<Section>,
    /// What the reader must know about the result.
    pub findings: Vec<Finding>,
    /// The complete settings, name and value.
    pub settings: Vec<(String, String)>,
    /// Program version, input files and their hashes, seeds.
    pub provenance: Vec<(String, String)>,
    /// A paragraph ready for the methods section of a paper; blank lines part paragraphs.
    pub methods: String,
    /// The paper it is printed on.
    pub paper: Paper,
}

/// Paper sizes; the text is 170 mm wide on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// US Letter, 8.5 by 11 inches.
    Letter,
}

/// The answer in its box on page one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name, e.g. "consistent".
    pub label: String,
    /// The same in one sentence, with the decisive number.
    pub sentence: String,
    /// The colour of the box.
    pub tone: Tone,
}

/// How an answer reads at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// The two agree.
    Agree,
    /// The two disagree.
    Disagree,
    /// No answer can be given (outside the domain, undecided).
    Cannot,
    /// A result without a judgement.
    Neutral,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Text, figures and tables in reading order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Paragraphs, parted by blank lines.
    Text(String),
    /// A figure with its caption.
    Figure(Figure),
    /// A table with its caption.
    Table(Table),
}

/// A table of ready-made cells; every row is as long as the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    caption: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table; refused if it has no column or a row differs in length from the header.
    pub fn new(
        caption: impl Into<String>,
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    ) -> Result<Self> {
        if header.is_empty() {
            return Err(Error::new("a table of the report has no column"));
        }
        if let Some(i) = rows.iter().position(|row| row.len() != header.len()) {
            let (cells, columns) = (rows[i].len(), header.len());
            return Err(Error::new(format!(
                "row {} of a table has {cells} cells, its header {columns}",
                i + 1
            )));
        }
        Ok(Self {
            caption: caption.into(),
            header,
            rows,
        })
    }

    /// What the table shows.
    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// Column names, with units.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells, row by row.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}
