//! From secrets to keys: HKDF-Expand-Label of TLS 1.3 and the PRF of TLS 1.2.

use aws_lc_rs::hkdf::{self, HKDF_SHA256, HKDF_SHA384, KeyType, Prk};
use aws_lc_rs::tls_prf::{self, P_SHA256, P_SHA384};

/// The hash of a cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// By the part of a cipher suite's name that IANA uses for the hash.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "SHA256" => Some(Self::Sha256),
            "SHA384" => Some(Self::Sha384),
            _ => None,
        }
    }

    const fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Sha256 => HKDF_SHA256,
            Self::Sha384 => HKDF_SHA384,
        }
    }

    pub(super) const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `HKDF-Expand-Label(secret, label, "", length)` (RFC 8446, 7.1). Drafts before 20
/// wrote "TLS 1.3, " where this label has "tls13 ".
pub(super) fn expand_label(
    hash: Hash,
    secret: &[u8],
    label: &str,
    length: usize,
) -> Option<Vec<u8>> {
    let size = u16::try_from(length).ok()?.to_be_bytes();
    let label_length = [u8::try_from("tls13 ".len() + label.len()).ok()?];
    let info: [&[u8]; 5] = [&size, &label_length, b"tls13 ", label.as_bytes(), &[0]];
    let prk = Prk::new_less_safe(hash.hkdf(), secret);
    let mut out = vec![0; length];
    prk.expand(&info, Length(length)).ok()?.fill(&mut out).ok()?;
    Some(out)
}

/// The `key_block` of TLS 1.2 (RFC 5246, 6.3).
pub(super) fn key_block(
    hash: Hash,
    master: &[u8],
    server_random: &[u8],
    client_random: &[u8],
    length: usize,
) -> Option<Vec<u8>> {
    let algorithm = match hash {
        Hash::Sha256 => &P_SHA256,
        Hash::Sha384 => &P_SHA384,
    };
    let secret = tls_prf::Secret::new(algorithm, master).ok()?;
    let block = secret
        .derive_with_seed_concatination(b"key expansion", server_random, client_random, length)
        .ok()?;
    Some(block.as_ref().to_vec())
}
