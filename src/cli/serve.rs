//! `glassbridge serve`.

use super::{Outcome, load};
use crate::error::Result;
use crate::live::Server;
use crate::operator::Operator;
use std::path::PathBuf;

/// A page on this machine: drop a spectrum and a PDF, see both overlays, move the settings, download the report.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    glassbridge serve sio2.npz --port 8017\n\n\
    Open the address that is printed in a browser. The page is for this machine only (127.0.0.1), loads nothing from elsewhere\n\
    and writes no file: what you drop stays in memory until it is answered. Ctrl-C ends it.")]
pub(super) struct Args {
    /// The operator file.
    operator: PathBuf,
    /// Port of 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8017)]
    port: u16,
    /// Print the address as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let operator = Operator::load(&args.operator)?;
    let server = Server::bind(operator, load::source(&args.operator)?, args.port)?;
    let address = format!("http://{}/", server.address());
    if args.json {
        say!("{}", serde_json::json!({ "address": address }));
    } else {
        say!("{address}\nopen it in a browser on this machine; Ctrl-C ends it");
    }
    server.run();
    Ok(Outcome::Done)
}
