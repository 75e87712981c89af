//! `glassbridge completions`: a completion script for a shell.

use super::{Cli, Outcome};
use crate::error::Result;
use clap::CommandFactory;

/// Print a completion script for your shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  glassbridge completions bash > ~/.local/share/bash-completion/completions/glassbridge"
)]
pub(super) struct Args {
    /// The shell.
    shell: clap_complete::Shell,
}

#[allow(clippy::unnecessary_wraps, reason = "every verb has this shape")]
pub(super) fn run(args: &Args) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "glassbridge", &mut script);
    put!("{}", String::from_utf8_lossy(&script));
    Ok(Outcome::Done)
}
