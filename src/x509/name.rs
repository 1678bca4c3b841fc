//! Distinguished names: every attribute with its string type, compared in OpenSSL's canonical form.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::der::{DerError, Reader, Tlv, identifier, tag};
use super::oid::{Oid, attribute_short_name, known};
use crate::wire::text::hex;

/// How the value of an attribute is encoded (X.680, 41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringType {
    /// UTF8String
    Utf8,
    /// PrintableString
    Printable,
    /// IA5String
    Ia5,
    /// TeletexString (T61String), read as Latin-1 like OpenSSL does
    Teletex,
    /// BMPString, two octets a character
    Bmp,
    /// UniversalString, four octets a character
    Universal,
    /// Anything else, by its identifier octet
    Other(u8),
}

impl StringType {
    fn from_tag(tag: u8) -> Self {
        match tag {
            0x0c => Self::Utf8,
            0x13 => Self::Printable,
            0x14 => Self::Teletex,
            0x16 => Self::Ia5,
            0x1c => Self::Universal,
            0x1e => Self::Bmp,
            other => Self::Other(other),
        }
    }
}

/// One attribute of a name, such as `CN=cucmpub.lab.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Attribute type.
    pub oid: Oid,
    /// Encoding of the value.
    pub kind: StringType,
    /// The value as text; what is no text at all, as in [`StringType::Other`], has U+FFFD here and is complete in `raw`.
    pub value: String,
    /// Identifier, length and contents of the value.
    pub raw: Box<[u8]>,
    /// Position of the relative distinguished name that holds it, from 0 in encoding order. Two attributes with the
    /// same number form one multi-valued RDN.
    pub rdn: usize,
}

impl Attribute {
    /// The short name that OpenSSL prints for its type, such as `CN`, if this program knows it.
    #[must_use]
    pub fn short_name(&self) -> Option<&'static str> {
        attribute_short_name(self.oid.contents())
    }
}

/// A `Name` (RFC 5280, 4.1.2.4). Two names are equal when OpenSSL's `X509_NAME_cmp` says so.
#[derive(Debug, Clone)]
pub struct Name {
    attributes: Vec<Attribute>,
    canonical: Box<[u8]>,
    der: Box<[u8]>,
    /// As it is printed, which many connections ask of one certificate.
    text: OnceLock<Box<str>>,
}

impl Name {
    /// From the SEQUENCE that encodes it.
    ///
    /// # Errors
    /// When the structure is not `SEQUENCE OF SET OF SEQUENCE { OID, value }`, or a value is of a type that OpenSSL does
    /// not take in names, or no text in its own encoding: it cannot bring such a name into its canonical form.
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        Self::from_tlv(&Reader::new(der).expect(tag::SEQUENCE)?)
    }

    /// Reads the attributes of one relative distinguished name, which stands alone in CRL distribution points.
    pub(super) fn relative(contents: &[u8]) -> Result<Vec<Attribute>, DerError> {
        let mut set = Reader::new(contents);
        let mut attributes = Vec::new();
        while !set.is_empty() {
            attributes.push(attribute(&mut set, 0)?);
        }
        Ok(attributes)
    }

    pub(super) fn from_tlv(sequence: &Tlv<'_>) -> Result<Self, DerError> {
        let mut attributes = Vec::new();
        let mut canonical = Vec::with_capacity(sequence.raw.len());
        let mut rdns = Reader::new(sequence.value);
        let mut rdn = 0;
        while !rdns.is_empty() {
            let mut entries = Vec::new();
            let mut set = Reader::new(rdns.expect(tag::SET)?.value);
            while !set.is_empty() {
                let attribute = attribute(&mut set, rdn)?;
                entries.push(canonical_entry(&attribute));
                attributes.push(attribute);
            }
            // A SET OF is written in ascending order of its encodings (X.690, 11.6).
            entries.sort();
            push_tlv(&mut canonical, tag::SET, &entries.concat());
            rdn += 1;
        }
        let (canonical, der) = (canonical.into(), sequence.raw.into());
        Ok(Self { attributes, canonical, der, text: OnceLock::new() })
    }

    /// The attributes in the order in which they are encoded.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// True for a name without any attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The values of all `commonName` attributes, in encoding order.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        self.with_type(known::COMMON_NAME).map(|attribute| attribute.value.as_str())
    }

    /// The first `commonName` in encoding order.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_names().next()
    }

    /// The `emailAddress` attributes, which name constraints look at (RFC 5280, 4.2.1.10).
    pub fn email_addresses(&self) -> impl Iterator<Item = &Attribute> {
        self.with_type(known::EMAIL_ADDRESS)
    }

    fn with_type(&self, oid: &'static [u8]) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.oid.contents() == oid)
    }

    /// The canonical form that decides equality: one SET per RDN, without the outer SEQUENCE. One name lies below
    /// another in the directory exactly when the other's canonical form is a prefix of this one's.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// The encoding as it stands in the certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// In the style of `openssl x509 -nameopt RFC2253`: last RDN first, `,` between RDNs, `+` inside one. Control
    /// characters are escaped as OpenSSL does; unlike there, letters beyond ASCII stay readable.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| printed(&self.attributes).into())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

fn printed(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    let mut previous: Option<usize> = None;
    for attribute in attributes.iter().rev() {
        match previous {
            Some(rdn) if rdn == attribute.rdn => text.push('+'),
            Some(_) => text.push(','),
            None => {}
        }
        previous = Some(attribute.rdn);
        push_attribute(&mut text, attribute);
    }
    text
}

fn push_attribute(text: &mut String, attribute: &Attribute) {
    match attribute_short_name(attribute.oid.contents()) {
        Some(name) if !matches!(attribute.kind, StringType::Other(_)) => {
            text.push_str(name);
            text.push('=');
            push_escaped(text, &attribute.value);
        }
        name => {
            text.push_str(&name.map_or_else(|| attribute.oid.to_string(), str::to_owned));
            text.push_str("=#");
            text.push_str(&hex(&attribute.raw).to_ascii_uppercase());
        }
    }
}

/// RFC 4514, 2.4.
fn push_escaped(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (position, character) in value.chars().enumerate() {
        let edge = position == 0 || position == last;
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => text.extend(['\\', character]),
            ' ' if edge => text.push_str("\\ "),
            '#' if position == 0 => text.push_str("\\#"),
            control if control.is_ascii_control() => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\{:02X}", u32::from(control));
            }
            other => text.push(other),
        }
    }
}

fn attribute(set: &mut Reader<'_>, rdn: usize) -> Result<Attribute, DerError> {
    let mut pair = set.sequence()?;
    let oid = identifier(pair.expect(tag::OID)?.value)?;
    let value = pair.any()?;
    pair.finish()?;
    if value.tag & 0xc0 != 0 || NOT_IN_NAMES.contains(&value.tag) {
        return Err(DerError::Value);
    }
    let kind = StringType::from_tag(value.tag);
    Ok(Attribute {
        oid: Oid::from_contents(oid),
        kind,
        value: text(kind, value.value).ok_or(DerError::Value)?,
        raw: value.raw.into(),
        rdn,
    })
}

/// Identifier octets that `ASN1_PRINTABLE` (crypto/asn1/tasn_typ.c), OpenSSL's type of a value in a name, leaves out:
/// BOOLEAN, INTEGER, OCTET STRING, NULL, OID, SET, the times, and the rare strings.
const NOT_IN_NAMES: &[u8] = &[0, 1, 2, 4, 5, 6, 0x31, 0x15, 0x17, 0x18, 0x19, 0x1a, 0x1b];

/// Contents octets to text, as OpenSSL's `ASN1_STRING_to_UTF8` reads each type; `None` where it finds no text.
fn text(kind: StringType, contents: &[u8]) -> Option<String> {
    match kind {
        StringType::Teletex | StringType::Ia5 | StringType::Printable => {
            Some(contents.iter().map(|&octet| char::from(octet)).collect())
        }
        StringType::Bmp => contents
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => char::from_u32(u32::from(u16::from_be_bytes([*high, *low]))),
                _ => None,
            })
            .collect(),
        StringType::Universal => contents
            .chunks(4)
            .map(|four| match four {
                [a, b, c, d] => char::from_u32(u32::from_be_bytes([*a, *b, *c, *d])),
                _ => None,
            })
            .collect(),
        StringType::Utf8 => String::from_utf8(contents.to_vec()).ok(),
        StringType::Other(_) => Some(String::from_utf8_lossy(contents).into_owned()),
    }
}

/// One attribute in the form that OpenSSL's `x509_name_canon` (crypto/x509/x_name.c) compares: text of the usual types
/// becomes a UTF8String in lower case with single inner spaces; other types stay as they are.
fn canonical_entry(attribute: &Attribute) -> Vec<u8> {
    let room = attribute.raw.len() + 32;
    let mut pair = Vec::with_capacity(room);
    push_tlv(&mut pair, tag::OID, attribute.oid.contents());
    if matches!(attribute.kind, StringType::Other(_)) {
        pair.extend_from_slice(&attribute.raw);
    } else {
        push_tlv(&mut pair, 0x0c, canonical_text(&attribute.value).as_bytes());
    }
    let mut entry = Vec::with_capacity(room);
    push_tlv(&mut entry, tag::SEQUENCE, &pair);
    entry
}

/// C's `isspace` in the POSIX locale, which counts the vertical tab; Rust's `is_ascii_whitespace` does not.
fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\u{b}'
}

fn canonical_text(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for word in value.split(is_space).filter(|word| !word.is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.make_ascii_lowercase();
    text
}

/// Appends one value. Lengths here come from a certificate of at most 16 MiB, so three length octets are enough; the
/// form only has to be the same for equal names.
fn push_tlv(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    let [.., high, middle, low] = value.len().to_be_bytes();
    match value.len() {
        0..0x80 => out.push(low),
        0x80..0x100 => out.extend([0x81, low]),
        0x100..0x1_0000 => out.extend([0x82, middle, low]),
        _ => out.extend([0x83, high, middle, low]),
    }
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rdn(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let mut set = Vec::new();
        for (oid, kind, value) in attributes {
            let mut pair = Vec::new();
            push_tlv(&mut pair, tag::OID, oid);
            push_tlv(&mut pair, *kind, value);
            push_tlv(&mut set, tag::SEQUENCE, &pair);
        }
        let mut out = Vec::new();
        push_tlv(&mut out, tag::SET, &set);
        out
    }

    fn name(rdns: &[Vec<u8>]) -> Name {
        let mut der = Vec::new();
        push_tlv(&mut der, tag::SEQUENCE, &rdns.concat());
        Name::from_der(&der).unwrap()
    }

    const CN: &[u8] = known::COMMON_NAME;
    const O: &[u8] = &[0x55, 4, 10];

    #[test]
    fn names_compare_like_openssl() {
        // OpenSSL takes the second for the first; a comparison of raw bytes does not.
        let issuer = name(&[rdn(&[(O, 0x0c, b"ACME corp")]), rdn(&[(CN, 0x0c, b"name root")])]);
        let root = name(&[rdn(&[(O, 0x13, b"Acme Corp")]), rdn(&[(CN, 0x13, b" Name  Root ")])]);
        assert_eq!(issuer, root);
        assert_ne!(issuer.der(), root.der());
        let bmp = name(&[
            rdn(&[(O, 0x13, b"Acme Corp")]),
            rdn(&[(CN, 0x1e, b"\0N\0a\0m\0e\0 \0r\0o\0o\0t")]),
        ]);
        assert_eq!(issuer, bmp);
    }

    #[test]
    fn other_types_compare_raw() {
        let numeric = |text: &[u8]| name(&[rdn(&[(CN, 0x12, text)])]);
        assert_eq!(numeric(b"1 2"), numeric(b"1 2"));
        assert_ne!(numeric(b"1 2"), numeric(b"1  2"));
        assert_ne!(numeric(b"1 2"), name(&[rdn(&[(CN, 0x0c, b"1 2")])]));
    }

    #[test]
    fn what_is_no_text_is_no_name() {
        let read = |kind, text: &[u8]| {
            let mut der = Vec::new();
            push_tlv(&mut der, tag::SEQUENCE, &rdn(&[(CN, kind, text)]));
            Name::from_der(&der).is_ok()
        };
        assert!(read(0x0c, b"a") && read(0x12, b"1") && read(0x1e, b"\0a") && read(0x07, b"a"));
        for (kind, text) in [
            (0x0c, &b"a\xff"[..]),
            (0x1e, b"\0ab"),
            (0x1e, b"\xd8\0"),
            (0x1c, b"\0\0a"),
            (0x1a, b"a"),
            (0x02, b"\x01"),
        ] {
            assert!(!read(kind, text), "{kind:#x} {text:?}");
        }
    }

    #[test]
    fn order_inside_one_rdn_does_not_matter() {
        let one = name(&[rdn(&[(CN, 0x0c, b"a"), (O, 0x0c, b"b")])]);
        let two = name(&[rdn(&[(O, 0x0c, b"b"), (CN, 0x0c, b"a")])]);
        assert_eq!(one, two);
        assert_ne!(one, name(&[rdn(&[(CN, 0x0c, b"a")]), rdn(&[(O, 0x0c, b"b")])]));
    }

    #[test]
    fn prints_like_rfc_2253() {
        let shown = name(&[
            rdn(&[(&[0x55, 4, 6], 0x13, b"IN")]),
            rdn(&[(O, 0x0c, b"Lab, Inc"), (&[0x55, 4, 11], 0x0c, b"uc")]),
            rdn(&[(CN, 0x0c, " #ä\n".as_bytes())]),
        ]);
        assert_eq!(shown.to_string(), "CN=\\ #ä\\0A,OU=uc+O=Lab\\, Inc,C=IN");
        assert_eq!(shown.common_name(), Some(" #ä\n"));
        assert_eq!(name(&[rdn(&[(&[0x2a, 3], 0x0c, b"x")])]).to_string(), "1.2.3=#0C0178");
    }

    #[test]
    fn the_first_common_name_is_the_first_encoded() {
        let two = name(&[rdn(&[(CN, 0x0c, b"first")]), rdn(&[(CN, 0x0c, b"second")])]);
        assert_eq!(two.common_name(), Some("first"));
        assert!(name(&[]).is_empty());
        assert_eq!(name(&[]).to_string(), "");
    }
}
