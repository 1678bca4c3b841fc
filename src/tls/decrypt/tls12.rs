//! Record protection of TLS 1.2 (RFC 5246, 6.2.3 and 6.3).

use aws_lc_rs::cipher::{AES_128, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::aead::{self, Aead, Algorithm, NONCE};
use super::schedule::{Hash, key_block};
use crate::tls::handshake::Role;
use crate::tls::kept::Record;
use crate::tls::names;
use crate::wire::Reader;

/// Block length of AES, also the length of the explicit vector in CBC mode.
const BLOCK: usize = 16;

/// How the records of a connection are protected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    cipher: Cipher,
    prf: Hash,
}

#[derive(Clone, Copy, Debug)]
enum Cipher {
    Aead(Algorithm),
    /// Whether the MAC is over the ciphertext is negotiated (RFC 7366).
    Cbc {
        key: usize,
        mac: Mac,
        encrypt_then_mac: bool,
    },
}

impl Suite {
    /// `None` for a cipher that is not supported.
    pub(super) fn of(suite: u16, encrypt_then_mac: bool) -> Option<Self> {
        let named = names::cipher_suite(suite)?;
        // AEAD suites name the hash of the PRF; the others that of their MAC, and
        // use SHA-256 in the PRF unless it is SHA-384 (RFC 5289, 3.1). CCM suites
        // name none and use SHA-256 (RFC 6655, 3).
        let prf = named.hash.and_then(Hash::of).unwrap_or(Hash::Sha256);
        let cipher = match (Algorithm::of(named.cipher), named.cipher) {
            (Some(algorithm), _) => Cipher::Aead(algorithm),
            (None, "AES_128_CBC") => Cipher::cbc(16, named.hash?, encrypt_then_mac)?,
            (None, "AES_256_CBC") => Cipher::cbc(32, named.hash?, encrypt_then_mac)?,
            _ => return None,
        };
        Some(Self { cipher, prf })
    }

    /// Lengths of MAC key, key and fixed vector in the key block.
    const fn lengths(self) -> [usize; 3] {
        match self.cipher {
            Cipher::Aead(Algorithm::ChaCha20Poly1305) => [0, 32, NONCE],
            Cipher::Aead(algorithm) => [0, algorithm.key_length(), 4],
            Cipher::Cbc { key, mac, .. } => [mac.key_length(), key, 0],
        }
    }
}

impl Cipher {
    fn cbc(key: usize, hash: &str, encrypt_then_mac: bool) -> Option<Self> {
        Some(Self::Cbc { key, mac: Mac::of(hash)?, encrypt_then_mac })
    }
}

#[derive(Clone, Copy, Debug)]
enum Mac {
    Sha1,
    Sha256,
    Sha384,
}

impl Mac {
    fn of(hash: &str) -> Option<Self> {
        match hash {
            "SHA" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA384" => Some(Self::Sha384),
            _ => None,
        }
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    const fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        }
    }
}

/// The keys of one direction.
pub(super) struct Keys {
    protection: Protection,
    next: u64,
}

enum Protection {
    /// Four bytes of nonce from the key block and eight in each record.
    ExplicitNonce {
        aead: Aead,
        salt: [u8; 4],
        tag: usize,
    },
    ChaCha {
        aead: Aead,
        iv: [u8; NONCE],
    },
    Cbc {
        key: Box<DecryptingKey>,
        mac: Box<hmac::Key>,
        encrypt_then_mac: bool,
    },
}

impl Keys {
    /// The keys of a side from the master secret.
    pub(super) fn derive(
        suite: Suite,
        role: Role,
        master: &[u8],
        server_random: &[u8],
        client_random: &[u8],
    ) -> Option<Self> {
        let [mac, key, iv] = suite.lengths();
        let length = 2 * (mac + key + iv);
        let block = key_block(suite.prf, master, server_random, client_random, length)?;
        let mut reader = Reader::new(&block);
        let mut own = |length| {
            let (client, server) = (reader.take(length)?, reader.take(length)?);
            Some(if role == Role::Client { client } else { server })
        };
        let (mac, key, iv) = (own(mac)?, own(key)?, own(iv)?);
        Some(Self { protection: Protection::new(suite.cipher, mac, key, iv)?, next: 0 })
    }

    /// Steps over a record whose content is not needed.
    pub(super) const fn skip(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    /// Opens a record, looking up to `ahead` sequence numbers further where records
    /// may be missing.
    pub(super) fn open(&mut self, record: &Record, sealed: &[u8], ahead: u64) -> Option<Vec<u8>> {
        let (sequence, plain) = (self.next..=self.next.saturating_add(ahead))
            .find_map(|number| Some((number, self.protection.open(record, sealed, number)?)))?;
        self.next = sequence.saturating_add(1);
        Some(plain)
    }
}

impl Protection {
    fn new(cipher: Cipher, mac: &[u8], key: &[u8], iv: &[u8]) -> Option<Self> {
        Some(match cipher {
            Cipher::Aead(algorithm) => {
                let aead = Aead::new(algorithm, key)?;
                match iv.try_into() {
                    Ok(iv) => Self::ChaCha { aead, iv },
                    Err(_) => Self::ExplicitNonce {
                        aead,
                        salt: iv.try_into().ok()?,
                        tag: algorithm.tag_length(),
                    },
                }
            }
            Cipher::Cbc { mac: hash, encrypt_then_mac, .. } => {
                let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
                let key = UnboundCipherKey::new(algorithm, key).ok()?;
                let key = Box::new(DecryptingKey::cbc(key).ok()?);
                Self::Cbc {
                    key,
                    mac: Box::new(hmac::Key::new(hash.algorithm(), mac)),
                    encrypt_then_mac,
                }
            }
        })
    }

    fn open(&self, record: &Record, sealed: &[u8], sequence: u64) -> Option<Vec<u8>> {
        match self {
            Self::ChaCha { aead, iv } => {
                let aad = authenticated(record, sequence, sealed.len().checked_sub(16)?)?;
                aead.open(aead::nonce(*iv, sequence), &aad, sealed)
            }
            Self::ExplicitNonce { aead, salt, tag } => {
                let (explicit, sealed) = sealed.split_first_chunk::<8>()?;
                let aad = authenticated(record, sequence, sealed.len().checked_sub(*tag)?)?;
                let mut nonce = [0; NONCE];
                let bytes = salt.iter().chain(explicit);
                nonce.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                aead.open(nonce, &aad, sealed)
            }
            Self::Cbc { key, mac, encrypt_then_mac: true } => {
                let length = mac.algorithm().tag_len();
                let (content, tag) = sealed.split_at_checked(sealed.len().checked_sub(length)?)?;
                verified(mac, record, sequence, content, tag)?;
                unpadded(decrypted(key, content)?)
            }
            Self::Cbc { key, mac, encrypt_then_mac: false } => {
                let mut plain = unpadded(decrypted(key, sealed)?)?;
                let length = mac.algorithm().tag_len();
                let end = plain.len().checked_sub(length)?;
                let (content, tag) = plain.split_at_checked(end)?;
                verified(mac, record, sequence, content, tag)?;
                plain.truncate(end);
                Some(plain)
            }
        }
    }
}

/// What is authenticated besides the content: sequence number, type, version, length
/// (RFC 5246, 6.2.3.1 and 6.2.3.3).
fn authenticated(record: &Record, sequence: u64, length: usize) -> Option<[u8; 13]> {
    let kind = record.header.content.number();
    let [a, b, c, d, e, f, g, h] = sequence.to_be_bytes();
    let [major, minor] = record.header.version.to_be_bytes();
    let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
    Some([a, b, c, d, e, f, g, h, kind, major, minor, high, low])
}

fn verified(
    mac: &hmac::Key,
    record: &Record,
    sequence: u64,
    content: &[u8],
    tag: &[u8],
) -> Option<()> {
    let head = authenticated(record, sequence, content.len())?;
    hmac::verify(mac, &[&head, content].concat(), tag).ok()
}

/// The blocks behind the explicit vector.
fn decrypted(key: &DecryptingKey, sealed: &[u8]) -> Option<Vec<u8>> {
    let (vector, blocks) = sealed.split_first_chunk::<BLOCK>()?;
    let mut plain = blocks.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    key.decrypt(&mut plain, context).ok()?;
    Some(plain)
}

/// The content before its padding: the last byte counts those before it.
fn unpadded(mut plain: Vec<u8>) -> Option<Vec<u8>> {
    let padding = usize::from(*plain.last()?) + 1;
    plain.truncate(plain.len().checked_sub(padding)?);
    Some(plain)
}
