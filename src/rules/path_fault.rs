//! Faults of a certificate that path validation finds though the chain reaches an anchor.

use super::finding::{Observation, Severity};
use super::reaction::{Reaction, reaction, severity, with_reaction};
use super::reissue::{self, Held};
use super::rule::{Check, Need, Page, Part, Rule, Subject};
use super::scene;
use super::trust_fault::openssl;
use super::words::{Text, Values};
use crate::connection::Connection;
use crate::tls::Role;
use crate::trust::{Link, PathValidation, VerifyError, code};
use crate::x509::{Certificate, Extensions};

/// The rules of this family, in report order.
pub(super) const RULES: &[Rule] = &[
    WEAK_SIGNATURE,
    ISSUER_NOT_A_CA,
    PATH_LENGTH_EXCEEDED,
    KEY_USAGE_UNSUITABLE,
    NAME_CONSTRAINT_VIOLATED,
    CRITICAL_EXTENSION_UNKNOWN,
    PATH_REFUSED,
];

// The alerts are those of OpenSSL (x509table in ssl/statem/statem_lib.c), with 42, which
// GnuTLS and others send for nearly every fault of a certificate, and 46 of Java, which says 43 of
// what its security properties disable (measured with OpenJDK 17).
const WEAK: &[u8] = &[42, 43, 46];
const NO_CA: &[u8] = &[48, 46, 42];
const WRONG_PURPOSE: &[u8] = &[43, 46, 42];
const ANY: &[u8] = &[46, 42, 43, 48, 51, 80];

const APPLIES: Text = Text::en(
    "Every chain that is judged: of servers against --trust, of clients against --peer-trust; and every chain that the other side refused",
);
const SYMPTOM: Text = Text::en(
    "The other side refuses the certificate though its CA is in the trust list; uploading the CA again changes nothing",
);
const STEPS: Text = Text::en(
    "1. Write the chain out (`tlsight certs`) and look at the certificate that the finding names. 2. Have it issued again by the CA that the finding names, with what it says. 3. Upload it in its place, and restart the services that use it.",
);
const CAVEAT: Text = Text::en(
    "The verdict is that of OpenSSL with the given trust store and --security-level; Java and GnuTLS have rules of their own.",
);

const WEAK_SIGNATURE: Rule = Rule {
    id: "weak-signature",
    severity: Severity::Error,
    summary: Text::en("A certificate of the chain is signed with a hash that is too weak"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} is signed with {algorithm}, which is too weak (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again by {issuer}, signed with SHA-256 or stronger. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: WEAK,
        clause: Text::en(
            "{what} is signed with {algorithm}, which is too weak (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether the signature on a certificate below the anchor reaches the security level (OpenSSL error 68): SHA-1 and MD5 do not reach level 1, the default.",
        ),
        why: Text::en(
            "Signatures with SHA-1 and MD5 can be forged. OpenSSL 3.0 refuses them with bad_certificate (42); the anchor's own signature does not count.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 9325, 4.5", "SSL_CTX_set_security_level(3), OpenSSL 3.0"],
    check: Check::Connection(weak_signature),
};

fn weak_signature(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| error.code == code::CA_MD_TOO_WEAK)?;
    let algorithm = fault.certificate().signature_algorithm.name();
    Some(fault.observation(WEAK, |values| values.with("algorithm", algorithm)))
}

const ISSUER_NOT_A_CA: Rule = Rule {
    id: "issuer-not-a-ca",
    severity: Severity::Error,
    summary: Text::en("A certificate of the chain signed another one, but is no CA"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} signed another certificate but is no CA: {why} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again by {issuer} as a CA (basic constraints CA:TRUE, key usage keyCertSign), or have what it signed issued again by a real CA. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: NO_CA,
        clause: Text::en(
            "{what} signed another certificate but is no CA: {why} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether every certificate above the leaf may sign certificates (OpenSSL error 79).",
        ),
        why: Text::en(
            "Only a CA may sign certificates: basic constraints have to say CA:TRUE, and the key usage, where there is one, keyCertSign. OpenSSL answers with unknown_ca (48), as if an anchor were missing.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 4.2.1.9", "RFC 5280, 6.1.4"],
    check: Check::Connection(issuer_not_a_ca),
};

fn issuer_not_a_ca(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| error.code == code::INVALID_CA)?;
    let why = no_ca(&fault.certificate().extensions);
    Some(fault.observation(NO_CA, |values| values.with_words("why", why)))
}

fn no_ca(extensions: &Extensions) -> Text {
    match extensions.basic_constraints {
        Some(basic) if !basic.ca => Text::en("its basic constraints say CA:FALSE"),
        None => Text::en("it has no basic constraints that say so"),
        Some(_) => Text::en("its key usage lacks keyCertSign"),
    }
}

const PATH_LENGTH_EXCEEDED: Rule = Rule {
    id: "path-length-exceeded",
    severity: Severity::Error,
    summary: Text::en("A CA of the chain allows fewer CAs below it than there are"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} allows {limit} CAs below it (path length constraint), but there are {number} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {leaf} issued by a CA that stands directly below one which allows it, or have {certificate} issued again by {issuer} with a path length constraint of {number} or none. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: NO_CA,
        clause: Text::en(
            "{what} allows {limit} CAs below it, but there are {number} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether fewer CAs stand below each CA than its basic constraints allow (OpenSSL error 25).",
        ),
        why: Text::en(
            "A CA can limit how many CAs stand below it. OpenSSL answers with unknown_ca (48), as if an anchor were missing.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 4.2.1.9", "RFC 5280, 6.1.4"],
    check: Check::Connection(path_length_exceeded),
};

fn path_length_exceeded(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| error.code == code::PATH_LENGTH_EXCEEDED)?;
    let limit = fault.certificate().extensions.basic_constraints?.path_len?;
    let between = fault.path.get(1..fault.error.depth)?.iter();
    // A CA that renewed itself does not count (RFC 5280, 6.1.4).
    let number = between.filter(|link| !link.certificate.is_self_issued()).count();
    Some(fault.observation(NO_CA, |values| {
        values.with("limit", limit.to_string()).with("number", number.to_string())
    }))
}

const KEY_USAGE_UNSUITABLE: Rule = Rule {
    id: "key-usage-unsuitable",
    severity: Severity::Error,
    summary: Text::en("The usages of a certificate, or of a CA above it, do not allow its role"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} may not be used for this: {why} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en("Have {certificate} issued again by {issuer} {with_usage}. {replace}."),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: WRONG_PURPOSE,
        clause: Text::en("{what} may not be used for this: {why} (OpenSSL: {openssl})"),
    },
    page: Page {
        checks: Text::en(
            "Whether the key usage of the certificate, and the extended key usages of the CAs above it, allow the role (OpenSSL errors 26 and 32). The extended key usage of the certificate itself has a rule of its own.",
        ),
        why: Text::en(
            "A certificate for signing certificates only is refused in a handshake with unsupported_certificate (43), also when its extended key usage is right. Extended key usages of a CA limit what is below it.",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 4.2.1.3", "RFC 5280, 4.2.1.12"],
    check: Check::Connection(key_usage_unsuitable),
};

fn key_usage_unsuitable(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, fault| {
        let unsuitable = [code::INVALID_PURPOSE, code::KEYUSAGE_NO_CERTSIGN].contains(&error.code);
        unsuitable && fault.of_usage(error)
    })?;
    let extensions = &fault.certificate().extensions;
    let usages = extensions.key_usage.map(|usage| usage.names().join(", ")).unwrap_or_default();
    let (why, with_usage) = match (fault.error, fault.of) {
        (error, _) if error.code == code::KEYUSAGE_NO_CERTSIGN => (OF_CERT_SIGN, WITH_CERT_SIGN),
        (error, _) if error.depth > 0 => (OF_CA, WITH_CA),
        _ if extensions.key_usage.is_none() => (OF_TYPE, WITH_TYPE),
        (_, Role::Server) => (OF_SERVER, WITH_SERVER),
        (_, Role::Client) => (OF_CLIENT, WITH_CLIENT),
    };
    let usage = match fault.of {
        Role::Server => "serverAuth",
        Role::Client => "clientAuth",
    };
    Some(fault.observation(WRONG_PURPOSE, |values| {
        values
            .with("usages", usages)
            .with("usage", usage)
            .with_words("why", why)
            .with_words("with_usage", with_usage)
    }))
}

const OF_CERT_SIGN: Text =
    Text::en("it signed another certificate, but its key usage ({usages}) lacks Certificate Sign");
const WITH_CERT_SIGN: Text = Text::en("with keyCertSign in its key usage");
const OF_CA: Text = Text::en("it is a CA whose extended key usage lacks {usage}");
const WITH_CA: Text = Text::en("with {usage} in its extended key usage, or without one");
const OF_TYPE: Text = Text::en("its Netscape certificate type does not say {usage}");
const WITH_TYPE: Text = Text::en("without the Netscape certificate type");
const OF_SERVER: Text = Text::en(
    "its key usage ({usages}) has neither Digital Signature nor Key Encipherment nor Key Agreement",
);
const WITH_SERVER: Text = Text::en(
    "with digitalSignature and keyEncipherment in its key usage (digitalSignature for EC)",
);
const OF_CLIENT: Text =
    Text::en("its key usage ({usages}) has neither Digital Signature nor Key Agreement");
const WITH_CLIENT: Text = Text::en("with digitalSignature in its key usage");

const NAME_CONSTRAINT_VIOLATED: Rule = Rule {
    id: "name-constraint-violated",
    severity: Severity::Error,
    summary: Text::en("A CA above the certificate does not allow a name in it"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} has a name that {constrainer} does not allow: {limits} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again with names that {constrainer} allows, or by a CA without such name constraints. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: WEAK,
        clause: Text::en(
            "{what} has a name that {constrainer} does not allow: {limits} (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "The names of every certificate of the path against the name constraints of the CAs above it (OpenSSL errors 47 to 53).",
        ),
        why: Text::en(
            "A CA may be limited to some domains. OpenSSL answers a name outside of them with certificate_unknown (46).",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 4.2.1.10"],
    check: Check::Connection(name_constraint_violated),
};

/// More subtrees than these are not listed.
const SUBTREES_TOLD: usize = 5;

fn name_constraint_violated(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| {
        (code::PERMITTED_VIOLATION..=code::UNSUPPORTED_NAME_SYNTAX).contains(&error.code)
    })?;
    // OpenSSL goes from the top down, and stops at the first CA whose constraints fail.
    let above = fault.path.get(fault.error.depth + 1..)?;
    let constrainer =
        above.iter().rev().find(|link| link.certificate.extensions.name_constraints.is_some())?;
    let limits = limits(&constrainer.certificate)?;
    let title = constrainer.certificate.title().to_owned();
    Some(fault.observation(WEAK, |values| values.with("constrainer", title).with("limits", limits)))
}

/// `permitted DNS:example.org; excluded DNS:old.example.org`.
fn limits(ca: &Certificate) -> Option<String> {
    let constraints = ca.extensions.name_constraints.as_ref()?;
    let kinds = [("permitted", &constraints.permitted), ("excluded", &constraints.excluded)];
    let told = kinds.into_iter().filter(|(_, list)| !list.is_empty()).map(|(kind, list)| {
        let names: Vec<String> =
            list.iter().take(SUBTREES_TOLD).map(|one| one.base.to_string()).collect();
        let more = if list.len() > SUBTREES_TOLD { ", ..." } else { "" };
        format!("{kind} {}{more}", names.join(", "))
    });
    Some(told.collect::<Vec<_>>().join("; "))
}

const CRITICAL_EXTENSION_UNKNOWN: Rule = Rule {
    id: "critical-extension-unknown",
    severity: Severity::Error,
    summary: Text::en("A certificate has a critical extension that OpenSSL does not know"),
    sentence: Text::en(
        "Of the chain of {holder}, {what} has the critical extension {extensions}, which is not known (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again by {issuer} without this extension, or with it marked as not critical. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: ANY,
        clause: Text::en(
            "{what} has the critical extension {extensions}, which is not known (OpenSSL: {openssl})",
        ),
    },
    page: Page {
        checks: Text::en(
            "Whether a certificate of the path has an extension that is marked critical and that OpenSSL does not handle (error 34).",
        ),
        why: Text::en(
            "Critical means: refuse the certificate unless you understand this. OpenSSL answers with certificate_unknown (46).",
        ),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 4.2"],
    check: Check::Connection(critical_extension_unknown),
};

fn critical_extension_unknown(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| error.code == code::UNHANDLED_CRITICAL_EXTENSION)?;
    let unknown = fault.certificate().extensions.critical_unknown().take(SUBTREES_TOLD);
    let list: Vec<String> = unknown.map(ToString::to_string).collect();
    Some(fault.observation(ANY, |values| values.with("extensions", list.join(", "))))
}

const PATH_REFUSED: Rule = Rule {
    id: "path-refused",
    severity: Severity::Error,
    summary: Text::en("Path validation refuses a certificate of the chain for a rare fault"),
    sentence: Text::en(
        "The chain of {holder} is refused at {what} (OpenSSL: {openssl}); {reaction}.",
    ),
    remedy: Text::en(
        "Have {certificate} issued again by {issuer} without this fault; `openssl verify` on what `tlsight certs` writes out tells the same. {replace}.",
    ),
    needs: &[Need::TrustListOrRefusal],
    applies: APPLIES,
    part: Part::Certificate {
        alerts: ANY,
        clause: Text::en("the chain is refused at {what} (OpenSSL: {openssl})"),
    },
    page: Page {
        checks: Text::en(
            "The errors of path validation that no other rule explains: unreadable keys and dates, explicit EC parameters, proxy certificates, chains that are too long.",
        ),
        why: Text::en("Each of them is a reason by itself, and the alert names none of them."),
        symptom: SYMPTOM,
        steps: STEPS,
        caveat: CAVEAT,
    },
    references: &["RFC 5280, 6.1"],
    check: Check::Connection(path_refused),
};

fn path_refused(subject: &Subject<'_>) -> Option<Observation> {
    let fault = Fault::find(subject, |error, _| is_rare(error))?;
    Some(fault.observation(ANY, |values| values))
}

/// Whether no rule of a kind of its own tells the error.
fn is_rare(error: &VerifyError) -> bool {
    let rare = [
        code::UNSPECIFIED,
        code::UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
        code::ERROR_IN_CERT_NOT_BEFORE_FIELD,
        code::ERROR_IN_CERT_NOT_AFTER_FIELD,
        code::CERT_CHAIN_TOO_LONG,
        code::KEYUSAGE_NO_DIGITAL_SIGNATURE,
        code::PROXY_CERTIFICATES_NOT_ALLOWED,
        code::EC_KEY_EXPLICIT_PARAMS,
    ];
    rare.contains(&error.code)
}

/// An error of path validation at its certificate.
pub(super) struct Fault<'a> {
    subject: &'a Subject<'a>,
    /// Whose chain it is.
    pub(super) of: Role,
    /// What OpenSSL says.
    pub(super) error: &'a VerifyError,
    path: &'a [Link],
    errors: &'a [VerifyError],
    link: &'a Link,
}

impl<'a> Fault<'a> {
    /// The first error that is `wanted`, of the side that was refused before the other.
    pub(super) fn find(
        subject: &'a Subject<'a>,
        wanted: impl Fn(&VerifyError, &Self) -> bool,
    ) -> Option<Self> {
        sides(subject.connection).into_iter().find_map(|of| {
            let judged = validation(subject.connection, of)?;
            judged.errors.iter().find_map(|error| {
                let link = judged.path.get(error.depth)?;
                let (path, errors) = (&*judged.path, &*judged.errors);
                let fault = Self { subject, of, error, path, errors, link };
                wanted(error, &fault).then_some(fault)
            })
        })
    }

    /// The certificate at fault.
    pub(super) fn certificate(&self) -> &'a Certificate {
        &self.link.certificate
    }

    /// Whether an error of usage is one of its own: a certificate that is no CA suits no
    /// purpose either, and the extended key usage of the leaf has a rule.
    fn of_usage(&self, error: &VerifyError) -> bool {
        let same =
            |other: &&VerifyError| other.code == code::INVALID_CA && other.depth == error.depth;
        let extensions = &self.certificate().extensions;
        let extended = match self.of {
            Role::Server => extensions.allows_server_auth(),
            Role::Client => extensions.allows_client_auth(),
        };
        self.errors.iter().find(same).is_none() && (error.depth > 0 || extended)
    }

    /// With the values that the sentences of this family share, and more.
    pub(super) fn observation(
        &self,
        alerts: &[u8],
        more: impl FnOnce(Values) -> Values,
    ) -> Observation {
        let (connection, certificate) = (self.subject.connection, self.certificate());
        let held = Held::at(self.error.depth, self.link.origin);
        let leaf = scene::leaf(connection, self.of);
        let values = scene::values(connection)
            .with("holder", scene::holder(connection, self.of))
            .with("certificate", certificate.title())
            .with("issuer", certificate.issuer.text())
            .with("leaf", leaf.map_or("", |leaf| leaf.title()))
            .with("openssl", openssl(self.error))
            .with_words("what", held.what());
        let values = reissue::with_place(values, self.subject, certificate, self.of, held);
        // The frame does not show what the trust list holds.
        let seen = if held == Held::Trusted { leaf.map(AsRef::as_ref) } else { Some(certificate) };
        let shown = scene::certificate_frame(connection, self.of)
            .zip(seen)
            .map(|(frame, seen)| scene::serial_evidence(frame, seen));
        Observation {
            values: with_reaction(more(values), connection, self.of, alerts),
            evidence: shown.into_iter().chain(scene::ending(connection)).collect(),
            severity: severity(connection, self.of),
            of: Some(self.of),
        }
    }
}

/// The path validation whose errors tell of faults of a side's chain: by the trust list of the
/// other side, or where that is not known and the chain was refused, by itself.
pub(super) fn validation(connection: &Connection, of: Role) -> Option<&PathValidation> {
    let refused = || matches!(reaction(connection, of), Reaction::Refused(_) | Reaction::Left);
    let judged = connection.path(of).judged();
    judged.or_else(|| connection.validation(of).filter(|_| refused()))
}

/// Both sides; first the one that was refused, where the server gave up the client's.
pub(super) fn sides(connection: &Connection) -> [Role; 2] {
    match connection.outcome.aborted_by() {
        Some(Role::Server) => [Role::Client, Role::Server],
        _ => [Role::Server, Role::Client],
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Finding;
    use super::super::testing::{EXPRESSWAY, NO_STORE, bent, findings, validation_of_server};
    use super::*;
    use crate::connection::{Outcome, PathVerdict};
    use crate::x509::{BasicConstraints, GeneralName, Oid, Subtree, Subtrees};
    use std::sync::Arc;

    /// Its path: the certificate, an intermediate that was sent, a root of the trust list.
    const SAMPLE: &str = "root-missing.pcap";

    fn extensions(path: &mut PathValidation, depth: usize) -> &mut Extensions {
        &mut Arc::make_mut(&mut path.path[depth].certificate).extensions
    }

    /// What the rule finds when path validation ends in this error and the client
    /// answers with this alert.
    fn refused(
        id: &str,
        (code, depth): (u32, usize),
        alert: u8,
        bend: impl FnOnce(&mut PathValidation),
    ) -> Finding {
        let found = bent(id, SAMPLE, EXPRESSWAY, |connection| {
            let validation = validation_of_server(connection);
            validation.errors = vec![VerifyError::new(code, depth)];
            bend(validation);
            connection.observed.outcome = Outcome::Alert {
                by: Role::Client,
                description: Some(alert),
                frame: 99,
                inferred: false,
            };
        });
        let found = found.unwrap_or_else(|| panic!("{id} is silent"));
        let said = found.sentence() + &found.remedy();
        assert!(!said.contains(['{', '}']), "{said}");
        let Part::Certificate { alerts, .. } = found.rule.part else { panic!("{id}") };
        assert!(alerts.contains(&alert), "{id} must be the cause of {alert}");
        found
    }

    #[test]
    fn a_weak_signature_is_told_with_who_signs_again() {
        let found = refused("weak-signature", (68, 0), 42, |_| {});
        assert!(
            found.sentence().contains("signature digest algorithm too weak, error 68 at depth 0")
        );
        assert!(
            found.remedy().contains("issued again by CN=Example Issuing CA 1,O=Example, signed")
        );
        assert!(findings("weak-signature", SAMPLE, EXPRESSWAY).is_empty());
    }

    #[test]
    fn what_no_trust_list_mends_is_told_without_one_where_it_was_refused() {
        let bend = |sample: &str, id: &str| {
            bent(id, sample, NO_STORE, |connection| {
                let chain = connection.by_itself_mut(Role::Server).as_mut().unwrap();
                Arc::make_mut(chain).validation.errors = vec![VerifyError::new(79, 1)];
            })
        };
        let found = bend(SAMPLE, "issuer-not-a-ca").unwrap();
        assert!(found.sentence().contains("refused it with alert unknown_ca (48)"));
        assert!(bend(SAMPLE, "certificate-refused").is_none());
        // Nobody minded.
        assert!(bend("rsa-trusted.pcap", "issuer-not-a-ca").is_none());
        assert!(findings("issuer-not-a-ca", SAMPLE, NO_STORE).is_empty());
    }

    #[test]
    fn an_issuer_that_is_no_ca_is_told() {
        let found = refused("issuer-not-a-ca", (79, 1), 48, |path| {
            extensions(path, 1).basic_constraints =
                Some(BasicConstraints { ca: false, path_len: None });
        });
        assert!(found.sentence().contains("its basic constraints say CA:FALSE"));
        assert!(
            found.remedy().contains("where cucmpub.example.org (10.30.7.11:8443) has the chain")
        );
    }

    #[test]
    fn a_path_that_is_too_long_for_a_ca_is_told() {
        let found = refused("path-length-exceeded", (25, 2), 48, |path| {
            extensions(path, 2).basic_constraints =
                Some(BasicConstraints { ca: true, path_len: Some(0) });
        });
        assert!(
            found
                .sentence()
                .contains("allows 0 CAs below it (path length constraint), but there are 1")
        );
    }

    #[test]
    fn usages_that_do_not_allow_the_role_are_told() {
        let found = refused("key-usage-unsuitable", (26, 0), 43, |_| {});
        assert!(found.sentence().contains("its key usage ("), "{}", found.sentence());
        let found = refused("key-usage-unsuitable", (26, 1), 43, |_| {});
        assert!(found.sentence().contains("a CA whose extended key usage lacks serverAuth"));
    }

    #[test]
    fn a_name_outside_of_the_constraints_is_told_with_them() {
        let found = refused("name-constraint-violated", (47, 0), 46, |path| {
            let base = GeneralName::Dns(b"example.net".to_vec());
            let permitted = vec![Subtree { base, has_limits: false }];
            extensions(path, 2).name_constraints = Some(Subtrees { permitted, excluded: vec![] });
        });
        assert!(found.sentence().contains("does not allow: permitted DNS:example.net"));
    }

    #[test]
    fn a_critical_extension_that_nobody_knows_is_told() {
        let found = refused("critical-extension-unknown", (34, 0), 46, |path| {
            extensions(path, 0).present.push((Oid::from_contents(&[0x2a, 3, 4]), true));
        });
        assert!(found.sentence().contains("the critical extension 1.2.3.4, which is not known"));
    }

    #[test]
    fn every_other_error_is_told_in_the_words_of_openssl() {
        let found = refused("path-refused", (22, 2), 48, |_| {});
        assert!(
            found.sentence().contains("(OpenSSL: certificate chain too long, error 22 at depth 2)")
        );
    }

    #[test]
    fn a_fault_of_the_client_is_no_missing_ca() {
        let bend = |connection: &mut Connection| {
            connection.client_path = connection.server_path.clone();
            if let PathVerdict::Judged(chain) = &mut connection.client_path {
                Arc::make_mut(chain).validation.errors = vec![VerifyError::new(68, 0)];
            }
        };
        let sample = "mtls-refused-tls12.pcap";
        let found = bent("weak-signature", sample, EXPRESSWAY, bend).unwrap();
        assert_eq!(found.of, Some(Role::Client));
        assert!(bent("client-chain-not-trusted", sample, EXPRESSWAY, bend).is_none());
        let refused = bent("client-certificate-refused", sample, EXPRESSWAY, bend).unwrap();
        assert!(refused.remedy().starts_with("No CA in the trust list mends this"));
    }
}
