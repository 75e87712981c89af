//! The `glassbridge` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    glassbridge::cli::main()
}
