//! The record layer (RFC 8446, 5.1; RFC 5246, 6.2).

/// Length of a record header.
pub(super) const HEADER: usize = 5;
/// Longest fragment: TLS 1.2 lets a cipher add 2048 bytes (RFC 5246, 6.2.3).
pub(super) const FRAGMENT: usize = 16_384 + 2_048;

/// What a record carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
    Heartbeat,
}

impl Content {
    /// ContentType.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
            Self::Heartbeat => 24,
        }
    }
}

/// A record header that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) content: Content,
    pub(super) version: u16,
    pub(super) length: usize,
}

impl RecordHeader {
    /// Reads the first five bytes; `None` when they cannot be a record header.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let [kind, major, minor, high, low] = *bytes.first_chunk::<HEADER>()?;
        let content = match kind {
            20 => Content::ChangeCipherSpec,
            21 => Content::Alert,
            22 => Content::Handshake,
            23 => Content::ApplicationData,
            24 => Content::Heartbeat,
            _ => return None,
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        // Only application data may be empty (RFC 8446, 5.1). The version field is
        // 0x0300 to 0x0303 on the wire; some write 0x0304.
        let sensible = major == 3
            && minor <= 4
            && length <= FRAGMENT
            && (length > 0 || content == Content::ApplicationData);
        let version = u16::from_be_bytes([major, minor]);
        sensible.then_some(Self { content, version, length })
    }
}

/// Whether records seem to begin at the front of `bytes`: the header makes sense,
/// and the next one too or the bytes end with the record.
pub(super) fn is_chain(bytes: &[u8]) -> bool {
    let Some(header) = RecordHeader::parse(bytes) else { return false };
    match bytes.get(HEADER + header.length..) {
        Some([]) => true,
        Some(next) if next.len() >= HEADER => RecordHeader::parse(next).is_some(),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_record() {
        assert!(RecordHeader::parse(b"HTTP/1.1").is_none());
        assert!(RecordHeader::parse(&[22, 3, 1, 0xff, 0xff]).is_none());
        assert!(RecordHeader::parse(&[22, 3, 1]).is_none());
    }

    #[test]
    fn a_chain_is_two_headers_or_an_exact_end() {
        assert!(is_chain(&[23, 3, 3, 0, 1, 9]));
        assert!(is_chain(&[23, 3, 3, 0, 1, 9, 21, 3, 3, 0, 2]));
        assert!(!is_chain(&[23, 3, 3, 0, 1, 9, 9, 9, 9, 9, 9]));
        assert!(!is_chain(&[23, 3, 3, 0, 9, 1]));
    }
}
