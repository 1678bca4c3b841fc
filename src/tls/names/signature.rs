//! Signature schemes of TLS 1.3, and the pairs of hash and signature of TLS 1.2 in the same two bytes.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::table::{grease_or_hex, rows};

const FILE: &str = include_str!("data/signature_schemes.tsv");

/// The key that a certificate must have for a signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureKey {
    /// `rsaEncryption`: PKCS #1 v1.5, and PSS as `rsa_pss_rsae_*` (RFC 8446, 4.2.3).
    Rsa,
    /// `RSASSA-PSS`: only `rsa_pss_pss_*` (RFC 8446, 4.2.3).
    RsaPss,
    /// An elliptic curve. In TLS 1.3 the scheme also fixes the curve, in TLS 1.2 it does not.
    Ecdsa,
    /// Ed25519 or Ed448 (RFC 8422, 5.10).
    EdDsa,
    /// DSA, gone since TLS 1.3.
    Dsa,
    /// ML-DSA (FIPS 204, draft-ietf-tls-mldsa).
    MlDsa,
    /// SLH-DSA (FIPS 205, draft-reddy-tls-slhdsa).
    SlhDsa,
    /// SM2 (RFC 8998).
    Sm2,
    /// GOST R 34.10-2012 (RFC 9189, RFC 9367).
    Gost,
    /// Anonymous, identity-based, or a number that is not known.
    Other,
}

impl SignatureKey {
    fn read(word: &str) -> Self {
        match word {
            "rsa" => Self::Rsa,
            "rsa-pss" => Self::RsaPss,
            "ecdsa" => Self::Ecdsa,
            "eddsa" => Self::EdDsa,
            "ml-dsa" => Self::MlDsa,
            "slh-dsa" => Self::SlhDsa,
            "sm2" => Self::Sm2,
            "gost" => Self::Gost,
            _ => Self::Other,
        }
    }
}

struct Scheme {
    code: u16,
    name: &'static str,
    key: SignatureKey,
}

static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    rows(FILE)
        .map(|row| Scheme {
            code: row.code,
            name: row.columns[0],
            key: SignatureKey::read(row.columns[1]),
        })
        .collect()
});

fn scheme(code: u16) -> Option<&'static Scheme> {
    let at = SCHEMES.binary_search_by_key(&code, |scheme| scheme.code).ok()?;
    SCHEMES.get(at)
}

/// `SignatureAndHashAlgorithm` of TLS 1.2 (RFC 5246, 7.4.1.4.1): the words of both bytes, and the key.
fn pair(code: u16) -> Option<(&'static str, &'static str, SignatureKey)> {
    let [hash, signature] = code.to_be_bytes();
    let hash =
        ["none", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"].get(usize::from(hash))?;
    let (signature, key) = match signature {
        0 => ("anonymous", SignatureKey::Other),
        1 => ("rsa", SignatureKey::Rsa),
        2 => ("dsa", SignatureKey::Dsa),
        3 => ("ecdsa", SignatureKey::Ecdsa),
        _ => return None,
    };
    Some((hash, signature, key))
}

/// The name of a signature scheme (IANA, TLS Parameters, TLS SignatureScheme, copy of 2026-09-29; RFC 8446, 4.2.3).
///
/// A pair of TLS 1.2 that TLS 1.3 has no name for is written hash first: `sha224_rsa`, `sha256_dsa`. A pair that both
/// know has the name of TLS 1.3; in TLS 1.2 `ecdsa_secp256r1_sha256` means SHA-256 with any curve.
#[must_use]
pub fn signature_scheme_name(code: u16) -> Cow<'static, str> {
    if let Some(scheme) = scheme(code) {
        return Cow::Borrowed(scheme.name);
    }
    match pair(code) {
        Some((hash, signature, _)) => format!("{hash}_{signature}").into(),
        None => grease_or_hex(code),
    }
}

/// The kind of key that signs with a scheme (RFC 8446, 4.2.3; RFC 5246, 7.4.1.4.1).
#[must_use]
pub fn signature_key(code: u16) -> SignatureKey {
    match (scheme(code), pair(code)) {
        (Some(scheme), _) => scheme.key,
        (None, Some((_, _, key))) => key,
        (None, None) => SignatureKey::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_scheme_resolves_and_every_key_word_is_known() {
        for row in rows(FILE) {
            assert_eq!(signature_scheme_name(row.code), row.columns[0]);
            let known = SignatureKey::read(row.columns[1]) != SignatureKey::Other;
            assert!(known || row.columns[1] == "other", "{}", row.columns[1]);
        }
    }

    #[test]
    fn names_and_keys_of_rfc_8446_and_rfc_5246() {
        use SignatureKey::{Dsa, Ecdsa, EdDsa, Gost, MlDsa, Other, Rsa, RsaPss, SlhDsa, Sm2};
        for (code, name, key) in [
            (0x0201, "rsa_pkcs1_sha1", Rsa),
            (0x0403, "ecdsa_secp256r1_sha256", Ecdsa),
            (0x0603, "ecdsa_secp521r1_sha512", Ecdsa),
            (0x0804, "rsa_pss_rsae_sha256", Rsa),
            (0x0809, "rsa_pss_pss_sha256", RsaPss),
            (0x0807, "ed25519", EdDsa),
            (0x081a, "ecdsa_brainpoolP256r1tls13_sha256", Ecdsa),
            (0x0708, "sm2sig_sm3", Sm2),
            (0x0840, "gostr34102012_256", Gost),
            (0x0905, "mldsa65", MlDsa),
            (0x091c, "slhdsa_shake_256f", SlhDsa),
            (0x0101, "md5_rsa", Rsa),
            (0x0202, "sha1_dsa", Dsa),
            (0x0301, "sha224_rsa", Rsa),
            (0x0303, "sha224_ecdsa", Ecdsa),
            (0x0402, "sha256_dsa", Dsa),
            (0x0600, "sha512_anonymous", Other),
            (0x0404, "0x0404", Other),
            (0x0701, "0x0701", Other),
            (0x2a2a, "GREASE (0x2a2a)", Other),
        ] {
            assert_eq!(signature_scheme_name(code), name);
            assert_eq!(signature_key(code), key, "{name}");
        }
    }
}
