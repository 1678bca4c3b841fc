//! Standard output and standard error.

use std::io::{self, BufWriter, IsTerminal, Write};

use tlsight::report::Look;
use tlsight::wire::text::printable;

use super::Trouble;
use super::args::Colour;

/// Standard output, buffered; a reader that has gone away is no error.
pub(super) struct Output(BufWriter<io::Stdout>);

impl Output {
    pub(super) fn stdout() -> Self {
        Self(BufWriter::with_capacity(64 * 1024, io::stdout()))
    }

    pub(super) fn write(self, text: &str) -> Result<(), Trouble> {
        self.write_with(|out| out.write_all(text.as_bytes()))
    }

    pub(super) fn write_with(
        mut self,
        write: impl FnOnce(&mut BufWriter<io::Stdout>) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        written(write(&mut self.0).and_then(|()| self.0.flush()))
    }
}

/// Help or version, which clap lays out and colours.
pub(super) fn page(asked: &clap::Error) -> Result<(), Trouble> {
    written(asked.print().and_then(|()| io::stdout().flush()))
}

/// What came of writing to standard output.
fn written(result: io::Result<()>) -> Result<(), Trouble> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(format!("cannot write to standard output: {error}")),
        Ok(()) => Ok(()),
    }
}

/// A message on standard error.
pub(super) fn complain(trouble: &str) {
    // When even standard error is gone there is nobody left to tell.
    drop(writeln!(io::stderr(), "tlsight: {}", printable(trouble)));
}

/// A text beside the output, on standard error. It is safe to print as it is.
pub(super) fn tell(text: &str) {
    // As above.
    drop(write!(io::stderr(), "{text}"));
}

/// Width and colour for standard output: a terminal's own width, or as wide as it
/// gets in a pipe; COLUMNS decides over both.
pub(super) fn look(colour: Colour) -> Look {
    let terminal = io::stdout().is_terminal();
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = if terminal { terminal_width() } else { None };
    Look {
        width: columns.or(measured).unwrap_or(0),
        colour: match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => wants_colour(terminal),
        },
    }
}

/// What the environment says of colour, by the same variables and in the same order as for
/// the help, which clap colours (no-color.org, bixense.com/clicolors).
fn wants_colour(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let is = |name: &str, value: &str| set(name).is_some_and(|found| found == value);
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
