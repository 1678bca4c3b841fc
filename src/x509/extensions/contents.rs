//! The contents of single extensions, each from its DER.

use x509_parser::extensions as library;
use x509_parser::prelude::FromDer;

use super::super::der::{DerError, Reader, bits, boolean, identifier, integer, small_integer, tag};
use super::super::general_name::GeneralName;
use super::super::name::Name;
use super::super::oid::Oid;
use super::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, NetscapeType, Subtree, Subtrees};

pub(super) fn oids(value: &[u8]) -> Result<Vec<Oid>, DerError> {
    let mut list = Vec::new();
    let mut reader = Reader::new(value).sequence()?;
    while !reader.is_empty() {
        list.push(Oid::from_contents(identifier(reader.expect(tag::OID)?.value)?));
    }
    Ok(list)
}

pub(super) fn key_usage(value: &[u8]) -> Result<KeyUsage, DerError> {
    let (octets, _) = bits(Reader::new(value).expect(tag::BIT_STRING)?.value)?;
    let octet = |at: usize| u16::from(octets.get(at).copied().unwrap_or(0));
    Ok(KeyUsage(octet(0) | octet(1) << 8))
}

pub(super) fn netscape_type(value: &[u8]) -> Result<NetscapeType, DerError> {
    let (octets, _) = bits(Reader::new(value).expect(tag::BIT_STRING)?.value)?;
    Ok(NetscapeType(octets.first().copied().unwrap_or(0)))
}

/// A negative path length is malformed; one beyond 64 bits limits nothing, as in OpenSSL.
pub(super) fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, DerError> {
    let mut fields = Reader::new(value).sequence()?;
    let ca = match fields.optional(tag::BOOLEAN)? {
        Some(flag) => boolean(flag.value)?,
        None => false,
    };
    let path_len = match optional_integer(&mut fields, tag::INTEGER)? {
        Some([first, ..]) if first & 0x80 != 0 => return Err(DerError::Value),
        Some(length) => small_integer(length).ok(),
        None => None,
    };
    fields.finish()?;
    Ok(BasicConstraints { ca, path_len })
}

fn optional_integer<'a>(fields: &mut Reader<'a>, tag: u8) -> Result<Option<&'a [u8]>, DerError> {
    fields.optional(tag)?.map(|field| integer(field.value)).transpose()
}

pub(super) fn authority_key_id(value: &[u8]) -> Result<AuthorityKeyIdentifier, DerError> {
    let mut fields = Reader::new(value).sequence()?;
    let key_id = fields.optional(0x80)?.map(|field| field.value.into());
    let names = fields.optional(0xa1)?.map(|field| GeneralName::all(field.value)).transpose()?;
    let serial = optional_integer(&mut fields, 0x82)?.map(Into::into);
    fields.finish()?;
    let issuer = names.into_iter().flatten().find_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    });
    Ok(AuthorityKeyIdentifier { key_id, issuer, serial })
}

/// RFC 5280, 4.2.2.1: `(caIssuers URLs, OCSP URLs)`.
pub(super) fn access(value: &[u8]) -> Result<(Vec<String>, Vec<String>), DerError> {
    let (_, read) = library::AuthorityInfoAccess::from_der(value).map_err(|_| DerError::Value)?;
    let urls = |last: u8| {
        let wanted = [0x2b, 6, 1, 5, 5, 7, 48, last];
        read.accessdescs
            .iter()
            .filter(|entry| entry.access_method.as_bytes() == wanted)
            .filter_map(|entry| match &entry.access_location {
                library::GeneralName::URI(url) => Some((*url).to_owned()),
                _ => None,
            })
            .collect()
    };
    Ok((urls(2), urls(1)))
}

/// RFC 5280, 4.2.1.13: the URLs of all distribution points.
pub(super) fn crl_urls(value: &[u8]) -> Result<Vec<String>, DerError> {
    let mut urls = Vec::new();
    let mut points = Reader::new(value).sequence()?;
    while !points.is_empty() {
        let mut fields = points.sequence()?;
        let place = fields.optional(0xa0)?.map(|place| full_name(place.value)).transpose()?;
        if let Some(reasons) = fields.optional(0x81)? {
            bits(reasons.value)?;
        }
        let issuers =
            fields.optional(0xa2)?.map(|list| GeneralName::all(list.value)).transpose()?;
        fields.finish()?;
        // OpenSSL's setup_dp refuses a point that names neither a place nor an issuer.
        if place.is_none() && issuers.is_none_or(|issuers| issuers.is_empty()) {
            return Err(DerError::Value);
        }
        urls.extend(place.into_iter().flatten().filter_map(|name| match name {
            GeneralName::Uri(url) => Some(String::from_utf8_lossy(&url).into_owned()),
            _ => None,
        }));
    }
    Ok(urls)
}

/// A `DistributionPointName`: names, or what is to be added to the name of the CRL's issuer, which is no place to fetch
/// anything from.
fn full_name(value: &[u8]) -> Result<Vec<GeneralName>, DerError> {
    let mut choice = Reader::new(value);
    let name = choice.any()?;
    choice.finish()?;
    match name.tag {
        0xa0 => GeneralName::all(name.value),
        0xa1 => Name::relative(name.value).map(|_| Vec::new()),
        found => Err(DerError::Tag { expected: 0xa0, found }),
    }
}

pub(super) fn subtrees(value: &[u8]) -> Result<Subtrees, DerError> {
    let mut fields = Reader::new(value).sequence()?;
    let permitted = fields.optional(0xa0)?.map(|list| subtree_list(list.value)).transpose()?;
    let excluded = fields.optional(0xa1)?.map(|list| subtree_list(list.value)).transpose()?;
    fields.finish()?;
    Ok(Subtrees {
        permitted: permitted.unwrap_or_default(),
        excluded: excluded.unwrap_or_default(),
    })
}

fn subtree_list(value: &[u8]) -> Result<Vec<Subtree>, DerError> {
    let mut list = Vec::new();
    let mut reader = Reader::new(value);
    while !reader.is_empty() {
        let mut fields = reader.sequence()?;
        let base = GeneralName::from_tlv(&fields.any()?)?;
        let minimum = optional_integer(&mut fields, 0x80)?.is_some_and(|number| number != [0]);
        let maximum = optional_integer(&mut fields, 0x81)?.is_some();
        fields.finish()?;
        list.push(Subtree { base, has_limits: minimum || maximum });
    }
    Ok(list)
}

/// RFC 7633: a SEQUENCE of TLS extension numbers; 5 is `status_request`, 17 `status_request_v2`.
pub(super) fn must_staple(value: &[u8]) -> Result<bool, DerError> {
    let mut reader = Reader::new(value).sequence()?;
    let mut staple = false;
    while !reader.is_empty() {
        staple |= matches!(small_integer(reader.expect(tag::INTEGER)?.value), Ok(5 | 17));
    }
    Ok(staple)
}

/// How many timestamps the list holds: an OCTET STRING with a list in TLS encoding.
pub(super) fn timestamps(value: &[u8]) -> Result<usize, DerError> {
    let list = Reader::new(value).expect(tag::OCTET_STRING)?.value;
    let (_, mut rest) = list.split_at_checked(2).ok_or(DerError::Truncated)?;
    let mut count = 0;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        rest = behind.get(length..).ok_or(DerError::Truncated)?;
        count += 1;
    }
    Ok(count)
}
