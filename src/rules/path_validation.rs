//! What path validation could not decide, and why.

use super::finding::{Observation, Severity};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::words::Text;
use crate::tls::Role;
use crate::trust::{Conclusion, Exhausted};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[TOO_MUCH_PATH_WORK, SIGNATURE_NOT_CHECKED];

const TOO_MUCH_PATH_WORK: Rule = Rule {
    id: "too-much-path-work",
    severity: Severity::Warning,
    summary: Text::en("A chain asks for more work than path validation spends on one"),
    sentence: Text::en(
        "{holder} showed {number} certificates whose chain could not be judged: it asks for more {work} than the limit. No honest chain does.",
    ),
    remedy: Text::en(
        "Look at the certificates themselves (`tlsight certs`): certificates of one name that sign one another, or thousands of names under name constraints, are made to exhaust those who verify them.",
    ),
    needs: &[Need::TrustList],
    applies: Text::en("Every chain that is judged"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the search for a path, its signatures, or the comparison with name constraints reached the limit of path validation.",
        ),
        why: Text::en(
            "A set of certificates can be made so that a verifier works for hours. The limit is far above what honest chains need, so reaching it says something about the sender.",
        ),
        symptom: Text::en("A peer that verifies without a limit hangs or takes all of a processor"),
        steps: Text::en(
            "1. Write the certificates out with `tlsight certs`. 2. Find out who made them: no CA issues such sets.",
        ),
        caveat: Text::en("The chain is neither accepted nor refused: it was not judged."),
    },
    references: &["RFC 5280, 6", "RFC 4158, 5"],
    check: Check::Connection(too_much_path_work),
};

fn too_much_path_work(subject: &Subject<'_>) -> Option<Observation> {
    let connection = subject.connection;
    [Role::Server, Role::Client].into_iter().find_map(|of| {
        let Conclusion::TooMuchWork(what) = connection.path(of).judged()?.conclusion() else {
            return None;
        };
        let work = match what {
            Exhausted::IssuerChecks => "comparisons of issuers",
            Exhausted::Signatures => "signatures",
            Exhausted::ConstraintChecks => "comparisons with name constraints",
        };
        observation(subject, of, |values| {
            values.with("number", connection.certificates(of).len().to_string()).with("work", work)
        })
    })
}

const SIGNATURE_NOT_CHECKED: Rule = Rule {
    id: "signature-not-checked",
    severity: Severity::Info,
    summary: Text::en("A signature of a chain uses an algorithm that this tool cannot check"),
    sentence: Text::en(
        "The chain that {holder} showed has no fault that could be seen, but the signature on {signed} was made with {algorithm}, which cannot be checked here.",
    ),
    remedy: Text::en(
        "Check it with `openssl verify` (`tlsight certs` writes the certificates out), and replace the certificate: such algorithms are old or rare, and many peers refuse them.",
    ),
    needs: &[Need::TrustList],
    applies: Text::en("Every chain that is judged"),
    part: Part::Remark,
    page: Page {
        checks: Text::en(
            "Whether the only thing that keeps a chain from being accepted is a signature with MD5, SHA-224, DSA, Brainpool or Ed448.",
        ),
        why: Text::en("Not checked is neither good nor bad, and must not look like either."),
        symptom: Text::en("None by itself"),
        steps: Text::en("1. `tlsight certs CAPTURE -o DIR`. 2. `openssl verify` on the files."),
        caveat: Text::en(
            "OpenSSL of the appliance may know the algorithm, or refuse it by its security level.",
        ),
    },
    references: &["RFC 5280, 6.1.3", "RFC 9325, 4.5"],
    check: Check::Connection(signature_not_checked),
};

fn signature_not_checked(subject: &Subject<'_>) -> Option<Observation> {
    [Role::Server, Role::Client].into_iter().find_map(|of| {
        let path = subject.connection.path(of).judged()?;
        if path.conclusion() != Conclusion::Undecided {
            return None;
        }
        let unchecked = path.unchecked.first()?;
        let signed = &path.path.get(unchecked.depth)?.certificate;
        observation(subject, of, |values| {
            values
                .with("signed", signed.title())
                .with("algorithm", signed.signature_algorithm.name())
        })
    })
}

fn observation(
    subject: &Subject<'_>,
    of: Role,
    more: impl FnOnce(super::Values) -> super::Values,
) -> Option<Observation> {
    let connection = subject.connection;
    let leaf = scene::leaf(connection, of)?;
    let frame = scene::certificate_frame(connection, of)?;
    let values = scene::values(connection).with("holder", scene::holder(connection, of));
    Some(Observation {
        values: more(values),
        evidence: vec![scene::serial_evidence(frame, leaf)],
        severity: None,
        of: Some(of),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EXPRESSWAY, bent, findings};
    use crate::connection::{Connection, PathVerdict};
    use crate::trust::{Exhausted, NotChecked, PathValidation, Unchecked};
    use std::sync::Arc;

    const SAMPLE: &str = "rsa-trusted.pcap";

    fn bend(connection: &mut Connection, bend: impl FnOnce(&mut PathValidation)) {
        if let PathVerdict::Judged(chain) = &mut connection.server_path {
            bend(&mut Arc::make_mut(chain).validation);
        }
    }

    #[test]
    fn a_chain_that_exhausts_the_budget_is_told() {
        let found = bent("too-much-path-work", SAMPLE, EXPRESSWAY, |connection| {
            bend(connection, |path| path.exhausted = Some(Exhausted::Signatures));
        });
        assert!(found.unwrap().sentence().contains("more signatures than the limit"));
        assert!(findings("too-much-path-work", SAMPLE, EXPRESSWAY).is_empty());
    }

    #[test]
    fn a_signature_that_cannot_be_checked_is_told() {
        let found = bent("signature-not-checked", SAMPLE, EXPRESSWAY, |connection| {
            let unchecked = Unchecked { depth: 0, reason: NotChecked::Unsupported };
            bend(connection, |path| path.unchecked.push(unchecked));
        });
        assert!(found.unwrap().sentence().contains("cannot be checked here"));
        assert!(findings("signature-not-checked", SAMPLE, EXPRESSWAY).is_empty());
    }
}
