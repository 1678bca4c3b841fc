//! What a client minds: whether it refuses a chain that it cannot verify and a name that
//! differs, as far as it was seen or is known of the product.

use super::habits::{Habits, Minds};
use super::reason::{Reason, Seen};
use super::scene::{Observed, Plan, Scene};
use crate::expressway::{Settings, Verification, Version};
use crate::trust::code;

/// What a client minds on one leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Caution {
    /// Whether it refuses a chain that it cannot verify.
    pub(super) chain: Minds,
    /// Whether it refuses a certificate without the name.
    pub(super) name: Minds,
}

const VERIFICATION: &str =
    "X14.2 release notes; Troubleshoot Expressway Traffic Server Certificate Verification (218018)";

/// What the client of a connection minds after the changes: by what it did, else by what
/// is known of the product, else by what the user gave.
pub(super) fn caution(
    one: &Observed<'_>,
    scene: &Scene<'_>,
    plan: &Plan,
    habits: &Habits,
) -> Caution {
    let before = version_before(one, scene);
    let after = plan.upgrade_of(one, scene.deployment).or(before);
    // What the old version did tells nothing of one that verifies otherwise.
    let seen = if verification_changes(one, before, after) {
        Caution::default()
    } else {
        habits.caution(one)
    };
    let known = by_product(one, after, scene);
    let given = one.store.filter(|_| one.leg.client_appliance.is_none()).map(|_| {
        (true, Reason::given("a client whose trust list is given is taken to verify with it"))
    });
    Caution { chain: seen.chain.or(known.chain).or(given), name: seen.name.or(known.name) }
}

/// The version of the Expressway that connects.
pub(super) fn version_before(one: &Observed<'_>, scene: &Scene<'_>) -> Option<Version> {
    scene.deployment.appliance(one.leg.client_appliance?)?.version
}

/// Whether another version verifies the servers of this leg otherwise.
pub(super) fn verification_changes(
    one: &Observed<'_>,
    before: Option<Version>,
    after: Option<Version>,
) -> bool {
    let verifies = |version: Option<Version>| version.map(Version::verifies_origin_servers);
    one.leg.is_traffic_server() && verifies(before) != verifies(after)
}

/// What the version of an Expressway tells of its traffic server.
fn by_product(one: &Observed<'_>, version: Option<Version>, scene: &Scene<'_>) -> Caution {
    if !one.leg.is_traffic_server() {
        return Caution::default();
    }
    let appliance = one.leg.client_appliance.and_then(|at| scene.deployment.appliance(at));
    let settings = appliance.and_then(|appliance| appliance.settings.as_ref());
    if settings.and_then(Settings::verify_origin_server) == Some(false)
        && version.is_none_or(Version::has_verify_origin_server_setting)
    {
        let text = "EdgeConfigServer VerifyOriginServer is Off: the traffic server does not verify";
        return both(false, &Reason::known(text, VERIFICATION));
    }
    let Some(version) = version else { return Caution::default() };
    let (verifies, word) = match version.verifies_origin_servers() {
        Verification::Yes => (true, "verifies"),
        Verification::No => (false, "does not verify"),
        Verification::Disputed => return Caution::default(),
    };
    let text = format!(
        "the traffic server of {version} {word} chain and name, whatever TLS verify mode says"
    );
    both(verifies, &Reason::known(text, VERIFICATION))
}

fn both(minds: bool, because: &Reason) -> Caution {
    Caution { chain: Some((minds, because.clone())), name: Some((minds, because.clone())) }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded with OpenSSL 3.0: 18 at depth 0 and 20 give 48, an expired one 45.
    #[test]
    fn alerts_are_those_of_openssl() {
        let of = [
            (code::DEPTH_ZERO_SELF_SIGNED_CERT, 48),
            (code::UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 48),
            (code::CERT_HAS_EXPIRED, 45),
            (code::CERT_NOT_YET_VALID, 42),
            (code::INVALID_PURPOSE, 43),
            (code::PERMITTED_VIOLATION, 46),
        ];
        assert!(of.iter().all(|(error, alert)| openssl_alert(*error) == *alert));
    }
}
