//! Makes certificates, also impossible ones: the fields are assembled byte by byte, because the tools that make
//! certificates refuse to make bad ones.

use std::path::Path;
use std::process::Command;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};

pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let size = value.len().to_be_bytes();
    match value.len() {
        0..0x80 => out.push(size[7]),
        0x80..0x100 => out.extend([0x81, size[7]]),
        _ => out.extend([0x82, size[6], size[7]]),
    }
    out.extend_from_slice(value);
    out
}

pub(crate) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A key with its private half in the two forms that are needed to sign.
pub(crate) struct Key {
    pkcs8: Vec<u8>,
    kind: KeyType,
    pub(crate) spki: Vec<u8>,
    pub(crate) id: Vec<u8>,
    file: std::path::PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeyType {
    Rsa1024,
    Rsa2048,
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyType {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Rsa1024 => &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            Self::Rsa2048 => &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Self::P256 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Self::P384 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            Self::P521 => &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            Self::Ed25519 => &["ED25519"],
        }
    }
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let done = Command::new("openssl").args(arguments).output().expect("openssl runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

impl Key {
    pub(crate) fn generate(kind: KeyType, folder: &Path, number: usize) -> Self {
        let file = folder.join(format!("key{number}.pem"));
        let path = file.to_str().expect("a plain path");
        openssl(&[&["genpkey", "-out", path, "-algorithm"], kind.arguments()].concat());
        let pkcs8 = openssl(&["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", path]);
        let spki = openssl(&["pkey", "-in", path, "-pubout", "-outform", "DER"]);
        let id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &spki).as_ref().to_vec();
        Self { pkcs8, kind, spki, id, file }
    }

    /// The signature algorithms this key can be asked for.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        match self.kind {
            KeyType::Rsa1024 => &[Algorithm::RsaSha256Command, Algorithm::RsaSha1],
            KeyType::Rsa2048 => &[Algorithm::RsaSha256, Algorithm::RsaPss, Algorithm::RsaSha1],
            KeyType::P256 => &[
                Algorithm::EcdsaSha256,
                Algorithm::EcdsaSha256,
                Algorithm::EcdsaSha256,
                Algorithm::EcdsaSha1,
            ],
            KeyType::P384 => &[Algorithm::EcdsaSha384],
            KeyType::P521 => &[Algorithm::EcdsaSha512],
            KeyType::Ed25519 => &[Algorithm::Ed25519],
        }
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ecdsa = |signing| {
            let key = EcdsaKeyPair::from_pkcs8(signing, &self.pkcs8).expect("an EC key");
            key.sign(&random, message).expect("signs").as_ref().to_vec()
        };
        let rsa = |encoding| {
            let key = RsaKeyPair::from_pkcs8(&self.pkcs8).expect("an RSA key");
            let mut out = vec![0; key.public_modulus_len()];
            key.sign(encoding, &random, message, &mut out).expect("signs");
            out
        };
        match algorithm {
            Algorithm::EcdsaSha256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::EcdsaSha384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::EcdsaSha512 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::Ed25519 => {
                let key = Ed25519KeyPair::from_pkcs8(&self.pkcs8).expect("an Ed25519 key");
                assert_eq!(key.public_key().as_ref().len(), 32);
                key.sign(message).as_ref().to_vec()
            }
            Algorithm::RsaSha256 => rsa(&RSA_PKCS1_SHA256),
            Algorithm::RsaPss => rsa(&RSA_PSS_SHA256),
            Algorithm::RsaSha256Command => self.sign_by_command("-sha256", message),
            Algorithm::RsaSha1 | Algorithm::EcdsaSha1 => self.sign_by_command("-sha1", message),
        }
    }

    /// For what the library verifies but does not sign: SHA-1, short keys.
    fn sign_by_command(&self, digest: &str, message: &[u8]) -> Vec<u8> {
        let input = self.file.with_extension("tbs");
        std::fs::write(&input, message).expect("writes");
        let key = self.file.to_str().expect("a plain path");
        openssl(&["dgst", digest, "-sign", key, input.to_str().expect("a plain path")])
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    RsaSha256,
    RsaSha256Command,
    RsaSha1,
    RsaPss,
    EcdsaSha1,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
}

impl Algorithm {
    pub(crate) fn identifier(self) -> Vec<u8> {
        let rsa = |last: u8| {
            seq(&[tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]), vec![5, 0]])
        };
        let ec = |tail: &[u8]| seq(&[tlv(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4], tail].concat())]);
        match self {
            Self::RsaSha256 | Self::RsaSha256Command => rsa(11),
            Self::RsaSha1 => rsa(5),
            Self::RsaPss => {
                let hash = seq(&[tlv(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]), vec![5, 0]]);
                let mgf =
                    seq(&[tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8]), hash.clone()]);
                let fields = [tlv(0xa0, &hash), tlv(0xa1, &mgf), tlv(0xa2, &[2, 1, 32])];
                seq(&[tlv(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]), seq(&fields)])
            }
            Self::EcdsaSha1 => ec(&[1]),
            Self::EcdsaSha256 => ec(&[3, 2]),
            Self::EcdsaSha384 => ec(&[3, 3]),
            Self::EcdsaSha512 => ec(&[3, 4]),
            Self::Ed25519 => seq(&[tlv(6, &[0x2b, 0x65, 0x70])]),
        }
    }
}

/// The fields of a certificate to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) version: u8,
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
    /// Index of the key that the certificate is about, and of the key that signs it.
    pub(crate) key: usize,
    pub(crate) signer: usize,
    pub(crate) algorithm: Algorithm,
    /// One bit of the signature is turned over.
    pub(crate) forged: bool,
    /// The two algorithm identifiers differ.
    pub(crate) two_algorithms: bool,
}

impl Plan {
    pub(crate) fn make(&self, keys: &[Key]) -> Vec<u8> {
        let inner = self.algorithm.identifier();
        let mut parts = Vec::new();
        if self.version > 1 {
            parts.push(tlv(0xa0, &[2, 1, self.version - 1]));
        }
        parts.extend([
            tlv(2, &self.serial),
            inner,
            self.issuer.clone(),
            seq(&[self.not_before.clone(), self.not_after.clone()]),
            self.subject.clone(),
            keys[self.key].spki.clone(),
        ]);
        if !self.extensions.is_empty() {
            parts.push(tlv(0xa3, &seq(&self.extensions)));
        }
        self.sign(&seq(&parts), keys)
    }

    /// The certificate with this signed part, whatever became of it.
    pub(crate) fn sign(&self, tbs: &[u8], keys: &[Key]) -> Vec<u8> {
        let mut signature = keys[self.signer].sign(self.algorithm, tbs);
        if self.forged {
            let last = signature.len() - 1;
            signature[last] ^= 1;
        }
        let outer = if self.two_algorithms { Algorithm::EcdsaSha512 } else { self.algorithm };
        signature.insert(0, 0);
        seq(&[tbs.to_vec(), outer.identifier(), tlv(3, &signature)])
    }
}

/// PEM with lines of 64 characters.
pub(crate) fn pem(der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let octet = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let sum = octet(0) << 16 | octet(1) << 8 | octet(2);
            for at in 0..4 {
                let digit = DIGITS[(sum >> (18 - 6 * at) & 63) as usize];
                text.push(if at <= group.len() { char::from(digit) } else { '=' });
            }
        }
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}
