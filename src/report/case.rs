//! The part of the report for people that tells of the case: the Expressways that are
//! known, their logs, and the legs.

use std::net::IpAddr;

use super::legs::{Health, LegReport, legs};
use super::model::Report;
use crate::expressway::{Appliance, Join, Leg, Party};
use crate::packet::Endpoint;
use crate::time::duration_text;
use crate::wire::text::count;

/// Lines of a log without a packet that are told one by one.
const TOLD: usize = 5;

/// Each known Expressway: a title, and what is known of it.
pub(super) fn appliances(report: &Report) -> Vec<(String, Vec<String>)> {
    let known = report.appliances.iter().enumerate();
    let absent = report.absent_appliance();
    known
        .map(|(at, appliance)| {
            let mut told = vec![sources(appliance)];
            told.extend(own_certificate(appliance));
            let join = report.joins.iter().find(|join| join.appliance == at);
            told.extend(join.map(|join| joined(appliance, join)));
            told.extend(join.into_iter().flat_map(|join| without_packet(appliance, join)));
            told.extend(appliance.trouble.iter().map(|(name, why)| format!("! {name}: {why}")));
            let absent = absent.iter().filter(|_| appliance.archive.is_none());
            told.extend(absent.map(|absent| format!("! {absent}")));
            (title(appliance), told)
        })
        .collect()
}

/// `Expressway-C expc.example.org, X14.3.4, 10.106.79.170`.
fn title(appliance: &Appliance) -> String {
    let mut parts = vec![appliance.title()];
    parts.push(match appliance.version {
        Some(version) => version.to_string(),
        None => "version unknown".to_owned(),
    });
    let addresses: Vec<String> = appliance.addresses.iter().map(ToString::to_string).collect();
    match (addresses.is_empty(), appliance.address_inferred) {
        (true, _) => parts.push("address unknown".to_owned()),
        (false, true) => parts.push(format!("{} (by its captures)", addresses.join(", "))),
        (false, false) => parts.push(addresses.join(", ")),
    }
    parts.join(", ")
}

/// What its archive holds.
fn sources(appliance: &Appliance) -> String {
    let has = |there: bool, what: &str| (if there { "" } else { "no " }).to_owned() + what;
    let trust = match &appliance.store {
        Some(store) => {
            format!("trust list of {}", count(store.anchors().len() as u64, "certificate"))
        }
        None => "no trust list".to_owned(),
    };
    let log = match &appliance.log {
        Some(log) => format!("log of {}", count(log.total, "line")),
        None => "no log".to_owned(),
    };
    let parts = [
        trust,
        has(!appliance.server_certificates.is_empty(), "certificate of its own"),
        has(appliance.settings.is_some(), "configuration"),
        has(appliance.status.is_some(), "status"),
        log,
    ];
    match &appliance.archive {
        Some(archive) => format!("from {archive}: {}", parts.join(", ")),
        None => "named on the command line".to_owned(),
    }
}

fn own_certificate(appliance: &Appliance) -> Option<String> {
    let leaf = appliance.server_leaf()?;
    Some(format!(
        "its certificate: {} (serial {}), issued by {}",
        leaf.subject, leaf.serial, leaf.issuer
    ))
}

/// How far log and capture go together.
fn joined(appliance: &Appliance, join: &Join) -> String {
    let known = appliance.log.as_ref().map_or(0, |log| log.lines.len());
    let lines: usize = join.lines.values().map(Vec::len).sum();
    let clock = match join.offset {
        Some(offset) if offset.nanos >= 0 => format!(
            "the log's clock is {} ahead of the capture's, by {}",
            duration_text(offset.nanos),
            count(offset.pairs as u64, "pair")
        ),
        Some(offset) => format!(
            "the log's clock is {} behind the capture's, by {}",
            duration_text(offset.nanos.saturating_neg()),
            count(offset.pairs as u64, "pair")
        ),
        None => "nothing tells how far the clocks of log and capture differ".to_owned(),
    };
    let silent = match join.without_line.len() {
        0 => String::new(),
        number => {
            format!("; {} here that the log does not mention", count(number as u64, "connection"))
        }
    };
    format!(
        "log and capture: {lines} of {} about TLS belong to connections here; {clock}{silent}",
        count(known as u64, "line")
    )
}

fn without_packet(appliance: &Appliance, join: &Join) -> Vec<String> {
    let lines = appliance.log.as_ref().map(|log| log.lines.as_slice()).unwrap_or_default();
    let mut told: Vec<String> = join
        .without_packet
        .iter()
        .take(TOLD)
        .filter_map(|at| lines.get(*at))
        .map(|line| format!("without a packet here, log line {}: {}", line.number, line.text))
        .collect();
    if join.without_packet.len() > TOLD {
        let more = join.without_packet.len() - TOLD;
        told.push(format!("and {} without a packet", count(more as u64, "more line")));
    }
    told
}

/// The legs, worst first; none when nobody is known to stand on any.
pub(super) fn leg_lines(report: &Report) -> Vec<(Health, String)> {
    if report.appliances.is_empty() {
        return Vec::new();
    }
    let mut legs: Vec<&LegReport> = legs(report).iter().collect();
    legs.sort_by_key(|leg| std::cmp::Reverse(leg.health));
    legs.iter().map(|leg| (leg.health, leg_line(leg))).collect()
}

/// `Expressway-C to Unified CM cucm.example.org (10.0.0.1:8443, UDS): 2 handshakes, 2 failed`.
fn leg_line(leg: &LegReport) -> String {
    let mut counts = count(leg.connections, "handshake");
    if leg.failed > 0 {
        counts.push_str(&format!(", {} failed", leg.failed));
    }
    let unseen = leg.connections - leg.completed - leg.failed;
    if unseen > 0 {
        counts.push_str(&format!(", {unseen} of unknown end"));
    }
    format!("{}: {counts}", ends(&leg.leg, leg.client, leg.server, leg.name.as_deref()))
}

/// `Expressway-C 10.0.0.2 to Unified CM cucm.example.org (10.0.0.1:8443, UDS)`.
pub(super) fn ends(leg: &Leg, client: IpAddr, server: Endpoint, name: Option<&str>) -> String {
    let connecting = match leg.client {
        Party::Unknown => client.to_string(),
        party => format!("{} {client}", party.name()),
    };
    let listening = match (name, leg.server) {
        (Some(name), Party::Unknown) => name.to_owned(),
        (Some(name), party) => format!("{} {name}", party.name()),
        (None, party) => party.name().to_owned(),
    };
    let service = leg.service.map(|service| format!(", {}", service.name)).unwrap_or_default();
    format!("{connecting} to {listening} ({server}{service})")
}
