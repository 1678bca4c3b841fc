//! The document of `--json`: indented for people, but each item of its long lists on one
//! line, so that neither the document nor the way to it grows without need.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;

/// What stands before an item of a list.
pub(super) const BEFORE: &[u8] = b",\n  ";

/// A document that is being written.
pub(super) struct Document<'o, W> {
    out: &'o mut W,
    empty: bool,
    /// Whether nothing stands in the list that was opened last.
    empty_list: bool,
}

impl<'o, W: Write> Document<'o, W> {
    pub(super) fn begin(out: &'o mut W) -> Self {
        Self { out, empty: true, empty_list: true }
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

    /// Begins a list.
    pub(super) fn open_list(&mut self, name: &'static str) -> io::Result<()> {
        self.empty_list = true;
        self.name(name)?;
        self.out.write_all(b"[")
    }

    /// Adds items, each with [`BEFORE`] in front of it.
    pub(super) fn items(&mut self, items: &[u8]) -> io::Result<()> {
        // No comma stands before the first one.
        let comma = usize::from(self.empty_list && !items.is_empty());
        self.empty_list &= items.is_empty();
        self.out.write_all(items.get(comma..).unwrap_or_default())
    }

    /// Ends the list.
    pub(super) fn close_list(&mut self) -> io::Result<()> {
        self.out.write_all(if self.empty_list { b"]" } else { b"\n ]" })
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n}\n")
    }

    fn name(&mut self, name: &'static str) -> io::Result<()> {
        let before = if std::mem::take(&mut self.empty) { "{" } else { "," };
        write!(self.out, "{before}\n \"{name}\": ")
    }
}
