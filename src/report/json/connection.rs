//! One connection in JSON.

use std::collections::BTreeSet;

use std::fmt::Display;

use serde::{Serialize, Serializer};

use super::case::LineDocument;
use super::handshake::{
    CertificateRequestDocument, EncryptedDocument, EncryptedExtensionsDocument,
    KeyExchangeDocument, client_hello, entry_extensions, fingerprints, server_hello, suite,
};
use super::inferred::InferenceDocument;
use super::key::{DelegatedCredentialDocument, RawPublicKeyDocument};
use super::object::{Object, put};
use super::parts::{Kind, Parts};
use super::path::PathDocument;
use crate::connection::{
    Connection, NameVerdict, Outcome, PathVerdict, Presented, TcpSide, Timing,
};
use crate::report::model::Judged;
use crate::time::date_text;
use crate::tls::{Body, CertificateList, Handshake, Role, What, fingerprint, names};
use crate::wire::text::hex;
use crate::x509::{Certificate, OcspResponse};

/// Where the fullest recording of this connection is, by which it was judged.
#[derive(Serialize)]
struct SameDocument {
    input: usize,
    stream: u64,
}

/// Writes the members of a connection.
pub(super) fn connection(judged: &Judged, parts: &mut Parts, object: &mut Object<'_>) {
    ends(judged, object);
    choice(&judged.connection, parts, object);
    messages(&judged.connection.handshake, parts, object);
    trust(&judged.connection, parts, object);
    course(&judged.connection, object);
    judgement(judged, object);
}

/// Who, where and when.
fn ends(judged: &Judged, object: &mut Object<'_>) {
    let connection = &judged.connection;
    object.member("input", &judged.capture);
    object.member("stream", &connection.stream);
    object.member("client", &Shown(connection.client));
    object.member("server", &Shown(connection.server));
    let service = crate::expressway::service(connection.server.port);
    object.member("service", &service.map(|service| service.name));
    if let Some((input, stream)) = judged.same_as {
        object.member("same_as", &SameDocument { input, stream });
    }
    object.member("client_is", judged.leg.client.word());
    object.member("server_is", judged.leg.server.word());
    object.member("judgement_time", &connection.judged_at);
    object.member("first_frame", &connection.first.frame);
    object.member("first_time", &connection.first.time);
    object.member("last_frame", &connection.last.frame);
    object.member("last_time", &connection.last.time);
    let encapsulation: Vec<&str> = connection.encapsulation.names().collect();
    object.member("encapsulation", &encapsulation);
}

/// What was wanted, what was chosen, and how it ended.
fn choice(connection: &Connection, parts: &mut Parts, object: &mut Object<'_>) {
    let handshake = &connection.handshake;
    object.member("started_by", &handshake.started_by);
    object.member("sni", &connection.server_name());
    object.member("version", &handshake.version().map(names::version_name));
    object.member("cipher_suite", &connection.cipher_suite().map(suite));
    object.member("handshake", connection.outcome.word());
    object.member("aborted_by", &connection.outcome.aborted_by().map(Role::name));
    object.member("abort", &AbortDocument::of(&connection.outcome));
    object.member("resumed", &connection.resumption.known());
    object.member("resumed_by", &connection.resumption.how());
    object.member("signing_key", &super::super::table::signing_key(connection));
    fingerprints(handshake.client_hello(), parts, object);
    let ja3s = handshake.server_hello().and_then(|(_, hello)| fingerprint::ja3s(hello));
    object.member("ja3s", &ja3s);
}

/// The messages of both sides.
fn messages(handshake: &Handshake, parts: &mut Parts, object: &mut Object<'_>) {
    let mut hellos = handshake.client_hellos();
    for name in ["client_hello", "second_client_hello"] {
        object.optional(name, hellos.next(), |hello, inner| client_hello(hello, parts, inner));
    }
    let answers = [
        ("hello_retry_request", handshake.hello_retry_request()),
        ("server_hello", handshake.server_hello()),
    ];
    for (name, answer) in answers {
        object.optional(name, answer, |hello, inner| server_hello(hello, parts, inner));
    }
    let extensions = handshake.encrypted_extensions();
    let extensions =
        extensions.map(|(entry, extensions)| EncryptedExtensionsDocument::of(entry, extensions));
    object.member("encrypted_extensions", &extensions);
    let exchange = handshake.server_key_exchange();
    let exchange = exchange.map(|(entry, exchange)| KeyExchangeDocument::of(entry, exchange));
    object.member("server_key_exchange", &exchange);
    let request = handshake.certificate_request();
    let request = request.map(|(entry, request)| CertificateRequestDocument::of(entry, request));
    object.member("certificate_request", &request);
}

/// The certificates, and what became of them.
fn trust(connection: &Connection, parts: &mut Parts, object: &mut Object<'_>) {
    let handshake = &connection.handshake;
    certificates(
        "server_certificates",
        Some(&connection.server_certificates),
        handshake,
        parts,
        object,
    );
    let of_client = connection.client_certificates.as_deref();
    certificates("client_certificates", of_client, handshake, parts, object);
    let raw = RawPublicKeyDocument::all(handshake);
    if !raw.is_empty() {
        object.member("raw_public_keys", &raw);
    }
    for (name, verdict) in
        [("server_path", &connection.server_path), ("client_path", &connection.client_path)]
    {
        path(name, verdict, parts, object);
    }
    object.member("name_check", &NameDocument::of(&connection.name));
    object.member("ocsp_staple", &OcspDocument::of(handshake));
}

fn path(name: &'static str, verdict: &PathVerdict, parts: &mut Parts, object: &mut Object<'_>) {
    let write = |out: &mut Vec<u8>| put(&PathDocument::of(verdict), out);
    match verdict {
        PathVerdict::Judged(chain) => object.text(name, parts.chain(chain, write)),
        PathVerdict::NotJudged(_) => object.member(name, &PathDocument::of(verdict)),
    }
}

/// Alerts, gaps, times: what happened on the way.
fn course(connection: &Connection, object: &mut Object<'_>) {
    let handshake = &connection.handshake;
    object.member("alerts", &alerts(connection));
    object.member("encrypted_records", &EncryptedDocument::of(handshake));
    let inferred: Vec<_> = connection.inferred.iter().map(InferenceDocument::of).collect();
    object.member("inferred", &inferred);
    object.member("gaps", &gaps(connection));
    object.member("tcp", &TcpDocument::of(connection));
    object.member("timing", &TimingDocument::of(&connection.timing()));
    object.member("anomalies", &handshake.anomalies);
    object.member("decrypted", &handshake.entries.iter().any(|entry| entry.decrypted));
}

/// What the ledger and the rules say, and the log.
fn judgement(judged: &Judged, object: &mut Object<'_>) {
    let findings: BTreeSet<&'static str> =
        judged.findings.iter().map(|finding| finding.rule.id).collect();
    object.member("ledger_class", judged.connection.ledger.word());
    object.member("worst_severity", &judged.worst());
    object.member("findings", &findings);
    let log: Vec<_> = judged.log.iter().map(LineDocument::of).collect();
    object.member("log", &log);
}

/// Something that is written as it is shown.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct AbortDocument {
    how: &'static str,
    frame: u64,
    alert: Option<u8>,
    inferred: bool,
}

impl AbortDocument {
    fn of(outcome: &Outcome) -> Option<Self> {
        let (how, frame, alert, inferred) = match *outcome {
            Outcome::Alert { description, frame, inferred, .. } => {
                ("alert", frame, description, inferred)
            }
            Outcome::Reset { frame, .. } => ("rst", frame, None, false),
            Outcome::Closed { frame, .. } => ("fin", frame, None, false),
            _ => return None,
        };
        Some(Self { how, frame, alert, inferred })
    }
}

#[derive(Serialize)]
struct AlertDocument {
    from: Role,
    frame: u64,
    level: Option<&'static str>,
    description: Option<String>,
    code: Option<u8>,
    encrypted: bool,
    decrypted: bool,
    stage: String,
}

fn alerts(connection: &Connection) -> Vec<AlertDocument> {
    let document = |entry: &crate::tls::Entry| match entry.what {
        What::Alert { level, description } => Some(AlertDocument {
            from: entry.from,
            frame: entry.frame,
            level: Some(if level == 2 { "fatal" } else { "warning" }),
            description: Some(names::alert_name(description).into_owned()),
            code: Some(description),
            encrypted: false,
            decrypted: entry.decrypted,
            stage: connection.handshake.stage_before(entry),
        }),
        // What it says comes behind it.
        What::EncryptedAlert { .. } if entry.decrypted => None,
        What::EncryptedAlert { .. } => Some(AlertDocument {
            from: entry.from,
            frame: entry.frame,
            level: None,
            description: None,
            code: None,
            encrypted: true,
            decrypted: false,
            stage: connection.handshake.stage_before(entry),
        }),
        _ => None,
    };
    connection.handshake.entries.iter().filter_map(document).collect()
}

#[derive(Serialize)]
struct GapDocument {
    from: Role,
    frame: u64,
    bytes: u64,
    cause: crate::flow::GapCause,
}

fn gaps(connection: &Connection) -> Vec<GapDocument> {
    connection
        .handshake
        .gaps()
        .into_iter()
        .map(|(entry, bytes, cause)| GapDocument {
            from: entry.from,
            frame: entry.frame,
            bytes,
            cause,
        })
        .collect()
}

#[derive(Serialize)]
struct TcpDocument {
    client: TcpSideDocument,
    server: TcpSideDocument,
}

#[derive(Serialize)]
struct TcpSideDocument {
    segments: u64,
    bytes: u64,
    syn_frame: Option<u64>,
    fin_frame: Option<u64>,
    rst_frame: Option<u64>,
}

impl TcpDocument {
    fn of(connection: &Connection) -> Self {
        let side = |side: &TcpSide| TcpSideDocument {
            segments: side.segments,
            bytes: side.bytes,
            syn_frame: side.syn.map(|mark| mark.frame),
            fin_frame: side.fin.map(|mark| mark.frame),
            rst_frame: side.rst.map(|mark| mark.frame),
        };
        Self { client: side(&connection.tcp.client), server: side(&connection.tcp.server) }
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
        let beside_leaf = |list: &'_ CertificateList| list.ocsp_response(0).map(<[u8]>::to_vec);
        let (entry, response) = handshake.messages().find_map(|(entry, message)| {
            let response = match &message.body {
                Body::CertificateStatus { response } => Some(response.clone()),
                Body::Certificate(list) if entry.from == Role::Server => beside_leaf(list),
                _ => None,
            };
            Some((entry, response?))
        })?;
        let parsed = OcspResponse::parse(&response);
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

/// Milliseconds.
#[derive(Serialize)]
struct TimingDocument {
    tcp_round_trip_ms: Option<f64>,
    hello_to_hello_ms: Option<f64>,
    hello_to_end_ms: Option<f64>,
}

impl TimingDocument {
    fn of(timing: &Timing) -> Self {
        let millis = |nanos: Option<i64>| nanos.map(|nanos| nanos as f64 / 1e6);
        Self {
            tcp_round_trip_ms: millis(timing.tcp_round_trip),
            hello_to_hello_ms: millis(timing.hello_to_hello),
            hello_to_end_ms: millis(timing.hello_to_end),
        }
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

/// The certificates of a side; `null` where it was not asked for any.
fn certificates(
    name: &'static str,
    shown: Option<&[Presented]>,
    handshake: &Handshake,
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    let Some(shown) = shown else { return object.member(name, &()) };
    let frame = shown.first().map(|first| first.frame);
    let message = handshake.messages().find_map(|(entry, message)| match &message.body {
        Body::Certificate(list) if Some(entry.frame) == frame => Some(list),
        _ => None,
    });
    object.objects(name, shown.iter().zip(0..), |(shown, index), inner| {
        inner.member("frame", &shown.frame);
        inner.members_of(certificate(shown, parts));
        beside(message, index, inner);
    });
}

/// A certificate, without what is beside it in its message.
fn certificate<'p>(shown: &Presented, parts: &'p mut Parts) -> &'p [u8] {
    parts.text(
        Kind::Certificate,
        |key| key.extend(shown.sha256()),
        |out| {
            let mut object = Object::begin(out);
            object.member("sha256", &hex(shown.sha256()));
            match &shown.certificate {
                Err(error) => object.member("error", &Shown(error)),
                Ok(certificate) => {
                    let mut content = Vec::new();
                    put(&CertificateContent::of(certificate), &mut content);
                    object.members_of(&content);
                }
            }
            object.end();
        },
    )
}

/// What TLS 1.3 puts beside a certificate.
fn beside(message: Option<&CertificateList>, index: usize, object: &mut Object<'_>) {
    let Some(list) = message else { return };
    let extensions = entry_extensions(list.extensions_of(index));
    if !extensions.is_empty() {
        object.member("entry_extensions", &extensions);
    }
    if let Some(credential) = list.delegated_credential(index) {
        object.member("delegated_credential", &DelegatedCredentialDocument::of(&credential));
    }
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

#[derive(Serialize)]
#[serde(untagged)]
enum NameDocument {
    Checked {
        reference: String,
        source: &'static str,
        matches: bool,
        traffic_server: bool,
        sip_zone: bool,
        presented: Vec<String>,
    },
    NotJudged {
        not_judged: &'static str,
    },
}

impl NameDocument {
    fn of(verdict: &NameVerdict) -> Self {
        match verdict {
            NameVerdict::NotJudged(reason) => Self::NotJudged { not_judged: reason.reason() },
            NameVerdict::Checked { reference, matches, traffic_server, sip_zone, presented } => {
                Self::Checked {
                    reference: reference.to_string(),
                    source: reference.source(),
                    matches: *matches,
                    traffic_server: *traffic_server,
                    sip_zone: *sip_zone,
                    presented: presented.to_vec(),
                }
            }
        }
    }
}
