//! Finding the first TLS record of a direction, on any port and behind any text.
//!
//! TLS may begin with the first byte, or after a dialogue in another protocol
//! (STARTTLS, HTTP CONNECT, SOCKS), or have begun before the capture did.

use super::record::{self, HEADER, RecordHeader};

/// Bytes that tell a hello from chance: record header, handshake header, version.
pub(super) const SIGNATURE: usize = HEADER + 6;

/// ContentType of a hello's record.
const HANDSHAKE: u8 = 22;

/// What the first bytes of a direction, or of a segment, turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Records begin at this offset.
    Records(usize),
    /// An SSL 2.0 format hello begins here.
    Ssl2,
    /// Not here; go on looking from this offset.
    NotYet(usize),
}

/// Whether a record may begin with this byte (RFC 8446, B.1; RFC 6520 has 24).
pub(super) const fn begins(kind: u8) -> bool {
    matches!(kind, 20..=24)
}

/// Looks at the very first bytes of a connection.
pub(super) fn at_start(bytes: &[u8]) -> Found {
    // An alert alone is shorter than any signature; a Finished alone is ciphertext.
    if record::is_chain(bytes) {
        return Found::Records(0);
    }
    if is_ssl2_client_hello(bytes) || is_ssl2_server_hello(bytes) {
        return Found::Ssl2;
    }
    if bytes.len() < SIGNATURE + 2 && may_be_tls(bytes) {
        return Found::NotYet(0);
    }
    if RecordHeader::parse(bytes).is_some() && makes_sense(bytes) {
        return Found::Records(0);
    }
    hello_within(bytes)
}

/// Looks at bytes that are not the first of a connection, from the start of a
/// segment on: for records that begin with it, or a hello anywhere in it.
pub(super) fn at_segment(bytes: &[u8]) -> Found {
    if record::is_chain(bytes) {
        return Found::Records(0);
    }
    hello_within(bytes)
}

/// Looks for a ClientHello or ServerHello anywhere in `bytes`.
pub(super) fn hello_within(bytes: &[u8]) -> Found {
    // Where less than a signature is left, none begins.
    let split = (bytes.len() + 1).saturating_sub(SIGNATURE);
    let (starts, last) = bytes.split_at_checked(split).unwrap_or((bytes, &[]));
    let mut handshakes = memchr::memchr_iter(HANDSHAKE, starts);
    match handshakes.find(|at| bytes.get(*at..).is_some_and(is_hello)) {
        Some(at) => Found::Records(at),
        // The last bytes may be the beginning of a signature.
        None => {
            let undecided = memchr::memchr(HANDSHAKE, last).unwrap_or(last.len());
            Found::NotYet(starts.len() + undecided)
        }
    }
}

/// Whether the first bytes of a connection are too few to tell what it is.
pub(super) fn may_be_tls(bytes: &[u8]) -> bool {
    could_become_records(bytes) || could_become_ssl2(bytes)
}

/// A short first segment may still become a record.
fn could_become_records(bytes: &[u8]) -> bool {
    match bytes {
        [] => true,
        [kind] => begins(*kind),
        [kind, major, ..] => begins(*kind) && *major == 3,
    }
}

fn could_become_ssl2(bytes: &[u8]) -> bool {
    match bytes {
        [high] => high & 0x80 != 0,
        [high, _, kind, ..] => high & 0x80 != 0 && matches!(kind, 1 | 4),
        [high, _] => high & 0x80 != 0,
        [] => true,
    }
}

/// A handshake record at the start must carry a known message; the lengths of
/// other records are all there is to check.
fn makes_sense(bytes: &[u8]) -> bool {
    match bytes {
        [22, _, _, _, _, kind, high, ..] => matches!(kind, 0..=25 | 67 | 203) && *high <= 1,
        _ => true,
    }
}

/// Record header, ClientHello or ServerHello of a length that fits, TLS version.
fn is_hello(bytes: &[u8]) -> bool {
    let (Some(header), Some([22, 3, _, _, _, kind, 0, _, _, major, minor])) =
        (RecordHeader::parse(bytes), bytes.first_chunk::<SIGNATURE>())
    else {
        return false;
    };
    // Draft versions of TLS 1.3 stood in the ServerHello as 0x7fXX.
    let version = *major == 3 && *minor <= 4 || *major == 0x7f && *kind == 2;
    matches!(kind, 1 | 2) && version && header.length > 4
}

/// Whether the hello that begins here is the client's.
pub(super) fn is_client_hello(bytes: &[u8]) -> bool {
    is_hello(bytes) && bytes.get(HEADER) == Some(&1)
}

/// SSL 2.0 format ClientHello (RFC 5246, E.2; the SSL 2.0 draft): two-byte length
/// with the high bit set, type 1, a version, and lengths that add up.
fn is_ssl2_client_hello(bytes: &[u8]) -> bool {
    let Some([high, low, kind, major, minor, c0, c1, s0, s1, r0, r1]) =
        bytes.first_chunk::<SIGNATURE>().copied()
    else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([high & 0x7f, low]));
    let parts = [[c0, c1], [s0, s1], [r0, r1]].map(|pair| usize::from(u16::from_be_bytes(pair)));
    let [ciphers, session, challenge] = parts;
    let version = (major == 3 && minor <= 4) || (major == 0 && minor == 2);
    high & 0x80 != 0
        && kind == 1
        && version
        && ciphers % 3 == 0
        && ciphers > 0
        && matches!(session, 0 | 16)
        && (16..=32).contains(&challenge)
        && length == 9 + ciphers + session + challenge
}

/// SERVER-HELLO of SSL 2.0: type 4, hit flag, certificate type 1 (or 0 in a resumed
/// session), version 2, and lengths that add up.
fn is_ssl2_server_hello(bytes: &[u8]) -> bool {
    let (Some([high, low, 4, hit, kind, 0, 2, c0, c1, s0, s1]), Some([i0, i1])) =
        (bytes.first_chunk::<SIGNATURE>(), bytes.get(SIGNATURE..SIGNATURE + 2))
    else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
    let parts =
        [[c0, c1], [s0, s1], [i0, i1]].map(|[a, b]| usize::from(u16::from_be_bytes([*a, *b])));
    high & 0x80 != 0 && *hit <= 1 && *kind <= 1 && length == 11 + parts.iter().sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: [u8; 12] = [22, 3, 1, 0, 90, 1, 0, 0, 86, 3, 3, 0xaa];

    #[test]
    fn records_from_the_first_byte() {
        assert_eq!(at_start(&[&HELLO[..], &[0; 9]].concat()), Found::Records(0));
        assert_eq!(at_start(&HELLO[..4]), Found::NotYet(0));
        assert_eq!(at_start(&[21, 3, 1, 0, 2, 2, 40]), Found::Records(0), "an alert and no more");
        assert_eq!(at_start(&[21, 3, 1, 0, 2, 2, 40, 22, 3, 1, 0, 9, 1, 0]), Found::Records(0));
    }

    #[test]
    fn a_hello_behind_text() {
        let text = [b"220 ready\r\n".as_slice(), &HELLO].concat();
        assert_eq!(at_start(&text), Found::Records(11));
        assert_eq!(at_segment(&text), Found::Records(11));
        let cut = &text[..text.len() - 6];
        assert!(matches!(hello_within(cut), Found::NotYet(at) if at <= 11));
    }

    #[test]
    fn text_is_no_tls() {
        assert_eq!(at_start(b"GET / HTTP/1.1\r\n"), Found::NotYet(16));
        assert_eq!(at_segment(b"SSH-2.0-OpenSSH"), Found::NotYet(15));
        assert_eq!(at_segment(b"a hello may begin\x16\x03"), Found::NotYet(17));
    }

    #[test]
    fn an_ssl2_hello_adds_up() {
        let mut hello = vec![0x80, 9 + 3 + 16, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 4];
        hello.extend([7; 16]);
        assert_eq!(at_start(&hello), Found::Ssl2);
        hello[1] = 40;
        assert_ne!(at_start(&hello), Found::Ssl2);
    }
}
