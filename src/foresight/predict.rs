//! What one observed handshake becomes after the changes.

use std::sync::Arc;

use super::bench::Bench;
use super::change::Change;
use super::choice::{Way, Ways, never_seen, ways};
use super::client::{
    Caution, caution, is_openssl, openssl_alert, verification_changes, version_before,
};
use super::facts::Facts;
use super::habits::{Habits, Minds, end};
use super::negotiation::Negotiation;
use super::offer::{Kind, Offer, kind_name, kind_of_key};
use super::peer::Shown;
use super::reason::{NO_CHOICE, Predicted, Reason, SEVERAL_SUITES};
use super::scene::{Observed, Plan, Scene};
use super::state::{Before, ChainWord, Ending, FirstAlert, NameWord, certificate_seen, name_of};
use super::upkeep::{Asked, asked, is_new};
use crate::rules::{Reaction, reaction};
use crate::tls::Role;
use crate::x509::Certificate;

/// What a handshake comes to after the changes.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Version.
    pub version: Predicted<u16>,
    /// Cipher suite.
    pub suite: Predicted<u16>,
    /// The certificate that the server shows.
    pub certificate: Predicted<Arc<Certificate>>,
    /// What the client's trust list says of the chain.
    pub chain: Predicted<ChainWord>,
    /// Whether the certificate has the name that the client wants.
    pub name: Predicted<NameWord>,
    /// How the handshake ends.
    pub outcome: Predicted<Ending>,
    /// The fatal alert that ends it; `None` is none.
    pub alert: Predicted<Option<FirstAlert>>,
}

/// One way of the handshake, with everything that follows from it.
struct Branch {
    version: Predicted<u16>,
    suite: Predicted<u16>,
    certificate: Predicted<Arc<Certificate>>,
    chain: Predicted<ChainWord>,
    name: Predicted<NameWord>,
    outcome: Predicted<Ending>,
    alert: Predicted<Option<FirstAlert>>,
}

/// What is looked at for one connection.
pub(super) struct Case<'a, 's> {
    pub(super) one: &'a Observed<'s>,
    pub(super) scene: &'a Scene<'s>,
    pub(super) plan: &'a Plan,
    pub(super) facts: &'a Facts<'a>,
    pub(super) habits: &'a Habits,
    pub(super) before: &'a Before,
    /// Whether the client is changed.
    pub(super) touched: bool,
    /// What it may offer afterwards, and why there is more than one offer.
    pub(super) offers: &'a [Offer],
    pub(super) doubts: &'a [String],
}

/// Predicts.
pub(super) fn predict<'s>(case: &Case<'_, 's>, bench: &mut Bench<'s>) -> Prediction {
    let connection = case.one.connection;
    let own = Negotiation::of(case.one.capture, connection);
    let caution = caution(case.one, case.scene, case.plan, case.habits);
    let mut doubts: Vec<String> = case.doubts.to_vec();
    let mut branches: Vec<Branch> = Vec::new();
    for offer in case.offers {
        if offer.suites.is_empty() {
            doubts.push("the ClientHello names no suite that would be left".to_owned());
            continue;
        }
        let Ways { list, doubts: more } = ways(offer, own.as_ref(), case.facts);
        for doubt in more {
            if !doubts.contains(&doubt) {
                doubts.push(doubt);
            }
        }
        for way in &list {
            branches.extend(branch(way, case, &caution, bench, &mut doubts));
        }
    }
    agreed(&branches, &doubts)
}

/// What all branches say together.
fn agreed(branches: &[Branch], doubts: &[String]) -> Prediction {
    fn of<T: Clone + PartialEq>(
        branches: &[Branch],
        doubts: &[String],
        pick: impl Fn(&Branch) -> Predicted<T>,
    ) -> Predicted<T> {
        let values: Vec<Predicted<T>> = branches.iter().map(pick).collect();
        Predicted::agreed(&values, doubts)
    }
    Prediction {
        version: of(branches, doubts, |one| one.version.clone()),
        suite: of(branches, doubts, |one| one.suite.clone()),
        certificate: of(branches, doubts, |one| one.certificate.clone()),
        chain: of(branches, doubts, |one| one.chain.clone()),
        name: of(branches, doubts, |one| one.name.clone()),
        outcome: of(branches, doubts, |one| one.outcome.clone()),
        alert: of(branches, doubts, |one| one.alert.clone()),
    }
}

/// A chain that a server may show.
struct Shows {
    chain: Vec<Arc<Certificate>>,
    because: Vec<Reason>,
    /// Whether it is what this connection showed.
    as_before: bool,
}

fn branch<'s>(
    way: &Way,
    case: &Case<'_, 's>,
    caution: &Caution,
    bench: &mut Bench<'s>,
    doubts: &mut Vec<String>,
) -> Vec<Branch> {
    if let Some(alert) = way.refusal {
        return vec![refused_by_server(way, alert, case)];
    }
    match shows(way, case) {
        Ok(list) => {
            if list.len() > 1 {
                doubts.push("the server showed several certificates of this kind".to_owned());
            }
            list.iter().map(|shows| judged(way, shows, case, caution, bench)).collect()
        }
        Err(reason) => vec![unseen(way, &reason, case, caution, bench)],
    }
}

fn version_and_suite(way: &Way) -> (Predicted<u16>, Predicted<u16>) {
    let version = match way.version {
        Some(version) => Predicted::known(version, way.because.clone()),
        None => Predicted::unknown("the server chooses no version"),
    };
    let suite = match way.suites.as_slice() {
        [only] => Predicted::known(*only, way.because.clone()),
        several => {
            Predicted::Unknown { reason: SEVERAL_SUITES.to_owned(), possible: several.to_vec() }
        }
    };
    (version, suite)
}

/// The server ends the handshake instead of choosing.
fn refused_by_server(way: &Way, alert: Option<u8>, case: &Case<'_, '_>) -> Branch {
    let was_alert = case.before.alert.filter(|_| way.as_before);
    let alert = was_alert.unwrap_or(FirstAlert { from: Role::Server, code: alert });
    Branch {
        version: Predicted::unknown(NO_CHOICE),
        suite: Predicted::unknown(NO_CHOICE),
        certificate: Predicted::unknown(NO_CHOICE),
        chain: Predicted::unknown(NO_CHOICE),
        name: Predicted::unknown(NO_CHOICE),
        outcome: Predicted::known(Ending::Refused(Role::Server), way.because.clone()),
        alert: Predicted::known(Some(alert), way.because.clone()),
    }
}

/// The chains that the server may show.
fn shows(way: &Way, case: &Case<'_, '_>) -> Result<Vec<Shows>, String> {
    if let Some(shows) = replaced(way.kind, case) {
        return Ok(vec![shows]);
    }
    let own = own_chain(case);
    let own_kind = own
        .as_ref()
        .and_then(|own| own.chain.first())
        .and_then(|leaf| kind_of_key(&leaf.public_key));
    if let Some(own) = own
        && (way.as_before || (way.kind.is_some() && own_kind == way.kind))
    {
        return Ok(vec![own]);
    }
    let Some(kind) = way.kind else {
        return Err("nothing tells which certificate the server shows".to_owned());
    };
    let shown: Vec<Shows> = case.facts.of_kind(kind).map(|shown| elsewhere(shown, kind)).collect();
    if !shown.is_empty() {
        return Ok(shown);
    }
    let hidden = case.one.connection.handshake.is_tls13() && way.as_before;
    Err(if hidden { "TLS 1.3 hides the certificate".to_owned() } else { never_seen(kind) })
}

fn elsewhere(shown: &Shown, kind: Kind) -> Shows {
    let text = format!("the server showed this {} certificate before", kind_name(kind));
    let seen = shown.seen.first().map(|seen| Reason::seen(text, *seen));
    let chain = std::iter::once(&shown.certificate).chain(&shown.beside).cloned().collect();
    Shows { chain, because: seen.into_iter().collect(), as_before: false }
}

/// What this connection showed.
fn own_chain(case: &Case<'_, '_>) -> Option<Shows> {
    let shown = case.one.connection.certificates(Role::Server);
    shown.first()?.parsed()?;
    let chain = shown.iter().filter_map(|one| one.parsed().cloned()).collect();
    let text = "the server showed this certificate on this connection";
    let because = certificate_seen(case.one).map(|seen| Reason::seen(text, seen));
    Some(Shows { chain, because: because.into_iter().collect(), as_before: true })
}

/// The kind of the new certificate, where the server showed others, and none of its kind.
pub(super) fn new_kind(one: &Observed<'_>, plan: &Plan, facts: &Facts<'_>) -> Option<Kind> {
    let kind = replacements(one, plan).find_map(|chain| leaf_kind(chain))?;
    (!facts.shown.is_empty() && facts.of_kind(kind).next().is_none()).then_some(kind)
}

/// The chains that the server gets, the last one first.
fn replacements<'p>(
    one: &Observed<'_>,
    plan: &'p Plan,
) -> impl Iterator<Item = &'p Vec<Arc<Certificate>>> + use<'p> {
    let server = one.connection.server;
    let is_own = one.leg.server_appliance.is_some();
    plan.changes.iter().rev().filter_map(move |change| match change {
        Change::ReplaceCertificate { whose, chain } => whose.is(server, is_own).then_some(chain),
        _ => None,
    })
}

fn leaf_kind(chain: &[Arc<Certificate>]) -> Option<Kind> {
    kind_of_key(&chain.first()?.public_key)
}

/// The certificate that takes the place of the one of this kind.
fn replaced(kind: Option<Kind>, case: &Case<'_, '_>) -> Option<Shows> {
    let new = replacements(case.one, case.plan)
        .find(|chain| kind.is_none() || leaf_kind(chain) == kind)?;
    let because = vec![Reason::given("the certificate that takes the place of the old one")];
    Some(Shows { chain: new.clone(), because, as_before: false })
}

/// The server shows a certificate that nobody has seen.
fn unseen<'s>(
    way: &Way,
    reason: &str,
    case: &Case<'_, 's>,
    caution: &Caution,
    bench: &mut Bench<'s>,
) -> Branch {
    let (version, suite) = version_and_suite(way);
    let trust_changes = case.touched && case.plan.changes.iter().any(Change::concerns_trust);
    let same = way.as_before && !trust_changes && !case.changes_beside();
    let blind = [&caution.chain, &caution.name]
        .into_iter()
        .all(|minds| minds.as_ref().is_some_and(|(minds, _)| !minds));
    let (outcome, alert) = if same {
        as_before(case)
    } else if blind {
        after_server(case, Vec::new(), bench)
    } else {
        (Predicted::unknown(reason), Predicted::unknown(reason))
    };
    Branch {
        version,
        suite,
        certificate: Predicted::unknown(reason),
        chain: Predicted::unknown(reason),
        name: Predicted::unknown(reason),
        outcome,
        alert,
    }
}

/// The server shows a chain that is known.
fn judged<'s>(
    way: &Way,
    shows: &Shows,
    case: &Case<'_, 's>,
    caution: &Caution,
    bench: &mut Bench<'s>,
) -> Branch {
    let (version, suite) = version_and_suite(way);
    let connection = case.one.connection;
    let changes = case.touched.then_some(case.plan.changes.as_slice());
    let clock = connection.clock();
    let chain = bench.judge(case.one.store, changes, &shows.chain, clock, Role::Server);
    let chain = not_judged_as_before(chain, shows, case);
    let name = match shows.chain.first() {
        Some(leaf) => name_of(leaf, connection, &case.one.leg),
        None => Predicted::unknown("no certificate can be read"),
    };
    let (outcome, alert) = ending(way, shows, (&chain, &name), case, caution, bench);
    let certificate = match shows.chain.first() {
        Some(leaf) => {
            let because = shows.because.iter().chain(&way.because).cloned().collect();
            Predicted::known(Arc::clone(leaf), because)
        }
        None => Predicted::unknown("no certificate can be read"),
    };
    Branch { version, suite, certificate, chain, name, outcome, alert }
}

/// Where a stranger checks the chain there is no verdict, before and after.
fn not_judged_as_before(
    chain: Predicted<ChainWord>,
    shows: &Shows,
    case: &Case<'_, '_>,
) -> Predicted<ChainWord> {
    match (&chain, &case.before.chain) {
        (Predicted::Unknown { .. }, Predicted::Unknown { .. }) if shows.as_before => {
            case.before.chain.clone()
        }
        _ => chain,
    }
}

type End = (Predicted<Ending>, Predicted<Option<FirstAlert>>);

/// How it ends when the server shows a chain that is known.
fn ending<'s>(
    way: &Way,
    shows: &Shows,
    verdicts: (&Predicted<ChainWord>, &Predicted<NameWord>),
    case: &Case<'_, 's>,
    caution: &Caution,
    bench: &mut Bench<'s>,
) -> End {
    let (chain, name) = verdicts;
    let same_verdicts =
        chain.value() == case.before.chain.value() && name.value() == case.before.name.value();
    let same_certificate = shows.as_before;
    if way.as_before && same_certificate && same_verdicts && !case.changes_beside() {
        return as_before(case);
    }
    let accepted_here = same_certificate
        && reaction(case.one.connection, Role::Server) == Reaction::Accepted
        && !case.minds_otherwise();
    match client_judges(verdicts, accepted_here, caution) {
        Judgement::Refuses(error, because) => refused_by_client(error, because, case),
        Judgement::Open(reason) => (Predicted::unknown(reason.clone()), Predicted::unknown(reason)),
        Judgement::Accepts(_) if unexplained(case, same_certificate) => {
            let why = "the client refused this certificate for a reason that is not seen";
            (Predicted::unknown(why), Predicted::unknown(why))
        }
        Judgement::Accepts(because) => after_server(case, because, bench),
    }
}

/// Whether the client refused a certificate of which neither chain nor name was at fault.
fn unexplained(case: &Case<'_, '_>, same_certificate: bool) -> bool {
    let refused = matches!(
        reaction(case.one.connection, Role::Server),
        Reaction::Refused(_) | Reaction::Left
    );
    let fault = case.before.chain.value().is_some_and(|chain| !chain.accepted())
        || case.before.name.value() == Some(&NameWord::Differs);
    refused && same_certificate && !fault
}

/// What the client makes of the server's certificate.
enum Judgement {
    Accepts(Vec<Reason>),
    /// The verification error, or the name.
    Refuses(Fault, Vec<Reason>),
    Open(String),
}

/// Why a client refuses.
#[derive(Clone, Copy)]
enum Fault {
    Chain(u32),
    Name,
}

fn client_judges(
    (chain, name): (&Predicted<ChainWord>, &Predicted<NameWord>),
    accepted_here: bool,
    caution: &Caution,
) -> Judgement {
    let mut because = chain.because().to_vec();
    let minds = |minds: &Minds| minds.as_ref().map(|(minds, _)| *minds);
    let reason = |minds: &Minds| minds.as_ref().map(|(_, why)| why.clone());
    match (chain.value(), minds(&caution.chain)) {
        (Some(ChainWord::Accepted), _) => {}
        (_, Some(false)) => because.extend(reason(&caution.chain)),
        (Some(ChainWord::Refused(error)), Some(true)) => {
            because.extend(reason(&caution.chain));
            return Judgement::Refuses(Fault::Chain(error.code), because);
        }
        (Some(ChainWord::Refused(_)), None) => {
            return Judgement::Open(
                "nothing tells whether this client refuses a chain that it cannot verify"
                    .to_owned(),
            );
        }
        (None, _) => return Judgement::Open(chain.reason().unwrap_or_default().to_owned()),
    }
    match (name.value(), minds(&caution.name)) {
        (Some(NameWord::Matches), _) => because.extend_from_slice(name.because()),
        (_, Some(false)) => because.extend(reason(&caution.name)),
        _ if accepted_here => {}
        (Some(NameWord::Differs), Some(true)) => {
            because.extend_from_slice(name.because());
            because.extend(reason(&caution.name));
            return Judgement::Refuses(Fault::Name, because);
        }
        (Some(NameWord::Differs), None) => {
            return Judgement::Open(
                "the certificate does not have the name, and nothing tells whether this client compares names"
                    .to_owned(),
            );
        }
        (None, _) => return Judgement::Open(name.reason().unwrap_or_default().to_owned()),
    }
    Judgement::Accepts(because)
}

/// The client refuses; with which alert depends on the library.
fn refused_by_client(fault: Fault, mut because: Vec<Reason>, case: &Case<'_, '_>) -> End {
    let outcome = Predicted::known(Ending::Refused(Role::Client), because.clone());
    let code = match fault {
        Fault::Chain(error) => openssl_alert(error),
        // The traffic server's callback fails without a reason (218018; measured with
        // traffic server 9.2.9).
        Fault::Name if case.one.leg.is_traffic_server() => 80,
        Fault::Name => 42,
    };
    let alert = |code| Some(FirstAlert { from: Role::Client, code: Some(code) });
    let alert = match is_openssl(case.one) {
        Some(reason) => {
            because.push(reason);
            Predicted::known(alert(code), because)
        }
        None => Predicted::Unknown {
            reason: "the alert depends on the client's library: OpenSSL's, or 46 of Java"
                .to_owned(),
            possible: vec![alert(code), alert(46)],
        },
    };
    (outcome, alert)
}

/// As it ended.
fn as_before(case: &Case<'_, '_>) -> End {
    let seen = end(case.one.capture, case.one.connection);
    let because = vec![Reason::seen("nothing changes on this connection", seen)];
    match case.before.outcome.value() {
        Some(ending) => (
            Predicted::known(*ending, because.clone()),
            Predicted::known(case.before.alert, because),
        ),
        None => {
            let why = "it is not known how this handshake ended, or why";
            (Predicted::unknown(why), Predicted::unknown(why))
        }
    }
}

/// The client accepts the server: what remains is what the server makes of the client.
fn after_server<'s>(case: &Case<'_, 's>, mut because: Vec<Reason>, bench: &mut Bench<'s>) -> End {
    match asked(case, bench) {
        Asked::Passes(reason) => {
            because.extend(reason);
            (Predicted::known(Ending::Completed, because.clone()), Predicted::known(None, because))
        }
        Asked::Refused(alert, reason) => {
            because.extend(reason);
            let alert = Some(FirstAlert { from: Role::Server, code: alert });
            (
                Predicted::known(Ending::Refused(Role::Server), because.clone()),
                Predicted::known(alert, because),
            )
        }
        Asked::Open(why) => (Predicted::unknown(why.clone()), Predicted::unknown(why)),
    }
}

impl Case<'_, '_> {
    /// Whether something else than offer, certificate and trust list changes on this leg.
    fn changes_beside(&self) -> bool {
        is_new(self) || self.minds_otherwise()
    }

    /// Whether the client verifies otherwise after an upgrade.
    fn minds_otherwise(&self) -> bool {
        let before = version_before(self.one, self.scene);
        let after = self.plan.upgrade_of(self.one, self.scene.deployment).or(before);
        verification_changes(self.one, before, after)
    }
}
