//! Every way in which a server may answer a new offer, by what it answered before.

use super::facts::{Facts, Policy};
use super::negotiation::{Answer, Negotiation};
use super::offer::{Kind, Offer, TLS12, TLS13, kind_name, kind_of_suite};
use super::order::can_be;
use super::reason::Reason;
use crate::tls::names;

/// One way in which a server may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The version; `None` where there is no common one.
    pub(super) version: Option<u16>,
    /// The suites of which it takes one; `None` where it takes none.
    pub(super) suites: Vec<u16>,
    /// The kind of certificate that it shows.
    pub(super) kind: Option<Kind>,
    /// The alert with which it ends the handshake instead.
    pub(super) refusal: Option<Option<u8>>,
    /// Whether it answers as it answered on this very connection.
    pub(super) as_before: bool,
    /// What this rests on.
    pub(super) because: Vec<Reason>,
}

/// All ways, and why there is more than one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) list: Vec<Way>,
    pub(super) doubts: Vec<String>,
}

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

impl Ways {
    fn add(&mut self, new: Way) {
        let same = |known: &&mut Way| {
            (known.version, known.kind, known.refusal, known.as_before)
                == (new.version, new.kind, new.refusal, new.as_before)
        };
        match self.list.iter_mut().find(same) {
            Some(known) => {
                for suite in new.suites {
                    if !known.suites.contains(&suite) {
                        known.suites.push(suite);
                    }
                }
            }
            None => self.list.push(new),
        }
    }

    fn doubt(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.doubts.contains(&text) {
            self.doubts.push(text);
        }
    }
}

/// The ways in which the server may answer `offer`; `own` is what it answered on the
/// connection at hand.
pub(super) fn ways(offer: &Offer, own: Option<&Negotiation>, facts: &Facts<'_>) -> Ways {
    let mut ways = Ways::default();
    if let Some(known) = answered_before(offer, own, facts) {
        ways.add(known);
        return ways;
    }
    if own.is_some_and(|own| own.offer == *offer) {
        ways.doubt("the server answered this offer in more than one way");
    }
    for version in &offer.versions {
        if let Some(seen) = facts.speaks(*version) {
            let text = format!("the server speaks {}", names::version_name(*version));
            by_suite(offer, *version, &[Reason::seen(text, seen)], facts, &mut ways);
            return ways;
        }
        if facts.does_not_speak(*version).is_none() {
            ways.doubt(format!("the server was not seen with {}", names::version_name(*version)));
            by_suite(offer, *version, &[], facts, &mut ways);
        }
    }
    let lowest = offer.versions.last().copied().unwrap_or_default();
    let refused = facts.does_not_speak(lowest);
    ways.add(Way {
        version: None,
        suites: Vec::new(),
        kind: None,
        refusal: Some(Some(PROTOCOL_VERSION)),
        as_before: false,
        because: refused
            .map(|seen| Reason::seen("the server does not speak any of the versions offered", seen))
            .into_iter()
            .collect(),
    });
    ways
}

/// The answer to this very offer, where there was one.
fn answered_before(offer: &Offer, own: Option<&Negotiation>, facts: &Facts<'_>) -> Option<Way> {
    let own = own.filter(|own| own.offer == *offer);
    let others = facts.answers.iter().copied().filter(|other| other.offer == *offer);
    let known = own.or_else(|| {
        let mut found = others;
        let first = found.next()?;
        found.all(|other| other.answer == first.answer).then_some(first)
    })?;
    let as_before = own.is_some();
    let text = if as_before {
        "the ClientHello offers what it offered"
    } else {
        "the server answered this very offer before"
    };
    let because = vec![Reason::seen(text, known.seen)];
    Some(match &known.answer {
        Answer::Chosen(chosen) => Way {
            version: Some(chosen.version),
            suites: vec![chosen.suite],
            kind: chosen.kind,
            refusal: None,
            as_before,
            because,
        },
        Answer::Refused { alert } => Way {
            version: None,
            suites: Vec::new(),
            kind: None,
            refusal: Some(*alert),
            as_before,
            because,
        },
    })
}

/// What the server may choose with one version.
fn by_suite(offer: &Offer, version: u16, because: &[Reason], facts: &Facts<'_>, ways: &mut Ways) {
    let mut choices = Vec::new();
    for (policy, reason) in &facts.policies {
        let mut choice = match policy {
            Policy::Client => in_order(offer, version, facts, |_| true),
            Policy::Own => by_own_order(offer, version, facts),
            Policy::EcdsaWhenPossible => ecdsa_first(offer, version, facts, ways),
        };
        // Who decides does not matter where there is one suite to choose.
        choice.because.extend_from_slice(reason);
        choice.because.extend_from_slice(because);
        choices.push(choice);
    }
    let differ = |pair: &[Choice]| matches!(pair, [one, two] if one.suites != two.suites);
    if choices.windows(2).any(differ) {
        facts.doubt.iter().for_each(|doubt| ways.doubt(*doubt));
    }
    for choice in choices {
        doubts_about(&choice, offer, version, facts, ways);
        for suite in &choice.suites {
            add_suite(*suite, offer, version, &choice.because, facts, ways);
        }
    }
}

/// Says why more than one suite can come: the first that is not known for each kind of
/// certificate stands for the others.
fn doubts_about(choice: &Choice, offer: &Offer, version: u16, facts: &Facts<'_>, ways: &mut Ways) {
    if choice.suites.len() < 2 {
        return;
    }
    let mut told: Vec<Option<Kind>> = Vec::new();
    for code in choice.suites.iter().flatten() {
        let kind = kind_of_suite(*code);
        if facts.accepted(*code, version, offer).is_none() && !told.contains(&kind) {
            told.push(kind);
            ways.doubt(doubt_about(*code, version, facts));
        }
    }
    if choice.suites.contains(&None) {
        ways.doubt("the server may have no suite in common with this offer");
    }
}

/// Suites of which one is taken; `None` among them: perhaps none.
struct Choice {
    suites: Vec<Option<u16>>,
    because: Vec<Reason>,
}

/// Why it is not certain that a suite is taken, or passed over.
fn doubt_about(code: u16, version: u16, facts: &Facts<'_>) -> String {
    let kind = kind_of_suite(code).filter(|_| version < TLS13);
    match kind.filter(|kind| facts.of_kind(*kind).next().is_none()) {
        Some(kind) => never_seen(kind),
        None => format!(
            "the server was never seen to choose {} or to pass it over",
            names::cipher_suite_name(code)
        ),
    }
}

/// Said of a second certificate that no capture shows.
pub(super) fn never_seen(kind: Kind) -> String {
    format!("the server was never seen with an {} certificate", kind_name(kind))
}

/// The first suite of the client that the server can do.
fn in_order(
    offer: &Offer,
    version: u16,
    facts: &Facts<'_>,
    wanted: impl Fn(u16) -> bool,
) -> Choice {
    let mut choice = Choice { suites: Vec::new(), because: Vec::new() };
    for suite in eligible(offer, version).filter(|code| wanted(*code)) {
        if let Some(seen) = facts.accepted(suite, version, offer) {
            let text = format!("the server can do {}", names::cipher_suite_name(suite));
            choice.because.push(Reason::seen(text, seen));
            choice.suites.push(Some(suite));
            return choice;
        }
        match facts.refused(suite, version, offer, true) {
            Some(_) => {}
            None => choice.suites.push(Some(suite)),
        }
    }
    choice.suites.push(None);
    choice
}

/// The best by an order that is not known: what was chosen from an offer is preferred to
/// everything else in that offer.
fn by_own_order(offer: &Offer, version: u16, facts: &Facts<'_>) -> Choice {
    let now: Vec<u16> = eligible(offer, version).collect();
    let best: Vec<(u16, &Negotiation)> = facts
        .answers
        .iter()
        .filter_map(|one| Some((*one, one.chosen_in(version)?)))
        .filter(|(_, chosen)| now.contains(&chosen.suite) && can_be(chosen, offer))
        .map(|(one, chosen)| (chosen.suite, one))
        .collect();
    let from_all = |one: &Negotiation| now.iter().all(|code| one.offer.suites.contains(code));
    if let Some((suite, one)) = best.iter().find(|(_, one)| from_all(one)) {
        let text = format!(
            "the server chose {} from all of these suites",
            names::cipher_suite_name(*suite)
        );
        return Choice { suites: vec![Some(*suite)], because: vec![Reason::seen(text, one.seen)] };
    }
    let beaten = |code: u16| {
        best.iter().any(|(suite, one)| *suite != code && one.offer.suites.contains(&code))
    };
    let mut suites: Vec<Option<u16>> = now
        .iter()
        .copied()
        .filter(|code| !beaten(*code) && facts.refused(*code, version, offer, false).is_none())
        .map(Some)
        .collect();
    if best.is_empty() {
        suites.push(None);
    }
    Choice { suites, because: Vec::new() }
}

/// ECDSA if the client can do it and the server has such a certificate; else by order.
fn ecdsa_first(offer: &Offer, version: u16, facts: &Facts<'_>, ways: &mut Ways) -> Choice {
    let ecdsa = |code: u16| kind_of_suite(code) == Some(Kind::Ecdsa);
    let able = version < TLS13 && eligible(offer, version).any(ecdsa);
    if !able {
        return in_order(offer, version, facts, |_| true);
    }
    let mut choice = in_order(offer, version, facts, ecdsa);
    if choice.suites.contains(&None) {
        if facts.of_kind(Kind::Ecdsa).next().is_none() {
            ways.doubt(never_seen(Kind::Ecdsa));
        }
        let other = in_order(offer, version, facts, |code| !ecdsa(code));
        choice.suites.retain(Option::is_some);
        choice.suites.extend(other.suites);
        choice.because.extend(other.because);
    }
    choice
}

/// Suites of the offer that can come about: the client takes a signature for them, and
/// they show an RSA or an ECDSA certificate. Servers with a DSA certificate or with none
/// are not of this field.
fn eligible(offer: &Offer, version: u16) -> impl Iterator<Item = u16> + use<'_> {
    offer.suites_for(version).filter(move |code| {
        version >= TLS13
            || kind_of_suite(*code)
                .is_some_and(|kind| version < TLS12 || offer.takes(kind, version))
    })
}

fn add_suite(
    suite: Option<u16>,
    offer: &Offer,
    version: u16,
    because: &[Reason],
    facts: &Facts<'_>,
    ways: &mut Ways,
) {
    let way = |suites: Vec<u16>, kind, refusal, more: Vec<Reason>| Way {
        version: Some(version),
        suites,
        kind,
        refusal,
        as_before: false,
        because: because.iter().cloned().chain(more).collect(),
    };
    match suite {
        None => ways.add(Way {
            version: None,
            ..way(Vec::new(), None, Some(Some(HANDSHAKE_FAILURE)), Vec::new())
        }),
        Some(suite) if version >= TLS13 => {
            for (kind, more) in kinds(offer, facts, ways) {
                ways.add(way(vec![suite], kind, None, more));
            }
        }
        Some(suite) => ways.add(way(vec![suite], kind_of_suite(suite), None, Vec::new())),
    }
}

/// The kinds of certificates that may come under TLS 1.3, where the suite tells nothing.
fn kinds(offer: &Offer, facts: &Facts<'_>, ways: &mut Ways) -> Vec<(Option<Kind>, Vec<Reason>)> {
    let wanted = offer.kinds_by_signature();
    let stays = facts.answers.iter().find_map(|one| {
        let kind = one.chosen_in(TLS13)?.kind?;
        no_worse(kind, offer, &one.offer).then_some((kind, one.seen))
    });
    if let Some((kind, seen)) = stays {
        let text = format!(
            "under TLS 1.3 the server showed an {} certificate, and this offer favours no other kind more than that one did",
            kind_name(kind)
        );
        return vec![(Some(kind), vec![Reason::seen(text, seen)])];
    }
    if let (Some(first), Some(reason)) = (wanted.first(), &facts.by_signature)
        && facts.of_kind(*first).next().is_some()
    {
        return vec![(Some(*first), vec![reason.clone()])];
    }
    if wanted.len() > 1 {
        ways.doubt(
            "nothing seen tells which certificate the server shows under TLS 1.3 for this order of signature algorithms",
        );
    }
    wanted.into_iter().map(|kind| (Some(kind), Vec::new())).collect()
}

/// Whether a kind stands no worse now than then: nothing is before it that was not before
/// it then, neither among the signature algorithms nor among the suites below TLS 1.3, by
/// which Unified CM chooses under TLS 1.3 too (CUCM Security Guide 15, TLS 1.3 Setup).
fn no_worse(kind: Kind, now: &Offer, then: &Offer) -> bool {
    let before = |kinds: Vec<Kind>| -> Option<Vec<Kind>> {
        let at = kinds.iter().position(|one| *one == kind)?;
        Some(kinds.into_iter().take(at).collect())
    };
    let within = |now: Vec<Kind>, then: Vec<Kind>| match (before(now), before(then)) {
        (Some(now), Some(then)) => now.iter().all(|one| then.contains(one)),
        (None, None) => true,
        _ => false,
    };
    within(now.kinds_by_signature(), then.kinds_by_signature())
        && within(now.kinds_by_suite(), then.kinds_by_suite())
}
