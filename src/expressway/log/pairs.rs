//! `Key="value"` pairs of a line's body.

use std::net::{IpAddr, SocketAddr};

/// Pairs looked at in one line; real lines have up to about 20.
const PAIRS: usize = 64;

/// The pairs of a body in order. Text between them is skipped.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Pairs<'a> {
    /// Finds the pairs. A value ends at the first quote with white space, a mark or the
    /// end behind it, so that quotes within words belong to the value. Keys within a
    /// value are not seen.
    pub(super) fn parse(body: &'a str) -> Self {
        let mut pairs = Vec::new();
        let mut rest = body;
        while let Some(equals) = opening(rest.as_bytes()) {
            let (Some(before), Some(behind)) = (rest.get(..equals), rest.get(equals + 2..)) else {
                break;
            };
            let (value, next) = value(behind);
            let key = key(before);
            if !key.is_empty() {
                pairs.push((key, value.trim()));
            }
            if pairs.len() == PAIRS {
                break;
            }
            rest = next;
        }
        Self(pairs)
    }

    /// The first value of a key, without the spaces that some documents insert.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(found, _)| *found == key).map(|(_, value)| *value)
    }

    /// An address and a port, each under its key.
    pub(super) fn socket(&self, address: &str, port: &str) -> Option<SocketAddr> {
        let address: IpAddr = self.get(address)?.parse().ok()?;
        Some(SocketAddr::new(address, self.get(port)?.parse().ok()?))
    }
}

/// Where the next `="` stands.
fn opening(text: &[u8]) -> Option<usize> {
    let mut quotes = memchr::memchr_iter(b'"', text).filter_map(|quote| quote.checked_sub(1));
    quotes.find(|before| text.get(*before) == Some(&b'='))
}

/// The word at the end of a text.
fn key(before: &str) -> &str {
    let in_key = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let begin = before.trim_end_matches(in_key).len();
    before.get(begin..).unwrap_or_default()
}

/// The value up to its closing quote, and what follows.
fn value(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let closes = |at: &usize| {
        bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b":,;)]".contains(next))
    };
    let end = memchr::memchr_iter(b'"', bytes).find(closes).unwrap_or(text.len());
    (text.get(..end).unwrap_or(text), text.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_their_published_forms() {
        let body = "UTCTime=\"2017-09-20 14:49:18,724\" Module=\"developer.ssl\" Level=\"ERROR\":  \
                    Thread=\"0x7f\": Failed to connect iResult=\"-1\" Detail=\" self signed \" \
                    localAddress=\"['IPv4''TCP''172.16.2.2:5062']\" Dst-ip=\"192.0.2.1\" Dst-port=\"8443\"";
        let pairs = Pairs::parse(body);
        let get = |key| pairs.get(key);
        assert_eq!(get("Level"), Some("ERROR"));
        assert_eq!(get("iResult"), Some("-1"));
        assert_eq!(get("Detail"), Some("self signed"));
        assert_eq!(get("localAddress"), Some("['IPv4''TCP''172.16.2.2:5062']"));
        assert_eq!(pairs.socket("Dst-ip", "Dst-port"), "192.0.2.1:8443".parse().ok());
        assert_eq!(pairs.socket("Src-ip", "Src-port"), None);
    }

    #[test]
    fn values_may_hold_quotes_and_need_no_end() {
        let pairs = Pairs::parse("A=\"x=\"y\"z\" B=\"\" C=\"open");
        assert_eq!(
            [pairs.get("A"), pairs.get("B"), pairs.get("C")],
            [Some("x=\"y\"z"), Some(""), Some("open")]
        );
        assert_eq!(Pairs::parse("=\"x\" ü=\"y\"").0, []);
    }
}
