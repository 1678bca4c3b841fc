//! A cipher string read as OpenSSL reads it (`ssl_cipher_process_rulestr` of
//! ssl/ssl_ciph.c, 1.1.1 and 3.0; openssl-ciphers(1)).

use std::collections::HashSet;

use super::criteria::Criteria;
use super::list::{Action, List};
use super::suite::{Build, CertificateKind, Suite};
use crate::limits::CIPHER_STRING_BYTES;

/// The suites of TLS 1.3 in OpenSSL's order; no cipher string touches them.
pub const TLS13_SUITES: [u16; 3] = [0x1302, 0x1303, 0x1301];

/// What OpenSSL makes of `DEFAULT` at the beginning.
const DEFAULT: &str = "ALL:!COMPLEMENTOFDEFAULT:!eNULL";

/// What a cipher string stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// The suites of TLS 1.3, which come first and are not touched by the string.
    pub tls13: [u16; 3],
    /// The suites below TLS 1.3 in order. Those that not every build of OpenSSL has are
    /// among them ([`Suite::build`]); leaving them out does not change the order of the
    /// others. The security level takes away none here, as in `openssl ciphers`.
    pub suites: Vec<&'static Suite>,
    /// Terms that OpenSSL passes over, each once, in order.
    pub ignored: Vec<Ignored>,
    /// What `@SECLEVEL=` set last.
    pub security_level: Option<u8>,
    /// Why OpenSSL refuses the string as a whole; there are no suites then.
    pub refusal: Option<Refusal>,
    /// Bytes at the end that were not read: past
    /// [`CIPHER_STRING_BYTES`], or behind a zero byte,
    /// where a string in C ends.
    pub unread: usize,
}

/// A term that OpenSSL passes over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ignored {
    /// The term with its sign, as it stands in the string.
    pub term: String,
    /// Why.
    pub why: WhyIgnored,
}

/// Why a term is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhyIgnored {
    /// A word in it is no keyword and no name that OpenSSL 1.1.1 or 3.0 knows.
    UnknownWord,
    /// No suite can fit all words joined with `+`.
    Contradiction,
}

/// Why OpenSSL refuses a string (the words of its error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// "invalid command": a character that is none of names, or an unknown word behind
    /// `@`, at this byte of the string.
    InvalidCommand(usize),
    /// "no cipher match": no suite is left.
    NoCipherMatch,
}

/// Which kind of certificate comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// RSA first, ECDSA is there too.
    RsaFirst,
    /// ECDSA first, RSA is there too.
    EcdsaFirst,
    /// No suite with an EC certificate.
    RsaOnly,
    /// No suite with an RSA certificate.
    EcdsaOnly,
    /// No suite with either.
    None,
}

impl Expansion {
    /// The suites that every build of OpenSSL has, in order: what `openssl ciphers`
    /// prints below those of TLS 1.3.
    pub fn stock(&self) -> impl Iterator<Item = &'static Suite> {
        self.suites.iter().copied().filter(|suite| suite.build() == Build::Stock)
    }

    /// Where the first stock suite with a certificate of this kind stands, counted from 0.
    #[must_use]
    pub fn first(&self, kind: CertificateKind) -> Option<(usize, &'static Suite)> {
        self.stock().enumerate().find(|(_, suite)| suite.certificate() == Some(kind))
    }

    /// Which kind of certificate comes first among the stock suites.
    #[must_use]
    pub fn preference(&self) -> Preference {
        let place = |kind| self.first(kind).map(|(place, _)| place);
        match (place(CertificateKind::Rsa), place(CertificateKind::Ecdsa)) {
            (None, None) => Preference::None,
            (Some(_), None) => Preference::RsaOnly,
            (None, Some(_)) => Preference::EcdsaOnly,
            (Some(rsa), Some(ecdsa)) if rsa < ecdsa => Preference::RsaFirst,
            _ => Preference::EcdsaFirst,
        }
    }
}

/// Expands a cipher string to its suites, in the order in which a client offers them.
///
/// # Examples
/// ```
/// use tlsight::expressway::ciphers::{Preference, expand};
///
/// let plain = expand("EECDH:HIGH:!aNULL");
/// assert_eq!(plain.preference(), Preference::EcdsaFirst);
/// let prefixed = expand("ECDHE-RSA-AES256-GCM-SHA384:EECDH:HIGH:!aNULL");
/// assert_eq!(prefixed.suites[0].code, 0xc030);
/// assert_eq!(prefixed.preference(), Preference::RsaFirst);
/// ```
#[must_use]
pub fn expand(text: &str) -> Expansion {
    let read = readable(text);
    let mut run = Run::default();
    let refused = match suite_b(read) {
        Some(instead) => run.rules(instead),
        None => match read.strip_prefix("DEFAULT") {
            // The prefix is not asked to be a whole word.
            Some(rest) => run.rules(DEFAULT).or_else(|| run.rules(rest)),
            None => run.rules(read),
        },
    };
    // Places in what stands behind DEFAULT become places in the string.
    let skipped = if read.starts_with("DEFAULT") { "DEFAULT".len() } else { 0 };
    let refusal = refused.map(|at| Refusal::InvalidCommand(at + skipped));
    let suites = if refusal.is_some() { Vec::new() } else { run.list.chosen() };
    Expansion {
        tls13: TLS13_SUITES,
        refusal: refusal.or_else(|| suites.is_empty().then_some(Refusal::NoCipherMatch)),
        suites,
        ignored: run.ignored,
        security_level: run.security_level,
        unread: text.len() - read.len(),
    }
}

/// The part that is read: up to a zero byte, and of a text that is too long the whole
/// terms that fit.
fn readable(text: &str) -> &str {
    let text = text.split('\0').next().unwrap_or_default();
    if text.len() <= CIPHER_STRING_BYTES {
        return text;
    }
    let fits =
        |(at, character): (usize, char)| is_separator(character) && at <= CIPHER_STRING_BYTES;
    let end = text.char_indices().take_while(|(at, _)| *at <= CIPHER_STRING_BYTES);
    let end = end.filter(|place| fits(*place)).last().map_or(0, |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// Suite B at the beginning stands for the whole string (RFC 6460, 3.1).
fn suite_b(text: &str) -> Option<&'static str> {
    const AES_128: &str = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const AES_256: &str = "ECDHE-ECDSA-AES256-GCM-SHA384";
    const BOTH: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
    let modes = [
        ("SUITEB128ONLY", AES_128),
        ("SUITEB128C2", AES_256),
        ("SUITEB128", BOTH),
        ("SUITEB192", AES_256),
    ];
    modes.iter().find(|(word, _)| text.starts_with(word)).map(|(_, list)| *list)
}

const fn is_separator(character: char) -> bool {
    matches!(character, ':' | ' ' | ';' | ',')
}

const fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '=')
}

/// What has become of the list so far.
struct Run {
    list: List,
    ignored: Vec<Ignored>,
    seen: HashSet<Ignored>,
    security_level: Option<u8>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            list: List::start(),
            ignored: Vec::new(),
            seen: HashSet::new(),
            security_level: None,
        }
    }
}

/// How a term ended.
enum Term<'a> {
    /// What is left of the string.
    Done(&'a str),
    /// The character that cannot be is the first of this rest.
    Invalid(&'a str),
}

impl Run {
    /// Applies the terms in order; gives the byte at which OpenSSL gives up.
    fn rules(&mut self, text: &str) -> Option<usize> {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if is_separator(first) {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let term = match first {
                '@' => self.special(rest),
                '-' => self.term(Action::Delete, rest, 1),
                '+' => self.term(Action::Order, rest, 1),
                '!' => self.term(Action::Kill, rest, 1),
                _ => self.term(Action::Add, rest, 0),
            };
            match term {
                Term::Done(left) => rest = left,
                Term::Invalid(left) => return Some(text.len() - left.len()),
            }
        }
        None
    }

    /// One term with its sign, which is `sign` bytes long. What stands right behind it
    /// is the next term, without a separator too: `RSA!NULL`.
    fn term<'a>(&mut self, action: Action, text: &'a str, sign: usize) -> Term<'a> {
        let mut rest = text.get(sign..).unwrap_or_default();
        let mut asked: Option<Criteria> = None;
        loop {
            let (word, behind) = split_word(rest);
            if word.is_empty() {
                return Term::Invalid(rest);
            }
            let Some(found) = Criteria::of(word) else {
                return self.pass_over(text, WhyIgnored::UnknownWord);
            };
            let Some(joined) = asked.map_or(Some(found), |before| before.join(found)) else {
                return self.pass_over(text, WhyIgnored::Contradiction);
            };
            let Some(more) = behind.strip_prefix('+') else {
                self.list.apply(action, &joined);
                return Term::Done(behind);
            };
            asked = Some(joined);
            rest = more;
        }
    }

    fn pass_over<'a>(&mut self, text: &'a str, why: WhyIgnored) -> Term<'a> {
        let (term, rest) = text.split_at(text.find(is_separator).unwrap_or(text.len()));
        let ignored = Ignored { term: term.to_owned(), why };
        if self.seen.insert(ignored.clone()) {
            self.ignored.push(ignored);
        }
        Term::Done(rest)
    }

    /// `@STRENGTH` and `@SECLEVEL=n`; whatever follows up to a separator is passed over.
    fn special<'a>(&mut self, text: &'a str) -> Term<'a> {
        let (word, behind) = split_word(text.get(1..).unwrap_or_default());
        match (word, word.strip_prefix("SECLEVEL=")) {
            ("STRENGTH", _) => self.list.sort_by_strength(),
            (_, Some("0" | "1" | "2" | "3" | "4" | "5")) => {
                self.security_level = word.bytes().last().map(|digit| digit - b'0');
            }
            _ => return Term::Invalid(text),
        }
        Term::Done(behind.get(behind.find(is_separator).unwrap_or(behind.len())..).unwrap_or(""))
    }
}

/// A word and what stands behind it.
fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character| !is_of_word(character)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        expand(text).suites.iter().map(|suite| suite.name).collect()
    }

    fn ignored(text: &str) -> Vec<String> {
        expand(text).ignored.into_iter().map(|ignored| ignored.term).collect()
    }

    #[test]
    fn signs_move_take_back_and_forbid() {
        let three = "AES128-SHA:AES256-SHA:CAMELLIA128-SHA";
        assert_eq!(names(three), ["AES128-SHA", "AES256-SHA", "CAMELLIA128-SHA"]);
        let moved = names(&format!("{three}:+AES128"));
        assert_eq!(moved, ["AES256-SHA", "CAMELLIA128-SHA", "AES128-SHA"]);
        assert_eq!(names(&format!("{three}:-AES256")), ["AES128-SHA", "CAMELLIA128-SHA"]);
        // What was taken back is the next to be added again; what was forbidden never is.
        let again = names(&format!("{three}:-AES256-SHA:RSA+SHA1"));
        assert_eq!(again[..3], ["AES128-SHA", "CAMELLIA128-SHA", "AES256-SHA"]);
        assert!(!names(&format!("{three}:!AES256-SHA:AES256-SHA")).contains(&"AES256-SHA"));
    }

    #[test]
    fn words_that_openssl_does_not_know_are_passed_over_and_told() {
        let string = "HIGH:!aNULL:!aDH:NO_SUCH:EXPORT+RSA:!aDH:AES128+AES256:RSA";
        let told = ["!aDH", "NO_SUCH", "EXPORT+RSA", "AES128+AES256"];
        assert_eq!(ignored(string), told);
        assert_eq!(expand(string).ignored[3].why, WhyIgnored::Contradiction);
        assert_eq!(names(string), names("HIGH:!aNULL:RSA"));
        // IANA's names are words of OpenSSL 3.2 and later.
        assert_eq!(ignored("TLS_RSA_WITH_AES_128_CBC_SHA:RSA"), ["TLS_RSA_WITH_AES_128_CBC_SHA"]);
    }

    #[test]
    fn what_openssl_refuses_is_refused_with_the_place() {
        let cases = [
            ("RSA:!", Some(Refusal::InvalidCommand(5))),
            ("RSA_X", Some(Refusal::InvalidCommand(3))),
            ("RSA+", Some(Refusal::InvalidCommand(4))),
            ("DEFAULT:\u{e9}", Some(Refusal::InvalidCommand(8))),
            ("@FOO:RSA", Some(Refusal::InvalidCommand(0))),
            ("RSA:@SECLEVEL=7", Some(Refusal::InvalidCommand(4))),
            ("", Some(Refusal::NoCipherMatch)),
            ("+RSA", Some(Refusal::NoCipherMatch)),
            ("NONE:SUCH", Some(Refusal::NoCipherMatch)),
            ("RSA!NULL@STRENGTH", None),
        ];
        for (string, refusal) in cases {
            let expansion = expand(string);
            assert_eq!(expansion.refusal, refusal, "{string}");
            assert_eq!(expansion.suites.is_empty(), refusal.is_some(), "{string}");
        }
    }

    #[test]
    fn a_security_level_is_noted_and_takes_nothing_away() {
        let expansion = expand("RSA:@SECLEVEL=1:@SECLEVEL=5");
        assert_eq!(expansion.security_level, Some(5));
        assert_eq!(expansion.suites, expand("RSA").suites);
    }

    #[test]
    fn the_place_of_default_and_suite_b_is_the_beginning() {
        assert_eq!(names("DEFAULT"), names(DEFAULT));
        assert_eq!(ignored("ALL:DEFAULT:SUITEB128"), ["DEFAULT", "SUITEB128"]);
        assert_eq!(names("SUITEB192:ALL"), ["ECDHE-ECDSA-AES256-GCM-SHA384"]);
        assert_eq!(names("SUITEB128").len(), 2);
    }

    #[test]
    fn preference_looks_at_suites_that_a_client_offers_without_more() {
        let cases = [
            ("ALL", Preference::EcdsaFirst),
            ("ECDHE-RSA-AES256-GCM-SHA384:ALL", Preference::RsaFirst),
            ("RSA", Preference::RsaOnly),
            ("aECDSA", Preference::EcdsaOnly),
            ("PSK:SRP:aNULL", Preference::None),
            // RSA-PSK suites show a certificate, but ask for a key first.
            ("kRSAPSK:aECDSA", Preference::EcdsaOnly),
            // Only special builds have the first one.
            ("RC4-SHA:aECDSA", Preference::EcdsaOnly),
        ];
        for (string, preference) in cases {
            assert_eq!(expand(string).preference(), preference, "{string}");
        }
    }

    #[test]
    fn a_string_without_end_is_read_to_the_limit() {
        let long = "AES:".repeat(256 * 1024);
        let expansion = expand(&long);
        assert_eq!(expansion.unread, long.len() - CIPHER_STRING_BYTES + 1);
        assert_eq!(expansion.suites, expand("AES").suites);
        let words: String = (0..200_000).map(|number| format!("{number}:")).collect();
        assert!(expand(&words).ignored.len() < CIPHER_STRING_BYTES);
        assert_eq!(expand(&"\u{e9}".repeat(CIPHER_STRING_BYTES)).unread, 2 * CIPHER_STRING_BYTES);
        assert_eq!(expand("RSA\0:NULL").unread, 6);
    }
}
