//! Versions of Expressway: what `httpd -v` says on each, and what changed that matters
//! for TLS. Only what a document of the vendor says; each row names it.

/// Tells which version of httpd, not of the traffic server, a release has.
#[derive(Debug, PartialEq, Eq)]
pub struct HttpdVersion {
    /// The Expressway release.
    pub release: &'static str,
    /// The line `Server version` of `/apache2/bin/httpd -v`.
    pub server_version: &'static str,
    /// The line `Server built`.
    pub built: &'static str,
}

/// A change of a release that matters for TLS.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The Expressway release.
    pub release: &'static str,
    /// What changed.
    pub text: &'static str,
    /// Titles of the documents that say so.
    pub source: &'static str,
}

/// The document with the table of versions.
pub const HTTPD_SOURCE: &str = "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)";

/// What the table does not say.
pub const HTTPD_REMARK: &str = "These are versions of Apache httpd, though the document calls the table a history of the traffic server: 2.4.x is how httpd counts. Which version of the traffic server a release has is not documented.";

const MRA: &str = "MRA Deployment Guide X15.2";
const SECURITY: &str = "Administrator Guide X15.5, Managing Security";
const REFERENCE: &str = "Administrator Guide X15.5, Reference Material and What's New";
const VERIFICATION: &str =
    "Troubleshoot Expressway Traffic Server Certificate Verification (218018)";
const NOTES_14_2: &str = "X14.2 release notes";
const EKU: &str = "Prepare Expressway for Client Auth EKU Sunset (225482)";
const EKU_15_5: &str = "Navigate Client EKU Sunset with Expressway x15.5 (225693)";

const fn httpd(
    release: &'static str,
    server_version: &'static str,
    built: &'static str,
) -> HttpdVersion {
    HttpdVersion { release, server_version, built }
}

static HTTPD: [HttpdVersion; 6] = [
    httpd("X8.11.4", "Apache/2.4.34 (Unix)", "Nov 12 2018 19:04:23"),
    httpd("X12.6", "Apache/2.4.43 (Unix)", "May 26 2020 18:27:21"),
    httpd("X14.0.8", "Apache/2.4.53 (Unix)", "May 4 2022 08:52:57"),
    httpd("X15.3", "Apache/2.4.62 (Unix)", "Jul 16 2025 12:10:19"),
    httpd("X15.4", "Apache/2.4.65 (Unix)", "Jan 14 2026 06:41:03"),
    httpd("X15.5", "Apache/2.4.66 (Unix)", "Mar 16 2026 15:57:19"),
];

const fn change(release: &'static str, text: &'static str, source: &'static str) -> Change {
    Change { release, text, source }
}

static CHANGES: [Change; 19] = [
    change(
        "X12.5",
        "Zones CEOAuth for SIP OAuth; certificates by ACME.",
        "MRA Deployment Guide X15.2; Administrator Guide X15.5, Managing Security",
    ),
    change(
        "X12.6",
        "The names of secure phone security profiles must be FQDNs; the default CA bundle has ISRG Root X1 and DST Root CA X3.",
        "Certificate Creation and Use Guide X15.5; Administrator Guide X15.5, Managing Security",
    ),
    change(
        "X14.0.2",
        "The traffic server shows its certificate whenever CUCM asks, on 6971 and 6972 for example: the CA chain of the Expressway-C certificate must be in tomcat-trust and CallManager-trust of CUCM, on a non-secure cluster too (CSCvz45074, CSCvz20720).",
        "225476; Upload the Root and Intermediate Certificates of Expressway-Core onto CUCM (217748)",
    ),
    change(
        "X14.0.8",
        "The traffic server verifies the certificates of CUCM, IM and Presence and Unity, says 225476. The release notes do not, and 218018 says from X14.2: up to X14.0.11 decide from an alert or the log.",
        "225476; Troubleshoot Expressway Traffic Server Certificate Verification (218018)",
    ),
    change(
        "X14.2",
        "The traffic server verifies by default (CSCwc69661, CSCwa25108), also where TLS verify mode is Off on the page of the server.",
        VERIFICATION,
    ),
    change("X14.2", "`xConfiguration EdgeConfigServer VerifyOriginServer: On/Off`.", VERIFICATION),
    change(
        "X14.2",
        "TLS 1.3 for SIP and the reverse proxy; anonymous Diffie-Hellman is gone.",
        NOTES_14_2,
    ),
    change(
        "X14.2",
        "The order of the cipher list depends on the upgrade (CSCwc88608): from below X14.0, and freshly installed, ECDSA is preferred; from X14.0 or later RSA is, by the prefix ECDHE-RSA-AES256-GCM-SHA384.",
        "X14.2.1 release notes (those of X14.2 said otherwise); 218018",
    ),
    change(
        "X14.2",
        "Self-signed certificates of CUCM, IM and Presence and Unity must be uploaded to Expressway-C.",
        MRA,
    ),
    change(
        "X14.3",
        "Expressway can have an ECDSA certificate of its own; Diffie-Hellman keys of SIP have 2048 bits by default.",
        REFERENCE,
    ),
    change(
        "X15.0.2",
        "New default cipher list (`tlsight ciphers --vendor` shows both); an upgrade replaces default lists, keeps customised ones, and keeps the RSA prefix.",
        SECURITY,
    ),
    change(
        "X15.2",
        "SipTlsVersions is TLSv1.2:TLSv1.3 by default (the reference of X15.0 says TLSv1:TLSv1.1:TLSv1.2).",
        REFERENCE,
    ),
    change(
        "X15.2",
        "`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On/Off`, default On: RSA or ECDSA first on the SIP interface, with TLS 1.3 only; all peers must be restarted.",
        "225476; Administrator Guide X15.5, Reference Material and What's New",
    ),
    change(
        "X15.2",
        "TLS 1.3 can be made the lowest version of every service but TMS provisioning.",
        SECURITY,
    ),
    change(
        "X15.4",
        "Expressway-E takes a certificate without clientAuth after `xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On` (the command is gone in X15.5).",
        EKU,
    ),
    change(
        "X15.4",
        "Expressway-C no longer asks for clientAuth in the certificate of Expressway-E for SIP; the cluster database neither.",
        EKU,
    ),
    change(
        "X15.5",
        "Separate certificates as server and as client with one trust list; an upgrade copies the one to the other.",
        EKU_15_5,
    ),
    change(
        "X15.5",
        "`xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: On/Off`, default On, for inbound SIP TLS.",
        EKU_15_5,
    ),
    change(
        "X15.5",
        "The diagnostic archive holds both certificates; alarms 40078 and 40079 tell that the client certificate has expired, or will within 21 days.",
        EKU_15_5,
    ),
];

/// What `/apache2/bin/httpd -v` prints, by release.
#[must_use]
pub fn httpd_versions() -> &'static [HttpdVersion] {
    &HTTPD
}

/// What changed for TLS, by release.
#[must_use]
pub fn changes() -> &'static [Change] {
    &CHANGES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `X14.0.8` as numbers.
    fn number(release: &str) -> Vec<u32> {
        let digits = release.strip_prefix('X').unwrap();
        digits.split('.').map(|part| part.parse().unwrap()).collect()
    }

    #[test]
    fn releases_rise_and_every_row_has_a_source() {
        let releases: Vec<_> = httpd_versions().iter().map(|row| number(row.release)).collect();
        assert!(releases.windows(2).all(|pair| pair[0] < pair[1]));
        let changed: Vec<_> = changes().iter().map(|row| number(row.release)).collect();
        assert!(changed.windows(2).all(|pair| pair[0] <= pair[1]));
        for row in changes() {
            assert!(!row.source.is_empty() && row.text.ends_with('.'), "{}", row.text);
        }
    }

    #[test]
    fn the_table_is_that_of_httpd() {
        assert!(httpd_versions().iter().all(|row| row.server_version.starts_with("Apache/2.4.")));
    }
}
