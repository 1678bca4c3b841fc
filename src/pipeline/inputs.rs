//! From what the user named to captures: folders are walked, and files that
//! continue one another are read as one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::config::Source;
use crate::capture::{CaptureReader, Chunk, Format, Input, LinkType};
use crate::limits::Limits;
use crate::time::Timestamp;

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
    sources.extend(rotations(files, limits).into_iter().map(Source::Files));
    Ok(sources)
}

/// Files below a folder that begin like a capture, in order of their names.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        folder.read_dir()?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        // A link may lead back to where we came from.
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file() && is_capture(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_capture(path: &Path) -> bool {
    let Ok(mut input) = Input::open(path) else { return false };
    let mut head = Vec::new();
    let read = io::Read::read_to_end(&mut io::Read::take(&mut input.bytes, 24), &mut head);
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
