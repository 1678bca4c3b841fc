//! One cause, one verdict: the findings of a failing leg joined into a paragraph.

use std::collections::BTreeMap;

use super::finding::{Finding, Severity};
use super::mending::mending;
use super::reaction;
use super::rule::Part;
use super::scene;
use super::selection;
use super::words::{Text, Values};
use crate::connection::{Connection, Outcome};
use crate::expressway::service;
use crate::packet::Endpoint;
use crate::tls::Role;
use crate::tls::names::Authentication;

/// Why connections from one host to one server fail, and what to do.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The host that connects.
    pub client: std::net::IpAddr,
    /// What it connects to.
    pub server: Endpoint,
    /// The service behind the port, where it is known.
    pub service: Option<&'static str>,
    /// Streams that ended in the same way.
    pub streams: Vec<u64>,
    /// Id of the rule that names the cause.
    pub cause: &'static str,
    /// Error where connections failed, warning where the other side did not mind.
    pub severity: Severity,
    /// Who refused whom, when somebody did.
    pub refused_by: Option<Role>,
    /// The paragraph.
    pub sentence: String,
    /// What to do; of several, any one.
    pub remedies: Vec<String>,
    /// Which certificates mend the chain, where it is the cause.
    pub mended_by: Option<String>,
}

/// Joins the findings of each failing connection under its cause. What failed comes
/// before what a stricter peer would refuse; else the order is that of the streams.
#[must_use]
pub fn verdicts(judged: &[(&Connection, &[Finding])]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut known = BTreeMap::new();
    for (connection, findings) in judged {
        let Some(cause) = cause(connection, findings) else { continue };
        let verdict = Verdict::of(connection, cause, findings);
        let same = (verdict.client, verdict.server, verdict.cause, verdict.sentence.clone());
        match known.get(&same).and_then(|at: &usize| verdicts.get_mut(*at)) {
            Some(known) => known.streams.push(connection.stream),
            None => {
                known.insert(same, verdicts.len());
                verdicts.push(verdict);
            }
        }
    }
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity));
    verdicts
}

/// The first finding, in the order of the registry, that explains how the connection
/// ended.
fn cause<'a>(connection: &Connection, findings: &'a [Finding]) -> Option<&'a Finding> {
    findings.iter().find(|finding| match finding.rule.part {
        Part::Remark => false,
        Part::Handshake => connection.outcome.failed(),
        Part::Certificate { alerts, .. } => {
            let of = finding.of.unwrap_or(Role::Server);
            let minded =
                connection.outcome == Outcome::Completed && finding.severity > Severity::Info;
            minded || (connection.outcome.failed() && reaction::tells(connection, of, alerts))
        }
    })
}

impl Verdict {
    fn of(connection: &Connection, cause: &Finding, findings: &[Finding]) -> Self {
        let completed = connection.outcome == Outcome::Completed;
        Self {
            client: connection.client.address,
            server: connection.server,
            service: service(connection.server.port).map(|service| service.name),
            streams: vec![connection.stream],
            cause: cause.rule.id,
            severity: if completed { Severity::Warning } else { Severity::Error },
            refused_by: connection.outcome.aborted_by(),
            sentence: sentence(connection, cause),
            remedies: remedies(connection, cause, findings),
            mended_by: mended_by(connection, cause),
        }
    }
}

fn sentence(connection: &Connection, cause: &Finding) -> String {
    let Part::Certificate { clause, .. } = cause.rule.part else { return cause.sentence() };
    let of = cause.of.unwrap_or(Role::Server);
    let completed = connection.outcome == Outcome::Completed;
    let paragraph = match (of, completed) {
        (Role::Server, false) => SERVER_REFUSED,
        (Role::Server, true) => SERVER_WOULD_BE_REFUSED,
        (Role::Client, false) => CLIENT_REFUSED,
        (Role::Client, true) => CLIENT_WOULD_BE_REFUSED,
    };
    let selected = if of == Role::Server { selected(connection) } else { Text::en("") };
    let values = selection::values(cause.values.clone(), connection)
        .with("server_and_service", scene::server_and_service(connection))
        .with_words("how", how(connection))
        .with_words("selected", selected)
        .with_words("clause", clause);
    paragraph.fill(&values)
}

const SERVER_REFUSED: Text = Text::en(
    "{client} refused the certificate that {server_and_service} showed, {how}: {selected}{clause}.",
);
const SERVER_WOULD_BE_REFUSED: Text = Text::en(
    "{client} accepted the certificate that {server_and_service} showed, but a client that checks it would refuse it: {selected}{clause}.",
);
const CLIENT_REFUSED: Text =
    Text::en("{server_and_service} refused the certificate that {client} showed, {how}: {clause}.");
const CLIENT_WOULD_BE_REFUSED: Text = Text::en(
    "{server_and_service} accepted the certificate that {client} showed, but a server that checks it would refuse it: {clause}.",
);

/// Why the server showed this certificate.
fn selected(connection: &Connection) -> Text {
    match selection::selected(connection).map(|suite| suite.authentication) {
        Some(Authentication::Ecdsa) => {
            Text::en("ECDSA was selected ({suite}{signature}) {because}, and ")
        }
        Some(Authentication::Rsa) => Text::en("RSA was selected ({suite}{signature}), and "),
        _ => Text::en(""),
    }
}

/// `with alert unknown_ca (48)`, `by a reset`.
const fn how(connection: &Connection) -> Text {
    match connection.outcome {
        Outcome::Alert { description: Some(_), .. } => Text::en("with alert {alert}"),
        Outcome::Alert { description: None, .. } => Text::en("with an encrypted alert"),
        Outcome::Reset { .. } => Text::en("resetting the connection without an alert"),
        _ => Text::en("closing the connection without an alert"),
    }
}

fn remedies(connection: &Connection, cause: &Finding, findings: &[Finding]) -> Vec<String> {
    let untrusted_ecdsa = selection::is_ecdsa(connection)
        && cause.of == Some(Role::Server)
        && findings.iter().any(|finding| {
            finding.rule.id == "ecdsa-selected" && finding.severity > Severity::Info
        });
    let mut remedies: Vec<String> = if untrusted_ecdsa {
        selection::remedies(connection).iter().map(|remedy| remedy.fill(&cause.values)).collect()
    } else {
        vec![cause.remedy()]
    };
    remedies.extend(behind(cause, findings));
    remedies
}

fn mended_by(connection: &Connection, cause: &Finding) -> Option<String> {
    let chain = connection.path(cause.of?).chain()?;
    let remedy = chain.remedy.as_ref()?;
    let by_certificates = !remedy.add.is_empty() || !remedy.remove.is_empty();
    by_certificates.then(|| mending(remedy, &chain.in_the_way))
}

/// Faults of the same certificate that show only when this one is mended.
fn behind(cause: &Finding, findings: &[Finding]) -> impl Iterator<Item = String> {
    findings
        .iter()
        .filter(|finding| matches!(finding.rule.part, Part::Certificate { .. }))
        .filter(|finding| finding.rule.id != cause.rule.id && finding.of == cause.of)
        .map(|finding| {
            let values =
                Values::new().with("fault", finding.sentence()).with("remedy", finding.remedy());
            NEXT_FAULT.fill(&values)
        })
}

const NEXT_FAULT: Text =
    Text::en("The next fault, which shows when this one is mended: {fault} {remedy}");
