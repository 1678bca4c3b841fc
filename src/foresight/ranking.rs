//! The remedies of a failing leg, each run through the prediction.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::change::Change;
use super::offer::{Kind, TLS13, kind_of_suite};
use super::outlook::{Fate, Foreseen, Models, foresee_some, representatives};
use super::scene::{Observed, Plan, Scene};
use super::state::ChainWord;
use crate::connection::{Chain, Connection};
use crate::packet::Endpoint;
use crate::rules::{Reaction, reaction};
use crate::tls::{Role, names};
use crate::trust::{Anchor, Needed, Remedy};
use crate::x509::Certificate;

/// A leg that fails, as its verdict names it.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Index of its capture.
    pub capture: usize,
    /// The first of its streams.
    pub stream: u64,
    /// Id of the rule that names the cause.
    pub cause: &'static str,
}

/// Whether a remedy works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// The handshake completes.
    WouldWork,
    /// The fault is mended; what comes behind it is not known.
    MendsThis(String),
    /// It cannot be known.
    CannotBeKnown(String),
    /// The handshake fails all the same.
    WouldNot(String),
}

impl Prospect {
    /// The words in text and JSON.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::WouldWork => "would work",
            Self::MendsThis(_) => "would mend this fault",
            Self::CannotBeKnown(_) => "cannot be known",
            Self::WouldNot(_) => "would not work",
        }
    }

    /// Why it is not certain, or does not work.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::WouldWork => None,
            Self::MendsThis(why) | Self::CannotBeKnown(why) | Self::WouldNot(why) => Some(why),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::WouldWork => 0,
            Self::MendsThis(_) => 1,
            Self::CannotBeKnown(_) => 2,
            Self::WouldNot(_) => 3,
        }
    }
}

/// What a remedy does to another leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideEffect {
    /// What becomes of that leg.
    pub fate: Fate,
    /// To which server.
    pub server: Endpoint,
    /// Its name, as the client sent it.
    pub server_name: Option<String>,
    /// One of its connections: capture and stream.
    pub stream: (usize, u64),
}

/// A remedy with what it would do.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The remedy in words.
    pub remedy: String,
    /// The flags by which `tlsight whatif` foretells it; `None` where it needs something
    /// that is not here.
    pub flags: Option<&'static str>,
    /// Whether it works.
    pub prospect: Prospect,
    /// Other legs of the same client that it breaks or mends, or that cannot be known.
    pub side_effects: Vec<SideEffect>,
}

/// So many failing legs are ranked: each costs a prediction for every leg of its client.
const RANKED: usize = 40;
/// So many side effects of one remedy are kept.
const SIDE_EFFECTS: usize = 20;

/// The remedies of each failing leg, the most promising first. Nothing is said of legs
/// behind the first 40.
#[must_use]
pub fn rank(scene: &Scene<'_>, failing: &[Failing]) -> Vec<Vec<Ranked>> {
    let mut ranking = Ranking { scene, models: None, others: BTreeMap::new() };
    let mut all: Vec<Vec<Ranked>> =
        failing.iter().take(RANKED).map(|one| ranking.of(one)).collect();
    all.resize_with(failing.len(), Vec::new);
    all
}

/// A remedy that may be tried.
struct Candidate {
    remedy: String,
    flags: Option<&'static str>,
    /// The changes to try, or what can be said without trying.
    attempt: Result<Vec<Change>, Prospect>,
}

struct Ranking<'a, 's> {
    scene: &'a Scene<'s>,
    /// Built when the first remedy needs it.
    models: Option<Models>,
    /// The legs of each client, one connection for each that goes alike.
    others: BTreeMap<IpAddr, Vec<usize>>,
}

impl<'s> Ranking<'_, 's> {
    fn of(&mut self, failing: &Failing) -> Vec<Ranked> {
        let scene = self.scene;
        let place = (failing.capture, failing.stream);
        let found =
            scene.connections.iter().find(|one| (one.capture, one.connection.stream) == place);
        let Some(one) = found.filter(|one| one.connection.outcome.failed()) else {
            return Vec::new();
        };
        let candidates = candidates(one, failing.cause);
        let mut ranked: Vec<Ranked> =
            candidates.into_iter().map(|candidate| self.tried(one, candidate)).collect();
        ranked.sort_by_key(|one| {
            let breaks = one.side_effects.iter().any(|effect| effect.fate == Fate::Breaks);
            (one.prospect.rank(), breaks)
        });
        ranked
    }

    fn tried(&mut self, one: &Observed<'s>, candidate: Candidate) -> Ranked {
        let Candidate { remedy, flags, attempt } = candidate;
        let (prospect, side_effects) = match attempt {
            Err(prospect) => (prospect, Vec::new()),
            Ok(changes) if changes.iter().all(|change| is_so_already(change, one)) => {
                let why = "the client offers that already";
                (Prospect::WouldNot(why.to_owned()), Vec::new())
            }
            Ok(changes) => self.foretold(one, changes),
        };
        Ranked { remedy, flags, prospect, side_effects }
    }

    fn foretold(
        &mut self,
        one: &Observed<'s>,
        changes: Vec<Change>,
    ) -> (Prospect, Vec<SideEffect>) {
        let scene = self.scene;
        let client = one.connection.client.address;
        let models = self.models.get_or_insert_with(|| Models::of(scene));
        let others = self.others.entry(client).or_insert_with(|| legs_of(scene, models, client));
        let plan = Plan { changes, clients: vec![client], products: Vec::new() };
        let with = others.iter().filter_map(|at| scene.connections.get(*at));
        let legs = std::iter::once(one).chain(with);
        let mut foreseen = foresee_some(scene, models, &plan, legs).into_iter();
        let Some(own) = foreseen.next() else {
            let why = "the connection was not captured whole";
            return (Prospect::CannotBeKnown(why.to_owned()), Vec::new());
        };
        let effects = foreseen.filter_map(|other| side_effect(&own, &other));
        let mut kept: Vec<SideEffect> = Vec::new();
        for effect in effects {
            let same = |known: &SideEffect| {
                (known.fate, known.server, &known.server_name)
                    == (effect.fate, effect.server, &effect.server_name)
            };
            if kept.len() < SIDE_EFFECTS && !kept.iter().any(same) {
                kept.push(effect);
            }
        }
        (prospect(&own), kept)
    }
}

/// The legs of one client: places in the scene.
fn legs_of(scene: &Scene<'_>, models: &Models, client: IpAddr) -> Vec<usize> {
    let mine = scene.connections.iter().filter(|one| one.connection.client.address == client);
    let distinct = representatives(scene, models, mine);
    let places: BTreeMap<(usize, u64), usize> = scene
        .connections
        .iter()
        .enumerate()
        .map(|(at, one)| ((one.capture, one.connection.stream), at))
        .collect();
    let place = |one: &&Observed<'_>| places.get(&(one.capture, one.connection.stream)).copied();
    distinct.iter().filter_map(place).collect()
}

/// Whether a change of the offer changes nothing here.
fn is_so_already(change: &Change, one: &Observed<'_>) -> bool {
    let of_trust = change.concerns_trust();
    !of_trust && one.offer().is_some_and(|offer| change.offer(&offer) == offer)
}

/// What happens to another leg, where that is something.
fn side_effect(own: &Foreseen, other: &Foreseen) -> Option<SideEffect> {
    let same_leg = own.server == other.server && own.server_name == other.server_name;
    let works_now = matches!(other.before.outcome.value(), Some(super::state::Ending::Completed));
    let fate = other.fate();
    let tells = match fate {
        Fate::Breaks | Fate::Mended => true,
        Fate::Open => works_now,
        Fate::StillFails | Fate::StillWorks => false,
    };
    (tells && !same_leg).then(|| SideEffect {
        fate,
        server: other.server,
        server_name: other.server_name.clone(),
        stream: (other.capture, other.stream),
    })
}

/// What the prediction says of the leg itself.
fn prospect(own: &Foreseen) -> Prospect {
    let after = &own.after;
    match own.fate() {
        Fate::Mended | Fate::StillWorks => Prospect::WouldWork,
        Fate::StillFails | Fate::Breaks => Prospect::WouldNot(why_not(own)),
        Fate::Open => {
            let why = after.outcome.reason().unwrap_or("nothing tells").to_owned();
            let was_refused = own.before.chain.value().is_some_and(|chain| !chain.accepted());
            let trusted = after.chain.value() == Some(&ChainWord::Accepted);
            if was_refused && trusted && after.name.value().is_some() {
                Prospect::MendsThis(why)
            } else {
                Prospect::CannotBeKnown(why)
            }
        }
    }
}

/// Why it fails all the same.
fn why_not(own: &Foreseen) -> String {
    let after = &own.after;
    let mut parts: Vec<String> = Vec::new();
    if let (Some(shown), Some(before)) =
        (after.certificate.value(), own.before.certificate.as_ref())
        && shown.sha256 == *before.sha256()
    {
        let because = after.suite.because().iter().find(|reason| reason.source.is_some());
        let because = because.map(|reason| format!(" ({})", reason.text)).unwrap_or_default();
        parts.push(format!("the server shows the same certificate{because}"));
    }
    if let Some(ChainWord::Refused(error)) = after.chain.value() {
        parts.push(format!("{}, error {} at depth {}", error.text, error.code, error.depth));
    }
    if parts.is_empty() {
        let alert = after.alert.value().copied().flatten().and_then(|alert| alert.code);
        parts.push(alert.map_or_else(
            || "it is refused all the same".to_owned(),
            |code| format!("it is refused with {} ({code})", names::alert_name(code)),
        ));
    }
    parts.join("; ")
}

/// The remedies that can be thought of for a cause.
fn candidates(one: &Observed<'_>, cause: &str) -> Vec<Candidate> {
    let connection = one.connection;
    let mut list: Vec<Candidate> = Vec::new();
    let refused = connection.outcome.aborted_by() == Some(Role::Client);
    let chain = connection.server_path.chain();
    let untrusted = chain.is_some_and(|chain| !chain.validation.errors.is_empty());
    if refused && untrusted && shows_ecdsa(connection) {
        list.extend(ciphers());
    }
    if refused && is_about_trust(cause) {
        list.extend(chain.and_then(by_anchors));
    }
    if cause == "tls13-client-refused-certificate" {
        list.extend(hidden(one));
    }
    if needs_another_certificate(cause) {
        list.push(reissue());
    }
    if matches!(reaction(connection, Role::Client), Reaction::Refused(_)) {
        list.push(by_server(connection));
    }
    list
}

fn shows_ecdsa(connection: &Connection) -> bool {
    let below = connection.handshake.version().is_some_and(|version| version < TLS13);
    below && connection.cipher_suite().and_then(kind_of_suite) == Some(Kind::Ecdsa)
}

/// Rules whose fault certificates in the trust list can mend.
fn is_about_trust(cause: &str) -> bool {
    matches!(
        cause,
        "self-signed-not-trusted"
            | "trust-anchor-missing"
            | "intermediate-missing"
            | "certificate-signature-failure"
            | "same-subject-anchors"
            | "certificate-refused"
            | "traversal-chain-missing"
    )
}

/// Rules whose fault only another certificate mends.
fn needs_another_certificate(cause: &str) -> bool {
    matches!(
        cause,
        "name-not-in-certificate"
            | "ip-only-as-ip-san"
            | "certificate-expired"
            | "certificate-not-yet-valid"
            | "weak-key"
            | "eku-unsuitable"
    )
}

fn change(remedy: &str, flags: &'static str, change: Change) -> Candidate {
    Candidate { remedy: remedy.to_owned(), flags: Some(flags), attempt: Ok(vec![change]) }
}

/// What may bring another certificate under TLS 1.3: HTTPS does not know the preference
/// of signatures (225476), and Unified CM by default goes by the order of the cipher list
/// (CUCM Security Guide 15, TLS 1.3 Setup).
fn hidden(one: &Observed<'_>) -> Vec<Candidate> {
    let [prefix, _, forbidden] = ciphers();
    let signatures = change(
        "RSA first among the signature algorithms (`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On`)",
        "--sigalg-pref rsa",
        Change::PreferRsaSignatures,
    );
    let tls12 = change("TLS 1.2 at most", "--tls12-only", Change::Tls12Only);
    if one.leg.is_traffic_server() {
        return vec![prefix, forbidden, tls12];
    }
    vec![signatures, prefix, tls12]
}

/// In the order of the vendor's document (225476).
fn ciphers() -> [Candidate; 3] {
    [
        change(
            "RSA first (`ECDHE-RSA-AES256-GCM-SHA384:` in front of the cipher list)",
            "--rsa-prefix",
            Change::RsaPrefix,
        ),
        change("ECDSA last (`:+ECDSA` behind the cipher list)", "--ecdsa-last", Change::EcdsaLast),
        change(
            "ECDSA forbidden (`:!ECDSA` behind the cipher list)",
            "--disable ecdsa",
            Change::DisableEcdsa,
        ),
    ]
}

/// What path validation found to mend the chain.
fn by_anchors(chain: &Chain) -> Option<Candidate> {
    let remedy = chain.remedy.as_ref()?;
    let missing = remedy.add.iter().find_map(|needed| match needed {
        Needed::Missing { subject, .. } => Some(subject.to_string()),
        Needed::Present { .. } => None,
    });
    let added: Vec<Arc<Certificate>> = remedy.add.iter().filter_map(present).collect();
    let (flags, attempt) = match missing {
        Some(subject) => {
            let why = format!(
                "{subject} was seen nowhere; `tlsight whatif --add-anchor FILE` foretells it"
            );
            (None, Err(Prospect::CannotBeKnown(why)))
        }
        None if added.is_empty() && chain.in_the_way.is_empty() => {
            let why = "no certificate in the trust list mends this chain";
            (None, Err(Prospect::WouldNot(why.to_owned())))
        }
        None => (Some(flags_of(remedy)), Ok(anchor_changes(chain, &added))),
    };
    let names = |list: Vec<String>| list.join(", ");
    let mut parts: Vec<String> = Vec::new();
    if !chain.in_the_way.is_empty() {
        let out = chain.in_the_way.iter().map(|anchor| identity(&anchor.certificate)).collect();
        parts.push(format!("take out of the trust list: {}", names(out)));
    }
    if !added.is_empty() {
        parts.push(format!("trust {}", names(added.iter().map(|one| identity(one)).collect())));
    }
    if parts.is_empty() {
        parts.push("more in the trust list".to_owned());
    }
    Some(Candidate { remedy: parts.join("; "), flags, attempt })
}

fn present(needed: &Needed) -> Option<Arc<Certificate>> {
    match needed {
        Needed::Present { certificate, .. } => Some(Arc::clone(certificate)),
        Needed::Missing { .. } => None,
    }
}

/// Which flags foretell it; the certificates are written out by `tlsight certs`.
const fn flags_of(remedy: &Remedy) -> &'static str {
    match (remedy.remove.is_empty(), remedy.add.is_empty()) {
        (true, _) => "--add-anchor FILE",
        (false, true) => "--remove-anchor FILE",
        (false, false) => "--remove-anchor FILE --add-anchor FILE",
    }
}

fn anchor_changes(chain: &Chain, added: &[Arc<Certificate>]) -> Vec<Change> {
    let removed: Vec<Arc<Certificate>> =
        chain.in_the_way.iter().map(|anchor| Arc::clone(&anchor.certificate)).collect();
    let anchors = added.iter().map(|certificate| Anchor {
        certificate: Arc::clone(certificate),
        source: "added".to_owned(),
        line: 0,
    });
    let mut changes = Vec::new();
    if !removed.is_empty() {
        changes.push(Change::RemoveAnchors(removed));
    }
    if !added.is_empty() {
        changes.push(Change::AddAnchors(anchors.collect()));
    }
    changes
}

fn identity(certificate: &Certificate) -> String {
    format!("{} (serial {})", certificate.subject, certificate.serial)
}

fn reissue() -> Candidate {
    let why = "it is not here; `tlsight whatif --replace-cert FILE` foretells it";
    Candidate {
        remedy: "another certificate on the server".to_owned(),
        flags: None,
        attempt: Err(Prospect::CannotBeKnown(why.to_owned())),
    }
}

/// Whether the server refused the client with unknown_ca (48), or with what Java says of
/// everything (46).
fn tells_of_trust(connection: &Connection) -> bool {
    matches!(reaction(connection, Role::Client), Reaction::Refused(Some(46 | 48)))
}

/// The server trusts the client: by its own trust list, where that is known.
fn by_server(connection: &Connection) -> Candidate {
    let chain = connection.client_path.chain();
    let remedy = chain.and_then(|chain| chain.remedy.as_ref());
    let prospect = match remedy {
        Some(remedy) if remedy.proven && tells_of_trust(connection) => Prospect::WouldWork,
        Some(remedy) if remedy.proven => {
            let why = "the alert tells of something else than trust";
            Prospect::MendsThis(why.to_owned())
        }
        Some(remedy) if !remedy.remaining.is_empty() && remedy.add.is_empty() => {
            let errors: Vec<String> = remedy
                .remaining
                .iter()
                .map(|error| format!("{}, error {} at depth {}", error.text, error.code, error.depth))
                .collect();
            Prospect::WouldNot(format!("there still is: {}", errors.join("; ")))
        }
        _ => Prospect::CannotBeKnown(
            "the trust list of the server is not known, or lacks a certificate that was seen nowhere (give it with --peer-trust)"
                .to_owned(),
        ),
    };
    let list: Vec<String> = remedy
        .into_iter()
        .flat_map(|remedy| &remedy.add)
        .filter_map(present)
        .map(|one| identity(&one))
        .collect();
    let what = if list.is_empty() {
        "the chain of the client's certificate".to_owned()
    } else {
        list.join(", ")
    };
    Candidate {
        remedy: format!("{what} in the trust list of the server"),
        flags: None,
        attempt: Err(prospect),
    }
}
