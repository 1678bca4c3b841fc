//! The diagnostic archive of an Expressway: which member is what, by its name
//! (Administrator Guide X15.5, Diagnostics and Troubleshooting), and what they tell
//! together.

use std::io::Read;
use std::sync::Arc;

use super::appliance::Appliance;
use super::log::{self, Log};
use super::settings::{Settings, ZoneKind};
use super::status::{BoxRole, Status};
use crate::limits::Limits;
use crate::trust::{Store, StoreSemantics};
use crate::x509::{Certificate, pem};

/// What a member of a diagnostic archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// `eth<n>_diagnostic_logging_tcpdump<x>_<host>_<time>.pcap`.
    Capture,
    /// `ca_<host>_<time>.pem`: the trusted CA list.
    TrustStore,
    /// `server_*.pem`: the box's own certificate.
    ServerCertificate,
    /// `client_*.pem`: the one that it shows as a client (X15.5).
    ClientCertificate,
    /// `xconf_dump_*`.
    Configuration,
    /// `xstat_dump_*`.
    Status,
    /// `loggingsnapshot_*.txt`.
    Log,
}

/// Recognises a member by its name; the archive may hold its files at the root or in
/// a folder, and separators vary with the system that saved them.
#[must_use]
pub fn member_kind(name: &str) -> Option<MemberKind> {
    recognised(name).map(|(kind, _)| kind)
}

/// The host in a member's name: what stands between its kind and the date. Empty for
/// the names of old releases, which have neither.
#[must_use]
pub fn member_host(name: &str) -> String {
    let Some((_, tail)) = recognised(name) else { return String::new() };
    let lower = tail.to_ascii_lowercase();
    let kinds = ["ca_", "server_", "client_", "xconf_dump_", "xstat_dump_", "loggingsnapshot_"];
    let behind = match lower.find(CAPTURE) {
        Some(at) => tail.get(at + CAPTURE.len()..).and_then(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('_')
        }),
        None => {
            let kind = kinds.iter().find(|kind| lower.starts_with(**kind));
            kind.and_then(|kind| tail.get(kind.len()..))
        }
    };
    behind.and_then(before_date).unwrap_or_default().to_owned()
}

/// The interface in the name of a capture: `eth0`; empty in the names of old releases.
#[must_use]
pub fn member_interface(name: &str) -> Option<String> {
    let (_, tail) = recognised(name).filter(|(kind, _)| *kind == MemberKind::Capture)?;
    let lower = tail.to_ascii_lowercase();
    let at = lower.find(CAPTURE)?;
    Some(lower.get(..at)?.trim_end_matches('_').to_owned())
}

const CAPTURE: &str = "diagnostic_logging_tcpdump";

/// The kind of a member, and the part of its name that told. Where the time is written
/// as `12/58/19` the last two slashes do not mean folders.
fn recognised(name: &str) -> Option<(MemberKind, &str)> {
    let slashes = name.rmatch_indices(['/', '\\']).map(|(at, _)| at + 1);
    slashes.chain([0]).take(3).find_map(|from| {
        let tail = name.get(from..)?;
        Some((kind_of(&tail.to_ascii_lowercase())?, tail))
    })
}

fn kind_of(tail: &str) -> Option<MemberKind> {
    let pem = tail.ends_with(".pem");
    if tail.starts_with(CAPTURE) || (tail.starts_with("eth") && tail.contains(CAPTURE)) {
        Some(MemberKind::Capture)
    } else if tail.starts_with("ca_") && pem {
        Some(MemberKind::TrustStore)
    } else if tail.starts_with("server_") && pem {
        Some(MemberKind::ServerCertificate)
    } else if tail.starts_with("client_") && pem {
        Some(MemberKind::ClientCertificate)
    } else if tail.starts_with("xconf_dump") {
        Some(MemberKind::Configuration)
    } else if tail.starts_with("xstat_dump") {
        Some(MemberKind::Status)
    } else if tail.starts_with("loggingsnapshot") {
        Some(MemberKind::Log)
    } else {
        None
    }
}

/// What stands before `_YYYY-MM-DD`.
fn before_date(text: &str) -> Option<&str> {
    let is_date = |date: &str| {
        let date = date.as_bytes();
        date.len() >= 10
            && date.iter().take(10).enumerate().all(|(at, byte)| match at {
                4 | 7 => matches!(byte, b'-' | b'_'),
                _ => byte.is_ascii_digit(),
            })
    };
    text.match_indices('_')
        .find(|(at, _)| text.get(at + 1..).is_some_and(is_date))
        .and_then(|(at, _)| text.get(..at))
}

/// Puts together what the members of one archive tell of their Expressway.
#[derive(Debug)]
pub struct Bundle {
    appliance: Appliance,
    store: Store,
    /// Bytes of text members read so far.
    read: u64,
}

impl Bundle {
    /// Of an archive or folder, with nothing read yet.
    #[must_use]
    pub fn new(archive: &str, host: &str) -> Self {
        Self {
            appliance: Appliance {
                name: host.to_owned(),
                archive: Some(archive.to_owned()),
                ..Appliance::default()
            },
            store: Store::new(StoreSemantics::Expressway),
            read: 0,
        }
    }

    /// Counts a capture.
    pub const fn add_capture(&mut self) {
        self.appliance.captures += 1;
    }

    /// Takes over what another bundle read, which turned out to be of the same host.
    pub fn unite(&mut self, other: Self) {
        let mine = &mut self.appliance;
        let theirs = other.appliance;
        for anchor in other.store.anchors() {
            self.store.add(Arc::clone(&anchor.certificate), &anchor.source, anchor.line);
        }
        mine.settings = mine.settings.take().or(theirs.settings);
        mine.status = mine.status.take().or(theirs.status);
        mine.log = mine.log.take().or(theirs.log);
        mine.server_certificates.extend(theirs.server_certificates);
        mine.client_certificates.extend(theirs.client_certificates);
        mine.captures += theirs.captures;
        mine.trouble.extend(theirs.trouble);
    }

    /// Notes a member that could not be opened.
    pub fn add_trouble(&mut self, name: &str, error: &dyn std::fmt::Display) {
        self.appliance.trouble.push((name.to_owned(), error.to_string()));
    }

    /// Reads a member that is no capture. One that cannot be read is told in
    /// [`Appliance::trouble`].
    pub fn add(&mut self, kind: MemberKind, name: &str, bytes: &mut dyn Read, limits: &Limits) {
        if kind == MemberKind::Log {
            let read = log::read(bytes, limits);
            if read.broken_off {
                self.add_trouble(name, &"could not be read to its end");
            }
            self.appliance.log.get_or_insert_with(Log::default).append(read);
            return;
        }
        let mut content = Vec::new();
        let room = limits.archive_text_bytes.saturating_sub(self.read);
        match bytes.take(room).read_to_end(&mut content) {
            Err(error) => self.add_trouble(name, &error),
            Ok(all) if all as u64 == room => {
                self.add_trouble(name, &"cut: the text members are larger than the limit");
            }
            Ok(_) => {}
        }
        self.read += content.len() as u64;
        match kind {
            MemberKind::TrustStore => self.store.add_bundle(name, &content),
            MemberKind::ServerCertificate => {
                self.appliance.server_certificates.extend(certificates(&content));
            }
            MemberKind::ClientCertificate => {
                self.appliance.client_certificates.extend(certificates(&content));
            }
            MemberKind::Configuration => {
                self.appliance.settings.get_or_insert_with(Settings::default).add(&content, limits);
            }
            MemberKind::Status => {
                self.appliance.status.get_or_insert_with(Status::default).add(&content, limits);
            }
            MemberKind::Capture | MemberKind::Log => {}
        }
    }

    /// What all members tell; `None` when there was none but captures.
    #[must_use]
    pub fn finish(mut self) -> Option<Appliance> {
        let known = &mut self.appliance;
        if !self.store.anchors().is_empty() || !self.store.unreadable().is_empty() {
            known.store = Some(self.store);
        }
        let told = known.store.is_some()
            || known.settings.is_some()
            || known.status.is_some()
            || known.log.is_some()
            || !known.server_certificates.is_empty()
            || !known.client_certificates.is_empty();
        if !told {
            return None;
        }
        let settings = known.settings.as_ref();
        let status = known.status.as_ref();
        known.version =
            status.and_then(Status::version).or_else(|| settings.and_then(Settings::version));
        known.role = status.and_then(Status::role).or_else(|| settings.and_then(role_by_zones));
        known.addresses = status.map(Status::addresses).unwrap_or_default();
        for address in settings.map(Settings::addresses).unwrap_or_default() {
            if !known.addresses.contains(&address) {
                known.addresses.push(address);
            }
        }
        if let Some(name) = settings.and_then(Settings::full_name) {
            known.name = name;
        }
        Some(self.appliance)
    }
}

/// Only a C is the client of a traversal zone, only an E its server.
fn role_by_zones(settings: &Settings) -> Option<BoxRole> {
    let zones = settings.zones();
    let has = |kind: &ZoneKind| zones.iter().any(|zone| zone.kind == *kind);
    match (has(&ZoneKind::TraversalClient), has(&ZoneKind::TraversalServer)) {
        (true, false) => Some(BoxRole::Core),
        (false, true) => Some(BoxRole::Edge),
        _ => None,
    }
}

fn certificates(bytes: &[u8]) -> impl Iterator<Item = Arc<Certificate>> {
    pem::read(bytes).into_iter().filter_map(|block| block.result.ok()).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_their_names() {
        let cases = [
            ("ca_expc_2026-11-21_20_38_14.pem", Some(MemberKind::TrustStore)),
            ("diagnostic_log_x/server_expc_2026.pem", Some(MemberKind::ServerCertificate)),
            ("client_expc_2026.pem", Some(MemberKind::ClientCertificate)),
            ("eth0_diagnostic_logging_tcpdump0_expc_2026.pcap", Some(MemberKind::Capture)),
            ("diagnostic_logging_tcpdump.pcap", Some(MemberKind::Capture)),
            ("xconf_dump.txt", Some(MemberKind::Configuration)),
            ("loggingsnapshot_expc_2026.txt", Some(MemberKind::Log)),
            ("readme.txt", None),
        ];
        for (name, kind) in cases {
            assert_eq!(member_kind(name), kind, "{name}");
        }
    }

    #[test]
    fn the_host_stands_before_the_date() {
        let cases = [
            ("x/ca_expc-1_2026-11-21_20_38_14.pem", "expc-1"),
            ("eth0_diagnostic_logging_tcpdump12_my_box_2026-11-21_20:38:14.pcap", "my_box"),
            ("logs/loggingsnapshot_expe_2026-11-21 20/38/14.txt", "expe"),
            ("xconf_dump_expe_2026-11-21.xml", "expe"),
            ("xconf_dump.txt", ""),
        ];
        for (name, host) in cases {
            assert_eq!(member_host(name), host, "{name}");
        }
    }
}
