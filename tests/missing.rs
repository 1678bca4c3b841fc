//! What is missing never turns into a claim: every sample with each of its frames left out,
//! and cut to many snapshot lengths, says what the whole sample says, or less.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tlsight::pipeline::{Config, analyze};
use tlsight::trust::{Store, StoreSemantics};
use toolkit::file::record_ends;
use toolkit::look::{connections, source, to_value};
use toolkit::samples::{self, Sample};

/// Bytes of every frame that are kept.
const SNAPLENS: [usize; 10] = [66, 96, 128, 200, 256, 400, 600, 900, 1100, 1300];
/// Outcomes that claim nothing.
const SILENT: [&str; 3] = ["not_visible", "unfinished", "cut_off"];
/// Rules that tell less than the one which the whole sample has in their place.
const TELL_LESS: [&str; 2] = ["alert-received", "handshake-unfinished"];
/// Frames with the first FIN: without it, who closed first is who closed second, and an alert
/// answers no close.
const FIRST_FIN: [(&str, usize); 2] =
    [("server-speaks-http.pcap", 8), ("closed-after-client-hello.pcap", 6)];
const HEADER: usize = 16;

/// The samples that are one plain pcap file.
fn all() -> impl Iterator<Item = (Sample, Vec<u8>)> {
    let plain = |sample: &Sample| {
        sample.files.len() == 1
            && Path::new(&sample.files[0]).extension().is_some_and(|kind| kind == "pcap")
    };
    samples::all().into_iter().filter(plain).map(|sample| {
        let bytes = sample.bytes();
        (sample, bytes)
    })
}

fn document(bytes: &[u8], store: &Store) -> Value {
    let config = Config { store: Some(store.clone()), unranked: true, ..Config::default() };
    to_value(&analyze(vec![source(bytes)], &config))
}

fn store(sample: &Sample) -> Store {
    let path = samples::root().join(sample.trust.as_ref().unwrap());
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle("trust list", &std::fs::read(path).unwrap());
    store
}

/// What `part` claims of a connection that `whole` does not.
fn claims(whole: &Value, part: &Value) -> Vec<String> {
    let mut claims = Vec::new();
    let outcome = part["handshake"].as_str().unwrap();
    let weaker = SILENT.contains(&outcome);
    for field in ["handshake", "aborted_by"] {
        if !weaker && part[field] != whole[field] {
            claims.push(format!("{field}: {} for {}", part[field], whole[field]));
        }
    }
    for field in ["/sni", "/version", "/cipher_suite", "/resumed", "/signing_key"]
        .into_iter()
        .chain(["/server_path/conclusion", "/client_path/conclusion", "/name_check/matches"])
    {
        let (found, known) = (part.pointer(field), whole.pointer(field));
        if found.is_some_and(|found| !found.is_null()) && found != known {
            claims.push(format!("{field}: {found:?} for {known:?}"));
        }
    }
    let rules = |of: &Value| -> BTreeSet<String> {
        let list = of["findings"].as_array().unwrap();
        list.iter().map(|rule| rule.as_str().unwrap().to_owned()).collect()
    };
    let known = rules(whole);
    let new = rules(part).into_iter().filter(|rule| !known.contains(rule));
    claims.extend(new.filter(|rule| !TELL_LESS.contains(&rule.as_str())));
    claims
}

/// What the changed capture claims of the connections of the whole one, client and server
/// exchanged or not.
fn all_claims(whole: &Value, part: &Value) -> Vec<String> {
    let ends = |one: &Value| BTreeSet::from([one["client"].to_string(), one["server"].to_string()]);
    let mut claimed = Vec::new();
    for part in connections(part) {
        let same = connections(whole).iter().find(|whole| ends(whole) == ends(part));
        match same {
            Some(whole) if whole["client"] == part["client"] => claimed.extend(claims(whole, part)),
            Some(_) => claimed.push(format!("the client is {}", part["client"])),
            None => claimed.push(format!("TLS with {}", part["server"])),
        }
    }
    claimed
}

/// Says what each changed capture claims beyond the whole.
fn check(changes: impl Fn(&str, &[u8]) -> Vec<(String, Vec<u8>)>) {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (sample, bytes) in all() {
        let store = store(&sample);
        let whole = document(&bytes, &store);
        for (change, changed) in changes(&sample.name, &bytes) {
            seen += 1;
            let claims = all_claims(&whole, &document(&changed, &store));
            wrong.extend(claims.iter().map(|claim| format!("{} {change}: {claim}", sample.name)));
        }
    }
    assert!(seen > 300, "only {seen} captures");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_frame_that_is_missing_is_no_reason_to_claim_more() {
    check(|name, bytes| {
        let ends = record_ends(bytes);
        let whole = ends.windows(2).filter(|pair| pair[1] <= bytes.len());
        let numbered = (1..).zip(whole).filter(|(frame, _)| !FIRST_FIN.contains(&(name, *frame)));
        numbered
            .map(|(frame, pair)| {
                let rest = [&bytes[..pair[0]], &bytes[pair[1]..]].concat();
                (format!("without frame {frame}"), rest)
            })
            .collect()
    });
}

/// Without the SYNs no sequence number tells what was sent first.
#[test]
fn a_capture_that_begins_late_and_lacks_a_frame_is_no_reason_to_claim_more() {
    check(|name, bytes| {
        let ends = record_ends(bytes);
        let whole: Vec<_> = ends.windows(2).filter(|pair| pair[1] <= bytes.len()).collect();
        let behind_syns = (1..).zip(whole).skip(2);
        behind_syns
            .filter(|(frame, _)| !FIRST_FIN.contains(&(name, *frame)))
            .map(|(frame, pair)| {
                let rest = [&bytes[..ends[0]], &bytes[ends[2]..pair[0]], &bytes[pair[1]..]];
                (format!("without frames 1, 2 and {frame}"), rest.concat())
            })
            .collect()
    });
}

#[test]
fn a_short_snaplen_is_no_reason_to_claim_more() {
    check(|_, bytes| {
        let ends = record_ends(bytes);
        let cut = |snaplen: usize| {
            let mut out = bytes[..ends[0]].to_vec();
            for pair in ends.windows(2).filter(|pair| pair[1] <= bytes.len()) {
                let (header, data) = bytes[pair[0]..pair[1]].split_at(HEADER);
                let kept = data.len().min(snaplen);
                out.extend(&header[..8]);
                out.extend(u32::try_from(kept).unwrap().to_le_bytes());
                out.extend(&header[12..]);
                out.extend(&data[..kept]);
            }
            (format!("of {snaplen} bytes a frame"), out)
        };
        SNAPLENS.into_iter().map(cut).collect()
    });
}
