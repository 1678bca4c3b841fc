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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::text::{hex, unhex};

    /// RFC 8448, 3: keys for the records of the server's and the client's handshake.
    #[test]
    fn keys_of_rfc_8448() {
        let server =
            unhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38").unwrap();
        let client =
            unhex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21").unwrap();
        let expand = |secret: &[u8], label, length| {
            expand_label(Hash::Sha256, secret, label, length).map(|key| hex(&key))
        };
        let key = Some("3fce516009c21727d0f2e4e86ee403bc".to_owned());
        assert_eq!(expand(&server, "key", 16), key);
        assert_eq!(expand(&server, "iv", 12), Some("5d313eb2671276ee13000b30".to_owned()));
        let key = Some("dbfaa693d1762c5b666af5d950258d01".to_owned());
        assert_eq!(expand(&client, "key", 16), key);
        assert_eq!(expand(&client, "iv", 12), Some("5bd3c71b836e0b76bb73265f".to_owned()));
    }

    #[test]
    fn a_key_block_is_as_long_as_asked_for() {
        let block = |hash| key_block(hash, &[1; 48], &[2; 32], &[3; 32], 104);
        assert_eq!(block(Hash::Sha256).map(|block| block.len()), Some(104));
        assert_ne!(block(Hash::Sha256), block(Hash::Sha384));
        assert_eq!(key_block(Hash::Sha256, &[], &[2; 32], &[3; 32], 8), None);
    }
}
