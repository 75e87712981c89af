//! Potentials from the one-string form of the command line and of recipes.

use super::Potential;
use super::eam::{self, Eam};
use super::lennard_jones::{self, LennardJones};
use super::tersoff::{self, Tersoff};
use crate::error::{Error, Result};

/// What can stand after the colon, and how it is made for some species.
type Family = (
    &'static str,
    &'static [&'static str],
    fn(&str, &[String]) -> Result<Box<dyn Potential>>,
);

/// The words before the colon. A new potential is one line here.
const FAMILIES: &[Family] = &[
    ("eam", eam::FORMS, |w, species| {
        Ok(Box::new(Eam::named(w, species)?))
    }),
    ("lj", lennard_jones::FORMS, |w, _| {
        Ok(Box::new(LennardJones::named(w)?))
    }),
    ("tersoff", tersoff::FORMS, |w, _| {
        Ok(Box::new(Tersoff::named(w)?))
    }),
];

/// Makes the potential that a string names, such as `lj:kob-andersen`, `tersoff:sic-1989` or `eam:file=PATH`; an unknown one is
/// an error that lists all forms.
///
/// ```
/// let silica = glassbridge::potentials::parse("tersoff:sio2-2007")?;
/// assert!((silica.cutoff() - 2.8).abs() < 1e-12);
/// assert!(glassbridge::potentials::parse("tersoff:unobtainium").is_err());
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Box<dyn Potential>> {
    parse_for(text, &[])
}

/// Like [`parse`], for a structure of these species (in any order; none: all that it knows). A potential that is tabulated when
/// it is made (`eam:zhou-2004`) then has the tables and the cutoff of these and no others.
pub fn parse_for(text: &str, species: &[String]) -> Result<Box<dyn Potential>> {
    let (family, which) = text.trim().split_once(':').unwrap_or((text, ""));
    let found = FAMILIES.iter().find(|(name, ..)| *name == family);
    let Some((_, _, make)) = found else {
        let forms: Vec<_> = FAMILIES.iter().flat_map(|f| f.1).copied().collect();
        return Err(unknown(text, &forms));
    };
    make(which, species)
}

/// The error for a name that nobody has.
pub(super) fn unknown(text: &str, forms: &[&str]) -> Error {
    Error::new(format!("there is no potential '{text}'")).cure(format!("use {}", forms.join(", ")))
}

/// A list `key=value,key=value`.
pub(super) struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    /// Reads a list whose keys are all `known`, each given once.
    pub(super) fn read(text: &'a str, known: &[&str]) -> Result<Self> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (key.trim(), value.trim());
            if !known.contains(&key) {
                return Err(
                    Error::new(format!("the potential has no setting '{key}'")).cure(match known {
                        [] => "leave it out".to_owned(),
                        _ => format!("its settings are {}", known.join(", ")),
                    }),
                );
            }
            if pairs.iter().any(|(k, _)| *k == key) {
                return Err(Error::new(format!(
                    "the potential's setting '{key}' stands twice"
                )));
            }
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    /// A number that must be given.
    pub(super) fn number(&self, key: &str) -> Result<f64> {
        let value = self.get(key).ok_or_else(|| {
            Error::new(format!("the potential lacks '{key}'")).cure(format!("add {key}=NUMBER"))
        })?;
        let number = value.parse().ok().filter(|x: &f64| x.is_finite());
        number.ok_or_else(|| Error::new(format!("{key}={value} is not a number")))
    }

    /// One of some words, or the default.
    pub(super) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> Result<T> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        let found = words.iter().find(|(word, _)| *word == value);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Error::new(format!("{key}={value} is not possible"))
                .cure(format!("{key} is one of {}", all.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_name_is_named() {
        for (text, told) in [
            ("unobtainium", "tersoff:c-1989"),
            ("lj:krypton", "lj:argon"),
            ("tersoff:unobtainium", "tersoff:file=PATH"),
            ("lj:argon,shift=none", "no setting 'shift'"),
            ("lj:epsilon=1,sigma=1", "add cutoff=NUMBER"),
            ("lj:epsilon=1,epsilon=1", "twice"),
            ("lj:epsilon=x,sigma=1,cutoff=2", "epsilon=x is not a number"),
            ("lj:epsilon=1,sigma=-1,cutoff=2", "positive"),
            (
                "lj:epsilon=1,sigma=1,cutof=2",
                "epsilon, sigma, cutoff, shift, units",
            ),
            ("lj:kob-andersen,shift=smooth", "none, energy, force"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn settings_are_heard() {
        let reduced = parse("lj:epsilon=1, sigma=1, cutoff=3, units=reduced").unwrap();
        assert!(reduced.reduced() && (reduced.cutoff() - 3.0).abs() < 1e-15);
        assert!(!parse("lj:argon").unwrap().reduced());
        assert!(parse(" lj:kob-andersen-2d,shift=force").unwrap().reduced());
    }
}
