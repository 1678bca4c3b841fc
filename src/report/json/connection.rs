//! One connection in JSON.

use std::collections::BTreeSet;

use serde::Serialize;

use super::case::LineDocument;
use super::handshake::{
    CertificateRequestDocument, ClientHelloDocument, Code, EncryptedDocument,
    EncryptedExtensionsDocument, ExtensionDocument, KeyExchangeDocument, ServerHelloDocument,
    entry_extensions, suite, version_word,
};
use super::inferred::InferenceDocument;
use super::key::{DelegatedCredentialDocument, RawPublicKeyDocument};
use super::path::PathDocument;
use crate::connection::{Connection, NameVerdict, Outcome, Presented, TcpSide, Timing};
use crate::report::model::Judged;
use crate::time::{Timestamp, date_text};
use crate::tls::{Body, CertificateList, Handshake, Role, What, fingerprint, names};
use crate::wire::text::hex;
use crate::x509::{Certificate, OcspResponse};

#[derive(Serialize)]
pub(super) struct ConnectionDocument<'a> {
    input: usize,
    stream: u64,
    client: String,
    server: String,
    service: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<SameDocument>,
    client_is: &'static str,
    server_is: &'static str,
    judgement_time: Timestamp,
    first_frame: u64,
    first_time: Timestamp,
    last_frame: u64,
    last_time: Timestamp,
    encapsulation: Vec<&'static str>,
    started_by: Option<&'static str>,
    sni: Option<String>,
    version: Option<String>,
    cipher_suite: Option<Code>,
    handshake: &'static str,
    aborted_by: Option<&'static str>,
    abort: Option<AbortDocument>,
    resumed: Option<bool>,
    resumed_by: Option<&'static str>,
    signing_key: Option<String>,
    ja3: Option<String>,
    ja3s: Option<String>,
    ja4: Option<String>,
    client_hello: Option<ClientHelloDocument>,
    second_client_hello: Option<ClientHelloDocument>,
    hello_retry_request: Option<ServerHelloDocument>,
    server_hello: Option<ServerHelloDocument>,
    encrypted_extensions: Option<EncryptedExtensionsDocument>,
    server_key_exchange: Option<KeyExchangeDocument>,
    certificate_request: Option<CertificateRequestDocument>,
    server_certificates: Vec<CertificateDocument>,
    client_certificates: Option<Vec<CertificateDocument>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    raw_public_keys: Vec<RawPublicKeyDocument>,
    server_path: PathDocument,
    client_path: PathDocument,
    name_check: NameDocument,
    ocsp_staple: Option<OcspDocument>,
    alerts: Vec<AlertDocument>,
    encrypted_records: EncryptedDocument,
    inferred: Vec<InferenceDocument>,
    gaps: Vec<GapDocument>,
    tcp: TcpDocument,
    timing: TimingDocument,
    anomalies: Vec<crate::tls::Anomaly>,
    decrypted: bool,
    ledger_class: &'static str,
    worst_severity: Option<crate::rules::Severity>,
    findings: Vec<&'static str>,
    log: Vec<LineDocument<'a>>,
}

/// Where the fullest recording of this connection is, by which it was judged.
#[derive(Serialize)]
struct SameDocument {
    input: usize,
    stream: u64,
}

impl<'a> ConnectionDocument<'a> {
    pub(super) fn of(judged: &'a Judged) -> Self {
        let connection = &judged.connection;
        let handshake = &connection.handshake;
        let mut hellos = handshake.client_hellos();
        let findings: BTreeSet<&'static str> =
            judged.findings.iter().map(|finding| finding.rule.id).collect();
        Self {
            input: judged.capture,
            stream: connection.stream,
            client: connection.client.to_string(),
            server: connection.server.to_string(),
            service: crate::expressway::service(connection.server.port).map(|service| service.name),
            same_as: judged.same_as.map(|(input, stream)| SameDocument { input, stream }),
            client_is: judged.leg.client.word(),
            server_is: judged.leg.server.word(),
            judgement_time: connection.judged_at,
            first_frame: connection.first.frame,
            first_time: connection.first.time,
            last_frame: connection.last.frame,
            last_time: connection.last.time,
            encapsulation: connection.encapsulation.names().collect(),
            started_by: handshake.started_by,
            sni: connection.server_name(),
            version: handshake.version().map(version_word),
            cipher_suite: connection.cipher_suite().map(suite),
            handshake: connection.outcome.word(),
            aborted_by: connection.outcome.aborted_by().map(Role::name),
            abort: AbortDocument::of(&connection.outcome),
            resumed: connection.resumption.known(),
            resumed_by: connection.resumption.how(),
            signing_key: super::super::table::signing_key(connection),
            ja3: handshake.client_hello().and_then(fingerprint::ja3),
            ja3s: handshake.server_hello().and_then(|(_, hello)| fingerprint::ja3s(hello)),
            ja4: handshake.client_hello().and_then(fingerprint::ja4),
            client_hello: hellos.next().map(|(entry, hello)| ClientHelloDocument::of(entry, hello)),
            second_client_hello: hellos
                .next()
                .map(|(entry, hello)| ClientHelloDocument::of(entry, hello)),
            hello_retry_request: handshake
                .hello_retry_request()
                .map(|(entry, hello)| ServerHelloDocument::of(entry, hello)),
            server_hello: handshake
                .server_hello()
                .map(|(entry, hello)| ServerHelloDocument::of(entry, hello)),
            encrypted_extensions: handshake
                .encrypted_extensions()
                .map(|(entry, extensions)| EncryptedExtensionsDocument::of(entry, extensions)),
            server_key_exchange: handshake
                .server_key_exchange()
                .map(|(entry, exchange)| KeyExchangeDocument::of(entry, exchange)),
            certificate_request: handshake
                .certificate_request()
                .map(|(entry, request)| CertificateRequestDocument::of(entry, request)),
            server_certificates: certificates(&connection.server_certificates, handshake),
            client_certificates: connection
                .client_certificates
                .as_deref()
                .map(|list| certificates(list, handshake)),
            raw_public_keys: RawPublicKeyDocument::all(handshake),
            server_path: PathDocument::of(&connection.server_path),
            client_path: PathDocument::of(&connection.client_path),
            name_check: NameDocument::of(&connection.name),
            ocsp_staple: OcspDocument::of(handshake),
            alerts: alerts(connection),
            encrypted_records: EncryptedDocument::of(handshake),
            inferred: connection.inferred.iter().map(InferenceDocument::of).collect(),
            gaps: gaps(connection),
            tcp: TcpDocument::of(connection),
            timing: TimingDocument::of(&connection.timing()),
            anomalies: handshake.anomalies.clone(),
            decrypted: handshake.entries.iter().any(|entry| entry.decrypted),
            ledger_class: connection.ledger.word(),
            worst_severity: judged.worst(),
            findings: findings.into_iter().collect(),
            log: judged.log.iter().map(LineDocument::of).collect(),
        }
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
struct CertificateDocument {
    frame: u64,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    content: Option<CertificateContent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entry_extensions: Vec<ExtensionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegated_credential: Option<DelegatedCredentialDocument>,
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

fn certificates(shown: &[Presented], handshake: &Handshake) -> Vec<CertificateDocument> {
    let frame = shown.first().map(|first| first.frame);
    let message = handshake.messages().find_map(|(entry, message)| match &message.body {
        Body::Certificate(list) if Some(entry.frame) == frame => Some(list),
        _ => None,
    });
    (0..)
        .zip(shown)
        .map(|(index, shown)| CertificateDocument {
            frame: shown.frame,
            sha256: hex(shown.sha256()),
            error: shown.certificate.as_ref().err().map(ToString::to_string),
            content: shown.parsed().map(|certificate| CertificateContent::of(certificate)),
            entry_extensions: message
                .map_or_else(Vec::new, |list| entry_extensions(list.extensions_of(index))),
            delegated_credential: message
                .and_then(|list| list.delegated_credential(index))
                .map(|credential| DelegatedCredentialDocument::of(&credential)),
        })
        .collect()
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
                    presented: presented.clone(),
                }
            }
        }
    }
}
