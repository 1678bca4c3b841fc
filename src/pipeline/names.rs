//! Which name a server's certificate is compared with, and the comparison.

use super::config::{ExpectedName, Judging};
use super::court::not_shown;
use crate::connection::{Connection, NameVerdict, NotJudged, Reference};
use crate::tls::Role;
use crate::trust::name::{NameRule, check};

/// Compares the certificate of the server with the name that is known for it.
pub(super) fn verdict(connection: &Connection, judging: &Judging) -> NameVerdict {
    if let Some(reason) = not_shown(connection, Role::Server) {
        return NameVerdict::NotJudged(reason);
    }
    let (Some(leaf), Some(reference)) = (connection.server_leaf(), reference(connection, judging))
    else {
        return NameVerdict::NotJudged(NotJudged::NoReference);
    };
    let name = reference.to_string();
    let result = check(NameRule::OpenSsl, leaf, &name);
    NameVerdict::Checked {
        matches: result.matched,
        traffic_server: check(NameRule::TrafficServer, leaf, &name).matched,
        sip_zone: check(NameRule::SipZone, leaf, &name).matched,
        presented: result.compared.into_iter().map(|name| name.text).collect(),
        reference,
    }
}

/// The name the user expects; else the server name that the client sent; else the
/// address it connected to.
fn reference(connection: &Connection, judging: &Judging) -> Option<Reference> {
    if let Some(expected) = expected(connection, &judging.expected_names) {
        return Some(Reference::Expected(expected.name.clone()));
    }
    connection.handshake.client_hello()?;
    let address = Reference::Address(connection.server.address);
    Some(connection.server_name().map_or(address, Reference::ServerName))
}

/// The name given for this very server before one for all.
fn expected<'j>(connection: &Connection, names: &'j [ExpectedName]) -> Option<&'j ExpectedName> {
    let server = connection.server;
    names
        .iter()
        .filter(|name| name.address.is_none_or(|address| address == server.address))
        .filter(|name| name.port.is_none_or(|port| port == server.port))
        .max_by_key(|name| (name.address.is_some(), name.port.is_some()))
}
