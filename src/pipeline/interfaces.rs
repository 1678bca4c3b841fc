//! Captures of several interfaces of one box. Each stays a capture of its own, so that
//! numbers are Wireshark's; but where one interface recorded what a client sent and
//! another what its server answered, only both together tell a handshake.

use std::collections::BTreeMap;

use super::config::{Config, Source};
use super::who::{Read, read_one};
use crate::packet::Endpoint;

/// A capture that can be read once more, and where it came from.
pub(super) struct Again {
    source: Option<Source>,
}

impl Again {
    /// Of a source that is about to be read; a stream cannot be read twice.
    pub(super) fn of(source: &Source) -> Self {
        let inner = match source {
            Source::Beside { capture: Some(capture), .. } => capture.as_ref(),
            other => other,
        };
        let source = match inner {
            Source::Files(paths) => Some(Source::Files(paths.clone())),
            Source::Members { archive, within, members } => Some(Source::Members {
                archive: archive.clone(),
                within: within.clone(),
                members: members.clone(),
            }),
            _ => None,
        };
        Self { source }
    }
}

/// Reads the captures of each appliance as one where two of them have one direction each
/// of the same connection. The files follow one another; reassembly does not mind that
/// one direction comes behind the other.
pub(super) fn unite(captures: Vec<Read>, again: Vec<Again>, config: &Config) -> Vec<Read> {
    let mut parted: Vec<usize> = captures.iter().filter_map(|capture| capture.appliance).collect();
    parted.sort_unstable();
    parted.dedup();
    parted.retain(|appliance| is_parted(&captures, *appliance));
    let mut united = Vec::new();
    let mut together: BTreeMap<usize, Source> = BTreeMap::new();
    for (capture, again) in captures.into_iter().zip(again) {
        match (capture.appliance.filter(|appliance| parted.contains(appliance)), again.source) {
            (Some(appliance), Some(source)) => {
                let joined = match together.remove(&appliance) {
                    Some(before) => append(before, source),
                    None => source,
                };
                together.insert(appliance, joined);
            }
            _ => united.push(capture),
        }
    }
    let again = together.into_iter();
    united.extend(again.map(|(appliance, source)| read_one(source, Some(appliance), config)));
    united
}

/// One source behind the other; both are of one archive, or files of one folder.
fn append(before: Source, behind: Source) -> Source {
    match (before, behind) {
        (Source::Files(mut paths), Source::Files(more)) => {
            paths.extend(more);
            Source::Files(paths)
        }
        (
            Source::Members { archive, within, mut members },
            Source::Members { members: more, .. },
        ) => {
            members.extend(more);
            Source::Members { archive, within, members }
        }
        (before, _) => before,
    }
}

/// Whether two captures of an appliance have one direction each of a connection.
fn is_parted(captures: &[Read], appliance: usize) -> bool {
    let mut sides: BTreeMap<(Endpoint, Endpoint), (bool, bool)> = BTreeMap::new();
    let own = captures.iter().filter(|capture| capture.appliance == Some(appliance));
    for (_, observed) in own.flat_map(|capture| &capture.observed) {
        let (sent, answered) = (observed.tcp.client.segments > 0, observed.tcp.server.segments > 0);
        let side = sides.entry((observed.client, observed.server)).or_default();
        side.0 |= sent && !answered;
        side.1 |= answered && !sent;
    }
    sides.values().any(|(sent, answered)| *sent && *answered)
}
