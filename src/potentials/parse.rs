//! Potentials from the one-string form of the command line and of recipes.

use super::Potential;
use super::tersoff::Tersoff;
use super::tersoff::parameters::Set;
use crate::error::{Error, Result};
use std::path::Path;

/// Makes the potential that a string names: `tersoff:c-1989`, `tersoff:sic-1989`, `tersoff:si-1988`, `tersoff:sio2-2007` or
/// `tersoff:file=PATH` (LAMMPS format).
///
/// ```
/// let silica = glassbridge::potentials::parse("tersoff:sio2-2007")?;
/// assert!((silica.cutoff() - 2.8).abs() < 1e-12);
/// assert!(glassbridge::potentials::parse("tersoff:unobtainium").is_err());
/// # Ok::<(), glassbridge::error::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Box<dyn Potential>> {
    let unknown = || {
        Error::new(format!("there is no potential '{text}'"))
            .cure("use tersoff:c-1989, tersoff:sic-1989, tersoff:si-1988, tersoff:sio2-2007 or tersoff:file=PATH")
    };
    let set = match text.trim().split_once(':') {
        Some(("tersoff", which)) => match which.strip_prefix("file=") {
            Some(path) => Set::read(Path::new(path))?,
            None => Set::built_in(which).ok_or_else(unknown)?,
        },
        _ => return Err(unknown()),
    };
    Ok(Box::new(Tersoff::new(set)))
}
