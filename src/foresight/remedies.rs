//! The remedies that can be thought of for a failing leg.

use std::sync::Arc;

use super::change::Change;
use super::offer::{Kind, TLS13, kind_of_suite};
use super::ranking::Prospect;
use super::scene::Observed;
use crate::connection::{Chain, Connection};
use crate::expressway::{Checker, service};
use crate::rules::{Preference, Reaction, preference, reaction};
use crate::tls::Role;
use crate::trust::{Anchor, Needed, Origin, Remedy};
use crate::x509::Certificate;

/// A remedy that may be tried.
pub(super) struct Candidate {
    pub(super) remedy: String,
    pub(super) flags: Option<&'static str>,
    /// The changes to try, or what can be said without trying.
    pub(super) attempt: Result<Vec<Change>, Prospect>,
}

/// The remedies that can be thought of for a cause.
pub(super) fn candidates(one: &Observed<'_>, cause: &str) -> Vec<Candidate> {
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
    let of_server = connection.outcome.aborted_by() != Some(Role::Server);
    if of_server && needs_another_certificate(cause) && !chain.is_some_and(fails_in_the_store) {
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
            | "weak-signature"
            | "key-usage-unsuitable"
            | "name-constraint-violated"
            | "critical-extension-unknown"
    )
}

/// Whether the first fault of the chain is one of a CA certificate of the trust list.
fn fails_in_the_store(chain: &Chain) -> bool {
    let validation = &chain.validation;
    let error = validation.first_error().filter(|error| error.depth > 0);
    error
        .and_then(|error| validation.path.get(error.depth))
        .is_some_and(|link| matches!(link.origin, Origin::Store(_)))
}

fn change(remedy: &str, flags: &'static str, change: Change) -> Candidate {
    Candidate { remedy: remedy.to_owned(), flags: Some(flags), attempt: Ok(vec![change]) }
}

/// What may bring another certificate under TLS 1.3: HTTPS does not know the preference
/// of signatures (225476), and Unified CM by default goes by the order of the cipher list
/// (CUCM Security Guide 15, TLS 1.3 Setup). A ClientHello of nothing but TLS 1.3 has no such
/// order; and where the key seems to be one of RSA, there is nothing to prefer.
fn hidden(one: &Observed<'_>) -> Vec<Candidate> {
    if one.connection.inferred_server_key().is_some_and(|(_, key)| key.is_rsa()) {
        return Vec::new();
    }
    let [prefix, _, forbidden] = ciphers();
    let signatures = change(
        "RSA first among the signature algorithms (`xConfiguration SIP Advanced TlsSignatureAlgoPrefRsa: On`)",
        "--sigalg-pref rsa",
        Change::PreferRsaSignatures,
    );
    let tls12 = change("TLS 1.2 at most", "--tls12-only", Change::Tls12Only);
    let https = service(one.connection.server.port)
        .is_some_and(|service| service.checker == Checker::TrafficServer);
    let of_tls12 = match (preference(one.connection), https) {
        (None, _) => Vec::new(),
        (Some(Preference::EcdsaFirst), true) => vec![prefix, forbidden, tls12],
        (Some(Preference::EcdsaFirst), false) => vec![prefix, tls12],
        (Some(_), _) => vec![tls12],
    };
    if https { of_tls12 } else { std::iter::once(signatures).chain(of_tls12).collect() }
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

/// Whether the server named a fault of the client's certificate that no trust list mends:
/// unsupported, revoked, expired (RFC 8446, 6.2).
fn tells_of_itself(connection: &Connection) -> bool {
    matches!(reaction(connection, Role::Client), Reaction::Refused(Some(43..=45)))
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
                .map(|error| {
                    format!("{}, error {} at depth {}", error.text, error.code, error.depth)
                })
                .collect();
            Prospect::WouldNot(format!("there still is: {}", errors.join("; ")))
        }
        Some(_) => Prospect::CannotBeKnown(
            "the trust list of the server lacks a certificate that was seen nowhere".to_owned(),
        ),
        None if tells_of_itself(connection) => {
            Prospect::WouldNot("the alert tells of a fault of the certificate itself".to_owned())
        }
        None if chain.is_some() => {
            Prospect::WouldNot("the given trust list of the server accepts it already".to_owned())
        }
        None if connection.handshake.is_tls13() && connection.client_certificates.is_none() => {
            let why = "TLS 1.3 hides the certificate of the client (a key log shows it: --keylog)";
            Prospect::CannotBeKnown(why.to_owned())
        }
        None => Prospect::CannotBeKnown(
            "the trust list of the server is not known (give it with --peer-trust)".to_owned(),
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
