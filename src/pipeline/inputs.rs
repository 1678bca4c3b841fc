//! From what the user named to captures: folders are walked, and files that
//! continue one another are read as one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Source;
use super::scan::{self, Inputs, Unit, Walk};
use crate::capture::{CaptureError, CaptureReader, Chunk, Input, LinkType, archive};
use crate::expressway::{
    Appliance, Bundle, MemberKind, member_host, member_interface, member_kind,
};
use crate::limits::Limits;
use crate::time::Timestamp;

/// Longest silence between two files of one rotation. tcpdump and dumpcap begin the
/// next file with the packet that no longer fits the last one, so on a busy link it
/// is far shorter; on a quiet one nothing is open across it.
const ROTATION_SILENCE: i64 = 3_600 * 1_000_000_000;

/// Collects the captures that `paths` name: `-` is standard input, a pipe is read like it,
/// a folder stands for the captures in and below it, recognised by content; what cannot be
/// looked at in it, and what is called a capture and is none, is trouble of its own. What lies
/// beside them of a diagnostic archive, packed or not, goes with them.
///
/// # Errors
/// The first path that does not exist, with its name.
pub fn collect(paths: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let mut sources = Vec::new();
    let (mut files, mut named, mut troubles) = (Vec::new(), BTreeSet::new(), Vec::new());
    for path in paths {
        if path.as_os_str() == "-" {
            let bytes = Box::new(io::stdin());
            sources.push(Source::Stream { name: "standard input".into(), bytes });
            continue;
        }
        let kind = path.metadata().map_err(|error| (path.clone(), error))?.file_type();
        if kind.is_dir() {
            for unit in Walk::new(Inputs::Paths(vec![path.clone()].into_iter())) {
                match found(unit) {
                    Ok(Some(file)) => files.push(file),
                    Ok(None) => {}
                    Err(trouble) => troubles.push(trouble),
                }
            }
        } else if kind.is_file() {
            files.push(path.clone());
            named.insert(path);
        } else {
            // What a pipe gives can be read once, so it is not asked before what it holds.
            let pipe = File::open(path).map_err(|error| (path.clone(), error))?;
            sources.push(super::source_from_reader(&path.display().to_string(), Box::new(pipe)));
        }
    }
    let (archives, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|path| archive::is_archive(path).unwrap_or(false));
    sources.extend(archives.iter().flat_map(|path| members(path, named.contains(path), limits)));
    sources.extend(loose(files, limits));
    sources.extend(troubles);
    Ok(sources)
}

/// A file of a folder that is about captures; what cannot be looked at is trouble of its own
/// and stops nothing.
fn found(unit: Unit) -> Result<Option<PathBuf>, Source> {
    let Unit { path, trouble, .. } = unit;
    let failed = |error| Source::Trouble { name: path.display().to_string(), error };
    match trouble.map_or_else(|| matters(&path).map_err(|error| error.to_string()), Err) {
        Ok(matters) => Ok(matters.then_some(path)),
        Err(error) => Err(failed(error)),
    }
}

/// What is wrong with an archive of other things.
const NOTHING_INSIDE: &str =
    "the archive holds no capture, and nothing of a diagnostic archive of an Expressway";

/// A capture found in an archive.
struct Found {
    index: usize,
    name: String,
    first: Timestamp,
}

/// What an archive holds of one host.
struct OfHost {
    bundle: Bundle,
    families: BTreeMap<String, Vec<Found>>,
}

/// The captures of an archive, rotated ones put together in order of time, with what
/// lies beside them. An archive that cannot be read to its end gives what it has; the
/// trouble shows again when its captures are read. An archive of other things is trouble
/// only when the user `named` it.
pub(super) fn members(path: &Path, named: bool, limits: &Limits) -> Vec<Source> {
    let mut hosts: BTreeMap<(String, String), OfHost> = BTreeMap::new();
    let archive = path.display().to_string();
    let mut left_out = 0_u64;
    let read = archive::visit(path, limits, &mut |mut member| {
        let kind = member_kind(&member.name);
        let key = (member.within.clone(), member_host(&member.name));
        if hosts.len() >= limits.archive_hosts && !hosts.contains_key(&key) {
            left_out += 1;
            return true;
        }
        if let Some(kind) = kind.filter(|kind| *kind != MemberKind::Capture) {
            let host = hosts.entry(key).or_insert_with_key(|key| OfHost::new(&archive, key));
            let name = member.name.clone();
            host.bundle.add(kind, &name, member.bytes(), limits);
            return true;
        }
        let (index, name) = (member.index, member.name.clone());
        if let Some(first) = first_time(member, limits) {
            let host = hosts.entry(key).or_insert_with_key(|key| OfHost::new(&archive, key));
            host.bundle.add_capture();
            let family = family(Path::new(&name)).1;
            host.families.entry(family).or_default().push(Found { index, name, first });
        }
        true
    });
    unite_nameless(&mut hosts);
    let nothing = (hosts.is_empty() && read.is_ok() && named).then(|| NOTHING_INSIDE.to_owned());
    let mut sources: Vec<Source> =
        hosts.into_iter().flat_map(|((within, _), host)| host.sources(path, &within)).collect();
    let crowded = (left_out > 0).then(|| {
        format!("holds files of more than {} hosts; {left_out} were left out", limits.archive_hosts)
    });
    let unread = read.err().map(|error| error.to_string());
    let trouble = unread.into_iter().chain(crowded).chain(nothing);
    let told = |error| Source::Trouble { name: archive.clone(), error };
    sources.extend(trouble.map(told));
    sources
}

impl OfHost {
    fn new(archive: &str, (within, host): &(String, String)) -> Self {
        let archive =
            if within.is_empty() { archive.to_owned() } else { format!("{archive}, {within}") };
        Self { bundle: Bundle::new(&archive, host), families: BTreeMap::new() }
    }

    fn sources(self, archive: &Path, within: &str) -> Vec<Source> {
        let captures = self.families.into_values().map(|mut found| {
            found.sort_by(|a, b| (a.first, &a.name).cmp(&(b.first, &b.name)));
            Source::Members {
                archive: archive.to_path_buf(),
                within: within.to_owned(),
                members: found.into_iter().map(|found| (found.index, found.name)).collect(),
            }
        });
        beside(self.bundle.finish(), captures.collect())
    }
}

/// Members whose names tell no host belong to the only host that the others name.
fn unite_nameless(hosts: &mut BTreeMap<(String, String), OfHost>) {
    let containers: Vec<String> = hosts.keys().map(|(within, _)| within.clone()).collect();
    for within in containers {
        let mut named =
            hosts.keys().filter(|(of, host)| *of == within && !host.is_empty()).cloned();
        let (Some(only), None) = (named.next(), named.next()) else { continue };
        drop(named);
        let Some(nameless) = hosts.remove(&(within, String::new())) else { continue };
        if let Some(host) = hosts.get_mut(&only) {
            host.bundle.unite(nameless.bundle);
            host.families.extend(nameless.families);
        }
    }
}

/// Captures with the appliance whose archive they lay in. One without a capture is
/// still an answer: a restart while logging leaves nothing but the log.
fn beside(appliance: Option<Appliance>, captures: Vec<Source>) -> Vec<Source> {
    let Some(appliance) = appliance.map(Arc::new) else { return captures };
    if captures.is_empty() {
        return vec![Source::Beside { appliance, capture: None }];
    }
    let beside = |capture| Source::Beside {
        appliance: Arc::clone(&appliance),
        capture: Some(Box::new(capture)),
    };
    captures.into_iter().map(beside).collect()
}

/// Files that are no archives: captures, and what an unpacked archive has beside them.
fn loose(files: Vec<PathBuf>, limits: &Limits) -> Vec<Source> {
    let mut bundles: BTreeMap<(PathBuf, String), Bundle> = BTreeMap::new();
    let mut captures = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(kind) = member_kind(&name).filter(|kind| *kind != MemberKind::Capture) else {
            captures.push(path);
            continue;
        };
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let host = member_host(&name);
        let shown = folder.display().to_string();
        let bundle =
            bundles.entry((folder, host.clone())).or_insert_with(|| Bundle::new(&shown, &host));
        match File::open(&path) {
            Ok(mut file) => bundle.add(kind, &name, &mut file, limits),
            Err(error) => bundle.add_trouble(&name, &error),
        }
    }
    let mut sources = Vec::new();
    let mut of_bundles: BTreeMap<(PathBuf, String), Vec<Source>> = BTreeMap::new();
    for group in rotations(captures, limits) {
        match group.first().and_then(|path| bundle_of(path, &bundles)) {
            Some(key) => {
                if let Some(bundle) = bundles.get_mut(&key) {
                    group.iter().for_each(|_| bundle.add_capture());
                }
                of_bundles.entry(key).or_default().push(Source::Files(group));
            }
            None => sources.push(Source::Files(group)),
        }
    }
    for (key, bundle) in bundles {
        sources.extend(beside(bundle.finish(), of_bundles.remove(&key).unwrap_or_default()));
    }
    sources
}

/// The bundle that a capture belongs to: that of its folder and host, or the only one
/// of its folder.
fn bundle_of(
    capture: &Path,
    bundles: &BTreeMap<(PathBuf, String), Bundle>,
) -> Option<(PathBuf, String)> {
    let folder = capture.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
    let name = capture.file_name().unwrap_or_default().to_string_lossy();
    let key = (folder.clone(), member_host(&name));
    if bundles.contains_key(&key) {
        return Some(key);
    }
    let mut in_folder = bundles.keys().filter(|(of, _)| *of == folder);
    match (in_folder.next(), in_folder.next()) {
        (Some(only), None) if member_kind(&name).is_some() => Some(only.clone()),
        _ => None,
    }
}

/// The time of a capture's first frame; `None` when the member is no capture.
fn first_time(member: archive::Member<'_>, limits: &Limits) -> Option<Timestamp> {
    let mut reader = CaptureReader::new(member.input().ok()?, limits).ok()?;
    let mut chunk = Chunk::default();
    reader.fill(&mut chunk);
    Some(chunk.frames().next().map(|frame| frame.time).unwrap_or_default())
}

/// Whether a file of a folder is about captures: it begins like a capture or an archive, is
/// called one, or has the name of a member of a diagnostic archive.
///
/// # Errors
/// Why it cannot be read.
fn matters(path: &Path) -> Result<bool, CaptureError> {
    Ok(is_member(path) || archive::kind(path)?.is_some() || scan::is_called_capture(path))
}

fn is_member(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    member_kind(&name).is_some()
}

/// What tells whether files continue one another.
struct Span {
    path: PathBuf,
    first: Timestamp,
    last: Timestamp,
    link: LinkType,
}

/// Groups files of one rotation: same folder, names that differ in digits only, the
/// same link type, and times that follow one another. Everything else stays alone.
fn rotations(files: Vec<PathBuf>, limits: &Limits) -> Vec<Vec<PathBuf>> {
    let mut groups: BTreeMap<(PathBuf, String), Vec<PathBuf>> = BTreeMap::new();
    let mut order = Vec::new();
    for path in files {
        let key = family(&path);
        let members = groups.entry(key.clone()).or_default();
        if members.is_empty() {
            order.push(key);
        }
        if !members.contains(&path) {
            members.push(path);
        }
    }
    order
        .into_iter()
        .filter_map(|key| groups.remove(&key))
        .flat_map(|members| if members.len() == 1 { vec![members] } else { split(members, limits) })
        .collect()
}

/// Folder and name without digits; of a diagnostic archive the interface and the host,
/// whose digits tell captures apart that do not continue one another.
fn family(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(interface) = member_interface(&name) {
        return (folder, format!("{interface} {}", member_host(&name)));
    }
    (folder, name.chars().filter(|c| !c.is_ascii_digit()).collect())
}

/// Sorts files of one family by time and cuts where they do not follow one another.
fn split(members: Vec<PathBuf>, limits: &Limits) -> Vec<Vec<PathBuf>> {
    let mut spans = Vec::new();
    let mut alone = Vec::new();
    for path in members {
        match span(&path, limits) {
            Some(span) => spans.push(span),
            None => alone.push(vec![path]),
        }
    }
    spans.sort_by(|a, b| (a.first, &a.path).cmp(&(b.first, &b.path)));
    let mut groups: Vec<Vec<PathBuf>> = Vec::new();
    let mut before: Option<(Timestamp, LinkType)> = None;
    for span in spans {
        let follows = before.is_some_and(|(last, link)| {
            link == span.link && (0..=ROTATION_SILENCE).contains(&span.first.since(last))
        });
        before = Some((span.last, span.link));
        match groups.last_mut() {
            Some(group) if follows => group.push(span.path),
            _ => groups.push(vec![span.path]),
        }
    }
    groups.extend(alone);
    groups
}

/// First and last time of a file. Reads it whole, which only files with siblings of
/// the same name cost.
fn span(path: &Path, limits: &Limits) -> Option<Span> {
    let mut reader = CaptureReader::new(Input::open(path).ok()?, limits).ok()?;
    let mut chunk = Chunk::default();
    let mut span: Option<Span> = None;
    while reader.fill(&mut chunk) {
        for frame in chunk.frames() {
            let span = span.get_or_insert_with(|| Span {
                path: path.to_path_buf(),
                first: frame.time,
                last: frame.time,
                link: frame.link,
            });
            span.first = span.first.min(frame.time);
            span.last = span.last.max(frame.time);
        }
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_rotation_differ_in_digits_only() {
        let one = Path::new("d/eth0_diagnostic_logging_tcpdump00_expc_2026.pcap");
        let two = Path::new("d/eth0_diagnostic_logging_tcpdump01_expc_2026.pcap");
        assert_eq!(family(one), family(two));
        assert_ne!(
            family(one),
            family(Path::new("e/eth0_diagnostic_logging_tcpdump01_expc_2026.pcap"))
        );
        assert_ne!(family(Path::new("a.pcap")), family(Path::new("b.pcap")));
    }
}
