//! What an upgrade of an Expressway does to what it offers: only what the vendor's
//! documents say, and where they leave it open, every offer that can come.

use super::change::{RSA_FIRST_SIGNATURES, with_ciphers, with_prefix};
use super::offer::{Offer, TLS12, TLS13};
use super::scene::{Observed, Scene};
use crate::expressway::ciphers::TLS13_SUITES;
use crate::expressway::known_cipher_lists::{KnownList, known_lists, recognise};
use crate::expressway::{Settings, Version};

/// The offers that can come, and why there is more than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) list: Vec<Offer>,
    pub(super) doubts: Vec<String>,
}

/// What the client of a connection may offer with version `to`.
pub(super) fn offers(one: &Observed<'_>, scene: &Scene<'_>, to: Version, offer: Offer) -> Offers {
    let appliance = one.leg.client_appliance.and_then(|at| scene.deployment.appliance(at));
    let settings = appliance.and_then(|appliance| appliance.settings.as_ref());
    let mut offers = Offers { list: vec![offer], doubts: Vec::new() };
    let Some(from) = appliance.and_then(|appliance| appliance.version) else {
        let why =
            "the version before the upgrade is not known, so its cipher list afterwards is not";
        offers.doubts.push(why.to_owned());
        return offers;
    };
    if crosses(from, to, |version| version.at_least(14, 2, 0)) {
        offers.by_path_of_upgrade(from);
    }
    if crosses(from, to, Version::default_cipher_list_is_new) {
        offers.new_default(settings);
    }
    if one.leg.is_sip_of_expressway()
        && crosses(from, to, Version::has_signature_preference_setting)
    {
        offers.tls13_for_sip(settings);
    }
    offers
}

fn crosses(from: Version, to: Version, since: impl Fn(Version) -> bool) -> bool {
    !since(from) && since(to)
}

impl Offers {
    /// X14.2 (CSCwc88608; X14.2.1 release notes, 218018): an upgrade from X14.0 or later
    /// puts the RSA prefix in front of the cipher list; one from below X14.0 prefers
    /// ECDSA.
    fn by_path_of_upgrade(&mut self, from: Version) {
        if from.at_least(14, 0, 0) {
            self.list = self.list.iter().map(with_prefix).collect();
            return;
        }
        let default = known_lists().iter().find(|list| list.id == "to-x15.0.1");
        let ecdsa_first: Vec<Offer> = default
            .into_iter()
            .flat_map(|list| self.list.iter().map(move |offer| with_ciphers(offer, &list.string())))
            .collect();
        self.add(
            ecdsa_first,
            "the cipher list after this upgrade is not known for certain: from below X14.0 ECDSA is preferred (CSCwc88608), and a customised list is kept",
        );
    }

    /// X15.0.2 (Administrator Guide X15.5, Managing Security): default lists are replaced,
    /// customised ones are kept, and so is the RSA prefix.
    fn new_default(&mut self, settings: Option<&Settings>) {
        let replaced: Vec<(Offer, Option<Offer>, bool)> = self
            .list
            .iter()
            .map(|offer| {
                let known = recognise(&offer.suites);
                let default = known.iter().find(|list| successor(list).is_some());
                let new = default.and_then(|list| Some(with_ciphers(offer, &successor(list)?)));
                let certain = default.is_some_and(|list| is_configured(list, settings));
                (offer.clone(), new, certain)
            })
            .collect();
        let mut list: Vec<Offer> = Vec::new();
        for (old, new, certain) in replaced {
            let open = new.is_some() && !certain;
            if new.is_none() || open {
                push(&mut list, old);
            }
            if let Some(new) = new {
                push(&mut list, new);
            }
            if open {
                self.doubt("the cipher list looks like the default up to X15.0.1, which X15.0.2 replaces; a customised list of the same order would be kept");
            }
        }
        self.list = list;
    }

    /// X15.2 (Administrator Guide X15.5, Reference Material; 225476): SipTlsVersions has
    /// TLS 1.3 by default, and TlsSignatureAlgoPrefRsa is On by default. Whether an
    /// upgrade keeps a value that was set is not documented.
    fn tls13_for_sip(&mut self, settings: Option<&Settings>) {
        let with_tls13: Vec<Offer> = self.list.iter().map(tls13).collect();
        let set = settings.is_some_and(|settings| !settings.sip_tls_versions().is_empty());
        let why = if set {
            "SipTlsVersions has TLS 1.3 by default from X15.2; whether the upgrade keeps the value that is set is not documented"
        } else {
            "SipTlsVersions has TLS 1.3 by default from X15.2; whether it is set otherwise here is not known"
        };
        self.add(with_tls13, why);
    }

    fn add(&mut self, more: Vec<Offer>, doubt: &str) {
        let before = self.list.len();
        more.into_iter().for_each(|offer| push(&mut self.list, offer));
        if self.list.len() > before {
            self.doubt(doubt);
        }
    }

    fn doubt(&mut self, text: &str) {
        if !self.doubts.iter().any(|known| known == text) {
            self.doubts.push(text.to_owned());
        }
    }
}

fn push(list: &mut Vec<Offer>, offer: Offer) {
    if !list.contains(&offer) {
        list.push(offer);
    }
}

/// What X15.0.2 makes of a default of earlier versions.
fn successor(list: &KnownList) -> Option<String> {
    let id = match list.id {
        "to-x15.0.1" => "from-x15.0.2",
        "to-x15.0.1-rsa-first" => "from-x15.0.2-rsa-first",
        _ => return None,
    };
    known_lists().iter().find(|list| list.id == id).map(KnownList::string)
}

/// Whether every cipher list of the configuration is this default, so that it does not
/// matter which of them the client uses.
fn is_configured(list: &KnownList, settings: Option<&Settings>) -> bool {
    let string = list.string();
    let lists = settings.map(Settings::cipher_strings).unwrap_or_default();
    !lists.is_empty() && lists.iter().all(|(_, set)| *set == string)
}

fn tls13(offer: &Offer) -> Offer {
    if offer.has_version(TLS13) {
        return offer.clone();
    }
    let mut versions = vec![TLS13];
    versions.extend(offer.versions.iter().copied().filter(|version| *version == TLS12));
    Offer {
        versions,
        suites: TLS13_SUITES.into_iter().chain(offer.suites.iter().copied()).collect(),
        signature_algorithms: RSA_FIRST_SIGNATURES.to_vec(),
        groups: offer.groups.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::ciphers::expand;

    fn offer(id: &str) -> Offer {
        let list = known_lists().iter().find(|list| list.id == id).unwrap();
        let suites = expand(&list.string()).stock().map(|suite| suite.code).collect();
        let signatures = vec![0x0403, 0x0804, 0x0402];
        Offer {
            versions: vec![TLS12],
            suites,
            signature_algorithms: signatures,
            groups: Vec::new(),
        }
    }

    fn offers(id: &str) -> Offers {
        Offers { list: vec![offer(id)], doubts: Vec::new() }
    }

    #[test]
    fn the_path_of_the_upgrade_decides_at_x14_2() {
        let mut later = offers("to-x15.0.1");
        later.by_path_of_upgrade(Version::new(14, 0, 6));
        assert_eq!(later.list, [offer("to-x15.0.1-rsa-first")]);
        assert!(later.doubts.is_empty());
        let mut earlier = offers("to-x15.0.1");
        earlier.by_path_of_upgrade(Version::new(12, 6, 0));
        assert_eq!(earlier.list, [offer("to-x15.0.1")]);
        let mut customised = offers("to-x15.0.1-no-ecdsa");
        customised.by_path_of_upgrade(Version::new(12, 6, 0));
        assert_eq!((customised.list.len(), customised.doubts.len()), (2, 1));
    }

    #[test]
    fn a_default_is_replaced_at_x15_0_2_and_the_prefix_kept() {
        let mut default = offers("to-x15.0.1-rsa-first");
        default.new_default(None);
        assert_eq!(default.list, [offer("to-x15.0.1-rsa-first"), offer("from-x15.0.2-rsa-first")]);
        assert_eq!(default.doubts.len(), 1);
        let mut customised = offers("to-x15.0.1-no-ecdsa");
        customised.new_default(None);
        assert_eq!(customised.list, [offer("to-x15.0.1-no-ecdsa")]);
        assert!(customised.doubts.is_empty());
    }

    #[test]
    fn sip_may_offer_tls13_from_x15_2() {
        let mut sip = offers("from-x15.0.2");
        sip.tls13_for_sip(None);
        assert_eq!(sip.list.len(), 2);
        assert_eq!(sip.list[1].versions, [TLS13, TLS12]);
        assert_eq!(sip.list[1].signature_algorithms, RSA_FIRST_SIGNATURES);
    }
}
