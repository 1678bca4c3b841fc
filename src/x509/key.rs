//! Public keys: what a `SubjectPublicKeyInfo` says (RFC 5280, 4.1.2.7).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
};

use super::der::{DerError, Reader, Tlv, bits, small_integer, tag};
use super::oid::Oid;
use super::rare_curves;

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
    /// Any other curve, by its identifier.
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
            Self::Other(oid) => match rare_curves::find(oid.contents()) {
                Some(curve) => curve.name.to_owned(),
                None => oid.to_string(),
            },
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

    /// Bits of the order, and of a coordinate; `None` when the curve is not one of OpenSSL's table.
    fn sizes(&self) -> Option<(u32, u32)> {
        let both = |bits| Some((bits, bits));
        match self {
            Self::P256 | Self::Secp256k1 => both(256),
            Self::P384 => both(384),
            Self::P521 => both(521),
            Self::P224 => both(224),
            Self::Brainpool(bits) => both(*bits),
            Self::Other(oid) => {
                rare_curves::find(oid.contents()).map(|curve| (curve.bits, curve.field))
            }
            Self::Explicit => None,
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
    /// Size in bits: of the modulus, of the order of the curve; `None` when it cannot be told.
    pub bits: Option<u32>,
    /// Size in bits of the subgroup of a DSA key, `q`.
    pub subgroup_bits: Option<u32>,
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
        algorithm.finish()?;
        reader.finish()?;
        let (size, subgroup_bits) = sizes(&kind, &key, parameters.as_ref());
        let decodes = parameters_fit(&kind, parameters.as_ref()) && decodes(&kind, &key, size);
        Ok(Self { kind, bits: size, subgroup_bits, decodes, spki: sequence.raw.into(), key })
    }

    /// The public exponent of an RSA key; `None` for other keys and where it does not fit.
    pub(crate) fn rsa_exponent(&self) -> Option<u64> {
        let mut fields = Reader::new(&self.key).sequence().ok()?;
        fields.expect(tag::INTEGER).ok()?;
        small_integer(fields.expect(tag::INTEGER).ok()?.value).ok()
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

/// Whether OpenSSL takes the parameters of the algorithm: the keys of RFC 8410 have none, and curve parameters that are
/// written out are a SEQUENCE.
fn parameters_fit(kind: &KeyKind, parameters: Option<&Tlv<'_>>) -> bool {
    match kind {
        KeyKind::Ed25519 | KeyKind::Ed448 | KeyKind::Other(_) => parameters.is_none(),
        KeyKind::Ec(Curve::Explicit) => {
            parameters.is_some_and(|parameters| parameters.tag == tag::SEQUENCE)
        }
        KeyKind::Rsa | KeyKind::RsaPss | KeyKind::Ec(_) | KeyKind::Dsa => true,
    }
}

/// The size of a key, and of the subgroup of a DSA key.
fn sizes(kind: &KeyKind, key: &[u8], parameters: Option<&Tlv<'_>>) -> (Option<u32>, Option<u32>) {
    let size = match kind {
        KeyKind::Rsa | KeyKind::RsaPss => modulus_bits(key),
        KeyKind::Ec(Curve::Explicit) => parameters.and_then(order_bits),
        KeyKind::Ec(curve) => curve.sizes().map(|(order, _)| order),
        KeyKind::Ed25519 => Some(256),
        KeyKind::Ed448 => Some(456),
        KeyKind::Dsa => return parameters.and_then(dsa_bits).unzip(),
        KeyKind::Other(oid) => agreement(oid).map(|(bits, _)| bits),
    };
    (size, None)
}

/// X25519 and X448 (RFC 8410, 3): the size as OpenSSL counts it, and the octets of a key. OpenSSL reads such keys, which
/// cannot sign.
fn agreement(oid: &Oid) -> Option<(u32, usize)> {
    match oid.contents() {
        [0x2b, 0x65, 0x6e] => Some((253, 32)),
        [0x2b, 0x65, 0x6f] => Some((448, 56)),
        _ => None,
    }
}

/// SEC 1, C.2: `ECParameters ::= SEQUENCE { version, fieldID, curve, base, order, ... }`.
fn order_bits(parameters: &Tlv<'_>) -> Option<u32> {
    let mut fields = Reader::new(parameters.value);
    for _ in ["version", "fieldID", "curve", "base"] {
        fields.any().ok()?;
    }
    number_bits(fields.expect(tag::INTEGER).ok()?.value)
}

/// RFC 3279, 2.3.2: `Dss-Parms ::= SEQUENCE { p, q, g }`.
fn dsa_bits(parameters: &Tlv<'_>) -> Option<(u32, u32)> {
    let mut fields = Reader::new(parameters.raw).sequence().ok()?;
    let p = number_bits(fields.expect(tag::INTEGER).ok()?.value)?;
    let q = number_bits(fields.expect(tag::INTEGER).ok()?.value)?;
    Some((p, q))
}

/// RFC 8017, A.1.1: `RSAPublicKey ::= SEQUENCE { modulus, publicExponent }`.
fn modulus_bits(key: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(key).sequence().ok()?;
    let modulus = reader.expect(tag::INTEGER).ok()?.value;
    reader.expect(tag::INTEGER).ok()?;
    reader.finish().ok()?;
    number_bits(modulus)
}

/// The size of a number other than zero, by its octets. Like OpenSSL this takes every number for a positive one.
fn number_bits(number: &[u8]) -> Option<u32> {
    let zeros = number.iter().take_while(|&&octet| octet == 0).count();
    let first = *number.get(zeros)?;
    let octets = u32::try_from(number.len() - zeros).ok()?;
    octets.checked_mul(8)?.checked_sub(first.leading_zeros())
}

/// Whether OpenSSL gets a key out of it. On the curves that the library knows, a point must lie on its curve.
fn decodes(kind: &KeyKind, key: &[u8], size: Option<u32>) -> bool {
    match kind {
        KeyKind::Rsa | KeyKind::RsaPss => size.is_some(),
        KeyKind::Ec(Curve::P256) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).is_ok(),
        KeyKind::Ec(Curve::P384) => ParsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, key).is_ok(),
        KeyKind::Ec(Curve::P521) => ParsedPublicKey::new(&ECDSA_P521_SHA512_ASN1, key).is_ok(),
        KeyKind::Ec(Curve::Secp256k1) => {
            ParsedPublicKey::new(&ECDSA_P256K1_SHA256_ASN1, key).is_ok()
        }
        // Curves that are written out always have a size.
        KeyKind::Ec(Curve::Explicit) => matches!(key.first(), Some(2..=4)),
        KeyKind::Ec(curve) => {
            let octets = curve.sizes().map(|(_, field)| field.div_ceil(8) as usize);
            match (key.first(), octets) {
                (Some(4), Some(octets)) => key.len() == 1 + 2 * octets,
                (Some(2 | 3), Some(octets)) => key.len() == 1 + octets,
                _ => false,
            }
        }
        KeyKind::Ed25519 => key.len() == 32,
        KeyKind::Ed448 => key.len() == 57,
        KeyKind::Dsa => size.is_some() && Reader::new(key).expect(tag::INTEGER).is_ok(),
        KeyKind::Other(oid) => agreement(oid).is_some_and(|(_, octets)| key.len() == octets),
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
    fn rare_curves_have_names_and_sizes() {
        // secp160r1: the order has one bit more than a coordinate.
        let mut der = vec![0x30, 62, 0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
        der.extend([6, 5, 0x2b, 0x81, 4, 0, 8, 3, 42, 0, 4]);
        der.extend([1; 40]);
        let key = parse(&der);
        assert_eq!(
            (key.label().as_str(), key.bits, key.decodes),
            ("EC secp160r1", Some(161), true)
        );
    }

    #[test]
    fn the_sizes_of_dsa_and_key_agreement() {
        let mut der = vec![0x30, 31, 0x30, 24, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1, 0x30, 13];
        der.extend([2, 3, 0, 0x80, 1, 2, 2, 0x01, 1, 2, 2, 1, 1, 3, 3, 0, 2, 1]);
        let key = parse(&der);
        assert_eq!((key.bits, key.subgroup_bits), (Some(16), Some(9)));
        let mut der = vec![0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 33, 0];
        der.extend([1; 32]);
        assert_eq!((parse(&der).bits, parse(&der).decodes), (Some(253), true));
    }

    #[test]
    fn an_unknown_key_is_kept() {
        let key = parse(&[0x30, 9, 0x30, 4, 6, 2, 0x2a, 3, 3, 1, 0]);
        assert_eq!((key.label().as_str(), key.decodes), ("1.2.3", false));
    }
}
