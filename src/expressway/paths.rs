//! What the dumps of an Expressway have in common: values, each under a path of words.
//!
//! Text and XML spell the same path differently. XML numbers every element
//! (`<Zone item="1"><Name item="1">`), text only those of which there may be several
//! (`Zone 1 Name`). So a path is compared without case and without the number 1: `Zone 1
//! Name`, `zone 1 name 1` and `Zone Name` are one path, `Zone 2 Name` is another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::limits::Limits;

/// Bytes of a path that are kept: real ones stay below 100.
const PATH_BYTES: usize = 512;

/// Values by path, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paths {
    values: BTreeMap<String, Entry>,
    /// Values that were not kept because there were too many.
    pub(super) dropped: u64,
    /// Passwords that were not kept because nobody needs them.
    pub(super) secrets: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    path: String,
    value: String,
}

impl Paths {
    /// Adds a value unless the path has one already: the first source wins.
    pub(super) fn add(&mut self, path: &str, value: &str, limits: &Limits) {
        let path = bounded(path, PATH_BYTES);
        if is_secret(&path) {
            self.secrets += 1;
            return;
        }
        let full = self.is_full(limits);
        let key = key(&path);
        if key.is_empty() || self.values.contains_key(&key) {
            return;
        }
        if full {
            self.dropped += 1;
        } else {
            let value = bounded(value, limits.setting_bytes);
            self.values.insert(key, Entry { path, value });
        }
    }

    /// Whether no more values are taken.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.values.len() >= limits.settings
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value under a path.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.values.get(&key(path)).map(|entry| entry.value.as_str())
    }

    /// The value under a path if it says anything.
    pub(super) fn said(&self, path: &str) -> Option<&str> {
        self.get(path).map(str::trim).filter(|value| !value.is_empty())
    }

    /// All paths, as they were written, and their values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.values().map(|entry| (entry.path.as_str(), entry.value.as_str()))
    }

    /// The paths below one, and their values.
    pub(super) fn below<'a>(
        &'a self,
        path: &str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.keys_below(&key(path)).map(|(_, entry)| (entry.path.as_str(), entry.value.as_str()))
    }

    /// The numbers that follow a path: 1, 2 and 5 for `Zones Zone`.
    pub(super) fn numbers(&self, path: &str) -> BTreeSet<u32> {
        let prefix = key(path);
        let behind = self.keys_below(&prefix).filter_map(|(key, _)| key.get(prefix.len() + 1..));
        behind
            .map(|rest| rest.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(1))
            .collect()
    }

    /// Values under `<path> <n> <rest>` for each number n that says anything, in order.
    pub(super) fn each(&self, path: &str, rest: &str) -> Vec<&str> {
        let numbers = self.numbers(path).into_iter();
        numbers.filter_map(|number| self.said(&format!("{path} {number} {rest}"))).collect()
    }

    fn keys_below<'a>(
        &'a self,
        prefix: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        let begin = format!("{prefix} ");
        let from = (Bound::Included(begin.clone()), Bound::Unbounded);
        let range = self.values.range::<String, _>(from);
        range.take_while(move |(key, _)| key.starts_with(&begin)).map(|(k, entry)| (&**k, entry))
    }
}

/// The form in which paths are compared.
fn key(path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    for word in path.split_whitespace().filter(|word| *word != "1") {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.chars().flat_map(char::to_lowercase));
    }
    key
}

/// Passwords and keys stay where they are; a report goes to other people.
fn is_secret(path: &str) -> bool {
    let words = path.split_whitespace().rev().take(2);
    words.map(str::to_ascii_lowercase).any(|word| {
        ["password", "passphrase", "secret", "communityname"].iter().any(|end| word.ends_with(end))
    })
}

/// The begin of a text, cut between characters.
pub(super) fn bounded(text: &str, bytes: usize) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or(text).to_owned()
}

/// `On`, `Yes`, `True` and `Enabled`, or their opposites.
pub(super) fn switch(value: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| value.trim().eq_ignore_ascii_case(word));
    if is(["On", "Yes", "True", "Enabled"]) {
        Some(true)
    } else if is(["Off", "No", "False", "Disabled"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(values: &[(&str, &str)]) -> Paths {
        let mut paths = Paths::default();
        for (path, value) in values {
            paths.add(path, value, &Limits::default());
        }
        paths
    }

    #[test]
    fn case_and_the_number_one_make_no_difference() {
        let paths = paths(&[("Zones 1 Zone 1 Name 1", "a"), ("Zones Zone 2 Name", "b")]);
        assert_eq!(paths.get("zones zone 1 NAME"), Some("a"));
        assert_eq!(paths.get("Zones Zone 2 Name"), Some("b"));
        assert_eq!(paths.get("Zones Zone 3 Name"), None);
        assert_eq!(paths.numbers("Zones Zone"), BTreeSet::from([1, 2]));
        assert_eq!(paths.each("Zones Zone", "Name"), ["a", "b"]);
        assert_eq!(paths.below("zones").count(), 2);
        assert_eq!(paths.below("zon").count(), 0);
    }

    #[test]
    fn the_first_source_wins() {
        let paths = paths(&[("A B", "text"), ("a b", "xml"), ("", "nothing"), ("1 1", "nothing")]);
        assert_eq!((paths.get("A B"), paths.len()), (Some("text"), 1));
    }

    #[test]
    fn bounds_are_kept_and_told() {
        let limits = Limits { settings: 2, setting_bytes: 3, ..Limits::default() };
        let mut paths = Paths::default();
        for (path, value) in [("a", "äöü"), ("b", "1234"), ("c", "5"), ("d", "6"), ("a", "7")] {
            paths.add(path, value, &limits);
        }
        assert_eq!(paths.all().collect::<Vec<_>>(), [("a", "ä"), ("b", "123")]);
        assert_eq!(paths.dropped, 2);
    }

    #[test]
    fn passwords_are_not_kept() {
        let paths = paths(&[
            ("Zones Zone 1 TraversalClient Authentication Password", "x"),
            ("SNMP CommunityName", "y"),
        ]);
        assert_eq!((paths.len(), paths.secrets), (0, 2));
    }

    #[test]
    fn switches() {
        assert_eq!(
            ["On", "yes", " Off ", "disabled"].map(switch),
            [Some(true), Some(true), Some(false), Some(false)]
        );
        assert_eq!(switch("maybe"), None);
    }
}
