//! The document of `--json`: indented for people, but each item of its long lists on one
//! line, so that neither the document nor the way to it grows without need.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use super::spool::Pile;

/// A document that is being written.
pub(super) struct Document<'o, W> {
    out: &'o mut W,
    empty: bool,
}

impl<'o, W: Write> Document<'o, W> {
    pub(super) fn begin(out: &'o mut W) -> Self {
        Self { out, empty: true }
    }

    /// Adds a member, indented.
    pub(super) fn member(
        &mut self,
        name: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> io::Result<()> {
        self.name(name)?;
        let mut text = Vec::new();
        formatter::pretty(value, &mut text)?;
        // The text is JSON: a line end in it stands between members only.
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for (at, line) in lines.enumerate() {
            if at > 0 {
                self.out.write_all(b"\n ")?;
            }
            self.out.write_all(line)?;
        }
        Ok(())
    }

    /// Adds a list: the items of the piles, each on its line.
    pub(super) fn list(
        &mut self,
        name: &'static str,
        piles: impl IntoIterator<Item = Pile>,
    ) -> io::Result<()> {
        self.name(name)?;
        self.out.write_all(b"[")?;
        let mut empty = true;
        for pile in piles {
            pile.write(empty, self.out)?;
            empty = false;
        }
        self.out.write_all(if empty { b"]" } else { b"\n ]" })
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n}\n")
    }

    fn name(&mut self, name: &'static str) -> io::Result<()> {
        let before = if std::mem::take(&mut self.empty) { "{" } else { "," };
        write!(self.out, "{before}\n \"{name}\": ")
    }
}
