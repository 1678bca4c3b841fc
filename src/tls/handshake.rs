//! What was seen of a TLS handshake, both directions joined.

use std::borrow::Cow;

use super::message::{Body, Message, kind};
use super::names;
use super::server_hello::is_tls13;
use super::{
    CertificateList, CertificateRequest, ClientHello, EncryptedExtensions, ServerHello,
    ServerKeyExchange,
};
use crate::flow::GapCause;
use crate::time::Timestamp;

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The side that sent the ClientHello.
    Client,
    /// The other one.
    Server,
}

impl Role {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// One thing that a side did, in the order of the capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who did it.
    pub from: Role,
    /// Frame of its first byte.
    pub first_frame: u64,
    /// Frame of its last byte, where Wireshark shows it.
    pub frame: u64,
    /// When that frame was captured.
    pub time: Timestamp,
    /// What it was.
    pub what: What,
    /// A record that was opened with a key, or something that came out of one.
    pub decrypted: bool,
}

/// What a side did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A handshake message.
    Message(Message),
    /// An alert whose content is known.
    Alert {
        /// AlertLevel: 1 warning, 2 fatal.
        level: u8,
        /// AlertDescription.
        description: u8,
    },
    /// An alert record whose content is encrypted.
    EncryptedAlert {
        /// Length of the record's payload.
        length: usize,
    },
    /// The sender's next records are encrypted (before TLS 1.3).
    ChangeCipherSpec,
    /// A handshake record whose content is encrypted (Finished, renegotiation).
    EncryptedHandshake {
        /// Length of the record's payload.
        length: usize,
    },
    /// A record of application data; in TLS 1.3 it may hold anything.
    Protected {
        /// Length of the record's payload.
        length: usize,
    },
    /// A heartbeat record (RFC 6520).
    Heartbeat {
        /// Length of the record's payload.
        length: usize,
    },
    /// Bytes that the capture does not hold.
    Gap {
        /// How many.
        length: u64,
        /// Why.
        cause: GapCause,
    },
}

/// What a side sent that is no TLS, in front of its first record or in place of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// How many bytes, each counted once.
    pub bytes: u64,
    /// Frame of the first of them.
    pub first_frame: u64,
    /// Frame of the last of them.
    pub last_frame: u64,
}

/// Bytes that disagree with the protocol: recorded, and read on as far as honest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Anomaly {
    /// In which frame.
    pub frame: u64,
    /// What is odd.
    pub what: String,
}

/// A fatal or warning alert whose content is known, with its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub from: Role,
    /// In which frame.
    pub frame: u64,
    /// AlertLevel.
    pub level: u8,
    /// AlertDescription.
    pub description: u8,
}

impl Alert {
    /// Whether it ends the connection.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        self.level == 2
    }
}

/// Everything seen of a handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// In the order of the capture.
    pub entries: Vec<Entry>,
    /// Where the bytes disagreed with the protocol.
    pub anomalies: Vec<Anomaly>,
    /// The protocol whose dialogue came before TLS (STARTTLS, a proxy).
    pub started_by: Option<&'static str>,
    /// What the server sent that is no TLS, where all of it was looked at.
    pub plain_of_server: Option<Plain>,
    /// The handshake was larger than [`crate::limits::Limits`] allow.
    pub limit_hit: bool,
}

impl Handshake {
    /// The handshake messages with their entries.
    pub fn messages(&self) -> impl Iterator<Item = (&Entry, &Message)> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Message(message) => Some((entry, message)),
            _ => None,
        })
    }

    fn first<'a, T>(&'a self, pick: impl Fn(&'a Body) -> Option<T>) -> Option<(&'a Entry, T)> {
        self.messages().find_map(|(entry, message)| Some((entry, pick(&message.body)?)))
    }

    /// All ClientHellos; the second answers a HelloRetryRequest or renegotiates.
    pub fn client_hellos(&self) -> impl Iterator<Item = (&Entry, &ClientHello)> {
        self.messages().filter_map(|(entry, message)| match &message.body {
            Body::ClientHello(hello) => Some((entry, &**hello)),
            _ => None,
        })
    }

    /// The first ClientHello.
    #[must_use]
    pub fn client_hello(&self) -> Option<&ClientHello> {
        self.client_hellos().next().map(|(_, hello)| hello)
    }

    /// The first ServerHello that is no HelloRetryRequest.
    #[must_use]
    pub fn server_hello(&self) -> Option<(&Entry, &ServerHello)> {
        self.first(|body| match body {
            Body::ServerHello(hello) => Some(&**hello),
            _ => None,
        })
    }

    /// The HelloRetryRequest.
    #[must_use]
    pub fn hello_retry_request(&self) -> Option<(&Entry, &ServerHello)> {
        self.first(|body| match body {
            Body::HelloRetryRequest(hello) => Some(&**hello),
            _ => None,
        })
    }

    /// The first Certificate message of a side.
    #[must_use]
    pub fn certificates(&self, from: Role) -> Option<(&Entry, &CertificateList)> {
        self.certificate_message(from).map(|(entry, _, list)| (entry, list))
    }

    /// How long the first Certificate message of a side is, in bytes, whatever it holds.
    #[must_use]
    pub fn certificate_length(&self, from: Role) -> Option<u32> {
        let mut messages = self.messages().filter(|(entry, _)| entry.from == from);
        let (_, message) = messages.find(|(_, message)| message.kind == kind::CERTIFICATE)?;
        Some(message.length)
    }

    /// Whether the first Certificate message of a side is there in full; `None` without one.
    #[must_use]
    pub fn certificates_are_whole(&self, from: Role) -> Option<bool> {
        let (_, message, list) = self.certificate_message(from)?;
        Some(message.whole && list.cut_bytes == 0)
    }

    fn certificate_message(&self, from: Role) -> Option<(&Entry, &Message, &CertificateList)> {
        self.messages().find_map(|(entry, message)| match &message.body {
            Body::Certificate(list) if entry.from == from => Some((entry, message, &**list)),
            _ => None,
        })
    }

    /// The key that a side showed without a certificate (RFC 7250), as the DER of its
    /// SubjectPublicKeyInfo.
    #[must_use]
    pub fn raw_public_key(&self, from: Role) -> Option<&[u8]> {
        self.messages().find_map(|(entry, message)| match &message.body {
            Body::RawPublicKey { spki } if entry.from == from => Some(&**spki),
            _ => None,
        })
    }

    /// The server's demand for a client certificate.
    #[must_use]
    pub fn certificate_request(&self) -> Option<(&Entry, &CertificateRequest)> {
        self.first(|body| match body {
            Body::CertificateRequest(request) => Some(&**request),
            _ => None,
        })
    }

    /// The server's ephemeral parameters.
    #[must_use]
    pub fn server_key_exchange(&self) -> Option<(&Entry, &ServerKeyExchange)> {
        self.first(|body| match body {
            Body::ServerKeyExchange(exchange) => Some(exchange),
            _ => None,
        })
    }

    /// Alerts in clear, and those that were decrypted.
    pub fn alerts(&self) -> impl Iterator<Item = Alert> {
        self.entries.iter().filter_map(|entry| match entry.what {
            What::Alert { level, description } => {
                Some(Alert { from: entry.from, frame: entry.frame, level, description })
            }
            _ => None,
        })
    }

    /// Whether a message of this kind came from this side.
    #[must_use]
    pub fn has(&self, from: Role, kind: u8) -> bool {
        self.messages().any(|(entry, message)| entry.from == from && message.kind == kind)
    }

    /// The server's extensions that TLS 1.3 encrypts, where there was a key.
    #[must_use]
    pub fn encrypted_extensions(&self) -> Option<(&Entry, &EncryptedExtensions)> {
        self.first(|body| match body {
            Body::EncryptedExtensions(extensions) => Some(&**extensions),
            _ => None,
        })
    }

    /// The first Finished of a side: always encrypted, hence seen with a key only.
    #[must_use]
    pub fn finished(&self, from: Role) -> Option<&Entry> {
        self.messages()
            .find(|(entry, message)| entry.from == from && message.kind == kind::FINISHED)
            .map(|(entry, _)| entry)
    }

    /// Whether the handshake of a side was decrypted as far as it is encrypted: from its first
    /// record, or to its Finished. A key log that is cut may open later records only.
    #[must_use]
    pub fn is_decrypted(&self, from: Role) -> bool {
        let first = self.encrypted(from).next();
        first.is_some_and(|(entry, _)| entry.decrypted) || self.finished(from).is_some()
    }

    /// Whether TLS 1.3 hides what certificates a side showed, and no key log opens it. Before the
    /// ServerHello nothing is hidden: a HelloRetryRequest and what answers it are in clear; and
    /// with a pre-shared key, of which the rest of a cut ServerHello may speak, there are no
    /// certificates (RFC 8446, 2 and 2.2).
    #[must_use]
    pub fn hides_certificates(&self, from: Role) -> bool {
        let with_certificates =
            self.server_hello().is_some_and(|(_, hello)| hello.whole && !hello.accepts_psk());
        with_certificates && self.is_tls13() && !self.is_decrypted(from)
    }

    /// What the handshake had come to when `entry` was sent: the last message of
    /// either side before it, such as `after server certificate`.
    #[must_use]
    pub fn stage_before(&self, entry: &Entry) -> String {
        let here = self.entries.iter().position(|other| std::ptr::eq(other, entry));
        let before = self.entries.iter().take(here.unwrap_or(self.entries.len()));
        let last = before.rev().find_map(|other| Some((other.from, step(&other.what)?)));
        last.map_or_else(
            || "before any message".to_owned(),
            |(from, step)| ["after ", from.name(), " ", &step].concat(),
        )
    }

    /// The OCSP response that the server stapled, and where it stands: a CertificateStatus message
    /// (RFC 6066, 8), or beside the certificate itself (RFC 8446, 4.4.2.1).
    #[must_use]
    pub fn stapled(&self) -> Option<(&Entry, &[u8])> {
        self.messages().find_map(|(entry, message)| {
            let response = match &message.body {
                Body::CertificateStatus { response } => Some(&**response),
                Body::Certificate(list) if entry.from == Role::Server => list.ocsp_response(0),
                _ => None,
            };
            Some((entry, response?))
        })
    }

    /// The negotiated version, once there is a ServerHello.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        self.server_hello()
            .or_else(|| self.hello_retry_request())
            .map(|(_, hello)| hello.version())
            .filter(|version| *version != 0)
    }

    /// Whether TLS 1.3 (or a draft of it) was negotiated.
    #[must_use]
    pub fn is_tls13(&self) -> bool {
        self.version().is_some_and(is_tls13)
    }

    /// Whether a side sent a ChangeCipherSpec.
    #[must_use]
    pub fn changed_cipher(&self, from: Role) -> bool {
        self.entries.iter().any(|entry| entry.from == from && entry.what == What::ChangeCipherSpec)
    }

    /// Encrypted records of a side, in order: entry and length.
    pub fn encrypted(&self, from: Role) -> impl Iterator<Item = (&Entry, usize)> {
        self.entries.iter().filter(move |entry| entry.from == from).filter_map(|entry| match entry
            .what
        {
            What::Protected { length }
            | What::EncryptedHandshake { length }
            | What::EncryptedAlert { length } => Some((entry, length)),
            _ => None,
        })
    }

    /// Bytes missing before the handshake was over, and why.
    #[must_use]
    pub fn gaps(&self) -> Vec<(&Entry, u64, GapCause)> {
        self.entries
            .iter()
            .filter_map(|entry| match entry.what {
                What::Gap { length, cause } => Some((entry, length, cause)),
                _ => None,
            })
            .collect()
    }
}

/// The name of a step of the handshake.
fn step(what: &What) -> Option<Cow<'static, str>> {
    match what {
        What::Message(message) => match &message.body {
            Body::HelloRetryRequest(_) => Some("hello_retry_request".into()),
            _ => Some(names::handshake_type_name(message.kind)),
        },
        What::ChangeCipherSpec => Some("change_cipher_spec".into()),
        What::EncryptedHandshake { .. } => Some("encrypted handshake message".into()),
        What::Protected { .. } => Some("encrypted record".into()),
        _ => None,
    }
}
