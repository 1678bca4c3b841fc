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

/// A capture found in an archive: its name, and its position there.
type Found = (String, usize);
/// The same with its times, where they are known.
type Dated = (Found, Option<Span>);

/// What an archive holds of one host.
struct OfHost {
    bundle: Bundle,
    /// Captures by folder and name without digits, with the times of those that may continue
    /// one another.
    families: BTreeMap<(PathBuf, String), Vec<Dated>>,
}

/// The captures of an archive, those that continue one another put together, with what
/// lies beside them. An archive that cannot be read to its end gives what it has; the
/// trouble shows again when its captures are read. An archive of other things is trouble
/// only when the user `named` it.
pub(super) fn members(path: &Path, named: bool, limits: &Limits) -> Vec<Source> {
    let mut hosts: BTreeMap<(String, String), OfHost> = BTreeMap::new();
    let archive = path.display().to_string();
    let mut left_out = 0_u64;
    let mut unreadable: Vec<Source> = Vec::new();
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
        let family = family(Path::new(&name));
        match member.input().and_then(|input| CaptureReader::new(input, limits)) {
            Ok(reader) => {
                let host = hosts.entry(key).or_insert_with_key(|key| OfHost::new(&archive, key));
                host.bundle.add_capture();
                let siblings = host.families.entry(family).or_default();
                // Of the first one nothing is asked before there is a second one.
                let span = if siblings.is_empty() { None } else { span(reader) };
                siblings.push(((name, index), span));
            }
            Err(error) if is_trouble(&error) && unreadable.len() < UNREADABLE => {
                let name = format!("{archive}, {name}");
                unreadable.push(Source::Trouble { name, error: error.to_string() });
            }
            Err(_) => {}
        }
        true
    });
    unite_nameless(&mut hosts);
    ask_first_ones(path, &mut hosts, limits);
    let empty = hosts.is_empty() && unreadable.is_empty() && read.is_ok();
    let nothing = (empty && named).then(|| NOTHING_INSIDE.to_owned());
    let mut sources: Vec<Source> =
        hosts.into_iter().flat_map(|((within, _), host)| host.sources(path, &within)).collect();
    sources.extend(unreadable);
    let crowded = (left_out > 0).then(|| {
        format!("holds files of more than {} hosts; {left_out} were left out", limits.archive_hosts)
    });
    let unread = read.err().map(|error| error.to_string());
    let trouble = unread.into_iter().chain(crowded).chain(nothing);
    let told = |error| Source::Trouble { name: archive.clone(), error };
    sources.extend(trouble.map(told));
    sources
}

/// Members that may be captures and cannot be read, told one by one.
const UNREADABLE: usize = 16;

/// Whether a member may be a capture all the same: it cannot be read, is packed twice, or its
/// header is cut.
const fn is_trouble(error: &CaptureError) -> bool {
    use CaptureError::{BadHeader, CompressedTwice, Io};
    matches!(error, Io(_) | CompressedTwice { .. } | BadHeader { .. })
}

/// Looks at the times of the first captures of families that have more: once more through the
/// archive, up to the last of them.
fn ask_first_ones(archive: &Path, hosts: &mut BTreeMap<(String, String), OfHost>, limits: &Limits) {
    let families = hosts.values_mut().flat_map(|host| host.families.values_mut());
    let siblings = families.filter(|siblings| siblings.len() > 1).flatten();
    let mut unasked: BTreeMap<usize, &mut Option<Span>> = siblings
        .filter(|(_, span)| span.is_none())
        .map(|((_, index), span)| (*index, span))
        .collect();
    if unasked.is_empty() {
        return;
    }
    let read = archive::visit(archive, limits, &mut |member| {
        if let Some(asked) = unasked.remove(&member.index) {
            let reader = member.input().and_then(|input| CaptureReader::new(input, limits));
            *asked = reader.ok().and_then(span);
        }
        !unasked.is_empty()
    });
    // What is wrong with the archive was told when it was read to its end.
    drop(read);
}

impl OfHost {
    fn new(archive: &str, (within, host): &(String, String)) -> Self {
        let archive =
            if within.is_empty() { archive.to_owned() } else { format!("{archive}, {within}") };
        Self { bundle: Bundle::new(&archive, host), families: BTreeMap::new() }
    }

    fn sources(self, archive: &Path, within: &str) -> Vec<Source> {
        let groups = self.families.into_values().flat_map(|found| match found.len() {
            1 => vec![found.into_iter().map(|(found, _)| found).collect()],
            _ => split(found),
        });
        let captures = groups.map(|group| Source::Members {
            archive: archive.to_path_buf(),
            within: within.to_owned(),
            members: group.into_iter().map(|(name, index)| (index, name)).collect(),
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
            for (family, found) in nameless.families {
                host.families.entry(family).or_default().extend(found);
            }
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

/// What tells whether captures continue one another.
struct Span {
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
        .flat_map(|members| match members.len() {
            1 => vec![members],
            _ => split(with_spans(members, limits)),
        })
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

/// Sorts captures of one family by time and cuts where they do not follow one another. Those
/// without a frame stay alone.
fn split<C: Ord>(members: Vec<(C, Option<Span>)>) -> Vec<Vec<C>> {
    let mut spans = Vec::new();
    let mut alone = Vec::new();
    for (capture, span) in members {
        match span {
            Some(span) => spans.push((span, capture)),
            None => alone.push(vec![capture]),
        }
    }
    spans.sort_by(|(a, one), (b, other)| (a.first, one).cmp(&(b.first, other)));
    let mut groups: Vec<Vec<C>> = Vec::new();
    let mut before: Option<Span> = None;
    for (span, capture) in spans {
        let follows = before.is_some_and(|before| {
            before.link == span.link
                && (0..=ROTATION_SILENCE).contains(&span.first.since(before.last))
        });
        before = Some(span);
        match groups.last_mut() {
            Some(group) if follows => group.push(capture),
            _ => groups.push(vec![capture]),
        }
    }
    groups.extend(alone);
    groups
}

/// First and last time of a capture. Reads it whole, which only those with siblings of
/// the same name cost.
fn span(mut reader: CaptureReader<'_>) -> Option<Span> {
    let mut chunk = Chunk::default();
    let mut span: Option<Span> = None;
    while reader.fill(&mut chunk) {
        for frame in chunk.frames().filter(|frame| frame.link != LinkType::NO_PACKET) {
            let span =
                span.get_or_insert(Span { first: frame.time, last: frame.time, link: frame.link });
            span.first = span.first.min(frame.time);
            span.last = span.last.max(frame.time);
        }
    }
    span
}

/// Files with their first and last times.
fn with_spans(files: Vec<PathBuf>, limits: &Limits) -> Vec<(PathBuf, Option<Span>)> {
    let open = |path: &Path| CaptureReader::new(Input::open(path)?, limits);
    let asked = files.into_iter().map(|path| {
        let asked = open(&path).ok().and_then(span);
        (path, asked)
    });
    asked.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A capture of one frame.
    fn capture(link: u32, second: u32) -> Vec<u8> {
        let words = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, link, second, 0, 1, 1];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.push(0);
        bytes
    }

    /// The names of captures that are read as one, of a zip archive.
    fn read_as_one(members: &[(&str, Vec<u8>)]) -> Vec<Vec<String>> {
        let mut zip = zip::ZipWriter::new(tempfile::NamedTempFile::new().unwrap());
        for (name, content) in members {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        let file = zip.finish().unwrap();
        let sources = super::members(file.path(), true, &Limits::default());
        let names = |source| match source {
            Source::Members { members, .. } => members.into_iter().map(|(_, name)| name).collect(),
            Source::Trouble { error, .. } => vec![error],
            _ => Vec::new(),
        };
        sources.into_iter().map(names).collect()
    }

    #[test]
    fn members_are_joined_as_files_of_a_folder_are() {
        let month = 30 * 24 * 3_600;
        let joined = read_as_one(&[("d/c1.pcap", capture(1, 60)), ("d/c0.pcap", capture(1, 5))]);
        assert_eq!(joined, [["d/c0.pcap", "d/c1.pcap"]]);
        for (why, one, other) in [
            ("folder", ("a/c.pcap", capture(1, 5)), ("b/c.pcap", capture(1, 6))),
            ("time", ("10.1.1.5.pcap", capture(1, 5)), ("10.2.2.6.pcap", capture(1, month))),
            ("link", ("c0.pcap", capture(1, 5)), ("c1.pcap", capture(113, 6))),
        ] {
            let names = [vec![one.0.to_owned()], vec![other.0.to_owned()]];
            assert_eq!(read_as_one(&[one, other]), names, "{why}");
        }
    }

    #[test]
    fn a_member_with_half_a_header_is_told() {
        let told = read_as_one(&[("c.pcap", capture(1, 5)[..20].to_vec())]);
        assert!(told.len() == 1 && told[0][0].contains("only 20 of 24 bytes"), "{told:?}");
    }

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
