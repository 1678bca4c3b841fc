//! What a term of a cipher string asks for: names of suites and keywords, joined by `+`
//! (table `cipher_aliases` of ssl/ssl_ciph.c).

use super::suite::{Authentication, Cipher, KeyExchange, Mac, Protocol, Strength, Suite};
use super::table::SUITES;

/// Conditions that a suite must fit all at once. A set of bits that is 0 asks nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Criteria {
    key_exchange: u32,
    authentication: u32,
    cipher: u32,
    mac: u32,
    strength: u32,
    beside_default: bool,
    protocol: Option<Protocol>,
    code: Option<u16>,
}

/// The class of FIPS 140 stands beside those of [`Strength`] in OpenSSL's bits.
const FIPS: u32 = 1 << 8;
/// `LOW`, which no suite is in any more.
const LOW: u32 = 1 << 9;
/// For algorithms that are known, and that no suite of the table has.
const NO_SUITE: u32 = 1 << 31;

impl Criteria {
    const ANY: Self = Self {
        key_exchange: 0,
        authentication: 0,
        cipher: 0,
        mac: 0,
        strength: 0,
        beside_default: false,
        protocol: None,
        code: None,
    };

    /// What a word asks for: the name of a suite, or a keyword. `None` for a word that
    /// OpenSSL does not know.
    pub(super) fn of(word: &str) -> Option<Self> {
        SUITES.iter().find(|suite| suite.name == word).map(Self::suite).or_else(|| keyword(word))
    }

    fn suite(suite: &Suite) -> Self {
        let fips = if suite.is_fips() { FIPS } else { 0 };
        Self {
            key_exchange: 1 << suite.key_exchange as u32,
            authentication: 1 << suite.authentication as u32,
            cipher: 1 << suite.cipher as u32,
            mac: 1 << suite.mac as u32,
            strength: 1 << suite.strength() as u32 | fips,
            beside_default: suite.is_beside_default(),
            // The version of a suite is no condition.
            protocol: None,
            code: Some(suite.code),
        }
    }

    /// Both at once, as `+` joins them; `None` where no suite can fit both, upon which
    /// OpenSSL ignores the whole term.
    pub(super) fn join(self, next: Self) -> Option<Self> {
        let strength = both(self.strength, next.strength)?;
        Some(Self {
            key_exchange: both(self.key_exchange, next.key_exchange)?,
            authentication: both(self.authentication, next.authentication)?,
            cipher: both(self.cipher, next.cipher)?,
            mac: both(self.mac, next.mac)?,
            strength,
            // The first class of strength overwrites what stood before it, hence
            // COMPLEMENTOFDEFAULT+HIGH is HIGH, and HIGH+COMPLEMENTOFDEFAULT is not.
            beside_default: next.beside_default
                || self.beside_default && (self.strength != 0 || next.strength == 0),
            protocol: match (self.protocol, next.protocol) {
                (Some(one), Some(other)) if one != other => return None,
                (one, other) => one.or(other),
            },
            code: next.code,
        })
    }

    /// Whether a suite fits all conditions.
    pub(super) fn fit(&self, suite: &Suite) -> bool {
        let own = Self::suite(suite);
        let fits = |asked: u32, has: u32| asked == 0 || asked & has != 0;
        self.code.is_none_or(|code| code == suite.code)
            && fits(self.key_exchange, own.key_exchange)
            && fits(self.authentication, own.authentication)
            && fits(self.cipher, own.cipher)
            && fits(self.mac, own.mac)
            && fits(self.strength, own.strength)
            && (!self.beside_default || own.beside_default)
            && self.protocol.is_none_or(|protocol| protocol == suite.min_protocol)
    }
}

/// What two sets have in common, where both ask something.
const fn both(one: u32, other: u32) -> Option<u32> {
    match (one, other) {
        (0, asked) | (asked, 0) => Some(asked),
        (one, other) if one & other == 0 => None,
        (one, other) => Some(one & other),
    }
}

const fn exchange(kinds: u32) -> Criteria {
    Criteria { key_exchange: kinds, ..Criteria::ANY }
}

const fn authentication(kinds: u32) -> Criteria {
    Criteria { authentication: kinds, ..Criteria::ANY }
}

const fn cipher(kinds: u32) -> Criteria {
    Criteria { cipher: kinds, ..Criteria::ANY }
}

const fn mac(kinds: u32) -> Criteria {
    Criteria { mac: kinds, ..Criteria::ANY }
}

const fn strength(classes: u32) -> Criteria {
    Criteria { strength: classes, ..Criteria::ANY }
}

const fn protocol(protocol: Protocol) -> Criteria {
    Criteria { protocol: Some(protocol), ..Criteria::ANY }
}

const K_DHE: u32 = 1 << KeyExchange::Dhe as u32;
const K_ECDHE: u32 = 1 << KeyExchange::Ecdhe as u32;
const K_RSA: u32 = 1 << KeyExchange::Rsa as u32;
const K_SRP: u32 = 1 << KeyExchange::Srp as u32;
const K_PSK: u32 = 1 << KeyExchange::Psk as u32;
const K_RSA_PSK: u32 = 1 << KeyExchange::RsaPsk as u32;
const K_DHE_PSK: u32 = 1 << KeyExchange::DhePsk as u32;
const K_ECDHE_PSK: u32 = 1 << KeyExchange::EcdhePsk as u32;

const A_NULL: u32 = 1 << Authentication::Anon as u32;
const A_RSA: u32 = 1 << Authentication::Rsa as u32;
const A_DSS: u32 = 1 << Authentication::Dss as u32;
const A_ECDSA: u32 = 1 << Authentication::Ecdsa as u32;

const E_NULL: u32 = 1 << Cipher::Null as u32;
const GCM_128: u32 = 1 << Cipher::Aes128Gcm as u32;
const GCM_256: u32 = 1 << Cipher::Aes256Gcm as u32;
const CCM_8: u32 = 1 << Cipher::Aes128Ccm8 as u32 | 1 << Cipher::Aes256Ccm8 as u32;
const CCM_16: u32 = 1 << Cipher::Aes128Ccm as u32 | 1 << Cipher::Aes256Ccm as u32;
const CBC_128: u32 = 1 << Cipher::Aes128Cbc as u32;
const CBC_256: u32 = 1 << Cipher::Aes256Cbc as u32;
const AES_128: u32 =
    CBC_128 | GCM_128 | 1 << Cipher::Aes128Ccm as u32 | 1 << Cipher::Aes128Ccm8 as u32;
const AES_256: u32 =
    CBC_256 | GCM_256 | 1 << Cipher::Aes256Ccm as u32 | 1 << Cipher::Aes256Ccm8 as u32;
const CAMELLIA_128: u32 = 1 << Cipher::Camellia128 as u32;
const CAMELLIA_256: u32 = 1 << Cipher::Camellia256 as u32;
const ARIA_128: u32 = 1 << Cipher::Aria128 as u32;
const ARIA_256: u32 = 1 << Cipher::Aria256 as u32;
const SEED: u32 = 1 << Cipher::Seed as u32;
const IDEA: u32 = 1 << Cipher::Idea as u32;
const TRIPLE_DES: u32 = 1 << Cipher::TripleDes as u32;
const CBC: u32 = CBC_128 | CBC_256 | CAMELLIA_128 | CAMELLIA_256 | SEED | IDEA | TRIPLE_DES;

/// What a keyword asks for.
fn keyword(word: &str) -> Option<Criteria> {
    exchange_keyword(word)
        .or_else(|| authentication_keyword(word))
        .or_else(|| cipher_keyword(word))
        .or_else(|| other_keyword(word))
}

/// Key exchanges, alone or with what the server proves itself with.
fn exchange_keyword(word: &str) -> Option<Criteria> {
    Some(match word {
        "kRSA" => exchange(K_RSA),
        "kDHE" | "kEDH" | "DH" => exchange(K_DHE),
        "kECDHE" | "kEECDH" | "ECDH" => exchange(K_ECDHE),
        "kPSK" => exchange(K_PSK),
        "kRSAPSK" => exchange(K_RSA_PSK),
        "kDHEPSK" => exchange(K_DHE_PSK),
        "kECDHEPSK" => exchange(K_ECDHE_PSK),
        "PSK" => exchange(K_PSK | K_RSA_PSK | K_DHE_PSK | K_ECDHE_PSK),
        "kSRP" | "SRP" => exchange(K_SRP),
        "kGOST" | "kGOST18" => exchange(NO_SUITE),
        "DHE" | "EDH" => Criteria { authentication: !A_NULL, ..exchange(K_DHE) },
        "ECDHE" | "EECDH" => Criteria { authentication: !A_NULL, ..exchange(K_ECDHE) },
        "RSA" => Criteria { authentication: A_RSA, ..exchange(K_RSA) },
        "ADH" => Criteria { authentication: A_NULL, ..exchange(K_DHE) },
        "AECDH" => Criteria { authentication: A_NULL, ..exchange(K_ECDHE) },
        // Triple DES suites by their names before OpenSSL 1.1.0.
        "EDH-DSS-DES-CBC3-SHA" => former_name(A_DSS),
        "EDH-RSA-DES-CBC3-SHA" => former_name(A_RSA),
        _ => return None,
    })
}

const fn former_name(authentication: u32) -> Criteria {
    Criteria { authentication, cipher: TRIPLE_DES, mac: 1 << Mac::Sha1 as u32, ..exchange(K_DHE) }
}

fn authentication_keyword(word: &str) -> Option<Criteria> {
    Some(authentication(match word {
        "aRSA" => A_RSA,
        "aDSS" | "DSS" => A_DSS,
        "aECDSA" | "ECDSA" => A_ECDSA,
        "aNULL" => A_NULL,
        "aPSK" => 1 << Authentication::Psk as u32,
        "aSRP" => 1 << Authentication::Srp as u32,
        "aGOST" | "aGOST01" | "aGOST12" => NO_SUITE,
        _ => return None,
    }))
}

fn cipher_keyword(word: &str) -> Option<Criteria> {
    Some(cipher(match word {
        "ALL" => !E_NULL,
        "COMPLEMENTOFALL" | "eNULL" | "NULL" => E_NULL,
        "AES" => AES_128 | AES_256,
        "AES128" => AES_128,
        "AES256" => AES_256,
        "AESGCM" => GCM_128 | GCM_256,
        "AESCCM" => CCM_16 | CCM_8,
        "AESCCM8" => CCM_8,
        "CHACHA20" => 1 << Cipher::ChaCha20 as u32,
        "CAMELLIA" => CAMELLIA_128 | CAMELLIA_256,
        "CAMELLIA128" => CAMELLIA_128,
        "CAMELLIA256" => CAMELLIA_256,
        "ARIA" | "ARIAGCM" => ARIA_128 | ARIA_256,
        "ARIA128" => ARIA_128,
        "ARIA256" => ARIA_256,
        "SEED" => SEED,
        "IDEA" => IDEA,
        "RC4" => 1 << Cipher::Rc4 as u32,
        "3DES" => TRIPLE_DES,
        // From 3.0.
        "CBC" => CBC,
        "RC2" | "GOST" | "GOST89" | "MAGMA" | "KUZNYECHIK" => NO_SUITE,
        _ => return None,
    }))
}

fn other_keyword(word: &str) -> Option<Criteria> {
    Some(match word {
        "MD5" => mac(1 << Mac::Md5 as u32),
        "SHA" | "SHA1" => mac(1 << Mac::Sha1 as u32),
        "SHA256" => mac(1 << Mac::Sha256 as u32),
        "SHA384" => mac(1 << Mac::Sha384 as u32),
        "GOST94" | "GOST89MAC" | "GOST12" | "GOST2012" => mac(NO_SUITE),
        "SSLv3" => protocol(Protocol::Ssl3),
        "TLSv1" | "TLSv1.0" => protocol(Protocol::Tls1),
        "TLSv1.2" => protocol(Protocol::Tls12),
        "HIGH" => strength(1 << Strength::High as u32),
        "MEDIUM" => strength(1 << Strength::Medium as u32),
        "LOW" => strength(LOW),
        "FIPS" => Criteria { strength: FIPS, ..cipher(!E_NULL) },
        "COMPLEMENTOFDEFAULT" => Criteria { beside_default: true, ..Criteria::ANY },
        _ => return None,
    })
}
