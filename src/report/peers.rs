//! The servers of a run for people: what each shows, what it chose, whom it asks for, and
//! whom it accepts.

use super::model::Report;
use super::page::{HEADING, Look, Page};
use super::words::{place, subject};
use crate::expressway::service;
use crate::foresight::{
    Answer, Authority, ClientShown, Negotiation, Order, Peer, Shown, Standing, peers,
};
use crate::tls::names;
use crate::wire::text::{count, hex};
use crate::x509::Certificate;

/// The servers of a report by address and port.
#[must_use]
pub fn collect(report: &Report) -> Vec<Peer> {
    peers(report.connections.iter().map(|judged| (judged.capture, &judged.connection)))
}

/// The servers for people.
#[must_use]
pub fn render(report: &Report, peers: &[Peer], look: Look) -> String {
    let mut page = Page::new(look);
    for (number, peer) in peers.iter().enumerate() {
        if number > 0 {
            page.blank();
        }
        let from = page.place();
        page.fact(&head(peer));
        page.paint(from, &peer.server.to_string(), HEADING);
        for line in lines(report, peer) {
            page.fact(&line);
        }
    }
    if peers.is_empty() {
        page.fact("no TLS connection");
    }
    page.into_text()
}

/// All of a server but who it is.
fn lines(report: &Report, peer: &Peer) -> Vec<String> {
    let mut lines: Vec<String> = peer.certificates.iter().map(own).collect();
    lines.extend(chosen(report, peer));
    lines.extend(order(report, peer));
    lines.extend(asked(peer));
    lines.extend(peer.authorities.iter().map(|authority| authority_line(peer, authority)));
    lines.extend(peer.clients.iter().map(client_line));
    if peer.empty_answers > 0 {
        let connections = count(peer.empty_answers, "connection");
        lines.push(format!("  answered with an empty list in {connections}"));
    }
    lines
}

fn head(peer: &Peer) -> String {
    let names = if peer.names.is_empty() { "no server name".into() } else { peer.names.join(", ") };
    let service = service(peer.server.port).map(|service| format!(", {}", service.name));
    format!(
        "{} {names}{}: {}",
        peer.server,
        service.unwrap_or_default(),
        count(peer.connections, "TLS connection")
    )
}

/// The first digits of a fingerprint, enough to tell certificates apart by eye.
fn short(certificate: &Certificate) -> String {
    format!("{}...", hex(certificate.sha256.get(..8).unwrap_or_default()))
}

fn described(certificate: &Certificate) -> String {
    format!(
        "{} (serial {}, {}, SHA-256 {})",
        subject(certificate),
        certificate.serial,
        certificate.public_key.label(),
        short(certificate)
    )
}

fn own(shown: &Shown) -> String {
    let times = count(shown.seen.len() as u64, "connection");
    format!("  shows {} in {times}", described(&shown.certificate))
}

/// What it chose, and what it would not: each number with the frame that shows it first.
fn chosen(report: &Report, peer: &Peer) -> Vec<String> {
    let told = |what: &str, list: &[Standing], name: &dyn Fn(u16) -> String| {
        let accepted = list.iter().filter_map(|one| Some((one.code, one.accepted?)));
        let parts: Vec<String> = accepted
            .map(|(code, seen)| format!("{} ({})", name(code), place(report, seen)))
            .collect();
        (!parts.is_empty()).then(|| format!("  chose {what} {}", parts.join(", ")))
    };
    let scheme = |code| names::signature_scheme_name(code).into_owned();
    let mut lines: Vec<String> = [
        told("version", &peer.versions(), &|code| names::version_name(code).into_owned()),
        told("suite", &peer.suites(), &|code| names::cipher_suite_name(code).into_owned()),
        told("group", &peer.groups(), &|code| names::group_name(code).into_owned()),
        told("signature", &peer.signature_algorithms(), &scheme),
    ]
    .into_iter()
    .flatten()
    .collect();
    let unspoken = peer.versions().into_iter().filter_map(|one| Some((one.code, one.refused?)));
    let parts: Vec<String> = unspoken
        .map(|(code, seen)| format!("{} ({})", names::version_name(code), place(report, seen)))
        .collect();
    if !parts.is_empty() {
        lines.push(format!("  does not speak {}", parts.join(", ")));
    }
    lines.extend(peer.negotiations.iter().filter_map(|one| refusal(report, one)));
    lines
}

/// An offer from which it chose nothing.
fn refusal(report: &Report, one: &Negotiation) -> Option<String> {
    let Answer::Refused { alert: code } = &one.answer else { return None };
    let suites = count(one.offer.suites.len() as u64, "suite");
    let versions: Vec<String> =
        one.offer.versions.iter().map(|code| names::version_name(*code).into_owned()).collect();
    Some(format!(
        "  refused an offer of {suites} and {} with {} ({})",
        versions.join(", "),
        alert(*code),
        place(report, one.seen)
    ))
}

/// Whose order of suites decides.
fn order(report: &Report, peer: &Peer) -> Option<String> {
    let seen: Vec<String> = peer.order().seen().iter().map(|seen| place(report, *seen)).collect();
    let text = match peer.order() {
        Order::Client(_) => {
            "takes the first suite of the client that it can do: two orders got two answers"
        }
        Order::Own(_) => "has an order of its own: it passed over a suite that it can do",
        Order::Unknown => return None,
    };
    Some(format!("  {text} ({})", seen.join("; ")))
}

fn asked(peer: &Peer) -> Option<String> {
    if peer.requests == 0 {
        return None;
    }
    let any = if peer.asks_for_any { ", naming no CA (any will do)" } else { "" };
    Some(format!("  asks for a client certificate in {}{any}", count(peer.requests, "connection")))
}

fn authority_line(peer: &Peer, authority: &Authority) -> String {
    let mut said = Vec::new();
    if authority.offered {
        said.push("offered".to_owned());
    } else if authority.missing {
        said.push("not offered, nor is a CA above it".to_owned());
    } else if !peer.asks_for_any && peer.requests > 0 {
        said.push("not offered itself, but a CA above it".to_owned());
    }
    if authority.accepted > 0 {
        said.push(format!("seen accepted in {}", count(authority.accepted, "connection")));
    }
    if authority.refused > 0 {
        said.push(format!("seen refused in {}", count(authority.refused, "connection")));
    }
    if authority.missing && authority.accepted == 0 {
        said.push("most likely not trusted there, and it issued what the client shows".to_owned());
    }
    format!("    CA {}: {}", authority.name, said.join("; "))
}

fn client_line(client: &ClientShown) -> String {
    let what = match &client.certificate {
        Some(certificate) => {
            format!("{}, issuer {}", described(certificate), certificate.issuer)
        }
        None => "a certificate that TLS 1.3 hides".to_owned(),
    };
    let mut said = Vec::new();
    if client.accepted > 0 {
        said.push(format!("accepted in {}", count(client.accepted, "connection")));
    }
    if !client.refused.is_empty() {
        let mut alerts: Vec<String> = client.refused.iter().copied().map(alert).collect();
        alerts.sort();
        alerts.dedup();
        let times = count(client.refused.len() as u64, "connection");
        said.push(format!("refused in {times} ({})", alerts.join(", ")));
    }
    if client.unknown > 0 {
        said.push(format!("no answer seen in {}", count(client.unknown, "connection")));
    }
    format!("  client shows {what}: {}", said.join("; "))
}

/// `unknown_ca (48)`.
#[must_use]
pub fn alert(code: Option<u8>) -> String {
    code.map_or_else(
        || "encrypted alert".to_owned(),
        |code| format!("{} ({code})", names::alert_name(code)),
    )
}
