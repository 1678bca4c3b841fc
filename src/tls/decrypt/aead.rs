//! The AEAD ciphers of TLS (RFC 8446, B.4; RFC 5288; RFC 7905; RFC 6655).

use aes::{Aes128, Aes256};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use ccm::Ccm;
use ccm::aead::{Aead as _, KeyInit as _, Payload};
use ccm::consts::{U8, U12, U16};

/// Length of the nonce of every AEAD of TLS.
pub(super) const NONCE: usize = 12;

/// An AEAD cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
}

impl Algorithm {
    /// By the part of a cipher suite's name that IANA uses for the cipher.
    pub(super) fn of(cipher: &str) -> Option<Self> {
        Some(match cipher {
            "AES_128_GCM" => Self::Aes128Gcm,
            "AES_256_GCM" => Self::Aes256Gcm,
            "CHACHA20_POLY1305" => Self::ChaCha20Poly1305,
            "AES_128_CCM" => Self::Aes128Ccm,
            "AES_256_CCM" => Self::Aes256Ccm,
            "AES_128_CCM_8" => Self::Aes128Ccm8,
            "AES_256_CCM_8" => Self::Aes256Ccm8,
            _ => return None,
        })
    }

    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 | Self::Aes256Ccm | Self::Aes256Ccm8 => 32,
        }
    }

    /// Length of the authentication tag.
    pub(super) const fn tag_length(self) -> usize {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            _ => 16,
        }
    }
}

/// A cipher with its key. AES-CCM comes from RustCrypto: aws-lc-rs does not offer it.
pub(super) enum Aead {
    AwsLc(Box<LessSafeKey>),
    Aes128Ccm(Box<Ccm<Aes128, U16, U12>>),
    Aes256Ccm(Box<Ccm<Aes256, U16, U12>>),
    Aes128Ccm8(Box<Ccm<Aes128, U8, U12>>),
    Aes256Ccm8(Box<Ccm<Aes256, U8, U12>>),
}

impl Aead {
    /// `None` when the key has not the length of the algorithm.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        let aws = |algorithm| {
            let key = UnboundKey::new(algorithm, key).ok()?;
            Some(Self::AwsLc(Box::new(LessSafeKey::new(key))))
        };
        match algorithm {
            Algorithm::Aes128Gcm => aws(&AES_128_GCM),
            Algorithm::Aes256Gcm => aws(&AES_256_GCM),
            Algorithm::ChaCha20Poly1305 => aws(&CHACHA20_POLY1305),
            Algorithm::Aes128Ccm => Some(Self::Aes128Ccm(Box::new(Ccm::new_from_slice(key).ok()?))),
            Algorithm::Aes256Ccm => Some(Self::Aes256Ccm(Box::new(Ccm::new_from_slice(key).ok()?))),
            Algorithm::Aes128Ccm8 => {
                Some(Self::Aes128Ccm8(Box::new(Ccm::new_from_slice(key).ok()?)))
            }
            Algorithm::Aes256Ccm8 => {
                Some(Self::Aes256Ccm8(Box::new(Ccm::new_from_slice(key).ok()?)))
            }
        }
    }

    /// The plaintext; `None` when the tag is wrong.
    pub(super) fn open(&self, nonce: [u8; NONCE], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload { msg: sealed, aad };
        match self {
            Self::AwsLc(key) => {
                let nonce = aws_lc_rs::aead::Nonce::assume_unique_for_key(nonce);
                let mut bytes = sealed.to_vec();
                let length = key.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
                bytes.truncate(length);
                Some(bytes)
            }
            Self::Aes128Ccm(key) => key.decrypt(&nonce.into(), payload).ok(),
            Self::Aes256Ccm(key) => key.decrypt(&nonce.into(), payload).ok(),
            Self::Aes128Ccm8(key) => key.decrypt(&nonce.into(), payload).ok(),
            Self::Aes256Ccm8(key) => key.decrypt(&nonce.into(), payload).ok(),
        }
    }
}

/// The nonce of a record: the sequence number over the last bytes of the
/// initialisation vector (RFC 8446, 5.3; RFC 7905, 2).
pub(super) fn nonce(iv: [u8; NONCE], sequence: u64) -> [u8; NONCE] {
    let mut nonce = iv;
    for (byte, number) in nonce.iter_mut().rev().zip(sequence.to_le_bytes()) {
        *byte ^= number;
    }
    nonce
}
