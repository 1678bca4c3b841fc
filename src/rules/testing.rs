//! For the tests of rules: real connections from `samples`, and ways to bend them.

use std::path::Path;
use std::sync::Arc;

use super::case::{Case, CaseConnection};
use super::finding::Finding;
use super::rule::Subject;
use super::run::{judge, judge_case};
use super::verdict::Verdict;
use crate::connection::{Connection, PathVerdict};
use crate::expressway::log::Process;
use crate::expressway::{
    Appliance, BoxRole, Deployment, Event, Leg, Line, Log, Mapped, Settings, Version,
};
use crate::limits::Limits;
use crate::pipeline::{Config, analyze, source_from_file};
use crate::report::Judged;
use crate::time::Timestamp;
use crate::tls::{Body, ClientHello, Role, ServerHello, What};
use crate::trust::{PathValidation, Store, StoreSemantics};
use crate::x509::Certificate;

/// The trusted CA list of the Expressway-C in the samples.
pub(super) const EXPRESSWAY: Option<&str> = Some("expressway");
/// The same before the root of Unified CM was uploaded.
pub(super) const WITHOUT_ROOT: Option<&str> = Some("expressway-without-root");
/// The same with all EC certificates.
pub(super) const WITH_ECDSA: Option<&str> = Some("expressway-with-ecdsa");
/// No trust list at hand.
pub(super) const NO_STORE: Option<&str> = None;

pub(super) fn store(name: &str) -> Store {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("samples/trust/{name}.pem"));
    let mut store = Store::new(StoreSemantics::OpenSsl);
    store.add_bundle(name, &std::fs::read(path).unwrap());
    store
}

fn run(sample: &str, trust: Option<&str>) -> crate::report::Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let config = Config { store: trust.map(store), ..Config::default() };
    let report = analyze(vec![source_from_file(path)], &config);
    let empty = report.connections.is_empty() && report.verdicts.is_empty();
    assert!(!empty, "{sample} holds no connection");
    report
}

/// The connections of a sample with their findings.
pub(super) fn judged(sample: &str, trust: Option<&str>) -> Vec<Judged> {
    run(sample, trust).connections
}

/// The verdicts on a sample.
pub(super) fn verdicts(sample: &str, trust: Option<&str>) -> Vec<Verdict> {
    run(sample, trust).verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

/// What the rule `id` found in a sample.
pub(super) fn findings(id: &str, sample: &str, trust: Option<&str>) -> Vec<Finding> {
    let all = judged(sample, trust).into_iter().flat_map(|judged| judged.findings);
    all.filter(|finding| finding.rule.id == id).collect()
}

/// The only finding of the rule `id` in a sample.
pub(super) fn finding(id: &str, sample: &str, trust: Option<&str>) -> Finding {
    let mut found = findings(id, sample, trust);
    assert_eq!(found.len(), 1, "{id} on {sample}");
    found.remove(0)
}

/// What the rule `id` finds in the first connection of a sample after `bend` changed it.
pub(super) fn bent(
    id: &str,
    sample: &str,
    trust: Option<&str>,
    bend: impl FnOnce(&mut Connection),
) -> Option<Finding> {
    let mut connection = judged(sample, trust).remove(0).connection;
    bend(&mut connection);
    let store = trust.map(store);
    let subject = Subject {
        connection: &connection,
        store: store.as_ref(),
        leg: Leg::default(),
        deployment: &Deployment::default(),
        log: &[],
    };
    let findings = judge(&subject).findings;
    findings.into_iter().find(|finding| finding.rule.id == id)
}

/// The Expressway-C of the samples, of a version that verifies.
pub(super) fn expressway() -> Appliance {
    Appliance {
        name: "expc.example.org".to_owned(),
        role: Some(BoxRole::Core),
        version: Version::parse("X14.3.4"),
        addresses: vec!["10.30.5.20".parse().unwrap()],
        ..Appliance::default()
    }
}

/// What the rule `id` finds in a sample, in connections and in the case, when this
/// Expressway is known.
pub(super) fn findings_of(
    id: &str,
    sample: &str,
    trust: Option<&str>,
    appliance: Appliance,
) -> Vec<Finding> {
    let all = all_findings_of(sample, trust, appliance).into_iter();
    all.filter(|finding| finding.rule.id == id).collect()
}

/// What all rules find in a sample when this Expressway is known.
pub(super) fn all_findings_of(
    sample: &str,
    trust: Option<&str>,
    appliance: Appliance,
) -> Vec<Finding> {
    findings_across(&[sample], trust, appliance)
}

/// What all rules find in several samples together when this Expressway is known.
pub(super) fn findings_across(
    samples: &[&str],
    trust: Option<&str>,
    appliance: Appliance,
) -> Vec<Finding> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let appliances = vec![Arc::new(appliance)];
    let config = Config { store: trust.map(store), appliances, ..Config::default() };
    let sources = samples.iter().map(|sample| source_from_file(folder.join(sample))).collect();
    let report = analyze(sources, &config);
    let of_connections = report.connections.into_iter().flat_map(|judged| judged.findings);
    let of_case = report.case_findings.into_iter().map(|(_, finding)| finding);
    of_connections.chain(of_case).collect()
}

/// The findings on a capture in samples when the servers trust `peers`, another list of
/// samples/trust, or nobody.
pub(super) fn findings_of_peers(id: &str, sample: &str, peers: Option<&str>) -> Vec<Finding> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let config = Config { peer_store: peers.map(store), ..Config::default() };
    let report = analyze(vec![source_from_file(path)], &config);
    let all = report.connections.into_iter().flat_map(|judged| judged.findings);
    all.filter(|finding| finding.rule.id == id).collect()
}

/// The path validation of the server's chain, to be bent.
pub(super) fn validation_of_server(connection: &mut Connection) -> &mut PathValidation {
    let PathVerdict::Judged(chain) = &mut connection.server_path else { panic!("not judged") };
    &mut Arc::make_mut(chain).validation
}

/// Changes the own certificate of a side.
pub(super) fn bend_leaf(
    connection: &mut Connection,
    of: Role,
    bend: impl FnOnce(&mut Certificate),
) {
    bend_shown(connection, of, 0, bend);
}

/// Changes one of the certificates that a side shows.
pub(super) fn bend_shown(
    connection: &mut Connection,
    of: Role,
    at: usize,
    bend: impl FnOnce(&mut Certificate),
) {
    let list = match of {
        Role::Server => &mut connection.server_certificates,
        Role::Client => connection.client_certificates.as_mut().unwrap(),
    };
    let shown = list.get_mut(at).unwrap().certificate.as_mut().unwrap();
    bend(Arc::make_mut(shown));
}

/// Changes the ClientHello.
pub(super) fn bend_client_hello(connection: &mut Connection, bend: impl Fn(&mut ClientHello)) {
    for entry in &mut connection.observed.handshake.entries {
        if let What::Message(message) = &mut entry.what
            && let Body::ClientHello(hello) = &mut message.body
        {
            bend(hello);
        }
    }
}

/// Changes the ServerHello.
pub(super) fn bend_server_hello(connection: &mut Connection, bend: impl Fn(&mut ServerHello)) {
    for entry in &mut connection.observed.handshake.entries {
        if let What::Message(message) = &mut entry.what
            && let Body::ServerHello(hello) = &mut message.body
        {
            bend(hello);
        }
    }
}

/// 2026-11-21T00:00:00Z, about when the samples were recorded.
pub(super) const NOW: i64 = 1_795_219_200;

/// What the rule `id` finds when these Expressways are known and nothing was captured.
pub(super) fn case_findings(id: &str, appliances: Vec<Appliance>) -> Vec<Finding> {
    let known: Vec<_> = appliances.into_iter().map(Arc::new).collect();
    let deployment = Deployment::new(&known, vec![]);
    of_case(
        id,
        &Case { deployment: &deployment, connections: &[], attempts: &[], missing_names: &[] },
    )
}

/// What the rule `id` finds when these Expressways are known and the first connection of
/// a sample is there after `bend` changed it.
pub(super) fn bent_case(
    id: &str,
    sample: &str,
    appliances: Vec<Appliance>,
    mapped: Vec<Mapped>,
    bend: impl FnOnce(&mut Connection),
) -> Vec<Finding> {
    let mut connection = judged(sample, None).remove(0).connection;
    bend(&mut connection);
    let known: Vec<_> = appliances.into_iter().map(Arc::new).collect();
    let deployment = &Deployment::new(&known, mapped);
    let leg = deployment.leg(connection.client, connection.server, None, None);
    let subject = Subject { connection: &connection, store: None, leg, deployment, log: &[] };
    let connections = &[CaseConnection { capture: 0, subject, findings: &[] }];
    of_case(id, &Case { deployment, connections, attempts: &[], missing_names: &[] })
}

/// What the rule `id` finds in a case; every placeholder has to be filled.
pub(super) fn of_case(id: &str, case: &Case<'_>) -> Vec<Finding> {
    let found = judge_case(case).into_iter().map(|(_, finding)| finding);
    let found: Vec<Finding> = found.filter(|one| one.rule.id == id).collect();
    for finding in &found {
        let said = finding.sentence() + &finding.remedy();
        assert!(!said.contains(['{', '}']), "{id}: {said}");
    }
    found
}

/// Settings of these lines, each without `xConfiguration` before it.
pub(super) fn settings(lines: &[&str]) -> Settings {
    let dump: String = lines.iter().map(|line| format!("*c xConfiguration {line}\n")).collect();
    Settings::read(&[dump.as_bytes()], &Limits::default())
}

/// A log that says this, one line each, and ends at [`NOW`].
pub(super) fn log(events: Vec<Event>) -> Log {
    let time = Timestamp::from_seconds(NOW);
    let line = |(at, event): (usize, Event)| Line {
        number: at as u64 + 1,
        time: Some(time),
        host: "expc".to_owned(),
        process: Process::Tvcs,
        event,
        text: String::new(),
    };
    let lines = events.into_iter().enumerate().map(line).collect();
    Log { lines, last: Some(time), ..Log::default() }
}

/// A certificate authority for the tests.
pub(super) struct Ca {
    /// Its own certificate.
    pub(super) certificate: Arc<Certificate>,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Ca {
    /// A root of this name.
    pub(super) fn new(name: &str) -> Self {
        let (key, params) = (rcgen::KeyPair::generate().unwrap(), Self::params(name));
        let certificate = parsed(&params.self_signed(&key).unwrap());
        Self { certificate, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A CA of this name below this one.
    pub(super) fn intermediate(&self, name: &str) -> Self {
        let (key, params) = (rcgen::KeyPair::generate().unwrap(), Self::params(name));
        let certificate = parsed(&params.signed_by(&key, &self.issuer).unwrap());
        Self { certificate, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A certificate of `expc.example.org` after `build` changed it.
    pub(super) fn issue(
        &self,
        build: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> Arc<Certificate> {
        let mut params = named("expc.example.org");
        build(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        parsed(&params.signed_by(&key, &self.issuer).unwrap())
    }

    fn params(name: &str) -> rcgen::CertificateParams {
        let mut params = named(name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
    }
}

/// A certificate of `expc.example.org` by a CA that nobody knows, after `build` changed it.
pub(super) fn own_certificate(
    build: impl FnOnce(&mut rcgen::CertificateParams),
) -> Arc<Certificate> {
    Ca::new("Example Issuing CA 1").issue(build)
}

/// Lets a certificate end so many days after [`NOW`].
pub(super) fn end_after(params: &mut rcgen::CertificateParams, days: i64) {
    let seconds = (NOW + days * 86_400).unsigned_abs();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = epoch + std::time::Duration::from_secs(seconds);
}

fn named(name: &str) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn parsed(certificate: &rcgen::Certificate) -> Arc<Certificate> {
    Arc::new(Certificate::parse(certificate.der()).unwrap())
}
