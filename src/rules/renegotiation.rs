//! Handshakes inside the encryption of an earlier one.

use super::finding::{Evidence, Observation, Severity};
use super::rule::{Check, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::connection::{Renegotiation, RenegotiationEnd};
use crate::tls::Role;

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[RENEGOTIATION];

const RENEGOTIATION: Rule = Rule {
    id: "renegotiation",
    severity: Severity::Warning,
    summary: Text::en("A second handshake was begun inside the encryption of the first"),
    sentence: Text::en(
        "After the handshake was complete, {starter} {began} inside its encryption, {ending}.",
    ),
    remedy: Text::en("{remedy}"),
    needs: &[],
    applies: Text::en("Every connection before TLS 1.3"),
    part: Part::Handshake,
    page: Page {
        checks: Text::en(
            "Whether handshake records follow the Finished of both sides, and whether both sides changed to new keys after them. What the records hold is encrypted; with a key log it is read.",
        ),
        why: Text::en(
            "A server that wants a client certificate for some paths only asks for it in a second handshake. Where the other side refuses that, the connection breaks although its handshake looks complete.",
        ),
        symptom: Text::en(
            "The connection is made, and ends when the first request was sent; OpenSSL says: no renegotiation",
        ),
        steps: Text::en(
            "1. See what the side that began wants: a server most often a client certificate. 2. Let it ask in the first handshake. 3. Or allow renegotiation where it was refused, if it is the secure one of RFC 5746. 4. TLS 1.3 has none.",
        ),
        caveat: Text::en(
            "Without a key log an alert that answers may be a refusal or only the goodbye of a side that paid no heed to the request.",
        ),
    },
    references: &["RFC 5246, 7.4.1.1", "RFC 5246, 7.2.2", "RFC 5746, 4"],
    check: Check::Connection(renegotiation),
};

fn renegotiation(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    let begun = connection.renegotiation?;
    let began = match begun.by {
        Role::Client => Text::en("began another one"),
        Role::Server => Text::en("asked for another one"),
    };
    let (ending, remedy) = (ending(&begun), remedy(&begun));
    let mut values = scene::values(connection)
        .with("starter", scene::holder(connection, begun.by))
        .with("other", scene::holder(connection, begun.by.other()))
        .with_words("began", began)
        .with_words("ending", ending)
        .with_words("remedy", remedy);
    let mut evidence = vec![Evidence::new(begun.frame, "tls.record.content_type", "22")];
    match begun.end {
        RenegotiationEnd::Alert { by, description, frame, .. } => {
            let alert = scene::said_alert(description);
            evidence.push(scene::alert_evidence(frame, description));
            values = values.with("alert", alert).with("sender", scene::holder(connection, by));
        }
        RenegotiationEnd::Left { by, frame, reset } => {
            evidence.push(scene::tcp_evidence(frame, reset));
            values = values.with("sender", scene::holder(connection, by));
        }
        RenegotiationEnd::Completed | RenegotiationEnd::Open => {}
    }
    Some(Observation { values, evidence, severity: severity(subject, &begun), of: None })
}

/// One that failed with the connection is its fault; one that nobody minded is none.
fn severity(subject: &Subject<'_>, begun: &Renegotiation) -> Option<Severity> {
    match begun.end {
        _ if subject.connection.outcome.failed() => Some(Severity::Error),
        RenegotiationEnd::Completed
        | RenegotiationEnd::Open
        | RenegotiationEnd::Alert { description: None, went_on: true, .. } => Some(Severity::Info),
        _ => None,
    }
}

fn ending(begun: &Renegotiation) -> Text {
    const NO_RENEGOTIATION: u8 = 100;
    match begun.end {
        RenegotiationEnd::Completed => Text::en("and it went through"),
        RenegotiationEnd::Alert { description: Some(NO_RENEGOTIATION), .. } => {
            Text::en("and {sender} refused it with {alert}")
        }
        RenegotiationEnd::Alert { description: Some(_), .. } => {
            Text::en("and {sender} ended it with {alert}")
        }
        RenegotiationEnd::Alert { went_on: true, .. } => Text::en(
            "and {sender} went on sending data and then {alert}: it may have paid no heed to it",
        ),
        RenegotiationEnd::Alert { by, .. } if by == begun.by => {
            Text::en("and sent {alert} before it was over")
        }
        RenegotiationEnd::Alert { .. } => Text::en(
            "and {sender} answered with {alert}: most likely it refused (no_renegotiation)",
        ),
        RenegotiationEnd::Left { reset: true, .. } => {
            Text::en("and {sender} reset the connection before it was over")
        }
        RenegotiationEnd::Left { .. } => {
            Text::en("and {sender} closed the connection before it was over")
        }
        RenegotiationEnd::Open => Text::en("and the capture does not show it to be over"),
    }
}

fn remedy(begun: &Renegotiation) -> Text {
    match (begun.failed(), begun.by) {
        (false, _) => Text::en(
            "Nothing, if it works. A client certificate that was asked for there is encrypted: `--keylog` shows it.",
        ),
        (true, Role::Server) => Text::en(
            "Let {starter} ask for what it wants (most often a client certificate for some paths only) in the first handshake, or allow renegotiation on {other}; look at the logs of both for this time.",
        ),
        (true, Role::Client) => Text::en(
            "Most servers allow no client to renegotiate: let {starter} open a new connection instead; look at the logs of both for this time.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::super::testing::{NO_STORE, bent, finding, findings};
    use crate::connection::RenegotiationEnd;
    use crate::tls::Role;

    const ID: &str = "renegotiation";

    #[test]
    fn one_that_went_through_is_told() {
        let found = finding(ID, "renegotiation.pcap", NO_STORE);
        assert_eq!(found.severity, Severity::Info);
        assert_eq!(
            found.sentence(),
            "After the handshake was complete, 10.30.5.20 began another one inside its \
             encryption, and it went through."
        );
    }

    #[test]
    fn one_that_was_refused_is_told_as_far_as_it_can_be_seen() {
        let found = finding(ID, "renegotiation-refused.pcap", NO_STORE);
        assert_eq!(found.severity, Severity::Warning);
        let said = found.sentence();
        assert!(said.contains("asked for another one inside its encryption"), "{said}");
        assert!(said.contains("10.30.5.20 answered with an encrypted alert"), "{said}");
    }

    /// A client may pay no heed to a HelloRequest (RFC 5246, 7.4.1.1).
    #[test]
    fn who_goes_on_has_not_refused() {
        let end = |description, went_on| RenegotiationEnd::Alert {
            by: Role::Client,
            description,
            frame: 9,
            went_on,
        };
        let told = |ending| {
            bent(ID, "renegotiation-refused.pcap", NO_STORE, |connection| {
                connection.observed.renegotiation.as_mut().unwrap().end = ending;
            })
            .unwrap()
        };
        let found = told(end(None, true));
        assert_eq!(found.severity, Severity::Info);
        assert!(found.sentence().contains("paid no heed"), "{}", found.sentence());
        let found = told(end(Some(100), false));
        assert!(found.sentence().contains("refused it with alert no_renegotiation (100)"));
    }

    #[test]
    fn a_goodbye_and_a_new_ticket_are_no_handshake() {
        for sample in ["rsa-trusted.pcap", "resumed-tls12.pcap", "tls13-trusted.pcap"] {
            assert!(findings(ID, sample, NO_STORE).is_empty(), "{sample}");
        }
    }
}
