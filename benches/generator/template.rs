//! Handshakes of the samples, and what is in each of them.

use std::path::{Path, PathBuf};

use tlsight::pipeline::{Config, analyze, source_from_file};

use super::conversation::{ACK, Conversation, FIN, RST, SYN, Segment};

/// Samples of one TLS connection from SYN to end, with nothing missing.
const SAMPLES: [&str; 12] = [
    "rsa-trusted",
    "tls13-trusted",
    "ecdsa-selfsigned-trusted",
    "ecdsa-selfsigned-untrusted",
    "ecdsa-root-missing",
    "intermediate-not-sent",
    "root-missing",
    "expired",
    "short-host-name",
    "mtls-accepted",
    "mtls-refused-tls12",
    "wrong-name-openssl",
];

/// Bytes of a hello before its random: headers of record and message, version
/// (RFC 5246, 7.4.1.2).
const BEFORE_RANDOM: usize = 5 + 4 + 2;
const RANDOM: usize = 32;

/// A recorded handshake. What is in it is told by the library's own reading of the small
/// sample, which the golden files of the tests pin down.
pub(super) struct Template {
    pub(super) talk: Conversation,
    pub(super) completed: bool,
    pub(super) server_hello: bool,
    pub(super) certificates: Vec<[u8; 32]>,
    first_nanos: i64,
}

/// All templates.
pub(super) struct Templates {
    all: Vec<Template>,
}

impl Templates {
    pub(super) fn read() -> Self {
        Self { all: SAMPLES.iter().map(|name| Template::read(name)).collect() }
    }

    /// A time at which the certificates are valid: that of the last recording.
    pub(super) fn epoch(&self) -> i64 {
        self.all.iter().map(|template| template.first_nanos).max().unwrap()
    }

    /// Those that show certificates.
    pub(super) fn showing(&self) -> Vec<&Template> {
        self.all.iter().filter(|template| !template.certificates.is_empty()).collect()
    }

    /// Those that went well.
    pub(super) fn completed(&self) -> Vec<&Template> {
        self.all.iter().filter(|template| template.completed).collect()
    }
}

impl Template {
    fn read(name: &str) -> Self {
        let path = sample(name);
        let report = analyze(vec![source_from_file(path.clone())], &Config::default());
        let [judged] = report.connections.as_slice() else { panic!("{name}: one connection") };
        let connection = &judged.connection;
        let shown = connection.server_certificates.iter();
        let shown = shown.chain(connection.client_certificates.iter().flatten());
        Self {
            completed: connection.outcome.word() == "completed",
            server_hello: connection.handshake.server_hello().is_some(),
            certificates: shown.map(|shown| *shown.sha256()).collect(),
            first_nanos: connection.first.time.nanos(),
            talk: Conversation::read(&path),
        }
    }

    /// Everything before the first FIN or RST, or the alert that announces it.
    pub(super) fn opening(&self) -> Vec<Segment> {
        let ends = |s: &Segment| s.has(FIN) || s.has(RST) || s.payload.first() == Some(&21);
        self.talk.segments.iter().take_while(|segment| !ends(segment)).cloned().collect()
    }

    /// SYN and SYN-ACK, and with `hello` what the client says first.
    pub(super) fn half_open(&self, hello: bool) -> Vec<Segment> {
        let upto = if hello { self.talk.data(true, 0) + 1 } else { 2 };
        self.talk.segments.iter().take(upto).cloned().collect()
    }
}

/// Puts another random into the ClientHello.
pub(super) fn renew_random(segments: &mut [Segment], random: [u8; RANDOM]) {
    let hello = segments.iter_mut().find(|segment| segment.client && !segment.payload.is_empty());
    let place =
        hello.and_then(|hello| hello.payload.get_mut(BEFORE_RANDOM..BEFORE_RANDOM + RANDOM));
    if let Some(place) = place {
        place.copy_from_slice(&random);
    }
}

/// Whether a segment is nothing but an acknowledgment.
pub(super) fn is_bare(segment: &Segment) -> bool {
    segment.flags == ACK && segment.payload.is_empty()
}

/// Whether the order of a segment may not be touched.
pub(super) fn is_fixed(segment: &Segment) -> bool {
    segment.has(SYN) || segment.has(FIN) || segment.has(RST)
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(format!("{name}.pcap"))
}
