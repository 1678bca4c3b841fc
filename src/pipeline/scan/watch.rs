//! How far the reading of many files is.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read of all files, as they lie on disk.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<AtomicU64>);

impl Watch {
    /// Bytes of files that are done, and of those under way as far as they are read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts bytes of a file that is not examined: an earlier run has done it.
    pub fn pass(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A file begins.
    pub(super) fn begin(&self) -> Seen {
        Seen { all: self.clone(), own: Self::default() }
    }
}

/// Bytes read of one file.
pub(super) struct Seen {
    all: Watch,
    own: Watch,
}

impl Seen {
    /// A reader whose bytes are counted.
    pub(super) fn reader<R: Read>(&self, inner: R) -> impl Read + use<R> {
        Counted { inner, all: self.all.clone(), own: self.own.clone() }
    }

    /// The file is done: what was not read, or not counted, counts as read.
    pub(super) fn end(&self, size: u64) {
        self.all.pass(size.saturating_sub(self.own.bytes()));
    }
}

struct Counted<R> {
    inner: R,
    all: Watch,
    own: Watch,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.all.pass(count as u64);
        self.own.pass(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_while_it_is_read_and_wholly_when_it_is_done() {
        let watch = Watch::default();
        let seen = watch.begin();
        seen.reader(io::repeat(1)).read_exact(&mut [0; 300]).unwrap();
        assert_eq!(watch.bytes(), 300);
        seen.end(1_000);
        assert_eq!(watch.bytes(), 1_000);
        watch.begin().end(24);
        assert_eq!(watch.bytes(), 1_024);
    }
}
