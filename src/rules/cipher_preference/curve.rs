//! The curve of an EC certificate, which the client has to offer.

use crate::rules::documents::CUCM_CIPHER_MANAGEMENT;
use crate::rules::finding::{Evidence, Observation, Severity};
use crate::rules::reaction::{Reaction, reaction};
use crate::rules::rule::{Check, Page, Part, Rule, Subject};
use crate::rules::scene;
use crate::rules::selection;
use crate::rules::words::Text;
use crate::tls::{Role, names};
use crate::x509::{Curve, KeyKind};

pub(super) const EC_CURVE_NOT_OFFERED: Rule = Rule {
    id: "ec-curve-not-offered",
    severity: Severity::Error,
    summary: Text::en(
        "The curve of the server's EC certificate is not among the groups that the client offers",
    ),
    sentence: Text::en(
        "{server} showed {certificate} with a key on {curve}, which is not among the groups that {client} offers ({groups}).",
    ),
    remedy: Text::en(
        "Have the EC certificate issued again with P-256, or let the client offer {curve}.",
    ),
    needs: &[],
    applies: Text::en("Unified CM from 15SU2 on, with EC certificates; TLS 1.2"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "The curve of the certificate's key against supported_groups of the ClientHello.",
        ),
        why: Text::en(
            "In TLS 1.2 a server may use an EC certificate only if the client offers its curve (RFC 8422, 5.1.1). Unified CM checks that from 15SU2 on: a 384-bit certificate needs P-384.",
        ),
        symptom: Text::en("Handshakes with the EC certificate fail from some clients only"),
        steps: Text::en("1. Look at the groups offered (`tlsight show`). 2. Reissue with P-256."),
        caveat: Text::en("A client that goes on anyway does not mind; then nothing is said."),
    },
    references: &["RFC 8422, 5.1.1", CUCM_CIPHER_MANAGEMENT],
    check: Check::Connection(ec_curve_not_offered),
};

fn ec_curve_not_offered(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let leaf = connection.server_leaf()?;
    let KeyKind::Ec(curve) = &leaf.public_key.kind else { return None };
    let code = match curve {
        Curve::P256 => 23,
        Curve::P384 => 24,
        Curve::P521 => 25,
        _ => return None,
    };
    let groups = connection.handshake.client_hello()?.supported_groups();
    let minded = reaction(connection, Role::Server) != Reaction::Accepted;
    if connection.handshake.is_tls13() || groups.is_empty() || groups.contains(&code) || !minded {
        return None;
    }
    let offered: Vec<String> =
        groups.iter().map(|group| names::group_name(*group).into_owned()).collect();
    let frame = selection::client_hello_frame(connection)?;
    let values = scene::values(connection)
        .with("certificate", leaf.title())
        .with("curve", names::group_name(code))
        .with("groups", offered.join(", "));
    let evidence =
        Evidence::new(frame, "tls.handshake.extensions_supported_group", offered.join(", "))
            .expecting(names::group_name(code));
    Some(Observation { values, evidence: vec![evidence], severity: None, of: Some(Role::Server) })
}
