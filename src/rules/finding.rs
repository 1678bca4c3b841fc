//! A rule's judgement on something seen.

use super::rule::Rule;
use super::words::Values;
use crate::tls::Role;

/// How bad it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Tells the engineer something.
    Info,
    /// Will or may break service.
    Warning,
    /// Breaks service.
    Error,
}

impl Severity {
    /// `error`, `warning`, `info`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What in the capture proves a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Frame number.
    pub frame: u64,
    /// The field, as Wireshark calls it in display filters.
    pub field: &'static str,
    /// What stands there.
    pub observed: String,
    /// What should stand there, where that can be said.
    pub expected: Option<String>,
}

/// What a check answers when its rule fires: the values for the rule's words, and
/// the proof. The engine makes a [`Finding`] of it.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// Fills the placeholders of sentence and remedy.
    pub values: Values,
    /// The proof, most telling first.
    pub evidence: Vec<Evidence>,
    /// The severity here, where it differs from the rule's.
    pub severity: Option<Severity>,
    /// Whose certificate is at fault, for rules about certificates.
    pub of: Option<Role>,
}

/// A rule's judgement.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that fired.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// `tcp.stream` of the connections that it is about; none where it is about what
    /// lies beside the capture.
    pub streams: Vec<u64>,
    /// The values of this case.
    pub values: Values,
    /// The proof.
    pub evidence: Vec<Evidence>,
    /// Whose certificate is at fault, for rules about certificates.
    pub of: Option<Role>,
}

impl Finding {
    /// One plain sentence with the values of this case.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.rule.sentence.fill(&self.values)
    }

    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> String {
        self.rule.remedy.fill(&self.values)
    }

    /// The frames that prove it, in order, each once.
    #[must_use]
    pub fn frames(&self) -> Vec<u64> {
        let mut frames: Vec<u64> = self.evidence.iter().map(|evidence| evidence.frame).collect();
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    /// A display filter to paste into Wireshark.
    #[must_use]
    pub fn filter(&self) -> String {
        let mut filter = String::with_capacity(64);
        match self.streams.as_slice() {
            [] => {}
            [only] => {
                filter.push_str("tcp.stream eq ");
                filter.push_str(itoa::Buffer::new().format(*only));
            }
            several => list("tcp.stream", several, &mut filter),
        }
        let frames = self.frames();
        if !frames.is_empty() {
            if !filter.is_empty() {
                filter.push_str(" && ");
            }
            list("frame.number", &frames, &mut filter);
        }
        filter
    }
}

/// Adds that a field is one of several numbers.
fn list(field: &str, numbers: &[u64], filter: &mut String) {
    filter.push_str(field);
    let mut before = " in {";
    for number in numbers {
        filter.push_str(before);
        filter.push_str(itoa::Buffer::new().format(*number));
        before = ", ";
    }
    filter.push('}');
}

impl Evidence {
    /// What stands in a field, where nothing else can be said to be right.
    #[must_use]
    pub fn new(frame: u64, field: &'static str, observed: impl Into<String>) -> Self {
        Self { frame, field, observed: observed.into(), expected: None }
    }

    /// With what should stand there.
    #[must_use]
    pub fn expecting(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }
}
