//! The extensions that path validation and people look at (RFC 5280, 4.2).
//!
//! `x509-parser` reads access information. The others are read here, because the library gives up something that
//! decides: the order of extended key usages, the bytes of names that are no UTF-8, minimum and maximum of name
//! constraints, a path length beyond 32 bits, distribution points named relative to the issuer of a CRL, "must staple"
//! altogether, and that OpenSSL refuses fields that stand behind the last known one.

use super::der::{DerError, Reader, boolean, identifier, tag};
use super::general_name::GeneralName;
use super::name::Name;
use super::oid::{Oid, known};

mod contents;

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

    /// The usages of these bits.
    #[cfg(test)]
    pub(crate) const fn of(bits: u16) -> Self {
        Self(bits)
    }

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
    /// Signed certificate timestamps inside the certificate (RFC 6962, 3.3).
    pub timestamps: usize,
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
            let oid = identifier(fields.expect(tag::OID)?.value)?;
            let critical = match fields.optional(tag::BOOLEAN)? {
                Some(flag) => boolean(flag.value)?,
                None => false,
            };
            let value = fields.expect(tag::OCTET_STRING)?.value;
            fields.finish()?;
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
            known::EXT_KEY_USAGE => self.extended_key_usage = Some(contents::oids(value)?),
            known::KEY_USAGE => self.key_usage = Some(contents::key_usage(value)?),
            known::BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(contents::basic_constraints(value)?)
            }
            known::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_id =
                    Some(Reader::new(value).expect(tag::OCTET_STRING)?.value.into());
            }
            known::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_id = Some(contents::authority_key_id(value)?)
            }
            known::AUTHORITY_INFO_ACCESS => (self.ca_issuers, self.ocsp) = contents::access(value)?,
            known::CRL_DISTRIBUTION_POINTS => self.crl_urls = Some(contents::crl_urls(value)?),
            known::NAME_CONSTRAINTS => self.name_constraints = Some(contents::subtrees(value)?),
            known::NETSCAPE_CERT_TYPE => self.netscape_type = Some(contents::netscape_type(value)?),
            known::TLS_FEATURE => self.must_staple = contents::must_staple(value)?,
            known::PROXY_CERT_INFO => self.proxy = true,
            known::SIGNED_CERTIFICATE_TIMESTAMPS => self.timestamps = contents::timestamps(value)?,
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

#[cfg(test)]
mod tests;
