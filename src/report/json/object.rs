//! One JSON object on one line, written member by member into memory, so that what many
//! objects have in common can be put in as text.

use serde::Serialize;

use super::formatter;

/// An object that is being written.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens it at the end of `out`.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Closes it.
    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// Adds a member.
    pub(super) fn member(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.name(name);
        put(value, self.out);
    }

    /// Adds a member that is an object itself; `fill` writes its members.
    pub(super) fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        let mut inner = Object::begin(self.out);
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
            None => self.member(name, &()),
        }
    }

    /// Adds a member that is a list of objects; `fill` writes the members of each.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        list: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(T, &mut Object<'_>),
    ) {
        self.name(name);
        self.out.push(b'[');
        for (at, item) in list.into_iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            let mut inner = Object::begin(self.out);
            fill(item, &mut inner);
            inner.end();
        }
        self.out.push(b']');
    }

    /// Adds a member whose value is JSON already.
    pub(super) fn text(&mut self, name: &'static str, json: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(json);
    }

    /// Adds all members of an object that is JSON already.
    pub(super) fn members_of(&mut self, json: &[u8]) {
        let members = json.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        if let Some(members) = members.filter(|members| !members.is_empty()) {
            self.comma();
            self.out.extend_from_slice(members);
        }
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
    }

    /// Names are our own and need no escapes.
    fn name(&mut self, name: &'static str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }
}

/// Adds a value as JSON.
pub(super) fn put(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // Memory takes everything, and no document here has keys that are no text.
    drop(formatter::compact(value, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_one_another_wherever_they_come_from() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.members_of(b"{}");
        object.member("a", &1);
        object.members_of(br#"{"b":2,"c":[]}"#);
        object.object("d", |inner| inner.member("e", "\u{1b}"));
        object.objects("f", [1, 2], |number, inner| inner.member("g", &number));
        object.text("h", b"null");
        object.end();
        let text = r#"{"a":1,"b":2,"c":[],"d":{"e":"\u001b"},"f":[{"g":1},{"g":2}],"h":null}"#;
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
