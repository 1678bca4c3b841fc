//! Certificates that expire soon after they were seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, Presented};
use crate::tls::Role;
use crate::wire::text::hex;

/// Less than this is soon: 30 days, as in the rule `cert-expires-soon`.
const SOON: i64 = 30 * SECONDS_A_DAY;
const SECONDS_A_DAY: i64 = 86_400;
/// Certificates remembered; those of a large network are fewer.
const CERTIFICATES: usize = 20_000;

/// Certificates that had expired when they were seen, or did within 30 days, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    by_digest: BTreeMap<String, Expiring>,
    /// Sightings of others, when there was no room for another certificate.
    #[serde(default)]
    left_out: u64,
}

/// A certificate that expires soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// The last second of its validity, in unix seconds.
    pub end: i64,
    /// When it was seen last: the time at which it was judged, in unix seconds.
    pub seen: i64,
    /// Who showed it then.
    pub holder: String,
    /// In which file.
    pub file: String,
}

impl Expiring {
    /// Whole days from the last time it was seen to its end; negative when it had
    /// expired.
    #[must_use]
    pub const fn days(&self) -> i64 {
        self.end.saturating_sub(self.seen).div_euclid(SECONDS_A_DAY)
    }
}

impl Expiry {
    /// Looks at all certificates that a connection showed.
    pub(super) fn see(&mut self, file: &str, connection: &Connection) {
        let Some(seen) = connection.clock() else { return };
        for role in [Role::Server, Role::Client] {
            let shown = connection.certificates(role).iter().filter_map(Presented::parsed);
            for certificate in shown {
                let Some(end) = certificate.not_after.unix else { continue };
                if end.saturating_sub(seen) >= SOON {
                    continue;
                }
                let expiring = || Expiring {
                    subject: certificate.subject.to_string(),
                    issuer: certificate.issuer.to_string(),
                    end,
                    seen,
                    holder: connection.end(role).to_string(),
                    file: file.to_owned(),
                };
                self.add(hex(&certificate.sha256), seen, expiring);
            }
        }
    }

    fn add(&mut self, digest: String, seen: i64, expiring: impl FnOnce() -> Expiring) {
        let full = self.by_digest.len() >= CERTIFICATES;
        match self.by_digest.get_mut(&digest) {
            Some(known) if known.seen >= seen => {}
            Some(known) => *known = expiring(),
            None if full => self.left_out += 1,
            None => drop(self.by_digest.insert(digest, expiring())),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (digest, one) in other.by_digest {
            self.add(digest, one.seen, || one);
        }
        self.left_out += other.left_out;
    }

    /// SHA-256 and content of each, the one that ends first in front.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&str, &Expiring)> {
        let mut all: Vec<(&str, &Expiring)> =
            self.by_digest.iter().map(|(digest, one)| (digest.as_str(), one)).collect();
        all.sort_by_key(|(_, one)| one.end);
        all
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty() && self.left_out == 0
    }
}
