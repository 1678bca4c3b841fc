//! What a client minds: whether it refuses a chain that it cannot verify and a name that
//! differs, as far as it was seen or is known of the product.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::reason::{Reason, Seen};
use super::scene::{Observed, Plan, Scene};
use super::state::{NameWord, chain_before, name_before};
use crate::connection::Connection;
use crate::expressway::{Verification, Version};
use crate::packet::Endpoint;
use crate::rules::{Reaction, reaction};
use crate::tls::Role;
use crate::trust::code;

/// An answer with what it rests on.
pub(super) type Minds = Option<(bool, Reason)>;

/// What a client minds on one leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Caution {
    /// Whether it refuses a chain that it cannot verify.
    pub(super) chain: Minds,
    /// Whether it refuses a certificate without the name.
    pub(super) name: Minds,
}

/// What clients did, by client and server.
pub(super) struct Habits(BTreeMap<(IpAddr, Endpoint), Caution>);

impl Habits {
    /// From everything that was seen.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut habits: BTreeMap<(IpAddr, Endpoint), Caution> = BTreeMap::new();
        for one in &scene.connections {
            let key = (one.connection.client.address, one.connection.server);
            let caution = habits.entry(key).or_default();
            let (chain, name) = shown_by(one);
            // That a client went on tells more than that it stopped once.
            learn(&mut caution.chain, chain);
            learn(&mut caution.name, name);
        }
        Self(habits)
    }

    /// What the client of a connection minds: by what it did itself, else by what is known
    /// of the product, else by what the user gave.
    pub(super) fn caution(&self, one: &Observed<'_>, scene: &Scene<'_>, plan: &Plan) -> Caution {
        let key = (one.connection.client.address, one.connection.server);
        let mut seen = self.0.get(&key).cloned().unwrap_or_default();
        let appliance = one.leg.client_appliance.and_then(|at| scene.deployment.appliance(at));
        let mut version = appliance.and_then(|appliance| appliance.version);
        if let Some(upgraded) =
            plan.upgrade().filter(|_| plan.changes_client(one, scene.deployment))
        {
            // What the old version did tells nothing of the new one.
            if by_product(one, Some(upgraded), scene).chain.is_some() {
                seen = Caution::default();
            }
            version = Some(upgraded);
        }
        let known = by_product(one, version, scene);
        let given = one.store.filter(|_| one.leg.client_appliance.is_none()).map(|_| {
            (true, Reason::given("a client whose trust list is known is taken to use it"))
        });
        Caution { chain: seen.chain.or(known.chain).or(given), name: seen.name.or(known.name) }
    }
}

fn learn(known: &mut Minds, new: Minds) {
    match (&known, &new) {
        (None, Some(_)) | (Some((true, _)), Some((false, _))) => *known = new,
        _ => {}
    }
}

/// What one connection tells of chain and name.
fn shown_by(one: &Observed<'_>) -> (Minds, Minds) {
    let connection = one.connection;
    let chain = chain_before(connection);
    let name = name_before(connection, &one.leg);
    let bad_chain = chain.value().is_some_and(|verdict| !verdict.accepted());
    let good_chain = chain.value().is_some_and(|verdict| verdict.accepted());
    let differs = name.value() == Some(&NameWord::Differs);
    match reaction(connection, Role::Server) {
        Reaction::Accepted => (
            bad_chain.then(|| {
                (
                    false,
                    told(
                        one,
                        "the client went on with a chain that its trust list does not vouch for",
                    ),
                )
            }),
            differs.then(|| {
                (
                    false,
                    told(one, "the client went on with a certificate that does not have the name"),
                )
            }),
        ),
        Reaction::Refused(_) | Reaction::Left => (
            bad_chain.then(|| {
                (
                    true,
                    told(one, "the client refused a chain that its trust list does not vouch for"),
                )
            }),
            (good_chain && differs).then(|| {
                (true, told(one, "the client refused a certificate that does not have the name"))
            }),
        ),
        Reaction::Unknown => (None, None),
    }
}

fn told(one: &Observed<'_>, text: &str) -> Reason {
    Reason::seen(text, end(one.capture, one.connection))
}

/// Where a connection shows how its handshake ended.
pub(super) fn end(capture: usize, connection: &Connection) -> Seen {
    use crate::connection::Outcome;
    let frame = match connection.outcome {
        Outcome::Alert { frame, .. }
        | Outcome::Reset { frame, .. }
        | Outcome::Closed { frame, .. } => frame,
        _ => {
            let finished = connection.handshake.finished(Role::Client);
            let change = || {
                let entries = connection.handshake.entries.iter();
                entries.rev().find(|entry| entry.from == Role::Client)
            };
            finished.or_else(change).map_or(connection.last.frame, |entry| entry.frame)
        }
    };
    Seen { capture, stream: connection.stream, frame }
}

/// What the version of an Expressway tells of its traffic server.
pub(super) fn by_product(
    one: &Observed<'_>,
    version: Option<Version>,
    scene: &Scene<'_>,
) -> Caution {
    if !one.leg.is_traffic_server() {
        return Caution::default();
    }
    let settings =
        one.leg.client_appliance.and_then(|at| scene.deployment.appliance(at)?.settings.as_ref());
    if settings.and_then(crate::expressway::Settings::verify_origin_server) == Some(false)
        && version.is_none_or(Version::has_verify_origin_server_setting)
    {
        let off = Reason::known(
            "EdgeConfigServer VerifyOriginServer is Off: the traffic server does not verify",
            "X14.2 release notes",
        );
        return Caution { chain: Some((false, off.clone())), name: Some((false, off)) };
    }
    let Some(version) = version else { return Caution::default() };
    let verifies = match version.verifies_origin_servers() {
        Verification::Yes => true,
        Verification::No => false,
        Verification::Disputed => return Caution::default(),
    };
    let not = if verifies { "verifies" } else { "does not verify" };
    let told = Reason::known(
        format!(
            "the traffic server of {version} {not} chain and name, whatever TLS verify mode says"
        ),
        "X14.2 release notes; Troubleshoot Expressway Traffic Server Certificate Verification (218018)",
    );
    Caution { chain: Some((verifies, told.clone())), name: Some((verifies, told)) }
}

/// The alert with which OpenSSL answers a verification error (`x509table` of
/// ssl/statem/statem_lib.c, OpenSSL 3.0).
pub(super) const fn openssl_alert(error: u32) -> u8 {
    match error {
        code::UNSPECIFIED => 80,
        code::CERT_HAS_EXPIRED => 45,
        code::CERT_SIGNATURE_FAILURE => 51,
        code::INVALID_PURPOSE => 43,
        code::UNABLE_TO_GET_ISSUER_CERT
        | code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | code::DEPTH_ZERO_SELF_SIGNED_CERT
        | code::SELF_SIGNED_CERT_IN_CHAIN
        | code::UNABLE_TO_VERIFY_LEAF_SIGNATURE
        | code::CERT_CHAIN_TOO_LONG
        | code::PATH_LENGTH_EXCEEDED
        | code::INVALID_CA => 48,
        code::CERT_NOT_YET_VALID
        | code::ERROR_IN_CERT_NOT_BEFORE_FIELD
        | code::ERROR_IN_CERT_NOT_AFTER_FIELD
        | code::UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
        | code::EE_KEY_TOO_SMALL
        | code::CA_KEY_TOO_SMALL
        | code::CA_MD_TOO_WEAK
        | code::EC_KEY_EXPLICIT_PARAMS
        | code::HOSTNAME_MISMATCH
        | code::IP_ADDRESS_MISMATCH => 42,
        _ => 46,
    }
}

/// Whether the client is built on OpenSSL: an Expressway is; of others the shape of the
/// ClientHello tells. Of the libraries in use OpenSSL alone sends all three point formats
/// together with encrypt_then_mac (22).
pub(super) fn is_openssl(one: &Observed<'_>) -> Option<Reason> {
    const POINT_FORMATS: u16 = 11;
    const ENCRYPT_THEN_MAC: u16 = 22;
    if one.leg.client.is_expressway() {
        return Some(Reason::known(
            "Expressway is built on OpenSSL",
            "Troubleshoot Expressway Traffic Server Certificate Verification (218018)",
        ));
    }
    let (entry, hello) = one.connection.handshake.client_hellos().next()?;
    let formats = &hello.extension(POINT_FORMATS)?.body;
    hello.extension(ENCRYPT_THEN_MAC)?;
    let seen = Seen { capture: one.capture, stream: one.connection.stream, frame: entry.frame };
    (formats.as_slice() == [3, 0, 1, 2])
        .then(|| Reason::seen("the ClientHello has the extensions of OpenSSL's", seen))
}
