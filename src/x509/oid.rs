//! Object identifiers: kept as their contents octets, shown dotted, and named where this program knows them.

use std::fmt;

/// An OBJECT IDENTIFIER, as its contents octets (X.690, 8.19).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Box<[u8]>);

impl Oid {
    /// From the contents octets of an OBJECT IDENTIFIER. Any octets are accepted; bad ones only display oddly.
    #[must_use]
    pub fn from_contents(contents: &[u8]) -> Self {
        Self(contents.into())
    }

    /// The contents octets.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.0
    }

    /// OpenSSL's long name, if this program knows it: `TLS Web Server Authentication`.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        NAMES.iter().find(|(contents, _)| *contents == &*self.0).map(|&(_, name)| name)
    }
}

impl fmt::Display for Oid {
    /// Dotted decimal: `1.3.6.1.5.5.7.3.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc: u128 = 0;
        let mut first = true;
        for &octet in &*self.0 {
            arc = (arc.checked_shl(7).unwrap_or(0)) | u128::from(octet & 0x7f);
            if octet & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (arc / 40).min(2);
                write!(f, "{root}.{}", arc - root * 40)?;
                first = false;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// Contents octets that code elsewhere compares with. Grouped by the arc they hang from.
pub(crate) mod known {
    /// Signed certificate timestamps (RFC 6962, 3.3), 1.3.6.1.4.1.11129.2.4.2
    pub(crate) const SIGNED_CERTIFICATE_TIMESTAMPS: &[u8] =
        &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
    /// Extensions, 2.5.29.x
    pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
    pub(crate) const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 18];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
    pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
    pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub(crate) const EXT_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    /// id-pe, 1.3.6.1.5.5.7.1.x
    pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub(crate) const IP_ADDR_BLOCKS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 7];
    pub(crate) const AUTONOMOUS_SYS_NUM: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 8];
    pub(crate) const PROXY_CERT_INFO: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 14];
    pub(crate) const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
    /// id-pkix-ocsp-nocheck and the Netscape certificate type
    pub(crate) const OCSP_NOCHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 5];
    pub(crate) const NETSCAPE_CERT_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1];
    /// Attributes of names
    pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    /// Extended key usages, 1.3.6.1.5.5.7.3.x and others
    pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub(crate) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
    pub(crate) const ANY_EKU: &[u8] = &[0x55, 0x1d, 37, 0];
    pub(crate) const MS_SGC: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3];
    pub(crate) const NS_SGC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 4, 1];
}

/// Names of extended key usages and extensions as OpenSSL prints them.
const NAMES: &[(&[u8], &str)] = &[
    (known::SERVER_AUTH, "TLS Web Server Authentication"),
    (known::CLIENT_AUTH, "TLS Web Client Authentication"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 3], "Code Signing"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 4], "E-mail Protection"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 5], "IPSec End System"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 6], "IPSec Tunnel"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 7], "IPSec User"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 8], "Time Stamping"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 9], "OCSP Signing"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 17], "ipsec Internet Key Exchange"),
    (known::ANY_EKU, "Any Extended Key Usage"),
    (known::MS_SGC, "Microsoft Server Gated Crypto"),
    (known::NS_SGC, "Netscape Server Gated Crypto"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2], "Microsoft Smartcard Login"),
    (known::SUBJECT_KEY_IDENTIFIER, "X509v3 Subject Key Identifier"),
    (known::KEY_USAGE, "X509v3 Key Usage"),
    (known::SUBJECT_ALT_NAME, "X509v3 Subject Alternative Name"),
    (known::BASIC_CONSTRAINTS, "X509v3 Basic Constraints"),
    (known::NAME_CONSTRAINTS, "X509v3 Name Constraints"),
    (known::CRL_DISTRIBUTION_POINTS, "X509v3 CRL Distribution Points"),
    (known::CERTIFICATE_POLICIES, "X509v3 Certificate Policies"),
    (known::AUTHORITY_KEY_IDENTIFIER, "X509v3 Authority Key Identifier"),
    (known::EXT_KEY_USAGE, "X509v3 Extended Key Usage"),
    (known::AUTHORITY_INFO_ACCESS, "Authority Information Access"),
    (known::TLS_FEATURE, "TLS Feature"),
];

/// The short name OpenSSL puts before `=` when it prints a distinguished name, for the attributes met in practice.
pub(super) fn attribute_short_name(contents: &[u8]) -> Option<&'static str> {
    ATTRIBUTES.iter().find(|(oid, _)| *oid == contents).map(|&(_, name)| name)
}

const ATTRIBUTES: &[(&[u8], &str)] = &[
    (known::COMMON_NAME, "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 13], "description"),
    (&[0x55, 4, 15], "businessCategory"),
    (&[0x55, 4, 16], "postalAddress"),
    (&[0x55, 4, 17], "postalCode"),
    (&[0x55, 4, 20], "telephoneNumber"),
    (&[0x55, 4, 41], "name"),
    (&[0x55, 4, 42], "GN"),
    (&[0x55, 4, 43], "initials"),
    (&[0x55, 4, 44], "generationQualifier"),
    (&[0x55, 4, 46], "dnQualifier"),
    (&[0x55, 4, 65], "pseudonym"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (known::EMAIL_ADDRESS, "emailAddress"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2], "unstructuredName"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 8], "unstructuredAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1], "jurisdictionL"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2], "jurisdictionST"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3], "jurisdictionC"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_dotted_numbers() {
        assert_eq!(Oid::from_contents(known::SERVER_AUTH).to_string(), "1.3.6.1.5.5.7.3.1");
        assert_eq!(Oid::from_contents(&[0x2a, 0x86, 0x48]).to_string(), "1.2.840");
        assert_eq!(Oid::from_contents(&[0x88, 0x37, 3]).to_string(), "2.999.3");
        assert_eq!(Oid::from_contents(&[0xff; 40]).to_string(), "");
    }

    #[test]
    fn names_what_it_knows() {
        assert_eq!(
            Oid::from_contents(known::CLIENT_AUTH).name(),
            Some("TLS Web Client Authentication")
        );
        assert_eq!(Oid::from_contents(&[1]).name(), None);
    }
}
