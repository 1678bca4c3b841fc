//! Which cipher string is active, by the order of what is offered.

use super::{each_use, offer};
use crate::expressway::Settings;
use crate::expressway::ciphers::{self, Agreement};
use crate::expressway::known_cipher_lists::recognise;
use crate::expressway::settings::CipherUse;
use crate::rules::case::{Case, CaseConnection, CaseObservation};
use crate::rules::documents::{CUSTOMIZE_CIPHERS, MRA_REQUIREMENTS};
use crate::rules::finding::{Observation, Severity};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::scene;
use crate::rules::words::{Text, Values};

pub(super) const CIPHER_STRING_FINGERPRINT: Rule = Rule {
    id: "cipher-string-fingerprint",
    severity: Severity::Info,
    summary: Text::en("The order of the cipher suites tells which cipher string is active"),
    sentence: Text::en("The offer of {host} to {server} has the order of: {known}.{configured}"),
    remedy: Text::en(
        "Compare with Maintenance > Security > Ciphers; `tlsight ciphers STRING` shows the order that a string stands for.",
    ),
    needs: &[Need::Expressway],
    applies: Text::en("Expressway as client"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the suites of a ClientHello stand in the order that one of the vendor's cipher strings gives, and whether the configured strings give it too.",
        ),
        why: Text::en(
            "A changed string counts for SIP and XMPP after a restart only, so what runs may differ from what is configured.",
        ),
        symptom: Text::en("None by itself"),
        steps: Text::en(
            "1. Compare the active string with the configured one. 2. Where they differ, restart.",
        ),
        caveat: Text::en(
            "Several strings can give the same order. Which string the traffic server uses towards UC nodes is not documented, so all that fit are named.",
        ),
    },
    references: &[MRA_REQUIREMENTS, CUSTOMIZE_CIPHERS],
    check: Check::Case(cipher_string_fingerprint),
};

fn cipher_string_fingerprint(case: &Case<'_>) -> Vec<CaseObservation> {
    each_use(case)
        .filter_map(|(appliance, _, list)| {
            let one = list.first()?;
            let connection = one.subject.connection;
            let offered: Vec<u16> = connection.handshake.client_hello()?.suites().collect();
            let known: Vec<&str> = recognise(&offered).iter().map(|list| list.name).collect();
            if known.is_empty() {
                return None;
            }
            let agreeing = agreeing(appliance.settings.as_ref(), &offered);
            let strings = appliance.settings.as_ref().map(Settings::cipher_strings);
            let configured = if strings.is_none_or(|strings| strings.is_empty()) {
                Text::en("")
            } else if agreeing.is_empty() {
                Text::en(" None of the configured strings gives this order: a restart may be pending, or this service has a string of its own.")
            } else {
                Text::en(" Of the configured strings these give the same order: {agreeing}.")
            };
            let values = Values::new()
                .with("host", appliance.title())
                .with("server", scene::server(connection))
                .with("known", known.join("; or "))
                .with("agreeing", agreeing.join(", "))
                .with_words("configured", configured);
            let evidence = offer(connection).into_iter().collect();
            Some(one.observation(Observation { values, evidence, severity: None, of: None }))
        })
        .collect()
}

/// Names of the configured strings that can have made an offer.
fn agreeing<'s>(settings: Option<&'s Settings>, offered: &[u16]) -> Vec<&'s str> {
    let strings = settings.map(Settings::cipher_strings).unwrap_or_default();
    let fits =
        |text: &str| matches!(ciphers::compare(text, offered), Agreement::CanComeFrom { .. });
    strings.into_iter().filter(|(_, text)| fits(text)).map(|(name, _)| name).collect()
}

/// Whether what SIP offers cannot come from the string that is configured for it: the
/// server that was offered it, and the connection.
pub(in crate::rules) fn sip_differs<'c>(
    case: &'c Case<'_>,
    appliance: usize,
) -> Option<&'c CaseConnection<'c>> {
    let settings = case.deployment.appliance(appliance)?.settings.as_ref()?;
    let configured = settings.ciphers(CipherUse::Sip)?;
    case.connections.iter().find(|one| {
        let offered = one
            .subject
            .connection
            .handshake
            .client_hello()
            .map(|hello| hello.suites().collect::<Vec<u16>>());
        one.subject.leg.client_appliance == Some(appliance)
            && one.subject.leg.is_sip_of_expressway()
            && offered.is_some_and(|offered| {
                matches!(ciphers::compare(configured, &offered), Agreement::Differs(_))
            })
    })
}
