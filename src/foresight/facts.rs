//! What is known of a server when its answer to a new offer is asked for.

use super::negotiation::Negotiation;
use super::offer::{Kind, Offer, TLS13, is_finite_field};
use super::order::{Order, can_be};
use super::peer::{Peer, Shown};
use super::products::{Behaviour, Follows, Known};
use super::reason::{Reason, Seen};
use crate::tls::names::{self, KeyExchange};

/// Whose order decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// The client's.
    Client,
    /// The server's, whatever that is.
    Own,
    /// ECDSA whenever the client can.
    EcdsaWhenPossible,
}

/// What is known of one server under one name.
pub(super) struct Facts<'p> {
    /// Its answers.
    pub(super) answers: Vec<&'p Negotiation>,
    /// What it showed.
    pub(super) shown: Vec<&'p Shown>,
    /// How it may choose, with what says so.
    pub(super) policies: Vec<(Policy, Vec<Reason>)>,
    /// Whether and why its certificate of TLS 1.3 goes by the client's signature
    /// algorithms.
    pub(super) by_signature: Option<Reason>,
    /// Why more than one policy is possible.
    pub(super) doubt: Option<&'static str>,
    /// The kind of the new certificate, where the server showed certificates, and none of
    /// this kind: it stands in the place of all of them.
    pub(super) new_kind: Option<Kind>,
}

impl<'p> Facts<'p> {
    /// Those for a client that sends `name`. Where the server showed one certificate of a
    /// kind under several names, what it did under another name counts too.
    pub(super) fn of(peer: &'p Peer, name: Option<&str>, known: Option<Known>) -> Self {
        let alike = !differs_by_name(peer);
        let same = |other: Option<&str>| alike || other == name;
        let answers: Vec<&Negotiation> =
            peer.negotiations.iter().filter(|one| same(one.server_name.as_deref())).collect();
        let shown: Vec<&Shown> = peer
            .certificates
            .iter()
            .filter(|shown| shown.names.iter().any(|name| same(name.as_deref())))
            .collect();
        let (policies, doubt) = policies(Order::of(&answers), known);
        let by_signature = match known {
            Some(Known::Certain(row)) if row.by_signature_in_tls13 => Some(told(row)),
            _ => None,
        };
        Self { answers, shown, policies, by_signature, doubt, new_kind: None }
    }

    /// Certificates of a kind that it showed.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'p Shown> {
        self.shown.iter().copied().filter(move |shown| shown.kind() == Some(kind))
    }

    /// Where it chose a suite with a version under conditions that `offer` has too.
    pub(super) fn accepted(&self, suite: u16, version: u16, offer: &Offer) -> Option<Seen> {
        self.answers.iter().find_map(|one| {
            let chosen = one.chosen_in(version).filter(|chosen| chosen.suite == suite)?;
            can_be(chosen, offer).then_some(one.seen)
        })
    }

    /// Where it chose a version.
    pub(super) fn speaks(&self, version: u16) -> Option<Seen> {
        self.answers.iter().find(|one| one.chosen_in(version).is_some()).map(|one| one.seen)
    }

    /// Where it showed that it does not speak a version: it chose a lower one, or ended
    /// the handshake with protocol_version (70).
    pub(super) fn does_not_speak(&self, version: u16) -> Option<Seen> {
        let found = self.answers.iter().find(|one| {
            one.offer.has_version(version)
                && match &one.answer {
                    super::negotiation::Answer::Chosen(chosen) => chosen.version < version,
                    super::negotiation::Answer::Refused { alert } => *alert == Some(70),
                }
        });
        found.map(|one| one.seen)
    }

    /// Where it had a suite before it with a version, refused it, and would again: as a
    /// server that follows the client (`by_order`) passed it over, or as the whole offer
    /// was refused for want of a suite (40). An offer with a suite that it can do was
    /// refused for another reason. With another kind of certificate nothing is refused yet.
    pub(super) fn refused(
        &self,
        suite: u16,
        version: u16,
        offer: &Offer,
        by_order: bool,
    ) -> Option<Seen> {
        if self.new_kind.is_some() && version < TLS13 {
            return None;
        }
        let found = self.answers.iter().find(|one| {
            let Some(at) = one.offer.suites.iter().position(|code| *code == suite) else {
                return false;
            };
            let passed = match &one.answer {
                super::negotiation::Answer::Chosen(chosen) => {
                    let chosen_at = one.offer.suites.iter().position(|code| *code == chosen.suite);
                    by_order && chosen.version == version && chosen_at.is_some_and(|it| at < it)
                }
                super::negotiation::Answer::Refused { alert } => {
                    *alert == Some(40)
                        && one.offer.versions.first() == Some(&version)
                        && !self.has_common_suite(&one.offer, version)
                }
            };
            passed && no_more(offer, &one.offer, suite, version)
        });
        found.map(|one| one.seen)
    }

    /// Whether an offer has a suite that the server took under conditions that the offer
    /// has too.
    fn has_common_suite(&self, offer: &Offer, version: u16) -> bool {
        offer.suites.iter().any(|code| self.accepted(*code, version, offer).is_some())
    }
}

/// Whether `now` has no group and no signature algorithm for a suite that `then` lacked.
/// Groups of finite fields are for suites with DHE and for TLS 1.3 only (RFC 7919, 4).
pub(super) fn no_more(now: &Offer, then: &Offer, suite: u16, version: u16) -> bool {
    let kind = super::offer::kind_of_suite(suite).filter(|_| version < TLS13);
    let within = |now: &[u16], then: &[u16]| now.iter().all(|code| then.contains(code));
    let signatures = kind.is_none_or(|kind| {
        let then: Vec<u16> = then.schemes(kind, version).collect();
        now.schemes(kind, version).all(|code| then.contains(&code))
    });
    let of_use = |group: &u16| version >= TLS13 || is_dhe(suite) || !is_finite_field(*group);
    let groups: Vec<u16> = now.groups.iter().copied().filter(of_use).collect();
    signatures && within(&groups, &then.groups)
}

fn is_dhe(suite: u16) -> bool {
    names::cipher_suite(suite).is_some_and(|suite| suite.key_exchange == KeyExchange::Dhe)
}

/// Whether it showed different certificates of one kind, each under its own names.
fn differs_by_name(peer: &Peer) -> bool {
    [Kind::Rsa, Kind::Ecdsa].into_iter().any(|kind| {
        let of_kind: Vec<&Shown> =
            peer.certificates.iter().filter(|shown| shown.kind() == Some(kind)).collect();
        let apart = |one: &Shown, two: &Shown| one.names.iter().all(|it| !two.names.contains(it));
        of_kind.windows(2).any(|pair| matches!(pair, [one, two] if apart(one, two)))
    })
}

fn told(row: &'static Behaviour) -> Reason {
    Reason::known(row.text, row.source)
}

type Policies = (Vec<(Policy, Vec<Reason>)>, Option<&'static str>);

/// What was seen counts before what is known of the product.
fn policies(order: Order, known: Option<Known>) -> Policies {
    let seen = |policy, text: &str, places: [Seen; 2]| {
        (vec![(policy, places.map(|place| Reason::seen(text, place)).to_vec())], None)
    };
    match (order, known) {
        // An order of its own is how HAProxy was measured to behave.
        (Order::Own(_), Some(known)) if known.behaviour().follows == Follows::EcdsaWhenPossible => {
            (vec![(Policy::EcdsaWhenPossible, vec![told(known.behaviour())])], None)
        }
        (Order::Client(places), _) => seen(
            Policy::Client,
            "the server follows the order of the client's suites: two orders got two answers",
            places,
        ),
        (Order::Own(places), _) => seen(
            Policy::Own,
            "the server has an order of its own: it passed over a suite that it can do",
            places,
        ),
        (Order::Unknown, Some(Known::Certain(row))) => {
            (vec![(policy_of(row.follows), vec![told(row)])], None)
        }
        (Order::Unknown, Some(Known::Presumed(row))) => (
            vec![(Policy::Client, Vec::new()), (policy_of(row.follows), vec![told(row)])],
            Some(
                "HAProxy listens here, which was measured to show the ECDSA certificate whenever the client can do ECDSA, while the vendor's document 225476 counts on the client's order",
            ),
        ),
        (Order::Unknown, None) => (
            vec![(Policy::Client, Vec::new()), (Policy::Own, Vec::new())],
            Some("nothing seen tells whether the server follows the order of the client's suites"),
        ),
    }
}

const fn policy_of(follows: Follows) -> Policy {
    match follows {
        Follows::Client => Policy::Client,
        Follows::EcdsaWhenPossible => Policy::EcdsaWhenPossible,
    }
}
