//! What the server makes of the client: whether it asks for a certificate, and how it
//! takes the one that it gets.

use std::sync::Arc;

use super::bench::Bench;
use super::change::{Change, Whose};
use super::client::{openssl_alert, version_before};
use super::habits::{Took, end, took};
use super::predict::Case;
use super::reason::{Predicted, Reason, Seen};
use super::state::ChainWord;
use crate::connection::{Claim, Connection};
use crate::expressway::Version;
use crate::tls::Role;
use crate::x509::Certificate;

/// How the second half of a handshake goes once the client has accepted the server.
pub(super) enum Asked {
    /// The server finishes.
    Passes(Vec<Reason>),
    /// It refuses the client.
    Refused(Option<u8>, Vec<Reason>),
    /// It cannot be told.
    Open(String),
}

/// ServerHelloDone.
const SERVER_HELLO_DONE: u8 = 14;

/// By what this connection showed, else by what others from this client showed.
pub(super) fn asked<'s>(case: &Case<'_, 's>, bench: &mut Bench<'s>) -> Asked {
    let request = requests(case.one.connection, case.one.capture);
    if let Some((false, reason)) = request {
        return Asked::Passes(vec![reason]);
    }
    match new_certificate(case) {
        Some(NewCertificate::Chain(chain)) => return takes(case, chain, bench),
        Some(NewCertificate::Unknown(why)) => return Asked::Open(why),
        None => {}
    }
    let seen = took(case.one);
    match seen.as_ref().or_else(|| case.habits.took(case.one.connection)) {
        Some(Took::Finished(reason)) => Asked::Passes(vec![reason.clone()]),
        Some(Took::Refused(alert, reason)) => Asked::Refused(*alert, vec![reason.clone()]),
        None => match (&request, own_certificate(case)) {
            (Some(_), Some(chain)) if case.one.peer_store.is_some() => takes(case, chain, bench),
            _ => Asked::Open(match request {
            Some(_) => "the server asks for a client certificate, and nothing shows what it makes of this client".to_owned(),
            None => "nothing shows whether the server asks for a client certificate".to_owned(),
        })},
    }
}

/// What a known Expressway shows as a client.
fn own_certificate<'c>(case: &Case<'c, '_>) -> Option<&'c [Arc<Certificate>]> {
    let appliance = case.scene.deployment.appliance(case.one.leg.client_appliance?)?;
    let lists = [&appliance.client_certificates, &appliance.server_certificates];
    lists.into_iter().map(Vec::as_slice).find(|list| !list.is_empty())
}

/// What the client shows after the changes, where that is another certificate.
enum NewCertificate<'c> {
    Chain(&'c [Arc<Certificate>]),
    Unknown(String),
}

/// Whether the client's certificate becomes another one.
pub(super) fn is_new(case: &Case<'_, '_>) -> bool {
    new_certificate(case).is_some()
}

fn new_certificate<'c>(case: &Case<'c, '_>) -> Option<NewCertificate<'c>> {
    case.one.leg.client_appliance?;
    let replaced = case.plan.changes.iter().rev().find_map(|change| match change {
        Change::ReplaceCertificate { whose: Whose::Own, chain } => Some(chain.as_slice()),
        _ => None,
    });
    if let Some(chain) = replaced.filter(|_| case.touched) {
        return Some(NewCertificate::Chain(chain));
    }
    begins_to_show(case).then(|| match own_certificate(case) {
        Some(chain) => NewCertificate::Chain(chain),
        None => NewCertificate::Unknown(
            "from X14.0.2 on the traffic server shows its certificate when it is asked (CSCvz45074), and that certificate is not known".to_owned(),
        ),
    })
}

/// Whether the traffic server shows a certificate to Unified CM after an upgrade, and did
/// not before (CSCvz45074).
fn begins_to_show(case: &Case<'_, '_>) -> bool {
    let before = version_before(case.one, case.scene);
    let after = case.plan.upgrade_of(case.one, case.scene.deployment);
    let shows = |version: Option<Version>| version.map(Version::presents_certificate_to_cucm);
    case.one.leg.is_traffic_server() && shows(before) == Some(false) && shows(after) == Some(true)
}

/// What the server makes of another certificate, by its trust store.
fn takes<'s>(case: &Case<'_, 's>, chain: &[Arc<Certificate>], bench: &mut Bench<'s>) -> Asked {
    let connection = case.one.connection;
    let verdict = bench.judge(case.one.peer_store, None, chain, connection.clock(), Role::Client);
    match verdict {
        Predicted::Known { value: ChainWord::Accepted, because } => Asked::Passes(because),
        Predicted::Known { value: ChainWord::Refused(error), because } => {
            Asked::Refused(Some(openssl_alert(error.code)), because)
        }
        Predicted::Unknown { .. } => Asked::Open(
            "the server asks for a client certificate, and whether it trusts the new one is not known (give its trust list with --peer-trust)"
                .to_owned(),
        ),
    }
}

/// Whether the server asked for a client certificate, with what shows it; `None` where
/// that is not visible.
fn requests(connection: &Connection, capture: usize) -> Option<(bool, Reason)> {
    let seen = |frame| Seen { capture, stream: connection.stream, frame };
    let told = |asks: bool, frame| {
        let text = match asks {
            true => "the server asks for a client certificate",
            false => "the server asks for no client certificate",
        };
        (asks, Reason::seen(text, seen(frame)))
    };
    if let Some((entry, _)) = connection.handshake.certificate_request() {
        return Some(told(true, entry.frame));
    }
    let inferred = connection.inferred(|claim| match claim {
        Claim::CertificateRequested(asked) => Some(*asked),
        _ => None,
    });
    if let Some((inference, asks)) = inferred {
        let frame = inference.frames().first().copied().unwrap_or(connection.first.frame);
        return Some(told(asks, frame));
    }
    let done = connection
        .handshake
        .messages()
        .find(|(entry, message)| entry.from == Role::Server && message.kind == SERVER_HELLO_DONE);
    if let Some((entry, _)) = done {
        return Some(told(false, entry.frame));
    }
    let opened = connection.handshake.is_tls13() && connection.handshake.is_decrypted(Role::Server);
    opened.then(|| told(false, end(capture, connection).frame))
}
