//! Public keys: what a `SubjectPublicKeyInfo` says (RFC 5280, 4.1.2.7).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
};

use super::der::{DerError, Reader, Tlv, bits, tag};
use super::oid::Oid;

/// A named elliptic curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Curve {
    /// prime256v1, secp256r1
    P256,
    /// secp384r1
    P384,
    /// secp521r1
    P521,
    /// secp224r1
    P224,
    /// secp256k1
    Secp256k1,
    /// One of the Brainpool curves that TLS names, by its size in bits.
    Brainpool(u32),
    /// A curve this program has no name for.
    Other(Oid),
    /// Parameters are written out instead of named, which OpenSSL refuses in chains of more than one certificate.
    Explicit,
}

impl Curve {
    /// OpenSSL's name: `prime256v1`, `secp384r1`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::P256 => "prime256v1".to_owned(),
            Self::P384 => "secp384r1".to_owned(),
            Self::P521 => "secp521r1".to_owned(),
            Self::P224 => "secp224r1".to_owned(),
            Self::Secp256k1 => "secp256k1".to_owned(),
            Self::Brainpool(bits) => format!("brainpoolP{bits}r1"),
            Self::Other(oid) => oid.to_string(),
            Self::Explicit => "explicit parameters".to_owned(),
        }
    }

    fn from_oid(contents: &[u8]) -> Self {
        match contents {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Self::P256,
            [0x2b, 0x81, 4, 0, 34] => Self::P384,
            [0x2b, 0x81, 4, 0, 35] => Self::P521,
            [0x2b, 0x81, 4, 0, 33] => Self::P224,
            [0x2b, 0x81, 4, 0, 10] => Self::Secp256k1,
            [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7] => Self::Brainpool(256),
            [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11] => Self::Brainpool(384),
            [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13] => Self::Brainpool(512),
            other => Self::Other(Oid::from_contents(other)),
        }
    }

    fn bits(&self) -> Option<u32> {
        match self {
            Self::P256 | Self::Secp256k1 => Some(256),
            Self::P384 => Some(384),
            Self::P521 => Some(521),
            Self::P224 => Some(224),
            Self::Brainpool(bits) => Some(*bits),
            Self::Other(_) | Self::Explicit => None,
        }
    }
}

/// What kind of key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyKind {
    /// rsaEncryption
    Rsa,
    /// id-RSASSA-PSS: an RSA key that may only sign with PSS
    RsaPss,
    /// id-ecPublicKey
    Ec(Curve),
    /// Ed25519
    Ed25519,
    /// Ed448
    Ed448,
    /// DSA
    Dsa,
    /// Anything else
    Other(Oid),
}

/// A `SubjectPublicKeyInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Kind of key, with its curve.
    pub kind: KeyKind,
    /// Size in bits: of the modulus, of the curve; `None` when it cannot be told.
    pub bits: Option<u32>,
    /// False when the key itself is broken or of a kind OpenSSL has no code for. The certificate still parses there.
    pub decodes: bool,
    /// DER of the whole `SubjectPublicKeyInfo`.
    pub spki: Box<[u8]>,
    /// The contents of `subjectPublicKey`: an `RSAPublicKey`, a curve point, raw octets.
    pub key: Box<[u8]>,
}

impl PublicKey {
    /// Reads the DER of a `SubjectPublicKeyInfo` that stands by itself: a raw public
    /// key (RFC 7250), the key of a delegated credential (RFC 9345).
    ///
    /// # Errors
    /// Where it is no such DER, or more follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(der);
        let sequence = reader.expect(tag::SEQUENCE)?;
        reader.finish()?;
        Self::from_tlv(&sequence)
    }

    pub(super) fn from_tlv(sequence: &Tlv<'_>) -> Result<Self, DerError> {
        let mut reader = Reader::new(sequence.value);
        let mut algorithm = reader.sequence()?;
        let oid = algorithm.expect(tag::OID)?;
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.any()?) };
        let (key, _) = bits(reader.expect(tag::BIT_STRING)?.value)?;
        let kind = kind(oid.value, parameters.as_ref());
        let size = size(&kind, &key);
        // Written-out curve parameters are a SEQUENCE; anything else there is no curve at all.
        let no_curve = kind == KeyKind::Ec(Curve::Explicit)
            && parameters.is_none_or(|parameters| parameters.tag != tag::SEQUENCE);
        let decodes = !no_curve && decodes(&kind, &key, size);
        Ok(Self { kind, bits: size, decodes, spki: sequence.raw.into(), key })
    }

    /// A short label for people: `RSA 2048`, `EC secp384r1`, `Ed25519`.
    #[must_use]
    pub fn label(&self) -> String {
        let size = self.bits.map(|bits| format!(" {bits}")).unwrap_or_default();
        match &self.kind {
            KeyKind::Rsa => format!("RSA{size}"),
            KeyKind::RsaPss => format!("RSA-PSS{size}"),
            KeyKind::Ec(curve) => format!("EC {}", curve.name()),
            KeyKind::Ed25519 => "Ed25519".to_owned(),
            KeyKind::Ed448 => "Ed448".to_owned(),
            KeyKind::Dsa => "DSA".to_owned(),
            KeyKind::Other(oid) => oid.to_string(),
        }
    }
}

fn kind(oid: &[u8], parameters: Option<&Tlv<'_>>) -> KeyKind {
    match oid {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1] => KeyKind::Rsa,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10] => KeyKind::RsaPss,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => KeyKind::Ec(match parameters {
            Some(named) if named.tag == tag::OID => Curve::from_oid(named.value),
            _ => Curve::Explicit,
        }),
        [0x2b, 0x65, 0x70] => KeyKind::Ed25519,
        [0x2b, 0x65, 0x71] => KeyKind::Ed448,
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => KeyKind::Dsa,
        other => KeyKind::Other(Oid::from_contents(other)),
    }
}

fn size(kind: &KeyKind, key: &[u8]) -> Option<u32> {
    match kind {
        KeyKind::Rsa | KeyKind::RsaPss => modulus_bits(key),
        KeyKind::Ec(curve) => curve.bits(),
        KeyKind::Ed25519 => Some(256),
        KeyKind::Ed448 => Some(456),
        KeyKind::Dsa | KeyKind::Other(_) => None,
    }
}

/// RFC 8017, A.1.1: `RSAPublicKey ::= SEQUENCE { modulus, publicExponent }`.
fn modulus_bits(key: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(key).sequence().ok()?;
    let modulus = reader.expect(tag::INTEGER).ok()?.value;
    reader.expect(tag::INTEGER).ok()?;
    let zeros = modulus.iter().take_while(|&&octet| octet == 0).count();
    let first = *modulus.get(zeros)?;
    let octets = u32::try_from(modulus.len() - zeros).ok()?;
    octets.checked_mul(8)?.checked_sub(first.leading_zeros())
}

/// Whether OpenSSL gets a key out of it. On the curves that the library knows, a point must lie on its curve.
fn decodes(kind: &KeyKind, key: &[u8], size: Option<u32>) -> bool {
    match kind {
        KeyKind::Rsa | KeyKind::RsaPss => size.is_some(),
        KeyKind::Ec(Curve::P256) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).is_ok(),
        KeyKind::Ec(Curve::P384) => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, key).is_ok(),
        KeyKind::Ec(Curve::P521) => ParsedPublicKey::new(&ECDSA_P521_SHA512_ASN1, key).is_ok(),
        KeyKind::Ec(curve) => match (key.first(), size) {
            (Some(4), Some(bits)) => key.len() == 1 + 2 * bits.div_ceil(8) as usize,
            (Some(2 | 3), Some(bits)) => key.len() == 1 + bits.div_ceil(8) as usize,
            (Some(2..=4), None) => on_known_arc(curve),
            _ => false,
        },
        KeyKind::Ed25519 => key.len() == 32,
        KeyKind::Ed448 => key.len() == 57,
        KeyKind::Dsa => true,
        KeyKind::Other(_) => false,
    }
}

/// Whether OpenSSL has a table for a curve that this program has no name for: the X9.62, SECG, Brainpool and WTLS arcs
/// (`curve_list` in crypto/ec/ec_curve.c). Curves that are written out always have one.
fn on_known_arc(curve: &Curve) -> bool {
    let Curve::Other(oid) = curve else {
        return true;
    };
    match oid.contents() {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 0, last] => (1..=20).contains(last),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, last] => (1..=7).contains(last),
        [0x2b, 0x81, 4, 0, last] => (1..=39).contains(last),
        [0x2b, 0x24, 3, 3, 2, 8, 1, 1, last] => (1..=14).contains(last),
        [0x67, 0x2b, 1, 4, last] => (1..=12).contains(last),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(der: &[u8]) -> PublicKey {
        PublicKey::from_tlv(&Reader::new(der).any().unwrap()).unwrap()
    }

    #[test]
    fn counts_the_bits_of_a_modulus() {
        assert_eq!(modulus_bits(&[0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 3]), Some(16));
        assert_eq!(modulus_bits(&[0x30, 7, 2, 2, 0x7f, 1, 2, 1, 3]), Some(15));
        assert_eq!(modulus_bits(&[0x30, 6, 2, 1, 0, 2, 1, 3]), None);
    }

    #[test]
    fn tells_curves_apart() {
        let mut der = vec![0x30, 89, 0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        der.extend([6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 66, 0, 4]);
        der.extend([1; 64]);
        let key = parse(&der);
        // The right length, but no point of the curve: OpenSSL gets no key out of it.
        assert_eq!(
            (key.label().as_str(), key.bits, key.decodes),
            ("EC prime256v1", Some(256), false)
        );
        let explicit = parse(&[
            0x30, 17, 0x30, 11, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x30, 0, 3, 2, 0, 4,
        ]);
        assert_eq!(explicit.kind, KeyKind::Ec(Curve::Explicit));
    }

    #[test]
    fn an_unknown_key_is_kept() {
        let key = parse(&[0x30, 9, 0x30, 4, 6, 2, 0x2a, 3, 3, 1, 0]);
        assert_eq!((key.label().as_str(), key.decodes), ("1.2.3", false));
    }
}
