//! Cipher suites: IANA's name, OpenSSL's name, and what the name says.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::table::{Row, grease_or_hex, rows};

const FILE: &str = include_str!("data/cipher_suites.tsv");

/// How both sides come to a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchange {
    /// None (`TLS_NULL_WITH_NULL_NULL`).
    Null,
    /// Encrypted to the server's RSA key (RFC 5246, 7.4.7.1): no forward secrecy.
    Rsa,
    /// Diffie-Hellman with the fixed key of the server's certificate.
    DhStatic,
    /// Diffie-Hellman with a fresh, signed key.
    Dhe,
    /// Diffie-Hellman without authentication.
    DhAnon,
    /// Elliptic curves with the fixed key of the server's certificate (RFC 4492, 2.1).
    EcdhStatic,
    /// Elliptic curves with a fresh, signed key (RFC 8422, 2.1).
    Ecdhe,
    /// Elliptic curves without authentication (RFC 8422, 2.3).
    EcdhAnon,
    /// A key both had before (RFC 4279, 2).
    Psk,
    /// A key both had before, and Diffie-Hellman (RFC 4279, 3).
    DhePsk,
    /// A key both had before, and the server's RSA key (RFC 4279, 4).
    RsaPsk,
    /// A key both had before, and elliptic curves (RFC 5489).
    EcdhePsk,
    /// Secure Remote Password (RFC 5054).
    Srp,
    /// Kerberos (RFC 2712).
    Krb5,
    /// GOST R 34.10 (RFC 9189).
    Gost,
    /// A password over elliptic curves (RFC 8492).
    Eccpwd,
    /// Fortezza KEA (SSL 3.0; RFC 6101, A.6).
    Fortezza,
    /// TLS 1.3: by the extensions `key_share` and `pre_shared_key`, not by the suite (RFC 8446, 4.1.1).
    Tls13,
    /// The suite is a signal and cannot be negotiated: see [`is_scsv`].
    Signal,
}

/// What the server proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Nothing is defined (`TLS_NULL_WITH_NULL_NULL`, signals).
    Null,
    /// A certificate with an RSA key; for static Diffie-Hellman, a certificate signed with RSA.
    Rsa,
    /// A certificate with an elliptic curve key, Ed25519 and Ed448 included (RFC 8422, 5.10).
    Ecdsa,
    /// A certificate with a DSA key; for static Diffie-Hellman, a certificate signed with DSA.
    Dss,
    /// Nothing: anyone in the path can be the server.
    Anon,
    /// A key both had before.
    Psk,
    /// A password (SRP without certificate).
    Srp,
    /// Kerberos.
    Krb5,
    /// A certificate with a GOST key.
    Gost,
    /// A password over elliptic curves.
    Eccpwd,
    /// A Fortezza certificate.
    Fortezza,
    /// TLS 1.3: by `signature_algorithms`, not by the suite; see `CertificateVerify` (RFC 8446, 4.4.3).
    Tls13,
}

/// A cipher suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CipherSuite {
    /// The two bytes on the wire.
    pub code: u16,
    /// IANA's name.
    pub name: &'static str,
    /// The name in OpenSSL 3.0, if OpenSSL has or had one: what cipher lists in product settings are made of.
    pub openssl_name: Option<&'static str>,
    /// How both sides come to a shared secret.
    pub key_exchange: KeyExchange,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// The cipher with its mode as IANA writes them (`AES_256_GCM`), `NULL` without encryption, empty for a signal.
    pub cipher: &'static str,
    /// The last part of the name: the hash of the PRF for AEAD ciphers, of the MAC for others. `CCM` suites of
    /// TLS 1.2 name none and use SHA-256 (RFC 6655, 3).
    pub hash: Option<&'static str>,
    /// Cut down to what could once be exported: keys of 40 or 56 bits.
    pub export: bool,
    /// The name in OpenSSL 1.0.2, where another.
    older_openssl_name: Option<&'static str>,
}

static SUITES: LazyLock<Vec<CipherSuite>> = LazyLock::new(|| rows(FILE).map(read).collect());

/// One more than the place of a code among the suites, 0 where it has none: each offer asks for some dozen.
static PLACES: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut places = vec![0; 1 << 16];
    for (suite, place) in SUITES.iter().zip(1..) {
        if let Some(free) = places.get_mut(usize::from(suite.code)) {
            *free = place;
        }
    }
    places
});

fn read(Row { code, columns }: Row) -> CipherSuite {
    let [name, openssl, _] = columns;
    let mut openssl = openssl.split(',').filter(|name| !name.is_empty());
    let (openssl_name, older_openssl_name) = (openssl.next(), openssl.next());
    let rest = name.split_once('_').map_or("", |(_, rest)| rest);
    let (key_exchange, authentication, cipher, hash) = match rest.split_once("_WITH_") {
        Some((keys, algorithms)) => {
            let (cipher, hash) = cipher_and_hash(algorithms);
            // RFC 9367 gave four GOST suites of TLS 1.3 the form of TLS 1.2.
            let (key_exchange, authentication) = if algorithms.contains("_MGM_") {
                (KeyExchange::Tls13, Authentication::Tls13)
            } else {
                keys_of(keys)
            };
            (key_exchange, authentication, cipher, hash)
        }
        None if name.ends_with("_SCSV") => (KeyExchange::Signal, Authentication::Null, "", None),
        None => {
            let (cipher, hash) = cipher_and_hash(rest);
            // RFC 9150: TLS_SHA256_SHA256 and its sister protect integrity only.
            let cipher = if cipher.starts_with("SHA") { "NULL" } else { cipher };
            (KeyExchange::Tls13, Authentication::Tls13, cipher, hash)
        }
    };
    CipherSuite {
        code,
        name,
        openssl_name,
        key_exchange,
        authentication,
        cipher,
        hash,
        export: name.contains("_EXPORT"),
        older_openssl_name,
    }
}

fn cipher_and_hash(algorithms: &'static str) -> (&'static str, Option<&'static str>) {
    match algorithms.rsplit_once('_') {
        // AES_128_CCM, AES_128_CCM_8, KUZNYECHIK_MGM_L: the last part is the cipher's own.
        Some((_, "CCM" | "8" | "L" | "S")) => (algorithms, None),
        Some((cipher, "NULL")) => (cipher, None),
        Some((cipher, hash)) => (cipher, Some(hash)),
        None => (algorithms, None),
    }
}

fn keys_of(keys: &str) -> (KeyExchange, Authentication) {
    use Authentication as A;
    use KeyExchange as K;
    let keys = ["_EXPORT1024", "_EXPORT", "_FIPS"]
        .iter()
        .find_map(|suffix| keys.strip_suffix(suffix))
        .unwrap_or(keys);
    match keys {
        "RSA" => (K::Rsa, A::Rsa),
        "DH_RSA" => (K::DhStatic, A::Rsa),
        "DH_DSS" => (K::DhStatic, A::Dss),
        "DH_anon" => (K::DhAnon, A::Anon),
        "DHE_RSA" => (K::Dhe, A::Rsa),
        "DHE_DSS" => (K::Dhe, A::Dss),
        "ECDH_RSA" => (K::EcdhStatic, A::Rsa),
        "ECDH_ECDSA" => (K::EcdhStatic, A::Ecdsa),
        "ECDH_anon" => (K::EcdhAnon, A::Anon),
        "ECDHE_RSA" => (K::Ecdhe, A::Rsa),
        "ECDHE_ECDSA" => (K::Ecdhe, A::Ecdsa),
        "PSK" => (K::Psk, A::Psk),
        // RFC 6655 wrote two of them the other way round.
        "DHE_PSK" | "PSK_DHE" => (K::DhePsk, A::Psk),
        "ECDHE_PSK" => (K::EcdhePsk, A::Psk),
        "RSA_PSK" => (K::RsaPsk, A::Rsa),
        "SRP_SHA" => (K::Srp, A::Srp),
        "SRP_SHA_RSA" => (K::Srp, A::Rsa),
        "SRP_SHA_DSS" => (K::Srp, A::Dss),
        "KRB5" => (K::Krb5, A::Krb5),
        "ECCPWD" => (K::Eccpwd, A::Eccpwd),
        "FORTEZZA_KEA" => (K::Fortezza, A::Fortezza),
        _ if keys.starts_with("GOST") => (K::Gost, A::Gost),
        _ => (K::Null, A::Null),
    }
}

/// All cipher suites, by code (IANA, TLS Parameters, TLS Cipher Suites, copy of 2026-09-29, and some never registered).
#[must_use]
pub fn cipher_suites() -> &'static [CipherSuite] {
    &SUITES
}

/// A cipher suite by its two bytes.
#[must_use]
pub fn cipher_suite(code: u16) -> Option<&'static CipherSuite> {
    let place = *PLACES.get(usize::from(code))?;
    SUITES.get(usize::from(place).checked_sub(1)?)
}

/// A cipher suite by the name that IANA, OpenSSL 3.0 or OpenSSL 1.0.2 gives it.
///
/// A name that was given to two numbers finds the registered one.
///
/// ```
/// # use tlsight::tls::names::cipher_suite_by_name;
/// let suite = cipher_suite_by_name("EDH-RSA-DES-CBC3-SHA");
/// assert_eq!(suite.map(|suite| suite.name), Some("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"));
/// ```
#[must_use]
pub fn cipher_suite_by_name(name: &str) -> Option<&'static CipherSuite> {
    // The drafts of ChaCha20 (0xcc13..) stand before the suites that took their names, hence from the end.
    SUITES.iter().rev().find(|suite| {
        suite.name == name
            || suite.openssl_name == Some(name)
            || suite.older_openssl_name == Some(name)
    })
}

/// IANA's name of a cipher suite, or that it is GREASE, or the number.
#[must_use]
pub fn cipher_suite_name(code: u16) -> Cow<'static, str> {
    cipher_suite(code).map_or_else(|| grease_or_hex(code), |suite| Cow::Borrowed(suite.name))
}

/// Whether the number is a signal in the list of cipher suites, not a suite: `TLS_EMPTY_RENEGOTIATION_INFO_SCSV`
/// (RFC 5746, 3.3) or `TLS_FALLBACK_SCSV` (RFC 7507, 2).
#[must_use]
pub const fn is_scsv(code: u16) -> bool {
    matches!(code, 0x00ff | 0x5600)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tls_parser::{TlsCipherAu as Au, TlsCipherKx as Kx, TlsCipherSuite};

    use super::*;

    #[test]
    fn every_listed_code_and_name_resolves() {
        for row in rows(FILE) {
            let suite = cipher_suite(row.code).unwrap();
            assert_eq!(cipher_suite_name(row.code), row.columns[0]);
            if row.columns[2].is_empty() {
                assert_eq!(cipher_suite_by_name(suite.name), Some(suite));
            }
            for name in row.columns[1].split(',').filter(|name| !name.is_empty()) {
                assert_eq!(cipher_suite_by_name(name), Some(suite), "{name}");
            }
        }
        assert_eq!(cipher_suites().len(), rows(FILE).count());
    }

    #[test]
    fn what_the_names_say() {
        use Authentication as A;
        use KeyExchange as K;
        for (name, key_exchange, authentication, cipher, hash) in [
            ("TLS_NULL_WITH_NULL_NULL", K::Null, A::Null, "NULL", None),
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", K::Rsa, A::Rsa, "RC4_40", Some("MD5")),
            ("TLS_RSA_WITH_AES_128_CCM_8", K::Rsa, A::Rsa, "AES_128_CCM_8", None),
            ("TLS_DH_anon_WITH_AES_128_CBC_SHA", K::DhAnon, A::Anon, "AES_128_CBC", Some("SHA")),
            ("TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA", K::Dhe, A::Dss, "RC4_56", Some("SHA")),
            ("TLS_PSK_DHE_WITH_AES_128_CCM_8", K::DhePsk, A::Psk, "AES_128_CCM_8", None),
            ("TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA", K::Srp, A::Dss, "AES_256_CBC", Some("SHA")),
            ("TLS_KRB5_WITH_RC4_128_MD5", K::Krb5, A::Krb5, "RC4_128", Some("MD5")),
            ("TLS_ECDH_ECDSA_WITH_NULL_SHA", K::EcdhStatic, A::Ecdsa, "NULL", Some("SHA")),
            (
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                K::Ecdhe,
                A::Ecdsa,
                "AES_256_GCM",
                Some("SHA384"),
            ),
            (
                "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT",
                K::Gost,
                A::Gost,
                "28147_CNT",
                Some("IMIT"),
            ),
            ("TLS_GOSTR341112_256_WITH_MAGMA_MGM_S", K::Tls13, A::Tls13, "MAGMA_MGM_S", None),
            ("TLS_AES_128_CCM_8_SHA256", K::Tls13, A::Tls13, "AES_128_CCM_8", Some("SHA256")),
            ("TLS_SHA384_SHA384", K::Tls13, A::Tls13, "NULL", Some("SHA384")),
            ("TLS_SM4_GCM_SM3", K::Tls13, A::Tls13, "SM4_GCM", Some("SM3")),
            ("TLS_FALLBACK_SCSV", K::Signal, A::Null, "", None),
            ("SSL_FORTEZZA_KEA_WITH_NULL_SHA", K::Fortezza, A::Fortezza, "NULL", Some("SHA")),
            ("SSL_RSA_FIPS_WITH_DES_CBC_SHA", K::Rsa, A::Rsa, "DES_CBC", Some("SHA")),
        ] {
            let suite = cipher_suite_by_name(name).unwrap();
            assert_eq!(suite.key_exchange, key_exchange, "{name}");
            assert_eq!(suite.authentication, authentication, "{name}");
            assert_eq!((suite.cipher, suite.hash), (cipher, hash), "{name}");
            assert_eq!(suite.export, name.contains("EXPORT"), "{name}");
        }
    }

    #[test]
    fn only_one_suite_has_no_key_exchange_and_only_the_signals_are_signals() {
        for suite in cipher_suites() {
            assert_eq!(suite.key_exchange == KeyExchange::Null, suite.code == 0, "{}", suite.name);
            assert_eq!(
                suite.key_exchange == KeyExchange::Signal,
                is_scsv(suite.code),
                "{}",
                suite.name
            );
        }
    }

    #[test]
    fn numbers_without_a_name_stay_numbers() {
        assert_eq!(cipher_suite(0x0a0a), None);
        assert_eq!(cipher_suite_name(0x0a0a), "GREASE (0x0a0a)");
        assert_eq!(cipher_suite_name(0xabcd), "0xabcd");
    }

    #[test]
    fn the_registered_chacha20_suite_has_the_name_of_its_draft() {
        let suite = cipher_suite_by_name("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256").unwrap();
        assert_eq!(suite.code, 0xcca8);
        assert_eq!(cipher_suite(0xcc13).unwrap().name, suite.name);
    }

    /// The numbers that we know and `tls-parser` 0.12.2 does not, with the reason.
    fn unknown_to_tls_parser(code: u16) -> Option<&'static str> {
        match code {
            0x001c | 0x001d => Some("SSL 3.0 only"),
            0x006e..=0x0071 => Some("Ascon, registered in 2026"),
            0x0080..=0x0083 => Some("GOST, never registered"),
            0xc100..=0xc106 => Some("GOST, RFC 9189 and RFC 9367"),
            0xcc13..=0xcc15 => Some("ChaCha20 before RFC 7905"),
            0xfefe | 0xfeff | 0xffe0 | 0xffe1 => Some("Netscape"),
            _ => None,
        }
    }

    #[test]
    fn names_agree_with_tls_parser() {
        for code in 0..=u16::MAX {
            let ours = cipher_suite(code).map(|suite| suite.name);
            match TlsCipherSuite::from_id(code) {
                Some(theirs) => assert_eq!(ours, Some(theirs.name)),
                None => {
                    assert_eq!(ours.is_some(), unknown_to_tls_parser(code).is_some(), "{code:#06x}")
                }
            }
        }
    }

    fn as_tls_parser_says(suite: &CipherSuite) -> (Kx, Au) {
        use Authentication as A;
        use KeyExchange as K;
        let kx = match suite.key_exchange {
            K::Null | K::Signal | K::Fortezza | K::Gost => Kx::Null,
            K::Rsa | K::RsaPsk => Kx::Rsa,
            K::DhStatic | K::DhAnon => Kx::Dh,
            K::Dhe | K::DhePsk => Kx::Dhe,
            K::EcdhStatic | K::EcdhAnon => Kx::Ecdh,
            K::Ecdhe | K::EcdhePsk => Kx::Ecdhe,
            K::Psk => Kx::Psk,
            K::Srp => Kx::Srp,
            K::Krb5 => Kx::Krb5,
            K::Eccpwd => Kx::Eccpwd,
            K::Tls13 => Kx::Tls13,
        };
        let au = match (suite.key_exchange, suite.authentication) {
            (K::RsaPsk, _) | (_, A::Psk) => Au::Psk,
            (K::Srp, A::Rsa) => Au::Srp_Rsa,
            (K::Srp, A::Dss) => Au::Srp_Dss,
            (_, A::Null | A::Anon | A::Fortezza | A::Gost) => Au::Null,
            (_, A::Rsa) => Au::Rsa,
            (_, A::Ecdsa) => Au::Ecdsa,
            (_, A::Dss) => Au::Dss,
            (_, A::Srp) => Au::Srp,
            (_, A::Krb5) => Au::Krb5,
            (_, A::Eccpwd) => Au::Eccpwd,
            (_, A::Tls13) => Au::Tls13,
        };
        (kx, au)
    }

    #[test]
    fn key_exchange_and_authentication_agree_with_tls_parser() {
        let mut differences = Vec::new();
        for suite in cipher_suites() {
            if let Some(theirs) = TlsCipherSuite::from_id(suite.code)
                && as_tls_parser_says(suite) != (theirs.kx, theirs.au)
            {
                differences.push((suite.name, theirs.kx, theirs.au));
            }
        }
        // tls-parser takes the words in the order in which RFC 6655 wrote them; they are DHE_PSK suites (RFC 6655, 5).
        assert_eq!(
            differences,
            [
                ("TLS_PSK_DHE_WITH_AES_128_CCM_8", Kx::Psk, Au::Dhe),
                ("TLS_PSK_DHE_WITH_AES_256_CCM_8", Kx::Psk, Au::Dhe),
            ]
        );
    }

    /// The names that an OpenSSL 3 on this machine prints; nothing is asked where there is none.
    #[test]
    fn openssl_names_agree_with_the_command() {
        let run = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).output().ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let Some(list) = run(&["version"])
            .filter(|version| version.starts_with("OpenSSL 3."))
            .and_then(|_| run(&["ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]))
        else {
            return;
        };
        for line in list.lines() {
            let mut words = line.split_whitespace();
            let code = words.next().unwrap().replace(",0x", "");
            let code = u16::from_str_radix(code.trim_start_matches("0x"), 16).unwrap();
            let name = words.nth(1).unwrap();
            assert_eq!(cipher_suite_by_name(name).unwrap().code, code, "{line}");
        }
    }
}
