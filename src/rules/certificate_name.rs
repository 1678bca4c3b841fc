//! Does the server's certificate carry the name that the client asked for?

use super::documents::{MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION};
use super::finding::{Evidence, Observation, Severity};
use super::reaction::{Reaction, reaction, with_reaction};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, NameVerdict, Reference};
use crate::expressway::{Checker, Party, service};
use crate::tls::Role;
use crate::trust::name::{NameCheck, NameRule, Place, check};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[NAME_NOT_IN_CERTIFICATE, CONFIGURED_NAME_SUSPECTED];

/// How a client says "wrong name": the traffic server internal_error (80), OpenSSL's
/// own check bad_certificate (42), Java certificate_unknown (46).
const WRONG_NAME: &[u8] = &[80, 42, 46];

const NAME_NOT_IN_CERTIFICATE: Rule = Rule {
    id: "name-not-in-certificate",
    severity: Severity::Error,
    summary: Text::en("The server's certificate does not carry the name that the client asked for"),
    sentence: Text::en(
        "{client} wanted to reach {reference}, but {certificate}, which {server} showed, is for {names} only{ignored}{differently}; {reaction}.",
    ),
    remedy: Text::en("{rename}"),
    needs: &[Need::ServerCertificate],
    applies: Text::en(
        "HTTPS of the traffic server of Expressway (443, 8443, 6971, 6972) and every client that sends a server name; SIP zones check a peer address that is not on the wire",
    ),
    part: Part::Certificate {
        alerts: WRONG_NAME,
        clause: Text::en(
            "the certificate {certificate} is for {names}, not for {reference}{ignored}",
        ),
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
    references: &["RFC 9525, 6", "RFC 6066, 3", MRA_REQUIREMENTS, TRAFFIC_SERVER_VERIFICATION],
    check: Check::Connection(name_not_in_certificate),
};

fn name_not_in_certificate(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let NameVerdict::Checked { reference, matches, traffic_server, sip_zone, .. } =
        &connection.name
    else {
        return None;
    };
    let leaf = connection.server_leaf()?;
    let by_zone = matches!(reference, Reference::ZonePeer(_));
    let (rule, severity, differently) = if by_zone {
        (NameRule::SipZone, judged_by_zone(connection, *sip_zone)?, Text::en(""))
    } else {
        let severity = judged(connection, reference, *matches, *traffic_server)?;
        // The names are those that the stricter of the two looked at.
        let rule = if *traffic_server { NameRule::OpenSsl } else { NameRule::TrafficServer };
        (rule, severity, differently(*matches, *traffic_server))
    };
    let compared = check(rule, leaf, &reference.to_string());
    let names = names(&compared);
    let values = scene::values(connection)
        .with("reference", reference.to_string())
        .with("certificate", leaf.title())
        .with("names", &names)
        .with_words("differently", differently)
        .with_words("ignored", ignored(&compared, reference))
        .with_words("rename", rename(subject, reference));
    let asked = asked(connection, reference);
    let shown = scene::certificate_frame(connection, Role::Server).map(|frame| {
        Evidence::new(frame, "x509ce.dNSName", names).expecting(reference.to_string())
    });
    Some(Observation {
        values: with_reaction(values, connection, Role::Server, WRONG_NAME),
        evidence: shown.into_iter().chain(asked).chain(scene::ending(connection)).collect(),
        severity: Some(severity),
        of: Some(Role::Server),
    })
}

const CONFIGURED_NAME_SUSPECTED: Rule = Rule {
    id: "configured-name-suspected",
    severity: Severity::Error,
    summary: Text::en(
        "A certificate of which chain, dates and key are good was refused: its name is left",
    ),
    sentence: Text::en(
        "{client} refused {certificate}, which {server} showed, with alert {alert}, although its chain, dates and key are good by the trust list given: what is left is the name. {client} compares one that is configured there and not on the wire; the certificate is for {names}.",
    ),
    remedy: Text::en("{compare}. To have it checked here: --expect-name {end}=NAME"),
    needs: &[Need::ServerCertificate, Need::TrustStore],
    applies: Text::en("SIP zones, XMPP and the cluster database, which send no server name"),
    part: Part::Certificate {
        alerts: WRONG_NAME,
        clause: Text::en(
            "chain, dates and key of the certificate {certificate} are good by the trust list given, so that its name is left: it is for {names}, and what {client} compares is configured there and not on the wire",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether a client that compares a configured name, which is not on the wire, refused a certificate that the trust list given accepts.",
        ),
        why: Text::en(
            "A zone with TLS verify mode On looks for its peer address, or the verify subject name, among the subject alternative names of the certificate. The alert for another name is the same as for a certificate that is not valid yet or whose key is too short.",
        ),
        symptom: Text::en("The zone is down: TLS negotiation failure"),
        steps: Text::en(
            "1. Read the names that the certificate carries. 2. Compare them with what is configured on the side that refused. 3. Change the one or the other.",
        ),
        caveat: Text::en(
            "The trust list that was given may not be the one of the side that refused, and a side may refuse for a policy of its own.",
        ),
    },
    references: &["RFC 9525, 6", MRA_REQUIREMENTS],
    check: Check::Connection(configured_name_suspected),
};

fn configured_name_suspected(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let Reaction::Refused(Some(code)) = reaction(connection, Role::Server) else { return None };
    let NameVerdict::Checked { reference: Reference::Address(_), .. } = &connection.name else {
        return None;
    };
    let leaf = connection.server_leaf()?;
    let is_good = connection.server_path.judged()?.ok();
    let compare = compare_with(service(connection.server.port)?.checker)?;
    if !is_good || !WRONG_NAME.contains(&code) {
        return None;
    }
    // Compared with any name: only what there is to compare with is wanted.
    let names = names(&check(NameRule::SipZone, leaf, "name.invalid"));
    let values = scene::values(connection)
        .with("end", connection.server.text())
        .with("alert", scene::alert(code))
        .with("certificate", leaf.title())
        .with("names", &names)
        .with_words("compare", compare);
    let shown = scene::certificate_frame(connection, Role::Server)
        .map(|frame| Evidence::new(frame, "x509ce.dNSName", names));
    Some(Observation {
        values,
        evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
        severity: None,
        of: Some(Role::Server),
    })
}

/// Where the name is configured that is compared; none where it is on the wire.
const fn compare_with(checker: Checker) -> Option<Text> {
    match checker {
        Checker::TrafficServer => None,
        Checker::SipZone => Some(Text::en(
            "If {client} is an Expressway, Configuration > Zones > Zones: the peer address, or the TLS verify subject name where there is one, has to stand among the names of the certificate of {server}; or issue that certificate again with the configured name as subject alternative name",
        )),
        Checker::Xmpp | Checker::ClusterDatabase => Some(Text::en(
            "Look up which name {client} has configured for {server}, and give the certificate that name as subject alternative name",
        )),
    }
}

/// Said only when the two ways of comparing come to different ends.
const fn differently(by_openssl: bool, by_traffic_server: bool) -> Text {
    match (by_openssl, by_traffic_server) {
        (true, false) => Text::en(
            " (OpenSSL's own check, RFC 9525, would accept it; the traffic server of Expressway does not)",
        ),
        (false, true) => Text::en(
            " (the traffic server of Expressway would accept it; OpenSSL's own check, RFC 9525, does not)",
        ),
        _ => Text::en(""),
    }
}

/// Said where the certificate has the name in a form that this checker never looks at.
fn ignored(check: &NameCheck, reference: &Reference) -> Text {
    let wanted = reference.to_string();
    let name = check.ignored.iter().find(|name| name.text.eq_ignore_ascii_case(&wanted));
    match name.map(|name| name.place) {
        Some(Place::Ip) => {
            Text::en(" (it has {reference} as iPAddress, which this client does not compare)")
        }
        // OpenSSL's own check looks at it only where there is no dNSName (RFC 9525, 6.3: never).
        Some(Place::CommonName) => Text::en(
            " (it has {reference} as common name only, which this client does not compare)",
        ),
        Some(Place::Dns) => {
            Text::en(" (it has {reference} as dNSName, which this client does not compare)")
        }
        None => Text::en(""),
    }
}

/// The names of the certificate that were compared, each once; of very many the first ones.
fn names(check: &NameCheck) -> String {
    const TOLD: usize = 20;
    let mut names: Vec<&str> = Vec::new();
    for name in &check.compared {
        if !names.contains(&name.text.as_str()) {
            names.push(&name.text);
        }
    }
    let more = names.len().saturating_sub(TOLD);
    let told = names.get(..TOLD).unwrap_or(&names).join(", ");
    match (names.is_empty(), more) {
        (true, _) => "no name".to_owned(),
        (false, 0) => told,
        (false, more) => format!("{told} and {more} more"),
    }
}

/// A SIP zone that does not find its peer's address refuses, if it verifies at all; one
/// that went on did not verify.
fn judged_by_zone(connection: &Connection, matched: bool) -> Option<Severity> {
    let accepted = reaction(connection, Role::Server) == Reaction::Accepted;
    (!matched && !accepted).then_some(Severity::Error)
}

/// Whether a name that differs matters here, and how much.
fn judged(
    connection: &Connection,
    reference: &Reference,
    by_openssl: bool,
    by_traffic_server: bool,
) -> Option<Severity> {
    let checker = service(connection.server.port).map(|service| service.checker);
    let reaction = reaction(connection, Role::Server);
    // A SIP zone checks its configured peer address, XMPP the domain.
    let on_the_wire = matches!(checker, None | Some(Checker::TrafficServer));
    let named = reference.is_said();
    // The alert tells which of the two ways of comparing the client has.
    let differs = match reaction {
        Reaction::Refused(Some(80)) => !by_traffic_server,
        Reaction::Refused(_) => !by_openssl,
        _ => !by_openssl && !by_traffic_server,
    };
    let trusted = connection.server_path.judged().is_none_or(|path| path.ok());
    let refused = matches!(reaction, Reaction::Refused(Some(code)) if WRONG_NAME.contains(&code));
    match reaction {
        _ if !differs => None,
        _ if refused && trusted && (on_the_wire || named) => Some(Severity::Error),
        Reaction::Accepted if named && on_the_wire => Some(Severity::Warning),
        _ if named && on_the_wire => Some(Severity::Error),
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
        _ => None,
    }
}

fn rename(subject: &Subject<'_>, reference: &Reference) -> Text {
    let checker = service(subject.connection.server.port).map(|service| service.checker);
    match reference {
        _ if subject.leg.client == Party::Client => REISSUE_FOR_CLIENTS,
        _ if checker == Some(Checker::SipZone) => RENAME_PEER,
        Reference::Address(_) => RENAME_ADDRESS,
        Reference::ZonePeer(_) => RENAME_PEER,
        Reference::ServerName(name)
        | Reference::Expected(name)
        | Reference::Logged(name)
        | Reference::DnsAnswer(name)
            if name.parse::<std::net::IpAddr>().is_ok() =>
        {
            RENAME_ADDRESS
        }
        Reference::ServerName(name)
        | Reference::Expected(name)
        | Reference::Logged(name)
        | Reference::DnsAnswer(name) => {
            if name.contains('.') {
                REISSUE
            } else {
                RENAME_SHORT
            }
        }
    }
}

const RENAME_PEER: Text = Text::en(
    "SIP zones compare subject alternative names, never the common name. On the Expressway, Configuration > Zones: the peer address has to be a name that stands in the certificate of {server} (for the zones of Unified CM: System > Server on Unified CM, then Refresh servers); or issue that certificate again with {reference} as subject alternative name.",
);
const REISSUE_FOR_CLIENTS: Text = Text::en(
    "If {reference} is the right name, issue the certificate of {server} again with it as subject alternative name (on an Expressway-E: Maintenance > Security > Server certificate). If not, give the clients a name that stands in the certificate: the target of the DNS record _collab-edge._tls.",
);
const RENAME_ADDRESS: Text = Text::en(
    "On Unified CM, System > Server: replace {reference} by the fully qualified domain name that the certificate carries (an iPAddress in the certificate does not help: the traffic server compares DNS names and CN only). Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
const RENAME_SHORT: Text = Text::en(
    "On Unified CM, System > Server: replace the short name {reference} by the fully qualified domain name that the certificate carries. Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);
const REISSUE: Text = Text::en(
    "If {reference} is the right name, issue the certificate of {server} again with it as subject alternative name. If not, correct System > Server on Unified CM, then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
);

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bend_leaf, bent, finding, findings};
    use super::*;
    use crate::connection::Outcome;
    use crate::x509::GeneralName;

    const ID: &str = "name-not-in-certificate";

    #[test]
    fn a_short_host_name_is_told_with_the_names_of_the_certificate() {
        let found = finding(ID, "short-host-name.pcap", EXPRESSWAY);
        assert!(found.sentence().starts_with("10.30.5.20 wanted to reach cucmpub, but"));
        assert!(found.sentence().contains("is for cucmpub.example.org, "));
        assert!(found.sentence().ends_with("refused it with alert internal_error (80)."));
        assert!(found.remedy().contains("System > Server: replace the short name cucmpub"));
    }

    /// A good chain, refused as a zone does whose peer address is another name; nothing is said
    /// where the name is on the wire, or where the chain is at fault.
    #[test]
    fn a_good_certificate_refused_by_a_zone_has_another_name() {
        let id = "configured-name-suspected";
        let found = |port: u16, trust| {
            bent(id, "wrong-name-openssl.pcap", trust, |connection| {
                connection.observed.server.port = port;
                connection.reference = Some(Reference::Address(connection.server.address));
                connection.name = NameVerdict::Checked {
                    reference: Reference::Address(connection.server.address),
                    matches: false,
                    traffic_server: false,
                    sip_zone: false,
                    presented: [].into(),
                };
            })
        };
        let told = found(7001, EXPRESSWAY).unwrap();
        assert!(told.sentence().contains("with alert bad_certificate (42), although its chain"));
        assert!(told.sentence().contains("the certificate is for imp.example.org"));
        assert!(told.remedy().ends_with(":7001=NAME"), "{}", told.remedy());
        assert!(found(8443, EXPRESSWAY).is_none());
        assert!(found(7001, None).is_none());
    }

    #[test]
    fn an_address_is_told_when_the_client_gave_up_over_it() {
        let found = finding(ID, "address-instead-of-name.pcap", EXPRESSWAY);
        assert!(found.remedy().contains("replace 10.30.7.11 by the fully qualified domain name"));
    }

    #[test]
    fn an_address_is_silent_when_the_client_did_not_mind() {
        let found = bent(ID, "address-instead-of-name.pcap", EXPRESSWAY, |connection| {
            connection.observed.outcome = Outcome::Completed;
        });
        assert!(found.is_none());
    }

    #[test]
    fn a_peer_address_of_a_sip_zone_is_not_on_the_wire() {
        let found = bent(ID, "address-instead-of-name.pcap", EXPRESSWAY, |connection| {
            connection.observed.server.port = 5061;
        });
        assert!(found.is_none());
    }

    #[test]
    fn another_name_is_a_warning_when_the_client_did_not_mind() {
        assert_eq!(finding(ID, "wrong-name-openssl.pcap", EXPRESSWAY).severity, Severity::Error);
        let found = bent(ID, "wrong-name-openssl.pcap", EXPRESSWAY, |connection| {
            connection.observed.outcome = Outcome::Completed;
        });
        assert_eq!(found.unwrap().severity, Severity::Warning);
    }

    /// A name that stands in the common name alone is not among those that the certificate
    /// is for: OpenSSL's own check passes over it beside a dNSName.
    #[test]
    fn a_name_in_the_common_name_alone_is_told_as_such() {
        let found = bent(ID, "wrong-name-openssl.pcap", EXPRESSWAY, |connection| {
            let leaf = connection.server_leaf().unwrap();
            let common = leaf.subject.common_name().unwrap().to_owned();
            connection.name = NameVerdict::Checked {
                reference: Reference::ServerName(common.clone()),
                matches: false,
                traffic_server: true,
                sip_zone: false,
                presented: [].into(),
            };
            connection.reference = Some(Reference::ServerName(common));
            bend_leaf(connection, Role::Server, |leaf| {
                leaf.extensions.subject_alt_names =
                    Some(vec![GeneralName::Dns(b"other.example.org".to_vec())]);
            });
        });
        let sentence = found.unwrap().sentence();
        assert!(sentence.contains("is for other.example.org only (it has "), "{sentence}");
        assert!(sentence.contains(" as common name only, which this client"), "{sentence}");
        assert!(sentence.contains("the traffic server of Expressway would accept it"));
    }

    /// A certificate of a hosting service has hundreds.
    #[test]
    fn of_very_many_names_the_first_are_told() {
        let found = bent(ID, "wrong-name-openssl.pcap", EXPRESSWAY, |connection| {
            bend_leaf(connection, Role::Server, |leaf| {
                let name = |at| GeneralName::Dns(format!("h{at}.example.org").into_bytes());
                leaf.extensions.subject_alt_names = Some((1..=150).map(name).collect());
            });
        });
        let sentence = found.unwrap().sentence();
        assert!(sentence.contains("h1.example.org, h2.example.org, "), "{sentence}");
        assert!(sentence.contains("h20.example.org and 13"), "{sentence}");
        assert!(!sentence.contains("h21.example.org"), "{sentence}");
    }

    #[test]
    fn the_right_name_is_silent() {
        assert!(findings(ID, "rsa-trusted.pcap", EXPRESSWAY).is_empty());
    }
}
