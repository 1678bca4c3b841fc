//! TLS over UDP. It is not read here; its frames are told by name, so that nobody looks for
//! them among what is TLS over TCP.

use super::decode::Skipped;

/// DTLS record header (RFC 6347, 4.1): type, version, epoch, sequence number, length.
const DTLS_HEADER: usize = 13;
/// QUIC version 2 (RFC 9369, 3.1).
const QUIC_2: [u8; 4] = [0x6b, 0x33, 0x43, 0xcf];

/// What a UDP payload is.
pub(super) fn skipped(payload: &[u8]) -> Skipped {
    match *payload {
        // The versions 1.0 and 1.2; 1.3 says 1.2 in its hellos (RFC 9147, 5.3).
        [20..=26, 0xfe, 0xfd | 0xff, ..] if payload.len() >= DTLS_HEADER => Skipped::Dtls,
        // A long header: those of a handshake (RFC 9000, 17.2).
        [0xc0..=0xff, 0, 0, 0, 1, 0..=20, ..] => Skipped::Quic,
        [0xc0..=0xff, a, b, c, d, 0..=20, ..] if [a, b, c, d] == QUIC_2 => Skipped::Quic,
        _ => Skipped::NotTcp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dtls_and_quic_are_told_from_other_datagrams() {
        let hello = [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54][..], &[1; 54]].concat();
        assert_eq!(skipped(&hello), Skipped::Dtls);
        assert_eq!(skipped(&hello[..12]), Skipped::NotTcp);
        assert_eq!(skipped(&[0xc3, 0, 0, 0, 1, 8, 0x83, 0x94]), Skipped::Quic);
        assert_eq!(skipped(&[0xd0, 0x6b, 0x33, 0x43, 0xcf, 8, 0x83]), Skipped::Quic);
        // A version negotiation, RTP and SIP are neither.
        assert_eq!(skipped(&[0xc3, 0, 0, 0, 0, 8, 0x83, 0x94]), Skipped::NotTcp);
        assert_eq!(skipped(&[0x80, 0, 0, 1, 0, 0, 0, 1]), Skipped::NotTcp);
        assert_eq!(skipped(b"OPTIONS sip:a SIP/2.0\r\n"), Skipped::NotTcp);
    }
}
