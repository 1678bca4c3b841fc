//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tlsight::expressway::{BoxRole, Mapped, Version};
use tlsight::pipeline::ExpectedName;
use tlsight::rules::Severity;

use super::certs::Certs;
use super::ciphers::Ciphers;
use super::diff::Diff;
use super::explain::{RuleId, Rules};
use super::filters::Filters;
use super::forecast::Forecast;
use super::peers::Peers;
use super::scan::Scan;
use super::store::Examine;
use super::verify::Verify;
use super::versions::Versions;
use super::whatif::Whatif;
use super::{judging, known};

const AFTER_HELP: &str = "\
Examples:
  tlsight capture.pcap                           what happened, without judging trust
  tlsight --trust ca.pem capture.pcap            the verdict of a client with this trust list
  tlsight diagnostic_log_expc.tar.gz             an Expressway's archive, judged by its own trust list
  tlsight --trust ca.pem *.pcap                  several captures; files of one rotation are one
  tlsight --keylog keys.txt capture.pcap         with the certificates of TLS 1.3
  tcpdump -w - port 8443 | tlsight -             from a pipe
  tlsight show capture.pcap --stream 2           one handshake in full
  tlsight verify leaf.pem --trust ca.pem         a chain without a capture
  tlsight diff before.pcap after.pcap            what a change mended and what it broke
  tlsight scan folder/                           thousands of captures, each on its own
  tlsight whatif --disable ecdsa capture.pcap    what a change would do
  tlsight forecast --to X15.4 expc.tar.gz        what an upgrade would do
  tlsight --json capture.pcap | jq .verdicts     for programs

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 trouble.";

/// Reads packet captures and says why a TLS handshake failed: which certificate was
/// shown, which cipher suite led to it, which trust anchor is missing, and what to do.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) analyze: Analyze,

    /// When to use colour.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: Colour,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan many captures and archives, each on its own, and sum up.
    Scan(Box<Scan>),
    /// Print one handshake in full: every message, certificate and alert.
    Show(Show),
    /// Check a certificate chain without a capture, as OpenSSL would.
    Verify(Verify),
    /// Examine a trust store: each anchor, and what is odd about it.
    #[command(name = "trust")]
    Store(Examine),
    /// List the servers: what they show, whom they ask for, whom they accept.
    Peers(Peers),
    /// Compare two captures or archives, before and after a change, leg by leg.
    Diff(Diff),
    /// Foretell what a change does: other ciphers, another anchor, another certificate.
    Whatif(Whatif),
    /// Foretell what an upgrade of an Expressway breaks and mends.
    Forecast(Forecast),
    /// Write every certificate of the captures to a folder, each once.
    Certs(Certs),
    /// Expand an OpenSSL cipher string: which suites, in which order.
    Ciphers(Ciphers),
    /// List releases of Expressway: httpd, and what changed for TLS.
    Versions(Versions),
    /// List the rules.
    Rules(Rules),
    /// Explain a rule: what it checks, why it matters, what to do.
    #[command(after_help = EXIT_OF_LISTS)]
    Explain {
        /// Id of the rule, as `tlsight rules` lists it.
        #[arg(value_parser = RuleId, hide_possible_values = true)]
        id: &'static str,
    },
    /// Print a completion script for a shell.
    #[command(after_help = EXIT_OF_LISTS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Analyze {
    /// Captures (pcap or pcapng, plain or gzip/bzip2/zstd/xz/lz4), diagnostic archives
    /// (tar) and other archives (tar, zip), folders of them, or - for standard input.
    /// Rotated files of one capture are read as one.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) trust: Trust,

    #[command(flatten)]
    pub(crate) release: Release,

    #[command(flatten)]
    pub(crate) keys: Keys,

    /// One JSON document (docs/json.md of the project describes it).
    #[arg(long, conflicts_with = "jsonl")]
    pub(crate) json: bool,

    /// One JSON object per connection and line.
    #[arg(long)]
    pub(crate) jsonl: bool,

    #[command(flatten)]
    pub(crate) filters: Filters,

    /// Exit with 1 for findings of this severity or worse.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(crate) fail_on: FailOn,

    #[command(flatten)]
    pub(crate) run: Run,
}

/// How commands end that judge nothing.
pub(super) const EXIT_OF_LISTS: &str = "Exit status: 0 done, 2 trouble.";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_OF_LISTS)]
pub(crate) struct Show {
    /// Captures, diagnostic and other archives, folders of them, or - for standard input, as
    /// tlsight itself reads them. Of several captures each stream of the number is shown.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<PathBuf>,

    /// The connection, by Wireshark's tcp.stream number.
    #[arg(long, short, value_name = "N")]
    pub(crate) stream: u64,

    #[command(flatten)]
    pub(crate) trust: Trust,

    #[command(flatten)]
    pub(crate) release: Release,

    #[command(flatten)]
    pub(crate) keys: Keys,

    #[command(flatten)]
    pub(crate) run: Run,
}

/// Who is trusted, and how certificates are judged.
#[derive(Debug, ClapArgs)]
pub(crate) struct Trust {
    /// Trust anchors of the connecting side: PEM, DER or PKCS #7 (for an Expressway: ca_*.pem).
    /// May be repeated; a folder stands for the files in it. The order counts.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) trust: Vec<PathBuf>,

    /// Trust anchors of the servers, which judge the certificates that clients show
    /// (for Unified CM: tomcat-trust, CallManager-trust). May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) peer_trust: Vec<PathBuf>,

    /// The name that the server's certificate shall carry, instead of the server name
    /// in the ClientHello; with an address in front, for that server only. May be
    /// repeated.
    #[arg(long, value_name = "[IP[:PORT]=]NAME", value_parser = judging::expected_name)]
    pub(crate) expect_name: Vec<ExpectedName>,

    #[command(flatten)]
    pub(crate) known: Known,

    #[command(flatten)]
    pub(crate) judging: judging::Judging,
}

/// Who is who, where no diagnostic archive tells it.
#[derive(Debug, ClapArgs)]
pub(crate) struct Known {
    /// Address of the Expressway whose trust list --trust is. Then only what this box
    /// checks is judged by it. May be repeated for a box with several addresses.
    #[arg(long, value_name = "IP")]
    pub(crate) expressway: Vec<std::net::IpAddr>,

    /// Whether the box named with --expressway is a C or an E.
    #[arg(long, value_name = "C|E", default_value = "c", requires = "expressway",
          value_parser = known::role)]
    pub(crate) role: BoxRole,

    /// Its certificate (for an Expressway: server_*.pem).
    #[arg(long, value_name = "FILE", requires = "expressway")]
    pub(crate) own_cert: Option<PathBuf>,

    /// Who a host is, where ports and archives do not tell it: expressway-c,
    /// expressway-e, expressway (either), cucm, imp, unity, uc (any of the three), client,
    /// webex, unknown. May be repeated.
    #[arg(long, value_name = "IP[:PORT]=WHO", value_parser = known::mapped)]
    pub(crate) map: Vec<Mapped>,
}

/// What runs on it.
#[derive(Debug, ClapArgs)]
pub(crate) struct Release {
    /// The software version of the box named with --expressway, as in X14.3.1. It decides
    /// what the box checks.
    #[arg(long, value_name = "VERSION", requires = "expressway", value_parser = known::version)]
    pub(crate) product_version: Option<Version>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Keys {
    /// Key log that decrypts TLS 1.2 and 1.3 (NSS format, as SSLKEYLOGFILE makes it).
    /// May be repeated. No secret ever appears in the output.
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,

    /// Leave the secrets unused that a pcapng file may hold.
    #[arg(long)]
    pub(crate) no_embedded_keys: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// Threads to use, at most 256; 0 for one per core. The output does not depend on it.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=256))]
    pub(crate) threads: u16,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set; anywhere if CLICOLOR_FORCE is.
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Info,
    /// Never exit with 1.
    Never,
}

impl FailOn {
    /// The least severity that makes the exit status 1.
    pub(crate) const fn threshold(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}
