//! The configuration of one Expressway, as `xconf_dump` tells it: its state when
//! diagnostic logging was started (Administrator Guide X15.5, Diagnostics and
//! Troubleshooting).
//!
//! The text form and the XML form are put together: the text first, the XML fills what
//! the text does not have. Paths are those of the xConfiguration reference of the
//! Administrator Guide (X14.0 to X15.5), without the word `xConfiguration`.

mod host;
mod tls;
mod uc;
mod zone;

pub use tls::{CipherUse, Inaccessible, Revocation, TlsVersion, XmppVerification};
pub use uc::UcServer;
pub use zone::{Zone, ZoneKind};

use super::paths::{Paths, switch};
use super::version::Version;
use super::xml;
use crate::limits::Limits;

/// Settings by path.
///
/// ```
/// use tlsight::expressway::Settings;
/// use tlsight::limits::Limits;
///
/// let dump = b"*c xConfiguration SIP Advanced SipTlsVersions: \"TLSv1.2:TLSv1.3\"\n";
/// let mut settings = Settings::default();
/// settings.add(dump, &Limits::default());
/// assert_eq!(settings.get("sip advanced siptlsversions"), Some("TLSv1.2:TLSv1.3"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    paths: Paths,
    /// Whether an XML text broke off.
    pub damaged: bool,
}

impl Settings {
    /// Reads dumps in the order given; put the text form first.
    #[must_use]
    pub fn read(dumps: &[&[u8]], limits: &Limits) -> Self {
        let mut settings = Self::default();
        for dump in dumps {
            settings.add(dump, limits);
        }
        settings
    }

    /// Adds a dump, text or XML, whichever it looks like. What is set already stays.
    pub fn add(&mut self, dump: &[u8], limits: &Limits) {
        let text = String::from_utf8_lossy(dump);
        if looks_like_xml(&text) {
            self.damaged |= !xml::read(&text, &mut self.paths, limits);
        } else {
            for (path, value) in text.lines().filter_map(setting) {
                self.paths.add(path, value, limits);
            }
        }
    }

    /// The value under a path, such as `Ciphers SIPTLSCiphers Value`; without regard to
    /// case.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.paths.get(path)
    }

    /// All settings, as they were written, in the order of their paths.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.all()
    }

    /// How many settings are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Settings left out because there were more than [`Limits::settings`].
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.paths.dropped
    }

    /// Passwords and the like, which are never kept.
    #[must_use]
    pub fn secrets(&self) -> u64 {
        self.paths.secrets
    }

    /// The software version that the root of the XML form names.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.paths.get(xml::VERSION).and_then(Version::parse)
    }

    fn switch(&self, path: &str) -> Option<bool> {
        self.get(path).and_then(switch)
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.paths.said(path)
    }
}

/// Whether a text begins like XML.
pub(super) fn looks_like_xml(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

/// `*c xConfiguration <path>: "value"`: the path and the value. The path has no `: `, the
/// value may hold anything; quotes around it are taken off.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("*c").unwrap_or(line).trim_start();
    let (word, rest) = line.split_once(' ')?;
    if !word.eq_ignore_ascii_case("xConfiguration") {
        return None;
    }
    let (path, value) = match rest.split_once(": ") {
        Some(parts) => parts,
        None => (rest.strip_suffix(':')?, ""),
    };
    Some((path, unquoted(value)))
}

/// A value without the quotes around it; those within stay.
pub(super) fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = value.strip_prefix('"').unwrap_or(value);
    if inner.len() < value.len() { inner.strip_suffix('"').unwrap_or(inner) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_settings() {
        let cases = [
            ("*c xConfiguration SIP TCP Port: 5060", Some(("SIP TCP Port", "5060"))),
            (
                "*c xConfiguration Alternates Cluster Name: \"\"",
                Some(("Alternates Cluster Name", "")),
            ),
            ("xconfiguration A B: \"say \"hi\": there\"\r", Some(("A B", "say \"hi\": there"))),
            ("*c xConfiguration A: \"cut", Some(("A", "cut"))),
            ("*c xConfiguration A:", Some(("A", ""))),
            ("*c xConfiguration A: \"", Some(("A", ""))),
            ("*c xConfiguration A", None),
            ("*s SystemUnit: /", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(setting(line), expected, "{line}");
        }
    }

    #[test]
    fn text_is_filled_up_with_xml() {
        let text = b"*c xConfiguration SystemUnit Name: \"expc\"\n\xff\xfe junk\n";
        let xml = b"<Configuration version=\"X14.3.4\"><SystemUnit><Name>other</Name></SystemUnit>\
                    <TimeZone><Name>UTC</Name></TimeZone></Configuration>";
        let settings = Settings::read(&[text, xml], &Limits::default());
        assert_eq!(settings.get("SystemUnit Name"), Some("expc"));
        assert_eq!(settings.time_zone(), Some("UTC"));
        assert_eq!(settings.version(), Some(Version::new(14, 3, 4)));
        assert!(!settings.damaged);
    }

    #[test]
    fn the_bound_is_told() {
        let limits = Limits { settings: 1, ..Limits::default() };
        let dump =
            b"*c xConfiguration A: 1\n*c xConfiguration B: 2\n*c xConfiguration C Password: x";
        let settings = Settings::read(&[dump], &limits);
        assert_eq!((settings.len(), settings.dropped(), settings.secrets()), (1, 1, 1));
    }
}
