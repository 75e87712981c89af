//! Rows of numbers in a text file, and the head above them.

use super::curve_text::ReadOptions;
use super::dialect::{Head, LAYOUTS, Layout, is_comment, names_an_error, starts_the_data};
use super::files;
use super::repairs::Point;
use crate::error::{Error, Result};
use crate::finding::Finding;
use std::borrow::Cow;

/// Most rows taken; no instrument writes more in one curve.
const MOST_ROWS: usize = 10_000_000;
/// Most numbers taken, 512 MiB of them: many columns fill the memory as well as many rows do.
const MOST_NUMBERS: usize = 64 << 20;
/// Lines looked at to find the separator.
const SAMPLE: usize = 2000;
/// Characters of a bad cell shown to the user.
const SHOWN: usize = 40;

/// Refuses what is empty, no text, or text in endless lines.
pub(super) fn refuse_unreadable(bytes: &[u8]) -> Result<()> {
    if bytes.trim_ascii().is_empty() {
        return Err(Error::new("the file is empty").cure("check that it was written completely"));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Error::new("the file is UTF-16 text").cure("save it as UTF-8"));
    }
    if bytes.contains(&0) {
        return Err(Error::new("this is a binary file, not text")
            .because("it holds zero bytes")
            .cure("export the curve as text with two or three columns"));
    }
    files::refuse_long_lines(bytes)
}

/// Lines with their number from 1; `\n`, `\r\n` and `\r` end a line. What is not UTF-8 is Latin-1.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, Cow<'_, str>)> {
    let feed = bytes.contains(&b'\n');
    let end = if feed { b'\n' } else { b'\r' };
    (1..)
        .zip(bytes.split(move |&b| b == end))
        .map(|(number, line)| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let text = std::str::from_utf8(line).map_or_else(
                |_| Cow::Owned(line.iter().map(|&b| char::from(b)).collect()),
                Cow::Borrowed,
            );
            (number, text)
        })
}

/// The layout under which most lines are rows of two numbers or more.
pub(super) fn find_layout(bytes: &[u8]) -> Result<Layout> {
    let content = |line: &Cow<'_, str>| !line.trim().is_empty() && !is_comment(line);
    // A long head must not hide the numbers: the sample is of the lines that begin like one.
    let numeric = |line: &Cow<'_, str>| {
        line.trim_start()
            .starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
    };
    let sample: Vec<(u64, Cow<'_, str>)> = lines(bytes)
        .filter(|(_, l)| content(l) && numeric(l))
        .take(SAMPLE)
        .collect();
    let count = |layout: &Layout, least| {
        sample
            .iter()
            .filter(|(_, l)| layout.is_row(l, least))
            .count()
    };
    let mut best: Option<(Layout, usize)> = None;
    for layout in LAYOUTS {
        let rows = count(&layout, 2);
        if rows > best.map_or(0, |b| b.1) {
            best = Some((layout, rows));
        }
    }
    best.map(|b| b.0).ok_or_else(|| {
        let alone = sample.iter().find(|(_, l)| LAYOUTS.iter().any(|layout| layout.is_row(l, 1)));
        match alone {
            Some((line, _)) => Error::new("the file has one column")
                .line(*line)
                .because("a curve needs x and y")
                .cure("write x and y side by side, separated by a blank"),
            None => Error::new("the file holds no columns of numbers")
                .because("no line is a row of two or more numbers")
                .cure("check that this is the right file; export the curve as text with two or three columns"),
        }
    })
}

/// The numbers, row by row, and the head above them.
pub(super) struct Table {
    pub(super) head: Head,
    columns: usize,
    /// Rows x columns; an empty cell is NaN and told when its column is used.
    values: Vec<f64>,
    /// Line of each row.
    lines: Vec<u64>,
    /// First line of text below the numbers.
    pub(super) footer: Option<u64>,
}

impl Table {
    pub(super) fn read(bytes: &[u8], layout: Layout, extension: &str) -> Result<Self> {
        let marked = lines(bytes)
            .find(|(_, l)| starts_the_data(l))
            .map_or(0, |l| l.0);
        let mut above: Vec<String> = Vec::new();
        let mut footer = String::new();
        let mut doubtful: Vec<(u64, String)> = Vec::new();
        let mut table = Self {
            head: Head::default(),
            columns: 0,
            values: Vec::new(),
            lines: Vec::new(),
            footer: None,
        };
        for (number, line) in lines(bytes) {
            if line.trim().is_empty() {
                continue;
            }
            if table.columns == 0 {
                let head = is_comment(&line) || number <= marked;
                if !head && layout.is_row(&line, 2) {
                    table.columns = layout.cells(&line).len();
                } else {
                    if !head {
                        doubtful.push((number, line.to_string()));
                    }
                    above.push(line.into_owned());
                    continue;
                }
            }
            if is_comment(&line) {
                continue;
            }
            let wordy = |line: &str| {
                layout
                    .cells(line)
                    .iter()
                    .all(|c| layout.number(c.1).is_none())
            };
            match table.footer {
                Some(first) if layout.is_row(&line, 2) => return Err(among(first, &footer)),
                Some(_) => {}
                None if wordy(&line) => {
                    (table.footer, footer) = (Some(number), line.trim().to_owned());
                }
                None => table
                    .push(number, &line, layout)
                    .map_err(|e| e.line(number))?,
            }
        }
        if table.columns == 0 {
            return Err(Error::new("the file has no numbers below 'start data'")
                .line(marked)
                .because("that mark of PDFgetX and PDFgetN stands above the columns")
                .cure("check that the file is complete"));
        }
        // A row with a bad cell above the first good one is no head line.
        for (number, line) in doubtful {
            let cells = layout.cells(&line);
            if cells.len() == table.columns && layout.number(cells[0].1).is_some() {
                table
                    .push(number, &line, layout)
                    .map_err(|e| e.line(number))?;
            }
        }
        if let Some(mark) = above.iter().find(|l| l.contains("(X++(Y..Y))")) {
            return Err(Error::new("this JCAMP-DX table is not two columns")
                .because(format!(
                    "'{}' means one x and many y in a line",
                    shown(mark)
                ))
                .cure("export it as XY columns"));
        }
        table.head = Head::read(&above, table.columns, extension);
        Ok(table)
    }

    fn push(&mut self, number: u64, line: &str, layout: Layout) -> Result<()> {
        let cells = layout.cells(line);
        let column = |byte: usize| line[..byte].chars().count() as u64 + 1;
        for &(place, cell) in &cells {
            let value = if cell.is_empty() {
                Some(f64::NAN)
            } else {
                layout.number(cell)
            };
            let shown = shown(cell);
            match value {
                None => return Err(no_number(cell).column(column(place))),
                Some(x) if !x.is_finite() && !cell.is_empty() => {
                    return Err(Error::new(format!("'{shown}' is not a finite number"))
                        .column(column(place))
                        .because("a curve has a number at every point")
                        .cure("remove the points that were not measured"));
                }
                Some(x) => self.values.push(x),
            }
        }
        if cells.len() != self.columns {
            return Err(Error::new(format!("the row has {} columns", cells.len()))
                .because(format!("the first row has {}", self.columns))
                .cure("give every row the same columns; check for a line that was cut"));
        }
        if self.lines.len() == MOST_ROWS {
            return Err(
                Error::new(format!("the file has more than {MOST_ROWS} rows"))
                    .cure("check that this is the right file, or cut it to the range you need"),
            );
        }
        if self.values.len() > MOST_NUMBERS {
            return Err(
                Error::new(format!("the file has more than {MOST_NUMBERS} numbers"))
                    .cure("check that this is the right file, or keep only the columns you need"),
            );
        }
        self.lines.push(number);
        Ok(())
    }

    /// Positions of x, y and the error, counted from 0.
    pub(super) fn choose(
        &self,
        options: &ReadOptions,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<usize>> {
        if let Some(columns) = &options.columns {
            let fits = |c: &usize| (1..=self.columns).contains(c);
            if !(2..=3).contains(&columns.len()) || !columns.iter().all(fits) {
                return Err(Error::new(format!("columns {columns:?} are not possible"))
                    .because(format!("the file has {} columns", self.columns))
                    .cure("give two or three column numbers, counted from 1: x, y and perhaps the error"));
            }
            return Ok(columns.iter().map(|c| c - 1).collect());
        }
        let names = &self.head.names;
        // pandas writes its row numbers under an empty name.
        let first = usize::from(self.columns > 2 && names.first().is_some_and(String::is_empty));
        let named =
            (first + 2..self.columns).find(|&j| names.get(j).is_some_and(|n| names_an_error(n)));
        let unnamed = (names.is_empty() && self.columns == 3).then_some(2);
        let sigma = named.or(unnamed);
        let unused = self.columns - first - 2 - usize::from(sigma.is_some());
        if unused > 0 {
            findings.push(Finding::new(
                "columns-unused",
                format!(
                    "Of {} columns, {} is x and {} is y; {unused} are not used.",
                    self.columns,
                    first + 1,
                    first + 2
                ),
                "Name the columns with --columns x,y,sigma if this is wrong.",
            ));
        }
        Ok([first, first + 1].into_iter().chain(sigma).collect())
    }

    /// The points of the chosen columns. A row without x (a pixel off the axis) is left out and told; one without y is refused.
    pub(super) fn points(
        &self,
        chosen: &[usize],
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Point>> {
        let mut points = Vec::with_capacity(self.lines.len());
        for (row, line) in self.values.chunks(self.columns).zip(&self.lines) {
            let point = Point {
                x: row[chosen[0]],
                y: row[chosen[1]],
                sigma: chosen.get(2).map(|&j| row[j]),
            };
            if point.x.is_nan() {
                continue;
            }
            if point.y.is_nan() || point.sigma.is_some_and(f64::is_nan) {
                return Err(Error::new("a cell is empty")
                    .line(*line)
                    .because("the row has x, but not its value or error")
                    .cure("choose columns without gaps with --columns, or remove the row"));
            }
            points.push(point);
        }
        let gaps = self.lines.len() - points.len();
        if gaps > 0 {
            findings.push(Finding::new(
                "rows-without-x",
                format!("{gaps} rows have no x and were left out."),
                "Choose other columns with --columns if they should count.",
            ));
        }
        Ok(points)
    }
}

fn no_number(cell: &str) -> Error {
    Error::new(format!("'{}' is not a number", shown(cell)))
        .because("text stands among the numbers")
        .cure("remove the line, or mark it as a comment with #")
}

/// The text `footer` at `line` turned out to have numbers below it.
fn among(line: u64, footer: &str) -> Error {
    no_number(footer).line(line).column(1)
}

fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN).collect()
}
