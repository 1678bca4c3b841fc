//! The case in JSON: the Expressways that are known, and the legs.

use std::net::IpAddr;

use serde::Serialize;

use super::StoreReport;
use crate::expressway::settings::CipherUse;
use crate::expressway::{Appliance, BoxRole, Join, Line, Version};
use crate::report::legs::LegReport;
use crate::report::model::Report;
use crate::time::Timestamp;
use crate::x509::Certificate;

#[derive(Serialize)]
pub(super) struct ApplianceDocument<'a> {
    name: &'a str,
    archive: Option<&'a str>,
    role: Option<&'static str>,
    version: Option<Version>,
    addresses: &'a [IpAddr],
    address_inferred: bool,
    trust_list: Option<super::StoreDocument>,
    server_certificate: Option<OwnDocument>,
    client_certificate: Option<OwnDocument>,
    settings: Option<SettingsDocument<'a>>,
    captures: usize,
    log: Option<LogDocument<'a>>,
    trouble: Vec<TroubleDocument<'a>>,
}

#[derive(Serialize)]
struct OwnDocument {
    subject: String,
    issuer: String,
    serial: String,
    sha256: String,
}

/// The settings that rules look at; `null` where the configuration does not name them.
#[derive(Serialize)]
struct SettingsDocument<'a> {
    sip_ciphers: Option<&'a str>,
    uc_client_ciphers: Option<&'a str>,
    https_ciphers: Option<&'a str>,
    sip_tls_versions: Option<&'a str>,
    signature_prefers_rsa: Option<bool>,
    verify_origin_server: Option<bool>,
    eku_checking: Option<bool>,
}

#[derive(Serialize)]
struct LogDocument<'a> {
    lines: u64,
    about_tls: usize,
    joined: usize,
    clock_offset_ns: Option<i64>,
    clock_offset_pairs: Option<usize>,
    without_packet: Vec<LineDocument<'a>>,
    connections_without_line: usize,
}

#[derive(Serialize)]
struct LineDocument<'a> {
    line: u64,
    time: Option<Timestamp>,
    text: &'a str,
}

#[derive(Serialize)]
struct TroubleDocument<'a> {
    member: &'a str,
    reason: &'a str,
}

impl<'a> LineDocument<'a> {
    fn of(line: &'a Line) -> Self {
        Self { line: line.number, time: line.time, text: &line.text }
    }
}

impl<'a> ApplianceDocument<'a> {
    fn of(appliance: &'a Appliance, join: Option<&'a Join>) -> Self {
        Self {
            name: &appliance.name,
            archive: appliance.archive.as_deref(),
            role: appliance.role.map(|role| match role {
                BoxRole::Core => "expressway-c",
                BoxRole::Edge => "expressway-e",
            }),
            version: appliance.version,
            addresses: &appliance.addresses,
            address_inferred: appliance.address_inferred,
            trust_list: appliance
                .store
                .as_ref()
                .map(|store| super::StoreDocument::of(&StoreReport::of(store))),
            server_certificate: appliance.server_leaf().map(|leaf| OwnDocument::of(leaf)),
            client_certificate: appliance
                .client_certificates
                .first()
                .map(|leaf| OwnDocument::of(leaf)),
            settings: SettingsDocument::of(appliance),
            captures: appliance.captures,
            log: LogDocument::of(appliance, join),
            trouble: appliance
                .trouble
                .iter()
                .map(|(member, reason)| TroubleDocument { member, reason })
                .collect(),
        }
    }
}

impl OwnDocument {
    fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            serial: certificate.serial.to_string(),
            sha256: crate::wire::text::hex(&certificate.sha256),
        }
    }
}

impl<'a> SettingsDocument<'a> {
    fn of(appliance: &'a Appliance) -> Option<Self> {
        let settings = appliance.settings.as_ref()?;
        Some(Self {
            sip_ciphers: settings.ciphers(CipherUse::Sip),
            uc_client_ciphers: settings.ciphers(CipherUse::UcClient),
            https_ciphers: settings.ciphers(CipherUse::Https),
            sip_tls_versions: settings.get("SIP Advanced SipTlsVersions"),
            signature_prefers_rsa: settings.signature_prefers_rsa(),
            verify_origin_server: settings.verify_origin_server(),
            eku_checking: settings.eku_checking(),
        })
    }
}

impl<'a> LogDocument<'a> {
    fn of(appliance: &'a Appliance, join: Option<&'a Join>) -> Option<Self> {
        let log = appliance.log.as_ref()?;
        let offset = join.and_then(|join| join.offset);
        let without = join.map(|join| join.without_packet.as_slice()).unwrap_or_default();
        Some(Self {
            lines: log.total,
            about_tls: log.lines.len(),
            joined: join.map_or(0, |join| join.lines.values().map(Vec::len).sum()),
            clock_offset_ns: offset.map(|offset| offset.nanos),
            clock_offset_pairs: offset.map(|offset| offset.pairs),
            without_packet: without
                .iter()
                .filter_map(|at| log.lines.get(*at))
                .map(LineDocument::of)
                .collect(),
            connections_without_line: join.map_or(0, |join| join.without_line.len()),
        })
    }
}

/// Each known Expressway.
pub(super) fn appliances(report: &Report) -> Vec<ApplianceDocument<'_>> {
    let known = report.appliances.iter().enumerate();
    known
        .map(|(at, appliance)| {
            let join = report.joins.iter().find(|join| join.appliance == at);
            ApplianceDocument::of(appliance, join)
        })
        .collect()
}

#[derive(Serialize)]
pub(super) struct LegDocument {
    client: IpAddr,
    client_is: &'static str,
    server: String,
    server_is: &'static str,
    server_name: Option<String>,
    service: Option<&'static str>,
    connections: u64,
    completed: u64,
    failed: u64,
    health: &'static str,
}

/// Each leg, in the order in which it was first seen.
pub(super) fn legs(report: &Report) -> Vec<LegDocument> {
    let document = |leg: &LegReport| LegDocument {
        client: leg.client,
        client_is: leg.leg.client.word(),
        server: leg.server.to_string(),
        server_is: leg.leg.server.word(),
        server_name: leg.name.clone(),
        service: leg.leg.service.map(|service| service.name),
        connections: leg.connections,
        completed: leg.completed,
        failed: leg.failed,
        health: leg.health.word(),
    };
    crate::report::legs::legs(report).iter().map(document).collect()
}
