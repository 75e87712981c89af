//! The report as one HTML file: figures inside as SVG, and as charts where scripts run; no network, prints well.

use super::model::{Block, Figure, Paper, Report, Table, Tone, Verdict};
use super::{charts, figure};
use crate::error::Result;
use crate::finding::Finding;
use std::fmt::Write as _;

/// The look; dark on light in any browser setting, because figures are drawn on white.
const STYLE: &str = include_str!("style.css");

/// What a page may do: its own styles and scripts, and nothing from anywhere else.
pub const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The whole page as one file. The same report gives the same bytes.
///
/// Without scripts every figure is its drawing; so it is in print. Scripts make charts of the figures that are curves.
pub fn html(report: &Report) -> Result<String> {
    let body = body(report)?;
    let (title, style) = (escaped(&report.title), style(report.paper));
    let script = if body.contains(CHART) {
        format!(
            "<script>\n{}glassbridge.enliven(document, look);\n</script>\n",
            charts::script()?
        )
    } else {
        String::new()
    };
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}</main>\n{script}</body>\n</html>\n"
    ))
}

/// The style sheet of a page, for print on `paper`.
pub fn style(paper: Paper) -> String {
    let size = match paper {
        Paper::A4 => "A4",
        Paper::Letter => "letter",
    };
    format!(
        "{}\n{STYLE}@page {{ size: {size}; margin: 18mm; }}\n",
        charts::style()
    )
}

/// What stands in the page between its head and its scripts.
pub fn body(report: &Report) -> Result<String> {
    let mut body = head(report);
    let mut count = Count::default();
    // The first section shows the answer; its numbers follow.
    for (i, section) in report.sections.iter().enumerate() {
        if i == 1 {
            body += &definitions("Numbers", &report.numbers);
        }
        let heading = escaped(&section.heading);
        let _ = writeln!(body, "<section>\n<h2>{heading}</h2>");
        for block in &section.blocks {
            body += &count.block(block)?;
        }
        body += "</section>\n";
    }
    if report.sections.len() < 2 {
        body += &definitions("Numbers", &report.numbers);
    }
    body += &findings(&report.findings);
    if !report.methods.is_empty() {
        let words = paragraphs(&report.methods);
        let _ = writeln!(body, "<section>\n<h2>Methods</h2>\n{words}</section>");
    }
    body += &folded("Settings", &report.settings);
    body += &folded("Provenance", &report.provenance);
    Ok(body)
}

/// How the numbers of a chart begin; a user's text never holds it unescaped.
const CHART: &str = "<script type=\"application/json\" class=\"numbers\">";

/// Text with the five characters of HTML's syntax replaced, fit for content and quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters are errors in HTML.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .filter(|p| !p.trim().is_empty())
        .fold(String::new(), |mut out, p| {
            let _ = writeln!(out, "<p>{}</p>", escaped(p.trim()));
            out
        })
}

fn head(report: &Report) -> String {
    let (title, sample) = (escaped(&report.title), escaped(&report.sample));
    let verdict = report.verdict.as_ref().map(verdict).unwrap_or_default();
    format!("<header>\n<h1>{title}</h1>\n<p class=\"sample\">{sample}</p>\n{verdict}</header>\n")
}

fn verdict(verdict: &Verdict) -> String {
    let tone = match verdict.tone {
        Tone::Agree => "agree",
        Tone::Disagree => "disagree",
        Tone::Cannot => "cannot",
        Tone::Neutral => "neutral",
    };
    let (label, sentence) = (escaped(&verdict.label), escaped(&verdict.sentence));
    format!("<div class=\"verdict {tone}\">\n<strong>{label}</strong>\n<p>{sentence}</p>\n</div>\n")
}

fn definitions(heading: &str, rows: &[(String, String)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{heading}</h2>\n{}</section>\n", pairs(rows))
}

fn folded(heading: &str, rows: &[(String, String)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<details>\n<summary>{heading}</summary>\n{}</details>\n",
        pairs(rows)
    )
}

fn pairs(rows: &[(String, String)]) -> String {
    let mut out = String::from("<table class=\"pairs\">\n");
    for (name, value) in rows {
        let (name, value) = (escaped(name), escaped(value));
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>"
        );
    }
    out + "</table>\n"
}

fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section>\n<h2>Findings</h2>\n<ul class=\"findings\">\n");
    for finding in findings {
        let (code, advice) = (escaped(&finding.code), escaped(&finding.advice));
        let message = escaped(&finding.message);
        let _ = writeln!(
            out,
            "<li><code>{code}</code>\n<p>{message}</p>\n<p class=\"advice\">{advice}</p></li>"
        );
    }
    out + "</ul>\n</section>\n"
}

/// Numbers figures and tables through the page.
#[derive(Default)]
struct Count {
    figures: usize,
    tables: usize,
}

impl Count {
    fn block(&mut self, block: &Block) -> Result<String> {
        Ok(match block {
            Block::Text(text) => paragraphs(text),
            Block::Figure(drawing) => self.figure(drawing)?,
            Block::Table(rows) => self.table(rows),
        })
    }

    fn figure(&mut self, drawing: &Figure) -> Result<String> {
        self.figures += 1;
        let (number, caption) = (self.figures, escaped(drawing.caption()));
        let svg = figure::svg(drawing)?;
        let numbers = charts::numbers(drawing)?
            .map_or_else(String::new, |json| format!("{CHART}{json}</script>\n"));
        Ok(format!(
            "<figure id=\"{}\">\n<div class=\"sheet\">{svg}</div>\n{numbers}\
             <figcaption><b>Figure {number}.</b> {caption}</figcaption>\n</figure>\n",
            drawing.id()
        ))
    }

    fn table(&mut self, table: &Table) -> String {
        self.tables += 1;
        let cells = |tag: &str, row: &[String]| -> String {
            let cells = row.iter().map(|c| format!("<{tag}>{}</{tag}>", escaped(c)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let head = cells("th", table.header());
        let rows: String = table.rows().iter().map(|row| cells("td", row)).collect();
        let (number, caption) = (self.tables, escaped(table.caption()));
        format!(
            "<div class=\"wide\"><table>\n<caption><b>Table {number}.</b> {caption}</caption>\n\
             <thead>{head}</thead>\n<tbody>{rows}</tbody>\n</table></div>\n"
        )
    }
}
