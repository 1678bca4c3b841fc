//! What a change does beside what it is made for, and what it does not do.

use super::bench::changed;
use super::change::Change;
use super::offer::{Kind, Offer, TLS13, kind_of_suite};
use super::outlook::Foreseen;
use super::scene::{Plan, Scene};
use crate::expressway::releases::changes as release_changes;
use crate::expressway::{Leg, Version};
use crate::trust::{Store, StoreSemantics};

/// A remark about a change as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Short name for programs.
    pub id: &'static str,
    /// The remark.
    pub text: String,
    /// The document that says so, where it is not seen here.
    pub source: Option<&'static str>,
}

impl Note {
    fn new(id: &'static str, text: impl Into<String>) -> Self {
        Self { id, text: text.into(), source: None }
    }

    fn of(id: &'static str, text: impl Into<String>, source: &'static str) -> Self {
        Self { id, text: text.into(), source: Some(source) }
    }
}

const GUIDE: &str = "MRA Deployment Guide X15.2";
const REQUIREMENTS: &str = "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)";

/// The remarks about a plan.
pub(super) fn notes(scene: &Scene<'_>, plan: &Plan, foreseen: &[Foreseen]) -> Vec<Note> {
    let mut notes = Vec::new();
    if !foreseen.iter().any(|one| one.touched || one.shows_another()) {
        notes.push(Note::new("nothing-changed", "no connection here has a client that is changed"));
    }
    notes.extend(shadows(scene, plan));
    let offers: Vec<(Leg, Offer)> = scene
        .connections
        .iter()
        .filter(|one| plan.changes_client(one, scene.deployment))
        .filter_map(|one| Some((one.leg, one.offer()?)))
        .collect();
    for change in &plan.changes {
        about(change, &offers, scene, &mut notes);
    }
    notes
}

fn about(change: &Change, offers: &[(Leg, Offer)], scene: &Scene<'_>, notes: &mut Vec<Note>) {
    let expressway = scene.deployment.knows_addresses();
    let tls13 = offers.iter().any(|(_, offer)| offer.has_version(TLS13));
    match change {
        Change::Ciphers(_) | Change::RsaPrefix | Change::EcdsaLast | Change::DisableEcdsa => {
            notes.extend(one_suite_only(change, offers));
            if tls13 {
                notes.push(Note::of(
                    "tls13-not-touched",
                    "a cipher list decides nothing under TLS 1.3: there the signature algorithms choose the certificate",
                    "openssl-ciphers(1)",
                ));
            }
            if expressway {
                notes.push(Note::of(
                    "cipher-lists",
                    "each service of the Expressway has a cipher list of its own (Maintenance > Security > Ciphers); which one the traffic server uses towards Unified CM is not documented, so change all of them",
                    REQUIREMENTS,
                ));
            }
        }
        Change::PreferRsaSignatures
            if offers.iter().any(|(_, offer)| !offer.has_version(TLS13)) =>
        {
            notes.push(Note::of(
                "tls13-only",
                "TlsSignatureAlgoPrefRsa takes effect with TLS 1.3 only, and on SIP only",
                REQUIREMENTS,
            ));
        }
        Change::AddAnchors(_) | Change::RemoveAnchors(_) if expressway => notes.push(Note::of(
            "restart",
            "the trust list is per peer of a cluster, and a change needs a restart of the Expressway",
            GUIDE,
        )),
        Change::Upgrade(to) => notes.extend(released(scene, *to)),
        _ => {}
    }
}

/// Whether RSA comes first by one suite only, so that ECDSA is next.
fn one_suite_only(change: &Change, offers: &[(Leg, Offer)]) -> Option<Note> {
    let kinds = offers.iter().find_map(|(_, offer)| {
        let after = change.offer(offer);
        let kinds: Vec<Kind> =
            after.suites.iter().filter_map(|code| kind_of_suite(*code)).collect();
        matches!(kinds.as_slice(), [Kind::Rsa, Kind::Ecdsa, ..]).then_some(kinds)
    });
    kinds.map(|_| {
        Note::of(
            "one-suite-only",
            "the prefix moves one suite only: a server that does not take it lands on ECDSA, which comes next; with :+ECDSA behind the list all ECDSA suites come last",
            REQUIREMENTS,
        )
    })
}

/// Anchors of one name: which one the store takes.
fn shadows(scene: &Scene<'_>, plan: &Plan) -> Vec<Note> {
    let mut stores: Vec<&Store> = Vec::new();
    for one in &scene.connections {
        if let Some(store) = one.store.filter(|_| plan.changes_client(one, scene.deployment))
            && !stores.iter().any(|known| std::ptr::eq(*known, store))
        {
            stores.push(store);
        }
    }
    let mut notes = Vec::new();
    for store in stores {
        let after = changed(store, &plan.changes);
        for change in &plan.changes {
            let Change::AddAnchors(list) = change else { continue };
            for anchor in list.iter().filter(|one| !store.contains(&one.certificate.sha256)) {
                let note = shadowed(&after, anchor);
                notes.extend(note.filter(|note| !notes.contains(note)));
            }
        }
    }
    notes
}

/// Whether another anchor of the same name stands before `anchor`.
fn shadowed(store: &Store, anchor: &crate::trust::Anchor) -> Option<Note> {
    let (_, first) = store.named(&anchor.certificate.subject).next()?;
    if first.certificate.sha256 == anchor.certificate.sha256 {
        return None;
    }
    let text = format!(
        "the trust list has another certificate of the same subject before the new one: {} (serial {} before {})",
        anchor.certificate.subject, first.certificate.serial, anchor.certificate.serial
    );
    Some(match store.semantics() {
        StoreSemantics::Expressway => Note::of(
            "anchor-shadowed",
            format!(
                "{text}: Expressway takes the first entry of a subject, so the new one is never used"
            ),
            "CSCwa12894; MRA Deployment Guide X15.2",
        ),
        StoreSemantics::OpenSsl => Note::new(
            "same-subject",
            format!(
                "{text}: an Expressway takes the first entry of a subject; so does OpenSSL where no key identifier tells them apart"
            ),
        ),
    })
}

/// What the releases between the old and the new version change for TLS.
fn released(scene: &Scene<'_>, to: Version) -> Vec<Note> {
    let from = scene.deployment.appliances().iter().filter_map(|one| one.version).min();
    let Some(from) = from else { return Vec::new() };
    let between = release_changes().iter().filter(|row| {
        Version::parse(row.release).is_some_and(|version| version > from && version <= to)
    });
    between
        .map(|row| Note::of("release", format!("{}: {}", row.release, row.text), row.source))
        .collect()
}
