//! Recordings of one connection at both ends that do not agree on who ended it.

use std::collections::BTreeMap;

use super::case::{Case, CaseConnection, CaseObservation};
use super::documents::COLLABORATION_EDGE_ISSUES;
use super::finding::{Observation, Severity};
use super::rule::{Check, Need, Page, Part, Rule};
use super::scene;
use super::words::Text;
use crate::connection::{Connection, Outcome};
use crate::tls::Role;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[ENDED_IN_BETWEEN];

const ENDED_IN_BETWEEN: Rule = Rule {
    id: "ended-in-between",
    severity: Severity::Error,
    summary: Text::en("Two recordings of one connection do not agree on who ended it"),
    sentence: Text::en(
        "Of the connection from {client} to {server}, one recording shows that {one} ended it, the other that {other} did: neither has to, and what stands between the two recordings did.",
    ),
    remedy: Text::en(
        "Look at what lies in the path between the two places where was recorded: a firewall that inspects TLS or SIP, a proxy, an IPS. Take the traffic of {server} out of inspection, and compare its log for this time",
    ),
    needs: &[Need::TwoCaptures],
    applies: Text::en("Connections that were recorded at two places"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether of two recordings of one handshake (by the random of its ClientHello) one shows a reset or FIN of the client, and the other one of the server.",
        ),
        why: Text::en(
            "A device in the path that does not like what it sees resets both sides, each in the name of the other.",
        ),
        symptom: Text::en("Both sides log that the other one closed the connection"),
        steps: Text::en(
            "1. Compare both recordings frame by frame: what was sent that did not arrive? 2. Find the device between them. 3. Take this traffic out of inspection.",
        ),
        caveat: Text::en(
            "Where both sides end the connection at the same moment, each recording may show its own side first.",
        ),
    },
    references: &[COLLABORATION_EDGE_ISSUES],
    check: Check::Case(ended_in_between),
};

fn ended_in_between(case: &Case<'_>) -> Vec<CaseObservation> {
    let mut first: BTreeMap<&[u8], &CaseConnection<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for one in case.connections {
        let connection = one.subject.connection;
        let Some(random) = connection.random().filter(|_| ended_by(connection).is_some()) else {
            continue;
        };
        let other = *first.entry(random).or_insert(one);
        if other.capture != one.capture {
            found.extend(told(one, other));
        }
    }
    found
}

fn told(one: &CaseConnection<'_>, other: &CaseConnection<'_>) -> Option<CaseObservation> {
    let connection = one.subject.connection;
    let (by, by_other) = (ended_by(connection)?, ended_by(other.subject.connection)?);
    let values =
        scene::values(connection).with_words("one", side(by)).with_words("other", side(by_other));
    let evidence = scene::ending(connection).into_iter().collect();
    let observation = Observation { values, evidence, severity: None, of: None };
    (by != by_other).then(|| one.observation(observation))
}

/// Who ended a connection by TCP alone.
const fn ended_by(connection: &Connection) -> Option<Role> {
    match connection.observed.outcome {
        Outcome::Reset { by, .. } | Outcome::Closed { by, .. } => Some(by),
        _ => None,
    }
}

const fn side(role: Role) -> Text {
    match role {
        Role::Client => Text::en("the client"),
        Role::Server => Text::en("the server"),
    }
}
