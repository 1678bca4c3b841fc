//! The document of `--json`: indented for people, but each item of its long lists on one
//! line, so that neither the document nor the way to it grows without need.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use super::object::Object;

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

    /// Adds a list of objects, each on its line; `fill` writes the members of one.
    pub(super) fn lines<T>(
        &mut self,
        name: &'static str,
        list: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(T, &mut Object<'_>),
    ) -> io::Result<()> {
        self.name(name)?;
        let mut line = Vec::new();
        let mut before: &[u8] = b"[";
        for item in list {
            line.clear();
            let mut object = Object::begin(&mut line);
            fill(item, &mut object);
            object.end();
            self.out.write_all(before)?;
            self.out.write_all(b"\n  ")?;
            self.out.write_all(&line)?;
            before = b",";
        }
        self.out.write_all(if before == b"[" { b"[]" } else { b"\n ]" })
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n}\n")
    }

    fn name(&mut self, name: &'static str) -> io::Result<()> {
        let before = if std::mem::take(&mut self.empty) { "{" } else { "," };
        write!(self.out, "{before}\n \"{name}\": ")
    }
}
