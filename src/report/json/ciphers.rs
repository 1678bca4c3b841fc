//! The documents of `tlsight ciphers --json`.

use std::io::{self, Write};

use serde::Serialize;

use super::formatter;
use crate::expressway::ciphers::{Build, CertificateKind, Expansion, Suite, WhyIgnored, expand};
use crate::expressway::known_cipher_lists::known_lists;
use crate::report::ciphers::{ignored, key, order, preference_word};
use crate::tls::names::cipher_suite_name;

#[derive(Serialize)]
struct ExpansionDocument<'a> {
    string: &'a str,
    preference: &'static str,
    order: String,
    first_rsa: Option<usize>,
    first_ecdsa: Option<usize>,
    security_level: Option<u8>,
    tls13: Vec<Tls13Document>,
    suites: Vec<SuiteDocument>,
    special_builds: Vec<SuiteDocument>,
    ignored: Vec<IgnoredDocument<'a>>,
    unread_bytes: usize,
}

#[derive(Serialize)]
struct Tls13Document {
    code: String,
    name: String,
}

#[derive(Serialize)]
struct SuiteDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<usize>,
    code: String,
    openssl: &'static str,
    name: String,
    key: &'static str,
    strength_bits: u16,
    build: &'static str,
}

#[derive(Serialize)]
struct IgnoredDocument<'a> {
    term: &'a str,
    why: &'static str,
}

#[derive(Serialize)]
struct KnownDocument {
    lists: Vec<KnownListDocument>,
}

#[derive(Serialize)]
struct KnownListDocument {
    id: &'static str,
    name: &'static str,
    string: String,
    preference: &'static str,
    source: &'static str,
}

/// Writes what a string stands for. Numbers count from 1.
///
/// # Errors
/// What the writer says.
pub fn write_ciphers(string: &str, expansion: &Expansion, out: &mut impl Write) -> io::Result<()> {
    let first = |kind| expansion.first(kind).map(|(place, _)| place + 1);
    let suites = expansion.stock().enumerate().map(|(place, s)| document(Some(place + 1), s));
    let special = expansion.suites.iter().filter(|suite| suite.build() != Build::Stock);
    let document = ExpansionDocument {
        string,
        preference: preference_word(expansion.preference()),
        order: order(expansion),
        first_rsa: first(CertificateKind::Rsa),
        first_ecdsa: first(CertificateKind::Ecdsa),
        security_level: expansion.security_level,
        tls13: expansion.tls13.iter().map(|code| tls13(*code)).collect(),
        suites: suites.collect(),
        special_builds: special.map(|suite| document(None, suite)).collect(),
        ignored: ignored_terms(expansion),
        unread_bytes: expansion.unread,
    };
    formatter::pretty(&document, out)
}

fn tls13(code: u16) -> Tls13Document {
    Tls13Document { code: hex(code), name: cipher_suite_name(code).into_owned() }
}

fn document(number: Option<usize>, suite: &Suite) -> SuiteDocument {
    SuiteDocument {
        number,
        code: hex(suite.code),
        openssl: suite.name,
        name: suite.iana_name().into_owned(),
        key: key(suite),
        strength_bits: suite.strength_bits(),
        build: match suite.build() {
            Build::Stock => "stock",
            Build::Legacy => "legacy",
            Build::Weak => "weak-ssl-ciphers",
        },
    }
}

fn hex(code: u16) -> String {
    format!("{code:#06x}")
}

fn ignored_terms(expansion: &Expansion) -> Vec<IgnoredDocument<'_>> {
    let reasons =
        [(WhyIgnored::UnknownWord, "unknown_word"), (WhyIgnored::Contradiction, "contradiction")];
    let terms = reasons.into_iter().flat_map(|(why, word)| {
        ignored(expansion, why).map(move |term| IgnoredDocument { term, why: word })
    });
    terms.collect()
}

/// Writes the vendor's strings.
///
/// # Errors
/// What the writer says.
pub fn write_known_ciphers(out: &mut impl Write) -> io::Result<()> {
    let lists = known_lists().iter().map(|list| KnownListDocument {
        id: list.id,
        name: list.name,
        string: list.string(),
        preference: preference_word(expand(&list.string()).preference()),
        source: list.source,
    });
    formatter::pretty(&KnownDocument { lists: lists.collect() }, out)
}
