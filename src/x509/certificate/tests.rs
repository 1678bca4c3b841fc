//! The traps of certificate parsing, one test each.

use super::*;

/// A small certificate with an Ed25519 key, assembled so that each part can be bent.
struct Parts {
    version: Vec<u8>,
    serial: Vec<u8>,
    not_before: Vec<u8>,
    tail: Vec<u8>,
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(value.len()) {
        Ok(short @ 0..0x80) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => {
            out.extend([&[0x82][..], &u16::try_from(value.len()).unwrap().to_be_bytes()].concat())
        }
    }
    [&out[..], value].concat()
}

impl Parts {
    fn plain() -> Self {
        Self {
            version: tlv(0xa0, &tlv(2, &[2])),
            serial: tlv(2, &[0x56, 0xff, 0x6c, 0x71]),
            not_before: tlv(0x17, b"260101000000Z"),
            tail: Vec::new(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let algorithm = tlv(0x30, &tlv(6, &[0x2b, 0x65, 0x70]));
        let name =
            tlv(0x30, &tlv(0x31, &tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(0x0c, b"ca")].concat())));
        let validity =
            tlv(0x30, &[self.not_before.clone(), tlv(0x18, b"20500101000000Z")].concat());
        let key = tlv(0x30, &[algorithm.clone(), tlv(3, &[0; 33])].concat());
        let tbs = [
            self.version.clone(),
            self.serial.clone(),
            algorithm.clone(),
            name.clone(),
            validity,
            name,
            key,
            self.tail.clone(),
        ]
        .concat();
        tlv(0x30, &[tlv(0x30, &tbs), algorithm, tlv(3, &[0, 1, 2, 3])].concat())
    }

    fn parse(&self) -> Result<Certificate, Unparseable> {
        Certificate::parse(&self.der())
    }
}

#[test]
fn reads_the_plain_fields() {
    let read = Parts::plain().parse().unwrap();
    assert_eq!((read.version, read.serial.to_string().as_str()), (3, "56:ff:6c:71"));
    assert_eq!(read.subject.to_string(), "CN=ca");
    assert_eq!(read.not_before.unix, Some(1_767_225_600));
    assert_eq!(read.not_after.unix, Some(2_524_608_000));
    assert_eq!(&*read.signature, [1, 2, 3]);
    assert!(read.is_self_issued() && read.is_self_signed() && !read.is_ca());
    assert_eq!(read.sha256, sha256(&read.der));
}

#[test]
fn version_one_has_no_version_field() {
    let read = Parts { version: Vec::new(), ..Parts::plain() }.parse().unwrap();
    assert_eq!(read.version, 1);
}

#[test]
fn negative_serials_and_a_leading_zero_keep_their_octets() {
    let negative = Parts { serial: tlv(2, &[0xff, 0x01]), ..Parts::plain() }.parse().unwrap();
    assert_eq!(
        (negative.serial.contents(), negative.serial.hex().as_str()),
        (&[0xff, 0x01][..], "ff01")
    );
    let padded = Parts { serial: tlv(2, &[0, 0x8a, 1]), ..Parts::plain() }.parse().unwrap();
    assert_eq!(
        (padded.serial.to_string().as_str(), padded.serial.hex().as_str()),
        ("8a:01", "8a01")
    );
    let zero = Parts { serial: tlv(2, &[0]), ..Parts::plain() }.parse().unwrap();
    assert_eq!(zero.serial.to_string(), "00");
}

#[test]
fn bytes_behind_the_certificate_are_counted_and_not_hashed() {
    let der = Parts::plain().der();
    let read = Certificate::parse(&[&der[..], &[1, 2, 3]].concat()).unwrap();
    assert_eq!((read.trailing_bytes, &*read.der), (3, &der[..]));
    assert_eq!(read.sha256, sha256(&der));
}

#[test]
fn a_longer_length_than_needed_is_read() {
    let der = Parts::plain().der();
    let (head, body) = der.split_at(if der[1] == 0x81 { 3 } else { 2 });
    let size = u16::try_from(body.len()).unwrap().to_be_bytes();
    let lax = [&[head[0], 0x83, 0, size[0], size[1]], body].concat();
    assert_eq!(Certificate::parse(&lax).unwrap().subject.to_string(), "CN=ca");
}

#[test]
fn indefinite_length_is_refused_with_its_fingerprint() {
    let bytes = [0x30, 0x80, 0, 0];
    let refused = Certificate::parse(&bytes).unwrap_err();
    assert_eq!(
        (refused.reason, &*refused.der, refused.sha256),
        (DerError::Indefinite, &bytes[..], sha256(&bytes))
    );
    assert_eq!(refused.field, "Certificate");
}

#[test]
fn impossible_dates_do_not_spoil_the_certificate() {
    // x509-parser refuses these; OpenSSL reads them and reports error 13 when it checks the dates.
    for text in [&b"261301000000Z"[..], b"260101000000+0000", b"2601010000"] {
        let read = Parts { not_before: tlv(0x17, text), ..Parts::plain() }.parse().unwrap();
        assert_eq!((read.not_before.unix, read.not_before.text.as_bytes()), (None, text));
    }
}

#[test]
fn every_truncation_is_an_error_and_none_panics() {
    let der = Parts { tail: tlv(0xa3, &tlv(0x30, &[])), ..Parts::plain() }.der();
    for length in 0..der.len() {
        assert!(Certificate::parse(&der[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn no_single_changed_byte_panics() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(1));
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let der = params.self_signed(&key).unwrap().der().to_vec();
    for position in 0..der.len() {
        for value in [0x00, 0x1f, 0x30, 0x7f, 0x80, 0xff] {
            let mut bent = der.clone();
            bent[position] = value;
            if let Ok(read) = Certificate::parse(&bent) {
                let _ = (
                    read.subject.to_string(),
                    read.serial.to_string(),
                    read.extensions.inconsistent(),
                );
            }
        }
    }
}

#[test]
fn unknown_fields_behind_the_extensions_are_an_error() {
    let refused = Parts { tail: tlv(0xa4, &[]), ..Parts::plain() }.parse().unwrap_err();
    assert_eq!(refused.field, "extensions");
}
