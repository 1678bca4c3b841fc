//! The diagnostic archive of an Expressway: which member is what, by its name
//! (Administrator Guide X15.5, Diagnostics and Troubleshooting).

/// What a member of a diagnostic archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// `eth<n>_diagnostic_logging_tcpdump<x>_<host>_<time>.pcap`.
    Capture,
    /// `ca_<host>_<time>.pem`: the trusted CA list.
    TrustStore,
    /// `server_*.pem`, `client_*.pem`: the box's own certificates.
    OwnCertificate,
    /// `xconf_dump_*`.
    Configuration,
    /// `xstat_dump_*`.
    Status,
    /// `loggingsnapshot_*.txt`.
    Log,
}

/// Recognises a member by the last part of its name; the archive may hold its files
/// at the root or in a folder, and separators vary with the system that saved them.
#[must_use]
pub fn member_kind(name: &str) -> Option<MemberKind> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let ends = |ending: &str| base.ends_with(ending);
    if base.contains("diagnostic_logging_tcpdump") {
        Some(MemberKind::Capture)
    } else if base.starts_with("ca_") && ends(".pem") {
        Some(MemberKind::TrustStore)
    } else if (base.starts_with("server_") || base.starts_with("client_")) && ends(".pem") {
        Some(MemberKind::OwnCertificate)
    } else if base.starts_with("xconf_dump") {
        Some(MemberKind::Configuration)
    } else if base.starts_with("xstat_dump") {
        Some(MemberKind::Status)
    } else if base.starts_with("loggingsnapshot") {
        Some(MemberKind::Log)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_their_names() {
        let cases = [
            ("ca_expc_2026-11-21_20_38_14.pem", Some(MemberKind::TrustStore)),
            ("diagnostic_log_x/server_expc_2026.pem", Some(MemberKind::OwnCertificate)),
            ("eth0_diagnostic_logging_tcpdump0_expc_2026.pcap", Some(MemberKind::Capture)),
            ("diagnostic_logging_tcpdump.pcap", Some(MemberKind::Capture)),
            ("xconf_dump.txt", Some(MemberKind::Configuration)),
            ("loggingsnapshot_expc_2026.txt", Some(MemberKind::Log)),
            ("readme.txt", None),
        ];
        for (name, kind) in cases {
            assert_eq!(member_kind(name), kind, "{name}");
        }
    }
}
