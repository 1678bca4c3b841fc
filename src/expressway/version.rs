//! Software versions of Expressway, and what changed with which of them as far as TLS
//! is concerned. Sources are Cisco's release notes and guides; each method names its own.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A version as the product prints it: `X14.0.11`, `X15.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 14 of `X14.0.11`.
    pub major: u16,
    /// 0 of `X14.0.11`.
    pub minor: u16,
    /// 11 of `X14.0.11`; 0 where the version has two numbers only.
    pub patch: u16,
}

/// The text names no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of Expressway")]
pub struct NotAVersion;

/// Whether the traffic server verifies the certificates of Unified Communications nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Any certificate is accepted.
    No,
    /// Cisco's documents disagree; the log or an alert decides.
    Disputed,
    /// A certificate that does not verify ends the connection.
    Yes,
}

/// How far a version copes with certificates that lack the client purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EkuReadiness {
    /// Certificates without `clientAuth` are refused or break connections.
    Affected,
    /// Some checks are gone; uploading needs a command on Expressway-E.
    Interim,
    /// Server and client certificates are separate, and the check can be switched off.
    Complete,
}

impl Version {
    /// A version from its numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Reads `X14.0.11`, `x14.2`, `14.3.1`, `v14.3.4` and the names of upgrade files
    /// (`s42700x14_0_6.tar.gz`). What follows the third number is left aside (`X8.11.4
    /// (Test)`); text with four plain numbers is an address, not a version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lettered = after_letter(text);
        let (major, rest) = number(lettered.unwrap_or(text))?;
        let (minor, rest) = number(rest.strip_prefix(['.', '_'])?)?;
        let third = rest.strip_prefix(['.', '_']).and_then(number);
        let (patch, rest) = third.unwrap_or((0, rest));
        let address = lettered.is_none() && third.is_some() && rest.starts_with('.');
        (!address).then_some(Self { major, minor, patch })
    }

    /// Whether this is the given version or a later one.
    #[must_use]
    pub fn at_least(self, major: u16, minor: u16, patch: u16) -> bool {
        self >= Self::new(major, minor, patch)
    }

    /// Whether the traffic server verifies the certificates of CUCM, IM and Presence and
    /// Unity Connection. Yes from X14.2 (X14.2 release notes; "Troubleshoot Expressway
    /// Traffic Server Certificate Verification", doc 218018). From X14.0.8 says doc
    /// 225476; the history of doc 218018 names X14.0.9 and takes it back, and the X14.0.8
    /// release notes do not mention it: disputed below X14.2.
    #[must_use]
    pub fn verifies_origin_servers(self) -> Verification {
        if self.at_least(14, 2, 0) {
            Verification::Yes
        } else if self.at_least(14, 0, 8) {
            Verification::Disputed
        } else {
            Verification::No
        }
    }

    /// Whether the traffic server shows the Expressway's certificate when CUCM asks for
    /// one on 6971 and 6972, so that CUCM needs its issuer (X14.0.2, CSCvz45074 and
    /// CSCvz20720).
    #[must_use]
    pub fn presents_certificate_to_cucm(self) -> bool {
        self.at_least(14, 0, 2)
    }

    /// Whether `EdgeConfigServer VerifyOriginServer` exists (X14.2 release notes).
    #[must_use]
    pub fn has_verify_origin_server_setting(self) -> bool {
        self.at_least(14, 2, 0)
    }

    /// Whether SIP and the reverse proxy speak TLS 1.3 (X14.2 release notes).
    #[must_use]
    pub fn has_tls13_for_sip(self) -> bool {
        self.at_least(14, 2, 0)
    }

    /// Whether anonymous Diffie-Hellman is gone from the ciphers of SIP (X14.2 release
    /// notes).
    #[must_use]
    pub fn has_removed_anonymous_ciphers(self) -> bool {
        self.at_least(14, 2, 0)
    }

    /// Whether the Expressway's own certificate may have an ECDSA key (Administrator
    /// Guide X14.3, What's new).
    #[must_use]
    pub fn supports_own_ecdsa_certificate(self) -> bool {
        self.at_least(14, 3, 0)
    }

    /// Whether default cipher strings are those that begin `HIGH:!MEDIUM:!LOW:!3DES`
    /// (X15.0.2). Upgrades replace default strings and keep customised ones.
    #[must_use]
    pub fn default_cipher_list_is_new(self) -> bool {
        self.at_least(15, 0, 2)
    }

    /// Whether `SIP Advanced TlsSignatureAlgoPrefRsa` exists, whose default is On
    /// (Administrator Guide X15.2, xConfiguration reference).
    #[must_use]
    pub fn has_signature_preference_setting(self) -> bool {
        self.at_least(15, 2, 0)
    }

    /// Whether `SIP Advanced SipTlsVersions` begins at TLS 1.2 by default; the reference
    /// of X15.0 still has 1.0 (Administrator Guide X15.2).
    #[must_use]
    pub fn sip_defaults_to_tls12_and_up(self) -> bool {
        self.at_least(15, 2, 0)
    }

    /// Whether TLS 1.3 can be chosen as the minimum of the services (X15.2).
    #[must_use]
    pub fn has_minimum_tls13(self) -> bool {
        self.at_least(15, 2, 0)
    }

    /// Whether Expressway-E takes a certificate without `clientAuth` (X15.4; field notice
    /// FN74362). In X15.4 only after `XCP TLS Certificate CVS EnableServerEkuUpload: On`.
    #[must_use]
    pub fn accepts_server_auth_only_on_e(self) -> bool {
        self.at_least(15, 4, 0)
    }

    /// Whether `XCP TLS Certificate CVS EnableServerEkuUpload` exists: X15.4 only, on
    /// Expressway-E only (doc 225482).
    #[must_use]
    pub fn has_server_eku_upload_setting(self) -> bool {
        self.at_least(15, 4, 0) && !self.at_least(15, 5, 0)
    }

    /// Whether the SIP SERVICE message between E and C and the cluster database fail when
    /// the certificate lacks `clientAuth` (before X15.4; doc 225482).
    #[must_use]
    pub fn needs_client_auth_for_service_and_cluster(self) -> bool {
        !self.at_least(15, 4, 0)
    }

    /// Whether `SIP TLS Certificate ExtendedKeyUsage Checking Mode` exists, whose default
    /// is On and which is about inbound SIP TLS only (X15.5; doc 225693).
    #[must_use]
    pub fn has_eku_checking_setting(self) -> bool {
        self.at_least(15, 5, 0)
    }

    /// Whether server and client certificates have separate stores; upgrading copies the
    /// server certificate to the client's (X15.5; doc 225693).
    #[must_use]
    pub fn has_client_certificate_store(self) -> bool {
        self.at_least(15, 5, 0)
    }

    /// How far the version copes with certificates without `clientAuth` (field notice
    /// FN74362: all of X14 and X15 before X15.4 are affected, X15.4 is the interim fix,
    /// X15.5 the complete one).
    #[must_use]
    pub fn eku_readiness(self) -> EkuReadiness {
        if self.at_least(15, 5, 0) {
            EkuReadiness::Complete
        } else if self.at_least(15, 4, 0) {
            EkuReadiness::Interim
        } else {
            EkuReadiness::Affected
        }
    }
}

/// What stands behind the letter of a version, or behind `s42700x` of an upgrade file.
fn after_letter(text: &str) -> Option<&str> {
    let product = text.strip_prefix(['s', 'S']).map(|rest| rest.trim_start_matches(is_digit));
    product.unwrap_or(text).strip_prefix(['X', 'x', 'V', 'v'])
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

/// The number at the begin of a text, and what follows it.
fn number(text: &str) -> Option<(u16, &str)> {
    let end = text.find(|character| !is_digit(character)).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(NotAVersion)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "X{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn reads_the_ways_versions_are_written() {
        let cases = [
            ("X14.0.11", "X14.0.11"),
            ("x14.2", "X14.2"),
            ("14.3.1", "X14.3.1"),
            (" X8.11.4 (Test SW)", "X8.11.4"),
            ("X12.6PreAlpha3", "X12.6"),
            ("v14.3.4_rc_2", "X14.3.4"),
            ("s42700x14_0_6", "X14.0.6"),
            ("s42700x15_5.tar.gz", "X15.5"),
            ("X15.5.0", "X15.5"),
            ("X15.0.2.1", "X15.0.2"),
        ];
        for (text, shown) in cases {
            assert_eq!(version(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_versions() {
        for text in ["", "X", "X14", "14", "10.106.79.170", "2026-11-21", "X99999.1", "s42700", "."]
        {
            assert_eq!(text.parse::<Version>(), Err(NotAVersion), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(version("X14.0.11") > version("X14.0.9"));
        assert!(version("X14.2") > version("X14.0.11"));
        assert!(version("X8.11.4") < version("X12.5"));
    }

    #[test]
    fn origin_servers_are_verified_from_x14_2() {
        let cases = [
            ("X12.6", Verification::No),
            ("X14.0.7", Verification::No),
            ("X14.0.8", Verification::Disputed),
            ("X14.0.11", Verification::Disputed),
            ("X14.2", Verification::Yes),
            ("X15.5", Verification::Yes),
        ];
        for (text, verification) in cases {
            assert_eq!(version(text).verifies_origin_servers(), verification, "{text}");
        }
    }

    /// Each question changes its answer at one version: the last without, the first with.
    #[test]
    fn each_change_has_its_version() {
        type Question = fn(Version) -> bool;
        let cases: [(&str, &str, Question); 12] = [
            ("X14.0.1", "X14.0.2", Version::presents_certificate_to_cucm),
            ("X14.0.11", "X14.2", Version::has_verify_origin_server_setting),
            ("X14.0.11", "X14.2", Version::has_tls13_for_sip),
            ("X14.0.11", "X14.2", Version::has_removed_anonymous_ciphers),
            ("X14.2.7", "X14.3", Version::supports_own_ecdsa_certificate),
            ("X15.0.1", "X15.0.2", Version::default_cipher_list_is_new),
            ("X15.0.3", "X15.2", Version::has_signature_preference_setting),
            ("X15.0.3", "X15.2", Version::sip_defaults_to_tls12_and_up),
            ("X15.0.3", "X15.2", Version::has_minimum_tls13),
            ("X15.3.2", "X15.4", Version::accepts_server_auth_only_on_e),
            ("X15.4", "X15.5", Version::has_eku_checking_setting),
            ("X15.4", "X15.5", Version::has_client_certificate_store),
        ];
        for (index, (before, since, question)) in cases.into_iter().enumerate() {
            let answers = (question(version(before)), question(version(since)));
            assert_eq!(answers, (false, true), "question {index}");
        }
    }

    #[test]
    fn the_interim_fix_is_x15_4_only() {
        let of = |text| {
            let version = version(text);
            (version.eku_readiness(), version.has_server_eku_upload_setting())
        };
        assert_eq!(of("X15.3"), (EkuReadiness::Affected, false));
        assert_eq!(of("X15.4.1"), (EkuReadiness::Interim, true));
        assert_eq!(of("X15.5"), (EkuReadiness::Complete, false));
        assert!(version("X15.3").needs_client_auth_for_service_and_cluster());
        assert!(!version("X15.4").needs_client_auth_for_service_and_cluster());
    }
}
