//! How products choose between certificates: what is known of them before anything is
//! seen. One table, each row with its source.

use crate::expressway::{Leg, Party};

/// A product that serves TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// HAProxy with a bundle of certificates.
    HaProxy,
    /// Tomcat and others on Java's own TLS (JSSE).
    Tomcat,
    /// A program on OpenSSL that leaves OpenSSL's choice as it is.
    OpenSsl,
    /// SIP of Unified CM.
    UnifiedCmSip,
}

/// Whose order decides at a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The first suite of the client that the server can do.
    Client,
    /// ECDSA whenever the client can do it, whatever comes first.
    EcdsaWhenPossible,
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Whose behaviour.
    pub product: Product,
    /// The word on the command line and in JSON.
    pub word: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// How the suite is chosen below TLS 1.3.
    pub follows: Follows,
    /// Whether the certificate of TLS 1.3 goes by the order of the client's signature
    /// algorithms.
    pub by_signature_in_tls13: bool,
    /// The behaviour in words.
    pub text: &'static str,
    /// Who says so.
    pub source: &'static str,
}

static TABLE: [Behaviour; 4] = [
    Behaviour {
        product: Product::HaProxy,
        word: "haproxy",
        name: "HAProxy",
        follows: Follows::EcdsaWhenPossible,
        by_signature_in_tls13: false,
        text: "HAProxy with an RSA and an ECDSA certificate shows the ECDSA one whenever the client can do ECDSA, even where RSA suites come first",
        source: "measured with HAProxy 2.6.12 (OpenSSL 3.0.19)",
    },
    Behaviour {
        product: Product::Tomcat,
        word: "tomcat",
        name: "Tomcat (JSSE)",
        follows: Follows::Client,
        by_signature_in_tls13: false,
        text: "Tomcat on Java takes the first suite of the client that it can do",
        source: "measured with Tomcat 10.1.60 on OpenJDK 17.0.15",
    },
    Behaviour {
        product: Product::OpenSsl,
        word: "openssl",
        name: "OpenSSL",
        follows: Follows::Client,
        by_signature_in_tls13: true,
        text: "OpenSSL takes the first suite of the client that it can do, and under TLS 1.3 the first signature algorithm of the client for which it has a certificate",
        source: "measured with openssl s_server 3.0.19; SSL_CTX_set_options(3), SSL_OP_CIPHER_SERVER_PREFERENCE",
    },
    Behaviour {
        product: Product::UnifiedCmSip,
        word: "cucm-sip",
        name: "SIP of Unified CM",
        follows: Follows::Client,
        by_signature_in_tls13: false,
        text: "as a SIP server Unified CM takes the first suite of the client that it can do",
        source: "IM and Presence and ECDSA certificate questions (212086)",
    },
];

/// The table.
#[must_use]
pub fn behaviours() -> &'static [Behaviour] {
    &TABLE
}

/// The row of a word on the command line.
#[must_use]
pub fn behaviour(word: &str) -> Option<&'static Behaviour> {
    TABLE.iter().find(|row| row.word.eq_ignore_ascii_case(word))
}

/// What is known of the product that serves a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It behaves like this.
    Certain(&'static Behaviour),
    /// The product is known, and whether it behaves here as it was measured elsewhere is
    /// not.
    Presumed(&'static Behaviour),
}

impl Known {
    /// The row of the table.
    #[must_use]
    pub const fn behaviour(self) -> &'static Behaviour {
        match self {
            Self::Certain(row) | Self::Presumed(row) => row,
        }
    }
}

/// What who listens on a port tells of the product. SIP of Unified CM listens on 5061.
/// HAProxy stands before its 6971, 6972 and 9443 (CUCM CLI Reference 15, utils haproxy),
/// but how it is configured there is not documented, and 225476 names an order of the
/// client as a remedy, which a HAProxy with two certificates would not heed.
#[must_use]
pub fn known_on(leg: &Leg, port: u16) -> Option<Known> {
    if leg.server != Party::UnifiedCm {
        return None;
    }
    let row = |product| TABLE.iter().find(|row| row.product == product);
    match port {
        5061 => row(Product::UnifiedCmSip).map(Known::Certain),
        6971 | 6972 | 9443 => row(Product::HaProxy).map(Known::Presumed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_stands_once_and_has_a_source() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(!row.source.is_empty() && !row.text.ends_with('.'), "{}", row.name);
            assert_eq!(behaviour(row.word).map(|found| found.product), Some(row.product));
            assert!(TABLE.iter().skip(at + 1).all(|other| other.product != row.product));
        }
        assert!(behaviour("nginx").is_none());
    }

    #[test]
    fn the_port_tells_the_product_of_unified_cm_only() {
        let of = |server, port| {
            let leg = Leg { server, ..Leg::default() };
            known_on(&leg, port).map(|known| known.behaviour().product)
        };
        assert_eq!(of(Party::UnifiedCm, 6972), Some(Product::HaProxy));
        assert_eq!(of(Party::UnifiedCm, 8443), None);
        let leg = Leg { server: Party::UnifiedCm, ..Leg::default() };
        assert!(matches!(known_on(&leg, 6972), Some(Known::Presumed(_))));
        assert_eq!(of(Party::Unknown, 6972), None);
    }
}
