//! Certificate, CertificateRequest and CertificateVerify (RFC 5246, 7.4.2, 7.4.4
//! and 7.4.8; RFC 8446, 4.4.2 and 4.3.2).

use super::delegated_credential::DelegatedCredential;
use super::extension::{self, Extension, code};
use crate::wire::Reader;
use crate::wire::reader::u16_list;

/// `certificate_list`, in the order of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateList {
    /// The DER of each certificate that was there in full.
    pub certificates: Vec<Vec<u8>>,
    /// The extensions of each of them, empty before TLS 1.3 (RFC 8446, 4.4.2).
    pub extensions: Vec<Vec<Extension>>,
    /// Bytes of a certificate that was cut; 0 when none was.
    pub cut_bytes: usize,
    /// Certificates beyond the limit, not kept.
    pub left_out: usize,
    /// The algorithm that the message was compressed with (RFC 8879, 3).
    pub compression: Option<u16>,
}

impl CertificateList {
    /// Reads the body of a Certificate message of TLS 1.2 or older.
    #[must_use]
    pub(super) fn decode(body: &[u8], limit: usize) -> Self {
        let mut reader = Reader::new(body);
        let mut list = Self::default();
        let Some(length) = reader.u24() else { return list };
        let (bytes, _) = reader.take_lax(usize::try_from(length).unwrap_or(usize::MAX));
        list.read_entries(bytes, limit, false);
        list
    }

    /// Reads the body of a Certificate message of TLS 1.3: a request context comes
    /// first and each certificate is followed by extensions. tls-parser finds no
    /// certificate in it and calls that a success.
    #[must_use]
    pub(super) fn decode_tls13(body: &[u8], limit: usize) -> Self {
        let mut reader = Reader::new(body);
        let mut list = Self::default();
        let Some(length) = reader.vec8().and_then(|_| reader.u24()) else { return list };
        let (bytes, _) = reader.take_lax(usize::try_from(length).unwrap_or(usize::MAX));
        list.read_entries(bytes, limit, true);
        list
    }

    fn read_entries(&mut self, bytes: &[u8], limit: usize, with_extensions: bool) {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let Some(der) = reader.vec24() else {
                self.cut_bytes = reader.left();
                return;
            };
            let extensions = if with_extensions { entry_extensions(&mut reader) } else { None };
            if self.certificates.len() < limit {
                self.certificates.push(der.to_vec());
                self.extensions.push(extensions.unwrap_or_default());
            } else {
                self.left_out += 1;
            }
        }
    }

    /// The extensions of the certificate at `index`.
    #[must_use]
    pub fn extensions_of(&self, index: usize) -> &[Extension] {
        self.extensions.get(index).map_or(&[], Vec::as_slice)
    }

    fn extension_of(&self, index: usize, code: u16) -> Option<&Extension> {
        extension::find(self.extensions_of(index), code)
    }

    /// The DER of the OCSP response beside the certificate at `index` (RFC 8446,
    /// 4.4.2.1).
    #[must_use]
    pub fn ocsp_response(&self, index: usize) -> Option<&[u8]> {
        ocsp_response(&self.extension_of(index, code::STATUS_REQUEST)?.body)
    }

    /// The delegated credential beside the certificate at `index`; `None` also when
    /// it cannot be read.
    #[must_use]
    pub fn delegated_credential(&self, index: usize) -> Option<DelegatedCredential> {
        DelegatedCredential::decode(&self.extension_of(index, code::DELEGATED_CREDENTIAL)?.body)
    }
}

/// The extensions behind a certificate; `None` when the message ends before them.
fn entry_extensions(reader: &mut Reader<'_>) -> Option<Vec<Extension>> {
    (!reader.is_empty()).then(|| extension::list(reader).0)
}

/// CertificateStatus (RFC 6066, 8): the type `ocsp`, then the response behind a
/// three-byte length.
pub(super) fn ocsp_response(body: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(body);
    reader.u8()?;
    reader.vec24()
}

/// What a server asks of a client that shall identify itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateRequest {
    /// `certificate_types`; empty in TLS 1.3.
    pub certificate_types: Vec<u8>,
    /// Signature algorithms; empty before TLS 1.2.
    pub signature_algorithms: Vec<u16>,
    /// DER of the distinguished names of acceptable authorities.
    pub authorities: Vec<Vec<u8>>,
    /// Whether all of it was there.
    pub whole: bool,
}

impl CertificateRequest {
    /// Reads a body of SSL 3.0 to TLS 1.2; the list of signature algorithms came
    /// with TLS 1.2.
    #[must_use]
    pub(super) fn decode(body: &[u8], version: u16) -> Self {
        let mut request = Self::default();
        let reader = &mut Reader::new(body);
        request.whole = request.read(reader, version >= 0x0303).is_some();
        request
    }

    fn read(&mut self, reader: &mut Reader<'_>, with_algorithms: bool) -> Option<()> {
        self.certificate_types = reader.vec8()?.to_vec();
        if with_algorithms {
            self.signature_algorithms = u16_list(reader.vec16()?);
        }
        let (names, whole) = reader.vec16_lax()?;
        self.authorities = names_in(names);
        whole.then_some(())
    }

    /// Reads a body of TLS 1.3: a context and extensions.
    #[must_use]
    pub(super) fn decode_tls13(body: &[u8]) -> Self {
        let mut reader = Reader::new(body);
        if reader.vec8().is_none() {
            return Self::default();
        }
        let (extensions, whole) = extension::list(&mut reader);
        let numbers =
            |code| extension::find(&extensions, code).map_or_else(Vec::new, extension::numbers16);
        let authorities = extension::find(&extensions, code::CERTIFICATE_AUTHORITIES)
            .and_then(|extension| Reader::new(&extension.body).vec16_lax())
            .map_or_else(Vec::new, |(bytes, _)| names_in(bytes));
        Self {
            certificate_types: Vec::new(),
            signature_algorithms: numbers(code::SIGNATURE_ALGORITHMS),
            authorities,
            whole,
        }
    }
}

/// Distinguished names, each behind a two-byte length.
fn names_in(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(|| reader.vec16().map(<[u8]>::to_vec)).collect()
}

/// The proof that a side holds its certificate's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateVerify {
    /// SignatureScheme; absent before TLS 1.2.
    pub algorithm: Option<u16>,
    /// Length of the signature in bytes.
    pub signature_length: usize,
}

impl CertificateVerify {
    /// Reads a body. Which of its two forms it has is told by the length field that
    /// fits, because the client's direction does not show the negotiated version.
    #[must_use]
    pub(super) fn decode(body: &[u8]) -> Self {
        let mut reader = Reader::new(body);
        let algorithm = reader.u16();
        match reader.vec16() {
            Some(signature) if reader.is_empty() => {
                Self { algorithm, signature_length: signature.len() }
            }
            _ => Self { algorithm: None, signature_length: body.len().saturating_sub(2) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_list_keeps_its_whole_certificates() {
        let body = [0, 0, 12, 0, 0, 2, 0x30, 0, 0, 0, 4, 0x30, 2, 5];
        let list = CertificateList::decode(&body, 10);
        assert_eq!(list.certificates, [vec![0x30, 0]]);
        assert_eq!(list.cut_bytes, 6);
    }

    /// tls-parser answers an empty list without an error.
    #[test]
    fn tls13_lists_have_a_context_and_extensions() {
        let body = [0, 0, 0, 11, 0, 0, 2, 0x30, 0, 0, 4, 0, 5, 0, 0];
        let list = CertificateList::decode_tls13(&body, 10);
        assert_eq!(list.certificates, [vec![0x30, 0]]);
        assert_eq!(list.cut_bytes, 0);
    }

    /// An OCSP response beside the first certificate, a delegated credential beside
    /// the second, which is cut in its last byte.
    #[test]
    fn what_stands_beside_a_certificate_is_kept() {
        let staple = [0, 5, 0, 6, 1, 0, 0, 2, 0x30, 0];
        let credential = [0, 34, 0, 15, 0, 0, 0, 9, 4, 3, 0, 0, 1, 7, 4, 3, 0, 1, 8];
        let entry = |der: u8, extensions: &[u8]| {
            let length = u8::try_from(extensions.len()).unwrap();
            [&[0, 0, 1, der, 0, length], extensions].concat()
        };
        let entries = [entry(1, &staple), entry(2, &credential)].concat();
        let mut body = vec![0, 0, 0, u8::try_from(entries.len()).unwrap()];
        body.extend(&entries);
        let list = CertificateList::decode_tls13(&body, 10);
        assert_eq!(list.certificates, [vec![1], vec![2]]);
        assert_eq!(list.ocsp_response(0), Some(&[0x30, 0][..]));
        assert_eq!((list.ocsp_response(1), list.delegated_credential(0)), (None, None));
        assert_eq!(list.delegated_credential(1).map(|it| it.valid_time), Some(9));
        let cut = CertificateList::decode_tls13(&body[..body.len() - 1], 10);
        assert_eq!(cut.certificates, list.certificates);
        assert_eq!(cut.delegated_credential(1), None);
        assert!(!cut.extensions_of(1)[0].whole);
    }

    #[test]
    fn certificates_beyond_the_limit_are_counted() {
        let body = [0, 0, 8, 0, 0, 1, 7, 0, 0, 1, 8];
        let list = CertificateList::decode(&body, 1);
        assert_eq!((list.certificates.len(), list.left_out), (1, 1));
    }

    #[test]
    fn requests_of_both_generations() {
        let old = CertificateRequest::decode(&[1, 1, 0, 4, 0, 2, 0x30, 0], 0x0301);
        assert!(old.whole);
        assert_eq!(old.authorities, [vec![0x30, 0]]);
        let new = CertificateRequest::decode(&[1, 64, 0, 2, 4, 3, 0, 0], 0x0303);
        assert!(new.whole);
        assert_eq!(new.signature_algorithms, [0x0403]);
        let newest = CertificateRequest::decode_tls13(&[0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 4]);
        assert!(newest.whole);
        assert_eq!(newest.signature_algorithms, [0x0804]);
    }

    #[test]
    fn verify_with_and_without_algorithm() {
        let new = CertificateVerify::decode(&[8, 4, 0, 2, 1, 1]);
        assert_eq!((new.algorithm, new.signature_length), (Some(0x0804), 2));
        let old = CertificateVerify::decode(&[0, 2, 1, 1]);
        assert_eq!((old.algorithm, old.signature_length), (None, 2));
    }
}
