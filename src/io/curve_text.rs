//! Curves in columns of text, as the programs and facilities of the field write them.

use super::dialect::{Head, LAYOUTS, Layout, is_comment, names_an_error};
use super::files;
use crate::curve::{Curve, Quantity};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::units::Unit;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Largest file taken: 512 MiB.
const LARGEST: u64 = 512 << 20;
/// Most rows taken; no instrument writes more in one curve.
const MOST_ROWS: usize = 10_000_000;
/// Lines looked at to find the separator.
const SAMPLE: usize = 2000;
/// Characters of a bad cell shown to the user.
const SHOWN: usize = 40;
/// An error below this part of the median one is a place holder, as is a constant one below `ABSURD` of the largest |y|.
const PLACE_HOLDER: f64 = 1e-3;
/// No counting experiment knows every point to one part in a hundred thousand.
const ABSURD: f64 = 1e-5;
/// Up to this part of the points may be left out for want of an error; beyond, the errors are left out.
const MAY_BE_DROPPED: f64 = 0.2;

/// What the user says about a file; what is `None` is taken from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What the curve shows.
    pub quantity: Option<Quantity>,
    /// Unit of x in the file.
    pub unit: Option<Unit>,
    /// Columns of x, y and perhaps the standard error, counted from 1.
    pub columns: Option<Vec<usize>>,
}

/// A curve and how it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The curve, x in the inside unit of its quantity, densities with their Jacobian.
    pub curve: Curve,
    /// What was assumed or repaired.
    pub findings: Vec<Finding>,
    /// The file.
    pub source: PathBuf,
    /// BLAKE3 of the file, hexadecimal.
    pub hash: String,
    /// Program or layout recognised.
    pub dialect: String,
    /// `Q_max` of a Fourier transform, in 1/Å, if the file tells it.
    pub q_max: Option<f64>,
    /// `key: value` and `key = value` lines of the head.
    pub notes: Vec<(String, String)>,
}

/// Reads a curve.
///
/// Errors tell file, line and column: text among the numbers, a number that is not finite, rows of different length, fewer
/// than two columns, an empty or binary file, one beyond the limits, a quantity or unit that nobody named.
pub fn read_curve(path: &Path, options: &ReadOptions) -> Result<Reading> {
    let bytes = files::read(path, LARGEST)?;
    parse(&bytes, path, options).map_err(|e| e.at(path))
}

/// Reads a curve from bytes; `source` serves its extension and the record. See [`read_curve`].
pub fn parse(bytes: &[u8], source: &Path, options: &ReadOptions) -> Result<Reading> {
    refuse_binary(bytes)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let layout = find_layout(text)?;
    let extension = source
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase());
    let table = Table::read(text, layout, extension.as_deref().unwrap_or_default())?;
    let mut findings = Vec::new();
    let chosen = table.choose(options, &mut findings)?;
    if let Some(line) = table.footer {
        findings.push(Finding::new(
            "text-after-numbers",
            format!("The text from line {line} on, below the numbers, was not read."),
            "Check that the curve is complete.",
        ));
    }
    let points = table.points(&chosen)?;
    let quantity = quantity(&table.head, options, &mut findings)?;
    let factor = unit(&table.head, quantity, options, &mut findings)?.factor_to(quantity.axis())?;
    let points = errors(points, &mut findings);
    let points = ordered(points, &mut findings);
    let jacobian = if quantity.is_density() { factor } else { 1.0 };
    let sigma: Option<Vec<f64>> = points
        .iter()
        .map(|p| p.sigma.map(|s| s / jacobian))
        .collect();
    let curve = Curve::new(
        points.iter().map(|p| p.x * factor).collect(),
        points.iter().map(|p| p.y / jacobian).collect(),
        sigma,
        quantity,
    )?;
    let layout = layout.describe();
    Ok(Reading {
        curve,
        findings,
        source: source.to_path_buf(),
        hash: blake3::hash(bytes).to_hex().to_string(),
        dialect: table
            .head
            .program
            .map_or(layout.clone(), |p| format!("{p}, {layout}")),
        q_max: table.head.q_max,
        notes: table.head.notes,
    })
}

fn refuse_binary(bytes: &[u8]) -> Result<()> {
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
    Ok(())
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
fn find_layout(bytes: &[u8]) -> Result<Layout> {
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
struct Table {
    head: Head,
    columns: usize,
    /// Rows x columns; an empty cell is NaN and told when its column is used.
    values: Vec<f64>,
    /// Line of each row.
    lines: Vec<u64>,
    /// First line of text below the numbers.
    footer: Option<u64>,
}

impl Table {
    fn read(bytes: &[u8], layout: Layout, extension: &str) -> Result<Self> {
        let marked = lines(bytes)
            .find(|(_, l)| l.contains("start data"))
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
                    (table.footer, footer) = (Some(number), line.trim().to_owned())
                }
                None => table
                    .push(number, &line, layout)
                    .map_err(|e| e.line(number))?,
            }
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
        self.lines.push(number);
        Ok(())
    }

    /// Positions of x, y and the error, counted from 0.
    fn choose(&self, options: &ReadOptions, findings: &mut Vec<Finding>) -> Result<Vec<usize>> {
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

    fn points(&self, chosen: &[usize]) -> Result<Vec<Point>> {
        let row = |(i, line): (usize, &u64)| {
            let cell = |j: usize| self.values[i * self.columns + j];
            if chosen.iter().any(|&j| cell(j).is_nan()) {
                return Err(Error::new("a cell is empty")
                    .line(*line)
                    .cure("choose columns without gaps with --columns, or remove the row"));
            }
            let sigma = chosen.get(2).map(|&j| cell(j));
            Ok(Point {
                x: cell(chosen[0]),
                y: cell(chosen[1]),
                sigma,
            })
        };
        self.lines.iter().enumerate().map(row).collect()
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

#[derive(Debug, Clone, Copy)]
struct Point {
    x: f64,
    y: f64,
    sigma: Option<f64>,
}

fn quantity(head: &Head, options: &ReadOptions, findings: &mut Vec<Finding>) -> Result<Quantity> {
    match (options.quantity, head.quantity) {
        (Some(said), Some(read)) if said != read => {
            findings.push(Finding::new(
                "quantity-overruled",
                format!("The file looks like {read}; it is taken as {said}, as asked."),
                "Leave --quantity out to follow the file.",
            ));
            Ok(said)
        }
        (Some(said), _) => Ok(said),
        (None, Some(read)) => {
            findings.push(Finding::new(
                "quantity-recognised",
                format!("The head of the file says that this is {read}."),
                "Give --quantity if it is something else.",
            ));
            Ok(read)
        }
        (None, None) => {
            let names: Vec<_> = Quantity::ALL.iter().map(|q| q.name()).collect();
            Err(Error::new("the file does not say what it shows")
                .because("nothing in its head names the quantity")
                .cure(format!("give --quantity with one of {}", names.join(", "))))
        }
    }
}

fn unit(
    head: &Head,
    quantity: Quantity,
    options: &ReadOptions,
    findings: &mut Vec<Finding>,
) -> Result<Unit> {
    let fits = |u: &Unit| u.inside() == quantity.axis();
    match options.unit.or(head.unit.filter(fits)) {
        Some(unit) if fits(&unit) => Ok(unit),
        Some(unit) => Err(Error::new(format!("x of a {quantity} cannot be in {unit}"))
            .because(format!(
                "its axis is measured in {} or a unit of the same kind",
                quantity.axis()
            ))
            .cure("correct --x-unit or --quantity")),
        None => {
            let axis = quantity.axis();
            if axis == Unit::Mev {
                findings.push(Finding::new(
                    "unit-assumed",
                    "The file does not name the unit of its energy axis; meV is assumed.",
                    "Give --x-unit thz, cm-1 or rad/ps if it is another.",
                ));
            }
            Ok(axis)
        }
    }
}

/// Takes out errors that are none: zero, negative, or place holders.
fn errors(points: Vec<Point>, findings: &mut Vec<Finding>) -> Vec<Point> {
    let mut known: Vec<f64> = points
        .iter()
        .filter_map(|p| p.sigma)
        .filter(|s| *s > 0.0)
        .collect();
    if points.iter().all(|p| p.sigma.is_none()) {
        return points;
    }
    known.sort_by(f64::total_cmp);
    let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
    let largest = points.iter().fold(0.0, |m: f64, p| m.max(p.y.abs()));
    let constant = known.first() == known.last() && median < ABSURD * largest;
    let believed = |p: &Point| {
        !constant
            && p.sigma
                .is_some_and(|s| s > PLACE_HOLDER * median && s > 0.0)
    };
    let unknown = points.iter().filter(|p| !believed(p)).count();
    if unknown == 0 {
        return points;
    }
    let few =
        (unknown as f64) <= MAY_BE_DROPPED * points.len() as f64 && points.len() - unknown >= 2;
    let seen = format!(
        "{unknown} of {} errors are zero, negative or place holders (median error {median:e}).",
        points.len()
    );
    if few {
        findings.push(Finding::new(
            "points-without-error",
            format!("{seen} These points are left out."),
            "Give two columns with --columns to keep all points without errors.",
        ));
        return points.into_iter().filter(believed).collect();
    }
    findings.push(Finding::new(
        "errors-unknown",
        format!("{seen} The column of errors is left out."),
        "Put the real standard errors in the third column if you have them.",
    ));
    points
        .into_iter()
        .map(|p| Point { sigma: None, ..p })
        .collect()
}

/// Points by ascending x; those of equal x become their mean.
fn ordered(mut points: Vec<Point>, findings: &mut Vec<Finding>) -> Vec<Point> {
    let steps_back = points.windows(2).filter(|w| w[1].x < w[0].x).count();
    if steps_back > 0 {
        findings.push(Finding::new(
            "x-sorted",
            format!("x steps back {steps_back} times in the file; the points were sorted."),
            "Check the file if it should ascend (digitised curves often do not).",
        ));
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let before = points.len();
    let merged: Vec<Point> = points.chunk_by(|a, b| a.x >= b.x).map(mean).collect();
    if merged.len() < before {
        findings.push(Finding::new(
            "duplicates-merged",
            format!(
                "{} points have the x of another; each group became its mean.",
                before - merged.len()
            ),
            "Remove the repeated points if they are not repeated measurements.",
        ));
    }
    merged
}

fn mean(group: &[Point]) -> Point {
    let n = group.len() as f64;
    let squares: Option<f64> = group.iter().map(|p| p.sigma.map(|s| s * s)).sum();
    Point {
        x: group[0].x,
        y: group.iter().map(|p| p.y / n).sum(),
        sigma: squares.map(|s| s.sqrt() / n),
    }
}
