//! Every run of bytes in the captures that begins like a certificate either is one or is refused with a reason; none
//! makes the reader panic. Skipped when the captures are not beside the repository.

// A test says what it skipped and how much it read; its helpers may fail it.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use tlsight::x509::{Certificate, Sha256};

/// Of each file only so much is looked at: handshakes of large captures repeat.
const BYTES_PER_FILE: usize = 4 << 20;

/// Reads a certificate wherever two nested SEQUENCEs with two-octet lengths begin; returns `(found, refused)`.
fn search(bytes: &[u8]) -> (BTreeSet<Sha256>, usize) {
    let mut found = BTreeSet::new();
    let mut refused = 0;
    for start in 0..bytes.len().saturating_sub(8) {
        let here = &bytes[start..];
        if here.starts_with(&[0x30, 0x82]) && here[4..].starts_with(&[0x30, 0x82]) {
            match Certificate::parse(here) {
                Ok(certificate) => {
                    let shown = format!(
                        "{certificate:?} {} {}",
                        certificate.issuer,
                        certificate.public_key.label()
                    );
                    assert!(!shown.is_empty());
                    found.insert(certificate.sha256);
                }
                Err(_) => refused += 1,
            }
        }
    }
    (found, refused)
}

#[test]
fn certificates_of_the_captures_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: no captures at {}", folder.display());
        return;
    };
    let (mut files, mut found, mut refused) = (0, BTreeSet::new(), 0);
    for entry in entries {
        let Ok(mut bytes) = std::fs::read(entry.unwrap().path()) else {
            continue;
        };
        bytes.truncate(BYTES_PER_FILE);
        let (certificates, others) = search(&bytes);
        files += 1;
        found.extend(certificates);
        refused += others;
    }
    eprintln!("{files} files, {} distinct certificates, {refused} refused", found.len());
    assert!(found.len() > 10, "only {}", found.len());
}
