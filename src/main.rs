//! The command `tlsight`: arguments and exit codes; everything else is the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
