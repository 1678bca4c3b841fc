//! The certificates of a connection in JSON, and what became of them.

use serde::Serialize;

use super::code::entry_extensions;
use super::key::{DelegatedCredentialDocument, RawPublicKeyDocument};
use super::object::{Object, members, text};
use super::parts::Parts;
use super::path::PathDocument;
use super::value::{Hex, Word, Written};
use crate::connection::{Connection, NameVerdict, PathVerdict, Presented};
use crate::time::date_text;
use crate::tls::{Body, CertificateList, Handshake};
use crate::wire::text::hex;
use crate::x509::{Certificate, OcspResponse};

/// Writes the certificates, and what became of them.
pub(super) fn trust(connection: &Connection, parts: &mut Parts, object: &mut Object<'_>) {
    let handshake = &connection.handshake;
    let of_server = Some(connection.server_certificates.as_slice());
    certificates("server_certificates", of_server, handshake, parts, object);
    let of_client = connection.client_certificates.as_deref();
    certificates("client_certificates", of_client, handshake, parts, object);
    let raw = RawPublicKeyDocument::all(handshake);
    if !raw.is_empty() {
        object.document("raw_public_keys", &raw);
    }
    path("server_path", &connection.server_path, parts, object);
    path("client_path", &connection.client_path, parts, object);
    object.object("name_check", |inner| name_check(&connection.name, inner));
    object.optional("ocsp_staple", OcspDocument::of(handshake), |staple, inner| {
        inner.members_of(&text(&staple));
    });
}

/// The certificates of a side; `null` where it was not asked for any.
fn certificates(
    name: &'static str,
    shown: Option<&[Presented]>,
    handshake: &Handshake,
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    let Some(shown) = shown else { return object.null(name) };
    let frame = shown.first().map(|first| first.frame);
    let message = handshake.messages().find_map(|(entry, message)| match &message.body {
        Body::Certificate(list) if Some(entry.frame) == frame => Some(&**list),
        _ => None,
    });
    object.objects(name, shown.iter().zip(0..), |(shown, index), inner| {
        inner.member("frame", &shown.frame);
        let key = |key: &mut Vec<u8>| key.extend(shown.sha256());
        inner.members_of(&parts.certificates.get(key, || certificate(shown)));
        beside(message, index, inner);
    });
}

/// A certificate, without what is beside it in its message.
fn certificate(shown: &Presented) -> Vec<u8> {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.member("sha256", &Hex(shown.sha256()));
    match &shown.certificate {
        Err(error) => object.member("error", &error.to_string()),
        Ok(certificate) => object.members_of(&text(&CertificateContent::of(certificate))),
    }
    object.end();
    out
}

/// What TLS 1.3 puts beside a certificate.
fn beside(message: Option<&CertificateList>, index: usize, object: &mut Object<'_>) {
    let Some(list) = message else { return };
    let extensions = entry_extensions(list.extensions_of(index));
    if !extensions.is_empty() {
        object.document("entry_extensions", &extensions);
    }
    if let Some(credential) = list.delegated_credential(index) {
        object.document("delegated_credential", &DelegatedCredentialDocument::of(&credential));
    }
}

fn path(name: &'static str, verdict: &PathVerdict, parts: &mut Parts, object: &mut Object<'_>) {
    match verdict {
        PathVerdict::Judged(chain) => {
            let text = parts.chains.text(chain, || text(&PathDocument::of(chain)));
            object.member(name, &Written(text));
        }
        PathVerdict::NotJudged(reason) => {
            object.object(name, |inner| inner.member("not_judged", &Word(reason.reason())));
        }
    }
}

fn name_check(verdict: &NameVerdict, object: &mut Object<'_>) {
    match verdict {
        NameVerdict::NotJudged(reason) => object.member("not_judged", &Word(reason.reason())),
        NameVerdict::Checked { reference, matches, traffic_server, sip_zone, presented } => {
            members!(object, {
                "reference": reference.to_string(),
                "source": Word(reference.source()),
                "matches": matches,
                "traffic_server": traffic_server,
                "sip_zone": sip_zone,
                "presented": &**presented,
            });
        }
    }
}

#[derive(Serialize)]
struct OcspDocument {
    frame: u64,
    response_status: Option<u64>,
    answers: Vec<OcspAnswerDocument>,
    error: Option<String>,
}

#[derive(Serialize)]
struct OcspAnswerDocument {
    serial: String,
    status: &'static str,
    this_update: String,
    next_update: Option<String>,
}

impl OcspDocument {
    fn of(handshake: &Handshake) -> Option<Self> {
        let (entry, response) = handshake.stapled()?;
        let parsed = OcspResponse::parse(response);
        let answers = parsed.iter().flat_map(|staple| &staple.answers);
        Some(Self {
            frame: entry.frame,
            response_status: parsed.as_ref().ok().map(|staple| staple.status),
            answers: answers
                .map(|answer| OcspAnswerDocument {
                    serial: answer.serial.to_string(),
                    status: answer.status.word(),
                    this_update: date(&answer.this_update),
                    next_update: answer.next_update.as_ref().map(date),
                })
                .collect(),
            error: parsed.as_ref().err().map(ToString::to_string),
        })
    }
}

#[derive(Serialize)]
pub(super) struct CertificateContent {
    serial: String,
    serial_hex: String,
    subject: String,
    subject_cn: Option<String>,
    issuer: String,
    issuer_cn: Option<String>,
    not_before: String,
    not_after: String,
    self_signed: bool,
    version: u64,
    key: String,
    signature_algorithm: String,
    san: Vec<String>,
    key_usage: Vec<&'static str>,
    extended_key_usage: Option<Vec<String>>,
    ca: Option<bool>,
    path_length: Option<u64>,
    subject_key_id: Option<String>,
    authority_key_id: Option<String>,
    ca_issuers: Vec<String>,
    signed_certificate_timestamps: usize,
    must_staple: bool,
    length: usize,
}

impl CertificateContent {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let extensions = &certificate.extensions;
        let basic = extensions.basic_constraints;
        Self {
            serial: certificate.serial.to_string(),
            serial_hex: certificate.serial.hex(),
            subject: certificate.subject.to_string(),
            subject_cn: certificate.subject.common_name().map(str::to_owned),
            issuer: certificate.issuer.to_string(),
            issuer_cn: certificate.issuer.common_name().map(str::to_owned),
            not_before: date(&certificate.not_before),
            not_after: date(&certificate.not_after),
            self_signed: certificate.is_self_signed(),
            version: certificate.version,
            key: certificate.public_key.label(),
            signature_algorithm: certificate.signature_algorithm.name(),
            san: extensions.subject_alt_names.iter().flatten().map(ToString::to_string).collect(),
            key_usage: extensions.key_usage.map(|usage| usage.names()).unwrap_or_default(),
            extended_key_usage: extensions
                .extended_key_usage
                .as_ref()
                .map(|list| list.iter().map(usage_name).collect()),
            ca: basic.map(|basic| basic.ca),
            path_length: basic.and_then(|basic| basic.path_len),
            subject_key_id: extensions.subject_key_id.as_deref().map(hex),
            authority_key_id: extensions
                .authority_key_id
                .as_ref()
                .and_then(|id| id.key_id.as_deref())
                .map(hex),
            ca_issuers: extensions.ca_issuers.clone(),
            signed_certificate_timestamps: extensions.timestamps,
            must_staple: extensions.must_staple,
            length: certificate.der.len(),
        }
    }
}

/// The name that OpenSSL gives a usage, or its number.
pub(in super::super) fn usage_name(usage: &crate::x509::Oid) -> String {
    usage.name().map_or_else(|| usage.to_string(), str::to_owned)
}

/// RFC 3339, or `invalid:` and the text of a date that cannot be read.
pub(super) fn date(time: &crate::x509::Time) -> String {
    time.unix.map_or_else(|| format!("invalid:{}", time.text), date_text)
}
