//! Standard output while results come in.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::super::Trouble;

/// A reader at the other end of a pipe waits no longer than this for what is done.
const PATIENCE: Duration = Duration::from_millis(200);

/// Standard output, buffered. A reader that has gone away is no error: nothing more is
/// written then.
pub(super) struct Sink {
    out: BufWriter<StdoutLock<'static>>,
    flushed: Instant,
    trouble: Option<Trouble>,
    /// Whether anybody still reads.
    gone: bool,
}

impl Sink {
    pub(super) fn stdout() -> Self {
        let out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Self { out, flushed: Instant::now(), trouble: None, gone: false }
    }

    /// Writes; breaks when nothing can be written any more.
    pub(super) fn write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> ControlFlow<()> {
        if self.gone {
            return ControlFlow::Break(());
        }
        let written = write(&mut self.out);
        self.check(written)?;
        if self.flushed.elapsed() >= PATIENCE { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Hands on what was written.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        self.flushed = Instant::now();
        let flushed = self.out.flush();
        self.check(flushed)
    }

    fn check(&mut self, result: io::Result<()>) -> ControlFlow<()> {
        let Err(error) = result else { return ControlFlow::Continue(()) };
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.trouble = Some(format!("cannot write to standard output: {error}"));
        }
        self.gone = true;
        ControlFlow::Break(())
    }

    /// Whether nobody reads any more, or writing failed.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Why writing failed.
    pub(super) const fn trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }
}
