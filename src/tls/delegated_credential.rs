//! Delegated credentials (RFC 9345): a key that the holder of a certificate signed for
//! a few days, with which the handshake is signed instead.

use crate::wire::Reader;

/// What stands in for a certificate's key (RFC 9345, 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegatedCredential {
    /// Seconds behind the certificate's notBefore at which it ends to be valid.
    pub valid_time: u32,
    /// SignatureScheme of the CertificateVerify that its key makes
    /// (`dc_cert_verify_algorithm`).
    pub verify_algorithm: u16,
    /// The DER of its SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// SignatureScheme with which the certificate's key signed it (`algorithm`).
    pub algorithm: u16,
    /// Length of that signature in bytes.
    pub signature_length: usize,
}

impl DelegatedCredential {
    /// Reads the content of the extension in a CertificateEntry; `None` when any of it
    /// is missing or more follows.
    #[must_use]
    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let credential = Self {
            valid_time: reader.u32()?,
            verify_algorithm: reader.u16()?,
            spki: reader.vec24()?.to_vec(),
            algorithm: reader.u16()?,
            signature_length: reader.vec16()?.len(),
        };
        reader.is_empty().then_some(credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: [u8; 19] = [0, 9, 0x3a, 0x80, 8, 7, 0, 0, 2, 0x30, 0, 4, 3, 0, 4, 1, 2, 3, 4];

    #[test]
    fn a_whole_one_is_read() {
        let credential = DelegatedCredential::decode(&BODY).unwrap();
        assert_eq!(credential.valid_time, 7 * 86_400);
        assert_eq!((credential.verify_algorithm, credential.algorithm), (0x0807, 0x0403));
        assert_eq!((credential.spki, credential.signature_length), (vec![0x30, 0], 4));
    }

    #[test]
    fn cut_anywhere_or_too_long_it_is_none() {
        for length in 0..BODY.len() {
            assert_eq!(DelegatedCredential::decode(&BODY[..length]), None, "cut at {length}");
        }
        assert_eq!(DelegatedCredential::decode(&[&BODY[..], &[0]].concat()), None);
    }
}
