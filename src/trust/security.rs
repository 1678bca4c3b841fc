//! OpenSSL's security levels (`check_key_level` and `check_sig_level`, crypto/x509/x509_vfy.c).

use crate::x509::{Certificate, Digest, KeyKind, PublicKey, SignatureScheme};

/// Bits of security that each level asks for, level 1 first.
const LEVELS: [u32; 5] = [80, 112, 128, 192, 256];

/// The bits that a level asks for; `None` for level 0, which asks for nothing. Levels above 5 count as 5.
fn required(level: u8) -> Option<u32> {
    let index = usize::from(level).checked_sub(1)?;
    LEVELS.get(index).or(LEVELS.last()).copied()
}

/// Whether the certificate's key reaches the level.
pub(super) fn key_reaches(certificate: &Certificate, level: u8) -> bool {
    required(level).is_none_or(|needed| key_bits(&certificate.public_key) >= needed)
}

/// Whether the hash of the signature on the certificate reaches the level.
pub(super) fn signature_reaches(certificate: &Certificate, level: u8) -> bool {
    required(level)
        .is_none_or(|needed| signature_bits(&certificate.signature_algorithm.scheme) >= needed)
}

/// `EVP_PKEY_get_security_bits`.
fn key_bits(key: &PublicKey) -> u32 {
    if !key.decodes {
        return 0;
    }
    let bits = key.bits.unwrap_or(0);
    match key.kind {
        KeyKind::Rsa | KeyKind::RsaPss => rsa_bits(bits),
        KeyKind::Ec(_) => match bits {
            512.. => 256,
            384.. => 192,
            256.. => 128,
            224.. => 112,
            160.. => 80,
            small => small / 2,
        },
        KeyKind::Ed25519 => 128,
        KeyKind::Ed448 => 224,
        KeyKind::Dsa => dsa_bits(bits, key.subgroup_bits.unwrap_or(0)),
        // Of the other kinds only X25519 and X448 decode.
        KeyKind::Other(_) if bits < 448 => 128,
        KeyKind::Other(_) => 224,
    }
}

/// `BN_security_bits` (crypto/bn/bn_lib.c): the weaker of the group and the subgroup.
fn dsa_bits(group: u32, subgroup: u32) -> u32 {
    let by_group = match group {
        15360.. => 256,
        7680.. => 192,
        3072.. => 128,
        2048.. => 112,
        1024.. => 80,
        _ => 0,
    };
    let by_subgroup = subgroup / 2;
    if by_subgroup < 80 { 0 } else { by_group.min(by_subgroup) }
}

/// The strength of an RSA modulus by the formula of NIST SP 800-56B, appendix D, with the table values OpenSSL puts in
/// its place (`ossl_ifc_ffc_compute_security_bits`, crypto/rsa/rsa_lib.c).
fn rsa_bits(modulus: u32) -> u32 {
    match modulus {
        2048 => 112,
        3072 => 128,
        4096 => 152,
        6144 => 176,
        7680 => 192,
        8192 => 200,
        15360 => 256,
        0..8 => 0,
        687_737.. => 1200,
        other => rounded_strength(other),
    }
}

fn rounded_strength(modulus: u32) -> u32 {
    let x = f64::from(modulus) * std::f64::consts::LN_2;
    let strength = (1.923 * (x * x.ln() * x.ln()).cbrt() - 4.69) / std::f64::consts::LN_2;
    let cap = match modulus {
        0..=7680 => 192.0,
        7681..=15360 => 256.0,
        _ => 1200.0,
    };
    // Rounded to the nearest multiple of eight, halves up; the search avoids a lossy cast.
    (0..=150_u32)
        .map(|eighths| eighths * 8)
        .rfind(|&value| f64::from(value) <= (strength.floor() + 4.0).min(cap))
        .unwrap_or(0)
}

/// `x509_sig_info_init`: half the hash length, less for broken hashes.
fn signature_bits(scheme: &SignatureScheme) -> u32 {
    let of = |digest: Digest| match digest {
        Digest::Md2 | Digest::Md4 | Digest::Md5 => 39,
        Digest::Sha1 => 63,
        Digest::Sha224 | Digest::Sha512_224 | Digest::Sha3_224 => 112,
        Digest::Sha256 | Digest::Sha512_256 | Digest::Sha3_256 => 128,
        Digest::Sha384 | Digest::Sha3_384 => 192,
        Digest::Sha512 | Digest::Sha3_512 => 256,
    };
    match scheme {
        SignatureScheme::RsaPkcs1(digest)
        | SignatureScheme::Ecdsa(digest)
        | SignatureScheme::Dsa(digest) => of(*digest),
        SignatureScheme::RsaPss { mgf_digest: None, .. } => 0,
        SignatureScheme::RsaPss { digest, .. } => digest.map_or(0, of),
        SignatureScheme::Ed25519 => 128,
        SignatureScheme::Ed448 => 224,
        SignatureScheme::Unknown => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_strength_is_openssls() {
        let expected =
            [(512, 56), (768, 72), (1024, 80), (1536, 96), (2048, 112), (3072, 128), (4096, 152)];
        for (modulus, bits) in expected {
            assert_eq!(rsa_bits(modulus), bits, "{modulus}");
        }
    }

    #[test]
    fn dsa_strength_is_openssls() {
        let expected = [(512, 160, 0), (1024, 160, 80), (2048, 224, 112), (3072, 256, 128)];
        for (group, subgroup, bits) in expected {
            assert_eq!(dsa_bits(group, subgroup), bits, "{group}");
        }
        assert_eq!(dsa_bits(2048, 160), 80);
    }

    #[test]
    fn level_zero_asks_for_nothing_and_six_is_five() {
        assert_eq!(
            (required(0), required(1), required(5), required(6)),
            (None, Some(80), Some(256), Some(256))
        );
    }
}
