//! A bundle of certificates: PEM blocks with text between them (RFC 7468), or one DER file. Either
//! may be PKCS #7, which holds several.

use super::certificate::{Certificate, Unparseable};
use super::der::DerError;
use super::pkcs;
use super::trust_settings::TrustSettings;

/// One block of a bundle.
#[derive(Debug, Clone)]
pub struct Block {
    /// Line of its `-----BEGIN`, from 1; 1 for a DER file.
    pub line: usize,
    /// The certificate, or why there is none.
    pub result: Result<Certificate, Unreadable>,
    /// What stands behind the certificate in a `TRUSTED CERTIFICATE` block.
    pub settings: Option<TrustSettings>,
}

/// Why a block of a bundle holds no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The file ends, or another block begins, before `-----END`.
    #[error("the block has no matching END line")]
    Unfinished,
    /// The text is not base64.
    #[error("the text is not base64")]
    NotBase64,
    /// A key store, of which nothing can be read without its password.
    #[error(
        "a PKCS #12 file (.pfx, .p12): write its certificates with `openssl pkcs12 -in FILE -nokeys -out ca.pem`"
    )]
    Pkcs12,
    /// What stands behind the certificate of a `TRUSTED CERTIFICATE` block is broken.
    #[error("the trust settings behind the certificate cannot be read: {0}")]
    TrustSettings(DerError),
    /// The bytes are no certificate.
    #[error(transparent)]
    Unparseable(#[from] Unparseable),
}

/// The label of a certificate with trust settings behind it.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// Labels that OpenSSL reads certificates from. Behind them those of PKCS #7, for which Windows writes CERTIFICATE as
/// well.
const LABELS: &[&str] =
    &["CERTIFICATE", "X509 CERTIFICATE", TRUSTED, "PKCS7", "CMS", "PKCS #7 SIGNED DATA"];

/// Editors on Windows write it in front of UTF-8. Like OpenSSL (`sanitize_line`, crypto/pem/pem_lib.c) this reader
/// passes over it where the file begins and behind the end of a block, where files were put together.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads all certificates of a bundle in file order. Blocks of other kinds (keys, requests, CRLs) and text between
/// blocks are skipped. Bytes that begin like a DER SEQUENCE are taken for one DER certificate, or for PKCS #7.
#[must_use]
pub fn read(bytes: &[u8]) -> Vec<Block> {
    if bytes.first() == Some(&0x30) {
        return of_der(1, bytes);
    }
    let mut blocks = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut may_have_mark = true;
    for (number, line) in bytes.split(|&octet| octet == b'\n').enumerate() {
        let unmarked = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| may_have_mark);
        let line = trimmed(unmarked.unwrap_or(line));
        may_have_mark = label(line, b"-----END ").is_some();
        if let Some(label) = label(line, b"-----BEGIN ") {
            blocks.extend(open.take().and_then(Open::unfinished));
            open = Some(Open { line: number + 1, label, text: Vec::new() });
        } else if let Some(label) = label(line, b"-----END ") {
            blocks.extend(open.take().into_iter().flat_map(|block| block.close(label)));
        } else if let Some(block) = &mut open {
            block.text.extend_from_slice(line);
        }
    }
    blocks.extend(open.and_then(Open::unfinished));
    blocks
}

/// The certificate that begins at a line, or those of a PKCS #7 message.
fn of_der(line: usize, der: &[u8]) -> Vec<Block> {
    let parse = |der: &[u8]| match Certificate::parse(der) {
        Err(_) if pkcs::is_pkcs12(der) => Err(Unreadable::Pkcs12),
        result => result.map_err(Unreadable::from),
    };
    let several = pkcs::certificates(der).unwrap_or_else(|| vec![der]);
    several.into_iter().map(|der| Block { line, result: parse(der), settings: None }).collect()
}

/// A certificate and the trust settings behind it. OpenSSL reads neither when the settings are broken.
fn of_trusted(line: usize, der: &[u8]) -> Vec<Block> {
    let mut blocks = of_der(line, der);
    for block in &mut blocks {
        let Ok(certificate) = &block.result else { continue };
        let behind = der.get(der.len() - certificate.trailing_bytes..).unwrap_or_default();
        if behind.is_empty() {
            continue;
        }
        match TrustSettings::from_der(behind) {
            Ok(settings) => block.settings = Some(settings),
            Err(reason) => block.result = Err(Unreadable::TrustSettings(reason)),
        }
    }
    blocks
}

/// One certificate as a PEM block, lines of 64 characters (RFC 7468, 2 and 5).
#[must_use]
pub fn write(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in der.chunks(48) {
        text.extend(line.chunks(3).flat_map(encode));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// Up to three octets as four characters (RFC 4648, 4).
fn encode(octets: &[u8]) -> [char; 4] {
    let sum = octets.iter().fold(0, |sum: u32, octet| (sum << 8) | u32::from(*octet));
    let sum = sum << (8 * (3 - octets.len().min(3)));
    [18, 12, 6, 0].map(|shift| {
        // The first octet is spread over two characters, so n octets make n + 1 of them.
        let used = usize::try_from((18 - shift) / 6).is_ok_and(|place| place <= octets.len());
        if used { digit((sum >> shift) & 0x3f) } else { '=' }
    })
}

fn digit(value: u32) -> char {
    let value = u8::try_from(value).unwrap_or_default();
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + (value - 26),
        52..=61 => b'0' + (value - 52),
        62 => b'+',
        _ => b'/',
    })
}

/// A block whose END has not been seen yet.
struct Open<'a> {
    line: usize,
    label: &'a [u8],
    text: Vec<u8>,
}

impl Open<'_> {
    fn is_certificate(&self) -> bool {
        LABELS.iter().any(|label| label.as_bytes() == self.label)
    }

    fn unfinished(self) -> Option<Block> {
        self.is_certificate().then(|| unreadable(self.line, Unreadable::Unfinished))
    }

    fn close(self, label: &[u8]) -> Vec<Block> {
        if !self.is_certificate() || label != self.label {
            return self.unfinished().into_iter().collect();
        }
        match base64(&self.text) {
            Some(der) if label == TRUSTED.as_bytes() => of_trusted(self.line, &der),
            Some(der) => of_der(self.line, &der),
            None => vec![unreadable(self.line, Unreadable::NotBase64)],
        }
    }
}

fn unreadable(line: usize, reason: Unreadable) -> Block {
    Block { line, result: Err(reason), settings: None }
}

/// A line without blanks in front, and without blanks and control characters behind, as OpenSSL reads it.
fn trimmed(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&octet| octet > b' ').map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default().trim_ascii_start()
}

/// The label of a boundary line, or `None` when the line is something else.
fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// RFC 4648, 4, with blanks inside lines allowed; `None` for any other character, a wrong count, or a bad end.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits: Vec<u8> =
        text.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    for _ in 0..2 {
        if digits.last() == Some(&b'=') {
            digits.pop();
        }
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut sum: u32 = 0;
        for &digit in group {
            sum = (sum << 6) | digit_value(digit)?;
        }
        let [_, first, second, third] = (sum << (6 * (4 - group.len()))).to_be_bytes();
        let octets = [first, second, third];
        out.extend_from_slice(octets.get(..group.len().checked_sub(1)?)?);
    }
    Some(out)
}

fn digit_value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_base64() {
        assert_eq!(base64(b"Zm9vYmFy").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(base64(b"Zm9v Yg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(base64(b"Zm9vYmE=").as_deref(), Some(&b"fooba"[..]));
        for bad in [&b"Zm9"[..], b"Zm9*", b"=m9v", b"A==="] {
            assert_eq!(base64(bad), None);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let encoded = |octets: &[u8]| String::from_iter(encode(octets));
        assert_eq!(encoded(b"foo") + &encoded(b"bar"), "Zm9vYmFy");
        assert_eq!((encoded(b"f"), encoded(b"fo")), ("Zg==".to_owned(), "Zm8=".to_owned()));
        for length in 0..200_u8 {
            let bytes: Vec<u8> =
                (0..length).map(|n| n.wrapping_mul(37).wrapping_add(length)).collect();
            let pem = write(&bytes);
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            assert_eq!(base64(body.as_bytes()).as_deref(), Some(&bytes[..]));
            assert!(pem.lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn reads_a_bundle_with_everything_in_it() {
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = rcgen::CertificateParams::new(vec!["a.example".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .pem();
        let body =
            pem.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "");
        let bundle = format!(
            "subject=CN = a\r\n{}-----BEGIN X509 CERTIFICATE-----\r\n{body}-----END X509 CERTIFICATE-----\n\
             -----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n\
             -----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----\n\
             -----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n\
             -----BEGIN CERTIFICATE-----\n{body}",
            pem.replace('\n', "\r\n")
        );
        let blocks = read(bundle.as_bytes());
        let kinds: Vec<_> = blocks
            .iter()
            .map(|block| match &block.result {
                Ok(_) => "certificate",
                Err(Unreadable::Unfinished) => "unfinished",
                Err(Unreadable::NotBase64) => "base64",
                Err(_) => "der",
            })
            .collect();
        assert_eq!(kinds, ["certificate", "certificate", "base64", "der", "unfinished"]);
        let lines: Vec<_> = bundle.lines().collect();
        for block in &blocks {
            assert!(lines[block.line - 1].starts_with("-----BEGIN"), "line {}", block.line);
        }
    }

    #[test]
    fn a_byte_order_mark_and_control_characters_hide_nothing() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["a.example".to_owned()]);
        let pem = made.unwrap().self_signed(&key).unwrap().pem().replace("\r\n", "\n");
        let marked = format!("\u{feff}{pem}");
        let tabbed = pem.replace('\n', "\u{b}\n");
        let blocks = read([&*marked, &*tabbed, &*marked].concat().as_bytes());
        let lines = pem.lines().count();
        let found: Vec<_> = blocks.iter().map(|block| (block.line, block.result.is_ok())).collect();
        assert_eq!(found, [(1, true), (lines + 1, true), (2 * lines + 1, true)]);
        // In the middle of other text OpenSSL does not look for one.
        assert!(read(format!("subject=x\n{marked}").as_bytes()).is_empty());
    }

    #[test]
    fn reads_the_trust_settings_of_a_trusted_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["a.example".to_owned()]);
        let der = made.unwrap().self_signed(&key).unwrap().der().to_vec();
        let with = |label: &str, behind: &[u8]| {
            let pem = write(&[&der[..], behind].concat()).replace("CERTIFICATE", label);
            read(pem.as_bytes()).remove(0)
        };
        let purpose = [0x30, 6, 0x30, 4, 6, 2, 0x2a, 3];
        let trusted = with(TRUSTED, &purpose);
        assert!(trusted.result.is_ok());
        assert_eq!(trusted.settings.unwrap().trusted.unwrap().len(), 1);
        assert_eq!(with(TRUSTED, b"").settings, None);
        assert_eq!(with("CERTIFICATE", &purpose).settings, None);
        assert!(matches!(with(TRUSTED, &[0]).result, Err(Unreadable::TrustSettings(_))));
    }

    /// As `openssl crl2pkcs7 -nocrl` makes it: version 1, no digest, data, certificates, no signer.
    fn pkcs7(certificates: &[&[u8]]) -> Vec<u8> {
        let tlv = |tag: u8, value: &[u8]| {
            let length = u16::try_from(value.len()).unwrap().to_be_bytes();
            [&[tag, 0x82], &length[..], value].concat()
        };
        let id = |last: u8| [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
        let content = [&[2, 1, 1][..], &tlv(0x31, b""), &tlv(0x30, &id(1))].concat();
        let list = tlv(0xa0, &certificates.concat());
        let signed = tlv(0x30, &[content, list, tlv(0x31, b"")].concat());
        tlv(0x30, &[&id(2)[..], &tlv(0xa0, &signed)].concat())
    }

    #[test]
    fn reads_pkcs7_whatever_it_is_labelled() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = |name: &str| {
            let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
            parameters.self_signed(&key).unwrap().der().to_vec()
        };
        let (one, other) = (made("a.example"), made("b.example"));
        let der = pkcs7(&[&one, &other]);
        let windows = write(&der);
        let openssl = windows.replace("CERTIFICATE", "PKCS7");
        for bytes in [&der[..], windows.as_bytes(), openssl.as_bytes()] {
            let found: Vec<Vec<u8>> =
                read(bytes).into_iter().map(|block| block.result.unwrap().der.to_vec()).collect();
            assert_eq!(found, [one.clone(), other.clone()]);
        }
        assert!(read(&pkcs7(&[])).is_empty());
        let refused = |bytes: &[u8]| matches!(&*read(bytes), [Block { result: Err(_), .. }]);
        for cut in 12..der.len() {
            assert!(refused(&der[..cut]), "{cut}");
        }
        // Another type where the content, the signed data in it and its version begin.
        for at in [15, 19, 23] {
            let mut bent = der.clone();
            bent[at] ^= 0x0f;
            assert!(refused(&bent), "{at}");
        }
    }

    #[test]
    fn a_key_store_is_told_from_a_certificate() {
        let blocks = read(&[0x30, 0x0a, 2, 1, 3, 0x30, 0x05, 6, 1, 0x2a, 5, 0]);
        assert!(matches!(blocks.as_slice(), [Block { result: Err(Unreadable::Pkcs12), .. }]));
    }

    #[test]
    fn reads_one_der_file() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["a.example".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let blocks = read(made.der());
        assert!(matches!(blocks.as_slice(), [Block { line: 1, result: Ok(_), .. }]));
        assert!(read(b"").is_empty() && read(b"no certificate here").is_empty());
    }
}
