//! Does the server's certificate carry the name that the client asked for?

use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction, tells, with_reaction};
use super::rule::{Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, NameVerdict, Reference};
use crate::expressway::{Checker, service};
use crate::tls::Role;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[NAME_NOT_IN_CERTIFICATE];

/// How a client says "wrong name": the traffic server internal_error (80), OpenSSL's
/// own check bad_certificate (42), Java certificate_unknown (46).
const WRONG_NAME: &[u8] = &[80, 42, 46];

const NAME_NOT_IN_CERTIFICATE: Rule = Rule {
    id: "name-not-in-certificate",
    severity: Severity::Error,
    summary: Text::en("The server's certificate does not carry the name that the client asked for"),
    sentence: Text::en(
        "{client} wanted to reach {reference}, but {certificate}, which {server} showed, is for {names} only; {reaction}.",
    ),
    remedy: Text::en("{rename}"),
    needs: &[Need::ServerCertificate],
    applies: Text::en(
        "HTTPS of the traffic server of Expressway (443, 8443, 6971, 6972) and every client that sends a server name; SIP zones check a peer address that is not on the wire",
    ),
    part: Part::Certificate {
        alerts: WRONG_NAME,
        clause: Text::en("the certificate {certificate} is for {names}, not for {reference}"),
    },
    page: Page {
        checks: Text::en(
            "The server name of the ClientHello, or the address when there is none, against the names in the certificate, the way the client in question compares: the traffic server takes DNS names and the common name, and never iPAddress names.",
        ),
        why: Text::en(
            "Expressway-C connects to the name that Unified CM lists under System > Server. If that is a short host name or an address, no CA-signed certificate carries it.",
        ),
        symptom: Text::en(
            "The cluster cannot be discovered with TLS verify mode On, or MRA login fails with 502; the log says: SNI (name) not in certificate. Action=Terminate",
        ),
        steps: Text::en(
            "1. On Unified CM, System > Server: replace host names and addresses by fully qualified domain names. 2. If the name is right, issue the certificate again with it as subject alternative name. 3. On Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
        ),
        caveat: Text::en(
            "A client checks the chain before the name: if both are wrong, the alert tells only the chain, and the name fails next. A completed handshake shows that this client did not check the name.",
        ),
    },
    references: &[
        "RFC 9525, 6",
        "RFC 6066, 3",
        "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)",
        "Troubleshoot Expressway Traffic Server Certificate Verification (218018)",
    ],
    check: name_not_in_certificate,
};

fn name_not_in_certificate(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let NameVerdict::Checked { reference, matches: false, presented } = &connection.name else {
        return None;
    };
    let severity = judged(connection, reference)?;
    let leaf = connection.server_leaf()?;
    let names = if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") };
    let values = scene::values(connection)
        .with("reference", reference)
        .with("certificate", scene::certificate(leaf))
        .with("names", &names)
        .with_words("rename", rename(reference));
    let asked = asked(connection, reference);
    let shown = scene::certificate_frame(connection, Role::Server)
        .map(|frame| Evidence::new(frame, "x509ce.dNSName", names).expecting(reference));
    Some(Observation {
        values: with_reaction(values, connection, Role::Server, WRONG_NAME),
        evidence: shown.into_iter().chain(asked).chain(scene::ending(connection)).collect(),
        severity: Some(severity),
        of: Some(Role::Server),
    })
}

/// Whether a name that differs matters here, and how much.
fn judged(connection: &Connection, reference: &Reference) -> Option<Severity> {
    let checker = service(connection.server.port).map(|service| service.checker);
    let on_the_wire = matches!(checker, None | Some(Checker::TrafficServer));
    let refused = tells(connection, Role::Server, WRONG_NAME)
        && matches!(reaction(connection, Role::Server), Reaction::Refused(Some(_)))
        && connection.server_path.judged().is_none_or(|path| path.ok());
    match reference {
        _ if refused && (on_the_wire || matches!(reference, Reference::ServerName(_))) => {
            Some(Severity::Error)
        }
        Reference::ServerName(_) if on_the_wire => {
            let minded = reaction(connection, Role::Server) != Reaction::Accepted;
            Some(if minded { Severity::Error } else { Severity::Warning })
        }
        _ => None,
    }
}

/// The server name in the ClientHello; for an address there is nothing to show.
fn asked(connection: &Connection, reference: &Reference) -> Option<Evidence> {
    let (entry, _) = connection.handshake.client_hellos().next()?;
    match reference {
        Reference::ServerName(name) => {
            Some(Evidence::new(entry.frame, "tls.handshake.extensions_server_name", name))
        }
        Reference::Address(_) => None,
    }
}

fn rename(reference: &Reference) -> Text {
    match reference {
        Reference::Address(_) => RENAME_ADDRESS,
        Reference::ServerName(name) if !name.contains('.') => RENAME_SHORT,
        Reference::ServerName(_) => REISSUE,
    }
}

const RENAME_ADDRESS: Text = Text::en(
    "On Unified CM, System > Server: replace {reference} by the fully qualified domain name that the certificate carries (an iPAddress in the certificate does not help: the traffic server compares DNS names and CN only). Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
const RENAME_SHORT: Text = Text::en(
    "On Unified CM, System > Server: replace the short name {reference} by the fully qualified domain name that the certificate carries. Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
const REISSUE: Text = Text::en(
    "If {reference} is the right name, issue the certificate of {server} again with it as subject alternative name. If not, correct System > Server on Unified CM, then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
