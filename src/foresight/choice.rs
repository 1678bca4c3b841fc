//! Every way in which a server may answer a new offer, by what it answered before.

use super::facts::{Facts, Policy, no_more};
use super::negotiation::{Answer, Negotiation};
use super::offer::{Kind, Offer, TLS12, TLS13, kind_name, kind_of_suite};
use super::order::can_be;
use super::reason::Reason;
use super::tls13::kinds_in_tls13;
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

    pub(super) fn doubt(&mut self, text: impl Into<String>) {
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
    if facts.new_kind.is_none() && own.is_some_and(|own| own.offer == *offer) {
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

/// The answer to this very offer, where there was one. With another kind of certificate it
/// may be another one now.
fn answered_before(offer: &Offer, own: Option<&Negotiation>, facts: &Facts<'_>) -> Option<Way> {
    if facts.new_kind.is_some() {
        return None;
    }
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
    if let Some(new) = facts.new_kind.filter(|new| kind == Some(*new)) {
        let kind = kind_name(new);
        return format!(
            "nothing seen tells which suites the server can do with an {kind} certificate"
        );
    }
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
    for suite in eligible(offer, version, facts).filter(|code| wanted(*code)) {
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
/// everything else in that offer that this one does not make easier.
fn by_own_order(offer: &Offer, version: u16, facts: &Facts<'_>) -> Choice {
    let now: Vec<u16> = eligible(offer, version, facts).collect();
    let best: Vec<(u16, &Negotiation)> = facts
        .answers
        .iter()
        .filter_map(|one| Some((*one, one.chosen_in(version)?)))
        .filter(|(_, chosen)| now.contains(&chosen.suite) && can_be(chosen, offer))
        .map(|(one, chosen)| (chosen.suite, one))
        .collect();
    let could_be = |code: u16, one: &Negotiation| {
        one.offer.suites.contains(&code) && no_more(offer, &one.offer, code, version)
    };
    let from_all = |one: &Negotiation| now.iter().all(|code| could_be(*code, one));
    if let Some((suite, one)) = best.iter().find(|(_, one)| from_all(one)) {
        let text = format!(
            "the server chose {} from all of these suites",
            names::cipher_suite_name(*suite)
        );
        return Choice { suites: vec![Some(*suite)], because: vec![Reason::seen(text, one.seen)] };
    }
    let beaten = |code: u16| best.iter().any(|(suite, one)| *suite != code && could_be(code, one));
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
    let able = version < TLS13 && eligible(offer, version, facts).any(ecdsa);
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
/// they show an RSA or an ECDSA certificate, such as the server has. Servers with a DSA
/// certificate or with none are not of this field.
fn eligible<'o>(
    offer: &'o Offer,
    version: u16,
    facts: &Facts<'_>,
) -> impl Iterator<Item = u16> + use<'o> {
    let new_kind = facts.new_kind.filter(|_| version < TLS13);
    let fits = move |code| match (new_kind, kind_of_suite(code)) {
        (Some(new), Some(kind)) => new == kind,
        _ => true,
    };
    offer.suites_for(version).filter(move |code| fits(*code)).filter(move |code| {
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
            for (kind, more) in kinds_in_tls13(offer, facts, ways) {
                ways.add(way(vec![suite], kind, None, more));
            }
        }
        Some(suite) => ways.add(way(vec![suite], kind_of_suite(suite), None, Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::negotiation::Chosen;
    use super::super::reason::Seen;
    use super::*;

    const RSA: u16 = 0xc030;
    const ECDSA: u16 = 0xc02c;

    fn offer(suites: &[u16], groups: &[u16]) -> Offer {
        Offer {
            versions: vec![TLS12],
            suites: suites.to_vec(),
            groups: groups.to_vec(),
            ..Offer::default()
        }
    }

    fn answered(offer: Offer, answer: Answer) -> Negotiation {
        let seen = Seen { capture: 0, stream: 0, frame: 1 };
        Negotiation { server_name: None, offer, answer, seen, times: 1 }
    }

    fn chose(offer: Offer, suite: u16, curve: Option<u16>) -> Negotiation {
        let kind = kind_of_suite(suite);
        let chosen =
            Chosen { version: TLS12, suite, group: Some(29), signature: None, curve, kind };
        answered(offer, Answer::Chosen(chosen))
    }

    fn facts(answers: &[Negotiation], policy: Policy) -> Facts<'_> {
        Facts {
            answers: answers.iter().collect(),
            shown: Vec::new(),
            policies: vec![(policy, Vec::new())],
            by_signature: None,
            doubt: None,
            new_kind: None,
        }
    }

    fn kinds(offer: &Offer, facts: &Facts<'_>) -> Vec<Option<Kind>> {
        ways(offer, None, facts).list.iter().map(|way| way.kind).collect()
    }

    #[test]
    fn an_offer_with_a_suite_that_it_can_do_is_not_refused_for_want_of_one() {
        let refused = answered(offer(&[RSA, ECDSA], &[29]), Answer::Refused { alert: Some(40) });
        let now = offer(&[0xc02f, RSA, ECDSA], &[29]);
        let alone = [refused.clone()];
        assert!(!kinds(&now, &facts(&alone, Policy::Client)).contains(&Some(Kind::Ecdsa)));
        let both = [refused, chose(offer(&[ECDSA, RSA], &[29]), ECDSA, None)];
        let told = kinds(&now, &facts(&both, Policy::Client));
        assert_eq!(told, [Some(Kind::Rsa), Some(Kind::Ecdsa)]);
    }

    #[test]
    fn the_curve_of_the_servers_key_must_be_among_the_groups() {
        let answers = [
            chose(offer(&[ECDSA, RSA], &[29, 24]), ECDSA, Some(24)),
            chose(offer(&[RSA], &[29]), RSA, None),
        ];
        let told = |groups: &[u16]| {
            kinds(&offer(&[ECDSA, RSA, 0xc02f], groups), &facts(&answers, Policy::Client))
        };
        assert_eq!(told(&[29, 24]), [Some(Kind::Ecdsa)]);
        assert_eq!(told(&[29]), [Some(Kind::Ecdsa), Some(Kind::Rsa)]);
    }

    #[test]
    fn an_order_of_its_own_is_told_by_what_could_have_been_chosen() {
        let answers = [chose(offer(&[RSA, ECDSA], &[29]), RSA, None)];
        let told =
            |groups: &[u16]| kinds(&offer(&[ECDSA, RSA], groups), &facts(&answers, Policy::Own));
        assert_eq!(told(&[29]), [Some(Kind::Rsa)]);
        assert_eq!(told(&[29, 24]).len(), 2);
    }

    #[test]
    fn a_certificate_of_a_new_kind_leaves_no_suites_of_the_old_one() {
        let now = offer(&[RSA, ECDSA], &[29]);
        let answers = [chose(now.clone(), RSA, None)];
        let mut facts = facts(&answers, Policy::Client);
        assert_eq!(kinds(&now, &facts), [Some(Kind::Rsa)]);
        facts.new_kind = Some(Kind::Ecdsa);
        // Or it has no suite for its new key.
        assert_eq!(kinds(&now, &facts), [Some(Kind::Ecdsa), None]);
    }
}
