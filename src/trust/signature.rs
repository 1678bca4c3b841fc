//! Signatures, with three answers: good, bad, not checked.
//!
//! The table of algorithms is this program's own: a library that answers "bad" when it only lacks the algorithm would
//! turn a working certificate into a forgery.

use aws_lc_rs::signature as lc;

use crate::x509::{Certificate, Curve, Digest, KeyKind, PublicKey, SignatureScheme};

/// Why a signature was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotChecked {
    /// The cryptographic library has no code for this algorithm, curve or key size, or refuses a key that OpenSSL takes.
    Unsupported,
    /// The budget of signatures is used up.
    Budget,
}

/// The result of verifying one signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureVerdict {
    /// The key made the signature.
    Good,
    /// It did not, or the two algorithm identifiers of the certificate differ.
    Bad,
    /// This program cannot tell.
    NotChecked(NotChecked),
}

/// Verifies the signature on `subject` with the key of `issuer` (`X509_verify`, crypto/x509/x_all.c).
#[must_use]
pub fn verify_signature(subject: &Certificate, issuer: &Certificate) -> SignatureVerdict {
    if subject.signature_algorithm != subject.inner_signature_algorithm {
        return SignatureVerdict::Bad;
    }
    if subject.signature_unused_bits != 0 || wrong_length(subject, issuer) {
        return SignatureVerdict::Bad;
    }
    let Some(algorithm) = algorithm(&subject.signature_algorithm.scheme, issuer) else {
        return SignatureVerdict::NotChecked(NotChecked::Unsupported);
    };
    let Some(key) = lc::ParsedPublicKey::new(algorithm, &issuer.public_key.key)
        .ok()
        .filter(|_| usual_exponent(&issuer.public_key))
    else {
        return SignatureVerdict::NotChecked(NotChecked::Unsupported);
    };
    match key.verify_sig(&subject.tbs, &subject.signature) {
        Ok(()) => SignatureVerdict::Good,
        Err(_) => SignatureVerdict::Bad,
    }
}

/// Whether the library computes with the exponent of an RSA key. OpenSSL takes larger ones too, and even ones.
fn usual_exponent(key: &PublicKey) -> bool {
    let rsa = matches!(key.kind, KeyKind::Rsa | KeyKind::RsaPss);
    !rsa || key
        .rsa_exponent()
        .is_some_and(|exponent| exponent > 1 && exponent % 2 == 1 && exponent >> 33 == 0)
}

/// An RSA signature is exactly as long as the modulus (RFC 8017, 8.1.2 and 8.2.2). Known without any cryptography, so
/// that the key of another CA is told from the right one even where the algorithm is not supported.
fn wrong_length(subject: &Certificate, issuer: &Certificate) -> bool {
    let rsa = matches!(issuer.public_key.kind, KeyKind::Rsa | KeyKind::RsaPss);
    let octets = issuer.public_key.bits.map(|bits| u64::from(bits.div_ceil(8)));
    rsa && octets.is_some_and(|octets| u64::try_from(subject.signature.len()) != Ok(octets))
}

/// The library's algorithm for a signature scheme and the key that must check it.
fn algorithm(
    scheme: &SignatureScheme,
    issuer: &Certificate,
) -> Option<&'static dyn lc::VerificationAlgorithm> {
    let bits = issuer.public_key.bits.unwrap_or(0);
    match (scheme, &issuer.public_key.kind) {
        (SignatureScheme::RsaPkcs1(digest), KeyKind::Rsa) => pkcs1(*digest, bits),
        (SignatureScheme::RsaPss { digest, mgf_digest, salt }, KeyKind::Rsa | KeyKind::RsaPss)
            if digest == mgf_digest && (2048..=8192).contains(&bits) =>
        {
            pss((*digest)?, *salt)
        }
        (SignatureScheme::Ecdsa(digest), KeyKind::Ec(curve)) => ecdsa(*digest, curve),
        (SignatureScheme::Ed25519, KeyKind::Ed25519) => Some(&lc::ED25519),
        _ => None,
    }
}

fn pkcs1(digest: Digest, bits: u32) -> Option<&'static dyn lc::VerificationAlgorithm> {
    if !(1024..=8192).contains(&bits) {
        return None;
    }
    match digest {
        Digest::Sha1 => Some(&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        Digest::Sha256 => Some(&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        Digest::Sha384 if bits >= 2048 => Some(&lc::RSA_PKCS1_2048_8192_SHA384),
        Digest::Sha512 => Some(&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}

/// PSS with the salt lengths met in practice: that of the hash, OpenSSL's and Java's old default 20, and none.
fn pss(digest: Digest, salt: u64) -> Option<&'static dyn lc::VerificationAlgorithm> {
    use lc::RsaPssSaltLength::Custom;
    Some(match (digest, salt) {
        (Digest::Sha256, 32) => &lc::RSA_PSS_2048_8192_SHA256,
        (Digest::Sha384, 48) => &lc::RSA_PSS_2048_8192_SHA384,
        (Digest::Sha512, 64) => &lc::RSA_PSS_2048_8192_SHA512,
        (Digest::Sha256, 20) => {
            &const { lc::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(Custom(20)) }
        }
        (Digest::Sha384, 20) => {
            &const { lc::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(Custom(20)) }
        }
        (Digest::Sha512, 20) => {
            &const { lc::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(Custom(20)) }
        }
        (Digest::Sha256, 0) => {
            &const { lc::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(Custom(0)) }
        }
        _ => return None,
    })
}

fn ecdsa(digest: Digest, curve: &Curve) -> Option<&'static dyn lc::VerificationAlgorithm> {
    Some(match (curve, digest) {
        (Curve::P256, Digest::Sha1) => &lc::ECDSA_P256_SHA1_ASN1,
        (Curve::P256, Digest::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, Digest::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, Digest::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, Digest::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, Digest::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, Digest::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Curve::P384, Digest::Sha3_384) => &lc::ECDSA_P384_SHA3_384_ASN1,
        (Curve::P521, Digest::Sha3_512) => &lc::ECDSA_P521_SHA3_512_ASN1,
        (Curve::P521, Digest::Sha1) => &lc::ECDSA_P521_SHA1_ASN1,
        (Curve::P521, Digest::Sha224) => &lc::ECDSA_P521_SHA224_ASN1,
        (Curve::P521, Digest::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, Digest::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, Digest::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        (Curve::Secp256k1, Digest::Sha256) => &lc::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leaf_params, self_signed};
    use super::*;
    use crate::x509::{Oid, SignatureAlgorithm};

    /// A certificate with a wrong RSA signature, and an RSA key of 2048 bits with this exponent.
    fn rsa(exponent: &[u8]) -> Certificate {
        let mut certificate = (*self_signed(&leaf_params("a.example"))).clone();
        let length = u8::try_from(exponent.len()).unwrap();
        let size = u16::from(length) + 263;
        let head = [&[0x30, 0x82][..], &size.to_be_bytes(), &[2, 0x82, 1, 1, 0]].concat();
        certificate.public_key.kind = KeyKind::Rsa;
        certificate.public_key.bits = Some(2048);
        certificate.public_key.key =
            [&head[..], &[0xc3; 256], &[2, length], exponent].concat().into();
        let algorithm = SignatureAlgorithm {
            oid: Oid::from_contents(&[0x2a]),
            scheme: SignatureScheme::RsaPkcs1(Digest::Sha256),
            parameters: None,
        };
        certificate.inner_signature_algorithm = algorithm.clone();
        certificate.signature_algorithm = algorithm;
        certificate.signature = [1; 256].into();
        certificate
    }

    #[test]
    fn a_key_that_only_the_library_refuses_is_not_called_a_forgery() {
        let verdict = |exponent: &[u8]| {
            let certificate = rsa(exponent);
            verify_signature(&certificate, &certificate)
        };
        assert_eq!(verdict(&[1, 0, 1]), SignatureVerdict::Bad);
        for unusual in [&[2, 0, 0, 0, 0x11][..], &[0, 1, 0, 1], &[4], &[1]] {
            let expected = SignatureVerdict::NotChecked(NotChecked::Unsupported);
            assert_eq!(verdict(unusual), expected, "{unusual:?}");
        }
    }
}
