//! The `openssl s_client` line that would confirm a prediction live.

use super::change::{Change, with_ciphers};
use super::offer::{Offer, TLS12, TLS13};
use super::scene::{Observed, Plan};
use crate::connection::{Reference, Terms, s_client};
use crate::expressway::ciphers::{self, TLS13_SUITES};
use crate::expressway::known_cipher_lists::{KnownList, known_lists};
use crate::tls::names;
use crate::trust::Store;
use crate::wire::text::{is_plain, shell_word};

/// What the trust list after the changes is called where no files make it up.
pub const TRUST_AFTER: &str = "trust-after.pem";

/// A command for a POSIX shell, to be typed on a host from which the server is reached as
/// the client reaches it. `None` where `openssl s_client` cannot speak what comes before
/// TLS.
pub(super) fn command(
    one: &Observed<'_>,
    plan: &Plan,
    touched: bool,
    offer: &Offer,
    terms: Terms,
) -> Option<String> {
    let connection = one.connection;
    let before = one.offer()?;
    let mut words = s_client(connection)?;
    let mut add = |flag: &str, value: Option<String>| {
        words.push(flag.to_owned());
        words.extend(value.map(|value| shell_word(&value)));
    };
    if let Some(flag) = version_flag(offer) {
        add(flag, None);
    }
    if let Some(list) = cipher_list(&plan.changes, touched, &before, offer) {
        add("-cipher", Some(list));
    }
    if let Some(list) = tls13_suites(offer) {
        add("-ciphersuites", Some(list));
    }
    let prefers = plan.changes.iter().any(|change| matches!(change, Change::PreferRsaSignatures));
    if touched && prefers && offer.has_version(TLS13) {
        add("-sigalgs", Some(signatures(offer)));
    }
    trust(one, plan, touched, terms, &mut add);
    Some(format!("{} </dev/null", words.join(" ")))
}

/// The flags that make it check chain and name.
fn trust(
    one: &Observed<'_>,
    plan: &Plan,
    touched: bool,
    terms: Terms,
    add: &mut impl FnMut(&str, Option<String>),
) {
    let Some(store) = one.store else { return };
    let changed = touched && plan.changes.iter().any(Change::concerns_trust);
    let file = match source(store).filter(|_| !changed) {
        Some(file) => file.to_owned(),
        None => TRUST_AFTER.to_owned(),
    };
    add("-CAfile", Some(file));
    if terms.partial_chain {
        add("-partial_chain", None);
    }
    add("-auth_level", Some(terms.security_level.to_string()));
    add("-verify_return_error", None);
    match &one.connection.reference {
        Some(Reference::Address(address)) => add("-verify_ip", Some(address.to_string())),
        reference => {
            if let Some(name) = reference_name(reference.as_ref()) {
                add("-verify_hostname", Some(name));
            }
        }
    }
}

/// The only file that a store was read from.
fn source(store: &Store) -> Option<&str> {
    let first = store.anchors().first()?.source.as_str();
    let only = store.anchors().iter().all(|anchor| anchor.source == first);
    (only && store.unreadable().is_empty() && is_plain(first)).then_some(first)
}

fn reference_name(reference: Option<&Reference>) -> Option<String> {
    reference.map(ToString::to_string).filter(|name| is_plain(name))
}

fn version_flag(offer: &Offer) -> Option<&'static str> {
    match offer.versions.as_slice() {
        [TLS13] => Some("-tls1_3"),
        [TLS12] => Some("-tls1_2"),
        [0x0302] => Some("-tls1_1"),
        [0x0301] => Some("-tls1"),
        _ => None,
    }
}

/// The string that was typed, else one of the vendor's that gives the offer, else the
/// suites by name.
fn cipher_list(changes: &[Change], touched: bool, before: &Offer, offer: &Offer) -> Option<String> {
    let typed = changes.iter().rev().find_map(|change| match change {
        Change::Ciphers(string) if touched => Some(string.clone()),
        _ => None,
    });
    if let Some(string) = typed.filter(|string| is_plain(string)) {
        return Some(changes.iter().fold(string, with_change));
    }
    if let Some(list) = known_string(before, offer) {
        return Some(list);
    }
    let below: Vec<&str> = offer
        .suites_for(TLS12)
        .filter_map(|code| ciphers::suite(code).map(|suite| suite.name))
        .collect();
    (!below.is_empty()).then(|| below.join(":"))
}

/// A cipher string with what a change puts around it.
fn with_change(string: String, change: &Change) -> String {
    match change {
        Change::RsaPrefix => format!("ECDHE-RSA-AES256-GCM-SHA384:{string}"),
        Change::EcdsaLast => string + ":+ECDSA",
        Change::DisableEcdsa => string + ":!ECDSA",
        _ => string,
    }
}

/// A string of the vendor's documents from which this client makes exactly this offer.
fn known_string(before: &Offer, after: &Offer) -> Option<String> {
    let below = |offer: &Offer| offer.suites_for(TLS12).collect::<Vec<_>>();
    let wanted = below(after);
    let mut strings = known_lists().iter().map(KnownList::string);
    strings.find(|string| below(&with_ciphers(before, string)) == wanted)
}

/// The suites of TLS 1.3, where they are not those of OpenSSL in its order.
fn tls13_suites(offer: &Offer) -> Option<String> {
    let codes: Vec<u16> = offer.suites_for(TLS13).collect();
    if codes.is_empty() || codes == TLS13_SUITES {
        return None;
    }
    let named = codes.iter().map(|code| names::cipher_suite_name(*code).into_owned());
    Some(named.collect::<Vec<_>>().join(":"))
}

fn signatures(offer: &Offer) -> String {
    let list = offer.signature_algorithms.iter();
    list.map(|code| names::signature_scheme_name(*code).into_owned()).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_named_as_openssl_names_them() {
        let offer = Offer {
            versions: vec![TLS13, TLS12],
            suites: vec![0x1301, 0x1302, 0xc030, 0xc02c],
            ..Offer::default()
        };
        let list = cipher_list(&[], true, &offer, &offer);
        assert_eq!(
            list.as_deref(),
            Some("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384")
        );
        assert_eq!(
            tls13_suites(&offer).as_deref(),
            Some("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384")
        );
        let forbidding = [Change::Ciphers("EECDH".to_owned()), Change::DisableEcdsa];
        assert_eq!(cipher_list(&forbidding, true, &offer, &offer).as_deref(), Some("EECDH:!ECDSA"));
    }
}
