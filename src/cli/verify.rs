//! `tlsight verify`: a chain without a capture.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use tlsight::report::Look;
use tlsight::report::chain::{self, ChainReport};
use tlsight::report::json;
use tlsight::trust::{Purpose, Question, Store, remedy, validate};
use tlsight::x509::{Certificate, pem};

use super::judging::Judging;
use super::output::{self, Output};
use super::{Exit, Trouble, trust};

const AFTER_HELP: &str = "\
The answer is that of a TLS library built on OpenSSL 3.0. The command `openssl verify`
differs in two defaults: it takes security level 0 (here: --security-level 0) and,
without -purpose, looks at no purpose (here: --purpose any).

Exit status: 0 the chain is accepted, 1 it is not, 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Verify {
    /// The certificate to check, PEM or DER. Further certificates in the file count as
    /// untrusted ones, as a TLS peer sends them. - for standard input.
    #[arg(value_name = "LEAF|-")]
    leaf: PathBuf,

    /// Further certificates that may stand between leaf and anchor. May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    untrusted: Vec<PathBuf>,

    /// Trust anchors: PEM, DER or PKCS #7. May be repeated; the order counts.
    #[arg(long, required = true, value_name = "FILE|DIR")]
    trust: Vec<PathBuf>,

    /// What the certificate is shown as.
    #[arg(long, value_name = "ROLE", default_value = "server")]
    purpose: Role,

    /// Name that the certificate shall carry, by OpenSSL's rules.
    #[arg(long, value_name = "HOST")]
    name: Option<String>,

    /// Address that the certificate shall carry, by OpenSSL's rules.
    #[arg(long, value_name = "ADDR")]
    ip: Option<IpAddr>,

    #[command(flatten)]
    judging: Judging,

    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// A server's certificate, judged by a TLS client.
    Server,
    /// A client's certificate, judged by a TLS server.
    Client,
    /// No role: key usages are not looked at.
    Any,
}

impl From<Role> for Purpose {
    fn from(role: Role) -> Self {
        match role {
            Role::Server => Self::Server,
            Role::Client => Self::Client,
            Role::Any => Self::Any,
        }
    }
}

/// Checks the chain and says what came of it.
pub(super) fn run(args: &Verify, look: Look) -> Result<Exit, Trouble> {
    let semantics = args.judging.semantics();
    // Given or not, --trust is required: `None` cannot come.
    let store = trust::load(&args.trust, semantics, "--trust")?.unwrap_or_default();
    let (leaf, shown) = presented(args)?;
    let (untrusted, sources): (Vec<_>, Vec<_>) = shown.into_iter().unzip();
    let (time, time_from) = time(args.judging.at);
    let question = question(args, leaf, &untrusted, &store, time);
    let answer = validate(&question);
    let remedy = remedy(&question, &answer, &[]);
    let report = ChainReport {
        question: &question,
        time_from,
        sources: &sources,
        answer: &answer,
        remedy: remedy.as_ref(),
    };
    if args.json {
        Output::stdout().write_with(|out| json::write_chain(&report, out))?;
    } else {
        Output::stdout().write(&chain::render(&report, look))?;
    }
    Ok(if answer.ok() { Exit::Clean } else { Exit::Findings })
}

fn question<'a>(
    args: &'a Verify,
    leaf: Arc<Certificate>,
    untrusted: &'a [Arc<Certificate>],
    store: &'a Store,
    time: i64,
) -> Question<'a> {
    Question {
        partial_chain: args.judging.partial_chain,
        security_level: args.judging.security_level,
        host: args.name.as_deref(),
        ip: args.ip,
        ..Question::new(leaf, untrusted, store, time, args.purpose.into())
    }
}

/// The time asked for, or the clock's.
pub(super) fn time(asked: Option<i64>) -> (i64, &'static str) {
    match asked {
        Some(time) => (time, "--at"),
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), "now")
        }
    }
}

type Sourced = (Arc<Certificate>, String);

/// The leaf, and the untrusted certificates with where each was read.
fn presented(args: &Verify) -> Result<(Arc<Certificate>, Vec<Sourced>), Trouble> {
    let mut untrusted = read(&args.leaf)?;
    if untrusted.is_empty() {
        return Err(trust::nothing_in(std::slice::from_ref(&args.leaf)));
    }
    let (leaf, _) = untrusted.remove(0);
    for path in &args.untrusted {
        for file in trust::files(path)? {
            untrusted.extend(read(&file)?);
        }
    }
    Ok((leaf, untrusted))
}

/// The certificates of a file. A block that cannot be read is told and passed over,
/// unless it is the first one: what stands there is what was to be checked.
fn read(file: &std::path::Path) -> Result<Vec<Sourced>, Trouble> {
    let mut read = Vec::new();
    for block in pem::read(&trust::bytes(file)?) {
        let place = format!("{} line {}", trust::shown(file), block.line);
        match block.result {
            Ok(certificate) => read.push((Arc::new(certificate), place)),
            Err(reason) if read.is_empty() => return Err(format!("{place}: {reason}")),
            Err(reason) => output::complain(&format!("{place}: {reason}")),
        }
    }
    Ok(read)
}
