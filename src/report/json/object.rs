//! One JSON object on one line, written member by member into memory, so that what many
//! objects have in common can be put in as text.

use serde::Serialize;

use super::formatter;
use super::value::{Json, list, quoted};

/// Adds members: `members!(object, { "frame": entry.frame, "bytes": bytes });`. What stands
/// around a name is put together by the compiler: a line has more than a hundred of them.
macro_rules! members {
    ($object:expr, { $($name:literal: $value:expr),* $(,)? }) => {
        $($object.begun(concat!(",\"", $name, "\":"), &$value);)*
    };
}

pub(super) use members;

/// An object that is being written. Each member begins with a comma; the first one becomes
/// the brace when the object is closed.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Object<'o> {
    /// Opens it at the end of `out`.
    pub(super) const fn begin(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Closes it.
    pub(super) fn end(self) {
        match self.out.get_mut(self.start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    /// Adds a member that is begun already: for [`members`].
    #[inline]
    pub(super) fn begun(&mut self, name: &'static str, value: &(impl Json + ?Sized)) {
        self.out.extend(name.as_bytes());
        value.json(self.out);
    }

    /// Adds a member.
    pub(super) fn member(&mut self, name: &'static str, value: &(impl Json + ?Sized)) {
        value.json(self.name(name));
    }

    /// Adds a member that is a list.
    pub(super) fn list(&mut self, name: &'static str, items: impl IntoIterator<Item = impl Json>) {
        list(items, self.name(name));
    }

    /// Adds a member that the library writes: for what is rare, or kept as text.
    pub(super) fn document(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        put(value, self.name(name));
    }

    /// Adds a member that is an object itself; `fill` writes its members.
    pub(super) fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Object<'_>)) {
        let mut inner = Object::begin(self.name(name));
        fill(&mut inner);
        inner.end();
    }

    /// Adds a member that is an object itself, or `null`.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        fill: impl FnOnce(T, &mut Object<'_>),
    ) {
        match value {
            Some(value) => self.object(name, |inner| fill(value, inner)),
            None => self.null(name),
        }
    }

    /// Adds a member that is `null`.
    pub(super) fn null(&mut self, name: &'static str) {
        self.name(name).extend(b"null");
    }

    /// Adds a member that is a list of objects; `fill` writes the members of each.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        list: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(T, &mut Object<'_>),
    ) {
        let out = self.name(name);
        out.push(b'[');
        for (at, item) in list.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let mut inner = Object::begin(out);
            fill(item, &mut inner);
            inner.end();
        }
        out.push(b']');
    }

    /// Adds a member that is a text; `fill` writes it as it is.
    pub(super) fn quoted(&mut self, name: &'static str, fill: impl FnOnce(&mut Vec<u8>)) {
        quoted(self.name(name), fill);
    }

    /// Adds all members of an object that is JSON already.
    pub(super) fn members_of(&mut self, json: &[u8]) {
        let members = json.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        if let Some(members) = members.filter(|members| !members.is_empty()) {
            self.out.push(b',');
            self.out.extend(members);
        }
    }

    /// Begins a member. Names are our own and need no escapes.
    #[inline]
    fn name(&mut self, name: &'static str) -> &mut Vec<u8> {
        self.out.extend(b",\"");
        self.out.extend(name.as_bytes());
        self.out.extend(b"\":");
        self.out
    }
}

/// Adds a value as JSON.
pub(super) fn put(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // Memory takes everything, and no document here has keys that are no text.
    drop(formatter::compact(value, out));
}

/// A value as JSON, to be kept.
pub(super) fn text(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut out = Vec::new();
    put(value, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::value::Written;

    #[test]
    fn members_follow_one_another_wherever_they_come_from() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.members_of(b"{}");
        object.member("a", &1_u8);
        object.members_of(br#"{"b":2,"c":[]}"#);
        object.object("d", |inner| inner.member("e", "\u{1b}"));
        object.objects("f", [1_u8, 2], |number, inner| inner.member("g", &number));
        object.member("h", &Written(b"null"));
        object.list("i", [1_u8, 2]);
        object.document("j", &[3]);
        object.quoted("k", |out| out.extend_from_slice(b"l"));
        object.end();
        let text = concat!(
            r#"{"a":1,"b":2,"c":[],"d":{"e":"\u001b"},"f":[{"g":1},{"g":2}],"h":null,"#,
            r#""i":[1,2],"j":[3],"k":"l"}"#
        );
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
