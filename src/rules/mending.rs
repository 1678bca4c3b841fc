//! What would mend a failed chain, in a sentence.

use super::words::{Text, Values};
use crate::trust::{Anchor, Needed, Remedy, VerifyError};
use crate::wire::text::hex;
use crate::x509::Certificate;

/// What to change in the trust store, and what that achieves. `in_the_way` are the
/// anchors that the remedy takes out, `elsewhere` those of other trust stores that it adds.
#[must_use]
pub fn mending(remedy: &Remedy, in_the_way: &[Anchor], elsewhere: &[Anchor]) -> String {
    let values = Values::new()
        .with("added", list(remedy.add.iter().map(|one| needed(one, elsewhere))))
        .with("removed", list(in_the_way.iter().map(anchor)))
        .with("remaining", errors(&remedy.remaining));
    let fetched = remedy.add.iter().any(|needed| matches!(needed, Needed::Missing { .. }));
    let change = match (in_the_way.is_empty(), remedy.add.is_empty()) {
        (true, true) => return NOTHING.fill(&values),
        (true, false) if fetched => return FETCH.fill(&values),
        (true, false) => ADD,
        (false, true) => REMOVE,
        (false, false) => REPLACE,
    };
    let effect = if remedy.proven { PROVEN } else { REMAINING };
    MENDING.fill(&values.with_words("change", change).with_words("effect", effect))
}

const NOTHING: Text =
    Text::en("No certificate added to the trust store mends this: {remaining} would remain");
const FETCH: Text = Text::en(
    "To be fetched, because it was not seen, and added to the trust store with those CAs above it that are not there yet: {added}",
);
const MENDING: Text = Text::en("{change}; {effect}");
const ADD: Text = Text::en("Add to the trust store: {added}");
const REMOVE: Text =
    Text::en("Take out of the trust store (what it alone vouches for is refused then): {removed}");
const REPLACE: Text = Text::en(
    "Take out of the trust store (what it alone vouches for is refused then): {removed}; and add to it: {added}",
);
const PROVEN: Text = Text::en("asked again with that change, the chain is accepted");
const REMAINING: Text = Text::en("asked again with that change, there still is: {remaining}");

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", and ")
}

fn needed(needed: &Needed, elsewhere: &[Anchor]) -> String {
    match needed {
        Needed::Present { certificate, sent_by_peer } => {
            let of_store = elsewhere.iter().find(|one| one.certificate == *certificate);
            let place = match of_store {
                _ if *sent_by_peer => SENT,
                Some(_) => IN_OTHER_STORE,
                None => ELSEWHERE,
            };
            place.fill(
                &Values::new()
                    .with("certificate", identity(certificate))
                    .with("source", of_store.map_or("", |anchor| &anchor.source))
                    .with("line", of_store.map_or(0, |anchor| anchor.line).to_string()),
            )
        }
        Needed::Missing { subject, key, urls } => {
            let key = key.as_ref().and_then(|key| key.key_id.as_deref()).map(hex);
            let words = match (&key, urls.is_empty()) {
                (_, false) => MISSING_AT,
                (Some(_), true) => MISSING_KEY,
                (None, true) => MISSING,
            };
            let values = Values::new()
                .with("subject", subject.to_string())
                .with("key", key.unwrap_or_default())
                .with("urls", urls.join(" "));
            words.fill(&values)
        }
    }
}

const SENT: Text = Text::en("{certificate}, which is among the certificates sent");
const ELSEWHERE: Text =
    Text::en("{certificate}, which is elsewhere in the capture (`tlsight certs` writes it out)");
const IN_OTHER_STORE: Text =
    Text::en("{certificate}, which another trust list has: {source}, line {line}");
const MISSING: Text = Text::en("{subject}");
const MISSING_KEY: Text = Text::en("{subject} (subject key identifier {key})");
const MISSING_AT: Text = Text::en("{subject} (the certificate below it names {urls})");

fn anchor(anchor: &Anchor) -> String {
    let values = Values::new()
        .with("certificate", identity(&anchor.certificate))
        .with("source", &anchor.source)
        .with("line", anchor.line.to_string());
    IN_STORE.fill(&values)
}

const IN_STORE: Text = Text::en("{certificate} at {source}, line {line}");

/// Names one certificate beyond doubt.
fn identity(certificate: &Certificate) -> String {
    let subject = certificate.subject.text();
    let subject = if subject.is_empty() { "(no subject)" } else { subject };
    format!("{subject} (serial {}, SHA-256 {})", certificate.serial, hex(&certificate.sha256))
}

fn errors(list: &[VerifyError]) -> String {
    let texts: Vec<String> = list.iter().map(super::trust_fault::openssl).collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::code;

    #[test]
    fn what_no_certificate_mends_is_said() {
        let remaining = vec![VerifyError::new(code::CERT_HAS_EXPIRED, 0)];
        let remedy = Remedy { remove: vec![], add: vec![], remaining, proven: false };
        assert_eq!(
            mending(&remedy, &[], &[]),
            "No certificate added to the trust store mends this: certificate has expired, error 10 at depth 0 would remain"
        );
    }
}
