//! Where a certificate of a chain is replaced: that depends on who had it.

use super::rule::Subject;
use super::scene;
use super::words::{Text, Values};
use crate::expressway::Party;
use crate::tls::Role;
use crate::trust::Origin;
use crate::x509::Certificate;

/// Whose the certificate at a place of a chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is the certificate of the side itself.
    Own,
    /// A CA certificate that the side sent.
    Sent,
    /// A CA certificate of the trust list of the other side.
    Trusted,
}

impl Held {
    /// By the place in the path, and by where path validation found it.
    pub(super) const fn at(depth: usize, origin: Origin) -> Self {
        match (depth, origin) {
            (0, _) => Self::Own,
            (_, Origin::Store(_)) => Self::Trusted,
            _ => Self::Sent,
        }
    }

    /// `{what}`: the certificate as a part of a sentence, with `{certificate}`.
    pub(super) const fn what(self) -> Text {
        match self {
            Self::Own => Text::en("the certificate {certificate}"),
            Self::Sent => Text::en("the CA certificate {certificate} in the chain"),
            Self::Trusted => {
                Text::en("the CA certificate {certificate} of the trust list of {judge}")
            }
        }
    }
}

/// Adds `{replace}`, which says where a new `certificate` of the chain of `of` has to go,
/// and what it names. Needs `{client}`, `{server}`, `{holder}` and `{judge}`.
pub(super) fn with_place(
    values: Values,
    subject: &Subject<'_>,
    certificate: &Certificate,
    of: Role,
    held: Held,
) -> Values {
    let holder = subject.leg.party(of);
    let trust = match of {
        Role::Server => scene::upload(subject),
        Role::Client => trusted_by_server(subject.leg.server),
    };
    let place = match held {
        // Whoever trusts a self-signed certificate has it in the trust list.
        Held::Own if certificate.is_self_signed() => OWN_AND_TRUSTED,
        Held::Own => own(holder),
        Held::Sent => sent(holder),
        Held::Trusted => trust,
    };
    values
        .with_words("own", own(holder))
        .with_words("trust", trust)
        .with("ca", certificate.subject.text())
        .with("serial", certificate.serial.text())
        .with_words("wanted", IN_PLACE)
        .with_words("replace", place)
}

/// What is said of a box: of an Expressway, of a node of Unified CM or the like, or of what may be
/// either.
const fn by_product(party: Party, expressway: Text, uc: Text, either: Text) -> Text {
    if party.is_expressway() {
        expressway
    } else if party.is_uc() {
        uc
    } else {
        either
    }
}

/// Where the certificate of `{holder}` itself goes, as far as it is known what that is.
pub(super) const fn own(holder: Party) -> Text {
    by_product(
        holder,
        Text::en("On {holder}: upload the new server certificate on that peer, then restart it"),
        Text::en(
            "On {holder}: OS Administration > Security > Certificate Management, then restart the services that use it (utils service restart Cisco Tomcat)",
        ),
        Text::en(
            "On Unified CM: OS Administration > Security > Certificate Management, then restart the services that use it (utils service restart Cisco Tomcat). On Expressway: upload the new server certificate on that peer, then restart it",
        ),
    )
}

const OWN_AND_TRUSTED: Text =
    Text::en("{own}. It is self-signed, so the new one has to be trusted as well: {trust}");

/// Where a CA certificate that `{holder}` sends goes.
pub(super) const fn sent(holder: Party) -> Text {
    by_product(
        holder,
        Text::en(
            "Upload the new CA certificate on {holder} together with its server certificate, then restart it. What the CA signed needs no new issue as long as its name and key stay the same",
        ),
        Text::en(
            "Upload the new CA certificate on {holder}: OS Administration > Security > Certificate Management, as tomcat-trust (and CallManager-trust), then restart Cisco Tomcat. What the CA signed needs no new issue as long as its name and key stay the same",
        ),
        Text::en(
            "Upload the new CA certificate where {holder} has the chain that it sends. Unified CM: OS Administration > Security > Certificate Management, as tomcat-trust (and CallManager-trust), then restart Cisco Tomcat. Expressway: together with its server certificate on that peer, then restart it. What it signed needs no new issue as long as its name and key stay the same",
        ),
    )
}

/// Where a certificate goes that `{server}` has to trust.
const fn trusted_by_server(server: Party) -> Text {
    by_product(
        server,
        Text::en(
            "Upload {wanted} on {server} and on every peer of its cluster: Maintenance > Security > Trusted CA certificate > Append CA certificate, then restart it",
        ),
        Text::en(
            "Upload {wanted} on every node of the cluster of {server}: OS Administration > Security > Certificate Management, as tomcat-trust and as CallManager-trust, then `utils service restart Cisco Tomcat`, restart Cisco CallManager, `utils service restart Cisco HAProxy`",
        ),
        Text::en(
            "Upload {wanted} where {server} has its trusted CAs. Unified CM: OS Administration > Security > Certificate Management on every node, as tomcat-trust and as CallManager-trust, then `utils service restart Cisco Tomcat`, restart Cisco CallManager, `utils service restart Cisco HAProxy`. Expressway: Maintenance > Security > Trusted CA certificate > Append CA certificate on every peer, then restart it",
        ),
    )
}

const IN_PLACE: Text =
    Text::en("the new certificate of {ca} in place of the one with serial {serial}");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_gets_the_clicks_of_its_product_only() {
        let values = Values::new().with("holder", "H").with("server", "S").with("wanted", "W");
        for (party, word, _) in Party::WORDS {
            for text in [own(party), sent(party), trusted_by_server(party)] {
                let text = text.fill(&values);
                let of_uc = text.contains("OS Administration");
                assert_eq!(of_uc, !party.is_expressway(), "{word}: {text}");
                let of_both = text.contains(" Expressway: ");
                assert_eq!(of_both, of_uc && !party.is_uc(), "{word}: {text}");
            }
        }
    }
}
