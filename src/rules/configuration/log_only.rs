//! Failures that the log tells of and no capture shows.

use std::collections::{BTreeMap, BTreeSet};

use super::{DIAGNOSTICS, of};
use crate::connection::{Connection, Outcome};
use crate::expressway::log::Cause;
use crate::expressway::{Appliance, Event};
use crate::rules::case::{Case, CaseObservation};
use crate::rules::documents::TRAFFIC_SERVER_VERIFICATION;
use crate::rules::finding::Severity;
use crate::rules::own::{log_lines, told};
use crate::rules::rule::{Check, Need, Page, Part, Rule};
use crate::rules::scene::UNKNOWN_CA;
use crate::rules::words::Text;
use crate::wire::text::{count, shell_word};

pub(super) const REFUSAL_IN_LOG_ONLY: Rule = Rule {
    id: "refusal-in-log-only",
    severity: Severity::Error,
    summary: Text::en("The log tells of a failed TLS connection that no capture here shows"),
    sentence: Text::en("{host}: {what} (log line {line}, {times}); {captured}."),
    remedy: Text::en("{remedy}"),
    needs: &[Need::Log],
    applies: Text::en("Logs of Expressway"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether a line of the log about a refused certificate or a failed TLS connection belongs to no connection of the captures, or to one of which they do not show the end.",
        ),
        why: Text::en(
            "After a restart while logging, or when the captures are full, the log is all there is.",
        ),
        symptom: Text::en("Login or registration fails"),
        steps: Text::en(
            "1. Read the line. 2. Mend as for the same fault in a capture. 3. Collect again with a capture.",
        ),
        caveat: Text::en(
            "The certificate itself is not in the log; serial number and chain are not known.",
        ),
    },
    references: &[TRAFFIC_SERVER_VERIFICATION, DIAGNOSTICS],
    check: Check::Case(refusal_in_log_only),
};

fn refusal_in_log_only(case: &Case<'_>) -> Vec<CaseObservation> {
    let appliances = case.deployment.appliances().iter().enumerate();
    appliances.flat_map(|(index, appliance)| unseen_refusals(case, index, appliance)).collect()
}

/// The failures of a log that stand beside no connection of which the capture shows the end,
/// each kind once.
fn unseen_refusals(case: &Case<'_>, index: usize, appliance: &Appliance) -> Vec<CaseObservation> {
    let beside = |ended: bool| -> BTreeSet<u64> {
        let connections =
            case.of_appliance(index).filter(|one| ended == has_end(one.subject.connection));
        connections.flat_map(|one| one.subject.log.iter().map(|line| line.number)).collect()
    };
    let (seen, begun) = (beside(true), beside(false));
    let mut kinds: BTreeMap<String, (u64, u64, Refusal)> = BTreeMap::new();
    for line in log_lines(appliance).filter(|line| !seen.contains(&line.number)) {
        if let Some(refusal) = refusal(&line.event) {
            let kind = kinds.entry(refusal.what.clone()).or_insert((line.number, 0, refusal));
            kind.1 += 1;
        }
    }
    let observation = |(line, times, refusal): (u64, u64, Refusal)| {
        let captured = if begun.contains(&line) { END_UNSEEN } else { UNSEEN };
        told(
            of(appliance)
                .with("what", refusal.what)
                .with("peer", shell_word(&refusal.peer))
                .with("line", line.to_string())
                .with("times", count(times, "time"))
                .with_words("captured", captured)
                .with_words("remedy", refusal.remedy),
        )
    };
    kinds.into_values().map(observation).collect()
}

const UNSEEN: Text = Text::en("no capture here has that connection");
const END_UNSEEN: Text = Text::en("the capture does not show how that connection ended");

/// Whether the capture shows how a handshake ended.
fn has_end(connection: &Connection) -> bool {
    connection.outcome.failed() || matches!(connection.outcome, Outcome::Completed)
}

/// A failure that a line tells of.
struct Refusal {
    what: String,
    /// The other side, for `openssl s_client`.
    peer: String,
    remedy: Text,
}

/// What a line says of a failure, and what to do.
fn refusal(event: &Event) -> Option<Refusal> {
    let (what, peer, remedy) = match event {
        Event::ChainRefused { name, error, .. } => (
            format!("the traffic server refused the certificate of {name}: {error}"),
            name.as_str(),
            Text::en(
                "Get the certificate from that server (`openssl s_client -connect {peer}:PORT -showcerts`) and upload what is missing of its chain: Maintenance > Security > Trusted CA certificate > Append CA certificate, on every peer, then restart.",
            ),
        ),
        Event::NameRefused { name, .. } => (
            format!("the traffic server did not find the name {name} in the certificate"),
            name.as_str(),
            Text::en(
                "On Unified CM, System > Server has to list the fully qualified domain name that the certificate carries. Then on Expressway-C: Configuration > Unified Communications > Unified CM servers > Refresh servers.",
            ),
        ),
        Event::ConnectionFailed { name, error, cause, .. } => match cause {
            Cause::AlertReceived(UNKNOWN_CA) => (
                format!("{name} refused the certificate that the traffic server showed: {error}"),
                name.as_str(),
                UPLOAD_TO_PEER,
            ),
            _ => (
                format!("the connection to {name} failed: {error}"),
                name.as_str(),
                Text::en(CAPTURE),
            ),
        },
        Event::NegotiationError { detail, .. } => {
            (format!("SIP failed to negotiate TLS: {detail}"), "", Text::en(CAPTURE))
        }
        _ => return None,
    };
    Some(Refusal { what, peer: peer.to_owned(), remedy })
}

const UPLOAD_TO_PEER: Text = Text::en(
    "If {peer} is a Unified CM node: on every node, OS Administration > Security > Certificate Management, upload the CA chain that signed the certificate of this Expressway as tomcat-trust and as CallManager-trust; then `utils service restart Cisco Tomcat`, restart Cisco CallManager and Cisco TFTP, `utils service restart Cisco HAProxy`.",
);

const CAPTURE: &str =
    "Collect again with Take tcpdump while logging, so that the handshake can be judged.";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::expressway::log::{Action, Cause};
    use crate::expressway::{Appliance, Deployment, Event};
    use crate::rules::case::{Case, CaseConnection};
    use crate::rules::rule::Subject;
    use crate::rules::testing::{EXPRESSWAY, expressway, findings_of, judged, log, of_case};

    #[test]
    fn a_refusal_whose_end_the_capture_does_not_show_is_told_by_the_log() {
        let connection = judged("truncated.pcap", EXPRESSWAY).remove(0).connection;
        let log = log(vec![Event::ChainRefused {
            name: "cucmpub.example.org".to_owned(),
            error: "self signed certificate".to_owned(),
            code: None,
            server: Some(connection.server.address),
            depth: Some(0),
            action: Action::Terminate,
        }]);
        let lines = log.lines.clone();
        let appliance = Arc::new(Appliance { log: Some(log), ..expressway() });
        let deployment = &Deployment::new(&[appliance], vec![]);
        let leg = deployment.leg(connection.client, connection.server, None, None);
        let subject =
            Subject { connection: &connection, store: None, leg, deployment, log: &lines };
        let connections = &[CaseConnection { capture: 0, subject, findings: &[] }];
        let case = Case { deployment, connections, attempts: &[], missing_names: &[] };
        let found = of_case("refusal-in-log-only", &case);
        let said = found[0].sentence();
        let words = "(log line 1, 1 time); the capture does not show how that connection ended.";
        assert!(said.ends_with(words), "{said}");
        assert!(found[0].remedy().contains("-connect cucmpub.example.org:PORT"));
    }

    #[test]
    fn unknown_ca_in_the_log_alone_tells_who_lacks_which_chain() {
        let error = "error:14094418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca";
        let event = Event::ConnectionFailed {
            name: "cucmpub.example.org".to_owned(),
            error: error.to_owned(),
            code: None,
            cause: Cause::of(error),
        };
        let appliance = Appliance { log: Some(log(vec![event])), ..expressway() };
        let found = findings_of("refusal-in-log-only", "rsa-trusted.pcap", EXPRESSWAY, appliance);
        let said = found[0].sentence();
        assert!(said.contains("cucmpub.example.org refused the certificate that the"), "{said}");
        assert!(said.ends_with("no capture here has that connection."), "{said}");
        assert!(found[0].remedy().contains("as tomcat-trust and as CallManager-trust"));
    }
}
