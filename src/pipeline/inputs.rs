//! From what the user named to captures: folders are walked, and files that
//! continue one another are read as one.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::config::Source;
use crate::capture::{CaptureReader, Chunk, Format, Input, LinkType, archive};
use crate::expressway::{MemberKind, member_kind};
use crate::limits::Limits;
use crate::time::Timestamp;
use crate::trust::{Store, StoreSemantics};

/// Longest silence between two files of one rotation. tcpdump and dumpcap begin the
/// next file with the packet that no longer fits the last one, so on a busy link it
/// is far shorter; on a quiet one nothing is open across it.
const ROTATION_SILENCE: i64 = 3_600 * 1_000_000_000;

/// Collects the captures that `paths` name: `-` is standard input, a folder stands
/// for the captures in and below it, recognised by content.
///
/// # Errors
/// The first path that does not exist or a folder that cannot be listed, with its
/// name.
pub fn collect(paths: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let mut sources = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let bytes = Box::new(io::stdin());
            sources.push(Source::Stream { name: "standard input".into(), bytes });
        } else if path.is_dir() {
            walk(path, &mut files).map_err(|error| (path.clone(), error))?;
        } else {
            path.metadata().map_err(|error| (path.clone(), error))?;
            files.push(path.clone());
        }
    }
    let (archives, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|path| archive::is_archive(path).unwrap_or(false));
    sources.extend(archives.iter().flat_map(|path| members(path, limits)));
    sources.extend(rotations(files, limits).into_iter().map(Source::Files));
    Ok(sources)
}

/// A capture found in an archive.
struct Found {
    index: usize,
    name: String,
    first: Timestamp,
}

/// The captures of an archive, rotated ones put together in order of time, and the
/// trust list that lies beside them. An archive that cannot be read to its end gives
/// what it has; the trouble shows again when its captures are read.
fn members(path: &Path, limits: &Limits) -> Vec<Source> {
    let mut families: BTreeMap<(PathBuf, String), Vec<Found>> = BTreeMap::new();
    let mut store = Store::new(StoreSemantics::Expressway);
    let read = archive::visit(path, limits, &mut |mut member| {
        if member_kind(&member.name) == Some(MemberKind::TrustStore) {
            let mut pem = Vec::new();
            let room = member.size.min(limits.record_bytes as u64);
            if Read::take(member.bytes(), room).read_to_end(&mut pem).is_ok() {
                store.add_bundle(&member.name, &pem);
            }
            return true;
        }
        let (index, name) = (member.index, member.name.clone());
        if let Some(first) = first_time(member, limits) {
            let key = family(Path::new(&name));
            families.entry(key).or_default().push(Found { index, name, first });
        }
        true
    });
    if families.is_empty() {
        // Nothing to read: reading it as a capture says what is wrong with it.
        drop(read);
        return vec![Source::Files(vec![path.to_path_buf()])];
    }
    let store = (!store.anchors().is_empty()).then_some(store);
    families
        .into_values()
        .map(|mut found| {
            found.sort_by(|a, b| (a.first, &a.name).cmp(&(b.first, &b.name)));
            Source::Members {
                archive: path.to_path_buf(),
                members: found.into_iter().map(|found| (found.index, found.name)).collect(),
                store: store.clone(),
            }
        })
        .collect()
}

/// The time of a capture's first frame; `None` when the member is no capture.
fn first_time(member: archive::Member<'_>, limits: &Limits) -> Option<Timestamp> {
    let mut reader = CaptureReader::new(member.input().ok()?, limits).ok()?;
    let mut chunk = Chunk::default();
    reader.fill(&mut chunk);
    Some(chunk.frames().next().map(|frame| frame.time).unwrap_or_default())
}

/// Files below a folder that begin like a capture or archive, in order of their names.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        folder.read_dir()?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        // A link may lead back to where we came from.
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file()
            && (is_capture(&path) || archive::is_archive(&path).unwrap_or(false))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn is_capture(path: &Path) -> bool {
    let Ok(mut input) = Input::open(path) else { return false };
    let mut head = Vec::new();
    let read = input.bytes.by_ref().take(24).read_to_end(&mut head);
    read.is_ok() && Format::sniff(&head).is_some()
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

/// Folder and name without digits.
fn family(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
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
