//! What SIP prefers among the signature algorithms, and the setting for it.

use super::each_use;
use crate::expressway::Settings;
use crate::expressway::settings::TlsVersion;
use crate::rules::case::{Case, CaseObservation};
use crate::rules::documents::{ADMIN_REFERENCE, MRA_REQUIREMENTS};
use crate::rules::finding::{Evidence, Observation, Severity};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::scene;
use crate::rules::selection;
use crate::rules::words::{Text, Values};
use crate::tls::ClientHello;
use crate::tls::names::{self, SignatureKey};

pub(super) const SIP_SIGALG_ECDSA_FIRST: Rule = Rule {
    id: "sip-sigalg-ecdsa-first",
    severity: Severity::Warning,
    summary: Text::en("SIP prefers ECDSA signatures, which decides the certificate under TLS 1.3"),
    sentence: Text::en(
        "{host} offers TLS 1.3 to {server} with {first} before {rsa} in signature_algorithms: a server that goes by them shows its EC certificate{setting}.",
    ),
    remedy: Text::en(
        "`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On` on the command line of the Expressway, then restart all peers; or trust the CA of the EC certificate.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en(
        "SIP of Expressway from X15.2 on, with TLS 1.3 in SipTlsVersions; ports 5061, 5091, 7001",
    ),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a SIP ClientHello of an Expressway that offers TLS 1.3 has an ecdsa_* algorithm before the first rsa_pss_*.",
        ),
        why: Text::en(
            "The cipher suites of TLS 1.3 name no kind of key; the signature algorithms do. With the setting On the order is rsa_pss_rsae_sha512 (0x0806), rsa_pss_rsae_sha384 (0x0805), rsa_pss_rsae_sha256 (0x0804), ecdsa_secp521r1_sha512 (0x0603), ecdsa_secp384r1_sha384 (0x0503), ecdsa_secp256r1_sha256 (0x0403).",
        ),
        symptom: Text::en("SIP TLS zones fail under TLS 1.3 and work under TLS 1.2"),
        steps: Text::en(
            "1. Set it On. 2. Restart all peers. 3. Look at the order again (`tlsight show`).",
        ),
        caveat: Text::en(
            "The setting has no effect on HTTPS (8443, 6971, 6972), and none without TLS 1.3.",
        ),
    },
    references: &[MRA_REQUIREMENTS, ADMIN_REFERENCE, "RFC 8446, 4.2.3"],
    check: Check::Case(sip_sigalg_ecdsa_first),
};

fn sip_sigalg_ecdsa_first(case: &Case<'_>) -> Vec<CaseObservation> {
    each_use(case)
        .filter(|(_, sip, _)| *sip)
        .filter_map(|(appliance, _, list)| {
            if appliance.version.is_some_and(|version| !version.has_signature_preference_setting())
            {
                return None;
            }
            let found = list.iter().find_map(|one| {
                let hello = one.subject.connection.handshake.client_hello()?;
                Some((one, ecdsa_signature_first(hello)?))
            });
            let (one, (first, rsa)) = found?;
            let connection = one.subject.connection;
            let set = appliance.settings.as_ref().and_then(Settings::signature_prefers_rsa);
            let setting = match set {
                Some(true) => Text::en(", though TlsSignatureAlgoPrefRsa is On: a restart is due"),
                Some(false) => Text::en(" (TlsSignatureAlgoPrefRsa is Off)"),
                None => Text::en(""),
            };
            let frame = selection::client_hello_frame(connection)?;
            let algorithms = format!("{first}, ... {rsa}");
            let values = Values::new()
                .with("host", appliance.title())
                .with("server", scene::server(connection))
                .with("first", first)
                .with("rsa", rsa)
                .with_words("setting", setting);
            Some(one.observation(Observation {
                values,
                evidence: vec![Evidence::new(frame, "tls.handshake.sig_hash_alg", algorithms)],
                severity: None,
                of: None,
            }))
        })
        .collect()
}

/// The ECDSA algorithm that stands before the first RSA-PSS one, where TLS 1.3 is
/// offered.
fn ecdsa_signature_first(hello: &ClientHello) -> Option<(String, String)> {
    const TLS13: u16 = 0x0304;
    if !hello.supported_versions().contains(&TLS13) {
        return None;
    }
    let algorithms = hello.signature_algorithms();
    let is_pss = |code: &u16| (0x0804..=0x0806).contains(code);
    let pss = algorithms.iter().position(is_pss)?;
    let ecdsa = algorithms
        .iter()
        .take(pss)
        .find(|code| names::signature_key(**code) == SignatureKey::Ecdsa)?;
    let name = |code: u16| names::signature_scheme_name(code).into_owned();
    Some((name(*ecdsa), name(*algorithms.get(pss)?)))
}

pub(super) const SIGALG_SETTING_NO_EFFECT: Rule = Rule {
    id: "sigalg-setting-no-effect",
    severity: Severity::Info,
    summary: Text::en("TlsSignatureAlgoPrefRsa is set where it has no effect"),
    sentence: Text::en("{host}: TlsSignatureAlgoPrefRsa is On, but {why}."),
    remedy: Text::en(
        "For HTTPS use the cipher list: Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front. For SIP the setting needs TLS 1.3: `xConfiguration SIP Advanced SipTlsVersions: 'TLSv1.2:TLSv1.3'`.",
    ),
    needs: &[Need::Settings],
    applies: Text::en("Expressway from X15.2 on"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the setting is On while SipTlsVersions has no TLSv1.3, or while ECDSA that is not trusted was selected on a port of the traffic server.",
        ),
        why: Text::en(
            "It orders the signature algorithms of SIP, and only TLS 1.3 goes by them. The traffic server on 8443 is unchanged.",
        ),
        symptom: Text::en("The setting was switched and nothing has changed"),
        steps: Text::en("1. Find out which port fails. 2. Use the remedy for that service."),
        caveat: Text::en("Effective or not, the setting does no harm."),
    },
    references: &[MRA_REQUIREMENTS, ADMIN_REFERENCE],
    check: Check::Case(sigalg_setting_no_effect),
};

fn sigalg_setting_no_effect(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances
        .filter_map(|(index, appliance)| {
            let settings = appliance.settings.as_ref()?;
            if settings.signature_prefers_rsa() != Some(true) {
                return None;
            }
            let versions = settings.sip_tls_versions();
            let without = !versions.is_empty() && !versions.contains(&TlsVersion::Tls13);
            let failing = case.of_appliance(index).find(|one| {
                one.subject.leg.is_traffic_server() && selection::is_untrusted_ecdsa(one.findings)
            });
            let values = Values::new().with("host", appliance.title());
            match (failing, without) {
                (Some(one), _) => {
                    let why = Text::en("the fault is on HTTPS ({server}), which it does not touch");
                    let server = scene::server(one.subject.connection);
                    let values = values.with("server", server).with_words("why", why);
                    Some(one.observation(Observation { values, ..Observation::default() }))
                }
                (None, true) => {
                    let why = Text::en("SipTlsVersions has no TLSv1.3");
                    let values = values.with_words("why", why);
                    let observation = Observation { values, ..Observation::default() };
                    Some(CaseObservation { observation, ..CaseObservation::default() })
                }
                (None, false) => None,
            }
        })
        .collect()
}
