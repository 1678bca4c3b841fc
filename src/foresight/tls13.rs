//! Which kind of certificate a server shows under TLS 1.3, where the suite tells nothing.

use super::choice::Ways;
use super::facts::Facts;
use super::negotiation::Chosen;
use super::offer::{Kind, Offer, TLS13, kind_name};
use super::reason::Reason;

/// The kinds that may come, each with what it rests on.
pub(super) fn kinds_in_tls13(
    offer: &Offer,
    facts: &Facts<'_>,
    ways: &mut Ways,
) -> Vec<(Option<Kind>, Vec<Reason>)> {
    let wanted = offer.kinds_by_signature();
    if let Some(new) = facts.new_kind {
        if !wanted.contains(&new) {
            ways.doubt("the client takes no signature by the new kind of key under TLS 1.3");
        }
        let fits = wanted.into_iter().filter(|kind| *kind == new);
        return fits.map(|kind| (Some(kind), Vec::new())).collect();
    }
    if let Some(stays) = stays(offer, facts) {
        return vec![stays];
    }
    if let (Some(first), Some(reason)) = (wanted.first(), &facts.by_signature)
        && facts.of_kind(*first).any(|shown| can_sign(*first, shown.curve(), offer))
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

/// The kind that was shown for an offer by which it stood no better.
fn stays(offer: &Offer, facts: &Facts<'_>) -> Option<(Option<Kind>, Vec<Reason>)> {
    let (kind, seen) = facts.answers.iter().find_map(|one| {
        let chosen = one.chosen_in(TLS13)?;
        let kind = chosen.kind?;
        no_worse(kind, chosen, offer, &one.offer).then_some((kind, one.seen))
    })?;
    let text = format!(
        "under TLS 1.3 the server showed an {} certificate, and this offer favours no other kind more than that one did",
        kind_name(kind)
    );
    Some((Some(kind), vec![Reason::seen(text, seen)]))
}

/// Whether a kind stands no worse now than then: its key can sign, no other kind can do
/// more, and nothing is before it that was not before it then, neither among the signature
/// algorithms nor among the suites below TLS 1.3, by which Unified CM chooses under TLS 1.3
/// too (CUCM Security Guide 15, TLS 1.3 Setup).
fn no_worse(kind: Kind, chosen: &Chosen, now: &Offer, then: &Offer) -> bool {
    let before = |kinds: Vec<Kind>| -> Option<Vec<Kind>> {
        let at = kinds.iter().position(|one| *one == kind)?;
        Some(kinds.into_iter().take(at).collect())
    };
    let within = |now: Vec<Kind>, then: Vec<Kind>| match (before(now), before(then)) {
        (Some(now), Some(then)) => now.iter().all(|one| then.contains(one)),
        (None, None) => true,
        _ => false,
    };
    let others = [Kind::Rsa, Kind::Ecdsa].into_iter().filter(|other| *other != kind);
    let mut more = others.flat_map(|other| now.schemes(other, TLS13));
    can_sign(kind, chosen.curve, now)
        && more.all(|scheme| then.signature_algorithms.contains(&scheme))
        && within(now.kinds_by_signature(), then.kinds_by_signature())
        && within(now.kinds_by_suite(), then.kinds_by_suite())
}

/// Whether the client takes what a key signs under TLS 1.3, where an ECDSA scheme belongs
/// to one curve (RFC 8446, 4.2.3).
fn can_sign(kind: Kind, curve: Option<u16>, offer: &Offer) -> bool {
    let needed = match curve {
        Some(23) => Some(0x0403),
        Some(24) => Some(0x0503),
        Some(25) => Some(0x0603),
        _ => None,
    };
    match needed.filter(|_| kind == Kind::Ecdsa) {
        Some(scheme) => offer.signature_algorithms.contains(&scheme),
        None => offer.schemes(kind, TLS13).next().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(signature_algorithms: &[u16]) -> Offer {
        Offer { signature_algorithms: signature_algorithms.to_vec(), ..Offer::default() }
    }

    #[test]
    fn a_kind_stays_where_nothing_speaks_for_another() {
        let chosen = |kind, curve| Chosen {
            version: TLS13,
            suite: 0x1302,
            group: None,
            signature: None,
            curve,
            kind: Some(kind),
        };
        let then = offer(&[0x0403, 0x0503, 0x0804]);
        let ecdsa = chosen(Kind::Ecdsa, Some(24));
        let stays = |now: &[u16]| no_worse(Kind::Ecdsa, &ecdsa, &offer(now), &then);
        assert!(stays(&[0x0503, 0x0804]));
        // RSA comes first; a key on P-384 cannot sign; more schemes of RSA.
        assert!(!stays(&[0x0804, 0x0503]));
        assert!(!stays(&[0x0403, 0x0804]));
        assert!(!stays(&[0x0503, 0x0804, 0x0805]));
        let rsa = chosen(Kind::Rsa, None);
        assert!(!no_worse(Kind::Rsa, &rsa, &then, &offer(&[0x0804])));
        assert!(no_worse(Kind::Rsa, &rsa, &offer(&[0x0804]), &then));
    }
}
