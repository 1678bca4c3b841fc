//! A cipher suite as OpenSSL sorts it.
//!
//! OpenSSL's own terms are kept apart from [`crate::tls::names`], because cipher strings
//! are made of them: an anonymous exchange is `kDHE` with `aNULL`, not a kind of its own.

use std::borrow::Cow;

use super::table::SUITES;
use crate::tls::names::cipher_suite_name;

/// How both sides come to a shared secret (the keywords that begin with `k`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// Encrypted to the server's RSA key.
    Rsa,
    /// Diffie-Hellman with a fresh key.
    Dhe,
    /// Elliptic curves with a fresh key.
    Ecdhe,
    /// A key both had before.
    Psk,
    /// A key both had before, and the server's RSA key.
    RsaPsk,
    /// A key both had before, and Diffie-Hellman.
    DhePsk,
    /// A key both had before, and elliptic curves.
    EcdhePsk,
    /// Secure Remote Password.
    Srp,
}

/// What the server proves itself with (the keywords that begin with `a`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// A certificate with an RSA key.
    Rsa,
    /// A certificate with an elliptic curve key.
    Ecdsa,
    /// A certificate with a DSA key.
    Dss,
    /// Nothing.
    Anon,
    /// A key both had before.
    Psk,
    /// A password (SRP without certificate).
    Srp,
}

/// The cipher with its mode and length of key in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Cipher {
    Null,
    Aes128Cbc,
    Aes256Cbc,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20,
    Camellia128,
    Camellia256,
    Aria128,
    Aria256,
    Seed,
    Idea,
    Rc4,
    TripleDes,
}

/// How records are protected against change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Mac {
    /// By the cipher itself.
    Aead,
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

/// The earliest version that a suite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Protocol {
    Ssl3,
    Tls1,
    Tls12,
}

/// OpenSSL's class of strength. No suite is in its class `LOW` any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Without encryption; in no class that has a keyword.
    None,
    /// `MEDIUM`.
    Medium,
    /// `HIGH`.
    High,
}

/// Which builds of OpenSSL have a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Every one that leaves nothing out.
    Stock,
    /// 1.1.1; from 3.0 with the provider `legacy` only.
    Legacy,
    /// Those made with `enable-weak-ssl-ciphers`.
    Weak,
}

/// The kind of certificate that a suite makes a server show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all")]
pub enum CertificateKind {
    Rsa,
    Ecdsa,
}

/// A cipher suite below TLS 1.3 that OpenSSL 1.1.1 or 3.0 knows.
#[derive(Debug, PartialEq, Eq)]
pub struct Suite {
    /// The two bytes on the wire.
    pub code: u16,
    /// OpenSSL's name.
    pub name: &'static str,
    /// How both sides come to a shared secret.
    pub key_exchange: KeyExchange,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// The cipher.
    pub cipher: Cipher,
    /// How records are protected against change.
    pub mac: Mac,
    /// The earliest version that the suite is for.
    pub min_protocol: Protocol,
}

impl Suite {
    /// IANA's name.
    #[must_use]
    pub fn iana_name(&self) -> Cow<'static, str> {
        cipher_suite_name(self.code)
    }

    /// What `@STRENGTH` sorts by, in bits. Triple DES counts 112 (ssl/s3_lib.c).
    #[must_use]
    pub const fn strength_bits(&self) -> u16 {
        match self.cipher {
            Cipher::Null => 0,
            Cipher::TripleDes => 112,
            Cipher::Aes128Cbc
            | Cipher::Aes128Gcm
            | Cipher::Aes128Ccm
            | Cipher::Aes128Ccm8
            | Cipher::Camellia128
            | Cipher::Aria128
            | Cipher::Seed
            | Cipher::Idea
            | Cipher::Rc4 => 128,
            Cipher::Aes256Cbc
            | Cipher::Aes256Gcm
            | Cipher::Aes256Ccm
            | Cipher::Aes256Ccm8
            | Cipher::ChaCha20
            | Cipher::Camellia256
            | Cipher::Aria256 => 256,
        }
    }

    /// The class that `HIGH` and `MEDIUM` ask for.
    #[must_use]
    pub const fn strength(&self) -> Strength {
        match self.cipher {
            Cipher::Null => Strength::None,
            Cipher::Seed | Cipher::Idea | Cipher::Rc4 | Cipher::TripleDes => Strength::Medium,
            _ => Strength::High,
        }
    }

    /// Whether the keyword `FIPS` asks for it.
    pub(super) const fn is_fips(&self) -> bool {
        let approved = matches!(
            self.cipher,
            Cipher::Aes128Cbc
                | Cipher::Aes256Cbc
                | Cipher::Aes128Gcm
                | Cipher::Aes256Gcm
                | Cipher::TripleDes
        );
        approved && !matches!(self.key_exchange, KeyExchange::Srp)
    }

    /// Whether `COMPLEMENTOFDEFAULT` asks for it.
    pub(super) const fn is_beside_default(&self) -> bool {
        match self.cipher {
            Cipher::Null => false,
            Cipher::Aes128Cbc
            | Cipher::Aes256Cbc
            | Cipher::Aes128Gcm
            | Cipher::Aes256Gcm
            | Cipher::ChaCha20 => {
                matches!(self.authentication, Authentication::Dss | Authentication::Anon)
            }
            _ => true,
        }
    }

    /// Which builds have it.
    #[must_use]
    pub const fn build(&self) -> Build {
        match self.cipher {
            Cipher::Seed | Cipher::Idea => Build::Legacy,
            Cipher::Rc4 | Cipher::TripleDes => Build::Weak,
            _ => Build::Stock,
        }
    }

    /// The kind of certificate that a server shows with it; `None` also for suites that
    /// a client without a pre-shared key or an SRP password never offers.
    #[must_use]
    pub const fn certificate(&self) -> Option<CertificateKind> {
        let plain =
            matches!(self.key_exchange, KeyExchange::Rsa | KeyExchange::Dhe | KeyExchange::Ecdhe);
        match self.authentication {
            Authentication::Rsa if plain => Some(CertificateKind::Rsa),
            Authentication::Ecdsa if plain => Some(CertificateKind::Ecdsa),
            _ => None,
        }
    }
}

/// The suite with this code, if OpenSSL 1.1.1 or 3.0 knows it.
#[must_use]
pub fn suite(code: u16) -> Option<&'static Suite> {
    SUITES.binary_search_by_key(&code, |suite| suite.code).ok().and_then(|at| SUITES.get(at))
}

/// All suites, by rising code.
#[must_use]
pub fn suites() -> &'static [Suite] {
    &SUITES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::names;

    #[test]
    fn codes_rise_so_that_a_search_finds_each() {
        assert!(SUITES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(suite(0xc030).map(|suite| suite.name), Some("ECDHE-RSA-AES256-GCM-SHA384"));
        assert_eq!(suite(0x1302), None);
    }

    #[test]
    fn the_names_are_those_of_the_table_of_names() {
        for suite in suites() {
            let named = names::cipher_suite(suite.code).unwrap();
            assert_eq!(named.openssl_name, Some(suite.name), "{:#06x}", suite.code);
            assert_eq!(suite.iana_name(), named.name);
        }
    }

    /// IANA's name says the same as the columns.
    #[test]
    fn the_columns_agree_with_the_names() {
        for suite in suites() {
            let named = names::cipher_suite(suite.code).unwrap();
            let ecdsa = named.authentication == names::Authentication::Ecdsa;
            assert_eq!(ecdsa, suite.authentication == Authentication::Ecdsa, "{}", suite.name);
            let rsa_key = named.key_exchange == names::KeyExchange::Rsa;
            assert_eq!(rsa_key, suite.key_exchange == KeyExchange::Rsa, "{}", suite.name);
            let bits = if named.cipher.contains("128") { 128 } else { 256 };
            let plain = suite.strength() == Strength::High;
            assert!(!plain || suite.strength_bits() == bits, "{}", suite.name);
            let weak = ["RC4", "3DES", "SEED", "IDEA"].iter().any(|w| named.cipher.contains(w));
            assert_eq!(weak, suite.build() != Build::Stock, "{}", suite.name);
        }
    }
}
