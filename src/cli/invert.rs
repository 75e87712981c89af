//! `glassbridge invert`.

use super::Outcome;
use crate::error::{Error, Result};

/// To be written.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<Outcome> {
    Err(Error::new("invert is not written yet"))
}
