//! The command line: what was typed, what it means, and how it ends.

mod args;
mod certs;
mod ciphers;
mod commands;
mod diff;
mod explain;
mod filters;
mod forecast;
mod judging;
mod keylog;
mod known;
mod output;
mod peers;
mod scan;
mod store;
mod trust;
mod verify;
mod versions;
mod whatif;

use std::process::ExitCode;

use clap::Parser;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Nothing at or above `--fail-on`.
    Clean,
    /// Findings at or above `--fail-on`.
    Findings,
    /// The program could not do what was asked.
    Trouble,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::from(0),
            Exit::Findings => Self::from(1),
            Exit::Trouble => Self::from(2),
        }
    }
}

/// Trouble, in words for standard error.
type Trouble = String;

/// Parses the arguments and does what they say.
pub(crate) fn run() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            // When even standard error is gone there is nobody left to tell.
            drop(error.print());
            return Exit::Trouble.into();
        }
        Err(asked) => return ended(output::page(&asked).map(|()| Exit::Clean)),
    };
    ended(commands::execute(args))
}

fn ended(result: Result<Exit, Trouble>) -> ExitCode {
    result
        .unwrap_or_else(|trouble| {
            output::complain(&trouble);
            Exit::Trouble
        })
        .into()
}
