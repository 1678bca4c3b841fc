//! What a server did with each thing that it was offered.

use std::collections::BTreeMap;

use super::negotiation::{Answer, Chosen, Negotiation};
use super::order::Order;
use super::peer::Peer;
use super::reason::Seen;

/// Something that was offered to a server, with what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The number on the wire.
    pub code: u16,
    /// Where it was chosen first.
    pub accepted: Option<Seen>,
    /// Where it was passed over first, by a server that would have chosen it.
    pub refused: Option<Seen>,
}

#[derive(Default)]
struct Standings(BTreeMap<u16, Standing>);

impl Standings {
    fn of(&mut self, code: u16) -> &mut Standing {
        let new = || Standing { code, accepted: None, refused: None };
        self.0.entry(code).or_insert_with(new)
    }

    fn accept(&mut self, code: u16, seen: Seen) {
        let standing = self.of(code);
        standing.accepted = standing.accepted.or(Some(seen));
    }

    fn refuse(&mut self, codes: impl Iterator<Item = u16>, seen: Seen) {
        for code in codes {
            let standing = self.of(code);
            standing.refused = standing.refused.or(Some(seen));
        }
    }

    fn list(self) -> Vec<Standing> {
        self.0.into_values().collect()
    }
}

impl Peer {
    /// Whether it follows the order of the client's suites.
    #[must_use]
    pub fn order(&self) -> Order {
        let all: Vec<&Negotiation> = self.negotiations.iter().collect();
        Order::of(&all)
    }

    /// Versions that it chose, and those that it does not speak: it chose a lower one, or
    /// ended the handshake with protocol_version.
    #[must_use]
    pub fn versions(&self) -> Vec<Standing> {
        let mut standings = Standings::default();
        for one in &self.negotiations {
            let offered = one.offer.versions.iter().copied();
            match &one.answer {
                Answer::Chosen(chosen) => {
                    standings.accept(chosen.version, one.seen);
                    standings.refuse(offered.filter(|code| *code > chosen.version), one.seen);
                }
                Answer::Refused { alert: Some(70) } => standings.refuse(offered, one.seen),
                Answer::Refused { .. } => {}
            }
        }
        standings.list()
    }

    /// Suites that it chose, and those that it passed over: before the chosen one, where
    /// it is known to follow the client, and in an offer without a common suite.
    #[must_use]
    pub fn suites(&self) -> Vec<Standing> {
        let by_order = matches!(self.order(), Order::Client(_));
        let mut standings = Standings::default();
        for one in &self.negotiations {
            let offered = one.offer.suites.iter().copied();
            match &one.answer {
                Answer::Chosen(chosen) => {
                    standings.accept(chosen.suite, one.seen);
                    if by_order {
                        let before: Vec<u16> = one
                            .offer
                            .suites_for(chosen.version)
                            .take_while(|code| *code != chosen.suite)
                            .collect();
                        standings.refuse(before.into_iter(), one.seen);
                    }
                }
                Answer::Refused { alert: Some(40) } => standings.refuse(offered, one.seen),
                Answer::Refused { .. } => {}
            }
        }
        standings.list()
    }

    /// Groups that it chose.
    #[must_use]
    pub fn groups(&self) -> Vec<Standing> {
        self.chosen(|chosen| chosen.group)
    }

    /// Signature algorithms that it chose.
    #[must_use]
    pub fn signature_algorithms(&self) -> Vec<Standing> {
        self.chosen(|chosen| chosen.signature)
    }

    fn chosen(&self, pick: impl Fn(&Chosen) -> Option<u16>) -> Vec<Standing> {
        let mut standings = Standings::default();
        for one in &self.negotiations {
            if let Some(code) = one.chosen().and_then(&pick) {
                standings.accept(code, one.seen);
            }
        }
        standings.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foresight::peers;
    use crate::limits::Limits;
    use crate::pipeline::{Config, analyze, collect};

    fn peer(sample: &str) -> Peer {
        let path = format!("{}/samples/{sample}", env!("CARGO_MANIFEST_DIR"));
        let sources = collect(&[path.into()], &Limits::default()).unwrap();
        let report = analyze(sources, &Config::default());
        let all = report.connections.iter().map(|judged| (judged.capture, &judged.connection));
        peers(all).remove(0)
    }

    #[test]
    fn what_was_chosen_stands_with_its_frame() {
        let peer = peer("rsa-trusted.pcap");
        let versions = peer.versions();
        assert_eq!(versions.len(), 1);
        assert_eq!(versions[0].code, 0x0303);
        assert!(versions[0].accepted.is_some_and(|seen| seen.frame > 0));
        assert!(peer.suites().iter().all(|one| one.refused.is_none()));
        assert_eq!(peer.order(), Order::Unknown);
    }

    #[test]
    fn an_offer_without_a_common_suite_is_passed_over_as_a_whole() {
        let peer = peer("no-common-cipher.pcap");
        let suites = peer.suites();
        assert!(!suites.is_empty());
        assert!(suites.iter().all(|one| one.accepted.is_none() && one.refused.is_some()));
    }
}
