//! Hellos and other messages in JSON: numbers with their names, in wire order.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::object::{Object, put};
use super::parts::{Kind, Parts};
use crate::tls::{
    CertificateRequest, ClientHello, EncryptedExtensions, Entry, Extension, Handshake,
    KeyExchangeParameters, Role, ServerHello, ServerKeyExchange, describe,
    describe_beside_certificate, fingerprint, names,
};
use crate::wire::text::hex;
use crate::x509::Name;

/// A protocol number and its name, `{"code": "0xc02c", "name": "..."}`: on one line
/// also in the indented document, where lists of them are long.
pub(super) struct Code {
    code: String,
    name: Cow<'static, str>,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = OneLine::default();
        object.text("code", &self.code);
        object.text("name", &self.name);
        object.serialize(serializer)
    }
}

/// A small object without line breaks, written field by field: a hello has a hundred.
#[derive(Default)]
struct OneLine(String);

impl OneLine {
    fn field(&mut self, name: &str) {
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ", \"" });
        self.0.push_str(name);
        self.0.push_str("\": ");
    }

    /// Only names out of our own tables come here, which need no more than the standard
    /// escapes.
    fn text(&mut self, name: &str, value: &str) {
        self.field(name);
        if value.bytes().all(|byte| matches!(byte, b' '..=b'~' if byte != b'"' && byte != b'\\')) {
            self.0.push('"');
            self.0.push_str(value);
            self.0.push('"');
        } else {
            self.0.push_str(&serde_json::Value::from(value).to_string());
        }
    }

    fn value(&mut self, name: &str, value: impl Display) {
        self.field(name);
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
    }

    fn serialize<S: Serializer>(mut self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.push('}');
        RawValue::from_string(self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

fn code16(code: u16, name: impl Into<Cow<'static, str>>) -> Code {
    Code { code: format!("0x{code:04x}"), name: name.into() }
}

pub(super) fn suite(code: u16) -> Code {
    code16(code, names::cipher_suite_name(code))
}

fn versions(list: &[u16]) -> Vec<Code> {
    list.iter().map(|version| code16(*version, names::version_name(*version))).collect()
}

fn groups(list: &[u16]) -> Vec<Code> {
    list.iter().map(|group| code16(*group, names::group_name(*group))).collect()
}

fn schemes(list: &[u16]) -> Vec<Code> {
    list.iter().map(|code| scheme(*code)).collect()
}

pub(super) fn scheme(code: u16) -> Code {
    code16(code, names::signature_scheme_name(code))
}

fn extensions(list: &[Extension], from: Role) -> Vec<ExtensionDocument> {
    let document = |one| ExtensionDocument::of(one, describe(one, from));
    list.iter().map(document).collect()
}

/// The extensions beside a certificate of TLS 1.3.
pub(super) fn entry_extensions(list: &[Extension]) -> Vec<ExtensionDocument> {
    let document = |one| ExtensionDocument::of(one, describe_beside_certificate(one));
    list.iter().map(document).collect()
}

pub(super) struct ExtensionDocument {
    code: u16,
    name: String,
    length: usize,
    whole: bool,
    value: Option<String>,
}

impl ExtensionDocument {
    fn of(extension: &Extension, value: Option<String>) -> Self {
        Self {
            code: extension.code,
            name: names::extension_name(extension.code).into_owned(),
            length: extension.body.len(),
            whole: extension.whole,
            value,
        }
    }
}

impl Serialize for ExtensionDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = OneLine::default();
        object.value("code", self.code);
        object.text("name", &self.name);
        object.value("length", self.length);
        object.value("whole", self.whole);
        if let Some(value) = &self.value {
            object.text("value", value);
        }
        object.serialize(serializer)
    }
}

/// A ClientHello: what is new in each first, then what the client offers each time.
pub(super) fn client_hello(
    (entry, hello): (&Entry, &ClientHello),
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    new_each_time(entry, &hello.random, &hello.session_id, object);
    let offer = parts.text(
        Kind::Offer,
        |key| client_key(hello, key),
        |out| put(&OfferDocument::of(hello), out),
    );
    object.members_of(offer);
}

/// What is new in every hello.
fn new_each_time(entry: &Entry, random: &[u8], session_id: &[u8], object: &mut Object<'_>) {
    object.member("frame", &entry.frame);
    object.member("random", &hex(random));
    object.member("session_id", &hex(session_id));
}

/// JA3 and JA4 of a ClientHello.
pub(super) fn fingerprints(
    hello: Option<&ClientHello>,
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    #[derive(Serialize)]
    struct Fingerprints {
        ja3: Option<String>,
        ja4: Option<String>,
    }
    let text = parts.text(
        Kind::Fingerprints,
        |key| hello.into_iter().for_each(|hello| client_key(hello, key)),
        |out| {
            let (ja3, ja4) = (hello.and_then(fingerprint::ja3), hello.and_then(fingerprint::ja4));
            put(&Fingerprints { ja3, ja4 }, out);
        },
    );
    object.members_of(text);
}

/// Everything that the text of an offer depends on.
fn client_key(hello: &ClientHello, key: &mut Vec<u8>) {
    key.extend([u8::from(hello.whole), u8::from(hello.ssl2_format)]);
    key.extend(hello.legacy_version.to_be_bytes());
    key.extend((hello.cipher_suites.len() as u64).to_be_bytes());
    hello.cipher_suites.iter().for_each(|suite| key.extend(suite.to_be_bytes()));
    extensions_key(&hello.extensions, Role::Client, key);
    hello.key_share_groups().iter().for_each(|group| key.extend(group.to_be_bytes()));
}

fn extensions_key(list: &[Extension], from: Role, key: &mut Vec<u8>) {
    key.extend((list.len() as u64).to_be_bytes());
    for extension in list {
        key.extend(extension.code.to_be_bytes());
        key.push(u8::from(extension.whole));
        key.extend((extension.body.len() as u64).to_be_bytes());
        if extension.is_fresh() {
            let said = describe(extension, from).unwrap_or_default();
            key.extend((said.len() as u64).to_be_bytes());
            key.extend(said.as_bytes());
        } else {
            key.extend(&extension.body);
        }
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

/// A three-byte cipher kind: those that begin with zero are suites of TLS.
fn ssl2_kind(code: u32) -> Code {
    let name = match u16::try_from(code) {
        Ok(code) => names::cipher_suite_name(code),
        Err(_) => Cow::Owned(format!("0x{code:06x}")),
    };
    Code { code: format!("0x{code:06x}"), name }
}

/// A ServerHello or HelloRetryRequest: what is new in each first, then what the server
/// answers each time.
pub(super) fn server_hello(
    (entry, hello): (&Entry, &ServerHello),
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    new_each_time(entry, &hello.random, &hello.session_id, object);
    let answer = parts.text(
        Kind::Answer,
        |key| {
            key.push(u8::from(hello.whole));
            key.extend(hello.legacy_version.to_be_bytes());
            key.extend(hello.cipher_suite.map_or([0; 3], |suite| {
                let [high, low] = suite.to_be_bytes();
                [1, high, low]
            }));
            extensions_key(&hello.extensions, Role::Server, key);
            hello.key_share_group().iter().for_each(|group| key.extend(group.to_be_bytes()));
        },
        |out| put(&AnswerDocument::of(hello), out),
    );
    object.members_of(answer);
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

#[derive(Serialize)]
pub(super) struct EncryptedExtensionsDocument {
    frame: u64,
    whole: bool,
    extensions: Vec<ExtensionDocument>,
    alpn: Option<String>,
}

impl EncryptedExtensionsDocument {
    pub(super) fn of(entry: &Entry, message: &EncryptedExtensions) -> Self {
        Self {
            frame: entry.frame,
            whole: message.whole,
            extensions: extensions(&message.extensions, Role::Server),
            alpn: message.alpn(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct KeyExchangeDocument {
    frame: u64,
    group: Option<Code>,
    explicit_curve: bool,
    dh_bits: Option<usize>,
    signature_algorithm: Option<Code>,
}

impl KeyExchangeDocument {
    pub(super) fn of(entry: &Entry, exchange: &ServerKeyExchange) -> Self {
        let group = match exchange.parameters {
            Some(KeyExchangeParameters::Group(group)) => Some(group),
            _ => None,
        };
        Self {
            frame: entry.frame,
            group: group.map(|group| code16(group, names::group_name(group))),
            explicit_curve: exchange.parameters == Some(KeyExchangeParameters::ExplicitCurve),
            dh_bits: match exchange.parameters {
                Some(KeyExchangeParameters::DhBits(bits)) => Some(bits),
                _ => None,
            },
            signature_algorithm: exchange.signature_algorithm.map(scheme),
        }
    }
}

#[derive(Serialize)]
pub(super) struct CertificateRequestDocument {
    frame: u64,
    whole: bool,
    certificate_types: Vec<String>,
    signature_algorithms: Vec<Code>,
    ca_names: Vec<String>,
}

impl CertificateRequestDocument {
    pub(super) fn of(entry: &Entry, request: &CertificateRequest) -> Self {
        Self {
            frame: entry.frame,
            whole: request.whole,
            certificate_types: request
                .certificate_types
                .iter()
                .map(|kind| names::client_certificate_type_name(*kind).into_owned())
                .collect(),
            signature_algorithms: schemes(&request.signature_algorithms),
            ca_names: request.authorities.iter().map(|der| authority(der)).collect(),
        }
    }
}

/// A distinguished name, or its bytes where they are none.
pub(in super::super) fn authority(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(|_| format!("0x{}", hex(der)), |name| name.to_string())
}

/// Lengths of the first encrypted records of each side.
#[derive(Serialize)]
pub(super) struct EncryptedDocument {
    client: Vec<usize>,
    server: Vec<usize>,
}

impl EncryptedDocument {
    pub(super) fn of(handshake: &Handshake) -> Self {
        let lengths = |role| handshake.encrypted(role).map(|(_, length)| length).collect();
        Self { client: lengths(Role::Client), server: lengths(Role::Server) }
    }
}
