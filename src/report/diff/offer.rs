//! What the client offered, without what its random numbers put there.

use super::facts::{Aspect, Content, Fact, Value};
use crate::connection::Connection;
use crate::rules::{Preference, preference};
use crate::tls::ClientHello;
use crate::tls::names::{self, SignatureKey};

/// Suites and algorithms that are told; the list has all.
const TOLD: usize = 2;

/// The facts of the first ClientHello.
pub(super) fn facts(connection: &Connection) -> Vec<(Aspect, Fact)> {
    const ASPECTS: [Aspect; 4] = [
        Aspect::ServerName,
        Aspect::OfferedVersions,
        Aspect::OfferedSuites,
        Aspect::OfferedSignatures,
    ];
    let Some(hello) = connection.handshake.client_hello().filter(|hello| hello.whole) else {
        let hidden = Fact::Hidden("ClientHello not captured whole");
        return ASPECTS.map(|aspect| (aspect, hidden.clone())).into();
    };
    let name = hello.server_name.clone().unwrap_or_else(|| "none".to_owned());
    let facts = [Fact::plain(name), versions(hello), suites(connection, hello), signatures(hello)];
    ASPECTS.into_iter().zip(facts).collect()
}

/// Numbers that clients throw in at random so that servers get used to unknown ones
/// (RFC 8701, 2).
const fn is_grease(code: u16) -> bool {
    code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff
}

/// A list of numbers whose order counts.
fn list(codes: &[u16], text: String, name: impl Fn(u16) -> String) -> Fact {
    let id: Vec<String> = codes.iter().map(|code| format!("{code:04x}")).collect();
    let content = Content::List(codes.iter().map(|code| name(*code)).collect());
    Fact::Seen(Value { id: id.join(" "), text, content })
}

fn versions(hello: &ClientHello) -> Fact {
    let mut codes = hello.supported_versions();
    codes.retain(|code| !is_grease(*code));
    if codes.is_empty() {
        return Fact::plain(format!("up to {}", names::version_name(hello.legacy_version)));
    }
    let name = |code| names::version_name(code).into_owned();
    let all: Vec<String> = codes.iter().copied().map(name).collect();
    list(&codes, all.join(", "), name)
}

/// `ECDSA first (ECDHE-ECDSA-AES256-GCM-SHA384, ...)`; those of TLS 1.3 are left out of
/// the words, because they tell nothing of the key.
fn suites(connection: &Connection, hello: &ClientHello) -> Fact {
    let codes: Vec<u16> = hello.suites().filter(|code| !is_grease(*code)).collect();
    let older = codes.iter().filter(|code| **code >> 8 != 0x13).copied();
    let order = preference(connection).map(Preference::words);
    list(&codes, beginning(order, older, suite), suite)
}

fn suite(code: u16) -> String {
    let openssl = names::cipher_suite(code).and_then(|suite| suite.openssl_name);
    openssl.map_or_else(|| names::cipher_suite_name(code).into_owned(), str::to_owned)
}

fn signatures(hello: &ClientHello) -> Fact {
    let mut codes = hello.signature_algorithms();
    codes.retain(|code| !is_grease(*code));
    let name = |code| names::signature_scheme_name(code).into_owned();
    let order = codes.iter().find_map(|code| match names::signature_key(*code) {
        SignatureKey::Rsa => Some("RSA first"),
        SignatureKey::Ecdsa => Some("ECDSA first"),
        _ => None,
    });
    let text = beginning(order, codes.iter().copied(), name);
    list(&codes, text, name)
}

/// The order in a word, and the first entries.
fn beginning(
    order: Option<&str>,
    codes: impl Iterator<Item = u16>,
    name: impl Fn(u16) -> String,
) -> String {
    let mut first: Vec<String> = codes.take(TOLD + 1).map(name).collect();
    if first.is_empty() {
        return "none".to_owned();
    }
    if first.len() > TOLD {
        first.truncate(TOLD);
        first.push("...".to_owned());
    }
    let first = first.join(", ");
    order.map_or_else(|| first.clone(), |order| format!("{order} ({first})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_random_is_left_out() {
        assert!(is_grease(0x0a0a) && is_grease(0xfafa));
        assert!(!is_grease(0x1a0a) && !is_grease(0xc02c) && !is_grease(0x0a0b));
    }

    #[test]
    fn the_order_stands_before_the_first_entries() {
        let name = |code: u16| code.to_string();
        assert_eq!(
            beginning(Some("RSA first"), [1, 2, 3].into_iter(), name),
            "RSA first (1, 2, ...)"
        );
        assert_eq!(beginning(None, [1, 2].into_iter(), name), "1, 2");
        assert_eq!(beginning(None, std::iter::empty(), name), "none");
    }
}
