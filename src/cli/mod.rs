//! The command line: one file a verb (load, call, write).
//!
//! Exit codes: 0 done, 1 bad input or failed work, 2 wrong usage, 3 done and the verdict is not "consistent".
//! Results go to standard output or the named file, words to standard error.
#![allow(clippy::print_stderr, reason = "this is the terminal")]

#[macro_use]
mod out;

mod check;
mod completions;
mod convert;
mod demo;
mod inspect;
mod instrument_options;
mod invert;
mod load;
mod peaks;
mod phonons;
mod predict;
mod progress;
mod raman;
mod read_options;
mod series;
mod serve;
mod simulate;
mod train;
mod training_data;
mod validate;
mod watch;

use crate::error::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Spectra of glasses to pair distribution functions and back, and whether two measurements agree.
#[derive(Debug, Parser)]
#[command(name = "glassbridge", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Args),
    Invert(invert::Args),
    Check(check::Args),
    Watch(watch::Args),
    Serve(serve::Args),
    Validate(validate::Args),
    Predict(predict::Args),
    Inspect(inspect::Args),
    Train(train::Args),
    Simulate(simulate::Args),
    Phonons(phonons::Args),
    Convert(convert::Args),
    Completions(completions::Args),
}

/// How a verb that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 3: inconsistent, or outside the operator's domain.
    Disagrees,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let run = || -> Result<Outcome> {
        match Cli::parse().verb {
            Verb::Demo(args) => demo::run(&args),
            Verb::Invert(args) => invert::run(&args),
            Verb::Check(args) => check::run(&args),
            Verb::Watch(args) => watch::run(&args),
            Verb::Serve(args) => serve::run(&args),
            Verb::Validate(args) => validate::run(&args),
            Verb::Predict(args) => predict::run(&args),
            Verb::Inspect(args) => inspect::run(&args),
            Verb::Train(args) => train::run(&args),
            Verb::Simulate(args) => simulate::run(&args),
            Verb::Phonons(args) => phonons::run(&args),
            Verb::Convert(args) => convert::run(&args),
            Verb::Completions(args) => completions::run(&args),
        }
    };
    match run() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Disagrees) => ExitCode::from(3),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(1)
        }
    }
}
