//! The program as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tlsight::rules::registry;
use toolkit::conversation::{ACK, Conversation, PSH, Segment};
use toolkit::file::{self, Style};
use toolkit::packing::zipped;
use toolkit::program::{Run, command, run, run_in, run_with_input, text};
use toolkit::{samples, tls, wrap};

const GOOD: &str = "samples/rsa-trusted.pcap";
const FAILING: &str = "samples/ecdsa-selfsigned-untrusted.pcap";
const TRUST: [&str; 2] = ["--trust", "samples/trust/expressway.pem"];

/// Trouble: exit status 2, nothing on standard output, one message that says so.
#[track_caller]
fn assert_trouble(run: &Run, words: &[&str]) {
    assert_eq!(run.code, Some(2), "{run:?}");
    for word in words {
        assert!(run.stderr.contains(word), "'{word}' is not in: {}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[track_caller]
fn assert_clean(run: &Run) {
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
}

/// Findings, and nothing to complain of.
fn assert_findings(run: &Run) {
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{run:?}");
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// A folder with one file in it.
fn folder_with(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, text(&path))
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(samples::path(name)).unwrap()
}

// --- help, version, mistakes --------------------------------------------------

#[test]
fn help_tells_every_command_and_exit_status() {
    for flag in ["--help", "-h", "help"] {
        let help = run(&[flag]);
        assert_clean(&help);
        for word in ["show", "rules", "explain", "--trust", "--json", "--fail-on"] {
            assert!(help.stdout.contains(word), "{flag} does not tell {word}");
        }
    }
    for command in [&["--help"][..], &["show", "--help"], &["peers", "-h"], &["certs", "--help"]] {
        assert!(run(command).stdout.contains("Exit status: 0"), "{command:?}");
    }
    for name in ["show", "diff", "ciphers", "versions", "rules", "explain", "completions"] {
        assert_clean(&run(&[name, "--help"]));
    }
}

/// Commands whose flags clap would put into the usage one by one, or not as they are typed.
#[test]
fn usage_says_what_to_type() {
    let whatif = run(&["whatif", "--help"]).stdout;
    assert!(whatif.contains("tlsight whatif [OPTIONS] <CHANGE>... <FILE|DIR|->..."), "{whatif}");
    assert!(whatif.contains("\nChanges:\n"), "{whatif}");
    let diff = run(&["diff", "--help"]).stdout;
    for usage in
        ["diff [OPTIONS] <BEFORE> <AFTER>", "diff [OPTIONS] --before <FILE|DIR>... --after"]
    {
        assert!(diff.contains(usage), "{usage}: {diff}");
    }
}

#[test]
fn version_is_that_of_the_package() {
    let expected = concat!("tlsight ", env!("CARGO_PKG_VERSION"), "\n");
    for flag in ["-V", "--version"] {
        let version = run(&[flag]);
        assert_clean(&version);
        assert_eq!(version.stdout, expected);
    }
}

#[test]
fn without_arguments_the_usage_goes_to_standard_error() {
    let none: [&str; 0] = [];
    let run = run(&none);
    assert_trouble(&run, &["Usage:", "tlsight"]);
    assert_eq!(run.stdout, "");
}

#[test]
fn mistakes_are_named() {
    assert_trouble(&run(&["--no-such-flag", GOOD]), &["--no-such-flag"]);
    assert_trouble(&run(&["--trsut", "x.pem", GOOD]), &["--trsut", "--trust"]);
    assert_trouble(&run(&["--fail-on", "fatal", GOOD]), &["fatal", "error", "warning", "info"]);
    assert_trouble(&run(&["--threads", "many", GOOD]), &["--threads", "many"]);
    for command in [&["--threads", "100000"][..], &["scan", "--threads", "257"]] {
        assert_trouble(&run(&[command, &[GOOD]].concat()), &["--threads", "0..=256"]);
    }
    assert_trouble(&run(&["--json", "--jsonl", GOOD]), &["--json", "--jsonl"]);
    assert_trouble(&run(&["show", GOOD]), &["--stream"]);
    assert_trouble(&run(&["explain"]), &["<ID>"]);
    assert_trouble(&run(&["completions", "tcl"]), &["tcl", "bash"]);
}

// --- inputs -------------------------------------------------------------------

#[test]
fn a_file_that_is_not_there_is_named() {
    let run = run(&["no-such-file.pcap"]);
    assert_trouble(&run, &["tlsight: ", "no-such-file.pcap"]);
    assert_eq!(run.stdout, "");
}

/// Flags of the report in front of a command make the command an input.
#[test]
fn a_command_behind_flags_is_recognised() {
    for flags in [&TRUST[..], &["--color", "never"]] {
        let run = run(&[flags, &["scan", "samples"]].concat());
        assert_trouble(&run, &["scan: ", "put the command first: tlsight scan"]);
    }
    assert_trouble(&run(&["sacn", "samples"]), &["sacn: ", "a command is meant: tlsight scan"]);
    for file in ["show.pcap", "./shw", "capture"] {
        assert!(!run(&[file]).stderr.contains("command"), "{file}");
    }
}

#[test]
fn what_is_no_capture_is_told() {
    let cases: [(&str, &[u8], &str); 7] = [
        ("notes.txt", b"just some text, long enough for a header", "but plain text"),
        ("short.txt", b"ab", "but plain text"),
        ("random.pcap", b"\x01\x02\x03\x04", "not a capture: begins with 01020304"),
        ("solaris.cap", b"snoop\0\0\0\0\0\0\x02\0\0\0\x04", "editcap -F pcapng"),
        ("root.pem", b"-----BEGIN CERTIFICATE-----\nMIIB", "--trust"),
        ("empty.pcap", b"", "empty"),
        ("header.pcap", &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], "header"),
    ];
    for (name, bytes, word) in cases {
        let (_folder, path) = folder_with(name, bytes);
        assert_trouble(&run(&[&path]), &[name, word]);
        let document = run(&["--json", &path]);
        assert_trouble(&document, &[name, word]);
        assert!(json(&document)["inputs"][0]["errors"][0].as_str().unwrap().contains(word));
    }
}

#[test]
fn a_capture_without_packets_is_clean() {
    let (_folder, path) = folder_with("none.pcap", &file::pcap(1, &[], Style::default()));
    let run = run(&[&path]);
    assert_clean(&run);
    assert!(run.stdout.contains("0 TCP connections"), "{}", run.stdout);
}

#[test]
fn a_folder_stands_for_the_captures_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    std::fs::create_dir(&below).unwrap();
    std::fs::copy(samples::path("rsa-trusted.pcap"), folder.path().join("a.pcap")).unwrap();
    std::fs::copy(samples::path("expired.pcap"), below.join("no-suffix")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a capture").unwrap();
    let run = run(&["--json".to_owned(), text(folder.path())]);
    assert_findings(&run);
    assert_eq!(json(&run)["connections"].as_array().unwrap().len(), 2);
}

/// As `scan` does: what is called a capture and is none is trouble and hides no other.
#[test]
fn a_folder_hides_no_trouble() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(samples::path("rsa-trusted.pcap"), folder.path().join("good.pcap")).unwrap();
    std::fs::write(folder.path().join("empty.pcap"), "").unwrap();
    std::fs::write(folder.path().join("text.pcap"), "called a capture, but text").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a capture").unwrap();
    let run = run(&["--json".to_owned(), text(folder.path())]);
    assert_trouble(&run, &["empty.pcap", "text.pcap"]);
    assert!(!run.stderr.contains("notes.txt"), "{run:?}");
    assert_eq!(json(&run)["connections"].as_array().unwrap().len(), 1);
}

/// Root reads whatever it likes: then there is nothing to see here.
#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_stops_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (closed, open) = (folder.path().join("closed"), folder.path().join("good.pcap"));
    std::fs::create_dir(&closed).unwrap();
    std::fs::copy(samples::path("rsa-trusted.pcap"), open).unwrap();
    let mode = |mode| std::fs::set_permissions(&closed, PermissionsExt::from_mode(mode)).unwrap();
    mode(0);
    let readable = closed.read_dir().is_ok();
    let run = run(&["--json".to_owned(), text(folder.path())]);
    mode(0o700);
    if !readable {
        assert_trouble(&run, &["closed: Permission denied"]);
        assert_eq!(json(&run)["connections"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_folder_without_captures_is_trouble() {
    let (folder, _) = folder_with("notes.txt", b"not a capture");
    assert_trouble(&run(&[text(folder.path())]), &["no capture found"]);
}

#[test]
fn standard_input_is_read_in_any_packing() {
    let plain = run_with_input(&["-"], &sample("root-missing.pcap"));
    assert_findings(&plain);
    assert!(plain.stdout.contains("standard input"));
    for packed in ["root-missing.pcap.gz", "root-missing.pcap.zst", "root-missing.pcap.xz"] {
        let unpacked = run_with_input(&["-"], &sample(packed));
        assert_eq!(plain.stdout, unpacked.stdout, "{packed}");
    }
    assert_trouble(&run_with_input(&["-"], b""), &["standard input", "empty"]);
    assert_trouble(&run_with_input(&["-"], b"text"), &["standard input", "but plain text"]);
    let archive = run_with_input(&["-"], &sample("archives/cluster_2026-05-16.tar"));
    assert_trouble(&archive, &["a tar archive", "name the file itself"]);
}

/// As bash gives it for `tlsight <(ssh router tcpdump -w -)`.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_like_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let into = pipe.clone();
    let feeder = std::thread::spawn(move || std::fs::write(into, sample("root-missing.pcap")));
    let piped = run(&["--json".to_owned(), text(&pipe)]);
    feeder.join().unwrap().unwrap();
    assert_findings(&piped);
    let plain = json(&run(&["--json", "samples/root-missing.pcap"]));
    assert_eq!(json(&piped)["connections"], plain["connections"]);
}

/// An archive of other things is trouble where it was named; a document in a folder, which may
/// be a zip archive, is none.
#[test]
fn an_archive_without_captures_is_trouble_when_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("plan.docx");
    let member = ("word/document.xml".to_owned(), b"<x/>".to_vec());
    std::fs::write(&document, zipped(&[member])).unwrap();
    for command in [&[][..], &["scan".to_owned()]] {
        let named = run(&[command, &[text(&document)]].concat());
        assert_eq!(named.code, Some(2), "{named:?}");
        let said = [named.stdout, named.stderr].concat();
        assert!(said.contains("the archive holds no capture"), "{said}");
    }
    std::fs::copy(samples::path("rsa-trusted.pcap"), folder.path().join("a.pcap")).unwrap();
    for command in [&[][..], &["scan".to_owned()]] {
        let run = run(&[command, &[text(folder.path())]].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

#[test]
fn compression_is_recognised_by_content() {
    let plain = json(&run(&["--json", "samples/root-missing.pcap"]));
    for packed in ["gz", "zst", "xz"] {
        let bytes = sample(&format!("root-missing.pcap.{packed}"));
        let (_folder, path) = folder_with("renamed.pcap", &bytes);
        let document = json(&run(&["--json", &path]));
        assert_eq!(plain["connections"], document["connections"], "{packed}");
    }
    let (_folder, path) = folder_with("twice.gz", &file::gzip(&sample("root-missing.pcap.gz")));
    assert_trouble(&run(&[&path]), &["compressed twice", "unpack it once"]);
}

#[test]
fn several_files_are_several_captures() {
    let run = run(&["--json", GOOD, "samples/expired.pcap", "samples/tls13-trusted.pcap"]);
    assert_findings(&run);
    let document = json(&run);
    assert_eq!(document["inputs"].as_array().unwrap().len(), 3);
    let inputs: Vec<&Value> =
        document["connections"].as_array().unwrap().iter().map(|c| &c["input"]).collect();
    assert_eq!(inputs, [0, 1, 2]);
}

#[test]
fn an_unreadable_file_hides_no_other() {
    let (_folder, text_file) = folder_with("notes.txt", b"just some text, no capture at all");
    let run = run(&["--json", GOOD, &text_file, "samples/expired.pcap"]);
    assert_trouble(&run, &["notes.txt", "not a capture"]);
    assert_eq!(json(&run)["connections"].as_array().unwrap().len(), 2);
    let table = toolkit::program::run(&[GOOD, &text_file, "samples/expired.pcap"]);
    assert_eq!(table.code, Some(2));
    assert!(table.stdout.contains("rsa-trusted.pcap") && table.stdout.contains("expired.pcap"));
}

#[test]
fn a_cut_capture_shows_what_comes_before_the_cut_and_names_it() {
    let whole = sample("mra-login-works.pcap");
    let ends = file::record_ends(&whole);
    let (_folder, path) = folder_with("cut.pcap", &whole[..ends[50] + 30]);
    let table = run(&[&path]);
    assert_clean(&table);
    for words in ["50 frames", "damaged at byte", "behind frame 50", "30 bytes lost"] {
        assert!(table.stdout.contains(words), "{words} is not in: {}", table.stdout);
    }
    let packed = file::gzip(&whole);
    let (_folder, path) = folder_with("cut.pcap.gz", &packed[..packed.len() * 3 / 4]);
    let table = run(&[&path]);
    assert!(table.stdout.contains("reading stopped"), "{}", table.stdout);
    assert!(table.stdout.contains("cucmpub.example.org"), "{}", table.stdout);
}

// --- exit status, streams -----------------------------------------------------

#[test]
fn the_exit_status_follows_fail_on() {
    let with = |severity, file| run(&["--fail-on", severity, TRUST[0], TRUST[1], file]).code;
    for severity in ["error", "warning", "never"] {
        assert_eq!(with(severity, GOOD), Some(0), "{severity}");
    }
    assert_eq!(with("never", FAILING), Some(0));
    if registry::rules().next().is_some() {
        assert_eq!(run(&[TRUST[0], TRUST[1], FAILING]).code, Some(1));
        for severity in ["error", "warning", "info"] {
            assert_eq!(with(severity, FAILING), Some(1), "{severity}");
        }
    }
}

#[test]
fn diagnostics_go_to_standard_error_only() {
    let (_folder, broken) = folder_with("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n");
    let args = ["--json", "--trust", &broken, TRUST[0], TRUST[1], GOOD];
    let run = run(&args);
    assert!(run.stderr.contains("broken.pem"), "{run:?}");
    assert!(json(&run)["connections"].is_array());
}

#[test]
fn a_closed_pipe_is_no_error() {
    for args in [&["--json", "samples/mra-login-works.pcap"][..], &["rules"], &["--help"]] {
        let mut child =
            command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let status = child.wait().unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert_eq!((status.code(), complaint.as_str()), (Some(0), ""), "{args:?}");
    }
}

/// Who stops reading still learns from the exit status what was found until then.
#[test]
fn a_closed_pipe_hides_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(samples::path("ecdsa-selfsigned-untrusted.pcap"), folder.path().join("a.pcap"))
        .unwrap();
    for letter in 'b'..='z' {
        let copy = folder.path().join(format!("{letter}.pcap"));
        std::fs::copy(samples::path("mra-login-works.pcap"), copy).unwrap();
    }
    let folder = text(folder.path());
    for args in [&["--jsonl"][..], &["scan", "--jsonl"], &["--json"], &["scan"]] {
        let args = [args, &TRUST, &[&folder]].concat();
        let mut child =
            command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{args:?}");
    }
}

/// What cannot be written is trouble, also for help.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_trouble() {
    for args in [&["--help"][..], &["help"], &["--version"], &["rules"], &["--jsonl", GOOD]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(args).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains("cannot write to standard output"), "{args:?}: {stderr}");
    }
}

#[test]
fn lines_are_one_connection_each() {
    let lines = run(&["--jsonl", "samples/mra-login-works.pcap"]);
    assert_clean(&lines);
    let lines: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let document = json(&run(&["--json", "samples/mra-login-works.pcap"]));
    assert_eq!(lines.len(), 4);
    for (line, connection) in lines.iter().zip(document["connections"].as_array().unwrap()) {
        for (field, value) in connection.as_object().unwrap() {
            assert_eq!(line[field], *value, "{field}");
        }
    }
}

#[test]
fn the_document_has_what_is_promised() {
    let document = json(&run(&["--json", TRUST[0], TRUST[1], "samples/mtls-accepted.pcap"]));
    for field in ["schema_version", "inputs", "connections", "findings", "verdicts", "ledger"] {
        assert!(!document[field].is_null(), "{field}");
    }
    assert!(document["limits_hit"].is_array());
    let connection = document["connections"][0].as_object().unwrap();
    let promised = "stream client server first_frame first_time sni version cipher_suite \
        client_hello server_hello handshake aborted_by resumed alerts server_certificates \
        client_certificates certificate_request server_path client_path name_check ledger_class \
        findings";
    for field in promised.split_whitespace() {
        assert!(connection.contains_key(field), "{field}");
    }
}

// --- looks --------------------------------------------------------------------

const ESCAPE: char = '\u{1b}';

#[test]
fn colour_comes_only_when_asked_for() {
    for variables in [&[][..], &[("NO_COLOR", "1")], &[("TERM", "dumb")]] {
        let run = run_in(variables, &[FAILING]);
        assert!(!run.stdout.contains(ESCAPE), "{variables:?}");
    }
    assert!(run(&["--color", "always", FAILING]).stdout.contains(ESCAPE));
    assert!(!run(&["--color", "never", FAILING]).stdout.contains(ESCAPE));
    let forced = run_in(&[("NO_COLOR", "1")], &["--color", "always", FAILING]);
    assert!(forced.stdout.contains(ESCAPE), "what is typed wins over the environment");
    let document = run(&["--color", "always", "--json", FAILING]);
    assert!(!document.stdout.contains(ESCAPE), "a document has no colour");
}

/// Words that are longer than a line may stand out; nothing else.
fn too_wide(text: &str, width: usize) -> Vec<&str> {
    let fits = |line: &&str| {
        let words = line.split_whitespace().map(str::len).max().unwrap_or(0);
        line.chars().count() <= width || words + 8 >= width
    };
    text.lines().filter(|line| !fits(line)).collect()
}

#[test]
fn a_narrow_terminal_is_respected() {
    for file in ["samples/mra-login-works.pcap", "samples/truncated.pcap", FAILING] {
        let run = run_in(&[("COLUMNS", "60")], &[TRUST[0], TRUST[1], file]);
        let wide: Vec<&str> = too_wide(&run.stdout, 60);
        // A row in its narrow form (who and when, version and suite, outcome) and the
        // title with the file's name are not folded.
        let whole = |line: &&&str| {
            line.starts_with('#') || line.starts_with("    ") || line.starts_with(file)
        };
        let others: Vec<&&str> = wide.iter().filter(|line| !whole(line)).collect();
        assert!(others.is_empty(), "{file}: wider than 60 columns: {others:#?}");
        assert!(wide.iter().all(|line| line.chars().count() <= 90), "{wide:#?}");
    }
    let table = |run: Run| run.stdout.lines().take(6).map(str::to_owned).collect::<Vec<_>>();
    let full = table(run(&["samples/mra-login-works.pcap"]));
    let wide = run_in(&[("COLUMNS", "400")], &["samples/mra-login-works.pcap"]);
    assert_eq!(table(wide), full, "a wide terminal has room for the whole table");
}

const STRING: &str = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL:!aDH";

/// Without it, what is judged says the second at which it is.
const NOW: [&str; 2] = ["--at", "2026-11-21T00:00:00Z"];

/// Every command that prints for people, with something to print.
const COMMANDS: [&[&str]; 16] = [
    &[TRUST[0], TRUST[1], FAILING],
    &["show", FAILING, "--stream", "0", TRUST[0], TRUST[1]],
    &["show", "samples/tls13-trusted.pcap", "--stream", "0"],
    &["verify", "samples/chain/cucmpub.pem", TRUST[0], TRUST[1], NOW[0], NOW[1]],
    &[
        "verify",
        "samples/chain/cucmpub.pem",
        "--trust",
        "samples/trust/expressway-without-root.pem",
        NOW[0],
        NOW[1],
    ],
    &["trust", NOW[0], NOW[1], "samples/trust/expressway-with-ecdsa.pem"],
    &["peers", "samples/mtls-refused-tls12.pcap"],
    &["diff", FAILING, "samples/ecdsa-selfsigned-trusted.pcap", TRUST[0], TRUST[1]],
    &["scan", "samples/remedies"],
    &["whatif", "--disable", "ecdsa", FAILING, TRUST[0], TRUST[1]],
    &[
        "forecast",
        "--to",
        "X15.4",
        "samples/archives/diagnostic_log_expc_2026-05-03_09_01_00.tar.gz",
    ],
    &["ciphers", STRING],
    &["ciphers"],
    &["versions"],
    &["rules"],
    &["explain", "ecdsa-selected"],
];

#[test]
fn every_command_folds_to_the_width_of_the_terminal() {
    for args in COMMANDS {
        let told = run_in(&[("COLUMNS", "60")], args).stdout;
        assert!(!told.is_empty(), "{args:?}");
        // What will be copied is not folded: filters, commands, cipher strings.
        let copied = |line: &str| {
            let line = line.trim_start();
            ["frames ", "tcp.stream in ", "confirm: "].iter().any(|begin| line.starts_with(begin))
                || line.contains("!eNULL")
                || !line.contains(' ')
        };
        let wide = too_wide(&told, 60);
        let wide: Vec<&&str> = wide.iter().filter(|line| !copied(line)).collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
        let in_pipe = run(args).stdout;
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        // Tables of the report and of cipher suites have another form where they do not fit.
        if args.len() != 3 && args[0] != "ciphers" {
            assert_eq!(words(&told), words(&in_pipe), "{args:?}: the same words");
        }
    }
}

#[test]
fn every_command_takes_the_same_word_about_colour() {
    let coloured = |variables: &[(&str, &str)], args: &[&str], when: &[&str]| {
        run_in(variables, &[args, when].concat()).stdout.contains(ESCAPE)
    };
    for args in COMMANDS.iter().filter(|args| args[0] != "versions" && args[0] != "ciphers") {
        assert!(!coloured(&[], args, &[]), "{args:?}");
        assert!(coloured(&[], args, &["--color", "always"]), "{args:?}");
        assert!(coloured(&[("CLICOLOR_FORCE", "1")], args, &[]), "{args:?}");
        assert!(!coloured(&[("CLICOLOR_FORCE", "0")], args, &[]), "{args:?}");
        assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], args, &[]), "{args:?}");
        assert!(!coloured(&[("CLICOLOR_FORCE", "1")], args, &["--color", "never"]), "{args:?}");
    }
    for args in [["versions"], ["ciphers"]] {
        assert!(coloured(&[], &args, &["--color", "always"]), "{args:?}");
    }
}

// --- commands -----------------------------------------------------------------

#[test]
fn every_command_tells_its_exit_status() {
    let names = [
        "scan",
        "show",
        "verify",
        "trust",
        "peers",
        "diff",
        "whatif",
        "forecast",
        "certs",
        "ciphers",
        "versions",
        "rules",
        "explain",
        "completions",
    ];
    for name in names {
        let help = run(&[name, "-h"]);
        assert_clean(&help);
        assert!(help.stdout.contains("Exit status:"), "{name}");
    }
}

#[test]
fn the_rules_are_there_for_programs() {
    let list = run(&["rules", "--json"]);
    assert_clean(&list);
    let document = json(&list);
    let rules = document["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert_eq!(ids, registry::rules().map(|rule| rule.id).collect::<Vec<_>>());
    let one = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap();
    let revocation = one("revocation-fail");
    assert_eq!(revocation["looks_at"], "case");
    assert!(revocation["needs"][0].as_str().unwrap().contains("xconf_dump"), "{revocation}");
    assert_eq!(one("cert-expires-soon")["needs"], serde_json::json!([]));
    assert!(rules.iter().all(|rule| !rule["references"].as_array().unwrap().is_empty()));
}

#[test]
fn a_rule_says_what_it_needs() {
    for (id, need) in [
        ("revocation-fail", "the configuration of an Expressway"),
        ("refusal-in-log-only", "the log of an Expressway"),
        ("ended-in-between", "two captures"),
        ("chat-alias-missing", "a known Expressway-C and a known Expressway-E"),
        ("cucm-split-trust", "a trust store"),
        ("dns-name-not-found", "nothing but the capture"),
        ("path-refused", "the trust list of the side that checks"),
        ("client-chain-not-trusted", "--peer-trust"),
        ("eku-refused", "what the hosts are"),
        ("cucm-wildcard", "what the hosts are"),
        ("no-common-cipher", "nothing but the capture"),
    ] {
        let page = run(&["explain", id]).stdout;
        let needs = page.split_once("Needs\n").map_or("", |(_, rest)| rest);
        assert!(needs.contains(need), "{id}: {needs}");
    }
}

#[test]
fn remedies_are_told_as_what_they_are() {
    let told = run(&[TRUST[0], TRUST[1], FAILING]).stdout;
    assert!(told.contains("    to mend it, one of:\n    a) "), "{told}");
    let document = json(&run(&["--json", TRUST[0], TRUST[1], FAILING]));
    let verdict = &document["verdicts"][0];
    assert_eq!(verdict["alternatives"], verdict["remedies"].as_array().unwrap().len());
    // Here another fault shows next, and is no alternative.
    let two = ["--json", "--trust", "samples/trust/expressway-without-root.pem"];
    let document = json(&run(&[&two[..], &["samples/expired.pcap"]].concat()));
    let verdict = &document["verdicts"][0];
    let remedies = verdict["remedies"].as_array().unwrap();
    let next = remedies.last().unwrap().as_str().unwrap();
    assert!(next.starts_with("The next fault"), "{next}");
    assert_eq!(verdict["alternatives"], remedies.len() - 1);
}

#[test]
fn show_prints_one_handshake_in_full() {
    let show = run(&["show", "samples/mtls-accepted.pcap", "--stream", "0"]);
    assert_clean(&show);
    let expected = [
        "client_hello",
        "server_hello",
        "certificate_request",
        "cucmpub.example.org",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "ecdsa_secp256r1_sha256",
        "56:ff:6c:71:00:00:00:00:00:0d",
        "7e:10:00:00:00:00:00:00:0c:20",
    ];
    for words in expected {
        assert!(show.stdout.contains(words), "{words} is not in: {}", show.stdout);
    }
    let one = run(&["show", "samples/mra-login-works.pcap", "-s", "2"]);
    assert_clean(&one);
    assert!(one.stdout.contains("10.30.7.11:6972") && !one.stdout.contains("10.30.7.12"));
}

#[test]
fn show_names_the_streams_there_are() {
    let args = ["show", "samples/ssh-and-http-beside-tls.pcap", "--stream", "0"];
    let run = run(&args);
    assert_trouble(&run, &["stream 0 is no TLS connection", "2"]);
    assert_eq!(run.stdout, "");
    let two = ["show", "samples/expired.pcap", "samples/mra-login-works.pcap", "--stream", "99"];
    let told = ["these are: 0 of samples/expired.pcap; 0, 1, 2, 3 of samples/mra-login-works.pcap"];
    assert_trouble(&toolkit::program::run(&two), &told);
    let archive = "samples/archives/diagnostic_log_expc_2026-05-03_09_01_00.tar.gz";
    let inside = toolkit::program::run(&["show", archive, "--stream", "999"]);
    assert_trouble(&inside, &[".pcap in ", archive]);
    let args = ["show", "samples/expired.pcap", "--stream", "99"];
    assert_trouble(&toolkit::program::run(&args), &["stream 99"]);
    let args = ["show", "samples/expired.pcap", "--stream", "-1"];
    assert_trouble(&toolkit::program::run(&args), &["-1"]);
}

#[test]
fn rules_are_listed_and_each_is_explained() {
    let list = run(&["rules"]);
    assert_clean(&list);
    for rule in registry::rules() {
        assert!(list.stdout.contains(rule.id), "{} is not listed", rule.id);
        let page = run(&["explain", rule.id]);
        assert_clean(&page);
        assert!(page.stdout.starts_with(rule.id), "{}", page.stdout);
        for title in ["What it checks", "What to do", "When it can be wrong", "References"] {
            assert!(page.stdout.contains(title), "{}: no '{title}'", rule.id);
        }
        assert!(!page.stdout.contains("{"), "{}: a placeholder is left", rule.id);
    }
}

#[test]
fn an_unknown_rule_is_trouble_with_a_suggestion() {
    let run = run(&["explain", "no-such-rule"]);
    assert_trouble(&run, &["no-such-rule", "tlsight rules"]);
    if let Some(rule) = registry::find("certificate-expired") {
        let near = toolkit::program::run(&["explain", "certificate-expird"]);
        assert_trouble(&near, &[rule.id]);
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_clean(&script);
        for word in ["tlsight", "explain", "fail-on", "trust"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
        // PowerShell and Elvish complete no values of flags.
        let values = ["bash", "zsh", "fish"].contains(&shell);
        assert_eq!(script.stdout.contains("ecdsa-selected"), values, "{shell}");
    }
}

// --- trust --------------------------------------------------------------------

fn path_of(run: &Run) -> Value {
    json(run)["connections"][0]["server_path"].clone()
}

/// The certificates of a PEM file in DER.
fn certificates(file: &str) -> Vec<Vec<u8>> {
    let pem = std::fs::read(samples::root().join(file)).unwrap();
    let read = tlsight::x509::pem::read(&pem);
    read.into_iter().map(|block| block.result.unwrap().der.to_vec()).collect()
}

#[test]
fn anchors_come_from_pem_der_and_folders() {
    let with = |trust: &str| run(&["--json", "--trust", trust, GOOD]);
    let pem = with(TRUST[1]);
    assert_eq!(path_of(&pem)["ok"], true);
    let root = certificates(TRUST[1]).swap_remove(0);
    let (folder, der) = folder_with("root.der", &root);
    assert_eq!(path_of(&with(&der)), path_of(&pem));
    std::fs::copy(samples::root().join("samples/trust/cucm.pem"), folder.path().join("b.pem"))
        .unwrap();
    let from_folder = with(&text(folder.path()));
    assert_eq!(path_of(&from_folder)["ok"], true);
    assert_eq!(json(&from_folder)["trust_store"]["anchors"], 3);
}

#[test]
fn a_trust_store_without_certificates_is_trouble() {
    let (_folder, notes) = folder_with("notes.pem", b"no certificate here\n");
    let run = run(&["--trust", &notes, GOOD]);
    assert_trouble(&run, &["no certificate found", "notes.pem", "--trust"]);
    assert_eq!(run.stdout, "");
    let missing = toolkit::program::run(&["--trust", "no-such.pem", GOOD]);
    assert_trouble(&missing, &["no-such.pem"]);
    let (_folder, empty) = folder_with("empty.pem", b"");
    assert_trouble(&toolkit::program::run(&["--trust", &empty, GOOD]), &["empty.pem"]);
}

#[test]
fn without_a_trust_store_that_is_said_once() {
    let table = run(&["samples/mra-login-works.pcap"]).stdout;
    assert_eq!(table.matches("no trust store given").count(), 1, "{table}");
}

/// A client's certificate that nobody judged is told when the servers' chains are judged.
#[test]
fn every_reason_of_what_was_not_judged_is_told() {
    let table = run(&[&["samples/mtls-accepted.pcap"], &TRUST[..]].concat()).stdout;
    let told = "1 certificate chain of clients: no trust store of the servers given (--peer-trust)";
    assert!(table.contains(told), "{table}");
    assert!(table.contains("rule checks: no Expressway known"), "{table}");
}

#[test]
fn certificates_come_from_standard_input_too() {
    let chain = std::fs::read("samples/chain/cucmpub.pem").unwrap();
    let trust = ["--trust", "samples/trust/expressway.pem", "--at", "2026-11-21T22:00:00Z"];
    let verified = run_with_input(&[&["verify", "-"][..], &trust].concat(), &chain);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let anchors = std::fs::read("samples/trust/expressway.pem").unwrap();
    let examined = run_with_input(&["trust", "-", "--at", "2026-11-21T22:00:00Z"], &anchors);
    assert!(examined.stdout.contains("1 standard input line 2: "), "{examined:?}");
}

// --- hostile text ---------------------------------------------------------------

/// Escape sequences, a bell, a C1 control, direction marks, a line break.
const HOSTILE: &str = "\u{1b}[2J\u{7}\u{9b}31m\u{202e}gpj\u{200b}\n\r\u{0}evil";

/// A handshake whose every text is hostile.
fn hostile_capture() -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let name = HOSTILE.as_bytes();
    let hello = tls::client_hello(&[tls::server_name(name), tls::alpn(&name[..20])]);
    let client = tls::handshake(1, &hello, 16_000);
    let list = [hostile_certificate()];
    let server = [
        tls::handshake(2, &tls::server_hello(), 16_000),
        tls::handshake(11, &tls::certificate(&list), 16_000),
        tls::handshake(14, &[], 16_000),
    ]
    .concat();
    let mut segments = talk.segments[..3].to_vec();
    for (client, payload) in [(true, client), (false, server)] {
        let last = segments.iter().rev().find(|segment| segment.client == client).unwrap();
        let sequence = last.end();
        let nanos = last.nanos;
        let flags = ACK | PSH;
        segments.push(Segment { nanos, client, sequence, acknowledgment: 0, flags, payload });
    }
    file::pcap(1, &wrap::plain(&talk.with(segments)), Style::default())
}

/// A certificate whose subject and alternative names hold [`HOSTILE`].
fn hostile_certificate() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, HOSTILE);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, HOSTILE);
    let ascii: String = HOSTILE.chars().filter(char::is_ascii).collect();
    params.subject_alt_names =
        vec![rcgen::SanType::DnsName(rcgen::string::Ia5String::try_from(ascii).unwrap())];
    params.self_signed(&key).unwrap().der().to_vec()
}

/// Characters that could act on a terminal or deceive its reader.
fn dangerous(text: &str) -> Vec<char> {
    let harmless = |c: &char| {
        *c == '\n'
            || !(c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
    };
    text.chars().filter(|c| !harmless(c)).collect()
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let (_folder, path) = folder_with("hostile.pcap", &hostile_capture());
    let outputs = [
        run(&[&path]),
        run(&[TRUST[0], TRUST[1], &path]),
        run_in(&[("COLUMNS", "60")], &[&path]),
        run(&["--json", &path]),
        run(&["--jsonl", &path]),
        run(&["show", &path, "--stream", "0"]),
        run(&["diff", &path, "samples/rsa-trusted.pcap"]),
        run(&["diff", "--json", &path, &path]),
    ];
    for output in outputs {
        let shown = ["evil", "6576696c"].iter().any(|name| output.stdout.contains(name));
        assert!(shown, "the name is shown neither as text nor in hex: {}", output.stdout);
        assert_eq!(dangerous(&output.stdout), [] as [char; 0], "{}", output.stdout);
        assert_eq!(dangerous(&output.stderr), [] as [char; 0], "{}", output.stderr);
    }
}

#[test]
fn hostile_text_stands_in_the_document_unchanged() {
    let (_folder, path) = folder_with("hostile.pcap", &hostile_capture());
    let document = json(&run(&["--json", &path]));
    let connection = &document["connections"][0];
    assert_eq!(connection["server_certificates"][0]["subject_cn"], HOSTILE);
}

#[test]
fn hostile_file_names_are_made_safe() {
    let (_folder, path) = folder_with("a\u{1b}[2Jb.pcap", &sample("rsa-trusted.pcap"));
    let shown = run(&[&path]);
    assert_eq!(shown.code, Some(0));
    assert_eq!(dangerous(&shown.stdout), [] as [char; 0]);
    let missing = run(&["no\u{1b}[2Jfile.pcap"]);
    assert_trouble(&missing, &["file.pcap"]);
    assert_eq!(dangerous(&missing.stderr), [] as [char; 0]);
    let (_folder, broken) = folder_with("c\u{1b}[2J.pcap", b"no capture, but long enough to be");
    let broken = run(&[&broken]);
    assert_eq!(dangerous(&broken.stdout), [] as [char; 0], "{}", broken.stdout);
    assert_eq!(dangerous(&broken.stderr), [] as [char; 0], "{}", broken.stderr);
    assert!(Path::new(&path).exists());
}

/// The row of a connection speaks of the name as its findings do.
#[test]
fn a_name_that_was_found_missing_stands_in_the_table() {
    for name in ["address-instead-of-name.pcap", "short-host-name.pcap"] {
        let told = run(&[TRUST[0], TRUST[1], &format!("samples/{name}")]).stdout;
        assert!(told.contains("trusted, name mismatch"), "{name}: {told}");
    }
}

/// Of several captures, one of them rotated, each frame has the name of its file once.
#[test]
fn a_frame_of_a_rotated_capture_beside_another_names_its_file_once() {
    let files = ["samples/rotated-0.pcap", "samples/rotated-1.pcap", "samples/expired.pcap"];
    let told = run(&[&TRUST[..], &files].concat()).stdout;
    let frames: Vec<&str> =
        told.lines().map(str::trim).filter(|line| line.starts_with("frames ")).collect();
    assert!(frames.iter().any(|line| line.ends_with(" of rotated-1.pcap")), "{frames:?}");
    assert!(frames.iter().any(|line| line.contains(" of samples/expired.pcap; ")), "{frames:?}");
}

/// A trunk recorded with many servers that fail alike is told in a few pages; nothing is
/// left out of the document.
#[test]
fn what_repeats_itself_is_told_in_full_only_so_often() {
    const SERVER: [u8; 4] = [10, 30, 7, 11];
    const SERVERS: u8 = 40;
    let one = sample("root-missing.pcap");
    let mut many = one[..24].to_vec();
    for last in 100..100 + SERVERS {
        let mut records = one[24..].to_vec();
        while let Some(at) = records.windows(4).position(|four| four == SERVER) {
            records[at + 3] = last;
        }
        many.extend(records);
    }
    let (_folder, path) = folder_with("many.pcap", &many);
    let told = run(&[&path]).stdout;
    let lines = |word: &str| told.lines().filter(|line| line.contains(word)).count();
    assert_eq!(lines("10.30.5.20 refused the certificate that"), 12, "{told}");
    assert_eq!(lines("  likewise 10.30.5.20 to 10.30.7."), 28, "{told}");
    assert_eq!(lines("and 28 more of this kind, which --json tells as well"), 1, "{told}");
    let document = json(&run(&["--json", &path]));
    assert_eq!(document["verdicts"].as_array().unwrap().len(), usize::from(SERVERS));
}
