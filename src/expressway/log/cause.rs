//! What OpenSSL's and the product's words about a failure mean.

use crate::trust::{code, text};

/// The cause of a failed handshake, as far as a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The peer sent an alert with this description (RFC 8446, 6): the peer refused.
    AlertReceived(u8),
    /// This box refused the peer's certificate; why stands elsewhere.
    CertificateVerifyFailed,
    /// This box refused the peer's certificate, with OpenSSL's number of the reason.
    Verification(u32),
    /// The name that was asked for is not in the peer's certificate.
    NameUnacceptable,
    /// The peer showed no certificate.
    NoCertificate,
    /// The connection ended without an alert: a firewall, or the peer crashed.
    NoAlert,
    /// Something else.
    Other,
}

/// OpenSSL's number for the SSL library in error numbers (`ERR_LIB_SSL`).
const LIBRARY_SSL: u32 = 20;
/// `SSL_R_CERTIFICATE_VERIFY_FAILED`.
const CERTIFICATE_VERIFY_FAILED: u32 = 134;
/// `SSL_AD_REASON_OFFSET`: reasons from here on are alerts that were received.
const ALERTS: u32 = 1000;

impl Cause {
    /// Reads an error of OpenSSL 1.x or 3.x with its number (`error:14094418:SSL
    /// routines:ssl3_read_bytes:tlsv1 alert unknown ca`), or the words alone.
    #[must_use]
    pub fn of(error: &str) -> Self {
        let words = error.to_ascii_lowercase();
        let has = |part: &str| words.contains(part);
        if let Some(cause) = error_number(error).and_then(of_number) {
            cause
        } else if let Some(alert) = alert(&words) {
            Self::AlertReceived(alert)
        } else if has("certificate verify failed") {
            Self::CertificateVerifyFailed
        } else if has("identity was unacceptable") {
            Self::NameUnacceptable
        } else if has("no certificate returned") || has("did not return a certificate") {
            Self::NoCertificate
        } else if has("no ssl error available") {
            Self::NoAlert
        } else {
            verification_code(error).map_or(Self::Other, Self::Verification)
        }
    }
}

/// The number in `error:14094418:…`.
pub(super) fn error_number(error: &str) -> Option<u32> {
    let behind = error.split_once("error:")?.1.trim_start();
    u32::from_str_radix(behind.split([':', ' ']).next()?, 16).ok()
}

/// OpenSSL packs library and reason differently in 1.x (8, 12 and 12 bits, `ERR_PACK` of
/// 1.1.1) and 3.x (8 and 23 bits); the reasons of the SSL library fit into 12 bits.
fn of_number(number: u32) -> Option<Cause> {
    if number >> 24 != LIBRARY_SSL && number >> 23 != LIBRARY_SSL {
        return None;
    }
    match number & 0xfff {
        CERTIFICATE_VERIFY_FAILED => Some(Cause::CertificateVerifyFailed),
        reason => u8::try_from(reason.checked_sub(ALERTS)?).ok().map(Cause::AlertReceived),
    }
}

/// OpenSSL's words for alerts behind `alert` (`ssl/ssl_err.c`).
const ALERT_WORDS: [(&str, u8); 29] = [
    ("close notify", 0),
    ("unexpected message", 10),
    ("bad record mac", 20),
    ("decryption failed", 21),
    ("record overflow", 22),
    ("decompression failure", 30),
    ("handshake failure", 40),
    ("no certificate", 41),
    ("bad certificate", 42),
    ("unsupported certificate", 43),
    ("certificate revoked", 44),
    ("certificate expired", 45),
    ("certificate unknown", 46),
    ("illegal parameter", 47),
    ("unknown ca", 48),
    ("access denied", 49),
    ("decode error", 50),
    ("decrypt error", 51),
    ("protocol version", 70),
    ("insufficient security", 71),
    ("internal error", 80),
    ("inappropriate fallback", 86),
    ("user cancelled", 90),
    ("no renegotiation", 100),
    ("missing extension", 109),
    ("bad certificate status response", 113),
    ("unknown psk identity", 115),
    ("certificate required", 116),
    ("no application protocol", 120),
];

/// The alert that words in lower case name: the longest that fits.
fn alert(words: &str) -> Option<u8> {
    let name = words.split_once("alert ")?.1.trim_start();
    let fits = ALERT_WORDS.iter().filter(|(alert, _)| name.starts_with(alert));
    fits.max_by_key(|(alert, _)| alert.len()).map(|(_, number)| *number)
}

/// Numbers of `X509_V_ERR_…` whose texts are looked for.
const VERIFICATION: [u32; 16] = [
    code::UNABLE_TO_GET_ISSUER_CERT,
    code::CERT_SIGNATURE_FAILURE,
    code::CERT_NOT_YET_VALID,
    code::CERT_HAS_EXPIRED,
    code::DEPTH_ZERO_SELF_SIGNED_CERT,
    code::SELF_SIGNED_CERT_IN_CHAIN,
    code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    code::UNABLE_TO_VERIFY_LEAF_SIGNATURE,
    code::CERT_CHAIN_TOO_LONG,
    code::PATH_LENGTH_EXCEEDED,
    code::INVALID_PURPOSE,
    code::HOSTNAME_MISMATCH,
    code::IP_ADDRESS_MISMATCH,
    code::EE_KEY_TOO_SMALL,
    code::CA_MD_TOO_WEAK,
    code::INVALID_CA,
];

/// OpenSSL's number for a verification error in words, in the spelling of 1.x (`self
/// signed certificate`) or of 3.x (`self-signed certificate`).
#[must_use]
pub fn verification_code(words: &str) -> Option<u32> {
    let words = words.trim().to_ascii_lowercase().replace("self signed", "self-signed");
    // 1.x only; the same number as `unsuitable certificate purpose`.
    if words.contains("unsupported certificate purpose") {
        return Some(code::INVALID_PURPOSE);
    }
    let said = |number: &u32| words.contains(&text(*number).to_ascii_lowercase());
    VERIFICATION.into_iter().filter(said).max_by_key(|number| text(*number).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_published_errors() {
        let cases = [
            (
                "error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca",
                Cause::AlertReceived(48),
            ),
            (
                "error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca",
                Cause::AlertReceived(48),
            ),
            ("error:0A000418:SSL routines::tlsv1 alert unknown ca", Cause::AlertReceived(48)),
            (
                "error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate",
                Cause::AlertReceived(42),
            ),
            (
                "error:0A00045C:SSL routines::tlsv13 alert certificate required",
                Cause::AlertReceived(116),
            ),
            (
                "error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed",
                Cause::CertificateVerifyFailed,
            ),
            (
                "error:0A000086:SSL routines::certificate verify failed",
                Cause::CertificateVerifyFailed,
            ),
            (
                "error:14089086:SSL routines:ssl3_get_client_certificate: certificate verify failed ",
                Cause::CertificateVerifyFailed,
            ),
            ("sslv3 alert certificate unknown", Cause::AlertReceived(46)),
            ("tlsv1 alert internal error", Cause::AlertReceived(80)),
            (
                "tlsv1 bad certificate status response, alert bad certificate status response",
                Cause::AlertReceived(113),
            ),
            ("Peer's TLS certificate identity was unacceptable", Cause::NameUnacceptable),
            ("No SSL error available, probably remote disconnect", Cause::NoAlert),
            ("no certificate returned", Cause::NoCertificate),
            ("self signed certificate in certificate chain", Cause::Verification(19)),
            ("Idle countdown expired", Cause::Other),
            ("error:zz:alert", Cause::Other),
            ("", Cause::Other),
        ];
        for (error, cause) in cases {
            assert_eq!(Cause::of(error), cause, "{error}");
        }
    }

    #[test]
    fn both_spellings_of_verification_errors() {
        let cases = [
            ("self signed certificate", Some(18)),
            ("self-signed certificate", Some(18)),
            (" self-signed certificate in certificate chain", Some(19)),
            ("unable to get local issuer certificate", Some(20)),
            ("unable to verify the first certificate", Some(21)),
            ("certificate has expired", Some(10)),
            ("certificate is not yet valid", Some(9)),
            ("unsupported certificate purpose", Some(26)),
            ("something new", None),
        ];
        for (words, number) in cases {
            assert_eq!(verification_code(words), number, "{words}");
        }
    }
}
