//! Strangers' text made safe: the one place where names, subjects and labels
//! from the wire are prepared for a terminal or for JSON.
//!
//! A certificate's subject may hold escape sequences that repaint a terminal, or
//! direction marks that make `moc.elpmaxe` read as `example.com`. Nothing is
//! dropped: what cannot be shown is shown as its code point.

use std::fmt::Write as _;

/// Whether `character` may reach a terminal as it is.
#[must_use]
pub fn is_safe(character: char) -> bool {
    !(character.is_control() || is_invisible(character))
}

/// Characters that change direction, join, or take no room: they make two
/// different names look alike (Unicode Technical Report 36).
const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` with every unsafe character as `\u{…}`, for a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_safe(character) {
            safe.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        }
    }
    safe
}

/// `text` for a cell of a table that a spreadsheet may open: [`printable`], and what the
/// spreadsheet would take for a formula begins with an apostrophe, which makes it a text
/// (OWASP, CSV Injection). The full-width forms of the four signs count as well.
#[must_use]
pub fn cell(text: &str) -> String {
    let mut safe = printable(text);
    let sign = |first: char| matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    if safe.trim_start().starts_with(sign) {
        safe.insert(0, '\'');
    }
    safe
}

/// A word for a POSIX shell: in single quotes unless it needs none (POSIX.1-2017, Shell
/// Command Language, 2.2.2).
#[must_use]
pub fn shell_word(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_./:,@%+-[]=".contains(c);
    let glob = word.contains(['[', ']']);
    if !word.is_empty() && !glob && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Text that may stand in a command: what is not printable ASCII is left out of it.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Bytes that should be text: as they are when all are printable ASCII, else
/// `0x` and hexadecimal digits, so that nothing is lost and nothing is guessed.
#[must_use]
pub fn ascii_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => text.to_owned(),
        _ => format!("0x{}", hex(bytes)),
    }
}

/// The bytes that hexadecimal digits of either case mean; `None` for anything else.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// Lower-case hexadecimal digits without separators.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    // Digits are always UTF-8; asking once costs less than letter by letter.
    String::from_utf8(bytes.iter().flat_map(|byte| hex_digits(*byte)).collect()).unwrap_or_default()
}

/// The same with a colon between the bytes, as `openssl` prints long numbers.
#[must_use]
pub fn hex_with_colons(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() * 3);
    for byte in bytes {
        let [high, low] = hex_digits(*byte);
        text.extend([high, low, b':']);
    }
    text.pop();
    String::from_utf8(text).unwrap_or_default()
}

/// The two lower-case hexadecimal digits of a byte.
#[must_use]
pub const fn hex_digits(byte: u8) -> [u8; 2] {
    [digit(byte >> 4), digit(byte & 15)]
}

const fn digit(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' + half - 10 }
}

/// `1 frame`, `2 frames`: a number with its noun.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_word("10.0.0.1:8443"), "10.0.0.1:8443");
        assert_eq!(shell_word("[::1]:443"), "'[::1]:443'");
        assert_eq!(shell_word("EECDH:!aNULL"), "'EECDH:!aNULL'");
        assert_eq!(shell_word("a'; rm -r ~; '"), r"'a'\''; rm -r ~; '\'''");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn what_is_no_plain_text_stands_in_no_command() {
        assert!(!is_plain("a\nb") && !is_plain("\u{202e}"));
    }

    #[test]
    fn escape_sequences_and_direction_marks_are_shown_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("\u{202e}moc"), "\\u{202e}moc");
        assert_eq!(printable("c1 \u{9b}31m"), "c1 \\u{9b}31m");
        assert_eq!(printable("Zürich 東京 서울"), "Zürich 東京 서울");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "＝1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("\t=1"), "\\u{9}=1");
        assert_eq!(cell("CN=a-b,O=c@d"), "CN=a-b,O=c@d");
    }

    #[test]
    fn bytes_that_are_no_text_become_hex() {
        assert_eq!(ascii_or_hex(b"cucmpub.example.org"), "cucmpub.example.org");
        assert_eq!(ascii_or_hex(b"a\0b"), "0x610062");
    }
}
