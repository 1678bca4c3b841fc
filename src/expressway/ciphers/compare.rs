//! Whether the suites of a ClientHello can come from a cipher string.
//!
//! A ClientHello shows less than the string says: the build of OpenSSL leaves suites out,
//! so do the security level, the versions offered, and a missing pre-shared key. None of
//! them changes the order of what is left. So three things tell a difference, and nothing
//! else does: a suite that the string does not select, two suites in the other order, and
//! the absence of a suite that every build has.

use std::collections::{HashMap, HashSet};

use super::expand::{Expansion, expand};
use super::suite::suite;

/// Suites that every OpenSSL since 1.0.1 offers with TLS 1.2, FIPS builds too, up to
/// security level 3: ECDHE with AES-GCM.
const EVERYWHERE: [u16; 4] = [0xc02b, 0xc02c, 0xc02f, 0xc030];

/// The security level from which AES-128 is not offered (openssl 3.0,
/// SSL_CTX_set_security_level(3): 192 bits).
const LEVEL_WITHOUT_AES128: u8 = 4;

/// What the comparison of a string with a ClientHello gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The ClientHello can come from the string; another string may give the same.
    CanComeFrom {
        /// Suites that both have.
        compared: usize,
    },
    /// It cannot.
    Differs(Difference),
    /// The two say too little.
    CannotTell(TooLittle),
}

/// What cannot be, if the ClientHello came from the string. Codes are in the order of
/// the ClientHello, or of the string for those that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Suites are offered that the string does not select.
    NotSelected(Vec<u16>),
    /// `first` is offered before `then`, and the string has them the other way round.
    Order {
        /// The suite that is offered first.
        first: u16,
        /// The suite that is offered later.
        then: u16,
    },
    /// Suites are missing that the string selects and every build has.
    Missing(Vec<u16>),
}

/// Why nothing can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLittle {
    /// OpenSSL refuses the string.
    Refused,
    /// The string is longer than what is read of it.
    NotReadToItsEnd,
    /// Fewer than two suites are in both, so there is no order.
    TooFewSuites,
    /// None of the suites is offered that every build has with TLS 1.2: the offer may be
    /// cut down to older versions.
    NoTls12,
}

/// Compares a configured string with the suites of a ClientHello, in order. Suites of
/// TLS 1.3, signals, GREASE and numbers that OpenSSL 1.1.1 and 3.0 do not know are left
/// out, and so is a suite that is there twice.
#[must_use]
pub fn compare(configured: &str, offered: &[u16]) -> Agreement {
    let expansion = expand(configured);
    if expansion.refusal.is_some() {
        return Agreement::CannotTell(TooLittle::Refused);
    }
    if expansion.unread > 0 {
        return Agreement::CannotTell(TooLittle::NotReadToItsEnd);
    }
    Places::of(&expansion).compare(offered)
}

/// Where each suite stands in what a string stands for.
#[derive(Debug)]
pub(in crate::expressway) struct Places {
    place: HashMap<u16, usize>,
    /// What must be offered, in order.
    expected: Vec<u16>,
}

impl Places {
    pub(in crate::expressway) fn of(expansion: &Expansion) -> Self {
        let codes = || expansion.suites.iter().map(|suite| suite.code);
        let cut = expansion.security_level.is_some_and(|level| level >= LEVEL_WITHOUT_AES128);
        let expected = codes().filter(|code| !cut && EVERYWHERE.contains(code)).collect();
        Self { place: codes().enumerate().map(|(place, code)| (code, place)).collect(), expected }
    }

    pub(in crate::expressway) fn compare(&self, offered: &[u16]) -> Agreement {
        let mut seen = HashSet::new();
        let known = |code: &u16| suite(*code).is_some();
        let offered: Vec<u16> =
            offered.iter().copied().filter(known).filter(|code| seen.insert(*code)).collect();
        let (selected, others): (Vec<u16>, Vec<u16>) =
            offered.iter().partition(|code| self.place.contains_key(code));
        if !others.is_empty() {
            return Agreement::Differs(Difference::NotSelected(others));
        }
        if let Some(difference) = self.other_order(&selected) {
            return Agreement::Differs(difference);
        }
        let (_, missing): (Vec<u16>, Vec<u16>) =
            self.expected.iter().partition(|code| seen.contains(code));
        if selected.len() < 2 {
            Agreement::CannotTell(TooLittle::TooFewSuites)
        } else if missing.is_empty() {
            Agreement::CanComeFrom { compared: selected.len() }
        } else if missing.len() == self.expected.len() {
            Agreement::CannotTell(TooLittle::NoTls12)
        } else {
            Agreement::Differs(Difference::Missing(missing))
        }
    }

    /// The first two neighbours that the string has the other way round; where all
    /// neighbours rise, all do.
    fn other_order(&self, selected: &[u16]) -> Option<Difference> {
        let place = |code: &u16| self.place.get(code);
        selected.windows(2).find_map(|pair| match pair {
            [first, then] if place(first) > place(then) => {
                Some(Difference::Order { first: *first, then: *then })
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRING: &str = "EECDH:EDH:HIGH:!aNULL";

    #[test]
    fn what_a_build_leaves_out_is_no_difference() {
        let whole: Vec<u16> = expand(STRING).suites.iter().map(|suite| suite.code).collect();
        let compared = whole.len();
        assert_eq!(compare(STRING, &whole), Agreement::CanComeFrom { compared });
        // TLS 1.3, GREASE, signals, a number nobody knows, and a suite offered twice.
        let few = [0x1a1a, 0x1302, 0xc02c, 0xc030, 0xc030, 0xc02b, 0xc02f, 0xfefe, 0x9f, 0xff];
        assert_eq!(compare(STRING, &few), Agreement::CanComeFrom { compared: 5 });
    }

    #[test]
    fn what_cannot_be_is_a_difference() {
        let differs = |string: &str, offered: &[u16]| match compare(string, offered) {
            Agreement::Differs(difference) => difference,
            other => panic!("{string}: {other:?}"),
        };
        let offered = [0xc030, 0xc02c, 0xc02b, 0xc02f];
        assert_eq!(differs(STRING, &offered), Difference::Order { first: 0xc030, then: 0xc02c });
        let no_ecdsa = format!("{STRING}:!ECDSA");
        assert_eq!(differs(&no_ecdsa, &offered), Difference::NotSelected(vec![0xc02c, 0xc02b]));
        assert_eq!(differs(STRING, &[0xc030, 0xc02f]), Difference::Missing(vec![0xc02c, 0xc02b]));
    }

    #[test]
    fn where_too_little_is_there_nothing_is_told() {
        let told = |string: &str, offered: &[u16]| match compare(string, offered) {
            Agreement::CannotTell(why) => why,
            other => panic!("{string}: {other:?}"),
        };
        assert_eq!(told("RSA:@NO", &[0xc02c, 0xc030]), TooLittle::Refused);
        assert_eq!(told(&"ALL:".repeat(10_000), &[0xc02c, 0xc030]), TooLittle::NotReadToItsEnd);
        assert_eq!(told(STRING, &[0x1301, 0x1302, 0xff]), TooLittle::TooFewSuites);
        assert_eq!(told(STRING, &[0xc02c]), TooLittle::TooFewSuites);
        assert_eq!(told(STRING, &[0xc00a, 0xc014, 0x39]), TooLittle::NoTls12);
    }

    #[test]
    fn at_security_level_four_aes_128_is_not_missed() {
        let offered = [0xc02c, 0xc030];
        let level = format!("{STRING}:@SECLEVEL=4");
        assert_eq!(compare(&level, &offered), Agreement::CanComeFrom { compared: 2 });
    }
}
