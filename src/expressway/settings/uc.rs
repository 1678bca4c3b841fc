//! Unified Communications servers, where a dump shows them in a way that can be
//! recognised. Their path is in no xConfiguration reference: read this as a hint.

use std::collections::BTreeMap;

use super::Settings;
use crate::expressway::paths::switch;

/// A server that looks like CUCM, IM and Presence or Unity Connection. A guess by words,
/// never a documented setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UcServer {
    /// The path of its settings, as the dump writes it.
    pub path: String,
    /// Its address or name.
    pub address: String,
    /// Whether its certificate is verified at discovery. From X14.2 this does not switch
    /// off what the traffic server verifies (doc 218018).
    pub tls_verify: Option<bool>,
}

/// Words of a path that name such a server.
const WORDS: [&str; 7] =
    ["cucm", "unifiedcm", "ucserver", "cucconfig", "imppublisher", "xmppserver", "unityconnection"];
/// Last words of the settings that hold the server's address.
const ADDRESSES: [&str; 4] = ["address", "publisher", "hostname", "fqdn"];

impl Settings {
    /// Servers by the words of their paths. Empty for dumps that do not show them, which
    /// is the normal case of the text form.
    #[must_use]
    pub fn uc_servers(&self) -> Vec<UcServer> {
        let mut servers: BTreeMap<&str, UcServer> = BTreeMap::new();
        for (path, value) in self.paths.all().filter(|(path, _)| names_server(path)) {
            let Some((group, last)) = split(path) else { continue };
            let address = ADDRESSES.iter().any(|word| last.eq_ignore_ascii_case(word));
            if address && !value.is_empty() {
                servers.entry(group).or_insert_with(|| UcServer {
                    path: group.to_owned(),
                    address: value.to_owned(),
                    tls_verify: None,
                });
            }
        }
        for (path, value) in self.paths.all().filter(|(path, _)| names_server(path)) {
            let Some(verify) = verification(path, value) else { continue };
            let mut groups = path.match_indices(' ').filter_map(|(end, _)| path.get(..end));
            let group = groups.find(|group| servers.contains_key(group));
            if let Some(server) = group.and_then(|group| servers.get_mut(group)) {
                server.tls_verify = Some(verify);
            }
        }
        servers.into_values().collect()
    }
}

/// A path without its last word, and that word; a number at the end belongs to the word.
fn split(path: &str) -> Option<(&str, &str)> {
    path.trim_end_matches(" 1").rsplit_once(' ')
}

fn names_server(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    WORDS.iter().any(|word| path.contains(word))
}

/// `TlsVerifyMode`, `TLS Verify Mode`, or their opposite `CertValidationDisabled`, which
/// is the parameter of `xCommand CUCMConfigAdd`.
fn verification(path: &str, value: &str) -> Option<bool> {
    let mut words: String = path.to_ascii_lowercase();
    words.retain(|character| !character.is_whitespace() && character != '_');
    if words.contains("certvalidationdisabled") {
        switch(value).map(|disabled| !disabled)
    } else if words.contains("tlsverify") {
        switch(value)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn servers_are_recognised_by_words() {
        let xml = b"<Configuration><CUCMConfig item=\"1\"><Server item=\"1\"><Address>cucm1</Address>\
            <TlsVerifyMode>Off</TlsVerifyMode></Server><Server item=\"2\"><Address>cucm2</Address>\
            <CertValidationDisabled>False</CertValidationDisabled></Server></CUCMConfig></Configuration>";
        let servers = Settings::read(&[xml], &Limits::default()).uc_servers();
        let short: Vec<_> = servers.iter().map(|s| (s.address.as_str(), s.tls_verify)).collect();
        assert_eq!(short, [("cucm1", Some(false)), ("cucm2", Some(true))]);
    }

    #[test]
    fn other_addresses_are_no_servers() {
        let text = b"*c xConfiguration NTP Server 1 Address: \"10.0.0.1\"\n";
        assert!(Settings::read(&[text], &Limits::default()).uc_servers().is_empty());
    }
}
