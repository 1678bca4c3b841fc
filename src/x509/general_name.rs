//! `GeneralName` (RFC 5280, 4.2.1.6).
//!
//! Read here and not by `x509-parser`, which hides the bytes of a name that is not UTF-8: OpenSSL compares such names
//! octet by octet, and name constraints need the minimum and maximum that the library drops.

use std::fmt;

use super::der::{DerError, Reader, Tlv, identifier, tag};
use super::name::Name;
use super::oid::Oid;
use crate::wire::text::hex;

/// One alternative of `GeneralName`, text kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// dNSName
    Dns(Vec<u8>),
    /// rfc822Name
    Email(Vec<u8>),
    /// uniformResourceIdentifier
    Uri(Vec<u8>),
    /// iPAddress: 4 or 16 octets, in name constraints 8 or 32; other lengths are kept
    Ip(Vec<u8>),
    /// directoryName
    Directory(Box<Name>),
    /// registeredID
    RegisteredId(Oid),
    /// otherName: its type, then the encoded value
    Other(Oid, Vec<u8>),
    /// x400Address and ediPartyName, by identifier octet
    Unread(u8, Vec<u8>),
}

impl GeneralName {
    /// From a value whose identifier octet is one of the choice's.
    pub(super) fn from_tlv(field: &Tlv<'_>) -> Result<Self, DerError> {
        let value = field.value.to_vec();
        Ok(match field.tag {
            0x81 => Self::Email(value),
            0x82 => Self::Dns(value),
            0x86 => Self::Uri(value),
            0x87 => Self::Ip(value),
            0x88 => Self::RegisteredId(Oid::from_contents(identifier(field.value)?)),
            0xa4 => Self::Directory(Box::new(Name::from_der(field.value)?)),
            0xa0 => {
                let mut parts = Reader::new(field.value);
                let oid = identifier(parts.expect(tag::OID)?.value)?;
                let value = parts.expect(0xa0)?;
                parts.finish()?;
                let mut inside = Reader::new(value.value);
                inside.any()?;
                inside.finish()?;
                Self::Other(Oid::from_contents(oid), value.raw.to_vec())
            }
            0xa3 | 0xa5 => Self::Unread(field.tag, value),
            found => {
                return Err(DerError::Tag { expected: 0x82, found });
            }
        })
    }

    /// All names of a `GeneralNames` sequence.
    pub(super) fn list(der: &[u8]) -> Result<Vec<Self>, DerError> {
        Self::all(Reader::new(der).expect(tag::SEQUENCE)?.value)
    }

    /// All names in the contents of such a sequence.
    pub(super) fn all(contents: &[u8]) -> Result<Vec<Self>, DerError> {
        let mut names = Vec::new();
        let mut reader = Reader::new(contents);
        while !reader.is_empty() {
            names.push(Self::from_tlv(&reader.any()?)?);
        }
        Ok(names)
    }
}

impl fmt::Display for GeneralName {
    /// As `openssl x509 -text` prints it: `DNS:host.example`, `IP Address:192.0.2.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) => write!(f, "DNS:{}", String::from_utf8_lossy(text)),
            Self::Email(text) => write!(f, "email:{}", String::from_utf8_lossy(text)),
            Self::Uri(text) => write!(f, "URI:{}", String::from_utf8_lossy(text)),
            Self::Ip(octets) => write!(f, "IP Address:{}", ip_text(octets)),
            Self::Directory(name) => write!(f, "DirName:{name}"),
            Self::RegisteredId(oid) => write!(f, "Registered ID:{oid}"),
            Self::Other(oid, _) => write!(f, "othername:{oid}"),
            Self::Unread(0xa3, _) => f.write_str("X400Name"),
            Self::Unread(..) => f.write_str("EdiPartyName"),
        }
    }
}

/// An address, or an address and a mask as in name constraints.
fn ip_text(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return std::net::Ipv4Addr::from(four).to_string();
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(octets) {
        return std::net::Ipv6Addr::from(sixteen).to_string();
    }
    match octets.split_at_checked(octets.len() / 2) {
        Some((address, mask)) if matches!(octets.len(), 8 | 32) => {
            format!("{}/{}", ip_text(address), ip_text(mask))
        }
        _ => hex(octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_names_that_are_no_text() {
        // x509-parser turns this into "invalid" without its type.
        let list = GeneralName::list(&[0x30, 0x04, 0x82, 0x02, 0xff, 0x2a]).unwrap();
        assert_eq!(list, [GeneralName::Dns(vec![0xff, 0x2a])]);
    }

    #[test]
    fn shows_addresses() {
        assert_eq!(GeneralName::Ip(vec![10, 106, 79, 162]).to_string(), "IP Address:10.106.79.162");
        assert_eq!(
            GeneralName::Ip(vec![10, 0, 0, 0, 255, 0, 0, 0]).to_string(),
            "IP Address:10.0.0.0/255.0.0.0"
        );
        assert_eq!(GeneralName::Ip(vec![1, 2]).to_string(), "IP Address:0102");
    }

    #[test]
    fn a_foreign_tag_is_an_error() {
        assert!(GeneralName::list(&[0x30, 0x02, 0x02, 0x00]).is_err());
        assert!(GeneralName::list(&[0x30, 0x03, 0xa4, 0x01, 0x00]).is_err());
    }

    #[test]
    fn broken_identifiers_and_values_are_errors() {
        let other = |value: &[u8]| {
            let length = u8::try_from(value.len()).unwrap();
            GeneralName::list(
                &[&[0x30, length + 6, 0xa0, length + 4, 6, 2, 0x2a, 3], value].concat(),
            )
        };
        assert!(other(&[0xa0, 3, 0x0c, 1, b'x']).is_ok());
        for bad in [&[][..], &[0x0c, 1, b'x'], &[0xa0, 0], &[0xa0, 4, 5, 0, 5, 0]] {
            assert!(other(bad).is_err(), "{bad:?}");
        }
        assert!(GeneralName::list(&[0x30, 2, 0x88, 0]).is_err());
    }

    #[test]
    fn an_empty_list_is_no_error() {
        assert_eq!(GeneralName::list(&[0x30, 0x00]), Ok(vec![]));
    }
}
