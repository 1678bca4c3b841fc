//! Handshakes of samples that end in other ways than they did: what is said of the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use serde_json::Value;
use tlsight::pipeline::{Config, analyze};
use tlsight::trust::{Store, StoreSemantics};
use toolkit::conversation::{ACK, Conversation, FIN, PSH, RST, Segment};
use toolkit::file::{self, Style};
use toolkit::wrap::plain;
use toolkit::{look, samples};

fn sample(name: &str) -> Conversation {
    Conversation::read(&samples::path(name))
}

/// The segments up to the `n`th with payload of one side.
fn up_to(talk: &Conversation, client: bool, n: usize) -> Conversation {
    talk.with(talk.segments[..=talk.data(client, n)].to_vec())
}

/// The conversation, and one more segment of a side.
fn then(talk: &Conversation, client: bool, flags: u8, payload: &[u8]) -> Conversation {
    let end = |of: bool| talk.segments.iter().rfind(|one| one.client == of).unwrap().end();
    let nanos = talk.segments.last().unwrap().nanos + 1_000_000;
    let (sequence, acknowledgment) = (end(client), end(!client));
    let flags = flags | ACK;
    let payload = payload.to_vec();
    let more = Segment { nanos, client, sequence, acknowledgment, flags, payload };
    talk.with(talk.segments.iter().cloned().chain([more]).collect())
}

/// The report on it, judged by the trust list of the samples' Expressway.
fn report(talk: &Conversation) -> Value {
    let mut store = Store::new(StoreSemantics::OpenSsl);
    let trust = std::fs::read(samples::root().join("samples/trust/expressway.pem")).unwrap();
    store.add_bundle("expressway.pem", &trust);
    let config = Config { store: Some(store), ..Config::default() };
    let bytes = file::pcap(1, &plain(talk), Style::default());
    look::to_value(&analyze(vec![look::source(&bytes)], &config))
}

/// How the only connection ended, by whom, and the sentences of the findings.
fn told(report: &Value) -> (String, Value, String) {
    let one = look::only(report);
    let findings = report["findings"].as_array().unwrap();
    let sentences = findings.iter().map(|finding| finding["sentence"].as_str().unwrap());
    let how = one["handshake"].as_str().unwrap().to_owned();
    (how, one["aborted_by"].clone(), sentences.collect::<Vec<_>>().join("\n"))
}

/// It may have refused the client, or may simply be gone: it has not shown that it accepted.
#[test]
fn a_server_of_tls13_that_leaves_after_the_client_finished_has_not_completed() {
    let answered = up_to(&sample("tls13-trusted.pcap"), true, 1);
    for (flag, how) in [(RST, "reset"), (FIN, "closed")] {
        let (ending, by, sentences) = told(&report(&then(&answered, false, flag, b"")));
        assert_eq!((ending.as_str(), by), (how, "server".into()));
        assert!(sentences.contains("after the client's last message"), "{sentences}");
    }
    // A client that leaves is content, and a server may say nothing more then.
    let content = then(&then(&answered, true, FIN, b""), false, FIN, b"");
    assert_eq!(told(&report(&content)).0, "completed");
}

#[test]
fn a_client_that_leaves_a_hidden_certificate_has_most_likely_refused_it() {
    let talk = up_to(&sample("tls13-trusted.pcap"), false, 0);
    let (ending, by, sentences) = told(&report(&then(&talk, true, FIN, b"")));
    assert_eq!((ending.as_str(), by), ("closed", "client".into()));
    assert!(sentences.contains("in which TLS 1.3 hides its certificate"), "{sentences}");
}

/// OpenSSL's decode_error at the end of the stream, encrypted since the client's
/// ChangeCipherSpec: it was the server that left.
#[test]
fn an_encrypted_alert_behind_the_end_of_the_stream_answers_it() {
    const ALERT: &[u8] = &[21, 3, 3, 0, 26];
    let closed = then(&up_to(&sample("mtls-accepted.pcap"), true, 1), false, FIN, b"");
    let answered = then(&closed, true, PSH, &[ALERT, &[7; 26]].concat());
    let (ending, by, sentences) = told(&report(&answered));
    assert_eq!((ending.as_str(), by), ("closed", "server".into()));
    assert!(
        sentences.contains("after the client's answer to the CertificateRequest"),
        "{sentences}"
    );
}

/// What leads on to an anchor may be in the part that is not there.
#[test]
fn a_list_of_which_the_end_is_missing_lacks_no_issuer() {
    let talk = sample("rsa-trusted.pcap").resegmented(200);
    let whole = report(&talk);
    assert_eq!(look::only(&whole)["server_path"]["ok"], true, "{whole:#}");
    let first = talk.data(false, 0);
    let mut judged = 0;
    for lost in first..talk.segments.len() {
        let segment = &talk.segments[lost];
        if segment.client || segment.payload.is_empty() {
            continue;
        }
        let rest = talk.segments.iter().enumerate().filter(|(at, _)| *at != lost);
        let seen = report(&talk.with(rest.map(|(_, segment)| segment.clone()).collect()));
        let path = &look::only(&seen)["server_path"];
        assert!(path["ok"] == true || path["not_judged"].is_string(), "{lost}: {path}");
        judged += usize::from(
            path["not_judged"] == "not all certificates of the list are in the capture",
        );
    }
    assert!(judged > 0);
}

/// The sender may choose the level (RFC 5246, 7.2.2), and TLS 1.3 ignores it (RFC 8446, 6).
#[test]
fn a_warning_behind_which_its_sender_leaves_is_a_refusal() {
    let shown = up_to(&sample("rsa-trusted.pcap"), false, 1);
    let warned = |alert: u8| then(&shown, true, PSH, &[21, 3, 3, 0, 2, 1, alert]);
    let refused = report(&then(&warned(42), true, FIN, b""));
    assert_eq!(look::only(&refused)["abort"]["alert"], 42);
    // It went on, or what it said is no error.
    assert_ne!(told(&report(&warned(42))).0, "aborted");
    let (ending, by, sentences) = told(&report(&then(&warned(0), true, FIN, b"")));
    assert_eq!((ending.as_str(), by), ("closed", "client".into()));
    assert!(sentences.contains("with alert close_notify (0)"), "{sentences}");
}

/// What the server answers tells whether TLS is expected: an alert on any port, a refusal in clear,
/// nothing at all; and that it is not, where the server speaks the same.
#[test]
fn a_client_that_speaks_in_clear_is_told_by_the_answer() {
    let asked = up_to(&sample("client-speaks-http.pcap"), true, 0);
    let told = |talk: &Conversation| {
        let report = report(talk);
        let findings = report["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|one| one["rule"] == "client-does-not-speak-tls");
        found.map(|one| one["sentence"].as_str().unwrap().to_owned())
    };
    let answered =
        |payload: &[u8]| told(&then(&then(&asked, false, PSH, payload), false, FIN, b""));
    let said = answered(&[21, 3, 3, 0, 2, 2, 10]).unwrap();
    assert!(said.contains("refused it with alert unexpected_message (10)"), "{said}");
    let said = answered(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    assert!(said.contains("refused it in clear, with status 400"), "{said}");
    assert_eq!(answered(b"HTTP/1.1 200 OK\r\n\r\nhello"), None);
    let severity = |talk: &Conversation| report(talk)["verdicts"][0]["severity"].clone();
    assert_eq!(severity(&asked), "warning");
    assert_eq!(severity(&then(&asked, false, FIN, b"")), "error");
    let said = told(&then(&asked, true, RST, b"")).unwrap();
    assert!(said.contains("gave no answer, and the client gave up"), "{said}");
}

/// A server that lets nobody in; one that a client leaves without a word, or that waits for it and
/// gives up, is as it should be.
#[test]
fn a_connection_that_the_server_drops_before_a_word_is_told() {
    let talk = sample("rsa-trusted.pcap");
    let opened = talk.with(talk.segments[..talk.data(true, 0)].to_vec());
    let found = |talk: &Conversation| {
        let report = report(talk);
        let findings = report["findings"].as_array().unwrap().clone();
        findings.first().map(|one| one["sentence"].as_str().unwrap().to_owned())
    };
    for (flag, how) in [(RST, "reset it before"), (FIN, "closed it before")] {
        let said = found(&then(&opened, false, flag, b"")).unwrap();
        assert!(said.contains("it was opened, and the server ") && said.contains(how), "{said}");
        assert_eq!(found(&then(&then(&opened, true, FIN, b""), false, flag, b"")), None);
        let mut late = then(&opened, false, flag, b"");
        late.segments.last_mut().unwrap().nanos += 20_000_000_000;
        assert_eq!(found(&late), None);
        // Something was said, and is not in the capture.
        let mut spoken = then(&opened, false, flag, b"");
        let last = spoken.segments.last_mut().unwrap();
        last.acknowledgment = last.acknowledgment.wrapping_add(300);
        assert_eq!(found(&spoken), None);
    }
}

#[test]
fn who_says_close_notify_closes_whichever_fin_comes_first() {
    let hello = up_to(&sample("rsa-trusted.pcap"), true, 0);
    let goodbye = then(&hello, false, PSH, &[21, 3, 3, 0, 2, 1, 0]);
    let closed = then(&then(&goodbye, true, FIN, b""), false, FIN, b"");
    let (ending, by, _) = told(&report(&closed));
    assert_eq!((ending.as_str(), by), ("closed", "server".into()));
}

/// A path that lets only small packets through: the server's first segment is sent again and
/// again, and the client, which cannot have refused what it never got, gives up.
#[test]
fn a_certificate_that_never_arrived_was_not_refused() {
    let talk = up_to(&sample("ecdsa-root-missing.pcap"), false, 0);
    let flight = talk.segments.last().unwrap().clone();
    let again = (1..5)
        .map(|times| Segment { nanos: flight.nanos + times * 2_000_000_000, ..flight.clone() });
    let stuck = talk.with(talk.segments.iter().cloned().chain(again).collect());
    let mut gone = then(&stuck, true, FIN, b"");
    gone.segments.last_mut().unwrap().acknowledgment = flight.sequence;
    let (ending, by, sentences) = told(&report(&gone));
    assert_eq!((ending.as_str(), by), ("closed", "client".into()));
    assert!(sentences.contains("the client never acknowledged all of it"), "{sentences}");
    assert!(!sentences.contains("refused"), "{sentences}");
    // Acknowledged at last, it was looked at.
    let (_, _, sentences) = told(&report(&then(&stuck, true, FIN, b"")));
    assert!(!sentences.contains("never acknowledged"), "{sentences}");
}

/// What stands in the path resets both sides, each in the name of the other.
#[test]
fn recordings_at_both_ends_that_do_not_agree_are_both_told() {
    let talk = sample("rsa-trusted.pcap");
    let of_client = then(&up_to(&talk, true, 0), false, RST, b"");
    let of_server = then(&up_to(&talk, false, 1), true, RST, b"");
    let sources = |talks: &[&Conversation]| {
        let bytes = talks.iter().map(|talk| file::pcap(1, &plain(talk), Style::default()));
        bytes.map(|bytes| look::source(&bytes)).collect()
    };
    let report =
        |talks: &[&Conversation]| look::to_value(&analyze(sources(talks), &Config::default()));
    let found = |report: &Value| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["rule"] == "ended-in-between").count()
    };
    assert_eq!(found(&report(&[&of_client, &of_server])), 1);
    assert_eq!(found(&report(&[&of_client, &of_client])), 0);
}
