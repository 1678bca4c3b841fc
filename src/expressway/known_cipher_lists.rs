//! The cipher strings that the vendor's documents name for Expressway, and which of them
//! a ClientHello shows.

use std::sync::LazyLock;

use super::ciphers::{Agreement, Places, expand};

/// The default up to X15.0.1.
const TO_X15_0_1: &str =
    "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH";
/// The default from X15.0.2.
const FROM_X15_0_2: &str = "HIGH:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH:-AES256+SHA:-RSA+AESCCM:-DHE+AESCCM:-DHE+CHACHA20";
/// What the defaults of the xConfiguration reference have in common.
const REFERENCE: &str = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL";
/// Makes RSA come first.
const RSA_PREFIX: &str = "ECDHE-RSA-AES256-GCM-SHA384:";

const CUSTOMIZE: &str = "Customize the Expressway SSL Cipher Configuration (222186)";
const REQUIREMENTS: &str = "Understand Mobile and Remote Access Certificate Requirements and Apache Traffic Server History (225476)";
const SECURITY: &str = "Administrator Guide X15.5, Managing Security";
const REFERENCE_MATERIAL: &str = "Administrator Guide X15.5, Reference Material";
const RSA_PREFIX_KEPT: &str =
    "225476, and Administrator Guide X15.5, Managing Security: an upgrade keeps the prefix";
const APPLIED: &str =
    "the remedy of 225476, put behind the default of the Administrator Guide X15.5";

/// A cipher string that a document of the vendor names.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownList {
    /// Short name for programs, never reused.
    pub id: &'static str,
    /// What it is, for people.
    pub name: &'static str,
    /// The title of the document that names it, or how it follows from one.
    pub source: &'static str,
    before: &'static str,
    base: &'static str,
    behind: &'static str,
}

impl KnownList {
    /// The string as it stands in the setting.
    #[must_use]
    pub fn string(&self) -> String {
        [self.before, self.base, self.behind].concat()
    }
}

const fn list(id: &'static str, name: &'static str, source: &'static str) -> KnownList {
    KnownList { id, name, source, before: "", base: TO_X15_0_1, behind: "" }
}

static LISTS: [KnownList; 10] = [
    list("to-x15.0.1", "default up to X15.0.1", CUSTOMIZE),
    KnownList {
        before: RSA_PREFIX,
        ..list("to-x15.0.1-rsa-first", "default up to X15.0.1, RSA preferred", REQUIREMENTS)
    },
    KnownList {
        behind: ":+ECDSA",
        ..list("to-x15.0.1-ecdsa-last", "default up to X15.0.1, ECDSA last", REQUIREMENTS)
    },
    KnownList {
        behind: ":!ECDSA",
        ..list("to-x15.0.1-no-ecdsa", "default up to X15.0.1, ECDSA forbidden", REQUIREMENTS)
    },
    KnownList { base: FROM_X15_0_2, ..list("from-x15.0.2", "default from X15.0.2", SECURITY) },
    KnownList {
        before: RSA_PREFIX,
        base: FROM_X15_0_2,
        ..list("from-x15.0.2-rsa-first", "default from X15.0.2, RSA preferred", RSA_PREFIX_KEPT)
    },
    KnownList {
        base: FROM_X15_0_2,
        behind: ":+ECDSA",
        ..list("from-x15.0.2-ecdsa-last", "default from X15.0.2, ECDSA last", APPLIED)
    },
    KnownList {
        base: FROM_X15_0_2,
        behind: ":!ECDSA",
        ..list("from-x15.0.2-no-ecdsa", "default from X15.0.2, ECDSA forbidden", APPLIED)
    },
    KnownList {
        base: REFERENCE,
        behind: ":+ADH",
        ..list("reference-sip", "SIPTLSCiphers in the xConfiguration reference", REFERENCE_MATERIAL)
    },
    KnownList {
        base: REFERENCE,
        behind: ":!aNULL",
        ..list(
            "reference-services",
            "HTTPSCiphers, SMTPTLSCiphers, ReverseProxyTLSCiphers, UcClientTLSCiphers, XCPTLSCiphers in the xConfiguration reference",
            REFERENCE_MATERIAL,
        )
    },
];

/// The strings, defaults first.
#[must_use]
pub fn known_lists() -> &'static [KnownList] {
    &LISTS
}

/// Which of the known strings can have made the suites of a ClientHello (in order; suites
/// of TLS 1.3, signals, GREASE and numbers unknown to OpenSSL are left out).
///
/// A string is given when all of this holds: every suite offered is one that it selects;
/// they stand in its order; and ECDHE with AES-GCM, which every build of OpenSSL has, is
/// offered as far as the string selects it. Strings that differ only in suites that are
/// not offered cannot be told apart and are given together: a client without anonymous
/// suites shows the same for `!aNULL` and `+ADH`. Empty: none of them; a string that
/// nobody here knows may give the same order all the same.
#[must_use]
pub fn recognise(offered: &[u16]) -> Vec<&'static KnownList> {
    static PLACES: LazyLock<Vec<Places>> =
        LazyLock::new(|| LISTS.iter().map(|list| Places::of(&expand(&list.string()))).collect());
    let made_it =
        |places: &Places| matches!(places.compare(offered), Agreement::CanComeFrom { .. });
    LISTS
        .iter()
        .zip(PLACES.iter())
        .filter(|(_, places)| made_it(places))
        .map(|(list, _)| list)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expressway::ciphers::{Difference, Preference, WhyIgnored, compare};

    /// Scenario 01a-rsa-trusted-tls12-ats-tomcat of the lab: traffic server 9.2.9 with
    /// the default up to X15.0.1 and the prefix, OpenSSL 3.0.19.
    const RSA_FIRST: [u16; 67] = [
        0xc030, 0xc02c, 0xcca9, 0xcca8, 0xc0af, 0xc0ad, 0xc05d, 0xc061, 0xc02b, 0xc02f, 0xc0ae,
        0xc0ac, 0xc05c, 0xc060, 0xc024, 0xc028, 0xc073, 0xc077, 0xc023, 0xc027, 0xc072, 0xc076,
        0xc009, 0xc013, 0x00a3, 0x009f, 0xccaa, 0xc0a3, 0xc09f, 0xc057, 0xc053, 0x00a2, 0x009e,
        0xc0a2, 0xc09e, 0xc056, 0xc052, 0x006b, 0x006a, 0x00c4, 0x00c3, 0x0067, 0x0040, 0x00be,
        0x00bd, 0x0088, 0x0087, 0x0033, 0x0032, 0x0045, 0x0044, 0x009d, 0xc0a1, 0xc09d, 0xc051,
        0x009c, 0xc0a0, 0xc09c, 0xc050, 0x003d, 0x00c0, 0x003c, 0x00ba, 0x0084, 0x002f, 0x0041,
        0x00ff,
    ];

    /// The beginning of scenario 14a-tls13-trusted-tomcat: traffic server 9.2.9 with the
    /// list that it comes with.
    const OTHER_CLIENT: [u16; 20] = [
        0x1302, 0x1301, 0x1303, 0xc02c, 0xc030, 0x00a3, 0x009f, 0xc0af, 0xc0ad, 0xc0a3, 0xc09f,
        0xcca9, 0xcca8, 0xccaa, 0xc05d, 0xc061, 0xc02b, 0xc02f, 0x00a2, 0x00ff,
    ];

    /// Scenario 19a-same-cn-tomcat-in-store, connection 2: OpenSSL's own default.
    const OPENSSL_DEFAULT: [u16; 28] = [
        0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028,
        0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d,
        0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff,
    ];

    fn recognised(offered: &[u16]) -> Vec<&'static str> {
        recognise(offered).iter().map(|list| list.id).collect()
    }

    fn first(id: &str, count: usize) -> Vec<u16> {
        let list = LISTS.iter().find(|list| list.id == id).unwrap();
        expand(&list.string()).stock().map(|suite| suite.code).take(count).collect()
    }

    #[test]
    fn client_hellos_of_the_lab_show_their_strings() {
        assert_eq!(recognised(&RSA_FIRST), ["to-x15.0.1-rsa-first"]);
        // Scenario 02a-ecdsa-selfsigned-untrusted-tomcat: the same without the prefix.
        let mut ecdsa_first = RSA_FIRST;
        ecdsa_first.swap(0, 1);
        let without_prefix = ["to-x15.0.1", "reference-sip", "reference-services"];
        assert_eq!(recognised(&ecdsa_first), without_prefix);
        assert_eq!(recognised(&OTHER_CLIENT), [] as [&str; 0]);
        assert_eq!(recognised(&OPENSSL_DEFAULT), [] as [&str; 0]);
        // 16a-no-common-cipher-openssl, and 23a-sigalgs-rsa-first-openssl-5061.
        assert_eq!(recognised(&[0xc02c, 0xc02b, 0x00ff]), [] as [&str; 0]);
        assert_eq!(recognised(&[0x1302, 0x1303, 0x1301, 0x00ff]), [] as [&str; 0]);
    }

    /// What the documents and the lab say of the beginning of each order (the one of
    /// `from-x15.0.2-rsa-first` is the screenshot in 225476).
    #[test]
    fn orders_begin_as_measured() {
        assert_eq!(first("to-x15.0.1", 4), [0xc02c, 0xc030, 0xcca9, 0xcca8]);
        assert_eq!(first("to-x15.0.1-rsa-first", 4), [0xc030, 0xc02c, 0xcca9, 0xcca8]);
        assert_eq!(first("from-x15.0.2", 5), [0xc02c, 0xc030, 0x00a3, 0x009f, 0xcca9]);
        let screenshot = [0xc030, 0xc02c, 0x00a3, 0x009f, 0xcca9, 0xcca8];
        assert_eq!(first("from-x15.0.2-rsa-first", 6), screenshot);
        assert_eq!(first("to-x15.0.1-ecdsa-last", 2), [0xc030, 0xcca8]);
    }

    #[test]
    fn every_string_is_recognised_and_told_from_those_with_another_order() {
        for list in known_lists() {
            let offered: Vec<u16> = first(list.id, 200);
            let ids = recognised(&offered);
            assert!(ids.contains(&list.id), "{}: {ids:?}", list.id);
            for other in recognise(&offered).iter().filter(|other| other.id != list.id) {
                // Together only where the one holds all that the other selects.
                assert_eq!(list.before, other.before);
                assert!(list.id.starts_with("reference") || other.id.starts_with("reference"));
            }
        }
    }

    /// What tells the two defaults apart is not offered here.
    #[test]
    fn a_short_offer_leaves_several() {
        let both = ["to-x15.0.1-rsa-first", "from-x15.0.2-rsa-first"];
        assert_eq!(recognised(&[0xc030, 0xc02c, 0xc02b, 0xc02f]), both);
    }

    #[test]
    fn preferences_and_the_word_that_nobody_knows_any_more() {
        for list in known_lists() {
            let expansion = expand(&list.string());
            let expected = match list.id.rsplit_once('-').map_or(list.id, |(_, end)| end) {
                "first" | "last" => Preference::RsaFirst,
                "ecdsa" => Preference::RsaOnly,
                _ => Preference::EcdsaFirst,
            };
            assert_eq!(expansion.preference(), expected, "{}", list.id);
            for ignored in expansion.ignored {
                assert_eq!((&*ignored.term, ignored.why), ("!aDH", WhyIgnored::UnknownWord));
            }
        }
    }

    #[test]
    fn a_changed_setting_before_the_restart_is_told() {
        let configured = LISTS.iter().find(|list| list.id == "to-x15.0.1-no-ecdsa").unwrap();
        assert!(matches!(
            compare(&configured.string(), &RSA_FIRST),
            Agreement::Differs(Difference::NotSelected(codes)) if codes.contains(&0xc02c)
        ));
        let compared = RSA_FIRST.len() - 1;
        let running = LISTS.iter().find(|list| list.id == "to-x15.0.1-rsa-first").unwrap();
        assert_eq!(compare(&running.string(), &RSA_FIRST), Agreement::CanComeFrom { compared });
    }
}
