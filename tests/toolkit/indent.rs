//! JSON laid out for people: the program writes long lists with one item per line, which
//! nobody can compare by eye.

/// Longest list or object that stays on one line, in characters.
const LINE: usize = 100;

/// The text with members and items on lines of their own, but for short lists and objects
/// that hold no others; nothing else is changed.
pub(crate) fn indented(json: &str) -> String {
    let mut layout = Layout { rest: json, out: String::with_capacity(json.len() * 2), depth: 0 };
    while layout.step() {}
    layout.out.push('\n');
    layout.out
}

struct Layout<'j> {
    rest: &'j str,
    out: String,
    depth: usize,
}

impl Layout<'_> {
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        match first {
            '{' | '[' => match short(self.rest) {
                Some(end) => self.keep(end),
                None => self.turn(first, 1),
            },
            '}' | ']' => {
                self.depth -= 1;
                self.line();
                self.keep(1);
            }
            ',' => self.turn(first, 0),
            '"' => self.keep(string(self.rest)),
            ':' => {
                self.out.push_str(": ");
                self.rest = &self.rest[1..];
            }
            space if space.is_whitespace() => self.rest = &self.rest[1..],
            other => self.keep(other.len_utf8()),
        }
        true
    }

    fn keep(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.rest = &self.rest[length..];
    }

    fn turn(&mut self, character: char, deeper: usize) {
        self.out.push(character);
        self.rest = &self.rest[1..];
        self.depth += deeper;
        self.line();
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&" ".repeat(self.depth));
    }
}

/// The length of a short list or object that begins here and holds no other.
fn short(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        let next = text[at..].chars().next()?;
        match next {
            '{' | '[' => return None,
            '}' | ']' => return (at < LINE && !text[..at].contains('\n')).then_some(at + 1),
            '"' => at += string(&text[at..]),
            other => at += other.len_utf8(),
        }
    }
}

/// The length of the string that begins here.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let ends = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
