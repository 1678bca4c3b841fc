//! A page of text for people: folded lines and headings.

use anstyle::Style;

use super::table::{Look, fold};
use crate::wire::text::printable;

const HEADING: Style = Style::new().bold();

/// Text that grows line by line.
pub(super) struct Page {
    text: String,
    look: Look,
}

impl Page {
    pub(super) const fn new(look: Look) -> Self {
        Self { text: String::new(), look }
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Columns; 100 where nothing tells.
    pub(super) fn width(&self) -> usize {
        if self.look.width == 0 { 100 } else { self.look.width.clamp(40, 120) }
    }

    /// Text behind `first`, folded; the lines that follow stand in by `indent`.
    pub(super) fn line(&mut self, first: &str, text: &str, indent: usize) {
        for line in fold(&printable(text), self.width(), first, indent) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// A line of its own in bold, behind an empty one.
    pub(super) fn heading(&mut self, text: &str) {
        let text = printable(text);
        let text = if self.look.colour { format!("{HEADING}{text}{HEADING:#}") } else { text };
        self.text.push_str(&format!("\n{text}\n"));
    }

    /// A line that is not folded, such as a command to paste.
    pub(super) fn whole(&mut self, first: &str, text: &str) {
        self.text.push_str(first);
        self.text.push_str(&printable(text));
        self.text.push('\n');
    }

    /// Where the text ends now.
    pub(super) const fn place(&self) -> usize {
        self.text.len()
    }

    /// Colours the first `word` behind a place of the text.
    pub(super) fn paint(&mut self, from: usize, word: &str, style: Style) {
        if self.look.colour {
            let tail = self.text.split_off(from);
            self.text.push_str(&tail.replacen(word, &format!("{style}{word}{style:#}"), 1));
        }
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }
}
