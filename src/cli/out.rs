//! Standard output, whose reader may go away: `glassbridge check ... | head -1`.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// What a shell reports of a program that a closed pipe ended: 128 and the number of SIGPIPE.
const CLOSED: i32 = 141;

/// Prints. Where the reader has gone away the process ends quietly, as Unix tools do: everything that is written to files is
/// written before it is told.
#[allow(clippy::exit, reason = "nobody is left to tell")]
pub(super) fn text(words: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(words).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(CLOSED),
        Err(e) => {
            eprintln!("error: cannot write to standard output\n  why:   {e}");
            std::process::exit(1);
        }
    }
}

/// As `print!`, for a reader who may go away.
macro_rules! put {
    ($($words:tt)*) => { $crate::cli::out::text(format_args!($($words)*)) };
}

/// As `println!`, for a reader who may go away.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::out::text(format_args!("{}\n", format_args!($($words)*))) };
}
