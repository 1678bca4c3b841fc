//! What a prediction rests on, and how it says what it does not know.

/// Where in the captures something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// Index of the capture.
    pub capture: usize,
    /// `tcp.stream`.
    pub stream: u64,
    /// Frame number.
    pub frame: u64,
}

/// One thing that a prediction rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What was seen or is known, in a sentence without its full stop.
    pub text: String,
    /// Where it was seen; `None` for what no capture shows.
    pub seen: Option<Seen>,
    /// The document or measurement that says so, for what no capture shows.
    pub source: Option<&'static str>,
}

impl Reason {
    /// Something that a frame shows.
    #[must_use]
    pub fn seen(text: impl Into<String>, seen: Seen) -> Self {
        Self { text: text.into(), seen: Some(seen), source: None }
    }

    /// Something that a document says.
    #[must_use]
    pub fn known(text: impl Into<String>, source: &'static str) -> Self {
        Self { text: text.into(), seen: None, source: Some(source) }
    }

    /// Something that follows from the change itself, or from what the user gave.
    #[must_use]
    pub fn given(text: impl Into<String>) -> Self {
        Self { text: text.into(), seen: None, source: None }
    }
}

/// A value that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicted<T> {
    /// It will be this.
    Known {
        /// The value.
        value: T,
        /// What it rests on.
        because: Vec<Reason>,
    },
    /// It cannot be told.
    Unknown {
        /// What is missing.
        reason: String,
        /// The values that can come, where they are few enough to name; there may be
        /// others.
        possible: Vec<T>,
    },
}

impl<T> Predicted<T> {
    /// A value with what it rests on.
    pub(super) const fn known(value: T, because: Vec<Reason>) -> Self {
        Self::Known { value, because }
    }

    /// No value, and why.
    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into(), possible: Vec::new() }
    }

    /// The value, if it is known.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }

    /// What the value rests on; empty where it is not known.
    #[must_use]
    pub fn because(&self) -> &[Reason] {
        match self {
            Self::Known { because, .. } => because,
            Self::Unknown { .. } => &[],
        }
    }

    /// Why it is not known.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Known { .. } => None,
            Self::Unknown { reason, .. } => Some(reason),
        }
    }
}

/// So many values of an unknown one are named.
const NAMED: usize = 8;
/// So many reasons are kept for one value.
const REASONS: usize = 8;

impl<T: Clone + PartialEq> Predicted<T> {
    /// One value out of those of all the ways that things can go: known where all agree.
    /// `doubts` say why there is more than one way.
    pub(super) fn agreed(ways: &[Self], doubts: &[String]) -> Self {
        let mut values: Vec<T> = Vec::new();
        let mut because: Vec<Reason> = Vec::new();
        let mut unknown: Option<&str> = None;
        for way in ways {
            match way {
                Self::Known { value, because: more } => {
                    add(&mut values, value);
                    more.iter().for_each(|reason| add(&mut because, reason));
                }
                Self::Unknown { reason, possible } => {
                    possible.iter().for_each(|value| add(&mut values, value));
                    unknown = unknown.or(Some(reason));
                }
            }
        }
        because.truncate(REASONS);
        match (unknown, values.as_slice()) {
            (None, [only]) => Self::known(only.clone(), because),
            (reason, _) => {
                values.truncate(NAMED);
                Self::Unknown { reason: why(reason, doubts), possible: values }
            }
        }
    }
}

fn add<T: Clone + PartialEq>(list: &mut Vec<T>, item: &T) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}

/// Said of what is not chosen when the server refuses.
pub(super) const NO_CHOICE: &str = "the server ends the handshake before it chooses";
/// Said where several suites can be chosen.
pub(super) const SEVERAL_SUITES: &str = "more than one suite can be chosen";

fn why(reason: Option<&str>, doubts: &[String]) -> String {
    let mut parts: Vec<&str> = doubts.iter().map(String::as_str).collect();
    // These follow from the doubts, where there are any.
    let follows =
        |reason: &str| !doubts.is_empty() && [NO_CHOICE, SEVERAL_SUITES].contains(&reason);
    if let Some(reason) = reason.filter(|reason| !parts.contains(reason) && !follows(reason)) {
        parts.push(reason);
    }
    if parts.is_empty() { "nothing tells".to_owned() } else { parts.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_that_agree_give_a_value_and_others_what_is_possible() {
        let known = |value: u8| Predicted::known(value, vec![Reason::given("it is so")]);
        let agreed = Predicted::agreed(&[known(1), known(1)], &[]);
        assert_eq!(agreed, known(1));
        let doubts = ["the order is not known".to_owned()];
        let differs = Predicted::agreed(&[known(1), known(2)], &doubts);
        let reason = "the order is not known".to_owned();
        assert_eq!(differs, Predicted::Unknown { reason, possible: vec![1, 2] });
        let unseen = Predicted::agreed(&[known(1), Predicted::unknown("never seen")], &doubts);
        assert_eq!(unseen.reason(), Some("the order is not known; never seen"));
        assert_eq!(Predicted::<u8>::agreed(&[], &[]).reason(), Some("nothing tells"));
    }
}
