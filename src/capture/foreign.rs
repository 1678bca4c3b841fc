//! What a file is that is no capture of ours, by its first bytes, and what to do with it.
//!
//! The magic numbers of captures are those that Wireshark's library `wiretap` knows.

use super::archive::{self, HEADER};

/// First bytes that are looked at.
pub(super) const HEAD: usize = HEADER;

/// Captures that Wireshark's tools convert.
const CONVERTIBLE: [(&[u8], &str); 10] = [
    (b"snoop\0\0\0", "a capture of Sun snoop"),
    (b"RTSS", "a capture of Microsoft Network Monitor 1"),
    (b"GMBU", "a capture of Microsoft Network Monitor 2"),
    (b"TRSNIFF data", "a capture of Network General Sniffer"),
    (b"XCP\0", "a capture of NetXray or Sniffer for Windows"),
    (b"ObserverPktBuffe", "a capture of Network Instruments Observer"),
    (b"\x05VNF", "a capture of Visual Networks"),
    (b"\xaa\xaa\xaa\xaa", "a capture of Accellent 5Views"),
    (b"iptrace ", "a capture of AIX iptrace"),
    (b"TR\0d\0", "a capture of HP-UX nettl"),
];

/// Other things that are taken for captures.
const OTHERS: [(&[u8], &str, &str); 8] = [
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"%PDF", "a PDF document", NO_CAPTURE),
    (b"<!DOCTYPE", "a web page", DOWNLOAD),
    (b"<html", "a web page", DOWNLOAD),
    (b"<?xml", "XML", EXPORT),
    (b"\x7fELF", "a program", NO_CAPTURE),
    (b"\x30\x82", "DER, such as a certificate", CERTIFICATES),
];

const CONVERT: &str = "convert it with Wireshark's `editcap -F pcapng FILE NEW.pcapng`";
const NAME_IT: &str = "an archive is not read from a pipe, name the file itself";
const UNPACK: &str = "unpack it";
const NO_CAPTURE: &str = "name the capture";
const DOWNLOAD: &str = "the download gave an answer of the server in place of the file";
const CERTIFICATES: &str = "certificates of a trust store are given with --trust";
const EXPORT: &str =
    "of what Wireshark has exported, save the capture itself: File > Save As, pcapng";

/// What begins with `head`, and what to do; `None` for what is not known either.
pub(super) fn recognise(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some(what) = archive::recognise(head) {
        return Some((what, NAME_IT));
    }
    let convertible = CONVERTIBLE.iter().map(|(magic, what)| (*magic, *what, CONVERT));
    let known = convertible.chain(OTHERS).find(|(magic, ..)| head.starts_with(magic));
    known.map(|(_, what, advice)| (what, advice)).or_else(|| text(head))
}

fn text(head: &[u8]) -> Option<(&'static str, &'static str)> {
    // The last character may be cut.
    let whole = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let is_text = |char: char| !char.is_control() || "\t\r\n".contains(char);
    if head.is_empty() || head.len() - whole.len() > 3 || !whole.chars().all(is_text) {
        return None;
    }
    let holds = |words: &[u8]| memchr::memmem::find(head, words).is_some();
    Some(if holds(b"-----BEGIN ") {
        ("PEM, such as certificates", CERTIFICATES)
    } else if holds(b"+---------+---------------+----------+") {
        ("a K12 text capture", CONVERT)
    } else {
        ("plain text", EXPORT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_capture_is_told_by_name() {
        let what = |head: &[u8]| recognise(head).map(|(what, _)| what);
        assert_eq!(what(b"snoop\0\0\0\0\0\0\x02"), Some("a capture of Sun snoop"));
        assert_eq!(what(b"No.  Time  Source\r\n1 0.0 10.0.0.1"), Some("plain text"));
        assert_eq!(what("1 0.0 10.0.0.1 \u{2192} 10".as_bytes()), Some("plain text"));
        let pem = b"# CN=root\n-----BEGIN CERTIFICATE-----\n";
        assert_eq!(what(pem), Some("PEM, such as certificates"));
        assert_eq!(what(b"\x00\x01\x02\x03"), None);
        assert_eq!(what(b""), None);
    }
}
