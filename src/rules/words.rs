//! Sentences for people, in every language that the tool speaks.
//!
//! A sentence is data beside its rule: a template with named placeholders
//! (`{server}`, `{issuer}`). One field per language, so that a missing translation
//! is a compile error; a test over all rules finds a missing placeholder. Rule ids,
//! commands, cipher names and menu paths are values or stand verbatim in each
//! language: they are the product's own words.

use std::borrow::Cow;

use memchr::memchr;

/// One sentence in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
}

/// Named values that fill a sentence's placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(Vec<(&'static str, Value)>);

/// Room for so many values is made at once: rules have a few less or more.
const USUAL: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// As it is: a name, a number, a command.
    Raw(String),
    /// Words, which have placeholders of their own.
    Words(Text),
}

impl Values {
    /// No values yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a value.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        self.and(name, Value::Raw(value.into()))
    }

    /// Adds a part of a sentence that depends on the case. Its placeholders are
    /// filled from these same values, so it must not name itself.
    #[must_use]
    pub fn with_words(self, name: &'static str, words: Text) -> Self {
        self.and(name, Value::Words(words))
    }

    fn and(mut self, name: &'static str, value: Value) -> Self {
        if self.0.is_empty() {
            self.0.reserve(USUAL);
        }
        self.0.push((name, value));
        self
    }

    /// The value of a placeholder: the first of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).map(|value| match value {
            Value::Raw(raw) => Cow::Borrowed(raw.as_str()),
            Value::Words(words) => Cow::Owned(words.fill(self)),
        })
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values as they are, in the order they were added; words are left
    /// out, which the sentence says.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Value::Raw(raw) => Some((*name, raw.as_str())),
            Value::Words(_) => None,
        })
    }

    /// Adds everything that a sentence with these values depends on to a key. For texts of
    /// the program that is their place in memory.
    pub fn write_key(&self, key: &mut Vec<u8>) {
        let pair = |key: &mut Vec<u8>, one: usize, other: usize| {
            key.extend(&one.to_ne_bytes());
            key.extend(&other.to_ne_bytes());
        };
        for (name, value) in &self.0 {
            pair(key, name.as_ptr().addr(), name.len());
            match value {
                Value::Raw(raw) => {
                    // Nothing of the program lies at zero.
                    pair(key, 0, raw.len());
                    key.extend(raw.as_bytes());
                }
                Value::Words(words) => pair(key, words.en.as_ptr().addr(), words.en.len()),
            }
        }
    }
}

impl Text {
    /// A sentence in English only, as long as that is the only language.
    #[must_use]
    pub const fn en(en: &'static str) -> Self {
        Self { en }
    }

    /// The sentence with its placeholders filled. One that has no value stays
    /// visible as `{name}`.
    #[must_use]
    pub fn fill(&self, values: &Values) -> String {
        self.fill_from([values, &Values::new()])
    }

    /// The same with more values behind the first ones.
    pub(super) fn fill_from(&self, values: [&Values; 2]) -> String {
        let mut filled = String::with_capacity(self.en.len() * 2);
        self.say_from(values, &mut |piece| filled.push_str(piece));
        filled
    }

    /// The sentence as [`Text::fill`] makes it, handed to `out` piece by piece.
    pub fn say(&self, values: &Values, out: &mut dyn FnMut(&str)) {
        self.say_from([values, &Values::new()], out);
    }

    fn say_from(&self, values: [&Values; 2], out: &mut dyn FnMut(&str)) {
        for part in parts(self.en) {
            match part {
                Part::Words(words) => out(words),
                Part::Place(name) => match values.iter().find_map(|values| values.value(name)) {
                    Some(Value::Raw(raw)) => out(raw),
                    Some(Value::Words(words)) => words.say_from(values, out),
                    None => ["{", name, "}"].into_iter().for_each(&mut *out),
                },
            }
        }
    }

    /// The placeholders, in order.
    pub fn places(&self) -> impl Iterator<Item = &'static str> {
        parts(self.en).filter_map(|part| match part {
            Part::Place(name) => Some(name),
            Part::Words(_) => None,
        })
    }
}

enum Part {
    Words(&'static str),
    Place(&'static str),
}

/// Cuts a template at its placeholders.
fn parts(template: &'static str) -> impl Iterator<Item = Part> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (first, behind) = rest.as_bytes().split_first()?;
        let end = if *first == b'{' { memchr(b'}', behind) } else { None };
        // At least one byte is of this part, also where a place does not end.
        let length = match end {
            Some(end) => end + 2,
            None => memchr(b'{', behind).map_or(rest.len(), |next| next + 1),
        };
        let (part, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(match end {
            Some(end) => Part::Place(part.get(1..=end).unwrap_or_default()),
            None => Part::Words(part),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_missing_ones_stay_visible() {
        let text = Text::en("{client} refused {server}: {what}.");
        let values = Values::new().with("client", "10.0.0.1").with("server", "cucm");
        assert_eq!(text.fill(&values), "10.0.0.1 refused cucm: {what}.");
        assert_eq!(text.places().collect::<Vec<_>>(), ["client", "server", "what"]);
    }

    #[test]
    fn a_value_is_never_taken_for_a_placeholder() {
        let values = Values::new().with("a", "{b}").with("b", "x");
        assert_eq!(Text::en("{a}").fill(&values), "{b}");
    }

    #[test]
    fn words_inside_a_sentence_are_filled_from_the_same_values() {
        let values = Values::new().with_words("why", Text::en("it is {how}")).with("how", "late");
        assert_eq!(Text::en("No: {why}.").fill(&values), "No: it is late.");
    }
}
