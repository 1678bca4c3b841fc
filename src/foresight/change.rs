//! A change that an engineer thinks of, and what it does to an offer.

use std::net::IpAddr;
use std::sync::Arc;

use super::offer::{Kind, Offer, TLS12, TLS13, is_finite_field, kind_of_suite};
use crate::expressway::Version;
use crate::expressway::ciphers::{Authentication, Build, Cipher, KeyExchange, Suite, expand};
use crate::packet::Endpoint;
use crate::tls::names::{self, SignatureKey};
use crate::trust::Anchor;
use crate::x509::Certificate;

/// The signature algorithms that SIP of an Expressway sends when RSA is preferred, in
/// order (225476).
pub const RSA_FIRST_SIGNATURES: [u16; 6] = [0x0806, 0x0805, 0x0804, 0x0603, 0x0503, 0x0403];

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// The client's cipher list becomes this string of OpenSSL.
    Ciphers(String),
    /// `ECDHE-RSA-AES256-GCM-SHA384:` in front of the client's cipher list.
    RsaPrefix,
    /// `:+ECDSA` behind the client's cipher list.
    EcdsaLast,
    /// `!ECDSA` behind the client's cipher list.
    DisableEcdsa,
    /// The client offers TLS 1.2 at most.
    Tls12Only,
    /// `SIP Advanced TlsSignatureAlgoPrefRsa: On`.
    PreferRsaSignatures,
    /// Certificates are appended to the client's trust list.
    AddAnchors(Vec<Anchor>),
    /// Certificates are taken out of the client's trust list.
    RemoveAnchors(Vec<Arc<Certificate>>),
    /// A certificate is replaced by another; what comes behind the first is sent with it.
    ReplaceCertificate {
        /// Whose.
        whose: Whose,
        /// The new one, leaf first.
        chain: Vec<Arc<Certificate>>,
    },
    /// The Expressway gets this version.
    Upgrade(Version),
}

/// Whose certificate is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of the known Expressways.
    Own,
    /// That of every server that is connected to.
    EveryServer,
    /// That of one server.
    Server {
        /// Its address.
        address: IpAddr,
        /// Its port; every one by default.
        port: Option<u16>,
    },
}

impl Whose {
    /// Whether the certificate of a server is meant.
    #[must_use]
    pub fn is(self, server: Endpoint, is_own: bool) -> bool {
        match self {
            Self::Own => is_own,
            Self::EveryServer => !is_own,
            Self::Server { address, port } => {
                address == server.address && port.is_none_or(|port| port == server.port)
            }
        }
    }
}

impl Change {
    /// What is done, for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Ciphers(string) => format!("the cipher list becomes {string}"),
            Self::RsaPrefix => {
                "ECDHE-RSA-AES256-GCM-SHA384 is put in front of the cipher list".to_owned()
            }
            Self::EcdsaLast => "+ECDSA is put behind the cipher list: ECDSA comes last".to_owned(),
            Self::DisableEcdsa => "!ECDSA is put behind the cipher list".to_owned(),
            Self::Tls12Only => "TLS 1.2 is the highest version offered".to_owned(),
            Self::PreferRsaSignatures => {
                "TlsSignatureAlgoPrefRsa is On: RSA comes first among the signature algorithms"
                    .to_owned()
            }
            Self::AddAnchors(list) => {
                format!("appended to the trust list: {}", subjects(list.iter().map(certificate)))
            }
            Self::RemoveAnchors(list) => {
                format!("taken out of the trust list: {}", subjects(list.iter()))
            }
            Self::ReplaceCertificate { whose, chain } => {
                let of = match whose {
                    Whose::Own => "of the Expressway".to_owned(),
                    Whose::EveryServer => "of the servers".to_owned(),
                    Whose::Server { address, port: None } => format!("of {address}"),
                    Whose::Server { address, port: Some(port) } => {
                        format!("of {}", std::net::SocketAddr::new(*address, *port))
                    }
                };
                format!("the certificate {of} becomes {}", subjects(chain.iter().take(1)))
            }
            Self::Upgrade(version) => format!("the Expressway runs {version}"),
        }
    }

    /// Whether it changes a trust list.
    #[must_use]
    pub const fn concerns_trust(&self) -> bool {
        matches!(self, Self::AddAnchors(_) | Self::RemoveAnchors(_))
    }

    /// What the client offers after it, where it changes the offer by itself. An upgrade
    /// is told by [`super::upgrade`].
    #[must_use]
    pub fn offer(&self, before: &Offer) -> Offer {
        match self {
            Self::Ciphers(string) => with_ciphers(before, string),
            Self::RsaPrefix => with_prefix(before),
            Self::EcdsaLast => ecdsa_last(before),
            Self::DisableEcdsa => without_ecdsa(before),
            Self::Tls12Only => up_to_tls12(before),
            Self::PreferRsaSignatures if before.has_version(TLS13) => {
                Offer { signature_algorithms: RSA_FIRST_SIGNATURES.to_vec(), ..before.clone() }
            }
            _ => before.clone(),
        }
    }
}

const fn certificate(anchor: &Anchor) -> &Arc<Certificate> {
    &anchor.certificate
}

fn subjects<'c>(list: impl Iterator<Item = &'c Arc<Certificate>>) -> String {
    let named = |one: &Arc<Certificate>| format!("{} (serial {})", one.subject, one.serial);
    list.map(named).collect::<Vec<_>>().join(", ")
}

/// The suites of TLS 1.3 stay: no cipher string touches them.
pub(super) fn with_ciphers(before: &Offer, string: &str) -> Offer {
    let tls13 = before.suites_for(TLS13);
    let expansion = expand(string);
    let others = expansion.suites.iter().filter(|suite| can_offer(suite, before));
    Offer { suites: tls13.chain(others.map(|suite| suite.code)).collect(), ..before.clone() }
}

/// Whether a client offers a suite that its cipher string selects: not every build has
/// every suite, anonymous ones need security level 0, those with a key that both had
/// before need such a key, and those without a signature algorithm are left out
/// (`ssl_set_client_disabled` of ssl/t1_lib.c).
fn can_offer(suite: &Suite, before: &Offer) -> bool {
    if before.suites.contains(&suite.code) {
        return true;
    }
    let signs = |key: SignatureKey| {
        let list = &before.signature_algorithms;
        list.is_empty() || list.iter().any(|code| names::signature_key(*code) == key)
    };
    let proves = match suite.authentication {
        Authentication::Rsa => true,
        Authentication::Ecdsa => signs(SignatureKey::Ecdsa),
        Authentication::Dss => signs(SignatureKey::Dsa),
        Authentication::Anon | Authentication::Psk | Authentication::Srp => false,
    };
    let exchanges =
        matches!(suite.key_exchange, KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe);
    let in_time = before.versions.first().is_some_and(|highest| *highest >= TLS12)
        || suite.min_protocol != crate::expressway::ciphers::Protocol::Tls12;
    proves && exchanges && in_time && suite.build() == Build::Stock && suite.cipher != Cipher::Null
}

/// The suite of the prefix that prefers RSA: `ECDHE-RSA-AES256-GCM-SHA384`.
const PREFIX_SUITE: u16 = 0xc030;

/// The suite of the prefix first among those below TLS 1.3. A list that forbids it with
/// `!` would not have it, which the offer cannot tell from one that leaves it out.
pub(super) fn with_prefix(before: &Offer) -> Offer {
    reordered(before, |others| {
        let first = std::iter::once(PREFIX_SUITE);
        let rest = others.iter().copied().filter(|code| *code != PREFIX_SUITE);
        first.chain(rest).collect()
    })
}

fn ecdsa_last(before: &Offer) -> Offer {
    reordered(before, |others| {
        let is_ecdsa = |code: &u16| kind_of_suite(*code) == Some(Kind::Ecdsa);
        let (last, mut first): (Vec<u16>, Vec<u16>) =
            others.iter().partition(|code| is_ecdsa(code));
        first.extend(last);
        first
    })
}

/// The suites below TLS 1.3 in another order; those of TLS 1.3 stand first, as OpenSSL
/// has them.
fn reordered(before: &Offer, order: impl Fn(&[u16]) -> Vec<u16>) -> Offer {
    let mut suites: Vec<u16> = before.suites_for(TLS13).collect();
    let others: Vec<u16> =
        before.suites.iter().copied().filter(|code| !suites.contains(code)).collect();
    suites.extend(order(&others));
    Offer { suites, ..before.clone() }
}

fn without_ecdsa(before: &Offer) -> Offer {
    let mut after = before.clone();
    after.suites.retain(|code| kind_of_suite(*code) != Some(Kind::Ecdsa));
    after
}

/// A hello of at most TLS 1.2 names its highest version only. OpenSSL then leaves out the
/// groups over finite fields (providers/common/capabilities.c of OpenSSL 3.0).
fn up_to_tls12(before: &Offer) -> Offer {
    let Some(highest) = before.versions.iter().copied().find(|version| *version <= TLS12) else {
        return Offer {
            versions: vec![TLS12],
            suites: before.suites_for(TLS12).collect(),
            ..before.clone()
        };
    };
    if !before.has_version(TLS13) {
        return before.clone();
    }
    Offer {
        versions: vec![highest],
        suites: before.suites_for(highest).collect(),
        groups: before.groups.iter().copied().filter(|group| !is_finite_field(*group)).collect(),
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            versions: vec![TLS13, TLS12],
            suites: vec![0x1302, 0xc02c, 0xc030],
            signature_algorithms: vec![0x0403, 0x0804],
            groups: vec![29, 0x0100],
        }
    }

    #[test]
    fn a_cipher_list_leaves_tls13_alone() {
        let string = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:aNULL:PSK";
        let after = Change::Ciphers(string.to_owned()).offer(&offer());
        assert_eq!(after.suites, [0x1302, 0xc030, 0xc02c]);
        let after = Change::DisableEcdsa.offer(&offer());
        assert_eq!(after.suites, [0x1302, 0xc030]);
    }

    #[test]
    fn the_prefix_moves_one_suite_and_ecdsa_last_all_of_them() {
        let before = Offer { suites: vec![0x1302, 0xc02c, 0xcca9, 0xc030, 0xcca8], ..offer() };
        let after = Change::RsaPrefix.offer(&before);
        assert_eq!(after.suites, [0x1302, 0xc030, 0xc02c, 0xcca9, 0xcca8]);
        let after = Change::EcdsaLast.offer(&before);
        assert_eq!(after.suites, [0x1302, 0xc030, 0xcca8, 0xc02c, 0xcca9]);
    }

    #[test]
    fn tls12_is_offered_as_the_only_version() {
        let after = Change::Tls12Only.offer(&offer());
        assert_eq!((after.versions, after.suites), (vec![TLS12], vec![0xc02c, 0xc030]));
        assert_eq!(after.groups, [29]);
        let old = Offer { versions: vec![0x0302], ..offer() };
        assert_eq!(Change::Tls12Only.offer(&old), old);
    }

    #[test]
    fn the_preference_of_signatures_needs_tls13() {
        let after = Change::PreferRsaSignatures.offer(&offer());
        assert_eq!(after.kinds_by_signature(), [Kind::Rsa, Kind::Ecdsa]);
        let old = Offer { versions: vec![TLS12], ..offer() };
        assert_eq!(Change::PreferRsaSignatures.offer(&old), old);
    }
}
