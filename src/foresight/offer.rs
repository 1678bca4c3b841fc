//! What a client offers, as far as it decides what the server answers.

use crate::connection::HiddenKey;
use crate::expressway::ciphers::{self, Protocol};
use crate::tls::ClientHello;
use crate::tls::names::{self, Authentication, SignatureKey, is_grease, is_scsv};
use crate::x509::{Curve, KeyKind, PublicKey};

pub use crate::expressway::ciphers::CertificateKind as Kind;

/// TLS 1.2 on the wire.
pub(super) const TLS12: u16 = 0x0303;
/// TLS 1.3 on the wire.
pub(super) const TLS13: u16 = 0x0304;

/// An offer: GREASE and signals are left out, the order is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offer {
    /// Versions, highest first. A hello without `supported_versions` names its highest
    /// only.
    pub versions: Vec<u16>,
    /// Cipher suites in the order of preference.
    pub suites: Vec<u16>,
    /// Signature algorithms in the order of preference; empty without the extension.
    pub signature_algorithms: Vec<u16>,
    /// Groups in the order of preference; empty without the extension.
    pub groups: Vec<u16>,
}

impl Offer {
    /// What a ClientHello offers.
    #[must_use]
    pub fn of(hello: &ClientHello) -> Self {
        let plain = |list: Vec<u16>| list.into_iter().filter(|code| !is_grease(*code)).collect();
        let mut versions: Vec<u16> = plain(hello.supported_versions());
        if versions.is_empty() {
            versions.push(hello.legacy_version);
        }
        versions.sort_unstable_by(|one, other| other.cmp(one));
        let mut suites: Vec<u16> = plain(hello.suites().collect());
        suites.retain(|code| !is_scsv(*code));
        Self {
            versions,
            suites,
            signature_algorithms: plain(hello.signature_algorithms()),
            groups: plain(hello.supported_groups()),
        }
    }

    /// Whether a version is offered. A hello that only names its highest does not say how
    /// low it goes.
    #[must_use]
    pub fn has_version(&self, version: u16) -> bool {
        self.versions.contains(&version)
    }

    /// The suites that can be chosen with a version, in order.
    pub fn suites_for(&self, version: u16) -> impl Iterator<Item = u16> + use<'_> {
        self.suites.iter().copied().filter(move |code| suits(*code, version))
    }

    /// Whether the client takes a signature by a key of this kind with this version. In
    /// TLS 1.3 those of PKCS #1 are for certificates only (RFC 8446, 4.2.3).
    #[must_use]
    pub fn takes(&self, kind: Kind, version: u16) -> bool {
        let none_said = self.signature_algorithms.is_empty() && version < TLS13;
        none_said || version < TLS12 || self.schemes(kind, version).next().is_some()
    }

    /// The signature algorithms for a kind of key, in order.
    pub fn schemes(&self, kind: Kind, version: u16) -> impl Iterator<Item = u16> + use<'_> {
        let pkcs1 = move |code: u16| code >> 8 < 8 && version >= TLS13 && kind == Kind::Rsa;
        let list = self.signature_algorithms.iter().copied();
        list.filter(move |code| kind_of_scheme(*code) == Some(kind) && !pkcs1(*code))
    }

    /// The kinds of keys in the order in which the signature algorithms name them, for
    /// TLS 1.3.
    #[must_use]
    pub fn kinds_by_signature(&self) -> Vec<Kind> {
        let place = |kind| {
            let first = self.schemes(kind, TLS13).next()?;
            self.signature_algorithms.iter().position(|code| *code == first)
        };
        let mut kinds: Vec<(usize, Kind)> = [Kind::Rsa, Kind::Ecdsa]
            .into_iter()
            .filter_map(|kind| place(kind).map(|at| (at, kind)))
            .collect();
        kinds.sort_unstable_by_key(|(at, _)| *at);
        kinds.into_iter().map(|(_, kind)| kind).collect()
    }

    /// The kinds of certificates in the order in which the suites below TLS 1.3 name
    /// them.
    #[must_use]
    pub fn kinds_by_suite(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = Vec::new();
        for kind in self.suites.iter().filter_map(|code| kind_of_suite(*code)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

/// Whether a suite can be chosen with a version.
fn suits(code: u16, version: u16) -> bool {
    let Some(suite) = names::cipher_suite(code) else { return false };
    let for_tls13 = suite.authentication == Authentication::Tls13;
    let needs_tls12 =
        || ciphers::suite(code).is_some_and(|suite| suite.min_protocol == Protocol::Tls12);
    match version {
        TLS13.. => for_tls13,
        TLS12 => !for_tls13,
        _ => !for_tls13 && !needs_tls12(),
    }
}

/// The kind of certificate that a suite below TLS 1.3 shows; `None` for the others.
#[must_use]
pub(super) fn kind_of_suite(code: u16) -> Option<Kind> {
    match names::cipher_suite(code)?.authentication {
        Authentication::Rsa => Some(Kind::Rsa),
        Authentication::Ecdsa => Some(Kind::Ecdsa),
        _ => None,
    }
}

/// The kind of key that signs with a scheme.
fn kind_of_scheme(code: u16) -> Option<Kind> {
    match names::signature_key(code) {
        SignatureKey::Rsa => Some(Kind::Rsa),
        SignatureKey::Ecdsa => Some(Kind::Ecdsa),
        _ => None,
    }
}

/// The kind of a key in a certificate. Edwards curves stand among the suites of ECDSA
/// (RFC 8422, 5.10).
#[must_use]
pub(super) const fn kind_of_key(key: &PublicKey) -> Option<Kind> {
    match key.kind {
        KeyKind::Rsa | KeyKind::RsaPss => Some(Kind::Rsa),
        KeyKind::Ec(_) | KeyKind::Ed25519 | KeyKind::Ed448 => Some(Kind::Ecdsa),
        KeyKind::Dsa | KeyKind::Other(_) => None,
    }
}

/// Whether a group is one over a finite field (RFC 7919, 2).
#[must_use]
pub(super) const fn is_finite_field(group: u16) -> bool {
    group >> 8 == 1
}

/// The group that is the curve of a key (RFC 8422, 5.1.1).
#[must_use]
pub(super) const fn curve_of_key(key: &PublicKey) -> Option<u16> {
    match key.kind {
        KeyKind::Ec(Curve::P256) => Some(23),
        KeyKind::Ec(Curve::P384) => Some(24),
        KeyKind::Ec(Curve::P521) => Some(25),
        _ => None,
    }
}

/// The kind of a key whose certificate TLS 1.3 hides.
#[must_use]
pub(super) const fn kind_of_hidden(key: HiddenKey) -> Kind {
    if key.is_rsa() { Kind::Rsa } else { Kind::Ecdsa }
}

/// `RSA`, `ECDSA`.
#[must_use]
pub const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Rsa => "RSA",
        Kind::Ecdsa => "ECDSA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(suites: &[u16], signatures: &[u16]) -> Offer {
        Offer {
            versions: vec![TLS13, TLS12],
            suites: suites.to_vec(),
            signature_algorithms: signatures.to_vec(),
            groups: Vec::new(),
        }
    }

    #[test]
    fn suites_belong_to_versions() {
        let offer = offer(&[0x1302, 0xc030, 0xc014], &[]);
        let of = |version| offer.suites_for(version).collect::<Vec<_>>();
        assert_eq!(of(TLS13), [0x1302]);
        assert_eq!(of(TLS12), [0xc030, 0xc014]);
        assert_eq!(of(0x0302), [0xc014]);
    }

    #[test]
    fn kinds_stand_in_the_order_of_the_client() {
        let offer = offer(&[0xc02c, 0xc030], &[0x0401, 0x0403, 0x0804]);
        assert_eq!(offer.kinds_by_suite(), [Kind::Ecdsa, Kind::Rsa]);
        // PKCS #1 signs no handshake of TLS 1.3.
        assert_eq!(offer.kinds_by_signature(), [Kind::Ecdsa, Kind::Rsa]);
        assert!(offer.takes(Kind::Rsa, TLS12));
    }

    #[test]
    fn what_no_signature_algorithm_fits_is_not_taken() {
        let offer = offer(&[0xc030], &[0x0401, 0x0403]);
        assert!(offer.takes(Kind::Rsa, TLS12) && !offer.takes(Kind::Rsa, TLS13));
        assert!(offer.takes(Kind::Ecdsa, TLS13));
    }
}
