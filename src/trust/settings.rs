//! Trust settings of single anchors (`X509_check_trust`, crypto/x509/x509_trs.c): a certificate of the store may be
//! trusted for some purposes and rejected for others.

use crate::x509::{Oid, TrustSettings, known};

use super::question::{Link, Origin, Purpose, Question};

/// How a certificate of the path stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is an anchor for the purpose.
    Trusted,
    /// It must not be used for the purpose.
    Rejected,
    /// Nothing is said; what is above it decides.
    Open,
}

/// The standing of a certificate by its settings alone; certificates that are not from the store have none.
pub(super) fn stated(question: &Question<'_>, link: &Link) -> Standing {
    match link.origin {
        Origin::Store(position) => of(question.store.settings(position), question.purpose),
        Origin::Leaf | Origin::Peer(_) => Standing::Open,
    }
}

/// The standing of a certificate of the store: without settings a self-signed one is trusted.
pub(super) fn standing(question: &Question<'_>, link: &Link) -> Standing {
    match stated(question, link) {
        Standing::Open if link.certificate.is_self_signed() => Standing::Trusted,
        stated => stated,
    }
}

/// `obj_trust`: rejection comes first, and a list of purposes leaves out all others.
fn of(settings: Option<&TrustSettings>, purpose: Purpose) -> Standing {
    let Some(settings) = settings else {
        return Standing::Open;
    };
    let wanted = match purpose {
        Purpose::Server => known::SERVER_AUTH,
        Purpose::Client => known::CLIENT_AUTH,
        Purpose::Any => known::ANY_EKU,
    };
    let meant = |oid: &Oid| [wanted, known::ANY_EKU].contains(&oid.contents());
    match &settings.trusted {
        _ if settings.rejected.iter().any(meant) => Standing::Rejected,
        Some(trusted) if trusted.iter().any(meant) => Standing::Trusted,
        Some(_) => Standing::Rejected,
        None => Standing::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejection_comes_before_trust_and_a_list_is_complete() {
        let list = |oids: &[&[u8]]| oids.iter().map(|oid| Oid::from_contents(oid)).collect();
        let settings = |trusted: Option<&[&[u8]]>, rejected: &[&[u8]]| TrustSettings {
            trusted: trusted.map(list),
            rejected: list(rejected),
        };
        let server = settings(Some(&[known::SERVER_AUTH]), &[]);
        assert_eq!(of(Some(&server), Purpose::Server), Standing::Trusted);
        assert_eq!(of(Some(&server), Purpose::Client), Standing::Rejected);
        let both = settings(Some(&[known::SERVER_AUTH]), &[known::ANY_EKU]);
        assert_eq!(of(Some(&both), Purpose::Server), Standing::Rejected);
        let not_clients = settings(None, &[known::CLIENT_AUTH]);
        assert_eq!(of(Some(&not_clients), Purpose::Server), Standing::Open);
        assert_eq!(of(Some(&not_clients), Purpose::Client), Standing::Rejected);
        assert_eq!(of(None, Purpose::Server), Standing::Open);
    }
}
