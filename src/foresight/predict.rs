//! What one observed handshake becomes after the changes.

use std::sync::Arc;

use super::bench::Bench;
use super::change::Change;
use super::choice::{Way, Ways, never_seen, ways};
use super::client::{Caution, caution, verification_changes, version_before};
use super::ending::{after_server, as_before, ending};
use super::facts::Facts;
use super::habits::Habits;
use super::negotiation::Negotiation;
use super::offer::{Kind, Offer, kind_name, kind_of_key};
use super::peer::Shown;
use super::reason::{NO_CHOICE, Predicted, Reason, SEVERAL_SUITES};
use super::scene::{Observed, Plan, Scene};
use super::state::{Before, ChainWord, Ending, FirstAlert, NameWord, certificate_seen, name_of};
use super::upkeep::is_new;
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
pub(super) struct Shows {
    chain: Vec<Arc<Certificate>>,
    because: Vec<Reason>,
    /// Whether it is what this connection showed.
    pub(super) as_before: bool,
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
    let connection = case.one.connection;
    let shown = connection.certificates(Role::Server);
    shown.first()?.parsed()?;
    // Of a list that is cut nobody knows where it leads.
    if connection.handshake.certificates_are_whole(Role::Server) == Some(false) {
        return None;
    }
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

impl Case<'_, '_> {
    /// Whether something else than offer, certificate and trust list changes on this leg.
    pub(super) fn changes_beside(&self) -> bool {
        is_new(self) || self.minds_otherwise()
    }

    /// Whether the client verifies otherwise after an upgrade.
    pub(super) fn minds_otherwise(&self) -> bool {
        let before = version_before(self.one, self.scene);
        let after = self.plan.upgrade_of(self.one, self.scene.deployment).or(before);
        verification_changes(self.one, before, after)
    }
}
