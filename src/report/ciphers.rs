//! A cipher string expanded, and the vendor's strings.

use super::page::{Look, Page};
use crate::expressway::ciphers::{
    Authentication, Build, CertificateKind, Expansion, KeyExchange, Preference, Refusal, Suite,
    WhyIgnored, expand,
};
use crate::expressway::known_cipher_lists::known_lists;
use crate::tls::names::cipher_suite_name;
use crate::wire::text::count;

/// With this in front a list prefers RSA (225476).
const RSA_PREFIX: &str = "ECDHE-RSA-AES256-GCM-SHA384";

/// The expansion for people.
#[must_use]
pub fn render(string: &str, expansion: &Expansion, look: Look) -> String {
    let mut page = Page::new(look);
    page.column("", &order(expansion));
    for sentence in meaning(string, expansion) {
        page.column("  ", &sentence);
    }
    for note in notes(expansion) {
        page.column("  - ", &note);
    }
    page.blank();
    table(&mut page, expansion);
    page.into_text()
}

/// Which kind of certificate comes first, with the places.
#[must_use]
pub fn order(expansion: &Expansion) -> String {
    let rsa = expansion.first(CertificateKind::Rsa);
    let ecdsa = expansion.first(CertificateKind::Ecdsa);
    let later = |found: Option<(usize, &Suite)>| {
        found.map_or_else(String::new, |(place, suite)| format!("{} ({})", place + 1, suite.name))
    };
    // What comes first of the two may stand behind suites with neither.
    let first = |found: Option<(usize, &Suite)>| match found {
        Some((0, suite)) => format!("({})", suite.name),
        found => format!("at position {}", later(found)),
    };
    match expansion.preference() {
        Preference::EcdsaFirst => {
            format!("ECDSA comes first {}; RSA at position {}.", first(ecdsa), later(rsa))
        }
        Preference::RsaFirst => {
            format!("RSA comes first {}; ECDSA at position {}.", first(rsa), later(ecdsa))
        }
        Preference::RsaOnly => format!("RSA only {}; no ECDSA.", first(rsa)),
        Preference::EcdsaOnly => format!("ECDSA only {}; no RSA.", first(ecdsa)),
        Preference::None => "No suite with an RSA or EC certificate.".to_owned(),
    }
}

/// A word for the preference, for programs.
#[must_use]
pub const fn preference_word(preference: Preference) -> &'static str {
    match preference {
        Preference::RsaFirst => "rsa_first",
        Preference::EcdsaFirst => "ecdsa_first",
        Preference::RsaOnly => "rsa_only",
        Preference::EcdsaOnly => "ecdsa_only",
        Preference::None => "none",
    }
}

/// What the order means for an Expressway that is the client.
fn meaning(string: &str, expansion: &Expansion) -> Vec<String> {
    let preference = expansion.preference();
    let mut sentences = vec![effect(expansion)];
    if preference != Preference::None {
        let rsa = matches!(preference, Preference::RsaFirst | Preference::RsaOnly);
        sentences.push(vendors_test(string, rsa));
        sentences.push("Under TLS 1.3 the signature algorithms decide, not this list.".to_owned());
    }
    sentences
}

fn effect(expansion: &Expansion) -> String {
    match expansion.preference() {
        Preference::EcdsaFirst => format!(
            "A server with both kinds of certificate that goes by the client's order shows its EC certificate, which may come from another CA or be self-signed; where Expressway does not trust it, the handshake fails. To prefer RSA, put {RSA_PREFIX}: in front."
        ),
        Preference::RsaFirst => format!(
            "A server with both kinds of certificate that goes by the client's order shows its RSA certificate; one that accepts nothing above position {} shows its EC certificate all the same.",
            expansion.first(CertificateKind::Ecdsa).map_or(0, |(place, _)| place + 1)
        ),
        Preference::RsaOnly => {
            "A server that has only an EC certificate finds no suite below TLS 1.3.".to_owned()
        }
        Preference::EcdsaOnly => {
            "A server that has only an RSA certificate finds no suite below TLS 1.3.".to_owned()
        }
        Preference::None => {
            "A server that proves itself with one of them finds no suite below TLS 1.3.".to_owned()
        }
    }
}

/// The test of 225476 looks at the beginning of the string only.
fn vendors_test(string: &str, rsa_is_preferred: bool) -> String {
    let begins = string.starts_with(RSA_PREFIX);
    let (how, preferred) = if begins { ("begins", "RSA") } else { ("does not begin", "ECDSA") };
    let but = if begins == rsa_is_preferred { "" } else { "; for this list that is not so" };
    format!(
        "The vendor's test (225476): the list {how} with {RSA_PREFIX}, so {preferred} is preferred{but}."
    )
}

/// What else there is to know about the string.
fn notes(expansion: &Expansion) -> Vec<String> {
    let unknown = "ignored, with a word that OpenSSL 1.1.1 and 3.0 do not know";
    let contradiction = "ignored, because no suite can be all of it";
    let legacy = "selected too, but not listed: only OpenSSL 1.1.1 and the provider legacy have";
    let weak = "selected too, but not listed: only builds with weak ciphers have";
    let mut notes = vec![
        named(unknown, ignored(expansion, WhyIgnored::UnknownWord)),
        named(contradiction, ignored(expansion, WhyIgnored::Contradiction)),
        named(legacy, of_build(expansion, Build::Legacy)),
        named(weak, of_build(expansion, Build::Weak)),
    ];
    let more = expansion.stock().any(|suite| !matches!(key(suite), "RSA" | "ECDSA" | "DSS"));
    notes.push(more.then(|| {
        "a client offers those with PSK or SRP only if it has such a key or password, and those without a certificate (key none) only at security level 0".to_owned()
    }));
    notes.push(
        expansion.security_level.map(|level| {
            format!("what @SECLEVEL={level} takes away in a handshake is still listed")
        }),
    );
    notes.push((expansion.unread > 0).then(|| {
        let bytes = count(expansion.unread as u64, "byte");
        format!("{bytes} at the end were not read: the string is longer than any setting, or has a zero byte")
    }));
    notes.into_iter().flatten().collect()
}

fn of_build(expansion: &Expansion, build: Build) -> impl Iterator<Item = &str> {
    expansion.suites.iter().filter(move |suite| suite.build() == build).map(|suite| suite.name)
}

/// `words: a, b, c`, if there is anything to name.
fn named<'a>(words: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| format!("{words}: {}", some(&names)))
}

/// Ignored terms with one reason.
pub(super) fn ignored(expansion: &Expansion, why: WhyIgnored) -> impl Iterator<Item = &str> {
    expansion.ignored.iter().filter(move |ignored| ignored.why == why).map(|ignored| &*ignored.term)
}

/// The first of many.
fn some(words: &[&str]) -> String {
    const SHOWN: usize = 20;
    let shown = words.get(..SHOWN).unwrap_or(words).join(", ");
    match words.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

/// What the server proves itself with, and what the client must have besides.
pub(super) const fn key(suite: &Suite) -> &'static str {
    use Authentication::{Anon, Dss, Ecdsa, Psk, Rsa, Srp};
    match (suite.authentication, suite.key_exchange) {
        (Rsa, KeyExchange::RsaPsk) => "RSA+PSK",
        (Rsa, KeyExchange::Srp) => "RSA+SRP",
        (Dss, KeyExchange::Srp) => "DSS+SRP",
        (Rsa, _) => "RSA",
        (Ecdsa, _) => "ECDSA",
        (Dss, _) => "DSS",
        (Anon, _) => "none",
        (Psk, _) => "PSK",
        (Srp, _) => "SRP",
    }
}

/// Place, name of OpenSSL, name of IANA, code and key of each suite.
fn rows(expansion: &Expansion) -> Vec<[String; 5]> {
    let tls13 = expansion.tls13.iter().map(|&code| {
        let name = cipher_suite_name(code).into_owned();
        ["-".to_owned(), name.clone(), name, format!("{code:#06x}"), "any (TLS 1.3)".to_owned()]
    });
    let stock = expansion.stock().enumerate().map(|(place, suite)| {
        let code = format!("{:#06x}", suite.code);
        let number = (place + 1).to_string();
        [number, suite.name.to_owned(), suite.iana_name().into_owned(), code, key(suite).to_owned()]
    });
    tls13.chain(stock).collect()
}

/// A line for each suite; two where the terminal is too narrow for one.
fn table(page: &mut Page, expansion: &Expansion) {
    let rows = rows(expansion);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(String::len).max();
    let (own, iana) = (width(1).unwrap_or_default(), width(2).unwrap_or_default());
    let heads = ["no", "OpenSSL", "IANA", "code", "key"].map(str::to_owned);
    let all = || [&heads].into_iter().chain(&rows);
    let wide: Vec<String> = all()
        .map(|[number, name, long, code, key]| {
            format!("{number:>4}  {name:own$}  {long:iana$}  {code:6}  {key}")
        })
        .collect();
    if wide.iter().all(|line| line.len() <= page.look().full()) {
        wide.iter().for_each(|line| page.whole("", line));
        return;
    }
    for [number, name, long, code, key] in all() {
        page.fact(&format!("{number:>4}  {code:6}  {name}  {key}"));
        page.fact(&format!("      {long}"));
    }
}

/// Why OpenSSL refuses a string, in words.
#[must_use]
pub fn refusal_text(expansion: &Expansion) -> Option<String> {
    let special: Vec<&str> = expansion.suites.iter().map(|suite| suite.name).collect();
    match expansion.refusal {
        Some(Refusal::InvalidCommand(at)) => {
            let place = count(at as u64, "byte");
            Some(format!("OpenSSL refuses the whole string: invalid command after {place}"))
        }
        Some(Refusal::NoCipherMatch) => {
            Some("OpenSSL refuses the string: no cipher match".to_owned())
        }
        None if expansion.stock().next().is_none() => Some(format!(
            "OpenSSL refuses the string: no cipher match; only special builds have {}",
            some(&special)
        )),
        None => None,
    }
}

/// The vendor's strings for people.
#[must_use]
pub fn render_known(look: Look) -> String {
    let mut page = Page::new(look);
    for list in known_lists() {
        page.heading(&format!("{}: {}", list.id, list.name));
        page.whole("  ", &list.string());
        page.fact(&format!("  {}", order(&expand(&list.string()))));
        page.fact(&format!("  source: {}", list.source));
    }
    page.into_text()
}
