//! What the changes do to a whole case.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::bench::Bench;
use super::change::Change;
use super::confirm::command;
use super::facts::Facts;
use super::habits::Habits;
use super::notes::{Note, notes};
use super::offer::Offer;
use super::peer::{Peer, peers};
use super::predict::{Case, Prediction, new_kind, predict};
use super::scene::{Observed, Plan, Scene};
use super::state::{Before, Ending};
use super::upgrade::{self, Offers};
use crate::connection::Presented;
use crate::expressway::Leg;
use crate::packet::Endpoint;
use crate::tls::Role;
use crate::x509::{Certificate, Sha256};

/// One connection before and after the changes.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// Index of its capture.
    pub capture: usize,
    /// `tcp.stream`.
    pub stream: u64,
    /// Who connects.
    pub client: Endpoint,
    /// To whom.
    pub server: Endpoint,
    /// The server name that the client sent.
    pub server_name: Option<String>,
    /// Who the two ends are.
    pub leg: Leg,
    /// Whether the client is one that is changed.
    pub touched: bool,
    /// What was seen.
    pub before: Before,
    /// What is to come.
    pub after: Prediction,
    /// A command for a shell that would confirm it live.
    pub confirm: Option<String>,
}

/// What becomes of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It worked, or is not known to have failed, and will fail.
    Breaks,
    /// It fails and will fail.
    StillFails,
    /// It cannot be told whether it works afterwards.
    Open,
    /// It failed and will work.
    Mended,
    /// It works and will work.
    StillWorks,
}

impl Fate {
    /// The word in text and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::StillFails => "still fails",
            Self::Open => "not known",
            Self::Mended => "mended",
            Self::StillWorks => "still works",
        }
    }
}

impl Foreseen {
    /// Whether the server's certificate will be another one.
    pub(super) fn shows_another(&self) -> bool {
        let before = self.before.certificate.as_ref().map(Presented::sha256);
        self.after.certificate.value().is_some_and(|after| Some(&after.sha256) != before)
    }

    /// What becomes of it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let failed = matches!(self.before.outcome.value(), Some(Ending::Refused(_)));
        match (failed, self.after.outcome.value()) {
            (_, None) => Fate::Open,
            (true, Some(Ending::Refused(_))) => Fate::StillFails,
            (true, Some(Ending::Completed)) => Fate::Mended,
            (false, Some(Ending::Refused(_))) => Fate::Breaks,
            (false, Some(Ending::Completed)) => Fate::StillWorks,
        }
    }
}

/// What the changes do.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// The changes in words.
    pub changes: Vec<String>,
    /// Every connection, capture by capture.
    pub connections: Vec<Foreseen>,
    /// What the changes do beside what they are made for.
    pub notes: Vec<Note>,
}

/// Predicts what the plan does to everything that was seen.
#[must_use]
pub fn foresee(scene: &Scene<'_>, plan: &Plan) -> Outlook {
    let models = Models::of(scene);
    let mut run = Run { confirms: true, ..Run::new(scene, &models, plan) };
    let connections: Vec<Foreseen> =
        scene.connections.iter().filter_map(|one| run.foreseen(one)).collect();
    let notes = notes(scene, plan, &connections);
    Outlook { changes: plan.changes.iter().map(Change::title).collect(), connections, notes }
}

/// Predicts what the plan does to some connections, without the commands that confirm it.
pub(super) fn foresee_some<'a, 's>(
    scene: &'a Scene<'s>,
    models: &'a Models,
    plan: &'a Plan,
    which: impl Iterator<Item = &'a Observed<'s>>,
) -> Vec<Foreseen> {
    let mut run = Run::new(scene, models, plan);
    which.filter_map(|one| run.foreseen(one)).collect()
}

/// Connections of which each stands for those that go alike.
pub(super) fn representatives<'a, 's>(
    scene: &'a Scene<'s>,
    models: &'a Models,
    which: impl Iterator<Item = &'a Observed<'s>>,
) -> Vec<&'a Observed<'s>> {
    let plan = Plan::default();
    let mut run = Run::new(scene, models, &plan);
    let mut known = HashSet::new();
    which.filter(|one| known.insert(run.alike(one, &Before::of(one), false))).collect()
}

/// What was seen of servers and clients, put together once.
pub(super) struct Models {
    peers: BTreeMap<Endpoint, Peer>,
    habits: Habits,
}

impl Models {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let all = scene.connections.iter().map(|one| (one.capture, one.connection));
        let peers = peers(all).into_iter().map(|peer| (peer.server, peer)).collect();
        Self { peers, habits: Habits::of(scene) }
    }
}

type Known = (Endpoint, Option<String>, Option<&'static str>);

/// What decides a prediction: connections that share it share the prediction, but for the
/// time at which certificates are judged, whose place among their dates is the last part.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    client: IpAddr,
    known: Known,
    offer: Option<Offer>,
    answer: (Option<u16>, Option<u16>),
    chain: Vec<Sha256>,
    outcome: (&'static str, Option<Role>, Option<u8>),
    asked: (bool, bool),
    verdicts: (Option<&'static str>, Option<&'static str>),
    epoch: usize,
}

/// So many certificates of a server count for the dates at which an answer can change.
const DATED: usize = 64;

/// One run over a case.
struct Run<'a, 's> {
    scene: &'a Scene<'s>,
    plan: &'a Plan,
    models: &'a Models,
    facts: HashMap<Known, Facts<'a>>,
    bench: Bench<'s>,
    known: HashMap<Alike, (Prediction, Option<String>)>,
    /// Whether commands that confirm are wanted; making them takes a quarter of the time.
    confirms: bool,
}

impl<'a, 's> Run<'a, 's> {
    fn new(scene: &'a Scene<'s>, models: &'a Models, plan: &'a Plan) -> Self {
        let bench = Bench::new(scene.terms);
        let (facts, known) = (HashMap::new(), HashMap::new());
        Self { scene, plan, models, facts, bench, known, confirms: false }
    }

    fn foreseen(&mut self, one: &'a Observed<'s>) -> Option<Foreseen> {
        let before = Before::of(one);
        let touched = self.plan.changes_client(one, self.scene.deployment);
        let alike = self.alike(one, &before, touched);
        let (after, confirm) = match self.known.get(&alike) {
            Some(known) => known.clone(),
            None => {
                let new = self.predict(one, &before, touched)?;
                self.known.insert(alike, new.clone());
                new
            }
        };
        Some(Foreseen {
            capture: one.capture,
            stream: one.connection.stream,
            client: one.connection.client,
            server: one.connection.server,
            server_name: one.connection.server_name().map(str::to_owned),
            leg: one.leg,
            touched,
            before,
            after,
            confirm,
        })
    }

    fn predict(
        &mut self,
        one: &'a Observed<'s>,
        before: &Before,
        touched: bool,
    ) -> Option<(Prediction, Option<String>)> {
        let peer = self.models.peers.get(&one.connection.server)?;
        let Offers { list: offers, doubts } = self.offers(one, touched);
        let behaviour = self.plan.known(one);
        let name = one.connection.server_name().map(str::to_owned);
        let key = (peer.server, name.clone(), behaviour.map(|known| known.behaviour().word));
        let facts = self.facts.entry(key).or_insert_with(|| {
            let mut facts = Facts::of(peer, name.as_deref(), behaviour);
            facts.new_kind = new_kind(one, self.plan, &facts);
            facts
        });
        let case = Case {
            one,
            scene: self.scene,
            plan: self.plan,
            facts,
            habits: &self.models.habits,
            before,
            touched,
            offers: &offers,
            doubts: &doubts,
        };
        let offer = offers.first().filter(|_| self.confirms);
        let confirm =
            offer.and_then(|offer| command(one, self.plan, touched, offer, self.scene.terms));
        Some((predict(&case, &mut self.bench), confirm))
    }

    /// What the client may offer afterwards, and why that is not certain.
    fn offers(&self, one: &Observed<'_>, touched: bool) -> Offers {
        let Some(offer) = one.offer() else {
            let doubts = vec!["the ClientHello was not captured whole".to_owned()];
            return Offers { list: Vec::new(), doubts };
        };
        let one_only = |offer| Offers { list: vec![offer], doubts: Vec::new() };
        if !touched {
            return one_only(offer);
        }
        let mut after = match self.plan.upgrade_of(one, self.scene.deployment) {
            Some(to) => upgrade::offers(one, self.scene, to, offer),
            None => one_only(offer),
        };
        for change in self.plan.changes.iter().filter(|change| reaches(change, one)) {
            after.list = after.list.iter().map(|offer| change.offer(offer)).collect();
        }
        after
    }

    fn alike(&mut self, one: &Observed<'s>, before: &Before, touched: bool) -> Alike {
        let connection = one.connection;
        let changes = touched.then_some(self.plan.changes.as_slice());
        let shown = connection.certificates(Role::Server);
        let behaviour = self.plan.known(one).map(|known| known.behaviour().word);
        let alert = before.alert.and_then(|alert| alert.code);
        let handshake = &connection.handshake;
        let peer = self.models.peers.get(&connection.server);
        let of_peer = peer.into_iter().flat_map(|peer| &peer.certificates);
        let elsewhere =
            of_peer.flat_map(|one| std::iter::once(&one.certificate).chain(&one.beside));
        let certificates: Vec<&Arc<Certificate>> =
            shown.iter().filter_map(Presented::parsed).chain(elsewhere.take(DATED)).collect();
        Alike {
            client: connection.client.address,
            known: (connection.server, connection.server_name().map(str::to_owned), behaviour),
            offer: one.offer(),
            answer: (before.version, before.suite),
            chain: shown.iter().map(|one| *one.sha256()).collect(),
            outcome: (connection.outcome.word(), connection.outcome.aborted_by(), alert),
            asked: (
                handshake.certificate_request().is_some(),
                connection.client_certificates.is_some(),
            ),
            verdicts: (
                before.chain.value().map(|chain| chain.word()),
                before.name.value().map(|name| name.word()),
            ),
            epoch: self.bench.epoch(one.store, changes, &certificates, connection.clock()),
        }
    }
}

/// Whether a change of the client reaches this leg: the preference of signatures is for
/// SIP only (225476).
fn reaches(change: &Change, one: &Observed<'_>) -> bool {
    let sip_only = matches!(change, Change::PreferRsaSignatures);
    !sip_only || !one.leg.client.is_expressway() || one.leg.is_sip_of_expressway()
}
