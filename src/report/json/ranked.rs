//! Remedies and whether they work, in the JSON document.

use serde::Serialize;

use crate::foresight::{Ranked, SideEffect};

#[derive(Serialize)]
pub(super) struct RankedDocument<'a> {
    remedy: &'a str,
    /// `would work`, `would mend this fault`, `cannot be known`, `would not work`.
    prospect: &'static str,
    because: Option<&'a str>,
    /// Flags of `tlsight whatif`; null where it needs something that is not here.
    whatif: Option<&'static str>,
    side_effects: Vec<SideEffectDocument<'a>>,
}

#[derive(Serialize)]
struct SideEffectDocument<'a> {
    fate: &'static str,
    server: String,
    sni: Option<&'a str>,
    input: usize,
    stream: u64,
}

impl<'a> RankedDocument<'a> {
    pub(super) fn of(ranked: &'a Ranked) -> Self {
        Self {
            remedy: &ranked.remedy,
            prospect: ranked.prospect.words(),
            because: ranked.prospect.reason(),
            whatif: ranked.flags,
            side_effects: ranked.side_effects.iter().map(SideEffectDocument::of).collect(),
        }
    }
}

impl<'a> SideEffectDocument<'a> {
    fn of(effect: &'a SideEffect) -> Self {
        let (input, stream) = effect.stream;
        Self {
            fate: effect.fate.word(),
            server: effect.server.to_string(),
            sni: effect.server_name.as_deref(),
            input,
            stream,
        }
    }
}
