//! On which axis each array of a dataset lies: the one place that decides it.

use super::recipe::Record;
use super::store::Axis;
use crate::error::{Error, Result};
use crate::units::Unit;

/// Name in the manifest of the axis of an array.
pub(super) fn of(array: &str) -> &'static str {
    match array {
        "adf" => "angle",
        "rings" => "ring-size",
        "kappa" => "temperature",
        _ if array.starts_with("rdf") => "r",
        _ => "energy",
    }
}

/// The axis of that name, from what was asked for; its unit is none for an angle (degrees) and a ring size (atoms).
///
/// Errors: no axis of a dataset has that name.
pub(super) fn axis(name: &str, record: &Record) -> Result<Axis> {
    let (grid, unit) = match name {
        "r" => (record.r()?, Some(Unit::Angstrom)),
        "energy" => (record.energy()?, Some(Unit::Mev)),
        "angle" => (Record::angles()?, None),
        "temperature" => (record.kappa.grid()?, Some(Unit::Kelvin)),
        "ring-size" => {
            let sizes = record.ring_sizes()?.ok_or_else(|| unknown(name))?;
            (sizes, None)
        }
        _ => return Err(unknown(name)),
    };
    Ok(Axis { grid, unit })
}

fn unknown(name: &str) -> Error {
    Error::new(format!("the dataset has no axis '{name}'"))
        .cure("simulate it again with this program")
}
