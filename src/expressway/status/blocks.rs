//! The text form of the status: blocks nested by indentation.

use crate::expressway::paths::bounded;
use crate::expressway::settings::unquoted;

/// Nesting that is followed.
const DEPTH: usize = 32;

/// Where in the nested blocks of the text form a line stands.
#[derive(Default)]
pub(super) struct Blocks {
    /// Indentation of each open block, and the length of the path above it.
    open: Vec<(usize, usize)>,
    pub(super) path: String,
    inside: bool,
}

impl Blocks {
    /// Takes a line; gives the value that it has under [`Blocks::path`].
    pub(super) fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let line = line.trim_end();
        if let Some(root) = line.strip_prefix("*s") {
            self.open.clear();
            self.path.clear();
            self.inside = root.starts_with(' ');
            return if self.inside { self.key(0, root.trim_start()) } else { None };
        }
        let content = line.trim_start();
        if !self.inside || content.is_empty() {
            return None;
        }
        // Indentation 0 is the root's; nothing below it may stand as far left.
        self.key((line.len() - content.len()).max(1), content)
    }

    fn key<'a>(&mut self, indent: usize, content: &'a str) -> Option<&'a str> {
        let (name, value) = match content.split_once(": ") {
            Some(parts) => parts,
            None => (content.strip_suffix(':')?, ""),
        };
        while self.open.last().is_some_and(|(deep, _)| *deep >= indent) {
            let above = self.open.pop().map_or(0, |(_, above)| above);
            self.path.truncate(above);
        }
        if self.open.len() >= DEPTH {
            return None;
        }
        self.open.push((indent, self.path.len()));
        self.path.push(' ');
        self.path.push_str(&bounded(without_attributes(name), 128));
        let value = value.trim();
        let is_block = value.is_empty() || value == "/";
        if is_block { None } else { Some(unquoted(value)) }
    }
}

/// `Conference (status=Active)` of older products: the name alone.
fn without_attributes(name: &str) -> &str {
    name.split_once(" (").map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, &str)> {
        let mut blocks = Blocks::default();
        let value = |line| blocks.line(line).map(|value| (blocks.path.clone(), value));
        text.lines().filter_map(value).collect()
    }

    #[test]
    fn indentation_tells_what_belongs_where() {
        let text = "a: 0\n*s A (x=1): /\n  B: \"1\"\n  C:\n\tD: 2\n    E: 3\n F: 4\n*s/end\nG: 5";
        let found = values(text);
        let found: Vec<_> = found.iter().map(|(path, value)| (path.trim(), *value)).collect();
        assert_eq!(found, [("A B", "1"), ("A D", "2"), ("A D E", "3"), ("A F", "4")]);
    }

    #[test]
    fn a_block_without_end_or_depth_does_no_harm() {
        let mut text = String::from("*s A: /\n");
        for depth in 1..500 {
            text.push_str(&format!("{}B: /\n", " ".repeat(depth)));
        }
        text.push_str(&format!("{}C: 1\n*s D: 2", " ".repeat(500)));
        assert_eq!(values(&text), [(" D".to_owned(), "2")]);
    }
}
