//! `glassbridge demo`.

use super::read_options::PaperName;
use super::{Outcome, check};
use crate::error::{Error, Result};
use crate::io::files;
use std::path::PathBuf;

/// The demonstration's operator and measurements; `fixtures/demo/README.md` tells how they were made.
const FILES: [(&str, &[u8]); 3] = [
    (OPERATOR, include_bytes!("../../fixtures/demo/silica.npz")),
    (SPECTRUM, include_bytes!("../../fixtures/demo/spectrum.dat")),
    (PDF, include_bytes!("../../fixtures/demo/pdf.dat")),
];
const OPERATOR: &str = "silica.npz";
const SPECTRUM: &str = "spectrum.dat";
const PDF: &str = "pdf.dat";

/// The main job on data that the program carries: do a spectrum and a PDF of one glass agree?
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  glassbridge demo --out demo")]
pub(super) struct Args {
    /// Folder for the inputs, the report and its figures.
    #[arg(long, default_value = "glassbridge-demo")]
    out: PathBuf,
    /// Paper of the report.
    #[arg(long, value_enum, default_value = "a4")]
    paper: PaperName,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let at = |name: &str| args.out.join(name);
    for (name, bytes) in FILES {
        files::replace(&at(name), |out| {
            out.write_all(bytes)
                .map_err(|e| Error::io(at(name), "write a file of the demonstration", &e))
        })?;
    }
    let mut report = vec![at("report.html")];
    if cfg!(feature = "pdf") {
        report.push(at("report.pdf"));
    }
    say!(
        "A simulated silica glass that the operator has not seen: its vibrational spectrum as a spectrometer would measure it,\n\
         and its T(r) as a diffractometer would. Do they belong together?\n"
    );
    let outcome = check::run(&check::Args {
        operator: at(OPERATOR),
        spectrum: at(SPECTRUM),
        pdf: at(PDF),
        report,
        paper: args.paper,
        figures: Some(at("figures")),
        ..check::Args::default()
    })?;
    let folder = args.out.display();
    say!("\nreport    {folder}/report.{{pdf,html}}\nfigures   {folder}/figures/*.{{png,svg,csv}}");
    say!(
        "again     glassbridge check {folder}/{OPERATOR} --spectrum {folder}/{SPECTRUM} --pdf {folder}/{PDF} --report again.pdf"
    );
    Ok(outcome)
}
