//! A diagnostic archive tells the same however it is packed, and with others beside it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::path::Path;

use toolkit::file::record_ends;
use toolkit::packing::{members, pack, unpacked, zipped};
use toolkit::told::{archive, cluster, edge, list, of_day, told};

#[test]
fn two_archives_at_once_are_one_case() {
    let inside = unpacked(&cluster(), Path::new(""));
    let apart = told(&[], &[inside.path().to_path_buf()]);
    assert_eq!(apart.essence(), told(&[], &[cluster()]).essence());
    // C and E of one case: one connection, recorded at both ends.
    let both = told(&[], &[archive(14), edge()]);
    assert_eq!(list(&both.0["expressways"]).count(), 2);
    assert_eq!(both.verdicts().len(), 1);
    both.verdict("192.0.2.30", 7001).is(
        "eku-unsuitable",
        "server",
        ("expressway-c", "expressway-e"),
    );
}

#[test]
fn an_archive_inside_an_archive_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let inner = std::fs::read(archive(7)).unwrap();
    let outer = folder.path().join("case.tar.gz");
    let name = archive(7).file_name().unwrap().to_str().unwrap().to_owned();
    pack(&outer, &[(format!("upload/{name}"), inner)]);
    assert_eq!(told(&[], &[outer]).essence(), of_day(7).essence());
}

/// A diagnostic archive is mailed as it is inside a zip archive, or packed anew as one.
#[test]
fn a_zip_archive_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let name = archive(7).file_name().unwrap().to_str().unwrap().to_owned();
    let packed = std::fs::read(archive(7)).unwrap();
    let inside = zipped(&[(format!("upload/{name}"), packed)]);
    let twice = zipped(&[("case.zip".to_owned(), inside.clone())]);
    let anew = zipped(&members(&archive(7)));
    for (what, bytes) in [("inside", inside), ("twice", twice), ("anew", anew)] {
        let path = folder.path().join("diagnostic.zip");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(told(&[], &[path]).essence(), of_day(7).essence(), "{what}");
    }
}

/// Without a capture the archive is still known.
#[test]
fn an_archive_of_nothing_but_a_log_says_what_it_lacks() {
    let told = of_day(18);
    told.finding("bundle-incomplete", &["no configuration", "no trusted CA list", "no capture"]);
    assert_eq!(told.log()["lines"], 15);
}

#[test]
fn unpacked_is_the_same_as_packed() {
    for day in [1, 7, 14, 17] {
        let folder = unpacked(&archive(day), Path::new("case/files"));
        let loose = told(&[], &[folder.path().to_path_buf()]);
        let packed = of_day(day);
        assert_eq!(loose.essence(), packed.essence(), "{day}");
        assert_eq!(loose.0["legs"], packed.0["legs"], "{day}");
        assert_eq!(loose.log(), packed.log(), "{day}");
    }
}

#[test]
fn the_order_of_the_members_tells_nothing() {
    for day in [1, 7, 17] {
        let told_so = of_day(day);
        let mut files = members(&archive(day));
        for _ in 0..files.len() {
            files.rotate_left(1);
            files.swap(0, 1);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(archive(day).file_name().unwrap());
            pack(&path, &files);
            let other = told(&[], &[path]);
            assert_eq!(other.essence(), told_so.essence(), "{day}");
            assert_eq!(
                (&other.0["legs"], other.log()),
                (&told_so.0["legs"], told_so.log()),
                "{day}"
            );
        }
    }
}

/// Where requests leave through one interface and answers come in through another, only
/// both captures together tell a handshake.
#[test]
fn two_interfaces_with_one_direction_each_are_one_capture() {
    let mut files = members(&archive(3));
    let at = files.iter().position(|(name, _)| name.contains("eth0")).unwrap();
    let (name, whole) = files.remove(at);
    for (interface, own) in [("eth0", true), ("eth1", false)] {
        files.push((name.replace("eth0", interface), from(&whole, [10, 30, 5, 20], own)));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(archive(3).file_name().unwrap());
    pack(&path, &files);
    let parted = told(&[], &[path]);
    assert_eq!(parted.essence(), of_day(3).essence());
    assert_eq!(list(&parted.0["inputs"]).count(), 1);
}

/// The packets of a capture (Ethernet, IPv4) that an address sent, or those that it did
/// not send.
fn from(pcap: &[u8], address: [u8; 4], own: bool) -> Vec<u8> {
    const SOURCE: usize = 16 + 14 + 12;
    let mut kept = pcap[..24].to_vec();
    let mut begin = 24;
    for end in record_ends(pcap) {
        let record = &pcap[begin..end];
        if (record.get(SOURCE..SOURCE + 4) == Some(&address[..])) == own {
            kept.extend_from_slice(record);
        }
        begin = end;
    }
    kept
}

/// Times in the names may be written in other ways, and releases before X14 have shorter names.
#[test]
fn names_of_members_vary() {
    let told_so = of_day(7);
    let with_colons = |name: &str| name.replace("09_01_00", "09:01:00");
    let with_spaces = |name: &str| name.replace("09_01_00", "09 01 00");
    let in_a_folder = |name: &str| format!("diagnostic_log_expc/{name}");
    let renamed: [&dyn Fn(&str) -> String; 3] = [&with_colons, &with_spaces, &in_a_folder];
    for rename in renamed {
        let files: Vec<_> =
            members(&archive(7)).into_iter().map(|(name, bytes)| (rename(&name), bytes)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("diagnostic.tar.gz");
        pack(&path, &files);
        assert_eq!(told(&[], &[path]).essence(), told_so.essence(), "{}", files[0].0);
    }
}

/// Names of members and hosts, settings, status and log lines come from strangers.
#[test]
fn texts_of_an_archive_cannot_act_on_a_terminal() {
    const EVIL: &str = "\u{1b}]0;x\u{7}\u{202e}\u{9b}31m";
    let mut files = members(&archive(7));
    for (name, content) in &mut files {
        if let Ok(text) = String::from_utf8(content.clone()) {
            let bent = text
                .replace("cucmpub.example.org", &format!("cucmpub{EVIL}.example.org"))
                .replace("Hostname: \"expc", &format!("Hostname: \"expc{EVIL}"));
            *content = bent.into_bytes();
        }
        if name.contains("eth0") {
            *name = format!("{EVIL}/{name}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.tar.gz");
    pack(&path, &files);
    let line = |c: char| c == '\n';
    for flags in [&[][..], &["--json"], &["--jsonl"]] {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_tlsight"))
            .args(flags)
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        assert!(said.contains("]0;x"), "{flags:?} does not show it");
        let acts = said
            .chars()
            .find(|c| (c.is_control() && !line(*c)) || ('\u{202a}'..='\u{202e}').contains(c));
        assert_eq!(acts, None, "{flags:?}");
    }
}
