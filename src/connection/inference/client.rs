//! What the client's records tell: was a certificate asked for, was one sent, did the
//! client refuse?

use super::flight::{self, Record, Signed};
use super::shape::{EMPTY_CERTIFICATE, SHORTEST_CERTIFICATE, Shape};
use super::{Claim, Confidence, Inference};
use crate::tls::{Alert, ClientHello, Handshake, Role};

/// What a client of TLS 1.3 sent first after the server's flight, with the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its Finished: no certificate was asked for.
    Finished(u64),
    /// An empty certificate list.
    Empty(u64),
    /// A certificate.
    Certificate(u64),
    /// An alert.
    Alert(u64),
}

impl Answer {
    /// Frame of the record.
    pub(super) const fn frame(self) -> u64 {
        match self {
            Self::Finished(frame)
            | Self::Empty(frame)
            | Self::Certificate(frame)
            | Self::Alert(frame) => frame,
        }
    }

    /// Whether it answers a CertificateRequest; an alert answers nothing.
    pub(super) const fn asked(self) -> Option<bool> {
        match self {
            Self::Finished(_) => Some(false),
            Self::Empty(_) | Self::Certificate(_) => Some(true),
            Self::Alert(_) => None,
        }
    }
}

/// Reads the first record of the client's flight.
pub(super) fn answer(handshake: &Handshake) -> Option<Answer> {
    let shape = Shape::of(handshake)?;
    read(shape, *flight::of_client(handshake)?.first()?)
}

fn read(shape: Shape, record: Record) -> Option<Answer> {
    let Record { frame, length } = record;
    let holds = |messages: usize| shape.overhead_around(messages, length).is_some();
    if holds(shape.finished) {
        Some(Answer::Finished(frame))
    } else if holds(EMPTY_CERTIFICATE) || holds(EMPTY_CERTIFICATE + shape.finished) {
        Some(Answer::Empty(frame))
    } else if shape.is_alert(length) {
        Some(Answer::Alert(frame))
    } else if shape.overheads().iter().all(|overhead| length >= overhead + SHORTEST_CERTIFICATE) {
        Some(Answer::Certificate(frame))
    } else {
        None
    }
}

/// The client's only encrypted records are as short as alerts.
pub(super) fn encrypted_refusal(handshake: &Handshake) -> Option<u64> {
    let shape = Shape::of(handshake)?;
    let records = flight::of_client(handshake)?;
    let Answer::Alert(frame) = read(shape, *records.first()?)? else { return None };
    records.iter().all(|record| shape.is_alert(record.length)).then_some(frame)
}

/// Whether a record of the client is long enough for its Finished.
pub(super) fn went_on(handshake: &Handshake) -> bool {
    /// Of suites that are not known: SHA-256 and a tag of 16 bytes.
    const FINISHED: usize = 53;
    let shape = Shape::of(handshake);
    let Some((hello, _)) = handshake.server_hello() else { return false };
    // Early data comes before the ServerHello; nothing else does, unless one direction
    // was recorded before the other.
    let early = handshake.client_hello().is_some_and(ClientHello::offers_early_data);
    handshake
        .encrypted(Role::Client)
        .filter(|(entry, _)| !early || entry.frame > hello.frame)
        .any(|(_, length)| shape.map_or(length >= FINISHED, |shape| shape.fits_finished(length)))
}

/// What the client's flight tells.
pub(super) fn infer(handshake: &Handshake) -> Vec<Inference> {
    if let Some(refusal) = refusal_in_clear(handshake) {
        return vec![refusal];
    }
    let Some(records) = flight::of_client(handshake) else { return Vec::new() };
    let (Some(shape), Some(first)) = (Shape::of(handshake), records.first()) else {
        return Vec::new();
    };
    match read(shape, *first) {
        Some(Answer::Finished(_)) => vec![not_asked(*first)],
        Some(Answer::Empty(_)) => empty(shape, &records),
        Some(Answer::Certificate(_)) => certificate(shape, &records),
        Some(Answer::Alert(_)) => {
            encrypted_refusal(handshake).map(|_| refused(*first)).into_iter().collect()
        }
        None => Vec::new(),
    }
}

/// OpenSSL's client sends the alert about the server's certificate in clear.
fn refusal_in_clear(handshake: &Handshake) -> Option<Inference> {
    let (hello, _) = handshake.server_hello()?;
    let by_client =
        |alert: &Alert| alert.is_fatal() && alert.from == Role::Client && alert.frame > hello.frame;
    let alert = handshake.alerts().find(by_client)?;
    Some(Inference {
        claim: Claim::Refused { by: Role::Client },
        confidence: Confidence::High,
        reason: "the client answered the server's flight with an alert in clear".to_owned(),
        records: vec![Record { frame: alert.frame, length: 2 }],
    })
}

fn refused(record: Record) -> Inference {
    Inference {
        claim: Claim::Refused { by: Role::Client },
        confidence: Confidence::Likely,
        reason: format!(
            "the client answered the server's flight with a record of {} bytes, which is as long as an alert and too short for anything else",
            record.length
        ),
        records: vec![record],
    }
}

fn not_asked(record: Record) -> Inference {
    Inference {
        claim: Claim::CertificateRequested(false),
        confidence: Confidence::High,
        reason: format!(
            "the client's first encrypted record of {} bytes is its Finished alone: it had no CertificateRequest to answer",
            record.length
        ),
        records: vec![record],
    }
}

fn empty(shape: Shape, records: &[Record]) -> Vec<Inference> {
    let Some(first) = records.first() else { return Vec::new() };
    let apart = shape.overhead_around(EMPTY_CERTIFICATE, first.length);
    let finished = apart.map(|overhead| overhead + shape.finished);
    let second = records.get(1).map(|record| record.length);
    let (confidence, length) = match finished {
        Some(finished) if second == Some(finished) => {
            (Confidence::High, "as long as an empty Certificate message, and its Finished follows")
        }
        Some(_) => (Confidence::Likely, "as long as an empty Certificate message"),
        None => (Confidence::High, "as long as an empty Certificate message and Finished together"),
    };
    let reason =
        format!("the client's first encrypted record of {} bytes is {length}", first.length);
    answered(*first, false, confidence, &reason)
}

fn certificate(shape: Shape, records: &[Record]) -> Vec<Inference> {
    let Some(first) = records.first() else { return Vec::new() };
    let reason = format!(
        "the client's first encrypted record of {} bytes is too long for anything but a certificate",
        first.length
    );
    let mut inferred = answered(*first, true, Confidence::High, &reason);
    if let Some(signed) = Signed::find(records, shape, 1) {
        inferred.push(Inference {
            claim: Claim::ClientKey(signed.key),
            confidence: Confidence::High,
            reason: format!(
                "the client's CertificateVerify record of {} bytes fits such a key",
                signed.verify.length
            ),
            records: vec![signed.verify],
        });
    }
    inferred
}

fn answered(record: Record, sent: bool, confidence: Confidence, reason: &str) -> Vec<Inference> {
    [Claim::CertificateRequested(true), Claim::ClientCertificate { sent }]
        .into_iter()
        .map(|claim| Inference {
            claim,
            confidence,
            reason: reason.to_owned(),
            records: vec![record],
        })
        .collect()
}
