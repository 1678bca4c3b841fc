//! The XML form of the dumps: nested elements become paths of words.
//!
//! The layout is not documented; this reader takes what the text form suggests and what
//! older products of the same family write: one root (`Configuration`, `Status`) with the
//! software version as an attribute, elements numbered by `item` or `index`. Entities
//! that a document defines itself are never expanded, so that none can explode.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::paths::Paths;
use crate::limits::Limits;

/// Nesting that is followed; what lies deeper is left out.
const DEPTH: usize = 32;
/// Bytes of an element's name that are kept.
const NAME_BYTES: usize = 128;
/// Different names counted below one element.
const NAMES: usize = 1024;
/// Elements around the content, whose names are no part of a path.
const ROOTS: [&str; 5] = ["xmldoc", "configuration", "status", "xconfiguration", "xstatus"];
/// Attributes that number an element.
const NUMBERS: [&str; 3] = ["item", "index", "number"];

/// Path of the software version that the root element names.
pub(super) const VERSION: &str = "@version";

/// One open element.
#[derive(Default)]
struct Open {
    /// Length of the path up to here.
    end: usize,
    /// How often each name came below, for elements without a number.
    seen: BTreeMap<String, u32>,
    text: String,
    is_root: bool,
}

struct Walk<'a> {
    paths: &'a mut Paths,
    limits: &'a Limits,
    open: Vec<Open>,
    /// Words of the open elements.
    path: String,
    /// Open elements below the deepest that is followed.
    too_deep: usize,
}

/// Adds the values of an XML text to `paths`; `false` if the text is damaged, in which
/// case all up to the damage is taken.
pub(super) fn read(text: &str, paths: &mut Paths, limits: &Limits) -> bool {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    reader.config_mut().check_end_names = false;
    let mut walk = Walk { paths, limits, open: Vec::new(), path: String::new(), too_deep: 0 };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => walk.begin(&start),
            Ok(Event::Empty(start)) => {
                walk.begin(&start);
                walk.end();
            }
            Ok(Event::End(_)) => walk.end(),
            Ok(Event::Text(text)) => walk.text(&text.xml10_content()),
            Ok(Event::CData(text)) => walk.text(&text.xml10_content()),
            Ok(Event::GeneralRef(name)) => walk.reference(&name),
            Ok(Event::Eof) => return walk.open.is_empty(),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

impl Walk<'_> {
    fn begin(&mut self, start: &BytesStart<'_>) {
        if self.open.len() >= DEPTH {
            self.too_deep += 1;
            return;
        }
        let name = local_name(start);
        let around = self.open.iter().all(|open| open.is_root);
        let is_root = around && ROOTS.iter().any(|root| name.eq_ignore_ascii_case(root));
        if is_root {
            self.root(start);
        } else {
            let number = attribute_number(start).or_else(|| self.counted(&name));
            self.path.push(' ');
            self.path.push_str(&name);
            self.path.extend(number.map(|number| format!(" {number}")));
        }
        self.open.push(Open { end: self.path.len(), is_root, ..Open::default() });
        if !is_root {
            self.attributes(start);
        }
    }

    /// The how-manieth element of its name this is, from the second on.
    fn counted(&mut self, name: &str) -> Option<u32> {
        let seen = &mut self.open.last_mut()?.seen;
        if !seen.contains_key(name) && seen.len() >= NAMES {
            return None;
        }
        let count = seen.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        (*count > 1).then_some(*count)
    }

    fn root(&mut self, start: &BytesStart<'_>) {
        for (name, value) in attributes(start) {
            if name.eq_ignore_ascii_case("version") || name.eq_ignore_ascii_case("product") {
                let name = name.to_ascii_lowercase();
                self.paths.add(&format!("@{name}"), &value, self.limits);
            }
        }
    }

    /// Attributes that are no numbers say something about the element.
    fn attributes(&mut self, start: &BytesStart<'_>) {
        for (name, value) in attributes(start) {
            let known = NUMBERS.iter().any(|number| name.eq_ignore_ascii_case(number));
            if !known && !name.starts_with("xmlns") && name != "maxOccurrence" {
                self.paths.add(&format!("{} {name}", self.path), &value, self.limits);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let (0, Some(open)) = (self.too_deep, self.open.last_mut()) {
            let room = self.limits.setting_bytes.saturating_sub(open.text.len());
            open.text.push_str(&super::paths::bounded(text, room));
        }
    }

    /// `&amp;`, `&#38;` and the like; what the document defines itself stays a name.
    fn reference(&mut self, name: &BytesRef<'_>) {
        match name.resolve_char_ref() {
            Ok(Some(character)) => self.text(character.encode_utf8(&mut [0; 4])),
            Ok(None) => {
                let name = name.xml10_content();
                match resolve_predefined_entity(&name) {
                    Some(text) => self.text(text),
                    None => self.text(&format!("&{name};")),
                }
            }
            Err(_) => {}
        }
    }

    fn end(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let Some(open) = self.open.pop() else { return };
        let value = open.text.trim();
        // An element with others below it holds only the white space between them.
        if !open.is_root && (!value.is_empty() || open.seen.is_empty()) {
            self.paths.add(&self.path, value, self.limits);
        }
        self.path.truncate(self.open.last().map_or(0, |open| open.end));
    }
}

fn local_name(start: &BytesStart<'_>) -> String {
    super::paths::bounded(start.local_name().as_ref(), NAME_BYTES)
}

/// Attributes that can be read, with the predefined entities resolved.
fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for attribute in start.attributes().with_checks(false).flatten().take(32) {
        let raw: &str = &attribute.value;
        let value = unescape(raw).unwrap_or_else(|_| raw.into());
        found.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    found
}

fn attribute_number(start: &BytesStart<'_>) -> Option<u32> {
    let attributes = attributes(start);
    let mut numbers = attributes
        .iter()
        .filter(|(name, _)| NUMBERS.iter().any(|number| name.eq_ignore_ascii_case(number)));
    numbers.find_map(|(_, value)| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> (Paths, bool) {
        let mut paths = Paths::default();
        let whole = read(text, &mut paths, &Limits::default());
        (paths, whole)
    }

    #[test]
    fn elements_become_paths() {
        let (paths, whole) = read_all(
            "<?xml version=\"1.0\"?>\n<Configuration xmlns=\"x\" product=\"VCS\" version=\"X14.3.4\">\n\
             <Ciphers item=\"1\"><SIPTLSCiphers><Value>EECDH:!MD5&amp;&#x41;</Value></SIPTLSCiphers></Ciphers>\
             <Zones><Zone item=\"1\"><Name item=\"1\">a</Name></Zone><Zone item=\"2\" type=\"DNS\"><Name>b</Name></Zone></Zones>\
             <Peer>x</Peer><Peer>y</Peer><Empty/></Configuration>",
        );
        assert!(whole);
        let get = |path| paths.get(path).unwrap();
        assert_eq!(get("@version"), "X14.3.4");
        assert_eq!(get("Ciphers SIPTLSCiphers Value"), "EECDH:!MD5&A");
        assert_eq!((get("Zones Zone 1 Name"), get("Zones Zone 2 Name")), ("a", "b"));
        assert_eq!((get("Zones Zone 2 Type"), get("Peer 2"), get("Empty")), ("DNS", "y", ""));
        assert_eq!(paths.get("Ciphers"), None);
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]>\
                    <Status><A>&c;&c;</A></Status>";
        assert_eq!(read_all(bomb).0.get("A"), Some("&c;&c;"));
    }

    #[test]
    fn damaged_text_is_read_up_to_the_damage() {
        let (paths, whole) = read_all("<Status><A>1</A><B>2</B><C>3");
        assert_eq!((paths.get("A"), paths.get("B"), whole), (Some("1"), Some("2"), false));
        let deep = "<a>".repeat(100_000) + "x";
        assert!(!read_all(&deep).1);
        let wrong = read_all("<Status><A>1</B></Status>");
        assert_eq!(wrong.0.get("A"), Some("1"));
    }
}
