//! What comes along with a certificate, or in its place, in lines with their depth:
//! OCSP responses, timestamps, delegated credentials, raw public keys.

use super::words::date;
use crate::tls::{CertificateList, DelegatedCredential, describe_beside_certificate, names};
use crate::wire::text::hex;
use crate::x509::{OcspResponse, PublicKey};

/// A line and how far it is set in.
pub(super) type Line = (usize, String);

/// What TLS 1.3 sends beside the certificate at `index` of a list (RFC 8446, 4.4.2).
pub(super) fn certificate(list: &CertificateList, index: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for extension in list.extensions_of(index) {
        let name = names::extension_name(extension.code);
        let cut = if extension.whole { "" } else { ", cut" };
        let length = extension.body.len();
        lines.push((2, format!("with {} {name} ({length} bytes{cut})", extension.code)));
        match (extension.code, list.ocsp_response(index), list.delegated_credential(index)) {
            (5, Some(response), _) => lines.extend(ocsp(3, response)),
            (34, _, Some(credential)) => lines.extend(delegated(&credential)),
            _ => lines.extend(describe_beside_certificate(extension).map(|value| (3, value))),
        }
    }
    lines
}

fn delegated(credential: &DelegatedCredential) -> [Line; 4] {
    let scheme = |code: u16| format!("0x{code:04x} {}", names::signature_scheme_name(code));
    [
        (3, format!("valid until {} s after the certificate's notBefore", credential.valid_time)),
        (3, format!("key: {}", key_text(&credential.spki))),
        (3, format!("signs with: {}", scheme(credential.verify_algorithm))),
        (3, format!("signed with: {}", scheme(credential.algorithm))),
    ]
}

/// A stapled OCSP response.
pub(super) fn ocsp(depth: usize, response: &[u8]) -> Vec<Line> {
    let staple = match OcspResponse::parse(response) {
        Ok(staple) => staple,
        Err(error) => return vec![(depth, format!("OCSP response that cannot be read: {error}"))],
    };
    let length = response.len();
    let head = format!("OCSP response of {length} bytes, status {}", staple.status);
    let answers = staple.answers.iter().map(|answer| {
        let until = answer.next_update.as_ref().map_or_else(|| "-".into(), date);
        let text = format!(
            "serial {}: {}, this update {}, next update {until}",
            answer.serial,
            answer.status.word(),
            date(&answer.this_update),
        );
        (depth + 1, text)
    });
    std::iter::once((depth, head)).chain(answers).collect()
}

/// A raw public key (RFC 7250).
pub(super) fn raw_public_key(spki: &[u8]) -> [Line; 2] {
    [
        (1, format!("raw public key without a certificate: {}", key_text(spki))),
        (2, format!("SubjectPublicKeyInfo {}", hex(spki))),
    ]
}

/// Kind and size of a key.
fn key_text(spki: &[u8]) -> String {
    PublicKey::from_der(spki).map_or_else(|_| "unreadable".to_owned(), |key| key.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Extension;

    #[test]
    fn a_delegated_credential_in_lines() {
        let mut body = vec![0, 9, 0x3a, 0x80, 8, 7, 0, 0, 44];
        body.extend([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0]);
        body.extend([7; 32]);
        body.extend([4, 3, 0, 2, 1, 1]);
        let extension = |code, body: &[u8]| Extension { code, body: body.to_vec(), whole: true };
        let list = CertificateList {
            certificates: vec![vec![0x30, 0]],
            extensions: vec![vec![extension(34, &body), extension(18, &[0, 3, 0, 1, 7])]],
            ..CertificateList::default()
        };
        let lines: Vec<String> = certificate(&list, 0).into_iter().map(|(_, line)| line).collect();
        assert_eq!(
            lines,
            [
                "with 34 delegated_credential (59 bytes)",
                "valid until 604800 s after the certificate's notBefore",
                "key: Ed25519",
                "signs with: 0x0807 ed25519",
                "signed with: 0x0403 ecdsa_secp256r1_sha256",
                "with 18 signed_certificate_timestamp (5 bytes)",
                "1 signed certificate timestamp",
            ]
        );
        assert_eq!(certificate(&list, 1), []);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        assert_eq!(raw_public_key(&[7])[1].1, "SubjectPublicKeyInfo 07");
        assert!(raw_public_key(&[7])[0].1.ends_with("unreadable"));
        assert!(ocsp(1, &[7])[0].1.starts_with("OCSP response that cannot be read"));
    }
}
