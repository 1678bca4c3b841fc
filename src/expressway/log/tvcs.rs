//! Lines of SIP (`tvcs`) and XMPP (`XCP_…`).

use std::net::SocketAddr;

use super::cause::Cause;
use super::event::{Event, Stage, kept};
use super::pairs::Pairs;

/// What a line of SIP says.
pub(super) fn event(pairs: &Pairs<'_>) -> Option<Event> {
    match pairs.get("Event") {
        Some("Inbound TLS Negotiation Error") => Some(negotiation_error(true, pairs)),
        Some("Outbound TLS Negotiation Error") => Some(negotiation_error(false, pairs)),
        Some("Registration Rejected") => Some(Event::RegistrationRejected {
            reason: kept(pairs.get("Reason").or_else(|| pairs.get("Detail")).unwrap_or_default()),
            source: pairs.socket("Src-ip", "Src-port"),
        }),
        _ => ssl_error(pairs).or_else(|| detail(pairs)),
    }
}

fn negotiation_error(inbound: bool, pairs: &Pairs<'_>) -> Event {
    let detail = pairs.get("Detail").unwrap_or_default();
    Event::NegotiationError {
        inbound,
        source: pairs.socket("Src-ip", "Src-port"),
        destination: pairs.socket("Dst-ip", "Dst-port"),
        detail: kept(detail),
        cause: Cause::of(detail),
        common_name: pairs.get("Common-name").filter(|name| !name.is_empty()).map(kept),
    }
}

fn ssl_error(pairs: &Pairs<'_>) -> Option<Event> {
    let reason = pairs.get("ssl_error_reason")?;
    let is_server = pairs.get("bServer").and_then(|server| server.parse().ok());
    Some(Event::SslError {
        is_server,
        local: pairs.get("localAddress").and_then(socket),
        remote: pairs.get("remoteAddress").and_then(socket),
        reason: kept(reason),
        cause: Cause::of(reason),
    })
}

/// `['IPv4''TCP''172.16.2.2:5062']`.
fn socket(text: &str) -> Option<SocketAddr> {
    text.split('\'').find_map(|part| part.parse().ok())
}

fn detail(pairs: &Pairs<'_>) -> Option<Event> {
    let reason = pairs.get("Reason").unwrap_or_default();
    let stage = |stage| Some(Event::Handshake { stage, reason: kept(reason) });
    match pairs.get("Detail")? {
        "TCP Connection Closed" => Some(Event::TcpClosed {
            reason: kept(reason),
            cause: Cause::of(reason),
            source: pairs.socket("Src-ip", "Src-port"),
            destination: pairs.socket("Dst-ip", "Dst-port"),
        }),
        "Found common name in peer certificate" => {
            Some(Event::PeerCommonName { name: kept(pairs.get("CommonName")?) })
        }
        "Found DNS alt-name in peer certificate" => {
            Some(Event::PeerDnsName { name: kept(pairs.get("AltName")?) })
        }
        words => {
            let words = words.to_ascii_lowercase();
            let stages = [
                ("handshake in progress", Stage::InProgress),
                ("handshake succeeded", Stage::Succeeded),
                ("handshake failed", Stage::Failed),
            ];
            stages.into_iter().find(|(name, _)| words.starts_with(name)).and_then(|(_, s)| stage(s))
        }
    }
}

/// `Certificate verification failed for host=<host>, additional info: Invalid Hostname`,
/// of XMPP.
pub(super) fn xmpp_event(body: &str) -> Option<Event> {
    let (_, rest) = body.split_once("ertificate verification failed for host=")?;
    let end = rest.find([',', '"', ' ']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at_checked(end)?;
    let info = rest.split_once("additional info:").map_or("", |(_, info)| info);
    let info = info.split('"').next().unwrap_or_default();
    Some(Event::XmppRefused { host: kept(host), info: kept(info) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<Event> {
        event(&Pairs::parse(body))
    }

    #[test]
    fn negotiation_errors() {
        let body = "Event=\" Inbound TLS Negotiation Error \" Service=\"SIP\" Src-ip=\"192.0.2.7\" Src-port=\"58531\" Dst-ip=\"192.0.2.2\" Dst-port=\"5062\" \
                    Detail=\" self signed certificate in certificate chain \" Protocol=\"TLS\" Level=\"1\"";
        let expected = Event::NegotiationError {
            inbound: true,
            source: "192.0.2.7:58531".parse().ok(),
            destination: "192.0.2.2:5062".parse().ok(),
            detail: "self signed certificate in certificate chain".into(),
            cause: Cause::Verification(19),
            common_name: None,
        };
        assert_eq!(of(body), Some(expected));
        let body = "Event=\"Outbound TLS Negotiation Error\" Service=\"SIP\" Detail=\"Peer's TLS certificate identity was unacceptable\" Common-name=\"cucm.lab\"";
        let Some(Event::NegotiationError { inbound, cause, common_name, source, .. }) = of(body)
        else {
            panic!()
        };
        assert_eq!((inbound, cause, source), (false, Cause::NameUnacceptable, None));
        assert_eq!(common_name.as_deref(), Some("cucm.lab"));
    }

    #[test]
    fn errors_and_closed_connections() {
        let body = "Module=\"developer.ssl\" Level=\"ERROR\" Method=\"::TTSSLErrorOutput\" Thread=\"0x7f\": TTSSL_continueHandshake: Failed to establish SSL connection \
                    iResult=\"-1\" error=\"1\" bServer=\"true\" localAddress=\"['IPv4''TCP''172.16.2.2:5062']\" remoteAddress=\"['IPv6''TCP''[2001:db8::7]:58531']\" \
                    ssl_error_reason=\"error:14089086:SSL routines:ssl3_get_client_certificate: certificate verify failed \"";
        let Some(Event::SslError { is_server, local, remote, cause, .. }) = of(body) else {
            panic!()
        };
        assert_eq!((is_server, cause), (Some(true), Cause::CertificateVerifyFailed));
        assert_eq!(local, "172.16.2.2:5062".parse().ok());
        assert_eq!(remote, "[2001:db8::7]:58531".parse().ok());
        let body = "Module=\"network.tcp\" Level=\"DEBUG\": Src-ip=\"192.0.2.7\" Src-port=\"1\" Dst-ip=\"192.0.2.2\" Dst-port=\"5061\" \
                    Detail=\"TCP Connection Closed\" Reason=\"no certificate returned\"";
        let Some(Event::TcpClosed { cause, destination, .. }) = of(body) else { panic!() };
        assert_eq!((cause, destination), (Cause::NoCertificate, "192.0.2.2:5061".parse().ok()));
    }

    #[test]
    fn names_stages_and_registrations() {
        let cases = [
            (
                "Detail=\"Found common name in peer certificate\" CommonName=\"a.lab\"",
                Event::PeerCommonName { name: "a.lab".into() },
            ),
            (
                "Detail=\"Found DNS alt-name in peer certificate\" AltName=\"b.lab\"",
                Event::PeerDnsName { name: "b.lab".into() },
            ),
            (
                "Detail=\" Handshake in progress \" Reason=\"want read/write\"",
                Event::Handshake { stage: Stage::InProgress, reason: "want read/write".into() },
            ),
            (
                "Detail=\" Handshake succeeded\"",
                Event::Handshake { stage: Stage::Succeeded, reason: String::new() },
            ),
            (
                "Detail=\"Handshake Failed\" Reason=\"want error ssl\"",
                Event::Handshake { stage: Stage::Failed, reason: "want error ssl".into() },
            ),
            (
                "Event=\"Registration Rejected\" Reason=\"Unknown domain\"",
                Event::RegistrationRejected { reason: "Unknown domain".into(), source: None },
            ),
        ];
        for (body, event) in cases {
            assert_eq!(of(body), Some(event), "{body}");
        }
        assert_eq!(of("Event=\"Call Attempted\" Detail=\"x\""), None);
    }

    #[test]
    fn xmpp_refusals() {
        let body = "Level=\"ERROR\" Detail=\"Certificate verification failed for host=expe.lab, additional info: Invalid Hostname\"";
        let expected =
            Event::XmppRefused { host: "expe.lab".into(), info: "Invalid Hostname".into() };
        assert_eq!(xmpp_event(body), Some(expected));
    }
}
