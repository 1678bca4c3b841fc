//! Hellos in JSON. What a side says in each of its hellos is written once, and copied;
//! random numbers and the like are new in each.

use std::sync::Arc;

use serde::Serialize;

use super::code::{
    Code, ExtensionDocument, code16, extensions, groups, schemes, ssl2_kind, suite, versions,
};
use super::object::{Object, members, text};
use super::parts::{Kept, Parts, length_key, numbers_key, text_key};
use super::value::Hex;
use crate::tls::{ClientHello, Entry, Extension, Role, ServerHello, describe, fingerprint, names};

/// What a client offers each time, as text.
pub(super) struct Offer {
    /// The server name.
    pub(super) sni: Vec<u8>,
    /// JA3 and JA4, an object.
    pub(super) fingerprints: Vec<u8>,
    /// What its hello says but for what is new in each, an object.
    pub(super) hello: Vec<u8>,
}

/// What a server answers each time, as text.
pub(super) struct Answer {
    /// The version.
    pub(super) version: Vec<u8>,
    /// The cipher suite.
    pub(super) suite: Vec<u8>,
    /// The fingerprint.
    pub(super) ja3s: Vec<u8>,
    /// What its hello says but for what is new in each, an object.
    pub(super) hello: Vec<u8>,
}

impl Kept for Offer {
    fn bytes(&self) -> usize {
        self.sni.len() + self.fingerprints.len() + self.hello.len()
    }
}

impl Kept for Answer {
    fn bytes(&self) -> usize {
        self.version.len() + self.suite.len() + self.ja3s.len() + self.hello.len()
    }
}

/// What a ClientHello offers.
pub(super) fn offer(hello: &ClientHello, parts: &mut Parts) -> Arc<Offer> {
    let make = || Offer {
        sni: text(&hello.server_name),
        fingerprints: text(&FingerprintsDocument::of(hello)),
        hello: text(&OfferDocument::of(hello)),
    };
    parts.offers.get(|key| client_key(hello, key), make)
}

/// What a ServerHello or HelloRetryRequest answers.
pub(super) fn answer(hello: &ServerHello, parts: &mut Parts) -> Arc<Answer> {
    let version = Some(hello.version()).filter(|version| *version != 0);
    let make = || Answer {
        version: text(&version.map(names::version_name)),
        suite: text(&hello.cipher_suite.map(suite)),
        ja3s: text(&fingerprint::ja3s(hello)),
        hello: text(&AnswerDocument::of(hello)),
    };
    parts.answers.get(|key| server_key(hello, key), make)
}

/// Writes what is new in every hello.
pub(super) fn new_each_time(
    entry: &Entry,
    random: &[u8],
    session_id: &[u8],
    object: &mut Object<'_>,
) {
    members!(object, {
        "frame": entry.frame,
        "random": Hex(random),
        "session_id": Hex(session_id),
    });
}

/// Everything that the texts of an offer depend on.
fn client_key(hello: &ClientHello, key: &mut Vec<u8>) {
    key.extend(&[u8::from(hello.whole), u8::from(hello.ssl2_format)]);
    key.extend(&hello.legacy_version.to_be_bytes());
    numbers_key(hello.cipher_suites.iter().map(|suite| suite.to_be_bytes()), key);
    extensions_key(&hello.extensions, Role::Client, key);
    numbers_key(hello.key_share_groups().into_iter().map(u16::to_be_bytes), key);
}

/// Everything that the texts of an answer depend on.
fn server_key(hello: &ServerHello, key: &mut Vec<u8>) {
    key.push(u8::from(hello.whole));
    key.extend(&hello.legacy_version.to_be_bytes());
    numbers_key(hello.cipher_suite.into_iter().map(u16::to_be_bytes), key);
    extensions_key(&hello.extensions, Role::Server, key);
    numbers_key(hello.key_share_group().into_iter().map(u16::to_be_bytes), key);
}

fn extensions_key(list: &[Extension], from: Role, key: &mut Vec<u8>) {
    length_key(list.len(), key);
    for extension in list {
        key.extend(&extension.code.to_be_bytes());
        key.push(u8::from(extension.whole));
        length_key(extension.body.len(), key);
        if extension.is_fresh() {
            text_key(describe(extension, from).unwrap_or_default().as_bytes(), key);
        } else {
            key.extend(&extension.body);
        }
    }
}

/// JA3 and JA4 of a ClientHello.
#[derive(Serialize)]
struct FingerprintsDocument {
    ja3: Option<String>,
    ja4: Option<String>,
}

impl FingerprintsDocument {
    fn of(hello: &ClientHello) -> Self {
        Self { ja3: fingerprint::ja3(hello), ja4: fingerprint::ja4(hello) }
    }
}

#[derive(Serialize)]
struct OfferDocument {
    whole: bool,
    ssl2_format: bool,
    legacy_version: Code,
    cipher_suites: Vec<Code>,
    extensions: Vec<ExtensionDocument>,
    supported_versions: Vec<Code>,
    signature_algorithms: Vec<Code>,
    signature_algorithms_cert: Vec<Code>,
    supported_groups: Vec<Code>,
    key_share_groups: Vec<Code>,
    alpn: Vec<String>,
    session_ticket: bool,
    pre_shared_key: bool,
    extended_master_secret: bool,
    ech_outer: bool,
}

impl OfferDocument {
    fn of(hello: &ClientHello) -> Self {
        let suite_code = |code: &u32| match u16::try_from(*code) {
            Ok(code) if !hello.ssl2_format => suite(code),
            _ => ssl2_kind(*code),
        };
        Self {
            whole: hello.whole,
            ssl2_format: hello.ssl2_format,
            legacy_version: code16(hello.legacy_version, names::version_name(hello.legacy_version)),
            cipher_suites: hello.cipher_suites.iter().map(suite_code).collect(),
            extensions: extensions(&hello.extensions, Role::Client),
            supported_versions: versions(&hello.supported_versions()),
            signature_algorithms: schemes(&hello.signature_algorithms()),
            signature_algorithms_cert: schemes(&hello.signature_algorithms_cert()),
            supported_groups: groups(&hello.supported_groups()),
            key_share_groups: groups(&hello.key_share_groups()),
            alpn: hello.alpn(),
            session_ticket: hello.has_ticket(),
            pre_shared_key: hello.offers_psk(),
            extended_master_secret: hello.offers_extended_master_secret(),
            ech_outer: hello.is_ech_outer(),
        }
    }
}

#[derive(Serialize)]
struct AnswerDocument {
    whole: bool,
    legacy_version: Option<Code>,
    version: Option<Code>,
    cipher_suite: Option<Code>,
    extensions: Vec<ExtensionDocument>,
    key_share_group: Option<Code>,
    alpn: Option<String>,
    pre_shared_key: bool,
}

impl AnswerDocument {
    fn of(hello: &ServerHello) -> Self {
        // A message that is cut before the field says nothing of it.
        let known =
            |version: u16| (version != 0).then(|| code16(version, names::version_name(version)));
        Self {
            whole: hello.whole,
            legacy_version: known(hello.legacy_version),
            version: known(hello.version()),
            cipher_suite: hello.cipher_suite.map(suite),
            extensions: extensions(&hello.extensions, Role::Server),
            key_share_group: hello
                .key_share_group()
                .map(|group| code16(group, names::group_name(group))),
            alpn: hello.alpn(),
            pre_shared_key: hello.accepts_psk(),
        }
    }
}
