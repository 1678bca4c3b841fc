//! What the server's records tell: its kind of key, the size of its chain, whether it
//! asked for a certificate, and whether it refused the client's.

use super::client::{self, Answer};
use super::flight::{self, Record, Signed};
use super::key::HiddenKey;
use super::shape::Shape;
use super::{Claim, Confidence, Inference};
use crate::tls::{ClientHello, Handshake, Role};

/// Extensions of a ClientHello that let the certificates look otherwise.
const SERVER_CERTIFICATE_TYPE: u16 = 20;
const COMPRESS_CERTIFICATE: u16 = 27;

/// What the server's flight and its answer to the client's tell.
pub(super) fn infer(handshake: &Handshake) -> Vec<Inference> {
    let Some(shape) = Shape::of(handshake) else { return Vec::new() };
    let Some(records) = flight::of_server(handshake) else { return Vec::new() };
    let answer = client::answer(handshake);
    let mut inferred = Vec::new();
    if let Some(signed) = signed(handshake, shape, &records) {
        inferred.push(key_of(handshake, &signed));
        inferred.extend(of_messages(handshake, &signed, answer.and_then(Answer::asked)));
    } else {
        inferred.extend(
            key_by_offer(handshake, shape, &records)
                .or_else(|| key_by_size(handshake, shape, answer)),
        );
    }
    inferred.extend(refused(handshake));
    inferred
}

fn signed<'a>(handshake: &Handshake, shape: Shape, records: &'a [Record]) -> Option<Signed<'a>> {
    // Behind EncryptedExtensions and Certificate at least.
    Signed::find(records, shape, 2)
        .filter(|signed| begins_apart(shape, signed) && fits_offer(handshake, signed.key))
}

/// Whether the record of the Finished is there, told by the signature in front of it.
pub(super) fn flight_is_whole(handshake: &Handshake) -> bool {
    let whole = || {
        let shape = Shape::of(handshake)?;
        let records = flight::of_server(handshake)?;
        signed(handshake, shape, &records).map(drop)
    };
    whole().is_some()
}

// --- the key ------------------------------------------------------------------

fn fits_offer(handshake: &Handshake, key: HiddenKey) -> bool {
    let offered = handshake.client_hello().map(ClientHello::signature_algorithms);
    offered.is_none_or(|schemes| schemes.is_empty() || key.is_offered(&schemes))
}

fn key_of(handshake: &Handshake, signed: &Signed<'_>) -> Inference {
    let schemes = handshake.client_hello().map(ClientHello::signature_algorithms);
    let double = schemes.is_some_and(|schemes| signed.key.has_double(&schemes));
    let doubt = if double { ", or a Brainpool curve of that size" } else { "" };
    Inference {
        claim: Claim::ServerKey(signed.key),
        confidence: if double { Confidence::Likely } else { Confidence::High },
        reason: format!(
            "the record in front of the server's Finished, which holds its CertificateVerify, is {} bytes long, which fits such a key{doubt}",
            signed.verify.length
        ),
        records: vec![signed.verify],
    }
}

/// Whether EncryptedExtensions do not share their record with the whole flight: then
/// data that came later is as long as a signature and a Finished. (Frames do not tell
/// it from the flight: a capture may hold packets in another order.)
fn begins_apart(shape: Shape, signed: &Signed<'_>) -> bool {
    let [small, _] = shape.overheads();
    signed.before.first().is_some_and(|first| first.length < shape.smallest_flight() + small)
}

/// The server must sign with a scheme that the client offers (RFC 8446, 4.4.3).
fn key_by_offer(handshake: &Handshake, shape: Shape, records: &[Record]) -> Option<Inference> {
    let hello = handshake.client_hello().filter(|hello| hello.whole)?;
    let key = HiddenKey::only_one_offered(&hello.signature_algorithms())?;
    let first = records.first()?;
    let [small, _] = shape.overheads();
    // More than the alert of a server that has nothing to sign with.
    if flight::joined_length(records, small) < shape.smallest_flight() {
        return None;
    }
    Some(Inference {
        claim: Claim::ServerKey(key),
        confidence: Confidence::High,
        reason: "the client's signature_algorithms allow no other kind of key in TLS 1.3"
            .to_owned(),
        records: vec![*first],
    })
}

/// The whole flight is in one record, which has no room for an RSA key and a signature
/// of 2,048 bits. Shorter RSA keys would fit, but hardly anyone accepts them under
/// TLS 1.3.
fn key_by_size(handshake: &Handshake, shape: Shape, answer: Option<Answer>) -> Option<Inference> {
    /// EncryptedExtensions, Certificate and CertificateVerify at their shortest: 6;
    /// 13 and 426 for a certificate of RSA-2048 with empty names, signed by P-256;
    /// 8 and 256.
    const SMALLEST_WITH_RSA: usize = 6 + 13 + 426 + 8 + 256;
    // A client that went on has seen the whole flight.
    let answer = answer.filter(|answer| !matches!(answer, Answer::Alert(_)))?;
    let records = flight::of_server_before(handshake, answer.frame())?;
    let [record] = records[..] else { return None };
    let [small, _] = shape.overheads();
    let content = record.length.checked_sub(small)?;
    let sizes = shape.smallest_flight()..SMALLEST_WITH_RSA + shape.finished;
    (sizes.contains(&content) && certificates_as_they_are(handshake)).then(|| Inference {
        claim: Claim::ServerKey(HiddenKey::AnyElliptic),
        confidence: Confidence::Likely,
        reason: format!(
            "the server's flight of {content} bytes has no room for an RSA key of 2,048 bits, its signature and a certificate"
        ),
        records: vec![record],
    })
}

/// Neither compressed (RFC 8879) nor raw keys (RFC 7250).
fn certificates_as_they_are(handshake: &Handshake) -> bool {
    handshake.client_hello().is_some_and(|hello| {
        hello.whole
            && [SERVER_CERTIFICATE_TYPE, COMPRESS_CERTIFICATE]
                .iter()
                .all(|code| hello.extension(*code).is_none())
    })
}

// --- the messages between EncryptedExtensions and CertificateVerify -------------

/// The Certificate message, perhaps behind a CertificateRequest; either may be in
/// pieces. The client's answer tells whether it was asked.
fn of_messages(handshake: &Handshake, signed: &Signed<'_>, asked: Option<bool>) -> Vec<Inference> {
    let Some((_, messages)) = signed.before.split_first() else { return Vec::new() };
    let Some((request, rest)) = messages.split_first() else { return Vec::new() };
    // A piece is never shorter than the one behind it, so this is a message of its own.
    let apart = rest.first().is_some_and(|next| request.length < next.length);
    let certificate = match asked {
        Some(false) if flight::may_be_pieces(messages) => messages,
        Some(true) if rest.len() == 1 || apart && flight::may_be_pieces(rest) => rest,
        None if rest.is_empty() => messages,
        None if apart && flight::may_be_pieces(rest) => rest,
        _ => return Vec::new(),
    };
    let mut inferred = Vec::new();
    if asked.is_none() {
        inferred.push(request_by_count(*request, apart));
    }
    if certificates_as_they_are(handshake) {
        let asked_by_count = asked.is_none();
        inferred.push(chain(certificate, signed.overhead, asked_by_count));
    }
    inferred
}

fn request_by_count(record: Record, asked: bool) -> Inference {
    let reason = if asked {
        format!(
            "between EncryptedExtensions and Certificate the server sent a record of {} bytes",
            record.length
        )
    } else {
        "the server sent no record between EncryptedExtensions and Certificate".to_owned()
    };
    Inference {
        claim: Claim::CertificateRequested(asked),
        confidence: Confidence::Likely,
        reason,
        records: vec![record],
    }
}

fn chain(records: &[Record], overhead: usize, by_count: bool) -> Inference {
    let length = flight::joined_length(records, overhead);
    let pieces = match records {
        [record] => format!("the record of {} bytes", record.length),
        _ => format!("{} records", records.len()),
    };
    Inference {
        claim: Claim::ServerChain(length),
        confidence: if by_count { Confidence::Likely } else { Confidence::High },
        reason: format!(
            "{pieces} in front of the server's CertificateVerify, less {overhead} bytes of encryption each, is its Certificate message"
        ),
        records: records.to_vec(),
    }
}

// --- the server's word about the client's certificate ----------------------------

/// The client answered a CertificateRequest, and then the server sent no ticket and no
/// data, but one alert, or two (an alert and close_notify, as GnuTLS does).
pub(super) fn encrypted_refusal(handshake: &Handshake) -> Option<Record> {
    let shape = Shape::of(handshake)?;
    let answer = client::answer(handshake)?;
    if answer.asked() != Some(true) {
        return None;
    }
    let after = flight::of_server_after(handshake, answer.frame())?;
    let alerts = after.iter().all(|record| shape.is_alert(record.length));
    let first = after.first()?;
    (alerts && after.len() <= 2).then_some(*first)
}

/// It cannot be told whether the server refused the client's certificate: the client answered a
/// CertificateRequest, and what the server made of it may be in bytes that are missing; or bytes
/// of the client are missing, so that nobody knows what an alert at the end, or silence, answers.
pub(super) fn word_is_missing(handshake: &Handshake) -> bool {
    let lacks = |role| flight::lacks_bytes(handshake, role);
    let Some(shape) = Shape::of(handshake) else { return false };
    let (behind, answered) = match client::answer(handshake) {
        Some(answer) => (answer.frame(), answer.asked() == Some(true) && lacks(Role::Server)),
        None => {
            let Some((first, _)) = handshake.encrypted(Role::Client).next() else { return false };
            (first.frame, false)
        }
    };
    let after: Vec<usize> = handshake
        .encrypted(Role::Server)
        .filter_map(|(entry, length)| (entry.frame > behind).then_some(length))
        .collect();
    (answered || lacks(Role::Client)) && after.iter().all(|length| shape.is_alert(*length))
}

fn refused(handshake: &Handshake) -> Option<Inference> {
    let alert = encrypted_refusal(handshake)?;
    Some(Inference {
        claim: Claim::Refused { by: Role::Server },
        confidence: Confidence::Likely,
        reason: format!(
            "after the client's answer to its CertificateRequest the server sent neither ticket nor data, but a record of {} bytes, which is as long as an alert",
            alert.length
        ),
        records: vec![alert],
    })
}
