//! One connection in JSON.

use std::sync::Arc;

use super::course::{abort, course};
use super::handshake::{EncryptedExtensionsDocument, certificate_request, key_exchange};
use super::hello::{Answer, Offer, answer, new_each_time, offer};
use super::object::{Object, members, text};
use super::parts::Parts;
use super::trust::trust;
use super::value::{Word, Written};
use crate::connection::Connection;
use crate::report::model::Judged;
use crate::report::table::signing_key;
use crate::tls::{ClientHello, Entry, Handshake, ServerHello};

/// Writes the members of a connection.
pub(super) fn connection(judged: &Judged, parts: &mut Parts, object: &mut Object<'_>) {
    let hellos = Hellos::of(&judged.connection.handshake, parts);
    ends(judged, object);
    choice(&judged.connection, &hellos, object);
    messages(&judged.connection.handshake, &hellos, parts, object);
    trust(&judged.connection, parts, object);
    course(&judged.connection, object);
    judgement(judged, object);
}

/// The hellos of both sides, each with what it says each time.
struct Hellos<'c> {
    client: Option<(&'c Entry, &'c ClientHello, Arc<Offer>)>,
    second_client: Option<(&'c Entry, &'c ClientHello, Arc<Offer>)>,
    retry: Option<(&'c Entry, &'c ServerHello, Arc<Answer>)>,
    server: Option<(&'c Entry, &'c ServerHello, Arc<Answer>)>,
}

impl<'c> Hellos<'c> {
    fn of(handshake: &'c Handshake, parts: &mut Parts) -> Self {
        let mut of_client = handshake.client_hellos();
        let mut next =
            || of_client.next().map(|(entry, hello)| (entry, hello, offer(hello, parts)));
        let (client, second_client) = (next(), next());
        let mut answered =
            |(entry, hello): (&'c Entry, &'c ServerHello)| (entry, hello, answer(hello, parts));
        let retry = handshake.hello_retry_request().map(&mut answered);
        let server = handshake.server_hello().map(&mut answered);
        Self { client, second_client, retry, server }
    }
}

/// Who, where and when.
fn ends(judged: &Judged, object: &mut Object<'_>) {
    let connection = &judged.connection;
    members!(object, {
        "input": judged.capture,
        "stream": connection.stream,
        "client": connection.client,
        "server": connection.server,
    });
    let service = crate::expressway::service(connection.server.port);
    object.member("service", &service.map(|service| Word(service.name)));
    if let Some((input, stream)) = judged.same_as {
        // Where the fullest recording of this connection is, by which it was judged.
        object.object("same_as", |inner| {
            members!(inner, {
                "input": input,
                "stream": stream,
            });
        });
    }
    members!(object, {
        "client_is": Word(judged.leg.client.word()),
        "server_is": Word(judged.leg.server.word()),
        "judgement_time": connection.judged_at,
        "first_frame": connection.first.frame,
        "first_time": connection.first.time,
        "last_frame": connection.last.frame,
        "last_time": connection.last.time,
    });
    object.list("encapsulation", connection.encapsulation.names().map(Word));
}

/// What was wanted, what was chosen, and how it ended.
fn choice(connection: &Connection, hellos: &Hellos<'_>, object: &mut Object<'_>) {
    let offer = hellos.client.as_ref().map(|(.., offer)| offer);
    let retry = hellos.retry.as_ref().map(|(.., answer)| answer);
    let answer = hellos.server.as_ref().map(|(.., answer)| answer);
    let outcome = &connection.outcome;
    members!(object, {
        "started_by": connection.handshake.started_by.map(Word),
        "sni": offer.map(|offer| Written(&offer.sni)),
        "version": answer.or(retry).map(|answer| Written(&answer.version)),
        "cipher_suite": answer.map(|answer| Written(&answer.suite)),
        "handshake": Word(outcome.word()),
        "aborted_by": outcome.aborted_by().map(|role| Word(role.name())),
    });
    abort(outcome, object);
    members!(object, {
        "resumed": connection.resumption.by_earlier_key(),
        "resumed_by": connection.resumption.how().map(Word),
        "signing_key": signing_key(connection).as_deref(),
    });
    match offer {
        Some(offer) => object.members_of(&offer.fingerprints),
        None => ["ja3", "ja4"].into_iter().for_each(|name| object.null(name)),
    }
    object.member("ja3s", &answer.map(|answer| Written(&answer.ja3s)));
}

/// The messages of both sides.
fn messages(
    handshake: &Handshake,
    hellos: &Hellos<'_>,
    parts: &mut Parts,
    object: &mut Object<'_>,
) {
    for (name, hello) in
        [("client_hello", &hellos.client), ("second_client_hello", &hellos.second_client)]
    {
        object.optional(name, hello.as_ref(), |(entry, hello, offer), inner| {
            new_each_time(entry, &hello.random, &hello.session_id, inner);
            inner.members_of(&offer.hello);
        });
    }
    for (name, hello) in [("hello_retry_request", &hellos.retry), ("server_hello", &hellos.server)]
    {
        object.optional(name, hello.as_ref(), |(entry, hello, answer), inner| {
            new_each_time(entry, &hello.random, &hello.session_id, inner);
            inner.members_of(&answer.hello);
        });
    }
    let extensions = handshake.encrypted_extensions();
    object.optional("encrypted_extensions", extensions, |(entry, extensions), inner| {
        inner.members_of(&text(&EncryptedExtensionsDocument::of(entry, extensions)));
    });
    let exchange = handshake.server_key_exchange();
    object.optional("server_key_exchange", exchange, |exchange, inner| {
        key_exchange(exchange, parts, inner);
    });
    let request = handshake.certificate_request();
    object.optional("certificate_request", request, |request, inner| {
        certificate_request(request, parts, inner);
    });
}

/// What the ledger and the rules say, and the log.
fn judgement(judged: &Judged, object: &mut Object<'_>) {
    let mut rules: Vec<&'static str> =
        judged.findings.iter().map(|finding| finding.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    members!(object, {
        "ledger_class": Word(judged.connection.ledger.word()),
        "worst_severity": judged.worst().map(|worst| Word(worst.word())),
    });
    object.list("findings", rules.into_iter().map(Word));
    object.objects("log", &judged.log, |line, inner| {
        members!(inner, {
            "line": line.number,
            "time": line.time,
            "text": line.text,
        });
    });
}
