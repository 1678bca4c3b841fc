//! Settings about TLS: ciphers, versions, and who is checked how.

use super::Settings;

/// A service that has a cipher string of its own (Administrator Guide X15.5,
/// xConfiguration reference, `Ciphers`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CipherUse {
    /// SIP.
    Sip,
    /// The web server.
    Https,
    /// Mobile and Remote Access towards clients.
    ReverseProxy,
    /// Discovery of Unified Communications servers. Whether the traffic server uses this
    /// string or that of HTTPS towards them is not documented.
    UcClient,
    /// XMPP.
    Xcp,
    /// Mail of alarms.
    Smtp,
    /// The forward proxy. Named by engineers; in no reference from X14.0 to X15.5.
    ForwardProxy,
}

impl CipherUse {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sip,
        Self::Https,
        Self::ReverseProxy,
        Self::UcClient,
        Self::Xcp,
        Self::Smtp,
        Self::ForwardProxy,
    ];

    /// Path of the cipher string.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sip => "Ciphers SIPTLSCiphers Value",
            Self::Https => "Ciphers HTTPSCiphers Value",
            Self::ReverseProxy => "Ciphers ReverseProxyTLSCiphers Value",
            Self::UcClient => "Ciphers UcClientTLSCiphers Value",
            Self::Xcp => "Ciphers XCPTLSCiphers Value",
            Self::Smtp => "Ciphers SMTPTLSCiphers Value",
            Self::ForwardProxy => "Ciphers ForwardProxyTLSCiphers Value",
        }
    }

    /// Path of the lowest protocol version. SIP has a list of versions instead.
    const fn protocol_path(self) -> Option<&'static str> {
        match self {
            Self::Sip => None,
            Self::Https => Some("Ciphers HTTPSProtocol Value"),
            Self::ReverseProxy => Some("Ciphers ReverseProxyTLSProtocol Value"),
            Self::UcClient => Some("Ciphers UcClientTLSProtocol Value"),
            Self::Xcp => Some("Ciphers XCPTLSProtocol Value"),
            Self::Smtp => Some("Ciphers SMTPTLSProtocol Value"),
            Self::ForwardProxy => Some("Ciphers ForwardProxyTLSProtocol Value"),
        }
    }
}

/// A protocol version as the settings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// `TLSv1`, `minTLSv1.0`.
    Tls10,
    /// `TLSv1.1`.
    Tls11,
    /// `TLSv1.2`.
    Tls12,
    /// `TLSv1.3`.
    Tls13,
}

impl TlsVersion {
    /// Reads `TLSv1.2` and `minTLSv1.2`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix("min").unwrap_or(&text);
        match text.strip_prefix("tlsv").unwrap_or(text) {
            "1" | "1.0" => Some(Self::Tls10),
            "1.1" => Some(Self::Tls11),
            "1.2" => Some(Self::Tls12),
            "1.3" => Some(Self::Tls13),
            _ => None,
        }
    }

    /// The number on the wire (RFC 8446, 4.1.2 and 4.2.1).
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }
}

/// What happens when the source of revocation data cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inaccessible {
    /// The certificate counts as not revoked.
    Ignore,
    /// The certificate counts as revoked: looks like a certificate fault. The default.
    Fail,
}

/// Revocation checking of SIP TLS (xConfiguration reference, `SIP TLS Certificate
/// Revocation Checking`). `None` where the dump does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// Whether revocation is checked at all; default Off.
    pub checking: Option<bool>,
    /// Whether certificate revocation lists are used; default On.
    pub crl: Option<bool>,
    /// Whether OCSP is used; default On.
    pub ocsp: Option<bool>,
    /// What an unreachable source means; default Fail.
    pub inaccessible: Option<Inaccessible>,
}

/// Verification of XMPP (xConfiguration reference, `XCP TLS Certificate CVS`). `None`
/// where the dump does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct XmppVerification {
    /// Whether certificates are verified.
    pub enabled: Option<bool>,
    /// Whether the host name is verified too.
    pub host_name: Option<bool>,
    /// Whether Expressway-E takes a certificate without `clientAuth` (X15.4 only; doc
    /// 225482).
    pub server_auth_only_upload: Option<bool>,
}

impl Settings {
    /// The OpenSSL cipher string of a service.
    #[must_use]
    pub fn ciphers(&self, of: CipherUse) -> Option<&str> {
        self.text(of.path())
    }

    /// Every cipher string of the dump with its name (`SIPTLSCiphers`), those of services
    /// that [`CipherUse`] does not know included.
    #[must_use]
    pub fn cipher_strings(&self) -> Vec<(&str, &str)> {
        let of_ciphers = |(path, value)| {
            let mut words = str::split_whitespace(path).filter(|word| *word != "1").skip(1);
            let name = words.next()?;
            name.to_ascii_lowercase().ends_with("ciphers").then_some((name, value))
        };
        self.paths.below("Ciphers").filter_map(of_ciphers).collect()
    }

    /// The lowest protocol version of a service; default TLS 1.2. SIP has
    /// [`Settings::sip_tls_versions`].
    #[must_use]
    pub fn protocol_minimum(&self, of: CipherUse) -> Option<TlsVersion> {
        TlsVersion::parse(self.get(of.protocol_path()?)?)
    }

    /// Protocol versions of SIP (`SIP Advanced SipTlsVersions`), in the order written;
    /// empty if the dump does not say.
    #[must_use]
    pub fn sip_tls_versions(&self) -> Vec<TlsVersion> {
        let list = self.get("SIP Advanced SipTlsVersions").unwrap_or_default();
        list.split(':').filter_map(TlsVersion::parse).collect()
    }

    /// Whether signature algorithms with RSA come first (`SIP Advanced
    /// TlsSignatureAlgoPrefRsa`, from X15.2, default On).
    #[must_use]
    pub fn signature_prefers_rsa(&self) -> Option<bool> {
        self.switch("SIP Advanced TlsSignatureAlgoPrefRsa")
    }

    /// Whether inbound SIP TLS asks for the client purpose in certificates (`SIP TLS
    /// Certificate ExtendedKeyUsage Checking Mode`, from X15.5, default On).
    #[must_use]
    pub fn eku_checking(&self) -> Option<bool> {
        self.switch("SIP TLS Certificate ExtendedKeyUsage Checking Mode")
    }

    /// Revocation checking of SIP TLS.
    #[must_use]
    pub fn revocation(&self) -> Revocation {
        let of = |rest: &str| format!("SIP TLS Certificate Revocation Checking {rest}");
        let inaccessible = match self.get(&of("Source Inaccessibility Behavior")) {
            Some(value) if value.eq_ignore_ascii_case("Ignore") => Some(Inaccessible::Ignore),
            Some(value) if value.eq_ignore_ascii_case("Fail") => Some(Inaccessible::Fail),
            _ => None,
        };
        Revocation {
            checking: self.switch(&of("Mode")),
            crl: self.switch(&of("CRL Mode")),
            ocsp: self.switch(&of("OCSP Mode")),
            inaccessible,
        }
    }

    /// Whether the traffic server verifies Unified Communications nodes (`EdgeConfigServer
    /// VerifyOriginServer`, X14.2 release notes and doc 218018). In no xConfiguration
    /// reference, so that its absence from a dump says nothing.
    #[must_use]
    pub fn verify_origin_server(&self) -> Option<bool> {
        self.switch("EdgeConfigServer VerifyOriginServer")
    }

    /// Verification of XMPP.
    #[must_use]
    pub fn xmpp_verification(&self) -> XmppVerification {
        let of = |rest: &str| self.switch(&format!("XCP TLS Certificate CVS {rest}"));
        XmppVerification {
            enabled: of("EnableCvs"),
            host_name: of("VerifyHostname"),
            server_auth_only_upload: of("EnableServerEkuUpload"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn settings(lines: &[&str]) -> Settings {
        let dump: String = lines.iter().map(|line| format!("*c xConfiguration {line}\n")).collect();
        Settings::read(&[dump.as_bytes()], &Limits::default())
    }

    #[test]
    fn ciphers_and_versions_per_service() {
        let settings = settings(&[
            "Ciphers SIPTLSCiphers Value: \"EECDH:!MD5\"",
            "Ciphers LdapTLSCiphers Value: \"HIGH\"",
            "Ciphers HTTPSProtocol Value: \"minTLSv1.2\"",
            "Ciphers XCPTLSProtocol Value: \"minTLSv9\"",
            "SIP Advanced SipTlsVersions: \"TLSv1:TLSv1.1:TLSv1.2\"",
        ]);
        assert_eq!(settings.ciphers(CipherUse::Sip), Some("EECDH:!MD5"));
        assert_eq!(settings.ciphers(CipherUse::UcClient), None);
        let strings = settings.cipher_strings();
        assert_eq!(strings, [("LdapTLSCiphers", "HIGH"), ("SIPTLSCiphers", "EECDH:!MD5")]);
        assert_eq!(settings.protocol_minimum(CipherUse::Https), Some(TlsVersion::Tls12));
        assert_eq!(settings.protocol_minimum(CipherUse::Xcp), None);
        assert_eq!(settings.protocol_minimum(CipherUse::Sip), None);
        let versions = [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12];
        assert_eq!(settings.sip_tls_versions(), versions);
        assert_eq!(versions.map(TlsVersion::number), [0x301, 0x302, 0x303]);
    }

    #[test]
    fn checks_that_are_on_off_or_not_said() {
        let settings = settings(&[
            "SIP Advanced TlsSignatureAlgoPrefRsa: \"On\"",
            "SIP TLS Certificate ExtendedKeyUsage Checking Mode: \"Off\"",
            "SIP TLS Certificate Revocation Checking Mode: \"On\"",
            "SIP TLS Certificate Revocation Checking CRL Mode: \"Off\"",
            "SIP TLS Certificate Revocation Checking Source Inaccessibility Behavior: \"Fail\"",
            "XCP TLS Certificate CVS VerifyHostname: \"On\"",
        ]);
        assert_eq!(settings.signature_prefers_rsa(), Some(true));
        assert_eq!(settings.eku_checking(), Some(false));
        assert_eq!(settings.verify_origin_server(), None);
        let revocation = Revocation {
            checking: Some(true),
            crl: Some(false),
            ocsp: None,
            inaccessible: Some(Inaccessible::Fail),
        };
        assert_eq!(settings.revocation(), revocation);
        let xmpp = XmppVerification { host_name: Some(true), ..XmppVerification::default() };
        assert_eq!(settings.xmpp_verification(), xmpp);
    }
}
