//! `tlsight scan` as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod toolkit;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;
use toolkit::conversation::Conversation;
use toolkit::file::{self, Style};
use toolkit::program::{Run, command, run, run_with_input};
use toolkit::{samples, tls, wrap};

const TRUST: [&str; 2] = ["--trust", "samples/trust/expressway.pem"];

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn copy(&self, name: &str, sample: &str) {
        self.write(name, &bytes(sample));
    }

    /// Everything that a folder may hold.
    fn of_all_kinds() -> Self {
        let tree = Self::new();
        tree.copy("a/failing.pcap", "ecdsa-selfsigned-untrusted.pcap");
        tree.copy("a/good.pcap", "rsa-trusted.pcap");
        tree.copy("a/without-ending", "written-by-dumpcap.pcapng");
        tree.copy("b/deep/packed.pcap.gz", "root-missing.pcap.gz");
        tree.copy("b/cut.pcap", "truncated.pcap");
        tree.write("b/empty.pcap", b"");
        tree.write("b/notes.txt", b"no capture, and not called one");
        tree.write("b/wrong.pcap", b"called a capture, but text");
        tree.copy("c/log.tar.gz", &archive());
        tree
    }

    fn scan(&self, flags: &[&str]) -> Run {
        let folder = self.text("");
        let args = [&["scan", &folder], flags].concat();
        run(&args)
    }
}

fn bytes(sample: &str) -> Vec<u8> {
    fs::read(samples::path(sample)).unwrap()
}

/// The name of a sample archive, below samples.
fn archive() -> String {
    let folder = samples::path("archives");
    let mut names: Vec<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tar.gz"))
        .collect();
    names.sort();
    format!("archives/{}", names.first().unwrap())
}

fn records(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_type<'r>(records: &'r [Value], kind: &str) -> Vec<&'r Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

fn connections(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record.get("type").is_none()).collect()
}

/// The last record, which must be the summary.
fn summary(run: &Run) -> Value {
    let last = run.stdout.lines().last().unwrap_or_else(|| panic!("{run:?}"));
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["type"], "summary", "{run:?}");
    last
}

// --- what is found, and what is in trouble --------------------------------------

#[test]
fn a_tree_is_read_in_order_and_trouble_stays_with_its_file() {
    let tree = Tree::of_all_kinds();
    let run = tree.scan(&["--jsonl"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(2), ""));
    let all = records(&run);
    let files: Vec<&str> = connections(&all)
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .filter(|file| file.contains("/a/") || file.contains("/b/"))
        .collect();
    let expected = ["a/failing.pcap", "a/good.pcap", "a/without-ending", "b/cut.pcap"];
    let mut order = files.clone();
    order.dedup();
    assert_eq!(order.len(), 5, "{order:?}");
    assert!(order.iter().zip(expected).all(|(file, name)| file.ends_with(name)), "{order:?}");
    let troubled: Vec<(&str, bool)> = of_type(&all, "trouble")
        .iter()
        .map(|one| {
            let name = one["file"].as_str().unwrap().rsplit('/').next().unwrap();
            (name, one["errors"].as_array().unwrap().is_empty())
        })
        .collect();
    assert_eq!(troubled, [("cut.pcap", true), ("empty.pcap", false), ("wrong.pcap", false)]);
    let sum = summary(&run);
    assert_eq!(sum["files"], 8, "notes.txt is none");
    assert_eq!((&sum["files_in_trouble"], &sum["files_damaged"]), (&2.into(), &1.into()));
    assert_eq!(sum["connections"], connections(&all).len());
}

#[test]
fn a_file_that_is_named_must_be_one() {
    let tree = Tree::of_all_kinds();
    let run = run(&["scan", "--jsonl", &tree.text("b/notes.txt"), &tree.text("none")]);
    assert_eq!(run.code, Some(2));
    let all = records(&run);
    let errors: Vec<&str> =
        of_type(&all, "trouble").iter().map(|one| one["errors"][0].as_str().unwrap()).collect();
    assert!(errors[0].contains("notes.txt") && errors[1].contains("none"), "{errors:?}");
    assert_eq!(summary(&run)["files_in_trouble"], 2);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_and_things_that_are_no_files_do_no_harm() {
    let tree = Tree::new();
    tree.copy("a/good.pcap", "rsa-trusted.pcap");
    std::os::unix::fs::symlink("..", tree.path("a/back")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(tree.path("a/pipe")).status();
    assert!(pipe.unwrap().success());
    let sum = summary(&tree.scan(&["--jsonl"]));
    assert_eq!((&sum["files"], &sum["files_in_trouble"]), (&1.into(), &0.into()));
}

/// Root reads whatever it likes: then there is nothing to see here.
#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_trouble() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new();
    tree.copy("a.pcap", "rsa-trusted.pcap");
    tree.copy("b/c.pcap", "rsa-trusted.pcap");
    tree.copy("d.pcap", "rsa-trusted.pcap");
    let mode = |name: &str, mode| {
        fs::set_permissions(tree.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("a.pcap", 0);
    mode("b", 0);
    let readable = fs::File::open(tree.path("a.pcap")).is_ok();
    let run = tree.scan(&["--jsonl"]);
    mode("b", 0o700);
    if !readable {
        assert_eq!(run.code, Some(2));
        let sum = summary(&run);
        assert_eq!((&sum["files_in_trouble"], &sum["connections"]), (&2.into(), &1.into()));
    }
}

#[test]
fn nothing_to_read_is_trouble() {
    let tree = Tree::new();
    let run = tree.scan(&[]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("no capture found"), "{run:?}");
}

/// An archive is one case: its files are told as `tlsight` tells them.
#[test]
fn every_file_is_told_as_when_it_is_alone() {
    let tree = Tree::of_all_kinds();
    for name in ["a/failing.pcap", "b/deep/packed.pcap.gz", "c/log.tar.gz"] {
        let path = tree.text(name);
        let alone = run(&["--jsonl", &path]);
        let scanned = run(&["scan", "--jsonl", &path]);
        let lines: Vec<&str> =
            scanned.stdout.lines().filter(|line| !line.contains(r#""type":"#)).collect();
        assert!(!lines.is_empty() && lines == alone.stdout.lines().collect::<Vec<_>>(), "{name}");
        assert_eq!(scanned.code, alone.code, "{name}");
    }
}

// --- the same for any number of threads -------------------------------------------

#[test]
fn the_same_bytes_with_any_number_of_threads() {
    let flags: [&[&str]; 4] =
        [&["--jsonl"], &["--jsonl", "--per", "file"], &["--format", "csv"], &["--format", "table"]];
    for flags in flags {
        let with = |threads| {
            let args = [&["scan", "samples"], flags, &TRUST, &["--threads", threads]].concat();
            let run = run(&args);
            (run.stdout, run.stderr, run.code)
        };
        let one = with("1");
        assert!(one.0.len() > 5_000, "{flags:?}: {}", one.1);
        assert!(one == with("2"), "{flags:?}: two threads print something else");
    }
}

/// A capture with more connections than are held together, and whose lines are more than
/// is kept in memory.
#[test]
fn one_large_capture_among_small_ones_keeps_its_place() {
    const MANY: u32 = 2_100;
    let tree = Tree::new();
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let mut frames = Vec::new();
    for index in 0..MANY {
        let [_, _, high, low] = index.to_be_bytes();
        let client = ([10, 9, high, low], 20_000).into();
        let talk = talk.clone().between(client, talk.server).shifted(index << 20, index << 18);
        frames.extend(wrap::plain(&talk));
    }
    tree.write("b.pcap", &file::pcap(1, &frames, Style::default()));
    for name in ["a", "c", "d", "e"] {
        tree.copy(&format!("{name}.pcap"), "ecdsa-selfsigned-untrusted.pcap");
    }
    let one = tree.scan(&["--format", "csv", "--threads", "1"]);
    let two = tree.scan(&["--format", "csv", "--threads", "2"]);
    assert!(one.stdout == two.stdout && one.stderr == two.stderr);
    let run = tree.scan(&["--jsonl"]);
    let mut files: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix(r#"{"schema_version":1,"file":""#))
        .filter_map(|line| line.split('"').next())
        .collect();
    assert_eq!(files.len(), usize::try_from(MANY).unwrap() + 4);
    assert_eq!(one.stdout.lines().count(), files.len() + 1);
    assert_eq!(summary(&run)["connections"], files.len());
    files.dedup();
    let names: Vec<char> = files.iter().map(|file| file.chars().nth_back(5).unwrap()).collect();
    assert_eq!(names, ['a', 'b', 'c', 'd', 'e']);
}

// --- formats ------------------------------------------------------------------------

#[test]
fn one_object_for_each_file() {
    let tree = Tree::of_all_kinds();
    let folder = tree.text("");
    let run = run(&[&["scan", &folder, "--jsonl", "--per", "file"], &TRUST[..]].concat());
    let all = records(&run);
    let files = of_type(&all, "file");
    assert_eq!((files.len(), all.len()), (8, 9));
    let failing = files.iter().find(|one| one["file"].as_str().unwrap().contains("failing"));
    let failing = failing.unwrap();
    assert_eq!(failing["worst_severity"], "error");
    assert!(failing["verdicts"][0]["sentence"].as_str().unwrap().contains("refused"));
    let path = tree.text("a/failing.pcap");
    let alone = toolkit::program::run(&[&["--json", &path], &TRUST[..]].concat());
    let alone: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(failing["verdicts"], alone["verdicts"], "with the remedies ranked");
    assert_ne!(alone["verdicts"][0]["foretold"], serde_json::json!([]));
    let empty = files.iter().find(|one| one["file"].as_str().unwrap().contains("empty"));
    assert_eq!(empty.unwrap()["errors"].as_array().unwrap().len(), 1);
}

/// Two copies of one archive, and one inside another: every record tells where it comes from.
#[test]
fn records_of_archives_tell_them_apart() {
    let tree = Tree::new();
    tree.copy("one.tar.gz", &archive());
    tree.copy("two.tar.gz", &archive());
    let paths = ["one.tar.gz", "two.tar.gz"].map(|name| tree.text(name));
    let all = records(&tree.scan(&["--jsonl"]));
    let mut files: Vec<&str> =
        connections(&all).iter().map(|one| one["file"].as_str().unwrap()).collect();
    files.dedup();
    assert_eq!(files, paths);
    assert!(connections(&all).iter().all(|one| one["capture"].as_str().unwrap().ends_with("pcap")));
    let whole = records(&tree.scan(&["--jsonl", "--per", "file"]));
    let of_files: Vec<&str> =
        of_type(&whole, "file").iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(of_files, paths, "the same in each kind of record");
    let rows = tree.scan(&["--format", "csv", "--quiet"]).stdout;
    let header = cells(rows.lines().next().unwrap());
    let capture = header.iter().position(|name| name == "capture").unwrap();
    let row = cells(rows.lines().nth(1).unwrap());
    assert_eq!(row[0], paths[0]);
    assert!(row[capture].ends_with("pcap"), "{row:?}");
    let plain = records(&run(&["--jsonl", "samples/rsa-trusted.pcap"]));
    assert_eq!(plain[0]["file"], "samples/rsa-trusted.pcap");
    assert_eq!(plain[0]["capture"], Value::Null);
}

#[test]
fn an_archive_inside_an_archive_is_part_of_the_name() {
    let all = records(&run(&["--jsonl", "samples/archives/cluster_2026-05-16.tar"]));
    let names: Vec<&str> = all.iter().map(|one| one["capture"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| name.contains(".tar.gz/")), "{names:?}");
    assert!(all.iter().all(|one| one["file"] == "samples/archives/cluster_2026-05-16.tar"));
}

/// A ClientHello with a server name, and nothing behind it.
fn asking_for(name: &str) -> Vec<u8> {
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let hello = tls::client_hello(&[tls::server_name(name.as_bytes())]);
    let mut segments = talk.segments[..4].to_vec();
    segments[3].payload = tls::handshake(1, &hello, 16_000);
    file::pcap(1, &wrap::plain(&talk.with(segments)), Style::default())
}

/// Cells of a row of which every field is quoted.
fn cells(row: &str) -> Vec<String> {
    let inner = row.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
    inner.split("\",\"").map(|cell| cell.replace("\"\"", "\"")).collect()
}

#[test]
fn rows_for_a_spreadsheet_hold_no_formula() {
    let tree = Tree::new();
    let names = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1,2)", "a\",=1;=2", "plain.example"];
    for (index, name) in names.iter().enumerate() {
        tree.write(&format!("{index}.pcap"), &asking_for(name));
    }
    let run = tree.scan(&["--format", "csv"]);
    let mut rows = run.stdout.lines();
    let header = cells(rows.next().unwrap());
    let at = header.iter().position(|name| name == "sni").unwrap();
    let shown: Vec<String> = rows.map(|row| cells(row).swap_remove(at)).collect();
    assert_eq!(shown.len(), names.len());
    for (name, shown) in names.iter().zip(&shown) {
        assert!(!shown.starts_with(['=', '+', '-', '@']), "{shown}");
        let same = shown.trim_start_matches('\'') == *name;
        assert!(same, "{name:?} became {shown:?}");
    }
    assert!(run.stderr.contains("Summary"), "{run:?}");
    assert_eq!(tree.scan(&["--format", "csv", "--quiet"]).stderr, "");
}

#[test]
fn the_table_has_a_line_for_a_file_with_something_to_say() {
    let tree = Tree::of_all_kinds();
    let folder = tree.text("");
    let run = run(&[&["scan", &folder], &TRUST[..]].concat());
    let lines: Vec<&str> = run.stdout.lines().take_while(|line| !line.is_empty()).collect();
    let about = |name: &str| lines.iter().find(|line| line.contains(name));
    assert!(about("a/failing.pcap").unwrap().starts_with("error"), "{lines:?}");
    assert!(about("b/empty.pcap").unwrap().starts_with("trouble"), "{lines:?}");
    assert!(about("b/cut.pcap").unwrap().contains("damaged"), "{lines:?}");
    assert!(about("a/good.pcap").is_none() && about("notes.txt").is_none(), "{lines:?}");
    for title in ["Summary", "Findings by rule", "Findings by server", "Versions", "Files in"] {
        assert!(run.stdout.contains(title), "{title} is missing: {}", run.stdout);
    }
    assert!(run.stderr.is_empty(), "no progress bar in a pipe: {}", run.stderr);
}

#[test]
fn certificates_that_expire_are_told_with_their_days() {
    let sum = summary(&run(&["scan", "--jsonl", "samples/expired.pcap"]));
    let expiring = sum["expiring"]["largest"].as_array().unwrap();
    assert_eq!(expiring.len(), 1);
    assert!(expiring[0]["days_left"].as_i64().unwrap() < 0);
    let at = ["scan", "--jsonl", "samples/rsa-trusted.pcap", "--at", "2200-01-01T00:00:00Z"];
    let sum = summary(&run(&at));
    assert!(!sum["expiring"]["largest"].as_array().unwrap().is_empty(), "{sum}");
}

#[test]
fn lists_are_cut_and_say_so() {
    let whole = summary(&run(&["scan", "--jsonl", "samples", "--top", "1000"]));
    let cut = summary(&run(&["scan", "--jsonl", "samples", "--top", "2"]));
    let rules = whole["rules"]["largest"].as_array().unwrap();
    assert_eq!(cut["rules"]["largest"].as_array().unwrap()[..], rules[..2]);
    assert_eq!(cut["rules"]["others"], rules.len() - 2);
    let rest: u64 = rules[2..].iter().map(|rule| rule["findings"].as_u64().unwrap()).sum();
    assert_eq!(cut["rules"]["rest"], rest);
}

// --- lists of files --------------------------------------------------------------------

#[test]
fn a_list_of_files_from_a_pipe_or_a_file() {
    let list = "samples/rsa-trusted.pcap\n\nsamples/expired.pcap\r\nsamples/archives";
    let piped = run_with_input(&["scan", "--jsonl", "--files-from", "-"], list.as_bytes());
    let named = ["scan", "--jsonl", "samples/rsa-trusted.pcap", "samples/expired.pcap"];
    let named = run(&[&named[..], &["samples/archives"]].concat());
    assert_eq!(piped.stdout, named.stdout);
    let tree = Tree::new();
    tree.write("list", list.as_bytes());
    let listed = run(&["scan", "--jsonl", "--files-from", &tree.text("list")]);
    assert_eq!(listed.stdout, named.stdout);
}

/// Results of a list that is still being written come out.
#[test]
fn a_list_need_not_be_complete_to_begin() {
    let mut child = piped(&["scan", "--jsonl", "--files-from", "-"]);
    let mut list = child.stdin.take().unwrap();
    list.write_all(b"samples/rsa-trusted.pcap\n").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(400));
    list.write_all(b"samples/expired.pcap\n").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("rsa-trusted.pcap"), "{first}");
    drop(list);
    assert!(lines.last().unwrap().unwrap().contains(r#""files":2"#));
    assert!(child.wait().unwrap().code().is_some());
}

fn piped(args: &[&str]) -> Child {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

// --- filters ---------------------------------------------------------------------------

#[test]
fn filters_apply_to_what_is_printed_and_counted() {
    let scan = |flags: &[&str]| {
        let run = run(&[&["scan", "--jsonl", "samples"], &TRUST[..], flags].concat());
        let all = records(&run);
        let shown: Vec<Value> = connections(&all).into_iter().cloned().collect();
        assert_eq!(summary(&run)["connections"], shown.len(), "{flags:?}");
        shown
    };
    let all = scan(&[]);
    let check = |flags: &[&str], fits: &dyn Fn(&Value) -> bool| {
        let shown = scan(flags);
        let expected = all.iter().filter(|one| fits(one)).count();
        assert!(expected > 0 && expected < all.len(), "{flags:?} decides nothing: {expected}");
        assert_eq!(shown.len(), expected, "{flags:?}");
        assert!(shown.iter().all(fits), "{flags:?}");
    };
    let has = |one: &Value, field: &str, end: &str| one[field].as_str().unwrap().ends_with(end);
    check(&["--port", "6972"], &|one| has(one, "server", ":6972"));
    check(&["--port", "6972", "--port", "7001"], &|one| {
        has(one, "server", ":6972") || has(one, "server", ":7001")
    });
    check(&["--host", "10.30.7.12"], &|one| {
        one["server"].as_str().unwrap().contains("10.30.7.12:")
    });
    check(&["--sni", "CUCM*.example.org"], &|one| {
        one["sni"]
            .as_str()
            .is_some_and(|name| name.starts_with("cucm") && name.ends_with(".example.org"))
    });
    let first = |one: &Value| one["first_time"].as_str().unwrap().to_owned();
    let mut times: Vec<String> = all.iter().map(first).collect();
    times.sort();
    let middle = times[times.len() / 2].clone();
    check(&["--since", &middle], &|one| first(one) >= middle);
    check(&["--until", &middle], &|one| first(one) < middle);
}

#[test]
fn filters_on_findings_leave_other_findings_out() {
    let run = run(&["scan", "--jsonl", "samples", "--rule", "ecdsa-selected"]);
    let sum = summary(&run);
    let rules = sum["rules"]["largest"].as_array().unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0]["rule"], "ecdsa-selected");
    let all = records(&run);
    assert!(!connections(&all).is_empty());
    assert!(
        connections(&all)
            .iter()
            .all(|one| one["findings"] == serde_json::json!(["ecdsa-selected"]))
    );
    let severe =
        summary(&toolkit::program::run(&["scan", "--jsonl", "samples", "--severity", "error"]));
    let rules = severe["rules"]["largest"].as_array().unwrap();
    assert!(rules.len() > 3 && rules.iter().all(|rule| rule["severity"] == "error"));
}

#[test]
fn a_wrong_value_is_told_clearly() {
    let wrong: [(&[&str], &str); 8] = [
        (&["--port", "70000"], "70000"),
        (&["--host", "cucm.example.org"], "not an IP address"),
        (&["--rule", "ecdsa"], "did you mean"),
        (&["--severity", "bad"], "possible values"),
        (&["--since", "yesterday"], "RFC 3339"),
        (&["--since", "2026-01-02T00:00:00Z", "--until", "2026-01-01T00:00:00Z"], "no time lies"),
        (&["--per", "file"], "--jsonl"),
        (&["-"], "standard input"),
    ];
    for (flags, words) in wrong {
        let run = run(&[&["scan", "samples/expired.pcap"], flags].concat());
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{flags:?}");
        assert!(run.stderr.contains(words), "{flags:?}: {}", run.stderr);
    }
}

/// The default command filters in the same way.
#[test]
fn the_default_command_knows_the_filters() {
    let args = ["samples/mra-login-ecdsa-untrusted.pcap", "--jsonl"];
    let all = run(&[&args[..], &TRUST].concat());
    let some = run(&[&args[..], &TRUST, &["--port", "6972"]].concat());
    assert_eq!((all.stdout.lines().count(), some.stdout.lines().count()), (4, 2));
    let good = run(&[&args[..], &TRUST, &["--port", "8443"]].concat());
    assert_eq!((all.code, good.code), (Some(1), Some(0)), "the findings are on other ports");
}

/// Filters that leave everything out are no clean bill: they are told, with what they hide.
#[test]
fn filters_that_leave_everything_out_are_told() {
    let file = "samples/mra-login-ecdsa-untrusted.pcap";
    let table = run(&[file, "--sni", "nosuch*"]);
    assert_eq!(table.code, Some(0));
    let told = "4 TLS connections, 0 match the filters (--sni nosuch*), in 57 frames";
    assert!(table.stdout.contains(told), "{table:?}");
    let one = run(&[file, "--port", "6972", "--host", "10.30.7.12"]).stdout;
    assert!(one.contains("1 matches the filters (--port 6972 --host 10.30.7.12)"), "{one}");
    let document = |flags: &[&str]| -> Value {
        serde_json::from_str(&run(&[&["--json", file], flags].concat()).stdout).unwrap()
    };
    let none = document(&["--sni", "nosuch*"]);
    let expected = serde_json::json!(
        {"given": ["--sni nosuch*"], "tls_connections": 4, "matching_connections": 0}
    );
    assert_eq!(none["filters"], expected);
    assert_eq!(none["inputs"][0]["matching_connections"], 0);
    let all = document(&[]);
    assert_eq!(all["filters"], Value::Null);
    assert_eq!(all["inputs"][0]["matching_connections"], all["inputs"][0]["tls_connections"]);
    let lines = run(&["--jsonl", file, "--sni", "nosuch*"]);
    assert_eq!((lines.code, lines.stdout.as_str()), (Some(0), ""));
    assert!(lines.stderr.contains("4 TLS connections, none matches the filters"), "{lines:?}");
    let scan = run(&["scan", file, "--sni", "nosuch*"]).stdout;
    assert!(scan.contains("4 TLS connections, 0 match the filters (--sni nosuch*)"), "{scan}");
    let sum = summary(&run(&["scan", "--jsonl", file, "--port", "6972"]));
    assert_eq!((&sum["tls_connections"], &sum["connections"]), (&4.into(), &2.into()));
    assert_eq!(sum["filters"], serde_json::json!(["--port 6972"]));
}

/// What was not judged, not seen or not read is in every form of the result.
#[test]
fn what_was_not_judged_is_told() {
    let file = "samples/mtls-refused-tls12.pcap";
    let text = run(&["scan", file]).stdout;
    for told in [
        "1 TCP connection: 1 decoded",
        "not judged: 1 certificate chain of servers: no trust store given (--trust)",
        "not judged: 1 certificate chain of clients: no trust store of the servers given",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let with_trust = run(&[&["scan", file], &TRUST[..]].concat()).stdout;
    assert!(!with_trust.contains("chain of servers"), "{with_trust}");
    let unjudged = serde_json::json!(
        {"server": {"no trust store given": 1}, "client": {"no trust store given": 1}}
    );
    let sum = summary(&run(&["scan", "--jsonl", file]));
    let all = records(&run(&["scan", "--jsonl", "--per", "file", file]));
    let report: Value = serde_json::from_str(&run(&["--json", file]).stdout).unwrap();
    for told in [&sum, of_type(&all, "file")[0], &report] {
        assert_eq!(told["chains_not_judged"], unjudged);
    }
    assert_eq!(sum["ledger"]["decoded"], 1);
    let rows = run(&["scan", "--format", "csv", "--quiet", file]).stdout;
    let [header, row] = [0, 1].map(|at| cells(rows.lines().nth(at).unwrap()));
    let class = header.iter().position(|name| name == "ledger_class").unwrap();
    assert_eq!(row[class], "decoded");
}

/// Frames of an unknown link type look like no traffic unless that is said.
#[test]
fn frames_of_an_unknown_link_type_are_not_silent() {
    let tree = Tree::new();
    let talk = Conversation::read(&samples::path("rsa-trusted.pcap"));
    let frames = wrap::plain(&talk);
    tree.write("radio.pcap", &file::pcap(147, &frames, Style::default()));
    let told = format!("{} of unknown link type 147", frames.len());
    let path = tree.text("radio.pcap");
    let scan = tree.scan(&[]).stdout;
    let line = format!("unread   {path}: 0 connections, frames not looked into: {told}");
    assert!(scan.starts_with(&line), "{scan}");
    assert_eq!(scan.matches(&told).count(), 2, "the line and the summary: {scan}");
    let report = run(&[&path]).stdout;
    assert!(report.contains(&told), "{report}");
    let sum = summary(&tree.scan(&["--jsonl"]));
    assert_eq!(sum["frames_without_tcp"]["link_type_147"], frames.len());
}

/// A connection that was refused is known by its ends alone.
#[test]
fn filters_know_connections_that_were_not_opened() {
    let of = |flags: &[&str]| {
        let run = run(&[&["samples/connection-refused.pcap", "--json"], flags].concat());
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let count = |list: &str| document[list].as_array().unwrap().len();
        (count("findings"), count("verdicts"), run.code)
    };
    let all = of(&[]);
    assert!(all.0 > 0 && all.1 > 0 && all.2 == Some(1), "{all:?}");
    assert_eq!(of(&["--rule", "tcp-connection-failed"]), all);
    assert_eq!(of(&["--port", "8443"]), all);
    assert_eq!(of(&["--port", "1"]), (0, 0, Some(0)));
    assert_eq!(of(&["--sni", "*.example"]), (0, 0, Some(0)));
}

// --- the end -------------------------------------------------------------------------

/// A tree of so many small captures, that a run takes a while.
fn large_tree(files: usize) -> Tree {
    let tree = Tree::new();
    let kinds = ["rsa-trusted.pcap", "mra-login-ecdsa-untrusted.pcap", "expired.pcap"];
    for index in 0..files {
        tree.copy(&format!("{}/{index:04}.pcap", index % 7), kinds[index % 3]);
    }
    tree
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let tree = large_tree(60);
    let mut child = piped(&["scan", "--jsonl", &tree.text("")]);
    let mut begin = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 1)));
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

/// Runs until some lines are written, interrupts, and gives all that was written.
#[cfg(unix)]
fn interrupted(args: &[&str]) -> (String, String) {
    let mut child = piped(args);
    let mut stdout = child.stdout.take().unwrap();
    let mut all = Vec::new();
    while all.iter().filter(|byte| **byte == b'\n').count() < 20 {
        let mut some = [0; 4096];
        let count = stdout.read(&mut some).unwrap();
        assert_ne!(count, 0, "it ended too soon");
        all.extend_from_slice(&some[..count]);
    }
    interrupt(&child);
    stdout.read_to_end(&mut all).unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{stderr}");
    (String::from_utf8(all).unwrap(), stderr)
}

#[cfg(unix)]
#[test]
fn an_interrupted_scan_goes_on_where_it_was() {
    for format in [&["--jsonl"][..], &["--format", "csv", "--quiet"]] {
        let tree = large_tree(500);
        let folder = tree.text("");
        let state = tempfile::tempdir().unwrap();
        let state = state.path().join("state.json").to_str().unwrap().to_owned();
        let plain = [&["scan", &folder], format].concat();
        let resumed = [&plain[..], &["--resume", &state]].concat();
        let whole = run(&plain);
        let (begin, stderr) = interrupted(&resumed);
        assert!(stderr.contains("interrupted after") && stderr.contains("goes on"), "{stderr}");
        let valid: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
        let done = valid["files"].as_object().unwrap().len();
        assert!(done > 0 && done < 500, "{done} files were done");
        let rest = run(&resumed);
        assert_eq!(rest.code, whole.code);
        assert!(
            whole.stdout == format!("{begin}{}", rest.stdout),
            "{format:?}: not the same output"
        );
        // And once more: nothing is left to do, and the summary is the same.
        let again = run(&resumed);
        assert!(again.stdout.lines().count() <= 1);
        assert!(whole.stdout.ends_with(&again.stdout));
    }
}

#[test]
fn a_file_that_changed_is_read_again_and_counted_once() {
    let tree = large_tree(4);
    let state = tempfile::tempdir().unwrap();
    let state = state.path().join("state.json").to_str().unwrap().to_owned();
    let scan = || tree.scan(&["--jsonl", "--resume", &state]);
    assert_eq!(summary(&scan())["files"], 4);
    tree.copy("0/0000.pcap", "mra-login-ecdsa-untrusted.pcap");
    tree.copy("9/new.pcap", "rsa-trusted.pcap");
    let second = scan();
    let all = records(&second);
    let mut files: Vec<&str> =
        connections(&all).iter().map(|one| one["file"].as_str().unwrap()).collect();
    files.dedup();
    assert_eq!(files.len(), 2, "{files:?}");
    let fresh = tree.scan(&["--jsonl"]);
    assert_eq!(summary(&second), summary(&fresh));
}

#[test]
fn a_state_of_something_else_is_refused() {
    let tree = large_tree(2);
    let state = tree.text("state.json");
    let scan = |flags: &[&str]| tree.scan(&[&["--resume", &state], flags].concat());
    assert_ne!(scan(&["--jsonl"]).code, Some(2));
    let other = scan(&["--format", "csv"]);
    assert_eq!((other.code, other.stdout.as_str()), (Some(2), ""));
    assert!(other.stderr.contains("other options"), "{other:?}");
    for junk in ["", "{}", "[1]", "{\"tlsight_scan\":99,\"settings\":\"\",\"files\":{}}"] {
        fs::write(&state, junk).unwrap();
        let run = scan(&["--jsonl"]);
        assert_eq!(run.code, Some(2), "{junk}");
        assert!(run.stderr.contains("state.json"), "{run:?}");
        assert_eq!(fs::read_to_string(&state).unwrap(), junk, "somebody's file stays as it is");
    }
    let nowhere = tree.scan(&["--resume", &tree.text("no/such/folder/state")]);
    assert_eq!(nowhere.code, Some(2));
}

/// A trust list that has changed judges otherwise, though it has the same name.
#[test]
fn a_state_of_other_trust_is_refused() {
    let tree = large_tree(2);
    let given = tempfile::tempdir().unwrap();
    let path = |name: &str| given.path().join(name).to_str().unwrap().to_owned();
    let (state, trust) = (path("state.json"), path("ca.pem"));
    let scan = || tree.scan(&["--jsonl", "--resume", &state, "--trust", &trust]);
    fs::write(&trust, bytes("trust/expressway.pem")).unwrap();
    assert_ne!(scan().code, Some(2));
    assert_ne!(scan().code, Some(2), "the same again");
    fs::write(&trust, bytes("trust/expressway-without-root.pem")).unwrap();
    let other = scan();
    assert_eq!((other.code, other.stdout.as_str()), (Some(2), ""));
    assert!(other.stderr.contains("other contents of the files"), "{other:?}");
}

/// `script` of util-linux gives a program a terminal; where it is not installed there is
/// nothing to see.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_progress_unless_asked_not_to() {
    let tree = large_tree(200);
    let shown = |flags: &str| {
        let program = env!("CARGO_BIN_EXE_tlsight");
        let line = format!("{program} scan --jsonl {flags} {} >/dev/null", tree.text(""));
        let run = std::process::Command::new("script").args(["-qec", &line, "/dev/null"]).output();
        run.ok().map(|run| String::from_utf8_lossy(&run.stdout).into_owned())
    };
    let Some(bar) = shown("") else { return };
    for words in ["/s", "left", "files", "KiB"] {
        assert!(bar.contains(words), "{words}: {bar:?}");
    }
    assert_eq!(shown("--quiet").as_deref(), Some(""));
}

#[test]
fn help_teaches() {
    let run = run(&["scan", "--help"]);
    assert_eq!(run.code, Some(0));
    for words in ["Examples:", "Exit status:", "--files-from", "--resume", "Filters"] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    assert!(Path::new("samples").is_dir());
}
