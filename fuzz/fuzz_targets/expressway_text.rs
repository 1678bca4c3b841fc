//! Any bytes as the text members of a diagnostic archive: bounds hold, and what is kept
//! can be asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlsight::expressway::settings::CipherUse;
use tlsight::expressway::{Settings, Status, Version, log};
use tlsight::limits::Limits;

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        settings: 50,
        setting_bytes: 100,
        log_lines: 20,
        log_line_bytes: 1000,
        ..Limits::default()
    };
    settings(data, &limits);
    status(data, &limits);
    let log = log::read(data, &limits);
    assert!(log.lines.len() <= 40);
    assert!(log.lines.iter().all(|line| line.text.len() <= 1000 * 3));
    if let Ok(text) = std::str::from_utf8(data) {
        let shown = Version::parse(text).map(|version| version.to_string());
        assert_eq!(shown.as_deref().and_then(Version::parse), Version::parse(text));
    }
});

fn settings(data: &[u8], limits: &Limits) {
    let mut settings = Settings::read(&[data], limits);
    settings.add(b"*c xConfiguration SystemUnit Name: \"x\"", limits);
    assert!(settings.len() <= 50);
    for (path, value) in settings.all() {
        assert!(value.len() <= 100);
        assert_eq!(settings.get(path), Some(value));
    }
    for cipher in CipherUse::ALL {
        let _ = (settings.ciphers(cipher), settings.protocol_minimum(cipher));
    }
    let _ = (settings.zones(), settings.uc_servers(), settings.addresses());
    let _ = (settings.cipher_strings(), settings.edge_domains(), settings.revocation());
}

fn status(data: &[u8], limits: &Limits) {
    let status = Status::read(&[data], limits);
    assert!(status.zones().len() <= 50 && status.warnings().len() <= 50);
    let _ = (status.role(), status.version(), status.addresses(), status.cluster_peers());
}
