//! The words of a line, with where they stand, for formats of separated words.

use crate::error::{Error, Result};

/// One line of a file, cut into words.
pub(super) struct Words<'a> {
    line: &'a str,
    number: u64,
    all: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// Of line `index`, counted from 0.
    pub(super) fn of(line: &'a str, index: usize) -> Self {
        Self {
            line,
            number: index as u64 + 1,
            all: line.split_whitespace().collect(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them.
    pub(super) fn all(&self) -> &[&'a str] {
        &self.all
    }

    /// Word `at`, from 0.
    pub(super) fn text(&self, at: usize) -> Result<&'a str> {
        self.all.get(at).copied().ok_or_else(|| {
            self.error(format!("the line has only {} words", self.all.len()))
                .cure("complete the line")
        })
    }

    /// Word `at` as a finite number.
    pub(super) fn number(&self, at: usize) -> Result<f64> {
        number(self.text(at)?).map_err(|e| e.line(self.number).column(self.column(at)))
    }

    /// Three numbers from word `at` on.
    pub(super) fn vector(&self, at: usize) -> Result<[f64; 3]> {
        Ok([self.number(at)?, self.number(at + 1)?, self.number(at + 2)?])
    }

    /// Word `at` as a whole number that is not negative.
    pub(super) fn count(&self, at: usize) -> Result<usize> {
        let word = self.text(at)?;
        word.parse().map_err(|_| {
            self.error(format!("'{}' is not a whole number", shortened(word)))
                .column(self.column(at))
        })
    }

    /// An error in this line.
    pub(super) fn error(&self, what: impl Into<String>) -> Error {
        Error::new(what).line(self.number)
    }

    /// Where word `at` begins, in characters from 1.
    fn column(&self, at: usize) -> u64 {
        let offset = self.all[at].as_ptr() as usize - self.line.as_ptr() as usize;
        self.line[..offset].chars().count() as u64 + 1
    }
}

/// A finite number; Fortran's exponents too.
pub(super) fn number(text: &str) -> Result<f64> {
    let parsed = text
        .parse()
        .or_else(|_| text.replace(['d', 'D'], "e").parse());
    let finite = parsed.ok().filter(|x: &f64| x.is_finite());
    finite.ok_or_else(|| Error::new(format!("'{}' is not a number", shortened(text))))
}

/// Enough of a text from a file to recognise it.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
