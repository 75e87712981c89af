//! The words of a parameter file, each with its place, so that an error can point at it.

use crate::error::{Error, Result};

/// A word of a file and where it begins, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Word<'_> {
    /// The error, here.
    pub(super) fn place(&self, error: Error) -> Error {
        error.line(self.line).column(self.column)
    }

    /// The word as a finite number; Fortran's `1.0D+00` is understood.
    pub(super) fn number(&self) -> Result<f64> {
        let number = (self.text.parse()).or_else(|_| self.text.replace(['D', 'd'], "e").parse());
        (number.ok().filter(|x: &f64| x.is_finite())).ok_or_else(|| {
            self.place(
                Error::new(format!("'{}' is not a number", self.short()))
                    .cure("check this line against the original file"),
            )
        })
    }

    /// The word, or its beginning if somebody wrote a novel.
    pub(super) fn short(&self) -> String {
        self.text.chars().take(40).collect()
    }
}

/// All words of a text in which `#` begins a comment.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or("");
        let (mut rest, mut column) = (line, 1);
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            let word = rest[start..].split_whitespace().next().unwrap_or("");
            column += rest[..start].chars().count() as u64;
            out.push(Word {
                text: word,
                line: number,
                column,
            });
            column += word.chars().count() as u64;
            rest = &rest[start + word.len()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_places() {
        let found: Vec<_> = words("a  bé c # no\n\n  1.5D+01 inf")
            .iter()
            .map(|w| (w.text, w.line, w.column))
            .collect();
        let expected = [
            ("a", 1, 1),
            ("bé", 1, 4),
            ("c", 1, 7),
            ("1.5D+01", 3, 3),
            ("inf", 3, 11),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_number_is_finite() {
        let all = words("-1e3 1.5D+01 inf x1");
        let numbers: Vec<_> = all.iter().map(|w| w.number().ok()).collect();
        assert_eq!(numbers, [Some(-1e3), Some(15.0), None, None]);
    }
}
