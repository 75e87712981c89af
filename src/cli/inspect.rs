//! `glassbridge inspect`.

mod measured;
mod told;
mod trained;

use super::Outcome;
use super::read_options::ReadArgs;
use crate::error::Result;
use crate::io::wide_table::is_wide_table;
use crate::report::{Figure, overview, write_figures};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Say what a file or folder holds, what was read and what was assumed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge inspect spectrum.dat --quantity vdos --x-unit thz\n  \
    glassbridge inspect sio2-set --figures figures\n  \
    glassbridge inspect sio2.npz --figures figures")]
pub(super) struct Args {
    /// Columns of text with a measured curve, a wide table (CSV), a dataset folder, or an operator (.npz)
    file: PathBuf,
    /// Draw it: PNG, SVG and CSV in this folder
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was found, and how it looks.
struct Seen {
    facts: Value,
    figures: Vec<Figure>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let seen = look(args)?;
    if let Some(folder) = &args.figures {
        let name = args.file.display().to_string();
        write_figures(&overview::collected(&name, seen.figures), folder)?;
    }
    if args.json {
        say!("{}", seen.facts);
    } else {
        say!("{}", told::told(&seen.facts));
    }
    Ok(Outcome::Done)
}

fn look(args: &Args) -> Result<Seen> {
    let (path, draw) = (args.file.as_path(), args.figures.is_some());
    if path.is_dir() {
        return trained::dataset(path, draw);
    }
    if is_npz(path) {
        return trained::operator(path, draw);
    }
    if is_wide_table(path)? {
        return measured::table(path, draw);
    }
    measured::curve(&args.read.read(path)?, draw)
}

fn is_npz(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"))
}
