//! Lines of the traffic server: requests, and what it says about certificates.

use std::net::IpAddr;

use super::cause::{Cause, error_number, verification_code};
use super::event::{Action, Event, kept};
use super::pairs::Pairs;
use super::true_name::TrueName;

/// What a line of the traffic server says.
pub(super) fn event(body: &str, pairs: &Pairs<'_>) -> Option<Event> {
    let detail = pairs.get("Detail").unwrap_or_default();
    let message = || pairs.get("Msg").map(first_line).unwrap_or_default();
    let txn = || pairs.get("Txn-id").map(kept);
    match detail {
        "Receive Request" => Some(Event::ReceiveRequest {
            txn: txn(),
            wanted: TrueName::of_request(message()),
            request: kept(message()),
        }),
        "Sending Request" => Some(Event::SendingRequest {
            txn: txn(),
            destination: pairs.socket("Dst-ip", "Dst-port"),
            request: kept(message()),
        }),
        "Sending Response" => Some(Event::SendingResponse {
            txn: txn(),
            status: status(message()),
            text: kept(message()),
        }),
        _ => http_error(pairs).or_else(|| refusal(body)),
    }
}

/// The status in `HTTP/1.1 502 connect failed`.
pub(super) fn status(response: &str) -> Option<u16> {
    response.strip_prefix("HTTP/")?.split_whitespace().nth(1)?.parse().ok()
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default().trim()
}

fn http_error(pairs: &Pairs<'_>) -> Option<Event> {
    if pairs.get("Event")? != "Sending HTTP error response" {
        return None;
    }
    let reason = pairs.get("Reason").or_else(|| pairs.get("Detail")).unwrap_or_default();
    let status = pairs.get("Status").and_then(|status| status.parse().ok());
    Some(Event::HttpError { status, reason: kept(reason) })
}

/// The warnings and errors that Apache Traffic Server writes itself
/// (`iocore/net/SSLClientUtils.cc`, `SSLNetVConnection.cc`).
fn refusal(body: &str) -> Option<Event> {
    if let Some((_, rest)) = body.split_once("erver certificate verification failed for ") {
        chain_refused(rest)
    } else if let Some((_, rest)) = body.split_once("SSL connection failed for '") {
        connection_failed(rest)
    } else {
        name_refused(body)
    }
}

/// `(<name>). Action=Terminate Error=<text> server=<name>(<ip>) depth=<d>`.
fn chain_refused(rest: &str) -> Option<Event> {
    let (name, rest) = rest.strip_prefix('(')?.split_once(')')?;
    let (before, rest) = rest.split_once("Error=").unwrap_or((rest, ""));
    let (error, behind) = rest.rsplit_once(" server=").unwrap_or((rest, ""));
    let (server, depth) = behind.rsplit_once(" depth=").unwrap_or((behind, ""));
    Some(Event::ChainRefused {
        name: kept(name),
        error: kept(error),
        code: verification_code(error),
        server: address(server),
        depth: depth.trim().parse().ok(),
        action: action(before),
    })
}

/// `SNI (<name>) not in certificate. Action=Terminate server=<name>(<ip>)`.
fn name_refused(body: &str) -> Option<Event> {
    let (before, rest) = body.split_once(") not in certificate")?;
    let (_, name) = before.rsplit_once("SNI (")?;
    let server = rest.rsplit_once("server=").and_then(|(_, server)| address(server));
    Some(Event::NameRefused { name: kept(name), server, action: action(rest) })
}

/// `<name>': error:14094418:SSL routines:…`.
fn connection_failed(rest: &str) -> Option<Event> {
    let (name, error) = rest.split_once('\'')?;
    let error = error.trim_start().strip_prefix(':').unwrap_or(error);
    Some(Event::ConnectionFailed {
        name: kept(name),
        error: kept(error),
        code: error_number(error),
        cause: Cause::of(error),
    })
}

fn action(text: &str) -> Action {
    match text.split_once("Action=").map(|(_, rest)| rest) {
        Some(rest) if rest.starts_with("Terminate") => Action::Terminate,
        Some(rest) if rest.starts_with("Continue") => Action::Continue,
        _ => Action::Unknown,
    }
}

/// The address in `<name>(<ip>)`; the name may be `(null)`.
fn address(server: &str) -> Option<IpAddr> {
    server.trim().strip_suffix(')')?.rsplit_once('(')?.1.parse().ok()
}

/// The module that a DEBUG line belongs to: `Module=` of the product's own lines, the tag
/// behind the place in the source for those of Apache Traffic Server
/// (`DEBUG: <file.cc:1 (function)> (ssl.error) …`), which may leave out the place.
pub(super) fn debug_module<'a>(body: &'a str, pairs: &Pairs<'a>) -> Option<&'a str> {
    if pairs.get("Level") == Some("DEBUG") {
        return pairs.get("Module").filter(|module| module.contains("trafficserver"));
    }
    let rest = body.split_once("DEBUG:")?.1.trim_start();
    let rest = rest.strip_prefix('<').and_then(|rest| rest.split_once("> ")).map_or(rest, |r| r.1);
    let (tag, _) = rest.strip_prefix('(')?.split_once(')')?;
    (!tag.is_empty() && tag.len() <= 64).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<Event> {
        event(body, &Pairs::parse(body))
    }

    #[test]
    fn requests_and_responses() {
        let received = "Module=\"network.http.trafficserver\" Level=\"INFO\":  Detail=\"Receive Request\" Txn-id=\"101\" Src-ip=\"127.0.0.1\" \
                        Msg=\"GET http://vcs_control.lab.example:8443/bGFiLmV4YW1wbGUvaHR0cHMvMTAuMC4wLjEvNjk3Mg/x HTTP/1.1\"";
        let Some(Event::ReceiveRequest { txn, wanted, .. }) = of(received) else { panic!() };
        let wanted = wanted.unwrap();
        assert_eq!(
            (txn.as_deref(), wanted.host.as_str(), wanted.port),
            (Some("101"), "10.0.0.1", 6972)
        );
        let sending = "Detail=\"Sending Request\" Txn-id=\"101\" Dst-ip=\"192.0.2.1\" Dst-port=\"8443\" Msg=\"GET / HTTP/1.1\"";
        let expected = Event::SendingRequest {
            txn: Some("101".into()),
            destination: "192.0.2.1:8443".parse().ok(),
            request: "GET / HTTP/1.1".into(),
        };
        assert_eq!(of(sending), Some(expected));
        let response = "Detail=\"Sending Response\" Txn-id=\"7\" Dst-ip=\"127.0.0.1\" Dst-port=\"1\" Msg=\"HTTP/1.1 502 connect failed \"";
        let expected = Event::SendingResponse {
            txn: Some("7".into()),
            status: Some(502),
            text: "HTTP/1.1 502 connect failed".into(),
        };
        assert_eq!(of(response), Some(expected));
        let forbidden = "Event=\"Sending HTTP error response\" Status=\"403\" Reason=\"Forbidden\"";
        assert_eq!(
            of(forbidden),
            Some(Event::HttpError { status: Some(403), reason: "Forbidden".into() })
        );
    }

    #[test]
    fn refused_chains() {
        let refused = |name: &str, error: &str, code, depth, action| Event::ChainRefused {
            name: name.into(),
            error: error.into(),
            code: Some(code),
            server: "10.0.0.1".parse().ok(),
            depth: Some(depth),
            action,
        };
        let cases = [
            (
                "[ET_NET 0] WARNING: Core server certificate verification failed for (cucm.lab). Action=Terminate Error=self signed certificate server=cucm.lab(10.0.0.1) depth=0",
                refused("cucm.lab", "self signed certificate", 18, 0, Action::Terminate),
            ),
            (
                "[ET_NET 10]WARNING:Core server certificate verification failed for (10.0.0.1). Action=Continue Error=unable to get local issuer certificate server=(null)(10.0.0.1) depth=1",
                refused(
                    "10.0.0.1",
                    "unable to get local issuer certificate",
                    20,
                    1,
                    Action::Continue,
                ),
            ),
        ];
        for (body, event) in cases {
            assert_eq!(of(body), Some(event));
        }
        let cut =
            "WARNING: Core server certificate verification failed for (cucm.lab). Action=Term";
        let Some(Event::ChainRefused { name, depth, action, .. }) = of(cut) else { panic!() };
        assert_eq!((name.as_str(), depth, action), ("cucm.lab", None, Action::Unknown));
    }

    #[test]
    fn refused_names() {
        let body = "[ET_NET 2] WARNING: SNI (cucm.lab) not in certificate. Action=Terminate server=cucm.lab(2001:db8::1)";
        let expected = Event::NameRefused {
            name: "cucm.lab".into(),
            server: "2001:db8::1".parse().ok(),
            action: Action::Terminate,
        };
        assert_eq!(of(body), Some(expected));
    }

    #[test]
    fn failed_connections() {
        let cases = [
            (
                "[ET_NET 1] ERROR: SSL connection failed for 'cucm.lab': error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed",
                0x1416_F086,
                Cause::CertificateVerifyFailed,
            ),
            (
                "[ET_NET 1]ERROR:SSL connection failed for 'cucm.lab':error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca",
                0x1409_4418,
                Cause::AlertReceived(48),
            ),
            (
                "[ET_NET 1] DEBUG: <SSLNetVConnection.cc:1 (f)> (ssl.error) SSL connection failed for 'cucm.lab': error:0A000418:SSL routines::tlsv1 alert unknown ca",
                0x0A00_0418,
                Cause::AlertReceived(48),
            ),
        ];
        for (body, number, expected) in cases {
            let Some(Event::ConnectionFailed { name, code, cause, error }) = of(body) else {
                panic!()
            };
            assert_eq!(
                (name.as_str(), code, cause),
                ("cucm.lab", Some(number), expected),
                "{error}"
            );
            assert!(error.starts_with("error:"));
        }
    }

    #[test]
    fn modules_at_debug() {
        let of = |body: &'static str| debug_module(body, &Pairs::parse(body));
        assert_eq!(
            of("Module=\"network.http.trafficserver\" Level=\"DEBUG\": x"),
            Some("network.http.trafficserver")
        );
        assert_eq!(of("Module=\"network.http.trafficserver\" Level=\"INFO\": x"), None);
        assert_eq!(of("[ET_NET 0]DEBUG:(ssl.error) text"), Some("ssl.error"));
        assert_eq!(of("[ET_NET 0] DEBUG: text (x)"), None);
        assert_eq!(of("[ET_NET 0] DEBUG: <SSLUtils.cc:5 (f)> (ssl) text (x)"), Some("ssl"));
    }
}
