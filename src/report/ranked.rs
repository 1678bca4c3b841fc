//! Remedies and whether they work, in words.

use crate::foresight::{Fate, Prospect, Ranked, SideEffect};

/// Legs that are named for one kind of side effect.
const NAMED: usize = 4;

/// One line for remedies of which the same is to be said, the most promising first:
/// `would work: ECDSA forbidden (...); it BREAKS imp.example.org:8443 (stream 1)`.
pub(super) fn lines(ranked: &[Ranked]) -> Vec<String> {
    let mut lines: Vec<(&'static str, Vec<&str>, String)> = Vec::new();
    for one in ranked {
        let (words, behind) = (one.prospect.words(), behind(one));
        match lines.iter_mut().find(|line| (line.0, &line.2) == (words, &behind)) {
            Some((_, remedies, _)) => remedies.push(&one.remedy),
            None => lines.push((words, vec![&one.remedy], behind)),
        }
    }
    let line = |(words, remedies, behind): (&str, Vec<&str>, String)| {
        format!("{words}: {}{behind}", remedies.join("; or "))
    };
    lines.into_iter().map(line).collect()
}

/// Why it is so, and what it does to other legs.
fn behind(ranked: &Ranked) -> String {
    let mut text = match &ranked.prospect {
        Prospect::WouldWork => String::new(),
        Prospect::MendsThis(why) => format!("; what comes then is not known, because {why}"),
        Prospect::CannotBeKnown(why) | Prospect::WouldNot(why) => format!(", because {why}"),
    };
    for (fate, words) in [
        (Fate::Breaks, "it BREAKS"),
        (Fate::Mended, "it mends also"),
        (Fate::Open, "what it does cannot be known for"),
    ] {
        let legs: Vec<String> =
            ranked.side_effects.iter().filter(|effect| effect.fate == fate).map(leg).collect();
        if !legs.is_empty() {
            let more = if legs.len() > NAMED { ", and others" } else { "" };
            let named = legs.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
            text.push_str(&format!("; {words} {named}{more}"));
        }
    }
    text
}

/// `imp.example.org:8443 (stream 1)`.
fn leg(effect: &SideEffect) -> String {
    let server = match &effect.server_name {
        Some(name) => format!("{name}:{}", effect.server.port),
        None => effect.server.to_string(),
    };
    format!("{server} (stream {})", effect.stream.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(remedy: &str, prospect: Prospect, fates: &[Fate]) -> Ranked {
        let address = [10, 0, 0, 1].into();
        let server = crate::packet::Endpoint { address, port: 8443 };
        let effect = |fate: &Fate| SideEffect {
            fate: *fate,
            server,
            server_name: Some("imp.example.org".to_owned()),
            stream: (0, 7),
        };
        let side_effects = fates.iter().map(effect).collect();
        Ranked { remedy: remedy.to_owned(), flags: None, prospect, side_effects }
    }

    #[test]
    fn remedies_of_which_the_same_is_said_share_a_line() {
        let open = || Prospect::CannotBeKnown("it was never seen".to_owned());
        let list = [
            ranked("one", Prospect::WouldWork, &[Fate::Breaks]),
            ranked("two", open(), &[]),
            ranked("three", open(), &[]),
        ];
        assert_eq!(
            lines(&list),
            [
                "would work: one; it BREAKS imp.example.org:8443 (stream 7)",
                "cannot be known: two; or three, because it was never seen",
            ]
        );
    }
}
