//! Signature algorithms: what an `AlgorithmIdentifier` says (RFC 5280, 4.1.1.2; RFC 4055 for PSS).

use super::der::{DerError, Reader, Tlv, small_integer, tag};
use super::oid::Oid;

/// A hash function of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// MD2
    Md2,
    /// MD4
    Md4,
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-224
    Sha224,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA-512/224
    Sha512_224,
    /// SHA-512/256
    Sha512_256,
    /// SHA3-224
    Sha3_224,
    /// SHA3-256
    Sha3_256,
    /// SHA3-384
    Sha3_384,
    /// SHA3-512
    Sha3_512,
}

/// Which signature an algorithm identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2)
    RsaPkcs1(Digest),
    /// RSASSA-PSS (RFC 8017, 8.1)
    RsaPss {
        /// Hash of the message; `None` when the parameters name another one.
        digest: Option<Digest>,
        /// Hash of the mask generation function; `None` when the parameters name another one.
        mgf_digest: Option<Digest>,
        /// Salt length in octets.
        salt: u64,
    },
    /// ECDSA (RFC 5758, 3.2)
    Ecdsa(Digest),
    /// DSA (RFC 5758, 3.1)
    Dsa(Digest),
    /// Ed25519 (RFC 8410)
    Ed25519,
    /// Ed448 (RFC 8410)
    Ed448,
    /// An algorithm that this program does not know.
    Unknown,
}

/// An `AlgorithmIdentifier` of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// The algorithm's identifier.
    pub oid: Oid,
    /// What it stands for.
    pub scheme: SignatureScheme,
    /// Tag and contents of the parameters. OpenSSL compares the two identifiers of a certificate with them
    /// (`X509_ALGOR_cmp`), so that it does not matter in which form their lengths are written.
    pub parameters: Option<(u8, Box<[u8]>)>,
}

impl SignatureAlgorithm {
    pub(super) fn from_tlv(sequence: &Tlv<'_>) -> Result<Self, DerError> {
        let mut reader = Reader::new(sequence.value);
        let oid = reader.expect(tag::OID)?;
        let scheme = match TABLE.iter().find(|row| row.0 == oid.value) {
            Some((_, _, SignatureScheme::RsaPss { .. })) => pss(reader.rest())
                .unwrap_or(SignatureScheme::RsaPss { digest: None, mgf_digest: None, salt: 0 }),
            Some((_, _, scheme)) => scheme.clone(),
            None => SignatureScheme::Unknown,
        };
        let parameters = if reader.is_empty() { None } else { Some(reader.any()?) };
        reader.finish()?;
        if parameters.is_some_and(|found| found.tag == tag::NULL && !found.value.is_empty()) {
            return Err(DerError::Value);
        }
        let parameters = parameters.map(|found| (found.tag, found.value.into()));
        Ok(Self { oid: Oid::from_contents(oid.value), scheme, parameters })
    }

    /// OpenSSL's name (`sha256WithRSAEncryption`, `ecdsa-with-SHA256`, `rsassaPss`), or the dotted identifier.
    #[must_use]
    pub fn name(&self) -> String {
        TABLE
            .iter()
            .find(|row| row.0 == self.oid.contents())
            .map_or_else(|| self.oid.to_string(), |row| row.1.to_owned())
    }
}

/// RFC 4055, 3.1: all four fields have defaults (SHA-1, MGF1 with SHA-1, 20, 1).
fn pss(parameters: &[u8]) -> Result<SignatureScheme, DerError> {
    let mut fields = Reader::new(parameters).sequence()?;
    let mut digest = Some(Digest::Sha1);
    let mut mgf_digest = Some(Digest::Sha1);
    let mut salt = 20;
    if let Some(field) = fields.optional(0xa0)? {
        digest = hash(field.value)?;
    }
    if let Some(field) = fields.optional(0xa1)? {
        let mut mgf = Reader::new(field.value).sequence()?;
        let is_mgf1 = mgf.expect(tag::OID)?.value == MGF1;
        mgf_digest = if is_mgf1 { hash(mgf.rest())? } else { None };
    }
    if let Some(field) = fields.optional(0xa2)? {
        salt = small_integer(Reader::new(field.value).expect(tag::INTEGER)?.value)?;
    }
    Ok(SignatureScheme::RsaPss { digest, mgf_digest, salt })
}

fn hash(identifier: &[u8]) -> Result<Option<Digest>, DerError> {
    let oid = Reader::new(identifier).sequence()?.expect(tag::OID)?;
    Ok(HASHES.iter().find(|row| row.0 == oid.value).map(|row| row.1))
}

const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];

const HASHES: &[(&[u8], Digest)] = &[
    (&[0x2b, 14, 3, 2, 26], Digest::Sha1),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4], Digest::Sha224),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], Digest::Sha256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], Digest::Sha384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], Digest::Sha512),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 5], Digest::Sha512_224),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 6], Digest::Sha512_256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 7], Digest::Sha3_224),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8], Digest::Sha3_256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 9], Digest::Sha3_384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 10], Digest::Sha3_512),
];

const PSS: SignatureScheme = SignatureScheme::RsaPss { digest: None, mgf_digest: None, salt: 0 };

/// The algorithms of OpenSSL's `OBJ_find_sigid_algs` that certificates use, with its names.
const TABLE: &[(&[u8], &str, SignatureScheme)] = &[
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2],
        "md2WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Md2),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 3],
        "md4WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Md4),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4],
        "md5WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Md5),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5],
        "sha1WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha1),
    ),
    (&[0x2b, 14, 3, 2, 29], "sha1WithRSA", SignatureScheme::RsaPkcs1(Digest::Sha1)),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14],
        "sha224WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha224),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11],
        "sha256WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha256),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12],
        "sha384WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha384),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13],
        "sha512WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha512),
    ),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10], "rsassaPss", PSS),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1],
        "ecdsa-with-SHA1",
        SignatureScheme::Ecdsa(Digest::Sha1),
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1],
        "ecdsa-with-SHA224",
        SignatureScheme::Ecdsa(Digest::Sha224),
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
        "ecdsa-with-SHA256",
        SignatureScheme::Ecdsa(Digest::Sha256),
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        "ecdsa-with-SHA384",
        SignatureScheme::Ecdsa(Digest::Sha384),
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
        "ecdsa-with-SHA512",
        SignatureScheme::Ecdsa(Digest::Sha512),
    ),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], "dsaWithSHA1", SignatureScheme::Dsa(Digest::Sha1)),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2],
        "dsa_with_SHA256",
        SignatureScheme::Dsa(Digest::Sha256),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 15],
        "sha512-224WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha512_224),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 16],
        "sha512-256WithRSAEncryption",
        SignatureScheme::RsaPkcs1(Digest::Sha512_256),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 13],
        "RSA-SHA3-224",
        SignatureScheme::RsaPkcs1(Digest::Sha3_224),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 14],
        "RSA-SHA3-256",
        SignatureScheme::RsaPkcs1(Digest::Sha3_256),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 15],
        "RSA-SHA3-384",
        SignatureScheme::RsaPkcs1(Digest::Sha3_384),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 16],
        "RSA-SHA3-512",
        SignatureScheme::RsaPkcs1(Digest::Sha3_512),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 9],
        "ecdsa_with_SHA3-224",
        SignatureScheme::Ecdsa(Digest::Sha3_224),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 10],
        "ecdsa_with_SHA3-256",
        SignatureScheme::Ecdsa(Digest::Sha3_256),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 11],
        "ecdsa_with_SHA3-384",
        SignatureScheme::Ecdsa(Digest::Sha3_384),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 12],
        "ecdsa_with_SHA3-512",
        SignatureScheme::Ecdsa(Digest::Sha3_512),
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 1],
        "dsa_with_SHA224",
        SignatureScheme::Dsa(Digest::Sha224),
    ),
    (&[0x2b, 0x65, 0x70], "ED25519", SignatureScheme::Ed25519),
    (&[0x2b, 0x65, 0x71], "ED448", SignatureScheme::Ed448),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(der: &[u8]) -> SignatureAlgorithm {
        SignatureAlgorithm::from_tlv(&Reader::new(der).any().unwrap()).unwrap()
    }

    #[test]
    fn knows_the_usual_ones() {
        let rsa = parse(&[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0]);
        assert_eq!(
            (rsa.name().as_str(), rsa.scheme),
            ("sha256WithRSAEncryption", SignatureScheme::RsaPkcs1(Digest::Sha256))
        );
        assert_eq!(parse(&[0x30, 5, 6, 3, 0x2b, 0x65, 0x70]).scheme, SignatureScheme::Ed25519);
        assert_eq!(parse(&[0x30, 4, 6, 2, 0x2a, 3]).name(), "1.2.3");
        let sha3 = parse(&[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 14]);
        assert_eq!(sha3.name(), "RSA-SHA3-256");
    }

    #[test]
    fn the_form_of_a_length_is_no_difference() {
        let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0];
        let short = parse(&[&[0x30, 13][..], &rsa].concat());
        assert_eq!(short, parse(&[&[0x30, 0x81, 13][..], &rsa].concat()));
        assert_ne!(short, parse(&[&[0x30, 11][..], &rsa[..11]].concat()));
    }

    #[test]
    fn what_openssl_cannot_read_is_an_error() {
        for bad in [&[0x30, 7, 6, 2, 0x2a, 3, 5, 1, 9][..], &[0x30, 8, 6, 2, 0x2a, 3, 5, 0, 5, 0]] {
            let sequence = Reader::new(bad).any().unwrap();
            assert!(SignatureAlgorithm::from_tlv(&sequence).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn reads_pss_parameters_and_their_defaults() {
        let empty = parse(&[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0]);
        let defaults = SignatureScheme::RsaPss {
            digest: Some(Digest::Sha1),
            mgf_digest: Some(Digest::Sha1),
            salt: 20,
        };
        assert_eq!(empty.scheme, defaults);
        let mut der =
            vec![0x30, 0x41, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0x34];
        der.extend([0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0]);
        der.extend([0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8]);
        der.extend([0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0]);
        der.extend([0xa2, 3, 2, 1, 32]);
        let full = SignatureScheme::RsaPss {
            digest: Some(Digest::Sha256),
            mgf_digest: Some(Digest::Sha256),
            salt: 32,
        };
        assert_eq!(parse(&der).scheme, full);
    }

    #[test]
    fn broken_pss_parameters_are_named_unknown_hashes() {
        let broken = parse(&[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);
        assert_eq!(
            broken.scheme,
            SignatureScheme::RsaPss { digest: None, mgf_digest: None, salt: 0 }
        );
    }
}
