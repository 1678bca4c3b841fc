//! The Expressways of two runs compared: version, certificates, trust list, settings.

use std::collections::{BTreeMap, BTreeSet};

use super::StoreDifference;
use super::certificates::brief;
use crate::expressway::{Appliance, Settings};
use crate::report::model::Report;
use crate::report::words::date;
use crate::wire::text::hex;
use crate::x509::Certificate;

/// Beginnings of the settings that decide what Expressway offers in TLS, what it checks,
/// and whom it connects to (Administrator Guide X15.5, xConfiguration reference).
const PATHS: [&str; 9] = [
    "Alternates ",
    "Ciphers ",
    "EdgeConfigServer ",
    "IP DNS ",
    "Logger Developer developer.trafficserver",
    "SIP Advanced ",
    "SIP TLS ",
    "XCP TLS ",
    "Zones Zone ",
];

/// One Expressway on both sides.
#[derive(Clone, Debug)]
pub struct ApplianceDifference {
    /// `Expressway-C expc`.
    pub title: String,
    /// Whether it is known on the side before, and after.
    pub known: (bool, bool),
    /// What is set otherwise, or is another.
    pub changes: Vec<SettingChange>,
    /// What its trust list differs in.
    pub store: Option<StoreDifference>,
    /// What only one side's archive holds, so that it cannot be compared.
    pub not_compared: Vec<&'static str>,
}

/// Something of an Expressway that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// What: `software`, `server certificate`, or the path of a setting.
    pub what: String,
    /// As it was; `None` when it was not set.
    pub before: Option<String>,
    /// As it is now.
    pub after: Option<String>,
}

/// Compares the Expressways by name and role. Of several archives of one box the last
/// one counts.
pub(super) fn compare(before: &Report, after: &Report) -> Vec<ApplianceDifference> {
    let mut known: BTreeMap<String, (Option<&Appliance>, Option<&Appliance>)> = BTreeMap::new();
    for appliance in &before.appliances {
        known.entry(appliance.title()).or_default().0 = Some(appliance);
    }
    for appliance in &after.appliances {
        known.entry(appliance.title()).or_default().1 = Some(appliance);
    }
    known.into_iter().map(|(title, (old, new))| difference(title, old, new)).collect()
}

fn difference(
    title: String,
    before: Option<&Appliance>,
    after: Option<&Appliance>,
) -> ApplianceDifference {
    let mut difference = ApplianceDifference {
        title,
        known: (before.is_some(), after.is_some()),
        changes: Vec::new(),
        store: None,
        not_compared: Vec::new(),
    };
    if let (Some(before), Some(after)) = (before, after) {
        difference.compare(before, after);
    }
    difference
}

impl ApplianceDifference {
    /// Whether anything is known to differ.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty() || self.store.is_some()
    }

    fn compare(&mut self, before: &Appliance, after: &Appliance) {
        let version = |one: &Appliance| one.version.map(|version| version.to_string());
        let server = |one: &Appliance| one.server_leaf().map(|leaf| certificate(leaf));
        let client = |one: &Appliance| one.client_leaf().map(|leaf| certificate(leaf));
        self.value("software", version(before), version(after));
        self.value("server certificate", server(before), server(after));
        if !before.client_certificates.is_empty() || !after.client_certificates.is_empty() {
            self.value("client certificate", client(before), client(after));
        }
        self.store = StoreDifference::of(before.store.as_ref(), after.store.as_ref());
        if before.store.is_some() != after.store.is_some() {
            self.not_compared.push("trust list");
        }
        match (&before.settings, &after.settings) {
            (Some(before), Some(after)) => self.settings(before, after),
            (None, None) => {}
            _ => self.not_compared.push("configuration"),
        }
    }

    /// A value that both sides know, or else one that cannot be compared.
    fn value(&mut self, what: &'static str, before: Option<String>, after: Option<String>) {
        match (&before, &after) {
            (Some(old), Some(new)) if old != new => {
                self.changes.push(SettingChange { what: what.to_owned(), before, after });
            }
            (Some(_), None) | (None, Some(_)) => self.not_compared.push(what),
            _ => {}
        }
    }

    fn settings(&mut self, before: &Settings, after: &Settings) {
        let (old, new) = (of_tls(before), of_tls(after));
        let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let value = |side: &BTreeMap<String, (&str, &str)>| {
                side.get(path).map(|(_, value)| (*value).to_owned())
            };
            let written = old.get(path).or_else(|| new.get(path)).map(|(path, _)| *path);
            let (before, after) = (value(&old), value(&new));
            if before != after {
                let what = format!("xConfiguration {}", written.unwrap_or_default());
                self.changes.push(SettingChange { what, before, after });
            }
        }
    }
}

/// A certificate, so that two of them differ in words.
fn certificate(leaf: &Certificate) -> String {
    let until = date(&leaf.not_after);
    let begin = hex(leaf.sha256.get(..8).unwrap_or_default());
    format!("{}, issued by {}, valid until {until}, SHA-256 {begin}...", brief(leaf), leaf.issuer)
}

/// The settings that matter, by their path in small letters, with the path as written.
fn of_tls(settings: &Settings) -> BTreeMap<String, (&str, &str)> {
    let servers: BTreeSet<String> =
        settings.uc_servers().into_iter().map(|server| server.path).collect();
    let of_server = |path: &str| {
        path.match_indices(' ')
            .any(|(end, _)| path.get(..end).is_some_and(|it| servers.contains(it)))
    };
    let begins = |path: &str, with: &str| {
        path.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
    };
    settings
        .all()
        .filter(|(path, _)| PATHS.iter().any(|with| begins(path, with)) || of_server(path))
        .map(|(path, value)| (path.to_ascii_lowercase(), (path, value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn settings(lines: &str) -> Settings {
        Settings::read(&[lines.as_bytes()], &Limits::default())
    }

    fn compared(before: Appliance, after: Appliance) -> ApplianceDifference {
        difference("expc".to_owned(), Some(&before), Some(&after))
    }

    #[test]
    fn settings_about_tls_count_and_others_do_not() {
        let with = |lines| Appliance { settings: Some(settings(lines)), ..Appliance::default() };
        let before = "*c xConfiguration Ciphers SIPTLSCiphers Value: \"HIGH\"\n\
                      *c xConfiguration SystemUnit Name: \"one\"\n\
                      *c xConfiguration SIP TLS Mode: \"On\"\n\
                      *c xConfiguration CUCMConfig 1 Server 1 Address: \"cucm\"\n\
                      *c xConfiguration CUCMConfig 1 Server 1 TlsVerify: \"Off\"";
        let after = "*c xconfiguration ciphers siptlsciphers value: \"HIGH:!ECDSA\"\n\
                     *c xConfiguration SystemUnit Name: \"two\"";
        let told: Vec<_> = compared(with(before), with(after))
            .changes
            .into_iter()
            .map(|change| (change.what, change.before, change.after))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                (
                    "xConfiguration Ciphers SIPTLSCiphers Value".to_owned(),
                    some("HIGH"),
                    some("HIGH:!ECDSA")
                ),
                ("xConfiguration CUCMConfig 1 Server 1 Address".to_owned(), some("cucm"), None),
                ("xConfiguration CUCMConfig 1 Server 1 TlsVerify".to_owned(), some("Off"), None),
                ("xConfiguration SIP TLS Mode".to_owned(), some("On"), None),
            ]
        );
    }

    #[test]
    fn what_one_side_does_not_know_is_not_compared() {
        let known = Appliance {
            version: crate::expressway::Version::parse("X14.2"),
            settings: Some(settings("*c xConfiguration SIP TLS Mode: \"On\"")),
            ..Appliance::default()
        };
        let difference = compared(known.clone(), Appliance::default());
        assert!(!difference.is_changed());
        assert_eq!(difference.not_compared, ["software", "configuration"]);
        assert!(compared(known.clone(), known).not_compared.is_empty());
    }
}
