//! Certificates of public CAs that cannot be renewed as they are.

use super::{FIELD_NOTICE, NAVIGATE, PREPARE};
use crate::expressway::Version;
use crate::rules::case::{Case, CaseObservation};
use crate::rules::finding::Severity;
use crate::rules::own;
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::words::Text;
use crate::time::date_text;
use crate::x509::{Certificate, Name};

/// The next certificate takes an upgrade, which takes longer to plan than a renewal.
const SOON: i64 = 90 * 86_400;

/// Public CAs that the field notice and its documents name, as their issuers spell them.
const PUBLIC: &[&str] =
    &["let's encrypt", "digicert", "sectigo", "ssl.com", "ssl corp", "identrust"];
/// Of these, the ones that the field notice names as still issuing both usages.
const STILL_COMBINED: &[&str] = &[
    "digicert assured id root g2",
    "digicert assured id ca g2",
    "identrust public sector root ca 1",
    "identrust public sector server ca 1",
];

pub(super) const PUBLIC_CA_COMBINED_EKU_EXPIRING: Rule = Rule {
    id: "public-ca-combined-eku-expiring",
    severity: Severity::Warning,
    summary: Text::en(
        "A public CA's certificate with clientAuth expires soon and may not be renewed with it",
    ),
    sentence: Text::en(
        "{box} has the certificate {certificate} ({seen}), which has clientAuth and expires on {date}, {days} days after the capture. It is of a public CA ({told}); public CAs stop issuing clientAuth, so the next certificate may lack it, and {version} needs it.",
    ),
    remedy: Text::en(
        "Before {date}: upgrade Expressway-C and Expressway-E to X15.5, where a private CA can sign the client certificate, or have the certificate issued by a CA that still combines serverAuth and clientAuth (FN74362). Where ACME renews it, disable automatic renewal before X15.5.",
    ),
    needs: &[Need::OwnCertificate],
    applies: Text::en("Expressway before X15.5"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the own certificate of an Expressway before X15.5 has clientAuth in its extended key usage, was issued by a public CA, and expires within 90 days after the capture. A public CA is told by its name (those that FN74362, 225482 and 225693 name), or by signed certificate timestamps inside the certificate, which CAs of browsers put there.",
        ),
        why: Text::en(
            "The Chrome Root Program asks CAs for certificates without clientAuth. FN74362 (version 1.2) gives March 2027 as its date; 225482 and 225693 still say June 2026. Let's Encrypt dropped it from its classic profile, which ACME of Expressway uses, on 11 February 2026; others have left it out by default since October 2025.",
        ),
        symptom: Text::en(
            "None yet. After the renewal: traversal zone FAILED, SSH tunnels down, MRA SIP registration fails",
        ),
        steps: Text::en(
            "1. Read FN74362. 2. Upgrade both Expressways to X15.5 (X15.4 is the interim fix for Expressway-E), or choose a CA that still combines both usages. 3. ACME: disable automatic renewal before X15.5.",
        ),
        caveat: Text::en(
            "Whether the CA still combines both usages on the day of renewal is its own affair: ask it. Private CAs are not concerned. 90 days is a choice of this program.",
        ),
    },
    references: &[FIELD_NOTICE, PREPARE, NAVIGATE, "RFC 6962, 3.3", "CSCwr73373"],
    check: Check::Case(public_ca_combined_eku_expiring),
};

fn public_ca_combined_eku_expiring(case: &Case<'_>) -> Vec<CaseObservation> {
    let Some(now) = case.clock() else { return Vec::new() };
    own::certificates(case)
        .into_iter()
        .filter_map(|own| {
            let version = own.appliance.version;
            if version.is_some_and(Version::has_client_certificate_store) {
                return None;
            }
            let usages = &own.leaf.extensions;
            let combined = usages.extended_key_usage.is_some() && usages.allows_client_auth();
            let end = own.leaf.not_after.unix.filter(|end| (now..now + SOON).contains(end))?;
            let told = public(own.leaf).filter(|_| combined)?;
            let values = own
                .values()
                .with("date", date_text(end))
                .with("days", ((end - now) / 86_400).to_string())
                .with("issuer", own.leaf.issuer.text())
                .with_words("told", told);
            let values = match version {
                Some(version) => values.with("version", version.to_string()),
                None => values.with_words("version", VERSION_UNKNOWN),
            };
            Some(own.observation(values))
        })
        .collect()
}

const VERSION_UNKNOWN: Text = Text::en("a version before X15.5 (which one runs is not known)");

/// How a certificate tells that a public CA issued it, if it does and if that CA is not
/// one that still combines both usages.
fn public(leaf: &Certificate) -> Option<Text> {
    if leaf.is_self_issued() || names_one_of(&leaf.issuer, STILL_COMBINED) {
        return None;
    }
    if names_one_of(&leaf.issuer, PUBLIC) {
        return Some(Text::en("by the name of its issuer, {issuer}"));
    }
    (leaf.extensions.timestamps > 0).then_some(Text::en(
        "by the signed certificate timestamps inside it; its issuer is {issuer}",
    ))
}

/// Whether an organization or common name begins with one of these words.
fn names_one_of(name: &Name, words: &[&str]) -> bool {
    name.attributes()
        .iter()
        .filter(|attribute| matches!(attribute.short_name(), Some("CN" | "O")))
        .map(|attribute| attribute.value.to_lowercase())
        .any(|value| words.iter().any(|word| value.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};

    use super::*;
    use crate::expressway::Appliance;
    use crate::rules::testing::{Ca, case_findings, end_after, expressway, log};

    const RULE: &str = "public-ca-combined-eku-expiring";

    fn with(ca: &str, days: i64, version: &str) -> Appliance {
        let certificate = Ca::new(ca).issue(|params| {
            params.extended_key_usages = vec![ServerAuth, ClientAuth];
            end_after(params, days);
        });
        Appliance {
            version: Version::parse(version),
            server_certificates: vec![certificate],
            log: Some(log(vec![])),
            ..expressway()
        }
    }

    #[test]
    fn the_end_and_the_sign_of_a_public_ca_are_told() {
        let found = case_findings(RULE, vec![with("DigiCert Global G2 TLS CA", 40, "X14.3")]);
        let said = found[0].sentence();
        assert!(said.contains("40 days after the capture"), "{said}");
        assert!(said.contains("by the name of its issuer, CN=DigiCert Global G2 TLS CA"), "{said}");
        assert!(said.ends_with("and X14.3 needs it."), "{said}");
    }

    #[test]
    fn private_cas_late_ends_and_later_versions_are_silent() {
        for (ca, days, version) in [
            ("Example Issuing CA 1", 40, "X14.3"),
            ("DigiCert Assured ID CA G2", 40, "X14.3"),
            ("DigiCert Global G2 TLS CA", 91, "X14.3"),
            ("DigiCert Global G2 TLS CA", -1, "X14.3"),
            ("DigiCert Global G2 TLS CA", 40, "X15.5"),
        ] {
            assert!(case_findings(RULE, vec![with(ca, days, version)]).is_empty(), "{ca} {days}");
        }
    }
}
