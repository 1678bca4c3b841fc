//! What happened on the way of a connection, in JSON: alerts, encrypted records, gaps, times.

use super::object::{Object, members};
use super::value::Word;
use crate::connection::{Connection, Inference, Outcome, Renegotiation, RenegotiationEnd, TcpSide};
use crate::tls::{Entry, Role, What, names};

/// Writes how the handshake was broken off; `null` where it was not.
pub(super) fn abort(outcome: &Outcome, object: &mut Object<'_>) {
    let (how, frame, alert, inferred) = match *outcome {
        Outcome::Alert { description, frame, inferred, .. } => {
            ("alert", frame, description, inferred)
        }
        Outcome::Reset { frame, .. } => ("rst", frame, None, false),
        Outcome::Closed { frame, .. } => ("fin", frame, None, false),
        _ => return object.null("abort"),
    };
    object.object("abort", |inner| {
        members!(inner, {
            "how": Word(how),
            "frame": frame,
            "alert": alert,
            "inferred": inferred,
        });
    });
}

/// Writes alerts, gaps, times.
pub(super) fn course(connection: &Connection, object: &mut Object<'_>) {
    let handshake = &connection.handshake;
    object.objects(
        "alerts",
        connection.handshake.entries.iter().filter(is_alert),
        |entry, inner| {
            alert(connection, entry, inner);
        },
    );
    object.object("encrypted_records", |inner| {
        for role in Role::BOTH {
            inner.list(role.name(), handshake.encrypted(role).map(|(_, length)| length));
        }
    });
    object.objects("inferred", &connection.inferred, inference);
    object.objects("gaps", handshake.gaps(), |(entry, bytes, cause), inner| {
        members!(inner, {
            "from": Word(entry.from.name()),
            "frame": entry.frame,
            "bytes": bytes,
        });
        inner.document("cause", &cause);
    });
    object.object("tcp", |inner| {
        inner.object("client", |side| tcp_side(&connection.tcp.client, side));
        inner.object("server", |side| tcp_side(&connection.tcp.server, side));
    });
    object.object("timing", |inner| timing(connection, inner));
    object.document("anomalies", &handshake.anomalies);
    object.member("decrypted", &handshake.entries.iter().any(|entry| entry.decrypted));
    if let Some(begun) = connection.renegotiation {
        object.object("renegotiation", |inner| renegotiation(begun, inner));
    }
}

fn renegotiation(begun: Renegotiation, object: &mut Object<'_>) {
    let (end, by, frame, alert) = match begun.end {
        RenegotiationEnd::Completed => ("completed", None, None, None),
        RenegotiationEnd::Alert { by, description, frame, .. } => {
            ("alert", Some(by), Some(frame), description)
        }
        RenegotiationEnd::Left { by, frame, reset } => {
            (if reset { "rst" } else { "fin" }, Some(by), Some(frame), None)
        }
        RenegotiationEnd::Open => ("open", None, None, None),
    };
    members!(object, {
        "begun_by": Word(begun.by.name()),
        "frame": begun.frame,
        "end": Word(end),
        "ended_by": by.map(|role| Word(role.name())),
        "end_frame": frame,
        "alert": alert,
    });
}

/// An encrypted alert that was decrypted comes once more behind it, with what it says.
fn is_alert(entry: &&Entry) -> bool {
    match entry.what {
        What::Alert { .. } => true,
        What::EncryptedAlert { .. } => !entry.decrypted,
        _ => false,
    }
}

fn alert(connection: &Connection, entry: &Entry, object: &mut Object<'_>) {
    let said = match entry.what {
        What::Alert { level, description } => Some((level, description)),
        _ => None,
    };
    let level = said.map(|(level, _)| if level == 2 { "fatal" } else { "warning" });
    let code = said.map(|(_, description)| description);
    members!(object, {
        "from": Word(entry.from.name()),
        "frame": entry.frame,
        "level": level.map(Word),
        "description": code.map(names::alert_name).as_deref(),
        "code": code,
        "encrypted": said.is_none(),
        "decrypted": entry.decrypted,
        "stage": connection.handshake.stage_before(entry),
    });
}

/// What record lengths tell of a TLS 1.3 handshake without keys.
fn inference(inference: &Inference, object: &mut Object<'_>) {
    members!(object, {
        "what": Word(inference.claim.what()),
        "value": inference.claim.value(),
        "confidence": Word(inference.confidence.word()),
        "reason": inference.reason,
        "frames": inference.frames(),
    });
}

fn tcp_side(side: &TcpSide, object: &mut Object<'_>) {
    members!(object, {
        "segments": side.segments,
        "bytes": side.bytes,
        "syn_frame": side.syn.map(|mark| mark.frame),
        "fin_frame": side.fin.map(|mark| mark.frame),
        "rst_frame": side.rst.map(|mark| mark.frame),
    });
}

/// Milliseconds.
fn timing(connection: &Connection, object: &mut Object<'_>) {
    let timing = connection.timing();
    let millis = |nanos: Option<i64>| nanos.map(|nanos| nanos as f64 / 1e6);
    members!(object, {
        "tcp_round_trip_ms": millis(timing.tcp_round_trip),
        "hello_to_hello_ms": millis(timing.hello_to_hello),
        "hello_to_end_ms": millis(timing.hello_to_end),
    });
}
