//! Lengths measured from real stacks with `tests/inference/run.sh` and in captures,
//! and near misses that must stay without a claim.

use super::{Claim, Confidence, HiddenKey, infer, refusal};
use crate::flow::GapCause;
use crate::time::Timestamp;
use crate::tls::{
    Body, ClientHello, Entry, Extension, Handshake, Message, Role, ServerHello, What,
};

const AES_128_GCM_SHA256: u16 = 0x1301;
const AES_256_GCM_SHA384: u16 = 0x1302;
const AES_128_CCM_8_SHA256: u16 = 0x1305;

/// A handshake: both hellos, the server's flight, the client's records, and what the
/// server sent then. Each entry has a frame of its own.
#[derive(Clone)]
struct Seen {
    suite: u16,
    schemes: Vec<u16>,
    offered: Vec<u16>,
    selected: Vec<u16>,
    flight: Vec<usize>,
    client: Vec<usize>,
    after: Vec<usize>,
}

fn seen(suite: u16, flight: &[usize], client: &[usize], after: &[usize]) -> Seen {
    Seen {
        suite,
        schemes: vec![0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401],
        offered: Vec::new(),
        selected: Vec::new(),
        flight: flight.to_vec(),
        client: client.to_vec(),
        after: after.to_vec(),
    }
}

impl Seen {
    fn handshake(&self) -> Handshake {
        let mut entries = Vec::new();
        let mut add = |from: Role, what: What| {
            let frame = entries.len() as u64 + 1;
            let time = Timestamp::from_nanos(0);
            entries.push(Entry { from, first_frame: frame, frame, time, what, decrypted: false });
        };
        add(Role::Client, message(Body::ClientHello(Box::new(self.client_hello()))));
        add(Role::Server, message(Body::ServerHello(Box::new(self.server_hello()))));
        let records = [
            (Role::Server, &self.flight),
            (Role::Client, &self.client),
            (Role::Server, &self.after),
        ];
        for (from, lengths) in records {
            for length in lengths {
                add(from, What::Protected { length: *length });
            }
        }
        Handshake { entries, ..Handshake::default() }
    }

    fn client_hello(&self) -> ClientHello {
        let mut body = u16::try_from(self.schemes.len() * 2).unwrap().to_be_bytes().to_vec();
        body.extend(self.schemes.iter().flat_map(|scheme| scheme.to_be_bytes()));
        let extensions = self.offered.iter().map(|code| extension(*code, &[]));
        ClientHello {
            extensions: extensions.chain([extension(13, &body)]).collect(),
            whole: true,
            ..ClientHello::default()
        }
    }

    fn server_hello(&self) -> ServerHello {
        let extensions = self.selected.iter().map(|code| extension(*code, &[]));
        ServerHello {
            cipher_suite: Some(self.suite),
            extensions: extensions.chain([extension(43, &[3, 4])]).collect(),
            whole: true,
            ..ServerHello::default()
        }
    }

    /// `what=value`, with `?` where it is only likely.
    fn claims(&self) -> Vec<String> {
        claims(&self.handshake())
    }
}

fn claims(handshake: &Handshake) -> Vec<String> {
    let text = |inference: super::Inference| {
        let doubt = if inference.confidence == Confidence::Likely { "?" } else { "" };
        assert!(!inference.frames().is_empty() && !inference.reason.is_empty());
        format!("{}={}{doubt}", inference.claim.what(), inference.claim.value())
    };
    infer(handshake).into_iter().map(text).collect()
}

fn extension(code: u16, body: &[u8]) -> Extension {
    Extension { code, body: body.to_vec(), whole: true }
}

fn message(body: Body) -> What {
    What::Message(Message { kind: 0, length: 0, body, whole: true })
}

// --- one record per message ------------------------------------------------------

/// OpenSSL 3.0 to OpenSSL 3.0, chain of two, no client certificate asked for.
#[test]
fn openssl_without_client_certificate() {
    let seen = seen(AES_128_GCM_SHA256, &[23, 1773, 281, 53], &[53, 35, 19], &[234, 234]);
    assert_eq!(
        seen.claims(),
        ["server_key=RSA-2048", "server_chain=1756 bytes", "certificate_requested=no"]
    );
}

/// The kinds of keys as OpenSSL 3.0 signs with them, SHA-384.
#[test]
fn every_kind_of_key() {
    let lengths = [
        (281, "RSA-2048"),
        (409, "RSA-3072"),
        (537, "RSA-4096"),
        (95, "P-256"),
        (97, "P-256"),
        (127, "P-384"),
        (129, "P-384"),
        (163, "P-521"),
        (164, "P-521"),
        (89, "Ed25519"),
    ];
    for (verify, key) in lengths {
        let seen = seen(AES_256_GCM_SHA384, &[23, 1000, verify, 69], &[69], &[250, 250]);
        assert_eq!(seen.claims().first(), Some(&format!("server_key={key}")));
    }
}

/// OpenSSL 3.0 with the short tags of CCM_8: every record is 8 bytes shorter.
#[test]
fn openssl_with_ccm_8() {
    let seen = seen(AES_128_CCM_8_SHA256, &[15, 910, 273, 45], &[45, 27, 11], &[226, 226]);
    assert_eq!(
        seen.claims(),
        ["server_key=RSA-2048", "server_chain=901 bytes", "certificate_requested=no"]
    );
}

/// A Java server (JSSE sockets, OpenJDK 17): 16 bytes of padding in each record, and
/// a Finished of SHA-256 as long as one of SHA-384 without padding.
#[test]
fn java_pads() {
    let seen = seen(
        AES_128_GCM_SHA256,
        &[65, 174, 2644, 297, 69],
        &[1004, 111, 69, 51, 35],
        &[3841, 68, 35, 35],
    );
    assert_eq!(
        seen.claims(),
        [
            "server_key=RSA-2048",
            "server_chain=2611 bytes",
            "certificate_requested=yes",
            "client_certificate=sent",
            "client_key=P-256"
        ]
    );
}

/// A Go 1.19 server: a ticket behind its Finished, before the client answers.
#[test]
fn a_hasty_ticket_is_no_part_of_the_flight() {
    let seen = seen(AES_128_GCM_SHA256, &[23, 1773, 281, 53, 147], &[19], &[]);
    assert_eq!(
        seen.claims(),
        [
            "server_key=RSA-2048",
            "certificate_requested=no?",
            "server_chain=1756 bytes?",
            "client_refused=yes?"
        ]
    );
    assert_eq!(refusal(&seen.handshake()), Some((Role::Client, 8)));
}

/// OpenSSL 3.0 `s_server -max_send_frag 700`: the Certificate in pieces.
#[test]
fn a_certificate_in_pieces() {
    let asked = seen(
        AES_128_GCM_SHA256,
        &[49, 124, 717, 717, 717, 528, 281, 53],
        &[25, 53, 35],
        &[234, 234],
    );
    assert_eq!(
        asked.claims(),
        [
            "server_key=RSA-2048",
            "server_chain=2611 bytes",
            "certificate_requested=yes",
            "client_certificate=empty"
        ]
    );
    let not_asked = seen(AES_128_GCM_SHA256, &[49, 717, 717, 373, 281, 53], &[53], &[234, 234]);
    assert!(not_asked.claims().contains(&"server_chain=1756 bytes".to_owned()));
    // A client that refuses does not say whether the first piece was a request.
    let refused = seen(AES_128_GCM_SHA256, &[49, 717, 717, 373, 281, 53], &[19], &[]);
    assert_eq!(refused.claims(), ["server_key=RSA-2048", "client_refused=yes?"]);
}

/// The client's Finished stands before the end of the server's flight in the capture.
#[test]
fn packets_out_of_order_change_nothing() {
    let seen = seen(AES_256_GCM_SHA384, &[23, 1773], &[69, 251], &[281, 69, 250, 250]);
    assert_eq!(
        seen.claims(),
        ["server_key=RSA-2048", "server_chain=1756 bytes", "certificate_requested=no"]
    );
}

// --- several messages in one record -----------------------------------------------

/// Tomcat 10.1 on OpenJDK 17: the whole flight in one record (RSA-2048, chain of 2).
#[test]
fn a_joined_flight_hides_the_key() {
    let seen = seen(AES_256_GCM_SHA384, &[2264], &[69, 251, 19], &[2186, 264, 35]);
    assert_eq!(seen.claims(), ["certificate_requested=no"]);
}

/// rustls 0.23 with a P-256 certificate alone: no room for RSA.
#[test]
fn a_joined_flight_without_room_for_rsa() {
    let small = seen(AES_128_GCM_SHA256, &[669], &[53, 35], &[154, 19]);
    assert_eq!(small.claims(), ["server_key=EC?", "certificate_requested=no"]);
    // Compressed certificates (RFC 8879) or raw keys (RFC 7250) were possible.
    for offered in [27, 20] {
        let small = Seen { offered: vec![offered], ..small.clone() };
        assert_eq!(small.claims(), ["certificate_requested=no"]);
    }
    // The client left before the flight was whole.
    let left = Seen { client: vec![19], ..small };
    assert_eq!(left.claims(), ["client_refused=yes?"]);
}

/// NSS 3.87 and rustls 0.23 as clients: certificate, signature and Finished in one
/// record, and so the empty list and Finished.
#[test]
fn joined_answers_of_clients() {
    let sent = seen(AES_128_GCM_SHA256, &[3027], &[1103, 35], &[179, 54, 19]);
    assert_eq!(sent.claims(), ["certificate_requested=yes", "client_certificate=sent"]);
    let empty = seen(AES_128_GCM_SHA256, &[1317], &[61, 35], &[179, 54]);
    assert_eq!(empty.claims(), ["certificate_requested=yes", "client_certificate=empty"]);
}

/// A client that offers RSA signatures only, to a server that joins its messages.
#[test]
fn the_offer_leaves_one_kind_of_key() {
    let mut seen = seen(AES_256_GCM_SHA384, &[2264], &[69, 251], &[2186]);
    seen.schemes = vec![0x0804, 0x0805, 0x0806, 0x0401, 0x0501];
    assert_eq!(seen.claims(), ["server_key=RSA", "certificate_requested=no"]);
}

// --- refusals -----------------------------------------------------------------------

/// Java as client, empty list, refused by OpenSSL and by Java's own server.
#[test]
fn the_server_refuses_an_empty_list() {
    for (flight, alert) in [(vec![23, 124, 918, 281, 53], 19), (vec![65, 174, 934, 297, 69], 35)] {
        let seen = seen(AES_128_GCM_SHA256, &flight, &[41, 69, 51], &[alert]);
        let last = seen.claims();
        assert!(last.contains(&"client_certificate=empty".to_owned()), "{last:?}");
        assert!(last.contains(&"server_refused=yes?".to_owned()), "{last:?}");
        assert_eq!(refusal(&seen.handshake()), Some((Role::Server, 11)));
    }
}

/// gnutls-serv 3.7: the alert and close_notify.
#[test]
fn the_server_refuses_and_says_goodbye() {
    let seen =
        seen(AES_128_GCM_SHA256, &[29, 124, 918, 281, 53], &[530, 97, 53, 35, 19], &[19, 19]);
    assert!(seen.claims().contains(&"server_refused=yes?".to_owned()));
}

/// A ticket, or data, comes only from a server that accepts.
#[test]
fn a_close_notify_behind_a_ticket_is_no_refusal() {
    for after in [vec![730, 19], vec![50, 19], vec![19, 50]] {
        let seen = seen(AES_128_GCM_SHA256, &[23, 120, 918, 281, 53], &[25, 53, 35], &after);
        assert!(!seen.claims().iter().any(|claim| claim.starts_with("server_refused")));
        assert_eq!(refusal(&seen.handshake()), None);
    }
}

/// Without a CertificateRequest there is nothing of the client's to refuse.
#[test]
fn a_close_notify_without_client_certificate_is_no_refusal() {
    let seen = seen(AES_128_GCM_SHA256, &[23, 918, 281, 53], &[53, 35], &[19]);
    assert_eq!(refusal(&seen.handshake()), None);
}

/// GnuTLS 3.7, NSS, Go and rustls refuse with 19 bytes, Java with 35.
#[test]
fn the_client_refuses() {
    for alert in [19, 35] {
        let seen = seen(AES_128_GCM_SHA256, &[23, 1773, 281, 53], &[alert], &[]);
        assert_eq!(refusal(&seen.handshake()), Some((Role::Client, 7)));
        assert!(seen.claims().contains(&"client_refused=yes?".to_owned()));
    }
}

/// NSS 3.87 refuses a Java server's certificate before its Finished is there.
#[test]
fn the_flight_goes_on_behind_a_refusal() {
    let seen = seen(AES_256_GCM_SHA384, &[65, 1789, 297], &[19], &[85]);
    assert_eq!(
        seen.claims(),
        [
            "server_key=RSA-2048",
            "certificate_requested=no?",
            "server_chain=1756 bytes?",
            "client_refused=yes?"
        ]
    );
}

// --- near misses ----------------------------------------------------------------------

#[test]
fn lengths_that_no_signature_has_are_no_claim() {
    for verify in [90, 105, 140, 280, 282, 300, 538] {
        let seen = seen(AES_128_GCM_SHA256, &[23, 1773, verify, 53], &[53], &[234]);
        assert_eq!(seen.claims(), ["certificate_requested=no"], "{verify}");
    }
}

/// As long as an RSA signature, but the client offers none of RSA.
#[test]
fn a_key_that_was_not_offered_is_no_claim() {
    let mut seen = seen(AES_128_GCM_SHA256, &[23, 1773, 281, 53], &[53], &[234]);
    seen.schemes = vec![0x0403, 0x0904];
    assert_eq!(seen.claims(), ["certificate_requested=no"]);
}

/// A Brainpool curve signs as long as P-256 (RFC 8734).
#[test]
fn a_double_makes_it_likely_only() {
    let mut seen = seen(AES_128_GCM_SHA256, &[23, 518, 96, 53], &[53], &[234]);
    seen.schemes.push(0x081a);
    assert_eq!(seen.claims().first().map(String::as_str), Some("server_key=P-256?"));
}

/// Data of the server that is as long as a signature and a Finished, behind a flight
/// in one record and the client's answer.
#[test]
fn data_is_not_read_as_a_flight() {
    let seen = seen(AES_128_GCM_SHA256, &[1224], &[53, 35], &[179, 900, 281, 53]);
    assert_eq!(seen.claims(), ["certificate_requested=no"]);
}

#[test]
fn no_claim_when_resumed_or_early_or_of_another_suite() {
    let full = seen(AES_128_GCM_SHA256, &[23, 918, 281, 53], &[53], &[234]);
    let resumed = Seen { selected: vec![41], ..full.clone() };
    assert!(resumed.claims().is_empty());
    let integrity_only = Seen { suite: 0xc0b4, ..full.clone() };
    assert!(integrity_only.claims().is_empty());
    // Early data may come behind the ServerHello in the capture: nothing is said of
    // the client.
    let early = Seen { offered: vec![42], ..full };
    assert!(!early.claims().contains(&"certificate_requested=no".to_owned()));
}

/// With a key log, even one that opens one side only, nothing is concluded of certificates; how
/// the side ended that it does not open is.
#[test]
fn no_claim_when_a_key_shows_the_facts() {
    let full = seen(AES_128_GCM_SHA256, &[23, 918, 281, 53], &[19], &[]).handshake();
    for (from, closed) in [(Role::Server, Some(Role::Client)), (Role::Client, None)] {
        let mut handshake = full.clone();
        let ours = handshake.entries.iter_mut().filter(|entry| entry.from == from);
        ours.for_each(|entry| entry.decrypted = matches!(entry.what, What::Protected { .. }));
        assert!(claims(&handshake).is_empty());
        assert_eq!(refusal(&handshake).map(|(by, _)| by), closed);
    }
}

#[test]
fn no_claim_about_a_side_with_missing_bytes() {
    let full = seen(AES_128_GCM_SHA256, &[23, 918, 281, 53], &[53], &[234]).handshake();
    for (from, left) in [(Role::Server, 1), (Role::Client, 0)] {
        let mut handshake = full.clone();
        let mut entry = handshake.entries[2].clone();
        entry.from = from;
        entry.what = What::Gap { length: 1, cause: GapCause::NotCaptured };
        handshake.entries.insert(3, entry);
        let about = claims(&handshake);
        let asked = about.iter().filter(|claim| *claim == "certificate_requested=no").count();
        assert_eq!(asked, left, "{about:?}");
    }
}

/// 41 bytes are Java's empty list, 69 its Finished; between them nothing is said.
#[test]
fn odd_first_records_of_clients_are_no_claim() {
    for length in [20, 24, 26, 52, 54, 60, 62, 100, 200, 270] {
        let seen = seen(AES_128_GCM_SHA256, &[1224], &[length], &[179]);
        assert!(seen.claims().is_empty(), "{length}: {:?}", seen.claims());
    }
}

#[test]
fn names_are_stable() {
    assert_eq!(Claim::ServerKey(HiddenKey::Rsa(3072)).value(), "RSA-3072");
    assert_eq!(Claim::Refused { by: Role::Server }.what(), "server_refused");
}
