//! The one error type: what went wrong, where, why, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure told in full: *what* failed, *where* (`file:line:column`), *why*, and the *cure*.
///
/// ```
/// use glassbridge::error::Error;
/// let e = Error::new("the sample has no atoms")
///     .at("glass.extxyz")
///     .line(1)
///     .because("the first line says 0")
///     .cure("write the number of atoms there");
/// assert_eq!(
///     e.to_string(),
///     "the sample has no atoms\n  where: glass.extxyz:1\n  why:   the first line says 0\n  help:  write the number of atoms there"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error(Box<Told>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    what: String,
    file: Option<PathBuf>,
    line: Option<u64>,
    column: Option<u64>,
    why: Option<String>,
    cure: Option<String>,
}

impl Error {
    /// An error that says what failed; add the rest with the other methods.
    pub fn new(what: impl Into<String>) -> Self {
        Self(Box::new(Told {
            what: what.into(),
            file: None,
            line: None,
            column: None,
            why: None,
            cure: None,
        }))
    }

    /// A failed operating-system call on `path`.
    pub fn io(path: impl AsRef<Path>, doing: &str, source: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let cure = match source.kind() {
            ErrorKind::NotFound => "check the spelling of the path",
            ErrorKind::PermissionDenied => "check the permissions, or choose another folder",
            _ => "check the disk and the path",
        };
        Self::new(format!("cannot {doing}"))
            .at(path)
            .because(source.to_string())
            .cure(cure)
    }

    /// Names the file, unless a deeper call already did.
    #[must_use]
    pub fn at(mut self, file: impl AsRef<Path>) -> Self {
        self.0
            .file
            .get_or_insert_with(|| file.as_ref().to_path_buf());
        self
    }

    /// Names the line, counted from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.0.line = Some(line);
        self
    }

    /// Names the column (character), counted from 1.
    #[must_use]
    pub fn column(mut self, column: u64) -> Self {
        self.0.column = Some(column);
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.0.why = Some(why.into());
        self
    }

    /// Says what the user can do.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.0.cure = Some(cure.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = &self.0;
        f.write_str(&told.what)?;
        if told.file.is_some() || told.line.is_some() {
            f.write_str("\n  where: ")?;
            match &told.file {
                Some(file) => write!(f, "{}", file.display())?,
                None => f.write_str("input")?,
            }
            for position in [told.line, told.column].into_iter().flatten() {
                write!(f, ":{position}")?;
            }
        }
        if let Some(why) = &told.why {
            write!(f, "\n  why:   {why}")?;
        }
        if let Some(cure) = &told.cure {
            write!(f, "\n  help:  {cure}")?;
        }
        Ok(())
    }
}
