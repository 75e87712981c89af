//! Progress of long work: a bar on a terminal, plain lines when asked, nothing in a pipe.

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Show {
    /// A bar on a terminal, nothing elsewhere.
    Auto,
    /// A line now and then.
    Plain,
    /// Nothing.
    None,
}

/// Counts steps.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: bool,
    total: u64,
}

impl Progress {
    pub(super) fn new(total: usize, show: Show) -> Self {
        let visible = show == Show::Auto && std::io::stderr().is_terminal();
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target);
        if let Ok(style) =
            ProgressStyle::with_template("{wide_bar} {pos}/{len} samples, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Self {
            bar,
            plain: show == Show::Plain,
            total: total as u64,
        }
    }

    /// One more is done.
    pub(super) fn tick(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        // Some twenty lines, however many samples.
        let every = (self.total / 20).max(1);
        if self.plain && (done.is_multiple_of(every) || done == self.total) {
            let left = self.bar.eta().as_secs();
            eprintln!("{done} of {} samples, about {left} s left", self.total);
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
