//! The extensions that path validation and people look at (RFC 5280, 4.2).
//!
//! `x509-parser` reads access information and distribution points. The others are read here, because the library gives
//! up something that decides: the order of extended key usages, the bytes of names that are no UTF-8, minimum and
//! maximum of name constraints, a path length beyond 32 bits, "must staple" altogether, and that OpenSSL refuses fields
//! that stand behind the last known one.

use x509_parser::extensions as library;
use x509_parser::prelude::FromDer;

use super::der::{DerError, Reader, Tlv, bits, small_integer, tag};
use super::general_name::GeneralName;
use super::name::Name;
use super::oid::{Oid, known};

/// Basic constraints (RFC 5280, 4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// `cA`; false when it is not written.
    pub ca: bool,
    /// `pathLenConstraint`: how many intermediates may follow.
    pub path_len: Option<u64>,
}

/// Key usage bits (RFC 5280, 4.2.1.3), bit 0 of the standard being the highest bit of the first octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// `digitalSignature`
    pub const DIGITAL_SIGNATURE: u16 = 0x0080;
    /// `keyEncipherment`
    pub const KEY_ENCIPHERMENT: u16 = 0x0020;
    /// `keyAgreement`
    pub const KEY_AGREEMENT: u16 = 0x0008;
    /// `keyCertSign`
    pub const KEY_CERT_SIGN: u16 = 0x0004;

    /// True when at least one of the given bits is set.
    #[must_use]
    pub fn any_of(self, usage: u16) -> bool {
        self.0 & usage != 0
    }

    /// OpenSSL's words for the bits that are set, in the standard's order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        KEY_USAGES.iter().filter(|(bit, _)| self.0 & bit != 0).map(|&(_, name)| name).collect()
    }
}

const KEY_USAGES: &[(u16, &str)] = &[
    (KeyUsage::DIGITAL_SIGNATURE, "Digital Signature"),
    (0x0040, "Non Repudiation"),
    (KeyUsage::KEY_ENCIPHERMENT, "Key Encipherment"),
    (0x0010, "Data Encipherment"),
    (KeyUsage::KEY_AGREEMENT, "Key Agreement"),
    (KeyUsage::KEY_CERT_SIGN, "Certificate Sign"),
    (0x0002, "CRL Sign"),
    (0x0001, "Encipher Only"),
    (0x8000, "Decipher Only"),
];

/// Netscape's certificate type, which OpenSSL still honours: one octet of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetscapeType(pub u8);

impl NetscapeType {
    /// SSL client
    pub const SSL_CLIENT: u8 = 0x80;
    /// SSL server
    pub const SSL_SERVER: u8 = 0x40;
    /// SSL CA
    pub const SSL_CA: u8 = 0x04;
    /// SSL, S/MIME or object signing CA
    pub const ANY_CA: u8 = 0x07;
}

/// Authority key identifier (RFC 5280, 4.2.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorityKeyIdentifier {
    /// The issuer's subject key identifier.
    pub key_id: Option<Box<[u8]>>,
    /// The first directory name of `authorityCertIssuer`, the only one OpenSSL looks at.
    pub issuer: Option<Box<Name>>,
    /// `authorityCertSerialNumber`, contents octets.
    pub serial: Option<Box<[u8]>>,
}

/// One subtree of name constraints (RFC 5280, 4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtree {
    /// The name that spans the subtree.
    pub base: GeneralName,
    /// True when `minimum` is not 0 or `maximum` is there, which OpenSSL does not support.
    pub has_limits: bool,
}

/// Name constraints of a CA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subtrees {
    /// Names must lie in one of these, if there is one of their kind.
    pub permitted: Vec<Subtree>,
    /// Names must lie in none of these.
    pub excluded: Vec<Subtree>,
}

/// What the extensions of one certificate say. `None` and empty mean "not there".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Every extension in encoding order, with its critical flag.
    pub present: Vec<(Oid, bool)>,
    /// Subject alternative names.
    pub subject_alt_names: Option<Vec<GeneralName>>,
    /// Extended key usages in the order written.
    pub extended_key_usage: Option<Vec<Oid>>,
    /// Key usage.
    pub key_usage: Option<KeyUsage>,
    /// Basic constraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// Subject key identifier.
    pub subject_key_id: Option<Box<[u8]>>,
    /// Authority key identifier.
    pub authority_key_id: Option<AuthorityKeyIdentifier>,
    /// `caIssuers` URLs of the authority information access: where the issuer's certificate can be fetched.
    pub ca_issuers: Vec<String>,
    /// OCSP responder URLs of the authority information access.
    pub ocsp: Vec<String>,
    /// URLs of the CRL distribution points; `Some` and empty when the extension has none.
    pub crl_urls: Option<Vec<String>>,
    /// Name constraints.
    pub name_constraints: Option<Subtrees>,
    /// Netscape certificate type.
    pub netscape_type: Option<NetscapeType>,
    /// True for TLS Feature with `status_request` (RFC 7633): "must staple".
    pub must_staple: bool,
    /// True for a proxy certificate (RFC 3820).
    pub proxy: bool,
    /// Extensions that are there more than once.
    pub duplicated: Vec<Oid>,
    /// Extensions whose contents could not be read.
    pub malformed: Vec<Oid>,
}

impl Extensions {
    /// From the contents of the `[3]` field: a SEQUENCE of extensions.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut out = Self::default();
        let mut list = Reader::new(der).sequence()?;
        while !list.is_empty() {
            let mut fields = list.sequence()?;
            let oid = fields.expect(tag::OID)?.value;
            let critical = fields
                .optional(tag::BOOLEAN)?
                .is_some_and(|flag| flag.value.iter().any(|&octet| octet != 0));
            let value = fields.expect(tag::OCTET_STRING)?.value;
            out.add(oid, critical, value);
        }
        Ok(out)
    }

    fn add(&mut self, oid: &[u8], critical: bool, value: &[u8]) {
        let name = Oid::from_contents(oid);
        let again = self.present.iter().any(|(seen, _)| *seen == name);
        self.present.push((name.clone(), critical));
        if again {
            if !self.duplicated.contains(&name) {
                self.duplicated.push(name);
            }
        } else if self.read(oid, value).is_err() {
            self.malformed.push(name);
        }
    }

    /// Reads the contents of one extension into its field; extensions without a field are skipped.
    fn read(&mut self, oid: &[u8], value: &[u8]) -> Result<(), DerError> {
        match oid {
            known::SUBJECT_ALT_NAME => self.subject_alt_names = Some(GeneralName::list(value)?),
            known::EXT_KEY_USAGE => self.extended_key_usage = Some(oids(value)?),
            known::KEY_USAGE => self.key_usage = Some(key_usage(value)?),
            known::BASIC_CONSTRAINTS => self.basic_constraints = Some(basic_constraints(value)?),
            known::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_id =
                    Some(Reader::new(value).expect(tag::OCTET_STRING)?.value.into());
            }
            known::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_id = Some(authority_key_id(value)?)
            }
            known::AUTHORITY_INFO_ACCESS => (self.ca_issuers, self.ocsp) = access(value)?,
            known::CRL_DISTRIBUTION_POINTS => self.crl_urls = Some(crl_urls(value)?),
            known::NAME_CONSTRAINTS => self.name_constraints = Some(subtrees(value)?),
            known::NETSCAPE_CERT_TYPE => self.netscape_type = Some(netscape_type(value)?),
            known::TLS_FEATURE => self.must_staple = must_staple(value)?,
            known::PROXY_CERT_INFO => self.proxy = true,
            _ => {}
        }
        Ok(())
    }

    /// Critical extensions that OpenSSL has no code for (`X509_supported_extension`, crypto/x509/v3_purp.c).
    pub fn critical_unknown(&self) -> impl Iterator<Item = &Oid> {
        self.present
            .iter()
            .filter(|(oid, critical)| *critical && !SUPPORTED.contains(&oid.contents()))
            .map(|(oid, _)| oid)
    }

    /// True when an extension that path validation reads is broken or there twice: OpenSSL marks the certificate
    /// invalid (`EXFLAG_INVALID`) and takes it for nobody's issuer.
    #[must_use]
    pub fn inconsistent(&self) -> bool {
        let essential = |oid: &Oid| ESSENTIAL.contains(&oid.contents());
        let names_elsewhere = self.present.iter().any(|(oid, _)| {
            matches!(oid.contents(), known::SUBJECT_ALT_NAME | known::ISSUER_ALT_NAME)
        });
        let proxy_conflict =
            self.proxy && (names_elsewhere || self.basic_constraints.is_some_and(|basic| basic.ca));
        self.duplicated.iter().any(essential)
            || self.malformed.iter().any(essential)
            || self.key_usage == Some(KeyUsage(0))
            || proxy_conflict
    }

    /// The DNS names among the subject alternative names, as text.
    pub fn dns_names(&self) -> impl Iterator<Item = String> {
        self.subject_alt_names.iter().flatten().filter_map(|name| match name {
            GeneralName::Dns(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        })
    }

    /// True when the extended key usages allow TLS servers, or there are none.
    #[must_use]
    pub fn allows_server_auth(&self) -> bool {
        self.allows(&[known::SERVER_AUTH, known::MS_SGC, known::NS_SGC])
    }

    /// True when the extended key usages allow TLS clients, or there are none.
    #[must_use]
    pub fn allows_client_auth(&self) -> bool {
        self.allows(&[known::CLIENT_AUTH])
    }

    /// OpenSSL does not count `anyExtendedKeyUsage` as a TLS usage (`xku_reject`, crypto/x509/v3_purp.c).
    fn allows(&self, usages: &[&[u8]]) -> bool {
        self.extended_key_usage
            .as_ref()
            .is_none_or(|list| list.iter().any(|usage| usages.contains(&usage.contents())))
    }
}

/// Extensions that count as known when they are critical. The two key identifiers are not among them: RFC 5280 forbids
/// them to be critical, and OpenSSL 3.0 then refuses the certificate with error 34.
const SUPPORTED: &[&[u8]] = &[
    known::NETSCAPE_CERT_TYPE,
    known::KEY_USAGE,
    known::SUBJECT_ALT_NAME,
    known::BASIC_CONSTRAINTS,
    known::CERTIFICATE_POLICIES,
    known::CRL_DISTRIBUTION_POINTS,
    known::EXT_KEY_USAGE,
    known::IP_ADDR_BLOCKS,
    known::AUTONOMOUS_SYS_NUM,
    known::OCSP_NOCHECK,
    known::POLICY_CONSTRAINTS,
    known::PROXY_CERT_INFO,
    known::NAME_CONSTRAINTS,
    known::POLICY_MAPPINGS,
    known::INHIBIT_ANY_POLICY,
];

/// Extensions whose defects spoil the certificate (`ossl_x509v3_cache_extensions`, crypto/x509/v3_purp.c).
const ESSENTIAL: &[&[u8]] = &[
    known::BASIC_CONSTRAINTS,
    known::PROXY_CERT_INFO,
    known::KEY_USAGE,
    known::EXT_KEY_USAGE,
    known::NETSCAPE_CERT_TYPE,
    known::SUBJECT_KEY_IDENTIFIER,
    known::AUTHORITY_KEY_IDENTIFIER,
    known::SUBJECT_ALT_NAME,
    known::NAME_CONSTRAINTS,
    known::CRL_DISTRIBUTION_POINTS,
    known::IP_ADDR_BLOCKS,
    known::AUTONOMOUS_SYS_NUM,
];

fn oids(value: &[u8]) -> Result<Vec<Oid>, DerError> {
    let mut list = Vec::new();
    let mut reader = Reader::new(value).sequence()?;
    while !reader.is_empty() {
        let contents = reader.expect(tag::OID)?.value;
        if !well_formed(contents) {
            return Err(DerError::Value);
        }
        list.push(Oid::from_contents(contents));
    }
    Ok(list)
}

/// X.690, 8.19.2: no number begins with 0x80, and the last one ends. OpenSSL refuses others.
fn well_formed(oid: &[u8]) -> bool {
    let starts = std::iter::once(&0).chain(oid).zip(oid);
    oid.last().is_some_and(|last| last & 0x80 == 0)
        && starts.into_iter().all(|(before, octet)| before & 0x80 != 0 || *octet != 0x80)
}

fn key_usage(value: &[u8]) -> Result<KeyUsage, DerError> {
    let (octets, _) = bits(Reader::new(value).expect(tag::BIT_STRING)?.value)?;
    let octet = |at: usize| u16::from(octets.get(at).copied().unwrap_or(0));
    Ok(KeyUsage(octet(0) | octet(1) << 8))
}

fn netscape_type(value: &[u8]) -> Result<NetscapeType, DerError> {
    let (octets, _) = bits(Reader::new(value).expect(tag::BIT_STRING)?.value)?;
    Ok(NetscapeType(octets.first().copied().unwrap_or(0)))
}

/// A negative path length is malformed; one beyond 64 bits limits nothing, as in OpenSSL.
fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, DerError> {
    let mut fields = Reader::new(value).sequence()?;
    let ca = fields
        .optional(tag::BOOLEAN)?
        .is_some_and(|flag| flag.value.iter().any(|&octet| octet != 0));
    let path_len = match fields.optional(tag::INTEGER)? {
        Some(Tlv { value: [], .. }) => return Err(DerError::Value),
        Some(Tlv { value: [first, ..], .. }) if first & 0x80 != 0 => return Err(DerError::Value),
        Some(length) => small_integer(length.value).ok(),
        None => None,
    };
    fields.finish()?;
    Ok(BasicConstraints { ca, path_len })
}

fn authority_key_id(value: &[u8]) -> Result<AuthorityKeyIdentifier, DerError> {
    let mut fields = Reader::new(value).sequence()?;
    let key_id = fields.optional(0x80)?.map(|field| field.value.into());
    let names = fields.optional(0xa1)?.map(|field| GeneralName::all(field.value)).transpose()?;
    let serial = fields.optional(0x82)?.map(|field| field.value.into());
    fields.finish()?;
    let issuer = names.into_iter().flatten().find_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    });
    Ok(AuthorityKeyIdentifier { key_id, issuer, serial })
}

/// RFC 5280, 4.2.2.1: `(caIssuers URLs, OCSP URLs)`.
fn access(value: &[u8]) -> Result<(Vec<String>, Vec<String>), DerError> {
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

fn crl_urls(value: &[u8]) -> Result<Vec<String>, DerError> {
    let (_, read) = library::CRLDistributionPoints::from_der(value).map_err(|_| DerError::Value)?;
    let mut urls = Vec::new();
    for point in read.iter() {
        // OpenSSL's setup_dp refuses a point that names neither a place nor an issuer.
        if point.distribution_point.is_none() && point.crl_issuer.as_ref().is_none_or(Vec::is_empty)
        {
            return Err(DerError::Value);
        }
        if let Some(library::DistributionPointName::FullName(names)) = &point.distribution_point {
            urls.extend(names.iter().filter_map(|name| match name {
                library::GeneralName::URI(url) => Some((*url).to_owned()),
                _ => None,
            }));
        }
    }
    Ok(urls)
}

fn subtrees(value: &[u8]) -> Result<Subtrees, DerError> {
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
        let minimum = fields
            .optional(0x80)?
            .is_some_and(|number| number.value.iter().any(|&octet| octet != 0));
        let maximum = fields.optional(0x81)?.is_some();
        fields.finish()?;
        list.push(Subtree { base, has_limits: minimum || maximum });
    }
    Ok(list)
}

/// RFC 7633: a SEQUENCE of TLS extension numbers; 5 is `status_request`, 17 `status_request_v2`.
fn must_staple(value: &[u8]) -> Result<bool, DerError> {
    let mut reader = Reader::new(value).sequence()?;
    let mut staple = false;
    while !reader.is_empty() {
        staple |= matches!(small_integer(reader.expect(tag::INTEGER)?.value), Ok(5 | 17));
    }
    Ok(staple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_constraints_may_be_empty_or_without_flag() {
        assert_eq!(
            basic_constraints(&[0x30, 0]),
            Ok(BasicConstraints { ca: false, path_len: None })
        );
        // BOOLEAN true that is not 0xff, as old CAs write it.
        let lax = basic_constraints(&[0x30, 6, 1, 1, 1, 2, 1, 3]).unwrap();
        assert_eq!(lax, BasicConstraints { ca: true, path_len: Some(3) });
        assert!(basic_constraints(&[0x30, 3, 2, 1, 0xff]).is_err());
        let huge = basic_constraints(&[0x30, 11, 2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(huge.path_len, None);
    }

    #[test]
    fn key_usage_keeps_its_ninth_bit() {
        let usage = key_usage(&[3, 3, 7, 0x06, 0x80]).unwrap();
        assert_eq!(usage.names(), ["Certificate Sign", "CRL Sign", "Decipher Only"]);
        assert_eq!(key_usage(&[3, 1, 0]), Ok(KeyUsage(0)));
    }

    #[test]
    fn extended_key_usages_keep_their_order() {
        let der = [0x30, 20, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        let names: Vec<_> = oids(&der).unwrap().iter().filter_map(Oid::name).collect();
        assert_eq!(names, ["TLS Web Client Authentication", "TLS Web Server Authentication"]);
    }

    #[test]
    fn a_duplicated_extension_is_flagged_and_the_first_is_kept() {
        let ski = |octet: u8| [0x30, 10, 6, 3, 0x55, 0x1d, 14, 4, 3, 4, 1, octet];
        let der = [&[0x30, 24][..], &ski(1), &ski(2)].concat();
        let read = Extensions::from_der(&der).unwrap();
        assert_eq!(read.subject_key_id.as_deref(), Some(&[1][..]));
        assert_eq!((read.duplicated.len(), read.inconsistent()), (1, true));
    }

    #[test]
    fn an_unreadable_extension_does_not_fail_the_others() {
        let der = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 17, 4, 3, 0x30, 9, 9];
        let read = Extensions::from_der(&der).unwrap();
        assert_eq!(
            (read.malformed.len(), read.inconsistent(), read.subject_alt_names),
            (1, true, None)
        );
    }

    #[test]
    fn unknown_critical_extensions_are_named() {
        let der = [0x30, 14, 0x30, 12, 6, 2, 0x2a, 3, 1, 1, 0xff, 4, 3, 1, 2, 3];
        let read = Extensions::from_der(&der).unwrap();
        assert_eq!(read.critical_unknown().map(ToString::to_string).collect::<Vec<_>>(), ["1.2.3"]);
        assert!(!read.inconsistent());
    }

    #[test]
    fn name_constraints_keep_their_limits() {
        let der = [0x30, 13, 0xa0, 11, 0x30, 9, 0x82, 1, b'a', 0x80, 1, 1, 0x81, 1, 2];
        let read = subtrees(&der).unwrap();
        assert_eq!(
            read.permitted,
            [Subtree { base: GeneralName::Dns(b"a".to_vec()), has_limits: true }]
        );
    }

    #[test]
    fn must_staple_is_read() {
        assert_eq!(must_staple(&[0x30, 3, 2, 1, 5]), Ok(true));
        assert_eq!(must_staple(&[0x30, 3, 2, 1, 6]), Ok(false));
    }
}
