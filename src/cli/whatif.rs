//! `tlsight whatif`: what a change would do.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tlsight::expressway::Version;
use tlsight::expressway::ciphers::{Refusal, expand};
use tlsight::foresight::products::{behaviour, behaviours};
use tlsight::foresight::{Change, Fate, Foreseen, Outlook, Plan, ServerProduct, Whose};
use tlsight::pipeline::{self, Config};
use tlsight::report::{Look, Report, json, whatif};
use tlsight::trust::{Anchor, StoreSemantics};
use tlsight::x509::{Certificate, pem};

use super::args::{Keys, Run, Trust};
use super::commands::{complain_about, hold_more, set_threads, sources};
use super::output::Output;
use super::{Exit, Trouble, known, trust};

/// clap would list all changes here and name none.
const USAGE: &str = "tlsight whatif [OPTIONS] <CHANGE>... <FILE|DIR|->...";

const AFTER_HELP: &str = "\
Examples:
  tlsight whatif --disable ecdsa expc.tar.gz
  tlsight whatif --ciphers ECDHE-RSA-AES256-GCM-SHA384:EECDH:HIGH:!aNULL --trust ca.pem a.pcap
  tlsight whatif --add-anchor ec-root.pem --trust ca.pem a.pcap b.pcap
  tlsight whatif --replace-cert 10.0.0.1:8443=new.pem --trust ca.pem a.pcap

Several changes are made at once. With a diagnostic archive, or --expressway, they are made to
that Expressway; else to every TLS client, or to those named with --client. Give every capture
in which a server was seen: what it showed in one of them counts for all.

Exit status: 0 nothing would break, 1 a connection that works would fail (with --fail-on
failing: any would fail after), 2 trouble.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, override_usage = USAGE)]
pub(crate) struct Whatif {
    /// Captures, diagnostic archives, folders of them, or - for standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    changes: Changes,

    #[command(flatten)]
    who: Who,

    #[command(flatten)]
    trust: Trust,

    /// The software version before the change of the box named with --expressway.
    #[arg(long, value_name = "VERSION", requires = "expressway", value_parser = known::version)]
    product_version_before: Option<Version>,

    #[command(flatten)]
    keys: Keys,

    #[command(flatten)]
    told: Told,
}

/// What is changed.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// The cipher list becomes this, in OpenSSL's words (`tlsight ciphers` expands it).
    #[arg(long, help_heading = "Changes", value_name = "STRING", value_parser = ciphers)]
    ciphers: Option<String>,

    /// Put ECDHE-RSA-AES256-GCM-SHA384: in front of the cipher list, so that RSA comes first.
    #[arg(long, help_heading = "Changes")]
    rsa_prefix: bool,

    /// Put :+ECDSA behind the cipher list, so that all of ECDSA comes last.
    #[arg(long, help_heading = "Changes")]
    ecdsa_last: bool,

    /// Put !ECDSA behind the cipher list.
    #[arg(long, help_heading = "Changes", value_name = "WHAT")]
    disable: Option<Disable>,

    /// Append the certificates of this file to the trust list. May be repeated.
    #[arg(long, help_heading = "Changes", value_name = "FILE|DIR")]
    add_anchor: Vec<PathBuf>,

    /// Take the certificates of this file out of the trust list. May be repeated.
    #[arg(long, help_heading = "Changes", value_name = "FILE|DIR")]
    remove_anchor: Vec<PathBuf>,

    /// Replace a certificate by that of this file, with what is behind it in the file:
    /// of every server; of one, with its address in front; with own= in front, the
    /// Expressway's. May be repeated.
    #[arg(long, help_heading = "Changes", value_name = "[IP[:PORT]=|own=]FILE", value_parser = replacement)]
    replace_cert: Vec<(Whose, PathBuf)>,

    /// Offer TLS 1.2 at most.
    #[arg(long, help_heading = "Changes")]
    tls12_only: bool,

    /// SIP Advanced TlsSignatureAlgoPrefRsa On: RSA first among the signature algorithms
    /// of TLS 1.3.
    #[arg(long, help_heading = "Changes", value_name = "WHAT")]
    sigalg_pref: Option<Prefer>,

    /// The Expressway runs this version.
    #[arg(long, help_heading = "Changes", value_name = "VERSION", value_parser = known::version)]
    product_version: Option<Version>,
}

/// Who is changed, and who the servers are.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// Change this client only. May be repeated.
    #[arg(long, value_name = "IP")]
    client: Vec<IpAddr>,

    /// What a server is, where it is known: haproxy, tomcat, openssl, cucm-sip. May be
    /// repeated. What was seen of a server counts more.
    #[arg(long, value_name = "[IP[:PORT]=]PRODUCT", value_parser = product)]
    server_product: Vec<ServerProduct>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Disable {
    /// Every suite with an ECDSA certificate.
    Ecdsa,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Prefer {
    /// RSA.
    Rsa,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    /// A connection that is not known to fail and would.
    Breaking,
    /// Any connection that would fail.
    Failing,
    /// Nothing.
    Never,
}

/// Foretells.
pub(super) fn run(args: &Whatif, look: Look) -> Result<Exit, Trouble> {
    set_threads(&args.told.run)?;
    let config = trust::config(&args.trust, args.product_version_before, &args.keys)?;
    let plan = plan(args)?;
    foretell(&args.inputs, config, &plan, &args.told, look)
}

/// An upgrade needs an Expressway that does not run the version already.
fn upgrades(plan: &Plan, report: &Report) -> Result<(), Trouble> {
    let Some(to) = plan.upgrade() else { return Ok(()) };
    if report.appliances.is_empty() {
        return Err("no Expressway is known here; give its diagnostic archive, or --expressway IP"
            .to_owned());
    }
    let has = |version: Option<Version>| version.is_some_and(|version| version >= to);
    if report.appliances.iter().all(|appliance| has(appliance.version)) {
        return Err(format!("{to} is no upgrade: every Expressway here runs it or a later one"));
    }
    Ok(())
}

/// How an outlook is told.
#[derive(Debug, Args)]
pub(super) struct Told {
    /// One JSON document.
    #[arg(long)]
    json: bool,

    /// What makes the exit status 1.
    #[arg(long, value_name = "WHAT", default_value = "breaking")]
    fail_on: FailOn,

    #[command(flatten)]
    pub(super) run: Run,
}

/// Foretells what a plan does, and tells it.
pub(super) fn foretell(
    inputs: &[PathBuf],
    mut config: Config,
    plan: &Plan,
    told: &Told,
    look: Look,
) -> Result<Exit, Trouble> {
    // A side effect on a connection that is not listed would go unseen.
    hold_more(&mut config);
    let (report, outlook) = pipeline::foresee(sources(inputs, &config.limits)?, &config, plan);
    complain_about(&report);
    upgrades(plan, &report)?;
    if told.json {
        Output::stdout().write_with(|out| json::write_outlook(&report, &outlook, out))?;
    } else {
        Output::stdout().write(&whatif::render(&report, &outlook, look))?;
    }
    Ok(if report.has_trouble() { Exit::Trouble } else { exit(&outlook, told.fail_on) })
}

/// What the exit status says of an outlook.
fn exit(outlook: &Outlook, fail_on: FailOn) -> Exit {
    let counts: fn(&Foreseen) -> bool = match fail_on {
        FailOn::Breaking => |one| one.fate() == Fate::Breaks,
        FailOn::Failing => |one| matches!(one.fate(), Fate::Breaks | Fate::StillFails),
        FailOn::Never => |_| false,
    };
    if outlook.connections.iter().any(counts) { Exit::Findings } else { Exit::Clean }
}

fn plan(args: &Whatif) -> Result<Plan, Trouble> {
    let typed = &args.changes;
    let semantics = args.trust.judging.semantics();
    let mut changes: Vec<Change> = Vec::new();
    changes.extend(typed.ciphers.clone().map(Change::Ciphers));
    changes.extend(typed.rsa_prefix.then_some(Change::RsaPrefix));
    changes.extend(typed.ecdsa_last.then_some(Change::EcdsaLast));
    changes.extend(typed.disable.map(|Disable::Ecdsa| Change::DisableEcdsa));
    changes.extend(typed.tls12_only.then_some(Change::Tls12Only));
    changes.extend(typed.sigalg_pref.map(|Prefer::Rsa| Change::PreferRsaSignatures));
    let removed = anchors(&typed.remove_anchor, semantics, "--remove-anchor")?;
    if !removed.is_empty() {
        let certificates = removed.into_iter().map(|anchor| anchor.certificate);
        changes.push(Change::RemoveAnchors(certificates.collect()));
    }
    let added = anchors(&typed.add_anchor, semantics, "--add-anchor")?;
    if !added.is_empty() {
        changes.push(Change::AddAnchors(added));
    }
    for (whose, path) in &typed.replace_cert {
        changes.push(Change::ReplaceCertificate { whose: *whose, chain: chain(path)? });
    }
    changes.extend(typed.product_version.map(Change::Upgrade));
    Ok(Plan { changes, ..args.who.plan() })
}

impl Who {
    /// A plan for these that changes nothing yet.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            changes: Vec::new(),
            clients: self.client.clone(),
            products: self.server_product.clone(),
        }
    }
}

fn anchors(
    paths: &[PathBuf],
    semantics: StoreSemantics,
    flag: &str,
) -> Result<Vec<Anchor>, Trouble> {
    let store = trust::load(paths, semantics, flag)?;
    Ok(store.map(|store| store.anchors().to_vec()).unwrap_or_default())
}

/// The certificates of a file, leaf first.
fn chain(path: &Path) -> Result<Vec<Arc<Certificate>>, Trouble> {
    let blocks = pem::read(&trust::bytes(path)?);
    let found: Vec<Arc<Certificate>> =
        blocks.into_iter().filter_map(|block| block.result.ok()).map(Arc::new).collect();
    if found.is_empty() {
        return Err(trust::nothing_in(&[path.to_path_buf()]));
    }
    Ok(found)
}

/// A cipher string that OpenSSL takes.
fn ciphers(text: &str) -> Result<String, String> {
    match expand(text).refusal {
        None => Ok(text.to_owned()),
        Some(Refusal::NoCipherMatch) => Err("no cipher suite matches".to_owned()),
        Some(Refusal::InvalidCommand(at)) => Err(format!("OpenSSL refuses it at byte {at}")),
    }
}

/// `new.pem`, `own=new.pem`, `10.0.0.1=new.pem`, `10.0.0.1:8443=new.pem`.
fn replacement(text: &str) -> Result<(Whose, PathBuf), String> {
    let whole = || (Whose::EveryServer, PathBuf::from(text));
    let Some((of, path)) = text.split_once('=') else { return Ok(whole()) };
    if of.eq_ignore_ascii_case("own") {
        return Ok((Whose::Own, PathBuf::from(path)));
    }
    // A file may have an equals sign in its name.
    let Ok((address, port)) = end(of) else { return Ok(whole()) };
    Ok((Whose::Server { address, port }, PathBuf::from(path)))
}

/// `haproxy`, `10.0.0.1=tomcat`, `10.0.0.1:8443=tomcat`.
fn product(text: &str) -> Result<ServerProduct, String> {
    let (server, word) = match text.split_once('=') {
        Some((server, word)) => (Some(end(server)?), word),
        None => (None, text),
    };
    let behaviour = behaviour(word).ok_or_else(|| {
        let words: Vec<&str> = behaviours().iter().map(|row| row.word).collect();
        format!("{word} is none of {}", words.join(", "))
    })?;
    let port = server.and_then(|(_, port)| port);
    Ok(ServerProduct { address: server.map(|(address, _)| address), port, behaviour })
}

fn end(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    if let Ok(end) = text.parse::<SocketAddr>() {
        return Ok((end.ip(), Some(end.port())));
    }
    let address = text.trim_matches(['[', ']']).parse::<IpAddr>();
    address
        .map(|address| (address, None))
        .map_err(|_| format!("{text} is no address, nor an address with a port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_replaced_for_one_or_for_all() {
        let of = |text| replacement(text).map(|(whose, path)| (whose, path.display().to_string()));
        assert_eq!(of("new.pem"), Ok((Whose::EveryServer, "new.pem".to_owned())));
        assert_eq!(of("own=a.pem"), Ok((Whose::Own, "a.pem".to_owned())));
        let address = IpAddr::from([10, 0, 0, 1]);
        let one = Whose::Server { address, port: Some(8443) };
        assert_eq!(of("10.0.0.1:8443=a.pem"), Ok((one, "a.pem".to_owned())));
        assert_eq!(of("x=a.pem"), Ok((Whose::EveryServer, "x=a.pem".to_owned())));
    }

    #[test]
    fn products_and_cipher_strings_are_checked() {
        assert!(product("10.0.0.1:8443=haproxy").is_ok_and(|it| it.port == Some(8443)));
        assert!(product("nginx").unwrap_err().contains("haproxy"));
        assert!(ciphers("EECDH:!aNULL").is_ok() && ciphers("NOTHING").is_err());
    }
}
