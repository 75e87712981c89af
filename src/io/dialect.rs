//! How a text file of columns is laid out, and which program wrote it.

use crate::curve::Quantity;
use crate::units::Unit;

/// What separates columns, and the decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// `None`: blanks or tabs.
    separator: Option<char>,
    decimal: char,
}

/// Tried in this order; the one under which most lines are numbers wins, the earlier one in a tie.
pub(super) const LAYOUTS: [Layout; 5] = [
    Layout {
        separator: Some(';'),
        decimal: '.',
    },
    Layout {
        separator: Some(';'),
        decimal: ',',
    },
    Layout {
        separator: Some(','),
        decimal: '.',
    },
    Layout {
        separator: None,
        decimal: '.',
    },
    Layout {
        separator: None,
        decimal: ',',
    },
];

impl Layout {
    /// The cells of a line with the byte at which each begins; an empty last cell is no cell.
    pub(super) fn cells<'a>(self, line: &'a str) -> Vec<(usize, &'a str)> {
        let place = |cell: &'a str| (cell.as_ptr() as usize - line.as_ptr() as usize, cell);
        let Some(separator) = self.separator else {
            return line.split_whitespace().map(place).collect();
        };
        let mut cells: Vec<_> = line.split(separator).map(|c| place(c.trim())).collect();
        if cells.last().is_some_and(|c| c.1.is_empty()) {
            cells.pop();
        }
        cells
    }

    /// The number a cell holds (possibly not finite); Fortran's exponent letter D is understood.
    pub(super) fn number(self, cell: &str) -> Option<f64> {
        if let Ok(x) = cell.parse() {
            return Some(x).filter(|_| self.decimal == '.' || !cell.contains('.'));
        }
        let cell = cell.replace(['D', 'd'], "e");
        let cell = if self.decimal == ',' {
            cell.replace(',', ".")
        } else {
            cell
        };
        cell.parse().ok()
    }

    /// Whether the line is a row of at least `least` numbers and nothing else.
    pub(super) fn is_row(self, line: &str, least: usize) -> bool {
        let cells = self.cells(line);
        let filled = cells.iter().filter(|c| !c.1.is_empty());
        filled.clone().count() >= least && filled.clone().all(|c| self.number(c.1).is_some())
    }

    /// Said to the user.
    pub(super) fn describe(self) -> String {
        let separator = match self.separator {
            Some(c) => format!("columns separated by '{c}'"),
            None => "columns separated by blanks".to_owned(),
        };
        let comma = if self.decimal == ',' {
            ", decimal comma"
        } else {
            ""
        };
        separator + comma
    }
}

/// What the head of a file says about its columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    /// Program or facility, if recognised.
    pub(super) program: Option<&'static str>,
    pub(super) quantity: Option<Quantity>,
    pub(super) unit: Option<Unit>,
    pub(super) q_max: Option<f64>,
    /// Column names, if the line before the numbers names them.
    pub(super) names: Vec<String>,
    pub(super) notes: Vec<(String, String)>,
}

impl Head {
    /// Understands the lines above the numbers; `columns` is the width of the first row, `extension` that of the file.
    pub(super) fn read(lines: &[String], columns: usize, extension: &str) -> Self {
        let mut head = Self {
            names: lines.last().map_or_else(Vec::new, |l| names(l, columns)),
            ..Self::default()
        };
        for line in lines {
            head.note(line);
        }
        head.own(lines.last().map_or("", String::as_str));
        head.pdfget(lines);
        head.isis(lines);
        head.others(lines, extension);
        head
    }

    fn note(&mut self, line: &str) {
        let text = strip_mark(line);
        let pair = text.split_once('=').or_else(|| text.split_once(": "));
        if let Some((key, value)) = pair {
            let (key, value) = (key.trim(), value.trim());
            if !key.is_empty() && !value.is_empty() && key.split_whitespace().count() <= 3 {
                self.notes.push((key.to_owned(), value.to_owned()));
            }
        }
    }

    fn value(&self, key: &str) -> Option<&str> {
        super::wide_table::note(&self.notes, key)
    }

    /// `# quantity: ...` and `# unit: ...`, as this program writes them; the line above the numbers may name the unit too.
    fn own(&mut self, last: &str) {
        self.quantity = self.value("quantity").and_then(|v| v.parse().ok());
        let axis = self
            .names
            .first()
            .map(|n| n.to_lowercase())
            .unwrap_or_default();
        self.unit = self
            .value("unit")
            .and_then(|v| v.parse().ok())
            .or_else(|| unit_of(&axis, last))
            .or(match axis {
                n if n.contains("thz") || n.contains("terahz") => Some(Unit::Thz),
                n if n.contains("mev") => Some(Unit::Mev),
                n if n.contains("cm-1") || n.contains("cm^-1") || n.contains("1/cm") => {
                    Some(Unit::InverseCm)
                }
                _ => None,
            });
        self.q_max = self
            .value("qmax")
            .or(self.value("q_max"))
            .and_then(positive);
    }

    fn pdfget(&mut self, lines: &[String]) {
        let says = |word: &str| lines.iter().any(|l| l.contains(word));
        if says("PDFgetN") {
            self.program = Some("PDFgetN");
            self.quantity = self.quantity.or(Some(Quantity::ReducedPdf));
            let written = lines.iter().find_map(|l| l.split_once("Qmax="));
            let number = written.and_then(|(_, rest)| rest.split_whitespace().next());
            self.q_max = number.and_then(positive).or(self.q_max);
        } else if says("diffpy.pdfgetx") || says("PDFgetX") {
            self.program = Some("PDFgetX");
            let kind = match self.value("outputtype") {
                Some("gr") => Some(Quantity::ReducedPdf),
                Some("sq") => Some(Quantity::StructureFactor),
                Some("fq") => Some(Quantity::ReducedStructureFactor),
                _ => None,
            };
            self.quantity = self.quantity.or(kind);
        }
    }

    /// The ISIS oxide-glass data: the second line is the function alone.
    fn isis(&mut self, lines: &[String]) {
        let kind = lines.iter().find_map(|l| match l.trim() {
            "i(Q)" => Some(Quantity::KeenF),
            "T(r)" => Some(Quantity::TotalCorrelation),
            _ => None,
        });
        if kind.is_some() && self.program.is_none() {
            self.program = Some("ISIS disordered materials");
            self.quantity = self.quantity.or(kind);
        }
    }

    fn others(&mut self, lines: &[String], extension: &str) {
        let gudrun = match extension {
            "mint01" => Some(Quantity::KeenF),
            "mgor01" => Some(Quantity::KeenTotal),
            _ => None,
        };
        if gudrun.is_some() && self.program.is_none() {
            self.program = Some("Gudrun");
            self.quantity = self.quantity.or(gudrun);
        }
        // J(r) is the amorphous-silicon literature's name of the radial distribution function.
        let commented = |l: &&String| is_comment(l) && strip_mark(l).starts_with("J(r)");
        if self.quantity.is_none() && lines.iter().any(|l| commented(&l)) {
            self.quantity = Some(Quantity::RadialDistribution);
        }
        let y = self.names.get(1).map(|n| n.to_lowercase());
        if self.quantity.is_none() && matches!(y.as_deref(), Some("dos" | "vdos")) {
            self.quantity = Some(Quantity::Vdos);
        }
    }
}

/// The unit in the name of the x column (`r_nm`, `Q (1/nm)`), else the first in brackets (`# r (nm)  g(r)`).
fn unit_of(axis: &str, last: &str) -> Option<Unit> {
    let words = axis.split(|c: char| c.is_whitespace() || "()[]_,".contains(c));
    // A column called 'a' is no ångström.
    let named = words
        .filter(|word| *word != "a")
        .find_map(|word| word.parse().ok());
    let bracketed = last.split(['(', '[']).skip(1);
    named.or_else(|| {
        bracketed
            .filter_map(|rest| rest.split([')', ']']).next())
            .find_map(|word| word.parse().ok())
    })
}

/// Whether a column of this name holds standard errors.
pub(super) fn names_an_error(name: &str) -> bool {
    let name = name.to_lowercase();
    let known = [
        "error",
        "err",
        "sigma",
        "std",
        "e",
        "dy",
        "df",
        "ds",
        "dg",
        "dg(r)",
        "ds(q)",
        "df(q)",
        "d_gr",
        "uncertainty",
    ];
    known.contains(&name.as_str())
}

pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["#", ";", "%", "/*"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

/// Whether this is the comment with which `PDFgetX` and `PDFgetN` end their head.
pub(super) fn starts_the_data(line: &str) -> bool {
    is_comment(line) && strip_mark(line).starts_with("start data")
}

fn strip_mark(line: &str) -> &str {
    line.trim_start_matches(['#', ';', '%', '/', '*', ' ', '\t'])
        .trim()
}

/// Names of the columns, if the line has one for each (`#L` is the mark of spec files).
fn names(line: &str, columns: usize) -> Vec<String> {
    let text = if is_comment(line) {
        strip_mark(line)
    } else {
        line.trim_end()
    };
    let text = text.strip_prefix("L ").unwrap_or(text);
    let by_character = [',', ';', '\t'].into_iter().find(|&c| text.contains(c));
    let found: Vec<String> = match by_character {
        Some(c) => text.split(c).map(|n| n.trim().to_owned()).collect(),
        None => text.split_whitespace().map(String::from).collect(),
    };
    let words = found.iter().all(|n| n.parse::<f64>().is_err());
    if words && found.len() == columns {
        found
    } else {
        Vec::new()
    }
}

fn positive(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|q: &f64| q.is_finite() && *q > 0.0)
}
