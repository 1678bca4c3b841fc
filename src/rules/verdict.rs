//! One cause, one verdict: the findings of a failing leg joined into a paragraph.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::alerts;
use super::case::Attempt;
use super::finding::{Finding, Severity};
use super::in_clear;
use super::mending::mending;
use super::reaction::{self, Reaction};
use super::refusal;
use super::request;
use super::rule::{Part, Subject};
use super::scene;
use super::selection;
use super::since::since;
use super::tcp;
use super::words::{Text, Values};
use crate::connection::{Connection, Failure, Missed, Outcome};
use crate::expressway::{Event, Leg, service};
use crate::packet::Endpoint;
use crate::tls::names::{Authentication, SignatureKey, signature_key};
use crate::tls::{Answer, Role};

/// Why connections from one host to one server fail, and what to do.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The host that connects.
    pub client: IpAddr,
    /// What it connects to.
    pub server: Endpoint,
    /// The service behind the port, where it is known.
    pub service: Option<&'static str>,
    /// Who the two ends are.
    pub leg: Leg,
    /// The name of the Expressway on this leg, when it is known.
    pub appliance: Option<String>,
    /// Since which version this matters, and what that says of the one at hand.
    pub since: Option<String>,
    /// What the log of the Expressway says of it: number and text of the lines of the
    /// first connection that tell of the failure.
    pub log: Vec<(u64, String)>,
    /// Streams that ended in the same way.
    pub streams: Vec<u64>,
    /// Id of the rule that names the cause.
    pub cause: &'static str,
    /// That of the cause: error where connections failed for it, warning where the
    /// other side did not mind.
    pub severity: Severity,
    /// Who refused whom, when somebody did.
    pub refused_by: Option<Role>,
    /// The paragraph.
    pub sentence: String,
    /// What to do; of several, any one.
    pub remedies: Vec<String>,
    /// Faults that show when this one is mended, and what to do about them.
    pub next_faults: Vec<String>,
    /// Which certificates mend the chain, where it is the cause.
    pub mended_by: Option<String>,
}

/// The findings of failing connections, joined under their causes as they come.
#[derive(Debug, Default)]
pub struct Verdicts {
    list: Vec<Verdict>,
    known: BTreeMap<Same, usize>,
}

/// What is one cause: client, server, rule and what it says.
type Same = (IpAddr, Endpoint, &'static str, String);

/// Causes that are told; a hostile capture has another in each connection.
const CAUSES: usize = 1000;

/// Why a connection failed, in words.
#[derive(Debug)]
pub struct Told {
    same: Same,
    /// Which of its findings names the cause.
    cause: usize,
}

impl Verdicts {
    /// Puts into words why a connection failed; `None` when it did not, or when it will not be
    /// told. Takes nothing in, so that many connections can be looked at at the same time.
    #[must_use]
    pub fn told(&self, subject: &Subject<'_>, findings: &[Finding]) -> Option<Told> {
        let connection = subject.connection;
        let (at, cause) = cause(connection, findings)?;
        let (client, server) = (connection.client.address, connection.server);
        let mut same = (client, server, cause.rule.id, String::new());
        if self.list.len() >= CAUSES && !self.tells_of(&same) {
            return None;
        }
        same.3 = sentence(subject, cause) + &logged(subject, cause);
        Some(Told { same, cause: at })
    }

    /// Takes in why the next connection failed, with its findings.
    pub fn add(&mut self, told: Told, subject: &Subject<'_>, findings: &[Finding]) {
        let Told { same, cause } = told;
        if let Some(known) = self.known.get(&same).and_then(|at| self.list.get_mut(*at)) {
            known.streams.push(subject.connection.stream);
        } else if let Some(cause) = findings.get(cause)
            && self.list.len() < CAUSES
        {
            self.list.push(Verdict::of(subject, cause, findings, same.3.clone()));
            self.known.insert(same, self.list.len() - 1);
        }
    }

    /// Whether there is a verdict on the same client, server and rule; the sentence of `same`
    /// is empty, which comes before all others.
    fn tells_of(&self, same: &Same) -> bool {
        let next = self.known.range(same..).next();
        next.is_some_and(|(next, _)| (next.0, next.1, next.2) == (same.0, same.1, same.2))
    }

    /// The verdicts: what failed before what a stricter peer would refuse; else in the
    /// order of the streams.
    #[must_use]
    pub fn finish(mut self) -> Vec<Verdict> {
        self.list.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity));
        self.list
    }
}

/// The verdicts on connections that came to no TLS, each with its capture.
#[must_use]
pub fn verdicts_of_case(
    findings: &[(Option<usize>, Finding)],
    attempts: &[Attempt],
) -> Vec<(usize, Verdict)> {
    let of_attempts = [tcp::ID, in_clear::ID, request::ID];
    let told = findings.iter().filter(|(_, finding)| {
        of_attempts.contains(&finding.rule.id) && finding.severity > Severity::Info
    });
    told.filter_map(|(capture, finding)| {
        let capture = (*capture)?;
        let stream = *finding.streams.first()?;
        let attempt = attempts.iter().find(|one| one.capture == capture && one.stream == stream)?;
        let [client, server] = attempt.missed.ends();
        let refused = match &attempt.missed {
            Missed::Unopened(unopened) => unopened.failure != Failure::Unanswered,
            Missed::InClear(seen) => seen.said.answer != Answer::Silence,
            Missed::Refused(_) => true,
        };
        let verdict = Verdict {
            client: client.address,
            server,
            service: service(server.port).map(|service| service.name),
            leg: attempt.leg,
            appliance: None,
            since: None,
            log: Vec::new(),
            streams: finding.streams.clone(),
            cause: finding.rule.id,
            severity: finding.severity,
            refused_by: refused.then_some(Role::Server),
            sentence: finding.sentence(),
            remedies: vec![finding.remedy()],
            next_faults: Vec::new(),
            mended_by: None,
        };
        Some((capture, verdict))
    })
    .collect()
}

/// The first finding, in the order of the registry, that explains how the connection
/// ended, and its place.
pub(super) fn cause<'a>(
    connection: &Connection,
    findings: &'a [Finding],
) -> Option<(usize, &'a Finding)> {
    let only = only_fault(connection, findings);
    findings.iter().enumerate().find(|(at, finding)| match finding.rule.part {
        Part::Remark => false,
        Part::Handshake => connection.outcome.failed(),
        Part::Certificate { alerts, .. } => {
            let of = finding.of.unwrap_or(Role::Server);
            let minded =
                connection.outcome == Outcome::Completed && finding.severity > Severity::Info;
            let told = only == Some(*at) || reaction::tells(connection, of, alerts);
            minded || (connection.outcome.failed() && told)
        }
    })
}

/// The place of the only fault of a certificate that was refused with bad_certificate (42),
/// which GnuTLS sends for nearly every fault.
fn only_fault(connection: &Connection, findings: &[Finding]) -> Option<usize> {
    let refused = |finding: &Finding| {
        let reaction = reaction::reaction(connection, finding.of.unwrap_or(Role::Server));
        let general = reaction == Reaction::Refused(Some(reaction::BAD_CERTIFICATE));
        general && matches!(finding.rule.part, Part::Certificate { .. })
    };
    let mut faults = findings.iter().enumerate().filter(|(_, finding)| refused(finding));
    let (only, _) = faults.next()?;
    faults.next().is_none().then_some(only)
}

impl Verdict {
    /// `Expressway-C to Unified CM 8443 (UDS, AXL and SOAP over HTTPS)`.
    #[must_use]
    pub fn leg_text(&self) -> String {
        let service = self.service.map(|service| format!(" ({service})")).unwrap_or_default();
        let (client, server) = (self.leg.client.name(), self.leg.server.name());
        format!("{client} to {server} {}{service}", self.server.port)
    }

    fn of(subject: &Subject<'_>, cause: &Finding, findings: &[Finding], said: String) -> Self {
        let connection = subject.connection;
        let failures = subject.log.iter().filter(|line| line.event.is_failure());
        Self {
            leg: subject.leg,
            appliance: subject.appliance().map(|appliance| appliance.name.clone()),
            since: since(subject, cause),
            log: failures.map(|line| (line.number, line.text.clone())).collect(),
            client: connection.client.address,
            server: connection.server,
            service: service(connection.server.port).map(|service| service.name),
            streams: vec![connection.stream],
            cause: cause.rule.id,
            severity: cause.severity,
            refused_by: connection.outcome.aborted_by(),
            sentence: said,
            remedies: remedies(subject, cause, findings),
            next_faults: next_faults(cause, findings),
            mended_by: mended_by(connection, cause),
        }
    }
}

fn sentence(subject: &Subject<'_>, cause: &Finding) -> String {
    let connection = subject.connection;
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
    let more = selection::values(Values::new(), connection)
        .with("who_connects", scene::named_client(subject))
        .with("server_and_service", scene::named_server(subject))
        .with("ended_with", ended_with(connection))
        .with_words("how", how(connection))
        .with_words("selected", selected)
        .with_words("clause", clause);
    paragraph.fill_from([&cause.values, &more])
}

const SERVER_REFUSED: Text = Text::en(
    "{who_connects} refused the certificate that {server_and_service} showed, {how}: {selected}{clause}.",
);
const SERVER_WOULD_BE_REFUSED: Text = Text::en(
    "{who_connects} finished the handshake, but a client that checks the certificate of {server_and_service} would refuse it: {selected}{clause}.",
);
const CLIENT_REFUSED: Text = Text::en(
    "{server_and_service} refused the certificate that {who_connects} showed, {how}: {clause}.",
);
const CLIENT_WOULD_BE_REFUSED: Text = Text::en(
    "{server_and_service} finished the handshake, but a server that checks the certificate of {who_connects} would refuse it (some, as nginx, do so only in their answer to a request): {clause}.",
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

/// The alert, where there was one.
fn ended_with(connection: &Connection) -> String {
    match connection.outcome {
        Outcome::Alert { description, .. } => scene::said_alert(description),
        _ => String::new(),
    }
}

/// How a certificate was refused.
fn how(connection: &Connection) -> Text {
    match connection.outcome {
        Outcome::Alert { .. } => Text::en("with {ended_with}"),
        Outcome::Reset { .. } => Text::en("resetting the connection without an alert"),
        _ => Text::en("closing the connection without an alert"),
    }
}

/// The reason in the log, where the capture hides it.
fn logged(subject: &Subject<'_>, cause: &Finding) -> String {
    let hidden = ["tls13-client-refused-certificate", refusal::ID, alerts::ID];
    if !hidden.contains(&cause.rule.id) {
        return String::new();
    }
    let said = subject.log.iter().find_map(|line| match &line.event {
        Event::ChainRefused { error, depth, .. } => {
            let depth = depth.map(|depth| format!(" at depth {depth}")).unwrap_or_default();
            Some((line.number, LOGGED_CHAIN, format!("{error}{depth}")))
        }
        Event::NameRefused { name, .. } => Some((line.number, LOGGED_NAME, name.clone())),
        _ => None,
    });
    let Some((line, text, what)) = said else { return String::new() };
    format!(" {}", text.fill(&Values::new().with("line", line.to_string()).with("what", what)))
}

const LOGGED_CHAIN: Text =
    Text::en("The log names the reason that the capture hides (line {line}): {what}.");
const LOGGED_NAME: Text = Text::en(
    "The log names the reason that the capture hides (line {line}): the name {what} is not in the certificate.",
);

/// Under TLS 1.3: what prefers the RSA certificate, where the hidden one is an EC one.
fn hidden_ecdsa(subject: &Subject<'_>) -> Vec<String> {
    let connection = subject.connection;
    let key = connection.inferred_server_key();
    if key.is_none_or(|(_, key)| key.is_rsa()) || !connection.server_certificates.is_empty() {
        return Vec::new();
    }
    if subject.leg.is_sip_of_expressway() {
        let way = if prefers_rsa_signatures(connection) {
            PREFER_RSA_SUITES
        } else {
            PREFER_RSA_SIGNATURES
        };
        return vec![way.fill(&Values::new())];
    }
    selection::hidden_remedies(connection).iter().map(|way| way.fill(&Values::new())).collect()
}

/// Whether the first signature algorithm that the client offers is one of RSA.
fn prefers_rsa_signatures(connection: &Connection) -> bool {
    let hello = connection.handshake.client_hello();
    let first = hello.and_then(|hello| hello.signature_algorithms().first().copied());
    first
        .is_some_and(|code| matches!(signature_key(code), SignatureKey::Rsa | SignatureKey::RsaPss))
}

const PREFER_RSA_SUITES: Text = Text::en(
    "The lengths of records tell an EC certificate, though the client offers RSA signatures first. Unified CM by default goes by the TLS 1.2 cipher order: to get the RSA one, Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front of the SIP list, restart all peers.",
);
const PREFER_RSA_SIGNATURES: Text = Text::en(
    "The lengths of records tell an EC certificate. To get the RSA one: `xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On` (from X15.2 on, effective with TLS 1.3 only), restart all peers; Unified CM by default goes by the TLS 1.2 cipher order instead: Maintenance > Security > Ciphers, put `ECDHE-RSA-AES256-GCM-SHA384:` in front of the SIP list.",
);

fn remedies(subject: &Subject<'_>, cause: &Finding, findings: &[Finding]) -> Vec<String> {
    let connection = subject.connection;
    let untrusted_ecdsa = selection::is_ecdsa(connection)
        && cause.of == Some(Role::Server)
        && selection::is_untrusted_ecdsa(findings);
    let mut remedies: Vec<String> = Vec::new();
    if untrusted_ecdsa {
        let ways = selection::remedies(connection).iter();
        remedies.extend(ways.map(|way| way.fill(&cause.values)));
    }
    // Behind a namesake in the trust list the upload of the certificate is in vain.
    let namesake = cause.values.get("other_serial").is_some();
    if namesake {
        remedies.pop();
    }
    if remedies.is_empty() || namesake {
        remedies.push(cause.remedy());
    }
    if cause.of == Some(Role::Server) {
        remedies.extend(hidden_ecdsa(subject));
    }
    remedies
}

fn mended_by(connection: &Connection, cause: &Finding) -> Option<String> {
    let chain = connection.path(cause.of?).chain()?;
    let remedy = chain.remedy.as_ref()?;
    let by_certificates = !remedy.add.is_empty() || !remedy.remove.is_empty();
    by_certificates.then(|| mending(remedy, &chain.in_the_way, &chain.elsewhere))
}

/// Faults of the same certificate that show only when this one is mended. The refusal itself is
/// none: the cause explains it.
fn next_faults(cause: &Finding, findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| matches!(finding.rule.part, Part::Certificate { .. }))
        .filter(|finding| ![cause.rule.id, refusal::ID].contains(&finding.rule.id))
        .filter(|finding| finding.of == cause.of)
        .map(|finding| {
            let values =
                Values::new().with("fault", finding.sentence()).with("remedy", finding.remedy());
            NEXT_FAULT.fill(&values)
        })
        .collect()
}

const NEXT_FAULT: Text =
    Text::en("The next fault, which shows when this one is mended: {fault} {remedy}");

#[cfg(test)]
mod tests {
    use super::super::testing::{self, EXPRESSWAY, NO_STORE, WITH_ECDSA, WITHOUT_ROOT};
    use super::*;

    #[test]
    fn the_first_verdict_names_the_cause() {
        let causes = [
            ("mra-login-ecdsa-untrusted.pcap", EXPRESSWAY, "self-signed-not-trusted"),
            ("mra-login-refused-by-cucm.pcap", WITH_ECDSA, "client-certificate-refused"),
            ("short-host-name.pcap", EXPRESSWAY, "name-not-in-certificate"),
            ("address-instead-of-name.pcap", EXPRESSWAY, "name-not-in-certificate"),
            ("wrong-name-openssl.pcap", EXPRESSWAY, "name-not-in-certificate"),
            ("ecdsa-root-missing.pcap", EXPRESSWAY, "trust-anchor-missing"),
            ("root-missing.pcap", WITHOUT_ROOT, "trust-anchor-missing"),
            ("root-missing.pcap", NO_STORE, "certificate-refused"),
            ("intermediate-not-sent.pcap", EXPRESSWAY, "intermediate-missing"),
            ("expired.pcap", EXPRESSWAY, "certificate-expired"),
            // The alert says "expired"; that the root is missing as well comes second.
            ("expired.pcap", WITHOUT_ROOT, "certificate-expired"),
            ("not-yet-valid.pcap", EXPRESSWAY, "certificate-not-yet-valid"),
            ("mtls-refused-tls12.pcap", EXPRESSWAY, "client-certificate-refused"),
            // The server is not trusted by this store, but it is the server that refused.
            ("mtls-refused-tls12.pcap", WITHOUT_ROOT, "client-certificate-refused"),
            ("mtls-refused-tls13.pcap", EXPRESSWAY, "client-certificate-refused"),
            ("mtls-refused-java.pcap", EXPRESSWAY, "client-certificate-refused"),
            ("mtls-empty-certificate.pcap", EXPRESSWAY, "client-certificate-not-sent"),
            ("tls13-client-refuses.pcap", WITHOUT_ROOT, "tls13-client-refused-certificate"),
            ("no-common-cipher.pcap", EXPRESSWAY, "no-common-cipher"),
            ("no-common-version.pcap", EXPRESSWAY, "no-common-version"),
            ("reset-after-client-hello.pcap", EXPRESSWAY, "handshake-unfinished"),
        ];
        for (sample, store, cause) in causes {
            let verdicts = testing::verdicts(sample, store);
            assert_eq!(
                verdicts.first().map(|first| first.cause),
                Some(cause),
                "{sample} {store:?}"
            );
        }
    }

    #[test]
    fn the_paragraph_names_who_what_and_why_and_the_remedies_in_order() {
        let verdicts = testing::verdicts("mra-login-ecdsa-untrusted.pcap", EXPRESSWAY);
        assert_eq!(verdicts.len(), 2, "publisher and subscriber");
        assert_eq!(
            verdicts[0].sentence,
            "10.30.5.20 refused the certificate that cucmpub.example.org (10.30.7.11:6972, \
             configuration download over HTTPS) showed, with alert unknown_ca (48): ECDSA was \
             selected (TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, signed with \
             ecdsa_secp256r1_sha256) because the client offers it first, and the certificate \
             CN=cucmpub-EC.example.org,O=Example (serial \
             6d:1c:4f:0a:93:be:52:d7:08:e1:f4:a2:7c:35:b9:81) is self-signed and not in the \
             trust list (OpenSSL: self-signed certificate, error 18 at depth 0)."
        );
        let begins = ["Prefer RSA", "Put ECDSA last", "Forbid ECDSA", "Trust the EC certificate"];
        assert_eq!(verdicts[0].remedies.len(), begins.len());
        for (remedy, begin) in verdicts[0].remedies.iter().zip(begins) {
            assert!(remedy.starts_with(begin), "{remedy}");
        }
    }

    #[test]
    fn what_works_has_no_verdict() {
        for sample in
            ["rsa-trusted.pcap", "mra-login-works.pcap", "mtls-accepted.pcap", "tls13-trusted.pcap"]
        {
            assert!(testing::verdicts(sample, WITH_ECDSA).is_empty(), "{sample}");
        }
    }

    #[test]
    fn what_works_but_should_not_is_a_warning() {
        let verdicts = testing::verdicts("rsa-trusted.pcap", WITHOUT_ROOT);
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].severity, Severity::Warning);
        assert!(verdicts[0].sentence.contains("a client that checks the certificate of"));
    }

    #[test]
    fn the_only_fault_is_the_cause_where_the_alert_tells_none() {
        let refused_with = |sample: &str, store| {
            let mut judged = testing::judged(sample, store).remove(0);
            judged.connection.observed.outcome = Outcome::Alert {
                by: Role::Client,
                description: Some(42),
                frame: 99,
                inferred: false,
            };
            cause(&judged.connection, &judged.findings).map(|(_, finding)| finding.rule.id)
        };
        assert_eq!(refused_with("expired.pcap", EXPRESSWAY), Some("certificate-expired"));
        // OpenSSL says 42 for what is not trusted where it is told to; expiry comes second.
        assert_eq!(refused_with("expired.pcap", WITHOUT_ROOT), Some("trust-anchor-missing"));
    }

    #[test]
    fn a_second_fault_is_told_behind_the_first() {
        let verdicts = testing::verdicts("expired.pcap", WITHOUT_ROOT);
        assert!(verdicts[0].next_faults.iter().any(|fault| fault.starts_with("The next fault")));
    }
}
