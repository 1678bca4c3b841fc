//! The NSS key log format: the secrets of TLS connections as lines of text
//! (draft-ietf-tls-keylogfile; `SSLKEYLOGFILE`, `openssl s_client -keylogfile`).
//!
//! What is read here never comes out again: no type of this file prints a secret.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use super::handshake::Role;
use crate::wire::text::unhex;

/// The random of a ClientHello, by which a key log names a connection.
pub(super) type Random = [u8; 32];

/// Connections whose secrets are remembered: as many as are watched at once by
/// default. A line of a key log costs the program four times its own length.
const CONNECTIONS: usize = 1_000_000;

/// A secret of a connection.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Vec<u8>);

impl Secret {
    pub(super) const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The traffic secrets of one side in TLS 1.3 (RFC 8446, 7.1).
#[derive(Clone, Debug, Default)]
pub(super) struct SideSecrets {
    /// `[sender]_handshake_traffic_secret`.
    pub(super) handshake: Option<Secret>,
    /// `[sender]_application_traffic_secret_0`.
    pub(super) application: Option<Secret>,
}

impl SideSecrets {
    const fn any(&self) -> bool {
        self.handshake.is_some() || self.application.is_some()
    }
}

/// Everything a key log says of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// The master secret of TLS 1.2 and older.
    pub(super) master: Option<Secret>,
    client: SideSecrets,
    server: SideSecrets,
    /// `client_early_traffic_secret` of TLS 1.3.
    pub(super) early: Option<Secret>,
}

impl Secrets {
    /// The traffic secrets of a side.
    pub(super) const fn of(&self, role: Role) -> &SideSecrets {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// Whether there is anything that TLS 1.3 protects records with.
    pub(super) const fn has_traffic_secrets(&self) -> bool {
        self.client.any() || self.server.any() || self.early.is_some()
    }

    /// The place for a secret of this label; `None` for those that decrypt nothing.
    fn place(&mut self, label: &str) -> Option<&mut Option<Secret>> {
        Some(match label {
            "CLIENT_RANDOM" => &mut self.master,
            "CLIENT_EARLY_TRAFFIC_SECRET" => &mut self.early,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => &mut self.client.handshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => &mut self.server.handshake,
            "CLIENT_TRAFFIC_SECRET_0" => &mut self.client.application,
            "SERVER_TRAFFIC_SECRET_0" => &mut self.server.application,
            _ => return None,
        })
    }
}

/// The secrets of many connections.
#[derive(Clone, Default)]
pub struct KeyLog {
    connections: HashMap<Random, Secrets>,
    grows: bool,
}

impl std::fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyLog").field("connections", &self.len()).finish_non_exhaustive()
    }
}

/// What was not understood of a key log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Junk {
    /// How many lines are no lines of a key log.
    pub lines: u64,
    /// Number of the first of them, counted from 1.
    pub first: Option<u64>,
    /// Secrets left out because there were too many connections.
    pub beyond_limit: u64,
}

/// One line of a key log.
enum Line<'a> {
    /// Label, client random, secret.
    Secret(&'a str, Random, Vec<u8>),
    /// A comment, an empty line, or a secret that is of no use here.
    Nothing,
    Junk,
}

impl KeyLog {
    /// Adds the lines of a key log, and says what in it was not understood. A later
    /// line replaces an earlier one of the same label and connection.
    pub fn add(&mut self, text: &[u8]) -> Junk {
        let mut junk = Junk::default();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            match read_line(line) {
                Line::Secret(label, random, secret) => {
                    if !self.insert(label, random, secret) {
                        junk.beyond_limit += 1;
                    }
                }
                Line::Nothing => {}
                Line::Junk => {
                    junk.lines += 1;
                    junk.first.get_or_insert(number);
                }
            }
        }
        junk
    }

    fn insert(&mut self, label: &str, random: Random, secret: Vec<u8>) -> bool {
        let full = self.connections.len() >= CONNECTIONS;
        let secrets = match self.connections.entry(random) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(_) if full => return false,
            Slot::Vacant(slot) => slot.insert(Secrets::default()),
        };
        if let Some(place) = secrets.place(label) {
            *place = Some(Secret::new(secret));
        }
        true
    }

    /// More secrets may follow while the capture is read, because they stand in it.
    pub const fn expect_more(&mut self) {
        self.grows = true;
    }

    /// How many connections it has secrets for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether it has no secret.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// The secrets of the connection that began with this random.
    pub(super) fn secrets(&self, random: &[u8]) -> Option<&Secrets> {
        self.connections.get(random.first_chunk::<32>()?)
    }

    /// Whether the encrypted records of a connection shall be kept, as far as its
    /// random is known.
    pub(super) fn may_open(&self, random: Option<&[u8]>) -> bool {
        match random {
            _ if self.is_empty() => false,
            Some(random) => self.grows || self.secrets(random).is_some(),
            None => true,
        }
    }
}

fn read_line(line: &[u8]) -> Line<'_> {
    let Ok(line) = std::str::from_utf8(line) else { return Line::Junk };
    let mut words = line.split_ascii_whitespace();
    let Some(label) = words.next() else { return Line::Nothing };
    if label.starts_with('#') {
        return Line::Nothing;
    }
    let (Some(random), Some(secret), None) = (words.next(), words.next(), words.next()) else {
        return Line::Junk;
    };
    let (Some(random), Some(secret)) = (unhex(random), unhex(secret)) else { return Line::Junk };
    // Exporter and ECH secrets decrypt no record, the encrypted pre-master secret
    // (RSA) needs more than a capture, and labels yet unknown are no damage.
    if Secrets::default().place(label).is_none() {
        return Line::Nothing;
    }
    // A master secret has 48 bytes, a traffic secret those of its hash.
    let right_length = match label {
        "CLIENT_RANDOM" => secret.len() == 48,
        _ => matches!(secret.len(), 32 | 48),
    };
    match random.try_into() {
        Ok(random) if right_length => Line::Secret(label, random, secret),
        _ => Line::Junk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, random: u8, secret: usize) -> String {
        format!("{label} {} {}", format!("{random:02x}").repeat(32), "Ab".repeat(secret))
    }

    #[test]
    fn lines_of_every_kind() {
        let text = [
            "\u{feff}# SSL/TLS secrets log file".into(),
            String::new(),
            line("CLIENT_RANDOM", 1, 48) + "\r",
            line("SERVER_HANDSHAKE_TRAFFIC_SECRET", 2, 32),
            line("EXPORTER_SECRET", 3, 32),
            line("SOMETHING_NEW", 3, 5),
        ]
        .join("\n");
        let mut log = KeyLog::default();
        assert_eq!(log.add(text.as_bytes()), Junk::default());
        assert_eq!(log.len(), 2);
        let master = log.secrets(&[1; 32]).and_then(|secrets| secrets.master.clone());
        assert_eq!(master.map(|secret| secret.bytes().to_vec()), Some(vec![0xab; 48]));
        assert!(log.secrets(&[2; 32]).is_some_and(|s| s.of(Role::Server).handshake.is_some()));
        assert!(log.secrets(&[2; 32]).is_some_and(|s| s.of(Role::Client).handshake.is_none()));
        assert!(log.secrets(&[3; 32]).is_none());
        assert!(log.secrets(&[]).is_none());
    }

    #[test]
    fn junk_is_counted_with_its_first_line() {
        let text = [
            "# all right".into(),
            "CLIENT_RANDOM 00 11".into(),
            line("CLIENT_RANDOM", 1, 47),
            "what is this".into(),
            "CLIENT_RANDOM".into(),
            line("CLIENT_RANDOM", 1, 48) + " more",
        ]
        .join("\n");
        let mut log = KeyLog::default();
        let junk = log.add(text.as_bytes());
        assert_eq!((junk.lines, junk.first), (5, Some(2)));
        assert_eq!(log.add(b"\xff\xfe\n\0\0").lines, 2);
        assert!(log.is_empty());
    }

    #[test]
    fn no_secret_is_printed() {
        let mut log = KeyLog::default();
        log.add(line("CLIENT_RANDOM", 1, 48).as_bytes());
        let printed = format!("{log:?} {:?}", log.secrets(&[1; 32]));
        assert!(!printed.contains("ab") && !printed.contains("171"), "{printed}");
    }

    #[test]
    fn records_are_kept_only_where_they_may_be_opened() {
        let mut log = KeyLog::default();
        assert!(!log.may_open(None));
        log.add(line("CLIENT_RANDOM", 1, 48).as_bytes());
        assert!(log.may_open(None) && log.may_open(Some(&[1; 32])));
        assert!(!log.may_open(Some(&[2; 32])));
        log.expect_more();
        assert!(log.may_open(Some(&[2; 32])));
    }
}
