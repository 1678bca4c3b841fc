//! How long the short messages of TLS 1.3 are in their records.

use crate::tls::Handshake;

/// Length of a Certificate message with an empty list: header, empty context, empty
/// list (RFC 8446, 4.4.2).
pub(super) const EMPTY_CERTIFICATE: usize = 4 + 1 + 3;
/// No Certificate message with a certificate is shorter: one with the smallest key in
/// use (EC) and empty names takes about 225 bytes, its framing 13 (RFC 8446, 4.4.2).
pub(super) const SHORTEST_CERTIFICATE: usize = 238;
/// Length of an alert (RFC 8446, 6).
const ALERT: usize = 2;
/// Java (JSSE) fills each record with so many zeros (RFC 8446, 5.4); measured with
/// OpenJDK 17.
const JAVA_PADDING: usize = 16;

/// What the cipher suite says of lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Length of a Finished message: header and hash (RFC 8446, 4.4.4).
    pub(super) finished: usize,
    /// Length of the tag that the cipher adds (RFC 8446, 5.2).
    tag: usize,
}

impl Shape {
    /// By the negotiated suite. `None` for suites that are not known to the tables
    /// of RFC 8446, B.4 and RFC 8998, 2.
    pub(super) fn of(handshake: &Handshake) -> Option<Self> {
        let (_, hello) = handshake.server_hello()?;
        let (hash, tag) = match hello.cipher_suite? {
            0x1301 | 0x1303 | 0x1304 | 0x00c6 | 0x00c7 => (32, 16),
            0x1302 => (48, 16),
            0x1305 => (32, 8),
            _ => return None,
        };
        Some(Self { finished: 4 + hash, tag })
    }

    /// What a record adds to the messages in it: content type and tag, and Java's
    /// padding.
    pub(super) const fn overheads(self) -> [usize; 2] {
        [1 + self.tag, 1 + self.tag + JAVA_PADDING]
    }

    /// Whether a record of this length holds an alert.
    pub(super) fn is_alert(self, record: usize) -> bool {
        self.overheads().contains(&record.wrapping_sub(ALERT))
    }

    /// The overhead with which a record of this length holds exactly `messages` bytes.
    pub(super) fn overhead_around(self, messages: usize, record: usize) -> Option<usize> {
        self.overheads().into_iter().find(|overhead| overhead + messages == record)
    }

    /// Length of the smallest flight with a certificate: EncryptedExtensions,
    /// Certificate, an Ed25519 CertificateVerify, Finished.
    pub(super) const fn smallest_flight(self) -> usize {
        6 + SHORTEST_CERTIFICATE + 8 + 64 + self.finished
    }

    /// Whether a record is long enough for a Finished.
    pub(super) const fn fits_finished(self, record: usize) -> bool {
        record >= self.finished + 1 + self.tag
    }
}
