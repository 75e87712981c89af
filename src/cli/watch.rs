//! `glassbridge watch`.

use super::instrument_options::{Known, SpectrumArgs};
use super::invert::{Done, finish, measured, summaries, write_tables};
use super::read_options::PaperName;
use super::series::{self, ScanArgs};
use super::{Outcome, load};
use crate::error::{Error, Result};
use crate::inverse::Instruments;
use crate::live::Folder;
use crate::operator::Operator;
use crate::report::{Report, pages};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder in which spectra land: each is inverted at once, and the tables and the report of the series are renewed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge watch sio2.npz /data/run7 --noise 0.03 --scan name --out run7\n  \
    glassbridge watch sio2.npz /data/run7 --resolution 2.5 --non-negative --out run7\n  \
    glassbridge watch sio2.npz /data/run7 --once --json\n\n\
    Keep OUT/series.html open in a browser and reload it. A file that is still written is waited for, one that cannot be read is\n\
    told and passed over, one that changes is inverted again. Spectra of one instrument (same points, errors within a tenth)\n\
    are prepared for once. Ctrl-C ends it at any time: every file is whole. With --once or --idle the exit code is 3 if a spectrum\n\
    lies outside the operator's domain.")]
pub(super) struct Args {
    /// The operator file.
    operator: PathBuf,
    /// The folder.
    folder: PathBuf,
    /// Folder for g.csv with its band, summary.csv and series.html [default: FOLDER/glassbridge]
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    spectrum: SpectrumArgs,
    #[command(flatten)]
    scan: ScanArgs,
    /// Another report of the series (.html, .pdf or .json), renewed as series.html is.
    #[arg(long)]
    report: Vec<PathBuf>,
    /// Paper of the reports.
    #[arg(long, value_enum, default_value = "a4")]
    paper: PaperName,
    /// Seconds between two looks; a file is whole when two looks find it unchanged.
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    every: f64,
    /// Invert what is there, then end.
    #[arg(long)]
    once: bool,
    /// End when nothing has landed for so long.
    #[arg(long, value_name = "SECONDS", conflicts_with = "once")]
    idle: Option<f64>,
    /// Print JSON, one object a line: each spectrum, each file that was passed over, each renewal.
    #[arg(long)]
    json: bool,
}

/// What has been inverted so far.
struct Series<'a> {
    operator: &'a Operator,
    source: (String, String),
    instruments: Instruments<'a>,
    known: Known,
    args: &'a Args,
    out: PathBuf,
    /// By path, in the order in which they landed.
    files: Vec<(PathBuf, Done)>,
}

pub(super) fn run(args: &Args) -> Result<Outcome> {
    let pause = seconds(args.every, "--every")?;
    let idle = args.idle.map(|s| seconds(s, "--idle")).transpose()?;
    let operator = Operator::load(&args.operator)?;
    let mut folder = Folder::new(&args.folder)?;
    let mut series = Series {
        operator: &operator,
        source: load::source(&args.operator)?,
        instruments: Instruments::new(&operator),
        known: args.spectrum.known()?,
        args,
        out: args
            .out
            .clone()
            .unwrap_or_else(|| args.folder.join("glassbridge")),
        files: Vec::new(),
    };
    folder.look()?;
    let mut last = Instant::now();
    loop {
        std::thread::sleep(pause);
        let landed = folder.look()?;
        if !landed.is_empty() {
            series.take(&landed)?;
            last = Instant::now();
        }
        if args.once {
            for path in folder.unfinished() {
                skipped(path, "it is empty or still being written", args.json);
            }
            break;
        }
        if idle.is_some_and(|idle| last.elapsed() >= idle && folder.unfinished().is_empty()) {
            break;
        }
    }
    series.end()
}

fn seconds(value: f64, name: &str) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|_| {
        Error::new(format!("{name} {value} is not a time")).cure("give seconds, such as 1 or 0.5")
    })
}

impl Series<'_> {
    /// Inverts what landed; a file that cannot be is told. Then renews tables and report, if anything is new.
    fn take(&mut self, landed: &[PathBuf]) -> Result<()> {
        let mut any = false;
        for path in landed {
            match self.invert(path) {
                Ok(done) => {
                    self.tell(path, &done);
                    self.keep(path, done);
                    any = true;
                }
                Err(error) => skipped(path, &error.to_string(), self.args.json),
            }
        }
        if any { self.renew() } else { Ok(()) }
    }

    fn invert(&mut self, path: &Path) -> Result<Done> {
        let (operator, args) = (self.operator, self.args);
        let how = self.known.spectroscopy();
        let (loaded, measurement) = measured(operator, path, &args.spectrum, &how)?;
        // A name without a number would spoil the report of all others.
        args.scan.values(&loaded.names)?;
        let ready = self.instruments.of(&measurement.channel)?;
        finish(
            operator,
            &ready,
            loaded,
            measurement,
            &self.known.constraints,
        )
    }

    fn keep(&mut self, path: &Path, done: Done) {
        match self.files.iter_mut().find(|(known, _)| known == path) {
            Some(entry) => entry.1 = done,
            None => self.files.push((path.to_path_buf(), done)),
        }
    }

    fn tell(&self, path: &Path, done: &Done) {
        for row in summaries(self.operator, std::iter::once(done)) {
            if self.args.json {
                say!("{}", json!({ "file": path, "spectrum": row }));
            } else {
                say!(
                    "{}: {}",
                    row["sample"].as_str().unwrap_or_default(),
                    row["verdict"].as_str().unwrap_or_default()
                );
            }
        }
    }

    fn renew(&self) -> Result<()> {
        let all: Vec<&Done> = self.files.iter().map(|(_, done)| done).collect();
        write_tables(self.operator, &all, &self.out)?;
        let source = self.source.clone();
        let report = Report {
            paper: self.args.paper.into(),
            ..series::report(self.operator, source, &all, &self.args.scan)?
        };
        let page = self.out.join("series.html");
        for path in std::iter::once(&page).chain(&self.args.report) {
            pages::write(&report, path)?;
        }
        if self.args.json {
            let frames: usize = all.iter().map(|d| d.inversions.len()).sum();
            say!("{}", json!({ "renewed": page, "spectra": frames }));
        }
        Ok(())
    }

    fn end(&self) -> Result<Outcome> {
        if self.files.is_empty() {
            return Err(Error::new("no spectrum could be inverted")
                .at(&self.args.folder)
                .cure("see the messages above; --quantity and --x-unit say what a file does not"));
        }
        let domains = self.files.iter().flat_map(|(_, done)| &done.domains);
        Ok(if domains.clone().all(|d| d.inside) {
            Outcome::Done
        } else {
            Outcome::Disagrees
        })
    }
}

fn skipped(path: &Path, why: &str, as_json: bool) {
    if as_json {
        say!("{}", json!({ "file": path, "skipped": why }));
    } else {
        eprintln!("passed over: {}: {why}", path.display());
    }
}
