//! The house itself: walls between the rooms, libraries in their rooms, the rules'
//! registry, the README's commands, and the ledger over many captures.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tlsight::connection::LedgerClass;
use tlsight::limits::Limits;
use tlsight::pipeline::{Config, analyze, collect};
use tlsight::rules::registry;
use toolkit::look::assert_ledger_sums;
use toolkit::samples::root;

/// The picture of src/lib.rs: for each room, the rooms right above it. What is above
/// those is above it too.
const PICTURE: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("time", &[]),
    ("limits", &[]),
    // The packet leg.
    ("capture", &["wire", "time", "limits"]),
    ("packet", &["capture"]),
    ("flow", &["packet"]),
    ("tls", &["flow"]),
    // The certificate leg.
    ("x509", &["wire", "time", "limits"]),
    ("trust", &["x509"]),
    // They meet.
    ("connection", &["tls", "trust"]),
    ("expressway", &["connection"]),
    ("rules", &["expressway"]),
    ("foresight", &["rules"]),
    ("report", &["foresight"]),
    ("pipeline", &["report"]),
];

/// Libraries that are used in these rooms only. Not `csv`: a module of ours has its name.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("pcap_parser", &["capture"]),
    // Captures and certificates (RFC 8879) are compressed alike.
    ("flate2", &["capture", "tls"]),
    ("lzma_rust2", &["capture"]),
    ("zstd", &["capture", "tls"]),
    ("brotli_decompressor", &["tls"]),
    ("aes", &["tls"]),
    ("ccm", &["tls"]),
    ("etherparse", &["packet"]),
    ("tls_parser", &["tls"]),
    ("x509_parser", &["x509"]),
    ("rayon", &["pipeline", "cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("terminal_size", &["cli"]),
    ("indicatif", &["cli"]),
    ("signal_hook", &["cli"]),
    ("comfy_table", &["report"]),
    ("data_encoding", &["expressway"]),
    ("tar", &["capture"]),
    ("zip", &["capture"]),
    ("aws_lc_rs", &["cli", "pipeline", "tls", "trust", "x509"]),
    ("memchr", &["capture", "expressway", "rules", "tls"]),
    ("quick_xml", &["expressway"]),
];

/// Rooms that may be told something by the world outside.
const OUTDOORS: &[&str] = &["capture", "pipeline", "cli", "main"];

/// A line of the program, without comment and without text in quotes.
struct Line {
    file: PathBuf,
    number: usize,
    room: String,
    text: String,
}

impl Line {
    fn place(&self) -> String {
        let file = self.file.strip_prefix(root()).unwrap().display();
        format!("{file}:{}: {}", self.number, self.text.trim())
    }
}

/// Files of a folder and the folders in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// `packet` for src/packet/ip.rs and src/packet.rs.
fn room(file: &Path) -> String {
    let inner = file.strip_prefix(root().join("src")).unwrap();
    let first = inner.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The lines of src, tests left out: they may build what they need from any room.
fn program() -> Vec<Line> {
    let mut sources = files(&root().join("src"));
    sources.retain(|file| file.extension().is_some_and(|end| end == "rs"));
    let tests: BTreeSet<PathBuf> = sources.iter().flat_map(|file| test_files(file)).collect();
    sources.iter().filter(|file| !tests.contains(*file)).flat_map(|file| lines(file)).collect()
}

const FOR_TESTS: &str = "#[cfg(test)]";

/// The name in `mod name;`.
fn module(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix(';')?.split_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

/// Files of the modules that a file declares for tests only.
fn test_files(file: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == FOR_TESTS);
    let folder = match file.file_stem().unwrap().to_str() {
        Some("mod" | "lib" | "main") => file.parent().unwrap().to_path_buf(),
        _ => file.with_extension(""),
    };
    declared
        .filter_map(|pair| module(pair[1]))
        .map(|name| folder.join(format!("{name}.rs")))
        .collect()
}

/// A test module written out stands at the end of its file.
fn lines(file: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let begins_tests = |pair: &[&str]| pair[0].trim() == FOR_TESTS && module(pair[1]).is_none();
    let end = lines.windows(2).position(begins_tests).unwrap_or(lines.len());
    let line = |(index, text): (usize, &&str)| Line {
        file: file.to_path_buf(),
        number: index + 1,
        room: room(file),
        text: code(text),
    };
    lines[..end].iter().enumerate().map(line).collect()
}

/// A line without comment and quoted text.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut quoted = false;
    let mut before = ' ';
    for character in line.chars() {
        if character == '"' && before != '\\' && before != '\'' {
            quoted = !quoted;
        } else if !quoted {
            code.push(character);
        }
        before = character;
    }
    code.split("//").next().unwrap_or_default().to_owned()
}

/// Names that stand behind `prefix` in a line, each whole: `crate::a::B` gives `a`.
/// Of a list in braces, all its first names.
fn behind(line: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let whole = line[..at].chars().next_back().is_none_or(|c| !is_word(c) && c != ':');
        if whole {
            found.extend(first_names(&line[at + prefix.len()..]));
        }
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| is_word(*c)).collect::<String>();
    match path.strip_prefix('{') {
        Some(list) => list.trim_end_matches(['}', ';']).split(',').map(name).collect(),
        None => vec![name(path)],
    }
}

/// All rooms above each room.
fn above() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut above: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (room, right_above) in PICTURE {
        let mut all: BTreeSet<&str> = right_above.iter().copied().collect();
        right_above.iter().for_each(|other| all.extend(&above[other]));
        above.insert(room, all);
    }
    above
}

fn assert_none(what: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what}:\n{}", offences.join("\n"));
}

#[test]
fn the_parts_of_this_test_read_what_they_should() {
    assert_eq!(behind("use crate::tls::{Body, Role};", "crate::"), ["tls"]);
    assert_eq!(behind("use crate::{flow, tls::Role};", "crate::"), ["flow", "tls"]);
    assert_eq!(
        behind("fn a(b: &crate::x509::Name) -> crate::wire::C", "crate::"),
        ["x509", "wire"]
    );
    assert_eq!(behind("use pcap_parser::Block;", "pcap_parser"), [""]);
    assert_eq!(behind("my_pcap_parser::x", "pcap_parser"), [] as [&str; 0]);
    assert_eq!(module("    pub(crate) mod testing;"), Some("testing"));
    assert_eq!((module("mod tests {"), module("use a::b;")), (None, None));
    assert_eq!(code("let a = \"crate::rules\"; // crate::report"), "let a = ; ");
    assert!(above()["pipeline"].contains("wire") && !above()["tls"].contains("x509"));
}

#[test]
fn every_room_is_in_the_picture() {
    let known: BTreeSet<String> = PICTURE.iter().map(|(room, _)| (*room).to_owned()).collect();
    let mut there: BTreeSet<String> = program().into_iter().map(|line| line.room).collect();
    for outside in ["lib", "main", "cli"] {
        assert!(there.remove(outside), "{outside} is gone");
    }
    assert_eq!(there, known);
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let above = above();
    let mut offences = Vec::new();
    let mut seen = 0;
    for line in program() {
        let Some(allowed) = above.get(line.room.as_str()) else { continue };
        for name in behind(&line.text, "crate::") {
            seen += 1;
            if name != line.room && !allowed.contains(name.as_str()) {
                offences.push(format!("{} may not know {name}: {}", line.room, line.place()));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports found: is this test still reading them?");
    assert_none("a wall is broken", &offences);
}

#[test]
fn the_command_line_uses_the_library_from_outside() {
    let outside = program().into_iter().filter(|line| ["main", "cli"].contains(&&*line.room));
    let inward = outside.filter(|line| !behind(&line.text, "crate::").is_empty());
    let offences: Vec<String> = inward.map(|line| line.place()).collect();
    assert_none("cli and main name the library `tlsight`, and each other `super`", &offences);
}

#[test]
fn each_library_stays_in_its_room() {
    let mut offences = Vec::new();
    for line in program() {
        for (library, rooms) in LIBRARIES {
            let path = format!("{library}::");
            if !behind(&line.text, &path).is_empty() && !rooms.contains(&&*line.room) {
                offences.push(format!("{library} belongs to {rooms:?}: {}", line.place()));
            }
        }
    }
    assert_none("a library has left its room", &offences);
}

/// Clock, files, environment and threads stay outdoors; nobody prints but `cli`.
#[test]
fn the_world_stays_outside() {
    const WORLD: [&str; 10] = [
        "std::fs",
        "std::env",
        "std::thread",
        "std::net::Tcp",
        "std::process",
        "SystemTime",
        "Instant::now",
        "File::open",
        "Timestamp::now",
        "Zoned::now",
    ];
    let inside = program().into_iter().filter(|line| !OUTDOORS.contains(&&*line.room));
    let offends = |line: &Line| WORLD.iter().any(|word| line.text.contains(word));
    let offences: Vec<String> = inside.filter(offends).map(|line| line.place()).collect();
    assert_none("the world is let in", &offences);
    let printing = |line: &&Line| {
        ["println!", "print!", "eprintln!", "eprint!", "dbg!"]
            .iter()
            .any(|word| line.text.contains(word))
    };
    let offences: Vec<String> = program().iter().filter(printing).map(Line::place).collect();
    assert_none("printing is for cli::output", &offences);
}

// --- rules ----------------------------------------------------------------------

fn is_kebab_case(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.split('-').all(word)
}

#[test]
fn rule_ids_are_unique_and_in_kebab_case() {
    assert!(is_kebab_case("tls13-certificate-hidden") && !is_kebab_case("Name-not"));
    assert!(!is_kebab_case("a--b") && !is_kebab_case("a_b"));
    let mut ids = BTreeSet::new();
    for rule in registry::rules() {
        assert!(is_kebab_case(rule.id), "{}", rule.id);
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(!rule.references.is_empty(), "{} names no reference", rule.id);
        assert!(registry::find(rule.id).is_some_and(|found| found.id == rule.id));
    }
}

// --- README ---------------------------------------------------------------------

/// Lines of code blocks that run the program or cargo.
fn commands(readme: &str) -> Vec<Vec<String>> {
    let mut in_block = false;
    let mut commands = Vec::new();
    for line in readme.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block || line.starts_with("    ") {
            let line = line.trim().trim_start_matches("$ ");
            let line = line.split(" #").next().unwrap_or_default();
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let program = words.first().is_some_and(|word| word == "tlsight" || word == "cargo");
            if program {
                commands.push(words);
            }
        }
    }
    commands
}

/// Arguments behind the program's name, up to a pipe or a redirection.
fn arguments(command: &[String]) -> Option<&[String]> {
    let begin = match command {
        [program, ..] if program == "tlsight" => 1,
        [_, run, ..] if run == "run" => command.iter().position(|word| word == "--")? + 1,
        _ => return None,
    };
    let own = &command[begin..];
    let end = own.iter().position(|word| ["|", ">", "2>", "<", "&&"].contains(&&**word));
    Some(&own[..end.unwrap_or(own.len())])
}

#[test]
fn the_commands_of_the_readme_work() {
    let sample = "    cargo run --release -- --trust a.pem b.pcap | less # view";
    assert_eq!(arguments(&commands(sample)[0]).unwrap(), ["--trust", "a.pem", "b.pcap"]);
    for readme in ["README.md", "samples/README.md"] {
        let Ok(text) = std::fs::read_to_string(root().join(readme)) else { continue };
        for command in commands(&text) {
            let Some(arguments) = arguments(&command) else { continue };
            let of_samples = arguments.iter().any(|word| word.starts_with("samples/"));
            let placeholders = arguments.iter().any(|word| word.contains(['<', '*', '[']));
            if of_samples && !placeholders {
                let run = toolkit::program::run(arguments);
                let done = matches!(run.code, Some(0 | 1)) && run.stderr.is_empty();
                assert!(done, "{readme}: {command:?} ends with {run:?}");
            }
        }
    }
}

// --- the ledger over many captures -------------------------------------------------

#[test]
fn the_ledger_sums_over_every_sample() {
    assert!(ledgers(&root().join("samples")) > 40);
}

/// Real captures from many places, where they lie beside the project.
#[test]
fn the_ledger_sums_over_real_captures() {
    let captures = root().join("../shared/captures");
    if captures.is_dir() {
        assert!(ledgers(&captures) > 100);
    }
}

/// Reads every file of a folder, each alone; gives how many were captures.
fn ledgers(folder: &Path) -> usize {
    let mut captures = 0;
    for file in files(folder) {
        let sources = collect(std::slice::from_ref(&file), &Limits::default()).unwrap();
        let report = analyze(sources, &Config::default());
        assert_ledger_sums(&file.display().to_string(), &report);
        let tls =
            |class: &LedgerClass| !matches!(class, LedgerClass::NotTls | LedgerClass::NoPayload);
        for (index, capture) in report.captures.iter().enumerate() {
            let counted: u64 =
                capture.ledger.iter().filter(|(class, _)| tls(class)).map(|(_, n)| n).sum();
            let shown = report.connections.iter().filter(|c| c.capture == index).count() as u64;
            // Where the first bytes are cut off or lost, there is nothing to show.
            let hidden = capture.unidentified;
            assert_eq!(shown + hidden, counted, "{}", file.display());
            captures += usize::from(capture.errors.is_empty());
        }
    }
    captures
}
