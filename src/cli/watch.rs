//! `glassbridge watch`.

use super::invert::{Done, NuisanceName, finish, noise_level, summaries, write_tables};
use super::read_options::ReadArgs;
use super::series::{self, ScanArgs};
use super::{Outcome, load};
use crate::error::{Error, Result};
use crate::inverse::{Constraints, Instruments, Measurement, Nuisance};
use crate::live::Folder;
use crate::operator::Operator;
use crate::report::pages;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder in which spectra land: each is inverted at once, and the tables and the report of the series are renewed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    glassbridge watch sio2.npz /data/run7 --noise 0.03 --scan name --out run7\n  \
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
    /// White noise relative to the rms of the spectrum, where a file has no errors (else it is estimated).
    #[arg(long)]
    noise: Option<f64>,
    /// What to fit along with the spectrum.
    #[arg(long, value_delimiter = ',', value_enum)]
    nuisance: Vec<NuisanceName>,
    #[command(flatten)]
    scan: ScanArgs,
    /// Another report of the series (.html, .pdf or .json), renewed as series.html is.
    #[arg(long)]
    report: Vec<PathBuf>,
    /// Seconds between two looks; a file is whole when two looks find it unchanged.
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    every: f64,
    /// Invert what is there, then end.
    #[arg(long)]
    once: bool,
    /// End when nothing has landed for so long.
    #[arg(long, value_name = "SECONDS", conflicts_with = "once")]
    idle: Option<f64>,
    #[command(flatten)]
    read: ReadArgs,
    /// Print JSON, one object a line: each spectrum, each file that was passed over, each renewal.
    #[arg(long)]
    json: bool,
}

/// What has been inverted so far.
struct Series<'a> {
    operator: &'a Operator,
    source: (String, String),
    instruments: Instruments<'a>,
    level: Option<f64>,
    nuisances: Vec<Nuisance>,
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
        level: noise_level(args.noise)?,
        nuisances: args.nuisance.iter().map(|n| (*n).into()).collect(),
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
        let loaded = load::curves(path, &self.args.read, self.operator.meta.quantity)?;
        // A name without a number would spoil the report of all others.
        self.args.scan.values(&loaded.names)?;
        let measurement =
            Measurement::spectra(self.operator, &loaded.raw, self.level, &self.nuisances)?;
        let ready = self.instruments.of(&measurement.channel)?;
        finish(
            self.operator,
            &ready,
            loaded,
            measurement,
            &Constraints::default(),
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
                println!("{}", json!({ "file": path, "spectrum": row }));
            } else {
                println!(
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
        let report = series::report(self.operator, self.source.clone(), &all, &self.args.scan)?;
        let page = self.out.join("series.html");
        for path in std::iter::once(&page).chain(&self.args.report) {
            pages::write(&report, path)?;
        }
        if self.args.json {
            let frames: usize = all.iter().map(|d| d.inversions.len()).sum();
            println!("{}", json!({ "renewed": page, "spectra": frames }));
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
        println!("{}", json!({ "file": path, "skipped": why }));
    } else {
        eprintln!("passed over: {}: {why}", path.display());
    }
}
