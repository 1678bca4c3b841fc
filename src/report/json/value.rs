//! Values of a line as JSON, written straight into memory: a line has more than a hundred
//! of them, and nothing between value and bytes pays.

use super::object::put;
use crate::packet::Endpoint;
use crate::time::Timestamp;
use crate::wire::text::hex_digits;

/// A value that can write itself.
pub(super) trait Json {
    /// Adds it at the end of `out`.
    fn json(&self, out: &mut Vec<u8>);
}

/// A word of our own, which needs no escapes.
pub(super) struct Word(pub(super) &'static str);

/// A value that is JSON already.
pub(super) struct Written<'a>(pub(super) &'a [u8]);

/// Bytes as a text of lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Json for $type {
            #[inline]
            fn json(&self, out: &mut Vec<u8>) {
                out.extend(itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, usize);

impl Json for f64 {
    fn json(&self, out: &mut Vec<u8>) {
        put(self, out);
    }
}

impl Json for bool {
    #[inline]
    fn json(&self, out: &mut Vec<u8>) {
        out.extend(if *self { "true" } else { "false" }.as_bytes());
    }
}

impl Json for str {
    fn json(&self, out: &mut Vec<u8>) {
        quoted(out, |out| out.extend(self.as_bytes()));
    }
}

impl Json for String {
    fn json(&self, out: &mut Vec<u8>) {
        self.as_str().json(out);
    }
}

impl<T: Json + ?Sized> Json for &T {
    #[inline]
    fn json(&self, out: &mut Vec<u8>) {
        (**self).json(out);
    }
}

impl<T: Json> Json for Option<T> {
    #[inline]
    fn json(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.json(out),
            None => out.extend(b"null"),
        }
    }
}

impl<T: Json> Json for [T] {
    fn json(&self, out: &mut Vec<u8>) {
        list(self, out);
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self, out: &mut Vec<u8>) {
        list(self, out);
    }
}

impl Json for Timestamp {
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        self.write_to(out);
        out.push(b'"');
    }
}

impl Json for Endpoint {
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend(self.text().as_bytes());
        out.push(b'"');
    }
}

impl Json for Word {
    #[inline]
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend(self.0.as_bytes());
        out.push(b'"');
    }
}

impl Json for Written<'_> {
    #[inline]
    fn json(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }
}

impl Json for Hex<'_> {
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend(self.0.iter().flat_map(|byte| hex_digits(*byte)));
        out.push(b'"');
    }
}

/// Adds a list.
pub(super) fn list(items: impl IntoIterator<Item = impl Json>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item.json(out);
    }
    out.push(b']');
}

/// Adds a text; `fill` writes it as it is, valid UTF-8. Nearly every text needs no escapes:
/// it is looked at once it is there.
pub(super) fn quoted(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    let start = out.len();
    fill(out);
    if out.get(start..).is_some_and(is_plain) {
        return out.push(b'"');
    }
    let text = out.split_off(start);
    out.pop();
    put(&*String::from_utf8_lossy(&text), out);
}

/// Whether a text stands in JSON as it is. So many bytes are looked at in one step as there
/// are, the last ones once more where they are no full step.
fn is_plain(text: &[u8]) -> bool {
    match text.len() {
        0..8 => text.iter().all(|byte| all_plain(&[*byte])),
        8..16 => steps::<8>(text),
        _ => steps::<16>(text),
    }
}

#[inline]
fn steps<const N: usize>(text: &[u8]) -> bool {
    let (steps, _) = text.as_chunks::<N>();
    steps.iter().all(all_plain) && text.last_chunk::<N>().is_none_or(all_plain)
}

#[inline]
fn all_plain<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(true, |plain, byte| {
        plain & matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &(impl Json + ?Sized)) -> String {
        let mut out = Vec::new();
        value.json(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_written_as_the_library_writes_them() {
        let texts = [
            "",
            "plain",
            "\"",
            "eight by\"",
            "sixteen bytes, \\",
            "\t of several steps of sixteen",
            "a\"b\\c\n",
            "é\u{1b}[2J\u{202e}\u{e0041}",
            "a long one, \u{7f}",
        ];
        for one in texts {
            let mut out = Vec::new();
            put(one, &mut out);
            assert_eq!(text(one).into_bytes(), out, "{one:?}");
        }
        assert_eq!(text(&vec![Some(u64::MAX), None]), "[18446744073709551615,null]");
        assert_eq!(text(&Vec::<u8>::new()), "[]");
        assert_eq!(text(&0.495), "0.495");
        assert_eq!(text(&true), "true");
        assert_eq!(text(&Word("word")), "\"word\"");
        assert_eq!(text(&Hex(&[0x0a, 0xff])), "\"0aff\"");
    }

    #[test]
    fn ends_are_written_as_they_are_shown() {
        for address in ["10.30.5.176", "255.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"] {
            let end = Endpoint { address: address.parse().unwrap(), port: 8443 };
            assert_eq!(text(&end), format!("\"{end}\""));
        }
    }
}
