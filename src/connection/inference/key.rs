//! Kinds of keys, by the length of what they sign.

/// Code points of `signature_algorithms` (IANA, TLS SignatureScheme) that a
/// CertificateVerify of TLS 1.3 may carry (RFC 8446, 4.2.3).
const RSA_SCHEMES: [u16; 6] = [0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b];
const ELLIPTIC_SCHEMES: [u16; 8] = [0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a, 0x081b, 0x081c];
/// Schemes that TLS 1.3 knows but not for a CertificateVerify: PKCS #1, SHA-1, DSA.
const NOT_FOR_TLS13: [u16; 12] = [
    0x0101, 0x0201, 0x0202, 0x0203, 0x0301, 0x0302, 0x0303, 0x0401, 0x0402, 0x0501, 0x0502, 0x0601,
];

/// The kind of a key that is hidden with its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenKey {
    /// RSA with so many bits.
    Rsa(u16),
    /// RSA of unknown length.
    AnyRsa,
    /// ECDSA on P-256 (secp256r1).
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// An elliptic curve, unknown which.
    AnyElliptic,
}

impl HiddenKey {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa(1024) => "RSA-1024",
            Self::Rsa(1536) => "RSA-1536",
            Self::Rsa(2048) => "RSA-2048",
            Self::Rsa(3072) => "RSA-3072",
            Self::Rsa(4096) => "RSA-4096",
            Self::Rsa(_) | Self::AnyRsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::AnyElliptic => "EC",
        }
    }

    /// Whether it is an RSA key.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa(_) | Self::AnyRsa)
    }

    /// By the length of a signature. An ECDSA signature is two integers in DER, whose
    /// lengths vary by a few bytes (RFC 8446, 4.2.3; RFC 3279, 2.2.3).
    pub(super) const fn of_signature(length: usize) -> Option<Self> {
        Some(match length {
            128 => Self::Rsa(1024),
            192 => Self::Rsa(1536),
            256 => Self::Rsa(2048),
            384 => Self::Rsa(3072),
            512 => Self::Rsa(4096),
            64 => Self::Ed25519,
            114 => Self::Ed448,
            68..=72 => Self::P256,
            100..=104 => Self::P384,
            135..=139 => Self::P521,
            _ => return None,
        })
    }

    /// Whether a side that offers `schemes` accepts a signature of this key.
    pub(super) fn is_offered(self, schemes: &[u16]) -> bool {
        let wanted: &[u16] = match self {
            Self::Rsa(_) | Self::AnyRsa => &RSA_SCHEMES,
            Self::P256 => &[0x0403],
            Self::P384 => &[0x0503],
            Self::P521 => &[0x0603],
            Self::Ed25519 => &[0x0807],
            Self::Ed448 => &[0x0808],
            Self::AnyElliptic => &ELLIPTIC_SCHEMES,
        };
        wanted.iter().any(|scheme| schemes.contains(scheme))
    }

    /// Whether a Brainpool curve (RFC 8734) among `schemes` signs as long.
    pub(super) fn has_double(self, schemes: &[u16]) -> bool {
        match self {
            Self::P256 => schemes.contains(&0x081a),
            Self::P384 => schemes.contains(&0x081b),
            _ => false,
        }
    }

    /// The only kind of key that a side which offers `schemes` accepts.
    pub(super) fn only_one_offered(schemes: &[u16]) -> Option<Self> {
        let mut usable = schemes
            .iter()
            .filter(|scheme| !NOT_FOR_TLS13.contains(scheme) && !is_grease(**scheme))
            .peekable();
        usable.peek()?;
        let usable: Vec<u16> = usable.copied().collect();
        if usable.iter().all(|scheme| RSA_SCHEMES.contains(scheme)) {
            Some(Self::AnyRsa)
        } else if usable.iter().all(|scheme| ELLIPTIC_SCHEMES.contains(scheme)) {
            Some(Self::AnyElliptic)
        } else {
            None
        }
    }
}

/// RFC 8701, 2.
const fn is_grease(scheme: u16) -> bool {
    scheme & 0x0f0f == 0x0a0a && scheme >> 8 == scheme & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_kind_that_is_offered() {
        assert_eq!(HiddenKey::only_one_offered(&[0x0804, 0x0401, 0x0201]), Some(HiddenKey::AnyRsa));
        assert_eq!(HiddenKey::only_one_offered(&[0x0403, 0x0807]), Some(HiddenKey::AnyElliptic));
        assert_eq!(HiddenKey::only_one_offered(&[0x0403, 0x0804]), None);
        assert_eq!(HiddenKey::only_one_offered(&[0x0804, 0x0904]), None, "unknown: ML-DSA");
        assert_eq!(HiddenKey::only_one_offered(&[0x0401]), None);
        assert_eq!(HiddenKey::only_one_offered(&[]), None);
    }

    #[test]
    fn lengths_of_signatures_do_not_overlap() {
        let known = (0..=600).filter(|length| HiddenKey::of_signature(*length).is_some());
        assert_eq!(known.count(), 5 + 2 + 3 * 5);
    }
}
