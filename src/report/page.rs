//! A page of text for people: how wide it is, how lines are folded, and colour.

use anstyle::{AnsiColor, Style};

use crate::rules::Severity;
use crate::wire::text::printable;

/// How the report shall look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Width in columns; 0 for as wide as it gets.
    pub width: usize,
    /// Use colour.
    pub colour: bool,
}

/// No line is folded at less than this.
const NARROWEST: usize = 40;

impl Look {
    /// The width of paragraphs: lines of more than 120 characters are hard to read.
    pub(super) fn paragraph(self) -> usize {
        if self.width == 0 { 100 } else { self.width.clamp(NARROWEST, 120) }
    }

    /// The width of lines that are no paragraphs: what reads a pipe gets them whole.
    pub(super) fn full(self) -> usize {
        if self.width == 0 { usize::MAX } else { self.width.max(NARROWEST) }
    }

    pub(super) fn styled(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const INFO: Style = AnsiColor::Cyan.on_default();
pub(super) const HEADING: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();

/// The colour of a severity.
pub(super) const fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Info => INFO,
    }
}

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

    /// How it shall look.
    pub(super) const fn look(&self) -> Look {
        self.look
    }

    /// A paragraph behind `first`, folded; the lines that follow stand in by `indent`.
    pub(super) fn line(&mut self, first: &str, text: &str, indent: usize) {
        self.fold(self.look.paragraph(), first, text, indent);
    }

    /// A line that is folded only where the terminal is too narrow; what follows stands in
    /// deeper than its beginning.
    pub(super) fn fact(&mut self, text: &str) {
        let told = text.trim_start_matches(' ');
        let (first, _) = text.split_at(text.len() - told.len());
        self.fold(self.look.full(), first, told, first.len() + 4);
    }

    /// The same behind `first`; what follows stands under the text.
    pub(super) fn column(&mut self, first: &str, text: &str) {
        self.fold(self.look.full(), first, text, first.chars().count());
    }

    fn fold(&mut self, width: usize, first: &str, text: &str, indent: usize) {
        for line in fold(&printable(text), width, first, indent) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// A line of its own in bold; an empty one before it unless it is the first.
    pub(super) fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.blank();
        }
        for line in fold(&printable(text), self.look.full(), "", 2) {
            let line = self.look.styled(HEADING, &line);
            self.text.push_str(&line);
            self.text.push('\n');
        }
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

    /// Colours all that was written behind a place of the text, line by line.
    pub(super) fn paint_lines(&mut self, from: usize, style: Style) {
        let tail = self.text.split_off(from);
        for line in tail.lines() {
            let line = self.look.styled(style, line);
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }
}

/// Folds text at spaces; the first line begins with `first`, the others with `indent`
/// spaces. What stands in columns keeps its spaces.
fn fold(text: &str, width: usize, first: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut long = first.chars().count();
    let (mut empty, mut gap) = (true, 0);
    for word in text.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let length = word.chars().count();
        if !empty && long + gap + length > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            (empty, long) = (true, indent);
        }
        if !empty {
            line.extend(std::iter::repeat_n(' ', gap));
            long += gap;
        }
        line.push_str(word);
        long += length;
        (empty, gap) = (false, 1);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_at_spaces() {
        assert_eq!(fold("one two three", 12, "  ", 2), ["  one two", "  three"]);
        assert_eq!(
            fold("averyveryverylongword x", 10, "- ", 2),
            ["- averyveryverylongword", "  x"]
        );
    }

    #[test]
    fn columns_keep_their_spaces() {
        assert_eq!(fold("key     RSA 2048", 40, "  ", 4), ["  key     RSA 2048"]);
        assert_eq!(fold("key     RSA 2048", 14, "  ", 4), ["  key     RSA", "    2048"]);
    }

    #[test]
    fn a_fact_is_whole_in_a_pipe_and_folded_on_a_terminal() {
        let told = |width| {
            let mut page = Page::new(Look { width, colour: false });
            page.fact(&format!("  serial  {}", "ab ".repeat(20)));
            page.into_text().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(told(0).len(), 1);
        assert!(told(40).len() > 1 && told(40).iter().all(|line| line.len() <= 40));
        assert!(told(40)[1].starts_with("      ab"), "{:?}", told(40));
    }
}
