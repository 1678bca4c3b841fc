//! Whether a server follows the order of the client's cipher suites.

use super::negotiation::{Chosen, Negotiation};
use super::offer::{Offer, TLS13};
use super::reason::Seen;

/// Whose order decides, as far as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The client's: two offers had the same two suites in different order, and each time
    /// another one was chosen.
    Client([Seen; 2]),
    /// The server's own: it chose one suite although another that it can do as well (the
    /// second place) stood before it.
    Own([Seen; 2]),
    /// Nothing tells.
    Unknown,
}

impl Order {
    /// What answers below TLS 1.3 tell. Quadratic in their number, which is bounded for
    /// each server.
    #[must_use]
    pub fn of(answers: &[&Negotiation]) -> Self {
        let pairs = || answers.iter().flat_map(|one| answers.iter().map(move |two| (*one, *two)));
        // The server's own order may change by its rules, such as ECDSA whenever the
        // client can; so it is asked for first.
        let own = pairs().find(|(one, two)| passed_over(one, two));
        let client = pairs().find(|(one, two)| turned_with(one, two));
        match (own, client) {
            (Some((one, two)), _) => Self::Own([one.seen, two.seen]),
            (None, Some((one, two))) => Self::Client([one.seen, two.seen]),
            (None, None) => Self::Unknown,
        }
    }

    /// `client`, `own`, or nothing.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Client(_) => Some("client"),
            Self::Own(_) => Some("own"),
            Self::Unknown => None,
        }
    }

    /// What shows it.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        match self {
            Self::Client(seen) | Self::Own(seen) => seen,
            Self::Unknown => &[],
        }
    }
}

fn chosen(one: &Negotiation) -> Option<&Chosen> {
    one.chosen().filter(|chosen| chosen.version < TLS13)
}

fn place(offer: &Offer, suite: u16) -> Option<usize> {
    offer.suites.iter().position(|code| *code == suite)
}

/// Whether `one` passed over the suite that `two` shows the server can do under the same
/// conditions.
fn passed_over(one: &Negotiation, two: &Negotiation) -> bool {
    let (Some(first), Some(second)) = (chosen(one), chosen(two)) else { return false };
    let (Some(at), Some(before)) =
        (place(&one.offer, first.suite), place(&one.offer, second.suite))
    else {
        return false;
    };
    before < at && first.version == second.version && can_be(second, &one.offer)
}

/// Whether two offers had the suites of both answers, each its own one first.
fn turned_with(one: &Negotiation, two: &Negotiation) -> bool {
    let (Some(first), Some(second)) = (chosen(one), chosen(two)) else { return false };
    let comes_first = |offer: &Offer, suite: u16, other: u16| matches!((place(offer, suite), place(offer, other)), (Some(at), Some(behind)) if at < behind);
    first.version == second.version
        && can_be(first, &two.offer)
        && can_be(second, &one.offer)
        && comes_first(&one.offer, first.suite, second.suite)
        && comes_first(&two.offer, second.suite, first.suite)
}

/// Whether what was chosen once can be chosen with another offer, as far as group and
/// signature are concerned. Below TLS 1.3 the groups are also the curves of the server's
/// key that the client takes (RFC 8422, 5.1.1 and 5.3).
pub(super) fn can_be(chosen: &Chosen, offer: &Offer) -> bool {
    let has = |list: &[u16], code: Option<u16>| {
        code.is_none_or(|code| list.is_empty() || list.contains(&code))
    };
    let curve = chosen.curve.filter(|_| chosen.version < TLS13);
    has(&offer.groups, chosen.group)
        && has(&offer.groups, curve)
        && has(&offer.signature_algorithms, chosen.signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foresight::negotiation::Answer;
    use crate::foresight::offer::TLS12;

    fn answered(suites: &[u16], suite: u16, frame: u64) -> Negotiation {
        let offer = Offer { versions: vec![TLS12], suites: suites.to_vec(), ..Offer::default() };
        let chosen =
            Chosen { version: TLS12, suite, group: None, signature: None, curve: None, kind: None };
        let seen = Seen { capture: 0, stream: 0, frame };
        let answer = Answer::Chosen(chosen);
        Negotiation { server_name: None, offer, answer, seen, times: 1 }
    }

    fn order(answers: &[Negotiation]) -> Order {
        Order::of(&answers.iter().collect::<Vec<_>>())
    }

    #[test]
    fn two_orders_with_two_answers_tell() {
        let ecdsa = answered(&[0xc02c, 0xc030], 0xc02c, 1);
        let rsa = answered(&[0xc030, 0xc02c], 0xc030, 2);
        assert_eq!(order(std::slice::from_ref(&ecdsa)), Order::Unknown);
        assert!(matches!(order(&[ecdsa.clone(), rsa]), Order::Client(_)));
        // ECDSA although RSA, which it can do, stands first.
        let without = answered(&[0xc030], 0xc030, 3);
        let own = answered(&[0xc030, 0xc02c], 0xc02c, 4);
        assert!(matches!(order(&[ecdsa.clone(), without, own]), Order::Own(_)));
        let only = answered(&[0xc02c], 0xc02c, 5);
        assert_eq!(order(&[ecdsa, only]), Order::Unknown);
    }
}
